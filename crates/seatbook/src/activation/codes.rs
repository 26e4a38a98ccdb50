//! Drawing codes, and reading them: what happens before a command runs, since it needs randomness and the key.

use rules::activation::Code;

use crate::{
    error::{Error, Result},
    secrets::{Secret, Vault},
};

/// What the fingerprints of codes are made for.
const PURPOSE: &str = "activation_code";

/// Codes drawn for one license: should one be in use already, which happens once in a trillion, the next is taken.
const DRAWN: usize = 3;

/// A code drawn and not in use yet, in the three forms it is kept in.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// What its owner reads.
    pub code: Secret<String>,
    /// How it is looked up.
    pub fingerprint: String,
    /// How it is stored.
    pub sealed: String,
}

/// Draws codes for one license.
pub fn draw(vault: &Vault) -> Result<Vec<Drawn>> {
    (0..DRAWN).map(|_| draw_one(vault)).collect()
}

fn draw_one(vault: &Vault) -> Result<Drawn> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let code = Code::from_bits(u64::from_be_bytes(random));
    Ok(Drawn {
        fingerprint: fingerprint(vault, &code),
        sealed: vault.seal(code.as_str())?,
        code: Secret(code.as_str().to_owned()),
    })
}

/// How a code is looked up.
pub fn fingerprint(vault: &Vault, code: &Code) -> String {
    vault.keyed_fingerprint(PURPOSE, &[code.as_str()])
}

/// The fingerprint of a code as it was typed. What is no code at all has one too, of no license: so it is counted
/// and answered like a wrong one.
pub fn typed(vault: &Vault, text: &str) -> String {
    match Code::parse(text) {
        Ok(code) => fingerprint(vault, &code),
        Err(_) => vault.keyed_fingerprint("no_activation_code", &[text]),
    }
}
