//! The handle everything above holds.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use futures_util::future::join;

use crate::{
    BoxFuture, Error, Migration, Place, Reading, Result, Tx, Work, migrate,
    postgres::{Connector, Readers, Writer},
    probe,
    queue::Queue,
    sqlite::{self, Near},
    tx::Ledger,
    watch::{Watch, Watched},
    work::{Pending, Plain},
};

/// Writes that may wait in one lane before callers are told to come back.
const QUEUE_LIMIT: usize = 2_048;

/// Which engine serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Inside this process, one file.
    Sqlite,
    /// A server, shared by any number of Seatbook servers.
    Postgres,
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// A file name, or an address that begins with `postgres://` or `postgresql://`.
    pub database: String,
    /// Connections that write at once (PostgreSQL only; SQLite has one writer).
    pub writers: usize,
    /// Connections or threads that read at once.
    pub readers: usize,
    /// Looks only: no lock is taken, nothing is migrated, every write is refused. How a tool reads the book
    /// beside a running server.
    pub read_only: bool,
    /// `false` gives up safety from power loss, for tests only.
    pub durable: bool,
    /// What is remembered of the database outside of it.
    pub watch: Watch,
}

impl Options {
    /// Durable, with as many connections as a small server needs.
    pub fn new(database: impl Into<String>) -> Self {
        Options {
            database: database.into(),
            writers: 4,
            readers: 8,
            read_only: false,
            durable: true,
            watch: Watch::NOTHING,
        }
    }

    /// Which engine the address names.
    pub fn engine(&self) -> Engine {
        let postgres = ["postgres://", "postgresql://"]
            .iter()
            .any(|p| self.database.starts_with(p));
        if postgres {
            Engine::Postgres
        } else {
            Engine::Sqlite
        }
    }
}

/// A database of either engine. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: Engine,
    writers: Vec<Arc<Queue>>,
    readers: ReadSide,
    /// Readings that were begun.
    reads: AtomicU64,
    threads: Mutex<Vec<JoinHandle<()>>>,
    tasks: Mutex<Vec<tokio::task::JoinHandle<()>>>,
    /// Held as long as the handle lives: it keeps a second server out.
    lock: Option<File>,
    watched: Arc<Watched>,
}

enum ReadSide {
    Sqlite {
        queue: std::sync::mpsc::SyncSender<sqlite::ReadJob>,
        near: Near,
        commits: Arc<AtomicU64>,
    },
    Postgres(Box<Readers>),
}

impl Db {
    /// Whether no other server can have this database open now: whatever says that it is being worked on by
    /// one was left by a server that died.
    pub fn is_exclusive(&self) -> bool {
        self.0.lock.is_some()
    }

    /// Counts the commits, where all of them are made here: on SQLite by the one server that has the file. What was
    /// read after noting it is as the book has it for as long as it stays the same.
    pub fn commits(&self) -> Option<u64> {
        match &self.0.readers {
            ReadSide::Sqlite { commits, .. } if self.is_exclusive() => {
                Some(commits.load(Ordering::Acquire))
            }
            _ => None,
        }
    }

    /// Counts the changes of what is remembered, as [`Options::watch`] has it. Whoever remembers notes this
    /// before they read, and forgets what they read when it is another.
    pub fn turn(&self) -> u64 {
        self.0.watched.turn()
    }

    /// How long something may be remembered, from before it was read.
    pub fn remembered_for(&self) -> Duration {
        self.0.watched.watch.time
    }

    /// Forgets what is remembered here, and returns when no other server remembers what it read before.
    pub async fn forget(&self) {
        self.0.watched.end_turn();
        self.outlast_memories().await;
    }

    /// Opens the database, brings its tables up to date and starts its writers.
    pub async fn open(options: &Options, migrations: &[Migration]) -> Result<Db> {
        match options.engine() {
            Engine::Sqlite => open_sqlite(options, migrations),
            Engine::Postgres => open_postgres(options, migrations).await,
        }
    }

    /// Which engine serves.
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// The file, where the database is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.0.readers {
            ReadSide::Sqlite { near, .. } => Some(near.path()),
            ReadSide::Postgres(_) => None,
        }
    }

    /// Writes that wait: interactive, bulk, previews.
    pub fn waiting(&self) -> [usize; 3] {
        let lanes = self.0.writers.iter().map(|queue| queue.waiting());
        lanes.fold([0; 3], |sum, lanes| {
            std::array::from_fn(|i| sum[i] + lanes[i])
        })
    }

    /// Connections that nobody reads over, of those that are limited.
    pub fn free_readers(&self) -> Option<usize> {
        match &self.0.readers {
            ReadSide::Sqlite { .. } => None,
            ReadSide::Postgres(readers) => Some(readers.free()),
        }
    }

    /// Counts the readings that this handle began.
    pub(crate) fn reads(&self) -> u64 {
        self.0.reads.load(Ordering::Relaxed)
    }

    /// Queues the work and answers when it is durable, or when it is certain that it is not there.
    pub async fn write<W: Work>(&self, work: W) -> Result<W::Out> {
        self.queue(work, false).await
    }

    /// Runs the work on the real data and takes it back: what it would have answered.
    pub async fn preview<W: Work>(&self, work: W) -> Result<W::Out> {
        self.queue(work, true).await
    }

    /// Writes that are no business command: leases, sessions, seals. The closure may run more than once.
    pub async fn plumb<T, F>(&self, place: Place, run: F) -> Result<T>
    where
        F: for<'a> FnMut(Tx<'a>) -> BoxFuture<'a, Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        self.queue(Plain(run, place), false).await?
    }

    /// Reads in one snapshot: every statement of the closure sees the same moment.
    pub async fn read<T: Send + 'static>(&self, run: impl Reading<T>) -> Result<T> {
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        self.read_aside(run).await
    }

    /// The same for readings of the house's own that nobody waits for, such as a follower's look: they are not counted,
    /// so that no [`crate::Stride`] steps aside for them.
    pub async fn read_aside<T: Send + 'static>(&self, run: impl Reading<T>) -> Result<T> {
        match &self.0.readers {
            ReadSide::Sqlite { queue, .. } => {
                let (reply, answer) = tokio::sync::oneshot::channel();
                let job: sqlite::ReadJob = Box::new(move |connection| {
                    let _ = reply.send(sqlite::read(connection, run));
                });
                queue.try_send(job).map_err(|_| Error::Overloaded)?;
                answer
                    .await
                    .map_err(|_| Error::Crashed("a reader ended".into()))?
            }
            ReadSide::Postgres(readers) => {
                let lease = readers.lease().await?;
                let ledger = Ledger::default();
                // The first statement travels behind the BEGIN without waiting for its answer.
                let reading = run(Tx::postgres(lease.session(), &ledger));
                let (begun, out) = join(lease.begin_snapshot(), reading).await;
                begun?;
                lease.finish().await?;
                Ok(out)
            }
        }
    }

    /// Reads with one statement that finds a few rows by key: what must be answered sooner than a thread wakes up.
    /// SQLite reads in the thread that asks, PostgreSQL without opening a snapshot around the one statement, over
    /// connections that all who glance share.
    pub async fn glance<T: Send + 'static>(&self, run: impl Reading<T>) -> Result<T> {
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        match &self.0.readers {
            ReadSide::Sqlite { near, .. } => near.read(run),
            ReadSide::Postgres(readers) => {
                let session = readers.glancing().await?;
                let ledger = Ledger::default();
                Ok(run(Tx::postgres(&session, &ledger)).await)
            }
        }
    }

    /// Takes no more work, finishes what waits, and lets go of the database.
    pub async fn close(&self) {
        self.0.writers.iter().for_each(|queue| queue.close());
        let tasks =
            std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            let _ = task.await;
        }
        let threads = std::mem::take(
            &mut *self
                .0
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let _ =
            tokio::task::spawn_blocking(|| threads.into_iter().for_each(|t| drop(t.join()))).await;
        // Whoever still holds the handle writes nothing any more.
        if let Some(lock) = &self.0.lock {
            let _ = lock.unlock();
        }
    }

    async fn queue<W: Work>(&self, work: W, preview: bool) -> Result<W::Out> {
        let place = work.place();
        let (pending, answer) = Pending::new(work, preview, Arc::clone(&self.0.watched));
        let writer = self
            .writer(place)
            .ok_or_else(|| Error::Unavailable("the database was opened for reading only".into()))?;
        writer.push(Box::new(pending))?;
        let answer = answer
            .await
            .map_err(|_| Error::Unavailable("the writer ended".into()))?;
        if answer.touched {
            self.outlast_memories().await;
        }
        answer.end
    }

    /// Waits until other servers have forgotten what they read before now.
    #[expect(
        clippy::disallowed_methods,
        reason = "other servers forget by the time that passes, and cannot be asked"
    )]
    async fn outlast_memories(&self) {
        if !self.is_exclusive() {
            tokio::time::sleep(self.remembered_for()).await;
        }
    }

    /// Work on one contended row always meets on one connection. Work on several goes round.
    fn writer(&self, place: Place) -> Option<&Queue> {
        let writers = &self.0.writers;
        if writers.is_empty() {
            return None;
        }
        let number = match place.shard {
            // The low bits of a version 7 identifier are its random ones.
            Some(shard) => (shard as u64 % writers.len() as u64) as usize,
            None => {
                static NEXT: AtomicUsize = AtomicUsize::new(0);
                NEXT.fetch_add(1, Ordering::Relaxed) % writers.len()
            }
        };
        Some(&writers[number])
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.writers.iter().for_each(|queue| queue.close());
    }
}

fn open_sqlite(options: &Options, migrations: &[Migration]) -> Result<Db> {
    let path = PathBuf::from(&options.database);
    let (mut threads, mut writers) = (Vec::new(), Vec::new());
    let commits = Arc::new(AtomicU64::new(0));
    let lock = if options.read_only {
        let mut looking = sqlite::connect_reader(&path)?;
        migrate::check_sqlite(&mut looking, migrations)?;
        None
    } else {
        let (mut connection, lock) = sqlite::open(&path)?;
        if !options.durable {
            sqlite::forget_durability(&connection)?;
        }
        migrate::sqlite(&mut connection, migrations)?;
        let queue = Arc::new(Queue::new(QUEUE_LIMIT));
        let serve = Arc::clone(&queue);
        let counted = Arc::clone(&commits);
        let write = move || sqlite::write_until_closed(connection, &serve, &counted);
        threads.push(sqlite::spawn("seatbook-write", write)?);
        writers.push(queue);
        Some(lock)
    };
    Ok(Db(Arc::new(Inner {
        engine: Engine::Sqlite,
        writers,
        readers: ReadSide::Sqlite {
            queue: sqlite::readers(&path, options.readers)?,
            near: Near::new(path),
            commits,
        },
        reads: AtomicU64::new(0),
        threads: Mutex::new(threads),
        tasks: Mutex::default(),
        lock,
        watched: Arc::new(Watched::new(options.watch)),
    })))
}

async fn open_postgres(options: &Options, migrations: &[Migration]) -> Result<Db> {
    let connector = Connector::new(&options.database)?;
    let session = connector.connect().await?.patient();
    if options.durable {
        probe::warn_of_weakness(&session).await?;
    }
    if options.read_only {
        migrate::check_postgres(&session, migrations).await?;
    } else {
        migrate::postgres(&session, migrations).await?;
    }
    let mut writers = Vec::new();
    let mut tasks = Vec::new();
    let wanted = if options.read_only {
        0
    } else {
        options.writers.max(1)
    };
    for _ in 0..wanted {
        let queue = Arc::new(Queue::new(QUEUE_LIMIT));
        tasks.push(tokio::spawn(
            Writer::new(connector.clone(), Arc::clone(&queue)).run(),
        ));
        writers.push(queue);
    }
    Ok(Db(Arc::new(Inner {
        engine: Engine::Postgres,
        writers,
        readers: ReadSide::Postgres(Box::new(Readers::new(connector, options.readers.max(1)))),
        reads: AtomicU64::new(0),
        threads: Mutex::default(),
        tasks: Mutex::new(tasks),
        lock: None,
        watched: Arc::new(Watched::new(options.watch)),
    })))
}
