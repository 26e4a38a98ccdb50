//! Jobs through the door: once, whatever crashes; again, as often as it helps; and seen by those who may.

pub mod kinds;
mod windows;

use reqwest::Method;
use seatbook::{gate::Key, jobs::Runner, scope::Permission};
use serde_json::json;

use crate::{
    both_engines,
    harness::{random_id, send},
};
use kinds::{HandIn, KINDS, Plan, begun, heard, talk};

both_engines! {
    /// A job stands in its command's transaction: a refused command hands nothing in, a kept one does.
    async fn a_job_exists_exactly_when_its_command_does(app: TestApp) {
        let plan = Plan { parent_id: app.provider, names: vec!["A".into()] };
        let command = HandIn { kind: "test.add", title: "Never".into(), plan, refuse: true };
        let caller = app.caller(&app.operator).await;
        let refused = app.app.gate.submit(&caller, Key::mint().expect("random"), command).await;
        assert_eq!(refused.expect_err("refused").code, "test.after_all_not");
        assert_eq!(app.operator.get("/api/v1/jobs").await.expect(200)["items"], json!([]));

        let id = app.hand_in(&app.operator, "test.add", (app.provider, &["A", "B"])).await;
        let queued = app.job(id).await;
        assert_eq!((&queued["state"], &queued["rows_total"], &queued["rows_done"]), (&json!("queued"), &json!(2), &json!(0)));
        assert_eq!(app.added().await, 0);
        app.run_jobs().await;
        let done = app.job(id).await;
        assert_eq!((&done["state"], &done["message"], &done["rows_done"]), (&json!("done"), &json!("All added."), &json!(2)));
        assert_eq!(done["result"]["figures"], json!([{"label": "Organizations", "value": "2"}]));
        assert_eq!(app.added().await, 2);
        app.end().await;
    }
}

both_engines! {
    /// Three workers race for twenty jobs: each is begun once and done once.
    async fn each_job_runs_once_although_workers_race(app: TestApp) {
        let names: Vec<String> = (0..20).map(|number| format!("Customer {number}")).collect();
        let mut ids = Vec::new();
        for name in &names {
            ids.push(app.hand_in(&app.operator, "test.add", (app.provider, &[name])).await);
        }
        tokio::join!(app.run_jobs(), app.run_jobs(), app.run_jobs());
        for id in ids {
            assert_eq!((&app.job(id).await["state"], begun(id)), (&json!("done"), 1));
        }
        assert_eq!(app.added().await, 20);
        app.end().await;
    }
}

both_engines! {
    /// A worker that died in the middle is followed by another, once its lease has ended; its step stands once.
    async fn a_crash_in_the_middle_applies_each_step_once(app: TestApp) {
        let id = app.hand_in(&app.operator, "test.wait", (app.provider, &["First", "Second"])).await;
        let ear = talk().0.subscribe();
        tokio::select! {
            () = app.run_jobs() => panic!("it waits"),
            () = heard(ear, id, "waiting") => {}
        }
        assert_eq!((&app.job(id).await["state"], app.added().await), (&json!("running"), 1));
        app.run_jobs().await;
        assert_eq!(begun(id), 1, "nobody takes it while the lease stands");

        app.clock.advance_seconds(31);
        let ear = talk().0.subscribe();
        tokio::join!(app.run_jobs(), async {
            heard(ear, id, "waiting").await;
            let _ = talk().0.send((id, "go on"));
        });
        let done = app.job(id).await;
        assert_eq!((&done["state"], &done["attempts"], begun(id)), (&json!("done"), &json!(2), 2));
        assert_eq!(app.added().await, 2, "the first was not added twice");
        app.end().await;
    }
}

both_engines! {
    /// A server that is sure to be alone takes what a dead one left at once; where there may be others, it waits.
    async fn a_lone_server_waits_for_no_dead_one(app: TestApp) {
        let (db, now) = (app.app.gate.db(), app.app.gate.now());
        let id = app.hand_in(&app.operator, "test.add", (app.provider, &["First"])).await;
        let left = seatbook::jobs::leases::take(db, random_id(), now).await.expect("takes");
        assert_eq!(left.map(|claim| claim.id), Some(id));
        let freed = seatbook::jobs::leases::free_all(db, now).await.expect("frees");
        let alone = db.is_exclusive();
        assert_eq!(freed, u64::from(alone));
        app.run_jobs().await;
        assert_eq!(app.job(id).await["state"], if alone { "done" } else { "running" });
        app.end().await;
    }
}

both_engines! {
    /// Who lost its lease says nothing any more: what the next worker wrote stands.
    async fn a_late_worker_cannot_write(app: TestApp) {
        let id = app.hand_in(&app.operator, "test.wait", (app.provider, &["First", "Second"])).await;
        let ear = talk().0.subscribe();
        tokio::join!(app.run_jobs(), async {
            heard(ear, id, "waiting").await;
            app.clock.advance_seconds(31);
            let taken = seatbook::jobs::leases::take(app.app.gate.db(), random_id(), app.app.gate.now()).await;
            assert_eq!(taken.expect("takes").map(|claim| claim.id), Some(id));
            let _ = talk().0.send((id, "go on"));
        });
        let running = app.job(id).await;
        assert_eq!((&running["state"], &running["attempts"]), (&json!("running"), &json!(2)));
        assert_eq!(running["failures"], json!([]));
        app.end().await;
    }
}

both_engines! {
    /// Failures are tried again after 1, 4, 16, 64 and 256 seconds; then the job is dead, and a button wakes it.
    async fn failures_are_tried_again_ever_later_and_then_no_more(app: TestApp) {
        let id = app.hand_in(&app.operator, "test.fail", (app.provider, &[])).await;
        app.run_jobs().await;
        for (tries, seconds) in [(1, 1), (2, 4), (3, 16), (4, 64), (5, 256)] {
            let waiting = app.job(id).await;
            assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("waiting"), &json!(tries)));
            assert_eq!((&waiting["code"], &waiting["message"]), (&json!("test.down"), &json!("It is down.")));
            app.clock.advance_seconds(seconds - 1);
            app.run_jobs().await;
            assert_eq!(app.job(id).await["attempts"], tries, "not before its time");
            app.clock.advance_seconds(1);
            app.run_jobs().await;
        }
        let dead = app.job(id).await;
        assert_eq!((&dead["state"], &dead["attempts"]), (&json!("dead"), &json!(6)));
        assert_eq!(dead["message"], "Given up after 6 tries. It is down.");
        assert_eq!(dead["failures"].as_array().map(Vec::len), Some(6));

        let path = format!("/api/v1/jobs/{id}/retry");
        let queued = app.operator.act(&path).await.expect(200);
        assert_eq!((&queued["state"], &queued["attempts"], &queued["version"]), (&json!("queued"), &json!(0), &json!(2)));
        assert_eq!(app.operator.act(&path).await.code(409), "job.not_retryable");
        app.run_jobs().await;
        assert_eq!(app.job(id).await["state"], "waiting");
        app.end().await;
    }
}

both_engines! {
    /// A refusal ends a job at once with its reason and its numbers; an old one is not begun again.
    async fn a_refused_job_says_why(app: TestApp) {
        let id = app.hand_in(&app.operator, "test.refuse", (app.provider, &[])).await;
        app.run_jobs().await;
        let refused = app.job(id).await;
        assert_eq!((&refused["state"], &refused["code"], &refused["message"]), (&json!("refused"), &json!("test.no"), &json!("Not today.")));
        assert_eq!((&refused["result"]["problem"]["free"], &refused["result"]["problem"]["status"]), (&json!(3), &json!(409)));
        assert_eq!((&refused["attempts"], &refused["failures"]), (&json!(1), &json!([])));
        app.clock.advance_seconds(3 * 24 * 3600);
        assert_eq!(app.operator.act(&format!("/api/v1/jobs/{id}/retry")).await.code(409), "job.too_old");
        app.end().await;
    }
}

both_engines! {
    /// A refused step is asked anew when the job is told to try again: the reason may be gone.
    async fn a_retry_asks_a_refused_step_anew(app: TestApp) {
        let partner = app.operator.post("/api/v1/organizations", json!({"parent_id": app.provider, "kind": "partner", "name": "P"})).await.id();
        let manager = app.member(partner, "account_manager").await;
        let id = app.hand_in(&manager, "test.add", (partner, &["New"])).await;
        app.operator.act(&format!("/api/v1/organizations/{partner}/suspend")).await.expect(200);
        app.run_jobs().await;
        assert_eq!(app.job(id).await["code"], "not_found", "a job may do what its person may do now");
        app.operator.act(&format!("/api/v1/organizations/{partner}/resume")).await.expect(200);
        app.operator.act(&format!("/api/v1/jobs/{id}/retry")).await.expect(200);
        app.run_jobs().await;
        assert_eq!((&app.job(id).await["state"], app.added().await), (&json!("done"), 2));
        app.end().await;
    }
}

both_engines! {
    /// Nobody has begun it: canceled at once. It runs: canceled between two steps. It has ended: too late.
    async fn jobs_are_canceled(app: TestApp) {
        let waiting = app.hand_in(&app.operator, "test.add", (app.provider, &["Never"])).await;
        let canceled = app.operator.act(&format!("/api/v1/jobs/{waiting}/cancel")).await.expect(200);
        assert_eq!((&canceled["state"], &canceled["message"]), (&json!("canceled"), &json!("Canceled before it was done.")));
        app.run_jobs().await;
        assert_eq!((app.added().await, begun(waiting)), (0, 0));
        assert_eq!(app.operator.act(&format!("/api/v1/jobs/{waiting}/cancel")).await.code(409), "job.ended");

        let running = app.hand_in(&app.operator, "test.wait", (app.provider, &["First", "Second"])).await;
        let ear = talk().0.subscribe();
        tokio::join!(app.run_jobs(), async {
            heard(ear, running, "waiting").await;
            let asked = app.operator.act(&format!("/api/v1/jobs/{running}/cancel")).await.expect(200);
            assert_eq!((&asked["state"], &asked["cancel_requested"]), (&json!("running"), &json!(true)));
            let _ = talk().0.send((running, "go on"));
        });
        let stopped = app.job(running).await;
        assert_eq!((&stopped["state"], &stopped["message"]), (&json!("canceled"), &json!("Stopped after 1 of 2.")));
        assert_eq!(app.added().await, 1);
        app.end().await;
    }
}

both_engines! {
    /// One that panics among fifty holds nobody up; one of a kind nobody knows, or whose twin is under way, is tried again.
    async fn a_poisonous_job_holds_nobody_up(app: TestApp) {
        let mut good = Vec::new();
        let mut bad = Vec::new();
        for number in 0..50 {
            let name = format!("Customer {number}");
            match number {
                7 => bad.push((app.hand_in(&app.operator, "test.crash", (app.provider, &[])).await, "job.crashed")),
                8 => bad.push((app.hand_in(&app.operator, "test.unheard_of", (app.provider, &[])).await, "job.unknown_kind")),
                9 => bad.push((app.hand_in(&app.operator, "test.twin", (app.provider, &[])).await, "idempotency.in_flight")),
                _ => good.push(app.hand_in(&app.operator, "test.add", (app.provider, &[&name])).await),
            }
        }
        app.run_jobs().await;
        for id in good {
            assert_eq!(app.job(id).await["state"], "done");
        }
        for (id, code) in bad {
            let waiting = app.job(id).await;
            assert_eq!((&waiting["state"], &waiting["code"]), (&json!("waiting"), &json!(code)));
        }
        app.end().await;
    }
}

both_engines! {
    /// The workers of a server take what is handed in, and give it back when the server stops.
    async fn a_stopping_server_gives_its_jobs_back(app: TestApp) {
        let runner = Runner::start(app.app.clone(), KINDS);
        let ear = talk().0.subscribe();
        let id = app.hand_in(&app.operator, "test.wait", (app.provider, &["First", "Second"])).await;
        heard(ear, id, "waiting").await;
        runner.stop().await;
        let given_back = app.job(id).await;
        assert_eq!((&given_back["state"], &given_back["attempts"]), (&json!("queued"), &json!(0)));
        assert_eq!(app.added().await, 1);
        app.end().await;
    }
}

both_engines! {
    /// The stream tells every change of a job and ends with it.
    async fn progress_is_streamed(app: TestApp) {
        let id = app.hand_in(&app.operator, "test.wait", (app.provider, &["First", "Second"])).await;
        let mut stream = app.operator.request(Method::GET, &format!("/api/v1/jobs/{id}/events")).send().await.expect("answers");
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        let mut text = String::new();
        until(&mut stream, &mut text, r#"{"state":"queued","rows_done":0,"rows_total":2,"message":""}"#).await;
        let ear = talk().0.subscribe();
        tokio::join!(app.run_jobs(), async {
            heard(ear, id, "waiting").await;
            until(&mut stream, &mut text, r#"{"state":"running""#).await;
            let _ = talk().0.send((id, "go on"));
        });
        while let Some(chunk) = stream.chunk().await.expect("streams") {
            text += &String::from_utf8_lossy(&chunk);
        }
        let last = text.trim_end().rsplit("\n\n").next().expect("an event");
        assert_eq!(last, "event: progress\ndata: {\"state\":\"done\",\"rows_done\":2,\"rows_total\":2,\"message\":\"Both added.\"}");
        app.end().await;
    }
}

async fn until(stream: &mut reqwest::Response, text: &mut String, word: &str) {
    while !text.contains(word) {
        let chunk = stream.chunk().await.expect("streams").expect("goes on");
        *text += &String::from_utf8_lossy(&chunk);
    }
}

both_engines! {
    /// Lists narrow and page, the newest first; what is not one's own is not there; a token is held to its permissions.
    async fn jobs_are_found_by_those_who_may(app: TestApp) {
        let partner = app.operator.post("/api/v1/organizations", json!({"parent_id": app.provider, "kind": "partner", "name": "P"})).await.id();
        let mut ids = vec![app.hand_in(&app.operator, "test.refuse", (app.provider, &["Ärger"])).await];
        app.run_jobs().await;
        for number in 0..3 {
            app.clock.advance_seconds(1);
            ids.push(app.hand_in(&app.operator, "test.add", (partner, &[&format!("Nr {number}")])).await);
        }
        let found = async |path: &str| {
            let body = app.operator.get(path).await.expect(200);
            let items = body["items"].as_array().expect("items").clone();
            (items.iter().map(|it| it["id"].clone()).collect::<Vec<_>>(), body["next_cursor"].clone())
        };
        let newest: Vec<_> = ids.iter().rev().map(|id| json!(id)).collect();
        let (first, cursor) = found("/api/v1/jobs?limit=3").await;
        assert_eq!(first, newest[..3]);
        let (rest, _) = found(&format!("/api/v1/jobs?cursor={}", cursor.as_str().expect("more"))).await;
        assert_eq!(rest, newest[3..]);
        assert_eq!(found("/api/v1/jobs?q=%C3%A4rg").await.0, [json!(ids[0])]);
        assert_eq!(found("/api/v1/jobs?state=queued").await.0, newest[..3]);
        assert_eq!(app.operator.get("/api/v1/jobs?state=lost").await.expect(422)["fields"][0]["field"], "state");

        let other = app.operator.post("/api/v1/organizations", json!({"parent_id": app.provider, "kind": "partner", "name": "Q"})).await.id();
        let foreign = app.member(other, "partner_administrator").await;
        let reader = app.member(partner, "reader").await;
        assert_eq!(foreign.get("/api/v1/jobs").await.expect(200)["items"], json!([]));
        for path in ["", "/events"] {
            let hidden = foreign.get(&format!("/api/v1/jobs/{}{path}", ids[1])).await.expect(404);
            assert_eq!(hidden, foreign.get(&format!("/api/v1/jobs/{}{path}", random_id())).await.expect(404));
        }
        assert_eq!(foreign.act(&format!("/api/v1/jobs/{}/cancel", ids[1])).await.code(404), "not_found");
        assert_eq!(reader.get(&format!("/api/v1/jobs/{}", ids[1])).await.expect(200)["state"], "queued");
        assert_eq!(reader.act(&format!("/api/v1/jobs/{}/cancel", ids[1])).await.code(403), "permission.missing");
        let limited = app.limited(&app.operator, &[Permission::JobsRead]).await;
        assert_eq!(limited.act(&format!("/api/v1/jobs/{}/cancel", ids[1])).await.code(403), "permission.missing");
        let late = app.operator.request(Method::POST, &format!("/api/v1/jobs/{}/cancel", ids[1])).header("If-Match", "\"7\"");
        assert_eq!(send(late).await.code(412), "version.stale");
        app.end().await;
    }
}
