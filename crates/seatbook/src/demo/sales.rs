//! What was sold in the story: to customers by name, and by codes that some have redeemed.

use rules::billing::Category;
use uuid::Uuid;

use super::{
    companies::{NORDLICHT, PROVIDER},
    story::{Story, named},
};
use crate::{
    activation::{
        codes,
        commands::{Redeem, Sale, SellLicense},
        model::Limits,
    },
    billing::{commands::SetBillingProfile, model::BillingFacts},
    error::Result,
    invoices::commands::{RecordPayment, SendInvoices},
    notices::telling::TellEnds,
    requests::commands::RequestUnits,
    secrets::Secret,
};

/// Something sold.
struct Sold {
    seller: &'static str,
    sku: &'static str,
    units: i64,
    /// Whose it became, and whether by its code.
    customer: Option<(&'static str, bool)>,
    name: &'static str,
    note: &'static str,
    price: (i64, &'static str),
    days_ago: i64,
}

const fn sold(
    (seller, sku, units): (&'static str, &'static str, i64),
    customer: Option<(&'static str, bool)>,
    (name, note): (&'static str, &'static str),
    price: (i64, &'static str),
    days_ago: i64,
) -> Sold {
    Sold {
        seller,
        sku,
        units,
        customer,
        name,
        note,
        price,
        days_ago,
    }
}

const BY_HAND: bool = false;
const BY_CODE: bool = true;

/// Who is on invoices, and where: the seller, then its customers.
const BILLED: [(&str, &str, &str, &str); 4] = [
    (PROVIDER, "Akersgata 8", "Oslo", "NO"),
    ("Fjordline Ferries", "Skoltegrunnskaien 1", "Bergen", "NO"),
    ("Tromsø Kommune", "Rådhusgata 2", "Tromsø", "NO"),
    ("Reykjavík Energy", "Bæjarháls 1", "Reykjavík", "IS"),
];

/// The oldest first.
const SALES: &[Sold] = &[
    sold(
        (PROVIDER, "ROOM-ESS-1M", 12),
        Some(("Fjordline Ferries", BY_HAND)),
        ("Terminal rooms", "Booked by Siv at the harbour office."),
        (41_000, "NOK"),
        40,
    ),
    sold(
        (PROVIDER, "SASE-ADV-1Y", 60),
        Some(("Tromsø Kommune", BY_CODE)),
        ("Town hall remote access", ""),
        (89_000, "NOK"),
        33,
    ),
    sold(
        (PROVIDER, "MAIL-ADV-1Y", 25),
        Some(("Reykjavík Energy", BY_HAND)),
        ("Control centre mail", "Second invoice address wanted."),
        (2_900, "EUR"),
        31,
    ),
    sold(
        (NORDLICHT, "EDR-ADV-1Y", 40),
        Some(("Aurora Hospitals", BY_CODE)),
        ("Ward laptops", "Framework contract 2026/4."),
        (4_400, "EUR"),
        26,
    ),
    sold(
        (NORDLICHT, "MAIL-ESS-1Y", 18),
        Some(("Kawiarnie Wisła", BY_HAND)),
        ("Café mail", ""),
        (6_900, "PLN"),
        21,
    ),
    sold(
        (NORDLICHT, "ROOM-ESS-1M", 6),
        Some(("Stadtwerke Lindental", BY_HAND)),
        ("Meeting rooms, pilot", "Decides after one month."),
        (4_200, "EUR"),
        24,
    ),
    sold(
        (NORDLICHT, "SASE-ADV-1Y", 30),
        Some(("Alpenblick Versicherung", BY_HAND)),
        ("Field agents", ""),
        (8_400, "CHF"),
        12,
    ),
    sold(
        (NORDLICHT, "EDR-ESS-1Y", 15),
        Some(("Grünwald & Söhne", BY_HAND)),
        ("Warehouse terminals", ""),
        (2_600, "EUR"),
        9,
    ),
    sold(
        (NORDLICHT, "WIFI-ADV-1Y", 8),
        None,
        (
            "Trade fair vouchers",
            "Handed out at the stand in Hannover.",
        ),
        (6_500, "EUR"),
        6,
    ),
    sold(
        (NORDLICHT, "ROOM-ESS-1M", 4),
        Some(("Aurora Hospitals", BY_HAND)),
        ("Conference rooms", "For the congress; ends after it."),
        (4_200, "EUR"),
        5,
    ),
    sold(
        (NORDLICHT, "EDR-ADV-1Y", 10),
        None,
        ("Aurora, second batch", "For Lena; she redeems it herself."),
        (4_400, "EUR"),
        3,
    ),
];

impl Story {
    /// Sells what was sold before a day and redeems what was redeemed; in the end somebody asks for more.
    pub(super) async fn sell_until(&mut self, days_ago: i64) -> Result<()> {
        while let Some(it) = SALES.get(self.sold).filter(|it| it.days_ago >= days_ago) {
            self.sold += 1;
            self.on(it.days_ago);
            let code = self.sell_one(it).await?;
            if let Some((customer, BY_CODE)) = it.customer {
                let redeem = Redeem {
                    organization_id: self.company(customer)?,
                    fingerprint: Secret(codes::typed(self.app.gate.vault(), &code)),
                    limits: Limits::of(&self.app.settings),
                };
                self.step(None, redeem).await?;
            }
        }
        if days_ago == 0 {
            let wish = RequestUnits {
                organization_id: self.company("Aurora Hospitals")?,
                sku_id: named(&self.skus, "MAIL-ADV-1Y")?,
                quantity: 35,
                note: Some("The laboratory moves in next quarter.".into()),
            };
            self.step(None, wish).await?;
            self.bill().await?;
            self.tell().await?;
        }
        Ok(())
    }

    async fn sell_one(&mut self, it: &Sold) -> Result<String> {
        let customer_id: Option<Uuid> = match it.customer {
            Some((customer, BY_HAND)) => Some(self.company(customer)?),
            _ => None,
        };
        let (minor, currency) = it.price;
        let command = SellLicense {
            sale: Sale {
                seller_id: self.company(it.seller)?,
                customer_id,
                sku_id: named(&self.skus, it.sku)?,
                quantity: it.units,
                issue: true,
                source_pool_id: None,
                start_date: None,
                name: Some(it.name.into()),
                note: Some(it.note.into()).filter(|note: &String| !note.is_empty()),
                price: Some((minor, currency.into())),
            },
            expires_at: None,
            drawn: codes::draw(self.app.gate.vault())?,
            limits: Limits::of(&self.app.settings),
        };
        let sold = self.step(None, command).await?;
        self.licenses.insert(it.name, sold.license);
        Ok(sold.code)
    }

    /// Tells what ends of what Nordlicht sold: its account manager, and a customer that has people.
    async fn tell(&mut self) -> Result<()> {
        let sold = SALES.iter().filter(|it| it.seller == NORDLICHT);
        let license_ids: Vec<Uuid> = sold
            .filter_map(|it| Some(self.licenses.get(it.name)?.id))
            .collect();
        for company in [NORDLICHT, "Aurora Hospitals"] {
            let tell = TellEnds {
                organization_id: self.company(company)?,
                license_ids: license_ids.clone(),
            };
            self.step(None, tell).await?;
        }
        Ok(())
    }

    /// Sends two invoices, and one of them is paid. The made-up customers have no e-mail address for bills, so nothing
    /// of this leaves.
    async fn bill(&mut self) -> Result<()> {
        for (company, street, city, country) in BILLED {
            let profile = SetBillingProfile {
                organization_id: self.company(company)?,
                version: None,
                facts: BillingFacts {
                    legal_name: company.into(),
                    street: street.into(),
                    city: city.into(),
                    country: country.into(),
                    series: "INV-2026".into(),
                    tax_number: "TAX 210/44".into(),
                    iban: "DE02120300000000202051".into(),
                    tax_category: Some(Category::Standard),
                    tax_rate_basis_points: 2_500,
                    ..BillingFacts::default()
                },
            };
            self.step(None, profile).await?;
        }
        let names = [
            "Terminal rooms",
            "Town hall remote access",
            "Control centre mail",
        ];
        let license_ids = names
            .iter()
            .filter_map(|it| Some(self.licenses.get(it)?.id));
        let send = SendInvoices {
            license_ids: license_ids.collect(),
        };
        let sent = self.step(None, send).await?.invoices;
        if let Some(paid) = sent.first() {
            let payment = RecordPayment {
                invoice_id: paid.id,
                amount_minor: paid.total_minor,
                paid_on: None,
                reference: "Statement 11/2026, line 4".into(),
            };
            self.step(None, payment).await?;
        }
        Ok(())
    }
}
