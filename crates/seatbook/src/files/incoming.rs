//! A file on its way in: written to disk as it arrives, so that many large ones together take no memory.

use std::io::{self, ErrorKind, Seek};

use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncWriteExt};

use super::MAX_BYTES;
use crate::error::{Error, Kind, Result};

/// A file that has arrived, or is arriving. It has no name on the disk, and is gone when nobody holds it.
#[derive(Debug)]
pub struct Incoming {
    file: File,
    bytes: usize,
    hash: Sha256,
}

impl Incoming {
    /// A file of which nothing has arrived.
    pub fn new() -> Result<Incoming> {
        let file = tempfile::tempfile().map_err(unwritable)?;
        Ok(Incoming {
            file: File::from_std(file),
            bytes: 0,
            hash: Sha256::new(),
        })
    }

    /// A file that is all there.
    pub async fn of(bytes: &[u8]) -> Result<Incoming> {
        let mut incoming = Incoming::new()?;
        incoming.write(bytes).await?;
        Ok(incoming)
    }

    /// Takes the next bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len();
        if self.bytes > MAX_BYTES {
            return Err(too_large());
        }
        self.hash.update(bytes);
        self.file.write_all(bytes).await.map_err(unwritable)
    }

    /// Whether nothing has arrived.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// SHA-256 of what has arrived, by which content is known again.
    pub fn digest(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// The file at its beginning, for another process to read.
    pub(super) async fn into_std(mut self) -> Result<std::fs::File> {
        self.file.flush().await.map_err(unwritable)?;
        let mut file = self.file.into_std().await;
        file.rewind().map_err(Error::internal)?;
        Ok(file)
    }
}

/// A disk that is full now may have room later; everything else is our fault.
pub(super) fn unwritable(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            let message = "There is no room for the file at the moment; please try again later.";
            let mut full = Error::new(Kind::Unavailable, "storage.full", message);
            full.source = Some(std::sync::Arc::new(error));
            full
        }
        _ => Error::internal(error),
    }
}

/// Files have a limit.
pub(super) fn too_large() -> Error {
    Error::new(
        Kind::TooLarge,
        "file.too_large",
        "A file has at most 32 MiB.",
    )
}
