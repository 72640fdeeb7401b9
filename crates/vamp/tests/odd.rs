//! Odd and hostile plug-ins: `odd.c`, compiled by the system's C compiler. Where
//! there is none, or not the header `vamp/vamp.h`, the tests say so and pass.

// Reading the counters of the C library.
#![allow(unsafe_code, clippy::print_stderr)]

use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use agogic_vamp::{Feature, InputDomain, Library, Plugin, RealTime, Running, SampleType, VampError};

/// Compiles a source file to a library in this folder, or nothing where it cannot.
fn compile(source: &Path, folder: &Path) -> Option<PathBuf> {
    let header = ["-E", "-x", "c", "-include", "vamp/vamp.h", "-"];
    let probe = Command::new("cc").args(header).stdin(Stdio::null()).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("skipped: there is no C compiler or no vamp/vamp.h (Debian: vamp-plugin-sdk)");
        return None;
    }
    let file = folder.join(format!("odd.{}", std::env::consts::DLL_EXTENSION));
    let flags = ["-shared", "-fPIC", "-Wall", "-Wextra", "-o"];
    let run = Command::new("cc").args(flags).arg(&file).arg(source).output().expect("a compiler");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(file)
}

/// A library of this test's own, so that its counters are its own too: with
/// `cargo test` all tests are one process.
struct Odd {
    library: Library,
    counters: libloading::Library,
    _folder: tempfile::TempDir,
}

impl Odd {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/odd.c");
        let file = compile(&source, folder.path())?;
        let library = Library::open(&file).expect("a library");
        // SAFETY: the library is the one above.
        let counters = unsafe { libloading::Library::new(&file) }.expect("a library");
        Some(Self { library, counters, _folder: folder })
    }

    fn counter(&self, name: &str) -> c_int {
        // SAFETY: the counters are integers, and no call is under way.
        unsafe { **self.counters.get::<*const c_int>(name.as_bytes()).expect("a counter") }
    }

    /// The plug-in of this name.
    fn plugin(&self, name: &str) -> Result<Plugin, VampError> {
        let plugins = self.library.plugins();
        let index = plugins.iter().position(|spec| spec.as_ref().is_ok_and(|spec| spec.identifier == name));
        Plugin::instantiate(&self.library, index.expect("a plug-in") as u32, 48_000.0)
    }

    fn running(&self, name: &str) -> Running {
        self.plugin(name).expect("an instance").initialise(1, 4, 4).expect("a running plug-in")
    }
}

#[test]
fn what_a_plug_in_says() {
    let Some(odd) = Odd::new() else { return };
    let plugins = odd.library.plugins();
    let plain = plugins[0].as_ref().expect("a plug-in");
    assert_eq!((plain.identifier.as_str(), plain.name.as_str()), ("plain", "Pl\u{e4}in"));
    assert_eq!((plain.description.as_str(), plain.maker.as_str(), plain.copyright.as_str()), ("", "", ""));
    assert_eq!((plain.version, plain.api_version, plain.input_domain), (-3, 2, InputDomain::Time));
    assert_eq!(plain.programs, ["soft", "", "loud"]);
    let [gain, level, toggle] = &plain.parameters[..] else { panic!("{:?}", plain.parameters) };
    assert_eq!((gain.min, gain.max, gain.default, &gain.quantize), (-10.0, 10.0, 2.0, &None));
    let level = level.quantize.as_ref().expect("steps");
    assert_eq!(level.names, ["low", "caf\u{fffd}", "high"]);
    assert_eq!(toggle.quantize.as_ref().expect("steps").names, ["off", "on"]);
}

#[test]
fn one_bad_plug_in_spoils_no_other() {
    let Some(odd) = Odd::new() else { return };
    let plugins = odd.library.plugins();
    assert_eq!(plugins.len(), 19);
    let faults: Vec<_> = plugins.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    assert_eq!(
        faults,
        [
            "many-parameters claims 2147483647 parameters, more than 4096",
            "null-parameters broke the interface: its list of 3 parameters is null",
            "plug-in 4 has no identifier",
            "version-9 is for version 9 of the Vamp interface, which is not 1 or 2",
            "bad-domain broke the interface: there is no input domain 5",
        ]
    );
}

#[test]
fn a_plug_in_that_does_not_start() {
    let Some(odd) = Odd::new() else { return };
    let error = odd.plugin("lacking").expect_err("it lacks a function");
    assert_eq!(error.to_string(), "lacking lacks the function process");
    let error = odd.plugin("not-created").expect_err("no instance");
    assert_eq!(error.to_string(), "not-created cannot be created for 48000 Hz");
    for (name, expect) in [
        ("refusing", "refusing refuses 1 channels in blocks of 4 samples, 4 apart"),
        ("many-outputs", "many-outputs claims 4294967295 outputs, more than 4096"),
        ("many-bins", "many-bins claims 2147483648 bins, more than 1048576"),
        ("bad-sample-type", "bad-sample-type broke the interface: there is no sample type 7 (sum)"),
        ("null-output", "null-output broke the interface: its list of 1 output is null"),
    ] {
        let error = odd.plugin(name).expect("an instance").initialise(1, 4, 4).expect_err("a fault");
        assert_eq!(error.to_string(), expect);
    }
    assert_eq!(odd.counter("odd_instances"), 0);
    assert_eq!(odd.counter("odd_faults"), 0);
}

#[test]
fn configuration() {
    let Some(odd) = Odd::new() else { return };
    let mut plugin = odd.plugin("plain").expect("an instance");
    assert_eq!((plugin.preferred_step(), plugin.preferred_block()), (None, Some(96)));
    assert_eq!((plugin.min_channels(), plugin.max_channels()), (1, 2));
    plugin.set_parameter(0, -10.0).expect("gain");
    assert_eq!(plugin.parameter(0).expect("gain"), -10.0);
    let error = plugin.set_parameter(0, 10.5).expect_err("too much");
    assert_eq!(error.to_string(), "10.5 is not within -10..=10 (gain of plain)");
    assert_eq!(plugin.set_parameter(3, 0.0).expect_err("none").to_string(), "plain has no parameter 3");
    assert_eq!(
        plugin.parameter(usize::MAX).expect_err("none").to_string(),
        format!("plain has no parameter {}", usize::MAX)
    );
    plugin.select_program(2).expect("loud");
    assert_eq!((plugin.program(), plugin.parameter(0).expect("gain")), (Some(2), 2.0));
    assert_eq!(plugin.select_program(3).expect_err("none").to_string(), "plain has no program 3");

    // The rate is known only when the step is.
    let rate_of = |outputs: &[agogic_vamp::OutputSpec]| outputs[1].sample_type;
    assert_eq!(rate_of(&plugin.outputs().expect("outputs")), SampleType::FixedSampleRate { rate: 0.0 });
    let running = plugin.initialise(2, 32, 96).expect("a running plug-in");
    assert_eq!((running.channels(), running.step(), running.block()), (2, 32, 96));
    assert_eq!(rate_of(running.outputs()), SampleType::FixedSampleRate { rate: 1500.0 });
    let [sum, pair, notes] = running.outputs() else { panic!("{:?}", running.outputs()) };
    assert_eq!((sum.bin_count, sum.sample_type), (Some(1), SampleType::OneSamplePerStep));
    assert_eq!((pair.bin_count, &pair.bin_names[..]), (Some(2), &["left".to_owned(), String::new()][..]));
    assert_eq!((pair.extents, pair.quantize_step), (Some((-1.0, 1.0)), Some(0.5)));
    assert_eq!((notes.bin_count, notes.has_duration), (None, true));
    drop(running);
    assert_eq!(odd.counter("odd_instances"), 0);
    assert_eq!(odd.counter("odd_released_outputs"), 6);
    assert_eq!(odd.counter("odd_faults"), 0);
}

#[test]
fn features_and_their_order() {
    let Some(odd) = Odd::new() else { return };
    let mut running = odd.plugin("plain").expect("an instance").initialise(2, 4, 4).expect("it runs");
    for _ in 0..2 {
        let block: [&[f32]; 2] = [&[1.0, 2.0, 3.0, 4.0], &[0.5; 4]];
        let features = running.process(&block, RealTime::new(3, 7)).expect("features");
        assert_eq!(features.output(0), [Feature { values: vec![12.0], ..Feature::default() }]);
        assert_eq!(features.output(1), []);
        let note = Feature {
            timestamp: Some(RealTime::new(3, 7)),
            duration: Some(RealTime::new(2, 500_000_000)),
            values: vec![],
            label: "\u{fffd}t\u{e9}".into(),
        };
        assert_eq!(features.output(2), [note, Feature::default()]);
        assert_eq!(features.output(3), []);

        let features = running.process(&block, RealTime::new(3, 8)).expect("null is no error");
        assert!(features.is_empty());
        let mut features = running.remaining().expect("features");
        assert_eq!(features.output(0), []);
        assert_eq!(features.take(1), [Feature { values: vec![2.0, 2.0], ..Feature::default() }]);
        assert!(features.is_empty());

        let error = running.process(&block, RealTime::ZERO).expect_err("it is over");
        assert_eq!(error.to_string(), "plain has finished; it needs a reset first");
        assert!(running.remaining().is_err());
        running.reset();
    }
    assert!(running.remaining().expect("null is no error").is_empty());
    drop(running);
    assert_eq!(odd.counter("odd_released_sets"), 4);
    assert_eq!(odd.counter("odd_instances"), 0);
    assert_eq!(odd.counter("odd_faults"), 0);
}

#[test]
fn plug_ins_of_version_1_have_no_durations() {
    let Some(odd) = Odd::new() else { return };
    let mut running = odd.running("v1");
    assert!(running.outputs().iter().all(|output| !output.has_duration));
    let features = running.process(&[&[0.0; 4]], RealTime::ZERO).expect("features");
    assert_eq!(features.output(2).len(), 2);
    assert!(features.output(2).iter().all(|note| note.duration.is_none()));
}

#[test]
fn features_that_cannot_be_believed() {
    let Some(odd) = Odd::new() else { return };
    for (name, expect) in [
        ("many-features", "many-features claims 4294967295 features, more than 4194304"),
        ("null-features", "null-features broke the interface: its list of 1 features is null"),
        ("many-values", "many-values claims 4294967295 values of a feature, more than 1048576"),
        ("null-values", "null-values broke the interface: its list of 1 values is null"),
    ] {
        let mut running = odd.running(name);
        let error = running.process(&[&[0.0; 4]], RealTime::ZERO).expect_err("a fault");
        assert_eq!(error.to_string(), expect);
    }
    // Released all the same.
    assert_eq!(odd.counter("odd_released_sets"), 4);
    assert_eq!(odd.counter("odd_faults"), 0);
}

#[test]
fn blocks_of_another_shape() {
    let Some(odd) = Odd::new() else { return };
    let mut time = odd.running("plain");
    let mut spectral = odd.running("spectral");
    let four: &[f32] = &[0.0; 4];
    let six: &[f32] = &[0.0; 6];
    for (blocks, expect) in [
        (&[][..], "plain takes 1 channels per call, not 0"),
        (&[four, four], "plain takes 1 channels per call, not 2"),
        (&[six], "plain takes 4 values per channel per call, not 6"),
        (&[four], "spectral takes 6 values per channel per call, not 4"),
    ] {
        let running = if expect.starts_with("plain") { &mut time } else { &mut spectral };
        let error = running.process(blocks, RealTime::ZERO).expect_err("a bad shape");
        assert_eq!(error.to_string(), expect);
    }
    spectral.process(&[six], RealTime::ZERO).expect("features");
    assert_eq!(odd.counter("odd_faults"), 0);
}

#[test]
fn instances_on_many_threads() {
    let Some(odd) = Odd::new() else { return };
    let sum = &|value: f32| {
        let mut running = odd.running("plain");
        let block = [value; 4];
        let features = running.process(&[&block], RealTime::ZERO).expect("features");
        // It goes on and ends on another thread.
        std::thread::spawn(move || running.remaining().map(|rest| rest.output(1).len()))
            .join()
            .expect("a thread")
            .expect("features");
        features.output(0)[0].values[0]
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u8).map(|i| scope.spawn(move || sum(f32::from(i)))).collect();
        for (i, thread) in threads.into_iter().enumerate() {
            assert_eq!(thread.join().expect("a thread"), 4.0 * i as f32);
        }
    });
    assert_eq!(odd.counter("odd_instances"), 0);
    assert_eq!(odd.counter("odd_faults"), 0);
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("text.so");
    std::fs::write(&text, "not a library").expect("a file");
    for path in [folder.path(), &text, &folder.path().join("missing.so")] {
        let error = Library::open(path).expect_err("no library");
        assert!(matches!(error, VampError::NotALibrary { .. }), "{error:?}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
}

/// The error of a library that is made of this source.
fn refused(source: &str) -> Option<VampError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("source.c");
    std::fs::write(&path, source).expect("a file");
    compile(&path, folder.path()).map(|file| Library::open(&file).expect_err("no plug-ins"))
}

#[test]
fn a_library_of_another_kind() {
    let Some(error) = refused("int vampGetNothing(void) { return 0; }\n") else { return };
    assert!(matches!(error, VampError::NoEntry { .. }), "{error:?}");
}

#[test]
fn a_function_that_is_nowhere_is_missed_at_once() {
    let source = "int nowhere(void); int vampGetPluginDescriptor(void) { return nowhere(); }\n";
    let Some(error) = refused(source) else { return };
    assert!(error.to_string().contains("nowhere"), "{error}");
}
