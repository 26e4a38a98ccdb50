//! Backups: proven copies of the book, what they were made of, and getting a book back from one.
//!
//! Owns: the folder of a backup and its manifest, when one was last proven, the marks of how far a book was, releasing
//! a restored one. Does not own: how an engine is copied (`store`), what must hold (`verify`), the quarantine itself.
//! Keeps true: a folder without a manifest is no backup, and the manifest is written last; a byte that changed is
//! found before anything is loaded; a restored book is in quarantine from its first moment; the key is in none of it.
//! Others may use: [`newest`], the commands of the command line, [`Manifest`].

mod folders;
mod lost;
mod making;
mod manifest;
mod marks;
mod releasing;
mod restoring;
mod resuming;

pub use making::{BackupArgs, back_up};
pub use manifest::{DataFile, Manifest, Step};
pub use marks::{HighWater, Redeemed, Series};
pub use releasing::{Gap, Release, Released};
pub use restoring::{RestoreArgs, restore};
pub use resuming::{ResumeArgs, has_key, resume};

use store::{Timestamp, Tx};

use crate::error::{Error, Kind, Result};

/// When the newest proven backup of this book was begun; nothing where there is none.
pub async fn newest(tx: &mut Tx<'_>) -> Result<Option<Timestamp>> {
    let sql = "SELECT begun_at FROM backup ORDER BY ended_at DESC LIMIT 1";
    let found: Option<(Timestamp,)> = tx.query_opt(sql, &[]).await?;
    Ok(found.map(|(at,)| at))
}

/// Tells one line.
fn say(out: &mut impl std::io::Write, line: &str) -> Result<()> {
    writeln!(out, "{line}").map_err(Error::internal)
}

/// What could not be done to a file or folder, with its name.
fn at(path: &std::path::Path) -> impl Fn(std::io::Error) -> Error {
    move |error| {
        let message = format!("{}: {error}", path.display());
        Error::new(Kind::Unavailable, "path.failed", message)
    }
}
