//! Notices: which lead time before a last day is due now.

/// The notice that is due: the nearest lead time that has come, and those it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The lead time that is told.
    pub lead_days: i64,
    /// Longer ones that have come too, and that nobody was told of: they are told with it, not besides.
    pub passed_by: Vec<i64>,
}

/// What is due with so many days left, the last day itself being 0, of these lead times, where `said` were told or
/// passed by before. What ended is not told any more.
pub fn due(lead_days: &[i64], days_left: i64, said: &[i64]) -> Option<Due> {
    if days_left < 0 {
        return None;
    }
    let come = lead_days.iter().copied().filter(|lead| *lead >= days_left);
    let mut come: Vec<i64> = come.collect();
    come.sort_unstable();
    come.dedup();
    let (nearest, longer) = come.split_first()?;
    if said.contains(nearest) {
        return None;
    }
    let unsaid = longer.iter().copied().filter(|lead| !said.contains(lead));
    Some(Due {
        lead_days: *nearest,
        passed_by: unsaid.collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_nearest_lead_stands_for_the_others() {
        let leads = [60, 30, 7];
        let due_at = |days, said: &[i64]| due(&leads, days, said).map(|due| due.lead_days);
        assert_eq!(due_at(61, &[]), None);
        assert_eq!(due_at(60, &[]), Some(60));
        assert_eq!(due_at(31, &[60]), None);
        assert_eq!(due_at(30, &[60]), Some(30));
        assert_eq!(due_at(0, &[60, 30]), Some(7));
        assert_eq!(due_at(-1, &[]), None);
        let late = due(&leads, 5, &[60]).expect("one is due");
        assert_eq!((late.lead_days, late.passed_by), (7, vec![30]));
        assert_eq!(due(&[], 3, &[]), None);
    }

    proptest! {
        /// Looked at on any days in any order of days, each lead time is told or passed by at most once, and the one
        /// that is told has come.
        #[test]
        fn each_lead_is_said_once(
            leads in prop::collection::vec(1_i64..=730, 0..=10),
            mut days in prop::collection::vec(-5_i64..=800, 1..60),
        ) {
            days.sort_unstable_by(|one, other| other.cmp(one));
            let mut said = Vec::new();
            for left in days {
                let Some(it) = due(&leads, left, &said) else { continue };
                prop_assert!(it.lead_days >= left && left >= 0);
                prop_assert!(it.passed_by.iter().all(|lead| *lead > it.lead_days));
                for lead in it.passed_by.iter().chain([&it.lead_days]) {
                    prop_assert!(leads.contains(lead) && !said.contains(lead));
                    said.push(*lead);
                }
            }
        }
    }
}
