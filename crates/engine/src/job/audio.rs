//! One pass over the audio of an asset, for all that is computed from it.

use std::path::Path;

use agogic_decode::{AudioFile, Blocks, PcmBlock};
use agogic_host::{Prepared, Receiver, Session, Source, Task};
use agogic_schema::DescriptorId;
use agogic_store::AssetInfo;
use agogic_timebase::{Samples, Seconds};

use super::publish::each_output;
use super::{Done, Job, Ready};
use crate::{Control, Error, Event};

impl Job<'_> {
    /// Computes these descriptors, and learns what the file says of its audio.
    pub(super) fn compute_from_audio(&self, ready: &[Ready<'_>]) -> Result<(AssetInfo, Done), Error> {
        let blocks = AudioFile::open(&self.found.file)?.blocks();
        let stream = blocks.info().clone();
        let source = Source { rate: stream.rate, channels: stream.names.clone() };
        let length = |n| stream.rate.seconds(Samples(i64::try_from(n).unwrap_or(i64::MAX)));
        let end: Option<Seconds> = stream.samples.map(length);
        let (mut done, mut tasks) = (Done::default(), vec![]);
        for calculator in self.registry.calculators() {
            let of_audio = calculator.spec.input.inputs().is_empty();
            let Some(outputs) = self.outputs(calculator, ready).filter(|_| of_audio) else { continue };
            let made = Prepared::new(calculator, &self.request.profile, &source).map_err(Error::from);
            let made = made.map(|prepared| prepared.with_tempo(self.tempo())).and_then(|prepared| {
                let fit = |header: &_, to| prepared.fit(header, to, end, self.control);
                let receivers = self.receivers(calculator, &prepared.headers, &outputs, fit)?;
                Ok(Task { prepared, receivers })
            });
            match made {
                Ok(task) => tasks.push(task),
                Err(error @ (Error::Host(_) | Error::Schema(_))) => {
                    done.failed.extend(each_output(calculator, ready, &error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        self.control.tell(Event::Started {
            file: self.found.file.clone(),
            asset: self.found.asset,
            samples: stream.samples,
            descriptors: names(ready),
        });
        let followers = self.followers(&tasks, ready, end, &mut done)?;
        let mut session = Session::new(&source, tasks, followers, self.control);
        let file = &self.found.file;
        let (samples, blocks) = self.engine.on_pool(|| pump(file, blocks, &mut session, self.control))?;
        if blocks.finish()? != self.found.asset.0 {
            return Err(Error::Changed(file.clone()));
        }
        let outcomes = self.engine.on_pool(|| session.finish());
        self.publish(outcomes, ready, &mut done)?;
        let info = AssetInfo {
            sample_rate: stream.rate.hz(),
            channels: stream.channels,
            samples,
            codec: stream.codec.to_owned(),
        };
        self.engine.remember(self.found, &info);
        Ok((info, done))
    }
}

/// The descriptors that are about to be computed.
pub(super) fn names(ready: &[Ready<'_>]) -> Vec<DescriptorId> {
    ready.iter().map(|ready| ready.wanted.descriptor.clone()).collect()
}

/// Reads a file to its end: while one block is analysed, the next is decoded.
/// Returns the number of samples per channel, and the blocks at their end.
pub(crate) fn pump<R: Receiver>(
    file: &Path,
    mut blocks: Blocks,
    session: &mut Session<'_, R>,
    control: &Control,
) -> Result<(u64, Blocks), Error> {
    let total = blocks.info().samples;
    let (mut now, mut next) = (PcmBlock::default(), PcmBlock::default());
    let mut more = blocks.next(&mut now)?;
    let mut done = 0;
    while more {
        if control.cancel().is_cancelled() {
            return Err(Error::Cancelled);
        }
        let (decoded, ()) = rayon::join(|| blocks.next(&mut next), || session.push(&now.data, now.frames));
        done += now.frames as u64;
        control.tell(Event::Progress { file: file.into(), done, total });
        more = decoded?;
        std::mem::swap(&mut now, &mut next);
    }
    Ok((done, blocks))
}
