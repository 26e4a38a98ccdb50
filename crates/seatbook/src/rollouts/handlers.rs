//! The pages of rollouts: all of them, one of them, doing it, stopping it.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    api::{Whole, counted, whole},
    commands::{ApplyRollout, CancelRollout, CreateRollout},
    model::{Action, Rollout, RolloutRow, RowState, State as Stage, Terms},
    pages::{RolloutPage, RolloutsPage, answer_row, line, rollout_list, row_list, total_row},
    queries, totals,
};
use crate::{
    api::{Cursor, Id, List},
    app::App,
    console::{
        answer::{go, html},
        badges,
        fields::Field,
        form::{Form, pairs, value},
        format,
        frame::{Frame, PageResult},
        layout::JobBanner,
        pages::{Confirm, Sheet},
    },
    error::{Error, Result},
    jobs, plan_subscriptions, plans,
    provisioning::orders::Seller,
    scope::{self, Permission, queries::permissions_at},
};

/// Rows on one page of a list.
const PAGE: i64 = 100;

/// `/rollouts`.
pub async fn list(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let given = pairs(query.as_deref());
    let mut list = rollout_list().read(&given);
    let after = Some(value(&given, "cursor")).filter(|cursor| !cursor.is_empty());
    let chosen = list.chosen("state").to_owned();
    let filter = queries::Filter {
        state: Stage::ALL.into_iter().find(|it| it.as_str() == chosen),
        after: after.map(Cursor::read).transpose()?,
        limit: PAGE + 1,
        ..queries::Filter::default()
    };
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read =
        app.read(move |mut tx| Box::pin(async move { counted(&mut tx, &scope, &filter).await }));
    let page = List::page(read.await?, PAGE, |it| it.rollout.id);
    list.shown = page.items.len() as i64;
    (list.more, list.next) = (page.next_cursor.is_some(), page.next_cursor);
    let page = RolloutsPage {
        shell: frame.shell("Assigned to many", "catalog"),
        rows: page.items.iter().map(|it| line(it, now)).collect(),
        may_begin: frame.may(Permission::LicensesSell) && !frame.visitor.is_customer,
        list,
    };
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

/// `/rollouts/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let given = pairs(query.as_deref());
    let page = page(&app, &frame, id, (&given, None)).await?;
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

/// Does it for those that fit.
pub async fn apply(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let version = form.parse("version", "a version")?;
    let command = ApplyRollout {
        id,
        version,
        only_if_all_fit: form.text("mode") == "all",
    };
    let key = form.key.clone();
    match app.gate.submit(&frame.caller, key, command).await {
        Ok(_) => Ok(go(frame.fragment, &format!("/rollouts/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, id, (&form.pairs, Some(&error))).await?;
            Ok(html(StatusCode::CONFLICT, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// What else the page of a rollout needs of the book.
struct Beside {
    rows: Vec<RolloutRow>,
    banner: Option<JobBanner>,
    may_act: bool,
}

async fn page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<RolloutPage> {
    let whole = whole(app, &frame.caller, id).await?;
    let mut list = row_list(&whole.rollout).read(given);
    let after = value(given, "cursor").parse().unwrap_or_default();
    let asked = (RowState::parse(list.chosen("state")), after);
    let mut beside = beside(app, frame, (&whole.rollout, asked)).await?;
    let more = beside.rows.len() as i64 > PAGE;
    beside.rows.truncate(PAGE as usize);
    list.shown = beside.rows.len() as i64;
    list.more = more || after > 0;
    let last = beside.rows.last().filter(|_| more);
    list.next = last.map(|last| last.position.to_string());
    let Whole {
        rollout,
        counts,
        totals,
    } = whole;
    let title = rollout.title(rollout.row_count);
    let mut shell = frame.shell(title.clone(), "catalog");
    let open = beside.banner.as_ref().is_some_and(JobBanner::open);
    let works = matches!(rollout.state, Stage::Checking | Stage::Applying);
    let banner = beside.banner.map(|it| JobBanner {
        reloads: true,
        ..it
    });
    let stuck = banner.as_ref().filter(|_| works && !open);
    let stuck = stuck.map(|it| it.id.clone()).unwrap_or_default();
    shell.jobs = banner.into_iter().collect();
    Ok(RolloutPage {
        shell,
        id: rollout.id.to_string(),
        plan: (rollout.plan_id.to_string(), rollout.plan_name.clone()),
        title,
        status: badges::rollout(rollout.state.as_str()),
        state: rollout.state.as_str(),
        created: format::ago(rollout.created_at.get(), app.gate.now().get()),
        customers: rollout.row_count,
        totals: totals.iter().map(total_row).collect(),
        draws: !rollout.terms.issue,
        too_many: totals::too_many(&totals),
        label: rollout.action.label(),
        assigns: rollout.action == Action::Assign,
        facts: facts(&rollout),
        rows: beside
            .rows
            .iter()
            .map(|it| answer_row(&rollout, it))
            .collect(),
        may_act: beside.may_act,
        stuck,
        version: rollout.version,
        all: value(given, "mode") == "all",
        error: refused.map(|error| error.message.clone()),
        counts,
        list,
    })
}

async fn beside(
    app: &App,
    frame: &Frame,
    (rollout, (state, after)): (&Rollout, (Option<RowState>, i64)),
) -> Result<Beside> {
    let (caller, id) = (frame.caller.clone(), rollout.id);
    let (job_id, seller_id) = (rollout.job_id(), rollout.seller_id);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let may = permissions_at(tx, caller.actor_id, seller_id).await?;
            Ok(Beside {
                rows: queries::rows(tx, id, state, (after, PAGE + 1)).await?,
                banner: jobs::queries::banner(tx, &caller.scope, job_id).await?,
                may_act: may.contains(&Permission::LicensesSell),
            })
        })
    });
    read.await
}

/// What is ordered for each, as far as it is not units.
fn facts(rollout: &Rollout) -> Vec<(&'static str, String)> {
    let terms = &rollout.terms;
    let day = |day: Option<store::Date>, usual: &str| {
        day.map_or(usual.to_owned(), |day| format::date(day.0))
    };
    let renews = match terms.auto_renews {
        None => "As the plan says",
        Some(true) => "Yes",
        Some(false) => "No",
    };
    let units = match terms.issue {
        true => "Issued anew",
        false => "From your own units",
    };
    match rollout.action {
        Action::Assign => {}
        Action::Approve => return vec![("Units of what is new", units.into())],
        Action::Decline => return vec![],
    }
    vec![
        ("Units", units.into()),
        ("First day", day(terms.start_date, "At once")),
        ("Last day", day(terms.end_date, "By the plan's term")),
        ("Renews", renews.into()),
    ]
}

/// `/rollouts/decide?plan_id=&action=`: a changed composition, approved or declined for all who wait for it.
pub async fn ask_decide(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let given = pairs(query.as_deref());
    let sheet = decision(&app, &frame, (&given, None)).await?;
    Ok(sheet.shown(&frame, StatusCode::OK))
}

/// Queues the check, and goes on to the rollout.
pub async fn decide(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let command = CreateRollout {
        seller_id: frame.visitor.organization_id,
        plan_id: form.need("plan_id", "a service plan")?,
        action: Action::parse(form.text("action")).unwrap_or(Action::Decline),
        terms: Terms {
            issue: form.text("source") == "issue",
            ..Terms::default()
        },
        organization_ids: vec![],
        found: None,
    };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(done) => Ok(go(
            frame.fragment,
            &format!("/rollouts/{}", done.outcome.id),
        )),
        Err(error) if error.is_refusal() => {
            let sheet = decision(&app, &frame, (&form.pairs, Some(error.message))).await?;
            Ok(sheet.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

async fn decision(
    app: &App,
    frame: &Frame,
    (given, error): (&[(String, String)], Option<String>),
) -> Result<Sheet> {
    let action = Action::parse(value(given, "action")).unwrap_or(Action::Decline);
    let plan_id: Uuid = value(given, "plan_id")
        .parse()
        .map_err(|_| Error::not_found())?;
    let (caller, seller_id) = (frame.caller.clone(), frame.visitor.organization_id);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let seller = Seller::of(tx, &caller, seller_id).await?;
            let seller = seller.ok_or_else(|| scope::missing(Permission::LicensesSell))?;
            let plan = plans::queries::find(tx, plan_id).await?;
            let plan = plan.ok_or_else(Error::not_found)?;
            let waiting =
                plan_subscriptions::queries::locked_of(tx, &caller.scope, plan_id).await?;
            let waiting = waiting.iter().filter(|it| it.seller_id == seller_id);
            Ok((seller, plan, waiting.count() as i64))
        })
    });
    let (seller, plan, waiting) = read.await?;
    let (title, lead) = match action {
        Action::Approve => (
            "Approve for all",
            "Each gets what the plan is made of now: what is new is added, what is gone runs to its own end.",
        ),
        _ => (
            "Decline for all",
            "Each keeps what it has of the plan, and may get the rest later.",
        ),
    };
    let sources = [("", "From my own units"), ("issue", "Issue new units")];
    let source = Field::select("source", "Units of what is new", &sources);
    let source = source.value(value(given, "source"));
    let whom = format::count(waiting, "customer waits", "customers wait");
    let fields = [
        Some(Field::new("hidden", "plan_id", "").value(plan_id.to_string())),
        Some(Field::new("hidden", "action", "").value(action.as_str())),
        Some(Field::new("static", "", "Service plan").value(&plan.name)),
        Some(Field::new("static", "", "For whom").value(whom)),
        Some(source).filter(|_| action == Action::Approve && seller.may_issue),
    ];
    Ok(Sheet {
        shell: frame.shell(title, "catalog"),
        title: title.into(),
        lead: format!("{lead} Every customer is checked and shown before anything changes."),
        fields: fields.into_iter().flatten().collect(),
        action: "/rollouts/decide".into(),
        label: "Check".into(),
        back: format!("/catalog/plans/{plan_id}/customers"),
        back_label: plan.name,
        error,
    })
}

/// Asks whether it is to be stopped, and says what that does.
pub async fn ask_cancel(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = question(&app, &frame, id, None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Stops it.
pub async fn cancel(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    // Whatever was done meanwhile, it is to stop.
    let command = CancelRollout { id, version: None };
    match app.gate.submit(&frame.caller, form.key, command).await {
        Ok(_) => Ok(go(frame.fragment, &format!("/rollouts/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = question(&app, &frame, id, Some(error.message)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn question(app: &App, frame: &Frame, id: Uuid, error: Option<String>) -> Result<Confirm> {
    let Whole {
        rollout, counts, ..
    } = whole(app, &frame.caller, id).await?;
    let lead = match rollout.state {
        Stage::Checking | Stage::Ready => "Nothing has changed yet, and nothing will.",
        Stage::Applying => "It stops after the customer it is at. What was done stays.",
        Stage::Done | Stage::Canceled => "It is over; there is nothing left to cancel.",
    };
    Ok(Confirm {
        shell: frame.shell("Cancel", "catalog"),
        title: format!("Cancel: {}?", rollout.title(rollout.row_count)),
        lead: lead.into(),
        facts: vec![
            ("Customers".into(), format::number(rollout.row_count)),
            ("Done so far".into(), format::number(counts.done)),
        ],
        warnings: vec![],
        fields: Vec::<Field>::new(),
        tone: "bad",
        allowed: !rollout.state.is_over(),
        action: format!("/rollouts/{id}/cancel"),
        label: "Stop it".into(),
        back: format!("/rollouts/{id}"),
        back_label: rollout.plan_name,
        error,
    })
}
