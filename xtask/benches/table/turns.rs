//! Ways of doing the same work in turns, so that whatever else the machine does slows
//! all of them alike.

use crate::table::median;

/// Seconds after which a way is given no further turn.
const ENOUGH: f64 = 25.0;

/// A way of doing some work.
pub(crate) struct Way<'a> {
    pub(crate) name: String,
    /// Does it once and says how many milliseconds it took.
    run: Box<dyn FnMut() -> Result<f64, String> + 'a>,
    took: Vec<f64>,
    failed: Option<String>,
}

impl<'a> Way<'a> {
    pub(crate) fn new(name: impl Into<String>, run: impl FnMut() -> Result<f64, String> + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run), took: vec![], failed: None }
    }

    /// Median milliseconds, or why there are none.
    pub(crate) fn result(&self) -> Result<f64, String> {
        match &self.failed {
            Some(reason) => Err(reason.clone()),
            None => median(&mut self.took.clone()).ok_or_else(|| "nothing was measured".to_owned()),
        }
    }
}

/// Gives each way so many turns, after one that does not count: libraries are loaded and
/// compiled in it. A slow way has fewer, at least one.
pub(crate) fn take_turns(rounds: usize, ways: &mut [Way<'_>]) {
    for round in 0..=rounds {
        for way in &mut *ways {
            let spent: f64 = way.took.iter().sum();
            if way.failed.is_some() || spent > ENOUGH * 1e3 {
                continue;
            }
            match (way.run)() {
                Ok(ms) if round > 0 => way.took.push(ms),
                Ok(_) => {}
                Err(reason) => way.failed = Some(reason),
            }
        }
    }
}
