//! All that a template can see.

use std::sync::LazyLock;

use jiff::civil::Date;
use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

use super::{RenderError, TEMPLATE};
use crate::brand::{Brand, Logo};

/// Inter, parsed once for the whole process.
static INTER: LazyLock<Vec<Font>> =
    LazyLock::new(|| Font::iter(Bytes::new(damascene_fonts_inter::INTER_VARIABLE)).collect());

static FRAME: LazyLock<Source> =
    LazyLock::new(|| Source::new(id("frame.typ"), include_str!("frame.typ").to_owned()));

static OUR_TEMPLATE: LazyLock<Source> =
    LazyLock::new(|| Source::new(id("template.typ"), TEMPLATE.to_owned()));

/// What all documents of a brand share.
pub struct Stage {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    template: Source,
    is_our_template: bool,
    logo: Option<(FileId, Bytes)>,
}

impl Stage {
    pub fn new(brand: &Brand) -> Result<Self, RenderError> {
        if !is_colour(&brand.accent) {
            let accent = &brand.accent;
            let message = format!("`{accent}` is not a colour: it is written as `#1f3a93`.");
            return Err(RenderError::Brand(message));
        }
        let mut fonts = INTER.clone();
        for (index, file) in brand.fonts.iter().enumerate() {
            let known = fonts.len();
            fonts.extend(Font::iter(Bytes::new(file.clone())));
            if fonts.len() == known {
                let message = "it is neither OpenType nor TrueType".to_owned();
                return Err(RenderError::Font { index, message });
            }
        }
        let template = match &brand.template {
            Some(text) => Source::new(id("template.typ"), text.clone()),
            None => OUR_TEMPLATE.clone(),
        };
        RenderError::in_syntax(&template)?;
        let logo = brand.logo.as_ref().map(|logo| {
            let (Logo::Png(bytes) | Logo::Svg(bytes)) = logo;
            (id(logo.file()), Bytes::new(bytes.clone()))
        });
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            template,
            is_our_template: brand.template.is_none(),
            logo,
        })
    }

    pub fn fonts(&self) -> &[Font] {
        &self.fonts
    }
}

/// What one document adds: the world of the typesetter.
pub struct Sheet<'a> {
    stage: &'a Stage,
    data: Bytes,
    day: Bytes,
    xml: Bytes,
    date: Date,
}

impl<'a> Sheet<'a> {
    pub fn new(stage: &'a Stage, data: Vec<u8>, xml: String, date: Date) -> Self {
        let (year, month, day) = (date.year(), date.month(), date.day());
        let parts = format!(r#"{{"year":{year},"month":{month},"day":{day}}}"#);
        Self {
            stage,
            data: Bytes::new(data),
            day: Bytes::from_string(parts),
            xml: Bytes::from_string(xml),
            date,
        }
    }

    pub fn is_our_template(&self) -> bool {
        self.stage.is_our_template
    }

    pub fn template(&self) -> &Source {
        &self.stage.template
    }
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.stage.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.stage.book
    }

    fn main(&self) -> FileId {
        FRAME.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        [&*FRAME, &self.stage.template]
            .into_iter()
            .find(|source| source.id() == id)
            .cloned()
            .ok_or_else(|| absent(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let ids = &*FILES;
        if let Some((_, bytes)) = self.stage.logo.as_ref().filter(|(logo, _)| *logo == id) {
            return Ok(bytes.clone());
        }
        let files = [
            (ids.data, &self.data),
            (ids.day, &self.day),
            (ids.xml, &self.xml),
        ];
        let found = files.into_iter().find(|(file, _)| *file == id);
        found
            .map(|(_, bytes)| bytes.clone())
            .ok_or_else(|| absent(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.stage.fonts.get(index).cloned()
    }

    /// The document's own day: a page is the same whenever it is rendered.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        let part = |part: i8| u8::try_from(part).ok();
        let date = self.date;
        Datetime::from_ymd(date.year().into(), part(date.month())?, part(date.day())?)
    }
}

/// Names of files, made numbers once.
struct Files {
    data: FileId,
    day: FileId,
    xml: FileId,
}

static FILES: LazyLock<Files> = LazyLock::new(|| Files {
    data: id("data.json"),
    day: id("day.json"),
    xml: id("factur-x.xml"),
});

fn id(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("our own names are paths");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn absent(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

/// `#rrggbb`, or nothing.
fn is_colour(text: &str) -> bool {
    let is_hex = |digits: &str| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    text.trim().is_empty() || text.strip_prefix('#').is_some_and(is_hex)
}
