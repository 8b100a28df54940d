//! The Hessian by sites: second derivatives where the gradient is computed, put where they belong.
//!
//! ```text
//! for i in 0..n - 1                          for i in 0..n - 1
//!   …                                          …
//!   d_x[i] += a          ─hessian─▶            h[i][i] += a by x[i]
//!   d_x[i + 1] += b                            h[i + 1][i] += b by x[i], h[i][i + 1] += the same
//!                                              h[i + 1][i + 1] += b by x[i + 1]
//! ```

use super::Builder;
use super::rule::Write;
use super::sites::{Site, Sites, sites};
use crate::error::Errors;
use crate::flow::activity::activity_again;
use crate::flow::ir::{
    Init, Kind, MemId, Mode, Origin, ParamIs, Pass, Place, Program, Tree, Ty, V,
};
use crate::flow::room::room;
use crate::flow::walk;
use crate::hash::HashMap;
use crate::parse::Type;

/// More statements than these are not written: directions are taken a few at a time instead.
const MOST: usize = 1 << 14;

/// The parts of a Hessian.
pub(super) struct Blocks<'p> {
    sites: &'p Sites,
    /// By the numbers of two parameters, unless both are scalars and the matrix is not sparse.
    mems: HashMap<[usize; 2], MemId>,
    /// Whether they are lists of entries.
    sparse: bool,
}

/// The Hessian as a program, if it can be taken by the sites of the gradient; the result is its
/// part for the one parameter in `wrt`, or the tuple of the tuples of all; of a sparse one these
/// parts are entries: rows, columns and numbers.
pub fn hessian(
    gradient: &Program,
    wrt: &[bool],
    sparse: bool,
    errors: &mut Errors,
) -> Option<Program> {
    let activity = activity_again(gradient, wrt);
    let sites = sites(gradient, wrt, &activity)?;
    let mut statements = 0;
    walk::all(&gradient.body, &mut |_| statements += 1);
    if statements * sites.all.len() > MOST {
        return None;
    }
    let mut builder = Builder::new(gradient, &activity, sites.all.len(), errors);
    builder.index();
    builder.code.push(Vec::new());
    let params: Vec<usize> = (0..wrt.len()).filter(|k| wrt[*k]).collect();
    let mut mems = HashMap::default();
    for p in &params {
        for q in &params {
            if sparse {
                let known = |k: usize| match &gradient.params[k] {
                    ParamIs::Value(_) => true,
                    ParamIs::Mem(mem) => has_rows(&gradient.at(*mem).ty),
                };
                if !known(*p) || !known(*q) {
                    return None;
                }
                mems.insert([*p, *q], builder.sink(&gradient.params[*p]));
            } else if let Some(mem) = builder.zeros(*p, *q)? {
                mems.insert([*p, *q], mem);
            }
        }
    }
    builder.blocks = Some(Blocks { sites: &sites, mems, sparse });
    for (site, Site { param, place }) in sites.all.iter().enumerate() {
        if let (ParamIs::Value(v), None) = (&gradient.params[*param], place) {
            builder.seeded(*v, site);
        }
    }
    builder.block(&gradient.body);
    if sparse {
        builder.rows_of_scalars(&sites);
    }
    let result = builder.by_blocks(&params);
    builder.out.result = Some(result);
    let mut program = builder.finish();
    if sparse {
        room(&mut program);
    }
    Some(program)
}

impl Builder<'_> {
    /// A block of zeros: what the one parameter is made of, each float in it what the other is.
    fn zeros(&mut self, p: usize, q: usize) -> Option<Option<MemId>> {
        let [of_p, of_q] = [p, q].map(|k| self.src.params[k].clone());
        Some(Some(match (of_p, of_q) {
            (ParamIs::Value(_), ParamIs::Value(_)) => return Some(None),
            (ParamIs::Mem(mem), ParamIs::Value(_)) | (ParamIs::Value(_), ParamIs::Mem(mem)) => {
                self.filled(self.src.at(mem).ty.clone(), &Place::whole(mem))
            }
            (ParamIs::Mem(rows), ParamIs::Mem(columns)) => {
                let (ty, of) = (self.src.at(rows).ty.clone(), self.src.at(columns).ty.clone());
                let inner = self.filled(of, &Place::whole(columns));
                self.nested(&ty, &Place::whole(rows), inner)?
            }
        }))
    }

    fn block_of(&mut self, ty: Type) -> MemId {
        self.out.mem("h", in_vectors(&ty), Origin::Local, proc_macro2::Span::call_site())
    }

    fn filled(&mut self, ty: Type, like: &Place) -> MemId {
        let mem = self.block_of(ty);
        self.emit(Kind::Alloc(mem, Init::ZerosLike(like.clone())));
        mem
    }

    /// A memory like a place, each float in it a copy of another memory.
    fn nested(&mut self, ty: &Type, place: &Place, inner: MemId) -> Option<MemId> {
        let (of, len) = match ty {
            Type::Float(_) => return Some(inner),
            Type::Fixed(of, _) => (of, None),
            // Where vectors are inside others, their lengths may differ.
            Type::Vec(of) | Type::Slice(of) if place.proj.is_empty() && has_one_shape(of) => {
                let span = proc_macro2::Span::call_site();
                let n = self.out.value("n", Ty::Int(Some("usize".to_string())), span);
                self.emit(Kind::Pass(n, Pass::Len(place.clone()), vec![]));
                (of, Some(n))
            }
            _ => return None,
        };
        if !has_one_shape(of) {
            return None;
        }
        let row = self.nested(of, place, inner)?;
        let element = self.out.at(row).ty.clone();
        let mem = self.block_of(match ty {
            Type::Fixed(_, len) => Type::Fixed(Box::new(element), len.clone()),
            _ => Type::Vec(Box::new(element)),
        });
        self.emit(Kind::Alloc(mem, Init::FilledWith(Place::whole(row), len)));
        Some(mem)
    }

    /// Whether a value has a tangent in the direction at hand.
    pub(super) fn follows(&self, v: V) -> bool {
        self.reaches(v)
            && self.blocks.as_ref().is_none_or(|blocks| blocks.sites.follows(v, self.at))
    }

    pub(super) fn seeded(&mut self, v: V, site: usize) {
        let elem = self.elem(v);
        let one = self.number(1.0, elem);
        self.columns[site].tangents.insert(v, one);
    }

    /// Whether a statement reads a site or makes the gradient, and is written here.
    pub(super) fn second(&mut self, kind: &Kind) -> bool {
        let Some(sites) = self.blocks.as_ref().map(|blocks| blocks.sites) else { return false };
        match kind {
            Kind::Load(out, place) => {
                let Some(site) = sites.of.get(out) else { return false };
                self.emit(Kind::Load(*out, place.clone()));
                self.seeded(*out, *site);
                true
            }
            Kind::Store(place, v, mode) => {
                let Some(row) = sites.row(place) else { return false };
                self.row(sites, row, *v, *mode);
                true
            }
            Kind::Alloc(mem, _) => sites.shadows.contains_key(mem),
            _ => false,
        }
    }

    /// The second derivatives by scalars and those before them: their cotangents are complete at the
    /// end.
    fn rows_of_scalars(&mut self, sites: &Sites) {
        for (ct, param) in &sites.scalars {
            let is_it = |site: &Site| site.param == *param && site.place.is_none();
            if let Some(row) = sites.all.iter().position(is_it) {
                self.row(sites, row, *ct, Mode::Add);
            }
        }
    }

    /// The second derivatives by a site and those before it.
    fn row(&mut self, sites: &Sites, row: usize, v: V, mode: Mode) {
        for column in 0..=row {
            let Some(tangent) = self.columns[column].tangents.get(&v).copied() else { continue };
            self.put(sites, row, column, tangent, mode);
            if column != row {
                self.put(sites, column, row, tangent, mode);
            }
        }
    }

    fn put(&mut self, sites: &Sites, row: usize, column: usize, v: V, mode: Mode) {
        let [row, column] = [row, column].map(|site| &sites.all[site]);
        let mem = self.blocks.as_ref().and_then(|b| b.mems.get(&[row.param, column.param]));
        let Some(mem) = mem.copied() else { return };
        if self.blocks.as_ref().is_some_and(|blocks| blocks.sparse) {
            let v = match mode {
                Mode::Sub => self.apply(&crate::primitives::NEG, vec![v], v),
                Mode::Set | Mode::Add => v,
            };
            let [row, column] = [row, column].map(|site| match &site.place {
                Some(place) => self.number_of_place(place, &self.src.at(place.mem).ty),
                None => self.integer(0),
            });
            self.emit(Kind::Entry(mem, row, column, v));
            return;
        }
        let parts = [&row.place, &column.place].into_iter().flatten();
        let proj = parts.flat_map(|place| place.proj.iter().cloned()).collect();
        self.emit(Kind::Store(Place { mem, proj }, v, mode));
    }

    /// The result.
    fn by_blocks(&mut self, params: &[usize]) -> Tree {
        let mut rows = Vec::new();
        for p in params {
            let row = params.iter().map(|q| self.one_block(*p, *q)).collect();
            rows.push(one_or_all(row));
        }
        one_or_all(rows)
    }

    fn one_block(&mut self, p: usize, q: usize) -> Tree {
        let Some(Blocks { sites, mems, .. }) = &self.blocks else { return Tree::Unit };
        if let Some(mem) = mems.get(&[p, q]) {
            return Tree::Place(Place::whole(*mem));
        }
        // Of two scalars, the later one's cotangent by the earlier one.
        let (row, column) = (p.max(q), p.min(q));
        let ct = sites.scalars.iter().find(|(_, param)| *param == row).map(|(ct, _)| *ct);
        let site = sites.all.iter().position(|site| site.param == column);
        let (Some(ct), Some(site)) = (ct, site) else { return Tree::Unit };
        self.at = site;
        Tree::Value(self.tangent_or_zero(ct))
    }
}

fn one_or_all(mut parts: Vec<Tree>) -> Tree {
    match parts.len() {
        1 => parts.remove(0),
        _ => Tree::Tuple(parts),
    }
}

/// Whether the floats of something can be numbered from the indices of each.
pub(super) fn has_rows(ty: &Type) -> bool {
    match ty {
        Type::Vec(of) | Type::Slice(of) | Type::Fixed(of, _) => has_one_shape(of),
        _ => false,
    }
}

/// A type with vectors for slices.
fn in_vectors(ty: &Type) -> Type {
    match ty {
        Type::Slice(of) | Type::Vec(of) => Type::Vec(Box::new(in_vectors(of))),
        Type::Fixed(of, len) => Type::Fixed(Box::new(in_vectors(of)), len.clone()),
        Type::Tuple(parts) => Type::Tuple(parts.iter().map(in_vectors).collect()),
        other => other.clone(),
    }
}

/// Whether all values of a type have the same shape.
fn has_one_shape(ty: &Type) -> bool {
    match ty {
        Type::Float(_) => true,
        Type::Fixed(of, _) => has_one_shape(of),
        _ => false,
    }
}
