//! Secrets are nowhere: whatever lets somebody in is issued while the server writes down all it can, and is then looked
//! for in its log, its database, its refusals, its journal and its files.

mod house;

use std::net::SocketAddr;

use house::{House, Notes, SCRAPER};
use reqwest::Method;
use seatbook::{
    access::second_factor::code_at,
    clock::{Clock, SystemClock},
    scope::Permission,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Browser, Engine, Person, TestApp, id, random_id, send};

const FOUNDERS_PASSWORD: &str = "olgas quiet horse battery";
const MEMBERS_PASSWORD: &str = "petras quiet horse battery";
const RESET_PASSWORD: &str = "petras other horse battery";
const WRONG_PASSWORD: &str = "petras nearly right battery";
/// A name that would like to be a line of the log.
const FORGED: &str = "Eve\n{\"level\":\"ERROR\",\"message\":\"forged\"}\r\u{1b}[31m";

/// What stands between two marks.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let rest = page.split_once(from).expect("the first mark").1;
    rest.split_once(to).expect("the second mark").0
}

/// The operator's way in: link, password, session, token.
async fn set_up(house: &House, notes: &mut Notes) -> (Browser, Person) {
    let browser = Browser::new(house.place.address);
    notes.keep_link("the set-up link", &house.link);
    notes.keep("the founder's password", FOUNDERS_PASSWORD);
    let form = [
        ("provider", "Nordlicht"),
        ("name", "Olga Operator"),
        ("email", "olga@nordlicht.example"),
        ("password", FOUNDERS_PASSWORD),
    ];
    let answer = browser.form(&house.link, &form).await;
    notes.keep_cookie("the founder's session", &answer);
    answer.goes("/");
    let token = json!({"name": "t", "permissions": Permission::ALL});
    let request = browser.request(Method::POST, "/api/v1/tokens").json(&token);
    let made = send(request.header("idempotency-key", "one"))
        .await
        .expect(201);
    let token = made["token"].as_str().expect("a token").to_owned();
    notes.keep("an API token", &token);
    (
        browser,
        Person::new(house.place.address, random_id(), token),
    )
}

/// A member's way in: invitation, password, second factor, a reset link drawn at the machine.
async fn join(house: &House, operator: &Person, place: Uuid, notes: &mut Notes) {
    let email = "petra@nordlicht.example";
    let body = json!({"email": email, "organization_id": place, "role": "reader"});
    let invited = operator
        .post_with_key("/api/v1/invitations", "two", body)
        .await
        .expect(201);
    let browser = Browser::new(house.place.address);
    let path = browser.path(invited["link"].as_str().expect("a link"));
    notes.keep_link("an invitation", &path);
    notes.keep("a member's password", MEMBERS_PASSWORD);
    let answer = browser
        .form(&path, &[("name", "Petra"), ("password", MEMBERS_PASSWORD)])
        .await;
    notes.keep_cookie("a member's session", &answer);
    answer.goes("/");
    browser
        .form("/account/second-factor", &[])
        .await
        .goes("/account?set_up=1");
    let page = browser.get("/account?set_up=1").await.page(200);
    let secret = between(&page, "class=\"secret\"><code>", "</code>");
    notes.keep("a second factor", secret);
    let code = code_at(secret, SystemClock.now()).expect("a code");
    let page = browser
        .form("/account/second-factor/confirm", &[("code", &code)])
        .await
        .page(200);
    let codes = between(&page, "<div class=\"codes\">", "</div>")
        .split("<code>")
        .skip(1);
    for code in codes {
        notes.keep(
            "a recovery code",
            code.split('<').next().unwrap_or_default(),
        );
    }
    notes.keep("a wrong password", WRONG_PASSWORD);
    notes.hear(
        "a wrong password",
        &Browser::new(house.place.address)
            .sign_in(email, WRONG_PASSWORD)
            .await,
    );
    let link = house.told(&["user", "reset", email]).await;
    notes.keep_link("a reset link", &link);
    notes.keep("a new password", RESET_PASSWORD);
    let stranger = Browser::new(house.place.address);
    let chosen = stranger
        .form(&stranger.path(&link), &[("password", RESET_PASSWORD)])
        .await;
    assert_eq!(chosen.status, 200, "{}", chosen.text);
    notes.hear(
        "a link used twice",
        &stranger.get(&stranger.path(&link)).await,
    );
    notes.hear("an invitation used twice", &stranger.get(&path).await);
}

/// Codes that are waiting, redeemed, wrong; the address of a calendar.
async fn sell(operator: &Person, provider: Uuid, notes: &mut Notes) {
    let customer = json!({"parent_id": provider, "kind": "customer", "name": "Customer"});
    let customer = operator.post("/api/v1/organizations", customer).await.id();
    let product = json!({"code": "SEAT", "name": "Seat", "unit": "seat"});
    let product = operator.post("/api/v1/products", product).await.id();
    let sku =
        json!({"code": "SEAT-1", "name": "One seat", "product_id": product, "validity": "P1Y"});
    let sku = operator.post("/api/v1/skus", sku).await.id();
    let issued = json!({"organization_id": provider, "sku_id": sku, "quantity": 100});
    operator.post("/api/v1/licenses", issued).await.expect(201);
    let redeem = "/api/v1/activation-codes/redeem";
    for number in 0..3 {
        let sale = json!({"seller_id": provider, "sku_id": sku, "quantity": 5});
        let sold = operator
            .post("/api/v1/licenses/sell", sale)
            .await
            .expect(201);
        let code = sold["code"].as_str().expect("a code");
        notes.keep("an activation code", code);
        if number == 0 {
            let body = json!({"organization_id": customer, "code": code});
            notes.hear(
                "a code redeemed",
                &operator.post(redeem, body.clone()).await,
            );
            notes.hear("a code redeemed twice", &operator.post(redeem, body).await);
        }
    }
    let wrong = json!({"organization_id": customer, "code": "ZZZZ2222"});
    notes.hear("a wrong code", &operator.post(redeem, wrong).await);
    let feed = format!("/api/v1/organizations/{provider}/calendar-feed");
    let made = operator.act(&feed).await.expect(200);
    let url = made["url"].as_str().expect("an address");
    let name = url.rsplit('/').next().unwrap_or_default();
    notes.keep("a calendar's address", name.trim_end_matches(".ics"));
    let path = url
        .split_once("//")
        .and_then(|(_, rest)| rest.split_once('/'))
        .expect("a path")
        .1;
    notes.hear(
        "a calendar",
        &Person::nobody(operator_address(url), random_id())
            .get(&format!("/{path}"))
            .await,
    );
    notes.hear("its organization", &operator.get(&feed).await);
}

/// The server that an address leads to.
fn operator_address(url: &str) -> SocketAddr {
    let host = url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    host.parse().expect("an address")
}

/// What goes wrong while somebody has the right to be there, and what those who look at the book are shown.
async fn look_around((browser, operator): (&Browser, &Person), provider: Uuid, notes: &mut Notes) {
    let token = operator.token().to_owned();
    let organizations = "/api/v1/organizations";
    let sent = |body: &'static str| {
        let request = operator.request(Method::POST, organizations).body(body);
        send(request.header("content-type", "application/json"))
    };
    notes.hear("a body that is none", &sent("{").await);
    notes.hear("an unknown field", &sent("{\"nothing\": 1}").await);
    notes.hear(
        "a random id",
        &operator
            .get(&format!("{organizations}/{}", random_id()))
            .await,
    );
    notes.hear("a page of nowhere", &browser.get("/nowhere").await);
    // A secret where none belongs is still not written down.
    notes.hear(
        "a token in a path",
        &operator.get(&format!("/api/v1/licenses/{token}")).await,
    );
    notes.hear(
        "a token in a question",
        &operator.get(&format!("/api/v1/licenses?q={token}")).await,
    );
    let odd = operator
        .request(Method::GET, "/api/v1/me")
        .bearer_auth(format!("{token}x"));
    notes.hear("a token with a letter too many", &send(odd).await);
    for name in [FORGED, "=1+1"] {
        let body = json!({"parent_id": provider, "kind": "customer", "name": name});
        notes.hear("a forged name", &operator.post(organizations, body).await);
    }
    let forged = operator
        .request(Method::GET, "/api/v1/me")
        .query(&[("q", FORGED)]);
    notes.hear("a forged question", &send(forged).await);
    let journal = operator.get("/api/v1/journal?limit=200").await;
    notes.hear("the journal", &journal);
    for entry in journal.body["items"].as_array().expect("entries") {
        let path = format!("/api/v1/journal/{}", entry["id"].as_str().expect("an id"));
        notes.hear("an entry of the journal", &operator.get(&path).await);
    }
    for list in [
        "licenses",
        "people",
        "organizations",
        "tokens",
        "journal",
        "mails",
        "redemptions",
    ] {
        let place = format!("/exports?list={list}");
        notes.hear(list, &browser.form(&place, &[("format", "csv")]).await);
    }
    let scraped = operator
        .request(Method::GET, "/metrics")
        .bearer_auth(SCRAPER);
    notes.hear("figures", &send(scraped).await);
}

/// Every column of every table, as text; bytes as hexadecimal digits.
async fn tables(app: &TestApp) -> Vec<(String, String)> {
    let names = "SELECT table_name, table_schema FROM information_schema.tables WHERE table_schema = 'public'";
    let names = app.texts(names).await;
    let mut all = Vec::new();
    for name in names.lines().step_by(2) {
        let sql = format!("SELECT CAST(t AS TEXT), '' FROM {name} t").leak();
        all.push((format!("table {name}"), app.texts(sql).await));
    }
    assert!(all.len() > 50, "{} tables", all.len());
    all
}

async fn secrets_are_nowhere(engine: Engine) {
    let app = TestApp::blank(engine, None).await;
    let mut house = House::open(&app).await;
    let mut notes = Notes::default();
    let key = std::fs::read_to_string(house.place.folder.path().join("key")).expect("a key");
    notes.keep("the key", key.trim());
    notes.keep("the word of the scraper", SCRAPER);
    let (browser, operator) = set_up(&house, &mut notes).await;
    let found = operator.get("/api/v1/organizations").await.expect(200);
    let provider = id(&found["items"][0]["id"]);
    join(&house, &operator, provider, &mut notes).await;
    sell(&operator, provider, &mut notes).await;
    look_around((&browser, &operator), provider, &mut notes).await;

    let process = house.child.id().expect("it runs") as i32;
    let process = rustix::process::Pid::from_raw(process).expect("an id");
    let mut places = house.bytes();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("it is told");
    assert!(house.child.wait().await.expect("it ends").success());
    places.extend(house.bytes());
    if engine == Engine::Postgres {
        places.extend(tables(&app).await);
    }
    // What a code opens is shown to whoever redeemed it, under its own code.
    notes
        .told
        .retain(|(what, _)| !what.starts_with("a code redeemed"));
    places.append(&mut notes.told);
    assert!(notes.secrets.len() > 40 && places.len() > 30);
    let found = notes.found_in(&places);
    assert!(found.is_empty(), "{found:#?}");
    let log = std::fs::read_to_string(house.place.folder.path().join("log")).expect("a log");
    // The driver of SQLite has nothing to say of itself.
    let says_all = engine == Engine::Sqlite || log.contains("\"level\":\"DEBUG\"");
    assert!(says_all && log.contains("\"answered\""), "{log}");
    for line in log.lines() {
        let told: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert_ne!(told["message"], "forged", "{line}");
    }
    app.end().await;
}

/// Nothing that lets somebody in is found where it does not belong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_nowhere_sqlite() {
    secrets_are_nowhere(Engine::Sqlite).await;
}

/// Nothing that lets somebody in is found where it does not belong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_nowhere_postgres() {
    secrets_are_nowhere(Engine::Postgres).await;
}
