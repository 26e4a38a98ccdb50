//! Disk: the book's disk fills up and is freed again. Meanwhile writes are refused at once, with their code, and reading
//! goes on; afterwards writing goes on by itself, and everything acknowledged is there.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{Measure, Tally, Trial};
use crate::{
    Result,
    book::Book,
    person::Request,
    server::{Ground, Site, pause},
    wire::{Answer, Wire},
};

/// Room for the book of many rounds, and little enough to fill in no time.
const SIZE: &str = "size=64m";
/// What is written before may be written again without a byte more: so many writes find the disk full, or none does.
const WRITES: u64 = 20_000;
/// Writes and readings of each round while the disk is full.
const TRIES: u64 = 8;
const REFUSAL_SECONDS: f64 = 2.0;
const RECOVERY_SECONDS: f64 = 5.0;
/// How long writing may stay away before the trial gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fills the disk of one book so many times.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let mut site = Site::new(ground, trial.engine, "disk").await?;
    let disk = match Disk::mount(&ground.scratch.join("disk"), SIZE) {
        Ok(disk) => disk,
        Err(why) => {
            return Ok(Tally::not_run(format!("no small disk can be had: {why}")));
        }
    };
    site.database = disk.place.join("book.db").display().to_string();
    let mut flood = Flood {
        book: Book::at(site).await?,
        disk,
        trial,
        count: Count::default(),
    };
    for round in trial.from..=trial.rounds {
        flood.round(round).await?;
        if round % 10 == 0 || round == trial.rounds {
            let off = flood.book.site.verify().await?;
            flood.complain(round, off);
        }
    }
    let Flood {
        book, disk, count, ..
    } = flood;
    let mut wrong = count.wrong;
    wrong.extend(book.site.panics());
    if !wrong.is_empty() {
        // The small disk goes, and what is to be looked at with it.
        disk.keep(&ground.scratch.join("disk-kept"))?;
    }
    Ok(Tally {
        tried: trial.rounds + 1 - trial.from,
        wrong,
        figures: vec![
            ("acknowledged", count.acknowledged),
            ("refused", count.refused),
        ],
        measures: vec![
            Measure::at_most(
                "a write is refused after",
                (count.refusal, "s"),
                REFUSAL_SECONDS,
            ),
            Measure::at_most(
                "first write after there is room",
                (count.recovery, "s"),
                RECOVERY_SECONDS,
            ),
        ],
        ..Tally::default()
    })
}

#[derive(Default)]
struct Count {
    acknowledged: u64,
    refused: u64,
    /// The longest, in seconds.
    refusal: f64,
    recovery: f64,
    wrong: Vec<String>,
}

struct Flood {
    book: Book,
    disk: Disk,
    trial: Trial,
    count: Count,
}

impl Flood {
    async fn round(&mut self, round: u64) -> Result<()> {
        let mut wire = Wire::to(self.book.operator.address);
        self.disk.fill()?;
        let mut acknowledged = 0;
        let mut number = 0;
        let first_refused = loop {
            number += 1;
            if number > WRITES {
                return Err(format!("{WRITES} writes went onto a full disk"));
            }
            if self.write(&mut wire, round, number).await?.is_some() {
                break number;
            }
            acknowledged += 1;
        };
        for number in first_refused + 1..=first_refused + TRIES {
            // A little room may be found again between two refusals.
            if self.write(&mut wire, round, number).await?.is_none() {
                acknowledged += 1;
            }
            self.read(&mut wire, round).await?;
        }
        self.disk.free()?;
        self.recover(&mut wire, round, first_refused).await?;
        acknowledged += 1;
        self.look(round, acknowledged).await?;
        self.count.acknowledged += acknowledged;
        Ok(())
    }

    /// Issues a license; the answer, where it is a refusal.
    async fn write(&mut self, wire: &mut Wire, round: u64, number: u64) -> Result<Option<Answer>> {
        let request = self.request(round, number);
        let begun = Instant::now();
        let answer = self.book.operator.send(wire, &request).await?;
        if answer.is_done() {
            return Ok(None);
        }
        let refusal = begun.elapsed().as_secs_f64();
        self.count.refused += 1;
        self.count.refusal = self.count.refusal.max(refusal);
        let problem = answer.header("content-type") == Some("application/problem+json");
        let told = answer.status == 503 && answer.json()["code"] == "storage.full";
        if !problem || !told || answer.header("retry-after").is_none() {
            self.complain(round, vec![format!("refused with {}", answer.brief())]);
        }
        Ok(Some(answer))
    }

    async fn read(&mut self, wire: &mut Wire, round: u64) -> Result<()> {
        for path in ["/api/v1/licenses?limit=5", "/licenses", "/readyz"] {
            let answer = self.book.operator.send(wire, &Request::get(path)).await?;
            // Whether a server that cannot write is ready is for it to say; that it answers is not.
            let right = answer.status == 200 || path == "/readyz" && answer.status == 503;
            if !right {
                self.complain(round, vec![format!("{path}: {}", answer.brief())]);
            }
        }
        Ok(())
    }

    /// Sends what was refused again, under its key, until it is done.
    async fn recover(&mut self, wire: &mut Wire, round: u64, number: u64) -> Result<()> {
        let freed = Instant::now();
        let request = self.request(round, number);
        while freed.elapsed() < PATIENCE {
            let answer = self.book.operator.send(wire, &request).await?;
            if answer.is_done() {
                let recovery = freed.elapsed().as_secs_f64();
                self.count.recovery = self.count.recovery.max(recovery);
                return Ok(());
            }
            if answer.status != 503 {
                self.complain(round, vec![format!("afterwards {}", answer.brief())]);
            }
            pause(Duration::from_millis(20)).await;
        }
        Err(format!(
            "round {round}: nothing was written within {PATIENCE:?} after there was room"
        ))
    }

    /// Every license that was acknowledged is there, and no other.
    async fn look(&mut self, round: u64, acknowledged: u64) -> Result<()> {
        let path = format!("/api/v1/licenses?sales_order={}&", order(round));
        let found = self.book.all(&path).await?.len() as u64;
        if found != acknowledged {
            let what = format!("{acknowledged} licenses were acknowledged, {found} are there");
            self.complain(round, vec![what]);
        }
        Ok(())
    }

    fn request(&self, round: u64, number: u64) -> Request {
        let book = &self.book;
        let body = json!({"organization_id": book.provider, "sku_id": book.sku, "quantity": 1,
            "name": format!("Flood {} {number}", self.trial.seed), "sales_order": order(round)});
        let request = Request::json("POST", "/api/v1/licenses", &body);
        request.with_key(format!("disk-{round}-{number}"))
    }

    fn complain(&mut self, round: u64, found: Vec<String>) {
        let place = |what| format!("round {round}: {what}");
        self.count.wrong.extend(found.into_iter().map(place));
    }
}

fn order(round: u64) -> String {
    format!("DO-{round:06}")
}

/// A small disk in memory. Dropping it takes it away.
pub struct Disk {
    pub place: PathBuf,
}

impl Disk {
    /// Only root may, and not in every container.
    pub fn mount(place: &Path, size: &str) -> Result<Disk> {
        fs::create_dir_all(place).map_err(|e| e.to_string())?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(place);
        let done = mount.stdin(Stdio::null()).output();
        let done = done.map_err(|e| format!("mount: {e}"))?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).trim().to_owned());
        }
        Ok(Disk {
            place: place.to_owned(),
        })
    }

    /// Copies what is on it, but for the ballast.
    fn keep(&self, place: &Path) -> Result<()> {
        fs::create_dir_all(place).map_err(|e| e.to_string())?;
        for file in fs::read_dir(&self.place).map_err(|e| e.to_string())? {
            let file = file.map_err(|e| e.to_string())?.path();
            if let Some(name) = file.file_name().filter(|_| file != self.ballast()) {
                fs::copy(&file, place.join(name)).map_err(|e| e.to_string())?;
            }
        }
        Ok(())
    }

    fn ballast(&self) -> PathBuf {
        self.place.join("ballast")
    }

    /// Leaves not one page.
    fn fill(&self) -> Result<()> {
        let mut file = File::create(self.ballast()).map_err(|e| e.to_string())?;
        for size in [1 << 20, 1 << 12] {
            let piece = vec![0; size];
            while file.write_all(&piece).is_ok() {}
        }
        Ok(())
    }

    fn free(&self) -> Result<()> {
        fs::remove_file(self.ballast()).map_err(|e| e.to_string())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the server may still have the book open.
        let _ = Command::new("umount").arg("-l").arg(&self.place).status();
    }
}
