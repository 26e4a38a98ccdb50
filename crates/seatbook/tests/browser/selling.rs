//! B, in one go: from a license without an owner to an invoice that is paid, as account manager and customer live it;
//! and what the desk refuses on the way.

use std::{io::Write as _, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    harness::{Engine, PASSWORD, PostOffice, TestApp, id},
    on_both,
    stage::Stage,
    visitor::{Look, Visitor},
};

on_both!(a_license_is_sold_billed_and_paid, the_desk_refuses);

/// A partner with 50 screens to sell, and two customers of it, all of whom can be billed.
struct Market {
    partner: Uuid,
    customer: Uuid,
    swiss: Uuid,
    sku: Value,
}

impl Market {
    async fn open(app: &TestApp) -> Market {
        let sku = app.insert_sku("SIGN", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let customer = app.organization(partner, "customer", "Customer").await;
        let swiss = app.organization(partner, "customer", "Alp AG").await;
        let (_, root) = app.license(app.provider, sku, 80).await;
        app.allocate(root, partner, 50).await;
        let sku = app.operator.get(&format!("/api/v1/skus/{sku}")).await;
        let market = Market {
            partner,
            customer,
            swiss,
            sku: sku.expect(200),
        };
        market.says(app, partner, "Partner GmbH").await;
        market.says(app, customer, "Customer AG").await;
        market.says(app, swiss, "Alp AG").await;
        market
    }

    /// What stands on invoices about an organization.
    async fn says(&self, app: &TestApp, organization: Uuid, name: &str) {
        let email = format!("bills@{}.example", name.to_lowercase().replace(' ', "-"));
        let facts = json!({"legal_name": name, "street": "Ring 1", "city": "Berlin", "postcode": "10115",
            "country": "DE", "vat_id": "DE123456789", "email": email, "iban": "DE02120300000000202051",
            "series": "INV-2026", "tax_category": "standard", "tax_rate_basis_points": 1900});
        let path = format!("/api/v1/organizations/{organization}/billing-profile");
        app.operator.put(&path, facts).await.expect(200);
    }

    /// Sells one unit at 12.50, by the provider's hand; gives the license.
    async fn sold(&self, app: &TestApp, number: i64, to: (Option<Uuid>, &str)) -> Uuid {
        // The newest stand first, so each is a little newer.
        app.clock.advance_seconds(1);
        let sale = json!({"seller_id": self.partner, "sku_id": self.sku["id"], "quantity": 1, "issue": true,
            "customer_id": to.0, "name": format!("Sale {number}."), "price_minor": 1_250, "currency": to.1});
        let sold = app.operator.post("/api/v1/licenses/sell", sale).await;
        id(&sold.expect(201)["license"]["id"])
    }
}

async fn a_license_is_sold_billed_and_paid(engine: Engine) {
    let mut post = PostOffice::open().await;
    let stage = Stage::with_mail(engine, &post.url()).await;
    let app = &stage.app;
    let market = Market::open(app).await;
    market.sold(app, 1, (Some(market.swiss), "CHF")).await;
    let crowd = app.organization(market.partner, "customer", "Crowd").await;
    for number in 2..=50 {
        market.sold(app, number, (Some(crowd), "EUR")).await;
    }
    market.sold(app, 51, (Some(market.customer), "EUR")).await;
    app.clock.advance_seconds(1);
    let manager = stage.member(market.partner, "account_manager").await;
    drop(
        stage
            .member(market.customer, "customer_administrator")
            .await,
    );
    // Both were asked in by a mail.
    let invited = [post.next().await, post.next().await];
    assert!(invited.iter().all(|mail| mail["attachments"] == json!([])));

    let code = adds_a_license(&manager).await;
    let petra = redeems(&stage, &code).await;
    manager.opens("/sales").await;
    let row = manager.row("Lobby screens");
    row.sees("Active").await;
    row.sees("Customer").await;
    row.follows("Lobby screens").await;
    manager.sees("Redeemed").await;
    manager.sees("Activated 1 Jun 2026").await;
    manager.presses("Close").await;

    sends_three(&manager).await;
    manager.sees("INV-2026-000001").await;
    let mut mails = [post.next().await, post.next().await];
    mails.sort_by_key(|mail| mail["envelope_to"].to_string());
    assert_eq!(
        mails.each_ref().map(|mail| &mail["envelope_to"]),
        [
            &json!(["bills@alp-ag.example"]),
            &json!(["bills@customer-ag.example"])
        ]
    );
    for (mail, total) in mails.iter().zip(["14.88", "89.25"]) {
        reads_its_invoice(mail, total);
    }

    manager.row("89.25 EUR").follows("INV-2026").await;
    manager.follows("Record a payment").await;
    manager.fills("What the statement says", "SEPA 7").await;
    manager.presses("Record").await;
    manager.sees("Paid").await;
    manager.opens("/sales").await;
    manager.row("Lobby screens").sees("Paid").await;
    manager.row("Sale 51.").sees("Paid").await;
    manager.row("Sale 50.").sees("Unbilled").await;
    app.prove();
    drop((manager, petra));
    stage.end().await;
}

/// The manager adds a license without a customer and copies its code; gives what the clipboard holds.
async fn adds_a_license(manager: &Visitor) -> String {
    manager.follows("Sales").await;
    manager.follows("Add license").await;
    manager.chooses("Plan", "Product of SIGN").await;
    manager.fills("Name", "Lobby screens").await;
    manager.fills("Note", "Second floor").await;
    manager.fills("Quantity", "5").await;
    manager.fills("Price of one unit", "12.50").await;
    manager.fills("Currency", "EUR").await;
    manager.presses("Save").await;
    manager.sees("Pass this code on").await;
    manager.sees("62.50 EUR").await;
    manager
        .tells(
            "Browser.grantPermissions",
            json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}),
        )
        .await;
    manager.presses("Copy").await;
    manager.sees("Copied").await;
    let copied = manager.until(async || {
        let text = manager.runs("return navigator.clipboard.readText()").await;
        text.as_str()
            .filter(|text| text.len() == 8)
            .map(str::to_owned)
    });
    let code = copied.await.expect("the code was copied");
    manager.sees(&code).await;
    code
}

/// The customer signs in, mistypes the code, and redeems it.
async fn redeems(stage: &Stage, code: &str) -> Visitor {
    let petra = stage.visitor(Look::Light).await;
    petra
        .signs_in("customer_administrator@example.com", PASSWORD)
        .await;
    petra.follows("Portal").await;
    petra.fills("Activation code", "AAAAAAAA").await;
    petra.presses("Redeem").await;
    petra.sees("This code cannot be redeemed.").await;
    petra.fills("Activation code", &code.to_lowercase()).await;
    petra.presses("Redeem").await;
    petra.sees("The license is yours.").await;
    petra.sees("0 of 5 devices").await;
    petra
}

/// The manager selects three rows on two pages, in two currencies, and sends their invoices.
async fn sends_three(manager: &Visitor) {
    manager.opens("/sales").await;
    manager.ticks("Select Lobby screens").await;
    manager.ticks("Select Sale 51.").await;
    manager.sees("2 selected · 75.00 EUR").await;
    manager.follows("Next").await;
    manager.ticks("Select Sale 1.").await;
    manager.sees("3 selected · 75.00 EUR · 12.50 CHF").await;
    manager.presses("Send invoices").await;
    manager.sees("For 3 licenses.").await;
    manager.sees("89.25 EUR").await;
    manager.sees("14.88 CHF").await;
    manager.presses("Send invoices").await;
    manager.sees("INV-2026-000002").await;
}

/// The mail carries a page that says number and total, and the e-invoice beside it.
fn reads_its_invoice(mail: &Value, total: &str) {
    let subject = mail["headers"]["subject"].as_str().expect("a subject");
    let number = subject
        .split_whitespace()
        .find(|word| word.starts_with("INV-2026-"))
        .expect("a number");
    let attached = mail["attachments"].as_array().expect("files");
    let names: Vec<&Value> = attached.iter().map(|file| &file["name"]).collect();
    assert_eq!(
        names,
        [
            &json!(format!("{number}.pdf")),
            &json!(format!("{number}.xml"))
        ]
    );
    let bytes = |file: &Value| {
        let text = file["content"].as_str().expect("base64");
        BASE64.decode(text).expect("base64")
    };
    let page = bytes(&attached[0]);
    assert!(page.starts_with(b"%PDF"));
    let text = text_of(&page);
    assert!(text.contains(number) && text.contains(total), "{text}");
    let data = String::from_utf8(bytes(&attached[1])).expect("XML is text");
    assert!(data.contains(number) && data.contains(total), "{data}");
}

/// What a page says.
fn text_of(page: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(page).expect("it is written");
    let told = Command::new("pdftotext")
        .arg("-layout")
        .arg(file.path())
        .arg("-")
        .output()
        .expect("pdftotext runs; `cargo xtask test` installs it");
    String::from_utf8(told.stdout).expect("text")
}

async fn the_desk_refuses(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let market = Market::open(app).await;
    for number in 1..=21 {
        market
            .sold(app, number, (Some(market.customer), "EUR"))
            .await;
    }
    market.sold(app, 22, (None, "EUR")).await;
    let manager = stage.member(market.partner, "account_manager").await;
    manager.follows("Sales").await;
    let unsold = manager.finds("field", "Select Sale 22.").await;
    assert!(
        !unsold.is_enabled().await.expect("a box"),
        "nobody's license is billed to nobody"
    );
    manager.ticks("Select all on this page").await;
    manager.sees("21 selected").await;
    manager.sees("at most 20 in one send").await;
    manager.presses("Send invoices").await;
    let refused = "21 licenses are more than the 20 that one send bills";
    manager.sees(refused).await;
    manager.opens("/invoices").await;
    manager.sees("No invoices yet").await;
    let mails = app.operator.get("/api/v1/mails?kind=invoice").await;
    assert_eq!(mails.expect(200)["items"], json!([]), "nothing was mailed");

    is_used_and_paused(&stage, &market, &manager).await;
    app.prove();
    drop(manager);
    stage.end().await;
}

/// Somebody uses a unit, so it cannot be deleted; a pause stops what they use, and resuming lets go.
async fn is_used_and_paused(stage: &Stage, market: &Market, manager: &Visitor) {
    let app = &stage.app;
    let customer = market.customer;
    let anna = json!({"organization_id": customer, "name": "Anna", "reference": "HR-7"});
    let anna = app.operator.post("/api/v1/holders", anna).await.id();
    let license = market.sold(app, 23, (Some(customer), "EUR")).await;
    let license = format!("/api/v1/licenses/{license}");
    let pool = app.operator.get(&license).await.expect(200)["pool_id"].clone();
    let product = &market.sku["product_id"];
    let rows = json!([{"product_id": product, "holder_id": anna, "pool_id": pool}]);
    let bound = json!({"organization_id": customer, "rows": rows});
    let bound = app.operator.post("/api/v1/assignments", bound).await;
    bound.expect(201);
    let product = product.as_str().expect("an id");
    let ask =
        format!("/api/v1/entitlements/check?organization={customer}&holder=HR-7&product={product}");
    let answer = async || {
        let said = app.operator.get(&ask).await.expect(200);
        (said["entitled"].clone(), said["reason"].clone())
    };
    assert_eq!(answer().await, (json!(true), json!("assigned")));

    manager.opens("/sales").await;
    let row = manager.row("Sale 23.");
    row.presses("More about").await;
    row.follows("Delete").await;
    manager
        .sees("This license was used by its customer, so it cannot be deleted.")
        .await;
    manager.misses("button", "Yes, delete").await;
    manager.opens("/sales").await;
    row.sees("Active").await;
    row.presses("More about").await;
    row.follows("Pause").await;
    manager.presses("Pause").await;
    manager.sees("Paused").await;
    assert_eq!(answer().await, (json!(false), json!("paused")));
    manager.opens("/sales").await;
    row.presses("More about").await;
    row.follows("Resume").await;
    manager.presses("Resume").await;
    manager.sees("Given by hand").await;
    assert_eq!(answer().await, (json!(true), json!("assigned")));
}
