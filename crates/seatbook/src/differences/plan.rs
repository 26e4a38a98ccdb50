//! What the rows of a workbook come to: compared with what was exported and with the book, and added up.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use store::Tx;
use uuid::Uuid;

use super::rows::{CustomerRow, Says};
use crate::{
    allocations::{
        self,
        commands::{SetAllocations, WantedShare},
        model::{Child, Source},
    },
    console::format,
    customers::commands::OnboardCustomer,
    error::{FieldError, Result},
    organizations::{self, commands::EditOrganization, model::Organization},
    rows::{
        asker::Asker,
        cells::{Oddity, Outcome},
        sheet::Judged,
    },
    scope::Permission,
    workbooks::{
        self,
        model::{Line, Workbook},
    },
};

/// Rows whose likes are named in one sentence.
const NAMED: usize = 5;

/// What becomes of every row, and what does it.
pub struct Plan {
    /// Row by row.
    pub judged: Vec<Judged>,
    /// The units that change.
    pub shares: Option<SetAllocations>,
    /// The names that change.
    pub names: Vec<EditOrganization>,
    /// Who is new.
    pub newcomers: Vec<OnboardCustomer>,
    /// What is to be said of all rows together.
    pub oddities: Vec<Oddity>,
}

impl Plan {
    /// Judges rows in their order: what one gives back is there for those behind it.
    pub async fn of(tx: &mut Tx<'_>, asker: &Asker, rows: &[&CustomerRow]) -> Result<Plan> {
        let id = rows.first().map(|row| row.workbook_id).unwrap_or_default();
        let workbook = workbooks::queries::find(tx, id)
            .await?
            .filter(|it| it.organization_id == asker.organization_id && it.expires_at > asker.now);
        let source = match &workbook {
            Some(it) => allocations::queries::find_source(tx, it.pool_id).await?,
            None => None,
        };
        let Some((workbook, source)) = workbook.zip(source) else {
            return Ok(Plan::forgotten(rows.len()));
        };
        let mut ledger = Ledger::read(tx, asker, (workbook, source), rows).await?;
        let mut judged = Vec::with_capacity(rows.len());
        for row in rows {
            judged.push(match &row.says {
                Says::Nothing => Judged::good(Outcome::Same, String::new()),
                Says::Edit(edit) => ledger.edit(row.row, edit),
                Says::New(new) => ledger.take_in(tx, asker, (row.row, new)).await?,
            });
        }
        Ok(ledger.plan(judged))
    }

    fn forgotten(rows: usize) -> Plan {
        let message = "This workbook is not remembered any more. Download it anew.";
        let one = || Judged::bad(vec![wrong("key", "workbook.unknown", message.into())]);
        Plan {
            judged: std::iter::repeat_with(one).take(rows).collect(),
            shares: None,
            names: vec![],
            newcomers: vec![],
            oddities: vec![],
        }
    }
}

/// What the asker may do there.
pub(super) struct Rights {
    pub(super) allocate: bool,
    pub(super) rename: bool,
    pub(super) take_in: bool,
}

/// What was exported, what is there now, and what the rows so far come to.
pub(super) struct Ledger {
    pub(super) workbook: Workbook,
    pub(super) holder: Option<Organization>,
    pub(super) exported: HashMap<i64, Line>,
    pub(super) shares: HashMap<Uuid, Child>,
    pub(super) organizations: HashMap<Uuid, Organization>,
    /// References in use, as far as new rows name them.
    pub(super) taken: HashSet<String>,
    pub(super) rights: Rights,
    /// The license passes units on: it is neither paused nor over, nor is its organization suspended.
    pub(super) open: bool,
    /// Units free at the beginning, and what is left of them.
    pub(super) free: (i64, i64),
    /// Units wanted by rows for which there are none.
    pub(super) short: i64,
    pub(super) wanted: Vec<WantedShare>,
    pub(super) names: Vec<EditOrganization>,
    pub(super) newcomers: Vec<OnboardCustomer>,
    pub(super) disputed: BTreeSet<i64>,
    pub(super) alike: BTreeMap<i64, String>,
}

impl Ledger {
    async fn read(
        tx: &mut Tx<'_>,
        asker: &Asker,
        (workbook, source): (Workbook, Source),
        rows: &[&CustomerRow],
    ) -> Result<Ledger> {
        let of = asker.organization_id;
        let (mut numbers, mut references) = (Vec::new(), BTreeSet::new());
        for row in rows {
            match &row.says {
                Says::Nothing => {}
                Says::Edit(edit) => numbers.push(edit.number),
                Says::New(new) => references.extend(new.reference.as_deref()),
            }
        }
        let references: Vec<&str> = references.into_iter().collect();
        let exported = workbooks::queries::of_numbers(tx, workbook.id, &numbers).await?;
        let ids: Vec<Uuid> = exported.values().map(|line| line.organization_id).collect();
        let shares = allocations::queries::find_children(tx, &source, &ids).await?;
        let pool_id = workbook.pool_id;
        let open = allocations::queries::is_open(tx, pool_id, asker.now).await?;
        let shares = shares.into_iter().filter(|it| it.takes_from(pool_id));
        let now = organizations::queries::of_ids(tx, &ids).await?;
        let taken = organizations::queries::of_references(tx, &references).await?;
        let rights = Rights {
            allocate: asker.may(tx, Permission::AllocationsSet, of).await?,
            rename: asker.may(tx, Permission::OrganizationsEdit, of).await?,
            take_in: asker.may(tx, Permission::OrganizationsCreate, of).await?,
        };
        let free = source.quantity - source.allocated - source.assigned;
        Ok(Ledger {
            holder: organizations::queries::find(tx, of).await?,
            workbook,
            exported,
            shares: shares.map(|it| (it.organization_id, it)).collect(),
            organizations: now.into_iter().map(|it| (it.id, it)).collect(),
            taken: taken.into_iter().filter_map(|it| it.reference).collect(),
            rights,
            open,
            free: (free, free),
            short: 0,
            wanted: vec![],
            names: vec![],
            newcomers: vec![],
            disputed: BTreeSet::new(),
            alike: BTreeMap::new(),
        })
    }

    /// Takes units from what is free, or puts them back where they are fewer than none.
    pub(super) fn draw(&mut self, units: i64) -> std::result::Result<(), FieldError> {
        let left = self.free.1;
        if units > 0 && !self.open {
            let message = "This license passes nothing on at present; units can still be returned.";
            return Err(wrong("units", "pool.closed", message.into()));
        }
        if units > left.max(0) {
            self.short += units;
            let message = format!("{units} more units are wanted, {left} are free here.");
            return Err(wrong("units", "pool.exhausted", message));
        }
        self.free.1 -= units;
        Ok(())
    }

    fn plan(self, judged: Vec<Judged>) -> Plan {
        let oddities = self.oddities();
        let pool_id = self.workbook.pool_id;
        let rows = self.wanted;
        Plan {
            judged,
            shares: (!rows.is_empty()).then_some(SetAllocations { pool_id, rows }),
            names: self.names,
            newcomers: self.newcomers,
            oddities,
        }
    }

    /// What is left, what others changed too, and who sounds like somebody.
    fn oddities(&self) -> Vec<Oddity> {
        let oddity = |code: &str, message: String, rows: Vec<i64>| Oddity {
            code: code.into(),
            message,
            rows,
        };
        let (free, left) = self.free;
        let free = format::count(free, "unit is", "units are");
        let mut said = vec![oddity(
            "units.remaining",
            format!("{free} free now; {} would be left.", format::number(left)),
            vec![],
        )];
        if self.short > 0 {
            let missing = self.short - left.min(self.short);
            let message = format!(
                "{} missing for the rows that want more.",
                format::count(missing, "unit is", "units are")
            );
            said.push(oddity("units.short", message, vec![]));
        }
        if !self.disputed.is_empty() {
            let message = "Others changed the same since the export: these rows are refused, with both values.";
            let rows = self.disputed.iter().copied().collect();
            said.push(oddity("rows.disputed", message.into(), rows));
        }
        if !self.alike.is_empty() {
            let names = self.alike.values().map(String::as_str).take(NAMED);
            let names = names.collect::<Vec<_>>().join(", ");
            let more = if self.alike.len() > NAMED {
                " and others"
            } else {
                ""
            };
            let message = format!(
                "New customers that sound like {names}{more}; each has a reference, so it is taken for somebody else."
            );
            let rows = self.alike.keys().copied().collect();
            said.push(oddity("customers.alike", message, rows));
        }
        said
    }
}

pub(super) fn wrong(field: &str, code: &'static str, message: String) -> FieldError {
    FieldError {
        field: field.to_owned(),
        code: code.into(),
        message,
    }
}
