//! The printer: one line a statement, for snapshots, `derivation` and debugging.

use super::{Elem, Index, Kind, Literal, Op, Operand, Program, ValueId};
use std::collections::HashMap;
use std::fmt::Write;

/// Letters for the axes of a statement.
pub const AXES: [&str; 6] = ["i", "j", "k", "l", "p", "q"];

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
            .map(|d| match letters.get(d) {
                Some(letter) => (*letter).to_string(),
                None => format!("n{d}"),
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
            Index::Axis(axis) => AXES[axis as usize].to_string(),
            Index::At(k) => k.to_string(),
            Index::Stretch(axis, dim) => {
                format!("{}<{}", AXES[axis as usize], self.dim(dim))
            }
        }
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
                Kind::Sum { terms } => {
                    let terms: Vec<String> = (terms.iter())
                        .map(|term| {
                            let space: Vec<String> = (term.space.iter().enumerate())
                                .map(|(k, &d)| format!("{}: {}", AXES[k], names.dim(d)))
                                .collect();
                            let at = names.element(stmt.dst, &term.at);
                            let arg = operand(&names, &term.arg);
                            format!("Σ({}) {at} += {arg}", space.join(", "))
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
