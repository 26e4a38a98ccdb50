//! What the catalog pages show: products and SKUs.

use askama::Template;

use crate::console::fields::Field;
use crate::console::layout::Shell;
use crate::console::table::{Column, ListView};

/// `/catalog`: SKUs, or products with `?show=products`.
#[derive(Template)]
#[template(path = "catalog/list.html", blocks = ["rows"])]
pub struct CatalogPage {
    /// The frame.
    pub shell: Shell,
    /// Whether `products` is shown instead of `skus`.
    pub show_products: bool,
    /// Search, filters, columns, pages; start from `sku_list` or `product_list`.
    pub list: ListView,
    /// The SKUs.
    pub skus: Vec<SkuRow>,
    /// The products.
    pub products: Vec<ProductRow>,
    /// Whether the catalog is empty altogether.
    pub none_yet: bool,
    /// Whether this person may change the catalog.
    pub may_edit: bool,
}

/// One SKU.
#[derive(Clone, Debug, Default)]
pub struct SkuRow {
    /// The SKU.
    pub id: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The product's name.
    pub product: String,
    /// Type, tier and class, joined by " · ".
    pub attributes: String,
    /// "12 months".
    pub validity: String,
    /// With currency; empty where it may not be seen.
    pub price: String,
    /// Products included in it.
    pub components: i64,
}

/// One product.
#[derive(Clone, Debug, Default)]
pub struct ProductRow {
    /// The product.
    pub id: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its unit: "device".
    pub unit: String,
    /// "Base" or "Add-on".
    pub kind: String,
    /// SKUs that sell or include it.
    pub skus: i64,
    /// It never counts as an overlap.
    pub shareable: bool,
}

/// The columns and filters of the SKU list.
pub fn sku_list() -> ListView {
    ListView {
        path: "/catalog".into(),
        export: "/exports?list=skus".into(),
        search: "Code, name, product",
        sort: "name".into(),
        noun: ("SKU", "SKUs"),
        columns: vec![
            Column::fixed("code", "SKU").unsorted(),
            Column::optional("product", "Product", true).unsorted(),
            Column::optional("attributes", "Type, tier, class", true).unsorted(),
            Column::optional("validity", "Validity", true).unsorted(),
            Column::optional("price", "Price", true).number().unsorted(),
            Column::optional("components", "Components", false)
                .number()
                .unsorted(),
        ],
        ..ListView::default()
    }
}

/// The columns and filters of the product list.
pub fn product_list() -> ListView {
    ListView {
        path: "/catalog".into(),
        export: "/exports?list=products".into(),
        search: "Code or name",
        sort: "name".into(),
        noun: ("product", "products"),
        keep: vec![("show".into(), "products".into())],
        columns: vec![
            Column::fixed("name", "Product").unsorted(),
            Column::fixed("unit", "Unit").unsorted(),
            Column::fixed("kind", "Kind").unsorted(),
            Column::optional("skus", "SKUs", true).number().unsorted(),
        ],
        ..ListView::default()
    }
}

/// `/catalog/products/{id}`.
#[derive(Template)]
#[template(path = "catalog/product.html")]
pub struct ProductPage {
    /// The frame.
    pub shell: Shell,
    /// The product.
    pub row: ProductRow,
    /// Further facts as (name, value).
    pub facts: Vec<(String, String)>,
    /// Whether it is bound to a base.
    pub is_add_on: bool,
    /// For an add-on the bases it is made for, for a base its add-ons: (id, name, code).
    pub counterparts: Vec<(String, String, String)>,
    /// The SKUs that sell or include it, some of them.
    pub skus: Vec<SkuRow>,
    /// Whether this person may change the catalog.
    pub may_edit: bool,
}

/// `/catalog/skus/{id}`.
#[derive(Template)]
#[template(path = "catalog/sku.html")]
pub struct SkuPage {
    /// The frame.
    pub shell: Shell,
    /// The SKU.
    pub row: SkuRow,
    /// The product's id.
    pub product_id: String,
    /// Further facts as (name, value).
    pub facts: Vec<(String, String)>,
    /// The products it includes: (id, name, whether it never counts as an overlap).
    pub components: Vec<(String, String, bool)>,
    /// Whether this person may change the catalog.
    pub may_edit: bool,
    /// Whether this person may issue a license from it.
    pub may_issue: bool,
}

/// New or changed product or SKU.
#[derive(Template)]
#[template(path = "catalog/form.html", blocks = ["sheet"])]
pub struct CatalogFormPage {
    /// The frame.
    pub shell: Shell,
    /// "New product", "Edit SKU" …
    pub title: String,
    /// Where the form is posted.
    pub action: String,
    /// The words on the button.
    pub label: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// A sentence about what the change reaches, such as licenses already issued; empty for none.
    pub note: String,
    /// Where Cancel leads.
    pub back: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// What a picker of SKUs is answered.
#[derive(Template)]
#[template(path = "catalog/options.html")]
pub struct SkuOptions {
    /// The SKUs: (id, code, name, what several of its units are).
    pub options: Vec<(String, String, String, String)>,
    /// More match than are shown.
    pub more: bool,
}
