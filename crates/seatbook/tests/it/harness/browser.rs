//! Somebody with a browser: cookies, forms, and no token.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder, redirect::Policy};
use serde_json::Value;

use super::{Answer, send};

/// The password of everybody in these tests.
pub const PASSWORD: &str = "correct horse battery";

/// A browser that keeps its cookies and tells where it is sent instead of going there.
pub struct Browser {
    client: reqwest::Client,
    base: String,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Browser {
        let client = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(Policy::none());
        Browser {
            client: client.build().expect("a client"),
            base: format!("http://{address}"),
        }
    }

    /// The same browser, with its cookies, at another server of this machine.
    pub fn at(&self, address: SocketAddr) -> Browser {
        Browser {
            client: self.client.clone(),
            base: format!("http://{address}"),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// Sends a form, as a browser does.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        send(self.request(Method::POST, path).form(fields)).await
    }

    /// Sends JSON with the session's cookie.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    /// Signs in; says what came of it.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.form("/sign-in", &[("email", email), ("password", password)])
            .await
    }

    /// The part of a link that comes after this server's address.
    pub fn path(&self, link: &str) -> String {
        link.strip_prefix(&self.base)
            .expect("a link to this server")
            .to_owned()
    }
}
