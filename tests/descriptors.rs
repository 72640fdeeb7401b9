//! `docs/descriptors.md` says what the built-in calculators say of themselves.
//! `cargo xtask golden --update` writes it anew.

use std::fmt::Write as _;

use agogic::Engine;
use agogic::schema::{
    Amount, Bins, CalculatorSpec, DescriptorSpec, Frames, InputSpec, Kind, ParamKind, ParamSpec,
};
use agogic_tests::workspace;

const HEAD: &str = "# The built-in descriptors

What each calculator computes, what it is fed with, and what it can be told; with the formula or its source. This page is written by `cargo xtask golden --update` from the calculators' own descriptions; `agogic calculators list` shows the same. *On demand* means: computed only where it is named, by `--only`, by a profile, or by a command that reads it. A parameter that a descriptor does not read never makes it stale.
";

#[test]
fn the_page_is_what_the_calculators_say() {
    let catalogue = Engine::builder("nowhere").plugin_path([]).catalogue().expect("the built-in calculators");
    let mut page = HEAD.to_owned();
    for calculator in catalogue.registry().calculators() {
        write_calculator(&mut page, &calculator.spec);
    }
    let file = workspace().join("docs/descriptors.md");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&file, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "docs/descriptors.md is not up to date: cargo xtask golden --update writes it");
}

fn write_calculator(page: &mut String, spec: &CalculatorSpec) {
    let _ = writeln!(page, "\n## `{}` {}\n\n{}", spec.id, spec.version, spec.about);
    let _ = writeln!(page, "\nInput: {}.", input(&spec.input));
    let _ = writeln!(page, "\n| descriptor | shape | unit | range | what |\n|---|---|---|---|---|");
    for descriptor in &spec.descriptors {
        let unit = if descriptor.unit.is_empty() { "-" } else { &descriptor.unit };
        let mut what = descriptor.about.clone();
        if descriptor.gaps {
            what += " NaN stands for no value.";
        }
        if descriptor.on_demand {
            what += " *On demand.*";
        }
        let what = what.replace('|', "\\|");
        let (shape, range) = (shape(descriptor), range(descriptor));
        let _ = writeln!(page, "| `{}` | {shape} | {unit} | {range} | {what} |", descriptor.id);
    }
    if spec.params.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n| parameter | default | allowed | what | not read by |\n|---|---|---|---|---|");
    for param in &spec.params {
        let unread = |descriptor: &&DescriptorSpec| {
            descriptor.reads.as_ref().is_some_and(|reads| !reads.contains(&param.name))
        };
        let unread = spec.descriptors.iter().filter(unread).map(|descriptor| format!("`{}`", descriptor.id));
        let default = format!("{} {}", param.default, param.unit);
        let about = param.about.replace('|', "\\|");
        let unread = unread.collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {about} | {unread} |",
            param.name,
            default.trim_end(),
            allowed(param)
        );
    }
}

fn amount(amount: &Amount) -> String {
    match amount {
        Amount::Fixed(n) => n.to_string(),
        Amount::Param(name) => format!("`{name}`"),
        Amount::Milliseconds(ms) => format!("{ms} ms of"),
    }
}

fn input(input: &InputSpec) -> String {
    match input {
        InputSpec::Pcm(pcm) => {
            format!("samples, {:?} channels, {:?} rate", pcm.channels, pcm.rate).to_lowercase()
        }
        InputSpec::Spectrum(spectrum) => format!(
            "a spectrum ({} of {} samples every {}, window of {})",
            format!("{:?}", spectrum.scale).to_lowercase(),
            amount(&spectrum.n_fft),
            amount(&spectrum.hop),
            amount(&spectrum.window_length),
        ),
        InputSpec::Descriptors(ids) => ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "),
        other => format!("{other:?}"),
    }
}

fn shape(descriptor: &DescriptorSpec) -> String {
    let bins = match &descriptor.bins {
        Bins::Count(count) => amount(count),
        Bins::Input => "as many as the input".into(),
    };
    match &descriptor.kind {
        Kind::Events => format!("events, {bins} values"),
        Kind::Dense(Frames::Input) => format!("frames of the input, {bins} bins"),
        Kind::Dense(Frames::Every { hop, .. }) => format!("every {} samples, {bins} bins", amount(hop)),
        Kind::Dense(Frames::Ticks { hop, .. }) => format!("every {} ticks, {bins} bins", amount(hop)),
        Kind::Peaks { hop, factor, levels } => {
            format!(
                "{levels} levels, every {} samples and {factor} times coarser each, {bins} bins",
                amount(hop)
            )
        }
    }
}

fn range(descriptor: &DescriptorSpec) -> String {
    descriptor.range.map_or_else(|| "-".into(), |(least, greatest)| format!("{least} .. {greatest}"))
}

fn allowed(param: &ParamSpec) -> String {
    match &param.kind {
        ParamKind::Flag => "true, false".into(),
        ParamKind::Integer { min, max } => format!("{min} .. {max}"),
        ParamKind::Float { min, max } => format!("{min} .. {max}"),
        ParamKind::Choice(words) => words.join(", "),
    }
}
