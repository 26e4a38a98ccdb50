//! Headings and keys: how a workbook that comes back, and each of its rows, is known again.
//!
//! A key says what its row was when it was exported, so that a row that nobody edited is told without the book. What is
//! compared with the book is what the book remembers; a key that somebody wrote by hand gives nothing away.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::model::{Line, kind_word};
use crate::{files::unguard, secrets::hex};

/// Customers in a workbook that can come back.
pub const MOST_ROWS: i64 = 100_000;

/// Headings of the columns that are read back, and of those that only inform.
pub const NAME: &str = "Name";
/// The key by which other systems know a customer.
pub const REFERENCE: &str = "Reference";
/// Customer or partner.
pub const KIND: &str = "Kind";
/// Units of the license.
pub const UNITS: &str = "Units";
/// Units in use; not read back.
pub const IN_USE: &str = "In use";
/// When the units last changed; not read back.
pub const CHANGED: &str = "Changed";
/// The sheet that says what may be edited.
pub const ABOUT: &str = "About";
/// The heading of the keys, before the workbook's id.
const KEY: &str = "Key";
/// The heading of the keys where there are none.
pub const READ_ONLY: &str = "Key (read-only)";

/// Whether that many customers can come back.
pub const fn can_come_back(rows: i64) -> bool {
    rows <= MOST_ROWS
}

/// The heading of the keys of a workbook: it names the workbook, also where no row is left in it.
pub fn heading(workbook_id: Uuid) -> String {
    format!("{KEY} {}", workbook_id.simple())
}

/// Whether this is the heading of keys.
pub fn is_heading(heading: &str) -> bool {
    heading == KEY || heading == READ_ONLY || workbook_of(heading).is_some()
}

/// The workbook that a heading of keys names.
pub fn workbook_of(heading: &str) -> Option<Uuid> {
    heading.strip_prefix(KEY)?.trim().parse().ok()
}

/// The key of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its workbook.
    pub workbook_id: Uuid,
    /// Its number there.
    pub number: i64,
    /// Units it had.
    pub units: i64,
    /// The fingerprint of its words.
    pub mark: String,
    /// The row is not in the file any more: written by the server, for the rows that are missing.
    pub gone: bool,
}

impl Key {
    /// The key of a customer that was exported.
    pub fn of(workbook_id: Uuid, line: &Line) -> Key {
        let reference = line.reference.as_deref().unwrap_or_default();
        Key {
            workbook_id,
            number: line.number,
            units: line.units,
            mark: mark([&line.name, reference, kind_word(&line.kind)]),
            gone: false,
        }
    }

    /// As it stands in a cell.
    pub fn write(&self) -> String {
        let gone = if self.gone { GONE } else { "" };
        let id = self.workbook_id.simple();
        format!("{id}-{}-{}-{}{gone}", self.number, self.units, self.mark)
    }

    /// What a cell says; nothing where that is no key.
    pub fn read(cell: &str) -> Option<Key> {
        let (cell, gone) = match cell.strip_suffix(GONE) {
            Some(cell) => (cell, true),
            None => (cell, false),
        };
        let mut parts = cell.split('-');
        let key = Key {
            workbook_id: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
            units: parts.next()?.parse().ok()?,
            mark: parts.next()?.to_owned(),
            gone,
        };
        parts.next().is_none().then_some(key)
    }
}

const GONE: &str = "-gone";

/// The fingerprint of the words of a row, spaces and marks against formulas aside.
pub fn mark(words: [&str; 3]) -> String {
    let plain = words.map(plain);
    hex(&Sha256::digest(plain.join("\n")))[..8].to_owned()
}

/// Words as a file gives them back: spaces are not told apart there, nor a mark against formulas.
pub fn plain(words: &str) -> String {
    rules::text::normalize_key(unguard(words))
}

#[cfg(test)]
mod tests {
    use store::Timestamp;

    use super::*;

    fn line() -> Line {
        Line {
            number: 7,
            organization_id: Uuid::nil(),
            name: "Aurora  Hospitals".into(),
            reference: Some("+49".into()),
            kind: "customer".into(),
            units: 120,
            in_use: 4,
            changed_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn a_key_comes_back() {
        let id = Uuid::from_u128(0x0193_7000_0000_7000_8000_0000_0000_0001);
        let mut key = Key::of(id, &line());
        assert_eq!(Key::read(&key.write()).as_ref(), Some(&key));
        key.gone = true;
        assert_eq!(Key::read(&key.write()).as_ref(), Some(&key));
        assert_eq!(key.mark, mark(["Aurora Hospitals ", "+49", "Customer"]));
        assert_ne!(key.mark, mark(["Aurora Hospital", "+49", "Customer"]));
        for nonsense in [
            "",
            "7",
            "7-8-9-x",
            &format!("{}-1-2", id.simple()),
            &(key.write() + "-5"),
        ] {
            assert_eq!(Key::read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_heading_names_its_workbook() {
        let id = Uuid::from_u128(5);
        assert_eq!(workbook_of(&heading(id)), Some(id));
        assert!(is_heading(&heading(id)) && is_heading(READ_ONLY) && is_heading("Key"));
        assert!(!is_heading("Keyboard") && !is_heading("Name"));
    }

    #[test]
    fn a_hundred_thousand_come_back_and_one_more_does_not() {
        assert!(can_come_back(100_000));
        assert!(!can_come_back(100_001));
    }
}
