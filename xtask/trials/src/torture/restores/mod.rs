//! Restores: a backup is made beside a server that is being written to, and becomes a book elsewhere. What was acknowledged
//! before it began is there; a copy of which one byte changed is never loaded; a restore that is killed leaves nothing or
//! all; the book rests until it is released, and then works. Tables that a killed start began to make are made by the next.

mod copies;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use self::copies::{files, flip, only, read_folder};
use super::{Measure, Tally, Trial, disk::Disk};
use crate::{
    Result,
    book::{self, Book, text},
    person::{Person, Request},
    random::Random,
    server::{Engine, Ground, Site, pause},
    wire::Wire,
};

const WRITERS: u64 = 8;
/// Writes of each in a round, at most: the book does not grow past what a hundred rounds can read.
const WRITES: u64 = 150;
/// Bytes that are changed in a round, one after the other: 1,000 in a hundred.
const FLIPS: u64 = 10;
/// Writes before a backup is begun.
const HEADSTART: usize = 40;
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the rounds on one book, each with a backup and a place of its own.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let book = Book::new(ground, trial.engine, "restores").await?;
    let mut count = Count::default();
    for round in trial.from..=trial.rounds {
        let random = Random::of(trial.seed, &[round]);
        let shelf = Shelf::new(ground, &book, round).await?;
        let done = shelf.round(&book, random, &mut count).await;
        let backup = done.map_err(|e| format!("round {round}: {e}"))?;
        if round == trial.from {
            shelf.cramped(ground, &book, (&backup, &mut count)).await?;
        }
        shelf.clear().await?;
    }
    count.wrong.extend(book.site.verify().await?);
    count.wrong.extend(book.site.panics());
    Ok(Tally {
        tried: trial.rounds + 1 - trial.from,
        wrong: count.wrong,
        figures: vec![
            ("acknowledged", count.acknowledged),
            ("restores_killed", count.killed),
            ("full_disks", count.full),
        ],
        measures: vec![
            Measure::exactly(
                "acknowledged before a backup, and not in it",
                (count.missing as f64, "writes"),
                0.0,
            ),
            Measure::exactly(
                "changed bytes that were found",
                (count.found as f64, "bytes"),
                count.flips as f64,
            ),
        ],
        ..Tally::default()
    })
}

#[derive(Default)]
struct Count {
    acknowledged: u64,
    missing: u64,
    flips: u64,
    found: u64,
    killed: u64,
    full: u64,
    wrong: Vec<String>,
}

/// Where the backup of one round goes, and the book that is made of it.
struct Shelf {
    round: u64,
    folder: PathBuf,
    place: Site,
    /// A place where nothing is ever restored.
    vacant: Site,
}

impl Shelf {
    async fn new(ground: &Ground, book: &Book, round: u64) -> Result<Shelf> {
        let engine = book.site.engine;
        let place = Site::new(ground, engine, &format!("restored-{round}")).await?;
        place.bring_key(&book.site)?;
        Ok(Shelf {
            round,
            folder: place.path("backups"),
            place,
            vacant: Site::new(ground, engine, &format!("vacant-{round}")).await?,
        })
    }

    async fn round(&self, book: &Book, mut random: Random, count: &mut Count) -> Result<PathBuf> {
        let load = Load::begin(book, self.mark());
        let before = load.headstart().await?;
        let to = self.folder.display().to_string();
        done(&book.site, &["backup", "--to", &to]).await?;
        load.end().await?;
        let marks = self.place.path("high-water.json").display().to_string();
        done(&book.site, &["backup", "--high-water", &marks]).await?;
        let backup = only(&self.folder)?;
        count.acknowledged += before.len() as u64;

        self.flip(&backup, &mut random, count).await?;
        count.killed += u64::from(self.restore(&backup, &mut random).await?);
        let missing = self.missing(book, &before, count).await?;
        count.missing += missing;
        self.release(book, &marks).await?;
        let mut found = self.place.verify().await?;
        found.extend(self.begin_twice(&mut random).await?);
        let placed = |what| format!("round {}: {what}", self.round);
        count.wrong.extend(found.into_iter().map(placed));
        Ok(backup)
    }

    /// What all names of this round hold.
    fn mark(&self) -> String {
        format!("BK-{:06}", self.round)
    }

    /// Changes bytes of the backup, one after the other; each is found, and nothing is loaded.
    async fn flip(&self, backup: &Path, random: &mut Random, count: &mut Count) -> Result<()> {
        let files = files(backup)?;
        let all: u64 = files.iter().map(|(_, size)| size).sum();
        let from = backup.display().to_string();
        for _ in 0..FLIPS {
            let (place, mask) = (random.below(all), random.within(1, 255) as u8);
            flip(&files, place, mask)?;
            let words = ["restore", &from, "--database", &self.vacant.database];
            let said = self.vacant.run(&words).await?;
            let trouble = String::from_utf8_lossy(&said.stderr);
            count.flips += 1;
            count.found += u64::from(!said.status.success() && trouble.contains("backup.damaged"));
            flip(&files, place, mask)?;
        }
        Ok(())
    }

    /// Restores after a restore that was killed; says whether that one had not ended.
    async fn restore(&self, backup: &Path, random: &mut Random) -> Result<bool> {
        let from = backup.display().to_string();
        let words = [
            "restore",
            &from,
            "--database",
            &self.place.database,
            "--verify",
        ];
        let mut first = self.place.begin(&words)?;
        pause(Duration::from_millis(random.below(400))).await;
        let killed = first.try_wait().map_err(|e| e.to_string())?.is_none();
        let _ = first.kill();
        first.wait().map_err(|e| e.to_string())?;
        let said = self.place.run(&words).await?;
        let trouble = String::from_utf8_lossy(&said.stderr);
        match said.status.success() || trouble.contains("restore.occupied") {
            true => Ok(killed),
            false => Err(format!(
                "after a killed restore: {}{trouble}",
                String::from_utf8_lossy(&said.stdout)
            )),
        }
    }

    /// Looks into the restored book, which changes nothing; how many of these holders are not there.
    async fn missing(&self, book: &Book, before: &[String], count: &mut Count) -> Result<u64> {
        let server = self.place.start().await?;
        let person = Person {
            address: server.address,
            ..book.operator.clone()
        };
        let body = json!({"organization_id": book.provider, "name": "Nobody"});
        let request = Request::json("POST", "/api/v1/holders", &body);
        let refused = person.send(&mut Wire::to(person.address), &request).await?;
        if refused.status != 503 || refused.json()["code"] != "book.quarantined" {
            let what = format!(
                "round {}: at rest, and answered {}",
                self.round,
                refused.brief()
            );
            count.wrong.push(what);
        }
        let path = format!("/api/v1/holders?q={}&", self.mark());
        let there = book::all(&person, &path).await?;
        let there: BTreeSet<String> = there
            .iter()
            .map(|holder| text(&holder["id"]))
            .collect::<Result<_>>()?;
        server.kill()?;
        Ok(before.iter().filter(|id| !there.contains(*id)).count() as u64)
    }

    /// Releases the restored book, and writes into it.
    async fn release(&self, book: &Book, marks: &str) -> Result<()> {
        let key = self.place.path("key").display().to_string();
        done(
            &self.place,
            &["resume", "--key-file", &key, "--high-water", marks],
        )
        .await?;
        let server = self.place.start().await?;
        let person = Person {
            address: server.address,
            ..book.operator.clone()
        };
        let body = json!({"organization_id": book.provider, "name": "Somebody"});
        book::made(&person, "/api/v1/holders", &body).await?;
        server.kill()
    }

    /// A first start that is killed while it makes the tables; the next has them all.
    async fn begin_twice(&self, random: &mut Random) -> Result<Vec<String>> {
        let first = self.vacant.spawn()?;
        pause(Duration::from_millis(random.below(150))).await;
        first.kill()?;
        self.vacant.start().await?.kill()?;
        self.vacant.verify().await
    }

    /// Neither a backup nor its book fits onto a disk: it is said, and nothing is left. Where no small disk can be had,
    /// none is counted.
    async fn cramped(
        &self,
        ground: &Ground,
        book: &Book,
        (backup, count): (&Path, &mut Count),
    ) -> Result<()> {
        let engine = book.site.engine;
        let place = ground.scratch.join(format!("cramped-{}", engine.as_str()));
        let Ok(disk) = Disk::mount(&place, "size=256k") else {
            return Ok(());
        };
        let (to, from) = (disk.place.join("to"), backup.display().to_string());
        let target = disk.place.join("book.db").display().to_string();
        let words = [
            vec!["backup", "--to", to.to_str().unwrap_or_default()],
            vec!["restore", &from, "--database", &target],
        ];
        let tried = if engine == Engine::Sqlite { 2 } else { 1 };
        for words in &words[..tried] {
            let said = book.site.run(words).await?;
            let trouble = String::from_utf8_lossy(&said.stderr);
            if said.status.success() || !trouble.contains("path.failed") {
                count
                    .wrong
                    .push(format!("{words:?} on a full disk: {trouble}"));
            }
            count.full += 1;
        }
        let left: Vec<PathBuf> = [read_folder(&to)?, read_folder(&disk.place)?].concat();
        let is_odd = |path: &&PathBuf| **path != to && !path.ends_with("book.db.lock");
        let odd: Vec<_> = left.iter().filter(is_odd).collect();
        if !odd.is_empty() {
            count.wrong.push(format!("left on a full disk: {odd:?}"));
        }
        Ok(())
    }

    async fn clear(self) -> Result<()> {
        self.place.remove().await?;
        self.vacant.remove().await
    }
}

/// Clients that write until they are told to stop.
struct Load {
    writers: JoinSet<Result<()>>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<String>>>,
}

impl Load {
    fn begin(book: &Book, mark: String) -> Load {
        let mut load = Load {
            writers: JoinSet::new(),
            stop: Arc::default(),
            acknowledged: Arc::default(),
        };
        for number in 0..WRITERS {
            let (person, provider, mark) =
                (book.operator.clone(), book.provider.clone(), mark.clone());
            let (stop, acknowledged) = (Arc::clone(&load.stop), Arc::clone(&load.acknowledged));
            load.writers.spawn(async move {
                let mut wire = Wire::to(person.address);
                for write in 0..WRITES {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let name = format!("{mark} {number} {write}");
                    let body = json!({"organization_id": provider, "name": name});
                    let request = Request::json("POST", "/api/v1/holders", &body);
                    let made = person.over(&mut wire, &request).await?.json();
                    let mut acknowledged =
                        acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
                    acknowledged.push(text(&made["id"])?);
                }
                Ok(())
            });
        }
        load
    }

    /// What was acknowledged by the time that some were.
    async fn headstart(&self) -> Result<Vec<String>> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            {
                let known = self
                    .acknowledged
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                if known.len() >= HEADSTART {
                    return Ok(known.clone());
                }
            }
            pause(Duration::from_millis(2)).await;
        }
        Err(format!("no {HEADSTART} writes within {PATIENCE:?}"))
    }

    async fn end(mut self) -> Result<()> {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(ended) = self.writers.join_next().await {
            ended.map_err(|e| format!("a writer failed: {e}"))??;
        }
        Ok(())
    }
}

/// Runs the program, which must be content.
async fn done(site: &Site, words: &[&str]) -> Result<()> {
    let said = site.run(words).await?;
    if said.status.success() {
        return Ok(());
    }
    let (text, trouble) = (
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr),
    );
    Err(format!("{words:?}: {text}{trouble}"))
}
