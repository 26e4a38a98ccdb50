//! pgbench with the same statements: the limit as PostgreSQL's own people measure it.

use std::{path::Path, process::Command, time::Duration};

use super::{
    CLIENTS,
    script::{Step, Target, Value},
};
use crate::{Result, server::output};

/// Transactions a second of 64 clients, prepared statements, one commit each.
pub async fn rate(
    program: &Path,
    (url, folder): (&str, &Path),
    steps: &[Step],
    targets: &[Target],
    time: Duration,
) -> Result<f64> {
    let file = folder.join("script.sql");
    let written = std::fs::write(&file, script(steps, targets));
    written.map_err(|e| format!("{}: {e}", file.display()))?;
    let mut command = Command::new(program);
    command
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={CLIENTS}"))
        // The first second is warm-up, as it is for the others.
        .arg(format!("--time={}", time.as_secs() + 1))
        .arg("--file")
        .arg(&file)
        .arg(url);
    let done = output(command).await?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = line.and_then(|line| line.split(' ').next()?.parse().ok());
    let complaint = String::from_utf8_lossy(&done.stderr);
    rate.filter(|_| done.status.success())
        .ok_or_else(|| format!("pgbench: {text}{complaint}"))
}

/// One transaction. Which target a client works on is looked up by its number, in a list that is part of the
/// statement: a variable of pgbench cannot hold a list.
fn script(steps: &[Step], targets: &[Target]) -> String {
    let mut text = String::from("BEGIN;\n");
    for step in steps {
        let mut sql = step.sql.clone();
        for name in targets[0].values().keys() {
            sql = replaced(&sql, name, &choice(targets, name));
        }
        text += &sql;
        text += if step.gives.is_empty() {
            ";\n"
        } else {
            " \\gset\n"
        };
    }
    text + "END;\n"
}

fn choice(targets: &[Target], name: &str) -> String {
    let ids: Vec<String> = targets
        .iter()
        .filter_map(|target| match target.values().get(name) {
            Some(Value::Id(id)) => Some(id.to_string()),
            _ => None,
        })
        .collect();
    if ids.iter().all(|id| *id == ids[0]) {
        return format!("'{}'::uuid", ids[0]);
    }
    let list = ids.join(",");
    format!("('{{{list}}}'::uuid[])[:client_id + 1]")
}

/// Replaces `:name` where it is the whole name.
fn replaced(sql: &str, name: &str, by: &str) -> String {
    let mark = format!(":{name}");
    let mut parts = sql.split(&mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let longer = part.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        out.push_str(if longer { &mark } else { by });
        out.push_str(part);
    }
    out
}
