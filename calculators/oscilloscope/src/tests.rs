//! Frames against their definition, however blocks are cut.

use super::*;
use agogic_calculator::Collected;

fn setup(changes: &[(&str, i64)]) -> Setup {
    let mut setup = Collected::setup::<Oscilloscope>(44_100, 1, 1);
    for &(name, value) in changes {
        setup.params.0.insert(name.into(), value.into());
    }
    setup
}

fn run(setup: &Setup, samples: &[f32], size: usize) -> [Vec<f32>; 2] {
    let blocks = samples.chunks(size).zip((0..).step_by(size));
    let blocks = blocks.filter_map(|(piece, at)| Block::new(at, piece.len(), 1, 1, piece));
    let got = Collected::run::<Oscilloscope>(setup, blocks).expect("a result");
    [got.frames(PERIODIC).to_vec(), got.frames(TRIGGERED).to_vec()]
}

fn tone(samples: usize, period: f64) -> Vec<f32> {
    (0..samples).map(|i| (0.5 * (std::f64::consts::TAU * (i as f64 + 0.25) / period).sin()) as f32).collect()
}

/// The window around a sample by its definition.
fn window(samples: &[f32], middle: i64, points: usize, step: i64) -> Vec<f32> {
    let at = |k: usize| middle + (k as i64 - (points / 2) as i64) * step;
    let sample = |at: i64| usize::try_from(at).ok().and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
    (0..points).map(|k| sample(at(k))).collect()
}

#[test]
fn frames_are_as_defined_for_any_cutting() {
    let noise: Vec<f32> = (0..3001i32).map(|i| ((i * i) % 2001 - 1000) as f32 / 1000.0).collect();
    for (points, step, hop) in [(512, 1, 735), (1, 1, 100), (5, 7, 64), (64, 3, 2000)] {
        for length in [0, 1, 99, 735, 3001] {
            let samples = &noise[..length];
            let setup = setup(&[("scope_samples", points), ("scope_step", step), ("scope_hop", hop)]);
            let [periodic, triggered] = run(&setup, samples, 65_536);
            let frames = if length > 0 { 1 + length as i64 / hop } else { 0 };
            let expect = |i| window(samples, i * hop, points as usize, step);
            assert_eq!(periodic, (0..frames).flat_map(expect).collect::<Vec<_>>(), "{points} {step} {hop}");
            assert_eq!(triggered.len(), periodic.len());
            for size in [1, 64, 1000] {
                assert_eq!(run(&setup, samples, size), [periodic.clone(), triggered.clone()], "{size}");
            }
        }
    }
}

#[test]
fn a_tone_stands_still() {
    let tone = tone(44_100, 100.3);
    let [_, triggered] = run(&setup(&[]), &tone, 4096);
    // The middle is the first sample at or above zero, up to one sample late.
    let steepest = (0.5 * std::f64::consts::TAU / 100.3) as f32;
    let frames: Vec<_> = triggered.chunks_exact(512).collect();
    for (i, frame) in frames.iter().enumerate() {
        let (before, at) = (frame[255], frame[256]);
        assert!((0.0..=steepest).contains(&at), "frame {i}: {at}");
        assert!(before < 0.0 || i == 0, "frame {i}: {before}");
    }
}

#[test]
fn the_nearest_trigger_within_reach() {
    let mut samples = vec![0.0; 400];
    // Triggers at 51 and 251; a dip at 150 that is too small.
    (samples[50], samples[250], samples[150]) = (-1.0, -1.0, -0.005);
    let changes = |search| setup(&[("scope_samples", 3), ("scope_hop", 50), ("scope_search", search)]);
    let middles = |search| {
        let [_, triggered] = run(&changes(search), &samples, 7);
        let frames = triggered.chunks_exact(3);
        frames.map(|frame| frame == [-1.0, 0.0, 0.0]).collect::<Vec<_>>()
    };
    //                     0     50    100   150    200    250   300   350    400
    assert_eq!(middles(51), [true, true, true, false, true, true, true, false, false]);
    assert_eq!(middles(1), [false, true, false, false, false, true, false, false, false]);
    // Two as near: the earlier.
    let mut near = Triggers::new(100, 0.0);
    near.look(0, &[-1.0, 0.0, 0.0, 0.0, -1.0, 0.0]);
    assert_eq!((near.nearest(3), near.nearest(4)), (Some(1), Some(5)));
}

#[test]
fn dull_and_broken_input() {
    for value in [0.0, 0.7, -0.7, 1e12] {
        let [periodic, triggered] = run(&setup(&[]), &[value; 5000], 999);
        assert_eq!(periodic, triggered);
        assert!(periodic.iter().all(|&x| x == 0.0 || x == value));
    }
    let mut samples = tone(5000, 90.0);
    for (i, bad) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].into_iter().enumerate() {
        samples[1000 * (i + 1)] = bad;
    }
    let [periodic, triggered] = run(&setup(&[]), &samples, 64);
    assert!(periodic.iter().chain(&triggered).all(|x| x.is_finite()));
}

#[test]
fn outputs_are_left_out_and_parameters_checked() {
    Oscilloscope::describe().check().expect("a valid description");
    let mut setup = setup(&[]);
    let all = run(&setup, &tone(5000, 90.0), 64);
    for (number, wanted) in [vec![true, false], vec![false, true]].into_iter().enumerate() {
        setup.wanted = wanted;
        let got = run(&setup, &tone(5000, 90.0), 64);
        assert_eq!((&got[number], got[1 - number].len()), (&all[number], 0));
    }
    setup.params.0.insert("scope_hop".into(), 0.into());
    assert!(
        Oscilloscope::new(&setup).is_err_and(|error| error.to_string() == "scope_hop is missing or below 1")
    );
}
