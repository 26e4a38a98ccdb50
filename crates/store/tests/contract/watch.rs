//! What is remembered is void before its change is answered; a glance reads, and only reads.

use std::time::{Duration, Instant};

use store::{Engine, Place, Watch};

use crate::{BOOK, Bench, Take, both_engines, boxed, fresh};

const TIME: Duration = Duration::from_millis(40);

/// The same engine with a watch on its pools.
async fn watched(bench: Bench) -> (Bench, bool) {
    let postgres = bench.db.engine() == Engine::Postgres;
    bench.end().await;
    let watched = Bench::with(postgres, &[BOOK], |options| {
        options.watch = Watch {
            tables: &["pool"],
            but: &["UPDATE pool SET quantity = quantity "],
            time: TIME,
        };
    })
    .await;
    (watched, postgres)
}

both_engines! {
    /// A change of a watched table ends the turn; others, exceptions and previews do not.
    async fn changes_end_the_turn(bench: Bench) {
        let (bench, postgres) = watched(bench).await;
        let at = bench.db.turn();
        let begun = Instant::now();
        let pool = bench.pool(5).await;
        assert!(bench.db.turn() > at);
        assert_eq!(begun.elapsed() >= TIME, postgres, "an answer waits where others may remember");
        let at = bench.db.turn();
        for sql in ["INSERT INTO taking (id, pool_id, units) SELECT $1, id, 1 FROM pool", "UPDATE pool SET quantity = quantity WHERE id = $1"] {
            let id = if sql.starts_with("INSERT") { fresh() } else { pool };
            let done = bench.db.plumb(Place::ALONE, move |mut tx| boxed(async move { tx.execute(sql, &[&id]).await }));
            assert_eq!(done.await.expect("it runs"), 1);
        }
        bench.db.preview(Take::one(pool, 1)).await.expect("it runs").expect("there are some");
        assert_eq!(bench.db.turn(), at);
        bench.db.write(Take::one(pool, 9)).await.expect("it runs").expect_err("there are not so many");
        assert!(bench.db.turn() > at, "what was taken back counts: nobody knows of an unanswered commit");
        bench.end().await;
    }
}

both_engines! {
    /// A glance finds what stands, and cannot write.
    async fn a_glance_only_reads(bench: Bench) {
        let pool = bench.pool(5).await;
        for _ in 0..3 {
            let found = bench.db.glance(move |mut tx| {
                boxed(async move { tx.query_one::<(i64,)>("SELECT quantity FROM pool WHERE id = $1", &[&pool]).await })
            });
            assert_eq!(found.await.expect("reads").expect("finds"), (5,));
            let written = bench.db.glance(move |mut tx| {
                boxed(async move { tx.execute("UPDATE pool SET quantity = 9 WHERE id = $1", &[&pool]).await })
            });
            written.await.expect("answers").expect_err("nothing is written");
        }
        assert_eq!(bench.balance(pool).await.0, 0);
        bench.end().await;
    }
}

both_engines! {
    /// Many who glance at once share connections, and each is told what it asked for; one that fails fails alone.
    async fn glances_at_once_do_not_mix(bench: Bench) {
        let asked = (0..200_i64).map(|number| {
            let db = bench.db.clone();
            async move {
                let found = db.glance(move |mut tx| {
                    let sql = if number % 10 == 0 { "SELECT nothing FROM nowhere WHERE 1 = $1" } else { "SELECT CAST($1 AS BIGINT)" };
                    boxed(async move { tx.query_one::<(i64,)>(sql, &[&number]).await })
                });
                (number, found.await.expect("answers"))
            }
        });
        for (number, found) in futures_util::future::join_all(asked).await {
            match number % 10 {
                0 => _ = found.expect_err("there is no such table"),
                _ => assert_eq!(found.expect("finds"), (number,)),
            }
        }
        bench.end().await;
    }
}

both_engines! {
    /// Commits are counted before they are answered, where nobody else can make one; looking counts nothing.
    async fn commits_are_counted_where_all_are_made_here(bench: Bench) {
        let counted = bench.db.engine() == Engine::Sqlite;
        assert_eq!(bench.db.commits().is_some(), counted);
        let pool = bench.pool(5).await;
        let before = bench.db.commits();
        bench.db.preview(Take::one(pool, 1)).await.expect("it runs").expect("there are some");
        bench.balance(pool).await;
        assert_eq!(bench.db.commits(), before);
        bench.db.write(Take::one(pool, 1)).await.expect("it runs").expect("there are some");
        assert_eq!(bench.db.commits() > before, counted);
        bench.end().await;
    }
}
