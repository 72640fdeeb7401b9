//! `agogic.onset`: onset strength and onset times, of the mean of all channels.
//!
//! The strength is librosa's `onset.onset_strength` on the mel spectrogram in
//! decibels: per frame the mean over bands of what each band rose since the frame
//! before. As in librosa it is given `n_fft / (2 hop_length)` frames later, where
//! a centred window lies wholly behind the onset, so frame 0 and as many frames
//! are 0, and the last as many rises of an asset do not appear. The times are
//! those of librosa's `onset.onset_detect` without backtracking.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz,
//! `top_db` 80, audio in f32): strengths are within 1e-4 dB, and onsets fall on
//! the same frames. Silence has strength 0 and no onsets.
//!
//! With `top_db` above 0 the strength depends on the loudest value of the asset,
//! so all mel frames are kept to the end: `4 n_mels` bytes a frame, 512 by
//! default. Otherwise strengths stream, and only they are kept for the times: 4
//! bytes a frame.

#![forbid(unsafe_code)]

mod flux;
mod onset;
mod picking;

pub use onset::Onset;
