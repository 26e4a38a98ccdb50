//! A small book of this version, made through the door: what later versions are tried with.

use std::{
    fs::{self, File},
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use seatbook::{chain, jobs, router::KINDS, schema::MIGRATIONS};
use serde_json::json;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{HEAVIEST, folder, word};
use crate::{
    activation::{Market, redeem},
    backups::Shelf,
    both_engines,
    crossgrades::stage,
    harness::TestApp,
    invoices::Desk,
};

/// Set by `cargo xtask keep-release`. Without it the book is made and weighed, and nothing is kept.
const VARIABLE: &str = "KEEP_RELEASE";

/// Something of every kind: prices and an invoice with its file, telephones, codes, plans, people, a change taken back.
async fn fill(app: &TestApp) {
    // First: it names the provider as the seller of all licenses there are.
    let desk = Desk::set(app).await;
    let license = desk.sold(desk.customer, (10, 500, "EUR")).await;
    let send = json!({"license_ids": [license]});
    app.operator
        .post("/api/v1/invoices/send", send)
        .await
        .expect(200);

    let phones = app.telephones(20).await;
    let add_ons = [phones.add_ons[0].0];
    app.assigned(&phones, phones.people[0], "4711", &add_ons)
        .await;

    let market = Market::open(app).await;
    let (_, code) = market.unassigned(5).await;
    market.unassigned(7).await;
    redeem(&market.admin, market.customer, &code)
        .await
        .expect(200);

    let stage = stage::Stage::open(app, 100).await;
    stage.assign(stage.standard, json!({})).await.expect(201);
    stage.bind(app, 5).await;

    jobs::run_until_idle(&app.app, KINDS)
        .await
        .expect("they run");
    app.follow().await;
    while chain::follower::follow_once(app.app.gate.db())
        .await
        .expect("it chains")
    {}
}

/// The backup as one file.
fn packed(backup: &Path) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_level(Some(9));
    for path in files(backup) {
        let name = path.strip_prefix(backup).expect("below it");
        let name = name.to_str().expect("a plain name");
        archive.start_file(name, options).expect("it begins");
        let bytes = fs::read(&path).expect("it reads");
        archive.write_all(&bytes).expect("it is packed");
    }
    archive.finish().expect("it is finished").into_inner()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it is there").path())
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect();
    found.sort();
    found
}

both_engines! {
    /// It is small enough to be kept for ever.
    async fn a_book_of_this_version_can_be_kept(app: TestApp) {
        fill(&app).await;
        let shelf = Shelf::new(&app);
        let packed = packed(&shelf.back_up(app.database()).await);
        assert!(packed.len() as u64 <= HEAVIEST, "{} bytes", packed.len());
        if std::env::var_os(VARIABLE).is_some() {
            let newest = MIGRATIONS.last().expect("there is one");
            let name = newest.name.replace(' ', "_");
            let file = format!("{:04}_{name}.{}.zip", newest.number, word(app.engine));
            let path = folder().join(file);
            let mut file = File::create_new(&path).unwrap_or_else(|error| {
                panic!("{}: {error}; a kept book is never replaced, and without a new migration there is none to keep", path.display())
            });
            file.write_all(&packed).expect("it is written");
        }
        shelf.clear().await;
        app.end().await;
    }
}
