//! Rows taken backwards: where an iteration makes few rows of many sites, the derivatives of each by
//! all its sites are the reverse sweep of the iteration.
//!
//! ```text
//! for i in 0..n                     for i in 0..n
//!   a = x[i], b = y[i], c = z[i]      a = x[i], b = y[i], c = z[i]
//!   out[i] = f(a, b, c)      ─▶       v = f(a, b, c)
//!                                     d_a, d_b, d_c by the reverse of f
//!                                     out[i] = v
//! ```
//!
//! The iteration becomes a program of its own, from its sites to its rows, is differentiated as any
//! other, and the rows of its Jacobian are put ahead of where the result is written, whence the
//! entries of a row are taken instead of tangents.

use super::reach::Reach;
use crate::flow::activity::{Activity, activity_again};
use crate::flow::ir::{
    Block, Grad, Init, Kind, MemId, ParamIs, Pass, Program, Source, Stmt, Tree, V,
};
use crate::flow::{adjoint, inner, rows, walk};
use crate::hash::{HashMap, HashSet};

/// A row costs about as much as so many columns.
const COLUMNS: usize = 3;

/// For values that go into the result the sites with their derivatives.
pub(super) type Rows = HashMap<V, Vec<(usize, V)>>;

/// Takes rows backwards where that costs less; what only they need has no tangents any more.
pub(super) fn rows(
    program: &Program,
    act: &Activity,
    reach: &mut Reach,
) -> Option<(Program, Rows)> {
    let mut writer = Writer { program: program.clone(), act, reach, rows: Rows::default() };
    let mut body = std::mem::take(&mut writer.program.body);
    writer.block(&mut body);
    let Writer { mut program, rows, .. } = writer;
    program.body = body;
    if rows.is_empty() {
        return None;
    }
    needed(&program, &rows, reach);
    Some((program, rows))
}

struct Writer<'a> {
    /// The program, whose body is being rewritten.
    program: Program,
    act: &'a Activity,
    reach: &'a Reach,
    rows: Rows,
}

/// The statements of an iteration.
#[derive(Default)]
struct Iteration {
    /// What computes values.
    ahead: Vec<Stmt>,
    /// What writes the result.
    outputs: Vec<Stmt>,
    /// What goes into the result.
    values: Vec<V>,
}

impl Writer<'_> {
    fn block(&mut self, block: &mut Block) {
        for stmt in &mut block.stmts {
            walk::blocks_mut(&mut stmt.kind).into_iter().for_each(|inner| self.block(inner));
        }
        if let Some(stmts) = self.iteration(block) {
            block.stmts = stmts;
        }
    }

    /// The statements of a block with the rows that it makes, if these are taken backwards.
    fn iteration(&mut self, block: &Block) -> Option<Vec<Stmt>> {
        let Iteration { ahead, outputs, values } = self.parted(block)?;
        let mut results: Vec<V> = Vec::new();
        for v in values {
            if self.reach.count(v) > COLUMNS && !results.contains(&v) {
                results.push(v);
            }
        }
        let sites = results.iter().fold(0, |all, v| all | self.reach.sites_of(*v)).count_ones();
        if results.is_empty() || sites as usize <= COLUMNS * results.len() {
            return None;
        }
        let (of_block, params, loads) = self.program_of(ahead, &results)?;
        let wrt: Vec<bool> = params.iter().map(Option::is_some).collect();
        let activity = activity_again(&of_block, &wrt);
        let mut adjoint = adjoint::differentiate_apart(&of_block, &wrt, &activity);
        let grads = rows::instead(&mut adjoint)?;
        for (v, grads) in results.iter().zip(grads) {
            let mut row: Vec<(usize, V)> = (params.iter().zip(grads))
                .filter_map(|(site, grad)| match grad {
                    Grad::Value(Some(d)) => Some(((*site)?, d)),
                    Grad::Value(None) | Grad::Not | Grad::Mem(_) => None,
                })
                .collect();
            // What goes on one list stands side by side.
            row.sort_by_key(|(site, _)| (self.reach.sites[*site].param, *site));
            self.rows.insert(*v, row);
        }
        let Program { values, mems, records, body, .. } = adjoint.program;
        (self.program.values, self.program.mems) = (values, mems);
        self.program.records = records;
        let read = |mut stmt: Stmt| {
            if let Kind::Cast(v, _) = &stmt.kind
                && let Some(load) = loads.get(v)
            {
                stmt = load.clone();
            }
            stmt
        };
        Some(body.stmts.into_iter().map(read).chain(outputs).collect())
    }

    /// What a block does in its two halves, if it reads sites, computes, and writes rows.
    fn parted(&self, block: &Block) -> Option<Iteration> {
        let mut of = Iteration::default();
        for stmt in &block.stmts {
            match &stmt.kind {
                Kind::Store(place, v, _) if self.is_output(place.mem) => of.values.push(*v),
                Kind::Push(place, Source::Value(v)) if self.is_output(place.mem) => {
                    of.values.push(*v);
                }
                Kind::Push(place, Source::Place(_)) if self.is_output(place.mem) => {}
                Kind::Assign { to, .. } if self.is_output(to.mem) => {}
                Kind::Alloc(mem, Init::List(list)) if self.reach.lists.contains_key(mem) => {
                    of.values.extend(list);
                }
                kind => {
                    if !self.computes(kind, true) {
                        return None;
                    }
                    of.ahead.push(stmt.clone());
                    continue;
                }
            }
            of.outputs.push(stmt.clone());
        }
        Some(of)
    }

    fn is_output(&self, mem: MemId) -> bool {
        self.reach.outputs.contains_key(&mem)
    }

    /// Whether a statement computes values from values, or reads; sites outside of conditions only.
    fn computes(&self, kind: &Kind, sites: bool) -> bool {
        match kind {
            Kind::Pass(_, Pass::Len(place), _) => !self.is_output(place.mem),
            Kind::Const(..) | Kind::Prim(..) | Kind::Cast(..) | Kind::Pass(..) => true,
            Kind::Load(v, place) => {
                !self.is_output(place.mem) && (sites || !self.reach.of.contains_key(v))
            }
            Kind::If { then, other, .. } => {
                (then.stmts.iter().chain(&other.stmts)).all(|stmt| self.computes(&stmt.kind, false))
            }
            _ => false,
        }
    }

    /// A program from sites to results: its parameters' sites, and the readings that a conversion of
    /// a parameter stands for.
    #[allow(clippy::type_complexity)] // Three things, told apart by their names.
    fn program_of(
        &mut self,
        mut stmts: Vec<Stmt>,
        results: &[V],
    ) -> Option<(Program, Vec<Option<usize>>, HashMap<V, Stmt>)> {
        let (mut params, mut sites) = (Vec::new(), Vec::new());
        let mut loads = HashMap::default();
        for stmt in &mut stmts {
            let Kind::Load(v, _) = &stmt.kind else { continue };
            let v = *v;
            let Some(site) = self.reach.of.get(&v).copied() else { continue };
            let of = self.program.of(v).clone();
            let param = self.program.value(of.name, of.ty, of.span);
            params.push(ParamIs::Value(param));
            sites.push(Some(site));
            let cast = Stmt { kind: Kind::Cast(v, param), span: stmt.span };
            loads.insert(v, std::mem::replace(stmt, cast));
        }
        let body = Block { stmts };
        for is in inner::free(&body, &params) {
            sites.push(match &is {
                ParamIs::Value(v) if self.act.value(*v) => Some(*self.reach.of.get(v)?),
                _ => None,
            });
            params.push(is);
        }
        let result = Tree::Tuple(results.iter().map(|v| Tree::Value(*v)).collect());
        let program = Program { params, body, result: Some(result), ..self.program.clone() };
        Some((program, sites, loads))
    }
}

/// Forgets the sites of values that reach the result by rows taken backwards alone.
fn needed(program: &Program, rows: &Rows, reach: &mut Reach) {
    let mut needed: HashSet<V> = HashSet::default();
    let parts = reach.parts.iter().filter_map(|part| match part {
        Tree::Value(v) => Some(*v),
        _ => None,
    });
    needed.extend(parts.filter(|v| !rows.contains_key(v)));
    loop {
        let before = needed.len();
        walk::all(&program.body, &mut |kind| match kind {
            Kind::If { outs, .. } => {
                for out in outs
                    .iter()
                    .filter(|out| needed.contains(&out.value))
                    .cloned()
                    .collect::<Vec<_>>()
                {
                    needed.extend(out.then.iter().chain(&out.other));
                }
            }
            Kind::Loop(lp) => {
                for c in &lp.carried {
                    if needed.contains(&c.param) || needed.contains(&c.out) {
                        needed.extend([c.param, c.init, c.next]);
                    }
                }
            }
            Kind::Store(..) | Kind::Push(..) | Kind::Alloc(..) => {
                walk::values(kind, &mut |v| {
                    if !rows.contains_key(&v) {
                        needed.insert(v);
                    }
                });
            }
            kind => {
                let mut asked = false;
                walk::defines(kind, &mut |v| asked |= needed.contains(&v));
                if asked {
                    walk::values(kind, &mut |v| {
                        needed.insert(v);
                    });
                }
            }
        });
        if needed.len() == before {
            break;
        }
    }
    reach.forget(|v| !needed.contains(&v));
}
