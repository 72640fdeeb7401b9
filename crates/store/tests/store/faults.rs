//! A file system that fails: each fault, and what the user of a cache sees of
//! it.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use agogic_schema::AssetId;
use agogic_store::disk::{Disk, System};
use agogic_store::{Limits, Store, StoreError};

use crate::cases::*;

const EIO: i32 = 5;
const EROFS: i32 = 30;
const ENOSPC: i32 = 28;

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    Reading,
    Writing,
    Both,
}

/// A file system of which operations of one kind fail: the one of this number,
/// counted from 0, and with `on` all after it.
#[derive(Debug)]
struct Failing {
    which: Which,
    left: AtomicI64,
    on: bool,
    error: i32,
}

impl Failing {
    fn new(which: Which, number: i64, on: bool, error: i32) -> Arc<Self> {
        Arc::new(Self { which, left: AtomicI64::new(number), on, error })
    }

    /// Whether it came to it.
    fn failed(&self) -> bool {
        self.left.load(Ordering::Relaxed) < 0
    }

    fn pass(&self, which: Which) -> io::Result<()> {
        if self.which != Which::Both && self.which != which {
            return Ok(());
        }
        let left = self.left.fetch_sub(1, Ordering::Relaxed);
        if left == 0 || left < 0 && self.on { Err(io::Error::from_raw_os_error(self.error)) } else { Ok(()) }
    }
}

impl Disk for Failing {
    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.pass(Which::Reading)?;
        System.metadata(path)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.pass(Which::Reading)?;
        System.open(path)
    }

    fn read_at(&self, file: &File, at: u64, out: &mut [u8]) -> io::Result<()> {
        self.pass(Which::Reading)?;
        System.read_at(file, at, out)
    }

    fn probe(&self, path: &Path) -> io::Result<()> {
        // Counted only where nothing may be written at all.
        if self.error == EROFS { Err(io::Error::from_raw_os_error(EROFS)) } else { System.probe(path) }
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        self.pass(Which::Writing)?;
        System.create(path)
    }

    fn write_at(&self, file: &File, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        if let Err(cause) = self.pass(Which::Writing) {
            // As far as it went.
            System.write_at(file, path, at, &bytes[..bytes.len() / 2])?;
            return Err(cause);
        }
        System.write_at(file, path, at, bytes)
    }

    fn sync(&self, file: &File, path: &Path) -> io::Result<()> {
        self.pass(Which::Writing)?;
        System.sync(file, path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass(Which::Writing)?;
        System.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.pass(Which::Writing)?;
        System.remove(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.pass(Which::Writing)?;
        System.remove_folder(path)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.pass(Which::Writing)?;
        System.make_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.pass(Which::Writing)?;
        System.sync_folder(path)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.pass(Which::Writing)?;
        System.append(path, bytes)
    }
}

/// One line that names something of the cache.
fn told(error: &StoreError) {
    let text = error.to_string();
    assert!(text.lines().count() == 1 && (text.contains("cache") || text.contains("tmp")), "{text}");
}

/// A disk that fails for a moment, or from a moment on, while tracks are put
/// in: whoever puts them in is told, in a line, and what was said to be there
/// is there.
#[test]
fn input_output_error_and_full_disk_while_writing() {
    let tracks = [dense("t.a", &["mono"], 2, 40), events("t.b", 5), log_mel("t.c", 600)];
    for error in [EIO, ENOSPC] {
        for on in [false, true] {
            for number in 0.. {
                let dir = tempfile::tempdir().unwrap();
                let root = dir.path().join("cache");
                let disk = Failing::new(Which::Writing, number, on, error);
                let store = match Store::open_on(&root, Arc::clone(&disk) as Arc<dyn Disk>) {
                    Ok(store) => Some(store),
                    Err(error) => {
                        told(&error);
                        None
                    }
                };
                let mut sure = [false; 3];
                for (track, sure) in tracks.iter().zip(&mut sure) {
                    let Some(store) = &store else { continue };
                    let key = key(1, track.header.descriptor.as_str());
                    let done = store.writer(key.clone(), provenance(), track.header.clone());
                    let done = done.and_then(|mut writer| {
                        match &track.data {
                            agogic_schema::TrackData::Dense(plane) => writer.frames(0, &plane.data)?,
                            agogic_schema::TrackData::Events(events) => writer.events(events)?,
                            agogic_schema::TrackData::Peaks(_) => unreachable!(),
                        }
                        writer.publish()
                    });
                    match done {
                        Ok(_) => *sure = true,
                        Err(cause) => {
                            told(&cause);
                            let full = matches!(cause, StoreError::Full { .. });
                            assert_eq!(full, error == ENOSPC, "{cause}");
                        }
                    }
                }
                drop(store);
                // On a disk that works again.
                let store = Store::open(&root).unwrap();
                for (track, sure) in tracks.iter().zip(sure) {
                    let read = store.read(&key(1, track.header.descriptor.as_str())).unwrap();
                    assert!(read.as_ref().is_none_or(|read| read == track), "{number}");
                    assert!(read.is_some() || !sure, "{number}");
                }
                let report = store.verify(|_, _| ()).unwrap();
                assert_eq!(report.damaged, [], "{number}");
                assert_eq!(fs::read_dir(root.join("tmp")).unwrap().count(), 0, "{number}");
                publish(&store, &key(1, "t.a"), &tracks[0]);
                if !disk.failed() {
                    assert_eq!(sure, [true; 3]);
                    break;
                }
            }
        }
    }
}

/// A disk that fails while a track is read: a miss that is counted, and the
/// next to compute it puts it in anew.
#[test]
fn input_output_error_while_reading() {
    let track = log_mel("t.a", 600);
    let key = key(1, "t.a");
    let mut missed = 0;
    for number in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        publish(&store, &key, &track);
        drop(store);
        let disk = Failing::new(Which::Reading, number, false, EIO);
        let store = Store::open_on(dir.path(), Arc::clone(&disk) as Arc<dyn Disk>).unwrap();
        let read = store.read(&key).unwrap();
        if !disk.failed() {
            assert_eq!(read.as_ref(), Some(&track));
            break;
        }
        if read.is_none() {
            missed += 1;
            let quarantined = store.quarantined().unwrap();
            let reason = quarantined.first().map_or(String::new(), |file| file.reason.clone());
            // A file that cannot even be looked at is left where it is.
            assert!(reason.contains("error") || store.stats().unwrap().damaged == 0, "{number}: {reason}");
            publish(&store, &key, &track);
        }
        assert_eq!(store.read(&key).unwrap().as_ref(), Some(&track), "{number}");
    }
    assert!(missed > 3, "{missed}");
}

/// A folder that may be read only, such as one on a medium: all that is in it
/// can be read, and whoever wants to change it is told why he cannot.
#[test]
fn a_read_only_folder() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("cache");
    let tracks = [dense("t.a", &["mono"], 2, 40), events("t.b", 5)];
    let store = Store::open(&root).unwrap();
    for track in &tracks {
        publish(&store, &key(1, track.header.descriptor.as_str()), track);
    }
    let entries = store.records(&AssetId([1; 32]), None).unwrap();
    drop(store);
    let before: Vec<_> = files(&root).into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect();

    let store = Store::open_on(&root, Failing::new(Which::Writing, 0, true, EROFS)).unwrap();
    assert_eq!(store.records(&AssetId([1; 32]), None).unwrap(), entries);
    for track in &tracks {
        let key = key(1, track.header.descriptor.as_str());
        assert_eq!(store.read(&key).unwrap().as_ref(), Some(track));
    }
    assert_eq!(store.inspect(|_, _| ()).unwrap().damaged, []);
    assert!(store.collect(true).unwrap().unwrap().gone.is_empty());
    assert!(store.try_claim(&AssetId([1; 32]), &entries[0].record.key.profile).is_some());
    let asset = AssetId([1; 32]);
    let refused = [
        store.writer(key(1, "t.c"), provenance(), tracks[0].header.clone()).map(drop),
        store.remove(&key(1, "t.a")).map(drop),
        store.collect(false).map(drop),
        store.set_limits(&Limits::default()),
        store.pin(&asset),
        store.set_expiry(Some(SystemTime::now())),
    ];
    for (number, done) in refused.into_iter().enumerate() {
        let cause = done.expect_err(&number.to_string());
        assert!(matches!(cause, StoreError::ReadOnly { .. }) || number == 0, "{number}: {cause}");
        assert!(cause.to_string().contains("read-only") || number == 0, "{number}: {cause}");
    }
    drop(store);
    let after: Vec<_> = files(&root).into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect();
    assert!(before == after);
}

/// The index is removed under two that have it open, with or without its
/// journal: both go on, and nothing that was published is missed.
#[test]
fn the_index_is_deleted_while_it_is_in_use() {
    for gone in [&["index.db"][..], &["index.db-wal"], &["index.db", "index.db-wal", "index.db-shm"]] {
        let dir = tempfile::tempdir().unwrap();
        let [one, two] = [(); 2].map(|()| Store::open(dir.path()).unwrap());
        let names: Vec<String> = (0..12).map(|i| format!("t.n{i:02}")).collect();
        let put = |store: &Store, name: &str| {
            publish(store, &key(1, name), &dense(name, &["mono"], 1, 10));
        };
        names[..4].iter().for_each(|name| put(&one, name));
        for name in gone {
            fs::remove_file(dir.path().join(name)).unwrap();
        }
        put(&one, &names[4]);
        put(&two, &names[5]);
        // Whoever comes now makes it anew.
        let three = Store::open(dir.path()).unwrap();
        for (store, names) in [(&three, &names[6..8]), (&one, &names[8..10]), (&two, &names[10..])] {
            names.iter().for_each(|name| put(store, name));
        }
        let four = Store::open(dir.path()).unwrap();
        for store in [&one, &two, &three, &four] {
            assert_eq!(listed(store, 1), names, "{gone:?}");
            for name in &names {
                let read = store.read(&key(1, name)).unwrap();
                assert_eq!(read, Some(dense(name, &["mono"], 1, 10)), "{gone:?}");
            }
        }
        drop((one, two, three));
        let report = four.verify(|_, _| ()).unwrap();
        assert_eq!((report.files, report.damaged.len()), (12, 0), "{gone:?}");
    }
}

/// A clock that was set back: files and uses are of a time to come. They are
/// not the older for it, and limits hold.
#[test]
fn the_clock_is_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let names = ["t.a", "t.b", "t.c"];
    let mut bytes = 0;
    for name in names {
        publish(&store, &key(1, name), &dense(name, &["mono"], 1, 100));
        let file = chunk_file(dir.path(), &key(1, name));
        let later = SystemTime::now() + Duration::from_secs(10 * 365 * 86_400);
        File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        bytes += fs::metadata(&file).unwrap().len();
    }
    drop(store);
    // The time of its last use is that of the file where there is no index.
    for name in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = fs::remove_file(dir.path().join(name));
    }
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(listed(&store, 1), names);
    store.set_limits(&Limits { ttl: Some(3600), ..Limits::default() }).unwrap();
    assert_eq!(store.collect(false).unwrap().unwrap().gone, []);
    assert_eq!(store.read(&key(1, "t.a")).unwrap(), Some(dense("t.a", &["mono"], 1, 100)));
    store.set_limits(&Limits { size: Some(bytes / 2), ..Limits::default() }).unwrap();
    let collection = store.collect(false).unwrap().unwrap();
    assert!(!collection.gone.is_empty() && collection.after <= bytes / 2, "{collection:?}");
    publish(&store, &key(2, "t.a"), &dense("t.a", &["mono"], 1, 10));
    assert_eq!(listed(&store, 2), ["t.a"]);
}
