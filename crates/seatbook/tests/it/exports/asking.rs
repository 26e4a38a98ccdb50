//! For whom a file is, how long, and that it is one whatever happens.

use reqwest::Method;
use seatbook::{exports, scope::Permission};
use serde_json::json;
use uuid::Uuid;

use super::{bytes, counted, work};
use crate::{
    both_engines,
    harness::{Engine, TestApp, random_id},
};

/// An export of a small book's licenses, as the operator; its address.
async fn asked(app: &TestApp) -> (String, Uuid) {
    let body = json!({"list": "licenses", "organization_id": app.provider, "format": "csv"});
    let export = app.operator.post("/api/v1/exports", body).await.expect(202);
    let id = export["id"].as_str().expect("an id").to_owned();
    (id, crate::harness::id(&export["job_id"]))
}

/// What leaves a piece of another try.
fn left(app: &TestApp, id: &str) -> String {
    match app.engine {
        Engine::Sqlite => format!(
            "INSERT INTO export_piece SELECT id, randomblob(16), 0, x'00' FROM export WHERE id = x'{}'",
            id.replace('-', "")
        ),
        Engine::Postgres => format!(
            "INSERT INTO export_piece SELECT id, gen_random_uuid(), 0, 'x' FROM export WHERE id = '{id}'"
        ),
    }
}

/// The right to the list goes while its file is being kept: behind what was looked at when the job began.
const WITHDRAWN: [&str; 2] = [
    "CREATE TRIGGER withdrawn AFTER INSERT ON export_piece BEGIN
       UPDATE membership SET active = 0 WHERE role = 'partner_administrator'; END",
    "CREATE FUNCTION withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       UPDATE membership SET active = FALSE WHERE role = 'partner_administrator'; RETURN new; END $$;
     CREATE TRIGGER withdrawn AFTER INSERT ON export_piece FOR EACH ROW EXECUTE FUNCTION withdrawn()",
];

both_engines! {
    /// A file is for who asked, while they may read the list; to everybody else it is not there.
    async fn a_file_is_for_who_asked(app: TestApp) {
        let sku = app.insert_sku("PHONE", Some("P1Y")).await;
        app.license(app.provider, sku, 5).await;
        let (id, job) = asked(&app).await;
        work(&app).await;
        let (path, page) = (format!("/api/v1/exports/{id}"), format!("/exports/{id}/file"));
        assert!(!bytes(app.operator.request(Method::GET, &format!("{path}/file"))).await.is_empty());
        let (browser, other) = app.browser_of(app.provider, "operator").await;
        let nowhere = other.get(&format!("/api/v1/exports/{}", random_id())).await.expect(404);
        for path in [&path, &format!("{path}/file")] {
            assert_eq!(other.get(path).await.expect(404), nowhere, "a colleague sees nothing of it");
        }
        browser.get(&page).await.page(404);
        let told = browser.get(&format!("/jobs/{job}")).await.page(200);
        assert!(!told.contains("Download result"), "{told}");
        let limited = app.limited(&app.operator, &[Permission::JobsRead]).await;
        limited.get(&format!("{path}/file")).await.expect(404);

        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let stranger = app.member(partner, "partner_administrator").await;
        let body = json!({"list": "licenses", "organization_id": app.provider});
        assert_eq!(stranger.post("/api/v1/exports", body).await.code(404), "not_found");
        let body = json!({"list": "customers", "license_id": random_id()});
        assert_eq!(stranger.post("/api/v1/exports", body).await.code(404), "not_found");
        let reader = app.member(partner, "reader").await;
        assert_eq!(reader.post("/api/v1/exports", json!({"list": "sales"})).await.code(403), "permission.missing");
        for (list, field) in [("customers", "license_id"), ("subscriptions", "organization_id")] {
            let refused = stranger.post("/api/v1/exports", json!({"list": list})).await.expect(422);
            assert_eq!(refused["fields"][0]["field"], field);
        }
        app.end().await;
    }
}

both_engines! {
    /// Who may not read the list any more when its turn comes, is told so by the job.
    async fn a_right_that_is_gone_is_gone(app: TestApp) {
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let paula = app.member(partner, "partner_administrator").await;
        let body = json!({"list": "licenses", "organization_id": partner});
        let export = paula.post("/api/v1/exports", body).await.expect(202);
        app.tamper("UPDATE membership SET active = FALSE WHERE role = 'partner_administrator'").await;
        work(&app).await;
        let job = app.job(crate::harness::id(&export["job_id"])).await;
        assert_eq!((&job["state"], &job["code"]), (&json!("refused"), &json!("permission.missing")));
        assert_eq!(counted(&app, "SELECT count(*) FROM export_piece").await, 0);
        app.end().await;
    }
}

both_engines! {
    /// A file that is refused in the end leaves no pieces. Those of another try are not its own: they may be the file.
    async fn a_refused_file_takes_its_own_pieces_along(app: TestApp) {
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let paula = app.member(partner, "partner_administrator").await;
        for (list, code) in [("licenses", "not_found"), ("people", "permission.missing")] {
            let body = json!({"list": list, "organization_id": partner});
            let export = paula.post("/api/v1/exports", body).await.expect(202);
            app.tamper(&left(&app, export["id"].as_str().expect("an id"))).await;
            let withdrawn = WITHDRAWN[usize::from(app.engine == Engine::Postgres)];
            app.tamper(withdrawn).await;
            work(&app).await;
            let job = app.job(crate::harness::id(&export["job_id"])).await;
            assert_eq!((&job["state"], &job["code"]), (&json!("refused"), &json!(code)), "{list}");
            assert_eq!(counted(&app, "SELECT count(*) FROM export_piece").await, 1, "{list}");
            for mend in [
                match app.engine {
                    Engine::Sqlite => "DROP TRIGGER withdrawn",
                    Engine::Postgres => "DROP FUNCTION withdrawn CASCADE",
                },
                "DELETE FROM export_piece",
                "UPDATE membership SET active = TRUE",
            ] {
                app.tamper(mend).await;
            }
        }
        app.end().await;
    }
}

both_engines! {
    /// A job that is begun again, before its file was ready or after, comes to one file.
    async fn a_job_that_is_begun_again_comes_to_one_file(app: TestApp) {
        let sku = app.insert_sku("PHONE", Some("P1Y")).await;
        app.license(app.provider, sku, 5).await;
        let (id, job) = asked(&app).await;
        let left = left(&app, &id);
        app.tamper(&left).await;
        work(&app).await;
        assert_eq!(counted(&app, "SELECT count(*) FROM export_piece").await, 1, "what another try left is gone");
        let path = format!("/api/v1/exports/{id}/file");
        let file = bytes(app.operator.request(Method::GET, &path)).await;
        app.tamper(&left).await;
        app.tamper("UPDATE job SET state = 'queued', ended_at = NULL").await;
        work(&app).await;
        assert_eq!(app.job(job).await["state"], "done");
        assert_eq!(bytes(app.operator.request(Method::GET, &path)).await, file);
        assert_eq!(counted(&app, "SELECT count(*) FROM export_piece").await, 1);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A file whose end is gone breaks off: nobody takes it for a whole one.
    async fn a_file_that_is_forgotten_meanwhile_breaks_off(app: TestApp) {
        let sku = app.insert_sku("PHONE", Some("P1Y")).await;
        app.license(app.provider, sku, 5).await;
        let (id, _) = asked(&app).await;
        work(&app).await;
        app.tamper("DELETE FROM export_piece").await;
        let path = format!("/api/v1/exports/{id}/file");
        let came = match app.operator.request(Method::GET, &path).send().await {
            Ok(answer) => answer.bytes().await.is_ok(),
            Err(_) => false,
        };
        assert!(!came, "nothing came, and was taken for the file");
        app.end().await;
    }
}

both_engines! {
    /// After a week a file is not there any more, and then forgotten.
    async fn a_file_is_kept_for_a_week(app: TestApp) {
        let sku = app.insert_sku("PHONE", Some("P1Y")).await;
        app.license(app.provider, sku, 5).await;
        let (id, _) = asked(&app).await;
        work(&app).await;
        let (db, path) = (app.app.gate.db(), format!("/api/v1/exports/{id}"));
        let week = 7 * 86_400;
        app.clock.advance_seconds(week - 1);
        assert_eq!(exports::forget(db, app.app.gate.now()).await.expect("it is asked"), 0);
        app.operator.get(&path).await.expect(200);
        app.clock.advance_seconds(1);
        app.operator.get(&path).await.expect(404);
        assert_eq!(exports::forget(db, app.app.gate.now()).await.expect("it is asked"), 1);
        assert_eq!(counted(&app, "SELECT count(*) FROM export_piece").await, 0);
        assert_eq!(counted(&app, "SELECT count(*) FROM export").await, 0);
        app.prove();
        app.end().await;
    }
}
