//! The verbs of organizations.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{Kind, Organization, OrganizationFacts},
    queries,
};
use crate::{
    error::{Error, Kind as ErrorKind, Result},
    gate::{Command, Tx},
    journal::{self, Change},
    scope::{Permission, tree},
};

/// Adds an organization below another.
#[derive(Clone, Debug, Serialize)]
pub struct CreateOrganization {
    /// Where.
    pub parent_id: Uuid,
    /// Partner or customer.
    pub kind: Kind,
    /// What is said about it.
    pub facts: OrganizationFacts,
}

impl Command for CreateOrganization {
    const NAME: &'static str = "organizations.create";
    type Outcome = Organization;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Organization> {
        tx.require(Permission::OrganizationsCreate, self.parent_id)
            .await?;
        let facts = self.facts.clone().checked()?;
        if self.kind == Kind::Provider {
            return Err(Error::invalid(
                "kind",
                "organization.one_provider",
                "There is one provider, at the root.",
            ));
        }
        let parent = queries::find(tx, self.parent_id)
            .await?
            .ok_or_else(Error::not_found)?;
        if parent.kind == Kind::Customer && self.kind == Kind::Partner {
            let message = "A partner cannot stand below a customer.";
            return Err(Error::invalid(
                "kind",
                "organization.partner_below_customer",
                message,
            ));
        }
        let id = tx.new_id();
        tree::plant(tx, id, Some(self.parent_id)).await?;
        insert(tx, id, Some(&parent), self.kind, facts).await
    }
}

/// Writes a planted organization's facts and records them. The set-up of a new server plants the root.
pub async fn insert(
    tx: &mut Tx<'_>,
    id: Uuid,
    parent: Option<&Organization>,
    kind: Kind,
    facts: OrganizationFacts,
) -> Result<Organization> {
    let zone = facts
        .time_zone
        .or_else(|| parent.map(|parent| parent.time_zone.clone()));
    let new = Organization {
        id,
        parent_id: parent.map(|parent| parent.id),
        kind,
        name: facts.name,
        reference: facts.reference,
        website: facts.website,
        tax_id: facts.tax_id,
        note: facts.note.unwrap_or_default(),
        pricing_model: facts.pricing_model,
        time_zone: zone.unwrap_or_else(|| "UTC".into()),
        suspended: false,
        blocked: parent.is_some_and(|parent| parent.blocked),
        created_at: tx.now(),
        version: 1,
    };
    if !queries::insert(tx, &new).await? {
        return Err(taken(new.reference.as_deref()));
    }
    let after = Some(serde_json::to_value(&new)?);
    tx.changed(Change {
        noun: "organization",
        row_id: id,
        version: 1,
        organization_id: Some(id),
        before: None,
        after,
    });
    Ok(new)
}

/// Changes what is said about an organization.
#[derive(Clone, Debug, Serialize)]
pub struct EditOrganization {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said about it from now on.
    pub facts: OrganizationFacts,
}

impl Command for EditOrganization {
    const NAME: &'static str = "organizations.edit";
    type Outcome = Organization;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Organization> {
        tx.require(Permission::OrganizationsEdit, self.id).await?;
        let facts = self.facts.clone().checked()?;
        let before = current(tx, self.id, self.version).await?;
        if let Some(reference) = &facts.reference
            && queries::reference_is_taken(tx, reference, self.id).await?
        {
            return Err(taken(Some(reference)));
        }
        let version = queries::set_facts(tx, self.id, before.version, &facts).await?;
        version.ok_or_else(|| stale(&before))?;
        recorded(tx, before).await
    }
}

/// Puts an organization, and all below it, under another parent.
#[derive(Clone, Debug, Serialize)]
pub struct MoveOrganization {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// Where to.
    pub parent_id: Uuid,
}

impl Command for MoveOrganization {
    const NAME: &'static str = "organizations.move";
    type Outcome = Organization;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Organization> {
        tx.require(Permission::OrganizationsMove, self.id).await?;
        tx.require(Permission::OrganizationsMove, self.parent_id)
            .await?;
        tree::lock(tx).await?;
        let before = current(tx, self.id, self.version).await?;
        if before.parent_id.is_none() {
            return Err(Error::conflict(
                "organization.is_root",
                "The provider stands at the root.",
            ));
        }
        if tree::is_within(tx, self.parent_id, self.id).await? {
            let message = "An organization cannot move below itself.";
            return Err(Error::invalid("parent_id", "organization.circle", message));
        }
        let parent = queries::find(tx, self.parent_id)
            .await?
            .ok_or_else(Error::not_found)?;
        if parent.kind == Kind::Customer && before.kind == Kind::Partner {
            let message = "A partner cannot stand below a customer.";
            return Err(Error::invalid(
                "parent_id",
                "organization.partner_below_customer",
                message,
            ));
        }
        tree::transplant(tx, self.id, self.parent_id).await?;
        queries::touch(tx, self.id, before.version)
            .await?
            .ok_or_else(|| stale(&before))?;
        recorded(tx, before).await
    }
}

/// Suspends an organization, or takes that back. Units stay; nobody at or below it signs in meanwhile.
#[derive(Clone, Debug, Serialize)]
pub struct SuspendOrganization {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// Suspended from now on, or no more.
    pub suspended: bool,
}

impl Command for SuspendOrganization {
    const NAME: &'static str = "organizations.suspend";
    type Outcome = Organization;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Organization> {
        tx.require(Permission::OrganizationsSuspend, self.id)
            .await?;
        tree::lock(tx).await?;
        let before = current(tx, self.id, self.version).await?;
        if before.parent_id.is_none() {
            return Err(Error::conflict(
                "organization.is_root",
                "The provider cannot be suspended.",
            ));
        }
        tree::set_suspended(tx, self.id, self.suspended).await?;
        queries::touch(tx, self.id, before.version)
            .await?
            .ok_or_else(|| stale(&before))?;
        recorded(tx, before).await
    }
}

/// Takes a new organization away again. The caller has made sure that nothing refers to it: neither
/// organizations below it, nor people, nor units.
pub async fn remove(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    tree::lock(tx).await?;
    let before = current(tx, id, None).await?;
    let parent_id = before.parent_id.ok_or_else(Error::not_found)?;
    tx.require(Permission::OrganizationsCreate, parent_id)
        .await?;
    queries::delete(tx, id).await?;
    tree::uproot(tx, id).await?;
    tx.changed(Change {
        noun: "organization",
        row_id: id,
        version: before.version + 1,
        organization_id: Some(parent_id),
        before: Some(serde_json::to_value(&before)?),
        after: None,
    });
    Ok(())
}

/// The organization, if its version is the one the editor saw.
async fn current(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Organization> {
    let found = queries::find(tx, id).await?.ok_or_else(Error::not_found)?;
    if version.is_some_and(|version| version != found.version) {
        return Err(stale(&found));
    }
    Ok(found)
}

/// Reads the organization again and records what became of it.
async fn recorded(tx: &mut Tx<'_>, before: Organization) -> Result<Organization> {
    let after = queries::find(tx, before.id)
        .await?
        .ok_or_else(Error::not_found)?;
    let (old, new) = journal::difference(&before, &after)?;
    tx.changed(Change {
        noun: "organization",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.id),
        before: Some(old),
        after: Some(new),
    });
    Ok(after)
}

fn stale(found: &Organization) -> Error {
    let message = "Somebody changed this organization in the meantime; look at it again.";
    Error::new(ErrorKind::Stale, "version.stale", message).with("version", json!(found.version))
}

/// Reveals that the reference exists, not where: it is a key of the whole platform.
fn taken(reference: Option<&str>) -> Error {
    let message = format!(
        "The reference “{}” is in use.",
        reference.unwrap_or_default()
    );
    Error::invalid("reference", "organization.reference_taken", message)
}
