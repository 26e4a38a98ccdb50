//! What the pages of sales show.

use askama::Template;
use rules::money::Money;
use store::Timestamp;

use super::queries::Sale;
use crate::activation::model::{CodeState, RedemptionRequest};
use crate::console::badges::{self, Badge};
use crate::console::charts::Kpi;
use crate::console::fields::Field;
use crate::console::format::{self, Due, Moment};
use crate::console::layout::Shell;
use crate::console::table::{Column, Filter, FilterOption, ListView};
use crate::invoices::status::billing_badge;
use crate::requests::model::UnitRequest;

/// `/sales`: what was sold.
#[derive(Template)]
#[template(path = "sales/list.html", blocks = ["rows"])]
pub struct SalesPage {
    /// The frame.
    pub shell: Shell,
    /// Key figures.
    pub kpis: Vec<Kpi>,
    /// Search, filters, pages; start from [`sales_list`].
    pub list: ListView,
    /// The rows.
    pub rows: Vec<SaleRow>,
    /// Whether nothing was sold yet.
    pub none_yet: bool,
    /// Whether this person may send invoices.
    pub may_bill: bool,
    /// Licenses in one send at most.
    pub most: i64,
}

/// One sold license.
#[derive(Clone, Debug, Default)]
pub struct SaleRow {
    /// The license.
    pub id: String,
    /// Its code.
    pub code: String,
    /// Whether a customer can still redeem it.
    pub live: bool,
    /// What became of the code.
    pub code_badge: Badge,
    /// Its name, or the plan's.
    pub name: String,
    /// The note.
    pub note: String,
    /// The SKU's code.
    pub plan: String,
    /// The product.
    pub product: String,
    /// The customer: id and name; nothing while there is none.
    pub customer: Option<(String, String)>,
    /// Units.
    pub quantity: i64,
    /// Units in use.
    pub used: i64,
    /// The unit: ("screen", "screens").
    pub unit: (String, String),
    /// Quantity times price, for people; empty where there is none, or none to be seen.
    pub amount: String,
    /// The same in minor units, its currency and decimals, for the running total.
    pub sum: Option<(i64, String, u8)>,
    /// Price of one unit.
    pub price: String,
    /// Its lifecycle.
    pub status: Badge,
    /// Where its invoices stand.
    pub billing: Badge,
    /// What else is worth a badge, such as "Expiring soon".
    pub marks: Vec<Badge>,
    /// When it was added: the day, and the moment.
    pub created: (String, String),
    /// When it got its owner; empty for not yet.
    pub activated: (String, String),
    /// The last day.
    pub end: Due,
    /// Whether it is paused by hand.
    pub paused: bool,
    /// Whether it can still be paused and ended.
    pub running: bool,
}

/// `/sales/{id}`: one sold license.
#[derive(Template)]
#[template(path = "sales/show.html", blocks = ["sheet"])]
pub struct SalePage {
    /// The frame.
    pub shell: Shell,
    /// The license.
    pub row: SaleRow,
    /// When the code stops working; empty for never.
    pub code_expires: String,
    /// Where its units came from.
    pub source: String,
    /// The zone of its days.
    pub zone: String,
    /// The first day.
    pub start: String,
    /// Who is told of its end when; and whether there was nobody to tell.
    pub notices: (String, bool),
}

/// Nobody could be told.
pub fn untold() -> Badge {
    Badge {
        tone: "bad",
        icon: "warning",
        label: "Nobody to tell".into(),
    }
}

/// `/sales/new`: the form that adds one.
#[derive(Template)]
#[template(path = "sales/new.html", blocks = ["sheet"])]
pub struct SaleNewPage {
    /// The frame.
    pub shell: Shell,
    /// Plan, name, note, quantity, customer, units, price.
    pub fields: Vec<Field>,
    /// Why there is nothing to sell; empty where there is.
    pub obstacle: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// `/sales/redemptions`: who waits for a word.
#[derive(Template)]
#[template(path = "sales/waiting.html")]
pub struct WaitingPage {
    /// The frame.
    pub shell: Shell,
    /// Those that wait, and those that were decided, the newest first.
    pub rows: Vec<WaitingRow>,
}

/// One redemption.
#[derive(Clone, Debug, Default)]
pub struct WaitingRow {
    /// Its id.
    pub id: String,
    /// The customer.
    pub customer: (String, String),
    /// When it was asked for.
    pub at: String,
    /// What became of it.
    pub state: Badge,
    /// Whether it waits.
    pub open: bool,
    /// The license it led to.
    pub license_id: Option<String>,
}

/// `/sales/requests`: what customers ask for.
#[derive(Template)]
#[template(path = "sales/requests.html")]
pub struct RequestsPage {
    /// The frame.
    pub shell: Shell,
    /// Those that wait, and those that were decided, the newest first.
    pub rows: Vec<RequestRow>,
}

/// One request.
#[derive(Clone, Debug, Default)]
pub struct RequestRow {
    /// Its id.
    pub id: String,
    /// Who asks: id and name.
    pub customer: (String, String),
    /// What is wanted: "12 screens of SIGN-1Y".
    pub wanted: String,
    /// The product.
    pub product: String,
    /// What for.
    pub note: String,
    /// What was said to it.
    pub answer: String,
    /// When it was asked.
    pub at: String,
    /// What became of it.
    pub state: Badge,
    /// Whether it waits.
    pub open: bool,
    /// The license it led to.
    pub license_id: Option<String>,
}

/// The list's columns, filters and words; complete it with `read` and the page's places.
pub fn sales_list(customers: &[(uuid::Uuid, String)]) -> ListView {
    let mut customer = Filter::new("select", "customer", "Customer", &[("", "All customers")]);
    let options = customers.iter().map(|(id, name)| FilterOption {
        value: id.to_string(),
        label: name.clone(),
        count: None,
    });
    customer.options.extend(options);
    ListView {
        path: "/sales".into(),
        export: "/exports?list=sales".into(),
        search: "Code, name, note, plan, customer",
        sort: "-created".into(),
        natural_sort: "-created".into(),
        noun: ("license", "licenses"),
        columns: vec![
            Column::fixed("code", "ID").unsorted(),
            Column::fixed("name", "Name").unsorted(),
            Column::fixed("customer", "Customer").unsorted(),
            Column::fixed("quantity", "Quantity").number().unsorted(),
            Column::fixed("amount", "Amount").number().unsorted(),
            Column::fixed("status", "Status").unsorted(),
            Column::fixed("billing", "Billing").unsorted(),
            Column::optional("created", "Created", true).unsorted(),
            Column::optional("activated", "Activated", true).unsorted(),
            Column::fixed("end", "End").unsorted(),
        ],
        filters: vec![
            customer,
            Filter::new("toggle", "soon", "Expiring soon", &[("1", "Expiring soon")]),
            Filter::new("toggle", "expired", "Expired", &[("1", "Expired")]),
        ],
        ..ListView::default()
    }
}

/// One sold license as a row. Amounts are shown to those who may see prices.
pub fn row(sale: &Sale, priced: bool, moment: &Moment) -> SaleRow {
    let license = &sale.sold.license;
    let state = license.state(moment.now);
    let (price, amount) = match priced {
        true => sale.amounts(),
        false => (None, None),
    };
    let near = i32::try_from(license.expiring_days).unwrap_or(i32::MAX);
    let at = |at: Timestamp| {
        let day = at.get().to_zoned(moment.zone.clone()).date();
        (format::date(day), format::moment(at.get(), &moment.zone))
    };
    let soon = rules::lifecycle::expiring_soon(
        license.ends_at.map(Timestamp::get),
        moment.now.get(),
        u16::try_from(license.expiring_days).unwrap_or(u16::MAX),
    );
    let soon = soon && state == rules::lifecycle::State::Active;
    SaleRow {
        id: license.id.to_string(),
        code: sale.sold.code.clone(),
        live: sale.sold.state == CodeState::Live,
        code_badge: code_badge(sale.sold.state),
        name: license
            .name
            .clone()
            .unwrap_or_else(|| license.sku_code.clone()),
        note: license.note.clone().unwrap_or_default(),
        plan: license.sku_code.clone(),
        product: license.product_name.clone(),
        customer: (!license.awaits_activation).then(|| {
            let id = license.organization_id.to_string();
            (id, license.organization_name.clone())
        }),
        quantity: license.quantity,
        used: license.allocated + license.assigned,
        unit: (license.unit.clone(), license.units.clone()),
        amount: amount.map_or_else(String::new, said),
        sum: amount.map(|it| (it.minor, it.currency.to_string(), it.currency.exponent())),
        price: price.map_or_else(String::new, said),
        status: badges::lifecycle(state.as_str()),
        billing: billing_badge(sale.billing),
        marks: soon
            .then(|| badges::lifecycle("expiring_soon"))
            .into_iter()
            .collect(),
        created: at(license.created_at),
        activated: license.activated_at.map(at).unwrap_or_default(),
        end: format::due(license.end_date.map(|day| day.0), moment.today, near),
        paused: license.paused,
        running: !state.is_over(),
    }
}

/// An amount for people.
fn said(money: Money) -> String {
    format::money(money.minor, money.currency.code())
}

pub(super) fn code_badge(state: CodeState) -> Badge {
    let (tone, icon, label) = match state {
        CodeState::Live => ("info", "clock", "Waits to be redeemed"),
        CodeState::Redeemed => ("good", "check", "Redeemed"),
        CodeState::Given => ("mute", "check", "Given by hand"),
        CodeState::Revoked => ("mute", "stop", "Revoked"),
        CodeState::Expired => ("bad", "expired", "Expired"),
    };
    let label = label.into();
    Badge { tone, icon, label }
}

/// One redemption as a row.
pub fn waiting_row(request: &RedemptionRequest, moment: &Moment) -> WaitingRow {
    WaitingRow {
        id: request.id.to_string(),
        customer: (
            request.organization_id.to_string(),
            request.organization_name.clone(),
        ),
        at: format::moment(request.created_at.get(), &moment.zone),
        state: waiting_badge(&request.state),
        open: request.state == "waiting",
        license_id: request.license_id.map(|id| id.to_string()),
    }
}

pub(super) fn waiting_badge(state: &str) -> Badge {
    let (tone, icon, label) = match state {
        "waiting" => ("warn", "clock", "Waits for you"),
        "redeemed" => ("good", "check", "Redeemed"),
        _ => ("mute", "stop", "Refused"),
    };
    let label = label.into();
    Badge { tone, icon, label }
}

/// One request as a row.
pub fn request_row(request: &UnitRequest, moment: &Moment) -> RequestRow {
    let units = format::count(request.quantity, &request.unit, &request.units);
    RequestRow {
        id: request.id.to_string(),
        customer: (
            request.organization_id.to_string(),
            request.organization_name.clone(),
        ),
        wanted: format!("{units} of {}", request.sku_code),
        product: request.product_name.clone(),
        note: request.note.clone().unwrap_or_default(),
        answer: request.answer.clone().unwrap_or_default(),
        at: format::moment(request.created_at.get(), &moment.zone),
        state: request_badge(&request.state),
        open: request.state == "waiting",
        license_id: request.license_id.map(|id| id.to_string()),
    }
}

pub(super) fn request_badge(state: &str) -> Badge {
    let (tone, icon, label) = match state {
        "waiting" => ("warn", "clock", "Waiting"),
        "approved" => ("good", "check", "Approved"),
        "refused" => ("bad", "stop", "Refused"),
        _ => ("mute", "undo", "Withdrawn"),
    };
    let label = label.into();
    Badge { tone, icon, label }
}
