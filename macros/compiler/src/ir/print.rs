//! The printer: one line a statement, for snapshots, `derivation` and debugging.

use super::{Elem, Index, Kind, Literal, Op, Operand, Program, ValueId};
use std::collections::HashMap;
use std::fmt::Write;

/// Letters for the first axes of a statement.
const AXES: [&str; 6] = ["i", "j", "k", "l", "p", "q"];

/// How the axis of this number is written.
pub fn axis_name(axis: u8) -> String {
    let axis = usize::from(axis);
    AXES.get(axis).map_or_else(|| format!("i{axis}"), |letter| (*letter).to_string())
}

/// Names for people: unique for values, short for dimensions.
pub struct Names {
    values: Vec<String>,
    dims: Vec<String>,
}

impl Names {
    /// As [`Names::of`], as mathematics would write it: cotangents are called by a bar, `ē` for
    /// `ct_e`, and what has no name of its own is called `t1`, `t2` and so on.
    pub fn with_bars(program: &Program) -> Names {
        let mut names = Names::of(program);
        let rows = crate::primitives::TABLE;
        let mut unnamed = 0;
        for (k, (name, value)) in names.values.iter_mut().zip(&program.values).enumerate() {
            let is_param = program.params.contains(&ValueId(k as u32));
            if !is_param && rows.iter().any(|row| row.name == value.name) {
                unnamed += 1;
                *name = format!("t{unnamed}");
            } else if let Some(of) = name.strip_prefix("ct_") {
                *name = format!("{of}\u{304}");
            } else if name == "cotangent" {
                *name = "result\u{304}".into();
            }
        }
        names
    }

    /// Makes the names of a program.
    pub fn of(program: &Program) -> Names {
        let mut taken: HashMap<String, usize> = HashMap::new();
        let values = (program.values.iter())
            .map(|value| {
                let count = taken.entry(value.name.clone()).or_insert(0);
                *count += 1;
                match *count {
                    1 => value.name.clone(),
                    n => format!("{}.{n}", value.name),
                }
            })
            .collect();
        let letters = ["n", "m", "p", "q", "r", "s"];
        let dims = (0..program.dims.len())
            .map(|d| match (&program.dims[d], letters.get(d)) {
                (super::Dim::Const(k), _) => k.to_string(),
                (super::Dim::Given(id), _) => program.value(*id).name.clone(),
                (_, Some(letter)) => (*letter).to_string(),
                (_, None) => format!("n{d}"),
            })
            .collect();
        Names { values, dims }
    }

    /// The name of a value.
    pub fn value(&self, id: ValueId) -> &str {
        &self.values[id.0 as usize]
    }

    /// The name of a dimension.
    pub fn dim(&self, id: super::DimId) -> &str {
        &self.dims[id.0 as usize]
    }

    /// A read or written element.
    pub fn element(&self, value: ValueId, at: &[Index]) -> String {
        let mut text = self.value(value).to_string();
        if !at.is_empty() {
            let at: Vec<String> = at.iter().map(|&index| self.index(index)).collect();
            let _ = write!(text, "[{}]", at.join(", "));
        }
        text
    }

    fn index(&self, index: Index) -> String {
        match index {
            Index::Axis(axis) => axis_name(axis),
            Index::At(k) => k.to_string(),
            Index::Stretch(axis, dim) => {
                format!("{}<{}", axis_name(axis), self.dim(dim))
            }
            Index::Affine(axis, affine) => self.affine(&axis_name(axis), affine),
        }
    }
}

impl Names {
    /// `n - 1 - 2i`
    pub(crate) fn affine(&self, axis: &str, affine: super::Affine) -> String {
        let extent = affine.extent.map(|(scale, dim)| (scale, self.dim(dim).to_string()));
        let along = (affine.step, axis.to_string());
        let constant = (affine.constant, String::new());
        let mut parts = vec![along, constant];
        // What is counted from the end begins with the extent.
        parts.insert(usize::from(affine.step > 0), extent.unwrap_or_default());
        if affine.step < 0 {
            parts.swap(1, 2);
        }
        let mut text = String::new();
        for (scale, name) in parts.into_iter().filter(|(scale, _)| *scale != 0) {
            text.push_str(match (text.is_empty(), scale < 0) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            });
            if scale.abs() != 1 || name.is_empty() {
                let _ = write!(text, "{}", scale.abs());
            }
            text.push_str(&name);
        }
        if text.is_empty() { "0".to_string() } else { text }
    }
}

impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = Names::of(self);
        let typed = |id: ValueId| {
            let value = self.value(id);
            format!("{}: {}", names.value(id), type_text(&names, &value.elem, &value.shape))
        };
        let params: Vec<String> = self.params.iter().map(|&p| typed(p)).collect();
        writeln!(f, "fn {}({})", self.name, params.join(", "))?;
        for stmt in &self.body {
            let value = self.value(stmt.dst);
            let rank = value.shape.len();
            let whole = names.element(stmt.dst, &super::identity(rank));
            let right = match &stmt.kind {
                Kind::Map { op, args } => operation(self, &names, op, args),
                Kind::Sum { .. } | Kind::Max { .. } => {
                    let (sign, with) = match &stmt.kind {
                        Kind::Max { .. } => ("max", "max="),
                        _ => ("Σ", "+="),
                    };
                    let terms: Vec<String> = (stmt.terms().iter())
                        .map(|term| {
                            let space: Vec<String> = (term.space.iter().enumerate())
                                .map(|(k, &d)| format!("{}: {}", axis_name(k as u8), names.dim(d)))
                                .collect();
                            let at = names.element(stmt.dst, &term.at);
                            let arg = operand(&names, &term.arg);
                            format!("{sign}({}) {at} {with} {arg}", space.join(", "))
                        })
                        .collect();
                    terms.join("; ")
                }
            };
            writeln!(f, "  {whole}: {} = {right}", type_text(&names, &value.elem, &value.shape))?;
        }
        let list = |ids: Vec<ValueId>| {
            ids.iter().map(|&id| names.value(id).to_string()).collect::<Vec<_>>().join(", ")
        };
        writeln!(f, "  return {}", list(self.results.clone()))?;
        for &(param, grad) in &self.grads {
            let grad = grad.map_or("0", |g| names.value(g));
            writeln!(f, "  ∂{} = {grad}", names.value(param))?;
        }
        Ok(())
    }
}

fn type_text(names: &Names, elem: &Elem, shape: &[super::DimId]) -> String {
    if shape.is_empty() {
        return elem.to_string();
    }
    let dims: Vec<&str> = shape.iter().map(|&d| names.dim(d)).collect();
    format!("{elem}[{}]", dims.join(", "))
}

fn operand(names: &Names, operand: &Operand) -> String {
    names.element(operand.value, &operand.at)
}

fn operation(program: &Program, names: &Names, op: &Op, args: &[Operand]) -> String {
    let args: Vec<String> = args.iter().map(|a| operand(names, a)).collect();
    match op {
        Op::Prim(row) => format!("{} {}", row.name, args.join(", ")),
        Op::Const(literal) => literal_text(literal),
        Op::Copy => args.join(", "),
        Op::Cast => format!("cast {}", args.join(", ")),
        Op::Size(dim) => format!("size {}", names.dim(*dim)),
        Op::Foreign(k) => format!("const `{}`", program.foreign[*k].source),
    }
}

/// A literal as mathematics and the printer write it.
pub fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Float(_, Some(digits)) => digits.clone(),
        Literal::Float(value, None) if value.fract() == 0.0 && value.abs() < 1e15 => {
            format!("{value}")
        }
        Literal::Float(value, None) => format!("{value:?}"),
        Literal::Int(value) => value.to_string(),
    }
}
