//! E-mail addresses: the one name a person has across the platform.
//!
//! Owns: what counts as an address and its one spelling.
//! Does not own: whether a mailbox exists, or who may learn of it.
//! Keeps true: two spellings of one address are equal once parsed; no address can break out of a
//! mail header.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::text;

/// The longest address that fits an SMTP path (RFC 5321, 4.5.3.1.3, less the angle brackets).
pub const MAX_BYTES: usize = 254;

/// An e-mail address, trimmed and lowercased.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Why a text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailError {
    /// There is not exactly one `@`.
    AtSigns {
        /// How many there are.
        count: usize,
    },
    /// Nothing stands before the `@`.
    LocalMissing,
    /// The domain has an empty label, or a single label other than `localhost`.
    Domain,
    /// A character that no plain address contains.
    Character {
        /// The first such character.
        found: char,
    },
    /// The address is longer than [`MAX_BYTES`].
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl EmailAddress {
    /// The address as it is stored, compared and mailed to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for EmailAddress {
    type Err = EmailError;

    fn from_str(given: &str) -> Result<Self, EmailError> {
        let address = text::lowercase(text::trim(given));
        if address.len() > MAX_BYTES {
            return Err(EmailError::TooLong {
                bytes: address.len(),
            });
        }
        if let Some(found) = address.chars().find(|&c| is_foreign(c)) {
            return Err(EmailError::Character { found });
        }
        let count = address.matches('@').count();
        let Some((local, domain)) = address.split_once('@').filter(|_| count == 1) else {
            return Err(EmailError::AtSigns { count });
        };
        if local.is_empty() {
            return Err(EmailError::LocalMissing);
        }
        let dotted = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        if !dotted && domain != "localhost" {
            return Err(EmailError::Domain);
        }
        Ok(Self(address))
    }
}

// Besides what is invisible, the specials of RFC 5322 (3.2.3) that only a quoted local part may
// hold: an address free of them can stand in a header or a list as it is.
fn is_foreign(c: char) -> bool {
    c.is_whitespace()
        || text::trim(c.encode_utf8(&mut [0; 4])).is_empty()
        || matches!(
            c,
            '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | ',' | '\\' | '"'
        )
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtSigns { count } => write!(f, "{count} @ signs in an e-mail address"),
            Self::LocalMissing => f.write_str("nothing before the @ of an e-mail address"),
            Self::Domain => f.write_str("no domain after the @ of an e-mail address"),
            Self::Character { found } => write!(f, "{found:?} in an e-mail address"),
            Self::TooLong { bytes } => write!(f, "{bytes} bytes of e-mail address"),
        }
    }
}

impl std::error::Error for EmailError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::{IntoDeserializer, value::Error as WireError};

    use super::*;

    fn parse(text: &str) -> Result<String, EmailError> {
        text.parse::<EmailAddress>().map(String::from)
    }

    #[test]
    fn addresses_have_one_spelling() {
        assert_eq!(
            parse(" Ann.Lee+x@Example.COM\u{A0}"),
            Ok("ann.lee+x@example.com".into())
        );
        assert_eq!(parse("root@localhost"), Ok("root@localhost".into()));
        assert_eq!(
            parse("jürgen@bücher.example"),
            Ok("jürgen@bücher.example".into())
        );
        let address = "a@b.example"
            .parse::<EmailAddress>()
            .expect("a plain address parses");
        assert_eq!(
            (address.as_str(), address.domain()),
            ("a@b.example", "b.example")
        );
        let wire = EmailAddress::deserialize(" A@b.example".into_deserializer());
        assert_eq!(wire, Ok::<_, WireError>(address));
    }

    #[test]
    fn others_are_refused_with_the_fact() {
        for (given, error) in [
            ("", EmailError::AtSigns { count: 0 }),
            ("ann", EmailError::AtSigns { count: 0 }),
            ("a@b@c.example", EmailError::AtSigns { count: 2 }),
            ("@example.com", EmailError::LocalMissing),
            ("a@", EmailError::Domain),
            ("a@example", EmailError::Domain),
            ("a@.example", EmailError::Domain),
            ("a@b..example", EmailError::Domain),
            ("a@example.com.", EmailError::Domain),
            ("a b@example.com", EmailError::Character { found: ' ' }),
            (
                "a@exa\u{200B}mple.com",
                EmailError::Character { found: '\u{200B}' },
            ),
            (
                "a\r\nbcc:x@example.com",
                EmailError::Character { found: '\r' },
            ),
            ("Ann <a@example.com>", EmailError::Character { found: ' ' }),
            ("<a@example.com>", EmailError::Character { found: '<' }),
            (
                "a@b.example,c@d.example",
                EmailError::Character { found: ',' },
            ),
        ] {
            assert_eq!(parse(given), Err(error), "{given:?}");
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let of_length = |bytes: usize| format!("{}@example.com", "a".repeat(bytes - 12));
        assert!(parse(&of_length(MAX_BYTES)).is_ok());
        assert_eq!(
            parse(&of_length(255)),
            Err(EmailError::TooLong { bytes: 255 })
        );
    }

    proptest! {
        #[test]
        fn parsing_is_stable(
            local in r"[A-Za-z0-9.+'ΣİÄ-]{1,12}", domain in r"[A-Za-z0-9Ä-]{1,8}\.[A-Z]{2,3}",
        ) {
            let once = parse(&format!(" {local}@{domain} ")).expect("a well-formed address");
            prop_assert_eq!(parse(&once), Ok(once.clone()));
        }

        #[test]
        fn nothing_breaks_out_of_a_header(text in r"(\PC|[\x00-\x20@.a]){0,20}") {
            if let Ok(address) = parse(&text) {
                prop_assert!(!address.contains(['\r', '\n', '\0', ' ', ',', '<', '>', ';']));
                prop_assert_eq!(address.matches('@').count(), 1);
            }
        }
    }
}
