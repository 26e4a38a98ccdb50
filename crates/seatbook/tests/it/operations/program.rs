//! The program itself: how it stops, and what it writes into its log.

use std::process::Stdio;

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr},
};

use super::Place;
use crate::{
    both_engines,
    harness::{Person, TestApp, random_id, send},
};

/// A running program, and its log.
struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    place: Place,
}

impl Server {
    /// Starts it on a book of its own, or beside the test's server where the engine takes two.
    async fn start(app: &TestApp, words: &[&str]) -> Server {
        let place = Place::of(app);
        let mut child = place
            .program(&["serve", "--log-json"])
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program runs");
        let lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let mut server = Server {
            child,
            lines,
            place,
        };
        server.until("Seatbook is open").await;
        server
    }

    async fn line(&mut self) -> Option<String> {
        self.lines.next_line().await.expect("it is read")
    }

    /// Reads the log up to a line that says this.
    async fn until(&mut self, said: &str) {
        loop {
            let line = self.line().await;
            let line = line.unwrap_or_else(|| panic!("the program ended before `{said}`"));
            if line.contains(said) {
                return;
            }
        }
    }

    fn terminate(&self) {
        let id = self.child.id().expect("it runs") as i32;
        let process = Pid::from_raw(id).expect("an id");
        kill_process(process, Signal::TERM).expect("it is told");
    }

    /// Ends, with what its log says until then.
    async fn end(mut self) -> (Option<i32>, Vec<String>) {
        let mut rest = Vec::new();
        while let Some(line) = self.line().await {
            rest.push(line);
        }
        let ended = self.child.wait().await.expect("it ends");
        (ended.code(), rest)
    }

    fn nobody(&self) -> Person {
        Person::nobody(self.place.address, random_id())
    }

    /// A request whose body is not whole yet.
    async fn half_a_request(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.place.address)
            .await
            .expect("it listens");
        let head = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
            Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 19\r\n\r\nemail=a";
        stream.write_all(head.as_bytes()).await.expect("it is sent");
        stream
    }
}

both_engines! {
    /// Told to stop, it says so, takes no more, finishes what was begun, and ends well.
    async fn it_stops_in_order(app: TestApp) {
        let mut server = Server::start(&app, &["--stop-delay", "2"]).await;
        let mut begun = server.half_a_request().await;
        let nobody = server.nobody();
        assert_eq!(nobody.get("/readyz").await.status, 200);
        server.terminate();
        server.until("told to stop").await;
        let told = nobody.get("/readyz").await;
        assert_eq!(told.headers["connection"], "close", "whoever asks again asks elsewhere");
        assert_eq!(told.expect(503)["reasons"][0]["code"], "server.stopping");
        server.until("no more connections are taken").await;
        assert!(TcpStream::connect(server.place.address).await.is_err());
        begun.write_all(b"&password=x1").await.expect("it is sent");
        let mut answer = String::new();
        begun.read_to_string(&mut answer).await.expect("it is answered");
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
        let (code, log) = server.end().await;
        assert_eq!(code, Some(0), "{log:?}");
        assert!(log.iter().any(|line| line.contains("Seatbook is closed")), "{log:?}");
        app.end().await;
    }
}

both_engines! {
    /// Told twice, it does not wait for anybody.
    async fn told_twice_it_stops_at_once(app: TestApp) {
        let mut server = Server::start(&app, &[]).await;
        let begun = server.half_a_request().await;
        server.terminate();
        server.until("told to stop").await;
        server.terminate();
        let (code, log) = server.end().await;
        assert_eq!(code, Some(1), "{log:?}");
        drop(begun);
        app.end().await;
    }
}

both_engines! {
    /// Every request is one line with its route and number; nobody writes a line of their own, and no secret is in any.
    async fn the_log_is_honest_and_tells_no_secrets(app: TestApp) {
        let server = Server::start(&app, &[]).await;
        let nobody = server.nobody();
        let forged = "%0A%7B%22level%22%3A%22ERROR%22%7D";
        let secrets = ["sb_000000000000000000000000000000000000", "correct horse", "ann@secret.example", "K7QM2XPD", "cookie-of-ann"];
        let request = |path: &str| nobody.request(Method::GET, path).header("x-request-id", "mine-1");
        send(request(&format!("/nowhere{forged}")).header("user-agent", "a\t{\"level\":\"ERROR\"}")).await;
        send(request(&format!("/api/v1/licenses/{forged}?q={}", secrets[2])).bearer_auth(secrets[0])).await;
        send(request("/account").header("cookie", format!("seatbook={}", secrets[4]))).await;
        let form = [("email", secrets[2]), ("password", secrets[1])];
        send(nobody.request(Method::POST, "/sign-in").form(&form)).await;
        send(nobody.request(Method::POST, "/forgot-password").form(&form)).await;
        send(nobody.request(Method::POST, "/portal/redeem").form(&[("code", secrets[3])])).await;
        send(nobody.request(Method::GET, &format!("/reset/{}", secrets[3]))).await;
        server.terminate();
        let (code, log) = server.end().await;
        assert_eq!(code, Some(0), "{log:?}");
        let mut routes = Vec::new();
        for line in &log {
            let told: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            assert!(told["level"] == "INFO" || told["level"] == "WARN", "{line}");
            for secret in secrets {
                assert!(!line.contains(secret), "{secret} in {line}");
            }
            if told["message"] == "answered" {
                assert!(told["request_id"].is_string() && told["status"].is_u64(), "{line}");
                routes.push((told["route"].to_string(), told["request_id"] == "mine-1"));
            }
        }
        assert_eq!(routes[0], ("\"unmatched\"".into(), true), "{routes:?}");
        assert!(routes.contains(&("\"/sign-in\"".into(), false)), "{routes:?}");
        // Seven, and the ways on from the account and from a code of nobody.
        assert_eq!(routes.len(), 9, "{routes:?}");
        app.end().await;
    }
}
