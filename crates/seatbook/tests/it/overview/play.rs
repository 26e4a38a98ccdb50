//! Anything that moves units, in any order; what somebody comes to who adds everything up; and what is kept.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, TestApp, id};

pub const DAY: i64 = 86_400;

/// What is held of one product: licenses, units, passed on, bound.
pub type Sums = BTreeMap<(Uuid, Uuid), [i64; 4]>;

/// A few numbers that look drawn, and come again with the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn throw(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides.max(1)
    }
}

/// Organizations, SKUs, pools and holders to do something with.
pub struct Play {
    pub dice: Dice,
    organizations: Vec<Uuid>,
    skus: Vec<Uuid>,
    /// (license, pool, organization).
    pools: Vec<(Uuid, Uuid, Uuid)>,
    holders: Vec<(Uuid, Uuid)>,
    partner: Uuid,
    entries: Vec<String>,
    /// What licenses cost: only seller and buyer may ask for it.
    prices: BTreeMap<Uuid, (i64, String)>,
}

impl Play {
    pub async fn set(app: &TestApp, seed: u64) -> Play {
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let other = app.organization(app.provider, "partner", "Other").await;
        let customer = app.organization(partner, "customer", "Customer").await;
        let mut holders = Vec::new();
        for (at, name) in [(customer, "Anna"), (customer, "Bert"), (partner, "Cleo")] {
            let body = json!({"organization_id": at, "name": name});
            holders.push((at, app.operator.post("/api/v1/holders", body).await.id()));
        }
        Play {
            dice: Dice(seed),
            organizations: vec![app.provider, partner, other, customer],
            skus: vec![
                app.insert_sku("MONTH", Some("P1M")).await,
                app.insert_sku("YEAR", Some("P1Y")).await,
            ],
            pools: vec![],
            holders,
            partner,
            entries: vec![],
            prices: BTreeMap::new(),
        }
    }

    fn one<T: Copy>(&mut self, of: impl Fn(&Play) -> &Vec<T>) -> Option<T> {
        let at = self.dice.throw(of(self).len());
        of(self).get(at).copied()
    }

    /// Does something, which may be refused.
    pub async fn step(&mut self, app: &TestApp) {
        let who = &app.operator;
        let (license, pool, owner) = self.one(|it| &it.pools).unwrap_or_default();
        let license = format!("/api/v1/licenses/{license}");
        match self.dice.throw(12) {
            0..=2 => self.issue(app).await,
            3 | 4 => self.pass_on(app, pool).await,
            5 | 6 => {
                let (at, holder) = self.one(|it| &it.holders).expect("there are some");
                let row = json!({"pool_id": pool, "holder_id": holder});
                self.tries(
                    who,
                    "/api/v1/assignments",
                    json!({"organization_id": at, "rows": [row]}),
                )
                .await;
            }
            7 => drop(who.act(&format!("{license}/pause")).await),
            8 => drop(who.act(&format!("{license}/resume")).await),
            9 => {
                let quantity = 1 + self.dice.throw(90);
                who.patch(&license, json!({"quantity": quantity})).await;
            }
            10 => {
                if let Some(entry) = self.entries.pop() {
                    who.act(&format!("/api/v1/journal/{entry}/undo")).await;
                }
            }
            _ => match self.dice.throw(4) {
                0 => drop(who.act(&format!("{license}/terminate")).await),
                1 => drop(
                    who.act(&format!("/api/v1/organizations/{owner}/suspend"))
                        .await,
                ),
                2 => drop(
                    who.act(&format!("/api/v1/organizations/{owner}/resume"))
                        .await,
                ),
                _ => {
                    let to = json!({"parent_id": self.partner});
                    who.post(&format!("/api/v1/organizations/{owner}/move"), to)
                        .await;
                }
            },
        }
    }

    /// A license that began, begins today, or has yet to begin, at a price or none.
    async fn issue(&mut self, app: &TestApp) {
        let (owner, sku) = (self.one(|it| &it.organizations), self.one(|it| &it.skus));
        let start = app
            .app
            .gate
            .now()
            .plus_seconds((self.dice.throw(20) as i64 - 12) * DAY);
        let start = start
            .get()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
            .to_string();
        let mut body = json!({"organization_id": owner, "sku_id": sku, "quantity": 1 + self.dice.throw(60),
            "start_date": start});
        if self.dice.throw(2) == 0 {
            body["price_minor"] = json!(1_000 + self.dice.throw(500));
            body["currency"] = json!(["EUR", "NOK"][self.dice.throw(2)]);
        }
        let made = app.operator.post("/api/v1/licenses", body.clone()).await;
        if made.status == 201 {
            let made = made.expect(201);
            if let (Some(price), Some(currency)) =
                (body["price_minor"].as_i64(), body["currency"].as_str())
            {
                let license = id(&made["id"]);
                self.prices.insert(license, (price, currency.into()));
            }
            self.pools.push((
                id(&made["id"]),
                id(&made["pool_id"]),
                id(&made["organization_id"]),
            ));
        }
    }

    async fn pass_on(&mut self, app: &TestApp, pool: Uuid) {
        let child = self.one(|it| &it.organizations).expect("there are some");
        let body = json!({"pool_id": pool, "organization_id": child, "units": self.dice.throw(12) as i64 - 3});
        self.tries(&app.operator, "/api/v1/allocations", body).await;
        let held = app
            .operator
            .get(&format!("/api/v1/pools?organization_id={child}&limit=200"))
            .await
            .expect(200);
        for pool in held["items"].as_array().expect("items") {
            let known = (id(&pool["license_id"]), id(&pool["id"]), child);
            if !self.pools.contains(&known) {
                self.pools.push(known);
            }
        }
    }

    async fn tries(&mut self, who: &Person, path: &str, body: Value) {
        let done = who.post(path, body).await;
        let entry = done
            .headers
            .get("seatbook-journal-id")
            .and_then(|it| it.to_str().ok());
        self.entries.extend(entry.map(str::to_owned));
    }

    /// Everything added up, pool by pool: by product, and licenses, units and worth by month and currency.
    pub async fn recount(&self, app: &TestApp) -> (Sums, BTreeMap<String, [i64; 3]>) {
        let (mut sums, mut months) = (Sums::new(), BTreeMap::new());
        for organization in &self.organizations {
            let path =
                format!("/api/v1/pools?organization_id={organization}&status=active&limit=200");
            let pools = app.operator.get(&path).await.expect(200);
            assert!(pools["next_cursor"].is_null(), "one page holds them");
            for pool in pools["items"].as_array().expect("items") {
                let license = format!(
                    "/api/v1/licenses/{}",
                    pool["license_id"].as_str().expect("an id")
                );
                let license = app.operator.get(&license).await.expect(200);
                let sku = format!(
                    "/api/v1/skus/{}",
                    license["sku_id"].as_str().expect("an id")
                );
                let product = id(&app.operator.get(&sku).await.expect(200)["product_id"]);
                let number = |name: &str| pool[name].as_i64().expect("a number");
                let sum = sums.entry((*organization, product)).or_insert([0; 4]);
                let units = number("quantity");
                for (place, more) in [1, units, number("allocated"), number("assigned")]
                    .into_iter()
                    .enumerate()
                {
                    sum[place] += if place == 0 {
                        i64::from(units > 0)
                    } else {
                        more
                    };
                }
                let Some(end) = pool["end_date"].as_str() else {
                    continue;
                };
                let own = license["organization_id"] == json!(organization);
                let price = self.prices.get(&id(&license["id"])).filter(|_| own);
                let (price, currency) = price.map_or((0, ""), |it| (it.0, it.1.as_str()));
                let key = format!("{organization} {} {currency}", &end[..7]);
                let month: &mut [i64; 3] = months.entry(key).or_insert([0; 3]);
                month[0] += i64::from(units > 0);
                month[1] += units;
                month[2] += price * units;
            }
        }
        sums.retain(|_, sum| *sum != [0; 4]);
        months.retain(|_, month| *month != [0; 3]);
        (sums, months)
    }
}

/// What is kept: by product, and by month and currency.
pub async fn kept(app: &TestApp) -> (Sums, BTreeMap<String, [i64; 3]>) {
    let read = app.app.gate.db().read(|mut tx| {
        Box::pin(async move {
            let sql = "SELECT organization_id, product_id, licenses, quantity, allocated, assigned FROM figure";
            let sums: Vec<(Uuid, Uuid, i64, i64, i64, i64)> = tx.query(sql, &[]).await?;
            let sql = "SELECT organization_id, month, currency, licenses, quantity, worth_minor FROM figure_month";
            let months: Vec<(Uuid, store::Date, String, i64, i64, i64)> = tx.query(sql, &[]).await?;
            Ok::<_, store::Error>((sums, months))
        })
    });
    let (sums, months) = read.await.expect("it reads").expect("it is found");
    let sums = sums
        .into_iter()
        .map(|it| ((it.0, it.1), [it.2, it.3, it.4, it.5]));
    let month = |it: (Uuid, store::Date, String, i64, i64, i64)| {
        (
            format!("{} {} {}", it.0, it.1.0.strftime("%Y-%m"), it.2),
            [it.3, it.4, it.5],
        )
    };
    (
        sums.filter(|(_, sum)| *sum != [0; 4]).collect(),
        months
            .into_iter()
            .map(month)
            .filter(|(_, month)| *month != [0; 3])
            .collect(),
    )
}

/// What was held of every product at the end of a week, as it is kept.
pub async fn weeks_until(app: &TestApp, monday: &str) -> BTreeMap<(Uuid, Uuid), [i64; 3]> {
    let monday = store::Date(monday.parse().expect("a day"));
    let read = app.app.gate.db().read(move |mut tx| {
        Box::pin(async move {
            let sql =
                "SELECT organization_id, product_id, quantity, allocated, assigned FROM figure_week
                WHERE week <= $1 ORDER BY week";
            tx.query::<(Uuid, Uuid, i64, i64, i64)>(sql, &[&monday])
                .await
        })
    });
    let rows = read.await.expect("it reads").expect("it is found");
    let mut states: BTreeMap<_, _> = rows
        .into_iter()
        .map(|it| ((it.0, it.1), [it.2, it.3, it.4]))
        .collect();
    states.retain(|_, state| *state != [0; 3]);
    states
}
