//! Nothing that was acknowledged before a backup began is missing from it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use seatbook::{backups, operations::gauges, schema::MIGRATIONS};
use serde_json::json;

use super::{Shelf, key, manifest, run, text};
use crate::both_engines;

both_engines! {
    /// Eight write without a pause; what was answered before the backup began is in the restored book, which adds up.
    async fn nothing_acknowledged_is_missing(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        let sku = app.insert_sku("FW", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "P").await;
        let (_, pool) = app.license(app.provider, sku, 10_000).await;
        app.allocate(pool, partner, 20).await;
        app.follow().await;
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..8).map(|writer| {
            let (person, parent, stop) = (app.operator.clone(), app.provider, Arc::clone(&stop));
            tokio::spawn(async move {
                let mut made = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let body = json!({"parent_id": parent, "kind": "customer", "name": format!("C {writer}-{}", made.len())});
                    made.push(person.post("/api/v1/organizations", body).await.id());
                }
                made
            })
        }).collect();
        let mut before = Vec::new();
        for number in 0..10 {
            before.push(app.organization(partner, "customer", &format!("B {number}")).await);
        }
        let backup = shelf.back_up(app.database()).await;
        stop.store(true, Ordering::SeqCst);
        let mut made = 0;
        for writer in writers {
            made += writer.await.expect("it writes").len();
        }
        assert!(made > 8, "{made}");

        let told = manifest(&backup);
        assert_eq!((&told["verified"], &told["schema"]["number"]), (&json!(true), &json!(MIGRATIONS.len())));
        let place = shelf.restore(&backup).await;
        let other = app.on(&place).await;
        let person = app.operator.at(other.address);
        for id in before {
            person.get(&format!("/api/v1/organizations/{id}")).await.expect(200);
        }
        other.end().await;
        let unsaid = run(&["resume", "--database", &place]).await;
        let why = "floors.missing: How far were the invoices in the end? Give --high-water, or --floor for each series that";
        assert!(unsaid.code == 1 && unsaid.trouble.contains(why), "no series is in it: {}", unsaid.trouble);
        app.prove();
        shelf.clear().await;
        app.end().await;
    }
}

both_engines! {
    /// The book knows when its newest proven backup was made; the manifest says what it is made of and how far it was.
    async fn a_backup_is_told_of(app: TestApp) {
        let shelf = Shelf::new(&app);
        let newest = || app.app.read(|mut tx| Box::pin(async move { backups::newest(&mut tx).await }));
        assert_eq!(newest().await.expect("it reads"), None);
        app.organization(app.provider, "customer", "C").await;
        app.follow().await;
        let backup = shelf.back_up(app.database()).await;
        let told = manifest(&backup);
        let at = newest().await.expect("it reads").expect("there is one");
        assert_eq!(json!(at), told["begun_at"]);
        gauges::take(&app.app).await.expect("they are taken");
        let figures = app.operator.get("/metrics").await.page(200);
        assert!(figures.contains("seatbook_backup_age_seconds "), "{figures}");
        let rows = told["tables"]["organization"].as_i64();
        assert_eq!(rows, Some(2), "{told}");
        assert!(told["high_water"]["journal_seq"].as_i64() > Some(0), "{told}");
        let files = told["files"].as_array().expect("files");
        assert!(files.iter().all(|file| file["sha256"].as_str().map(str::len) == Some(64)), "{told}");
        // What is sealed with it is in the backup, the key is not.
        assert!(!told.to_string().contains(&key()));
        let marks = shelf.path("high-water.json");
        let said = run(&["backup", "--database", app.database(), "--high-water", text(&marks)]).await;
        assert_eq!(said.code, 0, "{}", said.trouble);
        let marks: serde_json::Value = serde_json::from_slice(&std::fs::read(marks).expect("marks")).expect("JSON");
        let timeless = |mut marks: serde_json::Value| {
            marks["journal_head"]["at"].take();
            marks
        };
        assert_eq!(timeless(marks["high_water"].clone()), timeless(told["high_water"].clone()));
        shelf.clear().await;
        app.end().await;
    }
}

both_engines! {
    /// A book that breaks a law is copied all the same, and does not count as proven.
    async fn what_is_off_is_not_proven(app: TestApp) {
        let shelf = Shelf::new(&app);
        let sku = app.insert_sku("FW", Some("P1Y")).await;
        app.license(app.provider, sku, 50).await;
        app.tamper("UPDATE pool SET quantity = 51 WHERE quantity = 50").await;
        let to = shelf.path("off");
        let said = run(&["backup", "--database", app.database(), "--to", text(&to)]).await;
        assert_eq!(said.code, 1);
        assert!(said.text.contains("does not count as proven"), "{}", said.text);
        let newest = app.app.read(|mut tx| Box::pin(async move { backups::newest(&mut tx).await }));
        assert_eq!(newest.await.expect("it reads"), None);
        shelf.clear().await;
        app.end().await;
    }
}
