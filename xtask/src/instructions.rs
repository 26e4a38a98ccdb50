//! `cargo xtask instructions`: how many instructions the commands take that are asked most often, beside what is kept.
//!
//! Time is another on each machine and at each moment; how many instructions are executed is not. So CI can tell that a
//! change made a command dearer, in a minute, on any machine. It is counted in the build of the tests, which is there
//! already: a release build takes a quarter of an hour. Our own code stands out more there than in what is shipped.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    packages,
    shell::{Result, cargo, on_interrupt, read, root, run as run_command, scratch},
};

const KEPT: &str = "docs/instructions.md";
/// Renews what is kept.
const RENEW: &str = "UPDATE";
/// The source of the test binary, and the test in it that is counted.
const SOURCE: &str = "crates/seatbook/tests/it/main.rs";
const TEST: &str = "instructions::what_is_asked_most_often_is_answered";
/// In these functions it is counted, each in its own thread: the request, the writer, the reader.
const COUNTED: [&str; 3] = [
    "it::instructions::answer",
    "store::sqlite::batch",
    "store::sqlite::read",
];
/// Where this one is entered, what was counted is written down.
const WRITTEN: &str = "it::instructions::asked";
/// How many hundredths more or fewer there may be; and where other tools built and counted.
const BOUND: f64 = 3.0;
const OTHER_BOUND: f64 = 20.0;

/// How many instructions one of a name takes.
type Count = (String, u64);

/// Counts, and compares with what is kept.
pub fn run() -> Result<()> {
    let _interrupts = on_interrupt()?;
    step()
}

/// The same inside of another command.
pub fn step() -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!("not counted: callgrind counts on Linux");
        return Ok(());
    }
    let kept = root().join(KEPT);
    let text = fs::read_to_string(&kept).map_err(|e| format!("{KEPT}: {e}"))?;
    let (before, renew) = (parse(&text), env::var_os(RENEW).is_some());
    if before.is_empty() && !renew {
        return Err(format!(
            "{KEPT} holds no counts, so nothing is held to it: {RENEW}=1 cargo xtask instructions takes them"
        ));
    }
    packages::ensure_counter()?;
    let counts = count(&test_binary()?)?;
    let tools = tools()?;
    if renew {
        let text = page(&tools, &counts);
        fs::write(&kept, text).map_err(|e| format!("{KEPT}: {e}"))?;
        println!("{KEPT} is renewed");
        return Ok(());
    }
    let bound = match text.contains(&tools) {
        true => BOUND,
        false => {
            println!(
                "{KEPT} was counted with other tools than {tools}: compared within {OTHER_BOUND} %"
            );
            OTHER_BOUND
        }
    };
    compare(&counts, &before, bound)
}

/// The binary of the tests, built where it is missing: the tests' own build, nothing more.
fn test_binary() -> Result<PathBuf> {
    let built = read(&mut cargo(&[
        "test",
        "--workspace",
        "--no-run",
        "--message-format=json",
    ]))?;
    // Each line tells of one artifact; the source tells this one from others of the same name.
    let line = built
        .lines()
        .find(|line| line.contains(SOURCE) && line.contains("\"executable\":\""));
    let file = line.and_then(|line| line.split("\"executable\":\"").nth(1)?.split('"').next());
    file.map(PathBuf::from)
        .ok_or_else(|| format!("cargo built no test of {SOURCE}"))
}

fn count(binary: &Path) -> Result<Vec<Count>> {
    let folder = scratch().join("instructions");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    // Names of functions are all that is needed: reading where they stand takes callgrind longer than counting.
    let bare = folder.join("it");
    let mut strip = Command::new("strip");
    run_command(strip.arg("--strip-debug").arg("-o").arg(&bare).arg(binary))?;
    let out = folder.join("counts");
    let mut counter = Command::new("valgrind");
    counter
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .args(COUNTED.map(|name| format!("--toggle-collect={name}")))
        .arg(format!("--dump-before={WRITTEN}"))
        .arg(&bare)
        .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
        .current_dir(root().join("crates").join("seatbook"));
    let said = read(&mut counter)?;
    let asked = said.lines().filter_map(|line| line.split_once("counted "));
    let mut counts = Vec::new();
    for (number, (_, asked)) in asked.enumerate() {
        let (name, times) = asked.split_once(' ').ok_or("a count without a name")?;
        let times: u64 = times
            .trim()
            .parse()
            .map_err(|_| "a count without a number")?;
        let total = total(&out.with_extension((number + 1).to_string()))?;
        // What nobody asked for is not kept.
        if let Some(each) = total.checked_div(times) {
            counts.push((name.to_owned(), each));
        }
    }
    match counts.is_empty() {
        true => Err(format!("nothing was counted; what it said:\n{said}")),
        false => Ok(counts),
    }
}

/// All that one file of callgrind's has.
fn total(file: &Path) -> Result<u64> {
    let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals: "));
    line.and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| format!("{} has no total", file.display()))
}

/// What built and counted: other versions make other instructions of the same text.
fn tools() -> Result<String> {
    let first = |program: &str| {
        let told = read(Command::new(program).arg("--version"))?;
        Ok::<_, String>(told.lines().next().unwrap_or_default().trim().to_owned())
    };
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    let [rust, c, counter, library] = [
        first("rustc")?,
        first(&compiler)?,
        first("valgrind")?,
        first("ldd")?,
    ];
    let machine = env::consts::ARCH;
    Ok(format!("{rust}; {c}; {library}; {counter}; {machine}"))
}

fn page(tools: &str, counts: &[Count]) -> String {
    let mut page = format!(
        "# Instructions\n\nHow many instructions one of these takes, from the request to its answer: over all layers, in \
         the thread that asks, in the writer and in the reader; without the network and what SQLite's log costs the \
         kernel. `cargo xtask instructions` counts them with callgrind in the build of the tests, and fails where one \
         takes {BOUND} % more than stands here, or fewer. Where that is meant, `{RENEW}=1 cargo xtask instructions` \
         writes this page. They are figures to compare with themselves: what is shipped is optimised and takes a \
         fraction.\n\n| what | instructions |\n|---|---|\n"
    );
    for (name, count) in counts {
        page += &format!("| {name} | {count} |\n");
    }
    page + &format!("\nCounted with {tools}.\n")
}

fn parse(page: &str) -> Vec<Count> {
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (name, count) = (cells.next()?, cells.next()?);
        Some((name.to_owned(), count.parse().ok()?))
    });
    rows.collect()
}

/// A command that takes fewer fails, too: what it has won would be lost again unseen. So does one that is kept and was not
/// counted, which nobody would hold to anything any more.
fn compare(counts: &[Count], kept: &[Count], bound: f64) -> Result<()> {
    let mut off = Vec::new();
    for (name, count) in counts {
        let Some((_, before)) = kept.iter().find(|(it, _)| it == name) else {
            off.push(format!("{name} is not in {KEPT}"));
            continue;
        };
        let change = (*count as f64 / *before as f64 - 1.0) * 100.0;
        println!("{name:<12} {count:>12} instructions, {change:+.2} %");
        if change.abs() > bound {
            off.push(format!(
                "{name} takes {change:+.1} % instructions, at most {bound} % are let pass"
            ));
        }
    }
    let missing = kept
        .iter()
        .filter(|(name, _)| counts.iter().all(|(it, _)| it != name));
    off.extend(missing.map(|(name, _)| format!("{name} is in {KEPT} and was not counted")));
    if off.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\nWhere that is meant: {RENEW}=1 cargo xtask instructions",
        off.join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_compared() {
        let counts = vec![("assign".to_owned(), 1_000), ("check".to_owned(), 100)];
        let kept = parse(&page("tools", &counts));
        assert_eq!(kept, counts);
        let times = |percent: u64| {
            vec![
                ("assign".to_owned(), 10 * percent),
                ("check".to_owned(), percent),
            ]
        };
        assert!(compare(&times(102), &kept, 3.0).is_ok());
        assert!(compare(&times(104), &kept, 3.0).is_err());
        assert!(compare(&times(96), &kept, 3.0).is_err());
        let more = [times(100), vec![("list".to_owned(), 1)]].concat();
        let wrong = compare(&more, &kept, 3.0).expect_err("a count that is not kept");
        assert!(wrong.starts_with("list is not in"), "{wrong}");
        let wrong = compare(&counts[..1], &kept, 3.0).expect_err("one that is missing");
        assert!(wrong.starts_with("check is in"), "{wrong}");
    }
}
