//! For whom: customers that were named, or all below the seller that are found.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{model::MOST, queries};
use crate::{
    error::{Error, FieldError, Result},
    gate::Tx,
    organizations::{
        self,
        model::{Kind, Organization},
    },
};

/// All below the seller that this finds, as the list of organizations does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Of this kind only.
    pub kind: Option<Kind>,
    /// With this in name, reference, web site or tax number.
    pub q: Option<String>,
}

impl Found {
    /// As the query of organizations has it.
    fn filter(&self, seller_id: Uuid) -> organizations::queries::Filter {
        let keyword = self.q.as_deref().map(str::trim);
        organizations::queries::Filter {
            below: Some(seller_id),
            kind: self.kind.map(Kind::as_str),
            keyword: keyword.filter(|it| !it.is_empty()).map(str::to_owned),
            limit: MOST as i64 + 1,
            ..organizations::queries::Filter::default()
        }
    }
}

/// Who is meant: each lies below the seller and is meant once.
pub async fn meant(
    tx: &mut Tx<'_>,
    seller_id: Uuid,
    (named, found): (&[Uuid], Option<&Found>),
) -> Result<Vec<Uuid>> {
    let wrong = |code, message: &str| Err(Error::invalid("organization_ids", code, message));
    let customers = match (found, named) {
        (None, []) => {
            return wrong("required", "Say which customers, or that all are meant.");
        }
        (Some(_), [_, ..]) => {
            let message = "Name customers or let them be found, not both.";
            return wrong("rollout.named_and_found", message);
        }
        (None, named) => {
            check_named(tx, seller_id, named).await?;
            named.to_vec()
        }
        (Some(found), []) => {
            let scope = &tx.caller().scope;
            let all = organizations::queries::list(tx, scope, &found.filter(seller_id)).await?;
            all.iter().map(|it: &Organization| it.id).collect()
        }
    };
    match customers.len() {
        0 => wrong("rollout.nobody", "Nobody below the seller is like that."),
        1..=MOST => Ok(customers),
        _ => wrong(
            "rollout.too_many",
            "One rollout is for at most 10,000 customers.",
        ),
    }
}

/// Everything that is wrong with who was named, place by place.
async fn check_named(tx: &mut Tx<'_>, seller_id: Uuid, named: &[Uuid]) -> Result<()> {
    if named.len() > MOST {
        return Ok(());
    }
    let known = queries::below(tx, seller_id, named).await?;
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (place, id) in named.iter().enumerate() {
        let (code, message) = match (known.contains_key(id), seen.insert(*id)) {
            (true, true) => continue,
            (false, _) => (
                "customer.unknown",
                "There is no such customer below the seller.",
            ),
            (true, false) => ("customer.twice", "This customer was named before."),
        };
        wrong.push(FieldError {
            field: format!("organization_ids[{place}]"),
            code: code.into(),
            message: message.into(),
        });
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid_fields(wrong)),
    }
}
