//! The write path: what is missing or stale of an asset is computed in one
//! pass over its audio and published together.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use agogic_decode::{AudioFile, Blocks, PcmBlock};
use agogic_host::{CallError, LoadedCalculator, Prepared, ReceiveError, Receiver, Session, Source, Task};
use agogic_scheduler::{Wanted, diff, execute};
use agogic_schema::{AssetId, CacheKey, CacheRecord, DescriptorId, Event as TrackEvent, Profile, Provenance};
use agogic_store::{AssetInfo, StoreError, TrackWriter};

use crate::asset::Identified;
use crate::{Control, Engine, Error, Event};

/// What is asked of an analysis.
#[derive(Clone, Debug)]
pub struct Request {
    /// The parameters.
    pub profile: Profile,
    /// The descriptors; all but those of Vamp plug-ins where nothing is said.
    pub only: Option<Vec<DescriptorId>>,
}

/// What came of the analysis of one file.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The file as it was named.
    pub file: PathBuf,
    /// Its audio.
    pub asset: AssetId,
    /// Rate, channels and length of its audio.
    pub info: AssetInfo,
    /// Descriptors that were computed, in order of id.
    pub computed: Vec<DescriptorId>,
    /// Descriptors that were current in the cache, in order of id.
    pub cached: Vec<DescriptorId>,
    /// Descriptors that could not be computed, and why.
    pub failed: Vec<(DescriptorId, String)>,
}

/// One asset under one profile: the files that hold it, with their places
/// among those that were named. Never empty.
struct Job {
    files: Vec<(usize, Identified)>,
}

/// What came of one pass over the audio.
struct Computed {
    info: AssetInfo,
    computed: Vec<DescriptorId>,
    failed: Vec<(DescriptorId, String)>,
}

impl Engine {
    /// Computes what is missing or stale of a file. One descriptor that fails
    /// is told in the result and does not keep others from being published.
    ///
    /// # Errors
    /// When the file cannot be decoded to its end, the cache cannot be
    /// written, or the request names what is not there. Nothing is published
    /// then.
    pub fn analyze(&self, file: &Path, request: &Request, control: &Control) -> Result<Analysis, Error> {
        self.check(request)?;
        let found = self.identify(file)?;
        self.run(&found, request, control)
    }

    /// Analyses many files, several at a time, and tells of each in the order
    /// in which they were named. Files with the same audio are one job: the
    /// first is computed, the others find it in the cache.
    ///
    /// When `each` returns false no further file is begun; what is running is
    /// waited for, unless the control is cancelled too.
    ///
    /// # Errors
    /// [`Error::UnknownDescriptor`] and the like for the request itself, before
    /// any file is touched.
    pub fn analyze_all(
        &self,
        files: &[PathBuf],
        request: &Request,
        control: &Control,
        each: impl FnMut(&Path, Result<Analysis, Error>) -> bool + Send,
    ) -> Result<(), Error> {
        self.check(request)?;
        let mut results = BTreeMap::new();
        let mut jobs: Vec<Job> = vec![];
        let mut by_asset = BTreeMap::new();
        let mut index = 0;
        execute(
            files,
            self.threads,
            |file| self.identify(file),
            |_, found| {
                match found {
                    Ok(found) => {
                        let job = *by_asset.entry(found.asset).or_insert(jobs.len());
                        if job == jobs.len() {
                            jobs.push(Job { files: vec![] });
                        }
                        jobs[job].files.push((index, found));
                    }
                    Err(error) => {
                        results.insert(index, Err(error));
                    }
                }
                index += 1;
                !control.cancel().is_cancelled()
            },
        );
        let mut teller = Teller { files, results, next: 0, each };
        if teller.tell() {
            execute(
                &jobs,
                self.threads,
                |job| self.run_job(job, request, control),
                |_, results| {
                    teller.results.extend(results);
                    teller.tell()
                },
            );
        }
        Ok(())
    }

    /// Computes the first file of a job; the others find it all in the cache.
    fn run_job(
        &self,
        job: &Job,
        request: &Request,
        control: &Control,
    ) -> Vec<(usize, Result<Analysis, Error>)> {
        let mut results: Vec<(usize, Result<Analysis, Error>)> = vec![];
        for (index, found) in &job.files {
            let result = match results.first() {
                Some((_, Ok(first))) => {
                    let mut again = first.clone();
                    again.file.clone_from(&found.file);
                    again.cached.append(&mut again.computed);
                    again.cached.sort();
                    self.remember(found, &again.info);
                    Ok(again)
                }
                // Whatever was wrong with the first copy may be right here.
                _ => self.run(found, request, control),
            };
            results.push((*index, result));
        }
        results
    }

    fn check(&self, request: &Request) -> Result<(), Error> {
        for id in request.only.iter().flatten() {
            self.descriptor(id)?;
        }
        Ok(())
    }

    /// The descriptors of a request as they would be computed now.
    pub(crate) fn wanted(
        &self,
        profile: &Profile,
        only: Option<&[DescriptorId]>,
    ) -> Result<Vec<Wanted>, Error> {
        let mut wanted = vec![];
        for LoadedCalculator { spec, .. } in self.calculators_for(only) {
            for descriptor in &spec.descriptors {
                if only.is_some_and(|only| !only.contains(&descriptor.id)) {
                    continue;
                }
                wanted.push(Wanted {
                    descriptor: descriptor.id.clone(),
                    calculator: spec.id.clone(),
                    installed: spec.version.clone(),
                    changed_in: spec.changed_in(descriptor).clone(),
                    revision: profile.revision(spec, descriptor)?,
                    inputs: BTreeMap::new(),
                });
            }
        }
        Ok(wanted)
    }

    pub(crate) fn records(&self, asset: &AssetId, profile: &Profile) -> Result<Vec<CacheRecord>, StoreError> {
        let entries = self.store.records(asset, Some(&profile.name))?;
        Ok(entries.into_iter().map(|entry| entry.record).collect())
    }

    /// One job: the difference for an asset, and what closes it.
    pub(crate) fn run(
        &self,
        found: &Identified,
        request: &Request,
        control: &Control,
    ) -> Result<Analysis, Error> {
        let profile = &request.profile;
        let wanted = self.wanted(profile, request.only.as_deref())?;
        let records = self.records(&found.asset, profile)?;
        let verdicts = diff(&wanted, &records, |_| true);
        let (mut to_run, mut cached) = (vec![], vec![]);
        for verdict in verdicts {
            if verdict.must_run() {
                to_run.extend(wanted.iter().find(|wanted| wanted.descriptor == verdict.descriptor));
            } else if wanted.iter().any(|wanted| wanted.descriptor == verdict.descriptor) {
                let (asset, profile) = (found.asset, profile.name.clone());
                control.tell(Event::Cached { asset, profile, descriptor: verdict.descriptor.clone() });
                cached.push(verdict.descriptor);
            }
        }
        let Computed { info, computed, failed } = match &found.info {
            Some(info) if to_run.is_empty() => {
                Computed { info: info.clone(), computed: vec![], failed: vec![] }
            }
            _ => contained(found, || self.compute(found, &to_run, profile, control))?,
        };
        Ok(Analysis { file: found.file.clone(), asset: found.asset, info, computed, cached, failed })
    }

    /// One pass over the audio that computes these descriptors.
    fn compute(
        &self,
        found: &Identified,
        to_run: &[&Wanted],
        profile: &Profile,
        control: &Control,
    ) -> Result<Computed, Error> {
        let blocks = AudioFile::open(&found.file)?.blocks();
        let stream = blocks.info().clone();
        let source = Source { rate: stream.rate, channels: stream.names.clone() };
        let mut failed = vec![];
        let mut tasks = vec![];
        let names: Vec<_> = to_run.iter().map(|wanted| wanted.descriptor.clone()).collect();
        for calculator in self.calculators_for(Some(&names)) {
            let mine = |id: &DescriptorId| to_run.iter().copied().find(|wanted| &wanted.descriptor == id);
            let outputs: Vec<_> = calculator.spec.descriptors.iter().map(|d| mine(&d.id)).collect();
            if outputs.iter().all(Option::is_none) {
                continue;
            }
            match Prepared::new(calculator, profile, &source) {
                Ok(prepared) => tasks.push(self.task(found.asset, profile, prepared, outputs)?),
                Err(error) => {
                    let ids = outputs.into_iter().flatten().map(|wanted| wanted.descriptor.clone());
                    failed.extend(ids.map(|id| (id, error.to_string())));
                }
            }
        }
        control.tell(Event::Started {
            file: found.file.clone(),
            asset: found.asset,
            samples: stream.samples,
            descriptors: to_run.iter().map(|wanted| wanted.descriptor.clone()).collect(),
        });
        let mut session = Session::new(&source, tasks, control);
        let samples = match &self.pool {
            Some(pool) => pool.install(|| pump(found, blocks, &mut session, control)),
            None => pump(found, blocks, &mut session, control),
        }?;
        let outcomes = match &self.pool {
            Some(pool) => pool.install(|| session.finish()),
            None => session.finish(),
        };
        let mut writers = vec![];
        for outcome in outcomes {
            match outcome.result {
                Ok(receivers) => writers.extend(receivers),
                Err(CallError::Cancelled) => return Err(Error::Cancelled),
                // The cache cannot be written: that is no calculator's fault.
                Err(CallError::Receiver(error)) => match error.downcast::<StoreError>() {
                    Ok(error) => return Err((*error).into()),
                    Err(error) => failed.extend(each_output(outcome.calculator, to_run, &error.to_string())),
                },
                Err(error) => failed.extend(each_output(outcome.calculator, to_run, &error.to_string())),
            }
        }
        let mut computed = vec![];
        let writers = writers.into_iter().flatten().map(|ToStore(writer)| writer).collect();
        for record in self.store.publish_all(writers)? {
            computed.push(record.key.descriptor);
        }
        computed.sort();
        let info = AssetInfo {
            sample_rate: stream.rate.hz(),
            channels: stream.channels,
            samples,
            codec: stream.codec.to_owned(),
        };
        self.remember(found, &info);
        failed.sort();
        let (asset, profile) = (found.asset, &profile.name);
        for descriptor in &computed {
            control.tell(Event::Computed { asset, profile: profile.clone(), descriptor: descriptor.clone() });
        }
        for (descriptor, reason) in &failed {
            let (descriptor, reason) = (descriptor.clone(), reason.clone());
            control.tell(Event::Failed { asset, profile: profile.clone(), descriptor, reason });
        }
        Ok(Computed { info, computed, failed })
    }

    fn task<'a>(
        &self,
        asset: AssetId,
        profile: &Profile,
        prepared: Prepared<'a>,
        outputs: Vec<Option<&Wanted>>,
    ) -> Result<Task<'a, ToStore>, StoreError> {
        let mut receivers = vec![];
        for (wanted, header) in outputs.into_iter().zip(&prepared.headers) {
            let Some(wanted) = wanted else {
                receivers.push(None);
                continue;
            };
            let key =
                CacheKey { asset, profile: profile.name.clone(), descriptor: wanted.descriptor.clone() };
            let provenance = Provenance {
                calculator: wanted.calculator.clone(),
                version: wanted.installed.clone(),
                revision: wanted.revision,
                inputs: wanted.inputs.clone(),
            };
            let writer = self.store.writer(key, provenance, header.clone())?;
            receivers.push(Some(ToStore(writer)));
        }
        Ok(Task { prepared, receivers })
    }
}

/// Reads a file to its end: while one block is analysed, the next is decoded.
/// Returns the number of samples per channel.
fn pump(
    found: &Identified,
    mut blocks: Blocks,
    session: &mut Session<'_, ToStore>,
    control: &Control,
) -> Result<u64, Error> {
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
        control.tell(Event::Progress { file: found.file.clone(), done, total });
        more = decoded?;
        std::mem::swap(&mut now, &mut next);
    }
    if blocks.finish()? != found.asset.0 {
        return Err(Error::Changed(found.file.clone()));
    }
    Ok(done)
}

/// Hands a track's pieces to the cache.
struct ToStore(TrackWriter);

impl Receiver for ToStore {
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError> {
        Ok(self.0.frames(plane, values)?)
    }

    fn events(&mut self, events: &[TrackEvent]) -> Result<(), ReceiveError> {
        Ok(self.0.events(events)?)
    }

    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
        Ok(self.0.raise_floor(floor)?)
    }
}

/// Runs the work on one file: a panic in it, mostly of a library that met what
/// it did not expect, is that file's error and no other's.
fn contained<T>(found: &Identified, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let file = || found.file.clone();
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

/// The outputs of a calculator that were to be computed, with one reason.
fn each_output(
    calculator: &LoadedCalculator,
    to_run: &[&Wanted],
    reason: &str,
) -> Vec<(DescriptorId, String)> {
    let mine = to_run.iter().filter(|wanted| wanted.calculator == calculator.spec.id);
    mine.map(|wanted| (wanted.descriptor.clone(), reason.to_owned())).collect()
}

/// Tells of files in the order in which they were named.
struct Teller<'a, F> {
    files: &'a [PathBuf],
    results: BTreeMap<usize, Result<Analysis, Error>>,
    next: usize,
    each: F,
}

impl<F: FnMut(&Path, Result<Analysis, Error>) -> bool> Teller<'_, F> {
    fn tell(&mut self) -> bool {
        while let Some(result) = self.results.remove(&self.next) {
            if !(self.each)(&self.files[self.next], result) {
                return false;
            }
            self.next += 1;
        }
        true
    }
}
