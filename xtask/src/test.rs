//! `cargo xtask test`: every test, on both engines, with nothing to prepare by hand.

use crate::{
    axe, packages,
    postgres::{Cluster, Durability},
    shell::{Result, cargo, on_interrupt, read, run as run_command},
};

/// Where the tests find PostgreSQL. They fail without it: a test that skips itself proves nothing.
pub const VARIABLE: &str = "SEATBOOK_TEST_POSTGRES";

/// Where the browser tests find axe-core, which they put into every page.
pub const AXE: &str = "SEATBOOK_TEST_AXE";

/// Takes the documentation's pictures: a test of the browser binary and one of the pages, told to write them.
pub fn screenshots() -> Result<()> {
    let _interrupts = on_interrupt()?;
    packages::ensure()?;
    for (package, binary, test) in [
        ("seatbook", "browser", "screenshots"),
        ("documents", "it", "the_page_can_be_shown"),
    ] {
        let words = ["test", "--package", package, "--test", binary, test];
        run_command(cargo(&words).env("UPDATE_SCREENSHOTS", "1"))?;
    }
    Ok(())
}

/// Keeps a book of this version on each engine: a test makes them, told to write them.
pub fn keep_release() -> Result<()> {
    let _interrupts = on_interrupt()?;
    packages::ensure()?;
    let cluster = Cluster::start(Durability::None)?;
    let words = [
        "test",
        "--package",
        "seatbook",
        "--test",
        "it",
        "releases::keeping",
    ];
    let mut keep = cargo(&words);
    run_command(keep.env("KEEP_RELEASE", "1").env(VARIABLE, cluster.url()))
}

/// Installs what is missing, then runs the tests that the arguments choose, or all.
pub fn run(arguments: &[String]) -> Result<()> {
    let _interrupts = on_interrupt()?;
    packages::ensure()?;
    on_both_engines(arguments)
}

/// Runs the tests beside a throwaway PostgreSQL, which is gone afterwards whatever the tests did.
pub fn on_both_engines(arguments: &[String]) -> Result<()> {
    let cluster = Cluster::start(Durability::None)?;
    suite(&cluster.url(), arguments)
}

fn suite(url: &str, arguments: &[String]) -> Result<()> {
    let nextest = read(&mut cargo(&["nextest", "--version"])).is_ok();
    let mut tests = cargo(if nextest {
        &["nextest", "run"]
    } else {
        &["test"]
    });
    let chosen = arguments.iter().any(|word| names_a_package(word));
    if !chosen {
        tests.arg("--workspace");
    }
    let axe = axe::ensure()?;
    run_command(tests.args(arguments).env(VARIABLE, url).env(AXE, &axe))?;

    // `cargo test` has run them already; a choice of tests is not a wish for all examples.
    let everything = arguments.iter().all(|word| word == "--no-fail-fast");
    if nextest && everything {
        run_command(cargo(&["test", "--doc", "--workspace"]).env(VARIABLE, url))?;
    }
    Ok(())
}

fn names_a_package(word: &str) -> bool {
    let (long, short) = (
        ["--package", "--workspace", "--all"],
        word.starts_with("-p"),
    );
    short
        || long
            .iter()
            .any(|name| word == *name || word.starts_with(&format!("{name}=")))
}
