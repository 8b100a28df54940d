//! Inference of element types: literals and constants take theirs from where they are used.

use crate::ir::Elem;

/// What is known of a type variable.
#[derive(Clone, Debug)]
enum Slot {
    /// A constant whose type its use must tell.
    Free,
    /// A float literal: `f64` unless its use tells otherwise.
    FloatLiteral,
    /// An integer literal: `i32` unless its use tells otherwise.
    IntLiteral,
    /// Another variable or a type.
    Is(Elem),
}

/// The type variables of one lowering.
#[derive(Default)]
pub(super) struct Elems {
    slots: Vec<Slot>,
}

impl Elems {
    /// A variable for a constant of the user's.
    pub(super) fn free(&mut self) -> Elem {
        self.push(Slot::Free)
    }

    /// A variable for a float literal.
    pub(super) fn float_literal(&mut self) -> Elem {
        self.push(Slot::FloatLiteral)
    }

    /// A variable for an integer literal.
    pub(super) fn int_literal(&mut self) -> Elem {
        self.push(Slot::IntLiteral)
    }

    fn push(&mut self, slot: Slot) -> Elem {
        self.slots.push(slot);
        Elem::Var(self.slots.len() as u32 - 1)
    }

    /// What is known of a type by now.
    pub(super) fn shallow(&self, elem: &Elem) -> Elem {
        let mut elem = elem.clone();
        while let Elem::Var(v) = elem {
            match &self.slots[v as usize] {
                Slot::Is(next) => elem = next.clone(),
                _ => break,
            }
        }
        elem
    }

    /// The type itself, with the defaults of literals; `None` if nothing tells it.
    pub(super) fn resolve(&self, elem: &Elem) -> Option<Elem> {
        match self.shallow(elem) {
            Elem::Var(v) => match self.slots[v as usize] {
                Slot::FloatLiteral => Some(Elem::F64),
                Slot::IntLiteral => Some(Elem::Int("i32".into())),
                _ => None,
            },
            known => Some(known),
        }
    }

    /// Whether the type is known to be an integer.
    pub(super) fn is_int(&self, elem: &Elem) -> bool {
        match self.shallow(elem) {
            Elem::Int(_) => true,
            Elem::Var(v) => matches!(self.slots[v as usize], Slot::IntLiteral),
            _ => false,
        }
    }

    /// Makes two types one; false if they differ.
    pub(super) fn unify(&mut self, a: &Elem, b: &Elem) -> bool {
        match (self.shallow(a), self.shallow(b)) {
            (Elem::Var(x), Elem::Var(y)) if x == y => true,
            (Elem::Var(x), Elem::Var(y)) => {
                let merged = match (&self.slots[x as usize], &self.slots[y as usize]) {
                    (Slot::Free, other) | (other, Slot::Free) => other.clone(),
                    (Slot::FloatLiteral, Slot::FloatLiteral) => Slot::FloatLiteral,
                    (Slot::IntLiteral, Slot::IntLiteral) => Slot::IntLiteral,
                    _ => return false,
                };
                self.slots[y as usize] = merged;
                self.slots[x as usize] = Slot::Is(Elem::Var(y));
                true
            }
            (Elem::Var(x), known) | (known, Elem::Var(x)) => {
                let fits = match self.slots[x as usize] {
                    Slot::Free => true,
                    Slot::FloatLiteral => known.is_float(),
                    Slot::IntLiteral => matches!(known, Elem::Int(_)),
                    Slot::Is(_) => false,
                };
                if fits {
                    self.slots[x as usize] = Slot::Is(known);
                }
                fits
            }
            (a, b) => a == b,
        }
    }
}
