//! E4: a license's customers go out as a workbook, are edited, and come back.

use std::{fs, path::PathBuf};

use serde_json::json;

use crate::{
    axe::{self, Rules},
    harness::Engine,
    on_both,
    stage::Stage,
    visitor::{Look, Visitor},
    workbook_sheet::{Sheet, number, text},
};

on_both!(a_workbook_goes_and_comes_back);

/// Where the browser puts what it downloads, until the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(engine: Engine) -> Folder {
        let name = format!("workbooks-{engine:?}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    /// The workbook in it, once it is there as a whole.
    fn workbook(&self) -> Option<PathBuf> {
        let files = fs::read_dir(&self.0).ok()?.flatten();
        let mut files = files.map(|entry| entry.path());
        files.find(|path| path.extension().is_some_and(|it| it == "xlsx"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Downloads the customers of the license whose page is open, edits the file, and shows the difference.
pub async fn brings_back(who: &Visitor, engine: Engine, edit: impl Fn(&mut Sheet)) {
    let folder = Folder::new(engine);
    let file = downloads(who, &folder).await;
    let mut sheet = Sheet::read(&fs::read(&file).expect("a file"));
    edit(&mut sheet);
    fs::write(&file, sheet.write()).expect("a file");
    who.types("Workbook", &file.display().to_string()).await;
    who.presses("Show the difference").await;
    who.sees("Check before importing").await;
}

async fn downloads(who: &Visitor, folder: &Folder) -> PathBuf {
    let allowed = json!({"behavior": "allow", "downloadPath": folder.0});
    who.tells("Browser.setDownloadBehavior", allowed).await;
    who.presses("Download").await;
    let found = who.until(async || folder.workbook()).await;
    found.expect("a downloaded workbook")
}

fn edit(sheet: &mut Sheet) {
    sheet.set("Aurora", "Units", number(120));
    sheet.set("Borealis", "Units", text("ten"));
    sheet.remove("Cumulus");
    sheet.add(&[("Name", text("Drumlin")), ("Units", number(7))]);
}

async fn a_workbook_goes_and_comes_back(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let sku = app.insert_sku("MDR-1Y", Some("P1Y")).await;
    let (_, pool) = app.license(app.provider, sku, 1_000).await;
    for (name, units) in [("Aurora", 100), ("Borealis", 50), ("Cumulus", 30)] {
        let customer = app.organization(app.provider, "customer", name).await;
        app.allocate(pool, customer, units).await;
    }
    let olga = stage.member(app.provider, "operator").await;
    olga.follows("Licenses").await;
    olga.follows("Customers of MDR-1Y").await;
    olga.presses("Workbook").await;
    olga.follows("Download workbook").await;
    olga.sees("3 customers, as they are now.").await;
    brings_back(&olga, engine, edit).await;
    olga.sees("820 units are free now; 823 would be left.")
        .await;
    olga.row("Aurora").sees("120").await;
    olga.row("Cumulus").sees("Removed").await;
    olga.row("Drumlin").sees("New").await;
    olga.row("Borealis").sees("is no whole number").await;
    on_a_phone(&olga).await;
    olga.ticks("The 3 good rows").await;
    olga.presses("Apply").await;
    olga.sees("The good rows are in the book.").await;
    olga.finds("link", "Result file (XLSX)").await;
    olga.follows("See the customers").await;
    olga.row("Aurora").sees("120").await;
    olga.row("Borealis").sees("50").await;
    olga.row("Drumlin").sees("7").await;
    olga.sees_no("Cumulus").await;
    stage.app.prove();
    drop(olga);
    stage.end().await;
}

/// The difference on a phone: nothing to push sideways, nothing that axe complains about.
async fn on_a_phone(olga: &Visitor) {
    for (look, rules) in [(Look::Phone, Rules::Shape), (Look::Light, Rules::All)] {
        olga.looks(look).await;
        let wider = "return document.documentElement.scrollWidth - innerWidth";
        assert!(olga.runs(wider).await.as_i64() <= Some(0));
        let lines = axe::complaints(olga, &axe::source(), rules).await;
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}
