//! Entries the reader may see.

use store::{Select, Timestamp, Tx};
use uuid::Uuid;

use super::{prices, undoing::UNDOABLE};
use crate::{
    error::Result,
    journal::{
        first_id,
        queries::{ChangeRow, ENTRY_COLUMNS, EntryRow, changes_of},
    },
    scope::{Permission, Scope, queries::below_any, tree},
};

/// The entry, where the scope can see it.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<EntryRow>> {
    let roots = readable(tx, scope.roots(Permission::JournalRead)).await?;
    let mut select = Select::new(ENTRY_COLUMNS);
    select.and("j.id = ?", &id);
    narrow(&mut select, &roots);
    let mut found = tx.query_opt(&select.sql(""), select.params()).await?;
    found
        .iter_mut()
        .for_each(|entry| prices::hide(scope, entry));
    Ok(found)
}

/// The rows an entry changed, as the scope may read them.
pub async fn changes(tx: &mut Tx<'_>, scope: &Scope, entry: &EntryRow) -> Result<Vec<ChangeRow>> {
    let mut changes = changes_of(tx, entry.id).await?;
    prices::hide_changes(scope, entry.organization_id, &mut changes);
    Ok(changes)
}

/// What a list of entries is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of the command's word.
    pub keyword: Option<String>,
    /// Besides those the keyword finds: whatever these people did.
    pub actors: Vec<Uuid>,
    /// Exactly this command.
    pub command: Option<String>,
    /// Of a kind that can be taken back, and was not.
    pub undoable: bool,
    /// Filed under this organization or one below it.
    pub organization_id: Option<Uuid>,
    /// Decided at this instant or later, to the millisecond.
    pub from: Option<Timestamp>,
    /// Decided before this instant.
    pub until: Option<Timestamp>,
    /// Before this entry, the last one seen.
    pub before: Option<Uuid>,
    /// Rows at most.
    pub limit: i64,
}

/// Entries the scope can see, the newest first.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<EntryRow>> {
    let roots = readable(tx, scope.require(Permission::JournalRead)?).await?;
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let within: Vec<Uuid> = filter.organization_id.into_iter().collect();
    let (from, until) = (filter.from.map(first_id), filter.until.map(first_id));
    let mut select = Select::new(ENTRY_COLUMNS);
    narrow(&mut select, &roots);
    if let Some(keyword) = &keyword {
        let places: Vec<String> = filter.actors.iter().map(|id| select.bind(id)).collect();
        match places.join(", ") {
            none if none.is_empty() => select.and("j.command LIKE ?", keyword),
            some => select.and(
                &format!("(j.command LIKE ? OR j.actor_id IN ({some}))"),
                keyword,
            ),
        };
    }
    if let Some(command) = &filter.command {
        select.and("j.command = ?", command);
    }
    if filter.undoable {
        let kinds: Vec<String> = UNDOABLE.iter().map(|kind| select.bind(kind)).collect();
        let kinds = kinds.join(", ");
        select.and_raw(&format!(
            "j.command IN ({kinds}) AND NOT EXISTS (SELECT 1 FROM undoing u WHERE u.journal_id = j.id)"
        ));
    }
    if !within.is_empty() {
        below_any(&mut select, "j.organization_id", &within);
    }
    // Ids begin with their instant, so the primary key finds a span of time.
    for (condition, bound) in [
        ("j.id >= ?", &from),
        ("j.id < ?", &until),
        ("j.id < ?", &filter.before),
    ] {
        if let Some(bound) = bound {
            select.and(condition, bound);
        }
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY j.id DESC LIMIT {limit}"));
    let mut entries: Vec<EntryRow> = tx.query(&sql, select.params()).await?;
    entries
        .iter_mut()
        .for_each(|entry| prices::hide(scope, entry));
    Ok(entries)
}

/// The roots of what may be read; none of them where that is everything, what belongs to no organization
/// included: whoever reads the journal at the provider reads all of it.
async fn readable(tx: &mut Tx<'_>, roots: Vec<Uuid>) -> Result<Option<Vec<Uuid>>> {
    let root = tree::root(tx).await?;
    let everything = root.is_some_and(|root| roots.contains(&root));
    Ok((!everything).then_some(roots))
}

fn narrow<'a>(select: &mut Select<'a>, roots: &'a Option<Vec<Uuid>>) {
    if let Some(roots) = roots {
        below_any(select, "j.organization_id", roots);
    }
}
