//! `agogic why`: the reasons for a descriptor's status, down to what it is made
//! of.

use agogic::schema::{ContentHash, DescriptorId, ParamValue};
use agogic::{Explanation, Freshness, InputWhy, Now, Origin, ParamWhy, Reason, Tempo, Then};
use clap::builder::styling::AnsiColor;
use serde::Serialize;

use crate::args::{Global, Why};
use crate::formats::json;
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::{OneLine, Terminal};
use crate::{output, ready};

/// Digits of a hash that a person is shown.
const DIGITS: usize = 12;

pub(crate) fn run(args: &Why, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let tempo = args.tempo.as_deref().map(ready::tempo).transpose()?.map(Tempo::from);
    let id = DescriptorId::new(&*args.id).map_err(|error| Stop::Failed(error.to_string()))?;
    let session = Session::open(global, terminal)?;
    let profile = ready::profile(&session.engine, &args.profile.profile)?;
    let why = session.engine.why(&args.file, &id, &profile, tempo.as_ref())?;
    if args.json {
        let chain = why.chain.iter().map(row).collect();
        let report = Report { asset: why.asset.to_string(), profile: why.profile.to_string(), chain };
        return output::stdout(|out| json::line(out, &report));
    }
    let mut lines = vec![format!("asset {}, profile {}", short(&why.asset.to_string()), why.profile)];
    for explanation in &why.chain {
        lines.push(String::new());
        lines.extend(text(explanation, terminal));
    }
    output::stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

#[derive(Serialize)]
struct Report<'a> {
    asset: String,
    profile: String,
    chain: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    status: &'static str,
    reason: String,
    now: Option<NowRow<'a>>,
    then: Option<ThenRow<'a>>,
    params: Vec<ParamRow<'a>>,
    inputs: Vec<InputRow<'a>>,
}

#[derive(Serialize)]
struct NowRow<'a> {
    calculator: &'a str,
    version: String,
    changed_in: String,
    revision: String,
    /// The plug-in file; null for a calculator that is built in.
    file: Option<String>,
}

#[derive(Serialize)]
struct ThenRow<'a> {
    calculator: &'a str,
    version: String,
    revision: String,
    content: String,
    params_noted: bool,
}

#[derive(Serialize)]
struct ParamRow<'a> {
    name: &'a str,
    was: &'a Option<ParamValue>,
    is: &'a Option<ParamValue>,
}

#[derive(Serialize)]
struct InputRow<'a> {
    id: &'a str,
    was: Option<String>,
    is: Option<String>,
}

fn row(found: &Explanation) -> Row<'_> {
    Row {
        id: found.id.as_str(),
        status: found.status.as_str(),
        reason: found.reason.to_string(),
        now: found.now.as_ref().map(|now| NowRow {
            calculator: now.calculator.as_str(),
            version: now.version.to_string(),
            changed_in: now.changed_in.to_string(),
            revision: now.revision.to_string(),
            file: match &now.origin {
                Origin::File(path) => Some(path.display().to_string()),
                _ => None,
            },
        }),
        then: found.then.as_ref().map(|then| ThenRow {
            calculator: then.calculator.as_str(),
            version: then.version.to_string(),
            revision: then.revision.to_string(),
            content: then.content.to_string(),
            params_noted: then.params_noted,
        }),
        params: found.params.iter().map(|p| ParamRow { name: &p.name, was: &p.was, is: &p.is }).collect(),
        inputs: found
            .inputs
            .iter()
            .map(|input| InputRow {
                id: input.id.as_str(),
                was: input.was.as_ref().map(ToString::to_string),
                is: input.is.as_ref().map(ToString::to_string),
            })
            .collect(),
    }
}

/// A headline, and under it what it was judged by.
fn text(found: &Explanation, terminal: &Terminal) -> Vec<String> {
    let colour = match found.status {
        Freshness::Current => AnsiColor::Green,
        Freshness::Missing | Freshness::Stale => AnsiColor::Yellow,
        Freshness::Extraneous => AnsiColor::BrightBlack,
    };
    let status = terminal.paint(colour.on_default(), found.status);
    let mut lines = vec![format!("{} is {status}: {}", found.id, found.reason)];
    let mut line = |name: &str, text: String| lines.push(format!("  {name:<12}{}", OneLine(&text)));
    if let Some(Now { calculator, version, changed_in, origin, .. }) = &found.now {
        let place = match origin {
            Origin::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            _ => "built in".into(),
        };
        line("calculator", format!("{calculator} {version} ({place}); values last changed in {changed_in}"));
    }
    if let Some(Then { calculator, version, content, .. }) = &found.then {
        let hash = content.to_string();
        line("cached", format!("computed by {calculator} {version}; content {}", short(&hash)));
    }
    if !found.params.is_empty() {
        line("parameters", params(found));
    }
    for input in &found.inputs {
        line("input", change(input, found.then.is_some()));
    }
    lines
}

fn params(found: &Explanation) -> String {
    let noted = found.then.as_ref().is_some_and(|then| then.params_noted);
    let value = |value: &Option<ParamValue>| match value {
        Some(value) => value.to_string(),
        None => "not set".into(),
    };
    let one = |ParamWhy { name, was, is }: &ParamWhy| {
        let before = if noted && was != is { format!(" (was {})", value(was)) } else { String::new() };
        format!("{name} {}{before}", value(is))
    };
    let mut text = found.params.iter().map(one).collect::<Vec<_>>().join(", ");
    if found.reason == Reason::Parameters && !noted {
        text += "; which of them were other is not known";
    }
    text
}

fn change(InputWhy { id, was, is }: &InputWhy, cached: bool) -> String {
    let hash = |hash: &ContentHash| short(&hash.to_string()).to_owned();
    match (was, is) {
        (Some(was), Some(is)) if was == is => format!("{id}: content {}, as it was", hash(is)),
        (Some(was), Some(is)) => format!("{id}: content {}, was {}", hash(is), hash(was)),
        (Some(was), None) => format!("{id}: content not known, was {}", hash(was)),
        (None, Some(is)) if cached => format!("{id}: content {}, was no input", hash(is)),
        (None, Some(is)) => format!("{id}: content {}", hash(is)),
        (None, None) => format!("{id}: content not known"),
    }
}

fn short(hash: &str) -> &str {
    hash.get(..DIGITS).unwrap_or(hash)
}
