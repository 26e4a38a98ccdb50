//! A long file under `kill -9`: the server dies again and again while it applies it. In the end every good row is in
//! the book once, and the result file says of each row what the book says.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Tally, Trial};
use crate::{
    Result,
    book::{Book, number, text},
    person::Request,
    phones::{File, Phones},
    random::Random,
    server::{Ground, pause},
};

/// How often the server is killed while it works on one file.
const KILLS: u64 = 3;
/// A job whose worker was killed is taken over after its lease of 30 seconds.
const PATIENCE: Duration = Duration::from_secs(900);

/// Each round is a file and a book of its own: by turns the good rows of a file with bad ones, and all of a good file.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut peak_mib = 0;
    for round in trial.from..=trial.rounds {
        let mut anvil = Anvil::new(ground, trial, round).await?;
        anvil.upload().await?;
        anvil.apply(&mut Random::of(trial.seed, &[round])).await?;
        let mut wrong = anvil.audit().await?;
        wrong.extend(anvil.book.site.verify().await?);
        wrong.extend(anvil.book.site.panics());
        tally.tried += trial.rows;
        peak_mib = peak_mib.max(anvil.peak_mib);
        let place = format!("round {round}");
        tally
            .wrong
            .extend(wrong.into_iter().map(|it| format!("{place}: {it}")));
        tally.figures = vec![("rows", trial.rows), ("peak_mib", peak_mib)];
    }
    Ok(tally)
}

/// A book, the file for it, and what is known of both.
struct Anvil {
    book: Book,
    phones: Phones,
    file: File,
    import: String,
    peak_mib: u64,
}

impl Anvil {
    async fn new(ground: &Ground, trial: Trial, round: u64) -> Result<Anvil> {
        let book = Book::new(ground, trial.engine, &format!("import-{round}")).await?;
        let bad_each = if round % 2 == 1 { Some(100) } else { None };
        let file = File::new(trial.rows, bad_each);
        let phones = Phones::new(&book, &file).await?;
        Ok(Anvil {
            book,
            phones,
            file,
            import: String::new(),
            peak_mib: 0,
        })
    }

    async fn upload(&mut self) -> Result<()> {
        let file = ("phones.csv", self.file.content.as_bytes());
        let upload = Request::file("/api/v1/imports", ("kind", "extensions"), file);
        let import = self.book.operator.ask(&upload).await?.json();
        self.import = text(&import["id"])?;
        let found = [
            number(&import["counts"]["create"])?,
            number(&import["counts"]["bad"])?,
        ];
        match found == [self.file.good, self.file.bad] {
            true => Ok(()),
            false => Err(format!("the check finds {found:?}: {import}")),
        }
    }

    /// Has it applied, and kills the server wherever the work is.
    async fn apply(&mut self, random: &mut Random) -> Result<()> {
        let path = format!("/api/v1/imports/{}/apply", self.import);
        let mode = if self.file.bad > 0 { "good" } else { "all" };
        let apply = Request::json("POST", path, &json!({"mode": mode}));
        let job = text(&self.book.operator.ask(&apply).await?.json()["job_id"])?;
        let total = self.file.good + self.file.bad;
        for kill in 0..KILLS {
            let share = kill * 1_000 + random.below(1_000);
            let at = total * share as i64 / (KILLS as i64 * 1_000);
            let ended = self
                .until(&job, |job| job["rows_done"].as_i64() >= Some(at.max(1)))
                .await?;
            if ended {
                break;
            }
            self.look_at_memory()?;
            self.book.take_server()?.kill()?;
            self.book.reopen().await?;
        }
        self.until(&job, |_| false).await?;
        self.look_at_memory()?;
        let ended = self.book.get(&format!("/api/v1/jobs/{job}")).await?;
        match ended["state"] == "done" {
            true => Ok(()),
            false => Err(format!("the job ended otherwise: {ended}")),
        }
    }

    /// Waits until the job is as wanted; `true` where it has ended.
    async fn until(&self, job: &str, wanted: impl Fn(&Value) -> bool) -> Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let found = self.book.get(&format!("/api/v1/jobs/{job}")).await?;
            let at_work = ["queued", "running", "waiting"]
                .contains(&found["state"].as_str().unwrap_or_default());
            if !at_work || wanted(&found) {
                return Ok(!at_work);
            }
            pause(Duration::from_millis(20)).await;
        }
        Err(format!("job {job} did not come on within {PATIENCE:?}"))
    }

    fn look_at_memory(&mut self) -> Result<()> {
        let peak_mib = self.book.memory_kib("VmHWM")? / 1024;
        self.peak_mib = self.peak_mib.max(peak_mib);
        Ok(())
    }

    /// What the book and the result file say, beside what they must.
    async fn audit(&self) -> Result<Vec<String>> {
        let mut wrong = self.phones.wrong(&self.book, &self.file).await?;
        let path = format!("/api/v1/imports/{}/result.csv", self.import);
        let result = self.book.operator.ask(&Request::get(path)).await?.text;
        let count = |word: &str| result.lines().filter(|line| line.contains(word)).count() as i64;
        let found = [count(",create,"), count(",bad,")];
        if found != [self.file.good, self.file.bad] {
            wrong.push(format!(
                "the result file says {found:?} of {:?}",
                [self.file.good, self.file.bad]
            ));
        }
        Ok(wrong)
    }
}
