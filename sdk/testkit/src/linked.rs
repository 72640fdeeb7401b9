//! Calculators that can be run: those linked into a test, and whatever else a
//! caller has.

use std::marker::PhantomData;

use agogic_calculator::{Calculator, Collected};
use agogic_schema::{CalculatorSpec, Kind, Setup};

use crate::{Outputs, Piece, Values};

/// A calculator that can be run over pieces of input.
pub trait Subject {
    /// What it says of itself.
    fn spec(&self) -> &CalculatorSpec;

    /// Runs a fresh instance over these pieces and to its end.
    ///
    /// # Errors
    /// The calculator's reason, or that of whoever runs it, in one line.
    fn run(&self, setup: &Setup, pieces: &[Piece]) -> Result<Outputs, String>;
}

/// A calculator that is linked into the test.
pub struct Linked<C> {
    spec: CalculatorSpec,
    calculator: PhantomData<fn() -> C>,
}

impl<C: Calculator> Linked<C> {
    /// As it describes itself.
    pub fn new() -> Self {
        Self { spec: C::describe(), calculator: PhantomData }
    }
}

impl<C: Calculator> Default for Linked<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Calculator> Subject for Linked<C> {
    fn spec(&self) -> &CalculatorSpec {
        &self.spec
    }

    fn run(&self, setup: &Setup, pieces: &[Piece]) -> Result<Outputs, String> {
        let blocks = pieces.iter().filter_map(Piece::block);
        let got = Collected::run::<C>(setup, blocks).map_err(|error| error.to_string())?;
        let of_output = |(output, kind): (usize, &Kind)| match kind {
            Kind::Events => Values::Events(got.events(output).to_vec()),
            Kind::Dense(_) => Values::Planes(vec![got.frames(output).to_vec()]),
            Kind::Peaks { levels, .. } => {
                Values::Planes((0..*levels as usize).map(|level| got.plane(output, level).to_vec()).collect())
            }
        };
        let kinds = self.spec.descriptors.iter().map(|descriptor| &descriptor.kind);
        Ok(Outputs(kinds.enumerate().map(of_output).collect()))
    }
}
