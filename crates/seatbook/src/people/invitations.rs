//! The verbs of invitations.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Invitation, Invited};
use crate::{
    access::{
        self,
        commands::{Newcomer, ended, seat},
        links::{self, INVITATION_SECONDS, Link},
        model,
    },
    console::format,
    error::{Error, Result},
    gate::{Command, Tx},
    mail::{
        self, NewMail, Readers,
        templates::{self, InvitationMail},
    },
    organizations,
    roles::reach::{self, role_at},
    scope::{self, Permission, custom},
    secrets::Secret,
};

/// Invites somebody to an organization. Whether the address is known makes no difference to see.
#[derive(Clone, Debug, Serialize)]
pub struct Invite {
    /// Where to.
    pub organization_id: Uuid,
    /// The role there: a built-in role's key, or a custom role's id.
    pub role: String,
    /// Whom.
    #[serde(skip)]
    pub email: String,
    /// The link's secret, drawn by the door.
    pub secret: Secret<String>,
}

impl Command for Invite {
    const NAME: &'static str = "invitations.create";
    const SECRET: bool = true;
    type Outcome = Invited;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Invited> {
        tx.require(Permission::PeopleEdit, self.organization_id)
            .await?;
        let email = model::email(&self.email)?;
        let role = role_at(tx, &self.role, self.organization_id).await?;
        reach::check(tx, &role, self.organization_id).await?;
        let organization = name_of(tx, self.organization_id).await?;
        let may = role.permissions.clone();
        let now = tx.now();
        let link = Link {
            id: tx.new_id(),
            kind: "invitation".into(),
            email,
            organization_id: Some(self.organization_id),
            role: Some(role.word),
            role_id: role.role_id,
            invited_by: Some(tx.actor_id()),
            created_at: now,
            expires_at: now.plus_seconds(INVITATION_SECONDS),
            version: 1,
        };
        let Secret(secret) = &self.secret;
        links::insert(tx, &link, secret).await?;
        tx.changed(link.step(1, Some("open")));
        let invited = Invited {
            invitation: Invitation::new(link, organization, role.label),
            link: secret.clone(),
        };
        write(tx, &invited, (self.organization_id, 1), may).await?;
        Ok(invited)
    }
}

/// Gives an open invitation a new link; the old one is worth nothing from then on.
#[derive(Clone, Debug, Serialize)]
pub struct RenewInvitation {
    /// Which.
    pub id: Uuid,
    /// The new link's secret, drawn by the door.
    pub secret: Secret<String>,
}

impl Command for RenewInvitation {
    const NAME: &'static str = "invitations.renew";
    const SECRET: bool = true;
    type Outcome = Invited;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Invited> {
        let (link, organization_id) = open(tx, self.id).await?;
        let role = role_at(
            tx,
            link.role.as_deref().unwrap_or_default(),
            organization_id,
        )
        .await?;
        reach::check(tx, &role, organization_id).await?;
        let organization = name_of(tx, organization_id).await?;
        let may = role.permissions.clone();
        let until = tx.now().plus_seconds(INVITATION_SECONDS);
        let Secret(secret) = &self.secret;
        if !links::renew(tx, link.id, secret, until).await? {
            return Err(ended());
        }
        let why = "Not sent: the invitation has a newer link.";
        mail::withdraw(tx, &cause(link.id, link.version), why).await?;
        tx.changed(link.step(link.version + 1, Some("open")));
        let link = Link {
            expires_at: until,
            version: link.version + 1,
            ..link
        };
        let version = link.version;
        let invited = Invited {
            invitation: Invitation::new(link, organization, role.label),
            link: secret.clone(),
        };
        write(tx, &invited, (organization_id, version), may).await?;
        Ok(invited)
    }
}

/// Writes the mail with the link. Whoever reads it can join with what the role allows, so it is read by those
/// alone who could give that role.
async fn write(
    tx: &mut Tx<'_>,
    invited: &Invited,
    (organization_id, version): (Uuid, i64),
    mut may: Vec<Permission>,
) -> Result<()> {
    let actor_id = tx.actor_id();
    let inviter = access::queries::find_person(tx, actor_id).await?;
    let (premises, invitation) = (tx.premises(), &invited.invitation);
    let content = templates::invitation(&InvitationMail {
        organization: invitation.organization.clone(),
        role: invitation.role_name.clone(),
        invited_by: inviter.map(|person| person.name).unwrap_or_default(),
        link: format!("{}/invitations/{}", premises.base_url(), invited.link),
        until: format!(
            "{} UTC",
            format::moment(invitation.expires_at.get(), &TimeZone::UTC)
        ),
    })?;
    may.push(Permission::PeopleEdit);
    let new = NewMail {
        organization_id,
        kind: "invitation",
        cause: cause(invitation.id, version),
        sender: invitation.organization.clone(),
        to_address: invitation.email.clone(),
        to_name: String::new(),
        reply_to: None,
        content,
        attachments: vec![],
        readers: Readers::Holding(may),
    };
    mail::queue(tx, new).await?;
    Ok(())
}

/// What the mail with this version of an invitation's link is for.
fn cause(id: Uuid, version: i64) -> String {
    format!("invitation:{id}:{version}")
}

/// Takes an invitation back.
#[derive(Clone, Debug, Serialize)]
pub struct RevokeInvitation {
    /// Which.
    pub id: Uuid,
}

impl Command for RevokeInvitation {
    const NAME: &'static str = "invitations.revoke";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let (link, _) = open(tx, self.id).await?;
        let now = tx.now();
        if !links::revoke(tx, link.id, now).await? {
            return Err(ended());
        }
        tx.changed(link.step(link.version + 1, Some("revoked")));
        let why = "Not sent: the invitation was taken back.";
        mail::withdraw(tx, &cause(link.id, link.version), why).await
    }
}

/// The open invitation and its organization, for somebody who may change it.
async fn open(tx: &mut Tx<'_>, id: Uuid) -> Result<(Link, Uuid)> {
    let link = links::find_open(tx, id).await?;
    let organization_id = link.as_ref().and_then(|link| link.organization_id);
    let nowhere = organization_id.unwrap_or_default();
    tx.require(Permission::PeopleEdit, nowhere).await?;
    link.zip(organization_id).ok_or_else(Error::not_found)
}

async fn name_of(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<String> {
    let found = organizations::queries::find(tx, organization_id).await?;
    Ok(found.ok_or_else(Error::not_found)?.name)
}

/// Uses an invitation: somebody new joins, or somebody known belongs to one organization more.
#[derive(Clone, Debug, Serialize)]
pub struct AcceptInvitation {
    /// The link's secret.
    pub link: Secret<String>,
    /// Whoever proved to be the person invited, or who that will be.
    pub who: Accepting,
}

/// Who accepts an invitation. The address is the invitation's, whatever a form says.
#[derive(Clone, Debug, Serialize)]
pub enum Accepting {
    /// Somebody with an account, who has proved it.
    Known(Uuid),
    /// Somebody new.
    New {
        /// Their name.
        #[serde(skip)]
        name: String,
        /// The hash of the password they chose.
        password_hash: Secret<String>,
    },
}

/// What accepting came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Accepted {
    /// The person.
    pub person_id: Uuid,
    /// Where they belong now.
    pub organization_id: Uuid,
}

impl Command for AcceptInvitation {
    const NAME: &'static str = "invitations.accept";
    type Outcome = Accepted;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Accepted> {
        tx.unguarded("the link is the guard");
        let (Secret(secret), now) = (&self.link, tx.now());
        let link = links::find(tx, "invitation", secret, now)
            .await?
            .ok_or_else(ended)?;
        let (Some(organization_id), Some(role)) = (link.organization_id, link.role.as_deref())
        else {
            return Err(ended());
        };
        tx.concerns(organization_id);
        let role = custom::usable(tx, role, organization_id)
            .await?
            .ok_or_else(ended)?;
        // Whoever invited must still hold what the invitation grants.
        if let Some(inviter) = link.invited_by {
            let held = scope::queries::permissions_at(tx, inviter, organization_id).await?;
            if !role.permissions.iter().all(|it| held.contains(it)) {
                return Err(ended());
            }
        }
        if !links::spend(tx, link.id, now).await? {
            return Err(ended());
        }
        tx.changed(link.step(link.version + 1, Some("accepted")));
        let person_id = match &self.who {
            Accepting::Known(id) => *id,
            Accepting::New {
                name,
                password_hash,
            } => {
                let newcomer = Newcomer {
                    email: link.email.clone(),
                    name: name.clone(),
                    password_hash: Some(password_hash.clone()),
                };
                newcomer.join(tx).await?
            }
        };
        seat(tx, person_id, organization_id, role).await?;
        Ok(Accepted {
            person_id,
            organization_id,
        })
    }
}
