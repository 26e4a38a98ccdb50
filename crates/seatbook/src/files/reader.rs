//! The server's side of reading a file: it starts the process that does it, watches it, and takes the rows.

use std::{path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    sync::Semaphore,
    time::timeout,
};

use super::{
    Incoming,
    frames::{self, DONE, REFUSED, ROW, Rows},
    parser, recognised,
    table::Table,
};
use crate::error::{Error, Kind, Result};

/// Files read at once. Each may take half a gigabyte of the machine, and a core.
const AT_ONCE: usize = 2;
/// How long a file waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// How long a file may take: with its turn, little enough for the rest of its request.
const PATIENCE: Duration = Duration::from_secs(18);
/// What is read at once of a parser's output: what a pipe holds.
const PORTION_BYTES: usize = 64 * 1024;

/// Reads files, each in a process of its own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader {
    program: Arc<PathBuf>,
    turns: Arc<Semaphore>,
}

impl Reader {
    /// Reads files with this very program.
    pub fn of_this_program() -> Result<Reader> {
        // By this name Linux finds the running program also after an update has put another in its place.
        let own = PathBuf::from("/proc/self/exe");
        match own.exists() {
            true => Ok(Reader::new(own)),
            false => std::env::current_exe()
                .map(Reader::new)
                .map_err(Error::internal),
        }
    }

    /// Reads files with a program that is Seatbook.
    pub fn new(program: PathBuf) -> Reader {
        Reader {
            program: Arc::new(program),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Reads a file, whatever its format, or says why it cannot be read.
    pub async fn read(&self, file: Incoming) -> Result<Table> {
        let turn = timeout(TURN, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| busy())?.map_err(Error::internal)?;
        let mut child = self.start(file.into_std().await?)?;
        let Ok(answered) = timeout(PATIENCE, answer(&mut child)).await else {
            return Err(recognised::demanding("it takes too long"));
        };
        match answered? {
            Answer::Table(table) => Ok(table),
            Answer::Refused(error) => Err(error),
            Answer::Nothing => Err(broken_down(child).await?),
        }
    }

    fn start(&self, file: std::fs::File) -> Result<Child> {
        // Nothing of the environment: it may hold the key of the book.
        Command::new(self.program.as_path())
            .arg(parser::NAME)
            .env_clear()
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::internal)
    }
}

/// What a parser had to say.
enum Answer {
    Table(Table),
    Refused(Error),
    /// It ended in the middle.
    Nothing,
}

async fn answer(child: &mut Child) -> Result<Answer> {
    let out = child.stdout.take();
    let mut out = out.ok_or_else(|| Error::internal("the parser has no output"))?;
    let (mut rows, mut buffer) = (Rows::default(), BytesMut::new());
    loop {
        let mut rest: &[u8] = &buffer;
        while let Some((kind, content)) = frames::next(&mut rest)? {
            match kind {
                ROW => rows.keep(content)?,
                DONE => {
                    return Table::of(serde_json::from_slice(content)?, rows).map(Answer::Table);
                }
                REFUSED => return Ok(Answer::Refused(serde_json::from_slice(content)?)),
                _ => return Err(Error::internal("the parser wrote what is no frame")),
            }
        }
        let used = buffer.len() - rest.len();
        buffer.advance(used);
        buffer.reserve(PORTION_BYTES);
        if out.read_buf(&mut buffer).await.map_err(Error::internal)? == 0 {
            return Ok(Answer::Nothing);
        }
    }
}

/// Why a parser ended in the middle. A signal is a limit it ran into: memory is refused to it, or time is up.
async fn broken_down(mut child: Child) -> Result<Error> {
    let status = child.wait().await.map_err(Error::internal)?;
    tracing::info!(%status, "a file brought its parser down, which is what the parser is for");
    Ok(match status.code() {
        None => recognised::demanding("it takes too much memory or time"),
        Some(_) => recognised::damaged("it cannot be made sense of"),
    })
}

fn busy() -> Error {
    let message = "Many files are being read at the moment; please try again.";
    Error::new(Kind::Unavailable, "overloaded", message)
}
