//! What comes slowly, without an end, or in crowds: it is cut off by its limit, and others are served meanwhile.

use std::time::Duration;

use seatbook::config::Bounds;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{both_engines, harness::TestApp};

/// A form by somebody who says that it goes on, and on a connection that is closed after it.
const HALF_A_FORM: &str = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
    Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 190\r\n\r\nemail=a";
/// The same as it is sent by those who ask first whether it is wanted.
const ASKED_FIRST: &str = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
    Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 190\r\n\r\n";

/// Bounds that a test can wait for.
fn short() -> Bounds {
    Bounds {
        prompt: Duration::from_millis(50),
        grace: Duration::from_millis(200),
        head: Duration::from_millis(200),
        ..Bounds::default()
    }
}

/// The test's server with other bounds.
async fn bounded(app: TestApp, bounds: Bounds) -> TestApp {
    app.again(|settings| settings.bounds = bounds).await
}

async fn connect(app: &TestApp, sent: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.expect("it listens");
    stream.write_all(sent.as_ref()).await.expect("it is sent");
    stream
}

/// All that comes until the connection is closed, however it is.
async fn told(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The connection is open, and its request waits for its body.
async fn is_waited_for(stream: &mut TcpStream) {
    let mut said = [0; 12];
    stream.read_exact(&mut said).await.expect("it is asked on");
    assert_eq!(&said, b"HTTP/1.1 100");
}

both_engines! {
    /// A head that was begun ends soon, or its connection does; an idle one is left alone.
    async fn heads_end(app: TestApp) {
        let app = bounded(app, short()).await;
        let mut idle = connect(&app, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let begun = connect(&app, "GET / HTTP/1.1\r\nHost: a\r\nX-On").await;
        assert_eq!(told(begun).await, "");
        idle.write_all(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("it is open");
        assert_eq!(told(idle).await.matches("alive").count(), 2);
        app.end().await;
    }
}

both_engines! {
    /// Bodies that do not come have few places and a short end. Who was recognised has places of their own, and whose
    /// body is there needs none.
    async fn slow_bodies_are_few_and_end(app: TestApp) {
        let app = bounded(app, Bounds { slow_bodies: 1, grace: Duration::from_secs(3), ..short() }).await;
        let known = format!(
            "POST /api/v1/organizations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{{\"name\"",
            app.operator.token()
        );
        let (one, two) = (connect(&app, HALF_A_FORM).await, connect(&app, HALF_A_FORM).await);
        let known = connect(&app, known).await;
        app.organization(app.provider, "customer", "Served").await;
        let mut answers = [told(one).await, told(two).await];
        answers.sort();
        assert!(answers[0].starts_with("HTTP/1.1 408") && answers[0].contains("body.too_slow"), "{answers:?}");
        assert!(answers[1].starts_with("HTTP/1.1 503") && answers[1].contains("overloaded"), "{answers:?}");
        assert!(answers[1].contains("retry-after"), "{answers:?}");
        let known = told(known).await;
        assert!(known.starts_with("HTTP/1.1 408") && known.contains("connection: close"), "{known}");
        app.end().await;
    }
}

both_engines! {
    /// A body that keeps to the rate is waited for.
    async fn a_steady_body_is_waited_for(app: TestApp) {
        let bounds = Bounds { bytes_per_second: 1, ..short() };
        let app = bounded(app, bounds).await;
        let mut steady = connect(&app, HALF_A_FORM).await;
        let slow = connect(&app, ASKED_FIRST).await;
        assert!(told(slow).await.contains("HTTP/1.1 408"));
        steady.write_all("x".repeat(183).as_bytes()).await.expect("it is waited for");
        let answer = told(steady).await;
        assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains("408"), "{answer}");
        app.end().await;
    }
}

both_engines! {
    /// Where there is no room, whoever has asked for nothing for the longest time goes; where all are at work, one more
    /// is told so at once.
    async fn connections_have_seats(app: TestApp) {
        let app = bounded(app, Bounds { connections: 3, ..Bounds::default() }).await;
        let mut crowd = Vec::new();
        for _ in 0..20 {
            crowd.push(connect(&app, "").await);
        }
        app.operator.get("/api/v1/me").await.expect(200);
        assert_eq!(told(crowd.remove(0)).await, "", "the first has gone");
        let mut working = Vec::new();
        for _ in 0..3 {
            let mut one = connect(&app, ASKED_FIRST).await;
            is_waited_for(&mut one).await;
            working.push(one);
        }
        let refused = told(connect(&app, "").await).await;
        assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("Retry-After: 1\r\n"), "{refused}");
        assert!(refused.contains("overloaded"), "{refused}");
        working.pop();
        let mut last = working.pop().expect("one of them");
        last.write_all("x".repeat(190).as_bytes()).await.expect("it is sent");
        assert!(told(last).await.contains("HTTP/1.1 4"));
        app.operator.get("/api/v1/me").await.expect(200);
        app.end().await;
    }
}

both_engines! {
    /// What has no end, or is larger than it may be, is refused by its size, and never unpacked.
    async fn sizes_are_kept(app: TestApp) {
        let head = format!("GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "x".repeat(200_000));
        assert!(told(connect(&app, head).await).await.starts_with("HTTP/1.1 431"));
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(4096));
        let endless = |credential: &str, path: &str, kind: &str, chunks: usize| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\n{credential}Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\
                 Connection: close\r\n\r\n{}",
                chunk.repeat(chunks)
            )
        };
        let form = "application/x-www-form-urlencoded";
        let refused = told(connect(&app, endless("", "/sign-in", form, 17)).await).await;
        assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");
        let credential = format!("Authorization: Bearer {}\r\n", app.operator.token());
        let long = endless(&credential, "/api/v1/organizations", "application/json", 257);
        let refused = told(connect(&app, long).await).await;
        assert!(refused.starts_with("HTTP/1.1 413") && refused.contains("body.too_large"), "{refused}");
        let packed = format!(
            "POST /api/v1/organizations HTTP/1.1\r\nHost: a\r\n{credential}Content-Type: application/json\r\n\
             Content-Encoding: gzip\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\x1f\x0b\x08\0"
        );
        assert!(told(connect(&app, packed).await).await.starts_with("HTTP/1.1 400"));
        app.end().await;
    }
}
