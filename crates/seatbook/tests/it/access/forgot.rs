//! “Forgot your password?”: a link goes to its person alone, and whoever asks learns nothing.

use seatbook::access::second_factor::code_at;
use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::{Browser, PASSWORD, Person, PostOffice, TestApp},
};

const FORGOT: &str = "/forgot-password";
const NEW: &str = "a wholly new password";

async fn email(person: &Person) -> String {
    let me = person.get("/api/v1/me").await.expect(200);
    me["email"].as_str().expect("an address").to_owned()
}

/// The mails about passwords, the newest first.
async fn mails(app: &TestApp) -> Vec<Value> {
    let list = app.operator.get("/api/v1/mails?kind=reset").await;
    list.expect(200)["items"].as_array().expect("mails").clone()
}

/// The path of the link in the next mail.
async fn link(browser: &Browser, post: &mut PostOffice) -> String {
    let mail = post.next().await;
    let text = mail["text"].as_str().expect("text");
    let link = text
        .lines()
        .find(|line| line.contains("/reset/"))
        .expect("a link");
    browser.path(link)
}

both_engines! {
    /// One mail to one's own address; its link sets a password once and ends every session and every older link. The
    /// second factor is asked for as before.
    async fn a_link_is_mailed_and_works_once(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let (inside, person) = app.browser_of(app.provider, "reader").await;
        app.deliver().await;
        post.next().await;
        let email = email(&person).await;
        inside.form("/account/second-factor", &[]).await.goes("/account?set_up=1");
        let page = inside.get("/account?set_up=1").await.page(200);
        let (_, rest) = page.split_once("class=\"secret\"><code>").expect("a secret");
        let secret = rest.split("</code>").next().expect("its end").to_owned();
        let code = |app: &TestApp| code_at(&secret, app.app.gate.now()).expect("a code");
        inside.form("/account/second-factor/confirm", &[("code", &code(&app))]).await.page(200);

        let browser = Browser::new(app.address);
        assert!(browser.get("/sign-in").await.page(200).contains(FORGOT));
        assert!(browser.get(FORGOT).await.page(200).contains("Send the link"));
        let told = browser.form(FORGOT, &[("email", &email.to_uppercase())]).await.page(200);
        assert!(told.contains("If there is an account"), "{told}");
        app.deliver().await;
        let older = link(&browser, &mut post).await;
        app.clock.advance_seconds(1);
        browser.form(FORGOT, &[("email", &email)]).await.page(200);
        app.deliver().await;
        let newer = link(&browser, &mut post).await;
        browser.get(&older).await.page(404);
        let set = browser.form(&newer, &[("password", NEW)]).await.page(200);
        assert!(set.contains("Sign in with it"), "{set}");
        browser.form(&newer, &[("password", "another new password")]).await.page(404);
        assert_eq!(inside.get("/api/v1/me").await.status, 401, "sessions end");
        browser.sign_in(&email, PASSWORD).await.page(401);
        app.clock.advance_seconds(30);
        browser.sign_in(&email, NEW).await.goes("/sign-in/code?next=%2F");
        browser.form("/sign-in/code", &[("code", &code(&app))]).await.goes("/");

        // After an hour a link is worth nothing, and neither is one after the password was changed otherwise.
        browser.form(FORGOT, &[("email", &email)]).await.page(200);
        app.deliver().await;
        let late = link(&browser, &mut post).await;
        browser.get(&late).await.page(200);
        app.clock.advance_seconds(3_600);
        browser.get(&late).await.page(404);
        browser.sign_in(&email, NEW).await.goes("/sign-in/code?next=%2F");
        browser.form("/sign-in/code", &[("code", &code(&app))]).await.goes("/");
        browser.form(FORGOT, &[("email", &email)]).await.page(200);
        app.deliver().await;
        let open = link(&browser, &mut post).await;
        browser.form("/account/password", &[("current", NEW), ("password", PASSWORD)]).await.goes("/account?done=password");
        browser.get(&open).await.page(404);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The same answer whoever asks: nobody's address, somebody's who may not sign in, and one that got three links.
    async fn nobody_learns_who_has_an_account(app: TestApp) {
        let app = app.with_mail("smtp://127.0.0.1:9").await;
        let (inside, person) = app.browser_of(app.provider, "reader").await;
        let gone = app.member(app.provider, "reader").await;
        let (known, away) = (email(&person).await, email(&gone).await);
        app.operator.act(&format!("/api/v1/people/{}/deactivate", gone.id)).await.expect(200);
        let browser = Browser::new(app.address);
        let ask = async |email: &str| {
            let answer = browser.form(FORGOT, &[("email", email)]).await;
            (answer.status.as_u16(), answer.text)
        };
        let nobody = ask("nobody@example.com").await;
        assert_eq!(nobody.0, 200);
        assert_eq!(ask(&known).await, nobody);
        assert_eq!(ask(&away).await, nobody);
        assert_eq!(mails(&app).await.len(), 1, "only who can sign in gets one");
        // Whoever asks again waits as after a wrong password, whether anybody has the address or not.
        for email in ["nobody@example.com", known.as_str()] {
            let again = ask(email).await;
            assert_eq!(again.0, 429);
            assert!(again.1.contains("Try again in 1 second."), "{}", again.1);
        }
        for waited in [1, 2, 4, 8] {
            app.clock.advance_seconds(waited);
            assert_eq!(ask(&known).await, nobody);
        }
        assert_eq!(mails(&app).await.len(), 3, "three an hour, and no more");
        inside.get("/api/v1/me").await.expect(200);
        app.clock.advance_seconds(3_600);
        assert_eq!(ask(&known).await, nobody);
        assert_eq!(mails(&app).await.len(), 4);
        assert_eq!(ask("no address").await.0, 422);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Sixteen at once draw three links at most.
    async fn many_at_once_draw_no_more(app: TestApp) {
        let app = app.with_mail("smtp://127.0.0.1:9").await;
        let person = app.member(app.provider, "reader").await;
        let email = email(&person).await;
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (browser, email) = (Browser::new(app.address), email.clone());
            asking.spawn(async move { browser.form(FORGOT, &[("email", &email)]).await.status.as_u16() });
        }
        let answers = asking.join_all().await;
        assert!(answers.iter().all(|status| [200, 429].contains(status)), "{answers:?}");
        let mails = mails(&app).await;
        assert!((1..=3).contains(&mails.len()), "{} mails", mails.len());
        let waiting = mails.iter().filter(|mail| mail["state"] == "queued").count();
        assert_eq!(waiting, 1, "a newer link takes the mail of the older one back");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The link is for one person: nobody reads it in the Outbox, nor in the journal or the database.
    async fn the_link_is_read_by_nobody_else(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let person = app.member(partner, "reader").await;
        let boss = app.member(partner, "partner_administrator").await;
        let email = email(&person).await;
        let browser = Browser::new(app.address);
        browser.form(FORGOT, &[("email", &email)]).await.page(200);
        app.deliver().await;
        let path = loop {
            let mail = post.next().await;
            if let Some((_, rest)) = mail["text"].as_str().expect("text").split_once("/reset/") {
                break rest.lines().next().expect("a line").to_owned();
            }
        };
        let mail = mails(&app).await.remove(0);
        assert_eq!((&mail["to_address"], &mail["state"]), (&json!(email), &json!("sent")));
        let shown = format!("/api/v1/mails/{}", mail["id"].as_str().expect("an id"));
        let opened = app.operator.get(&shown).await.expect(200);
        assert_eq!((&opened["readable"], &opened["text"]), (&json!(false), &Value::Null));
        assert_eq!(boss.get(&shown).await.code(404), "not_found");
        let kept = [
            app.texts("SELECT CAST(input AS TEXT), coalesce(CAST(outcome AS TEXT), '') FROM journal").await,
            app.texts("SELECT coalesce(CAST(before AS TEXT), ''), coalesce(CAST(after AS TEXT), '') FROM change").await,
            app.texts("SELECT answer, fingerprint FROM request_key").await,
            app.texts("SELECT body, answer FROM mail").await,
            app.texts("SELECT fingerprint, fingerprint FROM invitation").await,
            app.texts("SELECT print, print FROM sign_in_failure").await,
        ].concat();
        assert!(!kept.contains(&path) && !kept.contains(&email), "{kept}");
        app.end().await;
    }
}

both_engines! {
    /// Without a mail server there is nothing to ask for, and the pages say whom to ask.
    async fn without_mail_an_administrator_is_asked(app: TestApp) {
        let person = app.member(app.provider, "reader").await;
        let email = email(&person).await;
        let browser = Browser::new(app.address);
        let door = browser.get("/sign-in").await.page(200);
        assert!(door.contains("Ask an administrator") && !door.contains(FORGOT), "{door}");
        assert!(browser.get(FORGOT).await.page(200).contains("Ask an administrator"));
        assert!(browser.form(FORGOT, &[("email", &email)]).await.page(409).contains("Ask an administrator"));
        assert!(mails(&app).await.is_empty());
        app.end().await;
    }
}
