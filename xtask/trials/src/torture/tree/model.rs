//! A book small enough to be believed: who has how many units of which license, and nothing else. It says what the
//! server must answer to an operation, and what that leaves.

use std::collections::BTreeMap;

use crate::random::Random;

/// Organizations and licenses by their numbers. The provider is organization 0.
pub type Place = (usize, usize);

/// One thing somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    Issue {
        quantity: i64,
    },
    Allocate {
        license: usize,
        from: usize,
        to: usize,
        units: i64,
    },
    Assign {
        at: Place,
    },
    Release {
        binding: usize,
    },
    Resize {
        license: usize,
        quantity: i64,
    },
    Move {
        organization: usize,
        to: usize,
    },
}

/// What the server must say: its status, its code, and figures by their place in the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub status: u16,
    pub code: &'static str,
    pub figures: Vec<(&'static str, i64)>,
}

impl Told {
    fn done(status: u16, figures: Vec<(&'static str, i64)>) -> Told {
        Told {
            status,
            code: "",
            figures,
        }
    }

    fn refused(code: &'static str, figures: Vec<(&'static str, i64)>) -> Told {
        let status = if code == "invalid" { 422 } else { 409 };
        Told {
            status,
            code,
            figures,
        }
    }

    pub fn is_done(&self) -> bool {
        self.code.is_empty()
    }
}

/// The units of one license at one organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    pub quantity: i64,
    pub allocated: i64,
    pub assigned: i64,
}

impl Pool {
    fn in_use(self) -> i64 {
        self.allocated + self.assigned
    }

    fn free(self) -> i64 {
        self.quantity - self.in_use()
    }
}

/// A unit that a holder has, or had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binding {
    pub at: Place,
    pub open: bool,
}

#[derive(Clone, Debug)]
pub struct Model {
    /// The organization above each; the provider's is itself.
    pub parents: Vec<usize>,
    pub licenses: usize,
    pub bindings: Vec<Binding>,
    pools: BTreeMap<Place, Pool>,
}

impl Model {
    /// A provider, and nothing else.
    pub fn new() -> Model {
        Model {
            parents: vec![0],
            licenses: 0,
            bindings: Vec::new(),
            pools: BTreeMap::new(),
        }
    }

    pub fn pool(&self, at: Place) -> Pool {
        self.pools.get(&at).copied().unwrap_or_default()
    }

    /// Every pool there ever was.
    pub fn pools(&self) -> impl Iterator<Item = (Place, Pool)> {
        self.pools.iter().map(|(at, pool)| (*at, *pool))
    }

    /// What must be answered to this as things are.
    pub fn explain(&self, op: Op) -> Told {
        match op {
            Op::Issue { quantity } => Told::done(201, vec![("/quantity", quantity)]),
            Op::Allocate {
                license,
                from,
                to,
                units,
            } => self.explain_allocation((license, from), to, units),
            Op::Assign { at } => match self.pool(at).free() {
                0 => Told::refused("pool.exhausted", vec![("/short/0/wanted", 1)]),
                _ => Told::done(201, vec![]),
            },
            Op::Release { binding } => match self.bindings[binding].open {
                true => Told::done(200, vec![]),
                false => Told::refused("assignment.ended", vec![]),
            },
            Op::Resize { license, quantity } => {
                let in_use = self.pool((license, 0)).in_use();
                if quantity < in_use {
                    let figures = vec![("/in_use", in_use), ("/to_free", in_use - quantity)];
                    return Told::refused("license.below_use", figures);
                }
                Told::done(200, vec![("/quantity", quantity)])
            }
            Op::Move { organization, to } => self.explain_move(organization, to),
        }
    }

    fn explain_allocation(&self, at: Place, to: usize, units: i64) -> Told {
        if to == 0 || self.parents[to] != at.1 {
            return Told::refused("invalid", vec![]);
        }
        let (source, share) = (self.pool(at), self.pool((at.0, to)));
        let left = share.quantity + units;
        if left < share.in_use() {
            let to_free = share.in_use() - left;
            return Told::refused("allocation.below_use", vec![("/rows/0/to_free", to_free)]);
        }
        let free = source.free();
        if units > free {
            let figures = vec![("/free", free), ("/excess", units - free)];
            return Told::refused("pool.exhausted", figures);
        }
        let figures = vec![
            ("/quantity", source.quantity),
            ("/allocated", source.allocated + units),
            ("/assigned", source.assigned),
            ("/free", free - units),
            ("/changed/0/quantity", left),
        ];
        Told::done(201, figures)
    }

    /// Whoever holds units has them of the organization above.
    fn explain_move(&self, organization: usize, to: usize) -> Told {
        if self.parents[organization] == to {
            return Told::done(200, vec![]);
        }
        let held = self.pools().filter(|((_, at), _)| *at == organization);
        let held: Vec<i64> = held.map(|(_, pool)| pool.quantity).collect();
        let units: i64 = held.iter().sum();
        if units == 0 {
            return Told::done(200, vec![]);
        }
        let pools = held.iter().filter(|units| **units > 0).count() as i64;
        let figures = vec![("/pools", pools), ("/units", units)];
        Told::refused("organization.holds_allocations", figures)
    }

    /// Does what was done, without asking whether it may be: many at once are done in an order that nobody knows.
    pub fn enter(&mut self, op: Op) {
        match op {
            Op::Issue { quantity } => {
                self.at((self.licenses, 0)).quantity = quantity;
                self.licenses += 1;
            }
            Op::Allocate {
                license,
                from,
                to,
                units,
            } => {
                self.at((license, from)).allocated += units;
                self.at((license, to)).quantity += units;
            }
            Op::Assign { at } => {
                self.at(at).assigned += 1;
                self.bindings.push(Binding { at, open: true });
            }
            Op::Release { binding } => {
                self.bindings[binding].open = false;
                let at = self.bindings[binding].at;
                self.at(at).assigned -= 1;
            }
            Op::Resize { license, quantity } => self.at((license, 0)).quantity = quantity,
            Op::Move { organization, to } => self.parents[organization] = to,
        }
    }

    fn at(&mut self, at: Place) -> &mut Pool {
        self.pools.entry(at).or_default()
    }

    /// What the one law says of this book: nothing is overdrawn, and what was passed on is held below.
    pub fn breaches(&self) -> Vec<String> {
        let mut found = Vec::new();
        for ((license, organization), pool) in self.pools() {
            let below = self.pools().filter(|((of, at), _)| {
                *of == license && *at != 0 && self.parents[*at] == organization
            });
            let held: i64 = below.map(|(_, pool)| pool.quantity).sum();
            if pool.free() < 0 || held != pool.allocated {
                found.push(format!(
                    "license {license} at {organization}: {pool:?}, and {held} held below"
                ));
            }
        }
        found
    }

    /// Something to ask for. A good part of it is refused.
    pub fn choose(&self, random: &mut Random, licenses_at_most: usize) -> Op {
        let license = random.index(self.licenses);
        match random.below(100) {
            0..3 if self.licenses < licenses_at_most => Op::Issue {
                quantity: random.within(1, 60),
            },
            0..45 => self.choose_allocation(random, license),
            45..68 => {
                let held: Vec<Place> = self.pools().map(|(at, _)| at).collect();
                Op::Assign {
                    at: held[random.index(held.len())],
                }
            }
            68..85 if !self.bindings.is_empty() => Op::Release {
                binding: random.index(self.bindings.len()),
            },
            85..95 => Op::Resize {
                license,
                quantity: random.within(1, 60),
            },
            _ => {
                let (partners, customers) = (self.children(0), self.leaves());
                Op::Move {
                    organization: customers[random.index(customers.len())],
                    to: partners[random.index(partners.len())],
                }
            }
        }
    }

    fn choose_allocation(&self, random: &mut Random, license: usize) -> Op {
        let partners = self.children(0);
        let partner = partners[random.index(partners.len())];
        let known = self.pools.contains_key(&(license, partner));
        let from = if known && random.below(2) == 0 {
            partner
        } else {
            0
        };
        let children = self.children(from);
        let to = match random.below(12) {
            0 => random.index(self.parents.len()),
            _ if children.is_empty() => partner,
            _ => children[random.index(children.len())],
        };
        let units = match random.within(-8, 12) {
            0 => 200,
            units => units,
        };
        Op::Allocate {
            license,
            from,
            to,
            units,
        }
    }

    /// Partners are the organizations directly below the provider, and stay there.
    fn children(&self, of: usize) -> Vec<usize> {
        let all = 1..self.parents.len();
        all.filter(|at| self.parents[*at] == of).collect()
    }

    fn leaves(&self) -> Vec<usize> {
        let all = 1..self.parents.len();
        all.filter(|at| self.parents[*at] != 0).collect()
    }
}
