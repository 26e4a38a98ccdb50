//! A holder as a row, and what is said about a new one.

use rules::{email::EmailAddress, telephone, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{Error, FieldError, Result};

/// What a holder is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HolderKind)]
pub enum Kind {
    /// A person.
    #[default]
    User,
    /// A machine.
    Device,
    /// A screen.
    Screen,
    /// A telephone extension.
    Extension,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [Kind::User, Kind::Device, Kind::Screen, Kind::Extension];

    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Device => "device",
            Kind::Screen => "screen",
            Kind::Extension => "extension",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Device => "Device",
            Kind::Screen => "Screen",
            Kind::Extension => "Extension",
        }
    }

    /// The kind a word names.
    pub fn parse(word: &str) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Who or what uses units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// Its id.
    pub id: Uuid,
    /// Where it belongs.
    pub organization_id: Uuid,
    /// User, device, screen or extension.
    pub kind: Kind,
    /// What people call it.
    pub name: String,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its extension: 3 to 5 digits, as text.
    pub extension: Option<String>,
    /// Its direct number, as digits.
    pub did: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// The key by which other systems know it.
    pub reference: Option<String>,
    /// The user it belongs to.
    pub owner_id: Option<Uuid>,
    /// That user's name.
    pub owner_name: Option<String>,
    /// When it left; it has no units since.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub left_at: Option<Timestamp>,
    /// Units' bindings it has now, base and add-on.
    pub bindings: i64,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl Holder {
    /// The person behind it: itself, or whom it belongs to.
    pub fn user_id(&self) -> Option<Uuid> {
        match self.kind {
            Kind::User => Some(self.id),
            _ => self.owner_id,
        }
    }

    /// What the journal may keep of it: nothing that tells who it is.
    pub fn impersonal(&self) -> Value {
        json!({"organization_id": self.organization_id, "kind": self.kind, "owner_id": self.owner_id,
            "left_at": self.left_at})
    }
}

impl FromRow for Holder {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let kind: String = row.get(2)?;
        Ok(Holder {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            kind: Kind::parse(&kind)
                .ok_or_else(|| store::Error::Value(format!("holder kind {kind:?}")))?,
            name: row.get(3)?,
            email: row.get(4)?,
            extension: row.get(5)?,
            did: row.get(6)?,
            serial: row.get(7)?,
            reference: row.get(8)?,
            owner_id: row.get(9)?,
            owner_name: row.get(10)?,
            left_at: row.get(11)?,
            bindings: row.get(12)?,
            created_at: row.get(13)?,
            version: row.get(14)?,
        })
    }
}

/// What is said about a holder, new or changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderFacts {
    /// What people call it, 1 to 200 characters; a device may be called by its serial number, an extension by
    /// its digits.
    #[serde(default)]
    pub name: String,
    /// Its e-mail address, unique among the organization's present holders.
    #[serde(default)]
    pub email: Option<String>,
    /// Its extension: 3 to 5 digits, unique in the organization. An extension must have it.
    #[serde(default)]
    pub extension: Option<String>,
    /// Its direct number in any spelling, unique in the organization.
    #[serde(default)]
    pub did: Option<String>,
    /// Its serial number, unique in the organization.
    #[serde(default)]
    pub serial: Option<String>,
    /// The key by which other systems know it, unique in the organization.
    #[serde(default)]
    pub reference: Option<String>,
}

impl HolderFacts {
    /// What is said about a holder now.
    pub fn of(holder: &Holder) -> Self {
        let holder = holder.clone();
        HolderFacts {
            name: holder.name,
            email: holder.email,
            extension: holder.extension,
            did: holder.did,
            serial: holder.serial,
            reference: holder.reference,
        }
    }

    /// The same facts in their one spelling, or every field that is wrong.
    pub fn checked(self, kind: Kind) -> Result<Self> {
        let mut wrong = Vec::new();
        let plain = |text: Option<String>| {
            text.map(|text| text::normalize_key(&text))
                .filter(|text| !text.is_empty())
        };
        let mut complain = |field: &str, code: &'static str, message: &str| {
            wrong.push(FieldError {
                field: field.into(),
                code: code.into(),
                message: message.into(),
            });
        };
        let email = plain(self.email).and_then(|given| match given.parse::<EmailAddress>() {
            Ok(address) => Some(address.as_str().to_owned()),
            Err(_) => {
                complain("email", "email.invalid", "This is no e-mail address.");
                None
            }
        });
        let extension = plain(self.extension).and_then(|given| {
            let read = telephone::extension(&given);
            read.map_err(|_| complain("extension", "extension.invalid", NO_EXTENSION))
                .ok()
        });
        let did = plain(self.did).and_then(|given| {
            let read = telephone::number(&given);
            read.map_err(|_| complain("did", "number.invalid", NO_NUMBER))
                .ok()
        });
        let (serial, reference) = (plain(self.serial), plain(self.reference));
        for (field, text) in [("serial", &serial), ("reference", &reference)] {
            if text
                .as_ref()
                .is_some_and(|text| text.chars().count() > LONGEST)
            {
                complain(field, "too_long", "At most 200 characters.");
            }
        }
        if kind == Kind::Extension && extension.is_none() {
            complain("extension", "required", "An extension has 3 to 5 digits.");
        }
        let name = Some(text::normalize_key(&self.name)).filter(|name| !name.is_empty());
        let name = name.or_else(|| called(kind, &serial, &extension));
        match &name {
            None => complain("name", "required", "Give a name."),
            Some(name) if name.chars().count() > LONGEST => {
                complain("name", "too_long", "At most 200 characters.");
            }
            Some(_) => {}
        }
        if !wrong.is_empty() {
            return Err(Error::invalid_fields(wrong));
        }
        Ok(HolderFacts {
            name: name.unwrap_or_default(),
            email,
            extension,
            did,
            serial,
            reference,
        })
    }

    /// The fields that differ from a holder's, by name: what the journal keeps of a change.
    pub fn differing(&self, holder: &Holder) -> Vec<&'static str> {
        let now = HolderFacts::of(holder);
        [
            ("name", self.name != now.name),
            ("email", self.email != now.email),
            ("extension", self.extension != now.extension),
            ("did", self.did != now.did),
            ("serial", self.serial != now.serial),
            ("reference", self.reference != now.reference),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }
}

/// What is said of a text that is no extension.
pub const NO_EXTENSION: &str = "An extension has 3 to 5 digits.";
/// What is said of a text that is no direct number.
pub const NO_NUMBER: &str = "A direct number has 5 to 15 digits, with or without a plus.";
const LONGEST: usize = 200;

fn called(kind: Kind, serial: &Option<String>, extension: &Option<String>) -> Option<String> {
    match kind {
        Kind::User => None,
        Kind::Device | Kind::Screen => serial.clone(),
        Kind::Extension => extension
            .as_ref()
            .map(|digits| format!("Extension {digits}")),
    }
}
