//! What the command line asks the running server, which alone may write while it runs.
//!
//! The request carries a keyed fingerprint of its time and body: whoever can read the key file can open
//! everything anyway, so this gives nobody a right they do not have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use serde_json::Value;
use store::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::{Error, Result},
    secrets::Vault,
};

/// Where the server takes such requests.
pub const PATH: &str = "/machine/reset-links";
/// A request older or newer than this many seconds is refused.
const FRESH_SECONDS: i64 = 60;
const TIME: &str = "seatbook-time";
const PRINT: &str = "seatbook-print";

/// The headers that prove a request: its time, and the fingerprint of time and body.
pub fn signed(vault: &Vault, body: &str, now: Timestamp) -> [(&'static str, String); 2] {
    let time = (now.as_micros() / 1_000_000).to_string();
    let print = vault.keyed_fingerprint("machine request", &["POST", PATH, &time, body]);
    [(TIME, time), (PRINT, print)]
}

/// Whether a request comes from somebody who holds the key, and is fresh.
pub fn is_signed(vault: &Vault, headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
    let header = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let (time, print) = (header(TIME), header(PRINT));
    let seconds = now.as_micros() / 1_000_000;
    let fresh = time
        .parse::<i64>()
        .is_ok_and(|at| (at - seconds).abs() <= FRESH_SECONDS);
    let body = String::from_utf8_lossy(body);
    fresh && vault.is_keyed_fingerprint(print, "machine request", &["POST", PATH, time, &body])
}

/// Asks the server that listens where these settings say. The outer `None`: there is no server. The inner
/// one: nobody has this address.
pub async fn ask(settings: &Settings, email: &str) -> Result<Option<Option<String>>> {
    let vault = match &settings.key {
        Some(key) => Vault::from_text(key)?,
        None if settings.key_file.exists() => Vault::open_file(&settings.key_file)?,
        None => {
            let missing = format!("there is no key file {}", settings.key_file.display());
            return Err(Error::internal(missing));
        }
    };
    let Ok(mut server) = TcpStream::connect(near(settings.listen)).await else {
        return Ok(None);
    };
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
        settings.listen,
        email.len()
    );
    for (name, value) in signed(&vault, email, SystemClock.now()) {
        request += &format!("{name}: {value}\r\n");
    }
    let mut answer = String::new();
    let told = async {
        server
            .write_all(format!("{request}\r\n{email}").as_bytes())
            .await?;
        server.read_to_string(&mut answer).await
    };
    told.await.map_err(Error::internal)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    if !head.starts_with("HTTP/1.1 200") {
        let what = "the server there does not take requests under this key file";
        return Err(Error::internal(what));
    }
    Ok(Some(body["link"].as_str().map(str::to_owned)))
}

/// Where a server that listens on every address is reached from its own machine.
fn near(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
