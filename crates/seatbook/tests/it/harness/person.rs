//! Somebody who speaks to the API.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use uuid::Uuid;

/// A person with an API token.
#[derive(Clone)]
pub struct Person {
    pub id: Uuid,
    client: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Person {
    pub fn new(address: SocketAddr, id: Uuid, token: String) -> Person {
        Person {
            token: Some(token),
            ..Person::nobody(address, id)
        }
    }

    /// The same door without a credential.
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' client is where the ban points to"
    )]
    pub fn nobody(address: SocketAddr, id: Uuid) -> Person {
        Person {
            id,
            client: reqwest::Client::new(),
            base: format!("http://{address}"),
            token: None,
        }
    }

    /// The same person at another server.
    pub fn at(&self, address: SocketAddr) -> Person {
        Person {
            base: format!("http://{address}"),
            ..self.clone()
        }
    }

    /// A request to be adorned with headers and a body.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The token, for requests written by hand.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// A POST without a body.
    pub async fn act(&self, path: &str) -> Answer {
        send(self.request(Method::POST, path)).await
    }

    /// A POST that may be sent again.
    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Answer {
        send(
            self.request(Method::POST, path)
                .header("Idempotency-Key", key)
                .json(&body),
        )
        .await
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("the answer is text");
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        body,
        text,
    }
}

impl Answer {
    /// The body, where the status is the expected one; the whole answer in the message where it is not.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// The refusal's code, where the status is the expected one.
    #[track_caller]
    pub fn code(self, status: u16) -> String {
        self.expect(status)["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The code of the first field that was refused.
    #[track_caller]
    pub fn field(self) -> String {
        let body = self.expect(422);
        body["fields"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The page, where the status is the expected one.
    #[track_caller]
    pub fn page(self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.text
    }

    /// Checks that a form was done and leads to this place.
    #[track_caller]
    pub fn goes(self, place: &str) {
        assert_eq!(self.status.as_u16(), 303, "{}", self.text);
        assert_eq!(self.headers["location"], place);
    }

    /// The id of what was made.
    #[track_caller]
    pub fn id(self) -> Uuid {
        let body = self.expect(201);
        body["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("an id")
    }
}
