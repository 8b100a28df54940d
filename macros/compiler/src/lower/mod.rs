//! From source to IR: types and shapes are inferred, calls of annotated functions inlined.
//!
//! Lowering keeps the order and the arithmetic of the source; it knows nothing of derivatives.
//! References, views and clones are values like any other, since nothing here can be seen to
//! change.

mod array;
mod branch;
mod call;
mod construct;
mod expr;
mod infer;
mod method;
mod model;
mod reduce;
mod stmt;
mod text;
mod view;

pub(crate) use text::text;

use crate::capsule::Callees;
use crate::error::{Errors, Place};
use crate::ir::{Dim, DimId, Elem, Index, Kind, Op, Program, ValueId};
use crate::parse::{Function, Passing, Type};
use infer::Elems;
use proc_macro2::{Span, TokenStream};
use std::collections::HashMap;
use std::rc::Rc;

/// How axes of equal position but perhaps different extent are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcasting {
    /// They are taken as equal, and the assumption is noted: the fast version.
    Assumed,
    /// One of them may be 1 while the program runs: the version for all other shapes.
    AtRunTime,
}

/// What an expression evaluates to while lowering.
#[derive(Clone)]
pub(crate) enum Val {
    /// A scalar or an array.
    Ref(Ref),
    /// A tuple, or the list a shape is.
    Tuple(Vec<Val>),
    /// A struct that holds arrays: its fields, by name.
    Struct(Vec<(String, Val)>),
    /// `Some`, unless the described array is empty.
    Option(Box<Val>, crate::ir::Described, Vec<DimId>),
    /// `Axis(k)`.
    Axis(usize),
    /// A condition on elements, as a number: 1 where it holds, else 0.
    Mask(Ref),
    /// A closure that can be applied.
    Closure(Rc<Closure>),
    /// `()`.
    Unit,
    /// Something that cannot be looked into, by its description.
    Opaque(String),
}

/// A value of the program.
///
/// Inside the closure of a `mapv`, a scalar stands for all elements at once: its first `context`
/// axes are those of the arrays being mapped, only the others are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ref {
    id: ValueId,
    context: usize,
}

/// A closure with what it captured.
pub(crate) struct Closure {
    params: Vec<syn::Pat>,
    body: syn::Expr,
    scopes: Vec<HashMap<String, Val>>,
}

/// A function being lowered: the root, or a callee being inlined.
struct Frame<'a> {
    function: &'a Function,
    /// Which annotated function each call path of this body means.
    id: usize,
    scopes: Vec<HashMap<String, Val>>,
    /// How many of the scopes a closure has captured: what they hold cannot be assigned.
    captured: usize,
    /// The type parameters' values.
    elems: HashMap<String, Elem>,
}

/// Lowers the function and everything it calls to one program.
///
/// Returns `None` after reporting what is not accepted. Errors in a callee that was itself
/// refused are not repeated.
pub fn lower(
    callees: &Callees,
    broadcasting: Broadcasting,
    errors: &mut Errors,
) -> Option<Program> {
    let root = callees.root();
    let function = callees.function(root)?;
    let lowerer = Lowerer {
        program: Program { name: function.name(), ..Program::default() },
        elems: Elems::default(),
        same: Vec::new(),
        broadcasting,
        context: Vec::new(),
        callees,
        frames: Vec::new(),
        outer_call: None,
        named: Vec::new(),
        arms: Vec::new(),
        errors,
    };
    lowerer.root(root, function)
}

/// The state of one lowering.
pub(crate) struct Lowerer<'a> {
    program: Program,
    elems: Elems,
    /// For each dimension one it is known to be equal to; roots point to themselves.
    same: Vec<DimId>,
    broadcasting: Broadcasting,
    /// The dimensions of the arrays being mapped, outermost first.
    context: Vec<DimId>,
    callees: &'a Callees,
    frames: Vec<Frame<'a>>,
    /// The call in the root's body that is being inlined, if any.
    outer_call: Option<OuterCall>,
    /// Whether a value carries a name of the user's.
    named: Vec<bool>,
    /// The arms of conditionals that the code being lowered stands in, outermost first.
    arms: Vec<branch::Arm>,
    errors: &'a mut Errors,
}

/// A call in the root function: where errors in what it inlines are reported, and through which
/// path the constants of what it inlines are reached.
struct OuterCall {
    span: Span,
    path: TokenStream,
}

impl<'a> Lowerer<'a> {
    fn root(mut self, id: usize, function: &'a Function) -> Option<Program> {
        if !function.is_of_tensors() {
            let message = "this type is not supported in functions of `ndarray` arrays yet: take and return floats, integers, `ndarray` arrays by value or `&`, and tuples of those";
            let mut params = function.params.iter();
            return match params.find(|p| !p.ty.is_of_tensors() || p.passing == Passing::Exclusive) {
                Some(param) => self.error(&param.written, message),
                None => self.error(function.item.sig.output_span(), message),
            };
        }
        if let Some(param) = function.item.sig.generics.const_params().next() {
            let message = "const generics are not supported in functions of `ndarray` arrays yet: pass the size as an argument";
            return self.error(&param.ident, message);
        }
        let elems = function.floats.iter().map(|f| (f.clone(), Elem::Param(f.clone()))).collect();
        self.frames.push(Frame { function, id, scopes: vec![HashMap::new()], captured: 0, elems });
        let parameters = function.params.iter();
        let vals: Vec<Val> = parameters
            .map(|param| self.parameter(&param.name.to_string(), &param.ty, param.name.span()))
            .collect();
        match &function.unpacked {
            None => {
                for (param, val) in function.params.iter().zip(vals) {
                    self.bind(&param.pat, val, None)?;
                }
            }
            Some(unpacked) => {
                for (param, packed) in unpacked.of.params.iter().zip(&unpacked.params) {
                    self.bind(
                        &param.pat,
                        packed.put_together(&vals, &|_, fields| Val::Struct(fields)),
                        None,
                    )?;
                }
            }
        }
        let result = self.block(&function.item.block)?;
        let mut leaves = Vec::new();
        let span = function.item.sig.output_span();
        self.results(&result, &function.output, span, &mut leaves)?;
        self.program.results = leaves;
        if self.errors.any() {
            return None;
        }
        self.finish()
    }

    /// Declares the values of a parameter.
    fn parameter(&mut self, name: &str, ty: &Type, span: Span) -> Val {
        match ty {
            Type::Float(elem) => self.leaf(name, elem.clone(), 0, span),
            Type::Int(int) => self.leaf(name, Elem::Int(int.clone()), 0, span),
            Type::Array(elem, rank) => self.leaf(name, elem.clone(), *rank, span),
            Type::Tuple(parts) => Val::Tuple(
                (parts.iter().enumerate())
                    .map(|(k, part)| self.parameter(&format!("{name}_{k}"), part, span))
                    .collect(),
            ),
            Type::Constant(what) => Val::Opaque(format!("a value of type `{what}`")),
            _ => Val::Opaque("of a type that tensor code does not take".to_string()),
        }
    }

    fn leaf(&mut self, name: &str, elem: Elem, rank: usize, span: Span) -> Val {
        let value = ValueId(self.program.values.len() as u32);
        let shape = (0..rank).map(|axis| self.dim(Dim::Of { value, axis })).collect();
        let id = self.program.declare(name, elem, shape, span);
        self.name(id, name);
        self.program.params.push(id);
        Val::Ref(Ref { id, context: 0 })
    }

    /// Flattens the result to the leaves its type asks for.
    fn results(
        &mut self,
        val: &Val,
        ty: &Type,
        span: Span,
        leaves: &mut Vec<ValueId>,
    ) -> Option<()> {
        match (val, ty) {
            (Val::Tuple(vals), Type::Tuple(types)) if vals.len() == types.len() => {
                for (val, ty) in vals.iter().zip(types) {
                    self.results(val, ty, span, leaves)?;
                }
                Some(())
            }
            (Val::Ref(r), Type::Float(elem)) | (Val::Ref(r), Type::Array(elem, _)) => {
                let rank = if let Type::Array(_, rank) = ty { *rank } else { 0 };
                let elem = self.substitute(elem);
                let own = self.program.value(r.id).elem.clone();
                if self.own_rank(*r) != rank || !self.elems.unify(&own, &elem) {
                    return self
                        .error(span, "the body's value is not of the type the signature promises");
                }
                leaves.push(r.id);
                Some(())
            }
            _ => self.error(span, "the body's value is not of the type the signature promises"),
        }
    }

    /// A type of the current function's signature with its type parameters replaced.
    fn substitute(&self, elem: &Elem) -> Elem {
        match elem {
            Elem::Param(name) => {
                self.frame().elems.get(name).cloned().unwrap_or_else(|| elem.clone())
            }
            other => other.clone(),
        }
    }

    /// Settles all types and dimensions.
    fn finish(mut self) -> Option<Program> {
        for k in 0..self.program.values.len() {
            let value = &self.program.values[k];
            match self.elems.resolve(&value.elem) {
                Some(elem) => self.program.values[k].elem = elem,
                None => {
                    let (span, name) = (value.span, value.name.clone());
                    self.errors.at(span, format!("the type of `{name}` cannot be inferred: bind it first, `let k: f64 = {name};`"));
                }
            }
        }
        if self.errors.any() {
            return None;
        }
        let root: Vec<DimId> =
            (0..self.same.len() as u32).map(|d| self.canonical(DimId(d))).collect();
        let canonical = |d: &mut DimId| *d = root[d.0 as usize];
        let program = &mut self.program;
        for value in &mut program.values {
            value.shape.iter_mut().for_each(canonical);
        }
        for dim in &mut program.dims {
            match dim {
                Dim::Broadcast(a, b) => {
                    canonical(a);
                    canonical(b);
                }
                Dim::Slice(of, _) => canonical(of),
                Dim::Of { .. } | Dim::Const(_) | Dim::Given(_) => {}
            }
        }
        for stmt in &mut program.body {
            match &mut stmt.kind {
                Kind::Map { op: Op::Size(dim), .. } => canonical(dim),
                Kind::Sum { terms } => {
                    terms.iter_mut().for_each(|t| t.space.iter_mut().for_each(canonical))
                }
                Kind::Max { term } => term.space.iter_mut().for_each(canonical),
                Kind::Map { .. } => {}
            }
            for operand in stmt.operands_mut() {
                for index in &mut operand.at {
                    match index {
                        Index::Stretch(_, dim) => canonical(dim),
                        Index::Affine(_, affine) => {
                            affine.extent.iter_mut().for_each(|(_, dim)| canonical(dim));
                        }
                        Index::Axis(_) | Index::At(_) => {}
                    }
                }
            }
        }
        Some(self.program)
    }

    // Dimensions.

    fn dim(&mut self, dim: Dim) -> DimId {
        let id = DimId(self.program.dims.len() as u32);
        self.program.dims.push(dim);
        self.same.push(id);
        id
    }

    /// The dimension that is the same as this one, or a new one.
    fn interned(&mut self, dim: Dim) -> DimId {
        match self.program.dims.iter().position(|known| *known == dim) {
            Some(known) => self.canonical(DimId(known as u32)),
            None => self.dim(dim),
        }
    }

    fn canonical(&self, mut dim: DimId) -> DimId {
        while self.same[dim.0 as usize] != dim {
            dim = self.same[dim.0 as usize];
        }
        dim
    }

    fn is_same(&self, a: DimId, b: DimId) -> bool {
        self.canonical(a) == self.canonical(b)
    }

    /// Takes two dimensions as one from here on; the earlier one stands for both.
    fn unify_dims(&mut self, a: DimId, b: DimId) {
        let (a, b) = (self.canonical(a), self.canonical(b));
        let (low, high) = (a.min(b), a.max(b));
        self.same[high.0 as usize] = low;
    }

    // Names, scopes, errors.

    fn frame(&self) -> &Frame<'a> {
        self.frames.last().expect("a function is being lowered")
    }

    fn frame_mut(&mut self) -> &mut Frame<'a> {
        self.frames.last_mut().expect("a function is being lowered")
    }

    fn lookup(&self, name: &str) -> Option<&Val> {
        self.frame().scopes.iter().rev().find_map(|scope| scope.get(name))
    }

    /// As `lookup`, with the number of the scope that holds the name.
    fn lookup_in_scope(&self, name: &str) -> Option<(usize, &Val)> {
        let scopes = self.frame().scopes.iter().enumerate().rev();
        scopes.into_iter().find_map(|(depth, scope)| Some((depth, scope.get(name)?)))
    }

    /// Gives a value the user's name for it, if it has none yet.
    fn name(&mut self, id: ValueId, name: &str) {
        let k = id.0 as usize;
        self.named.resize(self.program.values.len().max(k + 1), false);
        if !self.named[k] {
            self.named[k] = true;
            self.program.values[k].name = name.to_string();
        }
    }

    /// Reports an error; in inlined code, at the call.
    fn error<T>(&mut self, place: impl Place, message: impl std::fmt::Display) -> Option<T> {
        match &self.outer_call {
            None => self.errors.at(place, message),
            Some(call) => {
                let inside = self.frames.last().map(|f| f.function.name()).unwrap_or_default();
                self.errors
                    .at(call.span, format!("in `{inside}`, which is called here: {message}"));
            }
        }
        None
    }
}

trait OutputSpan {
    fn output_span(&self) -> Span;
}

impl OutputSpan for syn::Signature {
    fn output_span(&self) -> Span {
        use syn::spanned::Spanned;
        match &self.output {
            syn::ReturnType::Default => self.ident.span(),
            syn::ReturnType::Type(_, ty) => ty.span(),
        }
    }
}
