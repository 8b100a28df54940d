//! Cotangents so small that products with them would be subnormal.
//!
//! Some CPUs take a hundred cycles and more for such a product. All that is done with a small
//! cotangent is done with 2²⁵⁶ times that, and the factor leaves where a sum is added to, which most
//! often is so large that the term changes nothing (`rt::add_scaled`):
//!
//! ```text
//! for i in 0..n:              if |ct| < 2⁻⁹⁶⁰:
//!   d_w[i] += ct * x[i]         if ct != 0:
//!                                 for i in 0..n:
//!                                   d_w[i] = add_scaled(d_w[i], (2²⁵⁶ * ct) * x[i])
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

/// Statements that add multiples of a cotangent, as they are for small ones. What is put in the
/// memories `own` is a multiple of it, too, and read by these statements only.
pub(super) fn scaled(
    program: &mut Program,
    consts: &mut Vec<Stmt>,
    ct: V,
    stmts: &[Stmt],
    own: &HashSet<MemId>,
) -> Vec<Stmt> {
    let factor = number(program, FACTOR, consts);
    let mut copy = again(program, &Block { stmts: stmts.to_vec() });
    let mut scaling = Scaling { program, own };
    let mut out = Vec::new();
    let scaled = scaling.prim("scaled", &MUL, vec![ct, factor], &mut out);
    rename_block(&mut copy, &mut Names(&HashMap::from_iter([(ct, scaled)])));
    scaling.block(&mut copy);
    out.append(&mut copy.stmts);
    out
}

/// Asks whether a cotangent is small.
pub(super) fn is_small(
    program: &mut Program,
    consts: &mut Vec<Stmt>,
    ct: V,
    out: &mut Vec<Stmt>,
) -> V {
    let limit = number(program, SMALL, consts);
    let size = Scaling { program, own: &HashSet::default() }.prim("size", &ABS, vec![ct], out);
    let small = program.value("small", Ty::Bool, Span::call_site());
    out.push(of(Kind::Pass(small, Pass::Binary("<"), vec![size, limit])));
    small
}

/// A power of two.
fn number(program: &mut Program, exponent: i32, consts: &mut Vec<Stmt>) -> V {
    let v = program.value("c", Ty::Float(Elem::F64), Span::call_site());
    consts.push(of(Kind::Const(v, Literal::Float(2.0_f64.powi(exponent), None))));
    v
}

fn of(kind: Kind) -> Stmt {
    Stmt { kind, span: Span::call_site() }
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
                    out.push(of(Kind::Load(before, place.clone())));
                    let kind = Kind::Pass(after, Pass::AddScaled, vec![before, term]);
                    out.push(of(kind));
                    out.push(of(Kind::Store(place, after, Mode::Set)));
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
        out.push(of(Kind::Prim(v, row, args)));
        v
    }
}
