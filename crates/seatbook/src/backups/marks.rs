//! How far a book was: the newest of everything that is counted, or that leaves the house.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::at;
use crate::error::{Error, Result};

/// The marks. Held beside those of a restored book, they say what it has lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HighWater {
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
    /// The newest mail.
    pub mail_id: Option<Uuid>,
    /// Mails that had not left yet.
    pub mails_waiting: i64,
    /// The newest job.
    pub job_id: Option<Uuid>,
    /// Jobs that had not ended yet.
    pub jobs_waiting: i64,
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
        Ok(HighWater {
            journal_seq,
            journal_id: newest.map(|(id, _)| id),
            journal_at: newest.map(|(_, at)| at),
            invoices: series.collect(),
            redemptions,
            mail_id: mail.map(|(id,)| id),
            mails_waiting,
            job_id: job.map(|(id,)| id),
            jobs_waiting,
        })
    }

    /// Reads the marks of a file that `seatbook backup` wrote: they alone, or the manifest of a backup.
    pub fn open(path: &Path) -> Result<HighWater> {
        let text = std::fs::read_to_string(path).map_err(at(path))?;
        let wrong = |error: serde_json::Error| {
            let message = format!("{} has no high-water marks: {error}", path.display());
            Error::invalid("high_water", "field.invalid", message)
        };
        let mut file: Value = serde_json::from_str(&text).map_err(wrong)?;
        let marks = match file.get_mut("high_water") {
            Some(marks) => marks.take(),
            None => file,
        };
        serde_json::from_value(marks).map_err(wrong)
    }
}
