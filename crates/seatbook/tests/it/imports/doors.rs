//! The other doors: pages, the command line, and the kinds that need a book to stand on.

use reqwest::Method;
use serde_json::json;

use super::{apply, form_named, items, upload};
use crate::{both_engines, harness::send};

both_engines! {
    /// The console leads through the steps without script: upload, columns, check, result.
    async fn imports_have_pages(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let page = browser.get("/imports/new?kind=catalog").await.page(200);
        assert!(page.contains("multipart/form-data") && page.contains("/imports/samples/catalog.xlsx"));
        assert!(browser.get("/imports/samples/organizations.csv").await.page(200).contains("Reference,Name"));
        let sample = browser.request(Method::GET, "/imports/samples/licenses.xlsx").send().await.expect("an answer");
        assert!(sample.bytes().await.expect("a file").starts_with(b"PK"));
        assert_eq!(browser.get("/imports/samples/licenses.pdf").await.status, 404);
        let send_file = |content: &'static str| {
            send(browser.request(Method::POST, "/imports").multipart(form_named("catalog", "../mine.csv", content)))
        };
        let refused = send_file("sku\n").await.page(422);
        assert!(refused.contains("no row below it"), "{refused}");
        let file = "Artikel,Laufzeit\nA-1,P1Y\nA-2,forever\n";
        let sent = send_file(file).await;
        let columns = sent.headers["location"].to_str().expect("a place").to_owned();
        let page = browser.get(&columns).await.page(200);
        assert!(page.contains("mine.csv") && !page.contains("../mine.csv") && page.contains("Artikel"));
        let missing = browser.form(&columns, &[("map.sku_name", "0")]).await.page(422);
        assert!(missing.contains("Say which column is “SKU code”."), "{missing}");
        let check = columns.replace("mapping", "preview");
        browser.form(&columns, &[("map.sku_code", "0"), ("map.validity", "1")]).await.goes(&check);
        let page = browser.get(&check).await.page(200);
        assert!(page.contains("forever") && page.contains("cell-bad"), "{page}");
        let only_bad = browser.get(&format!("{check}?outcome=bad")).await.page(200);
        assert!(!only_bad.contains("P1Y</td>") && only_bad.contains("forever"));
        let apply = columns.replace("mapping", "apply");
        assert!(browser.form(&apply, &[("mode", "all")]).await.page(422).contains("Some rows have a problem"));
        let result = columns.replace("/mapping", "");
        browser.form(&apply, &[("mode", "good")]).await.goes(&result);
        let page = browser.get(&result).await.page(200);
        assert!(page.contains("The good rows are in the book.") && page.contains("/catalog/shareable"));
        assert!(browser.get(&format!("{result}/result.csv")).await.text.contains("A-2,forever,bad,"));
        let sent = send_file(file).await;
        let columns = sent.headers["location"].to_str().expect("a place").to_owned();
        browser.form(&columns, &[("map.sku_code", "0")]).await;
        let asked = browser.form(&columns.replace("mapping", "apply"), &[("mode", "good")]).await.page(422);
        assert!(asked.contains("Import this content again"), "{asked}");
        let again = browser.form(&columns.replace("mapping", "apply"), &[("mode", "good"), ("again", "on")]).await;
        again.goes(&columns.replace("/mapping", ""));
        let (customer, _) = app.browser_of(app.provider, "reader").await;
        assert_eq!(customer.get("/imports/new").await.status, 403);
        assert_eq!(customer.get(&result).await.status, 404);
        app.end().await;
    }
}

both_engines! {
    /// An inventory becomes licenses, and what was passed on becomes shares; sums and unknown names are said by row.
    async fn licenses_and_allocations_are_imported(app: TestApp) {
        let operator = &app.operator;
        let organizations = "reference,name\nN-1,Nordlicht\nA-1,Aurora\n";
        let import = upload(operator, "organizations", organizations).await.expect(201);
        apply(operator, &import, json!({"mode": "all"})).await.expect(200);
        let import = upload(operator, "catalog", "sku,validity\nPHONE,P1Y\nMAIL,P1M\n").await.expect(201);
        apply(operator, &import, json!({"mode": "all"})).await.expect(200);
        let inventory = "Sales order;SKU;Quantity;Start;Owner\n\
            SO-1;PHONE;50;2026-06-01;\n\
            SO-1;MAIL;1 200;01.06.2026;\n\
            SO-2;PHONE;5;06/07/2026;\n\
            SO-3;FAX;5;;\n\
            SO-4;PHONE;5;;N-9\n\
            SO-1;PHONE;60;2026-06-01;\n\
            SO-5;PHONE;0;;\n";
        let import = upload(operator, "licenses", inventory).await.expect(201);
        let id = import["id"].as_str().expect("an id");
        let bad = items(operator, &format!("/api/v1/imports/{id}/rows?outcome=bad")).await;
        let told: Vec<(i64, &str)> = bad.iter()
            .map(|row| (row["number"].as_i64().unwrap_or(0), row["remarks"][0]["code"].as_str().unwrap_or(""))).collect();
        assert_eq!(told, [(4, "date.malformed"), (5, "sku.unknown"), (6, "organization.unknown"), (7, "license.repeated"), (8, "quantity.out_of_range")]);
        let done = apply(operator, &import, json!({"mode": "good"})).await.expect(200);
        assert_eq!(done["counts"], json!({"create": 2, "update": 0, "same": 0, "bad": 5}));
        let licenses = items(operator, "/api/v1/licenses?q=so-1").await;
        assert_eq!(licenses.len(), 2);

        let shares = "order,sku,tenant,quantity\nSO-1,PHONE,N-1,20\nSO-1,PHONE,A-1,31\nSO-1,MAIL,A-1,100\nSO-1,MAIL,X-1,1\nSO-1,,A-1,5\n";
        let import = upload(operator, "allocations", shares).await.expect(201);
        let id = import["id"].as_str().expect("an id");
        let rows = items(operator, &format!("/api/v1/imports/{id}/rows")).await;
        let told: Vec<&str> = rows.iter().map(|row| row["remarks"][0]["code"].as_str().unwrap_or("-")).collect();
        assert_eq!(told, ["pool.exhausted", "pool.exhausted", "-", "allocation.no_child", "license.ambiguous"], "{rows:#?}");
        let done = apply(operator, &import, json!({"mode": "good"})).await.expect(200);
        assert_eq!((&done["counts"]["create"], &done["counts"]["bad"]), (&json!(1), &json!(4)));
        let shares = "order,sku,tenant,quantity\nSO-1,PHONE,N-1,20\nSO-1,PHONE,A-1,30\nSO-1,MAIL,A-1,0\n";
        let import = upload(operator, "allocations", shares).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 2, "update": 1, "same": 0, "bad": 0}));
        apply(operator, &import, json!({"mode": "all"})).await.expect(200);
        let smaller = "order,sku,quantity\nSO-1,PHONE,49\nSO-1,MAIL,1200\n";
        let import = upload(operator, "licenses", smaller).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 0, "update": 0, "same": 1, "bad": 1}));
        let larger = "order,sku,quantity\nSO-1,PHONE,70\n";
        let import = upload(operator, "licenses", larger).await.expect(201);
        apply(operator, &import, json!({"mode": "all"})).await.expect(200);
        let phone = items(operator, "/api/v1/licenses?q=phone").await;
        assert_eq!((&phone[0]["quantity"], &phone[0]["allocated"]), (&json!(70), &json!(50)));
        app.end().await;
    }
}

both_engines! {
    /// `seatbook import` tells the same, and opens the book itself.
    async fn the_command_line_imports(app: TestApp) {
        use seatbook::imports::command_line::{ImportArgs, run};
        let file = std::env::temp_dir().join(format!("seatbook-{}-{:?}.csv", std::process::id(), app.engine));
        std::fs::write(&file, "Artikel,Laufzeit\nA-1,P1Y\nA-2,forever\n").expect("a file");
        let mut args = ImportArgs {
            kind: seatbook::sheets::ImportKind::Catalog,
            file: file.clone(),
            map: vec!["sku_code=Artikel".into(), "validity=laufzeit".into()],
            good_rows: false,
            preview: false,
            again: false,
            organization: None,
            settings: (*app.app.settings).clone(),
        };
        let mut out = Vec::new();
        assert!(!run(&app.app, &args, &mut out).await.expect("it is told"));
        let told = String::from_utf8_lossy(&out).into_owned();
        assert!(told.contains("BAD   row 3, Laufzeit:") && told.contains("Nothing was changed."), "{told}");
        args.good_rows = true;
        run(&app.app, &args, &mut out).await.expect("it is told");
        let told = String::from_utf8_lossy(&out).into_owned();
        assert!(told.contains("Imported: 1 new, 0 changed, 0 unchanged, 1 left out."), "{told}");
        assert_eq!(items(&app.operator, "/api/v1/skus").await.len(), 1);
        std::fs::remove_file(file).expect("it is removed");
        app.end().await;
    }
}

both_engines! {
    /// A file may be called anything: the name is a text, and no place, no header and no page.
    async fn names_of_files_stay_texts(app: TestApp) {
        let long = "x".repeat(4_000);
        let names = [
            "../../../etc/passwd", "..\\..\\seatbook.db", "/var/x.csv", "a\r\nX-Evil: 1\r\n\r\n.csv", "\"; filename=\"evil.html",
            "a.html", "\u{202E}vsc.exe", "NUL", "a\0b.csv", "<script>alert(1)</script>.csv", long.as_str(), "",
        ];
        for (number, name) in names.into_iter().enumerate() {
            let file = format!("Reference,Name\nN-{number},Acme\n");
            let form = form_named("organizations", name, file);
            let answer = send(app.operator.request(Method::POST, "/api/v1/imports").multipart(form)).await;
            if answer.status == 400 && name.contains(char::is_control) {
                // No header can carry it.
                continue;
            }
            assert_eq!(answer.status, 201, "{name:?}: {}", answer.text);
            let import = answer.body;
            let id = import["id"].as_str().expect("an id").to_owned();
            let shown = import["file_name"].as_str().unwrap_or_default();
            assert!(!shown.contains(char::is_control) && shown.chars().count() <= 255, "{shown:?}");
            apply(&app.operator, &import, json!({"mode": "all"})).await.expect(200);
            let result = app.operator.get(&format!("/api/v1/imports/{id}/result.csv")).await;
            assert_eq!(result.headers["content-disposition"], format!("attachment; filename=\"import-{id}-result.csv\""));
            assert_eq!(result.headers["x-content-type-options"], "nosniff");
            assert!(result.headers.contains_key("content-security-policy") && !result.headers.contains_key("x-evil"));
        }
        app.end().await;
    }
}
