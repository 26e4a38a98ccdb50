//! The planner: who would lose a unit if there were to be fewer, by rule or by hand.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    api::choice,
    commands::{self, Reduce},
    decisions::Thing,
    model::{Choice, Plan},
    pages::{Planned, PlannerPage, unit_row},
    queries::{self, Candidate},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        fields::{Field, filled},
        form::{Form, pairs, value},
        format::Moment,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    scope::{Permission, queries::check_visible},
};

/// Bindings listed although they keep their units.
const LISTED: i64 = 200;

/// `/subscriptions/{id}/reduction?quantity=&rule=&when=`: who would lose a unit.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let given = pairs(query.as_deref());
    let page = planner_page(&app, &frame, (id, &given), None).await?;
    Ok(html(StatusCode::OK, page.render()))
}

/// Applies what was ticked, or shows it again with what is wrong.
pub async fn reduce(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let done = match reduction(id, &form) {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/subscriptions/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = planner_page(&app, &frame, (id, &form.pairs), Some(&error)).await?;
            Ok(html(StatusCode::CONFLICT, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

fn reduction(id: Uuid, form: &Form) -> Result<Reduce> {
    let chosen: Vec<Uuid> = form
        .all("chosen")
        .filter_map(|id| id.parse().ok())
        .collect();
    Ok(Reduce {
        id,
        version: None,
        quantity: form.need("quantity", "a whole number")?,
        now: form.text("when") != "renewal",
        choice: Choice::Hand(chosen),
    })
}

async fn planner_page(
    app: &App,
    frame: &Frame,
    (id, given): (Uuid, &[(String, String)]),
    refused: Option<&Error>,
) -> Result<PlannerPage> {
    let thing = Thing::find(app, &frame.caller, id).await?;
    let it = &thing.subscription;
    let fields = vec![
        Field::new("number", "quantity", "New quantity")
            .between("0", (it.total - 1).max(0).to_string())
            .required(),
        Field::select(
            "rule",
            "Who gives way first",
            &[
                ("never_used", "Never used, then idle longest"),
                ("idle_longest", "Idle longest"),
                ("newest", "Newest"),
            ],
        ),
        Field::select(
            "when",
            "When",
            &[("now", "Now"), ("renewal", "At the renewal")],
        ),
    ];
    let mut page = PlannerPage {
        shell: frame.shell(format!("Lower {}", it.sku_code), "organizations"),
        subscription: (it.id.to_string(), it.sku_code.clone()),
        organization: (it.organization_id.to_string(), thing.organization.clone()),
        unit: (it.unit.clone(), it.units.clone()),
        total: it.total,
        allocated: it.allocated,
        assigned: it.assigned,
        free: it.free,
        fields: filled(fields, given, refused),
        plan: None,
        error: refused.map(|error| error.message.clone()),
    };
    let quantity = value(given, "quantity").trim().parse::<i64>().ok();
    let Some(quantity) = quantity else {
        return Ok(page);
    };
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    match planned(app, frame, (&thing, quantity), given).await {
        Ok((plan, candidates)) => {
            page.plan = Some(shown(
                &plan,
                &candidates,
                (given, refused.is_some()),
                &moment,
            ))
        }
        Err(error) if error.is_refusal() => page.error = Some(page.error.unwrap_or(error.message)),
        Err(error) => return Err(error),
    }
    Ok(page)
}

/// The plan by rule, and whoever may give way: those who do, and a screenful of the others.
async fn planned(
    app: &App,
    frame: &Frame,
    (thing, quantity): (&Thing, i64),
    given: &[(String, String)],
) -> Result<(Plan, Vec<Candidate>)> {
    let word = Some(value(given, "rule")).filter(|word| !word.is_empty());
    let choice = choice(word, None, None)?;
    let Choice::Rule { rule, .. } = choice else {
        return Err(Error::internal("a rule was asked for"));
    };
    let (pool, scope) = (thing.named.pool().clone(), frame.caller.scope.clone());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let whose = pool.organization_id;
            check_visible(&mut tx, &scope, Permission::AssignmentsRead, whose).await?;
            let plan = commands::plan(&mut tx, &pool, quantity, &choice).await?;
            let listed = LISTED.max(plan.to_free);
            let candidates = queries::candidates(&mut tx, pool.id, rule, listed).await?;
            Ok((plan, candidates))
        })
    });
    read.await
}

fn shown(
    plan: &Plan,
    candidates: &[Candidate],
    (given, again): (&[(String, String)], bool),
    moment: &Moment,
) -> Planned {
    let ticked = |id: Uuid| match again {
        // What a person ticked stays ticked when the form comes back.
        true => given
            .iter()
            .any(|(name, it)| name == "chosen" && it.parse() == Ok(id)),
        false => plan.losers.iter().any(|loser| loser.assignment_id == id),
    };
    let row = |it: &Candidate| unit_row(it, moment, ticked(it.binding.id));
    Planned {
        quantity: plan.quantity,
        to_free: plan.to_free,
        at_renewal: value(given, "when") == "renewal",
        candidates: candidates.iter().map(row).collect(),
        more: candidates.len() as i64 >= LISTED.max(plan.to_free),
    }
}
