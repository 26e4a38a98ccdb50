//! A license's state as a condition in SQL. The badge comes from [`rules::lifecycle`]; a test holds the
//! two together, since a state that follows from the clock is never stored.

use rules::lifecycle::State;

/// What a list can be narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A state of the lifecycle.
    Is(State),
    /// Active, and near its end.
    ExpiringSoon,
}

impl Status {
    /// Reads a filter's word.
    pub fn parse(word: &str) -> Option<Status> {
        if word == "expiring_soon" {
            return Some(Status::ExpiringSoon);
        }
        word.parse().ok().map(Status::Is)
    }

    /// The condition on `license l`; every `?` takes the instant now.
    pub fn condition(self) -> String {
        const RUNNING: &str = "l.standing = 'issued' AND (l.over_at IS NULL OR l.over_at > ?)";
        const UNMARKED: &str = "l.paused = FALSE AND l.awaits_activation = FALSE";
        const STARTED: &str = "l.starts_at <= ? AND (l.ends_at IS NULL OR l.ends_at > ?)";
        match self {
            Status::Is(State::Draft) => "l.standing = 'draft'".into(),
            Status::Is(State::Terminated) => "l.standing = 'terminated'".into(),
            Status::Is(State::Superseded) => "l.standing = 'superseded'".into(),
            Status::Is(State::Expired) => "l.standing = 'issued' AND l.over_at <= ?".into(),
            Status::Is(State::Paused) => format!("{RUNNING} AND l.paused = TRUE"),
            Status::Is(State::PendingActivation) => {
                format!("{RUNNING} AND l.paused = FALSE AND l.awaits_activation = TRUE")
            }
            Status::Is(State::Grace) => format!("{RUNNING} AND {UNMARKED} AND l.ends_at <= ?"),
            Status::Is(State::Scheduled) => {
                format!(
                    "{RUNNING} AND {UNMARKED} AND l.starts_at > ? AND (l.ends_at IS NULL OR l.ends_at > ?)"
                )
            }
            Status::Is(State::Active) => format!("{RUNNING} AND {UNMARKED} AND {STARTED}"),
            Status::ExpiringSoon => {
                format!("{RUNNING} AND {UNMARKED} AND {STARTED} AND l.expiring_at <= ?")
            }
        }
    }
}
