//! Reverse mode: a program in, the program with its reverse sweep out.
//!
//! Statement by statement, backwards, each active value's cotangent is the sum of what its readers
//! contribute; a value that no cotangent reaches is a structural zero, and nothing is written for
//! it. A memory's cotangents are in its shadow.
//!
//! What the reverse sweep needs of the forward one depends on where it stands. In a *region* whose
//! reverse code follows the forward code in the same block (the function itself, the body of a loop
//! that runs once), values are simply in scope; those of conditionals are handed out of them
//! (`forward.rs`). A loop that is *reversed* puts what it needs on a record, or computes it again
//! (`demand.rs`). A loop that only accumulates needs no reversal: value and gradient are computed in
//! the same iteration (`fuse.rs`).

mod call;
mod checkpoint;
mod demand;
mod forward;
mod fuse;
mod loops;
mod memory;
pub(in crate::flow) mod pullback;
mod records;
mod stable;
mod tangents;

use super::activity::{Activity, Records};
use super::index::{BlockId, Def, Index};
use super::ir::{
    Adjoint, Carried, Grad, Kind, MemId, Mode, Origin, Out, ParamIs, Place, Program, RecId, Source,
    Stmt, Tree, Ty, V,
};
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use proc_macro2::Span;
use std::rc::Rc;

/// Appends the reverse sweep by the parameters in `wrt` to a program.
pub fn differentiate(program: &Program, wrt: &[bool], activity: &Activity) -> Adjoint {
    let mut builder = Builder::new(program, activity);
    builder.literals();
    builder.function(wrt)
}

/// The same, with forward code that knows no cotangent: one run of it serves any number of runs of
/// the reverse code.
pub fn differentiate_apart(program: &Program, wrt: &[bool], activity: &Activity) -> Adjoint {
    let mut builder = Builder::new(program, activity);
    builder.apart = true;
    builder.literals();
    builder.function(wrt)
}

impl<'p> Builder<'p> {
    fn new(program: &'p Program, activity: &'p Activity) -> Self {
        Builder {
            src: program,
            ix: Rc::new(Index::new(program)),
            act: activity,
            records: Rc::new(Records::of(program)),
            of_cotangents: HashMap::default(),
            out: program.clone(),
            later: HashMap::default(),
            regions: Vec::new(),
            cot: HashMap::default(),
            also_active: HashSet::default(),
            shadows: HashMap::default(),
            stand_ins: HashMap::default(),
            numbers: HashMap::default(),
            code: Vec::new(),
            patches: Patches::default(),
            consts: Vec::new(),
            declares: Vec::new(),
            stores: Vec::new(),
            tangents: false,
            apart: false,
        }
    }
}

/// How the reverse code of a region stands to its forward code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It follows in the same block.
    Same,
    /// It is a loop of its own.
    Reversed,
}

/// A block whose reverse code is being written, and what that code can see.
#[derive(Clone)]
struct Region {
    root: BlockId,
    standing: Standing,
    /// The level of `code` at which its reverse code begins.
    base: usize,
    /// Values of the program under the name they have in the reverse code, with the level at which
    /// that name was defined.
    env: HashMap<V, (V, usize)>,
    /// Those of them that were defined at a deeper level than `base`.
    inner: Vec<V>,
    /// Memories likewise.
    mems: HashMap<MemId, MemId>,
    /// What the forward loop puts on the record, and under which names it is taken off.
    kept: Vec<(V, V)>,
    kept_mems: Vec<(MemId, MemId)>,
    /// Memories restored to what they held at the end of the iteration.
    restored: Vec<MemId>,
    /// Whether all that is cheap is computed again, or only what needs nothing else on the record.
    recompute_all: bool,
    /// Cotangents that are known before the region begins.
    known: HashMap<V, V>,
    /// Sums, in a reversed loop, of what is added to places that do not change in it: the place,
    /// the same in the shadow, the sum at the start of an iteration and now.
    sums: Vec<(Place, Place, V, V)>,
}

impl Region {
    /// Gives a value a name, which is defined at a level of `code`.
    fn define(&mut self, v: V, here: V, level: usize) {
        self.env.insert(v, (here, level));
        if level > self.base {
            self.inner.push(v);
        }
    }

    /// Forgets the names that were defined at a level, or deeper.
    fn forget(&mut self, level: usize) {
        let env = &mut self.env;
        self.inner.retain(|v| {
            let stays = env.get(v).is_some_and(|(_, at)| *at < level);
            if !stays {
                env.remove(v);
            }
            stays
        });
    }
}

/// What changes in the forward code.
#[derive(Clone, Default)]
struct Patches {
    /// What leaves conditionals besides, by the conditional's number.
    outs: HashMap<usize, Vec<Out>>,
    /// Which name a value has outside a conditional.
    hoisted: HashMap<(V, usize), V>,
    /// What is done ahead of a statement.
    before: HashMap<usize, Vec<Stmt>>,
    /// What is done behind it.
    after: HashMap<usize, Vec<Stmt>>,
    /// Loops.
    loops: HashMap<usize, LoopPatch>,
}

/// What changes in a forward loop.
#[derive(Clone, Default)]
struct LoopPatch {
    /// What is kept at the end of an iteration.
    keep: Option<(RecId, Vec<V>, Vec<MemId>)>,
    /// Memories whose contents are saved at the end of an iteration.
    save: Vec<(RecId, Place)>,
    /// Asks for the number of iterations.
    count: Option<V>,
    /// What is done at the start of an iteration, and what is carried for it.
    start: Vec<Stmt>,
    carried: Vec<Carried>,
    /// The whole loop, where it runs once.
    instead: Option<Vec<Stmt>>,
}

#[derive(Clone)]
struct Builder<'p> {
    src: &'p Program,
    ix: Rc<Index<'p>>,
    act: &'p Activity,
    /// What goes through the records of gradients inside the program, and those of its cotangents.
    records: Rc<Records>,
    of_cotangents: HashMap<RecId, RecId>,
    out: Program,
    /// Where values that the forward code defines besides are defined.
    later: HashMap<V, Def<'p>>,
    regions: Vec<Region>,
    /// The cotangents so far.
    cot: HashMap<V, V>,
    /// Values that stand for active ones.
    also_active: HashSet<V>,
    shadows: HashMap<MemId, MemId>,
    /// What stands for a memory in the stretch of a checkpointed loop that runs again.
    stand_ins: HashMap<MemId, MemId>,
    /// The values that are literals.
    numbers: HashMap<V, f64>,
    /// The blocks of reverse code being written, outermost first.
    code: Vec<Vec<Stmt>>,
    patches: Patches,
    consts: Vec<Stmt>,
    declares: Vec<Stmt>,
    stores: Vec<String>,
    /// Whether a loop carries tangents of several variables by several inputs.
    tangents: bool,
    /// Whether the forward code stands alone: no cotangent is known in it.
    apart: bool,
}

impl<'p> Builder<'p> {
    fn function(mut self, wrt: &[bool]) -> Adjoint {
        let mut grads = Vec::new();
        for (param, wrt) in self.src.params.iter().zip(wrt) {
            grads.push(match param {
                _ if !wrt => Grad::Not,
                ParamIs::Value(_) => Grad::Value(None),
                ParamIs::Mem(m) => {
                    let mem = self.src.at(*m).clone();
                    let name = format!("d_{}", mem.name);
                    let shadow = self.out.mem(name, mem.ty, Origin::Exclusive, mem.span);
                    self.out.mems[shadow.0 as usize].shadows = Some(*m);
                    let written = !self.ix.writes[m.0 as usize].is_empty();
                    if !(written && mem.origin == Origin::Owned) {
                        self.shadows.insert(*m, shadow);
                    }
                    Grad::Mem(shadow)
                }
            });
        }
        self.open(BlockId(0), Standing::Same);
        let mut seeding = Vec::new();
        let seed = match &self.src.result {
            Some(tree) => self.seed(&tree.clone(), &mut seeding),
            None => Tree::Unit,
        };
        if !self.apart {
            self.fuse_all(BlockId(0));
        }
        // What a parameter is overwritten with has cotangents of its own.
        for (param, grad) in self.src.params.iter().zip(&grads) {
            if let (ParamIs::Mem(m), Grad::Mem(_)) = (param, grad)
                && self.act.mem(*m)
                && !self.shadows.contains_key(m)
            {
                self.declare_shadow(*m);
            }
        }
        self.declare_shadows(BlockId(0));
        for (place, seed) in seeding {
            let place = self.shadow_place(&place);
            self.emit(Kind::AddAll(place, Place::whole(seed)));
        }
        self.reverse(BlockId(0));
        for (param, grad) in self.src.params.iter().zip(&mut grads) {
            match (param, grad) {
                (ParamIs::Value(v), grad @ Grad::Value(_)) => {
                    *grad = Grad::Value(self.cot.get(v).copied());
                }
                (ParamIs::Mem(m), Grad::Mem(shadow)) => {
                    if let Some(own) = self.shadows.get(m).copied()
                        && own != *shadow
                    {
                        self.emit(Kind::AddAll(Place::whole(*shadow), Place::whole(own)));
                    }
                }
                _ => {}
            }
        }
        let region = self.close();
        debug_assert!(region.kept.is_empty() && region.kept_mems.is_empty());
        let reverse = self.code.pop().unwrap_or_default();
        let forward = self.forward(BlockId(0));
        let mut body = std::mem::take(&mut self.consts);
        body.append(&mut self.declares);
        body.extend(forward);
        let start = body.len();
        body.extend(reverse);
        self.out.body.stmts = body;
        let Builder { out: program, stores, tangents, .. } = self;
        Adjoint { program, seed, grads, reverse: start, stores, tangents }
    }

    /// The cotangents of the result: scalars are known from the start.
    fn seed(&mut self, tree: &Tree, seeding: &mut Vec<(Place, MemId)>) -> Tree {
        match tree {
            Tree::Unit => Tree::Unit,
            Tree::Value(v) => {
                let elem = self.out.float(*v).cloned().unwrap_or(Elem::F64);
                let seed = self.out.value("seed", Ty::Float(elem), Span::call_site());
                if self.act.value(*v) {
                    self.contribute(*v, seed);
                    if self.apart {
                        return Tree::Value(seed);
                    }
                    let sum = self.code.last_mut().map(std::mem::take).unwrap_or_default();
                    self.declares.extend(sum);
                    let known = self.cot[v];
                    self.regions[0].known.insert(*v, known);
                }
                Tree::Value(seed)
            }
            Tree::Place(place) => {
                let ty = self.type_of(place);
                let seed = self.out.mem("seed", ty, Origin::Owned, Span::call_site());
                let whole = place.proj.is_empty();
                let local = self.src.at(place.mem).origin == Origin::Local;
                if self.act.mem(place.mem) {
                    if whole && local && !self.shadows.contains_key(&place.mem) {
                        self.shadows.insert(place.mem, seed);
                    } else {
                        seeding.push((place.clone(), seed));
                    }
                }
                Tree::Place(Place::whole(seed))
            }
            Tree::Array(place, extents) => match self.seed(&Tree::Place(place.clone()), seeding) {
                Tree::Place(seed) => Tree::Array(seed, extents.clone()),
                other => other,
            },
            Tree::Tuple(parts) => {
                Tree::Tuple(parts.iter().map(|part| self.seed(part, seeding)).collect())
            }
            Tree::Success(inner) => self.seed(inner, seeding),
        }
    }

    // Regions.

    fn open(&mut self, root: BlockId, standing: Standing) {
        self.code.push(Vec::new());
        self.regions.push(Region {
            root,
            standing,
            base: self.code.len() - 1,
            env: HashMap::default(),
            inner: Vec::new(),
            mems: HashMap::default(),
            kept: Vec::new(),
            kept_mems: Vec::new(),
            restored: Vec::new(),
            recompute_all: true,
            known: HashMap::default(),
            sums: Vec::new(),
        });
    }

    /// Ends the innermost region; its code stays on top of `code`.
    fn close(&mut self) -> Region {
        self.regions.pop().expect("a region is open")
    }

    /// The level of `code` at which the region's reverse code is being written.
    fn level(&self, region: usize) -> usize {
        match self.regions.get(region + 1) {
            Some(inner) => inner.base - 1,
            None => self.code.len() - 1,
        }
    }

    /// Begins a block inside the innermost region's code.
    fn begin(&mut self) {
        self.code.push(Vec::new());
    }

    /// Ends it: names defined in it are forgotten.
    fn end(&mut self) -> Vec<Stmt> {
        let code = self.code.pop().unwrap_or_default();
        let level = self.code.len();
        if let Some(region) = self.regions.last_mut() {
            region.forget(level);
        }
        code
    }

    fn push(&mut self, stmt: Stmt) {
        self.code.last_mut().expect("a block is open").push(stmt);
    }

    fn emit(&mut self, kind: Kind) {
        let stmt = self.stmt(kind);
        self.push(stmt);
    }

    fn stmt(&self, kind: Kind) -> Stmt {
        Stmt { kind, span: Span::call_site() }
    }

    // Values.

    fn def(&self, v: V) -> Def<'p> {
        match self.later.get(&v) {
            Some(def) => *def,
            None => self.ix.def(v),
        }
    }

    fn elem(&self, v: V) -> Elem {
        self.out.float(v).cloned().unwrap_or(Elem::F64)
    }

    fn fresh(&mut self, name: &str, like: V) -> V {
        let value = self.out.of(like).clone();
        self.out.value(name, value.ty, value.span)
    }

    fn float(&mut self, name: &str, elem: Elem) -> V {
        self.out.value(name, Ty::Float(elem), Span::call_site())
    }

    fn number(&mut self, value: f64, elem: Elem) -> V {
        let v = self.float("c", elem);
        self.numbers.insert(v, value);
        let stmt = self.stmt(Kind::Const(v, Literal::Float(value, None)));
        self.consts.push(stmt);
        v
    }

    fn int(&mut self, value: usize) -> V {
        let v = self.out.value("k", Ty::Int(Some("usize".to_string())), Span::call_site());
        let stmt = self.stmt(Kind::Const(v, Literal::Int(value as i128)));
        self.consts.push(stmt);
        v
    }

    /// Notes which values are literals.
    fn literals(&mut self) {
        for (stmt, _) in &self.ix.stmts {
            if let Kind::Const(v, literal) = &stmt.kind {
                let value = match literal {
                    Literal::Float(value, _) => *value,
                    Literal::Int(value) => *value as f64,
                };
                self.numbers.insert(*v, value);
            }
        }
    }

    /// Adds to a value's cotangent.
    fn contribute(&mut self, v: V, ct: V) {
        if !self.act.value(v) && !self.also_active.contains(&v) {
            return;
        }
        let sum = match self.cot.get(&v) {
            None => ct,
            Some(&old) => {
                let name = format!("d_{}", self.out.of(v).name);
                let sum = self.fresh(&name, v);
                self.emit(Kind::Prim(sum, &crate::primitives::ADD, vec![old, ct]));
                sum
            }
        };
        self.cot.insert(v, sum);
    }

    // Statements.

    /// Writes the reverse code of a block.
    fn reverse(&mut self, block: BlockId) {
        for (pos, stmt) in self.ix.within(block, self.src).into_iter().rev() {
            self.statement(pos, stmt, block);
        }
    }

    fn statement(&mut self, pos: usize, stmt: &'p Stmt, block: BlockId) {
        match &stmt.kind {
            Kind::Prim(out, row, args) => {
                if let Some(ct) = self.cot.remove(out) {
                    self.pullback(row, args, *out, ct);
                }
            }
            Kind::Cast(out, arg) => {
                if let Some(ct) = self.cot.remove(out)
                    && self.act.value(*arg)
                {
                    let back = self.fresh("ct", *arg);
                    self.emit(Kind::Cast(back, ct));
                    self.contribute(*arg, back);
                }
            }
            Kind::If { cond, outs, .. } => self.conditional(pos, *cond, outs),
            Kind::Loop(lp) => self.reverse_loop(pos, lp, block),
            Kind::Call(call) => self.call(pos, call),
            _ => self.memory(pos, stmt),
        }
    }

    /// The branch that was taken is reversed.
    fn conditional(&mut self, pos: usize, cond: V, outs: &[Out]) {
        let [then, other] = self.ix.inner(pos);
        let arrived: Vec<(usize, V)> = (outs.iter().enumerate())
            .filter_map(|(k, out)| Some((k, self.cot.remove(&out.value)?)))
            .collect();
        let touched = self.outer_values(pos);
        let before: Vec<Option<V>> = touched.iter().map(|v| self.cot.get(v).copied()).collect();
        let mut arms = Vec::new();
        for (block, is_then) in [(then, true), (other, false)] {
            self.begin();
            self.declare_shadows(block);
            for (k, ct) in &arrived {
                let arm = if is_then { outs[*k].then } else { outs[*k].other };
                if let Some(v) = arm {
                    self.contribute(v, *ct);
                }
            }
            self.reverse(block);
            let after: Vec<Option<V>> = touched.iter().map(|v| self.cot.get(v).copied()).collect();
            let code = self.end();
            for (v, old) in touched.iter().zip(&before) {
                match old {
                    Some(old) => self.cot.insert(*v, *old),
                    None => self.cot.remove(v),
                };
            }
            arms.push((code, after));
        }
        let (other_code, other_after) = arms.pop().unwrap_or_default();
        let (then_code, then_after) = arms.pop().unwrap_or_default();
        let mut results = Vec::new();
        for (k, v) in touched.iter().enumerate() {
            if then_after[k] == before[k] && other_after[k] == before[k] {
                continue;
            }
            let name = format!("d_{}", self.out.of(*v).name);
            let value = self.fresh(&name, *v);
            let mut arm = |after: Option<V>| match after {
                Some(ct) => Some(ct),
                None => Some(self.number(0.0, self.elem(*v))),
            };
            let (then, other) = (arm(then_after[k]), arm(other_after[k]));
            results.push(Out { value, then, other });
            self.cot.insert(*v, value);
        }
        if then_code.is_empty() && other_code.is_empty() && results.is_empty() {
            return;
        }
        let cond = self.primal(cond);
        self.emit(Kind::If {
            cond,
            then: super::ir::Block { stmts: then_code },
            other: super::ir::Block { stmts: other_code },
            outs: results,
        });
    }

    /// The active values from outside that a statement's inner blocks (or arms) contribute to.
    fn outer_values(&self, pos: usize) -> Vec<V> {
        let mut seen = HashSet::default();
        let mut found = Vec::new();
        let mut note = |v: V| {
            let def = self.ix.def(v);
            let outside = def.pos < pos || matches!(def.by, super::index::By_::Param);
            if self.act.value(v) && outside && seen.insert(v) {
                found.push(v);
            }
        };
        match &self.ix.stmts[pos].0.kind {
            Kind::Loop(lp) => lp.carried.iter().for_each(|c| note(c.next)),
            kind => active_operands(kind, &mut note),
        }
        for k in pos + 1..self.ix.end(pos) {
            active_operands(&self.ix.stmts[k].0.kind, &mut note);
        }
        found
    }

    /// `place += ct` in a shadow.
    fn add_to(&mut self, place: Place, ct: V) {
        self.emit(Kind::Store(place, ct, Mode::Add));
    }
}

/// Calls `note` with the floats whose cotangents the reverse of a statement adds to.
fn active_operands(kind: &Kind, note: &mut impl FnMut(V)) {
    use super::ir::Init;
    match kind {
        Kind::Prim(_, _, args) => args.iter().for_each(|v| note(*v)),
        Kind::Cast(_, v) | Kind::Store(_, v, _) | Kind::Fill(_, v) => note(*v),
        Kind::Push(_, Source::Value(v)) => note(*v),
        Kind::Keep(_, values, _) => values.iter().for_each(|v| note(*v)),
        Kind::Alloc(_, Init::Filled(v, _)) => note(*v),
        Kind::Alloc(_, Init::List(values)) => values.iter().for_each(|v| note(*v)),
        Kind::Alloc(_, Init::Fields(fields)) => {
            for (_, source) in fields {
                if let Source::Value(v) = source {
                    note(*v);
                }
            }
        }
        Kind::If { outs, .. } => {
            outs.iter().flat_map(|out| [out.then, out.other]).flatten().for_each(note);
        }
        Kind::Loop(lp) => lp.carried.iter().for_each(|c| {
            note(c.init);
            note(c.next);
        }),
        Kind::Call(call) => {
            for arg in &call.args {
                if let Source::Value(v) = &arg.source {
                    note(*v);
                }
            }
        }
        _ => {}
    }
}
