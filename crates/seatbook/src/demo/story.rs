//! How the demo's book came to be: the people of the story act through the gate, on the days on which it happened.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use store::Timestamp;
use uuid::Uuid;

use super::{
    Begin, Finish, PASSWORD,
    companies::{CUSTOMERS, Company, PARTNERS, PROVIDER},
    orders::ORDERS,
    shelf::{PRODUCTS, SKUS},
    staff::{OPERATOR, OTHERS, PARTNER_ADMINISTRATORS, Person},
    suites,
};
use crate::{
    access::{commands::SetUp, passwords},
    app::{App, Parts},
    catalog::{
        commands::{CreateProduct, CreateSku},
        facts::{ProductFacts, SkuFacts},
        model::ProductKind,
    },
    clock::{Clock, FixedClock},
    error::{Error, Result},
    fits::commands::SetFits,
    gate::{Caller, Command, Gate, Key, Origin},
    licenses::model::License,
    organizations::{
        commands::CreateOrganization,
        model::{Kind, OrganizationFacts},
    },
    people::invitations::{AcceptInvitation, Accepting, Invite},
    secrets::{Secret, random_text},
};

const DAY: i64 = 86_400;

/// Tells the whole story. Each step has its own key, so a telling that was cut off goes on where it was.
pub async fn tell(app: &App) -> Result<()> {
    let mut story = Story::begin(app);
    story.found().await?;
    story.fill_the_shelf().await?;
    story.name_suites().await?;
    story.gather_companies().await?;
    story.on(50);
    for person in OTHERS {
        story.ask_in(person).await?;
    }
    for order in ORDERS {
        story.sell_until(order.days_ago).await?;
        story.take_order(order).await?;
        if order.number == suites::STOCKED {
            story.give_suites().await?;
        }
    }
    story.sell_until(0).await?;
    story.settle_in().await?;
    story.enlarge_suite().await?;
    story.look_after().await?;
    story.step(None, Finish {}).await
}

/// The story as far as it has been told.
pub(super) struct Story {
    /// A gate whose clock stands in the past.
    pub(super) app: App,
    clock: Arc<FixedClock>,
    /// When it is really.
    pub(super) now: Timestamp,
    steps: i64,
    pub(super) companies: HashMap<&'static str, Uuid>,
    /// Who runs which company; the operator runs the provider.
    heads: HashMap<&'static str, Uuid>,
    pub(super) products: HashMap<&'static str, Uuid>,
    pub(super) skus: HashMap<&'static str, Uuid>,
    pub(super) plans: HashMap<&'static str, Uuid>,
    /// What companies kept for themselves of what they received: units by company and SKU.
    pub(super) kept: BTreeMap<(&'static str, &'static str), i64>,
    /// How many of the sales have been made.
    pub(super) sold: usize,
    /// The first license of each order.
    pub(super) licenses: HashMap<&'static str, License>,
}

impl Story {
    fn begin(app: &App) -> Story {
        let now = app.gate.now();
        let clock = Arc::new(FixedClock::at(now.plus_seconds(-66 * DAY)));
        let (db, vault) = (app.gate.db().clone(), app.gate.vault().clone());
        // What happened in the past leaves no more: its mails are kept.
        let gate = Gate::new(db, Arc::clone(&clock) as Arc<dyn Clock>, vault)
            .at(&app.settings.base_url(), false);
        Story {
            app: App::new(Parts {
                gate,
                settings: Arc::clone(&app.settings),
                reader: app.reader.clone(),
                press: Arc::clone(&app.press),
                recent: app.recent.clone(),
                condition: Default::default(),
            }),
            clock,
            now,
            steps: 0,
            companies: HashMap::new(),
            heads: HashMap::new(),
            products: HashMap::new(),
            skus: HashMap::new(),
            plans: HashMap::new(),
            kept: BTreeMap::new(),
            sold: 0,
            licenses: HashMap::new(),
        }
    }

    /// Goes on to the morning of a day, if it is not later already.
    pub(super) fn on(&self, days_ago: i64) {
        let morning = self.now.as_micros() / 1_000_000 / DAY * DAY - days_ago * DAY + 8 * 3_600;
        let morning = Timestamp::from_micros(morning * 1_000_000);
        self.clock.set(self.clock.now().max(morning).min(self.now));
    }

    /// One step, some minutes after the last: by Seatbook itself, or by a person at the console.
    pub(super) async fn step<C: Command>(
        &mut self,
        who: Option<Uuid>,
        command: C,
    ) -> Result<C::Outcome> {
        self.steps += 1;
        self.clock
            .advance_seconds((self.steps * 7 % 11 + 2) * 60 + self.steps * 13 % 60);
        self.clock.set(self.clock.now().min(self.now));
        let caller = match who {
            Some(actor_id) => Caller {
                actor_id,
                origin: Origin::Console,
                ..Caller::system()
            },
            None => Caller::system(),
        };
        let key = Key::step(format!("demo-{}", self.steps));
        Ok(self.app.gate.submit(&caller, key, command).await?.outcome)
    }

    pub(super) fn company(&self, name: &str) -> Result<Uuid> {
        named(&self.companies, name)
    }

    /// Whoever runs the company of this name, else the operator.
    pub(super) fn head(&self, name: &str) -> Option<Uuid> {
        self.heads
            .get(name)
            .or_else(|| self.heads.get(PROVIDER))
            .copied()
    }

    /// The provider and its operator.
    async fn found(&mut self) -> Result<()> {
        self.step(None, Begin {}).await?;
        let facts = OrganizationFacts {
            name: PROVIDER.into(),
            website: Some("norvik.example".into()),
            time_zone: Some("Europe/Oslo".into()),
            ..OrganizationFacts::default()
        };
        let set_up = SetUp {
            provider: facts,
            email: OPERATOR.email.into(),
            name: OPERATOR.name.into(),
            password_hash: Some(passwords::turn().await?.hash(PASSWORD).await?),
        };
        let done = self.step(None, set_up).await?;
        self.companies.insert(PROVIDER, done.provider.id);
        self.heads.insert(PROVIDER, done.person_id);
        Ok(())
    }

    async fn fill_the_shelf(&mut self) -> Result<()> {
        self.on(65);
        for product in PRODUCTS {
            let facts = ProductFacts {
                code: product.code.into(),
                name: product.name.into(),
                unit: Some(product.unit.0.into()),
                units: Some(product.unit.1.into()),
                kind: if product.fits.is_empty() {
                    ProductKind::Base
                } else {
                    ProductKind::AddOn
                },
                has_extensions: product.has_extensions,
                ..ProductFacts::default()
            };
            let made = self
                .step(self.head(PROVIDER), CreateProduct { facts })
                .await?;
            self.products.insert(product.code, made.id);
        }
        for product in PRODUCTS.iter().filter(|product| !product.fits.is_empty()) {
            let base_ids = product.fits.iter().map(|code| named(&self.products, code));
            let fits = SetFits {
                id: named(&self.products, product.code)?,
                version: None,
                base_ids: base_ids.collect::<Result<_>>()?,
            };
            self.step(self.head(PROVIDER), fits).await?;
        }
        self.on(64);
        for sku in SKUS.iter().chain(suites::SKUS) {
            let facts = SkuFacts {
                code: sku.code.into(),
                name: sku.name.into(),
                product_id: named(&self.products, sku.product)?,
                r#type: Some(
                    if sku.validity == "P1M" {
                        "Monthly"
                    } else {
                        "Prepaid"
                    }
                    .into(),
                ),
                tier: Some(sku.tier.0.into()),
                class: Some(sku.tier.1.into()),
                validity: Some(sku.validity.into()),
                price_minor: Some(sku.cents),
                currency: Some("EUR".into()),
                ..SkuFacts::default()
            };
            let made = self.step(self.head(PROVIDER), CreateSku { facts }).await?;
            self.skus.insert(sku.code, made.sku.id);
        }
        Ok(())
    }

    /// Partners with those who run them, then the customers, whom the partners bring in themselves.
    async fn gather_companies(&mut self) -> Result<()> {
        for (number, (partner, person)) in PARTNERS.iter().zip(PARTNER_ADMINISTRATORS).enumerate() {
            self.on(62 - number as i64);
            self.add(partner, Kind::Partner, 100 + number).await?;
            let id = self.ask_in(person).await?;
            self.heads.insert(partner.name, id);
        }
        for (number, customer) in CUSTOMERS.iter().enumerate() {
            self.on(56 - number as i64 / 7);
            self.add(customer, Kind::Customer, 2_000 + number * 3)
                .await?;
        }
        Ok(())
    }

    /// Adds a company as whoever runs the one above it, who then runs this one too.
    async fn add(&mut self, company: &'static Company, kind: Kind, number: usize) -> Result<()> {
        let letter = if kind == Kind::Partner { 'P' } else { 'C' };
        let facts = OrganizationFacts {
            name: company.name.into(),
            reference: Some(format!("{letter}-{number}")),
            website: Some(company.website.into()),
            time_zone: Some(company.zone.into()),
            ..OrganizationFacts::default()
        };
        let parent_id = self.company(company.parent)?;
        let head = self.head(company.parent);
        let made = self
            .step(
                head,
                CreateOrganization {
                    parent_id,
                    kind,
                    facts,
                },
            )
            .await?;
        self.companies.insert(company.name, made.id);
        self.heads.extend(head.map(|head| (company.name, head)));
        Ok(())
    }

    /// Invites somebody, who accepts.
    async fn ask_in(&mut self, person: &Person) -> Result<Uuid> {
        let invitation = Invite {
            organization_id: self.company(person.company)?,
            role: person.role.key().into(),
            email: person.email.into(),
            secret: Secret(random_text(32)?),
        };
        let invited = self.step(self.head(PROVIDER), invitation).await?;
        let password_hash = passwords::turn().await?.hash(PASSWORD).await?;
        let who = Accepting::New {
            name: person.name.into(),
            password_hash,
        };
        let accepting = AcceptInvitation {
            link: Secret(invited.link),
            who,
        };
        Ok(self.step(None, accepting).await?.person_id)
    }
}

/// The id of something the story has told of.
pub(super) fn named(all: &HashMap<&'static str, Uuid>, name: &str) -> Result<Uuid> {
    let found = all.get(name).copied();
    found.ok_or_else(|| Error::internal(format!("the demo knows no {name}")))
}
