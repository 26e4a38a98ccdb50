//! Binding units: one, or several hundred at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Lane, Place};
use uuid::Uuid;

use super::{
    changed_meanwhile, count_add_ons,
    hand::follow_owner,
    judge::{Carry, Good, Judgement, Target, judge_rows},
    record_new, record_pool,
};
use crate::{
    assignments::{
        model::{Binding, Bound, BoundAddOn, Made, Mode, RefusedRow, Wanted},
        records,
    },
    error::{Error, FieldError, Result},
    gate::{Command, Tx},
    holders::{
        self,
        model::{Holder, HolderFacts, Kind},
    },
    journal::Change,
    licenses::{self, pools},
    scope::Permission,
};

/// The most rows one request binds.
pub const MOST_ROWS: usize = 500;
/// How often pools are picked again because another request was faster.
const PICKS: usize = 3;

/// Binds units of an organization's pools to its holders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assign {
    /// Whose pools and holders.
    pub organization_id: Uuid,
    /// What shall be bound.
    pub rows: Vec<Wanted>,
    /// What becomes of rows that cannot be done.
    pub mode: Mode,
}

impl Command for Assign {
    const NAME: &'static str = "assignments.assign";
    /// A refused row says who has what, which the journal must not keep.
    const SECRET: bool = true;
    type Outcome = Made;

    /// One unit of a named pool begins with that pool, like the other requests of its batch.
    fn place(&self) -> Place {
        let lane = match self.mode {
            Mode::All => Lane::Interactive,
            Mode::Good => Lane::Bulk,
        };
        let (shard, pipelined) = match self.rows.as_slice() {
            [one] if one.add_ons.is_empty() && one.base_id.is_none() && one.extension.is_none() => {
                (one.pool_id.map(|id| id.as_u128()), one.pool_id.is_some())
            }
            _ => (None, false),
        };
        Place {
            lane,
            shard,
            pipelined,
        }
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Made> {
        tx.require(Permission::AssignmentsSet, self.organization_id)
            .await?;
        if self.rows.is_empty() || self.rows.len() > MOST_ROWS {
            let message = format!("Bind 1 to {MOST_ROWS} rows at once.");
            return Err(Error::invalid("rows", "rows.out_of_range", message));
        }
        for _ in 0..PICKS {
            let at = (self.organization_id, tx.now());
            let judgement = judge_rows(tx, at, &self.rows, &mut Carry::default()).await?;
            if self.mode == Mode::All && !judgement.refused.is_empty() {
                return Err(refusal(&judgement, self.rows.len()));
            }
            if self.take(tx, &judgement).await? {
                return self.write(tx, judgement).await;
            }
        }
        Err(changed_meanwhile())
    }
}

impl Assign {
    /// Takes the units from their pools, in the order of ids. `false` where the first pool has changed since it
    /// was read: nothing is written then, and the pick is made again.
    async fn take(&self, tx: &mut Tx<'_>, judgement: &Judgement) -> Result<bool> {
        let mut totals: BTreeMap<Uuid, i64> = BTreeMap::new();
        for good in &judgement.good {
            for (part, pool_id) in good.pools.iter().enumerate() {
                *totals.entry(*pool_id).or_default() += self.units(good.row, part);
            }
        }
        let now = tx.now();
        for (place, (pool_id, units)) in totals.into_iter().enumerate() {
            let source = judgement.facts.source(pool_id)?;
            // A crossgrade may have made it the pool of another license since it was read.
            let (balance, license_id) = match pools::bind(tx, pool_id, units, now).await? {
                Some(bound) if bound.1 == source.license_id => bound,
                None if place == 0 => return Ok(false),
                _ => return Err(changed_meanwhile()),
            };
            record_pool(tx, (pool_id, self.organization_id), balance, units);
            if !source.used {
                licenses::queries::mark_used(tx, license_id).await?;
            }
        }
        Ok(true)
    }

    /// Units of a row's product, or of one of its add-ons.
    fn units(&self, row: usize, part: usize) -> i64 {
        match part {
            0 => self.rows[row].units,
            _ => 1,
        }
    }

    async fn write(&self, tx: &mut Tx<'_>, judgement: Judgement) -> Result<Made> {
        let mut made = Made {
            refused: judgement.refused.clone(),
            notices: judgement.notices.clone(),
            ..Made::default()
        };
        let mut writing = Writing::default();
        for good in &judgement.good {
            let bound = self.bind(tx, &judgement, good, &mut writing)?;
            made.assigned.push(bound);
        }
        writing.write(tx).await?;
        Ok(made)
    }

    /// Lays out what one row writes.
    fn bind(
        &self,
        tx: &mut Tx<'_>,
        judgement: &Judgement,
        good: &Good,
        writing: &mut Writing,
    ) -> Result<Bound> {
        let count = i64::try_from(good.products.len()).map_err(Error::internal)?;
        let base = match &good.target {
            Target::Base(id) => judgement.facts.bases.get(id),
            _ => None,
        };
        let (holder_id, user_id) = match (&good.target, base) {
            (_, Some(base)) => (base.holder_id, base.user_id),
            (Target::Known(holder), _) => writing.claim(holder, good),
            (Target::Extension(digits), _) => {
                writing.found(tx, self.organization_id, (digits, count), good)
            }
            (Target::Base(_), None) => return Err(Error::internal("a row lost its base")),
        };
        writing.count(&good.target, (holder_id, user_id), count);
        if let Some(base) = base {
            let (_, add_ons) = writing.bases.entry(base.id).or_insert((base.clone(), 0));
            *add_ons += count;
        }
        let mut bound = Bound {
            row: good.row,
            id: Uuid::nil(),
            holder_id,
            pool_id: good.pools.first().copied().unwrap_or_default(),
            add_ons: vec![],
        };
        for (part, ((product_id, single), pool_id)) in
            good.products.iter().zip(&good.pools).enumerate()
        {
            let id = tx.new_id();
            let base_id = match part {
                0 => base.map(|base| base.id),
                _ => Some(bound.id),
            };
            writing.bindings.push(Binding {
                id,
                license_id: judgement.facts.source(*pool_id)?.license_id,
                pool_id: *pool_id,
                organization_id: self.organization_id,
                product_id: *product_id,
                holder_id,
                user_id,
                base_id,
                units: self.units(good.row, part),
                single: *single,
                add_ons: if part == 0 { count - 1 } else { 0 },
                follows_id: None,
                ended: false,
                version: 1,
            });
            match part {
                0 => bound.id = id,
                _ => bound.add_ons.push(BoundAddOn {
                    id,
                    product_id: *product_id,
                    pool_id: *pool_id,
                }),
            }
        }
        Ok(bound)
    }
}

/// What all rows together write, laid out before the first of it is written.
#[derive(Default)]
struct Writing {
    extensions: Vec<Holder>,
    /// Extensions that get another owner or direct number.
    claimed: Vec<(Holder, Option<Uuid>, Option<String>)>,
    /// Bindings more of holders that are there.
    counted: BTreeMap<Uuid, i64>,
    /// Bases that get add-ons, and how many.
    bases: BTreeMap<Uuid, (Binding, i64)>,
    bindings: Vec<Binding>,
}

impl Writing {
    /// Who holds it now has more. Who is new is counted when they are written.
    fn count(&mut self, target: &Target, (holder_id, user_id): (Uuid, Option<Uuid>), count: i64) {
        if !matches!(target, Target::Extension(_)) {
            *self.counted.entry(holder_id).or_default() += count;
        }
        // The person behind it is counted by nothing, and held: they do not leave at this moment.
        if let Some(user_id) = user_id {
            self.counted.entry(user_id).or_default();
        }
    }

    /// A holder that is there: an extension may get an owner and a direct number.
    fn claim(&mut self, holder: &Holder, good: &Good) -> (Uuid, Option<Uuid>) {
        let owner_id = match holder.kind {
            Kind::User => None,
            _ => good.owner_id.or(holder.owner_id),
        };
        let did = good.number.clone().or_else(|| holder.did.clone());
        if owner_id != holder.owner_id || did != holder.did {
            self.claimed.push((holder.clone(), owner_id, did));
        }
        match holder.kind {
            Kind::User => (holder.id, Some(holder.id)),
            _ => (holder.id, owner_id),
        }
    }

    /// An extension that is made for the row.
    fn found(
        &mut self,
        tx: &mut Tx<'_>,
        organization_id: Uuid,
        (digits, bindings): (&str, i64),
        good: &Good,
    ) -> (Uuid, Option<Uuid>) {
        let holder = Holder {
            id: tx.new_id(),
            organization_id,
            kind: Kind::Extension,
            name: format!("Extension {digits}"),
            email: None,
            extension: Some(digits.to_owned()),
            did: good.number.clone(),
            serial: None,
            reference: None,
            owner_id: good.owner_id,
            owner_name: None,
            left_at: None,
            bindings,
            created_at: tx.now(),
            version: 1,
        };
        let id = holder.id;
        self.extensions.push(holder);
        (id, good.owner_id)
    }

    async fn write(self, tx: &mut Tx<'_>) -> Result<()> {
        let (new, now) = (self.extensions.len() as u64, tx.now());
        if holders::records::insert(tx, &self.extensions).await? != new {
            return Err(changed_meanwhile());
        }
        for extension in &self.extensions {
            tx.changed(holders::commands::created(extension));
        }
        let owners = claim(tx, self.claimed).await?;
        follow_owner(tx, &owners, None).await?;
        let deltas: Vec<(Uuid, i64)> = self.counted.into_iter().collect();
        if holders::records::count_bindings(tx, &deltas).await? != deltas.len() as u64 {
            return Err(changed_meanwhile());
        }
        count_add_ons(tx, self.bases.into_values().collect()).await?;
        let bound = self.bindings.len() as u64;
        if records::insert(tx, &self.bindings, now).await? != bound {
            return Err(changed_meanwhile());
        }
        for binding in &self.bindings {
            record_new(tx, binding);
        }
        Ok(())
    }
}

/// Writes whose extensions are now, and their numbers; gives those that changed hands.
async fn claim(
    tx: &mut Tx<'_>,
    claimed: Vec<(Holder, Option<Uuid>, Option<String>)>,
) -> Result<Vec<(Uuid, Option<Uuid>)>> {
    let mut owners = Vec::with_capacity(claimed.len());
    let mut indexed = Vec::with_capacity(claimed.len());
    for (holder, owner_id, did) in claimed {
        if !holders::records::set_owner(tx, &holder, owner_id, &did).await? {
            return Err(changed_meanwhile());
        }
        let facts = HolderFacts {
            did: did.clone(),
            ..HolderFacts::of(&holder)
        };
        let changed = facts.differing(&holder);
        tx.changed(Change {
            noun: "holder",
            row_id: holder.id,
            version: holder.version + 1,
            organization_id: Some(holder.organization_id),
            before: Some(json!({"owner_id": holder.owner_id})),
            after: Some(json!({"owner_id": owner_id, "changed": changed})),
        });
        if owner_id != holder.owner_id {
            owners.push((holder.id, owner_id));
        }
        indexed.push(Holder { did, ..holder });
    }
    holders::records::index(tx, &indexed).await?;
    Ok(owners)
}

/// All rows that cannot be done as one refusal: wrong input names its fields, a rule names the rows.
fn refusal(judgement: &Judgement, rows: usize) -> Error {
    let ruled = |refused: &&RefusedRow| RULES.contains(&refused.code.as_ref());
    let by_rule: Vec<&RefusedRow> = judgement.refused.iter().filter(ruled).collect();
    let first = match by_rule.first() {
        Some(first) if by_rule.len() == judgement.refused.len() => first,
        _ => {
            return Error::invalid_fields(
                judgement.refused.iter().map(|it| field(it, rows)).collect(),
            );
        }
    };
    let short: Vec<_> = judgement
        .short
        .iter()
        .map(|(product_id, wanted, free)| {
            json!({"product_id": product_id, "wanted": wanted, "free": free, "short": wanted - free})
        })
        .collect();
    let code = RULES.iter().find(|code| **code == first.code);
    let message = match rows {
        1 => first.message.clone(),
        _ => format!("Row {}: {}", first.row + 1, first.message),
    };
    let mut error = Error::conflict(code.copied().unwrap_or("assignment.refused"), message);
    for (name, value) in first.facts.iter() {
        error = error.with(name, value.clone());
    }
    let error = error.with("rows", json!(by_rule));
    if short.is_empty() {
        error
    } else {
        error.with("short", short)
    }
}

/// What is refused by a rule of the book, not for how it was written.
const RULES: [&str; 6] = [
    "pool.exhausted",
    "pool.closed",
    "assignment.exists",
    "assignment.ended",
    "add_on.bound",
    "extension.taken",
];

fn field(refused: &RefusedRow, rows: usize) -> FieldError {
    let field = match rows {
        1 => refused.field.to_string(),
        _ => format!("rows[{}].{}", refused.row, refused.field),
    };
    FieldError {
        field,
        code: refused.code.clone(),
        message: refused.message.clone(),
    }
}
