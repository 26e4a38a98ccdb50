//! HTTP over one socket: as little of it as the trials need, so that the client takes no time from the server,
//! and down to the single byte, so that a race can hold the last one back.

use std::{
    io::{Error, ErrorKind, Result},
    net::SocketAddr,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// What the server answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub text: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next()
    }

    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        (200..400).contains(&self.status)
    }

    /// One line for a complaint.
    pub fn brief(&self) -> String {
        let text: String = self.text.chars().take(300).collect();
        format!("{} {}", self.status, text.replace('\n', " "))
    }
}

/// One connection, opened when it is needed and again after it broke.
pub struct Wire {
    address: SocketAddr,
    socket: Option<BufReader<TcpStream>>,
}

impl Wire {
    pub fn to(address: SocketAddr) -> Self {
        Wire {
            address,
            socket: None,
        }
    }

    /// Sends one request and reads its answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => open(self.address).await?,
        };
        socket.write_all(request).await?;
        let answer = read(&mut socket).await?;
        if answer.header("connection") != Some("close") {
            self.socket = Some(socket);
        }
        Ok(answer)
    }
}

async fn open(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    Ok(BufReader::with_capacity(16 * 1024, socket))
}

/// Sends all requests but for their last bytes, each on a socket of its own, then the last bytes back to back.
/// They go round the servers of these addresses. Gives the answers in their order.
pub async fn race(addresses: &[SocketAddr], requests: &[Vec<u8>]) -> Result<Vec<Answer>> {
    let mut sockets = Vec::with_capacity(requests.len());
    for (request, address) in requests.iter().zip(addresses.iter().cycle()) {
        let mut socket = open(*address).await?;
        socket.write_all(&request[..request.len() - 1]).await?;
        sockets.push(socket);
    }
    // An answer on a later connection says that the server has taken all of the earlier ones.
    for address in addresses {
        let mut later = Wire::to(*address);
        later
            .send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await?;
    }
    for (socket, request) in sockets.iter_mut().zip(requests) {
        socket.write_all(&request[request.len() - 1..]).await?;
    }
    let mut answers = Vec::with_capacity(sockets.len());
    for socket in &mut sockets {
        answers.push(read(socket).await?);
    }
    Ok(answers)
}

async fn read(socket: &mut BufReader<TcpStream>) -> Result<Answer> {
    let mut head = String::with_capacity(512);
    while !head.ends_with("\r\n\r\n") {
        if socket.read_line(&mut head).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    let odd = || Error::new(ErrorKind::InvalidData, "an answer that is no HTTP");
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let mut answer = Answer {
        status: status.ok_or_else(odd)?,
        head,
        text: String::new(),
    };
    let body = match answer.header("content-length") {
        Some(length) => exactly(socket, length.parse().map_err(|_| odd())?).await?,
        None if answer.header("transfer-encoding") == Some("chunked") => chunks(socket).await?,
        None => Vec::new(),
    };
    answer.text = String::from_utf8(body).map_err(|_| odd())?;
    Ok(answer)
}

async fn exactly(socket: &mut BufReader<TcpStream>, length: usize) -> Result<Vec<u8>> {
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await?;
    Ok(body)
}

async fn chunks(socket: &mut BufReader<TcpStream>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await?;
        let length = usize::from_str_radix(line.trim(), 16);
        let length = length.map_err(|e| Error::new(ErrorKind::InvalidData, e))?;
        body.extend(exactly(socket, length).await?);
        exactly(socket, 2).await?;
        if length == 0 {
            return Ok(body);
        }
    }
}
