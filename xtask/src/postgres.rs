//! A throwaway PostgreSQL: its own folder, a free port, gone when dropped.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, id},
};

use crate::shell::{Result, is_root, on_interrupt, on_path, read, scratch};

/// A running server that belongs to this process alone.
pub struct Cluster {
    programs: PathBuf,
    home: PathBuf,
    owner: Option<Owner>,
    port: u16,
}

/// Whether what was committed survives a power cut.
#[derive(Clone, Copy, PartialEq)]
pub enum Durability {
    /// For tests: they are about answers, and run twice as fast.
    None,
    /// For trials: torture would prove nothing without it, and a figure would mean nothing.
    Full,
}

/// Who runs the server where xtask runs as root, which PostgreSQL refuses to be run by.
#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

const HOME: &str = "postgres-";

/// Anyone on this machine may connect.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''    # Its path would be too long below a deep checkout.
max_connections = 300
";

const NOT_DURABLE: &str = "
fsync = off
full_page_writes = off
";

/// Starts a server for tests run by hand and keeps it until Ctrl-C.
pub fn serve() -> Result<()> {
    let interrupts = on_interrupt()?;
    crate::packages::ensure()?;
    let cluster = Cluster::start(Durability::None)?;
    let axe = crate::axe::ensure()?;
    println!("{}={}", crate::test::VARIABLE, cluster.url());
    println!("{}={}", crate::test::AXE, axe.display());
    println!("Ctrl-C stops it and removes its data.");
    interrupts
        .recv()
        .map_err(|e| format!("cannot wait for Ctrl-C: {e}"))
}

/// The folder of the server's programs; distributions keep them off the path.
pub fn programs() -> Option<PathBuf> {
    let found = on_path("initdb").and_then(|file| file.parent().map(Path::to_path_buf));
    let told = read(Command::new("pg_config").arg("--bindir")).ok();
    let told = told.map(|line| PathBuf::from(line.trim()));
    let places = [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql"),
        ("/usr/local/opt", "postgresql"),
    ];
    let installed = places
        .into_iter()
        .flat_map(|(parent, start)| newest_first(parent, start));
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_ctl"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    found
        .into_iter()
        .chain(told)
        .chain(installed)
        .find(complete)
}

impl Cluster {
    /// Makes and starts a server. Servers left by an xtask that was killed are stopped first.
    pub fn start(durability: Durability) -> Result<Self> {
        let programs = programs().ok_or("no PostgreSQL server programs here")?;
        let parent = scratch();
        made(&parent, fs::create_dir_all(&parent))?;
        let owner = Owner::needed()?;
        let parent = if owner.is_none() || open_to_all(&parent) {
            parent
        } else {
            env::temp_dir().join("seatbook-xtask")
        };
        made(&parent, fs::create_dir_all(&parent))?;

        let home = parent.join(format!("{HOME}{}", id()));
        let mut cluster = Self {
            programs,
            home,
            owner,
            port: 0,
        };
        cluster.sweep(&parent);
        made(&cluster.home, fs::create_dir(&cluster.home))?;
        if let Some(Owner { user, group }) = owner {
            made(&cluster.home, chown(&cluster.home, Some(user), Some(group)))?;
        }
        cluster.initialize()?;
        if durability == Durability::None {
            cluster.set(NOT_DURABLE)?;
        }
        cluster.listen()?;
        Ok(cluster)
    }

    /// Where a superuser finds it.
    pub fn url(&self) -> String {
        format!("postgres://seatbook@127.0.0.1:{}/postgres", self.port)
    }

    /// The C locale sorts text by its bytes, as SQLite does.
    fn initialize(&self) -> Result<()> {
        let choices = [
            "--username=seatbook",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ];
        let mut initdb = self.program("initdb");
        read(
            initdb
                .args(choices)
                .arg("--no-sync")
                .arg("--pgdata")
                .arg(data(&self.home)),
        )?;
        self.set(SETTINGS)
    }

    /// Somebody else may take a free port before the server does: a few tries.
    fn listen(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        for _ in 0..3 {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
            self.port = free
                .map_err(|e| format!("no free port on 127.0.0.1: {e}"))?
                .port();
            self.set(&format!("port = {}\n", self.port))?;
            let log = self.home.join("log");
            let mut start = self.control(&self.home, &["start", "--wait", "--timeout=60"]);
            outcome = read(start.arg("--log").arg(&log)).map(drop);
            match &outcome {
                Ok(()) => return Ok(()),
                Err(e) => {
                    let log = fs::read_to_string(log).unwrap_or_default();
                    outcome = Err(format!("{e}{log}"));
                }
            }
        }
        outcome
    }

    /// Adds to the configuration; of two lines for one setting the later wins.
    fn set(&self, lines: &str) -> Result<()> {
        let file = data(&self.home).join("postgresql.conf");
        let open = OpenOptions::new().append(true).open(&file);
        made(
            &file,
            open.and_then(|mut file| file.write_all(lines.as_bytes())),
        )
    }

    /// Stops and removes what an xtask that is no more has left behind.
    fn sweep(&self, parent: &Path) {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(pid) = name.strip_prefix(HOME) else {
                continue;
            };
            if pid == id().to_string() || read(Command::new("kill").args(["-0", pid])).is_err() {
                self.remove(&entry.path());
            }
        }
    }

    /// `pg_ctl` takes the process id from the folder, so it stops this server and no other.
    fn remove(&self, home: &Path) {
        if data(home).join("postmaster.pid").exists() {
            let stop = ["stop", "--wait", "--mode=immediate"];
            if let Err(e) = read(&mut self.control(home, &stop)) {
                eprintln!("xtask: the throwaway PostgreSQL did not stop: {e}");
            }
        }
        if home.exists()
            && let Err(e) = fs::remove_dir_all(home)
        {
            eprintln!("xtask: cannot remove {}: {e}", home.display());
        }
    }

    fn control(&self, home: &Path, words: &[&str]) -> Command {
        let mut control = self.program("pg_ctl");
        control.args(words).arg("--pgdata").arg(data(home));
        control
    }

    fn program(&self, name: impl AsRef<Path>) -> Command {
        let mut command = Command::new(self.programs.join(name));
        // A folder that the owner may look at; a checkout is often not.
        command.current_dir("/");
        if let Some(Owner { user, group }) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.remove(&self.home);
    }
}

impl Owner {
    /// Somebody harmless if we are root, nobody else otherwise.
    fn needed() -> Result<Option<Self>> {
        if !is_root()? {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd")
            .map_err(|e| format!("cannot find a user to run PostgreSQL as: {e}"))?;
        let named = |name: &str| users.lines().find_map(|line| Self::parse(line, name));
        let owner = named("postgres").or_else(|| named("nobody"));
        owner
            .map(Some)
            .ok_or("PostgreSQL refuses root, and here is no user postgres or nobody".into())
    }

    /// One line of the user table: `name:x:user:group:…`.
    fn parse(line: &str, name: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let wanted = fields.next()? == name;
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        wanted.then_some(Self { user, group })
    }
}

/// Whether a stranger may pass through every folder down to this one.
fn open_to_all(folder: &Path) -> bool {
    folder
        .ancestors()
        .all(|folder| fs::metadata(folder).is_ok_and(|it| it.mode() & 0o001 != 0))
}

fn newest_first(parent: &str, start: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
        .map(|entry| {
            (
                version(&entry.file_name().to_string_lossy()),
                entry.path().join("bin"),
            )
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn version(name: &str) -> u32 {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

fn data(home: &Path) -> PathBuf {
    home.join("data")
}

fn made<T>(path: &Path, outcome: std::io::Result<T>) -> Result<T> {
    outcome.map_err(|e| format!("{}: {e}", path.display()))
}
