//! A template of the operator's that fails on some invoices: those wait with the reason, and nothing else does.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Desk, buyer, path, say};
use crate::{both_engines, harness::TestApp};

/// Right for everybody but a few.
const TEMPLATE: &str = r#"#let data = json("data.json")
#data.number
#if data.buyer.name == "Loop AG" { for a in range(90000) { for b in range(90000) { let c = a * b } } }
#if data.buyer.name == "Glutton AG" { let s = "x" * 2000000000; s.len() }
#if data.buyer.name == "Nobody AG" { panic("not for them") }
"#;

/// A folder with this template alone.
fn brand(template: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("invoice.typ"), template).expect("it is written");
    folder
}

async fn run_jobs(app: &TestApp) {
    seatbook::jobs::run_until_idle(&app.app, seatbook::router::KINDS)
        .await
        .expect("jobs run");
}

/// A customer that is registered under this name, and what it is invoiced.
async fn invoiced(desk: &Desk<'_>, name: &str) -> Value {
    let customer = desk.buyer(name).await;
    let mut facts = buyer();
    facts["legal_name"] = json!(name);
    say(desk.app, customer, facts).await;
    let license = desk.sold(customer, (1, 5_000, "EUR")).await;
    desk.invoice(license).await
}

/// Whether its page is there.
async fn is_printed(app: &TestApp, invoice: &Value) -> bool {
    let path = path(invoice, "pdf");
    let answer = app.operator.request(Method::GET, &path).send().await;
    answer.expect("an answer").status() == 200
}

/// The jobs that did not end well, with what they say, the newest first.
async fn failed(app: &TestApp) -> Vec<Value> {
    let jobs = app.operator.get("/api/v1/jobs?limit=50").await.expect(200);
    let all = jobs["items"].as_array().expect("a list").clone();
    all.into_iter()
        .filter(|job| job["state"] != "done")
        .collect()
}

both_engines! {
    /// Loops and gluttons cost their own invoice a try, say so, and meanwhile others are served and printed.
    async fn a_template_that_misbehaves_stops_nobody_else(app: TestApp) {
        let folder = brand(TEMPLATE);
        let app = app.with_brand(folder.path()).await;
        let desk = Desk::set(&app).await;
        let looping = invoiced(&desk, "Loop AG").await;
        let glutton = invoiced(&desk, "Glutton AG").await;
        let fine = invoiced(&desk, "Fine AG").await;
        let ((), me) = tokio::join!(run_jobs(&app), async {
            app.operator.get("/api/v1/me").await.expect(200)
        });
        assert_eq!(me["id"], json!(app.operator.id));
        assert!(is_printed(&app, &fine).await);
        for invoice in [&looping, &glutton] {
            assert!(!is_printed(&app, invoice).await);
        }
        let failed = failed(&app).await;
        let said: Vec<_> = failed.iter().map(|job| job["message"].as_str().unwrap_or_default()).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        for job in &failed {
            assert_eq!((&job["state"], &job["code"]), (&json!("waiting"), &json!("invoice.no_page")));
        }
        // Both were handed in at one instant, so either may be the newer.
        for part in ["too much memory", "too long"] {
            assert!(said.iter().any(|it| it.contains(part)), "{part}: {said:?}");
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A job that could not print is given up with the template's line; once the template is mended, trying again does it.
    async fn a_mended_template_prints_what_was_given_up(app: TestApp) {
        let (wrong, mended) = (brand(TEMPLATE), brand("#json(\"data.json\").number"));
        let app = app.with_brand(wrong.path()).await;
        let desk = Desk::set(&app).await;
        let invoice = invoiced(&desk, "Nobody AG").await;
        for seconds in [0, 1, 4, 16, 64, 256] {
            app.clock.advance_seconds(seconds);
            run_jobs(&app).await;
        }
        let dead = failed(&app).await;
        assert_eq!(dead[0]["state"], "dead");
        let said = dead[0]["message"].as_str().unwrap_or_default();
        assert!(said.contains("The template, line 5: ") && said.contains("not for them"), "{said}");
        let id: Uuid = dead[0]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        let app = app.with_brand(mended.path()).await;
        app.operator.act(&format!("/api/v1/jobs/{id}/retry")).await.expect(200);
        run_jobs(&app).await;
        assert!(failed(&app).await.is_empty());
        assert!(is_printed(&app, &invoice).await);
        app.prove();
        app.end().await;
    }
}
