//! The closed list of permissions.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal;)+) => {
        /// One right. Its word is what roles store, what the journal calls the command that needs it,
        /// and what a refusal names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $($(#[doc = $doc])+ $name,)+ }

        impl Permission {
            /// All of them, in the order of the page that shows them.
            pub const ALL: &'static [Permission] = &[$(Permission::$name,)+];

            /// The word, such as `allocations.set`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Permission::$name => $word,)+ }
            }

            /// What it allows, in words.
            pub const fn describe(self) -> &'static str {
                match self { $(Permission::$name => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// The permission a word stands for.
            pub fn parse(word: &str) -> Option<Permission> {
                match word { $($word => Some(Permission::$name),)+ _ => None }
            }
        }
    };
}

permissions! {
    /// See organizations.
    OrganizationsRead = "organizations.read";
    /// Add organizations.
    OrganizationsCreate = "organizations.create";
    /// Change an organization's name and facts.
    OrganizationsEdit = "organizations.edit";
    /// Move an organization to another parent.
    OrganizationsMove = "organizations.move";
    /// Suspend and resume an organization.
    OrganizationsSuspend = "organizations.suspend";
    /// See products and SKUs.
    CatalogRead = "catalog.read";
    /// Add and change products and SKUs.
    CatalogEdit = "catalog.edit";
    /// See licenses and pools.
    LicensesRead = "licenses.read";
    /// Issue licenses: the only way units come into being.
    LicensesIssue = "licenses.issue";
    /// Add licenses for customers, with units issued or drawn from own pools, and their codes.
    LicensesSell = "licenses.sell";
    /// Take activation codes along as a file: whoever has one has its units.
    CodesExport = "codes.export";
    /// Change a license's dates, references and quantity.
    LicensesEdit = "licenses.edit";
    /// Redeem activation codes for one's own organization.
    LicensesRedeem = "licenses.redeem";
    /// Ask the organization above for more units.
    UnitsRequest = "units.request";
    /// Pause and resume a license.
    LicensesPause = "licenses.pause";
    /// Terminate or delete a license.
    LicensesTerminate = "licenses.terminate";
    /// See what was passed on to whom.
    AllocationsRead = "allocations.read";
    /// Pass units on to child organizations, and take them back.
    AllocationsSet = "allocations.set";
    /// See users, devices, screens and extensions.
    HoldersRead = "holders.read";
    /// Add and change users, devices, screens and extensions, and let them leave.
    HoldersEdit = "holders.edit";
    /// See who uses which units.
    AssignmentsRead = "assignments.read";
    /// Bind units to holders, and free them.
    AssignmentsSet = "assignments.set";
    /// Terminate units and stop renewals.
    SubscriptionsEnd = "subscriptions.end";
    /// See prices and amounts.
    PricesRead = "prices.read";
    /// Set prices.
    PricesEdit = "prices.edit";
    /// See invoices: those one's organization issued, and those addressed to it.
    InvoicesRead = "invoices.read";
    /// Draft, finalize, send and credit invoices.
    InvoicesSend = "invoices.send";
    /// Record payments, and take records back.
    PaymentsRecord = "payments.record";
    /// Change what stands on invoices: addresses, accounts, numbering, taxes.
    BillingEdit = "billing.edit";
    /// See people and their roles.
    PeopleRead = "people.read";
    /// Invite people, change their roles, remove them.
    PeopleEdit = "people.edit";
    /// Make and change custom roles.
    RolesEdit = "roles.edit";
    /// See mails that were sent or kept.
    MailsRead = "mails.read";
    /// Send mails that were kept or came to nothing.
    MailsSend = "mails.send";
    /// See jobs.
    JobsRead = "jobs.read";
    /// Retry and cancel jobs.
    JobsEdit = "jobs.edit";
    /// See the journal.
    JournalRead = "journal.read";
    /// Undo changes from the journal.
    JournalUndo = "journal.undo";
    /// Import files.
    ImportsRun = "imports.run";
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Permission::parse(&word)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown permission {word:?}")))
    }
}

impl utoipa::PartialSchema for Permission {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let words = Permission::ALL.iter().map(|permission| permission.as_str());
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(words))
            .description(Some("A permission, such as `allocations.set`."))
            .into()
    }
}

impl utoipa::ToSchema for Permission {}
