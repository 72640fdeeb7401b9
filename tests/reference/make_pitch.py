#!/usr/bin/env python3
"""Write what librosa 0.11.0 says of the pitch of audio that the tests can have too.

    python3 make_pitch.py            # needs librosa==0.11.0

Eight signals of four seconds at 22,050 Hz, rounded to 32-bit floats and analysed in
64 bits: the six of make_librosa.py, a sine that glides from 100 to 800 Hz, and ten
harmonics that do so with a vibrato. Per frame: `yin` in Hz; `pyin`, the bin of pitch,
tenths of a semitone above C2, or -1; `voiced`, the probability. C2 to C7, frame_length
2048, hop_length 512, librosa's defaults for all else.
"""

from __future__ import annotations

import json

import librosa
import numpy as np

from make_librosa import ROOT, SECONDS, SR, digits, signals

OUT = ROOT / "calculators" / "pitch" / "tests" / "pitch.json"


def glides() -> dict[str, np.ndarray]:
    """The sine at 100 * 8^(t / 4) Hz, and the harmonics, at 5 cos(2 pi 5 t) Hz beside."""
    t = np.arange(SR * SECONDS) / SR
    phase = 2 * np.pi * 100 * SECONDS / np.log(8) * (8 ** (t / SECONDS) - 1)
    voice = phase + np.sin(2 * np.pi * 5 * t)
    return {
        "glide": 0.5 * np.sin(phase),
        "voice": sum(0.3 / h * np.sin(h * voice) for h in range(1, 11)),
    }


def figures(y: np.ndarray) -> dict:
    """What is kept of a signal."""
    y = y.astype(np.float32).astype(np.float64)
    fmin, fmax = (float(librosa.note_to_hz(note)) for note in ("C2", "C7"))
    f0, flags, voiced = librosa.pyin(y, fmin=fmin, fmax=fmax, sr=SR)
    bins = np.where(flags, np.round(120 * np.log2(np.where(flags, f0, fmin) / fmin)), -1)
    return {
        "yin": digits(librosa.yin(y, fmin=fmin, fmax=fmax, sr=SR), 8),
        "pyin": [int(b) for b in bins],
        "voiced": [round(float(p), 6) for p in voiced],
    }


def main() -> None:
    found = {name: figures(y) for name, y in {**signals(), **glides()}.items()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(f, separators=(',', ':'))}" for name, f in found.items())
    OUT.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
