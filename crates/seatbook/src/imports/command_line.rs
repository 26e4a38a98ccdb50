//! `seatbook import`: the same way of a file, told on a terminal.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use tokio::{fs::File, io::AsyncReadExt};
use uuid::Uuid;

use super::{
    applying::{self, Application},
    model::{Import, Mode, State},
    queries,
    runs::{self, Upload},
};
use crate::{
    app::App,
    config::Settings,
    error::{Error, Result},
    files::Incoming,
    gate::{Caller, Key},
    scope::tree,
    sheets::{ImportKind, Outcome},
};

/// Bad rows told one by one.
const SHOWN: i64 = 20;

/// What `seatbook import` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct ImportArgs {
    /// What is in the file.
    pub kind: ImportKind,
    /// The file: CSV or a workbook (XLSX).
    pub file: PathBuf,
    /// Reads a field from the column with this heading, over what is guessed: `--map sku_code=Artikel`.
    #[arg(long = "map", value_name = "FIELD=HEADING")]
    pub map: Vec<String>,
    /// Imports the good rows and leaves out the others; without it, all rows or none.
    #[arg(long)]
    pub good_rows: bool,
    /// Checks every row and changes nothing.
    #[arg(long)]
    pub preview: bool,
    /// Imports a file whose exact content was imported before.
    #[arg(long)]
    pub again: bool,
    /// Where what is imported belongs; the provider unless said.
    #[arg(long, value_name = "ID")]
    pub organization: Option<Uuid>,
    /// Where the book is, and its key.
    #[command(flatten)]
    pub settings: Settings,
}

/// Brings a file in and tells what became of it. `false` where a row has a problem.
pub async fn run(app: &App, args: &ImportArgs, out: &mut impl Write) -> Result<bool> {
    let file = incoming(&args.file).await?;
    let caller = Caller::system();
    let root = app
        .read(|mut tx| Box::pin(async move { tree::root(&mut tx).await }))
        .await?;
    let upload = Upload {
        kind: args.kind,
        organization_id: args.organization.or(root).ok_or_else(not_set_up)?,
        file_name: args.file.to_string_lossy().into_owned(),
        file,
        mapping: mapping(&args.map)?,
    };
    let import = runs::upload(app, &caller, Key::mint()?, upload).await?;
    if import.state == State::Staged {
        import
            .kind
            .check_mapping(&import.mapping, import.headings.len())?;
    }
    tell(app, &import, out).await?;
    let clean = import.counts.bad == 0;
    let mode = if args.good_rows {
        Mode::Good
    } else {
        Mode::All
    };
    if args.preview || (mode == Mode::All && !clean) {
        say(out, "Nothing was changed.")?;
        return Ok(clean);
    }
    let how = Application {
        mode,
        again: args.again,
        fingerprint: None,
    };
    let done = applying::apply(app, &caller, Key::mint()?, (import.id, how)).await?;
    let counts = done.counts;
    say(
        out,
        &format!(
            "Imported: {} new, {} changed, {}{} unchanged, {} left out.",
            counts.create,
            counts.update,
            removed(counts.remove),
            counts.same,
            counts.bad
        ),
    )?;
    Ok(counts.bad == 0)
}

/// The file as if it had been uploaded.
async fn incoming(path: &Path) -> Result<Incoming> {
    let unreadable = |error| Error::internal(format!("{}: {error}", path.display()));
    let mut from = File::open(path).await.map_err(unreadable)?;
    let (mut file, mut portion) = (Incoming::new()?, vec![0; 64 * 1024]);
    loop {
        match from.read(&mut portion).await.map_err(unreadable)? {
            0 => return Ok(file),
            length => file.write(&portion[..length]).await?,
        }
    }
}

async fn tell(app: &App, import: &Import, out: &mut impl Write) -> Result<()> {
    say(out, &format!("note  {}.", import.read_as()))?;
    for oddity in &import.oddities {
        say(out, &format!("note  {}", oddity.message))?;
    }
    let id = import.id;
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::rows(&mut tx, id, Some(Outcome::Bad), (0, SHOWN)).await })
    });
    for row in read.await? {
        for remark in row.remarks.iter().filter(|remark| remark.error) {
            let column = remark
                .column
                .as_ref()
                .map_or(String::new(), |column| format!(", {column}"));
            say(
                out,
                &format!(
                    "BAD   row {}{column}: {} [{}]",
                    row.number, remark.message, remark.code
                ),
            )?;
        }
    }
    let counts = import.counts;
    if counts.bad > SHOWN {
        say(out, &format!("BAD   and {} rows more", counts.bad - SHOWN))?;
    }
    say(
        out,
        &format!(
            "{} rows: {} new, {} changed, {}{} unchanged, {} with a problem.",
            import.row_count,
            counts.create,
            counts.update,
            removed(counts.remove),
            counts.same,
            counts.bad
        ),
    )
}

fn removed(count: i64) -> String {
    match count {
        0 => String::new(),
        count => format!("{count} removed, "),
    }
}

fn say(out: &mut impl Write, line: &str) -> Result<()> {
    writeln!(out, "{line}").map_err(Error::internal)
}

fn mapping(said: &[String]) -> Result<BTreeMap<String, String>> {
    let pair = |word: &String| {
        let (field, heading) = word.split_once('=').ok_or_else(|| {
            Error::invalid(
                "map",
                "field.invalid",
                format!("Write --map FIELD=HEADING, not “{word}”."),
            )
        })?;
        Ok((field.to_owned(), heading.to_owned()))
    };
    said.iter().map(pair).collect()
}

fn not_set_up() -> Error {
    let message = "This book has not been set up yet: start the server and follow its link first.";
    Error::conflict("platform.not_set_up", message)
}
