"""Writes the small MIDI files of this folder and what mido says of their times.

Needs mido 1.3 or newer. `python3 mido_times.py` writes `*.mid` and `mido.json`
beside itself. The files come out of mido except `exported-*.mid`, which the test
`formats` wrote (AGOGIC_BLESS=1) and which mido only reads here.

For each file: the tick of every message and its time in seconds as mido counts
it, by adding up `mido.tick2second` over all tracks merged. mido knows no SMPTE
divisions (it takes the field for ticks per beat), so that those files have their
times from the rule of the standard, in exact fractions, and only their bytes from
mido.
"""

import json
from fractions import Fraction
from pathlib import Path

import mido
from mido import Message, MetaMessage, MidiFile, MidiTrack

HERE = Path(__file__).parent


def tempo(micros, time=0):
    return MetaMessage("set_tempo", tempo=micros, time=time)


def signature(numerator, denominator, time=0):
    return MetaMessage("time_signature", numerator=numerator, denominator=denominator, time=time)


def notes(*deltas):
    return [Message("note_on", note=60, velocity=64, time=delta) for delta in deltas]


def write(name, kind, division, *tracks):
    file = MidiFile(type=kind, ticks_per_beat=division)
    for events in tracks:
        track = MidiTrack()
        track.extend(events)
        file.tracks.append(track)
    file.save(HERE / name)
    return name


def written():
    yield write("plain.mid", 0, 480, notes(0, 480, 240, 1))
    yield write(
        "changes.mid", 0, 480,
        [tempo(500000), signature(3, 4), *notes(0, 960), tempo(1000000), *notes(960), tempo(250000), *notes(480, 7)],
    )
    yield write(
        "other-track.mid", 1, 96,
        [signature(6, 8), MetaMessage("track_name", name="bars"), signature(2, 4, 288)],
        [*notes(0, 96), tempo(333333), *notes(96, 100), tempo(777777, 1), *notes(96)],
        [tempo(428571, 500), *notes(1000)],
    )
    # A tempo for every sixteenth, none a whole number of ticks per microsecond.
    yield write(
        "many.mid", 1, 960,
        [tempo(400000 + (i * 7919) % 300001, 0 if i == 0 else 240) for i in range(200)],
        notes(*[137] * 300),
    )
    yield write("last-wins.mid", 1, 480, [tempo(500000), tempo(600000), *notes(480)], [tempo(700000, 480), *notes(480)])


def smpte(name, frames, per_frame, rate):
    """The bytes from mido, with the division that it cannot say put in."""
    write(name, 0, 480, [tempo(250000), *notes(0, per_frame, 7, 10000)])
    path = HERE / name
    data = bytearray(path.read_bytes())
    data[12:14] = bytes([256 - frames, per_frame])
    path.write_bytes(data)
    per_second = Fraction(*rate) * per_frame
    ticks = [0, per_frame, per_frame + 7, per_frame + 10007]
    return {"file": name, "times": [[tick, float(tick / per_second)] for tick in ticks]}


def times(name):
    file = MidiFile(HERE / name)
    seconds, tick, micros, found = 0.0, 0, 500000, {}
    for message in mido.merge_tracks(file.tracks):
        seconds += mido.tick2second(message.time, file.ticks_per_beat, micros)
        tick += message.time
        found[tick] = seconds
        if message.type == "set_tempo":
            micros = message.tempo
    return {"file": name, "times": [[tick, seconds] for tick, seconds in found.items()]}


def main():
    cases = [times(name) for name in written()]
    cases += [times(path.name) for path in sorted(HERE.glob("exported-*.mid"))]
    cases += [
        smpte("smpte-24.mid", 24, 4, (24, 1)),
        smpte("smpte-25.mid", 25, 40, (25, 1)),
        smpte("smpte-29.mid", 29, 80, (30000, 1001)),
        smpte("smpte-30.mid", 30, 100, (30, 1)),
    ]
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (HERE / "mido.json").write_text(f'{{"mido": "{mido.version_info}", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
