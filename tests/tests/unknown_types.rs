//! Values whose type only rustc knows: structs that nothing is differentiated by, passed on to
//! functions that differentiate by theirs, and what functions without annotation return. What they
//! are becomes known where they are used.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};

/// A module whose types are not imported by its users.
mod model {
    use chainrule::{Differentiable, differentiate};

    #[derive(Clone, Debug, Differentiable)]
    pub(crate) struct Layer {
        pub(crate) weights: Vec<f64>,
        pub(crate) bias: f64,
        pub(crate) inner: Inner,
    }

    #[derive(Clone, Copy, Debug, Differentiable)]
    pub(crate) struct Inner {
        pub(crate) k: [f64; 2],
    }

    #[derive(Clone, Debug, Differentiable)]
    pub(crate) struct Net {
        pub(crate) layers: Vec<Layer>,
        pub(crate) head: Layer,
        pub(crate) name: String,
    }

    /// Its field is its own.
    #[derive(Clone, Debug, Differentiable)]
    pub(crate) struct Spring {
        stiffness: f64,
    }

    impl Spring {
        pub(crate) fn new(stiffness: f64) -> Self {
            Spring { stiffness }
        }
    }

    #[differentiate]
    pub(crate) fn layer(layer: &Layer, x: f64) -> f64 {
        let mut s = layer.bias;
        for w in &layer.weights {
            s = (s + w * x).tanh();
        }
        s + inner(&layer.inner, x)
    }

    #[differentiate]
    pub(crate) fn inner(inner: &Inner, x: f64) -> f64 {
        inner.k[0] * x * x + inner.k[1]
    }

    #[differentiate]
    pub(crate) fn by_value(inner: Inner, x: f64) -> f64 {
        inner.k[0] * x.sin() - inner.k[1]
    }

    #[differentiate]
    pub(crate) fn force(spring: &Spring, x: f64) -> f64 {
        spring.stiffness * x.sin()
    }
}

use model::{Net, Spring, by_value, force, inner, layer};

/// Not differentiable by itself, and it need not be.
struct Table {
    rows: Vec<Vec<f64>>,
}

impl Table {
    fn row(&self, k: usize) -> &[f64] {
        &self.rows[k]
    }

    fn weighted(&self, k: usize, weights: &[f64]) -> f64 {
        self.rows[k].iter().zip(weights).map(|(a, b)| a * b).sum()
    }
}

fn largest(list: &[f64]) -> f64 {
    list.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

#[differentiate]
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |s, c| s * x + c)
}

#[differentiate]
fn weighted<const N: usize>(weights: &[f64; N], x: f64) -> f64 {
    let mut s = 0.0;
    for (k, weight) in weights.iter().take(N).enumerate() {
        s += weight * x.powi(k as i32);
    }
    s
}

fn net() -> Net {
    let layer = |k: f64| model::Layer {
        weights: vec![0.3 * k, -0.4, 0.5 + k],
        bias: 0.1 * k,
        inner: model::Inner { k: [0.2 * k, -0.1] },
    };
    let layers = vec![layer(1.0), layer(0.5), layer(-0.7)];
    Net { layers, head: layer(2.0), name: "net".to_string() }
}

/// Compares a derivative with a central difference.
#[track_caller]
fn agree(f: impl Fn(f64) -> f64, x: f64, derivative: f64) {
    let h = 1e-5;
    let difference = (f(x + h) - f(x - h)) / (2.0 * h);
    let error = (derivative - difference).abs();
    assert!(error <= 1e-8 * (1.0 + difference.abs()), "{derivative} and {difference} at {x}");
}

#[differentiate(wrt(x), pullback, jvp, hvp)]
fn through(net: &Net, x: f64) -> f64 {
    let mut x = x;
    for l in 0..net.layers.len() {
        x = layer(&net.layers[l], x);
    }
    let mut steps = 0;
    while x.abs() < 10.0 && steps < 3 {
        let last = if steps > 1 { &net.layers[0] } else { &net.head };
        x = if x > 0.5 { x + layer(&net.head, 0.5 * x) * x } else { layer(last, x) + 0.1 };
        steps += 1;
    }
    x + by_value(net.head.inner, x)
}

#[test]
fn a_struct_is_passed_on_by_reference() {
    let net = net();
    for x in [0.7, -0.3, 2.0] {
        let (value, derivative) = through::value_and_grad(&net, x);
        assert_eq!(value, through(&net, x));
        agree(|x| through(&net, x), x, derivative);
        assert_eq!(through::pullback(&net, x).1(1.0), derivative);
        agree(|x| through(&net, x), x, through::jvp(&net, x, 1.0).1);
        agree(|x| through::grad(&net, x), x, through::hvp(&net, x, 1.0).1);
    }
}

#[allow(clippy::needless_range_loop, reason = "the form is what is tested")]
#[differentiate(wrt(x))]
fn in_stretches(net: &Net, x: &[f64]) -> f64 {
    let mut s = 0.0;
    for l in 0..net.layers.len() {
        let own = &net.layers[l].inner;
        #[checkpoint]
        for k in 0..x.len() {
            let other = &net.layers[(k + l) % net.layers.len()];
            s = 0.9 * layer(other, x[k] + s) + inner(own, s);
        }
    }
    s
}

#[test]
fn in_loops_that_run_again() {
    let net = net();
    let x = [0.3, 0.2, -0.5, 0.4, 0.9];
    let gradient = in_stretches::grad(&net, &x);
    for k in 0..x.len() {
        let at = |t: f64| {
            let mut x = x;
            x[k] = t;
            in_stretches(&net, &x)
        };
        agree(at, x[k], gradient[k]);
    }
}

#[differentiate(wrt(x))]
fn fields(net: &Net, x: f64) -> f64 {
    let bias = &net.head.bias;
    let behind = *bias * x;
    let list: &[f64; 2] = &net.head.inner.k;
    polynomial(&net.head.weights, x) * bias
        + polynomial(&net.head.weights[1..], behind)
        + weighted(list, x)
}

#[test]
fn fields_are_passed_as_what_the_callee_takes() {
    let net = net();
    agree(|x| fields(&net, x), 0.6, fields::grad(&net, 0.6));
}

/// Nothing is differentiated by in these calls: they are taken as they stand, and their arguments
/// are referred to where they are.
#[allow(clippy::borrow_deref_ref, clippy::explicit_auto_deref, reason = "forms of references")]
#[differentiate(wrt(x), tape)]
fn calls_of_constants(net: &Net, table: &Table, x: f64, k: usize) -> f64 {
    let (head, weights) = (&net.head, &net.head.weights);
    let mut s = polynomial(&head.weights, 0.3) * largest(&net.head.weights);
    s += polynomial(&*weights, 0.2) * largest(weights) + largest(&*head.weights);
    s += polynomial(&table.rows[k], 0.1) * largest(&table.rows[k][1..]);
    s += table.weighted(k, &net.layers[k].weights) + weighted(&head.inner.k, 0.4);
    x * s
}

#[test]
fn fields_are_not_moved_out_of_where_they_are() {
    let (net, table) = (net(), Table { rows: vec![vec![0.1, 0.2], vec![0.5, 0.3, 0.4]] });
    for k in 0..2 {
        let taped = calls_of_constants::tape_value_and_grad(&net, &table, 0.7, k);
        assert_eq!(calls_of_constants::value_and_grad(&net, &table, 0.7, k), taped);
        agree(|x| calls_of_constants(&net, &table, x, k), 0.7, taped.1);
    }
}

/// What is copied of a constant, or found in it, leaves it as it is: the loop may run again.
#[differentiate(wrt(x), tape)]
fn copies_beside_a_loop(net: &Net, x: f64, n: usize) -> f64 {
    let mut s = x;
    #[checkpoint]
    for k in 0..n {
        let sines = net.head.weights.iter().map(|w| w.sin()).sum::<f64>();
        s = s.sin() + net.head.weights[k % 3] * sines + net.head.weights.split_at(1).0[0];
    }
    let (mut weights, ends) = (net.head.weights.to_vec(), net.head.inner.k.to_vec());
    weights.push(ends[0]);
    let found = net.head.weights.iter().find(|w| **w < 0.0).copied().unwrap_or(2.0);
    s * polynomial(&weights, 0.5) * polynomial(&net.head.weights, found)
}

#[test]
fn methods_that_look_leave_what_a_loop_reads_again() {
    let net = net();
    for n in [0, 1, 4] {
        let taped = copies_beside_a_loop::tape_value_and_grad(&net, 0.7, n);
        let (value, slope) = copies_beside_a_loop::value_and_grad(&net, 0.7, n);
        assert_eq!(value, copies_beside_a_loop(&net, 0.7, n));
        assert!((value - taped.0).abs() < 1e-15 && (slope - taped.1).abs() < 1e-15);
        agree(|x| copies_beside_a_loop(&net, x, n), 0.7, slope);
    }
}

#[derive(Clone, Debug, Differentiable)]
struct Beam {
    load: f64,
    marks: Vec<f64>,
    ends: [f64; 2],
}

/// The rest of a struct comes from one that is held constant.
#[differentiate(wrt(x), jvp)]
fn the_rest(like: &Beam, x: f64) -> f64 {
    let mut own = Beam { load: x.sin(), ..like.clone() };
    let mut s = own.marks[0] * x;
    for k in 0..own.marks.len() {
        own.marks[k] *= x;
        own = Beam { load: own.load * x, ..own };
        s += own.marks[k] * own.load * own.ends[k % 2];
    }
    s
}

#[test]
fn a_struct_is_completed_by_a_constant_one() {
    let like = Beam { load: 2.0, marks: vec![0.3, -0.4, 0.5], ends: [1.5, -0.7] };
    let slope = the_rest::grad(&like, 0.6);
    agree(|x| the_rest(&like, x), 0.6, slope);
    assert!((the_rest::jvp(&like, 0.6, 1.0).1 - slope).abs() < 1e-14);
}

#[differentiate(wrt(x))]
fn looked_up(table: &Table, x: f64) -> f64 {
    let row: &[f64] = table.row(0);
    let first: f64 = row.iter().zip(table.row(1)).map(|(a, b)| a * b * x).sum();
    let mut s = polynomial(table.row(1), x);
    for k in 0..2 {
        s += polynomial(&table.rows[k], 0.1 * s);
    }
    first + s
}

#[test]
fn what_a_method_returns_is_a_slice_where_that_is_said() {
    let table = Table { rows: vec![vec![0.1, 0.2, -0.5], vec![0.5, 0.3]] };
    agree(|x| looked_up(&table, x), 0.3, looked_up::grad(&table, 0.3));
}

#[differentiate(wrt(x))]
fn pulled(spring: &Spring, x: f64) -> f64 {
    let mut s = x;
    for _ in 0..3 {
        s += force(spring, s);
    }
    s
}

#[test]
fn fields_may_be_private() {
    let spring = Spring::new(0.4);
    agree(|x| pulled(&spring, x), 0.3, pulled::grad(&spring, 0.3));
}

/// What functions without annotation make of numbers without derivative.
fn row(k: usize) -> [f64; 2] {
    [k as f64, 2.0]
}

fn list(k: usize) -> Vec<f64> {
    vec![k as f64, 2.0]
}

fn pair(k: usize) -> (f64, f64) {
    (k as f64, 2.0)
}

fn constants(k: usize) -> model::Inner {
    model::Inner { k: [k as f64, 3.0] }
}

#[differentiate]
fn choices_of_rows(rows: &[[f64; 2]], h: f64, k: usize) -> f64 {
    let chosen = if k > 0 { row(k) } else { rows[k] };
    let mut last = match k {
        0 => rows[1],
        1 => [h, h * h],
        _ => row(3),
    };
    if k == 2 {
        last = row(4);
        last[0] *= h;
    }
    chosen[0] * chosen[1] * last[0] * h + last[1]
}

#[differentiate]
fn choices_of_lists(rows: &[Vec<f64>], h: f64, k: usize) -> f64 {
    let chosen = if k > 0 { list(k) } else { rows[k].clone() };
    let other = if k > 1 { vec![h, h * h] } else { list(k) };
    chosen.iter().zip(&other).map(|(a, b)| a * b * h).sum()
}

#[differentiate]
fn choices_of_tuples(pairs: &[(f64, f64)], h: f64, k: usize) -> f64 {
    let chosen = if k > 0 { pair(k) } else { pairs[k] };
    let other = if k > 1 { (h, chosen.1) } else { pair(2) };
    chosen.0 * other.1 * h + other.0
}

#[differentiate]
fn choices_of_structs(all: &[model::Inner], h: f64, k: usize) -> f64 {
    let chosen = if k > 0 { constants(k) } else { all[k] };
    let other = if k > 1 { model::Inner { k: [h, 1.0] } } else { constants(1) };
    chosen.k[0] * h + chosen.k[1] * other.k[0] * h
}

#[differentiate(wrt(rows, h))]
fn choices_of_slices(table: &Table, rows: &[Vec<f64>], h: f64, k: usize) -> f64 {
    let chosen = if k > 0 { table.row(0) } else { &rows[0] };
    let mut s = h;
    for a in chosen {
        s = s * a + h;
    }
    s
}

#[test]
fn one_branch_leaves_what_only_rustc_knows() {
    let h = 0.7;
    for k in 0..4 {
        let rows = |t: f64| [[t, 0.7], [1.1, -0.4]];
        let (by_rows, by_h) = choices_of_rows::grad(&rows(0.3), h, k);
        agree(|t| choices_of_rows(&rows(t), h, k), 0.3, by_rows[0][0]);
        agree(|h| choices_of_rows(&rows(0.3), h, k), h, by_h);

        let lists = |t: f64| [vec![0.3, t]];
        let (by_lists, by_h) = choices_of_lists::grad(&lists(0.4), h, k);
        agree(|t| choices_of_lists(&lists(t), h, k), 0.4, by_lists[0][1]);
        agree(|h| choices_of_lists(&lists(0.4), h, k), h, by_h);

        let pairs = |t: f64| [(t, 0.8)];
        let (by_pairs, by_h) = choices_of_tuples::grad(&pairs(0.4), h, k);
        agree(|t| choices_of_tuples(&pairs(t), h, k), 0.4, by_pairs[0].0);
        agree(|h| choices_of_tuples(&pairs(0.4), h, k), h, by_h);

        let structs = |t: f64| [model::Inner { k: [0.2, t] }];
        let (by_structs, by_h) = choices_of_structs::grad(&structs(0.4), h, k);
        agree(|t| choices_of_structs(&structs(t), h, k), 0.4, by_structs[0].k[1]);
        agree(|h| choices_of_structs(&structs(0.4), h, k), h, by_h);

        let table = Table { rows: vec![vec![0.1, 0.2, -0.5]] };
        let (by_lists, by_h) = choices_of_slices::grad(&table, &lists(0.4), h, k);
        agree(|t| choices_of_slices(&table, &lists(t), h, k), 0.4, by_lists[0][1]);
        agree(|h| choices_of_slices(&table, &lists(0.4), h, k), h, by_h);
    }
}
