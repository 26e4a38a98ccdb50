//! The second factor: codes of an authenticator app (RFC 6238), recovery codes, and their verbs.

use serde::Serialize;
use store::{Timestamp, Tx as StoreTx};
use totp_rs::{Builder, Totp};
use uuid::Uuid;

use super::{
    model::{Person, person_step},
    passwords::wait_seconds,
    queries,
};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    secrets::{Secret, Vault},
};

/// 160 bits, as RFC 4226 (section 4) recommends.
const SECRET_BYTES: usize = 20;
/// 80 bits, under a keyed fingerprint.
const CODE_BYTES: usize = 10;
const CODES: usize = 10;
const STEP_SECONDS: u64 = 30;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Draws the secret that the app and the server share, in base 32.
pub fn draw_secret() -> Result<String> {
    draw(SECRET_BYTES)
}

/// Draws recovery codes, such as `K5QX-2M7A-…`.
pub fn draw_codes() -> Result<Vec<String>> {
    let grouped = |code: String| {
        let groups: Vec<&str> = [0, 4, 8, 12].iter().map(|&at| &code[at..at + 4]).collect();
        groups.join("-")
    };
    (0..CODES).map(|_| draw(CODE_BYTES).map(grouped)).collect()
}

fn draw(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    Ok(base32(&random))
}

/// Base 32 of RFC 4648 without padding; the lengths here need none.
fn base32(bytes: &[u8]) -> String {
    let letter = |group: &[u8], at: usize| {
        let bits = group
            .iter()
            .fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
        char::from(ALPHABET[(bits >> (35 - 5 * at) & 31) as usize])
    };
    bytes
        .chunks_exact(5)
        .flat_map(|group| (0..8).map(move |at| letter(group, at)))
        .collect()
}

/// The picture that carries a secret to a phone: an SVG without style or script.
pub fn qr_svg(email: &str, secret: &str) -> Result<String> {
    let account: String = form_urlencoded::byte_serialize(email.as_bytes()).collect();
    let uri = format!("otpauth://totp/Seatbook:{account}?secret={secret}&issuer=Seatbook");
    let code = qrcode::QrCode::new(uri).map_err(Error::internal)?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().build();
    Ok(svg
        .split_once("?>")
        .map_or(svg.clone(), |(_, svg)| svg.to_owned()))
}

/// The time step whose code this is: the present one, or one beside it for clocks that differ.
fn accepted_step(secret: &str, code: &str, now: Timestamp) -> Option<i64> {
    let step = totp(secret)?.check(code, u64::try_from(now.as_micros() / 1_000_000).ok()?)?;
    i64::try_from(step).ok()
}

/// The code an app shows at this moment; for tests, which hold no phone.
pub fn code_at(secret: &str, now: Timestamp) -> Option<String> {
    let seconds = u64::try_from(now.as_micros() / 1_000_000).ok()?;
    Some(totp(secret)?.generate(seconds).to_string())
}

fn totp(secret: &str) -> Option<Totp> {
    let secret = totp_rs::Secret::try_from_base32(secret).ok()?;
    Builder::new()
        .with_secret(secret)
        .with_step_duration(STEP_SECONDS)
        .build()
        .ok()
}

/// A code as somebody typed it, with what it is compared to.
#[derive(Clone, Debug)]
pub struct Typed {
    person_id: Uuid,
    secret: Secret<String>,
    code: Secret<String>,
    recovery: Option<String>,
}

impl Typed {
    /// Six digits of the app, or a recovery code.
    pub fn new(vault: &Vault, person: &Person, code: &str, recovery: bool) -> Result<Typed> {
        let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let secret = vault.open_if_sealed(person.totp_secret.as_deref().unwrap_or_default())?;
        Ok(Typed {
            person_id: person.id,
            secret: Secret(secret),
            recovery: recovery.then(|| print(vault, person.id, &code)),
            code: Secret(code),
        })
    }

    /// Uses the code up. Each counts once; a wrong one makes the door more patient.
    pub async fn spend(&self, tx: &mut StoreTx<'_>, now: Timestamp) -> store::Result<Spent> {
        let (failures, failed_at) = queries::code_failures(tx, self.person_id).await?;
        match wait_seconds(failures, failed_at, now) {
            0 => {}
            seconds => return Ok(Spent::Wait(seconds)),
        }
        let right = match &self.recovery {
            Some(print) => queries::spend_recovery_code(tx, self.person_id, print, now).await?,
            None => match accepted_step(&self.secret.0, &self.code.0, now) {
                Some(step) => queries::spend_step(tx, self.person_id, step).await?,
                None => false,
            },
        };
        queries::count_code(tx, self.person_id, (!right).then_some(now)).await?;
        Ok(if right { Spent::Right } else { Spent::Wrong })
    }
}

/// What a code was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It counted.
    Right,
    /// It was wrong, or had counted before.
    Wrong,
    /// Too many were wrong: it was not looked at.
    Wait(i64),
}

/// What a code that did not count is answered with.
pub fn wrong() -> Error {
    let message = "That code is not right, or was used before. Wait for the next one.";
    Error::invalid("code", "code.wrong", message)
}

fn print(vault: &Vault, person_id: Uuid, code: &str) -> String {
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    vault.keyed_fingerprint(
        "recovery code",
        &[&person_id.to_string(), &code.to_uppercase()],
    )
}

/// What is stored of new recovery codes.
pub fn prints(vault: &Vault, person_id: Uuid, codes: &[String]) -> Secret<Vec<String>> {
    Secret(
        codes
            .iter()
            .map(|code| print(vault, person_id, code))
            .collect(),
    )
}

/// Begins to set up a second factor. Nothing asks for it until its first code was given.
#[derive(Clone, Debug, Serialize)]
pub struct BeginSecondFactor {
    /// The shared secret, sealed.
    pub sealed: Secret<String>,
}

impl Command for BeginSecondFactor {
    const NAME: &'static str = "second_factor.begin";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.unguarded("it is one's own");
        let (person_id, Secret(sealed)) = (tx.actor_id(), &self.sealed);
        let version = queries::begin_second_factor(tx, person_id, sealed).await?;
        let version = version.ok_or_else(|| {
            Error::conflict("second_factor.on", "Your second factor is on already.")
        })?;
        tx.changed(person_step(person_id, version, "second factor begun"));
        Ok(())
    }
}

/// Turns the second factor on, by its first code.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmSecondFactor {
    /// The shared secret.
    pub secret: Secret<String>,
    /// The code the app showed.
    pub code: Secret<String>,
    /// What is stored of the recovery codes.
    pub prints: Secret<Vec<String>>,
}

impl Command for ConfirmSecondFactor {
    const NAME: &'static str = "second_factor.confirm";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.unguarded("it is one's own");
        let (person_id, Secret(secret)) = (tx.actor_id(), &self.secret);
        let step = accepted_step(secret, self.code.0.trim(), tx.now()).ok_or_else(wrong)?;
        let version = queries::confirm_second_factor(tx, person_id, step).await?;
        let version = version.ok_or_else(wrong)?;
        queries::set_recovery_codes(tx, person_id, &self.prints.0).await?;
        tx.changed(person_step(person_id, version, "second factor on"));
        Ok(())
    }
}

/// Makes new recovery codes; the old ones are worth nothing from then on.
#[derive(Clone, Debug, Serialize)]
pub struct RenewRecoveryCodes {
    /// What is stored of them.
    pub prints: Secret<Vec<String>>,
}

impl Command for RenewRecoveryCodes {
    const NAME: &'static str = "second_factor.renew_codes";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.unguarded("they are one's own");
        let person_id = tx.actor_id();
        let version = queries::count_change(tx, person_id).await?;
        queries::set_recovery_codes(tx, person_id, &self.prints.0).await?;
        tx.changed(person_step(person_id, version, "recovery codes"));
        Ok(())
    }
}

/// Turns the second factor off, where no role demands it. The door has seen a code.
#[derive(Clone, Debug, Serialize)]
pub struct EndSecondFactor {}

impl Command for EndSecondFactor {
    const NAME: &'static str = "second_factor.end";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.unguarded("it is one's own, and the door has seen a code");
        let person_id = tx.actor_id();
        let seats = queries::seats(tx, person_id).await?;
        if seats.iter().any(|seat| seat.requires_second_factor) {
            let message = "Your role asks for a second factor, so it stays on.";
            return Err(Error::conflict("second_factor.demanded", message));
        }
        let version = queries::end_second_factor(tx, person_id).await?;
        queries::set_recovery_codes(tx, person_id, &[]).await?;
        tx.changed(person_step(person_id, version, "second factor off"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_the_standard() {
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(draw_secret().expect("draws").len(), 32);
    }

    #[test]
    fn a_code_belongs_to_its_step_and_its_neighbours() {
        let secret = draw_secret().expect("draws");
        let at = Timestamp::from_micros(1_780_315_200_000_000);
        let code = code_at(&secret, at).expect("a code");
        assert_eq!(accepted_step(&secret, &code, at), Some(1_780_315_200 / 30));
        assert!(accepted_step(&secret, &code, at.plus_seconds(31)).is_some());
        assert!(accepted_step(&secret, &code, at.plus_seconds(90)).is_none());
    }

    #[test]
    fn the_picture_carries_no_style() {
        let svg = qr_svg("ann@example.com", "MZXW6YTBMZXW6YTBMZXW6YTBMZXW6YTB").expect("draws");
        assert!(svg.starts_with("<svg") && !svg.contains("style") && !svg.contains("<?xml"));
    }

    #[test]
    fn recovery_codes_are_typed_as_people_type() {
        let (vault, person) = (Vault::for_tests(), Uuid::nil());
        let code = draw_codes().expect("draws").remove(0);
        assert_eq!(code.len(), 19);
        let typed = code.to_lowercase().replace('-', " ");
        assert_eq!(print(&vault, person, &code), print(&vault, person, &typed));
    }
}
