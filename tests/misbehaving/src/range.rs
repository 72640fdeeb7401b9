//! Calculators that ask for what does not exist.

use agogic_calculator::{Block, CalculatorSpec, Output};

use crate::bad::{Way, pcm, spectrum, zeros};

/// Frames for an output that it never described.
pub(crate) struct Outputs;

impl Way for Outputs {
    fn describe() -> CalculatorSpec {
        spectrum("bad.range.output", "Writes to its second output, and has only one.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        zeros(output, block.count());
        if let Ok(rows) = output.frames(1, block.count()) {
            rows.fill(1.0);
        }
    }
}

/// Frames for a plane of an output that has only one.
pub(crate) struct Plane;

impl Way for Plane {
    fn describe() -> CalculatorSpec {
        spectrum("bad.range.plane", "Writes to plane 7 of an output that has one plane.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        zeros(output, block.count());
        if let Ok(rows) = output.plane(0, 7, block.count()) {
            rows.fill(1.0);
        }
    }
}

/// More room than any machine has.
pub(crate) struct Room;

impl Way for Room {
    fn describe() -> CalculatorSpec {
        pcm("bad.range.room", "Asks for as many frames as a number can name.")
    }

    fn process(_block: &Block<'_>, output: &mut Output<'_>) {
        for count in [usize::MAX, usize::MAX / 4, 1 << 40] {
            if let Ok(rows) = output.frames(0, count) {
                rows.fill(1.0);
            }
        }
    }
}
