//! Our cheapest answer to somebody recognised, beside a bare answer of axum.

use super::{Figure, Task, bare_http::Bare, load};
use crate::{
    Result,
    book::Book,
    person::{Person, Request},
};

pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let book = Book::new(task.ground, task.engine, "bench-axum").await?;
    let path = format!("/api/v1/organizations/{}", book.provider);
    let ask = move |_, _| Request::get(path.clone());
    let ours = load::rate(&book.operator, task.time, 200, ask).await?;
    drop(book);

    let bare = Bare::start(None).await?;
    let limit = load::rate(&Person::at(bare.address), task.time, 200, |_, _| {
        Request::get("/")
    })
    .await?;
    Ok(vec![Figure {
        name: "axum",
        ours,
        limit,
        unit: "requests/s",
        rest: vec![(
            "limit_is",
            "a bare axum answer, without database and caller".into(),
        )],
    }])
}
