//! The program with a log that holds all it has to say, and notes of what it gave away.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
};

use super::super::Place;
use crate::harness::{Answer, TestApp};

/// What figures are read by.
pub const SCRAPER: &str = "the scraper's own word";

/// The program on a blank book, with a log that holds all it has to say.
pub struct House {
    pub child: Child,
    pub place: Place,
    /// The path of its set-up link.
    pub link: String,
    /// Who speaks into nothing fails.
    _said: Lines<BufReader<ChildStdout>>,
}

impl House {
    pub async fn open(app: &TestApp) -> House {
        let place = Place::of(app);
        let log = std::fs::File::create(place.folder.path().join("log")).expect("a file");
        let mut child = place
            .program(&["serve", "--log-json"])
            .envs([
                ("SEATBOOK_LOG", "debug"),
                ("SEATBOOK_METRICS_TOKEN", SCRAPER),
            ])
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the program runs");
        let mut said = BufReader::new(child.stdout.take().expect("its words")).lines();
        let base = format!("http://{}", place.address);
        let link = loop {
            let line = said.next_line().await.expect("it speaks").expect("it runs");
            if let Some(path) = line.trim().strip_prefix(&base) {
                break path.to_owned();
            }
        };
        House {
            child,
            place,
            link,
            _said: said,
        }
    }

    /// A word to the program by the command line; what it answers.
    pub async fn told(&self, words: &[&str]) -> String {
        let done = self.place.program(words).output().await;
        let done = done.expect("the program runs");
        assert!(
            done.status.success(),
            "{words:?} ended with {}: {}",
            done.status,
            String::from_utf8_lossy(&done.stderr)
        );
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// Everything in its folder but the key: the log, and the book where it is a file.
    pub fn bytes(&self) -> Vec<(String, String)> {
        let files = std::fs::read_dir(self.place.folder.path()).expect("a folder");
        let files = files.map(|file| file.expect("a file").path());
        let read = files.map(|file| {
            let bytes = std::fs::read(&file).expect("it is read");
            let name = file
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, String::from_utf8_lossy(&bytes).into_owned())
        });
        read.filter(|(name, _)| name != "key").collect()
    }
}

/// What was issued, and what was answered to those who used it wrongly or looked at the book.
#[derive(Default)]
pub struct Notes {
    pub secrets: Vec<(&'static str, String)>,
    pub told: Vec<(String, String)>,
}

impl Notes {
    pub fn keep(&mut self, what: &'static str, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() >= 8, "{what} is `{secret}`");
        // Codes are shown in groups, and may be kept without.
        let whole: String = secret
            .chars()
            .filter(|sign| !" -".contains(*sign))
            .collect();
        self.secrets.push((what, whole));
        self.secrets.push((what, secret));
    }

    pub fn keep_link(&mut self, what: &'static str, link: &str) {
        self.keep(what, link.rsplit('/').next().unwrap_or_default());
    }

    pub fn keep_cookie(&mut self, what: &'static str, answer: &Answer) {
        let cookie = answer.headers["set-cookie"].to_str().expect("text");
        let value = cookie.split(['=', ';']).nth(1).expect("a value");
        self.keep(what, value);
    }

    pub fn hear(&mut self, what: &str, answer: &Answer) {
        self.told.push((what.to_owned(), answer.text.clone()));
    }

    /// Every secret that stands somewhere.
    pub fn found_in(&self, places: &[(String, String)]) -> Vec<String> {
        let mut found = Vec::new();
        for (place, text) in places {
            for (what, secret) in &self.secrets {
                let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
                if text.contains(secret) || text.contains(&hex) {
                    found.push(format!("{what} in {place}"));
                }
            }
        }
        found
    }
}
