//! The folder of a backup while it grows. It gets its name when it is whole; where making it fails it is removed, and
//! what a killed one has left is removed by the next.

use std::{
    fs::{self, DirBuilder, File},
    path::{Path, PathBuf},
};

use super::{at, manifest::sync_folder};
use crate::{
    clock::{Clock, SystemClock},
    error::Result,
};

/// How the name ends meanwhile.
const GROWING: &str = ".part";
/// Locked for as long as somebody works in the folder.
const LOCK: &str = "lock";

/// A folder that only its owner can open.
pub(super) struct Growing {
    path: PathBuf,
    whole: PathBuf,
    /// Held until this is dropped.
    _lock: File,
    is_finished: bool,
}

impl Growing {
    /// A new one, called by the time.
    pub(super) fn begin(to: &Path) -> Result<Growing> {
        fs::create_dir_all(to).map_err(at(to))?;
        sweep(to);
        let name = SystemClock.now().get().strftime("%Y%m%dT%H%M%S.%3fZ");
        let whole = to.join(name.to_string());
        let path = to.join(format!("{name}{GROWING}"));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(at(&path))?;
        let lock = File::create_new(path.join(LOCK)).map_err(at(&path))?;
        // Where files cannot be locked, nobody takes this folder for one that was left.
        let _ = lock.try_lock();
        let growing = Growing {
            path,
            whole,
            _lock: lock,
            is_finished: false,
        };
        sync_folder(to)?;
        Ok(growing)
    }

    /// Where its files go.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name. Until it has that, it is locked: another one would take it for one that was left, and without
    /// a lock in it nobody would ever remove it.
    pub(super) fn finish(mut self) -> Result<PathBuf> {
        fs::rename(&self.path, &self.whole).map_err(at(&self.whole))?;
        self.is_finished = true;
        sync_folder(self.whole.parent().unwrap_or(Path::new("")))?;
        // Under its name the lock says nothing to anybody; where it stays, the backup is as whole.
        let _ = fs::remove_file(self.whole.join(LOCK));
        Ok(self.whole.clone())
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes what killed ones have left: on a full disk it would keep every later one from being made.
fn sweep(to: &Path) {
    let entries = fs::read_dir(to).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if is_ours(&path) && is_left(&path) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_suffix(GROWING))
        .is_some_and(|time| {
            let plain = |byte: u8| byte.is_ascii_digit() || b"TZ.".contains(&byte);
            time.len() == "20261123T113000.123Z".len() && time.bytes().all(plain)
        })
}

fn is_left(path: &Path) -> bool {
    let lock = File::options().write(true).open(path.join(LOCK));
    lock.is_ok_and(|lock| lock.try_lock().is_ok())
}
