//! Calculators that give numbers that are none.

use agogic_calculator::{Block, CalculatorSpec, Output};

use crate::bad::{Way, event, events, spectrum};

/// One NaN among zeros.
pub(crate) struct Nan;

impl Way for Nan {
    fn describe() -> CalculatorSpec {
        spectrum("bad.nan", "NaN in frame 7.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        spoil_frame_7(block, output, f32::NAN);
    }
}

/// One infinity among zeros.
pub(crate) struct Infinite;

impl Way for Infinite {
    fn describe() -> CalculatorSpec {
        let mut spec = spectrum("bad.infinite", "Minus infinity in frame 7, although NaN is allowed.");
        spec.descriptors[0].gaps = true;
        spec
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        spoil_frame_7(block, output, f32::NEG_INFINITY);
    }
}

/// An event whose value is NaN.
pub(crate) struct NanEvent;

impl Way for NanEvent {
    fn describe() -> CalculatorSpec {
        events("bad.nan.event", "Events whose value is NaN.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        let _ = output.events(0, &[event(block.position() as i64, vec![f32::NAN])]);
    }
}

fn spoil_frame_7(block: &Block<'_>, output: &mut Output<'_>, value: f32) {
    let Ok(rows) = output.frames(0, block.count()) else { return };
    let seventh = 7usize.checked_sub(block.position() as usize).and_then(|at| rows.get_mut(at));
    if let Some(row) = seventh {
        *row = value;
    }
}
