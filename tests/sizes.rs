//! How much smaller tracks are than their values: exact, and with an error of
//! 0.01 dB, or of a thousandth where values are no levels. `cargo xtask sizes`
//! runs this test alone and writes what it finds into `docs/store-sizes.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use agogic::schema::{DescriptorId, Profile, ProfileName, Shape};
use agogic::{Control, Engine, Request};
use agogic_tests::{all_descriptors, recordings, workspace};

/// By how many percent a bound should make tracks smaller.
const DEMAND: f64 = 60.0;

/// Those that do not come to it in our own piece alone, which is short.
const SHORT: [&str; 2] = ["agogic.loudness.short-term", "agogic.stereo.balance"];

/// Bytes of values and of files, exact and bounded.
#[derive(Clone, Default)]
struct Sizes {
    unit: String,
    values: u64,
    exact: u64,
    bounded: u64,
}

impl Sizes {
    fn add(&mut self, other: &Self) {
        self.values += other.values;
        self.exact += other.exact;
        self.bounded += other.bounded;
    }

    /// How much smaller, in percent.
    fn saved(&self) -> [f64; 2] {
        [self.exact, self.bounded].map(|bytes| 100.0 * (1.0 - bytes as f64 / self.values as f64))
    }
}

fn sources() -> Vec<PathBuf> {
    let folders = [Some(workspace().join("examples/media")), recordings()];
    let mut files: Vec<PathBuf> = folders
        .into_iter()
        .flatten()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "ogg"))
        .collect();
    files.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    files
}

/// Sizes of all descriptors of frames, by descriptor.
fn measure(files: &[PathBuf]) -> BTreeMap<String, Sizes> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder(folder.path()).plugin_path([]).open().unwrap();
    let ids: Vec<DescriptorId> = all_descriptors().iter().map(|id| DescriptorId::new(id).unwrap()).collect();
    let named = |name: &str, bound: &str| {
        let mut profile = Profile::plain(ProfileName::new(name).unwrap());
        profile.max_error.insert(String::new(), bound.parse().unwrap());
        profile
    };
    let mut found: BTreeMap<String, Sizes> = BTreeMap::new();
    for file in files {
        for profile in [named("exact", "lossless"), named("bounded", "0.01 dB")] {
            let request = Request::new(profile).only(ids.clone());
            let analysis = engine.analyze(file, &request, &Control::default()).unwrap();
            assert_eq!(analysis.failed, [], "{}", file.display());
        }
    }
    for entry in engine.store().entries(|record| record.header.shape != Shape::Events).unwrap() {
        let record = &entry.record;
        let sizes = found.entry(record.key.descriptor.to_string()).or_default();
        let values = 4 * record.frames.iter().sum::<u64>() * record.header.width() as u64;
        let exact = record.key.profile.as_str() == "exact";
        sizes.unit.clone_from(&record.header.unit);
        let (values, exact, bounded) = if exact { (values, entry.bytes, 0) } else { (0, 0, entry.bytes) };
        sizes.add(&Sizes { values, exact, bounded, ..Sizes::default() });
    }
    found
}

#[test]
fn tracks_are_smaller_than_their_values() {
    let files = sources();
    let found = measure(&files);
    let mut page = String::from(
        "# How small tracks are\n\nWritten by `cargo xtask sizes`; not by hand.\n\nWhole chunk files, beside the \
         f32 values in them: how much smaller they are when every bit is kept, and with an error of at most \
         0.01 dB. What that is depends on the unit: of levels (`dB` and what begins so, LUFS) 0.01; of powers and \
         energies and their ratios 2.3e-3 of each value; of all else, as of amplitudes, 1.15e-3 of each value. \
         Bounds are checked for each value as it is written (docs/store-format.md).\n\n",
    );
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
    writeln!(
        page,
        "Over {}.\n\n| descriptor | unit | values | exact | 0.01 dB |\n|---|---|---|---|---|",
        names.join(", ")
    )
    .unwrap();
    let mut all = Sizes::default();
    for (id, sizes) in &found {
        all.add(sizes);
        let [exact, bounded] = sizes.saved();
        let kb = sizes.values / 1000;
        writeln!(page, "| `{id}` | {} | {kb} kB | {exact:.1} % | {bounded:.1} % |", sizes.unit).unwrap();
    }
    let [exact, bounded] = all.saved();
    writeln!(page, "| all | | {} kB | {exact:.1} % | {bounded:.1} % |", all.values / 1000).unwrap();
    let short = found.iter().filter(|(_, sizes)| sizes.saved()[1] < DEMAND);
    let short: Vec<&str> = short.map(|(id, _)| id.as_str()).collect();
    let verdict = match &short[..] {
        [] => format!("With the bound every one is smaller by {DEMAND} % or more."),
        short => format!("Less than {DEMAND} % with the bound: {}.", short.join(", ")),
    };
    writeln!(
        page,
        "\n{verdict} Of short-term loudness there are ten values a second: in recordings as short as these the \
         record and the chunk table weigh about as much as they do when they are packed."
    )
    .unwrap();
    if let Some(to) = std::env::var_os("AGOGIC_SIZES_PAGE") {
        std::fs::write(to, &page).unwrap();
    }
    for (id, sizes) in &found {
        // A small track is as large as what is told of it, at most.
        let room = sizes.values + sizes.values / 50 + 4096 * files.len() as u64;
        assert!(sizes.bounded <= sizes.exact && sizes.exact <= room, "{id}\n{page}");
    }
    assert!(bounded >= DEMAND, "{page}");
    let known = if files.len() > 1 { &[][..] } else { &SHORT };
    assert_eq!(short, known, "{page}");
}
