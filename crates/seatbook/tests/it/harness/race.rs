//! Requests whose last bytes arrive together.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Person;

/// One request of a race.
pub struct Racer {
    pub method: &'static str,
    pub path: String,
    pub body: Value,
}

/// Sends all requests but their last byte, each on a socket of its own, then the last bytes back to back.
/// Gives status and body of each, in order.
pub async fn race(address: SocketAddr, person: &Person, racers: Vec<Racer>) -> Vec<(u16, Value)> {
    let mut sockets = Vec::with_capacity(racers.len());
    for racer in racers {
        let body = racer.body.to_string();
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            racer.method,
            racer.path,
            person.token(),
            body.len()
        );
        let request = [head.as_bytes(), body.as_bytes()].concat();
        let (last, most) = request.split_last().expect("a request has bytes");
        let mut socket = TcpStream::connect(address)
            .await
            .expect("the server listens");
        socket.set_nodelay(true).expect("a socket");
        socket.write_all(most).await.expect("sent");
        sockets.push((socket, *last));
    }
    for (socket, last) in &mut sockets {
        socket.write_all(&[*last]).await.expect("sent");
    }
    let answers = sockets
        .into_iter()
        .map(|(socket, _)| tokio::spawn(read(socket)));
    let mut out = Vec::new();
    for answer in answers {
        out.push(answer.await.expect("read"));
    }
    out
}

async fn read(mut socket: TcpStream) -> (u16, Value) {
    let mut text = String::new();
    socket.read_to_string(&mut text).await.expect("an answer");
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let json = body.find('{').map_or(Value::Null, |at| {
        serde_json::from_str(body[at..].trim_end_matches(['\r', '\n', '0'])).unwrap_or(Value::Null)
    });
    (status, json)
}
