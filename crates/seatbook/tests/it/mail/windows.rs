//! The Outbox as a page.

use reqwest::header;

use super::stage::{Parrot, pdf, to};
use crate::both_engines;
use seatbook::mail::{Content, NewMail, Readers, Verdict};

both_engines! {
    /// What is kept can be read, found and downloaded; what it looks like is a document that can do nothing.
    async fn kept_mails_are_read_in_the_outbox(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let content = Content {
            subject: "Your <invoice>".into(),
            text: "Pay <b>now</b>".into(),
            html: "<p>Pay <script>alert(1)</script></p>".into(),
        };
        let id = app.post_mail(NewMail { content, attachments: vec![pdf("invoice.pdf")], ..to(app.provider, "ann@example.com") }).await;
        let list = browser.get("/mails").await.page(200);
        assert!(list.contains("Your &#60;invoice&#62;") && list.contains("Kept") && list.contains("No mail server is set up"), "{list}");
        assert!(browser.get("/mails?state=sent").await.page(200).contains("Nothing matches"));
        assert!(browser.get("/mails?q=ann%40").await.page(200).contains("ann@example.com"));
        let page = browser.get(&format!("/mails/{id}")).await.page(200);
        assert!(page.contains("Pay &#60;b&#62;now&#60;/b&#62;") && page.contains("invoice.pdf"), "{page}");
        assert!(!page.contains("/send\""), "nothing can be sent");
        let shown = browser.get(&format!("/mails/{id}/html")).await;
        let policy = shown.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
        assert!(shown.text.contains("<p>Pay"));

        let secret = app.post_mail(NewMail { readers: Readers::Nobody, ..to(app.provider, "ben@example.com") }).await;
        let page = browser.get(&format!("/mails/{secret}")).await.page(200);
        assert!(!page.contains("Hidden words") && page.contains("may read it here"), "{page}");
        browser.get(&format!("/mails/{secret}/html")).await.page(404);
        app.end().await;
    }
}

both_engines! {
    /// What came to nothing says why, and a button sends it again.
    async fn a_failed_mail_is_sent_again_by_a_button(app: TestApp) {
        let app = app.with_mail("smtp://127.0.0.1:9").await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        app.deliver_by(Parrot::saying(vec![])).await;
        let id = app.post_mail(to(app.provider, "ann@example.com")).await;
        let parrot = Parrot::saying(vec![Verdict::Never("The mail server refused it: 550 No".into()), Verdict::Taken("250 OK".into())]);
        app.deliver_by(parrot.clone()).await;
        let page = browser.get(&format!("/mails/{id}")).await.page(200);
        assert!(page.contains("550 No") && page.contains("Send again"), "{page}");
        browser.form(&format!("/mails/{id}/send"), &[]).await.goes(&format!("/mails/{id}"));
        app.deliver_by(parrot.clone()).await;
        let page = browser.get(&format!("/mails/{id}")).await.page(200);
        assert!(page.contains("250 OK") && !page.contains("Send again"), "{page}");
        assert_eq!(parrot.given()[0], parrot.given()[1]);
        app.end().await;
    }
}
