//! One job: an asset under a profile, from the difference to its end. In each
//! round runs what can be run by now; then the difference is asked again, so
//! that what is made of a track that came out as it was is left alone.

mod audio;
mod claim;
mod follow;
mod publish;
mod tracks;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use agogic_host::{LoadedCalculator, Registry, TickMap};
use agogic_scheduler::{Obstacle, Step, Verdict, Wanted};
use agogic_schema::{ContentHash, DescriptorId};
use agogic_store::{AssetInfo, Claim, Use};

use crate::asset::Identified;
pub(crate) use crate::job::audio::pump;
use crate::wanted::{Wants, usual};
use crate::{Analysis, Control, Engine, Error, Event, Request};

/// How often a descriptor is computed in one job before it is given up: a track
/// that another is made of may be found damaged just after.
const ATTEMPTS: usize = 3;

/// A descriptor that can be computed now.
pub(crate) struct Ready<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) inputs: Inputs,
    /// Whether it was not tried before in this job.
    pub(crate) first: bool,
}

/// What a descriptor that can be computed is made of.
pub(crate) enum Inputs {
    /// Of audio, or of tracks in the cache that have this content.
    Known(BTreeMap<DescriptorId, ContentHash>),
    /// Of a descriptor that is computed in the same pass.
    Follows(DescriptorId),
}

/// What came of a round.
#[derive(Default)]
struct Done {
    computed: Vec<DescriptorId>,
    failed: Vec<(DescriptorId, String)>,
    /// Another round may do what this one did not: a track that another was to
    /// be made of was found damaged, or a calculator's process ended.
    again: bool,
}

/// An asset under a profile, and what is asked of it.
struct Job<'a> {
    engine: &'a Engine,
    registry: &'a Registry,
    found: &'a Identified,
    request: &'a Request,
    control: &'a Control,
}

/// What is known of a job so far.
#[derive(Default)]
struct State {
    info: Option<AssetInfo>,
    /// How often each descriptor was computed.
    attempts: BTreeMap<DescriptorId, usize>,
    computed: BTreeSet<DescriptorId>,
    cached: BTreeSet<DescriptorId>,
    failed: BTreeMap<DescriptorId, String>,
    /// Held from the first thing that is to be computed on.
    claim: Option<Claim>,
}

impl Engine {
    /// Closes the difference for an asset.
    pub(crate) fn run(
        &self,
        found: &Identified,
        request: &Request,
        control: &Control,
    ) -> Result<Analysis, Error> {
        // One picture of the calculators for the whole job.
        let registry = &*self.registry_for(request.named().unwrap_or_default());
        let job = Job { engine: self, registry, found, request, control };
        let mut state = State { info: found.info.clone(), ..State::default() };
        let only = request.named().map_or_else(|| usual(registry), <[_]>::to_vec);
        let wants = Wants::new(registry, &request.profile, Some(&only), request.tempo.as_ref())?;
        while job.round(&wants, &mut state)? {}
        let info = state.info.ok_or_else(|| Error::Changed(found.file.clone()))?;
        Ok(Analysis {
            file: found.file.clone(),
            asset: found.asset,
            info,
            computed: state.computed.into_iter().collect(),
            cached: state.cached.into_iter().collect(),
            failed: state.failed.into_iter().collect(),
        })
    }
}

impl Job<'_> {
    /// Runs what can be run. Whether another round may find more.
    fn round(&self, wants: &Wants, state: &mut State) -> Result<bool, Error> {
        let records = self.engine.records(&self.found.asset, &self.request.profile)?;
        let verdicts = wants.diff(self.registry, &records);
        let runs =
            |verdict: &Verdict| matches!(verdict.step, Step::Run(_)) && state.may_run(&verdict.descriptor);
        if state.claim.is_none() && verdicts.iter().any(runs) {
            // What others computed until now is to be seen.
            state.claim = Some(self.claim()?);
            return Ok(true);
        }
        let (mut audio, mut tracks, mut more) = (vec![], vec![], false);
        for Verdict { descriptor, step, .. } in &verdicts {
            let Some(wanted) = wants.get(descriptor) else { continue };
            match step {
                Step::Keep => self.keep(wanted, state),
                Step::Run(inputs) if state.may_run(descriptor) => {
                    let attempts = state.attempts.entry(descriptor.clone()).or_default();
                    *attempts += 1;
                    let first = *attempts == 1;
                    let derived = inputs.keys().any(|input| *input != DescriptorId::tempo());
                    let ready = Ready { wanted, inputs: Inputs::Known(inputs.clone()), first };
                    if derived { tracks.push(ready) } else { audio.push(ready) }
                }
                Step::Run(_) | Step::Wait(_) | Step::Blocked(_) => more = true,
            }
        }
        if audio.is_empty() && tracks.is_empty() && state.info.is_some() {
            self.give_up(&verdicts, wants, state);
            return Ok(false);
        }
        if !audio.is_empty() || state.info.is_none() {
            self.add_followers(&mut audio, &verdicts, wants, state)?;
            let (info, done) = contained(&self.found.file, || self.compute_from_audio(&audio))?;
            state.info = Some(info);
            more |= done.again;
            self.settle(done, state);
        }
        if !tracks.is_empty() {
            let done =
                contained(&self.found.file, || self.compute_from_tracks(&tracks, state.info.as_ref()))?;
            more |= done.again;
            self.settle(done, state);
        }
        Ok(more)
    }

    /// Notes that a descriptor is current without having been computed.
    fn keep(&self, wanted: &Wanted, state: &mut State) {
        let id = &wanted.descriptor;
        let asked = self.request.only.as_ref().is_none_or(|only| only.contains(id));
        if asked && !state.computed.contains(id) && state.cached.insert(id.clone()) {
            let (asset, profile) = (self.found.asset, self.request.profile.name.clone());
            let hit = Use { hits: 1, ..Use::default() };
            self.engine.store.count_use(&asset, &wanted.calculator, hit);
            self.control.tell(Event::Cached { asset, profile, descriptor: id.clone() });
        }
    }

    /// Tells of a round.
    fn settle(&self, done: Done, state: &mut State) {
        let (asset, profile) = (self.found.asset, &self.request.profile.name);
        for descriptor in done.computed {
            state.computed.insert(descriptor.clone());
            self.control.tell(Event::Computed { asset, profile: profile.clone(), descriptor });
        }
        for (descriptor, reason) in done.failed {
            state.failed.insert(descriptor.clone(), reason.clone());
            self.control.tell(Event::Failed { asset, profile: profile.clone(), descriptor, reason });
        }
    }

    /// Nothing more can be run: what still differs has failed, each with the
    /// reason that stood in its way.
    fn give_up(&self, verdicts: &[Verdict], wants: &Wants, state: &mut State) {
        let mut open: BTreeMap<&DescriptorId, &Step> = verdicts
            .iter()
            .filter(|verdict| verdict.step != Step::Keep && wants.get(&verdict.descriptor).is_some())
            .map(|verdict| (&verdict.descriptor, &verdict.step))
            .collect();
        let mut failed = vec![];
        while !open.is_empty() {
            let before = open.len();
            open.retain(|&id, step| {
                if state.failed.contains_key(id) {
                    return false;
                }
                let reason = match step {
                    Step::Blocked(obstacle) => obstacle.to_string(),
                    Step::Wait(input) => match state.failed.get(input) {
                        Some(reason) => {
                            let (input, reason) = (input.clone(), reason.clone());
                            Obstacle::InputFailed { input, reason }.to_string()
                        }
                        None => return true,
                    },
                    Step::Keep | Step::Run(_) => "it does not stay readable in the cache".into(),
                };
                state.failed.insert(id.clone(), reason.clone());
                failed.push((id.clone(), reason));
                false
            });
            if open.len() == before {
                break;
            }
        }
        // Each waits for one that is told of above; should that ever not hold,
        // nothing is lost in silence.
        failed.extend(open.keys().map(|&id| (id.clone(), "one of its inputs is not there".to_owned())));
        self.settle(Done { failed, ..Done::default() }, state);
    }

    /// The outputs of a calculator that are to be computed now, in the order of
    /// its description; none where there is none.
    fn outputs<'r>(
        &self,
        calculator: &LoadedCalculator,
        ready: &'r [Ready<'r>],
    ) -> Option<Vec<Option<&'r Ready<'r>>>> {
        let mine = |id: &DescriptorId| ready.iter().find(|ready| ready.wanted.descriptor == *id);
        let outputs: Vec<_> = calculator.spec.descriptors.iter().map(|own| mine(&own.id)).collect();
        outputs.iter().any(Option::is_some).then_some(outputs)
    }
}

impl<'a> Job<'a> {
    /// The tempo map as calculators know it.
    fn tempo(&self) -> Option<&'a dyn TickMap> {
        self.request.tempo.as_ref().map(|tempo| tempo as &dyn TickMap)
    }
}

impl State {
    fn may_run(&self, id: &DescriptorId) -> bool {
        !self.failed.contains_key(id) && self.attempts.get(id).is_none_or(|tried| *tried < ATTEMPTS)
    }
}

/// Runs the work on one file: a panic in it, mostly of a library that met what
/// it did not expect, is that file's error and no other's.
pub(crate) fn contained<T>(file: &Path, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let file = || file.to_owned();
    // Nothing that the work touched is used after a panic: its temporary files
    // go with its writers, and the store's own locks recover from poison.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Err(Error::Store(cause))) => Err(Error::Publish { file: file(), cause }),
        Ok(result) => result,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            let what = text.as_deref().unwrap_or("no message").lines().next().unwrap_or_default().to_owned();
            Err(Error::Panicked { file: file(), what })
        }
    }
}
