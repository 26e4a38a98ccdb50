//! The job pages, as a browser sees them.

use seatbook::gate::{Caller, Key};
use serde_json::json;

use crate::{
    both_engines,
    harness::{Browser, Person, TestApp, random_id},
};

use super::kinds::{HandIn, Plan, heard, talk};

/// Somebody at a new partner, with their browser.
async fn somebody(app: &TestApp, role: &str) -> (Browser, Person, uuid::Uuid) {
    let body = json!({"parent_id": app.provider, "kind": "partner", "name": "Nordlicht"});
    let partner = app.operator.post("/api/v1/organizations", body).await.id();
    let (browser, person) = app.browser_of(partner, role).await;
    (browser, person, partner)
}

both_engines! {
    /// The list narrows by title and state, and sends only its rows to the module.
    async fn jobs_are_listed(app: TestApp) {
        let (browser, person, partner) = somebody(&app, "account_manager").await;
        let empty = browser.get("/jobs").await;
        assert!(empty.status.is_success() && empty.text.contains("No jobs yet"), "{}", empty.text);
        app.hand_in(&person, "test.refuse", (partner, &["Ärger"])).await;
        app.run_jobs().await;
        app.hand_in(&person, "test.add", (partner, &["Waiting"])).await;
        app.hand_in(&app.operator, "test.add", (app.provider, &["Secret"])).await;
        let page = browser.get("/jobs").await.text;
        for word in ["Job Ärger", "Not today.", "Refused", "Job Waiting", "Queued", "Petra Person", "2 jobs"] {
            assert!(page.contains(word), "{word}: {page}");
        }
        assert!(!page.contains("Secret"), "{page}");
        let open = browser.get("/jobs?state=open").await.text;
        assert!(open.contains("Job Waiting") && !open.contains("Job Ärger"), "{open}");
        let found = browser.get("/jobs?q=%C3%A4rg&state=failed").await.text;
        assert!(found.contains("Job Ärger") && !found.contains("Job Waiting"), "{found}");
        let rows = browser.request(reqwest::Method::GET, "/jobs").header("X-Fragment", "1");
        let rows = crate::harness::send(rows).await.text;
        assert!(rows.contains("Job Ärger") && !rows.contains("<html"), "{rows}");
        app.end().await;
    }
}

both_engines! {
    /// A refused job says why and has a button; pressing it twice is once; its stream is the session's.
    async fn a_job_is_tried_again_from_its_page(app: TestApp) {
        let (browser, person, partner) = somebody(&app, "account_manager").await;
        let id = app.hand_in(&person, "test.refuse", (partner, &[])).await;
        app.run_jobs().await;
        let path = format!("/jobs/{id}");
        let page = browser.get(&path).await.text;
        for word in ["Not today.", "test.no", "Try again", "1 Jun 2026, 12:00"] {
            assert!(page.contains(word), "{word}: {page}");
        }
        assert!(!page.contains("Cancel job"), "{page}");
        for _ in 0..2 {
            let pressed = browser.form(&format!("{path}/retry"), &[("idempotency_key", "once")]).await;
            assert_eq!((pressed.status.as_u16(), pressed.headers["location"].as_bytes()), (303, path.as_bytes()));
        }
        assert_eq!(app.job(id).await["version"], 2);
        app.run_jobs().await;
        let stream = browser.get(&format!("{path}/events")).await;
        assert_eq!(stream.headers["content-type"], "text/event-stream");
        assert!(stream.text.contains(r#""state":"refused""#), "{}", stream.text);
        app.end().await;
    }
}

both_engines! {
    /// Canceling is asked first, then done; a reader has no button, and a foreign job no page.
    async fn a_job_is_canceled_from_its_page(app: TestApp) {
        let (browser, person, partner) = somebody(&app, "account_manager").await;
        let id = app.hand_in(&person, "test.wait", (partner, &["First", "Second"])).await;
        let path = format!("/jobs/{id}");
        let ask = browser.get(&format!("{path}/cancel")).await.text;
        assert!(ask.contains("Nobody has begun it") && ask.contains("Cancel job"), "{ask}");
        let ear = talk().0.subscribe();
        tokio::join!(app.run_jobs(), async {
            heard(ear, id, "waiting").await;
            let ask = browser.get(&format!("{path}/cancel")).await.text;
            assert!(ask.contains("It stops after the step it is at."), "{ask}");
            let done = browser.form(&format!("{path}/cancel"), &[]).await;
            assert_eq!(done.status.as_u16(), 303);
            let page = browser.get(&path).await.text;
            assert!(page.contains("asked for; it stops after") && !page.contains("Cancel job"), "{page}");
            let _ = talk().0.send((id, "go on"));
        });
        assert!(browser.get(&path).await.text.contains("Stopped after 1 of 2."));
        let late = browser.form(&format!("{path}/cancel"), &[]).await;
        assert_eq!(late.status.as_u16(), 409);
        assert!(late.text.contains("<html") && late.text.contains("there is nothing left to cancel"), "{}", late.text);

        let (reader, _) = app.browser_of(partner, "reader").await;
        let page = reader.get(&path).await;
        assert!(page.status.is_success() && !page.text.contains("Try again"), "{}", page.text);
        assert_eq!(reader.form(&format!("{path}/retry"), &[]).await.status.as_u16(), 403);
        let foreign = app.hand_in(&app.operator, "test.add", (app.provider, &["Secret"])).await;
        let hidden = reader.get(&format!("/jobs/{foreign}")).await;
        assert_eq!(hidden.status.as_u16(), 404);
        assert!(hidden.text.contains("<html") && !hidden.text.contains("Secret"), "{}", hidden.text);
        for path in [format!("/jobs/{}", random_id()), "/jobs/none".into()] {
            let missing = reader.get(&path).await;
            assert!(missing.status.as_u16() == 404 && missing.text.contains("<html"), "{path}: {}", missing.text);
        }
        app.end().await;
    }
}

both_engines! {
    /// What Seatbook itself does runs as Seatbook itself.
    async fn jobs_of_seatbook_itself_have_no_person(app: TestApp) {
        let plan = Plan { parent_id: app.provider, names: vec!["New".into()] };
        let command = HandIn { kind: "test.add", title: "Ours".into(), plan, refuse: false };
        let key = Key::mint().expect("random");
        let id = app.app.gate.submit(&Caller::system(), key, command).await.expect("handed in").outcome;
        app.run_jobs().await;
        assert_eq!((&app.job(id).await["state"], app.added().await), (&json!("done"), 1));
        app.end().await;
    }
}
