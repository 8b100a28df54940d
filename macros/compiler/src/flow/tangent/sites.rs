//! Where a gradient reads its parameters: the *sites*, by which second derivatives are taken.
//!
//! A function is a function of its sites: of scalar parameters, and of the elements it reads, each
//! reading taken as a variable of its own. Where a loop sums a term for each of its iterations, the
//! terms' sites are not connected, so that the Hessian is a sum of small ones: of those of the terms,
//! each put where the indices of its sites say. What is asked here is whether a gradient is of that
//! form, and which values depend on which sites.
//!
//! Sites in order of appearance, those outside a loop come before those inside. The *rows* are where
//! the cotangents of sites are stored. The second derivative by two sites is that of the later
//! one's row by the earlier one, whose tangents are in scope there: what a loop hands on is not
//! followed by the sites of its iterations. Where that could be wanted, there are no sites.

use crate::flow::activity::Activity;
use crate::flow::ir::{Block, Init, Kind, Loop, MemId, Mode, ParamIs, Place, Program, Stmt};
use crate::flow::ir::{Tree, V};
use crate::flow::walk::{self, Access};
use crate::hash::HashMap;

/// More sites than these are not followed one by one.
const MOST: usize = 16;

/// Some sites, as bits.
type Set = u32;

/// A variable of the function.
pub(super) struct Site {
    /// Its parameter, by its number.
    pub(super) param: usize,
    /// Where in that it is; nothing of a scalar.
    pub(super) place: Option<Place>,
}

/// The sites of a gradient.
pub(super) struct Sites {
    /// In order of appearance.
    pub(super) all: Vec<Site>,
    /// The sites that are values of the program.
    pub(super) of: HashMap<V, usize>,
    /// The memories of the gradient, with the parameters' and their numbers.
    pub(super) shadows: HashMap<MemId, (MemId, usize)>,
    /// The cotangents of scalar parameters, with their numbers.
    pub(super) scalars: Vec<(V, usize)>,
    by_place: HashMap<Place, usize>,
    /// The sites that values are followed by; all where that is not known.
    depends: Option<Vec<Set>>,
}

impl Sites {
    /// The site whose cotangent is stored at a place of the gradient.
    pub(super) fn row(&self, place: &Place) -> Option<usize> {
        let (mem, _) = self.shadows.get(&place.mem)?;
        self.by_place.get(&Place { mem: *mem, proj: place.proj.clone() }).copied()
    }

    /// Whether a value has a tangent by a site.
    pub(super) fn follows(&self, v: V, site: usize) -> bool {
        self.depends.as_ref().is_none_or(|sets| sets[v.0 as usize] & (1 << site) != 0)
    }
}

/// The sites of a gradient by the parameters in `wrt`, if the Hessian can be taken by them.
pub(super) fn sites(gradient: &Program, wrt: &[bool], act: &Activity) -> Option<Sites> {
    let mut finder = Finder::new(gradient, wrt, act)?;
    finder.block(&gradient.body, 0)?;
    if finder.inner && finder.remembers {
        return None;
    }
    let mut flow = Flow {
        act,
        depends: vec![0; gradient.values.len()],
        lost: vec![0; gradient.values.len()],
        opaque: if finder.remembers { !0 } else { 0 },
        visible: 0,
        rows: 0,
        changed: false,
        sites: &finder.sites,
    };
    for (v, site) in &finder.sites.of {
        flow.depends[v.0 as usize] = 1 << *site;
        if finder.sites.all[*site].place.is_none() {
            flow.visible |= 1 << *site;
            flow.rows |= 1 << *site;
        }
    }
    flow.block(&gradient.body, 0)?;
    // Each site is where a cotangent goes.
    let all: Set = (1 << finder.sites.all.len()) - 1;
    if flow.rows != all {
        return None;
    }
    let depends = (!finder.remembers).then_some(flow.depends);
    Some(Sites { depends, ..finder.sites })
}

/// Finds what is read and stored.
struct Finder<'p> {
    act: &'p Activity,
    sites: Sites,
    inputs: HashMap<MemId, usize>,
    /// Whether there are sites in loops.
    inner: bool,
    /// Whether values with a derivative go through memories, records or calls.
    remembers: bool,
}

impl<'p> Finder<'p> {
    fn new(program: &Program, wrt: &[bool], act: &'p Activity) -> Option<Self> {
        let parts: Vec<&Tree> = match &program.result {
            Some(Tree::Tuple(parts)) => parts.iter().collect(),
            other => other.iter().collect(),
        };
        let mut sites = Sites {
            all: Vec::new(),
            of: HashMap::default(),
            shadows: HashMap::default(),
            scalars: Vec::new(),
            by_place: HashMap::default(),
            depends: None,
        };
        let mut inputs = HashMap::default();
        let params = program.params.iter().enumerate().zip(wrt).filter(|(_, wrt)| **wrt);
        for (((param, is), _), part) in params.zip(parts) {
            match (is, part) {
                (ParamIs::Value(v), Tree::Value(ct)) => {
                    sites.of.insert(*v, sites.all.len());
                    sites.all.push(Site { param, place: None });
                    sites.scalars.push((*ct, param));
                }
                (ParamIs::Mem(mem), Tree::Place(shadow)) if shadow.proj.is_empty() => {
                    inputs.insert(*mem, param);
                    sites.shadows.insert(shadow.mem, (*mem, param));
                }
                _ => return None,
            }
        }
        let few = sites.all.len() <= MOST;
        few.then_some(Finder { act, sites, inputs, inner: false, remembers: false })
    }

    fn block(&mut self, block: &Block, loops: usize) -> Option<()> {
        block.stmts.iter().try_for_each(|stmt| self.statement(stmt, loops))
    }

    fn statement(&mut self, stmt: &Stmt, loops: usize) -> Option<()> {
        match &stmt.kind {
            Kind::Load(out, place) if self.inputs.contains_key(&place.mem) => {
                if self.act.value(*out) {
                    self.site(*out, place, loops)?;
                }
            }
            Kind::Store(place, _, Mode::Add | Mode::Sub)
                if self.sites.shadows.contains_key(&place.mem) => {}
            Kind::Alloc(mem, Init::ZerosLike(_)) if self.sites.shadows.contains_key(mem) => {}
            kind => self.other(kind)?,
        }
        let loops = loops + usize::from(matches!(stmt.kind, Kind::Loop(_)));
        walk::blocks(&stmt.kind).into_iter().try_for_each(|block| self.block(block, loops))
    }

    fn site(&mut self, out: V, place: &Place, loops: usize) -> Option<()> {
        let site = *self.sites.by_place.entry(place.clone()).or_insert(self.sites.all.len());
        if site == self.sites.all.len() {
            let param = self.inputs[&place.mem];
            self.sites.all.push(Site { param, place: Some(place.clone()) });
            self.inner |= loops > 0;
        }
        self.sites.of.insert(out, site);
        (self.sites.all.len() <= MOST).then_some(())
    }

    /// Any other statement: it leaves parameters and their gradients alone.
    fn other(&mut self, kind: &Kind) -> Option<()> {
        let is_passive = match kind {
            Kind::Opaque { .. } | Kind::Fail(_) | Kind::Diverge(_) | Kind::Pass(..) => true,
            Kind::Alloc(mem, _) => !self.act.mem(*mem),
            Kind::SumAll(out, _) => !self.act.value(*out),
            _ => false,
        };
        let (mut allowed, mut remembers) = (true, false);
        walk::places(kind, &mut |mem, _, access: Access| {
            if self.sites.shadows.contains_key(&mem) {
                allowed = false;
            } else if self.inputs.contains_key(&mem) {
                allowed &= is_passive && !access.writes();
            } else {
                remembers |= self.act.mem(mem);
            }
        });
        remembers |= match kind {
            Kind::Keep(_, values, _) | Kind::Recall(_, values, _) => {
                values.iter().any(|v| self.act.value(*v))
            }
            Kind::Call(_) | Kind::Pull { .. } => true,
            _ => false,
        };
        self.remembers |= remembers;
        allowed.then_some(())
    }
}

/// Finds what depends on what.
struct Flow<'p> {
    act: &'p Activity,
    depends: Vec<Set>,
    /// The sites in loops that a value depends on and is not followed by.
    lost: Vec<Set>,
    /// What values depend on that come out of a memory.
    opaque: Set,
    /// The sites whose places can be named.
    visible: Set,
    /// The sites with rows.
    rows: Set,
    changed: bool,
    sites: &'p Sites,
}

impl Flow<'_> {
    fn depends(&self, v: V) -> (Set, Set) {
        (self.depends[v.0 as usize], self.lost[v.0 as usize])
    }

    fn define(&mut self, v: V, (depends, lost): (Set, Set)) {
        let k = v.0 as usize;
        if !self.act.value(v) {
            return;
        }
        let (depends, lost) = (self.depends[k] | depends, self.lost[k] | lost);
        self.changed |= (depends, lost) != (self.depends[k], self.lost[k]);
        (self.depends[k], self.lost[k]) = (depends, lost);
    }

    fn union(&self, of: impl IntoIterator<Item = V>) -> (Set, Set) {
        of.into_iter().fold((0, 0), |(depends, lost), v| {
            let (more, further) = self.depends(v);
            (depends | more, lost | further)
        })
    }

    fn block(&mut self, block: &Block, loops: usize) -> Option<()> {
        let visible = self.visible;
        block.stmts.iter().try_for_each(|stmt| self.statement(stmt, loops))?;
        self.visible = visible;
        Some(())
    }

    fn statement(&mut self, stmt: &Stmt, loops: usize) -> Option<()> {
        match &stmt.kind {
            Kind::Load(out, _) if self.sites.of.contains_key(out) => {
                let site: Set = 1 << self.sites.of[out];
                // Its place is that of its first reading.
                self.visible |= site;
                self.define(*out, (site, 0));
            }
            Kind::Store(place, v, _) => {
                if let Some(row) = self.sites.row(place) {
                    self.row(row, *v, loops)?;
                } else if self.sites.shadows.contains_key(&place.mem) {
                    return None;
                }
            }
            Kind::If { then, other, outs, .. } => {
                self.block(then, loops)?;
                self.block(other, loops)?;
                for out in outs {
                    let of = self.union(out.then.into_iter().chain(out.other));
                    self.define(out.value, of);
                }
            }
            Kind::Loop(lp) => self.repeated(lp, loops)?,
            kind => {
                let mut args = Vec::new();
                walk::values(kind, &mut |v| args.push(v));
                let (depends, lost) = self.union(args);
                walk::defines(kind, &mut |out| self.define(out, (depends | self.opaque, lost)));
            }
        }
        Some(())
    }

    fn repeated(&mut self, lp: &Loop, loops: usize) -> Option<()> {
        for c in &lp.carried {
            let of = self.depends(c.init);
            self.define(c.param, of);
        }
        let outer = std::mem::take(&mut self.changed);
        let before = self.visible;
        loop {
            self.changed = false;
            self.visible = before;
            let visible = self.visible;
            lp.body.stmts.iter().try_for_each(|stmt| self.statement(stmt, loops + 1))?;
            // What becomes visible inside has another place in each iteration.
            self.visible = visible;
            for c in &lp.carried {
                let (depends, lost) = self.depends(c.next);
                let inner = depends & !before & !self.opaque;
                for to in [c.param, c.out] {
                    self.define(to, (depends & !inner, lost | inner));
                }
            }
            if !self.changed {
                break;
            }
        }
        self.changed = outer;
        for c in &lp.carried {
            let of = self.union([c.init, c.param]);
            self.define(c.out, of);
        }
        Some(())
    }

    /// A cotangent: by all earlier sites it is followed, and they can be named.
    fn row(&mut self, row: usize, v: V, loops: usize) -> Option<()> {
        let (depends, lost) = self.depends(v);
        let earlier: Set = (1 << (row + 1)) - 1;
        let found = depends & earlier & !self.visible == 0
            && self.visible & (1 << row) != 0
            && lost & earlier == 0
            && (lost == 0 || loops == 0);
        self.rows |= 1 << row;
        found.then_some(())
    }
}
