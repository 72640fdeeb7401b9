//! `agogic calculators doctor`: where plug-ins were looked for, what became of
//! each file and why, and in which process their calculators work.

use std::io::{self, Write};
use std::path::Path;

use agogic::{Catalogue, Config, HostError, Isolation, Known, Origin, Plugin, Registry, SearchKind};
use clap::builder::styling::{AnsiColor, Style};
use indicatif::HumanDuration;
use serde::Serialize;

use super::scan::File;
use crate::args::Global;
use crate::formats::{json, text};
use crate::stop::Stop;
use crate::terminal::Terminal;
use crate::{output, session};

#[derive(Serialize)]
struct Report {
    worker: Option<String>,
    config: Vec<String>,
    memory: Option<String>,
    places: Vec<Place>,
    files: Vec<File>,
    isolated: Vec<Isolated>,
    clashes: Vec<String>,
    /// Files and places that are not used.
    refused: usize,
}

#[derive(Serialize)]
struct Place {
    path: String,
    /// `named`, `user` or `system`.
    kind: &'static str,
    there: bool,
    files: usize,
}

#[derive(Serialize)]
struct Isolated {
    calculator: String,
    timeout: f64,
    memory: Option<u64>,
}

pub(super) fn run(as_json: bool, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let config = Config::load()?;
    let catalogue = session::builder(global)?.catalogue()?;
    let registry = catalogue.registry();
    let report = Report::new(&config, &catalogue, &registry);
    output::stdout(
        |out| {
            if as_json { json::line(out, &report) } else { report.print(out, &registry, terminal) }
        },
    )?;
    if report.refused == 0 { Ok(()) } else { Err(Stop::Told) }
}

impl Report {
    fn new(config: &Config, catalogue: &Catalogue, registry: &Registry) -> Self {
        let settings = catalogue.settings();
        let shown = |path: &Path| path.display().to_string();
        let places = settings.places.iter().map(|place| Place {
            path: shown(&place.path),
            kind: match place.kind {
                SearchKind::Named => "named",
                SearchKind::User => "user",
                SearchKind::System => "system",
            },
            there: place.path.exists(),
            files: registry.plugins().iter().filter(|plugin| plugin.path.starts_with(&place.path)).count(),
        });
        let isolated = registry.calculators().filter_map(|calculator| match calculator.isolation {
            Isolation::Process(limits) => Some(Isolated {
                calculator: calculator.spec.id.to_string(),
                timeout: limits.timeout.as_secs_f64(),
                memory: limits.memory,
            }),
            Isolation::None => None,
        });
        let clashes = registry.clashes().iter().map(|clash| {
            let ((hidden, old), (by, new)) = (&clash.hidden, &clash.by);
            let id = &clash.calculator;
            format!("{id} {old} ({}) gives way to {new} ({})", origin(hidden), origin(by))
        });
        Self {
            worker: settings.worker.as_ref().map(|program| shown(program.path())),
            config: config.files.iter().map(|file| shown(file)).collect(),
            memory: settings.memory.as_deref().map(shown),
            places: places.collect(),
            files: registry.plugins().iter().map(File::new).collect(),
            isolated: isolated.collect(),
            clashes: clashes.collect(),
            refused: registry.refusals().len(),
        }
    }

    fn print(&self, out: &mut dyn Write, registry: &Registry, terminal: &Terminal) -> io::Result<()> {
        writeln!(out, "worker   {}", self.worker.as_deref().unwrap_or("none: plug-ins cannot be looked at"))?;
        let config = if self.config.is_empty() { "none".into() } else { self.config.join(", ") };
        writeln!(out, "config   {config}")?;
        writeln!(out, "memory   {}", self.memory.as_deref().unwrap_or("none"))?;
        writeln!(out, "\nsearched")?;
        let rows: Vec<_> = self.places.iter().map(Place::row).collect();
        let [kind, path, _] = text::widths(&rows);
        for [what, place, files] in &rows {
            writeln!(out, "  {what:<kind$}  {place:<path$}  {files}")?;
        }
        for plugin in registry.plugins() {
            writeln!(out)?;
            self.plugin(out, plugin, registry, terminal)?;
        }
        if !self.clashes.is_empty() {
            writeln!(out, "\nthere twice")?;
            self.clashes.iter().try_for_each(|clash| writeln!(out, "  {clash}"))?;
        }
        Ok(())
    }

    fn plugin(
        &self,
        out: &mut dyn Write,
        plugin: &Plugin,
        registry: &Registry,
        terminal: &Terminal,
    ) -> io::Result<()> {
        let mark = |colour: AnsiColor, text| terminal.paint(colour.on_default().bold(), text);
        let name = terminal.paint(Style::new().bold(), plugin.path.display());
        match &plugin.found {
            Ok(found) => {
                let known = match found.known {
                    Known::Scanned => "looked at just now",
                    Known::Remembered => "known from an earlier look",
                    Known::Sidecar => "known from its sidecar",
                };
                writeln!(out, "{name}  {}, {known}", mark(AnsiColor::Green, "taken"))?;
                for spec in &found.manifest.calculators {
                    let used = registry.calculator(&spec.id);
                    let used = used.filter(|c| c.origin == Origin::File(plugin.path.clone()));
                    let place = match used.map(|calculator| calculator.isolation) {
                        None => "not used".to_owned(),
                        Some(Isolation::None) => "inside the program".into(),
                        Some(Isolation::Process(limits)) => {
                            let memory = limits.memory.map(|bytes| format!(", {} MiB", bytes >> 20));
                            let timeout = limits.timeout.as_secs_f64();
                            format!(
                                "in a process of its own, {timeout} s a call{}",
                                memory.unwrap_or_default()
                            )
                        }
                    };
                    writeln!(out, "  {} {}  {place}", spec.id, spec.version)?;
                }
            }
            Err(reason) => match &**reason {
                HostError::Quarantined(quarantine) => {
                    let age = HumanDuration(quarantine.age());
                    writeln!(out, "{name}  {}, {age} ago", mark(AnsiColor::Red, "in quarantine"))?;
                    writeln!(out, "  {}", quarantine.reason)?;
                    writeln!(out, "  `agogic calculators scan --retry` tries again")?;
                }
                reason => {
                    writeln!(out, "{name}  {}", mark(AnsiColor::Red, "refused"))?;
                    writeln!(out, "  {reason}")?;
                }
            },
        }
        plugin.warnings.iter().try_for_each(|warning| writeln!(out, "  {warning}"))
    }
}

impl Place {
    fn row(&self) -> [String; 3] {
        let files = match (self.there, self.files) {
            (false, _) => "not there".into(),
            (true, 1) => "1 file".into(),
            (true, files) => format!("{files} files"),
        };
        [self.kind.into(), self.path.clone(), files]
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::BuiltIn => "built-in".into(),
        Origin::File(path) => path.display().to_string(),
    }
}
