//! The floats that a value is made of, whatever its structure: what the engines are compared by.

use chainrule::ndarray::{Array, Dimension};

/// A value made of floats (and of parts that carry no derivative).
///
/// Integers, `bool`, `&str` and [`Fixed`] have no floats in this sense.
pub trait Scalars {
    /// The coarsest float in it: 0 where there is none.
    const EPSILON: f64;

    /// Calls `visit` with every float, in order; what it leaves there is kept.
    fn visit(&mut self, visit: &mut dyn FnMut(&mut f64));

    /// The floats, in order.
    fn flat(&self) -> Vec<f64>
    where
        Self: Clone,
    {
        let mut list = Vec::new();
        self.clone().visit(&mut |x| list.push(*x));
        list
    }
}

impl Scalars for f64 {
    const EPSILON: f64 = f64::EPSILON;

    fn visit(&mut self, visit: &mut dyn FnMut(&mut f64)) {
        visit(self);
    }
}

impl Scalars for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;

    fn visit(&mut self, visit: &mut dyn FnMut(&mut f64)) {
        let mut wide = f64::from(*self);
        visit(&mut wide);
        *self = wide as f32;
    }
}

/// The greater of two constants.
pub const fn coarser(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

impl<T: Scalars> Scalars for Vec<T> {
    const EPSILON: f64 = T::EPSILON;

    fn visit(&mut self, visit: &mut dyn FnMut(&mut f64)) {
        self.iter_mut().for_each(|element| element.visit(visit));
    }
}

impl<T: Scalars, const N: usize> Scalars for [T; N] {
    const EPSILON: f64 = T::EPSILON;

    fn visit(&mut self, visit: &mut dyn FnMut(&mut f64)) {
        self.iter_mut().for_each(|element| element.visit(visit));
    }
}

/// The elements in row-major order, whatever the layout.
impl<T: Scalars, D: Dimension> Scalars for Array<T, D> {
    const EPSILON: f64 = T::EPSILON;

    fn visit(&mut self, visit: &mut dyn FnMut(&mut f64)) {
        self.iter_mut().for_each(|element| element.visit(visit));
    }
}

/// A float that is passed as a constant: not among the floats of a point.
#[derive(Clone, Copy, Debug)]
pub struct Fixed<T>(
    /// The constant.
    pub T,
);

impl<T> Scalars for Fixed<T> {
    const EPSILON: f64 = 0.0;

    fn visit(&mut self, _: &mut dyn FnMut(&mut f64)) {}
}

macro_rules! constants {
    ($($Constant:ty),*) => {$(
        impl Scalars for $Constant {
            const EPSILON: f64 = 0.0;

            fn visit(&mut self, _: &mut dyn FnMut(&mut f64)) {}
        }
    )*};
}
constants!(usize, u8, u32, u64, i32, i64, bool, char, &str);

macro_rules! tuples {
    ($(($($Part:ident),*))*) => {$(
        impl<$($Part: Scalars),*> Scalars for ($($Part,)*) {
            const EPSILON: f64 = {
                #[allow(unused_mut, reason = "the unit has no parts")]
                let mut epsilon = 0.0;
                $(epsilon = coarser(epsilon, $Part::EPSILON);)*
                epsilon
            };

            #[allow(unused_variables, non_snake_case, reason = "the parts are named after their types")]
            fn visit(&mut self, visit: &mut dyn FnMut(&mut f64)) {
                let ($($Part,)*) = self;
                $($Part.visit(visit);)*
            }
        }
    )*};
}
tuples! {
    () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H) (A, B, C, D, E, F, G, H, I) (A, B, C, D, E, F, G, H, I, J)
}

/// Makes a struct, or an enum's constant, one of [`Scalars`]: `scalars!(Line { slope, offset })`,
/// `scalars!(<T> Pair<T> { a, b })`, `scalars!(const Kind)`.
#[macro_export]
macro_rules! scalars {
    ($($(<$($T:ident),*>)? $Type:ident $(<$($A:ident),*>)? { $($field:tt: $Field:ty),* })*) => {$(
        impl $(<$($T: $crate::Scalars),*>)? $crate::Scalars for $Type $(<$($A),*>)? {
            const EPSILON: f64 = {
                let epsilon = 0.0;
                $(let epsilon = $crate::coarser(epsilon, <$Field as $crate::Scalars>::EPSILON);)*
                epsilon
            };

            fn visit(&mut self, visit: &mut dyn FnMut(&mut f64)) {
                $($crate::Scalars::visit(&mut self.$field, visit);)*
            }
        }
    )*};
    (const $($Type:ident),*) => {$(
        impl $crate::Scalars for $Type {
            const EPSILON: f64 = 0.0;

            fn visit(&mut self, _: &mut dyn FnMut(&mut f64)) {}
        }
    )*};
}
