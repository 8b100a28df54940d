//! Shapes: broadcasting while the program runs, and the panics that name both shapes.

use std::fmt::Write;

/// An index along an axis, or 0 where the axis has length 1.
#[inline(always)]
pub fn stretch(index: usize, dim: usize) -> usize {
    if dim == 1 { 0 } else { index }
}

/// What two extents broadcast to; that they do is checked elsewhere.
#[inline(always)]
pub fn broadcast(a: usize, b: usize) -> usize {
    if a == 1 { b } else { a }
}

/// Where an index that counts from the end if it is negative lies; before the first element it is
/// negative still.
#[inline(always)]
fn absolute(len: usize, at: isize) -> isize {
    if at < 0 { len as isize + at } else { at }
}

/// `scale · extent + constant`: an index that is known ahead; of numbers that are no index, one
/// that lies outside every array.
#[inline(always)]
pub fn place(extent: usize, scale: isize, constant: isize) -> isize {
    let scaled = isize::try_from(extent).ok().and_then(|extent| extent.checked_mul(scale));
    scaled.and_then(|scaled| scaled.checked_add(constant)).unwrap_or(-1)
}

/// How many elements a slice takes of an axis, every `step`-th one. That it lies inside is checked
/// elsewhere.
#[inline(always)]
pub fn slice_len(len: usize, start: isize, end: Option<isize>, step: isize) -> usize {
    let end = end.map_or(len as isize, |end| absolute(len, end));
    let count = end - absolute(len, start);
    if count <= 0 { 0 } else { (count as usize).div_ceil(step.unsigned_abs()) }
}

/// Whether the bounds of a slice lie inside an axis, as ndarray has it.
#[inline(always)]
pub fn in_slice(len: usize, start: isize, end: isize) -> bool {
    let inside = |at: isize| (0..=len as isize).contains(&absolute(len, at));
    inside(start) && inside(end)
}

/// `16×5`, or `a scalar` for rank 0.
fn shown(shape: &[usize]) -> String {
    let mut text = String::new();
    for (k, extent) in shape.iter().enumerate() {
        let _ = write!(text, "{}{extent}", if k == 0 { "" } else { "×" });
    }
    match shape.len() {
        0 => "a scalar".into(),
        1 => format!("length {text}"),
        _ => format!("shape {text}"),
    }
}

/// Panics: the inner extents of a product differ.
#[cold]
#[track_caller]
pub fn fail_inner(function: &str, left: &str, a: &[usize], right: &str, b: &[usize]) -> ! {
    panic!(
        "`{function}`: `{left}` ({}) cannot be multiplied with `{right}` ({}): {} columns against {} rows",
        shown(a),
        shown(b),
        a.last().copied().unwrap_or(1),
        b.first().copied().unwrap_or(1),
    )
}

/// Panics: two shapes do not broadcast.
#[cold]
#[track_caller]
pub fn fail_broadcast(function: &str, left: &str, a: &[usize], right: &str, b: &[usize]) -> ! {
    panic!(
        "`{function}`: `{left}` ({}) and `{right}` ({}) do not broadcast together",
        shown(a),
        shown(b)
    )
}

/// Panics: an index lies outside an array.
#[cold]
#[track_caller]
pub fn fail_index(function: &str, array: &str, shape: &[usize], axis: usize, index: isize) -> ! {
    panic!(
        "`{function}`: index {index} of axis {axis} is out of bounds for `{array}` ({})",
        shown(shape)
    )
}

/// Panics: the bounds of a slice lie outside an array.
#[cold]
#[track_caller]
pub fn fail_slice(function: &str, array: &str, shape: &[usize], axis: usize, slice: &str) -> ! {
    panic!(
        "`{function}`: slice `{slice}` of axis {axis} is out of bounds for `{array}` ({})",
        shown(shape)
    )
}

/// Panics: a variance takes off more degrees of freedom than there are elements.
#[cold]
#[track_caller]
pub fn fail_freedom(function: &str, array: &str, shape: &[usize], ddof: f64) -> ! {
    panic!(
        "`{function}`: the variance of `{array}` ({}) does not exist: `ddof` is {ddof}, more than the number of elements",
        shown(shape)
    )
}

/// Panics: the mean of an empty array was unwrapped.
#[cold]
#[track_caller]
pub fn fail_empty(function: &str, array: &str, shape: &[usize]) -> ! {
    panic!(
        "`{function}`: the mean of `{array}` ({}) does not exist: the array is empty",
        shown(shape)
    )
}

/// Checks that a gradient buffer or a cotangent has the shape it must have.
///
/// # Panics
/// If it has not, naming both.
#[inline]
#[track_caller]
pub fn check_shape(function: &str, what: &str, shape: &[usize], of: &str, expected: &[usize]) {
    if shape != expected {
        fail_shape(function, what, shape, of, expected);
    }
}

/// Panics: a gradient buffer or a cotangent has another shape than it must have.
#[cold]
#[track_caller]
pub fn fail_shape(function: &str, what: &str, shape: &[usize], of: &str, expected: &[usize]) -> ! {
    panic!("`{function}`: {what} has {}, but {of} has {}", shown(shape), shown(expected))
}

/// What two extents broadcast to.
///
/// # Panics
/// If they do not.
#[inline]
#[track_caller]
pub fn common(a: usize, b: usize) -> usize {
    if a != b && a != 1 && b != 1 {
        fail_common(a, b);
    }
    broadcast(a, b)
}

#[cold]
#[track_caller]
fn fail_common(a: usize, b: usize) -> ! {
    panic!("ndarray: axes of {a} and {b} elements do not broadcast together")
}

/// The distance between the elements of an axis that is broadcast to an extent.
#[inline(always)]
pub fn stretched(have: usize, to: usize, stride: usize) -> usize {
    if have == to { stride } else { 0 }
}
