//! The server's side of reading a file: it starts the process that does it, watches it, and takes the rows.

use std::{sync::Arc, time::Duration};

use tokio::{process::Child, sync::Semaphore, time::timeout};

use super::{
    Incoming,
    frames::{DONE, MAX_FRAME_BYTES, REFUSED, ROW, Rows},
    parser, recognised,
    table::Table,
};
use crate::{
    confined::{Program, frames::Frames, limit_met},
    error::{Error, Kind, Result},
};

/// Files read at once. Each may take half a gigabyte of the machine, and a core.
const AT_ONCE: usize = 2;
/// How long a file waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// How long a file may take: with its turn, little enough for the rest of its request.
const PATIENCE: Duration = Duration::from_secs(18);

/// Reads files, each in a process of its own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader {
    program: Program,
    turns: Arc<Semaphore>,
}

impl Reader {
    /// Reads files with this program.
    pub fn new(program: Program) -> Reader {
        Reader {
            program,
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
        let mut command = self.program.child(parser::NAME);
        command.stdin(file).spawn().map_err(Error::internal)
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
    let out = out.ok_or_else(|| Error::internal("the parser has no output"))?;
    let (mut rows, mut frames) = (Rows::default(), Frames::new(out, MAX_FRAME_BYTES));
    while let Some((kind, content)) = frames.next().await? {
        match kind {
            ROW => rows.keep(&content)?,
            DONE => {
                return Table::of(serde_json::from_slice(&content)?, rows).map(Answer::Table);
            }
            REFUSED => return Ok(Answer::Refused(serde_json::from_slice(&content)?)),
            _ => return Err(Error::internal("the parser wrote what is no frame")),
        }
    }
    Ok(Answer::Nothing)
}

/// Why a parser ended in the middle. A signal is a limit it ran into: memory is refused to it, or time is up.
async fn broken_down(mut child: Child) -> Result<Error> {
    let status = child.wait().await.map_err(Error::internal)?;
    tracing::info!(%status, "a file brought its parser down, which is what the parser is for");
    Ok(match limit_met(status) {
        Some(limit) => recognised::demanding(limit),
        None => recognised::damaged("it cannot be made sense of"),
    })
}

fn busy() -> Error {
    let message = "Many files are being read at the moment; please try again.";
    Error::new(Kind::Unavailable, "overloaded", message)
}
