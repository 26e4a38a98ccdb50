//! Passwords: what they must be, how they are hashed, and how patient the door is with wrong ones.

use std::{
    mem,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        PasswordHasher,
        phc::{Output, PasswordHash},
    },
};
use store::{Place, Timestamp, Tx};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    model::{self, Person},
    queries,
};
use crate::{
    app::App,
    error::{Error, Kind, Result},
    secrets::Secret,
};

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const SHORTEST: usize = 10;
const LONGEST: usize = 200;
/// The back-off after a wrong password doubles up to this. It is never a lock.
const LONGEST_WAIT_SECONDS: i64 = 300;
/// Who waits longer than this for a turn is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashing takes a core and 19 MiB for a while: so many at once, and the others wait.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Arc::new(Semaphore::new(2 * cores))
});

/// What those who compare at this moment share.
static BENCH: Mutex<Bench> = Mutex::new(Bench {
    at_work: 0,
    free: Vec::new(),
});

/// What a password is compared with where there is no person, so that it takes as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

/// Fails where the password is too short, too long, or the person's own address.
pub fn check(password: &str, email: &str) -> Result<()> {
    let wrong = |code, message| Err(Error::invalid("password", code, message));
    match password.chars().count() {
        ..SHORTEST => wrong(
            "password.too_short",
            "Choose a password of at least 10 characters.",
        ),
        LONGEST.. if password.chars().count() > LONGEST => wrong(
            "password.too_long",
            "A password has at most 200 characters.",
        ),
        _ if password.eq_ignore_ascii_case(email) => wrong(
            "password.is_email",
            "Choose a password that is not your e-mail address.",
        ),
        _ => Ok(()),
    }
}

/// Seconds until the next try counts, after so many wrong ones.
pub fn wait_seconds(failures: i64, failed_at: Option<Timestamp>, now: Timestamp) -> i64 {
    let Some(failed_at) = failed_at.filter(|_| failures > 0) else {
        return 0;
    };
    let doubled = 1_i64 << (failures - 1).min(10);
    let until = failed_at.plus_seconds(doubled.min(LONGEST_WAIT_SECONDS));
    let micros = until.as_micros() - now.as_micros();
    micros.max(0).div_euclid(1_000_000) + i64::from(micros > 0 && micros % 1_000_000 > 0)
}

/// The person whose address and password these are. A wrong one and an unknown address get the same
/// answer, after the same time, with the same patience.
pub async fn prove(app: &App, email: &str, password: &str) -> Result<Person> {
    let email = model::email(email).unwrap_or_default();
    let print = app.gate.vault().keyed_fingerprint("sign-in", &[&email]);
    let turn = turn().await?;
    let (address, found) = (email.clone(), print.clone());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let person = queries::find_by_email(&mut tx, &address).await?;
            Ok((person, find_failures(&mut tx, &found).await?))
        })
    });
    let (person, (failures, failed_at)) = read.await?;
    let now = app.gate.now();
    match wait_seconds(failures, failed_at, now) {
        0 => {}
        seconds => return Err(too_often(seconds)),
    }
    let person = person.filter(|person| person.active);
    let hash = person
        .as_ref()
        .and_then(|person| person.password_hash.clone());
    let right = turn.verify(hash, password).await?;
    if !right || failures > 0 {
        count(app, print, now, right).await?;
    }
    person.filter(|_| right).ok_or_else(|| {
        let message = "The e-mail address or the password is not right.";
        Error::new(Kind::Unauthenticated, "sign_in.wrong", message)
    })
}

async fn count(app: &App, print: String, now: Timestamp, right: bool) -> Result<()> {
    let count = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        let print = print.clone();
        Box::pin(async move {
            match right {
                true => forget_failures(&mut tx, &print).await,
                false => count_failure(&mut tx, &print, now).await,
            }
        })
    });
    Ok(count.await?)
}

/// 429: wrong too often.
pub fn too_often(seconds: i64) -> Error {
    let seconds_word = if seconds == 1 { "second" } else { "seconds" };
    let message = format!("That was wrong too often. Try again in {seconds} {seconds_word}.");
    Error::new(Kind::TooMany, "sign_in.too_often", message).with("retry_after", seconds)
}

/// Counts one more asking for a new password under an address, whoever has it, with the patience that wrong passwords
/// meet. Gives the fingerprint under which it is counted.
pub async fn count_asking(app: &App, email: &str) -> Result<String> {
    let print = app.gate.vault().keyed_fingerprint("reset", &[email]);
    let (now, counted) = (app.gate.now(), print.clone());
    let count = app.gate.db().plumb(Place::ALONE, move |mut tx| {
        let print = counted.clone();
        Box::pin(async move {
            let (failures, failed_at) = find_failures(&mut tx, &print).await?;
            let seconds = wait_seconds(failures, failed_at, now);
            if seconds == 0 {
                count_failure(&mut tx, &print, now).await?;
            }
            Ok(seconds)
        })
    });
    match count.await? {
        0 => Ok(print),
        seconds => {
            let seconds_word = if seconds == 1 { "second" } else { "seconds" };
            let message = format!(
                "A link was asked for a moment ago. Try again in {seconds} {seconds_word}."
            );
            let error = Error::new(Kind::TooMany, "reset.too_often", message);
            Err(error.with("retry_after", seconds))
        }
    }
}

/// Wrong passwords under this fingerprint of an address.
async fn find_failures(tx: &mut Tx<'_>, print: &str) -> store::Result<(i64, Option<Timestamp>)> {
    let sql = "SELECT failures, failed_at FROM sign_in_failure WHERE print = $1";
    let row: Option<(i64, Timestamp)> = tx.query_opt(sql, &[&print]).await?;
    Ok(row.map_or((0, None), |(failures, at)| (failures, Some(at))))
}

/// Counts one wrong password more.
async fn count_failure(tx: &mut Tx<'_>, print: &str, now: Timestamp) -> store::Result<()> {
    let sql = "INSERT INTO sign_in_failure (print, failures, failed_at) VALUES ($1, 1, $2)
        ON CONFLICT (print) DO UPDATE SET failures = sign_in_failure.failures + 1, failed_at = excluded.failed_at";
    tx.execute(sql, &[&print, &now]).await?;
    Ok(())
}

/// Holds what is counted under this fingerprint, so that nobody else's try goes on meanwhile.
pub async fn hold_failures(tx: &mut Tx<'_>, print: &str) -> store::Result<()> {
    let sql = "UPDATE sign_in_failure SET failures = failures WHERE print = $1";
    tx.execute(sql, &[&print]).await?;
    Ok(())
}

/// Forgets the wrong passwords of one address: the right one came.
async fn forget_failures(tx: &mut Tx<'_>, print: &str) -> store::Result<()> {
    tx.execute("DELETE FROM sign_in_failure WHERE print = $1", &[&print])
        .await?;
    Ok(())
}

/// A turn at hashing. Failures are read and counted within one, so that at most as many guesses as there
/// are turns slip in before the first wrong one counts.
#[derive(Clone)]
pub struct Turn {
    _held: Arc<OwnedSemaphorePermit>,
}

/// Waits for a turn.
pub async fn turn() -> Result<Turn> {
    let turn = Arc::clone(&TURNS).acquire_owned();
    match tokio::time::timeout(PATIENCE, turn).await {
        Ok(Ok(permit)) => Ok(Turn {
            _held: Arc::new(permit),
        }),
        _ => Err(Error::new(
            Kind::Unavailable,
            "overloaded",
            "Too many people sign in at this moment; please try again.",
        )),
    }
}

impl Turn {
    /// Hashes a new password.
    pub async fn hash(&self, password: &str) -> Result<Secret<String>> {
        let password = password.to_owned();
        self.run(move || hash_now(&password)).await.map(Secret)
    }

    /// Whether the password is the one that was hashed. Without a hash it takes as long to say no.
    pub async fn verify(&self, hash: Option<String>, password: &str) -> Result<bool> {
        let password = password.to_owned();
        let verify = move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.clone());
            let hash =
                PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
            Ok(is_of(&password, &hash)? && known)
        };
        self.run(verify).await
    }

    /// Runs on a thread that may be busy. It keeps the turn even where the request is given up.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(Error::internal)?
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Memory to compare passwords in, handed on from one to the next and given back when nobody is left. Freed and taken
/// anew for each of many wrong passwords, pieces of 19 MiB lay between others and stayed: 500 people who guess took 949 MiB.
struct Bench {
    at_work: usize,
    /// At most one piece for each turn.
    free: Vec<Vec<Block>>,
}

/// A place at the bench.
struct Seat {
    memory: Vec<Block>,
}

impl Seat {
    fn take(blocks: usize) -> Self {
        let mut bench = BENCH.lock().unwrap_or_else(PoisonError::into_inner);
        bench.at_work += 1;
        let mut memory = bench.free.pop().unwrap_or_default();
        drop(bench);
        memory.resize(blocks, Block::default());
        Self { memory }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut bench = BENCH.lock().unwrap_or_else(PoisonError::into_inner);
        bench.at_work -= 1;
        match bench.at_work {
            0 => bench.free = Vec::new(),
            _ => bench.free.push(mem::take(&mut self.memory)),
        }
    }
}

/// Whether a hash is this password's.
fn is_of(password: &str, hash: &PasswordHash) -> Result<bool> {
    let failed = |error: &dyn std::fmt::Display| Error::internal(error.to_string());
    let (Some(salt), Some(known)) = (&hash.salt, &hash.hash) else {
        return Ok(false);
    };
    let params = Params::try_from(hash).map_err(|e| failed(&e))?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(|e| failed(&e))?;
    let version = hash.version.map(Version::try_from).transpose();
    let version = version.map_err(|e| failed(&e))?.unwrap_or_default();
    let mut seat = Seat::take(params.block_count());
    let mut output = vec![0; known.len()];
    let argon2 = Argon2::new(algorithm, version, params);
    argon2
        .hash_password_into_with_memory(
            password.as_bytes(),
            salt.as_ref(),
            &mut output,
            &mut seat.memory,
        )
        .map_err(|e| failed(&e))?;
    // Two outputs are compared in constant time.
    Ok(Output::new(&output).is_ok_and(|found| found == *known))
}

fn hash_now(password: &str) -> Result<String> {
    let hash = argon2()?.hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| Error::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_is_never_a_lock() {
        let at = Timestamp::from_micros(0);
        let waits: Vec<i64> = (0..12).map(|n| wait_seconds(n, Some(at), at)).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(wait_seconds(40, Some(at), at.plus_seconds(300)), 0);
        assert_eq!(
            wait_seconds(3, Some(at), Timestamp::from_micros(3_999_999)),
            1
        );
    }

    #[test]
    fn memory_that_was_used_before_compares_as_well() {
        let hash = hash_now("the right one").expect("it is hashed");
        let hash = PasswordHash::new(&hash).expect("it is one");
        for (password, is_right) in [("the wrong one", false), ("the right one", true)].repeat(2) {
            assert_eq!(is_of(password, &hash).expect("it is compared"), is_right);
        }
    }

    #[test]
    fn poor_passwords_are_refused() {
        assert!(check("short", "a@b.example").is_err());
        assert!(check("Ann@lee.example", "ann@lee.example").is_err());
        assert!(check(&"x".repeat(201), "a@b.example").is_err());
        assert!(check(&"ü".repeat(10), "a@b.example").is_ok());
    }
}
