//! Where data goes: stdout, or a file that appears whole or not at all. What
//! does not live here: what is written (`formats`).

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::session;
use crate::stop::Stop;

/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 16;

/// A place to write to that was found good before any work.
#[derive(Debug)]
pub(crate) enum Output {
    Stdout,
    /// A new file, or one to be overwritten.
    File {
        path: PathBuf,
        force: bool,
    },
    /// Something there that is no regular file, such as a pipe with a name.
    Device(PathBuf),
}

impl Output {
    /// The place named by `-o`; stdout for none and for `-`.
    pub(crate) fn new(path: Option<&Path>, force: bool) -> Result<Self, Stop> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Ok(Self::Stdout) };
        let failed = |cause: &dyn std::fmt::Display| Stop::failed(path.display(), cause);
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(failed(&"it is a folder")),
            Ok(found) if !found.is_file() => Ok(Self::Device(path.into())),
            Ok(_) if !force => Err(failed(&"it exists; --force overwrites it")),
            // Through a link, so that what it points to is replaced, not the link.
            Ok(_) => {
                let path = fs::canonicalize(path).map_err(|error| failed(&error))?;
                Ok(Self::File { path, force })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => match fs::metadata(folder_of(path)) {
                Ok(folder) if folder.is_dir() && path.file_name().is_some() => {
                    Ok(Self::File { path: path.into(), force })
                }
                Ok(_) => Err(failed(&"it is no place for a file")),
                Err(_) => Err(failed(&format!("there is no folder {}", folder_of(path).display()))),
            },
            Err(error) => Err(failed(&error)),
        }
    }

    /// Whether the data would land on somebody's screen.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout) && io::stdout().is_terminal()
    }

    /// Writes what `fill` writes. A file appears under its name only when all
    /// of it is there.
    pub(crate) fn write(self, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Stop> {
        match self {
            Self::Stdout => stdout(fill),
            Self::Device(path) => OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|file| buffered(file, fill))
                .map_err(|error| Stop::failed(path.display(), error)),
            Self::File { path, force } => {
                publish(&path, force, fill).map_err(|error| Stop::failed(path.display(), error))
            }
        }
    }
}

/// Writes to stdout what `fill` writes, all of it at once.
pub(crate) fn stdout(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Stop> {
    buffered(io::stdout().lock(), fill).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Stop::Closed,
        _ => Stop::failed("standard output", error),
    })
}

fn buffered<W: Write>(to: W, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(BUFFER, to);
    fill(&mut writer)?;
    writer.flush()
}

fn publish(path: &Path, force: bool, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".agogic-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What any new file gets; the default of temporary files is stricter.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path))?;
    buffered(file.as_file_mut(), fill)?;
    if session::interrupted() {
        return Err(ErrorKind::Interrupted.into());
    }
    let moved = if force { file.persist(path) } else { file.persist_noclobber(path) };
    moved.map(drop).map_err(|refused| refused.error)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, force: bool, text: &str) -> Result<(), Stop> {
        Output::new(Some(path), force)?.write(|out| out.write_all(text.as_bytes()))
    }

    #[test]
    fn a_file_is_never_overwritten_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        write(&path, false, "one").unwrap();
        assert!(matches!(write(&path, false, "two"), Err(Stop::Failed(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        write(&path, true, "three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
    }

    #[test]
    fn a_file_that_appears_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let output = Output::new(Some(&path), false).unwrap();
        let done = output.write(|out| {
            fs::write(&path, "theirs")?;
            out.write_all(b"ours")
        });
        assert!(matches!(done, Err(Stop::Failed(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }

    #[test]
    fn half_a_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let done = Output::new(Some(&path), false).unwrap().write(|out| {
            out.write_all(b"half")?;
            Err(ErrorKind::StorageFull.into())
        });
        assert!(matches!(done, Err(Stop::Failed(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn places_that_take_no_file() {
        #[track_caller]
        fn check(path: &Path) {
            assert!(matches!(Output::new(Some(path), true), Err(Stop::Failed(_))), "{path:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        check(folder.path());
        check(&folder.path().join("missing/out.csv"));
        check(&folder.path().join("file/out.csv"));
        check(&folder.path().join("missing/.."));
        check(Path::new(""));
    }
}
