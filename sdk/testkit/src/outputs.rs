//! What a calculator gave, and where two runs differ.

use agogic_schema::Event;

/// The values of one output.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Frames, by plane: one of a dense descriptor, one per level of peaks.
    Planes(Vec<Vec<f32>>),
    /// Events.
    Events(Vec<Event>),
}

/// What a calculator gave, output by output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs(pub Vec<Values>);

impl Outputs {
    /// Where two runs first differ in any bit, in one line.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.0.len() != other.0.len() {
            return Some(format!("{} outputs and {}", self.0.len(), other.0.len()));
        }
        let mut pairs = self.0.iter().zip(&other.0).enumerate();
        pairs.find_map(|(output, (a, b))| Some(format!("output {output}: {}", a.difference(b)?)))
    }
}

impl Values {
    /// Where two outputs first differ in any bit, in one line.
    pub fn difference(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Planes(a), Self::Planes(b)) => {
                a.iter().zip(b).enumerate().find_map(|(plane, (a, b))| values(plane, a, b))
            }
            (Self::Events(a), Self::Events(b)) => {
                if a.len() != b.len() {
                    return Some(format!("{} events and {}", a.len(), b.len()));
                }
                let different = a.iter().zip(b).position(|(a, b)| !same_event(a, b))?;
                Some(format!("event {different} is {:?} and {:?}", a[different], b[different]))
            }
            _ => Some("frames and events".into()),
        }
    }
}

fn values(plane: usize, a: &[f32], b: &[f32]) -> Option<String> {
    if a.len() != b.len() {
        return Some(format!("{} values on plane {plane} and {}", a.len(), b.len()));
    }
    let different = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits())?;
    Some(format!("value {different} of plane {plane} is {:e} and {:e}", a[different], b[different]))
}

/// Alike in every bit: a gap among the values is equal to itself.
fn same_event(a: &Event, b: &Event) -> bool {
    let bits = |event: &Event| event.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    (a.at, a.duration, &a.label) == (b.at, b.duration, &b.label) && bits(a) == bits(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_timebase::{Delta, Samples};

    fn frames(values: &[f32]) -> Values {
        Values::Planes(vec![values.to_vec()])
    }

    fn event(at: i64, value: f32) -> Values {
        let (at, duration) = (Samples(at), Delta(Samples(0)));
        Values::Events(vec![Event { at, duration, values: vec![value], label: String::new() }])
    }

    #[test]
    fn every_bit_counts() {
        #[track_caller]
        fn check(a: Values, b: Values, expect: Option<&str>) {
            let found = Outputs(vec![a]).difference(&Outputs(vec![b]));
            match expect {
                None => assert_eq!(found, None),
                Some(part) => assert!(found.as_deref().is_some_and(|f| f.contains(part)), "{found:?}"),
            }
        }
        check(frames(&[1.0, f32::NAN]), frames(&[1.0, f32::NAN]), None);
        check(frames(&[0.0]), frames(&[-0.0]), Some("value 0"));
        check(frames(&[1.0]), frames(&[1.0, 2.0]), Some("1 values on plane 0 and 2"));
        check(event(5, f32::NAN), event(5, f32::NAN), None);
        check(event(5, 1.0), event(6, 1.0), Some("event 0"));
        check(event(5, 1.0), Values::Events(vec![]), Some("1 events and 0"));
        check(event(5, 1.0), frames(&[]), Some("frames and events"));
    }
}
