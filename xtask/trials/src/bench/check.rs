//! The check that products ask, beside a bare answer, or beside the driver's lookup behind a bare axum.

use serde_json::json;

use super::{CLIENTS, Figure, Task, bare_http::Bare, load};
use crate::{
    Result,
    book::{Book, text},
    person::{Person, Request},
    server::Engine,
};

/// What the bare server looks up: the statement of `entitlements::queries::direct`; a change there is a change here.
pub const LOOKUP: &str = "SELECT a.id, a.units, l.standing, l.awaits_activation, (l.paused OR l.held), l.starts_at,
    l.ends_at, l.grace_until, n.blocked, a.organization_id FROM assignment a JOIN license l ON l.id = a.license_id
    JOIN organization_node n ON n.id = a.organization_id
    WHERE a.product_id = $2 AND a.holder_id = $1 AND a.ended_at IS NULL
    UNION ALL SELECT a.id, a.units, l.standing, l.awaits_activation, (l.paused OR l.held), l.starts_at,
    l.ends_at, l.grace_until, n.blocked, a.organization_id FROM assignment a JOIN license l ON l.id = a.license_id
    JOIN organization_node n ON n.id = a.organization_id
    WHERE a.product_id = $2 AND a.user_id = $1 AND a.holder_id <> $1 AND a.ended_at IS NULL";

/// What is asked, as it stands in the address.
pub const NAMES: [&str; 3] = ["organization", "holder", "product"];

/// Asks by ids, each connection about a holder of its own.
pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let book = Book::new(task.ground, task.engine, "bench-check").await?;
    let questions = questions(&book).await?;
    let ask = |path: &str| {
        let asked: Vec<String> = questions.iter().map(|it| format!("{path}?{it}")).collect();
        move |client: usize, _| Request::get(asked[client % asked.len()].clone())
    };
    let ours = ask("/api/v1/entitlements/check");
    let ours = load::rate(&book.operator, task.time, 200, ours).await?;
    let database = book.site.database.clone();
    drop(book);

    let (database, path, limit_is) = match task.engine {
        Engine::Sqlite => (None, "/", "a bare axum answer, without database and caller"),
        Engine::Postgres => (
            Some(database.as_str()),
            "/check",
            "axum over the bare driver's lookup",
        ),
    };
    let bare = Bare::start(database).await?;
    let limit = load::rate(&Person::at(bare.address), task.time, 200, ask(path)).await?;
    Ok(vec![Figure {
        name: "check",
        ours,
        limit,
        unit: "requests/s",
        rest: vec![("limit_is", limit_is.into())],
    }])
}

/// A question for each connection whose answer is yes.
async fn questions(book: &Book) -> Result<Vec<String>> {
    let owner = &book.provider;
    let (_, pool) = book.license("Seats", 1_000).await?;
    let sku = book.get(&format!("/api/v1/skus/{}", book.sku)).await?;
    let product = text(&sku["product_id"])?;
    let mut questions = Vec::with_capacity(CLIENTS);
    for number in 0..CLIENTS {
        let holder = book.holder(&format!("Person {number}")).await?;
        let rows = json!([{"product_id": product, "holder_id": holder, "pool_id": pool}]);
        let body = json!({"organization_id": owner, "rows": rows});
        let bind = Request::json("POST", "/api/v1/assignments", &body);
        book.operator.ask(&bind).await?;
        let pairs = NAMES
            .iter()
            .zip([owner, &holder, &product])
            .map(|(name, id)| format!("{name}={id}"));
        questions.push(pairs.collect::<Vec<_>>().join("&"));
    }
    Ok(questions)
}
