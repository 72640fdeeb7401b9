//! `agogic calculators list`: what can compute what.

use std::io::{self, Write};

use agogic::schema::{
    Bins, CalculatorSpec, DescriptorSpec, Kind, ParamKind, ParamSpec, ParamValue, Params, Profile,
};
use agogic::{LoadedCalculator, Origin};
use serde::Serialize;

use crate::args::Global;
use crate::formats::{json, text};
use crate::stop::Stop;
use crate::terminal::Terminal;
use crate::{output, session};

#[derive(Serialize)]
struct Calculator<'a> {
    id: &'a str,
    version: String,
    /// `built-in`, or the plug-in file.
    origin: String,
    about: &'a str,
    author: &'a str,
    descriptors: Vec<Descriptor<'a>>,
    params: Vec<Param<'a>>,
}

#[derive(Serialize)]
struct Descriptor<'a> {
    id: &'a str,
    unit: &'a str,
    kind: &'static str,
    /// Under the default profile.
    bins: Option<u32>,
    range: Option<(f32, f32)>,
    changed_in: String,
    /// Whether it is computed only where it is named.
    on_demand: bool,
    about: &'a str,
}

#[derive(Serialize)]
struct Param<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    default: &'a ParamValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<ParamValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<ParamValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<&'a [String]>,
    unit: &'a str,
    about: &'a str,
}

pub(super) fn run(vamp: bool, as_json: bool, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let profile = Profile::built_in("default").map_err(agogic::Error::from)?;
    let builder = session::builder(global)?;
    let registry = if vamp { builder.vamp_catalogue()? } else { builder.catalogue()? }.registry();
    session::warn_of_refusals(registry.refusals(), terminal);
    let found: Vec<_> =
        registry.calculators().map(|calculator| Calculator::new(calculator, &profile)).collect();
    output::stdout(|out| {
        if as_json {
            return json::line(out, &found);
        }
        found.iter().enumerate().try_for_each(|(i, calculator)| {
            if i > 0 {
                writeln!(out)?;
            }
            calculator.print(out, terminal)
        })
    })
}

impl<'a> Calculator<'a> {
    fn new(found: &'a LoadedCalculator, profile: &Profile) -> Self {
        let spec = &found.spec;
        let params = profile.resolve(spec).unwrap_or_default();
        Self {
            id: spec.id.as_str(),
            version: spec.version.to_string(),
            origin: match &found.origin {
                Origin::BuiltIn => "built-in".into(),
                Origin::File(path) => path.display().to_string(),
            },
            about: &spec.about,
            author: &spec.author,
            descriptors: spec.descriptors.iter().map(|d| Descriptor::new(spec, d, &params)).collect(),
            params: spec.params.iter().map(Param::new).collect(),
        }
    }

    fn print(&self, out: &mut dyn Write, terminal: &Terminal) -> io::Result<()> {
        let bold = clap::builder::styling::Style::new().bold();
        writeln!(out, "{} {}  {}", terminal.paint(bold, self.id), self.version, self.origin)?;
        if !self.about.is_empty() {
            writeln!(out, "  {}", self.about)?;
        }
        let bins = |bins: Option<u32>| match bins {
            Some(0) | None => String::new(),
            Some(1) => "1 bin".into(),
            Some(bins) => format!("{bins} bins"),
        };
        let rows = self.descriptors.iter();
        let when = |d: &Descriptor<'_>| if d.on_demand { "on demand" } else { "" };
        let rows = rows.map(|d| [d.id.into(), d.kind.into(), bins(d.bins), d.unit.into(), when(d).into()]);
        table(out, &rows.collect::<Vec<_>>())?;
        let params = self.params.iter();
        let params = params.map(|p| [p.name.into(), p.default.to_string(), p.unit.into(), p.bounds()]);
        table(out, &params.collect::<Vec<_>>())
    }
}

fn table<const N: usize>(out: &mut dyn Write, rows: &[[String; N]]) -> io::Result<()> {
    let widths = text::widths(rows);
    rows.iter().try_for_each(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("  {cell:<width$}"));
        writeln!(out, "  {}", cells.collect::<String>().trim_end())
    })
}

impl<'a> Descriptor<'a> {
    fn new(calculator: &CalculatorSpec, spec: &'a DescriptorSpec, params: &Params) -> Self {
        Self {
            id: spec.id.as_str(),
            unit: &spec.unit,
            kind: match spec.kind {
                Kind::Dense(_) => "dense",
                Kind::Events => "events",
                Kind::Peaks { .. } => "peaks",
            },
            bins: bins(calculator, &spec.bins, params),
            range: spec.range,
            changed_in: calculator.changed_in(spec).to_string(),
            on_demand: spec.on_demand,
            about: &spec.about,
        }
    }
}

fn bins(calculator: &CalculatorSpec, bins: &Bins, params: &Params) -> Option<u32> {
    match bins {
        Bins::Count(amount) => amount.resolve(params),
        Bins::Input => calculator.input.spectrum()?.n_fft.resolve(params).map(|n| n / 2 + 1),
    }
}

impl<'a> Param<'a> {
    fn new(spec: &'a ParamSpec) -> Self {
        let (kind, min, max, choices) = match &spec.kind {
            ParamKind::Flag => ("flag", None, None, None),
            ParamKind::Integer { min, max } => ("integer", Some((*min).into()), Some((*max).into()), None),
            ParamKind::Float { min, max } => ("float", Some((*min).into()), Some((*max).into()), None),
            ParamKind::Choice(words) => ("choice", None, None, Some(words.as_slice())),
        };
        Self {
            name: &spec.name,
            kind,
            default: &spec.default,
            min,
            max,
            choices,
            unit: &spec.unit,
            about: &spec.about,
        }
    }

    fn bounds(&self) -> String {
        match (&self.min, &self.max, self.choices) {
            (Some(min), Some(max), _) => format!("{min} to {max}"),
            (_, _, Some(words)) => words.join(" | "),
            _ => String::new(),
        }
    }
}
