//! What the database is asked for `/metrics`: by one timer, however often somebody reads.

use std::{path::Path, time::Duration};

use metrics::gauge;
use store::{Timestamp, Tx};
use tokio::time::{MissedTickBehavior, interval};

use super::{counters, readiness::disk};
use crate::{app::App, backups, error::Result};

const PERIOD: Duration = Duration::from_secs(15);
/// Dead jobs are counted up to here.
const DEAD: i64 = 10_000;

/// Takes them until the task is dropped.
pub async fn run(app: App) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = take(&app).await {
            tracing::warn!(%error, "the figures for /metrics could not be taken; trying again later");
        }
        if let Some(kept) = counters::kept() {
            kept.run_upkeep();
        }
    }
}

/// Takes them once.
pub async fn take(app: &App) -> Result<()> {
    take_near(app);
    let now = app.gate.now();
    let counted = app.read(|mut tx| Box::pin(async move { Counted::read(&mut tx).await }));
    counted.await?.show(now);
    set("seatbook_looked_seconds", now.as_micros() / 1_000_000);
    Ok(())
}

/// What this process knows by itself.
fn take_near(app: &App) {
    let db = app.gate.db();
    for (lane, waiting) in ["interactive", "bulk", "preview"]
        .into_iter()
        .zip(db.waiting())
    {
        gauge!("seatbook_writes_waiting", "lane" => lane).set(waiting as f64);
    }
    if let Some(free) = db.free_readers() {
        gauge!("seatbook_readers_free").set(free as f64);
    }
    if let Some(file) = db.file() {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let log = std::fs::metadata(Path::new(&log)).map_or(0, |log| log.len());
        gauge!("seatbook_wal_bytes").set(log as f64);
        if let Some((free, total)) = disk(file) {
            gauge!("seatbook_disk_free_bytes").set(free as f64);
            gauge!("seatbook_disk_bytes").set(total as f64);
        }
    }
}

fn set(name: &'static str, value: i64) {
    gauge!(name).set(value as f64);
}

/// A number, and when the oldest of them was made.
type Waiting = (i64, Option<Timestamp>);

/// What the database says, in one look.
struct Counted {
    jobs: Vec<(String, i64)>,
    oldest_job: Option<Timestamp>,
    dead: i64,
    mails: Waiting,
    unsealed: Waiting,
    figures: i64,
    chain: i64,
    sessions: i64,
    parked: i64,
    backup: Option<Timestamp>,
}

impl Counted {
    async fn read(tx: &mut Tx<'_>) -> Result<Counted> {
        let open = "state IN ('queued', 'waiting', 'running')";
        let jobs = format!("SELECT state, count(*) FROM job WHERE {open} GROUP BY state");
        let oldest = format!("SELECT min(created_at) FROM job WHERE {open} AND state = 'queued'");
        let (oldest_job,): (Option<Timestamp>,) = tx.query_one(&oldest, &[]).await?;
        let (dead,): (i64,) = tx
            .query_one(
                "SELECT count(*) FROM (SELECT id FROM job
                 WHERE state IN ('refused', 'dead') AND state = 'dead' LIMIT $1) dead",
                &[&DEAD],
            )
            .await?;
        let mails =
            "SELECT count(*), min(created_at) FROM mail WHERE state IN ('queued', 'sending')";
        let unsealed = "SELECT count(*), min(at) FROM journal WHERE seq IS NULL";
        let behind = "SELECT s.last_seq - f.seq, s.last_seq - c.seq FROM seal s
            CROSS JOIN figure_place f CROSS JOIN chain_place c WHERE s.id = 1 AND f.id = 1 AND c.id = 1";
        let (figures, chain): (i64, i64) = tx.query_one(behind, &[]).await?;
        let (sessions,): (i64,) = tx.query_one("SELECT count(*) FROM session", &[]).await?;
        let parked = "SELECT count(*) FROM billing_profile WHERE parked_reason IS NOT NULL";
        let (parked,): (i64,) = tx.query_one(parked, &[]).await?;
        Ok(Counted {
            jobs: tx.query(&jobs, &[]).await?,
            oldest_job,
            dead,
            mails: tx.query_one(mails, &[]).await?,
            unsealed: tx.query_one(unsealed, &[]).await?,
            figures,
            chain,
            sessions,
            parked,
            backup: backups::newest(tx).await?,
        })
    }

    fn show(&self, now: Timestamp) {
        for state in ["queued", "waiting", "running"] {
            let found = self.jobs.iter().find(|(name, _)| name == state);
            let count = found.map_or(0, |(_, count)| *count);
            gauge!("seatbook_jobs", "state" => state).set(count as f64);
        }
        gauge!("seatbook_jobs", "state" => "dead").set(self.dead as f64);
        set("seatbook_job_oldest_seconds", age(now, self.oldest_job));
        set("seatbook_mails_waiting", self.mails.0);
        set("seatbook_mail_oldest_seconds", age(now, self.mails.1));
        set("seatbook_unsealed_entries", self.unsealed.0);
        set("seatbook_unsealed_seconds", age(now, self.unsealed.1));
        set("seatbook_figures_behind", self.figures);
        set("seatbook_chain_behind", self.chain);
        set("seatbook_sessions", self.sessions);
        set("seatbook_parked", self.parked);
        // Where there was none, there is no age that could be taken for a good one.
        if self.backup.is_some() {
            set("seatbook_backup_age_seconds", age(now, self.backup));
        }
    }
}

fn age(now: Timestamp, since: Option<Timestamp>) -> i64 {
    let micros = since.map_or(0, |since| now.as_micros() - since.as_micros());
    (micros / 1_000_000).max(0)
}
