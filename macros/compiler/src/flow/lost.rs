//! Where a derivative would be lost: found after activity, when it is known what every value is made
//! of.

use super::activity::{Varied, has_floats};
use super::index::{By_, Index};
use super::ir::{
    Block, By, Call, CallOut, Code, Init, Kind, MemId, Pass, Place, Program, Source, Stmt, Tree,
    Ty, V,
};
use super::unseen::{Unseen, at, is_constructor, is_conversion, is_effect, is_text};
use crate::error::Errors;
use crate::hash::HashSet;
use proc_macro2::Span;

/// Reports what would make a derivative silently wrong: a differentiated value that disappears into
/// an integer, into memory that carries none or into code that is not seen through.
pub(super) fn report(program: &Program, varied: &Varied<'_>, errors: &mut Errors) {
    let said = HashSet::default();
    let mut lost = Lost { program, varied, index: Index::new(program), said, errors };
    lost.block(&program.body);
    if let Some(result) = &program.result {
        lost.tree(result);
    }
}

struct Lost<'a, 'p> {
    program: &'p Program,
    varied: &'a Varied<'a>,
    index: Index<'p>,
    /// Memories that a word was said about.
    said: HashSet<MemId>,
    errors: &'a mut Errors,
}

impl Lost<'_, '_> {
    fn block(&mut self, block: &Block) {
        block.stmts.iter().for_each(|stmt| self.statement(stmt));
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            Kind::Prim(out, _, args)
                if self.program.float(*out).is_some()
                    && args.iter().any(|v| self.varied.is(*v)) =>
            {
                args.iter().for_each(|v| self.operand(*v, stmt.span));
            }
            Kind::Pass(out, pass, args) if args.iter().any(|v| self.varied.is(*v)) => {
                self.passive(*out, pass, stmt.span);
            }
            Kind::Opaque { out: Some(out), .. } if self.program.constants.contains(out) => {}
            Kind::Opaque { out, code, .. } => self.code(*out, code, stmt.span),
            Kind::Call(call) => self.call(call, stmt),
            Kind::Load(out, place) | Kind::Pop(out, place) | Kind::SumAll(out, place)
                if self.program.float(*out).is_some() =>
            {
                self.read(place);
            }
            Kind::Alloc(mem, init) => {
                let places: Vec<&Place> = match init {
                    Init::FilledWith(place, _) | Init::Copy(place) | Init::Move(place) => {
                        vec![place]
                    }
                    Init::ListOf(places) => places.iter().collect(),
                    Init::Fields(fields) => (fields.iter())
                        .filter_map(|(_, source)| match source {
                            Source::Place(place) => Some(place),
                            Source::Value(_) => None,
                        })
                        .collect(),
                    _ => vec![],
                };
                places.into_iter().for_each(|place| self.moved(*mem, place));
            }
            Kind::Assign { to, from, .. } | Kind::AddAll(to, from) => self.moved(to.mem, from),
            Kind::Push(to, Source::Place(from)) => self.moved(to.mem, from),
            Kind::If { then, other, outs, .. } => {
                for out in outs {
                    let arms = [out.then, out.other].into_iter().flatten();
                    if arms.into_iter().any(|v| self.varied.is(v)) {
                        self.untyped(out.value);
                    }
                }
                self.block(then);
                self.block(other);
            }
            Kind::Loop(lp) => {
                for carried in &lp.carried {
                    if self.varied.is(carried.init) || self.varied.is(carried.next) {
                        self.untyped(carried.out);
                    }
                }
                if lp.checkpoint.is_some() {
                    super::replay::check(lp, stmt, self.program, self.errors);
                }
                self.block(&lp.body);
            }
            _ => {}
        }
    }

    /// A passive operation of a differentiated value: comparing is no loss.
    fn passive(&mut self, out: V, pass: &Pass, span: Span) {
        match pass {
            Pass::Cast(ty) => self.errors.at(
                span,
                format!("this casts a differentiated float to `{ty}`, where its derivative would be lost: write `stop_gradient(x) as {ty}` if that is meant"),
            ),
            Pass::Binary("+" | "-" | "*" | "/" | "%") | Pass::Unary(_) => self.untyped(out),
            Pass::Method(_) if self.program.of(out).ty == Ty::Opaque => {
                let text = self.index.def(out);
                // Orders and classes of floats have no derivative.
                let orders = matches!(text.by, By_::Stmt(Stmt { kind: Kind::Pass(_, Pass::Method(name), _), .. })
                    if matches!(name.as_str(), "total_cmp" | "partial_cmp" | "classify" | "cmp"));
                if !orders {
                    self.untyped(out);
                }
            }
            _ => {}
        }
    }

    /// An operand beside a differentiated value.
    fn operand(&mut self, v: V, span: Span) {
        let value = self.program.of(v);
        if value.ty == Ty::Opaque {
            let what = match self.program.written.iter().find(|(known, _)| *known == v) {
                Some((_, ty)) => format!("`{}`, a `{ty}`,", value.name),
                None => format!("`{}`", value.name),
            };
            self.errors.at(
                span,
                format!("{what} is not known to be a float, but stands in an operation with a value that carries a derivative: write the operation out with the floats in it, or take it outside of this function"),
            );
        }
    }

    /// What is made of a differentiated value is of a type that only rustc knows.
    fn untyped(&mut self, out: V) {
        let value = self.program.of(out);
        if matches!(value.ty, Ty::Opaque) {
            self.errors.at(
                value.span,
                "this is made of a value that carries a derivative, but its type is not known here: annotate what it is made of, `let k: f64 = ..`; if that is no float, make it one before",
            );
        }
    }

    /// A float is read from memory: not from one that cannot carry its derivative.
    fn read(&mut self, place: &Place) {
        if self.varied.is_mixed(place.mem) && self.said.insert(place.mem) {
            let mem = self.program.at(place.mem);
            self.errors.at(
                mem.span,
                format!("`{}` holds other things beside floats, so that the derivatives of the floats in it are lost: keep the floats in a `Vec` or array of their own, or put `#[differentiate(via = tape)]` on the function", mem.name),
            );
        }
    }

    fn moved(&mut self, to: MemId, from: &Place) {
        if self.program.at(to).ty.is_differentiable() {
            self.read(from);
        }
    }

    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Place(place) | Tree::Array(place, _) => self.read(place),
            Tree::Tuple(parts) => parts.iter().for_each(|part| self.tree(part)),
            Tree::Success(inner) => self.tree(inner),
            Tree::Unit | Tree::Value(_) => {}
        }
    }

    /// A piece of code that is not seen through.
    fn code(&mut self, out: Option<V>, code: &Code, span: Span) {
        if is_effect(code) {
            let changed =
                |bind: &&super::ir::Bind| bind.by == By::Mut && self.varied.source(&bind.what);
            if let Some(bind) = code.binds.iter().find(changed) {
                self.errors.at(span, format!("this code changes `{}`, which carries a derivative, in a way that cannot be seen through", bind.name));
            }
            return;
        }
        let Some(bind) = code.binds.iter().find(|bind| self.varied.source(&bind.what)) else {
            return;
        };
        if let Some(out) = out
            && (is_text(code) || is_constructor(code))
            && self.is_for_failure(out, 0)
        {
            return;
        }
        let message = Unseen { program: self.program, index: &self.index, code, bind }.message();
        self.errors.at(at(code, span), message);
    }

    /// Whether a value is used for nothing but an error, a panic or a print.
    fn is_for_failure(&self, v: V, depth: usize) -> bool {
        const DEEP: usize = 16;
        let in_result = |tree: &Tree| {
            fn holds(tree: &Tree, v: V) -> bool {
                match tree {
                    Tree::Value(value) => *value == v,
                    Tree::Tuple(parts) => parts.iter().any(|part| holds(part, v)),
                    Tree::Success(inner) => holds(inner, v),
                    Tree::Unit | Tree::Place(_) | Tree::Array(..) => false,
                }
            }
            holds(tree, v)
        };
        if depth > DEEP || self.program.result.as_ref().is_some_and(in_result) {
            return false;
        }
        self.index.uses[v.0 as usize].iter().all(|site| {
            let Some((stmt, _)) = self.index.stmts.get(site.pos) else { return false };
            match &stmt.kind {
                Kind::Fail(_) | Kind::Diverge(_) => true,
                Kind::Opaque { code, .. } if is_effect(code) => true,
                Kind::Opaque { out: Some(out), code, .. } => {
                    let alone = code.binds.iter().all(|bind| bind.by != By::Mut);
                    alone
                        && (is_conversion(code) || is_constructor(code) || is_text(code))
                        && self.is_for_failure(*out, depth + 1)
                }
                Kind::If { cond, outs, .. } => {
                    *cond != v
                        && (outs.iter())
                            .filter(|out| out.then == Some(v) || out.other == Some(v))
                            .all(|out| self.is_for_failure(out.value, depth + 1))
                }
                _ => false,
            }
        })
    }

    /// A call whose derivative is a call: its gradient has no part for what it takes as a constant,
    /// and no cotangent can be given to a result that only rustc knows.
    fn call(&mut self, call: &Call, stmt: &Stmt) {
        let name: String = call.value.to_string().split_whitespace().collect();
        for arg in call.args.iter().filter(|arg| !arg.wrt && self.varied.source(&arg.source)) {
            let (what, mixed) = match &arg.source {
                Source::Place(place) => {
                    (self.program.at(place.mem).name.as_str(), self.varied.is_mixed(place.mem))
                }
                Source::Value(_) => ("", false),
            };
            let message = match (mixed, arg.by) {
                (true, _) => format!(
                    "`{name}` takes `{what}`, which holds other things beside floats, so that the derivatives of the floats in it are lost: pass the floats in a `Vec` or array of their own"
                ),
                (_, By::Mut) => format!(
                    "`{name}` changes `{what}`, which carries a derivative, but takes it as a constant: add it to the `wrt(..)` of `{name}`"
                ),
                _ => format!(
                    "`{name}` is called with a value that carries a derivative for a parameter that its `wrt(..)` leaves out, so that the derivative is lost: add the parameter to the `wrt(..)` of `{name}`, or pass `stop_gradient(..)` of the value if its derivative is not wanted"
                ),
            };
            self.errors.at(stmt.span, message);
        }
        let unknown = match call.out {
            CallOut::Unit => false,
            CallOut::Value(out) => self.program.of(out).ty == Ty::Opaque,
            CallOut::Mem(mem) => {
                let ty = &self.program.at(mem).ty;
                !ty.is_differentiable() && has_floats(ty)
            }
        };
        if let (CallOut::Mem(mem), true) = (call.out, unknown) {
            self.said.insert(mem);
        }
        if unknown && call.args.iter().any(|arg| arg.wrt && self.varied.source(&arg.source)) {
            self.errors.at(
                stmt.span,
                format!("the result of `{name}` has parts that carry a derivative and others that cannot, so that the derivative would be lost: let it return them separately"),
            );
        }
    }
}
