//! Schemathesis: a program that reads the API's document and makes up requests, right ones and wrong ones, as each of the
//! demo's people and as nobody. No answer is of a 5xx kind, and each is one that the document knows.

use std::{collections::BTreeSet, fs, path::Path, process::Command, time::Instant};

use serde_json::{Value, json};

use super::{Measure, Tally, Trial};
use crate::{
    Result,
    book::{made, sign_in, text},
    person::{Person, Request},
    server::{Ground, Server, Site, await_listener, output},
};

/// Somebody of each built-in role in the demo's book. Who may least goes first: the others change more.
const PEOPLE: [(&str, &str); 6] = [
    ("nobody", ""),
    ("reader", "aino@norvik.example"),
    ("customer administrator", "lena@aurora-hospitals.example"),
    ("account manager", "piotr@norvik.example"),
    ("partner administrator", "jonas@nordlicht.example"),
    ("operator", "ingrid@norvik.example"),
];
/// The demo's one password.
const PASSWORD: &str = "seatbook-demo";
/// What every answer is held to. Whether a rule refuses rightly is what our own tests ask.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance";
/// By which it names an answer of a 5xx kind.
const SERVER_ERROR: &str = "ST101";
/// Seconds until the demo's book is told, by an unoptimised server on a busy machine.
const TOLD_SECONDS: u64 = 300;

/// Each round is a book of its own, and other choices.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let Some(program) = &ground.schemathesis else {
        return Ok(Tally::not_run("schemathesis is not installed"));
    };
    let mut found = Found::default();
    for round in trial.from..=trial.rounds {
        let name = format!("schemathesis-{round}");
        let mut site = Site::new(ground, trial.engine, &name).await?;
        site.is_demo = true;
        let server = open(&site).await?;
        for (role, email) in PEOPLE {
            let person = signed_in(&server, email).await?;
            let report = ground
                .scratch
                .join(format!("{name}-{}.json", trial.engine.as_str()));
            ask(program, &person, &report, (trial, round)).await?;
            found.read(role, &report)?;
        }
        found.wrong.extend(site.verify().await?);
        found.wrong.extend(site.panics());
    }
    let failures = (found.failures.len() as f64, "operations");
    Ok(Tally {
        tried: found.tried,
        wrong: found.wrong,
        figures: vec![("people", PEOPLE.len() as u64)],
        measures: vec![
            Measure::exactly("operations that answered 5xx", failures, 0.0),
            Measure::at_least("requests", (found.tried as f64, "requests"), 1_000.0),
        ],
        ..Tally::default()
    })
}

/// A server whose book is the demo's.
async fn open(site: &Site) -> Result<Server> {
    let server = site.spawn()?;
    let begun = Instant::now();
    loop {
        match await_listener(server.address).await {
            Ok(()) => return Ok(server),
            Err(why) if begun.elapsed().as_secs() > TOLD_SECONDS => return Err(why),
            Err(_) => {}
        }
    }
}

/// Somebody with a token of all that they may do.
async fn signed_in(server: &Server, email: &str) -> Result<Person> {
    let mut person = Person::at(server.address);
    if email.is_empty() {
        return Ok(person);
    }
    sign_in(&mut person, email, PASSWORD).await?;
    let document = person.ask(&Request::get("/api/v1/openapi.json")).await?;
    let document = document.json();
    let permissions = &document["components"]["schemas"]["Permission"]["enum"];
    let token = json!({"name": "schemathesis", "permissions": permissions});
    person.token = text(&made(&person, "/api/v1/tokens", &token).await?["token"])?;
    Ok(person)
}

async fn ask(
    program: &Path,
    person: &Person,
    report: &Path,
    (trial, round): (Trial, u64),
) -> Result<()> {
    let base = format!("http://{}", person.address);
    let mut command = Command::new(program);
    command
        .args([
            "run",
            &format!("{base}/api/v1/openapi.json"),
            "--url",
            &base,
        ])
        .args(["--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--suppress-health-check", "all"])
        .args(["--max-examples", &trial.examples.to_string()])
        // It takes no larger ones.
        .args(["--seed", &((trial.seed ^ round) % (1 << 32)).to_string()])
        .args(["--continue-on-failure", "--no-shrink", "--report", "json"])
        .arg("--report-json-path")
        .arg(report);
    if !person.token.is_empty() {
        command.args(["-H", &format!("Authorization: Bearer {}", person.token)]);
    }
    if let Some(folder) = report.parent() {
        command.current_dir(folder);
    }
    let done = output(command).await?;
    // It ends with 1 where it has found something, which the report tells; with more where it did not run.
    match done.status.code() {
        Some(0 | 1) => Ok(()),
        _ => Err(String::from_utf8_lossy(&done.stdout).into_owned()),
    }
}

/// What it has found.
#[derive(Default)]
struct Found {
    tried: u64,
    /// Operations that answered 5xx.
    failures: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Found {
    fn read(&mut self, role: &str, report: &Path) -> Result<()> {
        let told = fs::read_to_string(report).map_err(|e| format!("{}: {e}", report.display()))?;
        let told: Value = serde_json::from_str(&told).map_err(|e| e.to_string())?;
        self.tried += told["test_cases"]["generated"].as_u64().unwrap_or_default();
        if told["complete"] != true || told["operations"]["errored"] != 0 {
            let why = &told["errors"];
            self.wrong
                .push(format!("as {role}, not all was tried: {why}"));
        }
        for failure in told["failures"].as_array().into_iter().flatten() {
            let operations = failure["operations"].as_array().into_iter().flatten();
            let operations: Vec<&str> = operations.filter_map(Value::as_str).collect();
            if failure["code"] == SERVER_ERROR {
                self.failures
                    .extend(operations.iter().map(|&it| it.to_owned()));
            }
            let title = failure["title"].as_str().unwrap_or_default();
            let places = operations.join(", ");
            self.wrong.push(format!("as {role}: {title}: {places}"));
        }
        Ok(())
    }
}
