//! A book of any size, written by SQL straight into the tables that the server made.
//!
//! Through the doors a million licenses would take many minutes on each engine, and the list does not read what
//! is left out: the journal and its changes. All columns, indexes and the keyword index are filled as the server
//! fills them; `verify` would miss the journal's entries.

use super::{
    loading::load,
    scopes::{Places, literal},
};
use crate::{
    Result,
    book::{Book, text},
    server::Engine,
};

/// Rows in one transaction.
const CHUNK: u64 = 50_000;
const TABLES: [&str; 3] = ["license", "pool", "license_search_text"];

/// Gives the provider so many licenses. No server may have the book open.
pub async fn fill(book: &Book, product: &str, size: u64) -> Result<()> {
    written(
        book,
        product,
        size,
        &literal(book.site.engine, &book.provider),
    )
    .await
}

/// A new book of so many licenses that are the provider's, a partner's and a customer's.
pub async fn shared(book: &mut Book, size: u64) -> Result<Places> {
    let places = Places::new(book).await?;
    let sku = book.get(&format!("/api/v1/skus/{}", book.sku)).await?;
    let product = text(&sku["product_id"])?;
    book.take_server()?.kill()?;
    written(book, &product, size, &places.owner(book, size)).await?;
    Ok(places)
}

async fn written(book: &Book, product: &str, size: u64, owner: &str) -> Result<()> {
    let mut texts = Vec::new();
    let mut at = 0;
    while at < size {
        let end = size.min(at + CHUNK);
        texts.push(statements(book, (product, owner), (at + 1, end)));
        at = end;
    }
    load(book, &format!("{size} licenses"), texts, &TABLES).await
}

/// Five licenses an order, ends spread over two years.
fn statements(book: &Book, (product, owner): (&str, &str), (first, last): (u64, u64)) -> String {
    let Words {
        rows,
        id,
        day,
        instant,
    } = Words::of(book.site.engine, first, last);
    let [license, pool] = ["8000", "8001"].map(id);
    let [sku, product] = [book.sku.as_str(), product].map(|id| literal(book.site.engine, id));
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
