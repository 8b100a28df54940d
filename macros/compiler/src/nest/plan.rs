//! From a program to loop nests: what is fused, what is stored.
//!
//! Sums, and arrays that must exist, are *works*: they are scheduled.
//! Everything else is computed on the spot, in the outermost loop where its index is known.
//! Works of the same dimension share a loop unless one needs what the other has only when its loop
//! is over; inside the shared loop the same question is asked again for the inner dimensions.
//! A value lives in a local if all who touch it share the loops of all its axes, else in a buffer
//! over the other axes.

use super::jam::jam;
use super::product::{Product, product};
use super::share::share;
use super::zeros::place_zeros;
use super::{Element, Item, Ix, Loop, Nest, Var, at};
use crate::ir::{DimId, Index, Kind, Op, Operand, Program, Stmt, Term, ValueId, compose, identity};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Plans the loops of a program, and its products of matrices.
pub fn plan(program: &Program) -> Nest {
    plan_with(program, true)
}

/// Plans the loops of a program for small matrices, whose products are loops like all else.
pub fn plan_for_small_matrices(program: &Program) -> Nest {
    plan_with(program, false)
}

fn plan_with(program: &Program, with_products: bool) -> Nest {
    let mut planner = Planner::new(program, with_products);
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
    let shared = share(&items, program, &storage);
    jam(&mut items, program, &storage, &mut planner.next_var);
    Nest { items, storage, shared }
}

/// Something to be done over a space: a term of a sum, or the elements of a stored array.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) dst: ValueId,
    space: Vec<DimId>,
    at: Vec<Index>,
    /// What is added; nothing for an array that is stored.
    arg: Option<Operand>,
    /// The axes from the outermost loop to the innermost.
    pub(super) order: Vec<u8>,
    /// The scheduled values that are read, and at which of this work's axes.
    reads: Vec<Operand>,
    /// The product of matrices that it is as a whole: it has no loops.
    product: Option<Product>,
}

impl Work {
    /// What is computed on the spot in its loops begins here.
    pub(super) fn roots(&self, statement: &HashMap<ValueId, &Stmt>) -> Vec<Operand> {
        match (&self.product, &self.arg) {
            (Some(_), _) => vec![],
            (None, Some(arg)) => vec![arg.clone()],
            (None, None) => statement[&self.dst].operands().cloned().collect(),
        }
    }
}

pub(super) struct Planner<'p> {
    pub(super) program: &'p Program,
    with_products: bool,
    pub(super) statement: HashMap<ValueId, &'p Stmt>,
    pub(super) outputs: HashSet<ValueId>,
    /// The arrays that are stored although they could be computed on the spot.
    pub(super) stored: HashSet<ValueId>,
    works: Vec<Work>,
    next_var: u32,
}

impl<'p> Planner<'p> {
    fn new(program: &'p Program, with_products: bool) -> Self {
        let statement: HashMap<_, _> = program.body.iter().map(|stmt| (stmt.dst, stmt)).collect();
        let outputs: HashSet<_> = program.outputs().filter(|&id| program.rank(id) > 0).collect();
        let mut stored: HashSet<ValueId> = outputs.clone();
        stored.retain(|id| statement.get(id).is_some_and(|s| matches!(s.kind, Kind::Map { .. })));
        let mut planner = Planner {
            program,
            with_products,
            statement,
            outputs,
            stored,
            works: vec![],
            next_var: 0,
        };
        planner.materialize_factors();
        planner
    }

    /// Whether a value is scheduled, as against computed on the spot.
    pub(super) fn is_scheduled(&self, id: ValueId) -> bool {
        match self.statement.get(&id).map(|stmt| &stmt.kind) {
            Some(Kind::Sum { .. } | Kind::Max { .. }) => true,
            Some(Kind::Map { .. }) => self.stored.contains(&id),
            None => false,
        }
    }

    /// What an element needs that is not computed on the spot, at the reader's axes; and, in
    /// `spot`, what is.
    pub(super) fn closure(&self, operand: &Operand, spot: &mut Vec<Operand>) -> Vec<Operand> {
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
    pub(super) fn cost(&self, id: ValueId) -> u32 {
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

    pub(super) fn works(&self) -> Vec<Work> {
        let mut works = Vec::new();
        for stmt in &self.program.body {
            match &stmt.kind {
                Kind::Sum { .. } | Kind::Max { .. } => {
                    for term in stmt.terms() {
                        works.push(match self.product(stmt, term) {
                            Some(product) => Work {
                                dst: stmt.dst,
                                space: term.space.clone(),
                                at: term.at.clone(),
                                arg: None,
                                order: vec![],
                                reads: product.reads().cloned().collect(),
                                product: Some(product),
                            },
                            None => self.work(stmt.dst, &term.space, &term.at, Some(&term.arg)),
                        });
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

    /// The product of matrices that a term is, if it is one.
    fn product(&self, stmt: &Stmt, term: &Term) -> Option<Product> {
        match stmt.kind {
            Kind::Sum { .. } if self.with_products => {
                product(self.program, &self.statement, stmt.dst, term)
            }
            _ => None,
        }
    }

    /// Stores the factors of products of matrices.
    fn materialize_factors(&mut self) {
        let terms = self
            .program
            .body
            .iter()
            .flat_map(|stmt| stmt.terms().iter().map(move |term| (stmt, term)));
        let factors: Vec<ValueId> = (terms.filter_map(|(stmt, term)| self.product(stmt, term)))
            .flat_map(|product| product.reads().map(|read| read.value).collect::<Vec<_>>())
            .collect();
        let is_computed = |id: &ValueId| {
            let stmt = self.statement.get(id);
            stmt.is_some_and(|stmt| matches!(stmt.kind, Kind::Map { .. }))
        };
        self.stored.extend(factors.into_iter().filter(is_computed));
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
        let (space, at, arg) = (space.to_vec(), at.to_vec(), arg.cloned());
        Work { dst, space, at, arg, order, reads, product: None }
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
        if let Some(product) = &work.product {
            return Item::Product(product.clone());
        }
        let vars: Vec<Ix> = (0..work.space.len() as u8).map(|axis| Ix::Var(bound[&axis])).collect();
        let dst = Operand { value: work.dst, at: work.at.clone() };
        match &work.arg {
            Some(arg) => Item::Add { to: at(&dst, &vars), arg: at(arg, &vars) },
            None => Item::Store(at(&dst, &vars)),
        }
    }

    /// The elements that an item computes on the spot.
    pub(super) fn needs(&self, item: &Item) -> BTreeSet<Element> {
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
            Item::Let(_) | Item::Zero(_) | Item::Product(_) => vec![],
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
    pub(super) fn operands(&self, element: &Element) -> Vec<Element> {
        self.statement[&element.value].operands().map(|operand| at(operand, &element.at)).collect()
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

pub(super) fn walk(items: &[Item], path: &mut Vec<Var>, visit: &mut impl FnMut(&Item, &[Var])) {
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
