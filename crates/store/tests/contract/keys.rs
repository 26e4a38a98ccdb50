//! The same request twice is one effect, wherever the two meet.

use store::{Db, Options, Place, Tx, Verdict, Work};
use uuid::Uuid;

use crate::{BOOK, Bench, both_engines, in_one_batch};

/// Takes one unit under a key: the key row is its last statement, and a key that stands already undoes
/// the taking and gives the stored answer. A refusal is stored too.
#[derive(Clone)]
pub struct Keyed {
    pub key: &'static str,
    pub pool: Uuid,
    pub units: i64,
}

const STORE: &str =
    "INSERT INTO request_key (key, answer) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
const STORED: &str = "SELECT answer FROM request_key WHERE key = $1";

impl Work for Keyed {
    type Out = String;

    fn place(&self) -> Place {
        Place {
            shard: Some(self.pool.as_u128()),
            ..Place::ALONE
        }
    }

    fn recognises_itself(&self) -> bool {
        true
    }

    async fn run(&mut self, mut tx: Tx<'_>) -> Verdict<String> {
        match self.take(&mut tx).await {
            Ok(verdict) => verdict,
            Err(error) => Verdict::Undo(error.to_string()),
        }
    }

    async fn after_undo(&mut self, mut tx: Tx<'_>, out: String) -> String {
        match tx.execute(STORE, &[&self.key, &out]).await {
            Ok(1) => out,
            _ => tx
                .query_one::<(String,)>(STORED, &[&self.key])
                .await
                .map_or(out, |(stored,)| stored),
        }
    }
}

impl Keyed {
    async fn take(&self, tx: &mut Tx<'_>) -> store::Result<Verdict<String>> {
        let take = "UPDATE pool SET taken = taken + $2 WHERE id = $1 AND taken + $2 <= quantity";
        if tx.execute(take, &[&self.pool, &self.units]).await? == 0 {
            return Ok(Verdict::Undo("short".into()));
        }
        let id = crate::fresh();
        tx.execute(
            "INSERT INTO taking (id, pool_id, units) VALUES ($1, $2, $3)",
            &[&id, &self.pool, &self.units],
        )
        .await?;
        let answer = id.to_string();
        Ok(match tx.execute(STORE, &[&self.key, &answer]).await? {
            1 => Verdict::Keep(answer),
            _ => Verdict::Undo(answer),
        })
    }
}

both_engines! {
    /// Twins in one batch: one effect, one answer for both.
    async fn twins_in_one_batch_are_one(bench: Bench) {
        let pool = bench.pool(9).await;
        let twin = Keyed { key: "twin", pool, units: 1 };
        let answers = in_one_batch(&bench.db, vec![twin.clone(), twin.clone(), twin]).await;
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("answered")).collect();
        assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
        assert_eq!(bench.balance(pool).await, (1, 1));
        bench.end().await;
    }
}

both_engines! {
    /// A stored refusal stays the answer, although the pool has units by then.
    async fn a_refusal_is_remembered(bench: Bench) {
        let pool = bench.pool(0).await;
        let asked = Keyed { key: "early", pool, units: 1 };
        assert_eq!(bench.db.write(asked.clone()).await.expect("answered"), "short");
        bench.run("UPDATE pool SET quantity = 9 WHERE id = $1", pool, None).await;
        assert_eq!(bench.db.write(asked).await.expect("answered"), "short");
        assert_eq!(bench.balance(pool).await, (0, 0));
        bench.end().await;
    }
}

/// Two servers on one PostgreSQL get the same request at the same moment: one effect, one answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twins_on_two_servers_are_one() {
    let bench = Bench::start(true).await;
    let other = Db::open(&Options::new(bench.scratch.database()), &[BOOK])
        .await
        .expect("a second server opens");
    let pool = bench.pool(99).await;
    for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let twin = Keyed {
            key,
            pool,
            units: 1,
        };
        let (one, two) = tokio::join!(biased; bench.db.write(twin.clone()), other.write(twin));
        assert_eq!(one.expect("answered"), two.expect("answered"));
    }
    assert_eq!(bench.balance(pool).await, (8, 8));
    other.close().await;
    bench.end().await;
}

/// Two servers race for the last units of several pools, in opposite orders: no deadlock is ever seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_share_the_last_units() {
    let bench = Bench::start(true).await;
    let other = Db::open(&Options::new(bench.scratch.database()), &[BOOK])
        .await
        .expect("a second server opens");
    let pools = [
        bench.pool(20).await,
        bench.pool(20).await,
        bench.pool(20).await,
    ];
    let take = |db: &Db, at: usize| db.clone().write_one(pools[at % 3]);
    let (left, right) = tokio::join!(biased;
        futures_util::future::join_all((0..60).map(|n| take(&bench.db, n))),
        futures_util::future::join_all((0..60).map(|n| take(&other, 59 - n))),
    );
    let given = left.into_iter().chain(right).filter(|given| *given).count();
    assert_eq!(given, 60);
    for pool in pools {
        assert_eq!(bench.balance(pool).await, (20, 20));
    }
    other.close().await;
    bench.end().await;
}

trait TakeOne {
    async fn write_one(self, pool: Uuid) -> bool;
}

impl TakeOne for Db {
    async fn write_one(self, pool: Uuid) -> bool {
        self.write(crate::Take::one(pool, 1))
            .await
            .expect("no engine error")
            .is_ok()
    }
}
