//! Shapes that do not fit: the panic names the function, the parameter or expression and both
//! shapes, and points at the caller's line.

#![deny(unsafe_code)]

use chainrule::differentiate;
use ndarray::{Array1, Array2, Axis};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The panic hook belongs to the process: one test at a time.
static HOOK: Mutex<()> = Mutex::new(());

/// The message of the panic of `run`, and the line it points at.
fn panic_of<T>(run: impl FnOnce() -> T) -> (String, u32) {
    let _alone: MutexGuard<'_, ()> = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = std::sync::Arc::new(Mutex::new(None));
    let (into, before) = (seen.clone(), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        let message = info.payload().downcast_ref::<String>().cloned().unwrap_or_default();
        let place = info.location().map(|at| (at.file().to_string(), at.line()));
        *into.lock().unwrap() = place.map(|(file, line)| (message, file, line));
    }));
    let outcome = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(before);
    assert!(outcome.is_err(), "it must panic");
    let (message, file, line) = seen.lock().unwrap().take().expect("the hook ran");
    assert!(file.ends_with("shape_errors.rs"), "it points at {file}:{line}: {message}");
    (message, line)
}

/// Asserts the whole message, and that it points at the line of the call.
macro_rules! panics {
    ($call:expr, $message:expr) => {{
        let (message, line) = panic_of(|| $call);
        assert_eq!(message, $message);
        assert!((line!()..line!() + 12).contains(&line), "line {line}, not {}", line!());
    }};
}

#[differentiate]
fn predict(x: &Array2<f64>, w: &Array1<f64>) -> Array1<f64> {
    x.dot(w)
}

#[differentiate(tape)]
fn loss(x: &Array2<f64>, y: &Array1<f64>, w: &Array1<f64>, b: f64) -> f64 {
    (predict(x, w) + b - y).mapv(|e| e * e).mean().unwrap()
}

fn matrix(n: usize, m: usize) -> Array2<f64> {
    Array2::ones((n, m))
}
fn vector(n: usize) -> Array1<f64> {
    Array1::ones(n)
}

#[test]
fn a_product_of_shapes_that_do_not_fit() {
    panics!(
        predict::vjp(&matrix(16, 5), &vector(4), vector(16)),
        "`predict`: `x` (shape 16×5) cannot be multiplied with `w` (length 4): 5 columns against 4 rows"
    );
    assert_eq!(predict(&matrix(1, 2), &vector(2)), vector(1) * 2.0);
}

#[test]
fn shapes_that_do_not_broadcast() {
    panics!(
        loss::value_and_grad(&matrix(16, 5), &vector(15), &vector(5), 0.0),
        "`loss`: `predict(x, w) + b` (length 16) and `y` (length 15) do not broadcast together"
    );
    panics!(
        loss::grad(&matrix(16, 5), &vector(15), &vector(5), 0.0),
        "`loss`: `predict(x, w) + b` (length 16) and `y` (length 15) do not broadcast together"
    );
}

#[test]
fn a_matrix_and_a_vector_that_do_not_broadcast() {
    #[differentiate]
    fn scaled(x: &Array2<f64>, s: &Array1<f64>) -> f64 {
        (x * s).sum()
    }
    panics!(
        scaled::value_and_grad(&matrix(2, 3), &vector(2)),
        "`scaled`: `x` (shape 2×3) and `s` (length 2) do not broadcast together"
    );
}

/// `a += b` stretches `b` only.
#[test]
fn an_assignment_does_not_stretch_its_left_side() {
    #[differentiate]
    fn added(x: &Array1<f64>, y: &Array1<f64>) -> f64 {
        let mut z = x.to_owned();
        z += y;
        z.sum()
    }
    assert_eq!(added::value_and_grad(&vector(3), &vector(1)).0, 6.0);
    panics!(
        added::value_and_grad(&vector(1), &vector(3)),
        "`added`: `z` (length 1) and `y` (length 3) do not broadcast together"
    );
}

#[test]
fn an_index_out_of_bounds() {
    #[differentiate]
    fn third(x: &Array1<f64>, y: &Array2<f64>) -> f64 {
        x[2] * y[[0, 1]]
    }
    panics!(
        third::value_and_grad(&vector(2), &matrix(2, 2)),
        "`third`: index 2 of axis 0 is out of bounds for `x` (length 2)"
    );
    panics!(
        third::value_and_grad(&vector(3), &matrix(2, 1)),
        "`third`: index 1 of axis 1 is out of bounds for `y` (shape 2×1)"
    );
}

#[test]
fn the_mean_of_nothing() {
    panics!(
        loss::value_and_grad(&matrix(0, 5), &vector(0), &vector(5), 0.0),
        "`loss`: the mean of `(predict(x, w) + b - y).mapv(|e| e * e)` (length 0) does not exist: the array is empty"
    );
    #[differentiate]
    fn means(x: &Array2<f64>) -> f64 {
        x.mean_axis(Axis(0)).unwrap().sum()
    }
    panics!(
        means::value_and_grad(&matrix(0, 3)),
        "`means`: the mean of `x` (shape 0×3) does not exist: the array is empty"
    );
}

#[test]
fn a_buffer_of_another_shape() {
    let (x, y, w) = (matrix(16, 5), vector(16), vector(5));
    let (mut dx, mut dy, mut dw, mut db) = (matrix(16, 5), vector(16), vector(6), 0.0);
    panics!(
        loss::value_and_grad_into(&x, &y, &w, 0.0, &mut dx, &mut dy, &mut dw, &mut db),
        "`loss`: the gradient buffer of `w` has length 6, but `w` has length 5"
    );
    let (mut dx, mut dw) = (matrix(5, 16), vector(5));
    panics!(
        loss::value_and_grad_add_into(&x, &y, &w, 0.0, &mut dx, &mut dy, &mut dw, &mut db),
        "`loss`: the gradient buffer of `x` has shape 5×16, but `x` has shape 16×5"
    );
    // Nothing was written before the panic.
    assert_eq!((dx, dw, db), (matrix(5, 16), vector(5), 0.0));
}

#[test]
fn a_cotangent_of_another_shape() {
    panics!(
        predict::vjp(&matrix(16, 5), &vector(5), vector(15)),
        "`predict`: `cotangent` has length 15, but the result has length 16"
    );
}

#[differentiate(jvp, hvp, hessian)]
fn energy(x: &Array2<f64>, w: &Array1<f64>) -> f64 {
    let y = x.dot(w);
    y.dot(&y)
}

#[test]
fn a_tangent_of_another_shape() {
    let (x, w) = (matrix(16, 5), vector(5));
    panics!(
        energy::jvp(&x, &w, matrix(5, 16), vector(5)),
        "`energy`: the tangent of `x` has shape 5×16, but `x` has shape 16×5"
    );
    panics!(
        energy::hvp(&x, &w, matrix(16, 5), vector(6)),
        "`energy`: the tangent of `w` has length 6, but `w` has length 5"
    );
}

/// The tape says what does not fit, too, at the caller's line.
#[test]
fn shapes_on_the_tape() {
    let (message, _) =
        panic_of(|| loss::tape_value_and_grad(&matrix(16, 5), &vector(15), &vector(5), 0.0));
    assert!(message.contains("16") && message.contains("15"), "{message}");
}

/// Functions with loops and computed indices: the same messages.
mod programs {
    use super::*;
    use ndarray::{Zip, concatenate, s};

    #[differentiate]
    fn added(x: &Array2<f64>, y: &Array1<f64>, n: usize) -> f64 {
        let mut z = x.clone();
        for _ in 0..n {
            z += &(x + y);
        }
        z.sum()
    }

    #[test]
    fn operands() {
        panics!(
            added::grad(&matrix(2, 3), &vector(2), 1),
            "`added`: `x` (shape 2×3) and `y` (length 2) do not broadcast together"
        );
        assert_eq!(added(&matrix(2, 3), &vector(1), 1), 18.0);
        assert_eq!(added::value_and_grad(&matrix(2, 3), &vector(1), 1).0, 18.0);
    }

    #[differentiate]
    fn indexed(x: &Array2<f64>, i: usize) -> f64 {
        let mut s = 0.0;
        for j in 0..x.ncols() {
            s += x[[i, j]] + x.row(i)[j];
        }
        s
    }

    #[test]
    fn an_index() {
        panics!(
            indexed::grad(&matrix(2, 3), 2),
            "`indexed`: index 2 of axis 0 is out of bounds for `x` (shape 2×3)"
        );
    }

    #[differentiate]
    fn sliced(x: &Array1<f64>, from: isize, to: isize) -> f64 {
        let mut s = 0.0;
        for v in x.slice(s![from..to]) {
            s += v;
        }
        s
    }

    #[test]
    fn a_slice() {
        assert_eq!(sliced::value_and_grad(&vector(3), 1, -1).0, 1.0);
        // ndarray takes nothing where the end lies before the start.
        assert_eq!(sliced::value_and_grad(&vector(3), 2, 1).0, sliced(&vector(3), 2, 1));
        panics!(
            sliced::grad(&vector(3), 1, 4),
            "`sliced`: slice `from..to` of axis 0 is out of bounds for `x` (length 3)"
        );
        panics!(
            sliced::grad(&vector(3), 1, -4),
            "`sliced`: slice `from..to` of axis 0 is out of bounds for `x` (length 3)"
        );
    }

    #[differentiate]
    fn multiplied(x: &Array2<f64>, y: &Array1<f64>, n: usize) -> f64 {
        let mut s = 0.0;
        for _ in 0..n {
            s += x.dot(y).sum() + x.row(0).dot(y);
        }
        s
    }

    #[test]
    fn a_product() {
        panics!(
            multiplied::grad(&matrix(2, 3), &vector(2), 1),
            "`multiplied`: `x` (shape 2×3) cannot be multiplied with `y` (length 2): 3 columns against 2 rows"
        );
    }

    #[differentiate]
    fn side_by_side(x: &Array1<f64>, y: &Array1<f64>) -> f64 {
        let mut s = 0.0;
        Zip::from(x).and(y).for_each(|a, b| s += a * b);
        s
    }

    #[differentiate]
    fn joined(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        let mut s = 0.0;
        for row in concatenate![Axis(0), *x, *y].rows() {
            s += row[0];
        }
        s
    }

    #[differentiate]
    fn put(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        let mut z = x.clone();
        for _ in 0..1 {
            z.assign(y);
        }
        z.sum()
    }

    #[test]
    fn arrays_side_by_side() {
        panics!(
            side_by_side::grad(&vector(3), &vector(2)),
            "`side_by_side`: `x` (length 3) and `y` (length 2) have different shapes"
        );
        panics!(
            joined::grad(&matrix(2, 3), &matrix(2, 2)),
            "`joined`: `*x` (shape 2×3) and `*y` (shape 2×2) cannot be joined: they differ along another axis"
        );
        panics!(
            put::grad(&matrix(2, 3), &matrix(2, 2)),
            "`put`: `z` (shape 2×3) and `y` (shape 2×2) do not broadcast together"
        );
    }

    #[differentiate]
    fn parts(x: &Array1<f64>, size: usize, ddof: f64) -> f64 {
        let mut s = 0.0;
        for part in x.windows(size) {
            s += part.var(ddof);
        }
        s
    }

    #[test]
    fn sizes() {
        panics!(
            parts::grad(&vector(3), 0, 0.0),
            "`parts`: the size of windows of `x` (length 3) must not be zero"
        );
        panics!(
            parts::grad(&vector(3), 2, 3.0),
            "`parts`: the variance of `part` (length 2) does not exist: `ddof` is 3, more than the number of elements"
        );
    }
}
