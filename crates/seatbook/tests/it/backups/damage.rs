//! A backup that is not what was written is found out before anything is loaded.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use seatbook::backups::Manifest;

use super::{Shelf, run, text};
use crate::both_engines;

/// Flips one bit of a byte; the same again mends it.
fn flip(path: &Path, place: u64, bit: u8) {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .expect("it opens");
    let mut byte = [0];
    file.seek(SeekFrom::Start(place)).expect("it is there");
    file.read_exact(&mut byte).expect("it reads");
    file.seek(SeekFrom::Start(place)).expect("it is there");
    file.write_all(&[byte[0] ^ (1 << bit)]).expect("it writes");
}

/// Every file of a backup, with its size.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("it is there");
        let facts = entry.metadata().expect("it is there");
        match facts.is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push((entry.path(), facts.len())),
        }
    }
    found.sort();
    found
}

fn is_found_out(backup: &Path) -> bool {
    let checked = Manifest::open(backup).and_then(|manifest| manifest.check(backup));
    checked.is_err_and(|error| error.code == "backup.damaged")
}

both_engines! {
    /// A thousand bits, one after the other, wherever they lie: each is found.
    async fn every_flipped_bit_is_found(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        app.organization(app.provider, "customer", "C").await;
        let backup = shelf.back_up(app.database()).await;
        let files = files(&backup);
        let all: u64 = files.iter().map(|(_, size)| size).sum();
        let mut state = 7_327_u64;
        for _ in 0..1_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (mut place, bit) = ((state >> 16) % all, (state >> 8) as u8 % 8);
            let (path, _) = files.iter().find(|(_, size)| {
                let here = place < *size;
                if !here {
                    place -= size;
                }
                here
            }).expect("a byte of one of them");
            flip(path, place, bit);
            assert!(is_found_out(&backup), "{} at {place}, bit {bit}", path.display());
            flip(path, place, bit);
        }
        assert!(!is_found_out(&backup));

        let (path, _) = files.iter().max_by_key(|(_, size)| *size).expect("there are some");
        flip(path, 100, 3);
        let place = shelf.place().await;
        let said = run(&["restore", text(&backup), "--database", &place]).await;
        assert_eq!(said.code, 1);
        assert!(said.trouble.contains("backup.damaged"), "{}", said.trouble);
        assert!(store::copies::is_vacant(&place).await.expect("it answers"), "nothing was loaded");
        shelf.clear().await;
        app.end().await;
    }
}

both_engines! {
    /// What was cut off while it was written is no backup; a book is not overwritten, nor written into another engine.
    async fn what_does_not_fit_is_refused(app: TestApp) {
        let mut shelf = Shelf::new(&app);
        let backup = shelf.back_up(app.database()).await;
        let said = run(&["restore", text(&backup), "--database", app.database()]).await;
        assert_eq!(said.code, 1);
        assert!(said.trouble.contains("restore.occupied"), "{}", said.trouble);
        let foreign = match app.engine {
            crate::harness::Engine::Sqlite => "postgres://nobody@127.0.0.1:1/none".to_owned(),
            crate::harness::Engine::Postgres => text(&shelf.path("book.db")).to_owned(),
        };
        let said = run(&["restore", text(&backup), "--database", &foreign]).await;
        assert!(said.code == 1 && said.trouble.contains("backup.other_engine"), "{}", said.trouble);
        fs::remove_file(backup.join("manifest.json")).expect("it is there");
        let place = shelf.place().await;
        let said = run(&["restore", text(&backup), "--database", &place]).await;
        assert!(said.code == 1 && said.trouble.contains("backup.damaged"), "{}", said.trouble);
        shelf.clear().await;
        app.end().await;
    }
}

both_engines! {
    /// One that fails leaves nothing, and what a killed one has left is gone with the next; one that is being made stays.
    async fn nothing_is_left_of_half_a_backup(app: TestApp) {
        let shelf = Shelf::new(&app);
        let to = shelf.path("to");
        let nowhere = match app.engine {
            crate::harness::Engine::Sqlite => text(&shelf.path("none.db")).to_owned(),
            crate::harness::Engine::Postgres => "postgres://nobody@127.0.0.1:1/none".to_owned(),
        };
        let said = run(&["backup", "--database", &nowhere, "--to", text(&to)]).await;
        assert_eq!(said.code, 1, "{}", said.text);
        assert_eq!(files(&to), []);
        let names = ["20261123T113000.123Z.part", "20261123T113000.124Z.part", "notes.part"];
        let folders = names.map(|name| to.join(name));
        for folder in &folders {
            fs::create_dir(folder).expect("made");
            fs::write(folder.join("lock"), "").expect("written");
        }
        let kept = fs::File::open(folders[1].join("lock")).expect("it is there");
        kept.lock().expect("it is locked");
        let said = run(&["backup", "--database", app.database(), "--to", text(&to)]).await;
        assert_eq!(said.code, 0, "{}{}", said.text, said.trouble);
        assert_eq!(folders.map(|folder| folder.exists()), [false, true, true]);
        let (locks, files): (Vec<_>, Vec<_>) = files(&to).into_iter().partition(|(path, _)| path.ends_with("lock"));
        assert_eq!(locks.len(), 2, "none in the one that is whole: {locks:?}");
        for (path, _) in &files {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).expect("it is there").permissions());
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
        app.end().await;
    }
}
