//! `docs/parity.md`: what was found, beside what is stated.

use std::fmt::Write as _;

use crate::Found;
use crate::bounds::{self, LEFT_OUT};
use crate::compare::Difference;

const HEAD: &str = "# How near the numbers are

Written by `cargo xtask parity`: the largest and the root-mean-square difference of each descriptor from its reference, beside the bound that the test of the same name holds. *Signals* are six synthetic ones of four seconds at 22,050 Hz (noise, a chord, a chirp, clicks, drums, silence); *recordings* are the bundled piece and three real ones (a Hungarian dance, jazz, speech) at their own rates. Parameters are those of the profile `librosa`, without its resampling. References are computed in 64 bits by `tests/reference/make_parity.py` and compared at some frames and bins of each track; the number of frames is compared always and equal. *Lone* values exist on one side only: a gap here and none there, an event that the other does not have.
";

/// The page.
pub(crate) fn page(found: &Found, missing: &[&str]) -> String {
    let mut page = HEAD.to_owned();
    if !missing.is_empty() {
        let _ = writeln!(page, "\nNot here and not compared: {}.", missing.join(", "));
    }
    let _ = writeln!(
        page,
        "\n| descriptor | reference | measured | signals: most | rms | stated | recordings: most | rms | stated | lone of values |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    for (id, [signals, recordings]) in found {
        let bound = bounds::of(id);
        let lone = signals.lone + recordings.lone;
        let count = signals.count + recordings.count + lone;
        let _ = writeln!(
            page,
            "| `{id}` | {} | {}{} | {} | {} | {lone} of {count} |",
            bound.reference,
            bound.kind.words(),
            if bound.inner { ", but for the outermost frames" } else { "" },
            cells(signals, bound.signals),
            cells(recordings, bound.recordings),
        );
    }
    let _ = writeln!(page, "\nNot compared, where there is nothing to be near to:\n");
    for (id, source, why) in LEFT_OUT {
        let _ = writeln!(page, "- `{id}` of {source}: {why}.");
    }
    page
}

fn cells(difference: &Difference, stated: f64) -> String {
    if difference.count == 0 {
        return "- | - | -".into();
    }
    format!("{:.1e} | {:.1e} | {stated:e}", difference.most, difference.rms())
}
