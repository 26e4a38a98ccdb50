//! Getting back in, and what stays secret.

use reqwest::Method;
use seatbook::recovery::machine::{PATH, ask, signed};
use serde_json::json;

use crate::{
    both_engines,
    harness::{Browser, PASSWORD, send},
};

both_engines! {
    /// Whoever holds the key of this machine draws a link that sets a password once.
    async fn a_password_is_reset_from_the_machine(app: TestApp) {
        let (browser, person) = app.browser_of(app.provider, "reader").await;
        let email = person.get("/api/v1/me").await.expect(200)["email"].as_str().expect("an address").to_owned();
        let draw = async |body: &str, signed: [(&'static str, String); 2]| {
            let mut request = browser.request(Method::POST, PATH).body(body.to_owned());
            for (name, value) in signed {
                request = request.header(name, value);
            }
            send(request).await
        };
        let (vault, now) = (app.app.gate.vault(), app.app.gate.now());
        let right = || signed(vault, &email, now);
        assert_eq!(draw("eve@example.com", right()).await.code(404), "not_found");
        assert_eq!(draw(&email, signed(vault, &email, now.plus_seconds(-61))).await.code(404), "not_found");
        assert!(draw("eve@example.com", signed(vault, "eve@example.com", now)).await.expect(200)["link"].is_null());
        let link = draw(&email, right()).await.expect(200)["link"].as_str().expect("a link").to_owned();
        let path = browser.path(&link);
        let stranger = Browser::new(app.address);
        assert!(stranger.form(&path, &[("password", "short")]).await.page(422).contains("at least 10"));
        assert!(stranger.form(&path, &[("password", "a wholly new password")]).await.page(200).contains("Sign in"));
        stranger.get(&path).await.page(404);
        assert_eq!(browser.get("/api/v1/me").await.status, 401, "sessions end");
        stranger.sign_in(&email, PASSWORD).await.page(401);
        app.clock.advance_seconds(1);
        stranger.sign_in(&email, "a wholly new password").await.goes("/");
        let late = draw(&email, signed(vault, &email, app.app.gate.now())).await.expect(200);
        app.clock.advance_seconds(3600);
        stranger.get(&browser.path(late["link"].as_str().expect("a link"))).await.page(404);
        app.end().await;
    }
}

both_engines! {
    /// The command line speaks to a running server, and notices one whose key is another.
    async fn the_command_line_asks_the_server(app: TestApp) {
        let mut settings = (*app.app.settings).clone();
        settings.key = Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into());
        let refused = ask(&settings, "operator@provider.example").await;
        assert!(refused.is_err());
        let unused = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        settings.listen = unused.local_addr().expect("an address");
        drop(unused);
        assert!(ask(&settings, "operator@provider.example").await.expect("no server").is_none());
        app.end().await;
    }
}

both_engines! {
    /// No secret and no address stands in the journal or among the kept answers.
    async fn the_journal_holds_no_secrets(app: TestApp) {
        let invitation = json!({"email": "secret@person.example", "organization_id": app.provider, "role": "operator"});
        let invited = app.operator.post_with_key("/api/v1/invitations", "k", invitation.clone()).await.expect(201);
        let again = app.operator.post_with_key("/api/v1/invitations", "k", invitation).await.expect(201);
        assert_eq!(invited, again, "asked again with its key, the same link");
        let browser = Browser::new(app.address);
        let path = browser.path(invited["link"].as_str().expect("a link"));
        browser.form(&path, &[("name", "Sigrid Secret"), ("password", PASSWORD)]).await.goes("/");
        let token = browser.post("/api/v1/tokens", json!({"name": "t", "permissions": []})).await.expect(201);
        browser.form("/account/password", &[("current", PASSWORD), ("password", "a wholly new password")]).await.goes("/account?done=password");
        browser.form("/account/name", &[("name", "Sigrid Changed")]).await.goes("/account?done=name");
        let kept = [
            app.texts("SELECT CAST(input AS TEXT), coalesce(CAST(outcome AS TEXT), '') FROM journal").await,
            app.texts("SELECT coalesce(CAST(before AS TEXT), ''), coalesce(CAST(after AS TEXT), '') FROM change").await,
            app.texts("SELECT answer, fingerprint FROM request_key").await,
            app.texts("SELECT fingerprint, fingerprint FROM invitation").await,
            app.texts("SELECT fingerprint, hint FROM api_token").await,
            app.texts("SELECT coalesce(password_hash, ''), coalesce(totp_secret, '') FROM person").await,
        ].concat();
        let secret = path.trim_start_matches("/invitations/");
        let token = token["token"].as_str().expect("a token");
        for hidden in ["secret@person", "Sigrid", PASSWORD, "wholly new", secret, token] {
            assert!(!kept.contains(hidden), "{hidden} is kept in the clear");
        }
        assert!(kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
        app.end().await;
    }
}
