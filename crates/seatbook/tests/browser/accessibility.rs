//! Every page of the console, asked by axe: light, dark and on a phone. No link leads nowhere, and no page has to
//! be pushed sideways.

use std::collections::{BTreeMap, VecDeque};

use reqwest::{Method, multipart};
use seatbook::{demo, recovery::machine};
use serde_json::json;

use crate::{
    axe::{self, Rules},
    customers,
    harness::{Browser, Engine, send},
    reconciliation, routes, service_plans,
    stage::Stage,
    visitor::{Look, Visitor},
};

/// Links from the page that is open.
pub const LINKS: &str = "return [...document.querySelectorAll('a[href]')]
    .filter(link => link.origin === location.origin && !link.hasAttribute('download'))
    .map(link => link.pathname + link.search)";

pub const OPERATOR: &str = "ingrid@norvik.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_every_page_on_a_desk() {
    walk(&[(Look::Light, Rules::All), (Look::Dark, Rules::Colours)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_every_page_on_a_phone() {
    walk(&[(Look::Phone, Rules::Shape)]).await;
}

/// Follows every link of the demo's book to one page of each route.
async fn walk(looks: &[(Look, Rules)]) {
    let stage = Stage::demo(Engine::Sqlite).await;
    let (signed_out, signed_in) = places(&stage).await;
    let mut walk = Walk {
        visitor: stage.visitor(looks[0].0).await,
        axe: axe::source(),
        looks,
        routes: routes::pages(),
        seen: BTreeMap::new(),
        trouble: Vec::new(),
    };
    for path in signed_out {
        walk.visit(&path).await;
    }
    walk.visitor.signs_in(OPERATOR, demo::PASSWORD).await;
    let mut open = VecDeque::from(signed_in);
    while let Some(path) = open.pop_front() {
        let route = routes::of(&path, &walk.routes);
        if route.is_some_and(|route| !walk.seen.contains_key(route)) {
            open.extend(walk.visit(&path).await);
        }
    }
    let unseen = walk
        .routes
        .iter()
        .filter(|route| !walk.seen.contains_key(*route));
    let unseen: Vec<&String> = unseen.collect();
    assert!(unseen.is_empty(), "no link and no list leads to {unseen:?}");
    assert!(walk.trouble.is_empty(), "{}", walk.trouble.join("\n"));
    drop(walk);
    stage.end().await;
}

struct Walk<'a> {
    visitor: Visitor,
    axe: String,
    looks: &'a [(Look, Rules)],
    routes: Vec<String>,
    seen: BTreeMap<String, String>,
    trouble: Vec<String>,
}

impl Walk<'_> {
    /// Opens a page, asks axe in every look, and gives the links on it.
    async fn visit(&mut self, path: &str) -> Vec<String> {
        self.visitor.opens(path).await;
        if let Some(route) = routes::of(path, &self.routes) {
            self.seen.insert(route.clone(), path.to_owned());
        }
        let lost = self
            .visitor
            .runs("return document.querySelector('.page-error, .door .w6')?.innerText ?? ''");
        let lost = lost.await;
        if lost != json!("") && path != NOWHERE {
            self.trouble.push(format!("{path} leads nowhere: {lost}"));
        }
        let wider = "return document.documentElement.scrollWidth - innerWidth";
        let wider = self.visitor.runs(wider).await;
        if wider.as_i64() > Some(0) {
            self.trouble
                .push(format!("{path} is {wider} pixels too wide"));
        }
        for &(look, rules) in self.looks {
            if self.looks.len() > 1 {
                self.visitor.looks(look).await;
            }
            let lines = axe::complaints(&self.visitor, &self.axe, rules).await;
            let lines = lines
                .into_iter()
                .map(|line| format!("{path} ({look:?}): {line}"));
            self.trouble.extend(lines);
        }
        let links = self.visitor.runs(LINKS).await;
        let links = links.as_array().expect("links").iter();
        links
            .filter_map(|link| link.as_str())
            .map(str::to_owned)
            .collect()
    }
}

const NOWHERE: &str = "/nowhere";

/// Where to begin: pages for who is signed out, and pages that no link leads to or only in some books.
pub async fn places(stage: &Stage) -> (Vec<String>, Vec<String>) {
    let ingrid = Browser::new(stage.app.address);
    ingrid.sign_in(OPERATOR, demo::PASSWORD).await.goes("/");
    let organizations = ingrid
        .get("/api/v1/organizations?limit=200")
        .await
        .expect(200);
    let organizations = organizations["items"].as_array().expect("items");
    let of_kind = |kind: &str| {
        let found = organizations.iter().find(|it| it["kind"] == kind);
        found.and_then(|it| it["id"].as_str()).expect("one of each")
    };
    let (partner, provider) = (of_kind("partner"), of_kind("provider"));

    let role =
        json!({"organization_id": partner, "name": "Auditor", "permissions": ["licenses.read"]});
    ingrid.post("/api/v1/roles", role).await.expect(201);
    let token = json!({"name": "Billing", "permissions": ["licenses.read"]});
    ingrid.post("/api/v1/tokens", token).await.expect(201);
    let invitation =
        json!({"email": "new@norvik.example", "organization_id": partner, "role": "reader"});
    let invitation = ingrid
        .post("/api/v1/invitations", invitation)
        .await
        .expect(201);
    let invitation = ingrid.path(invitation["link"].as_str().expect("a link"));

    let file = multipart::Part::text("Name,Kind,Reference\nNew one,customer,N-1\n,,\n")
        .file_name("new.csv");
    let file = multipart::Form::new()
        .text("kind", "organizations")
        .part("file", file);
    let import = send(
        ingrid
            .request(Method::POST, "/api/v1/imports")
            .multipart(file),
    )
    .await;
    let import = import.expect(201)["id"].as_str().expect("an id").to_owned();

    let reset = ingrid.path(&reset_link(stage, &ingrid).await);
    let job = job_of(&ingrid, partner).await;
    let mails = ingrid.get("/api/v1/mails?q=new%40norvik").await.expect(200);
    let mail = mails["items"][0]["id"].as_str().expect("an id");
    let mut signed_out = vec![invitation, reset];
    let open = ["/sign-in", "/forgot-password", "/set-up/used", NOWHERE];
    signed_out.extend(open.map(String::from));
    let mut signed_in = units_of(&ingrid, organizations).await;
    signed_in.extend(asked_for(stage, &ingrid, organizations).await);
    signed_in.extend(service_plans::places(&ingrid, (provider, partner)).await);
    signed_in.extend(customers::places(&ingrid).await);
    signed_in.extend([
        "/".into(),
        "/as-of".into(),
        "/as-of?date=2030-01-01".into(),
        "/catalog?show=products".into(),
        "/catalog/shareable".into(),
        format!("/organizations/{partner}/move"),
        format!("/organizations/{partner}/suspend"),
        format!("/organizations/{provider}/subscriptions"),
        format!("/imports/{import}"),
        format!("/imports/{import}/mapping"),
        format!("/imports/{import}/preview"),
        format!("/jobs/{job}/cancel"),
        format!("/mails/{mail}"),
        "/account/second-factor/off".into(),
        NOWHERE.into(),
    ]);
    (signed_out, signed_in)
}

/// The pages over one customer's units, with one of its telephones; and those over what all customers have.
async fn units_of(ingrid: &Browser, organizations: &[serde_json::Value]) -> Vec<String> {
    let aurora = organizations
        .iter()
        .find(|it| it["name"] == "Aurora Hospitals");
    let aurora = aurora.and_then(|it| it["id"].as_str()).expect("an id");
    let first = async |path: &str| {
        let found = ingrid.get(path).await.expect(200);
        found["items"][0].clone()
    };
    let telephones = format!("/api/v1/holders?organization_id={aurora}&kind=extension&q=101");
    let extension = first(&telephones).await["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let units = format!("/api/v1/assignments?holder_id={extension}");
    let units = ingrid.get(&units).await.expect(200);
    let mut units = units["items"].as_array().expect("items").iter();
    let unit = units.find(|it| it["base_id"].is_null()).expect("a base");
    let (unit, pool) = (
        unit["id"].as_str().expect("an id"),
        unit["pool_id"].as_str().expect("an id"),
    );
    let add_on = first("/api/v1/products?q=call_recording").await;
    let add_on = add_on["id"].as_str().expect("an id");
    let mut places: Vec<String> = ["information", "configuration", "holders"]
        .iter()
        .map(|tab| format!("/organizations/{aurora}/{tab}"))
        .collect();
    for page in ["", "/user", "/add-ons", "/unassign"] {
        places.push(format!("/assignments/{unit}{page}"));
    }
    for page in ["", "/edit", "/hand-over", "/leave", "/erase"] {
        places.push(format!("/holders/{extension}{page}"));
    }
    places.push(format!("/pools/{pool}/assign"));
    places.push(format!("/pools/{pool}/assign-several"));
    places.push(format!("/catalog/products/{add_on}/fits"));
    places.extend(reconciliation::places(ingrid).await);
    places
}

/// What a customer asked for, a redemption that waits, and the customer's own pages.
async fn asked_for(
    stage: &Stage,
    ingrid: &Browser,
    organizations: &[serde_json::Value],
) -> Vec<String> {
    let mut named = organizations.iter();
    let aurora = named.find(|it| it["name"] == "Aurora Hospitals");
    let aurora = aurora.and_then(|it| it["id"].as_str()).expect("an id");
    let requests = format!("/api/v1/unit-requests?organization_id={aurora}");
    let requests = ingrid.get(&requests).await.expect(200);
    let request = requests["items"][0]["id"].as_str().expect("a request");
    // A redemption waits after a hundred wrong codes only, so this one is put there.
    let waits = "INSERT INTO redemption_request (id, organization_id, partner_id, fingerprint, person_id, state,
         created_at, version)
         SELECT o.id, o.id, n.parent_id, 'tried', o.id, 'waiting', o.created_at, 1
         FROM organization o JOIN organization_node n ON n.id = o.id WHERE o.name = 'Aurora Hospitals'";
    stage.app.tamper(waits).await;
    let invoices = ingrid.get("/api/v1/invoices?status=paid").await.expect(200);
    let paid = invoices["items"][0]["id"].as_str().expect("one is paid");
    let paid = ingrid.get(&format!("/api/v1/invoices/{paid}")).await;
    let paid = paid.expect(200);
    let license = paid["lines"][0]["license_id"].as_str().expect("an id");
    let open = ingrid
        .get("/api/v1/invoices?status=unpaid")
        .await
        .expect(200);
    let open = open["items"][0]["id"].as_str().expect("one is open");
    let payment = paid["payments"][0]["id"].as_str().expect("an id");
    vec![
        "/portal".into(),
        "/portal/requests/new".into(),
        format!("/portal/requests/{request}/withdraw"),
        format!("/sales/requests/{request}/approve"),
        format!("/sales/redemptions/{aurora}/approve"),
        format!("/invoices/send?license_id={license}"),
        format!("/payments/{payment}/remove"),
        format!("/invoices/{open}/payments"),
        format!("/organizations/{aurora}/billing/unpark"),
    ]
}

/// A job: one unit of an untouched license goes to a partner.
async fn job_of(ingrid: &Browser, partner: &str) -> String {
    let licenses = ingrid.get("/api/v1/licenses?limit=200").await.expect(200);
    let licenses = licenses["items"].as_array().expect("items");
    let untouched = |it: &&serde_json::Value| {
        it["allocated"] == 0
            && it["status"] == "active"
            && it["organization_name"] == "Norvik Networks"
    };
    let license = licenses
        .iter()
        .find(untouched)
        .expect("one that nobody received");
    let path = format!(
        "/pools/{}/allocations",
        license["pool_id"].as_str().expect("an id")
    );
    let row = [
        ("row", "a"),
        ("organization.a", partner),
        ("seen.a", "0"),
        ("quantity.a", "1"),
        ("step", "assign"),
    ];
    let done = ingrid.form(&path, &row).await;
    assert_eq!(done.status.as_u16(), 303, "{}", done.text);
    let place = done.headers["location"].to_str().expect("a place");
    place.split_once("job=").expect("a job").1.to_owned()
}

/// The link that `seatbook user reset` prints.
async fn reset_link(stage: &Stage, browser: &Browser) -> String {
    let gate = &stage.app.app.gate;
    let mut request = browser.request(Method::POST, machine::PATH).body(OPERATOR);
    for (name, value) in machine::signed(gate.vault(), OPERATOR, gate.now()) {
        request = request.header(name, value);
    }
    let link = send(request).await.expect(200)["link"]
        .as_str()
        .map(str::to_owned);
    link.expect("a link")
}

/// What only opens when somebody uses a page: a drawer, menus, the picker, a refused grid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_opens() {
    let stage = Stage::demo(Engine::Sqlite).await;
    let ingrid = stage.demo_person(OPERATOR, Look::Light).await;
    let axe = axe::source();
    let clean = async |what: &str| {
        for (look, rules) in [(Look::Light, Rules::All), (Look::Dark, Rules::Colours)] {
            ingrid.looks(look).await;
            let found = axe::complaints(&ingrid, &axe, rules).await;
            assert!(found.is_empty(), "{what}: {}", found.join("\n"));
        }
        ingrid.looks(Look::Light).await;
    };
    ingrid.follows("Licenses").await;
    ingrid.presses("Columns").await;
    clean("the columns").await;
    ingrid.presses("Columns").await;
    ingrid.ticks("Select SASE-ADV-1Y, SO-10415").await;
    clean("a selection").await;
    ingrid.follows("Issue license").await;
    ingrid.ticks("Owner").await;
    ingrid.sees("More match: keep typing").await;
    clean("a drawer with its picker").await;
    ingrid.presses("Close").await;
    ingrid.misses("button", "Close").await;

    ingrid.presses("Update assignment").await;
    ingrid.presses("Add tenant").await;
    ingrid.finds("option", "").await;
    clean("the grid with its picker").await;
    ingrid.keys(thirtyfour::Key::Enter).await;
    ingrid.fills("Quantity", "999999").await;
    ingrid.presses("Save this row").await;
    ingrid.presses("Assign").await;
    ingrid.sees("Nothing was saved.").await;
    clean("a refused grid").await;

    // A check that finds nothing proves something only if it can find something.
    ingrid
        .runs("document.querySelector('h1').style.color = 'oklch(.9 .01 272)'")
        .await;
    let found = axe::complaints(&ingrid, &axe, Rules::Colours).await;
    assert!(
        found.len() == 1 && found[0].contains("color-contrast"),
        "{found:?}"
    );
    drop(ingrid);
    stage.end().await;
}
