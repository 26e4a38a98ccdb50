//! The folder that an operator keeps a brand in: words and colour, logo, fonts, a template.

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use documents::{Brand, Logo, RenderError, Texts, sample};
use serde::Deserialize;

use super::Press;
use crate::error::{Error, Kind, Result};

const FACTS: &str = "brand.toml";
const TEMPLATE: &str = "invoice.typ";
/// Lines of the invoice that a brand is tried with: enough for a second page.
pub(super) const LINES: u32 = 24;

/// A brand and the files it came from.
#[derive(Debug)]
pub struct Folder {
    /// What they come to.
    pub brand: Brand,
    path: PathBuf,
    logo: String,
    fonts: Vec<String>,
}

impl Folder {
    /// Reads what is there: everything may be missing, but not all of it.
    pub fn read(path: &Path) -> Result<Folder> {
        let mut folder = Folder {
            brand: Brand::default(),
            path: path.to_owned(),
            logo: String::new(),
            fonts: Vec::new(),
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(|error| wrong(path, error))? {
            let entry = entry.map_err(|error| wrong(path, error))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        // The order of fonts decides which one is taken for a letter.
        names.sort();
        let mut is_brand = false;
        for name in names {
            is_brand |= folder.take(name)?;
        }
        match is_brand {
            true => Ok(folder),
            false => Err(wrong(
                path,
                "there is no brand: none of brand.toml, logo.svg, logo.png, invoice.typ, *.otf, *.ttf",
            )),
        }
    }

    /// Takes a file for what its name says; `false` where it is nothing of a brand's.
    fn take(&mut self, name: String) -> Result<bool> {
        let ending = Path::new(&name).extension().unwrap_or_default();
        let ending = ending.to_string_lossy().to_ascii_lowercase();
        let file = self.path.join(&name);
        let bytes = || fs::read(&file).map_err(|error| wrong(&file, error));
        let text = || fs::read_to_string(&file).map_err(|error| wrong(&file, error));
        if name == FACTS {
            let facts = text()?;
            let facts = facts_of(&facts).map_err(|(line, what)| at_line(&file, line, &what))?;
            facts.put_into(&mut self.brand);
        } else if name == TEMPLATE {
            self.brand.template = Some(text()?);
        } else if Path::new(&name)
            .file_stem()
            .is_some_and(|stem| stem == "logo")
        {
            let logo = match ending.as_str() {
                "svg" => Logo::Svg(bytes()?),
                "png" => Logo::Png(bytes()?),
                _ => return Err(wrong(&file, "a logo is a file logo.svg or logo.png")),
            };
            if self.brand.logo.replace(logo).is_some() {
                return Err(wrong(&file, "there is another logo beside this one"));
            }
            self.logo = name;
        } else if ["otf", "ttf"].contains(&ending.as_str()) {
            self.brand.fonts.push(bytes()?);
            self.fonts.push(name);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Prints a sample with it, and says which file is wrong, and where.
    pub async fn try_on(&self, press: &Press) -> Result<Vec<u8>> {
        let set = press.set(&sample(LINES)).await?;
        set.map_err(|error| self.complaint(error))
    }

    fn complaint(&self, error: RenderError) -> Error {
        let file = |name: &str| self.path.join(name);
        match error {
            RenderError::Template {
                line: Some(line),
                message,
            } => at_line(&file(TEMPLATE), line, &message),
            RenderError::Template {
                line: None,
                message,
            } => wrong(&file(TEMPLATE), message),
            RenderError::Logo(message) => wrong(&file(&self.logo), message),
            RenderError::Font { index, message } => match self.fonts.get(index) {
                Some(name) => wrong(&file(name), message),
                None => wrong(&self.path, message),
            },
            RenderError::Brand(message) | RenderError::Unexpected(message) => {
                wrong(&self.path, message)
            }
        }
    }
}

/// What `brand.toml` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Facts {
    accent: Option<Colour>,
    footer: String,
    language: Option<Language>,
    group_mark: Option<String>,
    decimal_mark: Option<String>,
    date: Option<String>,
    day_of_year: Option<String>,
    months: Option<[String; 12]>,
    labels: BTreeMap<Label, String>,
    countries: BTreeMap<Country, String>,
}

impl Facts {
    fn put_into(self, brand: &mut Brand) {
        brand.accent = self.accent.map_or_else(String::new, |colour| colour.0);
        brand.footer = self.footer;
        let language = self.language.map_or_else(|| "en".into(), |it| it.0);
        let texts = match language.as_str() {
            "de" => Texts::german(),
            // What is not said in another language stays English.
            _ => Texts::english(),
        };
        let mut labels = texts.labels;
        labels.extend(self.labels.into_iter().map(|(Label(name), it)| (name, it)));
        let countries = self.countries.into_iter();
        labels.extend(countries.map(|(Country(code), it)| (format!("country.{code}"), it)));
        brand.texts = Texts {
            language,
            group_mark: self.group_mark.unwrap_or(texts.group_mark),
            decimal_mark: self.decimal_mark.unwrap_or(texts.decimal_mark),
            date: self.date.unwrap_or(texts.date),
            day_of_year: self.day_of_year.unwrap_or(texts.day_of_year),
            months: self.months.unwrap_or(texts.months),
            labels,
        };
    }
}

/// `#rrggbb`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Colour(String);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Colour, String> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        match digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            true => Ok(Colour(text)),
            false => Err(format!(
                "`{text}` is not a colour: it is written as `#1f3a93`"
            )),
        }
    }
}

/// ISO 639.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Language(String);

impl TryFrom<String> for Language {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Language, String> {
        let is_code = (2..=3).contains(&text.len());
        match is_code && text.bytes().all(|letter| letter.is_ascii_lowercase()) {
            true => Ok(Language(text)),
            false => Err(format!(
                "`{text}` is not a language: it is written as `en`, `de` or `fr`"
            )),
        }
    }
}

/// The name of a word that stands on documents.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Label(String);

impl TryFrom<String> for Label {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Label, String> {
        let known = Texts::english().labels;
        if known.contains_key(&name) {
            return Ok(Label(name));
        }
        let names: Vec<_> = known.into_keys().collect();
        let names = names.join(", ");
        Err(format!("there is no label `{name}`; there are {names}"))
    }
}

/// ISO 3166-1 alpha-2.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Country(String);

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(code: String) -> std::result::Result<Country, String> {
        match code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
            true => Ok(Country(code)),
            false => Err(format!(
                "`{code}` is not a country: it is written as `DE` or `FR`"
            )),
        }
    }
}

/// What the text says, or where it cannot be understood.
fn facts_of(text: &str) -> std::result::Result<Facts, (usize, String)> {
    toml::from_str(text).map_err(|error| {
        let Range { start, .. } = error.span().unwrap_or_default();
        let before = text.get(..start).unwrap_or_default();
        (before.matches('\n').count() + 1, error.message().to_owned())
    })
}

fn at_line(file: &Path, line: usize, what: &str) -> Error {
    let message = format!("{}, line {line}: {what}", file.display());
    Error::new(Kind::Internal, "brand.wrong", message)
}

fn wrong(file: &Path, what: impl std::fmt::Display) -> Error {
    let message = format!("{}: {what}", file.display());
    Error::new(Kind::Internal, "brand.wrong", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (usize, String) {
        facts_of(text).expect_err("it is wrong")
    }

    #[test]
    fn what_is_said_replaces_what_there_is() {
        let facts = "language = \"de\"\ndate = \"{day}.{month_number}.{year}\"\nfooter = '''a\n\nb'''\n\
            [labels]\ntotal = \"Summe\"\n[countries]\nDE = \"Deutschland\"\n";
        let mut brand = Brand::default();
        facts_of(facts).expect("it is right").put_into(&mut brand);
        let label = |name: &str| brand.texts.labels.get(name).map(String::as_str);
        assert_eq!(label("total"), Some("Summe"));
        assert_eq!(label("net"), Some("Netto"));
        assert_eq!(label("country.DE"), Some("Deutschland"));
        assert_eq!(brand.texts.date, "{day}.{month_number}.{year}");
        assert_eq!(brand.texts.months[2], "März");
        assert_eq!(brand.footer, "a\n\nb");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line, part) in [
            ("\naccent = \"blue\"\n", 2, "`blue` is not a colour"),
            (
                "footer = \"\"\nlanguage = \"German\"",
                2,
                "`German` is not a language",
            ),
            ("footer = \"a\"\nfoter = \"b\"", 2, "unknown field `foter`"),
            ("[labels]\ntotl = \"x\"", 2, "there is no label `totl`"),
            ("[labels]\ntotal = \"x\"\nnet = 1", 3, "expected a string"),
            (
                "[countries]\n\nGermany = \"x\"",
                3,
                "`Germany` is not a country",
            ),
            ("a = 1\nb = \n", 2, ""),
        ] {
            let (found, message) = refused(text);
            assert!(message.contains(part), "{text}: {message}");
            assert_eq!(found, line, "{text}: {message}");
        }
    }
}
