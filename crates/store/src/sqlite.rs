//! The SQLite engine: one writer thread that commits in groups, reader threads beside it.

use std::{
    fs::File,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    Error, Lane, Reading, Result, Tx,
    queue::{Item, Queue},
    tx::Ledger,
    work::Ran,
};

/// Commands in one commit, and how long they may be gathered: whichever comes first closes the batch.
const BATCH_COMMANDS: usize = 256;
const BATCH_TIME: Duration = Duration::from_millis(10);
/// Reads that may wait for a thread.
const READS: usize = 2_048;
/// A preview holds the writer, so it is short or it is refused.
const PREVIEW_TIME: Duration = Duration::from_millis(50);
/// The WAL-reset corruption bug was mended here (sqlite.org/wal.html#walresetbug).
const OLDEST_VERSION: i32 = 3_051_003;

/// How connections are set up: durable to power loss, foreign keys on, nothing trusted in the schema.
const PRAGMAS: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -32000;";

/// Opens the file and takes its lock: a second server on the same file is refused.
pub(crate) fn open(path: &Path) -> Result<(Connection, File)> {
    let lock = lock(path)?;
    Ok((connect(path)?, lock))
}

/// Takes the lock of a file, which nobody needs to have made yet.
pub(crate) fn lock(path: &Path) -> Result<File> {
    if rusqlite::version_number() < OLDEST_VERSION {
        return Err(Error::Unfit(format!(
            "SQLite {} is older than 3.51.3",
            rusqlite::version()
        )));
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let unavailable = |e: std::io::Error| Error::Unavailable(format!("{}: {e}", path.display()));
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(beside))
        .map_err(unavailable)?;
    lock.try_lock().map_err(|_| {
        Error::Unfit(format!(
            "{} is open in another Seatbook server",
            path.display()
        ))
    })?;
    Ok(lock)
}

/// A connection that writes, for whoever has the lock, or has reason to do without.
pub(crate) fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(PRAGMAS)?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// Keeps prepared statements, and their plans whatever is bound to them. Left to itself, SQLite prepares a statement
/// again at each execution with other values wherever one of them is compared beside the index it goes by; that took
/// two thirds of the time of a check.
fn keep_statements(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(512);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A connection that cannot write, and makes no file where there is none.
pub(crate) fn connect_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 5000;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000;",
    )?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// Connections that read in whichever thread asks: as many as ask at once.
pub(crate) struct Near {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Near {
    pub(crate) fn new(path: PathBuf) -> Self {
        Near {
            path,
            idle: Mutex::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn read<T>(&self, run: impl Reading<T>) -> Result<T> {
        let idle = self.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect_reader(&self.path)?,
        };
        let ledger = Ledger::default();
        let out = caught(|| ready(run(Tx::sqlite(&mut connection, &ledger))));
        self.lock().push(connection);
        out
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something to be read by a thread that reads.
pub(crate) type ReadJob = Box<dyn FnOnce(&mut Connection) + Send>;

/// Threads that read. They end with their channel, which lives as long as the handle.
pub(crate) fn readers(path: &Path, wanted: usize) -> Result<mpsc::SyncSender<ReadJob>> {
    let (send, receive) = mpsc::sync_channel::<ReadJob>(READS);
    let receive = Arc::new(Mutex::new(receive));
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    for _ in 0..wanted.clamp(1, cores.max(2)) {
        let mut connection = connect_reader(path)?;
        let receive = Arc::clone(&receive);
        spawn("seatbook-read", move || {
            loop {
                let job = receive
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .recv();
                let Ok(job) = job else { return };
                job(&mut connection);
            }
        })?;
    }
    Ok(send)
}

/// Reads in one snapshot.
pub(crate) fn read<T>(connection: &mut Connection, run: impl Reading<T>) -> Result<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let ledger = Ledger::default();
    let out = caught(|| ready(run(Tx::sqlite(connection, &ledger))));
    connection.prepare_cached("ROLLBACK")?.execute([])?;
    out
}

/// Starts a thread of the store.
pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let spawned = std::thread::Builder::new().name(name.into()).spawn(run);
    spawned.map_err(|e| Error::Unavailable(format!("a thread could not be started: {e}")))
}

/// Lowers durability for tests that start hundreds of databases; never reachable from the binary.
pub(crate) fn forget_durability(connection: &Connection) -> Result<()> {
    Ok(connection.execute_batch("PRAGMA synchronous = OFF")?)
}

/// Serves the queue until it is closed and empty.
pub(crate) fn write_until_closed(mut connection: Connection, queue: &Queue, commits: &AtomicU64) {
    while queue.wait() {
        match queue.next() {
            Some(item) if item.place().lane == Lane::Preview => preview(&mut connection, item),
            Some(first) => batch(&mut connection, first, (queue, commits)),
            None => {}
        }
    }
    // The last connection to close truncates the WAL; an error here loses nothing.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Runs `first` and whatever waits behind it, commits once, then answers all.
fn batch(connection: &mut Connection, first: Item, (queue, commits): (&Queue, &AtomicU64)) {
    if let Err(error) = exec(connection, "BEGIN IMMEDIATE") {
        return first.answer(Err(unavailable(error)));
    }
    let opened = Instant::now();
    let mut ended: Vec<(Item, Result<()>)> = Vec::with_capacity(16);
    let mut next = Some(first);
    while let Some(mut item) = next.take() {
        let end = one(connection, &mut item);
        ended.push((item, end));
        // A full disk or an I/O error takes the whole transaction with it.
        if connection.is_autocommit() {
            let told = ended
                .last()
                .and_then(|(_, end)| end.as_ref().err().cloned());
            let lost = || Error::Unavailable("the transaction was lost".into());
            return answer_all(ended, Some(&told.map_or_else(lost, unavailable)));
        }
        if ended.len() < BATCH_COMMANDS && opened.elapsed() < BATCH_TIME {
            next = queue.next_for_batch();
        }
    }
    let end = exec(connection, "COMMIT");
    // Whoever is told of it finds it counted; whoever reads between these two lines has noted the count before.
    commits.fetch_add(1, Ordering::Release);
    let failed = end.err().map(|error| {
        let _ = exec(connection, "ROLLBACK");
        match error {
            Error::Full(_) => error,
            _ => Error::CommitUnknown,
        }
    });
    answer_all(ended, failed.as_ref());
}

/// A refusal that left nothing is told even when the commit failed: nothing of it was to be kept.
fn answer_all(ended: Vec<(Item, Result<()>)>, failed: Option<&Error>) {
    for (item, end) in ended {
        item.answer(match (end, failed) {
            (Ok(()), Some(error)) => Err(error.clone()),
            (end, _) => end,
        });
    }
}

/// One command inside the batch, in a savepoint of its own.
fn one(connection: &mut Connection, item: &mut Item) -> Result<()> {
    exec(connection, "SAVEPOINT op")?;
    let ran = poll_once(connection, item, None);
    let end = match ran {
        Ok(Ran::Kept) => Ok(()),
        Ok(Ran::Undone) => {
            exec(connection, "ROLLBACK TO op")?;
            after_undo(connection, item)
        }
        Err(error) => Err(error),
    };
    if end.is_err() && !connection.is_autocommit() {
        exec(connection, "ROLLBACK TO op")?;
    }
    if !connection.is_autocommit() {
        exec(connection, "RELEASE op")?;
    }
    end
}

fn after_undo(connection: &mut Connection, item: &mut Item) -> Result<()> {
    let ledger = Ledger::default();
    let settled = caught(|| ready(item.after_undo(Tx::sqlite(connection, &ledger))));
    ledger.judge(settled)
}

/// The same run, alone, and always taken back.
fn preview(connection: &mut Connection, mut item: Item) {
    if let Err(error) = exec(connection, "BEGIN IMMEDIATE") {
        return item.answer(Err(unavailable(error)));
    }
    let deadline = Instant::now() + PREVIEW_TIME;
    let interrupted = connection.progress_handler(1_000, Some(move || Instant::now() > deadline));
    let end = poll_once(connection, &mut item, Some(deadline)).map(|_| ());
    let end = match end {
        Err(Error::Sqlite(e))
            if e.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
        {
            Err(Error::TooSlow)
        }
        end => end,
    };
    let _ = interrupted.and_then(|()| connection.progress_handler(0, None::<fn() -> bool>));
    let _ = exec(connection, "ROLLBACK");
    item.answer(end);
}

fn poll_once(
    connection: &mut Connection,
    item: &mut Item,
    deadline: Option<Instant>,
) -> Result<Ran> {
    let ledger = Ledger::default();
    let ran = caught(|| ready(item.run(Tx::sqlite(connection, &ledger).until(deadline))));
    ledger.judge(ran)
}

/// Runs `f`; a panic becomes an error, so that the writer lives.
pub(crate) fn caught<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| Err(Error::Crashed(message(&*panic))))
}

pub(crate) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".into())
}

/// SQLite futures never suspend, so one poll finishes them; one that does awaited something else.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> Result<T> {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(out) => Ok(out),
        Poll::Pending => Err(Error::Crashed(
            "a command awaited something that is not the database".into(),
        )),
    }
}

fn exec(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

fn unavailable(error: Error) -> Error {
    match error {
        Error::Full(_) => error,
        error => Error::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn statements_are_prepared_once_whatever_is_bound() {
        let connection = Connection::open_in_memory().expect("opens");
        keep_statements(&connection).expect("is set");
        let tables = "CREATE TABLE t (a INTEGER, b INTEGER); CREATE INDEX by_a ON t (a);
            INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)";
        connection.execute_batch(tables).expect("runs");
        let sql = "SELECT a FROM t WHERE a = ?1 AND b = ?2";
        for number in 1..=3 {
            let mut statement = connection.prepare_cached(sql).expect("is prepared");
            let found: i64 = statement
                .query_row([number, number], |row| row.get(0))
                .expect("is found");
            assert_eq!(found, number);
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }
}
