//! Files on their way into the book, through the door.

mod doors;
mod extensions;
mod golden;
mod hostile;
mod steps;
mod workbooks;

use reqwest::{Method, multipart};
use seatbook::scope::Permission;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Answer, Person, TestApp, send, token},
};

/// A catalog with everything that is odd about real ones: a byte-order mark, stray and no-break spaces, a repeated
/// row, one code of two keys, a SKU over rows that do not follow each other, a component spelled in two ways, a
/// component with the code of a SKU.
const ODD: &str = "\u{FEFF}Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,Service_Plans_Included_Friendly_Names\r\n\
    Mail Basic,MAIL,aaaaaaaa-0000-4000-8000-000000000001,INBOX,11111111-0000-4000-8000-000000000001,Inbox\r\n\
    Mail Basic,MAIL,aaaaaaaa-0000-4000-8000-000000000001,COMMON,11111111-0000-4000-8000-000000000002,Common things\r\n\
    Phone Pro,PHONE\u{A0},aaaaaaaa-0000-4000-8000-000000000002,COMMON,11111111-0000-4000-8000-000000000002, COMMON THINGS\r\n\
    Phone Pro,PHONE,aaaaaaaa-0000-4000-8000-000000000002,DIAL,11111111-0000-4000-8000-000000000003,Dial\r\n\
    Mail Basic,MAIL,aaaaaaaa-0000-4000-8000-000000000001,DIAL,11111111-0000-4000-8000-000000000003,Dial\r\n\
    Phone Lite,PHONE,bbbbbbbb-0000-4000-8000-000000000003,COMMON,11111111-0000-4000-8000-000000000002,Common things\r\n\
    Dial,DIAL,aaaaaaaa-0000-4000-8000-000000000004,DIAL,11111111-0000-4000-8000-000000000003,Dial\r\n\
    Phone Lite,PHONE,bbbbbbbb-0000-4000-8000-000000000003,COMMON,11111111-0000-4000-8000-000000000002,Common things\r\n";

fn form_named(kind: &str, name: &str, content: impl Into<Vec<u8>>) -> multipart::Form {
    let file = multipart::Part::bytes(content.into()).file_name(name.to_owned());
    multipart::Form::new()
        .text("kind", kind.to_owned())
        .part("file", file)
}

pub async fn upload(person: &Person, kind: &str, content: impl Into<Vec<u8>>) -> Answer {
    send(
        person
            .request(Method::POST, "/api/v1/imports")
            .multipart(form_named(kind, "file.csv", content)),
    )
    .await
}

async fn apply(person: &Person, import: &Value, body: Value) -> Answer {
    let id = import["id"].as_str().expect("an id");
    person
        .post(&format!("/api/v1/imports/{id}/apply"), body)
        .await
}

/// A catalog as it comes from a vendor, in the book.
pub async fn imported(app: &TestApp) {
    let import = upload(&app.operator, "catalog", ODD).await.expect(201);
    let applied = apply(&app.operator, &import, json!({"mode": "all"})).await;
    assert_eq!(applied.expect(200)["state"], "applied");
}

fn oddity(import: &Value, code: &str) -> (String, Vec<i64>) {
    let all = import["oddities"].as_array().expect("oddities");
    let found = all
        .iter()
        .find(|oddity| oddity["code"] == code)
        .unwrap_or_else(|| panic!("{code} in {all:#?}"));
    let rows = found["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(Value::as_i64)
        .collect();
    (
        found["message"].as_str().unwrap_or_default().to_owned(),
        rows,
    )
}

async fn run_jobs(app: &TestApp) {
    seatbook::jobs::run_until_idle(&app.app, seatbook::router::KINDS)
        .await
        .expect("jobs run");
}

async fn items(person: &Person, path: &str) -> Vec<Value> {
    person.get(path).await.expect(200)["items"]
        .as_array()
        .expect("items")
        .clone()
}

both_engines! {
    /// A real catalog's oddities: each is said with its rows, and what comes of it is what a person would expect.
    async fn an_odd_catalog_is_understood(app: TestApp) {
        let operator = &app.operator;
        let import = upload(operator, "catalog", ODD).await.expect(201);
        assert_eq!((&import["state"], &import["encoding"]), (&json!("checked"), &json!("utf-8-bom")));
        assert_eq!(import["counts"], json!({"create": 8, "update": 0, "same": 0, "bad": 0}));
        assert!(oddity(&import, "file.encoding").0.contains("byte-order mark"));
        assert_eq!(oddity(&import, "cells.spaces").1, [4]);
        assert_eq!(oddity(&import, "rows.repeated").1, [9]);
        assert!(oddity(&import, "rows.repeated").0.contains("9 repeats 7"));
        let (message, rows) = oddity(&import, "codes.shared");
        assert!(message.contains("PHONE-aaaaaaaa") && message.contains("PHONE-bbbbbbbb"), "{message}");
        assert_eq!(rows, [4, 5, 7, 9]);
        assert!(oddity(&import, "skus.merged").0.starts_with("3 of 4 SKUs go over several rows"));
        assert_eq!(oddity(&import, "skus.merged").1, [2, 3, 6, 7, 9]);
        assert_eq!(oddity(&import, "names.differ").1, [4]);
        assert!(oddity(&import, "products.told_apart").0.contains("DIAL"));
        assert!(items(operator, "/api/v1/skus").await.is_empty(), "a check changes nothing");

        let applied = apply(operator, &import, json!({"mode": "all", "fingerprint": import["fingerprint"]})).await.expect(200);
        assert_eq!((&applied["state"], &applied["mode"]), (&json!("applied"), &json!("all")));
        let skus = items(operator, "/api/v1/skus").await;
        let codes: Vec<&str> = skus.iter().filter_map(|sku| sku["code"].as_str()).collect();
        assert_eq!(codes, ["DIAL", "MAIL", "PHONE-bbbbbbbb", "PHONE-aaaaaaaa"]);
        assert_eq!(skus[1]["reference"], "aaaaaaaa-0000-4000-8000-000000000001");
        let mail = operator.get(&format!("/api/v1/skus/{}", skus[1]["id"].as_str().expect("an id"))).await.expect(200);
        let components: Vec<&str> = mail["components"].as_array().expect("components").iter()
            .filter_map(|component| component["name"].as_str()).collect();
        assert_eq!(components, ["Common things", "Dial", "Inbox"]);
        let products = items(operator, "/api/v1/products").await;
        assert_eq!(products.len(), 3 + 4, "three components, and a product for each SKU");
        let dial: Vec<&str> = products.iter().filter(|it| it["name"] == "Dial").filter_map(|it| it["code"].as_str()).collect();
        assert_eq!(dial.len(), 2);
        assert!(dial.contains(&"DIAL") && dial.contains(&"DIAL-aaaaaaaa"));
        app.end().await;
    }
}

both_engines! {
    /// The same content again must be asked for; then it changes nothing, and says so. A twin request is one.
    async fn the_same_content_again_is_asked_for(app: TestApp) {
        let operator = &app.operator;
        let import = upload(operator, "catalog", ODD).await.expect(201);
        let path = format!("/api/v1/imports/{}/apply", import["id"].as_str().expect("an id"));
        let first = operator.post_with_key(&path, "k", json!({"mode": "good"})).await.expect(200);
        let twin = operator.post_with_key(&path, "k", json!({"mode": "good"})).await.expect(200);
        assert_eq!(first, twin);
        assert_eq!(operator.post(&path, json!({"mode": "good"})).await.code(409), "import.state");
        let again = upload(operator, "catalog", ODD).await.expect(201);
        assert_eq!(again["counts"], json!({"create": 0, "update": 0, "same": 8, "bad": 0}));
        assert_eq!(apply(operator, &again, json!({"mode": "all"})).await.code(409), "import.applied_before");
        apply(operator, &again, json!({"mode": "all", "again": true})).await.expect(200);
        assert_eq!(items(operator, "/api/v1/skus").await.len(), 4);
        app.end().await;
    }
}

both_engines! {
    /// Bad rows are named by row, column, code; all-or-nothing refuses, good rows go in, the file comes back.
    async fn bad_rows_are_named_and_left_out(app: TestApp) {
        let operator = &app.operator;
        let file = "SKU code;SKU name;Validity;Price;Currency;Note\n\
            GOLD;Gold;P1Y;12,50;EUR;=1+1\n\
            ;Nameless;P1Y;;;\n\
            SILVER;Silver;one year;;;\n\
            BRONZE;Bronze;;twelve;EUR;\n\
            GOLD;Golden;P2Y;;;\n\
            IRON;Iron;;;;\n";
        let import = upload(operator, "catalog", file).await.expect(201);
        assert_eq!(import["separator"], ";");
        assert_eq!(import["counts"], json!({"create": 1, "update": 0, "same": 0, "bad": 5}));
        let id = import["id"].as_str().expect("an id");
        let bad = items(operator, &format!("/api/v1/imports/{id}/rows?outcome=bad")).await;
        let told: Vec<(i64, &str, &str)> = bad.iter().map(|row| {
            let remark = row["remarks"].as_array().and_then(|all| all.iter().find(|it| it["error"] == true)).expect("a reason");
            (row["number"].as_i64().unwrap_or(0), remark["column"].as_str().unwrap_or("-"), remark["code"].as_str().unwrap_or(""))
        }).collect();
        assert_eq!(told, [
            (2, "-", "sku.incomplete"), (3, "SKU code", "required"), (4, "Validity", "malformed"),
            (5, "Price", "price.malformed"), (6, "Validity", "sku.contradiction"),
        ]);
        assert_eq!(apply(operator, &import, json!({"mode": "all"})).await.code(409), "import.rows_bad");
        let done = apply(operator, &import, json!({"mode": "good"})).await.expect(200);
        assert_eq!(done["counts"], json!({"create": 1, "update": 0, "same": 0, "bad": 5}));
        let skus = items(operator, "/api/v1/skus").await;
        assert_eq!((skus.len(), &skus[0]["code"]), (1, &json!("IRON")));
        let result = operator.get(&format!("/api/v1/imports/{id}/result.csv")).await;
        assert!(result.headers["content-disposition"].to_str().expect("text").starts_with("attachment"));
        let lines: Vec<&str> = result.text.lines().collect();
        assert_eq!(lines.len(), 7);
        assert!(lines[0].ends_with(";Seatbook result;Seatbook remarks"));
        assert!(lines[1].contains(";'=1+1;bad;"), "{}", lines[1]);
        assert!(lines[6].starts_with("IRON;Iron;;;;;create;"));
        app.end().await;
    }
}

both_engines! {
    /// Columns that cannot be guessed are said; one that is missing is named; an old check is noticed.
    async fn columns_are_mapped(app: TestApp) {
        let operator = &app.operator;
        let import = upload(operator, "catalog", "Artikel,Bezeichnung\nA1,Eins\nA2,Zwei\n").await.expect(201);
        assert_eq!((&import["state"], &import["mapping"]), (&json!("staged"), &json!({})));
        let id = import["id"].as_str().expect("an id").to_owned();
        let refused = apply(operator, &import, json!({"mode": "all"})).await.expect(422);
        assert_eq!(refused["fields"][0]["field"], "mapping.sku_code");
        let path = format!("/api/v1/imports/{id}/mapping");
        let unknown = operator.put(&path, json!({"mapping": {"sku_code": "Nummer"}})).await.expect(422);
        assert_eq!(unknown["fields"][0]["code"], "column.unknown");
        let mapped = operator.put(&path, json!({"mapping": {"sku_code": "artikel", "sku_name": "BEZEICHNUNG"}})).await.expect(200);
        assert_eq!((&mapped["state"], &mapped["counts"]["create"]), (&json!("checked"), &json!(2)));
        operator.post("/api/v1/products", json!({"code": "A1", "name": "There already"})).await.expect(201);
        let seen = json!({"mode": "all", "fingerprint": mapped["fingerprint"]});
        assert_eq!(apply(operator, &import, seen).await.code(409), "preview.stale");
        apply(operator, &import, json!({"mode": "all"})).await.expect(200);
        let late = operator.put(&path, json!({"mapping": {"sku_code": "Artikel"}})).await;
        assert_eq!(late.code(409), "import.state");
        app.end().await;
    }
}

both_engines! {
    /// Organizations come with children before their parents; circles and unknown parents are said.
    async fn organizations_are_imported(app: TestApp) {
        let operator = &app.operator;
        let file = "Reference\tName\tParent\tKind\tTime zone\n\
            C-1\tAurora Hospitals\tP-1\tcustomer\tEurope/Berlin\n\
            P-1\tNordlicht\t\tpartner\t\n\
            C-2\tLost\tP-9\tcustomer\t\n\
            X-1\tOne\tX-2\tpartner\t\n\
            X-2\tTwo\tX-1\tpartner\t\n\
            C-3\tBad zone\tP-1\t\tMars/Base\n";
        let import = upload(operator, "organizations", file).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 2, "update": 0, "same": 0, "bad": 4}));
        apply(operator, &import, json!({"mode": "good"})).await.expect(200);
        let found = items(operator, "/api/v1/organizations?q=aurora").await;
        assert_eq!((&found[0]["reference"], &found[0]["time_zone"]), (&json!("C-1"), &json!("Europe/Berlin")));
        let partner = items(operator, "/api/v1/organizations?q=nordlicht").await;
        assert_eq!(found[0]["parent_id"], partner[0]["id"]);
        let second = "reference,name,parent reference\nC-1,Aurora Clinics,P-1\nP-1,Nordlicht,\n";
        let import = upload(operator, "organizations", second).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 0, "update": 1, "same": 1, "bad": 0}));
        apply(operator, &import, json!({"mode": "all"})).await.expect(200);
        let renamed = items(operator, "/api/v1/organizations?q=clinics").await;
        assert_eq!((&renamed[0]["version"], &renamed[0]["time_zone"]), (&json!(2), &json!("Europe/Berlin")));
        app.end().await;
    }
}

both_engines! {
    /// Without the right nothing is taken in; a file is seen where it belongs and nowhere else.
    async fn files_are_seen_by_few(app: TestApp) {
        let operator = &app.operator;
        let secret = token(&app.app, operator.id, vec![Permission::CatalogRead]).await;
        let reader = Person::new(app.address, operator.id, secret);
        assert_eq!(upload(&reader, "catalog", ODD).await.code(403), "permission.missing");
        let secret = token(&app.app, operator.id, vec![Permission::ImportsRun]).await;
        let importer = Person::new(app.address, operator.id, secret);
        assert_eq!(upload(&importer, "catalog", ODD).await.code(403), "permission.missing");
        let import = upload(operator, "catalog", ODD).await.expect(201);
        let id = import["id"].as_str().expect("an id");
        for path in [format!("/api/v1/imports/{id}"), format!("/api/v1/imports/{id}/rows"), format!("/api/v1/imports/{id}/result.csv")] {
            let foreign = reader.get(&path).await;
            let random = reader.get(&path.replace(id, &Uuid::nil().to_string())).await;
            assert_eq!((foreign.status, &foreign.text), (random.status, &random.text));
            assert_eq!(foreign.code(404), "not_found");
        }
        let bad = send(operator.request(Method::POST, "/api/v1/imports").multipart(form_named("holidays", "x.csv", "a\n1\n"))).await;
        assert_eq!(bad.expect(422)["fields"][0]["code"], "kind.unknown");
        assert_eq!(upload(operator, "catalog", *b"%PDF-1.7").await.code(415), "file.unsupported");
        let large = "x".repeat(2 * 1024 * 1024);
        assert_eq!(upload(operator, "catalog", format!("SKU\n{large}\n")).await.expect(422)["fields"][0]["code"], "file.record_too_large");
        app.end().await;
    }
}

both_engines! {
    /// A crash between two steps leaves the rest to the next request, which applies nothing twice.
    async fn an_interrupted_import_goes_on(app: TestApp) {
        let operator = &app.operator;
        let mut file = String::from("sku,name\n");
        (0..620).for_each(|n| file += &format!("S-{n:03},Name {n}\n"));
        let import = upload(operator, "catalog", file).await.expect(201);
        assert_eq!(import["counts"]["create"], 620);
        let show = format!("/api/v1/imports/{}", import["id"].as_str().expect("an id"));
        let queued = apply(operator, &import, json!({"mode": "good"})).await;
        assert!(queued.headers["location"].to_str().expect("a place").starts_with("/api/v1/jobs/"));
        queued.expect(202);
        run_jobs(&app).await;
        let done = operator.get(&show).await.expect(200);
        assert_eq!((&done["state"], &done["counts"]["create"]), (&json!("applied"), &json!(620)));
        // As if the server had stopped behind the first step, and another time before it could say that it was done.
        for forgotten in ["'import:%:1'", "'import:%:finish'"] {
            app.tamper(&format!("DELETE FROM request_key WHERE key LIKE {forgotten}")).await;
        }
        app.tamper("UPDATE import_batch SET state = 'applying'").await;
        apply(operator, &import, json!({"mode": "good"})).await.expect(202);
        run_jobs(&app).await;
        assert_eq!(operator.get(&show).await.expect(200)["state"], "applied");
        let (mut count, mut path) = (0, "/api/v1/skus?limit=200".to_owned());
        loop {
            let page = operator.get(&path).await.expect(200);
            let all = page["items"].as_array().expect("items");
            count += all.len();
            assert!(all.iter().all(|sku| sku["version"] == 1), "nothing was applied twice");
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/api/v1/skus?limit=200&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(count, 620);
        app.end().await;
    }
}

both_engines! {
    /// A vendor's key that names a SKU and a component names one thing: the SKU sells that component.
    async fn one_key_is_one_product(app: TestApp) {
        let key = "cccccccc-0000-4000-8000-000000000001";
        let file = format!("string_id,guid,service_plan_name,service_plan_id\nCALLS,{key},CALLING,{key}\n");
        let import = upload(&app.operator, "catalog", file.clone()).await.expect(201);
        assert_eq!(oddity(&import, "products.shared").1, [2]);
        apply(&app.operator, &import, json!({"mode": "all"})).await.expect(200);
        let skus = items(&app.operator, "/api/v1/skus").await;
        assert_eq!((&skus[0]["code"], &skus[0]["product_code"]), (&json!("CALLS"), &json!("CALLING")));
        let again = upload(&app.operator, "catalog", file).await.expect(201);
        assert_eq!(again["counts"]["same"], 1);
        app.end().await;
    }
}
