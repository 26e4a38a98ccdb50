//! A restored book can be read, and does nothing by itself until it is released; then no number comes twice.

use seatbook::{backups::HighWater, jobs, mail::deliver_until_idle, router::KINDS};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shelf, run, text};
use crate::{
    both_engines,
    harness::{Beside, Browser, PASSWORD, Person},
    invoices::Desk,
    mail::stage::Parrot,
};

const SEND: &str = "/api/v1/invoices/send";

pub async fn bill(person: &Person, license: Uuid) -> Value {
    let sent = person.post(SEND, json!({"license_ids": [license]})).await;
    let mut sent = sent.expect(200);
    let invoice = sent["invoices"][0].take();
    let path = format!(
        "/api/v1/invoices/{}",
        invoice["id"].as_str().expect("an id")
    );
    person.get(&path).await.expect(200)["number"].take()
}

/// Takes what is due, as the workers of a server do; says how many mails left.
pub async fn work(other: &Beside) -> usize {
    let parrot = Parrot::saying(vec![]);
    jobs::run_until_idle(&other.app, KINDS)
        .await
        .expect("they run");
    deliver_until_idle(&other.app, parrot.clone())
        .await
        .expect("they run");
    parrot.given().len()
}

both_engines! {
    /// Pages and sign-in work and say what is up; commands, jobs and mails wait.
    async fn a_restored_book_rests(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (10, 500, "EUR")).await;
        let (_, person) = app.browser_of(app.provider, "operator").await;
        bill(&app.operator, license).await;
        app.tamper("UPDATE mail SET state = 'queued' WHERE kind = 'invitation'").await;
        let email = person_email(&person).await;
        let backup = shelf.back_up(app.database()).await;
        let place = shelf.restore(&backup).await;

        let other = app.on(&place).await;
        let operator = app.operator.at(other.address);
        operator.get(&format!("/api/v1/organizations/{}", app.provider)).await.expect(200);
        let body = json!({"parent_id": app.provider, "kind": "customer", "name": "New"});
        let refused = operator.post("/api/v1/organizations", body.clone()).await.expect(503);
        assert_eq!(refused["code"], "book.quarantined");
        assert!(refused["backup_at"].is_string(), "{refused}");
        let ready = operator.get("/readyz").await.expect(503);
        assert_eq!(ready["reasons"][0]["code"], "book.quarantined", "{ready}");
        assert_eq!(operator.get("/livez").await.status.as_u16(), 200);
        let browser = Browser::new(other.address);
        browser.sign_in(&email, PASSWORD).await.goes("/");
        let page = browser.get("/").await;
        assert!(page.text.contains("This book was restored from a backup of"), "{}", page.text);
        assert!(page.text.contains("seatbook resume"), "{}", page.text);

        assert_eq!(work(&other).await, 0, "no mail leaves");
        let waiting = operator.get("/api/v1/jobs?state=queued").await.expect(200);
        assert_eq!(waiting["items"].as_array().map(Vec::len), Some(1), "{waiting}");
        other.end().await;

        let unsaid = run(&["resume", "--database", &place]).await;
        assert!(unsaid.code == 1 && unsaid.trouble.contains("floors.missing"), "{}", unsaid.trouble);
        let release = ["resume", "--database", &place, "--nothing-lost"];
        let said = run(&release).await;
        assert_eq!(said.code, 0, "{}{}", said.text, said.trouble);
        assert!(said.text.contains("as they may have left: 1."), "{}", said.text);
        let again = run(&release).await;
        assert!(again.code == 1 && again.trouble.contains("quarantine.none"), "{}", again.trouble);

        let other = app.on(&place).await;
        operator_of(&app.operator, &other).post("/api/v1/organizations", body).await.expect(201);
        assert_eq!(browser.at(other.address).get("/").await.status.as_u16(), 303, "the session was ended");
        assert_eq!(work(&other).await, 0, "what may have left is sent by nobody's word only");
        let kept = operator_of(&app.operator, &other).get("/api/v1/mails?state=queued").await.expect(200);
        assert_eq!(kept["items"], json!([]));
        other.end().await;
        let said = run(&["verify", "--database", &place]).await;
        assert_eq!(said.code, 0, "{}", said.text);
        shelf.clear().await;
        app.end().await;
    }
}

both_engines! {
    /// Five more invoices were numbered after the backup: the restored book goes on behind them, by the marks of a later
    /// moment or by the operator's word, and says which are lost.
    async fn no_number_is_given_twice(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        let desk = Desk::set(&app).await;
        let mut licenses = Vec::new();
        for _ in 0..7 {
            licenses.push(desk.sold(desk.customer, (1, 10_000, "EUR")).await);
        }
        assert_eq!(bill(&app.operator, licenses[0]).await, "INV-2026-000001");
        app.follow().await;
        let backup = shelf.back_up(app.database()).await;
        for license in &licenses[1..6] {
            bill(&app.operator, *license).await;
        }
        app.follow().await;
        let marks = shelf.path("high-water.json");
        let said = run(&["backup", "--database", app.database(), "--high-water", text(&marks)]).await;
        assert_eq!(said.code, 0, "{}", said.trouble);

        let by_marks: [&str; 2] = ["--high-water", text(&marks)];
        for (words, next) in [(by_marks, "INV-2026-000007"), (["--floor", "INV-2026=41"], "INV-2026-000042")] {
            let place = shelf.restore(&backup).await;
            let said = run(&[&["resume", "--database", place.as_str()][..], &words[..]].concat()).await;
            assert_eq!(said.code, 0, "{}{}", said.text, said.trouble);
            if words == by_marks {
                assert!(said.text.contains("2 to 6 are left out"), "{}", said.text);
                assert!(said.text.contains("Lost: 5 invoices"), "{}", said.text);
                assert!(said.text.contains("entries of the journal"), "{}", said.text);
            }
            let other = app.on(&place).await;
            assert_eq!(bill(&operator_of(&app.operator, &other), licenses[6]).await, next);
            other.end().await;
            let said = run(&["verify", "--database", &place]).await;
            assert_eq!(said.code, 0, "{}", said.text);
        }
        let place = shelf.restore(&backup).await;
        let said = run(&["resume", "--database", &place, "--floor", "NONE=3"]).await;
        assert!(said.code == 1 && said.trouble.contains("nobody numbers"), "{}", said.trouble);
        let known = HighWater::open(&marks).expect("marks");
        let older = HighWater { journal_seq: 1, ..known.clone() };
        let foreign = HighWater { book_id: Some(app.operator.id), ..known };
        for (others, code) in [(older, "marks.older"), (foreign, "marks.other_book")] {
            others.keep(&marks).expect("written");
            let said = run(&["resume", "--database", &place, "--high-water", text(&marks)]).await;
            assert!(said.code == 1 && said.trouble.contains(code), "{}", said.trouble);
        }
        let damaged = std::fs::read_to_string(&marks).expect("marks").replace("\"last\": 6", "\"last\": 4");
        std::fs::write(&marks, damaged).expect("written");
        let said = run(&["resume", "--database", &place, "--high-water", text(&marks)]).await;
        assert!(said.code == 1 && said.trouble.contains("marks.damaged"), "{}", said.trouble);
        shelf.clear().await;
        app.end().await;
    }
}

fn operator_of(operator: &Person, other: &Beside) -> Person {
    operator.at(other.address)
}

async fn person_email(person: &Person) -> String {
    let me = person.get("/api/v1/me").await.expect(200);
    me["email"].as_str().expect("an address").to_owned()
}
