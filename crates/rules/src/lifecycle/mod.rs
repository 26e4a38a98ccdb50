//! License lifecycle: what a license is worth at an instant.
//!
//! Owns: which state follows from the stored facts and the clock; what each allows is in `state`.
//! Does not own: the facts, their storage, zones and calendars (`term`), or billing.
//! Keeps true: a state is never stored, so no nightly job can be late; without a new fact, time
//! only ever moves a license forward, and what has expired never comes back.

mod state;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use state::{State, UnknownState};

/// What people decided about a license.
///
/// A pause and an open activation are marks beside it: both can stand at once, and both are lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Written down, not issued: no units exist yet.
    Draft,
    /// Issued: dates and marks decide.
    Issued,
    /// Ended by a person before its time.
    Terminated,
    /// Replaced in a crossgrade.
    Superseded,
}

/// The stored facts from which a state follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What people decided about it.
    pub standing: Standing,
    /// Its activation code is not redeemed yet.
    pub awaits_activation: bool,
    /// It is paused.
    pub paused: bool,
    /// First instant; `None` waits for nothing.
    pub starts_at: Option<Timestamp>,
    /// Exclusive end; `None` is perpetual.
    pub ends_at: Option<Timestamp>,
    /// Exclusive end of grace; without one, or not after `ends_at`, there is no grace.
    pub grace_until: Option<Timestamp>,
}

/// The answer to "may this holder use it now?"
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In force.
    Yes,
    /// In grace, and until when.
    YesUntil {
        /// The first instant at which the answer is no.
        grace_until: Timestamp,
    },
    /// Not now.
    No,
}

impl Facts {
    /// The state at an instant.
    ///
    /// An end outranks a mark, because pausing does not stop the clock. A mark outranks grace, so
    /// that no license says yes again only because its end has passed, and it outranks the start,
    /// because units behind an unredeemed code or a pause are nobody's to pass on.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match self.standing {
            Standing::Draft => State::Draft,
            Standing::Terminated => State::Terminated,
            Standing::Superseded => State::Superseded,
            Standing::Issued if self.is_over(now) => State::Expired,
            Standing::Issued if self.paused => State::Paused,
            Standing::Issued if self.awaits_activation => State::PendingActivation,
            Standing::Issued if self.has_ended(now) => State::Grace,
            Standing::Issued if self.starts_at.is_some_and(|start| now < start) => State::Scheduled,
            Standing::Issued => State::Active,
        }
    }

    /// Whether a holder may use it at an instant.
    #[must_use]
    pub fn check(&self, now: Timestamp) -> Answer {
        match (self.state(now), self.grace_until) {
            (State::Active, _) => Answer::Yes,
            (State::Grace, Some(grace_until)) => Answer::YesUntil { grace_until },
            _ => Answer::No,
        }
    }

    fn has_ended(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.has_ended(now) && self.grace_until.is_none_or(|until| until <= now)
    }
}

/// Whether the end lies ahead and at most so many days of 24 hours away.
#[must_use]
pub fn expiring_soon(ends_at: Option<Timestamp>, now: Timestamp, days: u16) -> bool {
    let window = SignedDuration::from_hours(24 * i64::from(days));
    ends_at.is_some_and(|end| now < end && end.duration_since(now) <= window)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("the tests stay within the calendar")
    }

    const ISSUED: Facts = Facts {
        standing: Standing::Issued,
        awaits_activation: false,
        paused: false,
        starts_at: None,
        ends_at: None,
        grace_until: None,
    };

    fn dated() -> Facts {
        let (starts_at, ends_at, grace_until) = (Some(at(10)), Some(at(20)), Some(at(30)));
        Facts {
            starts_at,
            ends_at,
            grace_until,
            ..ISSUED
        }
    }

    #[test]
    fn time_moves_a_dated_license_through_its_states() {
        for (second, state, answer) in [
            (9, State::Scheduled, Answer::No),
            (10, State::Active, Answer::Yes),
            (19, State::Active, Answer::Yes),
            (
                20,
                State::Grace,
                Answer::YesUntil {
                    grace_until: at(30),
                },
            ),
            (
                29,
                State::Grace,
                Answer::YesUntil {
                    grace_until: at(30),
                },
            ),
            (30, State::Expired, Answer::No),
        ] {
            assert_eq!(dated().state(at(second)), state, "at {second}");
            assert_eq!(dated().check(at(second)), answer, "at {second}");
        }
        let no_grace = Facts {
            grace_until: None,
            ..dated()
        };
        assert_eq!(no_grace.state(at(20)), State::Expired);
        let grace_within_the_term = Facts {
            grace_until: Some(at(15)),
            ..dated()
        };
        assert_eq!(grace_within_the_term.state(at(20)), State::Expired);
        assert_eq!(ISSUED.state(Timestamp::MAX), State::Active);
    }

    #[test]
    fn marks_hold_a_license_but_not_the_clock() {
        for (marked, state) in [
            (
                Facts {
                    paused: true,
                    ..dated()
                },
                State::Paused,
            ),
            (
                Facts {
                    awaits_activation: true,
                    ..dated()
                },
                State::PendingActivation,
            ),
            (
                Facts {
                    paused: true,
                    awaits_activation: true,
                    ..dated()
                },
                State::Paused,
            ),
        ] {
            for second in [0, 10, 20, 29] {
                assert_eq!(marked.state(at(second)), state, "at {second}");
                assert_eq!(marked.check(at(second)), Answer::No, "at {second}");
            }
            assert_eq!(marked.state(at(30)), State::Expired);
        }
    }

    #[test]
    fn a_decision_outranks_dates_and_marks() {
        for (standing, state) in [
            (Standing::Draft, State::Draft),
            (Standing::Terminated, State::Terminated),
            (Standing::Superseded, State::Superseded),
        ] {
            for second in [0, 15, 25, 35] {
                let facts = Facts {
                    standing,
                    paused: true,
                    ..dated()
                };
                assert_eq!(facts.state(at(second)), state);
            }
        }
    }

    #[test]
    fn expiring_soon_ends_with_the_end() {
        let day = 86_400;
        for (ends_at, days, soon) in [
            (Some(at(30 * day)), 30, true),
            (Some(at(30 * day + 1)), 30, false),
            (Some(at(1)), 0, false),
            (Some(at(0)), 30, false),
            (Some(at(-1)), 30, false),
            (None, u16::MAX, false),
        ] {
            assert_eq!(
                expiring_soon(ends_at, at(0), days),
                soon,
                "{ends_at:?} in {days} days"
            );
        }
        assert!(!expiring_soon(
            Some(Timestamp::MAX),
            Timestamp::MIN,
            u16::MAX
        ));
    }

    fn any_facts() -> impl Strategy<Value = Facts> {
        let instant = || prop::option::of((-3i64..30).prop_map(at));
        let standing = prop_oneof![
            1 => Just(Standing::Draft), 7 => Just(Standing::Issued),
            1 => Just(Standing::Terminated), 1 => Just(Standing::Superseded),
        ];
        (
            standing,
            any::<(bool, bool)>(),
            instant(),
            instant(),
            instant(),
        )
            .prop_map(
                |(standing, (awaits_activation, paused), starts_at, ends_at, grace_until)| Facts {
                    standing,
                    awaits_activation,
                    paused,
                    starts_at,
                    ends_at,
                    grace_until,
                },
            )
    }

    /// How far time has carried a license.
    fn progress(state: State) -> u8 {
        match state {
            State::Scheduled => 0,
            State::Active => 1,
            State::Grace => 2,
            State::Expired => 3,
            State::Draft | State::PendingActivation | State::Paused => 0,
            State::Terminated | State::Superseded => 4,
        }
    }

    proptest! {
        #[test]
        fn time_only_moves_forward(facts in any_facts(), a in -5i64..35, b in -5i64..35) {
            let (earlier, later) = (facts.state(at(a.min(b))), facts.state(at(a.max(b))));
            prop_assert!(progress(earlier) <= progress(later), "{earlier} became {later}");
            prop_assert!(earlier != State::Expired || later == State::Expired);
        }

        #[test]
        fn yes_means_active_or_grace(facts in any_facts(), now in -5i64..35) {
            let now = at(now);
            match facts.check(now) {
                Answer::Yes => prop_assert!(facts.state(now).may_assign()),
                Answer::YesUntil { grace_until } => {
                    prop_assert_eq!(facts.state(now), State::Grace);
                    prop_assert!(now < grace_until);
                    prop_assert_eq!(facts.check(grace_until), Answer::No);
                }
                Answer::No => prop_assert!(!facts.state(now).may_assign()),
            }
        }

        #[test]
        fn what_can_be_bound_can_be_passed_on_and_returned(facts in any_facts(), now in -5i64..35) {
            let state = facts.state(at(now));
            prop_assert!(!state.may_assign() || state.may_allocate());
            prop_assert!(!state.may_allocate() || state.may_return());
        }
    }
}
