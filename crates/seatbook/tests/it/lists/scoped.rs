//! Lists of very many rows over all organizations, for somebody who sees all of them and for somebody who does not.

use seatbook::scope::queries::SORTED;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Engine, Person, TestApp},
};

/// More than is gathered.
const MANY: usize = SORTED as usize + 100;

/// Puts customers below an organization past every rule, each with a user of its own name; of each name there are many.
async fn plant(app: &TestApp, (parent, count): (Uuid, usize), mark: &str) {
    let sqlite = app.engine == Engine::Sqlite;
    let key = |id: Uuid| match sqlite {
        true => format!("x'{}'", id.simple()),
        false => format!("'{id}'::uuid"),
    };
    let (id, now) = match sqlite {
        true => ("randomblob(16)", "1780315200000000"),
        false => ("gen_random_uuid()", "to_timestamp(1780315200)"),
    };
    let (parent, root) = (key(parent), key(app.provider));
    let those = format!("FROM organization_node WHERE parent_id = {parent}");
    let sql = format!(
        "INSERT INTO organization_node (id, parent_id, depth, suspended, blocked)
         WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {count})
         SELECT {id}, {parent}, 2, FALSE, FALSE FROM g;
         INSERT INTO organization_closure (ancestor_id, descendant_id, distance) SELECT id, id, 0 {those};
         INSERT INTO organization_closure (ancestor_id, descendant_id, distance) SELECT {parent}, id, 1 {those};
         INSERT INTO organization_closure (ancestor_id, descendant_id, distance) SELECT {root}, id, 2 {those};
         INSERT INTO organization (id, kind, name, note, pricing_model, time_zone, created_at, version)
         SELECT id, 'customer', 'Customer ' || (row_number() OVER (ORDER BY id) % 500) || '{mark}', '', 'license', 'UTC',
         {now}, 1 {those};
         INSERT INTO holder (id, organization_id, kind, name, bindings, created_at, version)
         SELECT {id}, o.id, 'user', o.name, 0, o.created_at, 1 FROM organization o
         JOIN organization_node n ON n.id = o.id WHERE n.parent_id = {parent};"
    );
    app.tamper(&sql).await;
}

/// The rows of the first pages.
async fn first(person: &Person, list: &str, pages: usize) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    for _ in 0..pages {
        let sign = if list.contains('?') { '&' } else { '?' };
        let path = format!("/api/v1/{list}{sign}limit=200{cursor}");
        let page = person.get(&path).await.expect(200);
        rows.extend(page["items"].as_array().expect("items").iter().cloned());
        let next = page["next_cursor"].as_str().expect("there are more");
        cursor = format!("&cursor={next}");
    }
    rows
}

both_engines! {
    /// A partner with very many customers reads the rows that an operator reads, in the same order, without those of others.
    async fn who_sees_many_rows_sees_their_own(app: TestApp) {
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let other = app.organization(app.provider, "partner", "Other").await;
        plant(&app, (partner, MANY), "").await;
        plant(&app, (other, 600), " of the other").await;
        let reader = app.member(partner, "partner_administrator").await;
        for list in [
            "organizations", "organizations?kind=customer", "holders", "holders?kind=user", "holders?bound=false",
        ] {
            let mut all = first(&app.operator, list, 5).await;
            let whole = all.len();
            all.retain(|row| !row["name"].as_str().expect("a name").ends_with("other"));
            assert!(all.len() > 800 && all.len() < whole, "{list}: others are between them");
            assert!(first(&reader, list, 4).await == all[..800], "{list}");
            let few = app.member(other, "partner_administrator").await;
            let theirs = first(&few, list, 2).await;
            assert!(theirs.iter().all(|row| row["name"].as_str().expect("a name").ends_with("other")), "{list}");
        }
        for list in ["organizations?kind=partner", "holders?kind=device", "holders?bound=true"] {
            let found = reader.get(&format!("/api/v1/{list}")).await.expect(200);
            let found = found["items"].as_array().expect("items").len();
            assert_eq!(found, usize::from(list.ends_with("partner")), "{list}");
        }
        app.end().await;
    }
}
