//! From a number to a mail: files made once, one mail, whatever is done twice.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, buyer, path, say};
use crate::{
    both_engines,
    harness::{Person, PostOffice, TestApp},
};

async fn run_jobs(app: &TestApp) {
    seatbook::jobs::run_until_idle(&app.app, seatbook::router::KINDS)
        .await
        .expect("jobs run");
}

/// A file of an invoice.
async fn file(person: &Person, invoice: &Value, kind: &str) -> (u16, Vec<u8>) {
    let path = path(invoice, kind);
    let answer = person.request(Method::GET, &path).send().await;
    let answer = answer.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.bytes().await.expect("a body").to_vec())
}

async fn invoice_mails(app: &TestApp) -> Vec<Value> {
    let mails = app
        .operator
        .get("/api/v1/mails?limit=200")
        .await
        .expect(200);
    let all = mails["items"].as_array().expect("a list").clone();
    all.into_iter()
        .filter(|it| it["kind"] == "invoice")
        .collect()
}

both_engines! {
    /// The customer gets one mail with the page and the e-invoice; issuer and buyer can download the same bytes.
    async fn an_invoice_is_mailed_once(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (10, 1_999, "EUR")).await;
        let invoice = desk.invoice(license).await;
        assert_eq!(file(&app.operator, &invoice, "pdf").await.0, 404, "nothing was made yet");
        run_jobs(&app).await;
        run_jobs(&app).await;
        // A mail of this size fills the pipe to the mail server, so somebody has to read while it is sent.
        let ((), mail) = tokio::join!(app.deliver(), post.next());
        assert_eq!(mail["envelope_to"], json!(["invoices@customer.example"]));
        let subject = mail["headers"]["subject"].as_str().expect("a subject");
        assert!(subject.contains("INV-2026-000001"), "{subject}");
        assert!(mail["text"].as_str().is_some_and(|text| text.contains("237.88 EUR")), "{}", mail["text"]);
        let (status, page) = file(&app.operator, &invoice, "pdf").await;
        assert_eq!((status, &page[..4]), (200, &b"%PDF"[..]));
        let attached = &mail["attachments"][0];
        assert_eq!(attached["name"], "INV-2026-000001.pdf");
        assert_eq!(BASE64.decode(attached["content"].as_str().expect("base64")).expect("base64"), page);
        let (_, ubl) = file(&app.operator, &invoice, "ubl").await;
        assert!(String::from_utf8_lossy(&ubl).contains("237.88"));
        let payer = app.member(desk.customer, "customer_administrator").await;
        assert_eq!(file(&payer, &invoice, "pdf").await, (200, page));
        let other = desk.buyer("Other").await;
        let stranger = app.member(other, "customer_administrator").await;
        assert_eq!(file(&stranger, &invoice, "pdf").await.0, 404);
        assert_eq!(invoice_mails(&app).await.len(), 1);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A buyer without an address gets no mail, and the job says so; the files are there.
    async fn without_an_address_nothing_is_mailed(app: TestApp) {
        let desk = Desk::set(&app).await;
        let mut facts = buyer();
        facts["email"] = json!("");
        say(&app, desk.customer, facts).await;
        let license = desk.sold(desk.customer, (1, 5_000, "EUR")).await;
        let invoice = desk.invoice(license).await;
        run_jobs(&app).await;
        assert_eq!(invoice_mails(&app).await.len(), 0);
        assert_eq!(file(&app.operator, &invoice, "factur-x").await.0, 200);
        let jobs = app.operator.get("/api/v1/jobs?limit=5").await.expect(200);
        let said = jobs["items"][0]["message"].as_str().expect("a message");
        assert!(said.contains("was mailed to nobody"), "{said}");
        app.prove();
        app.end().await;
    }
}
