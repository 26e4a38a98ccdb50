//! A row without a key: a customer that was not there.

use store::Tx;

use super::{
    plan::{Ledger, wrong},
    rows::New,
};
use crate::{
    customers::{
        commands::{OnboardCustomer, PoolUnits},
        duplicates,
    },
    error::{FieldError, Result},
    organizations::model::{Kind, OrganizationFacts},
    rows::{asker::Asker, cells::Outcome, sheet::Judged},
    secrets::Secret,
};

impl Ledger {
    /// A customer that was not there: taken in as by hand. Who has a reference is somebody else than those who sound
    /// alike; they are told all the same.
    pub(super) async fn take_in(
        &mut self,
        tx: &mut Tx<'_>,
        asker: &Asker,
        (row, new): (i64, &New),
    ) -> Result<Judged> {
        if let Err(why) = self.admit(new) {
            return Ok(Judged::bad(vec![why]));
        }
        let facts = OrganizationFacts {
            name: new.name.clone(),
            reference: new.reference.clone(),
            ..OrganizationFacts::default()
        };
        let facts = match facts.checked() {
            Ok(facts) => facts,
            Err(error) => return Ok(Judged::bad(error.fields)),
        };
        let scope = &asker.caller.scope;
        let alike = duplicates::find(tx, scope, (&facts.name, None)).await?;
        let there = alike.into_iter().map(|it| it.name);
        let among = self.newcomers.iter().map(|it| it.facts.name.clone());
        let among = among.filter(|other| rules::names::alike(&facts.name, other));
        let names: Vec<String> = there.chain(among).take(5).collect();
        if !names.is_empty() && facts.reference.is_none() {
            let message = format!(
                "There is {} already. If it is somebody else, give it a reference.",
                names.join(", ")
            );
            let why = wrong("name", "customer.near_duplicate", message);
            return Ok(Judged::bad(vec![why]));
        }
        if let Err(why) = self.draw(new.units) {
            return Ok(Judged::bad(vec![why]));
        }
        if !names.is_empty() {
            self.alike.insert(row, names.join(", "));
        }
        self.taken.extend(facts.reference.clone());
        let mark = format!("{facts:?} {}", new.units);
        self.newcomers.push(OnboardCustomer {
            parent_id: asker.organization_id,
            kind: new.kind,
            accept_duplicates: facts.reference.is_some(),
            facts,
            billing: None,
            units: vec![PoolUnits {
                pool_id: self.workbook.pool_id,
                units: new.units,
            }],
            administrator: None,
            // Nobody is invited, so there is no link that it would open.
            secret: Secret(String::new()),
        });
        Ok(Judged::good(Outcome::Create, mark))
    }

    /// Whether a new customer may come at all.
    fn admit(&self, new: &New) -> std::result::Result<(), FieldError> {
        if !self.rights.take_in || !self.rights.allocate {
            let message = "You may not take customers in here.";
            return Err(wrong("name", "permission.missing", message.into()));
        }
        if new.units < 1 {
            let message = "Pass on one unit or more.";
            return Err(wrong("units", "units.out_of_range", message.into()));
        }
        let taken = new.reference.as_ref();
        if taken.is_some_and(|reference| self.taken.contains(reference)) {
            let message = "The reference is in use.";
            return Err(wrong(
                "reference",
                "organization.reference_taken",
                message.into(),
            ));
        }
        let below_customer = self.holder.as_ref().map(|it| it.kind) == Some(Kind::Customer);
        if below_customer && new.kind == Kind::Partner {
            let message = "A partner cannot stand below a customer.";
            let code = "organization.partner_below_customer";
            return Err(wrong("kind", code, message.into()));
        }
        Ok(())
    }
}
