//! Who sees what while the tree changes: after each edit, what people are shown is what follows from parents alone.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Answer, Engine, Person, TestApp, id, random_id, send},
    overview::play::Dice,
};

/// As many as one page of a list shows, and some to spare.
const MOST_ORGANIZATIONS: usize = 150;
const PEOPLE: usize = 12;
/// A seed that a run printed, to have its edits again.
const SEED: &str = "SEATBOOK_TEST_SEED";

both_engines! {
    /// Organizations added, moved, suspended and resumed, memberships given and taken, at random.
    async fn rights_follow_the_tree(app: TestApp) {
        let given = std::env::var(SEED).ok().map(|seed| seed.parse::<u64>().expect("a number"));
        let seed = given.unwrap_or_else(|| random_id().as_u64_pair().0);
        println!("{SEED}={seed}");
        let mut play = Play::begin(&app, Dice(seed)).await;
        // PostgreSQL waits at each change of rights until other servers have forgotten.
        let edits = if app.engine == Engine::Sqlite { 1_000 } else { 250 };
        let mut done = 0;
        while done < edits {
            if !play.edit(&app).await {
                continue;
            }
            done += 1;
            for _ in 0..3 {
                let who = play.dice.throw(PEOPLE);
                play.check(who, (seed, done)).await;
            }
            play.probe((seed, done)).await;
        }
        for who in 0..PEOPLE {
            play.check(who, (seed, done)).await;
        }
        println!("{}", json!({"name": "strangers: tree", "engine": format!("{:?}", app.engine).to_lowercase(),
            "tried": done, "wrong": 0, "command": "cargo xtask test strangers --no-capture"}));
        app.prove();
        app.end().await;
    }
}

/// The tree as its edits tell it: nothing is kept but parents, and whom somebody decided to suspend.
struct Play {
    dice: Dice,
    parents: BTreeMap<Uuid, Uuid>,
    organizations: Vec<Uuid>,
    suspended: BTreeSet<Uuid>,
    people: Vec<Somebody>,
}

struct Somebody {
    person: Person,
    /// Membership and its organization.
    held: Vec<(Uuid, Uuid)>,
}

impl Play {
    async fn begin(app: &TestApp, dice: Dice) -> Play {
        let mut play = Play {
            dice,
            parents: BTreeMap::new(),
            organizations: vec![app.provider],
            suspended: BTreeSet::new(),
            people: Vec::new(),
        };
        while play.organizations.len() < 2 * PEOPLE {
            assert!(play.create(app).await);
        }
        for _ in 0..PEOPLE {
            let organization = play.below_the_root();
            let person = app.member(organization, "partner_administrator").await;
            let path = format!("/api/v1/people/{}", person.id);
            let shown = app.operator.get(&path).await.expect(200);
            let held = vec![(id(&shown["memberships"][0]["id"]), organization)];
            play.people.push(Somebody { person, held });
        }
        play
    }

    fn any(&mut self) -> Uuid {
        self.organizations[self.dice.throw(self.organizations.len())]
    }

    fn below_the_root(&mut self) -> Uuid {
        self.organizations[1 + self.dice.throw(self.organizations.len() - 1)]
    }

    /// An organization and all above it.
    fn upwards(&self, of: Uuid) -> Vec<Uuid> {
        std::iter::successors(Some(of), |it| self.parents.get(it).copied()).collect()
    }

    /// All that somebody may see; nothing where they have no right left anywhere.
    fn seen(&self, who: usize) -> Option<BTreeSet<Uuid>> {
        let open = |place: &Uuid| {
            let mut above = self.upwards(*place).into_iter();
            !above.any(|it| self.suspended.contains(&it))
        };
        let held = self.people[who].held.iter().map(|(_, place)| *place);
        let roots: BTreeSet<Uuid> = held.filter(open).collect();
        let below = |it: &&Uuid| self.upwards(**it).iter().any(|above| roots.contains(above));
        let seen = self.organizations.iter().filter(below).copied().collect();
        (!roots.is_empty()).then_some(seen)
    }

    /// One edit; whether it was done.
    async fn edit(&mut self, app: &TestApp) -> bool {
        match self.dice.throw(10) {
            0 | 1 => self.create(app).await,
            2..=5 => self.shift(app).await,
            6 | 7 => self.suspend(app).await,
            8 => self.give(app).await,
            _ => self.take(app).await,
        }
    }

    async fn create(&mut self, app: &TestApp) -> bool {
        if self.organizations.len() == MOST_ORGANIZATIONS {
            return false;
        }
        let parent = self.any();
        let body = json!({"parent_id": parent, "kind": "partner", "name": "Somebody"});
        let made = app.operator.post("/api/v1/organizations", body).await;
        if made.status.as_u16() != 201 {
            return is_refused(&made);
        }
        let made = made.id();
        self.parents.insert(made, parent);
        self.organizations.push(made);
        true
    }

    async fn shift(&mut self, app: &TestApp) -> bool {
        let (what, whereto) = (self.below_the_root(), self.any());
        if self.upwards(whereto).contains(&what) {
            return false;
        }
        let path = format!("/api/v1/organizations/{what}/move");
        let moved = app
            .operator
            .post(&path, json!({"parent_id": whereto}))
            .await;
        let done = moved.status.is_success();
        if done {
            self.parents.insert(what, whereto);
        }
        done || is_refused(&moved)
    }

    /// Suspends one, or resumes it where it is. Few at a time, so that somebody is left.
    async fn suspend(&mut self, app: &TestApp) -> bool {
        let crowded = self.suspended.len() > 5;
        let first = self.suspended.first().copied().filter(|_| crowded);
        let what = match first {
            Some(first) => first,
            None => self.below_the_root(),
        };
        let is_suspended = self.suspended.contains(&what);
        let verb = if is_suspended { "resume" } else { "suspend" };
        let path = format!("/api/v1/organizations/{what}/{verb}");
        app.operator.act(&path).await.expect(200);
        if !self.suspended.remove(&what) {
            self.suspended.insert(what);
        }
        true
    }

    async fn give(&mut self, app: &TestApp) -> bool {
        let (who, place) = (self.dice.throw(PEOPLE), self.below_the_root());
        let somebody = &mut self.people[who];
        if somebody.held.len() > 2 || somebody.held.iter().any(|(_, held)| *held == place) {
            return false;
        }
        let body = json!({"person_id": somebody.person.id, "organization_id": place, "role": "partner_administrator"});
        let made = app.operator.post("/api/v1/memberships", body).await;
        if made.status.as_u16() != 201 {
            return is_refused(&made);
        }
        somebody.held.push((made.id(), place));
        true
    }

    async fn take(&mut self, app: &TestApp) -> bool {
        let who = self.dice.throw(PEOPLE);
        let somebody = &mut self.people[who];
        if somebody.held.len() < 2 {
            return false;
        }
        let (held, _) = somebody.held.remove(0);
        let path = format!("/api/v1/memberships/{held}");
        app.operator.delete(&path).await.expect(200);
        true
    }

    /// Whether somebody is shown what they may see.
    async fn check(&self, who: usize, when: (u64, usize)) {
        let person = &self.people[who].person;
        let shown = person.get("/api/v1/organizations?limit=200").await;
        let found = match shown.status.as_u16() {
            401 => None,
            _ => {
                let shown = shown.expect(200);
                let items = shown["items"].as_array().expect("a list").iter();
                Some(items.map(|it| id(&it["id"])).collect::<BTreeSet<_>>())
            }
        };
        assert_eq!(
            found,
            self.seen(who),
            "somebody {who}, (seed, edit) {when:?}"
        );
    }

    /// Whether somebody may change what they may see, and nothing else.
    async fn probe(&mut self, when: (u64, usize)) {
        let (who, what) = (self.dice.throw(PEOPLE), self.any());
        let path = format!("/api/v1/organizations/{what}?preview=true");
        let request = self.people[who].person.request(Method::PUT, &path);
        let answer = send(request.json(&json!({"name": "Somebody else"}))).await;
        let expected = match self.seen(who) {
            None => 401,
            Some(seen) if seen.contains(&what) => 200,
            Some(_) => 404,
        };
        let status = answer.status.as_u16();
        assert_eq!(
            status, expected,
            "somebody {who}, (seed, edit) {when:?}: {}",
            answer.text
        );
    }
}

/// A refused edit is none; one that failed fails the test.
fn is_refused(answer: &Answer) -> bool {
    assert!(answer.status.is_client_error(), "{}", answer.text);
    false
}
