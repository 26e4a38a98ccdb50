//! Connections to PostgreSQL, each with its prepared statements.

use std::{
    collections::HashMap,
    io::Cursor,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::{
    Config, CopyInSink, CopyOutStream, NoTls, Statement,
    config::{Host, SslMode},
    types::ToSql,
};

use crate::{Error, Result};

/// Dynamic lists make many texts; past this many the cache starts again.
const STATEMENTS_KEPT: usize = 512;
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// A server that is gone without a word is found out by the kernel: what is sent and not received for this long, or
/// this long a silence with three questions after it that nobody answers, ends the connection.
const SILENCE: Duration = Duration::from_secs(10);
const QUESTION: Duration = Duration::from_secs(5);
const QUESTIONS: u32 = 3;
/// Behind a proxy the kernel hears the proxy alone. A statement ends on the server after ten seconds; whatever is silent
/// for twice as long does not come any more, and its connection is given up.
const ANSWER_TIME: Duration = Duration::from_secs(20);
/// Connections that glances share: few, so that many statements travel in one packet when many ask.
const GLANCING: usize = 2;
/// How long a reader may wait for a connection before the caller is told to come back.
const POOL_TIME: Duration = Duration::from_secs(2);
/// What every session is told: a lock, a statement or an idle transaction never holds others for ever, and
/// nothing is planned for long work. Starting parallel workers or compiling takes many times as long as the
/// statements here do; the planner prefers them to an index that ends a page after a hundred rows (171 ms
/// instead of 1.4 for a page of a million licenses). Nor does reading a page of the disk here cost four times as much
/// out of its order, as PostgreSQL supposes of disks that turn: supposing it, it reads all of a table of some hundred
/// thousand rows to find a thousand of them by their keys.
const SESSION: &str = "-c lock_timeout=2000 -c statement_timeout=10000 \
    -c idle_in_transaction_session_timeout=10000 -c TimeZone=UTC \
    -c max_parallel_workers_per_gather=0 -c jit=off -c random_page_cost=1.1";

/// Knows how to reach the server.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Config,
    tls: Option<tokio_postgres_rustls::MakeRustlsConnect>,
}

impl Connector {
    /// Reads a `postgres://` address. Across a network TLS is required unless `sslmode=disable` says
    /// otherwise; on loopback and Unix sockets it is used only where asked for.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let mut config: Config = url
            .parse()
            .map_err(|e| Error::Unfit(format!("the address of the database: {e}")))?;
        config
            .connect_timeout(CONNECT_TIME)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE)
            .keepalives_interval(QUESTION)
            .keepalives_retries(QUESTIONS);
        if config.get_application_name().is_none() {
            config.application_name("seatbook");
        }
        let options = match config.get_options() {
            Some(asked) => format!("{SESSION} {asked}"),
            None => SESSION.to_owned(),
        };
        config.options(options);
        let near = config.get_hosts().iter().all(is_near);
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            SslMode::Prefer if near => None,
            _ => Some(tls_config()?),
        };
        if tls.is_some() {
            config.ssl_mode(SslMode::Require);
        }
        Ok(Connector { config, tls })
    }

    /// The same server, another database of it.
    pub(crate) fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// The same, for connections that cannot write.
    fn reading(mut self) -> Self {
        let options = self.config.get_options().unwrap_or_default();
        let options = format!("{options} -c default_transaction_read_only=on");
        self.config.options(options);
        self
    }

    /// The same, for connections that write. They find every row by a key, and so does PostgreSQL's own check of a
    /// reference. Planned while a table was small, both would go on reading all of it while a long file fills it:
    /// 500 rows of an import took 3 s instead of 0.1.
    pub(crate) fn writing(mut self) -> Self {
        let options = self.config.get_options().unwrap_or_default();
        let options = format!("{options} -c enable_seqscan=off");
        self.config.options(options);
        self
    }

    /// A server that takes the connection and then says nothing is as good as none.
    pub(crate) async fn connect(&self) -> Result<Session> {
        let connected = tokio::time::timeout(CONNECT_TIME, self.greet()).await;
        connected.unwrap_or_else(|_| {
            let late = format!("no connection within {CONNECT_TIME:?}");
            Err(Error::Unavailable(late))
        })
    }

    async fn greet(&self) -> Result<Session> {
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                tokio::spawn(connection);
                client
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                tokio::spawn(connection);
                client
            }
        };
        Ok(Session {
            client,
            statements: Mutex::default(),
            patience: ANSWER_TIME,
            lost: AtomicBool::new(false),
        })
    }
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse()
                    .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

fn tls_config() -> Result<tokio_postgres_rustls::MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Unfit(format!("TLS: {e}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}

/// One connection. Several futures may use it at once: their statements are pipelined in the order
/// they are first polled.
pub(crate) struct Session {
    client: tokio_postgres::Client,
    statements: Mutex<HashMap<Box<str>, Statement>>,
    patience: Duration,
    /// Something was not answered in time: what comes now may be the answer to that.
    lost: AtomicBool,
}

impl Session {
    /// The same, for what may take as long as it takes: migrations, and making databases.
    pub(crate) fn patient(self) -> Session {
        Session {
            patience: Duration::MAX,
            ..self
        }
    }

    async fn answer<T>(
        &self,
        asked: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        if self.lost.load(Ordering::Relaxed) {
            return Err(Error::Unavailable("the connection was given up".into()));
        }
        match tokio::time::timeout(self.patience, asked).await {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                self.lost.store(true, Ordering::Relaxed);
                let late = format!("no answer within {:?}", self.patience);
                Err(Error::Unavailable(late))
            }
        }
    }

    pub(crate) async fn execute(&self, sql: &str, params: Vec<&(dyn ToSql + Sync)>) -> Result<u64> {
        let statement = self.statement(sql).await?;
        self.answer(self.client.execute(&statement, &params)).await
    }

    pub(crate) async fn query(
        &self,
        sql: &str,
        params: Vec<&(dyn ToSql + Sync)>,
    ) -> Result<Vec<tokio_postgres::Row>> {
        let statement = self.statement(sql).await?;
        self.answer(self.client.query(&statement, &params)).await
    }

    /// The same, and each row is read as it comes: the server finds the next ones meanwhile.
    pub(crate) async fn read<T>(
        &self,
        sql: &str,
        params: Vec<&(dyn ToSql + Sync)>,
        read: impl Fn(&tokio_postgres::Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let statement = self.statement(sql).await?;
        let answer = async {
            let rows = self.client.query_raw(&statement, params).await?;
            let mut rows = pin!(rows);
            let mut out = Vec::new();
            while let Some(row) = rows.try_next().await? {
                out.push(read(&row));
            }
            Ok(out)
        };
        self.answer(answer).await?.into_iter().collect()
    }

    /// Makes a statement known to this connection.
    pub(crate) async fn prepare(&self, sql: &str) -> Result<()> {
        self.statement(sql).await.map(drop)
    }

    /// Runs text without values, several statements at once if need be.
    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        self.answer(self.client.batch_execute(sql)).await
    }

    /// What a `COPY … TO STDOUT` tells.
    pub(crate) async fn copy_out(&self, sql: &str) -> Result<CopyOutStream> {
        Ok(self.client.copy_out(sql).await?)
    }

    /// Where a `COPY … FROM STDIN` takes its rows from.
    pub(crate) async fn copy_in(&self, sql: &str) -> Result<CopyInSink<Cursor<Vec<u8>>>> {
        Ok(self.client.copy_in(sql).await?)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed() || self.lost.load(Ordering::Relaxed)
    }

    async fn statement(&self, sql: &str) -> Result<Statement> {
        if let Some(known) = self.lock().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.answer(self.client.prepare(sql)).await?;
        let mut statements = self.lock();
        if statements.len() >= STATEMENTS_KEPT {
            statements.clear();
        }
        statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Statement>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections that only read.
pub(crate) struct Readers {
    connector: Connector,
    idle: Mutex<Vec<Session>>,
    permits: Semaphore,
    glancing: [tokio::sync::Mutex<Option<Arc<Session>>>; GLANCING],
    next: AtomicUsize,
}

impl Readers {
    pub(crate) fn new(connector: Connector, size: usize) -> Self {
        Readers {
            connector: connector.reading(),
            idle: Mutex::default(),
            permits: Semaphore::new(size),
            glancing: Default::default(),
            next: AtomicUsize::new(0),
        }
    }

    /// A connection for statements outside of any transaction, shared with whoever else glances now: none of them
    /// leaves anything behind on it, and those that ask at once do not wait for each other's round trips.
    pub(crate) async fn glancing(&self) -> Result<Arc<Session>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut place = self.glancing[turn % GLANCING].lock().await;
        match place.as_ref().filter(|session| !session.is_closed()) {
            Some(session) => Ok(Arc::clone(session)),
            None => {
                let session = Arc::new(self.connector.connect().await?);
                *place = Some(Arc::clone(&session));
                Ok(session)
            }
        }
    }

    /// Connections that may be leased at once.
    pub(crate) fn free(&self) -> usize {
        self.permits.available_permits()
    }

    pub(crate) async fn lease(&self) -> Result<Lease<'_>> {
        let permit = tokio::time::timeout(POOL_TIME, self.permits.acquire())
            .await
            .map_err(|_| Error::Overloaded)?
            .map_err(|_| Error::Unavailable("the server is stopping".into()))?;
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let session = match idle.filter(|session| !session.is_closed()) {
            Some(session) => session,
            None => self.connector.connect().await?,
        };
        Ok(Lease {
            readers: self,
            session: Some(session),
            finished: false,
            _permit: permit,
        })
    }
}

/// A borrowed connection. It goes back by itself, unless its transaction was left open.
pub(crate) struct Lease<'a> {
    readers: &'a Readers,
    session: Option<Session>,
    finished: bool,
    _permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    pub(crate) fn session(&self) -> &Session {
        self.session
            .as_ref()
            .expect("a lease holds its session until it is dropped")
    }

    /// Opens one view of the data for all statements that follow.
    pub(crate) async fn begin_snapshot(&self) -> Result<()> {
        self.session()
            .batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
    }

    /// Ends the view; only now is the connection fit for another.
    pub(crate) async fn finish(mut self) -> Result<()> {
        self.session().batch("ROLLBACK").await?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let session = self
            .session
            .take()
            .filter(|session| self.finished && !session.is_closed());
        if let Some(session) = session {
            self.readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(session);
        }
    }
}
