//! Random programs: statements, branches, loops, arrays, early exits, calls of each other.
//!
//! All values stay of moderate size (what is assigned goes through a bounded function), every index
//! is taken modulo a length, and every loop ends, so that a program runs without a panic.

use super::signature::{Gives, Param, Passed, Takes, result_type};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A program.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its source, without the attribute.
    pub source: String,
    /// What it is.
    pub kind: Kind,
    /// What it takes.
    pub params: Vec<Param>,
    /// What it returns.
    pub result: Vec<Gives>,
    /// Whether the tape can run it.
    pub taped: bool,
    /// The programs that it calls.
    pub calls: BTreeSet<String>,
    /// The programs whose gradients it takes.
    pub gradients: BTreeSet<String>,
    /// Which constructs it uses, and how often.
    pub constructs: BTreeMap<&'static str, usize>,
}

/// What a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Scalar code with a float as its result.
    Scalar,
    /// A short one, whose gradient others may take.
    Term,
    /// Scalar code with several results.
    Several,
    /// The weighted sum of the results of another program.
    Weighted,
    /// Arrays of `ndarray`, without loops and branches.
    StraightArrays,
    /// Arrays of `ndarray`.
    Arrays,
}

impl Kind {
    /// Whether it is of arrays of `ndarray`.
    #[must_use]
    pub fn is_of_arrays(self) -> bool {
        matches!(self, Kind::StraightArrays | Kind::Arrays)
    }
}

/// How many programs of a kind may be called.
const FAMILY: usize = 3;

/// The programs that others may call.
#[derive(Clone, Debug, Default)]
pub struct Family(Vec<Program>);

impl Family {
    /// Takes a program in, if it may be called.
    pub fn add(&mut self, program: &Program) {
        // Programs that call no other are called, so that chains stay short.
        // Those that name a struct are not inlined, and have first derivatives only.
        let has_struct = program.source.contains("Body");
        if !program.calls.is_empty() || !program.gradients.is_empty() || has_struct {
            return;
        }
        self.0.push(program.clone());
        let of_kind = self.0.iter().filter(|other| other.kind == program.kind).count();
        if of_kind > FAMILY
            && let Some(oldest) = self.0.iter().position(|other| other.kind == program.kind)
        {
            self.0.remove(oldest);
        }
    }

    /// The programs of a kind.
    pub(super) fn of(&self, kind: Kind) -> Vec<Program> {
        self.0.iter().filter(|program| program.kind == kind).cloned().collect()
    }
}

/// Writes the program of this number.
///
/// The same seed, number and family give the same program.
#[must_use]
pub fn program(seed: u64, number: u64, family: &Family) -> Program {
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
        family: family.clone(),
        kind: Kind::Scalar,
        result: vec![Gives::Float],
        has_body: false,
        taped: true,
        calls: BTreeSet::new(),
        gradients: BTreeSet::new(),
        constructs: BTreeMap::new(),
    };
    writer.kind = match writer.rng.random_range(0..100) {
        0..=24 => Kind::Scalar,
        25..=34 => Kind::Term,
        35..=54 => Kind::Several,
        55..=59 => Kind::Weighted,
        60..=74 => Kind::StraightArrays,
        _ => Kind::Arrays,
    };
    let name = format!("p{number}");
    let params = match writer.kind {
        Kind::Weighted => match writer.weighted() {
            Some(params) => params,
            None => {
                writer.kind = Kind::Several;
                writer.scalar_code()
            }
        },
        Kind::StraightArrays | Kind::Arrays => writer.array_code(),
        _ => writer.scalar_code(),
    };
    let listed: Vec<String> = params
        .iter()
        .map(|param| {
            let by_value = matches!(param.takes, Takes::Array(_, Passed::ByValue));
            let mutable = if by_value && writer.chance(20) { "mut " } else { "" };
            format!("{mutable}{}: {}", param.name, param.ty())
        })
        .collect();
    let source = format!(
        "fn {name}({}) -> {} {{\n{}}}\n",
        listed.join(", "),
        result_type(&writer.result),
        writer.out
    );
    Program {
        name,
        source,
        kind: writer.kind,
        params,
        result: writer.result,
        taped: writer.taped,
        calls: writer.calls,
        gradients: writer.gradients,
        constructs: writer.constructs,
    }
}

/// The variables that a block declares; of each whether it may be changed.
#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) floats: Vec<(String, bool)>,
    pub(super) slices: Vec<(String, bool)>,
    pub(super) ints: Vec<String>,
    pub(super) pairs: Vec<String>,
    pub(super) arrays: Vec<super::arrays::Variable>,
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
    pub(super) family: Family,
    pub(super) kind: Kind,
    pub(super) result: Vec<Gives>,
    /// Whether there is a parameter `body`.
    pub(super) has_body: bool,
    pub(super) taped: bool,
    pub(super) calls: BTreeSet<String>,
    pub(super) gradients: BTreeSet<String>,
    pub(super) constructs: BTreeMap<&'static str, usize>,
}

impl Writer {
    /// The body of a program of scalar code; its parameters.
    fn scalar_code(&mut self) -> Vec<Param> {
        let mut params = vec![
            Param::new("a", Takes::Float),
            Param::new("b", Takes::Float),
            Param::new("x", Takes::Slice),
            Param::new("n", Takes::Count),
        ];
        let scope = &mut self.scopes[0];
        scope.floats = vec![("a".into(), false), ("b".into(), false)];
        scope.slices = vec![("x".into(), false)];
        scope.ints = vec!["n".into()];
        if self.kind == Kind::Several || self.chance(30) {
            self.more_parameters(&mut params);
        }
        if self.kind == Kind::Several {
            self.result = self.several_results();
        }
        let count = match self.kind {
            Kind::Term => {
                self.budget = 5;
                self.rng.random_range(1..4)
            }
            _ => self.rng.random_range(3..9),
        };
        for _ in 0..count {
            self.statement();
        }
        if self.kind == Kind::Scalar && self.chance(25) {
            self.inner_gradient();
        }
        self.use_of_body(&params);
        let result = self.result_value(3);
        self.line(&result);
        params
    }

    /// A struct that a body never uses as data is a constant for the macro, which has to guess by
    /// its name what it is. Here it is data, so that it is known what has a derivative.
    fn use_of_body(&mut self, params: &[Param]) {
        let is_active = |param: &Param| param.takes == Takes::Body && param.is_active();
        if params.iter().any(is_active) && !self.out.contains("body") {
            let name = self.fresh("v");
            self.line(&format!("let {name} = (body.at * body.speed[n % 2]).sin();"));
            self.scope().floats.push((name, false));
        }
    }

    fn more_parameters(&mut self, params: &mut Vec<Param>) {
        let all = [
            ("y", Takes::Three),
            ("z", Takes::Two),
            ("u", Takes::Vector),
            ("p", Takes::Pair),
            ("h", Takes::Rows),
            ("body", Takes::Body),
            ("o", Takes::InOut),
        ];
        for (name, takes) in all {
            // What is changed by a call has no second derivatives.
            let fits = match takes {
                Takes::InOut => self.kind == Kind::Several,
                Takes::Body => self.kind != Kind::Term,
                _ => true,
            };
            if !self.chance(25) || !fits {
                continue;
            }
            self.note("further parameters");
            let scope = &mut self.scopes[0];
            match takes {
                Takes::Pair => scope.pairs.push(name.into()),
                Takes::Rows => {
                    scope.slices.push((format!("{name}[n % 3]"), false));
                    scope.slices.push((format!("{name}[(n + 1) % 3]"), false));
                }
                Takes::Body => {
                    self.note("struct as parameter");
                    self.has_body = true;
                    let scope = self.scope();
                    scope.floats.push((format!("{name}.at"), false));
                    scope.slices.push((format!("{name}.speed"), false));
                    scope.slices.push((format!("{name}.trail"), false));
                }
                Takes::InOut => {
                    self.note("parameter by &mut");
                    self.taped = false;
                    self.scope().slices.push((name.into(), true));
                }
                _ => scope.slices.push((name.into(), false)),
            }
            params.push(Param::new(name, takes));
        }
        if self.chance(30) {
            self.note("wrt of some");
            let at = self.rng.random_range(0..params.len());
            let param = &mut params[at];
            param.fixed = param.takes != Takes::Count && !param.is_in_out();
        }
    }

    fn several_results(&mut self) -> Vec<Gives> {
        let count = self.rng.random_range(1..4);
        let mut parts: Vec<Gives> = (0..count)
            .map(|_| match self.rng.random_range(0..4) {
                0 | 1 => Gives::Float,
                2 => Gives::Fixed(self.rng.random_range(1..4)),
                _ => Gives::Vector,
            })
            .collect();
        if parts == [Gives::Float] {
            parts.push(Gives::Float);
        }
        self.note(if parts.len() > 1 { "tuple as result" } else { "list as result" });
        parts
    }

    /// What a program of scalar code returns.
    pub(super) fn result_value(&mut self, depth: usize) -> String {
        let parts = self.result.clone();
        let values: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Gives::Float => self.float(depth),
                Gives::Fixed(n) => {
                    let parts: Vec<String> = (0..*n).map(|_| self.float(depth - 1)).collect();
                    format!("[{}]", parts.join(", "))
                }
                _ => self.list_value(depth),
            })
            .collect();
        match values.as_slice() {
            [one] => one.clone(),
            _ => format!("({})", values.join(", ")),
        }
    }

    fn list_value(&mut self, depth: usize) -> String {
        let slices = self.slices(false);
        let slice = self.pick(&slices).unwrap_or_else(|| "x".into());
        match self.rng.random_range(0..4) {
            0 => format!("{slice}.to_vec()"),
            1 => format!("vec![{}, {}]", self.float(depth - 1), self.float(1)),
            2 => {
                let floats = self.floats(false);
                let other = self.pick(&floats).unwrap_or_else(|| "a".into());
                format!("{slice}.iter().map(|e| e * {other}).collect::<Vec<f64>>()")
            }
            _ => {
                let value = self.float(1);
                format!(
                    "x.iter().zip({slice}.iter()).map(|(e, g)| e * g + {value}).collect::<Vec<f64>>()"
                )
            }
        }
    }

    /// The weighted sum of the results of another program: its body, and the parameters.
    fn weighted(&mut self) -> Option<Vec<Param>> {
        let mut known = self.family.of(Kind::Several);
        known.retain(|of| of.params.iter().all(|param| !param.is_in_out()));
        let of = self.pick(&known)?;
        self.note("several results used");
        let args: Vec<String> = of.params.iter().map(|param| param.name.clone()).collect();
        self.line(&format!("let r = {}({});", of.name, args.join(", ")));
        let single = of.result.len() == 1;
        let terms: Vec<String> = of
            .result
            .iter()
            .enumerate()
            .map(|(k, part)| {
                let place = if single { "r".to_owned() } else { format!("r.{k}") };
                let weight = format!("0.{}", k * 2 + 3);
                match part {
                    Gives::Float => format!("{place} * {place} * {weight}"),
                    _ => format!(
                        "{place}.iter().enumerate().map(|(k, e)| (e * (k as f64 + {weight})).sin()).sum::<f64>()"
                    ),
                }
            })
            .collect();
        self.line(&terms.join(" + "));
        self.taped = of.taped;
        self.calls.insert(of.name);
        Some(of.params)
    }

    /// The gradient of a term, taken in the program.
    fn inner_gradient(&mut self) {
        let terms = self.family.of(Kind::Term);
        let Some(term) = self.pick(&terms) else { return };
        self.note("gradient of another");
        self.taped = false;
        let with_value = self.chance(30);
        let (mut args, mut names) = (Vec::new(), Vec::new());
        for param in &term.params {
            let name = self.fresh("d");
            args.push(match param.takes {
                Takes::Float => self.bounded(1),
                Takes::Slice => self.pick(&["x", "&x[..1]"].map(String::from)).unwrap_or_default(),
                Takes::Count => self.int(),
                Takes::Three => format!("[{}, {}, 0.3]", self.bounded(1), self.float(0)),
                Takes::Two => format!("&[{}, {}]", self.bounded(1), self.float(0)),
                Takes::Vector => format!("vec![{}, {}]", self.bounded(1), self.float(0)),
                Takes::Pair => format!("({}, {})", self.bounded(1), self.float(0)),
                Takes::Rows => format!("&[[{}, {}]; 3]", self.bounded(1), self.float(0)),
                Takes::Body | Takes::InOut | Takes::Array(..) => return,
            });
            if param.is_active() {
                names.push((name, param.takes.clone()));
            }
        }
        let mut pattern = match names.as_slice() {
            [(one, _)] => one.clone(),
            _ => {
                let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
                format!("({})", names.join(", "))
            }
        };
        let mut derivative = "grad";
        if with_value {
            let value = self.fresh("v");
            pattern = format!("({value}, {pattern})");
            derivative = "value_and_grad";
            self.scope().floats.push((value, false));
        }
        self.line(&format!("let {pattern} = {}::{derivative}({});", term.name, args.join(", ")));
        for (name, takes) in names {
            match takes {
                Takes::Float => self.scope().floats.push((name, false)),
                Takes::Pair => self.scope().pairs.push(name),
                Takes::Rows => self.scope().slices.push((format!("{name}[1]"), false)),
                _ => self.scope().slices.push((name, false)),
            }
        }
        self.gradients.insert(term.name);
        self.statement();
        self.statement();
    }

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
