//! Secrets: the key file, what is sealed with it, and values that must not be seen.
//!
//! Owns: `seatbook.key`, sealing and opening, keyed fingerprints, random words.
//! Does not own: where sealed things are stored.
//! Keeps true: the key never enters the database or a backup; a [`Secret`] never enters a log or the journal.

use std::{fmt, fs, io::Write, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Nonce},
};
use hmac::{Hmac, Mac};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const SEALED: &str = "sealed:";
const KEY_BYTES: usize = 32;

/// A value that prints and serializes as nothing but the fact that it is there.
#[derive(Clone)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str("(secret)")
    }
}

/// Seals and opens small secrets with the key that is not in the database. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<[u8; KEY_BYTES]>);

impl Vault {
    /// Reads the key file, or makes one that only its owner can read.
    pub fn open_file(path: &Path) -> Result<Vault> {
        match fs::read_to_string(path) {
            Ok(text) => Vault::from_text(text.trim()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut key = [0; KEY_BYTES];
                getrandom::fill(&mut key).map_err(Error::internal)?;
                write_private(path, &BASE64.encode(key)).map_err(Error::internal)?;
                Ok(Vault(Arc::new(key)))
            }
            Err(error) => Err(Error::internal(format!("{}: {error}", path.display()))),
        }
    }

    /// Takes the key as text, as `SEATBOOK_KEY` carries it: 32 bytes in URL-safe base64.
    pub fn from_text(text: &str) -> Result<Vault> {
        let bytes = BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
        let key =
            bytes.ok_or_else(|| Error::internal("the key is not 32 bytes in URL-safe base64"))?;
        Ok(Vault(Arc::new(key)))
    }

    /// A vault for tests, whose key is known.
    pub fn for_tests() -> Vault {
        Vault(Arc::new([7; KEY_BYTES]))
    }

    /// Seals text.
    pub fn seal(&self, text: &str) -> Result<String> {
        let sealed = self.seal_bytes(text.as_bytes())?;
        Ok(format!("{SEALED}{}", BASE64.encode(sealed)))
    }

    /// Seals bytes.
    pub fn seal_bytes(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; 12];
        getrandom::fill(&mut nonce).map_err(Error::internal)?;
        let sealed = self
            .cipher()
            .encrypt(&Nonce::<ChaCha20Poly1305>::from(nonce), bytes);
        let sealed = sealed.map_err(|_| Error::internal("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal_bytes`] made.
    pub fn open_bytes(&self, sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(12).ok_or_else(broken)?;
        let nonce: [u8; 12] = nonce.try_into().map_err(|_| broken())?;
        let opened = self
            .cipher()
            .decrypt(&Nonce::<ChaCha20Poly1305>::from(nonce), sealed);
        opened.map_err(|_| broken())
    }

    /// Opens what [`Vault::seal`] made, and leaves other text as it is.
    pub fn open_if_sealed(&self, text: &str) -> Result<String> {
        let Some(sealed) = text.strip_prefix(SEALED) else {
            return Ok(text.to_owned());
        };
        let bytes = BASE64.decode(sealed).map_err(|_| broken())?;
        String::from_utf8(self.open_bytes(&bytes)?).map_err(|_| broken())
    }

    /// The fingerprint of a secret too short to be stored under a bare hash. `purpose` keeps the
    /// fingerprints of one kind from meaning anything as another.
    pub fn keyed_fingerprint(&self, purpose: &str, parts: &[&str]) -> String {
        hex(&self.mac(purpose, parts).finalize().into_bytes())
    }

    /// Whether `print` is the keyed fingerprint of these parts; takes as long for a wrong one.
    pub fn is_keyed_fingerprint(&self, print: &str, purpose: &str, parts: &[&str]) -> bool {
        let bytes: Option<Vec<u8>> = (0..print.len() / 2)
            .map(|at| u8::from_str_radix(print.get(2 * at..2 * at + 2)?, 16).ok())
            .collect();
        bytes.is_some_and(|bytes| self.mac(purpose, parts).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, purpose: &str, parts: &[&str]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.0.as_ref())
            .expect("HMAC takes a key of any length");
        for part in [&[purpose], parts].concat() {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(self.0.as_ref().into())
    }
}

fn broken() -> Error {
    Error::internal("a sealed value cannot be opened; is this the right key file?")
}

/// The fingerprint under which a long random secret is stored and found again. Enough for secrets of 112
/// bits and more (ASVS 5.0, 6.5.2); never for passwords or short codes.
pub fn fingerprint(secret: &str) -> String {
    hex(&digest(secret))
}

/// The same as bytes: what is remembered in place of a secret.
pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    // Every request with a token is known by this: a format for each byte would take longer than the digest.
    let digits = b"0123456789abcdef";
    let both = |byte: &u8| {
        [
            digits[usize::from(byte >> 4)],
            digits[usize::from(byte & 15)],
        ]
    };
    bytes.iter().flat_map(both).map(char::from).collect()
}

/// `bytes` random bytes as URL-safe text.
pub fn random_text(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    Ok(BASE64.encode(random))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key() {
        let vault = Vault::for_tests();
        let sealed = vault.seal("grünwald").expect("seals");
        assert!(!sealed.contains("wald"));
        assert_eq!(vault.open_if_sealed(&sealed).expect("opens"), "grünwald");
        assert!(
            Vault(Arc::new([8; KEY_BYTES]))
                .open_if_sealed(&sealed)
                .is_err()
        );
        assert_eq!(vault.open_if_sealed("plain").expect("opens"), "plain");
    }

    #[test]
    fn a_keyed_fingerprint_belongs_to_its_purpose_and_parts() {
        let vault = Vault::for_tests();
        let print = vault.keyed_fingerprint("code", &["ab", "c"]);
        assert!(vault.is_keyed_fingerprint(&print, "code", &["ab", "c"]));
        assert!(!vault.is_keyed_fingerprint(&print, "code", &["a", "bc"]));
        assert!(!vault.is_keyed_fingerprint(&print, "other", &["ab", "c"]));
        assert!(!vault.is_keyed_fingerprint("é", "code", &["ab", "c"]));
    }
}
