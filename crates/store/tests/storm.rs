//! Writers and a collector on one folder, each killed again and again at any
//! moment: what was acknowledged reads back right. `AGOGIC_STORM` says how many
//! kills; 40 where nothing is said.
#![cfg(unix)]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use agogic_schema::{
    AssetId, CacheKey, CalculatorId, DescriptorId, ProfileName, Provenance, Revision, Shape, TrackData,
    TrackHeader, Version,
};
use agogic_store::{Limits, Store};

/// What a child is told by the environment: what it is, and the folder of all.
const ROLE: &str = "AGOGIC_STORM_ROLE";
const FOLDER: &str = "AGOGIC_STORM_FOLDER";
const WRITERS: u8 = 3;
const FRAMES: usize = 700;

fn key(writer: u8, number: u32) -> CacheKey {
    let id = DescriptorId::new(format!("t.{number}")).unwrap();
    CacheKey::new(AssetId([writer; 32]), ProfileName::new("default").unwrap(), id)
}

fn values(writer: u8, number: u32) -> Vec<f32> {
    let mut state = u32::from(writer) * 1_000_003 + number;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32
    };
    (0..FRAMES).map(|_| next()).collect()
}

fn track(store: &Store, writer: u8, number: u32) -> agogic_store::TrackWriter {
    let key = key(writer, number);
    let provenance = Provenance {
        calculator: CalculatorId::new("t").unwrap(),
        version: Version::new(1, 0, 0),
        revision: Revision([1; 32]),
        inputs: Default::default(),
    };
    let header = TrackHeader {
        descriptor: key.descriptor.clone(),
        unit: String::new(),
        range: None,
        shape: Shape::Dense,
        channels: vec!["mono".into()],
        bins: 1,
        rate: 44_100,
        planes: vec![(0, 512)],
    };
    let mut track = store.writer(key, provenance, header).unwrap();
    track.frames(0, &values(writer, number)).unwrap();
    track
}

/// The file to which a child writes a byte for each thing that it has done.
fn progress(folder: &Path, role: &str) -> PathBuf {
    folder.join(format!("done-{role}"))
}

/// Not a test of its own: what the children run. A writer publishes track after
/// track, one or three at a time, and acknowledges each; the collector cleans up.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let mut done = OpenOptions::new().append(true).create(true).open(progress(&folder, &role)).unwrap();
    let store = Store::open(&folder.join("cache")).unwrap();
    if role == "collector" {
        loop {
            store.collect(false).unwrap();
            done.write_all(b".").unwrap();
        }
    }
    let writer: u8 = role.parse().unwrap();
    let mut number = done.metadata().unwrap().len() as u32;
    loop {
        let count = if number.is_multiple_of(5) { 3 } else { 1 };
        let tracks = (number..number + count).map(|number| track(&store, writer, number)).collect();
        store.publish_all(tracks).unwrap();
        done.write_all(&b"..."[..count as usize]).unwrap();
        number += count;
    }
}

fn start(folder: &Path, role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::from(File::options().append(true).create(true).open(folder.join("errors")).unwrap()))
        .spawn()
        .unwrap()
}

/// Starts children, kills them, and counts the acknowledged tracks that are
/// there and those that are not.
fn storm(limit: Option<u64>, seed: u64) -> [usize; 2] {
    let kills: usize = std::env::var("AGOGIC_STORM").ok().and_then(|kills| kills.parse().ok()).unwrap_or(40);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let store = Store::open(&folder.join("cache")).unwrap();
    store.set_limits(&Limits { size: limit, ..Limits::default() }).unwrap();
    drop(store);
    let mut random = seed;
    let mut below = |end: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % end
    };
    let roles: Vec<String> =
        (1..=WRITERS).map(|writer| writer.to_string()).chain(["collector".into()]).collect();
    let mut children: Vec<Child> = roles.iter().map(|role| start(folder, role)).collect();
    let length = |role: &str| fs::metadata(progress(folder, role)).map_or(0, |meta| meta.len());
    for kill in 0..kills {
        let at = below(roles.len() as u64) as usize;
        // After it has done so many things more; often none.
        let until = length(&roles[at]) + below(4);
        while length(&roles[at]) < until {
            let ended = children[at].try_wait().unwrap();
            let told = || fs::read_to_string(folder.join("errors")).unwrap_or_default();
            assert!(ended.is_none(), "seed {seed}, kill {kill}: {} ended: {}", roles[at], told());
            std::thread::yield_now();
        }
        // Somewhere within the next.
        (0..below(20_000)).for_each(|_| std::hint::spin_loop());
        children[at].kill().unwrap();
        children[at].wait().unwrap();
        children[at] = start(folder, &roles[at]);
    }
    for mut child in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let store = Store::open(&folder.join("cache")).unwrap();
    let report = store.verify(|_, _| ()).unwrap();
    assert_eq!((report.damaged, report.leftovers), (vec![], 0), "seed {seed}");
    assert_eq!(store.stats().unwrap().damaged, 0, "seed {seed}");
    let mut found = [0, 0];
    for writer in 1..=WRITERS {
        for number in 0..length(&writer.to_string()) as u32 {
            let track = store.read(&key(writer, number)).unwrap();
            found[usize::from(track.is_none())] += 1;
            if let Some(TrackData::Dense(plane)) = track.map(|track| track.data) {
                assert_eq!(
                    plane.data,
                    values(writer, number),
                    "seed {seed}, writer {writer}, track {number}"
                );
            }
        }
    }
    found
}

#[test]
fn what_was_acknowledged_reads_back_right() {
    let [there, gone] = storm(None, 1);
    assert!(there > 0 && gone == 0, "{there} there, {gone} gone");
}

#[test]
fn under_a_limit_it_reads_back_right_or_is_gone() {
    let [there, gone] = storm(Some(30_000), 2);
    assert!(there + gone > 0, "{there} there, {gone} gone");
}
