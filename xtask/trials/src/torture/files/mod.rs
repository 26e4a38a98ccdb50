//! Hostile files: each is refused with the reason that is its own, others are answered meanwhile, and the server's own
//! process hardly grows.

mod corpus;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use self::corpus::Hostile;
use super::{Tally, Trial};
use crate::{
    Result,
    book::Book,
    person::{Person, Request},
    server::{Ground, pause},
    wire::Wire,
};

/// Files sent at once.
const SENDERS: usize = 4;
/// What the server may grow by, at its peak.
const GROWTH_MIB: u64 = 64;
/// How long somebody else may wait for a list meanwhile, on a machine whose cores read files.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends every file so many times.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let book = Book::new(ground, trial.engine, "files").await?;
    warm_up(&book).await?;
    let files = Arc::new(corpus::all());
    let before = book.memory_kib("VmRSS")?;
    let done = Arc::new(AtomicBool::new(false));
    let other = tokio::spawn(others(book.operator.clone(), Arc::clone(&done)));
    let mut wrong = Vec::new();
    let mut tried = 0;
    for _ in trial.from..=trial.rounds {
        wrong.extend(round(&book.operator, &files).await?);
        tried += files.len() as u64;
    }
    done.store(true, Ordering::Relaxed);
    let longest = other.await.map_err(|e| e.to_string())??;
    let grown = book.memory_kib("VmHWM")?.saturating_sub(before) / 1024;
    if grown > GROWTH_MIB {
        wrong.push(format!(
            "the server grew by {grown} MiB, not by at most {GROWTH_MIB}"
        ));
    }
    if longest > PATIENCE {
        wrong.push(format!("somebody else waited {longest:?} for a list"));
    }
    let kept = book.get("/api/v1/imports?limit=200").await?;
    if kept["items"].as_array().map(Vec::len) != Some(1) {
        wrong.push("something of a refused file was kept".into());
    }
    wrong.extend(book.site.verify().await?);
    wrong.extend(book.site.panics());
    let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
    let figures = vec![("grown_mib", grown), ("longest_wait_ms", longest)];
    Ok(Tally {
        tried,
        wrong,
        figures,
        ..Tally::default()
    })
}

/// A good file, so that what every import needs is there before anything is measured.
async fn warm_up(book: &Book) -> Result<()> {
    let file = Request::file(
        "/api/v1/imports",
        ("kind", "catalog"),
        ("a.csv", b"sku\nA-1\n"),
    );
    book.operator.ask(&file).await.map(drop)
}

/// Sends every file once, several at a time; what was not refused as it should be.
async fn round(operator: &Person, files: &Arc<Vec<Hostile>>) -> Result<Vec<String>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (next, files, operator) = (Arc::clone(&next), Arc::clone(files), operator.clone());
        senders.spawn(async move {
            let mut wrong = Vec::new();
            while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                wrong.extend(send(&operator, file).await);
            }
            wrong
        });
    }
    let mut wrong = Vec::new();
    while let Some(found) = senders.join_next().await {
        wrong.extend(found.map_err(|e| e.to_string())?);
    }
    Ok(wrong)
}

async fn send(operator: &Person, file: &Hostile) -> Option<String> {
    let part = (file.file_name, file.bytes.as_slice());
    let request = Request::file("/api/v1/imports", ("kind", "catalog"), part);
    let answer = Wire::to(operator.address)
        .send(&operator.bytes(&request))
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Some(format!("{}: {error}", file.name)),
    };
    let body = answer.json();
    let code = body["fields"][0]["code"].as_str().or(body["code"].as_str());
    let is_right = (answer.status, code.unwrap_or_default()) == file.refusal;
    (!is_right).then(|| format!("{}: {}", file.name, answer.brief()))
}

/// Somebody who looks at a list all the time; the longest they waited.
async fn others(operator: Person, done: Arc<AtomicBool>) -> Result<Duration> {
    let (mut wire, mut longest) = (Wire::to(operator.address), Duration::ZERO);
    while !done.load(Ordering::Relaxed) {
        let begun = Instant::now();
        operator
            .over(&mut wire, &Request::get("/api/v1/organizations"))
            .await?;
        longest = longest.max(begun.elapsed());
        pause(Duration::from_millis(20)).await;
    }
    Ok(longest)
}
