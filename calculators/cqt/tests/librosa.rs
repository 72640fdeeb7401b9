//! Constant-Q magnitudes and their chroma against figures of librosa 0.11.0, computed
//! in float64 by `tests/reference/make_tonal.py`.

#[path = "../../standard/tests/signals/mod.rs"]
mod signals;

use agogic_calculator::{Calculator, Collected};
use agogic_cqt::{Cqt, CqtChroma};
use serde_json::Value;

const SIGNALS: [&str; 6] = ["noise", "chord", "chirp", "clicks", "drums", "silence"];

/// The largest error within some frames, as a part of the greatest figure.
fn error<C: Calculator>(signal: &str, figure: &str, frames: std::ops::Range<usize>) -> f64 {
    let all: Value = serde_json::from_str(include_str!("cqt.json")).expect("valid JSON");
    let figures = &all["signals"][signal];
    let setup = Collected::setup::<C>(22_050, 1, 1);
    let got = signals::run::<C>(&setup, &signals::signal(signal), 1000);
    let width = figures[figure][0].as_array().expect("a row").len();
    assert_eq!(got.frames(0).len(), 173 * width);
    let (mut worst, mut most) = (0.0f64, f64::MIN_POSITIVE);
    for (frame, row) in
        figures["frames"].as_array().expect("frames").iter().zip(figures[figure].as_array().expect("rows"))
    {
        let frame = frame.as_u64().expect("a frame") as usize;
        for (bin, expect) in row.as_array().expect("a row").iter().enumerate() {
            let (got, expect) =
                (f64::from(got.frames(0)[frame * width + bin]), expect.as_f64().expect("a number"));
            most = most.max(expect);
            if frames.contains(&frame) {
                worst = worst.max((got - expect).abs());
            }
        }
    }
    worst / most
}

#[test]
fn magnitudes_and_chroma() {
    for signal in SIGNALS {
        // Between octaves librosa cuts off what its resampler rings before the first sample,
        // which shows where filters reach beyond the ends; those of the chroma are longer.
        let inner = error::<Cqt>(signal, "cqt", 32..161);
        let start = error::<Cqt>(signal, "cqt", 0..32);
        let chroma = error::<CqtChroma>(signal, "cqt_chroma", 64..129);
        assert!(inner < 2e-4, "{signal}: {inner}");
        assert!(start < 3e-2, "{signal}, start: {start}");
        assert!(chroma < 1e-4, "{signal}, chroma: {chroma}");
    }
}
