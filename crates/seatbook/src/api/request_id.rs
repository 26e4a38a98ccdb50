//! The number by which one request is found again: in the answer, the log and the journal.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use tower_http::request_id::{MakeRequestId, MakeRequestUuid, RequestId};

/// The header that carries it, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const LONGEST: usize = 128;

/// The client's own, where it can be written down as it is; else a new one.
pub fn request_id(headers: &HeaderMap) -> HeaderValue {
    match headers.get(REQUEST_ID) {
        Some(sent) if is_well_formed(sent.as_bytes()) => sent.clone(),
        _ => drawn(),
    }
}

fn drawn() -> HeaderValue {
    let id = MakeRequestUuid.make_request_id(&Request::new(()));
    id.map(RequestId::into_header_value)
        .unwrap_or(HeaderValue::from_static("unknown"))
}

fn is_well_formed(sent: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(byte);
    (1..=LONGEST).contains(&sent.len()) && sent.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_down_is_replaced() {
        for fine in ["a", "01J8-x_y.z:1", "Root=1-67891233-abcdef"] {
            assert!(is_well_formed(fine.as_bytes()), "{fine}");
        }
        let long = "x".repeat(129);
        for wrong in [
            "",
            "a b",
            "a\"b",
            "{\"level\":\"ERROR\"}",
            "ü",
            long.as_str(),
        ] {
            assert!(!is_well_formed(wrong.as_bytes()), "{wrong}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("a b"));
        let (one, other) = (request_id(&headers), request_id(&headers));
        assert!(one != other && one.len() == 36);
    }
}
