//! A process seen from outside: what the kernel says of it, when it has come to rest, and when a server is ready.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::{Result, server::pause, wire::Wire};

/// A second with no more than this of the processor's time is calm, and so many in a row are rest.
const IDLE_TICKS: u64 = 4;
const CALM: u32 = 3;
/// A process that is not at rest by then never is.
const RESTLESS: Duration = Duration::from_secs(1_800);
/// How long a server may take until it is ready, on the largest of books.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the kernel says of a process's memory, in KiB: `VmRSS` is now, `VmHWM` the most it ever was.
pub fn memory_kib(process: u32, what: &str) -> Result<u64> {
    let place = format!("/proc/{process}/status");
    let status = fs::read_to_string(&place).map_err(|e| format!("{place}: {e}"))?;
    let line = status.lines().find(|line| line.starts_with(what));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    number.ok_or_else(|| format!("{place} does not say {what}"))
}

/// Waits until a process has nothing more to do by itself: what a server follows, counts and chains, and what it does
/// after its start, is over first, and would be measured with everything else.
pub async fn rest(process: u32) -> Result<()> {
    let (begun, mut calm) = (Instant::now(), 0);
    let mut spent = spent_ticks(process)?;
    while calm < CALM && begun.elapsed() < RESTLESS {
        pause(Duration::from_secs(1)).await;
        let now = spent_ticks(process)?;
        calm = match now - spent <= IDLE_TICKS {
            true => calm + 1,
            false => 0,
        };
        spent = now;
    }
    match calm < CALM {
        true => Err(format!(
            "the process does not come to rest within {RESTLESS:?}"
        )),
        false => Ok(()),
    }
}

/// The processor's time that a process has taken, in hundredths of a second.
fn spent_ticks(process: u32) -> Result<u64> {
    let place = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&place).map_err(|e| format!("{place}: {e}"))?;
    // Its name stands in brackets and may hold anything; what is counted comes behind it.
    let rest = stat.rsplit_once(") ").map(|(_, rest)| rest);
    let fields: Vec<&str> = rest.unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|it| it.parse::<u64>().ok());
    let both = ticks(11).zip(ticks(12));
    let (user, system) = both.ok_or_else(|| format!("{place} cannot be read"))?;
    Ok(user + system)
}

/// Why we cannot have so many connections open: each is an open file, of which a system gives so many.
pub fn short_of_files(connections: usize) -> Option<String> {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let files = files.and_then(|line| line.split_whitespace().nth(3)?.parse::<usize>().ok());
    let short = files.is_some_and(|files| files < connections + 100);
    short.then(|| format!("{connections} connections need more open files: ulimit -n 4096"))
}

/// Whether a server says that it is ready.
pub async fn is_ready(address: SocketAddr) -> bool {
    let request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = Wire::to(address).send(request).await;
    answer.is_ok_and(|answer| answer.status == 200)
}

/// Waits until a server says that it is ready, asking again after such a time.
pub async fn await_ready(address: SocketAddr, step: Duration) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if is_ready(address).await {
            return Ok(());
        }
        pause(step).await;
    }
    Err(format!("a server was not ready within {PATIENCE:?}"))
}
