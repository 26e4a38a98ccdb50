//! Jobs: allocations, a file and exports wait in one queue while their server is killed, on PostgreSQL one of two servers.
//! Each job is done in the end, and has its effect once.
//!
//! Files of invoices are killed in [`super::invoices`], long files in [`super::import`].

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Tally, Trial};
use crate::{
    Result,
    book::{Book, made, number, text},
    person::Request,
    phones::{File, Phones},
    random::Random,
    server::{Engine, Ground, Server, pause},
};

const KILLS: u64 = 4;
/// Pools that are split, each by a job of its own.
const SPLITS: i64 = 20;
const UNITS: i64 = 100;
/// Rows of the file: more than one step.
const ROWS: u64 = 2_000;
const EXPORTS: usize = 4;
/// A job whose worker was killed is taken over after its lease of 30 seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Each round is a book of its own.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let mut tally = Tally::default();
    let (mut kills, mut taken_over) = (0, 0);
    for round in trial.from..=trial.rounds {
        let mut yard = Yard::new(ground, trial, round).await?;
        let mut random = Random::of(trial.seed, &[round]);
        let jobs = yard.hand_in().await?;
        for _ in 0..KILLS {
            pause(Duration::from_millis(random.below(400))).await;
            yard.kill(&mut random).await?;
            kills += 1;
        }
        let mut wrong = yard.follow(&jobs, &mut taken_over).await?;
        wrong.extend(yard.look().await?);
        wrong.extend(yard.book.site.verify().await?);
        wrong.extend(yard.book.site.panics());
        tally.tried += jobs.len() as u64;
        let place = |what| format!("round {round}: {what}");
        tally.wrong.extend(wrong.into_iter().map(place));
    }
    tally.figures = vec![("kills", kills), ("taken_over", taken_over)];
    Ok(tally)
}

struct Job {
    id: String,
    what: &'static str,
}

struct Yard {
    book: Book,
    /// The second server, on PostgreSQL.
    other: Option<Server>,
    phones: Phones,
    file: File,
    children: Vec<String>,
    pools: Vec<String>,
    exports: Vec<String>,
}

impl Yard {
    async fn new(ground: &Ground, trial: Trial, round: u64) -> Result<Yard> {
        let book = Book::new(ground, trial.engine, &format!("jobs-{round}")).await?;
        let file = File::new(ROWS, Some(100));
        let phones = Phones::new(&book, &file).await?;
        let mut yard = Yard {
            other: None,
            phones,
            file,
            children: Vec::new(),
            pools: Vec::new(),
            exports: Vec::new(),
            book,
        };
        if trial.engine == Engine::Postgres {
            yard.other = Some(yard.book.site.start().await?);
        }
        for split in 0..SPLITS {
            let name = format!("Tenant {split}");
            yard.children.push(yard.book.customer(&name).await?);
            let name = format!("Pool {split}");
            yard.pools.push(yard.book.license(&name, UNITS).await?.1);
        }
        Ok(yard)
    }

    /// Everything that is to be done in the background, handed in at once.
    async fn hand_in(&mut self) -> Result<Vec<Job>> {
        let operator = &self.book.operator;
        let upload = ("phones.csv", self.file.content.as_bytes());
        let upload = Request::file("/api/v1/imports", ("kind", "extensions"), upload);
        let import = text(&operator.ask(&upload).await?.json()["id"])?;
        let path = format!("/api/v1/imports/{import}/apply");
        let mut jobs = Vec::new();
        let import = made(operator, &path, &json!({"mode": "good"})).await?;
        jobs.push(job(&import["job_id"], "import")?);
        for (quantity, (pool, child)) in (1..).zip(self.pools.iter().zip(&self.children)) {
            let quantity: i64 = quantity;
            let fields = [
                ("row", "a"),
                ("organization.a", child.as_str()),
                ("seen.a", "0"),
                ("quantity.a", &quantity.to_string()),
                ("step", "assign"),
            ];
            let form = Request::form(format!("/pools/{pool}/allocations"), &fields);
            let answer = operator.ask(&form).await?;
            let place = answer.header("location").unwrap_or_default();
            let id = place.rsplit('=').next().unwrap_or_default();
            jobs.push(job(&id.into(), "split")?);
        }
        for _ in 0..EXPORTS {
            let body =
                json!({"list": "licenses", "organization_id": self.book.provider, "format": "csv"});
            let export = made(operator, "/api/v1/exports", &body).await?;
            self.exports.push(text(&export["id"])?);
            jobs.push(job(&export["job_id"], "export")?);
        }
        Ok(jobs)
    }

    /// On PostgreSQL either of the two; another one comes in its place.
    async fn kill(&mut self, random: &mut Random) -> Result<()> {
        match self.other.take() {
            Some(other) if random.below(2) == 0 => {
                other.kill()?;
                self.other = Some(self.book.site.start().await?);
                Ok(())
            }
            other => {
                self.other = other;
                self.book.take_server()?.kill()?;
                self.book.reopen().await
            }
        }
    }

    /// Waits until each job has ended, and says which ended otherwise than it must.
    async fn follow(&self, jobs: &[Job], taken_over: &mut u64) -> Result<Vec<String>> {
        let begun = Instant::now();
        let mut wrong = Vec::new();
        for job in jobs {
            loop {
                let path = format!("/api/v1/jobs/{}", job.id);
                let found = self.book.get(&path).await?;
                let state = found["state"].as_str().unwrap_or_default();
                if !["queued", "running", "waiting"].contains(&state) {
                    *taken_over += u64::from(found["attempts"].as_i64() > Some(1));
                    if state != "done" {
                        wrong.push(format!("{} ended so: {found}", job.what));
                    }
                    break;
                }
                if begun.elapsed() > PATIENCE {
                    return Err(format!(
                        "after {PATIENCE:?} a {} stands so: {found}",
                        job.what
                    ));
                }
                pause(Duration::from_millis(50)).await;
            }
        }
        Ok(wrong)
    }

    /// What the jobs have left in the book, beside what each of them leaves once.
    async fn look(&self) -> Result<Vec<String>> {
        let mut wrong = self.phones.wrong(&self.book, &self.file).await?;
        for (went, pool) in (1..).zip(&self.pools) {
            let found = self.book.get(&format!("/api/v1/pools/{pool}")).await?;
            if number(&found["allocated"])? != went {
                let said = &found["allocated"];
                wrong.push(format!("a pool has passed on {said}, not {went}"));
            }
        }
        let licenses = self.book.all("/api/v1/licenses?").await?.len();
        for export in &self.exports {
            let file = Request::get(format!("/api/v1/exports/{export}/file"));
            let file = self.book.operator.ask(&file).await?.text;
            // The heading is a line, too.
            if file.lines().count() != licenses + 1 {
                wrong.push(format!(
                    "{} lines of {licenses} licenses",
                    file.lines().count()
                ));
            }
        }
        Ok(wrong)
    }
}

fn job(id: &Value, what: &'static str) -> Result<Job> {
    let id = text(id)?;
    Ok(Job { id, what })
}
