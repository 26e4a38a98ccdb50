//! Forms over the catalog: new and changed products and SKUs, and marking what is shareable.

mod skus;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    commands::{CreateProduct, EditProduct, MarkShareable},
    facts::ProductFacts,
    model::{Product, ProductKind},
    pages::CatalogFormPage,
    queries,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html, part_or_page},
        fields::Field,
        form::{Form, pairs, value},
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    scope::Permission,
};

pub use skus::{create_sku, edit_sku, new_sku, price, save_sku};

/// Components in more SKUs than this are offered to be marked, until somebody says another number.
const FREQUENT: i64 = 50;

/// A form about to be shown: what it is for, and what stands in it.
pub struct Sheet {
    /// What it is for.
    pub title: &'static str,
    /// Where it is sent.
    pub action: String,
    /// What its button says.
    pub label: &'static str,
    /// What is to be known first.
    pub note: &'static str,
    /// Where one goes without it.
    pub back: String,
    /// What stands in it.
    pub fields: Vec<Field>,
}

impl Sheet {
    /// The page, with what was typed and what is wrong with it.
    pub fn show(self, frame: &Frame, typed: Option<&Form>, refused: Option<&Error>) -> PageResult {
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
    pub fn end(self, frame: &Frame, form: &Form, done: Result<String>) -> PageResult {
        match done {
            Ok(place) => Ok(go(frame.fragment, &place)),
            Err(error) if error.is_refusal() => self.show(frame, Some(form), Some(&error)),
            Err(error) => Err(error.into()),
        }
    }
}

fn typed_in(mut field: Field, typed: Option<&Form>, refused: Option<&Error>) -> Field {
    if let Some(form) = typed.filter(|_| field.kind != "static") {
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

/// The product, or 404.
pub async fn find_product(app: &App, id: Uuid) -> Result<Product> {
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
        many_per_holder: !form.text("many_per_holder").is_empty(),
        has_extensions: !form.text("has_extensions").is_empty(),
    }
}

fn said(form: &Form, name: &str) -> Option<String> {
    Some(form.text(name).to_owned()).filter(|text| !text.is_empty())
}

fn product_sheet(found: Option<&Product>) -> Sheet {
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
        Field::new("checkbox", "many_per_holder", "Several per holder")
            .value(if facts.many_per_holder { "on" } else { "" })
            .hint("One holder may have several units of it at a time."),
        Field::new("checkbox", "has_extensions", "Has extensions")
            .value(if facts.has_extensions { "on" } else { "" })
            .hint("Its units belong to telephone extensions, which can be configured by file."),
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
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_sheet().render(),
        || page.render(),
    ))
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
