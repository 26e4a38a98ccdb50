//! Programs the tests need beside Rust: found, or installed by the system's own package manager.

use std::{
    fs,
    io::{IsTerminal, stdin},
    path::PathBuf,
    process::Command,
};

use crate::{
    postgres,
    shell::{Result, is_root, on_path, read, run, scratch},
};

/// A program, how to see that it is there, and what it is called by each package manager.
struct Program {
    name: &'static str,
    found: fn() -> bool,
    apt: &'static [&'static str],
    dnf: &'static [&'static str],
    pacman: &'static [&'static str],
    brew: &'static [&'static str],
}

const PROGRAMS: [Program; 7] = [
    Program {
        name: "a PostgreSQL server",
        found: || postgres::programs().is_some(),
        apt: &["postgresql"],
        dnf: &["postgresql-server", "postgresql-contrib"],
        pacman: &["postgresql"],
        brew: &["postgresql@17"],
    },
    Program {
        name: "Chromium",
        found: || browser().is_some(),
        apt: &["chromium"],
        dnf: &["chromium"],
        pacman: &["chromium"],
        brew: &["chromium"],
    },
    Program {
        name: "chromedriver",
        found: || on_path("chromedriver").is_some(),
        apt: &["chromium-driver"],
        dnf: &["chromedriver"],
        pacman: &["chromium"],
        brew: &["chromedriver"],
    },
    Program {
        name: "npm",
        found: || on_path("npm").is_some(),
        apt: &["npm"],
        dnf: &["npm"],
        pacman: &["npm"],
        brew: &["node"],
    },
    Program {
        name: "poppler's tools",
        found: || on_path("pdftotext").is_some() && on_path("pdfdetach").is_some(),
        apt: &["poppler-utils"],
        dnf: &["poppler-utils"],
        pacman: &["poppler"],
        brew: &["poppler"],
    },
    Program {
        name: "qpdf",
        found: || on_path("qpdf").is_some(),
        apt: &["qpdf"],
        dnf: &["qpdf"],
        pacman: &["qpdf"],
        brew: &["qpdf"],
    },
    Program {
        name: "aiosmtpd, a mail server in Python",
        found: mail_server,
        apt: &["python3-aiosmtpd"],
        dnf: &["python3-aiosmtpd"],
        pacman: &["python-aiosmtpd"],
        brew: &["aiosmtpd"],
    },
];

/// What counts instructions; on Linux alone.
const COUNTER: Program = Program {
    name: "valgrind",
    found: || on_path("valgrind").is_some(),
    apt: &["valgrind"],
    dnf: &["valgrind"],
    pacman: &["valgrind"],
    brew: &["valgrind"],
};

#[derive(Clone, Copy, PartialEq)]
enum Manager {
    Apt,
    Dnf,
    Pacman,
    Brew,
}

/// Debian's packages start a server of their own when they are installed, unless told not to.
const NO_CLUSTER: &str = "/etc/postgresql-common/createcluster.d/seatbook-tests.conf";

/// Makes sure every program is there, saying first what it installs and how.
pub fn ensure() -> Result<()> {
    install(&PROGRAMS)
}

/// The same for what counts instructions.
pub fn ensure_counter() -> Result<()> {
    install(&[COUNTER])
}

fn install(programs: &[Program]) -> Result<()> {
    let missing: Vec<&Program> = programs
        .iter()
        .filter(|program| !(program.found)())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing
        .iter()
        .map(|program| program.name)
        .collect::<Vec<_>>()
        .join(", ");
    let Some(manager) = Manager::find() else {
        return Err(format!(
            "the tests need {names}; none of apt-get, dnf, pacman and brew is here to install \
             them: please do it by hand"
        ));
    };
    let packages = manager.packages(&missing);
    println!(
        "The tests need {names}. Installing with {}: {}",
        manager.name(),
        packages.join(" ")
    );
    manager.install(&packages).map_err(|e| {
        format!(
            "{e}\nPlease install {names} by hand (packages: {})",
            packages.join(" ")
        )
    })?;

    let left = missing
        .iter()
        .filter(|program| !(program.found)())
        .map(|program| program.name);
    let left = left.collect::<Vec<_>>().join(", ");
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("installed, but still not found: {left}"))
    }
}

impl Manager {
    fn find() -> Option<Self> {
        [Self::Apt, Self::Dnf, Self::Pacman, Self::Brew]
            .into_iter()
            .find(|manager| on_path(manager.name()).is_some())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Pacman => "pacman",
            Self::Brew => "brew",
        }
    }

    fn packages(self, missing: &[&Program]) -> Vec<&'static str> {
        let mut packages = Vec::new();
        for program in missing {
            let names = match self {
                Self::Apt => program.apt,
                Self::Dnf => program.dnf,
                Self::Pacman => program.pacman,
                Self::Brew => program.brew,
            };
            packages.extend(
                names
                    .iter()
                    .filter(|name| !packages.contains(*name))
                    .copied()
                    .collect::<Vec<_>>(),
            );
        }
        packages
    }

    fn install(self, packages: &[&str]) -> Result<()> {
        match self {
            Self::Apt => apt(packages),
            Self::Dnf => run(as_root(&["dnf", "install", "--assumeyes"])?.args(packages)),
            Self::Pacman => {
                run(as_root(&["pacman", "-Sy", "--noconfirm", "--needed"])?.args(packages))
            }
            Self::Brew => run(Command::new("brew").arg("install").args(packages)),
        }
    }
}

fn apt(packages: &[&str]) -> Result<()> {
    run(&mut as_root(&["apt-get", "update", "--quiet"])?)?;
    let quiet = packages.contains(&"postgresql");
    if quiet {
        let settings = scratch().join("no-cluster.conf");
        fs::create_dir_all(scratch())
            .and_then(|()| fs::write(&settings, "create_main_cluster = false\n"))
            .map_err(|e| format!("cannot write {}: {e}", settings.display()))?;
        let mut install = as_root(&["install", "-D", "-m", "644"])?;
        run(install.arg(&settings).arg(NO_CLUSTER))?;
    }
    // `env` because sudo would drop the variable: a question would wait for ever where nobody looks.
    let install = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
    ];
    let outcome = run(as_root(&install)?
        .args(["--yes", "--quiet", "--no-install-recommends"])
        .args(packages));
    if quiet {
        run(as_root(&["rm", "--force", NO_CLUSTER])?.arg(scratch().join("no-cluster.conf")))?;
    }
    outcome
}

/// The command as it is for root, by sudo for everyone else.
fn as_root(words: &[&str]) -> Result<Command> {
    let mut command = if is_root()? {
        return Ok(command(words));
    } else if on_path("sudo").is_some() {
        Command::new("sudo")
    } else {
        return Err(format!(
            "`{}` needs root, and there is no sudo",
            words.join(" ")
        ));
    };
    // Where nobody can type a password, fail rather than wait for one.
    if !stdin().is_terminal() {
        command.arg("--non-interactive");
    }
    command.args(words);
    Ok(command)
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

/// The system's Python has it, where another comes first in the path.
fn mail_server() -> bool {
    let has = |python| {
        let mut look = Command::new(python);
        read(look.args(["-c", "import aiosmtpd"])).is_ok()
    };
    ["python3", "/usr/bin/python3"].into_iter().any(has)
}

fn browser() -> Option<PathBuf> {
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    let applications = [
        "/Applications/Chromium.app",
        "/Applications/Google Chrome.app",
    ];
    let named = names.into_iter().find_map(on_path);
    named.or_else(|| {
        applications
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
    })
}
