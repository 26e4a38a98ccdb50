//! What can be imported: for each kind its fields, how its rows become units, and how units are kept.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    catalog,
    cells::{Mapping, Oddity, Outcome, Remark, Staged, forgiving},
    licenses, organizations, shares,
};
use crate::{
    catalog::upsert::{ProductRow, SkuRow},
    error::{Error, FieldError, Kind, Result},
    gate::{self, Caller, Origin},
    scope::{self, Permission},
};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Products and SKUs with their components.
    Catalog,
    /// Partners and customers.
    Organizations,
    /// Licenses that were issued or bought.
    Licenses,
    /// What organizations below yours have of licenses.
    Allocations,
}

/// A field of a kind, and the headings by which it is guessed.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in mappings.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What helps to choose a column.
    pub hint: &'static str,
    /// Whether a file without it cannot be imported.
    pub required: bool,
    /// Headings, in small letters without spaces and signs.
    pub headings: &'static [&'static str],
}

/// A field that may be absent from a file.
pub const fn field(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    headings: &'static [&'static str],
) -> Field {
    Field {
        name,
        label,
        hint,
        required: false,
        headings,
    }
}

/// One thing that rows of a file say: a product, a SKU, an organization.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The rows that say it.
    pub rows: Vec<i64>,
    /// What they say.
    pub what: What,
}

/// What rows say.
#[derive(Clone, Debug)]
pub enum What {
    /// A product.
    Product(ProductRow),
    /// A SKU with its components.
    Sku(SkuRow),
    /// An organization.
    Organization(organizations::OrganizationRow),
    /// A license.
    License(licenses::LicenseRow),
    /// What an organization shall have of a license.
    Share(shares::ShareRow),
}

/// What became, or would become, of a unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judged {
    /// The word.
    pub outcome: Outcome,
    /// Why not, where it is bad: the field of the kind, a code, a sentence.
    pub errors: Vec<FieldError>,
    /// What it would be, so that a book that changed meanwhile is noticed.
    #[serde(skip)]
    pub mark: String,
}

impl Judged {
    /// Not a problem.
    pub fn good(outcome: Outcome, mark: String) -> Self {
        Judged {
            outcome,
            errors: vec![],
            mark,
        }
    }

    /// A refusal of a command, as a problem.
    pub fn refused(error: &Error) -> Self {
        let whole = FieldError {
            field: String::new(),
            code: error.code.clone(),
            message: error.message.clone(),
        };
        Judged::bad(if error.fields.is_empty() {
            vec![whole]
        } else {
            error.fields.clone()
        })
    }

    /// A problem.
    pub fn bad(errors: Vec<FieldError>) -> Self {
        Judged {
            outcome: Outcome::Bad,
            errors,
            mark: String::new(),
        }
    }
}

/// A file understood: its units in the order in which they are kept, and what was noticed on the way.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// What the rows say.
    pub units: Vec<Unit>,
    /// What is wrong with single rows, or was done to them.
    pub remarks: BTreeMap<i64, Vec<Remark>>,
    /// What is odd about the file.
    pub oddities: Vec<Oddity>,
}

impl Sheet {
    /// Says something about a row.
    pub fn remark(&mut self, row: i64, remark: Remark) {
        self.remarks.entry(row).or_default().push(remark);
    }

    /// Whether a row by itself cannot be used.
    pub fn is_bad(&self, row: i64) -> bool {
        self.remarks
            .get(&row)
            .is_some_and(|all| all.iter().any(|remark| remark.error))
    }
}

impl ImportKind {
    /// All of them.
    pub const ALL: [ImportKind; 4] = [
        ImportKind::Catalog,
        ImportKind::Organizations,
        ImportKind::Licenses,
        ImportKind::Allocations,
    ];

    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            ImportKind::Catalog => "catalog",
            ImportKind::Organizations => "organizations",
            ImportKind::Licenses => "licenses",
            ImportKind::Allocations => "allocations",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            ImportKind::Catalog => "Catalog",
            ImportKind::Organizations => "Organizations",
            ImportKind::Licenses => "Licenses",
            ImportKind::Allocations => "Allocations",
        }
    }

    /// What a file of this kind needs, in one sentence.
    pub const fn needs(self) -> &'static str {
        match self {
            ImportKind::Catalog => "A SKU a row, or a row for each product that a SKU includes.",
            ImportKind::Organizations => {
                "An organization a row, with its reference and that of the one above it."
            }
            ImportKind::Licenses => "A line of a sales order a row: order, SKU, quantity.",
            ImportKind::Allocations => {
                "What one organization shall have of a license a row: order, organization, quantity."
            }
        }
    }

    /// Where what was imported is seen in the console.
    pub const fn place(self) -> &'static str {
        match self {
            ImportKind::Catalog => "/catalog",
            ImportKind::Organizations => "/organizations",
            ImportKind::Licenses => "/licenses",
            ImportKind::Allocations => "/licenses",
        }
    }

    /// The kind a word names.
    pub fn parse(word: &str) -> Option<ImportKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Its fields, required ones first.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            ImportKind::Catalog => catalog::FIELDS,
            ImportKind::Organizations => organizations::FIELDS,
            ImportKind::Licenses => licenses::FIELDS,
            ImportKind::Allocations => shares::FIELDS,
        }
    }

    /// The columns that look like its fields. A heading serves one field, the first that knows it.
    pub fn guess(self, headings: &[String]) -> Mapping {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, heading) in headings.iter().enumerate() {
            places.entry(forgiving(heading)).or_insert(place);
        }
        let mut mapping = Mapping::new();
        for field in self.fields() {
            let known = field
                .headings
                .iter()
                .find_map(|heading| places.remove(*heading));
            if let Some(place) = known {
                mapping.insert(field.name.into(), place);
            }
        }
        mapping
    }

    /// The mapping, if it names fields of this kind and columns of the file, and every field that must be there.
    pub fn check_mapping(self, mapping: &Mapping, columns: usize) -> Result<()> {
        let mut wrong = Vec::new();
        let mut complain = |field: &str, code: &'static str, message: String| {
            wrong.push(FieldError {
                field: format!("mapping.{field}"),
                code: code.into(),
                message,
            });
        };
        for (name, place) in mapping {
            if !self.fields().iter().any(|field| field.name == name) {
                complain(
                    name,
                    "field.unknown",
                    format!("An import of this kind has no field “{name}”."),
                );
            } else if *place >= columns {
                complain(
                    name,
                    "column.unknown",
                    "The file has no such column.".into(),
                );
            }
        }
        for field in self.fields().iter().filter(|field| field.required) {
            if !mapping.contains_key(field.name) {
                complain(
                    field.name,
                    "required",
                    format!("Say which column is “{}”.", field.label),
                );
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid_fields(wrong))
        }
    }

    /// What the rows of a file say.
    pub fn understand(self, rows: &[Staged], mapping: &Mapping, headings: &[String]) -> Sheet {
        match self {
            ImportKind::Catalog => catalog::understand(rows, mapping, headings),
            ImportKind::Organizations => organizations::understand(rows, mapping, headings),
            ImportKind::Licenses => licenses::understand(rows, mapping, headings),
            ImportKind::Allocations => shares::understand(rows, mapping, headings),
        }
    }

    /// What would become of the units, compared with the book and without writing.
    pub async fn judge(
        self,
        tx: &mut Tx<'_>,
        asker: &Asker,
        units: &[&What],
    ) -> Result<Vec<Judged>> {
        match self {
            ImportKind::Catalog => catalog::judge(tx, asker, units).await,
            ImportKind::Organizations => organizations::judge(tx, asker, units).await,
            ImportKind::Licenses => licenses::judge(tx, asker, units).await,
            ImportKind::Allocations => shares::judge(tx, asker, units).await,
        }
    }

    /// Writes the units that can be written, and says what became of each.
    pub async fn keep(
        self,
        tx: &mut gate::Tx<'_>,
        organization_id: Uuid,
        units: &[&What],
    ) -> Result<Vec<Judged>> {
        match self {
            ImportKind::Catalog => catalog::keep(tx, units).await,
            ImportKind::Organizations => organizations::keep(tx, organization_id, units).await,
            ImportKind::Licenses => licenses::keep(tx, organization_id, units).await,
            ImportKind::Allocations => shares::keep(tx, organization_id, units).await,
        }
    }
}

/// For whom a file is judged.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Their rights.
    pub caller: Caller,
    /// Where what is imported belongs.
    pub organization_id: Uuid,
}

impl Asker {
    /// Whether a permission is held at an organization. Seatbook itself may do everything.
    pub async fn may(&self, tx: &mut Tx<'_>, permission: Permission, at: Uuid) -> Result<bool> {
        if self.caller.origin == Origin::System {
            return Ok(true);
        }
        let asked = scope::queries::check_visible(tx, &self.caller.scope, permission, at).await;
        match asked {
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            asked => asked.map(|()| true),
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_guessed_forgivingly() {
        let headings = ["Product Display_Name", "STRING-ID", "Guid", "note"].map(String::from);
        let mapping = ImportKind::Catalog.guess(&headings);
        assert_eq!(mapping["sku_name"], 0);
        assert_eq!(mapping["sku_code"], 1);
        assert_eq!(mapping["sku_reference"], 2);
        assert_eq!(mapping.len(), 3);
    }
}
