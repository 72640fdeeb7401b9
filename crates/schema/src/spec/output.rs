//! What a calculator computes.

use std::collections::BTreeSet;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{Amount, valid};
use crate::DescriptorId;

/// Rows of a feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bins {
    /// A number, fixed or from a parameter.
    Count(Amount),
    /// As many as the input has: `n_fft / 2 + 1` of a spectrum, a complex one
    /// too, and those of the first descriptor of a derived calculator.
    Input,
}

/// Where frames stand: frame `i` is centred at sample `first + i * hop` of the
/// input's rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Frames {
    /// One frame per frame of the input: of its spectrum, or of the first
    /// descriptor of a derived calculator.
    Input,
    /// A frame every so many samples, from the beginning of the asset to its
    /// end. A host refuses more frames than have their centre within the asset,
    /// a hop and the calculator's latency. It refuses fewer than have theirs so
    /// far before the end that a hop fits in between, and `first` or the
    /// latency, whichever is longer: a window that is not complete at the end
    /// may be left out. The same holds for each level of peaks.
    Every {
        /// Distance between frames, in samples.
        hop: Amount,
        /// Centre of frame 0, in samples.
        first: Amount,
    },
    /// A frame every so many ticks of the tempo map, from tick 0 on. The host
    /// converts them to frames in real time, interpolated linearly, and warns.
    ///
    /// Deprecated: for calculators of the time when features were kept by
    /// tick. The calculator must declare tempo as an input.
    Ticks {
        /// Ticks per quarter note.
        per_quarter: u32,
        /// Distance between the calculator's frames, in ticks.
        hop: Amount,
        /// Distance between the frames that are kept, in samples.
        every: Amount,
    },
}

/// The shape of a descriptor's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A frame of bins at regular times.
    Dense(Frames),
    /// Things that happen at a time, with values and a label.
    Events,
    /// The waveform at several resolutions. Level `l` has a frame for each
    /// `hop * factor^l` samples and two bins, minimum and maximum, or one, the
    /// root mean square.
    Peaks {
        /// Samples under a frame of level 0. Even, so that centres are whole.
        hop: Amount,
        /// How much coarser each level is than the one before.
        factor: u32,
        /// How many levels.
        levels: u32,
    },
}

/// What a calculator says of one of its outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescriptorSpec {
    /// Name.
    pub id: DescriptorId,
    /// One sentence with the formula or its source.
    #[serde(default)]
    pub about: String,
    /// Unit of the values, empty for none.
    #[serde(default)]
    pub unit: String,
    /// Least and greatest value that can occur, where there are such.
    #[serde(default)]
    pub range: Option<(f32, f32)>,
    /// Whether NaN may stand for frames and bins without a value, such as the
    /// pitch of a rest. Other values that are not finite are never allowed.
    #[serde(default)]
    pub gaps: bool,
    /// Names of the bins, if they have any.
    #[serde(default)]
    pub bin_names: Vec<String>,
    /// Shape.
    pub kind: Kind,
    /// Rows per channel. Events: numbers per event. Peaks: 2 or 1.
    pub bins: Bins,
    /// Version of the calculator at which the values last changed; the
    /// calculator's own version where nothing is said, so that any bump is
    /// safe.
    #[serde(default)]
    pub changed_in: Option<Version>,
    /// Parameters that the values depend on; all of the calculator's where
    /// nothing is said.
    #[serde(default)]
    pub reads: Option<BTreeSet<String>>,
    /// Whether it is computed only where somebody names it, because it takes
    /// long or much room.
    #[serde(default)]
    pub on_demand: bool,
    /// Whether its frames are made of all channels of the input together: then
    /// they have one channel, [`DescriptorSpec::JOINT`], however many the input
    /// has.
    #[serde(default)]
    pub joint: bool,
    /// A parameter that, above 0, makes the calculator raise values that it
    /// gave before: they are final only at the end of the asset.
    #[serde(default)]
    pub raised_with: Option<String>,
}

impl DescriptorSpec {
    /// The name of the one channel of a joint descriptor.
    pub const JOINT: &'static str = "all";

    /// A descriptor with the cautious defaults: changed in every version, reads
    /// every parameter.
    ///
    /// # Panics
    /// When `id` is not a valid name: a mistake in the calculator's source.
    #[track_caller]
    pub fn new(id: &str, unit: &str, kind: Kind, bins: Bins) -> Self {
        Self {
            id: valid(DescriptorId::new(id)),
            about: String::new(),
            unit: unit.into(),
            range: None,
            gaps: false,
            bin_names: vec![],
            kind,
            bins,
            changed_in: None,
            reads: None,
            on_demand: false,
            joint: false,
            raised_with: None,
        }
    }

    /// With a sentence that says what the values are.
    #[must_use]
    pub fn about(mut self, text: &str) -> Self {
        self.about = text.into();
        self
    }

    /// With the least and greatest value that can occur.
    #[must_use]
    pub fn range(mut self, least: f32, greatest: f32) -> Self {
        self.range = Some((least, greatest));
        self
    }

    /// NaN stands for frames and bins without a value.
    #[must_use]
    pub fn with_gaps(mut self) -> Self {
        self.gaps = true;
        self
    }

    /// With the version at which the values last changed.
    ///
    /// # Panics
    /// When `version` is not a semver version: a mistake in the calculator's
    /// source.
    #[must_use]
    #[track_caller]
    pub fn changed_in(mut self, version: &str) -> Self {
        self.changed_in = Some(valid(Version::parse(version)));
        self
    }

    /// Depends on these parameters only.
    #[must_use]
    pub fn reads(mut self, names: &[&str]) -> Self {
        self.reads = Some(names.iter().map(|&name| name.into()).collect());
        self
    }

    /// Computed only where somebody names it, because it takes long or much
    /// room.
    #[must_use]
    pub fn on_demand(mut self) -> Self {
        self.on_demand = true;
        self
    }

    /// Made of all channels of the input together, with one channel of its own.
    #[must_use]
    pub fn joint(mut self) -> Self {
        self.joint = true;
        self
    }

    /// Values that were given may be raised later while this parameter is above
    /// 0. A host may then wait for the end before it makes others of them; one
    /// that is not told does work twice.
    #[must_use]
    pub fn raised_with(mut self, parameter: &str) -> Self {
        self.raised_with = Some(parameter.into());
        self
    }

    /// How many channels its frames have for an input with so many.
    pub fn channels(&self, input: usize) -> usize {
        if self.joint { 1 } else { input }
    }
}
