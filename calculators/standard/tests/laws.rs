//! What holds for every standard calculator: descriptions are valid, results do
//! not depend on how blocks are cut, and short and dull input is no trouble.

mod signals;
mod tracks;

use agogic_beat::{Beat, Pulse};
use agogic_calculator::{Calculator, Collected, Kind, Setup, TrackHeader};
use agogic_chroma::Chroma;
use agogic_hpss::Hpss;
use agogic_mel::Mel;
use agogic_mfcc::Mfcc;
use agogic_onset::{OnsetStrength, OnsetTimes};
use agogic_peaks::Peaks;
use agogic_rms::Rms;
use agogic_spectral::Spectral;
use agogic_spectrum::{PowerSpectrum, Spectrum, SpectrumDecibels};
use agogic_transients::Transients;
use agogic_zero_crossings::ZeroCrossings;

/// All that a calculator gave, bit by bit: per output and plane the values, and
/// the times of the events.
type Bits = Vec<(Vec<Vec<u32>>, Vec<i64>)>;

fn bits<C: Calculator>(setup: &Setup, samples: &[f32], block: usize) -> Bits {
    collected_bits::<C>(&signals::run::<C>(setup, samples, block))
}

fn collected_bits<C: Calculator>(got: &Collected) -> Bits {
    let of_output = |(output, descriptor): (usize, agogic_calculator::DescriptorSpec)| {
        let planes = match descriptor.kind {
            Kind::Dense(_) => 1,
            Kind::Events => 0,
            Kind::Peaks { levels, .. } => levels as usize,
        };
        let values = |plane| got.plane(output, plane).iter().map(|v| v.to_bits()).collect();
        let times = got.events(output).iter().map(|event| event.at.0).collect();
        ((0..planes).map(values).collect(), times)
    };
    C::describe().descriptors.into_iter().enumerate().map(of_output).collect()
}

fn setup<C: Calculator>(n_fft: u32, changes: &[(&str, i64)]) -> Setup {
    let mut setup = Collected::setup::<C>(22_050, 1, n_fft / 2 + 1);
    for (name, value) in [("n_fft", i64::from(n_fft)), ("win_length", i64::from(n_fft))].iter().chain(changes)
    {
        if let Some(param) = setup.params.0.get_mut(*name) {
            *param = (*value).into();
        }
    }
    setup
}

fn check_blocks<C: Calculator>() {
    let drums = &signals::signal("drums")[..30_000];
    let transforms: [(u32, &[(&str, i64)]); 2] = [
        (2048, &[]),
        // Odd lengths, and hops that share no factor with them.
        (255, &[("hop_length", 100), ("win_length", 201), ("frame_length", 255), ("peak_hop", 10)]),
    ];
    for (n_fft, changes) in transforms {
        for top_db in [0.0, 80.0] {
            let mut setup = setup::<C>(n_fft, changes);
            if let Some(param) = setup.params.0.get_mut("top_db") {
                *param = top_db.into();
            }
            let whole = bits::<C>(&setup, drums, 65_536);
            for block in [1, 7, 64, 1000] {
                assert!(whole == bits::<C>(&setup, drums, block), "blocks of {block}, n_fft {n_fft}");
            }
        }
    }
}

#[test]
fn blocks_may_be_cut_anywhere() {
    check_blocks::<Mel>();
    check_blocks::<Spectrum>();
    check_blocks::<PowerSpectrum>();
    check_blocks::<SpectrumDecibels>();
    check_blocks::<Hpss>();
    check_blocks::<Peaks>();
    check_blocks::<Rms>();
    check_blocks::<Spectral>();
    check_blocks::<Chroma>();
    check_blocks::<ZeroCrossings>();
}

fn check_derived<C: Calculator>(inputs: &[&(TrackHeader, Vec<f32>)]) {
    let run = |block| collected_bits::<C>(&tracks::derived_of::<C>(inputs, block));
    let whole = run(65_536);
    for block in [1, 7, 64, 1000] {
        assert!(whole == run(block), "blocks of {block}");
    }
}

#[test]
fn tracks_may_be_cut_anywhere() {
    let drums = signals::signal("drums");
    let mel = tracks::mel(&drums, 80.0);
    check_derived::<OnsetStrength>(&[&mel]);
    let strength = tracks::strength(&drums, 80.0);
    check_derived::<OnsetTimes>(&[&strength]);
    check_derived::<Beat>(&[&strength, &mel]);
    check_derived::<Pulse>(&[&strength]);
}

/// Frames on the only or finest plane of output 0, for so many samples.
fn frames<C: Calculator>(samples: &[f32]) -> usize {
    let got = signals::run::<C>(&setup::<C>(2048, &[]), samples, 1000);
    let values = got.frames(0);
    assert!(values.iter().all(|value| value.is_finite()));
    let width = match C::describe().id.as_str() {
        "agogic.mel" => 128,
        "agogic.spectrum" => 1025,
        "agogic.peaks" => 2,
        "agogic.chroma" => 12,
        _ => 1,
    };
    assert_eq!(values.len() % width, 0);
    values.len() / width
}

#[test]
fn counts_of_frames() {
    for (samples, expect, peaks) in
        [(0, 0, 0), (1, 1, 1), (2, 1, 1), (511, 1, 2), (512, 2, 2), (513, 2, 3), (4096, 9, 16), (4097, 9, 17)]
    {
        let noise: Vec<f32> = signals::noise(samples).into_iter().map(|x| x as f32).collect();
        for audio in [noise, vec![0.0; samples], vec![1.0; samples]] {
            assert_eq!(frames::<Mel>(&audio), expect);
            assert_eq!(frames::<Spectrum>(&audio), expect);
            assert_eq!(frames::<Hpss>(&audio), expect);
            assert_eq!(tracks::strength(&audio, 0.0).1.len(), expect);
            assert_eq!(frames::<Rms>(&audio), expect);
            assert_eq!(frames::<Spectral>(&audio), expect);
            assert_eq!(frames::<Chroma>(&audio), expect);
            let (mel, mfcc) = (setup::<Mel>(2048, &[]), setup::<Mfcc>(2048, &[]));
            let mfcc = signals::run_on::<Mel, Mfcc>(&mel, &mfcc, &audio, 1000);
            assert!((0..3).all(|output| mfcc.frames(output).len() == expect * 20));
            assert_eq!(frames::<ZeroCrossings>(&audio), expect);
            assert_eq!(frames::<Peaks>(&audio), peaks);
        }
    }
}

#[test]
fn silence_and_direct_current() {
    let run = |value: f32| {
        let audio = [value; 10_000];
        (
            signals::run::<Mel>(&setup::<Mel>(2048, &[]), &audio, 99),
            tracks::strength(&audio, 0.0),
            signals::run::<Rms>(&setup::<Rms>(2048, &[]), &audio, 99),
            signals::run::<Peaks>(&setup::<Peaks>(2048, &[]), &audio, 99),
        )
    };
    let (mel, onset, rms, peaks) = run(0.0);
    assert!(mel.frames(0).iter().all(|&db| db == -100.0));
    assert!(onset.1.iter().all(|&strength| strength == 0.0));
    assert!(tracks::derived::<OnsetTimes>(&onset, 99).events(0).is_empty());
    assert!(rms.frames(0).iter().chain(peaks.frames(0)).all(|&value| value == 0.0));

    let (_, onset, rms, peaks) = run(-0.5);
    assert!(onset.1[..3].iter().all(|&strength| strength == 0.0));
    assert_eq!(rms.frames(0)[2..17], [0.5; 15]);
    assert!(peaks.frames(0).iter().all(|&value| value == -0.5));
}

#[test]
fn descriptions_hold() {
    let specs = [
        Beat::describe(),
        Pulse::describe(),
        Mel::describe(),
        Spectrum::describe(),
        PowerSpectrum::describe(),
        SpectrumDecibels::describe(),
        Hpss::describe(),
        Transients::describe(),
        OnsetStrength::describe(),
        OnsetTimes::describe(),
        Peaks::describe(),
        Rms::describe(),
        Spectral::describe(),
        Chroma::describe(),
        Mfcc::describe(),
        ZeroCrossings::describe(),
    ];
    for spec in specs {
        assert_eq!(spec.check(), Ok(()));
        assert!(!spec.about.is_empty() && spec.params.iter().all(|param| !param.about.is_empty()));
        assert!(spec.descriptors.iter().all(|descriptor| !descriptor.about.is_empty()));
    }
}
