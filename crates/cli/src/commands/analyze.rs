//! `agogic analyze`: computes what is missing or stale, and says file by file
//! what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use agogic::schema::{AssetId, DescriptorId};
use agogic::timebase::Seconds;
use agogic::{Analysis, DescriptorStatus, Engine, Error, Freshness, Request, Tempo};
use serde::Serialize;

use crate::args::{Analyze, Global};
use crate::formats::{json, text};
use crate::session::{self, Session};
use crate::stop::Stop;
use crate::terminal::Terminal;
use crate::{output, ready};

/// Widest column of file names in the summary.
const MAX_NAME: usize = 48;

pub(crate) fn run(args: Analyze, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let tempo = args.tempo.as_deref().map(ready::tempo).transpose()?.map(Tempo::from);
    let session = Session::open(global, terminal)?;
    let profile = ready::profile(&session.engine, &args.profile.profile)?;
    let ids = args.only.iter().map(|id| ready::descriptor(&session.engine, id.trim()));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let only = match args.all {
        true => Some(every_descriptor(&session.engine)),
        false => (!ids.is_empty()).then_some(ids),
    };
    let mut request = Request::new(profile);
    (request.only, request.tempo) = (only, tempo.clone());
    let work = Work { args: &args, session: &session, terminal, tempo };
    if args.dry_run { work.plan(&request) } else { work.compute(request) }
}

/// The descriptors of all calculators, those on demand too.
fn every_descriptor(engine: &Engine) -> Vec<DescriptorId> {
    let registry = engine.registry();
    let all = registry.calculators().flat_map(|calculator| &calculator.spec.descriptors);
    all.map(|descriptor| descriptor.id.clone()).collect()
}

struct Work<'a> {
    args: &'a Analyze,
    session: &'a Session,
    terminal: &'a Terminal,
    tempo: Option<Tempo>,
}

/// What is said of a file. One that failed as a whole has nulls, and one
/// failure without a descriptor.
#[derive(Default, Serialize)]
struct Report<'a> {
    file: String,
    asset: Option<AssetId>,
    sample_rate: Option<u32>,
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beats: Option<f64>,
    computed: &'a [DescriptorId],
    cached: &'a [DescriptorId],
    failed: Vec<Failure<'a>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    id: Option<&'a DescriptorId>,
    error: &'a str,
}

/// What is said of a file with `--dry-run`.
#[derive(Serialize)]
struct Plan {
    file: String,
    asset: AssetId,
    would_compute: Vec<DescriptorId>,
    cached: Vec<DescriptorId>,
}

impl Work<'_> {
    fn compute(&self, request: Request) -> Result<(), Stop> {
        let mut failed = false;
        let mut stopped = None;
        let control = &self.session.control;
        self.session.engine.analyze_all(&self.args.files, &request, control, |file, result| {
            self.session.progress.finish(file);
            match self.tell(file, result) {
                Ok(true) => true,
                Ok(false) => {
                    failed = true;
                    if !self.args.keep_going {
                        // Others that run by now are not waited for.
                        control.cancel().cancel();
                    }
                    self.args.keep_going
                }
                Err(stop) => {
                    stopped = Some(stop);
                    control.cancel().cancel();
                    false
                }
            }
        })?;
        match stopped {
            Some(stop) => Err(stop),
            None if failed => Err(Stop::Told),
            None => Ok(()),
        }
    }

    /// Says what came of a file. Whether all of it is well.
    fn tell(&self, file: &Path, result: Result<Analysis, Error>) -> Result<bool, Stop> {
        let analysis = match result {
            Ok(analysis) => analysis,
            // Said once at the end, not file by file.
            Err(Error::Cancelled) if session::interrupted() => return Ok(false),
            Err(error) => {
                let error = error.to_string();
                if self.args.json {
                    let failed = vec![Failure { id: None, error: &error }];
                    let report = Report { file: file.display().to_string(), failed, ..Report::default() };
                    self.print(&report, "")?;
                }
                self.terminal.error(&error);
                return Ok(false);
            }
        };
        let seconds = analysis.info.samples as f64 / f64::from(analysis.info.sample_rate.max(1));
        let beats = self.tempo.as_ref().map(|tempo| tempo.map().beats(Seconds(seconds)).0);
        let failed = analysis.failed.iter().map(|(id, error)| Failure { id: Some(id), error }).collect();
        let report = Report {
            file: file.display().to_string(),
            asset: Some(analysis.asset),
            sample_rate: Some(analysis.info.sample_rate),
            seconds: Some(seconds),
            beats,
            computed: &analysis.computed,
            cached: &analysis.cached,
            failed,
        };
        self.print(&report, &self.summary(&report))?;
        if analysis.failed.is_empty() {
            return Ok(true);
        }
        self.terminal.error(&format!("{}: {}", file.display(), causes(&analysis.failed)));
        Ok(false)
    }

    fn plan(&self, request: &Request) -> Result<(), Stop> {
        let mut failed = false;
        for file in &self.args.files {
            let status = match self.session.engine.status_of(
                file,
                &request.profile,
                request.tempo.as_ref(),
                request.named().unwrap_or_default(),
            ) {
                Ok(status) => status,
                Err(error) => {
                    self.terminal.error(&error.to_string());
                    failed = true;
                    if self.args.keep_going {
                        continue;
                    }
                    break;
                }
            };
            let mut plan = Plan {
                file: file.display().to_string(),
                asset: status.asset,
                would_compute: vec![],
                cached: vec![],
            };
            let asked = request.named();
            let needed = asked.map(|only| with_inputs(only, &status.descriptors));
            for found in status.descriptors {
                match found.status {
                    _ if needed.as_ref().is_some_and(|needed| !needed.contains(&found.id)) => {}
                    Freshness::Missing | Freshness::Stale => plan.would_compute.push(found.id),
                    Freshness::Current if asked.is_some_and(|only| !only.contains(&found.id)) => {}
                    Freshness::Current => plan.cached.push(found.id),
                    Freshness::Extraneous => {}
                }
            }
            let names: Vec<_> = plan.would_compute.iter().map(DescriptorId::as_str).collect();
            let names = if names.is_empty() { "nothing".into() } else { names.join(", ") };
            let summary = format!("{:<width$}  would compute {names}", plan.file, width = self.width());
            self.print(&plan, &summary)?;
        }
        if failed { Err(Stop::Told) } else { Ok(()) }
    }

    fn print(&self, report: &impl Serialize, summary: &str) -> Result<(), Stop> {
        self.terminal.aside(|| {
            output::stdout(|out| match self.args.json {
                true => json::line(out, report),
                false => writeln!(out, "{summary}"),
            })
        })
    }

    fn summary(&self, report: &Report<'_>) -> String {
        let length = text::Clock(report.seconds.unwrap_or_default());
        let rate = format!("{} kHz", f64::from(report.sample_rate.unwrap_or_default()) / 1000.0);
        let mut line = format!("{:<width$}  {length:>9}  {rate:>10}", report.file, width = self.width());
        if let Some(beats) = report.beats {
            line += &format!("  {beats:.1} beats");
        }
        line += &format!("  {} computed, {} cached", report.computed.len(), report.cached.len());
        if !report.failed.is_empty() {
            line += &format!(", {} failed", report.failed.len());
        }
        line
    }

    fn width(&self) -> usize {
        let name = |file: &PathBuf| file.display().to_string().chars().count();
        self.args.files.iter().map(name).max().unwrap_or(0).min(MAX_NAME)
    }
}

/// These descriptors and all that they are made of.
fn with_inputs(only: &[DescriptorId], all: &[DescriptorStatus]) -> BTreeSet<DescriptorId> {
    let mut needed = BTreeSet::new();
    let mut open = only.to_vec();
    while let Some(id) = open.pop() {
        if let Some(found) = all.iter().find(|found| found.id == id)
            && needed.insert(id)
        {
            open.extend(found.inputs.iter().cloned());
        }
    }
    needed
}

/// Why descriptors failed, equal reasons together: `a, b: reason; c: other`.
fn causes(failed: &[(DescriptorId, String)]) -> String {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, reason) in failed {
        by_reason.entry(reason).or_default().push(id.as_str());
    }
    let parts = by_reason.iter().map(|(reason, ids)| format!("{}: {reason}", ids.join(", ")));
    parts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_causes_stand_together() {
        #[track_caller]
        fn check(failed: &[(&str, &str)], expect: &str) {
            let failed: Vec<_> =
                failed.iter().map(|&(id, why)| (DescriptorId::new(id).unwrap(), why.to_owned())).collect();
            assert_eq!(causes(&failed), expect);
        }
        check(&[("a", "x")], "a: x");
        check(&[("a", "x"), ("b", "x")], "a, b: x");
        check(&[("a", "x"), ("b", "y"), ("c", "x")], "a, c: x; b: y");
    }
}
