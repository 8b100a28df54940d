//! What the reverse code needs of the forward code, and how it gets it.
//!
//! In a region whose reverse code follows the forward code in the same block, a value is simply in
//! scope; one that a conditional defines is handed out of it. In a reversed loop a value is either
//! kept on the loop's record or computed again from what is kept.

use super::stable::Stability;
use super::{Builder, Standing};
use crate::flow::index::{BlockId, By_, Def, Role, Site};
use crate::flow::ir::{Init, Kind, MemId, Origin, Out, Pass, Place, Source, Stmt, Ty, V};
use crate::hash::HashSet;
use crate::primitives::Sym;

/// Primitives up to this cost are computed again rather than kept.
const CHEAP: u32 = 2;
/// How many operations may be spent to save keeping one value, where nothing else must be kept.
const FEW: usize = 4;
/// The same for integers.
const FEW_INTEGERS: usize = 10;

impl<'p> Builder<'p> {
    /// A value of the forward code under the name it has here.
    pub(super) fn primal(&mut self, v: V) -> V {
        let def = self.def(v);
        if let By_::Stmt(stmt) = def.by
            && is_literal(stmt)
        {
            return v;
        }
        let region = self.region_of(def.block);
        self.primal_in(region, v, def)
    }

    /// The innermost open region around a block.
    pub(super) fn region_of(&self, block: BlockId) -> usize {
        (0..self.regions.len())
            .rev()
            .find(|r| self.ix.encloses(self.regions[*r].root, block))
            .unwrap_or(0)
    }

    fn primal_in(&mut self, r: usize, v: V, def: Def<'p>) -> V {
        if let Some((here, _)) = self.regions[r].env.get(&v) {
            return *here;
        }
        let root = self.regions[r].root;
        match self.regions[r].standing {
            Standing::Same if def.block == root => v,
            Standing::Same => self.hoisted(v, def, root),
            Standing::Reversed => match def.by {
                By_::Stmt(stmt) if self.compute_again(r, v) => self.again(r, v, stmt, def),
                _ => self.keep(r, v, def),
            },
        }
    }

    /// Puts a value on the record of a reversed loop.
    fn keep(&mut self, r: usize, v: V, def: Def<'p>) -> V {
        let root = self.regions[r].root;
        let outside = if def.block == root { v } else { self.hoisted(v, def, root) };
        let name = self.out.of(v).name.clone();
        let here = self.fresh(&name, v);
        let region = &mut self.regions[r];
        region.kept.push((outside, here));
        region.define(v, here, region.base);
        here
    }

    /// The statement that defines a value, once more.
    fn again(&mut self, r: usize, v: V, stmt: &Stmt, def: Def<'p>) -> V {
        let kind = match &stmt.kind {
            Kind::Prim(_, row, args) => {
                let args = args.iter().map(|v| self.primal(*v)).collect();
                let here = self.fresh_named(v);
                (here, Kind::Prim(here, row, args))
            }
            Kind::Cast(_, arg) => {
                let arg = self.primal(*arg);
                let here = self.fresh_named(v);
                (here, Kind::Cast(here, arg))
            }
            Kind::Pass(_, pass, args) => {
                let pass = match pass {
                    Pass::Len(place) => Pass::Len(self.reloaded(place, def, r)),
                    other => other.clone(),
                };
                let args = args.iter().map(|v| self.primal(*v)).collect();
                let here = self.fresh_named(v);
                (here, Kind::Pass(here, pass, args))
            }
            Kind::Load(_, place) => {
                let place = self.reloaded(place, def, r);
                let here = self.fresh_named(v);
                (here, Kind::Load(here, place))
            }
            other => {
                let here = self.fresh_named(v);
                let mut kind = other.clone();
                if let Kind::Opaque { out, code, .. } = &mut kind {
                    *out = Some(here);
                    for bind in &mut code.binds {
                        if let Source::Value(v) = &mut bind.what {
                            *v = self.primal(*v);
                        }
                    }
                }
                (here, kind)
            }
        };
        let (here, kind) = kind;
        let level = self.level(r);
        let stmt = Stmt { kind, span: stmt.span };
        self.code[level].push(stmt);
        self.regions[r].define(v, here, level);
        here
    }

    fn fresh_named(&mut self, v: V) -> V {
        let name = self.out.of(v).name.clone();
        self.fresh(&name, v)
    }

    /// A place whose memory holds what it held when the forward code read it.
    fn reloaded(&mut self, place: &Place, def: Def<'p>, r: usize) -> Place {
        let site = Site { block: def.block, pos: def.pos };
        if let Stability::Restored(region) = self.stability(place.mem, site, r)
            && !self.regions[region].restored.contains(&place.mem)
        {
            self.regions[region].restored.push(place.mem);
        }
        self.primal_place(place)
    }

    /// A value that a conditional defines, handed out to the block `root`.
    pub(super) fn hoisted(&mut self, v: V, def: Def<'p>, root: BlockId) -> V {
        let (mut here, mut block) = (v, def.block);
        while block != root {
            let info = self.ix.at(block);
            let (pos, role, parent) = (info.pos, info.role, info.parent);
            debug_assert_ne!(role, Role::Body, "a value of another iteration");
            here = match self.patches.hoisted.get(&(v, pos)) {
                Some(out) => *out,
                None => {
                    let value = self.fresh_named(v);
                    let then = (role == Role::Then).then_some(here);
                    let other = (role == Role::Other).then_some(here);
                    let out = Out { value, then, other };
                    self.patches.outs.entry(pos).or_default().push(out);
                    self.patches.hoisted.insert((v, pos), value);
                    value
                }
            };
            match parent {
                Some(parent) => block = parent,
                None => break,
            }
        }
        here
    }

    // Memories.

    /// A memory of the forward code under the name it has here.
    pub(super) fn primal_mem(&mut self, mem: MemId) -> MemId {
        if let Some(copy) = self.stand_ins.get(&mem) {
            return *copy;
        }
        let Some(made) = self.ix.made[mem.0 as usize] else { return mem };
        let region = self.region_of(made.block);
        match self.regions[region].standing {
            Standing::Same => mem,
            Standing::Reversed => self.keep_mem(region, mem),
        }
    }

    /// Puts a memory that the body of a reversed loop makes on its record.
    pub(super) fn keep_mem(&mut self, r: usize, mem: MemId) -> MemId {
        if let Some(here) = self.regions[r].mems.get(&mem) {
            return *here;
        }
        let of = self.out.at(mem).clone();
        let here = self.out.mem(of.name, of.ty, Origin::Local, of.span);
        self.regions[r].mems.insert(mem, here);
        self.regions[r].kept_mems.push((mem, here));
        here
    }

    // What to keep, and what to compute again.

    /// Decides, for a reversed loop about to be written, between keeping what its reverse code needs
    /// and keeping only what all that can be computed from.
    pub(super) fn plan(&mut self, r: usize) {
        let root = self.regions[r].root;
        let needed = self.needs(root);
        let (mut leaves, mut operations) = (HashSet::default(), HashSet::default());
        for v in &needed {
            self.trace(r, *v, usize::MAX, &mut leaves, &mut operations);
        }
        let mut direct = HashSet::default();
        for v in &needed {
            let (mut own, mut steps) = (HashSet::default(), HashSet::default());
            let few = self.few(*v);
            self.trace(r, *v, few, &mut own, &mut steps);
            if !(own.is_empty() && steps.len() <= few) {
                direct.insert(*v);
            }
        }
        // A value kept is written and read once; an operation costs about half of that.
        self.regions[r].recompute_all = 4 * leaves.len() + operations.len() <= 4 * direct.len();
    }

    fn compute_again(&mut self, r: usize, v: V) -> bool {
        let few = self.few(v);
        let limit = if self.regions[r].recompute_all { 0 } else { few };
        let (mut leaves, mut steps) = (HashSet::default(), HashSet::default());
        self.trace(r, v, limit, &mut leaves, &mut steps);
        if leaves.contains(&v) {
            return false;
        }
        self.regions[r].recompute_all
            || steps.len() <= few
                && leaves.iter().all(|leaf| self.regions[r].env.contains_key(leaf))
    }

    /// How many operations may be spent to save keeping a value. Those of integers run beside what
    /// the loop waits for.
    fn few(&self, v: V) -> usize {
        match self.out.of(v).ty {
            Ty::Int(_) => FEW_INTEGERS,
            _ => FEW,
        }
    }

    /// What `v` would be computed from: the values that have to be kept, and those computed again;
    /// looks no further than `limit` of these.
    fn trace(&self, r: usize, v: V, limit: usize, leaves: &mut HashSet<V>, steps: &mut HashSet<V>) {
        if steps.len() > limit
            || self.regions[r].env.contains_key(&v)
            || leaves.contains(&v)
            || steps.contains(&v)
        {
            return;
        }
        let def = self.def(v);
        if !self.ix.encloses(self.regions[r].root, def.block) {
            return;
        }
        let By_::Stmt(stmt) = def.by else {
            leaves.insert(v);
            return;
        };
        if is_literal(stmt) {
            return;
        }
        match self.inputs(r, stmt, def) {
            None => {
                leaves.insert(v);
            }
            Some(args) => {
                steps.insert(v);
                for arg in args {
                    self.trace(r, arg, limit, leaves, steps);
                }
            }
        }
    }

    /// The values a statement computes from, if it is cheap and gives the same again.
    fn inputs(&self, r: usize, stmt: &Stmt, def: Def<'p>) -> Option<Vec<V>> {
        let site = Site { block: def.block, pos: def.pos };
        let loads = |place: &Place| {
            let lost = self.stability(place.mem, site, r) == Stability::Lost;
            (!lost).then(|| place.indices().collect::<Vec<V>>())
        };
        match &stmt.kind {
            Kind::Prim(_, row, args) if row.cost <= CHEAP => Some(args.clone()),
            Kind::Cast(_, arg) => Some(vec![*arg]),
            Kind::Pass(_, Pass::Len(place), _) if self.is_passing(place.mem) => None,
            Kind::Pass(_, Pass::Len(place), _) => {
                let length_changes = self.ix.writes[place.mem.0 as usize].iter().any(|site| {
                    !matches!(self.ix.stmts[site.pos].0.kind, Kind::Store(..) | Kind::Fill(..))
                });
                match length_changes {
                    true => loads(place),
                    false => Some(place.indices().collect()),
                }
            }
            Kind::Pass(_, Pass::Method(_), _) => None,
            Kind::Pass(_, _, args) => Some(args.clone()),
            Kind::Load(_, place) => loads(place),
            Kind::Opaque { code, pure: true, .. }
                if code.part.is_some() || code.binds.is_empty() =>
            {
                code.values()
            }
            _ => None,
        }
    }

    /// The values defined in the region of a loop's body that the reverse of the body reads.
    fn needs(&self, body: BlockId) -> Vec<V> {
        let info = self.ix.at(body);
        let mut seen = HashSet::default();
        let mut found = Vec::new();
        let pos = info.pos;
        let mut note = |v: V| {
            let def = self.def(v);
            if self.ix.encloses(body, def.block)
                && self.body_of(def.block) == body
                && seen.insert(v)
            {
                found.push(v);
            }
        };
        for k in pos + 1..self.ix.end(pos) {
            let (stmt, _) = self.ix.stmts[k];
            self.needs_of(stmt, k, &mut note);
        }
        found
    }

    /// The body of the innermost loop around a block.
    fn body_of(&self, mut block: BlockId) -> BlockId {
        loop {
            let info = self.ix.at(block);
            match (info.role, info.parent) {
                (Role::Body, _) | (_, None) => return block,
                (_, Some(parent)) => block = parent,
            }
        }
    }

    /// The values of the forward code that the reverse of one statement reads.
    fn needs_of(&self, stmt: &Stmt, pos: usize, note: &mut impl FnMut(V)) {
        match &stmt.kind {
            Kind::Prim(out, row, args) if self.act.value(*out) => {
                for (arg, partial) in args.iter().zip(crate::flow::activity::partials(row)) {
                    if self.act.value(*arg) {
                        symbols(&partial, args, *out, note);
                    }
                }
            }
            Kind::Load(out, place) | Kind::SumAll(out, place) if self.act.value(*out) => {
                place.indices().for_each(note)
            }
            Kind::Store(place, ..) | Kind::Fill(place, _) | Kind::Push(place, _)
                if self.act.mem(place.mem) =>
            {
                place.indices().for_each(note);
            }
            Kind::Call(call) if self.act.call(call) => {
                for arg in &call.args {
                    match &arg.source {
                        Source::Value(v) => note(*v),
                        Source::Place(place) => place.indices().for_each(&mut *note),
                    }
                }
            }
            Kind::Save(record, place) | Kind::Restore(record, place)
                if self.records.saves_active(*record, self.act) =>
            {
                place.indices().for_each(note);
            }
            Kind::If { cond, .. } if self.has_reverse(pos) => note(*cond),
            Kind::Loop(lp) if self.has_reverse(pos) => {
                if let crate::flow::ir::Over::Range { lo, hi, .. } = &lp.over {
                    note(*lo);
                    note(*hi);
                }
            }
            _ => {}
        }
    }

    /// Whether anything inside a statement carries a derivative.
    fn has_reverse(&self, pos: usize) -> bool {
        (pos..self.ix.end(pos)).any(|k| match &self.ix.stmts[k].0.kind {
            Kind::Prim(out, ..)
            | Kind::Cast(out, _)
            | Kind::Load(out, _)
            | Kind::SumAll(out, _) => self.act.value(*out),
            Kind::Store(place, ..) | Kind::Fill(place, _) => self.act.mem(place.mem),
            Kind::Push(place, _) => self.act.mem(place.mem),
            Kind::Alloc(mem, init) => {
                self.act.mem(*mem) && !matches!(init, Init::Empty(_) | Init::Unset)
            }
            Kind::Call(call) => self.act.call(call),
            Kind::Keep(record, ..) | Kind::Recall(record, ..) => {
                let (values, mems) = self.records.active(*record, self.act);
                !values.is_empty() || !mems.is_empty()
            }
            Kind::Save(record, _) | Kind::Restore(record, _) => {
                self.records.saves_active(*record, self.act)
            }
            Kind::If { outs, .. } => outs.iter().any(|out| self.act.value(out.value)),
            _ => false,
        })
    }
}

/// Whether a statement defines a literal or a constant, which has the same name everywhere.
fn is_literal(stmt: &Stmt) -> bool {
    matches!(stmt.kind, Kind::Const(..))
}

fn symbols(sym: &Sym, args: &[V], out: V, note: &mut impl FnMut(V)) {
    match sym {
        Sym::Arg(k) => note(args[*k]),
        Sym::Out => note(out),
        Sym::Apply(_, parts) => parts.iter().for_each(|part| symbols(part, args, out, note)),
        Sym::Zero | Sym::Num(_) => {}
    }
}
