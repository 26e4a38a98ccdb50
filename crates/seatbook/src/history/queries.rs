//! Names for what the journal holds as ids.

use std::collections::HashMap;

use store::{Param, Tx, placeholders};
use uuid::Uuid;

use crate::{
    error::Result,
    gate::Caller,
    history::{
        list::{self, Filter},
        prices,
    },
    journal::queries::{self, EntryRow, Excerpt},
    scope::Scope,
};

/// People a keyword may stand for; more of them than this share a name with nobody in particular.
const NAMESAKES: i64 = 200;

/// Entries with the names of people and organizations, and a few of the rows they changed.
#[derive(Clone, Debug, Default)]
pub struct Chapter {
    /// The entries, the newest first.
    pub entries: Vec<EntryRow>,
    /// A few changed rows of each.
    pub excerpts: Vec<Excerpt>,
    /// Names of the people and organizations in them.
    pub names: Names,
}

/// Names by id.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<Uuid, String>);

impl Names {
    /// Who somebody is; empty where the name was erased.
    pub fn person(&self, id: Uuid) -> String {
        if id == Caller::SYSTEM {
            return "Seatbook".into();
        }
        self.0.get(&id).cloned().unwrap_or_default()
    }

    /// What an organization is called.
    pub fn organization(&self, id: Option<Uuid>) -> String {
        id.and_then(|id| self.0.get(&id).cloned())
            .unwrap_or_default()
    }
}

/// Entries the scope can see; a keyword finds commands and the people who gave them.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, mut filter: Filter) -> Result<Vec<EntryRow>> {
    if let Some(keyword) = &filter.keyword {
        filter.actors = namesakes(tx, keyword).await?;
    }
    list::list(tx, scope, &filter).await
}

/// Like [`list()`], with everything a page says about them.
pub async fn chapter(tx: &mut Tx<'_>, scope: &Scope, filter: Filter, each: i64) -> Result<Chapter> {
    let entries = list(tx, scope, filter).await?;
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
    let mut excerpts = queries::excerpts(tx, &ids, each).await?;
    for entry in &entries {
        let ours = excerpts
            .iter_mut()
            .filter(|excerpt| excerpt.journal_id == entry.id);
        prices::hide_changes(
            scope,
            entry.organization_id,
            ours.map(|excerpt| &mut excerpt.change),
        );
    }
    let changed = excerpts.iter().map(|excerpt| &excerpt.change);
    let changed: Vec<Uuid> = changed.filter_map(|row| row.organization_id).collect();
    Ok(Chapter {
        names: names(tx, &entries, &changed).await?,
        excerpts,
        entries,
    })
}

/// The names of whoever made these entries, and of the organizations they are filed under or changed.
pub async fn names(tx: &mut Tx<'_>, entries: &[EntryRow], changed: &[Uuid]) -> Result<Names> {
    let mut names = HashMap::new();
    let mut people: Vec<Uuid> = entries.iter().map(|entry| entry.actor_id).collect();
    let mut organizations: Vec<Uuid> = entries
        .iter()
        .filter_map(|entry| entry.organization_id)
        .chain(changed.iter().copied())
        .collect();
    for (sql, ids) in [
        ("SELECT id, name FROM person WHERE id IN", &mut people),
        (
            "SELECT id, name FROM organization WHERE id IN",
            &mut organizations,
        ),
    ] {
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            continue;
        }
        for some in ids.chunks(500) {
            let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
            let sql = format!("{sql} {}", placeholders(1, some.len()));
            names.extend(tx.query::<(Uuid, String)>(&sql, &params).await?);
        }
    }
    Ok(Names(names))
}

async fn namesakes(tx: &mut Tx<'_>, keyword: &str) -> Result<Vec<Uuid>> {
    let pattern = rules::text::like_pattern(keyword);
    let sql = "SELECT id FROM person WHERE lower(name) LIKE $1 OR lower(email) LIKE $1 ORDER BY id LIMIT $2";
    let found: Vec<(Uuid,)> = tx.query(sql, &[&pattern, &NAMESAKES]).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}
