//! Somebody who speaks to the server: with a token to the API, with a session to the console.

use std::net::SocketAddr;

use serde_json::Value;

use crate::{
    Result,
    wire::{Answer, Wire},
};

/// A request, kept so that it can be sent again.
#[derive(Clone, Debug)]
pub struct Request {
    method: &'static str,
    path: String,
    body: Body,
    key: String,
}

#[derive(Clone, Debug)]
enum Body {
    None,
    Json(String),
    Form(String),
    /// A form of parts, one of them a file.
    Parts(Vec<u8>),
}

/// What stands between the parts of a form: no file of ours holds it.
const BOUNDARY: &str = "----trials-7d1e0c5f";

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Request {
            method: "GET",
            path: path.into(),
            body: Body::None,
            key: String::new(),
        }
    }

    /// JSON for the API.
    pub fn json(method: &'static str, path: impl Into<String>, body: &Value) -> Self {
        Request {
            method,
            body: Body::Json(body.to_string()),
            ..Request::get(path)
        }
    }

    /// A form of the console.
    pub fn form(path: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        Request {
            method: "POST",
            body: Body::Form(pairs.join("&")),
            ..Request::get(path)
        }
    }

    /// A form of one field and one file.
    pub fn file(
        path: impl Into<String>,
        (field, value): (&str, &str),
        (file_name, content): (&str, &[u8]),
    ) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n\
             --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\r\n"
        );
        let foot = format!("\r\n--{BOUNDARY}--\r\n");
        Request {
            method: "POST",
            body: Body::Parts([head.as_bytes(), content, foot.as_bytes()].concat()),
            ..Request::get(path)
        }
    }

    /// The same with the key that makes sending it twice one request.
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        if let Body::Form(form) = &mut self.body {
            form.push_str("&idempotency_key=");
            form.push_str(&encoded(&self.key));
        }
        self
    }

    /// What it is, for a complaint.
    pub fn brief(&self) -> String {
        let body = match &self.body {
            Body::None | Body::Parts(_) => "",
            Body::Json(text) | Body::Form(text) => text,
        };
        format!("{} {} {body} (key {})", self.method, self.path, self.key)
    }
}

/// Text inside an address or a form.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// A signed-in person with a token.
#[derive(Clone, Debug)]
pub struct Person {
    pub address: SocketAddr,
    pub token: String,
    pub cookie: String,
}

impl Person {
    /// Nobody yet.
    pub fn at(address: SocketAddr) -> Self {
        Person {
            address,
            token: String::new(),
            cookie: String::new(),
        }
    }

    /// The bytes of a request by this person: pages and forms come with the session, the API's with the token.
    pub fn bytes(&self, request: &Request) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\n",
            request.method, request.path, self.address
        );
        let api = request.path.starts_with("/api/");
        if api && !self.token.is_empty() {
            head += &format!("Authorization: Bearer {}\r\n", self.token);
        } else if !self.cookie.is_empty() {
            head += &format!("Cookie: {}\r\n", self.cookie);
        }
        let parts = format!("multipart/form-data; boundary={BOUNDARY}");
        let (kind, body) = match &request.body {
            Body::None => ("", [].as_slice()),
            Body::Json(text) => ("application/json", text.as_bytes()),
            Body::Form(text) => ("application/x-www-form-urlencoded", text.as_bytes()),
            Body::Parts(bytes) => (parts.as_str(), bytes.as_slice()),
        };
        if !kind.is_empty() {
            head += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        }
        if matches!(request.body, Body::Json(_)) && !request.key.is_empty() {
            head += &format!("Idempotency-Key: {}\r\n", request.key);
        }
        [head.as_bytes(), b"\r\n", body].concat()
    }

    /// Sends one request on a connection of its own; an answer other than done is an error.
    pub async fn ask(&self, request: &Request) -> Result<Answer> {
        self.over(&mut Wire::to(self.address), request).await
    }

    /// Sends one request over a connection that is open already, whatever is answered.
    pub async fn send(&self, wire: &mut Wire, request: &Request) -> Result<Answer> {
        let answer = wire.send(&self.bytes(request)).await;
        answer.map_err(|e| format!("{}: {e}", request.brief()))
    }

    /// The same; an answer other than done is an error.
    pub async fn over(&self, wire: &mut Wire, request: &Request) -> Result<Answer> {
        let answer = self.send(wire, request).await?;
        if answer.is_done() {
            Ok(answer)
        } else {
            Err(format!("{}: {}", request.brief(), answer.brief()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_carries_its_key_as_a_field() {
        let request = Request::form("/x", &[("a b", "ö&")]).with_key("k 1");
        let text = String::from_utf8(Person::at(([127, 0, 0, 1], 1).into()).bytes(&request));
        let text = text.expect("text");
        assert!(
            text.ends_with("\r\n\r\na%20b=%C3%B6%26&idempotency_key=k%201"),
            "{text}"
        );
        assert!(!text.contains("Idempotency-Key"), "{text}");
    }
}
