//! What the engine room promises, held to it on both engines.
//!
//! PostgreSQL is found by `SEATBOOK_TEST_POSTGRES`; `cargo xtask test` starts one and sets it.

#![expect(missing_docs, reason = "a test says what it does by its name")]

mod batches;
mod copies;
mod keys;
mod lost_commit;
mod schema;
mod values;
mod watch;

use std::sync::{Arc, mpsc};

use store::{BoxFuture, Db, Lane, Migration, Options, Place, Tx, Verdict, Work, scratch::Scratch};
use uuid::Uuid;

const BOOK: Migration = Migration {
    number: 1,
    name: "a small book",
    sql: "CREATE TABLE pool (id UUID PRIMARY KEY, quantity BIGINT NOT NULL, taken BIGINT NOT NULL DEFAULT 0,
  CHECK (taken >= 0 AND taken <= quantity)
);
CREATE TABLE taking (id UUID PRIMARY KEY, pool_id UUID NOT NULL REFERENCES pool (id), units BIGINT NOT NULL
);
CREATE TABLE request_key (key TEXT PRIMARY KEY, answer TEXT NOT NULL
);",
};

/// A database of its own on one of the engines, and a second handle to it where that is allowed.
pub struct Bench {
    pub db: Db,
    pub scratch: Scratch,
}

impl Bench {
    pub async fn start(postgres: bool) -> Bench {
        Self::with(postgres, &[BOOK], |_| {}).await
    }

    pub async fn with(
        postgres: bool,
        steps: &[Migration],
        tune: impl FnOnce(&mut Options),
    ) -> Bench {
        let scratch = Self::scratch(postgres).await;
        let mut options = Options {
            durable: false,
            ..Options::new(scratch.database())
        };
        tune(&mut options);
        let db = Db::open(&options, steps)
            .await
            .expect("a fresh database opens");
        Bench { db, scratch }
    }

    pub async fn scratch(postgres: bool) -> Scratch {
        let name = format!("sb_store_{}", fresh().simple());
        let server = postgres.then(postgres_server);
        Scratch::create(server.as_deref(), &name, None)
            .await
            .expect("a scratch database is made")
    }

    pub async fn pool(&self, quantity: i64) -> Uuid {
        let id = fresh();
        self.run(
            "INSERT INTO pool (id, quantity) VALUES ($1, $2)",
            id,
            Some(quantity),
        )
        .await;
        id
    }

    async fn run(&self, sql: &'static str, id: Uuid, number: Option<i64>) {
        let done = self.db.plumb(Place::ALONE, move |mut tx| {
            Box::pin(async move {
                match number {
                    Some(number) => tx.execute(sql, &[&id, &number]).await,
                    None => tx.execute(sql, &[&id]).await,
                }
            })
        });
        done.await.expect("a plain statement runs");
    }

    /// Units the pool says are taken, and units its takings add up to.
    pub async fn balance(&self, pool: Uuid) -> (i64, i64) {
        let both = "SELECT taken, (SELECT CAST(coalesce(sum(units), 0) AS BIGINT) FROM taking WHERE pool_id = pool.id)
            FROM pool WHERE id = $1";
        self.db
            .read(move |mut tx| boxed(async move { tx.query_one(both, &[&pool]).await }))
            .await
            .expect("reads")
            .expect("reads")
    }

    pub async fn end(self) {
        self.db.close().await;
        drop(self.db);
        self.scratch
            .remove()
            .await
            .expect("a scratch database is removed");
    }
}

pub fn postgres_server() -> String {
    std::env::var("SEATBOOK_TEST_POSTGRES")
        .expect("SEATBOOK_TEST_POSTGRES names a server; run `cargo xtask test`")
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests of the layer below the clock draw their own ids"
)]
pub fn fresh() -> Uuid {
    Uuid::now_v7()
}

pub fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}

/// Takes units for several pools at once, all or nothing; refused with the pool that is short.
#[derive(Clone)]
pub struct Take {
    pub pools: Vec<(Uuid, i64)>,
    /// What else happens after the takings.
    pub then: Then,
    pub lane: Lane,
    pub pipelined: bool,
}

#[derive(Clone)]
pub enum Then {
    Nothing,
    /// A statement that fails.
    Fail,
    /// A statement that fails, and nobody looks at its error.
    FailQuietly,
    Panic,
    /// Awaits what is not the database.
    Wander,
}

impl Take {
    pub fn one(pool: Uuid, units: i64) -> Take {
        Take {
            pools: vec![(pool, units)],
            then: Then::Nothing,
            lane: Lane::Interactive,
            pipelined: true,
        }
    }

    pub fn then(self, then: Then) -> Take {
        Take { then, ..self }
    }
}

impl Work for Take {
    type Out = Result<Uuid, String>;

    fn place(&self) -> Place {
        let shard = Some(self.pools[0].0.as_u128());
        Place {
            lane: self.lane,
            shard,
            pipelined: self.pipelined,
        }
    }

    async fn run(&mut self, mut tx: Tx<'_>) -> Verdict<Self::Out> {
        let mut id = Uuid::nil();
        for &(pool, units) in &self.pools {
            let take =
                "UPDATE pool SET taken = taken + $2 WHERE id = $1 AND taken + $2 <= quantity";
            match tx.execute(take, &[&pool, &units]).await {
                Ok(1) => {}
                Ok(_) => return Verdict::Undo(Err(format!("short of {units}"))),
                Err(error) => return Verdict::Undo(Err(error.to_string())),
            }
            id = fresh();
            let record = "INSERT INTO taking (id, pool_id, units) VALUES ($1, $2, $3)";
            if let Err(error) = tx.execute(record, &[&id, &pool, &units]).await {
                return Verdict::Undo(Err(error.to_string()));
            }
        }
        let broken = "UPDATE pool SET taken = quantity + 1 WHERE id = $1";
        match self.then {
            Then::Nothing => {}
            Then::Fail => {
                let failed = tx
                    .execute(broken, &[&self.pools[0].0])
                    .await
                    .expect_err("the CHECK refuses");
                return Verdict::Undo(Err(failed.to_string()));
            }
            Then::FailQuietly => drop(tx.execute(broken, &[&self.pools[0].0]).await),
            Then::Panic => panic!("on purpose"),
            Then::Wander => std::future::pending().await,
        }
        Verdict::Keep(Ok(id))
    }
}

/// Occupies the one writer until told to go on, so that what is queued behind it meets in one batch.
pub struct Hold(pub Arc<std::sync::Mutex<mpsc::Receiver<()>>>);

impl Work for Hold {
    type Out = ();

    fn place(&self) -> Place {
        Place::ALONE
    }

    async fn run(&mut self, _tx: Tx<'_>) -> Verdict<()> {
        let _ = self.0.lock().expect("only one holds").recv();
        Verdict::Keep(())
    }
}

/// Queues all of them behind a held writer, lets go, and gives their answers in order.
pub async fn in_one_batch<W: Work>(db: &Db, works: Vec<W>) -> Vec<store::Result<W::Out>> {
    let (go, held) = mpsc::channel();
    let hold = db.write(Hold(Arc::new(std::sync::Mutex::new(held))));
    let release = async {
        // Everything before this line of the join has been polled once, so it is queued.
        go.send(()).expect("the holder waits");
    };
    let all = futures_util::future::join_all(works.into_iter().map(|work| db.write(work)));
    let (_, answers, ()) = tokio::join!(biased; hold, all, release);
    answers
}

/// Writes one test for each engine.
#[macro_export]
macro_rules! both_engines {
    ($(#[doc = $doc:literal])* async fn $name:ident($bench:ident: Bench) $body:block) => {
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every test needs all of its module")]
            use super::*;
            async fn check($bench: Bench) $body
            $(#[doc = $doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() { check(Bench::with(false, &[BOOK], |o| o.writers = 1).await).await }
            $(#[doc = $doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() { check(Bench::with(true, &[BOOK], |o| o.writers = 1).await).await }
        }
    };
}
