//! Forms over payments: recording one, and taking its record back.

use axum::{extract::State, http::StatusCode};
use rules::money::Money;
use uuid::Uuid;

use super::handlers::One;
use crate::{
    api::Id,
    app::App,
    console::{
        answer::go,
        fields::{Field, above, filled},
        form::Form,
        frame::{Frame, PageResult},
        pages::{Confirm, Sheet},
    },
    error::{Error, Result},
    invoices::{
        commands::{RecordPayment, RemovePayment},
        model::Invoice,
        queries,
    },
};

/// `/invoices/{id}/payments`: the form for money that came in.
pub async fn new_payment(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let one = One::read(&app, &frame, id).await?;
    let page = payment_sheet(&frame, &one.invoice, (&[], None));
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Records it, or shows the form again with what is wrong.
pub async fn pay(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let one = One::read(&app, &frame, id).await?;
    let done = match payment(&one.invoice, &form) {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/invoices/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = payment_sheet(&frame, &one.invoice, (&form.pairs, Some(&error)));
            Ok(page.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

fn payment(invoice: &Invoice, form: &Form) -> Result<RecordPayment> {
    let currency = invoice.currency.parse().map_err(Error::internal)?;
    let amount = Money::parse(form.text("amount"), currency).map_err(|why| {
        Error::invalid(
            "amount",
            "field.invalid",
            format!("An amount such as 1234.50: {why}."),
        )
    })?;
    let day = form.parse::<jiff::civil::Date>("paid_on", "a date")?;
    Ok(RecordPayment {
        invoice_id: invoice.id,
        amount_minor: amount.minor,
        paid_on: day.map(store::Date),
        reference: form.text("reference").to_owned(),
    })
}

fn payment_sheet(
    frame: &Frame,
    it: &Invoice,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Sheet {
    let open = it
        .currency
        .parse()
        .map(|known| Money::new(it.open_minor(), known).decimal());
    let name = it.number.clone().unwrap_or_else(|| "draft".into());
    let fields = vec![
        Field::text("amount", &format!("Amount in {}", it.currency))
            .value(open.unwrap_or_default())
            .required(),
        Field::new("date", "paid_on", "Day it came").hint("Today, unless you say another one."),
        Field::text("reference", "What the statement says"),
    ];
    let fields = filled(fields, given, refused);
    Sheet {
        shell: frame.shell(format!("Payment of {name}"), "invoices"),
        title: format!("Payment of {name}"),
        lead: format!("{} are open.", it.money(it.open_minor())),
        action: format!("/invoices/{}/payments", it.id),
        label: "Record the payment".into(),
        error: above(&fields, refused),
        fields,
        back: format!("/invoices/{}", it.id),
        back_label: name,
    }
}

/// `/payments/{id}/remove`: whether its record shall be taken back.
pub async fn confirm_removal(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = removing(&app, &frame, id, None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Takes it back.
pub async fn remove_payment(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    form: Form,
) -> PageResult {
    let command = RemovePayment { id };
    match app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await
    {
        Ok(done) => Ok(go(
            frame.fragment,
            &format!("/invoices/{}", done.outcome.invoice_id),
        )),
        Err(error) if error.is_refusal() => {
            let page = removing(&app, &frame, id, Some(error)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn removing(app: &App, frame: &Frame, id: Uuid, refused: Option<Error>) -> Result<Confirm> {
    let read =
        app.read(move |mut tx| Box::pin(async move { queries::find_payment(&mut tx, id).await }));
    let found = read.await?.ok_or_else(Error::not_found)?;
    let One { invoice, .. } = One::read(app, frame, found.invoice_id).await?;
    let name = invoice.number.clone().unwrap_or_default();
    Ok(Confirm {
        shell: frame.shell("Take the record back", "invoices"),
        title: "Take the record of this payment back?".into(),
        lead: "A counter-entry is recorded; both stay to be seen.".into(),
        facts: vec![
            ("Invoice".into(), name.clone()),
            ("Amount".into(), invoice.money(found.amount_minor)),
        ],
        warnings: vec![],
        fields: vec![],
        tone: "warn",
        allowed: true,
        action: format!("/payments/{id}/remove"),
        label: "Take back".into(),
        back: format!("/invoices/{}", invoice.id),
        back_label: name,
        error: refused.map(|error| error.message),
    })
}
