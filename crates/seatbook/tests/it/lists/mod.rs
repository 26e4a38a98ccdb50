//! Lists of licenses, short and long, through the door.

mod export;
mod pages;
mod scoped;

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    both_engines,
    harness::{Answer, Person},
};

/// More than a list gathers.
const MANY: usize = 5_100;

/// Every row of a list over the API, page by page.
pub async fn all(person: &Person, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = person
            .get(&format!("{path}{sign}limit=200{cursor}"))
            .await
            .expect(200);
        rows.extend(page["items"].as_array().expect("items").iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            return rows;
        };
        cursor = format!("&cursor={next}");
    }
}

/// How many different rows there are; each of them once.
fn count(rows: &[Value]) -> usize {
    let ids: HashSet<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids.len(), rows.len(), "no row twice");
    rows.len()
}

/// Whether rows follow each other in this order; one without a value stands behind all others.
fn is_sorted(rows: &[Value], field: &str, descending: bool) -> bool {
    let key = |row: &Value| match &row[field] {
        Value::Null => (true, 0, String::new()),
        Value::Number(number) => (false, number.as_i64().unwrap_or_default(), String::new()),
        other => (false, 0, other.as_str().unwrap_or_default().to_owned()),
    };
    match descending {
        false => rows.is_sorted_by_key(key),
        true => rows.iter().rev().is_sorted_by_key(key),
    }
}

fn field_of(answer: Answer) -> Value {
    answer.expect(422)["fields"][0]["code"].clone()
}

both_engines! {
    /// Every sort of a list too long to gather has every row once, ties and missing values included.
    async fn long_lists_are_walked_in_every_order(app: TestApp) {
        let sku = app.insert_sku("BULK", None).await;
        app.plant_licenses(app.provider, sku, MANY).await;
        let pools = format!("/api/v1/pools?organization_id={}", app.provider);
        let columns = ["ends_at", "sales_order", "sku_code", "starts_at", "quantity", "ends_at", "sales_order"];
        for (sort, field) in ["end", "order", "sku", "-start", "-quantity", "-end", "-order"].into_iter().zip(columns) {
            let rows = all(&app.operator, &format!("{pools}&sort={sort}")).await;
            assert_eq!(count(&rows), MANY, "{sort}");
            assert!(is_sorted(&rows, field, sort.starts_with('-')), "{sort}");
        }
        assert_eq!(field_of(app.operator.get(&format!("{pools}&sort=available")).await), "sort.list_too_long");
        assert_eq!(field_of(app.operator.get(&format!("{pools}&sort=colour")).await), "sort.unknown");
        let page = app.operator.get(&format!("{pools}&sort=sku")).await.expect(200);
        let cursor = page["next_cursor"].as_str().expect("a cursor");
        assert_eq!(field_of(app.operator.get(&format!("{pools}&sort=end&cursor={cursor}")).await), "cursor.invalid");
        app.end().await;
    }
}

both_engines! {
    /// A filter finds the same rows whether the list is gathered by dates or walked, and so does a keyword.
    async fn long_lists_are_narrowed(app: TestApp) {
        let sku = app.insert_sku("BULK", None).await;
        app.plant_licenses(app.provider, sku, MANY).await;
        let pools = format!("/api/v1/pools?organization_id={}", app.provider);
        let everything = all(&app.operator, &pools).await;
        let with = |status: &str| everything.iter().filter(|row| row["status"] == status).count();
        for status in ["active", "expired", "paused", "scheduled", "grace"] {
            let sort = if status == "expired" { "-end" } else { "order" };
            for path in [format!("{pools}&status={status}&sort={sort}"), format!("/api/v1/licenses?status={status}")] {
                let rows = all(&app.operator, &path).await;
                assert!(rows.iter().all(|row| row["status"] == status), "{path}");
                assert_eq!(count(&rows), with(status), "{path}");
            }
        }
        assert!(with("active") > 2_500 && with("expired") > 250 && with("paused") > 20);
        for (keyword, hits) in [("needle", 1), ("hay", MANY - 1), ("ay", MANY - 1), ("nothing", 0), ("Needle Stack", 1),
            ("stack-6", 1), ("needle-stack", 0)] {
            assert_eq!(count(&all(&app.operator, &format!("{pools}&q={keyword}")).await), hits, "{keyword}");
            assert_eq!(count(&all(&app.operator, &format!("/api/v1/licenses?q={keyword}")).await), hits, "{keyword}");
        }
        app.end().await;
    }
}

both_engines! {
    /// Nobody finds more than their own, whichever way their list is read.
    async fn long_lists_stay_within_scope(app: TestApp) {
        let sku = app.insert_sku("BULK", None).await;
        let large = app.organization(app.provider, "partner", "Large").await;
        let small = app.organization(app.provider, "partner", "Small").await;
        let below = app.organization(small, "customer", "Below").await;
        app.plant_licenses(large, sku, MANY).await;
        app.plant_licenses(below, sku, 3).await;
        app.license(app.provider, sku, 9).await;
        let (one, other) = (app.member(large, "partner_administrator").await, app.member(small, "partner_administrator").await);
        assert_eq!(count(&all(&one, "/api/v1/licenses").await), MANY);
        assert_eq!(count(&all(&other, "/api/v1/licenses").await), 3);
        assert_eq!(count(&all(&other, "/api/v1/licenses?q=hay").await), 3);
        assert_eq!(count(&all(&other, &format!("/api/v1/pools?organization_id={below}&sort=available")).await), 3);
        assert_eq!(other.get(&format!("/api/v1/pools?organization_id={large}")).await.code(404), "not_found");
        assert_eq!(count(&all(&other, &format!("/api/v1/licenses?organization_id={large}")).await), 0);
        assert_eq!(count(&all(&app.operator, "/api/v1/licenses").await), MANY + 4);
        app.end().await;
    }
}
