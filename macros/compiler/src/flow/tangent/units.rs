//! Tangents by each of few inputs: the directions are units, known here, so that what an input does
//! not reach is a structural zero.

use super::{Builder, Forward};
use crate::error::Errors;
use crate::flow::activity::activity_again;
use crate::flow::ir::{Kind, MemId, ParamIs, Place, Program, Proj};
use crate::flow::walk;
use crate::parse::Type;

/// Adds tangents in the directions of all inputs, of which each parameter in `wrt` has so many, if
/// these are told apart: arrays of floats are read at constant indices only.
pub fn by_units(
    program: &Program,
    wrt: &[bool],
    sizes: &[usize],
    errors: &mut Errors,
) -> Option<Forward> {
    let activity = activity_again(program, wrt);
    let params = || (program.params.iter().zip(sizes).zip(wrt)).filter(|(_, wrt)| **wrt);
    let directions = params().map(|((_, size), _)| size).sum();
    let mut builder = Builder::new(program, &activity, directions, errors);
    builder.index();
    let mut first = 0;
    for ((param, size), _) in params() {
        match param {
            ParamIs::Value(v) => builder.seeded(*v, first),
            ParamIs::Mem(mem) if builder.is_told_apart(*mem) => {
                builder.units.insert(*mem, (first, &program.at(*mem).ty));
            }
            ParamIs::Mem(_) => return None,
        }
        first += size;
    }
    Some(builder.program(&vec![false; wrt.len()]))
}

impl Builder<'_> {
    /// Whether an array is only read, at constant indices.
    fn is_told_apart(&self, mem: MemId) -> bool {
        let mut apart = true;
        walk::all(&self.src.body, &mut |kind| match kind {
            Kind::Load(_, place) if place.mem == mem => {
                apart &= self.number_in(place, &self.src.at(mem).ty).is_some();
            }
            Kind::Pass(..) => {}
            kind => walk::places(kind, &mut |at, _, _| apart &= at != mem),
        });
        let mut returned = false;
        if let Some(result) = &self.src.result {
            result.places(&mut |place| returned |= place.mem == mem);
        }
        apart && !returned
    }

    /// Which float of an array a place is.
    fn number_in(&self, place: &Place, mut ty: &Type) -> Option<usize> {
        let mut number = 0;
        for proj in &place.proj {
            let (Proj::Index(at), Type::Fixed(of, len)) = (proj, ty) else { return None };
            let len: usize = len.trim().parse().ok()?;
            let at = Some(*self.numbers.get(at)? as usize).filter(|at| *at < len)?;
            number = len.checked_mul(number)?.checked_add(at)?;
            ty = of;
        }
        matches!(ty, Type::Float(_)).then_some(number)
    }

    /// Whether a statement reads one of the inputs, and is written here.
    pub(super) fn unit(&mut self, kind: &Kind) -> bool {
        let Kind::Load(out, place) = kind else { return false };
        let Some((first, ty)) = self.units.get(&place.mem).copied() else { return false };
        self.emit(Kind::Load(*out, place.clone()));
        if let (Some(number), true) = (self.number_in(place, ty), self.act.value(*out)) {
            self.seeded(*out, first + number);
        }
        true
    }
}
