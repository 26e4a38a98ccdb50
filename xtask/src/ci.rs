//! `cargo xtask ci`: exactly what stands between a change and main.

use std::{
    env,
    time::{Duration, Instant},
};

use crate::{
    instructions, packages,
    shell::{Result, cargo, on_interrupt, run as run_command},
    test, trials,
};

/// A step's name and what it does.
type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 7] = [
    ("format", || {
        run_command(&mut cargo(&["fmt", "--all", "--check"]))
    }),
    ("lints", lints),
    ("documentation", documentation),
    ("installed programs", packages::ensure),
    ("tests", || {
        test::on_both_engines(&["--no-fail-fast".to_owned()])
    }),
    ("instructions", instructions::step),
    ("torture", trials::short_torture),
];

/// Runs every step, stopping at the first that fails, and says how long each took.
pub fn run() -> Result<()> {
    let _interrupts = on_interrupt()?;
    let mut report = Vec::new();
    for (name, work) in STEPS {
        println!("==> {name}");
        let begun = Instant::now();
        let outcome = work();
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        report.push(format!("{}  {word:<6}  {name}", seconds(begun.elapsed())));
        if let Err(message) = outcome {
            return Err(format!("{message}\n\n{}", report.join("\n")));
        }
    }
    println!("\n{}", report.join("\n"));
    Ok(())
}

fn lints() -> Result<()> {
    run_command(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

/// The documentation of private items too: a link that leads nowhere is an error.
fn documentation() -> Result<()> {
    let flags = env::var("RUSTDOCFLAGS").unwrap_or_default();
    let mut doc = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    run_command(doc.env("RUSTDOCFLAGS", format!("{flags} -D warnings")))
}

fn seconds(time: Duration) -> String {
    format!("{:>7.1} s", time.as_secs_f64())
}
