//! What a backup consists of, and whether it is still that.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Engine, Timestamp, copies};
use uuid::Uuid;

use super::{at, marks::HighWater};
use crate::{
    error::{Error, Result},
    schema,
    secrets::hex,
};

/// Written last: where it is missing, there is no backup.
pub const MANIFEST: &str = "manifest.json";
/// The fingerprint of the manifest, in the form that `sha256sum --check` reads.
const FINGERPRINT: &str = "manifest.json.sha256";
const FORMAT: i64 = 1;
const PORTION: usize = 64 * 1024;

/// A backup, told by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this page and of the files, for programs that come later.
    pub format: i64,
    /// The backup.
    pub id: Uuid,
    /// The version of Seatbook that made it.
    pub seatbook: String,
    /// `sqlite` or `postgres`: where it can be restored.
    pub engine: String,
    /// The last step that its tables had taken.
    pub schema: Step,
    /// The moment that the copy shows is not earlier.
    pub begun_at: Timestamp,
    /// And not later.
    pub ended_at: Timestamp,
    /// Whether the copy was found to be whole and to keep every law of `seatbook verify`.
    pub verified: bool,
    /// Its files, but for this one.
    pub files: Vec<DataFile>,
    /// How many rows each table has.
    pub tables: BTreeMap<String, i64>,
    /// How far the book was.
    pub high_water: HighWater,
}

/// A migration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Counts from 1.
    pub number: i64,
    /// What it brought.
    pub name: String,
    /// What tells its text from an edited one.
    pub checksum: String,
}

/// A file of a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DataFile {
    /// Its path below the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The table whose rows it has, where it has those of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The columns of that table, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

impl Manifest {
    /// Of a backup that is being made, before anything is known of it.
    pub(super) fn begun(id: Uuid, engine: Engine, now: Timestamp) -> Manifest {
        Manifest {
            format: FORMAT,
            id,
            seatbook: env!("CARGO_PKG_VERSION").into(),
            engine: word(engine).into(),
            schema: newest_step(),
            begun_at: now,
            ended_at: now,
            verified: false,
            files: vec![],
            tables: BTreeMap::new(),
            high_water: HighWater::default(),
        }
    }

    /// Reads the manifest of a folder, if it is as it was written.
    pub fn open(folder: &Path) -> Result<Manifest> {
        let path = folder.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => damaged(&path, "is missing: this is no whole backup"),
            _ => damaged(&path, &format!("cannot be read: {error}")),
        })?;
        let said = fs::read_to_string(folder.join(FINGERPRINT)).unwrap_or_default();
        if said != line_of(&text) {
            return Err(damaged(
                &path,
                "is not as it was written, or its .sha256 is not",
            ));
        }
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| damaged(&path, &format!("cannot be understood: {error}")))?;
        match manifest.format {
            FORMAT => Ok(manifest),
            _ => Err(newer("It is of a form that this Seatbook does not know.")),
        }
    }

    /// Reads every file from the disk and compares it with what was written.
    pub fn check(&self, folder: &Path) -> Result<()> {
        for file in &self.files {
            let path = folder.join(&file.name);
            let wrong = |why: &str| damaged(&path, why);
            let found = fs::metadata(&path).map_err(|error| wrong(&error.to_string()))?;
            if found.len() != file.bytes {
                let sizes = format!("has {} bytes, not {}", found.len(), file.bytes);
                return Err(wrong(&sizes));
            }
            let print = print_of(&path).map_err(|error| wrong(&error.to_string()))?;
            if print != file.sha256 {
                return Err(wrong("is not as it was written: its SHA-256 is another"));
            }
        }
        Ok(())
    }

    /// Whether it can be loaded into such an engine by this program.
    pub fn fits(&self, engine: Engine) -> Result<()> {
        if self.engine != word(engine) {
            let message = format!(
                "This is a backup of {}, which cannot be restored into another engine.",
                self.engine
            );
            return Err(Error::conflict("backup.other_engine", message));
        }
        let known = usize::try_from(self.schema.number)
            .ok()
            .and_then(|number| number.checked_sub(1))
            .and_then(|place| schema::MIGRATIONS.get(place))
            .ok_or_else(|| newer("It was made by a newer Seatbook; restore it with that one."))?;
        match known.checksum() == self.schema.checksum {
            true => Ok(()),
            false => Err(newer("Its tables are not those that this Seatbook knows.")),
        }
    }

    /// Writes it into the folder, last of all: first under another name, so that it is there whole or not at all. Gives
    /// its SHA-256.
    pub(super) fn write(&self, folder: &Path) -> Result<String> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        let (path, growing) = (folder.join(MANIFEST), folder.join("manifest.json.part"));
        let keep = |path: &Path, text: &str| {
            let mut file = copies::create_private(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        keep(&folder.join(FINGERPRINT), &line_of(&text)).map_err(at(folder))?;
        keep(&growing, &text).map_err(at(&growing))?;
        fs::rename(&growing, &path).map_err(at(&path))?;
        sync_folder(folder)?;
        Ok(hex(&Sha256::digest(text.as_bytes())))
    }

    /// All its files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// A file that is fingerprinted while it is written.
pub(super) struct Printed {
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
    fault: Option<String>,
}

impl Printed {
    pub(super) fn create(path: &Path) -> Result<Printed> {
        let file = copies::create_private(path).map_err(at(path))?;
        Ok(Printed {
            path: path.to_owned(),
            file: BufWriter::with_capacity(PORTION, file),
            hash: Sha256::new(),
            bytes: 0,
            fault: None,
        })
    }

    /// The same over whatever is there.
    pub(super) fn create_anew(path: &Path) -> Result<Printed> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
            _ => Printed::create(path),
        }
    }

    /// Why it could not be written, where that is so: whoever writes it may have been let down by something else.
    pub(super) fn fault(&self) -> Option<Error> {
        faulty(&self.path, self.fault.as_deref())
    }

    /// Size and SHA-256, when it is on the disk.
    pub(super) fn end(self) -> io::Result<(u64, String)> {
        let file = self.file.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        Ok((self.bytes, hex(&self.hash.finalize())))
    }
}

impl Write for Printed {
    fn write(&mut self, portion: &[u8]) -> io::Result<usize> {
        let written = self.file.write_all(portion);
        written.inspect_err(|error| self.fault = Some(error.to_string()))?;
        self.hash.update(portion);
        self.bytes += portion.len() as u64;
        Ok(portion.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that is fingerprinted while it is loaded: whatever was found when it was checked, what is read now counts.
pub(super) struct Proving {
    path: PathBuf,
    file: File,
    hash: Sha256,
    sha256: String,
    fault: Option<String>,
}

impl Proving {
    pub(super) fn open(folder: &Path, data: &DataFile) -> Result<Proving> {
        let path = folder.join(&data.name);
        Ok(Proving {
            file: File::open(&path).map_err(at(&path))?,
            path,
            hash: Sha256::new(),
            sha256: data.sha256.clone(),
            fault: None,
        })
    }

    /// Why it could not be read, where that is so: whoever loads it may have been let down by something else.
    pub(super) fn fault(&self) -> Option<Error> {
        faulty(&self.path, self.fault.as_deref())
    }

    fn prove(&mut self, portion: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(portion)?;
        self.hash.update(&portion[..length]);
        let is_end = length == 0 && !portion.is_empty();
        if is_end && hex(&self.hash.clone().finalize()) != self.sha256 {
            return Err(io::Error::other("it changed while it was loaded"));
        }
        Ok(length)
    }
}

impl Read for Proving {
    fn read(&mut self, portion: &mut [u8]) -> io::Result<usize> {
        let read = self.prove(portion);
        read.inspect_err(|error| self.fault = Some(error.to_string()))
    }
}

fn faulty(path: &Path, fault: Option<&str>) -> Option<Error> {
    fault.map(|why| at(path)(io::Error::other(why)))
}

/// The SHA-256 of a file, read from the disk.
pub(super) fn print_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut portion = vec![0; PORTION];
    loop {
        match file.read(&mut portion)? {
            0 => return Ok(hex(&hash.finalize())),
            length => hash.update(&portion[..length]),
        }
    }
}

/// Names in a folder survive a power loss only from here on.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    let folder = match folder.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => folder.to_owned(),
    };
    File::open(&folder)
        .and_then(|it| it.sync_all())
        .map_err(at(&folder))
}

fn line_of(text: &str) -> String {
    format!("{}  {MANIFEST}\n", hex(&Sha256::digest(text.as_bytes())))
}

fn word(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    }
}

fn newest_step() -> Step {
    let step = schema::MIGRATIONS
        .last()
        .expect("there is a first migration");
    Step {
        number: step.number,
        name: step.name.into(),
        checksum: step.checksum(),
    }
}

/// A file that is not what was written.
pub(super) fn damaged(path: &Path, why: &str) -> Error {
    let message = format!(
        "{} {why}. This backup cannot be restored; take another.",
        path.display()
    );
    Error::conflict("backup.damaged", message)
}

fn newer(message: &str) -> Error {
    Error::conflict("backup.newer", message)
}
