//! Why shares are not changed: each code is born here.

use rules::shares::Breach;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    allocations::{model::Child, queries},
    error::{Error, FieldError, Kind},
    gate::Tx,
};

/// The pool did not give: too few units free, or closed. The facts are read again, so that what is said is
/// what made the refusal, or newer.
pub(super) async fn not_taken(tx: &mut Tx<'_>, pool_id: Uuid, net: i64) -> Error {
    match queries::find_source(tx, pool_id).await {
        Ok(Some(source)) => {
            let free = source.quantity - source.allocated - source.assigned;
            if net > free {
                exhausted(net, free)
            } else {
                closed()
            }
        }
        Ok(None) => Error::not_found(),
        Err(error) => error,
    }
}

/// More is wanted than is free.
pub(super) fn exhausted(wanted: i64, free: i64) -> Error {
    let message = format!(
        "{wanted} more units are wanted, {free} are free: {} too many.",
        wanted - free
    );
    Error::conflict("pool.exhausted", message)
        .with("free", free)
        .with("wanted", wanted)
        .with("excess", wanted - free)
}

fn closed() -> Error {
    let message = "This license passes nothing on: it has not been activated, is paused or has ended, or its \
        organization is suspended. Units can still be returned.";
    Error::conflict("pool.closed", message)
}

/// A child did not take: somebody changed it meanwhile, or it uses what is to be taken back.
pub(super) async fn not_given(
    tx: &mut Tx<'_>,
    child: &Child,
    delta: i64,
    seen: Option<i64>,
) -> Error {
    let now = match child.pool_id {
        Some(pool_id) => queries::find_source(tx, pool_id).await,
        None => Ok(None),
    };
    let source = match now {
        Ok(Some(source)) => source,
        Ok(None) => return Error::not_found(),
        Err(error) => return error,
    };
    match seen {
        Some(seen) if seen != source.quantity => changed(
            child.organization_id,
            seen,
            Some(source.quantity),
            seen + delta,
        ),
        _ => below_use(
            child.organization_id,
            source.quantity + delta,
            source.allocated + source.assigned,
        ),
    }
}

/// Somebody else changed the row: both values are said.
pub(super) fn changed(
    organization_id: Uuid,
    seen: i64,
    current: Option<i64>,
    wanted: i64,
) -> Error {
    let message = match current {
        Some(current) => format!(
            "Somebody changed this share from {seen} to {current} meanwhile; you wanted {wanted}."
        ),
        None => "Somebody gave this organization units meanwhile; look again.".to_owned(),
    };
    let row = json!({"organization_id": organization_id, "seen": seen, "current": current, "wanted": wanted});
    Error::conflict("allocation.changed", message).with("rows", json!([row]))
}

/// A child does not have, or uses, what is to be taken back.
pub(super) fn below_use(organization_id: Uuid, wanted: i64, in_use: i64) -> Error {
    let to_free = in_use - wanted;
    let message = if wanted < 0 {
        format!("That is {} more than this organization was given.", -wanted)
    } else {
        format!(
            "{in_use} units are in use there; free {to_free} before you lower the share to {wanted}."
        )
    };
    let row = json!({"organization_id": organization_id, "wanted": wanted, "in_use": in_use, "to_free": to_free});
    Error::conflict("allocation.below_use", message).with("rows", json!([row]))
}

/// An organization that is no child of the pool's, or cannot be seen: one answer for both.
pub(super) fn no_child(row: usize) -> Error {
    let field = format!("rows[{row}].organization_id");
    Error::invalid(
        field,
        "allocation.no_child",
        "There is no such organization directly below the pool's.",
    )
}

/// The child is suspended.
pub(super) fn suspended(organization_id: Uuid) -> Error {
    let message = "This organization is suspended; it is given nothing new.";
    Error::conflict("organization.suspended", message)
        .with("organization_id", json!(organization_id))
}

/// All breaches of a plan as one refusal: the gravest names the code, every row is named.
pub(super) fn of_plan(breaches: &[Breach<Uuid>], order: &[Uuid]) -> Error {
    let index = |organization: &Uuid| {
        order
            .iter()
            .position(|id| id == organization)
            .unwrap_or_default()
    };
    let wrong_input: Vec<FieldError> = breaches
        .iter()
        .filter_map(|breach| input_problem(breach, index))
        .collect();
    if !wrong_input.is_empty() {
        return Error::invalid_fields(wrong_input);
    }
    let rows: Vec<Value> = breaches.iter().filter_map(row_facts).collect();
    let gravest = breaches
        .iter()
        .find(|breach| matches!(breach, Breach::Changed { .. }));
    let gravest = gravest.or_else(|| {
        breaches
            .iter()
            .find(|breach| matches!(breach, Breach::Exceeds { .. }))
    });
    let refusal = match gravest.or(breaches.first()) {
        Some(Breach::Changed {
            organization,
            seen,
            current,
            wanted,
        }) => changed(*organization, *seen, Some(*current), *wanted),
        Some(Breach::Exceeds {
            total,
            wanted,
            excess,
        }) => {
            let message =
                format!("The shares add up to {wanted} of {total} units: {excess} too many.");
            let refusal = Error::conflict("pool.exhausted", message)
                .with("total", *total)
                .with("wanted", *wanted);
            refusal.with("excess", *excess).with("free", 0)
        }
        Some(Breach::BelowUse {
            organization,
            wanted,
            in_use,
            ..
        }) => below_use(*organization, *wanted, *in_use),
        _ => Error::new(
            Kind::Invalid,
            "allocation.invalid",
            "These shares cannot be given.",
        ),
    };
    if rows.is_empty() {
        refusal
    } else {
        refusal.with("rows", rows)
    }
}

fn row_facts(breach: &Breach<Uuid>) -> Option<Value> {
    match breach {
        Breach::Changed {
            organization,
            seen,
            current,
            wanted,
        } => Some(
            json!({"code": "allocation.changed", "organization_id": organization, "seen": seen, "current": current, "wanted": wanted}),
        ),
        Breach::BelowUse {
            organization,
            wanted,
            in_use,
            to_free,
        } => Some(
            json!({"code": "allocation.below_use", "organization_id": organization, "wanted": wanted, "in_use": in_use, "to_free": to_free}),
        ),
        _ => None,
    }
}

fn input_problem(breach: &Breach<Uuid>, index: impl Fn(&Uuid) -> usize) -> Option<FieldError> {
    let (organization, field, code, message) = match breach {
        Breach::Duplicate { organization } => (
            organization,
            "organization_id",
            "duplicate",
            "This organization stands in two rows.",
        ),
        Breach::Negative { organization, .. } => (
            organization,
            "quantity",
            "negative",
            "A share is not negative.",
        ),
        Breach::TooLarge { organization, .. } => (
            organization,
            "quantity",
            "too_large",
            "A share has at most 999,999,999 units.",
        ),
        _ => return None,
    };
    let field = format!("rows[{}].{field}", index(organization));
    Some(FieldError {
        field,
        code: code.into(),
        message: message.into(),
    })
}
