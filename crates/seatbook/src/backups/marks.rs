//! How far a book was: the newest of everything that is counted, or that leaves the house.

use std::{fs, io::Write, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    at,
    manifest::{MANIFEST, Manifest, Printed, sync_folder},
};
use crate::{
    chain::queries,
    clock::{Clock, SystemClock},
    error::{Error, Result},
    scope::tree,
    secrets::hex,
    verify::head,
};

/// Redeemed codes that are named one by one: more than a day has.
const NAMED: i64 = 1_000;

/// The marks. Held beside those of a restored book, they say what it has lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HighWater {
    /// The organization at the root, which no other book has.
    pub book_id: Option<Uuid>,
    /// The last number given in the journal.
    pub journal_seq: i64,
    /// The newest entry, numbered or not.
    pub journal_id: Option<Uuid>,
    /// When that was.
    pub journal_at: Option<Timestamp>,
    /// The last number of each series of invoices.
    pub invoices: Vec<Series>,
    /// How many activation codes were redeemed.
    pub redemptions: i64,
    /// The newest of them.
    pub redeemed: Vec<Redeemed>,
    /// The newest mail.
    pub mail_id: Option<Uuid>,
    /// Mails that had not left yet.
    pub mails_waiting: i64,
    /// The newest job.
    pub job_id: Option<Uuid>,
    /// Jobs that had not ended yet.
    pub jobs_waiting: i64,
    /// Where each chain of the journal ends: `seatbook verify --journal --head` takes the marks, and the manifest, for it.
    pub journal_head: Option<head::File>,
}

/// A redeemed activation code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redeemed {
    /// The license that it opens.
    pub license_id: Uuid,
    /// Whose that license is now.
    pub organization_id: Uuid,
    /// When.
    pub at: Timestamp,
}

/// A series of invoices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Whose.
    pub issuer_id: Uuid,
    /// The text before the number.
    pub series: String,
    /// The last number.
    pub last: i64,
}

impl HighWater {
    /// How far the book is.
    pub async fn read(tx: &mut Tx<'_>) -> Result<HighWater> {
        let newest = "SELECT id, at FROM journal ORDER BY id DESC LIMIT 1";
        let newest: Option<(Uuid, Timestamp)> = tx.query_opt(newest, &[]).await?;
        let series =
            "SELECT issuer_id, series, last FROM invoice_counter ORDER BY issuer_id, series";
        let series: Vec<(Uuid, String, i64)> = tx.query(series, &[]).await?;
        let (journal_seq,) = tx
            .query_one("SELECT last_seq FROM seal WHERE id = 1", &[])
            .await?;
        let waiting = "SELECT count(*) FROM mail WHERE state IN ('queued', 'sending')";
        let (mails_waiting,) = tx.query_one(waiting, &[]).await?;
        let open = "SELECT count(*) FROM job WHERE state IN ('queued', 'waiting', 'running')";
        let (jobs_waiting,) = tx.query_one(open, &[]).await?;
        let redeemed = "SELECT count(*) FROM activation_code WHERE state = 'redeemed'";
        let (redemptions,) = tx.query_one(redeemed, &[]).await?;
        let mail = "SELECT id FROM mail ORDER BY id DESC LIMIT 1";
        let mail: Option<(Uuid,)> = tx.query_opt(mail, &[]).await?;
        let job = "SELECT id FROM job ORDER BY id DESC LIMIT 1";
        let job: Option<(Uuid,)> = tx.query_opt(job, &[]).await?;
        let series = series.into_iter().map(|(issuer_id, series, last)| Series {
            issuer_id,
            series,
            last,
        });
        let (place, heads) = (queries::place(tx).await?, queries::heads(tx).await?);
        Ok(HighWater {
            book_id: tree::root(tx).await?,
            journal_seq,
            journal_id: newest.map(|(id, _)| id),
            journal_at: newest.map(|(_, at)| at),
            invoices: series.collect(),
            redemptions,
            redeemed: newest_redeemed(tx).await?,
            mail_id: mail.map(|(id,)| id),
            mails_waiting,
            job_id: job.map(|(id,)| id),
            jobs_waiting,
            journal_head: Some(head::File::of(place.seq, &heads, SystemClock.now())),
        })
    }

    /// The same without what grows with the book.
    pub(super) fn brief(&self) -> HighWater {
        HighWater {
            redeemed: vec![],
            journal_head: None,
            ..self.clone()
        }
    }

    /// Writes the marks into a file that is there whole, or as it was before.
    pub fn keep(&self, path: &Path) -> Result<()> {
        let growing = path.with_extension("part");
        let file = File {
            high_water: self.clone(),
            sha256: self.print()?,
        };
        let text = serde_json::to_string_pretty(&file)? + "\n";
        let mut file = Printed::create_anew(&growing)?;
        file.write_all(text.as_bytes()).map_err(at(&growing))?;
        file.end().map_err(at(&growing))?;
        fs::rename(&growing, path).map_err(at(path))?;
        sync_folder(path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the marks of a file that [`HighWater::keep`] wrote, or of the manifest of a backup.
    pub fn open(path: &Path) -> Result<HighWater> {
        if path.file_name().is_some_and(|name| name == MANIFEST) {
            let folder = path.parent().unwrap_or(Path::new(""));
            return Ok(Manifest::open(folder)?.high_water);
        }
        let text = fs::read_to_string(path).map_err(at(path))?;
        let file: File = serde_json::from_str(&text).map_err(|error| {
            let message = format!("{} has no high-water marks: {error}", path.display());
            Error::invalid("high_water", "field.invalid", message)
        })?;
        if file.sha256 != file.high_water.print()? {
            let message = format!("{} is not as it was written.", path.display());
            return Err(Error::conflict("marks.damaged", message));
        }
        Ok(file.high_water)
    }

    fn print(&self) -> Result<String> {
        Ok(hex(&Sha256::digest(serde_json::to_string(self)?)))
    }
}

/// The marks as a file.
#[derive(Serialize, Deserialize)]
struct File {
    high_water: HighWater,
    /// SHA-256 of them in JSON without blanks: a changed digit would give a number twice.
    sha256: String,
}

async fn newest_redeemed(tx: &mut Tx<'_>) -> Result<Vec<Redeemed>> {
    let sql = "SELECT license_id, redeemed_by, redeemed_at FROM activation_code
        WHERE state = 'redeemed' AND redeemed_at IS NOT NULL
        ORDER BY redeemed_at DESC, license_id DESC LIMIT $1";
    let found: Vec<(Uuid, Uuid, Timestamp)> = tx.query(sql, &[&NAMED]).await?;
    let named = found
        .into_iter()
        .map(|(license_id, organization_id, at)| Redeemed {
            license_id,
            organization_id,
            at,
        });
    Ok(named.collect())
}
