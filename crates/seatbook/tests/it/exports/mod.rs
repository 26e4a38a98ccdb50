//! Lists as files: what is in them, how they come about, and for whom.

mod asking;
mod every;
mod lists;

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use reqwest::{Method, RequestBuilder};
use seatbook::{files::Format, router};
use serde_json::Value;

use crate::{
    both_engines,
    harness::{Person, TestApp},
};

/// A workbook as its reader sees it.
pub struct Workbook(Xlsx<Cursor<Vec<u8>>>);

impl Workbook {
    fn of(bytes: Vec<u8>) -> Workbook {
        Workbook(open_workbook_from_rs(Cursor::new(bytes)).expect("a workbook"))
    }

    fn sheets(&self) -> Vec<String> {
        self.0.sheet_names()
    }

    /// The rows of its first sheet, the heading among them.
    fn rows(&mut self) -> Vec<Vec<Data>> {
        let first = self.sheets()[0].clone();
        let range = self.0.worksheet_range(&first).expect("a sheet");
        range.rows().map(<[Data]>::to_vec).collect()
    }

    /// Everything that a sheet says.
    fn words(&mut self, sheet: &str) -> String {
        let range = self.0.worksheet_range(sheet).expect("a sheet");
        let cells = range.used_cells().map(|(_, _, cell)| cell.to_string());
        cells.collect::<Vec<_>>().join("\n")
    }

    fn formulas(&mut self) -> usize {
        let first = self.sheets()[0].clone();
        let range = self.0.worksheet_formula(&first).expect("a sheet");
        range.used_cells().count()
    }
}

/// A cell as text, days as they are written.
fn said(cell: &Data) -> String {
    match cell {
        Data::DateTime(at) => {
            let days = at.as_f64().floor() as i64;
            let epoch = jiff::civil::Date::constant(1899, 12, 30);
            let day = epoch.checked_add(jiff::Span::new().days(days));
            day.expect("a day").to_string()
        }
        other => other.to_string(),
    }
}

/// The bytes of an answer, where it is the expected one.
async fn bytes(request: RequestBuilder) -> Vec<u8> {
    let answer = request.send().await.expect("the server answers");
    assert_eq!(answer.status().as_u16(), 200);
    answer.bytes().await.expect("a file").to_vec()
}

/// Everything that is due is done.
async fn work(app: &TestApp) {
    seatbook::jobs::run_until_idle(&app.app, router::KINDS)
        .await
        .expect("jobs run");
}

/// Has a list written, and downloads it.
pub async fn exported(app: &TestApp, person: &Person, body: Value) -> Vec<u8> {
    let export = person.post("/api/v1/exports", body).await.expect(202);
    work(app).await;
    let id = export["id"].as_str().expect("an id");
    bytes(person.request(Method::GET, &format!("/api/v1/exports/{id}/file"))).await
}

/// The rows of a CSV file, the heading among them.
pub fn lines(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes).expect("text");
    let text = text.strip_prefix('\u{FEFF}').expect("its mark");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let record = |record: csv::Result<csv::StringRecord>| {
        let record = record.expect("a record");
        record.iter().map(str::to_owned).collect()
    };
    reader.records().map(record).collect()
}

/// Rows of a table.
async fn counted(app: &TestApp, sql: &'static str) -> i64 {
    let read = app
        .app
        .read(move |mut tx| Box::pin(async move { Ok(tx.query_one::<(i64,)>(sql, &[]).await?) }));
    read.await.expect("it is counted").0
}

both_engines! {
    /// A long list is written by a job: in the order, with the columns and of the rows that were asked for, typed.
    async fn a_long_list_is_written_as_it_is_shown(app: TestApp) {
        const MANY: usize = 6_000;
        let sku = app.insert_sku("BULK", None).await;
        app.plant_licenses(app.provider, sku, MANY).await;
        let body = serde_json::json!({"list": "licenses", "organization_id": app.provider, "query": "sort=-quantity&col=start&col=end"});
        let export = app.operator.post("/api/v1/exports", body).await.expect(202);
        let (path, job) = (format!("/api/v1/exports/{}", export["id"].as_str().expect("an id")), crate::harness::id(&export["job_id"]));
        assert_eq!(app.operator.get(&format!("{path}/file")).await.code(409), "export.not_ready");
        work(&app).await;
        let export = app.operator.get(&path).await.expect(200);
        assert_eq!((&export["state"], &export["rows_written"]), (&"ready".into(), &MANY.into()));
        let done = app.job(job).await;
        assert_eq!((&done["state"], &done["rows_done"], &done["rows_total"]), (&"done".into(), &MANY.into(), &MANY.into()));
        assert_eq!(done["result"]["file"], format!("/exports/{}/file", export["id"].as_str().expect("an id")));

        let file = bytes(app.operator.request(Method::GET, &format!("{path}/file"))).await;
        assert_eq!(export["size_bytes"], file.len());
        let mut book = Workbook::of(file);
        assert_eq!((book.sheets(), book.formulas()), (vec!["Licenses".into(), "About".into()], 0));
        let rows = book.rows();
        let heading: Vec<String> = rows[0].iter().map(said).collect();
        assert_eq!(heading, ["Sales order", "SKU", "Product", "Start", "End", "Quantity", "Available", "Assigned"]);
        let list = crate::lists::all(&app.operator, &format!("/api/v1/pools?organization_id={}&sort=-quantity", app.provider)).await;
        assert_eq!((rows.len(), list.len()), (MANY + 2, MANY));
        let mut sums = [0, 0, 0];
        for (cells, pool) in rows[1..].iter().zip(&list) {
            assert!(matches!(cells[3], Data::DateTime(_)) && matches!(cells[5], Data::Float(_)), "{cells:?}");
            let text = |name: &str| pool[name].as_str().unwrap_or_default().to_owned();
            let counts = ["quantity", "available", "allocated"].map(|name| pool[name].as_i64().expect("a number"));
            let expected = [text("sales_order"), text("sku_code"), text("product_name"), text("start_date"), text("end_date"),
                counts[0].to_string(), counts[1].to_string(), counts[2].to_string()];
            assert_eq!(cells.iter().map(said).collect::<Vec<_>>(), expected);
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        let totals: Vec<String> = rows[MANY + 1].iter().map(said).collect();
        assert_eq!(totals[0], "Total");
        assert_eq!(totals[5..], sums.map(|sum| sum.to_string()));
        app.end().await;
    }
}

both_engines! {
    /// On the page, a short list is a file at once, and who took it is in the journal; a long one leads to its job.
    async fn a_short_list_is_taken_at_once(app: TestApp) {
        let sku = app.insert_sku("PHONE", Some("P1Y")).await;
        for (order, quantity) in [("=1+1", 7), ("+49 30", 8), ("SO-3", 9)] {
            let license = serde_json::json!({"organization_id": app.provider, "sku_id": sku, "quantity": quantity, "sales_order": order});
            app.operator.post("/api/v1/licenses", license).await.expect(201);
        }
        let (browser, person) = app.browser_of(app.provider, "operator").await;
        let page = browser.get("/licenses").await.page(200);
        assert!(page.contains("formaction=\"/exports?list=licenses\""), "{page}");
        let fields = [("q", ""), ("status", ""), ("sort", "-quantity"), ("col", "-"), ("col", "tier"), ("format", "xlsx")];
        let taken = browser.request(Method::POST, "/exports?list=licenses").form(&fields).send().await.expect("an answer");
        assert_eq!(taken.headers()["content-disposition"], "attachment; filename=\"licenses 2026-06-01.xlsx\"");
        assert_eq!(taken.headers()["content-type"], Format::Xlsx.media_type());
        assert_eq!(taken.headers()["cache-control"], "no-store");
        let mut book = Workbook::of(taken.bytes().await.expect("a file").to_vec());
        assert_eq!(book.formulas(), 0);
        let rows: Vec<Vec<String>> = book.rows().iter().map(|row| row.iter().map(said).collect()).collect();
        assert_eq!(rows[0], ["Sales order", "SKU", "Product", "Tier", "Quantity", "Available", "Assigned"]);
        let seen: Vec<[&str; 3]> = rows[1..4].iter().map(|row| [row[0].as_str(), row[3].as_str(), row[4].as_str()]).collect();
        assert_eq!(seen, [["SO-3", "Premium", "9"], ["+49 30", "Premium", "8"], ["=1+1", "Premium", "7"]]);
        let entries = person.get("/api/v1/journal?command=exports.take").await.expect(200);
        assert_eq!(entries["items"].as_array().map(Vec::len), Some(1), "{entries}");
        assert_eq!(counted(&app, "SELECT count(*) FROM export").await, 0, "nothing is kept of it");

        app.plant_licenses(app.provider, sku, 5_100).await;
        let fields = [("format", "xlsx")];
        let sent = browser.form("/exports?list=licenses", &fields).await;
        let place = sent.headers["location"].to_str().expect("a place").to_owned();
        assert!(sent.status.as_u16() == 303 && place.starts_with("/jobs/"), "{place}");
        work(&app).await;
        let page = browser.get(&place).await.page(200);
        let file = page.split('"').find(|it| it.starts_with("/exports/")).expect("a way to the file");
        let mut book = Workbook::of(bytes(browser.request(Method::GET, file)).await);
        assert_eq!(book.rows().len(), 5_103 + 2);
        app.end().await;
    }
}
