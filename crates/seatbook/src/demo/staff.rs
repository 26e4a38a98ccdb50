//! The demo's people: somebody of every role. All of them are made up.

use super::companies::{CORDILLERA, DECCAN, HAYASHI, LEKKI, MAPLE, NORDLICHT, PROVIDER};
use crate::scope::BuiltIn;

/// Somebody who can sign in.
pub struct Person {
    /// Their name.
    pub name: &'static str,
    /// Their address.
    pub email: &'static str,
    /// Where they belong.
    pub company: &'static str,
    /// What they are there.
    pub role: BuiltIn,
    /// Whether the terminal names them.
    shown: bool,
}

impl Person {
    /// "Partner administrator, Nordlicht Partners".
    pub fn label(&self) -> String {
        format!("{}, {}", self.role.label(), self.company)
    }
}

const fn person(
    name: &'static str,
    email: &'static str,
    company: &'static str,
    role: BuiltIn,
) -> Person {
    Person {
        name,
        email,
        company,
        role,
        shown: false,
    }
}

const fn shown_as(person: Person) -> Person {
    Person {
        shown: true,
        ..person
    }
}

/// Who set the book up.
pub const OPERATOR: Person = shown_as(person(
    "Ingrid Solberg",
    "ingrid@norvik.example",
    PROVIDER,
    BuiltIn::Operator,
));

/// Who runs each partner; they are there before its customers are.
pub const PARTNER_ADMINISTRATORS: &[Person] = &[
    shown_as(person(
        "Jonas Petersen",
        "jonas@nordlicht.example",
        NORDLICHT,
        BuiltIn::PartnerAdministrator,
    )),
    person(
        "Catalina Rojas",
        "catalina@cordillera.example",
        CORDILLERA,
        BuiltIn::PartnerAdministrator,
    ),
    person(
        "Owen MacLeod",
        "owen@mapleridge.example",
        MAPLE,
        BuiltIn::PartnerAdministrator,
    ),
    person(
        "Haruka Hayashi",
        "haruka@hayashi-ns.example",
        HAYASHI,
        BuiltIn::PartnerAdministrator,
    ),
    person(
        "Chidi Okonkwo",
        "chidi@lekki.example",
        LEKKI,
        BuiltIn::PartnerAdministrator,
    ),
    person(
        "Meera Raghavan",
        "meera@deccan.example",
        DECCAN,
        BuiltIn::PartnerAdministrator,
    ),
];

/// Everybody else.
pub const OTHERS: &[Person] = &[
    shown_as(person(
        "Piotr Zieliński",
        "piotr@norvik.example",
        PROVIDER,
        BuiltIn::AccountManager,
    )),
    shown_as(person(
        "Aino Virtanen",
        "aino@norvik.example",
        PROVIDER,
        BuiltIn::Reader,
    )),
    person(
        "Klara Vogt",
        "klara@nordlicht.example",
        NORDLICHT,
        BuiltIn::AccountManager,
    ),
    person(
        "Diego Fuentes",
        "diego@cordillera.example",
        CORDILLERA,
        BuiltIn::AccountManager,
    ),
    person(
        "Kenji Mori",
        "kenji@hayashi-ns.example",
        HAYASHI,
        BuiltIn::Reader,
    ),
    shown_as(person(
        "Lena Hartmann",
        "lena@aurora-hospitals.example",
        "Aurora Hospitals",
        BuiltIn::CustomerAdministrator,
    )),
    person(
        "Tobias Grünwald",
        "tobias@gruenwald.example",
        "Grünwald & Söhne",
        BuiltIn::CustomerAdministrator,
    ),
    person(
        "Priya Nair",
        "priya@coromandel.example",
        "Coromandel Steel",
        BuiltIn::CustomerAdministrator,
    ),
    person(
        "Amara Mensah",
        "amara@voltariver.example",
        "Volta River Bank",
        BuiltIn::CustomerAdministrator,
    ),
    person(
        "Siobhan Tremblay",
        "siobhan@harbourpine.example",
        "Harbour & Pine Hotels",
        BuiltIn::CustomerAdministrator,
    ),
    person(
        "Mateo Quispe",
        "mateo@andes-mining.example",
        "Andes Mining Group",
        BuiltIn::Reader,
    ),
];

/// Whom the terminal names: one of each role.
pub fn shown() -> impl Iterator<Item = &'static Person> {
    static ALL: &[&[Person]] = &[&[OPERATOR], PARTNER_ADMINISTRATORS, OTHERS];
    ALL.iter().copied().flatten().filter(|person| person.shown)
}
