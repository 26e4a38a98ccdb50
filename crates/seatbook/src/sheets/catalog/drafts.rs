//! From the rows of a catalog file to products and SKUs, each said once, with a word about every oddity.

use std::collections::{BTreeMap, HashMap};

use rules::money::{Currency, Money};

use super::{
    super::{
        kinds::{Cells, Sheet, Unit, What, note_spaces, note_widths},
        model::{Mapping, Remark, Staged},
    },
    oddities,
};
use crate::catalog::{
    model::ProductKind,
    upsert::{ProductRow, RowKey, SkuRow},
};

/// What all rows of a SKU must agree on, where they say it.
const AGREED: [&str; 12] = [
    "product_code",
    "product_name",
    "unit",
    "units",
    "kind",
    "type",
    "tier",
    "class",
    "validity",
    "grace_days",
    "price",
    "currency",
];
/// Characters of a key that tell two equal codes apart.
const TELLING: usize = 8;

/// A SKU or component while its rows are read.
#[derive(Default)]
pub struct Draft {
    pub reference: Option<String>,
    /// Row, code and name, as each row said them.
    pub said: Vec<(i64, String, Option<String>)>,
    facts: BTreeMap<&'static str, String>,
    /// Places of components, in the order of the file, with the row that named each first.
    components: Vec<(usize, i64)>,
}

impl Draft {
    /// The code most rows say.
    pub fn code(&self) -> &str {
        most(self.said.iter().map(|(_, code, _)| code.as_str())).unwrap_or_default()
    }

    /// The name most rows say.
    pub fn name(&self) -> Option<&str> {
        most(self.said.iter().filter_map(|(_, _, name)| name.as_deref()))
    }

    /// The rows that speak of it.
    pub fn rows(&self) -> impl Iterator<Item = i64> {
        self.said.iter().map(|(row, ..)| *row)
    }
}

/// The most frequent word, and of equals the first.
fn most<'a>(words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    for (place, word) in words.enumerate() {
        counts.entry(word).or_insert((0, place)).0 += 1;
    }
    let best = counts
        .into_iter()
        .max_by_key(|(_, (count, place))| (*count, usize::MAX - place));
    best.map(|(word, _)| word)
}

/// Things of one sort, in the order of the file.
#[derive(Default)]
pub struct Drafts {
    by_key: HashMap<String, usize>,
    pub all: Vec<Draft>,
}

impl Drafts {
    /// The place of the thing that a reference, or else a code, names.
    fn place(&mut self, reference: Option<&String>, code: &str) -> usize {
        // Keys such as GUIDs are written in either case.
        let key = reference.map_or_else(|| format!("code {code}"), |it| it.to_lowercase());
        *self.by_key.entry(key).or_insert_with(|| {
            self.all.push(Draft {
                reference: reference.cloned(),
                ..Draft::default()
            });
            self.all.len() - 1
        })
    }
}

/// Everything a catalog file speaks of.
#[derive(Default)]
pub struct Book {
    pub skus: Drafts,
    pub components: Drafts,
    /// A row, and the row whose SKU and component it names again.
    pub repeats: Vec<(i64, i64)>,
    /// The rows that say each product which is no SKU's own and no component.
    products: BTreeMap<String, (ProductRow, Vec<i64>)>,
}

/// What the rows of a catalog file say.
pub fn understand(rows: &[Staged], mapping: &Mapping, headings: &[String]) -> Sheet {
    let mut sheet = Sheet::default();
    note_spaces(&mut sheet, rows, mapping, headings);
    note_widths(&mut sheet, rows, headings.len());
    let mut reader = Reader {
        mapping,
        headings,
        sheet: &mut sheet,
        book: Book::default(),
    };
    for row in rows {
        reader.row(row);
    }
    let mut book = reader.book;
    let components = told_apart(&book.components);
    let skus = told_apart(&book.skus);
    oddities::note(&mut sheet, &book, (&components, &skus));
    book.write(&mut sheet, &components, &skus);
    sheet
}

struct Reader<'a> {
    mapping: &'a Mapping,
    headings: &'a [String],
    sheet: &'a mut Sheet,
    book: Book,
}

impl Reader<'_> {
    fn wrong(&mut self, row: i64, field: &str, code: &str, message: String) {
        let column = self
            .mapping
            .get(field)
            .and_then(|place| self.headings.get(*place).cloned());
        self.sheet.remark(
            row,
            Remark {
                column,
                code: code.into(),
                message,
                error: true,
            },
        );
    }

    fn row(&mut self, row: &Staged) {
        let cells = Cells::of(row, self.mapping);
        let reference = cells.get("sku_reference");
        let Some(code) = cells.get("sku_code") else {
            return self.wrong(
                row.number,
                "sku_code",
                "required",
                "The row names no SKU.".into(),
            );
        };
        if reference.is_none() && self.mapping.contains_key("sku_reference") {
            let message = "The row does not say the key of its SKU.".into();
            return self.wrong(row.number, "sku_reference", "required", message);
        }
        let place = self.book.skus.place(reference.as_ref(), &code);
        let facts = AGREED
            .into_iter()
            .filter_map(|field| Some((field, cells.get(field)?)));
        for (field, value) in facts.collect::<Vec<_>>() {
            self.agree(place, row.number, field, value);
        }
        self.check_facts(row.number, &cells);
        self.book.skus.all[place]
            .said
            .push((row.number, code, cells.get("sku_name")));
        self.component(place, row.number, &cells);
    }

    /// All rows of a SKU say the same of it.
    fn agree(&mut self, place: usize, row: i64, field: &'static str, value: String) {
        let said = self.book.skus.all[place]
            .facts
            .entry(field)
            .or_insert_with(|| value.clone());
        if *said != value {
            let message = format!("Another row of this SKU says “{said}”.");
            self.wrong(row, field, "sku.contradiction", message);
        }
    }

    fn check_facts(&mut self, row: i64, cells: &Cells<'_>) {
        if let Some(days) = cells
            .get("grace_days")
            .filter(|days| days.parse::<i64>().is_err())
        {
            self.wrong(
                row,
                "grace_days",
                "number.malformed",
                format!("“{days}” is no number of days."),
            );
        }
        if let Some(kind) = cells.get("kind").filter(|kind| kind_of(kind).is_none()) {
            self.wrong(
                row,
                "kind",
                "kind.unknown",
                format!("“{kind}” is neither base nor add-on."),
            );
        }
        match (cells.get("price"), cells.get("currency")) {
            (Some(price), Some(currency)) if price_of(&price, &currency).is_none() => {
                let message = format!("“{price} {currency}” is no price, such as 12.50 EUR.");
                self.wrong(row, "price", "price.malformed", message);
            }
            (Some(_), None) => {
                self.wrong(
                    row,
                    "currency",
                    "required",
                    "Say in which currency the price is.".into(),
                );
            }
            _ => {}
        }
    }

    fn component(&mut self, sku: usize, row: i64, cells: &Cells<'_>) {
        let (reference, name) = (
            cells.get("component_reference"),
            cells.get("component_name"),
        );
        let code = cells
            .get("component_code")
            .or_else(|| name.clone())
            .or_else(|| reference.clone());
        let Some(code) = code else { return };
        if reference.is_none() && self.mapping.contains_key("component_reference") {
            let message = "The row does not say the key of its component.".into();
            return self.wrong(row, "component_reference", "required", message);
        }
        let place = self.book.components.place(reference.as_ref(), &code);
        self.book.components.all[place].said.push((row, code, name));
        let included = &mut self.book.skus.all[sku].components;
        match included.iter().find(|(known, _)| *known == place) {
            Some((_, first)) => self.book.repeats.push((row, *first)),
            None => included.push((place, row)),
        }
    }
}

/// The key of each draft. Where several have one code, each gets the beginning of its reference.
fn told_apart(drafts: &Drafts) -> Vec<RowKey> {
    let mut sharing: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, draft) in drafts.all.iter().enumerate() {
        sharing.entry(draft.code()).or_default().push(place);
    }
    let key = |draft: &Draft| {
        let (code, reference) = (draft.code().to_owned(), draft.reference.clone());
        match (sharing.get(code.as_str()), &reference) {
            (Some(places), Some(own)) if places.len() > 1 => {
                let code = format!("{code}-{}", telling(own));
                RowKey {
                    reference,
                    code,
                    told_apart: true,
                }
            }
            _ => RowKey {
                reference,
                code,
                told_apart: false,
            },
        }
    };
    drafts.all.iter().map(key).collect()
}

fn telling(reference: &str) -> String {
    reference.chars().take(TELLING).collect()
}

impl Book {
    /// Writes units: products, then SKUs; of SKUs with a bad row none.
    fn write(&mut self, sheet: &mut Sheet, components: &[RowKey], skus: &[RowKey]) {
        self.spread(sheet);
        let mut units = Vec::new();
        for (draft, key) in self.components.all.iter().zip(components) {
            let rows: Vec<i64> = draft.rows().filter(|row| !sheet.is_bad(*row)).collect();
            if !rows.is_empty() {
                let name = draft.name().map(str::to_owned);
                let what = What::Product(ProductRow {
                    key: key.clone(),
                    name,
                    ..ProductRow::default()
                });
                units.push(Unit { rows, what });
            }
        }
        let taken = Taken::of(components);
        let mut sold = Vec::new();
        for (draft, key) in self.skus.all.iter().zip(skus) {
            if draft.rows().any(|row| sheet.is_bad(row)) {
                continue;
            }
            let rows: Vec<i64> = draft.rows().collect();
            let product = product_row(draft, key, &taken);
            let row = sku_row(draft, key, product.key.clone(), components);
            let is_component = taken.same(&product.key).is_some();
            let known = self.products.entry(product.key.code.clone());
            let known = known.or_insert_with(|| (product, vec![]));
            if !is_component {
                known.1.extend(&rows);
            }
            sold.push(Unit {
                rows,
                what: What::Sku(row),
            });
        }
        let own = std::mem::take(&mut self.products)
            .into_values()
            .filter(|(_, rows)| !rows.is_empty());
        units.extend(own.map(|(row, rows)| Unit {
            rows,
            what: What::Product(row),
        }));
        units.extend(sold);
        sheet.units = units;
    }

    /// A SKU is taken whole: where one of its rows is bad, the others are not used either.
    fn spread(&self, sheet: &mut Sheet) {
        for draft in &self.skus.all {
            let Some(bad) = draft.rows().find(|row| sheet.is_bad(*row)) else {
                continue;
            };
            let good: Vec<i64> = draft.rows().filter(|row| !sheet.is_bad(*row)).collect();
            for row in good {
                let message = format!("The SKU is left out, because its row {bad} has a problem.");
                sheet.remark(
                    row,
                    Remark {
                        column: None,
                        code: "sku.incomplete".into(),
                        message,
                        error: true,
                    },
                );
            }
        }
    }
}

/// The components by what they may be taken for.
pub struct Taken<'a> {
    by_code: HashMap<&'a str, &'a RowKey>,
    by_reference: HashMap<String, &'a RowKey>,
}

impl<'a> Taken<'a> {
    /// These components.
    pub fn of(components: &'a [RowKey]) -> Self {
        let referred = components
            .iter()
            .filter_map(|key| Some((key.reference.as_ref()?.to_lowercase(), key)));
        Taken {
            by_code: components
                .iter()
                .map(|key| (key.code.as_str(), key))
                .collect(),
            by_reference: referred.collect(),
        }
    }

    /// The component that is the same thing: by reference, or by code where neither has one.
    pub fn same(&self, key: &RowKey) -> Option<&'a RowKey> {
        match &key.reference {
            Some(reference) => self.by_reference.get(&reference.to_lowercase()).copied(),
            None => self
                .by_code
                .get(key.code.as_str())
                .copied()
                .filter(|other| other.reference.is_none()),
        }
    }

    /// Whether another thing has this code.
    pub fn clashes(&self, key: &RowKey) -> bool {
        self.same(key).is_none() && self.by_code.contains_key(key.code.as_str())
    }
}

/// The product a SKU sells: the one its rows name, or one of its own.
fn product_row(draft: &Draft, sku: &RowKey, taken: &Taken<'_>) -> ProductRow {
    let fact = |name: &str| draft.facts.get(name).cloned();
    let facts = ProductRow {
        unit: fact("unit"),
        units: fact("units"),
        kind: fact("kind").and_then(|word| kind_of(&word)),
        ..ProductRow::default()
    };
    if let Some(code) = fact("product_code").or_else(|| fact("product_name")) {
        let key = RowKey {
            code,
            ..RowKey::default()
        };
        return ProductRow {
            key,
            name: fact("product_name"),
            ..facts
        };
    }
    // A SKU with the key of a component is that component, sold by itself.
    if let Some(same) = taken.same(sku) {
        return ProductRow {
            key: same.clone(),
            ..facts
        };
    }
    let mut key = sku.clone();
    // A component that has the code already keeps it.
    if taken.clashes(&key) {
        let mark = key
            .reference
            .as_deref()
            .map_or_else(|| "SKU".into(), telling);
        key = RowKey {
            code: format!("{}-{mark}", key.code),
            told_apart: true,
            ..key
        };
    }
    ProductRow {
        key,
        name: draft.name().map(str::to_owned),
        ..facts
    }
}

fn sku_row(draft: &Draft, key: &RowKey, product: RowKey, components: &[RowKey]) -> SkuRow {
    let fact = |name: &str| draft.facts.get(name).cloned();
    let price = fact("price").zip(fact("currency"));
    let included = draft
        .components
        .iter()
        .map(|(place, _)| components[*place].clone());
    SkuRow {
        key: key.clone(),
        name: draft.name().map(str::to_owned),
        product,
        r#type: fact("type"),
        tier: fact("tier"),
        class: fact("class"),
        validity: fact("validity"),
        grace_days: fact("grace_days").and_then(|days| days.parse().ok()),
        price: price.and_then(|(price, currency)| price_of(&price, &currency)),
        components: Some(included.collect()).filter(|all: &Vec<RowKey>| !all.is_empty()),
    }
}

fn price_of(price: &str, currency: &str) -> Option<(i64, String)> {
    let currency: Currency = currency.to_uppercase().parse().ok()?;
    // A decimal comma, as half of the world writes it.
    let price = if price.contains('.') {
        price.to_owned()
    } else {
        price.replacen(',', ".", 1)
    };
    let money = Money::parse(&price, currency)
        .ok()
        .filter(|money| money.minor >= 0)?;
    Some((money.minor, currency.to_string()))
}

fn kind_of(word: &str) -> Option<ProductKind> {
    match super::super::kinds::forgiving(word).as_str() {
        "base" => Some(ProductKind::Base),
        "addon" => Some(ProductKind::AddOn),
        _ => None,
    }
}
