//! The overview as the book grows: the first page must not take longer because more is passed on and assigned.
//!
//! The provider has a license for each organization, a hundred units of it passed on and all of them assigned there. The
//! figures are written as their follower would have written them, a year of weeks among them.

use std::time::Instant;

use serde_json::json;

use super::{
    Figure, Task,
    fill::{Words, on_sqlite},
    load,
};
use crate::{
    Result,
    book::{Book, made, text},
    person::Request,
    server::{Engine, run_sql},
};

/// Requests of which the quickest are looked at.
const REQUESTS: usize = 200;
/// Organizations in one transaction.
const CHUNK: u64 = 1_000;
/// Products that the licenses are of.
const PRODUCTS: u64 = 20;
/// Assignments of one organization.
const EACH: u64 = 100;

/// Measures the page and the operation in a book of each size; the ratio is the largest beside the smallest.
pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let mut books = Vec::with_capacity(task.organizations.len());
    for size in task.organizations {
        books.push((*size, filled(task, *size).await?));
    }
    let mut figures = Vec::new();
    for case in ["page", "api"] {
        let asked: Vec<_> = books
            .iter()
            .map(|(_, book)| {
                let path = match case {
                    "page" => "/".to_owned(),
                    _ => format!("/api/v1/overview?organization_id={}", book.provider),
                };
                (&book.operator, Request::get(path))
            })
            .collect();
        let times = load::within_ms(&asked, REQUESTS, &[50, 95]).await?;
        let all: Vec<String> = books
            .iter()
            .zip(&times)
            .map(|((size, _), time)| format!("{size}: {:.1} and {:.1}", time[0], time[1]))
            .collect();
        eprintln!("  {case}, p50 and p95 in ms at {}", all.join(", "));
        let smallest = format!("p95 at {} organizations", task.organizations[0]);
        figures.push(Figure {
            name: "overview",
            ours: times.last().map_or(f64::NAN, |time| time[1]),
            limit: times[0][1],
            unit: "ms",
            rest: vec![
                ("case", case.into()),
                ("limit_is", smallest.into()),
                ("p50_p95_ms", all.join(", ").into()),
            ],
        });
    }
    Ok(figures)
}

async fn filled(task: &Task<'_>, size: u64) -> Result<Book> {
    let name = format!("bench-overview-{size}");
    let mut book = Book::new(task.ground, task.engine, &name).await?;
    for number in 1..PRODUCTS {
        let product = json!({"code": format!("P-{number}"), "name": format!("Product {number}"), "unit": "seat"});
        let product = text(&made(&book.operator, "/api/v1/products", &product).await?["id"])?;
        let sku = json!({"code": format!("S-{number}"), "name": format!("SKU {number}"), "product_id": product});
        made(&book.operator, "/api/v1/skus", &sku).await?;
    }
    book.take_server()?.kill()?;
    let begun = Instant::now();
    let (engine, database) = (book.site.engine, book.site.database.clone());
    let mut texts: Vec<String> = Vec::new();
    let mut at = 0;
    while at < size {
        let end = size.min(at + CHUNK);
        texts.push(holdings(&book, (at + 1, end)));
        texts.push(bindings(&book, (at + 1, end)));
        at = end;
    }
    texts.push(sums(&book));
    if engine == Engine::Postgres {
        texts.push("ANALYZE".into());
    }
    for sql in texts {
        match engine {
            Engine::Postgres => run_sql(&database, &sql).await?,
            Engine::Sqlite => on_sqlite(&database, sql).await?,
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("  {size} organizations written in {seconds:.0} s");
    book.reopen().await?;
    Ok(book)
}

fn provider(book: &Book) -> String {
    match book.site.engine {
        Engine::Sqlite => format!("x'{}'", book.provider.replace('-', "")),
        Engine::Postgres => format!("'{}'::uuid", book.provider),
    }
}

/// Organizations, each with a license of the provider's of which it received everything.
fn holdings(book: &Book, (first, last): (u64, u64)) -> String {
    let Words {
        rows,
        id,
        day,
        instant,
    } = Words::of(book.site.engine, first, last);
    let [node, license, root, pool] = ["8002", "8003", "8004", "8005"].map(id);
    let owner = provider(book);
    let (start_day, end_day) = (day("-300"), day("30 + n % 300"));
    let (starts, ends, expiring) = (instant("-300"), instant("31 + n % 300"), instant("n % 300"));
    let numbers = format!("(SELECT n {rows}) g");
    let skus = format!(
        "{numbers} JOIN (SELECT id, code, product_id, row_number() OVER (ORDER BY id) - 1 AS place FROM sku) s
         ON s.place = g.n % {PRODUCTS}"
    );
    format!(
        "BEGIN;
        INSERT INTO organization_node (id, parent_id, depth, suspended, blocked)
        SELECT {node}, {owner}, 1, FALSE, FALSE FROM {numbers};
        INSERT INTO organization_closure (ancestor_id, descendant_id, distance) SELECT {node}, {node}, 0 FROM {numbers};
        INSERT INTO organization_closure (ancestor_id, descendant_id, distance) SELECT {owner}, {node}, 1 FROM {numbers};
        INSERT INTO organization (id, kind, name, note, pricing_model, time_zone, created_at, version)
        SELECT {node}, 'customer', 'Customer ' || n, '', 'license', 'UTC', {starts}, 1 FROM {numbers};
        INSERT INTO license (id, organization_id, sku_id, product_id, name, sales_order, start_date, end_date, time_zone,
          starts_at, ends_at, over_at, expiring_at, standing, awaits_activation, paused, used, expiring_days, price_minor,
          currency, created_at, version)
        SELECT {license}, {owner}, s.id, s.product_id, 'License ' || n, 'SO-' || (n / 5), {start_day}, {end_day}, 'UTC',
          {starts}, {ends}, {ends}, {expiring}, 'issued', FALSE, FALSE, TRUE, 30, 1200, 'EUR', {starts}, 1 FROM {skus};
        INSERT INTO license_search_text (id, text) SELECT {license}, 'license ' || n FROM {numbers};
        INSERT INTO pool (id, license_id, organization_id, parent_id, quantity, allocated, assigned, open, starts_at,
          ends_at, sales_order, sku_code, product_id, created_at, version)
        SELECT {root}, {license}, {owner}, NULL, {EACH} + 20, {EACH}, 0, TRUE, {starts}, {ends}, 'SO-' || (n / 5), s.code,
          s.product_id, {starts}, 1 FROM {skus};
        INSERT INTO pool (id, license_id, organization_id, parent_id, quantity, allocated, assigned, open, starts_at,
          ends_at, sales_order, sku_code, product_id, created_at, version)
        SELECT {pool}, {license}, {node}, {root}, {EACH}, 0, {EACH}, TRUE, {starts}, {ends}, 'SO-' || (n / 5), s.code,
          s.product_id, {starts}, 1 FROM {skus};
        COMMIT;"
    )
}

/// A hundred users of each organization, with a unit each.
fn bindings(book: &Book, (first, last): (u64, u64)) -> String {
    let whole = Words::of(book.site.engine, first * EACH, last * EACH + EACH - 1);
    let (instant, rows) = (whole.instant, &whole.rows);
    let [node, license, pool] = ["8002", "8003", "8005"]
        .map(|group| (whole.id)(group).replace("n)", &format!("n / {EACH})")));
    let [holder, assignment] = ["8006", "8007"].map(whole.id);
    let since = instant("-200");
    let numbers = format!("(SELECT n {rows}) g");
    format!(
        "BEGIN;
        INSERT INTO holder (id, organization_id, kind, name, bindings, created_at, version)
        SELECT {holder}, {node}, 'user', 'User ' || n, 1, {since}, 1 FROM {numbers};
        INSERT INTO assignment (id, license_id, pool_id, organization_id, product_id, holder_id, user_id, units, single,
          add_ons, assigned_at, version)
        SELECT {assignment}, l.id, {pool}, {node}, l.product_id, {holder}, {holder}, 1, TRUE, 0, {since}, 1
        FROM {numbers} JOIN license l ON l.id = {license};
        COMMIT;"
    )
}

/// What the follower would have counted by now, with a year in which a product had a little more every week.
fn sums(book: &Book) -> String {
    let owner = provider(book);
    let weeks = Words::of(book.site.engine, 0, 52);
    let (month, monday, now, last) = match book.site.engine {
        Engine::Sqlite => (
            "date(l.end_date, 'start of month')",
            "date('now', '-6 days', 'weekday 1', (-7 * n) || ' days')",
            "unixepoch('now') * 1000000",
            "x'ffffffffffffffffffffffffffffffff'",
        ),
        Engine::Postgres => (
            "CAST(date_trunc('month', l.end_date) AS date)",
            "CAST(date_trunc('week', now()) AS date) - 7 * n",
            "now()",
            "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid",
        ),
    };
    let rows = weeks.rows;
    format!(
        "BEGIN;
        INSERT INTO figure_pool (pool_id, organization_id, product_id, version, quantity, allocated, assigned, active,
          month, worth_minor, currency)
        SELECT p.id, p.organization_id, l.product_id, 1, p.quantity, p.allocated, p.assigned, TRUE, {month},
          CASE WHEN p.parent_id IS NULL THEN 1200 * p.quantity END, CASE WHEN p.parent_id IS NULL THEN 'EUR' END
        FROM pool p JOIN license l ON l.id = p.license_id;
        INSERT INTO figure (organization_id, product_id, licenses, quantity, allocated, assigned)
        SELECT organization_id, product_id, count(*), sum(quantity), sum(allocated), sum(assigned) FROM figure_pool
        GROUP BY organization_id, product_id;
        INSERT INTO figure_month (organization_id, month, currency, licenses, quantity, worth_minor)
        SELECT organization_id, month, coalesce(currency, ''), count(*), sum(quantity), sum(coalesce(worth_minor, 0))
        FROM figure_pool GROUP BY organization_id, month, coalesce(currency, '');
        INSERT INTO figure_week (organization_id, product_id, week, quantity, allocated, assigned)
        SELECT f.organization_id, f.product_id, {monday}, f.quantity - n, f.allocated - n, f.assigned
        FROM (SELECT n {rows}) g CROSS JOIN figure f WHERE f.organization_id = {owner};
        INSERT INTO figure_week (organization_id, product_id, week, quantity, allocated, assigned)
        SELECT f.organization_id, f.product_id, {monday}, f.quantity, f.allocated, f.assigned
        FROM (SELECT 0 AS n) g CROSS JOIN figure f WHERE f.organization_id <> {owner};
        UPDATE figure_place SET clock_at = {now}, clock_id = {last};
        COMMIT;"
    )
}
