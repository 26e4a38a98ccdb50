//! Whether this server should be sent requests, and why not.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use store::{Health, Timestamp};
use tokio::{
    sync::Mutex,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{app::App, condition::Jump, error::Result, schema};

/// How long an answer of the database is good for: those who ask more often get the same again.
const FRESH: Duration = Duration::from_secs(2);
/// How long a good answer outlives one that did not come: a writer that waits for somebody's lock is no reason to send
/// everybody elsewhere.
const GRACE: Duration = Duration::from_secs(10);
/// How long a writer may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the server looks at itself.
const PERIOD: Duration = Duration::from_secs(5);
/// Free space below both of these is too little: bytes, and one part in so many of the disk.
const LOW_BYTES: u64 = 256 * 1024 * 1024;
const LOW_PART: u64 = 20;

/// What `/readyz` says.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    /// Whether requests should be sent here.
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<Reason>,
    /// What does not keep requests away and should be looked at.
    pub warnings: Vec<Reason>,
    /// `full` where acknowledged writes survive a power loss, else `weak`; `unknown` where the database does not answer.
    pub durability: &'static str,
    /// Which tables there are.
    pub schema: Schema,
    /// The version of the program.
    pub version: &'static str,
}

/// Steps of the migrations.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Schema {
    /// The last one this program knows.
    pub known: i64,
    /// The last one that was taken.
    pub applied: Option<i64>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable.
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

impl Reason {
    fn new(code: &'static str, message: impl Into<String>) -> Reason {
        let message = message.into();
        Reason { code, message }
    }
}

/// Looks, and remembers for a moment what it saw.
pub struct Watcher {
    app: App,
    last: Mutex<Option<Seen>>,
}

/// The last look, and the good answer that still counts.
struct Seen {
    at: Instant,
    good: Option<(Instant, Health)>,
}

impl Seen {
    /// The look after another, when it was asked and told: a good answer counts anew, an error ends it, and where no
    /// answer came the one before lives on for a while.
    fn after(
        last: Option<&Seen>,
        (asked, told): (Instant, Instant),
        answer: Option<Result<Health>>,
    ) -> Seen {
        let lives = |(at, _): &(Instant, Health)| asked.duration_since(*at) < GRACE;
        let good = match answer {
            Some(answer) => answer.ok().map(|health| (told, health)),
            None => last.and_then(|seen| seen.good.clone()).filter(lives),
        };
        Seen { at: told, good }
    }

    fn health(&self) -> Option<Health> {
        self.good.as_ref().map(|(_, health)| health.clone())
    }
}

impl Watcher {
    /// One that has seen nothing yet.
    pub fn new(app: App) -> Watcher {
        Watcher {
            app,
            last: Mutex::default(),
        }
    }

    /// How the server is now.
    pub async fn look(&self) -> Readiness {
        let probed = self.probed().await;
        judge(&self.app, probed.as_ref())
    }

    /// Whoever asks while somebody looks waits for that look: many who ask are one question to the database.
    async fn probed(&self) -> Option<Health> {
        let mut last = self.last.lock().await;
        if let Some(seen) = last.as_ref().filter(|seen| seen.at.elapsed() < FRESH) {
            return seen.health();
        }
        let asked = Instant::now();
        let answer = timeout(PATIENCE, probe(&self.app)).await.ok();
        let seen = Seen::after(last.as_ref(), (asked, Instant::now()), answer);
        last.insert(seen).health()
    }
}

async fn probe(app: &App) -> Result<Health> {
    let health = app.gate.db().probe().await?;
    look_at_clock(app).await?;
    Ok(health)
}

/// The last by number and not by time: one wrong instant is forgotten once another entry follows it.
async fn newest(app: &App) -> Result<Option<Timestamp>> {
    let sql = "SELECT at FROM journal WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1";
    let found: Option<(Timestamp,)> = app
        .glance(move |mut tx| Box::pin(async move { Ok(tx.query_opt(sql, &[]).await?) }))
        .await?;
    Ok(found.map(|(at,)| at))
}

fn judge(app: &App, probed: Option<&Health>) -> Readiness {
    let known = schema::MIGRATIONS.last().map_or(0, |last| last.number);
    let applied = probed.map(|health| health.schema);
    let (mut reasons, mut warnings) = (Vec::new(), Vec::new());
    if app.condition.is_stopping() {
        reasons.push(Reason::new(
            "server.stopping",
            "The server was told to stop.",
        ));
    }
    if app.gate.quarantine().is_some() {
        let message =
            "The book was restored from a backup and is not released yet; run `seatbook resume`.";
        reasons.push(Reason::new("book.quarantined", message));
    }
    match probed {
        None => reasons.push(Reason::new(
            "database.no_answer",
            "The database takes no writes, or not within two seconds.",
        )),
        Some(health) => warnings.extend(weakness(health)),
    }
    if applied.is_some_and(|applied| applied < known) {
        let message = "The tables are older than this program.";
        reasons.push(Reason::new("schema.behind", message));
    }
    if applied.is_some_and(|applied| applied > known) {
        let message = "A newer server has changed the tables; this one should be replaced.";
        warnings.push(Reason::new("schema.ahead", message));
    }
    reasons.extend(low_disk(app));
    match app.condition.jump(app.gate.now()) {
        // Another server's clock may be the wrong one, and requests are answered right by either.
        Some(jump @ Jump::Behind(_)) => warnings.push(clock(jump)),
        jump => reasons.extend(jump.map(clock)),
    }
    Readiness {
        ready: reasons.is_empty(),
        reasons,
        warnings,
        durability: match probed.map(|health| health.weak.is_empty()) {
            Some(true) => "full",
            Some(false) => "weak",
            None => "unknown",
        },
        schema: Schema { known, applied },
        version: env!("CARGO_PKG_VERSION"),
    }
}

fn weakness(health: &Health) -> Option<Reason> {
    let weak = health.weak.join(", ");
    let message = format!("Acknowledged writes may be lost at a power loss: {weak}.");
    (!health.weak.is_empty()).then(|| Reason::new("durability.weak", message))
}

fn low_disk(app: &App) -> Option<Reason> {
    let (free, total) = disk(app.gate.db().file()?)?;
    let message = format!(
        "The disk of the book has {} MiB left.",
        free / (1024 * 1024)
    );
    is_low(free, total).then(|| Reason::new("disk.low", message))
}

fn is_low(free: u64, total: u64) -> bool {
    free < LOW_BYTES.min(total / LOW_PART)
}

/// Free and all bytes of the disk that a file is on, where the system says so.
pub fn disk(file: &Path) -> Option<(u64, u64)> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    room(folder.unwrap_or(Path::new(".")))
}

#[cfg(unix)]
fn room(folder: &Path) -> Option<(u64, u64)> {
    let seen = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(seen.f_frsize);
    Some((bytes(seen.f_bavail), bytes(seen.f_blocks)))
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<(u64, u64)> {
    None
}

fn clock(jump: Jump) -> Reason {
    let paused = "renewals, expiry and notices wait until it is right again";
    match jump {
        Jump::Backward(seconds) => {
            let message = format!("The clock is {seconds} seconds behind; {paused}.");
            Reason::new("clock.backward", message)
        }
        Jump::Behind(seconds) => {
            let message = format!(
                "The clock is {seconds} seconds behind the last entry of the journal; {paused}."
            );
            Reason::new("clock.behind", message)
        }
        Jump::Forward(seconds) => {
            let message = format!(
                "The clock went {seconds} seconds ahead at once; {paused}, or the server is started anew."
            );
            Reason::new("clock.forward", message)
        }
    }
}

/// The answer to `/readyz`.
pub async fn answer(watcher: &Watcher) -> Response {
    let readiness = watcher.look().await;
    let status = match readiness.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(readiness)).into_response()
}

/// Looks again and again, and says when something became wrong, or right: nobody has to ask to be told.
pub async fn run(app: App) {
    let watcher = Watcher::new(app);
    let mut told: Vec<Reason> = Vec::new();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let seen = watcher.look().await;
        ::metrics::gauge!("seatbook_ready").set(f64::from(u8::from(seen.ready)));
        let is_known =
            |known: &[Reason], it: &Reason| known.iter().any(|other| other.code == it.code);
        for reason in seen.reasons.iter().filter(|it| !is_known(&told, it)) {
            tracing::error!(code = reason.code, "not ready: {}", reason.message);
        }
        for reason in seen.warnings.iter().filter(|it| !is_known(&told, it)) {
            tracing::warn!(code = reason.code, "{}", reason.message);
        }
        let all = [seen.reasons, seen.warnings].concat();
        for reason in told.iter().filter(|it| !is_known(&all, it)) {
            tracing::info!(code = reason.code, "this is right again");
        }
        told = all;
    }
}

/// Looks at the clock before anything goes by it: a book that was written later than now knows that it is wrong.
pub async fn look_at_clock(app: &App) -> Result<()> {
    if let Some(newest) = newest(app).await? {
        app.condition.was_at(newest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_good_answer_outlives_silence_and_no_error() {
        let begun = Instant::now();
        let health = Health {
            weak: vec![],
            schema: 1,
        };
        let look = |last: Option<&Seen>, seconds, answer| {
            let at = begun + Duration::from_secs(seconds);
            Seen::after(last, (at, at), answer)
        };
        let first = look(None, 0, Some(Ok(health.clone())));
        let again = look(Some(&first), 9, Some(Ok(health.clone())));
        let silent = look(Some(&again), 18, None);
        assert_eq!(silent.health(), Some(health));
        assert_eq!(look(Some(&silent), 19, None).health(), None);
        let wrong = look(Some(&again), 10, Some(Err(Error::not_found())));
        assert_eq!(look(Some(&wrong), 11, None).health(), None);
    }

    #[test]
    fn little_room_is_little_on_a_disk_of_any_size() {
        let mib = 1024 * 1024;
        assert!(is_low(200 * mib, 100_000 * mib));
        assert!(!is_low(300 * mib, 100_000 * mib));
        assert!(!is_low(60 * mib, 64 * mib));
        assert!(is_low(3 * mib, 64 * mib));
    }

    #[test]
    fn the_disk_below_a_file_is_known() {
        let (free, total) = disk(Path::new("seatbook.db")).expect("a disk");
        assert!(free <= total && total > 0);
    }
}
