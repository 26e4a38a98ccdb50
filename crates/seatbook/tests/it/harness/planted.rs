//! People as the gate knows them, and credentials narrower than their rights.

use seatbook::{
    gate,
    scope::{self, Permission, Scope},
};
use uuid::Uuid;

use super::{Person, TestApp, token};

/// An id nobody has.
pub fn random_id() -> Uuid {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("random");
    uuid::Builder::from_random_bytes(random).into_uuid()
}

impl TestApp {
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
