//! A copy is one moment of the whole database, and becomes one again: by a program that is newer, too.

use store::{
    BoxFuture, Db, Error, Migration, Options, Tx,
    copies::{self, Loading, Snapshot},
};
use uuid::Uuid;

use crate::{BOOK, Bench, both_engines, boxed, fresh};

/// Rows that a text form could spoil, referring to each other against the order of the tables' names.
const NOTES: Migration = Migration {
    number: 2,
    name: "notes",
    sql: "CREATE TABLE note (id UUID PRIMARY KEY, about_id UUID REFERENCES pool (id), text TEXT, raw BYTES
);
CREATE TABLE mark (id BIGINT PRIMARY KEY, word TEXT NOT NULL
);
INSERT INTO mark (id, word) VALUES (1, 'first');
CREATE SEARCH note_search;",
};
const LATER: Migration = Migration {
    number: 3,
    name: "later",
    sql: "ALTER TABLE note ADD COLUMN seen BOOLEAN;",
};
const AWKWARD: &str = "a\tb\nc\\d\r\u{1f512} \\N \\.";

fn last(mut tx: Tx<'_>) -> BoxFuture<'_, store::Result<()>> {
    Box::pin(async move {
        let sql = "UPDATE mark SET word = 'carried' WHERE id = 1";
        tx.execute(sql, &[]).await.map(drop)
    })
}

/// Copies a database, and loads the copy elsewhere by a program that knows one step more.
async fn carry(bench: &Bench, to: &str) -> store::Result<()> {
    let from = bench.scratch.database();
    if Options::new(from).engine() == store::Engine::Sqlite {
        let copy = format!("{to}.copy");
        copies::copy_file(from.as_ref(), copy.as_ref())?;
        copies::is_sound(copy.as_ref())?;
        let mut file = std::fs::File::open(&copy).expect("it is there");
        let loaded = copies::load_file(&mut file, to.as_ref(), &[BOOK, NOTES, LATER], last);
        std::fs::remove_file(copy).expect("it is there");
        return loaded;
    }
    let snapshot = Snapshot::open(from, &[BOOK, NOTES]).await?;
    let loading = Loading::begin(to, &[BOOK, NOTES]).await?;
    for table in snapshot.tx().tables().await? {
        let (columns, mut file) = (snapshot.columns(&table).await?, Vec::new());
        snapshot.write((&table, &columns), &mut file).await?;
        loading
            .read((&table, &columns), &mut file.as_slice())
            .await?;
    }
    loading.end(&[BOOK, NOTES, LATER], last).await
}

both_engines! {
    /// Everything arrives as it was, the missing step is taken, and a second copy is not laid over it.
    async fn a_copy_becomes_a_database(bench: Bench) {
        bench.db.close().await;
        let Bench { db, scratch } = bench;
        drop(db);
        let options = Options { durable: false, ..Options::new(scratch.database()) };
        let db = Db::open(&options, &[BOOK, NOTES]).await.expect("the step is taken");
        let bench = Bench { db, scratch };
        let (pool, id) = (bench.pool(7).await, fresh());
        let raw: Vec<u8> = (0..=255).collect();
        let written = raw.clone();
        let done = bench.db.plumb(store::Place::ALONE, move |mut tx| {
            let raw = written.clone();
            Box::pin(async move {
                tx.execute("UPDATE mark SET word = 'second' WHERE id = 1", &[]).await?;
                let sql = "INSERT INTO note (id, about_id, text, raw) VALUES ($1, $2, $3, $4)";
                tx.execute(sql, &[&id, &pool, &AWKWARD, &raw]).await?;
                let search = "INSERT INTO note_search_text (id, text) VALUES ($1, $2)";
                tx.execute(search, &[&id, &"a needle"]).await
            })
        });
        done.await.expect("it is written");

        let other = Bench::scratch(bench.scratch.engine() == store::Engine::Postgres).await;
        assert!(copies::is_vacant(other.database()).await.expect("it answers"));
        carry(&bench, other.database()).await.expect("it is carried");
        assert!(!copies::is_vacant(other.database()).await.expect("it answers"));
        let again = carry(&bench, other.database()).await;
        assert!(matches!(again, Err(Error::Unfit(_))), "{again:?}");

        let db = Db::open(&Options::new(other.database()), &[BOOK, NOTES, LATER]).await.expect("it opens");
        type Note = (Uuid, Option<Uuid>, String, Vec<u8>, Option<bool>);
        let (note, word, found) = db.read(|mut tx| boxed(async move {
            let note: Note = tx.query_one("SELECT id, about_id, text, raw, seen FROM note", &[]).await?;
            let (word,): (String,) = tx.query_one("SELECT word FROM mark", &[]).await?;
            let found: Vec<(Uuid,)> = tx.query("SELECT id FROM note_search WHERE text LIKE '%needle%'", &[]).await?;
            store::Result::Ok((note, word, found))
        })).await.expect("it reads").expect("it is found");
        assert_eq!(note, (id, Some(pool), AWKWARD.to_owned(), raw, None));
        assert_eq!((word.as_str(), found), ("carried", vec![(id,)]));
        let astray = Uuid::from_u128(1);
        let refused = db.plumb(store::Place::ALONE, move |mut tx| Box::pin(async move {
            tx.execute("INSERT INTO note (id, about_id) VALUES ($1, $1)", &[&astray]).await
        }));
        assert!(refused.await.is_err(), "references are kept");
        db.close().await;
        drop(db);
        let _ = other.remove().await;
        bench.end().await;
    }
}

both_engines! {
    /// A tool's note is written while the server has the database open.
    async fn a_note_is_written_beside(bench: Bench) {
        let pool = bench.pool(3).await;
        let noted = copies::note(bench.scratch.database(), &[BOOK], move |mut tx| Box::pin(async move {
            tx.execute("UPDATE pool SET quantity = 4 WHERE id = $1", &[&pool]).await
        }));
        assert_eq!(noted.await.expect("it is written"), 1);
        let refused = copies::note(bench.scratch.database(), &[BOOK], |mut tx| Box::pin(async move {
            tx.execute("UPDATE pool SET quantity = 5", &[]).await?;
            tx.execute("UPDATE pool SET taken = 9", &[]).await
        }));
        assert!(refused.await.is_err());
        let quantity = bench.db.read(|mut tx| boxed(async move {
            tx.query_one::<(i64,)>("SELECT quantity FROM pool", &[]).await
        }));
        assert_eq!(quantity.await.expect("it reads").expect("it is there"), (4,));
        bench.end().await;
    }
}
