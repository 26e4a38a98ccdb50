//! Tables are brought up to date once, forward only, and by programs that know them.

use store::{Db, Error, Migration, Options};

use crate::{BOOK, Bench, both_engines};

const SECOND: Migration = Migration {
    number: 2,
    name: "names",
    sql: "CREATE SEARCH thing_search;",
};

both_engines! {
    /// A later program adds its steps; the earlier one then keeps its hands off.
    async fn steps_go_forward_only(bench: Bench) {
        bench.db.close().await;
        let Bench { db, scratch } = bench;
        drop(db);
        let options = Options::new(scratch.database());
        let newer = Db::open(&options, &[BOOK, SECOND]).await.expect("the new step is taken");
        newer.close().await;
        drop(newer);
        let older = Db::open(&options, &[BOOK]).await.err();
        assert!(matches!(&older, Some(Error::Unfit(why)) if why.contains("newer")), "{older:?}");
        scratch.remove().await.expect("removed");
    }
}

both_engines! {
    /// A step that was edited after it was taken is not the same step.
    async fn an_edited_step_is_refused(bench: Bench) {
        bench.db.close().await;
        let Bench { db, scratch } = bench;
        drop(db);
        let edited = Migration { sql: "CREATE TABLE other (id UUID PRIMARY KEY);", ..BOOK };
        let refused = Db::open(&Options::new(scratch.database()), &[edited]).await.err();
        assert!(matches!(&refused, Some(Error::Unfit(_))), "{refused:?}");
        scratch.remove().await.expect("removed");
    }
}

const FROZEN: Migration = Migration {
    number: 2,
    name: "seals",
    sql: "CREATE TABLE seal (id BIGINT PRIMARY KEY, state TEXT NOT NULL);\nFREEZE seal WHEN old.state <> 'open';",
};

both_engines! {
    /// The engine itself keeps a frozen row, whoever asks; others change, and may freeze.
    async fn a_frozen_row_stays(bench: Bench) {
        bench.db.close().await;
        let Bench { db, scratch } = bench;
        drop(db);
        let db = Db::open(&Options::new(scratch.database()), &[BOOK, FROZEN]).await.expect("the step is taken");
        let ask = |sql: &'static str| scratch.tamper(sql);
        ask("INSERT INTO seal (id, state) VALUES (1, 'open'), (2, 'open')").await.expect("written");
        ask("UPDATE seal SET state = 'shut' WHERE id = 1").await.expect("an open one may be shut");
        for refused in ["UPDATE seal SET state = 'open'", "UPDATE seal SET id = 3 WHERE id = 1", "DELETE FROM seal"] {
            assert!(ask(refused).await.is_err(), "{refused}");
        }
        ask("DELETE FROM seal WHERE id = 2").await.expect("an open one may go");
        db.close().await;
        drop(db);
        scratch.remove().await.expect("removed");
    }
}

/// A step that fails half way leaves nothing of itself.
async fn a_failed_step_leaves_nothing(postgres: bool) {
    let scratch = Bench::scratch(postgres).await;
    let broken = Migration {
        number: 2,
        name: "broken",
        sql: "CREATE TABLE half (id UUID PRIMARY KEY);\nCREATE TABLE half (id UUID PRIMARY KEY);",
    };
    let options = Options::new(scratch.database());
    assert!(matches!(
        Db::open(&options, &[BOOK, broken]).await.err(),
        Some(Error::Unfit(_))
    ));
    let mended = Migration {
        sql: "CREATE TABLE half (id UUID PRIMARY KEY);",
        ..broken
    };
    let db = Db::open(&options, &[BOOK, mended])
        .await
        .expect("the mended step is taken");
    db.close().await;
    drop(db);
    scratch.remove().await.expect("removed");
}

#[tokio::test]
async fn a_failed_step_leaves_nothing_on_sqlite() {
    a_failed_step_leaves_nothing(false).await;
}

#[tokio::test]
async fn a_failed_step_leaves_nothing_on_postgres() {
    a_failed_step_leaves_nothing(true).await;
}

/// A second server on the same file is refused by name, before it touches anything.
#[tokio::test]
async fn a_file_has_one_server() {
    let bench = Bench::start(false).await;
    let second = Db::open(&Options::new(bench.scratch.database()), &[BOOK])
        .await
        .err();
    assert!(
        matches!(&second, Some(Error::Unfit(why)) if why.contains("another")),
        "{second:?}"
    );
    bench.end().await;
}

/// Two servers that start at once on a new PostgreSQL take turns.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_start_at_once_take_turns() {
    let scratch = Bench::scratch(true).await;
    let options = Options::new(scratch.database());
    let steps = [BOOK, SECOND];
    let all = futures_util::future::join_all((0..4).map(|_| Db::open(&options, &steps))).await;
    for db in all {
        db.expect("each opens").close().await;
    }
    scratch.remove().await.expect("removed");
}
