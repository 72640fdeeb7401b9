//! What a view is made from: a track, and what may come with it.

use agogic_schema::{FeatureTrack, ProfileName, Revision};
use agogic_tempo::TempoMap;

use crate::{Columns, Grid, Pyramid, Reading, ViewError, view};

/// Where a track came from, for those who keep its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The profile it was computed under.
    pub profile: ProfileName,
    /// Hash of the parameters that it depends on.
    pub revision: Revision,
}

/// A track for [`view`], with its pyramid and its origin where they are at hand.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub(crate) track: &'a FeatureTrack,
    pub(crate) pyramid: Option<&'a Pyramid>,
    pub(crate) origin: Option<&'a Origin>,
}

impl<'a> From<&'a FeatureTrack> for Source<'a> {
    fn from(track: &'a FeatureTrack) -> Self {
        Self { track, pyramid: None, origin: None }
    }
}

impl<'a> Source<'a> {
    /// With the pyramid of this very track.
    #[must_use]
    pub fn with_pyramid(self, pyramid: &'a Pyramid) -> Self {
        Self { pyramid: Some(pyramid), ..self }
    }

    /// With its origin, which the columns will name.
    #[must_use]
    pub fn with_origin(self, origin: &'a Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }
}

/// A track that is kept to be shown again and again, with its pyramid: a screen
/// of columns costs the same at any zoom.
#[derive(Debug)]
pub struct TrackView {
    track: FeatureTrack,
    pyramid: Pyramid,
    origin: Option<Origin>,
}

impl TrackView {
    /// Builds the pyramid of a track: one pass over its values.
    ///
    /// # Errors
    /// As [`Pyramid::of`].
    pub fn new(track: FeatureTrack) -> Result<Self, ViewError> {
        let pyramid = Pyramid::of(&track)?;
        Ok(Self { track, pyramid, origin: None })
    }

    /// With its origin, which the columns will name.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// The track.
    pub fn track(&self) -> &FeatureTrack {
        &self.track
    }

    /// Its pyramid.
    pub fn pyramid(&self) -> &Pyramid {
        &self.pyramid
    }

    /// Shows it on a grid.
    ///
    /// # Errors
    /// As [`view`].
    pub fn view(
        &self,
        map: &TempoMap,
        grid: &Grid,
        reading: impl Into<Reading>,
    ) -> Result<Columns, ViewError> {
        view(self, map, grid, reading)
    }
}

impl<'a> From<&'a TrackView> for Source<'a> {
    fn from(kept: &'a TrackView) -> Self {
        Self { track: &kept.track, pyramid: Some(&kept.pyramid), origin: kept.origin.as_ref() }
    }
}
