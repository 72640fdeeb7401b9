//! The write path as it is called: files and a request in, what came of each
//! out. How one file is worked on is in `job`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agogic_scheduler::execute;
use agogic_schema::{AssetId, DescriptorId, Profile};
use agogic_store::AssetInfo;

use crate::asset::Identified;
use crate::{Control, Engine, Error, Tempo};

/// What is asked of an analysis.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The parameters.
    pub profile: Profile,
    /// The descriptors. Where nothing is said, those of the profile, or else
    /// all but those on demand and those of Vamp plug-ins. What they are made of
    /// is computed too.
    pub only: Option<Vec<DescriptorId>>,
    /// The tempo map, for calculators that have to do with tempo.
    pub tempo: Option<Tempo>,
}

impl Request {
    /// Under these parameters, without a tempo map.
    pub fn new(profile: Profile) -> Self {
        Self { profile, only: None, tempo: None }
    }

    /// The descriptors that are named, by the request or else by its profile.
    pub fn named(&self) -> Option<&[DescriptorId]> {
        self.only.as_deref().or(self.profile.descriptors.as_deref())
    }

    /// Only these descriptors.
    #[must_use]
    pub fn only(mut self, ids: impl Into<Vec<DescriptorId>>) -> Self {
        self.only = Some(ids.into());
        self
    }

    /// With a tempo map.
    #[must_use]
    pub fn tempo(mut self, map: impl Into<Tempo>) -> Self {
        self.tempo = Some(map.into());
        self
    }
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
    /// Descriptors that were computed, in order of id. Those too that nobody
    /// asked for but that others are made of.
    pub computed: Vec<DescriptorId>,
    /// Descriptors that were current in the cache, in order of id.
    pub cached: Vec<DescriptorId>,
    /// Descriptors that could not be computed, and why.
    pub failed: Vec<(DescriptorId, String)>,
}

/// One asset under one profile: the files that hold it, with their places
/// among those that were named. Never empty.
struct Copies {
    files: Vec<(usize, Identified)>,
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
        let mut jobs: Vec<Copies> = vec![];
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
                            jobs.push(Copies { files: vec![] });
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
        job: &Copies,
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
        self.check_profile(&request.profile)
    }

    /// Whether all that a profile says means something to the calculators that
    /// are there.
    ///
    /// # Errors
    /// [`Error::Profile`] where it does not.
    pub fn check_profile(&self, profile: &Profile) -> Result<(), Error> {
        let fail = |reason| Err(Error::Profile { name: profile.name.clone(), reason });
        for id in profile.descriptors.iter().flatten() {
            if let Err(error) = self.descriptor(id) {
                return fail(error.to_string());
            }
        }
        let registry = self.registry_for(profile.descriptors.as_deref().unwrap_or_default());
        let specs: Vec<_> = registry.calculators().map(|calculator| &calculator.spec).collect();
        match profile.unread(specs.iter().copied()).as_slice() {
            [] => Ok(()),
            keys => fail(format!("no calculator has a parameter {}", keys.join(" or "))),
        }
    }
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
