//! Every descriptor that a peer computes too, against the peer's figures: on
//! signals that any language makes alike, and on recordings at their own rate.
//! Figures by `reference/make_parity.py`. `cargo xtask parity` runs this test
//! alone and writes what it finds into `docs/parity.md`.

mod bounds;
mod compare;
mod page;
#[path = "../../calculators/standard/tests/signals/generate.rs"]
mod signals;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use agogic::schema::{DescriptorId, FeatureTrack, Profile, ProfileName};
use agogic::{Control, Engine, Request};
use agogic_tests::{Wav, all_descriptors, recordings, workspace};
use serde_json::Value;

use bounds::{BOUNDS, Kind, LEFT_OUT};
use compare::{Difference, compare};

/// The rate of the signals.
const RATE: u32 = 22_050;
const SIGNALS: [&str; 6] = ["noise", "chord", "chirp", "clicks", "drums", "silence"];

/// librosa's parameters at the file's own rate.
fn profile() -> Profile {
    let librosa = Profile::built_in("librosa").unwrap();
    let name = ProfileName::new("librosa-native").unwrap();
    // Nothing is estimated that the figures were given.
    Profile { name, sample_rate: None, ..librosa }
}

/// Where the audio of a source is; none for a recording that is not here.
fn audio(source: &str, folder: &Path) -> Option<PathBuf> {
    if SIGNALS.contains(&source) {
        let file = folder.join(format!("{source}.wav"));
        std::fs::write(&file, Wav::float(RATE, 1, &signals::signal(source))).unwrap();
        return Some(file);
    }
    let own = workspace().join("examples/media").join(source);
    if own.is_file() {
        return Some(own);
    }
    recordings().map(|folder| folder.join(source)).filter(|file| file.is_file())
}

/// Differences by descriptor, on signals and on recordings.
type Found = BTreeMap<String, [Difference; 2]>;

#[test]
fn every_descriptor_is_as_near_to_its_reference_as_stated() {
    let text = include_str!("../reference/parity.json");
    let figures: Value = serde_json::from_str(text).unwrap();
    let figures = figures["figures"].as_array().unwrap();
    let known: BTreeSet<String> = all_descriptors().into_iter().collect();
    let sources: BTreeSet<&str> = figures.iter().map(|figure| figure["source"].as_str().unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder(folder.path().join("cache")).plugin_path([]).open().unwrap();
    let (profile, control) = (profile(), Control::default());
    let mut found = Found::new();
    let mut missing = vec![];
    for source in sources {
        let Some(file) = audio(source, folder.path()) else {
            missing.push(source);
            continue;
        };
        let left_out =
            |figure: &&Value| LEFT_OUT.iter().any(|(id, of, _)| figure["descriptor"] == *id && *of == source);
        let of_source = figures.iter().filter(|figure| figure["source"] == source && !left_out(figure));
        let of_source: Vec<(&str, &Value)> =
            of_source.map(|figure| (figure["descriptor"].as_str().unwrap(), figure)).collect();
        let ids = of_source.iter().filter(|(id, _)| known.contains(*id));
        let ids: Vec<DescriptorId> = ids.map(|(id, _)| DescriptorId::new(*id).unwrap()).collect();
        let request = Request::new(profile.clone()).only(ids.clone());
        assert_eq!(engine.analyze(&file, &request, &control).unwrap().failed, [], "{source}");
        for id in ids {
            let track: FeatureTrack = engine.track(&file, &id, &profile, None, &control).unwrap();
            let bound = bounds::of(id.as_str());
            let figure = of_source.iter().find(|(name, _)| *name == id.as_str()).unwrap().1;
            let difference = compare(&track, figure, bound);
            let place = usize::from(!SIGNALS.contains(&source));
            found.entry(id.to_string()).or_default()[place].join(&difference, source);
        }
    }
    let page = page::page(&found, &missing);
    if let Some(file) = std::env::var_os("AGOGIC_PARITY_PAGE") {
        std::fs::write(file, &page).unwrap();
    }
    let beyond = beyond(&found);
    assert!(beyond.is_empty(), "{page}\nbeyond what is stated:\n{}", beyond.join("\n"));
}

/// What is further from its reference than its bound allows.
fn beyond(found: &Found) -> Vec<String> {
    let mut all = vec![];
    for (id, places) in found {
        let bound = bounds::of(id);
        for (difference, most) in places.iter().zip([bound.signals, bound.recordings]) {
            if difference.most > most || difference.shapes > 0 {
                all.push(format!("{id}: {difference:?}, at most {most:e}"));
            }
        }
    }
    all
}

#[test]
fn a_bound_stands_once_and_says_how_it_is_measured() {
    let ids: BTreeSet<&str> = BOUNDS.iter().map(|bound| bound.descriptor).collect();
    assert_eq!(ids.len(), BOUNDS.len());
    assert!(BOUNDS.iter().all(|bound| !bound.reference.is_empty()));
    assert_eq!(Kind::Decibels.words(), "dB");
}
