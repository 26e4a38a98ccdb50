//! What can go wrong below the business.

use std::{fmt, sync::Arc};

/// A result of the engine room.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the engine could not do what was asked. None of these is a business refusal: those are
/// [`crate::Verdict::Undo`].
#[derive(Clone, Debug)]
pub enum Error {
    /// SQLite refused a statement.
    Sqlite(Arc<rusqlite::Error>),
    /// PostgreSQL refused a statement, or the connection to it broke.
    Postgres(Arc<tokio_postgres::Error>),
    /// The queue in front of the writer is full; nothing was done.
    Overloaded,
    /// The engine cannot be reached; nothing was done.
    Unavailable(String),
    /// The disk below the database is full; nothing was done.
    Full(String),
    /// COMMIT was sent and never answered, so the effect may or may not be there. Asking again with
    /// the same key is safe.
    CommitUnknown,
    /// The work panicked, or awaited something that is not the database; it was undone.
    Crashed(String),
    /// The work did not end within the time it was allowed; it was undone.
    TooSlow,
    /// A stored value does not have the type the code reads.
    Value(String),
    /// The database does not fit this program: too old, too new, altered or locked by another server.
    Unfit(String),
}

impl Error {
    /// Whether the whole transaction may be tried again: a deadlock, a serialization failure, a lock
    /// that was not given in time, a row that another transaction removed, pointed at or took the key of
    /// meanwhile. The work looks first, so when it looks again it sees what the other one did.
    pub(crate) fn is_transient(&self) -> bool {
        use tokio_postgres::error::SqlState;
        let Error::Postgres(error) = self else {
            return false;
        };
        matches!(
            error.code(),
            Some(
                &SqlState::T_R_SERIALIZATION_FAILURE
                    | &SqlState::T_R_DEADLOCK_DETECTED
                    | &SqlState::LOCK_NOT_AVAILABLE
                    | &SqlState::FOREIGN_KEY_VIOLATION
                    | &SqlState::UNIQUE_VIOLATION
            )
        )
    }

    /// Whether the connection that gave this error must not be used again. A value that the driver
    /// could not write or read is our mistake, and the connection is as good as before.
    pub(crate) fn is_broken_connection(&self) -> bool {
        let Error::Postgres(error) = self else {
            return false;
        };
        let lost =
            std::error::Error::source(&**error).is_some_and(|source| source.is::<std::io::Error>());
        let ended = |code: &str| code.starts_with("08") || code.starts_with("57P");
        error.is_closed() || lost || error.code().is_some_and(|code| ended(code.code()))
    }

    /// Whether the database cannot be asked at the moment: it is gone, takes no more connections, or the disk below
    /// it does not answer.
    pub fn is_out_of_reach(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, SystemIoFailure};
        match self {
            Error::Unavailable(_) => true,
            Error::Sqlite(error) => {
                let code = error.sqlite_error_code();
                code.is_some_and(|code| matches!(code, CannotOpen | SystemIoFailure))
            }
            Error::Postgres(error) => {
                let crowded = &tokio_postgres::error::SqlState::TOO_MANY_CONNECTIONS;
                error.code() == Some(crowded) || self.is_broken_connection()
            }
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Sqlite(error) => write!(f, "SQLite: {error}"),
            Error::Postgres(error) => match error.as_db_error() {
                Some(db) => write!(f, "PostgreSQL: {} ({})", db.message(), db.code().code()),
                None => write!(f, "PostgreSQL: {error}"),
            },
            Error::Overloaded => write!(f, "the queue of writes is full"),
            Error::Unavailable(why) => write!(f, "the database is unavailable: {why}"),
            Error::Full(why) => write!(f, "the disk below the database is full: {why}"),
            Error::CommitUnknown => write!(f, "the commit was not answered"),
            Error::Crashed(why) => write!(f, "the work crashed: {why}"),
            Error::TooSlow => write!(f, "the work took longer than it may"),
            Error::Value(why) => write!(f, "a stored value cannot be read: {why}"),
            Error::Unfit(why) => write!(f, "the database does not fit: {why}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Sqlite(error) => Some(error.as_ref()),
            Error::Postgres(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Error::Full(error.to_string()),
            _ => Error::Sqlite(Arc::new(error)),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(&tokio_postgres::error::SqlState::DISK_FULL) => Error::Full(error.to_string()),
            _ => Error::Postgres(Arc::new(error)),
        }
    }
}
