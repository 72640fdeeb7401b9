//! `cargo xtask header`: the C header of the plug-in interface, made from
//! `sdk/abi/src/c.rs`. What the comments of the C interface say is written
//! there; here stands only how the header looks.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};

/// The Rust side, from the root.
const SOURCE: &str = "sdk/abi/src/c.rs";
/// The header, from the root.
const HEADER: &str = "sdk/abi/include/agogic_calculator.h";

/// What the header says before its types.
const TOP: &str = "\
/*
 * Agogic calculators in C and C++: version 1 of the C interface.
 *
 * A plug-in is a dynamic library that exports one symbol,
 * agogic_calculator_library. docs/c-interface.md shows the way from an empty
 * file to a picture; examples/calculators/crest-c is a whole plug-in.
 *
 * Each function says from which thread and in which state it may be called,
 * how long what it is given or returns lives, and which pointers may be null.
 * Texts are UTF-8 and end with a NUL. Structs that may grow begin with their
 * size; later minor versions append fields and nothing else.
 *
 * Made from sdk/abi/src/c.rs by `cargo xtask header`. Do not edit.
 */

#ifndef AGOGIC_CALCULATOR_H
#define AGOGIC_CALCULATOR_H";

/// The function that the library defines, which no Rust type can say.
const BOTTOM: &str = "\
#if defined(_WIN32)
#define AGOGIC_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define AGOGIC_EXPORT __attribute__((visibility(\"default\")))
#else
#define AGOGIC_EXPORT
#endif

#ifdef __cplusplus
extern \"C\" {
#endif

// What a plug-in defines, and all that it exports.
//
// Thread: any, at any time. Lifetime: the library lives as long as the process.
// Null: the result never is.
AGOGIC_EXPORT const AgogicLibrary *agogic_calculator_library(void);

#ifdef __cplusplus
}
#endif

#endif";

/// Writes the header, or fails where it is not as it should be.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let made = generate(root)?;
    let path = root.join(HEADER);
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    if made == there {
        println!("{HEADER} is as {SOURCE} says");
    } else if check {
        bail!("{HEADER} is not as {SOURCE} says: run `cargo xtask header`");
    } else {
        std::fs::write(&path, made).with_context(|| format!("{HEADER} cannot be written"))?;
        println!("{HEADER} is written anew");
    }
    Ok(())
}

fn generate(root: &Path) -> Result<String> {
    let mut config = Config {
        language: Language::C,
        cpp_compat: true,
        header: Some(TOP.into()),
        trailer: Some(BOTTOM.into()),
        no_includes: true,
        sys_includes: vec!["stdbool.h".into(), "stdint.h".into()],
        documentation_style: DocumentationStyle::C99,
        style: Style::Both,
        line_length: 80,
        tab_width: 4,
        ..Config::default()
    };
    config.export.exclude = vec!["LIBRARY_SYMBOL".into(), "LibraryFunction".into()];
    // All types are named: none of them stands in a function of the crate.
    config.export.include =
        ["AgogicLibrary", "AgogicSetup", "AgogicTrack", "AgogicBlock", "AgogicHost"].map(String::from).into();
    let bindings = Builder::new()
        .with_config(config)
        .with_src(root.join(SOURCE))
        .generate()
        .with_context(|| format!("{SOURCE} cannot be made a header"))?;
    let mut bytes = vec![];
    bindings.write(&mut bytes);
    String::from_utf8(bytes).context("a header that is no UTF-8")
}
