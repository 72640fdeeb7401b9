//! The profiles that there are: the built-in ones, and those that configuration
//! files define. What a profile means is `agogic-schema`'s matter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agogic_schema::{DescriptorId, MaxError, ParamValue, Profile, ProfileName, SchemaError};
use serde::Deserialize;
use toml::Value;

use crate::Error;

/// Named profiles: the built-in ones, and those of the user.
#[derive(Clone, Debug, PartialEq)]
pub struct Profiles(BTreeMap<ProfileName, Profile>);

impl Default for Profiles {
    fn default() -> Self {
        let built_in = Profile::BUILT_IN.into_iter().filter_map(|name| Profile::built_in(name).ok());
        Self(built_in.map(|profile| (profile.name.clone(), profile)).collect())
    }
}

impl Profiles {
    /// The profile of this name.
    ///
    /// # Errors
    /// [`SchemaError::UnknownProfile`] where there is none.
    pub fn get(&self, name: &str) -> Result<&Profile, SchemaError> {
        let found = self.0.values().find(|profile| profile.name.as_str() == name);
        found.ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(ProfileName::as_str).collect();
            SchemaError::UnknownProfile { name: name.into(), known: known.join(", ") }
        })
    }

    /// All of them, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.0.values()
    }
}

/// Profiles as configuration files write them, by name, each with its file.
pub(crate) type Written = BTreeMap<String, (PathBuf, Entry)>;

/// A profile as it stands in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// The profile whose values hold where this one says nothing.
    #[serde(default = "default_name")]
    base: String,
    sample_rate: Option<Rate>,
    descriptors: Option<Vec<String>>,
    #[serde(default)]
    params: toml::Table,
    max_error: Option<Bound>,
}

/// One bound for all descriptors, or one for each that is named; `all` names
/// the others.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Bound {
    All(String),
    Each(toml::Table),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Rate {
    Hz(u32),
    Word(String),
}

fn default_name() -> String {
    "default".into()
}

/// The built-in profiles and those that were written, each on its base.
///
/// # Errors
/// [`Error::Config`] for one that cannot be.
pub(crate) fn resolve(written: &Written) -> Result<Profiles, Error> {
    let mut profiles = Profiles::default();
    for (name, (file, _)) in written {
        if Profile::BUILT_IN.contains(&name.as_str()) {
            return Err(error(file, name, "it is built in and cannot be changed"));
        }
    }
    for name in written.keys() {
        add(name, written, &mut profiles, written.len())?;
    }
    Ok(profiles)
}

/// Puts a profile among the others, after its base. Bases that go on for longer
/// than there are profiles go round in a circle.
fn add(name: &str, written: &Written, profiles: &mut Profiles, depth: usize) -> Result<(), Error> {
    let Some((file, entry)) = written.get(name) else { return Ok(()) };
    let fail = |reason: String| error(file, name, &reason);
    let own = ProfileName::new(name).map_err(|error| fail(error.to_string()))?;
    if profiles.0.contains_key(&own) {
        return Ok(());
    }
    if depth == 0 {
        return Err(fail("it is its own base".into()));
    }
    add(&entry.base, written, profiles, depth - 1)?;
    let base = profiles.get(&entry.base).map_err(|error| fail(format!("base: {error}")))?;
    let mut profile = Profile { name: own.clone(), ..base.clone() };
    match &entry.sample_rate {
        None => {}
        Some(Rate::Hz(hz @ 1..)) => profile.sample_rate = Some(*hz),
        Some(Rate::Word(word)) if word == "native" => profile.sample_rate = None,
        Some(_) => return Err(fail("sample_rate is neither a number of Hz nor \"native\"".into())),
    }
    if let Some(names) = &entry.descriptors {
        let ids = names.iter().map(|name| DescriptorId::new(name).map_err(|error| fail(error.to_string())));
        profile.descriptors = Some(ids.collect::<Result<_, _>>()?);
    }
    flatten(&entry.params, "", &mut profile.params).map_err(fail)?;
    let bound = |text: &str| text.parse::<MaxError>().map_err(|error| fail(error.to_string()));
    match &entry.max_error {
        None => {}
        Some(Bound::All(text)) => profile.max_error = [(String::new(), bound(text)?)].into(),
        Some(Bound::Each(table)) => {
            let mut texts = BTreeMap::new();
            flatten(table, "", &mut texts).map_err(fail)?;
            for (name, text) in texts {
                let ParamValue::Choice(text) = text else {
                    return Err(fail(format!("max_error of {name} is no text like \"0.01 dB\"")));
                };
                if name == "all" {
                    profile.max_error.insert(String::new(), bound(&text)?);
                } else {
                    let id = DescriptorId::new(&name).map_err(|error| fail(error.to_string()))?;
                    profile.max_error.insert(id.as_str().to_owned(), bound(&text)?);
                }
            }
        }
    }
    profiles.0.insert(own, profile);
    Ok(())
}

/// TOML makes tables of keys with dots, parameters have such keys.
fn flatten(
    table: &toml::Table,
    before: &str,
    params: &mut BTreeMap<String, ParamValue>,
) -> Result<(), String> {
    for (key, value) in table {
        let key = format!("{before}{key}");
        let value = match value {
            Value::Boolean(flag) => ParamValue::Flag(*flag),
            Value::Integer(integer) => ParamValue::Integer(*integer),
            Value::Float(float) => ParamValue::Float(*float),
            Value::String(word) => ParamValue::Choice(word.clone()),
            Value::Table(table) => {
                flatten(table, &format!("{key}."), params)?;
                continue;
            }
            other => return Err(format!("parameter {key} is {}, which none can be", other.type_str())),
        };
        params.insert(key, value);
    }
    Ok(())
}

fn error(file: &Path, name: &str, reason: &str) -> Error {
    Error::Config { file: file.to_owned(), reason: format!("profile {name}: {reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Written {
        let all: BTreeMap<String, Entry> = toml::from_str(text).unwrap();
        all.into_iter().map(|(name, entry)| (name, ("p.toml".into(), entry))).collect()
    }

    #[test]
    fn a_profile_says_what_differs_from_its_base() {
        let text = "
            [fine]
            base = 'mine'
            params = { 'agogic.mel.fmin' = 30, agogic.onset.delta = 0.1 }
            [mine]
            base = 'librosa'
            sample_rate = 'native'
            descriptors = ['agogic.mel']
            params = { n_mels = 40, htk = true, norm = 'none' }";
        let profiles = resolve(&written(text)).unwrap();
        let fine = profiles.get("fine").unwrap();
        assert_eq!((fine.name.as_str(), fine.sample_rate), ("fine", None));
        assert_eq!(fine.descriptors, Some(vec![DescriptorId::new("agogic.mel").unwrap()]));
        let expect = [
            ("agogic.chroma.estimate_tuning", ParamValue::Flag(true)),
            ("agogic.mel.fmin", ParamValue::Integer(30)),
            ("agogic.onset.delta", ParamValue::Float(0.1)),
            ("htk", ParamValue::Flag(true)),
            ("n_mels", ParamValue::Integer(40)),
            ("norm", ParamValue::Choice("none".into())),
            ("top_db", ParamValue::Float(80.0)),
        ];
        assert_eq!(fine.params, expect.map(|(key, value)| (key.to_owned(), value)).into());
        assert_eq!(profiles.iter().count(), Profile::BUILT_IN.len() + 2);
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, expect) in [
            ("[default]", "profile default: it is built in and cannot be changed"),
            ("[a]\nbase = 'b'", "profile a: base: unknown profile \"b\" (known: default, highres, librosa)"),
            ("[a]\nbase = 'b'\n[b]\nbase = 'a'", "profile a: it is its own base"),
            ("[a]\nbase = 'a'", "profile a: it is its own base"),
            ("[a]\nsample_rate = 0", "profile a: sample_rate is neither a number of Hz nor \"native\""),
            ("[a]\nsample_rate = 'fast'", "profile a: sample_rate is neither a number of Hz nor \"native\""),
            ("[a]\nparams = { n = [1] }", "profile a: parameter n is array, which none can be"),
        ] {
            let error = resolve(&written(text)).unwrap_err().to_string();
            assert_eq!(error, format!("p.toml: {expect}"));
        }
        assert!(resolve(&written("[a]\ndescriptors = ['A B']")).unwrap_err().to_string().contains("A B"));
        assert!(resolve(&written("['A B']")).unwrap_err().to_string().contains("A B"));
    }
}
