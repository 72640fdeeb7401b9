//! Odd input to the calculators of spectral shape, chroma, cepstrum, energy and zero
//! crossings: the values that their documentation promises, and no others.

mod signals;

use agogic_calculator::{Calculator, Collected, Setup};
use agogic_chroma::Chroma;
use agogic_hpss::Hpss;
use agogic_mel::Mel;
use agogic_mfcc::Mfcc;
use agogic_rms::Rms;
use agogic_spectral::Spectral;
use agogic_spectrum::SpectrumDecibels;
use agogic_zero_crossings::ZeroCrossings;

// Outputs of `Spectral`.
const CENTROID: usize = 0;
const BANDWIDTH: usize = 1;
const ROLLOFF: usize = 2;
const FLATNESS: usize = 3;
const FLUX: usize = 4;
const CREST: usize = 5;
const CONTRAST: usize = 6;

fn setup<C: Calculator>(rate: u32) -> Setup {
    Collected::setup::<C>(rate, 1, 1025)
}

fn run<C: Calculator>(rate: u32, samples: &[f32]) -> Collected {
    signals::run::<C>(&setup::<C>(rate), samples, 1000)
}

fn mfcc(rate: u32, samples: &[f32]) -> Collected {
    signals::run_on::<Mel, Mfcc>(&setup::<Mel>(rate), &setup::<Mfcc>(rate), samples, 1000)
}

/// All outputs of a calculator.
fn outputs<C: Calculator>(got: &Collected) -> impl Iterator<Item = &[f32]> {
    (0..C::describe().descriptors.len()).map(|output| got.frames(output))
}

#[track_caller]
fn all(values: &[f32], expect: f32) {
    assert!(!values.is_empty() && values.iter().all(|&value| value == expect), "not {expect}: {values:?}");
}

#[test]
fn silence() {
    for samples in [1, 100, 2048, 10_000] {
        let silence = vec![0.0; samples];
        let spectral = run::<Spectral>(44_100, &silence);
        for output in [CENTROID, BANDWIDTH, ROLLOFF, FLUX, CREST, CONTRAST] {
            all(spectral.frames(output), 0.0);
        }
        all(spectral.frames(FLATNESS), 1.0);
        all(run::<Chroma>(44_100, &silence).frames(0), 0.0);
        all(run::<Rms>(44_100, &silence).frames(1), 0.0);
        all(run::<ZeroCrossings>(44_100, &silence).frames(0), 0.0);
        let mfcc = mfcc(44_100, &silence);
        for row in mfcc.frames(0).chunks(20) {
            assert!((row[0] + 1131.371).abs() < 1e-3 && row[1..].iter().all(|x| x.abs() < 1e-3), "{row:?}");
        }
        assert!(mfcc.frames(1).iter().chain(mfcc.frames(2)).all(|slope| slope.abs() < 1e-3));
    }
}

#[test]
fn direct_current() {
    let got = run::<Spectral>(44_100, &[0.5; 20_000]);
    let inner = 4..20_000 / 512 - 4;
    // All of it is in bins 0 and 1, of which the latter has half the magnitude.
    let hz_per_bin = 44_100.0 / 2048.0;
    for frame in inner.clone() {
        assert!((got.frames(CENTROID)[frame] - hz_per_bin / 3.0).abs() < 0.01);
        assert!((got.frames(ROLLOFF)[frame] - hz_per_bin).abs() < 0.01);
        assert!((got.frames(CREST)[frame] - 1025.0 / 1.5).abs() < 0.1);
        assert!(got.frames(FLATNESS)[frame] < 1e-10);
        assert!(got.frames(FLUX)[frame] < 1e-3);
    }
    all(&run::<Rms>(44_100, &[0.5; 20_000]).frames(1)[inner], 512.0);
    all(run::<ZeroCrossings>(44_100, &[-0.5; 20_000]).frames(0), 0.0);
}

#[test]
fn a_click_has_a_flat_spectrum() {
    let mut click = vec![0.0; 4096];
    click[2048] = 1.0;
    let got = run::<Spectral>(48_000, &click);
    let frame = 4;
    assert!((got.frames(CENTROID)[frame] - 12_000.0).abs() < 0.1);
    assert!((got.frames(FLATNESS)[frame] - 1.0).abs() < 1e-5);
    assert!((got.frames(CREST)[frame] - 1.0).abs() < 1e-5);
    // Magnitude 1 in all 1025 bins; the window lets none of it through before.
    assert!((got.frames(FLUX)[frame] - (1025f32 * 0.25).sqrt()).abs() < 1e-3);
    assert!(got.frames(CONTRAST)[7 * frame..][..7].iter().all(|contrast| contrast.abs() < 1e-4));
}

/// Values are finite and, where the description says so, within their range.
fn check_values<C: Calculator>(rate: u32, samples: &[f32]) {
    check_finite::<C>(&run::<C>(rate, samples), rate, samples);
}

fn check_finite<C: Calculator>(got: &Collected, rate: u32, samples: &[f32]) {
    for (values, descriptor) in outputs::<C>(got).zip(C::describe().descriptors) {
        let (least, greatest) = descriptor.range.unwrap_or((f32::MIN, f32::MAX));
        let fine = |value: &f32| (least..=greatest).contains(value);
        assert!(values.iter().all(fine), "{} at {rate} Hz, {} samples", descriptor.id, samples.len());
    }
}

#[test]
fn values_are_finite_whatever_the_rate_length_and_level() {
    let noise: Vec<f32> = signals::noise(9000).into_iter().map(|x| x as f32).collect();
    let clipped: Vec<f32> = noise.iter().map(|x| (x * 1e3).clamp(-1.0, 1.0)).collect();
    let loud: Vec<f32> = noise.iter().map(|x| x * 1e12).collect();
    let faint: Vec<f32> = noise.iter().map(|x| x * 1e-21).collect();
    let high: Vec<f32> = (0..9000).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
    for rate in [8000, 22_050, 44_100, 192_000] {
        for audio in [&noise, &clipped, &loud, &faint, &high] {
            for length in [0, 1, 2, 1023, 2047, 9000] {
                check_values::<Spectral>(rate, &audio[..length]);
                check_values::<Hpss>(rate, &audio[..length]);
                check_values::<SpectrumDecibels>(rate, &audio[..length]);
                check_values::<Chroma>(rate, &audio[..length]);
                check_finite::<Mfcc>(&mfcc(rate, &audio[..length]), rate, &audio[..length]);
                check_values::<Rms>(rate, &audio[..length]);
                check_values::<ZeroCrossings>(rate, &audio[..length]);
            }
        }
    }
}

#[test]
fn bands_above_half_the_rate_have_no_contrast() {
    let noise: Vec<f32> = signals::noise(9000).into_iter().map(|x| x as f32).collect();
    let got = run::<Spectral>(8000, &noise);
    for row in got.frames(CONTRAST).chunks(7) {
        assert!(row[5] > 1.0 && row[6] == 0.0, "{row:?}");
    }
}

#[test]
fn a_bad_sample_leaves_gaps_only_where_frames_hold_it() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut samples: Vec<f32> = signals::noise(20_000).into_iter().map(|x| x as f32).collect();
        samples[10_000] = bad;
        // Frames 18 to 21 hold the sample; the flux also looks back, slopes look four frames
        // either way.
        let check = |values: &[f32], width: usize, gaps: std::ops::Range<usize>| {
            assert_eq!(values.len(), 40 * width);
            for (frame, row) in values.chunks(width).enumerate() {
                assert!(row.iter().all(|x| x.is_nan() == gaps.contains(&frame)), "frame {frame}: {row:?}");
            }
        };
        for top_db in [0.0, 80.0] {
            let run = |setup: Setup, run: fn(&Setup, &[f32], usize) -> Collected| {
                let mut setup = setup;
                if let Some(param) = setup.params.0.get_mut("top_db") {
                    *param = top_db.into();
                }
                run(&setup, &samples, 1000)
            };
            let spectral = run(setup::<Spectral>(44_100), signals::run::<Spectral>);
            for output in [CENTROID, BANDWIDTH, ROLLOFF, FLATNESS, CREST] {
                check(spectral.frames(output), 1, 18..22);
            }
            check(spectral.frames(FLUX), 1, 18..23);
            check(spectral.frames(CONTRAST), 7, 18..22);
            check(run(setup::<Chroma>(44_100), signals::run::<Chroma>).frames(0), 12, 18..22);
            let mel = run(setup::<Mel>(44_100), signals::run::<Mel>);
            check(mel.frames(0), 128, 18..22);
            let mfcc = run(setup::<Mel>(44_100), |mel, samples, block| {
                signals::run_on::<Mel, Mfcc>(mel, &setup::<Mfcc>(44_100), samples, block)
            });
            check(mfcc.frames(0), 20, 18..22);
            check(mfcc.frames(1), 20, 14..26);
            check(mfcc.frames(2), 20, 14..26);
        }
    }
}
