//! Taking changes back through the door: whole, once, and not while something was built on them.

use reqwest::{Method, multipart};
use seatbook::scope::Permission;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Answer, Person, Racer, TestApp, race, random_id, send},
};

fn journal_id(answer: &Answer) -> String {
    let header = &answer.headers["seatbook-journal-id"];
    header.to_str().expect("an id").to_owned()
}

async fn undo(person: &Person, entry: &str) -> Answer {
    person.act(&format!("/api/v1/journal/{entry}/undo")).await
}

/// The latest entry of a command.
async fn latest(app: &TestApp, command: &str) -> String {
    let path = format!("/api/v1/journal?command={command}&limit=1");
    let list = app.operator.get(&path).await.expect(200);
    list["items"][0]["id"]
        .as_str()
        .expect("an entry")
        .to_owned()
}

async fn bring(app: &TestApp, kind: &str, content: &str, mode: &str) -> Value {
    app.clock.advance_seconds(60);
    let file = multipart::Part::text(content.to_owned()).file_name("file.csv");
    let form = multipart::Form::new()
        .text("kind", kind.to_owned())
        .part("file", file);
    let request = app
        .operator
        .request(Method::POST, "/api/v1/imports")
        .multipart(form);
    let import = send(request).await.expect(201);
    let path = format!(
        "/api/v1/imports/{}/apply",
        import["id"].as_str().expect("an id")
    );
    let applied = app.operator.post(&path, json!({"mode": mode})).await;
    match applied.status.as_u16() {
        200 => applied.body,
        _ => import,
    }
}

/// A pool of 50 at the provider, a partner with 20 of them and a customer with 5.
struct Split {
    pool: Uuid,
    partner: Uuid,
    customer: Uuid,
    entry: String,
}

async fn split(app: &TestApp) -> Split {
    let sku = app.insert_sku("FW", Some("P1Y")).await;
    let (_, pool) = app.license(app.provider, sku, 50).await;
    let partner = app.organization(app.provider, "partner", "T1").await;
    let customer = app.organization(app.provider, "customer", "T2").await;
    let rows = json!({"rows": [
        {"organization_id": partner, "seen": 0, "quantity": 20},
        {"organization_id": customer, "seen": 0, "quantity": 5},
    ]});
    let set = app
        .operator
        .put(&format!("/api/v1/pools/{pool}/allocations"), rows)
        .await;
    Split {
        pool,
        partner,
        customer,
        entry: journal_id(&set),
    }
}

both_engines! {
    /// A split is taken back whole, once; the entry and the one that undid it name each other.
    async fn an_allocation_is_taken_back(app: TestApp) {
        let split = split(&app).await;
        let path = format!("/api/v1/journal/{}/undo", split.entry);
        let preview = app.operator.act(&format!("{path}?preview=true")).await.expect(200);
        assert_eq!((&preview["entries"], &preview["rows"]), (&json!([split.entry]), &json!(3)));
        assert_eq!(app.balance(split.pool).await, [50, 25, 0, 25], "a preview keeps nothing");
        let done = undo(&app.operator, &split.entry).await;
        let by = journal_id(&done);
        assert_eq!(done.expect(200), preview);
        assert_eq!(app.balance(split.pool).await, [50, 0, 0, 50]);
        let undone = app.operator.get(&format!("/api/v1/journal/{}", split.entry)).await.expect(200);
        let undid = app.operator.get(&format!("/api/v1/journal/{by}")).await.expect(200);
        assert_eq!((&undone["undone_by"], &undid["undoes"]), (&json!(by), &json!(split.entry)));
        assert_eq!(undid["command"], "journal.undo");
        assert_eq!(undo(&app.operator, &split.entry).await.code(409), "undo.already_undone");
        assert_eq!(undo(&app.operator, &by).await.code(409), "undo.not_undoable");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whoever passed units on takes that back with the right to pass them on; the catalog is none of their business.
    async fn a_partner_takes_its_own_back(app: TestApp) {
        let split = split(&app).await;
        let manager = app.member(split.partner, "account_manager").await;
        let leaf = app.organization(split.partner, "customer", "Leaf").await;
        let pools = manager.get(&format!("/api/v1/pools?organization_id={}", split.partner)).await.expect(200);
        let share = json!({"pool_id": pools["items"][0]["id"], "organization_id": leaf, "units": 15});
        let passed_on = manager.post("/api/v1/allocations", share).await;
        undo(&manager, &journal_id(&passed_on)).await.expect(200);
        let pools = manager.get(&format!("/api/v1/pools?organization_id={}", split.partner)).await.expect(200);
        assert_eq!(pools["items"][0]["free"], 20);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Units that were passed on, or a share that somebody changed, are named; the other shares stay too. Once
    /// that was taken back itself, nothing stands in the way.
    async fn what_was_built_on_it_stands_in_the_way(app: TestApp) {
        let split = split(&app).await;
        let rows = json!({"rows": [{"organization_id": split.customer, "seen": 5, "quantity": 8}]});
        let later = app.operator.put(&format!("/api/v1/pools/{}/allocations", split.pool), rows).await;
        let later = journal_id(&later);
        let refused = undo(&app.operator, &split.entry).await.expect(409);
        assert_eq!((&refused["code"], &refused["obstacles_total"]), (&json!("undo.built_on"), &json!(1)));
        assert_eq!(refused["obstacles"][0]["journal_id"], json!(later));
        undo(&app.operator, &later).await.expect(200);
        let pools = app.operator.get(&format!("/api/v1/pools?organization_id={}", split.partner)).await.expect(200);
        let child: Uuid = pools["items"][0]["id"].as_str().and_then(|id| id.parse().ok()).expect("a pool");
        let leaf = app.organization(split.partner, "customer", "Leaf").await;
        app.allocate(child, leaf, 15).await;
        let refused = undo(&app.operator, &split.entry).await.expect(409);
        let message = refused["obstacles"][0]["message"].as_str().expect("a sentence");
        assert!(refused["code"] == "undo.built_on" && message.contains("15"), "{refused}");
        assert_eq!(app.balance(split.pool).await, [50, 25, 0, 25]);
        let back = latest(&app, "allocations.allocate").await;
        undo(&app.operator, &back).await.expect(200);
        undo(&app.operator, &split.entry).await.expect(200);
        assert_eq!(app.balance(split.pool).await, [50, 0, 0, 50]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Units that were taken back are given again, as long as they are free.
    async fn a_return_is_taken_back(app: TestApp) {
        let split = split(&app).await;
        let path = format!("/api/v1/pools/{}/allocations", split.pool);
        let rows = json!({"rows": [{"organization_id": split.partner, "seen": 20, "quantity": 0}]});
        let returned = journal_id(&app.operator.put(&path, rows).await);
        app.allocate(split.pool, split.customer, 40).await;
        let refused = undo(&app.operator, &returned).await.expect(409);
        let message = refused["obstacles"][0]["message"].as_str().expect("a sentence");
        assert!(refused["code"] == "undo.built_on" && message.contains("15 too many"), "{refused}");
        app.allocate(split.pool, split.customer, -20).await;
        undo(&app.operator, &returned).await.expect(200);
        assert_eq!(app.balance(split.pool).await, [50, 45, 0, 5]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Ten who take the same change back at once: one does, the others are told, nobody sees a failure.
    async fn one_of_many_takes_it_back(app: TestApp) {
        let split = split(&app).await;
        let racers = (0..10).map(|_| Racer {
            method: "POST",
            path: format!("/api/v1/journal/{}/undo", split.entry),
            body: Value::Null,
        });
        let answers = race(app.address, &app.operator, racers.collect()).await;
        let mut statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [&[200][..], &[409; 9]].concat(), "{answers:?}");
        assert_eq!(app.balance(split.pool).await, [50, 0, 0, 50]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whoever cannot read an entry does not learn of it; who may read but not pass on is told what is missing.
    async fn undoing_needs_the_rights_of_doing(app: TestApp) {
        let split = split(&app).await;
        let stranger = app.member(split.partner, "partner_administrator").await;
        let foreign = undo(&stranger, &split.entry).await.expect(404);
        assert_eq!(foreign, undo(&stranger, &random_id().to_string()).await.expect(404));
        let reader = app.limited(&app.operator, &[Permission::JournalRead, Permission::LicensesRead]).await;
        assert_eq!(undo(&reader, &split.entry).await.code(403), "permission.missing");
        let created = latest(&app, "organizations.create").await;
        assert_eq!(undo(&app.operator, &created).await.code(409), "undo.not_undoable");
        assert_eq!(app.balance(split.pool).await, [50, 25, 0, 25]);
        app.end().await;
    }
}

const CATALOG: &str = "sku_code,sku_name,component_code,component_name\n\
    E1,Office One,MAIL,Mail\nE1,Office One,DISK,Disk\nE3,Office Three,MAIL,Mail\n";

both_engines! {
    /// A catalog goes again with its components; what was changed by a file is what it was before; the same
    /// file may come once more.
    async fn a_catalog_is_taken_back(app: TestApp) {
        bring(&app, "catalog", CATALOG, "all").await;
        let first = latest(&app, "imports.apply").await;
        let renamed = CATALOG.replace("Office Three", "Office 3").replace("E3,Office 3,MAIL,Mail", "E3,Office 3,DISK,Disk");
        bring(&app, "catalog", &renamed, "all").await;
        let second = latest(&app, "imports.apply").await;
        let blocked = undo(&app.operator, &first).await.expect(409);
        assert_eq!((&blocked["code"], &blocked["obstacles"][0]["journal_id"]), (&json!("undo.built_on"), &json!(second)));
        undo(&app.operator, &second).await.expect(200);
        let skus = app.operator.get("/api/v1/skus?q=E3").await.expect(200);
        assert_eq!(skus["items"][0]["name"], "Office Three");
        let sku = app.operator.get(&format!("/api/v1/skus/{}", skus["items"][0]["id"].as_str().expect("id"))).await.expect(200);
        assert_eq!(sku["components"][0]["code"], "MAIL");
        undo(&app.operator, &first).await.expect(200);
        for list in ["skus", "products"] {
            let left = app.operator.get(&format!("/api/v1/{list}")).await.expect(200);
            assert_eq!(left["items"], json!([]), "{list}");
        }
        assert_eq!(bring(&app, "catalog", CATALOG, "all").await["state"], "applied");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What was ordered or lived in since keeps an import in the book, and is named.
    async fn what_is_used_stays(app: TestApp) {
        bring(&app, "catalog", CATALOG, "all").await;
        let catalog = latest(&app, "imports.apply").await;
        bring(&app, "organizations", "reference,name,parent_reference\nP1,Partner,\nC1,Customer,P1\n", "all").await;
        let organizations = latest(&app, "imports.apply").await;
        let licenses = "sales_order,sku,quantity,owner\nSO-1,E1,10,P1\nSO-2,E3,20,P1\n";
        bring(&app, "licenses", licenses, "all").await;
        let issued = latest(&app, "imports.apply").await;
        let refused = undo(&app.operator, &catalog).await.expect(409);
        assert!(refused.to_string().contains("The SKU “E1” was ordered."), "{refused}");
        let refused = undo(&app.operator, &organizations).await.expect(409);
        assert!(refused.to_string().contains("“Partner” holds or held units.") || refused.to_string().contains("has licenses"), "{refused}");
        undo(&app.operator, &issued).await.expect(200);
        assert_eq!(app.operator.get("/api/v1/licenses").await.expect(200)["items"], json!([]));
        undo(&app.operator, &organizations).await.expect(200);
        let left = app.operator.get("/api/v1/organizations").await.expect(200);
        assert_eq!(left["items"].as_array().map(Vec::len), Some(1), "the provider stays");
        undo(&app.operator, &catalog).await.expect(200);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whatever was said of an organization since keeps its import in the book, and is named.
    async fn what_was_said_since_stays(app: TestApp) {
        bring(&app, "organizations", "reference,name\nC1,Customer\n", "all").await;
        let organizations = latest(&app, "imports.apply").await;
        let list = app.operator.get("/api/v1/organizations?q=Customer").await.expect(200);
        let id = list["items"][0]["id"].as_str().expect("an id").to_owned();
        app.operator.act(&format!("/api/v1/organizations/{id}/calendar-feed")).await.expect(200);
        let facts = json!({"audience": "customer", "lead_days": [14]});
        app.operator.put(&format!("/api/v1/organizations/{id}/notices"), facts).await.expect(200);
        let refused = undo(&app.operator, &organizations).await.expect(409);
        assert_eq!((&refused["code"], &refused["obstacles_total"]), (&json!("undo.built_on"), &json!(2)));
        for reason in ["“Customer” has a calendar.", "“Customer” says who is told what ends."] {
            assert!(refused.to_string().contains(reason), "{refused}");
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// An inventory that changed quantities and references puts each line back to its own.
    async fn edited_licenses_are_put_back(app: TestApp) {
        bring(&app, "catalog", CATALOG, "all").await;
        let lines = |one: u32, note: &str| format!("sales_order,sku,quantity,name,support_reference\nSO-1,E1,{one},{note},R-{note}\nSO-1,E3,20,{note},R-{note}\n");
        bring(&app, "licenses", &lines(10, "old"), "all").await;
        bring(&app, "licenses", &lines(15, "new"), "all").await;
        let edit = latest(&app, "imports.apply").await;
        let facts = async || {
            let list = app.operator.get("/api/v1/licenses").await.expect(200);
            let mut facts: Vec<String> = list["items"].as_array().expect("items").iter()
                .map(|l| format!("{} {} {} {}", l["sku_code"], l["quantity"], l["name"], l["support_reference"])).collect();
            facts.sort();
            facts
        };
        assert_eq!(facts().await, ["\"E1\" 15 \"new\" \"R-new\"", "\"E3\" 20 \"new\" \"R-new\""]);
        undo(&app.operator, &edit).await.expect(200);
        assert_eq!(facts().await, ["\"E1\" 10 \"old\" \"R-old\"", "\"E3\" 20 \"old\" \"R-old\""]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A file that came in parts goes as one, by a job, whichever of its entries is named.
    async fn a_large_import_is_taken_back_by_a_job(app: TestApp) {
        let rows: String = (0..1_200).map(|n| format!("C-{n},Customer {n}\n")).collect();
        bring(&app, "organizations", &format!("reference,name\n{rows},nameless\n"), "good").await;
        seatbook::jobs::run_until_idle(&app.app, seatbook::router::KINDS).await.expect("jobs run");
        let count = async || app.texts("SELECT CAST(count(*) AS TEXT), '' FROM organization").await.trim().to_owned();
        assert_eq!(count().await, "1201");
        let part = latest(&app, "imports.apply_part").await;
        let preview = app.operator.act(&format!("/api/v1/journal/{part}/undo?preview=true")).await;
        assert_eq!(preview.headers["seatbook-would-queue"], "job journal.undo");
        let preview = preview.expect(200);
        assert_eq!((&preview["rows"], preview["entries"].as_array().map(Vec::len)), (&json!(1_200), Some(3)));
        let queued = undo(&app.operator, &part).await;
        assert_eq!(queued.headers["location"].to_str().ok().map(|place| place.starts_with("/api/v1/jobs/")), Some(true));
        assert!(queued.expect(202)["job_id"].is_string());
        seatbook::jobs::run_until_idle(&app.app, seatbook::router::KINDS).await.expect("jobs run");
        assert_eq!(count().await, "1");
        assert_eq!(undo(&app.operator, &part).await.code(409), "undo.already_undone");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// In the console: the journal offers it, says first what it does, does it, and shows what stands in the way.
    async fn the_journal_offers_it(app: TestApp) {
        let split = split(&app).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let place = format!("/journal/{}/undo", split.entry);
        assert!(browser.get("/journal?undoable=1").await.text.contains(&place));
        assert!(browser.get(&format!("/journal/{}", split.entry)).await.text.contains(&place));
        let asked = browser.get(&place).await.text;
        assert!(asked.contains("Shares put back") && asked.contains("name=\"idempotency_key\""), "{asked}");
        let answer = browser.form(&place, &[]).await;
        assert_eq!(answer.status.as_u16(), 303);
        let undone = browser.get(&format!("/journal/{}", split.entry)).await.text;
        assert!(undone.contains("Undone") && undone.contains("Was taken back") && !undone.contains(&place), "{undone}");
        assert!(!browser.get("/journal?undoable=1").await.text.contains(&place));
        assert_eq!(app.balance(split.pool).await, [50, 0, 0, 50]);
        app.allocate(split.pool, split.customer, 5).await;
        let first = latest(&app, "allocations.allocate").await;
        app.allocate(split.pool, split.customer, 1).await;
        let blocked = browser.get(&format!("/journal/{first}")).await.text;
        assert!(blocked.contains("This cannot be undone") && blocked.contains("was changed afterwards"), "{blocked}");
        app.end().await;
    }
}
