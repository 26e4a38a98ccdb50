//! A book of any size, written by SQL straight into the tables that the server made.
//!
//! Through the doors a million licenses would take many minutes on each engine, and the list does not read what
//! is left out: the journal and its changes. All columns, indexes and the keyword index are filled as the server
//! fills them; `verify` would miss the journal's entries.

use std::time::Instant;

use crate::{
    Result,
    book::Book,
    server::{Engine, run_sql},
};

/// Rows in one transaction.
const CHUNK: u64 = 50_000;

/// Gives the provider so many licenses. No server may have the book open.
pub async fn fill(book: &Book, product: &str, size: u64) -> Result<()> {
    let begun = Instant::now();
    let (engine, database) = (book.site.engine, book.site.database.clone());
    let mut at = 0;
    while at < size {
        let end = size.min(at + CHUNK);
        let sql = statements(book, product, (at + 1, end));
        match engine {
            Engine::Postgres => run_sql(&database, &sql).await?,
            Engine::Sqlite => on_sqlite(&database, sql).await?,
        }
        at = end;
    }
    if engine == Engine::Postgres {
        // Its own vacuum would come by within the minute.
        run_sql(&database, "VACUUM ANALYZE license").await?;
        run_sql(&database, "VACUUM ANALYZE pool").await?;
        run_sql(&database, "VACUUM ANALYZE license_search_text").await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("  {size} licenses written in {seconds:.0} s");
    Ok(())
}

/// Runs the text on a file that no server has open.
pub(super) async fn on_sqlite(database: &str, sql: String) -> Result<()> {
    let database = database.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        let connection = rusqlite::Connection::open(database)?;
        // What is filled here is measured at once or thrown away.
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")?;
        connection.execute_batch(&sql)
    });
    written
        .await
        .map_err(|e| e.to_string())?
        .map_err(|e| e.to_string())
}

/// Five licenses an order, ends spread over two years.
fn statements(book: &Book, product: &str, (first, last): (u64, u64)) -> String {
    let Words {
        rows,
        id,
        day,
        instant,
    } = Words::of(book.site.engine, first, last);
    let [license, pool] = ["8000", "8001"].map(id);
    let uuid = |text: &str| match book.site.engine {
        Engine::Sqlite => format!("x'{}'", text.replace('-', "")),
        Engine::Postgres => format!("'{text}'::uuid"),
    };
    let (owner, sku, product) = (uuid(&book.provider), uuid(&book.sku), uuid(product));
    let (start, end) = ("-300".to_owned(), "30 + n % 700".to_owned());
    let (starts, ends, expiring) = (instant(&start), instant(&end), instant("n % 700"));
    let (start_day, end_day) = (day(&start), day(&end));
    format!(
        "BEGIN;
        INSERT INTO license (id, organization_id, sku_id, product_id, name, note, sales_order, support_reference,
          start_date, end_date, time_zone, starts_at, ends_at, grace_until, over_at, expiring_at, standing,
          awaits_activation, paused, used, expiring_days, price_minor, currency, created_at, version)
        SELECT {license}, {owner}, {sku}, {product}, 'License ' || n, NULL, 'SO-' || (n / 5), NULL,
          {start_day}, {end_day}, 'UTC', {starts}, {ends}, NULL, {ends}, {expiring}, 'issued',
          FALSE, FALSE, FALSE, 30, NULL, NULL, {starts}, 1 {rows};
        INSERT INTO pool (id, license_id, organization_id, parent_id, quantity, allocated, assigned, open, starts_at,
          ends_at, sales_order, sku_code, created_at, version)
        SELECT {pool}, {license}, {owner}, NULL, 1 + n % 500, 0, 0, TRUE, {starts}, {ends}, 'SO-' || (n / 5),
          'SEAT-1', {starts}, 1 {rows};
        INSERT INTO license_search_text (id, text)
        SELECT {license}, 'license ' || n || {newline} || 'so-' || (n / 5) || {newline} || 'seat-1' || {newline}
          || 'seat' || {newline} || 'provider' {rows};
        COMMIT;",
        newline = match book.site.engine {
            Engine::Sqlite => "char(10)",
            Engine::Postgres => "chr(10)",
        }
    )
}

/// What each engine calls the same thing.
pub(super) struct Words {
    /// The numbers from the first to the last, as `n`.
    pub(super) rows: String,
    /// An id that sorts by `n`, in a group of its own.
    pub(super) id: fn(&str) -> String,
    /// The day so many days from today.
    pub(super) day: fn(&str) -> String,
    /// Its first instant.
    pub(super) instant: fn(&str) -> String,
}

impl Words {
    pub(super) fn of(engine: Engine, first: u64, last: u64) -> Words {
        match engine {
            Engine::Sqlite => Words {
                rows: format!(
                    "FROM (WITH RECURSIVE count (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM count
                    WHERE n < {last}) SELECT n FROM count) WHERE TRUE"
                ),
                id: |group| format!("unhex('018f000000007000{group}' || printf('%012x', n))"),
                day: |days| format!("date('now', ({days}) || ' days')"),
                instant: |days| {
                    format!("(unixepoch('now', 'start of day') + 86400 * ({days})) * 1000000")
                },
            },
            Engine::Postgres => Words {
                rows: format!("FROM generate_series({first}, {last}) n"),
                id: |group| {
                    format!("('018f000000007000{group}' || lpad(to_hex(n), 12, '0'))::uuid")
                },
                day: |days| format!("current_date + ({days})"),
                instant: |days| {
                    format!("(date_trunc('day', now()) + ({days}) * interval '1 day')")
                },
            },
        }
    }
}
