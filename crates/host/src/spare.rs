//! Instances that have finished, kept for another asset of the same setup.

use std::fmt;
use std::sync::Arc;

use agogic_schema::{CalculatorId, Setup};

use crate::LoadedCalculator;
use crate::backend::{Instance, Library};

/// Most instances that are kept.
const MOST: usize = 64;

/// Instances that have finished, kept for another asset of the same setup.
/// Worth it where making one is costly, as in a worker process.
#[derive(Default)]
pub struct Spares(Vec<Spare>);

/// An instance that has finished, and what it was made from.
pub(crate) struct Spare {
    pub(crate) library: Arc<dyn Library>,
    pub(crate) id: CalculatorId,
    pub(crate) setup: Setup,
    pub(crate) instance: Box<dyn Instance>,
}

impl Spares {
    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An instance of this calculator, made as new. One that cannot be is
    /// dropped, as if it had not been there.
    pub(crate) fn take(&mut self, calculator: &LoadedCalculator, setup: &Setup) -> Option<Box<dyn Instance>> {
        let fits = |spare: &Spare| {
            Arc::ptr_eq(&spare.library, &calculator.library)
                && spare.id == calculator.spec.id
                && &spare.setup == setup
        };
        let mut instance = self.0.swap_remove(self.0.iter().position(fits)?).instance;
        instance.reset().is_ok().then_some(instance)
    }

    /// Keeps an instance, in place of the oldest where there are many.
    pub(crate) fn keep(&mut self, spare: Spare) {
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(spare);
    }
}

impl fmt::Debug for Spares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|spare| &spare.id)).finish()
    }
}
