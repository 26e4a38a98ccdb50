//! What a plan would draw for a customer, or what is short for it; and what a crossgrade comes to, as rows: the gate's
//! own preview, or what is kept of one that was done.

use std::collections::BTreeMap;

use store::Date;
use uuid::Uuid;

use super::{
    orders::{Chosen, foresee, short},
    pages::{Comes, MoneyRows, StepRow},
    review::Scene,
};
use crate::{
    app::App,
    console::{
        badges::Badge,
        form::Form,
        format::{self, Moment},
        frame::Frame,
    },
    crossgrades::{
        commands::Crossgrade,
        model::{Amount, Crossgraded, Money, Resolution, Step, Total},
    },
    error::{Error, Kind, Result},
    licenses::{
        self,
        model::{License, Pool},
        pools,
    },
    plan_subscriptions,
    reductions::{LISTED, Losing, person},
    scope::Permission,
    subscriptions::{self, queries::Candidate},
};

/// What all of it comes to: the gate's own preview, as if whoever loses a unit had been seen.
pub async fn rows(app: &App, frame: &Frame, scene: &Scene, form: &Form) -> Result<Comes> {
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let mut comes = Comes {
        losing: scene
            .overlaps
            .iter()
            .filter_map(|it| it.cut.as_ref()?.losing(&moment))
            .collect(),
        ..Comes::default()
    };
    let order = match scene.order(form) {
        Ok(order) => order,
        Err(error) => {
            comes.problem = error.fields.first().map(|it| it.message.clone());
            return Ok(comes);
        }
    };
    let mut overlaps = scene.said(form);
    for (it, said) in scene.overlaps.iter().zip(&mut overlaps) {
        if let Some(cut) = &it.cut {
            said.choice = cut.as_seen();
        }
    }
    let command = Crossgrade { order, overlaps };
    match foresee(app, &frame.caller, &command).await {
        Ok(done) => told(app, scene, comes, done).await,
        // A preview holds others up only for a moment: of very many units it may not be finished, and then the page
        // says so.
        Err(error) if error.is_refusal() || error.kind == Kind::Unavailable => {
            comes.problem = Some(error.in_a_line());
            Ok(comes)
        }
        Err(error) => Err(error),
    }
}

/// What the preview's answer mentions by its id.
struct Named {
    superseded: Vec<String>,
    left_over: Vec<License>,
    /// Who would have the new product twice: pool, how many, and the first of them.
    doubled: Vec<(Uuid, usize, Vec<Candidate>)>,
}

impl Named {
    async fn read(app: &App, people: bool, comes: &Comes, done: &Crossgraded) -> Result<Named> {
        let (superseded, unbundled) = (done.superseded.clone(), done.unbundled.clone());
        let doubled = done.steps.iter().filter(|it| !it.ended.is_empty());
        let doubled: Vec<(Uuid, Vec<Uuid>)> = doubled
            .filter(|it| !comes.names(it.pool_id))
            .map(|it| (it.pool_id, it.ended.clone()))
            .collect();
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let tx = &mut tx;
                let mut names = Vec::new();
                for id in superseded {
                    let found = plan_subscriptions::queries::find(tx, id).await?;
                    names.extend(found.map(|it| it.plan_name));
                }
                let mut losing = Vec::new();
                for (pool_id, ids) in doubled {
                    let some = &ids[..ids.len().min(LISTED)];
                    let found = match people {
                        true => subscriptions::queries::chosen(tx, pool_id, some).await?,
                        false => vec![],
                    };
                    losing.push((pool_id, ids.len(), found));
                }
                Ok(Named {
                    superseded: names,
                    left_over: licenses::queries::of_ids(tx, &unbundled).await?,
                    doubled: losing,
                })
            })
        });
        read.await
    }
}

/// The preview's answer as rows.
async fn told(app: &App, scene: &Scene, mut comes: Comes, done: Crossgraded) -> Result<Comes> {
    let people = scene.place.may(Permission::AssignmentsRead);
    let named = Named::read(app, people, &comes, &done).await?;
    let now = app.gate.now();
    let units = |it: &License| format::count(it.quantity, &it.unit, &it.units);
    let left = |it: &License| {
        let end = it.end_date;
        let end = end.map_or("no end".into(), |end| format::date(end.0));
        (it.product_name.clone(), units(it), end)
    };
    let twice = |(pool_id, count, found): &(Uuid, usize, Vec<Candidate>)| Losing {
        pool_id: pool_id.to_string(),
        title: format!(
            "{}, having the new product already",
            format::count(*count as i64, "loses a second unit", "lose a second unit")
        ),
        more: *count as i64 - found.len() as i64,
        people: found.iter().map(|it| person(it, now)).collect(),
        ..Losing::default()
    };
    let carried: Vec<Uuid> = done.steps.iter().filter_map(|it| it.license_id).collect();
    let new = done.assigned.parts.iter().map(|part| &part.license);
    let new = new.filter(|it| !carried.contains(&it.id));
    let step = |it: &Step| {
        let mut pools = scene.overlaps.iter().map(|it| &it.overlap.pool);
        let pool = pools.find(|pool| pool.id == it.pool_id);
        let unit = pool.map_or_else(Default::default, |pool| {
            (pool.unit.clone(), pool.units.clone())
        });
        // A license that is only being looked at has no page yet.
        StepRow {
            license_id: String::new(),
            ..StepRow::of(it, &unit)
        }
    };
    comes.losing.extend(named.doubled.iter().map(twice));
    comes.superseded = named.superseded;
    comes.left_over = named.left_over.iter().map(left).collect();
    comes.new = new.map(|it| (it.product_name.clone(), units(it))).collect();
    comes.steps = done.steps.iter().map(step).collect();
    comes.money = done.money.as_ref().map(MoneyRows::of);
    Ok(comes)
}

impl Comes {
    /// Whether it is said already who loses a unit of a pool.
    fn names(&self, pool_id: Uuid) -> bool {
        let pool_id = pool_id.to_string();
        self.losing.iter().any(|it| it.pool_id == pool_id)
    }
}

impl StepRow {
    /// What became of an overlap, or would.
    pub fn of(it: &Step, (unit, units): &(String, String)) -> StepRow {
        let n = |amount: i64| format::count(amount, unit, units);
        let day =
            |end: Option<store::Date>| end.map_or("–".to_owned(), |end| format::date(end.0));
        let lost = match it.ended.len() {
            0 => String::new(),
            lost => format!(", {} freed", format::number(lost as i64)),
        };
        let (tone, icon, label, words) = match it.resolution {
            Resolution::Transfer => {
                let shares = match it.passed_on {
                    0 => String::new(),
                    shares => format!(", {} passed on", format::number(shares)),
                };
                let words = format!("{} in use go over{shares}{lost}", n(it.bound));
                ("good", "swap", "Transferred", words)
            }
            Resolution::KeepBoth => ("mute", "check", "Both kept", "stays as it is".to_owned()),
            Resolution::End => (
                "bad",
                "stop",
                "Ended",
                format!("the old license ends{lost}"),
            ),
        };
        StepRow {
            product: it.product_name.clone(),
            sku: it.old_sku_code.clone(),
            badge: Badge {
                tone,
                icon,
                label: label.into(),
            },
            words,
            units: (n(it.units_before), n(it.units)),
            days: (day(it.old_end_date), day(it.end_date)),
            license_id: it.license_id.map(|id| id.to_string()).unwrap_or_default(),
        }
    }
}

impl MoneyRows {
    /// Every amount with how it came about.
    pub fn of(it: &Money) -> MoneyRows {
        let line = |it: &Amount| {
            let kind = match it.kind.as_str() {
                "credit" => "Credit",
                "charge" => "Charge",
                _ => "Difference",
            };
            let amount = it.amount_minor.zip(it.currency.as_ref());
            let amount = amount.map_or("–".into(), |(minor, code)| format::money(minor, code));
            let days = it.days.zip(it.of_days);
            let days = days.filter(|(days, of)| days != of);
            let days = days.map_or_else(String::new, |(days, of)| format!(", {days} of {of} days"));
            (
                format!("{kind} for {}{days}", it.sku_code),
                it.formula.clone(),
                amount,
            )
        };
        let total = |it: &Total| format::money(it.amount_minor, &it.currency);
        MoneyRows {
            lines: it.lines.iter().map(line).collect(),
            totals: it.totals.iter().map(total).collect(),
        }
    }
}

/// What assigning a plan would do.
#[derive(Clone, Debug, Default)]
pub struct Foretold {
    /// Component by component: (product, units, where they come from).
    pub rows: Vec<(String, String, String)>,
    /// First and last day.
    pub days: String,
    /// What is too little.
    pub short: Vec<Shortage>,
    /// Why it would be refused, as far as no shortage says it.
    pub problem: Option<String>,
}

impl Foretold {
    /// License by license, from which pool units are drawn and what is left there.
    pub async fn drawn(
        app: &App,
        licenses: &[&License],
        (start, end): (Date, Date),
    ) -> Result<Foretold> {
        let mut pools = sources(app, licenses).await?;
        let mut rows = Vec::with_capacity(licenses.len());
        for it in licenses {
            let units = format::count(it.quantity, &it.unit, &it.units);
            let pool = it.source_pool_id.and_then(|id| pools.get_mut(&id));
            let source = match pool {
                None => "new units".to_owned(),
                Some(pool) => {
                    // Two components of one pool leave what both have taken.
                    pool.free -= it.quantity;
                    let order = pool.sales_order.as_deref().unwrap_or(&pool.sku_code);
                    format!("from {order}, {} left there", format::number(pool.free))
                }
            };
            rows.push((it.product_name.clone(), units, source));
        }
        let days = format!("{} to {}", format::date(start.0), format::date(end.0));
        Ok(Foretold {
            days,
            rows,
            ..Foretold::default()
        })
    }

    /// What is short, component by component, with a way to ask for it where that is wanted; else why it would be
    /// refused.
    pub fn refused(chosen: &Chosen, error: &Error, asks: bool) -> Foretold {
        let shortage = |(sku_id, wanted, available): (Uuid, i64, i64)| {
            let it = chosen.components.iter().find(|it| it.sku_id == sku_id)?;
            let more = wanted - available;
            Some(Shortage {
                words: format!(
                    "{}: {} wanted, {} free in one pool.",
                    it.product_name,
                    format::count(wanted, &it.unit, &it.units_name),
                    format::number(available)
                ),
                ask: asks.then(|| format!("{sku_id}:{more}")),
                label: format!("Ask for {} more", format::number(more)),
            })
        };
        let short: Vec<Shortage> = short(error).into_iter().filter_map(shortage).collect();
        Foretold {
            problem: Some(error)
                .filter(|error| short.is_empty() && error.fields.is_empty())
                .map(|error| error.message.clone()),
            short,
            ..Foretold::default()
        }
    }
}

/// A component of which the seller has too little.
#[derive(Clone, Debug, Default)]
pub struct Shortage {
    /// "XDR: 12 users wanted, 4 free".
    pub words: String,
    /// What the button sends, where more can be asked for: SKU and units.
    pub ask: Option<String>,
    /// The words on that button: "Ask for 8 more".
    pub label: String,
}

/// The pools that licenses draw from, as they are before.
async fn sources(app: &App, licenses: &[&License]) -> Result<BTreeMap<Uuid, Pool>> {
    let drawn = licenses.iter().filter_map(|it| it.source_pool_id);
    let ids: Vec<Uuid> = drawn.collect();
    let read = app.read(move |mut tx| Box::pin(async move { pools::of_ids(&mut tx, &ids).await }));
    Ok(read.await?.into_iter().map(|it| (it.id, it)).collect())
}
