//! Arrays element by element, by macro, by tape and by differences: elements assigned, parts changed,
//! loops over elements. `check_grad` compares the three where there is the option `tape`.

#![deny(unsafe_code)]
#![allow(
    clippy::needless_range_loop,
    clippy::op_ref,
    clippy::assign_op_pattern,
    clippy::explicit_iter_loop,
    clippy::explicit_into_iter_loop,
    reason = "the forms that code of arrays is written in are what is tested"
)]

use chainrule::check::check_grad;
use chainrule::differentiate;
use ndarray::{Array1, Array2, Axis, Zip, array, s};
use std::collections::BTreeMap;

#[differentiate(tape)]
fn running(x: &Array1<f64>) -> f64 {
    let mut y = x.clone();
    for i in 1..y.len() {
        y[i] = y[i] * y[i - 1];
        y[i] *= 2.0;
        y[i] += x[i];
    }
    y.sum()
}

#[differentiate(tape)]
fn matrix_elements(x: &Array2<f64>, k: f64) -> f64 {
    let mut y = Array2::zeros((2, 3));
    for i in 0..2 {
        for j in 0..3 {
            y[[i, j]] = x[[i, j]] * x[[1 - i, j]];
            y[(i, j)] -= k * x[(i, 2 - j)];
        }
    }
    (&y * x).sum()
}

#[differentiate(tape)]
fn loops(x: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let mut s = 0.0;
    for e in x {
        s += e * e;
    }
    for e in x.t().iter() {
        s += e.sin() * *e;
    }
    for (i, e) in x.row(1).iter().enumerate() {
        s += *e * y[i];
    }
    for ((i, j), e) in x.indexed_iter() {
        s += (i + 2 * j) as f64 * e;
    }
    for (a, b) in y.iter().zip(x.row(0).iter()) {
        s += a * b;
    }
    s + y.iter().map(|e| e.exp()).sum::<f64>() + y.iter().copied().fold(0.0, |all, e| all * 0.5 + e)
}

#[differentiate(tape)]
fn changed_through_iterators(x: &Array2<f64>, k: f64) -> f64 {
    let mut y = x.to_owned();
    for e in y.iter_mut() {
        *e = *e * *e;
    }
    for ((i, _), e) in y.indexed_iter_mut() {
        if i == 1 {
            *e *= k;
        }
    }
    y.iter().sum::<f64>()
}

#[differentiate(tape)]
fn parts(x: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let mut z = x.clone();
    z.row_mut(0).assign(y);
    z.column_mut(2).fill(y[1]);
    z.slice_mut(s![.., ..1]).mapv_inplace(|e| e * e);
    z.row_mut(1)[1] = y[0] * y[0];
    (&z * x).sum()
}

#[differentiate(tape)]
fn lanes(x: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let sums = x.map_axis(Axis(1), |row| row.sum());
    let products = x.fold_axis(Axis(0), 1.0, |all, e| all * e);
    sums.dot(&sums) + products.dot(y)
}

#[differentiate(tape)]
fn swapped(x: &Array1<f64>) -> f64 {
    let mut y = x.clone();
    y.swap(0, 2);
    let sum = y.iter().zip(x.iter()).map(|(a, b)| a * a * b).sum::<f64>();
    sum + y.fold(1.0, |all, e| all * e)
}

#[differentiate(tape)]
fn zipped(x: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let mut z = x.clone();
    Zip::from(&mut z).and(x).for_each(|z, &x| *z = *z * x + 1.0);
    let w = Zip::from(&z).and(x).map_collect(|a, b| a * b.sin());
    let mut sums = Array1::zeros(2);
    Zip::from(&mut sums).and(w.rows()).for_each(|s, row| *s = row[0] * row[1]);
    let weighed = Zip::from(y).and(x.row(1)).fold(0.0, |all, a, b| all + a * a * b);
    Zip::indexed(&mut z).for_each(|(i, j), e| *e *= (i + j) as f64);
    z.sum() + sums.sum() + weighed
}

#[differentiate(tape)]
fn made(x: &Array1<f64>, k: f64) -> f64 {
    let y = Array1::from_shape_fn(x.len(), |i| x[i] * k + i as f64);
    let z = Array1::from_vec(vec![k, x[0], 2.0]);
    let order = array![2, 0, 1];
    let m = array![[x[0], k], [1.0, x[1] * x[2]]];
    let mut s = 0.0;
    for i in 0..order.len() {
        s += y[order[i]] * z[i];
    }
    s + m.dot(&m).sum()
}

/// Lists beside arrays keep their own elements.
#[differentiate(via = tape)]
fn lists_and_arrays(x: &Array1<f64>) -> f64 {
    let mut list: Vec<f64> = x.iter().map(|e| e * 2.0).collect();
    let mut counts = [0; 3];
    for i in 0..x.len() {
        let k = i % 2;
        counts[k] += 1;
        list[i] = list[i] * counts[k] as f64;
    }
    let doubled: Vec<f64> = list.iter().map(|e| e * e).collect();
    let mut last = doubled.to_vec();
    last[0] += last[1];
    let by_place: BTreeMap<usize, f64> = last.iter().copied().enumerate().collect();
    by_place.iter().map(|(k, e)| *k as f64 * e).sum::<f64>() + last[0]
}

/// A recurrence in place, with everything boxed: an array as input and output.
#[differentiate(via = tape)]
fn smooth(x: &mut Array1<f64>, rules: &[Box<dyn Fn(f64) -> f64>]) {
    for i in 1..x.len() {
        let rule = &rules[i % rules.len()];
        x[i] = rule(x[i]) + 0.5 * x[i - 1];
    }
}

fn matrix() -> Array2<f64> {
    array![[0.7, 1.3, -0.9], [1.1, -0.6, 1.4]]
}

#[test]
fn elements_are_assigned() {
    check_grad::<running>((), &array![0.5, -1.2, 0.8]).unwrap_or_else(|m| panic!("{m}"));
    check_grad::<matrix_elements>((), &(matrix(), 0.3)).unwrap_or_else(|m| panic!("{m}"));
    let x = array![0.5, -1.2, 0.8];
    assert_eq!(running::tape_value_and_grad(&x).0, running(&x));
}

#[test]
fn elements_one_by_one() {
    let y = array![0.4, -0.8, 1.5];
    check_grad::<loops>((), &(matrix(), y.clone())).unwrap_or_else(|m| panic!("{m}"));
    check_grad::<changed_through_iterators>((), &(matrix(), 0.3)).unwrap_or_else(|m| panic!("{m}"));
    check_grad::<swapped>((), &y).unwrap_or_else(|m| panic!("{m}"));
}

#[test]
fn parts_and_lanes() {
    let y = array![0.4, -0.8, 1.5];
    check_grad::<parts>((), &(matrix(), y.clone())).unwrap_or_else(|m| panic!("{m}"));
    check_grad::<lanes>((), &(matrix(), y.clone())).unwrap_or_else(|m| panic!("{m}"));
    check_grad::<zipped>((), &(matrix(), y.clone())).unwrap_or_else(|m| panic!("{m}"));
    check_grad::<made>((), &(y, 0.3)).unwrap_or_else(|m| panic!("{m}"));
}

#[test]
fn by_the_tape_alone() {
    check_grad::<lists_and_arrays>((), &array![0.4, -0.8, 1.5]).unwrap();
    let mut x = array![1.0, 2.0, 3.0];
    let ct = array![1.0, 10.0, 100.0];
    let ((), dx) = smooth::vjp(&mut x, &[Box::new(|t| t * t), Box::new(|t| t.sin())], ct);
    // (x₀, sin x₁ + x₀/2, x₂² + x₁'/2)
    assert_eq!(x, array![1.0, 2.0_f64.sin() + 0.5, 9.0 + (2.0_f64.sin() + 0.5) / 2.0]);
    assert_eq!(dx, array![1.0 + 5.0 + 25.0, 2.0_f64.cos() * 60.0, 600.0]);
}
