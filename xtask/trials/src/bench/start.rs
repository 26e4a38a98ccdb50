//! The start of a server on a book of very many licenses, and what it holds of memory once it has come to rest: neither
//! must grow with the book.
//!
//! Each start follows a `kill -9`, so that on SQLite the log of what was written last is read, too. What the kernel keeps of
//! the file in its own cache is the kernel's, and no part of the figures; what SQLite keeps of it is.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Figure, MILLION, Task, bare_http::Bare, fill::shared};
use crate::{
    Result,
    book::Book,
    person::Request,
    process::{await_ready, memory_kib, rest, short_of_files},
    server::{Server, Site},
    wire::Wire,
};

/// Starts of which the 95 % quickest are looked at.
const STARTS: usize = 20;
/// A start may take so long.
const START_MS: f64 = 200.0;
/// A server at rest may hold so much.
const IDLE_MIB: f64 = 60.0;
/// And so much more for each million licenses.
const GROWTH_MIB: f64 = 1.0;
/// Connections that are open and say nothing.
const CONNECTIONS: usize = 1_000;
/// Pages that are read before what reading leaves in memory is looked at.
const PAGES: usize = 1_000;
/// How often a server is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(1);

/// Measures the smallest and the largest book.
pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let (small, large) = (task.sizes[0], task.sizes[task.sizes.len() - 1]);
    let few = book(task, small).await?;
    let smallest = measured(&few).await?;
    few.remove().await?;
    let many = book(task, large).await?;
    let largest = measured(&many).await?;
    task.shelf.put(large, many);

    let bare = Bare::start(None).await?;
    let alone = connections(bare.process(), bare.address).await?;
    let mut figures = figures(large, &smallest, &largest);
    if large > small {
        let millions = (large - small) as f64 / MILLION as f64;
        let growth = Figure {
            name: "idle_growth",
            ours: (largest.idle.mib - smallest.idle.mib).max(0.0) / millions,
            limit: GROWTH_MIB,
            unit: "MiB a million",
            rest: vec![("limit_is", "the goal".into()), ("rows", large.into())],
        };
        figures.push(growth.at_most(1.0));
    }
    figures.push(Figure {
        name: "connection",
        ours: largest.connection_kib,
        limit: alone,
        unit: "KiB",
        rest: vec![
            ("limit_is", "the same of a bare axum".into()),
            ("connections", CONNECTIONS.into()),
        ],
    });
    Ok(figures)
}

fn figures(rows: u64, smallest: &Measured, largest: &Measured) -> Vec<Figure> {
    let rounded = |value: f64| Value::from((value * 10.0).round() / 10.0);
    let start = Figure {
        name: "start",
        ours: largest.start_ms[1],
        limit: START_MS,
        unit: "ms",
        rest: vec![
            ("limit_is", "the goal, p95".into()),
            ("rows", rows.into()),
            ("p50_ms", rounded(largest.start_ms[0])),
            ("small_book_ms", rounded(smallest.start_ms[1])),
        ],
    };
    let idle = Figure {
        name: "idle",
        ours: largest.idle.mib,
        limit: IDLE_MIB,
        unit: "MiB",
        rest: vec![
            ("limit_is", "the goal".into()),
            ("rows", rows.into()),
            ("of_the_program_mib", rounded(largest.idle.program_mib)),
            ("small_book_mib", rounded(smallest.idle.mib)),
            ("after_reading_mib", rounded(largest.read.mib)),
        ],
    };
    vec![start.at_most(1.0), idle.at_most(1.0)]
}

/// A book of this size, closed: from the shelf, or filled now.
async fn book(task: &Task<'_>, size: u64) -> Result<Book> {
    if let Some(book) = task.shelf.take(size) {
        return Ok(book);
    }
    let mut book = Book::new(task.ground, task.engine, &format!("bench-start-{size}")).await?;
    shared(&mut book, size).await?;
    Ok(book)
}

/// What a server on one book took.
struct Measured {
    /// Half of all starts, and 95 of 100, were at most so long.
    start_ms: [f64; 2],
    idle: Memory,
    /// After very many pages were read.
    read: Memory,
    connection_kib: f64,
}

async fn measured(book: &Book) -> Result<Measured> {
    // The first start after the filling looks at what no start after it will find.
    started(&book.site).await?.1.kill()?;
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let (time, server) = started(&book.site).await?;
        times.push(time.as_secs_f64() * 1_000.0);
        server.kill()?;
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share).div_ceil(100) - 1];
    let (_, server) = started(&book.site).await?;
    rest(server.process()).await?;
    let idle = Memory::of(server.process())?;
    let connection_kib = connections(server.process(), server.address).await?;
    let mut operator = book.operator.clone();
    operator.address = server.address;
    let mut wire = Wire::to(server.address);
    for _ in 0..PAGES {
        let list = Request::get("/api/v1/licenses?limit=200");
        operator.over(&mut wire, &list).await?;
    }
    rest(server.process()).await?;
    let read = Memory::of(server.process())?;
    server.kill()?;
    Ok(Measured {
        start_ms: [at(50), at(95)],
        idle,
        read,
        connection_kib,
    })
}

/// Starts a server; how long it was until it said that it is ready.
async fn started(site: &Site) -> Result<(Duration, Server)> {
    let begun = Instant::now();
    let server = site.spawn()?;
    await_ready(server.address, LOOK).await?;
    Ok((begun.elapsed(), server))
}

/// What the kernel says of a process's memory.
struct Memory {
    mib: f64,
    /// The program's own file, as far as it is in memory: shared by all that run it.
    program_mib: f64,
}

impl Memory {
    fn of(process: u32) -> Result<Memory> {
        let mib = |what: &str| Ok::<_, String>(memory_kib(process, what)? as f64 / 1024.0);
        Ok(Memory {
            mib: mib("VmRSS")?,
            program_mib: mib("RssFile")?,
        })
    }
}

/// What one more open connection takes, in KiB, where each has asked once.
async fn connections(process: u32, address: SocketAddr) -> Result<f64> {
    if let Some(why) = short_of_files(CONNECTIONS) {
        return Err(why);
    }
    let before = Memory::of(process)?;
    let ask = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut wires = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut wire = Wire::to(address);
        let answer = wire.send(ask.as_bytes()).await;
        answer.map_err(|e| format!("an open connection: {e}"))?;
        wires.push(wire);
    }
    rest(process).await?;
    let after = Memory::of(process)?;
    drop(wires);
    Ok((after.mib - before.mib).max(0.0) * 1024.0 / CONNECTIONS as f64)
}
