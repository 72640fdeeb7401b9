//! `agogic profiles`: the built-in profiles and those of configuration files.

use std::io::{self, Write};

use agogic::Config;
use agogic::schema::{ParamValue, Profile};

use crate::args::Profiles;
use crate::formats::json;
use crate::output;
use crate::stop::Stop;

pub(crate) fn run(args: &Profiles) -> Result<(), Stop> {
    let config = Config::load()?;
    let profiles: Vec<&Profile> = match args.names.as_slice() {
        [] => config.profiles.iter().collect(),
        names => names
            .iter()
            .map(|name| config.profiles.get(name).map_err(|error| Stop::Failed(error.to_string())))
            .collect::<Result<_, _>>()?,
    };
    output::stdout(|out| {
        for (place, profile) in profiles.into_iter().enumerate() {
            if args.json {
                json::line(out, profile)?;
                continue;
            }
            if place > 0 {
                writeln!(out)?;
            }
            write(out, profile)?;
        }
        Ok(())
    })
}

/// A profile as a configuration file would define it.
fn write(out: &mut dyn Write, profile: &Profile) -> io::Result<()> {
    writeln!(out, "[profiles.{}]", profile.name)?;
    match profile.sample_rate {
        Some(hz) => writeln!(out, "sample_rate = {hz}")?,
        None => writeln!(out, "sample_rate = \"native\"")?,
    }
    if let Some(ids) = &profile.descriptors {
        let ids: Vec<String> = ids.iter().map(|id| format!("{:?}", id.as_str())).collect();
        writeln!(out, "descriptors = [{}]", ids.join(", "))?;
    }
    for (name, value) in &profile.params {
        let value = match value {
            ParamValue::Choice(word) => format!("{word:?}"),
            other => other.to_string(),
        };
        writeln!(out, "params.{name} = {value}")?;
    }
    Ok(())
}
