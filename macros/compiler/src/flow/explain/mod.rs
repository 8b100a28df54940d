//! `DERIVATION` of scalar code: the forward statements and the derived ones, as mathematics writes
//! them; what is used once is written where it is used.

mod code;
mod given;
mod uses;

use super::ir::{
    Adjoint, Block, CallOut, Code, Grad, Init, Kind, Loop, Mode, Out, Over, ParamIs, Pass, Place,
    Program, Proj, Pulled, Source, Stmt, Tree, V,
};
use crate::hash::{HashMap, HashSet};
use crate::ir::print::literal_text;
use crate::primitives::Prim;
use code::{called, plain};
use std::fmt::Write;
use uses::Uses;

pub use given::given;

/// Longer expressions get a line of their own.
const WIDTH: usize = 56;

/// The equations of a function, those of its reverse sweep, and what that stores.
pub fn explain(adjoint: &Adjoint, params: &[String]) -> String {
    let program = &adjoint.program;
    let mut writer = Writer::new(program, adjoint);
    for (name, param) in params.iter().zip(&program.params) {
        match param {
            ParamIs::Value(v) => writer.call(*v, name),
            ParamIs::Mem(m) => {
                writer.taken.insert(name.clone());
                writer.mems.insert(m.0, name.clone());
            }
        }
    }
    for (name, grad) in params.iter().zip(&adjoint.grads) {
        if let Grad::Mem(m) = grad {
            writer.taken.insert(bar(name));
            writer.mems.insert(m.0, bar(name));
        }
    }
    writer.seeds(&adjoint.seed);
    let result = program.result.clone().unwrap_or(Tree::Unit);
    writer.block(&program.body, 1);
    let body = std::mem::take(&mut writer.out);
    let mut out = String::new();
    let _ = writeln!(out, "{}({}) = {}", program.name, params.join(", "), writer.tree(&result));
    out.push_str(&body);
    for ((name, grad), param) in params.iter().zip(&adjoint.grads).zip(&program.params) {
        if let (Grad::Value(ct), ParamIs::Value(_)) = (grad, param) {
            let (text, name) = (ct.map_or("0".to_string(), |ct| writer.operand(ct, 0)), bar(name));
            if text != name {
                let _ = writeln!(out, "{name} = {text}");
            }
        }
    }
    let stores = match adjoint.stores.is_empty() {
        true => "nothing".to_string(),
        false => adjoint.stores.join("; "),
    };
    let _ = writeln!(out, "\nstores {stores}");
    out
}

fn is_short(text: &str) -> bool {
    text.len() <= WIDTH || text.chars().count() <= WIDTH
}

fn bar(name: &str) -> String {
    format!("{name}\u{304}")
}

struct Writer<'p> {
    program: &'p Program,
    /// What is written for a value: its name, or what it is made of and how tightly that binds.
    texts: Vec<Option<(String, u8)>>,
    mems: HashMap<u32, String>,
    uses: Uses,
    taken: HashSet<String>,
    /// How often a name was asked for.
    asked: HashMap<String, usize>,
    /// What mathematics writes as operators and functions, and what it has no name for: no names
    /// for values.
    operations: HashSet<&'static str>,
    temporaries: usize,
    out: String,
}

impl<'p> Writer<'p> {
    fn new(program: &'p Program, adjoint: &Adjoint) -> Self {
        Writer {
            program,
            texts: vec![None; program.values.len()],
            mems: HashMap::default(),
            uses: Uses::of(adjoint),
            taken: HashSet::default(),
            asked: HashMap::default(),
            operations: (crate::primitives::TABLE.iter().map(|row| row.name))
                .chain(["ct", "seed", "cast", "load"])
                .collect(),
            temporaries: 0,
            out: String::new(),
        }
    }

    fn seeds(&mut self, seed: &Tree) {
        match seed {
            Tree::Value(v) => {
                self.put(*v, "1".to_string(), 4);
            }
            Tree::Place(place) | Tree::Array(place, _) => {
                self.mems.insert(place.mem.0, "cotangent".to_string());
            }
            Tree::Tuple(parts) => parts.iter().for_each(|part| self.seeds(part)),
            Tree::Success(inner) => self.seeds(inner),
            Tree::Unit => {}
        }
    }

    // Names.

    fn call(&mut self, v: V, name: &str) {
        self.taken.insert(name.to_string());
        self.put(v, name.to_string(), 4);
    }

    /// What is written for a value from here on.
    fn put(&mut self, v: V, text: String, own: u8) {
        self.texts[v.0 as usize] = Some((text, own));
    }

    fn text(&self, v: V) -> Option<&(String, u8)> {
        self.texts[v.0 as usize].as_ref()
    }

    fn name(&mut self, v: V) -> String {
        let of = &self.program.of(v).name;
        let name = match of.strip_prefix("d_") {
            Some(of) => self.untaken(&bar(of)),
            None if of.is_empty() || self.operations.contains(of.as_str()) => {
                self.temporaries += 1;
                let name = format!("t{}", self.temporaries);
                self.taken.insert(name.clone());
                name
            }
            None => self.untaken(of),
        };
        self.put(v, name.clone(), 4);
        name
    }

    /// The name, with a number if others have it.
    fn untaken(&mut self, plain: &str) -> String {
        let asked = match self.asked.get_mut(plain) {
            Some(asked) => asked,
            None => self.asked.entry(plain.to_string()).or_default(),
        };
        loop {
            *asked += 1;
            let name = match *asked {
                1 => plain.to_string(),
                number => format!("{plain}{number}"),
            };
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn mem(&mut self, m: super::ir::MemId) -> String {
        if let Some(name) = self.mems.get(&m.0) {
            return name.clone();
        }
        let mem = self.program.at(m);
        let plain = match mem.shadows {
            Some(of) => {
                let of = self.mem(of);
                bar(&of)
            }
            None => mem.name.clone(),
        };
        let name = self.untaken(&plain);
        self.mems.insert(m.0, name.clone());
        name
    }

    fn place(&mut self, place: &Place) -> String {
        let mut text = self.mem(place.mem);
        for proj in &place.proj {
            match proj {
                Proj::Field(name) => {
                    let _ = write!(text, ".{name}");
                }
                Proj::Index(at) => {
                    let at = self.operand(*at, 0);
                    let _ = write!(text, "[{at}]");
                }
                Proj::Range(from, to) => {
                    let from = self.operand(*from, 0);
                    let to = to.map(|to| self.operand(to, 0)).unwrap_or_default();
                    let _ = write!(text, "[{from}..{to}]");
                }
            }
        }
        text
    }

    /// A value where something binds with the strength `level`: 0 nothing, 1 a sum, 2 a product.
    fn operand(&mut self, v: V, level: u8) -> String {
        match self.text(v) {
            Some((text, own)) if *own < level => format!("({text})"),
            Some((text, _)) => text.clone(),
            None => self.name(v),
        }
    }

    fn tree(&mut self, tree: &Tree) -> String {
        match tree {
            Tree::Unit => "()".to_string(),
            Tree::Value(v) => self.operand(*v, 0),
            Tree::Place(place) | Tree::Array(place, _) => self.place(place),
            Tree::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.tree(part)).collect();
                format!("({})", parts.join(", "))
            }
            Tree::Success(inner) => self.tree(inner),
        }
    }

    // Statements.

    fn line(&mut self, depth: usize, text: &str) {
        (0..depth).for_each(|_| self.out.push_str("  "));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn equation(&mut self, depth: usize, name: &str, text: &str) {
        (0..depth).for_each(|_| self.out.push_str("  "));
        for part in [name, " = ", text, "\n"] {
            self.out.push_str(part);
        }
    }

    fn define(&mut self, v: V, text: String, own: u8, depth: usize) {
        let uses = self.uses.count(v);
        if uses == 0 {
            return;
        }
        if uses == 1 && !self.uses.is_shared(v) && is_short(&text) || own == 4 {
            self.put(v, text, own);
            return;
        }
        let name = self.name(v);
        self.equation(depth, &name, &text);
    }

    fn block(&mut self, block: &Block, depth: usize) {
        for stmt in &block.stmts {
            self.statement(stmt, depth);
        }
    }

    fn statement(&mut self, stmt: &Stmt, depth: usize) {
        match &stmt.kind {
            Kind::Const(v, literal) => {
                self.put(*v, literal_text(literal), 4);
            }
            Kind::Prim(out, row, args) => {
                let (text, own) = self.primitive(row, args);
                self.define(*out, text, own, depth);
            }
            Kind::Cast(out, arg) => {
                let text = self.operand(*arg, 4);
                self.define(*out, text, 4, depth);
            }
            Kind::Pass(out, pass, args) => {
                let (text, own) = self.pass(pass, args);
                self.define(*out, text, own, depth);
            }
            Kind::Load(out, place) => {
                let text = self.place(place);
                let shadow = self.program.at(place.mem).shadows.is_some();
                if shadow {
                    let name = self.name(*out);
                    self.equation(depth, &name, &text);
                } else {
                    self.define(*out, text, 4, depth);
                }
            }
            Kind::Opaque { out: Some(out), code: Code { part: Some(text), binds, .. }, .. } => {
                let text = self.with_values(text.to_string(), binds);
                self.define(*out, text, 4, depth);
            }
            Kind::Opaque { out: Some(out), code, .. } => {
                let text = self.code_text(code);
                let name = self.name(*out);
                self.equation(depth, &name, &text);
            }
            Kind::Opaque { out: None, code, .. } | Kind::Diverge(code) => {
                let text = self.code_text(code);
                self.line(depth, &text);
            }
            Kind::Store(place, v, mode) => {
                let symbol = match mode {
                    Mode::Set => "=",
                    Mode::Add => "+=",
                    Mode::Sub => "-=",
                };
                let (place, value) = (self.place(place), self.operand(*v, 0));
                self.line(depth, &format!("{place} {symbol} {value}"));
            }
            Kind::Alloc(mem, init) => {
                let text = self.init(init);
                let name = self.mem(*mem);
                self.equation(depth, &name, &text);
            }
            Kind::Assign { to, from, .. } => {
                let (to, from) = (self.place(to), self.place(from));
                self.line(depth, &format!("{to} = {from}"));
            }
            Kind::Push(place, source) => {
                let (place, what) = (self.place(place), self.source(source));
                self.line(depth, &format!("push {what} on {place}"));
            }
            Kind::Pop(v, place) => {
                let (name, place) = (self.name(*v), self.place(place));
                self.line(depth, &format!("{name} = pop {place}"));
            }
            Kind::DropLast(place) => {
                let place = self.place(place);
                self.line(depth, &format!("pop {place}"));
            }
            Kind::Entry(list, row, column, v) => {
                let (list, value) = (self.place(&Place::whole(*list)), self.operand(*v, 0));
                let (row, column) = (self.operand(*row, 0), self.operand(*column, 0));
                self.line(depth, &format!("{list}[{row}, {column}] += {value}"));
            }
            Kind::Fill(place, v) => {
                let (place, value) = (self.place(place), self.operand(*v, 0));
                self.line(depth, &format!("{place}[..] = {value}"));
            }
            Kind::AddAll(to, from) => {
                let (to, from) = (self.place(to), self.place(from));
                self.line(depth, &format!("{to} += {from}"));
            }
            Kind::SumAll(v, place) => {
                let (name, place) = (self.name(*v), self.place(place));
                self.line(depth, &format!("{name} = Σ {place}"));
            }
            Kind::Swap(a, b) => {
                let (a, b) = (self.place(a), self.place(b));
                self.line(depth, &format!("swap {a}, {b}"));
            }
            Kind::If { cond, then, other, outs } => {
                let cond = self.operand(*cond, 0);
                self.line(depth, &format!("if {cond}:"));
                // What one branch alone knows keeps its name behind the conditional.
                let (both, one): (Vec<&Out>, Vec<&Out>) =
                    outs.iter().partition(|out| out.then.is_some() && out.other.is_some());
                let names: Vec<String> = both.iter().map(|out| self.name(out.value)).collect();
                for (k, arm) in [then, other].into_iter().enumerate() {
                    let before = self.out.len();
                    self.block(arm, depth + 1);
                    for out in &one {
                        if let Some(v) = if k == 0 { out.then } else { out.other } {
                            let (text, own) = self.itself(v);
                            self.put(out.value, text, own);
                        }
                    }
                    for (out, name) in both.iter().zip(&names) {
                        if let Some(v) = if k == 0 { out.then } else { out.other } {
                            let text = self.operand(v, 0);
                            self.equation(depth + 1, name, &text);
                        }
                    }
                    if k == 1 && self.out.len() > before {
                        let head = format!("{}else:\n", "  ".repeat(depth));
                        self.out.insert_str(before, &head);
                    }
                }
            }
            Kind::Loop(lp) => self.repeat(lp, depth),
            Kind::Call(call) => {
                let args: Vec<String> =
                    call.args.iter().map(|arg| self.source(&arg.source)).collect();
                let out = match call.out {
                    CallOut::Unit => String::new(),
                    CallOut::Value(v) => self.name(v) + " = ",
                    CallOut::Mem(mem) => self.mem(mem) + " = ",
                };
                self.line(depth, &(out + &called(&call.value, call.method, args, String::new())));
            }
            Kind::Pull { call, ct, outs, .. } => {
                let args: Vec<String> =
                    call.args.iter().map(|arg| self.source(&arg.source)).collect();
                let ct = ct.as_ref().map(|ct| format!("; {}", self.source(ct)));
                let outs: Vec<String> = (outs.iter())
                    .map(|out| match out {
                        Pulled::Not => "_".to_string(),
                        Pulled::Value(v) => self.name(*v),
                        Pulled::Into(place) => format!("+{}", self.place(place)),
                        Pulled::Through(place) => self.place(place),
                    })
                    .collect();
                let of = called(&call.vjp, call.method, args, ct.unwrap_or_default());
                self.line(depth, &format!("({}) = {of}", outs.join(", ")));
            }
            Kind::Fail(code) => {
                let text = self.code_text(code);
                self.line(depth, &format!("return {text}"));
            }
            Kind::Declare(..) => {}
            Kind::Keep(_, values, mems) => {
                let mut names: Vec<String> = values.iter().map(|v| self.operand(*v, 0)).collect();
                names.extend(mems.iter().map(|m| self.mem(*m)).collect::<Vec<_>>());
                self.line(depth, &format!("keep {}", names.join(", ")));
            }
            Kind::Recall(_, values, mems) => {
                let mut names: Vec<String> = values.iter().map(|v| self.name(*v)).collect();
                names.extend(mems.iter().map(|m| self.mem(*m)).collect::<Vec<_>>());
                self.line(depth, &format!("recall {}", names.join(", ")));
            }
            Kind::Save(_, place) | Kind::Restore(_, place) => {
                let what = if matches!(stmt.kind, Kind::Save(..)) { "keep" } else { "recall" };
                let place = self.place(place);
                self.line(depth, &format!("{what} {place}"));
            }
        }
    }

    fn repeat(&mut self, lp: &Loop, depth: usize) {
        for carried in &lp.carried {
            let name = self.name(carried.param);
            let init = self.operand(carried.init, 0);
            self.line(depth, &format!("{name} = {init}"));
            self.put(carried.out, name, 4);
        }
        let head = match &lp.over {
            Over::Range { var, lo, hi, reversed } => {
                let name = self.name(*var);
                let (lo, hi) = (self.operand(*lo, 0), self.operand(*hi, 0));
                let order = if *reversed { " reversed" } else { "" };
                format!("for {name} in {lo}..{hi}{order}:")
            }
            Over::Forever => "repeat:".to_string(),
        };
        self.line(depth, &head);
        self.block(&lp.body, depth + 1);
        let handed: Vec<(String, String)> = (lp.carried.iter())
            .map(|carried| (self.operand(carried.param, 0), self.operand(carried.next, 0)))
            .filter(|(name, next)| name != next)
            .collect();
        // All at once where one reads what another has been assigned before.
        let crossed = (1..handed.len()).any(|k| {
            let (_, next) = &handed[k];
            let mut words = next.split(|c: char| !(c.is_alphanumeric() || "_\u{304}".contains(c)));
            words.any(|word| handed[..k].iter().any(|(name, _)| name == word))
        });
        match crossed {
            true => {
                let (names, next): (Vec<String>, Vec<String>) = handed.into_iter().unzip();
                self.line(depth + 1, &format!("{} = {}", names.join(", "), next.join(", ")));
            }
            false => {
                for (name, next) in handed {
                    self.equation(depth + 1, &name, &next);
                }
            }
        }
        if let Some(exit) = lp.exit {
            let exit = self.operand(exit, 0);
            self.line(depth + 1, &format!("until {exit}"));
        }
    }

    fn primitive(&mut self, row: Prim, args: &[V]) -> (String, u8) {
        match (row.name, args) {
            ("mul", [a, b]) => {
                for (one, other) in [(a, b), (b, a)] {
                    if self.number(*one) == Some(1.0) {
                        return self.itself(*other);
                    }
                }
            }
            // Zero passes on zero: of a number it is known whether it is that.
            ("guard", [ct, value]) if self.number(*ct).is_some_and(|ct| ct != 0.0) => {
                return self.itself(*value);
            }
            ("powi_partial", [x, n]) => {
                if let Some(n) = self.number(*n)
                    && n > 1.0
                {
                    let (x, n) = (self.operand(*x, 4), n as i64);
                    return match n {
                        2 => (format!("2·{x}"), 2),
                        n => (format!("{n}·{x}^{}", n - 1), 2),
                    };
                }
            }
            _ => {}
        }
        let own = match row.name {
            "add" | "sub" | "neg" => 1,
            "mul" | "div" | "guard" => 2,
            _ => 3,
        };
        let operands: Vec<String> = (args.iter().enumerate())
            .map(|(k, arg)| {
                let tighter = row.name == "neg" || k == 1 && matches!(row.name, "sub" | "div");
                let level = match own {
                    _ if row.name == "guard" && k == 0 => 0,
                    3 if row.name.starts_with("pow") => 4,
                    3 => 0,
                    own => own + u8::from(tighter),
                };
                self.operand(*arg, level)
            })
            .collect();
        let mut parts = row.notation.split('{');
        let mut text = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let number = part.as_bytes().first().map_or(0, |digit| usize::from(digit - b'0'));
            let operand = operands.get(number).map_or("", String::as_str);
            match (row.name, operand.strip_prefix('-')) {
                ("add", Some(negated)) if number == 1 => {
                    text.truncate(text.len() - "+ ".len());
                    text.push_str("- ");
                    text.push_str(negated);
                }
                _ => text.push_str(operand),
            }
            text.push_str(part.get(2..).unwrap_or_default());
        }
        (text, own)
    }

    /// A value as it stands, and how tightly it binds.
    fn itself(&mut self, v: V) -> (String, u8) {
        let text = self.operand(v, 0);
        (text, self.text(v).map_or(4, |(_, own)| *own))
    }

    /// The number that is written for a value.
    fn number(&self, v: V) -> Option<f64> {
        let (text, own) = self.text(v)?;
        let is_number = *own == 4 && !text.chars().next()?.is_alphabetic();
        is_number.then(|| text.parse().ok())?
    }

    fn pass(&mut self, pass: &Pass, args: &[V]) -> (String, u8) {
        match pass {
            Pass::Binary(symbol) => {
                let level = if matches!(*symbol, "*" | "/" | "%") { 2 } else { 1 };
                let (a, b) = (self.operand(args[0], level), self.operand(args[1], level + 1));
                (format!("{a} {symbol} {b}"), level)
            }
            Pass::Unary(symbol) => (format!("{symbol}{}", self.operand(args[0], 3)), 3),
            Pass::Cast(_) => (self.operand(args[0], 4), 4),
            Pass::Method(name) => {
                let args: Vec<String> = args.iter().map(|v| self.operand(*v, 0)).collect();
                (format!("{name}({})", args.join(", ")), 3)
            }
            Pass::Successor => (format!("{} + 1", self.operand(args[0], 1)), 1),
            Pass::AddScaled => {
                let (sum, term) = (self.operand(args[0], 1), self.operand(args[1], 2));
                (format!("{sum} + {term}·2⁻²⁵⁶"), 1)
            }
            Pass::Len(place) => (format!("len({})", self.place(place)), 3),
            Pass::Path(path) => (plain(path), 4),
        }
    }

    fn source(&mut self, source: &Source) -> String {
        match source {
            Source::Value(v) => self.operand(*v, 0),
            Source::Place(place) => self.place(place),
        }
    }

    fn init(&mut self, init: &Init) -> String {
        let times = |this: &mut Self, what: String, len: &Option<V>| match len {
            Some(len) => format!("[{what}; {}]", this.operand(*len, 0)),
            None => format!("[{what}; …]"),
        };
        match init {
            Init::Filled(v, len) => {
                let what = self.operand(*v, 0);
                times(self, what, len)
            }
            Init::FilledWith(place, len) => {
                let what = self.place(place);
                times(self, what, len)
            }
            Init::List(values) => {
                let parts: Vec<String> = values.iter().map(|v| self.operand(*v, 0)).collect();
                format!("[{}]", parts.join(", "))
            }
            Init::ListOf(places) => {
                let parts: Vec<String> = places.iter().map(|place| self.place(place)).collect();
                format!("[{}]", parts.join(", "))
            }
            Init::Empty(_) => "[]".to_string(),
            Init::Copy(place) | Init::Move(place) => self.place(place),
            Init::ZerosLike(_) => "0".to_string(),
            Init::Lent(v) => self.operand(*v, 0),
            Init::Unset => "…".to_string(),
            Init::Fields(fields) => {
                let parts: Vec<String> =
                    fields.iter().map(|(name, s)| format!("{name}: {}", self.source(s))).collect();
                format!("{{ {} }}", parts.join(", "))
            }
        }
    }
}
