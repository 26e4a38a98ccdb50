//! The whole book in a few numbers: whether anything changed between two looks.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use seatbook::schema;

use crate::harness::{Engine, TestApp};

/// Plumbing: what a refused request may leave behind, or what merely looking does.
const PLUMBING: [&str; 4] = ["request_key", "seal", "session", "assignment_use"];

/// Each table's content as a number.
pub struct Digest(BTreeMap<String, u64>);

impl Digest {
    /// The tables that are otherwise in the other one.
    pub fn differences(&self, other: &Digest) -> Vec<String> {
        let tables = self
            .0
            .iter()
            .filter(|(table, hash)| other.0.get(*table) != Some(hash));
        tables.map(|(table, _)| table.clone()).collect()
    }
}

/// The book as it is now.
pub async fn of(app: &TestApp) -> Digest {
    let mut tables = BTreeMap::new();
    for table in tables_of_the_house() {
        let rows = rows(app, &table).await;
        let mut hash = DefaultHasher::new();
        rows.hash(&mut hash);
        tables.insert(table, hash.finish());
    }
    Digest(tables)
}

/// Every table a migration makes.
fn tables_of_the_house() -> Vec<String> {
    let lines = schema::MIGRATIONS
        .iter()
        .flat_map(|migration| migration.sql.lines());
    let made = lines.filter_map(|line| line.trim().strip_prefix("CREATE TABLE "));
    let names = made.map(|rest| rest.split([' ', '(']).next().unwrap_or_default().to_owned());
    names
        .filter(|name| !PLUMBING.contains(&name.as_str()))
        .collect()
}

async fn rows(app: &TestApp, table: &str) -> Vec<String> {
    let whole = match app.engine {
        Engine::Postgres => "CAST(it AS TEXT)".to_owned(),
        Engine::Sqlite => {
            let names = texts(
                app,
                format!("SELECT name FROM pragma_table_info('{table}')"),
            )
            .await;
            let each: Vec<String> = names.iter().map(|name| format!("quote({name})")).collect();
            each.join(" || ',' || ")
        }
    };
    texts(app, format!("SELECT {whole} FROM {table} it ORDER BY 1")).await
}

async fn texts(app: &TestApp, sql: String) -> Vec<String> {
    let read = app
        .app
        .read(move |mut tx| Box::pin(async move { Ok(tx.query::<(String,)>(&sql, &[]).await?) }));
    let rows = read.await.expect("the table is read");
    rows.into_iter().map(|(text,)| text).collect()
}
