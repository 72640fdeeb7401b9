//! How much each channel counts: BS.1770-5, Annex 1 for up to five channels and
//! Annex 3 for more.

/// Weight of channels to the side of the listener: +1.5 dB.
const SIDE: f64 = 1.41;

/// Names of channels that are no part of the programme's loudness.
const EFFECTS: [&str; 2] = ["lfe", "lfe-2"];
/// Names of channels between 60 and 120 degrees off the front, at ear level.
const SIDES: [&str; 2] = ["side-left", "side-right"];
/// Names of channels that are the surrounds where there are no side channels,
/// and lie behind the listener where there are.
const REARS: [&str; 2] = ["rear-left", "rear-right"];

/// Weights of channels without names, in the order of WAV files.
const UNNAMED: [&[f64]; 8] = [
    &[1.0],
    &[1.0, 1.0],
    &[1.0, 1.0, 1.0],
    &[1.0, 1.0, SIDE, SIDE],
    &[1.0, 1.0, 1.0, SIDE, SIDE],
    &[1.0, 1.0, 1.0, 0.0, SIDE, SIDE],
    &[1.0, 1.0, 1.0, 0.0, 1.0, SIDE, SIDE],
    &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0, SIDE, SIDE],
];

/// The weights of channels of these names; with `dual_mono` a single channel
/// counts as two.
pub(crate) fn weights(names: &[String], dual_mono: bool) -> Vec<f64> {
    let among = |name: &String, names: &[&str]| names.contains(&name.as_str());
    if names.len() == 1 {
        return vec![if dual_mono { 2.0 } else { 1.0 }];
    }
    let unnamed = names.iter().enumerate().all(|(i, name)| *name == (i + 1).to_string());
    if unnamed {
        let known = UNNAMED.iter().find(|weights| weights.len() == names.len());
        return known.map_or_else(|| vec![1.0; names.len()], |weights| weights.to_vec());
    }
    let sides = names.iter().any(|name| among(name, &SIDES));
    let weight = |name: &String| match name {
        name if among(name, &EFFECTS) => 0.0,
        name if among(name, &SIDES) || !sides && among(name, &REARS) => SIDE,
        _ => 1.0,
    };
    names.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_count_by_their_places() {
        #[track_caller]
        fn check(names: &str, expect: &[f64]) {
            let names: Vec<String> = names.split(' ').map(Into::into).collect();
            assert_eq!(weights(&names, false), expect);
        }
        check("mono", &[1.0]);
        check("left right", &[1.0, 1.0]);
        check("left right lfe", &[1.0, 1.0, 0.0]);
        check("left right centre lfe rear-left rear-right", &[1.0, 1.0, 1.0, 0.0, SIDE, SIDE]);
        check("left right centre side-left side-right", &[1.0, 1.0, 1.0, SIDE, SIDE]);
        check(
            "left right centre lfe rear-left rear-right side-left side-right",
            &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0, SIDE, SIDE],
        );
        check("left right centre lfe rear-centre side-left side-right", UNNAMED[6]);
        check("1 2 3 4 5 6", UNNAMED[5]);
        check("1 2 3 4 5 6 7 8 9", &[1.0; 9]);
        assert_eq!(weights(&["mono".into()], true), [2.0]);
        assert_eq!(weights(&["left".into(), "right".into()], true), [1.0, 1.0]);
    }
}
