//! Which format bytes have. What does not live here: whether they are sound; a
//! file cut off is still of its format.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Format, archive, csv, dawproject, musicxml, xml};

pub(super) fn detect(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"MThd") {
        return Some(Format::Midi);
    }
    if archive::is_zip(bytes) {
        return if archive::has_entry(bytes, dawproject::ENTRY) {
            Some(Format::Dawproject)
        } else if archive::has_entry(bytes, musicxml::CONTAINER) {
            Some(Format::Musicxml)
        } else {
            None
        };
    }
    if bytes.starts_with(b"\xfe\xff") || bytes.starts_with(b"\xff\xfe") {
        return markup(&xml::text(bytes, Format::Musicxml).ok()?);
    }
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
    match text.as_bytes().first()? {
        b'[' => Some(Format::Json),
        b'{' if is_jams(text) => Some(Format::Jams),
        b'{' => Some(Format::Json),
        b'<' if text.starts_with("<REAPER_PROJECT") => Some(Format::Reaper),
        b'<' => markup(text),
        _ => csv::detect(text),
    }
}

fn markup(text: &str) -> Option<Format> {
    match xml::root(text)?.as_str() {
        "Project" => Some(Format::Dawproject),
        "score-partwise" | "score-timewise" => Some(Format::Musicxml),
        _ => None,
    }
}

/// Whether a JSON object is of JAMS and not of our own.
fn is_jams(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Names {
        points: Option<IgnoredAny>,
        annotations: Option<IgnoredAny>,
    }
    text.contains("\"annotations\"")
        && serde_json::from_str::<Names>(text)
            .is_ok_and(|names| names.annotations.is_some() && names.points.is_none())
}
