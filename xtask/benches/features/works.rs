//! What is measured: which descriptors do a piece of work, which peers do the same, and
//! by how much they should be left behind.

use Demand::{Fastest, Nothing, Times};
use Input::{Mono, Stereo};
use Value::{Flag, Number};

/// Which audio it is done on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Mono,
    Stereo,
}

/// What is demanded of a piece of work.
#[derive(Clone, Copy)]
pub(crate) enum Demand {
    Nothing,
    /// To be so many times as fast as the fastest of the peers.
    Times(f64),
    /// To take at most this share of the time of the fastest of the peers.
    Fastest(f64),
}

/// A parameter's value.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    Number(f64),
    Flag(bool),
}

pub(crate) struct Work {
    /// What `--only` knows it by.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) input: Input,
    pub(crate) ids: &'static [&'static str],
    pub(crate) params: &'static [(&'static str, Value)],
    pub(crate) demand: Demand,
    /// Peers, and what `peers.py` calls the work: those that the demand is about.
    pub(crate) peers: &'static [(&'static str, &'static str)],
    /// Peers that are shown beside them.
    pub(crate) beside: &'static [(&'static str, &'static str)],
}

/// The name of the peer that is no Python package but a crate.
pub(crate) const CRATE: &str = "ebur128";

const PITCH: &[(&str, Value)] = &[("fmin", Number(65.0)), ("fmax", Number(2093.0))];

pub(crate) const WORKS: &[Work] = &[
    Work {
        title: "power spectrum stored",
        ids: &["agogic.spectrum.power"],
        demand: Times(3.0),
        peers: &[("essentia", "spectrum"), ("librosa", "spectrum")],
        ..work("power")
    },
    Work {
        title: "mel, dB",
        ids: &["agogic.mel"],
        demand: Times(5.5),
        peers: &[("librosa", "mel")],
        ..work("mel")
    },
    Work {
        title: "MFCC from audio",
        ids: &["agogic.mfcc"],
        demand: Times(5.5),
        peers: &[("librosa", "mfcc")],
        ..work("mfcc")
    },
    Work {
        title: "chroma, tuning given",
        ids: &["agogic.chroma"],
        params: &[("tuning", Number(0.0))],
        demand: Times(4.0),
        peers: &[("librosa", "chroma")],
        ..work("chroma")
    },
    Work {
        title: "chroma, tuning estimated",
        ids: &["agogic.chroma"],
        params: &[("estimate_tuning", Flag(true))],
        demand: Times(7.0),
        peers: &[("librosa", "chroma-estimated")],
        ..work("chroma-estimated")
    },
    Work {
        title: "centroid, roll-off, flatness, flux in one pass; peers one by one",
        ids: &[
            "agogic.spectral.centroid",
            "agogic.spectral.rolloff",
            "agogic.spectral.flatness",
            "agogic.spectral.flux",
        ],
        demand: Fastest(1.1),
        peers: &[
            ("essentia", "centroid"),
            ("essentia", "rolloff"),
            ("essentia", "flatness"),
            ("essentia", "flux"),
        ],
        ..work("spectral")
    },
    Work {
        title: "bandwidth",
        ids: &["agogic.spectral.bandwidth"],
        beside: &[("librosa", "bandwidth")],
        ..work("bandwidth")
    },
    Work {
        title: "RMS",
        ids: &["agogic.rms"],
        demand: Times(10.0),
        peers: &[("librosa", "rms")],
        ..work("rms")
    },
    Work {
        title: "zero crossings",
        ids: &["agogic.zero-crossings"],
        demand: Times(10.0),
        peers: &[("librosa", "zero-crossings")],
        ..work("zero-crossings")
    },
    Work {
        title: "onsets",
        ids: &["agogic.onset.times"],
        demand: Times(5.0),
        peers: &[("librosa", "onsets")],
        ..work("onsets")
    },
    Work {
        title: "tempo and beats",
        ids: &["agogic.tempo", "agogic.beat.times"],
        demand: Times(5.0),
        peers: &[("essentia", "beats"), ("librosa", "beats")],
        beside: &[("aubio", "beats")],
        ..work("beats")
    },
    Work {
        title: "mel, MFCC, chroma, RMS, centroid, roll-off, flatness, flux, onsets, beats in one pass",
        ids: &[
            "agogic.mel",
            "agogic.mfcc",
            "agogic.chroma",
            "agogic.rms",
            "agogic.spectral.centroid",
            "agogic.spectral.rolloff",
            "agogic.spectral.flatness",
            "agogic.spectral.flux",
            "agogic.onset.times",
            "agogic.beat.times",
        ],
        params: &[("tuning", Number(0.0))],
        demand: Times(8.0),
        peers: &[("librosa", "all"), ("essentia", "all")],
        ..work("all")
    },
    Work {
        title: "YIN",
        ids: &["agogic.pitch.yin"],
        params: PITCH,
        demand: Times(3.0),
        peers: &[("aubio", "yin-fft"), ("audioflux", "yin"), ("librosa", "yin")],
        ..work("yin")
    },
    Work {
        title: "pYIN; peers on 30 s, times 10",
        ids: &["agogic.pitch.pyin"],
        params: PITCH,
        demand: Times(80.0),
        peers: &[("librosa", "pyin")],
        beside: &[("essentia", "pyin")],
        ..work("pyin")
    },
    Work {
        title: "loudness, integrated and range; stereo",
        input: Stereo,
        ids: &["agogic.loudness.integrated", "agogic.loudness.range"],
        demand: Times(2.0),
        peers: &[(CRATE, "loudness")],
        beside: &[("essentia", "loudness")],
        ..work("loudness")
    },
    Work {
        title: "loudness, with true peak; stereo",
        input: Stereo,
        ids: &["agogic.loudness.integrated", "agogic.loudness.range", "agogic.loudness.true-peak"],
        demand: Times(2.0),
        peers: &[(CRATE, "true-peak")],
        ..work("true-peak")
    },
    Work { title: "waveform peaks, in memory", ids: &["agogic.peaks"], ..work("peaks-memory") },
];

const fn work(name: &'static str) -> Work {
    Work { name, title: "", input: Mono, ids: &[], params: &[], demand: Nothing, peers: &[], beside: &[] }
}
