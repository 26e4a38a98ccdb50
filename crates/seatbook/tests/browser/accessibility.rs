//! Every page of the console, asked by axe: light, dark and on a phone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    axe::{self, Rules},
    harness::Engine,
    stage::Stage,
    visitor::{Look, Visitor},
};

/// Links to pages from the page that is open.
const LINKS: &str = "return [...new Set([...document.querySelectorAll('a[href]')].filter(link => link.origin === location.origin)
    .map(link => link.pathname + link.search))]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_every_page() {
    let stage = Stage::demo(Engine::Sqlite).await;
    let ingrid = stage.demo_person("ingrid@norvik.example", Look::Light).await;
    let mut pages = BTreeMap::new();
    let mut open = VecDeque::from(["/".to_owned()]);
    let mut trouble = Vec::new();
    let axe = axe::source();
    while let Some(path) = open.pop_front() {
        let shape = shape_of(&path);
        if pages.contains_key(&shape) {
            continue;
        }
        ingrid.opens(&path).await;
        for link in ingrid.runs(LINKS).await.as_array().expect("links") {
            open.push_back(link.as_str().expect("a link").to_owned());
        }
        println!("{shape}");
        trouble.extend(ask(&ingrid, &axe, &path).await);
        pages.insert(shape, path);
    }
    for line in &trouble { println!("{line}"); }
    let seen: BTreeSet<&String> = pages.keys().collect();
    println!("{seen:?}");
    assert!(trouble.is_empty());
    drop(ingrid);
    stage.end().await;
}

async fn ask(visitor: &Visitor, axe: &str, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (look, rules) in [(Look::Light, Rules::All), (Look::Dark, Rules::Colours), (Look::Phone, Rules::Shape)] {
        visitor.looks(look).await;
        let lines = axe::complaints(visitor, axe, rules).await;
        found.extend(lines.iter().map(|line| format!("{path} ({look:?}): {line}")));
    }
    visitor.looks(Look::Light).await;
    found
}

/// The route of a path: ids are all alike, and so are queries.
fn shape_of(path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path);
    let part = |part: &str| if uuid::Uuid::parse_str(part).is_ok() { "{id}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
