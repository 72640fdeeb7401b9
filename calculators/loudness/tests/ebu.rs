//! The signals of EBU Tech 3341 (loudness and true peak) and Tech 3342 (loudness
//! range), made anew from their descriptions, and the tolerances that they
//! demand. What they leave out are recordings: signals 7 and 8 of the former, 5
//! and 6 of the latter.

mod support;

use std::f64::consts::TAU;

use support::{Measured, measure, tone};

/// Level in dBFS and length in seconds of a tone of 1 kHz.
type Tones = [(f64, f64)];

const RATES: [u32; 2] = [48_000, 44_100];

#[track_caller]
fn near(got: f64, expect: f64, tolerance: f64) {
    assert!((got - expect).abs() <= tolerance, "{got} is not {expect}");
}

/// Measures stereo tones at both rates.
fn stereo(tones: &Tones, check: impl Fn(Measured)) {
    for rate in RATES {
        let samples = tone(rate, tones);
        check(measure(rate, &["left", "right"], &[&samples, &samples]));
    }
}

/// Tones and their integrated loudness.
#[track_caller]
fn integrated(tones: &Tones, expect: f64) {
    stereo(tones, |got| near(got.integrated, expect, 0.1));
}

/// Tones and their loudness range.
#[track_caller]
fn range(tones: &Tones, expect: f64) {
    stereo(tones, |got| near(got.range, expect, 1.0));
}

/// The frames whose windows lie wholly within a time.
fn within(frames: &[f32], per_second: f64, window: f64, span: (f64, f64)) -> &[f32] {
    let first = ((span.0 + window / 2.0) * per_second).ceil() as usize;
    let last = ((span.1 - window / 2.0) * per_second).floor() as usize;
    &frames[first..=last]
}

fn greatest(frames: &[f32]) -> f64 {
    f64::from(frames.iter().copied().fold(f32::NEG_INFINITY, f32::max))
}

const SHORT_TERM: (f64, f64) = (10.0, 3.0);
const MOMENTARY: (f64, f64) = (50.0, 0.4);

#[track_caller]
fn steady(level: f64) {
    stereo(&[(level, 20.0)], |got| {
        near(got.integrated, level, 0.1);
        for &value in within(&got.short_term, SHORT_TERM.0, SHORT_TERM.1, (0.0, 20.0)) {
            near(value.into(), level, 0.1);
        }
        for &value in within(&got.momentary, MOMENTARY.0, MOMENTARY.1, (0.0, 20.0)) {
            near(value.into(), level, 0.1);
        }
    });
}

#[test]
fn tech_3341_1() {
    steady(-23.0);
}

#[test]
fn tech_3341_2() {
    steady(-33.0);
}

#[test]
fn tech_3341_3() {
    integrated(&[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0);
}

#[test]
fn tech_3341_4() {
    integrated(&[(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0);
}

#[test]
fn tech_3341_5() {
    integrated(&[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0);
}

#[test]
fn tech_3341_6() {
    for rate in RATES {
        let [front, centre, side] = [-28.0, -24.0, -30.0].map(|level| tone(rate, &[(level, 20.0)]));
        let silence = vec![0.0; front.len()];
        let loud = tone(rate, &[(0.0, 20.0)]);
        let names = ["left", "right", "centre", "side-left", "side-right"];
        let got = measure(rate, &names, &[&front, &front, &centre, &side, &side]);
        near(got.integrated, -23.0, 0.1);
        // The same with a channel for effects, silent or not.
        let names = ["left", "right", "centre", "lfe", "rear-left", "rear-right"];
        for effects in [&silence, &loud] {
            let got = measure(rate, &names, &[&front, &front, &centre, effects, &side, &side]);
            near(got.integrated, -23.0, 0.1);
        }
    }
}

#[test]
fn tech_3341_9() {
    stereo(&[(-20.0, 1.34), (-30.0, 1.66)].repeat(5), |got| {
        for &value in within(&got.short_term, SHORT_TERM.0, SHORT_TERM.1, (0.0, 15.0)) {
            near(value.into(), -23.0, 0.1);
        }
    });
}

#[test]
fn tech_3341_10() {
    for n in 0..20 {
        let before = 0.15 * f64::from(n);
        stereo(&[(f64::NEG_INFINITY, before), (-23.0, 3.0), (f64::NEG_INFINITY, 1.0)], |got| {
            near(greatest(&got.short_term), -23.0, 0.1);
        });
    }
}

/// Tones of that length, each a dB louder than the one before and later in its
/// own stretch of twice the length.
fn staircase(tone: f64) -> Vec<(f64, f64)> {
    let silence = f64::NEG_INFINITY;
    let stair = |n: u32| {
        let before = tone / 20.0 * f64::from(n);
        [(silence, before), (f64::from(n) - 38.0, tone), (silence, tone - before)]
    };
    (0..20).flat_map(stair).collect()
}

/// The greatest value of each stretch.
#[track_caller]
fn climbs(frames: &[f32], per_second: f64, stretch: f64) {
    for n in 0..20 {
        let frame = |n: u32| (f64::from(n) * stretch * per_second).round() as usize;
        near(greatest(&frames[frame(n)..frame(n + 1)]), f64::from(n) - 38.0, 0.1);
    }
}

#[test]
fn tech_3341_11() {
    stereo(&staircase(3.0), |got| climbs(&got.short_term, SHORT_TERM.0, 6.0));
}

#[test]
fn tech_3341_12() {
    stereo(&[(-20.0, 0.18), (-30.0, 0.22)].repeat(25), |got| {
        for &value in within(&got.momentary, MOMENTARY.0, MOMENTARY.1, (0.0, 10.0)) {
            near(value.into(), -23.0, 0.1);
        }
    });
}

#[test]
fn tech_3341_13() {
    for n in 0..20 {
        let before = 0.02 * f64::from(n);
        stereo(&[(f64::NEG_INFINITY, before), (-23.0, 0.4), (f64::NEG_INFINITY, 1.0)], |got| {
            near(greatest(&got.momentary), -23.0, 0.1);
        });
    }
}

#[test]
fn tech_3341_14() {
    stereo(&staircase(0.4), |got| climbs(&got.momentary, MOMENTARY.0, 0.8));
}

#[track_caller]
fn true_peak(rate: u32, samples: &[f32], expect: f64) {
    let got = measure(rate, &["mono"], &[samples]).true_peaks[0];
    assert!((expect - 0.4..=expect + 0.2).contains(&got), "{got} is not {expect} dBTP");
}

/// A tone at a part of the sample rate, with a phase in degrees. It comes and
/// goes softly, so that nothing but the tone has a peak.
#[track_caller]
fn tone_peak(parts: f64, phase: f64, amplitude: f64, expect: f64) {
    for rate in [48_000, 44_100, 96_000, 192_000] {
        let (fade, count) = (f64::from(rate) / 100.0, rate / 2);
        let sample = |n: u32| {
            let end = f64::from(n.min(count - n)) / fade;
            let gain = 0.5 - 0.5 * (TAU * end.min(1.0) / 2.0).cos();
            (gain * amplitude * (TAU * (f64::from(n) / parts + phase / 360.0)).sin()) as f32
        };
        let samples: Vec<f32> = (0..count).map(sample).collect();
        // Above 192 kHz nothing is sought in between.
        let sampled = samples.iter().fold(0.0f32, |a, x| a.max(x.abs()));
        let expect = if rate < 192_000 { expect } else { 20.0 * f64::from(sampled).log10() };
        true_peak(rate, &samples, expect);
    }
}

#[test]
fn tech_3341_15() {
    tone_peak(4.0, 0.0, 0.5, -6.0);
}

#[test]
fn tech_3341_16() {
    tone_peak(4.0, 45.0, 0.5, -6.0);
}

#[test]
fn tech_3341_17() {
    tone_peak(6.0, 60.0, 0.5, -6.0);
}

#[test]
fn tech_3341_18() {
    tone_peak(8.0, 67.5, 0.5, -6.0);
}

#[test]
fn tech_3341_19() {
    tone_peak(4.0, 45.0, 1.41, 3.0);
}

/// A tone at a sixth of the rate, 0.5 of full scale, one period of it at full
/// scale: made at four times the rate, low-passed, and every fourth sample of
/// it taken, from sample `offset` on.
fn one_loud_period(offset: i64) -> Vec<f32> {
    const PERIOD: i64 = 24;
    let dense = |n: i64| {
        let amplitude = if (100 * PERIOD..101 * PERIOD).contains(&n) { 1.0 } else { 0.5 };
        let inside = (0..200 * PERIOD).contains(&n);
        if inside { amplitude * (TAU * n as f64 / PERIOD as f64).sin() } else { 0.0 }
    };
    // A sinc under a Blackman window that passes up to half the lower rate.
    let reach = 256;
    let kernel = |k: i64| {
        let (x, w) = (k as f64 / 4.0, TAU * k as f64 / f64::from(2 * reach));
        let sinc = if k == 0 { 1.0 } else { (TAU / 2.0 * x).sin() / (TAU / 2.0 * x) };
        0.25 * sinc * (0.42 + 0.5 * w.cos() + 0.08 * (2.0 * w).cos())
    };
    let kernel: Vec<f64> = (-i64::from(reach)..=i64::from(reach)).map(kernel).collect();
    let low_passed = |n: i64| -> f64 {
        let around = n - i64::from(reach)..=n + i64::from(reach);
        around.zip(&kernel).map(|(at, tap)| tap * dense(at)).sum()
    };
    (0..50 * PERIOD).map(|n| low_passed(4 * n + offset) as f32).collect()
}

#[track_caller]
fn loud_period(offset: i64) {
    for rate in RATES {
        true_peak(rate, &one_loud_period(offset), 0.0);
    }
}

#[test]
fn tech_3341_20() {
    loud_period(0);
}

#[test]
fn tech_3341_21() {
    loud_period(1);
}

#[test]
fn tech_3341_22() {
    loud_period(2);
}

#[test]
fn tech_3341_23() {
    loud_period(3);
}

#[test]
fn tech_3342_1() {
    range(&[(-20.0, 20.0), (-30.0, 20.0)], 10.0);
}

#[test]
fn tech_3342_2() {
    range(&[(-20.0, 20.0), (-15.0, 20.0)], 5.0);
}

#[test]
fn tech_3342_3() {
    range(&[(-40.0, 20.0), (-20.0, 20.0)], 20.0);
}

#[test]
fn tech_3342_4() {
    range(&[(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0);
}
