//! A plug-in at work on one asset.

use agogic_abi::v1::Block;
use agogic_dsp::{BlockSpectrum, Window};
use agogic_schema::{CalculatorId, Setup};
use agogic_vamp::{InputDomain, RealTime, Running};

use super::blocks::Blocks;
use super::collect::Collector;
use super::layout::Layout;
use super::place::{Place, place};
use crate::CallError;
use crate::backend::{Instance, Sink};

/// A plug-in at work on one asset.
pub(super) struct VampInstance {
    running: Running,
    layout: Layout,
    /// Channels of the asset.
    channels: usize,
    /// The outputs that somebody wants: number, name, and where they go.
    wanted: Vec<(usize, String, Place)>,
    spectra: Option<Spectra>,
    work: Work,
}

/// What a reset makes as new.
struct Work {
    blocks: Blocks,
    mixed: Vec<f32>,
    collectors: Vec<Collector>,
}

struct Spectra {
    transform: BlockSpectrum,
    /// Spectra of one block, by channel.
    rows: Vec<Vec<f32>>,
}

impl VampInstance {
    pub(super) fn new(
        id: &CalculatorId,
        running: Running,
        layout: Layout,
        setup: &Setup,
    ) -> Result<Self, CallError> {
        let channels = setup.channels.len();
        let outputs = running.outputs().iter().enumerate().filter(|(index, _)| setup.wants(*index));
        let wanted = outputs.map(|(index, output)| {
            let name = format!("{id}:{}", output.identifier);
            Ok((index, name, place(output, layout.rate)?))
        });
        let wanted = wanted.collect::<Result<Vec<_>, _>>().map_err(CallError::Setup)?;
        let spectra = match layout.domain {
            InputDomain::Time => None,
            InputDomain::Frequency => Some(Spectra::new(&layout, channels).map_err(CallError::Setup)?),
        };
        let work = Work::new(&layout, channels, &wanted);
        Ok(Self { running, layout, channels, wanted, spectra, work })
    }

    /// Gives the plug-in all blocks that are complete.
    fn drive(&mut self, sink: &mut dyn Sink) -> Result<(), CallError> {
        let Self { running, layout, spectra, work: Work { blocks, collectors, .. }, wanted, .. } = self;
        while let Some((number, rows)) = blocks.take() {
            if sink.cancelled() {
                return Err(CallError::Cancelled);
            }
            let rows = match spectra {
                None => rows,
                Some(spectra) => spectra.of(&rows),
            };
            // A plug-in that wants more channels than there are gets copies.
            let inputs: Vec<&[f32]> = rows.iter().copied().cycle().take(layout.channels).collect();
            let (at, time) = time_of(number, layout);
            let mut found =
                running.process(&inputs, time).map_err(|error| CallError::Failed(error.to_string()))?;
            for ((index, ..), collector) in wanted.iter().zip(collectors.iter_mut()) {
                collector.block(found.take(*index), at, sink)?;
            }
        }
        Ok(())
    }
}

impl Instance for VampInstance {
    fn process(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> Result<(), CallError> {
        let count = usize::try_from(block.count).unwrap_or(usize::MAX);
        let data = block.data.as_slice();
        if count.checked_mul(self.channels) != Some(data.len()) {
            return Err(CallError::Failed(format!("{} samples were given", data.len())));
        }
        let Work { blocks, mixed, .. } = &mut self.work;
        if self.layout.mix && self.channels > 1 {
            mix_down(data, count, mixed);
            blocks.push(mixed, count);
        } else {
            blocks.push(data, count);
        }
        self.drive(sink)
    }

    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), CallError> {
        let samples = self.work.blocks.samples();
        self.work.blocks.end();
        self.drive(sink)?;
        let mut found = self.running.remaining().map_err(|error| CallError::Failed(error.to_string()))?;
        let (after_last, _) = time_of(self.work.blocks.number(), &self.layout);
        for ((index, ..), collector) in self.wanted.iter().zip(&mut self.work.collectors) {
            collector.rest(found.take(*index), after_last, sink)?;
            collector.end(samples, sink)?;
        }
        Ok(())
    }

    fn reset(&mut self) -> Result<(), CallError> {
        self.running.reset();
        self.work = Work::new(&self.layout, self.channels, &self.wanted);
        Ok(())
    }
}

impl Work {
    fn new(layout: &Layout, channels: usize, wanted: &[(usize, String, Place)]) -> Self {
        let collectors = wanted.iter().map(|(index, name, place)| {
            // Outputs are far fewer than 2^32.
            Collector::new(*index as u32, name, layout.rate, *place)
        });
        Self {
            blocks: Blocks::new(layout, if layout.mix { 1 } else { channels }),
            mixed: vec![],
            collectors: collectors.collect(),
        }
    }
}

impl Spectra {
    fn new(layout: &Layout, channels: usize) -> Result<Self, String> {
        let transform = BlockSpectrum::new(layout.block, Window::Hann).map_err(|error| error.to_string())?;
        let row = vec![0.0; transform.values()];
        Ok(Self { rows: vec![row; channels], transform })
    }

    /// The spectra of a block's channels.
    fn of(&mut self, block: &[&[f32]]) -> Vec<&[f32]> {
        for (samples, row) in block.iter().zip(&mut self.rows) {
            self.transform.transform(samples, row);
        }
        self.rows.iter().take(block.len()).map(Vec::as_slice).collect()
    }
}

/// The time of a block, in samples and as plug-ins are told it: that of its
/// first sample, of one for spectra that of its middle.
fn time_of(number: u64, layout: &Layout) -> (i64, RealTime) {
    let at = i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(layout.step as i64);
    // The setup's rate is above zero.
    (at, RealTime::from_frame(at, layout.rate).unwrap_or(RealTime::ZERO))
}

/// The mean of all channels of a planar block.
fn mix_down(planar: &[f32], count: usize, mixed: &mut Vec<f32>) {
    mixed.clear();
    mixed.resize(count, 0.0);
    let mut channels = 0.0f32;
    for channel in planar.chunks_exact(count.max(1)) {
        mixed.iter_mut().zip(channel).for_each(|(sum, sample)| *sum += sample);
        channels += 1.0;
    }
    mixed.iter_mut().for_each(|sum| *sum /= channels.max(1.0));
}
