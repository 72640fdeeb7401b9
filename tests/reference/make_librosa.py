#!/usr/bin/env python3
"""Write what librosa 0.11.0 computes on audio that the tests can have too.

librosa.json beside this script is for the tests of files; spectral.json beside the
tests of the standard calculators holds what only regenerated signals are compared in.

    python3 make_librosa.py            # needs librosa==0.11.0, soundfile, soxr

Two kinds of audio:

* `signals`: six signals of four seconds that any language regenerates exactly
  (`signals` below); `sha256_f64le` is the digest of their samples as 64-bit
  little-endian floats. Everything is computed in 64 bits; figures have nine
  significant digits.
* `recordings`: the project's own render and, if they are at hand, the optional
  recordings (in the folder AGOGIC_TEST_DATA, as for the tests). They are loaded
  as `librosa.load(path, sr=22050)` does: 32-bit samples, resampled by soxr at
  quality HQ; the analysis then runs in 64 bits. Decibels have four decimals, other
  figures seven significant digits. A recording that is missing keeps the figures it
  has in the present librosa.json.

Conventions throughout: sr 22050, n_fft 2048, hop_length 512, periodic Hann window,
centred frames over zero padding; power spectrum; 128 mel bands from 0 Hz to sr/2,
Slaney's scale and norm; log-mel is power_to_db(ref=1, amin=1e-10, top_db=80), where
top_db counts from the loudest value of the whole recording; rms over 2048 samples,
centred; onset strength and onset frames by librosa's defaults from that log-mel.
Figures "at" something stand in the order of the frames listed beside them.

In spectral.json figures are given at every eighth frame and the last one; the
tuning of `chroma` is 0 and that of `chroma_tuned` 0.3; `contrast` has top_db 80;
flux and crest, which librosa does not have, are computed here by their formulas.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import librosa
import numpy as np
import soundfile

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = HERE / "librosa.json"
SPECTRAL_OUT = ROOT / "calculators" / "standard" / "tests" / "spectral.json"
SPECTRAL_STEP = 8

SR, N_FFT, HOP = 22050, 2048, 512
SECONDS = 4
LOGMEL_FRAMES = 24  # per recording
RMS_FRAMES = 200  # per recording
ONSET_STEP = 4  # of the recordings' onset strength every fourth frame is kept
OPTIONAL = ["hungarian-dance-5.ogg", "vibe-ace.ogg", "speech.ogg"]


# --- The six signals ------------------------------------------------------------


def noise(count: int, state: int = 12345) -> np.ndarray:
    """Uniform noise in [-1, 1): the top 24 bits of Knuth's 64-bit MMIX generator.

    Each value is a multiple of 2**-23, so 32-bit floats hold it exactly.
    """
    values = np.empty(count)
    for i in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        values[i] = (state >> 40) / 2**23 - 1
    return values


def drum_hits(grain: np.ndarray) -> np.ndarray:
    """Eight bursts of decaying noise, half a second apart, every other one softer."""
    out = np.zeros(len(grain))
    for k in range(8):
        start = k * SR // 2
        burst = grain[:4000][: len(out) - start]
        decay = np.exp(-np.arange(len(burst)) / 600.0)
        out[start : start + len(burst)] += burst * decay * (1.0 if k % 2 == 0 else 0.6)
    return out


def signals() -> dict[str, np.ndarray]:
    """All six, by name."""
    count = SR * SECONDS
    t = np.arange(count) / SR
    grain = noise(count)
    chord = sum(0.15 * np.sin(2 * np.pi * f * t) for f in (261.6255653005986, 329.6275569128699, 391.99543598174927))
    sweep = (880 - 220) / (2 * 4.0)  # Hz per second, halved
    clicks = np.zeros(count)
    clicks[:: SR // 2] = 1.0
    return {
        "noise": 0.25 * grain,
        "chord": chord + 1e-4 * grain,
        "chirp": 0.5 * np.sin(2 * np.pi * (220 * t + sweep * t * t)),
        "clicks": clicks,
        "drums": 0.5 * drum_hits(grain) + 1e-5 * grain,
        "silence": np.zeros(count),
    }


# --- Analysis -------------------------------------------------------------------


def mel_power(y: np.ndarray) -> np.ndarray:
    """Mel power, shape (128, frames), in 64 bits."""
    spectrum = librosa.stft(y, n_fft=N_FFT, hop_length=HOP, dtype=np.complex128)
    return librosa.feature.melspectrogram(S=np.abs(spectrum) ** 2, sr=SR, dtype=np.float64)


def rms(y: np.ndarray) -> np.ndarray:
    """Root mean square per frame."""
    return librosa.feature.rms(y=y, frame_length=N_FFT, hop_length=HOP, dtype=np.float64)[0]


def onsets(logmel: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Onset strength of every frame, and the frames picked as onsets."""
    strength = librosa.onset.onset_strength(S=logmel, sr=SR, hop_length=HOP)
    picked = librosa.onset.onset_detect(onset_envelope=strength, sr=SR, hop_length=HOP)
    return strength, [int(frame) for frame in picked]


def spread(frames: int, wanted: int) -> list[int]:
    """At most `wanted` frames, evenly spaced, the first and the last among them."""
    return sorted({int(f) for f in np.linspace(0, frames - 1, wanted).round()})


def digits(values: np.ndarray, count: int) -> list[float]:
    """Values with `count` significant digits."""
    return [float(f"%.{count}g" % v) for v in np.asarray(values, dtype=np.float64).ravel()]


def decibels(values: np.ndarray) -> list[float]:
    """Values with four decimals."""
    return [round(float(v), 4) for v in np.asarray(values).ravel()]


def signal_figures(y: np.ndarray) -> dict:
    """What is kept of a regenerated signal."""
    logmel = librosa.power_to_db(mel_power(y))
    strength, picked = onsets(logmel)
    frames = [0, 1, 2, 17, logmel.shape[1] // 2, logmel.shape[1] - 1]
    return {
        "samples": len(y),
        "sha256_f64le": hashlib.sha256(y.astype("<f8").tobytes()).hexdigest(),
        "n_frames": logmel.shape[1],
        "logmel_frames": frames,
        "logmel_db_at": [digits(logmel[:, f], 9) for f in frames],
        "rms": digits(rms(y), 9),
        "onset_strength": digits(strength, 9),
        "onset_frames": picked,
    }


def spectral_figures(y: np.ndarray) -> dict:
    """What is kept of a regenerated signal for the tests of single calculators."""
    magnitude = np.abs(librosa.stft(y, n_fft=N_FFT, hop_length=HOP, dtype=np.complex128))
    power = magnitude**2
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel_power(y)), n_mfcc=20)
    flux = np.sqrt((np.diff(magnitude, axis=1, prepend=magnitude[:, :1]) ** 2).sum(axis=0))
    mean = magnitude.mean(axis=0)
    frames = sorted({*range(0, magnitude.shape[1], SPECTRAL_STEP), magnitude.shape[1] - 1})

    def at(rows: np.ndarray, count: int) -> list:
        kept = np.atleast_2d(rows)[:, frames].T
        return digits(kept, count) if kept.shape[1] == 1 else [digits(row, count) for row in kept]

    return {
        "frames": frames,
        "centroid": at(librosa.feature.spectral_centroid(S=magnitude, sr=SR), 9),
        "bandwidth": at(librosa.feature.spectral_bandwidth(S=magnitude, sr=SR), 9),
        "rolloff": at(librosa.feature.spectral_rolloff(S=magnitude, sr=SR), 9),
        "flatness": at(librosa.feature.spectral_flatness(S=magnitude), 9),
        "flux": at(flux, 9),
        "crest": at(magnitude.max(axis=0) / np.where(mean > 0, mean, 1), 9),
        "contrast": at(librosa.feature.spectral_contrast(S=magnitude, sr=SR), 7),
        "chroma": at(librosa.feature.chroma_stft(S=power, sr=SR, tuning=0.0), 7),
        "chroma_tuned": at(librosa.feature.chroma_stft(S=power, sr=SR, tuning=0.3), 7),
        "mfcc": at(mfcc, 8),
        "mfcc_delta": at(librosa.feature.delta(mfcc), 7),
        "mfcc_delta2": at(librosa.feature.delta(mfcc, order=2), 7),
        "zero_crossings": at(librosa.feature.zero_crossing_rate(y, frame_length=N_FFT, hop_length=HOP), 9),
    }


def recording_figures(path: Path) -> dict:
    """What is kept of a recording."""
    info = soundfile.info(path)
    y, _ = librosa.load(path, sr=SR, mono=True)
    channels, _ = librosa.load(path, sr=SR, mono=False)
    mel = mel_power(y.astype(np.float64))
    logmel = librosa.power_to_db(mel)
    strength, picked = onsets(logmel)
    mel_frames = spread(logmel.shape[1], LOGMEL_FRAMES)
    rms_frames = spread(logmel.shape[1], RMS_FRAMES)
    per_channel = [rms(c.astype(np.float64)) for c in np.atleast_2d(channels)]
    return {
        "sha256_file": hashlib.sha256(path.read_bytes()).hexdigest(),
        "source_sr": info.samplerate,
        "source_samples": info.frames,
        "channels": info.channels,
        "samples": len(y),
        "n_frames": logmel.shape[1],
        "mel": dict(zip(("mean", "min", "max"), digits([mel.mean(), mel.min(), mel.max()], 7))),
        "logmel_db": dict(zip(("mean", "min", "max"), decibels([logmel.mean(), logmel.min(), logmel.max()]))),
        "logmel_db_band_means": decibels(logmel.mean(axis=1)),
        "logmel_frames": mel_frames,
        "logmel_db_at": [decibels(logmel[:, f]) for f in mel_frames],
        "rms_frames": rms_frames,
        "rms_mono_at": digits(rms(y.astype(np.float64))[rms_frames], 7),
        "rms_channels_at": [digits(values[rms_frames], 7) for values in per_channel],
        "onset_strength_step": ONSET_STEP,
        "onset_strength_every_step": digits(strength[::ONSET_STEP], 7),
        "onset_frames": picked,
    }


# --- File -----------------------------------------------------------------------


def recordings() -> dict[str, dict]:
    """Figures by file name; of a missing recording those that librosa.json holds."""
    present = json.loads(OUT.read_text())["recordings"] if OUT.is_file() else {}
    folder = Path(os.environ.get("AGOGIC_TEST_DATA", ROOT.parent / "shared" / "data"))
    paths = [ROOT / "examples" / "media" / "slow-turn.ogg"] + [folder / name for name in OPTIONAL]
    result = {}
    for path in paths:
        if path.is_file():
            result[path.name] = recording_figures(path)
        elif path.name in present:
            print(f"{path.name} is not there: its figures stay as they are", file=sys.stderr)
            result[path.name] = present[path.name]
        else:
            print(f"{path.name} is not there: skipped", file=sys.stderr)
    return result


def as_json(data: dict) -> str:
    """JSON with one line per leaf entry, so that a change shows in a diff."""

    def entry(value: object, depth: int) -> str:
        if depth < 3 and isinstance(value, dict):
            pad = " " * (depth + 1)
            inner = ",\n".join(f"{pad}{json.dumps(k)}: {entry(v, depth + 1)}" for k, v in value.items())
            return "{\n" + inner + "\n" + " " * depth + "}"
        return json.dumps(value, separators=(",", ":"))

    return entry(data, 0) + "\n"


def main() -> None:
    """Compute everything and write it."""
    if librosa.__version__ != "0.11.0":
        sys.exit(f"make_librosa.py: librosa 0.11.0 is needed, this is {librosa.__version__}")
    spectral = {
        "generator": f"librosa {librosa.__version__}, float64",
        "signals": {name: spectral_figures(y) for name, y in signals().items()},
    }
    SPECTRAL_OUT.write_text(as_json(spectral), encoding="utf-8")
    print(f"{SPECTRAL_OUT.name}: {SPECTRAL_OUT.stat().st_size} bytes")
    data = {
        "generator": f"librosa {librosa.__version__}",
        "sr": SR,
        "n_fft": N_FFT,
        "hop_length": HOP,
        "signals": {name: signal_figures(y) for name, y in signals().items()},
        "recordings": recordings(),
    }
    OUT.write_text(as_json(data), encoding="utf-8")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
