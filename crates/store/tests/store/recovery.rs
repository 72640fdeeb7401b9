//! A lost or damaged index, a folder of another version, a folder that cannot
//! be used.

use std::fs;

use agogic_schema::AssetId;
use agogic_store::{AssetInfo, FileStamp, Store, StoreError};

use crate::cases::*;

#[test]
fn a_lost_index_is_made_again_from_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for (asset, name) in [(1, "t.a"), (1, "t.b"), (2, "t.a")] {
        publish(&store, &key(asset, name), &dense(name, &["mono"], 1, 10));
    }
    let before = store.records(&AssetId([1; 32]), None).unwrap();
    drop(store);
    fs::remove_file(dir.path().join("index.db")).unwrap();

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.stats().unwrap().entries, 0);
    // Reading needs no index.
    assert!(store.read(&key(2, "t.a")).unwrap().is_some());
    assert_eq!(store.records(&AssetId([1; 32]), None).unwrap(), before);
    assert_eq!(store.stats().unwrap().adopted, 2);
    let report = store.verify(|_, _| ()).unwrap();
    assert_eq!((report.adopted, report.files, report.refreshed), (1, 3, 0));
    let stats = store.stats().unwrap();
    assert_eq!((stats.entries, stats.assets, stats.adopted, stats.damaged), (3, 2, 3, 0));
    assert_eq!(store.verify(|_, _| ()).unwrap().adopted, 0);
}

/// Whatever byte of the index is wrong, the tracks are the right ones, and an
/// asset is the right one or none.
#[test]
fn every_damage_to_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("cache");
    let store = Store::open(&root).unwrap();
    for name in ["t.a", "t.b"] {
        publish(&store, &key(1, name), &dense(name, &["mono"], 1, 10));
    }
    let audio = dir.path().join("audio");
    fs::write(&audio, "sound").unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(&audio).unwrap().set_modified(long_ago).unwrap();
    // On systems that keep a time of change the file is too fresh to be
    // remembered, until it has aged a little.
    let asset = AssetId([1; 32]);
    let info = AssetInfo { sample_rate: 44_100, channels: 2, samples: 99, codec: "flac".into() };
    let stamp = loop {
        let stamp = FileStamp::of(&audio).unwrap();
        store.remember_asset(&stamp, &asset, Some(&info)).unwrap();
        if store.asset(&stamp).unwrap().is_some() {
            break stamp;
        }
    };
    let expect = store.records(&asset, None).unwrap();
    drop(store);
    let good = fs::read(root.join("index.db")).unwrap();
    assert!(files(&root).iter().all(|file| !file.to_string_lossy().ends_with("-wal")));

    let check = |bytes: &[u8], what: &str| {
        fs::write(root.join("index.db"), bytes).unwrap();
        let store = Store::open(&root).unwrap();
        assert_eq!(store.records(&asset, None).unwrap(), expect, "{what}");
        match store.asset(&stamp).unwrap() {
            None => {}
            Some(found) => assert_eq!(found, (asset, info.clone()), "{what}"),
        }
        assert!(store.verify(|_, _| ()).unwrap().damaged.is_empty(), "{what}");
        assert_eq!(store.stats().unwrap().entries, 2, "{what}");
    };
    let mut offsets: Vec<usize> = (0..100).collect();
    offsets.extend((100..good.len()).step_by(53));
    for at in offsets {
        let mut bytes = good.clone();
        bytes[at] ^= 0x11;
        check(&bytes, &format!("byte {at}"));
    }
    for length in [0, 1, 50, 100, 511, 4096, 5000, good.len() / 2, good.len() - 1] {
        check(&good[..length], &format!("{length} bytes"));
    }
    check(b"this is no database, and has never been one, whatever its name may say", "text");
    check(&vec![0; good.len()], "zeros");
    let stats = Store::open(&root).unwrap().stats().unwrap();
    assert!(stats.damaged > 0 && stats.quarantined > 0);
}

/// The index breaks under an open store.
#[test]
fn an_index_that_breaks_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    publish(&store, &key(1, "t.a"), &dense("t.a", &["mono"], 1, 10));
    for path in files(dir.path()) {
        if path.file_name().unwrap().to_string_lossy().starts_with("index.db") {
            let length = fs::metadata(&path).unwrap().len() as usize;
            if !path.to_string_lossy().ends_with("-shm") {
                fs::write(&path, vec![0x55; length]).unwrap();
            }
        }
    }
    assert_eq!(listed(&store, 1), ["t.a"]);
    publish(&store, &key(1, "t.b"), &dense("t.b", &["mono"], 1, 10));
    assert_eq!(listed(&store, 1), ["t.a", "t.b"]);
    assert_eq!(listed(&Store::open(dir.path()).unwrap(), 1), ["t.a", "t.b"]);
}

#[test]
fn folders_of_other_versions() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    assert_eq!(fs::read_to_string(dir.path().join("VERSION")).unwrap(), "3\n");
    assert!(fs::read_to_string(dir.path().join("CACHEDIR.TAG")).unwrap().starts_with("Signature: 8a477f"));
    let state = || -> Vec<_> {
        files(dir.path())
            .into_iter()
            .map(|file| (fs::metadata(&file).unwrap().modified().unwrap(), file))
            .collect()
    };
    fs::write(dir.path().join("VERSION"), "4\n").unwrap();
    fs::write(dir.path().join("tmp").join("1-1-1"), "of a later program").unwrap();
    let before = state();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 4, known: 3, .. }));
    let text = error.to_string();
    assert!(text.contains("format version 4, this program knows 3") && text.lines().count() == 1);
    assert_eq!(state(), before);

    // One of an earlier program is raised.
    for text in ["\u{1}q", "1\n", "2\n", "0\n", ""] {
        fs::write(dir.path().join("VERSION"), text).unwrap();
        assert!(Store::open(dir.path()).is_ok());
        assert_eq!(fs::read_to_string(dir.path().join("VERSION")).unwrap(), "3\n");
    }
}

/// A backup must not pass over somebody's own files because a cache was put
/// among them.
#[test]
fn a_folder_with_other_things_gets_no_tag() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.tex"), "").unwrap();
    Store::open(dir.path()).unwrap();
    assert!(!dir.path().join("CACHEDIR.TAG").exists());
}

#[test]
fn folders_that_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let mut folders = vec![file.clone(), file.join("below")];
    if cfg!(target_os = "linux") {
        folders.push("/proc/agogic-cache".into());
    }
    for folder in folders {
        let error = Store::open(&folder).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, StoreError::Unusable { .. }), "{text}");
        assert!(text.contains(&folder.display().to_string()) && text.lines().count() == 1, "{text}");
    }
}

/// Parts of the folder that somebody has cleared away.
#[test]
fn missing_folders_come_back() {
    let dir = tempfile::tempdir().unwrap();
    for part in ["tmp", "locks", "quarantine", "ns"] {
        let store = Store::open(dir.path()).unwrap();
        fs::remove_dir_all(dir.path().join(part)).unwrap();
        publish(&store, &key(1, "t.a"), &dense("t.a", &["mono"], 1, 10));
        fs::write(chunk_file(dir.path(), &key(1, "t.a")), "damage").unwrap();
        assert_eq!(store.read(&key(1, "t.a")).unwrap(), None);
    }
    assert_eq!(Store::open(dir.path()).unwrap().stats().unwrap().quarantined, 2);
}
