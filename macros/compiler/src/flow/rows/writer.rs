//! Writes rows side by side: each statement of the reverse code for all of them.

use super::{Part, Scope};
use crate::flow::ir::{
    Block, Grad, Init, Kind, MemId, Mode, Origin, Out, ParamIs, Place, Program, Proj, Stmt, V,
};
use crate::hash::{HashMap, HashSet};
use crate::ir::Literal;
use crate::primitives::{ADD, DIV, GUARD, MUL, NEG, Prim, SUB};
use proc_macro2::Span;

/// What a value of the reverse code is in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// No cotangent reaches it.
    Zero,
    /// The part of the cotangent that is one.
    One,
    /// This value.
    Value(V),
}

/// Writes the rows side by side: each statement of the reverse code for all of them, conditionals
/// once.
pub(super) struct Writer<'a> {
    pub(super) program: &'a mut Program,
    pub(super) scope: &'a Scope,
    pub(super) idle: &'a HashSet<V>,
    pub(super) parts: &'a [Part],
    /// What values of the reverse code are in each row.
    pub(super) names: HashMap<V, Vec<Is>>,
    /// The rows' own memories, by the shadows they stand for.
    pub(super) mems: HashMap<MemId, Vec<MemId>>,
    /// Which elements of those have been written.
    pub(super) written: HashSet<(MemId, Vec<usize>)>,
    /// How many conditionals are around.
    pub(super) conditional: usize,
    /// The blocks being written, outermost first.
    pub(super) code: Vec<Vec<Stmt>>,
}

impl Writer<'_> {
    fn count(&self) -> usize {
        self.parts.len()
    }

    pub(super) fn rows(&mut self, grads: &[Grad], reverse: &[Stmt]) -> Vec<Vec<Grad>> {
        for (k, part) in self.parts.iter().enumerate() {
            if let Part::Value(v) = part {
                self.names.insert(*v, self.seeds(k));
            }
        }
        for (grad, param) in grads.iter().zip(self.program.params.clone()) {
            if let (Grad::Mem(shadow), ParamIs::Mem(param)) = (grad, param) {
                let of = self.program.at(*shadow).clone();
                let mut made = Vec::new();
                for _ in 0..self.count() {
                    let row = self.program.mem(&of.name, of.ty.clone(), Origin::Local, of.span);
                    self.put(Kind::Alloc(row, Init::ZerosLike(Place::whole(param))));
                    made.push(row);
                }
                self.mems.insert(*shadow, made);
            }
        }
        self.block(reverse);
        (0..self.count())
            .map(|k| grads.iter().map(|grad| self.gradient(k, grad)).collect())
            .collect()
    }

    /// A gradient in a row.
    fn gradient(&mut self, row: usize, grad: &Grad) -> Grad {
        match grad {
            Grad::Not => Grad::Not,
            Grad::Value(v) => Grad::Value(v.and_then(|v| match self.is(row, v) {
                Is::Zero => None,
                is => Some(self.value(is, v)),
            })),
            Grad::Mem(shadow) => Grad::Mem(self.memory(row, *shadow)),
        }
    }

    /// What a part of the cotangent is in each row.
    fn seeds(&self, part: usize) -> Vec<Is> {
        (0..self.count()).map(|row| if row == part { Is::One } else { Is::Zero }).collect()
    }

    fn put(&mut self, kind: Kind) {
        let stmt = Stmt { kind, span: Span::call_site() };
        self.code.last_mut().expect("a block is open").push(stmt);
    }

    fn is(&self, row: usize, v: V) -> Is {
        self.names.get(&v).map_or(Is::Value(v), |rows| rows[row])
    }

    /// What does not depend on the cotangent, as indices and conditions, is the same in all rows.
    pub(super) fn passive(&self, v: V) -> V {
        match self.is(0, v) {
            Is::Value(v) => v,
            Is::Zero | Is::One => v,
        }
    }

    fn memory(&self, row: usize, mem: MemId) -> MemId {
        self.mems.get(&mem).map_or(mem, |rows| rows[row])
    }

    /// A value for what something is; `like` has its type.
    fn value(&mut self, is: Is, like: V) -> V {
        let number = match is {
            Is::Value(v) => return v,
            Is::Zero => 0.0,
            Is::One => 1.0,
        };
        let v = self.fresh(like);
        self.put(Kind::Const(v, Literal::Float(number, None)));
        v
    }

    fn fresh(&mut self, like: V) -> V {
        let of = self.program.of(like).clone();
        self.program.value(of.name, of.ty, of.span)
    }

    fn block(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.statement(&stmt.kind);
        }
    }

    /// Defines a value in all rows, from what `args` are there: once where they are the same.
    fn define(&mut self, v: V, args: &[V], write: &dyn Fn(&mut Self, &[Is]) -> Is) {
        let mut done: Vec<(Vec<Is>, Is)> = Vec::new();
        let mut rows = Vec::new();
        for row in 0..self.count() {
            let args: Vec<Is> = args.iter().map(|arg| self.is(row, *arg)).collect();
            let is = match done.iter().find(|(same, _)| *same == args) {
                Some((_, is)) => *is,
                None => {
                    let is = write(self, &args);
                    done.push((args, is));
                    is
                }
            };
            rows.push(is);
        }
        self.names.insert(v, rows);
    }

    /// Defines a value by a statement, in all rows.
    fn compute(&mut self, v: V, args: &[V], kind: &dyn Fn(V, Vec<V>) -> Kind) {
        self.define(v, args, &|writer, is| {
            let known = is.iter().zip(args).map(|(is, arg)| writer.value(*is, *arg)).collect();
            let new = writer.fresh(v);
            writer.put(kind(new, known));
            Is::Value(new)
        });
    }

    fn statement(&mut self, kind: &Kind) {
        match kind {
            Kind::Const(v, literal) => {
                self.compute(*v, &[], &|new, _| Kind::Const(new, literal.clone()));
            }
            Kind::Prim(v, row, args) => self.define(*v, args, &|writer, is| {
                writer.shorter(*v, row, args, is).unwrap_or_else(|| {
                    let known = is.iter().zip(args).map(|(is, arg)| writer.value(*is, *arg));
                    let known = known.collect();
                    let new = writer.fresh(*v);
                    writer.put(Kind::Prim(new, row, known));
                    Is::Value(new)
                })
            }),
            Kind::Cast(v, arg) => self.define(*v, &[*arg], &|writer, is| match is[0] {
                Is::Zero => Is::Zero,
                is => {
                    let (known, new) = (writer.value(is, *arg), writer.fresh(*v));
                    writer.put(Kind::Cast(new, known));
                    Is::Value(new)
                }
            }),
            Kind::Pass(v, pass, args) => {
                self.compute(*v, args, &|new, args| Kind::Pass(new, pass.clone(), args));
            }
            Kind::Load(v, place) => match self.scope.part(place, self.parts) {
                Some(part) => {
                    self.names.insert(*v, self.seeds(part));
                }
                None => {
                    let place = self.place(0, place);
                    self.compute(*v, &[], &|new, _| Kind::Load(new, place.clone()));
                }
            },
            Kind::Store(place, v, mode) => {
                (0..self.count()).for_each(|row| self.store(row, place, *v, *mode));
            }
            Kind::If { cond, then, other, outs } => self.conditional(*cond, then, other, outs),
            _ => {}
        }
    }

    /// What a primitive comes to without being computed.
    fn shorter(&mut self, v: V, row: Prim, args: &[V], is: &[Is]) -> Option<Is> {
        let (a, b) = (is[0], is.get(1).copied().unwrap_or(Is::Zero));
        match (row, a, b) {
            (row, Is::Zero, b) if *row == ADD => Some(b),
            (row, a, Is::Zero) if *row == ADD || *row == SUB => Some(a),
            (row, Is::Zero, b) if *row == SUB => {
                let (b, new) = (self.value(b, args[1]), self.fresh(v));
                self.put(Kind::Prim(new, &NEG, vec![b]));
                Some(Is::Value(new))
            }
            (row, Is::Zero, _) | (row, _, Is::Zero) if *row == MUL || *row == GUARD => {
                Some(Is::Zero)
            }
            (row, Is::One, other) | (row, other, Is::One) if *row == MUL => Some(other),
            (row, Is::Zero, _) if *row == DIV || *row == NEG => Some(Is::Zero),
            (row, Is::One, product) if *row == GUARD => Some(product),
            (row, _, product) if *row == GUARD && self.idle.contains(&v) => Some(product),
            _ => None,
        }
    }

    /// A place in a row; its indices are the same in all.
    fn place(&self, row: usize, place: &Place) -> Place {
        let proj = (place.proj.iter())
            .map(|proj| match proj {
                Proj::Index(at) => Proj::Index(self.passive(*at)),
                other => other.clone(),
            })
            .collect();
        Place { mem: self.memory(row, place.mem), proj }
    }

    /// The first addition to an element overwrites its zero.
    fn store(&mut self, row: usize, place: &Place, v: V, mode: Mode) {
        let is = self.is(row, v);
        if is == Is::Zero {
            return;
        }
        let v = self.value(is, v);
        let path = self.scope.path(place).unwrap_or_default();
        let place = self.place(row, place);
        let first = self.written.insert((place.mem, path));
        let mode = match mode {
            Mode::Add if first && self.conditional == 0 => Mode::Set,
            mode => mode,
        };
        self.put(Kind::Store(place, v, mode));
    }

    fn conditional(&mut self, cond: V, then: &Block, other: &Block, outs: &[Out]) {
        self.conditional += 1;
        let (then, then_ends) = self.arm(then, outs, &|out| out.then);
        let (other, other_ends) = self.arm(other, outs, &|out| out.other);
        self.conditional -= 1;
        let mut left = Vec::new();
        for (k, out) in outs.iter().enumerate() {
            let mut rows = Vec::new();
            for row in 0..self.count() {
                let ends = [then_ends[k].as_ref(), other_ends[k].as_ref()];
                let ends = ends.map(|rows| rows.map(|rows| rows[row]));
                if ends.iter().all(|end| end.is_none_or(|is| is == Is::Zero)) {
                    rows.push(Is::Zero);
                    continue;
                }
                let [then, other] = ends.map(|end| end.map(|is| self.value(is, out.value)));
                let value = self.fresh(out.value);
                left.push(Out { value, then, other });
                rows.push(Is::Value(value));
            }
            self.names.insert(out.value, rows);
        }
        if !(then.stmts.is_empty() && other.stmts.is_empty() && left.is_empty()) {
            let cond = self.passive(cond);
            self.put(Kind::If { cond, then, other, outs: left });
        }
    }

    /// A branch, and what leaves it in each row.
    fn arm(
        &mut self,
        block: &Block,
        outs: &[Out],
        end: &dyn Fn(&Out) -> Option<V>,
    ) -> (Block, Vec<Option<Vec<Is>>>) {
        self.code.push(Vec::new());
        self.block(&block.stmts);
        let rows = |v| (0..self.count()).map(|row| self.is(row, v)).collect();
        let ends = outs.iter().map(|out| end(out).map(rows)).collect();
        (Block { stmts: self.code.pop().unwrap_or_default() }, ends)
    }
}
