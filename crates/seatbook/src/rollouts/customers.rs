//! For whom: customers that were named, or all below the seller that are found; and both lists of them as files.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    api::{Counted, counted},
    commands::CreateRollout,
    model::{Action, MOST, RolloutRow, RowState, State},
    pages::rollout_list,
    queries,
};
use crate::{
    console::{badges, form::value},
    error::{Error, FieldError, Result},
    files::{Cell, ColumnKind},
    gate::Tx,
    listings::{Field, Found as Rows, Lines, Listing, PORTION, Reader, maybe, shown, table, text},
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

/// Rollouts as a workbook shows them.
const ROLLOUTS: &[Field<Counted>] = &[
    Field::text("", "Rollout", |it: &Counted, _| {
        text(&it.rollout.title(it.rollout.row_count))
    })
    .wide(48),
    Field::text("", "Service plan", |it: &Counted, _| {
        text(&it.rollout.plan_name)
    })
    .wide(32),
    Field::text("", "Code", |it: &Counted, _| text(&it.rollout.plan_code)).wide(24),
    Field::number("", "Customers", |it, _| Cell::Number(it.rollout.row_count)),
    Field::number("", "Done", |it, _| Cell::Number(it.counts.done)),
    Field::number("", "Fit", |it, _| Cell::Number(it.counts.fits)),
    Field::number("", "Refused", |it, _| Cell::Number(it.counts.refused)),
    Field::number("", "Not checked yet", |it, _| {
        Cell::Number(it.counts.waiting)
    }),
    Field::text("", "Status", |it: &Counted, _| {
        text(&badges::rollout(it.rollout.state.as_str()).label)
    })
    .wide(24),
    Field::new(
        "",
        "Asked for",
        ColumnKind::Instant,
        |it: &Counted, reader| reader.clock(it.rollout.created_at),
    )
    .wide(20),
];

struct Rollouts(queries::Filter);

/// Rollouts in one portion: of each, all its rows are counted.
const AT_ONCE: i64 = 100;

/// The rollouts that the reader sees, as an address describes them.
pub fn rollouts(pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = rollout_list().read(pairs);
    let filter = queries::Filter {
        state: State::ALL
            .into_iter()
            .find(|it| it.as_str() == list.chosen("state")),
        limit: AT_ONCE,
        ..queries::Filter::default()
    };
    table(shown(ROLLOUTS, &list), Rollouts(filter))
}

impl Lines for Rollouts {
    type Row = Counted;

    async fn next(&mut self, tx: &mut store::Tx<'_>, reader: &Reader) -> Result<Rows<Counted>> {
        let found = counted(tx, &reader.scope, &self.0).await?;
        self.0.after = found.last().map(|last| last.rollout.id);
        let is_last = (found.len() as i64) < AT_ONCE;
        Ok((found, is_last))
    }
}

/// The customers of a rollout as a workbook shows them.
const ANSWERS: &[Field<RolloutRow>] = &[
    Field::text("", "Customer", |it: &RolloutRow, _| {
        text(&it.organization_name)
    })
    .wide(40),
    Field::text("", "What becomes of it", |it: &RolloutRow, _| {
        text(&badges::rollout_row(it.state.as_str()).label)
    })
    .wide(20),
    Field::text("", "Why", |it: &RolloutRow, _| text(&it.message)).wide(60),
    Field::text("", "Reason", |it: &RolloutRow, _| maybe(it.code.as_ref())).wide(24),
];

struct Answers {
    id: Uuid,
    state: Option<RowState>,
    after: i64,
}

/// The customers of a rollout with their answers, as an address describes them.
pub fn answers(id: Uuid, pairs: &[(String, String)]) -> Box<dyn Listing> {
    let lines = Answers {
        id,
        state: RowState::parse(value(pairs, "state")),
        after: 0,
    };
    table(ANSWERS.iter().collect(), lines)
}

impl Lines for Answers {
    type Row = RolloutRow;

    async fn next(&mut self, tx: &mut store::Tx<'_>, reader: &Reader) -> Result<Rows<RolloutRow>> {
        queries::get_visible(tx, &reader.scope, self.id).await?;
        let place = (self.after, PORTION);
        let found = queries::rows(tx, self.id, self.state, place).await?;
        self.after = found.last().map_or(self.after, |last| last.position);
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}
