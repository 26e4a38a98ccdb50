//! A wire between a client and a server that can be made bad: it loses answers, cuts commits, is slow, swallows
//! everything for a while, or is down. It knows bytes and the word COMMIT, and nothing else of what it carries.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

use crate::{Result, random::Random, server::pause};

/// What becomes of what passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weather {
    Fair,
    /// So many answers in a hundred do not arrive, or arrive torn, and their connection ends.
    LosesAnswers(u64),
    /// So many commits in a hundred end their connection: before the server has them, or after.
    CutsCommits(u64),
    /// Everything the client sends arrives this much later.
    Slow(Duration),
    /// Nothing arrives, and nobody is told; what was sent arrives when it is over.
    Hole,
    /// Every connection is broken, and new ones are.
    Down,
}

/// The wire. Dropping it ends all that pass.
pub struct Proxy {
    pub address: SocketAddr,
    weather: watch::Sender<Weather>,
    targets: watch::Sender<Vec<SocketAddr>>,
    lost: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A wire to this server, in fair weather. What it loses follows from the seed and the order of connections.
    pub async fn to(target: SocketAddr, seed: u64) -> Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.map_err(|e| format!("no free port on 127.0.0.1: {e}"))?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let (weather, sky) = watch::channel(Weather::Fair);
        let (targets, ends) = watch::channel(vec![target]);
        let lost = Arc::new(AtomicU64::new(0));
        let wire = Wire {
            sky,
            lost: Arc::clone(&lost),
            asked: Arc::default(),
        };
        let accepting = tokio::spawn(async move {
            let mut number = 0;
            while let Ok((client, _)) = listener.accept().await {
                number += 1;
                let mut random = Random::of(seed, &[number]);
                let mut ends = ends.borrow().clone();
                // One after the other, from another on each time, as those that spread load do.
                let first = random.index(ends.len().max(1));
                ends.rotate_left(first);
                tokio::spawn(wire.connection().carry(client, ends, random));
            }
        });
        Ok(Proxy {
            address,
            weather,
            targets,
            lost,
            accepting,
        })
    }

    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Where connections lead from now on; those that are open stay where they are.
    pub fn lead_to(&self, targets: Vec<SocketAddr>) {
        self.targets.send_replace(targets);
    }

    /// Answers and commits that were lost so far.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[derive(Clone)]
struct Wire {
    sky: watch::Receiver<Weather>,
    lost: Arc<AtomicU64>,
    /// Whether the client has said something since the server did.
    asked: Arc<AtomicBool>,
}

impl Wire {
    /// The same for one connection.
    fn connection(&self) -> Wire {
        Wire {
            asked: Arc::default(),
            ..self.clone()
        }
    }

    async fn carry(self, client: TcpStream, targets: Vec<SocketAddr>, random: Random) {
        let mut sky = self.sky.clone();
        if *sky.borrow() == Weather::Down {
            return;
        }
        let Some(server) = connect(&targets).await else {
            return;
        };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let broken = async {
            drop(sky.wait_for(|weather| *weather == Weather::Down).await);
        };
        // Whichever ends first ends the others; both sockets are closed with them.
        tokio::select! {
            () = self.clone().up(from_client, to_server, random.clone()) => {}
            () = self.clone().back(from_server, to_client, random) => {}
            () = broken => {}
        }
    }

    async fn up(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut random: Random) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let piece = &buffer[..read];
            match self.passable().await {
                Weather::Slow(time) => pause(time).await,
                Weather::CutsCommits(chance)
                    if piece.windows(6).any(|word| word == b"COMMIT")
                        && random.below(100) < chance =>
                {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    if random.below(2) == 0 {
                        let _ = to.write_all(piece).await;
                    }
                    return;
                }
                _ => {}
            }
            self.asked.store(true, Ordering::Relaxed);
            if to.write_all(piece).await.is_err() {
                return;
            }
        }
    }

    async fn back(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut random: Random) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let weather = self.passable().await;
            let begins = self.asked.swap(false, Ordering::Relaxed);
            if let Weather::LosesAnswers(chance) = weather
                && begins
                && random.below(100) < chance
            {
                self.lost.fetch_add(1, Ordering::Relaxed);
                if random.below(3) == 0 {
                    let _ = to.write_all(&buffer[..read / 2]).await;
                }
                return;
            }
            if to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    }

    /// Waits out a hole, and says what the weather is then. A wire whose owner is gone is down.
    async fn passable(&mut self) -> Weather {
        let clear = self.sky.wait_for(|weather| *weather != Weather::Hole);
        clear.await.map_or(Weather::Down, |weather| *weather)
    }
}

/// A connection to the first that takes one.
async fn connect(targets: &[SocketAddr]) -> Option<TcpStream> {
    for target in targets {
        if let Ok(server) = TcpStream::connect(target).await {
            return Some(server);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    /// A server that answers every line with itself.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("it listens");
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 64];
                    while let Ok(read @ 1..) = socket.read(&mut buffer).await {
                        let _ = socket.write_all(&buffer[..read]).await;
                    }
                });
            }
        });
        address
    }

    async fn ask(socket: &mut TcpStream) -> usize {
        let sent = socket.write_all(b"COMMIT").await;
        let mut answer = [0; 6];
        match sent {
            Ok(()) => socket.read(&mut answer).await.unwrap_or_default(),
            Err(_) => 0,
        }
    }

    #[tokio::test]
    async fn weather_changes_while_connections_are_open() {
        let proxy = Proxy::to(echo().await, 7).await.expect("a wire");
        let mut socket = TcpStream::connect(proxy.address).await.expect("connects");
        assert_eq!(ask(&mut socket).await, 6);
        proxy.set(Weather::CutsCommits(100));
        assert_eq!((ask(&mut socket).await, proxy.lost()), (0, 1));

        proxy.set(Weather::Hole);
        let mut socket = TcpStream::connect(proxy.address).await.expect("connects");
        let late = tokio::join!(ask(&mut socket), async { proxy.set(Weather::Fair) });
        assert_eq!(late.0, 6);
        proxy.set(Weather::Down);
        assert_eq!(ask(&mut socket).await, 0);
    }
}
