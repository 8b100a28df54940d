//! Accumulation, zeroing, constants, mixed floats, size: what does not depend on a rule.
#![forbid(unsafe_code)]

use chainrule::tape::{Lift, Tape, lift};
use ndarray::{Array1, array};

#[test]
fn gradients_accumulate_until_zeroed() {
    let tape = Tape::new();
    let x = tape.var(array![1.0, 2.0, 3.0]);
    let k = tape.var(2.0);
    let y = (x.powi(2) + k * x + 7.0).mean().unwrap();
    y.backward();
    let once = x.grad();
    assert!((&once - &array![4.0 / 3.0, 2.0, 8.0 / 3.0]).mapv(f64::abs).sum() < 1e-15);
    y.backward();
    assert_eq!(x.grad(), &once * 2.0);
    assert_eq!(k.grad(), 4.0);
    x.zero_grad();
    assert_eq!((x.grad(), k.grad()), (Array1::zeros(3), 4.0));
    tape.zero_grad();
    assert_eq!(k.grad(), 0.0);
    y.backward();
    assert_eq!(x.grad(), once);
    // Another root adds to the same variables.
    x.sum().backward();
    assert_eq!(x.grad(), &once + 1.0);
}

#[test]
fn every_tracked_variable_has_a_gradient() {
    let tape = Tape::new();
    let x = tape.var(2.0);
    let y = x * x;
    let z = y * y;
    z.backward();
    assert_eq!((x.grad(), y.grad(), z.grad()), (32.0, 8.0, 1.0));
    let later = tape.var(1.0);
    assert_eq!(later.grad(), 0.0);
    let a = tape.var(array![1.0, 2.0]);
    let b = a * a;
    b.sum().backward();
    assert_eq!((a.grad(), b.grad()), (array![2.0, 4.0], array![1.0, 1.0]));
}

#[test]
fn a_variable_used_twice() {
    let tape = Tape::new();
    let x = tape.var(3.0);
    (x * x + x - x / x).backward();
    assert_eq!(x.grad(), 7.0);
    let a = tape.var(array![1.0, 2.0]);
    (a.dot(a) + (a + a).sum()).backward();
    assert_eq!(a.grad(), array![4.0, 6.0]);
}

#[test]
fn constants_are_not_tracked() {
    let tape = Tape::new();
    let (k, table) = (tape.constant(2.0), tape.constant(array![1.0, 2.0]));
    let y = (table * k).sin().sum() + table.at(1) + table.dot(table);
    assert!(!y.requires_grad());
    y.backward();
    assert!(tape.is_empty());
    assert_eq!((k.grad(), table.grad()), (0.0, array![0.0, 0.0]));
    let x = tape.var(3.0);
    (x * y.detach() * x.detach()).backward();
    assert_eq!(x.grad(), 3.0 * y.value());
    assert_eq!(table.grad(), array![0.0, 0.0]);
}

#[test]
fn both_floats_on_one_tape() {
    let tape = Tape::new();
    let (x, v) = (tape.var(0.5_f32), tape.var(array![1.0_f64, 2.0]));
    let y = (v * x.cast::<f64>()).sum();
    y.backward();
    assert_eq!((x.grad(), v.grad()), (3.0_f32, array![0.5_f64, 0.5]));
}

#[test]
fn backward_with_scales() {
    let tape = Tape::new();
    let x = tape.var(3.0);
    (x * x).backward_with(0.5);
    assert_eq!(x.grad(), 3.0);
    x.backward();
    assert_eq!(x.grad(), 4.0);
}

#[test]
fn a_chain_of_a_million_nodes() {
    let tape = Tape::new();
    let x = tape.var(1.0_f64);
    let mut y = x;
    for _ in 0..1_000_000 {
        y += 1e-6 * x;
    }
    assert_eq!(tape.len(), 2_000_001);
    y.backward();
    assert!((x.grad() - 2.0).abs() < 1e-9);
    drop(tape);
}

#[test]
fn a_long_chain_of_arrays() {
    let tape = Tape::new();
    let x = tape.var(array![1.0, 2.0]);
    let mut y = x;
    for _ in 0..50_000 {
        y += x * 2e-5;
    }
    y.sum().backward();
    assert!((x.grad() - 2.0).mapv(f64::abs).sum() < 1e-9);
}

#[test]
fn clearing_forgets() {
    let mut tape = Tape::new();
    {
        let x = tape.var(array![1.0, 2.0]);
        (x * x).sum().backward();
    }
    tape.clear();
    assert!(tape.is_empty());
    let x = tape.var(array![1.0]);
    assert_eq!(x.grad(), array![0.0]);
    (x * x).backward();
    assert_eq!(x.grad(), array![2.0]);
}

#[test]
fn a_tape_may_move_to_another_thread() {
    let tape = Tape::new();
    let slope = std::thread::spawn(move || {
        let x = tape.var(array![3.0]);
        (x * x).sum().backward();
        x.grad()[0]
    });
    assert_eq!(slope.join().unwrap(), 6.0);
}

#[test]
fn lifting_makes_constants() {
    let tape = Tape::new();
    let x = tape.var(2.0_f32);
    let table = array![[1.0_f32, 2.0]];
    let (k, whole, view, (n, flag)) = lift(&tape, (0.5_f32, &table, table.view(), (3_usize, true)));
    assert_eq!((x * k).value(), 1.0);
    assert_eq!((whole * x).value(), (view * x).value());
    assert_eq!((n, flag, "text".lift(&tape)), (3, true, "text"));
    assert!(lift(&tape, x).requires_grad());
    let [a, b] = lift(&tape, [1.0_f64, 2.0]);
    assert_eq!((a + b).value(), 3.0);
    assert_eq!(lift(&tape, Some(1.0_f64)).map(|k| k.value()), Some(1.0));
    assert!(!lift(&tape, &0.5_f64).requires_grad());
}
