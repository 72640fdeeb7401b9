//! From a calculator's outputs into the cache: a writer per track, and what
//! became of each calculator's work.

use std::collections::BTreeMap;

use agogic_host::{CallError, Fitted, HostError, LoadedCalculator, Outcome, ReceiveError, Receiver, TickMap};
use agogic_schema::{
    DescriptorId, Event as TrackEvent, Notes, Provenance, TempoProjection, TempoUse, TrackHeader,
};
use agogic_store::{StoreError, TrackWriter, Use};
use agogic_timebase::Seconds;

use super::{Done, Inputs, Job, Ready};
use crate::Error;
use crate::wanted::params_read;

/// Hands a track's pieces to the cache.
pub(super) struct ToStore {
    writer: TrackWriter,
    /// The descriptor of the same pass that the track is made of.
    follows: Option<DescriptorId>,
}

impl Receiver for ToStore {
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError> {
        Ok(self.writer.frames(plane, values)?)
    }

    fn events(&mut self, events: &[TrackEvent]) -> Result<(), ReceiveError> {
        Ok(self.writer.events(events)?)
    }

    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
        Ok(self.writer.raise_floor(floor)?)
    }
}

/// The receivers of a calculator, one per output.
pub(super) type Receivers<'a> = Vec<Option<Fitted<'a, ToStore>>>;

impl<'j> Job<'j> {
    /// A receiver for each output that is to be computed. `fit` puts it behind
    /// what the output needs.
    pub(super) fn receivers(
        &self,
        calculator: &LoadedCalculator,
        headers: &[TrackHeader],
        outputs: &[Option<&Ready<'_>>],
        fit: impl Fn(&TrackHeader, ToStore) -> Result<Fitted<'j, ToStore>, HostError>,
    ) -> Result<Receivers<'j>, Error> {
        let mut receivers = vec![];
        for (ready, header) in outputs.iter().zip(headers) {
            let Some(Ready { wanted, inputs, .. }) = ready else {
                receivers.push(None);
                continue;
            };
            let key = self.engine.key(self.found.asset, &self.request.profile, &wanted.descriptor);
            let (inputs, follows) = match inputs {
                Inputs::Known(inputs) => (inputs.clone(), None),
                Inputs::Follows(input) => (BTreeMap::new(), Some(input.clone())),
            };
            let provenance = Provenance {
                calculator: wanted.calculator.clone(),
                version: wanted.installed.clone(),
                revision: wanted.revision,
                inputs,
            };
            let notes = self.notes(calculator, header)?;
            let bound = self.request.profile.max_error(&wanted.descriptor);
            let writer = self.engine.store.writer(key, provenance, header.clone())?;
            let writer = writer.with_notes(notes).max_error(bound);
            receivers.push(Some(fit(header, ToStore { writer, follows })?));
        }
        Ok(receivers)
    }

    /// What is kept beside a track to explain it.
    fn notes(&self, calculator: &LoadedCalculator, header: &TrackHeader) -> Result<Notes, Error> {
        let spec = &calculator.spec;
        let own = spec.descriptors.iter().find(|own| own.id == header.descriptor);
        let read = own.map(|own| params_read(&self.request.profile, spec, own)).transpose()?;
        let (params, sample_rate) = read.unwrap_or_default();
        let tempo = self.tempo().filter(|_| spec.tempo != TempoUse::None);
        Ok(Notes { params, sample_rate, tempo: tempo.map(|map| projection(map, header)) })
    }

    /// Publishes what went well, and says why the rest did not.
    pub(super) fn publish(
        &self,
        outcomes: Vec<Outcome<'_, Fitted<'_, ToStore>>>,
        ready: &[Ready<'_>],
        done: &mut Done,
    ) -> Result<(), Error> {
        let mut writers: Vec<TrackWriter> = vec![];
        for outcome in outcomes {
            let misses = outcome.result.as_ref().map_or(0, |all| all.iter().flatten().count() as u64);
            let used = Use { hits: 0, misses, busy: outcome.busy };
            self.engine.store.count_use(&self.found.asset, &outcome.calculator.spec.id, used);
            let reason = match outcome.result {
                Ok(receivers) => {
                    for receiver in receivers.into_iter().flatten() {
                        let ToStore { mut writer, follows } = receiver.into_inner();
                        if let Some(input) = follows {
                            let of = writers.iter_mut().find(|of| of.key().descriptor == input);
                            let Some(of) = of else { continue };
                            writer.set_inputs([(input, of.finish()?)].into())?;
                        }
                        writers.push(writer);
                    }
                    continue;
                }
                Err(CallError::Cancelled) => return Err(Error::Cancelled),
                Err(CallError::InputLost) => {
                    done.again = true;
                    continue;
                }
                Err(CallError::Source(error)) if error.is::<Damaged>() => {
                    done.again = true;
                    continue;
                }
                Err(error) if error.is_worth_a_retry() && first_try(outcome.calculator, ready) => {
                    done.again = true;
                    continue;
                }
                // The cache cannot be written or read: that is no calculator's
                // fault.
                Err(CallError::Receiver(error) | CallError::Source(error)) => {
                    match error.downcast::<StoreError>() {
                        Ok(error) => return Err((*error).into()),
                        Err(error) => error.to_string(),
                    }
                }
                Err(error) => error.to_string(),
            };
            done.failed.extend(each_output(outcome.calculator, ready, &reason));
        }
        for record in self.engine.store.publish_all(writers)? {
            done.computed.push(record.key.descriptor);
        }
        done.computed.sort();
        done.failed.sort();
        Ok(())
    }
}

/// A track that another is made of was found damaged: a miss, not an error.
#[derive(Debug, thiserror::Error)]
#[error("its input {0} is damaged")]
pub(super) struct Damaged(pub(super) DescriptorId);

/// Whether nothing of a calculator was tried before in this job.
fn first_try(calculator: &LoadedCalculator, ready: &[Ready<'_>]) -> bool {
    ready.iter().filter(|ready| ready.wanted.calculator == calculator.spec.id).all(|ready| ready.first)
}

/// The outputs of a calculator that were to be computed, with one reason.
pub(super) fn each_output(
    calculator: &LoadedCalculator,
    ready: &[Ready<'_>],
    reason: &str,
) -> Vec<(DescriptorId, String)> {
    let mine = ready.iter().filter(|ready| ready.wanted.calculator == calculator.spec.id);
    mine.map(|ready| (ready.wanted.descriptor.clone(), reason.to_owned())).collect()
}

/// Where the frames of a track stand on a tempo map.
fn projection(map: &dyn TickMap, header: &TrackHeader) -> TempoProjection {
    let frame = |i| header.grid(0).map(|grid| map.ticks(grid.seconds(i)));
    let (start_tick, hop_ticks) = match (frame(0), frame(1)) {
        (Ok(first), Ok(second)) => (first, second - first),
        _ => (map.ticks(Seconds(0.0)), 0.0),
    };
    let ticks_per_quarter = agogic_host::TICKS_PER_QUARTER;
    TempoProjection { ticks_per_quarter, start_tick, hop_ticks, tempo_map: map.content() }
}
