//! The license list as the book grows: a page must not take longer because there are more of them, for nobody, whether
//! they see all of the book or very little of it.

use super::{
    Figure, MILLION, Task,
    fill::shared,
    load,
    scopes::{Places, Scope},
};
use crate::{
    Result,
    book::Book,
    person::{Person, Request, encoded},
    wire::Wire,
};

/// Requests of which the 95 % quickest are looked at, of all who look together. So many take most of a minute, in which
/// what the server does by the clock, and after its start, meets all cases alike.
const REQUESTS: usize = 1_000;
/// Pages are walked this far to come to a deep one: half of the book, or as many rows as somebody has patience for.
const DEEP: u64 = 2;
const PATIENT: u64 = MILLION;

/// What is asked of the list.
const CASES: [&str; 6] = [
    "api_first",
    "api_deep",
    "api_search",
    "page_first",
    "page_search",
    "page_by_quantity",
];

/// A book, and those who look at it.
struct Filled {
    size: u64,
    book: Book,
    people: Vec<(Scope, Person)>,
}

/// Measures each case in a book of each size; the ratio is the largest beside the smallest.
pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let mut books = Vec::with_capacity(task.sizes.len());
    for size in task.sizes {
        books.push(filled(task, *size).await?);
    }
    let mut figures = Vec::new();
    for scope in task.scopes {
        figures.extend(measured(&books, *scope, REQUESTS / task.scopes.len()).await?);
    }
    let last = books.len().saturating_sub(1);
    for (number, mut filled) in books.into_iter().enumerate() {
        filled.book.take_server()?.kill()?;
        match number == last {
            true => task.shelf.put(filled.size, filled.book),
            false => filled.book.remove().await?,
        }
    }
    Ok(figures)
}

async fn measured(books: &[Filled], scope: Scope, requests: usize) -> Result<Vec<Figure>> {
    let (mut asked, mut sizes) = (Vec::new(), Vec::new());
    for case in CASES {
        let searched = |it: &&Filled| !case.ends_with("search") || it.size <= MILLION;
        let those: Vec<&Filled> = books.iter().filter(searched).collect();
        for filled in &those {
            let mut people = filled.people.iter();
            let (_, person) = people
                .find(|(it, _)| *it == scope)
                .ok_or("nobody looks at a book")?;
            let place = (scope, filled.size);
            asked.push((person, request(person, case, place).await?));
        }
        sizes.push((case, those.iter().map(|it| it.size).collect::<Vec<u64>>()));
    }
    let times = load::within_ms(&asked, requests, &[50, 95]).await?;
    let mut rest = times.as_slice();
    let mut figures = Vec::new();
    for (case, sizes) in sizes {
        let (own, others) = rest.split_at(sizes.len());
        rest = others;
        // None, where no book is small enough to be searched.
        figures.extend(Figure::across(
            "list",
            (case, scope, "licenses"),
            &sizes,
            own,
        ));
    }
    Ok(figures)
}

async fn filled(task: &Task<'_>, size: u64) -> Result<Filled> {
    let name = format!("bench-list-{size}");
    let mut book = Book::new(task.ground, task.engine, &name).await?;
    let places: Places = shared(&mut book, size).await?;
    book.reopen_later().await?;
    let mut people = Vec::with_capacity(task.scopes.len());
    for scope in task.scopes {
        people.push((*scope, places.person(&book, *scope).await?));
    }
    Ok(Filled { size, book, people })
}

/// The request of a case. A search finds what the asker has of one order: up to five licenses, at every size.
async fn request(person: &Person, case: &str, (scope, size): (Scope, u64)) -> Result<Request> {
    let order = format!("SO-{}", scope.middle(size) / 5);
    Ok(Request::get(match case {
        "api_first" => "/api/v1/licenses?limit=50".to_owned(),
        "api_deep" => format!(
            "/api/v1/licenses?limit=50&cursor={}",
            deep(person, size / scope.stride(size)).await?
        ),
        "api_search" => format!("/api/v1/licenses?limit=50&q={order}"),
        "page_first" => "/licenses".to_owned(),
        "page_search" => format!("/licenses?q={order}"),
        _ => "/licenses?group=none&sort=quantity&dir=desc".to_owned(),
    }))
}

/// A cursor in the middle of what somebody has, found as a program finds it: page by page.
async fn deep(person: &Person, has: u64) -> Result<String> {
    let mut wire = Wire::to(person.address);
    let (mut cursor, mut seen) = (String::new(), 0);
    let wanted = (has / DEEP).min(PATIENT);
    let limit = wanted.clamp(1, 200);
    while seen < wanted {
        let path = format!("/api/v1/licenses?limit={limit}{cursor}");
        let page = person.over(&mut wire, &Request::get(path)).await?.json();
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={}", encoded(next));
        seen += page["items"]
            .as_array()
            .map_or(0, |items| items.len() as u64);
    }
    Ok(cursor.trim_start_matches("&cursor=").to_owned())
}
