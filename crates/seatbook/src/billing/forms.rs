//! The billing profile as a form over an organization, and lifting what is parked.

use axum::{extract::State, http::StatusCode};
use rules::billing::{Category, Rounding};
use uuid::Uuid;

use super::{
    commands::{SetBillingProfile, Unpark},
    model::{BillingFacts, BillingProfile},
    queries,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::go,
        fields::{Field, above, filled},
        form::Form,
        frame::{Frame, PageResult},
        pages::{Confirm, Sheet},
    },
    error::{Error, Result},
    organizations::tabs::Place,
    scope::Permission,
};

const TAXED: [(&str, &str); 6] = [
    ("", "Not said yet"),
    ("standard", "At a rate"),
    ("zero", "At a rate of zero"),
    ("exempt", "Exempt"),
    ("reverse_charge", "Reverse charge: the buyer owes the tax"),
    ("outside_scope", "Outside the scope of the tax"),
];
const ROUNDED: [(&str, &str); 2] = [
    ("document", "Once per document and rate"),
    ("line", "On each line"),
];

/// What was typed, and why it was refused.
type Given<'a> = (&'a [(String, String)], Option<&'a Error>);

/// `/organizations/{id}/billing`.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = sheet(&app, &frame, id, (&[], None)).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Saves, or shows the form again with what is wrong.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let done = match wanted(id, &form) {
        Ok(command) => {
            let key = form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/organizations/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = sheet(&app, &frame, id, (&form.pairs, Some(&error))).await?;
            Ok(page.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/organizations/{id}/billing/unpark`: why it was parked, and lifting that.
pub async fn confirm(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = unparking(&app, &frame, id, None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it.
pub async fn unpark(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let organization_id = id;
    let command = Unpark { organization_id };
    let done = app.gate.submit(&frame.caller, form.key.clone(), command);
    match done.await {
        Ok(_) => Ok(go(frame.fragment, &format!("/organizations/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = unparking(&app, &frame, id, Some(error.message)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn read(app: &App, frame: &Frame, id: Uuid) -> Result<(Place, BillingProfile)> {
    let caller = frame.caller.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let place = Place::read(&mut tx, &caller, id, Permission::BillingEdit).await?;
            Ok((place, queries::get(&mut tx, id).await?))
        })
    });
    read.await
}

async fn sheet(app: &App, frame: &Frame, id: Uuid, (given, refused): Given<'_>) -> Result<Sheet> {
    let (place, profile) = read(app, frame, id).await?;
    let name = place.organization.name;
    let mut fields = party_fields(&profile.facts);
    fields.extend(seller_fields(&profile.facts));
    fields.extend(buyer_fields(&profile.facts));
    fields.push(Field::new("hidden", "version", "").value(profile.version.to_string()));
    let mut fields = filled(fields, given, refused);
    // A box that was not ticked is not sent.
    if refused.is_some() {
        let ticked = given.iter().any(|(name, _)| name == "invoice_per_license");
        let all = fields.iter_mut();
        let boxes = all.filter(|field| field.kind == "checkbox");
        boxes.for_each(|field| field.value = if ticked { "on" } else { "" }.into());
    }
    Ok(Sheet {
        shell: frame.shell(format!("Billing of {name}"), "organizations"),
        title: format!("Billing of {name}"),
        lead: match &profile.parked_reason {
            Some(reason) => format!("Its invoicing is parked. {reason}"),
            None => "What stands on invoices it sends and receives.".into(),
        },
        action: format!("/organizations/{id}/billing"),
        label: "Save".into(),
        error: above(&fields, refused),
        fields,
        back: format!("/organizations/{id}"),
        back_label: name,
    })
}

fn party_fields(it: &BillingFacts) -> Vec<Field> {
    vec![
        Field::heading("Name and address"),
        Field::text("legal_name", "Registered name")
            .value(&it.legal_name)
            .autocomplete("organization"),
        Field::new("textarea", "street", "Street and number").value(&it.street),
        Field::text("postcode", "Postcode").value(&it.postcode),
        Field::text("city", "City").value(&it.city),
        Field::text("country", "Country")
            .value(&it.country)
            .hint("Two letters, such as DE."),
        Field::text("vat_id", "VAT identifier").value(&it.vat_id),
        Field::text("tax_number", "Tax number")
            .value(&it.tax_number)
            .hint("Where there is no VAT identifier."),
        Field::new("email", "email", "E-mail for invoices").value(&it.email),
    ]
}

fn seller_fields(it: &BillingFacts) -> Vec<Field> {
    vec![
        Field::heading("When it sells"),
        Field::text("iban", "IBAN").value(&it.iban),
        Field::text("bic", "BIC").value(&it.bic),
        Field::text("account_name", "Account holder").value(&it.account_name),
        Field::new("number", "payment_days", "Days to pay")
            .value(it.payment_days.to_string())
            .between("0", "365"),
        Field::text("series", "Series of numbers")
            .value(&it.series)
            .hint("Numbers begin with it and count from 1: INV-2026-000001."),
        Field::select("tax_rounding", "Taxes are rounded", &ROUNDED)
            .value(it.tax_rounding.as_str()),
        Field::new("number", "most_licenses", "Licenses in one send")
            .value(it.most_licenses.to_string())
            .between("1", "500"),
        Field::new(
            "checkbox",
            "invoice_per_license",
            "An invoice for each license",
        )
        .value(if it.invoice_per_license { "on" } else { "" })
        .hint("Else one for each customer and currency, with a line for each license."),
    ]
}

fn buyer_fields(it: &BillingFacts) -> Vec<Field> {
    let category = it.tax_category.map_or("", Category::as_str);
    vec![
        Field::heading("When it buys"),
        Field::select("tax_category", "Taxed", &TAXED)
            .value(category)
            .hint("Said by whoever sells to it."),
        Field::text("tax_rate", "Tax rate in percent").value(percent(it)),
        Field::text("tax_reason", "Why no tax is charged").value(&it.tax_reason),
        Field::text("buyer_reference", "Reference to be quoted").value(&it.buyer_reference),
    ]
}

fn percent(it: &BillingFacts) -> String {
    let rate = it.tax_rate_basis_points;
    match (rate / 100, rate % 100) {
        (0, 0) => String::new(),
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole}.{part:02}"),
    }
}

/// Hundredths of a percent from `19`, `7.7` or `7,70`.
fn basis_points(text: &str) -> Option<i64> {
    let text = text
        .trim()
        .trim_end_matches('%')
        .trim_end()
        .replace(',', ".");
    if text.is_empty() {
        return Some(0);
    }
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    format!("{whole}{part:0<2}").parse().ok()
}

fn wanted(organization_id: Uuid, form: &Form) -> Result<SetBillingProfile> {
    let text = |name: &str| form.text(name).to_owned();
    let rate = basis_points(form.text("tax_rate"));
    let no_rate = || {
        let message = "A rate in percent with at most two decimals, such as 19 or 7.7.";
        Error::invalid("tax_rate", "field.invalid", message)
    };
    let facts = BillingFacts {
        legal_name: text("legal_name"),
        street: text("street"),
        city: text("city"),
        postcode: text("postcode"),
        country: text("country"),
        vat_id: text("vat_id"),
        tax_number: text("tax_number"),
        email: text("email"),
        iban: text("iban"),
        bic: text("bic"),
        account_name: text("account_name"),
        payment_days: form.need("payment_days", "a whole number")?,
        series: text("series"),
        tax_rounding: Rounding::parse(form.text("tax_rounding")).unwrap_or_default(),
        most_licenses: form.need("most_licenses", "a whole number")?,
        invoice_per_license: !form.text("invoice_per_license").is_empty(),
        tax_category: Category::parse(form.text("tax_category")),
        tax_rate_basis_points: rate.ok_or_else(no_rate)?,
        tax_reason: text("tax_reason"),
        buyer_reference: text("buyer_reference"),
    };
    Ok(SetBillingProfile {
        organization_id,
        version: form.parse("version", "a version")?,
        facts,
    })
}

async fn unparking(app: &App, frame: &Frame, id: Uuid, error: Option<String>) -> Result<Confirm> {
    let (place, profile) = read(app, frame, id).await?;
    let name = place.organization.name;
    let allowed = profile.parked_reason.is_some();
    Ok(Confirm {
        shell: frame.shell(format!("Invoice {name} again"), "organizations"),
        title: format!("Invoice {name} again?"),
        lead: match profile.parked_reason {
            Some(reason) => format!("Its invoicing was parked. {reason}"),
            None => "Its invoicing is not parked.".into(),
        },
        facts: vec![],
        warnings: vec![],
        fields: vec![],
        tone: "warn",
        allowed,
        action: format!("/organizations/{id}/billing/unpark"),
        label: "Invoice again".into(),
        back: format!("/organizations/{id}/billing"),
        back_label: "Billing".into(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::basis_points;

    #[test]
    fn rates_are_read_exactly() {
        for (text, rate) in [
            ("19", Some(1_900)),
            ("7.7 %", Some(770)),
            ("7,70", Some(770)),
            ("", Some(0)),
            ("0.01", Some(1)),
            ("1.234", None),
            ("-1", None),
            (".5", None),
            ("x", None),
        ] {
            assert_eq!(basis_points(text), rate, "{text:?}");
        }
    }
}
