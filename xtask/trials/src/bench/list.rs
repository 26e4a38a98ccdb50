//! The license list as the book grows: a page must not take longer because there are more of them.

use super::{Figure, Task, fill::fill, load};
use crate::{
    Result,
    book::{Book, text},
    person::{Person, Request, encoded},
    wire::Wire,
};

/// Requests of which the 95 % quickest are looked at. So many take most of a minute, in which what the server does by
/// the clock, and after its start, meets all cases alike.
const REQUESTS: usize = 1_000;
/// Pages are walked this far to come to a deep one.
const DEEP: u64 = 2;

/// What is asked of the list.
const CASES: [&str; 6] = [
    "api_first",
    "api_deep",
    "api_search",
    "page_first",
    "page_search",
    "page_by_quantity",
];

/// Measures each case in a book of each size; the ratio is the largest beside the smallest.
pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let mut books = Vec::with_capacity(task.sizes.len());
    for size in task.sizes {
        books.push((*size, filled(task, *size).await?));
    }
    let mut asked = Vec::with_capacity(CASES.len() * books.len());
    for case in CASES {
        for (size, book) in &books {
            asked.push((&book.operator, request(&book.operator, case, *size).await?));
        }
    }
    let times = load::p95_ms(&asked, REQUESTS).await?;
    let mut figures = Vec::new();
    for (case, times) in CASES.into_iter().zip(times.chunks(books.len())) {
        let all: Vec<String> = task
            .sizes
            .iter()
            .zip(times)
            .map(|(size, time)| format!("{size}: {time:.1}"))
            .collect();
        eprintln!("  {case}, p95 in ms at {}", all.join(", "));
        let smallest = format!("p95 at {} licenses", task.sizes[0]);
        figures.push(Figure {
            name: "list",
            ours: times.last().copied().unwrap_or(f64::NAN),
            limit: times[0],
            unit: "ms",
            rest: vec![
                ("case", case.into()),
                ("limit_is", smallest.into()),
                ("p95_ms", all.join(", ").into()),
            ],
        });
    }
    Ok(figures)
}

async fn filled(task: &Task<'_>, size: u64) -> Result<Book> {
    let name = format!("bench-list-{size}");
    let mut book = Book::new(task.ground, task.engine, &name).await?;
    let sku = book.get(&format!("/api/v1/skus/{}", book.sku)).await?;
    book.take_server()?.kill()?;
    fill(&book, &text(&sku["product_id"])?, size).await?;
    book.reopen().await?;
    Ok(book)
}

/// The request of a case. A search finds the five licenses of one order, at every size.
async fn request(operator: &Person, case: &str, size: u64) -> Result<Request> {
    let order = format!("SO-{}", size / 10);
    Ok(Request::get(match case {
        "api_first" => "/api/v1/licenses?limit=50".to_owned(),
        "api_deep" => format!(
            "/api/v1/licenses?limit=50&cursor={}",
            deep(operator, size).await?
        ),
        "api_search" => format!("/api/v1/licenses?limit=50&q={order}"),
        "page_first" => "/licenses".to_owned(),
        "page_search" => format!("/licenses?q={order}"),
        _ => "/licenses?group=none&sort=quantity&dir=desc".to_owned(),
    }))
}

/// The cursor in the middle of the book, found as a program finds it: page by page.
async fn deep(operator: &Person, size: u64) -> Result<String> {
    let mut wire = Wire::to(operator.address);
    let mut cursor = String::new();
    for _ in 0..(size / DEEP).div_ceil(200) {
        let path = format!("/api/v1/licenses?limit=200{cursor}");
        let page = operator.over(&mut wire, &Request::get(path)).await?.json();
        cursor = format!("&cursor={}", encoded(&text(&page["next_cursor"])?));
    }
    Ok(cursor.trim_start_matches("&cursor=").to_owned())
}
