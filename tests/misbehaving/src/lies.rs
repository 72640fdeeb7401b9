//! Calculators whose outputs are not what they described.

use agogic_calculator::{Block, CalculatorSpec, Delta, Event, Output, Samples};

use crate::bad::{Way, event, events, spectrum, zeros};

/// Events to an output that holds frames.
pub(crate) struct Events;

impl Way for Events {
    fn describe() -> CalculatorSpec {
        spectrum("bad.lies.events", "Gives events although it described frames.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        zeros(output, block.count());
        let _ = output.events(0, &[event(0, vec![1.0])]);
    }
}

/// Events that go back in time.
pub(crate) struct Order;

impl Way for Order {
    fn describe() -> CalculatorSpec {
        events("bad.lies.order", "Each event lies before the one before it.")
    }

    fn process(_block: &Block<'_>, output: &mut Output<'_>) {
        let _ = output.events(0, &[event(200, vec![1.0]), event(100, vec![1.0])]);
    }
}

/// An event that ends before it begins.
pub(crate) struct Length;

impl Way for Length {
    fn describe() -> CalculatorSpec {
        events("bad.lies.length", "Its events end before they begin.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        let at = block.position() as i64;
        let _ = output.events(0, &[Event { duration: Delta(Samples(-1)), ..event(at, vec![1.0]) }]);
    }
}

/// Events with more values than described.
pub(crate) struct Values;

impl Way for Values {
    fn describe() -> CalculatorSpec {
        events("bad.lies.values", "Three values in each event instead of one.")
    }

    fn process(block: &Block<'_>, output: &mut Output<'_>) {
        let at = block.position() as i64;
        let _ = output.events(0, &[event(at, vec![0.0; 3])]);
    }
}

/// A floor under events.
pub(crate) struct Floor;

impl Way for Floor {
    fn describe() -> CalculatorSpec {
        events("bad.lies.floor", "Raises the floor of events.")
    }

    fn process(_block: &Block<'_>, output: &mut Output<'_>) {
        let _ = output.raise_floor(0, -80.0);
    }
}
