//! `seatbook resume`: releases a restored book, and says what it may have lost.

use std::{collections::BTreeMap, io::Write, path::PathBuf};

use store::Timestamp;
use uuid::Uuid;

use super::{
    lost,
    marks::{HighWater, Series},
    releasing::{self, Release, Released},
    say,
};
use crate::{
    app::App,
    config::Settings,
    error::{Error, Result},
    gate::{Caller, Key},
};

/// More invoices than anybody writes: what is above it is a slip of the hand.
const HIGHEST: i64 = 999_999_999;

/// What `seatbook resume` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct ResumeArgs {
    /// The last number that a series of invoices is known to have reached: `INV-2026=150`; with the issuer's id, where
    /// several issuers number by the same text: `ID/INV-2026=150`. The next number is behind it.
    #[arg(long = "floor", value_name = "SERIES=NUMBER")]
    pub floor: Vec<String>,
    /// How far the lost book was: a file that `seatbook backup --high-water` wrote, or the manifest of a later backup.
    #[arg(long, value_name = "FILE")]
    pub high_water: Option<PathBuf>,
    /// Nothing was invoiced after the backup: no series needs a floor.
    #[arg(long)]
    pub nothing_lost: bool,
    /// Where the book is, and its key.
    #[command(flatten)]
    pub settings: Settings,
}

/// Whether the key is there: made anew, it would open nothing of this book.
pub fn has_key(settings: &Settings) -> Result<()> {
    if settings.key.is_some() || settings.key_file.exists() {
        return Ok(());
    }
    let message = format!(
        "There is no key file {}: bring the key that this book was kept with (--key-file or SEATBOOK_KEY).",
        settings.key_file.display()
    );
    Err(Error::conflict("key.missing", message))
}

/// Releases the book and tells what was done and what may be lost.
pub async fn resume(app: &App, args: &ResumeArgs, out: &mut impl Write) -> Result<()> {
    let quarantine = app.gate.quarantine().ok_or_else(releasing::none)?;
    fits_key(app).await?;
    let here = app
        .read(|mut tx| Box::pin(async move { HighWater::read(&mut tx).await }))
        .await?;
    // What was numbered while it rested has its number in this book alone.
    let seq = quarantine.high_water["journal_seq"].as_i64();
    let here = HighWater {
        journal_seq: seq.unwrap_or(here.journal_seq),
        ..here
    };
    let later = args
        .high_water
        .as_deref()
        .map(HighWater::open)
        .transpose()?;
    if let Some(later) = &later {
        are_later(&here, later)?;
    }
    let floors = floors(&here, later.as_ref(), &args.floor)?;
    if !args.nothing_lost {
        let is_silent = later.is_none() && args.floor.is_empty();
        are_covered(&here, &floors, is_silent)?;
    }
    let release = Release { floors };
    let done = app
        .gate
        .submit(&Caller::system(), Key::mint()?, release)
        .await?;
    app.gate.look_for_quarantine().await?;
    tell(&done.outcome, quarantine.backup_at, out)?;
    match &later {
        Some(later) => lost::tell(&here, later, &done.outcome.gaps, out),
        None => {
            let unknown = "How far the lost book was is not known: no --high-water was given. A series that was begun \
                after the backup begins anew, unless a --floor names it. See that no invoice has a number that is \
                given again.";
            say(out, unknown)
        }
    }
}

/// Marks of another book, or from before the backup, say nothing about what was lost.
fn are_later(here: &HighWater, later: &HighWater) -> Result<()> {
    if later.book_id != here.book_id {
        let message = "These are the marks of another book.";
        return Err(Error::conflict("marks.other_book", message));
    }
    if later.journal_seq < here.journal_seq {
        let message = "These marks are older than the backup; give the newest there are.";
        return Err(Error::conflict("marks.older", message));
    }
    Ok(())
}

/// Every series says how far it was: else it would begin again with numbers that customers have. Where nothing was
/// said, that is refused whatever series there are: others may have been begun since.
fn are_covered(here: &HighWater, floors: &[Series], is_silent: bool) -> Result<()> {
    let is_open = |series: &&Series| {
        let known = |it: &Series| it.issuer_id == series.issuer_id && it.series == series.series;
        series.last > 0 && !floors.iter().any(known)
    };
    let open: Vec<String> = here
        .invoices
        .iter()
        .filter(is_open)
        .map(|it| format!("{}/{}={}", it.issuer_id, it.series, it.last))
        .collect();
    if open.is_empty() && !is_silent {
        return Ok(());
    }
    let known = match open.is_empty() {
        true => String::new(),
        false => format!(
            "for each of these, which is how far they were in the backup: {}, and ",
            open.join(", ")
        ),
    };
    let message = format!(
        "How far were the invoices in the end? Give --high-water, or --floor {known}for each series that was begun \
         since, ISSUER-ID/SERIES=NUMBER. Where nothing was invoiced after the backup, say --nothing-lost."
    );
    Err(Error::conflict("floors.missing", message))
}

/// A book whose secrets this key does not open must not be worked with.
async fn fits_key(app: &App) -> Result<()> {
    let sealed = [
        "SELECT body FROM mail ORDER BY id DESC LIMIT 1",
        "SELECT sealed FROM activation_code ORDER BY license_id DESC LIMIT 1",
    ];
    for sql in sealed {
        let read = app.read(move |mut tx| {
            Box::pin(async move { Ok(tx.query_opt::<(String,)>(sql, &[]).await?) })
        });
        let Some((text,)) = read.await? else {
            continue;
        };
        if app.gate.vault().open_if_sealed(&text).is_err() {
            let message = "This key does not open what is sealed in this book: bring the one it was kept with.";
            return Err(Error::conflict("key.other", message));
        }
    }
    Ok(())
}

/// Where each series must not begin again: the higher of what the marks and the operator say.
fn floors(here: &HighWater, later: Option<&HighWater>, said: &[String]) -> Result<Vec<Series>> {
    let mut floors: BTreeMap<(Uuid, String), i64> = BTreeMap::new();
    let known = later.into_iter().flat_map(|marks| marks.invoices.clone());
    let said = said.iter().map(|floor| parse(here, floor));
    for floor in known.map(Ok).chain(said) {
        let floor = floor?;
        let last = floors.entry((floor.issuer_id, floor.series)).or_default();
        *last = floor.last.max(*last);
    }
    let series = floors
        .into_iter()
        .map(|((issuer_id, series), last)| Series {
            issuer_id,
            series,
            last,
        });
    Ok(series.collect())
}

fn parse(here: &HighWater, said: &str) -> Result<Series> {
    let wrong = |why: &str| {
        let message = format!("--floor {said}: {why}");
        Error::invalid("floor", "field.invalid", message)
    };
    let (name, last) = said
        .rsplit_once('=')
        .and_then(|(name, last)| Some((name, last.parse::<i64>().ok()?)))
        .filter(|(_, last)| (1..=HIGHEST).contains(last))
        .ok_or_else(|| wrong("write SERIES=NUMBER."))?;
    let issuer = name
        .split_once('/')
        .and_then(|(id, series)| Some((id.parse::<Uuid>().ok()?, series)));
    if let Some((issuer_id, series)) = issuer {
        return Ok(Series {
            issuer_id,
            series: series.into(),
            last,
        });
    }
    let mut found = here.invoices.iter().filter(|it| it.series == name);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(Series {
            last,
            ..one.clone()
        }),
        (None, _) => Err(wrong(
            "nobody numbers invoices by this text yet; write ISSUER-ID/SERIES=NUMBER.",
        )),
        _ => Err(wrong(
            "several issuers number by this text; write ISSUER-ID/SERIES=NUMBER.",
        )),
    }
}

fn tell(done: &Released, backup_at: Timestamp, out: &mut impl Write) -> Result<()> {
    say(
        out,
        "The book is released: a server that opens it works as ever.",
    )?;
    say(
        out,
        &format!(
            "Mails that waited, and are kept in the Outbox now, as they may have left: {}. Sessions that were ended: {}.",
            done.mails_held, done.sessions_ended
        ),
    )?;
    for gap in &done.gaps {
        say(
            out,
            &format!(
                "Invoices {} of {}: {} to {} are left out; the next number is {}.",
                gap.series,
                gap.issuer_id,
                gap.first,
                gap.last,
                gap.last + 1
            ),
        )?;
    }
    let rights = format!(
        "Rights are those of {backup_at}: whoever or whatever token was shut out since must be shut out again."
    );
    say(out, &rights)
}
