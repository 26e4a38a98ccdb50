//! Long files: applied in steps, each once; all of them or, in the end, none.

use reqwest::Method;
use seatbook::{
    extensions::rows::ExtensionRow,
    gate::{Command, Key},
    imports::commands::{ApplyPart, BeginImport},
    imports::model::Mode,
    sheets::What,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{apply, form_named, run_jobs};
use crate::{
    assignments::stage::Stage,
    both_engines,
    harness::{TestApp, id, send},
};

/// More than go in one step.
const ROWS: i64 = 1_200;

/// A customer with as many units as rows, and the file, checked.
async fn long_file(app: &TestApp) -> (Stage, Value) {
    let stage = Stage::set(app, ROWS).await;
    let rows: String = (0..ROWS)
        .map(|row| format!("{:05}\n", 10_000 + row))
        .collect();
    let form = form_named("extensions", "long.csv", format!("Ext Key\n{rows}"))
        .text("organization_id", stage.customer.to_string());
    let request = stage.admin.request(Method::POST, "/api/v1/imports");
    let import = send(request.multipart(form)).await.expect(201);
    assert_eq!(import["counts"]["create"], ROWS);
    (stage, import)
}

async fn shown(stage: &Stage, import: &Value) -> Value {
    let path = format!("/api/v1/imports/{}", id(&import["id"]));
    stage.admin.get(&path).await.expect(200)
}

/// Asks for the whole file, or its good rows, and lets the job end: its state and what it says.
async fn ended(app: &TestApp, stage: &Stage, import: &Value, mode: &str) -> (String, String) {
    let queued = apply(&stage.admin, import, json!({"mode": mode}))
        .await
        .expect(202);
    run_jobs(app).await;
    let path = format!("/api/v1/jobs/{}", id(&queued["job_id"]));
    let job = stage.admin.get(&path).await.expect(200);
    let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("code"))
}

async fn extensions(app: &TestApp) -> String {
    let sql = "SELECT CAST(count(*) AS TEXT), '' FROM holder WHERE kind = 'extension' AND left_at IS NULL";
    app.texts(sql).await.trim().to_owned()
}

/// As if the server had died right after it said that it begins.
async fn begin(app: &TestApp, stage: &Stage, import: &Value) -> Uuid {
    let id = id(&import["id"]);
    let begin = BeginImport {
        id,
        mode: Mode::All,
        again: false,
    };
    submit(app, stage, "begin", begin).await;
    id
}

async fn submit<C: Command>(app: &TestApp, stage: &Stage, key: &str, command: C) -> C::Outcome {
    let caller = app.caller(&stage.admin).await;
    let done = app
        .app
        .gate
        .submit(&caller, Key::step(key.into()), command)
        .await;
    done.expect("it is done").outcome
}

both_engines! {
    /// All of it in three steps; undone part by part, the last first; and imported once more.
    async fn all_of_a_long_file(app: TestApp) {
        let (stage, import) = long_file(&app).await;
        assert_eq!(ended(&app, &stage, &import, "all").await.0, "done");
        assert_eq!(app.balance(stage.phone_pool).await, [ROWS, 0, ROWS, 0]);
        let after = shown(&stage, &import).await;
        assert_eq!((&after["state"], &after["mode"]), (&json!("applied"), &json!("all")));
        let parts = app.operator.get("/api/v1/journal?command=imports.apply_part").await.expect(200);
        let parts = parts["items"].as_array().expect("entries").clone();
        assert_eq!(parts.len(), 3);
        let undo = format!("/api/v1/journal/{}/undo", id(&parts[0]["id"]));
        app.operator.act(&undo).await.expect(202);
        run_jobs(&app).await;
        assert_eq!((app.balance(stage.phone_pool).await[2], extensions(&app).await.as_str()), (0, "0"));
        assert!(shown(&stage, &import).await["undone_at"].is_string());
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Somebody takes the last unit while the file is applied: what was done is taken back, and nothing is imported.
    /// With the unit free again, all of it is: the steps of the second attempt are new ones.
    async fn what_cannot_be_done_whole_is_taken_back(app: TestApp) {
        let (stage, import) = long_file(&app).await;
        begin(&app, &stage, &import).await;
        let taken = stage.assign(json!([{"product_id": stage.phone, "extension": "999"}])).await.expect(201);
        assert_eq!(ended(&app, &stage, &import, "all").await, ("refused".into(), "import.rows_bad".into()));
        assert_eq!((app.balance(stage.phone_pool).await[2], extensions(&app).await.as_str()), (1, "1"));
        let after = shown(&stage, &import).await;
        assert_eq!((&after["state"], &after["mode"]), (&json!("checked"), &Value::Null));
        assert_eq!((&after["counts"]["create"], &after["counts"]["bad"]), (&json!(ROWS - 1), &json!(1)));
        let taken = json!({"ids": [id(&taken["assigned"][0]["id"])]});
        stage.admin.post("/api/v1/assignments/unassign", taken).await.expect(200);
        assert_eq!(ended(&app, &stage, &import, "all").await.0, "done");
        assert_eq!(app.balance(stage.phone_pool).await[2], ROWS);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Somebody has built on a step that would have to be taken back: it stays and is said. The good rows go on.
    async fn what_was_built_on_a_step_stays(app: TestApp) {
        let (stage, import) = long_file(&app).await;
        let import_id = begin(&app, &stage, &import).await;
        let row = |row: i64| What::Extension(ExtensionRow {
            extension: format!("{:05}", 10_000 + row),
            ..ExtensionRow::default()
        });
        let part = ApplyPart { id: import_id, part: 0, units: (0..500).map(row).collect() };
        submit(&app, &stage, &format!("import:{import_id}:0:0"), part).await;
        let found = stage.admin.get("/api/v1/assignments?q=10000").await.expect(200);
        let path = format!("/api/v1/assignments/{}/reassign", id(&found["items"][0]["id"]));
        stage.admin.post(&path, json!({"holder_id": stage.someone})).await.expect(200);
        stage.assign(json!([{"product_id": stage.phone, "extension": "999"}])).await.expect(201);
        assert_eq!(ended(&app, &stage, &import, "all").await, ("refused".into(), "undo.built_on".into()));
        assert_eq!(shown(&stage, &import).await["state"], "applying");
        assert_eq!(ended(&app, &stage, &import, "good").await.0, "done");
        let after = shown(&stage, &import).await;
        assert_eq!((&after["state"], &after["counts"]["create"], &after["counts"]["bad"]),
            (&json!("applied"), &json!(ROWS - 1), &json!(1)));
        assert_eq!(app.balance(stage.phone_pool).await[2], ROWS);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Stopped after its server died, nothing of all is in the book; the good rows stay as far as they went.
    async fn a_stopped_file(app: TestApp) {
        let (stage, import) = long_file(&app).await;
        for (mode, state) in [("all", "checked"), ("good", "applying")] {
            let queued = apply(&stage.admin, &import, json!({"mode": mode})).await.expect(202);
            app.tamper("UPDATE job SET cancel_requested = TRUE, attempts = 1 WHERE state = 'queued'").await;
            run_jobs(&app).await;
            let job = stage.admin.get(&format!("/api/v1/jobs/{}", id(&queued["job_id"]))).await.expect(200);
            assert_eq!((&job["state"], &shown(&stage, &import).await["state"]), (&json!("canceled"), &json!(state)));
        }
        assert_eq!(app.balance(stage.phone_pool).await[2], 0);
        assert_eq!(ended(&app, &stage, &import, "good").await.0, "done");
        assert_eq!(app.balance(stage.phone_pool).await[2], ROWS);
        app.prove();
        app.end().await;
    }
}
