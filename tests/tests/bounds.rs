//! Indices out of bounds: the gradient panics where the function does, also where its loops run over
//! slices that are taken before them, and nowhere else.

#![forbid(unsafe_code)]
#![allow(
    clippy::needless_range_loop,
    reason = "the forms that code is written in are what is tested"
)]

use chainrule::differentiate;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether something panics because of an index.
fn fails<R>(run: impl FnOnce() -> R) -> bool {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(_) => false,
        Err(panic) => {
            let message = panic.downcast_ref::<String>().map_or("", String::as_str);
            assert!(message.contains("out of"), "{message}");
            true
        }
    }
}

/// The function, and its gradient fail or do not.
macro_rules! alike {
    ($f:ident($($arg:expr),*) fails: $expected:expr) => {
        assert_eq!(fails(|| $f($($arg),*)), $expected, "the function");
        assert_eq!(fails(|| $f::value_and_grad($($arg),*)), $expected, "its gradient");
    };
}

#[test]
fn an_element_in_each_iteration() {
    #[differentiate]
    fn f(x: &[f64], n: usize) -> f64 {
        let mut s = 0.0;
        for i in 0..n {
            s += x[i] * x[i + 1];
        }
        s
    }
    alike!(f(&[1.0, 2.0, 3.0], 2) fails: false);
    alike!(f(&[1.0, 2.0, 3.0], 3) fails: true);
    alike!(f(&[], 0) fails: false);
}

/// Rows of one array, which are windows of their own in a loop that writes them.
#[test]
fn rows_of_an_array() {
    #[differentiate]
    fn f(x: &[f64], room: usize) -> f64 {
        let n = x.len();
        let mut y = vec![1.0; room];
        for i in 0..n {
            y[i] += x[i];
            y[n + i] += y[i] * x[i];
        }
        y.iter().sum()
    }
    alike!(f(&[1.0, 2.0], 4) fails: false);
    alike!(f(&[1.0, 2.0], 3) fails: true);
    alike!(f(&[], 0) fails: false);
}

/// A part of an array ends before the array does.
#[test]
fn rows_of_a_part_of_an_array() {
    #[differentiate]
    fn f(x: &[f64], part: usize) -> f64 {
        let n = x.len();
        let mut y = vec![1.0; 4 * n];
        for i in 0..n {
            y[..part][i] += x[i];
            y[..part][n + i] += y[..part][i] * x[i];
            y[2 * n..][i] += y[..part][n + i] * x[i];
        }
        y.iter().sum()
    }
    alike!(f(&[1.0, 2.0], 4) fails: false);
    alike!(f(&[1.0, 2.0], 3) fails: true);
    alike!(f(&[1.0, 2.0], 9) fails: true);
}

/// A loop that runs not at all asks for nothing.
#[test]
fn rows_that_are_not_there() {
    #[differentiate]
    fn f(x: &[f64], from: usize, to: usize) -> f64 {
        let n = x.len();
        let mut y = vec![1.0; n];
        for i in from..to {
            y[i] += x[i];
            y[i + (to - from)] += y[i] * x[i];
        }
        y.iter().sum::<f64>() + n as f64
    }
    alike!(f(&[1.0, 2.0], 1, 1) fails: false);
    alike!(f(&[1.0, 2.0], 0, 1) fails: false);
    alike!(f(&[1.0, 2.0], 1, 2) fails: true);
}
