//! The ledger: what was acknowledged, kept apart from the server, and the audit that compares the two.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::burst::{Attempt, Effect, Field, Turn, share_of};
use crate::{
    Result,
    book::{Book, number, text},
    person::encoded,
    wire::{Answer, Wire},
};

/// Requests that were answered and are sent again each round: the answer must be the same.
const ASKED_AGAIN: usize = 6;

/// A job that was acknowledged and has not ended.
struct Job {
    id: String,
    share: (usize, usize, i64),
}

#[derive(Default)]
pub struct Ledger {
    /// Where the trial is, for complaints.
    pub at: String,
    pub wrong: Vec<String>,
    shares: BTreeMap<(usize, usize), i64>,
    own: Vec<i64>,
    jobs: Vec<Job>,
    counts: BTreeMap<&'static str, u64>,
}

impl Ledger {
    pub fn of(field: &Field) -> Ledger {
        Ledger {
            own: vec![1; field.own.len()],
            ..Ledger::default()
        }
    }

    /// What was counted, for the report.
    pub fn figures(&self) -> Vec<(&'static str, u64)> {
        let count = |name| (name, self.counts.get(name).copied().unwrap_or_default());
        [
            "acknowledged",
            "refused",
            "unanswered",
            "kept_unanswered",
            "jobs",
        ]
        .map(count)
        .into()
    }

    /// Takes over what another book's ledger found.
    pub fn add(&mut self, other: Ledger) {
        self.wrong.extend(other.wrong);
        for (name, count) in other.counts {
            *self.counts.entry(name).or_default() += count;
        }
    }

    pub fn complain(&mut self, found: Vec<String>) {
        self.wrong
            .extend(found.into_iter().map(|what| format!("{}: {what}", self.at)));
    }

    fn count(&mut self, name: &'static str, by: usize) {
        *self.counts.entry(name).or_default() += by as u64;
    }

    /// Compares the book with what was acknowledged, sends again what was not answered, and compares again.
    pub async fn audit(
        &mut self,
        book: &Book,
        field: &Field,
        turn: Turn,
        mut attempts: Vec<Attempt>,
    ) -> Result<()> {
        self.judge(&attempts);
        let open: Vec<Effect> = attempts
            .iter()
            .filter(|attempt| attempt.answer.is_none())
            .map(|attempt| attempt.effect.clone())
            .collect();
        self.enter(&attempts);
        self.follow_jobs(book).await?;
        self.look(book, field, (turn, &attempts, &open)).await?;

        let again = self.ask_again(book, &mut attempts).await?;
        self.judge(&again);
        self.enter(&again);
        self.follow_jobs(book).await?;
        self.look(book, field, (turn, &attempts, &[])).await
    }

    /// An answer is a success or a refusal by a rule; anything else is wrong.
    fn judge(&mut self, attempts: &[Attempt]) {
        let odd: Vec<String> = attempts
            .iter()
            .filter_map(|attempt| Some((attempt, attempt.answer.as_ref()?)))
            .filter(|(_, answer)| !answer.is_done() && answer.status != 409)
            .map(|(attempt, answer)| format!("{}: {}", attempt.request.brief(), answer.brief()))
            .collect();
        self.complain(odd);
        let done = attempts.iter().filter(|attempt| is_done(attempt)).count();
        let open = attempts
            .iter()
            .filter(|attempt| attempt.answer.is_none())
            .count();
        self.count("acknowledged", done);
        self.count("unanswered", open);
        self.count("refused", attempts.len() - done - open);
    }

    /// Writes down what was acknowledged.
    fn enter(&mut self, attempts: &[Attempt]) {
        for attempt in attempts.iter().filter(|attempt| is_done(attempt)) {
            match &attempt.effect {
                Effect::License(..) | Effect::Organization(_) => {}
                Effect::Share(pool, child, delta) => {
                    *self.shares.entry((*pool, *child)).or_default() += delta;
                }
                Effect::Quantity(license, quantity) => self.own[*license] = *quantity,
                Effect::Job(pool, child, delta) => {
                    let place = attempt.answer.as_ref().and_then(|it| it.header("location"));
                    let id = place.and_then(|place| place.rsplit('=').next());
                    self.count("jobs", 1);
                    self.jobs.push(Job {
                        id: id.unwrap_or_default().to_owned(),
                        share: (*pool, *child, *delta),
                    });
                }
            }
        }
    }

    pub fn waits_for_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// Enters what ended jobs have done: all of it, or nothing where a rule refused it.
    pub async fn follow_jobs(&mut self, book: &Book) -> Result<()> {
        let mut wire = Wire::to(book.operator.address);
        for job in std::mem::take(&mut self.jobs) {
            let request = crate::person::Request::get(format!("/api/v1/jobs/{}", job.id));
            let found = book.operator.over(&mut wire, &request).await;
            let found = match found {
                Ok(answer) => answer.json(),
                Err(e) => {
                    self.complain(vec![format!("a job that was acknowledged is lost: {e}")]);
                    continue;
                }
            };
            match found["state"].as_str() {
                Some("done") => {
                    let (pool, child, delta) = job.share;
                    *self.shares.entry((pool, child)).or_default() += delta;
                }
                Some("refused") => {}
                Some("queued" | "running" | "waiting") => self.jobs.push(job),
                _ => self.complain(vec![format!("a job ended like this: {found}")]),
            }
        }
        Ok(())
    }

    /// Everything that a round may have touched.
    async fn look(
        &mut self,
        book: &Book,
        field: &Field,
        (turn, attempts, open): (Turn, &[Attempt], &[Effect]),
    ) -> Result<()> {
        let order = encoded(&turn.order());
        let licenses = book
            .all(&format!("/api/v1/licenses?sales_order={order}&"))
            .await?;
        let organizations = book
            .all(&format!("/api/v1/organizations?q={order}%20&"))
            .await?;
        let mut found: Vec<Effect> = Vec::new();
        for row in &licenses {
            found.push(Effect::License(
                text(&row["name"])?,
                number(&row["quantity"])?,
            ));
        }
        for row in &organizations {
            found.push(Effect::Organization(text(&row["name"])?));
        }
        self.look_at_made(&found, attempts);
        self.look_at_own(book, field, open).await?;
        self.look_at_shares(book, field, open).await
    }

    /// What was acknowledged is there once, what was refused is not, what was not answered is there at most once.
    fn look_at_made(&mut self, found: &[Effect], attempts: &[Attempt]) {
        let mut off = Vec::new();
        let makes =
            |effect: &Effect| matches!(effect, Effect::License(..) | Effect::Organization(_));
        for attempt in attempts.iter().filter(|attempt| makes(&attempt.effect)) {
            let times = found
                .iter()
                .filter(|effect| **effect == attempt.effect)
                .count();
            let right = match &attempt.answer {
                Some(answer) if answer.is_done() => times == 1,
                Some(_) => times == 0,
                None => times <= 1,
            };
            if !right {
                let answer = attempt.answer.as_ref().map(Answer::brief);
                off.push(format!(
                    "{:?} is there {times} times, answered {answer:?}",
                    attempt.effect
                ));
            }
        }
        let unknown = found
            .iter()
            .filter(|effect| !attempts.iter().any(|attempt| attempt.effect == **effect));
        off.extend(unknown.map(|effect| format!("nobody asked for {effect:?}")));
        self.complain(off);
    }

    async fn look_at_own(&mut self, book: &Book, field: &Field, open: &[Effect]) -> Result<()> {
        let own = book.all("/api/v1/licenses?q=Own%20&").await?;
        for (license, id) in field.own.iter().enumerate() {
            let row = own.iter().find(|row| row["id"] == id.as_str());
            let quantity = row.and_then(|row| row["quantity"].as_i64());
            let may_be = |value| open.contains(&Effect::Quantity(license, value));
            if !quantity.is_some_and(|found| found == self.own[license] || may_be(found)) {
                let expected = self.own[license];
                self.complain(vec![format!(
                    "license {id} has {quantity:?} units, {expected} were acknowledged last"
                )]);
            }
        }
        Ok(())
    }

    /// Every share is what was acknowledged, and any choice of what was not answered or not yet done; and every
    /// pool has passed on what its children hold.
    pub async fn look_at_shares(
        &mut self,
        book: &Book,
        field: &Field,
        open: &[Effect],
    ) -> Result<()> {
        let mut off = Vec::new();
        for (pool, id) in field.pools.iter().enumerate() {
            let items = Value::Array(
                book.all(&format!("/api/v1/pools/{id}/allocations?"))
                    .await?,
            );
            for (child, organization) in field.children.iter().enumerate() {
                let found = share_of(&items, organization);
                let known = self.shares.get(&(pool, child)).copied().unwrap_or_default();
                let maybe = self.undecided(open, (pool, child));
                if !sums(known, &maybe).contains(&found) {
                    off.push(format!(
                        "tenant {child} has {found} units of pool {pool}: {known} were acknowledged, {maybe:?} are open"
                    ));
                }
            }
        }
        self.complain(off);
        Ok(())
    }

    /// Differences of a share that may or may not be there.
    fn undecided(&self, open: &[Effect], place: (usize, usize)) -> Vec<i64> {
        let open = open.iter().filter_map(|effect| match effect {
            Effect::Share(pool, child, delta) | Effect::Job(pool, child, delta) => {
                ((*pool, *child) == place).then_some(*delta)
            }
            _ => None,
        });
        let jobs = self.jobs.iter().map(|job| job.share);
        let jobs = jobs.filter(|(pool, child, _)| (*pool, *child) == place);
        open.chain(jobs.map(|(_, _, delta)| delta)).collect()
    }

    /// Sends every unanswered request again under its key, and some answered ones. Gives the former with their
    /// answers, which are entered in `attempts` too.
    async fn ask_again(&mut self, book: &Book, attempts: &mut [Attempt]) -> Result<Vec<Attempt>> {
        let mut wire = Wire::to(book.operator.address);
        let mut again = Vec::new();
        let mut repeated = 0;
        for attempt in attempts.iter_mut().rev() {
            if attempt.answer.is_some() && repeated == ASKED_AGAIN {
                continue;
            }
            let answer = wire.send(&book.operator.bytes(&attempt.request)).await;
            let answer = answer.map_err(|e| format!("{}: {e}", attempt.request.brief()))?;
            match &attempt.answer {
                Some(before) => {
                    repeated += 1;
                    let told = |it: &Answer| (it.status, it.header("location").map(str::to_owned));
                    // A form that was refused is shown again, and a page is never twice the same.
                    let same = told(before) == told(&answer)
                        && (before.text == answer.text
                            || matches!(attempt.effect, Effect::Job(..)));
                    if !same {
                        let request = attempt.request.brief();
                        self.complain(vec![format!(
                            "{request}: answered {}, and again {}",
                            before.brief(),
                            answer.brief()
                        )]);
                    }
                }
                None => {
                    let kept = answer.header("idempotency-replayed").is_some();
                    self.count("kept_unanswered", usize::from(kept));
                    attempt.answer = Some(answer);
                    again.push(attempt.clone());
                }
            }
        }
        Ok(again)
    }
}

fn is_done(attempt: &Attempt) -> bool {
    attempt.answer.as_ref().is_some_and(Answer::is_done)
}

/// Every sum of `known` and any choice of the others.
fn sums(known: i64, others: &[i64]) -> BTreeSet<i64> {
    let mut sums = BTreeSet::from([known]);
    for other in others {
        let with: Vec<i64> = sums.iter().map(|sum| sum + other).collect();
        sums.extend(with);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_a_sum() {
        assert_eq!(sums(10, &[]), BTreeSet::from([10]));
        assert_eq!(sums(10, &[1, -3]), BTreeSet::from([7, 8, 10, 11]));
    }
}
