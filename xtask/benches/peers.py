#!/usr/bin/env python3
"""A peer that `cargo xtask bench features` times: python peers.py PEER

Reads a request a line, {"peer": ..., "feature": ..., "wav": ...}, does that work once on
one thread, and answers {"ms": ...} or {"error": ...}. The first line says {"version": ...}.
Reading the file is not timed; what is returned is freed after the clock was read.

Parameters are those under which the peers agree with each other and with Agogic: frames
of 2048 samples every 512, periodic Hann windows, centred; 128 mel bands, 20 coefficients,
12 pitch classes; pitch from 65 to 2093 Hz.
"""

import os

for threads in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA", "VECLIB_MAXIMUM"):
    os.environ[threads + "_NUM_THREADS" if threads != "VECLIB_MAXIMUM" else threads + "_THREADS"] = "1"

import json
import sys
import warnings
from importlib.metadata import version
from time import perf_counter

N_FFT, HOP, MELS, COEFFICIENTS = 2048, 512, 128, 20
FMIN, FMAX = 65.0, 2093.0
# Seconds of what takes a peer minutes; the figure is scaled up.
SHORT = 30


class Audio:
    """A file as float32: all channels, and their mean."""

    def __init__(self, path):
        import numpy
        import soundfile

        self.path = path
        self.channels, self.rate = soundfile.read(path, dtype="float32", always_2d=True)
        self.mono = numpy.ascontiguousarray(self.channels.mean(axis=1, dtype=numpy.float32))
        self.seconds = len(self.mono) / self.rate

    def short(self):
        return self.mono[: SHORT * self.rate]


def timed(work, scale=1.0):
    start = perf_counter()
    kept = work()
    took = perf_counter() - start
    del kept
    return 1e3 * took * scale


class Librosa:
    package = "librosa"

    def __init__(self):
        import librosa

        self.lib = librosa
        self.frames = {"n_fft": N_FFT, "hop_length": HOP}

    def spectrum(self, audio):
        return lambda: abs(self.lib.stft(audio.mono, **self.frames)) ** 2

    def mel(self, audio):
        melspectrogram = self.lib.feature.melspectrogram
        return lambda: self.lib.power_to_db(melspectrogram(y=audio.mono, sr=audio.rate, n_mels=MELS, **self.frames))

    def mfcc(self, audio):
        feature = self.lib.feature
        return lambda: feature.mfcc(y=audio.mono, sr=audio.rate, n_mfcc=COEFFICIENTS, n_mels=MELS, **self.frames)

    def chroma(self, audio):
        return lambda: self.lib.feature.chroma_stft(y=audio.mono, sr=audio.rate, tuning=0.0, **self.frames)

    def chroma_estimated(self, audio):
        return lambda: self.lib.feature.chroma_stft(y=audio.mono, sr=audio.rate, **self.frames)

    def bandwidth(self, audio):
        return lambda: self.lib.feature.spectral_bandwidth(y=audio.mono, sr=audio.rate, **self.frames)

    def rms(self, audio):
        return lambda: self.lib.feature.rms(y=audio.mono, frame_length=N_FFT, hop_length=HOP)

    def zero_crossings(self, audio):
        return lambda: self.lib.feature.zero_crossing_rate(audio.mono, frame_length=N_FFT, hop_length=HOP)

    def onsets(self, audio):
        return lambda: self.lib.onset.onset_detect(y=audio.mono, sr=audio.rate, hop_length=HOP)

    def beats(self, audio):
        return lambda: self.lib.beat.beat_track(y=audio.mono, sr=audio.rate, hop_length=HOP)

    def yin(self, audio):
        return lambda: self.lib.yin(
            audio.mono, fmin=FMIN, fmax=FMAX, sr=audio.rate, frame_length=N_FFT, hop_length=HOP
        )

    def pyin(self, audio):
        work = lambda: self.lib.pyin(
            audio.short(), fmin=FMIN, fmax=FMAX, sr=audio.rate, frame_length=N_FFT, hop_length=HOP
        )
        return work, audio.seconds / SHORT

    def all(self, audio):
        import numpy

        feature, rate = self.lib.feature, audio.rate

        def work():
            magnitude = abs(self.lib.stft(audio.mono, **self.frames))
            power = magnitude**2
            mel = self.lib.power_to_db(feature.melspectrogram(S=power, sr=rate, n_mels=MELS))
            strength = self.lib.onset.onset_strength(S=mel, sr=rate)
            return [
                mel,
                feature.mfcc(S=mel, sr=rate, n_mfcc=COEFFICIENTS),
                feature.chroma_stft(S=power, sr=rate, tuning=0.0),
                feature.rms(S=magnitude, frame_length=N_FFT),
                feature.spectral_centroid(S=magnitude, sr=rate),
                feature.spectral_rolloff(S=magnitude, sr=rate),
                feature.spectral_flatness(S=magnitude),
                numpy.sqrt(numpy.sum(numpy.diff(magnitude, axis=1) ** 2, axis=0)),
                self.lib.onset.onset_detect(onset_envelope=strength, sr=rate, hop_length=HOP),
                self.lib.beat.beat_track(onset_envelope=strength, sr=rate, hop_length=HOP),
            ]

        return work


class Essentia:
    """Frame by frame through a streaming network, which reads the file itself: what
    reading alone takes is measured too, and taken away."""

    package = "essentia"

    def __init__(self):
        import essentia
        import essentia.standard
        import essentia.streaming

        essentia.log.infoActive = essentia.log.warningActive = False
        self.run, self.pool = essentia.run, essentia.Pool
        self.standard, self.streaming = essentia.standard, essentia.streaming

    def reading(self, audio):
        loader = self.streaming.MonoLoader(filename=audio.path, sampleRate=audio.rate)
        loader.audio >> None
        start = perf_counter()
        self.run(loader)
        return 1e3 * (perf_counter() - start)

    def network(self, audio, features):
        """Milliseconds of a network for some features, without reading."""
        make, rate = self.streaming, audio.rate
        bins, nyquist = N_FFT // 2 + 1, rate / 2
        loader = make.MonoLoader(filename=audio.path, sampleRate=rate)
        cutter = make.FrameCutter(frameSize=N_FFT, hopSize=HOP)
        pool, parts = self.pool(), [loader, cutter]
        loader.audio >> cutter.signal
        spectrum = None
        if set(features) != {"rms"}:
            window = make.Windowing(type="hann", size=N_FFT, zeroPhase=False, symmetric=False, normalized=False)
            transform = make.Spectrum(size=N_FFT)
            cutter.frame >> window.frame
            window.frame >> transform.frame
            spectrum = transform.spectrum
            parts += [window, transform]

        def attach(name, algorithm, source, inlet, outlet):
            parts.append(algorithm)
            source >> getattr(algorithm, inlet)
            getattr(algorithm, outlet) >> (pool, name)
            for other in algorithm.outputNames():
                if other != outlet:
                    getattr(algorithm, other) >> None

        bands = {"numberBands": MELS, "inputSize": bins, "sampleRate": rate, "highFrequencyBound": nyquist}
        for feature in features:
            if feature == "spectrum":
                spectrum >> (pool, "spectrum")
            elif feature == "mel":
                mel = make.MelBands(type="power", warpingFormula="slaneyMel", normalize="unit_tri", **bands)
                attach("mel", mel, spectrum, "spectrum", "bands")
            elif feature == "mfcc":
                attach("mfcc", make.MFCC(numberCoefficients=COEFFICIENTS, **bands), spectrum, "spectrum", "mfcc")
            elif feature == "chroma":
                peaks = make.SpectralPeaks(sampleRate=rate, maxPeaks=100, magnitudeThreshold=1e-5, orderBy="magnitude", minFrequency=20, maxFrequency=5000)
                profile = make.HPCP(sampleRate=rate)
                parts += [peaks, profile]
                spectrum >> peaks.spectrum
                peaks.frequencies >> profile.frequencies
                peaks.magnitudes >> profile.magnitudes
                profile.hpcp >> (pool, "chroma")
            elif feature == "rms":
                attach("rms", make.RMS(), cutter.frame, "array", "rms")
            elif feature == "centroid":
                attach("centroid", make.Centroid(range=nyquist), spectrum, "array", "centroid")
            elif feature == "rolloff":
                attach("rolloff", make.RollOff(sampleRate=rate), spectrum, "spectrum", "rollOff")
            elif feature == "flatness":
                attach("flatness", make.Flatness(), spectrum, "array", "flatness")
            elif feature == "flux":
                attach("flux", make.Flux(), spectrum, "spectrum", "flux")
        start = perf_counter()
        self.run(loader)
        return 1e3 * (perf_counter() - start) - self.reading(audio)

    def spectrum(self, audio):
        return self.network(audio, ["spectrum"])

    def centroid(self, audio):
        return self.network(audio, ["centroid"])

    def rolloff(self, audio):
        return self.network(audio, ["rolloff"])

    def flatness(self, audio):
        return self.network(audio, ["flatness"])

    def flux(self, audio):
        return self.network(audio, ["flux"])

    def onsets(self, audio):
        return lambda: self.standard.OnsetRate()(audio.mono)

    def beats(self, audio):
        return lambda: self.standard.RhythmExtractor2013(method="degara")(audio.mono)

    def all(self, audio):
        frames = ["mel", "mfcc", "chroma", "rms", "centroid", "rolloff", "flatness", "flux"]
        return self.network(audio, frames) + timed(self.onsets(audio)) + timed(self.beats(audio))

    def pyin(self, audio):
        make = self.standard.PitchYinProbabilistic
        work = lambda: make(frameSize=N_FFT, hopSize=HOP, sampleRate=audio.rate)(audio.short())
        return work, audio.seconds / SHORT

    def loudness(self, audio):
        return lambda: self.standard.LoudnessEBUR128(sampleRate=audio.rate)(audio.channels)


class Audioflux:
    package = "audioflux"

    def __init__(self):
        import audioflux

        self.lib = audioflux

    def yin(self, audio):
        def work():
            pitch = self.lib.PitchYIN(
                samplate=audio.rate, low_fre=FMIN, high_fre=FMAX, radix2_exp=11, slide_length=HOP
            )
            return pitch.pitch(audio.mono)

        return work


class Aubio:
    package = "aubio"

    def __init__(self):
        import aubio

        self.lib = aubio

    def hops(self, audio):
        return audio.mono[: len(audio.mono) // HOP * HOP].reshape(-1, HOP)

    def yin_fft(self, audio):
        hops = self.hops(audio)

        def work():
            pitch = self.lib.pitch("yinfft", N_FFT, HOP, audio.rate)
            return [float(pitch(hop)[0]) for hop in hops]

        return work

    def beats(self, audio):
        hops = self.hops(audio)

        def work():
            tempo = self.lib.tempo("default", N_FFT, HOP, audio.rate)
            return [tempo.get_last_s() for hop in hops if tempo(hop)], tempo.get_bpm()

        return work


PEERS = {"librosa": Librosa, "essentia": Essentia, "audioflux": Audioflux, "aubio": Aubio}


def main():
    # What libraries print goes elsewhere.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")

    def answer(**what):
        print(json.dumps(what), file=answers, flush=True)

    try:
        peer = PEERS[sys.argv[1]]()
        answer(version=version(peer.package))
    except Exception as error:
        return answer(error=f"not installed ({type(error).__name__})")
    audio = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if audio is None or audio.path != request["wav"]:
                audio = Audio(request["wav"])
            work = getattr(peer, request["feature"].replace("-", "_"))(audio)
            if callable(work):
                work = timed(work)
            elif isinstance(work, tuple):
                work = timed(*work)
            answer(ms=work)
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}"[:200])


main()
