//! What can be imported: for each kind its fields, how its rows become units, and how units are kept.

use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{catalog, extensions, licenses, organizations, shares};
pub use crate::rows::{
    asker::Asker,
    sheet::{Field, Judged, field},
};
use crate::{
    catalog::upsert::{ProductRow, SkuRow},
    differences::{self, CustomerRow},
    error::Result,
    extensions::rows::ExtensionRow,
    gate,
    rows::{
        self,
        cells::{Mapping, Oddity, Staged},
    },
    workbooks::keys,
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
    /// Telephone extensions with their numbers, users and add-ons.
    Extensions,
    /// The customers of a license, as a workbook that was exported and comes back.
    Customers,
}

/// One thing that rows of a file say.
pub type Unit = rows::sheet::Unit<What>;
/// A file understood.
pub type Sheet = rows::sheet::Sheet<What>;

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
    /// An extension with what it shall have.
    Extension(ExtensionRow),
    /// What became of a customer in a workbook.
    Customer(CustomerRow),
}

impl ImportKind {
    /// All of them.
    pub const ALL: [ImportKind; 6] = [
        ImportKind::Catalog,
        ImportKind::Organizations,
        ImportKind::Licenses,
        ImportKind::Allocations,
        ImportKind::Extensions,
        ImportKind::Customers,
    ];

    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            ImportKind::Catalog => "catalog",
            ImportKind::Organizations => "organizations",
            ImportKind::Licenses => "licenses",
            ImportKind::Allocations => "allocations",
            ImportKind::Extensions => "extensions",
            ImportKind::Customers => "customers",
        }
    }

    /// Whether a file of this kind can be begun from nothing but headings.
    pub const fn has_sample(self) -> bool {
        !matches!(self, ImportKind::Customers)
    }

    /// The headings of a file to start from.
    pub fn sample(self) -> Vec<&'static str> {
        match self {
            ImportKind::Extensions => extensions::SAMPLE.to_vec(),
            _ => self.fields().iter().map(|field| field.label).collect(),
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            ImportKind::Catalog => "Catalog",
            ImportKind::Organizations => "Organizations",
            ImportKind::Licenses => "Licenses",
            ImportKind::Allocations => "Allocations",
            ImportKind::Extensions => "Mass configuration",
            ImportKind::Customers => "Customers of a license",
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
            ImportKind::Extensions => {
                "An extension of your own a row: its key, its number, its user and as many add-on licenses as \
                 there are columns."
            }
            ImportKind::Customers => {
                "The workbook that you downloaded from a license's customers, edited."
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
            ImportKind::Extensions => "/holders",
            ImportKind::Customers => "/licenses",
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
            ImportKind::Extensions => extensions::FIELDS,
            ImportKind::Customers => differences::FIELDS,
        }
    }

    /// The columns that look like its fields. A heading serves one field, the first that knows it.
    pub fn guess(self, headings: &[String]) -> Mapping {
        let words: Vec<String> = headings.iter().map(|it| self.word(it)).collect();
        rows::sheet::guess(self.fields(), &words)
    }

    /// A heading as fields know it. That of a workbook's keys names the workbook, too.
    fn word(self, heading: &str) -> String {
        match self {
            ImportKind::Customers if keys::is_heading(heading) => differences::KEY.to_owned(),
            _ => heading.to_owned(),
        }
    }

    /// The mapping, if it names fields of this kind and columns of the file, and every field that must be there.
    pub fn check_mapping(self, mapping: &Mapping, columns: usize) -> Result<()> {
        rows::sheet::check_mapping(self.fields(), mapping, columns)
    }

    /// What the rows of a file say.
    pub fn understand(self, rows: &[Staged], mapping: &Mapping, headings: &[String]) -> Sheet {
        match self {
            ImportKind::Catalog => catalog::understand(rows, mapping, headings),
            ImportKind::Organizations => organizations::understand(rows, mapping, headings),
            ImportKind::Licenses => licenses::understand(rows, mapping, headings),
            ImportKind::Allocations => shares::understand(rows, mapping, headings),
            ImportKind::Extensions => extensions::understand(rows, mapping, headings),
            ImportKind::Customers => {
                differences::understand(rows, mapping, headings).map(What::Customer)
            }
        }
    }

    /// What would become of the units, compared with the book and without writing; and what is to be said of
    /// all of them together.
    pub async fn judge(
        self,
        tx: &mut Tx<'_>,
        asker: &Asker,
        units: &[&What],
    ) -> Result<(Vec<Judged>, Vec<Oddity>)> {
        let judged = match self {
            ImportKind::Catalog => catalog::judge(tx, asker, units).await,
            ImportKind::Organizations => organizations::judge(tx, asker, units).await,
            ImportKind::Licenses => licenses::judge(tx, asker, units).await,
            ImportKind::Allocations => shares::judge(tx, asker, units).await,
            ImportKind::Extensions => return extensions::judge(tx, asker, units).await,
            ImportKind::Customers => {
                return differences::judge(tx, asker, &customers(units)).await;
            }
        };
        Ok((judged?, vec![]))
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
            ImportKind::Extensions => extensions::keep(tx, organization_id, units).await,
            ImportKind::Customers => {
                differences::keep(tx, organization_id, &customers(units)).await
            }
        }
    }
}

fn customers<'a>(units: &[&'a What]) -> Vec<&'a CustomerRow> {
    let row = |what: &&'a What| match what {
        What::Customer(row) => Some(row),
        _ => None,
    };
    units.iter().filter_map(row).collect()
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

    #[test]
    fn the_keys_of_a_workbook_are_known_by_their_heading() {
        let key = keys::heading(Uuid::from_u128(7));
        let mapping = ImportKind::Customers.guess(&["Units".into(), key, "Name".into()]);
        assert_eq!(
            (mapping["units"], mapping["key"], mapping["name"]),
            (0, 1, 2)
        );
    }
}
