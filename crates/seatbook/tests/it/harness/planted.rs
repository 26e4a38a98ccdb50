//! People put into the book past the doors, where a test is about something else than how they came in.

use seatbook::{
    access, gate,
    scope::{self, BuiltIn, Permission, Scope, queries::Membership},
};
use store::Place;
use uuid::Uuid;

use super::{Person, TestApp, token};

/// An id nobody has.
pub fn random_id() -> Uuid {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("random");
    uuid::Builder::from_random_bytes(random).into_uuid()
}

impl TestApp {
    /// Somebody with a built-in role at an organization, and a token that may do all of it.
    pub async fn planted(&self, organization_id: Uuid, role: BuiltIn) -> Person {
        self.planted_as(
            &format!("{}@example.org", random_id()),
            organization_id,
            role,
        )
        .await
    }

    /// The same with an address to be known by.
    pub async fn planted_as(&self, email: &str, organization_id: Uuid, role: BuiltIn) -> Person {
        let (person_id, email) = (random_id(), email.to_owned());
        let (membership, now) = (
            Membership {
                id: random_id(),
                person_id,
                organization_id,
                role: role.key().into(),
                role_id: None,
            },
            self.app.gate.now(),
        );
        let plant = self.app.gate.db().plumb(Place::ALONE, move |mut tx| {
            let (membership, email) = (membership.clone(), email.clone());
            Box::pin(async move {
                let added =
                    access::queries::insert_person(&mut tx, person_id, &email, "Pat", now).await;
                assert!(added.expect("a person"), "the address is free");
                let held = scope::queries::insert_membership(&mut tx, &membership).await;
                assert!(held.expect("a membership"), "the membership is new");
                Ok(())
            })
        });
        plant.await.expect("planted");
        let token = token(&self.app, person_id, Permission::ALL.to_vec()).await;
        Person::new(self.address, person_id, token)
    }

    /// The same person with a token that may do only this.
    pub async fn limited(&self, person: &Person, permissions: &[Permission]) -> Person {
        let token = token(&self.app, person.id, permissions.to_vec()).await;
        Person::new(self.address, person.id, token)
    }

    /// A person as the gate knows them, for commands that have no door.
    pub async fn caller(&self, person: &Person) -> gate::Caller {
        let id = person.id;
        let scope: Scope = self
            .app
            .read(move |mut tx| {
                Box::pin(async move { scope::queries::scope_of(&mut tx, id).await })
            })
            .await
            .expect("a scope");
        gate::Caller {
            actor_id: id,
            token_id: None,
            session_id: None,
            scope,
            limits: None,
            origin: gate::Origin::Api,
            request_id: None,
        }
    }
}
