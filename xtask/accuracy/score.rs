//! The pieces' notes and strokes: what is played, on which beat, and how tempo moves.
//! What does not live here: how it sounds (`render`).

use std::f64::consts::TAU;

/// A piece of known beats.
pub(crate) struct Piece {
    pub(crate) name: &'static str,
    /// Beats per minute at a beat.
    tempo: fn(f64) -> f64,
    /// How many beats it has.
    beats: usize,
    /// What sounds in the bar that begins at a beat.
    bar: fn(&mut Score, usize),
    /// Beats of a bar.
    meter: usize,
}

/// A note or a stroke.
#[derive(Clone, Copy)]
pub(crate) struct Note {
    pub(crate) beat: f64,
    pub(crate) voice: Voice,
    /// MIDI number; of no use to drums.
    pub(crate) pitch: f64,
    /// 0 to 1.
    pub(crate) gain: f64,
    /// In beats; of no use to drums.
    pub(crate) length: f64,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Voice {
    Kick,
    Snare,
    Hat,
    Bass,
    Chord,
    Lead,
}

/// Notes in the making.
#[derive(Default)]
pub(crate) struct Score(pub(crate) Vec<Note>);

impl Score {
    /// Strokes of a drum at these places after `from`, in beats.
    fn hit(&mut self, voice: Voice, gain: f64, from: usize, places: &[f64]) {
        let note = |&place: &f64| Note { beat: from as f64 + place, voice, pitch: 0.0, gain, length: 0.0 };
        self.0.extend(places.iter().map(note));
    }

    /// Notes of one length at these places.
    fn play(&mut self, voice: Voice, gain: f64, from: usize, length: f64, notes: &[(f64, f64)]) {
        let note =
            |&(place, pitch): &(f64, f64)| Note { beat: from as f64 + place, voice, pitch, gain, length };
        self.0.extend(notes.iter().map(note));
    }

    /// A triad above a root.
    fn chord(&mut self, gain: f64, from: usize, place: f64, length: f64, root: f64) {
        let notes = [0.0, 4.0, 7.0].map(|step| (place, root + step));
        self.play(Voice::Chord, gain, from, length, &notes);
    }
}

impl Piece {
    /// All of them.
    pub(crate) fn all() -> Vec<Self> {
        let piece = |name, tempo, beats, meter, bar| Self { name, tempo, beats, bar, meter };
        vec![
            piece("steady-90", |_| 90.0, 48, 4, rock),
            piece("steady-120", |_| 120.0, 64, 4, house),
            piece("steady-174", |_| 174.0, 96, 4, breaks),
            piece("accelerando", |beat| 80.0 + 80.0 * beat / 72.0, 72, 4, rock),
            piece("ritardando", |beat| 140.0 - 70.0 * beat / 60.0, 60, 4, rock),
            piece("rubato", |beat| 100.0 * (1.0 + 0.15 * (TAU * beat / 16.0).sin()), 56, 4, piano),
            piece("waltz", |_| 152.0, 81, 3, waltz),
            piece("rests", |_| 104.0, 60, 4, syncopated),
            piece("ballad", |beat| 68.0 * (1.0 + 0.03 * (TAU * beat / 8.0).sin()), 40, 4, ballad),
            piece("funk", |_| 98.0, 52, 4, funk),
        ]
    }

    /// The times of its beats, in seconds, the first a quarter of a second in.
    pub(crate) fn beat_times(&self) -> Vec<f64> {
        (0..self.beats).map(|beat| self.seconds(beat as f64)).collect()
    }

    /// When a beat is, in seconds.
    pub(crate) fn seconds(&self, beat: f64) -> f64 {
        const STEPS: f64 = 64.0;
        let slice = |i: usize| {
            let (a, b) = (i as f64 / STEPS, ((i + 1) as f64 / STEPS).min(beat));
            60.0 * (b - a) / (self.tempo)((a + b) / 2.0)
        };
        0.25 + (0..(beat * STEPS).ceil() as usize).map(slice).sum::<f64>()
    }

    /// All that sounds.
    pub(crate) fn notes(&self) -> Vec<Note> {
        let mut score = Score::default();
        (0..self.beats).step_by(self.meter).for_each(|from| (self.bar)(&mut score, from));
        score.0.retain(|note| note.beat <= self.beats as f64 - 1.0);
        score.0
    }

    /// The times at which something begins to sound, in seconds.
    pub(crate) fn onset_times(&self) -> Vec<f64> {
        let mut times: Vec<f64> = self.notes().iter().map(|note| self.seconds(note.beat)).collect();
        times.sort_by(f64::total_cmp);
        times.dedup_by(|b, a| *b - *a < 1e-6);
        times
    }
}

/// The root of a bar: four chords in turn.
fn root(from: usize, meter: usize) -> f64 {
    [48.0, 45.0, 41.0, 43.0][from / meter % 4]
}

fn rock(score: &mut Score, from: usize) {
    let root = root(from, 4);
    score.hit(Voice::Kick, 0.9, from, &[0.0, 2.0, 2.5]);
    score.hit(Voice::Snare, 0.7, from, &[1.0, 3.0]);
    score.hit(Voice::Hat, 0.25, from, &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]);
    let bass = [0.0, 1.0, 2.0, 3.0, 3.5].map(|place| (place, root - 12.0));
    score.play(Voice::Bass, 0.5, from, 0.45, &bass);
    score.chord(0.16, from, 0.0, 3.8, root + 12.0);
    score.play(Voice::Lead, 0.2, from, 0.9, &[(1.0, root + 28.0), (2.5, root + 31.0), (3.0, root + 24.0)]);
}

fn house(score: &mut Score, from: usize) {
    let root = root(from, 4);
    score.hit(Voice::Kick, 0.9, from, &[0.0, 1.0, 2.0, 3.0]);
    score.hit(Voice::Snare, 0.35, from, &[1.0, 3.0]);
    score.hit(Voice::Hat, 0.4, from, &[0.5, 1.5, 2.5, 3.5]);
    let bass = [0.5, 0.75, 1.5, 1.75, 2.5, 3.5, 3.75].map(|place| (place, root - 12.0));
    score.play(Voice::Bass, 0.5, from, 0.2, &bass);
    for place in [0.0, 0.75, 1.5, 2.75] {
        score.chord(0.18, from, place, 0.3, root + 12.0);
    }
}

fn breaks(score: &mut Score, from: usize) {
    let root = root(from, 4);
    score.hit(Voice::Kick, 0.9, from, &[0.0, 2.5]);
    score.hit(Voice::Snare, 0.8, from, &[1.0, 3.0]);
    score.hit(Voice::Snare, 0.2, from, &[1.75, 2.25]);
    score.hit(Voice::Hat, 0.25, from, &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]);
    score.play(Voice::Bass, 0.5, from, 1.4, &[(0.0, root - 12.0), (2.5, root - 5.0)]);
    score.chord(0.15, from, 0.0, 3.9, root + 12.0);
}

fn piano(score: &mut Score, from: usize) {
    let root = root(from, 4);
    score.chord(0.3, from, 0.0, 1.9, root + 12.0);
    score.chord(0.25, from, 2.0, 1.9, root + 12.0);
    score.play(Voice::Bass, 0.4, from, 1.8, &[(0.0, root - 12.0), (2.0, root - 5.0)]);
    let tune: [(f64, f64); 6] =
        [(0.0, 24.0), (1.0, 28.0), (1.5, 31.0), (2.0, 28.0), (3.0, 26.0), (3.5, 24.0)];
    score.play(Voice::Lead, 0.3, from, 0.6, &tune.map(|(place, step)| (place, root + step)));
}

fn waltz(score: &mut Score, from: usize) {
    let root = root(from, 3);
    score.play(Voice::Bass, 0.6, from, 0.9, &[(0.0, root - 12.0)]);
    score.chord(0.3, from, 1.0, 0.4, root + 12.0);
    score.chord(0.3, from, 2.0, 0.4, root + 12.0);
    score.hit(Voice::Hat, 0.25, from, &[0.0, 1.0, 1.0 + 2.0 / 3.0, 2.0, 2.0 + 2.0 / 3.0]);
    let tune = [(0.0, root + 28.0), (1.0 + 2.0 / 3.0, root + 31.0), (2.0, root + 33.0)];
    score.play(Voice::Lead, 0.2, from, 0.8, &tune);
}

fn syncopated(score: &mut Score, from: usize) {
    let root = root(from, 4);
    if from % 16 == 12 {
        // A bar of rest but for what leads into the next.
        score.play(Voice::Lead, 0.3, from, 0.4, &[(3.0, root + 24.0), (3.5, root + 26.0)]);
        return;
    }
    score.hit(Voice::Kick, 0.9, from, &[0.0, 0.75, 2.5]);
    score.hit(Voice::Snare, 0.7, from, &[1.0, 3.0]);
    score.hit(Voice::Hat, 0.2, from, &[0.0, 1.0, 1.5, 2.0, 3.0, 3.5]);
    score.play(Voice::Bass, 0.5, from, 0.3, &[(0.0, root - 12.0), (0.75, root - 12.0), (2.5, root - 5.0)]);
    for place in [0.5, 1.5, 2.5, 3.75] {
        score.chord(0.22, from, place, 0.3, root + 12.0);
    }
}

fn ballad(score: &mut Score, from: usize) {
    let root = root(from, 4);
    score.play(Voice::Bass, 0.5, from, 1.9, &[(0.0, root - 12.0), (2.0, root - 5.0)]);
    let arpeggio: [f64; 8] = [0.0, 7.0, 12.0, 16.0, 19.0, 16.0, 12.0, 7.0];
    for (i, step) in arpeggio.into_iter().enumerate() {
        let gain = if i % 2 == 0 { 0.25 } else { 0.18 };
        score.play(Voice::Lead, gain, from, 0.9, &[(i as f64 / 2.0, root + step)]);
    }
    score.chord(0.2, from, 0.0, 3.9, root + 12.0);
    score.play(Voice::Lead, 0.35, from, 1.8, &[(0.0, root + 28.0), (2.0, root + 26.0)]);
}

fn funk(score: &mut Score, from: usize) {
    let root = root(from, 4);
    score.hit(Voice::Kick, 0.9, from, &[0.0, 0.5, 2.25, 2.75]);
    score.hit(Voice::Snare, 0.8, from, &[1.0, 3.0]);
    score.hit(Voice::Snare, 0.15, from, &[1.75, 2.25, 3.75]);
    let sixteenths: Vec<f64> = (0..16).map(|i| f64::from(i) / 4.0).collect();
    score.hit(Voice::Hat, 0.2, from, &sixteenths);
    let bass = [(0.0, -12.0), (0.75, 0.0), (1.5, -12.0), (2.25, -2.0), (3.5, -5.0)];
    score.play(Voice::Bass, 0.5, from, 0.2, &bass.map(|(place, step)| (place, root + step)));
    for place in [0.75, 1.25, 3.25] {
        score.chord(0.2, from, place, 0.15, root + 12.0);
    }
}
