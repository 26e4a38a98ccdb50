//! Forms over one subscription: terminating, unsubscribing, taking back.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use rules::reduction::Rule;
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    api::terminating,
    commands::{Reactivate, Resubscribe, Unsubscribe},
    model::{Choice, Subscription},
    queries::{self, Candidate, Named},
};
use crate::{
    app::App,
    assignments::{commands::with_add_ons, model::Assignment, queries::bindings},
    catalog,
    console::{
        answer::go,
        fields::{Field, above, filled},
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    gate::Caller,
    organizations,
    scope::{self, Permission},
};

/// Names said in a sentence.
const NAMED: i64 = 5;

/// `/subscriptions/{id}/terminate`, `unsubscribe`, `reactivate`: what it would do, with numbers and names.
pub async fn confirm(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
) -> PageResult {
    let page = confirm_page(&app, &frame, (id, &decision), (&[], None)).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
    form: Form,
) -> PageResult {
    let thing = Thing::find(&app, &frame.caller, id).await?;
    match submit(&app, &frame.caller, (&thing, &decision), &form).await {
        Ok(()) => Ok(go(
            frame.fragment,
            &format!("/subscriptions/{}", thing.subscription.id),
        )),
        // Somebody would lose theirs: who, is seen first.
        Err(error) if error.code == "reduction.not_accepted" => {
            let units: i64 = form.need("units", "a whole number")?;
            let left = thing.subscription.total - units;
            let pool_id = thing.subscription.id;
            let plan = format!("/subscriptions/{pool_id}/reduction?quantity={left}&when=renewal");
            Ok(go(frame.fragment, &plan))
        }
        Err(error) if error.is_refusal() => {
            let given = (form.pairs.as_slice(), Some(&error));
            let page = confirm_page(&app, &frame, (id, &decision), given).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn submit(
    app: &App,
    caller: &Caller,
    (thing, decision): (&Thing, &str),
    form: &Form,
) -> Result<()> {
    let (gate, key) = (&app.gate, form.key.clone());
    let (id, days) = (thing.subscription.id, app.settings.reactivation_days);
    match (decision, &thing.named) {
        ("terminate", named) => {
            let units = form.parse("units", "a whole number")?;
            let command = terminating(named, units)?;
            gate.submit(caller, key, command).await.map(drop)
        }
        ("unsubscribe", _) => {
            let units: i64 = form.need("units", "a whole number")?;
            let command = Unsubscribe {
                id,
                version: form.parse("version", "a version")?,
                units: Some(units).filter(|units| *units != thing.subscription.total),
                choice: Choice::default(),
                days,
            };
            gate.submit(caller, key, command).await.map(drop)
        }
        ("reactivate", Named::Assignment(unit, _)) => {
            let command = Reactivate { id: unit.id, days };
            gate.submit(caller, key, command).await.map(drop)
        }
        ("reactivate", Named::Pool(_)) => {
            let version = form.parse("version", "a version")?;
            let command = Resubscribe { id, version, days };
            gate.submit(caller, key, command).await.map(drop)
        }
        _ => Err(Error::not_found()),
    }
}

/// What a form is about.
pub(super) struct Thing {
    pub(super) named: Named,
    pub(super) subscription: Subscription,
    pub(super) organization: String,
    /// Those who use its units, the newest first: a few, and how many there are.
    users: Vec<Candidate>,
    /// The add-ons that go with the assignment.
    add_ons: Vec<String>,
}

impl Thing {
    pub(super) async fn find(app: &App, caller: &Caller, id: Uuid) -> Result<Thing> {
        let at = (app.gate.now(), app.settings.reactivation_days);
        let caller = caller.clone();
        let read = app.read(move |mut tx| {
            Box::pin(async move { Thing::read(&mut tx, &caller, id, at).await })
        });
        read.await
    }

    async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        id: Uuid,
        at: (Timestamp, i64),
    ) -> Result<Thing> {
        let named = queries::named(tx, &caller.scope, id).await?;
        let named = named.ok_or_else(Error::not_found)?;
        let pool = named.pool().clone();
        let whose = pool.organization_id;
        let may = scope::queries::permissions_at(tx, caller.actor_id, whose).await?;
        if !may.contains(&Permission::SubscriptionsEnd) {
            return Err(scope::missing(Permission::SubscriptionsEnd));
        }
        let found = queries::of_pools(tx, std::slice::from_ref(&pool), at).await?;
        let users = match may.contains(&Permission::AssignmentsRead) {
            true => queries::candidates(tx, pool.id, Rule::Newest, NAMED).await?,
            false => vec![],
        };
        let add_ons = match &named {
            Named::Assignment(unit, _) => add_ons(tx, unit.id).await?,
            Named::Pool(_) => vec![],
        };
        let organization = organizations::queries::find_visible(tx, &caller.scope, whose).await?;
        Ok(Thing {
            named,
            subscription: found.into_iter().next().ok_or_else(Error::not_found)?,
            organization: organization.map_or_else(String::new, |it| it.name),
            users,
            add_ons,
        })
    }

    fn count(&self, units: i64) -> String {
        format::count(units, &self.subscription.unit, &self.subscription.units)
    }

    /// "Anna, Ben; 3 devices more".
    fn names(&self) -> String {
        let names: Vec<&str> = self
            .users
            .iter()
            .map(|it| it.holder_name.as_str())
            .collect();
        let named: i64 = self.users.iter().map(|it| it.binding.units).sum();
        match self.subscription.assigned - named {
            more @ 1.. => format!("{}; {} more", names.join(", "), self.count(more)),
            _ => names.join(", "),
        }
    }
}

/// The names of the add-ons that are bound to an assignment.
async fn add_ons(tx: &mut Tx<'_>, id: Uuid) -> Result<Vec<String>> {
    let found = bindings(tx, &[id]).await?;
    let with = with_add_ons(tx, found).await?;
    let bound = with.iter().filter(|it| it.id != id);
    let products: Vec<Uuid> = bound.map(|it| it.product_id).collect();
    let products = catalog::queries::products_of_ids(tx, &products).await?;
    let mut names: Vec<String> = products.into_iter().map(|it| it.name).collect();
    names.sort();
    Ok(names)
}

/// What a confirmation asks, before it is a page.
struct Question {
    title: String,
    lead: String,
    label: &'static str,
    tone: &'static str,
    facts: Vec<(String, String)>,
    warnings: Vec<String>,
    fields: Vec<Field>,
}

impl Question {
    fn of(decision: &str, thing: &Thing) -> Result<Question> {
        match (decision, &thing.named) {
            ("terminate", Named::Assignment(unit, _)) => Ok(terminate_unit(thing, unit)),
            ("terminate", Named::Pool(_)) => Ok(terminate_free(thing)),
            ("unsubscribe", _) => Ok(unsubscribe(thing)),
            ("reactivate", Named::Assignment(unit, _)) => Ok(bring_back(thing, unit)),
            ("reactivate", Named::Pool(_)) => Ok(renew_again(thing)),
            _ => Err(Error::not_found()),
        }
    }
}

async fn confirm_page(
    app: &App,
    frame: &Frame,
    (id, decision): (Uuid, &str),
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<Confirm> {
    let thing = Thing::find(app, &frame.caller, id).await?;
    let it = &thing.subscription;
    let mut question = Question::of(decision, &thing)?;
    let version = Field::new("hidden", "version", "").value(it.version.to_string());
    question.fields.push(version);
    let fields = filled(question.fields, given, refused);
    Ok(Confirm {
        shell: frame.shell(question.title.clone(), "organizations"),
        title: question.title,
        lead: question.lead,
        facts: question.facts,
        warnings: question.warnings,
        tone: question.tone,
        allowed: true,
        action: format!("/subscriptions/{id}/{decision}"),
        label: question.label.into(),
        back: format!("/subscriptions/{id}"),
        back_label: it.sku_code.clone(),
        error: above(&fields, refused),
        fields,
    })
}

fn terminate_unit(thing: &Thing, unit: &Assignment) -> Question {
    let mut warnings = vec![format!(
        "{} loses {} at once.",
        unit.holder_name,
        thing.count(unit.units)
    )];
    if !thing.add_ons.is_empty() {
        let names = thing.add_ons.join(", ");
        warnings.push(format!("The add-ons bound to it stop with it: {names}."));
    }
    Question {
        title: format!("Terminate the unit of {}?", unit.holder_name),
        facts: of_unit(unit),
        warnings,
        fields: vec![],
        ..terminating_words(thing)
    }
}

fn terminate_free(thing: &Thing) -> Question {
    let free = thing.subscription.free;
    let hint = format!(
        "Nobody uses {} of them. To end more, lower the quantity below use instead: you see who loses theirs.",
        format::number(free)
    );
    Question {
        fields: vec![number(free).hint(hint)],
        ..terminating_words(thing)
    }
}

fn terminating_words(thing: &Thing) -> Question {
    let it = &thing.subscription;
    let goes = match it.parent_id {
        Some(_) => "The units go back to whoever passed them on.",
        None => "The license's quantity is lowered by them.",
    };
    Question {
        title: format!("Terminate {} of {}?", it.units, it.sku_code),
        lead: format!("What is terminated stops at once. {goes}"),
        label: "Terminate",
        tone: "bad",
        facts: figures(thing),
        warnings: vec![],
        fields: vec![],
    }
}

fn unsubscribe(thing: &Thing) -> Question {
    let it = &thing.subscription;
    let hint = format!(
        "Up to {} are safe. Above that you see first who would lose theirs.",
        format::number(it.free)
    );
    let mut warnings = vec![];
    if it.assigned > 0 {
        let lost = format::count(it.assigned, "unit in use is", "units in use are");
        let names = thing.names();
        warnings.push(format!("If all of it ends, {lost} lost then, by {names}."));
    }
    if it.allocated > 0 {
        let passed = thing.count(it.allocated);
        warnings.push(format!(
            "If all of it ends, so do the {passed} that were passed on."
        ));
    }
    Question {
        title: format!("Unsubscribe {}?", it.sku_code),
        lead: "What is unsubscribed runs to the end of the term and does not renew. Until then nothing changes."
            .into(),
        label: "Unsubscribe",
        tone: "warn",
        facts: figures(thing),
        warnings,
        fields: vec![number(it.total).value(it.total.to_string()).hint(hint)],
    }
}

fn bring_back(thing: &Thing, unit: &Assignment) -> Question {
    Question {
        title: format!("Bring a unit of {} back?", thing.subscription.sku_code),
        lead: "Its holder has it again, with the add-ons that ended with it, as a new record."
            .into(),
        label: "Reactivate",
        tone: "warn",
        facts: of_unit(unit),
        warnings: vec![],
        fields: vec![],
    }
}

fn renew_again(thing: &Thing) -> Question {
    Question {
        title: format!("Renew {} again?", thing.subscription.sku_code),
        lead: "Everything renews at the end of the term, as if nobody had unsubscribed it.".into(),
        label: "Reactivate",
        tone: "warn",
        facts: figures(thing),
        warnings: vec![],
        fields: vec![],
    }
}

fn number(most: i64) -> Field {
    Field::new("number", "units", "Units")
        .between("1", most.to_string())
        .required()
}

fn of_unit(unit: &Assignment) -> Vec<(String, String)> {
    vec![
        ("Product".into(), unit.product_name.clone()),
        ("Holder".into(), unit.holder_name.clone()),
        ("UUID".into(), unit.id.to_string()),
    ]
}

fn figures(thing: &Thing) -> Vec<(String, String)> {
    let it = &thing.subscription;
    let mut figures = vec![("Total".into(), thing.count(it.total))];
    if it.allocated > 0 {
        figures.push(("Passed on".into(), format::number(it.allocated)));
    }
    figures.push(("In use".into(), format::number(it.assigned)));
    figures.push(("Free".into(), format::number(it.free)));
    if let Some(end) = it.expiry_date {
        figures.push(("End of the term".into(), format::date(end.0)));
    }
    figures
}
