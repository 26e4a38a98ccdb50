//! The form that adds a license.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use rules::money::Money;
use store::Timestamp;
use uuid::Uuid;

use super::{handlers::find, pages::SaleNewPage};
use crate::{
    activation::{
        codes,
        commands::{Sale, SellLicense},
        model::Limits,
    },
    api::Id,
    app::App,
    catalog::{self, model::Sku},
    console::{
        answer::{go, part_or_page},
        fields::{Field, filled},
        form::{Form, pairs},
        format,
        frame::{Frame, PageResult},
        pages::Sheet,
    },
    error::{Error, Result},
    licenses::{commands::EditLicense, model::Pool, pools},
    scope::{Permission, queries::check_visible},
};

/// What the choice of units says for new ones.
pub(super) const ISSUE: &str = "issue";
/// Plans and pools offered at once; the picker finds the others.
const OFFERED: i64 = 100;

/// `/sales/new`.
pub async fn new(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let given = pairs(query.as_deref());
    let page = page(&app, &frame, &given, None).await?;
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_sheet().render(),
        || page.render(),
    ))
}

/// Adds it, or shows the form again with what is wrong.
pub async fn sell(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let done = match command(&app, &frame, &form) {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => Ok(go(
            frame.fragment,
            &format!("/sales/{}", done.outcome.license.id),
        )),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, &form.pairs, Some(&error)).await?;
            Ok(part_or_page(
                frame.fragment,
                StatusCode::UNPROCESSABLE_ENTITY,
                || page.as_sheet().render(),
                || page.render(),
            ))
        }
        Err(error) => Err(error.into()),
    }
}

fn command(app: &App, frame: &Frame, form: &Form) -> Result<SellLicense> {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let issue = form.text("source") == ISSUE;
    let source_pool_id = match form.text("source") {
        "" | ISSUE => None,
        _ => form.parse("source", "a pool")?,
    };
    Ok(SellLicense {
        sale: Sale {
            seller_id: frame.visitor.organization_id,
            customer_id: form.parse("customer_id", "a customer")?,
            sku_id: form.need("sku_id", "a plan")?,
            quantity: form.need("quantity", "a whole number")?,
            issue,
            source_pool_id,
            start_date: form
                .parse::<jiff::civil::Date>("start_date", "a date")?
                .map(store::Date),
            name: text("name"),
            note: text("note"),
            price: price(form)?,
        },
        expires_at: code_expires(app, frame, form)?,
        drawn: codes::draw(app.gate.vault())?,
        limits: Limits::of(&app.settings),
    })
}

/// A price as it was typed, as commands take it.
pub(super) fn price(form: &Form) -> Result<Option<(i64, String)>> {
    let price = catalog::forms::price(form)?;
    Ok(price.map(|it| (it.minor, it.currency.to_string())))
}

/// The fields of a price.
pub(super) fn price_fields(now: Option<Money>) -> [Field; 2] {
    let (price, currency) = now.map_or_else(Default::default, |it| {
        (it.decimal(), it.currency.to_string())
    });
    [
        Field::text("price", "Price of one unit")
            .value(price)
            .hint("For the term, such as 12.50."),
        Field::text("currency", "Currency")
            .value(currency)
            .hint("Such as EUR."),
    ]
}

/// The end of the last day on which the code works, where this person is.
fn code_expires(app: &App, frame: &Frame, form: &Form) -> Result<Option<Timestamp>> {
    let Some(day) = form.parse::<jiff::civil::Date>("code_until", "a date")? else {
        return Ok(None);
    };
    let zone = format::Moment::new(app.gate.now(), &frame.visitor.time_zone).zone;
    let end = rules::term::exclusive_end_instant(day, &zone).map_err(|_| {
        Error::invalid("code_until", "out_of_calendar", "This leaves the calendar.")
    })?;
    Ok(Some(Timestamp::new(end)))
}

/// `/sales/{id}/edit`.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let sheet = edit_sheet(&app, &frame, id, (&[], None)).await?;
    Ok(sheet.shown(&frame, StatusCode::OK))
}

/// Saves what changed, or shows the form again with what is wrong.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let done = match edited(id, &form) {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/sales/{id}"))),
        Err(error) if error.is_refusal() => {
            let given = (form.pairs.as_slice(), Some(&error));
            let sheet = edit_sheet(&app, &frame, id, given).await?;
            Ok(sheet.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

fn edited(id: Uuid, form: &Form) -> Result<EditLicense> {
    Ok(EditLicense {
        id,
        version: form.parse("version", "a version")?,
        quantity: Some(form.need("quantity", "a whole number")?),
        name: Some(form.text("name").to_owned()),
        note: Some(form.text("note").to_owned()),
        price: price(form)?,
        ..EditLicense::default()
    })
}

async fn edit_sheet(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<Sheet> {
    let (sale, _, priced) = find(app, frame, id).await?;
    let license = &sale.sold.license;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let now = sale.price.as_ref();
    let now = now.and_then(|(minor, it)| Some(Money::new(*minor, it.parse().ok()?)));
    let prices = price_fields(now);
    let fields = [
        Field::text("name", "Name").value(text(&license.name)),
        Field::new("textarea", "note", "Note").value(text(&license.note)),
        Field::new("number", "quantity", "Quantity")
            .value(license.quantity.to_string())
            .between("1", "999999999")
            .required(),
        Field::new("hidden", "version", "").value(license.version.to_string()),
    ];
    let prices = prices
        .into_iter()
        .filter(|_| priced && frame.may(Permission::PricesEdit));
    let fields = fields.into_iter().chain(prices).collect();
    Ok(Sheet {
        shell: frame.shell("Edit license", "sales"),
        title: "Edit license".into(),
        lead: "More units come from where the others did; fewer return there.".into(),
        fields: filled(fields, given, refused),
        action: format!("/sales/{id}/edit"),
        label: "Save".into(),
        back: format!("/sales/{id}"),
        back_label: license.sku_code.clone(),
        error: refused
            .filter(|error| error.fields.is_empty())
            .map(|error| error.message.clone()),
    })
}

async fn page(
    app: &App,
    frame: &Frame,
    given: &[(String, String)],
    refused: Option<&Error>,
) -> Result<SaleNewPage> {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let (scope, seller_id, now) = (
        frame.caller.scope.clone(),
        frame.visitor.organization_id,
        app.gate.now(),
    );
    let first = catalog::queries::Filter {
        limit: OFFERED,
        ..catalog::queries::Filter::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            check_visible(tx, &scope, Permission::LicensesSell, seller_id).await?;
            let skus = catalog::queries::list_skus(tx, &scope, &first).await?;
            let pools = pools::with_free(tx, seller_id, now, OFFERED).await?;
            let issue = Permission::LicensesIssue;
            let may_issue = check_visible(tx, &scope, issue, seller_id).await.is_ok();
            Ok((skus, pools, may_issue))
        })
    });
    let (skus, pools, may_issue) = read.await?;
    let obstacle = match (skus.is_empty(), pools.is_empty() && !may_issue) {
        (true, _) => "The catalog has no plan yet.",
        (_, true) => "You have no free units to sell. Ask whoever passes units on to you for more.",
        _ => "",
    };
    let fields = fields(&skus, &pools, may_issue, frame.may(Permission::PricesEdit));
    Ok(SaleNewPage {
        shell: frame.shell("Add license", "sales"),
        fields: filled(fields, given, refused),
        obstacle: obstacle.into(),
        error: refused
            .filter(|error| error.fields.is_empty())
            .map(|error| error.message.clone()),
    })
}

fn fields(skus: &[Sku], pools: &[Pool], may_issue: bool, may_price: bool) -> Vec<Field> {
    let none = (String::new(), String::new());
    let plans: Vec<(String, String)> = std::iter::once(none).chain(skus.iter().map(plan)).collect();
    let sources = sources(pools, may_issue);
    let prices = price_fields(None);
    let fields = [
        Field::select("sku_id", "Plan", &borrowed(&plans))
            .source("/catalog/skus/options")
            .required(),
        Field::text("name", "Name").hint("To find it by."),
        Field::new("textarea", "note", "Note"),
        Field::new("number", "quantity", "Quantity")
            .between("1", "999999999")
            .required(),
        Field::select("customer_id", "Customer", &[("", "Don’t assign")])
            .source("/organizations/options")
            .hint("Without one, whoever redeems its code gets it."),
        Field::select("source", "Units", &borrowed(&sources)).hint("Where the units come from."),
    ];
    let dates = [
        Field::new("date", "start_date", "First day")
            .hint("Today, unless you choose another day or the plan starts at activation."),
        Field::new("date", "code_until", "Code works until")
            .hint("Nobody can redeem it after this day, and its units return to you."),
    ];
    let prices = prices.into_iter().filter(|_| may_price);
    fields.into_iter().chain(prices).chain(dates).collect()
}

pub(super) fn borrowed(choices: &[(String, String)]) -> Vec<(&str, &str)> {
    choices
        .iter()
        .map(|(value, label)| (value.as_str(), label.as_str()))
        .collect()
}

/// A plan to choose: nothing is chosen at first, since a license of whichever plan stands on top is soon sold by
/// mistake.
fn plan(sku: &Sku) -> (String, String) {
    let term = sku
        .validity
        .map_or_else(|| "no end".to_owned(), |validity| validity.in_words());
    (
        sku.id.to_string(),
        format!("{} · {} · {term}", sku.code, sku.name),
    )
}

pub(super) fn sources(pools: &[Pool], may_issue: bool) -> Vec<(String, String)> {
    let own = (!pools.is_empty()).then(|| {
        (
            String::new(),
            "From my own units, those that end first".to_owned(),
        )
    });
    let issued = may_issue.then(|| (ISSUE.to_owned(), "Issue new units".to_owned()));
    let pool = |pool: &Pool| {
        let end = pool.end_date.map_or_else(
            || "no end".into(),
            |day| format!("until {}", format::date(day.0)),
        );
        let order = pool.sales_order.as_deref().unwrap_or(&pool.sku_code);
        let free = format::count(pool.free, &pool.unit, &pool.units);
        (
            pool.id.to_string(),
            format!("{order} · {} · {free} free · {end}", pool.product_name),
        )
    };
    own.into_iter()
        .chain(issued)
        .chain(pools.iter().map(pool))
        .collect()
}
