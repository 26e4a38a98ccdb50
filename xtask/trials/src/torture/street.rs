//! A street with a crowd in it, and others who work there: how long they wait while it is quiet and while it is not, and
//! what the crowd takes of the server's memory.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use super::{Measure, Trial};
use crate::{
    Result,
    book::Book,
    person::{Person, Request},
    server::{Ground, pause},
    wire::Wire,
};

/// Others who work meanwhile.
const OTHERS: usize = 4;
/// How long it is quiet, to know how long others wait then.
const QUIET: Duration = Duration::from_secs(5);
/// Twice as long may others wait; below this nobody notices.
const UNNOTICED_MS: f64 = 20.0;

/// What a crowd does until it is told to stop; each of it ends with what was wrong.
pub type Crowd = JoinSet<Option<String>>;

/// One book, and the worst of all rounds on it.
pub struct Street {
    pub book: Book,
    pub wrong: Vec<String>,
    write: Arc<Request>,
    quiet_ms: f64,
    meanwhile_ms: f64,
    grown_mib: f64,
}

impl Street {
    pub async fn open(ground: &Ground, trial: Trial, name: &str) -> Result<Street> {
        let book = Book::new(ground, trial.engine, name).await?;
        let (_, pool) = book.license("Street", 900_000_000).await?;
        let child = book.customer("Tenant").await?;
        let body = json!({"pool_id": pool, "organization_id": child, "units": 1});
        Ok(Street {
            book,
            wrong: Vec::new(),
            write: Arc::new(Request::json("POST", "/api/v1/allocations", &body)),
            quiet_ms: 0.0,
            meanwhile_ms: 0.0,
            grown_mib: 0.0,
        })
    }

    /// A quiet time, and a storm of so long.
    pub async fn round(
        &mut self,
        round: u64,
        storm: Duration,
        gather: impl FnOnce(watch::Receiver<bool>) -> Crowd,
    ) -> Result<()> {
        let (before, _) = others(&self.book.operator, &self.write, QUIET).await?;
        let memory = self.book.memory_kib("VmRSS")?;
        let (stop, stopped) = watch::channel(false);
        let mut crowd = gather(stopped);
        let (during, refused) = others(&self.book.operator, &self.write, storm).await?;
        let grown = (self.book.memory_kib("VmHWM")? as f64 - memory as f64) / 1024.0;
        stop.send_replace(true);
        while let Some(ended) = crowd.join_next().await {
            let found = ended.map_err(|e| format!("one of the crowd failed: {e}"))?;
            self.wrong.extend(found);
        }
        self.quiet_ms = self.quiet_ms.max(before);
        self.meanwhile_ms = self.meanwhile_ms.max(during);
        self.grown_mib = self.grown_mib.max(grown);
        let refused = refused.map(|what| format!("round {round}: {what}"));
        self.wrong.extend(refused);
        Ok(())
    }

    /// Looks at the book and the log after the last round.
    pub async fn close(&mut self) -> Result<()> {
        let wrong = self.book.site.verify().await?;
        self.wrong.extend(wrong);
        self.wrong.extend(self.book.site.panics());
        Ok(())
    }

    pub fn quiet_p99_us(&self) -> u64 {
        (self.quiet_ms * 1000.0) as u64
    }

    /// How long others waited, and how much memory grew, which may be so much.
    pub fn measures(&self, growth_mib: f64) -> Vec<Measure> {
        let bearable = (2.0 * self.quiet_ms).max(UNNOTICED_MS);
        vec![
            Measure::at_most("others wait (p99)", (self.meanwhile_ms, "ms"), bearable),
            Measure::at_most("memory grows", (self.grown_mib, "MiB"), growth_mib),
        ]
    }
}

/// Reads lists and writes, for so long. What the slowest hundredth waited, in milliseconds, and what was not done.
async fn others(
    operator: &Person,
    write: &Arc<Request>,
    time: Duration,
) -> Result<(f64, Option<String>)> {
    let begun = Instant::now();
    let mut people = JoinSet::new();
    for _ in 0..OTHERS {
        let (operator, write) = (operator.clone(), Arc::clone(write));
        people.spawn(async move {
            let (mut wire, mut waits) = (Wire::to(operator.address), Vec::new());
            let list = Request::get("/api/v1/licenses?limit=5");
            while begun.elapsed() < time {
                for request in [&list, &*write] {
                    let sent = Instant::now();
                    operator.over(&mut wire, request).await?;
                    waits.push(sent.elapsed().as_secs_f64() * 1000.0);
                }
                pause(Duration::from_millis(5)).await;
            }
            Ok::<_, String>(waits)
        });
    }
    let (mut waits, mut refused) = (Vec::new(), None);
    while let Some(ended) = people.join_next().await {
        match ended.map_err(|e| format!("somebody failed: {e}"))? {
            Ok(found) => waits.extend(found),
            Err(what) => refused = Some(what),
        }
    }
    waits.sort_by(f64::total_cmp);
    let slowest = waits.get(waits.len() * 99 / 100).copied();
    Ok((slowest.unwrap_or_default(), refused))
}
