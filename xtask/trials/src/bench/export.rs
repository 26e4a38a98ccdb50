//! A list as a workbook, from asking to the end of its job, beside the bare writer of workbooks with the same rows; what
//! memory that takes; and how long others wait for their answers meanwhile.

use std::{
    fs::File,
    io::BufWriter,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Figure, Task, fill::fill, load};
use crate::{
    Result,
    book::{Book, text},
    person::{Person, Request},
    server::pause,
    wire::Wire,
};

const PATIENCE: Duration = Duration::from_secs(1_800);
/// Connections of those who look meanwhile.
const LOOKERS: u32 = 8;
/// What they look at.
const LOOK: &str = "/api/v1/licenses?limit=50";

/// Exports the licenses of the largest book that is asked for, as one and another portion of others look at theirs.
pub async fn run(task: &Task<'_>) -> Result<Vec<Figure>> {
    let size = task.sizes.last().copied().unwrap_or(1_000_000);
    let mut book = Book::new(task.ground, task.engine, "bench-export").await?;
    let sku = book.get(&format!("/api/v1/skus/{}", book.sku)).await?;
    book.take_server()?.kill()?;
    fill(&book, &text(&sku["product_id"])?, size).await?;
    book.reopen().await?;
    book.rest().await?;

    let most = load::rate(&book.operator, task.time, 200, |_, _| Request::get(LOOK)).await?;
    let half = most / 2.0;
    let alone = Arc::new(AtomicBool::new(false));
    let quiet = tokio::spawn(p99(book.operator.clone(), half, Arc::clone(&alone)));
    pause(task.time).await;
    alone.store(true, Ordering::Relaxed);
    let quiet = quiet.await.map_err(|e| e.to_string())??;

    let before = book.memory_kib("VmRSS")?;
    let ours = written(&book, size).await?;
    let grown = book.memory_kib("VmHWM")?.saturating_sub(before) / 1024;

    let done = Arc::new(AtomicBool::new(false));
    let busy = tokio::spawn(p99(book.operator.clone(), half, Arc::clone(&done)));
    let together = written(&book, size).await?;
    done.store(true, Ordering::Relaxed);
    let busy = busy.await.map_err(|e| e.to_string())??;
    drop(book);

    let file = task.ground.scratch.join("bare.xlsx");
    let bare = tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        bare(size, &file).map(|()| begun.elapsed().as_secs_f64())
    });
    let limit = bare.await.map_err(|e| e.to_string())??;
    let rounded = |value: f64| Value::from((value * 10.0).round() / 10.0);
    Ok(vec![
        Figure {
            name: "export",
            ours,
            limit,
            unit: "s",
            rest: vec![
                ("limit_is", "the bare writer with the same rows".into()),
                ("rows", size.into()),
                ("grown_mib", grown.into()),
                ("under_load_s", rounded(together)),
            ],
        },
        Figure {
            name: "export_p99",
            ours: busy,
            limit: quiet,
            unit: "ms",
            rest: vec![
                ("limit_is", "the same load without an export".into()),
                ("requests_s", rounded(half)),
            ],
        },
    ])
}

/// Asks for all licenses as a workbook; the seconds until it can be downloaded.
async fn written(book: &Book, size: u64) -> Result<f64> {
    let begun = Instant::now();
    let asked = json!({"list": "licenses", "organization_id": book.provider});
    let asked = Request::json("POST", "/api/v1/exports", &asked);
    let export = book.operator.ask(&asked).await?.json();
    let job = format!("/api/v1/jobs/{}", text(&export["job_id"])?);
    while begun.elapsed() < PATIENCE {
        let found = book.get(&job).await?;
        match found["state"].as_str() {
            Some("done") => {
                let seconds = begun.elapsed().as_secs_f64();
                let path = format!("/api/v1/exports/{}", text(&export["id"])?);
                let rows = book.get(&path).await?["rows_written"].as_u64();
                return match rows == Some(size) {
                    true => Ok(seconds),
                    false => Err(format!("{rows:?} rows were written, not {size}")),
                };
            }
            Some("queued" | "running" | "waiting") => pause(Duration::from_millis(100)).await,
            _ => return Err(format!("the job ended otherwise: {found}")),
        }
    }
    Err(format!("the job did not end within {PATIENCE:?}"))
}

/// The time within which 99 of 100 answers came, in milliseconds, at so many requests a second. Each is counted from when
/// it was to be sent: whoever waits for a slow answer would else not notice the next ones.
async fn p99(person: Person, per_second: f64, over: Arc<AtomicBool>) -> Result<f64> {
    let every = Duration::from_secs_f64(f64::from(LOOKERS) / per_second.max(1.0));
    let mut lookers = JoinSet::new();
    for looker in 0..LOOKERS {
        let (person, over) = (person.clone(), Arc::clone(&over));
        lookers.spawn(async move {
            let (mut wire, mut times) = (Wire::to(person.address), Vec::new());
            let mut due = Instant::now() + every * looker / LOOKERS;
            while !over.load(Ordering::Relaxed) {
                pause(due.saturating_duration_since(Instant::now())).await;
                person.over(&mut wire, &Request::get(LOOK)).await?;
                times.push(due.elapsed().as_secs_f64() * 1_000.0);
                due += every;
            }
            Ok::<_, String>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(looker) = lookers.join_next().await {
        times.extend(looker.map_err(|e| e.to_string())??);
    }
    times.sort_by(f64::total_cmp);
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(at).copied().ok_or_else(|| "nobody looked".into())
}

/// The rows of `fill`, in the columns that the list shows unless somebody chooses.
fn bare(rows: u64, place: &std::path::Path) -> Result<()> {
    let wrong = |e: rust_xlsxwriter::XlsxError| e.to_string();
    let mut book = Workbook::new();
    let page = book.add_worksheet_with_constant_memory().map_err(wrong)?;
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for column in [6, 7] {
        page.set_column_format(column, &day).map_err(wrong)?;
    }
    for n in 1..=rows {
        let row = u32::try_from(n).map_err(|e| e.to_string())?;
        for (column, said) in [
            (0, format!("SO-{}", n / 5)),
            (1, "SEAT-1".into()),
            (2, "Seat".into()),
            (11, "active".into()),
        ] {
            page.write_string(row, column, said).map_err(wrong)?;
        }
        let (units, end) = ((1 + n % 500) as f64, 46_000.0 + (n % 700) as f64);
        for (column, number) in [(6, 45_700.0), (7, end), (8, units), (9, units), (10, 0.0)] {
            page.write_number(row, column, number).map_err(wrong)?;
        }
    }
    let file = File::create(place).map_err(|e| format!("{}: {e}", place.display()))?;
    book.save_to_writer(BufWriter::new(file)).map_err(wrong)
}
