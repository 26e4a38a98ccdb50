//! The answer to COMMIT is lost on its way: nothing happens twice, and nobody is told a lie.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use store::{Db, Error, Options};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{BOOK, Bench, Take, keys::Keyed};

/// A wire that passes everything on, and can be told to pass one COMMIT and swallow its answer, and to take no more
/// connections.
struct Wire {
    address: String,
    cut: Arc<AtomicBool>,
    down: Arc<AtomicBool>,
}

impl Wire {
    async fn to(server: &str) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback listens");
        let address = listener.local_addr().expect("it listens").to_string();
        let cut = Arc::new(AtomicBool::new(false));
        let down = Arc::new(AtomicBool::new(false));
        let (server, flag) = (server.to_owned(), Arc::clone(&cut));
        let refuses = Arc::clone(&down);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if refuses.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(&server)
                    .await
                    .expect("the server answers");
                tokio::spawn(pass(client, server, Arc::clone(&flag)));
            }
        });
        Wire { address, cut, down }
    }
}

async fn pass(client: TcpStream, server: TcpStream, cut: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (send_stop, mut stop) = tokio::sync::oneshot::channel::<()>();
    let up = async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            let commit = buffer[..read].windows(6).any(|word| word == b"COMMIT");
            if commit && cut.swap(false, Ordering::SeqCst) {
                let _ = send_stop.send(());
                let _ = to_server.write_all(&buffer[..read]).await;
                // The server has the COMMIT; its answer meets a closed door.
                return;
            }
            if to_server.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    let down = async move {
        let mut buffer = vec![0; 65_536];
        loop {
            tokio::select! {
                biased;
                Ok(()) = &mut stop => return,
                read = from_server.read(&mut buffer) => match read {
                    Ok(read @ 1..) if to_client.write_all(&buffer[..read]).await.is_ok() => {}
                    _ => return,
                },
            }
        }
    };
    tokio::join!(biased; up, down);
}

/// A bench on PostgreSQL whose wire can be cut.
async fn wired() -> (Bench, Db, Wire) {
    let bench = Bench::start(true).await;
    let database = bench.scratch.database().to_owned();
    let rest = database.split_once("://").expect("an address").1;
    let (credentials, rest) = rest.split_once('@').expect("a user");
    let (host, path) = rest.split_once('/').expect("a database");
    let wire = Wire::to(host).await;
    let through = format!("postgres://{credentials}@{}/{path}", wire.address);
    let options = Options {
        writers: 1,
        durable: false,
        ..Options::new(through)
    };
    let db = Db::open(&options, &[BOOK])
        .await
        .expect("it opens through the wire");
    (bench, db, wire)
}

/// Work with a key runs again, finds its key, and answers what it had done.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keyed_work_is_done_once() {
    let (bench, db, wire) = wired().await;
    let pool = bench.pool(99).await;
    for key in ["a", "b", "c", "d", "e"] {
        wire.cut.store(true, Ordering::SeqCst);
        let answer = db
            .write(Keyed {
                key,
                pool,
                units: 1,
            })
            .await
            .expect("answered in spite of the cut");
        assert!(!wire.cut.load(Ordering::SeqCst), "the wire was cut");
        assert_ne!(answer, "short");
    }
    assert_eq!(bench.balance(pool).await, (5, 5));
    db.close().await;
    bench.end().await;
}

/// A whole batch of keyed work survives the cut, each once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_is_done_once() {
    let (bench, db, wire) = wired().await;
    let pool = bench.pool(99).await;
    let keys = ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"];
    wire.cut.store(true, Ordering::SeqCst);
    let works = keys
        .map(|key| Keyed {
            key,
            pool,
            units: 1,
        })
        .to_vec();
    for answer in crate::in_one_batch(&db, works).await {
        assert_ne!(answer.expect("answered in spite of the cut"), "short");
    }
    assert_eq!(bench.balance(pool).await, (8, 8));
    db.close().await;
    bench.end().await;
}

/// Work that cannot be asked again, as the database stays away, is not told that nothing was changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_commit_is_never_called_nothing() {
    let (bench, db, wire) = wired().await;
    let pool = bench.pool(99).await;
    let keyed = |key| Keyed {
        key,
        pool,
        units: 1,
    };
    db.write(keyed("before"))
        .await
        .expect("a connection is open");
    wire.cut.store(true, Ordering::SeqCst);
    wire.down.store(true, Ordering::SeqCst);
    let answer = db.write(keyed("lost")).await;
    assert!(matches!(answer, Err(Error::CommitUnknown)), "{answer:?}");

    wire.down.store(false, Ordering::SeqCst);
    db.write(keyed("lost")).await.expect("asked again");
    assert_eq!(bench.balance(pool).await, (2, 2));
    db.close().await;
    bench.end().await;
}

/// Work that could not recognise itself is not run again; its caller is told that nobody knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_without_a_key_is_told_the_truth() {
    let (bench, db, wire) = wired().await;
    let pool = bench.pool(99).await;
    wire.cut.store(true, Ordering::SeqCst);
    let answer = db.write(Take::one(pool, 1)).await;
    assert!(matches!(answer, Err(Error::CommitUnknown)), "{answer:?}");
    assert!(
        matches!(db.write(Take::one(pool, 1)).await, Ok(Ok(_))),
        "the writer goes on"
    );
    let (taken, recorded) = bench.balance(pool).await;
    assert_eq!(taken, recorded);
    assert!((1..=2).contains(&taken), "{taken}");
    db.close().await;
    bench.end().await;
}
