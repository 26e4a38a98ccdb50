//! Backups: made beside a server that works, proven, restored into quarantine, and released.

mod damage;
mod lost;
mod quarantine;
mod whole;

use std::path::{Path, PathBuf};

use serde_json::Value;
use store::scratch::Scratch;
use tempfile::TempDir;

use crate::harness::{Engine, TestApp, random_id};

/// The key that these tests seal with, as `SEATBOOK_KEY` carries it.
pub fn key() -> String {
    "BwcH".repeat(10) + "Bwc"
}

/// What the program said, and whether it was content.
pub struct Said {
    pub code: i32,
    pub text: String,
    pub trouble: String,
}

/// Runs `seatbook` with these words.
pub async fn run(words: &[&str]) -> Said {
    let run = tokio::process::Command::new(env!("CARGO_BIN_EXE_seatbook"))
        .args(words)
        .env("SEATBOOK_KEY", key())
        .output()
        .await
        .expect("the binary runs");
    Said {
        code: run.status.code().unwrap_or(-1),
        text: String::from_utf8_lossy(&run.stdout).into_owned(),
        trouble: String::from_utf8_lossy(&run.stderr).into_owned(),
    }
}

/// Where backups go, and the places where they are restored.
pub struct Shelf {
    folder: TempDir,
    engine: Engine,
    places: Vec<Scratch>,
}

impl Shelf {
    pub fn new(app: &TestApp) -> Shelf {
        Shelf {
            folder: TempDir::new().expect("a folder"),
            engine: app.engine,
            places: vec![],
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Backs a book up; gives the backup's folder.
    pub async fn back_up(&self, database: &str) -> PathBuf {
        let to = self.path(&format!("to-{}", random_id().simple()));
        let said = run(&["backup", "--database", database, "--to", text(&to)]).await;
        assert_eq!(said.code, 0, "{}{}", said.text, said.trouble);
        let mut found = std::fs::read_dir(to).expect("a folder");
        let one = found.next().expect("a backup").expect("it is there");
        one.path()
    }

    /// A place where there is no book.
    pub async fn place(&mut self) -> String {
        let server = (self.engine == Engine::Postgres)
            .then(|| std::env::var("SEATBOOK_TEST_POSTGRES").expect("a server"));
        let name = format!("sb_it_{}", random_id().simple());
        let scratch = Scratch::create(server.as_deref(), &name, None).await;
        let scratch = scratch.expect("a place");
        let database = scratch.database().to_owned();
        self.places.push(scratch);
        database
    }

    /// Restores a backup at a new place, proven; gives the place.
    pub async fn restore(&mut self, backup: &Path) -> String {
        let place = self.place().await;
        let said = run(&["restore", text(backup), "--database", &place, "--verify"]).await;
        assert_eq!(said.code, 0, "{}{}", said.text, said.trouble);
        assert!(said.text.contains("in quarantine"), "{}", said.text);
        assert!(!said.text.contains("OFF"), "{}", said.text);
        place
    }

    /// Runs text on a restored book, past every rule.
    pub async fn tamper(&self, database: &str, sql: &str) {
        let place = self.places.iter().find(|it| it.database() == database);
        let done = place.expect("one of ours").tamper(sql).await;
        done.expect("the database takes it");
    }

    pub async fn clear(self) {
        for place in self.places {
            let _ = place.remove().await;
        }
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

pub fn manifest(backup: &Path) -> Value {
    let text = std::fs::read_to_string(backup.join("manifest.json")).expect("a manifest");
    serde_json::from_str(&text).expect("JSON")
}
