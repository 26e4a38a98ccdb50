//! What approving would come to: the gate's own preview, as rows.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    handlers::Scene,
    model::{Approved, NewPart},
};
use crate::{
    app::App,
    console::{form::Form, format, frame::Frame},
    error::{Error, Kind, Result},
    licenses::{model::Pool, pools},
    plan_subscriptions::model::Part,
    provisioning::{
        orders::{foresee, short},
        pages::{Foretold, MoneyRows, Shortage},
    },
    renewals::commands::Sum,
};

/// What it would do, or why it would be refused; and the money, where any price is known.
pub(super) async fn foretell(
    app: &App,
    frame: &Frame,
    scene: &Scene,
    form: &Form,
) -> Result<(Foretold, Option<MoneyRows>)> {
    // What cannot be read is said beside its field when the form is sent.
    let Ok(command) = scene.approval(form) else {
        return Ok(Default::default());
    };
    match foresee(app, frame, &command).await {
        Ok(done) => Ok((told(app, &done).await?, money(&done))),
        // A preview that takes too long is given up; the form can be sent without it.
        Err(error) if error.is_refusal() || error.kind == Kind::Unavailable => {
            Ok((refused(scene, &error), None))
        }
        Err(error) => Err(error),
    }
}

/// License by license, from which pool units are drawn and what is left there.
async fn told(app: &App, done: &Approved) -> Result<Foretold> {
    let is_new = |part: &&Part| done.new.iter().any(|it| it.license_id == part.license.id);
    let new: Vec<&Part> = done.assigned.parts.iter().filter(is_new).collect();
    let sources = new.iter().filter_map(|it| it.license.source_pool_id);
    let sources: Vec<Uuid> = sources.collect();
    let read =
        app.read(move |mut tx| Box::pin(async move { pools::of_ids(&mut tx, &sources).await }));
    let mut pools: BTreeMap<Uuid, Pool> = read.await?.into_iter().map(|it| (it.id, it)).collect();
    let mut rows = Vec::with_capacity(new.len());
    for part in &new {
        let it = &part.license;
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
    let first = new.first().map(|part| &part.license);
    Ok(Foretold {
        days: first.map_or_else(String::new, |it| {
            let end = done.assigned.subscription.end_date;
            let (start, end) = (format::date(it.start_date.0), format::date(end.0));
            format!("{start} to {end}")
        }),
        rows,
        ..Foretold::default()
    })
}

/// What the new licenses cost for their days; nothing where no price is known.
fn money(done: &Approved) -> Option<MoneyRows> {
    if done.sums.is_empty() {
        return None;
    }
    let line = |it: &NewPart| {
        let days = it.money.days.zip(it.money.of_days);
        let days = days.filter(|(days, of)| days != of);
        let days = days.map_or_else(String::new, |(days, of)| format!(", {days} of {of} days"));
        let amount = it.money.amount_minor.zip(it.money.currency.as_ref());
        let why = it.money.gap.map(|gap| gap.sentence().to_owned());
        (
            format!("Charge for {}{days}", it.sku_code),
            it.money.formula.clone().or(why).unwrap_or_default(),
            amount.map_or("–".into(), |(minor, code)| format::money(minor, code)),
        )
    };
    let total = |it: &Sum| format::money(it.amount_minor, &it.currency);
    Some(MoneyRows {
        lines: done.new.iter().map(line).collect(),
        totals: done.sums.iter().map(total).collect(),
    })
}

/// What is short, component by component; else why it would be refused.
fn refused(scene: &Scene, error: &Error) -> Foretold {
    let shortage = |(sku_id, wanted, available): (Uuid, i64, i64)| {
        let it = scene.change.new.iter().find(|it| it.sku_id == sku_id)?;
        Some(Shortage {
            words: format!(
                "{}: {} wanted, {} free in one pool of the seller.",
                it.product_name,
                format::count(wanted, &it.unit, &it.units_name),
                format::number(available)
            ),
            ask: None,
            label: String::new(),
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
