//! What a plug-in can be told: its own parameters, its programs, and the
//! lengths of steps and blocks.

use agogic_schema::{ParamKind, ParamSpec, ParamValue, Params};
use agogic_vamp::{ParameterSpec, Plugin, PluginSpec, VampError};

use super::layout::MAX_BLOCK;

/// The word for no program: the plug-in stays as it was made.
const NO_PROGRAM: &str = "none";

/// What a plug-in can be told.
pub(super) struct Parameters {
    /// Its own, in its order.
    own: Vec<Own>,
    /// The choice of a program, and where each stands in the plug-in's list.
    program: Option<(ParamSpec, Vec<usize>)>,
    step: ParamSpec,
    block: ParamSpec,
}

struct Own {
    spec: ParamSpec,
    /// Value of the first choice and distance between choices.
    choices: Option<(f32, f32)>,
    /// Bounds of the values.
    bounds: (f32, f32),
}

impl Parameters {
    /// The parameters of a plug-in, or which of them makes no sense.
    pub(super) fn of(plugin: &PluginSpec) -> Result<Self, String> {
        let own = plugin
            .parameters
            .iter()
            .map(|parameter| Own::of(parameter).map_err(|reason| format!("{}: {reason}", plugin.identifier)));
        let own = own.collect::<Result<Vec<_>, _>>()?;
        // A name that the plug-in has taken already is left to it.
        let free = |name: &str| {
            let mut name = name.to_owned();
            while own.iter().any(|own| own.spec.name == name) {
                name.push('_');
            }
            name
        };
        let length = |name: &str, about: &str| {
            ParamSpec::integer(&free(name), 0, 0, MAX_BLOCK as i64, "samples", about)
        };
        Ok(Self {
            program: programs(&free("program"), &plugin.programs),
            step: length("step_size", "distance between blocks; 0 for the plug-in's wish"),
            block: length("block_size", "length of a block; 0 for the plug-in's wish"),
            own,
        })
    }

    /// What a description says of them.
    pub(super) fn specs(&self) -> Vec<ParamSpec> {
        let own = self.own.iter().map(|own| &own.spec);
        let program = self.program.iter().map(|(spec, _)| spec);
        own.chain(program).chain([&self.step, &self.block]).cloned().collect()
    }

    /// Tells a new plug-in: first the program, then what differs from the
    /// defaults.
    pub(super) fn apply(&self, plugin: &mut Plugin, params: &Params) -> Result<(), VampError> {
        if let Some((spec, places)) = &self.program
            && let (Some(word), ParamKind::Choice(words)) = (params.choice(&spec.name), &spec.kind)
            // The first word is that for none.
            && let Some(place) = words.iter().skip(1).position(|known| known == word)
        {
            plugin.select_program(places[place])?;
        }
        for (index, own) in self.own.iter().enumerate() {
            if let Some(value) = params.0.get(&own.spec.name)
                && value != &own.spec.default
                && let Some(value) = own.value(value)
            {
                plugin.set_parameter(index, value)?;
            }
        }
        Ok(())
    }

    /// The step and the block that are asked for, 0 where nothing is.
    pub(super) fn lengths(&self, params: &Params) -> (usize, usize) {
        let length = |spec: &ParamSpec| {
            params.integer(&spec.name).and_then(|length| usize::try_from(length).ok()).unwrap_or(0)
        };
        (length(&self.step), length(&self.block))
    }
}

impl Own {
    fn of(parameter: &ParameterSpec) -> Result<Self, String> {
        let &ParameterSpec { min, max, default, .. } = parameter;
        if !(min.is_finite() && max.is_finite() && min <= max) {
            return Err(format!("parameter {} goes from {min} to {max}", parameter.identifier));
        }
        let default = if default.is_nan() { min } else { default.clamp(min, max) };
        let name = parameter.identifier.as_str();
        let about = match parameter.description.as_str() {
            "" => &parameter.name,
            about => about,
        };
        let step = parameter.quantize.as_ref().map(|quantize| quantize.step);
        if let Some(words) = words(parameter) {
            let step = step.unwrap_or(1.0);
            let index = (((default - min) / step).round() as usize).min(words.len() - 1);
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let spec = ParamSpec::choice(name, words[index], &words, about);
            let spec = ParamSpec { unit: parameter.unit.clone(), ..spec };
            return Ok(Self { spec, choices: Some((min, step)), bounds: (min, max) });
        }
        let whole = |value: f32| value.fract() == 0.0 && value.abs() < 1e9;
        let spec = match step {
            Some(step) if step >= 1.0 && [step, min, default].into_iter().all(whole) && max.abs() < 1e9 => {
                let [default, min, max] = [default, min, max.floor()].map(|value| value as i64);
                ParamSpec::integer(name, default, min, max, &parameter.unit, about)
            }
            _ => {
                let [default, min, max] = [default, min, max].map(shortest);
                ParamSpec::float(name, default, min, max, &parameter.unit, about)
            }
        };
        Ok(Self { spec, choices: None, bounds: (min, max) })
    }

    /// The plug-in's number for a value.
    fn value(&self, value: &ParamValue) -> Option<f32> {
        let number = match (value, &self.spec.kind, self.choices) {
            (ParamValue::Choice(word), ParamKind::Choice(words), Some((first, step))) => {
                first + words.iter().position(|known| known == word)? as f32 * step
            }
            (ParamValue::Integer(number), ..) => *number as f32,
            (ParamValue::Float(number), ..) => *number as f32,
            _ => return None,
        };
        Some(number.clamp(self.bounds.0, self.bounds.1))
    }
}

/// The names of all values of a parameter, if each has one of its own.
fn words(parameter: &ParameterSpec) -> Option<&[String]> {
    let quantize = parameter.quantize.as_ref()?;
    let names = &quantize.names;
    let count = ((parameter.max - parameter.min) / quantize.step).round() + 1.0;
    let distinct = (1..names.len()).all(|i| !names[..i].contains(&names[i]));
    let good = quantize.step > 0.0 && count == names.len() as f32 && distinct;
    (good && !names.iter().any(String::is_empty)).then_some(names)
}

/// The programs that can be named, as a choice.
fn programs(name: &str, programs: &[String]) -> Option<(ParamSpec, Vec<usize>)> {
    let mut words = vec![NO_PROGRAM];
    let mut places = vec![];
    for (place, program) in programs.iter().enumerate() {
        if !program.is_empty() && !words.contains(&program.as_str()) {
            words.push(program);
            places.push(place);
        }
    }
    let about = "a set of parameter values; parameters that are not at their defaults come after it";
    (!places.is_empty()).then(|| (ParamSpec::choice(name, NO_PROGRAM, &words, about), places))
}

/// The number with as few digits as tell it from its neighbours: 0.1 for the
/// nearest to 0.1.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_vamp::{InputDomain, Quantize};

    fn parameter(min: f32, max: f32, default: f32, steps: Option<(f32, &[&str])>) -> ParameterSpec {
        ParameterSpec {
            identifier: "p".into(),
            name: "P".into(),
            description: String::new(),
            unit: "dB".into(),
            min,
            max,
            default,
            quantize: steps.map(|(step, names)| Quantize {
                step,
                names: names.iter().map(ToString::to_string).collect(),
            }),
        }
    }

    #[test]
    fn kinds() {
        let float = |default, min, max| ParamSpec::float("p", default, min, max, "dB", "P");
        let integer = |default, min, max| ParamSpec::integer("p", default, min, max, "dB", "P");
        let choice = |default, words: &[&str]| ParamSpec {
            unit: "dB".into(),
            ..ParamSpec::choice("p", default, words, "P")
        };
        for (parameter, expect) in [
            (parameter(0.0, 1.0, 0.1, None), float(0.1, 0.0, 1.0)),
            (parameter(0.0, 1.0, 7.0, None), float(1.0, 0.0, 1.0)),
            (parameter(0.0, 1.0, f32::NAN, None), float(0.0, 0.0, 1.0)),
            (parameter(0.0, 1.0, 0.5, Some((0.25, &[]))), float(0.5, 0.0, 1.0)),
            (parameter(1.0, 9.0, 3.0, Some((1.0, &[]))), integer(3, 1, 9)),
            (parameter(0.5, 9.5, 3.5, Some((1.0, &[]))), float(3.5, 0.5, 9.5)),
            (parameter(0.0, 1.0, 1.0, Some((1.0, &["off", "on"]))), choice("on", &["off", "on"])),
            (parameter(2.0, 6.0, 4.1, Some((2.0, &["a", "b", "c"]))), choice("b", &["a", "b", "c"])),
            // Names that do not name each value once.
            (parameter(0.0, 2.0, 1.0, Some((1.0, &["a", "b"]))), integer(1, 0, 2)),
            (parameter(0.0, 1.0, 1.0, Some((1.0, &["a", "a"]))), integer(1, 0, 1)),
            (parameter(0.0, 1.0, 1.0, Some((1.0, &["a", ""]))), integer(1, 0, 1)),
            (parameter(0.0, 1.0, 1.0, Some((0.0, &[]))), float(1.0, 0.0, 1.0)),
        ] {
            let own = Own::of(&parameter).expect("a good parameter");
            assert_eq!(own.spec, expect, "{parameter:?}");
        }
        for (min, max) in [(1.0, 0.0), (f32::NAN, 1.0), (0.0, f32::INFINITY)] {
            assert!(Own::of(&parameter(min, max, 0.0, None)).is_err(), "{min} to {max}");
        }
    }

    #[test]
    fn values() {
        let named = Own::of(&parameter(2.0, 6.0, 4.0, Some((2.0, &["a", "b", "c"])))).expect("good");
        assert_eq!(named.value(&"c".into()), Some(6.0));
        assert_eq!(named.value(&"d".into()), None);
        let float = Own::of(&parameter(0.0, 0.1, 0.0, None)).expect("good");
        assert_eq!(float.value(&0.1.into()), Some(0.1));
    }

    #[test]
    fn names_are_unique() {
        let mut own = parameter(0.0, 1.0, 0.0, None);
        own.identifier = "step_size".into();
        let plugin = PluginSpec {
            index: 0,
            identifier: "x".into(),
            name: String::new(),
            description: String::new(),
            maker: String::new(),
            copyright: String::new(),
            version: 1,
            api_version: 2,
            input_domain: InputDomain::Time,
            parameters: vec![own],
            programs: ["soft", "", "loud", "soft", "none"].map(Into::into).into(),
        };
        let parameters = Parameters::of(&plugin).expect("good");
        let names: Vec<_> = parameters.specs().into_iter().map(|spec| spec.name).collect();
        assert_eq!(names, ["step_size", "program", "step_size_", "block_size"]);
        let (spec, places) = parameters.program.expect("programs");
        assert_eq!(spec.kind, ParamKind::Choice(["none", "soft", "loud"].map(Into::into).into()));
        assert_eq!(places, [0, 2]);
    }
}
