//! Every list that can be had as a file.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::Asked;
use crate::{
    app::App,
    catalog, customers,
    error::{Error, Result},
    history, holders, holdings, invoicing, jobs,
    listings::{Listing, Reader},
    overview, sales,
    scope::Permission,
    subscriptions,
};

/// A list of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportList)]
pub enum List {
    /// What an organization holds.
    Licenses,
    /// Who received units of a license.
    Customers,
    /// The subscriptions of an organization.
    Subscriptions,
    /// The organizations below one.
    Organizations,
    /// The SKUs of the catalog.
    Skus,
    /// Users, devices, screens and extensions.
    Holders,
    /// What an organization sold.
    Sales,
    /// Invoices and credit notes.
    Invoices,
    /// The journal.
    Journal,
    /// Jobs.
    Jobs,
}

impl List {
    const ALL: [List; 10] = [
        List::Licenses,
        List::Customers,
        List::Subscriptions,
        List::Organizations,
        List::Skus,
        List::Holders,
        List::Sales,
        List::Invoices,
        List::Journal,
        List::Jobs,
    ];

    /// Its word in addresses, rows and the names of files.
    pub const fn as_str(self) -> &'static str {
        match self {
            List::Licenses => "licenses",
            List::Customers => "customers",
            List::Subscriptions => "subscriptions",
            List::Organizations => "organizations",
            List::Skus => "skus",
            List::Holders => "holders",
            List::Sales => "sales",
            List::Invoices => "invoices",
            List::Journal => "journal",
            List::Jobs => "jobs",
        }
    }

    /// The list a word names.
    pub fn parse(word: &str) -> Option<List> {
        Self::ALL.into_iter().find(|list| list.as_str() == word)
    }

    /// The heading of its page.
    pub const fn title(self) -> &'static str {
        match self {
            List::Licenses => "Licenses",
            List::Customers => "Customers",
            List::Subscriptions => "Subscriptions",
            List::Organizations => "Organizations",
            List::Skus => "Catalog",
            List::Holders => "Holders",
            List::Sales => "Sales",
            List::Invoices => "Invoices",
            List::Journal => "Journal",
            List::Jobs => "Jobs",
        }
    }

    /// What whoever reads it must be permitted.
    pub const fn permission(self) -> Permission {
        match self {
            List::Licenses | List::Subscriptions => Permission::LicensesRead,
            List::Customers => Permission::AllocationsRead,
            List::Organizations => Permission::OrganizationsRead,
            List::Skus => Permission::CatalogRead,
            List::Holders => Permission::HoldersRead,
            List::Sales => Permission::LicensesSell,
            List::Invoices => Permission::InvoicesRead,
            List::Journal => Permission::JournalRead,
            List::Jobs => Permission::JobsRead,
        }
    }
}

/// The list that somebody asked for, at its beginning.
pub fn open(app: &App, asked: &Asked, reader: &Reader) -> Result<Box<dyn Listing>> {
    let pairs = &asked.pairs();
    let subject = || asked.subject_id.ok_or_else(|| no_subject(asked.list));
    Ok(match asked.list {
        List::Licenses => holdings::export::listing(pairs, reader, asked.format),
        List::Customers => customers::list::listing(subject()?, pairs),
        List::Subscriptions => subscriptions::handlers::listing(subject()?, pairs),
        List::Organizations => overview::export::listing(pairs, reader),
        List::Skus => catalog::handlers::listing(pairs),
        List::Holders => holders::export::listing(asked.subject_id, pairs),
        List::Sales => sales::export::listing(pairs, reader, app.gate.vault()),
        List::Invoices => invoicing::export::listing(pairs, reader),
        List::Journal => history::export::listing(pairs)?,
        List::Jobs => jobs::export::listing(pairs)?,
    })
}

/// Refused where a list of one thing is asked for without saying of which.
pub fn check_subject(list: List, subject_id: Option<Uuid>) -> Result<()> {
    let needs_one = matches!(list, List::Customers | List::Subscriptions);
    match needs_one && subject_id.is_none() {
        true => Err(no_subject(list)),
        false => Ok(()),
    }
}

fn no_subject(list: List) -> Error {
    match list {
        List::Customers => Error::invalid("license_id", "required", "Say of which license."),
        _ => Error::invalid("organization_id", "required", "Say of which organization."),
    }
}
