//! Vamp plug-ins driven as calculators: the odd ones of `agogic-vamp`'s tests,
//! compiled by the system's C compiler. Where there is none, or not the header
//! `vamp/vamp.h`, the tests say so and pass.

#![allow(clippy::print_stderr, reason = "a test's own report")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use agogic_schema::{CalculatorId, Event, ParamValue, Profile, Version};
use agogic_timebase::SampleRate;

use crate::{
    CallError, Isolation, Prepared, ReceiveError, Receiver, Registry, Session, Source, Task, library,
};

/// The plug-ins of `odd.c`, in a library of this test's own.
fn odd() -> Option<(Registry, Vec<String>)> {
    let header = ["-E", "-x", "c", "-include", "vamp/vamp.h", "-"];
    let probe = Command::new("cc").args(header).stdin(Stdio::null()).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("skipped: no C compiler or no vamp/vamp.h (Debian: vamp-plugin-sdk)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vamp/tests/odd.c");
    let file = folder.path().join(format!("Odd.{}", std::env::consts::DLL_EXTENSION));
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&file).arg(source).status().unwrap();
    assert!(built.success());
    let mut registry = Registry::default();
    let library = library::load(&file).unwrap();
    let manifest = library.manifest().unwrap();
    registry.add_plugin(&file, &manifest, |_| Ok((Isolation::None, Arc::clone(&library)))).unwrap();
    Some((registry, manifest.refused))
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<f32>>>);

impl Receiver for Kept {
    fn frames(&mut self, _: usize, values: &[f32]) -> Result<(), ReceiveError> {
        self.0.lock().unwrap().extend_from_slice(values);
        Ok(())
    }
    fn events(&mut self, _: &[Event]) -> Result<(), ReceiveError> {
        Ok(())
    }
    fn raise_floor(&mut self, _: f32) -> Result<(), ReceiveError> {
        Ok(())
    }
}

/// Runs a plug-in over 300 samples that are all 1. Start and hop of the output
/// of this number, and its values, or why there are none.
fn run(
    registry: &Registry,
    plugin: &str,
    output: usize,
    channels: usize,
    params: &[(&str, ParamValue)],
) -> Result<((i64, u32), Vec<f32>), String> {
    let id = CalculatorId::new(format!("vamp:odd:{plugin}")).unwrap();
    let calculator = registry.calculator(&id).expect("the plug-in");
    let mut profile = Profile::built_in("default").unwrap();
    profile.params = params.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    let names = (0..channels).map(|i| format!("channel {i}")).collect();
    let source = Source { rate: SampleRate::new(8000).unwrap(), channels: names };
    let prepared = Prepared::new(calculator, &profile, &source).map_err(|error| error.to_string())?;
    let place = prepared.headers[output].planes.first().copied().unwrap_or_default();
    let kept = Kept::default();
    let receivers = (0..3).map(|i| (i == output).then(|| kept.clone())).collect();
    let cancel = AtomicBool::new(false);
    let mut session = Session::new(&source, vec![Task { prepared, receivers }], vec![], &cancel);
    for _ in 0..3 {
        session.push(&vec![1.0; 100 * channels], 100);
    }
    let outcome = session.finish().pop().expect("an outcome");
    outcome.result.map_err(|error: CallError| error.to_string())?;
    let values = kept.0.lock().unwrap().clone();
    Ok((place, values))
}

/// As text, since NaN is no equal of itself.
#[track_caller]
fn check(found: Result<((i64, u32), Vec<f32>), String>, expect: ((i64, u32), &[f32])) {
    assert_eq!(format!("{:?}", found.expect("values")), format!("{expect:?}"));
}

#[test]
fn what_cannot_be_used_is_named_and_harms_no_other() {
    let Some((registry, reasons)) = odd() else { return };
    let known: Vec<_> = registry.calculators().map(|found| found.spec.id.as_str()).collect();
    let expect = ["many-features", "many-values", "null-features", "null-values", "plain", "spectral", "v1"];
    assert_eq!(known, expect.map(|name| format!("vamp:odd:{name}")));
    for calculator in registry.calculators() {
        // -3 in the plug-in's own words.
        assert_eq!(calculator.spec.version, Version::new(0, 0, 0));
        assert_eq!(calculator.spec.fingerprint.as_ref().map(String::len), Some(64));
    }
    assert_eq!(reasons.len(), 12, "{reasons:#?}");
    for part in ["version-9", "lacking", "refusing", "not-created", "many-bins", "null-output"] {
        assert!(reasons.iter().any(|reason| reason.contains(part)), "{part}: {reasons:#?}");
    }
}

#[test]
fn frames_for_blocks() {
    let Some((registry, _)) = odd() else { return };
    let nan = f32::NAN;
    // Nothing is found in the second block; the last one is filled up with zeros.
    check(run(&registry, "plain", 0, 1, &[]), ((48, 96), &[96.0, nan, 96.0, 12.0]));
    check(run(&registry, "plain", 0, 2, &[]), ((48, 96), &[192.0, nan, 192.0, 24.0]));
    // More channels than it takes are mixed down.
    check(run(&registry, "plain", 0, 6, &[]), ((48, 96), &[96.0, nan, 96.0, 12.0]));
    let lengths = [("step_size", 100.into()), ("block_size", 200.into())];
    check(run(&registry, "plain", 0, 1, &lengths), ((100, 100), &[200.0, nan]));
    // Blocks for spectra begin half a block before the audio.
    let (place, values) = run(&registry, "spectral", 0, 1, &[]).expect("values");
    assert_eq!((place, values.len()), ((0, 48), 7));
}

#[test]
fn parameters_and_programs_reach_the_plug_in() {
    let Some((registry, _)) = odd() else { return };
    // The number of calls and the gain, told at the end.
    let gain = |params: &[(&str, ParamValue)]| {
        let (place, values) = run(&registry, "plain", 1, 1, params)?;
        // The other frames have no feature.
        assert_eq!((place, values.len(), values[0]), ((0, 96), 8, 4.0));
        Ok::<f32, String>(values[1])
    };
    assert_eq!(gain(&[]), Ok(2.0));
    assert_eq!(gain(&[("gain", 5.5.into())]), Ok(5.5));
    assert_eq!(gain(&[("vamp:odd:plain.gain", (-1.0).into())]), Ok(-1.0));
    assert_eq!(gain(&[("program", "soft".into())]), Ok(0.0));
    assert_eq!(gain(&[("program", "soft".into()), ("gain", 3.0.into())]), Ok(3.0));
    for (params, expect) in [
        ([("gain", 10.5.into())], "must be a number from -10 to 10"),
        ([("program", "rock".into())], "must be one of none, soft, loud"),
        ([("toggle", "maybe".into())], "must be one of off, on"),
        ([("block_size", (1 << 21).into())], "must be a whole number from 0 to 1048576"),
    ] {
        let error = gain(&params).expect_err(expect);
        assert!(error.contains(expect), "{error}");
    }
}

#[test]
fn what_breaks_the_rules_fails_with_a_reason() {
    let Some((registry, _)) = odd() else { return };
    for (plugin, output, expect) in [
        ("plain", 2, "the calculator broke the interface: vamp:odd:plain:notes has a feature without a time"),
        ("many-features", 0, "features"),
        ("null-features", 0, "null-features broke the interface"),
        ("many-values", 0, "values"),
        ("null-values", 0, "null-values broke the interface"),
    ] {
        let error = run(&registry, plugin, output, 1, &[]).expect_err(expect);
        assert!(error.contains(expect) && error.lines().count() == 1, "{plugin}: {error}");
    }
}
