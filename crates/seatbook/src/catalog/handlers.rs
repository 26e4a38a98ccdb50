//! The pages that show the catalog.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::{
    model::{Product, ProductKind, Sku},
    pages::{
        CatalogPage, ProductPage, ProductRow, SkuOptions, SkuPage, SkuRow, product_list, sku_list,
    },
    queries,
};
use crate::{
    api::{Cursor, Id},
    app::App,
    console::{
        answer::html,
        form::{pairs, value},
        format,
        frame::{Frame, PageResult},
        table::ListView,
    },
    error::{Error, Result},
    files::{self, Cell},
    listings::{self, Field, Found, Lines, Listing, PORTION, Reader, maybe, shown, text},
    scope::{Permission, Scope},
};

/// Rows on one page of the list.
const PAGE: i64 = 100;
/// Choices a picker shows at once.
const OPTIONS: i64 = 20;

/// `/catalog`: SKUs, or products.
pub async fn list(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let pairs = pairs(query.as_deref());
    let show_products = value(&pairs, "show") == "products";
    let list = if show_products {
        product_list()
    } else {
        sku_list()
    };
    let mut list = list.read(&pairs);
    let after = Some(value(&pairs, "cursor")).filter(|cursor| !cursor.is_empty());
    let filter = queries::Filter {
        keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
        after: after.map(Cursor::read).transpose()?,
        limit: PAGE + 1,
        ..queries::Filter::default()
    };
    let scope = frame.caller.scope.clone();
    let data = app.read(move |mut tx| {
        Box::pin(async move { Lists::read(&mut tx, &scope, &filter, show_products).await })
    });
    let mut data = data.await?;
    list.next = data.next();
    list.shown = (data.skus.len() + data.products.len()) as i64;
    let page = CatalogPage {
        shell: frame.shell("Catalog", "catalog"),
        show_products,
        none_yet: list.shown == 0 && !list.narrowed() && data.is_empty,
        skus: data
            .skus
            .iter()
            .map(|sku| sku_row(sku, &data.counts))
            .collect(),
        products: data
            .products
            .iter()
            .map(|product| product_row(product, &data.counts))
            .collect(),
        may_edit: frame.may(Permission::CatalogEdit),
        list,
    };
    let rendered = if frame.fragment.0 {
        page.as_rows().render()
    } else {
        page.render()
    };
    Ok(html(StatusCode::OK, rendered))
}

/// What a list needs of the book, read in one snapshot.
struct Lists {
    skus: Vec<Sku>,
    products: Vec<Product>,
    counts: HashMap<Uuid, i64>,
    is_empty: bool,
}

impl Lists {
    async fn read(
        tx: &mut Tx<'_>,
        scope: &Scope,
        filter: &queries::Filter,
        show_products: bool,
    ) -> Result<Lists> {
        let is_empty = queries::is_empty(tx).await?;
        if show_products {
            let products = queries::list_products(tx, scope, filter).await?;
            let ids: Vec<Uuid> = products.iter().map(|product| product.id).collect();
            let counts = queries::count_skus(tx, &ids).await?;
            return Ok(Lists {
                skus: vec![],
                products,
                counts,
                is_empty,
            });
        }
        let skus = queries::list_skus(tx, scope, filter).await?;
        let ids: Vec<Uuid> = skus.iter().map(|sku| sku.id).collect();
        let counts = queries::count_components(tx, &ids).await?;
        Ok(Lists {
            skus,
            products: vec![],
            counts,
            is_empty,
        })
    }

    /// Takes off the row that only tells that there is a next page.
    fn next(&mut self) -> Option<String> {
        let page = PAGE as usize;
        let more = self.skus.len() > page || self.products.len() > page;
        self.skus.truncate(page);
        self.products.truncate(page);
        let sku = self.skus.last().map(|sku| (sku.name.clone(), sku.id));
        let last = sku.or_else(|| self.products.last().map(|it| (it.name.clone(), it.id)));
        last.filter(|_| more).map(|last| Cursor::write(&last))
    }
}

/// `/catalog/products/{id}`.
pub async fn product(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let scope = frame.caller.scope.clone();
    let read =
        app.read(move |mut tx| Box::pin(async move { one_product(&mut tx, &scope, id).await }));
    let (product, skus, counts, counterparts) = read.await?;
    let page = ProductPage {
        shell: frame.shell(product.name.clone(), "catalog"),
        row: product_row(&product, &counts),
        is_add_on: product.kind == ProductKind::AddOn,
        counterparts: counterparts
            .into_iter()
            .map(|it| (it.id.to_string(), it.name, it.code))
            .collect(),
        facts: [
            ("Reference", product.reference),
            ("Unit", Some(product.unit)),
            ("Units", Some(product.units)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect(),
        skus: skus
            .iter()
            .map(|sku| sku_row(sku, &HashMap::new()))
            .collect(),
        may_edit: frame.may(Permission::CatalogEdit),
    };
    Ok(html(StatusCode::OK, page.render()))
}

async fn one_product(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: Uuid,
) -> Result<(Product, Vec<Sku>, HashMap<Uuid, i64>, Vec<Product>)> {
    let found = queries::find_product(tx, id).await?;
    let visible = scope.holds(Permission::CatalogRead);
    let product = found.filter(|_| visible).ok_or_else(Error::not_found)?;
    let selling = queries::Filter {
        product_id: Some(id),
        limit: PAGE,
        ..queries::Filter::default()
    };
    let including = queries::Filter {
        component_id: Some(id),
        limit: PAGE,
        ..queries::Filter::default()
    };
    let mut skus = queries::list_skus(tx, scope, &selling).await?;
    skus.extend(queries::list_skus(tx, scope, &including).await?);
    let counts = queries::count_skus(tx, &[id]).await?;
    let counterparts = queries::counterparts(tx, &product).await?;
    Ok((product, skus, counts, counterparts))
}

/// `/catalog/skus/{id}`.
pub async fn sku(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible_sku(&mut tx, &scope, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    let (sku, components) = (found.sku, found.components);
    let counts = HashMap::from([(sku.id, components.len() as i64)]);
    let grace = (sku.grace_days > 0).then(|| format::count(sku.grace_days, "day", "days"));
    let page = SkuPage {
        shell: frame.shell(sku.name.clone(), "catalog"),
        row: sku_row(&sku, &counts),
        product_id: sku.product_id.to_string(),
        facts: [("Grace", grace), ("Reference", sku.reference.clone())]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
        components: components
            .into_iter()
            .map(|it| (it.id.to_string(), it.name, it.shareable))
            .collect(),
        may_edit: frame.may(Permission::CatalogEdit),
        may_issue: frame.may(Permission::LicensesIssue),
    };
    Ok(html(StatusCode::OK, page.render()))
}

/// `/catalog/skus/options?q=`: what a picker offers.
pub async fn sku_options(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let keyword = value(&pairs(query.as_deref()), "q").to_owned();
    let filter = queries::Filter {
        keyword: Some(keyword).filter(|keyword| !keyword.trim().is_empty()),
        limit: OPTIONS + 1,
        ..queries::Filter::default()
    };
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list_skus(&mut tx, &scope, &filter).await })
    });
    let skus = read.await?;
    let options = SkuOptions {
        more: skus.len() as i64 > OPTIONS,
        options: skus
            .into_iter()
            .take(OPTIONS as usize)
            .map(|sku| (sku.id.to_string(), sku.code, sku.name, sku.units))
            .collect(),
    };
    Ok(html(StatusCode::OK, options.render()))
}

fn sku_row(sku: &Sku, counts: &HashMap<Uuid, i64>) -> SkuRow {
    SkuRow {
        id: sku.id.to_string(),
        code: sku.code.clone(),
        name: sku.name.clone(),
        product: sku.product_name.clone(),
        attributes: sku.attributes(),
        validity: sku
            .validity
            .map_or_else(|| "No end".into(), |validity| validity.in_words()),
        price: sku.price().map_or_else(String::new, |price| {
            format!("{} {}", price.decimal(), price.currency)
        }),
        components: counts.get(&sku.id).copied().unwrap_or_default(),
    }
}

fn product_row(product: &Product, counts: &HashMap<Uuid, i64>) -> ProductRow {
    ProductRow {
        id: product.id.to_string(),
        code: product.code.clone(),
        name: product.name.clone(),
        unit: product.unit.clone(),
        kind: product.kind.label().into(),
        skus: counts.get(&product.id).copied().unwrap_or_default(),
        shareable: product.shareable,
    }
}

/// The SKUs as a workbook shows them, prices only for those who may see them.
const FIELDS: &[Field<Sku>] = &[
    Field::text("", "SKU", |it: &Sku, _| text(&it.code)).wide(24),
    Field::text("", "Name", |it: &Sku, _| text(&it.name)).wide(40),
    Field::text("", "Reference", |it, _| maybe(it.reference.as_ref())),
    Field::text("product", "Product", |it: &Sku, _| text(&it.product_name)).wide(32),
    Field::text("attributes", "Type", |it, _| maybe(it.r#type.as_ref())),
    Field::text("attributes", "Tier", |it, _| maybe(it.tier.as_ref())),
    Field::text("attributes", "Class", |it, _| maybe(it.class.as_ref())),
    Field::text("validity", "Validity", |it, _| {
        text(
            &it.validity
                .map_or_else(|| "No end".into(), |it| it.in_words()),
        )
    }),
    Field::new("price", "Price", files::ColumnKind::Money, |it: &Sku, _| {
        listings::amount(it.price())
    })
    .needing(&[Permission::PricesRead]),
    Field::text("price", "Currency", |it, _| {
        it.currency
            .map_or(Cell::Empty, |currency| text(currency.code()))
    }),
];

/// The SKUs of the catalog, on their way into a file.
struct Skus(queries::Filter);

/// The SKUs, as an address describes them.
pub fn listing(pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = sku_list().read(pairs);
    listings::table(shown(FIELDS, &list), Skus(whole(&list)))
}

/// What an address asks for, from the beginning.
fn whole(list: &ListView) -> queries::Filter {
    queries::Filter {
        keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
        limit: PORTION,
        ..queries::Filter::default()
    }
}

impl Lines for Skus {
    type Row = Sku;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Sku>> {
        let found = queries::list_skus(tx, &reader.scope, &self.0).await?;
        self.0.after = found.last().map(|last| (last.name.clone(), last.id));
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}

/// The products as a workbook shows them, each with the number of its SKUs.
const PRODUCTS: &[Field<(Product, i64)>] = &[
    Field::text("", "Product", |it: &(Product, i64), _| text(&it.0.name)).wide(40),
    Field::text("", "Code", |it: &(Product, i64), _| text(&it.0.code)).wide(24),
    Field::text("", "Reference", |it, _| maybe(it.0.reference.as_ref())),
    Field::text("", "Unit", |it, _| text(&it.0.unit)),
    Field::text("", "Kind", |it, _| text(it.0.kind.label())),
    Field::text("", "Shareable", |it, _| listings::yes(it.0.shareable)),
    Field::number("skus", "SKUs", |it, _| Cell::Number(it.1)),
];

struct Products(queries::Filter);

/// The products, as an address describes them.
pub fn products(pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = product_list().read(pairs);
    listings::table(shown(PRODUCTS, &list), Products(whole(&list)))
}

impl Lines for Products {
    type Row = (Product, i64);

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Self::Row>> {
        let found = queries::list_products(tx, &reader.scope, &self.0).await?;
        let ids: Vec<Uuid> = found.iter().map(|it| it.id).collect();
        let counts = queries::count_skus(tx, &ids).await?;
        self.0.after = found.last().map(|last| (last.name.clone(), last.id));
        let is_last = (found.len() as i64) < PORTION;
        let counted = |it: Product| (counts.get(&it.id).copied().unwrap_or_default(), it);
        let found = found.into_iter().map(counted);
        Ok((found.map(|(count, it)| (it, count)).collect(), is_last))
    }
}
