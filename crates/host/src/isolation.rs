//! Which calculators work in a process of their own, and within which limits.
//! Only rules: who starts processes is `worker`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use agogic_schema::CalculatorId;

/// Where a calculator works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Inside the host: a crash of the calculator is one of the host.
    #[default]
    None,
    /// In a worker process.
    Process(Limits),
}

/// What a worker may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest time that one call may take.
    pub timeout: Duration,
    /// Most memory, in bytes, on top of what a fresh worker uses. Linux only.
    pub memory: Option<u64>,
}

impl Limits {
    /// What one call may take where nothing is said.
    pub const TIMEOUT: Duration = Duration::from_secs(60);
}

/// What is said of some calculators; `None` leaves it to a more general rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Whether they work in a process of their own.
    pub isolated: Option<bool>,
    /// Longest time that one call may take.
    pub timeout: Option<Duration>,
    /// Most memory, in bytes.
    pub memory: Option<u64>,
}

impl Rule {
    /// This rule, and what `general` says where it is silent.
    #[must_use]
    pub fn or(self, general: Self) -> Self {
        Self {
            isolated: self.isolated.or(general.isolated),
            timeout: self.timeout.or(general.timeout),
            memory: self.memory.or(general.memory),
        }
    }
}

/// What is said of the calculators of plug-ins. Built-in ones always work
/// inside the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Of all.
    pub all: Rule,
    /// Of plug-in files, by file name.
    pub plugins: BTreeMap<String, Rule>,
    /// Of calculators.
    pub calculators: BTreeMap<CalculatorId, Rule>,
}

impl Rules {
    /// Puts every plug-in into a process of its own, whatever was said.
    #[must_use]
    pub fn isolate_all(mut self) -> Self {
        let rules = self.plugins.values_mut().chain(self.calculators.values_mut());
        rules.for_each(|rule| rule.isolated = None);
        self.all.isolated = Some(true);
        self
    }

    /// Where a calculator of a plug-in file works: what is said of it, else of
    /// its file, else of all.
    pub fn isolation(&self, calculator: &CalculatorId, file: &Path) -> Isolation {
        let own = self.calculators.get(calculator).copied().unwrap_or_default();
        let name = file.file_name().map(|name| name.to_string_lossy());
        let file = name.and_then(|name| self.plugins.get(name.as_ref())).copied().unwrap_or_default();
        let rule = own.or(file).or(self.all);
        if rule.isolated != Some(true) {
            return Isolation::None;
        }
        Isolation::Process(Limits { timeout: rule.timeout.unwrap_or(Limits::TIMEOUT), memory: rule.memory })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rule_counts() {
        let seconds = |timeout: u64| Some(Duration::from_secs(timeout));
        let id = |id: &str| CalculatorId::new(id).unwrap();
        let rules = Rules {
            all: Rule { isolated: None, timeout: seconds(9), memory: Some(7) },
            plugins: [("a.so".into(), Rule { isolated: Some(true), ..Rule::default() })].into(),
            calculators: [
                (id("x.own"), Rule { isolated: Some(false), ..Rule::default() }),
                (id("x.fast"), Rule { timeout: seconds(1), ..Rule::default() }),
            ]
            .into(),
        };
        let process = |timeout: u64, memory| {
            Isolation::Process(Limits { timeout: Duration::from_secs(timeout), memory })
        };
        for (calculator, file, expected) in [
            ("x.y", "/p/a.so", process(9, Some(7))),
            ("x.fast", "/p/a.so", process(1, Some(7))),
            ("x.own", "/p/a.so", Isolation::None),
            ("x.y", "/p/b.so", Isolation::None),
        ] {
            assert_eq!(rules.isolation(&id(calculator), Path::new(file)), expected, "{calculator} {file}");
        }
        let all = rules.isolate_all();
        for (calculator, file) in [("x.own", "/p/a.so"), ("x.y", "/p/b.so")] {
            assert_eq!(all.isolation(&id(calculator), Path::new(file)), process(9, Some(7)));
        }
        assert_eq!(
            Rules::default().isolate_all().isolation(&id("x.y"), Path::new("b.so")),
            process(60, None)
        );
    }
}
