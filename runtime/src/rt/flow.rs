//! What the derivatives of scalar code call: copies and sums of memories, checks of lengths.
//!
//! Generated code knows the types of arrays, slices and vectors, and handles them part by part;
//! [`Tangent`] is for the structs whose fields only `#[derive(Differentiable)]` knows.

use super::Real;
use core::ops::Add;

/// A value that is its own tangent, as generated code handles it: floats, and what is made of them.
///
/// `#[derive(Differentiable)]` implements it field by field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not differentiable",
    label = "holds no floats that chainrule knows of",
    note = "put `#[derive(chainrule::Differentiable)]` on it; to hold it constant, leave the parameter out of `#[differentiate(wrt(..))]`, or mark the field `#[constant]`"
)]
pub trait Tangent: Sized {
    /// Zero, in the shape of `self`.
    fn zeros_like(&self) -> Self;

    /// Sets every float to zero.
    fn set_zero(&mut self);

    /// Adds `other`, float by float.
    ///
    /// # Panics
    /// If two vectors in them differ in length.
    fn add_assign(&mut self, other: &Self);

    /// The lengths of the first two vectors in `self` and `other` that differ.
    fn mismatch(&self, other: &Self) -> Option<(usize, usize)>;

    /// Calls `visit` with every float, in order, as an `f64`.
    fn save(&self, visit: &mut dyn FnMut(f64));

    /// Sets every float, in order, to what `next` returns.
    fn restore(&mut self, next: &mut dyn FnMut() -> f64);
}

/// Compiles for what is differentiable only, so that rustc says what is not.
pub fn expect_differentiable<T: Tangent>() {}

macro_rules! float {
    ($($float:ident)*) => {$(
        impl Tangent for $float {
            #[inline(always)]
            fn zeros_like(&self) -> Self {
                0.0
            }
            #[inline(always)]
            fn set_zero(&mut self) {
                *self = 0.0;
            }
            #[inline(always)]
            fn add_assign(&mut self, other: &Self) {
                *self += *other;
            }
            #[inline(always)]
            fn save(&self, visit: &mut dyn FnMut(f64)) {
                visit(f64::from(*self));
            }
            #[inline(always)]
            fn restore(&mut self, next: &mut dyn FnMut() -> f64) {
                // What `save` has seen of a float fits it.
                *self = next() as $float;
            }
            #[inline(always)]
            fn mismatch(&self, _: &Self) -> Option<(usize, usize)> {
                None
            }
        }
    )*};
}
float!(f32 f64);

/// What carries no derivative: it is kept as it is.
macro_rules! passive {
    ($($passive:ident)*) => {$(
        impl Tangent for $passive {
            #[inline(always)]
            fn zeros_like(&self) -> Self {
                self.clone()
            }
            #[inline(always)]
            fn set_zero(&mut self) {}
            #[inline(always)]
            fn add_assign(&mut self, _: &Self) {}
            #[inline(always)]
            fn save(&self, _: &mut dyn FnMut(f64)) {}
            #[inline(always)]
            fn restore(&mut self, _: &mut dyn FnMut() -> f64) {}
            #[inline(always)]
            fn mismatch(&self, _: &Self) -> Option<(usize, usize)> {
                None
            }
        }
    )*};
}
passive!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool char String);

impl<T: Tangent> Tangent for Vec<T> {
    #[inline]
    fn zeros_like(&self) -> Self {
        self.iter().map(T::zeros_like).collect()
    }
    #[inline]
    fn set_zero(&mut self) {
        self.iter_mut().for_each(T::set_zero);
    }
    #[inline]
    fn save(&self, visit: &mut dyn FnMut(f64)) {
        self.iter().for_each(|part| part.save(visit));
    }
    #[inline]
    fn restore(&mut self, next: &mut dyn FnMut() -> f64) {
        self.iter_mut().for_each(|part| part.restore(next));
    }
    #[inline]
    fn add_assign(&mut self, other: &Self) {
        check_same(self.len(), other.len());
        self.iter_mut().zip(other).for_each(|(to, from)| to.add_assign(from));
    }
    #[inline]
    fn mismatch(&self, other: &Self) -> Option<(usize, usize)> {
        if self.len() != other.len() {
            return Some((self.len(), other.len()));
        }
        self.iter().zip(other).find_map(|(a, b)| a.mismatch(b))
    }
}

impl<T: Tangent, const N: usize> Tangent for [T; N] {
    #[inline]
    fn zeros_like(&self) -> Self {
        self.each_ref().map(T::zeros_like)
    }
    #[inline]
    fn set_zero(&mut self) {
        self.iter_mut().for_each(T::set_zero);
    }
    #[inline]
    fn save(&self, visit: &mut dyn FnMut(f64)) {
        self.iter().for_each(|part| part.save(visit));
    }
    #[inline]
    fn restore(&mut self, next: &mut dyn FnMut() -> f64) {
        self.iter_mut().for_each(|part| part.restore(next));
    }
    #[inline]
    fn add_assign(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(to, from)| to.add_assign(from));
    }
    #[inline]
    fn mismatch(&self, other: &Self) -> Option<(usize, usize)> {
        self.iter().zip(other).find_map(|(a, b)| a.mismatch(b))
    }
}

macro_rules! tuple {
    ($($part:ident $at:tt)*) => {
        impl<$($part: Tangent),*> Tangent for ($($part,)*) {
            #[inline]
            fn zeros_like(&self) -> Self {
                ($(self.$at.zeros_like(),)*)
            }
            #[inline]
            fn set_zero(&mut self) {
                $(self.$at.set_zero();)*
            }
            #[inline]
            fn save(&self, visit: &mut dyn FnMut(f64)) {
                $(self.$at.save(visit);)*
            }
            #[inline]
            fn restore(&mut self, next: &mut dyn FnMut() -> f64) {
                $(self.$at.restore(next);)*
            }
            #[inline]
            fn add_assign(&mut self, other: &Self) {
                $(self.$at.add_assign(&other.$at);)*
            }
            #[inline]
            fn mismatch(&self, other: &Self) -> Option<(usize, usize)> {
                None$(.or_else(|| self.$at.mismatch(&other.$at)))*
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0 B 1);
tuple!(A 0 B 1 C 2);
tuple!(A 0 B 1 C 2 D 3);
tuple!(A 0 B 1 C 2 D 3 E 4);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);

/// The elements that a loop runs through, which reads or writes `len` of them from `first` on.
///
/// # Panics
/// As the first access out of range would in the loop.
#[inline(always)]
#[track_caller]
pub fn window<T>(of: &[T], first: usize, len: usize) -> &[T] {
    match of.get(first..).and_then(|rest| rest.get(..len)) {
        Some(window) => window,
        None => out_of_range(of.len(), first),
    }
}

/// The same, to be written.
#[inline(always)]
#[track_caller]
pub fn window_mut<T>(of: &mut [T], first: usize, len: usize) -> &mut [T] {
    let all = of.len();
    match of.get_mut(first..).and_then(|rest| rest.get_mut(..len)) {
        Some(window) => window,
        None => out_of_range(all, first),
    }
}

/// Windows of one array that have no element in common.
///
/// # Panics
/// As the first access out of range would in the loop.
#[inline(always)]
#[track_caller]
pub fn windows_apart<T, const K: usize>(
    of: &mut [T],
    firsts: [usize; K],
    len: usize,
) -> [&mut [T]; K] {
    let all = of.len();
    match of.get_disjoint_mut(firsts.map(|first| first..first.wrapping_add(len))) {
        Ok(windows) => windows,
        Err(_) => out_of_range(all, firsts.into_iter().max().unwrap_or(0)),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn out_of_range(len: usize, first: usize) -> ! {
    panic!("index out of bounds: the len is {len} but the index is {}", first.max(len))
}

/// What a method returns whose signature the macro does not see, as the type that its caller uses it
/// as.
#[diagnostic::on_unimplemented(
    message = "the result of this method is used as a `{T}`, but it is a `{Self}`",
    label = "a `{Self}`",
    note = "`#[differentiate]` does not see what a method of another `impl` block returns: bind the result first with its type, `let y: {Self} = ..;`"
)]
pub trait Returned<T> {
    /// The value as that type.
    fn returned(self) -> T;
}

impl<T> Returned<T> for T {
    fn returned(self) -> T {
        self
    }
}

impl<T, const N: usize> Returned<Vec<T>> for [T; N] {
    fn returned(self) -> Vec<T> {
        self.into()
    }
}

/// See [`Returned`].
pub fn returned<T, R: Returned<T>>(of: R) -> T {
    of.returned()
}

/// The tangent of what [`Returned`] took for another type, for the method it came from.
///
/// # Panics
/// If an array has another length than its tangent.
#[track_caller]
pub fn handed<T: Returned<R>, R: Handed<T>>(tangent: R) -> T {
    tangent.handed()
}

/// The other way of [`Returned`].
pub trait Handed<T> {
    /// The value as that type.
    fn handed(self) -> T;
}

impl<T> Handed<T> for T {
    fn handed(self) -> T {
        self
    }
}

impl<T, const N: usize> Handed<[T; N]> for Vec<T> {
    fn handed(self) -> [T; N] {
        fixed(self)
    }
}

/// An array of fixed length, of itself or of a vector that holds its elements.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn fixed<A, B: TryFrom<A>>(from: A) -> B {
    match B::try_from(from) {
        Ok(array) => array,
        Err(_) => panic!("a gradient has another length than what it belongs to"),
    }
}

/// `to += from`, element by element.
///
/// # Panics
/// If they differ in length.
#[inline]
#[track_caller]
pub fn add_assign<T: Copy + Add<Output = T>>(to: &mut [T], from: &[T]) {
    check_same(to.len(), from.len());
    for (to, from) in to.iter_mut().zip(from) {
        *to = *to + *from;
    }
}

/// The sum of all elements in order, as `Iterator::sum` adds them.
#[inline]
pub fn sum_all<T: Real>(of: &[T]) -> T {
    of.iter().fold(T::of(-0.0), |sum, x| sum + *x)
}

/// The sum of four lanes, always in this order.
#[inline(always)]
pub fn add_lanes<T: Real>(lanes: &[T; 4]) -> T {
    let [a, b, c, d] = *lanes;
    (a + c) + (b + d)
}

/// Appends the floats of a struct to a record.
pub fn save_tangent<F: Real>(of: &impl Tangent, record: &mut Vec<F>) {
    of.save(&mut |float| record.push(F::of(float)));
}

/// Takes the floats of a slice off a record again.
#[inline]
#[track_caller]
pub fn restore<F: Copy>(to: &mut [F], record: &mut Vec<F>) {
    let Some(start) = record.len().checked_sub(to.len()) else { fail_unset() };
    to.copy_from_slice(&record[start..]);
    record.truncate(start);
}

/// Takes the floats of a struct off a record again.
#[track_caller]
pub fn restore_tangent<F: Real + Into<f64>>(to: &mut impl Tangent, record: &mut Vec<F>) {
    let mut count = 0;
    to.save(&mut |_| count += 1);
    let Some(start) = record.len().checked_sub(count) else { fail_unset() };
    let mut floats = record[start..].iter();
    to.restore(&mut || floats.next().map_or(0.0, |float| (*float).into()));
    record.truncate(start);
}

/// Sets every float of a struct.
pub fn fill_tangent<F: Real + Into<f64>>(to: &mut impl Tangent, value: F) {
    to.restore(&mut || value.into());
}

/// A partial derivative times a cotangent; nothing flows where the cotangent is zero.
#[inline(always)]
pub fn scaled<F: Real>(partial: F, by: F) -> F {
    let zero = F::of(0.0);
    if by == zero { zero } else { partial * by }
}

/// A derivative along a direction: nothing comes of one that is zero.
#[inline(always)]
pub fn product<F: Real>(partial: F, tangent: F) -> F {
    let zero = F::of(0.0);
    if partial == zero || tangent == zero { zero } else { partial * tangent }
}

/// A partial derivative times a cotangent, of every float of a struct.
pub fn scale_tangent<F: Real + Into<f64>>(of: &mut impl Tangent, by: F) {
    let mut floats = Vec::new();
    of.save(&mut |float| floats.push(float));
    let mut floats = floats.into_iter();
    of.restore(&mut || floats.next().map_or(0.0, |float| scaled(float, by.into())));
}

/// The sum of all floats of a struct.
pub fn sum_tangent<F: Real>(of: &impl Tangent) -> F {
    let mut sum = F::of(-0.0);
    of.save(&mut |float| sum = sum + F::of(float));
    sum
}

/// A value that is defined on the path that was taken only, read on that path.
#[inline]
#[track_caller]
pub fn kept<T: Clone>(value: &Option<T>) -> T {
    there(value).clone()
}

/// A memory that is made on the path that was taken only, read on that path.
#[inline]
#[track_caller]
pub fn there<T>(memory: &Option<T>) -> &T {
    match memory {
        Some(value) => value,
        None => fail_unset(),
    }
}

/// A memory that is made on the path that was taken only, written on that path.
#[inline]
#[track_caller]
pub fn there_mut<T>(memory: &mut Option<T>) -> &mut T {
    match memory {
        Some(value) => value,
        None => fail_unset(),
    }
}

/// Takes the last entry off a record or a vector that has one.
#[inline]
#[track_caller]
pub fn recall<T>(record: &mut Vec<T>) -> T {
    match record.pop() {
        Some(entry) => entry,
        None => fail_unset(),
    }
}

/// Where the last `count` entries of a record begin.
#[inline]
#[track_caller]
pub fn tail<T>(record: &[T], count: usize) -> usize {
    match record.len().checked_sub(count) {
        Some(first) => first,
        None => fail_unset(),
    }
}

/// Panics where a program that is right does not get.
#[cold]
#[track_caller]
fn fail_unset() -> ! {
    panic!(
        "chainrule: the reverse sweep took another path than the function; this is a bug in chainrule"
    )
}

/// Checks that two memories that are added are of one length.
#[inline]
#[track_caller]
pub fn check_same(to: usize, from: usize) {
    if to != from {
        fail_same(to, from);
    }
}

#[cold]
#[track_caller]
fn fail_same(to: usize, from: usize) -> ! {
    panic!("chainrule: a cotangent of length {from} is added to one of length {to}")
}

/// Checks that a gradient buffer or a cotangent has the length it must have.
///
/// # Panics
/// If it has not, naming both.
#[inline]
#[track_caller]
pub fn check_length(function: &str, what: &str, length: usize, of: &str, expected: usize) {
    if length != expected {
        fail_length(function, what, length, of, expected);
    }
}

/// The same for a struct, of which [`Tangent::mismatch`] tells the lengths that differ.
#[inline]
#[track_caller]
pub fn check_tangent<T: Tangent>(function: &str, what: &str, tangent: &T, of: &str, expected: &T) {
    if let Some((length, expected)) = tangent.mismatch(expected) {
        fail_length(function, what, length, of, expected);
    }
}

/// Panics: a gradient buffer or a cotangent has another length than it must have.
#[cold]
#[track_caller]
fn fail_length(function: &str, what: &str, length: usize, of: &str, expected: usize) -> ! {
    panic!("`{function}`: {what} has length {length}, but {of} has length {expected}")
}

/// What is inside an `Ok` that was asked for.
#[track_caller]
pub fn ok<T, E>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(_) => fail_unset(),
    }
}

/// What is inside an `Err` that was asked for.
#[track_caller]
pub fn err<T, E>(result: Result<T, E>) -> E {
    match result {
        Ok(_) => fail_unset(),
        Err(error) => error,
    }
}

/// What is inside a `Some` that was asked for.
#[track_caller]
pub fn some<T>(option: Option<T>) -> T {
    match option {
        Some(value) => value,
        None => fail_unset(),
    }
}
