//! The trials by name: on which engines they run, how often an evening allows, and what they prove.

use clap::ValueEnum;

use crate::server::Engine;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    Race,
    Kill,
    Files,
    Assign,
    Import,
    Codes,
    Invoices,
    Crossgrades,
    Retries,
    Cut,
    Disk,
    Tree,
    Servers,
    Jobs,
    Fsync,
    Restores,
    Slow,
    Logins,
    Restart,
    Schemathesis,
}

const SLOW: &str = "2,000 connections take their time, with heads, bodies and answers: heads and bodies are cut off, others \
    wait at most twice as long or 20 ms, and memory grows by at most 100 MiB.";
const LOGINS: &str = "500 wrong passwords at once, again and again: others wait at most twice as long or 20 ms, and memory grows \
    by at most 200 MiB.";
const RESTART: &str = "Servers are told to stop and started anew while clients work: of two on one PostgreSQL no request fails; \
    one alone is away for at most 2 s, and each request has one effect.";
const SCHEMATHESIS: &str = "Schemathesis makes up requests for every operation of the API's document, right ones and wrong \
    ones, as each built-in role and as nobody: no answer is of a 5xx kind, and each is as the document says.";

impl Name {
    pub fn as_str(self) -> &'static str {
        match self {
            Name::Race => "race",
            Name::Kill => "kill",
            Name::Files => "files",
            Name::Assign => "assign",
            Name::Import => "import",
            Name::Codes => "codes",
            Name::Invoices => "invoices",
            Name::Crossgrades => "crossgrades",
            Name::Retries => "retries",
            Name::Cut => "cut",
            Name::Disk => "disk",
            Name::Tree => "tree",
            Name::Servers => "servers",
            Name::Jobs => "jobs",
            Name::Fsync => "fsync",
            Name::Restores => "restores",
            Name::Slow => "slow",
            Name::Logins => "logins",
            Name::Restart => "restart",
            Name::Schemathesis => "schemathesis",
        }
    }

    /// A full disk is a matter of our file, the door is the same in front of both engines, and a cut wire and several
    /// servers are matters of PostgreSQL.
    pub fn engines(self) -> &'static [Engine] {
        match self {
            Name::Disk | Name::Slow | Name::Logins => &[Engine::Sqlite],
            Name::Cut | Name::Servers => &[Engine::Postgres],
            _ => &[Engine::Sqlite, Engine::Postgres],
        }
    }

    /// What an evening allows. CI asks for fewer.
    pub fn usual_rounds(self) -> u64 {
        match self {
            Name::Race | Name::Servers => 20,
            Name::Kill => 300,
            Name::Files => 5,
            Name::Assign | Name::Restores => 100,
            Name::Import => 2,
            Name::Codes => 1_000,
            Name::Invoices => 20,
            Name::Crossgrades => 100,
            Name::Retries => 100,
            Name::Cut => 10,
            Name::Disk => 50,
            Name::Tree => 100,
            Name::Jobs => 10,
            Name::Fsync | Name::Schemathesis => 1,
            Name::Slow | Name::Logins => 3,
            Name::Restart => 10,
        }
    }

    /// What nothing wrong means.
    pub fn proves(self) -> &'static str {
        match self {
            Name::Race => {
                "64 clients whose last bytes arrive at once want the last 50 units, by program, grid and job: 50 get \
                 one, everybody else is told what is free. 50 sends of one request have one effect."
            }
            Name::Kill => {
                "`kill -9` in the middle of bursts of writes: what was acknowledged is there, what was not is there \
                 whole or not at all, and asking again has one effect."
            }
            Name::Files => {
                "Files that are up to something are refused with their reason; others are served meanwhile, and memory \
                 stays."
            }
            Name::Assign => {
                "32 writers bind, free and hand on the same few units, with add-ons, departures and files: no holder \
                 has a unit twice, and no unit two holders."
            }
            Name::Import => {
                "`kill -9` in the middle of a long file: each good row is in the book once, and the result file says \
                 what the book says."
            }
            Name::Codes => "64 customers redeem one activation code at once: one has the license.",
            Name::Invoices => {
                "`kill -9` while 32 clients bill: numbers from 1 without a hole, right sums, one mail each."
            }
            Name::Crossgrades => {
                "Customers move between service plans while their people are bound and freed, with `kill -9`: no \
                 binding is lost or doubled."
            }
            Name::Retries => {
                "A wire loses 30 of 100 answers, and clients send again under their keys: each request has one effect, \
                 is answered the same again, and its key is refused to any other."
            }
            Name::Cut => {
                "PostgreSQL behind a wire that is cut at commits, slow, swallowing or down: 503 with a time to come \
                 back meanwhile, everything works within 5 s after, and each request has one effect."
            }
            Name::Disk => {
                "The disk fills up and is freed again: writes are refused with `storage.full` within 2 s, reading goes \
                 on, writing goes on within 5 s without a restart, and nothing acknowledged is lost."
            }
            Name::Tree => {
                "Random issuing, passing on, returning, binding, freeing, shrinking and moving in a tree: a model of \
                 300 lines explains each answer, and what many writers at once leave."
            }
            Name::Servers => {
                "The races again with the clients spread over three servers on one PostgreSQL."
            }
            Name::Jobs => {
                "Servers are killed while allocations, a file and exports wait in the queue: each job is done, and has its \
                 effect once."
            }
            Name::Fsync => {
                "1,000 writes, one after the other: on SQLite none is acknowledged before the disk was told to keep it, on \
                 PostgreSQL its log was synced as often as writes were acknowledged."
            }
            Name::Restores => {
                "Backups are made while 8 clients write, and restored elsewhere, after a restore that was killed: what was \
                 acknowledged before is there, the book rests until it is released, and each changed byte of a copy is found \
                 before anything is loaded."
            }
            Name::Slow => SLOW,
            Name::Logins => LOGINS,
            Name::Restart => RESTART,
            Name::Schemathesis => SCHEMATHESIS,
        }
    }
}
