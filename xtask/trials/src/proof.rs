//! The page of figures: made of what `torture` and `bench` printed, so that nobody types a figure.

use std::{fmt::Write, fs, path::PathBuf};

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::{Result, bench, torture::Name};

#[derive(Args)]
pub struct ProofArgs {
    /// Files with the lines that `--json` printed; without any, the page says what will be proven.
    #[arg(long, num_args = 0..)]
    from: Vec<PathBuf>,
    /// Where the page is written.
    #[arg(long, default_value = "docs/proof.md")]
    to: PathBuf,
}

/// Lines by their kinds.
#[derive(Default)]
struct Lines {
    machines: Vec<Value>,
    trials: Vec<Value>,
    measures: Vec<Value>,
    benches: Vec<Value>,
}

/// Writes the page.
pub fn write(args: &ProofArgs) -> Result<()> {
    let mut lines = Lines::default();
    for file in &args.from {
        let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        let read = lines.read(&text);
        read.map_err(|e| format!("{}: {e}", file.display()))?;
    }
    let written = fs::write(&args.to, page(&lines));
    written.map_err(|e| format!("{}: {e}", args.to.display()))
}

impl Lines {
    fn read(&mut self, text: &str) -> Result<()> {
        let mut here = false;
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let line: Value = serde_json::from_str(line).map_err(|e| format!("{line}: {e}"))?;
            let has = |name: &str| line.get(name).is_some();
            if line["name"] == "machine" {
                if line["build"] != "release" {
                    return Err("a figure of another build than release proves nothing".into());
                }
                here = true;
                if !self.machines.contains(&line) {
                    self.machines.push(line);
                }
                continue;
            }
            if !here {
                return Err("nothing says what machine this was; print with --json".into());
            }
            if has("ratio") {
                self.benches.push(line);
            } else if has("bound") {
                self.measures.push(line);
            } else if has("tried") {
                self.trials.push(line);
            } else {
                return Err(format!("{line} is no line of a report"));
            }
        }
        Ok(())
    }
}

const HEAD: &str = "# Proof

What Seatbook promises, and the figures by which it is held to it. Every figure here was printed by the command beside \
it, and the page is written by `cargo xtask proof --from FILE…` from what `--json` printed, for each release anew. A \
trial is the server as customers run it, started, fed, cut off and killed from outside ([0010](decisions/0010-trials-\
are-a-package-of-their-own.md), [0028](decisions/0028-faults-are-trials-with-figures.md)); what is left is compared \
with what was acknowledged, and proven by `seatbook verify`. A seed makes a trial's choices again.
";

/// What tests print figures of: they run with all others, and `cargo xtask test NAME --no-capture` shows the lines.
const TESTS: [[&str; 3]; 1] = [[
    "strangers",
    "sqlite, postgres",
    "A test with figures, `cargo xtask test strangers --no-capture`. Every operation of the API, every place for an id in \
     its path, body or parameters, every cursor and every address of the console, asked by those who have no business \
     with the thing: the answer is that for an id which nobody has, to the byte, and nothing changes. No body takes a \
     property that the document does not name, no answer stays in a cache, and after each of 1,250 random edits of the \
     tree people are shown what follows from it.",
]];

const SPEED: &str = "Ours beside the limit of the same machine in the same run: a figure alone says nothing. Client, \
server and database share the machine.
";

const INSTRUCTIONS: &str = "
How many instructions the commands take that are asked most often is counted at every change, and held to \
[what is kept](instructions.md).
";

fn page(lines: &Lines) -> String {
    let mut page = format!("{HEAD}\n## What is tried\n\n");
    let rows = Name::value_variants().iter().map(|name| {
        let engines: Vec<&str> = name.engines().iter().map(|it| it.as_str()).collect();
        [
            name.as_str().into(),
            engines.join(", "),
            name.proves().into(),
        ]
    });
    let rows = rows.chain(TESTS.map(|row| row.map(str::to_owned)));
    table(&mut page, ["trial", "engines", "nothing wrong means"], rows);
    page += "\n## What is measured\n\n";
    let rows = bench::Name::value_variants().iter().map(|name| {
        let word = name.to_possible_value();
        let word = word.map_or_else(String::new, |value| value.get_name().to_owned());
        [word, name.measures().into()]
    });
    table(&mut page, ["bench", "what"], rows);
    page += INSTRUCTIONS;
    page += "\n## Figures\n\n";
    if lines.machines.is_empty() {
        page += "None yet: they are written when a version is released.\n";
        return page;
    }
    for machine in &lines.machines {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "- Seatbook {}, {} build; {} cores, {} GiB of memory, {}; SQLite {}, PostgreSQL {}",
            cell(machine, "version"),
            cell(machine, "build"),
            cell(machine, "cores"),
            cell(machine, "memory_gib"),
            cell(machine, "system"),
            cell(machine, "sqlite"),
            cell(machine, "postgres"),
        );
    }
    faults(&mut page, lines);
    speed(&mut page, lines);
    page
}

fn faults(page: &mut String, lines: &Lines) {
    let (run, not_run): (Vec<&Value>, Vec<&Value>) = lines
        .trials
        .iter()
        .partition(|line| line.get("not_run").is_none());
    if !run.is_empty() {
        *page += "\n### Faults\n\n";
        let heads = ["trial", "engine", "tried", "wrong", "besides", "command"];
        let rows = run.into_iter().map(|line| {
            let [name, engine, tried, wrong] =
                ["name", "engine", "tried", "wrong"].map(|name| cell(line, name));
            [name, engine, tried, wrong, besides(line), command(line)]
        });
        table(page, heads, rows);
    }
    for line in not_run {
        let [name, engine, why] = ["name", "engine", "not_run"].map(|name| cell(line, name));
        let _ = writeln!(page, "\nNot run: {name} on {engine}, as {why}.");
    }
    if !lines.measures.is_empty() {
        *page += "\n### Limits that are kept\n\n";
        let heads = ["what", "engine", "figure", "limit", "holds", "command"];
        let rows = lines.measures.iter().map(|line| {
            let [name, engine, figure, unit] =
                ["name", "engine", "figure", "unit"].map(|name| cell(line, name));
            let limit = format!("{} {}", cell(line, "bound"), cell(line, "limit"));
            let holds = if line["holds"] == true {
                "yes"
            } else {
                "**no**"
            };
            let figure = format!("{figure} {unit}");
            [name, engine, figure, limit, holds.into(), command(line)]
        });
        table(page, heads, rows);
    }
}

fn speed(page: &mut String, lines: &Lines) {
    if lines.benches.is_empty() {
        return;
    }
    let _ = writeln!(*page, "\n### Speed\n\n{SPEED}");
    let heads = [
        "bench",
        "engine",
        "ours",
        "limit",
        "ratio",
        "goal",
        "the limit is",
        "command",
    ];
    let rows = lines.benches.iter().map(|line| {
        let [name, engine, ours, limit, ratio, unit, what] = [
            "name", "engine", "ours", "limit", "ratio", "unit", "limit_is",
        ]
        .map(|name| cell(line, name));
        let ours = format!("{ours} {unit}");
        [
            name,
            engine,
            ours,
            limit,
            ratio,
            goal(line),
            what,
            command(line),
        ]
    });
    table(page, heads, rows);
}

/// What the ratio is held to, and whether it is kept.
fn goal(line: &Value) -> String {
    if line.get("bound").is_none() {
        return "–".into();
    }
    let kept = if line["holds"] == true {
        "yes"
    } else {
        "**no**"
    };
    format!("{} {}: {kept}", cell(line, "bound"), cell(line, "goal"))
}

fn table<const N: usize>(
    page: &mut String,
    heads: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let _ = writeln!(*page, "| {} |\n|{}", heads.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(*page, "| {} |", row.join(" | "));
    }
}

/// Words stand as they are, whatever is between them; a line does not end in a cell.
fn cell(line: &Value, name: &str) -> String {
    let text = match &line[name] {
        Value::String(text) => text.clone(),
        Value::Null => "–".into(),
        other => other.to_string(),
    };
    text.replace('|', "\\|").replace('\n', " ")
}

fn command(line: &Value) -> String {
    match line["command"].as_str() {
        Some(command) => format!("`{command}`"),
        None => format!("`cargo xtask bench {}`", cell(line, "name")),
    }
}

/// What a trial counted besides.
fn besides(line: &Value) -> String {
    const SAID: [&str; 7] = [
        "name", "engine", "tried", "wrong", "seed", "holds", "command",
    ];
    let all = line.as_object().into_iter().flatten();
    let others = all.filter(|(name, _)| !SAID.contains(&name.as_str()));
    let words = others.map(|(name, value)| format!("{} {value}", name.replace('_', " ")));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = r#"{"name":"machine","version":"0.1.0","build":"release","cores":2}"#;
    const TRIAL: &str = r#"{"name":"kill","engine":"sqlite","tried":300,"wrong":0,"seed":7,"jobs":41,"command":"cargo xtask torture kill --seed 7"}"#;

    #[test]
    fn a_line_is_a_row_with_its_command() {
        let mut lines = Lines::default();
        lines.read(&format!("{MACHINE}\n{TRIAL}\n")).expect("lines");
        let page = page(&lines);
        let row = "| kill | sqlite | 300 | 0 | jobs 41 | `cargo xtask torture kill --seed 7` |";
        assert!(page.contains(row), "{page}");
    }

    /// Whoever changes what is tried or measured has the page written anew: `cargo xtask proof`.
    #[test]
    fn the_page_is_what_is_written() {
        let promises = |page: &str| {
            page.split("## Figures")
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let kept = include_str!("../../../docs/proof.md");
        assert_eq!(promises(kept), promises(&page(&Lines::default())));
    }

    #[test]
    fn a_bench_says_what_it_is_held_to() {
        let bench = r#"{"name":"list","engine":"sqlite","ours":3,"limit":2,"ratio":1.5,"unit":"ms","limit_is":"p95","bound":"at most","goal":2.0,"holds":true,"command":"cargo xtask bench list"}"#;
        let mut lines = Lines::default();
        lines.read(&format!("{MACHINE}\n{bench}\n")).expect("lines");
        let page = page(&lines);
        let row = "| list | sqlite | 3 ms | 2 | 1.5 | at most 2.0: yes | p95 | `cargo xtask bench list` |";
        assert!(page.contains(row), "{page}");
    }

    #[test]
    fn figures_of_nowhere_and_of_another_build_are_refused() {
        assert!(Lines::default().read(TRIAL).is_err());
        let debug = MACHINE.replace("release", "debug");
        assert!(Lines::default().read(&debug).is_err());
    }
}
