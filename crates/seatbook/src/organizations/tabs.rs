//! One organization as the pages about it show it: what the reader may do there, and the tabs over these pages.

use store::Tx;
use uuid::Uuid;

use super::{
    model::{Organization, PricingModel},
    queries,
};
use crate::{
    error::{Error, Result},
    gate::Caller,
    scope::{self, Permission},
};

/// Behind the organization's own page: its tabs by their word in the address, and the permission that shows each.
const TABS: &[(&str, &str, Permission)] = &[
    ("licenses", "Licenses", Permission::LicensesRead),
    ("information", "Information", Permission::LicensesRead),
    (
        "configuration",
        "Configuration",
        Permission::AssignmentsRead,
    ),
    ("holders", "Holders", Permission::HoldersRead),
    ("subscriptions", "Subscriptions", Permission::LicensesRead),
    ("notices", "Notices", Permission::LicensesRead),
    ("billing", "Billing", Permission::BillingEdit),
];

/// An organization, and what the reader may do there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The organization.
    pub organization: Organization,
    may: Vec<Permission>,
}

impl Place {
    /// The organization, for somebody who holds a permission there: 404 where it cannot be seen.
    pub async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        id: Uuid,
        needed: Permission,
    ) -> Result<Place> {
        let found = queries::find_visible(tx, &caller.scope, id).await?;
        let organization = found.ok_or_else(Error::not_found)?;
        let may = scope::queries::permissions_at(tx, caller.actor_id, id).await?;
        match may.contains(&needed) {
            true => Ok(Place { organization, may }),
            false => Err(scope::missing(needed)),
        }
    }

    /// Whether the reader holds a permission there.
    pub fn may(&self, permission: Permission) -> bool {
        self.may.contains(&permission)
    }

    /// Whether it pays by licenses: then who uses which unit is kept here.
    pub fn counts_licenses(&self) -> bool {
        self.organization.pricing_model == PricingModel::License
    }

    /// The tabs over its pages; `here` is the word of the one that is open, empty for the organization's own.
    pub fn tabs(&self, here: &'static str) -> Tabs {
        Tabs::of(&self.organization, &self.may, here)
    }
}

/// The tabs over the pages of one organization, for `organizations/tabs.html`.
#[derive(Clone, Debug, Default)]
pub struct Tabs {
    /// The organization.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Words, address, and whether it is the page that is open.
    pub tabs: Vec<(&'static str, String, bool)>,
}

impl Tabs {
    /// Those that somebody with these permissions may open.
    pub fn of(organization: &Organization, may: &[Permission], here: &'static str) -> Tabs {
        let own = format!("/organizations/{}", organization.id);
        let others = TABS.iter().filter(|tab| may.contains(&tab.2));
        let others =
            others.map(|(word, label, _)| (*label, format!("{own}/{word}"), *word == here));
        Tabs {
            id: organization.id.to_string(),
            name: organization.name.clone(),
            tabs: std::iter::once(("Overview", own.clone(), here.is_empty()))
                .chain(others)
                .collect(),
        }
    }
}
