//! For whom: customers that were named, or all below the seller that are found.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    commands::CreateRollout,
    model::{Action, MOST},
    queries,
};
use crate::{
    error::{Error, FieldError, Result},
    gate::Tx,
    organizations::{
        self,
        model::{Kind, Organization},
    },
    plan_subscriptions,
    plans::{self, model::ServicePlan},
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

/// Everybody to whom the seller gave a plan that is made of other parts by now, and for whom nobody has decided: the
/// plan, and each customer with what it has of it.
pub async fn locked(
    tx: &mut Tx<'_>,
    asked: &CreateRollout,
) -> Result<(ServicePlan, Vec<(Uuid, Option<Uuid>)>)> {
    let plan = plans::queries::find(tx, asked.plan_id).await?;
    let plan = plan.ok_or_else(|| {
        Error::invalid("plan_id", "plan.unknown", "There is no such service plan.")
    })?;
    check_beside(asked)?;
    let scope = &tx.caller().scope;
    let mut found = plan_subscriptions::queries::locked_of(tx, scope, plan.id).await?;
    found.retain(|it| it.seller_id == asked.seller_id);
    if found.is_empty() {
        let message =
            "Nobody waits for a changed composition of this plan to be approved or declined.";
        return Err(Error::invalid("plan_id", "rollout.nobody", message));
    }
    let customers = found.iter().map(|it| (it.organization_id, Some(it.id)));
    Ok((plan, customers.collect()))
}

/// What is said of a plan that is given says nothing about one that was.
fn check_beside(asked: &CreateRollout) -> Result<()> {
    let (terms, declines) = (&asked.terms, asked.action == Action::Decline);
    let named = asked.found.is_some() || !asked.organization_ids.is_empty();
    let said = [
        ("organization_ids", named),
        ("start_date", terms.start_date.is_some()),
        ("end_date", terms.end_date.is_some()),
        ("auto_renews", terms.auto_renews.is_some()),
        ("notice_days", terms.notice_days.is_some()),
        ("issue", declines && terms.issue),
        ("components", declines && !terms.components.is_empty()),
    ];
    let wrong = said.into_iter().filter(|(_, said)| *said);
    let wrong: Vec<FieldError> = wrong
        .map(|(field, _)| FieldError {
            field: field.into(),
            code: "rollout.not_asked".into(),
            message: "This is said of a plan that is assigned, and not of one that has changed."
                .into(),
        })
        .collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid_fields(wrong)),
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
