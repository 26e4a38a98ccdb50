//! What approving would come to: the gate's own preview, as rows.

use super::{
    handlers::Scene,
    model::{Approved, NewPart},
};
use crate::{
    app::App,
    console::{form::Form, format, frame::Frame},
    error::{Kind, Result},
    licenses::model::License,
    provisioning::{coming::Foretold, orders::foresee, pages::MoneyRows},
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
    match foresee(app, &frame.caller, &command).await {
        Ok(done) => Ok((told(app, &done).await?, money(&done))),
        // A preview that takes too long is given up; the form can be sent without it.
        Err(error) if error.is_refusal() || error.kind == Kind::Unavailable => {
            Ok((Foretold::refused(&scene.chosen(), &error, false), None))
        }
        Err(error) => Err(error),
    }
}

/// What is drawn for the licenses that are new.
async fn told(app: &App, done: &Approved) -> Result<Foretold> {
    let is_new = |it: &&License| done.new.iter().any(|new| new.license_id == it.id);
    let parts = done.assigned.parts.iter().map(|part| &part.license);
    let new: Vec<&License> = parts.filter(is_new).collect();
    match new.first() {
        Some(first) => {
            let days = (first.start_date, done.assigned.subscription.end_date);
            Foretold::drawn(app, &new, days).await
        }
        None => Ok(Foretold::default()),
    }
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
