//! Which pages there are: every route that answers GET, read from the sources, so that none is forgotten.

use std::{fs, path::Path};

/// Routes that answer GET with something else than a page: parts of pages, files, streams, ways on. The page for
/// the code of a second factor is the sign-in's with one field, and shows itself to nobody else.
const NO_PAGES: [&str; 34] = [
    "/api/v1/openapi.json",
    "/assets/{file}",
    "/calendars/{file}",
    "/catalog/plans/options",
    "/catalog/skus/options",
    "/configuration",
    "/exports/{id}/file",
    "/favicon.ico",
    "/holders/options",
    "/imports/samples/{file}",
    "/imports/{id}/result.csv",
    "/imports/{id}/result.xlsx",
    "/invoices/{id}/documents/{kind}",
    "/jobs/{id}/events",
    "/licenses/assign",
    "/licenses/new/preview",
    "/licenses/{id}/customers/new/preview",
    "/mails/{id}/attachments/{attachment_id}",
    "/mails/{id}/html",
    "/livez",
    "/metrics",
    "/organizations/options",
    "/organizations/{id}/co-term/preview",
    "/organizations/{id}/licenses/assign/preview",
    "/organizations/{id}/licenses/plans",
    "/organizations/{id}/move/preview",
    "/plan-subscriptions/{id}/change/preview",
    "/readyz",
    "/rollouts/customers",
    "/rollouts/plans",
    "/sign-in/code",
    "/subscriptions/{id}/change/preview",
    "/subscriptions/{id}/next-term/preview",
    "/workbooks/{id}/file",
];

/// Every route that answers GET with a page.
pub fn pages() -> Vec<String> {
    let mut found = answering("get(");
    found.retain(|route| !NO_PAGES.contains(&route.as_str()) && !route.ends_with("/tenants"));
    found
}

/// Every route that names this way of being asked, such as `get(`.
pub fn answering(how: &str) -> Vec<String> {
    let mut found = Vec::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    gather(&sources, how, &mut found);
    found.sort();
    assert!(found.len() > 40, "the sources were read: {found:?}");
    found
}

/// The route that answers a path: of two that fit, the one with more words of its own.
pub fn of<'a>(path: &str, routes: &'a [String]) -> Option<&'a String> {
    let path = path.split('?').next().unwrap_or(path);
    let fits = |route: &&String| {
        let (mut asked, mut offered) = (path.split('/'), route.split('/'));
        let same = asked
            .by_ref()
            .zip(offered.by_ref())
            .all(|(word, part)| part.starts_with('{') || word == part);
        same && path.split('/').count() == route.split('/').count()
    };
    routes
        .iter()
        .filter(fits)
        .min_by_key(|route| route.matches('{').count())
}

fn gather(folder: &Path, how: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, how, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            let routes = text.split(".route(").skip(1);
            found.extend(routes.filter_map(|rest| answers(rest, how)));
        }
    }
}

/// The route of what stands behind `.route(`, if it is asked so.
fn answers(rest: &str, how: &str) -> Option<String> {
    let (route, handlers) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    let handlers = handlers.split(['}', ';']).next()?;
    handlers.contains(how).then(|| route.to_owned())
}
