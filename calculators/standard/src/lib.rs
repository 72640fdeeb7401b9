//! The standard calculators as one plug-in library: built in through
//! [`library`], and a dynamic library of its own.
//!
//! Nothing is computed here; each calculator lives in its own folder. Of the
//! calculators' crates this alone holds the export macro.

agogic_calculator::export!(
    agogic_beat::Beat,
    agogic_chroma::Chroma,
    agogic_mel::Mel,
    agogic_mel::Spectrum,
    agogic_mfcc::Mfcc,
    agogic_onset::OnsetStrength,
    agogic_onset::OnsetTimes,
    agogic_peaks::Peaks,
    agogic_rms::Rms,
    agogic_spectral::Spectral,
    agogic_zero_crossings::ZeroCrossings,
);
