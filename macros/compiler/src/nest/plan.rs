//! From a program to loop nests: what is fused, what is stored.
//!
//! Sums, and arrays that must exist, are *works*: they are scheduled.
//! Everything else is computed on the spot, in the outermost loop where its index is known.
//! Works of the same dimension share a loop unless one needs what the other has only when its loop
//! is over; inside the shared loop the same question is asked again for the inner dimensions.
//! A value lives in a local if all who touch it share the loops of all its axes, else in a buffer
//! over the other axes.

use super::jam::jam;
use super::zeros::place_zeros;
use super::{Element, Item, Ix, Loop, Nest, Storage, Var, at};
use crate::ir::{DimId, Index, Kind, Op, Operand, Program, Stmt, ValueId, compose, identity};
use std::collections::{BTreeSet, HashMap, HashSet};

/// From this cost in additions on, a value is stored rather than computed twice.
const DEAR: u32 = 8;

/// Plans the loops of a program.
pub fn plan(program: &Program) -> Nest {
    let mut planner = Planner::new(program);
    planner.materialize_unreadable();
    planner.materialize_recomputed();
    let mut items = planner.schedule();
    // Dear values that more than one loop computes are stored after all.
    for _ in 0..4 {
        if !planner.materialize_repeated(&items) {
            break;
        }
        items = planner.schedule();
    }
    let storage = planner.storage(&items);
    let mut items = planner.with_locals(items);
    place_zeros(&mut items, program, &storage);
    jam(&mut items, program, &storage, &mut planner.next_var);
    Nest { items, storage }
}

/// Where an element is touched: its index, and the loops around.
type Place = (Vec<Ix>, Vec<Var>);

/// Something to be done over a space: a term of a sum, or the elements of a stored array.
#[derive(Clone)]
struct Work {
    dst: ValueId,
    space: Vec<DimId>,
    at: Vec<Index>,
    /// What is added; nothing for an array that is stored.
    arg: Option<Operand>,
    /// The axes from the outermost loop to the innermost.
    order: Vec<u8>,
    /// The scheduled values that are read, and at which of this work's axes.
    reads: Vec<Operand>,
}

struct Planner<'p> {
    program: &'p Program,
    statement: HashMap<ValueId, &'p Stmt>,
    outputs: HashSet<ValueId>,
    /// The arrays that are stored although they could be computed on the spot.
    stored: HashSet<ValueId>,
    works: Vec<Work>,
    next_var: u32,
}

impl<'p> Planner<'p> {
    fn new(program: &'p Program) -> Self {
        let statement: HashMap<_, _> = program.body.iter().map(|stmt| (stmt.dst, stmt)).collect();
        let outputs: HashSet<_> = program.outputs().filter(|&id| program.rank(id) > 0).collect();
        let mut stored: HashSet<ValueId> = outputs.clone();
        stored.retain(|id| statement.get(id).is_some_and(|s| matches!(s.kind, Kind::Map { .. })));
        Planner { program, statement, outputs, stored, works: vec![], next_var: 0 }
    }

    /// Whether a value is scheduled, as against computed on the spot.
    fn is_scheduled(&self, id: ValueId) -> bool {
        match self.statement.get(&id).map(|stmt| &stmt.kind) {
            Some(Kind::Sum { .. } | Kind::Max { .. }) => true,
            Some(Kind::Map { .. }) => self.stored.contains(&id),
            None => false,
        }
    }

    /// What an element needs that is not computed on the spot, at the reader's axes; and, in
    /// `spot`, what is.
    fn closure(&self, operand: &Operand, spot: &mut Vec<Operand>) -> Vec<Operand> {
        let mut seen: HashSet<Operand> = HashSet::new();
        let mut open = vec![operand.clone()];
        let mut reads = Vec::new();
        while let Some(operand) = open.pop() {
            if !seen.insert(operand.clone()) {
                continue;
            }
            let Some(stmt) = self.statement.get(&operand.value) else {
                continue;
            };
            if self.is_scheduled(operand.value) {
                reads.push(operand);
                continue;
            }
            for inner in stmt.operands() {
                if let Some(at) = compose(&inner.at, &operand.at) {
                    open.push(Operand { value: inner.value, at });
                }
            }
            spot.push(operand);
        }
        reads
    }

    /// The cost of one element, as far as it is computed on the spot.
    fn cost(&self, id: ValueId) -> u32 {
        let mut spot = Vec::new();
        self.closure(&Operand { value: id, at: identity(self.program.rank(id)) }, &mut spot);
        spot.iter()
            .filter(|operand| !operand.at.is_empty())
            .map(|operand| match &self.statement[&operand.value].kind {
                Kind::Map { op: Op::Prim(row), .. } => row.cost,
                _ => 0,
            })
            .sum()
    }

    fn works(&self) -> Vec<Work> {
        let mut works = Vec::new();
        for stmt in &self.program.body {
            match &stmt.kind {
                Kind::Sum { .. } | Kind::Max { .. } => {
                    for term in stmt.terms() {
                        works.push(self.work(stmt.dst, &term.space, &term.at, Some(&term.arg)));
                    }
                }
                Kind::Map { .. } if self.stored.contains(&stmt.dst) => {
                    let space = self.program.shape(stmt.dst).to_vec();
                    works.push(self.work(stmt.dst, &space, &identity(space.len()), None));
                }
                Kind::Map { .. } => {}
            }
        }
        works
    }

    fn work(&self, dst: ValueId, space: &[DimId], at: &[Index], arg: Option<&Operand>) -> Work {
        let mut spot = Vec::new();
        let roots = match arg {
            Some(arg) => vec![arg.clone()],
            None => self.statement[&dst].operands().cloned().collect(),
        };
        let reads: Vec<Operand> =
            roots.iter().flat_map(|arg| self.closure(arg, &mut spot)).collect();
        // Every array access votes for the order in which it is contiguous.
        let touched = (roots.iter().chain(&reads).chain(&spot))
            .flat_map(|o| {
                self.statement.get(&o.value).map_or_else(Vec::new, |stmt| {
                    stmt.operands()
                        .filter(|inner| !self.statement.contains_key(&inner.value))
                        .filter_map(|inner| compose(&inner.at, &o.at))
                        .collect()
                })
            })
            .chain(roots.iter().chain(&reads).map(|o| o.at.clone()))
            .chain([at.to_vec()]);
        let order = loop_order(space.len(), &touched.collect::<Vec<_>>());
        Work { dst, space: space.to_vec(), at: at.to_vec(), arg: arg.cloned(), order, reads }
    }

    /// Stores arrays that are read at indices through which their own operands cannot be read: a
    /// slice of what broadcasts while the program runs.
    fn materialize_unreadable(&mut self) {
        while let Some(found) = self.unreadable() {
            self.stored.insert(found);
        }
    }

    fn unreadable(&self) -> Option<ValueId> {
        let reads = self.program.body.iter().flat_map(Stmt::operands).flat_map(|o| &o.at);
        if !{ reads }.any(|index| matches!(index, Index::Stretch(..) | Index::Affine(..))) {
            return None;
        }
        for stmt in &self.program.body {
            let mut open: Vec<Operand> = stmt.operands().cloned().collect();
            let mut seen: HashSet<Operand> = HashSet::new();
            while let Some(operand) = open.pop() {
                if self.is_scheduled(operand.value) || !seen.insert(operand.clone()) {
                    continue;
                }
                let Some(inner) = self.statement.get(&operand.value) else { continue };
                for read in inner.operands() {
                    match compose(&read.at, &operand.at) {
                        Some(at) => open.push(Operand { value: read.value, at }),
                        None => return Some(operand.value),
                    }
                }
            }
        }
        None
    }

    /// Stores dear arrays that would be computed anew in every turn of a loop around them.
    fn materialize_recomputed(&mut self) {
        loop {
            let mut found = None;
            for work in self.works() {
                let mut spot = Vec::new();
                let roots: Vec<Operand> = match &work.arg {
                    Some(arg) => vec![arg.clone()],
                    None => self.statement[&work.dst].operands().cloned().collect(),
                };
                for root in &roots {
                    self.closure(root, &mut spot);
                }
                found = spot.into_iter().find(|operand| {
                    let axes: Vec<u8> = operand.at.iter().filter_map(|i| i.axis()).collect();
                    let last = work.order.iter().rposition(|axis| axes.contains(axis));
                    let outer = last.map_or(0, |last| last + 1);
                    let repeated = work.order[..outer].iter().any(|axis| !axes.contains(axis));
                    repeated && self.cost(operand.value) >= DEAR
                });
                if found.is_some() {
                    break;
                }
            }
            match found {
                Some(operand) => self.stored.insert(operand.value),
                None => return,
            };
        }
    }

    /// Stores dear arrays that are computed in more than one loop; whether there were any.
    fn materialize_repeated(&mut self, items: &[Item]) -> bool {
        let mut loops: HashMap<ValueId, BTreeSet<Vec<Var>>> = HashMap::new();
        walk(items, &mut vec![], &mut |item, path| {
            for element in self.needs(item) {
                let vars: Vec<Var> = element.at.iter().filter_map(|ix| ix.var()).collect();
                if let Some(last) = path.iter().rposition(|var| vars.contains(var)) {
                    loops.entry(element.value).or_default().insert(path[..=last].to_vec());
                }
            }
        });
        let mut again: Vec<ValueId> = (loops.into_iter())
            .filter(|(id, places)| {
                // Loops one inside the other compute it once, in the outer one.
                let outermost: Vec<_> = places
                    .iter()
                    .filter(|p| !places.iter().any(|q| q.len() < p.len() && p.starts_with(q)))
                    .collect();
                outermost.len() > 1 && self.cost(*id) >= DEAR
            })
            .map(|(id, _)| id)
            .collect();
        // The last of a chain is enough: what it is made of is then computed once.
        again.sort();
        let Some(&last) = again.last() else {
            return false;
        };
        self.stored.insert(last)
    }

    /// Builds the loops.
    fn schedule(&mut self) -> Vec<Item> {
        self.works = self.works();
        self.next_var = 0;
        let all: Vec<usize> = (0..self.works.len()).collect();
        let bound = vec![HashMap::new(); self.works.len()];
        self.scope(&all, 0, bound)
    }

    /// The items of one loop body (or of the whole program): `works`, whose outermost `depth` axes
    /// are bound to loops.
    fn scope(&mut self, works: &[usize], depth: usize, bound: Vec<HashMap<u8, Var>>) -> Vec<Item> {
        let mut level: HashMap<usize, usize> = HashMap::new();
        for &w in works {
            let needed = self.works[w].reads.clone();
            let mut own = 0;
            for read in &needed {
                for &other in works {
                    if other >= w || self.works[other].dst != read.value {
                        continue;
                    }
                    let other_level = level[&other];
                    let ends_with_loop = self.works[other].order.len() > depth;
                    let fused = self.is_aligned(w, other, read, depth);
                    own = own.max(if ends_with_loop && !fused {
                        other_level + 1
                    } else {
                        other_level
                    });
                }
            }
            level.insert(w, own);
        }
        let mut items = Vec::new();
        let last = level.values().copied().max().unwrap_or(0);
        for current in 0..=last {
            let here: Vec<usize> = works.iter().copied().filter(|w| level[w] == current).collect();
            let (straight, looping): (Vec<usize>, Vec<usize>) =
                here.iter().partition(|&&w| self.works[w].order.len() == depth);
            items.extend(straight.iter().map(|&w| self.step(w, &bound[w])));
            let mut dims: Vec<DimId> = Vec::new();
            for &w in &looping {
                let dim = self.next_dim(w, depth);
                if !dims.contains(&dim) {
                    dims.push(dim);
                }
            }
            for dim in dims {
                let group: Vec<usize> =
                    looping.iter().copied().filter(|&w| self.next_dim(w, depth) == dim).collect();
                let var = Var(self.next_var);
                self.next_var += 1;
                let mut inner = bound.clone();
                for &w in &group {
                    inner[w].insert(self.works[w].order[depth], var);
                }
                let body = self.scope(&group, depth + 1, inner);
                items.push(Item::Loop(Loop { var, dim, body, merged: 1, blocks: vec![] }));
            }
        }
        items
    }

    fn next_dim(&self, w: usize, depth: usize) -> DimId {
        let work = &self.works[w];
        work.space[work.order[depth] as usize]
    }

    /// Whether, with their next loops merged, `w` reads what `other` has completed in that turn.
    fn is_aligned(&self, w: usize, other: usize, read: &Operand, depth: usize) -> bool {
        let (reader, writer) = (&self.works[w], &self.works[other]);
        let (Some(&own), Some(&theirs)) = (reader.order.get(depth), writer.order.get(depth)) else {
            return false;
        };
        reader.space[own as usize] == writer.space[theirs as usize]
            && writer
                .at
                .iter()
                .zip(&read.at)
                .any(|(written, read)| *written == Index::Axis(theirs) && *read == Index::Axis(own))
            && !writer.at.iter().zip(&read.at).any(|(written, read)| {
                (*written == Index::Axis(theirs)) != (*read == Index::Axis(own))
            })
    }

    fn step(&self, w: usize, bound: &HashMap<u8, Var>) -> Item {
        let work = &self.works[w];
        let vars: Vec<Ix> = (0..work.space.len() as u8).map(|axis| Ix::Var(bound[&axis])).collect();
        let dst = Operand { value: work.dst, at: work.at.clone() };
        match &work.arg {
            Some(arg) => Item::Add { to: at(&dst, &vars), arg: at(arg, &vars) },
            None => Item::Store(at(&dst, &vars)),
        }
    }

    /// The elements that an item computes on the spot.
    fn needs(&self, item: &Item) -> BTreeSet<Element> {
        let mut found = BTreeSet::new();
        let mut open: Vec<Element> = match item {
            Item::Add { arg, .. } => vec![arg.clone()],
            Item::Store(element) => self.operands(element),
            Item::Loop(inner) => {
                for item in &inner.body {
                    found.append(&mut self.needs(item));
                }
                vec![]
            }
            Item::Let(_) | Item::Zero(_) => vec![],
        };
        while let Some(element) = open.pop() {
            let on_the_spot =
                self.statement.contains_key(&element.value) && !self.is_scheduled(element.value);
            if on_the_spot && !found.contains(&element) {
                open.extend(self.operands(&element));
                found.insert(element);
            }
        }
        found
    }

    /// What an element is computed from.
    fn operands(&self, element: &Element) -> Vec<Element> {
        self.statement[&element.value].operands().map(|operand| at(operand, &element.at)).collect()
    }

    /// Decides where each scheduled value is kept.
    fn storage(&self, items: &[Item]) -> Vec<Storage> {
        let mut touched: HashMap<ValueId, Vec<Place>> = HashMap::new();
        walk(items, &mut vec![], &mut |item, path| {
            let mut touch = |element: &Element| {
                let places = touched.entry(element.value).or_default();
                places.push((element.at.clone(), path.to_vec()));
            };
            match item {
                Item::Add { to, arg } => {
                    touch(to);
                    touch(arg);
                }
                Item::Store(element) => touch(element),
                _ => {}
            }
            let stored =
                if let Item::Store(element) = item { self.operands(element) } else { vec![] };
            stored.iter().for_each(&mut touch);
            for element in self.needs(item) {
                self.operands(&element).iter().for_each(&mut touch);
            }
        });
        // What the caller gets is read when all loops are over.
        for id in self.program.outputs() {
            let mut spot = Vec::new();
            for read in self.closure(&self.program.whole(id), &mut spot) {
                let at = read.at.iter().map(|_| Ix::At(0)).collect();
                touched.entry(read.value).or_default().push((at, vec![]));
            }
        }
        let storage = |k: usize| {
            let id = ValueId(k as u32);
            if !self.is_scheduled(id) {
                return Storage::None;
            }
            if self.outputs.contains(&id) {
                return Storage::Output;
            }
            let places = touched.get(&id).map_or(&[][..], Vec::as_slice);
            let Some((_, first)) = places.first() else {
                return Storage::Local;
            };
            let shared = (places.iter())
                .map(|(_, path)| first.iter().zip(path).take_while(|(a, b)| a == b).count())
                .min()
                .unwrap_or(0);
            let is_shared = |axis: &usize| {
                places.iter().all(
                    |(at, _)| matches!(at[*axis], Ix::Var(var) if first[..shared].contains(&var)),
                )
            };
            let kept: Vec<usize> =
                (0..self.program.rank(id)).filter(|axis| !is_shared(axis)).collect();
            if kept.is_empty() { Storage::Local } else { Storage::Buffer(kept) }
        };
        (0..self.program.values.len()).map(storage).collect()
    }

    /// Inserts the computation of everything that is computed on the spot: before the first item
    /// that needs it, in the outermost loop where its index is known.
    fn with_locals(&self, items: Vec<Item>) -> Vec<Item> {
        let mut known = HashSet::new();
        let mut out = self.scope_with_locals(items, &mut vec![], &mut known);
        let mut last = BTreeSet::new();
        for id in self.program.outputs().filter(|&id| self.program.rank(id) == 0) {
            let mut open = vec![Element { value: id, at: vec![] }];
            while let Some(element) = open.pop() {
                let on_the_spot = self.statement.contains_key(&element.value)
                    && !self.is_scheduled(element.value);
                if on_the_spot && !known.contains(&element) && last.insert(element.clone()) {
                    open.extend(self.operands(&element));
                }
            }
        }
        out.extend(last.into_iter().map(Item::Let));
        out
    }

    fn scope_with_locals(
        &self,
        items: Vec<Item>,
        bound: &mut Vec<Var>,
        known: &mut HashSet<Element>,
    ) -> Vec<Item> {
        let mut out = Vec::new();
        let mut added = Vec::new();
        for item in items {
            for element in self.needs(&item) {
                let is_bound =
                    element.at.iter().filter_map(|ix| ix.var()).all(|var| bound.contains(&var));
                if is_bound && known.insert(element.clone()) {
                    added.push(element.clone());
                    out.push(Item::Let(element));
                }
            }
            out.push(match item {
                Item::Loop(Loop { var, dim, body, merged, blocks }) => {
                    bound.push(var);
                    let body = self.scope_with_locals(body, bound, known);
                    bound.pop();
                    Item::Loop(Loop { var, dim, body, merged, blocks })
                }
                other => other,
            });
        }
        // Locals go out of scope with their loop.
        if !bound.is_empty() {
            for element in added {
                known.remove(&element);
            }
        }
        out
    }
}

fn walk(items: &[Item], path: &mut Vec<Var>, visit: &mut impl FnMut(&Item, &[Var])) {
    for item in items {
        if let Item::Loop(inner) = item {
            path.push(inner.var);
            walk(&inner.body, path, visit);
            path.pop();
        } else {
            visit(item, path);
        }
    }
}

/// The order of loops in which the most accesses are contiguous: of two axes, the one that is
/// further to the right in an access wants to be inside.
fn loop_order(rank: usize, accesses: &[Vec<Index>]) -> Vec<u8> {
    let mut inside = vec![vec![0i32; rank]; rank];
    for access in accesses {
        let axes: Vec<u8> = access.iter().filter_map(|index| index.axis()).collect();
        for (k, &left) in axes.iter().enumerate() {
            for &right in &axes[k + 1..] {
                if left != right {
                    inside[left as usize][right as usize] += 1;
                }
            }
        }
    }
    let mut rest: Vec<u8> = (0..rank as u8).collect();
    let mut order = Vec::new();
    while !rest.is_empty() {
        // Outermost next: whom the fewest want inside themselves, on balance.
        let wish = |axis: u8| -> i32 {
            rest.iter()
                .map(|&b| inside[axis as usize][b as usize] - inside[b as usize][axis as usize])
                .sum()
        };
        let mut best = rest[0];
        for &axis in &rest {
            if wish(axis) > wish(best) {
                best = axis;
            }
        }
        rest.retain(|&axis| axis != best);
        order.push(best);
    }
    order
}
