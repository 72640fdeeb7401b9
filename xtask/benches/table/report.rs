//! What was measured, as text: the table on the terminal is the one on the page that a
//! benchmark writes.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::table::verdict;

/// What was measured of a piece of work.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) title: String,
    /// Ours, as figures with their unit.
    pub(crate) ours: String,
    /// What ours is compared with.
    pub(crate) peers: String,
    /// How much faster ours is, or how much more it takes.
    pub(crate) ratio: String,
    pub(crate) demand: String,
    /// None where nothing is demanded or nothing could be compared.
    pub(crate) met: Option<bool>,
    /// What has to be said of it.
    pub(crate) note: Option<String>,
}

impl Row {
    pub(crate) fn new(name: &str, title: &str) -> Self {
        let none = || "-".to_owned();
        Self {
            name: name.into(),
            title: title.into(),
            ours: none(),
            peers: none(),
            ratio: none(),
            demand: none(),
            met: None,
            note: None,
        }
    }

    /// Where it stands in one line, for whoever waits.
    pub(crate) fn line(&self) -> String {
        let note = self.note.as_ref().map_or(String::new(), |note| format!("; {note}"));
        let Self { name, ours, peers, ratio, demand, .. } = self;
        format!("{name}: {ours} | {peers} | {ratio} | {demand} | {}{note}", self.judged())
    }

    fn judged(&self) -> &'static str {
        self.met.map_or("-", verdict)
    }
}

/// The rows as a table in Markdown, what has to be said of them below it.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text =
        String::from("| work | ours | compared with | ratio | demand | |\n|---|---|---|---|---|---|\n");
    for row in rows {
        let Row { title, ours, peers, ratio, demand, .. } = row;
        let _ = writeln!(text, "| {title} | {ours} | {peers} | {ratio} | {demand} | {} |", row.judged());
    }
    text
}

/// What falls short, and what could not be measured.
pub(crate) fn shortfalls(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| row.met == Some(false)) {
        let Row { title, ratio, demand, .. } = row;
        let _ = writeln!(text, "- {title}: {ratio} where {demand} is demanded");
    }
    for (row, note) in rows.iter().filter_map(|row| Some((row, row.note.as_ref()?))) {
        let _ = writeln!(text, "- {}: {note}", row.title);
    }
    if text.is_empty() { "Nothing falls short.\n".into() } else { text }
}

/// Milliseconds with as many digits as say something.
pub(crate) fn ms(ms: f64) -> String {
    match ms {
        ms if ms < 0.01 => format!("{:.1} µs", ms * 1e3),
        ms if ms < 0.95 => format!("{:.0} µs", ms * 1e3),
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.0} ms"),
    }
}

/// The processor and how many of it there are.
pub(crate) fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':').map(|(_, value)| value.trim()))
    };
    let model = field("model name").unwrap_or("a processor without a name");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Today, in UTC.
pub(crate) fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = date((now / 86_400) as i64);
    format!("{year}-{month:02}-{day:02}")
}

/// The date of a day after 1970-01-01: eras of 400 years that begin in March.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (400 * era + year + i64::from(month <= 2), month, day)
}

/// The version of a program, in one line.
pub(crate) fn version_of(program: &str, flag: &str) -> Option<String> {
    let output = std::process::Command::new(program).arg(flag).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}
