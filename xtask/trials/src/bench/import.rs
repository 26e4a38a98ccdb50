//! A long file from its upload to its last row, beside the drivers bare that insert the rows it made; and how long
//! others wait for their writes meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Figure, Task, rows, writes};
use crate::{
    Result,
    book::{Book, text},
    person::{Person, Request},
    phones::{File, Phones},
    server::{Engine, pause},
    wire::Wire,
};

/// As many as there are keys of five digits.
const ROWS: u64 = 100_000;
const PATIENCE: Duration = Duration::from_secs(900);

pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let book = Book::new(task.ground, task.engine, "bench-import").await?;
    let file = File::new(ROWS, None);
    Phones::new(&book, &file).await?;
    let bare = writes::copy(task, &book, "bench_import_bare").await?;
    let before = book.memory_kib("VmRSS")?;

    let done = Arc::new(AtomicBool::new(false));
    let other = tokio::spawn(others(
        book.operator.clone(),
        book.provider.clone(),
        Arc::clone(&done),
    ));
    let begun = Instant::now();
    let upload = ("phones.csv", file.content.as_bytes());
    let upload = Request::file("/api/v1/imports", ("kind", "extensions"), upload);
    let import = book.operator.ask(&upload).await?.json();
    let checked = begun.elapsed().as_secs_f64();
    applied(&book, &import).await?;
    let ours = begun.elapsed().as_secs_f64();
    done.store(true, Ordering::Relaxed);
    let (written, longest) = other.await.map_err(|e| e.to_string())??;

    let grown = book.memory_kib("VmHWM")?.saturating_sub(before) / 1024;
    let from = book.site.database.clone();
    drop(book);
    let (count, limit) = match task.engine {
        Engine::Sqlite => rows::on_sqlite(from, bare.database).await?,
        Engine::Postgres => rows::on_postgres(&from, &bare.database).await?,
    };
    let rounded = |seconds: f64| Value::from((seconds * 10.0).round() / 10.0);
    Ok(vec![Figure {
        name: "import",
        ours,
        limit,
        unit: "s",
        rest: vec![
            (
                "limit_is",
                format!("{count} bare inserts of the same rows").into(),
            ),
            ("checked_s", rounded(checked)),
            ("others_wrote", written.into()),
            ("others_waited_ms", (longest.as_millis() as u64).into()),
            ("grown_mib", grown.into()),
        ],
    }])
}

async fn applied(book: &Book, import: &Value) -> Result<()> {
    let path = format!("/api/v1/imports/{}/apply", text(&import["id"])?);
    let apply = Request::json("POST", path, &json!({"mode": "good"}));
    let job = text(&book.operator.ask(&apply).await?.json()["job_id"])?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let found = book.get(&format!("/api/v1/jobs/{job}")).await?;
        match found["state"].as_str() {
            Some("done") => return Ok(()),
            Some("queued" | "running" | "waiting") => pause(Duration::from_millis(50)).await,
            _ => return Err(format!("the job ended otherwise: {found}")),
        }
    }
    Err(format!("the job did not end within {PATIENCE:?}"))
}

/// Somebody else who writes all the time: how often, and the longest wait for an answer.
async fn others(
    person: Person,
    provider: String,
    done: Arc<AtomicBool>,
) -> Result<(u64, Duration)> {
    let mut wire = Wire::to(person.address);
    let (mut written, mut longest) = (0, Duration::ZERO);
    while !done.load(Ordering::Relaxed) {
        let body = json!({"organization_id": provider, "name": format!("User {written}")});
        let begun = Instant::now();
        person
            .over(&mut wire, &Request::json("POST", "/api/v1/holders", &body))
            .await?;
        longest = longest.max(begun.elapsed());
        written += 1;
        pause(Duration::from_millis(20)).await;
    }
    Ok((written, longest))
}
