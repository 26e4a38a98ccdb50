//! One service plan for many customers, through the door: checked, done once, stopped, seen by those who may.

mod changed;
mod pages;

use reqwest::Method;
use seatbook::{
    gate::Key,
    jobs::{leases, run_until_idle},
    rollouts::applying::CarryOut,
    router::KINDS,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    crossgrades::stage::{ASSIGN, Stage},
    harness::{Answer, TestApp, id, random_id, send},
};

const ROLLOUTS: &str = "/api/v1/rollouts";

async fn run_jobs(app: &TestApp) {
    run_until_idle(&app.app, KINDS).await.expect("jobs run");
}

/// So many customers of the partner.
async fn customers(app: &TestApp, stage: &Stage, count: usize) -> Vec<Uuid> {
    let mut made = Vec::with_capacity(count);
    for number in 1..=count {
        let name = format!("Customer {number:02}");
        made.push(app.organization(stage.partner, "customer", &name).await);
    }
    made
}

/// Asks for a plan of the partner for some customers.
async fn ask(stage: &Stage, plan: Uuid, whom: Value) -> Answer {
    let mut body = json!({"seller_id": stage.partner, "plan_id": plan});
    let whom = whom.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(whom);
    stage.manager.post(ROLLOUTS, body).await
}

/// The same, checked: its address and what it is then.
async fn checked(app: &TestApp, stage: &Stage, plan: Uuid, ids: &[Uuid]) -> (String, Value) {
    let asked = ask(stage, plan, json!({"organization_ids": ids})).await;
    checked_at(app, stage, asked).await
}

/// The same of what was asked for.
async fn checked_at(app: &TestApp, stage: &Stage, asked: Answer) -> (String, Value) {
    let path = format!("{ROLLOUTS}/{}", asked.id());
    run_jobs(app).await;
    let found = stage.manager.get(&path).await.expect(200);
    assert_eq!(found["state"], "ready", "{found}");
    (path, found)
}

async fn apply(stage: &Stage, path: &str, all: bool) -> Answer {
    let body = json!({"only_if_all_fit": all});
    stage.manager.post(&format!("{path}/apply"), body).await
}

async fn job(stage: &Stage, rollout: &Value, of: &str) -> Value {
    let path = format!("/api/v1/jobs/{}", id(&rollout[of]));
    stage.manager.get(&path).await.expect(200)
}

/// Waiting, fitting, refused, done.
fn counts(rollout: &Value) -> [i64; 4] {
    ["waiting", "fits", "refused", "done"]
        .map(|name| rollout["counts"][name].as_i64().expect("a number"))
}

/// Plan subscriptions of a plan: how many, and how many customers they are of.
async fn given(app: &TestApp, plan: Uuid) -> (usize, usize) {
    let path = format!("{ASSIGN}?plan_id={plan}&limit=200");
    let found = app.operator.get(&path).await.expect(200);
    let items = found["items"].as_array().expect("rows");
    let owners: std::collections::BTreeSet<&str> = items
        .iter()
        .filter_map(|it| it["organization_id"].as_str())
        .collect();
    (items.len(), owners.len())
}

both_engines! {
    /// Of 29 customers three cannot have a trial, and units are enough for 20 of the others: that is said before
    /// anything changes; all or nobody is refused; and then those that fit get theirs, as far as the units go.
    async fn many_are_checked_and_given(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let trial = app.plan("TRIAL", "trial", &[(stage.xdr.sku, 4)]).await;
        let single = app.plan("ONE", "full", &[(stage.xdr.sku, 20)]).await;
        let mut ids = customers(&app, &stage, 29).await;
        let order = |of: Uuid, plan: Uuid| json!({"seller_id": stage.partner, "organization_id": of, "plan_id": plan});
        stage.manager.post(ASSIGN, order(ids[0], single)).await.expect(201);
        let tried = stage.manager.post(ASSIGN, order(ids[1], trial)).await.expect(201);
        let license = id(&tried["parts"][0]["license"]["id"]);
        app.operator.act(&format!("/api/v1/licenses/{license}/terminate")).await.expect(200);
        app.operator.act(&format!("/api/v1/organizations/{}/suspend", ids[2])).await.expect(200);
        assert_eq!(app.balance(stage.xdr.pool).await[3], 80);

        let elsewhere = app.organization(app.provider, "customer", "Elsewhere").await;
        ids.push(elsewhere);
        let refused = ask(&stage, trial, json!({"organization_ids": ids})).await.expect(422);
        let field = &refused["fields"][0];
        assert_eq!((&field["field"], &field["code"]), (&json!("organization_ids[29]"), &json!("customer.unknown")));
        assert_eq!(refused["fields"].as_array().map(Vec::len), Some(1));
        ids.pop();

        let (path, found) = checked(&app, &stage, trial, &ids).await;
        assert_eq!((counts(&found), &found["row_count"]), ([0, 26, 3, 0], &json!(29)));
        let total = &found["totals"][0];
        assert_eq!((&total["needed"], &total["free"], &total["short"], &total["enough_for"]),
            (&json!(104), &json!(80), &json!(24), &json!(20)));
        assert_eq!(job(&stage, &found, "check_job_id").await["message"], "26 of 29 customers fit.");
        let rows = stage.manager.get(&format!("{path}/rows?state=refused")).await.expect(200);
        let codes: Vec<&str> = rows["items"].as_array().expect("rows").iter().filter_map(|it| it["code"].as_str()).collect();
        assert_eq!(codes, ["plan.overlap", "trial.used", "organization.suspended"]);
        assert!(rows["items"][1]["message"].as_str().is_some_and(|it| it.contains("tried XDR before")), "{rows}");
        assert_eq!(app.balance(stage.xdr.pool).await[3], 80, "a check changes nothing");

        let refused = apply(&stage, &path, true).await.expect(409);
        assert_eq!((&refused["code"], &refused["refused"], &refused["short"]["XDR-1Y"]),
            (&json!("rollout.not_all_fit"), &json!(3), &json!(24)));
        let queued = apply(&stage, &path, false).await.expect(202);
        assert_eq!(queued["state"], "applying");
        run_jobs(&app).await;
        let done = stage.manager.get(&path).await.expect(200);
        assert_eq!((&done["state"], counts(&done)), (&json!("done"), [0, 0, 9, 20]));
        assert_eq!(job(&stage, &done, "apply_job_id").await["message"], "Done for 20 customers; 9 were refused.");
        let page = stage.manager.get(&format!("{path}/rows?limit=30")).await.expect(200);
        assert_eq!((&page["items"][3]["state"], &page["items"][28]["code"]), (&json!("done"), &json!("pool.exhausted")));
        assert!(page["items"][3]["subscription_id"].is_string());
        assert_eq!(app.balance(stage.xdr.pool).await, [100, 100, 0, 0]);
        assert_eq!(given(&app, trial).await, (21, 21), "one had tried it before");
        assert_eq!(apply(&stage, &path, false).await.code(409), "rollout.state");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A worker that died after its first customer is followed by another: each customer is given the plan once.
    async fn a_crash_gives_nobody_two(app: TestApp) {
        let stage = Stage::open(&app, 1_000).await;
        let ids = customers(&app, &stage, 5).await;
        let (path, _) = checked(&app, &stage, stage.standard, &ids).await;
        let rollout = apply(&stage, &path, false).await.expect(202);
        let (db, now) = (app.app.gate.db(), app.app.gate.now());
        let dead = leases::take(db, random_id(), now).await.expect("takes").expect("a job");
        assert_eq!(dead.id, id(&rollout["apply_job_id"]));
        let caller = app.caller(&stage.manager).await;
        let first = CarryOut { id: id(&rollout["id"]), position: 1 };
        let key = Key::step(format!("job:{}:row:1", dead.id));
        app.app.gate.submit(&caller, key, first.clone()).await.expect("it is done");
        run_jobs(&app).await;
        assert_eq!(given(&app, stage.standard).await, (1, 1), "nobody takes it while the lease stands");

        // A step under another key is none: the row says that it is done.
        let twin = app.app.gate.submit(&caller, Key::step("another".into()), first).await;
        assert_eq!(twin.expect_err("refused").code, "rollout.state");
        app.clock.advance_seconds(31);
        run_jobs(&app).await;
        let done = stage.manager.get(&path).await.expect(200);
        assert_eq!((&done["state"], counts(&done)), (&json!("done"), [0, 0, 0, 5]));
        assert_eq!(given(&app, stage.standard).await, (5, 5));
        assert_eq!(app.balance(stage.worry_free.pool).await[1], 5 * 25);
        let entries = app.operator.get("/api/v1/journal?command=rollouts.carry_out").await.expect(200);
        let undo = format!("/api/v1/journal/{}/undo", id(&entries["items"][0]["id"]));
        app.operator.act(&undo).await.expect(200);
        assert_eq!(given(&app, stage.standard).await, (4, 4));
        let rows = stage.manager.get(&format!("{path}/rows")).await.expect(200);
        let gone = rows["items"].as_array().expect("rows").iter().filter(|it| it["subscription_id"].is_null());
        assert_eq!(gone.count(), 1, "what was taken back is not pointed to");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// All or nobody: one that does not fit any more when its turn comes keeps all others from it.
    async fn all_or_nobody_is_looked_at_again(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let ids = customers(&app, &stage, 3).await;
        let (path, _) = checked(&app, &stage, stage.standard, &ids).await;
        let rollout = apply(&stage, &path, true).await.expect(202);
        let order = json!({"seller_id": stage.partner, "organization_id": ids[2], "plan_id": stage.suite});
        let other = stage.manager.post(ASSIGN, order).await.expect(201);
        run_jobs(&app).await;
        let ended = job(&stage, &rollout, "apply_job_id").await;
        assert_eq!((&ended["state"], &ended["code"]), (&json!("refused"), &json!("rollout.not_all_fit")));
        let found = stage.manager.get(&path).await.expect(200);
        assert_eq!((&found["state"], counts(&found)), (&json!("ready"), [0, 2, 1, 0]));
        assert_eq!(given(&app, stage.standard).await.0, 0);
        assert_eq!(apply(&stage, &path, true).await.code(409), "rollout.not_all_fit");
        let found = format!("{ASSIGN}/{}", id(&other["id"]));
        stage.manager.get(&found).await.expect(200);
        apply(&stage, &path, false).await.expect(202);
        run_jobs(&app).await;
        assert_eq!(given(&app, stage.standard).await, (2, 2));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// It stops where somebody stops it: before it is checked, when it is ready, and between two customers.
    async fn it_stops_where_it_is_stopped(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let ids = customers(&app, &stage, 3).await;
        let asked = ask(&stage, stage.standard, json!({"organization_ids": ids})).await.expect(201);
        let path = format!("{ROLLOUTS}/{}", id(&asked["id"]));
        assert_eq!(apply(&stage, &path, false).await.code(409), "rollout.state", "nobody was checked yet");
        let cancel = format!("{path}/cancel");
        let canceled = stage.manager.act(&cancel).await.expect(200);
        assert_eq!((&canceled["state"], canceled["ended_at"].is_string()), (&json!("canceled"), true));
        run_jobs(&app).await;
        assert_eq!(job(&stage, &asked, "check_job_id").await["state"], "canceled");
        assert_eq!(stage.manager.act(&cancel).await.code(409), "rollout.state");

        // Of what is asked at one instant nothing is the later.
        app.clock.advance_seconds(1);
        let (path, found) = checked(&app, &stage, stage.standard, &ids).await;
        let stale = stage.manager.request(Method::POST, &format!("{path}/apply")).header("If-Match", "\"1\"");
        assert_eq!(send(stale.json(&json!({}))).await.code(412), "version.stale");
        let rollout = apply(&stage, &path, false).await.expect(202);
        assert_eq!(rollout["version"].as_i64(), found["version"].as_i64().map(|it| it + 1));
        let caller = app.caller(&stage.manager).await;
        let first = CarryOut { id: id(&rollout["id"]), position: 1 };
        app.app.gate.submit(&caller, Key::step("first".into()), first).await.expect("it is done");
        stage.manager.act(&format!("{path}/cancel")).await.expect(200);
        run_jobs(&app).await;
        let stopped = job(&stage, &rollout, "apply_job_id").await;
        assert_eq!((&stopped["state"], given(&app, stage.standard).await), (&json!("canceled"), (1, 1)));
        let after = stage.manager.get(&path).await.expect(200);
        assert_eq!((&after["state"], counts(&after)), (&json!("canceled"), [0, 2, 0, 1]));
        let list = stage.manager.get(&format!("{ROLLOUTS}?state=canceled&limit=1")).await.expect(200);
        assert_eq!((&list["items"][0]["id"], list["next_cursor"].is_string()), (&rollout["id"], true));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A job that was stopped goes on where it was when it is told to try again.
    async fn a_stopped_job_goes_on(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let ids = customers(&app, &stage, 3).await;
        let asked = ask(&stage, stage.standard, json!({"organization_ids": ids})).await.expect(201);
        let check = format!("/api/v1/jobs/{}", id(&asked["check_job_id"]));
        stage.manager.act(&format!("{check}/cancel")).await.expect(200);
        run_jobs(&app).await;
        let path = format!("{ROLLOUTS}/{}", id(&asked["id"]));
        assert_eq!(stage.manager.get(&path).await.expect(200)["state"], "checking");
        stage.manager.act(&format!("{check}/retry")).await.expect(200);
        run_jobs(&app).await;
        assert_eq!(counts(&stage.manager.get(&path).await.expect(200)), [0, 3, 0, 0]);
        let body = json!({"only_if_all_fit": true});
        let preview = stage.manager.post(&format!("{path}/apply?preview=true"), body).await;
        assert_eq!(preview.headers["seatbook-would-queue"], "job rollouts.apply");
        assert_eq!(stage.manager.get(&path).await.expect(200)["state"], "ready");
        app.end().await;
    }
}

both_engines! {
    /// Who is meant: named once each, or found below the seller; what is wrong is said before anything is queued.
    async fn who_is_meant(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let ids = customers(&app, &stage, 2).await;
        let below = app.organization(stage.partner, "partner", "Subpartner").await;
        app.organization(below, "customer", "Customer below").await;
        let rows = async |whom: Value| {
            let asked = ask(&stage, stage.standard, whom).await.expect(201);
            let path = format!("{ROLLOUTS}/{}/rows", id(&asked["id"]));
            let found = stage.manager.get(&path).await.expect(200);
            let found = found["items"].as_array().expect("rows").clone();
            found.iter().map(|it| it["organization_name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(rows(json!({"all_below": true})).await,
            ["Aurora", "Customer 01", "Customer 02", "Customer below", "Subpartner"]);
        assert_eq!(rows(json!({"kind": "partner"})).await, ["Subpartner"]);
        assert_eq!(rows(json!({"kind": "customer", "q": "customer 0"})).await, ["Customer 01", "Customer 02"]);
        assert_eq!(rows(json!({"organization_ids": [ids[1], ids[0]]})).await, ["Customer 02", "Customer 01"]);
        for (whom, code) in [
            (json!({}), "required"),
            (json!({"organization_ids": [ids[0]], "all_below": true}), "rollout.named_and_found"),
            (json!({"organization_ids": [ids[0], ids[0]]}), "customer.twice"),
            (json!({"organization_ids": [stage.partner]}), "customer.unknown"),
            (json!({"organization_ids": vec![ids[0]; 10_001]}), "rollout.too_many"),
            (json!({"q": "nobody has this"}), "rollout.nobody"),
            (json!({"organization_ids": ids, "components": [{"sku_id": stage.xdr.sku}]}), "component.unknown"),
            (json!({"organization_ids": ids, "start_date": "2026-05-30"}), "start_date.past"),
            (json!({"organization_ids": ids, "notice_days": -1}), "out_of_range"),
        ] {
            assert_eq!(ask(&stage, stage.standard, whom).await.field(), code);
        }
        let unknown = ask(&stage, random_id(), json!({"organization_ids": ids})).await;
        assert_eq!(unknown.field(), "plan.unknown");
        let path = format!("/api/v1/service-plans/{}", stage.standard);
        app.operator.patch(&path, json!({"end_of_sale": "2026-05-01"})).await.expect(200);
        let over = ask(&stage, stage.standard, json!({"organization_ids": ids})).await;
        assert_eq!(over.code(409), "plan.end_of_sale");
        app.end().await;
    }
}

both_engines! {
    /// Asking takes what assigning takes; prices are for who may see the seller's.
    async fn only_those_who_may(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let reader = app.member(stage.partner, "reader").await;
        let stranger = app.organization(app.provider, "partner", "Elsewhere").await;
        let stranger = app.member(stranger, "partner_administrator").await;
        let whom = json!({"organization_ids": [stage.customer]});
        let mut body = json!({"seller_id": stage.partner, "plan_id": stage.standard, "organization_ids": [stage.customer]});
        assert_eq!(reader.post(ROLLOUTS, body.clone()).await.code(403), "permission.missing");
        assert_eq!(stranger.post(ROLLOUTS, body.clone()).await.code(404), "not_found");
        body["issue"] = json!(true);
        assert_eq!(stage.manager.post(ROLLOUTS, body).await.code(403), "permission.missing");
        let mut whom = whom;
        whom["components"] = json!([{"sku_id": stage.worry_free.sku, "units": 3, "price_minor": 1200, "currency": "EUR"}]);
        let asked = ask(&stage, stage.standard, whom).await.expect(201);
        let path = format!("{ROLLOUTS}/{}", id(&asked["id"]));
        let price = |found: &Value| found["terms"]["components"][0]["price_minor"].clone();
        assert_eq!(price(&stage.manager.get(&path).await.expect(200)), 1200);
        let seen = reader.get(&path).await.expect(200);
        assert_eq!((price(&seen), &seen["terms"]["components"][0]["units"]), (Value::Null, &json!(3)));
        assert_eq!(price(&reader.get(ROLLOUTS).await.expect(200)["items"][0]), Value::Null);
        assert_eq!(stranger.get(&path).await.code(404), "not_found");
        assert_eq!(reader.act(&format!("{path}/cancel")).await.code(403), "permission.missing");
        run_jobs(&app).await;
        apply(&stage, &path, true).await.expect(202);
        run_jobs(&app).await;
        let given = stage.manager.get(&format!("{ASSIGN}?organization_id={}", stage.customer)).await.expect(200);
        let given = stage.manager.get(&format!("{ASSIGN}/{}", id(&given["items"][0]["id"]))).await.expect(200);
        assert_eq!(given["parts"][0]["license"]["quantity"], 3);
        app.prove();
        app.end().await;
    }
}
