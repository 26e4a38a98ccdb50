//! A customer that was exported, edited, and perhaps changed by others meanwhile.

use rules::merge::{Merged, merge};

use super::{
    plan::{Ledger, wrong},
    rows::Edit,
};
use crate::{
    allocations::{commands::WantedShare, model::Child},
    console::format,
    error::FieldError,
    organizations::{
        commands::EditOrganization,
        model::{Organization, OrganizationFacts},
    },
    rows::{cells::Outcome, sheet::Judged},
    workbooks::{
        keys,
        model::{Line, kind_word},
    },
};

impl Ledger {
    /// A customer that was exported and edited: each value by itself, and all of the row or nothing of it.
    pub(super) fn edit(&mut self, row: i64, edit: &Edit) -> Judged {
        let Some(exported) = self.exported.get(&edit.number) else {
            let message = "This key is none of this workbook's. Clear it to add a new customer.";
            return Judged::bad(vec![wrong("key", "workbook.key_unknown", message.into())]);
        };
        let id = exported.organization_id;
        let (Some(share), Some(now)) = (self.shares.get(&id), self.organizations.get(&id)) else {
            if edit.gone {
                // Others took its units back, too, before it went elsewhere.
                return Judged::good(Outcome::Same, String::new());
            }
            let message = "There is no such organization directly below yours any more.";
            return Judged::bad(vec![wrong("name", "allocation.no_child", message.into())]);
        };
        let units = merge(&exported.units, &share.quantity, &edit.units);
        let name = match edit.gone {
            true => Merged::Kept,
            false => merge(
                &keys::plain(&exported.name),
                &keys::plain(&now.name),
                &edit.name,
            ),
        };
        if units == Merged::Disputed || name == Merged::Disputed {
            self.disputed.insert(row);
        }
        let mut errors = fixed(exported, edit);
        errors.extend(self.wrong_units(units, (exported, share), edit));
        errors.extend(self.wrong_name(name, (exported, now), edit));
        if !errors.is_empty() {
            return Judged::bad(errors);
        }
        let (share, now) = (*share, now.clone());
        self.enter((units, name), (share, now), edit)
    }

    fn wrong_units(
        &self,
        units: Merged,
        (exported, share): (&Line, &Child),
        edit: &Edit,
    ) -> Option<FieldError> {
        let (before, now, then) = (exported.units, share.quantity, edit.units);
        let why = |code, message| Some(wrong("units", code, message));
        match units {
            Merged::Kept => None,
            Merged::Disputed => {
                let file = match edit.gone {
                    true => "the file removes it".to_owned(),
                    false => format!("the file says {then}"),
                };
                let message = format!(
                    "Somebody changed this from {before} to {now} since the export; {file}."
                );
                why("allocation.changed", message)
            }
            Merged::Taken if !self.rights.allocate => {
                let message = "You may not pass units on, or take them back, here.";
                why("permission.missing", message.into())
            }
            Merged::Taken if then < share.in_use => {
                let message = format!(
                    "{} in use there; free {} before that.",
                    format::count(share.in_use, "unit is", "units are"),
                    share.in_use - then
                );
                why("allocation.below_use", message)
            }
            Merged::Taken if then > now && share.blocked => {
                let message = "This organization is suspended; it is given nothing new.";
                why("organization.suspended", message.into())
            }
            Merged::Taken => None,
        }
    }

    fn wrong_name(
        &self,
        name: Merged,
        (exported, now): (&Line, &Organization),
        edit: &Edit,
    ) -> Vec<FieldError> {
        match name {
            Merged::Kept => vec![],
            Merged::Disputed => {
                let message = format!(
                    "Somebody changed this from “{}” to “{}” since the export; the file says “{}”.",
                    exported.name, now.name, edit.name
                );
                vec![wrong("name", "workbook.name_changed", message)]
            }
            Merged::Taken if !self.rights.rename => {
                let message = "You may not change what your customers are called.";
                vec![wrong("name", "permission.missing", message.into())]
            }
            Merged::Taken => match facts_of(now, edit).checked() {
                Ok(_) => vec![],
                Err(error) => error.fields,
            },
        }
    }

    /// Enters what a row changes, where there are units for it.
    fn enter(
        &mut self,
        (units, name): (Merged, Merged),
        (share, now): (Child, Organization),
        edit: &Edit,
    ) -> Judged {
        let (mut before, mut mark) = (Vec::new(), String::new());
        if units == Merged::Taken {
            if let Err(why) = self.draw(edit.units - share.quantity) {
                return Judged::bad(vec![why]);
            }
            self.wanted.push(WantedShare {
                organization_id: share.organization_id,
                seen: share.quantity,
                quantity: edit.units,
            });
            before.push(("units".to_owned(), share.quantity.to_string()));
            mark += &format!("{} {} ", share.quantity, edit.units);
        }
        if name == Merged::Taken {
            mark += &format!("{} {:?}", now.version, edit.name);
            before.push(("name".to_owned(), now.name.clone()));
            self.names.push(EditOrganization {
                id: now.id,
                version: Some(now.version),
                facts: facts_of(&now, edit),
            });
        }
        let outcome = match (units, name) {
            (Merged::Taken, _) if edit.units == 0 => Outcome::Remove,
            (Merged::Taken, _) | (_, Merged::Taken) => Outcome::Update,
            _ => Outcome::Same,
        };
        Judged::good(outcome, mark).instead_of(before)
    }
}

/// What an organization is called from now on, and all else as it is.
fn facts_of(now: &Organization, edit: &Edit) -> OrganizationFacts {
    OrganizationFacts {
        name: edit.name.clone(),
        ..OrganizationFacts::of(now)
    }
}

/// Cells that a workbook does not change, and that were changed.
fn fixed(exported: &Line, edit: &Edit) -> Vec<FieldError> {
    let was = keys::plain(exported.reference.as_deref().unwrap_or_default());
    let reference = edit.reference.as_ref().is_some_and(|it| *it != was);
    let kind = edit.kind.as_deref();
    let kind = kind.is_some_and(|it| it != kind_word(&exported.kind));
    let message = "A workbook does not change this of a customer that is there; put it back.";
    [("reference", reference), ("kind", kind)]
        .into_iter()
        .filter(|(_, changed)| *changed)
        .map(|(field, _)| wrong(field, "workbook.fixed", message.into()))
        .collect()
}
