//! How near each descriptor is to its reference, at most.

/// In what a difference is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As it is, in dB.
    Decibels,
    /// As it is, in the descriptor's unit.
    Absolute,
    /// As a part of the reference value.
    Relative,
    /// As a part of the largest value of the frame.
    OfFrame,
    /// As a part of the largest value of the track.
    OfPeak,
    /// As an interval, in cents.
    Cents,
    /// In seconds, event by event.
    Times,
}

impl Kind {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Decibels => "dB",
            Self::Absolute => "as it is",
            Self::Relative => "of the value",
            Self::OfFrame => "of the frame's largest",
            Self::OfPeak => "of the track's largest",
            Self::Cents => "cents",
            Self::Times => "s",
        }
    }

    /// The difference of a value from its reference, beside what is largest.
    pub(crate) fn difference(self, value: f64, expect: f64, largest: f64) -> f64 {
        let apart = (value - expect).abs();
        match self {
            _ if apart == 0.0 => 0.0,
            Self::Decibels | Self::Absolute | Self::Times => apart,
            Self::Relative => apart / expect.abs().max(1e-9),
            Self::OfFrame | Self::OfPeak => apart / largest.max(1e-9),
            Self::Cents => 1200.0 * (value / expect).log2().abs(),
        }
    }
}

/// How near a descriptor is to its reference, at most.
pub(crate) struct Bound {
    pub(crate) descriptor: &'static str,
    /// What it is compared with.
    pub(crate) reference: &'static str,
    pub(crate) kind: Kind,
    /// On the six signals.
    pub(crate) signals: f64,
    /// On recordings.
    pub(crate) recordings: f64,
    /// Without the first and the last frame, which see beyond the ends.
    pub(crate) inner: bool,
}

impl Bound {
    const fn inner(mut self) -> Self {
        self.inner = true;
        self
    }
}

const fn bound(
    descriptor: &'static str,
    reference: &'static str,
    kind: Kind,
    signals: f64,
    recordings: f64,
) -> Bound {
    Bound { descriptor, reference, kind, signals, recordings, inner: false }
}

/// In order of id.
pub(crate) const BOUNDS: &[Bound] = &[
    bound("agogic.chroma", "librosa.feature.chroma_stft", Kind::Absolute, 1e-3, 1e-3),
    // At its ends librosa resamples from octave to octave with other edges.
    bound("agogic.cqt", "librosa.cqt", Kind::OfPeak, 1e-4, 1e-4).inner(),
    bound("agogic.cqt.chroma", "librosa.feature.chroma_cqt", Kind::Absolute, 1e-3, 1e-3).inner(),
    bound("agogic.energy", "sum of squares (NumPy)", Kind::Relative, 1e-5, 1e-5),
    bound("agogic.hpss.harmonic", "librosa.decompose.hpss", Kind::OfPeak, 1e-4, 1e-4),
    bound("agogic.hpss.percussive", "librosa.decompose.hpss", Kind::OfPeak, 1e-4, 1e-4),
    bound("agogic.loudness.integrated", "libebur128 through ffmpeg, to 0.1", Kind::Absolute, 0.1, 0.1),
    bound("agogic.loudness.range", "libebur128 through ffmpeg, to 0.1", Kind::Absolute, 0.15, 0.15),
    bound("agogic.loudness.true-peak", "libebur128 through ffmpeg, to 0.1", Kind::Absolute, 0.2, 0.2),
    bound("agogic.mel", "librosa.feature.melspectrogram, power_to_db", Kind::Decibels, 1e-3, 1e-3),
    bound("agogic.mfcc", "librosa.feature.mfcc", Kind::OfFrame, 1e-4, 1e-4),
    bound("agogic.mfcc.delta", "librosa.feature.delta", Kind::Absolute, 1e-3, 1e-3),
    bound("agogic.mfcc.delta2", "librosa.feature.delta, order 2", Kind::Absolute, 1e-3, 1e-3),
    bound("agogic.onset.strength", "librosa.onset.onset_strength", Kind::Decibels, 1e-3, 2e-3),
    bound("agogic.onset.times", "librosa.onset.onset_detect", Kind::Times, 1e-6, 1e-6),
    bound("agogic.pitch.pyin", "librosa.pyin", Kind::Cents, 0.01, 0.01),
    bound("agogic.pitch.pyin.voiced", "librosa.pyin", Kind::Absolute, 1e-2, 1e-2),
    bound("agogic.pitch.yin", "librosa.yin", Kind::Cents, 0.01, 0.01),
    bound("agogic.rms", "librosa.feature.rms", Kind::Relative, 1e-5, 1e-5),
    bound("agogic.spectral.bandwidth", "librosa.feature.spectral_bandwidth", Kind::Relative, 5e-4, 5e-4),
    bound("agogic.spectral.centroid", "librosa.feature.spectral_centroid", Kind::Relative, 1e-4, 1e-4),
    bound("agogic.spectral.contrast", "librosa.feature.spectral_contrast", Kind::Decibels, 2e-2, 1e-3),
    bound("agogic.spectral.crest", "its formula (NumPy)", Kind::Relative, 1e-4, 1e-4),
    bound("agogic.spectral.flatness", "librosa.feature.spectral_flatness", Kind::Absolute, 1e-4, 1e-4),
    bound("agogic.spectral.flux", "its formula (NumPy)", Kind::OfPeak, 1e-4, 1e-4),
    bound("agogic.spectral.rolloff", "librosa.feature.spectral_rolloff", Kind::Relative, 1e-4, 1e-4),
    bound("agogic.spectrum", "librosa.stft", Kind::OfFrame, 2e-6, 2e-6),
    bound("agogic.spectrum.db", "librosa.power_to_db", Kind::Decibels, 1e-3, 1e-3),
    bound("agogic.spectrum.power", "librosa.stft", Kind::OfFrame, 4e-6, 4e-6),
    bound("agogic.tuning", "librosa.estimate_tuning", Kind::Absolute, 0.011, 0.011),
    bound("agogic.zero-crossings", "librosa.feature.zero_crossing_rate", Kind::Absolute, 1e-6, 1e-6),
];

/// What is not compared, descriptor, source and why.
pub(crate) const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("agogic.chroma", "clicks", "its spectra are flat, and rounding decides what their tuning is"),
    ("agogic.tuning", "clicks", "its spectra are flat, and rounding decides what their tuning is"),
    ("agogic.pitch.yin", "clicks", "of several equal periods rounding decides which is the best"),
    ("agogic.spectral.bandwidth", "chirp", "far from a lone tone there is nothing but rounding errors"),
    ("agogic.spectral.contrast", "chirp", "far from a lone tone there is nothing but rounding errors"),
];

/// The bound of a descriptor.
pub(crate) fn of(descriptor: &str) -> &'static Bound {
    let found = BOUNDS.iter().find(|bound| bound.descriptor == descriptor);
    found.unwrap_or_else(|| panic!("nothing is stated of {descriptor}"))
}
