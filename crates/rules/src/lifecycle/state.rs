//! States: their stable codes, and what each allows.
//!
//! Owns: the closed list of states.
//! Does not own: which state a license is in.
//! Keeps true: one code everywhere (address bar, API, file, journal).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a license is at an instant. Computed, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not issued.
    Draft,
    /// Issued, not begun.
    Scheduled,
    /// Its activation code waits to be redeemed.
    PendingActivation,
    /// In force.
    Active,
    /// Held by a person.
    Paused,
    /// Past its end, still answered for.
    Grace,
    /// Over by time.
    Expired,
    /// Over by decision.
    Terminated,
    /// Over by crossgrade.
    Superseded,
}

/// A text that is no state code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownState;

impl State {
    /// Every state, in the order a license usually meets them.
    pub const ALL: [Self; 9] = [
        Self::Draft,
        Self::Scheduled,
        Self::PendingActivation,
        Self::Active,
        Self::Paused,
        Self::Grace,
        Self::Expired,
        Self::Terminated,
        Self::Superseded,
    ];

    /// Whether it is over for good: by time, by decision, or by crossgrade.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Expired | Self::Terminated | Self::Superseded)
    }

    /// The stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::PendingActivation => "pending_activation",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Grace => "grace",
            Self::Expired => "expired",
            Self::Terminated => "terminated",
            Self::Superseded => "superseded",
        }
    }

    /// Whether its units may be passed on anew.
    #[must_use]
    pub const fn may_allocate(self) -> bool {
        matches!(self, Self::Scheduled | Self::Active)
    }

    /// Whether its units may be bound to holders anew, and so whether they count as available.
    #[must_use]
    pub const fn may_assign(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether units may come back: always, once anything can have been recorded.
    #[must_use]
    pub const fn may_return(self) -> bool {
        !matches!(self, Self::Draft)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(code: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == code)
            .ok_or(UnknownState)
    }
}

impl fmt::Display for UnknownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no license state")
    }
}

impl std::error::Error for UnknownState {}

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer, value::Error};

    use super::*;

    #[test]
    fn states_allow_what_the_product_says() {
        let allowing = |allows: fn(State) -> bool| {
            State::ALL
                .into_iter()
                .filter(|state| allows(*state))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            allowing(State::may_allocate),
            [State::Scheduled, State::Active]
        );
        assert_eq!(allowing(State::may_assign), [State::Active]);
        assert_eq!(allowing(|state| !state.may_return()), [State::Draft]);
    }

    #[test]
    fn codes_are_the_same_everywhere() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            let wire: Result<State, Error> = State::deserialize(state.as_str().into_deserializer());
            assert_eq!(wire, Ok(state));
        }
        assert_eq!("Active".parse::<State>(), Err(UnknownState));
    }
}
