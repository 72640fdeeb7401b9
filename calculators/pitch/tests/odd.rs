//! Odd input and odd parameters: the values that the documentation promises.

#[path = "../../standard/tests/signals/mod.rs"]
mod signals;

use agogic_calculator::{Calculator, Collected, ParamValue};
use agogic_pitch::{Pyin, Yin};

fn run<C: Calculator>(rate: u32, changes: &[(&str, ParamValue)], samples: &[f32]) -> Collected {
    let mut setup = Collected::setup::<C>(rate, 1, 1);
    for (name, value) in changes {
        setup.params.0.insert((*name).into(), value.clone());
    }
    signals::run::<C>(&setup, samples, 1000)
}

#[track_caller]
fn all(values: &[f32], holds: impl Fn(f32) -> bool) {
    assert!(!values.is_empty() && values.iter().all(|&value| holds(value)), "{values:?}");
}

#[test]
fn silence() {
    for samples in [1, 100, 2048, 10_000] {
        let yin = run::<Yin>(44_100, &[], &vec![0.0; samples]);
        all(yin.frames(0), |f0| f0 == 2100.0);
        all(yin.frames(1), |confidence| confidence == 0.0);
        let pyin = run::<Pyin>(44_100, &[], &vec![0.0; samples]);
        all(pyin.frames(0), f32::is_nan);
        all(pyin.frames(1), |probability| probability == 0.0);
        assert_eq!((yin.frames(0).len(), pyin.frames(0).len()), (1 + samples / 512, 1 + samples / 512));
    }
    assert!(run::<Yin>(44_100, &[], &[]).frames(0).is_empty());
    assert!(run::<Pyin>(44_100, &[], &[]).frames(0).is_empty());
}

#[test]
fn rates_and_loudness() {
    for rate in [8000, 11_025, 22_050, 48_000, 96_000, 192_000] {
        let tone = |gain: f64| -> Vec<f32> {
            let at = |i: u32| (std::f64::consts::TAU * 440.0 * f64::from(i) / f64::from(rate)).sin() * gain;
            (0..rate.max(20_000) / 2).map(|i| at(i).clamp(-1e12, 1e12) as f32).collect()
        };
        // Clipped at 1e12 by its gain, and as it is.
        for samples in [tone(0.5), tone(1e-6), tone(1e13)] {
            let yin = run::<Yin>(rate, &[], &samples);
            let inner = 6..yin.frames(0).len() - 6;
            all(&yin.frames(0)[inner.clone()], |f0| (f0 / 440.0 - 1.0).abs() < 0.02);
            all(&yin.frames(1)[inner.clone()], |confidence| (0.4..=1.0).contains(&confidence));
            let pyin = run::<Pyin>(rate, &[], &samples);
            let voiced = pyin.frames(0)[inner].iter().filter(|f0| f0.is_finite());
            all(&voiced.copied().collect::<Vec<_>>(), |f0| (f0 / 440.0 - 1.0).abs() < 0.02);
            all(pyin.frames(1), |probability| (0.0..=1.0).contains(&probability));
        }
    }
}

#[test]
fn values_stay_finite() {
    for samples in [vec![0.5; 20_000], vec![1e12; 5000], vec![1.0], vec![-1.0; 3], vec![1e-25; 3000]] {
        let yin = run::<Yin>(44_100, &[], &samples);
        all(yin.frames(0), |f0| (65.0..=2101.0).contains(&f0));
        all(yin.frames(1), |confidence| (0.0..=1.0).contains(&confidence));
        all(run::<Pyin>(44_100, &[], &samples).frames(1), |probability| (0.0..=1.0).contains(&probability));
    }
}

#[test]
fn what_is_no_number_spoils_only_its_frames() {
    let tone: Vec<f32> = (0..30_000u16).map(|i| (f32::from(i) * 0.06).sin()).collect();
    for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
        let mut spoilt = tone.clone();
        spoilt[15_000] = bad;
        let (yin, clean) = (run::<Yin>(44_100, &[], &spoilt), run::<Yin>(44_100, &[], &tone));
        let pyin = run::<Pyin>(44_100, &[], &spoilt);
        for frame in 0..yin.frames(0).len() {
            let hit = (15_001 - 1024..=15_000 + 1024).contains(&(frame * 512));
            assert_eq!(yin.frames(0)[frame].is_nan(), hit, "{bad}, frame {frame}");
            assert_eq!(pyin.frames(1)[frame] == 0.0, hit, "{bad}, frame {frame}");
            if hit {
                assert!(yin.frames(1)[frame] == 0.0 && pyin.frames(0)[frame].is_nan());
            } else {
                assert!((yin.frames(0)[frame] / clean.frames(0)[frame] - 1.0).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn odd_parameters() {
    let tone: Vec<f32> = (0..9000u16).map(|i| (f32::from(i) * 0.06).sin()).collect();
    for (frame_length, hop) in [(1000i64, 333i64), (2047, 1), (4096, 9000), (256, 256)] {
        let changes = [("frame_length", frame_length.into()), ("hop_length", hop.into())];
        let tone = &tone[..if hop == 1 { 200 } else { 9000 }];
        let frames = 1 + tone.len() / hop as usize;
        assert_eq!(run::<Yin>(44_100, &changes, tone).frames(0).len(), frames);
        assert_eq!(run::<Pyin>(44_100, &changes, tone).frames(0).len(), frames);
    }
    for changes in [
        [("resolution", ParamValue::Float(0.3)), ("max_transition_rate", ParamValue::Float(1000.0))],
        [("n_thresholds", ParamValue::Integer(1)), ("beta_a", ParamValue::Integer(100))],
        [("fmin", ParamValue::Float(430.0)), ("fmax", ParamValue::Float(470.0))],
    ] {
        all(run::<Pyin>(44_100, &changes, &tone).frames(1), |probability| (0.0..=1.0).contains(&probability));
    }
    let refused = |changes: &[(&str, ParamValue)]| {
        let mut setup = Collected::setup::<Yin>(44_100, 1, 1);
        changes.iter().for_each(|(name, value)| drop(setup.params.0.insert((*name).into(), value.clone())));
        Yin::new(&setup).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused(&[("fmin", 3000.0.into())]).contains("fmin"));
    assert!(refused(&[("fmin", 22_000.0.into()), ("fmax", 50_000.0.into())]).is_empty());
    assert!(refused(&[("fmin", 22_060.0.into()), ("fmax", 50_000.0.into())]).contains("fmin"));
    assert!(refused(&[("frame_length", 16.into())]).contains("frame_length"));
}
