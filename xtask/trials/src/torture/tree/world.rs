//! What the model's numbers are called in the book: ids, and the requests made of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::{Model, Op, Place, Pool};
use crate::{
    Result,
    book::{Book, made, number, text},
    person::Request,
    random::Random,
};

const PARTNERS: usize = 3;
const CUSTOMERS_EACH: usize = 5;
const HOLDERS_EACH: usize = 4;
const LICENSES: usize = 6;

pub struct World {
    pub organizations: Vec<String>,
    holders: Vec<Vec<String>>,
    licenses: Vec<String>,
    pools: BTreeMap<Place, String>,
    bindings: Vec<String>,
    sku: String,
    product: String,
}

impl World {
    /// Partners below the provider, customers below them, holders everywhere, and a few licenses.
    pub async fn new(book: &Book) -> Result<(World, Model)> {
        let sku = book.get(&format!("/api/v1/skus/{}", book.sku)).await?;
        let mut world = World {
            organizations: vec![book.provider.clone()],
            holders: Vec::new(),
            licenses: Vec::new(),
            pools: BTreeMap::new(),
            bindings: Vec::new(),
            sku: book.sku.clone(),
            product: text(&sku["product_id"])?,
        };
        let mut model = Model::new();
        for _ in 0..PARTNERS {
            world.organization(book, &mut model, (0, "partner")).await?;
        }
        for partner in 1..=PARTNERS {
            for _ in 0..CUSTOMERS_EACH {
                let place = (partner, "customer");
                world.organization(book, &mut model, place).await?;
            }
        }
        for organization in &world.organizations {
            let mut holders = Vec::new();
            for number in 0..HOLDERS_EACH {
                let body =
                    json!({"organization_id": organization, "name": format!("User {number}")});
                let holder = made(&book.operator, "/api/v1/holders", &body).await?;
                holders.push(text(&holder["id"])?);
            }
            world.holders.push(holders);
        }
        for _ in 0..LICENSES {
            let op = Op::Issue { quantity: 40 };
            let body = world.license(40);
            let license = made(&book.operator, "/api/v1/licenses", &body).await?;
            model.enter(op);
            world.enter(op, &license)?;
        }
        Ok((world, model))
    }

    async fn organization(
        &mut self,
        book: &Book,
        model: &mut Model,
        (parent, kind): (usize, &str),
    ) -> Result<()> {
        let name = format!("{kind} {}", self.organizations.len());
        let body = json!({"parent_id": self.organizations[parent], "kind": kind, "name": name});
        let organization = made(&book.operator, "/api/v1/organizations", &body).await?;
        self.organizations.push(text(&organization["id"])?);
        model.parents.push(parent);
        Ok(())
    }

    fn license(&self, quantity: i64) -> Value {
        json!({"organization_id": self.organizations[0], "sku_id": self.sku, "quantity": quantity})
    }

    /// The operation as a request; none where it names a pool that nobody has heard of yet.
    pub fn request(&self, op: Op, random: &mut Random) -> Option<Request> {
        let (method, path, body) = match op {
            Op::Issue { quantity } => (
                "POST",
                "/api/v1/licenses".to_owned(),
                self.license(quantity),
            ),
            Op::Allocate {
                license,
                from,
                to,
                units,
            } => {
                let pool = self.pools.get(&(license, from))?;
                let body = json!({"pool_id": pool, "organization_id": self.organizations[to], "units": units});
                ("POST", "/api/v1/allocations".to_owned(), body)
            }
            Op::Assign { at } => {
                let pool = self.pools.get(&at)?;
                let holder = &self.holders[at.1][random.index(HOLDERS_EACH)];
                let row = json!({"product_id": self.product, "holder_id": holder, "pool_id": pool});
                let body = json!({"organization_id": self.organizations[at.1], "rows": [row]});
                ("POST", "/api/v1/assignments".to_owned(), body)
            }
            Op::Release { binding } => {
                let body = json!({"ids": [self.bindings[binding]]});
                ("POST", "/api/v1/assignments/unassign".to_owned(), body)
            }
            Op::Resize { license, quantity } => {
                let path = format!("/api/v1/licenses/{}", self.licenses[license]);
                ("PATCH", path, json!({"quantity": quantity}))
            }
            Op::Move { organization, to } => {
                let path = format!(
                    "/api/v1/organizations/{}/move",
                    self.organizations[organization]
                );
                ("POST", path, json!({"parent_id": self.organizations[to]}))
            }
        };
        Some(Request::json(method, path, &body))
    }

    /// Notes what the answer to a done operation calls the new.
    pub fn enter(&mut self, op: Op, answer: &Value) -> Result<()> {
        match op {
            Op::Issue { .. } => {
                self.pools
                    .insert((self.licenses.len(), 0), text(&answer["pool_id"])?);
                self.licenses.push(text(&answer["id"])?);
            }
            Op::Assign { .. } => self.bindings.push(text(&answer["assigned"][0]["id"])?),
            _ => {}
        }
        Ok(())
    }

    /// A share that was given for the first time is a pool, which the answer does not name.
    pub async fn find_pool(&mut self, book: &Book, op: Op) -> Result<()> {
        let Op::Allocate { license, to, .. } = op else {
            return Ok(());
        };
        let place = (license, to);
        if self.pools.contains_key(&place) {
            return Ok(());
        }
        let (license, organization) = (&self.licenses[license], &self.organizations[to]);
        let path = format!("/api/v1/pools?organization_id={organization}&license_id={license}");
        let found = book.get(&path).await?;
        self.pools.insert(place, text(&found["items"][0]["id"])?);
        Ok(())
    }

    /// The same for all shares that were given at once.
    pub async fn find_pools(&mut self, book: &Book, model: &Model) -> Result<()> {
        let (units, from) = (0, 0);
        for ((license, to), _) in model.pools() {
            let op = Op::Allocate {
                license,
                from,
                to,
                units,
            };
            self.find_pool(book, op).await?;
        }
        Ok(())
    }

    /// What a list of pools says of a license.
    pub fn found(&self, pools: &[Value], license: usize) -> Result<Pool> {
        let of = |pool: &&Value| pool["license_id"] == self.licenses[license].as_str();
        let Some(pool) = pools.iter().find(of) else {
            return Ok(Pool::default());
        };
        Ok(Pool {
            quantity: number(&pool["quantity"])?,
            allocated: number(&pool["allocated"])?,
            assigned: number(&pool["assigned"])?,
        })
    }

    /// The bindings that are open at an organization, sorted.
    pub fn open_at(&self, model: &Model, organization: usize) -> Vec<String> {
        let all = model.bindings.iter().zip(&self.bindings);
        let open = all.filter(|(binding, _)| binding.open && binding.at.1 == organization);
        let mut ids: Vec<String> = open.map(|(_, id)| id.clone()).collect();
        ids.sort_unstable();
        ids
    }
}
