//! Foreign ids outside of paths: in bodies, their nested rows, and behind the question mark.
//!
//! Every place for an id that the document has is tried in a request that is good otherwise, by somebody who may do
//! everything at a partner and below: with the id of a thing of the partner beside it, of a customer beside it, of its
//! parent, and with one that nobody has. All of them get the same answer to the byte, and nothing changes. What is
//! everybody's to read, the catalog, has no foreign ids: there the one that nobody has is refused.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Complaint,
    book::SECRET,
    digest,
    family::Family,
    good::{self, Good},
    operation::Operation,
    sample::Sampler,
    settle,
    spots::{self, Spot},
    things::SHARED,
    tries::{plain, with_body},
};
use crate::{
    both_engines,
    harness::{Answer, Person, random_id, send},
};

const CHECK: &str = "ids";

/// What offers no preview, as a try counts: it is done when all is tried.
const UNSEEN: [&str; 1] = ["activation_redeem"];

both_engines! {
    /// An id that is not one's own is one that nobody has, wherever it stands.
    async fn ids_outside_of_paths_lead_nowhere(app: TestApp) {
        let document = app.operator.get("/api/v1/openapi.json").await.expect(200);
        let family = Family::write(&app).await;
        let requests = requests(&document, &family, &app.operator);
        let mut complaints = Vec::new();
        for request in &requests {
            complaints.extend(request.is_good().await);
        }
        let (mut found, mut tried, mut sent) = (0, 0, 0);
        let mut before = digest::of(&app).await;
        for operation in Operation::all(&document) {
            let spots = spots::of(&document, &operation);
            found += spots.len();
            for spot in &spots {
                let request = requests.iter().find(|it| it.operation.id == operation.id && it.holds(spot));
                let Some(request) = request else {
                    let what = format!("{} is not tried: add a good request to strangers/good.rs", spot.place());
                    complaints.push(operation.complain(CHECK, what));
                    continue;
                };
                match request.with_others(spot, &family).await {
                    Ok((count, wrong)) => {
                        (tried, sent) = (tried + 1, sent + count);
                        complaints.extend(wrong);
                    }
                    Err(what) => complaints.push(operation.complain(CHECK, what)),
                }
            }
            if !spots.is_empty() {
                let after = digest::of(&app).await;
                let changed = before.differences(&after).into_iter();
                complaints.extend(changed.map(|table| operation.complain(CHECK, format!("table {table} changed"))));
                before = after;
            }
        }
        for request in requests.iter().filter(|it| UNSEEN.contains(&it.operation.id.as_str())) {
            complaints.extend(request.is_done().await);
        }
        let left = settle(complaints, &[CHECK]);
        println!("{}", json!({"name": "strangers: ids outside of paths", "engine": format!("{:?}", app.engine).to_lowercase(),
            "tried": found, "wrong": left.len(), "requests": sent, "command": "cargo xtask test strangers --no-capture"}));
        assert!(left.is_empty(), "\n\n{}\n\n{} to mend\n", left.join("\n"), left.len());
        assert_eq!(tried, found, "every place for an id is tried");
        app.end().await;
    }
}

/// A request that is good until an id is exchanged.
struct Request<'a> {
    operation: Operation,
    person: &'a Person,
    path: String,
    /// What stands behind the question mark: one request for each parameter that may be left out.
    query: Vec<(String, String)>,
    body: Option<Value>,
}

/// The good requests of all operations that have a place for an id.
fn requests<'a>(document: &Value, family: &'a Family, operator: &'a Person) -> Vec<Request<'a>> {
    let (partner, provider) = (good::requests(family), good::of_the_provider(family));
    let mut requests = Vec::new();
    for operation in Operation::all(document) {
        let written = |goods: &[Good], person: &'a Person| -> Vec<Request<'a>> {
            let mine = goods.iter().filter(|it| it.operation == operation.id);
            let request = |it: &Good| Request {
                operation: operation.clone(),
                person,
                path: path(&operation, family, it.at),
                query: Vec::new(),
                body: Some(it.body.clone()),
            };
            mine.map(request).collect()
        };
        requests.extend(written(&partner, &family.boss));
        requests.extend(written(&provider, operator));
        requests.extend(asked(document, &operation, family));
    }
    requests
}

/// Its path with an id of the family.
fn path(operation: &Operation, family: &Family, at: Option<Uuid>) -> String {
    let usual = || match operation.path.contains("/organizations/") {
        true => family.of("customer"),
        false => family.of("pool"),
    };
    let id = at.unwrap_or_else(usual);
    operation.path.replace("{id}", &id.to_string())
}

/// For each parameter that holds an id: the request with it and with what is required.
fn asked<'a>(document: &Value, operation: &Operation, family: &'a Family) -> Vec<Request<'a>> {
    let ids = |name: &str| family.id_for(name).ok_or_else(|| name.to_owned());
    let sampler = Sampler {
        document,
        ids: &ids,
        whole: false,
    };
    let spots = spots::of(document, operation).into_iter();
    let query = |spot: Spot| {
        let wanted = operation.parameters().filter(|it| {
            it["in"] == "query" && (it["required"] == true || it["name"] == *spot.name)
        });
        let pairs = wanted.map(|it| {
            let name = it["name"].as_str().unwrap_or_default();
            let value = sampler.value(&it["schema"], name).unwrap_or_default();
            let text = value.as_str().map(str::to_owned);
            (name.to_owned(), text.unwrap_or_else(|| value.to_string()))
        });
        Request {
            operation: operation.clone(),
            person: &family.boss,
            path: path(operation, family, None),
            query: pairs.collect(),
            body: None,
        }
    };
    let in_query = spots.filter(|spot| spot.pointer.is_none());
    in_query.map(query).collect()
}

impl Request<'_> {
    /// Whether it has an id at this place.
    fn holds(&self, spot: &Spot) -> bool {
        match (&spot.pointer, &self.body) {
            (Some(pointer), Some(body)) => body.pointer(pointer).is_some_and(Value::is_string),
            (None, None) => self.query.iter().any(|(name, _)| *name == spot.name),
            _ => false,
        }
    }

    /// Whether it would be done as it is. A file is taken, which is its own preview.
    async fn is_good(&self) -> Option<Complaint> {
        if UNSEEN.contains(&self.operation.id.as_str()) {
            return None;
        }
        let request = self.build(&self.query, self.body.as_ref());
        self.proven(match self.operation.has_preview() {
            true => request.query(&[("preview", "true")]),
            false => request,
        })
        .await
    }

    /// Does it.
    async fn is_done(&self) -> Option<Complaint> {
        self.proven(self.build(&self.query, self.body.as_ref()))
            .await
    }

    async fn proven(&self, request: RequestBuilder) -> Option<Complaint> {
        let answer = send(request).await;
        (!answer.status.is_success()).then(|| {
            let sent = self.body.as_ref().map(Value::to_string);
            let what = format!(
                "whoever may is answered {}, so nothing is proven: {}\n    {:?} {}",
                answer.status,
                answer.text,
                self.query,
                sent.unwrap_or_default()
            );
            self.operation.complain(CHECK, what)
        })
    }

    /// Exchanges one id for those of others and for one that nobody has: how many were sent, and what is wrong.
    async fn with_others(
        &self,
        spot: &Spot,
        family: &Family,
    ) -> Result<(usize, Vec<Complaint>), String> {
        let segment = spot.segment()?;
        let random = random_id();
        let nobodys = self.ask(spot, random).await;
        let mut wrong = self.effect(spot, ("nobody", &nobodys));
        let mut sent = 1;
        if SHARED.contains(&segment) {
            return Ok((sent, wrong));
        }
        for (whose, things) in &family.others {
            let Some(foreign) = things.get(segment) else {
                continue;
            };
            let theirs = self.ask(spot, *foreign).await;
            sent += 1;
            wrong.extend(self.effect(spot, (*whose, &theirs)));
            let (one, other) = (told(&theirs, *foreign), told(&nobodys, random));
            if one != other {
                let what = format!(
                    "{} of {whose}: {} {}\n    random: {} {}",
                    spot.place(),
                    theirs.status,
                    theirs.text,
                    nobodys.status,
                    nobodys.text
                );
                wrong.push(self.operation.complain(CHECK, what));
            }
        }
        match sent {
            1 => Err(format!(
                "nobody else has anything behind `/{segment}/{{id}}`: write one in strangers/family.rs"
            )),
            _ => Ok((sent, wrong)),
        }
    }

    /// Nothing was done, and nothing of others was told.
    fn effect(&self, spot: &Spot, (whose, answer): (&str, &Answer)) -> Vec<Complaint> {
        let reads =
            self.operation.method == Method::GET || self.operation.id == "entitlements_check_many";
        let mut wrong = Vec::new();
        let mut complain = |what: &str| {
            let what = format!(
                "{} of {whose} {what}: {} {}",
                spot.place(),
                answer.status,
                answer.text
            );
            wrong.push(self.operation.complain(CHECK, what));
        };
        if answer.status.is_server_error() || !reads && answer.status.is_success() {
            complain("is not refused");
        }
        if answer.text.contains(SECRET) {
            complain("is told of");
        }
        wrong
    }

    async fn ask(&self, spot: &Spot, id: Uuid) -> Answer {
        let (mut query, mut body) = (self.query.clone(), self.body.clone());
        match &spot.pointer {
            Some(pointer) => {
                let place = body.as_mut().and_then(|body| body.pointer_mut(pointer));
                *place.expect("it holds one") = json!(id);
            }
            None => {
                for (name, value) in &mut query {
                    if *name == spot.name {
                        *value = id.to_string();
                    }
                }
            }
        }
        send(self.build(&query, body.as_ref())).await
    }

    fn build(&self, query: &[(String, String)], body: Option<&Value>) -> RequestBuilder {
        let method = self.operation.method.clone();
        let request = self.person.request(method, &self.path).query(query);
        match (self.operation.body(), body) {
            (Some((media, _)), Some(body)) => with_body(request, media, body),
            _ => request,
        }
    }
}

/// An answer, but for the id that was sent.
fn told(answer: &Answer, id: Uuid) -> (u16, Vec<(String, Vec<u8>)>, String) {
    let (status, headers, text) = plain(answer);
    (status, headers, text.replace(&id.to_string(), "{id}"))
}
