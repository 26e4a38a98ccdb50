//! This very program, to be started once more.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
};

use tokio::process::Command;

use crate::error::{Error, Result};

/// Which program children are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Program(Arc<Path>);

impl Program {
    /// This one.
    pub fn this() -> Result<Program> {
        // By this name Linux finds the running program also after an update has put another in its place.
        let own = Path::new("/proc/self/exe");
        match own.exists() {
            true => Ok(Program(own.into())),
            false => std::env::current_exe()
                .map(Program::new)
                .map_err(Error::internal),
        }
    }

    /// Another that is Seatbook.
    pub fn new(file: PathBuf) -> Program {
        Program(file.into())
    }

    /// A child that does what this name says, with an output to listen to; its input is for the caller to say.
    pub fn child(&self, name: &str) -> Command {
        let mut command = Command::new(&*self.0);
        command
            .arg(name)
            // Nothing of the environment: it may hold the key of the book.
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// Which limit a child ran into, as the signal tells that ended it; none where it ended by itself.
pub fn limit_met(status: ExitStatus) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use std::os::unix::process::ExitStatusExt;
        let signal = status.signal()?;
        Some(match signal {
            it if it == Signal::XCPU.as_raw() => "it takes too long",
            it if it == Signal::ABORT.as_raw() => "it takes too much memory",
            _ => "it takes too much memory or time",
        })
    }
    #[cfg(not(unix))]
    status
        .code()
        .is_none()
        .then_some("it takes too much memory or time")
}
