//! Our cheapest answer to somebody recognised, beside a bare answer of axum.

use std::{
    net::SocketAddr,
    process::{Child, Command},
};

use super::{Figure, Task, load};
use crate::{
    Result,
    book::Book,
    person::{Person, Request},
    server::await_listener,
};

/// A server that does nothing but answer, as a process of its own like ours.
pub async fn serve(listen: SocketAddr) -> Result<()> {
    let answer = || async { "{\"answer\":42}" };
    let router = axum::Router::new().route("/", axum::routing::get(answer));
    let listener = tokio::net::TcpListener::bind(listen).await;
    let listener = listener.map_err(|e| format!("{listen}: {e}"))?;
    axum::serve(listener, router)
        .await
        .map_err(|e| e.to_string())
}

struct Bare(Child);

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let book = Book::new(task.ground, task.engine, "bench-axum").await?;
    let path = format!("/api/v1/organizations/{}", book.provider);
    let ask = move |_, _| Request::get(path.clone());
    let ours = load::rate(&book.operator, task.time, 200, ask).await?;
    drop(book);

    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let address = free.map_err(|e| e.to_string())?;
    let mut command = Command::new(own);
    let child = command.args(["answer", &address.to_string()]).spawn();
    let _bare = Bare(child.map_err(|e| e.to_string())?);
    await_listener(address).await?;
    let limit = load::rate(&Person::at(address), task.time, 200, |_, _| {
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
