//! Mails through the door: one for each cause, kept where there is no mail server, and by a real one sent once.

mod delivery;
mod invitations;
mod served;
pub mod stage;
mod windows;

use reqwest::Method;
use seatbook::{mail::Readers, scope::Permission};
use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::{PostOffice, send},
};
use stage::{pdf, to};

both_engines! {
    /// However often a command runs for the same cause, and however many at once, there is one mail.
    async fn one_cause_is_one_mail(app: TestApp) {
        let new = to(app.provider, "ann@example.com");
        let (a, b, c) = tokio::join!(
            app.post_mail(new.clone()), app.post_mail(new.clone()), app.post_mail(new.clone())
        );
        assert_eq!((a, b, app.post_mail(new).await), (b, c, a));
        app.clock.advance_seconds(1);
        let other = app.post_mail(to(app.provider, "ben@example.com")).await;
        let list = app.operator.get("/api/v1/mails").await.expect(200);
        let ids: Vec<&Value> = list["items"].as_array().expect("items").iter().map(|it| &it["id"]).collect();
        assert_eq!(ids, [&json!(other), &json!(a)]);
        assert_eq!(list["items"][1]["message_id"], format!("<{a}@127.0.0.1>"));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Without a mail server a mail is kept and read, and nothing claims to have sent it. Once there is one it is
    /// sent when somebody says so, and not by itself.
    async fn without_a_mail_server_mails_are_kept(app: TestApp) {
        let new = seatbook::mail::NewMail { attachments: vec![pdf("invoice.pdf")], ..to(app.provider, "ann@example.com") };
        let id = app.post_mail(new).await;
        let kept = app.mail(id).await;
        assert_eq!((&kept["state"], &kept["attempts"], &kept["sent_at"]), (&json!("kept"), &json!(0), &Value::Null));
        assert_eq!((&kept["text"], &kept["html"]), (&json!("Hidden words.\n"), &json!("<p>Hidden words.</p>")));
        assert_eq!(kept["attachments"][0]["size"], 3_000);
        let path = format!("/api/v1/mails/{id}/attachments/{}", kept["attachments"][0]["id"].as_str().expect("an id"));
        let file = app.operator.request(Method::GET, &path).send().await.expect("answers");
        assert_eq!(file.headers()["content-type"], "application/pdf");
        assert_eq!(file.headers()["content-disposition"], "attachment; filename=\"invoice.pdf\"");
        assert_eq!(file.bytes().await.expect("bytes").to_vec(), pdf("").content);
        let send = format!("/api/v1/mails/{id}/send");
        assert_eq!(app.operator.act(&send).await.code(409), "mail.not_set_up");
        // Nothing of what it says stands in the database to be read.
        assert!(!app.texts("SELECT body, answer FROM mail").await.contains("words"));

        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        app.deliver().await;
        assert_eq!(app.mail(id).await["state"], "kept");
        let queued = app.operator.act(&send).await.expect(200);
        assert_eq!((&queued["state"], &queued["version"]), (&json!("queued"), &json!(2)));
        app.deliver().await;
        assert_eq!(post.next().await["headers"]["message-id"], kept["message_id"]);
        let sent = app.mail(id).await;
        assert_eq!((&sent["state"], &sent["answer"]), (&json!("sent"), &json!("250 2.0.0 Taken as number 42")));
        assert_eq!(app.operator.act(&send).await.code(409), "mail.sent");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Lists are narrowed by word, state, kind and organization, and go on behind a cursor.
    async fn mails_are_found(app: TestApp) {
        let partner = app.operator.post("/api/v1/organizations", json!({"parent_id": app.provider, "kind": "partner", "name": "P"})).await.id();
        for address in ["ann@example.com", "ben@example.com", "cid@example.com"] {
            app.post_mail(to(partner, address)).await;
            app.clock.advance_seconds(1);
        }
        let found = async |query: String| {
            let list = app.operator.get(&format!("/api/v1/mails?{query}")).await.expect(200);
            let items = list["items"].as_array().expect("items").iter();
            let found: Vec<String> = items.map(|it| it["to_address"].as_str().unwrap_or_default()[..3].to_owned()).collect();
            (found.join(" "), list["next_cursor"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(found(String::new()).await.0, "cid ben ann");
        assert_eq!(found("q=BEN@".into()).await.0, "ben");
        assert_eq!(found("q=greetings&state=kept&kind=test".into()).await.0, "cid ben ann");
        assert_eq!(found("state=sent".into()).await.0, "");
        assert_eq!(found(format!("organization_id={}", app.provider)).await.0, "");
        let (first, cursor) = found("limit=2".into()).await;
        assert_eq!((first.as_str(), found(format!("limit=2&cursor={cursor}")).await.0.as_str()), ("cid ben", "ann"));
        app.end().await;
    }
}

both_engines! {
    /// Mails of one's subtree are seen; those that let their reader do something are read by who could do it
    /// anyway, and those that are for one person by nobody.
    async fn who_sees_a_mail_need_not_be_let_to_read_it(app: TestApp) {
        let partner = app.operator.post("/api/v1/organizations", json!({"parent_id": app.provider, "kind": "partner", "name": "P"})).await.id();
        let elsewhere = app.operator.post("/api/v1/organizations", json!({"parent_id": app.provider, "kind": "partner", "name": "E"})).await.id();
        let manager = app.member(partner, "account_manager").await;
        let (foreign, reader) = (app.member(elsewhere, "partner_administrator").await, app.member(partner, "reader").await);
        let write = |readers: Readers, address: &str| seatbook::mail::NewMail {
            readers, attachments: vec![pdf("a.pdf")], ..to(partner, address)
        };
        let open = app.post_mail(write(Readers::All, "ann@example.com")).await;
        let link = app.post_mail(write(Readers::Holding(vec![Permission::PeopleEdit]), "ben@example.com")).await;
        let personal = app.post_mail(write(Readers::Nobody, "cid@example.com")).await;

        for (person, id, readable) in [
            (&manager, open, true), (&manager, link, false), (&manager, personal, false),
            (&app.operator, link, true), (&app.operator, personal, false),
        ] {
            let mail = person.get(&format!("/api/v1/mails/{id}")).await.expect(200);
            assert_eq!((&mail["readable"], mail["text"].is_string(), mail["html"].is_string()), (&json!(readable), readable, readable));
            assert_eq!(mail["attachments"].as_array().map(Vec::len), Some(usize::from(readable)));
        }
        // A token without the permission does not read either, and a known file of an unread mail is not there.
        let limited = app.limited(&app.operator, &[Permission::MailsRead]).await;
        assert_eq!(limited.get(&format!("/api/v1/mails/{link}")).await.expect(200)["readable"], false);
        let files = app.mail(link).await;
        let file = format!("/api/v1/mails/{link}/attachments/{}", files["attachments"][0]["id"].as_str().expect("an id"));
        assert_eq!(send(manager.request(Method::GET, &file)).await.code(404), "not_found");
        assert_eq!(send(app.operator.request(Method::GET, &file)).await.status, 200);

        assert_eq!(foreign.get(&format!("/api/v1/mails/{open}")).await.code(404), "not_found");
        assert_eq!(reader.get("/api/v1/mails").await.code(403), "permission.missing");
        assert_eq!(reader.act(&format!("/api/v1/mails/{open}/send")).await.code(403), "permission.missing");
        assert_eq!(foreign.act(&format!("/api/v1/mails/{open}/send")).await.code(404), "not_found");
        app.end().await;
    }
}
