//! What is ordered of a plan, looked at before anything is written: who, what, from when to when, and from where.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use jiff::tz::TimeZone;
use serde_json::json;
use store::{Date, Timestamp};
use uuid::Uuid;

use crate::{
    activation::commands::find_customer,
    catalog::{self, model::Sku},
    error::{Error, FieldError, Result},
    gate::Tx,
    licenses::{
        commands::{Birth, EXPIRING_DAYS, check_facts, check_within, dates, draw, within},
        model::{License, Pool},
        pools,
    },
    organizations::model::Organization,
    plan_subscriptions::{
        model::{PlanOrder, WantedComponent},
        queries,
    },
    plans::{
        self,
        model::{Component, Edition, MOST_UNITS, ServicePlan},
    },
    scope::Permission,
};

/// An order that was understood.
pub struct Understood {
    /// The plan.
    pub plan: ServicePlan,
    /// Its components with what is ordered of each, in order.
    pub lines: Vec<Line>,
    /// The customer.
    pub customer: Organization,
    /// The customer's zone.
    pub zone: TimeZone,
    /// Today there.
    pub today: Date,
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
}

/// One component with what is ordered of it.
#[derive(Clone)]
pub struct Line {
    /// The component.
    pub component: Component,
    /// Its SKU.
    pub sku: Sku,
    /// Units.
    pub units: i64,
    /// Price of one unit for the term, and its currency.
    pub price: Option<(i64, String)>,
    /// The pool of the seller that was named.
    pub source_pool_id: Option<Uuid>,
}

/// Asks for the permissions of an order and reads what it is of; every rule of the plan itself is kept.
pub async fn understand(tx: &mut Tx<'_>, order: &PlanOrder) -> Result<Understood> {
    permit(tx, order).await?;
    let plan = plans::queries::find(tx, order.plan_id).await?;
    let plan = plan.ok_or_else(|| {
        Error::invalid("plan_id", "plan.unknown", "There is no such service plan.")
    })?;
    let customer = find_customer(tx, order.seller_id, order.customer_id).await?;
    let zone = TimeZone::get(&customer.time_zone).map_err(Error::internal)?;
    let today = tx.today(&zone);
    check_sale(&plan, today)?;
    let components = plans::queries::components(tx, plan.id, plan.composition).await?;
    let lines = lines(tx, order, &plan, components).await?;
    let (start, end) = days(order, &plan, today)?;
    Ok(Understood {
        plan,
        lines,
        customer,
        zone,
        today,
        start,
        end,
    })
}

/// Asks for the permissions of an order.
pub async fn permit(tx: &mut Tx<'_>, order: &PlanOrder) -> Result<()> {
    tx.require(Permission::LicensesSell, order.seller_id)
        .await?;
    if order.issue {
        tx.require(Permission::LicensesIssue, order.seller_id)
            .await?;
    }
    if order.components.iter().any(|it| it.price_minor.is_some()) {
        tx.require(Permission::PricesEdit, order.seller_id).await?;
    }
    Ok(())
}

/// What is at the end of its sale is seen and not assigned; at the end of its life it is not seen either.
pub(super) fn check_sale(plan: &ServicePlan, today: Date) -> Result<()> {
    let (code, day) = match (plan.is_over(today), plan.on_sale(today)) {
        (true, _) => ("plan.end_of_life", plan.end_of_life),
        (false, false) => ("plan.end_of_sale", plan.end_of_sale),
        (false, true) => return Ok(()),
    };
    let since = day.map(|day| day.to_string()).unwrap_or_default();
    let message = format!(
        "“{}” cannot be assigned since {since}; what customers have of it runs on.",
        plan.name
    );
    Err(Error::conflict(code, message).with("plan_id", plan.id.to_string()))
}

/// What is ordered of each of these components of a plan.
pub async fn lines(
    tx: &mut Tx<'_>,
    order: &PlanOrder,
    plan: &ServicePlan,
    components: Vec<Component>,
) -> Result<Vec<Line>> {
    check_components(order, plan, &components)?;
    let ids: Vec<Uuid> = components.iter().map(|it| it.sku_id).collect();
    let skus = catalog::queries::skus_of_ids(tx, &ids).await?;
    let mut skus: BTreeMap<Uuid, Sku> = skus.into_iter().map(|sku| (sku.id, sku)).collect();
    let line = |component: Component| {
        let wanted = order
            .components
            .iter()
            .find(|it| it.sku_id == component.sku_id);
        let sku = skus.remove(&component.sku_id);
        Ok(Line {
            sku: sku.ok_or_else(|| Error::internal("a component without its SKU"))?,
            units: wanted.and_then(|it| it.units).unwrap_or(component.units),
            price: wanted.and_then(|it| it.price_minor.zip(it.currency.clone())),
            source_pool_id: wanted.and_then(|it| it.source_pool_id),
            component,
        })
    };
    components.into_iter().map(line).collect()
}

/// What is wrong with what was said of components, all of it at once.
fn check_components(order: &PlanOrder, plan: &ServicePlan, components: &[Component]) -> Result<()> {
    let mut wrong = Vec::new();
    let mut complain = |place: usize, field: &str, code: Cow<'static, str>, message: String| {
        wrong.push(FieldError {
            field: format!("components[{place}].{field}"),
            code,
            message,
        });
    };
    for (place, wanted) in order.components.iter().enumerate() {
        let twice = order.components[..place]
            .iter()
            .any(|it| it.sku_id == wanted.sku_id);
        let known = components.iter().find(|it| it.sku_id == wanted.sku_id);
        let Some(component) = known.filter(|_| !twice) else {
            let message = "The service plan has no such component, or it was named before.";
            complain(place, "sku_id", "component.unknown".into(), message.into());
            continue;
        };
        if let Some(units) = wanted.units {
            if !(1..=MOST_UNITS).contains(&units) {
                let message = "A component has 1 to 999,999 units.";
                complain(place, "units", "units.out_of_range".into(), message.into());
            } else if plan.edition == Edition::NotForResale && units != component.units {
                let message = format!(
                    "This plan is not for resale: it comes with {}.",
                    component.units
                );
                complain(place, "units", "plan.units_fixed".into(), message);
            }
        }
        if wanted.price_minor.is_some() != wanted.currency.is_some() {
            let message = "A price and its currency belong together.";
            complain(place, "currency", "required".into(), message.into());
        }
        for error in check_price(wanted) {
            complain(place, &error.field, error.code, error.message);
        }
    }
    if order.issue
        && order
            .components
            .iter()
            .any(|it| it.source_pool_id.is_some())
    {
        let message = "Units are either issued or drawn from a pool.";
        complain(0, "source_pool_id", "issued".into(), message.into());
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid_fields(wrong))
    }
}

/// What is wrong with the price that was said for a component.
fn check_price(wanted: &WantedComponent) -> Vec<FieldError> {
    let price = wanted.price_minor.zip(wanted.currency.clone());
    match check_facts(1, price.as_ref(), &[]) {
        Err(error) => error.fields,
        Ok(()) => vec![],
    }
}

/// The first and the last day.
pub(super) fn days(order: &PlanOrder, plan: &ServicePlan, today: Date) -> Result<(Date, Date)> {
    let start = order.start_date.unwrap_or(today);
    if start < today {
        let message = "A service plan begins today or later.";
        return Err(Error::invalid("start_date", "start_date.past", message));
    }
    if plan.edition == Edition::NotForResale && start != today {
        let message = "This plan is not for resale: it begins at once.";
        return Err(Error::invalid("start_date", "plan.start_fixed", message));
    }
    let far = |_| {
        let message = "The dates leave the calendar.";
        Error::invalid("start_date", "out_of_calendar", message)
    };
    let end = match order.end_date {
        Some(end) => end,
        None => Date(plan.term.end_from(start.0).map_err(far)?),
    };
    if end < start {
        let message = "The last day lies before the first.";
        return Err(Error::invalid("end_date", "before_start", message));
    }
    Ok((start, end))
}

impl Understood {
    /// The license that a line comes to: its units are drawn from `source`, or new.
    pub fn birth(&self, order: &PlanOrder, line: &Line, source: Option<&Pool>) -> Result<Birth> {
        let most = source.and_then(|pool| pool.end_date);
        let end = most.map_or(self.end, |most| most.min(self.end));
        let dates = dates(
            self.start,
            Some(end),
            &self.zone,
            line.sku.grace_days,
            EXPIRING_DAYS,
        )?;
        Ok(Birth {
            owner: self.customer.clone(),
            quantity: line.units,
            dates: within(dates, source),
            words: [Some(self.plan.name.clone()), None, None, None],
            price: line.price.clone(),
            seller_id: Some(order.seller_id),
            source_pool_id: source.map(|pool| pool.id),
            awaits_activation: false,
            edition: self.plan.edition,
            sku: line.sku.clone(),
        })
    }

    /// The instant after the last day.
    pub fn ends_at(&self) -> Result<Timestamp> {
        let dates = dates(self.start, Some(self.end), &self.zone, 0, EXPIRING_DAYS)?;
        dates
            .ends_at
            .ok_or_else(|| Error::internal("a term without an end"))
    }
}

/// The pools that lines draw from, all of them; refused with everything that is short, where anything is.
pub async fn sources(
    tx: &mut Tx<'_>,
    order: &PlanOrder,
    (understood, lines): (&Understood, &[&Line]),
) -> Result<Vec<Option<Pool>>> {
    let (now, until) = (tx.now(), understood.ends_at()?);
    let mut found = Vec::with_capacity(lines.len());
    let mut short = Vec::new();
    for line in lines {
        if order.issue {
            found.push(None);
            continue;
        }
        let wanted = (order.seller_id, line.sku.product_id, line.units);
        let pool_id = match line.source_pool_id {
            Some(id) => Some(id),
            None => queries::source(tx, wanted, now, Some(until)).await?,
        };
        let pool = match pool_id {
            Some(id) => pools::find(tx, id).await?,
            None => None,
        };
        match (pool, line.source_pool_id) {
            (Some(pool), _) if pool.organization_id == order.seller_id => {
                check_product(&pool, (order, line))?;
                found.push(Some(pool));
            }
            (_, Some(_)) => return Err(no_such_pool(field(order, line))),
            (_, None) => {
                let most = pools::most_free(tx, order.seller_id, line.sku.product_id, now).await?;
                short.push((line, most));
            }
        }
    }
    match short.is_empty() {
        true => Ok(found),
        false => Err(exhausted(&short)),
    }
}

/// Refused where a pool is named that the seller has not, whatever the order is for.
pub async fn check_sources(tx: &mut Tx<'_>, order: &PlanOrder) -> Result<()> {
    let named = order.components.iter();
    let named: Vec<Uuid> = named.filter_map(|it| it.source_pool_id).collect();
    let mut own = pools::of_ids(tx, &named).await?;
    own.retain(|pool| pool.organization_id == order.seller_id);
    let own: BTreeSet<Uuid> = own.iter().map(|pool| pool.id).collect();
    let is_other = |it: &WantedComponent| it.source_pool_id.is_some_and(|id| !own.contains(&id));
    match order.components.iter().position(is_other) {
        Some(place) => Err(no_such_pool(format!("components[{place}].source_pool_id"))),
        None => Ok(()),
    }
}

fn no_such_pool(field: String) -> Error {
    Error::invalid(field, "pool.unknown", "The seller has no such pool.")
}

/// Where the pool of a component was named.
fn field(order: &PlanOrder, line: &Line) -> String {
    let named = |it: &WantedComponent| it.sku_id == line.sku.id;
    let place = order.components.iter().position(named).unwrap_or(0);
    format!("components[{place}].source_pool_id")
}

fn check_product(pool: &Pool, (order, line): (&PlanOrder, &Line)) -> Result<()> {
    if pool.product_name == line.sku.product_name {
        return Ok(());
    }
    let message = format!(
        "This pool holds {}, and the component is {}.",
        pool.product_name, line.sku.product_name
    );
    Err(Error::invalid(
        field(order, line),
        "pool.other_product",
        message,
    ))
}

/// What the seller is short of, component by component.
fn exhausted(short: &[(&&Line, i64)]) -> Error {
    let said = short.iter().map(|(line, most)| {
        format!(
            "{} {} of {} ({most} free)",
            line.units, line.sku.units, line.sku.product_name
        )
    });
    let message = format!(
        "Your own active pools have too little of this: {}. Ask the organization above you for more.",
        said.collect::<Vec<_>>().join(", ")
    );
    let rows: Vec<_> = short
        .iter()
        .map(|(line, most)| {
            json!({
                "sku_id": line.sku.id, "sku_code": line.sku.code, "product_id": line.sku.product_id,
                "wanted": line.units, "available": most, "short": line.units - most,
            })
        })
        .collect();
    let (first, most) = &short[0];
    Error::conflict("pool.exhausted", message)
        .with("wanted", first.units)
        .with("available", *most)
        .with("short", rows)
}

/// Writes the license of a line, with a pool of its own.
pub async fn deliver(
    tx: &mut Tx<'_>,
    order: &PlanOrder,
    understood: &Understood,
    (line, source): (&Line, Option<&Pool>),
) -> Result<License> {
    let birth = understood.birth(order, line, source)?;
    if let Some(pool) = source {
        draw(tx, pool.id, line.units).await?;
    }
    let license = birth.write(tx).await?;
    check_within(tx, &license).await?;
    Ok(license)
}
