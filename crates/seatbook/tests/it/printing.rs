//! Pages set by children: what a template can do to them, a brand's folder, and a sample of it.

use std::{fs, path::Path, process::Command};

use documents::{Brand, sample};
use seatbook::printing::Press;
use tempfile::TempDir;

use crate::harness::program;

const DOT: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill="#c00"/></svg>"##;

/// A press with this template, whose children have a few seconds.
fn press(template: &str) -> Press {
    let brand = Brand {
        template: Some(template.into()),
        ..Brand::default()
    };
    Press::new(program(), &brand).expect("it is told").within(2)
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("it is written");
    }
    folder
}

/// Runs Seatbook: whether it was content, and everything it said.
fn run(arguments: &[&str], brand: &Path) -> (bool, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_seatbook"))
        .args(arguments)
        .arg("--brand")
        .arg(brand)
        .output()
        .expect("the binary runs");
    let said = [run.stdout, run.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (run.status.success(), said)
}

/// Children of this process, ended ones that nobody has asked after included.
#[cfg(target_os = "linux")]
fn children() -> usize {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").expect("the system tells");
    // Behind a name in brackets, which may hold anything: the state, then the parent.
    let is_own = |process: fs::DirEntry| {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let behind = stat.rsplit_once(") ").map(|(_, behind)| behind.to_owned());
        behind.is_some_and(|it| it.split(' ').nth(1) == Some(own.as_str()))
    };
    processes.flatten().map(is_own).filter(|it| *it).count()
}

/// Each of them costs its own page, is told by its reason, and leaves the next press as it was.
#[tokio::test]
async fn templates_break_their_child_alone() {
    let begun = "#let data = json(\"data.json\")\n";
    for (template, part) in [
        ("#while true {}", "line 1: condition is always true"),
        ("Fine.\n#let = 3", "line 2: expected pattern"),
        (
            "#for a in range(90000) { for b in range(90000) { let c = a * b } }",
            "it takes too long",
        ),
        (
            "#let s = \"x\" * 2000000000\n#s.len()",
            "it takes too much memory",
        ),
        ("#data.nothing", "line 2: dictionary does not contain key"),
    ] {
        let own = match template.contains("data.") {
            true => format!("{begun}{template}"),
            false => template.to_owned(),
        };
        let error = press(&own).print(&sample(1)).await.expect_err(template);
        assert_eq!(error.code, "invoice.no_page", "{template}");
        assert!(error.message.contains(part), "{template}: {error}");
    }
    let pdf = press("Fine.").print(&sample(1)).await;
    assert!(pdf.expect("a page").starts_with(b"%PDF"));
}

/// One child sets many pages, the same bytes as always, and ends when nobody asks any more.
#[tokio::test]
async fn a_child_sets_many_pages_and_goes() {
    let press = press("#json(\"data.json\").number");
    let first = press.print(&sample(1)).await.expect("a page");
    for _ in 0..3 {
        assert!(press.print(&sample(1)).await.expect("a page") == first);
    }
    #[cfg(target_os = "linux")]
    {
        assert_eq!(children(), 1);
        press.retire_idle();
        assert_eq!(children(), 1, "it has just been asked");
        press.retire_idle();
        let gone = async {
            while children() > 0 {
                tokio::task::yield_now().await;
            }
        };
        let gone = tokio::time::timeout(std::time::Duration::from_secs(20), gone);
        gone.await.expect("it has ended");
    }
    assert!(press.print(&sample(1)).await.expect("a page") == first);
}

/// Several at once, with more invoices than children.
#[tokio::test]
async fn invoices_wait_for_their_turn() {
    let press = press("#json(\"data.json\").number");
    let invoice = sample(1);
    let (one, two, three, four) = tokio::join!(
        press.print(&invoice),
        press.print(&invoice),
        press.print(&invoice),
        press.print(&invoice)
    );
    for pdf in [one, two, three, four] {
        assert!(pdf.expect("a page").starts_with(b"%PDF"));
    }
    #[cfg(target_os = "linux")]
    assert_eq!(children(), 2);
}

/// A whole brand becomes a page; its words are on it.
#[test]
fn a_sample_shows_the_brand() {
    let brand = folder(&[
        (
            "brand.toml",
            "accent = \"#0f766e\"\nlanguage = \"de\"\nfooter = \"Amtsgericht Musterstadt\"\n[labels]\ninvoice = \"Faktura\"\n",
        ),
        ("logo.svg", DOT),
        ("notes.txt", "is no matter of the brand"),
    ]);
    let output = brand.path().join("sample.pdf");
    let output = output.to_str().expect("a path");
    let (ok, said) = run(&["brand-sample", "--output", output], brand.path());
    assert!(ok && said.trim() == output, "{said}");
    let text = Command::new("pdftotext")
        .args(["-layout", output, "-"])
        .output();
    let text = text.expect("pdftotext is needed; `cargo xtask test` installs it");
    let text = String::from_utf8_lossy(&text.stdout);
    for part in ["Faktura INV-", "Amtsgericht Musterstadt", "Zu zahlen"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

/// Whatever is wrong is said with its file, and its line where it has lines.
#[test]
fn a_wrong_brand_names_file_and_line() {
    for (files, told) in [
        (&[][..], ": there is no brand"),
        (
            &[("brand.toml", "footer = \"\"\naccent = \"blue\"")][..],
            "brand.toml, line 2: `blue` is not a colour",
        ),
        (
            &[("invoice.typ", "Fine.\n\n#let = 3")][..],
            "invoice.typ, line 3: expected pattern",
        ),
        (&[("logo.svg", "<svg")][..], "logo.svg: failed to parse SVG"),
        (&[("logo.jpg", "")][..], "logo.jpg: a logo is a file"),
        (
            &[("logo.png", ""), ("logo.svg", DOT)][..],
            "logo.svg: there is another logo",
        ),
        (
            &[("A.ttf", "no font")][..],
            "A.ttf: it is neither OpenType nor TrueType",
        ),
    ] {
        let brand = folder(files);
        let output = brand.path().join("sample.pdf");
        let output = output.to_str().expect("a path");
        let (ok, said) = run(&["brand-sample", "--output", output], brand.path());
        assert!(!ok && said.contains(told), "{told}: {said}");
        assert!(!Path::new(output).exists());
    }
}

/// The server does not open with a brand that no invoice could be printed in.
#[test]
fn a_server_does_not_start_with_a_wrong_brand() {
    let brand = folder(&[("invoice.typ", "Fine.\n#panic(\"never\")")]);
    let file = |name: &str| brand.path().join(name).display().to_string();
    let (database, key) = (file("book.db"), file("book.key"));
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        &database,
        "--key-file",
        &key,
    ];
    let (ok, said) = run(&serve, brand.path());
    assert!(!ok && said.contains("invoice.typ, line 2: "), "{said}");
    assert!(!said.contains("is open"), "{said}");
}
