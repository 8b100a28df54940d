//! Random expressions.

use super::program::{Kind, Writer};
use rand::RngExt;

impl Writer {
    pub(super) fn literal(&mut self) -> String {
        let tenths = self.rng.random_range(-15..20);
        let number = format!("{:.2}_f64", f64::from(tenths) / 10.0 + 0.05);
        if number.starts_with('-') { format!("({number})") } else { number }
    }

    pub(super) fn int(&mut self) -> String {
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
    pub(super) fn element(&mut self) -> Option<String> {
        let slices = self.slices(false);
        let slice = self.pick(&slices)?;
        let index = self.int();
        self.note("element");
        Some(format!("{slice}[{index} % {slice}.len()]"))
    }

    /// A float expression.
    pub(super) fn float(&mut self, depth: usize) -> String {
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

    pub(super) fn closure_call(&mut self, d: usize) -> String {
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

    /// A call of another program with a float as its result.
    pub(super) fn call(&mut self, d: usize) -> String {
        let known = [self.family.of(Kind::Scalar), self.family.of(Kind::Term)].concat();
        let slices = self.slices(false);
        let (Some(of), Some(slice)) = (self.pick(&known), self.pick(&slices)) else {
            return self.float(d);
        };
        if self.kind == Kind::Term || of.params.len() > 4 {
            return self.float(d);
        }
        self.note("call");
        let slice =
            if ["x", "z", "o"].contains(&slice.as_str()) { slice } else { format!("&{slice}") };
        let (a, b) = (self.float(d), self.float(d));
        let n = self.rng.random_range(0..3);
        let (name, a, b) = (&of.name, bracketed(&a), bracketed(&b));
        let call = format!("{name}({a}.tanh(), {b}.tanh(), {slice}, {n}).tanh()");
        self.taped &= of.taped;
        self.calls.insert(of.name);
        call
    }

    pub(super) fn iterator(&mut self, d: usize) -> String {
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

    pub(super) fn condition(&mut self) -> String {
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
    pub(super) fn bounded(&mut self, depth: usize) -> String {
        let expr = self.float(depth);
        match self.rng.random_range(0..3) {
            0 => format!("{}.sin()", bracketed(&expr)),
            1 => format!("{}.tanh()", bracketed(&expr)),
            _ => format!("0.5 * {}.cos()", bracketed(&expr)),
        }
    }
}

/// An expression that a method can be called on.
pub(super) fn bracketed(expr: &str) -> String {
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
