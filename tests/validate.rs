//! `agogic calculators validate` through the real binary: a good plug-in has no
//! faults, and each test finds the fault that it is there for.

use std::collections::BTreeMap;
use std::path::Path;

use agogic_tests::{Ran, Sandbox, crest_plugin, misbehaving_plugin, undescribable_plugin, versions_plugin};
use serde_json::Value;

/// Runs the validator and returns how each test ended, by `CALCULATOR/TEST`.
fn validate(plugin: &Path, args: &[&str]) -> (Ran, BTreeMap<String, (String, String)>) {
    let plugin = plugin.to_string_lossy();
    let ran = Sandbox::new().run(&[&["calculators", "validate", &plugin, "--json"], args].concat());
    let results = results_of(&ran);
    (ran, results)
}

fn results_of(ran: &Ran) -> BTreeMap<String, (String, String)> {
    let report: Value =
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let named = |result: &Value| {
        let name = match result["calculator"].as_str() {
            Some(calculator) => format!("{calculator}/{}", text(&result["test"])),
            None => text(&result["test"]),
        };
        (name, (text(&result["status"]), text(&result["reason"])))
    };
    report["results"].as_array().expect("results").iter().map(named).collect()
}

#[test]
fn a_good_plugin_has_no_faults() {
    let (ran, results) = validate(crest_plugin(1), &["--seed", "7"]);
    assert_eq!(ran.status, Some(0), "{results:#?}");
    assert!(results.values().all(|(status, _)| status != "fail"), "{results:#?}");
    assert_eq!(results["example.crest/blocks"].0, "pass");
    assert_eq!(results["load"].0, "pass");
}

#[test]
fn derived_calculators_and_those_with_tempo_are_run_too() {
    let (ran, results) = validate(versions_plugin(), &[]);
    assert_eq!(ran.status, Some(0), "{results:#?}");
    for calculator in ["v.twice", "v.sum", "v.note", "v.tick"] {
        for test in ["constructor", "signals", "blocks", "reset", "parallel"] {
            assert_eq!(results[&format!("{calculator}/{test}")].0, "pass", "{calculator}/{test}");
        }
    }
}

#[test]
fn each_test_finds_its_fault() {
    let tests = [
        ("description", "warn", "an author"),
        ("constructor", "warn", "making an instance takes"),
        ("parameters", "fail", "gain = 4.0: the calculator panicked: too much gain"),
        ("reads", "fail", "unsteady.reads does not read gain"),
        ("empty", "fail", "panicked: no audio"),
        ("short", "fail", "panicked: too short"),
        ("silence", "fail", "nothing to hear"),
        ("loud", "fail", "panicked: too loud"),
        ("signals", "fail", "a constant"),
        ("rates", "fail", "panicked: an odd rate"),
        ("channels", "fail", "panicked: too many channels"),
        ("range", "fail", "outside 0 to"),
        ("times", "fail", "an event at sample 1099511627776"),
        ("repeat", "fail", "the first and a later instance"),
        ("blocks", "fail", "at once and in blocks"),
        ("start", "warn", "samples of silence"),
        ("independent", "fail", "from one instance and from"),
        ("reset", "fail", "a new instance and one reset"),
        ("interleaved", "fail", "beside another instance"),
        ("parallel", "fail", "beside other threads"),
        ("wanted", "fail", "with all outputs wanted and it alone"),
        ("contained", "fail", "crashed the process"),
    ];
    let names: Vec<_> = tests.iter().map(|(test, ..)| format!("unsteady.{test}/{test}")).collect();
    let only = format!("^({})$", names.join("|").replace('.', r"\."));
    let (ran, results) = validate(misbehaving_plugin(), &["--only", &only]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(results.len(), tests.len(), "{results:#?}");
    for (test, status, reason) in tests {
        let found = &results[&format!("unsteady.{test}/{test}")];
        assert!(found.0 == status && found.1.contains(reason), "{test}: {found:?}");
    }
    // The one without a fault passes them all.
    let (ran, results) = validate(misbehaving_plugin(), &["--only", r"^unsteady\.steady/"]);
    assert_eq!(ran.status, Some(0), "{results:#?}");
    assert!(results.values().all(|(status, _)| status == "pass" || status == "skip"), "{results:#?}");
}

#[test]
fn what_ends_a_process_is_a_result() {
    let only = r"^bad\.(aborts|exits|nan|few|lies\.order)/(signals|finite|frames|times)$";
    let (ran, results) = validate(misbehaving_plugin(), &["--only", only]);
    assert_eq!(ran.status, Some(1));
    for (test, reason) in [
        ("bad.aborts/signals", "it crashed the process"),
        ("bad.exits/signals", "it ended the process with status 0"),
        ("bad.nan/finite", "frame 7"),
        ("bad.few/frames", "frames"),
        ("bad.lies.order/times", "out of order"),
    ] {
        assert!(results[test].0 == "fail" && results[test].1.contains(reason), "{test}: {:?}", results[test]);
    }
    let (ran, results) =
        validate(misbehaving_plugin(), &["--only", r"^bad\.loops/signals$", "--timeout", "1"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(results["bad.loops/signals"], ("fail".into(), "it was not done after 1 s".into()));
}

#[test]
fn descriptions_that_fail_or_change() {
    let (ran, results) = validate(undescribable_plugin(), &[]);
    assert_eq!(ran.status, Some(1));
    assert!(results["load"].0 == "fail" && results["load"].1.contains("describing failed"), "{results:?}");

    let sandbox = Sandbox::new();
    let plugin = misbehaving_plugin().to_string_lossy().into_owned();
    let mut command = sandbox.command(&["calculators", "validate", &plugin, "--json", "--only", "^steady$"]);
    let results = results_of(&Ran::of(command.env("UNSTEADY_DESCRIPTION", "1")));
    assert!(results["steady"].0 == "fail" && results["steady"].1.contains("unsteady.steady"), "{results:?}");
}

#[test]
fn another_build_is_compared() {
    let [one, two] = [1, 2].map(|version| crest_plugin(version).to_string_lossy().into_owned());
    let only = ["--only", "/against$", "--against"];
    let (ran, results) = validate(crest_plugin(1), &[&only[..], &[&one]].concat());
    assert_eq!((ran.status, results["example.crest/against"].0.as_str()), (Some(0), "pass"));
    let (ran, results) = validate(crest_plugin(1), &[&only[..], &[&two]].concat());
    assert_eq!((ran.status, results["example.crest/against"].0.as_str()), (Some(1), "fail"));
}

#[test]
fn what_cannot_be_validated_is_told_in_one_line() {
    let sandbox = Sandbox::new();
    let plugin = crest_plugin(1).to_string_lossy().into_owned();
    for (args, part) in [
        (&["/nowhere.so"][..], "/nowhere.so: "),
        (&[&plugin, "--only", "("], "pattern \"(\""),
        (&[&plugin, "--only", "nothing-of-the-kind"], "no test matches"),
        (&[&plugin, "--lock", "/nowhere.lock"], "/nowhere.lock: "),
    ] {
        let ran = sandbox.run(&[&["calculators", "validate"], args].concat());
        assert_eq!(ran.status, Some(1), "{args:?}");
        assert!(ran.stderr.contains(part) && ran.stderr.lines().count() == 1, "{args:?}: {}", ran.stderr);
    }
    assert_eq!(sandbox.run(&["calculators", "validate"]).status, Some(2));
    let list = sandbox.ok(&["calculators", "validate", "--list"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("blocks        values do not depend"));
}
