//! What `/readyz` and `/metrics` say, to whom; what a request may be.

use reqwest::Method;
use seatbook::operations::gauges;
use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::{Person, random_id, send},
};

fn codes(told: &Value) -> Vec<&str> {
    let reasons = told["reasons"].as_array().into_iter().flatten();
    reasons.filter_map(|it| it["code"].as_str()).collect()
}

both_engines! {
    /// Ready, with what is weak said beside it: these databases are not durable. A clock that jumps is a reason until it
    /// is back, and so is being told to stop.
    async fn readiness_has_reasons(app: TestApp) {
        let nobody = Person::nobody(app.address, random_id());
        let told = nobody.get("/readyz").await.expect(200);
        assert_eq!((&told["ready"], codes(&told)), (&json!(true), vec![]), "{told}");
        assert_eq!((&told["durability"], &told["warnings"][0]["code"]), (&json!("weak"), &json!("durability.weak")));
        assert_eq!(told["schema"]["known"], told["schema"]["applied"]);
        app.clock.advance_seconds(-90);
        assert_eq!(codes(&nobody.get("/readyz").await.expect(503)), ["clock.backward"]);
        app.clock.advance_seconds(90 + 25 * 3600);
        assert_eq!(codes(&nobody.get("/readyz").await.expect(503)), ["clock.forward"]);
        app.clock.advance_seconds(-25 * 3600);
        assert_eq!(codes(&nobody.get("/readyz").await.expect(200)), Vec::<&str>::new());
        app.app.condition.stop();
        assert_eq!(codes(&nobody.get("/readyz").await.expect(503)), ["server.stopping"]);
        assert_eq!(nobody.get("/livez").await.page(200), "alive\n");
        app.end().await;
    }
}

both_engines! {
    /// A database that takes no writes is a reason, soon.
    async fn a_closed_database_is_not_ready(app: TestApp) {
        let nobody = Person::nobody(app.address, random_id());
        app.app.gate.db().close().await;
        let told = nobody.get("/readyz").await.expect(503);
        assert_eq!((codes(&told), &told["durability"]), (vec!["database.no_answer"], &json!("unknown")));
        app.end().await;
    }
}

both_engines! {
    /// Figures are counted by route, never by address; they are for this machine, not for those whom a proxy lets through.
    async fn figures_are_counted(app: TestApp) {
        let nobody = Person::nobody(app.address, random_id());
        app.operator.get(&format!("/api/v1/organizations/{}", app.provider)).await.expect(200);
        app.organization(app.provider, "customer", "C").await;
        app.operator.get("/nowhere/at/all").await.page(404);
        gauges::take(&app.app).await.expect("they are taken");
        let text = nobody.get("/metrics").await.page(200);
        for said in [
            "seatbook_requests_total{method=\"GET\",route=\"/api/v1/organizations/{id}\",status=\"2xx\"}",
            "seatbook_requests_total{method=\"GET\",route=\"unmatched\",status=\"4xx\"}",
            "seatbook_request_seconds_bucket{route=\"/api/v1/organizations\",le=\"0.001\"}",
            "seatbook_jobs{state=\"dead\"} 0",
            "seatbook_unsealed_entries ",
            "seatbook_build_info{version=",
        ] {
            assert!(text.contains(said), "not `{said}` in {text}");
        }
        assert!(!text.contains(&app.provider.to_string()), "{text}");
        let asked = |name: &'static str| nobody.request(Method::GET, "/metrics").header(name, "203.0.113.9");
        assert_eq!(send(asked("x-forwarded-for")).await.status, 404);
        assert_eq!(send(asked("forwarded")).await.status, 404);
        app.end().await;
    }
}

both_engines! {
    /// Where there is a token, it is what counts.
    async fn a_token_reads_the_figures(app: TestApp) {
        let app = app.again(|settings| settings.metrics_token = Some("scrape me".into())).await;
        let nobody = Person::nobody(app.address, random_id());
        let with = |token: &'static str| send(nobody.request(Method::GET, "/metrics").bearer_auth(token));
        assert_eq!(nobody.get("/metrics").await.status, 404);
        assert_eq!(with("wrong").await.status, 404);
        assert!(with("scrape me").await.page(200).contains("seatbook_build_info"));
        app.end().await;
    }
}

both_engines! {
    /// The client's number of a request comes back where it can be written down; a JSON body may be deep, and is refused.
    async fn requests_are_numbered_and_bounded(app: TestApp) {
        let numbered = async |sent: &str| {
            let request = app.operator.request(Method::GET, "/api/v1/me").header("x-request-id", sent);
            send(request).await.headers["x-request-id"].to_str().expect("text").to_owned()
        };
        assert_eq!(numbered("order-4711.1").await, "order-4711.1");
        for wrong in ["two words", "{\"level\":\"ERROR\"}", &"x".repeat(200)] {
            assert_eq!(numbered(wrong).await.len(), 36, "{wrong}");
        }
        let deep = format!("{{\"name\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let request = app.operator.request(Method::POST, "/api/v1/organizations").header("content-type", "application/json");
        let refused = send(request.body(deep)).await;
        assert!([400, 422].contains(&refused.status.as_u16()), "{}", refused.text);
        app.end().await;
    }
}
