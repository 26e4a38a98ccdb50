//! Setting up, signing in and out.

use reqwest::Method;
use seatbook::access::links::draw_set_up;
use serde_json::json;

use crate::{
    both_engines,
    harness::{Browser, Engine, PASSWORD, TestApp, send},
};

both_engines! {
    /// Somebody invited joins by the link, once, and may do what their role says and no more.
    async fn a_member_comes_in_through_the_link(app: TestApp) {
        let (browser, person) = app.browser_of(app.provider, "reader").await;
        assert_eq!(person.get("/api/v1/organizations").await.expect(200)["items"][0]["name"], "Provider");
        let body = json!({"parent_id": app.provider, "kind": "customer", "name": "A"});
        assert_eq!(person.post("/api/v1/organizations", body.clone()).await.code(403), "permission.missing");
        assert_eq!(browser.post("/api/v1/organizations", body).await.code(403), "permission.missing");
        let me = person.get("/api/v1/me").await.expect(200);
        assert_eq!(me["name"], "Petra Person");
        app.end().await;
    }
}

both_engines! {
    /// Cookies are closed to scripts and to other sites; signing in gives a new one, signing out ends it.
    async fn sessions_begin_and_end(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "reader").await;
        let email = browser.get("/api/v1/me").await.expect(200)["email"].as_str().expect("an address").to_owned();
        let answer = browser.sign_in(&email, PASSWORD).await;
        let cookie = answer.headers["set-cookie"].to_str().expect("text").to_owned();
        answer.goes("/");
        assert!(cookie.starts_with("seatbook=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
        let again = browser.sign_in(&email, PASSWORD).await;
        let secret = |cookie: &str| cookie.split(';').next().unwrap_or_default().to_owned();
        let newer = again.headers["set-cookie"].to_str().expect("text").to_owned();
        assert_ne!(secret(&cookie), secret(&newer));
        let with = |cookie: &str| Browser::new(app.address).request(Method::GET, "/api/v1/me").header("cookie", secret(cookie));
        assert_eq!(send(with(&cookie)).await.status, 401);
        assert_eq!(send(with(&newer)).await.status, 200);
        browser.form("/sign-out", &[]).await.goes("/sign-in?out=1");
        assert_eq!(send(with(&newer)).await.status, 401);
        app.end().await;
    }
}

/// A blank Seatbook's set-up link, as `serve` prints it.
async fn set_up_link(app: &TestApp) -> String {
    let link = draw_set_up(&app.app).await.expect("draws").expect("a link");
    Browser::new(app.address).path(&link)
}

const FOUNDER: [(&str, &str); 4] = [
    ("provider", "Nordlicht"),
    ("name", "Olga Operator"),
    ("email", " Olga@Nordlicht.example "),
    ("password", PASSWORD),
];

async fn a_new_seatbook_is_set_up(engine: Engine) {
    let app = TestApp::blank(engine, None).await;
    let older = set_up_link(&app).await;
    let link = set_up_link(&app).await;
    let browser = Browser::new(app.address);
    assert!(
        browser
            .get("/sign-in")
            .await
            .page(200)
            .contains("not set up yet")
    );
    browser.get(&older).await.page(404);
    assert!(
        browser
            .get(&link)
            .await
            .page(200)
            .contains("Set up Seatbook")
    );
    let short = [&FOUNDER[..3], &[("password", "short")]].concat();
    assert!(
        browser
            .form(&link, &short)
            .await
            .page(422)
            .contains("at least 10 characters")
    );
    assert!(
        browser
            .form(&link, &[&FOUNDER[1..], &[("provider", " ")]].concat())
            .await
            .page(422)
            .contains("f-provider-error")
    );
    browser.form(&link, &FOUNDER).await.goes("/");
    let me = browser.get("/api/v1/me").await.expect(200);
    assert_eq!(
        (&me["name"], &me["email"]),
        (&json!("Olga Operator"), &json!("olga@nordlicht.example"))
    );
    assert!(
        browser
            .get("/account")
            .await
            .page(200)
            .contains("Nordlicht")
    );
    browser.form(&link, &FOUNDER).await.page(404);
    assert!(draw_set_up(&app.app).await.expect("asks").is_none());
    app.end().await;
}

/// A new Seatbook is set up once, by the newest link.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_seatbook_is_set_up_sqlite() {
    a_new_seatbook_is_set_up(Engine::Sqlite).await;
}

/// A new Seatbook is set up once, by the newest link.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_seatbook_is_set_up_postgres() {
    a_new_seatbook_is_set_up(Engine::Postgres).await;
}

/// Behind TLS the cookie belongs to this host alone and never travels in the clear.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_tls_the_cookie_is_bound_to_its_host() {
    let app = TestApp::blank(Engine::Sqlite, Some("https://seatbook.example/")).await;
    let link = draw_set_up(&app.app).await.expect("draws").expect("a link");
    let path = link
        .strip_prefix("https://seatbook.example")
        .expect("the public address");
    let answer = Browser::new(app.address).form(path, &FOUNDER).await;
    let cookie = answer.headers["set-cookie"]
        .to_str()
        .expect("text")
        .to_owned();
    answer.goes("/");
    assert!(
        cookie.starts_with("__Host-seatbook=")
            && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    app.end().await;
}

both_engines! {
    /// A wrong password and an unknown address get the same answer and the same patience, which doubles
    /// and ends.
    async fn wrong_passwords_wait(app: TestApp) {
        let (browser, person) = app.browser_of(app.provider, "reader").await;
        let email = person.get("/api/v1/me").await.expect(200)["email"].as_str().expect("an address").to_owned();
        let error = |page: String| page.split("role=\"alert\"").nth(1).map(|it| it[..200].to_owned());
        for _ in 0..2 {
            let wrong = error(browser.sign_in(&email, "wrong password").await.page(401));
            let unknown = error(browser.sign_in("nobody@example.com", "wrong password").await.page(401));
            assert!(wrong.is_some());
            assert_eq!(wrong, unknown);
            let wait = error(browser.sign_in(&email, PASSWORD).await.page(429));
            assert_eq!(wait, error(browser.sign_in("nobody@example.com", PASSWORD).await.page(429)));
            app.clock.advance_seconds(2);
        }
        browser.sign_in(&email, PASSWORD).await.goes("/");
        assert!(error(browser.sign_in(&email, "wrong password").await.page(401)).is_some());
        app.clock.advance_seconds(1);
        browser.sign_in(&email, PASSWORD).await.goes("/");
        app.end().await;
    }
}

both_engines! {
    /// A session ends when nobody uses it, and at the end of a long day whoever does.
    async fn sessions_end_by_themselves(app: TestApp) {
        let (browser, person) = app.browser_of(app.provider, "reader").await;
        for _ in 0..2 {
            app.clock.advance_seconds(29 * 60);
            browser.get("/api/v1/me").await.expect(200);
        }
        app.clock.advance_seconds(31 * 60);
        assert_eq!(browser.get("/api/v1/me").await.code(401), "unauthenticated");
        let email = person.get("/api/v1/me").await.expect(200)["email"].as_str().expect("an address").to_owned();
        browser.sign_in(&email, PASSWORD).await.goes("/");
        for _ in 0..24 {
            app.clock.advance_seconds(29 * 60);
            browser.get("/api/v1/me").await.expect(200);
        }
        app.clock.advance_seconds(29 * 60);
        assert_eq!(browser.get("/api/v1/me").await.status, 401);
        browser.get("/account").await.goes("/sign-in?next=%2Faccount");
        app.end().await;
    }
}

both_engines! {
    /// Another site cannot send our forms, and a link into the sign-in leads nowhere else.
    async fn other_sites_stay_outside(app: TestApp) {
        let (browser, person) = app.browser_of(app.provider, "reader").await;
        let cross = |site: &'static str| browser.request(Method::POST, "/account/name").form(&[("name", "Eve")]).header("sec-fetch-site", site);
        assert_eq!(send(cross("cross-site")).await.status, 403);
        let origin = browser.request(Method::POST, "/account/name").form(&[("name", "Eve")]).header("origin", "https://evil.example");
        assert_eq!(send(origin).await.status, 403);
        assert_eq!(person.get("/api/v1/me").await.expect(200)["name"], "Petra Person");
        send(cross("same-origin")).await.goes("/account?done=name");
        let me = person.get("/api/v1/me").await.expect(200);
        assert_eq!(me["name"], "Eve");
        let email = me["email"].as_str().expect("an address");
        let fields = [("email", email), ("password", PASSWORD), ("next", "//evil.example/")];
        browser.form("/sign-in", &fields).await.goes("/");
        browser.form("/sign-in", &[fields[0], fields[1], ("next", "/account")]).await.goes("/account");
        app.end().await;
    }
}
