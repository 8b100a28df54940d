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

/// What the extents of two arrays broadcast to, along the axis that is the `axis`th from the last.
///
/// # Panics
/// If they do not.
#[inline]
#[track_caller]
pub fn common(
    function: &str,
    left: &str,
    a: &[usize],
    right: &str,
    b: &[usize],
    axis: usize,
) -> usize {
    let (of_a, of_b) = (a[a.len() - 1 - axis], b[b.len() - 1 - axis]);
    if of_a != of_b && of_a != 1 && of_b != 1 {
        fail_broadcast(function, left, a, right, b);
    }
    broadcast(of_a, of_b)
}

/// Panics: two arrays that run side by side have different shapes.
#[cold]
#[track_caller]
pub fn fail_same(function: &str, left: &str, a: &[usize], right: &str, b: &[usize]) -> ! {
    panic!(
        "`{function}`: `{left}` ({}) and `{right}` ({}) have different shapes",
        shown(a),
        shown(b)
    )
}

/// Panics: two arrays cannot be put one behind the other.
#[cold]
#[track_caller]
pub fn fail_joined(function: &str, left: &str, a: &[usize], right: &str, b: &[usize]) -> ! {
    panic!(
        "`{function}`: `{left}` ({}) and `{right}` ({}) cannot be joined: they differ along another axis",
        shown(a),
        shown(b)
    )
}

/// Panics: windows or chunks of no elements were asked for.
#[cold]
#[track_caller]
pub fn fail_size(function: &str, array: &str, shape: &[usize], what: &str) -> ! {
    panic!("`{function}`: the size of {what} of `{array}` ({}) must not be zero", shown(shape))
}

/// A bound of a slice, which counts from the end if it is negative; one before the first element
/// lies outside of every axis.
#[inline(always)]
pub fn slice_bound(len: usize, at: isize) -> usize {
    usize::try_from(absolute(len, at)).unwrap_or(usize::MAX)
}

/// How many numbers there are from zero to `len`, every `by`.
///
/// # Panics
/// If there is no such number of them.
#[inline]
#[track_caller]
pub fn steps<F: num_traits::Float>(len: F, by: F) -> usize {
    let steps = (len / by).ceil().to_usize();
    steps.expect("the step of a range leads from its start to its end")
}

/// The distance between the elements of an axis that is broadcast to an extent.
#[inline(always)]
pub fn stretched(have: usize, to: usize, stride: usize) -> usize {
    if have == to { stride } else { 0 }
}
