//! Decisions about one sold license: pausing, giving, its code, its end. Each says first what it would do.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{handlers::find, queries::Sale};
use crate::{
    activation::{
        codes,
        commands::{GiveLicense, RenewCode, RevokeCode},
        model::CodeState,
    },
    app::App,
    console::{
        answer::go,
        fields::{Field, filled},
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    licenses::commands::{DeleteLicense, PauseLicense, TerminateLicense},
};

/// What is asked about one decision.
struct Question {
    title: String,
    lead: &'static str,
    label: &'static str,
    tone: &'static str,
    allowed: bool,
    fields: Vec<Field>,
}

/// `/sales/{id}/{decision}`: what it would do, with numbers.
pub async fn confirm(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
) -> PageResult {
    let page = page(&app, &frame, (id, &decision), (&[], None)).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
    form: Form,
) -> PageResult {
    match submit(&app, &frame, (id, &decision), &form).await {
        Ok(()) if decision == "delete" => Ok(go(frame.fragment, "/sales")),
        Ok(()) => Ok(go(frame.fragment, &format!("/sales/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, (id, &decision), (&form.pairs, Some(&error))).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn submit(app: &App, frame: &Frame, (id, decision): (Uuid, &str), form: &Form) -> Result<()> {
    let (sale, _, _) = find(app, frame, id).await?;
    let version = Some(sale.sold.license.version);
    let (gate, caller, key) = (&app.gate, &frame.caller, form.key.clone());
    match decision {
        "pause" | "resume" => {
            let paused = decision == "pause";
            let command = PauseLicense {
                id,
                version,
                paused,
            };
            gate.submit(caller, key, command).await.map(drop)
        }
        "terminate" => {
            let command = TerminateLicense { id, version };
            gate.submit(caller, key, command).await.map(drop)
        }
        "delete" => {
            let command = DeleteLicense { id, version };
            gate.submit(caller, key, command).await.map(drop)
        }
        "give" => {
            let command = GiveLicense {
                license_id: id,
                customer_id: form.need("customer_id", "a customer")?,
            };
            gate.submit(caller, key, command).await.map(drop)
        }
        "renew-code" => {
            let command = RenewCode {
                license_id: id,
                drawn: codes::draw(gate.vault())?,
            };
            gate.submit(caller, key, command).await.map(drop)
        }
        "revoke-code" => {
            let command = RevokeCode { license_id: id };
            gate.submit(caller, key, command).await.map(drop)
        }
        _ => Err(Error::not_found()),
    }
}

async fn page(
    app: &App,
    frame: &Frame,
    (id, decision): (Uuid, &str),
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<Confirm> {
    let (sale, _, _) = find(app, frame, id).await?;
    let question = question(&sale, decision).ok_or_else(Error::not_found)?;
    let license = &sale.sold.license;
    let n = |units: i64| format::count(units, &license.unit, &license.units);
    let customer = match license.awaits_activation {
        true => "Nobody yet".to_owned(),
        false => license.organization_name.clone(),
    };
    Ok(Confirm {
        shell: frame.shell(question.title.clone(), "sales"),
        title: question.title,
        lead: question.lead.into(),
        facts: vec![
            ("Customer".into(), customer),
            ("Quantity".into(), n(license.quantity)),
            ("In use".into(), n(license.allocated + license.assigned)),
        ],
        warnings: vec![],
        fields: filled(question.fields, given, refused),
        tone: question.tone,
        allowed: question.allowed,
        action: format!("/sales/{id}/{decision}"),
        label: question.label.into(),
        back: format!("/sales/{id}"),
        back_label: name(&sale),
        error: refused
            .filter(|error| error.fields.is_empty())
            .map(|error| error.message.clone()),
    })
}

fn name(sale: &Sale) -> String {
    let license = &sale.sold.license;
    license
        .name
        .clone()
        .unwrap_or_else(|| license.sku_code.clone())
}

fn question(sale: &Sale, decision: &str) -> Option<Question> {
    let (name, license) = (name(sale), &sale.sold.license);
    let live = sale.sold.state == CodeState::Live;
    let ask = |verb: &str, lead, label, tone, allowed| Question {
        title: format!("{verb} {name}?"),
        lead,
        label,
        tone,
        allowed,
        fields: vec![],
    };
    Some(match decision {
        "pause" => ask(
            "Pause",
            "Nothing new can be assigned, and checks say no. The clock goes on.",
            "Pause",
            "warn",
            !license.paused,
        ),
        "resume" => ask(
            "Let go on:",
            "Units can be assigned again, and checks say yes.",
            "Resume",
            "warn",
            license.paused,
        ),
        "terminate" => ask(
            "Terminate",
            "The license ends now. Units that nobody uses return to where they were drawn from. This is not undone.",
            "Terminate",
            "bad",
            true,
        ),
        "delete" if license.used => ask(
            "Delete",
            "This license was used by its customer, so it cannot be deleted. Terminate it instead.",
            "Delete",
            "bad",
            false,
        ),
        "delete" => ask(
            "Delete",
            "It was never used, so nothing is lost but the record. Its units return to where they were drawn from.",
            "Yes, delete",
            "bad",
            true,
        ),
        _ => return about_code(&name, live, decision),
    })
}

/// What is asked about the code of a license that waits for its owner.
fn about_code(name: &str, live: bool, decision: &str) -> Option<Question> {
    let ask = |verb: &str, lead, label, tone| Question {
        title: format!("{verb} {name}?"),
        lead,
        label,
        tone,
        allowed: live,
        fields: vec![],
    };
    Some(match decision {
        "give" => Question {
            fields: vec![
                Field::select("customer_id", "Customer", &[("", "")])
                    .source("/organizations/options")
                    .required(),
            ],
            ..ask(
                "Assign",
                "The license becomes this customer’s, and its code cannot be redeemed any more.",
                "Assign",
                "info",
            )
        },
        "renew-code" => ask(
            "New code for",
            "The old code stops working at once. Whoever has it needs the new one.",
            "Make a new code",
            "warn",
        ),
        "revoke-code" => ask(
            "Take back the code of",
            "Nobody can redeem it any more. The license ends, and its units return to where they were drawn from.",
            "Take back",
            "bad",
        ),
        _ => return None,
    })
}
