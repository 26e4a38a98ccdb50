//! What becomes of a subscription whose plan is made of other parts by now: it gets those, or stays as it is.

use serde_json::to_value;
use uuid::Uuid;

use super::{assign::try_products, changed_meanwhile, order::Line};
use crate::{
    error::Result,
    gate::Tx,
    journal::{self, Change},
    licenses::{
        carrying::{release, settle},
        commands::unbundle,
    },
    plan_subscriptions::{
        model::{Part, PlanSubscription},
        queries,
    },
    plans::model::Edition,
};

/// The licenses of a subscription, before and afterwards.
#[derive(Debug, Default)]
pub struct Parts {
    /// Those that stay, with the place that their component has from now on.
    pub kept: Vec<(i64, Uuid)>,
    /// New ones, with their component's place.
    pub new: Vec<(i64, Uuid)>,
    /// Those that leave, as they are so far.
    pub gone: Vec<Part>,
}

/// Gives a subscription the newest composition of its plan: parts that leave run to their own end, and what is new of a
/// trial is tried. Gives the subscription, and the licenses that are left over.
pub async fn recompose(
    tx: &mut Tx<'_>,
    before: PlanSubscription,
    parts: Parts,
    lines: &[Line],
) -> Result<(PlanSubscription, Vec<Uuid>)> {
    let after = PlanSubscription {
        composition: before.newest_composition,
        version: before.version + 1,
        ..before.clone()
    };
    if !queries::set_composition(tx, &after, before.version).await? {
        return Err(changed_meanwhile());
    }
    for (position, license_id) in &parts.kept {
        queries::set_position(tx, after.id, (*license_id, *position)).await?;
    }
    for (position, license_id) in &parts.new {
        queries::insert_part(tx, after.id, (*license_id, *position)).await?;
    }
    let (mut gone, mut left_over) = (Vec::new(), Vec::new());
    for part in parts.gone {
        let id = part.license.id;
        gone.push(id);
        queries::delete_part(tx, after.id, id).await?;
        match part.license.standing {
            rules::lifecycle::Standing::Issued => {
                left_over.push(id);
                unbundle(tx, part.license, true).await?;
            }
            _ => release(tx, &[id]).await?,
        }
    }
    let kept: Vec<Uuid> = parts.kept.iter().map(|(_, id)| *id).collect();
    let new: Vec<Uuid> = parts.new.iter().map(|(_, id)| *id).collect();
    let (had, has) = ([&kept[..], &gone].concat(), [&kept[..], &new].concat());
    settle(tx, &has, (after.plan_id, after.newest_composition)).await?;
    if after.edition == Edition::Trial {
        try_products(tx, &after, lines).await?;
    }
    record(tx, (&before, &after), (had, has))?;
    Ok((after, left_over))
}

/// Leaves a subscription as it is, although its plan is made of other parts by now.
pub async fn decline(tx: &mut Tx<'_>, before: PlanSubscription) -> Result<PlanSubscription> {
    let after = PlanSubscription {
        declined: before.newest_composition,
        version: before.version + 1,
        ..before.clone()
    };
    if !queries::set_composition(tx, &after, before.version).await? {
        return Err(changed_meanwhile());
    }
    let parts = queries::parts(tx, after.id).await?;
    let ids: Vec<Uuid> = parts.iter().map(|part| part.license.id).collect();
    settle(tx, &ids, (after.plan_id, after.newest_composition)).await?;
    record(tx, (&before, &after), (vec![], vec![]))?;
    Ok(after)
}

/// Records what was decided, with the licenses where others are its parts now.
fn record(
    tx: &mut Tx<'_>,
    (before, after): (&PlanSubscription, &PlanSubscription),
    (had, has): (Vec<Uuid>, Vec<Uuid>),
) -> Result<()> {
    let (mut old, mut new) = journal::difference(before, after)?;
    if had != has {
        old["license_ids"] = to_value(had)?;
        new["license_ids"] = to_value(has)?;
    }
    tx.changed(Change {
        noun: "plan_subscription",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: Some(old),
        after: Some(new),
    });
    Ok(())
}
