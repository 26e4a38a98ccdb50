//! The job that makes the files of an invoice and writes the mail that carries them.

use serde::{Deserialize, Serialize};
use store::Tx as Reading;
use uuid::Uuid;

use super::queries;
use crate::{
    app::App,
    console::format,
    error::{Error, Result},
    gate::{Command, Tx},
    invoices::{
        commands::DELIVER,
        document::document,
        model::{Invoice, Line, Snapshot},
        queries as invoices,
    },
    jobs::{Ended, Kind, Work},
    mail::{
        self, Attachment, NewMail, Readers,
        templates::{self, InvoiceLine, InvoiceMail},
    },
    scope::Permission,
};

/// The kind of job, for `router`.
pub const KIND: Kind = Kind {
    name: DELIVER,
    run: |app, work| Box::pin(deliver(app, work)),
};

/// Lines that the mail names; the files have all of them.
const NAMED: usize = 20;

/// What the job was handed in with.
#[derive(Debug, Deserialize)]
struct Payload {
    invoice_id: Uuid,
}

/// An invoice with everything that stands on it.
struct Whole {
    invoice: Invoice,
    lines: Vec<Line>,
    said: Snapshot,
    corrects: Option<Invoice>,
}

impl Whole {
    async fn read(tx: &mut Reading<'_>, id: Uuid) -> Result<Whole> {
        let invoice = invoices::find(tx, id).await?.ok_or_else(Error::not_found)?;
        let corrects = match invoice.corrects_id {
            Some(id) => invoices::find(tx, id).await?,
            None => None,
        };
        Ok(Whole {
            lines: invoices::lines(tx, id).await?,
            said: serde_json::from_value(invoices::snapshot(tx, id).await?)?,
            invoice,
            corrects,
        })
    }
}

async fn deliver(app: App, work: Work) -> Result<Ended> {
    let Payload { invoice_id } = work.payload()?;
    let read =
        app.read(move |mut tx| Box::pin(async move { Whole::read(&mut tx, invoice_id).await }));
    let whole = read.await?;
    let files = files(&app, &whole).await?;
    let number = whole.invoice.number.clone().unwrap_or_default();
    let url = format!("{}/invoices/{invoice_id}", app.settings.base_url());
    let command = DeliverInvoice {
        invoice_id,
        mail: letter(&whole, &files, url)?,
        files,
    };
    let done = app
        .gate
        .submit(&work.caller, work.key("deliver"), command)
        .await?;
    let ended = match done.outcome {
        Some(_) => Ended::done(format!("{number} is on its way.")),
        None => Ended::done(format!(
            "{number} is ready, and was mailed to nobody: the buyer's billing profile has no e-mail address."
        )),
    };
    Ok(ended.link("Invoice", format!("/invoices/{invoice_id}")))
}

/// The files: page, e-invoice inside of it, e-invoice beside it.
#[derive(Clone, Debug)]
struct Files {
    pdf: Vec<u8>,
    facturx: Vec<u8>,
    ubl: Vec<u8>,
}

/// Makes the files. The page is set by a child: its template is the operator's, and may do what it should not.
async fn files(app: &App, whole: &Whole) -> Result<Files> {
    let facts = document(
        &whole.invoice,
        &whole.lines,
        &whole.said,
        whole.corrects.as_ref(),
    );
    Ok(Files {
        pdf: app.press.print(&facts).await?,
        facturx: documents::facturx_xml(&facts).into_bytes(),
        ubl: documents::ubl_xml(&facts).into_bytes(),
    })
}

/// The mail to the buyer's billing address; none where nobody said one.
fn letter(whole: &Whole, files: &Files, portal_url: String) -> Result<Option<NewMail>> {
    let (invoice, said) = (&whole.invoice, &whole.said);
    if said.buyer.email.is_empty() {
        return Ok(None);
    }
    let number = invoice.number.clone().unwrap_or_default();
    let line = |line: &Line| InvoiceLine {
        what: line.description.clone(),
        amount: invoice.money(line.net_minor),
    };
    let content = templates::invoice(&InvoiceMail {
        number: number.clone(),
        seller: said.issuer.name.clone(),
        buyer: said.buyer.name.clone(),
        total: invoice.money(invoice.total_minor),
        due_date: invoice
            .due_on
            .map_or_else(String::new, |day| format::date(day.0)),
        lines: whole.lines.iter().take(NAMED).map(line).collect(),
        portal_url,
    })?;
    let file = |name: String, media_type: &str, content: &[u8]| Attachment {
        name,
        media_type: media_type.into(),
        content: content.to_vec(),
    };
    Ok(Some(NewMail {
        organization_id: invoice.issuer_id,
        kind: "invoice",
        cause: format!("invoice:{}", invoice.id),
        sender: said.issuer.name.clone(),
        to_address: said.buyer.email.clone(),
        to_name: said.buyer.name.clone(),
        reply_to: Some(said.issuer.email.clone()).filter(|email| !email.is_empty()),
        content,
        attachments: vec![
            file(format!("{number}.pdf"), "application/pdf", &files.pdf),
            file(format!("{number}.xml"), "application/xml", &files.ubl),
        ],
        readers: Readers::Holding(vec![Permission::InvoicesRead]),
    }))
}

/// Keeps the files of an invoice and writes the one mail that carries them.
#[derive(Clone, Debug, Serialize)]
struct DeliverInvoice {
    invoice_id: Uuid,
    #[serde(skip)]
    files: Files,
    #[serde(skip)]
    mail: Option<NewMail>,
}

impl Command for DeliverInvoice {
    const NAME: &'static str = "invoices.deliver";
    /// The mail.
    type Outcome = Option<Uuid>;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Option<Uuid>> {
        let found = invoices::find(tx, self.invoice_id).await?;
        let invoice = found.ok_or_else(Error::not_found)?;
        tx.require(Permission::InvoicesSend, invoice.issuer_id)
            .await?;
        let now = tx.now();
        for (kind, content) in [
            ("pdf", &self.files.pdf),
            ("facturx", &self.files.facturx),
            ("ubl", &self.files.ubl),
        ] {
            queries::insert(tx, (self.invoice_id, kind), content, now).await?;
        }
        match self.mail.clone() {
            Some(new) => mail::queue(tx, new).await.map(Some),
            None => Ok(None),
        }
    }
}
