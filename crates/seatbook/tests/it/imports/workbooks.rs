//! Workbooks in and out, and columns as last time.

use reqwest::Method;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::{Value, json};

use super::{apply, form_named, items, oddity, upload};
use crate::{
    both_engines,
    harness::{Answer, Person, send},
};

/// A book as a person has it: a hidden sheet first, an empty one, a title's empty lines, then the list.
fn inventory() -> Vec<u8> {
    let mut book = Workbook::new();
    let hidden = book.add_worksheet().set_name("Secrets").expect("a name");
    hidden.set_hidden(true);
    hidden.write(0, 0, "not for you").expect("a cell");
    hidden.write(1, 0, "nor this").expect("a cell");
    book.add_worksheet().set_name("Empty").expect("a name");
    let day = Format::new().set_num_format("dd.mm.yyyy");
    let sheet = book.add_worksheet().set_name("Orders").expect("a name");
    sheet.set_active(true);
    for (column, heading) in (0..).zip(["Sales Order", "SKU", "Quantity", "Start date", "Note"]) {
        sheet.write(2, column, heading).expect("a cell");
    }
    sheet.write(3, 0, 6_567_891_230.0_f64).expect("a cell");
    sheet.write(3, 1, "0101").expect("a cell");
    let quantity = Formula::new("=20+30").set_result("50");
    sheet.write(3, 2, quantity).expect("a cell");
    let start = ExcelDateTime::from_ymd(2026, 6, 1).expect("a day");
    sheet.write_with_format(3, 3, &start, &day).expect("a cell");
    sheet.write(3, 4, true).expect("a cell");
    sheet.write(6, 0, "SO-2").expect("a cell");
    sheet.write(6, 1, "NOWHERE").expect("a cell");
    sheet.write(6, 2, 1.5).expect("a cell");
    sheet
        .merge_range(7, 0, 7, 4, "the end", &Format::new())
        .expect("cells");
    book.add_worksheet().set_name("Other").expect("a name");
    book.save_to_buffer().expect("a book")
}

async fn send_named(
    person: &Person,
    kind: &str,
    name: &str,
    content: impl Into<Vec<u8>>,
) -> Answer {
    let form = form_named(kind, name, content);
    send(
        person
            .request(Method::POST, "/api/v1/imports")
            .multipart(form),
    )
    .await
}

both_engines! {
    /// Cells say what a person sees, rows have the sheet's own numbers, and what was read is said.
    async fn a_workbook_is_imported(app: TestApp) {
        let operator = &app.operator;
        let catalog = upload(operator, "catalog", "sku,validity\n0101,P1Y\n").await.expect(201);
        apply(operator, &catalog, json!({"mode": "all"})).await.expect(200);
        let import = send_named(operator, "licenses", "orders.xlsx", inventory()).await.expect(201);
        assert_eq!((&import["format"], &import["sheet"]), (&json!("xlsx"), &json!("Orders")));
        assert_eq!((&import["encoding"], &import["separator"]), (&Value::Null, &Value::Null));
        assert_eq!(import["other_sheets"], json!(["Empty", "Other"]));
        assert!(oddity(&import, "file.other_sheets").0.contains("“Orders”"));
        let id = import["id"].as_str().expect("an id");
        let rows = items(operator, &format!("/api/v1/imports/{id}/rows")).await;
        let told: Vec<(i64, &Value)> = rows.iter().map(|row| (row["number"].as_i64().unwrap_or(0), &row["cells"])).collect();
        assert_eq!(told[0], (4, &json!(["6567891230", "0101", "50", "2026-06-01", "true"])));
        assert_eq!(told[1], (7, &json!(["SO-2", "NOWHERE", "1.5", "", ""])));
        assert_eq!(told[2], (8, &json!(["the end", "", "", "", ""])));
        let done = apply(operator, &import, json!({"mode": "good"})).await.expect(200);
        assert_eq!(done["counts"], json!({"create": 1, "update": 0, "same": 0, "bad": 2}));
        let result = operator.get(&format!("/api/v1/imports/{id}/result.csv")).await;
        assert!(result.text.contains("6567891230,0101,50,2026-06-01,true,create,"), "{}", result.text);

        // The result as a workbook is a file like any other, and says the same.
        let path = format!("/api/v1/imports/{id}/result.xlsx");
        let answer = operator.request(Method::GET, &path).send().await.expect("an answer");
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        assert!(kind.ends_with("spreadsheetml.sheet"), "{kind}");
        let bytes = answer.bytes().await.expect("a file").to_vec();
        let again = send_named(operator, "licenses", "result.xlsx", bytes).await.expect(201);
        assert_eq!(again["headings"][5], "Seatbook result");
        assert_eq!((&again["counts"]["same"], &again["row_count"]), (&json!(1), &json!(3)));
        app.end().await;
    }
}

both_engines! {
    /// A file is what it holds; its name is said to be wrong.
    async fn names_are_not_believed(app: TestApp) {
        let operator = &app.operator;
        let import = send_named(operator, "catalog", "list.xlsx", "sku;validity\nA-1;P1Y\n").await.expect(201);
        assert_eq!((&import["format"], &import["separator"]), (&json!("csv"), &json!(";")));
        assert!(oddity(&import, "file.named_otherwise").0.contains("holds CSV"));
        let import = send_named(operator, "licenses", "list.csv", inventory()).await.expect(201);
        assert!(oddity(&import, "file.named_otherwise").0.contains("holds a workbook"));
        app.end().await;
    }
}

both_engines! {
    /// What somebody said about the columns is proposed for the next file with these headings, here and nowhere else.
    async fn columns_are_remembered(app: TestApp) {
        let operator = &app.operator;
        let first = upload(operator, "catalog", "Artikel,Laufzeit,Name\nA-1,P1Y,One\n").await.expect(201);
        assert_eq!((&first["mapped"], &first["state"]), (&json!("guessed"), &json!("staged")));
        let path = format!("/api/v1/imports/{}/mapping", first["id"].as_str().expect("an id"));
        let mapping = json!({"mapping": {"sku_code": "Artikel", "validity": "Laufzeit"}});
        let first = operator.put(&path, mapping).await.expect(200);
        assert_eq!(first["mapped"], "said");
        let before = upload(operator, "catalog", "Artikel,Laufzeit,Name\nA-2,P1Y,Two\n").await.expect(201);
        assert_eq!(before["mapped"], "guessed", "what was not applied is not remembered");
        apply(operator, &first, json!({"mode": "all"})).await.expect(200);

        let next = upload(operator, "catalog", "name;LAUFZEIT;artikel\nThree;P1M;A-3\n").await.expect(201);
        assert_eq!((&next["mapped"], &next["state"]), (&json!("remembered"), &json!("checked")));
        assert_eq!(next["mapping"], json!({"sku_code": 2, "validity": 1}), "the name was left out on purpose");
        let other = upload(operator, "organizations", "name;LAUFZEIT;artikel\nThree;P1M;A-3\n").await.expect(201);
        assert_eq!(other["mapped"], "guessed");
        let partner = app.organization(app.provider, "partner", "P").await;
        let form = form_named("catalog", "a.csv", "Artikel,Laufzeit,Name\nA-4,P1Y,Four\n").text("organization_id", partner.to_string());
        let there = send(operator.request(Method::POST, "/api/v1/imports").multipart(form)).await.expect(201);
        assert_eq!(there["mapped"], "guessed");

        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let page = browser.get(&format!("/imports/{}/mapping", next["id"].as_str().expect("an id"))).await.page(200);
        assert!(page.contains("Columns as last time.") && page.contains("As last time"), "{page}");
        assert!(page.contains("CSV, UTF-8, semicolon"), "{page}");
        app.end().await;
    }
}
