//! Mass configuration through the door: seed 003's file, and everything that can be wrong with one.

use reqwest::Method;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{apply, form_named, oddity, run_jobs};
use crate::{
    assignments::stage::Stage,
    both_engines,
    harness::{Answer, TestApp, send},
};

/// The four rows of seed 003.
const SEED: &str = "Ext Key,Number,User,Addon license 1,Addon license 2,Addon license 3,Addon license 4\n\
    101,6567891230,John,device_ip_phone,device_mobile_app,license_dnc_checking_enabled,call_recording\n\
    102,6567891231,Alice,device_ip_phone,device_mobile_app,license_dnc_checking_enabled,call_recording\n\
    104,6567891232,Lucie,device_ip_phone,device_desktop_app,call_recording,\n\
    109,6567891233,Hallie,device_ip_phone,device_desktop_app,call_recording,\n";

/// A customer with phone systems, users and this many units of each add-on: their pools.
struct Office {
    stage: Stage,
    pools: Vec<(&'static str, Uuid)>,
}

impl Office {
    async fn open(app: &TestApp, add_ons: &[(&'static str, i64)]) -> Office {
        let stage = Stage::set(app, 4).await;
        let mut pools = Vec::new();
        for (code, units) in add_ons {
            pools.push((*code, stage.add_on(code, *units).await.1));
        }
        for name in ["John", "Alice", "Lucie", "Hallie"] {
            stage.user(name).await;
        }
        Office { stage, pools }
    }

    /// Just enough for the seed's file.
    async fn exact(app: &TestApp, recording: i64) -> Office {
        Office::open(
            app,
            &[
                ("device_ip_phone", 4),
                ("call_recording", recording),
                ("device_mobile_app", 2),
                ("device_desktop_app", 2),
                ("license_dnc_checking_enabled", 2),
                ("license_number", 4),
            ],
        )
        .await
    }

    async fn upload(&self, name: &str, content: impl Into<Vec<u8>>) -> Answer {
        let form = form_named("extensions", name, content)
            .text("organization_id", self.stage.customer.to_string());
        let request = self.stage.admin.request(Method::POST, "/api/v1/imports");
        send(request.multipart(form)).await
    }

    async fn assigned(&self, app: &TestApp) -> Vec<(&'static str, i64)> {
        let mut all = vec![("base", app.balance(self.stage.phone_pool).await[2])];
        for (code, pool) in &self.pools {
            all.push((code, app.balance(*pool).await[2]));
        }
        all
    }

    /// What is said of the rows that have a problem: row, column, code.
    async fn problems(&self, import: &Value) -> Vec<(i64, String, String)> {
        let id = import["id"].as_str().expect("an id");
        let path = format!("/api/v1/imports/{id}/rows?outcome=bad");
        let rows = super::items(&self.stage.admin, &path).await;
        let problem = |row: &Value| {
            let remark = row["remarks"]
                .as_array()
                .and_then(|all| all.last())
                .cloned();
            let remark = remark.expect("a remark");
            let text = |name: &str| remark[name].as_str().unwrap_or_default().to_owned();
            (
                row["number"].as_i64().expect("a number"),
                text("column"),
                text("code"),
            )
        };
        rows.iter().map(problem).collect()
    }
}

both_engines! {
    /// The seed's file with exactly enough units: everything is bound, each once; again needs to be asked for.
    async fn the_seeds_file_applies(app: TestApp) {
        let office = Office::exact(&app, 4).await;
        let import = office.upload("phones.csv", SEED).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 4, "update": 0, "same": 0, "bad": 0}));
        assert!(oddity(&import, "numbers.counted").0.starts_with("Each of the 4 numbers uses one unit"));
        assert_eq!(office.assigned(&app).await[0].1, 0, "a check changes nothing");
        apply(&office.stage.admin, &import, json!({"mode": "all"})).await.expect(200);
        assert_eq!(office.assigned(&app).await, [("base", 4), ("device_ip_phone", 4), ("call_recording", 4),
            ("device_mobile_app", 2), ("device_desktop_app", 2), ("license_dnc_checking_enabled", 2), ("license_number", 4)]);
        let found = office.stage.admin.get("/api/v1/assignments?q=%2B6567891232").await.expect(200);
        assert_eq!((&found["items"][0]["extension"], &found["items"][0]["user_name"]), (&json!("104"), &json!("Lucie")));
        let again = office.upload("phones.csv", SEED).await.expect(201);
        let refused = apply(&office.stage.admin, &again, json!({"mode": "good"})).await;
        assert_eq!(refused.code(409), "import.applied_before");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// One call recording short: all or nothing changes nothing and names the row; the good rows are three.
    async fn one_unit_short(app: TestApp) {
        let office = Office::exact(&app, 3).await;
        let import = office.upload("phones.csv", SEED).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 3, "update": 0, "same": 0, "bad": 1}));
        assert_eq!(oddity(&import, "units.short").0, "call_recording: 4 wanted, 3 free, 1 short.");
        assert_eq!(office.problems(&import).await, [(5, "Addon license 3".into(), "pool.exhausted".into())]);
        let refused = apply(&office.stage.admin, &import, json!({"mode": "all"})).await;
        assert_eq!(refused.code(409), "import.rows_bad");
        assert_eq!(office.assigned(&app).await[0].1, 0);
        let applied = apply(&office.stage.admin, &import, json!({"mode": "good"})).await.expect(200);
        assert_eq!(applied["counts"], json!({"create": 3, "update": 0, "same": 0, "bad": 1}));
        assert_eq!(office.assigned(&app).await[2], ("call_recording", 3));
        let id = applied["id"].as_str().expect("an id");
        let result = office.stage.admin.get(&format!("/api/v1/imports/{id}/result.csv")).await;
        assert!(result.text.contains("6567891233"), "{}", result.text);
        let entry = app.operator.get("/api/v1/journal?command=imports.apply_part&limit=1").await.expect(200)["items"][0]["id"].clone();
        app.operator.act(&format!("/api/v1/journal/{}/undo", entry.as_str().expect("an id"))).await.expect(200);
        assert_eq!(office.assigned(&app).await[0].1, 0, "a file is taken back");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Everything that can be wrong with a row is found before anything happens, by row and column.
    async fn bad_rows_are_named(app: TestApp) {
        let office = Office::open(&app, &[("device_ip_phone", 9)]).await;
        let (admin, customer) = (&office.stage.admin, office.stage.customer);
        let policy = format!("/api/v1/organizations/{customer}/extension-policy");
        admin.put(&policy, json!({"counts_numbers": false})).await.expect(200);
        office.stage.user("John").await;
        let taken = json!({"organization_id": customer, "name": "Taken", "did": "6567890000", "extension": "555"});
        admin.post("/api/v1/holders", taken).await.expect(201);
        let desk = app.operator.put(&format!("/api/v1/products/{}/fits", office.stage.add_on("only_desk", 5).await.0),
            json!({"base_ids": [office.stage.desk]})).await;
        desk.expect(200);
        let file = "Ext Key;NUMBER;  User ;Addon License 1;addon_license_2\n\
            0101;+6567891230;Alice;device_ip_phone;\n\
            ;1;;;\n\
            12;;;;\n\
            0101;;;;\n\
            103;call me;;;\n\
            104;6567891230.0;;;\n\
            105;;Nobody;;\n\
            106;;John;;\n\
            107;;;nonsense;\n\
            108;;;device_ip_phone;device_ip_phone\n\
            109;;;only_desk;\n\
            110;6567890000;;;\n\
            555;;Alice;;\n\
            111;;;;\n";
        let import = office.upload("phones.csv", file).await.expect(201);
        let problem = |row: i64, column: &str, code: &str| (row, column.to_owned(), code.to_owned());
        assert_eq!(office.problems(&import).await, [
            problem(3, "Ext Key", "required"),
            problem(4, "Ext Key", "extension.invalid"),
            problem(5, "Ext Key", "extension.duplicate"),
            problem(6, "NUMBER", "number.invalid"),
            problem(7, "NUMBER", "number.duplicate"),
            problem(8, "User", "user.unknown"),
            problem(9, "User", "user.ambiguous"),
            problem(10, "Addon License 1", "add_on.unknown"),
            problem(11, "addon_license_2", "add_on.duplicate"),
            problem(12, "Addon License 1", "add_on.does_not_fit"),
            problem(13, "NUMBER", "number.taken"),
            problem(14, "Ext Key", "extension.taken"),
        ]);
        assert_eq!(import["counts"]["create"], 2);
        apply(admin, &import, json!({"mode": "good"})).await.expect(200);
        let waiting = admin.get("/api/v1/assignments?q=111").await.expect(200);
        assert_eq!(waiting["items"][0]["user_id"], json!(null), "without a user the extension waits");
        let zeros = admin.get("/api/v1/assignments?q=0101").await.expect(200);
        assert_eq!((&zeros["items"][0]["extension"], &zeros["items"][0]["did"]), (&json!("0101"), &json!("6567891230")));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A workbook with numbers as numbers is the same file; more rows than a few are applied by a job.
    async fn a_workbook_is_the_same_file(app: TestApp) {
        let office = Office::open(&app, &[("device_ip_phone", 4)]).await;
        let policy = format!("/api/v1/organizations/{}/extension-policy", office.stage.customer);
        office.stage.admin.put(&policy, json!({"counts_numbers": false})).await.expect(200);
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (column, heading) in (0..).zip(["EXT KEY", "number", "user", "Addon license 1"]) {
            sheet.write(0, column, heading).expect("a cell");
        }
        for (row, (extension, user)) in (1..).zip([("0101", "John"), ("102", "")]) {
            sheet.write(row, 0, extension).expect("a cell");
            sheet.write(row, 1, 6_567_891_230.0_f64 + f64::from(row)).expect("a cell");
            sheet.write(row, 2, user).expect("a cell");
            sheet.write(row, 3, "device_ip_phone").expect("a cell");
        }
        let import = office.upload("phones.xlsx", book.save_to_buffer().expect("a book")).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 2, "update": 0, "same": 0, "bad": 0}));
        apply(&office.stage.admin, &import, json!({"mode": "all"})).await.expect(200);
        let found = office.stage.admin.get("/api/v1/assignments?q=6567891231").await.expect(200);
        assert_eq!(found["items"][0]["extension"], "0101");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A long file becomes a job: every good row once, the counts are the book's.
    async fn a_long_file_is_a_job(app: TestApp) {
        let stage = Stage::set(&app, 700).await;
        let office = Office { stage, pools: vec![] };
        let rows: String = (0..900).map(|row| format!("{:05},,\n", 10_000 + row)).collect();
        let import = office.upload("long.csv", format!("Ext Key,Number,User\n{rows}")).await.expect(201);
        assert_eq!((&import["counts"]["create"], &import["counts"]["bad"]), (&json!(700), &json!(200)));
        apply(&office.stage.admin, &import, json!({"mode": "good"})).await.expect(202);
        run_jobs(&app).await;
        assert_eq!(app.balance(office.stage.phone_pool).await, [700, 0, 700, 0]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// From a customer's page the form is for that customer, and stays so when a file is refused.
    async fn the_form_is_for_the_customer(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Acme").await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let path = format!("/imports/new?kind=extensions&organization_id={customer}");
        let page = browser.get(&path).await.page(200);
        let chosen = format!("<option value=\"{customer}\" selected>Acme</option>");
        assert!(page.contains(&chosen), "{page}");
        let file = form_named("extensions", "phones.csv", "Ext Key").text("organization_id", customer.to_string());
        let path = format!("/imports?organization_id={customer}&kind=extensions");
        let refused = send(browser.request(Method::POST, &path).multipart(file)).await.page(422);
        assert!(refused.contains(&chosen), "{refused}");
        app.end().await;
    }
}
