//! How mails leave: whole, once, as long as it takes, and no more than that.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use seatbook::mail::{Content, Deliverer, NewMail, Verdict};
use serde_json::{Value, json};

use super::stage::{Dying, Parrot, nowhere, pdf, to};
use crate::{both_engines, harness::PostOffice};

both_engines! {
    /// A mail arrives as it was written: text, HTML and files, under one address and its sender's name. Names and
    /// subjects are lines, whatever stands in them.
    async fn a_mail_arrives_as_it_was_written(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let id = app.post_mail(NewMail {
            sender: "Grün & Söhne\r\nBcc: all@example.com".into(),
            to_name: "Änne \"Ä\"\nX-Evil: 1".into(),
            reply_to: Some("sales@gruen.example".into()),
            content: Content {
                subject: "Rechnung für März\r\nX-Evil: 2".into(),
                text: "Grüße,\n.\nein Punkt allein\n".into(),
                html: "<p>Grüße &amp; mehr</p>\n".into(),
            },
            attachments: vec![pdf("Rechnung für März.pdf"), pdf("b\r\nX-Evil: 3")],
            ..to(app.provider, "anne@example.com")
        }).await;
        app.deliver().await;
        let mail = post.next().await;
        let headers = &mail["headers"];
        assert_eq!((&mail["envelope_from"], &mail["envelope_to"]), (&json!("licenses@provider.example"), &json!(["anne@example.com"])));
        assert_eq!(headers["from"], "\"Grün & Söhne Bcc: all@example.com\" <licenses@provider.example>");
        assert_eq!(headers["subject"], "Rechnung für März X-Evil: 2");
        assert_eq!((&headers["message-id"], &headers["auto-submitted"]), (&app.mail(id).await["message_id"], &json!("auto-generated")));
        assert!(headers["reply-to"].as_str().expect("one").ends_with("<sales@gruen.example>"), "{headers}");
        assert_eq!(headers["date"], "Mon, 01 Jun 2026 12:00:00 +0000");
        assert!(headers.get("bcc").is_none() && headers.get("x-evil").is_none(), "{headers}");
        let unix = |text: &Value| text.as_str().expect("text").replace("\r\n", "\n");
        assert_eq!(unix(&mail["text"]).trim_end(), "Grüße,\n.\nein Punkt allein");
        assert_eq!(unix(&mail["html"]).trim_end(), "<p>Grüße &amp; mehr</p>");
        let file = &mail["attachments"][0];
        assert_eq!((&file["name"], &file["type"]), (&json!("Rechnung für März.pdf"), &json!("application/pdf")));
        assert_eq!(BASE64.decode(file["content"].as_str().expect("base64")).expect("base64"), pdf("").content);
        assert_eq!(mail["attachments"][1]["name"], "b X-Evil: 3");
        app.deliver().await;
        assert_eq!((&app.mail(id).await["state"], &app.mail(id).await["attempts"]), (&json!("sent"), &json!(1)));
        app.end().await;
    }
}

both_engines! {
    /// A mail server that is down is tried again, later and later; when it is back the mail leaves.
    async fn a_mail_server_that_is_down_is_waited_for(app: TestApp) {
        let port = nowhere().await;
        let app = app.with_mail(&format!("smtp://127.0.0.1:{port}")).await;
        let id = app.post_mail(to(app.provider, "ann@example.com")).await;
        app.deliver().await;
        let waiting = app.mail(id).await;
        assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("queued"), &json!(1)));
        assert_eq!(waiting["due_at"], "2026-06-01T12:01:00Z");
        let answer = waiting["answer"].as_str().expect("an answer");
        assert!(answer.starts_with("The mail server cannot be reached"), "{answer}");

        app.clock.advance_seconds(60);
        app.deliver().await;
        assert_eq!((&app.mail(id).await["attempts"], &app.mail(id).await["due_at"]), (&json!(2), &json!("2026-06-01T12:06:00Z")));
        let mut post = PostOffice::open_at(port, None).await;
        app.clock.advance_seconds(299);
        app.deliver().await;
        assert_eq!(app.mail(id).await["attempts"], 2, "not before its time");
        app.clock.advance_seconds(1);
        app.deliver().await;
        assert_eq!(post.next().await["headers"]["message-id"], waiting["message_id"]);
        let sent = app.mail(id).await;
        assert_eq!((&sent["state"], &sent["attempts"], &sent["resent_unknown"]), (&json!("sent"), &json!(3), &json!(0)));
        app.end().await;
    }
}

both_engines! {
    /// What a mail server refuses for good has failed, and says why; what it puts off is sent later. Somebody
    /// may tell a failed one to be sent again.
    async fn a_refusal_ends_it_and_a_delay_does_not(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let refused = app.post_mail(to(app.provider, "nobody@example.com")).await;
        let late = app.post_mail(to(app.provider, "busy@example.com")).await;
        let nonsense = app.post_mail(to(app.provider, "no address")).await;
        app.deliver().await;
        let mail = app.mail(refused).await;
        assert_eq!((&mail["state"], &mail["attempts"], &mail["due_at"]), (&json!("failed"), &json!(1), &Value::Null));
        assert_eq!(mail["answer"], "The mail server refused it: 550 5.1.1 There is nobody here of that name");
        assert_eq!(app.mail(nonsense).await["state"], "failed");
        let mail = app.mail(late).await;
        assert_eq!((&mail["state"], &mail["answer"]), (&json!("queued"), &json!("The mail server put it off: 451 4.7.1 Come again later")));
        app.clock.advance_seconds(60);
        app.deliver().await;
        assert_eq!(post.next().await["envelope_to"], json!(["busy@example.com"]));
        assert_eq!(app.mail(refused).await["attempts"], 1, "nobody asks twice");

        let again = app.operator.act(&format!("/api/v1/mails/{refused}/send")).await.expect(200);
        assert_eq!((&again["state"], &again["attempts"]), (&json!("queued"), &json!(0)));
        app.deliver().await;
        assert_eq!((&app.mail(refused).await["state"], &app.mail(refused).await["attempts"]), (&json!("failed"), &json!(1)));
        app.end().await;
    }
}

both_engines! {
    /// A server that dies between the answer and its record leaves a mail of which nobody knows: it is sent again
    /// under the same Message-ID, and that is counted.
    async fn a_crash_before_the_record_sends_the_same_mail_again_and_counts(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let id = app.post_mail(to(app.provider, "ann@example.com")).await;
        let dying = Arc::new(Dying { mailer: app.smtp(), dead: tokio::sync::Notify::new() });
        tokio::select! {
            () = app.deliver_by(dying.clone()) => panic!("it never comes back"),
            () = dying.dead.notified() => {}
        }
        let first = post.next().await;
        let unknown = app.mail(id).await;
        assert_eq!((&unknown["state"], &unknown["resent_unknown"], &unknown["sent_at"]), (&json!("sending"), &json!(0), &Value::Null));
        assert_eq!(app.operator.act(&format!("/api/v1/mails/{id}/send")).await.code(409), "mail.sent");
        app.deliver().await;
        assert_eq!(app.mail(id).await["attempts"], 1, "it is left to whoever has it, while that may be alive");

        // A server that is alone does not wait for a dead one.
        let (db, now) = (app.app.gate.db(), app.app.gate.now());
        let freed = seatbook::mail::free_all(db, now).await.expect("frees");
        assert_eq!(freed, u64::from(db.is_exclusive()));
        app.clock.advance_seconds(if db.is_exclusive() { 0 } else { 300 });
        app.deliver().await;
        let second = post.next().await;
        assert_eq!(second["headers"]["message-id"], first["headers"]["message-id"]);
        assert_eq!(second["headers"]["date"], first["headers"]["date"]);
        let sent = app.mail(id).await;
        assert_eq!((&sent["state"], &sent["attempts"], &sent["resent_unknown"]), (&json!("sent"), &json!(2), &json!(1)));
        app.end().await;
    }
}

both_engines! {
    /// So does a line that is cut before the mail server has answered.
    async fn a_cut_line_sends_the_same_mail_again_and_counts(app: TestApp) {
        let mut post = PostOffice::open().await;
        let app = app.with_mail(&post.url()).await;
        let id = app.post_mail(to(app.provider, "cut@example.com")).await;
        app.deliver().await;
        let first = post.next().await;
        let unknown = app.mail(id).await;
        assert_eq!((&unknown["state"], &unknown["resent_unknown"]), (&json!("sending"), &json!(0)));
        let answer = unknown["answer"].as_str().expect("an answer");
        assert!(answer.starts_with("The line to the mail server broke"), "{answer}");
        app.clock.advance_seconds(60);
        app.deliver().await;
        assert_eq!(post.next().await["headers"]["message-id"], first["headers"]["message-id"]);
        let sent = app.mail(id).await;
        assert_eq!((&sent["state"], &sent["resent_unknown"]), (&json!("sent"), &json!(1)));
        app.end().await;
    }
}

both_engines! {
    /// After twelve tries over three days a mail has failed. A deliverer that lost its mail writes nothing.
    async fn nothing_is_tried_for_ever(app: TestApp) {
        let app = app.with_mail("smtp://127.0.0.1:9").await;
        let parrot = Parrot::saying(vec![Verdict::Later("Not now.".into())]);
        let id = app.post_mail(to(app.provider, "ann@example.com")).await;
        app.deliver_by(parrot.clone()).await;
        for seconds in [60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600, 86_400, 86_400] {
            assert_eq!(app.mail(id).await["state"], "queued");
            app.clock.advance_seconds(seconds);
            app.deliver_by(parrot.clone()).await;
        }
        let failed = app.mail(id).await;
        assert_eq!((&failed["state"], &failed["answer"]), (&json!("failed"), &json!("Given up after 12 tries. Not now.")));
        assert_eq!(parrot.given().len(), 12);
        assert!(parrot.given().iter().all(|given| failed["message_id"] == *given));
        app.end().await;
    }
}

both_engines! {
    /// Several deliverers at once send each mail once.
    async fn each_mail_is_sent_once_although_deliverers_race(app: TestApp) {
        let app = app.with_mail("smtp://127.0.0.1:9").await;
        for number in 0..12 {
            app.post_mail(to(app.provider, &format!("person-{number}@example.com"))).await;
        }
        let parrot = Parrot::saying(vec![]);
        tokio::join!(app.deliver_by(parrot.clone()), app.deliver_by(parrot.clone()), app.deliver_by(parrot.clone()));
        let mut given = parrot.given();
        given.sort();
        given.dedup();
        assert_eq!((given.len(), parrot.given().len()), (12, 12));
        app.end().await;
    }
}

both_engines! {
    /// The server's own deliverer finds what is due by itself, signs in, and ends when it is told to.
    async fn the_deliverer_sends_what_is_written(app: TestApp) {
        let mut post = PostOffice::open_at(0, Some("p@ss word")).await;
        let url = post.url().replace("://", "://seatbook:p%40ss%20word@");
        let wrong = post.url().replace("://", "://seatbook:guess@");
        let app = app.with_mail(&wrong).await;
        let id = app.post_mail(to(app.provider, "ann@example.com")).await;
        app.deliver().await;
        let waiting = app.mail(id).await;
        assert_eq!(waiting["state"], "queued");
        let answer = waiting["answer"].as_str().expect("an answer");
        assert!(answer.starts_with("The mail server lets nobody in: 535"), "{answer}");
        assert!(!answer.contains("guess"), "{answer}");

        let app = app.with_mail(&url).await;
        let deliverer = Deliverer::start(app.app.clone(), Arc::new(app.smtp()));
        let later = app.post_mail(to(app.provider, "ben@example.com")).await;
        assert_eq!(post.next().await["envelope_to"], json!(["ben@example.com"]));
        deliverer.stop().await;
        assert_eq!(app.mail(later).await["state"], "sent");
        app.end().await;
    }
}
