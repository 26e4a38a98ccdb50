//! The roles that come with Seatbook. Others are made by people, as sets of permissions.

use super::Permission::{self, *};

/// A role in code: its permissions hold at the organization of the membership and below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// The provider's administrator: everything.
    Operator,
    /// Runs a partner: everything below it, but units are not made.
    PartnerAdministrator,
    /// Looks after customers: organizations, licenses, allocations; no people.
    AccountManager,
    /// Runs a customer: its people and its own units.
    CustomerAdministrator,
    /// Looks, changes nothing, sees no prices.
    Reader,
}

impl BuiltIn {
    /// All of them, the widest first.
    pub const ALL: [BuiltIn; 5] = [
        BuiltIn::Operator,
        BuiltIn::PartnerAdministrator,
        BuiltIn::AccountManager,
        BuiltIn::CustomerAdministrator,
        BuiltIn::Reader,
    ];

    /// What memberships store.
    pub const fn key(self) -> &'static str {
        match self {
            BuiltIn::Operator => "operator",
            BuiltIn::PartnerAdministrator => "partner_administrator",
            BuiltIn::AccountManager => "account_manager",
            BuiltIn::CustomerAdministrator => "customer_administrator",
            BuiltIn::Reader => "reader",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            BuiltIn::Operator => "Operator",
            BuiltIn::PartnerAdministrator => "Partner administrator",
            BuiltIn::AccountManager => "Account manager",
            BuiltIn::CustomerAdministrator => "Customer administrator",
            BuiltIn::Reader => "Reader",
        }
    }

    /// The role a stored key names.
    pub fn parse(key: &str) -> Option<BuiltIn> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }

    /// What it allows.
    pub fn permissions(self) -> Vec<Permission> {
        let without = |withheld: &[Permission]| {
            Permission::ALL
                .iter()
                .copied()
                .filter(|permission| !withheld.contains(permission))
                .collect()
        };
        match self {
            BuiltIn::Operator => without(&[]),
            BuiltIn::PartnerAdministrator => without(&[CatalogEdit, LicensesIssue]),
            BuiltIn::AccountManager => without(&[
                CatalogEdit,
                LicensesIssue,
                OrganizationsMove,
                PeopleEdit,
                RolesEdit,
                OrganizationsSuspend,
            ]),
            BuiltIn::CustomerAdministrator => vec![
                OrganizationsRead,
                CatalogRead,
                LicensesRead,
                LicensesRedeem,
                UnitsRequest,
                AllocationsRead,
                HoldersRead,
                HoldersEdit,
                AssignmentsRead,
                AssignmentsSet,
                SubscriptionsEnd,
                InvoicesRead,
                ImportsRun,
                PeopleRead,
                PeopleEdit,
                MailsRead,
                MailsSend,
                JobsRead,
                JobsEdit,
                JournalRead,
            ],
            BuiltIn::Reader => {
                vec![
                    OrganizationsRead,
                    CatalogRead,
                    LicensesRead,
                    AllocationsRead,
                    HoldersRead,
                    AssignmentsRead,
                    JobsRead,
                    JournalRead,
                ]
            }
        }
    }
}
