//! What was said in a form of who gives way, and who that is.

use rules::reduction::Rule;
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::pages::Losing;
use crate::{
    console::{
        fields::Field,
        form::value,
        format::{self, Moment},
    },
    error::{Error, Result},
    licenses::model::Pool,
    subscriptions::{
        commands::plan,
        model::{Choice, Plan},
        pages::unit_row,
        queries::{self, Candidate},
    },
};

/// People listed who would lose their unit, or may be chosen to.
pub const LISTED: usize = 200;
/// As many units as can be chosen by hand: more would not fit an address, which the preview is asked by.
const BY_HAND: i64 = 500;
/// The word that means nobody's rule.
const HAND: &str = "hand";

const RULES: [(&str, &str); 3] = [
    (
        "never_used",
        "Who never used it, then who has been idle longest",
    ),
    ("idle_longest", "Who has been idle longest"),
    ("newest", "Who got it last"),
];

/// The choice of who gives way, for one pool; by hand where people may be seen.
pub fn field(pool_id: Uuid, people: bool) -> Field {
    let by_hand = [(HAND, "Whom I choose")];
    let choices: Vec<(&str, &str)> = RULES
        .into_iter()
        .chain(by_hand.into_iter().filter(|_| people))
        .collect();
    let label = "Who gives way first, if somebody must";
    Field::select(&named("rule", pool_id), label, &choices)
}

fn named(name: &str, pool_id: Uuid) -> String {
    format!("{name}.{pool_id}")
}

/// What was said of one pool; whoever loses a unit was seen where that was ticked. By hand only once the list was there
/// to choose from.
pub fn choice(given: &[(String, String)], pool_id: Uuid) -> Choice {
    if by_hand(given, pool_id) && !value(given, &named("listed", pool_id)).is_empty() {
        return Choice::Hand(ticked(given, pool_id));
    }
    let seen = value(given, &named("seen", pool_id)).trim().to_owned();
    Choice::Rule {
        rule: rule(given, pool_id),
        fingerprint: Some(seen).filter(|seen| !seen.is_empty()),
    }
}

fn by_hand(given: &[(String, String)], pool_id: Uuid) -> bool {
    value(given, &named("rule", pool_id)).trim() == HAND
}

fn rule(given: &[(String, String)], pool_id: Uuid) -> Rule {
    Rule::parse(value(given, &named("rule", pool_id)).trim()).unwrap_or_default()
}

fn ticked(given: &[(String, String)], pool_id: Uuid) -> Vec<Uuid> {
    let name = named("chosen", pool_id);
    let chosen = given.iter().filter(|(found, _)| *found == name);
    chosen.filter_map(|(_, id)| id.parse().ok()).collect()
}

/// Fewer units of a pool than are in use, with who gives way.
pub struct Cut {
    pool: Pool,
    plan: Plan,
    said: Choice,
    /// The first of those who lose theirs, or whoever can be chosen.
    rows: Vec<Candidate>,
    hand: bool,
}

impl Cut {
    /// Finds who would lose a unit, as it was said in a form; or why nobody can be named. `people` may be seen, or not.
    pub async fn read(
        tx: &mut Tx<'_>,
        (pool, units): (&Pool, i64),
        given: &[(String, String)],
        people: bool,
    ) -> Result<std::result::Result<Cut, Error>> {
        let rule = rule(given, pool.id);
        let by_rule = Choice::Rule {
            rule,
            fingerprint: None,
        };
        let plan = match plan(tx, pool, units, &by_rule).await {
            Ok(plan) => plan,
            Err(error) if error.is_refusal() => return Ok(Err(error)),
            Err(error) => return Err(error),
        };
        let hand = people && by_hand(given, pool.id) && plan.to_free <= BY_HAND;
        let hand = hand && !plan.losers.is_empty();
        let rows = match (people, hand) {
            (false, _) => vec![],
            (true, true) => {
                let listed = plan.to_free.max(LISTED as i64);
                queries::candidates(tx, pool.id, rule, listed).await?
            }
            (true, false) => {
                let ids = plan.losers.iter().take(LISTED).map(|it| it.assignment_id);
                let ids: Vec<Uuid> = ids.collect();
                queries::chosen(tx, pool.id, &ids).await?
            }
        };
        Ok(Ok(Cut {
            said: choice(given, pool.id),
            pool: pool.clone(),
            plan,
            rows,
            hand,
        }))
    }

    /// What was said, as if whoever a rule hits had been seen: for a preview.
    pub fn as_seen(&self) -> Choice {
        match &self.said {
            Choice::Hand(chosen) if self.hand => Choice::Hand(chosen.clone()),
            _ => Choice::Rule {
                rule: match &self.said {
                    Choice::Rule { rule, .. } => *rule,
                    Choice::Hand(_) => Rule::default(),
                },
                fingerprint: Some(self.plan.fingerprint.clone()),
            },
        }
    }

    /// Who loses a unit; nothing where nobody does.
    pub fn losing(&self, moment: &Moment) -> Option<Losing> {
        let count = self.plan.losers.len() as i64;
        if count == 0 {
            return None;
        }
        let base = Losing {
            pool_id: self.pool.id.to_string(),
            title: format!(
                "{} of {}",
                format::count(count, "loses a unit", "lose a unit"),
                self.pool.product_name
            ),
            ..Losing::default()
        };
        if self.hand {
            let listed = self.plan.to_free.max(LISTED as i64);
            let row = |it: &Candidate| unit_row(it, moment, self.loses(it.binding.id));
            let units = format::count(self.plan.to_free, &self.pool.unit, &self.pool.units);
            return Some(Losing {
                title: format!("Choose who loses {units} of {}", self.pool.product_name),
                candidates: self.rows.iter().map(row).collect(),
                others: self.rows.len() as i64 >= listed,
                ..base
            });
        }
        let seen = match &self.said {
            Choice::Rule { fingerprint, .. } => {
                fingerprint.as_ref() == Some(&self.plan.fingerprint)
            }
            Choice::Hand(_) => false,
        };
        let people = self.rows.iter().map(|it| person(it, moment.now));
        Some(Losing {
            people: people.collect(),
            more: count - self.rows.len() as i64,
            fingerprint: self.plan.fingerprint.clone(),
            seen,
            ..base
        })
    }

    /// Whether somebody is chosen: by the rule, until the list was there to choose from.
    fn loses(&self, id: Uuid) -> bool {
        match &self.said {
            Choice::Hand(chosen) => chosen.contains(&id),
            Choice::Rule { .. } => self.plan.losers.iter().any(|it| it.assignment_id == id),
        }
    }
}

/// Who it is, and what else is said: whose it is, when it was last used, what goes with it.
pub fn person(it: &Candidate, now: Timestamp) -> (String, String) {
    let used = it.binding.used.map_or_else(
        || "never used".to_owned(),
        |at| format!("last used {}", format::ago(at, now.get())),
    );
    let add_ons = match it.add_ons {
        0 => String::new(),
        some => format!(
            ", {} with it",
            format::count(some, "add-on goes", "add-ons go")
        ),
    };
    let user = it.user_name.as_ref().map(|user| format!("of {user}, "));
    (
        it.holder_name.clone(),
        format!("{}{used}{add_ons}", user.unwrap_or_default()),
    )
}
