//! Taking a customer in: the organization, what stands on its invoices, its units and its first administrator.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Refusals;
use crate::{
    allocations::{commands::Allocate, model::PoolBalance},
    billing::{commands::SetBillingProfile, model::BillingFacts},
    customers::{duplicates, model::Alike},
    error::{Error, Result},
    gate::{Command, Tx},
    organizations::{
        commands::CreateOrganization,
        model::{Kind, Organization, OrganizationFacts},
    },
    people::{invitations::Invite, model::Invited},
    scope::{BuiltIn, Permission},
    secrets::Secret,
};

/// Pools that one customer is given units of in one step.
const MOST_POOLS: usize = 50;

/// Units of one pool.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomerUnits)]
pub struct PoolUnits {
    /// A pool of the organization above the customer.
    pub pool_id: Uuid,
    /// How many of its units the customer is passed.
    pub units: i64,
}

/// Takes a customer in: all of it, or nothing.
#[derive(Clone, Debug, Serialize)]
pub struct OnboardCustomer {
    /// The organization above it, whose units it is passed.
    pub parent_id: Uuid,
    /// Customer or partner.
    pub kind: Kind,
    /// What is said about it.
    pub facts: OrganizationFacts,
    /// What stands on its invoices, where that is known; kept in the profile alone.
    #[serde(skip)]
    pub billing: Option<BillingFacts>,
    /// Its units.
    pub units: Vec<PoolUnits>,
    /// The e-mail address of its first administrator; kept with the invitation alone.
    #[serde(skip)]
    pub administrator: Option<String>,
    /// Names that sound alike were seen, and it is somebody else.
    pub accept_duplicates: bool,
    /// The secret of the administrator's link, drawn by the door.
    pub secret: Secret<String>,
}

/// A customer that was taken in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CustomerOnboarded)]
pub struct Onboarded {
    /// The new organization.
    #[serde(flatten)]
    pub organization: Organization,
    /// What is left in the pools that gave units.
    pub pools: Vec<PoolBalance>,
    /// The invitation of its first administrator, with its link, this once.
    pub invitation: Option<Invited>,
    /// Organizations of yours whose names sound like its.
    pub duplicates: Vec<Alike>,
}

impl Command for OnboardCustomer {
    const NAME: &'static str = "customers.onboard";
    const SECRET: bool = true;
    type Outcome = Onboarded;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Onboarded> {
        self.permit(tx).await?;
        if self.units.len() > MOST_POOLS {
            let message = format!("Name at most {MOST_POOLS} pools.");
            return Err(Error::invalid("units", "rows.out_of_range", message));
        }
        let facts = self.facts.clone().checked()?;
        let scope = tx.caller().scope.clone();
        let duplicates = duplicates::find(tx, &scope, (&facts.name, None)).await?;
        if !duplicates.is_empty() && !self.accept_duplicates {
            return Err(sounds_like(&duplicates));
        }
        let create = CreateOrganization {
            parent_id: self.parent_id,
            kind: self.kind,
            facts,
        };
        let organization = create.run(tx).await?;
        if let Some(facts) = self.billing.clone() {
            let profile = SetBillingProfile {
                organization_id: organization.id,
                version: None,
                facts,
            };
            profile.run(tx).await.map_err(of_address)?;
        }
        let pools = self.pass_on(tx, organization.id).await?;
        let invitation = self.invite(tx, organization.id).await?;
        Ok(Onboarded {
            organization,
            pools,
            invitation,
            duplicates,
        })
    }
}

impl OnboardCustomer {
    /// Asks for all that it takes before anything is looked at.
    async fn permit(&self, tx: &mut Tx<'_>) -> Result<()> {
        let wanted = [
            (true, Permission::OrganizationsCreate),
            (!self.units.is_empty(), Permission::AllocationsSet),
            (self.billing.is_some(), Permission::BillingEdit),
            (self.administrator.is_some(), Permission::PeopleEdit),
        ];
        for (_, permission) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
            tx.require(permission, self.parent_id).await?;
        }
        Ok(())
    }

    async fn pass_on(&self, tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<PoolBalance>> {
        let (mut pools, mut refusals) = (Vec::new(), Refusals::default());
        for (row, wanted) in self.units.iter().enumerate() {
            let allocate = Allocate {
                pool_id: wanted.pool_id,
                organization_id,
                units: wanted.units,
            };
            let done = match wanted.units {
                ..1 => Err(Error::invalid(
                    "units",
                    "units.out_of_range",
                    "Pass on one unit or more.",
                )),
                _ => allocate.run(tx).await,
            };
            pools.extend(refusals.of((row, wanted.pool_id), done)?);
        }
        refusals.settle("units")?;
        Ok(pools)
    }

    async fn invite(&self, tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Option<Invited>> {
        let Some(email) = self.administrator.clone() else {
            return Ok(None);
        };
        let role = match self.kind {
            Kind::Partner => BuiltIn::PartnerAdministrator,
            _ => BuiltIn::CustomerAdministrator,
        };
        let invite = Invite {
            organization_id,
            role: role.key().to_owned(),
            email,
            secret: self.secret.clone(),
        };
        let invited = invite.run(tx).await.map_err(|mut error| {
            for wrong in &mut error.fields {
                wrong.field = "administrator_email".into();
            }
            error
        });
        invited.map(Some)
    }
}

/// What is wrong with the profile, where the request says it.
fn of_address(mut error: Error) -> Error {
    for wrong in &mut error.fields {
        wrong.field = match wrong.field.as_str() {
            "legal_name" => "name".into(),
            "vat_id" | "tax_number" => "tax_id".into(),
            other => format!("address.{other}"),
        };
    }
    error
}

fn sounds_like(found: &[Alike]) -> Error {
    let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
    let message = format!(
        "There is {} already. If it is somebody else, say so.",
        names.join(", ")
    );
    Error::conflict("customer.near_duplicate", message).with("duplicates", json!(found))
}
