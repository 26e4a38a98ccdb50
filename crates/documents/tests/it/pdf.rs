//! The page: what other programs find in it, that it is always the same, and what a template can do wrong.

use std::{fs, path::PathBuf, process::Command};

use documents::{
    Brand, Currency, Invoice, Kind, Logo, Party, RenderError, Renderer, Texts, facturx_xml, sample,
};

const DOT: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill="#c00"/></svg>"##;

fn render(invoice: &Invoice) -> Vec<u8> {
    Renderer::new(Brand::default())
        .unwrap()
        .render(invoice)
        .unwrap()
}

fn with_template(template: &str) -> Result<Vec<u8>, RenderError> {
    let template = Some(template.to_owned());
    Renderer::new(Brand {
        template,
        ..Brand::default()
    })?
    .render(&sample(1))
}

/// The PDF as a file that goes when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str, pdf: &[u8]) -> Self {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&file, pdf).unwrap();
        Self(file)
    }

    /// What a program says of the file. A program that is not here is a failure: `cargo xtask test` installs it.
    fn told(&self, program: &str, before: &[&str], after: &[&str]) -> String {
        let mut command = Command::new(program);
        let output = command.args(before).arg(&self.0).args(after).output();
        let output = output
            .unwrap_or_else(|e| panic!("{program} is needed: {e}; `cargo xtask test` installs it"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{program}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn other_programs_read_it() {
    let invoice = sample(5);
    let pdf = render(&invoice);
    assert!(pdf.starts_with(b"%PDF-1.7"));
    let file = File::new("read.pdf", &pdf);

    let checked = file.told("qpdf", &["--check"], &[]);
    assert!(
        checked.contains("No syntax or stream encoding errors"),
        "{checked}"
    );

    let attached = file.told("pdfdetach", &["-list"], &[]);
    assert!(attached.contains("1: factur-x.xml"), "{attached}");
    let xml = file.told("pdfdetach", &["-save", "1", "-o", "/dev/stdout"], &[]);
    assert_eq!(xml, facturx_xml(&invoice));

    let text = file.told("pdftotext", &["-layout"], &["-"]);
    for part in [
        "18,023.75",
        "INV-2026-001284",
        "Brückner & Söhne",
        "DE89 3704 0044 0532 0130 00",
        "Page 1 of 1",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }

    let info = file.told("pdfinfo", &[], &[]);
    assert!(info.contains("Invoice INV-2026-001284"), "{info}");
    let words = info.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("Tagged: yes") && words.contains("Pages: 1 "),
        "{info}"
    );

    let metadata = file.told("pdfinfo", &["-meta"], &[]);
    for part in [
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>B</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
        "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>",
    ] {
        assert!(metadata.contains(part), "`{part}` is not in\n{metadata}");
    }
}

#[test]
fn many_lines_take_many_pages() {
    let file = File::new("long.pdf", &render(&sample(90)));
    let text = file.told("pdftotext", &["-layout"], &["-"]);
    let pages = text.matches('\u{c}').count();
    assert!(pages > 3, "{pages} pages");
    assert!(text.contains(&format!("Page {pages} of {pages}")));
    assert_eq!(
        text.matches("Unit price").count(),
        pages,
        "the head is repeated above lines"
    );
    file.told("qpdf", &["--check"], &[]);
}

#[test]
fn other_currencies_languages_and_kinds() {
    let mut invoice = sample(2);
    invoice.kind = Kind::CreditNote;
    invoice.currency = Currency {
        code: "JPY".into(),
        exponent: 0,
    };
    (invoice.buyer.vat_id, invoice.seller.vat_id) = (None, None);
    invoice.buyer.country = "AT".into();
    let accent = "#0f766e".into();
    let logo = Some(Logo::Svg(DOT.into()));
    let german = Brand {
        accent,
        logo,
        texts: Texts::german(),
        ..Brand::default()
    };
    let pdf = Renderer::new(german).unwrap().render(&invoice).unwrap();
    let file = File::new("german.pdf", &pdf);
    let text = file.told("pdftotext", &["-layout"], &["-"]);
    for part in [
        "Rechnungskorrektur",
        "1.418.298",
        "Austria",
        "21. November 2026",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    file.told("qpdf", &["--check"], &[]);
}

#[test]
fn empty_facts_leave_no_holes() {
    let mut invoice = sample(0);
    let name = "Nobody".to_owned();
    invoice.seller = Party {
        name: name.clone(),
        ..Party::default()
    };
    invoice.buyer = Party {
        name,
        ..Party::default()
    };
    (invoice.payment, invoice.notes) = Default::default();
    (invoice.due_date, invoice.order_reference) = (None, None);
    assert!(render(&invoice).starts_with(b"%PDF"));
}

#[test]
fn the_same_invoice_gives_the_same_bytes() {
    let (one, other) = (sample(5), sample(6));
    let first = render(&one);
    let renderer = Renderer::new(Brand::default()).unwrap();
    assert!(renderer.render(&other).unwrap() != first);
    assert!(renderer.render(&one).unwrap() == first);
}

#[test]
fn threads_share_a_renderer() {
    let renderer = Renderer::new(Brand::default()).unwrap();
    let render = || renderer.render(&sample(1)).unwrap();
    let (one, other) = std::thread::scope(|scope| {
        let (one, other) = (scope.spawn(render), scope.spawn(render));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert!(one == other);
}

#[test]
fn many_documents_do_not_grow() {
    let renderer = Renderer::new(Brand::default()).unwrap();
    let mut invoice = sample(1);
    let mut render = |numbers: std::ops::Range<u32>| {
        for number in numbers {
            invoice.number = format!("INV-{number:06}");
            renderer.render(&invoice).unwrap();
        }
        resident_kib()
    };
    let warm = render(0..60);
    let grown = render(60..200).saturating_sub(warm);
    assert!(grown < 20 * 1024, "{grown} KiB more after 140 documents");
}

/// Memory of this process, where the system tells; elsewhere nothing can be said.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

#[test]
fn a_template_sees_its_data_and_nothing_else() {
    let pdf = with_template("#json(\"data.json\").buyer.name of one's own").unwrap();
    let file = File::new("own.pdf", &pdf);
    assert!(
        file.told("pdftotext", &[], &["-"])
            .contains("Söhne Maschinenbau AG of one’s own")
    );
    assert!(
        file.told("pdfdetach", &["-list"], &[])
            .contains("factur-x.xml")
    );

    for hostile in [
        "#read(\"day.txt\")",
        "#read(\"/etc/passwd\")",
        "#read(\"../../Cargo.toml\")",
        "#image(\"https://example.com/x.png\")",
        "#import \"@preview/cetz:0.3.0\"",
        "#include \"other.typ\"",
    ] {
        let error = refused(with_template(hostile));
        assert!(
            matches!(error, RenderError::Template { .. }),
            "{hostile}: {error}"
        );
    }
}

#[test]
fn a_wrong_template_says_where() {
    for (template, line, part) in [
        ("Fine.\n\n#let = 3", 3, "expected"),
        (
            "Fine.\n#let data = json(\"data.json\")\n#data.nothing",
            3,
            "nothing",
        ),
        ("#let f(x) = x - none\n\n\n#f(\"a\")", 1, "subtract"),
        ("#{ let x = 1; while x > 0 { x += 1 } }", 1, "infinite"),
        ("#let f(x) = f(x + 1)\n#f(0)", 1, "depth"),
        ("#panic(\"stop\")", 1, "stop"),
    ] {
        let error = refused(with_template(template));
        let RenderError::Template {
            line: found,
            message,
        } = &error
        else {
            panic!("{template}: {error}");
        };
        assert!(message.contains(part), "{template}: {message}");
        assert_eq!(*found, Some(line), "{template}: {message}");
    }
}

#[test]
fn a_wrong_brand_is_refused_at_once() {
    for brand in [
        Brand {
            accent: "blue".into(),
            ..Brand::default()
        },
        Brand {
            fonts: vec![b"no font".to_vec()],
            ..Brand::default()
        },
        Brand {
            logo: Some(Logo::Png(b"no picture".to_vec())),
            ..Brand::default()
        },
        Brand {
            logo: Some(Logo::Svg(b"<svg".to_vec())),
            ..Brand::default()
        },
    ] {
        let Err(error) = Renderer::new(brand) else {
            panic!("was taken")
        };
        assert!(!matches!(error, RenderError::Template { .. }), "{error}");
    }
}

#[test]
fn a_letter_that_no_font_has_is_named() {
    let mut invoice = sample(1);
    invoice.buyer.name = "株式会社 \u{1f600}\u{7}".into();
    let renderer = Renderer::new(Brand::default()).unwrap();
    let error = refused(renderer.render(&invoice));
    assert_eq!(
        error.to_string(),
        "No font has `株式会社\u{1f600}`: add one to the brand that does."
    );
    invoice.buyer.name = "Ωmega Ελλάς Україна Đặng Ł\u{7} fi\u{ad}ne".into();
    assert!(renderer.render(&invoice).is_ok());
}

/// The documentation's picture of a page; written anew by `cargo xtask screenshots`, which sets the variable.
#[test]
fn the_page_can_be_shown() {
    let file = File::new("picture.pdf", &render(&sample(5)));
    let picture = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("invoice");
    let stem = picture.to_str().unwrap();
    file.told("pdftoppm", &["-r", "110", "-png", "-singlefile"], &[stem]);
    let picture = picture.with_extension("png");
    let bytes = fs::read(&picture).unwrap();
    fs::remove_file(&picture).unwrap();
    assert!(bytes.starts_with(b"\x89PNG"));
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        let docs = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/screenshots/invoice.png"
        );
        fs::write(docs, bytes).unwrap();
    }
}

/// Pages are too long for a test's complaint.
fn refused(outcome: Result<Vec<u8>, RenderError>) -> RenderError {
    match outcome {
        Ok(_) => panic!("there is a page"),
        Err(error) => error,
    }
}
