//! What a row of mass configuration names, found in the book: users, bases, add-ons.

use std::collections::HashMap;

use store::Tx;
use uuid::Uuid;

use super::NUMBER_CODE;
use crate::{
    assignments::model::Wanted,
    catalog::{self, model::Product},
    error::{FieldError, Result},
    holders,
};

/// An extension as a file says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExtensionRow {
    /// Its digits.
    pub extension: String,
    /// Its direct number, as digits.
    pub number: Option<String>,
    /// What its user is called.
    pub user: Option<String>,
    /// The code of its base.
    pub base: Option<String>,
    /// The codes of its add-ons, each with the heading of its column.
    pub add_ons: Vec<(String, String)>,
}

/// What the rows of one organization's file are read against.
pub struct Book {
    /// Products by code.
    products: HashMap<String, Product>,
    /// Users who were met, by name and by e-mail address; nobody where several are called so.
    users: HashMap<String, Option<Uuid>>,
    /// The bases with extensions of which the organization has pools.
    bases: Vec<Uuid>,
    /// What a direct number uses a unit of.
    number: Option<Uuid>,
    /// A direct number uses a unit.
    pub counts_numbers: bool,
}

impl Book {
    /// Reads it, for one organization.
    pub async fn read(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Book> {
        let products = catalog::queries::products_for_extensions(tx).await?;
        let held: Vec<(Uuid,)> = tx
            .query(
                "SELECT DISTINCT p.product_id FROM pool p JOIN product r ON r.id = p.product_id
                 WHERE p.organization_id = $1 AND r.has_extensions = TRUE ORDER BY p.product_id",
                &[&organization_id],
            )
            .await?;
        let number = products.iter().find(|product| product.code == NUMBER_CODE);
        let number = number.map(|product| product.id);
        let (counts_numbers, _) = super::queries::counts_numbers(tx, organization_id).await?;
        Ok(Book {
            bases: held.into_iter().map(|(id,)| id).collect(),
            number,
            counts_numbers,
            users: HashMap::new(),
            products: products
                .into_iter()
                .map(|it| (it.code.clone(), it))
                .collect(),
        })
    }

    /// Looks up the users whom some rows name.
    pub async fn meet(
        &mut self,
        tx: &mut Tx<'_>,
        organization_id: Uuid,
        rows: &[&ExtensionRow],
    ) -> Result<()> {
        let mut names: Vec<String> = rows.iter().filter_map(|row| row.user.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let emails: Vec<String> = names
            .iter()
            .map(|name| rules::text::lowercase(name))
            .collect();
        let called = (names.as_slice(), emails.as_slice());
        for user in holders::queries::users_called(tx, organization_id, called).await? {
            for word in [Some(user.name), user.email].into_iter().flatten() {
                self.users
                    .entry(word)
                    .and_modify(|known| *known = known.filter(|known| *known == user.id))
                    .or_insert(Some(user.id));
            }
        }
        Ok(())
    }

    fn user(&self, called: &str) -> Option<&Option<Uuid>> {
        let by_name = self.users.get(called);
        by_name.or_else(|| self.users.get(&rules::text::lowercase(called)))
    }

    /// The binding a row asks for, or the first thing it names that is not known.
    pub fn wanted(&self, row: &ExtensionRow) -> std::result::Result<Wanted, FieldError> {
        let holder_id = match &row.user {
            None => None,
            Some(called) => match self.user(called) {
                Some(Some(id)) => Some(*id),
                Some(None) => {
                    let message =
                        format!("Several users are called “{called}”; give the e-mail address.");
                    return Err(wrong("user", "user.ambiguous", message));
                }
                None => {
                    let message = format!("The organization has no user “{called}”.");
                    return Err(wrong("user", "user.unknown", message));
                }
            },
        };
        let mut add_ons = Vec::with_capacity(row.add_ons.len() + 1);
        for (heading, code) in &row.add_ons {
            let product = self.products.get(code);
            let unknown = || {
                let message = format!("There is no add-on license “{code}”.");
                wrong(heading, "add_on.unknown", message)
            };
            add_ons.push(product.ok_or_else(unknown)?.id);
        }
        if row.number.is_some() && self.counts_numbers {
            let unknown = || {
                let message = format!(
                    "Numbers use units of “{NUMBER_CODE}”, which the catalog does not have; let numbers not be counted."
                );
                wrong("number", "add_on.unknown", message)
            };
            let number = self.number.ok_or_else(unknown)?;
            if !add_ons.contains(&number) {
                add_ons.push(number);
            }
        }
        Ok(Wanted {
            product_id: self.base(row)?,
            holder_id,
            units: 1,
            extension: Some(row.extension.clone()),
            number: row.number.clone(),
            add_ons,
            ..Wanted::default()
        })
    }

    fn base(&self, row: &ExtensionRow) -> std::result::Result<Uuid, FieldError> {
        if let Some(code) = &row.base {
            let known = self
                .products
                .get(code)
                .filter(|product| product.has_extensions);
            let unknown = || {
                let message = format!("There is no base license “{code}” with extensions.");
                wrong("base", "product.unknown", message)
            };
            return known.map(|product| product.id).ok_or_else(unknown);
        }
        match self.bases.as_slice() {
            [one] => Ok(*one),
            [] => {
                let message = "The organization has no license with extensions.";
                Err(wrong("base", "product.unknown", message.into()))
            }
            _ => {
                let message = "The organization has several licenses with extensions; name one in a column “Base license”.";
                Err(wrong("base", "product.ambiguous", message.into()))
            }
        }
    }

    /// The name of a product that a row can name.
    pub fn name(&self, product_id: Uuid) -> Option<&str> {
        let mut all = self.products.values();
        all.find(|product| product.id == product_id)
            .map(|product| product.name.as_str())
    }
}

fn wrong(field: &str, code: &'static str, message: String) -> FieldError {
    FieldError {
        field: field.into(),
        code: code.into(),
        message,
    }
}
