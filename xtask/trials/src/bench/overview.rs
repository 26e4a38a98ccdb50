//! The overview and the lists beside it as the book grows: nobody's first page must take longer because more is passed on
//! and assigned, whether they see all of it or very little.
//!
//! Each organization received a license of the one above it, a hundred units, and all of them are assigned there. The
//! one above is the provider, or a partner of which it has one of a hundred. The figures are written as their follower
//! would have written them, a year of weeks among them.

use serde_json::json;

use super::{
    Figure, Task,
    fill::Words,
    load, loading,
    scopes::{Scope, literal},
};
use crate::{
    Result,
    book::{Book, made, text},
    person::{Person, Request},
    server::Engine,
};

/// Requests of which the quickest are looked at, of all who look together.
const REQUESTS: usize = 600;
/// Organizations in one transaction.
const CHUNK: u64 = 1_000;
/// Products that the licenses are of.
const PRODUCTS: u64 = 20;
/// Assignments of one organization.
const EACH: u64 = 100;
/// The customer who looks has one license and a hundred assignments.
const CUSTOMER: &str = "018f0000-0000-7000-8002-000000000001";
/// What is filled; where few rows are, indexes cost nothing.
const TABLES: [&str; 9] = [
    "organization_node",
    "organization_closure",
    "organization",
    "license",
    "license_search_text",
    "pool",
    "holder",
    "assignment",
    "figure_pool",
];

/// What is asked.
const CASES: [&str; 5] = ["page", "api", "organizations", "holders", "assignments"];

/// A book, and those who look at it, each with where they belong.
struct Filled {
    size: u64,
    book: Book,
    people: Vec<(Scope, Person, String)>,
}

/// Measures each case in a book of each size; the ratio is the largest beside the smallest.
pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let mut books = Vec::with_capacity(task.organizations.len());
    for size in task.organizations {
        books.push(filled(task, *size).await?);
    }
    let mut figures = Vec::new();
    for scope in task.scopes {
        figures.extend(measured(&books, *scope, REQUESTS / task.scopes.len()).await?);
    }
    for filled in books {
        filled.book.remove().await?;
    }
    Ok(figures)
}

async fn measured(books: &[Filled], scope: Scope, requests: usize) -> Result<Vec<Figure>> {
    let mut asked = Vec::new();
    for case in CASES {
        for filled in books {
            let mut people = filled.people.iter();
            let (_, person, home) = people
                .find(|(it, ..)| *it == scope)
                .ok_or("nobody looks at a book")?;
            let path = match case {
                "page" => "/".to_owned(),
                "api" => format!("/api/v1/overview?organization_id={home}"),
                list => format!("/api/v1/{list}?limit=50"),
            };
            asked.push((person, Request::get(path)));
        }
    }
    let times = load::within_ms(&asked, requests, &[50, 95]).await?;
    let sizes: Vec<u64> = books.iter().map(|it| it.size).collect();
    let mut figures = Vec::new();
    for (case, times) in CASES.into_iter().zip(times.chunks(books.len())) {
        let what = (case, scope, "organizations");
        figures.extend(Figure::across("overview", what, &sizes, times));
    }
    Ok(figures)
}

async fn filled(task: &Task<'_>, size: u64) -> Result<Filled> {
    let name = format!("bench-overview-{size}");
    let mut book = Book::new(task.ground, task.engine, &name).await?;
    for number in 1..PRODUCTS {
        let product = json!({"code": format!("P-{number}"), "name": format!("Product {number}"), "unit": "seat"});
        let product = text(&made(&book.operator, "/api/v1/products", &product).await?["id"])?;
        let sku = json!({"code": format!("S-{number}"), "name": format!("SKU {number}"), "product_id": product});
        made(&book.operator, "/api/v1/skus", &sku).await?;
    }
    let partner = book
        .organization(&book.provider, "partner", "Partner")
        .await?;
    book.take_server()?.kill()?;
    let tree = Tree {
        provider: literal(task.engine, &book.provider),
        partner: literal(task.engine, &partner),
        stride: Scope::Partner.stride(size),
    };
    let mut texts: Vec<String> = Vec::new();
    let mut at = 0;
    while at < size {
        let end = size.min(at + CHUNK);
        texts.push(holdings(&book, &tree, (at + 1, end)));
        texts.push(bindings(&book, (at + 1, end)));
        at = end;
    }
    texts.push(sums(&book, &tree));
    loading::load(&book, &format!("{size} organizations"), texts, &TABLES).await?;
    book.reopen_later().await?;
    let mut people = Vec::with_capacity(task.scopes.len());
    for scope in task.scopes {
        let (person, home) = match scope {
            Scope::Operator => (book.operator.clone(), book.provider.clone()),
            Scope::Partner => (
                book.member(&partner, "partner_administrator").await?,
                partner.clone(),
            ),
            Scope::Customer => (
                book.member(CUSTOMER, "customer_administrator").await?,
                CUSTOMER.to_owned(),
            ),
        };
        people.push((*scope, person, home));
    }
    Ok(Filled { size, book, people })
}

/// Who stands above the organizations, as SQL.
struct Tree {
    provider: String,
    partner: String,
    /// Each so-many-th is the partner's.
    stride: u64,
}

impl Tree {
    /// Who stands above the organization `g.n`.
    fn above(&self) -> String {
        let Tree {
            provider,
            partner,
            stride,
        } = self;
        format!("(CASE WHEN g.n % {stride} = 0 THEN {partner} ELSE {provider} END)")
    }
}

/// Organizations, each with a license of the one above it, of which it received everything.
fn holdings(book: &Book, tree: &Tree, (first, last): (u64, u64)) -> String {
    let Words {
        rows,
        id,
        day,
        instant,
    } = Words::of(book.site.engine, first, last);
    let [node, license, root, pool] = ["8002", "8003", "8004", "8005"].map(id);
    let (owner, provider, stride) = (tree.above(), &tree.provider, tree.stride);
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
        SELECT {node}, {owner}, CASE WHEN g.n % {stride} = 0 THEN 2 ELSE 1 END, FALSE, FALSE FROM {numbers};
        INSERT INTO organization_closure (ancestor_id, descendant_id, distance) SELECT {node}, {node}, 0 FROM {numbers};
        INSERT INTO organization_closure (ancestor_id, descendant_id, distance) SELECT {owner}, {node}, 1 FROM {numbers};
        INSERT INTO organization_closure (ancestor_id, descendant_id, distance)
        SELECT {provider}, {node}, 2 FROM {numbers} WHERE g.n % {stride} = 0;
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
fn sums(book: &Book, tree: &Tree) -> String {
    let above = format!("{}, {}", tree.provider, tree.partner);
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
        FROM (SELECT n {rows}) g CROSS JOIN figure f WHERE f.organization_id IN ({above});
        INSERT INTO figure_week (organization_id, product_id, week, quantity, allocated, assigned)
        SELECT f.organization_id, f.product_id, {monday}, f.quantity, f.allocated, f.assigned
        FROM (SELECT 0 AS n) g CROSS JOIN figure f WHERE f.organization_id NOT IN ({above});
        UPDATE figure_place SET clock_at = {now}, clock_id = {last};
        COMMIT;"
    )
}
