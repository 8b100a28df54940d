//! Which values and memories carry a derivative: those the differentiated parameters reach and that
//! reach the result.

use super::ir::{
    Block, By, Call, CallOut, Code, Init, Kind, MemId, Origin, ParamIs, Pass, Place, Program,
    Source, Stmt, Tree, Ty, V,
};
use crate::capsule::STD_MACROS;
use crate::error::Errors;
use crate::parse::Type;
use crate::primitives::{Prim, Sym};
use proc_macro2::TokenTree;

/// What carries a derivative.
pub struct Activity {
    values: Vec<bool>,
    mems: Vec<bool>,
}

impl Activity {
    /// Whether a value does.
    pub fn value(&self, v: V) -> bool {
        self.values.get(v.0 as usize).copied().unwrap_or(false)
    }

    /// Whether a memory does.
    pub fn mem(&self, m: MemId) -> bool {
        self.mems.get(m.0 as usize).copied().unwrap_or(false)
    }

    /// Whether a source does.
    pub fn source(&self, source: &Source) -> bool {
        match source {
            Source::Value(v) => self.value(*v),
            Source::Place(place) => self.mem(place.mem),
        }
    }
}

/// The partial derivatives of a primitive.
pub fn partials(row: Prim) -> Vec<Sym> {
    let symbols: Vec<Sym> = (0..row.arity).map(Sym::Arg).collect();
    (row.partials)(&symbols, &Sym::Out)
}

/// Finds what carries a derivative, where `wrt` says which parameters are differentiated.
///
/// Reports what would make a derivative silently wrong: a differentiated value that disappears into
/// an integer or into a function that is not annotated.
pub fn activity(program: &Program, wrt: &[bool], errors: &mut Errors) -> Activity {
    let mut varied = Varied {
        program,
        values: vec![false; program.values.len()],
        mems: vec![false; program.mems.len()],
        changed: false,
    };
    for (param, wrt) in program.params.iter().zip(wrt) {
        match param {
            ParamIs::Value(v) if *wrt => varied.value(*v, program.float(*v).is_some()),
            ParamIs::Mem(m) if *wrt => varied.mem(*m, true),
            _ => {}
        }
    }
    loop {
        varied.changed = false;
        varied.block(&program.body);
        if !varied.changed {
            break;
        }
    }
    report(&program.body, &varied, errors);
    let (values, mems) = (varied.values, varied.mems);
    let mut useful = Useful {
        varied: (&values, &mems),
        values: vec![false; values.len()],
        mems: vec![false; mems.len()],
        changed: false,
    };
    if let Some(result) = &program.result {
        useful.tree(result);
    }
    for (k, mem) in program.mems.iter().enumerate() {
        if mem.origin == Origin::Exclusive {
            useful.mem(MemId(k as u32), true);
        }
    }
    loop {
        useful.changed = false;
        useful.block(&program.body);
        if !useful.changed {
            break;
        }
    }
    Activity { values: useful.values, mems: useful.mems }
}

/// What the parameters reach.
struct Varied<'p> {
    program: &'p Program,
    values: Vec<bool>,
    mems: Vec<bool>,
    changed: bool,
}

impl Varied<'_> {
    fn value(&mut self, v: V, varied: bool) {
        if varied && !self.values[v.0 as usize] && self.program.float(v).is_some() {
            self.values[v.0 as usize] = true;
            self.changed = true;
        }
    }

    fn mem(&mut self, m: MemId, varied: bool) {
        if varied && !self.mems[m.0 as usize] && self.program.at(m).ty.is_differentiable() {
            self.mems[m.0 as usize] = true;
            self.changed = true;
        }
    }

    fn is(&self, v: V) -> bool {
        self.values[v.0 as usize]
    }

    fn place(&self, place: &Place) -> bool {
        self.mems[place.mem.0 as usize]
    }

    fn source(&self, source: &Source) -> bool {
        match source {
            Source::Value(v) => self.is(*v),
            Source::Place(place) => self.place(place),
        }
    }

    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            Kind::Prim(out, row, args) => {
                let partials = partials(row);
                let flows = args.iter().zip(&partials).any(|(v, p)| self.is(*v) && *p != Sym::Zero);
                self.value(*out, flows);
            }
            Kind::Cast(out, arg) => self.value(*out, self.is(*arg)),
            Kind::Load(out, place) | Kind::Pop(out, place) | Kind::SumAll(out, place) => {
                self.value(*out, self.place(place));
            }
            Kind::Store(place, v, _) | Kind::Fill(place, v) => self.mem(place.mem, self.is(*v)),
            Kind::Alloc(mem, init) => {
                let flows = match init {
                    Init::Filled(v, _) => self.is(*v),
                    Init::FilledWith(place, _)
                    | Init::Copy(place)
                    | Init::Move(place)
                    | Init::ZerosLike(place) => self.place(place),
                    Init::List(values) => values.iter().any(|v| self.is(*v)),
                    Init::ListOf(places) => places.iter().any(|place| self.place(place)),
                    Init::Empty(_) | Init::Unset => false,
                    Init::Fields(fields) => fields.iter().any(|(_, source)| self.source(source)),
                };
                self.mem(*mem, flows);
            }
            Kind::Assign { to, from, .. } | Kind::AddAll(to, from) => {
                self.mem(to.mem, self.place(from));
            }
            Kind::Push(place, source) => self.mem(place.mem, self.source(source)),
            Kind::Swap(a, b) => {
                self.mem(a.mem, self.place(b));
                self.mem(b.mem, self.place(a));
            }
            Kind::If { then, other, outs, .. } => {
                self.block(then);
                self.block(other);
                for out in outs {
                    let flows = [out.then, out.other].into_iter().flatten().any(|v| self.is(v));
                    self.value(out.value, flows);
                }
            }
            Kind::Loop(lp) => {
                for carried in &lp.carried {
                    self.value(carried.param, self.is(carried.init) || self.is(carried.next));
                }
                self.block(&lp.body);
                for carried in &lp.carried {
                    let flows = self.is(carried.init) || self.is(carried.next);
                    self.value(carried.param, flows);
                    self.value(carried.out, flows);
                }
            }
            Kind::Call(call) => {
                let flows = call.args.iter().any(|arg| arg.wrt && self.source(&arg.source));
                match call.out {
                    CallOut::Unit => {}
                    CallOut::Value(out) => self.value(out, flows),
                    CallOut::Mem(mem) => self.mem(mem, flows),
                }
                changed_by(call).for_each(|place| self.mem(place.mem, flows));
            }
            _ => {}
        }
    }
}

/// What reaches the result, among what varies.
struct Useful<'a> {
    varied: (&'a [bool], &'a [bool]),
    values: Vec<bool>,
    mems: Vec<bool>,
    changed: bool,
}

impl Useful<'_> {
    fn value(&mut self, v: V, useful: bool) {
        if useful && self.varied.0[v.0 as usize] && !self.values[v.0 as usize] {
            self.values[v.0 as usize] = true;
            self.changed = true;
        }
    }

    fn mem(&mut self, m: MemId, useful: bool) {
        if useful && self.varied.1[m.0 as usize] && !self.mems[m.0 as usize] {
            self.mems[m.0 as usize] = true;
            self.changed = true;
        }
    }

    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Unit => {}
            Tree::Value(v) => self.value(*v, true),
            Tree::Place(place) => self.mem(place.mem, true),
            Tree::Tuple(parts) => parts.iter().for_each(|part| self.tree(part)),
            Tree::Success(inner) => self.tree(inner),
        }
    }

    fn is(&self, v: V) -> bool {
        self.values[v.0 as usize]
    }

    fn place(&self, place: &Place) -> bool {
        self.mems[place.mem.0 as usize]
    }

    fn source(&mut self, source: &Source, useful: bool) {
        match source {
            Source::Value(v) => self.value(*v, useful),
            Source::Place(place) => self.mem(place.mem, useful),
        }
    }

    fn block(&mut self, block: &Block) {
        for stmt in block.stmts.iter().rev() {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            Kind::Prim(out, row, args) if self.is(*out) => {
                for (v, partial) in args.iter().zip(partials(row)) {
                    self.value(*v, partial != Sym::Zero);
                }
            }
            Kind::Cast(out, arg) => self.value(*arg, self.is(*out)),
            Kind::Load(out, place) | Kind::Pop(out, place) | Kind::SumAll(out, place) => {
                self.mem(place.mem, self.is(*out));
            }
            Kind::Store(place, v, _) | Kind::Fill(place, v) => self.value(*v, self.place(place)),
            Kind::Alloc(mem, init) => {
                let useful = self.mems[mem.0 as usize];
                match init {
                    Init::Filled(v, _) => self.value(*v, useful),
                    Init::FilledWith(place, _)
                    | Init::Copy(place)
                    | Init::Move(place)
                    | Init::ZerosLike(place) => self.mem(place.mem, useful),
                    Init::List(values) => values.iter().for_each(|v| self.value(*v, useful)),
                    Init::ListOf(places) => {
                        places.iter().for_each(|place| self.mem(place.mem, useful));
                    }
                    Init::Empty(_) | Init::Unset => {}
                    Init::Fields(fields) => {
                        fields.iter().for_each(|(_, source)| self.source(source, useful));
                    }
                }
            }
            Kind::Assign { to, from, .. } | Kind::AddAll(to, from) => {
                self.mem(from.mem, self.place(to));
            }
            Kind::Push(place, source) => {
                let useful = self.place(place);
                self.source(source, useful);
            }
            Kind::Swap(a, b) => {
                self.mem(a.mem, self.place(b));
                self.mem(b.mem, self.place(a));
            }
            Kind::If { then, other, outs, .. } => {
                for out in outs {
                    for arm in [out.then, out.other].into_iter().flatten() {
                        self.value(arm, self.is(out.value));
                    }
                }
                self.block(other);
                self.block(then);
            }
            Kind::Loop(lp) => {
                let links = |this: &mut Self| {
                    for carried in &lp.carried {
                        let useful = this.is(carried.out) || this.is(carried.param);
                        this.value(carried.next, useful);
                        this.value(carried.init, useful);
                    }
                };
                links(self);
                self.block(&lp.body);
                links(self);
            }
            Kind::Call(call) => {
                let of_out = match call.out {
                    CallOut::Unit => false,
                    CallOut::Value(out) => self.is(out),
                    CallOut::Mem(mem) => self.mems[mem.0 as usize],
                };
                let useful = of_out || changed_by(call).any(|place| self.place(place));
                for arg in call.args.iter().filter(|arg| arg.wrt) {
                    self.source(&arg.source, useful);
                }
            }
            _ => {}
        }
    }
}

/// The places that a call changes, those that carry derivatives.
pub(super) fn changed_by(call: &Call) -> impl Iterator<Item = &Place> {
    call.args.iter().filter_map(|arg| match (&arg.source, arg.by) {
        (Source::Place(place), By::Mut) if arg.wrt => Some(place),
        _ => None,
    })
}

/// Reports where a differentiated value would disappear.
fn report(block: &Block, varied: &Varied<'_>, errors: &mut Errors) {
    for stmt in &block.stmts {
        match &stmt.kind {
            Kind::Pass(out, Pass::Cast(_), args) if args.iter().any(|v| varied.is(*v)) => {
                let _ = out;
                errors.at(
                    stmt.span,
                    "this casts a differentiated float to an integer, where its derivative would be lost: write `stop_gradient(x) as …` if that is meant",
                );
            }
            Kind::Opaque { out: Some(out), .. } if varied.program.constants.contains(out) => {}
            Kind::Opaque { code, .. } if !is_effect(code) => {
                if let Some(bind) = code.binds.iter().find(|bind| varied.source(&bind.what)) {
                    let what = callee(code);
                    errors.at(
                        stmt.span,
                        {
                            let name = bind.name.to_string();
                            let (takes, stop) = match name.starts_with("__") {
                                true => ("a value that".to_string(), "x".to_string()),
                                false => (format!("`{name}`, which"), name),
                            };
                            format!("{what} takes {takes} carries a derivative, but cannot be seen through: put `#[differentiate]` on the function that is called, or write `stop_gradient({stop})` if its derivative is not wanted")
                        },
                    );
                }
            }
            Kind::Opaque { code, .. } => {
                let lost =
                    |bind: &&super::ir::Bind| bind.by == By::Mut && varied.source(&bind.what);
                if let Some(bind) = code.binds.iter().find(lost) {
                    errors.at(stmt.span, format!("this code changes `{}`, which carries a derivative, in a way that cannot be seen through", bind.name));
                }
            }
            Kind::Call(call) => lost_in_call(call, stmt, varied, errors),
            Kind::If { then, other, .. } => {
                report(then, varied, errors);
                report(other, varied, errors);
            }
            Kind::Loop(lp) => {
                if lp.checkpoint.is_some() {
                    super::replay::check(lp, stmt, varied.program, errors);
                }
                report(&lp.body, varied, errors);
            }
            _ => {}
        }
    }
}

/// Reports where a call would lose a derivative: its gradient has no part for what it changes, or
/// no cotangent can be given to its result.
fn lost_in_call(call: &Call, stmt: &Stmt, varied: &Varied<'_>, errors: &mut Errors) {
    let name: String = call.value.to_string().split_whitespace().collect();
    for arg in call.args.iter().filter(|arg| arg.by == By::Mut && !arg.wrt) {
        if let Source::Place(place) = &arg.source
            && varied.place(place)
        {
            let changed = &varied.program.at(place.mem).name;
            errors.at(
                stmt.span,
                format!("`{name}` changes `{changed}`, which carries a derivative, but takes it as a constant: add it to the `wrt(…)` of `{name}`"),
            );
        }
    }
    let unknown = match call.out {
        CallOut::Unit => false,
        CallOut::Value(out) => varied.program.of(out).ty == Ty::Opaque,
        CallOut::Mem(mem) => {
            let ty = &varied.program.at(mem).ty;
            !ty.is_differentiable() && has_floats(ty)
        }
    };
    if unknown && call.args.iter().any(|arg| arg.wrt && varied.source(&arg.source)) {
        errors.at(
            stmt.span,
            format!("the result of `{name}` has parts that carry a derivative and others that cannot, so that the derivative would be lost: let it return them separately"),
        );
    }
}

/// Whether any part of a type is a float.
fn has_floats(ty: &Type) -> bool {
    match ty {
        Type::Float(_) | Type::Array(..) | Type::Struct(_) => true,
        Type::Tuple(parts) => parts.iter().any(has_floats),
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => has_floats(of),
        Type::Option(of) | Type::Result(of, _) => has_floats(of),
        Type::Int(_) | Type::Constant(_) | Type::Unit => false,
    }
}

/// Whether code is there for its effect only, as `println!` and `assert!`: reading a differentiated
/// value is no loss.
pub(super) fn is_effect(code: &Code) -> bool {
    let mut tokens = code.tokens.clone().into_iter();
    let name = match tokens.next() {
        Some(TokenTree::Ident(name)) => name.to_string(),
        _ => return false,
    };
    let bang = matches!(tokens.next(), Some(TokenTree::Punct(p)) if p.as_char() == '!');
    bang && name != "vec" && STD_MACROS.contains(&name.as_str())
}

/// What a piece of code is called in a message.
pub(super) fn callee(code: &Code) -> String {
    let text = code.tokens.to_string();
    let head: String = text.split('(').next().unwrap_or_default().split_whitespace().collect();
    if head.is_empty() || head.len() > 60 { "this code".to_string() } else { format!("`{head}`") }
}
