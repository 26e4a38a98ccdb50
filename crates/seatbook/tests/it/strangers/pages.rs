//! The console's addresses: pages, files, forms, tried by the administrator of a foreign organization.

use reqwest::Method;
use uuid::Uuid;

use super::{
    book::{Book, SECRET, find},
    digest,
};
pub use crate::routes::answering;
use crate::{
    both_engines,
    harness::{Answer, Browser, random_id, send},
};

/// Words in addresses, and whose ids follow them.
const SEGMENTS: [(&str, &str); 9] = [
    ("/catalog/plans/{id}", "service-plans"),
    ("/people/invitations/{id}", "invitations"),
    ("/people/{id}", "memberships"),
    ("/portal/requests/{id}", "unit-requests"),
    ("/sales/redemptions/{id}", "redemption-requests"),
    ("/sales/requests/{id}", "unit-requests"),
    ("/sales/{id}", "licenses"),
    ("{organization_id}", "organizations"),
    ("{license_id}", "licenses"),
];

/// What is decided behind `{decision}`.
const DECISIONS: [&str; 14] = [
    "approve",
    "credit",
    "delete",
    "give",
    "pause",
    "reactivate",
    "refuse",
    "remove",
    "renew",
    "resume",
    "revoke",
    "suspend",
    "terminate",
    "unsubscribe",
];

/// Of the one reader at the provider.
const SESSION: &str = "SELECT s.id FROM session s JOIN membership m ON m.person_id = s.person_id
    JOIN organization_node n ON n.id = m.organization_id WHERE n.parent_id IS NULL AND m.role = 'reader'";

both_engines! {
    /// What a foreigner is shown and told of a thing is what they are told of one that nobody has, and no form of theirs
    /// does anything to it.
    async fn pages_of_others_are_not_there(app: TestApp) {
        let book = Book::write(&app).await;
        let elsewhere = app.organization(app.provider, "partner", "Foreign").await;
        let (browser, _) = app.browser_of(elsewhere, "partner_administrator").await;
        browser.get("/").await.page(200);
        let (signed_in, _) = app.browser_of(app.provider, "reader").await;
        let session = find(&app, SESSION).await.expect("a session");
        let (mut left, mut tried) = (Vec::new(), 0);
        let before = digest::of(&app).await;
        for (method, how) in [(Method::GET, "get("), (Method::POST, "post(")] {
            for route in answering(how).iter().filter(|route| route.contains("id}")) {
                for decision in decisions(route) {
                    let route = route.replace("{decision}", decision);
                    let random = random_id();
                    let (Some(theirs), Some(nobodys)) = (filled(&route, |segment| match segment {
                        "sessions" => Some(session),
                        segment => book.thing(segment).ok(),
                    }), filled(&route, |_| Some(random))) else {
                        left.push(format!("{route}: nobody knows whose id this is: add it to SEGMENTS in strangers/pages.rs"));
                        continue;
                    };
                    tried += 1;
                    let one = ask(&browser, &method, &theirs).await;
                    let other = ask(&browser, &method, &nobodys).await;
                    if one.text.contains(SECRET) || one.status.is_server_error() {
                        left.push(format!("{method} {theirs}: {} {}", one.status, one.text));
                    }
                    let shared = route.starts_with("/catalog/");
                    if !shared && (one.status.is_success() || told(&one, &theirs) != told(&other, &nobodys)) {
                        left.push(format!("{method} {route}: {} and {}\n    {}\n    {}", one.status, other.status, one.text, other.text));
                    }
                }
            }
        }
        let changed = before.differences(&digest::of(&app).await);
        println!("{}", serde_json::json!({"name": "strangers: pages", "engine": format!("{:?}", app.engine).to_lowercase(),
            "tried": tried, "wrong": left.len(), "command": "cargo xtask test strangers --no-capture"}));
        assert!(left.is_empty(), "\n\n{}\n\n{} to mend\n", left.join("\n"), left.len());
        assert!(changed.is_empty(), "tables changed: {changed:?}");
        signed_in.get("/account").await.page(200);
        app.end().await;
    }
}

async fn ask(browser: &Browser, method: &Method, path: &str) -> Answer {
    let request = browser.request(method.clone(), path);
    match *method {
        Method::POST => send(request.form(&[("note", "Sample")])).await,
        _ => send(request).await,
    }
}

/// The words that may stand behind `{decision}`, or nothing where there is none.
fn decisions(route: &str) -> &'static [&'static str] {
    match route.contains("{decision}") {
        true => &DECISIONS,
        false => &[""],
    }
}

/// The address of a thing in the book; none where it has a secret or a name instead of an id.
pub fn theirs(book: &Book, route: &str) -> Option<String> {
    filled(route, |segment| book.thing(segment).ok())
}

/// A route with ids in it.
fn filled(route: &str, thing: impl Fn(&str) -> Option<Uuid>) -> Option<String> {
    let mut path = route
        .replace("{decision}", DECISIONS[0])
        .replace("{kind}", "pdf");
    while let Some(start) = path.find('{') {
        let end = start + path[start..].find('}')?;
        let so_far = &path[..=end];
        let known = SEGMENTS.iter().find(|(words, _)| so_far.ends_with(words));
        let before = path[..start].trim_end_matches('/').rsplit('/').next()?;
        let segment = known.map_or(before, |(_, segment)| segment);
        let id = thing(segment)?;
        path.replace_range(start..=end, &id.to_string());
    }
    Some(path)
}

/// An answer without the address that was asked for, and without the number of the request, which people are told.
fn told(answer: &Answer, path: &str) -> (u16, String) {
    let number = answer.headers.get("x-request-id");
    let number = number.and_then(|it| it.to_str().ok());
    let mut text = answer.text.replace(path, "{path}");
    text = text.replace(number.unwrap_or("{id}"), "{number}");
    for id in path.split('/').filter(|part| part.len() == 36) {
        text = text.replace(id, "{id}");
    }
    (answer.status.as_u16(), text)
}
