//! How those who run Seatbook see how it is, and what keeps its door.

mod chain;
mod door;
mod program;
mod readiness;
mod secrets;

use std::net::{SocketAddr, TcpListener};

use tempfile::TempDir;
use tokio::process::Command;

use crate::harness::{Engine, TestApp};

/// Where the program runs: a folder, an unused port, and a book of its own, or the test's where its engine takes two.
pub struct Place {
    pub folder: TempDir,
    pub address: SocketAddr,
    book: String,
}

impl Place {
    pub fn of(app: &TestApp) -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let book = match app.engine {
            Engine::Sqlite => folder.path().join("book.db").display().to_string(),
            Engine::Postgres => app.database().to_owned(),
        };
        let unused = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = unused.local_addr().expect("an address");
        Place {
            folder,
            address,
            book,
        }
    }

    /// The program with these words, told of this place.
    pub fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seatbook"));
        command
            .args(words)
            .args(["--database", &self.book])
            .args(["--listen", &self.address.to_string(), "--key-file"])
            .arg(self.folder.path().join("key"));
        command
    }
}
