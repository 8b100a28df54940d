//! The end of lowering: what is known of types is written down.

use super::{Lowerer, Slot};
use crate::flow::ir::{Bind, Block, By, Code, Kind, ParamIs, Pass, Program, Source, Ty, V};
use crate::ir::{Elem, Literal};
use crate::parse::{Function, Type};
use crate::primitives::{self, Spelling};
use proc_macro2::{Ident, Span};
use quote::quote;

impl Lowerer<'_> {
    /// The finished program.
    pub(super) fn finish(&mut self, function: &Function) -> Option<Program> {
        for k in 0..self.program.values.len() {
            let ty = self.types.ty(self.classes[k]);
            self.program.values[k].ty = ty;
        }
        for k in 0..self.program.mems.len() {
            self.program.mems[k].ty = self.finished_type(&self.program.mems[k].ty);
        }
        let mut program = std::mem::take(&mut self.program);
        let mut body = std::mem::take(&mut program.body);
        self.decide(&mut body, &program);
        program.body = body;
        self.payloads(&mut program, function);
        self.numbers_behind(&mut program);
        if self.errors.count() == self.before
            && let Some((span, name)) = super::super::verify::undefined(&program, &[])
        {
            self.errors.at(span, format!("what `{name}` is here cannot be followed: it is not certain to have a value; give it one where it is declared"));
        }
        Some(program)
    }

    /// Numbers inside of a value that only rustc knows: a pattern may bind them by reference. Those
    /// of a parameter are constants, which has to be said.
    fn payloads(&mut self, program: &mut Program, function: &Function) {
        for (out, of, span) in std::mem::take(&mut self.payloads) {
            if matches!(program.of(out).ty, Ty::Opaque) {
                continue;
            }
            if let Some(code) = code_of(&mut program.body, out) {
                let tokens = std::mem::take(&mut code.tokens);
                code.tokens = quote!((#tokens).to_owned());
            }
            let is_parameter = program.params.contains(&ParamIs::Value(of));
            if is_parameter && program.float(out).is_some() && function.options.wrt.is_none() {
                let (name, of) = (program.of(out).name.clone(), program.of(of).name.clone());
                let others: Vec<String> = function.wrt().map(|p| p.name.to_string()).collect();
                let others = others.join(", ");
                self.errors.at(span, format!("`{name}` is a float inside of `{of}`, by which nothing is differentiated since chainrule does not know its type: pass the floats as parameters of their own, or say that `{of}` is a constant, `#[differentiate(wrt({others}))]`"));
            }
        }
    }

    /// References to values that only rustc knew, where these are numbers after all.
    fn numbers_behind(&mut self, program: &mut Program) {
        let number = |program: &Program, v: V| program.of(v).ty != Ty::Opaque;
        for v in std::mem::take(&mut self.lent) {
            if number(program, v)
                && let Some(code) = code_of(&mut program.body, v)
            {
                let reference = std::mem::take(&mut code.tokens);
                code.tokens = quote!(*#reference);
            }
        }
        for v in std::mem::take(&mut self.behind) {
            if number(program, v)
                && let Some(code) = code_of(&mut program.body, v)
            {
                code.tokens = quote!(__lent);
            }
        }
    }

    /// A memory's type with its element types known.
    fn finished_type(&self, ty: &Type) -> Type {
        let inner = |of: &Type| Box::new(self.finished_type(of));
        match ty {
            Type::Float(Elem::Var(class)) => match self.types.slot(*class).clone() {
                Slot::Float(elem) => Type::Float(elem),
                Slot::FloatLiteral => Type::Float(Elem::F64),
                Slot::Int(int) => Type::Int(int.unwrap_or_else(|| "i32".to_string())),
                Slot::Bool => Type::Constant("bool".to_string()),
                _ => {
                    // Nobody put anything in: any type will do.
                    Type::Float(Elem::F64)
                }
            },
            Type::Tuple(parts) => Type::Tuple(parts.iter().map(|part| *inner(part)).collect()),
            Type::Fixed(of, len) => Type::Fixed(inner(of), len.clone()),
            Type::Slice(of) => Type::Slice(inner(of)),
            Type::Vec(of) => Type::Vec(inner(of)),
            Type::Option(of) => Type::Option(inner(of)),
            Type::Result(of, error) => Type::Result(inner(of), error.clone()),
            other => other.clone(),
        }
    }

    /// Decides between operations of floats and of others, where that was not known before.
    fn decide(&mut self, block: &mut Block, program: &Program) {
        let float = |v: V| matches!(program.of(v).ty, Ty::Float(_));
        for stmt in &mut block.stmts {
            match &mut stmt.kind {
                Kind::Prim(out, row, args) if !float(*out) => {
                    let symbol = match row.spelling {
                        Spelling::Operator(symbol) => symbol,
                        // Of a type that only rustc knows: no derivative is in it.
                        Spelling::Method if program.of(*out).ty == Ty::Opaque => {
                            let pass = Pass::Method(row.name.to_string());
                            stmt.kind = Kind::Pass(*out, pass, args.clone());
                            continue;
                        }
                        _ => {
                            let what = row.name;
                            self.errors.at(stmt.span, format!("the type of the value that `{what}` is applied to is not known here: annotate its `let`, `let x: f64 = ..`"));
                            continue;
                        }
                    };
                    let pass = match args.len() {
                        1 => Pass::Unary(if symbol == "-" { "-" } else { "!" }),
                        _ => Pass::Binary(symbol),
                    };
                    stmt.kind = Kind::Pass(*out, pass, args.clone());
                }
                Kind::Pass(out, Pass::Method(name), args)
                    if float(*out) && args.iter().all(|v| float(*v)) =>
                {
                    if let Some(row) = primitives::method(name)
                        && row.arity == args.len()
                    {
                        stmt.kind = Kind::Prim(*out, row, args.clone());
                    }
                }
                // Of a number that is written out it is known now whether there is one more.
                Kind::Pass(out, Pass::Binary("+"), args)
                    if self.inclusive.contains(out)
                        && self
                            .known
                            .get(&args[0])
                            .is_some_and(|last| greatest(&program.of(*out).ty) == Some(*last)) =>
                {
                    self.errors.at(stmt.span, END_OF_TYPE);
                }
                Kind::Pass(out, Pass::Binary("+"), args)
                    if self.inclusive.contains(out)
                        && !self.known.contains_key(&args[0])
                        && is_small(&program.of(*out).ty) =>
                {
                    stmt.kind = Kind::Pass(*out, Pass::Successor, vec![args[0]]);
                }
                Kind::Pass(out, Pass::Cast(ty), args) if ty.to_string() == "_" => {
                    match &program.of(*out).ty {
                        Ty::Int(Some(name)) => {
                            let name = Ident::new(name, Span::call_site());
                            *ty = quote!(#name);
                        }
                        // Only code that is taken as it stands may tell.
                        _ => {
                            let bind = Bind {
                                name: Ident::new("__number", Span::call_site()),
                                what: Source::Value(args[0]),
                                by: By::Value,
                            };
                            let code = Code {
                                tokens: quote!(::chainrule::rt::counted(0, __number)),
                                binds: vec![bind],
                                part: Some("__number".into()),
                            };
                            stmt.kind = Kind::Opaque { out: Some(*out), code, pure: true };
                        }
                    }
                }
                // What stands in an array of conditions before it is written.
                Kind::Const(v, _) if program.of(*v).ty == Ty::Bool => {
                    stmt.kind = Kind::Pass(*v, Pass::Path(quote!(false)), vec![]);
                }
                Kind::Const(v, literal) => match (&program.of(*v).ty, &literal) {
                    (Ty::Float(_), Literal::Int(number)) => {
                        *literal = Literal::Float(*number as f64, None);
                    }
                    (Ty::Int(_), Literal::Float(number, _)) => {
                        *literal = Literal::Int(*number as i128);
                    }
                    _ => {}
                },
                Kind::If { then, other, .. } => {
                    self.decide(then, program);
                    self.decide(other, program);
                }
                Kind::Loop(lp) => self.decide(&mut lp.body, program),
                _ => {}
            }
        }
    }
}

/// The code that makes a value.
fn code_of(block: &mut Block, v: V) -> Option<&mut Code> {
    block.stmts.iter_mut().find_map(|stmt| match &mut stmt.kind {
        Kind::Opaque { out: Some(out), code, .. } if *out == v => Some(code),
        Kind::If { then, other, .. } => code_of(then, v).or_else(|| code_of(other, v)),
        Kind::Loop(lp) => code_of(&mut lp.body, v),
        _ => None,
    })
}

/// What an inclusive range is refused with whose end has no successor.
pub(super) const END_OF_TYPE: &str = "an inclusive range up to the greatest number of its type cannot be differentiated: use a greater type, or a `while` loop";

/// The greatest number of an integer type.
fn greatest(ty: &Ty) -> Option<i128> {
    let Ty::Int(name) = ty else { return None };
    Some(match name.as_deref().unwrap_or("i32") {
        "u8" => u8::MAX.into(),
        "u16" => u16::MAX.into(),
        "u32" => u32::MAX.into(),
        "u64" | "usize" => u64::MAX.into(),
        "i8" => i8::MAX.into(),
        "i16" => i16::MAX.into(),
        "i32" => i32::MAX.into(),
        "i64" | "isize" => i64::MAX.into(),
        _ => return None,
    })
}

/// Whether a loop may well reach the greatest number of an integer type.
fn is_small(ty: &Ty) -> bool {
    match ty {
        Ty::Int(Some(name)) => {
            !matches!(name.as_str(), "usize" | "isize" | "u64" | "i64" | "u128" | "i128")
        }
        _ => true,
    }
}
