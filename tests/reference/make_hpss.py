#!/usr/bin/env python3
"""Write what librosa 0.11.0 computes of the six signals of make_librosa.py, for the
tests of harmonic/percussive energy and of the linear spectrograms.

    python3 make_hpss.py               # needs librosa==0.11.0

hpss.json beside the tests of the standard calculators: sr 22050, n_fft 2048,
hop_length 512, periodic Hann window, centred frames over zero padding, all in 64
bits. `harmonic` and `percussive` are the sums over bins of the squared magnitudes
that librosa.decompose.hpss gives by its defaults, `harmonic_wide` and
`percussive_wide` with kernel_size (17, 9), power 1 and margin (2, 3), at every
fourth frame and the last one. `decibels` is amplitude_to_db(ref=1, amin=1e-5,
top_db=80) at the frames `frames` and every 32nd bin.
"""

from __future__ import annotations

import json
from pathlib import Path

import librosa
import numpy as np

from make_librosa import HOP, N_FFT, digits, signals

OUT = Path(__file__).resolve().parent.parent.parent / "calculators" / "standard" / "tests" / "hpss.json"
FRAMES = [0, 1, 40, 87, 172]
STEP, BIN_STEP = 4, 32


def figures(y: np.ndarray) -> dict:
    """What is kept of a signal."""
    magnitude = np.abs(librosa.stft(y, n_fft=N_FFT, hop_length=HOP, dtype=np.complex128))
    kept = sorted({*range(0, magnitude.shape[1], STEP), magnitude.shape[1] - 1})

    def energies(**options) -> list[list[float]]:
        parts = librosa.decompose.hpss(magnitude, **options)
        return [digits((part**2).sum(axis=0)[kept], 7) for part in parts]

    harmonic, percussive = energies()
    harmonic_wide, percussive_wide = energies(kernel_size=(17, 9), power=1.0, margin=(2.0, 3.0))
    decibels = librosa.amplitude_to_db(magnitude, ref=1.0, amin=1e-5, top_db=80.0)
    return {
        "kept": kept,
        "harmonic": harmonic,
        "percussive": percussive,
        "harmonic_wide": harmonic_wide,
        "percussive_wide": percussive_wide,
        "frames": FRAMES,
        "decibels": [digits(decibels[::BIN_STEP, frame], 7) for frame in FRAMES],
    }


def main() -> None:
    """Writes the file."""
    out = {"librosa": librosa.__version__, "signals": {name: figures(y) for name, y in signals().items()}}
    OUT.write_text(json.dumps(out, separators=(",", ":")).replace('],"', '],\n"') + "\n")


if __name__ == "__main__":
    main()
