//! Forms over the catalog: new and changed products and SKUs, and marking what is shareable.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use rules::money::{Currency, Money};
use uuid::Uuid;

use super::{
    commands::{CreateProduct, CreateSku, EditProduct, EditSku, MarkShareable},
    facts::{ProductFacts, SkuFacts},
    model::{ProductKind, SkuWithComponents},
    pages::CatalogFormPage,
    queries,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        fields::Field,
        form::{Form, pairs, value},
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    scope::Permission,
};

/// Components in more SKUs than this are offered to be marked, until somebody says another number.
const FREQUENT: i64 = 50;

/// A form about to be shown: what it is for, and what stands in it.
struct Sheet {
    title: &'static str,
    action: String,
    label: &'static str,
    note: &'static str,
    back: String,
    fields: Vec<Field>,
}

impl Sheet {
    /// The page, with what was typed and what is wrong with it.
    fn show(self, frame: &Frame, typed: Option<&Form>, refused: Option<&Error>) -> PageResult {
        frame.caller.scope.require(Permission::CatalogEdit)?;
        let fields = self
            .fields
            .into_iter()
            .map(|field| typed_in(field, typed, refused));
        let page = CatalogFormPage {
            shell: frame.shell(self.title, "catalog"),
            title: self.title.into(),
            action: self.action,
            label: self.label.into(),
            fields: fields.collect(),
            note: self.note.into(),
            back: self.back,
            error: refused.map(|error| error.message.clone()),
        };
        let rendered = if frame.fragment.0 {
            page.as_sheet().render()
        } else {
            page.render()
        };
        let status = if refused.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        Ok(html(status, rendered))
    }

    /// On to the page of what was done, or the form again with what is wrong.
    fn end(self, frame: &Frame, form: &Form, done: Result<String>) -> PageResult {
        match done {
            Ok(place) => Ok(go(frame.fragment, &place)),
            Err(error) if error.is_refusal() => self.show(frame, Some(form), Some(&error)),
            Err(error) => Err(error.into()),
        }
    }
}

fn typed_in(mut field: Field, typed: Option<&Form>, refused: Option<&Error>) -> Field {
    if let Some(form) = typed {
        field.value = form.raw(&field.name).to_owned();
    }
    // An amount is typed as a price, and judged in minor units.
    let named = |wrong: &str| {
        wrong.trim_end_matches("_minor").split('[').next() == Some(field.name.as_str())
    };
    let problem = refused.and_then(|error| error.fields.iter().find(|wrong| named(&wrong.field)));
    field.error = problem.map(|wrong| wrong.message.clone());
    field
}

/// `/catalog/products/new`.
pub async fn new_product(frame: Frame) -> PageResult {
    product_sheet(None).show(&frame, None, None)
}

/// Adds a product.
pub async fn create_product(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let command = CreateProduct {
        facts: product_of(&form),
    };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    let done = done.map(|done| format!("/catalog/products/{}", done.outcome.id));
    product_sheet(None).end(&frame, &form, done)
}

/// `/catalog/products/{id}/edit`.
pub async fn edit_product(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    product_sheet(Some(&find_product(&app, id).await?)).show(&frame, None, None)
}

/// Saves a product.
pub async fn save_product(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    form: Form,
) -> PageResult {
    let found = find_product(&app, id).await?;
    let command = EditProduct {
        id,
        version: form.parse("version", "a version")?,
        facts: product_of(&form),
    };
    let done = app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await;
    let done = done.map(|_| format!("/catalog/products/{id}"));
    product_sheet(Some(&found)).end(&frame, &form, done)
}

async fn find_product(app: &App, id: Uuid) -> Result<super::model::Product> {
    let read =
        app.read(move |mut tx| Box::pin(async move { queries::find_product(&mut tx, id).await }));
    read.await?.ok_or_else(Error::not_found)
}

fn product_of(form: &Form) -> ProductFacts {
    ProductFacts {
        code: form.text("code").into(),
        reference: said(form, "reference"),
        name: form.text("name").into(),
        unit: said(form, "unit"),
        units: said(form, "units"),
        kind: ProductKind::parse(form.text("kind")).unwrap_or_default(),
        shareable: !form.text("shareable").is_empty(),
    }
}

fn said(form: &Form, name: &str) -> Option<String> {
    Some(form.text(name).to_owned()).filter(|text| !text.is_empty())
}

fn product_sheet(found: Option<&super::model::Product>) -> Sheet {
    let facts = found.map(ProductFacts::of).unwrap_or_default();
    let place = found.map(|product| format!("/catalog/products/{}", product.id));
    let version = found.map_or(0, |product| product.version);
    let fields = vec![
        Field::new("hidden", "version", "").value(if version > 0 {
            version.to_string()
        } else {
            String::new()
        }),
        Field::text("name", "Name").value(facts.name).required(),
        Field::text("code", "Code").value(facts.code).required(),
        Field::text("unit", "Unit")
            .value(facts.unit.unwrap_or_default())
            .hint("What one unit is: user, device, screen …"),
        Field::text("units", "Units")
            .value(facts.units.unwrap_or_default())
            .hint("What several are; the unit with an s unless said."),
        Field::select("kind", "Kind", &[("base", "Base"), ("add_on", "Add-on")])
            .value(facts.kind.as_str()),
        Field::new("checkbox", "shareable", "Shareable")
            .value(if facts.shareable { "on" } else { "" })
            .hint("It never counts as an overlap between two SKUs that include it."),
        Field::text("reference", "Reference")
            .value(facts.reference.unwrap_or_default())
            .hint("The key by which its vendor knows it."),
    ];
    Sheet {
        title: if found.is_some() {
            "Edit product"
        } else {
            "New product"
        },
        action: place.as_ref().map_or_else(
            || "/catalog/products/new".into(),
            |place| format!("{place}/edit"),
        ),
        label: if found.is_some() {
            "Save"
        } else {
            "Add product"
        },
        note: if found.is_some() {
            "Licenses of this product show its new name and unit."
        } else {
            ""
        },
        back: place.unwrap_or_else(|| "/catalog?show=products".into()),
        fields,
    }
}

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

/// The facts as they were typed: a price as a decimal, components and product by their codes.
async fn sku_of(app: &App, form: &Form) -> Result<SkuFacts> {
    let price = match (form.text("price"), form.text("currency")) {
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
    };
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
    let fields = vec![
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
            .value(codes.join("\n"))
            .hint("Product codes, one a line."),
        Field::text("reference", "Reference")
            .value(facts.reference.unwrap_or_default())
            .hint("The key by which its vendor knows it."),
    ];
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
        fields,
    })
}

/// `/catalog/shareable?more_than=`: what would be marked.
pub async fn shareable(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let more_than = value(&pairs(query.as_deref()), "more_than")
        .parse()
        .unwrap_or(FREQUENT);
    frame.caller.scope.require(Permission::CatalogEdit)?;
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::frequent_components(&mut tx, more_than).await })
    });
    let marked = read.await?;
    let (count, shown) = (marked.len(), 30);
    let page = Confirm {
        shell: frame.shell("Mark shareable components", "catalog"),
        title: "Mark frequent components as shareable?".into(),
        lead: format!(
            "A component that comes with nearly everything is no overlap. These come with more than {more_than} \
             SKUs; add “?more_than=” and a number to the address for others."
        ),
        facts: vec![("Components".into(), format::number(count as i64))],
        warnings: marked
            .iter()
            .take(shown)
            .map(|(product, skus)| {
                format!(
                    "{} ({}), in {}",
                    product.name,
                    product.code,
                    format::count(*skus, "SKU", "SKUs")
                )
            })
            .collect(),
        fields: vec![Field::new("hidden", "more_than", "").value(more_than.to_string())],
        tone: "warn",
        allowed: count > 0,
        action: "/catalog/shareable".into(),
        label: format!(
            "Mark {}",
            format::count(count as i64, "component", "components")
        ),
        back: "/catalog?show=products".into(),
        back_label: "Products".into(),
        error: None,
    };
    let rendered = if frame.fragment.0 {
        page.as_sheet().render()
    } else {
        page.render()
    };
    Ok(html(StatusCode::OK, rendered))
}

/// Marks them.
pub async fn mark(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let command = MarkShareable {
        more_than: form.need("more_than", "a number of SKUs")?,
    };
    app.gate
        .submit(&frame.caller, form.key.clone(), command)
        .await?;
    Ok(go(frame.fragment, "/catalog?show=products"))
}
