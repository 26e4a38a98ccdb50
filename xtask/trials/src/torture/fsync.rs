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
    let measures = match trial.engine {
        Engine::Sqlite => match Trace::of(book.process()?, &ground.scratch).await? {
            Ok(trace) => {
                write(&book, wanted).await?;
                let seen = trace.end().await?;
                vec![
                    at_least("fsync and fdatasync", seen.syncs, wanted),
                    at_least("answers seen", seen.answers, wanted),
                    Measure::exactly(
                        "answers before the disk was told",
                        (seen.early as f64, "answers"),
                        0.0,
                    ),
                ]
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
            vec![at_least(
                "syncs of the log",
                after.syncs - before.syncs,
                wanted,
            )]
        }
    };
    let wrong = book.site.verify().await?;
    Ok(Tally {
        tried: wanted,
        wrong,
        measures,
        ..Tally::default()
    })
}

fn at_least(what: &'static str, calls: u64, wanted: u64) -> Measure {
    Measure::at_least(what, (calls as f64, "calls"), wanted as f64)
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

/// What was seen of the calls, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    syncs: u64,
    answers: u64,
    /// Answers to writes with no sync since the write was read.
    early: u64,
}

impl Seen {
    fn of(trace: &str) -> Seen {
        let (mut seen, mut synced) = (Seen::default(), true);
        for line in trace.lines() {
            if line.contains("\"POST ") {
                synced = false;
            } else if line.contains("\"HTTP/1.1 201") {
                seen.answers += 1;
                seen.early += u64::from(!synced);
            } else if line.contains("sync") && line.ends_with("= 0") {
                seen.syncs += 1;
                synced = true;
            }
        }
        seen
    }
}

/// The calls that are looked at: what is kept, what is read of a socket, and what is answered there.
const CALLS: &str = "trace=fsync,fdatasync,read,recvfrom,write,writev,sendto,sendmsg";

impl Trace {
    /// Why it cannot be, where this machine does not let it.
    async fn of(process: u32, scratch: &Path) -> Result<std::result::Result<Trace, String>> {
        let summary = scratch.join("fsync-calls");
        let strace = Command::new("strace")
            .args(["-f", "-s", "16", "-e", CALLS, "-p", &process.to_string()])
            .arg("-o")
            .arg(&summary)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut trace = match strace {
            Ok(strace) => Trace { strace, summary },
            Err(e) => return Ok(Err(format!("strace sees the calls, and is not here: {e}"))),
        };
        // It has every thread when the kernel names it as the tracer of the last.
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if trace
                .strace
                .try_wait()
                .map_err(|e| e.to_string())?
                .is_some()
            {
                let why = "strace sees the calls, and may not look at the server";
                return Ok(Err(why.into()));
            }
            if is_traced(process, trace.strace.id()) {
                return Ok(Ok(trace));
            }
            pause(Duration::from_millis(20)).await;
        }
        Err("strace did not begin".into())
    }

    /// What it saw. It lets go of the server when it is told to stop.
    async fn end(mut self) -> Result<Seen> {
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
        Ok(Seen::of(&seen))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_before_its_sync_is_seen() {
        let trace = "7 recvfrom(9, \"POST /api/v1/all\"..., 8192, 0, NULL, NULL) = 300\n\
            8 fdatasync(5 <unfinished ...>\n\
            8 <... fdatasync resumed>) = 0\n\
            7 sendto(9, \"HTTP/1.1 201 Cre\"..., 400, MSG_NOSIGNAL, NULL, 0) = 400\n\
            7 recvfrom(9, \"POST /api/v1/all\"..., 8192, 0, NULL, NULL) = 300\n\
            7 sendto(9, \"HTTP/1.1 201 Cre\"..., 400, MSG_NOSIGNAL, NULL, 0) = 400\n\
            8 fdatasync(5) = 0\n";
        let seen = Seen {
            syncs: 2,
            answers: 2,
            early: 1,
        };
        assert_eq!(Seen::of(trace), seen);
    }
}
