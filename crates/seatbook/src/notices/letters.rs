//! Who is mailed about which licenses: people by what they may do, else an address for invoices.

use store::{FromRow, Row};
use uuid::Uuid;

use super::records;
use crate::{
    billing,
    error::Result,
    gate::Tx,
    mail::{self, Content, NewMail, Readers},
    organizations::model::{Kind, Organization},
    scope::{
        Permission,
        queries::{HELD, Held},
    },
};

/// As what an organization looks after a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It owns it.
    Owner,
    /// It sold it.
    Seller,
}

impl Side {
    /// Of an organization, for a license with this owner.
    pub fn of(organization_id: Uuid, owner_id: Uuid) -> Side {
        match organization_id == owner_id {
            true => Side::Owner,
            false => Side::Seller,
        }
    }

    /// What somebody may do who is mailed: decide what becomes of its units, or sell it.
    const fn permission(self) -> Permission {
        match self {
            Side::Owner => Permission::SubscriptionsEnd,
            Side::Seller => Permission::LicensesSell,
        }
    }
}

/// Somebody who belongs to an organization.
struct Reader {
    address: String,
    name: String,
    may: Vec<Permission>,
}

struct Seat(Reader);

impl FromRow for Seat {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Seat(Reader {
            may: Held::from_row(row)?.permissions(),
            address: row.get(5)?,
            name: row.get(6)?,
        }))
    }
}

/// A mail about some of the licenses.
pub struct Letter {
    /// Where it goes.
    pub address: String,
    /// Whom it goes to.
    pub name: String,
    /// The licenses, by their place among those that are told of.
    pub places: Vec<usize>,
}

/// The mails about licenses of which an organization is on these sides. What stands in none of them can be told to
/// nobody. Those count who belong to the organization itself: people above it hold its rights too, and are not its own.
pub async fn letters(
    tx: &mut Tx<'_>,
    organization: &Organization,
    sides: &[Side],
) -> Result<Vec<Letter>> {
    let about = |may: &dyn Fn(Side) -> bool| {
        let places = sides.iter().enumerate().filter(|(_, side)| may(**side));
        places.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let mut letters: Vec<Letter> = Vec::new();
    for reader in readers(tx, organization.id).await? {
        let places = about(&|side| reader.may.contains(&side.permission()));
        if !places.is_empty() {
            letters.push(Letter {
                address: reader.address,
                name: reader.name,
                places,
            });
        }
    }
    let left: Vec<usize> = (0..sides.len())
        .filter(|place| !letters.iter().any(|letter| letter.places.contains(place)))
        .collect();
    let address = billing::queries::get(tx, organization.id)
        .await?
        .facts
        .email;
    if !left.is_empty() && !address.is_empty() {
        letters.push(Letter {
            address,
            name: organization.name.clone(),
            places: left,
        });
    }
    Ok(letters)
}

/// The people of an organization who can sign in, each once.
async fn readers(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<Reader>> {
    let sql = format!(
        "SELECT {HELD}, p.email, p.name FROM membership m
         JOIN organization_node n ON n.id = m.organization_id
         JOIN person p ON p.id = m.person_id AND p.active = TRUE
         LEFT JOIN role r ON r.id = m.role_id
         WHERE m.organization_id = $1 AND m.active = TRUE AND p.email <> '' ORDER BY p.email, m.id"
    );
    let mut readers: Vec<Reader> = Vec::new();
    for Seat(seat) in tx.query::<Seat>(&sql, &[&organization_id]).await? {
        match readers.last_mut() {
            Some(last) if last.address == seat.address => last.may.extend(seat.may),
            _ => readers.push(seat),
        }
    }
    Ok(readers)
}

/// Where what the mails are about can be seen.
pub fn place(base_url: &str, organization: &Organization, sides: &[Side]) -> String {
    let page = match organization.kind {
        Kind::Customer => "portal",
        _ if sides.contains(&Side::Owner) => "licenses",
        _ => "sales",
    };
    format!("{base_url}/{page}")
}

/// Writes the mails of a digest, each with what its reader looks after.
pub async fn send(
    tx: &mut Tx<'_>,
    (digest_id, kind): (Uuid, &'static str),
    organization: &Organization,
    letters: &[Letter],
    content: impl Fn(&Letter) -> Result<Content> + Send + Sync,
) -> Result<()> {
    for (number, letter) in letters.iter().enumerate() {
        let new = NewMail {
            organization_id: organization.id,
            kind,
            cause: format!("{kind}:{digest_id}:{number}"),
            sender: String::new(),
            to_address: letter.address.clone(),
            to_name: letter.name.clone(),
            reply_to: None,
            content: content(letter)?,
            attachments: vec![],
            readers: Readers::Holding(vec![Permission::LicensesRead]),
        };
        let mail_id = mail::queue(tx, new).await?;
        records::insert_mail(tx, digest_id, mail_id).await?;
    }
    Ok(())
}
