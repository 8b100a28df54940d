//! The function as a whole: parameters, body, result.

use super::region::Live;
use super::val::{Held, Opt, Val};
use super::{Frame, Lowerer, Slot, TargetKind};
use crate::flow::ir::{
    Bind, Block, By, Code, Init, Kind, Origin, ParamIs, Place, Program, Source, Tree,
};
use crate::hash::HashMap;
use crate::parse::{Function, Param, Passing, Type};
use proc_macro2::{Ident, Span};
use quote::quote;
use syn::spanned::Spanned;

impl<'a> Lowerer<'a> {
    /// Lowers the root function.
    pub(super) fn root(&mut self, id: usize, function: &'a Function) -> Option<Program> {
        self.program.name = function.name();
        self.frames.push(Frame {
            function,
            id,
            scopes: vec![HashMap::default()],
            elems: HashMap::default(),
            lengths: HashMap::default(),
            targets: 1,
            output: Some(function.output.clone()),
        });
        let span = function.item.sig.ident.span();
        let mut result = None;
        let (arm, _) = self.region(|this| {
            let mut vals = Vec::new();
            for param in &function.params {
                let (is, val) = this.parameter_of(param);
                this.program.params.push(is);
                vals.push(val);
            }
            match &function.unpacked {
                None => {
                    for (param, val) in function.params.iter().zip(vals) {
                        this.bind(&param.pat, val);
                    }
                }
                Some(unpacked) => {
                    for (param, packed) in unpacked.of.params.iter().zip(&unpacked.params) {
                        this.bind(
                            &param.pat,
                            packed.put_together(&vals, &|ty, fields| {
                                Val::Struct(ty.to_string(), fields)
                            }),
                        );
                    }
                }
            }
            let val = this.target(TargetKind::Frame, None, |this| {
                let val = this.body(&function.item.block, &function.output);
                this.settled(val, span)
            });
            result = this.result(val, &function.output, span);
            Val::Unit
        });
        self.program.body = Block { stmts: arm.stmts };
        self.program.result = result;
        if arm.live == Live::Dead && self.program.result.is_none() {
            self.error(
                span,
                "this function never returns a value: there is nothing to differentiate",
            );
        }
        self.finish(function)
    }

    /// The statements of a function's body, of which the last is its result.
    pub(super) fn body(&mut self, block: &syn::Block, output: &Type) -> Val {
        self.scoped(|this| match block.stmts.split_last() {
            Some((syn::Stmt::Expr(last, None), before)) => {
                this.statements(before);
                let output = this.resolved(output);
                let val = this.expr_of_type(last, &output);
                if !val.is_silent() {
                    this.expect_type(&val, &output, last.span());
                }
                if this.is_gone() { Val::Never } else { val }
            }
            _ => this.statements(&block.stmts),
        })
    }

    /// What a parameter is, and what its name stands for.
    fn parameter_of(&mut self, param: &Param) -> (ParamIs, Val) {
        let name = param.name.to_string();
        let name = name.trim_start_matches("r#");
        let span = param.name.span();
        let memory = |this: &mut Self, held: Held| {
            let origin = match param.passing {
                Passing::Value => Origin::Owned,
                Passing::Shared => Origin::Shared,
                Passing::Exclusive => Origin::Exclusive,
            };
            let mem = this.program.mem(name, param.ty.clone(), origin, span);
            if origin != Origin::Shared {
                this.changing.insert(mem);
            }
            (ParamIs::Mem(mem), Val::Place(Place::whole(mem), held))
        };
        let held = match param.passing {
            Passing::Value => Held::Fresh,
            Passing::Shared => Held::Ref,
            Passing::Exclusive => Held::Mut,
        };
        let value = |this: &mut Self, slot: Slot| {
            let v = this.fresh(name, slot, span);
            (ParamIs::Value(v), Val::Scalar(v))
        };
        match (&param.ty, param.passing) {
            (Type::Float(elem), Passing::Value | Passing::Shared) => {
                value(self, Slot::Float(elem.clone()))
            }
            (Type::Int(int), Passing::Value | Passing::Shared) => {
                value(self, Slot::Int(Some(int.clone())))
            }
            (Type::Constant(what), Passing::Value | Passing::Shared) if what == "bool" => {
                value(self, Slot::Bool)
            }
            (Type::Array(elem, rank), _) => {
                self.array_parameter(param, Type::Float(elem.clone()), *rank)
            }
            (Type::Passive(of, rank), _) => self.array_parameter(param, (**of).clone(), *rank),
            (ty, _) if ty.mentions_arrays() => {
                self.error(span, "a tuple of arrays is supported in functions without loops and conditions only: take the arrays one by one");
                let (is, _) = value(self, Slot::Other);
                (is, Val::Error)
            }
            (ty, _) if is_memory(ty) => memory(self, held),
            (_, passing) => {
                let (is, val) = value(self, Slot::Other);
                if let ParamIs::Value(v) = &is {
                    let written = crate::parse::text_of(without_reference(&param.written));
                    self.program.written.push((*v, written));
                }
                if let ParamIs::Value(v) = &is {
                    let value = &mut self.program.values[v.0 as usize];
                    value.object = passing == Passing::Exclusive;
                    value.shared = passing == Passing::Shared;
                }
                (is, val)
            }
        }
    }

    /// What the function returns.
    fn result(&mut self, val: Val, output: &Type, span: Span) -> Option<Tree> {
        match (val, output) {
            (Val::Never, _) => {
                // Every way out is a failure.
                (!matches!(output, Type::Option(_) | Type::Result(..))).then_some(Tree::Unit)
            }
            (Val::Error | Val::Undef, _) => None,
            (Val::Opt(opt), Type::Option(of) | Type::Result(of, _)) => {
                self.fail_unless(&opt, span);
                if opt.tag_is(false) {
                    return None;
                }
                let tree = self.tree(opt.some, of, span)?;
                Some(Tree::Success(Box::new(tree)))
            }
            (val, Type::Option(_) | Type::Result(..)) => {
                let _ = val;
                self.error(span, "this function's `Option` or `Result` is made in a way that cannot be followed: end it with `Ok(..)`, `Err(..)`, `Some(..)` or `None`");
                None
            }
            (val, ty) => self.tree(val, ty, span),
        }
    }

    fn tree(&mut self, val: Val, ty: &Type, span: Span) -> Option<Tree> {
        if let Val::Scalar(_) = val
            && let Val::Place(place, _) = self.as_memory(val.clone(), ty, Passing::Value, span)
        {
            // What only rustc knows is of the type that the function returns; what refers to it stays
            // behind.
            let mem = self.memory("result", ty.clone(), span);
            self.emit(Kind::Alloc(mem, Init::Copy(place)), span);
            return Some(Tree::Place(Place::whole(mem)));
        }
        match (val, ty) {
            (_, Type::Unit) => Some(Tree::Unit),
            (Val::Tuple(parts), Type::Tuple(types)) if parts.len() == types.len() => {
                let parts: Vec<Option<Tree>> = parts
                    .into_iter()
                    .zip(types)
                    .map(|(part, ty)| self.tree(part, ty, span))
                    .collect();
                Some(Tree::Tuple(parts.into_iter().collect::<Option<_>>()?))
            }
            (val, Type::Tuple(types)) => {
                let parts: Vec<Option<Tree>> = types
                    .iter()
                    .enumerate()
                    .map(|(k, ty)| {
                        let part = self.part(&val, &k.to_string(), span);
                        match part {
                            Some(part) => self.tree(part, ty, span),
                            None => {
                                self.error(span, "a tuple is expected as the result");
                                None
                            }
                        }
                    })
                    .collect();
                Some(Tree::Tuple(parts.into_iter().collect::<Option<_>>()?))
            }
            (val @ (Val::Array(_) | Val::Each(_)), ty) => {
                let array = self.in_memory(val, span)?;
                if !self.expect_array(&array, ty, span) {
                    return None;
                }
                let array = match array.held {
                    Held::Fresh if array.is_rows() => array,
                    _ => self.copy_of(&array, span),
                };
                Some(Tree::Array(array.place, array.extents))
            }
            (Val::Unit, _) => {
                self.error(
                    span,
                    "the function promises a result, but its body ends without a value",
                );
                None
            }
            (val, Type::Float(_) | Type::Int(_) | Type::Constant(_)) => {
                self.expect_type(&val, ty, span);
                Some(Tree::Value(self.scalar(val, span)?))
            }
            (Val::Place(place, _), ty) => {
                self.expect_type(&Val::Place(place.clone(), Held::Named), ty, span);
                Some(Tree::Place(place))
            }
            (val @ (Val::Struct(..) | Val::Tuple(_)), ty) => {
                self.expect_type(&val, ty, span);
                let (mem, _) = self.materialised(val, "result", span)?;
                Some(Tree::Place(Place::whole(mem)))
            }
            (val, _) => {
                if !val.is_silent() {
                    self.error(
                        span,
                        format!("{} cannot be the result of this function", val.described()),
                    );
                }
                None
            }
        }
    }

    /// Leaves the root function with an error or `None` where an option is empty.
    pub(super) fn fail_unless(&mut self, opt: &Opt, span: Span) {
        match opt.tag.clone() {
            Val::Bool(true) => {}
            Val::Bool(false) => {
                self.fail(&opt.err.clone(), opt.result, span);
            }
            tag => {
                let (err, result) = (opt.err.clone(), opt.result);
                self.branch(tag, span, |_| Val::Unit, |this| this.fail(&err, result, span));
            }
        }
    }

    /// Leaves the root function with an error or `None`.
    pub(super) fn fail(&mut self, err: &Val, result: bool, span: Span) -> Val {
        let code = match result {
            false => Code::new(quote!(::core::option::Option::None), vec![]),
            true => {
                let what = match err.clone() {
                    Val::Unit => None,
                    Val::Place(place, _) => Some(Source::Place(place)),
                    err => match self.scalar(err, span) {
                        Some(v) => Some(Source::Value(v)),
                        None => return Val::Error,
                    },
                };
                let name = Ident::new("__error", Span::call_site());
                match what {
                    None => Code::new(quote!(::core::result::Result::Err(())), vec![]),
                    Some(what) => Code::new(
                        quote!(::core::result::Result::Err(__error)),
                        vec![Bind { name, what, by: By::Value }],
                    ),
                }
            }
        };
        self.emit(Kind::Fail(code), span);
        self.leave(Live::Dead)
    }
}

impl Opt {
    /// Whether it is known to be full, or empty.
    pub(super) fn tag_is(&self, full: bool) -> bool {
        matches!(self.tag, Val::Bool(tag) if tag == full)
    }
}

/// Whether values of a type are kept in memory.
pub(super) fn is_memory(ty: &Type) -> bool {
    match ty {
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => {
            is_memory(of) || matches!(**of, Type::Float(_) | Type::Int(_))
        }
        Type::Tuple(parts) => {
            parts.iter().all(|part| is_memory(part) || matches!(part, Type::Float(_)))
        }
        Type::Float(_) | Type::Struct(_) => true,
        _ => false,
    }
}

/// What a reference refers to.
fn without_reference(ty: &syn::Type) -> &syn::Type {
    match crate::parse::strip(ty) {
        syn::Type::Reference(reference) => without_reference(&reference.elem),
        ty => ty,
    }
}
