//! Ordinary Rust on variables: loops, branches, iterators, containers and mutation, as a user of
//! the tape writes them by hand. Each function stands twice, on floats and on variables, and the
//! gradients are held against central differences or what is known of them.
#![forbid(unsafe_code)]

use chainrule::tape::{Real, Tape, TapeError, Var, lift};
use ndarray::array;

type V<'t> = Var<'t, f64>;

/// Value and gradient by the tape against the plain function and its central differences.
#[track_caller]
fn agree<const N: usize>(
    at: [f64; N],
    plain: impl Fn(&[f64]) -> f64,
    on_tape: impl for<'t> Fn(&'t Tape, &[V<'t>]) -> V<'t>,
) {
    let tape = Tape::new();
    let x = at.map(|x| tape.var(x));
    let y = on_tape(&tape, &x);
    y.backward();
    assert_eq!(y.value().to_bits(), plain(&at).to_bits(), "the value");
    for k in 0..N {
        let h = 1e-5;
        let moved = |by: f64| {
            let mut at = at;
            at[k] += by;
            plain(&at)
        };
        // Richardson's step removes the error of third order.
        let slope = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
        let slope = (4.0 * slope(h) - slope(2.0 * h)) / 3.0;
        let error = (x[k].grad() - slope).abs();
        assert!(error < 1e-8 * slope.abs().max(1.0), "{k}: {} and {slope}", x[k].grad());
    }
}

#[test]
fn a_loop_that_overwrites() {
    agree(
        [0.7, 1.2],
        |x| {
            let mut y = x[0];
            for k in 0..5 {
                y = y.sin() * x[1] + 0.1 * k as f64;
            }
            y
        },
        |_, x| {
            let mut y = x[0];
            for k in 0..5 {
                y = y.sin() * x[1] + 0.1 * k as f64;
            }
            y
        },
    );
}

#[test]
fn a_loop_until_it_converges() {
    let tape = Tape::new();
    let a = tape.var(7.0_f64);
    let mut root = a;
    while (root * root - a).abs() > 1e-13 {
        root = 0.5 * (root + a / root);
    }
    root.backward();
    assert!((root.value() - 7.0_f64.sqrt()).abs() < 1e-14);
    assert!((a.grad() - 0.5 / 7.0_f64.sqrt()).abs() < 1e-14, "{}", a.grad());
}

#[test]
fn branches_by_value() {
    for at in [[0.3, 0.9], [0.9, 0.3]] {
        agree(
            at,
            |x| if x[0] > x[1] { x[0] * x[1] } else { (x[1] - x[0]).sqrt() },
            |_, x| if x[0] > x[1] { x[0] * x[1] } else { (x[1] - x[0]).sqrt() },
        );
    }
}

#[test]
fn sums_and_products_over_values_and_references() {
    agree(
        [0.3, 0.9, -1.4],
        |x| {
            let total: f64 = x.iter().sum();
            let squares = x.iter().map(|x| x * x).sum::<f64>();
            total * squares.sqrt() + x.iter().product::<f64>()
        },
        |_, x| {
            let total: V = x.iter().sum();
            let squares = x.iter().map(|x| x * x).sum::<V>();
            total * squares.sqrt() + x.iter().product::<V>()
        },
    );
}

#[test]
fn an_empty_sum_is_stds() {
    let empty: [V<'_>; 0] = [];
    let plain: [f64; 0] = [];
    let (sum, product) = (empty.iter().sum::<V>(), empty.iter().product::<V>());
    assert_eq!(sum.value().to_bits(), plain.iter().sum::<f64>().to_bits());
    assert_eq!(product.value(), 1.0);
    let tape = Tape::new();
    let x = tape.var(3.0);
    let y = (sum + x) * (product + 1.0);
    y.backward();
    assert_eq!((y.value(), x.grad()), (6.0, 2.0));
}

#[test]
fn functions_of_floats_as_values() {
    agree(
        [0.3, 0.9, -1.4],
        |x| {
            let most = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most * x.iter().copied().map(f64::cos).reduce(f64::min).unwrap()
        },
        |tape, x| {
            let least = tape.constant(f64::NEG_INFINITY);
            let most = x.iter().copied().fold(least, V::max);
            most * x.iter().copied().map(V::cos).reduce(V::min).unwrap()
        },
    );
}

#[test]
fn extremes_by_comparison() {
    agree(
        [0.3, 0.9, -1.4],
        |x| {
            let least = x.iter().min_by(|a, b| a.partial_cmp(b).unwrap()).unwrap();
            let most = x.iter().copied().max_by(f64::total_cmp).unwrap();
            least * most.exp()
        },
        |_, x| {
            let least = x.iter().min_by(|a, b| a.partial_cmp(b).unwrap()).unwrap();
            let most = x.iter().copied().max_by(V::total_cmp).unwrap();
            least * most.exp()
        },
    );
}

#[test]
fn vectors_that_grow_and_change() {
    agree(
        [0.3, 0.9],
        |x| {
            let mut all = vec![0.0; 2];
            all[0] = x[0] * x[1];
            for k in 0..3 {
                let next = all[all.len() - 1] * x[1] + all[k] + x[0];
                all.push(next);
            }
            all.swap(0, 3);
            all.sort_by(|a, b| b.total_cmp(a));
            all.truncate(4);
            all.iter().rev().enumerate().map(|(k, e)| e * (k as f64 + 1.0)).sum()
        },
        |tape, x| {
            let mut all = vec![tape.constant(0.0); 2];
            all[0] = x[0] * x[1];
            for k in 0..3 {
                let next = all[all.len() - 1] * x[1] + all[k] + x[0];
                all.push(next);
            }
            all.swap(0, 3);
            all.sort_by(|a, b| b.total_cmp(a));
            all.truncate(4);
            all.iter().rev().enumerate().map(|(k, e)| e * (k as f64 + 1.0)).sum()
        },
    );
}

#[test]
fn a_matrix_in_place() {
    agree(
        [1.5, 0.4, 0.3, 2.0],
        |x| {
            let mut a = [[x[0], x[1]], [x[2], x[3]]];
            for _ in 0..3 {
                for row in a.iter_mut() {
                    let norm = (row[0] * row[0] + row[1] * row[1]).sqrt();
                    row.iter_mut().for_each(|e| *e /= norm);
                }
                a[1][0] += a[0][1];
            }
            a[0][0] * a[1][1] - a[0][1] * a[1][0]
        },
        |_, x| {
            let mut a = [[x[0], x[1]], [x[2], x[3]]];
            for _ in 0..3 {
                for row in a.iter_mut() {
                    let norm = (row[0] * row[0] + row[1] * row[1]).sqrt();
                    row.iter_mut().for_each(|e| *e /= norm);
                }
                let above = a[0][1];
                a[1][0] += above;
            }
            a[0][0] * a[1][1] - a[0][1] * a[1][0]
        },
    );
}

#[test]
fn swapped_taken_and_replaced() {
    let tape = Tape::new();
    let (x, y) = (tape.var(3.0_f64), tape.var(4.0));
    let (mut a, mut b) = (x, y);
    std::mem::swap(&mut a, &mut b);
    let taken = std::mem::take(&mut a);
    let replaced = std::mem::replace(&mut b, x * y);
    // y·x + 0 + x·y
    let z = taken * replaced + a + b;
    z.backward();
    assert_eq!((z.value(), x.grad(), y.grad()), (24.0, 8.0, 6.0));
}

#[test]
fn in_and_out_parameters() {
    fn scale<'t, F: Real>(x: &mut [Var<'t, F>], last: &mut Var<'t, F>) {
        for e in x.iter_mut() {
            *e *= *last;
            *last = e.sin();
        }
    }
    fn plain(x: &mut [f64], last: &mut f64) {
        for e in x.iter_mut() {
            *e *= *last;
            *last = e.sin();
        }
    }
    agree(
        [0.3, 0.9, 1.1],
        |x| {
            let (mut all, mut last) = (x.to_vec(), x[2]);
            plain(&mut all, &mut last);
            all[0] + all[1] * last
        },
        |_, x| {
            let (mut all, mut last) = (x.to_vec(), x[2]);
            scale(&mut all, &mut last);
            all[0] + all[1] * last
        },
    );
}

#[test]
fn recursion_and_early_returns() {
    fn power<F: Real>(x: Var<'_, F>, n: u32) -> Option<Var<'_, F>> {
        if x.is_nan() {
            return None;
        }
        match n {
            0 => Some(Var::from(F::one())),
            n if n % 2 == 0 => power(x * x, n / 2),
            n => Some(x * power(x, n - 1)?),
        }
    }
    let tape = Tape::new();
    let x = tape.var(1.5_f64);
    let y = power(x, 7).expect("no NaN");
    y.backward();
    assert_eq!(y.value(), 1.5_f64.powi(7));
    assert!((x.grad() - 7.0 * 1.5_f64.powi(6)).abs() < 1e-12);
    assert!(power(tape.var(f64::NAN), 7).is_none());
}

#[test]
fn closures_and_generic_code_see_either() {
    let tape = Tape::new();
    let k = tape.var(2.0_f64);
    let cubic = |x| k.mul_add(x, 1.0) * x * x;
    let at = [tape.constant(0.5), k];
    let total: V = at.iter().copied().map(cubic).sum();
    total.backward();
    // ¼(k/2 + 1) + k⁴ + k²
    assert_eq!(total.value(), 20.5);
    assert_eq!(k.grad(), 0.125 + 32.0 + 4.0);
}

#[test]
fn integers_come_out_of_variables_and_go_in() {
    let tape = Tape::new();
    let x = tape.var(2.7_f64);
    let n = x.floor().value() as usize;
    let y = x * n as f64 + V::from(3_u8) * x + V::from(0.5_f32);
    y.backward();
    assert_eq!((n, x.grad()), (2, 5.0));
    assert_eq!("2.5".parse::<V>().map(|x| x.value()), Ok(2.5));
    assert!("two".parse::<V>().is_err());
}

#[test]
fn a_float_widens_on_the_way() {
    let tape = Tape::new();
    let x = tape.var(0.1_f32);
    let wide = V::from(x);
    (wide * 3.0).backward();
    assert_eq!((wide.value(), x.grad()), (f64::from(0.1_f32), 3.0));
}

#[test]
fn ranges_and_formats() {
    let tape = Tape::new();
    let x = tape.var(0.25_f64);
    assert!((tape.constant(0.0)..tape.constant(1.0)).contains(&x));
    assert_eq!(format!("{x:.3} {x:e}"), "0.250 2.5e-1");
    assert!(x.is_normal() && x.to_bits() == 0.25_f64.to_bits());
}

#[test]
fn a_constant_without_a_tape_goes_with_every_one() {
    let half = Var::from(0.5_f64);
    for at in [1.0, 3.0] {
        let tape = Tape::new();
        let x = tape.var(at);
        let y = half * x + half.mul_add(x, half) + x.clamp(half, 10.0) + half.atan2(x);
        y.backward();
        let slope = 2.0 - 0.5 / (0.25 + at * at);
        assert!((x.grad() - slope).abs() < 1e-15);
        let array = tape.var(array![1.0, 2.0]);
        (array * half + half * array).sum().backward();
        assert_eq!(array.grad(), array![1.0, 1.0]);
    }
    half.exp().backward();
    assert_eq!((half.grad(), half.requires_grad()), (0.0, false));
}

#[test]
fn two_tapes_are_told_apart_all_the_same() {
    let (one, other) = (Tape::new(), Tape::new());
    let (x, y) = (one.var(1.0_f64), other.var(2.0_f64));
    let half = Var::from(0.5);
    assert_eq!(
        (half * x).try_add(half * y).unwrap_err(),
        TapeError::ForeignTape { operation: "+" }
    );
}

#[test]
#[should_panic(expected = "no tape")]
fn a_constant_without_a_tape_has_none() {
    let _ = Var::from(0.5_f64).tape();
}

#[test]
fn containers_of_constants() {
    let tape = Tape::new();
    let x = tape.var(2.0_f64);
    let table = vec![(1.0_f64, 3_usize), (0.5, 1)];
    let lifted = lift(&tape, &table);
    let total: V = lifted.iter().map(|&(weight, n)| weight * x.powi(n as i32)).sum();
    total.backward();
    assert_eq!((total.value(), x.grad()), (9.0, 12.5));
    assert_eq!(lift(&tape, Some(1.5_f64)).map(|x| x.value()), Some(1.5));
}

/// Only the graph's vectors grow: one node for each operation.
#[test]
fn one_node_for_each_operation() {
    let tape = Tape::new();
    let x = tape.var(0.5_f64);
    let mut y = x;
    for _ in 0..1000 {
        y = y * x + 1.0;
    }
    assert_eq!(tape.len(), 2001);
}
