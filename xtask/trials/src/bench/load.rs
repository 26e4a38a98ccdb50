//! Many connections that send as fast as they are answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::CLIENTS;
use crate::{
    Result,
    person::{Person, Request},
    server::pause,
    wire::Wire,
};

/// Caches fill and statements are prepared before it counts.
const WARM_UP: Duration = Duration::from_secs(1);

/// Counts what is done between the end of the warm-up and the end of the time.
#[derive(Default)]
pub struct Meter {
    counted: AtomicU64,
    over: AtomicBool,
}

impl Meter {
    pub fn add(&self, count: u64) {
        self.counted.fetch_add(count, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Lets it run; gives how many a second.
    pub async fn rate(&self, time: Duration) -> f64 {
        pause(WARM_UP).await;
        let (before, begun) = (self.counted.load(Ordering::Relaxed), Instant::now());
        pause(time).await;
        let counted = self.counted.load(Ordering::Relaxed) - before;
        let rate = counted as f64 / begun.elapsed().as_secs_f64();
        self.over.store(true, Ordering::Relaxed);
        rate
    }
}

/// Answers a second with this status, at 64 connections. `request` is told the connection and how many it has
/// sent before; any other answer ends the measurement.
pub async fn rate(
    person: &Person,
    time: Duration,
    status: u16,
    request: impl Fn(usize, u64) -> Request + Clone + Send + Sync + 'static,
) -> Result<f64> {
    let people = std::slice::from_ref(person);
    rate_of(people, (CLIENTS, time, status), request).await
}

/// The same at so many connections, which go round these people.
pub async fn rate_of(
    people: &[Person],
    (count, time, status): (usize, Duration, u16),
    request: impl Fn(usize, u64) -> Request + Clone + Send + Sync + 'static,
) -> Result<f64> {
    let meter = Arc::new(Meter::default());
    let mut clients = JoinSet::new();
    for (client, person) in (0..count).zip(people.iter().cycle()) {
        let (person, meter, request) = (person.clone(), Arc::clone(&meter), request.clone());
        clients.spawn(async move {
            let mut wire = Wire::to(person.address);
            for sent in 0.. {
                if meter.is_over() {
                    break;
                }
                let request = request(client, sent);
                let answer = wire.send(&person.bytes(&request)).await;
                let answer = answer.map_err(|e| format!("{}: {e}", request.brief()))?;
                if answer.status != status {
                    return Err(format!("{}: {}", request.brief(), answer.brief()));
                }
                meter.add(1);
            }
            Ok(())
        });
    }
    let rate = meter.rate(time).await;
    while let Some(client) = clients.join_next().await {
        client.map_err(|e| e.to_string())??;
    }
    Ok(rate)
}

/// For each request the times within which so many of 100 answers came, in milliseconds. They are asked in turns, one
/// at a time, so that whatever else the machine does meets all of them.
pub async fn within_ms(
    asked: &[(&Person, Request)],
    count: usize,
    shares: &[usize],
) -> Result<Vec<Vec<f64>>> {
    let mut wires: Vec<Wire> = asked
        .iter()
        .map(|(person, _)| Wire::to(person.address))
        .collect();
    let mut times = vec![Vec::with_capacity(count); asked.len()];
    let warm_up = count / 10;
    for turn in 0..warm_up + count {
        for (number, (person, request)) in asked.iter().enumerate() {
            let begun = Instant::now();
            person.over(&mut wires[number], request).await?;
            if turn >= warm_up {
                times[number].push(begun.elapsed().as_secs_f64() * 1000.0);
            }
        }
    }
    let at = |share: &usize| (count * share).div_ceil(100).saturating_sub(1);
    let within = times.into_iter().map(|mut times| {
        times.sort_by(f64::total_cmp);
        shares.iter().map(|share| times[at(share)]).collect()
    });
    Ok(within.collect())
}
