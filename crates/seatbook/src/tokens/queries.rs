//! Every statement that lists tokens.

use store::{Select, Tx};
use uuid::Uuid;

use crate::{
    access::tokens::{COLUMNS, Token},
    error::Result,
};

/// What a list of tokens is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of the name.
    pub keyword: Option<String>,
    /// Revoked ones too.
    pub revoked: bool,
    /// Behind this place: name and id of the last row seen.
    pub after: Option<(String, Uuid)>,
    /// Rows at most.
    pub limit: i64,
}

/// A person's own tokens, by name.
pub async fn list(tx: &mut Tx<'_>, person_id: Uuid, filter: &Filter) -> Result<Vec<Token>> {
    let keyword = filter
        .keyword
        .as_ref()
        .map(|word| format!("%{}%", word.to_lowercase()));
    let mut select = Select::new(COLUMNS);
    select.and("t.person_id = ?", &person_id);
    if !filter.revoked {
        select.and_raw("t.revoked_at IS NULL");
    }
    if let Some(keyword) = &keyword {
        select.and("lower(t.name) LIKE ?", keyword);
    }
    if let Some((name, id)) = &filter.after {
        select.and_all("(t.name, t.id) > (?, ?)", &[name, id]);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY t.name, t.id LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}
