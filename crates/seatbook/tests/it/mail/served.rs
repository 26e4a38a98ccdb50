//! The program itself and its mail server: settings, TLS, the sign-in.

use std::process::Stdio;

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use super::stage::{nowhere, to};
use crate::{
    both_engines,
    harness::{Browser, CERTIFICATE, PASSWORD, PostOffice, send},
};

const URL: &str = "smtp://seatbook:p%40ss%20word@127.0.0.1";

fn serve(folder: &tempfile::TempDir, listen: &str) -> Command {
    let at = |name: &str| folder.path().join(name);
    let mut program = Command::new(env!("CARGO_BIN_EXE_seatbook"));
    program.args(["serve", "--listen", listen, "--database"]);
    program.arg(at("book.db")).arg("--key-file").arg(at("key"));
    program.kill_on_drop(true);
    program
}

/// Told of a mail server by variables, the program sends what it writes, over TLS that it trusts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_sends_over_tls() {
    let mut post = PostOffice::open_secure().await;
    let (folder, port) = (tempfile::tempdir().expect("a folder"), nowhere().await);
    let url = post.url().replace("smtp://127.0.0.1", URL) + "?tls=required";
    let mut program = serve(&folder, &format!("127.0.0.1:{port}"))
        .env("SSL_CERT_FILE", CERTIFICATE)
        .env("SEATBOOK_SMTP_URL", url)
        .env(
            "SEATBOOK_MAIL_FROM",
            "Seatbook <licenses@nordlicht.example>",
        )
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(program.stdout.take().expect("its words")).lines();
    let link = loop {
        let line = lines
            .next_line()
            .await
            .expect("it speaks")
            .expect("it runs");
        if let Some((_, rest)) = line.split_once("/set-up/") {
            break format!("/set-up/{rest}");
        }
    };
    let browser = Browser::new(([127, 0, 0, 1], port).into());
    let founder = [
        ("provider", "Nordlicht"),
        ("name", "Olga"),
        ("email", "olga@nordlicht.example"),
        ("password", PASSWORD),
    ];
    browser.form(&link, &founder).await.goes("/");
    let provider = browser.get("/api/v1/organizations").await.expect(200);
    let body = json!({
        "email": "nina@example.com", "organization_id": provider["items"][0]["id"], "role": "reader"
    });
    let invited = browser.post("/api/v1/invitations", body).await.expect(201);
    let mail = post.next().await;
    assert_eq!(mail["envelope_from"], "licenses@nordlicht.example");
    let link = invited["link"].as_str().expect("a link");
    assert!(
        mail["text"].as_str().expect("text").contains(link),
        "{mail}"
    );
    let list = send(browser.request(Method::GET, "/api/v1/mails"))
        .await
        .expect(200);
    assert_eq!(
        list["items"][0]["message_id"],
        mail["headers"]["message-id"]
    );
}

/// What cannot work, or would show a password to the network, stops the start with a sentence that says so.
#[tokio::test]
async fn wrong_settings_stop_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    for (url, from, said) in [
        (
            "smtp://u:secret@mail.example.com",
            "a@b.example",
            "add ?tls=required",
        ),
        (
            "https://u:secret@mail.example.com",
            "a@b.example",
            "begins with smtps:// or smtp://",
        ),
        (
            "smtp://u:secret@127.0.0.1?tls=perhaps",
            "a@b.example",
            "cannot be understood",
        ),
        ("smtps://u:secret@mail.example.com", "", "needs --mail-from"),
        (
            "smtps://u:secret@mail.example.com",
            "nobody",
            "needs --mail-from",
        ),
    ] {
        let ended = serve(&folder, "127.0.0.1:0")
            .args(["--smtp-url", url, "--mail-from", from])
            .output()
            .await
            .expect("it runs");
        let words = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            !ended.status.success() && words.contains(said),
            "{url}: {words}"
        );
        assert!(!words.contains("secret"), "{words}");
        assert!(!folder.path().join("book.db").exists(), "nothing was begun");
    }
}

both_engines! {
    /// A mail server whose certificate nobody vouches for is told nothing.
    async fn an_untrusted_mail_server_is_told_nothing(app: TestApp) {
        let post = PostOffice::open_secure().await;
        let url = post.url().replace("smtp://127.0.0.1", URL) + "?tls=required";
        let app = app.with_mail(&url).await;
        let id = app.post_mail(to(app.provider, "ann@example.com")).await;
        app.deliver().await;
        let waiting = app.mail(id).await;
        let answer = waiting["answer"].as_str().expect("an answer");
        assert!(answer.starts_with("The mail server cannot be reached"), "{answer}");
        assert_eq!((&waiting["state"], &waiting["resent_unknown"]), (&json!("queued"), &json!(0)));
        app.end().await;
    }
}
