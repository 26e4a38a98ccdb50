//! Which of the wanted bindings can be made, and from which pools. The same judgement for a preview, for the check
//! of a file and for the write itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use rules::{
    picking::{self, Part, Pool},
    telephone,
};
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::facts::{Facts, exhausted, notices};
use crate::{
    assignments::{
        model::{Notice, RefusedRow, Wanted},
        queries::Source,
    },
    catalog::model::{Product, ProductKind},
    error::Result,
    holders::model::{Holder, Kind, NO_EXTENSION, NO_NUMBER},
};

/// Who shall hold what a row binds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// A holder that is there.
    Known(Box<Holder>),
    /// An extension to be made.
    Extension(String),
    /// Whoever holds the base that an add-on is bound to.
    Base(Uuid),
}

/// A row that can be done.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub(super) row: usize,
    pub(super) target: Target,
    /// The user an extension shall belong to, and its direct number; as they are where there is none.
    pub(super) owner_id: Option<Uuid>,
    pub(super) number: Option<String>,
    /// Its products, the wanted one first, with whether a holder has at most one of each.
    pub(super) products: Vec<(Uuid, bool)>,
    /// Their pools, in the same order.
    pub(super) pools: Vec<Uuid>,
}

/// What rows come to: the good ones with their pools, and the others with their reasons.
pub struct Judgement {
    pub(super) good: Vec<Good>,
    /// Why the others cannot be done, by row.
    pub refused: Vec<RefusedRow>,
    /// What is worth knowing about the good ones.
    pub notices: Vec<Notice>,
    /// Products of which the rows want more than there is: units wanted and units free, over all rows that
    /// could be done but for that.
    pub short: Vec<(Uuid, i64, i64)>,
    pub(super) facts: Facts,
}

/// What the rows before took, for judging more rows than one request binds.
#[derive(Clone, Debug, Default)]
pub struct Carry {
    /// Units by pool.
    taken: HashMap<Uuid, i64>,
    /// Units wanted by product, of rows that could be done but for that.
    wanted: BTreeMap<Uuid, i64>,
    /// Units free by product before the first row.
    free: BTreeMap<Uuid, i64>,
}

impl Carry {
    /// Products of which all rows together want more than there is: units wanted and units free.
    pub fn short(&self) -> Vec<(Uuid, i64, i64)> {
        let free = |product: &Uuid| self.free.get(product).copied().unwrap_or_default();
        let all = self.wanted.iter();
        all.map(|(product, wanted)| (*product, *wanted, free(product)))
            .filter(|(_, wanted, free)| wanted > free)
            .collect()
    }

    /// Pools with what the rows before left of them.
    fn left(&mut self, sources: &[Source]) -> Vec<Pool<Uuid, Uuid>> {
        let open = sources.iter().filter(|source| source.open);
        let mut pools: Vec<Pool<Uuid, Uuid>> = open.map(|source| source.pool).collect();
        let mut free: BTreeMap<Uuid, i64> = BTreeMap::new();
        for pool in &mut pools {
            *free.entry(pool.product).or_default() += pool.free;
            pool.free -= self.taken.get(&pool.pool).copied().unwrap_or_default();
        }
        self.free.extend(free);
        pools
    }

    fn take(&mut self, before: &[Pool<Uuid, Uuid>], after: &[Pool<Uuid, Uuid>]) {
        for (before, after) in before.iter().zip(after) {
            *self.taken.entry(before.pool).or_default() += before.free - after.free;
        }
    }
}

/// Judges rows against the book as it is; earlier rows take units before later ones.
pub async fn judge_rows(
    tx: &mut Tx<'_>,
    (organization_id, now): (Uuid, Timestamp),
    rows: &[Wanted],
    carry: &mut Carry,
) -> Result<Judgement> {
    let facts = Facts::read(tx, organization_id, rows, now).await?;
    let mut judge = Judge {
        facts: &facts,
        organization_id,
        taken: HashSet::new(),
        extensions: HashSet::new(),
        numbers: HashMap::new(),
    };
    let mut refused = Vec::new();
    let mut good = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        match judge.row(place, row) {
            Ok(fine) => good.push((fine, row)),
            Err(why) => refused.push(why),
        }
    }
    let parts: Vec<Vec<Part<Uuid, Uuid>>> =
        good.iter().map(|(fine, row)| parts(fine, row)).collect();
    let before = carry.left(&facts.sources);
    for part in parts.iter().flatten() {
        *carry.wanted.entry(part.product).or_default() += part.units;
    }
    let mut pools = before.clone();
    let mut kept = Vec::with_capacity(good.len());
    for ((mut fine, row), picked) in good.into_iter().zip(picking::pick(&mut pools, &parts)) {
        match picked {
            Ok(pools) => {
                fine.pools = pools;
                kept.push(fine);
            }
            Err(short) => refused.push(exhausted(&facts, (fine.row, row), short)),
        }
    }
    carry.take(&before, &pools);
    refused.sort_by_key(|refused| refused.row);
    let notices = kept.iter().flat_map(|fine| notices(&facts, fine)).collect();
    Ok(Judgement {
        good: kept,
        refused,
        notices,
        short: carry.short(),
        facts,
    })
}

fn parts(fine: &Good, row: &Wanted) -> Vec<Part<Uuid, Uuid>> {
    let part = |place: usize, product: Uuid| Part {
        product,
        units: if place == 0 { row.units } else { 1 },
        pool: row.pool_id.filter(|_| place == 0),
    };
    let products = fine.products.iter().enumerate();
    products
        .map(|(place, (product, _))| part(place, *product))
        .collect()
}

/// One pass over the rows: what earlier ones take, later ones cannot.
struct Judge<'a> {
    facts: &'a Facts,
    organization_id: Uuid,
    /// Holder, or base, and product.
    taken: HashSet<(Uuid, Uuid)>,
    extensions: HashSet<String>,
    numbers: HashMap<String, usize>,
}

type Judged<T> = std::result::Result<T, RefusedRow>;

impl Judge<'_> {
    fn row(&mut self, place: usize, row: &Wanted) -> Judged<Good> {
        let refuse = |field: &'static str, code: &'static str, message: &str| {
            RefusedRow::new(place, field, code, message)
        };
        let product = self.facts.products.get(&row.product_id);
        let product = product
            .ok_or_else(|| refuse("product_id", "product.unknown", "There is no such product."))?;
        if !(1..=rules::shares::MAX_UNITS).contains(&row.units) {
            let message = "Bind 1 to 999,999,999 units.";
            return Err(refuse("units", "units.out_of_range", message));
        }
        if row.units > 1 && !product.many_per_holder {
            let message = "A holder has one unit of this product.";
            return Err(refuse("units", "assignment.single", message));
        }
        let named = row
            .pool_id
            .filter(|pool_id| !self.has_pool(*pool_id, product.id));
        if named.is_some() {
            let message = "The organization has no such pool of this product.";
            return Err(refuse("pool_id", "pool.unknown", message));
        }
        let target = match product.kind {
            ProductKind::AddOn => self.base(place, row, product)?,
            ProductKind::Base if row.base_id.is_some() => {
                let message = "Only an add-on is bound to a base.";
                return Err(refuse("base_id", "product.not_add_on", message));
            }
            ProductKind::Base => self.holder(place, row, product)?,
        };
        let number = self.number(place, row, &target)?;
        let products = self.products(place, row, product)?;
        // Only now is the row good, and takes what it wants from those after it.
        let extension = row.extension.as_deref().map(telephone::extension);
        self.extensions.extend(extension.and_then(|read| read.ok()));
        self.numbers
            .extend(number.clone().map(|number| (number, place)));
        Ok(Good {
            row: place,
            owner_id: row.holder_id.filter(|_| row.extension.is_some()),
            target,
            number,
            products,
            pools: vec![],
        })
    }

    fn has_pool(&self, pool_id: Uuid, product_id: Uuid) -> bool {
        let of = |source: &&Source| source.pool.pool == pool_id;
        let found = self.facts.sources.iter().find(of);
        found.is_some_and(|source| source.pool.product == product_id)
    }

    /// The holder of the base an add-on is wanted for.
    fn base(&mut self, place: usize, row: &Wanted, product: &Product) -> Judged<Target> {
        let refuse = |field: &'static str, code: &'static str, message: String| {
            RefusedRow::new(place, field, code, message)
        };
        let base = row.base_id.and_then(|id| self.facts.bases.get(&id));
        let base = base.filter(|base| base.organization_id == self.organization_id);
        let unknown = || {
            let message = "Say which base assignment of the organization it shall be bound to.";
            refuse("base_id", "assignment.unknown", message.into())
        };
        let base = base
            .filter(|base| base.base_id.is_none())
            .ok_or_else(unknown)?;
        if base.ended {
            let message = "That assignment has ended.".into();
            return Err(refuse("base_id", "assignment.ended", message));
        }
        if !self.facts.fits.contains(&(product.id, base.product_id)) {
            let message = format!("{} is not made for that base.", product.name);
            return Err(refuse("product_id", "add_on.does_not_fit", message));
        }
        let there = self.facts.bound.contains(&(base.id, product.id));
        if there || !self.taken.insert((base.id, product.id)) {
            let message = format!("{} is bound to it already.", product.name);
            return Err(refuse("product_id", "add_on.bound", message));
        }
        Ok(Target::Base(base.id))
    }

    fn holder(&mut self, place: usize, row: &Wanted, product: &Product) -> Judged<Target> {
        let refuse = |field: &'static str, code: &'static str, message: String| {
            RefusedRow::new(place, field, code, message)
        };
        let named = match row.holder_id {
            Some(id) => {
                let found = self.facts.holders.get(&id);
                let found = found.filter(|holder| holder.left_at.is_none());
                let message = || "The organization has no such holder.".to_owned();
                Some(found.ok_or_else(|| refuse("holder_id", "holder.unknown", message()))?)
            }
            None => None,
        };
        let target = match (&row.extension, named) {
            (Some(extension), user) => self.extension(place, extension, product, user)?,
            (None, Some(holder)) => Target::Known(Box::new(holder.clone())),
            (None, None) => {
                let message = "Say who or what shall use it.".into();
                return Err(refuse("holder_id", "required", message));
            }
        };
        if let Target::Known(holder) = &target
            && !product.many_per_holder
        {
            let pair = (holder.id, product.id);
            if self.facts.held.contains(&pair) || !self.taken.insert(pair) {
                let message = format!("{} has a unit of {} already.", holder.name, product.name);
                let field = if row.extension.is_some() {
                    "extension"
                } else {
                    "holder_id"
                };
                return Err(refuse(field, "assignment.exists", message));
            }
        }
        Ok(target)
    }

    fn extension(
        &self,
        place: usize,
        given: &str,
        product: &Product,
        user: Option<&Holder>,
    ) -> Judged<Target> {
        let refuse = |code: &'static str, message: String| {
            RefusedRow::new(place, "extension", code, message)
        };
        if !product.has_extensions {
            let message = format!("{} has no extensions.", product.name);
            return Err(refuse("product.no_extensions", message));
        }
        let digits = telephone::extension(given)
            .map_err(|_| refuse("extension.invalid", NO_EXTENSION.into()))?;
        if self.extensions.contains(&digits) {
            let message = format!("Extension {digits} stands in an earlier row.");
            return Err(refuse("extension.duplicate", message));
        }
        if user.is_some_and(|user| user.kind != Kind::User) {
            let message = "An extension belongs to a user.".to_owned();
            return Err(RefusedRow::new(
                place,
                "holder_id",
                "holder.not_user",
                message,
            ));
        }
        match self.facts.by_extension.get(&digits) {
            None => Ok(Target::Extension(digits)),
            Some(found) if found.kind == Kind::Extension => {
                Ok(Target::Known(Box::new(found.clone())))
            }
            // A user may carry the extension themselves; it is theirs alone.
            Some(found) if user.is_none_or(|user| user.id == found.id) => {
                Ok(Target::Known(Box::new(found.clone())))
            }
            Some(found) => {
                let message = format!("Extension {digits} is {}'s.", found.name);
                Err(refuse("extension.taken", message))
            }
        }
    }

    fn number(&self, place: usize, row: &Wanted, target: &Target) -> Judged<Option<String>> {
        let Some(given) = &row.number else {
            return Ok(None);
        };
        let refuse =
            |code: &'static str, message: String| RefusedRow::new(place, "number", code, message);
        if row.extension.is_none() {
            let message = "A direct number belongs to an extension.".into();
            return Err(refuse("number.without_extension", message));
        }
        let digits =
            telephone::number(given).map_err(|_| refuse("number.invalid", NO_NUMBER.into()))?;
        if self.numbers.contains_key(&digits) {
            let message = "This direct number stands in an earlier row.".into();
            return Err(refuse("number.duplicate", message));
        }
        let own = match target {
            Target::Known(holder) => Some(holder.id),
            Target::Extension(_) | Target::Base(_) => None,
        };
        match self.facts.by_number.get(&digits) {
            Some(other) if Some(*other) != own => {
                let message = "Another holder has this direct number.".into();
                Err(refuse("number.taken", message))
            }
            _ => Ok(Some(digits)),
        }
    }

    /// The wanted product and its add-ons, if all of them fit.
    fn products(&self, place: usize, row: &Wanted, product: &Product) -> Judged<Vec<(Uuid, bool)>> {
        let mut products = vec![(product.id, !product.many_per_holder)];
        for (number, id) in row.add_ons.iter().enumerate() {
            let refuse = |code: &'static str, message: String| {
                RefusedRow::new(place, format!("add_ons[{number}]"), code, message)
            };
            let add_on = self.facts.products.get(id);
            let add_on = add_on
                .ok_or_else(|| refuse("product.unknown", "There is no such product.".into()))?;
            let fits = self.facts.fits.contains(&(*id, product.id));
            if add_on.kind != ProductKind::AddOn || !fits {
                let message = format!("{} is not made for {}.", add_on.name, product.name);
                return Err(refuse("add_on.does_not_fit", message));
            }
            if row.add_ons[..number].contains(id) {
                let message = format!("{} stands twice in the row.", add_on.name);
                return Err(refuse("add_on.duplicate", message));
            }
            products.push((*id, !add_on.many_per_holder));
        }
        Ok(products)
    }
}
