//! One's own tokens as a file. The tokens themselves are kept nowhere, so they are in no file.

use store::Tx;

use super::{
    model::Token,
    pages::token_list,
    queries::{self, Filter},
};
use crate::{
    console::badges,
    error::Result,
    files::ColumnKind,
    listings::{Field, Found, Lines, Listing, PORTION, Reader, clock, shown, table, text},
};

const FIELDS: &[Field<Token>] = &[
    Field::text("", "Token", |it: &Token, _| text(&it.name)).wide(32),
    Field::text("", "Ends with", |it, _| text(&it.hint)),
    Field::text("scopes", "May", |it: &Token, _| {
        let words: Vec<&str> = it.permissions.iter().map(|it| it.as_str()).collect();
        text(&words.join(", "))
    })
    .wide(60),
    Field::new(
        "expires",
        "Expires",
        ColumnKind::Instant,
        |it: &Token, reader| clock(it.expires_at, reader),
    )
    .wide(20),
    Field::new(
        "last_used",
        "Last used",
        ColumnKind::Instant,
        |it: &Token, reader| clock(it.used_at, reader),
    )
    .wide(20),
    Field::text("", "Status", |it, reader| {
        text(&badges::access(it.state(reader.now)).label)
    }),
];

struct Tokens(Filter);

/// The reader's own tokens, as an address describes them.
pub fn listing(pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = token_list().read(pairs);
    let filter = Filter {
        keyword: Some(list.q.clone()).filter(|q| !q.is_empty()),
        revoked: !list.chosen("revoked").is_empty(),
        after: None,
        limit: PORTION,
    };
    table(shown(FIELDS, &list), Tokens(filter))
}

impl Lines for Tokens {
    type Row = Token;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Token>> {
        let found = queries::list(tx, reader.actor_id, &self.0).await?;
        self.0.after = found.last().map(|last| (last.name.clone(), last.id));
        let is_last = (found.len() as i64) < PORTION;
        Ok((found.into_iter().map(Token::from).collect(), is_last))
    }
}
