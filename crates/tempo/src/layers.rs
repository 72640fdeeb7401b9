//! Everything between a track's beats and real time in one call: the warp markers,
//! the map that all tracks share, and the rubato of this one. What does not live
//! here: the layers themselves (`map`, `warp`).
//!
//! ```text
//! beats <-> (rubato where there is one, else the global map) <-> time of the music
//!       <-> warp <-> real time
//! ```

use alloc::vec::Vec;

use agogic_timebase::{Beats, Range, Seconds};

use crate::map::last_at_or_before;
use crate::{Case, Choice, Found, TempoError, TempoMap, Warp};

/// A stretch of one track with a tempo map of its own. What is robbed is given
/// back: the stretch begins and ends with the global map, and its own map says how
/// the time between is spent; it is stretched evenly where it would take longer
/// or less long.
#[derive(Clone, Debug, PartialEq)]
pub struct Rubato {
    /// The beats that it holds for.
    pub beats: Range<Beats>,
    /// Its map, in the beats of the global one.
    pub map: TempoMap,
}

/// A rubato and how it fits.
#[derive(Clone, Debug)]
struct Region {
    rubato: Rubato,
    /// Its start and end in the global map, in seconds.
    start: f64,
    end: f64,
    /// Its start and end in its own map, in seconds.
    own_start: f64,
    own_end: f64,
}

/// The layers of one track.
#[derive(Clone, Debug)]
pub struct Layers {
    global: TempoMap,
    regions: Vec<Region>,
    /// Where the regions start, in beats and in seconds of the music.
    beats: Vec<f64>,
    seconds: Vec<f64>,
    warp: Option<Warp>,
}

impl Layers {
    /// The global map alone.
    pub fn new(global: TempoMap) -> Self {
        Self { global, regions: Vec::new(), beats: Vec::new(), seconds: Vec::new(), warp: None }
    }

    /// The same with rubati instead of those it had, in order of beats.
    ///
    /// # Errors
    /// [`TempoError::Rubato`] for one that is empty, overlaps the one before, or is
    /// so short that no time passes.
    pub fn with_rubati(self, rubati: Vec<Rubato>) -> Result<Self, TempoError> {
        let mut regions: Vec<Region> = Vec::with_capacity(rubati.len());
        for rubato in rubati {
            let Range { start, end } = rubato.beats;
            let overlaps = regions.last().is_some_and(|last| start < last.rubato.beats.end);
            let region = Region {
                start: self.global.seconds(start).0,
                end: self.global.seconds(end).0,
                own_start: rubato.map.seconds(start).0,
                own_end: rubato.map.seconds(end).0,
                rubato,
            };
            let lasts = region.start < region.end && region.own_start < region.own_end;
            let finite = region.end.is_finite() && region.start.is_finite();
            if overlaps || !lasts || !finite || !region.own_end.is_finite() {
                return Err(TempoError::Rubato { start: start.0, end: end.0 });
            }
            regions.push(region);
        }
        Ok(Self {
            beats: regions.iter().map(|region| region.rubato.beats.start.0).collect(),
            seconds: regions.iter().map(|region| region.start).collect(),
            regions,
            ..self
        })
    }

    /// The same with a warp between the music and real time.
    #[must_use]
    pub fn with_warp(self, warp: Warp) -> Self {
        Self { warp: Some(warp), ..self }
    }

    /// The map that all tracks share.
    pub fn global(&self) -> &TempoMap {
        &self.global
    }

    /// The rubati of this track.
    pub fn rubati(&self) -> impl Iterator<Item = &Rubato> {
        self.regions.iter().map(|region| &region.rubato)
    }

    /// The warp, where there is one.
    pub fn warp(&self) -> Option<&Warp> {
        self.warp.as_ref()
    }

    /// The real time of a beat, through all layers; which, where there are several,
    /// is chosen. The tolerance is the warp's, in seconds.
    pub fn seconds(&self, at: Beats, choice: Choice, tolerance: f64) -> Found<Seconds> {
        let music = self.music_of(at);
        match &self.warp {
            Some(warp) => {
                let found = warp.real(music, choice, tolerance);
                Found { error: found.error + rounding(music.0), ..found }
            }
            None => Found { at: music, case: Case::Unique, error: rounding(music.0) },
        }
    }

    /// The beat at a real time, through all layers.
    pub fn beats(&self, at: Seconds) -> Found<Beats> {
        let music = match &self.warp {
            Some(warp) => warp.music(at),
            None => Found { at, case: Case::Unique, error: 0.0 },
        };
        let beats = self.beats_at(music.at);
        // What rounding the beat to a double may come to at the tempo there.
        let place = (self.music_of(Beats(beats.0.next_up())) - self.music_of(beats)).raw().abs();
        let error = music.error + rounding(music.at.0) + if place.is_finite() { place } else { 0.0 };
        Found { at: beats, case: music.case, error }
    }

    /// The real times of many beats. Fills as much of `out` as there are beats and
    /// returns how many that were.
    pub fn seconds_into(&self, at: &[Beats], choice: Choice, tolerance: f64, out: &mut [Seconds]) -> usize {
        for (at, out) in at.iter().zip(&mut *out) {
            *out = self.seconds(*at, choice, tolerance).at;
        }
        at.len().min(out.len())
    }

    /// The beats at many real times. Fills as much of `out` as there are times and
    /// returns how many that were.
    pub fn beats_into(&self, at: &[Seconds], out: &mut [Beats]) -> usize {
        for (at, out) in at.iter().zip(&mut *out) {
            *out = self.beats(*at).at;
        }
        at.len().min(out.len())
    }

    /// The time of the music at a beat of this track: all layers but the warp.
    pub fn music_of(&self, at: Beats) -> Seconds {
        match self.regions.get(last_at_or_before(&self.beats, at.0)) {
            Some(region) if region.rubato.beats.contains(at) => {
                let own = region.rubato.map.seconds(at).0;
                let scale = (region.end - region.start) / (region.own_end - region.own_start);
                Seconds(fit(own, (region.own_start, region.own_end), (region.start, region.end), scale))
            }
            _ => self.global.seconds(at),
        }
    }

    /// The beat of this track at a time of the music: all layers but the warp.
    pub fn beats_at(&self, music: Seconds) -> Beats {
        match self.regions.get(last_at_or_before(&self.seconds, music.0)) {
            Some(region) if region.start <= music.0 && music.0 < region.end => {
                let scale = (region.own_end - region.own_start) / (region.end - region.start);
                let own = fit(music.0, (region.start, region.end), (region.own_start, region.own_end), scale);
                let Range { start, end } = region.rubato.beats;
                Beats(region.rubato.map.beats(Seconds(own)).0.max(start.0).min(end.0))
            }
            _ => self.global.beats(music),
        }
    }
}

/// Takes a place in one stretch to the same place in another, exact at both ends.
fn fit(at: f64, from: (f64, f64), to: (f64, f64), scale: f64) -> f64 {
    let (into, left) = (at - from.0, from.1 - at);
    if into <= left { to.0 + into * scale } else { to.1 - left * scale }
}

/// What the map's roundings come to at a time.
fn rounding(at: f64) -> f64 {
    1e-10 * (at.abs() / 86_400.0).min(1.0) + 8.0 * f64::EPSILON * at.abs()
}
