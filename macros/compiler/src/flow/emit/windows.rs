//! Innermost loops without bounds checks.
//!
//! Where a loop over a range reads or writes `x[i + c]` in every iteration, the part of `x` that it
//! runs through is sliced once, before the loop, and indexed by an index that LLVM sees is below
//! the slice's length:
//!
//! ```text
//! if lo < hi {
//!     let n: usize = hi - lo;
//!     let x_w1 = rt::window(&x[..], lo + c, n);
//!     let d_w2 = rt::window_mut(&mut d[..], lo, n + 1);
//!     for k in 0..n { let i = lo + k; … x_w1[k] … d_w2[k + 1] += … }
//! }
//! ```
//!
//! A place that does not depend on the loop's variable, `d[k] += …`, is kept in a local. Both are
//! possible only where nothing else in the loop touches the same memory, or nothing writes it. An
//! index out of range then panics before the loop instead of in it.
//! Records that an innermost loop fills or empties, one entry in each iteration, are windows too:
//! as long as the loop, a vector for each value of an entry.
//!
//! Accesses that not every iteration makes keep their checks, unless another access, of the same
//! memory or of the one it is the shadow of, shows that they are in range.

use super::block::Body;
use super::lanes;
use crate::flow::ir::{Block, Kind, Loop, MemId, Mode, Over, Program, Proj, RecId, Ty, V};
use crate::flow::walk::{self, Access};
use crate::hash::HashSet;
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use std::collections::BTreeMap;

/// An index as a sum: the loop's variable so many times, invariant values so many times, a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Linear {
    var: i64,
    terms: BTreeMap<V, i64>,
    constant: i128,
}

impl Linear {
    fn plus(mut self, other: &Linear, sign: i64) -> Linear {
        self.var += sign * other.var;
        for (v, n) in &other.terms {
            let sum = self.terms.entry(*v).or_insert(0);
            *sum += sign * n;
            if *sum == 0 {
                self.terms.remove(v);
            }
        }
        self.constant += i128::from(sign) * other.constant;
        self
    }

    /// The product of two, one of which is a number.
    fn times(self, other: Linear) -> Option<Linear> {
        let (of, by) = match (self.as_number(), other.as_number()) {
            (_, Some(by)) => (self, by),
            (Some(by), None) => (other, by),
            (None, None) => return None,
        };
        let factor = i64::from(i32::try_from(by).ok()?);
        let mut terms = of.terms;
        for n in terms.values_mut() {
            *n = n.checked_mul(factor)?;
        }
        terms.retain(|_, n| *n != 0);
        let constant = of.constant.checked_mul(by)?;
        Some(Linear { var: of.var.checked_mul(factor)?, terms, constant })
    }

    fn as_number(&self) -> Option<i128> {
        (self.var == 0 && self.terms.is_empty()).then_some(self.constant)
    }

    /// How often another one makes up this one.
    fn multiple_of(&self, other: &Linear) -> Option<i64> {
        let (v, n) = other.terms.iter().next()?;
        let times = self.terms.get(v).map_or(0, |of| of / n);
        let product =
            other.clone().times(Linear { constant: times.into(), ..Linear::default() })?;
        (*self == product).then_some(times)
    }
}

/// A step of a place that is the same in every iteration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Field(String),
    At(Linear),
    Range(Linear, Option<Linear>),
}

/// How a place depends on the loop's variable.
#[derive(Clone, Debug)]
enum Class {
    /// Not at all.
    Invariant(Vec<Step>),
    /// By the index behind these steps, which advances by one.
    Running(Vec<Step>, Linear),
    /// In another way.
    Wild,
}

/// An access of one float.
struct Touch {
    proj: Vec<Proj>,
    class: Class,
    always: bool,
    elem: Option<Elem>,
    /// Whether something is added to it, and what it holds is not asked for.
    added: bool,
}

/// The accesses of one field of a memory.
#[derive(Default)]
struct Region {
    touches: Vec<Touch>,
    written: bool,
    /// Whether statements touch it that are no accesses of one float.
    others: bool,
}

/// A slice that is taken before the loop.
pub(super) struct Window {
    pub(super) mem: MemId,
    /// The steps to the array.
    pub(super) prefix: Vec<Proj>,
    /// The ranges behind them, of one of several windows of an array.
    pub(super) inside: Vec<Proj>,
    /// The lowest index.
    pub(super) start: V,
    /// How many elements it is longer than the loop.
    pub(super) extra: i128,
    pub(super) mutable: bool,
    /// Places, and how far they are from the lowest index.
    pub(super) places: Vec<(Vec<Proj>, i128)>,
    /// Whether the elements are floats.
    pub(super) numbers: bool,
    /// The type of the elements, if they are floats and the loop only adds to them.
    pub(super) added: Option<Elem>,
}

/// A place that is kept in a local.
pub(super) struct Held {
    pub(super) mem: MemId,
    pub(super) proj: Vec<Proj>,
    pub(super) elem: Elem,
    pub(super) written: bool,
    pub(super) places: Vec<Vec<Proj>>,
}

/// What is done before a loop.
pub(super) struct Plan {
    pub(super) windows: Vec<Window>,
    /// Windows of one array each that are as long as the loop and have no element in common.
    pub(super) apart: Vec<Vec<Window>>,
    pub(super) held: Vec<Held>,
    pub(super) streams: Vec<Stream>,
}

/// A record that is filled or emptied by the loop.
pub(super) struct Stream {
    pub(super) record: RecId,
    /// What an iteration puts on it, or takes off.
    pub(super) values: Vec<V>,
    /// Whether it is filled.
    pub(super) filled: bool,
}

/// Whether every iteration of a loop is run, and none has a loop in it.
pub(super) fn is_plain(program: &Program, lp: &Loop) -> bool {
    let Over::Range { var, .. } = lp.over else { return false };
    let is_index = match &program.of(var).ty {
        Ty::Int(Some(name)) => name == "usize",
        Ty::Int(None) => true,
        _ => false,
    };
    let mut straight = true;
    walk::all(&lp.body, &mut |kind| {
        straight &= !matches!(kind, Kind::Loop(_) | Kind::Fail(_));
    });
    is_index && straight && lp.exit.is_none()
}

/// Decides what to do before a loop, if it is an innermost one and anything can be done.
pub(super) fn plan(body: &Body<'_>, lp: &Loop) -> Option<Plan> {
    let Over::Range { var, lo, hi, .. } = lp.over else { return None };
    if !is_plain(body.program, lp) {
        return None;
    }
    let constant = |v: V| body.facts.consts.contains_key(&v);
    let mut finder = Finder {
        body,
        var,
        ends: (lo, hi),
        known_range: constant(lo) && constant(hi),
        variant: HashSet::from_iter([var]),
        made: HashSet::default(),
        regions: BTreeMap::new(),
    };
    finder.variant.extend(lp.carried.iter().map(|c| c.param));
    walk::all(&lp.body, &mut |kind| {
        walk::defines(kind, &mut |v| {
            finder.variant.insert(v);
        });
        finder.made.extend(walk::makes(kind));
    });
    finder.collect(&lp.body, true);
    let mut plan = finder.plan();
    for stmt in &lp.body.stmts {
        let (Kind::Keep(record, values, _) | Kind::Recall(record, values, _)) = &stmt.kind else {
            continue;
        };
        if body.facts.streamed.contains(record) {
            let filled = matches!(stmt.kind, Kind::Keep(..));
            plan.streams.push(Stream { record: *record, values: values.clone(), filled });
        }
    }
    let any = !(plan.windows.is_empty()
        && plan.apart.is_empty()
        && plan.held.is_empty()
        && plan.streams.is_empty());
    (any || lanes::apply(body, lp, &[], &|_, _| false)).then_some(plan)
}

struct Finder<'b, 'p> {
    body: &'b Body<'p>,
    var: V,
    /// The ends of the range.
    ends: (V, V),
    /// Whether both are literals.
    known_range: bool,
    variant: HashSet<V>,
    made: HashSet<MemId>,
    regions: BTreeMap<(MemId, Vec<String>), Region>,
}

/// What an access that every iteration makes shows to be in range: of a memory, or the one that it
/// is the shadow of, behind these steps.
type Safe = BTreeMap<(MemId, Vec<Step>, Option<BTreeMap<V, i64>>), (i128, i128)>;

impl Finder<'_, '_> {
    fn linear(&self, v: V) -> Option<Linear> {
        if v == self.var {
            return Some(Linear { var: 1, ..Linear::default() });
        }
        if let Some(Literal::Int(number)) = self.body.facts.consts.get(&v) {
            return Some(Linear { constant: *number, ..Linear::default() });
        }
        if let Some(&(symbol, a, b)) = self.body.facts.binary.get(&v)
            && let (Some(a), Some(b)) = (self.linear(a), self.linear(b))
        {
            let found = match symbol {
                "+" => Some(a.plus(&b, 1)),
                "-" => Some(a.plus(&b, -1)),
                _ => a.times(b),
            };
            if found.is_some() {
                return found;
            }
        }
        let term = Linear { terms: BTreeMap::from([(v, 1)]), ..Linear::default() };
        (!self.variant.contains(&v)).then_some(term)
    }

    fn classify(&self, proj: &[Proj]) -> Class {
        let mut steps = Vec::new();
        for step in proj {
            let step = match step {
                Proj::Field(name) => Some(Step::Field(name.clone())),
                Proj::Index(at) => match self.linear(*at) {
                    Some(linear) if linear.var == 1 => return Class::Running(steps, linear),
                    Some(linear) if linear.var == 0 => Some(Step::At(linear)),
                    _ => None,
                },
                Proj::Range(from, to) => {
                    let ends = (self.linear(*from), to.map(|to| self.linear(to)));
                    match ends {
                        (Some(from), None) if from.var == 0 => Some(Step::Range(from, None)),
                        (Some(from), Some(Some(to))) if from.var == 0 && to.var == 0 => {
                            Some(Step::Range(from, Some(to)))
                        }
                        _ => None,
                    }
                }
            };
            match step {
                Some(step) => steps.push(step),
                None => return Class::Wild,
            }
        }
        Class::Invariant(steps)
    }

    fn collect(&mut self, block: &Block, always: bool) {
        for stmt in &block.stmts {
            let mut found = Vec::new();
            walk::places(&stmt.kind, &mut |mem, proj, access| {
                found.push((mem, proj.to_vec(), access));
            });
            for (mem, proj, access) in found {
                let fields: Vec<String> = proj
                    .iter()
                    .map_while(|step| match step {
                        Proj::Field(name) => Some(name.clone()),
                        _ => None,
                    })
                    .collect();
                let class = self.classify(&proj);
                let elem = match &stmt.kind {
                    Kind::Load(v, _) | Kind::Store(_, v, _) => self.body.program.float(*v).cloned(),
                    _ => None,
                };
                let region = self.regions.entry((mem, fields)).or_default();
                region.written |= access.writes();
                match access {
                    Access::Load | Access::Store => {
                        let added = matches!(&stmt.kind, Kind::Store(_, _, Mode::Add | Mode::Sub));
                        region.touches.push(Touch { proj, class, always, elem, added });
                    }
                    _ => region.others = true,
                }
            }
            for block in walk::blocks(&stmt.kind) {
                self.collect(block, false);
            }
        }
    }

    /// The memory that a shadow has the shape of.
    fn primal(&self, mem: MemId) -> MemId {
        match self.body.program.at(mem).shadows {
            Some(primal) if !self.body.facts.resized.contains(&primal) => primal,
            _ => mem,
        }
    }

    fn safe(&self) -> Safe {
        let mut safe = Safe::new();
        for ((mem, _), region) in &self.regions {
            let mem = self.primal(*mem);
            for touch in region.touches.iter().filter(|touch| touch.always) {
                let (steps, linear) = match &touch.class {
                    Class::Invariant(steps) => (steps.clone(), None),
                    Class::Running(steps, linear) => (steps.clone(), Some(linear)),
                    Class::Wild => continue,
                };
                let constant = linear.map_or(0, |linear| linear.constant);
                let key = (mem, steps, linear.map(|linear| linear.terms.clone()));
                let hull = safe.entry(key).or_insert((constant, constant));
                *hull = (hull.0.min(constant), hull.1.max(constant));
            }
        }
        safe
    }

    fn plan(&self) -> Plan {
        let safe = self.safe();
        let mut plan = Plan { windows: vec![], apart: vec![], held: vec![], streams: vec![] };
        for ((mem, fields), region) in &self.regions {
            let overlaps = |other: &(&(MemId, Vec<String>), &Region)| {
                let ((other_mem, other_fields), other) = other;
                let n = fields.len().min(other_fields.len());
                other_mem == mem
                    && other_fields != fields
                    && other_fields[..n] == fields[..n]
                    && (other.written || region.written)
            };
            if self.made.contains(mem)
                || self.body.lazy.contains_key(mem)
                || self.regions.iter().any(|other| overlaps(&other))
                || (region.written && region.others)
            {
                continue;
            }
            match region.written {
                true => self.exclusive(*mem, region, &safe, &mut plan),
                false => self.shared(*mem, region, &safe, &mut plan),
            }
        }
        plan
    }

    /// Whether every iteration, if there is one, could make this access.
    fn is_safe(&self, mem: MemId, class: &Class, safe: &Safe) -> bool {
        let mem = self.primal(mem);
        match class {
            Class::Invariant(steps) => safe.contains_key(&(mem, steps.clone(), None)),
            Class::Running(steps, linear) => safe
                .get(&(mem, steps.clone(), Some(linear.terms.clone())))
                .is_some_and(|hull| (hull.0..=hull.1).contains(&linear.constant)),
            Class::Wild => false,
        }
    }

    /// A region that is read only: every access on its own.
    fn shared(&self, mem: MemId, region: &Region, safe: &Safe, plan: &mut Plan) {
        let mut windows: BTreeMap<(Vec<Step>, Linear), Window> = BTreeMap::new();
        let mut held: BTreeMap<Vec<Step>, Held> = BTreeMap::new();
        for touch in &region.touches {
            if !self.is_safe(mem, &touch.class, safe) {
                continue;
            }
            match &touch.class {
                Class::Invariant(steps) => {
                    if let Some(new) = self.held(mem, touch, false) {
                        let held = held.entry(steps.clone()).or_insert(new);
                        held.places.push(touch.proj.clone());
                    }
                }
                Class::Running(steps, linear) => {
                    if let Some(new) = self.window(mem, touch, steps.len(), false) {
                        let key = (steps.clone(), linear.clone());
                        let window = windows.entry(key).or_insert(new);
                        window.places.push((touch.proj[..=steps.len()].to_vec(), 0));
                    }
                }
                Class::Wild => {}
            }
        }
        plan.windows.extend(windows.into_values());
        plan.held.extend(held.into_values());
    }

    /// A region that is written: all accesses through one window, or one local.
    fn exclusive(&self, mem: MemId, region: &Region, safe: &Safe, plan: &mut Plan) {
        let Some(first) = region.touches.first() else { return };
        if !region.touches.iter().all(|touch| self.is_safe(mem, &touch.class, safe)) {
            return;
        }
        match &first.class {
            Class::Invariant(_) => {
                let mut held: Vec<(&[Step], Held)> = Vec::new();
                for touch in &region.touches {
                    let Class::Invariant(steps) = &touch.class else { return };
                    match held.iter_mut().find(|(other, _)| other == steps) {
                        Some((_, same)) => same.places.push(touch.proj.clone()),
                        None => {
                            let apart = held.iter().all(|(other, _)| are_apart(other, steps));
                            let Some(mut new) = self.held(mem, touch, true) else { return };
                            if !apart {
                                return;
                            }
                            new.places.push(touch.proj.clone());
                            held.push((steps, new));
                        }
                    }
                }
                plan.held.extend(held.into_iter().map(|(_, held)| held));
            }
            Class::Running(steps, linear) => {
                let constant = |touch: &Touch| match &touch.class {
                    Class::Running(other, of) if other == steps && of.terms == linear.terms => {
                        Some(of.constant)
                    }
                    _ => None,
                };
                let constants = region.touches.iter().map(constant).collect::<Option<Vec<_>>>();
                let Some(constants) = constants else {
                    plan.apart.extend(self.apart(mem, region));
                    return;
                };
                let low = constants.iter().copied().min().unwrap_or(0);
                let high = constants.iter().copied().max().unwrap_or(0);
                let lowest = region.touches.iter().find(|touch| constant(touch) == Some(low));
                let Some(mut window) =
                    lowest.and_then(|touch| self.window(mem, touch, steps.len(), true))
                else {
                    return;
                };
                window.extra = high - low;
                let added = |touch: &Touch| touch.added && touch.proj.len() == steps.len() + 1;
                window.added = first.elem.clone().filter(|_| region.touches.iter().all(added));
                let places = region.touches.iter().zip(&constants);
                window.places = places
                    .map(|(touch, at)| (touch.proj[..=steps.len()].to_vec(), at - low))
                    .collect();
                plan.windows.push(window);
            }
            Class::Wild => {}
        }
    }

    /// Windows of a region whose accesses are multiples of the loop's length apart, the first first.
    fn apart(&self, mem: MemId, region: &Region) -> Option<Vec<Window>> {
        let (lo, hi) = self.ends;
        let len = self.linear(hi)?.plus(&self.linear(lo)?, -1);
        let steps = |touch: &Touch| match &touch.class {
            Class::Running(steps, _) => Some(steps.clone()),
            _ => None,
        };
        let first = region.touches.first()?;
        let mut shared = steps(first)?;
        for touch in &region.touches {
            let other = steps(touch)?;
            let same = shared.iter().zip(&other).take_while(|(a, b)| a == b).count();
            shared.truncate(same);
        }
        let start = |touch: &Touch| start(&touch.class, shared.len());
        let origin = start(first)?;
        let mut windows: BTreeMap<i64, Window> = BTreeMap::new();
        for touch in &region.touches {
            let distance = start(touch)?.plus(&origin, -1).multiple_of(&len)?;
            let depth = steps(touch)?.len();
            let place = touch.proj[..=depth].to_vec();
            let added = touch.elem.clone().filter(|_| touch.added && place == touch.proj);
            let mut new = self.window(mem, touch, depth, true)?;
            new.inside = new.prefix.split_off(shared.len());
            new.added = added.clone();
            let window = windows.entry(distance).or_insert(new);
            window.added = window.added.take().filter(|_| added.is_some());
            window.places.push((place, 0));
        }
        Some(windows.into_values().collect())
    }

    fn window(&self, mem: MemId, touch: &Touch, depth: usize, mutable: bool) -> Option<Window> {
        let prefix = touch.proj[..depth].to_vec();
        let place = crate::flow::ir::Place { mem, proj: prefix.clone() };
        // The length of an array is known: so is that the index is below it.
        if self.known_range && matches!(self.body.type_at(&place), Some(Type::Fixed(..))) {
            return None;
        }
        match touch.proj.get(depth) {
            Some(Proj::Index(start)) => Some(Window {
                mem,
                prefix,
                inside: vec![],
                start: *start,
                extra: 0,
                mutable,
                places: vec![],
                numbers: touch.elem.is_some() && touch.proj.len() == depth + 1,
                added: None,
            }),
            _ => None,
        }
    }

    fn held(&self, mem: MemId, touch: &Touch, written: bool) -> Option<Held> {
        let elem = touch.elem.clone()?;
        Some(Held { mem, proj: touch.proj.clone(), elem, written, places: vec![] })
    }
}

/// Where a running access begins, counted in the array behind so many steps, if only ranges follow.
fn start(class: &Class, depth: usize) -> Option<Linear> {
    let Class::Running(steps, at) = class else { return None };
    steps[depth..].iter().try_fold(at.clone(), |sum, step| match step {
        Step::Range(from, _) => Some(sum.plus(from, 1)),
        Step::Field(_) | Step::At(_) => None,
    })
}

/// Whether two places of one memory never are the same.
fn are_apart(a: &[Step], b: &[Step]) -> bool {
    for (a, b) in a.iter().zip(b) {
        match (a, b) {
            (Step::Field(a), Step::Field(b)) if a != b => return true,
            (Step::At(a), Step::At(b)) if a.terms == b.terms && a.constant != b.constant => {
                return true;
            }
            _ if a != b => return false,
            _ => {}
        }
    }
    false
}
