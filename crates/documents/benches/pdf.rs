//! `cargo xtask bench pdf`: invoices as PDF with their electronic form inside, beside the same pages by the typesetter alone.
//!
//! The bare run is given the same template, data and font, and is held to the same PDF standards. It has no check, no
//! XML to write and attach, no metadata to declare it, and its data is made before the clock runs.
//!
//! `cargo test -p documents --bench pdf -- --invoices 100` shows in a minute, without an optimised build, that it works
//! and that memory stays; its times say nothing.

use std::time::{Duration, Instant};

use documents::{Brand, Invoice, Renderer, TEMPLATE, check, sample};
use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration as Span},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

type Result<T> = std::result::Result<T, String>;

/// Turns of each side, so that a slow moment of the machine meets both.
const TURNS: u32 = 5;
/// Invoices, unless said.
const INVOICES: u32 = 1_000;
/// Lines of an invoice.
const LINES: u32 = 6;

fn main() -> Result<()> {
    let a_turn = invoices()?.div_ceil(TURNS).max(1);
    let renderer = Renderer::new(Brand::default()).map_err(|e| e.to_string())?;
    let mut bare = Bare::new();
    let (mut ours, mut limit) = (Duration::ZERO, Duration::ZERO);
    let mut resident = Vec::new();
    ours_once(&renderer, &numbered(0))?;
    bare.render(renderer.data(&numbered(0)).map_err(|e| e.to_string())?)?;
    for turn in 0..TURNS {
        let invoices: Vec<Invoice> = (0..a_turn)
            .map(|place| numbered(turn * a_turn + place))
            .collect();
        let begun = Instant::now();
        for (place, invoice) in (1..).zip(&invoices) {
            ours_once(&renderer, invoice)?;
            if (turn, place) == (0, a_turn.div_ceil(2)) {
                resident.push(status_mib("VmRSS:"));
            }
        }
        ours += begun.elapsed();
        resident.push(status_mib("VmRSS:"));
        let data = invoices.iter().map(|invoice| renderer.data(invoice));
        let data = data
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|e| e.to_string())?;
        let begun = Instant::now();
        for data in data {
            bare.render(data)?;
        }
        limit += begun.elapsed();
    }
    report(TURNS * a_turn, (ours, limit), &resident);
    Ok(())
}

/// How many are asked for: `--invoices 50`.
fn invoices() -> Result<u32> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--invoices");
    if arguments.next().is_none() {
        return Ok(INVOICES);
    }
    let number = arguments.next().and_then(|number| number.parse().ok());
    number.ok_or_else(|| "--invoices wants a number".to_owned())
}

/// One line: a JSON object of the names that every bench has, and more; or words.
fn report(invoices: u32, (ours, limit): (Duration, Duration), resident: &[Option<f64>]) {
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(invoices);
    let (ours, limit) = (each(ours), each(limit));
    let ratio = ours / limit;
    let mib = |value: Option<f64>| value.map_or("null".to_owned(), |mib| format!("{mib:.1}"));
    let first = mib(resident.first().copied().flatten());
    let last = mib(resident.last().copied().flatten());
    let peak = mib(status_mib("VmHWM:"));
    if std::env::args().any(|argument| argument == "--json") {
        println!(
            r#"{{"name":"pdf","engine":"none","ours":{ours:.3},"limit":{limit:.3},"ratio":{ratio:.3},"unit":"ms","invoices":{invoices},"mib_early":{first},"mib_after_all":{last},"mib_peak":{peak}}}"#
        );
    } else {
        println!(
            "pdf  ours {ours:.2} ms, limit {limit:.2} ms, ratio {ratio:.2}, invoices {invoices}, \
             MiB early {first}, after all {last}, at most {peak}"
        );
    }
}

fn numbered(number: u32) -> Invoice {
    let mut invoice = sample(LINES);
    invoice.number = format!("INV-2026-{number:06}");
    invoice
}

fn ours_once(renderer: &Renderer, invoice: &Invoice) -> Result<()> {
    if let Some(breach) = check(invoice).first() {
        return Err(breach.sentence.clone());
    }
    let pdf = renderer.render(invoice);
    pdf.map(|_| ()).map_err(|e| e.to_string())
}

/// The typesetter with what it needs, and nothing of ours around it.
struct Bare {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
    data_id: FileId,
    data: Bytes,
}

const HEAD: &str = "#let data = json(\"data.json\")
#set document(title: data.name, author: data.seller.name, date: datetime(year: 2026, month: 11, day: 21))
";

impl Bare {
    fn new() -> Self {
        let fonts: Vec<Font> =
            Font::iter(Bytes::new(damascene_fonts_inter::INTER_VARIABLE)).collect();
        Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main: Source::new(id("bare.typ"), format!("{HEAD}{TEMPLATE}")),
            data_id: id("data.json"),
            data: Bytes::new([]),
        }
    }

    fn render(&mut self, data: Vec<u8>) -> Result<usize> {
        self.data = Bytes::new(data);
        let document = typst::compile::<PagedDocument>(&*self).output;
        let document = document.map_err(|e| format!("{e:?}"))?;
        let standards = PdfStandards::new(&[PdfStandard::A_3b, PdfStandard::Ua_1]);
        let standards = standards.map_err(|e| format!("{e:?}"))?;
        let options = PdfOptions {
            standards,
            ..PdfOptions::default()
        };
        let pdf = typst_pdf::pdf(&document, &options).map_err(|e| format!("{e:?}"))?;
        comemo::evict(3);
        Ok(pdf.len())
    }
}

impl World for Bare {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let known = id == self.main.id();
        known
            .then(|| self.main.clone())
            .ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let known = id == self.data_id;
        known
            .then(|| self.data.clone())
            .ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Span>) -> Option<Datetime> {
        None
    }
}

fn id(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("our own names are paths");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// A line of what the system says of this process, in MiB; nothing where it does not say.
fn status_mib(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some((kib / 102.4).round() / 10.0)
}
