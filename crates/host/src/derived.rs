//! A derived calculator at work: its instance, what writes its ticks and where
//! its results go. Who brings the blocks is no matter here: `derive` reads them
//! from tracks, `follow` takes them from a calculator of the same run.

use std::ops::Range;

use abi_stable::std_types::RSlice;
use agogic_abi::v1::Block;
use agogic_schema::TrackHeader;
use agogic_timebase::{FrameGrid, Seconds};

use crate::backend::Instance;
use crate::counts::Extent;
use crate::sink::HostSink;
use crate::tempo::{Items, TickWriter};
use crate::{CallError, Derivation, Receiver, Watch};

/// A derived calculator at work on one asset.
pub(crate) struct DerivedWork<'a, R> {
    instance: Box<dyn Instance>,
    pub(crate) sink: HostSink<'a, R>,
    ticks: Option<TickWriter<'a>>,
}

/// Frames of a plane of an input.
pub(crate) struct Frames<'a> {
    /// The input's number, and the plane's.
    pub(crate) input: usize,
    pub(crate) plane: usize,
    pub(crate) header: &'a TrackHeader,
    pub(crate) grid: FrameGrid,
    /// Their numbers, and their values.
    pub(crate) range: Range<u64>,
    pub(crate) data: &'a [f32],
}

impl<'a, R: Receiver> DerivedWork<'a, R> {
    /// Makes the instance.
    pub(crate) fn start(
        derivation: Derivation<'a>,
        receivers: Vec<Option<R>>,
        watch: &'a dyn Watch,
    ) -> Result<Self, CallError> {
        let Derivation { calculator, mut setup, tempo, headers } = derivation;
        setup.wanted = receivers.iter().map(Option::is_some).collect();
        let spec = &calculator.spec;
        let latency = spec.latency.resolve_at(&setup.params, setup.rate).unwrap_or(0);
        Ok(Self {
            instance: calculator.library.create(&spec.id, &setup)?,
            sink: HostSink::new(spec, latency, headers, receivers, watch),
            ticks: tempo.map(TickWriter::new),
        })
    }

    /// Gives frames to the calculator, and what it made of them to the receivers.
    pub(crate) fn frames(&mut self, frames: Frames<'_>) -> Result<(), CallError> {
        let Frames { input, plane, header, grid, range, data } = frames;
        let count = range.end - range.start;
        let ticks = match &mut self.ticks {
            Some(writer) => writer.block(Items::Frames(grid), range.start, count as usize),
            None => &[],
        };
        let block = Block {
            data: RSlice::from_slice(data),
            ticks: RSlice::from_slice(ticks),
            ..empty(input, plane, range.start, header, count)
        };
        let result = self.instance.process(&block, self.sink.lend());
        self.sink.settle(result)
    }

    /// Gives events to the calculator: the bytes are a MessagePack array of
    /// them, of which the first has number `first`; `times` are theirs.
    pub(crate) fn events(
        &mut self,
        input: usize,
        header: &TrackHeader,
        first: u64,
        bytes: &[u8],
        times: impl ExactSizeIterator<Item = Seconds>,
    ) -> Result<(), CallError> {
        let count = times.len() as u64;
        let ticks = match &mut self.ticks {
            Some(writer) => writer.each(times),
            None => &[],
        };
        let block = Block {
            events: RSlice::from_slice(bytes),
            ticks: RSlice::from_slice(ticks),
            ..empty(input, 0, first, header, count)
        };
        let result = self.instance.process(&block, self.sink.lend());
        self.sink.settle(result)
    }

    /// Ends the work. `fed` is the number of frames of the first input.
    pub(crate) fn finish(&mut self, fed: u64) -> Result<(), CallError> {
        let result = self.instance.finish(self.sink.lend());
        self.sink.settle(result)?;
        // How long the asset is nobody says here.
        self.sink.check_counts(Extent { fed, samples: None })
    }
}

/// A block of so many items of an input from a number on, without them.
fn empty(input: usize, plane: usize, position: u64, header: &TrackHeader, count: u64) -> Block<'static> {
    Block {
        input: input as u32,
        plane: plane as u32,
        position,
        count,
        channels: header.channels.len() as u32,
        width: header.bins,
        data: RSlice::EMPTY,
        events: RSlice::EMPTY,
        ticks: RSlice::EMPTY,
    }
}
