//! `DERIVATION`: the forward equations and the derived ones, as mathematics writes them.

use crate::driver::Version;
use crate::ir::print::{Names, axis_name, literal_text};
use crate::ir::{Index, Kind, Op, Operand, Program, Stmt, ValueId, identity};
use crate::nest::Nest;
use crate::primitives;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write;

/// Longer expressions get a line of their own.
const WIDTH: usize = 48;

/// The equations of a version of a derivative, and what it stores.
pub fn explain(version: &Version) -> String {
    let program = &version.program;
    let mut writer = Writer::new(program);
    let mut out = String::new();
    let inputs = program.params.iter().filter(|&&id| program.value(id).name != "cotangent");
    let params: Vec<String> = inputs.map(|&id| writer.names.value(id).to_string()).collect();
    let forward = writer.equations(&program.results.clone());
    let results: Vec<String> = program.results.iter().map(|&id| writer.whole(id)).collect();
    let _ = writeln!(out, "{}({}) = {}", program.name, params.join(", "), results.join(", "));
    out.push_str(&forward);
    let grads: Vec<ValueId> = program.grads.iter().filter_map(|&(_, grad)| grad).collect();
    let reverse = writer.equations(&grads);
    if !reverse.is_empty() {
        out.push('\n');
        out.push_str(&reverse);
    }
    for &(param, grad) in &program.grads {
        let rank = program.rank(param);
        let name = bar(&writer.names.element(param, &identity(rank)), writer.names.value(param));
        let text = grad.map_or("0".to_string(), |grad| writer.whole(grad));
        let _ = writeln!(out, "{name} = {text}");
    }
    let _ = write!(out, "\nstores {}", stored(program, &version.nest, &writer.names));
    if let Some(small) = &version.small {
        let _ = write!(out, "; of small matrices {}", stored(program, small, &writer.names));
    }
    out.push('\n');
    out
}

/// The buffers, by their extents and elements.
fn stored(program: &Program, nest: &Nest, names: &Names) -> String {
    let buffers: Vec<String> = (nest.buffers())
        .map(|(id, axes)| {
            let dims = axes.iter().map(|&axis| names.dim(program.shape(id)[axis]));
            format!("{} {}", dims.collect::<Vec<_>>().join(" "), program.value(id).elem)
        })
        .collect();
    if buffers.is_empty() { "nothing".to_string() } else { buffers.join(", ") }
}

/// Whether a statement adds a value to itself.
fn is_doubled(stmt: &Stmt) -> bool {
    matches!(&stmt.kind, Kind::Map { op: Op::Prim(row), args } if row.name == "add" && args[0] == args[1])
}

/// `w[i]` as `w̄[i]`.
fn bar(text: &str, name: &str) -> String {
    let rest = text.strip_prefix(name).unwrap_or_default();
    format!("{name}\u{304}{rest}")
}

struct Writer<'p> {
    program: &'p Program,
    names: Names,
    statement: HashMap<ValueId, &'p Stmt>,
    uses: HashMap<ValueId, usize>,
    /// The values that have a line of their own.
    lines: HashSet<ValueId>,
    written: HashSet<ValueId>,
}

impl<'p> Writer<'p> {
    fn new(program: &'p Program) -> Self {
        let mut uses: HashMap<ValueId, usize> = HashMap::new();
        for stmt in &program.body {
            let mut read: Vec<&Operand> = Vec::new();
            for operand in stmt.operands() {
                // `e + e` is written `2·e`.
                if is_doubled(stmt) && read.contains(&operand) {
                    continue;
                }
                read.push(operand);
                *uses.entry(operand.value).or_default() += 1;
            }
        }
        let statement = program.body.iter().map(|stmt| (stmt.dst, stmt)).collect();
        let names = Names::with_bars(program);
        let (lines, written) = (HashSet::new(), HashSet::new());
        let mut writer = Writer { program, names, statement, uses, lines, written };
        for stmt in &program.body {
            if writer.deserves_line(stmt.dst) {
                writer.lines.insert(stmt.dst);
            }
        }
        writer
    }

    /// The lines for all values that the outputs need and that deserve a line.
    fn equations(&mut self, outputs: &[ValueId]) -> String {
        let mut needed: BTreeSet<ValueId> = BTreeSet::new();
        let mut open = outputs.to_vec();
        while let Some(id) = open.pop() {
            let Some(stmt) = self.statement.get(&id) else {
                continue;
            };
            if needed.contains(&id) || self.written.contains(&id) {
                continue;
            }
            needed.insert(id);
            open.extend(stmt.operands().map(|operand| operand.value));
        }
        let mut out = String::new();
        for id in needed {
            if self.has_line(id) {
                let rank = self.program.rank(id);
                let left = self.names.element(id, &identity(rank));
                let right = self.definition(id, &identity(rank), 0);
                let _ = writeln!(out, "  {left} = {right}");
                self.written.insert(id);
            }
        }
        out
    }

    /// Whether a value is named on a line of its own rather than written out where it is used:
    /// if it is used twice, or long. Asked in order, so that what it reads is decided.
    fn deserves_line(&self, id: ValueId) -> bool {
        match self.statement.get(&id).map(|stmt| &stmt.kind) {
            None => false,
            Some(Kind::Map { op: Op::Const(_) | Op::Size(_) | Op::Copy | Op::Cast, .. }) => false,
            Some(Kind::Sum { terms }) if terms.len() > 1 => true,
            _ => {
                let uses = self.uses.get(&id).copied().unwrap_or(0);
                let whole = identity(self.program.rank(id));
                uses > 1 || self.definition(id, &whole, 0).chars().count() > WIDTH
            }
        }
    }

    fn has_line(&self, id: ValueId) -> bool {
        self.lines.contains(&id)
    }

    fn whole(&self, id: ValueId) -> String {
        self.element(id, &identity(self.program.rank(id)), 0)
    }

    /// A value at an index: its name, or what it is made of.
    fn element(&self, id: ValueId, at: &[Index], level: u8) -> String {
        let is_leaf = !self.statement.contains_key(&id);
        if is_leaf || self.has_line(id) {
            return self.names.element(id, at);
        }
        self.definition(id, at, level)
    }

    fn operand(&self, operand: &Operand, at: &[Index], level: u8) -> String {
        match crate::ir::compose(&operand.at, at) {
            Some(at) => self.element(operand.value, &at, level),
            None => self.names.element(operand.value, &operand.at),
        }
    }

    /// The right side of a value's equation, its axes called by `at`.
    ///
    /// `level` is how tightly the surroundings bind: 0 none, 1 a sum, 2 a product, 3 a power.
    fn definition(&self, id: ValueId, at: &[Index], level: u8) -> String {
        let Some(stmt) = self.statement.get(&id) else {
            return self.names.element(id, at);
        };
        let (text, own) = match &stmt.kind {
            Kind::Sum { terms } => {
                let terms: Vec<String> =
                    terms.iter().map(|term| self.term("Σ", term, at)).collect();
                (terms.join(" + "), 0)
            }
            Kind::Max { term } => (self.term("max", term, at), 0),
            Kind::Map { op, args } => match op {
                Op::Const(literal) => (literal_text(literal), 4),
                Op::Size(dim) => (self.names.dim(*dim).to_string(), 4),
                Op::Copy | Op::Cast => return self.operand(&args[0], at, level),
                Op::Foreign(k) => (self.program.foreign[*k].source.to_string(), 4),
                Op::Prim(row) if **row == primitives::ENTER => {
                    return self.operand(&args[1], at, level);
                }
                Op::Prim(_) if is_doubled(stmt) => {
                    (format!("2·{}", self.operand(&args[0], at, 2)), 2)
                }
                Op::Prim(row) => {
                    let own = match row.name {
                        "add" | "sub" | "neg" => 1,
                        "mul" | "div" => 2,
                        _ => 4,
                    };
                    let mut text = row.notation.to_string();
                    for (k, arg) in args.iter().enumerate() {
                        // The right side of a difference or quotient binds tighter.
                        let tighter =
                            row.name == "neg" || k == 1 && matches!(row.name, "sub" | "div");
                        let quotient = row.name == "mul" && self.is_quotient(arg.value);
                        let inner = match own {
                            // A power binds tighter than all else, a function's argument is free.
                            4 if row.name.starts_with("pow") => 4,
                            4 => 0,
                            own => own + u8::from(tighter || quotient),
                        };
                        text = text.replace(&format!("{{{k}}}"), &self.operand(arg, at, inner));
                    }
                    (text, own)
                }
            },
        };
        if own < level { format!("({text})") } else { text }
    }

    /// Whether a value is a quotient: `(1 / n)·e` keeps its parentheses.
    fn is_quotient(&self, id: ValueId) -> bool {
        matches!(
            self.statement.get(&id).map(|stmt| &stmt.kind),
            Some(Kind::Map { op: Op::Prim(row), .. }) if row.name == "div"
        )
    }

    /// One term of a sum, its free axes called as the sum's own.
    fn term(&self, sign: &str, term: &crate::ir::Term, at: &[Index]) -> String {
        let mut rename: Vec<Option<Index>> = vec![None; term.space.len()];
        for (index, outer) in term.at.iter().zip(at) {
            if let Index::Axis(axis) = index {
                rename[*axis as usize].get_or_insert(*outer);
            }
        }
        let mut used: Vec<u8> = at.iter().filter_map(|index| index.axis()).collect();
        let mut summed = Vec::new();
        let names: Vec<Index> = rename
            .into_iter()
            .map(|index| {
                index.unwrap_or_else(|| {
                    let free = (0..u8::MAX).find(|axis| !used.contains(axis)).unwrap_or(0);
                    used.push(free);
                    summed.push(axis_name(free));
                    Index::Axis(free)
                })
            })
            .collect();
        let body = self.operand(&term.arg, &names, 2);
        if summed.is_empty() { body } else { format!("{sign}_{} {body}", summed.join("")) }
    }
}
