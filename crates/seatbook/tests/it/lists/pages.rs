//! The licenses page: its pages, its counts, and what it says where a list is long.

use crate::{both_engines, harness::Browser};

/// More than a list counts.
const UNCOUNTED: usize = 10_050;

/// The licenses on a page, in order.
fn rows(page: &str) -> Vec<String> {
    let boxes = page.split("name=\"id\" value=\"").skip(1);
    boxes
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}

/// Where the link to a neighbouring page leads.
fn link(page: &str, rel: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("rel=\"{rel}\""))?;
    let (_, href) = before.rsplit_once("href=\"")?;
    let href = href.split_once('"')?.0;
    Some(href.replace("&amp;", "&").replace("&#38;", "&"))
}

/// The pages from one address on.
async fn pages(browser: &Browser, from: String, rel: &str) -> Vec<(String, Vec<String>)> {
    let (mut seen, mut path) = (Vec::new(), Some(from));
    while let Some(here) = path {
        let page = browser.get(&here).await.page(200);
        path = link(&page, rel);
        seen.push((here, rows(&page)));
    }
    seen
}

both_engines! {
    /// Every column leads through all rows once, and back to where it began, by links alone.
    async fn every_sort_pages_there_and_back(app: TestApp) {
        let sku = app.insert_sku("BULK", None).await;
        app.plant_licenses(app.provider, sku, 230).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        for sort in ["order", "sku", "product", "type", "tier", "class", "start", "end", "quantity", "available", "assigned"] {
            for sign in ["", "-"] {
                let there = pages(&browser, format!("/licenses?sort={sign}{sort}"), "next").await;
                let mut ids: Vec<String> = there.iter().flat_map(|(_, rows)| rows.clone()).collect();
                let in_order = ids.clone();
                ids.sort();
                ids.dedup();
                assert_eq!((there.len(), ids.len(), in_order.len()), (3, 230, 230), "{sign}{sort}");
                let last = there.last().expect("a page").0.clone();
                let back = pages(&browser, last, "prev").await;
                let back: Vec<String> = back.into_iter().rev().flat_map(|(_, rows)| rows).collect();
                assert_eq!(back, in_order, "{sign}{sort}");
            }
        }
        app.end().await;
    }
}

both_engines! {
    /// The page says how far it counted, which orders it offers, and that it looked through a part.
    async fn long_lists_say_so(app: TestApp) {
        let sku = app.insert_sku("BULK", None).await;
        app.plant_licenses(app.provider, sku, UNCOUNTED).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let page = browser.get("/licenses").await.page(200);
        assert!(page.contains("100 of more than 10,000 licenses"), "{page}");
        assert!(page.contains("sort=quantity") && !page.contains("sort=available"));
        let page = browser.get("/licenses?sort=-available").await.page(200);
        assert!(page.contains("cannot be sorted by that column") && rows(&page).len() == 100, "{page}");
        let page = browser.get("/licenses?q=hay").await.page(200);
        assert!(page.contains("100 licenses on this page") && page.contains("a part at a time"), "{page}");
        let page = browser.get("/licenses?q=needle&sort=available").await.page(200);
        assert!(page.contains("1 license<") && page.contains("sort=-available"), "{page}");
        let page = browser.get("/licenses?q=zebra").await.page(200);
        assert!(page.contains("Nothing matches"), "{page}");
        let page = browser.get("/licenses?cursor=of-another-time").await.page(200);
        assert_eq!(rows(&page).len(), 100, "an old bookmark leads to the first page");
        assert_eq!(browser.get("/").await.status, 200);
        app.end().await;
    }
}
