//! Out, edited, back, and out again.

use serde_json::json;

use super::{
    Stage, apply, items, oddity, rows, run_jobs,
    sheet::{Sheet, number, text},
    wrong,
};
use crate::{both_engines, harness::id};

/// A sheet is equal to what was edited, cell by cell where that can be, and says what is so in the rest.
async fn equals(stage: &Stage, edited: &Sheet) {
    let (_, again) = stage.export("").await;
    assert_eq!(again.headings[..6], edited.headings[..6]);
    assert_eq!(again.customers(), edited.customers());
    let listed = stage.listed().await;
    assert_eq!(listed.len(), again.rows.len());
    for customer in listed {
        let name = customer["name"].as_str().expect("a name");
        let in_use = customer["in_use"].as_i64().expect("a number");
        assert_eq!(again.cell(name, "In use"), &number(in_use));
        assert!(matches!(
            again.cell(name, "Changed"),
            calamine::Data::DateTime(_)
        ));
    }
}

both_engines! {
    /// All kinds of edits at once: each is shown before it happens, and afterwards the workbook is what was edited.
    async fn an_edited_workbook_applies_its_differences(app: TestApp) {
        let stage = Stage::set(&app).await;
        for (name, units) in [("Aurora", 100), ("Borealis", 50), ("Cumulus", 30), ("Drumlin", 20), ("Estuary", 10)] {
            stage.customer(&app, name, units).await;
        }
        let (workbook, mut sheet) = stage.export("").await;
        assert_eq!((&workbook["row_count"], &workbook["read_only"]), (&json!(5), &json!(false)));
        assert_eq!(sheet.headings[..6], ["Name", "Reference", "Kind", "Units", "In use", "Changed"]);
        assert!(sheet.about.contains("Customers of MDR-1Y") && sheet.about.contains("Remove a row"), "{}", sheet.about);
        assert_eq!(sheet.cell("Aurora", "Units"), &number(100));
        sheet.set("Aurora", "Units", number(120));
        sheet.set("Borealis", "Name", text("Borealis Clinics"));
        sheet.remove("Cumulus");
        sheet.set("Drumlin", "Units", number(5));
        sheet.set("Drumlin", "Name", text("Drumlin Works"));
        sheet.add(&[("Name", text("Fjord")), ("Units", number(40)), ("Reference", text("0049"))]);
        sheet.add(&[("Name", text("Glacier")), ("Units", number(7)), ("Kind", text("partner"))]);
        let file = sheet.write();
        let import = stage.upload(file.clone()).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 2, "update": 3, "remove": 1, "same": 1, "bad": 0}), "{import:#}");
        assert_eq!(import["organization_id"], json!(stage.partner));
        assert_eq!(oddity(&import, "units.remaining"), "790 units are free now; 768 would be left.");
        assert!(!import["oddities"].to_string().contains("file.other_sheets"));
        let removed = &rows(&stage.paula, &import, "remove").await[0];
        assert_eq!((&removed["cells"][0], &removed["cells"][3]), (&json!("Cumulus"), &json!("0")));
        assert!(removed["remarks"].to_string().contains("row.removed") && removed["remarks"].to_string().contains("Was: 30"));
        let changed = rows(&stage.paula, &import, "update").await;
        assert!(changed[0]["remarks"].to_string().contains("Was: 100"), "{changed:#?}");
        assert_eq!(app.balance(stage.pool).await, [1_000, 210, 0, 790], "nothing has happened yet");

        let seen = json!({"mode": "all", "fingerprint": import["fingerprint"]});
        let done = apply(&stage.paula, &import, seen).await.expect(200);
        assert_eq!((&done["state"], &done["counts"]["remove"]), (&json!("applied"), &json!(1)));
        assert_eq!(app.balance(stage.pool).await, [1_000, 232, 0, 768]);
        sheet.set("Fjord", "Kind", text("Customer"));
        sheet.set("Glacier", "Kind", text("Partner"));
        equals(&stage, &sheet).await;
        app.prove();

        // The same file again changes nothing: what it wanted is so, and who was new is there.
        let path = format!("/api/v1/imports/{}/result.xlsx", id(&import["id"]));
        assert_eq!(stage.paula.get(&path).await.status, 200);
        assert_eq!(apply(&stage.paula, &import, json!({"mode": "all"})).await.code(409), "import.state");
        let again = stage.upload(file).await.expect(201);
        assert_eq!(again["counts"], json!({"create": 0, "update": 0, "same": 5, "bad": 2}), "{again:#}");
        let codes: Vec<String> = wrong(&stage.paula, &again).await.into_iter().map(|it| it.2).collect();
        assert_eq!(codes, ["organization.reference_taken", "customer.near_duplicate"]);
        assert_eq!(apply(&stage.paula, &again, json!({"mode": "good"})).await.code(409), "import.applied_before");
        apply(&stage.paula, &again, json!({"mode": "good", "again": true})).await.expect(200);
        assert_eq!(app.balance(stage.pool).await, [1_000, 232, 0, 768]);
        app.end().await;
    }
}

both_engines! {
    /// What others did meanwhile stays; only where both changed the same, the row is refused, with both values.
    async fn what_others_changed_meanwhile_is_kept(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (aurora, _) = stage.customer(&app, "Aurora", 100).await;
        let (borealis, _) = stage.customer(&app, "Borealis", 50).await;
        let (cumulus, _) = stage.customer(&app, "Cumulus", 30).await;
        let (estuary, _) = stage.customer(&app, "Estuary", 10).await;
        let (fjord, _) = stage.customer(&app, "Fjord", 10).await;
        let (_, mut sheet) = stage.export("").await;
        for (customer, units) in [(aurora, 10), (estuary, 2), (fjord, 1)] {
            app.allocate(stage.pool, customer, units).await;
        }
        for (customer, name) in [(borealis, "Borealis AG"), (cumulus, "Cumulus AG")] {
            let path = format!("/api/v1/customers/{customer}");
            stage.paula.patch(&path, json!({"name": name})).await.expect(200);
        }
        sheet.set("Aurora", "Units", number(120));
        sheet.set("Borealis", "Units", number(55));
        sheet.set("Cumulus", "Name", text("Cumulus SE"));
        sheet.remove("Fjord");
        let import = stage.upload(sheet.write()).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 0, "update": 1, "same": 1, "bad": 3}), "{import:#}");
        assert!(oddity(&import, "rows.disputed").contains("with both values"));
        let told = wrong(&stage.paula, &import).await;
        let said: Vec<(&str, &str, &str)> = told.iter().map(|it| (&*it.0, &*it.1, &*it.2)).collect();
        assert_eq!(said, [
            ("Aurora", "Units", "allocation.changed"),
            ("Cumulus SE", "Name", "workbook.name_changed"),
            ("Fjord", "Units", "allocation.changed"),
        ]);
        assert!(told[0].3.contains("from 100 to 110") && told[0].3.contains("120"), "{}", told[0].3);
        assert!(told[1].3.contains("“Cumulus AG”") && told[1].3.contains("“Cumulus SE”"), "{}", told[1].3);
        assert!(told[2].3.contains("from 10 to 11") && told[2].3.contains("removes it"), "{}", told[2].3);
        assert_eq!(apply(&stage.paula, &import, json!({"mode": "all"})).await.code(409), "import.rows_bad");
        assert_eq!(app.balance(stage.pool).await, [1_000, 213, 0, 787]);
        apply(&stage.paula, &import, json!({"mode": "good"})).await.expect(200);
        let listed = stage.listed().await;
        let told: Vec<(&str, i64)> = listed.iter()
            .map(|it| (it["name"].as_str().expect("a name"), it["quantity"].as_i64().expect("units"))).collect();
        assert_eq!(told, [("Aurora", 110), ("Borealis AG", 55), ("Cumulus AG", 30), ("Estuary", 12), ("Fjord", 11)]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Many new customers are taken in by a job; begun again behind a crash, it takes nobody in twice.
    async fn a_long_workbook_is_applied_by_a_job(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (_, mut sheet) = stage.export("").await;
        assert!(sheet.rows.is_empty());
        for place in 0..520_u32 {
            // Names that have nothing in common are not looked through for likes.
            let name = format!("{:08x}", place.wrapping_mul(2_654_435_761).reverse_bits());
            sheet.add(&[("Name", text(&name)), ("Units", number(1)), ("Reference", text(&format!("S-{place:03}")))]);
        }
        let import = stage.upload(sheet.write()).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 520, "update": 0, "same": 0, "bad": 0}));
        apply(&stage.paula, &import, json!({"mode": "good"})).await.expect(202);
        run_jobs(&app).await;
        assert_eq!(app.balance(stage.pool).await, [1_000, 520, 0, 480]);
        // As if the server had stopped behind the first step.
        for forgotten in ["'import:%:1:0'", "'import:%:finish'"] {
            app.tamper(&format!("DELETE FROM request_key WHERE key LIKE {forgotten}")).await;
        }
        app.tamper("UPDATE import_batch SET state = 'applying'").await;
        apply(&stage.paula, &import, json!({"mode": "good"})).await.expect(202);
        run_jobs(&app).await;
        let show = format!("/api/v1/imports/{}", id(&import["id"]));
        assert_eq!(stage.paula.get(&show).await.expect(200)["state"], "applied");
        assert_eq!(app.balance(stage.pool).await, [1_000, 520, 0, 480]);
        let (workbook, again) = stage.export("").await;
        assert_eq!((&workbook["row_count"], again.rows.len()), (&json!(520), 520));
        let unedited = stage.upload(again.write()).await.expect(201);
        assert_eq!(unedited["counts"], json!({"create": 0, "update": 0, "same": 520, "bad": 0}));
        let jobs = items(&stage.paula, "/api/v1/jobs").await;
        assert!(jobs.iter().all(|job| job["state"] == "done"), "{jobs:#?}");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A narrowed workbook knows of its own customers only: nobody else is removed by not being in it.
    async fn a_narrowed_workbook_removes_only_its_own(app: TestApp) {
        let stage = Stage::set(&app).await;
        for (name, units) in [("North Aurora", 10), ("South Aurora", 20), ("Borealis", 30)] {
            stage.customer(&app, name, units).await;
        }
        let (workbook, mut sheet) = stage.export("aurora").await;
        assert_eq!((&workbook["row_count"], &workbook["keyword"]), (&json!(2), &json!("aurora")));
        assert!(sheet.about.contains("the others are not touched"));
        sheet.remove("North Aurora");
        let import = stage.upload(sheet.write()).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 0, "update": 0, "remove": 1, "same": 1, "bad": 0}));
        apply(&stage.paula, &import, json!({"mode": "all"})).await.expect(200);
        assert_eq!(app.balance(stage.pool).await, [1_000, 50, 0, 950]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Columns that are not read back may go; who was removed in the file and by others, too, is in nobody's way.
    async fn what_is_not_in_the_file_any_more_is_no_edit(app: TestApp) {
        let stage = Stage::set(&app).await;
        for (name, units) in [("Aurora", 100), ("Borealis", 50)] {
            stage.customer(&app, name, units).await;
        }
        let (cumulus, _) = stage.customer(&app, "Cumulus", 30).await;
        let (_, mut sheet) = stage.export("").await;
        for heading in ["Reference", "Kind", "In use"] {
            let place = sheet.column(heading);
            sheet.headings.remove(place);
            sheet.rows.iter_mut().for_each(|row| drop(row.remove(place)));
        }
        sheet.set("Aurora", "Units", number(120));
        sheet.remove("Cumulus");
        let back = json!({"pool_id": stage.pool, "organization_id": cumulus, "units": -30});
        app.operator.post("/api/v1/allocations", back).await.expect(201);
        let elsewhere = app.organization(app.provider, "partner", "Elsewhere").await;
        let moved = json!({"parent_id": elsewhere});
        app.operator.post(&format!("/api/v1/organizations/{cumulus}/move"), moved).await.expect(200);
        let import = stage.upload(sheet.write()).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 0, "update": 1, "same": 2, "bad": 0}), "{import:#}");
        apply(&stage.paula, &import, json!({"mode": "all"})).await.expect(200);
        assert_eq!(app.balance(stage.pool).await, [1_000, 170, 0, 830]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What a workbook changed is taken back as a whole, from the journal; what somebody built on it is in the way.
    async fn an_applied_workbook_is_undone(app: TestApp) {
        let stage = Stage::set(&app).await;
        for (name, units) in [("Aurora", 100), ("Borealis", 50), ("Cumulus", 30)] {
            stage.customer(&app, name, units).await;
        }
        let (_, before) = stage.export("").await;
        let mut sheet = before.clone();
        sheet.set("Aurora", "Units", number(120));
        sheet.set("Borealis", "Name", text("Borealis Clinics"));
        sheet.remove("Cumulus");
        let import = stage.upload(sheet.write()).await.expect(201);
        apply(&stage.paula, &import, json!({"mode": "all"})).await.expect(200);
        let entries = items(&stage.paula, "/api/v1/journal?command=imports.apply&limit=1").await;
        let path = format!("/api/v1/journal/{}/undo", id(&entries[0]["id"]));
        stage.paula.act(&path).await.expect(200);
        equals(&stage, &before).await;
        // Taken back, it may come once more.
        let again = stage.upload(sheet.write()).await.expect(201);
        assert_eq!(again["counts"], import["counts"]);
        apply(&stage.paula, &again, json!({"mode": "all"})).await.expect(200);
        equals(&stage, &sheet).await;
        app.prove();
        app.end().await;
    }
}
