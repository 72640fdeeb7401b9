//! `agogic status`: how each descriptor of a file stands, and why.

use agogic::schema::AssetId;
use agogic::{Freshness, Status as Found, Tempo};
use clap::builder::styling::AnsiColor;
use serde::Serialize;

use crate::args::{Global, Status};
use crate::formats::{json, text};
use crate::session::Session;
use crate::stop::Stop;
use crate::terminal::Terminal;
use crate::{output, ready};

#[derive(Serialize)]
struct Report {
    asset: AssetId,
    descriptors: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    status: &'static str,
    calculator: String,
    /// Of the calculator that computed what is cached.
    version: Option<String>,
    profile: String,
    reason: String,
}

pub(crate) fn run(args: &Status, global: &Global, terminal: &Terminal) -> Result<(), Stop> {
    let tempo = args.tempo.as_deref().map(ready::tempo).transpose()?.map(Tempo::from);
    let session = Session::open(global, terminal)?;
    let profile = args.profile.as_deref().map(|name| ready::profile(&session.engine, name)).transpose()?;
    let found = session.engine.status(&args.file, profile.as_ref(), tempo.as_ref())?;
    if args.json {
        return output::stdout(|out| json::line(out, &report(&found)));
    }
    let lines = table(&found, terminal);
    output::stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}

fn report(found: &Found) -> Report {
    let rows = found.descriptors.iter().map(|found| Row {
        id: found.id.to_string(),
        status: found.status.as_str(),
        calculator: found.calculator.to_string(),
        version: found.version.as_ref().map(ToString::to_string),
        profile: found.profile.to_string(),
        reason: found.reason.to_string(),
    });
    Report { asset: found.asset, descriptors: rows.collect() }
}

fn table(found: &Found, terminal: &Terminal) -> Vec<String> {
    let rows = report(found)
        .descriptors
        .into_iter()
        .map(|row| [row.id, row.status.into(), row.version.unwrap_or("-".into()), row.profile, row.reason]);
    let head = ["DESCRIPTOR", "STATUS", "VERSION", "PROFILE", "REASON"].map(String::from);
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let widths = text::widths(&rows);
    let styles = found.descriptors.iter().map(|found| {
        let colour = match found.status {
            Freshness::Current => AnsiColor::Green,
            Freshness::Missing | Freshness::Stale => AnsiColor::Yellow,
            Freshness::Extraneous => AnsiColor::BrightBlack,
        };
        colour.on_default()
    });
    let styles = std::iter::once(Default::default()).chain(styles);
    let asset = found.asset.to_string();
    let mut lines = vec![format!("asset {}", &asset[..asset.len().min(12)])];
    for ([id, status, version, profile, reason], style) in rows.into_iter().zip(styles) {
        let status = terminal.paint(style, format!("{status:<width$}", width = widths[1]));
        let line = format!(
            "{id:<0$}  {status}  {version:<1$}  {profile:<2$}  {reason}",
            widths[0], widths[2], widths[3]
        );
        lines.push(line.trim_end().into());
    }
    lines
}
