//! Where things stand in a cache folder, and making a new one. Nothing here
//! knows what is inside a chunk file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use agogic_schema::{AssetId, CacheKey, Namespace, ProfileName, Stem};

use crate::disk::{Disk, make_folders};
use crate::stat::now_ns;
use crate::{FORMAT_VERSION, StoreError};

/// Ending of chunk files.
pub(crate) const EXTENSION: &str = "agc";

/// The signature is fixed by <https://bford.info/cachedir/>.
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache of Agogic. Everything in it can be computed again.\n";

/// The paths of one cache folder.
#[derive(Debug)]
pub(crate) struct Layout {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    read_only: bool,
}

impl Layout {
    /// The folder, made where it is missing, refused where a later program
    /// made it.
    pub(crate) fn open(dir: &Path, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let root = std::path::absolute(dir).map_err(|cause| StoreError::unusable(dir, &cause))?;
        let version = root.join("VERSION");
        let may_not = |cause: &io::Error| {
            matches!(cause.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
        };
        let read_only = disk.probe(&version).is_err_and(|cause| may_not(&cause));
        let layout = Self { root, disk, read_only };
        match read_version(&version) {
            Ok(Some(found)) if found > u64::from(FORMAT_VERSION) => {
                Err(StoreError::Newer { folder: layout.root, found, known: FORMAT_VERSION })
            }
            Ok(Some(found)) if found == u64::from(FORMAT_VERSION) || read_only && found > 0 => Ok(layout),
            // An earlier one is raised, so that the programs of its time do
            // not take new files for damage. A VERSION that is no number is
            // damage: every chunk file states its own version, so nothing is
            // lost by writing it again.
            Ok(_) => layout.prepare(),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => layout.prepare(),
            Err(cause) => Err(StoreError::unusable(&layout.root, &cause)),
        }
    }

    fn prepare(self) -> Result<Self, StoreError> {
        self.make().map_err(|cause| StoreError::unusable(&self.root, &cause))?;
        Ok(self)
    }

    fn make(&self) -> io::Result<()> {
        let disk = &*self.disk;
        make_folders(disk, &self.root)?;
        // Backup programs pass over a folder with this tag, so a folder that
        // holds anything else does not get one.
        if fs::read_dir(&self.root)?.next().is_none() {
            let tag = self.root.join("CACHEDIR.TAG");
            match disk.create(&tag) {
                // Somebody else is making the folder too.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                made => made.and_then(|file| {
                    let written = disk.write_at(&file, &tag, 0, CACHEDIR_TAG.as_bytes());
                    written.and_then(|()| disk.sync(&file, &tag)).inspect_err(|_| drop(disk.remove(&tag)))
                }),
            }?;
        }
        for dir in [self.namespaces(), self.tmp(), self.quarantine(), self.locks()] {
            make_folders(disk, &dir)?;
        }
        // Last, so that a folder with a VERSION is a whole one.
        let staged = self.locks().join(format!("VERSION.{}", unique()));
        let file = disk.create(&staged)?;
        disk.write_at(&file, &staged, 0, format!("{FORMAT_VERSION}\n").as_bytes())?;
        disk.sync(&file, &staged)?;
        disk.rename(&staged, &self.root.join("VERSION"))?;
        disk.sync_folder(&self.root)
    }

    /// The file system that the folder is on.
    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Whether the folder may be read only.
    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Refuses to change a folder that may be read only.
    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        if self.read_only { Err(StoreError::ReadOnly { folder: self.root.clone() }) } else { Ok(()) }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index.db")
    }

    pub(crate) fn limits(&self) -> PathBuf {
        self.root.join("limits.toml")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(crate) fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    pub(crate) fn damage_log(&self) -> PathBuf {
        self.root.join("damage.log")
    }

    /// The folder of all namespaces.
    pub(crate) fn namespaces(&self) -> PathBuf {
        self.root.join("ns")
    }

    /// The folder of the chunk files of a namespace.
    pub(crate) fn namespace(&self, namespace: &Namespace) -> PathBuf {
        self.namespaces().join(file_name(namespace.as_str()))
    }

    fn asset(&self, namespace: &Namespace, asset: &AssetId) -> PathBuf {
        let hex = asset.to_string();
        let mut path = self.namespace(namespace);
        path.push(&hex[..2]);
        path.push(hex);
        path
    }

    /// The chunk file of a track.
    pub(crate) fn track(&self, key: &CacheKey) -> PathBuf {
        let mut path = self.asset(&key.namespace, &key.asset);
        path.push(profile_folder(&key.stem, &key.profile));
        path.push(file_name(key.descriptor.as_str()) + "." + EXTENSION);
        path
    }

    /// The chunk files of a stem of an asset, under one profile or under all.
    pub(crate) fn tracks(
        &self,
        namespace: &Namespace,
        asset: &AssetId,
        stem: &Stem,
        profile: Option<&ProfileName>,
    ) -> io::Result<Vec<PathBuf>> {
        let folder = self.asset(namespace, asset);
        let folders = match profile {
            Some(profile) => vec![folder.join(profile_folder(stem, profile))],
            None => {
                let mut folders = list(&folder, Kind::Folder)?;
                let part = (!stem.is_master()).then(|| file_name(stem.as_str()));
                folders.retain(|folder| {
                    let name = folder.file_name().unwrap_or_default().to_string_lossy();
                    name.split_once('@').map(|(_, part)| part) == part.as_deref()
                });
                folders
            }
        };
        let mut found = Vec::new();
        for folder in folders {
            found.extend(list(&folder, Kind::Track)?);
        }
        Ok(found)
    }

    /// Every chunk file, in order of its path.
    pub(crate) fn all_tracks(&self) -> io::Result<Vec<PathBuf>> {
        Ok(self.tracks_by_namespace()?.into_iter().map(|(_, path)| path).collect())
    }

    /// Every chunk file below a folder of a namespace, in order of its path. A
    /// folder whose name is no namespace's is passed over.
    pub(crate) fn tracks_by_namespace(&self) -> io::Result<Vec<(Namespace, PathBuf)>> {
        let mut found = Vec::new();
        for folder in list(&self.namespaces(), Kind::Folder)? {
            let Some(namespace) = namespace_of(&folder) else { continue };
            let mut folders = vec![folder];
            // Two hexadecimal digits, asset, profile.
            for _ in 0..3 {
                let mut inner = Vec::new();
                for folder in folders {
                    inner.extend(list(&folder, Kind::Folder)?);
                }
                folders = inner;
            }
            for folder in folders {
                found.extend(list(&folder, Kind::Track)?.into_iter().map(|path| (namespace.clone(), path)));
            }
        }
        found.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(found)
    }

    /// The path below the cache folder, for messages.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Folder,
    Track,
}

/// A word that no other thread or process uses for this folder.
pub(crate) fn unique() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{:x}-{}-{number}", now_ns(), std::process::id())
}

/// Entries of a folder; none where the folder is missing.
pub(crate) fn list(folder: &Path, kind: Kind) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => return Ok(vec![]),
        Err(cause) => return Err(cause),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let wanted = match kind {
            Kind::Folder => entry.file_type()?.is_dir(),
            Kind::Track => Path::new(&entry.file_name()).extension().is_some_and(|e| e == EXTENSION),
        };
        if wanted {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The folder of what a profile gives of a stem: the profile's name, and the
/// stem behind an `@`, which no name has, unless it is all of the asset.
fn profile_folder(stem: &Stem, profile: &ProfileName) -> String {
    let profile = file_name(profile.as_str());
    if stem.is_master() { profile } else { format!("{profile}@{}", file_name(stem.as_str())) }
}

fn read_version(path: &Path) -> io::Result<Option<u64>> {
    let mut text = Vec::new();
    File::open(path)?.take(32).read_to_end(&mut text)?;
    Ok(std::str::from_utf8(&text).ok().and_then(|text| text.trim_end().parse().ok()))
}

/// The namespace of a folder.
pub(crate) fn namespace_of(folder: &Path) -> Option<Namespace> {
    name_of(folder.file_name()?.to_str()?).and_then(|name| Namespace::new(name).ok())
}

/// The way back from [`file_name`], of a name that was not hashed.
fn name_of(file_name: &str) -> Option<String> {
    let mut parts = file_name.split('%');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        name.push(char::from(u8::from_str_radix(code, 16).ok()?));
        name.push_str(rest);
    }
    Some(name)
}

/// A name as a file name that is one and the same on every file system:
/// characters that Windows refuses, capitals (some file systems do not tell
/// them apart) and names of Windows devices are written as `%` and two
/// hexadecimal digits; a name too long then is replaced by its hash.
pub(crate) fn file_name(name: &str) -> String {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    let device = DEVICES.contains(&stem.as_str()) || numbered;
    let mut out = String::with_capacity(name.len());
    for (i, byte) in name.bytes().enumerate() {
        let first = i == 0 && device;
        let last = i + 1 == name.len() && byte == b'.';
        if first || last || byte == b':' || byte.is_ascii_uppercase() {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    if out.len() > 200 { format!("%{}", blake3::hash(name.as_bytes()).to_hex()) } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_file_names() {
        let long = "A".repeat(128);
        let hashed = format!("%{}", blake3::hash(long.as_bytes()).to_hex());
        for (name, expect) in [
            ("agogic.mel", "agogic.mel"),
            ("vamp:qm:mfcc", "vamp%3Aqm%3Amfcc"),
            ("Mel", "%4Del"),
            ("nul.x", "%6Eul.x"),
            ("com1", "%63om1"),
            ("comet", "comet"),
            ("end.", "end%2E"),
            (&long, &hashed),
        ] {
            assert_eq!(file_name(name), expect);
            assert!(expect == hashed || name_of(expect).as_deref() == Some(name));
        }
    }
}
