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
        in_closure: false,
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
struct Scope {
    floats: Vec<(String, bool)>,
    slices: Vec<(String, bool)>,
    ints: Vec<String>,
    pairs: Vec<String>,
}

struct Writer {
    rng: StdRng,
    out: String,
    indent: usize,
    scopes: Vec<Scope>,
    names: usize,
    /// The loops around: their labels, and whether each is a `while` that counts at its end.
    loops: Vec<Option<String>>,
    /// How many statements more.
    budget: usize,
    closures: Vec<(String, usize)>,
    callees: Vec<String>,
    constructs: BTreeMap<&'static str, usize>,
    in_closure: bool,
}

impl Writer {
    fn note(&mut self, construct: &'static str) {
        *self.constructs.entry(construct).or_default() += 1;
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "    ".repeat(self.indent));
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        let at = self.rng.random_range(0..from.len());
        Some(from[at].clone())
    }

    fn all<T: Clone>(&self, of: impl Fn(&Scope) -> Vec<T>) -> Vec<T> {
        self.scopes.iter().flat_map(of).collect()
    }

    fn floats(&self, mutable: bool) -> Vec<String> {
        self.all(|scope| scope.floats.clone())
            .into_iter()
            .filter(|(_, may)| *may || !mutable)
            .map(|(name, _)| name)
            .collect()
    }

    fn slices(&self, mutable: bool) -> Vec<String> {
        self.all(|scope| scope.slices.clone())
            .into_iter()
            .filter(|(_, may)| *may || !mutable)
            .map(|(name, _)| name)
            .collect()
    }

    // Expressions.

    fn literal(&mut self) -> String {
        let tenths = self.rng.random_range(-15..20);
        let number = format!("{:.2}_f64", f64::from(tenths) / 10.0 + 0.05);
        if number.starts_with('-') { format!("({number})") } else { number }
    }

    fn int(&mut self) -> String {
        let ints = self.all(|scope| scope.ints.clone());
        let base = self.pick(&ints).unwrap_or_else(|| "n".into());
        match self.rng.random_range(0..5) {
            0 => format!("({base} + {})", self.rng.random_range(1..4)),
            1 => format!("({base} * {})", self.rng.random_range(2..4)),
            2 => format!("{}usize", self.rng.random_range(0..5)),
            _ => base,
        }
    }

    /// An element of a slice, at an index in bounds.
    fn element(&mut self) -> Option<String> {
        let slices = self.slices(false);
        let slice = self.pick(&slices)?;
        let index = self.int();
        self.note("element");
        Some(format!("{slice}[{index} % {slice}.len()]"))
    }

    /// A float expression.
    fn float(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.rng.random_range(0..6) {
                0 => self.literal(),
                1 => {
                    let int = self.int();
                    format!("({int} as f64 * 0.1)")
                }
                2 | 3 => match self.element() {
                    Some(element) => element,
                    None => "a".into(),
                },
                _ => {
                    let floats = self.floats(false);
                    self.pick(&floats).unwrap_or_else(|| "a".into())
                }
            };
        }
        let d = depth - 1;
        match self.rng.random_range(0..20) {
            0..=2 => format!("({} + {})", self.float(d), self.float(d)),
            3..=5 => format!("({} * {})", self.float(d), self.float(d)),
            6 | 7 => format!("({} - {})", self.float(d), self.float(d)),
            8 => format!("({} / (1.5 + {}.powi(2)))", self.float(d), bracketed(&self.float(d))),
            9 => format!("{}.sin()", bracketed(&self.float(d))),
            10 => format!("{}.cos()", bracketed(&self.float(d))),
            11 => format!("{}.tanh()", bracketed(&self.float(d))),
            12 => format!("(1.0 + {}.powi(2)).sqrt()", bracketed(&self.float(d))),
            13 => format!("(-{}.abs()).exp()", bracketed(&self.float(d))),
            14 => {
                self.note("if expression");
                let (cond, a, b) = (self.condition(), self.float(d), self.float(d));
                format!("(if {cond} {{ {a} }} else {{ {b} }})")
            }
            15 => {
                self.note("max and min");
                let method = if self.chance(50) { "max" } else { "min" };
                format!("{}.{method}({})", bracketed(&self.float(d)), self.float(d))
            }
            16 => self.closure_call(d),
            17 => self.iterator(d),
            18 => self.call(d),
            _ => {
                let pairs = self.all(|scope| scope.pairs.clone());
                match self.pick(&pairs) {
                    Some(pair) => format!("({pair}.0 * 0.7 - {pair}.1)"),
                    None => self.float(d),
                }
            }
        }
    }

    fn closure_call(&mut self, d: usize) -> String {
        let closures = self.closures.clone();
        match self.pick(&closures) {
            Some((name, 1)) => {
                self.note("closure");
                format!("{name}({})", self.float(d))
            }
            Some((name, _)) => {
                self.note("closure");
                format!("{name}({}, {})", self.float(d), self.float(d))
            }
            None => self.float(d),
        }
    }

    fn call(&mut self, d: usize) -> String {
        let callees = self.callees.clone();
        let slices = self.slices(false);
        match (self.pick(&callees), self.pick(&slices)) {
            (Some(name), Some(slice)) => {
                self.note("call");
                let slice = if slice == "x" { slice } else { format!("&{slice}") };
                let (a, b) = (self.float(d), self.float(d));
                let n = self.rng.random_range(0..3);
                format!(
                    "{name}({a}.tanh(), {b}.tanh(), {slice}, {n}).tanh()",
                    a = bracketed(&a),
                    b = bracketed(&b)
                )
            }
            _ => self.float(d),
        }
    }

    fn iterator(&mut self, d: usize) -> String {
        let slices = self.slices(false);
        let Some(slice) = self.pick(&slices) else { return self.float(d) };
        self.note("iterator chain");
        let floats = self.floats(false);
        let other = self.pick(&floats).unwrap_or_else(|| "a".into());
        match self.rng.random_range(0..7) {
            0 => format!("{slice}.iter().map(|e| e * {other}).sum::<f64>().sin()"),
            1 => format!("{slice}.iter().map(|e| (e * 0.3).cos()).product::<f64>()"),
            2 => format!("{slice}.iter().zip(x).map(|(e, f)| e * f * 0.2).sum::<f64>()"),
            3 => format!("{slice}.iter().fold({other}, |s, e| 0.5 * s + e.sin())"),
            4 => format!(
                "{slice}.iter().enumerate().filter(|(k, _)| k % 2 == 0).map(|(_, e)| e * {other}).sum::<f64>()"
            ),
            5 => format!("{slice}.windows(2).map(|w| w[1] * w[0]).sum::<f64>().tanh()"),
            _ => format!("{slice}.iter().rev().skip(1).take(2).map(|e| e * e).sum::<f64>()"),
        }
    }

    fn condition(&mut self) -> String {
        match self.rng.random_range(0..5) {
            0 | 1 => {
                let (a, b) = (self.int(), self.rng.random_range(1..4));
                format!("{a} % {b} == 0")
            }
            2 => format!("{} > {}", self.float(1), self.literal()),
            3 => format!("{} < {}", self.float(0), self.float(1)),
            _ => {
                let (a, b) = (self.int(), self.int());
                format!("{a} > {b} || {} > 0.3", self.float(0))
            }
        }
    }

    /// What is assigned: of moderate size.
    fn bounded(&mut self, depth: usize) -> String {
        let expr = self.float(depth);
        match self.rng.random_range(0..3) {
            0 => format!("{}.sin()", bracketed(&expr)),
            1 => format!("{}.tanh()", bracketed(&expr)),
            _ => format!("0.5 * {}.cos()", bracketed(&expr)),
        }
    }

    // Statements.

    fn statement(&mut self) {
        if self.budget == 0 {
            return;
        }
        self.budget -= 1;
        match self.rng.random_range(0..26) {
            0..=3 => self.declare(),
            4..=6 => self.assign(),
            7 | 8 => self.array(),
            9..=11 => self.change_element(),
            12 | 13 => self.conditional(),
            14..=16 => self.for_range(),
            17 => self.for_elements(),
            18 => self.while_loop(),
            19 => self.swap(),
            20 => self.closure(),
            21 => self.matching(),
            22 => self.exit(),
            23 => self.pair(),
            24 => self.growing(),
            _ => self.whole_array(),
        }
    }

    fn block(&mut self, count: usize) {
        self.scopes.push(Scope::default());
        self.indent += 1;
        let closures = self.closures.len();
        for _ in 0..count {
            self.statement();
        }
        self.closures.truncate(closures);
        self.indent -= 1;
        self.scopes.pop();
    }

    fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    fn declare(&mut self) {
        let value = self.bounded(2);
        let mutable = self.chance(60);
        let shadows = self.chance(15);
        let existing = self.floats(false);
        let name = match (shadows, self.pick(&existing)) {
            (true, Some(name)) => {
                self.note("shadowing");
                name
            }
            _ => self.fresh("v"),
        };
        let keyword = if mutable { "let mut" } else { "let" };
        self.line(&format!("{keyword} {name} = {value};"));
        self.note("let");
        self.scope().floats.retain(|(old, _)| *old != name);
        self.scope().floats.push((name, mutable));
    }

    /// Whether the innermost variable of this name may be changed: another may hide it.
    fn is_visible(&self, name: &str) -> bool {
        self.scopes
            .iter()
            .rev()
            .flat_map(|scope| scope.floats.iter())
            .find(|(other, _)| other == name)
            .is_some_and(|(_, mutable)| *mutable)
    }

    fn assign(&mut self) {
        let names: Vec<String> =
            self.floats(true).into_iter().filter(|name| self.is_visible(name)).collect();
        let Some(name) = self.pick(&names) else { return self.declare() };
        self.note("assignment");
        match self.rng.random_range(0..4) {
            0 => {
                let value = self.bounded(2);
                self.line(&format!("{name} = {value};"));
            }
            1 => {
                let value = self.bounded(2);
                self.line(&format!("{name} = 0.5 * {name} + {value};"));
            }
            2 => {
                let (op, value) = (if self.chance(50) { "+=" } else { "-=" }, self.bounded(1));
                self.line(&format!("{name} {op} 0.3 * {value};"));
            }
            _ => {
                let value = self.bounded(1);
                self.line(&format!("{name} *= {value};"));
            }
        }
    }

    fn array(&mut self) {
        self.note("array");
        let name = self.fresh("r");
        let value = match self.rng.random_range(0..4) {
            0 => format!("[{}, {}, {}]", self.bounded(1), self.bounded(1), self.float(0)),
            1 => format!("[{}; 4]", self.bounded(1)),
            2 => format!("vec![{}; 3]", self.bounded(1)),
            _ => {
                let floats = self.floats(false);
                let other = self.pick(&floats).unwrap_or_else(|| "b".into());
                format!("x.iter().map(|e| e * {other}).collect::<Vec<f64>>()")
            }
        };
        self.line(&format!("let mut {name} = {value};"));
        self.scope().slices.push((name, true));
    }

    fn change_element(&mut self) {
        let slices = self.slices(true);
        let Some(slice) = self.pick(&slices) else { return self.array() };
        self.note("element changed");
        let (index, value) = (self.int(), self.bounded(2));
        let element = format!("{slice}[at]");
        let change = match self.rng.random_range(0..4) {
            0 => format!("{element} = {value};"),
            1 => format!("{element} += 0.2 * {value};"),
            2 => format!("{element} *= {value};"),
            _ => format!("{element} = 0.6 * {element} - {value};"),
        };
        self.line(&format!("let at = {index} % {slice}.len();"));
        self.line(&change);
    }

    fn conditional(&mut self) {
        self.note("if");
        let cond = self.condition();
        self.line(&format!("if {cond} {{"));
        let count = self.rng.random_range(1..3);
        self.block(count);
        if self.chance(50) {
            self.line("} else {");
            let count = self.rng.random_range(1..3);
            self.block(count);
        }
        self.line("}");
    }

    fn label(&mut self) -> (String, Option<String>) {
        if self.chance(30) {
            let label = self.fresh("'l");
            return (format!("{label}: "), Some(label));
        }
        (String::new(), None)
    }

    fn for_range(&mut self) {
        if self.loops.len() >= 3 {
            return self.assign();
        }
        self.note("for over a range");
        let (prefix, label) = self.label();
        let var = self.fresh("i");
        let (lo, span) = (self.rng.random_range(0..2), self.rng.random_range(0..4));
        let range = match self.rng.random_range(0..5) {
            0 => format!("{lo}..n"),
            1 => format!("({lo}..{}).rev()", lo + span),
            2 => format!("{lo}..={}", lo + span),
            3 => format!("(0..{}).step_by(2)", span + 2),
            _ => format!("{lo}..{}", lo + span),
        };
        self.line(&format!("{prefix}for {var} in {range} {{"));
        self.loops.push(label);
        self.scopes.push(Scope { ints: vec![var], ..Scope::default() });
        let count = self.rng.random_range(1..4);
        self.block(count);
        self.scopes.pop();
        self.loops.pop();
        self.line("}");
    }

    fn for_elements(&mut self) {
        if self.loops.len() >= 3 {
            return self.assign();
        }
        let (prefix, label) = self.label();
        let var = self.fresh("e");
        let targets = self.slices(true);
        if self.chance(40)
            && let Some(slice) = self.pick(&targets)
        {
            self.note("for over iter_mut");
            let value = self.floats(false);
            let value = self.pick(&value).unwrap_or_else(|| "a".into());
            self.line(&format!("for {var} in {slice}.iter_mut() {{"));
            self.line(&format!("    *{var} = (*{var} * {value}).sin() + 0.1 * *{var};"));
            self.line("}");
            return;
        }
        self.note("for over elements");
        self.line(&format!("{prefix}for &{var} in x {{"));
        self.loops.push(label);
        self.scopes.push(Scope { floats: vec![(var, false)], ..Scope::default() });
        let count = self.rng.random_range(1..4);
        self.block(count);
        self.scopes.pop();
        self.loops.pop();
        self.line("}");
    }

    fn while_loop(&mut self) {
        if self.loops.len() >= 3 {
            return self.assign();
        }
        self.note("while");
        let (prefix, label) = self.label();
        let counter = self.fresh("k");
        self.line(&format!("let mut {counter} = 0;"));
        let most = self.rng.random_range(1..5);
        if self.chance(50) {
            let cond = self.float(1);
            self.line(&format!("{prefix}while {counter} < {most} && {cond} < 0.9 {{"));
        } else {
            self.line(&format!("{prefix}loop {{"));
            self.line(&format!("    if {counter} >= {most} {{ break; }}"));
        }
        self.line(&format!("    {counter} += 1;"));
        self.loops.push(label);
        self.scopes.push(Scope { ints: vec![counter], ..Scope::default() });
        let count = self.rng.random_range(1..4);
        self.block(count);
        self.scopes.pop();
        self.loops.pop();
        self.line("}");
    }

    fn swap(&mut self) {
        let slices = self.slices(true);
        let Some(slice) = self.pick(&slices) else { return self.declare() };
        self.note("swap");
        let (i, j) = (self.int(), self.int());
        self.line(&format!(
            "{{ let at = ({i} % {slice}.len(), {j} % {slice}.len()); {slice}.swap(at.0, at.1); }}"
        ));
    }

    fn closure(&mut self) {
        if self.in_closure || !self.loops.is_empty() {
            return self.declare();
        }
        let name = self.fresh("f");
        let captured = self.floats(false);
        let frozen: Vec<String> =
            captured.into_iter().filter(|name| !self.is_visible(name)).collect();
        let capture = self.pick(&frozen).unwrap_or_else(|| "a".into());
        if self.chance(50) {
            self.line(&format!("let {name} = |s: f64| (s * {capture}).sin() + 0.2 * s;"));
            self.closures.push((name, 1));
        } else {
            self.line(&format!(
                "let {name} = |s: f64, t: f64| if s > t {{ s * {capture} }} else {{ t.cos() }};"
            ));
            self.closures.push((name, 2));
        }
    }

    fn matching(&mut self) {
        self.note("match");
        let (name, on) = (self.fresh("m"), self.int());
        let (a, b, c) = (self.float(1), self.float(1), self.bounded(1));
        self.line(&format!("let {name} = match {on} % 4 {{"));
        self.line(&format!("    0 => {a},"));
        self.line(&format!("    k if k > 2 => {b} * 0.5,"));
        self.line(&format!("    _ => {c},"));
        self.line("};");
        self.scope().floats.push((name, false));
    }

    fn exit(&mut self) {
        let cond = self.condition();
        let loops = self.loops.clone();
        match (loops.last(), self.rng.random_range(0..4)) {
            (Some(_), 0) => {
                self.note("break");
                self.line(&format!("if {cond} {{ break; }}"));
            }
            (Some(_), 1) => {
                self.note("continue");
                self.line(&format!("if {cond} {{ continue; }}"));
            }
            (Some(_), 2) => match loops.iter().flatten().next() {
                Some(label) => {
                    self.note("labelled jump");
                    let jump = if self.chance(50) { "break" } else { "continue" };
                    self.line(&format!("if {cond} {{ {jump} {label}; }}"));
                }
                None => self.assign(),
            },
            _ => {
                self.note("early return");
                let value = self.float(1);
                self.line(&format!("if {cond} && a > 0.6 {{ return {value}; }}"));
            }
        }
    }

    fn pair(&mut self) {
        self.note("tuple");
        let name = self.fresh("t");
        let (a, b) = (self.bounded(1), self.bounded(1));
        self.line(&format!("let mut {name} = ({a}, {b});"));
        let value = self.float(1);
        self.line(&format!("{name} = ({name}.1, 0.4 * {name}.0 + 0.1 * {value});"));
        self.line(&format!("{name}.0 *= 0.9;"));
        self.scope().pairs.push(name);
    }

    fn growing(&mut self) {
        if self.loops.len() >= 3 {
            return self.assign();
        }
        self.note("push and pop");
        let (name, var) = (self.fresh("g"), self.fresh("i"));
        let count = self.rng.random_range(1..4);
        let (first, value) = (self.bounded(1), self.bounded(1));
        self.line(&format!("let mut {name} = vec![{first}];"));
        self.line(&format!("for {var} in 0..{count} {{"));
        self.line(&format!("    let last = {name}[{name}.len() - 1];"));
        self.line(&format!("    {name}.push((last * {value}).sin() + {var} as f64 * 0.1);"));
        self.line("}");
        if self.chance(40) {
            self.line(&format!("let _ = {name}.pop();"));
        }
        self.scope().slices.push((name, true));
    }

    fn whole_array(&mut self) {
        self.note("array assigned as a whole");
        let (name, old) = (self.fresh("w"), self.fresh("w"));
        let (a, b, c) = (self.bounded(1), self.bounded(1), self.float(0));
        self.line(&format!("let mut {name} = [{a}, {b}];"));
        self.line(&format!("let {old} = {name};"));
        self.line(&format!("{name} = [{old}[1] * {c}, {name}[0] + {old}[0]];"));
        self.scope().slices.push((name, true));
        self.scope().slices.push((old, false));
    }
}

/// An expression that a method can be called on.
fn bracketed(expr: &str) -> String {
    let simple = expr.chars().all(|c| c.is_alphanumeric() || c == '_');
    if simple || (expr.starts_with('(') && closes_at_end(expr)) {
        expr.to_string()
    } else {
        format!("({expr})")
    }
}

/// Whether the first parenthesis is closed by the last character.
fn closes_at_end(expr: &str) -> bool {
    let mut depth = 0;
    for (at, c) in expr.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1 == expr.len();
                }
            }
            _ => {}
        }
    }
    false
}
