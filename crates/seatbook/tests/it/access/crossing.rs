//! Other sites: whatever they have a browser send is refused, wherever it goes, whoever is signed in there.

use reqwest::Method;
use seatbook::router;
use serde_json::json;

use crate::{
    both_engines,
    harness::{Browser, random_id, send},
};

/// Pages that change something, of many rooms.
const FORMS: [&str; 8] = [
    "/sign-in",
    "/sign-out",
    "/account/name",
    "/account/password",
    "/session/organization",
    "/forgot-password",
    "/organizations/new",
    "/portal/redeem",
];

/// Every operation that changes something, with ids of nothing in its path.
fn unsafe_operations() -> Vec<(Method, String)> {
    let mut all = Vec::new();
    for (path, item) in router::document().paths.paths {
        let id = random_id().to_string();
        let parts = path.split('/').map(|part| {
            if part.starts_with('{') {
                id.as_str()
            } else {
                part
            }
        });
        let path = parts.collect::<Vec<_>>().join("/");
        for (method, operation) in [
            (Method::POST, item.post),
            (Method::PUT, item.put),
            (Method::PATCH, item.patch),
            (Method::DELETE, item.delete),
        ] {
            all.extend(operation.map(|_| (method, path.clone())));
        }
    }
    all
}

/// What another site can have sent, under its name or with the browser's word that it is another's: what is not refused.
async fn is_refused(browser: &Browser, method: &Method, path: &str) -> Vec<String> {
    let request = || {
        browser
            .request(method.clone(), path)
            .header("content-type", "text/plain")
            .body("{}")
    };
    let mut wrong = Vec::new();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let answer = send(request().header(name, value)).await;
        if answer.status != 403 || !answer.text.contains("another site") {
            wrong.push(format!(
                "{method} {path} with {name}: {value}: {}",
                answer.status
            ));
        }
    }
    wrong
}

both_engines! {
    /// Every operation and form that changes something refuses what another site has sent; a GET is a GET, whatever
    /// else it says it is, and a body of a form is no JSON.
    async fn nothing_crosses(app: TestApp) {
        let (browser, person) = app.browser_of(app.provider, "operator").await;
        let operations = unsafe_operations();
        assert!(operations.len() > 90, "{}", operations.len());
        let mut wrong = Vec::new();
        for (method, path) in &operations {
            wrong.extend(is_refused(&browser, method, path).await);
        }
        for path in FORMS {
            wrong.extend(is_refused(&browser, &Method::POST, path).await);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let body = json!({"parent_id": app.provider, "kind": "customer", "name": "Eve"}).to_string();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let plain = browser.request(Method::POST, "/api/v1/organizations").header("content-type", kind);
            assert_eq!(send(plain.body(body.clone())).await.code(415), "body.not_json");
        }
        let disguised = browser.request(Method::GET, "/account/name?name=Eve&_method=POST");
        let disguised = disguised.header("x-http-method-override", "POST").header("sec-fetch-site", "cross-site");
        assert_eq!(send(disguised).await.status, 405);
        assert_eq!(person.get("/api/v1/me").await.expect(200)["name"], "Petra Person");
        assert_eq!(app.operator.get("/api/v1/organizations?q=eve").await.expect(200)["items"], json!([]));
        app.end().await;
    }
}
