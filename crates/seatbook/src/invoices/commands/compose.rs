//! From licenses to invoices: who may bill them, for which periods, grouped, taxed and checked. Writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use rules::billing::{self, Category, Totals};
use uuid::Uuid;

use super::{due::due_lines, new_invoice};
use crate::{
    billing::{model::BillingProfile, queries as profiles},
    error::{Error, Result},
    gate::{Origin, Tx},
    invoices::{
        document::document,
        model::{Line, Party, Snapshot},
        queries::{self, Billable, Covered},
    },
    organizations::{self, model::Organization},
    scope::{self, Permission},
};

/// Lines on one invoice at most.
const MOST_LINES: usize = 1_000;
/// The largest total, in minor units: what exceeds it is a mistake, until somebody says otherwise.
const LARGEST_MINOR: i64 = 1_000_000_000_000;

/// Seller or buyer: the organization, and what stands on invoices about it.
#[derive(Clone, Debug)]
pub struct Side {
    /// The organization.
    pub organization: Organization,
    /// What stands on invoices.
    pub profile: BillingProfile,
}

impl Side {
    /// The side of an invoice that an organization takes.
    pub async fn read(tx: &mut store::Tx<'_>, id: Uuid) -> Result<Side> {
        let organization = organizations::queries::find(tx, id).await?;
        Ok(Side {
            organization: organization.ok_or_else(Error::not_found)?,
            profile: profiles::get(tx, id).await?,
        })
    }

    /// The zone in which its days are counted.
    pub fn zone(&self) -> Result<TimeZone> {
        TimeZone::get(&self.organization.time_zone).map_err(Error::internal)
    }

    fn party(&self) -> Party {
        let facts = self.profile.facts.clone();
        Party {
            name: facts.legal_name,
            street: facts.street,
            city: facts.city,
            postcode: facts.postcode,
            country: facts.country,
            vat_id: facts.vat_id,
            tax_number: facts.tax_number,
            email: facts.email,
        }
    }
}

/// An invoice that could be written.
#[derive(Clone, Debug)]
pub struct Composed {
    /// Who asks for the money.
    pub issuer: Side,
    /// Who is asked.
    pub buyer: Side,
    /// ISO 4217.
    pub currency: String,
    /// What is charged for.
    pub lines: Vec<Line>,
    /// The sums.
    pub totals: Totals,
}

impl Composed {
    /// Taxes lines as the buyer is taxed and adds them up; or says why no invoice can be made of them.
    pub fn of(
        (issuer, buyer): (Side, Side),
        currency: String,
        mut lines: Vec<Line>,
    ) -> std::result::Result<Self, String> {
        let facts = &buyer.profile.facts;
        let category = facts
            .tax_category
            .ok_or("It is not said how it is taxed.")?;
        let rate = facts.tax_rate_basis_points;
        let taxed: Vec<billing::Line> = lines
            .iter()
            .map(|line| billing::Line {
                net_minor: line.net_minor,
                category,
                rate_basis_points: rate,
            })
            .collect();
        let totals = billing::totals(&taxed, issuer.profile.facts.tax_rounding)
            .map_err(|why| format!("Its amounts do not add up: {why}."))?;
        for (at, (line, tax)) in lines.iter_mut().zip(&totals.line_taxes).enumerate() {
            line.position = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1);
            line.tax_category = category;
            line.tax_rate_basis_points = rate;
            line.tax_minor = *tax;
        }
        let composed = Composed {
            issuer,
            buyer,
            currency,
            lines,
            totals,
        };
        match composed.breach(category).or_else(|| composed.odd()) {
            Some(why) => Err(why),
            None => Ok(composed),
        }
    }

    /// What the arithmetic and the mandatory facts of EN 16931 say against it, in the first rule's own words.
    fn odd(&self) -> Option<String> {
        let draft = new_invoice(self, Uuid::nil(), store::Timestamp::from_micros(0));
        let document = document(&draft, &self.lines, &self.snapshot(), None);
        let breach = documents::check(&document).into_iter().next()?;
        Some(format!(
            "{} ({}).",
            breach.sentence.trim_end_matches('.'),
            breach.rule
        ))
    }

    /// What a valid invoice must not lack (EN 16931-1, BR-08 to BR-11, BR-S-02, BR-AE-02, BR-E-10), and bounds.
    fn breach(&self, category: Category) -> Option<String> {
        let (seller, buyer) = (&self.issuer.profile.facts, &self.buyer.profile.facts);
        let known = |text: &String| !text.is_empty();
        let identified = known(&seller.vat_id) || known(&seller.tax_number);
        let why = if !known(&buyer.legal_name) {
            "Its registered name is missing."
        } else if !known(&buyer.country) {
            "The country of its address is missing."
        } else if category != Category::OutsideScope && !identified {
            "Its seller has neither a VAT identifier nor a tax number."
        } else if category == Category::ReverseCharge
            && !(known(&seller.vat_id) && known(&buyer.vat_id))
        {
            "The reverse charge needs the VAT identifiers of both sides."
        } else if category == Category::Exempt && !known(&buyer.tax_reason) {
            "An exemption needs a reason."
        } else if self.lines.is_empty() || self.lines.len() > MOST_LINES {
            "An invoice has 1 to 1,000 lines."
        } else if !(0..=LARGEST_MINOR).contains(&self.totals.total_minor) {
            "Its total is out of bounds."
        } else {
            return None;
        };
        Some(why.to_owned())
    }

    /// What the invoice says beside its amounts.
    pub fn snapshot(&self) -> Snapshot {
        let (seller, buyer) = (&self.issuer.profile.facts, &self.buyer.profile.facts);
        Snapshot {
            issuer: self.issuer.party(),
            buyer: self.buyer.party(),
            iban: seller.iban.clone(),
            bic: seller.bic.clone(),
            account_name: seller.account_name.clone(),
            buyer_reference: buyer.buyer_reference.clone(),
            tax_reason: buyer.tax_reason.clone(),
            time_zone: self.issuer.organization.time_zone.clone(),
        }
    }
}

/// What licenses come to: invoices that could be written, and customers whose invoicing is parked, with the reason.
#[derive(Debug, Default)]
pub struct Gathered {
    /// In the order of issuer, buyer and currency.
    pub ready: Vec<Composed>,
    /// Whose invoice would be wrong.
    pub parked: Vec<(Side, String)>,
}

/// Puts invoices together from what is due of these licenses.
pub async fn gather(tx: &mut Tx<'_>, license_ids: &[Uuid]) -> Result<Gathered> {
    let ids: BTreeSet<Uuid> = license_ids.iter().copied().collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    if ids.is_empty() {
        let message = "Name the licenses to bill.";
        return Err(Error::invalid("license_ids", "required", message));
    }
    let found = queries::billables(tx, &ids).await?;
    if found.len() < ids.len() {
        return Err(Error::not_found());
    }
    let (mut sellers, mut permitted) = (BTreeMap::new(), BTreeSet::new());
    for license in &found {
        let seller_id = license.seller_id.unwrap_or_default();
        if !permitted.insert((license.owner_id, license.seller_id)) {
            continue;
        }
        permit(tx, license).await?;
        if let std::collections::btree_map::Entry::Vacant(free) = sellers.entry(seller_id) {
            let seller = Side::read(tx, seller_id).await?;
            check_issuer(&seller, ids.len())?;
            free.insert(seller);
        }
    }
    check_billable(&found)?;
    let covered = queries::covered(tx, &ids).await?;
    let groups = grouped(tx, &found, (&sellers, &covered))?;
    let mut gathered = Gathered::default();
    for ((seller_id, owner_id, currency, _), lines) in groups {
        let seller = sellers[&seller_id].clone();
        let buyer = Side::read(tx, owner_id).await?;
        if let Some(reason) = buyer.profile.parked_reason.clone() {
            gathered.parked.push((buyer, reason));
            continue;
        }
        match Composed::of((seller, buyer.clone()), currency, lines) {
            Ok(composed) => gathered.ready.push(composed),
            Err(reason) => gathered.parked.push((buyer, reason)),
        }
    }
    Ok(gathered)
}

/// Seller, buyer, currency, and the license where each has an invoice of its own.
type Group = (Uuid, Uuid, String, Option<Uuid>);

/// The lines that are due, by the invoice they belong on; refused where a license has none.
fn grouped(
    tx: &Tx<'_>,
    found: &[Billable],
    (sellers, covered): (&BTreeMap<Uuid, Side>, &[Covered]),
) -> Result<BTreeMap<Group, Vec<Line>>> {
    let mut groups: BTreeMap<Group, Vec<Line>> = BTreeMap::new();
    let mut billed = Vec::new();
    for license in found {
        let seller_id = license.seller_id.unwrap_or_default();
        let seller = &sellers[&seller_id];
        let lines = due_lines(license, covered, tx.today(&seller.zone()?))?;
        if lines.is_empty() {
            billed.push(license);
        }
        let (_, currency) = license.price.clone().unwrap_or_default();
        let apart = seller.profile.facts.invoice_per_license;
        let apart = apart.then_some(license.license_id);
        let group = (seller_id, license.owner_id, currency, apart);
        groups.entry(group).or_default().extend(lines);
    }
    refuse("license.already_billed", &billed, "billed already")?;
    Ok(groups)
}

/// Lets pass whoever may bill a license: 404 where they cannot see the license.
pub async fn permit(tx: &mut Tx<'_>, license: &Billable) -> Result<()> {
    tx.require(Permission::LicensesRead, license.owner_id)
        .await?;
    let seller_id = license.seller_id.ok_or_else(|| not_sold(license))?;
    issuer_may(tx, seller_id, Permission::InvoicesSend).await?;
    tx.concerns(seller_id);
    Ok(())
}

/// Asks for a permission at an issuer, for somebody who sees what it is about. Amounts are between seller and buyer:
/// prices must be visible at the issuer itself, not only above it.
pub async fn issuer_may(tx: &mut Tx<'_>, issuer_id: Uuid, permission: Permission) -> Result<()> {
    for needed in [permission, Permission::PricesRead] {
        match tx.require(needed, issuer_id).await {
            Err(error) if error.is_refusal() => return Err(scope::missing(needed)),
            other => other?,
        }
    }
    let caller = tx.caller();
    let priced = caller.scope.roots(Permission::PricesRead);
    match caller.origin == Origin::System || priced.contains(&issuer_id) {
        true => Ok(()),
        false => Err(scope::missing(Permission::PricesRead)),
    }
}

/// An issuer that can issue, and does not bill more at once than it set itself.
pub fn check_issuer(issuer: &Side, licenses: usize) -> Result<()> {
    let facts = &issuer.profile.facts;
    let licenses = i64::try_from(licenses).unwrap_or(i64::MAX);
    if licenses > facts.most_licenses {
        let message = format!(
            "{licenses} licenses are more than the {} that one send bills; nothing was done.",
            facts.most_licenses
        );
        return Err(Error::conflict("invoices.too_many", message)
            .with("licenses", licenses)
            .with("most", facts.most_licenses));
    }
    let missing: Vec<&str> = [
        ("legal_name", &facts.legal_name),
        ("country", &facts.country),
    ]
    .into_iter()
    .filter_map(|(name, text)| text.is_empty().then_some(name))
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "The billing profile of {} lacks what every invoice must say: {}.",
        issuer.organization.name,
        missing.join(", ").replace('_', " ")
    );
    Err(Error::conflict("billing.issuer_incomplete", message)
        .with("organization_id", issuer.organization.id.to_string())
        .with("missing", missing))
}

/// Only what somebody bought, at a price, and what was not ended, can be billed.
fn check_billable(found: &[Billable]) -> Result<()> {
    let those = |is: &dyn Fn(&Billable) -> bool| {
        let those = found.iter().filter(|it| is(it));
        those.collect::<Vec<_>>()
    };
    let nobody = |it: &Billable| it.awaits_activation || Some(it.owner_id) == it.seller_id;
    refuse("license.without_customer", &those(&nobody), "nobody's yet")?;
    refuse(
        "license.not_issued",
        &those(&|it| !it.issued),
        "not issued, or ended",
    )?;
    refuse(
        "license.without_price",
        &those(&|it| it.price.is_none()),
        "without a price",
    )
}

/// Refuses by name.
fn refuse(code: &'static str, those: &[&Billable], why: &str) -> Result<()> {
    if those.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = those
        .iter()
        .map(|it| it.name.as_deref().unwrap_or(&it.sku_code))
        .collect();
    let ids: Vec<String> = those.iter().map(|it| it.license_id.to_string()).collect();
    let verb = if those.len() == 1 { "is" } else { "are" };
    let message = format!("{} {verb} {why}; nothing was billed.", names.join(", "));
    Err(Error::conflict(code, message).with("license_ids", ids))
}

fn not_sold(license: &Billable) -> Error {
    let name = license.name.as_deref().unwrap_or(&license.sku_code);
    let message =
        format!("{name} was not sold by an organization of this book, so nobody bills it.");
    Error::conflict("license.not_sold", message).with("license_id", license.license_id.to_string())
}
