//! `agogic.oscilloscope` and `agogic.oscilloscope.triggered`: what the screen
//! of an oscilloscope shows at each moment, of the mean of all channels.
//!
//! Frame `i` is of sample `c = i * scope_hop`; `n` samples give
//! `1 + n / scope_hop` frames (none for none). It has `scope_samples` points,
//! every `scope_step`-th sample, of which number `scope_samples / 2` is the
//! sample `c`. The samples are as they are, neither filtered nor clipped: full
//! scale is -1 to 1. Beyond the ends of the audio there are zeros.
//!
//! The triggered frame is moved so that its middle point is the trigger nearest
//! to `c`, at most `scope_search` samples away, the earlier of two: a tone stands
//! still. A trigger is a rising zero crossing with hysteresis, as O. Schmitt's
//! (*A thermionic trigger*, 1938): the first sample at or above zero after one
//! below `-scope_hysteresis`. Where there is none the frame is as the other.
//! The time of the frame is that of `c` in any case.
//!
//! Silence gives zeros, and a sample that is not finite is shown as zero and
//! triggers nothing.

#![forbid(unsafe_code)]

mod screen;
mod trigger;

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, Kind, Output,
    ParamSpec, PcmInput, Setup,
};

use crate::screen::Screen;
use crate::trigger::Triggers;

// Numbers of the outputs.
const PERIODIC: usize = 0;
const TRIGGERED: usize = 1;

/// Greatest number of samples of a hop and of a search.
const LONGEST: i64 = 65_536;

/// Oscilloscope frames of the mean of all channels.
pub struct Oscilloscope {
    hop: u64,
    screen: Screen,
    periodic: bool,
    triggers: Option<Triggers>,
    /// Frames given so far.
    given: u64,
}

impl Calculator for Oscilloscope {
    fn describe() -> CalculatorSpec {
        let dense = |id: &str, about: &str| {
            let frames = Frames::Every { hop: Amount::param("scope_hop"), first: Amount::Fixed(0) };
            DescriptorSpec::new(id, "", Kind::Dense(frames), Bins::Count(Amount::param("scope_samples")))
                .about(about)
                .on_demand()
        };
        let periodic =
            "The samples around each frame's centre; full scale is -1 to 1, zeros beyond the ends.";
        let triggered = "The samples around the rising zero crossing nearest to each frame's centre; around the \
                         centre where there is none near.";
        let hop = "Distance between frames; 735 are 1/60 s at 44.1 kHz.";
        let search = "How far a trigger may be from a frame's centre.";
        let hysteresis =
            "How far below zero the audio must have been before a crossing counts; full scale is 1.";
        CalculatorSpec::new("agogic.oscilloscope", "1.0.0", PcmInput::new(ChannelUse::Mono).native_rate())
            .about("What an oscilloscope shows, periodic and triggered.")
            .author("Agogic")
            .param(ParamSpec::integer("scope_samples", 512, 1, 8192, "points", "Points of a frame."))
            .param(ParamSpec::integer("scope_step", 1, 1, 1024, "samples", "Distance between points."))
            .param(ParamSpec::integer("scope_hop", 735, 1, LONGEST, "samples", hop))
            .param(ParamSpec::integer("scope_search", 1024, 0, LONGEST, "samples", search))
            .param(ParamSpec::float("scope_hysteresis", 0.01, 0.0, 1.0, "", hysteresis))
            .descriptor(dense("agogic.oscilloscope", periodic).reads(&[
                "scope_samples",
                "scope_step",
                "scope_hop",
            ]))
            .descriptor(dense("agogic.oscilloscope.triggered", triggered))
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let count = |name: &str, least: u64| {
            let value = setup.params.integer(name).and_then(|value| u64::try_from(value).ok());
            value.filter(|&value| value >= least).ok_or_else(|| format!("{name} is missing or below {least}"))
        };
        let (points, step) = (count("scope_samples", 1)?, count("scope_step", 1)?);
        let (hop, search) = (count("scope_hop", 1)?, count("scope_search", 0)?);
        let hysteresis = setup.params.float("scope_hysteresis").filter(|value| (0.0..=1.0).contains(value));
        let hysteresis = hysteresis.ok_or("scope_hysteresis is missing or outside 0 to 1")?;
        let triggers = setup.wants(TRIGGERED).then(|| Triggers::new(search, hysteresis as f32));
        let moved = if triggers.is_some() { search } else { 0 };
        Ok(Self {
            hop,
            screen: Screen::new(points, step, moved),
            periodic: setup.wants(PERIODIC),
            triggers,
            given: 0,
        })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        if let Some(triggers) = &mut self.triggers {
            triggers.look(self.screen.samples(), block.channel(0));
        }
        self.screen.push(block.channel(0));
        self.give(self.screen.complete(self.hop), output)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let samples = self.screen.samples();
        self.give(if samples > 0 { 1 + samples / self.hop } else { 0 }, output)
    }
}

impl Oscilloscope {
    /// Gives the frames up to the `end`-th.
    fn give(&mut self, end: u64, output: &mut Output<'_>) -> Result<(), Error> {
        let frames = self.given..end.max(self.given);
        if frames.is_empty() {
            return Ok(());
        }
        let count = (frames.end - frames.start) as usize;
        let points = self.screen.points();
        if self.periodic {
            let rows = output.frames(PERIODIC, count)?;
            for (row, frame) in rows.chunks_exact_mut(points).zip(frames.clone()) {
                self.screen.show(frame * self.hop, row);
            }
        }
        if let Some(triggers) = &mut self.triggers {
            let rows = output.frames(TRIGGERED, count)?;
            for (row, frame) in rows.chunks_exact_mut(points).zip(frames.clone()) {
                let centre = frame * self.hop;
                self.screen.show(triggers.nearest(centre).unwrap_or(centre), row);
            }
            triggers.forget_before(frames.end * self.hop);
        }
        self.screen.forget_before(frames.end * self.hop);
        self.given = frames.end;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
