//! What a person sees besides the data: error lines, notes, colours, and the
//! place where progress bars live. All of it goes to stderr.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};

use clap::builder::styling::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressDrawTarget};

use crate::args::{ColorWhen, Global};

/// The two streams as the flags and the environment want them.
#[derive(Clone, Debug)]
pub(crate) struct Terminal {
    quiet: bool,
    verbosity: u8,
    colour_out: bool,
    colour_err: bool,
    bars: MultiProgress,
}

impl Terminal {
    /// As the flags, the environment and the streams say.
    pub(crate) fn new(global: &Global) -> Self {
        let bars = global.quiet || !io::stderr().is_terminal();
        let target = if bars { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self {
            quiet: global.quiet,
            verbosity: global.verbose,
            colour_out: coloured(global.color, io::stdout().is_terminal()),
            colour_err: coloured(global.color, io::stderr().is_terminal()),
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// One line that says what failed. Never more than one, whatever the names
    /// of files hold.
    pub(crate) fn error(&self, text: &str) {
        self.say(AnsiColor::Red, text);
    }

    /// One line about something that was passed over; not with `--quiet`.
    pub(crate) fn warn(&self, text: &str) {
        if !self.quiet {
            self.say(AnsiColor::Yellow, text);
        }
    }

    /// One line about what is being done; not with `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say(AnsiColor::Cyan, text);
        }
    }

    /// How much calculators may say: 0 warnings, 1 more, 2 all.
    pub(crate) fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// Text in a colour where stdout has colours.
    pub(crate) fn paint<T: Display>(&self, style: Style, text: T) -> Painted<T> {
        Painted { style: if self.colour_out { style } else { Style::new() }, text }
    }

    /// The bars; they draw themselves only where somebody can see them.
    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Does something with the bars out of the way.
    pub(crate) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bars.suspend(work)
    }

    fn say(&self, colour: AnsiColor, text: &str) {
        let style = if self.colour_err { colour.on_default().bold() } else { Style::new() };
        let line = format!("{} {}\n", Painted { style, text: "agogic:" }, OneLine(text));
        // Where stderr is closed there is nobody left to tell.
        let _ = self.aside(|| io::stderr().write_all(line.as_bytes()));
    }
}

/// Flag, then NO_COLOR, then CLICOLOR_FORCE, then the terminal.
fn coloured(when: ColorWhen, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if set("NO_COLOR") => false,
        ColorWhen::Auto if std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0") => {
            true
        }
        ColorWhen::Auto => terminal,
    }
}

/// Text in a style; padding applies to the text alone.
pub(crate) struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.style)?;
        self.text.fmt(f)?;
        write!(f, "{:#}", self.style)
    }
}

/// Text with control characters written out, so that it stays on its line.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.trim_end().split_inclusive(char::is_control) {
            match part.chars().next_back() {
                Some(last) if last.is_control() => {
                    write!(f, "{}{}", &part[..part.len() - last.len_utf8()], last.escape_default())?;
                }
                _ => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stays_one_line() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            assert_eq!(OneLine(text).to_string(), expect);
        }
        check("a: b", "a: b");
        check("a\nb", "a\\nb");
        check("a\r\n\tb\n", "a\\r\\n\\tb");
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check("Händel – Ã", "Händel – Ã");
        check("", "");
    }

    #[test]
    fn the_flag_decides_first() {
        assert!(coloured(ColorWhen::Always, false));
        assert!(!coloured(ColorWhen::Never, true));
    }
}
