//! Files that are up to something: each is refused with a reason, and others are answered meanwhile. What they do to
//! the server's memory is measured by `cargo xtask torture files`, on a server that is a process.

use super::{form_named, items};
use crate::{both_engines, harness::send};
use reqwest::Method;

#[path = "../../../../../xtask/trials/src/torture/files/corpus.rs"]
mod corpus;

both_engines! {
    /// Every one gets the refusal that names it; none a 5xx, and nothing of any of them is kept.
    async fn hostile_files_are_refused(app: TestApp) {
        let operator = &app.operator;
        let mut wrong = Vec::new();
        for file in corpus::all() {
            let form = form_named("catalog", file.file_name, file.bytes);
            let (answer, other) = tokio::join!(
                send(operator.request(Method::POST, "/api/v1/imports").multipart(form)),
                operator.get("/api/v1/me"),
            );
            other.expect(200);
            let body: serde_json::Value = serde_json::from_str(&answer.text).unwrap_or_default();
            let code = body["fields"][0]["code"].as_str().or(body["code"].as_str()).unwrap_or_default();
            if (answer.status.as_u16(), code) != file.refusal {
                wrong.push(format!("{}: {} {}", file.name, answer.status, answer.text));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(items(operator, "/api/v1/imports").await.is_empty());
        app.end().await;
    }
}
