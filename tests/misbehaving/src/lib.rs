//! Calculators that break the rules of the interface, one rule each, and one
//! that keeps them. The tests install them and demand that a host says what
//! was wrong and goes on.
//!
//! Each calculator has one output of its own name. `bad.new` panics while an
//! instance is made; the feature `describe-panics` builds a library that
//! cannot even be described, and the environment variable
//! `MISBEHAVING_DESCRIBE` makes describing end badly (`moods`).

mod bad;
mod counts;
mod ends;
mod lies;
mod moods;
mod range;
mod values;

use bad::Bad;

agogic_calculator::export!(
    Good,
    New,
    Bad<ends::Panics>,
    Bad<ends::Aborts>,
    Bad<ends::Exits>,
    Bad<ends::Loops>,
    Bad<ends::Allocates>,
    Bad<values::Nan>,
    Bad<values::Infinite>,
    Bad<values::NanEvent>,
    Bad<counts::Few>,
    Bad<counts::Many>,
    Bad<counts::FewInput>,
    Bad<counts::ManyInput>,
    Bad<range::Outputs>,
    Bad<range::Plane>,
    Bad<range::Room>,
    Bad<lies::Events>,
    Bad<lies::Order>,
    Bad<lies::Length>,
    Bad<lies::Values>,
    Bad<lies::Floor>,
);

use agogic_calculator::{Block, Calculator, CalculatorSpec, Error, Output, Setup};

/// Keeps every rule: the largest magnitude of each frame.
struct Good;

impl Calculator for Good {
    fn describe() -> CalculatorSpec {
        if cfg!(feature = "describe-panics") {
            panic!("there is nothing to say");
        }
        let about = if moods::lies() {
            "Something else."
        } else {
            "Largest magnitude of each frame, as it should be."
        };
        bad::spectrum("bad.good", about)
    }

    fn new(_setup: &Setup) -> Result<Self, Error> {
        Ok(Self)
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        for (row, magnitudes) in output.frames(0, block.count())?.iter_mut().zip(block.rows()) {
            *row = magnitudes.iter().copied().fold(0.0, f32::max);
        }
        Ok(())
    }
}

/// Cannot be made.
struct New;

impl Calculator for New {
    fn describe() -> CalculatorSpec {
        bad::spectrum("bad.new", "Panics while it is made.")
    }

    fn new(_setup: &Setup) -> Result<Self, Error> {
        panic!("not made today")
    }

    fn process(&mut self, _block: &Block<'_>, _output: &mut Output<'_>) -> Result<(), Error> {
        Ok(())
    }
}
