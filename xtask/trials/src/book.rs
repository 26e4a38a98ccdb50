//! A book that is ready for a trial, set up through the doors a customer uses.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{
    Result,
    person::{Person, Request},
    process,
    server::{Engine, Ground, Server, Site},
    wire::{Answer, Wire},
};

/// The operator's address, and everybody's password.
const OPERATOR: &str = "operator@provider.example";
const PASSWORD: &str = "correct horse battery";

/// What the operator of a book may do here.
const PERMISSIONS: [&str; 25] = [
    "organizations.read",
    "organizations.create",
    "organizations.move",
    "catalog.read",
    "catalog.edit",
    "licenses.read",
    "licenses.issue",
    "licenses.sell",
    "licenses.redeem",
    "licenses.edit",
    "allocations.read",
    "allocations.set",
    "holders.read",
    "holders.edit",
    "assignments.read",
    "assignments.set",
    "imports.run",
    "prices.read",
    "prices.edit",
    "billing.edit",
    "invoices.read",
    "invoices.send",
    "mails.read",
    "jobs.read",
    "journal.read",
];

/// A book with a provider, its operator and one SKU, and the server that has it open.
pub struct Book {
    pub site: Site,
    /// None between a kill and the next start.
    server: Option<Server>,
    pub operator: Person,
    pub provider: String,
    pub sku: String,
}

impl Book {
    /// Starts a server on nothing and sets it up: the link, a session, a token, a catalog.
    pub async fn new(ground: &Ground, engine: Engine, name: &str) -> Result<Book> {
        Book::with(ground, engine, name, &[]).await
    }

    /// The same with other settings of the server.
    pub async fn with(
        ground: &Ground,
        engine: Engine,
        name: &str,
        settings: &'static [(&'static str, &'static str)],
    ) -> Result<Book> {
        let mut site = Site::new(ground, engine, name).await?;
        site.settings = settings;
        Book::at(site).await
    }

    /// The same at a place that was chosen before.
    pub async fn at(site: Site) -> Result<Book> {
        let mut server = site.start().await?;
        let link = server.link().await?;
        let form = [
            ("provider", "Provider"),
            ("name", "Olga Operator"),
            ("email", OPERATOR),
            ("password", PASSWORD),
        ];
        let operator = entered(server.address, &link, &form).await?;

        let found = operator.ask(&Request::get("/api/v1/organizations")).await?;
        let provider = text(&found.json()["items"][0]["id"])?;
        let product = json!({"code": "SEAT", "name": "Seat", "unit": "seat"});
        let product = text(&self::made(&operator, "/api/v1/products", &product).await?["id"])?;
        let sku = json!({"code": "SEAT-1", "name": "One seat", "product_id": product});
        let sku = text(&self::made(&operator, "/api/v1/skus", &sku).await?["id"])?;
        Ok(Book {
            site,
            server: Some(server),
            operator,
            provider,
            sku,
        })
    }

    /// Starts a server on the book after the one before is gone.
    pub async fn reopen(&mut self) -> Result<()> {
        let server = self.site.start().await?;
        self.operator.address = server.address;
        self.server = Some(server);
        Ok(())
    }

    /// Starts a server after so long a time that the operator's session may have ended.
    pub async fn reopen_later(&mut self) -> Result<()> {
        self.reopen().await?;
        sign_in(&mut self.operator, OPERATOR, PASSWORD).await
    }

    /// Ends the server and removes the book.
    pub async fn remove(mut self) -> Result<()> {
        drop(self.server.take());
        self.site.remove().await
    }

    /// Somebody new who holds a role at an organization: invited by the operator, in through the link.
    pub async fn member(&self, organization: &str, role: &str) -> Result<Person> {
        // A token of the operator's may do less than the operator, who invites.
        let inviter = Person {
            token: String::new(),
            ..self.operator.clone()
        };
        let email = format!("{role}-{organization}@provider.example");
        let body = json!({"email": email, "organization_id": organization, "role": role});
        let invited = made(&inviter, "/api/v1/invitations", &body).await?;
        let form = [("name", "Petra Person"), ("password", PASSWORD)];
        entered(self.operator.address, &text(&invited["link"])?, &form).await
    }

    /// The server's process.
    pub fn process(&self) -> Result<u32> {
        let server = self.server.as_ref().map(Server::process);
        server.ok_or_else(|| "no server is running".into())
    }

    /// What the kernel says of the server's memory, in KiB: `VmRSS` is now, `VmHWM` the most it ever was.
    pub fn memory_kib(&self, what: &str) -> Result<u64> {
        process::memory_kib(self.process()?, what)
    }

    /// Waits until the server has nothing more to do by itself: what was written past it is followed, counted and
    /// chained first, and would be measured with everything else.
    pub async fn rest(&self) -> Result<()> {
        process::rest(self.process()?).await
    }

    /// Gives the server away, to be killed.
    pub fn take_server(&mut self) -> Result<Server> {
        self.server
            .take()
            .ok_or_else(|| "no server is running".into())
    }

    /// What is off, where pools did not pass on so many units as were acknowledged.
    pub async fn passed_on(&self, pools: &[String], acknowledged: u64) -> Result<Option<String>> {
        let mut passed_on = 0;
        for pool in pools {
            let found = self.get(&format!("/api/v1/pools/{pool}")).await?;
            passed_on += number(&found["allocated"])?;
        }
        let off = passed_on.unsigned_abs() != acknowledged;
        Ok(off.then(|| format!("{acknowledged} units were acknowledged, {passed_on} went")))
    }

    /// A new customer below the provider.
    pub async fn customer(&self, name: &str) -> Result<String> {
        self.organization(&self.provider, "customer", name).await
    }

    /// A new organization of a kind below another.
    pub async fn organization(&self, parent: &str, kind: &str, name: &str) -> Result<String> {
        let body = json!({"parent_id": parent, "kind": kind, "name": name});
        text(&made(&self.operator, "/api/v1/organizations", &body).await?["id"])
    }

    /// A new license of the provider: its id and its pool's.
    pub async fn license(&self, name: &str, quantity: i64) -> Result<(String, String)> {
        let body = json!({"organization_id": self.provider, "sku_id": self.sku, "quantity": quantity, "name": name});
        let made = made(&self.operator, "/api/v1/licenses", &body).await?;
        Ok((text(&made["id"])?, text(&made["pool_id"])?))
    }

    /// A new user of the provider.
    pub async fn holder(&self, name: &str) -> Result<String> {
        let body = json!({"organization_id": self.provider, "name": name});
        text(&made(&self.operator, "/api/v1/holders", &body).await?["id"])
    }

    /// From here on licenses are issued of a product of which a holder may have any number of units.
    pub async fn sell_several_per_holder(&mut self) -> Result<()> {
        let product =
            json!({"code": "PORT", "name": "Port", "unit": "port", "many_per_holder": true});
        let product = made(&self.operator, "/api/v1/products", &product).await?;
        let sku = json!({"code": "PORT-1", "name": "One port", "product_id": product["id"]});
        self.sku = text(&made(&self.operator, "/api/v1/skus", &sku).await?["id"])?;
        Ok(())
    }

    /// One JSON answer of the API.
    pub async fn get(&self, path: &str) -> Result<Value> {
        Ok(self.operator.ask(&Request::get(path)).await?.json())
    }

    /// Every item of a list.
    pub async fn all(&self, path: &str) -> Result<Vec<Value>> {
        all(&self.operator, path).await
    }
}

/// Every item of a list, as this person sees it.
pub async fn all(person: &Person, path: &str) -> Result<Vec<Value>> {
    let (mut wire, mut items) = (Wire::to(person.address), Vec::new());
    let mut cursor = String::new();
    loop {
        let request = Request::get(format!("{path}limit=200{cursor}"));
        let mut page = person.over(&mut wire, &request).await?.json();
        if let Some(found) = page["items"].as_array_mut() {
            items.append(found);
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", crate::person::encoded(next)),
            None => return Ok(items),
        }
    }
}

/// Goes in by a link that works once, as whom the form says; with a token.
async fn entered(address: SocketAddr, link: &str, form: &[(&str, &str)]) -> Result<Person> {
    let mut person = Person::at(address);
    let path = link.trim_start_matches(&format!("http://{address}"));
    person.cookie = cookie(&person.ask(&Request::form(path, form)).await?)?;
    let token = json!({"name": "trials", "permissions": PERMISSIONS});
    let made = made(&person, "/api/v1/tokens", &token).await?;
    person.token = text(&made["token"])?;
    Ok(person)
}

/// Signs somebody in, whose cookie it is from then on.
pub async fn sign_in(person: &mut Person, email: &str, password: &str) -> Result<()> {
    let form = [("email", email), ("password", password)];
    person.cookie = cookie(&person.ask(&Request::form("/sign-in", &form)).await?)?;
    Ok(())
}

fn cookie(answer: &Answer) -> Result<String> {
    let cookie = answer.header("set-cookie");
    let cookie = cookie.and_then(|it| it.split(';').next());
    Ok(cookie.ok_or("no session was opened")?.to_owned())
}

/// Makes something as the operator; gives what the answer says of it.
pub async fn made(operator: &Person, path: &str, body: &Value) -> Result<Value> {
    Ok(operator
        .ask(&Request::json("POST", path, body))
        .await?
        .json())
}

/// A text in an answer.
pub fn text(value: &Value) -> Result<String> {
    let found = value.as_str().map(str::to_owned);
    found.ok_or_else(|| format!("a text is missing in an answer: {value}"))
}

/// A number in an answer.
pub fn number(value: &Value) -> Result<i64> {
    let found = value.as_i64();
    found.ok_or_else(|| format!("a number is missing in an answer: {value}"))
}
