//! axe-core for the browser tests: a package of another world, fetched by its own client and never committed.

use std::{fs, path::PathBuf, process::Command};

use sha2::{Digest, Sha512};

use crate::shell::{Result, read, scratch};

/// The only version the tests are run with.
const VERSION: &str = "4.14.1";
/// SHA-512 of the package as it was published.
const DIGEST: &str = "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73\
    4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5";

/// Where `axe.min.js` is. It is fetched once, and believed only when it is the very package.
pub fn ensure() -> Result<PathBuf> {
    let folder = scratch().join(format!("axe-core-{VERSION}"));
    let script = folder.join("package").join("axe.min.js");
    if script.is_file() {
        return Ok(script);
    }
    println!("The browser tests need axe-core {VERSION}. Fetching it with npm.");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", "--ignore-scripts"])
        .arg(format!("axe-core@{VERSION}"))
        .current_dir(&folder);
    read(&mut pack)?;
    let package = folder.join(format!("axe-core-{VERSION}.tgz"));
    let bytes = fs::read(&package).map_err(|e| format!("{}: {e}", package.display()))?;
    let digest: String = Sha512::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if digest != DIGEST {
        let package = package.display();
        return Err(format!(
            "{package} is not axe-core {VERSION}: its SHA-512 is {digest}"
        ));
    }
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&package).arg("package/axe.min.js");
    read(unpack.current_dir(&folder))?;
    Ok(script)
}
