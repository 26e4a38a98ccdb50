//! A client that bills: it asks until it is answered, and notes what it was told.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::desk::Order;
use crate::{
    Result,
    book::text,
    person::{Person, Request},
    random::Random,
    wire::{Answer, Wire},
};

/// A dead server is followed by another one well within this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the server is, and the how manieth it is: an address may come back by chance.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    number: u64,
    address: SocketAddr,
}

impl Door {
    pub fn at(address: SocketAddr) -> Door {
        Door { number: 1, address }
    }

    pub fn after(before: &Door, address: SocketAddr) -> Door {
        let number = before.number + 1;
        Door { number, address }
    }
}

pub struct Clerk {
    pub number: usize,
    pub seed: u64,
    pub person: Person,
    pub door: watch::Receiver<Door>,
    /// How many orders all clients together have been told are billed.
    pub counted: Arc<watch::Sender<u64>>,
}

/// What one client was told.
#[derive(Default)]
pub struct Record {
    /// The invoice of each order as it was answered: the order's place, and the invoice.
    pub billed: Vec<(usize, Value)>,
    /// Drafts that were given up.
    pub void: Vec<String>,
    /// Answers that no server should give.
    pub wrong: Vec<String>,
    /// The last request that billed, and its answer: asking again must change nothing.
    pub last: Option<(Request, Answer)>,
    /// Requests that were not answered, and of these the ones that had been done all the same.
    pub unanswered: u64,
    pub kept: u64,
    /// What was asked for a second time under another key, and refused.
    pub refused: u64,
}

/// A clerk at work.
struct Shift {
    clerk: Clerk,
    wire: Wire,
    seen: u64,
    record: Record,
}

impl Clerk {
    /// Bills all of its orders.
    pub async fn work(self, mut orders: VecDeque<Order>) -> Result<Record> {
        let mut random = Random::of(self.seed, &[7, self.number as u64]);
        let door = *self.door.borrow();
        let mut shift = Shift {
            wire: Wire::to(door.address),
            seen: door.number,
            record: Record::default(),
            clerk: self,
        };
        while let Some(order) = orders.pop_front() {
            let billed = match random.below(10) {
                0..5 => shift.send(&order, "send").await?,
                5..8 => shift.draft_first(&order).await?,
                8 => shift.think_twice(&order).await?,
                _ => shift.send_twice(&order).await?,
            };
            if let Some(invoice) = billed {
                shift.record.billed.push((order.at, invoice));
            }
            shift.clerk.counted.send_modify(|done| *done += 1);
        }
        Ok(shift.record)
    }
}

impl Shift {
    /// One step from licenses to a numbered invoice.
    async fn send(&mut self, order: &Order, step: &str) -> Result<Option<Value>> {
        let request = bill("/api/v1/invoices/send", order, step);
        let answer = self.ask(&request).await?;
        let invoice = self.one_invoice(&request, &answer)?;
        if invoice.is_some() {
            self.record.last = Some((request, answer));
        }
        Ok(invoice)
    }

    /// A draft, looked at and then finalized.
    async fn draft_first(&mut self, order: &Order) -> Result<Option<Value>> {
        let Some(draft) = self.draft(order).await? else {
            return Ok(None);
        };
        let path = format!("/api/v1/invoices/{}/finalize", text(&draft["id"])?);
        let request = Request::json("POST", path, &json!(null)).with_key(key(order, "finalize"));
        let answer = self.ask(&request).await?;
        if answer.status != 200 {
            self.complain(&request, &answer);
            return Ok(None);
        }
        let invoice = answer.json();
        self.record.last = Some((request, answer));
        Ok(Some(invoice))
    }

    /// A draft that is given up, and then an invoice: the draft had no number, so none is missing.
    async fn think_twice(&mut self, order: &Order) -> Result<Option<Value>> {
        if let Some(draft) = self.draft(order).await? {
            let id = text(&draft["id"])?;
            let request = Request::json("DELETE", format!("/api/v1/invoices/{id}"), &json!(null));
            let request = request.with_key(key(order, "give up"));
            let answer = self.ask(&request).await?;
            match answer.status {
                200 => self.record.void.push(id),
                _ => self.complain(&request, &answer),
            }
        }
        self.send(order, "send").await
    }

    /// The same under two keys: the second finds everything billed, and draws no number.
    async fn send_twice(&mut self, order: &Order) -> Result<Option<Value>> {
        let billed = self.send(order, "send").await?;
        let request = bill("/api/v1/invoices/send", order, "send again");
        let answer = self.ask(&request).await?;
        match answer.json()["code"].as_str() {
            Some("license.already_billed") => self.record.refused += 1,
            _ => self.complain(&request, &answer),
        }
        Ok(billed)
    }

    async fn draft(&mut self, order: &Order) -> Result<Option<Value>> {
        let request = bill("/api/v1/invoices/draft", order, "draft");
        let answer = self.ask(&request).await?;
        self.one_invoice(&request, &answer)
    }

    /// The one invoice of an answer, and nobody left out.
    fn one_invoice(&mut self, request: &Request, answer: &Answer) -> Result<Option<Value>> {
        let said = answer.json();
        let invoices = said["invoices"].as_array().map(Vec::as_slice);
        match (answer.status, invoices, &said["parked"]) {
            (200, Some([invoice]), parked) if *parked == json!([]) => Ok(Some(invoice.clone())),
            _ => {
                self.complain(request, answer);
                Ok(None)
            }
        }
    }

    fn complain(&mut self, request: &Request, answer: &Answer) {
        let wrong = format!("{}: {}", request.brief(), answer.brief());
        self.record.wrong.push(wrong);
    }

    /// Asks until there is an answer, of whichever server comes after the one that died.
    async fn ask(&mut self, request: &Request) -> Result<Answer> {
        let mut repeated = false;
        loop {
            let door = *self.clerk.door.borrow_and_update();
            if door.number != self.seen {
                self.seen = door.number;
                self.wire = Wire::to(door.address);
            }
            self.clerk.person.address = door.address;
            let bytes = self.clerk.person.bytes(request);
            if let Ok(answer) = self.wire.send(&bytes).await {
                let kept = repeated && answer.header("idempotency-replayed").is_some();
                self.record.kept += u64::from(kept);
                return Ok(answer);
            }
            repeated = true;
            self.record.unanswered += 1;
            let next = self.clerk.door.wait_for(|next| next.number > door.number);
            let came = tokio::time::timeout(PATIENCE, next).await;
            let came = came.map_err(|_| format!("{}: no server came back", request.brief()))?;
            came.map_err(|_| format!("{}: a living server did not answer", request.brief()))?;
        }
    }
}

fn bill(path: &str, order: &Order, step: &str) -> Request {
    let body = json!({"license_ids": order.licenses});
    Request::json("POST", path, &body).with_key(key(order, step))
}

fn key(order: &Order, step: &str) -> String {
    format!("{step}-{}", order.at).replace(' ', "-")
}
