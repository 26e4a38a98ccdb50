//! Invitations leave as mails, and their links stay with those who could give their role.

use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::{Browser, PASSWORD, Person, PostOffice},
};

/// The mails to somebody, the newest first.
async fn mails_to(person: &Person, address: &str) -> Vec<Value> {
    let list = person
        .get(&format!("/api/v1/mails?q={address}"))
        .await
        .expect(200);
    list["items"].as_array().expect("items").clone()
}

both_engines! {
    /// An invitation is one mail, however often it is asked for; a new link is another. What arrives lets in.
    async fn an_invitation_arrives_and_lets_in(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let body = json!({"email": "nina@example.com", "organization_id": app.provider, "role": "reader"});
        let preview = app.operator.post("/api/v1/invitations?preview=true", body.clone()).await;
        assert_eq!(preview.headers["seatbook-would-queue"], "mail invitation");
        assert_eq!(mails_to(&app.operator, "nina").await.len(), 0);
        let first = app.operator.post_with_key("/api/v1/invitations", "once", body.clone()).await.expect(201);
        let again = app.operator.post_with_key("/api/v1/invitations", "once", body).await.expect(201);
        assert_eq!(first, again);
        assert_eq!(mails_to(&app.operator, "nina").await.len(), 1);
        app.deliver().await;
        let mail = post.next().await;
        assert_eq!((&mail["headers"]["to"], &mail["headers"]["from"]), (&json!("nina@example.com"), &json!("Provider <licenses@provider.example>")));
        assert_eq!(mail["headers"]["subject"], "Your invitation to Provider");
        let link = first["link"].as_str().expect("a link");
        assert!(mail["text"].as_str().expect("text").contains(link) && mail["html"].as_str().expect("html").contains(link));
        assert!(mail["text"].as_str().expect("text").contains("Olga Operator invites you to Provider as Reader"), "{mail}");

        app.clock.advance_seconds(1);
        let renew = format!("/api/v1/invitations/{}/renew", first["id"].as_str().expect("an id"));
        let renewed = app.operator.act(&renew).await.expect(200);
        app.deliver().await;
        let mail = post.next().await;
        let link = renewed["link"].as_str().expect("a link");
        assert!(mail["text"].as_str().expect("text").contains(link), "{mail}");
        let mails = mails_to(&app.operator, "nina").await;
        assert_eq!((mails.len(), &mails[0]["state"]), (2, &json!("sent")));

        // The link leads to the server that wrote it.
        let (_, path) = link.split_once("/invitations/").expect("an address");
        let joined = Browser::new(app.address).form(&format!("/invitations/{path}"), &[("name", "Nina"), ("password", PASSWORD)]).await;
        joined.goes("/");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The mail of an invitation is read by those who could give its role, and by nobody who could not.
    async fn a_link_is_read_by_those_who_could_give_its_role(app: TestApp) {
        let partner = app.operator.post("/api/v1/organizations", json!({"parent_id": app.provider, "kind": "partner", "name": "P"})).await.id();
        let administrator = app.member(partner, "partner_administrator").await;
        let manager = app.member(partner, "account_manager").await;
        for (address, role) in [("wide@example.com", "operator"), ("small@example.com", "reader")] {
            let body = json!({"email": address, "organization_id": partner, "role": role});
            app.operator.post("/api/v1/invitations", body).await.expect(201);
        }
        for (person, address, readable) in [
            (&app.operator, "wide@", true), (&administrator, "wide@", false), (&manager, "wide@", false),
            (&administrator, "small@", true), (&manager, "small@", false),
        ] {
            let mail = mails_to(person, address).await.remove(0);
            let mail = person.get(&format!("/api/v1/mails/{}", mail["id"].as_str().expect("an id"))).await.expect(200);
            let says = mail["text"].as_str().is_some_and(|text| text.contains("/invitations/"));
            assert_eq!((&mail["readable"], says), (&json!(readable), readable), "{address}");
        }
        app.end().await;
    }
}

both_engines! {
    /// An invitation that is taken back, or gets a newer link, takes its mail with it, where that has not left.
    async fn what_is_taken_back_is_not_sent(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let invite = async |address: &str| {
            let body = json!({"email": address, "organization_id": app.provider, "role": "reader"});
            let invited = app.operator.post("/api/v1/invitations", body).await.expect(201);
            format!("/api/v1/invitations/{}", invited["id"].as_str().expect("an id"))
        };
        let state = async |address: &str| mails_to(&app.operator, address).await.remove(0)["state"].clone();
        let back = invite("back@example.com").await;
        app.operator.delete(&back).await;
        assert_eq!(state("back@").await, "failed");
        let said = mails_to(&app.operator, "back@").await.remove(0)["answer"].clone();
        assert_eq!(said, "Not sent: the invitation was taken back.");
        let again = invite("again@example.com").await;
        app.clock.advance_seconds(1);
        app.operator.act(&format!("{again}/renew")).await.expect(200);
        app.deliver().await;
        assert_eq!(post.next().await["envelope_to"], json!(["again@example.com"]));
        let states: Vec<Value> = mails_to(&app.operator, "again@").await.into_iter().map(|mail| mail["state"].clone()).collect();
        assert_eq!(states, ["sent", "failed"]);
        let sent = invite("sent@example.com").await;
        app.deliver().await;
        assert_eq!(post.next().await["envelope_to"], json!(["sent@example.com"]), "nothing came between");
        app.operator.delete(&sent).await;
        assert_eq!(state("sent@").await, "sent", "what has left has left");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The console says whether the link is mailed or must be handed on.
    async fn the_console_says_what_becomes_of_the_link(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let provider = app.provider.to_string();
        let form = |address: &'static str| [("email", address), ("organization_id", provider.as_str()), ("role", "reader")].map(|(name, value)| (name, value.to_owned()));
        let invite = async |browser: &Browser, address: &'static str| {
            let fields = form(address);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.form("/people/invite", &fields).await.page(200)
        };
        let page = invite(&browser, "one@example.com").await;
        assert!(page.contains("kept in the Outbox") && page.contains("/invitations/"), "{page}");
        let app = app.with_mail("smtp://127.0.0.1:9").await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let page = invite(&browser, "two@example.com").await;
        assert!(page.contains("is on its way") && page.contains("/invitations/"), "{page}");
        app.end().await;
    }
}
