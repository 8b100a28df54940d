//! `#[checkpoint]`: bit for bit the plain gradient, in memory that grows with the root of the
//! number of steps, for one more run of the loop's body.
//!
//! A binary of its own with one test only, since a global allocator counts for the whole process.

#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]

use chainrule::differentiate;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    let live = LIVE.get() + change;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both blocks may live at once.
        count(size as isize);
        count(-(layout.size() as isize));
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that `run` holds at once on this thread, beyond what was there.
fn peak<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = run();
    ((PEAK.get() - before) as usize, result)
}

#[differentiate]
fn plain(x: f64, y: f64, n: usize) -> f64 {
    let (mut a, mut b) = (x, y);
    for k in 0..n {
        let next = (a * 1.1 + x * b).sin();
        b = if k % 3 == 0 { b * 0.99 + a } else { b - 0.1 * next };
        a = next;
    }
    a * b
}

#[differentiate]
fn checkpointed(x: f64, y: f64, n: usize) -> f64 {
    let (mut a, mut b) = (x, y);
    #[checkpoint]
    for k in 0..n {
        let next = (a * 1.1 + x * b).sin();
        b = if k % 3 == 0 { b * 0.99 + a } else { b - 0.1 * next };
        a = next;
    }
    a * b
}

#[differentiate]
fn every_thousandth(x: f64, y: f64, n: usize) -> f64 {
    let (mut a, mut b) = (x, y);
    #[checkpoint(every = 1000)]
    for k in 0..n {
        let next = (a * 1.1 + x * b).sin();
        b = if k % 3 == 0 { b * 0.99 + a } else { b - 0.1 * next };
        a = next;
    }
    a * b
}

/// A state in memory: a ring of cells that feed each other.
#[differentiate]
fn plain_array(u: [f64; 4], n: usize) -> f64 {
    let mut u = u;
    for k in 0..n {
        u[k % 4] = (u[k % 4] + 0.5 * u[(k + 1) % 4]).sin();
    }
    u[0] * u[1] + u[2] * u[3]
}

#[differentiate]
fn checkpointed_array(u: [f64; 4], n: usize) -> f64 {
    let mut u = u;
    #[checkpoint]
    for k in 0..n {
        u[k % 4] = (u[k % 4] + 0.5 * u[(k + 1) % 4]).sin();
    }
    u[0] * u[1] + u[2] * u[3]
}

/// The number of steps is known only when they are done.
#[differentiate]
fn plain_while(x: f64, n: f64) -> f64 {
    let (mut y, mut t) = (x, 0.0);
    while t < n {
        y = (y * x).sin() + 0.3;
        t += 1.0;
    }
    y
}

#[differentiate]
fn checkpointed_while(x: f64, n: f64) -> f64 {
    let (mut y, mut t) = (x, 0.0);
    #[checkpoint]
    while t < n {
        y = (y * x).sin() + 0.3;
        t += 1.0;
    }
    y
}

/// A place that every step adds to, a memory that is the result.
#[differentiate]
fn plain_weights(w: &[f64], x: f64, n: usize) -> [f64; 2] {
    let mut y = [x, 0.5];
    for k in 0..n {
        y[k % 2] = (y[0] * w[0] + w[1] * y[1]).tanh() * 1.3;
    }
    y
}

#[differentiate]
fn checkpointed_weights(w: &[f64], x: f64, n: usize) -> [f64; 2] {
    let mut y = [x, 0.5];
    #[checkpoint]
    for k in 0..n {
        y[k % 2] = (y[0] * w[0] + w[1] * y[1]).tanh() * 1.3;
    }
    y
}

/// What is written down on the way is not copied with the state.
#[allow(clippy::needless_range_loop, reason = "a counted loop is what is tested")]
#[differentiate]
fn written_down(ys: &mut [f64], x: f64) -> f64 {
    let mut y = x;
    #[checkpoint]
    for k in 0..ys.len() {
        y = (y * x).sin() + 0.3;
        ys[k] = y * y;
    }
    y
}

/// A list of equal numbers that counts how often one is asked for.
struct Asked(Cell<usize>);

impl std::ops::Index<usize> for Asked {
    type Output = f64;
    fn index(&self, _: usize) -> &f64 {
        self.0.set(self.0.get() + 1);
        &0.1
    }
}

#[differentiate(wrt(x))]
fn asking(x: f64, n: usize, asked: &Asked) -> f64 {
    let mut y = x;
    #[checkpoint]
    for k in 0..n {
        y = (y * x).sin() + asked[k];
    }
    y
}

#[differentiate(wrt(x))]
fn asking_every_seventh(x: f64, n: usize, asked: &Asked) -> f64 {
    let mut y = x;
    #[checkpoint(every = 7)]
    for k in 0..n {
        y = (y * x).sin() + asked[k];
    }
    y
}

#[differentiate(wrt(x))]
fn asking_while(x: f64, n: usize, asked: &Asked) -> f64 {
    let (mut y, mut k) = (x, 0);
    #[checkpoint]
    while k < n {
        y = (y * x).sin() + asked[k];
        k += 1;
    }
    y
}

#[differentiate(wrt(x))]
fn asking_in_two_loops(x: f64, n: usize, asked: &Asked) -> f64 {
    let mut y = x;
    #[checkpoint]
    for _ in 0..n {
        #[checkpoint]
        for k in 0..n {
            y = (y * x).sin() + asked[k];
        }
    }
    y
}

/// What only happens beside the value happens once: a list that is filled, an assertion.
#[differentiate(wrt(x))]
fn beside(x: f64, n: usize, asked: &Asked, log: &mut Vec<usize>) -> f64 {
    let mut y = x;
    #[checkpoint]
    for k in 0..n {
        assert!(asked[k] > 0.0);
        y = (y * x).sin();
        log.push(k);
    }
    y
}

fn tenth(asked: &Asked, k: usize) -> f64 {
    asked[k]
}

/// Who is passed a shared reference looks only, also behind the loop.
#[differentiate(wrt(x))]
fn asked_behind(x: f64, n: usize, asked: &Asked) -> f64 {
    let mut y = x;
    #[checkpoint]
    for k in 0..n {
        y = (y * x).sin() + asked[k];
    }
    y * tenth(asked, n)
}

/// How often the body of a loop ran.
fn runs(of: impl FnOnce(&Asked)) -> usize {
    let asked = Asked(Cell::new(0));
    of(&asked);
    asked.0.get()
}

#[test]
fn checkpoints() {
    // Bit for bit, at lengths around the squares and the given spacing.
    for n in [0, 1, 2, 3, 4, 8, 9, 10, 15, 16, 17, 99, 100, 101, 999, 1000, 1001, 2500] {
        let expected = plain::value_and_grad(0.7, 0.3, n);
        assert_eq!(expected.0.to_bits(), plain(0.7, 0.3, n).to_bits());
        assert_eq!(checkpointed::value_and_grad(0.7, 0.3, n), expected, "n = {n}");
        assert_eq!(every_thousandth::value_and_grad(0.7, 0.3, n), expected, "every 1000, n = {n}");
        let u = [0.7, 0.3, -0.2, 0.9];
        let expected = plain_array::value_and_grad(u, n);
        assert_eq!(checkpointed_array::value_and_grad(u, n), expected, "array, n = {n}");
        let expected = plain_while::value_and_grad(0.7, n as f64);
        assert_eq!(checkpointed_while::value_and_grad(0.7, n as f64), expected, "while, n = {n}");
        let (w, ct) = ([0.7, -0.4], [1.0, 0.5]);
        let expected = plain_weights::vjp(&w, 0.7, n, ct);
        assert_eq!(expected.0, plain_weights(&w, 0.7, n));
        assert_eq!(checkpointed_weights::vjp(&w, 0.7, n, ct), expected, "weights, n = {n}");
    }

    // One run of the body for the value and one for the gradient, whatever the spacing; of a loop
    // inside a checkpointed one, one for each of them.
    for n in [0, 1, 2, 10, 100, 101] {
        assert_eq!(runs(|asked| _ = asking::value_and_grad(0.7, n, asked)), 2 * n);
        assert_eq!(runs(|asked| _ = asking_every_seventh::value_and_grad(0.7, n, asked)), 2 * n);
        assert_eq!(runs(|asked| _ = asking_while::value_and_grad(0.7, n, asked)), 2 * n);
        assert_eq!(runs(|asked| _ = asking_in_two_loops::value_and_grad(0.7, n, asked)), 3 * n * n);
        assert_eq!(runs(|asked| _ = asked_behind::value_and_grad(0.7, n, asked)), 2 * n + 1);
        let mut log = Vec::new();
        assert_eq!(runs(|asked| _ = beside::value_and_grad(0.7, n, asked, &mut log)), n);
        assert!(log.iter().copied().eq(0..n), "{log:?}");
    }

    // A million steps: no stack overflow, and a share of the memory only.
    let n = 1_000_000;
    let (all, expected) = peak(|| plain::value_and_grad(0.7, 0.3, n));
    let (some, result) = peak(|| checkpointed::value_and_grad(0.7, 0.3, n));
    assert_eq!(result, expected);
    assert!(all >= 8 * n, "the plain loop keeps what it needs: {all} bytes");
    // √n checkpoints of the two carried floats, and the record of √n steps: 64 floats for each
    // leave room for any sensible plan and none for one that grows with n.
    assert!(some <= 64 * 8 * 1000, "{some} bytes of {all}");

    let (given, result) = peak(|| every_thousandth::value_and_grad(0.7, 0.3, n));
    assert_eq!(result, expected);
    assert!(given <= 64 * 8 * 1000, "{given} bytes of {all}");

    let u = [0.7, 0.3, -0.2, 0.9];
    let expected = plain_array::value_and_grad(u, n);
    let (some, result) = peak(|| checkpointed_array::value_and_grad(u, n));
    assert_eq!(result, expected);
    assert!(some <= 64 * 8 * 1000, "the array: {some} bytes");

    let expected = plain_while::value_and_grad(0.7, n as f64);
    let (some, result) = peak(|| checkpointed_while::value_and_grad(0.7, n as f64));
    assert_eq!(result, expected);
    assert!(some <= 64 * 8 * 1000, "the number of steps not known ahead: {some} bytes");

    // The list and its cotangents are the caller's; no copies of them are among the states.
    let mut ys = vec![0.0; n];
    let (some, _) = peak(|| written_down::vjp(&mut ys, 0.7, 1.0, vec![0.0; n]));
    assert!(some <= 3 * 8 * n + 64 * 8 * 1000, "what is written down: {some} bytes");
}
