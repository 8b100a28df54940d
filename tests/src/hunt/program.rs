//! Random programs: statements, branches, loops, arrays, early exits, calls of each other.
//!
//! All values stay of moderate size (what is assigned goes through a bounded function), every index
//! is taken modulo a length, and every loop ends, so that a program runs without a panic.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A program: `fn name(a: f64, b: f64, x: &[f64], n: usize) -> f64`.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its source, without the attribute.
    pub source: String,
    /// Which constructs it uses, and how often.
    pub constructs: BTreeMap<&'static str, usize>,
}

/// Writes the program of this number.
///
/// The same seed and number give the same program. `callees` are names of programs that it may
/// call.
#[must_use]
pub fn program(seed: u64, number: u64, callees: &[String]) -> Program {
    let rng = StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number));
    let mut writer = Writer {
        rng,
        out: String::new(),
        indent: 1,
        scopes: vec![Scope::default()],
        names: 0,
        loops: vec![],
        budget: 14,
        closures: vec![],
        callees: callees.to_vec(),
        constructs: BTreeMap::new(),
    };
    let scope = &mut writer.scopes[0];
    scope.floats = vec![("a".into(), false), ("b".into(), false)];
    scope.slices = vec![("x".into(), false)];
    scope.ints = vec!["n".into()];
    let count = writer.rng.random_range(3..9);
    for _ in 0..count {
        writer.statement();
    }
    let result = writer.float(3);
    let name = format!("p{number}");
    let source = format!(
        "fn {name}(a: f64, b: f64, x: &[f64], n: usize) -> f64 {{\n{}    {result}\n}}\n",
        writer.out
    );
    Program { name, source, constructs: writer.constructs }
}

/// The variables that a block declares; of each whether it may be changed.
#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) floats: Vec<(String, bool)>,
    pub(super) slices: Vec<(String, bool)>,
    pub(super) ints: Vec<String>,
    pub(super) pairs: Vec<String>,
}

pub(super) struct Writer {
    pub(super) rng: StdRng,
    pub(super) out: String,
    pub(super) indent: usize,
    pub(super) scopes: Vec<Scope>,
    pub(super) names: usize,
    /// The loops around: their labels, where they have one.
    pub(super) loops: Vec<Option<String>>,
    /// How many statements more.
    pub(super) budget: usize,
    pub(super) closures: Vec<(String, usize)>,
    pub(super) callees: Vec<String>,
    pub(super) constructs: BTreeMap<&'static str, usize>,
}

impl Writer {
    pub(super) fn note(&mut self, construct: &'static str) {
        *self.constructs.entry(construct).or_default() += 1;
    }

    pub(super) fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "    ".repeat(self.indent));
    }

    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        let at = self.rng.random_range(0..from.len());
        Some(from[at].clone())
    }

    pub(super) fn all<T: Clone>(&self, of: impl Fn(&Scope) -> Vec<T>) -> Vec<T> {
        self.scopes.iter().flat_map(of).collect()
    }

    pub(super) fn floats(&self, mutable: bool) -> Vec<String> {
        self.variables(|scope| &scope.floats, mutable)
    }

    pub(super) fn slices(&self, mutable: bool) -> Vec<String> {
        self.variables(|scope| &scope.slices, mutable)
    }

    /// The variables of one kind, or those of them that may be changed.
    fn variables(&self, of: impl Fn(&Scope) -> &Vec<(String, bool)>, mutable: bool) -> Vec<String> {
        let all = self.scopes.iter().flat_map(of);
        all.filter(|(_, may)| *may || !mutable).map(|(name, _)| name.clone()).collect()
    }
}
