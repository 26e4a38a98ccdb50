//! Prices stay between seller and buyer, in the journal too.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    journal::queries::{ChangeRow, EntryRow},
    scope::{Permission, Scope},
};

/// Beside every field that ends in `_minor`: amounts of invoices and payments. A formula is made of them.
const FIELDS: [&str; 4] = ["price", "list_price", "currency", "formula"];

/// Whether the scope may read prices of what belongs to this organization.
fn sees(scope: &Scope, organization_id: Option<Uuid>) -> bool {
    organization_id.is_some_and(|id| scope.roots(Permission::PricesRead).contains(&id))
}

/// Leaves prices out of what was asked and answered, for those who may not see them.
pub(super) fn hide(scope: &Scope, entry: &mut EntryRow) {
    if !sees(scope, entry.organization_id) {
        strip(&mut entry.input.0);
        if let Some(outcome) = &mut entry.outcome {
            strip(&mut outcome.0);
        }
    }
}

/// Leaves prices out of what changed, for those who may not see them.
pub(super) fn hide_changes<'a>(
    scope: &Scope,
    organization_id: Option<Uuid>,
    changes: impl IntoIterator<Item = &'a mut ChangeRow>,
) {
    if sees(scope, organization_id) {
        return;
    }
    for change in changes {
        for side in [&mut change.before, &mut change.after]
            .into_iter()
            .flatten()
        {
            strip(&mut side.0);
        }
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !FIELDS.contains(&name.as_str()) && !name.ends_with("_minor"));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
