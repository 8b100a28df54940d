//! The in-place forms allocate nothing: a counting allocator around the system's.
//!
//! A binary of its own, since a global allocator counts for the whole process, and one test only,
//! since tests run on threads.

#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]

use chainrule::differentiate;
use ndarray::{Array1, Array2};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations `run` makes on this thread.
fn allocations<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATIONS.with(Cell::get);
    let result = run();
    (ALLOCATIONS.with(Cell::get) - before, result)
}

#[differentiate]
fn linear_regression(x: &Array2<f32>, w: &Array1<f32>, b: f32) -> Array1<f32> {
    x.dot(w) + b
}

#[differentiate]
fn mean_squared_error(y_pred: &Array1<f32>, y_true: &Array1<f32>) -> f32 {
    (y_pred - y_true).mapv(|e| e * e).mean().unwrap()
}

#[differentiate(wrt(w, b))]
fn loss(x: &Array2<f32>, y: &Array1<f32>, w: &Array1<f32>, b: f32) -> f32 {
    mean_squared_error(&linear_regression(x, w, b), y)
}

#[test]
fn in_place_forms_allocate_nothing() {
    for (n, m) in [(1, 1), (16, 5), (64, 32), (256, 128), (300, 131)] {
        let x = Array2::from_shape_fn((n, m), |(i, j)| ((i * m + j) as f32 * 0.37).sin());
        let y = Array1::from_shape_fn(n, |i| (i as f32 * 0.11).cos());
        let w = Array1::from_elem(m, 0.5);
        let (mut dw, mut db) = (Array1::zeros(m), 0.0);

        let (into, value) =
            allocations(|| loss::value_and_grad_into(&x, &y, &w, 0.1, &mut dw, &mut db));
        let (fresh, (expected, gradient)) = allocations(|| loss::value_and_grad(&x, &y, &w, 0.1));
        assert_eq!((value, (&dw, db)), (expected, (&gradient.0, gradient.1)));
        let (add_into, _) =
            allocations(|| loss::value_and_grad_add_into(&x, &y, &w, 0.1, &mut dw, &mut db));
        assert_eq!((into, add_into), (0, 0), "{n}×{m}");
        // The gradient itself, and nothing the size of the batch beside it.
        assert_eq!(fresh, 1, "{n}×{m}");
        // The counter counts: the plain function makes its temporaries.
        let (plain, _) = allocations(|| loss(&x, &y, &w, 0.1));
        assert!(plain > 0);
    }
}
