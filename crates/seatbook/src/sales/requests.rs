//! What customers ask for, and the account manager's word about it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::{
    forms::{ISSUE, borrowed, price, price_fields, sources},
    pages::{RequestsPage, request_badge, request_row},
};
use crate::{
    activation::{
        codes,
        commands::{Sale, SellLicense},
        model::Limits,
    },
    app::App,
    console::{
        answer::{go, html},
        fields::{Field, filled},
        form::Form,
        format::{self, Moment},
        frame::{Frame, PageResult},
        pages::Sheet,
    },
    error::{Error, Result},
    files::{Cell, ColumnKind},
    licenses::{model::Pool, pools},
    listings::{
        Field as Column, Found, Lines, Listing, PORTION, Reader, clock, maybe, table, text,
    },
    requests::{
        commands::{ApproveRequest, RefuseRequest},
        model::UnitRequest,
        queries::{self, Whose},
    },
    scope::{Permission, queries::check_visible},
};

/// Requests shown, and pools offered.
const SHOWN: i64 = 100;

/// `/sales/requests`.
pub async fn list(State(app): State<App>, frame: Frame) -> PageResult {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let (scope, partner_id) = (frame.caller.scope.clone(), frame.visitor.organization_id);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            check_visible(tx, &scope, Permission::LicensesSell, partner_id).await?;
            queries::list(tx, Whose::For(partner_id), None, (None, SHOWN)).await
        })
    });
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let rows = read.await?;
    let page = RequestsPage {
        shell: frame.shell("Requests", "sales"),
        rows: rows.iter().map(|it| request_row(it, &moment)).collect(),
    };
    Ok(html(StatusCode::OK, page.render()))
}

/// `/sales/requests/{id}/{decision}`: what is given, or why not.
pub async fn ask(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
) -> PageResult {
    let sheet = sheet(&app, &frame, (id, &decision), (&[], None)).await?;
    Ok(sheet.shown(&frame, StatusCode::OK))
}

/// Decides, or shows the form again with what is wrong.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
    form: Form,
) -> PageResult {
    match submit(&app, &frame, (id, &decision), &form).await {
        Ok(()) => Ok(go(frame.fragment, "/sales/requests")),
        Err(error) if error.is_refusal() => {
            let given = (form.pairs.as_slice(), Some(&error));
            let sheet = sheet(&app, &frame, (id, &decision), given).await?;
            Ok(sheet.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

async fn submit(app: &App, frame: &Frame, (id, decision): (Uuid, &str), form: &Form) -> Result<()> {
    let answer = Some(form.text("answer").to_owned());
    let (gate, key) = (&app.gate, form.key.clone());
    match decision {
        "approve" => {
            let command = ApproveRequest {
                id,
                version: form.parse("version", "a version")?,
                sell: selling(app, frame, id, form).await?,
                answer,
            };
            gate.submit(&frame.caller, key, command).await.map(drop)
        }
        "refuse" => {
            let version = form.parse("version", "a version")?;
            let command = RefuseRequest {
                id,
                version,
                answer,
            };
            gate.submit(&frame.caller, key, command).await.map(drop)
        }
        _ => Err(Error::not_found()),
    }
}

async fn selling(app: &App, frame: &Frame, id: Uuid, form: &Form) -> Result<SellLicense> {
    let (request, _, _) = find(app, frame, id).await?;
    let source = form.text("source");
    Ok(SellLicense {
        sale: Sale {
            seller_id: request.partner_id,
            customer_id: Some(request.organization_id),
            sku_id: request.sku_id,
            quantity: form.need("quantity", "a whole number")?,
            issue: source == ISSUE,
            source_pool_id: match source {
                "" | ISSUE => None,
                _ => form.parse("source", "a pool")?,
            },
            start_date: None,
            name: None,
            note: None,
            price: price(form)?,
        },
        expires_at: None,
        drawn: codes::draw(app.gate.vault())?,
        limits: Limits::of(&app.settings),
    })
}

/// The request, what could be given for it, and whether units may be issued.
async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<(UnitRequest, Vec<Pool>, bool)> {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let found = queries::find(tx, id).await?;
            let request = found.ok_or_else(Error::not_found)?;
            let seller_id = request.partner_id;
            check_visible(tx, &scope, Permission::LicensesSell, seller_id).await?;
            let issue = Permission::LicensesIssue;
            let may_issue = check_visible(tx, &scope, issue, seller_id).await.is_ok();
            let pools = pools::with_free(tx, seller_id, now, SHOWN).await?;
            Ok((request, pools, may_issue))
        })
    });
    read.await
}

async fn sheet(
    app: &App,
    frame: &Frame,
    (id, decision): (Uuid, &str),
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<Sheet> {
    let (request, pools, may_issue) = find(app, frame, id).await?;
    let answer = Field::new("textarea", "answer", "Answer").hint("The customer reads it.");
    let version = Field::new("hidden", "version", "").value(request.version.to_string());
    let (title, label, mut fields) = match decision {
        "approve" => {
            let priced = frame.may(Permission::PricesEdit);
            let fields = approving(&request, &pools, may_issue, priced);
            ("Approve", "Approve and sell", fields)
        }
        "refuse" => ("Refuse", "Refuse", vec![]),
        _ => return Err(Error::not_found()),
    };
    fields.extend([answer, version]);
    let units = format::count(request.quantity, &request.unit, &request.units);
    let note = request.note.as_deref().unwrap_or_default();
    let asked = format!(
        "{} asks for {units} of {}.",
        request.organization_name, request.sku_code
    );
    let lead = match note {
        "" => asked,
        note => format!("{asked} “{note}”"),
    };
    Ok(Sheet {
        shell: frame.shell(title, "sales"),
        title: format!("{title} the request of {}", request.organization_name),
        lead,
        fields: filled(fields, given, refused),
        action: format!("/sales/requests/{id}/{decision}"),
        label: label.into(),
        back: "/sales/requests".into(),
        back_label: "Requests".into(),
        error: refused
            .filter(|error| error.fields.is_empty())
            .map(|error| error.message.clone()),
    })
}

fn approving(request: &UnitRequest, pools: &[Pool], may_issue: bool, priced: bool) -> Vec<Field> {
    let fitting: Vec<Pool> = pools
        .iter()
        .filter(|pool| pool.product_name == request.product_name)
        .cloned()
        .collect();
    let sources = sources(&fitting, may_issue);
    let prices = price_fields(None);
    let fields = [
        Field::new("number", "quantity", "Quantity")
            .value(request.quantity.to_string())
            .between("1", "999999999")
            .required(),
        Field::select("source", "Units", &borrowed(&sources)),
    ];
    fields
        .into_iter()
        .chain(prices.into_iter().filter(|_| priced))
        .collect()
}

/// The requests as a workbook shows them.
const FIELDS: &[Column<UnitRequest>] = &[
    Column::text("", "Customer", |it: &UnitRequest, _| {
        text(&it.organization_name)
    })
    .wide(32),
    Column::number("", "Units", |it, _| Cell::Number(it.quantity)),
    Column::text("", "SKU", |it: &UnitRequest, _| text(&it.sku_code)).wide(24),
    Column::text("", "Product", |it: &UnitRequest, _| text(&it.product_name)).wide(32),
    Column::text("", "Note", |it: &UnitRequest, _| maybe(it.note.as_ref())).wide(40),
    Column::new(
        "",
        "Asked",
        ColumnKind::Instant,
        |it: &UnitRequest, reader| reader.clock(it.created_at),
    )
    .wide(20),
    Column::text("", "State", |it, _| text(&request_badge(&it.state).label)),
    Column::text("", "Answer", |it: &UnitRequest, _| {
        maybe(it.answer.as_ref())
    })
    .wide(40),
    Column::new(
        "",
        "Decided",
        ColumnKind::Instant,
        |it: &UnitRequest, reader| clock(it.decided_at, reader),
    )
    .wide(20),
];

/// Behind which request the list has got to.
struct Requests(Option<Uuid>);

/// What the reader's organization is asked for, the newest first.
pub fn listing() -> Box<dyn Listing> {
    table(FIELDS.iter().collect(), Requests(None))
}

impl Lines for Requests {
    type Row = UnitRequest;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<UnitRequest>> {
        let partner_id = reader.organization_id;
        check_visible(tx, &reader.scope, Permission::LicensesSell, partner_id).await?;
        let place = (self.0, PORTION);
        let found = queries::list(tx, Whose::For(partner_id), None, place).await?;
        self.0 = found.last().map(|last| last.id);
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}
