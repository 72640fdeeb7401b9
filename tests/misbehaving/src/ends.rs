//! Calculators that end badly, or not at all. All but the first take a host
//! with them that runs them in its own process.

use agogic_calculator::{Block, CalculatorSpec, Output};

use crate::bad::{Way, spectrum};

/// Panics.
pub(crate) struct Panics;

impl Way for Panics {
    fn describe() -> CalculatorSpec {
        spectrum("bad.panics", "Panics at its first block.")
    }

    fn process(block: &Block<'_>, _output: &mut Output<'_>) {
        panic!("no idea what to do with {} frames", block.count());
    }
}

/// Aborts the process.
pub(crate) struct Aborts;

impl Way for Aborts {
    fn describe() -> CalculatorSpec {
        spectrum("bad.aborts", "Aborts the process at its first block.")
    }

    fn process(_block: &Block<'_>, _output: &mut Output<'_>) {
        std::process::abort();
    }
}

/// Exits the process as if all were well.
pub(crate) struct Exits;

impl Way for Exits {
    fn describe() -> CalculatorSpec {
        spectrum("bad.exits", "Exits the process with status 0 at its first block.")
    }

    fn process(_block: &Block<'_>, _output: &mut Output<'_>) {
        std::process::exit(0);
    }
}

/// Never returns, and never asks whether it should.
pub(crate) struct Loops;

impl Way for Loops {
    fn describe() -> CalculatorSpec {
        spectrum("bad.loops", "Never returns from its first block.")
    }

    fn process(_block: &Block<'_>, _output: &mut Output<'_>) {
        loop {
            std::hint::spin_loop();
        }
    }
}

/// Takes memory until there is none.
pub(crate) struct Allocates;

impl Way for Allocates {
    fn describe() -> CalculatorSpec {
        spectrum("bad.allocates", "Takes 16 MiB after 16 MiB at its first block.")
    }

    fn process(_block: &Block<'_>, _output: &mut Output<'_>) {
        let mut taken = vec![];
        loop {
            // Ones, so that the system has to give every page.
            taken.push(vec![1u8; 16 << 20]);
            std::hint::black_box(&taken);
        }
    }
}
