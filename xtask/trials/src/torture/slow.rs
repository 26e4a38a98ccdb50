//! Slow: two thousand connections that take their time, with heads and bodies that come byte by byte, bodies without an
//! end, answers that nobody reads, and nothing at all. Somebody else works meanwhile, and waits hardly longer.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use super::{
    Measure, Tally, Trial,
    street::{Crowd, Street},
};
use crate::{
    Result,
    process::short_of_files,
    server::{Ground, pause},
};

const SOCKETS: usize = 2_000;
/// Longer than a head may take, than a body without an end needs to be too large, and than an answer may lie unread.
const STORM: Duration = Duration::from_secs(35);
const STEP: Duration = Duration::from_secs(1);
const GROWTH_MIB: f64 = 100.0;
/// In each round one of so many sockets of a way has to be cut off: a server that waits for all of them has no limits.
const CUT_OFF_SHARE: f64 = 5.0;

/// Each round is a quiet time and a storm, on one book.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    if let Some(why) = short_of_files(SOCKETS) {
        return Ok(Tally::not_run(why));
    }
    let mut street = Street::open(ground, trial, "slow").await?;
    let count = Arc::new(Count::default());
    for round in trial.from..=trial.rounds {
        let address = street.book.operator.address;
        let gather = |stopped: watch::Receiver<bool>| crowd(address, &count, &stopped);
        street.round(round, STORM, gather).await?;
    }
    street.close().await?;
    let rounds = trial.rounds - trial.from + 1;
    Ok(count.tally(street, rounds as f64))
}

fn crowd(address: SocketAddr, count: &Arc<Count>, stopped: &watch::Receiver<bool>) -> Crowd {
    let mut crowd = Crowd::new();
    for number in 0..SOCKETS {
        let idler = Idler {
            way: Way::ALL[number % Way::ALL.len()],
            address,
            count: Arc::clone(count),
        };
        let stopped = stopped.clone();
        crowd.spawn(async move {
            idler.dawdle(stopped).await;
            None
        });
    }
    crowd
}

/// How slow connections fared.
#[derive(Default)]
struct Count {
    /// Sockets that were connected, each once, however often it was opened again.
    opened: AtomicU64,
    reopened: AtomicU64,
    failed: AtomicU64,
    /// By their ways.
    cut: [AtomicU64; Way::ALL.len()],
}

impl Count {
    fn tally(&self, street: Street, rounds: f64) -> Tally {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let opened = of(&self.opened);
        let mut measures = street.measures(GROWTH_MIB);
        let least = SOCKETS as f64 / Way::ALL.len() as f64 / CUT_OFF_SHARE * rounds;
        for (what, way) in [
            ("heads cut off", Way::Head),
            ("bodies cut off", Way::Body),
            ("endless bodies cut off", Way::Endless),
        ] {
            let cut = of(&self.cut[way as usize]) as f64;
            measures.push(Measure::at_least(what, (cut, "connections"), least));
        }
        // A crowd that was not there proves nothing.
        measures.push(Measure::at_least(
            "opened",
            (opened as f64, "sockets"),
            SOCKETS as f64 * rounds,
        ));
        Tally {
            tried: opened,
            figures: vec![
                ("reopened", of(&self.reopened)),
                ("cut_off", self.cut.iter().map(of).sum()),
                ("not_connected", of(&self.failed)),
                ("quiet_p99_us", street.quiet_p99_us()),
            ],
            measures,
            wrong: street.wrong,
            ..Tally::default()
        }
    }
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
    /// An answer of a megabyte is not read, so nobody sees that it is cut off.
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
        let mut is_first = true;
        loop {
            match TcpStream::connect(self.address).await {
                Ok(socket) => {
                    let opened = match is_first {
                        true => &self.count.opened,
                        false => &self.count.reopened,
                    };
                    opened.fetch_add(1, Ordering::Relaxed);
                    is_first = false;
                    self.wait(socket).await;
                    self.count.cut[self.way as usize].fetch_add(1, Ordering::Relaxed);
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
