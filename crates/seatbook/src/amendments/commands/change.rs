//! Changing what a customer has of a service plan: units and prices, now or from the next term on; the last day, whether
//! it renews, and its notice. All of it in one step, each part by the verb that changes one license.

use jiff::tz::TimeZone;
use rules::lifecycle::Standing;
use serde::Serialize;
use store::Date;
use uuid::Uuid;

use crate::{
    amendments::model::{Line, PartChanged, PlanChanged, Reason, WantedPart},
    error::{Error, FieldError, Kind, Result},
    gate::{Command, Tx},
    licenses::{
        self,
        commands::{authorize, check_edition, locked},
        model::License,
        pools,
    },
    plan_subscriptions::{
        commands::{Terms, amend, check_open, check_version, permitted},
        model::{AssignedPlan, PlanSubscription},
        queries,
    },
    plans::model::{Edition, MOST_UNITS},
    renewals::{
        self,
        commands::{ChangeSubscription, bring, sums, waits},
        model::Obstacle,
    },
    scope::Permission,
};

/// Changes what a customer has of a service plan. What is not said stays.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangePlanSubscription {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said of its components.
    pub components: Vec<WantedPart>,
    /// The last day, of all its licenses.
    pub end_date: Option<Date>,
    /// Whether it renews.
    pub auto_renews: Option<bool>,
    /// Days before the end from which the next term is announced.
    pub notice_days: Option<i64>,
    /// Units and prices hold from the next term on; else from now on.
    pub at_renewal: bool,
}

/// A component with its license as it is.
type Named<'a> = (usize, &'a WantedPart, License);

impl Command for ChangePlanSubscription {
    const NAME: &'static str = "amendments.change";
    type Outcome = PlanChanged;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<PlanChanged> {
        let before = permitted(tx, self.id).await?;
        check_version(&before, self.version)?;
        check_changeable(&before)?;
        let terms = self.terms(tx, &before)?;
        let mut licenses = parts(tx, &before).await?;
        let mut wanted = Vec::new();
        for named in self.named(&licenses)? {
            if self.differs(tx, &named).await? {
                check_edition(&named.2)?;
                wanted.push(named);
            }
        }
        if wanted.is_empty() && terms == before.terms() {
            let message = "That is how it is already.";
            return Err(Error::invalid("components", "change.nothing", message));
        }
        if self.at_renewal && !wanted.is_empty() && !terms.auto_renews {
            return Err(waits(Obstacle::PlanEnds));
        }
        let after = amend(tx, &before, terms).await?;
        let mut done = Done::default();
        for named in wanted {
            done.units(tx, self, named).await?;
        }
        if terms.end_date != before.end_date {
            for license in licenses.drain(..) {
                done.last_day(tx, license, terms.end_date).await?;
            }
        }
        done.told(tx, after, self.at_renewal).await
    }
}

/// What there is to change of it: a trial stays as it was given, and so does what waits for a word about new parts.
pub fn check_changeable(found: &PlanSubscription) -> Result<()> {
    check_open(found)?;
    if found.edition == Edition::Trial {
        let message = "A trial stays as it was given; convert it to the full service plan instead.";
        return Err(Error::conflict("trial.not_modifiable", message));
    }
    if found.is_locked() {
        return Err(locked((found.plan_id, &found.plan_name)));
    }
    Ok(())
}

/// The licenses it is made of, as far as nobody ended them.
async fn parts(tx: &mut Tx<'_>, of: &PlanSubscription) -> Result<Vec<License>> {
    let parts = queries::parts(tx, of.id).await?;
    let licenses = parts.into_iter().map(|part| part.license);
    Ok(licenses
        .filter(|it| it.standing == Standing::Issued)
        .collect())
}

impl ChangePlanSubscription {
    /// What shall hold of the subscription itself.
    fn terms(&self, tx: &Tx<'_>, before: &PlanSubscription) -> Result<Terms> {
        let had = before.terms();
        let terms = Terms {
            end_date: self.end_date.unwrap_or(had.end_date),
            auto_renews: self.auto_renews.unwrap_or(had.auto_renews),
            notice_days: self.notice_days.unwrap_or(had.notice_days),
        };
        if !(0..=3_660).contains(&terms.notice_days) {
            let message = "0 to 3,660 days.";
            return Err(Error::invalid("notice_days", "out_of_range", message));
        }
        if terms.auto_renews && before.edition != Edition::Full {
            return Err(waits(Obstacle::RunsOut));
        }
        if terms.end_date == had.end_date {
            return Ok(terms);
        }
        if self.at_renewal {
            let message = "The last day changes now; the next term has its own.";
            return Err(Error::invalid("end_date", "change.now_only", message));
        }
        let zone = TimeZone::get(&before.time_zone).map_err(Error::internal)?;
        if terms.end_date < tx.today(&zone).max(before.start_date) {
            let message = "The last day lies before today, or before the first one.";
            return Err(Error::invalid("end_date", "in_the_past", message));
        }
        Ok(terms)
    }

    /// Each component that was named with its license; refused with everything that is wrong with them.
    fn named(&self, licenses: &[License]) -> Result<Vec<Named<'_>>> {
        let (mut named, mut wrong): (Vec<Named<'_>>, Vec<FieldError>) = (vec![], vec![]);
        for (place, wanted) in self.components.iter().enumerate() {
            let mut complain = |field: &str, code: &'static str, message: &str| {
                wrong.push(FieldError {
                    field: format!("components[{place}].{field}"),
                    code: code.into(),
                    message: message.into(),
                });
            };
            let fits = |it: &&License| {
                wanted.license_id.is_none_or(|id| id == it.id)
                    && wanted.sku_id.is_none_or(|id| id == it.sku_id)
            };
            let mut found = licenses.iter().filter(fits);
            let (one, another) = (found.next(), found.next());
            if wanted
                .units
                .is_some_and(|units| !(1..=MOST_UNITS).contains(&units))
            {
                let message = "A component has 1 to 999,999 units.";
                complain("units", "units.out_of_range", message);
            }
            match (one, another) {
                _ if wanted.license_id.is_none() && wanted.sku_id.is_none() => {
                    complain("license_id", "required", "Say which, by license or SKU.");
                }
                (Some(_), Some(_)) => {
                    let message = "Several licenses are of this SKU; name one of them.";
                    complain("license_id", "component.several", message);
                }
                (Some(it), None) if named.iter().all(|(_, _, before)| before.id != it.id) => {
                    named.push((place, wanted, it.clone()));
                }
                _ => {
                    let field = if wanted.license_id.is_some() {
                        "license_id"
                    } else {
                        "sku_id"
                    };
                    let message = "The service plan has no such component, or it was named before.";
                    complain(field, "component.unknown", message);
                }
            }
        }
        match wrong.is_empty() {
            true => Ok(named),
            false => Err(Error::invalid_fields(wrong)),
        }
    }

    /// Whether what is said of a component is other than what is, or what is decided for the next term.
    async fn differs(&self, tx: &mut Tx<'_>, (_, wanted, license): &Named<'_>) -> Result<bool> {
        let scope = tx.caller().scope.clone();
        let (mut units, mut price) = (license.quantity, None);
        if self.at_renewal {
            let pool = pools::find(tx, license.pool_id).await?;
            let pool = pool.ok_or_else(Error::not_found)?;
            (units, price) = renewals::queries::planned(tx, &pool).await?;
        }
        if wanted.units.is_some_and(|wanted| wanted != units) {
            return Ok(true);
        }
        let holds = licenses::queries::find_price(tx, &scope, license).await?;
        Ok(wanted.price.is_some() && wanted.price != price.or(holds))
    }
}

/// What was done so far.
#[derive(Default)]
struct Done {
    changed: Vec<PartChanged>,
    lines: Vec<Line>,
}

impl Done {
    /// Gives one license other units, or another price.
    async fn units(
        &mut self,
        tx: &mut Tx<'_>,
        of: &ChangePlanSubscription,
        (place, wanted, license): Named<'_>,
    ) -> Result<()> {
        let same = !of.at_renewal && wanted.units == Some(license.quantity);
        let change = ChangeSubscription {
            id: license.pool_id,
            version: None,
            quantity: wanted.units.filter(|_| !same),
            price: wanted.price.clone(),
            at_renewal: of.at_renewal,
            choice: wanted.choice.clone(),
        };
        let done = change.run(tx).await;
        let done = done.map_err(|error| of_component(error, place, &license))?;
        self.line(&license, Reason::Units, done.money);
        let part = self.part(&license);
        part.quantity = done.quantity;
        part.ended = done.ended;
        Ok(())
    }

    /// Brings one license to the last day, with the units it has by now.
    async fn last_day(&mut self, tx: &mut Tx<'_>, license: License, end_date: Date) -> Result<()> {
        authorize(tx, &license, Permission::LicensesEdit).await?;
        let now = licenses::queries::get(tx, license.id).await?;
        let done = bring(tx, now, end_date).await?;
        self.line(&license, Reason::Days, done.money);
        self.part(&license).end_date = Some(done.end_date);
        Ok(())
    }

    fn line(&mut self, of: &License, reason: Reason, money: renewals::commands::Money) {
        self.lines.push(Line {
            license_id: of.id,
            sku_code: of.sku_code.clone(),
            product_name: of.product_name.clone(),
            reason,
            money,
        });
    }

    /// What is told of one license.
    fn part(&mut self, of: &License) -> &mut PartChanged {
        let known = self.changed.iter().position(|it| it.license_id == of.id);
        let place = known.unwrap_or_else(|| {
            self.changed.push(PartChanged {
                license_id: of.id,
                sku_code: of.sku_code.clone(),
                product_name: of.product_name.clone(),
                quantity_before: of.quantity,
                quantity: of.quantity,
                end_date_before: of.end_date,
                end_date: of.end_date,
                ended: vec![],
            });
            self.changed.len() - 1
        });
        &mut self.changed[place]
    }

    async fn told(
        self,
        tx: &mut Tx<'_>,
        subscription: PlanSubscription,
        at_renewal: bool,
    ) -> Result<PlanChanged> {
        let parts = queries::parts(tx, subscription.id).await?;
        let ended = self.changed.iter().flat_map(|it| it.ended.iter().copied());
        Ok(PlanChanged {
            ended: ended.collect(),
            sums: sums(self.lines.iter().map(|it| &it.money))?,
            assigned: AssignedPlan {
                subscription,
                parts,
            },
            at_renewal,
            changed: self.changed,
            lines: self.lines,
        })
    }
}

/// A refusal of one license as one of its component, by the names that were sent.
fn of_component(mut error: Error, place: usize, license: &License) -> Error {
    for wrong in &mut error.fields {
        let field = match wrong.field.as_str() {
            "quantity" => "units",
            field => field,
        };
        wrong.field = format!("components[{place}].{field}");
    }
    if error.kind == Kind::Conflict {
        error.message = format!("{}: {}", license.product_name, error.message);
        return error.with("license_id", license.id.to_string());
    }
    error
}
