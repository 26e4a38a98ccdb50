//! Approving: the customer's plan is made of what the plan is made of today, at once and in one step.

use jiff::tz::TimeZone;
use rules::term::Term;
use serde::{Deserialize, Serialize};
use store::Date;
use uuid::Uuid;

use super::{Seen, current};
use crate::{
    activation::commands::find_customer,
    compositions::{
        model::{Approved, Change, NewPart},
        queries,
    },
    error::{Error, FieldError, Result},
    gate::{Command, Tx},
    licenses::{self, model::License},
    plan_subscriptions::{
        self,
        commands::{
            Parts, ended,
            order::{Line, Understood, deliver, lines, sources},
            overlapping, recompose,
        },
        model::{AssignedPlan, PlanOrder, PlanSubscription, WantedComponent},
        overlaps,
    },
    plans::{self, model::Component},
    renewals::{
        self,
        commands::{Money, of_days, sums},
    },
    scope::Permission,
};

/// Gives a customer the newest composition of a plan it has. What stays, stays as it is; what is new is drawn or issued
/// up to the plan's present end; what is gone runs to its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApproveComposition {
    /// What the customer has of the plan.
    pub subscription_id: Uuid,
    /// The version that was seen; any where there is none.
    pub version: Option<i64>,
    /// The newest composition of the plan that was seen; any where there is none.
    pub composition: Option<i64>,
    /// New units are issued; else they are drawn from the seller's own.
    pub issue: bool,
    /// What differs of the components that are new.
    pub components: Vec<WantedComponent>,
}

impl Command for ApproveComposition {
    const NAME: &'static str = "compositions.approve";
    type Outcome = Approved;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Approved> {
        let seen = Seen {
            id: self.subscription_id,
            version: self.version,
            composition: self.composition,
        };
        let before = seen.read(tx, &self.needed()).await?;
        if before.composition == before.newest_composition {
            let message = "The customer has the newest composition of this plan already.";
            return Err(current(&before, message));
        }
        let zone = TimeZone::get(&before.time_zone).map_err(Error::internal)?;
        if tx.today(&zone) > before.end_date {
            return Err(ended(&before));
        }
        let change = queries::change(tx, &before).await?;
        self.check_new(&change)?;
        let (lines, licenses) = match change.new.is_empty() {
            true => (vec![], vec![]),
            false => self.bring(tx, &before, change.new.clone()).await?,
        };
        finish(tx, before, change, (&lines, licenses)).await
    }
}

impl ApproveComposition {
    fn needed(&self) -> Vec<Permission> {
        let priced = self.components.iter().any(|it| it.price_minor.is_some());
        let needed = [
            Some(Permission::LicensesSell),
            Some(Permission::LicensesIssue).filter(|_| self.issue),
            Some(Permission::PricesEdit).filter(|_| priced),
        ];
        needed.into_iter().flatten().collect()
    }

    /// Of a component that stays nothing can be said here: its license is as it is.
    fn check_new(&self, change: &Change) -> Result<()> {
        let stays = |sku_id| change.kept.iter().any(|(_, it)| it.sku_id == sku_id);
        let named = self.components.iter().enumerate();
        let wrong: Vec<FieldError> = named
            .filter(|(_, it)| stays(it.sku_id))
            .map(|(place, _)| FieldError {
                field: format!("components[{place}].sku_id"),
                code: "component.stays".into(),
                message: "This component stays as it is; say only what is new.".into(),
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(Error::invalid_fields(wrong)),
        }
    }

    /// Writes a license for each component that is new, from today, or the plan's first day, to its present end.
    async fn bring(
        &self,
        tx: &mut Tx<'_>,
        before: &PlanSubscription,
        new: Vec<Component>,
    ) -> Result<(Vec<Line>, Vec<(i64, License)>)> {
        let plan = plans::queries::find(tx, before.plan_id).await?;
        let plan = plan.ok_or_else(Error::not_found)?;
        let customer = find_customer(tx, before.seller_id, before.organization_id).await?;
        let zone = TimeZone::get(&customer.time_zone).map_err(Error::internal)?;
        let today = tx.today(&zone);
        let (start, end) = (today.max(before.start_date), before.end_date);
        if start > end {
            return Err(ended(before));
        }
        let order = self.order(before, (start, end));
        let ordered = lines(tx, &order, &plan, new.clone()).await?;
        let now = tx.now();
        let mut found = overlaps::find(tx, customer.id, &new, now).await?;
        found.retain(|it| it.subscription_id != Some(before.id));
        if !found.is_empty() {
            return Err(overlapping(&customer.name, &found));
        }
        let understood = Understood {
            plan,
            lines: ordered,
            customer,
            zone,
            today,
            start,
            end,
        };
        let wanted: Vec<&Line> = understood.lines.iter().collect();
        let pools = sources(tx, &order, (&understood, &wanted)).await?;
        let mut licenses = Vec::with_capacity(wanted.len());
        for (line, pool) in wanted.iter().zip(&pools) {
            let license = deliver(tx, &order, &understood, (line, pool.as_ref())).await?;
            licenses.push((line.component.position, license));
        }
        Ok((understood.lines, licenses))
    }

    fn order(&self, of: &PlanSubscription, (start, end): (Date, Date)) -> PlanOrder {
        PlanOrder {
            seller_id: of.seller_id,
            customer_id: of.organization_id,
            plan_id: of.plan_id,
            issue: self.issue,
            start_date: Some(start),
            end_date: Some(end),
            auto_renews: Some(of.auto_renews),
            notice_days: Some(of.notice_days),
            components: self.components.clone(),
        }
    }
}

/// Makes the subscription of what stays and of what is new, and says what all of it comes to.
async fn finish(
    tx: &mut Tx<'_>,
    before: PlanSubscription,
    change: Change,
    (lines, licenses): (&[Line], Vec<(i64, License)>),
) -> Result<Approved> {
    let kept = change.kept.iter().map(|(at, it)| (*at, it.id));
    let new = licenses.iter().map(|(at, it)| (*at, it.id));
    let parts = Parts {
        kept: kept.collect(),
        new: new.collect(),
        gone: change.gone,
    };
    let (subscription, unbundled) = recompose(tx, before, parts, lines).await?;
    let mut new = Vec::with_capacity(licenses.len());
    for (_, license) in &licenses {
        new.push(NewPart {
            license_id: license.id,
            sku_code: license.sku_code.clone(),
            quantity: license.quantity,
            money: worth(tx, license).await?,
        });
    }
    let parts = plan_subscriptions::queries::parts(tx, subscription.id).await?;
    Ok(Approved {
        assigned: AssignedPlan {
            subscription,
            parts,
        },
        kept: change.kept.iter().map(|(_, it)| it.id).collect(),
        sums: sums(new.iter().map(|it| &it.money))?,
        new,
        unbundled,
    })
}

/// What a new license costs for its days, for those who may see its price.
async fn worth(tx: &mut Tx<'_>, license: &License) -> Result<Money> {
    let end = license.end_date;
    let end = end.ok_or_else(|| Error::internal("a part of a plan without an end"))?;
    let days = Term::new(license.start_date.0, end.0).map_err(Error::internal)?;
    let circumstances = renewals::queries::circumstances(tx, license.id).await?;
    let scope = tx.caller().scope.clone();
    let price = licenses::queries::find_price(tx, &scope, license).await?;
    let worth = (license.quantity, price);
    of_days(tx, (license, &circumstances), days, worth).await
}
