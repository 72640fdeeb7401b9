#!/usr/bin/env python3
"""Write and render "Slow Turn", the short piece that the examples and tests use.

The score stands below as data. From it this script makes, beside itself:

    slow-turn.mid         Standard MIDI File, format 1, 480 ticks per quarter
    slow-turn.tempo.json  the tempo map and meter in the native form, ramps kept as laws
    slow-turn.ogg         the render: 44.1 kHz, stereo, Vorbis

Run `python3 make.py`, or `python3 make.py --score-only` for the first two alone.
It needs Python 3.9, the package mido (PyPI) and, for the render, fluidsynth,
oggenc (vorbis-tools) and the sound font FluidR3_GM.sf2 (fluid-soundfont-gm).

Time. Every onset is placed by the closed forms of the tempo laws (`TempoMap`).
A MIDI file knows constant tempi only, so a ramp is written there as steps of an
eighth of a beat, each with its span's mean tempo, and rounding errors are carried
from step to step. The largest deviation between the two is printed.

The render does not depend on how a synthesiser follows tempo changes: it is made
from a copy of the score whose ticks are absolute time (`absolute_time_file`).
"""

from __future__ import annotations

import argparse
import array
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

try:
    import mido
except ImportError:
    sys.exit("make.py: the Python package mido is missing (pip install mido)")

HERE = Path(__file__).resolve().parent
NAME = "slow-turn"
TITLE = "Slow Turn"
TICKS_PER_QUARTER = 480
SAMPLE_RATE = 44_100
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
PEAK_DBFS = -1.0
TAIL_SECONDS = 1.0  # sound kept after the last bar line
FADE_SECONDS = 0.6  # the end of the tail, faded to silence
RAMP_STEP_BEATS = 1 / 8
ABSOLUTE_TICKS = 10_000  # ticks per second of the synthesiser's copy of the score
BLOCK = 64  # frames the synthesiser computes at a time

# --- Time ---------------------------------------------------------------------

# A point holds its bpm (quarter notes per minute) at its beat. `law` tells how the
# tempo moves to the next point, `to` where a ramp ends when the next point differs.
TEMPO = [
    {"beat": 0, "bpm": 96},
    {"beat": 12, "bpm": 108, "law": "step"},
    {"beat": 18, "bpm": 108, "law": "linear-time", "to": 128},
    {"beat": 24, "bpm": 128, "law": "step"},
    {"beat": 38, "bpm": 128, "law": "linear-beats", "to": 64},
    {"beat": 44, "bpm": 72},
]
METER = [
    {"beat": 0, "numerator": 3, "denominator": 4},
    {"beat": 24, "numerator": 4, "denominator": 4},
    {"beat": 44, "numerator": 3, "denominator": 4},
]
LAST_BEAT = 53


class TempoMap:
    """Beats to seconds for the laws that the piece uses."""

    def __init__(self, points: list[dict]):
        self.spans = []  # (beat, seconds, length in beats, law, v0, v1 in beats/s)
        seconds = 0.0
        for index, point in enumerate(points):
            last = index + 1 == len(points)
            length = math.inf if last else points[index + 1]["beat"] - point["beat"]
            law = point.get("law", "step")
            start = point["bpm"] / 60
            end = start
            if not last and law != "step":
                end = point.get("to", points[index + 1]["bpm"]) / 60
            span = (point["beat"], seconds, length, law, start, end)
            self.spans.append(span)
            if not last:
                seconds += self._within(span, length)

    @staticmethod
    def _within(span: tuple, beats: float) -> float:
        """Seconds from a span's start to `beats` after it."""
        _, _, length, law, v0, v1 = span
        if law == "step" or v0 == v1:
            return beats / v0
        if law == "linear-beats":  # tempo linear over beats
            slope = (v1 - v0) / length
            return math.log1p(slope * beats / v0) / slope
        if law == "linear-time":  # tempo linear over time
            slope = (v1 * v1 - v0 * v0) / (2 * length)
            return 2 * beats / (v0 + math.sqrt(v0 * v0 + 2 * slope * beats))
        raise ValueError(f"tempo law {law!r} is not used in this piece")

    def seconds(self, beat: float) -> float:
        """Seconds at `beat`; beat 0 is 0 s."""
        span = next(s for s in reversed(self.spans) if s[0] <= beat)
        return span[1] + self._within(span, beat - span[0])


def tempo_steps(tempo: TempoMap) -> list[tuple[int, int]]:
    """The map as (tick, microseconds per quarter), ramps cut into short steps.

    Each step takes the microseconds that bring its end nearest to the law, the
    error left by earlier steps included, so errors do not add up along a ramp.
    """
    steps = []
    reached = 0.0  # seconds by the stepped map
    for beat, _, length, law, v0, _ in tempo.spans:
        if law == "step":
            micros = round(1e6 / v0)
            steps.append((round(beat * TICKS_PER_QUARTER), micros))
            if math.isfinite(length):
                reached += length * micros / 1e6
            continue
        for index in range(round(length / RAMP_STEP_BEATS)):
            at = beat + index * RAMP_STEP_BEATS
            wanted = tempo.seconds(at + RAMP_STEP_BEATS) - reached
            micros = round(wanted * 1e6 / RAMP_STEP_BEATS)
            steps.append((round(at * TICKS_PER_QUARTER), micros))
            reached += RAMP_STEP_BEATS * micros / 1e6
    return steps


def stepped_seconds(steps: list[tuple[int, int]], tick: int) -> float:
    """Seconds at `tick` as a reader of the MIDI file computes them."""
    seconds = 0.0
    for index, (start, micros) in enumerate(steps):
        end = steps[index + 1][0] if index + 1 < len(steps) else math.inf
        seconds += max(0, min(tick, end) - start) * micros / 1e6 / TICKS_PER_QUARTER
    return seconds


# --- Score --------------------------------------------------------------------

# name: (MIDI channel, General MIDI program, volume, pan, reverb)
PARTS = {
    "Piano": (0, 0, 104, 58, 40),
    "Vibraphone": (1, 11, 112, 78, 52),
    "Strings": (2, 48, 76, 40, 60),
    "Horn": (3, 60, 74, 88, 60),
    "Bass": (4, 32, 112, 64, 16),
    "Drums": (9, 0, 104, 64, 30),
}

KICK, STICK, SNARE, FLOOR_TOM, HAT, PEDAL_HAT, LOW_TOM, OPEN_HAT, HIGH_TOM, CRASH, RIDE, TRIANGLE = (
    36, 37, 38, 41, 42, 44, 45, 46, 50, 49, 51, 81,
)  # fmt: skip


@dataclass(frozen=True)
class Note:
    """One note: part, start and length in quarter notes, MIDI pitch, velocity 1..127."""

    part: str
    beat: float
    length: float
    pitch: int
    velocity: int


def pitch(name: str) -> int:
    """MIDI number of a name such as `F#5` or `Bb3`; C4 is 60."""
    steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    shift = name.count("#") - name[1:].count("b")
    return 12 * (int(name[-1]) + 1) + steps[name[0]] + shift


# Loudness of the whole as (beat, velocity), joined by straight lines.
DYNAMICS = [
    (0, 66), (9, 72), (12, 73), (17, 83), (20, 85), (24, 107), (36, 112), (40, 104),
    (43.9, 82), (44, 66), (49, 58), (50, 66), (53, 60),
]  # fmt: skip


def loudness(beat: float) -> float:
    """Velocity that DYNAMICS asks for at `beat`."""
    for (b0, v0), (b1, v1) in zip(DYNAMICS, DYNAMICS[1:]):
        if beat <= b1:
            return v0 + (v1 - v0) * max(0.0, beat - b0) / (b1 - b0)
    return DYNAMICS[-1][1]


class Score:
    """Collects notes; velocities follow DYNAMICS with a small, seeded spread."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._spread = random.Random(20)

    def add(self, part: str, beat: float, length: float, number: int, lift: float = 0) -> None:
        """One note; `lift` is added to the velocity of the moment."""
        velocity = loudness(beat) + lift + self._spread.uniform(-2.5, 2.5)
        self.notes.append(Note(part, beat, length, number, max(1, min(127, round(velocity)))))

    def line(self, part: str, beat: float, text: str, lift: float = 0, shift: int = 0) -> None:
        """A melody written `F#5:1 G5:.5 r:1`: names and lengths in quarters, r a rest."""
        for word in text.split():
            name, length = word.split(":")
            quarters = float(length)
            if name != "r":
                accent = 5 if beat == int(beat) else 0
                self.add(part, beat, quarters * 0.96, pitch(name) + shift, lift + accent)
            beat += quarters

    def chord(self, part: str, beat: float, length: float, names: str, lift: float = 0) -> None:
        """Notes struck together."""
        for name in names.split():
            self.add(part, beat, length, pitch(name), lift)

    def arpeggio(self, beat: float, names: str, lift: float = 0) -> None:
        """The piano's broken chord in eighths, over whichever bar `beat` opens."""
        for index, name in enumerate(names.split()):
            self.add("Piano", beat + index / 2, 0.55, pitch(name), lift + (6 if index == 0 else -4))

    def drums(self, beat: float, text: str, number: int, step: float = 0.5, lift: float = 0) -> None:
        """A pattern such as `x.o.`: x struck, X accented, o soft, . silent."""
        for index, mark in enumerate(text):
            if mark != ".":
                extra = {"X": 12, "x": 0, "o": -26}[mark]
                self.add("Drums", beat + index * step, step * 0.9, number, lift + extra)


def waltz(score: Score) -> None:
    """Bars 1-8, 3/4, D major: the turning motif, first alone, then over strings."""
    arpeggios = [
        "D3 A3 D4 F#4 D4 A3", "B2 F#3 B3 D4 A3 F#3", "G2 D3 B3 F#4 D4 B3", "A2 E3 B3 D4 C#4 E3",
        "F#2 D3 A3 D4 A3 D3", "G2 D3 A3 B3 D4 A3", "E2 B2 G3 D4 B3 G3", "A2 E3 G3 C#4 E4 G4",
    ]  # fmt: skip
    for bar, names in enumerate(arpeggios):
        score.arpeggio(3 * bar, names, lift=-8)

    score.line("Vibraphone", 0, "F#5:1 G5:.5 F#5:.5 E5:.5 F#5:.5  A5:1.5 D5:1.5", lift=10)
    score.line("Vibraphone", 6, "D5:1 E5:.5 D5:.5 C#5:.5 D5:.5  E5:2 G5:1", lift=10)
    score.line("Vibraphone", 12, "F#5:1 G5:.5 F#5:.5 E5:.5 F#5:.5  B5:1.5 A5:.5 G5:1", lift=10)
    score.line("Vibraphone", 18, "E5:1 F#5:.5 E5:.5 D5:.5 G5:.5  A5:1 B5:.5 C#6:.5 E6:1", lift=8)
    score.line("Piano", 18, "E5:1 F#5:.5 E5:.5 D5:.5 G5:.5  A5:1 B5:.5 C#6:.5 E6:1", lift=-4)

    score.line("Bass", 3, "B1:3 G1:3 A1:2 A1:1", lift=-2)
    score.line("Bass", 12, "F#1:2 A1:1 G1:2 B1:1 E1:2 B1:1 A1:1 C#2:1 E2:1", lift=4)

    # Strings answer in half-bars below the melody.
    for beat, names in [(12, "D4 A4"), (15, "D4 B4"), (18, "E4 G4 B4"), (21, "E4 G4 C#5")]:
        score.chord("Strings", beat, 2.95, names, lift=-6)
    score.line("Horn", 18, "B3:3 C#4:3", lift=-8)

    for beat in (12, 15, 18):
        score.drums(beat, "x....." if beat < 18 else "x...o.", RIDE, lift=-14)
        score.drums(beat, "..o.o.", PEDAL_HAT)
        score.drums(beat, "....o.", STICK)
    score.drums(21, "oooooxxxxxXX", SNARE, step=0.25, lift=-16)
    score.drums(23, "xx", HIGH_TOM, step=0.25, lift=-6)
    score.drums(23.5, "xX", FLOOR_TOM, step=0.25)


def dance(score: Score) -> None:
    """Bars 9-13, 4/4, B minor and home: the motif in half the time, everybody loud."""
    tune = (
        "D6:.75 E6:.25 D6:.5 C#6:.5 D6:1 B5:1  B5:.75 C#6:.25 B5:.5 A5:.5 B5:1 G5:1 "
        "A5:.75 B5:.25 A5:.5 G5:.5 A5:1 D6:1  C#6:1.5 B5:.5 C#6:.5 D6:.5 E6:1 "
        "G6:1 F#6:.5 E6:.5 D6:1 C#6:1"
    )
    score.line("Piano", 24, tune, lift=2)
    score.line("Piano", 24, tune, lift=-6, shift=-12)
    score.line("Vibraphone", 24, tune, lift=4, shift=-12)

    # Bass and left hand; struck chords on the off-beats, long chords in the strings.
    bars = [
        (24, "B1:1.5 B1:.5 F#1:1 B1:1", "F#3 B3 D4", "F#4 B4 D5"),
        (28, "G1:1.5 G1:.5 D2:1 G1:1", "G3 B3 D4", "G4 B4 D5"),
        (32, "F#1:1.5 F#1:.5 A1:1 D2:1", "F#3 A3 D4", "F#4 A4 D5"),
        (36, "A1:1.5 A1:.5 E2:1 G1:1", "E3 A3 C#4", "E4 A4 C#5"),
    ]
    for beat, bass, struck, held in bars:
        score.line("Bass", beat, bass, lift=2)
        for offset in (1, 2.5, 3.5) if beat < 36 else (1, 2):
            score.chord("Piano", beat + offset, 0.4, struck, lift=-18)
        score.chord("Strings", beat, 3.9, held, lift=-8)
    score.line("Bass", 40, "E1:2 A1:1 A1:1", lift=2)
    score.chord("Strings", 40, 1.95, "G4 B4 D5", lift=-8)
    score.chord("Strings", 42, 0.98, "E4 A4 D5", lift=-8)
    score.chord("Strings", 43, 0.98, "E4 G4 C#5", lift=-8)
    score.chord("Piano", 40, 1.9, "E3 B3 G4", lift=-12)
    score.chord("Piano", 42, 0.95, "A2 E3 A3", lift=-12)
    score.line("Horn", 24, "F#4:2 D4:2 D4:2 B3:2 D4:2 A3:2 E4:2 A3:2 G4:1 F#4:.5 E4:.5 D4:1 C#4:1", lift=-4)

    score.drums(24, "X", CRASH, lift=-14)
    score.drums(32, "x", CRASH, lift=-22)
    for beat in (24, 28, 32):
        score.drums(beat, "X..xx...", KICK)
        score.drums(beat, "..X...X.", SNARE, lift=-10)
        score.drums(beat, "xoxoxoxo", HAT, lift=-18)
    score.drums(36, "X..xx...", KICK)
    score.drums(36, "..X...x.", SNARE, lift=-12)
    score.drums(36, "xoxoxoxo", HAT, lift=-18)
    score.drums(40, "X...x...", KICK, lift=-6)
    score.drums(40, "..x.....", SNARE, lift=-16)
    score.drums(42, "xx", LOW_TOM, step=1, lift=-14)
    score.drums(40, "X", CRASH, lift=-22)


def coda(score: Score) -> None:
    """Bars 14-16, 3/4: the motif remembered, a minor plagal cadence, D major."""
    score.line("Vibraphone", 44, "F#5:1 G5:.5 F#5:.5 E5:.5 F#5:.5  Bb5:1 A5:.5 G5:.5 E5:1", lift=8)
    score.arpeggio(44, "D3 A3 E4 F#4 E4 A3", lift=-6)
    score.arpeggio(47, "D3 Bb3 E4 G4 E4 Bb3", lift=-6)
    score.chord("Strings", 44, 2.95, "D4 A4", lift=-8)
    score.chord("Strings", 47, 2.95, "D4 G4 Bb4", lift=-6)
    score.line("Bass", 44, "D2:3 D2:3", lift=-2)
    # The last chord: struck together, then answered from above.
    score.chord("Piano", 50, 2.9, "D2 A2 F#3 A3 D4", lift=4)
    score.chord("Strings", 50, 2.9, "D4 F#4 A4", lift=-10)
    score.add("Bass", 50, 3, pitch("D1"), lift=2)
    score.add("Vibraphone", 50, 3, pitch("F#5"), lift=8)
    score.add("Vibraphone", 51, 2, pitch("A5"), lift=2)
    score.add("Vibraphone", 52, 1.5, pitch("D6"), lift=-2)
    score.add("Drums", 44, 1, TRIANGLE, lift=-4)
    score.add("Drums", 50, 1, TRIANGLE, lift=-2)


def compose() -> list[Note]:
    """All notes, in order of time."""
    score = Score()
    for section in (waltz, dance, coda):
        section(score)
    return sorted(score.notes, key=lambda n: (n.beat, n.part, n.pitch))


def pedal() -> list[tuple[float, int]]:
    """The piano's sustain pedal as (beat, 0 or 127), changed with the harmony."""
    changes = list(range(0, 24, 3)) + [44, 47, 50]
    events = []
    for beat in changes:
        events += [(beat + 0.06, 127), (beat + (2.95 if beat < 50 else 3.6), 0)]
    return events


# --- Files --------------------------------------------------------------------


def channel_messages(notes: list[Note], name: str) -> list[tuple[float, mido.Message]]:
    """The messages of one part as (beat, message), settings first."""
    channel, program, volume, pan, reverb = PARTS[name]
    messages = [(0.0, mido.Message("program_change", channel=channel, program=program))]
    for control, value in ((7, volume), (10, pan), (91, reverb), (93, 0)):
        messages.append((0.0, mido.Message("control_change", channel=channel, control=control, value=value)))
    if name == "Piano":
        for beat, value in pedal():
            messages.append((beat, mido.Message("control_change", channel=channel, control=64, value=value)))
    for note in (n for n in notes if n.part == name):
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=0)
        messages += [(note.beat, on), (note.beat + note.length, off)]
    order = {"program_change": 0, "control_change": 1, "note_off": 2, "note_on": 3}
    return sorted(messages, key=lambda m: (m[0], order[m[1].type]))


def track(timed: list[tuple[int, mido.Message]]) -> mido.MidiTrack:
    """A track from messages at absolute ticks, with its end mark."""
    result, now = mido.MidiTrack(), 0
    for tick, message in timed:
        result.append(message.copy(time=tick - now))
        now = tick
    result.append(mido.MetaMessage("end_of_track", time=0))
    return result


def midi_file(notes: list[Note], steps: list[tuple[int, int]]) -> mido.MidiFile:
    """The score as published: track 0 holds tempo and meter, then a track per part."""

    def ticks(beat: float) -> int:
        return round(beat * TICKS_PER_QUARTER)

    timed = [(0, mido.MetaMessage("track_name", name=TITLE))]
    for change in METER:
        message = mido.MetaMessage(
            "time_signature", numerator=change["numerator"], denominator=change["denominator"]
        )
        timed.append((ticks(change["beat"]), message))
    timed.append((0, mido.MetaMessage("key_signature", key="D")))
    timed += [(tick, mido.MetaMessage("set_tempo", tempo=micros)) for tick, micros in steps]
    timed.append((ticks(LAST_BEAT), mido.MetaMessage("marker", text="end")))
    result = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER)
    result.tracks.append(track(sorted(timed, key=lambda t: t[0])))
    for name in PARTS:
        messages = [(ticks(b), m) for b, m in channel_messages(notes, name)]
        result.tracks.append(track([(0, mido.MetaMessage("track_name", name=name))] + messages))
    return result


def absolute_time_file(notes: list[Note], tempo: TempoMap, advance: float) -> mido.MidiFile:
    """The score for the synthesiser: ABSOLUTE_TICKS ticks a second, no tempo change.

    A player that counts time in whole milliseconds, or that restarts its count at
    each tempo change, drifts along a ramp; here there is nothing to drift on.
    Everything after beat 0 is sent `advance` seconds early (see `measure_delays`).
    """

    def ticks(beat: float) -> int:
        return max(0, round((tempo.seconds(beat) - advance) * ABSOLUTE_TICKS))

    parts = [[(ticks(b), m) for b, m in channel_messages(notes, name)] for name in PARTS]
    return absolute_ticks(parts)


def absolute_ticks(parts: list[list[tuple[int, mido.Message]]]) -> mido.MidiFile:
    """A MIDI file in which a second has ABSOLUTE_TICKS ticks throughout."""
    result = mido.MidiFile(type=1, ticks_per_beat=ABSOLUTE_TICKS)
    result.tracks.append(track([(0, mido.MetaMessage("set_tempo", tempo=1_000_000))]))
    result.tracks += [track(part) for part in parts]
    return result


def tempo_json() -> str:
    """The map in its native form, one point to a line."""

    def rows(items: list[dict]) -> str:
        return ",\n".join("    " + json.dumps(item) for item in items)

    return (
        "{\n"
        f'  "ticks_per_quarter": {TICKS_PER_QUARTER},\n'
        f'  "points": [\n{rows(TEMPO)}\n  ],\n'
        f'  "meter": [\n{rows(METER)}\n  ]\n'
        "}\n"
    )


# --- Sound --------------------------------------------------------------------


def need(program: str, package: str) -> str:
    """Path of `program`, or an end that says what to install."""
    path = shutil.which(program)
    if path is None:
        sys.exit(f"make.py: {program} is missing (Debian package {package})")
    return path


def synthesise(fluidsynth: str, font: Path, midi: mido.MidiFile, folder: Path) -> array.array:
    """Interleaved stereo float samples of `midi`, at SAMPLE_RATE."""
    source, raw = folder / "in.mid", folder / "out.raw"
    midi.save(source)
    settings = {
        "synth.reverb.room-size": 0.45, "synth.reverb.damp": 0.3, "synth.reverb.width": 0.7,
        "synth.reverb.level": 0.5, "synth.chorus.active": 0, "synth.polyphony": 256,
    }  # fmt: skip
    command = [fluidsynth, "-ni", "-q", "-g", "0.4", "-r", str(SAMPLE_RATE), "-T", "raw", "-O", "float"]
    for key, value in settings.items():
        command += ["-o", f"{key}={value}"]
    subprocess.run(command + ["-F", str(raw), str(font), str(source)], check=True)
    samples = array.array("f")
    samples.frombytes(raw.read_bytes())
    if sys.byteorder != "little":
        samples.byteswap()
    return samples


def measure_delays(fluidsynth: str, font: Path, folder: Path) -> tuple[int, float]:
    """How late the synthesiser sounds a note: (frames at 0 s, seconds more after that).

    It takes events at the borders of blocks of BLOCK frames, in whole milliseconds,
    and starts one block after a note at 0 s; a later note waits for the next border
    as well. Measured on side sticks without reverb: the first frame that is not
    silent gives the first figure; the mean distance of the others' attacks from
    their times, less the first one's, gives the second.
    """
    spacing = 5037  # ticks; no multiple of a block or of a millisecond
    times = [spacing * i for i in range(40)]
    messages = [(0, mido.Message("control_change", channel=9, control=91, value=0))]
    for tick in times:
        messages.append((tick, mido.Message("note_on", channel=9, note=STICK, velocity=127)))
        messages.append((tick + 1500, mido.Message("note_off", channel=9, note=STICK)))
    samples = synthesise(fluidsynth, font, absolute_ticks([messages]), folder)
    left = [abs(value) for value in samples[::2]]
    peak = max(left)

    def first_above(start: int, share: float) -> int:
        return next(i for i in range(start, len(left)) if left[i] > share * peak) - start

    start = first_above(0, 1e-6) // BLOCK * BLOCK
    attacks = [first_above(tick * SAMPLE_RATE // ABSOLUTE_TICKS, 0.05) for tick in times]
    later = [attack - attacks[0] for attack in attacks[1:]]
    mean = sum(later) / len(later)
    print(f"synthesiser: {start} frames late at 0 s, then {min(later)}..{max(later)} more, {mean:.0f} on average")
    return start, mean / SAMPLE_RATE


def finish(samples: array.array, latency: int, frames: int) -> array.array:
    """Cut to beat 0 and to length, fade the tail, bring the peak to PEAK_DBFS; 16 bits."""
    cut = samples[2 * latency : 2 * (latency + frames)]
    cut.extend([0.0] * (2 * frames - len(cut)))
    fade = round(FADE_SECONDS * SAMPLE_RATE)
    for i in range(fade):
        gain = 0.5 + 0.5 * math.cos(math.pi * (i + 1) / fade)
        at = 2 * (frames - fade + i)
        cut[at] *= gain
        cut[at + 1] *= gain
    scale = 10 ** (PEAK_DBFS / 20) / max(abs(v) for v in cut) * 32767
    return array.array("h", [round(v * scale) for v in cut])


def render(notes: list[Note], tempo: TempoMap, font: Path, quality: float, keep_wav: Path | None) -> None:
    """Synthesise, finish and encode the piece."""
    fluidsynth = need("fluidsynth", "fluidsynth")
    oggenc = need("oggenc", "vorbis-tools")
    if not font.is_file():
        sys.exit(f"make.py: sound font {font} is missing (Debian package fluid-soundfont-gm, or --font)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        latency, advance = measure_delays(fluidsynth, font, folder)
        samples = synthesise(fluidsynth, font, absolute_time_file(notes, tempo, advance), folder)
        frames = round((tempo.seconds(LAST_BEAT) + TAIL_SECONDS) * SAMPLE_RATE)
        pcm = finish(samples, latency, frames)
        if sys.byteorder != "little":
            pcm.byteswap()
        wav = folder / "out.wav"
        with wave.open(str(wav), "wb") as file:
            file.setparams((2, 2, SAMPLE_RATE, frames, "NONE", ""))
            file.writeframes(pcm.tobytes())
        if keep_wav:
            shutil.copyfile(wav, keep_wav)
        out = HERE / f"{NAME}.ogg"
        command = [oggenc, "-Q", "-q", str(quality), "-s", "1", "-t", TITLE, "-o", str(out), str(wav)]
        subprocess.run(command, check=True)
    print(f"{out.name}: {frames} frames, {frames / SAMPLE_RATE:.3f} s, {out.stat().st_size} bytes")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--score-only", action="store_true", help="write the MIDI and tempo files, no sound")
    parser.add_argument("--font", type=Path, default=SOUND_FONT, help="path of FluidR3_GM.sf2")
    parser.add_argument("--quality", type=float, default=3.0, help="oggenc quality (default 3)")
    parser.add_argument("--wav", type=Path, help="also keep the WAV, at this path")
    options = parser.parse_args()

    tempo, notes = TempoMap(TEMPO), compose()
    steps = tempo_steps(tempo)
    midi_file(notes, steps).save(HERE / f"{NAME}.mid")
    (HERE / f"{NAME}.tempo.json").write_text(tempo_json(), encoding="utf-8")

    marks = range(0, LAST_BEAT * TICKS_PER_QUARTER + 1)
    worst = max(abs(stepped_seconds(steps, t) - tempo.seconds(t / TICKS_PER_QUARTER)) for t in marks)
    print(f"{len(notes)} notes, {len(steps)} tempo events, last bar line at {tempo.seconds(LAST_BEAT):.6f} s")
    for beat in sorted({p["beat"] for p in TEMPO} | {LAST_BEAT}):
        stepped = stepped_seconds(steps, beat * TICKS_PER_QUARTER)
        exact = tempo.seconds(beat)
        print(f"beat {beat:2}: law {exact:.9f} s, MIDI {stepped:.9f} s, off {1e6 * (stepped - exact):+.3f} us")
    print(f"largest deviation at any tick: {1e6 * worst:.1f} us")
    if not options.score_only:
        render(notes, tempo, options.font, options.quality, options.wav)


if __name__ == "__main__":
    main()
