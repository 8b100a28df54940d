//! Inference of value types: each value belongs to a class, and classes are made one where values
//! meet. Literals and constants of unknown type take theirs from where they are used.

use crate::flow::ir::Ty;
use crate::ir::Elem;

/// Names a class of values of one type.
pub(super) type Class = u32;

/// What is known of a class.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slot {
    /// Nothing: a constant of the user's.
    Unknown,
    /// A float literal: `f64` unless its use tells otherwise.
    FloatLiteral,
    /// A float.
    Float(Elem),
    /// An integer; its type's name where it is known.
    Int(Option<String>),
    /// `bool`
    Bool,
    /// Known to be nothing of the above.
    Other,
    /// The same as another class.
    Is(Class),
}

/// The classes of one lowering.
#[derive(Default)]
pub(super) struct Types {
    slots: Vec<Slot>,
    /// How long the ways to a class are at most, so that the shorter tree goes under the longer.
    depths: Vec<u8>,
}

impl Types {
    /// A new class.
    pub(super) fn class(&mut self, slot: Slot) -> Class {
        self.slots.push(slot);
        self.depths.push(0);
        self.slots.len() as Class - 1
    }

    /// The class that stands for this one.
    pub(super) fn root(&self, mut class: Class) -> Class {
        while let Slot::Is(next) = self.slots[class as usize] {
            class = next;
        }
        class
    }

    /// What is known of a class.
    pub(super) fn slot(&self, class: Class) -> &Slot {
        &self.slots[self.root(class) as usize]
    }

    /// Whether a class is known to be a float.
    pub(super) fn is_float(&self, class: Class) -> bool {
        matches!(self.slot(class), Slot::Float(_) | Slot::FloatLiteral)
    }

    /// Makes two classes one; false if they differ.
    pub(super) fn unify(&mut self, a: Class, b: Class) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return true;
        }
        let merged = match (&self.slots[a as usize], &self.slots[b as usize]) {
            (Slot::Unknown, other) | (other, Slot::Unknown) => other.clone(),
            (Slot::FloatLiteral, float @ (Slot::Float(_) | Slot::FloatLiteral))
            | (float @ Slot::Float(_), Slot::FloatLiteral) => float.clone(),
            (Slot::Int(None), Slot::Int(name)) | (Slot::Int(name), Slot::Int(None)) => {
                Slot::Int(name.clone())
            }
            (x, y) if x == y => x.clone(),
            _ => return false,
        };
        let (under, over) = match self.depths[a as usize] > self.depths[b as usize] {
            true => (b, a),
            false => (a, b),
        };
        if self.depths[under as usize] == self.depths[over as usize] {
            self.depths[over as usize] += 1;
        }
        self.slots[over as usize] = merged;
        self.slots[under as usize] = Slot::Is(over);
        true
    }

    /// The class of an element type.
    pub(super) fn of_elem(&mut self, elem: &Elem) -> Class {
        match elem {
            Elem::Var(class) => *class,
            Elem::Int(name) => self.class(Slot::Int(Some(name.clone()))),
            float => self.class(Slot::Float(float.clone())),
        }
    }

    /// The type of a class.
    pub(super) fn ty(&self, class: Class) -> Ty {
        match self.slot(class) {
            Slot::Float(elem) => Ty::Float(elem.clone()),
            Slot::FloatLiteral => Ty::Float(Elem::F64),
            Slot::Int(name) => Ty::Int(name.clone()),
            Slot::Bool => Ty::Bool,
            _ => Ty::Opaque,
        }
    }
}
