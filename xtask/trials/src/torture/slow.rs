//! Slow: two thousand connections that take their time, with heads and bodies that come byte by byte, bodies without an
//! end, answers that nobody reads, and nothing at all. Somebody else works meanwhile, and waits hardly longer.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
};

use super::{Measure, Tally, Trial};
use crate::{
    Result,
    book::Book,
    person::{Person, Request},
    server::{Ground, pause},
    wire::Wire,
};

const SOCKETS: usize = 2_000;
/// Others who work meanwhile.
const OTHERS: usize = 4;
/// How long it is quiet, to know how long others wait then; and how long it is not: longer than a head may take.
const QUIET: Duration = Duration::from_secs(5);
const STORM: Duration = Duration::from_secs(15);
const STEP: Duration = Duration::from_secs(1);
const GROWTH_MIB: f64 = 100.0;
/// Twice as long may others wait; below this nobody notices.
const UNNOTICED_MS: f64 = 20.0;

/// Each round is a quiet time and a storm, on one book.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let book = Book::new(ground, trial.engine, "slow").await?;
    let (_, pool) = book.license("Slow", 900_000_000).await?;
    let child = book.customer("Tenant").await?;
    let body = json!({"pool_id": pool, "organization_id": child, "units": 1});
    let body = Arc::new(Request::json("POST", "/api/v1/allocations", &body));
    let count = Arc::new(Count::default());
    let (mut quiet, mut meanwhile, mut wrong) = (0.0_f64, 0.0_f64, Vec::new());
    let mut grown: f64 = 0.0;
    for round in trial.from..=trial.rounds {
        let (before, _) = others(&book.operator, &body, QUIET).await?;
        let memory = book.memory_kib("VmRSS")?;
        let (stop, stopped) = watch::channel(false);
        let mut crowd = JoinSet::new();
        for number in 0..SOCKETS {
            let idler = Idler {
                way: Way::ALL[number % Way::ALL.len()],
                address: book.operator.address,
                count: Arc::clone(&count),
            };
            crowd.spawn(idler.dawdle(stopped.clone()));
        }
        let (during, refused) = others(&book.operator, &body, STORM).await?;
        grown = grown.max((book.memory_kib("VmHWM")? as f64 - memory as f64) / 1024.0);
        stop.send_replace(true);
        crowd.join_all().await;
        (quiet, meanwhile) = (quiet.max(before), meanwhile.max(during));
        wrong.extend(refused.map(|what| format!("round {round}: {what}")));
    }
    wrong.extend(book.site.verify().await?);
    wrong.extend(book.site.panics());
    Ok(count.tally(wrong, (quiet, meanwhile, grown)))
}

/// How slow connections fared.
#[derive(Default)]
struct Count {
    opened: AtomicU64,
    cut: AtomicU64,
    failed: AtomicU64,
}

impl Count {
    fn tally(&self, wrong: Vec<String>, (quiet, meanwhile, grown): (f64, f64, f64)) -> Tally {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let micros = |millis: f64| (millis * 1000.0) as u64;
        Tally {
            tried: of(&self.opened),
            wrong,
            figures: vec![
                ("cut_off", of(&self.cut)),
                ("not_connected", of(&self.failed)),
                ("quiet_p99_us", micros(quiet)),
            ],
            measures: vec![
                Measure::at_most("others wait (p99)", (meanwhile, "ms"), bearable(quiet)),
                Measure::at_most("memory grows", (grown, "MiB"), GROWTH_MIB),
                // A server that waits for all of them has no limits, and a crowd that was not there proves nothing.
                Measure::at_least("cut off", (of(&self.cut) as f64, "connections"), 100.0),
                Measure::at_least(
                    "opened",
                    (of(&self.opened) as f64, "connections"),
                    SOCKETS as f64,
                ),
            ],
            ..Tally::default()
        }
    }
}

/// How long others may wait who wait so long when it is quiet.
pub fn bearable(quiet: f64) -> f64 {
    (2.0 * quiet).max(UNNOTICED_MS)
}

/// Reads lists and writes, for so long. What the slowest hundredth waited, in milliseconds, and what was not done.
pub async fn others(
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

/// How somebody takes their time.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Opens a connection, and says nothing.
    Silent,
    /// A head that comes byte by byte.
    Head,
    /// A body that comes byte by byte.
    Body,
    /// A body without an end, at a rate that is quick enough.
    Endless,
    /// An answer of a megabyte is not read.
    Unread,
}

impl Way {
    const ALL: [Way; 5] = [Way::Silent, Way::Head, Way::Body, Way::Endless, Way::Unread];

    fn opening(self) -> &'static str {
        match self {
            Way::Silent => "",
            Way::Head => "GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
            Way::Body => {
                "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: 60000\r\n\r\nemail="
            }
            Way::Endless => {
                "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Transfer-Encoding: chunked\r\n\r\n"
            }
            Way::Unread => "GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
        }
    }

    /// What is sent at each step.
    fn piece(self) -> String {
        match self {
            Way::Silent | Way::Unread => String::new(),
            Way::Head | Way::Body => "x".into(),
            Way::Endless => format!("1000\r\n{}\r\n", "x".repeat(4096)),
        }
    }
}

/// Somebody with one slow connection after the other.
struct Idler {
    way: Way,
    address: SocketAddr,
    count: Arc<Count>,
}

impl Idler {
    async fn dawdle(self, mut stopped: watch::Receiver<bool>) {
        tokio::select! {
            () = self.sit() => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    async fn sit(&self) {
        loop {
            match TcpStream::connect(self.address).await {
                Ok(socket) => {
                    self.count.opened.fetch_add(1, Ordering::Relaxed);
                    self.wait(socket).await;
                    self.count.cut.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) => {
                    self.count.failed.fetch_add(1, Ordering::Relaxed);
                }
            }
            pause(STEP).await;
        }
    }

    /// Until the server ends it.
    async fn wait(&self, mut socket: TcpStream) {
        let mut open = socket
            .write_all(self.way.opening().as_bytes())
            .await
            .is_ok();
        let mut answer = [0; 512];
        while open {
            if self.way == Way::Unread {
                pause(STEP).await;
                continue;
            }
            open = tokio::select! {
                _ = socket.read(&mut answer) => false,
                () = pause(STEP) => socket.write_all(self.way.piece().as_bytes()).await.is_ok(),
            };
        }
    }
}
