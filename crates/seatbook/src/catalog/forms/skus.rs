//! Forms over SKUs.

use axum::extract::{RawQuery, State};
use rules::money::{Currency, Money};
use uuid::Uuid;

use super::{
    super::{
        commands::{CreateSku, EditSku},
        facts::SkuFacts,
        model::SkuWithComponents,
        queries,
    },
    Sheet, find_product, said,
};
use crate::{
    api::Id,
    app::App,
    console::{
        fields::Field,
        form::{Form, pairs, value},
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
};

/// `/catalog/skus/new`.
pub async fn new_sku(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let product = value(&pairs(query.as_deref()), "product").parse().ok();
    sku_sheet(&app, None, product)
        .await?
        .show(&frame, None, None)
}

/// Adds a SKU.
pub async fn create_sku(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let done = match sku_of(&app, &form).await {
        Ok(facts) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), CreateSku { facts })
                .await
        }
        Err(error) => Err(error),
    };
    let done = done.map(|done| format!("/catalog/skus/{}", done.outcome.sku.id));
    sku_sheet(&app, None, None).await?.end(&frame, &form, done)
}

/// `/catalog/skus/{id}/edit`.
pub async fn edit_sku(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let found = find_sku(&app, &frame, id).await?;
    sku_sheet(&app, Some(&found), None)
        .await?
        .show(&frame, None, None)
}

/// Saves a SKU and its components.
pub async fn save_sku(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let found = find_sku(&app, &frame, id).await?;
    let done = match sku_of(&app, &form).await {
        Ok(facts) => {
            let command = EditSku {
                id,
                version: form.parse("version", "a version")?,
                facts,
            };
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    let done = done.map(|_| format!("/catalog/skus/{id}"));
    sku_sheet(&app, Some(&found), None)
        .await?
        .end(&frame, &form, done)
}

async fn find_sku(app: &App, frame: &Frame, id: Uuid) -> Result<SkuWithComponents> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible_sku(&mut tx, &scope, id).await })
    });
    read.await?.ok_or_else(Error::not_found)
}

/// A price as it was typed in the fields `price` and `currency`; none where no price was.
pub fn price(form: &Form) -> Result<Option<Money>> {
    Ok(match (form.text("price"), form.text("currency")) {
        ("", _) => None,
        (price, currency) => {
            let known: Currency = currency.parse().map_err(|_| {
                Error::invalid("currency", "unknown", "Give a currency, such as EUR.")
            })?;
            let wrong = |_| {
                Error::invalid(
                    "price",
                    "malformed",
                    format!("“{price}” is no amount, such as 12.50."),
                )
            };
            Some(Money::parse(price, known).map_err(wrong)?)
        }
    })
}

/// The facts as they were typed: a price as a decimal, components and product by their codes.
async fn sku_of(app: &App, form: &Form) -> Result<SkuFacts> {
    let price = price(form)?;
    let codes = form
        .text("components")
        .lines()
        .map(rules::text::normalize_key);
    let codes: Vec<String> = codes.filter(|code| !code.is_empty()).collect();
    let mut ids = Vec::with_capacity(codes.len());
    for code in codes {
        ids.push(by_code(app, "components", code).await?);
    }
    Ok(SkuFacts {
        code: form.text("code").into(),
        reference: said(form, "reference"),
        name: form.text("name").into(),
        product_id: by_code(app, "product", form.text("product").into()).await?,
        r#type: said(form, "type"),
        tier: said(form, "tier"),
        class: said(form, "class"),
        validity: said(form, "validity"),
        grace_days: form
            .parse("grace_days", "a number of days")?
            .unwrap_or_default(),
        starts_at_activation: !form.text("starts_at_activation").is_empty(),
        price_minor: price.map(|price| price.minor),
        currency: price.map(|price| price.currency.to_string()),
        components: ids,
    })
}

async fn by_code(app: &App, field: &'static str, code: String) -> Result<Uuid> {
    let wanted = code.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_product_by_code(&mut tx, &wanted).await })
    });
    let unknown = || {
        Error::invalid(
            field,
            "catalog.product_unknown",
            format!("There is no product “{code}”."),
        )
    };
    read.await?.map(|product| product.id).ok_or_else(unknown)
}

async fn sku_sheet(
    app: &App,
    found: Option<&SkuWithComponents>,
    product: Option<Uuid>,
) -> Result<Sheet> {
    let components: Vec<Uuid> = found
        .iter()
        .flat_map(|sku| sku.components.iter().map(|it| it.id))
        .collect();
    let codes: Vec<&str> = found
        .iter()
        .flat_map(|sku| sku.components.iter().map(|it| it.code.as_str()))
        .collect();
    let facts = found
        .map(|found| SkuFacts::of(&found.sku, components))
        .unwrap_or_default();
    let price = found.and_then(|found| found.sku.price());
    let product = match (found, product) {
        (Some(found), _) => found.sku.product_code.clone(),
        (None, Some(id)) => find_product(app, id).await?.code,
        (None, None) => String::new(),
    };
    let place = found.map(|found| format!("/catalog/skus/{}", found.sku.id));
    let version = found.map_or_else(String::new, |found| found.sku.version.to_string());
    Ok(Sheet {
        title: if found.is_some() {
            "Edit SKU"
        } else {
            "New SKU"
        },
        action: place.as_ref().map_or_else(
            || "/catalog/skus/new".into(),
            |place| format!("{place}/edit"),
        ),
        label: if found.is_some() { "Save" } else { "Add SKU" },
        note: if found.is_some() {
            "Licenses issued from this SKU keep the dates they were issued with."
        } else {
            ""
        },
        back: place.unwrap_or_else(|| "/catalog".into()),
        fields: sku_fields(facts, (version, product, price), &codes.join("\n")),
    })
}

fn sku_fields(
    facts: SkuFacts,
    (version, product, price): (String, String, Option<Money>),
    components: &str,
) -> Vec<Field> {
    vec![
        Field::new("hidden", "version", "").value(version),
        Field::text("name", "Name").value(facts.name).required(),
        Field::text("code", "Code")
            .value(facts.code)
            .required()
            .hint("By which it is ordered."),
        Field::text("product", "Product")
            .value(product)
            .required()
            .hint("The code of the product it sells."),
        Field::text("validity", "Validity")
            .value(facts.validity.unwrap_or_default())
            .hint("P1Y, P12M or P30D; empty for no end."),
        Field::new("number", "grace_days", "Days of grace")
            .value(facts.grace_days.to_string())
            .between("0", "366"),
        Field::new("checkbox", "starts_at_activation", "Starts at activation")
            .value(if facts.starts_at_activation { "on" } else { "" })
            .hint("The term begins when a customer gets the license."),
        Field::text("price", "List price")
            .value(price.map_or_else(String::new, Money::decimal))
            .hint("Of one unit, such as 12.50."),
        Field::text("currency", "Currency")
            .value(facts.currency.unwrap_or_default())
            .hint("Such as EUR."),
        Field::text("type", "Type").value(facts.r#type.unwrap_or_default()),
        Field::text("tier", "Tier").value(facts.tier.unwrap_or_default()),
        Field::text("class", "Class").value(facts.class.unwrap_or_default()),
        Field::new("textarea", "components", "Included components")
            .value(components)
            .hint("Product codes, one a line."),
        Field::text("reference", "Reference")
            .value(facts.reference.unwrap_or_default())
            .hint("The key by which its vendor knows it."),
    ]
}
