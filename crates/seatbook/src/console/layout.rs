//! What stands around every page: who is here, for which organization, where one can go, what just happened.

use super::badges::{self, Badge};
use super::format;

/// Everything `base.html` needs; each page carries one as `shell`.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// The page's name in the browser's tab.
    pub title: String,
    /// Key of the current item in `nav`.
    pub here: &'static str,
    /// Who is signed in.
    pub person: Person,
    /// Name of the organization one acts for.
    pub organization: String,
    /// The organizations one may act for; a switch appears when there are two or more.
    pub memberships: Vec<Membership>,
    /// The navigation this person may see.
    pub nav: Vec<NavGroup>,
    /// That the book was restored and is not released yet: on every page.
    pub quarantine: Option<Notice>,
    /// What just happened, once.
    pub notices: Vec<Notice>,
    /// Jobs of this person that run or have just ended.
    pub jobs: Vec<JobBanner>,
}

/// The signed-in person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The role's label, for example "Partner administrator".
    pub role: String,
}

/// One organization a person may act for.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The organization.
    pub organization_id: String,
    /// Its name.
    pub organization: String,
    /// The person's role there.
    pub role: String,
    /// Whether it is the one acted for.
    pub current: bool,
}

/// A heading in the navigation with what stands under it.
#[derive(Clone, Debug)]
pub struct NavGroup {
    /// Empty for the first group.
    pub label: &'static str,
    /// Its entries.
    pub items: Vec<NavItem>,
}

/// One entry of the navigation.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// What `Shell::here` compares with.
    pub key: &'static str,
    /// The words.
    pub label: &'static str,
    /// A symbol of `icons.svg`.
    pub icon: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// How many there are, where that is worth saying.
    pub count: Option<i64>,
}

/// A message at the top of the page.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `good`, `warn`, `bad` or `info`.
    pub tone: &'static str,
    /// One sentence.
    pub text: String,
    /// Where it leads, as (label, address).
    pub link: Option<(String, String)>,
}

/// A job's progress at the top of the page; the module keeps it current.
#[derive(Clone, Debug, Default)]
pub struct JobBanner {
    /// The job.
    pub id: String,
    /// What it does: "Update of SO-10482".
    pub title: String,
    /// `queued`, `running`, `waiting`, `done`, `refused`, `dead` or `canceled`.
    pub state: String,
    /// One sentence: the reason it was refused, or what it did.
    pub message: String,
    /// Rows done so far.
    pub rows_done: i64,
    /// All rows; 0 while unknown.
    pub rows_total: i64,
    /// Whether the page is to be loaded anew when it ends, and not only its list.
    pub reloads: bool,
}

/// (key, label, icon, address, permission that shows it); an empty permission shows it to all.
type Entry = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const WORK: &[Entry] = &[
    ("overview", "Overview", "home", "/", ""),
    (
        "licenses",
        "Licenses",
        "license",
        "/licenses",
        "licenses.read",
    ),
    ("portal", "Portal", "home", "/portal", "licenses.redeem"),
    ("sales", "Sales", "tag", "/sales", "licenses.sell"),
    ("invoices", "Invoices", "file", "/invoices", "invoices.read"),
    (
        "reconciliation",
        "Reconciliation",
        "table",
        "/reconciliation",
        "allocations.read",
    ),
    (
        "configuration",
        "Configuration",
        "seat",
        "/configuration",
        "assignments.read",
    ),
    ("holders", "Holders", "user", "/holders", "holders.read"),
    (
        "organizations",
        "Organizations",
        "tree",
        "/organizations",
        "organizations.read",
    ),
    ("catalog", "Catalog", "box", "/catalog", "catalog.read"),
];
const RECORDS: &[Entry] = &[
    (
        "imports",
        "Imports",
        "upload",
        "/imports/new",
        "imports.run",
    ),
    ("jobs", "Jobs", "job", "/jobs", "jobs.read"),
    ("mails", "Outbox", "mail", "/mails", "mails.read"),
    ("journal", "Journal", "journal", "/journal", "journal.read"),
];
const ADMINISTRATION: &[Entry] = &[
    ("people", "People", "people", "/people", "people.read"),
    ("roles", "Roles", "shield", "/roles", "people.read"),
    ("tokens", "API tokens", "key", "/tokens", ""),
];

/// What only customers are shown, and what only they are not.
const PORTAL: [&str; 1] = ["portal"];
const SALES: [&str; 2] = ["sales", "reconciliation"];

/// The navigation for someone: `may` answers a permission, `customer` says that they act for one, `count` a key's
/// number.
pub fn nav(
    may: impl Fn(&str) -> bool,
    customer: bool,
    count: impl Fn(&str) -> Option<i64>,
) -> Vec<NavGroup> {
    [
        ("", WORK),
        ("Records", RECORDS),
        ("Administration", ADMINISTRATION),
    ]
    .into_iter()
    .map(|(label, entries)| NavGroup {
        label,
        items: entries
            .iter()
            .filter(|entry| entry.4.is_empty() || may(entry.4))
            .filter(|entry| match customer {
                true => !SALES.contains(&entry.0),
                false => !PORTAL.contains(&entry.0),
            })
            .map(|&(key, label, icon, href, _)| NavItem {
                key,
                label,
                icon,
                href,
                count: count(key),
            })
            .collect(),
    })
    .filter(|group| !group.items.is_empty())
    .collect()
}

impl Person {
    /// Up to two letters.
    pub fn initials(&self) -> String {
        format::initials(&self.name)
    }

    /// The avatar's colour.
    pub fn hue(&self) -> u32 {
        format::hue(&self.email)
    }
}

impl Notice {
    /// Something worked.
    pub fn good(text: impl Into<String>) -> Self {
        Self {
            tone: "good",
            text: text.into(),
            link: None,
        }
    }

    /// Something was refused or failed.
    pub fn bad(text: impl Into<String>) -> Self {
        Self {
            tone: "bad",
            text: text.into(),
            link: None,
        }
    }

    /// Something to know before going on.
    pub fn warn(text: impl Into<String>) -> Self {
        Self {
            tone: "warn",
            text: text.into(),
            link: None,
        }
    }

    /// Adds where it leads.
    pub fn link(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.link = Some((label.into(), href.into()));
        self
    }

    /// The symbol beside it.
    pub fn icon(&self) -> &'static str {
        badges::tone_icon(self.tone)
    }
}

impl JobBanner {
    /// Whether more is to come.
    pub fn open(&self) -> bool {
        matches!(self.state.as_str(), "queued" | "running" | "waiting")
    }

    /// Its state as a badge.
    pub fn badge(&self) -> Badge {
        badges::job(&self.state)
    }

    /// "120 of 500 rows", or nothing while the total is unknown.
    pub fn progress(&self) -> String {
        if self.rows_total == 0 {
            return match self.rows_done {
                0 => String::new(),
                done => format::count(done, "row", "rows"),
            };
        }
        format!(
            "{} of {} rows",
            format::number(self.rows_done),
            format::number(self.rows_total)
        )
    }
}
