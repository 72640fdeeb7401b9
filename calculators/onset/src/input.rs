//! What the tracks that these calculators are made of must be.

use agogic_calculator::{Error, Setup, Shape};

/// How the frames of the input stand, in samples: where the first is centred and how
/// far apart they are.
pub(crate) struct Input {
    pub(crate) start: i64,
    pub(crate) hop: usize,
    pub(crate) bins: usize,
}

impl Input {
    /// The one input, which is dense and of one channel.
    pub(crate) fn of(setup: &Setup) -> Result<Self, Error> {
        let header = setup.inputs.first().ok_or("its input is missing")?;
        let name = &header.descriptor;
        let dense = header.planes.first().filter(|plane| header.shape == Shape::Dense && plane.1 > 0);
        let &(start, hop) = dense.ok_or_else(|| format!("{name} has no frames at regular times"))?;
        if header.channels.len() != 1 || header.bins == 0 {
            let (channels, bins) = (header.channels.len(), header.bins);
            return Err(format!("{name} has {channels} channels of {bins} bins, not one of some").into());
        }
        Ok(Self { start, hop: hop as usize, bins: header.bins as usize })
    }
}
