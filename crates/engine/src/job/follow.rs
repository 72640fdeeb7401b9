//! Descriptors made of others that are computed in the same pass: they are
//! computed along with them, so that a first analysis reads nothing back.

use agogic_host::{Derivation, Fitted, Follower, OutputOf, Task, can_be_followed};
use agogic_scheduler::{Freshness, Step, Verdict};
use agogic_schema::{DescriptorId, TrackHeader};
use agogic_timebase::Seconds;

use super::publish::{ToStore, each_output};
use super::{Done, Inputs, Job, Ready, State};
use crate::Error;
use crate::wanted::Wants;

impl<'j> Job<'j> {
    /// Adds the descriptors that can follow what is computed from audio, each
    /// behind what it follows. Only such as are not cached: of one that is, it
    /// shows at the end whether its input came out as it was.
    pub(super) fn add_followers<'w>(
        &self,
        ready: &mut Vec<Ready<'w>>,
        verdicts: &[Verdict],
        wants: &'w Wants,
        state: &State,
    ) -> Result<(), Error> {
        let mut open: Vec<_> = verdicts
            .iter()
            .filter(|verdict| {
                verdict.freshness == Freshness::Missing && matches!(verdict.step, Step::Wait(_))
            })
            .filter(|verdict| state.may_run(&verdict.descriptor))
            .filter_map(|verdict| wants.get(&verdict.descriptor))
            .collect();
        loop {
            let before = ready.len();
            let mut later = vec![];
            for wanted in open {
                match wanted.inputs.as_slice() {
                    [input] if ready.iter().any(|ready| ready.wanted.descriptor == *input) => {
                        if self.is_final_at_once(input)? {
                            ready.push(Ready { wanted, inputs: Inputs::Follows(input.clone()), first: true });
                        }
                    }
                    _ => later.push(wanted),
                }
            }
            open = later;
            if ready.len() == before {
                return Ok(());
            }
        }
    }

    /// Whether a descriptor's values stay as they were given.
    fn is_final_at_once(&self, id: &DescriptorId) -> Result<bool, Error> {
        // What is kept with an error is made of what is kept.
        if !self.request.profile.max_error(id).is_lossless() {
            return Ok(false);
        }
        let Some((calculator, own)) = self.registry.descriptor(id) else { return Ok(false) };
        let Some(raised) = &own.raised_with else { return Ok(can_be_followed(&own.kind)) };
        let params = self.request.profile.resolve(&calculator.spec)?;
        Ok(can_be_followed(&own.kind) && params.float(raised).is_some_and(|limit| limit <= 0.0))
    }

    /// The followers among what is ready, each behind what it follows.
    pub(super) fn followers(
        &self,
        tasks: &[Task<'j, Fitted<'j, ToStore>>],
        ready: &[Ready<'_>],
        end: Option<Seconds>,
        done: &mut Done,
    ) -> Result<Vec<Follower<'j, Fitted<'j, ToStore>>>, Error> {
        let mut known = Known::default();
        for (number, task) in tasks.iter().enumerate() {
            known.add(number, &task.prepared.headers, &task.receivers);
        }
        let mut followers: Vec<Follower<'j, _>> = vec![];
        let mut seen = vec![];
        for follower in ready {
            let Inputs::Follows(input) = &follower.inputs else { continue };
            let Some((calculator, _)) = self.registry.descriptor(&follower.wanted.descriptor) else {
                continue;
            };
            if seen.contains(&&calculator.spec.id) {
                continue;
            }
            seen.push(&calculator.spec.id);
            let Some(outputs) = self.outputs(calculator, ready) else { continue };
            // Not there where its calculator could not be made ready.
            let Some((of, header)) = known.find(input) else { continue };
            let made = Derivation::new(calculator, &self.request.profile, &[header], self.tempo());
            let made = made.map_err(Error::from).and_then(|derivation| {
                let fit = |header: &_, to| derivation.fit(header, to, end, self.control);
                let receivers = self.receivers(calculator, &derivation.headers, &outputs, fit)?;
                Ok(Follower { derivation, of, receivers })
            });
            match made {
                Ok(follower) => {
                    let number = tasks.len() + followers.len();
                    known.add(number, &follower.derivation.headers, &follower.receivers);
                    followers.push(follower);
                }
                Err(error @ (Error::Host(_) | Error::Schema(_))) => {
                    done.failed.extend(each_output(calculator, ready, &error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(followers)
    }
}

/// Where descriptors of a pass come from, and their headers.
#[derive(Default)]
struct Known(Vec<(OutputOf, TrackHeader)>);

impl Known {
    /// Adds the outputs of a task or follower that somebody takes.
    fn add<R>(&mut self, number: usize, headers: &[TrackHeader], taken: &[Option<R>]) {
        let outputs = headers.iter().zip(taken).enumerate().filter(|(_, (_, taken))| taken.is_some());
        self.0.extend(outputs.map(|(output, (header, _))| (OutputOf { number, output }, header.clone())));
    }

    fn find(&self, id: &DescriptorId) -> Option<(OutputOf, TrackHeader)> {
        self.0.iter().find(|(_, header)| header.descriptor == *id).cloned()
    }
}
