//! What happens to damage: the file is moved out of the way, one line is added
//! to `damage.log`, and nobody is told a value from it.
//!
//! The log, not the index, is the count of all damage ever found: it outlives
//! a lost index, and a reader needs no lock to add to it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::layout::{EXTENSION, Layout, unique};
use crate::stat::{Stat, now_ns};

/// Moves a damaged file into quarantine and counts it, unless it is gone or
/// another has taken its place since `seen`. Returns whether it was counted:
/// of two processes that find the same damage, one does.
pub(crate) fn set_aside(layout: &Layout, path: &Path, seen: Option<Stat>, reason: &str) -> bool {
    let Ok(meta) = fs::metadata(path) else { return false };
    if seen.is_some_and(|seen| seen != Stat::of(&meta)) {
        return false;
    }
    let to = layout.quarantine().join(name(path));
    let moved = fs::rename(path, &to).or_else(|_| {
        fs::create_dir_all(layout.quarantine())?;
        fs::rename(path, &to)
    });
    match moved {
        Ok(()) => {
            let text = format!("{}\n{reason}\n", layout.relative(path).display());
            // A reason that cannot be written is in the log still.
            let _ = fs::write(to.with_extension("reason.txt"), text);
        }
        Err(_) if !path.exists() => return false,
        // It cannot be moved: then it should at least not be met again.
        Err(_) => drop(fs::remove_file(path)),
    }
    count(layout, path, reason);
    true
}

/// Adds a line to the damage log: time, file, reason.
pub(crate) fn count(layout: &Layout, path: &Path, reason: &str) {
    let seconds = now_ns() / 1_000_000_000;
    let reason = reason.replace(['\n', '\r', '\t'], " ");
    let line = format!("{seconds}\t{}\t{reason}\n", layout.relative(path).display());
    let log = OpenOptions::new().append(true).create(true).open(layout.damage_log());
    // On a full disk the count is lost; the damage is still a miss.
    let _ = log.and_then(|mut log| log.write_all(line.as_bytes()));
}

/// Lines in the damage log.
pub(crate) fn counted(layout: &Layout) -> u64 {
    fs::read(layout.damage_log()).map_or(0, |log| log.iter().filter(|&&byte| byte == b'\n').count() as u64)
}

/// Files in quarantine, their reasons not counted.
pub(crate) fn held(layout: &Layout) -> u64 {
    let Ok(entries) = fs::read_dir(layout.quarantine()) else { return 0 };
    entries
        .flatten()
        .filter(|entry| Path::new(&entry.file_name()).extension().is_none_or(|ending| ending != "txt"))
        .count() as u64
}

fn name(path: &Path) -> String {
    let ending = path.extension().map_or(EXTENSION.into(), |ending| ending.to_string_lossy());
    format!("{}.{ending}", unique())
}
