//! A batch is many answers and one commit: none of its members may hurt another.

use store::{Error, Lane};

use crate::{BOOK, Bench, Hold, Take, Then, both_engines, in_one_batch};

both_engines! {
    /// A pool of 50 and 64 who want one each: exactly 50 get it, and the pool agrees.
    async fn exactly_the_last_units_are_given(bench: Bench) {
        let pool = bench.pool(50).await;
        let answers = futures_util::future::join_all((0..64).map(|_| bench.db.write(Take::one(pool, 1)))).await;
        let given = answers.iter().filter(|answer| matches!(answer, Ok(Ok(_)))).count();
        let refused = answers.iter().filter(|answer| matches!(answer, Ok(Err(_)))).count();
        assert_eq!((given, refused), (50, 14));
        assert_eq!(bench.balance(pool).await, (50, 50));
        bench.end().await;
    }
}

both_engines! {
    /// The fourth of four takings is refused after three were written: nothing of the four is left.
    async fn a_late_refusal_leaves_nothing(bench: Bench) {
        let (a, b, c, d) = (bench.pool(9).await, bench.pool(9).await, bench.pool(9).await, bench.pool(3).await);
        let four = Take { pools: vec![(a, 4), (b, 4), (c, 4), (d, 4)], ..Take::one(a, 4) };
        let answers = in_one_batch(&bench.db, vec![Take::one(a, 1), four, Take::one(b, 1)]).await;
        assert!(matches!(&answers[0], Ok(Ok(_))), "{:?}", answers[0]);
        assert!(matches!(&answers[1], Ok(Err(why)) if why == "short of 4"), "{:?}", answers[1]);
        assert!(matches!(&answers[2], Ok(Ok(_))), "{:?}", answers[2]);
        for (pool, left) in [(a, 1), (b, 1), (c, 0), (d, 0)] {
            assert_eq!(bench.balance(pool).await, (left, left));
        }
        bench.end().await;
    }
}

both_engines! {
    /// A neighbour whose statement fails is told so, and only it.
    async fn a_failing_neighbour_fails_alone(bench: Bench) {
        let pool = bench.pool(9).await;
        let answers = in_one_batch(&bench.db, vec![
            Take::one(pool, 1), Take::one(pool, 1).then(Then::Fail), Take::one(pool, 1),
        ]).await;
        assert!(matches!(&answers[0], Ok(Ok(_))), "{:?}", answers[0]);
        assert!(matches!(&answers[1], Err(Error::Sqlite(_) | Error::Postgres(_))), "{:?}", answers[1]);
        assert!(matches!(&answers[2], Ok(Ok(_))), "{:?}", answers[2]);
        assert_eq!(bench.balance(pool).await, (2, 2));
        bench.end().await;
    }
}

both_engines! {
    /// COMMIT of an aborted transaction answers without an error on PostgreSQL, so a work that overlooks
    /// its failed statement must not be told that it was kept.
    async fn an_overlooked_failure_is_not_kept(bench: Bench) {
        let pool = bench.pool(9).await;
        let answers = in_one_batch(&bench.db, vec![
            Take::one(pool, 1), Take::one(pool, 1).then(Then::FailQuietly), Take::one(pool, 1),
        ]).await;
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
        assert!(answers[1].is_err(), "{:?}", answers[1]);
        assert_eq!(bench.balance(pool).await, (2, 2));
        let alone = bench.db.write(Take::one(pool, 1).then(Then::FailQuietly)).await;
        assert!(alone.is_err(), "{alone:?}");
        assert_eq!(bench.balance(pool).await, (2, 2));
        bench.end().await;
    }
}

both_engines! {
    /// A panic is one error, undone; the writer lives and its neighbours are kept.
    async fn a_panic_is_one_error(bench: Bench) {
        let pool = bench.pool(9).await;
        let answers = in_one_batch(&bench.db, vec![
            Take::one(pool, 1), Take::one(pool, 1).then(Then::Panic), Take::one(pool, 1),
        ]).await;
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
        assert!(matches!(&answers[1], Err(Error::Crashed(why)) if why == "on purpose"), "{:?}", answers[1]);
        assert!(bench.db.write(Take::one(pool, 1)).await.is_ok());
        assert_eq!(bench.balance(pool).await, (3, 3));
        bench.end().await;
    }
}

/// On SQLite a command that awaits something else would stop the only writer: it is undone instead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wandering_command_does_not_stop_the_writer() {
    let bench = Bench::start(false).await;
    let pool = bench.pool(9).await;
    let wandered = bench.db.write(Take::one(pool, 1).then(Then::Wander)).await;
    assert!(matches!(wandered, Err(Error::Crashed(_))), "{wandered:?}");
    assert!(bench.db.write(Take::one(pool, 1)).await.is_ok());
    assert_eq!(bench.balance(pool).await, (1, 1));
    bench.end().await;
}

both_engines! {
    /// A preview answers as the write would and leaves nothing.
    async fn a_preview_leaves_nothing(bench: Bench) {
        let pool = bench.pool(2).await;
        assert!(matches!(bench.db.preview(Take::one(pool, 2)).await, Ok(Ok(_))));
        assert!(matches!(bench.db.preview(Take::one(pool, 3)).await, Ok(Err(_))));
        assert_eq!(bench.balance(pool).await, (0, 0));
        assert!(matches!(bench.db.write(Take::one(pool, 2)).await, Ok(Ok(_))));
        bench.end().await;
    }
}

both_engines! {
    /// Long work in slices waits behind people: what is interactive is committed first.
    async fn people_go_before_bulk(bench: Bench) {
        let pool = bench.pool(1).await;
        let bulk = Take { lane: Lane::Bulk, ..Take::one(pool, 1) };
        let answers = in_one_batch(&bench.db, vec![bulk, Take::one(pool, 1)]).await;
        assert!(matches!(&answers[0], Ok(Err(_))), "{:?}", answers[0]);
        assert!(matches!(&answers[1], Ok(Ok(_))), "{:?}", answers[1]);
        bench.end().await;
    }
}

both_engines! {
    /// A full queue is an answer at once, and what was queued is still served.
    async fn a_full_queue_says_so(bench: Bench) {
        let pool = bench.pool(1_000_000).await;
        let answers = in_one_batch(&bench.db, vec![Take::one(pool, 1); 2_100]).await;
        let kept = answers.iter().filter(|answer| matches!(answer, Ok(Ok(_)))).count() as i64;
        let sent_away = answers.iter().filter(|answer| matches!(answer, Err(Error::Overloaded))).count() as i64;
        assert_eq!(kept + sent_away, 2_100);
        assert!(sent_away >= 2, "{sent_away} were sent away");
        assert_eq!(bench.balance(pool).await, (kept, kept));
        bench.end().await;
    }
}

both_engines! {
    /// Closing finishes what waits and takes no more.
    async fn closing_finishes_what_waits(bench: Bench) {
        let pool = bench.pool(9).await;
        let (go, held) = std::sync::mpsc::channel();
        let hold = bench.db.write(Hold(std::sync::Arc::new(std::sync::Mutex::new(held))));
        let waiting = bench.db.write(Take::one(pool, 1));
        let close = async { go.send(()).expect("the holder waits"); bench.db.close().await };
        let (_, kept, ()) = tokio::join!(biased; hold, waiting, close);
        assert!(matches!(kept, Ok(Ok(_))), "{kept:?}");
        assert!(matches!(bench.db.write(Take::one(pool, 1)).await, Err(Error::Unavailable(_))));
        bench.end().await;
    }
}

both_engines! {
    /// A value of the wrong type is our mistake: one error, at once, and the writer goes on.
    async fn a_wrong_value_is_one_error(bench: Bench) {
        let pool = bench.pool(9).await;
        let wrong = bench.db.plumb(store::Place::ALONE, move |mut tx| {
            crate::boxed(async move { tx.execute("UPDATE pool SET taken = 1 WHERE id = $1", &[&"no id"]).await })
        });
        // SQLite compares a blob with a text and finds nothing; PostgreSQL's driver refuses the value.
        assert!(matches!(wrong.await, Ok(0) | Err(Error::Postgres(_))));
        assert!(matches!(bench.db.write(Take::one(pool, 1)).await, Ok(Ok(_))));
        bench.end().await;
    }
}
