//! Cotangents so small that products with them would be subnormal.
//!
//! Some CPUs take a hundred cycles and more for such a product. All that is done with a small
//! cotangent is done with 2²⁵⁶ times that, and the factor leaves where a sum is added to, which most
//! often is so large that the term changes nothing (`rt::add_scaled`):
//!
//! ```text
//! for i in 0..n:              if |ct| < 2⁻⁹⁶⁰:
//!   d_w[i] += ct * x[i]         for i in 0..n:
//!                                 d_w[i] = add_scaled(d_w[i], (2²⁵⁶ * ct) * x[i])
//!                             else:
//!                               for i in 0..n:
//!                                 d_w[i] += ct * x[i]
//! ```
//!
//! What is added differs by the rounding of subnormal numbers. Where the factors of a cotangent are
//! greater than 2¹⁷²⁸ the scaled product is infinite, and so is the derivative then.

use super::ir::{Block, Kind, MemId, Mode, Pass, Program, Stmt, Ty, V};
use super::visit::{Names, again, rename_block};
use super::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use crate::primitives::{ABS, MUL, NEG, Prim};
use proc_macro2::Span;

/// The exponents of what counts as small, and of the factor that [`Pass::AddScaled`] takes out again.
const SMALL: i32 = -960;
const FACTOR: i32 = 256;

/// Whether it is worth while to write statements a second time: for loops in loops of `f64`.
pub(super) fn pays(program: &Program, ct: V, stmts: &[Stmt]) -> bool {
    let has_loop = |stmts: &[Stmt]| stmts.iter().any(|stmt| matches!(stmt.kind, Kind::Loop(_)));
    let nested = |stmt: &Stmt| matches!(&stmt.kind, Kind::Loop(lp) if has_loop(&lp.body.stmts));
    program.float(ct) == Some(&Elem::F64) && stmts.iter().any(nested)
}

/// Statements that add multiples of a cotangent, for small ones written a second time. What is put in
/// the memories `own` is a multiple of it, too, and read by these statements only.
pub(super) fn avoided(
    program: &mut Program,
    consts: &mut Vec<Stmt>,
    ct: V,
    stmts: Vec<Stmt>,
    own: &HashSet<MemId>,
) -> Vec<Stmt> {
    let mut scaling = Scaling { program, own };
    let mut small = again(scaling.program, &Block { stmts: stmts.clone() });
    let number = |scaling: &mut Scaling<'_>, exponent: i32, consts: &mut Vec<Stmt>| {
        let v = scaling.float("c");
        let literal = Literal::Float(2.0_f64.powi(exponent), None);
        consts.push(scaling.stmt(Kind::Const(v, literal)));
        v
    };
    let (limit, factor) =
        (number(&mut scaling, SMALL, consts), number(&mut scaling, FACTOR, consts));
    let mut out = Vec::new();
    let size = scaling.prim("size", &ABS, vec![ct], &mut out);
    let cond = scaling.program.value("small", Ty::Bool, Span::call_site());
    out.push(scaling.stmt(Kind::Pass(cond, Pass::Binary("<"), vec![size, limit])));

    let mut then = Vec::new();
    let scaled = scaling.prim("scaled", &MUL, vec![ct, factor], &mut then);
    rename_block(&mut small, &mut Names(&HashMap::from_iter([(ct, scaled)])));
    scaling.block(&mut small);
    then.append(&mut small.stmts);
    let (then, other) = (Block { stmts: then }, Block { stmts });
    out.push(scaling.stmt(Kind::If { cond, then, other, outs: vec![] }));
    out
}

struct Scaling<'a> {
    program: &'a mut Program,
    own: &'a HashSet<MemId>,
}

impl Scaling<'_> {
    /// Takes the factor out where something is added to sums.
    fn block(&mut self, block: &mut Block) {
        let mut out = Vec::with_capacity(block.stmts.len());
        for mut stmt in std::mem::take(&mut block.stmts) {
            walk::blocks_mut(&mut stmt.kind).into_iter().for_each(|inner| self.block(inner));
            match stmt.kind {
                Kind::Store(place, term, mode @ (Mode::Add | Mode::Sub))
                    if !self.own.contains(&place.mem) =>
                {
                    let term = match mode {
                        Mode::Sub => self.prim("neg", &NEG, vec![term], &mut out),
                        _ => term,
                    };
                    let (before, after) = (self.float("before"), self.float("after"));
                    out.push(self.stmt(Kind::Load(before, place.clone())));
                    let kind = Kind::Pass(after, Pass::AddScaled, vec![before, term]);
                    out.push(self.stmt(kind));
                    out.push(self.stmt(Kind::Store(place, after, Mode::Set)));
                }
                _ => out.push(stmt),
            }
        }
        block.stmts = out;
    }

    fn float(&mut self, name: &str) -> V {
        self.program.value(name, Ty::Float(Elem::F64), Span::call_site())
    }

    fn prim(&mut self, name: &str, row: Prim, args: Vec<V>, out: &mut Vec<Stmt>) -> V {
        let v = self.float(name);
        out.push(self.stmt(Kind::Prim(v, row, args)));
        v
    }

    fn stmt(&self, kind: Kind) -> Stmt {
        Stmt { kind, span: Span::call_site() }
    }
}
