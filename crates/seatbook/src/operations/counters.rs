//! Figures for Prometheus: where they are kept, and who may read them.

use std::{net::SocketAddr, sync::OnceLock};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{
    app::App,
    error::{Error, Result},
    secrets::digest,
};

/// Seconds up to which answers are counted together.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// What each figure is. All are said in docs/operations.md.
const HELP: [(&str, &str); 25] = [
    ("seatbook_build_info", "Always 1; its label is the version."),
    ("seatbook_ready", "1 where /readyz says yes."),
    ("seatbook_requests_total", "Requests by route and status."),
    ("seatbook_request_seconds", "Seconds until an answer began."),
    ("seatbook_requests_open", "Requests being answered now."),
    ("seatbook_checks_total", "Checks answered by the short way."),
    ("seatbook_refusals_total", "Commands refused by a rule."),
    ("seatbook_failures_total", "Answers of our fault, or later."),
    ("seatbook_jobs", "Jobs by state."),
    ("seatbook_job_oldest_seconds", "Age of the oldest due job."),
    ("seatbook_mails_waiting", "Mails that have not left yet."),
    ("seatbook_mail_oldest_seconds", "Age of the oldest of them."),
    ("seatbook_unsealed_entries", "Entries without a number."),
    ("seatbook_unsealed_seconds", "Age of the oldest of them."),
    ("seatbook_figures_behind", "Entries the figures lack."),
    ("seatbook_chain_behind", "Entries without a link."),
    (
        "seatbook_sessions",
        "Sessions that are kept, ended ones until they are forgotten.",
    ),
    ("seatbook_parked", "Organizations not invoiced."),
    (
        "seatbook_backup_age_seconds",
        "Age of the newest proven backup.",
    ),
    ("seatbook_writes_waiting", "Writes in the queue, by lane."),
    ("seatbook_readers_free", "Free connections for reading."),
    ("seatbook_wal_bytes", "Size of the write-ahead log."),
    ("seatbook_disk_free_bytes", "Free space beside the book."),
    ("seatbook_disk_bytes", "Size of that disk."),
    ("seatbook_looked_seconds", "When these were last taken."),
];

static KEPT: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Where this process counts. The first who asks opens it, before anything is counted.
pub fn kept() -> Option<&'static PrometheusHandle> {
    KEPT.get_or_init(open).as_ref()
}

fn open() -> Option<PrometheusHandle> {
    let seconds = Matcher::Full("seatbook_request_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS);
    let opened = builder.and_then(PrometheusBuilder::install_recorder);
    match opened {
        Ok(handle) => {
            for (name, help) in HELP {
                match name.ends_with("_total") {
                    true => ::metrics::describe_counter!(name, help),
                    false if name == "seatbook_request_seconds" => {
                        ::metrics::describe_histogram!(name, help);
                    }
                    false => ::metrics::describe_gauge!(name, help),
                }
            }
            let version = env!("CARGO_PKG_VERSION");
            ::metrics::gauge!("seatbook_build_info", "version" => version).set(1.0);
            Some(handle)
        }
        Err(error) => {
            tracing::warn!(%error, "nothing can be counted for /metrics");
            None
        }
    }
}

/// The answer to `/metrics`. Whoever may not read it finds nothing here.
pub async fn show(State(app): State<App>, request: Request) -> Result<Response> {
    let kept = kept().filter(|_| may_read(&app, &request));
    let text = kept.ok_or_else(Error::not_found)?.render();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// With a token, who has it. Without one, this machine; but behind a proxy everybody comes from this machine.
fn may_read(app: &App, request: &Request) -> bool {
    let headers = request.headers();
    if let Some(token) = &app.settings.metrics_token {
        // Of digests, how long it takes to compare them says nothing of the token.
        return bearer(headers).is_some_and(|sent| digest(sent) == digest(token));
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let near = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let passed_on = ["forwarded", "x-forwarded-for", "x-real-ip"]
        .iter()
        .any(|name| headers.contains_key(*name));
    near && !passed_on && app.settings.public_url.is_none()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    sent.strip_prefix("Bearer ")
}
