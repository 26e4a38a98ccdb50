//! What is stored is what is read, and both engines sort it alike.

use store::{Date, Json, Migration, Place, Timestamp};
use uuid::Uuid;

use crate::{Bench, boxed};

const THINGS: Migration = Migration {
    number: 1,
    name: "things",
    sql: "CREATE TABLE thing (id UUID PRIMARY KEY, at TIMESTAMP NOT NULL, day DATE NOT NULL, facts JSON NOT NULL,
  name TEXT, flag BOOLEAN NOT NULL, raw BYTES
);
CREATE SEARCH thing_search;",
};

type Thing = (
    Uuid,
    Timestamp,
    Date,
    Json,
    Option<String>,
    bool,
    Option<Vec<u8>>,
);

fn things() -> Vec<Thing> {
    let day = |text: &str| Date(text.parse().expect("a day"));
    let json = Json(serde_json::json!({"ä": [1, null, "x"], "n": -5}));
    vec![
        (
            crate::fresh(),
            Timestamp::from_micros(-1),
            day("0001-01-01"),
            json.clone(),
            None,
            false,
            None,
        ),
        (
            crate::fresh(),
            Timestamp::from_micros(0),
            day("1999-12-31"),
            json.clone(),
            Some(String::new()),
            true,
            Some(vec![]),
        ),
        (
            crate::fresh(),
            Timestamp::from_micros(1_763_000_000_123_456),
            day("2000-01-01"),
            json.clone(),
            Some("Grünwald & Söhne".into()),
            true,
            Some(vec![0, 255]),
        ),
        (
            crate::fresh(),
            Timestamp::from_micros(4_102_444_800_000_000),
            day("9999-12-31"),
            json,
            Some("100 %_\\".into()),
            false,
            None,
        ),
    ]
}

async fn values_come_back(postgres: bool) {
    let bench = Bench::with(postgres, &[THINGS], |_| {}).await;
    let wrote = things();
    let kept = wrote.clone();
    bench.db.plumb(Place::ALONE, move |mut tx| {
        let kept = kept.clone();
        boxed(async move {
            for (id, at, day, facts, name, flag, raw) in &kept {
                let insert = "INSERT INTO thing (id, at, day, facts, name, flag, raw) VALUES ($1, $2, $3, $4, $5, $6, $7)";
                tx.execute(insert, &[id, at, day, facts, name, flag, raw]).await?;
            }
            Ok(())
        })
    }).await.expect("stored");
    for order in ["at", "day"] {
        let sql = format!("SELECT id, at, day, facts, name, flag, raw FROM thing ORDER BY {order}");
        let read: Vec<Thing> = bench
            .db
            .read(move |mut tx| boxed(async move { tx.query(&sql, &[]).await }))
            .await
            .expect("reads")
            .expect("reads");
        assert_eq!(read, wrote, "sorted by {order}");
    }
    bench.end().await;
}

#[tokio::test]
async fn values_come_back_on_sqlite() {
    values_come_back(false).await;
}

#[tokio::test]
async fn values_come_back_on_postgres() {
    values_come_back(true).await;
}

async fn search_finds_and_forgets(postgres: bool) {
    let bench = Bench::with(postgres, &[THINGS], |_| {}).await;
    let ids = [crate::fresh(), crate::fresh()];
    let put = |id: Uuid, text: &'static str| {
        bench.db.plumb(Place::ALONE, move |mut tx| {
            boxed(async move {
                let put = "INSERT INTO thing_search_text (id, text) VALUES ($1, $2)
                ON CONFLICT (id) DO UPDATE SET text = excluded.text";
                tx.execute(put, &[&id, &text]).await
            })
        })
    };
    put(ids[0], "insight pro nordlicht").await.expect("stored");
    put(ids[1], "fleet server").await.expect("stored");
    put(ids[1], "fleet node grünwald")
        .await
        .expect("stored again");
    let find = |pattern: &'static str| {
        let found = bench.db.read(move |mut tx| {
            boxed(async move {
                tx.query::<(Uuid,)>(
                    "SELECT id FROM thing_search WHERE text LIKE $1",
                    &[&pattern],
                )
                .await
            })
        });
        async move {
            found
                .await
                .expect("reads")
                .expect("reads")
                .into_iter()
                .map(|(id,)| id)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(find("%nordl%").await, [ids[0]]);
    assert_eq!(find("%grünw%").await, [ids[1]]);
    assert!(
        find("%server%").await.is_empty(),
        "the older text is forgotten"
    );
    assert_eq!(find("%no%").await.len(), 2, "two letters are enough");
    bench.end().await;
}

#[tokio::test]
async fn search_finds_and_forgets_on_sqlite() {
    search_finds_and_forgets(false).await;
}

#[tokio::test]
async fn search_finds_and_forgets_on_postgres() {
    search_finds_and_forgets(true).await;
}
