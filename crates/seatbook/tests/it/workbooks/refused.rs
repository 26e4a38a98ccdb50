//! What a workbook cannot do: row by row, and as a whole.

use calamine::Data;
use reqwest::Method;
use seatbook::scope::Permission;
use serde_json::json;
use uuid::Uuid;

use super::{
    Stage, apply, oddity,
    sheet::{number, text},
    upload, wrong,
};
use crate::{both_engines, harness::id};

both_engines! {
    /// Nonsense is refused where it stands: row, column, reason; the good rows can still go.
    async fn nonsense_is_refused_at_its_cell(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (_, aurora) = stage.customer(&app, "Aurora", 100).await;
        let (_, borealis) = stage.customer(&app, "Borealis", 50).await;
        for (pool, name, units) in [(aurora, "Below Aurora", 60), (borealis, "Below Borealis", 4)] {
            let shown = app.operator.get(&format!("/api/v1/pools/{pool}")).await.expect(200);
            let leaf = app.organization(id(&shown["organization_id"]), "customer", name).await;
            app.allocate(pool, leaf, units).await;
        }
        for (name, units) in [("Cumulus", 30), ("Drumlin", 20), ("Estuary", 10), ("Fjord", 5), ("Glacier", 5)] {
            stage.customer(&app, name, units).await;
        }
        let (_, mut sheet) = stage.export("").await;
        sheet.set("Aurora", "Units", number(50));
        sheet.remove("Borealis");
        sheet.set("Cumulus", "Units", text("ten"));
        sheet.set("Drumlin", "Reference", text("D-1"));
        let key = sheet.cell("Estuary", "Key").clone();
        sheet.add(&[("Name", text("Copied")), ("Units", number(1)), ("Key", key.clone())]);
        let foreign = key.to_string().replacen(|it: char| it.is_ascii_hexdigit(), "0", 32);
        sheet.add(&[("Name", text("Foreign")), ("Units", number(1)), ("Key", text(&foreign))]);
        sheet.add(&[("Name", text("Aurora")), ("Units", number(1))]);
        sheet.add(&[("Name", text("Heath")), ("Units", number(0))]);
        sheet.add(&[("Name", Data::Empty), ("Units", number(3))]);
        sheet.add(&[("Name", text("Isthmus")), ("Units", number(3)), ("Kind", text("Friend"))]);
        sheet.set("Fjord", "Units", number(900));
        sheet.set("Glacier", "Units", number(6));
        let import = stage.upload(sheet.write()).await.expect(201);
        let told = wrong(&stage.paula, &import).await;
        let said: Vec<(&str, &str, &str)> = told.iter().map(|it| (&*it.0, &*it.1, &*it.2)).collect();
        let key = sheet.headings[6].as_str();
        assert_eq!(said, [
            ("Aurora", "Units", "allocation.below_use"),
            ("Cumulus", "Units", "number.malformed"),
            ("Drumlin", "Reference", "workbook.fixed"),
            ("Estuary", key, "workbook.key_repeated"),
            ("Fjord", "Units", "pool.exhausted"),
            ("Copied", key, "workbook.key_repeated"),
            ("Foreign", key, "workbook.key_unknown"),
            ("Aurora", "Name", "customer.near_duplicate"),
            ("Heath", "Units", "units.out_of_range"),
            ("", "Name", "required"),
            ("Isthmus", "Kind", "kind.unknown"),
            ("Borealis", "Units", "allocation.below_use"),
        ], "{told:#?}");
        assert!(told[0].3.contains("60 units are in use there; free 10"), "{}", told[0].3);
        assert!(told[1].3.contains("“ten”"), "{}", told[1].3);
        assert!(told[3].3.contains("Rows 5, 8"), "{}", told[3].3);
        assert!(told[11].3.contains("4 units are in use there"), "{}", told[11].3);
        assert_eq!(oddity(&import, "units.short"), "116 units are missing for the rows that want more.");
        assert_eq!(import["counts"]["update"], 1, "Glacier is good");
        assert_eq!(apply(&stage.paula, &import, json!({"mode": "all"})).await.code(409), "import.rows_bad");
        apply(&stage.paula, &import, json!({"mode": "good"})).await.expect(200);
        assert_eq!(app.balance(stage.pool).await, [1_000, 221, 0, 779]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A license that passes nothing on says so at the rows that want more; units still return.
    async fn a_paused_license_takes_units_back_only(app: TestApp) {
        let stage = Stage::set(&app).await;
        for (name, units) in [("Aurora", 100), ("Borealis", 50), ("Cumulus", 30)] {
            stage.customer(&app, name, units).await;
        }
        let (_, mut sheet) = stage.export("").await;
        sheet.set("Aurora", "Units", number(120));
        sheet.set("Borealis", "Units", number(40));
        sheet.set("Cumulus", "Name", text("Cumulus Works"));
        sheet.add(&[("Name", text("Drumlin")), ("Units", number(7))]);
        app.operator.act(&format!("/api/v1/licenses/{}/pause", stage.license)).await.expect(200);
        let import = stage.upload(sheet.write()).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 0, "update": 2, "same": 0, "bad": 2}), "{import:#}");
        let told = wrong(&stage.paula, &import).await;
        let said: Vec<(&str, &str, &str)> = told.iter().map(|it| (&*it.0, &*it.1, &*it.2)).collect();
        assert_eq!(said, [("Aurora", "Units", "pool.closed"), ("Drumlin", "Units", "pool.closed")]);
        apply(&stage.paula, &import, json!({"mode": "good"})).await.expect(200);
        assert_eq!(app.balance(stage.pool).await, [1_000, 170, 0, 830]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A workbook is seen and brought back where it was exported, and nowhere else; what is forgotten is unknown.
    async fn a_workbook_is_nobody_elses(app: TestApp) {
        let stage = Stage::set(&app).await;
        stage.customer(&app, "Aurora", 100).await;
        let (workbook, mut sheet) = stage.export("").await;
        let other = app.organization(app.provider, "partner", "Elsewhere").await;
        let stranger = app.member(other, "partner_administrator").await;
        let workbook = id(&workbook["id"]);
        let path = format!("/api/v1/workbooks/{workbook}");
        for path in [path.clone(), format!("{path}/file")] {
            let foreign = stranger.get(&path).await;
            let random = stranger.get(&path.replace(&workbook.to_string(), &Uuid::nil().to_string())).await;
            assert_eq!((foreign.status, &foreign.text), (random.status, &random.text));
            assert_eq!(foreign.code(404), "not_found");
        }
        sheet.set("Aurora", "Units", number(90));
        let file = sheet.write();
        assert_eq!(upload(&stranger, file.clone()).await.field(), "workbook.unknown");
        let reader = app.member(stage.partner, "reader").await;
        let exports = format!("/api/v1/pools/{}/workbooks", stage.pool);
        assert_eq!(reader.post(&exports, json!({})).await.code(403), "permission.missing");
        assert_eq!(upload(&reader, file.clone()).await.code(403), "permission.missing");
        // Who may import, and pass nothing on, is told so at the row.
        let importer = app.limited(&stage.paula, &[Permission::ImportsRun, Permission::AllocationsRead]).await;
        let import = upload(&importer, file.clone()).await.expect(201);
        assert_eq!(wrong(&importer, &import).await[0].2, "permission.missing");
        // Who may not see the customers does not see them in a workbook either.
        let blind = app.limited(&stage.paula, &[Permission::ImportsRun]).await;
        assert_eq!(upload(&blind, file.clone()).await.field(), "workbook.unknown");
        assert_eq!(blind.get(&path).await.code(404), "not_found");

        let mut renamed = sheet.clone();
        renamed.headings[6] = "Key (read-only)".into();
        assert_eq!(stage.upload(renamed.write()).await.field(), "workbook.read_only");
        renamed.headings[6] = "Something".into();
        assert_eq!(stage.upload(renamed.write()).await.field(), "workbook.unknown");
        let (_, mut nobody) = stage.export("").await;
        nobody.remove("Aurora");
        nobody.about = "It has rows,\nand the list has none.".into();
        assert_eq!(stage.upload(nobody.write()).await.field(), "file.no_rows");
        app.tamper("UPDATE workbook SET expires_at = created_at").await;
        assert_eq!(stage.upload(file).await.field(), "workbook.unknown");
        assert_eq!(stage.paula.get(&path).await.code(404), "not_found");
        seatbook::workbooks::exporting::forget(&app.app, app.app.gate.now()).await.expect("it is forgotten");
        assert_eq!(app.texts("SELECT CAST(count(*) AS TEXT), 'rows' FROM workbook_row").await, "0\nrows\n");
        assert_eq!(app.texts("SELECT CAST(count(*) AS TEXT), 'rows' FROM workbook").await, "0\nrows\n");
        app.end().await;
    }
}

both_engines! {
    /// The same request twice is one workbook, and a preview is none.
    async fn an_export_is_made_once(app: TestApp) {
        let stage = Stage::set(&app).await;
        stage.customer(&app, "Aurora", 100).await;
        let path = format!("/api/v1/pools/{}/workbooks", stage.pool);
        stage.paula.post(&format!("{path}?preview=true"), json!({})).await.expect(200);
        assert_eq!(app.texts("SELECT CAST(count(*) AS TEXT), 'rows' FROM workbook").await, "0\nrows\n");
        let first = stage.paula.post_with_key(&path, "k", json!({})).await.expect(201);
        let twin = stage.paula.post_with_key(&path, "k", json!({})).await.expect(201);
        assert_eq!(first, twin);
        assert_eq!(first["row_count"], 1);
        let file = format!("/api/v1/workbooks/{}/file", id(&first["id"]));
        let answer = stage.paula.request(Method::GET, &file).send().await.expect("an answer");
        let name = answer.headers()["content-disposition"].to_str().expect("text").to_owned();
        assert!(name.contains("Customers of MDR-1Y 20") && name.ends_with(".xlsx\""), "{name}");
        app.prove();
        app.end().await;
    }
}
