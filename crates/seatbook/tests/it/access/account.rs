//! One's own account: password, second factor, sessions.

use seatbook::access::second_factor::code_at;

use crate::{
    both_engines,
    harness::{Browser, PASSWORD},
};

async fn email(browser: &Browser) -> String {
    let me = browser.get("/api/v1/me").await.expect(200);
    me["email"].as_str().expect("an address").to_owned()
}

/// What stands between two marks, such as the secret in its element.
fn between(page: &str, from: &str, to: &str) -> String {
    let rest = page.split_once(from).expect("the first mark").1;
    rest.split_once(to).expect("the second mark").0.to_owned()
}

both_engines! {
    /// Changing the password needs the present one, and ends every other session.
    async fn a_password_is_changed(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "reader").await;
        let email = email(&browser).await;
        let other = Browser::new(app.address);
        other.sign_in(&email, PASSWORD).await.goes("/");
        let new = "a wholly new password";
        let wrong = browser.form("/account/password", &[("current", "not this one"), ("password", new)]).await;
        assert!(wrong.page(422).contains("not your present password"));
        app.clock.advance_seconds(1);
        let poor = browser.form("/account/password", &[("current", PASSWORD), ("password", &email)]).await;
        assert!(poor.page(422).contains("not your e-mail address"));
        browser.form("/account/password", &[("current", PASSWORD), ("password", new)]).await.goes("/account?done=password");
        assert_eq!(other.get("/api/v1/me").await.status, 401);
        browser.get("/api/v1/me").await.expect(200);
        other.sign_in(&email, PASSWORD).await.page(401);
        app.clock.advance_seconds(1);
        other.sign_in(&email, new).await.goes("/");
        browser.form("/account/sessions/end-all", &[]).await.goes("/account?done=sessions");
        assert_eq!(other.get("/api/v1/me").await.status, 401);
        app.end().await;
    }
}

both_engines! {
    /// The second factor is set up, asked for, and each code counts once; recovery codes too.
    async fn a_second_factor_is_asked_for(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "reader").await;
        let email = email(&browser).await;
        browser.form("/account/second-factor", &[]).await.goes("/account?set_up=1");
        let page = browser.get("/account?set_up=1").await.page(200);
        assert!(page.contains("<svg") && !page.contains("style="));
        let secret = between(&page, "class=\"secret\"><code>", "</code>");
        let now = || app.app.gate.now();
        let code = |at| code_at(&secret, at).expect("a code");
        assert!(browser.form("/account/second-factor/confirm", &[("code", "000000")]).await.page(422).contains("not right"));
        let first = code(now());
        let page = browser.form("/account/second-factor/confirm", &[("code", &first)]).await.page(200);
        let codes = between(&page, "<div class=\"codes\">", "</div>");
        let codes: Vec<&str> = codes.split("<code>").skip(1).map(|it| it.trim_end_matches("</code>")).collect();
        assert_eq!(codes.len(), 10);

        let other = Browser::new(app.address);
        let sign_in = || async { other.sign_in(&email, PASSWORD).await.goes("/sign-in/code?next=%2F") };
        sign_in().await;
        assert_eq!(other.get("/api/v1/me").await.status, 401, "a password alone is worth nothing");
        other.form("/sign-in/code", &[("code", &first)]).await.page(422);
        app.clock.advance_seconds(30);
        let second = code(now());
        other.form("/sign-in/code", &[("code", &second), ("next", "/account")]).await.goes("/account");
        other.get("/api/v1/me").await.expect(200);
        sign_in().await;
        assert!(other.form("/sign-in/code", &[("code", &second)]).await.page(422).contains("used before"));
        assert!(other.form("/sign-in/code", &[("code", codes[0]), ("recovery", "true")]).await.page(429).contains("Try again"));
        app.clock.advance_seconds(2);
        let typed = codes[0].to_lowercase();
        other.form("/sign-in/code", &[("code", &typed), ("recovery", "true")]).await.goes("/");
        sign_in().await;
        other.form("/sign-in/code", &[("code", codes[0]), ("recovery", "true")]).await.page(422);
        assert!(browser.get("/account").await.page(200).contains("9 recovery codes are left"));

        app.clock.advance_seconds(60);
        let off = code(now());
        browser.form("/account/second-factor/off", &[("code", &off)]).await.goes("/account?done=off");
        other.sign_in(&email, PASSWORD).await.goes("/");
        app.end().await;
    }
}
