//! `agogic.mel`: the mel spectrogram in decibels of the mean of all channels.
//!
//! The transform is the host's; its conventions and the parameters' names are
//! librosa's. The filter bank and the decibels are `agogic-dsp`'s.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz, 128
//! bands, `top_db` 80, audio in f32): decibels are within 5e-4. Silence gives `10
//! log10(amin)`, -100 dB by default. A frame whose spectrum is not finite has no
//! values: NaN stands for them.

#![forbid(unsafe_code)]

mod mel;

pub use mel::Mel;
