//! What is asked before a draft is finalized or given up, and before an invoice is taken back.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::handlers::One;
use crate::{
    app::App,
    console::{
        answer::go,
        fields::{Field, filled},
        form::Form,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    invoices::commands::{DeleteDraft, FinalizeInvoice, VoidByCreditNote},
};

/// `/invoices/{id}/finalize`, `delete`, `credit`: what it would do.
pub async fn confirm(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
) -> PageResult {
    let page = deciding(&app, &frame, (id, &decision), (&[], None)).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it; on to the document it made.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
    form: Form,
) -> PageResult {
    match decided(&app, &frame, (id, &decision), &form).await {
        Ok(made) => Ok(go(frame.fragment, &format!("/invoices/{made}"))),
        Err(error) if error.is_refusal() => {
            let given = (form.pairs.as_slice(), Some(&error));
            let page = deciding(&app, &frame, (id, &decision), given).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn decided(
    app: &App,
    frame: &Frame,
    (id, decision): (Uuid, &str),
    form: &Form,
) -> Result<Uuid> {
    let (caller, key) = (&frame.caller, form.key.clone());
    let version = form.parse("version", "a version")?;
    let done = match decision {
        "finalize" => {
            app.gate
                .submit(caller, key, FinalizeInvoice { id, version })
                .await?
        }
        "delete" => {
            app.gate
                .submit(caller, key, DeleteDraft { id, version })
                .await?
        }
        "credit" => {
            let note = form.text("note").to_owned();
            app.gate
                .submit(caller, key, VoidByCreditNote { id, note })
                .await?
        }
        _ => return Err(Error::not_found()),
    };
    Ok(done.outcome.id)
}

async fn deciding(
    app: &App,
    frame: &Frame,
    (id, decision): (Uuid, &str),
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<Confirm> {
    let One { invoice: it, .. } = One::read(app, frame, id).await?;
    let name = it.number.clone().unwrap_or_else(|| "this draft".into());
    let (title, lead, label, tone) = match decision {
        "finalize" => (
            "Finalize this draft?".into(),
            "It gets the next number and never changes again.",
            "Finalize",
            "warn",
        ),
        "delete" => (
            "Give this draft up?".into(),
            "Its licenses can be billed again.",
            "Give up",
            "bad",
        ),
        "credit" => (
            format!("Take {name} back?"),
            "A credit note over all of it gets the next number; its licenses can be billed again.",
            "Make the credit note",
            "bad",
        ),
        _ => return Err(Error::not_found()),
    };
    let mut fields = vec![Field::new("hidden", "version", "").value(it.version.to_string())];
    if decision == "credit" {
        fields.push(Field::new("textarea", "note", "Why, for the reader"));
    }
    Ok(Confirm {
        shell: frame.shell(format!("{label}: {name}"), "invoices"),
        title,
        lead: lead.into(),
        facts: vec![
            ("Customer".into(), it.buyer_name.clone()),
            ("Total".into(), it.money(it.total_minor)),
        ],
        warnings: vec![],
        fields: filled(fields, given, refused),
        tone,
        allowed: true,
        action: format!("/invoices/{id}/{decision}"),
        label: label.into(),
        back: format!("/invoices/{id}"),
        back_label: name,
        error: refused.map(|error| error.message.clone()),
    })
}
