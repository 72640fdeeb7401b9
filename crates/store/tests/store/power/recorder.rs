//! A file system that writes down what is asked of it, and what may be left of
//! that when the power goes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use agogic_store::disk::{Disk, System};

/// What a cache asked for. Files are told apart by number, whatever they are
/// called by then.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Create(PathBuf, usize),
    Write(usize, u64, Vec<u8>),
    Sync(usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    MakeFolder(PathBuf),
    SyncFolder(PathBuf),
}

#[derive(Debug, Default)]
struct Inner {
    ops: Vec<Op>,
    files: usize,
    /// The number of the file that has a name now.
    names: BTreeMap<PathBuf, usize>,
}

/// Does everything on the real file system, and writes it down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Inner>>);

impl Recorder {
    pub(crate) fn ops(&self) -> Vec<Op> {
        self.0.lock().unwrap().ops.clone()
    }

    /// How much was asked for so far.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().ops.len()
    }

    fn note(&self, op: Op) {
        self.0.lock().unwrap().ops.push(op);
    }

    fn made(&self, path: &Path) {
        let mut inner = self.0.lock().unwrap();
        let number = inner.files;
        inner.files += 1;
        inner.names.insert(path.to_path_buf(), number);
        inner.ops.push(Op::Create(path.to_path_buf(), number));
    }

    fn number(&self, path: &Path) -> usize {
        self.0.lock().unwrap().names[path]
    }
}

impl Disk for Recorder {
    fn create(&self, path: &Path) -> io::Result<File> {
        System.create(path).inspect(|_| self.made(path))
    }

    fn write_at(&self, file: &File, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.note(Op::Write(self.number(path), at, bytes.to_vec()));
        System.write_at(file, path, at, bytes)
    }

    fn sync(&self, file: &File, path: &Path) -> io::Result<()> {
        self.note(Op::Sync(self.number(path)));
        System.sync(file, path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        System.rename(from, to)?;
        let mut inner = self.0.lock().unwrap();
        let moved: Vec<_> = inner.names.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in moved {
            let number = inner.names.remove(&path).unwrap();
            let rest = path.strip_prefix(from).unwrap();
            let path = if rest.as_os_str().is_empty() { to.to_path_buf() } else { to.join(rest) };
            inner.names.insert(path, number);
        }
        inner.ops.push(Op::Rename(from.to_path_buf(), to.to_path_buf()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        System.remove(path)?;
        self.note(Op::Remove(path.to_path_buf()));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        System.remove_folder(path)?;
        self.note(Op::Remove(path.to_path_buf()));
        Ok(())
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        System.make_folder(path)?;
        self.note(Op::MakeFolder(path.to_path_buf()));
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.note(Op::SyncFolder(path.to_path_buf()));
        System.sync_folder(path)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let before = System.metadata(path).map_or(0, |meta| meta.len());
        System.append(path, bytes)?;
        if !self.0.lock().unwrap().names.contains_key(path) {
            self.made(path);
        }
        self.note(Op::Write(self.number(path), before, bytes.to_vec()));
        Ok(())
    }
}

/// What becomes of that which was not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// None of it is left.
    Dropped,
    /// All of it is.
    Kept,
    /// Each write and each change of a name stays or goes by itself, and a
    /// write may stay in part.
    Torn(u64),
}

impl Fate {
    fn roll(&mut self, of: u64) -> u64 {
        match self {
            Self::Dropped => 0,
            Self::Kept => of - 1,
            Self::Torn(state) => {
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                (*state >> 11) % of
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Node {
    File(usize),
    Folder(usize),
}

/// Changes of one thing in order, and how many of them were synced.
#[derive(Debug)]
struct Changes<T> {
    all: Vec<T>,
    synced: usize,
}

impl<T> Default for Changes<T> {
    fn default() -> Self {
        Self { all: Vec::new(), synced: 0 }
    }
}

/// A disk, as far as it is known what is on it.
#[derive(Debug, Default)]
struct State {
    files: BTreeMap<usize, Changes<(u64, Vec<u8>)>>,
    /// Names that came, and with `None` names that went.
    folders: Vec<Changes<(PathBuf, Option<Node>)>>,
    /// What each path leads to for the living.
    paths: BTreeMap<PathBuf, Node>,
}

impl State {
    fn folder(&mut self, path: &Path) -> &mut Changes<(PathBuf, Option<Node>)> {
        let Some(&Node::Folder(number)) = self.paths.get(path) else { panic!("no folder {path:?}") };
        &mut self.folders[number]
    }

    fn name(&mut self, path: &Path, node: Option<Node>) {
        let (folder, name) = (path.parent().unwrap(), path.file_name().unwrap());
        self.folder(folder).all.push((name.into(), node));
    }

    fn make_folder(&mut self, path: &Path) -> Node {
        let node = Node::Folder(self.folders.len());
        self.folders.push(Changes::default());
        self.paths.insert(path.to_path_buf(), node);
        node
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Create(path, number) => {
                self.files.insert(*number, Changes::default());
                self.paths.insert(path.clone(), Node::File(*number));
                self.name(path, Some(Node::File(*number)));
            }
            Op::Write(number, at, bytes) => {
                self.files.get_mut(number).unwrap().all.push((*at, bytes.clone()));
            }
            Op::Sync(number) => {
                let file = self.files.get_mut(number).unwrap();
                file.synced = file.all.len();
            }
            Op::Rename(from, to) => {
                let node = self.paths[from];
                self.name(to, Some(node));
                self.name(from, None);
                let below: Vec<_> =
                    self.paths.keys().filter(|path| path.starts_with(from)).cloned().collect();
                for path in below {
                    let node = self.paths.remove(&path).unwrap();
                    let rest = path.strip_prefix(from).unwrap();
                    let path = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                    self.paths.insert(path, node);
                }
            }
            Op::Remove(path) => {
                self.name(path, None);
                self.paths.retain(|known, _| !known.starts_with(path));
            }
            Op::MakeFolder(path) => {
                let node = self.make_folder(path);
                self.name(path, Some(node));
            }
            Op::SyncFolder(path) => {
                let folder = self.folder(path);
                folder.synced = folder.all.len();
            }
        }
    }

    fn write_file(&self, number: usize, fate: &mut Fate, to: &Path) {
        let mut content = Vec::new();
        let changes = &self.files[&number];
        for (i, (at, bytes)) in changes.all.iter().enumerate() {
            // Nothing, everything, a part, or room for it with nothing in it.
            let whole = bytes.len();
            let (room, kept) = match if i < changes.synced { 3 } else { fate.roll(4) } {
                0 => (0, 0),
                1 => (whole, 0),
                2 => {
                    let kept = fate.roll(whole as u64 + 1) as usize;
                    ([kept, whole][fate.roll(2) as usize], kept)
                }
                _ => (whole, whole),
            };
            let at = *at as usize;
            if content.len() < at + room && room > 0 {
                content.resize(at + room, 0);
            }
            if kept > 0 {
                content[at..at + kept].copy_from_slice(&bytes[..kept]);
            }
        }
        fs::write(to, content).unwrap();
    }

    fn write_folder(&self, number: usize, fate: &mut Fate, to: &Path) {
        fs::create_dir_all(to).unwrap();
        let changes = &self.folders[number];
        let mut names: BTreeMap<&Path, Node> = BTreeMap::new();
        for (i, (name, node)) in changes.all.iter().enumerate() {
            if i >= changes.synced && fate.roll(2) == 0 {
                continue;
            }
            match node {
                Some(node) => names.insert(name, *node),
                None => names.remove(&**name),
            };
        }
        for (name, node) in names {
            match node {
                Node::File(number) => self.write_file(number, fate, &to.join(name)),
                Node::Folder(number) => self.write_folder(number, fate, &to.join(name)),
            }
        }
    }
}

/// Writes to the folder `to` what is left of the folder `of` when the power
/// goes after these operations.
pub(crate) fn after_power_loss(ops: &[Op], of: &Path, mut fate: Fate, to: &Path) {
    let mut state = State::default();
    state.make_folder(of.parent().unwrap());
    ops.iter().for_each(|op| state.apply(op));
    // The folder above is the caller's.
    let Some(&Node::Folder(number)) = state.paths.get(of) else { return };
    let above = &state.folders[0];
    let made = above.all.iter().position(|(name, _)| Some(name.as_os_str()) == of.file_name());
    if made.is_some_and(|made| made < above.synced) || fate.roll(2) == 1 {
        state.write_folder(number, &mut fate, to);
    }
}
