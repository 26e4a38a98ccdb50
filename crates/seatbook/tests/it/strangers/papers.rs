//! Files that somebody sent in, with their rows in the book.

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use uuid::Uuid;

use crate::harness::{TestApp, send};

/// A file to import for the customer, and what a distributor says of the partner's customers.
pub async fn send_in(app: &TestApp, (partner, customer): (Uuid, Uuid)) {
    let file = Part::text("name\nHidden row\n").file_name("hidden.csv");
    let form = Form::new()
        .text("kind", "organizations")
        .text("organization_id", customer.to_string())
        .part("file", file);
    post(app, "/api/v1/imports", form).await;
    let rows = "Customer,SKU,Quantity\nHidden Customer,S,5\nHidden stranger,S,1\n";
    let form = Form::new()
        .text("month", "2026-05")
        .text("organization_id", partner.to_string())
        .part("file", Part::text(rows).file_name("hidden.csv"));
    post(app, "/api/v1/statements", form).await;
}

async fn post(app: &TestApp, path: &str, form: Form) {
    let request = app.operator.request(Method::POST, path);
    send(request.multipart(form)).await.expect(201);
}
