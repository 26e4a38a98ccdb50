//! Those who work at the demo's customers, what stands on their desks, and the units they use.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    companies::{CUSTOMERS, Company},
    names,
    shelf::{PHONE, SKUS},
    story::{Story, named},
    suites,
};
use crate::{
    assignments::{
        commands::{Assign, MOST_ROWS},
        model::{Mode, Wanted},
    },
    error::Result,
    holders::{
        commands::{AddHolders, MOST_AT_ONCE, NewHolder},
        model::{Holder, HolderFacts, Kind},
    },
};

/// Lines that belong to nobody, and ring somewhere all the same.
const LINES: [&str; 6] = [
    "Reception",
    "Sales line",
    "Support line",
    "Order desk",
    "Night service",
    "Press office",
];
const SCREENS: [&str; 4] = ["Lobby", "Canteen", "Meeting room", "Workshop"];

/// The add-ons of Phone System, and how many in a hundred telephones get each.
const ADD_ONS: [(&str, usize); 9] = [
    ("license_number", 80),
    ("device_ip_phone", 70),
    ("device_mobile_app", 55),
    ("device_desktop_app", 40),
    ("call_recording", 30),
    ("team_chat", 25),
    ("device_web_rtc", 12),
    ("license_dnc_checking_enabled", 10),
    ("license_call_recording_unlimited_enabled", 8),
];

impl Story {
    /// Every customer that kept telephones for itself brings in its people and gives most of them one.
    pub(super) async fn settle_in(&mut self) -> Result<()> {
        self.on(3);
        for (number, company) in CUSTOMERS.iter().enumerate() {
            let stock = self.stock(company.name);
            let phones = stock.get(PHONE).copied().unwrap_or_default();
            if phones == 0 {
                continue;
            }
            let office = self.open_office((number, company), phones as usize).await?;
            self.hand_out(&office, stock).await?;
        }
        Ok(())
    }

    /// Units that a company has for itself, by the code of their product.
    fn stock(&self, company: &str) -> BTreeMap<&'static str, i64> {
        let mut stock = BTreeMap::new();
        for sku in SKUS.iter().chain(suites::SKUS) {
            let kept = self
                .kept
                .iter()
                .find(|((name, code), _)| *name == company && *code == sku.code);
            *stock.entry(sku.product).or_default() += kept.map_or(0, |(_, units)| *units);
        }
        stock
    }

    /// Adds the holders of a company: people first, then what belongs to them.
    async fn open_office(
        &mut self,
        (number, company): (usize, &'static Company),
        phones: usize,
    ) -> Result<Office> {
        let organization_id = self.company(company.name)?;
        let people = (0..phones * 11 / 10).map(|place| {
            let name = names::of(number, place);
            let email = Some(names::address(&name, company.website));
            NewHolder {
                kind: Kind::User,
                facts: HolderFacts {
                    reference: Some(format!("E{:05}", number * 1_000 + place)),
                    name,
                    email,
                    ..HolderFacts::default()
                },
                owner_id: None,
            }
        });
        let people = self.add_all(company, people.collect()).await?;
        let things = things(number, &people);
        let lines = LINES.iter().enumerate().map(|(place, name)| NewHolder {
            kind: Kind::Extension,
            facts: HolderFacts {
                name: (*name).into(),
                extension: Some((600 + place).to_string()),
                ..HolderFacts::default()
            },
            owner_id: None,
        });
        let lines = self.add_all(company, lines.collect()).await?;
        self.add_all(company, things).await?;
        Ok(Office {
            company,
            organization_id,
            people: people.iter().map(|person| person.id).collect(),
            lines: lines.iter().map(|line| line.id).collect(),
            country: number,
        })
    }

    async fn add_all(
        &mut self,
        company: &'static Company,
        mut rows: Vec<NewHolder>,
    ) -> Result<Vec<Holder>> {
        let organization_id = self.company(company.name)?;
        let mut added = Vec::with_capacity(rows.len());
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(MOST_AT_ONCE));
            let command = AddHolders {
                organization_id,
                rows: std::mem::replace(&mut rows, rest),
            };
            added.extend(self.step(self.head(company.name), command).await?);
        }
        Ok(added)
    }

    /// Two in three telephones are assigned, with add-ons as far as they go; the other bases in part.
    async fn hand_out(&mut self, office: &Office, mut stock: BTreeMap<&str, i64>) -> Result<()> {
        let phones = stock.get(PHONE).copied().unwrap_or_default() as usize * 2 / 3;
        let phone = named(&self.products, PHONE)?;
        let mut rows = Vec::with_capacity(phones);
        for place in 0..phones {
            let mut add_ons = Vec::new();
            for (turn, (code, percent)) in ADD_ONS.iter().enumerate() {
                let left = stock.entry(*code).or_default();
                if *left > 0 && (place * 37 + turn * 17 + office.country) % 100 < *percent {
                    *left -= 1;
                    add_ons.push(named(&self.products, code)?);
                }
            }
            rows.push(Wanted {
                product_id: phone,
                // Every twelfth telephone stands on a desk that nobody sits at yet.
                holder_id: office
                    .people
                    .get(place)
                    .copied()
                    .filter(|_| place % 12 != 11),
                units: 1,
                extension: Some((101 + place).to_string()),
                number: (place % 5 != 4).then(|| office.number(place)),
                add_ons,
                ..Wanted::default()
            });
        }
        for (code, holders) in [
            ("auto_attendant", &office.lines),
            ("call_group", &office.lines),
            ("developer", &office.people),
            ("WF", &office.people),
            ("XDR", &office.people),
        ] {
            let units = stock.get(code).copied().unwrap_or_default() as usize;
            let product_id = named(&self.products, code)?;
            rows.extend(holders.iter().take(units * 2 / 3).map(|holder_id| Wanted {
                product_id,
                holder_id: Some(*holder_id),
                units: 1,
                ..Wanted::default()
            }));
        }
        self.assign_all(office, rows).await
    }

    async fn assign_all(&mut self, office: &Office, mut rows: Vec<Wanted>) -> Result<()> {
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(MOST_ROWS));
            let command = Assign {
                organization_id: office.organization_id,
                rows: std::mem::replace(&mut rows, rest),
                mode: Mode::All,
            };
            self.step(self.head(office.company.name), command).await?;
        }
        Ok(())
    }
}

/// A customer with the people who work there.
struct Office {
    company: &'static Company,
    organization_id: Uuid,
    people: Vec<Uuid>,
    lines: Vec<Uuid>,
    country: usize,
}

impl Office {
    /// A direct number: made up, and nobody else's.
    fn number(&self, place: usize) -> String {
        format!("49555{:02}{:04}", self.country, 1_000 + place)
    }
}

/// Every third person has a laptop, and some rooms a screen.
fn things(number: usize, people: &[Holder]) -> Vec<NewHolder> {
    let laptops = people
        .iter()
        .enumerate()
        .filter(|(place, _)| place % 3 == 0);
    let laptops = laptops.map(|(place, person)| {
        let serial = format!("NB-{number:02}{place:04}");
        NewHolder {
            kind: Kind::Device,
            facts: HolderFacts {
                name: format!("Laptop {serial}"),
                serial: Some(serial),
                ..HolderFacts::default()
            },
            owner_id: Some(person.id),
        }
    });
    let screens = SCREENS.iter().enumerate().map(|(place, room)| NewHolder {
        kind: Kind::Screen,
        facts: HolderFacts {
            name: format!("{room} screen"),
            serial: Some(format!("SC-{number:02}{place:02}")),
            ..HolderFacts::default()
        },
        owner_id: None,
    });
    laptops.chain(screens).collect()
}
