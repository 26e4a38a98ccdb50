//! Every list that can be had as a file.

use serde::{Deserialize, Serialize};
use store::{Timestamp, Tx};
use utoipa::ToSchema;

use super::model::Asked;
use crate::{
    api::{pair_with_zero_byte, zero_byte},
    app::App,
    as_of, catalog, compositions, configuration, customers,
    error::{Error, Result},
    history, holders, holdings, invoicing, jobs, licenses,
    listings::{Listing, Reader},
    mail, overview, people, plans, reconciliation, roles, rollouts, sales,
    scope::{Permission, Scope, queries::check_visible},
    statements, subscriptions, tokens,
};

/// A list of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExportList)]
pub enum List {
    /// What an organization holds.
    Licenses,
    /// What an organization held on another day, or will hold.
    LicensesAsOf,
    /// Who received units of a license.
    Customers,
    /// Who had units of a pool on another day, or will have.
    CustomersAsOf,
    /// The subscriptions of an organization.
    Subscriptions,
    /// The organizations below one.
    Organizations,
    /// The SKUs of the catalog.
    Skus,
    /// The products of the catalog.
    Products,
    /// The service plans of the catalog.
    ServicePlans,
    /// The customers of a service plan that have an earlier composition of it.
    PlanCustomers,
    /// Service plans that were to be given to many customers.
    Rollouts,
    /// The customers of one of these, with their answers.
    RolloutCustomers,
    /// Users, devices, screens and extensions.
    Holders,
    /// Who uses which unit of an organization, and what is available there.
    Assignments,
    /// What an organization sold.
    Sales,
    /// The codes of what it sold.
    ActivationCodes,
    /// Units that an organization is asked for.
    Requests,
    /// Redemptions that wait, or waited, for an organization.
    Redemptions,
    /// Invoices and credit notes.
    Invoices,
    /// What customers of an organization bought, were passed, use and were billed for in a month.
    Reconciliation,
    /// The rows of a distributor's statement.
    StatementRows,
    /// People and open invitations.
    People,
    /// What each role allows.
    Roles,
    /// Your own API tokens; never the tokens themselves.
    Tokens,
    /// Mails and what became of them; never what they say.
    Mails,
    /// The journal.
    Journal,
    /// Jobs.
    Jobs,
}

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Of the organization acted for, or of all that one sees.
    Nothing,
    /// Of one organization.
    Organization,
    /// Of one organization, or of all that one sees.
    Anything,
    /// Of a license.
    License,
    /// Of a pool.
    Pool,
    /// Of a service plan.
    Plan,
    /// Of a rollout.
    Rollout,
    /// Of a statement.
    Statement,
}

impl List {
    const ALL: [List; 27] = [
        List::Licenses,
        List::LicensesAsOf,
        List::Customers,
        List::CustomersAsOf,
        List::Subscriptions,
        List::Organizations,
        List::Skus,
        List::Products,
        List::ServicePlans,
        List::PlanCustomers,
        List::Rollouts,
        List::RolloutCustomers,
        List::Holders,
        List::Assignments,
        List::Sales,
        List::ActivationCodes,
        List::Requests,
        List::Redemptions,
        List::Invoices,
        List::Reconciliation,
        List::StatementRows,
        List::People,
        List::Roles,
        List::Tokens,
        List::Mails,
        List::Journal,
        List::Jobs,
    ];

    /// Its word in addresses, rows and the names of files, and the heading of its page.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            List::Licenses => ("licenses", "Licenses"),
            List::LicensesAsOf => ("licenses_as_of", "Licenses as of another day"),
            List::Customers => ("customers", "Customers"),
            List::CustomersAsOf => ("customers_as_of", "Customers as of another day"),
            List::Subscriptions => ("subscriptions", "Subscriptions"),
            List::Organizations => ("organizations", "Organizations"),
            List::Skus => ("skus", "Catalog"),
            List::Products => ("products", "Products"),
            List::ServicePlans => ("service_plans", "Service plans"),
            List::PlanCustomers => ("plan_customers", "Customers of a service plan"),
            List::Rollouts => ("rollouts", "Assigned to many"),
            List::RolloutCustomers => ("rollout_customers", "Customers of a rollout"),
            List::Holders => ("holders", "Holders"),
            List::Assignments => ("assignments", "Configuration"),
            List::Sales => ("sales", "Sales"),
            List::ActivationCodes => ("activation_codes", "Activation codes"),
            List::Requests => ("requests", "Requests"),
            List::Redemptions => ("redemptions", "Redemptions"),
            List::Invoices => ("invoices", "Invoices"),
            List::Reconciliation => ("reconciliation", "Reconciliation"),
            List::StatementRows => ("statement_rows", "Statement"),
            List::People => ("people", "People"),
            List::Roles => ("roles", "Roles"),
            List::Tokens => ("tokens", "API tokens"),
            List::Mails => ("mails", "Outbox"),
            List::Journal => ("journal", "Journal"),
            List::Jobs => ("jobs", "Jobs"),
        }
    }

    /// Its word in addresses, rows and the names of files.
    pub const fn as_str(self) -> &'static str {
        self.words().0
    }

    /// The list a word names.
    pub fn parse(word: &str) -> Option<List> {
        Self::ALL.into_iter().find(|list| list.as_str() == word)
    }

    /// The heading of its page.
    pub const fn title(self) -> &'static str {
        self.words().1
    }

    /// What whoever reads it must be permitted, all of it; nothing where it is everybody's own.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            List::Licenses
            | List::LicensesAsOf
            | List::Subscriptions
            | List::PlanCustomers
            | List::Rollouts
            | List::RolloutCustomers => &[Permission::LicensesRead],
            List::Customers | List::CustomersAsOf | List::Reconciliation => {
                &[Permission::AllocationsRead]
            }
            List::Organizations => &[Permission::OrganizationsRead],
            List::Skus | List::Products | List::ServicePlans => &[Permission::CatalogRead],
            List::Holders => &[Permission::HoldersRead],
            List::Assignments => &[Permission::AssignmentsRead],
            List::Sales | List::Requests | List::Redemptions => &[Permission::LicensesSell],
            List::ActivationCodes => &[Permission::CodesExport, Permission::LicensesSell],
            List::Invoices => &[Permission::InvoicesRead],
            List::StatementRows => &[Permission::ImportsRun],
            List::People | List::Roles => &[Permission::PeopleRead],
            List::Mails => &[Permission::MailsRead],
            List::Journal => &[Permission::JournalRead],
            List::Jobs => &[Permission::JobsRead],
            List::Tokens => &[],
        }
    }

    /// What it is of.
    pub const fn subject(self) -> Subject {
        match self {
            List::Customers => Subject::License,
            List::Subscriptions | List::Assignments => Subject::Organization,
            List::Holders => Subject::Anything,
            List::CustomersAsOf => Subject::Pool,
            List::PlanCustomers => Subject::Plan,
            List::RolloutCustomers => Subject::Rollout,
            List::StatementRows => Subject::Statement,
            _ => Subject::Nothing,
        }
    }

    /// Whether it is of all that its reader sees, wherever that is, as its page is. The organization acted for is only
    /// where its clock is read.
    pub const fn is_of_all_seen(self) -> bool {
        matches!(
            self,
            List::Skus
                | List::Products
                | List::ServicePlans
                | List::Rollouts
                | List::Invoices
                | List::People
                | List::Roles
                | List::Tokens
                | List::Mails
                | List::Journal
                | List::Jobs
        )
    }

    /// Whether its file is sealed while it is kept: a stolen database gives no codes.
    pub const fn is_sealed(self) -> bool {
        matches!(self, List::ActivationCodes)
    }
}

/// The list that somebody asked for, at its beginning.
pub fn open(app: &App, asked: &Asked, reader: &Reader) -> Result<Box<dyn Listing>> {
    let pairs = &asked.pairs();
    let subject = || asked.subject_id.ok_or_else(|| no_subject(asked.list));
    let vault = app.gate.vault();
    Ok(match asked.list {
        List::Licenses => holdings::export::listing(pairs, reader, asked.format),
        List::LicensesAsOf => as_of::export::pools(pairs),
        List::Customers => customers::list::listing(subject()?, pairs),
        List::CustomersAsOf => as_of::export::customers(subject()?, pairs),
        List::Subscriptions => subscriptions::handlers::listing(subject()?, pairs),
        List::Organizations => overview::export::listing(pairs, reader),
        List::Skus => catalog::handlers::listing(pairs),
        List::Products => catalog::handlers::products(pairs),
        List::ServicePlans => plans::handlers::listing(pairs),
        List::PlanCustomers => compositions::customers::listing(subject()?, pairs),
        List::Rollouts => rollouts::customers::rollouts(pairs),
        List::RolloutCustomers => rollouts::customers::answers(subject()?, pairs),
        List::Holders => holders::export::listing(asked.subject_id, pairs),
        List::Assignments => configuration::export::listing(subject()?, pairs),
        List::Sales => sales::export::listing(pairs, reader, vault),
        List::ActivationCodes => sales::export::codes(pairs, reader, vault),
        List::Requests => sales::requests::listing(),
        List::Redemptions => sales::waiting::listing(),
        List::Invoices => invoicing::export::listing(pairs, reader),
        List::Reconciliation => reconciliation::export::listing(pairs, reader),
        List::StatementRows => statements::export::listing(subject()?, pairs),
        List::People => people::export::listing(pairs),
        List::Roles => roles::export::listing(),
        List::Tokens => tokens::export::listing(pairs),
        List::Mails => mail::windows::listing(pairs)?,
        List::Journal => history::export::listing(pairs)?,
        List::Jobs => jobs::export::listing(pairs)?,
    })
}

/// 404 where the scope does not reach the place of a list. One of all that is seen may be asked for wherever one may do
/// anything.
pub async fn check_place(tx: &mut Tx<'_>, scope: &Scope, asked: &Asked) -> Result<()> {
    let needed = asked.list.permissions();
    if !asked.list.is_of_all_seen() && !needed.is_empty() {
        for permission in needed {
            check_visible(tx, scope, *permission, asked.place()).await?;
        }
        return Ok(());
    }
    if !needed.iter().all(|permission| scope.holds(*permission)) {
        return Err(Error::not_found());
    }
    for grant in scope.grants() {
        let Some(permission) = grant.permissions.first() else {
            continue;
        };
        let seen = check_visible(tx, scope, *permission, asked.place()).await;
        if seen.is_ok() {
            return Ok(());
        }
    }
    Err(Error::not_found())
}

/// 404 where the scope does not see what a list is of.
pub async fn check_seen(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &Asked,
    now: Timestamp,
) -> Result<()> {
    let Some(id) = asked.subject_id else {
        return Ok(());
    };
    let is_there = match asked.list {
        List::Customers => {
            let place = (id, asked.organization_id);
            customers::queries::pool_of(tx, scope, place).await?;
            true
        }
        List::CustomersAsOf => {
            let found = licenses::pools::find_visible(tx, scope, id).await?;
            found.is_some()
        }
        List::PlanCustomers => {
            let found = plans::queries::find_visible(tx, scope, (id, None), now).await?;
            found.is_some()
        }
        List::RolloutCustomers => {
            rollouts::queries::get_visible(tx, scope, id).await?;
            true
        }
        List::StatementRows => {
            let found = statements::queries::find_visible(tx, scope, id).await?;
            found.is_some()
        }
        _ => true,
    };
    match is_there {
        true => Ok(()),
        false => Err(Error::not_found()),
    }
}

/// Refused where a list of one thing is asked for without saying of which, or by words that no list can have.
pub fn check_words(asked: &Asked) -> Result<()> {
    let needs_one = !matches!(asked.list.subject(), Subject::Nothing | Subject::Anything);
    if needs_one && asked.subject_id.is_none() {
        return Err(no_subject(asked.list));
    }
    let pairs = asked.pairs();
    let texts = pairs.iter().map(|(name, value)| (&**name, &**value));
    match pair_with_zero_byte(texts) {
        Some(_) => Err(zero_byte("query")),
        None => Ok(()),
    }
}

fn no_subject(list: List) -> Error {
    let (field, what) = match list.subject() {
        Subject::License => ("license_id", "license"),
        Subject::Pool => ("pool_id", "pool"),
        Subject::Plan => ("plan_id", "service plan"),
        Subject::Rollout => ("rollout_id", "rollout"),
        Subject::Statement => ("statement_id", "statement"),
        Subject::Organization | Subject::Anything | Subject::Nothing => {
            ("organization_id", "organization")
        }
    };
    Error::invalid(field, "required", format!("Say of which {what}."))
}
