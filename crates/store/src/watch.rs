//! What is remembered outside of the database, and when that must end.
//!
//! Somebody who keeps what they read from certain tables names them in a [`Watch`]. Every statement of every work
//! that changes them is noticed here, so that no command can forget to say so: what was remembered before is void
//! when the answer leaves, on other servers too.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

/// Tables of which something is remembered, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// The tables.
    pub tables: &'static [&'static str],
    /// How statements begin that change nothing of what is remembered.
    pub but: &'static [&'static str],
    /// How long it is remembered at most. Where other servers may remember too, the answer to a change waits
    /// this long.
    pub time: Duration,
}

impl Watch {
    /// Nothing is remembered.
    pub const NOTHING: Watch = Watch {
        tables: &[],
        but: &[],
        time: Duration::ZERO,
    };

    /// Whether the statement changes what is remembered.
    fn concerns(&self, sql: &str) -> bool {
        let sql = sql.trim_start();
        let mut words = sql.split_ascii_whitespace();
        let table = match words.next() {
            Some("UPDATE") => words.next(),
            Some("INSERT" | "DELETE") => words.nth(1),
            Some("SELECT") => return false,
            // What is not read here is taken for the worst.
            _ => return !self.tables.is_empty() && writes(sql),
        };
        let table = table.and_then(|word| word.split('(').next());
        table.is_some_and(|table| self.tables.contains(&table))
            && !self.but.iter().any(|beginning| sql.starts_with(beginning))
    }
}

fn writes(sql: &str) -> bool {
    let mut words = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.any(|word| matches!(word, "INSERT" | "UPDATE" | "DELETE"))
}

/// The watch of an open database, and how often what it names was changed through this handle.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) watch: Watch,
    turns: AtomicU64,
}

impl Watched {
    pub(crate) fn new(watch: Watch) -> Self {
        Watched {
            watch,
            turns: AtomicU64::new(0),
        }
    }

    pub(crate) fn turn(&self) -> u64 {
        self.turns.load(Ordering::SeqCst)
    }

    pub(crate) fn end_turn(&self) {
        self.turns.fetch_add(1, Ordering::SeqCst);
    }
}

/// Whether one piece of work, in any of its runs, changed what is remembered. A run that was taken back counts:
/// after an unanswered COMMIT nobody knows which one stands.
#[derive(Debug)]
pub(crate) struct Touch {
    watch: Watch,
    touched: AtomicBool,
}

impl Touch {
    pub(crate) fn new(watch: Watch) -> Self {
        Touch {
            watch,
            touched: AtomicBool::new(false),
        }
    }

    pub(crate) fn see(&self, sql: &str) {
        if self.watch.concerns(sql) {
            self.touched.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_touched(&self) -> bool {
        self.touched.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCH: Watch = Watch {
        tables: &["session", "role"],
        but: &["UPDATE session SET seen_at "],
        time: Duration::ZERO,
    };

    #[test]
    fn changes_of_the_tables_are_noticed_and_nothing_else() {
        for sql in [
            "UPDATE role SET name = $1",
            "\n  UPDATE session\n SET seen = TRUE",
            "INSERT INTO role(id) VALUES ($1)",
            "INSERT INTO session (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = $2",
            "DELETE FROM session",
            "UPDATE session SET seen_at_all = $1",
            "WITH gone AS (SELECT 1) DELETE FROM elsewhere",
        ] {
            assert!(WATCH.concerns(sql), "{sql}");
        }
        for sql in [
            "SELECT id FROM role",
            "UPDATE session SET seen_at = $2 WHERE id = $1",
            "UPDATE role_policy SET role = $1",
            "INSERT INTO roles (id) SELECT id FROM role",
            "DELETE FROM seat WHERE id IN (SELECT id FROM session)",
            "WITH RECURSIVE up AS (SELECT id FROM role) SELECT id FROM up",
        ] {
            assert!(!WATCH.concerns(sql), "{sql}");
        }
        assert!(!Watch::NOTHING.concerns("UPDATE role SET name = $1"));
        assert!(!Watch::NOTHING.concerns("VACUUM"));
    }
}
