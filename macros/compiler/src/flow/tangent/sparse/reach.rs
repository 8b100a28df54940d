//! What a sparse Jacobian asks of a program: where parameters are read, where the result is made,
//! and which of the one reaches which of the other within an iteration.

use crate::flow::activity::Activity;
use crate::flow::ir::{
    Block, By, Init, Kind, Loop, MemId, Mode, Over, ParamIs, Pass, Place, Program, Proj, Source,
    Stmt, Tree, V,
};
use crate::flow::tangent::hessian::has_rows;
use crate::flow::walk::{self, Access};
use crate::hash::{HashMap, HashSet};
use proc_macro2::Span;

/// Some sites, as bits.
pub(super) type Set = u128;

/// More sites than these are not told apart.
const MOST: usize = Set::BITS as usize;

/// Why there is no sparse Jacobian, and where.
type Refusal = (Span, String);

/// A reading of a parameter.
pub(super) struct Site {
    /// The parameter's number.
    pub(super) param: usize,
    /// Where in it; nothing of a scalar.
    pub(super) place: Option<Place>,
}

/// Sites, rows, and what lies between them.
pub(super) struct Reach {
    /// In order of appearance.
    pub(super) sites: Vec<Site>,
    /// The sites that are values of the program.
    pub(super) of: HashMap<V, usize>,
    /// The parts of the result.
    pub(super) parts: Vec<Tree>,
    /// The memories that are parts of the result, with their numbers.
    pub(super) outputs: HashMap<MemId, usize>,
    /// Small arrays that are put into the result, with what they are made of.
    pub(super) lists: HashMap<MemId, Vec<V>>,
    /// The parts of the result whose elements are set once at most.
    pub(super) once: HashSet<MemId>,
    depends: Vec<Set>,
}

impl Reach {
    /// Whether a value depends on a site.
    pub(super) fn follows(&self, v: V, site: usize) -> bool {
        self.depends.get(v.0 as usize).is_some_and(|set| set & (1 << site) != 0)
    }

    /// The sites that a value depends on.
    pub(super) fn sites_of(&self, v: V) -> Set {
        self.depends.get(v.0 as usize).copied().unwrap_or(0)
    }

    /// How many they are.
    pub(super) fn count(&self, v: V) -> usize {
        self.sites_of(v).count_ones() as usize
    }

    /// Values that are to have no tangents.
    pub(super) fn forget(&mut self, has_none: impl Fn(V) -> bool) {
        for (k, sites) in self.depends.iter_mut().enumerate() {
            if has_none(V(k as u32)) {
                *sites = 0;
            }
        }
    }

    pub(super) fn of(program: &Program, wrt: &[bool], act: &Activity) -> Result<Self, Refusal> {
        let mut finder = Finder::new(program, wrt, act)?;
        finder.block(&program.body, &mut Vec::new())?;
        let once = finder.sets.iter().filter(|(_, sets)| **sets == Sets::Once);
        finder.reach.once = once.map(|(mem, _)| *mem).collect();
        let mut flow = Flow {
            program,
            act,
            lost: vec![0; program.values.len()],
            visible: 0,
            changed: false,
            reach: &mut finder.reach,
        };
        for (v, site) in flow.reach.of.clone() {
            flow.reach.depends[v.0 as usize] = 1 << site;
            if flow.reach.sites[site].place.is_none() {
                flow.visible |= 1 << site;
            }
        }
        flow.block(&program.body)?;
        for part in flow.reach.parts.clone() {
            if let Tree::Value(v) = part {
                flow.row(v, program.of(v).span)?;
            }
        }
        Ok(finder.reach)
    }
}

/// How often the elements of a memory are set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sets {
    /// Once each: by one statement, at indices that tell its iterations apart.
    Once,
    /// More often, perhaps.
    Again,
}

/// Finds what is read and written.
struct Finder<'p> {
    program: &'p Program,
    act: &'p Activity,
    reach: Reach,
    inputs: HashMap<MemId, usize>,
    by_place: HashMap<Place, usize>,
    sets: HashMap<MemId, Sets>,
}

impl<'p> Finder<'p> {
    fn new(program: &'p Program, wrt: &[bool], act: &'p Activity) -> Result<Self, Refusal> {
        let mut reach = Reach {
            sites: Vec::new(),
            of: HashMap::default(),
            parts: Vec::new(),
            outputs: HashMap::default(),
            lists: HashMap::default(),
            once: HashSet::default(),
            depends: vec![0; program.values.len()],
        };
        let mut inputs = HashMap::default();
        for (k, is) in program.params.iter().enumerate().filter(|(k, _)| wrt[*k]) {
            match is {
                ParamIs::Value(v) => {
                    reach.of.insert(*v, reach.sites.len());
                    reach.sites.push(Site { param: k, place: None });
                }
                ParamIs::Mem(mem) => {
                    let of = program.at(*mem);
                    if !has_rows(&of.ty) {
                        return Err((
                            of.span,
                            format!(
                                "`jacobian(sparse)` wants parameters that are floats, arrays of floats, or arrays of arrays of one length, which `{}` is not: take its parts as parameters, or leave `(sparse)` out",
                                of.name
                            ),
                        ));
                    }
                    inputs.insert(*mem, k);
                }
            }
        }
        if let Some(result) = &program.result {
            parts_of(result, &mut reach.parts);
        }
        for (k, part) in reach.parts.iter().enumerate() {
            let (Tree::Place(place) | Tree::Array(place, _)) = part else { continue };
            let of = program.at(place.mem);
            if !has_rows(&of.ty) {
                return Err((
                    of.span,
                    format!(
                        "`jacobian(sparse)` wants a result of floats, arrays of floats, or arrays of arrays of one length, which `{}` is not: return its parts as a tuple, or leave `(sparse)` out",
                        of.name
                    ),
                ));
            }
            if !place.proj.is_empty() || inputs.contains_key(&place.mem) {
                return Err((
                    of.span,
                    format!(
                        "`jacobian(sparse)` wants a result that the function makes, where this returns `{}`: write its elements into an array of its own",
                        of.name
                    ),
                ));
            }
            if reach.outputs.insert(place.mem, k).is_some() {
                return Err((
                    of.span,
                    format!(
                        "`jacobian(sparse)` wants each part of the result to be an array of its own, where `{}` is two of them",
                        of.name
                    ),
                ));
            }
        }
        let sets = HashMap::default();
        Ok(Finder { program, act, reach, inputs, by_place: HashMap::default(), sets })
    }

    fn block(&mut self, block: &'p Block, loops: &mut Vec<Option<V>>) -> Result<(), Refusal> {
        block.stmts.iter().try_for_each(|stmt| self.statement(stmt, loops))
    }

    fn statement(&mut self, stmt: &'p Stmt, loops: &mut Vec<Option<V>>) -> Result<(), Refusal> {
        let span = stmt.span;
        match &stmt.kind {
            Kind::Load(out, place) if self.inputs.contains_key(&place.mem) => {
                if self.act.value(*out) {
                    self.site(*out, place, span)?;
                }
            }
            Kind::Store(place, _, mode) if self.is_output(place.mem) => {
                match mode {
                    Mode::Set => self.set(place, loops),
                    // What was added before would have to be taken away.
                    Mode::Add | Mode::Sub => {
                        self.sets.insert(place.mem, Sets::Again);
                    }
                }
            }
            Kind::Push(place, source) if self.is_output(place.mem) => {
                let whole = place.proj.is_empty();
                let known = match source {
                    Source::Value(_) => true,
                    Source::Place(from) => self.is_list(from),
                };
                if !whole || !known {
                    return Err(self.unseen(place.mem, span));
                }
            }
            Kind::Assign { to, from, .. } if self.is_output(to.mem) => {
                let one = to.proj.iter().all(|proj| matches!(proj, Proj::Index(_)));
                if to.proj.is_empty() || !one || !self.is_list(from) {
                    return Err(self.unseen(from.mem, span));
                }
                self.set(to, loops);
            }
            Kind::Alloc(mem, init) if self.is_output(*mem) => self.made(*mem, init, loops, span)?,
            Kind::Alloc(mem, Init::List(values)) if self.act.mem(*mem) => {
                self.reach.lists.insert(*mem, values.clone());
            }
            Kind::Call(call) if self.act.call(call) => {
                return Err((span, "`jacobian(sparse)` cannot look into a function that is called by its `vjp` or `jvp`: write it as a plain function that can be inlined, or leave `(sparse)` out".to_string()));
            }
            kind => self.other(kind, span)?,
        }
        let inner = match &stmt.kind {
            Kind::Loop(lp) => Some(match lp.over {
                Over::Range { var, .. } => Some(var),
                Over::Forever => None,
            }),
            _ => None,
        };
        loops.extend(inner);
        for block in walk::blocks(&stmt.kind) {
            self.block(block, loops)?;
        }
        if inner.is_some() {
            loops.pop();
        }
        Ok(())
    }

    fn is_output(&self, mem: MemId) -> bool {
        self.reach.outputs.contains_key(&mem)
    }

    fn is_list(&self, place: &Place) -> bool {
        place.proj.is_empty() && self.reach.lists.contains_key(&place.mem)
    }

    fn site(&mut self, out: V, place: &Place, span: Span) -> Result<(), Refusal> {
        let sites = self.reach.sites.len();
        let site = *self.by_place.entry(place.clone()).or_insert(sites);
        if site == sites {
            let param = self.inputs[&place.mem];
            self.reach.sites.push(Site { param, place: Some(place.clone()) });
        }
        self.reach.of.insert(out, site);
        match self.reach.sites.len() <= MOST {
            true => Ok(()),
            false => Err((
                span,
                format!(
                    "`jacobian(sparse)` tells {MOST} readings of parameters apart, and this function has more: write what repeats as a loop, or leave `(sparse)` out"
                ),
            )),
        }
    }

    /// An element, or several, of the result that are set.
    fn set(&mut self, place: &Place, loops: &[Option<V>]) {
        let indices: Vec<V> = place.indices().collect();
        let apart = loops.iter().all(|var| var.is_some_and(|var| indices.contains(&var)));
        let plain = place.proj.iter().all(|proj| matches!(proj, Proj::Index(_)));
        let sets = match apart && plain && !self.sets.contains_key(&place.mem) {
            true => Sets::Once,
            false => Sets::Again,
        };
        self.sets.insert(place.mem, sets);
    }

    /// The result as it is made.
    fn made(
        &mut self,
        mem: MemId,
        init: &Init,
        loops: &[Option<V>],
        span: Span,
    ) -> Result<(), Refusal> {
        let ty = &self.program.at(mem).ty;
        let passive = match init {
            Init::Filled(v, _) => !self.act.value(*v),
            Init::FilledWith(place, _) => !self.act.mem(place.mem),
            Init::List(_) | Init::Empty(_) | Init::Lent(_) | Init::ZerosLike(_) | Init::Unset => {
                true
            }
            Init::ListOf(_) | Init::Copy(_) | Init::Move(_) | Init::Fields(_) => false,
        };
        match passive && loops.is_empty() && has_rows(ty) {
            true => Ok(()),
            false => Err(self.unseen(mem, span)),
        }
    }

    fn unseen(&self, mem: MemId, span: Span) -> Refusal {
        let name = &self.program.at(mem).name;
        (
            span,
            format!(
                "`jacobian(sparse)` sees single elements of parameters go into single elements of the result, where here whole arrays are moved (`{name}`): make the result an array of floats, or of arrays of floats, and write, add or push its elements where they are computed; or leave `(sparse)` out"
            ),
        )
    }

    /// Any other statement: it leaves parameters, results and what lies between them alone.
    fn other(&mut self, kind: &Kind, span: Span) -> Result<(), Refusal> {
        let looks = match kind {
            Kind::Opaque { code, .. } | Kind::Fail(code) | Kind::Diverge(code) => {
                code.binds.iter().all(|bind| bind.by != By::Mut)
            }
            Kind::Pass(_, Pass::Len(_), _) => true,
            Kind::SumAll(out, _) => !self.act.value(*out),
            Kind::Alloc(mem, _) => !self.act.mem(*mem),
            _ => false,
        };
        let mut refusal = None;
        walk::places(kind, &mut |mem, _, access: Access| {
            let between =
                self.inputs.contains_key(&mem) || self.is_output(mem) || self.act.mem(mem);
            if between && (!looks || access.writes()) && refusal.is_none() {
                let name = &self.program.at(mem).name;
                refusal = Some((
                    span,
                    if self.inputs.contains_key(&mem) {
                        format!(
                            "`jacobian(sparse)` sees `{name}` read element by element only, where here the whole of it is taken: index it, or run over it in a loop; or leave `(sparse)` out"
                        )
                    } else if self.is_output(mem) {
                        format!(
                            "`jacobian(sparse)` sees results written, added to and pushed only, where here `{name}` is read or changed in another way: keep what is needed again in a variable; or leave `(sparse)` out"
                        )
                    } else {
                        format!(
                            "`jacobian(sparse)` cannot follow what depends on parameters through the memory of `{name}`: compute it where it is used, in variables or in a closure; or leave `(sparse)` out"
                        )
                    },
                ));
            }
        });
        if let Kind::Alloc(mem, _) = kind
            && self.act.mem(*mem)
            && refusal.is_none()
        {
            let name = &self.program.at(*mem).name;
            refusal = Some((
                span,
                format!(
                    "`jacobian(sparse)` cannot follow what depends on parameters through the memory of `{name}`: compute it where it is used, in variables or in a closure; or leave `(sparse)` out"
                ),
            ));
        }
        refusal.map_or(Ok(()), Err)
    }
}

/// The parts of a result.
fn parts_of(tree: &Tree, parts: &mut Vec<Tree>) {
    match tree {
        Tree::Success(inner) => parts_of(inner, parts),
        Tree::Tuple(of) => of.iter().for_each(|part| parts.push(part.clone())),
        one => parts.push(one.clone()),
    }
}

/// Finds what depends on what.
struct Flow<'p> {
    program: &'p Program,
    act: &'p Activity,
    /// The sites that a value depends on by way of earlier iterations.
    lost: Vec<Set>,
    /// The sites that were read in the iteration at hand, or ahead of its loop.
    visible: Set,
    changed: bool,
    reach: &'p mut Reach,
}

impl Flow<'_> {
    fn of(&self, v: V) -> (Set, Set) {
        (self.reach.depends[v.0 as usize], self.lost[v.0 as usize])
    }

    fn union(&self, of: impl IntoIterator<Item = V>) -> (Set, Set) {
        of.into_iter().fold((0, 0), |(depends, lost), v| {
            let (more, further) = self.of(v);
            (depends | more, lost | further)
        })
    }

    fn define(&mut self, v: V, (depends, lost): (Set, Set)) {
        let k = v.0 as usize;
        if !self.act.value(v) {
            return;
        }
        let new = (self.reach.depends[k] | depends, self.lost[k] | lost);
        self.changed |= new != self.of(v);
        (self.reach.depends[k], self.lost[k]) = new;
    }

    fn block(&mut self, block: &Block) -> Result<(), Refusal> {
        block.stmts.iter().try_for_each(|stmt| self.statement(stmt))
    }

    fn statement(&mut self, stmt: &Stmt) -> Result<(), Refusal> {
        match &stmt.kind {
            Kind::Load(out, _) if self.reach.of.contains_key(out) => {
                let site: Set = 1 << self.reach.of[out];
                self.visible |= site;
                self.define(*out, (site, 0));
            }
            Kind::Store(place, v, _) if self.reach.outputs.contains_key(&place.mem) => {
                self.row(*v, stmt.span)?;
            }
            Kind::Push(place, source) if self.reach.outputs.contains_key(&place.mem) => {
                match source {
                    Source::Value(v) => self.row(*v, stmt.span)?,
                    Source::Place(from) => self.list(from.mem, stmt.span)?,
                }
            }
            Kind::Assign { to, from, .. } if self.reach.outputs.contains_key(&to.mem) => {
                self.list(from.mem, stmt.span)?;
            }
            Kind::Alloc(mem, Init::List(values)) if self.reach.outputs.contains_key(mem) => {
                values.iter().try_for_each(|v| self.row(*v, stmt.span))?;
            }
            Kind::If { then, other, outs, .. } => {
                self.block(then)?;
                self.block(other)?;
                for out in outs {
                    let of = self.union(out.then.into_iter().chain(out.other));
                    self.define(out.value, of);
                }
            }
            Kind::Loop(lp) => self.repeated(lp)?,
            kind => {
                let mut args = Vec::new();
                walk::values(kind, &mut |v| args.push(v));
                let of = self.union(args);
                walk::defines(kind, &mut |out| self.define(out, of));
            }
        }
        Ok(())
    }

    fn repeated(&mut self, lp: &Loop) -> Result<(), Refusal> {
        for c in &lp.carried {
            let of = self.of(c.init);
            self.define(c.param, of);
        }
        let (outer, before) = (std::mem::take(&mut self.changed), self.visible);
        loop {
            (self.changed, self.visible) = (false, before);
            self.block(&lp.body)?;
            for c in &lp.carried {
                let (depends, lost) = self.of(c.next);
                let inner = depends & !before;
                for to in [c.param, c.out] {
                    self.define(to, (depends & before, lost | inner));
                }
            }
            if !self.changed {
                break;
            }
        }
        (self.changed, self.visible) = (outer, before);
        for c in &lp.carried {
            let of = self.union([c.init, c.param]);
            self.define(c.out, of);
        }
        Ok(())
    }

    fn list(&mut self, list: MemId, span: Span) -> Result<(), Refusal> {
        let values = self.reach.lists.get(&list).cloned().unwrap_or_default();
        values.into_iter().try_for_each(|v| self.row(v, span))
    }

    /// A value that goes into the result: it depends on no other iteration.
    fn row(&self, v: V, span: Span) -> Result<(), Refusal> {
        let (depends, lost) = self.of(v);
        if lost == 0 && depends & !self.visible == 0 {
            return Ok(());
        }
        let mut names: Vec<&str> = (self.reach.sites.iter().enumerate())
            .filter(|(k, _)| (lost | depends & !self.visible) & (1 << k) != 0)
            .filter_map(|(_, site)| site.place.as_ref())
            .map(|place| self.program.at(place.mem).name.as_str())
            .collect();
        names.dedup();
        let names = names.join("`, `");
        Err((
            span,
            format!(
                "`jacobian(sparse)` finds which elements of the result depend on which of `{names}` while it compiles, where this one depends on elements that were read in other iterations, as many as there happen to be: leave `(sparse)` out, or compute it from the elements that are read beside it"
            ),
        ))
    }
}
