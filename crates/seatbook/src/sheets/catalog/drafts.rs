//! From the rows of a catalog file to products and SKUs, each said once, with a word about every oddity.

use std::collections::{BTreeMap, HashMap};

use super::{
    super::{
        cells::{Cells, Mapping, Remark, Staged, forgiving, note_spaces, note_widths, price_of},
        kinds::Sheet,
    },
    oddities,
    units::told_apart,
};
use crate::catalog::{model::ProductKind, upsert::ProductRow};

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

/// A SKU or component while its rows are read.
#[derive(Default)]
pub struct Draft {
    pub reference: Option<String>,
    /// Row, code and name, as each row said them.
    pub said: Vec<(i64, String, Option<String>)>,
    pub facts: BTreeMap<&'static str, String>,
    /// Places of components, in the order of the file, with the row that named each first.
    pub components: Vec<(usize, i64)>,
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
    pub products: BTreeMap<String, (ProductRow, Vec<i64>)>,
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

pub fn kind_of(word: &str) -> Option<ProductKind> {
    match forgiving(word).as_str() {
        "base" => Some(ProductKind::Base),
        "addon" => Some(ProductKind::AddOn),
        _ => None,
    }
}
