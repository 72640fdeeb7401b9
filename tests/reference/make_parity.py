#!/usr/bin/env python3
"""Write parity.json: what librosa 0.11.0 and others compute on audio that the tests have too.

    python3 make_parity.py [SOURCE ...]    # needs librosa==0.11.0, soundfile; ffmpeg for loudness

The six signals are those of make_librosa.py, rounded to 32 bits; recordings (the
project's own render and, if they are at hand, the optional ones in the folder
AGOGIC_TEST_DATA) are analysed at their own rate, as librosa.load(path, sr=None) reads
them. Everything is computed in 64 bits. Conventions are those of make_librosa.py.

A figure is kept at some frames and bins only: `frames` and `bins` say which, `count`
how many frames there are, and `values` has a row for each frame: all bins of channel
0, then all bins of channel 1. Events are a list of seconds. What is not named or not at
hand keeps the figures that it has.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import librosa
import numpy as np
import soundfile

from make_librosa import HERE, OPTIONAL, ROOT, signals

OUT = HERE / "parity.json"
N_FFT, HOP = 2048, 512
TOP_DB = 80.0
WIDE_FRAMES, NARROW_FRAMES, MOST_BINS = 6, 32, 16


def spectral_flux(magnitude: np.ndarray) -> np.ndarray:
    """Euclidean distance of neighbouring magnitude spectra, 0 for the first."""
    change = np.diff(magnitude, axis=1, prepend=magnitude[:, :1])
    return np.sqrt((change**2).sum(axis=0))


def tonal(y: np.ndarray, sr: int) -> dict[str, np.ndarray]:
    """Constant-Q figures; bins beyond half the rate do not exist for librosa."""
    top = librosa.note_to_hz("C1") * 2 ** (84 / 12)
    if top > sr / 2:
        return {}
    cqt = np.abs(librosa.cqt(y, sr=sr, hop_length=HOP))
    chroma = librosa.feature.chroma_cqt(y=y, sr=sr, hop_length=HOP, tuning=0.0)
    return {"agogic.cqt": cqt, "agogic.cqt.chroma": chroma}


def dense(channels: np.ndarray, sr: int) -> dict[str, np.ndarray]:
    """Figures by descriptor, shape (channels * bins, frames)."""
    y = channels.mean(axis=0)
    stft = librosa.stft(y, n_fft=N_FFT, hop_length=HOP, dtype=np.complex128)
    magnitude = np.abs(stft)
    power = magnitude**2
    mel = librosa.feature.melspectrogram(S=power, sr=sr, dtype=np.float64)
    log_mel = librosa.power_to_db(mel, top_db=TOP_DB)
    mfcc = librosa.feature.mfcc(S=log_mel, n_mfcc=20)
    strength = librosa.onset.onset_strength(S=log_mel, sr=sr)
    frames = [
        librosa.util.frame(np.pad(c, N_FFT // 2), frame_length=N_FFT, hop_length=HOP) for c in channels
    ]
    harmonic, percussive = librosa.decompose.hpss(magnitude)
    total = (harmonic**2).sum(axis=0) + (percussive**2).sum(axis=0)
    given = {
        "agogic.spectrum": magnitude,
        "agogic.spectrum.power": power,
        "agogic.spectrum.db": librosa.power_to_db(power, top_db=TOP_DB),
        "agogic.mel": log_mel,
        "agogic.mfcc": mfcc,
        "agogic.mfcc.delta": librosa.feature.delta(mfcc),
        "agogic.mfcc.delta2": librosa.feature.delta(mfcc, order=2),
        "agogic.chroma": librosa.feature.chroma_stft(S=power, sr=sr),
        "agogic.spectral.centroid": librosa.feature.spectral_centroid(S=magnitude, sr=sr),
        "agogic.spectral.bandwidth": librosa.feature.spectral_bandwidth(S=magnitude, sr=sr),
        "agogic.spectral.rolloff": librosa.feature.spectral_rolloff(S=magnitude, sr=sr),
        "agogic.spectral.flatness": librosa.feature.spectral_flatness(S=magnitude),
        "agogic.spectral.contrast": librosa.feature.spectral_contrast(S=magnitude, sr=sr),
        "agogic.spectral.flux": spectral_flux(magnitude),
        "agogic.spectral.crest": magnitude.max(axis=0) / np.maximum(magnitude.mean(axis=0), 1e-300),
        "agogic.rms": np.vstack(
            [librosa.feature.rms(y=c, frame_length=N_FFT, hop_length=HOP, dtype=np.float64) for c in channels]
        ),
        "agogic.energy": np.vstack([(f**2).sum(axis=0) for f in frames]),
        "agogic.zero-crossings": np.vstack(
            [
                librosa.feature.zero_crossing_rate(c, frame_length=N_FFT, hop_length=HOP)
                for c in channels
            ]
        ),
        "agogic.onset.strength": strength,
        "agogic.hpss.harmonic": (harmonic**2).sum(axis=0),
        "agogic.hpss.percussive": (percussive**2).sum(axis=0),
        "agogic.pitch.yin": librosa.yin(y, fmin=65.40639132514966, fmax=2093.004522404789, sr=sr),
    }
    pitch, _, voiced = librosa.pyin(y, fmin=65.40639132514966, fmax=2093.004522404789, sr=sr)
    given["agogic.pitch.pyin"] = pitch
    given["agogic.pitch.pyin.voiced"] = voiced
    given.update(tonal(y, sr))
    return {name: np.atleast_2d(values) for name, values in given.items()}


def onset_times(channels: np.ndarray, sr: int) -> list[float]:
    y = channels.mean(axis=0)
    stft = librosa.stft(y, n_fft=N_FFT, hop_length=HOP, dtype=np.complex128)
    mel = librosa.feature.melspectrogram(S=np.abs(stft) ** 2, sr=sr, dtype=np.float64)
    strength = librosa.onset.onset_strength(S=librosa.power_to_db(mel, top_db=TOP_DB), sr=sr)
    found = librosa.onset.onset_detect(onset_envelope=strength, sr=sr, hop_length=HOP)
    return [round(float(frame) * HOP / sr, 9) for frame in found]


def loudness(path: Path) -> dict[str, float]:
    """Integrated loudness, range and true peak, by ffmpeg's filter, to a tenth."""
    if shutil.which("ffmpeg") is None:
        return {}
    command = ["ffmpeg", "-nostats", "-i", str(path), "-map", "0:a:0", "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = said[said.rindex("Summary:") :]
    number = lambda word: float(re.search(word + r":\s+(-?[0-9.]+)", summary).group(1))
    return {
        "agogic.loudness.integrated": number("I"),
        "agogic.loudness.range": number("LRA"),
        "agogic.loudness.true-peak": number("Peak"),
    }


def tuning(channels: np.ndarray, sr: int) -> float:
    y = channels.mean(axis=0)
    magnitude = np.abs(librosa.stft(y, n_fft=N_FFT, hop_length=HOP, dtype=np.complex128))
    return float(librosa.estimate_tuning(S=magnitude, sr=sr, bins_per_octave=12))


def spread(count: int, most: int) -> list[int]:
    """Some numbers below `count`, the first and the last among them."""
    return sorted({round(i * (count - 1) / max(most - 1, 1)) for i in range(min(count, most))})


def number(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.7g}")


def figures(source: str, channels: np.ndarray, sr: int, path: Path | None) -> list[dict]:
    out = []
    for name, values in dense(channels, sr).items():
        rows, count = values.shape
        frames = spread(count, WIDE_FRAMES if rows > 4 else NARROW_FRAMES)
        bins = spread(rows, MOST_BINS)
        kept = [[number(values[b, f]) for b in bins] for f in frames]
        out.append({"source": source, "descriptor": name, "count": count, "frames": frames, "bins": bins, "values": kept})
    out.append({"source": source, "descriptor": "agogic.onset.times", "seconds": onset_times(channels, sr)})
    single = {"agogic.tuning": tuning(channels, sr)}
    if path is not None:
        single.update(loudness(path))
    out.extend({"source": source, "descriptor": name, "value": value} for name, value in single.items())
    return out


def write(generator: str, figures: list[dict]) -> None:
    lines = ",\n".join(json.dumps(figure, separators=(",", ":")) for figure in figures)
    OUT.write_text(f'{{"generator":{json.dumps(generator)},"figures":[\n{lines}\n]}}\n')


def main() -> int:
    """All sources, or those that are named; the others keep their figures."""
    named = set(sys.argv[1:])
    generator = f"librosa {librosa.__version__}"
    kept = json.loads(OUT.read_text())["figures"] if OUT.exists() else []
    folder = Path(os.environ.get("AGOGIC_TEST_DATA", ROOT.parent / "shared" / "data"))
    files = [ROOT / "examples" / "media" / "slow-turn.ogg", *(folder / name for name in OPTIONAL)]
    made = {name: (np.float32(y).astype(np.float64)[None, :], 22050, None) for name, y in signals().items()}
    for source in [*made, *(path.name for path in files)]:
        path = next((path for path in files if path.name == source), None)
        if (named and source not in named) or (path is not None and not path.is_file()):
            continue
        print(source, file=sys.stderr)
        if path is None:
            new = figures(source, *made[source])
        else:
            samples, sr = soundfile.read(path, dtype="float32", always_2d=True)
            new = figures(source, samples.T.astype(np.float64), sr, path)
        kept = [figure for figure in kept if figure["source"] != source] + new
        write(generator, kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
