//! Running other programs: where, with which environment, and what happens at Ctrl-C.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
};

/// What went wrong, as a sentence for the person at the terminal.
pub type Result<T> = std::result::Result<T, String>;

/// The process id of the program now running, or 0.
static RUNNING: AtomicU32 = AtomicU32::new(0);

/// Whether somebody asked for an end: no program starts after it.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The root of the checkout.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Where xtask keeps what it makes.
pub fn scratch() -> PathBuf {
    target().join("xtask")
}

/// A program that cargo has built.
pub fn built(profile: &str, name: &str) -> PathBuf {
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    target().join(profile).join(name)
}

fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A cargo command at the root of the checkout.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    // What `cargo run` tells xtask about xtask is not for the next cargo: build scripts that watch
    // these (ring's does) would run again at every change between a shell and xtask.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let ours = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ];
        if ours.iter().any(|start| name.starts_with(start)) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program with this terminal and fails unless it succeeds.
pub fn run(command: &mut Command) -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        return Err("interrupted".into());
    }
    let mut child = command
        .spawn()
        .map_err(|e| format!("cannot run {}: {e}", show(command)))?;
    RUNNING.store(child.id(), Ordering::SeqCst);
    let status = child.wait();
    RUNNING.store(0, Ordering::SeqCst);
    let status = status.map_err(|e| format!("lost {}: {e}", show(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed ({status})", show(command)))
    }
}

/// Runs a program silently; its standard output, or what it complained about.
pub fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("cannot run {}: {e}", show(command)))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!(
        "{} failed ({})\n{text}{complaint}",
        show(command),
        output.status
    ))
}

/// From here on Ctrl-C and SIGTERM end the program now running instead of xtask, so that xtask
/// cleans up behind it. The receiver hears of each.
pub fn on_interrupt() -> Result<Receiver<()>> {
    let (heard, receiver) = channel();
    ctrlc::set_handler(move || {
        INTERRUPTED.store(true, Ordering::SeqCst);
        let child = RUNNING.load(Ordering::SeqCst);
        if child != 0 {
            let _ = Command::new("kill").arg(child.to_string()).status();
        }
        let _ = heard.send(());
    })
    .map_err(|e| format!("cannot listen for Ctrl-C: {e}"))?;
    Ok(receiver)
}

/// Whether xtask runs as root.
pub fn is_root() -> Result<bool> {
    Ok(read(Command::new("id").arg("-u"))?.trim() == "0")
}

/// The first file of this name on the path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    format!(
        "`{}`",
        words
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    )
}
