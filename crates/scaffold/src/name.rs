//! Names of crates, and what is made of them.

use crate::ScaffoldError;

/// Names that cargo, the compiler, a file system or the SDK keeps for itself.
const RESERVED: [&str; 24] = [
    "test",
    "core",
    "std",
    "alloc",
    "proc_macro",
    "proc-macro",
    "sdk",
    "target",
    "src",
    "build",
    "deps",
    "examples",
    "incremental",
    "con",
    "prn",
    "aux",
    "nul",
    "com1",
    "com2",
    "com3",
    "com4",
    "lpt1",
    "lpt2",
    "lpt3",
];

/// Words of the language that a crate cannot be called.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Checks that a crate can have this name.
pub(crate) fn check(name: &str) -> Result<(), ScaffoldError> {
    let rule = if name.is_empty() {
        "it is empty"
    } else if name.len() > 64 {
        "it is longer than 64 letters"
    } else if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_') {
        "only a to z, digits, '-' and '_' are allowed"
    } else if !name.as_bytes()[0].is_ascii_lowercase() {
        "it must begin with a letter"
    } else if !name.as_bytes()[name.len() - 1].is_ascii_alphanumeric() {
        "it must end with a letter or a digit"
    } else if name.starts_with("agogic") {
        "names that begin with agogic are the project's"
    } else if RESERVED.contains(&name) || KEYWORDS.contains(&name) {
        "it is reserved"
    } else {
        return Ok(());
    };
    Err(ScaffoldError::Name { name: name.into(), rule })
}

/// As a type is called: `my-crest` is `MyCrest`.
pub(crate) fn camel(name: &str) -> String {
    let words = name.split(['-', '_']).filter_map(|word| {
        let mut letters = word.chars();
        Some(letters.next()?.to_ascii_uppercase().to_string() + letters.as_str())
    });
    let joined: String = words.collect();
    // Names that the template imports.
    let taken = [
        "Bins",
        "Block",
        "Calculator",
        "CalculatorSpec",
        "Collected",
        "DescriptorSpec",
        "Error",
        "Frames",
        "Kind",
        "Output",
        "ParamSpec",
        "Result",
        "Self",
        "Setup",
        "SpectrumInput",
    ];
    if taken.contains(&joined.as_str()) { format!("My{joined}") } else { joined }
}

/// The library file that cargo makes of the crate on this system.
pub(crate) fn library(name: &str) -> String {
    let (prefix, ending) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{prefix}{}{ending}", name.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        #[track_caller]
        fn check_name(name: &str, expect: &str) {
            match check(name) {
                Ok(()) => assert_eq!(expect, "ok"),
                Err(error) => assert!(error.to_string().contains(expect), "{error}"),
            }
        }
        for good in ["crest", "my-crest", "crest_2", "c"] {
            check_name(good, "ok");
        }
        check_name("", "empty");
        check_name("2crest", "begin with a letter");
        check_name("-crest", "begin with a letter");
        check_name("crest-", "end with");
        check_name("Crest", "only a to z");
        check_name("a/b", "only a to z");
        check_name("..", "only a to z");
        check_name("crête", "only a to z");
        check_name("fn", "reserved");
        check_name("std", "reserved");
        check_name("sdk", "reserved");
        check_name("agogic-mel", "project's");
        check_name(&"x".repeat(65), "longer");
    }

    #[test]
    fn names_become_types() {
        for (name, expect) in [("crest", "Crest"), ("my-crest_2", "MyCrest2"), ("output", "MyOutput")] {
            assert_eq!(camel(name), expect);
        }
    }
}
