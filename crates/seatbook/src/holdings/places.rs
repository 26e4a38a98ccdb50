//! Lists that take the same time however much the book holds.
//!
//! A list up to [`GATHERED`] rows is gathered and sorted. A longer one is walked along the index of its
//! sort, at most 2,000 rows a request: where few of them fit, the page is short and carries the place
//! to go on from. Nothing is skipped by OFFSET, and nothing is counted beyond [`COUNTED`].

use serde::{Deserialize, Serialize};
use store::{Param, Select, Timestamp, Tx};
use uuid::Uuid;

use crate::{error::Result, licenses::model::Status};

/// A list up to this long is sorted in any way, and filtered as it is gathered.
pub const GATHERED: i64 = 5_000;
/// A list counts no further than this.
pub const COUNTED: i64 = 10_000;
/// A keyword or a date that finds more than this is no way in: the list is walked instead.
pub const HITS: i64 = 1_000;
/// Rows of an index that one request tests at most.
pub(super) const WALKED: i64 = 2_000;
/// More rows than any gathered list has. The LIMIT keeps an engine from sorting before it has gathered.
pub const FENCE: i64 = 1_000_000;
/// The first instant a calendar here can hold, the first of January of year 1, and the last.
const CALENDAR: (i64, i64) = (-62_135_596_800_000_000, 253_402_300_799_000_000);

/// What rows are compared by, and so how a key is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters.
    Text,
    /// A whole number.
    Number,
    /// An instant, as microseconds.
    Instant,
}

/// What a row is sorted by, as a cursor carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// A number, or an instant in microseconds.
    Number(i64),
    /// Letters.
    Text(String),
    /// The row has none: it stands behind all others, as if it had the largest.
    Nothing,
}

impl Key {
    /// Whether a cursor with this key can be of a list sorted by such keys.
    pub fn fits(&self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Key::Text(_), Kind::Text)
                | (Key::Number(_), Kind::Number | Kind::Instant)
                | (Key::Nothing, _)
        )
    }

    /// The key as a parameter.
    pub fn value(&self, kind: Kind) -> Box<dyn Param + Send> {
        match (kind, self) {
            (Kind::Instant, Key::Number(micros)) => {
                let held = (*micros).clamp(CALENDAR.0, CALENDAR.1);
                Box::new(Timestamp::from_micros(held))
            }
            (_, Key::Number(number)) => Box::new(*number),
            (_, Key::Text(text)) => Box::new(text.clone()),
            // The smallest of its kind.
            (Kind::Text, Key::Nothing) => Box::new(String::new()),
            (Kind::Number, Key::Nothing) => Box::new(i64::MIN),
            (Kind::Instant, Key::Nothing) => Box::new(Timestamp::from_micros(CALENDAR.0)),
        }
    }
}

/// A row's place in a sorted list, and which way a page leads from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// To the page before.
    pub back: bool,
    /// What the row is sorted by.
    pub key: Key,
    /// Its id, where several rows have one key.
    pub id: Uuid,
}

impl Place {
    fn turned(&self, back: bool) -> Place {
        Place {
            back,
            ..self.clone()
        }
    }
}

/// Rows of one key order: those that have a key, or those that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    Keyed,
    Bare,
}

/// How a list is gone through: by which key, up or down, from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'a> {
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    pub(super) down: bool,
    pub(super) from: Option<&'a Place>,
}

impl Way<'_> {
    /// The stretches still to come, in order. What has no key comes last, or first on the way down.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let both = match (self.nullable, self.down) {
            (false, _) => vec![Stretch::Keyed],
            (true, false) => vec![Stretch::Keyed, Stretch::Bare],
            (true, true) => vec![Stretch::Bare, Stretch::Keyed],
        };
        let begins = self.from.map(|from| match (&from.key, self.nullable) {
            (Key::Nothing, true) => Stretch::Bare,
            _ => Stretch::Keyed,
        });
        let skipped = both.iter().position(|one| Some(*one) == begins);
        both[skipped.unwrap_or_default()..].to_vec()
    }

    fn sign(&self) -> char {
        if self.down { '<' } else { '>' }
    }

    pub(super) fn order(&self, key: &str, id: &str) -> String {
        let way = if self.down { "DESC" } else { "ASC" };
        format!(" ORDER BY {key} {way}, {id} {way}")
    }
}

/// Where one statement begins and ends, with values that live as long as it.
pub(super) struct Edges {
    pub(super) stretch: Stretch,
    pub(super) after: Option<(Box<dyn Param + Send>, Uuid)>,
    pub(super) up_to: Option<(Box<dyn Param + Send>, Uuid)>,
    pub(super) floor: Option<Box<dyn Param + Send>>,
    pub(super) ceiling: Option<Box<dyn Param + Send>>,
}

impl Edges {
    /// From behind `after`, or from one end of the stretch; up to `up_to`, or to the other.
    pub(super) fn new(
        way: &Way<'_>,
        stretch: Stretch,
        after: Option<&Place>,
        up_to: Option<&Place>,
    ) -> Edges {
        let value = |place: &Place| (place.key.value(way.kind), place.id);
        Edges {
            stretch,
            after: after.map(value),
            up_to: up_to.map(value),
            floor: None,
            ceiling: None,
        }
    }

    /// Holds keys to a range. Without a floor SQLite would wade through the rows that have no key.
    pub(super) fn held(
        mut self,
        way: &Way<'_>,
        range: (Option<Timestamp>, Option<Timestamp>),
    ) -> Edges {
        let at = |at: Timestamp| -> Box<dyn Param + Send> { Box::new(at) };
        let least = || way.nullable.then(|| Key::Nothing.value(way.kind));
        self.floor = range.0.map(at).or_else(least);
        self.ceiling = range.1.map(at);
        self
    }

    /// The conditions on key and id.
    pub(super) fn conditions<'a>(
        &'a self,
        select: &mut Select<'a>,
        way: &Way<'_>,
        (key, id): (&str, &str),
    ) -> Vec<String> {
        let mut said = Vec::new();
        if self.stretch == Stretch::Bare {
            said.push(format!("{key} IS NULL"));
        }
        for (sign, edge) in [
            (way.sign().to_string(), &self.after),
            (
                format!("{}=", if way.down { '>' } else { '<' }),
                &self.up_to,
            ),
        ] {
            let Some((value, at)) = edge else { continue };
            said.push(match self.stretch {
                Stretch::Bare => format!("{id} {sign} {}", select.bind(at)),
                Stretch::Keyed => {
                    let (value, at) = (select.bind(&**value), select.bind(at));
                    format!("({key}, {id}) {sign} ({value}, {at})")
                }
            });
        }
        if self.stretch == Stretch::Keyed {
            let below = if way.down { &self.up_to } else { &self.after };
            let above = if way.down { &self.after } else { &self.up_to };
            if let (Some(floor), None) = (&self.floor, below) {
                said.push(format!("{key} >= {}", select.bind(&**floor)));
            }
            if let (Some(ceiling), None) = (&self.ceiling, above) {
                said.push(format!("{key} <= {}", select.bind(&**ceiling)));
            }
        }
        said
    }
}

/// Rows found, each at its place, on the way; and where a walk was given up.
#[derive(Debug, Default)]
pub struct Found {
    /// The rows, one more than the page holds where there are more.
    pub places: Vec<Place>,
    /// Where a walk was given up.
    pub given_up: Option<Place>,
}

/// Ids of a page in the order of the list, and the places of its neighbours.
#[derive(Debug, Default)]
pub struct Turned {
    /// The rows of the page.
    pub ids: Vec<Uuid>,
    /// Where the page before begins.
    pub previous: Option<Place>,
    /// Where the page after begins.
    pub next: Option<Place>,
}

impl Found {
    /// Turns what was found on the way into a page of `limit` rows.
    pub fn page(mut self, from: Option<&Place>, limit: i64) -> Turned {
        let limit = usize::try_from(limit).unwrap_or_default();
        let full = self.places.len() > limit;
        self.places.truncate(limit);
        let onward = match full {
            true => self.places.last(),
            false => self.given_up.as_ref(),
        };
        let back = from.is_some_and(|from| from.back);
        let onward = onward.map(|place| place.turned(back));
        let origin = from
            .and(self.places.first())
            .map(|place| place.turned(!back));
        let mut ids: Vec<Uuid> = self.places.iter().map(|place| place.id).collect();
        if back {
            ids.reverse();
        }
        let (previous, next) = if back {
            (onward, origin)
        } else {
            (origin, onward)
        };
        Turned {
            ids,
            previous,
            next,
        }
    }
}

/// Ids filled up to one of a few lengths, so that a list of them makes few statements, not a thousand.
pub fn padded(mut ids: Vec<Uuid>) -> Vec<Uuid> {
    let length = [8, 64, 1_024].into_iter().find(|it| ids.len() <= *it);
    ids.resize(length.unwrap_or(ids.len()), Uuid::nil());
    ids
}

/// A status as a condition on `license l`, and instants that bound where to look for it.
#[derive(Debug)]
pub(super) struct Narrow {
    pub(super) status: Status,
    pub(super) condition: String,
    /// The end of the longest warning that has begun by now.
    pub(super) warned: Timestamp,
}

impl Narrow {
    pub(super) async fn read(
        tx: &mut Tx<'_>,
        status: Option<Status>,
        now: Timestamp,
    ) -> Result<Option<Narrow>> {
        let Some(status) = status else {
            return Ok(None);
        };
        let longest = "SELECT max(expiring_days) FROM license";
        let days = match status {
            Status::ExpiringSoon => tx.query_one::<(Option<i64>,)>(longest, &[]).await?.0,
            Status::Is(_) => None,
        };
        Ok(Some(Narrow {
            status,
            condition: status.condition(),
            warned: now.plus_seconds(days.unwrap_or_default() * 86_400),
        }))
    }
}
