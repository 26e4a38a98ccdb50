//! How a page of pools is read: where its rows come from, and the statements for each way.

use rules::lifecycle::State;
use store::{Date as Day, Select, Timestamp, Tx};
use uuid::Uuid;

use super::{
    super::{
        keyword::Keyword,
        places::{
            COUNTED, Edges, FENCE, Found, GATHERED, HITS, Narrow, Place, Stretch, WALKED, Way,
        },
        sort::Sort,
    },
    Filter, Total, held, read, read_whole, size, too_long,
};
use crate::{
    error::Result,
    licenses::{
        model::{Pool, Status},
        rows::{TAKEN, around},
    },
    scope::queries::{count_to, within_any},
};

/// Where the rows of a list come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Everything the organization holds is little.
    All,
    /// The few licenses a keyword finds.
    Hits,
    /// The few whose dates make the status possible.
    Dates,
    /// Too many for any of these: along the index of the sort.
    Walk,
}

/// A filter, made ready to be read.
pub(super) struct Reading<'a> {
    filter: &'a Filter,
    keyword: Option<Keyword>,
    /// The pools here of the few licenses that the keyword finds.
    hits: Option<Vec<Uuid>>,
    narrow: Option<Narrow>,
    /// The first and the last day of the month in which licenses end, and the instants around it.
    month: Option<([Day; 2], (Timestamp, Timestamp))>,
    now: Timestamp,
    pub(super) size: i64,
    source: Source,
}

impl<'a> Reading<'a> {
    pub(super) async fn begin(
        tx: &mut Tx<'_>,
        filter: &'a Filter,
        now: Timestamp,
    ) -> Result<Reading<'a>> {
        let size = match filter.size {
            Some(counted) => counted,
            None => size(tx, filter.organization_id).await?,
        };
        let mut reading = Reading {
            filter,
            keyword: None,
            hits: None,
            narrow: Narrow::read(tx, filter.status, now).await?,
            month: filter
                .month
                .and_then(|month| Some(([Day(month.first), Day(month.after)], month.instants()?))),
            now,
            size,
            source: Source::All,
        };
        if filter.license_id.is_some() || size <= GATHERED {
            reading.keyword = filter.keyword.as_deref().map(Keyword::plain);
            return Ok(reading);
        }
        reading.keyword = Keyword::read(tx, filter.keyword.as_deref()).await?;
        let hits = reading.keyword.as_ref().and_then(|it| it.hits.as_deref());
        if let Some(hits) = hits {
            reading.hits = Some(held(tx, filter.organization_id, hits).await?);
        }
        reading.source = match reading.hits {
            Some(_) => Source::Hits,
            None if reading.dates_are_few(tx).await? => Source::Dates,
            None => Source::Walk,
        };
        Ok(reading)
    }

    /// The rows of the page on their way, their pools where the list is walked, and how many there are in all.
    pub(super) async fn find(&self, tx: &mut Tx<'_>) -> Result<(Found, Vec<Pool>, Total)> {
        let filter = self.filter;
        let mut way = filter.sort.way(filter.descending, filter.from.as_ref());
        way.nullable &= !self.ends();
        if !self.is_gathered() {
            if !filter.sort.any_length() {
                return Err(too_long());
            }
            let (found, pools) = self.walk(tx, way).await?;
            return Ok((found, pools, self.length()));
        }
        let found = self.gather(tx, way).await?;
        let total = match (&filter.from, found.places.len() as i64) {
            (None, whole) if whole <= filter.limit => whole,
            _ => self.count(tx).await?,
        };
        Ok((found, vec![], Total::Exactly(total)))
    }

    /// Whether the list is short enough to be sorted in any way.
    pub(super) fn is_gathered(&self) -> bool {
        self.source != Source::Walk
    }

    /// What is known of the length of a list that is walked.
    fn length(&self) -> Total {
        match self.is_tested() {
            false if self.size > COUNTED => Total::MoreThan(COUNTED),
            false => Total::Exactly(self.size),
            true => Total::Uncounted,
        }
    }

    /// Whether there is anything to test of each row.
    fn is_tested(&self) -> bool {
        let narrowed = self.keyword.is_some() || self.narrow.is_some();
        narrowed || self.filter.product_id.is_some() || self.month.is_some()
    }

    async fn dates_are_few(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let mut select = Select::new("");
        select.and("p.organization_id = ?", &self.filter.organization_id);
        if !self.possible(&mut select) {
            return Ok(false);
        }
        Ok(count_to(tx, &select, "SELECT p.id FROM pool p", HITS).await? <= HITS)
    }

    /// Adds conditions that an index of `pool p` answers and without which the status is impossible; says
    /// whether there are any.
    fn possible<'s>(&'s self, select: &mut Select<'s>) -> bool {
        if let Some(product_id) = &self.filter.product_id {
            select.and("p.product_id = ?", product_id);
            return true;
        }
        if let Some((_, (first, after))) = &self.month {
            select
                .and("p.ends_at > ?", first)
                .and("p.ends_at <= ?", after);
            return true;
        }
        let Some(narrow) = &self.narrow else {
            return false;
        };
        match narrow.status {
            Status::Is(State::Active) => return false,
            Status::Is(State::Expired | State::Grace) => select.and("p.ends_at <= ?", &self.now),
            Status::Is(State::Scheduled) => select.and("p.starts_at > ?", &self.now),
            Status::ExpiringSoon => select
                .and("p.ends_at > ?", &self.now)
                .and("p.ends_at <= ?", &narrow.warned),
            Status::Is(_) => select.and_raw("p.open = FALSE"),
        };
        true
    }

    /// Whether the status or the month asks for an end.
    fn ends(&self) -> bool {
        let status = self.narrow.as_ref().map(|narrow| narrow.status);
        let ended = matches!(
            status,
            Some(Status::ExpiringSoon | Status::Is(State::Expired | State::Grace))
        );
        self.filter.sort == Sort::End && (ended || self.month.is_some())
    }

    /// Tables and conditions that every row of the list fulfils. The order in which tables are named is the
    /// order in which SQLite reads them.
    fn from<'s>(&'s self, select: &mut Select<'s>, sort: Sort) -> String {
        let filter = self.filter;
        let mut from = String::from("pool p");
        match &self.hits {
            Some(hits) => within_any(select, "p.id", hits),
            None => {
                select.and("p.organization_id = ?", &filter.organization_id);
            }
        }
        match &filter.license_id {
            // A pool that was emptied again stays for its history, not for the list.
            None => select.and_raw("(p.quantity > 0 OR p.parent_id IS NULL)"),
            Some(license_id) => select.and("p.license_id = ?", license_id),
        };
        let beside = sort.beside();
        if self.source == Source::Dates {
            self.possible(select);
        }
        let by_license = self.narrowed(select) | self.placed(select);
        if by_license || beside.is_some() || sort == Sort::Available {
            from += " CROSS JOIN license l";
            select.and_raw("l.id = p.license_id");
        }
        if let Some((table, condition)) = beside {
            from += &format!(" CROSS JOIN {table}");
            select.and_raw(condition);
        }
        if let (Some(keyword), None) = (&self.keyword, &self.hits) {
            from += " CROSS JOIN license_search_text t";
            select
                .and_raw("t.id = p.license_id")
                .and("t.text LIKE ?", &keyword.pattern);
        }
        from
    }

    /// Adds the status; says whether it asks for facts that stand at `license l` alone. What a pool has copies
    /// of is tested there first, which spares most look-ups. Asked whether it is TRUE, a date is no range for which
    /// SQLite would leave the index of the sort.
    fn narrowed<'s>(&'s self, select: &mut Select<'s>) -> bool {
        const RUNS: &str = "p.open = TRUE AND (p.ends_at IS NULL OR p.ends_at > ?)";
        const BEGUN: &str = "(p.starts_at <= ?) IS TRUE";
        let Some(narrow) = &self.narrow else {
            return false;
        };
        match narrow.status {
            Status::Is(State::Active) => {
                select.and(RUNS, &self.now).and(BEGUN, &self.now);
                return false;
            }
            Status::Is(State::Scheduled) => {
                select
                    .and(RUNS, &self.now)
                    .and("(p.starts_at > ?) IS TRUE", &self.now);
                return false;
            }
            Status::Is(State::Expired | State::Grace) => {
                select.and("(p.ends_at <= ?) IS TRUE", &self.now);
            }
            Status::ExpiringSoon => {
                select
                    .and(RUNS, &self.now)
                    .and("(p.ends_at <= ?) IS TRUE", &narrow.warned);
            }
            Status::Is(_) => {
                select.and_raw("(p.open = FALSE) IS TRUE");
            }
        }
        select.and(&narrow.condition, &self.now);
        true
    }

    /// Adds product and month of end, which no index of the sort is left for; says whether the license is asked.
    fn placed<'s>(&'s self, select: &mut Select<'s>) -> bool {
        if let Some(product_id) = &self.filter.product_id {
            select.and("(p.product_id = ?) IS TRUE", product_id);
        }
        let Some(([first, after], _)) = &self.month else {
            return false;
        };
        select
            .and("l.end_date >= ?", first)
            .and("l.end_date < ?", after);
        true
    }

    /// Every row of a short list with its key, for a statement around it to sort.
    fn gathered<'s>(&'s self, select: &mut Select<'s>, sort: Sort) -> String {
        let mut key = sort.key();
        if key.contains('?') {
            key = key.replace('?', &select.bind(&self.now));
        }
        let from = self.from(select, sort);
        let all = select.sql(&format!(" LIMIT {FENCE}"));
        format!("SELECT p.id AS id, {key} AS k FROM {from}{all}")
    }

    async fn count(&self, tx: &mut Tx<'_>) -> Result<i64> {
        let mut select = Select::new("");
        let all = self.gathered(&mut select, Sort::Order);
        let sql = format!("SELECT count(*) FROM ({all}) c");
        Ok(tx.query_one::<(i64,)>(&sql, select.params()).await?.0)
    }

    async fn gather(&self, tx: &mut Tx<'_>, way: Way<'_>) -> Result<Found> {
        let mut found = Found::default();
        for (turn, stretch) in way.stretches().into_iter().enumerate() {
            let after = way.from.filter(|_| turn == 0);
            let edges = Edges::new(&way, stretch, after, None);
            let mut select = Select::new("");
            let all = self.gathered(&mut select, self.filter.sort);
            let mut said = edges.conditions(&mut select, &way, ("c.k", "c.id"));
            if stretch == Stretch::Keyed && way.nullable {
                said.push("c.k IS NOT NULL".into());
            }
            let said = match said.is_empty() {
                true => String::new(),
                false => format!(" WHERE {}", said.join(" AND ")),
            };
            let (order, wanted) = (way.order("c.k", "c.id"), self.wanted(&found));
            let sql = format!("SELECT c.id, c.k FROM ({all}) c{said}{order} LIMIT {wanted}");
            let rows = read(tx, (&sql, select.params()), way.kind).await?;
            found.places.extend(rows);
            if self.wanted(&found) <= 0 {
                break;
            }
        }
        Ok(found)
    }

    /// Rows still wanted: one more than the page holds tells that it is not the last.
    fn wanted(&self, found: &Found) -> i64 {
        self.filter.limit + 1 - found.places.len() as i64
    }

    async fn walk(&self, tx: &mut Tx<'_>, way: Way<'_>) -> Result<(Found, Vec<Pool>)> {
        let (mut found, mut pools) = (Found::default(), Vec::new());
        for (turn, stretch) in way.stretches().into_iter().enumerate() {
            let after = way.from.filter(|_| turn == 0);
            let up_to = self.horizon(tx, &way, (stretch, after)).await?;
            let edges = Edges::new(&way, stretch, after, up_to.as_ref()).held(&way, self.range());
            let mut select = Select::new("");
            let from = self.from(&mut select, self.filter.sort);
            let (order, wanted) = (way.order("p.k", "p.id"), self.wanted(&found));
            let sql = self.walked(&mut select, (&way, &edges), (TAKEN, &from));
            let sql = format!("{}{order}", around(&format!("{sql} LIMIT {wanted}")));
            let (places, rows) = read_whole(tx, (&sql, select.params()), way.kind).await?;
            found.places.extend(places);
            pools.extend(rows);
            if self.wanted(&found) <= 0 {
                break;
            }
            found.given_up = up_to;
            if found.given_up.is_some() {
                break;
            }
        }
        Ok((found, pools))
    }

    fn walked<'s>(
        &self,
        select: &mut Select<'s>,
        (way, edges): (&Way<'_>, &'s Edges),
        (columns, from): (&str, &str),
    ) -> String {
        let key = self.filter.sort.key();
        for said in edges.conditions(select, way, (&key, "p.id")) {
            select.and_raw(&said);
        }
        let rest = select.sql(&way.order(&key, "p.id"));
        format!("SELECT {columns}, {key} AS k FROM {from}{rest}")
    }

    /// The place a walk gives up at, where rows are tested one by one: found in the index alone.
    async fn horizon(
        &self,
        tx: &mut Tx<'_>,
        way: &Way<'_>,
        (stretch, after): (Stretch, Option<&Place>),
    ) -> Result<Option<Place>> {
        if !self.is_tested() {
            return Ok(None);
        }
        let edges = Edges::new(way, stretch, after, None).held(way, self.range());
        let mut select = Select::new("");
        select.and("p.organization_id = ?", &self.filter.organization_id);
        let sql = self.walked(&mut select, (way, &edges), ("p.id", "pool p"));
        let sql = format!("{sql} LIMIT 1 OFFSET {WALKED}");
        Ok(read(tx, (&sql, select.params()), way.kind).await?.pop())
    }

    /// The keys that status and month allow, where the sort is by a date.
    fn range(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let (least, most) = self.range_of_status();
        match self.month {
            Some((_, (first, after))) if self.filter.sort == Sort::End => (
                least.max(Some(first)),
                Some(most.map_or(after, |most| most.min(after))),
            ),
            _ => (least, most),
        }
    }

    fn range_of_status(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let Some(narrow) = &self.narrow else {
            return (None, None);
        };
        let now = Some(self.now);
        match (self.filter.sort, narrow.status) {
            (Sort::End, Status::Is(State::Active | State::Scheduled)) => (now, None),
            (Sort::End, Status::ExpiringSoon) => (now, Some(narrow.warned)),
            (Sort::End, Status::Is(State::Expired | State::Grace)) => (None, now),
            (Sort::Start, Status::Is(State::Scheduled)) => (now, None),
            (Sort::Start, Status::ExpiringSoon | Status::Is(State::Active)) => (None, now),
            _ => (None, None),
        }
    }
}
