//! Setting up, signing in and out.

use reqwest::Method;
use serde_json::json;

use crate::{
    both_engines,
    harness::{Browser, PASSWORD, send},
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
