"""Writes the reference figures of tuning, tuned chroma and constant-Q spectra.

Usage: `python tests/reference/make_tonal.py`, with librosa 0.11.0. Writes
calculators/chroma/tests/tuning.json and calculators/cqt/tests/cqt.json: figures of the
six signals of make_librosa.py (4 s at 22,050 Hz), computed in float64.

- tuning: `estimate_tuning(y=...)`; chroma_tuning: what `feature.chroma_stft` estimates
  where no tuning is given, from powers; chroma: its values at every 16th frame.
- cqt: magnitudes of `cqt` by its defaults at every 32nd frame; cqt_chroma: of
  `feature.chroma_cqt` with tuning 0; cqt_error, a figure for the documentation: the
  largest difference of librosa's magnitudes to the definition at the full rate (see
  `definition`), as a part of the greatest magnitude.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import librosa
import numpy as np

from make_librosa import HOP, N_FFT, SR, digits, signals

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMA_OUT = ROOT / "calculators" / "chroma" / "tests" / "tuning.json"
CQT_OUT = ROOT / "calculators" / "cqt" / "tests" / "cqt.json"


def rows(values: np.ndarray, frames: list[int]) -> list[list[float]]:
    """Some frames with six digits."""
    return [digits(values[:, frame], 6) for frame in frames]


def tuned_chroma(y: np.ndarray) -> dict:
    """Tuning and chroma."""
    power = np.abs(librosa.stft(y, n_fft=N_FFT, hop_length=HOP, dtype=np.complex128)) ** 2
    frames = list(range(0, power.shape[1], 16))
    return {
        "tuning": round(float(librosa.estimate_tuning(y=y, sr=SR)), 6),
        "chroma_tuning": round(float(librosa.estimate_tuning(S=power, sr=SR)), 6),
        "frames": frames,
        "chroma": rows(librosa.feature.chroma_stft(S=power, sr=SR), frames),
    }


def definition(y: np.ndarray, frame: int, bins: int = 84) -> np.ndarray:
    """A frame of magnitudes by the definition, at the full rate and in 64 bits."""
    ratio = 2 ** (2 / 12)
    q = (ratio + 1) / (ratio - 1)
    result = []
    for hz in librosa.cqt_frequencies(bins, fmin=librosa.note_to_hz("C1")):
        length = q * SR / hz
        n = np.arange(-int(length / 2), int(length / 2) + 1)
        window = 0.5 + 0.5 * np.cos(2 * np.pi * n / length)
        at = frame * HOP + n
        x = np.where((at >= 0) & (at < len(y)), y[np.clip(at, 0, len(y) - 1)], 0)
        result.append(np.sqrt(length) * abs(np.sum(window * x * np.exp(-2j * np.pi * hz * n / SR))) / window.sum())
    return np.array(result)


def constant_q(y: np.ndarray) -> dict:
    """Constant-Q magnitudes and their chroma."""
    cqt = np.abs(librosa.cqt(y, sr=SR, hop_length=HOP))
    frames = list(range(0, cqt.shape[1], 32))
    exact = np.array([definition(y, frame) for frame in frames]).T
    error = np.abs(cqt[:, frames] - exact).max() / max(exact.max(), 1e-30)
    return {
        "frames": frames,
        "cqt_error": float(f"{error:.2g}"),
        "cqt": rows(cqt, frames),
        "cqt_chroma": rows(librosa.feature.chroma_cqt(y=y, sr=SR, hop_length=HOP, tuning=0), frames),
    }


def write(out: Path, figures: dict) -> None:
    """One line per figure."""
    lines = [f'{{"generator": "librosa {librosa.__version__}, float64", "signals": {{']
    for last, (name, figure) in zip([*[","] * (len(figures) - 1), ""], figures.items()):
        lines.append(f'"{name}": {{')
        lines.append(",\n".join(f'"{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in figure.items()))
        lines.append("}" + last)
    lines.append("}}")
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{out.name}: {out.stat().st_size} bytes")


def main() -> None:
    """Compute everything and write it."""
    if librosa.__version__ != "0.11.0":
        sys.exit(f"make_tonal.py: librosa 0.11.0 is needed, this is {librosa.__version__}")
    warnings.simplefilter("ignore")
    write(CHROMA_OUT, {name: tuned_chroma(y) for name, y in signals().items()})
    write(CQT_OUT, {name: constant_q(y) for name, y in signals().items()})


if __name__ == "__main__":
    main()
