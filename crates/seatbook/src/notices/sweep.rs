//! What time and use ask for: last days that come near, and units that run low. Found in batches along an index, told
//! by commands.

use std::collections::BTreeMap;

use store::Timestamp;
use uuid::Uuid;

use super::{
    low::{TellLow, WatchUnits},
    queries, records,
    telling::{TellEnds, day},
};
use crate::{
    app::App,
    error::{Error, Result},
    gate::{Caller, Command, Key},
    organizations,
};

/// Licenses looked at in one go.
const AT_ONCE: i64 = 500;
/// Licenses in one digest: the soonest. What is left is told on the next day.
const MOST_IN_DIGEST: usize = 500;
/// From which hour of its day an organization is told what ends, so that all of a day comes in one mail.
const MORNING_HOUR: i8 = 7;

/// Tells what is due, once. What could not be told is tried the next time, and does not keep the rest from being told.
pub async fn run(app: &App, now: Timestamp) -> Result<()> {
    let mut trouble = None;
    for (organization_id, license_ids) in ends(app, now).await? {
        let told = tell(app, organization_id, (license_ids, now)).await;
        trouble = trouble.or(told.err());
    }
    let low = low(app, now).await;
    trouble.or(low.err()).map_or(Ok(()), Err)
}

/// By organization, the licenses of which something is due: the soonest first.
async fn ends(app: &App, now: Timestamp) -> Result<BTreeMap<Uuid, Vec<Uuid>>> {
    let mut found: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    // What ends at this instant is over.
    let mut place = (now, Uuid::max());
    loop {
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let tx = &mut tx;
                // A day more than the longest lead time, and one more as zones are apart.
                let days = queries::longest_lead(tx).await? + 2;
                let before = now.plus_seconds(days * 86_400);
                let endings = queries::endings(tx, place, before, AT_ONCE).await?;
                let ids: Vec<Uuid> = endings.iter().map(|it| it.license_id).collect();
                let said = records::said(tx, &ids).await?;
                Ok((endings, said))
            })
        });
        let (endings, said) = read.await?;
        for ending in &endings {
            for organization_id in ending.recipients() {
                let due = ending.due(now, organization_id, &said);
                let list = due.map(|_| found.entry(organization_id).or_default());
                if let Some(list) = list.filter(|list| list.len() < MOST_IN_DIGEST) {
                    list.push(ending.license_id);
                }
            }
        }
        match endings.last() {
            Some(last) if endings.len() as i64 == AT_ONCE => {
                place = (last.ends_at, last.license_id)
            }
            _ => return Ok(found),
        }
    }
}

/// Tells one organization, where it is morning and it was not told today. One that is suspended is told when it is
/// resumed.
async fn tell(
    app: &App,
    organization_id: Uuid,
    (license_ids, now): (Vec<Uuid>, Timestamp),
) -> Result<()> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = organizations::queries::find(&mut tx, organization_id).await?;
            let Some(organization) = found.filter(|it| !it.blocked) else {
                return Ok(false);
            };
            let zone = jiff::tz::TimeZone::get(&organization.time_zone);
            let zone = zone.unwrap_or(jiff::tz::TimeZone::UTC);
            let today = day(&organization, now);
            let told = records::was_told_on(&mut tx, organization_id, today).await?;
            Ok(!told && now.get().to_zoned(zone).hour() >= MORNING_HOUR)
        })
    });
    if read.await? {
        let command = TellEnds {
            organization_id,
            license_ids,
        };
        submit(app, command).await?;
    }
    Ok(())
}

/// Judges the units of licenses with a threshold where that changed, and tells of those that fell.
async fn low(app: &App, now: Timestamp) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let read = app.read(move |mut tx| {
            Box::pin(async move { queries::turned(&mut tx, after, now, AT_ONCE).await })
        });
        let turned = read.await?;
        for license_id in turned.iter().copied() {
            submit(app, WatchUnits { license_id }).await?;
        }
        match turned.last() {
            Some(last) if turned.len() as i64 == AT_ONCE => after = *last,
            _ => break,
        }
    }
    let read = app.read(|mut tx| Box::pin(async move { records::alerted(&mut tx, AT_ONCE).await }));
    let mut trouble = None;
    for organization_id in read.await? {
        let told = submit(app, TellLow { organization_id }).await;
        trouble = trouble.or(told.err());
    }
    trouble.map_or(Ok(()), Err)
}

/// Another server may be doing the same: what it did is refused here, and that is as good.
async fn submit<C: Command>(app: &App, command: C) -> Result<()> {
    let caller = Caller::system();
    let done = app.gate.submit(&caller, Key::mint()?, command);
    let answered = |error: Error| match error.is_refusal() {
        true => Ok(()),
        false => Err(error),
    };
    done.await.map(drop).or_else(answered)
}
