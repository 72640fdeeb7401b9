//! The standard calculators as one plug-in library: built in through
//! [`library`], and a file through `agogic-standard-plugin`.
//!
//! Nothing is computed here; each calculator lives in its own folder. Of the
//! calculators' crates this alone holds the export macro.

agogic_calculator::export!(
    agogic_beat::Beat,
    agogic_beat::Pulse,
    agogic_chroma::Chroma,
    agogic_chroma::Tuning,
    agogic_cqt::Cqt,
    agogic_cqt::CqtChroma,
    agogic_hpss::Hpss,
    agogic_loudness::Loudness,
    agogic_mel::Mel,
    agogic_mfcc::Mfcc,
    agogic_onset::OnsetStrength,
    agogic_onset::OnsetTimes,
    agogic_oscilloscope::Oscilloscope,
    agogic_peaks::ChannelWaveforms,
    agogic_peaks::Peaks,
    agogic_peaks::Waveform,
    agogic_pitch::Pyin,
    agogic_pitch::Yin,
    agogic_rms::Rms,
    agogic_spectral::Spectral,
    agogic_spectrum::PowerSpectrum,
    agogic_spectrum::Spectrum,
    agogic_spectrum::SpectrumDecibels,
    agogic_stereo::Stereo,
    agogic_transients::Transients,
    agogic_zero_crossings::ZeroCrossings,
);
