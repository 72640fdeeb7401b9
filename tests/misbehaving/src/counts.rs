//! Calculators that give too few frames, or too many.

use agogic_calculator::{Block, CalculatorSpec, Output};

use crate::bad::{Way, pcm, spectrum, zeros};

/// A single frame for the whole asset.
pub(crate) struct Few;

impl Way for Few {
    fn describe() -> CalculatorSpec {
        pcm("bad.few", "One frame for the whole asset.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        zeros(output, usize::from(block.position() == 0));
    }
}

/// A frame for every sample.
pub(crate) struct Many;

impl Way for Many {
    fn describe() -> CalculatorSpec {
        pcm("bad.many", "A frame for every sample, as if the asset were so much longer.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        zeros(output, block.count());
    }
}

/// A frame per spectrum, but for the first one.
pub(crate) struct FewInput;

impl Way for FewInput {
    fn describe() -> CalculatorSpec {
        spectrum("bad.few.input", "A frame less than its input has.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        zeros(output, block.count() - usize::from(block.position() == 0));
    }
}

/// A frame per spectrum, and one more.
pub(crate) struct ManyInput;

impl Way for ManyInput {
    fn describe() -> CalculatorSpec {
        spectrum("bad.many.input", "A frame more than its input has.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        zeros(output, block.count() + usize::from(block.position() == 0));
    }
}
