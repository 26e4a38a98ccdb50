//! The licenses a scope can see, the newest first.

use std::collections::HashMap;

use rules::lifecycle::State;
use store::{Param, Select, Timestamp, Tx};
use uuid::Uuid;

use super::{
    keyword::Keyword,
    places::{FENCE, GATHERED, HITS, Narrow, WALKED},
};
use crate::{
    error::Result,
    licenses::{
        model::{License, Status},
        queries,
    },
    scope::{
        Permission, Scope,
        queries::{below_any, count_to, within_any},
    },
};

/// What a list of licenses is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of name, note, order, reference, SKU, product or owner.
    pub keyword: Option<String>,
    /// Of this owner.
    pub organization_id: Option<Uuid>,
    /// On this sales order.
    pub sales_order: Option<String>,
    /// In this state.
    pub status: Option<Status>,
    /// Behind this license.
    pub after: Option<Uuid>,
    /// Rows at most.
    pub limit: i64,
}

/// One page of licenses.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows, the newest first.
    pub licenses: Vec<License>,
    /// The license to go on behind.
    pub next: Option<Uuid>,
}

/// A page of the licenses the scope can see.
pub async fn page(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter, now: Timestamp) -> Result<Page> {
    let roots = scope.require(Permission::LicensesRead)?;
    let mut reading = Reading {
        filter,
        everything: scope.sees_everything(Permission::LicensesRead),
        roots,
        keyword: None,
        narrow: Narrow::read(tx, filter.status, now).await?,
        now,
        source: Source::Owned,
    };
    reading.begin(tx).await?;
    let (mut ids, given_up) = match reading.source {
        Source::Walk => reading.walk(tx).await?,
        _ => (reading.gather(tx).await?, None),
    };
    let limit = usize::try_from(filter.limit).unwrap_or_default();
    let full = ids.len() > limit;
    ids.truncate(limit);
    let next = match full {
        true => ids.last().copied(),
        false => given_up,
    };
    let mut found: HashMap<Uuid, License> = HashMap::with_capacity(ids.len());
    for license in queries::of_ids(tx, &ids).await? {
        found.insert(license.id, license);
    }
    let licenses = ids.iter().filter_map(|id| found.remove(id)).collect();
    Ok(Page { licenses, next })
}

/// Where the rows of a list come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The scope owns few licenses, or the order has few lines.
    Owned,
    /// The few licenses a keyword finds.
    Hits,
    /// The few whose dates make the status possible.
    Dates,
    /// Too many for any of these: from the newest on.
    Walk,
}

struct Reading<'a> {
    filter: &'a Filter,
    everything: bool,
    roots: Vec<Uuid>,
    keyword: Option<Keyword>,
    narrow: Option<Narrow>,
    now: Timestamp,
    source: Source,
}

impl Reading<'_> {
    async fn begin(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let keyword = self.filter.keyword.as_deref();
        if self.filter.sales_order.is_some() || self.owned_are_few(tx).await? {
            self.keyword = keyword.map(Keyword::plain);
            return Ok(());
        }
        self.keyword = Keyword::read(tx, keyword).await?;
        self.source = match &self.keyword {
            Some(Keyword { hits: Some(_), .. }) => Source::Hits,
            _ if self.dates_are_few(tx).await? => Source::Dates,
            _ => Source::Walk,
        };
        Ok(())
    }

    async fn owned_are_few(&self, tx: &mut Tx<'_>) -> Result<bool> {
        if self.everything && self.filter.organization_id.is_none() {
            return Ok(false);
        }
        let mut select = Select::new("");
        self.owned(&mut select);
        Ok(count_to(tx, &select, "SELECT l.id FROM license l", GATHERED).await? <= GATHERED)
    }

    fn owned<'s>(&'s self, select: &mut Select<'s>) {
        if !self.everything {
            below_any(select, "l.organization_id", &self.roots);
        }
        if let Some(owner) = &self.filter.organization_id {
            select.and("l.organization_id = ?", owner);
        }
    }

    async fn dates_are_few(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let mut select = Select::new("");
        if !self.possible(&mut select) {
            return Ok(false);
        }
        Ok(count_to(tx, &select, "SELECT l.id FROM license l", HITS).await? <= HITS)
    }

    /// Adds conditions that an index answers and without which the status is impossible; says whether
    /// there are any.
    fn possible<'s>(&'s self, select: &mut Select<'s>) -> bool {
        let Some(narrow) = &self.narrow else {
            return false;
        };
        match narrow.status {
            Status::Is(State::Active) => return false,
            Status::Is(State::Expired | State::Grace) => select.and("l.ends_at <= ?", &self.now),
            Status::Is(State::Scheduled) => select.and("l.starts_at > ?", &self.now),
            Status::ExpiringSoon => select
                .and("l.ends_at > ?", &self.now)
                .and("l.ends_at <= ?", &narrow.warned),
            Status::Is(_) => {
                select.and_raw("l.id IN (SELECT license_id FROM pool WHERE open = FALSE)")
            }
        };
        true
    }

    fn from<'s>(&'s self, select: &mut Select<'s>) -> String {
        let mut from = String::from("license l");
        if let Some(keyword) = &self.keyword {
            match &keyword.hits {
                Some(hits) => within_any(select, "l.id", hits),
                None => {
                    from += " CROSS JOIN license_search_text t";
                    select
                        .and_raw("t.id = l.id")
                        .and("t.text LIKE ?", &keyword.pattern);
                }
            }
        }
        if self.source == Source::Dates {
            self.possible(select);
        }
        self.owned(select);
        if let Some(order) = &self.filter.sales_order {
            select.and("l.sales_order = ?", order);
        }
        if let Some(narrow) = &self.narrow {
            select.and(&narrow.condition, &self.now);
        }
        from
    }

    async fn gather(&self, tx: &mut Tx<'_>) -> Result<Vec<Uuid>> {
        let mut select = Select::new("");
        let from = self.from(&mut select);
        let all = select.sql(&format!(" LIMIT {FENCE}"));
        let after = self.filter.after.as_ref();
        let behind = after.map(|after| format!(" WHERE c.id < {}", select.bind(after)));
        let sql = format!(
            "SELECT c.id FROM (SELECT l.id AS id FROM {from}{all}) c{} ORDER BY c.id DESC LIMIT {}",
            behind.unwrap_or_default(),
            self.filter.limit + 1
        );
        ids(tx, &sql, select.params()).await
    }

    /// The next rows, and the license at which the walk was given up.
    async fn walk(&self, tx: &mut Tx<'_>) -> Result<(Vec<Uuid>, Option<Uuid>)> {
        let given_up = self.horizon(tx).await?;
        let mut select = Select::new("");
        let from = self.from(&mut select);
        self.between(&mut select, given_up.as_ref());
        let end = format!(" ORDER BY l.id DESC LIMIT {}", self.filter.limit + 1);
        let sql = format!("SELECT l.id FROM {from}{}", select.sql(&end));
        Ok((ids(tx, &sql, select.params()).await?, given_up))
    }

    async fn horizon(&self, tx: &mut Tx<'_>) -> Result<Option<Uuid>> {
        let tested = !self.everything || self.keyword.is_some() || self.narrow.is_some();
        if !tested {
            return Ok(None);
        }
        let mut select = Select::new("");
        if let Some(owner) = &self.filter.organization_id {
            select.and("l.organization_id = ?", owner);
        }
        self.between(&mut select, None);
        let end = format!(" ORDER BY l.id DESC LIMIT 1 OFFSET {WALKED}");
        let sql = select.sql(&end);
        let found = ids(
            tx,
            &format!("SELECT l.id FROM license l{sql}"),
            select.params(),
        )
        .await?;
        Ok(found.first().copied())
    }

    fn between<'s>(&'s self, select: &mut Select<'s>, up_to: Option<&'s Uuid>) {
        if let Some(after) = &self.filter.after {
            select.and("l.id < ?", after);
        }
        if let Some(up_to) = up_to {
            select.and("l.id >= ?", up_to);
        }
    }
}

async fn ids(tx: &mut Tx<'_>, sql: &str, params: &[&dyn Param]) -> Result<Vec<Uuid>> {
    let found: Vec<(Uuid,)> = tx.query(sql, params).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}
