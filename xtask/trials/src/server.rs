//! The real server as a process of its own: started, killed, verified.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{net::TcpStream, sync::oneshot, task::spawn_blocking};

use crate::Result;

/// Which engine holds a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn as_str(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        }
    }
}

/// What the trials were given to work with.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The server's program.
    pub server: PathBuf,
    /// A PostgreSQL where databases may be made.
    pub postgres: String,
    /// A folder for books and logs.
    pub scratch: PathBuf,
    /// A program that sends what a document allows, and what it does not.
    pub schemathesis: Option<PathBuf>,
}

impl Ground {
    /// Where its PostgreSQL takes connections.
    pub async fn postgres_address(&self) -> Result<SocketAddr> {
        let (_, host, _) = self.postgres_parts()?;
        let named = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:5432")
        };
        let found = tokio::net::lookup_host(named.as_str()).await;
        let found = found.map_err(|e| format!("{named}: {e}"))?.next();
        found.ok_or_else(|| format!("{named} has no address"))
    }

    /// The same with its PostgreSQL behind another address.
    pub fn with_postgres_at(&self, address: SocketAddr) -> Result<Ground> {
        let (before, _, after) = self.postgres_parts()?;
        Ok(Ground {
            postgres: format!("{before}{address}/{after}"),
            ..self.clone()
        })
    }

    /// Scheme and user, host and port, database.
    fn postgres_parts(&self) -> Result<(&str, &str, &str)> {
        let whole = self.postgres.as_str();
        let start = whole.find("://").map(|at| at + 3);
        let start = whole.rfind('@').map(|at| at + 1).or(start);
        let parts = start.map(|at| whole.split_at(at));
        let parts = parts.and_then(|(before, rest)| {
            let (host, after) = rest.split_once('/')?;
            Some((before, host, after))
        });
        parts.ok_or_else(|| "an address of PostgreSQL".into())
    }
}

/// Where one book is, whether a server runs on it or not.
#[derive(Clone, Debug)]
pub struct Site {
    pub engine: Engine,
    pub database: String,
    program: PathBuf,
    folder: PathBuf,
    /// Variables that the server is started with.
    pub settings: &'static [(&'static str, &'static str)],
    /// Whether the server fills the book with the demo's.
    pub is_demo: bool,
}

/// A running server. Dropping it kills it, as `kill -9` does.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    link: Option<oneshot::Receiver<String>>,
}

/// An unoptimised server on a busy machine needs a while.
const PATIENCE: Duration = Duration::from_secs(30);

impl Site {
    /// A place for a new book.
    pub async fn new(ground: &Ground, engine: Engine, name: &str) -> Result<Site> {
        let folder = ground.scratch.join(format!("{name}-{}", engine.as_str()));
        let made = fs::create_dir_all(&folder);
        made.map_err(|e| format!("{}: {e}", folder.display()))?;
        let database = match engine {
            Engine::Sqlite => folder.join("book.db").display().to_string(),
            Engine::Postgres => {
                let name = name.replace('-', "_");
                run_sql(&ground.postgres, &format!("CREATE DATABASE {name}")).await?;
                let server = ground.postgres.rsplit_once('/');
                format!("{}/{name}", server.ok_or("an address of PostgreSQL")?.0)
            }
        };
        Ok(Site {
            engine,
            database,
            program: ground.server.clone(),
            folder,
            settings: &[],
            is_demo: false,
        })
    }

    /// Starts a server and waits until it takes connections.
    pub async fn start(&self) -> Result<Server> {
        // A free port may be somebody's before the server has it: a few tries.
        for _ in 0..5 {
            let mut server = self.spawn()?;
            if server.listens().await? {
                return Ok(server);
            }
        }
        Err(format!(
            "the server does not start; its log:\n{}",
            self.log()
        ))
    }

    /// Begins to start a server, and does not wait for it.
    pub fn spawn(&self) -> Result<Server> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let address = free.map_err(|e| format!("no free port on 127.0.0.1: {e}"))?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"));
        let log = log.map_err(|e| format!("{}: {e}", self.folder.display()))?;
        let mut child = self
            .command()
            .envs(self.settings.iter().copied())
            .args(["serve", "--listen", &address.to_string(), "--key-file"])
            .arg(self.folder.join("key"))
            .args(self.is_demo.then_some("--demo"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|e| format!("{}: {e}", self.program.display()))?;
        let (send, link) = oneshot::channel();
        let said = child.stdout.take().ok_or("a server without output")?;
        // The set-up link stands on a line of its own. Reading goes on, or the server would wait for us.
        std::thread::spawn(move || {
            let mut send = Some(send);
            for line in BufReader::new(said).lines().map_while(|line| line.ok()) {
                let link = line.trim();
                if link.starts_with("http")
                    && let Some(send) = send.take()
                {
                    let _ = send.send(link.to_owned());
                }
            }
        });
        Ok(Server {
            child,
            address,
            link: Some(link),
        })
    }

    /// Runs the program with other words on this place to its end.
    pub async fn run(&self, words: &[&str]) -> Result<Output> {
        let mut command = self.command();
        command.args(words);
        output(command).await
    }

    /// Begins to, and does not wait for it.
    pub fn begin(&self, words: &[&str]) -> Result<Child> {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let begun = command.args(words).spawn();
        begun.map_err(|e| format!("{}: {e}", self.program.display()))
    }

    /// Where something of this place is on the disk.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Takes the key of another book.
    pub fn bring_key(&self, of: &Site) -> Result<()> {
        let copied = fs::copy(of.path("key"), self.path("key"));
        copied.map(drop).map_err(|e| format!("the key: {e}"))
    }

    /// Bytes that the book takes on disk.
    pub async fn bytes(&self) -> Result<u64> {
        match self.engine {
            Engine::Sqlite => {
                let seen = fs::metadata(&self.database).map(|seen| seen.len());
                seen.map_err(|e| format!("{}: {e}", self.database))
            }
            Engine::Postgres => {
                let session = connect(&self.database).await?;
                let sql = "SELECT pg_database_size(current_database())";
                let row = session.query_one(sql, &[]).await.map_err(|e| told(&e))?;
                Ok(row.get::<_, i64>(0).unsigned_abs())
            }
        }
    }

    /// Removes the book with its folder. No server may have it open.
    pub async fn remove(self) -> Result<()> {
        let place = self.database.rsplit_once('/');
        if let (Engine::Postgres, Some((server, name))) = (self.engine, place) {
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            run_sql(&format!("{server}/postgres"), &drop).await?;
        }
        let gone = fs::remove_dir_all(&self.folder);
        gone.map_err(|e| format!("{}: {e}", self.folder.display()))
    }

    /// What `seatbook verify` finds: nothing, where the book is right.
    pub async fn verify(&self) -> Result<Vec<String>> {
        let mut command = self.command();
        command.args(["verify", "--json"]);
        let output = output(command).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let checks: Vec<Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let off = checks.iter().filter(|check| check["wrong"] != 0);
        let mut found: Vec<String> = off
            .map(|check| format!("verify: {} is off: {}", check["holds"], check["findings"]))
            .collect();
        if found.is_empty() && (!output.status.success() || checks.is_empty()) {
            let said = String::from_utf8_lossy(&output.stderr);
            found.push(format!("verify ended with {}: {text}{said}", output.status));
        }
        Ok(found)
    }

    /// Panics in the log: the server survives them, and they are wrong all the same.
    pub fn panics(&self) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains("panicked"));
        lines.map(|line| format!("log: {line}")).collect()
    }

    fn log(&self) -> String {
        let bytes = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The server's program with this book and nothing of our own environment.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SEATBOOK_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(&self.folder)
            .env("SEATBOOK_DATABASE", &self.database)
            .env("SEATBOOK_LOG", "warn")
            .stdin(Stdio::null());
        command
    }
}

impl Server {
    /// Whether it takes connections in time; `false` where it ended instead.
    async fn listens(&mut self) -> Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.child.try_wait().map_err(|e| e.to_string())?.is_some() {
                return Ok(false);
            }
            if TcpStream::connect(self.address).await.is_ok() {
                return Ok(true);
            }
            pause(Duration::from_millis(3)).await;
        }
        Err(format!("the server did not listen within {PATIENCE:?}"))
    }

    /// The link that sets a new book up.
    pub async fn link(&mut self) -> Result<String> {
        let link = self.link.take().ok_or("the link was taken already")?;
        let link = tokio::time::timeout(PATIENCE, link).await;
        link.map_err(|_| "no set-up link was printed")?
            .map_err(|_| "the server ended before it printed its set-up link".into())
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, as service managers do, and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        let mut kill = Command::new("kill");
        kill.arg(self.process().to_string());
        let told = output(kill).await?;
        if !told.status.success() {
            return Err(String::from_utf8_lossy(&told.stderr).into_owned());
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().map_err(|e| e.to_string())? {
                let odd = || format!("a server that was told to stop ended with {status}");
                return status.success().then_some(()).ok_or_else(odd);
            }
            pause(Duration::from_millis(5)).await;
        }
        Err(format!("a server did not stop within {PATIENCE:?}"))
    }

    /// `kill -9`: no signal handler, no last word.
    pub fn kill(mut self) -> Result<()> {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map(drop).map_err(|e| format!("kill -9: {e}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a process of ours takes connections.
pub async fn await_listener(address: SocketAddr) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        pause(Duration::from_millis(3)).await;
    }
    Err(format!("nobody listens at {address}"))
}

/// Time that passes on purpose: before a kill, between two looks at another process.
#[expect(
    clippy::disallowed_methods,
    reason = "the other side is a process: there is no channel to wait on"
)]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Runs a program to its end without holding a thread of the runtime.
pub async fn output(mut command: Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = spawn_blocking(move || command.output()).await;
    done.map_err(|e| e.to_string())?
        .map_err(|e| format!("{name}: {e}"))
}

/// Runs statements on a PostgreSQL.
pub async fn run_sql(url: &str, sql: &str) -> Result<()> {
    let session = connect(url).await?;
    session.batch_execute(sql).await.map_err(|e| told(&e))
}

/// A session on a PostgreSQL; it ends when the last handle is gone.
pub async fn connect(url: &str) -> Result<Arc<tokio_postgres::Client>> {
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.map_err(|e| told(&e))?;
    tokio::spawn(connection);
    Ok(Arc::new(client))
}

/// The driver's errors with what the database said.
pub fn told(error: &tokio_postgres::Error) -> String {
    let said = error.as_db_error();
    said.map_or_else(|| error.to_string(), ToString::to_string)
}
