#!/usr/bin/env python3
"""F-measures of librosa's beats and onsets on the pieces of `cargo xtask accuracy`.

    python3 make_beats.py FOLDER > beats.json

FOLDER holds the pieces as WAV files and `pieces.json` with their known beats and
onsets, in seconds, as the program in xtask/accuracy writes them. librosa runs at the
files' own rate with its defaults; beats count within 70 ms, onsets within 50 ms, as
mir_eval defines them, nothing trimmed. Made with librosa 0.11.0 and mir_eval.
"""

import json
import sys
from pathlib import Path

import librosa
import mir_eval
import numpy as np
import soundfile

folder = Path(sys.argv[1])
figures = {}
for name, known in json.loads((folder / "pieces.json").read_text()).items():
    samples, rate = soundfile.read(folder / f"{name}.wav", dtype="float32")
    _, beats = librosa.beat.beat_track(y=samples, sr=rate, units="time")
    onsets = librosa.onset.onset_detect(y=samples, sr=rate, units="time")
    figures[name] = {"beats": round(mir_eval.beat.f_measure(np.array(known["beats"]), beats), 4)}
    if known["onsets"]:
        figures[name]["onsets"] = round(mir_eval.onset.f_measure(np.array(known["onsets"]), onsets)[0], 4)
print(json.dumps({"generator": f"librosa {librosa.__version__}, mir_eval", "pieces": figures}, indent=1))
