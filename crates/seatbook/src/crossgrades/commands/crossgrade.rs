//! Crossgrading: a plan takes the place of what a customer has of it, in one step.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Date;
use uuid::Uuid;

use super::{
    carried::{end_old, make_room, take_over},
    money::{Exchange, Priced, reckon},
    settle::{Settled, settle},
    undo::sees_prices,
};
use crate::{
    catalog,
    crossgrades::{
        model::{Crossgraded, Money, Record, Resolution, Said, Step},
        queries,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{
        self,
        commands::{authorize, draw, unbundle},
        model::{License, Pool},
        pools,
    },
    plan_subscriptions::{
        self,
        commands::{
            begin,
            order::{Line, Understood, deliver, sources, understand},
            supersede,
        },
        model::PlanOrder,
        overlaps,
    },
    scope::Permission,
};

/// Gives a customer a service plan of which it has a part already: what becomes of each overlap is said, or as usual.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Crossgrade {
    /// What is ordered.
    #[serde(flatten)]
    pub order: PlanOrder,
    /// What becomes of overlaps; of those that are not named, what is usual.
    pub overlaps: Vec<Said>,
}

impl Command for Crossgrade {
    const NAME: &'static str = "crossgrades.crossgrade";
    type Outcome = Crossgraded;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Crossgraded> {
        let understood = understand(tx, &self.order).await?;
        let (components, now) = (understood.components(), tx.now());
        let found = overlaps::find(tx, self.order.customer_id, &components, now).await?;
        if found.is_empty() {
            let message = "The customer has nothing of this plan yet; assign it instead.";
            return Err(Error::conflict("crossgrade.no_overlap", message));
        }
        let settled = settle(&understood.lines, found, &self.overlaps)?;
        check_start(&understood, &settled)?;
        let mut olds = Vec::with_capacity(settled.len());
        for it in &settled {
            let old = licenses::queries::get(tx, it.overlap.pool.license_id).await?;
            if it.resolution != Resolution::KeepBoth {
                permit(tx, it, &old).await?;
            }
            olds.push(old);
        }
        let mut work = Work {
            order: &self.order,
            understood: &understood,
            exchanges: Vec::new(),
            steps: Vec::new(),
        };
        let licenses = work
            .exchange(tx, settled.into_iter().zip(olds).collect())
            .await?;
        work.finish(tx, licenses).await
    }
}

/// Who ends what a customer has must be who may sell it: for its own license whoever sold that, for a share whoever
/// passed it on.
async fn permit(tx: &mut Tx<'_>, it: &Settled, old: &License) -> Result<()> {
    let from = match it.overlap.pool.parent_id {
        Some(parent_id) if !it.overlap.own => pools::find(tx, parent_id).await?,
        _ => return authorize(tx, old, Permission::LicensesSell).await,
    };
    let from = from.ok_or_else(Error::not_found)?;
    tx.require(Permission::LicensesSell, from.organization_id)
        .await
}

/// Where anything goes over, it goes over at once: nobody is without a unit, or has two, in between.
fn check_start(understood: &Understood, settled: &[Settled]) -> Result<()> {
    let keeps = |it: &Settled| it.resolution == Resolution::KeepBoth;
    if understood.start == understood.today || settled.iter().all(keeps) {
        return Ok(());
    }
    let message = "What is carried over is carried over at once: the plan begins today.";
    Err(Error::invalid(
        "start_date",
        "crossgrade.starts_later",
        message,
    ))
}

/// A crossgrade while it is done.
struct Work<'a> {
    order: &'a PlanOrder,
    understood: &'a Understood,
    exchanges: Vec<Exchange>,
    steps: Vec<Step>,
}

impl Work<'_> {
    /// Ends what ends, gives units back, and writes the licenses of the plan; gives each with its component's position.
    async fn exchange(
        &mut self,
        tx: &mut Tx<'_>,
        settled: Vec<(Settled, License)>,
    ) -> Result<Vec<(i64, License)>> {
        // Units go back before others are drawn: a crossgrade needs no unit that the customer does not have.
        let mut ended = Vec::with_capacity(settled.len());
        for (it, old) in &settled {
            ended.push(match it.resolution {
                Resolution::Transfer => make_room(tx, it, self.line_of(it)?).await?,
                Resolution::End => end_old(tx, it, old).await?,
                Resolution::KeepBoth => vec![],
            });
        }
        let mut licenses = Vec::new();
        for (line, place) in self.wanted(&settled)? {
            let carried = place.map(|place| &settled[place]);
            let source = self.source(tx, &line, carried.map(|(it, _)| it)).await?;
            let license = match carried {
                Some((it, _)) => {
                    if let Some(pool) = &source {
                        draw(tx, pool.id, line.units).await?;
                    }
                    let birth = self.understood.birth(self.order, &line, source.as_ref())?;
                    let (license, origin) = take_over(tx, it, birth).await?;
                    self.steps.push(Step {
                        origin: Some(origin),
                        ..step(
                            it,
                            Some(&license),
                            std::mem::take(&mut ended[place.unwrap_or(0)]),
                        )
                    });
                    license
                }
                None => deliver(tx, self.order, self.understood, (&line, source.as_ref())).await?,
            };
            let old = match carried {
                Some((_, old)) => self.old(tx, old).await?,
                None => None,
            };
            let new = self.new(&line, &license)?;
            self.exchanges.push((old, Some(new)));
            licenses.push((line.component.position, license));
        }
        for (place, (it, old)) in settled.iter().enumerate() {
            if it.resolution != Resolution::Transfer {
                self.steps
                    .push(step(it, None, std::mem::take(&mut ended[place])));
            }
            if it.resolution == Resolution::End {
                let old = self.old(tx, old).await?;
                self.exchanges.extend(old.map(|old| (Some(old), None)));
            }
        }
        Ok(licenses)
    }

    /// Every license that there is to be: its line, and the overlap whose pool it takes over.
    fn wanted(&self, settled: &[(Settled, License)]) -> Result<Vec<(Line, Option<usize>)>> {
        let mut wanted = Vec::new();
        for line in &self.understood.lines {
            let before = wanted.len();
            for (place, (it, _)) in settled.iter().enumerate() {
                let here = it.overlap.position == line.component.position;
                if here && it.resolution == Resolution::Transfer {
                    let line = Line {
                        units: it.units,
                        ..line.clone()
                    };
                    wanted.push((line, Some(place)));
                }
            }
            if wanted.len() == before {
                wanted.push((line.clone(), None));
            }
        }
        Ok(wanted)
    }

    fn line_of(&self, it: &Settled) -> Result<&Line> {
        let lines = &self.understood.lines;
        let line = lines
            .iter()
            .find(|line| line.component.position == it.overlap.position);
        line.ok_or_else(|| Error::internal("an overlap without its component"))
    }

    /// The pool that a license's units are drawn from; none where they are new, or where they are the very units that
    /// the customer had, which came from nowhere else.
    async fn source(
        &self,
        tx: &mut Tx<'_>,
        line: &Line,
        carried: Option<&Settled>,
    ) -> Result<Option<Pool>> {
        let its_own = carried.is_some_and(|it| {
            let pool = &it.overlap.pool;
            let same = it.overlap.own && it.overlap.same_product && pool.parent_id.is_none();
            same && line.units <= pool.quantity && line.source_pool_id.is_none()
        });
        if its_own {
            return Ok(None);
        }
        let pools = sources(tx, self.order, (self.understood, &[line])).await?;
        Ok(pools.into_iter().next().flatten())
    }

    /// What the customer had, as money sees it; nothing where it was a share, which has no price here.
    async fn old(&self, tx: &mut Tx<'_>, old: &License) -> Result<Option<Priced>> {
        if old.organization_id != self.order.customer_id {
            return Ok(None);
        }
        let sku = catalog::queries::find_sku(tx, old.sku_id).await?;
        let validity = sku.and_then(|sku| sku.validity);
        let full = validity.and_then(|validity| validity.end_from(old.start_date.0).ok());
        Ok(Some(Priced {
            sku_code: old.sku_code.clone(),
            units: old.quantity,
            price: queries::price_of(tx, old.id).await?,
            start: old.start_date,
            end: old.end_date,
            // A term that was made longer by hand is as long as it is.
            full_end: full.map(Date).max(old.end_date.filter(|_| full.is_some())),
        }))
    }

    fn new(&self, line: &Line, license: &License) -> Result<Priced> {
        let full = self.understood.plan.term.end_from(license.start_date.0);
        Ok(Priced {
            sku_code: license.sku_code.clone(),
            units: license.quantity,
            price: line.price.clone(),
            start: license.start_date,
            end: license.end_date,
            full_end: full.ok().map(Date),
        })
    }

    /// Writes the subscription, supersedes those whose place it takes, and marks what is left over of them.
    async fn finish(self, tx: &mut Tx<'_>, licenses: Vec<(i64, License)>) -> Result<Crossgraded> {
        let parts: Vec<(i64, &License)> = licenses.iter().map(|(at, it)| (*at, it)).collect();
        let assigned = begin(tx, self.order, self.understood, &parts).await?;
        let (superseded, unbundled) = leave(tx, &self.steps, assigned.subscription.id).await?;
        let money = reckon(self.understood.today, &self.exchanges)?;
        let record = Record {
            steps: self.steps,
            superseded,
            unbundled,
        };
        let whose = (assigned.subscription.id, self.order.customer_id);
        keep(tx, whose, (&record, &money)).await?;
        let scope = &tx.caller().scope;
        let seen = sees_prices(scope, self.order.seller_id, self.order.customer_id);
        Ok(Crossgraded {
            assigned,
            steps: record.steps.into_iter().map(Step::shown).collect(),
            superseded: record.superseded,
            unbundled: record.unbundled,
            money: Some(money).filter(|_| seen),
        })
    }
}

fn step(it: &Settled, license: Option<&License>, ended: Vec<Uuid>) -> Step {
    let pool = &it.overlap.pool;
    let gone = it.resolution == Resolution::End;
    Step {
        pool_id: pool.id,
        old_license_id: pool.license_id,
        old_sku_code: pool.sku_code.clone(),
        product_name: pool.product_name.clone(),
        resolution: it.resolution,
        units_before: pool.quantity,
        units: it.units,
        bound: license.map_or(0, |license| license.assigned),
        passed_on: license.map_or(0, |license| license.allocated),
        license_id: license.map(|license| license.id),
        old_end_date: pool.end_date,
        end_date: match license {
            Some(license) => license.end_date,
            None => pool.end_date.filter(|_| !gone),
        },
        ended,
        origin: None,
    }
}

/// Supersedes the subscriptions that something was carried over or ended of. Their other licenses are left over.
async fn leave(
    tx: &mut Tx<'_>,
    steps: &[Step],
    successor_id: Uuid,
) -> Result<(Vec<Uuid>, Vec<Uuid>)> {
    let gone = steps
        .iter()
        .filter(|it| it.resolution != Resolution::KeepBoth);
    let gone: Vec<Uuid> = gone.map(|it| it.old_license_id).collect();
    let bundles = plan_subscriptions::queries::running_with(tx, &gone).await?;
    let bundles: BTreeSet<Uuid> = bundles.into_iter().map(|(_, id)| id).collect();
    let mut unbundled = Vec::new();
    for id in bundles.iter().filter(|id| **id != successor_id) {
        let before = plan_subscriptions::queries::get(tx, *id).await?;
        supersede(tx, before, Some(successor_id)).await?;
        for part in plan_subscriptions::queries::parts(tx, *id).await? {
            let stays = part.license.standing == rules::lifecycle::Standing::Issued;
            if stays && !part.license.unbundled {
                unbundled.push(part.license.id);
                unbundle(tx, part.license, true).await?;
            }
        }
    }
    let superseded = bundles.into_iter().filter(|id| *id != successor_id);
    Ok((superseded.collect(), unbundled))
}

/// Keeps what became of each overlap. The journal says so too; the money stays between seller and buyer.
async fn keep(
    tx: &mut Tx<'_>,
    (id, organization_id): (Uuid, Uuid),
    (record, money): (&Record, &Money),
) -> Result<()> {
    let now = tx.now();
    queries::insert(tx, (id, organization_id), (record, money), now).await?;
    tx.changed(Change {
        noun: "crossgrade",
        row_id: id,
        version: 1,
        organization_id: Some(organization_id),
        before: None,
        after: Some(json!(record)),
    });
    Ok(())
}
