//! Who asks.

use uuid::Uuid;

use crate::scope::Scope;

/// Through which door a command came; the journal says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A page of the console.
    Console,
    /// The REST API.
    Api,
    /// A background job, for the person who asked for it.
    Job,
    /// The command line on the server itself.
    Cli,
    /// Seatbook itself: set-up and demo.
    System,
}

impl Origin {
    /// Its word in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::Console => "console",
            Origin::Api => "api",
            Origin::Job => "job",
            Origin::Cli => "cli",
            Origin::System => "system",
        }
    }
}

/// Somebody known, with the rights they had when they were recognised. The gate asks again inside the
/// write, so a right withdrawn in between is not used.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person.
    pub actor_id: Uuid,
    /// The API token they came with.
    pub token_id: Option<Uuid>,
    /// The session they came with.
    pub session_id: Option<Uuid>,
    /// Their rights.
    pub scope: Scope,
    /// Permissions the token was held to; `None` for people at the console.
    pub limits: Option<Vec<crate::scope::Permission>>,
    /// The door.
    pub origin: Origin,
    /// The HTTP request.
    pub request_id: Option<String>,
}

impl Caller {
    /// Seatbook itself, for what nobody has a right to yet: the first set-up.
    pub const SYSTEM: Uuid = Uuid::nil();

    /// Seatbook itself as a caller: what the set-up link and the machine's command line act as.
    pub fn system() -> Caller {
        Caller {
            actor_id: Caller::SYSTEM,
            token_id: None,
            session_id: None,
            scope: Scope::none(),
            limits: None,
            origin: Origin::System,
            request_id: None,
        }
    }
}
