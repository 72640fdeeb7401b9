//! Every way in which a release of a calculator, a parameter, an input or a
//! tempo map may change: which descriptors that makes stale, and which run. Read
//! from the engine's own log of events.
//!
//! A release is told to the plug-in by an environment variable, so each step
//! runs in a process of its own: this test's program again, as `step`.

use std::path::{Path, PathBuf};
use std::process::Command;

use agogic::schema::Profile;
use agogic::tempo::TempoMap;
use agogic::worker::Program;
use agogic::{Control, Engine, Event, EventLog, Freshness, Request, Tempo};
use agogic_tests::{Sandbox, Wav, agogic_binary, versions_plugin};

/// What changes between two analyses, and what comes of it.
struct Row {
    what: &'static str,
    /// The release before and after.
    from: &'static str,
    to: &'static str,
    stale: &'static str,
    extraneous: &'static str,
    /// What was begun, in the order of the passes; a `|` between two of them.
    ran: &'static str,
}

const SAME: Row = Row { what: "", from: "", to: "", stale: "", extraneous: "", ran: "" };

const ROWS: &[Row] = &[
    Row { what: "nothing", ..SAME },
    Row {
        what: "a patch release that says nothing of its values; they are as they were",
        from: "v.source=1.0.0",
        to: "v.source=1.0.1",
        stale: "v.a v.b v.c v.d",
        ran: "v.a v.b",
        ..SAME
    },
    Row {
        what: "a minor release, with other values of one descriptor",
        from: "v.source=1.0.0",
        to: "v.source=1.1.0;scale=2",
        stale: "v.a v.b v.c v.d",
        ran: "v.a v.b | v.c | v.d",
        ..SAME
    },
    Row {
        what: "a major release of something in the middle",
        from: "v.twice=1.0.0",
        to: "v.twice=2.0.0",
        stale: "v.c v.d",
        ran: "v.c",
        ..SAME
    },
    Row {
        what: "a pre-release",
        from: "v.note=2.0.0-beta.1",
        to: "v.note=2.0.0-beta.2",
        stale: "v.note",
        ran: "v.note",
        ..SAME
    },
    Row {
        what: "the release after its pre-release",
        from: "v.note=2.0.0-beta.2",
        to: "v.note=2.0.0",
        stale: "v.note",
        ran: "v.note",
        ..SAME
    },
    Row {
        what: "a downgrade",
        from: "v.sum=1.2.0;v.d.changed_in=1.0.0",
        to: "v.sum=1.1.0;v.d.changed_in=1.0.0",
        stale: "v.d",
        ran: "v.d",
        ..SAME
    },
    Row {
        what: "a release that says that it changed one descriptor only",
        from: "v.source=1.0.0",
        to: "v.source=2.0.0;v.a.changed_in=1.0.0",
        stale: "v.b v.d",
        ran: "v.b",
        ..SAME
    },
    Row {
        what: "a release that says that it changed nothing",
        from: "v.source=1.0.0",
        to: "v.source=2.0.0;v.a.changed_in=1.0.0;v.b.changed_in=1.0.0",
        ..SAME
    },
    Row {
        what: "another default of a parameter that one descriptor reads",
        from: "gain=1",
        to: "gain=2",
        stale: "v.a v.c v.d",
        ran: "v.a | v.c | v.d",
        ..SAME
    },
    Row {
        what: "another default of a parameter that the other reads",
        from: "bias=0",
        to: "bias=1",
        stale: "v.b v.d",
        ran: "v.b | v.d",
        ..SAME
    },
    Row { what: "a value that only a release could change", from: "scale=1", to: "scale=2", ..SAME },
    Row {
        what: "another input with equal content",
        from: "v.c.input=v.a",
        to: "v.c.input=v.note",
        stale: "v.c v.d",
        ran: "v.c",
        ..SAME
    },
    Row {
        what: "another input with other content",
        from: "v.c.input=v.a;gain=2",
        to: "v.c.input=v.b;gain=2",
        stale: "v.c v.d",
        ran: "v.c | v.d",
        ..SAME
    },
    Row {
        what: "an input that nobody computes",
        from: "",
        to: "v.c.input=v.gone",
        stale: "v.c v.d",
        ran: "",
        ..SAME
    },
    Row { what: "a cycle", from: "", to: "v.c.input=v.d", stale: "v.c v.d", ran: "", ..SAME },
    Row {
        what: "another tempo map",
        from: "tempo=120",
        to: "tempo=121",
        stale: "v.tick",
        ran: "v.tick",
        ..SAME
    },
    Row { what: "no tempo map any more", from: "tempo=120", to: "tempo=", ..SAME },
    Row {
        what: "a release under no tempo map, of what depends on it",
        from: "v.tick=1.0.0",
        to: "v.tick=2.0.0;tempo=",
        stale: "v.tick",
        ran: "",
        ..SAME
    },
    Row {
        what: "the plug-in is gone",
        from: "",
        to: "plugin=none",
        extraneous: "v.a v.b v.c v.d v.note v.tick",
        ..SAME
    },
];

#[test]
fn exactly_what_changed_runs() {
    let audio = Wav::bursts(1).bytes(None);
    for row in ROWS {
        let sandbox = Sandbox::new();
        sandbox.write("song.wav", &audio);
        run(&sandbox, row.from);
        let told = run(&sandbox, row.to);
        let expect = [
            format!("stale {}", row.stale),
            format!("extraneous {}", row.extraneous),
            format!("ran {}", row.ran),
        ];
        assert_eq!(told, expect.map(|line| line.trim_end().to_owned()), "{}", row.what);
        // What failed fails again; all else is at rest.
        assert_eq!(run(&sandbox, row.to)[2], "ran", "{}: again", row.what);
    }
}

/// Runs a step in a process of its own.
fn run(sandbox: &Sandbox, release: &str) -> Vec<String> {
    // What a plug-in says of itself may be remembered by its content: each
    // release is a file of its own, and differs after the library's end.
    let mut library = std::fs::read(versions_plugin()).expect("a library");
    library.extend(release.as_bytes());
    let plugin = sandbox.write(&format!("plug-in.{}", std::env::consts::DLL_EXTENSION), &library);
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "step", "--ignored", "--nocapture"])
        .env("AGOGIC_TEST_STEP", sandbox.path(""))
        .env("AGOGIC_TEST_RELEASE", release)
        .env("AGOGIC_TEST_PLUGIN", plugin)
        .output()
        .expect("the step runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{release}: {text}");
    let lines = text.lines().filter_map(|line| line.strip_prefix("told: "));
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[test]
#[ignore = "a step of the test above, which starts it with what it needs"]
#[allow(clippy::print_stdout, reason = "read by the test that started it")]
fn step() {
    let Some(folder) = std::env::var_os("AGOGIC_TEST_STEP") else { return };
    let release = std::env::var("AGOGIC_TEST_RELEASE").unwrap_or_default();
    let told = |key| release.split(';').filter_map(|pair| pair.split_once('=')).find(|pair| pair.0 == key);
    let folder = Path::new(&folder);
    let plugin = std::env::var_os("AGOGIC_TEST_PLUGIN").map(PathBuf::from);
    let plugins = plugin.filter(|_| told("plugin").is_none());
    let engine = Engine::builder(folder.join("cache"))
        .plugin_path(plugins)
        .worker(Program::agogic(agogic_binary()))
        .open()
        .expect("an engine");
    assert_eq!(engine.refusals().len(), 0);
    let tempo = match told("tempo") {
        Some((_, "")) => None,
        Some((_, bpm)) => Some(bpm.parse().expect("beats per minute")),
        None => Some(120.0),
    };
    let tempo = tempo.map(|bpm| Tempo::from(TempoMap::constant(bpm).expect("a map")));
    let profile = Profile::built_in("default").expect("a profile");
    let song = folder.join("song.wav");

    let status = engine.status(&song, Some(&profile), tempo.as_ref()).expect("a status");
    let those = |wanted: Freshness| {
        let found = status.descriptors.iter().filter(|found| found.status == wanted);
        found.map(|found| found.id.as_str()).collect::<Vec<_>>().join(" ")
    };
    println!("told: stale {}", those(Freshness::Stale));
    println!("told: extraneous {}", those(Freshness::Extraneous));

    let log = std::sync::Arc::new(EventLog::default());
    let mut request = Request::new(profile);
    request.tempo = tempo;
    let analysis = engine.analyze(&song, &request, &Control::new(log.clone())).expect("an analysis");
    let (mut passes, mut computed) = (vec![], vec![]);
    for event in log.take() {
        match event {
            Event::Started { descriptors, .. } => {
                let ids: Vec<_> = descriptors.iter().map(|id| id.as_str().to_owned()).collect();
                passes.push(ids.join(" "));
            }
            Event::Computed { descriptor, .. } => computed.push(descriptor),
            _ => {}
        }
    }
    computed.sort();
    assert_eq!(computed, analysis.computed, "what the log and the result say was computed");
    println!("told: ran {}", passes.join(" | "));
}
