//! What a child takes away from itself, before it looks at the first byte.

use crate::error::Result;

/// How far a child stands back behind what serves people.
#[cfg(unix)]
const NICE: i32 = 5;
/// Files a child may hold open; it needs its input and its output.
#[cfg(unix)]
const OPEN_FILES: u64 = 16;

/// What a child may take of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Address space, its own code included.
    pub memory_bytes: u64,
    /// Computing, from now on.
    pub compute_seconds: u64,
}

#[cfg(unix)]
impl Limits {
    /// Memory, time, files on disk, further descriptors and an image of itself, should it crash.
    pub fn keep(self) -> Result<()> {
        use rustix::process::{Resource, nice};
        // Whoever looks at a page goes first.
        nice(NICE).map_err(crate::error::Error::internal)?;
        for (resource, limit) in [
            (Resource::As, self.memory_bytes),
            (Resource::Fsize, 0),
            (Resource::Nofile, OPEN_FILES),
            (Resource::Core, 0),
        ] {
            set(resource, limit, true)?;
        }
        self.begin_piece()
    }

    /// Grants the time for another piece of work, however much the ones before it took.
    pub fn begin_piece(self) -> Result<()> {
        use rustix::{
            process::Resource,
            time::{ClockId, clock_gettime},
        };
        let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
        let used = u64::try_from(used).unwrap_or_default();
        // The kernel counts whole seconds, and one has begun. Nothing is said of the utmost, which could never be
        // raised again: nobody but this program's own code can move the limit.
        set(Resource::Cpu, used + 1 + self.compute_seconds, false)
    }
}

#[cfg(unix)]
fn set(resource: rustix::process::Resource, limit: u64, is_utmost: bool) -> Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // Whoever runs the server may have set narrower ones, which nobody can widen.
    let utmost = getrlimit(resource).maximum;
    let limit = utmost.map_or(limit, |utmost| limit.min(utmost));
    let limits = Rlimit {
        current: Some(limit),
        maximum: if is_utmost { Some(limit) } else { utmost },
    };
    match setrlimit(resource, limits) {
        // Apple's kernel has no limit of address space.
        Err(_) if resource == Resource::As && cfg!(target_vendor = "apple") => Ok(()),
        done => done.map_err(crate::error::Error::internal),
    }
}

#[cfg(not(unix))]
impl Limits {
    /// No such limits on this system.
    pub fn keep(self) -> Result<()> {
        Ok(())
    }

    /// No such limits on this system.
    pub fn begin_piece(self) -> Result<()> {
        Ok(())
    }
}
