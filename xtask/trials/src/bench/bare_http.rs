//! axum bare: a server that does nothing but answer, or answers what the driver alone looked up.

use std::{
    net::SocketAddr,
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Json, Router, extract::RawQuery, routing::get};
use serde_json::json;
use tokio_postgres::{Client, Statement, types::ToSql};
use uuid::Uuid;

use super::check::{LOOKUP, NAMES};
use crate::{
    Result,
    server::{await_listener, connect, told},
};

/// Connections that look up: few, as each takes the next question before the last is answered.
const CONNECTIONS: usize = 4;

/// Answers, as a process of its own like ours. With a database it answers the check, too.
pub async fn serve(listen: SocketAddr, database: Option<&str>) -> Result<()> {
    let answer = || async { "{\"answer\":42}" };
    let mut router = Router::new().route("/", get(answer));
    if let Some(database) = database {
        let book = Arc::new(Lookup::new(database).await?);
        let check = move |RawQuery(query): RawQuery| async move {
            book.answer(&query.unwrap_or_default()).await
        };
        router = router.route("/check", get(check));
    }
    let listener = tokio::net::TcpListener::bind(listen).await;
    let listener = listener.map_err(|e| format!("{listen}: {e}"))?;
    axum::serve(listener, router)
        .await
        .map_err(|e| e.to_string())
}

/// The check's one statement, prepared on each connection.
struct Lookup {
    connections: Vec<(Arc<Client>, Statement)>,
    next: AtomicUsize,
}

impl Lookup {
    async fn new(database: &str) -> Result<Lookup> {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            let client = connect(database).await?;
            let statement = client.prepare(LOOKUP).await.map_err(|e| told(&e))?;
            connections.push((client, statement));
        }
        Ok(Lookup {
            connections,
            next: AtomicUsize::new(0),
        })
    }

    async fn answer(&self, query: &str) -> std::result::Result<Json<serde_json::Value>, String> {
        let named = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let found = pairs.filter(|(it, _)| *it == name).map(|(_, value)| value);
            let id = found.map(Uuid::parse_str).next();
            id.and_then(|id| id.ok())
                .ok_or_else(|| format!("no id of {name}"))
        };
        let [organization, holder, product] = NAMES.map(named);
        let (organization, holder, product) = (organization?, holder?, product?);
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let (client, statement) = &self.connections[turn % self.connections.len()];
        let asked: [&(dyn ToSql + Sync); 2] = [&holder, &product];
        let row = client.query_one(statement, &asked).await;
        let row = row.map_err(|e| told(&e))?;
        let (id, units): (Uuid, i64) = (row.get(0), row.get(1));
        let (standing, blocked): (&str, bool) = (row.get(2), row.get(8));
        let entitled = standing == "issued" && !blocked && organization == row.get::<_, Uuid>(9);
        Ok(Json(json!({"entitled": entitled, "reason": "assigned",
            "units": units, "assignment_id": id, "ends_at": null, "grace_until": null})))
    }
}

/// The process. Dropping it kills it.
pub struct Bare {
    child: Child,
    pub address: SocketAddr,
}

impl Bare {
    /// Starts it, with a PostgreSQL to look things up in or without.
    pub async fn start(database: Option<&str>) -> Result<Bare> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
        let address = free.map_err(|e| e.to_string())?;
        let mut command = Command::new(own);
        command
            .args(["answer", &address.to_string()])
            .args(database);
        let child = command.spawn().map_err(|e| e.to_string())?;
        let bare = Bare { child, address };
        await_listener(address).await?;
        Ok(bare)
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
