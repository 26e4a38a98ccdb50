//! What is to be billed: customers of every tax, and what they bought.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::CLIENTS;
use crate::{
    Result,
    book::{Book, text},
    person::{Person, Request},
    random::Random,
    wire::Wire,
};

/// Customers to choose from: few, so that many invoices of one customer are written at the same moment.
const CUSTOMERS: usize = 12;
/// The rates that are charged, in hundredths of a percent. Rates above zero are `standard`.
const RATES: [i64; 3] = [1_900, 700, 0];
const CURRENCIES: [&str; 2] = ["EUR", "USD"];

/// What numbers begin with.
pub const SERIES: &str = "KILL-9";

/// Who is billed.
pub struct Desk {
    customers: Vec<Customer>,
}

struct Customer {
    id: String,
    rate: i64,
}

/// What one invoice shall bill.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its place among all.
    pub at: usize,
    pub licenses: Vec<String>,
    pub buyer: String,
    pub currency: &'static str,
    /// What must be on it.
    pub net_minor: i64,
    pub tax_minor: i64,
}

/// A license before it is sold.
#[derive(Clone)]
struct Wish {
    order: usize,
    body: Value,
}

impl Desk {
    /// Says what stands on invoices of the provider and of its customers.
    pub async fn set(book: &Book) -> Result<Desk> {
        let seller = json!({"legal_name": "Provider GmbH", "street": "Hauptstr. 1", "city": "Berlin",
            "postcode": "10115", "country": "DE", "vat_id": "DE123456789", "email": "billing@provider.example",
            "iban": "DE02120300000000202051", "series": SERIES});
        say(book, &book.provider, &seller).await?;
        let mut customers = Vec::with_capacity(CUSTOMERS);
        for number in 0..CUSTOMERS {
            let rate = RATES[number % RATES.len()];
            let category = if rate > 0 { "standard" } else { "zero" };
            let id = book.customer(&format!("Customer {number}")).await?;
            let buyer = json!({"legal_name": format!("Customer {number} AG"), "street": "Gasse 2", "city": "Köln",
                "postcode": "50667", "country": "DE", "email": format!("invoices@customer-{number}.example"),
                "tax_category": category, "tax_rate_basis_points": rate});
            say(book, &id, &buyer).await?;
            customers.push(Customer { id, rate });
        }
        Ok(Desk { customers })
    }

    /// Sells what is to stand on so many invoices: one to three licenses on each.
    pub async fn sell(&self, book: &Book, count: u64, random: &mut Random) -> Result<Vec<Order>> {
        let (mut orders, mut wishes) = (Vec::new(), Vec::new());
        for at in 0..count as usize {
            let customer = &self.customers[random.index(self.customers.len())];
            let currency = CURRENCIES[random.index(CURRENCIES.len())];
            let mut net_minor = 0;
            for _ in 0..random.within(1, 3) {
                let (quantity, price) = (random.within(1, 40), random.within(1, 99_999));
                net_minor += quantity * price;
                let body = json!({"seller_id": book.provider, "customer_id": customer.id, "sku_id": book.sku,
                    "quantity": quantity, "issue": true, "name": format!("Order {at}"), "price_minor": price,
                    "currency": currency});
                wishes.push(Wish { order: at, body });
            }
            orders.push(Order {
                at,
                licenses: Vec::new(),
                buyer: customer.id.clone(),
                currency,
                net_minor,
                // Taxes are rounded once for the document, halves up.
                tax_minor: (net_minor * customer.rate + 5_000) / 10_000,
            });
        }
        for (order, license) in sold(book, wishes).await? {
            orders[order].licenses.push(license);
        }
        Ok(orders)
    }
}

/// Sells everything, as many at once as there are clients later.
async fn sold(book: &Book, wishes: Vec<Wish>) -> Result<Vec<(usize, String)>> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let own: Vec<Wish> = wishes
            .iter()
            .skip(number)
            .step_by(CLIENTS)
            .cloned()
            .collect();
        clients.spawn(sell_all(book.operator.clone(), own));
    }
    let mut sold = Vec::with_capacity(wishes.len());
    while let Some(some) = clients.join_next().await {
        sold.extend(some.map_err(|e| e.to_string())??);
    }
    Ok(sold)
}

async fn sell_all(seller: Person, wishes: Vec<Wish>) -> Result<Vec<(usize, String)>> {
    let mut wire = Wire::to(seller.address);
    let mut sold = Vec::with_capacity(wishes.len());
    for Wish { order, body } in wishes {
        let request = Request::json("POST", "/api/v1/licenses/sell", &body);
        let answer = seller.over(&mut wire, &request).await?.json();
        sold.push((order, text(&answer["license"]["id"])?));
    }
    Ok(sold)
}

async fn say(book: &Book, organization: &str, facts: &Value) -> Result<()> {
    let path = format!("/api/v1/organizations/{organization}/billing-profile");
    let request = Request::json("PUT", path, facts);
    book.operator.ask(&request).await.map(drop)
}
