//! Codes: 64 customers redeem one activation code at the same moment; one has the license, the others are told what
//! everybody is told. The limits on guessing are raised, so that every try is looked at.

use serde_json::{Value, json};

use super::{Tally, Trial};
use crate::{
    Result,
    book::{Book, text},
    person::Request,
    server::Ground,
    wire::{self, Answer},
};

const CUSTOMERS: usize = 64;

/// Guesses an hour that are answered: enough for a thousand codes, and few enough that a dozen may be live.
const TRIES: &[(&str, &str)] = &[
    ("SEATBOOK_CODE_TRIES", "1000000"),
    ("SEATBOOK_CODE_TRIES_PARTNER", "1000000"),
];

/// Sells a license and races for its code, so many times on one book; verifies the book at the end.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let book = Book::with(ground, trial.engine, "codes", TRIES).await?;
    let mut customers = Vec::with_capacity(CUSTOMERS);
    for number in 0..CUSTOMERS {
        customers.push(book.customer(&format!("Customer {number}")).await?);
    }
    let (mut wrong, mut tries) = (Vec::new(), 0);
    for round in trial.from..=trial.rounds {
        let sold = sell(&book, round).await?;
        let code = text(&sold["code"])?;
        let answers = race(&book, &customers, &code).await?;
        tries += answers.len() as u64;
        let complaints = judge(&book, &sold, &customers, &answers).await?;
        wrong.extend(
            complaints
                .into_iter()
                .map(|it| format!("round {round}: {it}")),
        );
    }
    wrong.extend(book.site.verify().await?);
    wrong.extend(book.site.panics());
    Ok(Tally {
        tried: trial.rounds + 1 - trial.from,
        wrong,
        figures: vec![("customers", CUSTOMERS as u64), ("tries", tries)],
        ..Tally::default()
    })
}

async fn sell(book: &Book, round: u64) -> Result<Value> {
    let body = json!({"seller_id": book.provider, "sku_id": book.sku, "quantity": 3, "issue": true,
        "name": format!("Race {round}")});
    let request = Request::json("POST", "/api/v1/licenses/sell", &body);
    Ok(book.operator.ask(&request).await?.json())
}

async fn race(book: &Book, customers: &[String], code: &str) -> Result<Vec<Answer>> {
    let request = |customer: &String| {
        let body = json!({"organization_id": customer, "code": code});
        let request = Request::json("POST", "/api/v1/activation-codes/redeem", &body);
        book.operator.bytes(&request)
    };
    let bytes: Vec<Vec<u8>> = customers.iter().map(request).collect();
    let answers = wire::race(&[book.operator.address], &bytes).await;
    answers.map_err(|error| error.to_string())
}

/// One redeemed it and owns the license, whole; every other was told the same.
async fn judge(
    book: &Book,
    sold: &Value,
    customers: &[String],
    answers: &[Answer],
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let won: Vec<usize> = (0..answers.len())
        .filter(|client| answers[*client].status == 200)
        .collect();
    if won.len() != 1 {
        wrong.push(format!("{} redeemed one code", won.len()));
    }
    let unknown = |answer: &&Answer| answer.json()["fields"][0]["code"] == "activation.unknown";
    let lost = answers.iter().filter(|answer| answer.status != 200);
    wrong.extend(
        lost.filter(|answer| !unknown(answer))
            .map(|answer| format!("answered {}", answer.brief())),
    );
    let id = text(&sold["license"]["id"])?;
    let license = book.get(&format!("/api/v1/licenses/{id}")).await?;
    let winner = won.first().map(|client| customers[*client].as_str());
    if license["organization_id"].as_str() != winner || license["quantity"] != 3 {
        wrong.push(format!(
            "{winner:?} redeemed it, and the book says {license}"
        ));
    }
    Ok(wrong)
}
