//! Kinds of job that do what the tests need: add organizations, refuse, fail, crash, wait to be told.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use seatbook::{
    app::App,
    error::{Error, Kind as ErrorKind, Result},
    gate::{Command, Key, Tx},
    jobs::{Ended, Kind, NewJob, Work, enqueue},
    organizations::{
        commands::CreateOrganization,
        model::{Kind as OrganizationKind, OrganizationFacts},
    },
    scope::Permission,
};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::harness::{Person, TestApp};

/// Every kind there is in these tests.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "test.add",
        run: |app, work| Box::pin(add(app, work)),
    },
    Kind {
        name: "test.wait",
        run: |app, work| Box::pin(wait(app, work)),
    },
    Kind {
        name: "test.refuse",
        run: |_, _| {
            Box::pin(async { Err(Error::conflict("test.no", "Not today.").with("free", 3)) })
        },
    },
    Kind {
        name: "test.fail",
        run: |_, _| {
            Box::pin(async {
                Err(Error::new(
                    ErrorKind::Unavailable,
                    "test.down",
                    "It is down.",
                ))
            })
        },
    },
    Kind {
        name: "test.crash",
        run: |_, _| Box::pin(async { panic!("a test's panic") }),
    },
    Kind {
        name: "test.twin",
        run: |_, _| {
            Box::pin(async {
                Err(Error::conflict(
                    "idempotency.in_flight",
                    "Its twin is under way.",
                ))
            })
        },
    },
];

/// How often each job was begun, and by which ids it tells the tests where it is.
static BEGUN: Mutex<Option<HashMap<Uuid, usize>>> = Mutex::new(None);

/// How often a job was begun.
pub fn begun(id: Uuid) -> usize {
    let mut begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    begun
        .get_or_insert_default()
        .get(&id)
        .copied()
        .unwrap_or_default()
}

fn begin(id: Uuid) {
    let mut begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    *begun.get_or_insert_default().entry(id).or_default() += 1;
}

/// Words between a waiting job and its test.
pub struct Talk(pub broadcast::Sender<(Uuid, &'static str)>);

/// The one talk of all tests: ids tell them apart.
pub fn talk() -> &'static Talk {
    static TALK: std::sync::LazyLock<Talk> =
        std::sync::LazyLock::new(|| Talk(broadcast::channel(4_096).0));
    &TALK
}

/// Ends when `word` was said about `id`.
pub async fn heard(mut ear: broadcast::Receiver<(Uuid, &'static str)>, id: Uuid, word: &str) {
    loop {
        match ear.recv().await {
            Ok(said) if said == (id, word) => return,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => panic!("nobody talks any more"),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub parent_id: Uuid,
    pub names: Vec<String>,
}

/// Adds one organization a step.
async fn add(app: App, work: Work) -> Result<Ended> {
    begin(work.id);
    let plan: Plan = work.payload()?;
    let total = plan.names.len() as i64;
    for (number, name) in plan.names.iter().enumerate() {
        step(&app, &work, (&plan, name)).await?;
        work.progress(number as i64 + 1, total).await?;
    }
    Ok(Ended::done("All added.")
        .figure("Organizations", total.to_string())
        .link("Open organizations", "/organizations"))
}

async fn step(app: &App, work: &Work, (plan, name): (&Plan, &str)) -> Result<()> {
    let facts = OrganizationFacts {
        name: name.into(),
        ..OrganizationFacts::default()
    };
    let command = CreateOrganization {
        parent_id: plan.parent_id,
        kind: OrganizationKind::Customer,
        facts,
    };
    app.gate
        .submit(&work.caller, work.key(name), command)
        .await?;
    Ok(())
}

/// Adds the first, says so, waits to be told to go on, and adds the others from where it stopped.
async fn wait(app: App, work: Work) -> Result<Ended> {
    begin(work.id);
    let plan: Plan = work.payload()?;
    let done: usize = work.cursor()?.unwrap_or_default();
    let ear = talk().0.subscribe();
    let first = plan.names.first().map_or("first", String::as_str);
    step(&app, &work, (&plan, first)).await?;
    if done == 0 {
        let _ = talk().0.send((work.id, "waiting"));
        heard(ear, work.id, "go on").await;
    }
    if work.canceled().await? {
        return Ok(Ended::canceled("Stopped after 1 of 2."));
    }
    for name in plan.names.iter().skip(1) {
        step(&app, &work, (&plan, name)).await?;
        work.save_cursor(&1, 2, 2).await?;
    }
    Ok(Ended::done("Both added."))
}

/// A command as rooms have it: it changes something and hands in a job for the rest.
#[derive(Clone, Debug, Serialize)]
pub struct HandIn {
    pub kind: &'static str,
    pub title: String,
    pub plan: Plan,
    /// Refuses after all.
    pub refuse: bool,
}

impl Command for HandIn {
    const NAME: &'static str = "test.hand_in";
    type Outcome = Uuid;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Uuid> {
        tx.require(Permission::JobsEdit, self.plan.parent_id)
            .await?;
        let new = NewJob {
            kind: self.kind,
            title: self.title.clone(),
            payload: serde_json::to_value(&self.plan)?,
            organization_id: self.plan.parent_id,
            rows_total: self.plan.names.len() as i64,
        };
        let id = enqueue(tx, new).await?;
        if self.refuse {
            return Err(Error::conflict("test.after_all_not", "After all not."));
        }
        Ok(id)
    }
}

impl TestApp {
    /// Hands a job in for somebody; its plan adds organizations of these names.
    pub async fn hand_in(
        &self,
        person: &Person,
        kind: &'static str,
        (at, names): (Uuid, &[&str]),
    ) -> Uuid {
        let plan = Plan {
            parent_id: at,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let command = HandIn {
            kind,
            title: format!("Job {}", names.first().unwrap_or(&"of nothing")),
            plan,
            refuse: false,
        };
        let caller = self.caller(person).await;
        let key = Key::mint().expect("random");
        let done = self.app.gate.submit(&caller, key, command).await;
        done.expect("handed in").outcome
    }

    /// Does what is due, until nothing is.
    pub async fn run_jobs(&self) {
        seatbook::jobs::run_until_idle(&self.app, KINDS)
            .await
            .expect("jobs run");
    }

    pub async fn job(&self, id: Uuid) -> serde_json::Value {
        self.operator
            .get(&format!("/api/v1/jobs/{id}"))
            .await
            .expect(200)
    }

    /// How many organizations there are but the provider.
    pub async fn added(&self) -> usize {
        let body = self
            .operator
            .get("/api/v1/organizations?limit=200")
            .await
            .expect(200);
        body["items"].as_array().expect("items").len() - 1
    }
}
