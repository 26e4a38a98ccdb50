//! The verbs of people: saying who is told when.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{LicenseNotices, LicenseNoticesFacts, NoticePolicy, NoticePolicyFacts},
    queries, records,
};
use crate::{
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    journal::{self, Change},
    licenses::{self, commands::authorize},
    scope::Permission,
};

/// Says how the notices of an organization go out.
#[derive(Clone, Debug, Serialize)]
pub struct SetNoticePolicy {
    /// Whose.
    pub organization_id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said from now on.
    pub facts: NoticePolicyFacts,
}

impl Command for SetNoticePolicy {
    const NAME: &'static str = "notices.edit_policy";
    type Outcome = NoticePolicy;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<NoticePolicy> {
        tx.require(Permission::LicensesEdit, self.organization_id)
            .await?;
        let facts = self.facts.clone().checked()?;
        let before = queries::policy(tx, self.organization_id).await?;
        check_seen(self.version, before.version)?;
        let after = NoticePolicy {
            facts,
            version: before.version + 1,
            ..before.clone()
        };
        if !queries::put_policy(tx, &after, before.version).await? {
            return Err(changed());
        }
        let (old, new) = journal::difference(&before.facts, &after.facts)?;
        tx.changed(Change {
            noun: "notice_policy",
            row_id: self.organization_id,
            version: after.version,
            organization_id: Some(self.organization_id),
            before: (before.version > 0).then_some(old),
            after: Some(new),
        });
        Ok(after)
    }
}

/// Says what is otherwise for one license. Another threshold is watched anew: units that are below it are told of.
#[derive(Clone, Debug, Serialize)]
pub struct SetLicenseNotices {
    /// Which.
    pub license_id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said from now on.
    pub facts: LicenseNoticesFacts,
}

impl Command for SetLicenseNotices {
    const NAME: &'static str = "notices.edit";
    type Outcome = LicenseNotices;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<LicenseNotices> {
        let found = licenses::queries::find(tx, self.license_id).await?;
        let Some(license) = found else {
            tx.unguarded("there is nothing to guard");
            return Err(Error::not_found());
        };
        authorize(tx, &license, Permission::LicensesEdit).await?;
        let facts = self.facts.clone().checked()?;
        let before = queries::rule(tx, self.license_id).await?;
        check_seen(self.version, before.version)?;
        let after = LicenseNotices {
            facts,
            version: before.version + 1,
            ..before.clone()
        };
        if !queries::put_rule(tx, &after, before.version).await? {
            return Err(changed());
        }
        let (old, new) = journal::difference(&before.facts, &after.facts)?;
        tx.changed(Change {
            noun: "notice_rule",
            row_id: self.license_id,
            version: after.version,
            organization_id: Some(license.organization_id),
            before: (before.version > 0).then_some(old),
            after: Some(new),
        });
        if before.facts.threshold() != after.facts.threshold() {
            arm(tx, self.license_id, license.organization_id).await?;
        }
        Ok(after)
    }
}

/// Forgets that units were low, so that they are judged by what is said now.
async fn arm(tx: &mut Tx<'_>, license_id: Uuid, organization_id: Uuid) -> Result<()> {
    if records::low_since(tx, license_id).await?.is_some() {
        record_low(tx, license_id, organization_id, false).await?;
    }
    Ok(())
}

/// Writes and records whether units are low; gives the version, or nothing where that was written before.
pub(super) async fn record_low(
    tx: &mut Tx<'_>,
    license_id: Uuid,
    organization_id: Uuid,
    low: bool,
) -> Result<Option<i64>> {
    let now = tx.now();
    let version = records::set_low(tx, license_id, low, now).await?;
    if let Some(version) = version {
        tx.changed(Change {
            noun: "low_pool",
            row_id: license_id,
            version,
            organization_id: Some(organization_id),
            before: (version > 1).then(|| json!({"low": !low})),
            after: Some(json!({"low": low})),
        });
    }
    Ok(version)
}

fn check_seen(seen: Option<i64>, version: i64) -> Result<()> {
    if seen.is_none_or(|seen| seen == version) {
        return Ok(());
    }
    let message = "Somebody changed these notices in the meantime; look at them again.";
    Err(Error::new(Kind::Stale, "version.stale", message).with("version", version))
}

fn changed() -> Error {
    let message = "Somebody changed these notices at the same moment; please look again.";
    Error::conflict("notice.changed", message)
}

/// There is nothing to tell: another server told it, or it is not so any more.
pub(super) fn nothing_due() -> Error {
    Error::conflict("notice.not_due", "There is nothing to tell of.")
}
