//! Odd input, blocks cut anywhere, and the figures of libebur128's counterpart
//! in Rust.

mod support;

use support::{measure, run, setup, tone};

/// Five seconds of noise of changing level and colour.
fn programme(rate: u32, seed: u32) -> Vec<f32> {
    let (mut state, mut smooth) = (seed, 0.0f32);
    let sample = |n: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = state as i32 as f32 / 2f32.powi(31);
        smooth += 0.25 * (noise - smooth);
        let gain = [0.9, 0.05, 0.4, 0.002, 0.6, 0.1][(n * 7 / (3 * rate)) as usize % 6];
        gain * if (n / rate).is_multiple_of(2) { noise } else { smooth }
    };
    (0..5 * rate + 123).map(sample).collect()
}

/// Rate, integrated loudness, true peaks and sample peaks by the crate ebur128
/// 0.1.11.
const EBUR128: [(u32, f64, [f64; 2], [f64; 2]); 9] = [
    (8000, -5.34772, [2.47401, 3.32010], [-0.91653, -0.91659]),
    (11025, -5.06582, [2.74499, 2.61059], [-0.91570, -0.91568]),
    (22051, -4.62782, [3.06882, 3.13617], [-0.91587, -0.91581]),
    (32000, -4.51367, [3.13455, 3.16220], [-0.91530, -0.91563]),
    (44100, -4.56490, [3.24122, 2.88166], [-0.91524, -0.91554]),
    (48000, -4.54276, [3.24122, 3.48623], [-0.91524, -0.91554]),
    (88200, -4.58654, [3.19429, 3.32010], [-0.91518, -0.91546]),
    (96000, -4.57676, [3.90267, 4.26098], [-0.91518, -0.91529]),
    (192_000, -4.64119, [-0.91518, -0.91517], [-0.91518, -0.91517]),
];

#[test]
fn values_are_those_of_ebur128() {
    for (rate, integrated, true_peaks, sample_peaks) in EBUR128 {
        let channels = [programme(rate, 1), programme(rate, 2)];
        let got = measure(rate, &["left", "right"], &channels.each_ref().map(Vec::as_slice));
        assert!((got.integrated - integrated).abs() < 1e-4, "{rate} Hz: {}", got.integrated);
        for (got, expect) in got.true_peaks.iter().zip(true_peaks) {
            assert!((got - expect).abs() < 1e-4, "{rate} Hz: {got} is not {expect} dBTP");
        }
        for (got, expect) in got.sample_peaks.iter().zip(sample_peaks) {
            assert!((got - expect).abs() < 1e-4, "{rate} Hz: {got} is not {expect} dBFS");
        }
    }
}

#[test]
fn blocks_may_be_cut_anywhere() {
    for (rate, width) in [(11_025, 1), (22_051, 2), (44_100, 3), (96_000, 2)] {
        let channels: Vec<Vec<f32>> = (1..=width).map(|seed| programme(rate, seed)).collect();
        let channels: Vec<&[f32]> =
            channels.iter().map(|channel| &channel[..rate as usize * 9 / 2]).collect();
        let setup = setup(rate, &["left", "right", "lfe"][..channels.len()]);
        let whole = run(&setup, &channels, 1 << 20);
        for block in [1, 7, 64, 1000, 65_536] {
            let cut = run(&setup, &channels, block);
            for output in 0..2 {
                let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert!(bits(whole.frames(output)) == bits(cut.frames(output)), "blocks of {block}");
            }
            for output in 2..6 {
                assert_eq!(whole.events(output), cut.events(output), "blocks of {block}");
            }
        }
    }
}

#[test]
fn outputs_do_not_depend_on_what_else_is_wanted() {
    let samples = programme(22_050, 3);
    let mut setup = setup(22_050, &["mono"]);
    let all = run(&setup, &[&samples], 1000);
    for output in 0..6 {
        setup.wanted = (0..6).map(|other| other == output).collect();
        let one = run(&setup, &[&samples], 1000);
        for other in 0..6 {
            let expect =
                if other == output { (all.frames(other), all.events(other)) } else { (&[][..], &[][..]) };
            assert_eq!((one.frames(other), one.events(other)), expect, "output {other} of {output} alone");
        }
    }
}

#[test]
fn silence_and_short_audio_have_documented_values() {
    for rate in [1000, 8000, 44_100, 192_000] {
        for count in [1, 2, 100, rate as usize / 10, rate as usize] {
            let got = measure(rate, &["mono"], &[&vec![0.0; count]]);
            assert!(got.momentary.iter().chain(&got.short_term).all(|&value| value == -120.0));
            assert_eq!(got.momentary.len(), 1 + count / (rate as usize / 50));
            assert_eq!(got.short_term.len(), 1 + count / (rate as usize / 10));
            assert_eq!((got.integrated, got.range), (-70.0, 0.0));
            assert_eq!((&got.true_peaks[..], &got.sample_peaks[..]), (&[-120.0][..], &[-120.0][..]));
        }
    }
    // Less than a gating block, less than a short-term window.
    let loud = tone(48_000, &[(-20.0, 4.0)]);
    assert_eq!(measure(48_000, &["mono"], &[&loud[..19_199]]).integrated, -70.0);
    let one_block = measure(48_000, &["mono"], &[&loud[..19_200]]);
    assert!((one_block.integrated + 23.0).abs() < 0.1, "{}", one_block.integrated);
    assert_eq!(measure(48_000, &["mono"], &[&loud[..143_999]]).range, 0.0);
    let nothing = run(&setup(48_000, &["mono"]), &[&[]], 1);
    assert!((0..6).all(|output| nothing.frames(output).is_empty() && nothing.events(output).is_empty()));
}

#[test]
fn a_mono_asset_counts_once_or_twice() {
    let samples = tone(48_000, &[(-20.0, 2.0)]);
    let stereo = measure(48_000, &["left", "right"], &[&samples, &samples]).integrated;
    let once = measure(48_000, &["mono"], &[&samples]).integrated;
    assert!((stereo - once - 3.0103).abs() < 1e-3, "{stereo} and {once}");
    let mut setup = setup(48_000, &["mono"]);
    setup.params.0.insert("dual_mono".into(), true.into());
    let twice = run(&setup, &[&samples], 4096).events(2)[0].values[0];
    assert!((stereo - f64::from(twice)).abs() < 1e-5, "{stereo} and {twice}");
}

#[test]
fn values_are_finite_whatever_comes() {
    let noise = programme(8000, 5);
    let loud: Vec<f32> = noise.iter().map(|x| x * 1e12).collect();
    let clipped: Vec<f32> = noise.iter().map(|x| (x * 1e3).clamp(-1.0, 1.0)).collect();
    let faint: Vec<f32> = noise.iter().map(|x| x * 1e-30).collect();
    let greatest = vec![f32::MAX; 8000];
    for rate in [50, 8000, 22_050, 44_100, 192_000] {
        for samples in [&noise, &loud, &clipped, &faint, &greatest, &vec![0.5; 20_000]] {
            for names in [&["mono"][..], &["1", "2", "3", "4", "5", "6", "7", "8"]] {
                let got = measure(rate, names, &vec![&samples[..]; names.len()]);
                let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
                assert!(finite(&got.momentary) && finite(&got.short_term));
                assert!(got.integrated.is_finite() && got.range.is_finite());
                assert!(got.true_peaks.iter().chain(&got.sample_peaks).all(|peak| peak.is_finite()));
            }
        }
    }
}

#[test]
fn a_sample_that_is_not_finite_counts_as_nothing() {
    let mut bad = programme(8000, 6);
    let mut good = bad.clone();
    for (at, value) in [(0, f32::NAN), (1000, f32::INFINITY), (30_000, f32::NEG_INFINITY)] {
        (bad[at], good[at]) = (value, 0.0);
    }
    let [bad, good] = [bad, good].map(|samples| measure(8000, &["mono"], &[&samples]));
    assert_eq!((bad.momentary, bad.short_term), (good.momentary, good.short_term));
    assert_eq!((bad.integrated, bad.range), (good.integrated, good.range));
    assert_eq!((bad.true_peaks, bad.sample_peaks), (good.true_peaks, good.sample_peaks));
}

#[test]
fn peaks_are_events_over_the_whole_asset() {
    let got = run(&setup(8000, &["left", "right"]), &[&[0.5, -0.25], &[0.0, 1.0]], 1);
    for output in [4, 5] {
        let events = got.events(output);
        let labels: Vec<&str> = events.iter().map(|event| event.label.as_str()).collect();
        assert_eq!(labels, ["left", "right"]);
        assert!(events.iter().all(|event| event.at.0 == 0 && event.duration.0.0 == 2));
    }
    assert_eq!(got.events(5)[1].values, [0.0]);
}
