//! Several stores on one folder, in threads and in processes, some of which
//! are killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use agogic_store::{Store, StoreError};

use crate::cases::*;

/// Not a test: what the other process does, when one of the tests below runs
/// this binary again.
#[test]
fn other_process() {
    let Ok(task) = std::env::var("AGOGIC_STORE_TEST_TASK") else { return };
    let (task, folder) = task.split_once(' ').unwrap();
    let folder = Path::new(folder);
    match task {
        "publish" => work(folder),
        "hold" => {
            let store = Store::open(folder).unwrap();
            let writer = written(&store, &key(1, "t.a"), &dense("t.a", &["mono"], 1, 100_000), 1000);
            writeln!(std::io::stdout(), "holding").unwrap();
            let _ = std::io::stdin().read_line(&mut String::new());
            drop(writer);
        }
        "fill" => {
            let store = Store::open(folder).unwrap();
            publish(&store, &key(1, "t.small"), &dense("t.small", &["mono"], 1, 10));
            let track = dense("t.large", &["mono"], 1, 0);
            let writer = store.writer(key(1, "t.large"), provenance(), track.header).unwrap();
            let mut writer = writer.packing(false);
            let error = (0..100).find_map(|_| writer.frames(0, &[0.5; 10_000]).err()).unwrap();
            assert!(matches!(error, StoreError::Full { .. }), "{error}");
            assert!(writer.publish().unwrap_err().to_string().contains("earlier write"));
            assert!(files(&folder.join("tmp")).is_empty());
            assert_eq!(listed(&store, 1), ["t.small"]);
        }
        _ => panic!("{task}"),
    }
}

/// Publishes and reads the same few keys again and again.
fn work(folder: &Path) {
    let store = Store::open(folder).unwrap();
    for round in 0..30 {
        for name in ["t.a", "t.b"] {
            let track = dense(name, &["mono"], 2, 100 + round % 3);
            publish(&store, &key(1, name), &track);
            let read = store.read(&key(1, name)).unwrap().expect("nobody removes it");
            read.check().unwrap();
            let frames = agogic_store::content_hash(&read);
            let possible = [100, 101, 102].map(|n| agogic_store::content_hash(&dense(name, &["mono"], 2, n)));
            assert!(possible.contains(&frames));
        }
        assert!(!listed(&store, 1).is_empty());
    }
}

fn run(program: &mut Command, task: &str, folder: &Path) -> Child {
    program
        .env("AGOGIC_STORE_TEST_TASK", format!("{task} {}", folder.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn this_binary() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "sharing::other_process", "--nocapture"]);
    command
}

/// Two processes and two threads begin on a folder that is not there yet.
#[test]
fn all_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cache");
    let children: Vec<Child> = (0..2).map(|_| run(&mut this_binary(), "publish", &folder)).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| work(&folder));
        }
    });
    for child in children {
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }
    let store = Store::open(&folder).unwrap();
    assert_eq!(listed(&store, 1), ["t.a", "t.b"]);
    let stats = store.stats().unwrap();
    assert_eq!((stats.damaged, stats.quarantined, stats.entries), (0, 0, 2));
    assert!(files(&folder.join("tmp")).is_empty());
    assert!(store.verify(|_, _| ()).unwrap().damaged.is_empty());
}

#[test]
fn a_killed_writer_leaves_nothing_for_long() {
    let dir = tempfile::tempdir().unwrap();
    let tmp = dir.path().join("tmp");
    let mut child = run(&mut this_binary(), "hold", dir.path());
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("holding")));
    // Alive: spared.
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.verify(|_, _| ()).unwrap().leftovers, 0);
    assert_eq!(files(&tmp).len(), 1);
    // Dead: removed.
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(files(&tmp).len(), 1);
    assert_eq!(store.verify(|_, _| ()).unwrap().leftovers, 1);
    assert!(files(&tmp).is_empty());
    assert!(listed(&store, 1).is_empty());
    assert_eq!(store.stats().unwrap().damaged, 0);
}

/// Killed wherever it happens to be, a process damages nothing.
#[test]
fn processes_killed_at_work() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for round in 0..10 {
        let mut child = run(&mut this_binary(), "publish", dir.path());
        // Until it has published something, and somewhat longer each time.
        while listed(&store, 1).is_empty() {}
        for _ in 0..round * 20 {
            listed(&store, 1);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let report = store.verify(|_, _| ()).unwrap();
        assert_eq!(report.damaged, []);
        assert!(files(&dir.path().join("tmp")).is_empty());
        for name in listed(&Store::open(dir.path()).unwrap(), 1) {
            store.read(&key(1, &name)).unwrap().expect("listed");
            store.remove(&key(1, &name)).unwrap();
        }
    }
    assert_eq!(store.stats().unwrap().damaged, 0);
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let writer = written(&store, &key(1, "t.a"), &dense("t.a", &["mono"], 1, 100_000), 1000);
    let tmp = dir.path().join("tmp");
    assert_eq!(files(&tmp).len(), 1);
    // A second store that opens and clears the folder spares it.
    let other = Store::open(dir.path()).unwrap();
    assert_eq!(files(&tmp).len(), 1);
    drop(writer);
    assert!(files(&tmp).is_empty());
    assert!(listed(&other, 1).is_empty());
}

/// A reader keeps its track when another takes the name.
#[test]
fn a_reader_outlives_its_track() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let [old, new] = [100_000, 5].map(|frames| dense("t.a", &["mono"], 1, frames));
    publish(&store, &key(1, "t.a"), &old);
    let mut reader = store.reader(&key(1, "t.a")).unwrap().unwrap();
    publish(&store, &key(1, "t.a"), &new);
    if cfg!(unix) {
        assert_eq!(reader.read_all().unwrap(), Some(old));
    }
    assert_eq!(store.read(&key(1, "t.a")).unwrap(), Some(new));
}

/// A limit on the length of files stands for a full disk.
#[test]
#[cfg(unix)]
fn no_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    // 1024 blocks of 512 bytes (of 1024 in some shells): room for the index.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1024; exec \"$0\" \"$@\""]);
    shell.arg(std::env::current_exe().unwrap());
    shell.args(["--exact", "sharing::other_process", "--nocapture"]);
    let child = run(&mut shell, "fill", dir.path());
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(listed(&store, 1), ["t.small"]);
    assert_eq!(store.stats().unwrap().damaged, 0);
}
