//! What mails say: each from a plain struct, as text and as HTML in the same words.

use askama::Template;

use super::model::Content;
use crate::{
    console::format,
    error::{Error, Result},
};

/// The text and the HTML of one sort of mail.
macro_rules! faces {
    ($mail:ident: $text:ident $text_path:tt, $html:ident $html_path:tt) => {
        #[derive(Template)]
        #[template(path = $text_path)]
        struct $text<'a> {
            subject: &'a str,
            it: &'a $mail,
        }

        #[derive(Template)]
        #[template(path = $html_path)]
        struct $html<'a> {
            subject: &'a str,
            it: &'a $mail,
        }

        impl $mail {
            fn saying(&self, subject: String) -> Result<Content> {
                let (it, about) = (self, subject.as_str());
                let text = $text { subject: about, it }.render();
                let html = $html { subject: about, it }.render();
                Ok(Content {
                    text: text.map_err(Error::internal)?,
                    html: html.map_err(Error::internal)?,
                    subject,
                })
            }
        }
    };
}

/// Somebody is asked in.
#[derive(Clone, Debug, Default)]
pub struct InvitationMail {
    /// Where to.
    pub organization: String,
    /// What they will be there: "Account manager".
    pub role: String,
    /// Who asks them; empty where nobody is to be named.
    pub invited_by: String,
    /// The address that lets them in once.
    pub link: String,
    /// Until when, in words.
    pub until: String,
}
faces!(InvitationMail: InvitationText "mail/invitation.txt", InvitationHtml "mail/invitation.html");

/// Asks somebody in.
pub fn invitation(it: &InvitationMail) -> Result<Content> {
    it.saying(format!("Your invitation to {}", it.organization))
}

/// A license waits to be redeemed.
#[derive(Clone, Debug, Default)]
pub struct CodeMail {
    /// What the license is called.
    pub license_name: String,
    /// What it is of.
    pub product: String,
    /// How much: "12 users".
    pub quantity_words: String,
    /// The activation code.
    pub code: String,
    /// Where it is entered.
    pub portal_url: String,
    /// Who sells it.
    pub seller: String,
}
faces!(CodeMail: CodeText "mail/code.txt", CodeHtml "mail/code.html");

/// Gives somebody the code of their license. The subject does not hold it.
pub fn code(it: &CodeMail) -> Result<Content> {
    it.saying(format!("Your activation code for {}", it.product))
}

/// One line of an invoice, in short.
#[derive(Clone, Debug, Default)]
pub struct InvoiceLine {
    /// What it is for.
    pub what: String,
    /// How much, with its currency.
    pub amount: String,
}

/// An invoice goes with this mail.
#[derive(Clone, Debug, Default)]
pub struct InvoiceMail {
    /// Its number.
    pub number: String,
    /// Who invoices.
    pub seller: String,
    /// Who pays.
    pub buyer: String,
    /// The whole, with its currency.
    pub total: String,
    /// Until when it is paid, in words.
    pub due_date: String,
    /// What it is made of.
    pub lines: Vec<InvoiceLine>,
    /// Where it can be seen.
    pub portal_url: String,
}
faces!(InvoiceMail: InvoiceText "mail/invoice.txt", InvoiceHtml "mail/invoice.html");

/// Sends an invoice, which goes with it as a file.
pub fn invoice(it: &InvoiceMail) -> Result<Content> {
    it.saying(format!("Invoice {} from {}", it.number, it.seller))
}

/// A license that ends soon.
#[derive(Clone, Debug, Default)]
pub struct ExpiryRow {
    /// What it is called.
    pub license: String,
    /// What it is of.
    pub product: String,
    /// How much: "12 users".
    pub units: String,
    /// Whose it is.
    pub organization: String,
    /// Its last day, in words.
    pub ends: String,
    /// Days until then; 0 is today.
    pub days: i64,
}

impl ExpiryRow {
    /// "in 12 days".
    fn left(&self) -> String {
        match self.days {
            0 => "today".into(),
            1 => "tomorrow".into(),
            days => format!("in {}", format::count(days, "day", "days")),
        }
    }
}

/// What ends soon, for one of those who look after it.
#[derive(Clone, Debug, Default)]
pub struct ExpiryDigest {
    /// Whom it goes to; empty where nobody knows.
    pub name: String,
    /// What ends, the soonest first.
    pub rows: Vec<ExpiryRow>,
    /// Where it can be seen.
    pub portal_url: String,
}
faces!(ExpiryDigest: ExpiryText "mail/expiry.txt", ExpiryHtml "mail/expiry.html");

/// Tells what ends soon.
pub fn expiry_notice(it: &ExpiryDigest) -> Result<Content> {
    let subject = match it.rows.as_slice() {
        [one] => format!("{} ends {}", one.license, one.left()),
        rows => format!(
            "{} end soon",
            format::count(rows.len() as i64, "license", "licenses")
        ),
    };
    it.saying(subject)
}

/// A license of which few units are free.
#[derive(Clone, Debug, Default)]
pub struct LowPoolRow {
    /// What it is called.
    pub license: String,
    /// What it is of.
    pub product: String,
    /// Whose it is.
    pub organization: String,
    /// What is free: "3 users".
    pub free: String,
    /// Of how many.
    pub quantity: String,
}

/// Of what few units are free, for one of those who look after it.
#[derive(Clone, Debug, Default)]
pub struct LowPoolDigest {
    /// Whom it goes to; empty where nobody knows.
    pub name: String,
    /// The licenses, the fewest units first.
    pub rows: Vec<LowPoolRow>,
    /// Where they can be seen.
    pub portal_url: String,
}
faces!(LowPoolDigest: LowPoolText "mail/low_pool.txt", LowPoolHtml "mail/low_pool.html");

/// Tells of what few units are free.
pub fn low_pool(it: &LowPoolDigest) -> Result<Content> {
    let subject = match it.rows.as_slice() {
        [one] => format!("{}: {} free", one.license, one.free),
        rows => format!(
            "{} run low",
            format::count(rows.len() as i64, "license", "licenses")
        ),
    };
    it.saying(subject)
}

/// Somebody may choose a new password.
#[derive(Clone, Debug, Default)]
pub struct ResetMail {
    /// The address that lets them choose one, once.
    pub link: String,
    /// Until when, in words.
    pub until: String,
}
faces!(ResetMail: ResetText "mail/reset.txt", ResetHtml "mail/reset.html");

/// Lets somebody choose a new password.
pub fn reset(it: &ResetMail) -> Result<Content> {
    it.saying("Choose a new password".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "<b>Evil</b> & Söhne";

    const LINK: &str = "https://licenses.example.com/x";

    /// A mail, and what it must say.
    type Letter = (Content, Vec<&'static str>);

    fn made(content: Result<Content>) -> Content {
        content.expect("it is rendered")
    }

    /// What people are sent for themselves.
    fn to_people() -> Vec<Letter> {
        vec![
            (
                made(invitation(&InvitationMail {
                    organization: EVIL.into(),
                    role: "Reader".into(),
                    invited_by: "Olga".into(),
                    link: LINK.into(),
                    until: "8 June 2026".into(),
                })),
                vec!["Reader", "Olga", LINK, "8 June 2026"],
            ),
            (
                made(reset(&ResetMail {
                    link: LINK.into(),
                    until: EVIL.into(),
                })),
                vec![LINK],
            ),
        ]
    }

    /// What is sent about licenses.
    fn about_licenses() -> Vec<Letter> {
        let line = InvoiceLine {
            what: EVIL.into(),
            amount: "EUR 12.00".into(),
        };
        let row = ExpiryRow {
            license: EVIL.into(),
            product: "Phone System".into(),
            units: "12 users".into(),
            organization: "Aurora".into(),
            ends: "30 June 2026".into(),
            days: 12,
        };
        vec![
            (
                made(code(&CodeMail {
                    license_name: EVIL.into(),
                    product: "Phone System".into(),
                    quantity_words: "12 users".into(),
                    code: "AB12CD34".into(),
                    portal_url: LINK.into(),
                    seller: "Nordlicht".into(),
                })),
                vec!["Phone System", "12 users", "AB12CD34", LINK, "Nordlicht"],
            ),
            (
                made(invoice(&InvoiceMail {
                    number: "2026-0042".into(),
                    seller: EVIL.into(),
                    buyer: "Aurora".into(),
                    total: "EUR 120.00".into(),
                    due_date: "1 July 2026".into(),
                    lines: vec![line],
                    portal_url: LINK.into(),
                })),
                vec![
                    "2026-0042",
                    "Aurora",
                    "EUR 120.00",
                    "EUR 12.00",
                    "1 July 2026",
                    LINK,
                ],
            ),
            (
                made(expiry_notice(&ExpiryDigest {
                    name: EVIL.into(),
                    rows: vec![row.clone(), ExpiryRow { days: 1, ..row }],
                    portal_url: LINK.into(),
                })),
                vec![
                    "Phone System",
                    "12 users",
                    "Aurora",
                    "30 June 2026",
                    "in 12 days",
                    "tomorrow",
                    LINK,
                ],
            ),
        ]
    }

    /// What is sent where few units are free.
    fn about_units() -> Vec<Letter> {
        let row = LowPoolRow {
            license: EVIL.into(),
            product: "Phone System".into(),
            organization: "Aurora".into(),
            free: "3 users".into(),
            quantity: "1,200".into(),
        };
        let digest = LowPoolDigest {
            name: "Lena".into(),
            rows: vec![row],
            portal_url: LINK.into(),
        };
        let words = vec!["Phone System", "Aurora", "3 users", "1,200", "Lena", LINK];
        vec![(made(low_pool(&digest)), words)]
    }

    /// Both faces say everything; names are text in both; the subject holds no secret; nothing is fetched.
    #[test]
    fn both_faces_say_the_same() {
        for (content, said) in [to_people(), about_licenses(), about_units()].concat() {
            for words in said {
                assert!(content.text.contains(words), "{words} in {}", content.text);
                assert!(content.html.contains(words), "{words} in {}", content.html);
            }
            assert!(content.text.contains(EVIL), "{}", content.text);
            assert!(!content.html.contains("<b>Evil"), "{}", content.html);
            assert!(!content.subject.contains("AB12CD34") && !content.subject.contains("https"));
            assert!(!content.html.contains("src=") && !content.html.contains("url("));
        }
    }
}
