//! Tempo maps from and to other programs: `agogic tempo import` and `agogic tempo
//! export`.

use std::path::Path;

use agogic::tempo::formats::{self, Format};

use crate::args::MapFormat;
use crate::output::Output;
use crate::ready;
use crate::stop::Stop;

/// Reads a file of any format and writes the map as JSON.
pub(super) fn import(
    file: &Path,
    format: Option<MapFormat>,
    output: Option<&Path>,
    force: bool,
) -> Result<(), Stop> {
    let output = Output::new(output, force)?;
    let map = ready::tempo_file(file, format.map(Format::from))?;
    output.write(|out| writeln!(out, "{}", map.to_json()))
}

/// Writes a map in a format.
pub(super) fn export(map: &str, format: MapFormat, output: Option<&Path>, force: bool) -> Result<(), Stop> {
    let format = Format::from(format);
    if !format.is_written() {
        let names = Format::ALL.into_iter().filter(|format| format.is_written()).map(Format::name);
        let names = names.collect::<Vec<_>>().join(", ");
        return Err(Stop::Usage(format!("{format} is only read; what can be written: {names}")));
    }
    let output = Output::new(output, force)?;
    if matches!(format, Format::Midi | Format::Dawproject) && output.is_terminal() {
        return Err(Stop::Usage(format!("{format} is not for a terminal; name a file with -o")));
    }
    let bytes = formats::export(&ready::tempo(map)?, format).map_err(|error| Stop::failed(map, error))?;
    output.write(|out| {
        out.write_all(&bytes)?;
        if format == Format::Json { writeln!(out) } else { Ok(()) }
    })
}

impl From<MapFormat> for Format {
    fn from(format: MapFormat) -> Self {
        match format {
            MapFormat::Json => Self::Json,
            MapFormat::Midi => Self::Midi,
            MapFormat::Dawproject => Self::Dawproject,
            MapFormat::Reaper => Self::Reaper,
            MapFormat::Musicxml => Self::Musicxml,
            MapFormat::Csv => Self::Csv,
            MapFormat::SvCsv => Self::SvCsv,
            MapFormat::Jams => Self::Jams,
        }
    }
}
