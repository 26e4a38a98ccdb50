//! Schemathesis for a trial: a package of another world, fetched by its own client into an environment of its own.

use std::{fs, path::PathBuf, process::Command};

use crate::shell::{Result, read, scratch};

/// The trial that needs it.
const NAME: &str = "schemathesis";
/// The only version it is run with.
const VERSION: &str = "4.32.5";

/// Where the program is. It is fetched once.
pub fn ensure() -> Result<PathBuf> {
    let folder = scratch().join(format!("schemathesis-{VERSION}"));
    let (program, mark) = (folder.join("bin").join("st"), folder.join("whole"));
    if mark.is_file() {
        return Ok(program);
    }
    println!("The trial `{NAME}` needs schemathesis {VERSION}. Fetching it with pip.");
    let mut make = Command::new("python3");
    read(make.args(["-m", "venv", "--clear"]).arg(&folder))
        .map_err(|e| format!("{e}\nPlease install Python 3 with its module venv"))?;
    let mut fetch = Command::new(folder.join("bin").join("pip"));
    fetch.args(["install", "--quiet", "--disable-pip-version-check"]);
    read(fetch.arg(format!("schemathesis=={VERSION}")))?;
    // An environment whose making was interrupted is made again.
    fs::write(&mark, VERSION).map_err(|e| format!("{}: {e}", mark.display()))?;
    Ok(program)
}
