//! What caches may keep: of everything that has somebody's data in it, nothing.
//!
//! Every operation and every address of the console is asked as somebody who may and as nobody; each answer says
//! `no-store`. One that depends on another header than the credential says so in `Vary`, for whoever keeps it all the
//! same. Credentials need not be named there: what is not stored is given to nobody else.

use reqwest::{
    Method,
    header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY},
};
use serde_json::json;

use super::{book::Book, operation::Operation, pages, settle, tries};
use crate::{
    both_engines,
    harness::{Answer, Browser, send},
};

const CHECK: &str = "kept";

/// Addresses with nobody's data, which caches are welcome to keep; and a calendar, whose address is its credential:
/// its reader keeps it for a quarter of an hour, privately.
const MAY_BE_KEPT: [&str; 3] = ["/assets/{file}", "/calendars/{file}", "/favicon.ico"];

/// Addresses that are not asked for: what stands in them is no id of the book, but the name of a file, which has nobody's
/// data, or a secret, which the book keeps as its hash.
const NOT_FILLED: [&str; 3] = [
    "/imports/samples/{file}",
    "/reset/{token}",
    "/set-up/{token}",
];

both_engines! {
    /// No answer of an operation stays in a cache.
    async fn operations_leave_nothing_in_caches(app: TestApp) {
        let book = Book::write(&app).await;
        let (mut complaints, mut tried) = (Vec::new(), 0);
        for operation in Operation::all(&book.document) {
            tried += 1;
            for (who, answer) in [("whoever may", tries::shown(&book, &operation).await), ("nobody", tries::as_nobody(&book, &operation).await)] {
                complaints.extend(wrong(&answer).map(|what| operation.complain(CHECK, format!("{who}: {what}"))));
            }
            if operation.method == Method::GET && !operation.path.ends_with("/events") {
                let path = tries::path_of_theirs(&book, &operation).unwrap_or_default();
                let request = book.privileged(&operation).request(Method::GET, &path);
                let packed = send(request.header(ACCEPT_ENCODING, "gzip")).await;
                complaints.extend(wrong(&packed).map(|what| operation.complain(CHECK, format!("packed: {what}"))));
            }
        }
        let left = settle(complaints, &[CHECK]);
        println!("{}", json!({"name": "strangers: caches", "engine": format!("{:?}", app.engine).to_lowercase(),
            "tried": tried, "wrong": left.len(), "command": "cargo xtask test strangers --no-capture"}));
        assert!(left.is_empty(), "\n\n{}\n\n{} to mend\n", left.join("\n"), left.len());
        app.end().await;
    }
}

both_engines! {
    /// No page does either, nor what is sent to somebody who is not signed in.
    async fn pages_leave_nothing_in_caches(app: TestApp) {
        let book = Book::write(&app).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let nobody = Browser::new(app.address);
        let mut left = Vec::new();
        for route in pages::answering("get(") {
            let route_is_in = |list: &[&str]| list.contains(&route.as_str());
            if route_is_in(&MAY_BE_KEPT) || route_is_in(&NOT_FILLED) || route.ends_with("/events") {
                continue;
            }
            let Some(path) = pages::theirs(&book, &route) else {
                left.push(format!("{route}: nobody knows whose id this is: add it to SEGMENTS in strangers/pages.rs, or to NOT_FILLED in strangers/kept.rs"));
                continue;
            };
            let page = browser.get(&path).await;
            let part = send(browser.request(Method::GET, &path).header("x-fragment", "1")).await;
            let packed = send(browser.request(Method::GET, &path).header(ACCEPT_ENCODING, "gzip")).await;
            let html = page.headers.get(CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(b"text/html"));
            if html && page.text.len() != part.text.len() && !varies(&page, "x-fragment") {
                left.push(format!("{route}: a part of the page is not the page, and Vary does not say so"));
            }
            for (who, answer) in [("somebody", page), ("the module", part), ("packed", packed), ("nobody", nobody.get(&path).await)] {
                left.extend(wrong(&answer).map(|what| format!("{route}, {who}: {what}")));
            }
        }
        assert!(left.is_empty(), "\n\n{}\n\n{} to mend\n", left.join("\n"), left.len());
        app.end().await;
    }
}

/// What is wrong with the headers of an answer.
fn wrong(answer: &Answer) -> Option<String> {
    let kept = answer.headers.get(CACHE_CONTROL);
    if kept.is_none_or(|it| it.as_bytes() != b"no-store") {
        return Some(format!("{} may be kept: {kept:?}", answer.status));
    }
    let packed = answer.headers.contains_key(CONTENT_ENCODING);
    (packed && !varies(answer, "accept-encoding"))
        .then(|| "it is packed, and Vary does not say so".to_owned())
}

fn varies(answer: &Answer, header: &str) -> bool {
    let all = answer.headers.get_all(VARY).iter();
    let mut names = all
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','));
    names.any(|name| name.trim().eq_ignore_ascii_case(header))
}
