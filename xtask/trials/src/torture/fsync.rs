//! Fsync: writes one after the other, each acknowledged before the next is sent. As often as that, the disk must have
//! been told to keep what was written: a kill proves nothing about a power cut, as the kernel keeps what it was given.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{Measure, Tally, Trial};
use crate::{
    Result,
    book::Book,
    person::Request,
    server::{Engine, Ground, connect, pause, told},
    wire::Wire,
};

/// Writes of a round.
const WRITES: u64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes to a book of its own.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let book = Book::new(ground, trial.engine, "fsync").await?;
    let wanted = (trial.rounds + 1 - trial.from) * WRITES;
    let (calls, what) = match trial.engine {
        Engine::Sqlite => match Trace::of(book.process()?, &ground.scratch).await {
            Ok(trace) => {
                write(&book, wanted).await?;
                (trace.end().await?, "fsync and fdatasync")
            }
            Err(why) => return Ok(Tally::not_run(why)),
        },
        Engine::Postgres => {
            let before = Wal::of(&book.site.database).await?;
            write(&book, wanted).await?;
            let after = Wal::settled(&book.site.database, before.syncs + wanted).await?;
            if let Some(why) = after.forgets {
                return Ok(Tally::not_run(why));
            }
            (after.syncs - before.syncs, "syncs of the log")
        }
    };
    let wrong = book.site.verify().await?;
    Ok(Tally {
        tried: wanted,
        wrong,
        measures: vec![Measure::at_least(
            what,
            (calls as f64, "calls"),
            wanted as f64,
        )],
        ..Tally::default()
    })
}

/// One after the other: none may share the commit of another.
async fn write(book: &Book, writes: u64) -> Result<()> {
    let (_, pool) = book.license("Fsync", 900_000_000).await?;
    let child = book.customer("Tenant").await?;
    let mut wire = Wire::to(book.operator.address);
    let body = json!({"pool_id": pool, "organization_id": child, "units": 1});
    let request = Request::json("POST", "/api/v1/allocations", &body);
    for _ in 0..writes {
        book.operator.over(&mut wire, &request).await?;
    }
    Ok(())
}

/// `strace` on the server's threads.
struct Trace {
    strace: Child,
    summary: PathBuf,
}

impl Trace {
    async fn of(process: u32, scratch: &Path) -> Result<Trace> {
        let summary = scratch.join("fsync-calls");
        let strace = Command::new("strace")
            .args([
                "-f",
                "-e",
                "trace=fsync,fdatasync",
                "-p",
                &process.to_string(),
            ])
            .arg("-o")
            .arg(&summary)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut strace =
            strace.map_err(|e| format!("strace counts the calls, and is not here: {e}"))?;
        // It has every thread when the kernel names it as the tracer of the last.
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if strace.try_wait().map_err(|e| e.to_string())?.is_some() {
                return Err("strace counts the calls, and may not look at the server".into());
            }
            if is_traced(process, strace.id()) {
                return Ok(Trace { strace, summary });
            }
            pause(Duration::from_millis(20)).await;
        }
        Err("strace counts the calls, and did not begin".into())
    }

    /// The calls it saw return. It lets go of the server when it is told to stop.
    async fn end(mut self) -> Result<u64> {
        let stop = Command::new("kill")
            .args(["-INT", &self.strace.id().to_string()])
            .status();
        stop.map_err(|e| format!("kill: {e}"))?;
        let begun = Instant::now();
        while self.strace.try_wait().map_err(|e| e.to_string())?.is_none() {
            if begun.elapsed() > PATIENCE {
                return Err("strace does not end".into());
            }
            pause(Duration::from_millis(20)).await;
        }
        let seen = fs::read_to_string(&self.summary);
        let seen = seen.map_err(|e| format!("{}: {e}", self.summary.display()))?;
        Ok(seen.lines().filter(|line| line.ends_with("= 0")).count() as u64)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

fn is_traced(process: u32, tracer: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return false;
    };
    let wanted = format!("TracerPid:\t{tracer}");
    threads.flatten().all(|thread| {
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        status.lines().any(|line| line == wanted)
    })
}

/// What PostgreSQL says of its log.
struct Wal {
    syncs: u64,
    /// Why its syncs mean nothing.
    forgets: Option<String>,
}

impl Wal {
    /// A session tells what it did when it has had nothing to do for a while.
    async fn settled(database: &str, wanted: u64) -> Result<Wal> {
        let begun = Instant::now();
        loop {
            let wal = Wal::of(database).await?;
            if wal.syncs >= wanted || wal.forgets.is_some() || begun.elapsed() > PATIENCE {
                return Ok(wal);
            }
            pause(Duration::from_millis(250)).await;
        }
    }

    async fn of(database: &str) -> Result<Wal> {
        let session = connect(database).await?;
        let failed = |e: tokio_postgres::Error| told(&e);
        let version: i32 = session
            .query_one("SELECT current_setting('server_version_num')::int", &[])
            .await
            .map_err(failed)?
            .get(0);
        let sql = match version {
            180_000.. => {
                "SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal'"
            }
            140_000.. => "SELECT wal_sync FROM pg_stat_wal",
            _ => {
                let forgets = Some("PostgreSQL counts its syncs from version 14 on".to_owned());
                return Ok(Wal { syncs: 0, forgets });
            }
        };
        let syncs: i64 = session.query_one(sql, &[]).await.map_err(failed)?.get(0);
        let settings = "SELECT current_setting('fsync'), current_setting('synchronous_commit')";
        let row = session.query_one(settings, &[]).await.map_err(failed)?;
        let (fsync, commit): (String, String) = (row.get(0), row.get(1));
        let durable = fsync == "on" && commit != "off";
        let forgets = format!("PostgreSQL runs with fsync {fsync}, synchronous_commit {commit}");
        Ok(Wal {
            syncs: syncs.unsigned_abs(),
            forgets: (!durable).then_some(forgets),
        })
    }
}
