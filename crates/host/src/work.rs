//! One calculator at work on one asset: its instances, what they are fed and
//! where their results go.

use std::ops::Range;

use abi_stable::std_types::RSlice;
use agogic_abi::v1::Block;
use agogic_schema::Setup;
use rayon::prelude::*;

use crate::backend::Instance;
use crate::collect::Collector;
use crate::counts::Extent;
use crate::feed::{FeedId, Feeds, Piece};
use crate::sink::HostSink;
use crate::tempo::{Items, TickWriter};
use crate::{CallError, LoadedCalculator, Receiver, Source, Task, Watch};

/// Fewest values that are worth an instance of their own: some ten
/// microseconds for the cheapest calculator there is.
const PART_VALUES: usize = 1 << 15;

/// One calculator at work on one asset.
pub(crate) struct Work<'a, R> {
    calculator: &'a LoadedCalculator,
    setup: Setup,
    feed: FeedId,
    /// The first is always there. More are made for a calculator whose frames
    /// are independent, once a piece is long enough.
    instances: Vec<Box<dyn Instance>>,
    /// What each instance gives, where several share a piece.
    parts: Vec<Collector<'a>>,
    sink: HostSink<'a, R>,
    /// Frames or samples that the calculator was given.
    fed: u64,
    /// What writes the ticks of its blocks, where it has to do with tempo.
    ticks: Option<(Items, TickWriter<'a>)>,
}

impl<'a, R: Receiver> Work<'a, R> {
    /// Makes the first instance.
    pub(crate) fn start(
        task: Task<'a, R>,
        feeds: &mut Feeds,
        source: &Source,
        watch: &'a dyn Watch,
    ) -> Result<Self, CallError> {
        let Task { prepared, receivers } = task;
        let calculator = prepared.calculator;
        let items = prepared.items();
        let ticks = prepared.tempo.map(|map| (items, TickWriter::new(map)));
        let mut setup = prepared.setup;
        setup.wanted = receivers.iter().map(Option::is_some).collect();
        let feed = feeds.serve(&prepared.input, source).map_err(CallError::Setup)?;
        let instance = calculator.library.create(&calculator.spec.id, &setup)?;
        let sink = HostSink::new(&calculator.spec, prepared.latency, prepared.headers, receivers, watch);
        Ok(Self { calculator, setup, feed, instances: vec![instance], parts: vec![], sink, fed: 0, ticks })
    }

    /// Takes what the feeds gave last; with `last`, ends the work.
    pub(crate) fn step(&mut self, feeds: &Feeds, last: bool) -> Result<(), CallError> {
        let piece = feeds.piece(self.feed);
        if piece.count > 0 {
            self.fed += piece.count as u64;
            match self.parts_of(&piece) {
                0 | 1 => {
                    let ticks = ticks(&mut self.ticks, &piece);
                    let result = self.instances[0].process(&block(&piece, ticks), self.sink.lend());
                    self.sink.settle(result)?;
                }
                parts => self.process_apart(&piece, &even(piece.count, parts))?,
            }
        }
        let extent = Extent { fed: self.fed, samples: Some(feeds.samples(self.feed)) };
        if last {
            for instance in &mut self.instances {
                let result = instance.finish(self.sink.lend());
                self.sink.settle(result)?;
            }
            return self.sink.check_counts(extent);
        }
        self.sink.check_ahead(extent)
    }

    /// Where its results go.
    pub(crate) fn sink(&mut self) -> &mut HostSink<'a, R> {
        &mut self.sink
    }

    /// The receivers, once the work is done.
    pub(crate) fn into_receivers(self) -> Vec<Option<R>> {
        self.sink.into_receivers()
    }

    /// Into how many parts a piece is cut.
    fn parts_of(&self, piece: &Piece<'_>) -> usize {
        // Ticks are written for a whole piece at once.
        if !self.calculator.spec.independent || self.ticks.is_some() {
            return 1;
        }
        let worth = piece.data.len() / PART_VALUES;
        worth.min(rayon::current_num_threads()).min(piece.count)
    }

    /// Gives each range of a piece's frames to an instance of its own, and
    /// what they gave to the sink in the order of the ranges.
    fn process_apart(&mut self, piece: &Piece<'_>, ranges: &[Range<usize>]) -> Result<(), CallError> {
        while self.instances.len() < ranges.len() {
            let id = &self.calculator.spec.id;
            self.instances.push(self.calculator.library.create(id, &self.setup)?);
        }
        while self.parts.len() < ranges.len() {
            self.parts.push(self.sink.lend().another());
        }
        let ticks = ticks(&mut self.ticks, piece);
        let mut results: Vec<Result<(), CallError>> = vec![];
        let work = ranges.par_iter().zip(&mut self.instances).zip(&mut self.parts);
        work.map(|((range, instance), part)| {
            // A tick per frame, and that after the last one's.
            let ticks = ticks.get(range.start..=range.end).unwrap_or_default();
            let result = instance.process(&block(&piece.frames(range.clone()), ticks), part);
            part.settle(result)?;
            part.check_one_to_one(&self.setup.wanted, range.len() as u64)
        })
        .collect_into_vec(&mut results);
        for (result, part) in results.into_iter().zip(&mut self.parts) {
            result?;
            self.sink.hand_on(part)?;
        }
        Ok(())
    }
}

/// The ticks of a piece; none where the calculator has nothing to do with tempo.
fn ticks<'a>(writer: &'a mut Option<(Items, TickWriter<'_>)>, piece: &Piece<'_>) -> &'a [f64] {
    match writer {
        Some((items, writer)) => writer.block(*items, piece.position, piece.count),
        None => &[],
    }
}

fn block<'a>(piece: &Piece<'a>, ticks: &'a [f64]) -> Block<'a> {
    Block {
        input: 0,
        plane: 0,
        position: piece.position,
        count: piece.count as u64,
        channels: piece.channels as u32,
        width: piece.width as u32,
        data: RSlice::from_slice(piece.data),
        events: RSlice::EMPTY,
        ticks: RSlice::from_slice(ticks),
    }
}

/// So many parts of about the same length.
fn even(count: usize, parts: usize) -> Vec<Range<usize>> {
    (0..parts).map(|part| count * part / parts..count * (part + 1) / parts).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use agogic_schema::{
        Bins, CalculatorId, CalculatorSpec, DescriptorSpec, Event, Frames, Kind, Manifest, Profile,
        SpectrumInput,
    };
    use agogic_timebase::SampleRate;
    use proptest::prelude::*;

    use super::*;
    use crate::backend::{Library, Sink};
    use crate::{HostError, Origin, Prepared, ReceiveError};

    /// Doubles its frames, and tells each where it stands.
    struct Double;

    impl Library for Double {
        fn manifest(&self) -> Result<Manifest, HostError> {
            Ok(Manifest::default())
        }
        fn create(&self, _: &CalculatorId, _: &Setup) -> Result<Box<dyn Instance>, CallError> {
            Ok(Box::new(Self))
        }
    }

    impl Instance for Double {
        fn process(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> Result<(), CallError> {
            let width = (block.channels * block.width) as usize;
            let rows = sink.frames(0, 0, block.count);
            for (frame, (row, given)) in
                rows.chunks_exact_mut(width).zip(block.data.chunks_exact(width)).enumerate()
            {
                row.iter_mut().zip(given).for_each(|(value, given)| *value = 2.0 * given);
                row[0] = (block.position + frame as u64) as f32;
            }
            Ok(())
        }
        fn finish(&mut self, _: &mut dyn Sink) -> Result<(), CallError> {
            Ok(())
        }
        fn reset(&mut self) -> Result<(), CallError> {
            Ok(())
        }
    }

    struct Kept(Vec<f32>);

    impl Receiver for Kept {
        fn frames(&mut self, _: usize, values: &[f32]) -> Result<(), ReceiveError> {
            self.0.extend_from_slice(values);
            Ok(())
        }
        fn events(&mut self, _: &[Event]) -> Result<(), ReceiveError> {
            Ok(())
        }
        fn raise_floor(&mut self, _: f32) -> Result<(), ReceiveError> {
            Ok(())
        }
    }

    /// What comes of a piece that is cut at these frames, which ascend.
    fn cut_at(cuts: &[usize], data: &[f32], channels: usize) -> Vec<f32> {
        let descriptor = DescriptorSpec::new("t.double", "", Kind::Dense(Frames::Input), Bins::Input);
        let spec = CalculatorSpec::new("t.double", "1.0.0", SpectrumInput::new(16, 4));
        let spec = spec.descriptor(descriptor).independent();
        let calculator = LoadedCalculator {
            spec,
            origin: Origin::BuiltIn,
            isolation: crate::Isolation::None,
            library: Arc::new(Double),
        };
        let names = (0..channels).map(|channel| channel.to_string()).collect();
        let source = Source { rate: SampleRate::new(8000).unwrap(), channels: names };
        let mut prepared =
            Prepared::new(&calculator, &Profile::built_in("default").unwrap(), &source).unwrap();
        prepared.headers[0].channels = source.channels.clone();
        let task = Task { prepared, receivers: vec![Some(Kept(vec![]))] };
        let (mut feeds, watch) = (Feeds::default(), AtomicBool::new(false));
        let mut work = Work::start(task, &mut feeds, &source, &watch).unwrap();
        let count = data.len() / channels / 9;
        let piece = Piece { position: 100, count, channels, width: 9, data };
        let edges = [&[0], cuts, &[count]].concat();
        let ranges: Vec<_> = edges.windows(2).map(|edge| edge[0]..edge[1]).collect();
        work.process_apart(&piece, &ranges).unwrap();
        work.into_receivers().remove(0).unwrap().0
    }

    proptest! {
        #[test]
        fn parts_are_joined_in_order(
            frames in 1usize..60,
            channels in 1usize..3,
            cuts in prop::collection::vec(0.0f64..1.0, 0..6),
        ) {
            let data: Vec<f32> = (0..frames * channels * 9).map(|n| n as f32).collect();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| (cut * frames as f64) as usize).collect();
            cuts.sort_unstable();
            let whole = cut_at(&[], &data, channels);
            prop_assert_eq!(whole.len(), data.len());
            prop_assert_eq!(whole[data.len() - 9 * channels], (100 + frames - 1) as f32);
            prop_assert_eq!(cut_at(&cuts, &data, channels), whole);
        }
    }

    #[test]
    fn even_parts_hold_everything_once() {
        for (count, parts) in [(1, 1), (7, 2), (7, 7), (100, 8)] {
            let ranges = even(count, parts);
            assert_eq!(ranges.len(), parts);
            assert!(ranges.iter().all(|range| !range.is_empty()));
            assert!(ranges.into_iter().flatten().eq(0..count));
        }
    }
}
