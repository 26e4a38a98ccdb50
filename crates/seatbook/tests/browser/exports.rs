//! A list taken along as a file: a short one at once, a long one by its job.

use std::path::Path;

use calamine::{Reader, Xlsx, open_workbook_from_rs};
use serde_json::json;

use crate::{harness::Engine, on_both, stage::Stage, visitor::Visitor};

on_both!(a_list_is_taken_along, each_list_offers_it);

async fn a_list_is_taken_along(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let sku = app.insert_sku("EDGE-1Y", Some("P1Y")).await;
    for (order, quantity) in [("SO-1", 50), ("SO-2", 8)] {
        let license = json!({"organization_id": app.provider, "sku_id": sku, "quantity": quantity, "sales_order": order});
        app.operator
            .post("/api/v1/licenses", license)
            .await
            .expect(201);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let olga = stage.member(app.provider, "operator").await;
    let place = folder.path().display().to_string();
    let kept = json!({"behavior": "allow", "downloadPath": place});
    olga.tells("Browser.setDownloadBehavior", kept).await;

    olga.follows("Licenses").await;
    olga.fills("Search", "SO-2").await;
    olga.sees_no("SO-1").await;
    olga.presses("Export").await;
    olga.presses("Excel (.xlsx)").await;
    let rows = arrived(&olga, folder.path(), "Licenses").await;
    assert_eq!(rows.len(), 3, "heading, row, sum: {rows:?}");
    assert_eq!(rows[1][0], "SO-2");
    olga.sees_at("/licenses").await;

    app.plant_licenses(app.provider, sku, 5_100).await;
    olga.opens("/licenses").await;
    olga.presses("Export").await;
    olga.presses("Excel (.xlsx)").await;
    olga.sees("Licenses to Excel").await;
    olga.sees("5,102 rows written").await;
    olga.follows("Download result").await;
    let rows = arrived(&olga, folder.path(), "Licenses").await;
    assert_eq!(rows.len(), 5_102 + 2);
    drop(olga);
    stage.end().await;
}

/// Over each list stands Export; one of those without search and filters is taken along.
async fn each_list_offers_it(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let sku = app.insert_sku("EDGE-1Y", Some("P1Y")).await;
    let partner = app.organization(app.provider, "partner", "Nordlicht").await;
    let (license, pool) = app.license(app.provider, sku, 50).await;
    app.allocate(pool, partner, 20).await;
    let plan = json!({"code": "FULL", "name": "Full", "components": [{"sku_id": sku, "units": 4}]});
    let plan = app.operator.post("/api/v1/service-plans", plan).await.id();
    let rollout =
        json!({"seller_id": app.provider, "plan_id": plan, "organization_ids": [partner]});
    let rollout = app.operator.post("/api/v1/rollouts", rollout).await.id();
    let user = json!({"organization_id": partner, "name": "Ada Lindt"});
    app.operator.post("/api/v1/holders", user).await.expect(201);
    let folder = tempfile::tempdir().expect("a folder");
    let olga = stage.member(app.provider, "operator").await;
    let place = folder.path().display().to_string();
    let kept = json!({"behavior": "allow", "downloadPath": place});
    olga.tells("Browser.setDownloadBehavior", kept).await;
    let pages = [
        "/licenses".to_owned(),
        "/as-of?date=2026-06-01".into(),
        format!("/as-of/pools/{pool}?date=2026-06-01"),
        format!("/licenses/{license}/customers"),
        format!("/organizations/{partner}/subscriptions"),
        format!("/organizations/{partner}/configuration"),
        "/organizations".into(),
        "/catalog".into(),
        "/catalog?show=products".into(),
        "/catalog/plans".into(),
        "/rollouts".into(),
        format!("/rollouts/{rollout}"),
        "/holders".into(),
        "/reconciliation?month=2026-06".into(),
        "/people".into(),
        "/tokens".into(),
        "/mails".into(),
        "/journal".into(),
        "/jobs".into(),
        "/roles".into(),
    ];
    for page in pages {
        olga.opens(&page).await;
        olga.presses("Export").await;
        olga.finds("button", "Excel (.xlsx)").await;
        olga.finds("button", "CSV").await;
    }
    olga.presses("Excel (.xlsx)").await;
    let rows = arrived(&olga, folder.path(), "Roles").await;
    assert_eq!(rows[0][3], "Operator", "{rows:?}");
    drop(olga);
    stage.end().await;
}

/// The rows of a workbook, as soon as it is there. It is taken away, so that the next one may have its name.
async fn arrived(olga: &Visitor, folder: &Path, sheet: &str) -> Vec<Vec<String>> {
    let look = async || {
        let mut found = folder.read_dir().ok()?.flatten().map(|it| it.path());
        let path = found.find(|path| path.extension().is_some_and(|it| it == "xlsx"))?;
        let content = std::fs::read(&path).ok()?;
        std::fs::remove_file(path).ok()?;
        Some(content)
    };
    let file = olga.until(look).await.expect("a file arrives");
    let book: Result<Xlsx<_>, _> = open_workbook_from_rs(std::io::Cursor::new(file));
    let mut book = book.expect("a workbook");
    let sheet = book.worksheet_range(sheet).expect("its sheet");
    let row = |row: &[calamine::Data]| row.iter().map(ToString::to_string).collect();
    sheet.rows().map(row).collect()
}
