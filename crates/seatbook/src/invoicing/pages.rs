//! What the pages of invoices show.

use askama::Template;

use crate::{
    console::{
        badges::Badge,
        format::{self, Due, Moment},
        layout::Shell,
        table::{Column, Filter, ListView},
    },
    invoices::{
        model::{Invoice, Kind, Line, Party, Payment, Snapshot},
        status::Status,
    },
};

/// `/invoices`: what was issued, and what is addressed to one's organization.
#[derive(Template)]
#[template(path = "invoicing/list.html", blocks = ["rows"])]
pub struct InvoicesPage {
    /// The frame.
    pub shell: Shell,
    /// Search, filter, pages; start from [`invoice_list`].
    pub list: ListView,
    /// The rows.
    pub rows: Vec<InvoiceRow>,
}

/// One invoice or credit note.
#[derive(Clone, Debug, Default)]
pub struct InvoiceRow {
    /// Its id.
    pub id: String,
    /// Its number; "Draft" while it has none.
    pub number: String,
    /// Who asks for the money.
    pub issuer: String,
    /// Who is asked.
    pub buyer: String,
    /// Its day.
    pub issued: String,
    /// The last day for payment.
    pub due: Due,
    /// What it asks for.
    pub total: String,
    /// What is still to be paid.
    pub open: String,
    /// Where it stands.
    pub status: Badge,
}

/// The list's columns, filters and words; complete it with `read` and the page's cursors.
pub fn invoice_list() -> ListView {
    let mut states = vec![("", "All")];
    let labels = Status::ALL.map(|status| (status.as_str(), status.badge().label));
    states.extend(labels.iter().map(|(word, label)| (*word, label.as_str())));
    ListView {
        path: "/invoices".into(),
        export: "/exports?list=invoices".into(),
        search: "Number, customer, SKU, license",
        sort: "-issued".into(),
        noun: ("invoice", "invoices"),
        columns: vec![
            Column::fixed("number", "Invoice").unsorted(),
            Column::fixed("buyer", "Customer").unsorted(),
            Column::fixed("issued", "Issued").unsorted(),
            Column::fixed("due", "Due").unsorted(),
            Column::fixed("total", "Total").number().unsorted(),
            Column::fixed("open", "Open").number().unsorted(),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![
            Filter::new("select", "status", "Status", &states),
            Filter::new(
                "select",
                "side",
                "Side",
                &[
                    ("", "Both sides"),
                    ("issued", "Issued"),
                    ("received", "Received"),
                ],
            ),
        ],
        ..ListView::default()
    }
}

/// `/invoices/{id}`: everything that stands on it, what was paid, and what can be done.
#[derive(Template)]
#[template(path = "invoicing/show.html")]
pub struct InvoicePage {
    /// The frame.
    pub shell: Shell,
    /// The invoice as a row.
    pub row: InvoiceRow,
    /// "Invoice" or "Credit note".
    pub kind: &'static str,
    /// Its lines.
    pub lines: Vec<LineRow>,
    /// Net, tax by rate, total, paid, credited, open: (what, how much).
    pub sums: Vec<(String, String)>,
    /// Payments, counter-entries among them.
    pub payments: Vec<PaymentRow>,
    /// Both parties: (what, lines).
    pub parties: Vec<(&'static str, Vec<String>)>,
    /// Further facts: (name, value).
    pub facts: Vec<(String, String)>,
    /// The documents it belongs with: (what, address).
    pub links: Vec<(String, String)>,
    /// A paragraph for the reader.
    pub note: String,
    /// Whether it can be finalized or given up.
    pub may_finalize: bool,
    /// Whether a payment can be recorded.
    pub may_pay: bool,
    /// Whether records of payments can be taken back.
    pub may_remove: bool,
    /// Whether it can be taken back.
    pub may_credit: bool,
}

/// One line, explained.
#[derive(Clone, Debug, Default)]
pub struct LineRow {
    /// The license.
    pub license_id: String,
    /// What it is.
    pub description: String,
    /// Its SKU.
    pub sku: String,
    /// The days that are charged for.
    pub period: String,
    /// How the amount came about.
    pub explanation: String,
    /// The rate.
    pub rate: String,
    /// The amount without tax.
    pub net: String,
}

/// One payment, or the counter-entry to one.
#[derive(Clone, Debug, Default)]
pub struct PaymentRow {
    /// Its id.
    pub id: String,
    /// The day the money came.
    pub day: String,
    /// What the statement said, or what it takes back.
    pub reference: String,
    /// How much.
    pub amount: String,
    /// Whether its record can be taken back.
    pub removable: bool,
}

/// One invoice as a row.
pub fn row(it: &Invoice, moment: &Moment) -> InvoiceRow {
    let status = it.status(moment.now);
    let due = match status {
        Status::Unpaid | Status::Part | Status::Overdue => {
            format::due(it.due_on.map(|day| day.0), moment.today, 3)
        }
        _ => Due {
            date: it.due_on.map_or("–".into(), |day| format::date(day.0)),
            ..Due::default()
        },
    };
    InvoiceRow {
        id: it.id.to_string(),
        number: it.number.clone().unwrap_or_else(|| "Draft".into()),
        issuer: it.issuer_name.clone(),
        buyer: it.buyer_name.clone(),
        issued: it.issued_on.map_or("–".into(), |day| format::date(day.0)),
        due,
        total: it.money(it.total_minor),
        open: match it.open_minor() {
            0 => "–".into(),
            open => it.money(open),
        },
        status: status.badge(),
    }
}

/// One line as a row.
pub fn line_row(line: &Line, currency: &str) -> LineRow {
    let first = format::date(line.first_day.0);
    LineRow {
        license_id: line.license_id.to_string(),
        description: line.description.clone(),
        sku: line.sku_code.clone(),
        period: match line.last_day {
            Some(last) => format!("{first} to {}", format::date(last.0)),
            None => format!("from {first}"),
        },
        explanation: line.explained(currency),
        rate: line.rate(),
        net: format::money(line.net_minor, currency),
    }
}

/// One payment as a row.
pub fn payment_row(payment: &Payment, invoice: &Invoice) -> PaymentRow {
    let reference = match (payment.reverses_id, payment.reversed_by) {
        (Some(_), _) => "Takes a record back".into(),
        (None, Some(_)) => format!("{} (taken back)", payment.reference),
        (None, None) => payment.reference.clone(),
    };
    PaymentRow {
        id: payment.id.to_string(),
        day: format::date(payment.paid_on.0),
        reference,
        amount: invoice.money(payment.amount_minor),
        removable: payment.reverses_id.is_none() && payment.reversed_by.is_none(),
    }
}

/// The sums of a document, as far as there is anything to say.
pub fn sums(it: &Invoice, lines: &[Line]) -> Vec<(String, String)> {
    let mut sums = vec![("Net".to_owned(), it.money(it.net_minor))];
    let rate = lines.first().map(Line::rate).unwrap_or_default();
    sums.push((format!("Tax, {rate}"), it.money(it.tax_minor)));
    sums.push(("Total".into(), it.money(it.total_minor)));
    for (word, amount) in [("Paid", it.paid_minor), ("Credited", it.credited_minor)] {
        if amount != 0 {
            sums.push((word.into(), it.money(amount)));
        }
    }
    if it.number.is_some() && it.kind == Kind::Invoice {
        sums.push(("Open".into(), it.money(it.open_minor())));
    }
    sums
}

/// Seller and buyer as they were when it was finalized; nothing for a draft.
pub fn parties(snapshot: Option<&Snapshot>) -> Vec<(&'static str, Vec<String>)> {
    let Some(snapshot) = snapshot else {
        return vec![];
    };
    let lines = |it: &Party| {
        let town = format!("{} {}", it.postcode, it.city);
        let all = [&it.name, &it.street, town.trim(), &it.country, &it.vat_id].map(str::to_owned);
        let said = all.into_iter().filter(|line| !line.is_empty());
        said.collect()
    };
    vec![
        ("Seller", lines(&snapshot.issuer)),
        ("Customer", lines(&snapshot.buyer)),
    ]
}
