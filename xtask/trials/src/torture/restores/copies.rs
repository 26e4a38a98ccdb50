//! The files of a backup, from outside.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::Result;

/// Whatever is in a folder.
pub fn read_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let wrong = |e: std::io::Error| format!("{}: {e}", folder.display());
    let entries = fs::read_dir(folder).map_err(wrong)?;
    entries
        .map(|entry| entry.map(|it| it.path()).map_err(wrong))
        .collect()
}

/// The one backup in a folder.
pub fn only(folder: &Path) -> Result<PathBuf> {
    match read_folder(folder)?.as_slice() {
        [one] => Ok(one.clone()),
        found => Err(format!("one backup was made, and there are {found:?}")),
    }
}

/// Every file of a backup with its size, in an order that a seed can rely on.
pub fn files(folder: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    for path in read_folder(folder)? {
        let facts = fs::metadata(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        match facts.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push((path, facts.len())),
        }
    }
    found.sort();
    Ok(found)
}

/// Changes one byte, counted through all files; the same again mends it.
pub fn flip(files: &[(PathBuf, u64)], mut place: u64, mask: u8) -> Result<()> {
    let hit = files.iter().find(|(_, size)| {
        let here = place < *size;
        if !here {
            place -= size;
        }
        here
    });
    let (path, _) = hit.ok_or("a backup without a byte")?;
    let change = || -> std::io::Result<()> {
        let mut file = fs::File::options().read(true).write(true).open(path)?;
        let mut byte = [0];
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(&mut byte)?;
        file.seek(SeekFrom::Start(place))?;
        file.write_all(&[byte[0] ^ mask])
    };
    change().map_err(|e| format!("{}: {e}", path.display()))
}
