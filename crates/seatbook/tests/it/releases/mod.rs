//! Books of earlier versions: each is restored, brought up to date, and then keeps every law on tables that are those of a
//! new book. They lie in `tests/releases`, as backups: what a version writes, the later ones must read.

mod keeping;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use seatbook::schema::MIGRATIONS;
use store::{Db, Options};
use tempfile::TempDir;
use zip::ZipArchive;

use crate::{
    backups::{Shelf, manifest, run, text},
    both_engines,
    harness::{Engine, TestApp},
};

/// What a book of the repository may weigh.
const HEAVIEST: u64 = 300 * 1024;

const SQLITE: &str = "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master
    WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1";

const POSTGRES: &str = "SELECT CAST(table_name || '.' || column_name AS TEXT) AS what,
      CAST(data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') || ' ' || ordinal_position AS TEXT)
    FROM information_schema.columns WHERE table_schema = current_schema()
    UNION ALL SELECT CAST(conname AS TEXT), pg_get_constraintdef(c.oid) FROM pg_constraint c
      JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = current_schema()
    UNION ALL SELECT CAST(indexname AS TEXT), indexdef FROM pg_indexes WHERE schemaname = current_schema()
    UNION ALL SELECT CAST(tgname AS TEXT), pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT CAST(proname AS TEXT), prosrc FROM pg_proc p
      JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = current_schema()
    ORDER BY 1, 2";

/// Where the books lie.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases")
}

fn word(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    }
}

/// The books of an engine, oldest first.
fn kept(engine: Engine) -> Vec<PathBuf> {
    let ending = format!(".{}.zip", word(engine));
    let entries = fs::read_dir(folder()).expect("a folder");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it is there").path())
        .filter(|path| text(path).ends_with(&ending))
        .collect();
    found.sort();
    found
}

/// The tables of a database with all that belongs to them, as the engine tells of them.
async fn tables(database: &str, engine: Engine) -> Vec<(String, String)> {
    let options = Options {
        read_only: true,
        readers: 1,
        ..Options::new(database)
    };
    let db = Db::open(&options, MIGRATIONS).await.expect("it opens");
    let sql = match engine {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    let told = db
        .read(move |mut tx| Box::pin(async move { tx.query::<(String, String)>(sql, &[]).await }));
    let told = told.await.expect("it reads").expect("it is told");
    db.close().await;
    told
}

/// Restores each book that was kept, and looks at what has become of it.
async fn come_forward(app: &TestApp) {
    let mut shelf = Shelf::new(app);
    let fresh = tables(app.database(), app.engine).await;
    let books = kept(app.engine);
    assert!(!books.is_empty(), "`cargo xtask keep-release` makes one");
    for book in books {
        let name = book.display();
        assert!(
            fs::metadata(&book).expect("it is there").len() <= HEAVIEST,
            "{name}"
        );
        let unpacked = TempDir::new().expect("a folder");
        let mut archive = ZipArchive::new(File::open(&book).expect("it opens")).expect("a book");
        archive.extract(unpacked.path()).expect("it is unpacked");
        let told = manifest(unpacked.path());
        let step = told["schema"]["number"].as_i64().expect("a number");
        let file = book.file_name().and_then(|it| it.to_str()).expect("a name");
        assert!(file.starts_with(&format!("{step:04}_")), "{name}: {step}");
        let place = shelf.restore(unpacked.path()).await;
        let now = tables(&place, app.engine).await;
        let odd: Vec<_> = now.iter().filter(|it| !fresh.contains(it)).collect();
        assert!(
            odd.is_empty() && now.len() == fresh.len(),
            "{name}: {odd:?}"
        );
        let journal = run(&["verify", "--journal", "--database", &place]).await;
        assert_eq!(journal.code, 0, "{name}: {}", journal.text);
    }
    shelf.clear().await;
}

both_engines! {
    /// Every book of every version that was kept.
    async fn every_kept_book_comes_forward(app: TestApp) {
        come_forward(&app).await;
        app.end().await;
    }
}

both_engines! {
    /// A program that is older than the tables keeps its hands off, and says why.
    async fn an_older_program_does_not_start(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        let backup = shelf.back_up(app.database()).await;
        let place = shelf.restore(&backup).await;
        let later = "INSERT INTO schema_migration (number, name, checksum) VALUES (9999, 'of tomorrow', '0')";
        shelf.tamper(&place, later).await;
        let to = shelf.path("to");
        for words in [
            &["serve", "--listen", "127.0.0.1:0", "--database", &place][..],
            &["resume", "--nothing-lost", "--database", &place],
            &["verify", "--database", &place],
            &["backup", "--to", text(&to), "--database", &place],
        ] {
            let said = run(words).await;
            assert_eq!(said.code, 1, "{words:?}: {}", said.text);
            assert!(said.trouble.contains("it was written by a newer Seatbook"), "{words:?}: {}", said.trouble);
        }
        shelf.clear().await;
        app.end().await;
    }
}
