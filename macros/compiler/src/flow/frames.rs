//! Workspaces that the reverse sweep needs again have a frame for each iteration.
//!
//! A loop that fills a workspace anew in every iteration, and whose reversal reads it, copies it to
//! a record ([`Kind::Save`]) and back ([`Kind::Restore`]). Where it is known ahead how often the
//! loop runs, each iteration works on a part of one memory instead, and the reversed loop reads it
//! there:
//!
//! ```text
//! for c in 0..k: w[i] = …; save w       for c in 0..k: w[c * n..(c + 1) * n][i] = …
//! for c in 0..k rev: restore w; w[i]    for c in 0..k rev: w[c * n..(c + 1) * n][i]
//! ```

use super::ir::{
    Block, Init, Kind, Loop, MemId, Origin, Over, Pass, Place, Program, Proj, RecId, Stmt, Ty, V,
};
use super::scope::{self, Path, Scope};
use super::walk::{self, Access};
use crate::hash::HashMap;
use crate::ir::Literal;
use crate::parse::Type;
use proc_macro2::Span;

/// Gives the workspaces that are saved and restored a frame for each iteration. `reverse` is the
/// number of the statement with which the reverse sweep begins.
pub fn frames(program: &mut Program, reverse: &mut usize) {
    // Each one's loops stand elsewhere once another's frames are made.
    while let Some(workspace) = workspaces(program).first() {
        if apply(program, workspace, reverse).is_none() {
            return;
        }
    }
}

/// A workspace, and the two loops that fill and read it.
struct Workspace {
    mem: MemId,
    record: RecId,
    /// The block of both loops, and where they are in it.
    block: Path,
    fills: usize,
    reads: usize,
    /// Where the workspace is made.
    made: Path,
    /// How many floats it has, where its type does not say.
    len: Option<V>,
}

/// How a memory is touched all over the program.
#[derive(Default)]
struct Touched {
    made: Option<(Path, Option<V>)>,
    /// The blocks of statements that read or write floats of it.
    accesses: Vec<(Path, bool)>,
    saves: Vec<(Path, RecId)>,
    restores: Vec<(Path, RecId)>,
    otherwise: bool,
}

fn workspaces(program: &Program) -> Vec<Workspace> {
    let mut touched: HashMap<MemId, Touched> = HashMap::default();
    scope::blocks(&program.body, &mut vec![], &mut |path, block| {
        for (k, stmt) in block.stmts.iter().enumerate() {
            let here = || [path.as_slice(), &[k + 1]].concat();
            match &stmt.kind {
                Kind::Alloc(mem, Init::Filled(_, len)) => {
                    touched.entry(*mem).or_default().made = Some((here(), *len));
                }
                Kind::Save(record, place) if place.proj.is_empty() => {
                    touched.entry(place.mem).or_default().saves.push((here(), *record));
                }
                Kind::Restore(record, place) if place.proj.is_empty() => {
                    touched.entry(place.mem).or_default().restores.push((here(), *record));
                }
                // Lengths stay what they are.
                Kind::Pass(_, Pass::Len(_), _) | Kind::Alloc(_, Init::ZerosLike(_)) => {}
                kind => walk::places(kind, &mut |mem, _, access| {
                    let of = touched.entry(mem).or_default();
                    match (kind, access) {
                        (_, Access::Load) => of.accesses.push((here(), false)),
                        (_, Access::Store) => of.accesses.push((here(), true)),
                        _ => of.otherwise = true,
                    }
                }),
            }
        }
    });
    let mut found: Vec<Workspace> =
        touched.iter().filter_map(|(mem, touched)| workspace(program, *mem, touched)).collect();
    found.sort_by_key(|workspace| workspace.mem);
    found
}

fn workspace(program: &Program, mem: MemId, touched: &Touched) -> Option<Workspace> {
    let Touched { made: Some((made, len)), accesses, saves, restores, otherwise: false } = touched
    else {
        return None;
    };
    let fits = match &program.at(mem).ty {
        Type::Fixed(..) => true,
        Type::Vec(elem) => matches!(**elem, Type::Float(_)) && len.is_some(),
        _ => false,
    };
    let ([(save, record)], [(restore, restored)]) = (&saves[..], &restores[..]) else {
        return None;
    };
    // The last two steps lead from a loop to the statement in it.
    let (block, at) = (&save[..save.len().checked_sub(3)?], save.len() - 3);
    if program.at(mem).origin != Origin::Local
        || !fits
        || record != restored
        || restore.len() != save.len()
        || !restore.starts_with(block)
        || save[at] >= restore[at]
    {
        return None;
    }
    let workspace = Workspace {
        mem,
        record: *record,
        block: block.to_vec(),
        fills: save[at],
        reads: restore[at],
        made: made.clone(),
        len: *len,
    };
    let (fills, reads) = (loop_at(program, &save[..=at])?, loop_at(program, &restore[..=at])?);
    let (Over::Range { lo, hi, .. }, Over::Range { lo: from, hi: to, .. }) =
        (&fills.over, &reads.over)
    else {
        return None;
    };
    let plain = |lp: &Loop| lp.exit.is_none() && lp.count.is_none();
    let inside = |path: &Path, at: usize| {
        path.starts_with(block) && path.len() > block.len() && path[block.len()] == at
    };
    let in_them = accesses.iter().all(|(path, writes)| {
        inside(path, workspace.fills) || (inside(path, workspace.reads) && !writes)
    });
    let made_ahead = made.split_last().is_some_and(|(last, around)| {
        block.starts_with(around) && *last < *save[around.len()..].first().unwrap_or(&0)
    });
    (plain(fills) && plain(reads) && (lo, hi) == (from, to) && in_them && made_ahead)
        .then_some(workspace)
}

fn loop_at<'p>(program: &'p Program, path: &[usize]) -> Option<&'p Loop> {
    let mut block = &program.body;
    let mut steps = path.iter();
    loop {
        let stmt = block.stmts.get(steps.next()?.checked_sub(1)?)?;
        match (steps.next(), &stmt.kind) {
            (None, Kind::Loop(lp)) => return Some(lp),
            (Some(branch), kind) => block = walk::blocks(kind).get(*branch)?,
            (None, _) => return None,
        }
    }
}

fn block_at<'p>(program: &'p mut Program, path: &[usize]) -> Option<&'p mut Block> {
    let mut block = &mut program.body;
    for step in path.chunks_exact(2) {
        let stmt = block.stmts.get_mut(step[0].checked_sub(1)?)?;
        block = walk::blocks_mut(&mut stmt.kind).into_iter().nth(step[1])?;
    }
    Some(block)
}

fn apply(program: &mut Program, workspace: &Workspace, reverse: &mut usize) -> Option<()> {
    let scope = Scope::new(program);
    let first = [workspace.block.as_slice(), &[workspace.fills]].concat();
    let fills = loop_at(program, &first)?;
    let Over::Range { lo, hi, .. } = fills.over else { return None };
    let counts = |v: V| program.of(v).ty == Ty::Int(Some("usize".to_string()));
    if !counts(lo) || !counts(hi) {
        return None;
    }
    let (made, around) = workspace.made.split_last()?;
    let after_made = [around, &[made + 1]].concat();
    // Best where the workspace itself is made: that may be outside of further loops.
    let outside = scope.sees(lo, &after_made) && scope.sees(hi, &after_made);
    let ahead_of = if outside { after_made } else { first };

    let of = program.at(workspace.mem).clone();
    let row = match &of.ty {
        Type::Fixed(..) => of.ty.clone(),
        Type::Vec(elem) => (**elem).clone(),
        _ => return None,
    };
    let rows = program.mem(of.name.clone(), Type::Vec(Box::new(row)), Origin::Local, of.span);
    let mut frames = Frames { program, mem: workspace.mem, rows, lo, len: workspace.len };
    let mut making = Vec::new();
    let runs =
        frames.int("runs", |v| Kind::Pass(v, method("saturating_sub"), vec![hi, lo]), &mut making);
    match workspace.len {
        Some(len) => {
            let all = frames.int(
                "all",
                |v| Kind::Pass(v, Pass::Binary("*"), vec![runs, len]),
                &mut making,
            );
            let zero = frames.zero(&mut making);
            making.push(statement(Kind::Alloc(rows, Init::Filled(zero, Some(all)))));
        }
        None => {
            let like = Place::whole(workspace.mem);
            making.push(statement(Kind::Alloc(rows, Init::FilledWith(like, Some(runs)))));
        }
    }
    let block = block_at(frames.program, &workspace.block)?;
    let mut both = Vec::new();
    for at in [workspace.fills, workspace.reads] {
        if let Some(Stmt { kind: Kind::Loop(lp), .. }) = block.stmts.get_mut(at - 1) {
            both.push((at, std::mem::take(&mut lp.body.stmts), lp.over.clone()));
        }
    }
    for (at, body, over) in both {
        let body = frames.body(body, &over);
        if let Some(block) = block_at(frames.program, &workspace.block)
            && let Some(Stmt { kind: Kind::Loop(lp), .. }) = block.stmts.get_mut(at - 1)
        {
            lp.body.stmts = body;
        }
    }
    let ((at, around), count) = (ahead_of.split_last()?, making.len());
    block_at(program, around)?.stmts.splice(at - 1..at - 1, making);
    if around.is_empty() && at - 1 < *reverse {
        *reverse += count;
    }
    forget(&mut program.body, workspace.record, reverse);
    Some(())
}

/// Removes a record of which nothing is left but its declaration.
fn forget(body: &mut Block, record: RecId, reverse: &mut usize) {
    let declares =
        |stmt: &Stmt| matches!(&stmt.kind, Kind::Declare(declared, _) if *declared == record);
    if let Some(at) = body.stmts.iter().position(declares) {
        body.stmts.remove(at);
        *reverse -= usize::from(at < *reverse);
    }
}

struct Frames<'p> {
    program: &'p mut Program,
    mem: MemId,
    rows: MemId,
    lo: V,
    len: Option<V>,
}

impl Frames<'_> {
    fn int(&mut self, name: &str, kind: impl FnOnce(V) -> Kind, to: &mut Vec<Stmt>) -> V {
        let v = self.program.value(name, Ty::Int(Some("usize".to_string())), Span::call_site());
        to.push(statement(kind(v)));
        v
    }

    fn zero(&mut self, to: &mut Vec<Stmt>) -> V {
        let elem = match &self.program.at(self.rows).ty {
            Type::Vec(elem) => match &**elem {
                Type::Float(elem) => elem.clone(),
                _ => crate::ir::Elem::F64,
            },
            _ => crate::ir::Elem::F64,
        };
        let v = self.program.value("c", Ty::Float(elem), Span::call_site());
        to.push(statement(Kind::Const(v, Literal::Float(0.0, None))));
        v
    }

    /// The body of one of the two loops.
    fn body(&mut self, mut stmts: Vec<Stmt>, over: &Over) -> Vec<Stmt> {
        let Over::Range { var, .. } = over else { return stmts };
        let mut out = Vec::with_capacity(stmts.len() + 3);
        let lo = self.lo;
        let row = self.int("row", |v| Kind::Pass(v, Pass::Binary("-"), vec![*var, lo]), &mut out);
        let frame = match self.len {
            None => Proj::Index(row),
            Some(len) => {
                let from = self.int(
                    "from",
                    |v| Kind::Pass(v, Pass::Binary("*"), vec![row, len]),
                    &mut out,
                );
                let to =
                    self.int("to", |v| Kind::Pass(v, Pass::Binary("+"), vec![from, len]), &mut out);
                Proj::Range(from, Some(to))
            }
        };
        stmts.retain(|stmt| {
            !matches!(&stmt.kind, Kind::Save(_, place) | Kind::Restore(_, place) if place.mem == self.mem)
        });
        for stmt in &mut stmts {
            self.statement(stmt, &frame);
        }
        out.extend(stmts);
        out
    }

    fn statement(&self, stmt: &mut Stmt, frame: &Proj) {
        if let Kind::Load(_, place) | Kind::Store(place, ..) = &mut stmt.kind
            && place.mem == self.mem
        {
            place.mem = self.rows;
            place.proj.insert(0, frame.clone());
        }
        for block in walk::blocks_mut(&mut stmt.kind) {
            block.stmts.iter_mut().for_each(|stmt| self.statement(stmt, frame));
        }
    }
}

fn method(name: &str) -> Pass {
    Pass::Method(name.to_string())
}

fn statement(kind: Kind) -> Stmt {
    Stmt { kind, span: Span::call_site() }
}
