//! What emission has to know of a program beforehand.

use super::{borrowed, cut, slots, windows};
use crate::flow::ir::{Block, Kind, Loop, MemId, Origin, Pass, Place, Program, RecId, Ty, V};
use crate::flow::walk::{self, Access};
use crate::hash::{HashMap, HashSet};
use crate::ir::Literal;
use crate::parse::Type;
use crate::primitives::Spelling;

/// Where a block is: the numbers of the statements and branches that lead to it, by turns.
pub(super) type Path = Vec<usize>;

/// Where the variable of a memory is declared.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// The block.
    pub(super) block: Path,
    /// The statement that it stands before, or that declares it.
    pub(super) stmt: usize,
    /// Whether it stands before the statement: it is made in a block inside.
    pub(super) ahead: bool,
    /// The last statement of the block that touches it.
    pub(super) last: usize,
}

/// The facts.
#[derive(Default)]
pub(super) struct Facts {
    /// Literals, which are written where they are used.
    pub(super) consts: HashMap<V, Literal>,
    /// How passive integers are computed: for offsets of indices.
    pub(super) binary: HashMap<V, (&'static str, V, V)>,
    /// Values that are not there on every path: kept in an `Option`.
    pub(super) optional: HashSet<V>,
    /// Values of unknown type that are used more than once: copied where they are used.
    pub(super) shared: HashSet<V>,
    /// How many statements there are.
    pub(super) statements: usize,
    /// How often each value is used.
    pub(super) uses: Vec<u32>,
    /// Values that arithmetic takes, or a store.
    pub(super) taken: HashSet<V>,
    /// Where local memories are declared.
    pub(super) homes: HashMap<MemId, Home>,
    /// Copies that are not made, since the list gets shorter instead.
    pub(super) cuts: HashMap<MemId, V>,
    /// Lists that are references to one or another parameter.
    pub(super) borrowed: HashSet<MemId>,
    /// Memories whose length changes.
    pub(super) resized: HashSet<MemId>,
    /// What a record keeps.
    pub(super) records: HashMap<RecId, (Vec<V>, Vec<MemId>)>,
    /// Records that are filled by one loop and emptied by another, an entry in each iteration.
    pub(super) streamed: HashSet<RecId>,
    /// The places whose floats are saved on a record.
    pub(super) saved: HashMap<RecId, Place>,
    /// Values that share the variable of another.
    pub(super) slots: HashMap<V, V>,
}

/// The entries of a record of more values than this are kept as tuples: a vector for each value
/// costs several statements.
const STREAMS: usize = 48;

/// Those tuples have so many values. The time that LLVM takes over what is stored side by side grows
/// with the square of that.
pub(super) const GROUP: usize = 16;

impl Facts {
    /// Of a program; what is used behind it besides its result is named.
    pub(super) fn new(program: &Program, used_behind: &[V]) -> Facts {
        let mut facts = Facts { uses: vec![0; program.values.len()], ..Facts::default() };
        used_behind.iter().for_each(|v| facts.uses[v.0 as usize] += 1);
        if let Some(result) = &program.result {
            result.values(&mut |v| facts.uses[v.0 as usize] += 1);
        }
        walk::all(&program.body, &mut |kind| {
            match kind {
                Kind::Const(v, literal) => {
                    facts.consts.insert(*v, literal.clone());
                }
                Kind::Pass(v, Pass::Binary(symbol @ ("+" | "-" | "*")), args) => {
                    if let [a, b] = args[..] {
                        facts.binary.insert(*v, (symbol, a, b));
                    }
                }
                Kind::Keep(record, values, mems) => {
                    facts.records.insert(*record, (values.clone(), mems.clone()));
                }
                Kind::Save(record, place) => {
                    facts.saved.insert(*record, place.clone());
                }
                _ => {}
            }
            facts.statements += 1;
            walk::values(kind, &mut |v| facts.uses[v.0 as usize] += 1);
            match kind {
                Kind::Prim(_, row, args) if row.spelling != Spelling::Select => {
                    facts.taken.extend(args);
                }
                Kind::Store(_, v, _) => {
                    facts.taken.insert(*v);
                }
                _ => {}
            }
            walk::places(kind, &mut |mem, proj, access| {
                let of = program.at(mem);
                let fixed = match of.ty {
                    Type::Fixed(..) => true,
                    Type::Slice(_) => matches!(of.origin, Origin::Shared | Origin::Exclusive),
                    _ => false,
                };
                if access == Access::Resize && proj.is_empty() && !fixed {
                    facts.resized.insert(mem);
                }
            });
        });
        facts.cuts = cut::cuts(&program.body, &facts.consts);
        facts.find_optional(program);
        facts.find_shared(program);
        facts.find_homes(program);
        facts.borrowed = borrowed::borrowed(program, &facts.homes);
        facts.find_streamed(program);
        facts.slots = slots::slots(program);
        facts
    }

    /// Whether the entries of a record are kept in tuples of [`GROUP`] values.
    pub(super) fn is_wide(&self, record: RecId) -> bool {
        let kept = self.records.get(&record);
        kept.is_some_and(|(values, mems)| mems.is_empty() && values.len() > STREAMS)
    }

    /// The values of a record's entry by their type, as places in the entry: one vector holds those
    /// of one type.
    pub(super) fn vectors(&self, program: &Program, record: RecId) -> Vec<Vec<usize>> {
        let values = self.records.get(&record).map_or(&[][..], |(values, _)| values);
        let mut vectors: Vec<Vec<usize>> = Vec::new();
        for (j, v) in values.iter().enumerate() {
            let same =
                |vector: &&mut Vec<usize>| program.of(values[vector[0]]).ty == program.of(*v).ty;
            match vectors.iter_mut().find(same) {
                Some(vector) => vector.push(j),
                None => vectors.push(vec![j]),
            }
        }
        vectors
    }

    fn find_optional(&mut self, program: &Program) {
        loop {
            let before = self.optional.len();
            let optional = &mut self.optional;
            let opaque = |v: V| program.of(v).ty == Ty::Opaque;
            walk::all(&program.body, &mut |kind| match kind {
                Kind::If { outs, .. } => {
                    for out in outs.iter().filter(|out| opaque(out.value)) {
                        let absent = |v: Option<V>| v.is_none_or(|v| optional.contains(&v));
                        if absent(out.then) || absent(out.other) {
                            optional.insert(out.value);
                        }
                    }
                }
                Kind::Loop(lp) => {
                    for c in &lp.carried {
                        if optional.contains(&c.init) || optional.contains(&c.next) {
                            optional.extend([c.param, c.out]);
                        }
                    }
                }
                Kind::Recall(record, values, _) => {
                    if let Some((kept, _)) = self.records.get(record) {
                        for (v, kept) in values.iter().zip(kept) {
                            if optional.contains(kept) {
                                optional.insert(*v);
                            }
                        }
                    }
                }
                _ => {}
            });
            if optional.len() == before {
                return;
            }
        }
    }

    fn find_shared(&mut self, program: &Program) {
        if !program.values.iter().any(|value| value.ty == Ty::Opaque) {
            return;
        }
        let mut depth: HashMap<V, usize> = HashMap::default();
        let mut uses: HashMap<V, usize> = HashMap::default();
        count_uses(&program.body, 0, &mut depth, &mut uses);
        if let Some(result) = &program.result {
            result.values(&mut |v| *uses.entry(v).or_default() += 1);
        }
        self.shared.extend(uses.iter().filter(|(_, n)| **n > 1).map(|(v, _)| *v));
    }

    fn find_streamed(&mut self, program: &Program) {
        // For each record how often it is touched, and by which loops in every iteration.
        let mut touched: HashMap<RecId, (usize, Vec<bool>)> = HashMap::default();
        walk::all(&program.body, &mut |kind| match kind {
            Kind::Keep(record, ..) | Kind::Recall(record, ..) => {
                touched.entry(*record).or_default().0 += 1;
            }
            Kind::Loop(lp) if windows::is_plain(program, lp) => {
                let records = lp.body.stmts.iter().filter_map(|stmt| match &stmt.kind {
                    Kind::Keep(record, ..) => Some((*record, true)),
                    Kind::Recall(record, ..) => Some((*record, false)),
                    _ => None,
                });
                let records: Vec<_> = records.collect();
                for (record, fills) in &records {
                    if records.iter().filter(|(other, _)| other == record).count() == 1 {
                        touched.entry(*record).or_default().1.push(*fills);
                    }
                }
            }
            _ => {}
        });
        for (record, (count, loops)) in touched {
            let both = count == 2 && loops.len() == 2 && loops[0] != loops[1];
            let plain = self.records.get(&record).is_some_and(|(values, mems)| {
                mems.is_empty()
                    && (1..=STREAMS).contains(&values.len())
                    && values.iter().all(|v| program.of(*v).ty != Ty::Opaque)
            });
            if both && plain && !self.saved.contains_key(&record) {
                self.streamed.insert(record);
            }
        }
    }

    fn find_homes(&mut self, program: &Program) {
        let mut seen = Seen::default();
        seen.block(&program.body, &mut vec![]);
        if let Some(result) = &program.result {
            let end = program.body.stmts.len();
            result.places(&mut |place| seen.touch(place.mem, vec![end]));
        }
        for (mem, paths) in seen.touched {
            let Some(made) = seen.made.get(&mem) else { continue };
            if !matches!(program.at(mem).origin, Origin::Local | Origin::Shared) {
                continue;
            }
            let mut common = paths[0].clone();
            for path in &paths[1..] {
                let same = common.iter().zip(path).take_while(|(a, b)| a == b).count();
                common.truncate(same);
            }
            // Of a path, all but the last step lead to the block; steps come in pairs.
            let depth = common.len().min(made.len() - 1) / 2 * 2;
            let depth = paths.iter().map(|path| (path.len() - 1) / 2 * 2).fold(depth, usize::min);
            let first = paths.iter().map(|path| path[depth]).min().unwrap_or(0);
            let last = paths.iter().map(|path| path[depth]).max().unwrap_or(0);
            let ahead = made.len() != depth + 1 || made[depth] != first;
            let home = Home { block: made[..depth].to_vec(), stmt: first, ahead, last };
            self.homes.insert(mem, home);
        }
    }
}

fn count_uses(
    block: &Block,
    depth: usize,
    defined: &mut HashMap<V, usize>,
    uses: &mut HashMap<V, usize>,
) {
    for stmt in &block.stmts {
        let inner = depth + usize::from(matches!(stmt.kind, Kind::Loop(_)));
        walk::defines(&stmt.kind, &mut |v| {
            defined.insert(v, depth);
        });
        if let Kind::Loop(lp) = &stmt.kind {
            let Loop { carried, .. } = &**lp;
            carried.iter().for_each(|c| {
                defined.insert(c.param, inner);
            });
        }
        walk::blocks(&stmt.kind).into_iter().for_each(|b| count_uses(b, inner, defined, uses));
        walk::values(&stmt.kind, &mut |v| {
            let again = defined.get(&v).copied().unwrap_or(0) < depth;
            *uses.entry(v).or_default() += if again { 2 } else { 1 };
        });
    }
}

/// The paths of all statements that touch each memory.
#[derive(Default)]
struct Seen {
    touched: HashMap<MemId, Vec<Path>>,
    made: HashMap<MemId, Path>,
}

impl Seen {
    fn touch(&mut self, mem: MemId, path: Path) {
        self.touched.entry(mem).or_default().push(path);
    }

    fn block(&mut self, block: &Block, path: &mut Path) {
        for (k, stmt) in block.stmts.iter().enumerate() {
            path.push(k);
            walk::places(&stmt.kind, &mut |mem, _, _| self.touch(mem, path.clone()));
            for &mem in walk::makes(&stmt.kind) {
                self.touch(mem, path.clone());
                self.made.entry(mem).or_insert_with(|| path.clone());
            }
            for (branch, block) in walk::blocks(&stmt.kind).into_iter().enumerate() {
                path.push(branch);
                self.block(block, path);
                path.pop();
            }
            path.pop();
        }
    }
}
