//! Gradients of gradients on the tape: against differences of first gradients, which a plain tape
//! computes by other means, against derivatives known by heart, and against the macro.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule::tape::{
    HigherOrderTape, Links, Tape, TapeError, Var, concatenate, general_mat_mul, stack,
};
use ndarray::{Array1, Array2, Axis, array};

/// A function of a vector.
trait Function: for<'t> Fn(Var<'t, Array1<f64>>) -> Var<'t, f64> {}
impl<F: for<'t> Fn(Var<'t, Array1<f64>>) -> Var<'t, f64>> Function for F {}

/// The gradient by a plain tape.
fn gradient(f: &impl Function, at: &Array1<f64>) -> Array1<f64> {
    let tape = Tape::new();
    let x = tape.var(at.clone());
    f(x).backward();
    x.grad()
}

/// The Hessian by gradients of the gradient.
fn hessian(f: &impl Function, at: &Array1<f64>) -> Array2<f64> {
    let tape = HigherOrderTape::new();
    let x = tape.var(at.clone());
    let first = tape.grad(f(x), x);
    let rows = first.value().into_iter().enumerate().map(|(i, _)| match first.requires_grad() {
        true => tape.grad(first.at(i), x).value().to_vec(),
        false => vec![0.0; at.len()],
    });
    let all = rows.flatten().collect();
    Array2::from_shape_vec((at.len(), at.len()), all).unwrap()
}

/// The first gradient is the plain tape's; the Hessian is symmetric and that of differences.
#[track_caller]
fn check_at(name: &str, at: &Array1<f64>, f: impl Function) {
    let tape = HigherOrderTape::new();
    let x = tape.var(at.clone());
    let first = tape.grad(f(x), x).value();
    let plain = gradient(&f, at);
    assert!((&first - &plain).iter().all(|d| d.abs() < 1e-9), "{name}: {first} for {plain}");
    let found = hessian(&f, at);
    let step = 1e-5;
    for j in 0..at.len() {
        let (mut above, mut below) = (at.clone(), at.clone());
        above[j] += step;
        below[j] -= step;
        let difference = (gradient(&f, &above) - gradient(&f, &below)) / (2.0 * step);
        for i in 0..at.len() {
            let (d, h) = (difference[i], found[[i, j]]);
            assert!((d - h).abs() < 1e-6 * (1.0 + d.abs()), "{name} [{i}, {j}]: {h} for {d}");
            let other = found[[j, i]];
            assert!((other - h).abs() < 1e-9 * (1.0 + h.abs()), "{name} [{i}, {j}]: {h}, {other}");
        }
    }
}

#[track_caller]
fn check(name: &str, f: impl Function) {
    check_at(name, &array![0.31, 0.72, 0.55, 0.13, 0.91, 0.44], f);
}

macro_rules! each {
    ($(|$x:ident| $body:expr;)+) => {$(
        check(stringify!($body), |$x| $body);
    )+};
}

#[test]
fn elementary_functions_of_arrays() {
    each! {
        |x| x.sin().sum();
        |x| x.cos().sum();
        |x| x.tan().sum();
        |x| x.asin().sum();
        |x| x.acos().sum();
        |x| x.atan().sum();
        |x| x.sinh().sum();
        |x| x.cosh().sum();
        |x| x.tanh().sum();
        |x| x.asinh().sum();
        |x| (x + 1.5).acosh().sum();
        |x| x.atanh().sum();
        |x| x.exp().sum();
        |x| x.exp2().sum();
        |x| x.exp_m1().sum();
        |x| x.ln().sum();
        |x| x.log2().sum();
        |x| x.log10().sum();
        |x| x.ln_1p().sum();
        |x| x.log(x + 2.0).sum();
        |x| x.sqrt().sum();
        |x| x.cbrt().sum();
        |x| x.recip().sum();
        |x| x.powi(3).sum();
        |x| x.powf(2.5).sum();
        |x| x.powf(x).sum();
        |x| x.hypot(x * x).sum();
        |x| x.atan2(x * x + 0.5).sum();
        |x| (x / (x * x + 1.0)).sum();
        |x| (-x * x).sum();
        |x| x.mul_add(x, x * x * x).sum();
        |x| (x * 3.0 % (x + 0.4)).powi(2).sum();
        |x| (x * 3.0).rem_euclid(x + 0.4).powi(2).sum();
        |x| (x * x).to_degrees().to_radians().powi(2).sum();
        |x| (x - 0.5).abs().powi(3).sum();
        |x| x.max(x * x + 0.1).powi(2).sum();
        |x| x.min(x * x + 0.1).powi(2).sum();
        |x| x.clamp(0.2, 0.8).powi(2).sum();
        |x| (x.floor() * x + x.fract().powi(2)).sum();
        |x| x.copysign(x - 0.5).powi(3).sum();
        |x| (x - 0.5).relu().powi(2).sum();
        |x| (x - 0.5).leaky_relu(0.1).powi(2).sum();
        |x| (x - 0.5).sigmoid().sum();
        |x| (x - 0.5).softplus().sum();
        |x| (x - 0.5).silu().sum();
        |x| (x - 0.5).gelu().sum();
    }
}

#[test]
fn reductions() {
    each! {
        |x| x.sum().powi(3);
        |x| x.mean().unwrap().powi(3);
        |x| (x * x).var(1.0).powi(2);
        |x| (x * x).std(0.0);
        |x| x.norm_l2();
        |x| (x * x).norm_l1().powi(2);
        |x| x.product();
        |x| matrix(x).sum_axis(Axis(0)).powi(3).sum();
        |x| matrix(x).mean_axis(Axis(1)).unwrap().powi(3).sum();
        |x| matrix(x * x).var_axis(Axis(0), 1.0).powi(2).sum();
        |x| matrix(x).std_axis(Axis(1), 0.0).sum();
        |x| matrix(x).max_axis(Axis(0)).powi(3).sum();
        |x| matrix(x).min_axis(Axis(1)).powi(3).sum();
        |x| matrix(x).log_sum_exp(Axis(0)).sum();
        |x| matrix(x).softmax(Axis(1)).powi(2).sum();
        |x| matrix(x).log_softmax(Axis(0)).powi(2).sum();
    }
}

/// Two rows of three.
fn matrix(x: Var<'_, Array1<f64>>) -> Var<'_, Array2<f64>> {
    x.into_shape_with_order((2, 3)).unwrap()
}

fn some(x: Var<'_, Array1<f64>>, of: std::ops::Range<usize>) -> Var<'_, Array1<f64>> {
    x.select(Axis(0), &of.collect::<Vec<_>>())
}

#[test]
fn parts_and_products() {
    each! {
        |x| x.at(2) * x.at(2) * x.at(0) * x.at(5);
        |x| x.select(Axis(0), &[5, 3, 1]).powi(3).sum();
        |x| x.select(Axis(0), &[0, 0, 3]).powi(3).sum();
        |x| x.mapv_each(|e| if e > 0.5 { e.sin() } else { e * e }).powi(2).sum();
        |x| matrix(x).t().row(1).exp().sum();
        |x| matrix(x).dot(some(x, 0..3)).powi(2).sum();
        |x| some(x, 0..2).dot(matrix(x)).powi(2).sum();
        |x| matrix(x).t().dot(matrix(x)).powi(2).sum();
        |x| x.dot(x).powi(2);
        |x| matrix(x).t().matmul(matrix(x)).sin().sum();
        |x| (matrix(x) * matrix(x).row(0)).sin().sum();
        |x| (matrix(x) * x.at(0) + x.at(1)).sin().sum();
        |x| matrix(x).broadcast((2, 2, 3)).unwrap().exp().sum();
        |x| concatenate(Axis(0), &[x, x * x]).unwrap().sin().sum();
        |x| stack(Axis(1), &[x, x * x]).unwrap().row(1).sin().sum();
        |x| x.where_select(&array![true, false, true, false, true, false], x * x).powi(2).sum();
        |x| matrix(x).layer_norm(some(x, 0..3), some(x, 3..6), 0.1).powi(2).sum();
        |x| matrix(x).insert_axis(Axis(0)).conv1d(kernel(x), 1, 1).powi(2).sum();
        |x| matrix(x).cross_entropy(matrix(x * x));
        |x| image(x).conv2d(kernels(x), [1, 1], [1, 1]).powi(2).sum();
        |x| image(x).conv2d(kernels(x), [2, 1], [0, 1]).sin().sum();
        |x| image(x * x).max_pool2d([2, 2], [1, 1]).powi(3).sum();
        |x| image(x).conv2d(kernels(x), [1, 1], [1, 1]).max_pool2d([2, 2], [2, 2]).powi(2).sum();
    }
}

/// One image of two rows of three.
fn image(x: Var<'_, Array1<f64>>) -> Var<'_, ndarray::Array4<f64>> {
    x.into_shape_with_order((1, 1, 2, 3)).unwrap()
}

/// Three kernels of one row of two.
fn kernels(x: Var<'_, Array1<f64>>) -> Var<'_, ndarray::Array4<f64>> {
    x.into_shape_with_order((3, 1, 1, 2)).unwrap()
}

#[test]
fn arrays_that_change() {
    check("one element", |mut x| {
        for i in 1..6 {
            x.set(i, x.at(i) * x.at(i - 1).sin());
        }
        x.powi(2).sum()
    });
    check("all elements", |mut x| {
        for e in x.elements_mut().iter_mut() {
            *e = e.exp() * *e;
        }
        x.powi(2).sum() * x.fold(Var::from(0.5), |all, e| all * e)
    });
    check("parts", |x| {
        let mut y = matrix(x);
        y.row_mut(0).assign(some(x, 2..5).powi(2));
        *y.column_mut(1) *= some(x, 0..2);
        y.index_axis_mut(Axis(1), 2).mapv_inplace(|e| e.sin());
        y.powi(3).sum()
    });
    each! {
        |x| matrix(x).map_axis(Axis(1), |row| row.dot(row).sqrt()).exp().sum();
        |x| matrix(x).fold_axis(Axis(0), 1.0, |all, e| all * e).powi(2).sum();
        |x| matrix(x).product_axis(Axis(1)).powi(2).sum();
        |x| matrix(x).split_at(Axis(1), 1).0.flatten().exp().sum();
        |x| x.where_select(&x.mask(|e| e > 0.5), x * x).powi(3).sum();
    }
    check("general_mat_mul", |x| {
        let mut c = matrix(x).dot(matrix(x).t());
        general_mat_mul(x.at(0), &matrix(x), &matrix(x).t(), x.at(1), &mut c);
        c.sin().sum()
    });
}

/// Three kernels for two channels of one tap each.
fn kernel(x: Var<'_, Array1<f64>>) -> Var<'_, ndarray::Array3<f64>> {
    x.into_shape_with_order((3, 2, 1)).unwrap()
}

#[test]
fn scalars_in_the_order_of_a_program() {
    check("a loop", |x| {
        let mut state = x.at(0);
        for k in 1..6 {
            state =
                if k % 2 == 0 { (state * x.at(k)).sin() } else { state.mul_add(x.at(k), state) };
        }
        state.clamp(-2.0, 2.0) / (1.0 + state.powi(2))
    });
    check("min and max", |x| (x.at(0).max(x.at(1)) * x.at(2).min(x.at(3))).exp());
}

/// d/dx xⁿ, four times; and the fifth derivative of the sine is the cosine.
#[test]
fn any_order() {
    let tape = HigherOrderTape::new();
    let x = tape.var(0.7_f64);
    let (mut power, mut sine) = (x.powi(5), x.sin());
    for _ in 0..5 {
        (power, sine) = (tape.grad(power, x), tape.grad(sine, x));
    }
    assert!((power.value() - 120.0).abs() < 1e-9);
    assert!((sine.value() - 0.7_f64.cos()).abs() < 1e-12);
    assert_eq!(tape.grad(power, x).value(), 0.0);
}

/// A partial derivative that is zero at a point has a derivative there.
#[test]
fn where_the_first_derivative_is_zero() {
    let twice = |f: fn(Var<'_, f64>) -> Var<'_, f64>| {
        let tape = HigherOrderTape::new();
        let x = tape.var(0.0);
        tape.grad(tape.grad(f(x), x), x).value()
    };
    assert_eq!(twice(|x| x.powi(2)), 2.0);
    assert_eq!(twice(|x| x.powf(2.0)), 2.0);
    assert_eq!(twice(|x| x * x), 2.0);
    assert_eq!(twice(|x| x.cosh()), 1.0);
    assert_eq!(twice(|x| (x * 1e3).abs().powi(2)), 0.0 * 2e6);
    let tape = HigherOrderTape::new();
    let (x, y) = (tape.var(2.0), tape.var(0.0));
    // ∂²/∂x∂y xʸ = xʸ⁻¹ (1 + y ln x).
    let (dx, dy) = tape.grad(x.powf(y), (x, y));
    assert_eq!((tape.grad(dx, y).value(), tape.grad(dy, x).value()), (0.5, 0.5));
}

/// A branch that is not taken has no second derivative either.
#[test]
fn zero_cotangents_stay_zero() {
    let tape = HigherOrderTape::new();
    let x = tape.var(0.0);
    let y = x * x + tape.constant(0.0) * x.sqrt();
    let first = tape.grad(y, x);
    assert_eq!(first.value(), 0.0);
    assert_eq!(tape.grad(first, x).value(), 2.0);
}

#[differentiate(hessian, hvp)]
fn rosenbrock(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 1..x.len() {
        let (a, b) = (x[i - 1], x[i]);
        sum += (1.0 - a).powi(2) + 100.0 * (b - a * a).powi(2);
    }
    sum
}

#[test]
fn the_macro_finds_the_same() {
    let at = [0.3, -0.8, 1.2, 0.5];
    let tape = HigherOrderTape::new();
    let x: Vec<_> = at.iter().map(|&x| tape.var(x)).collect();
    let mut sum: Var<'_, f64> = Var::from(0.0);
    for pair in x.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let off: Var<'_, f64> = 1.0 - a;
        sum += off.powi(2);
        sum += 100.0 * (b - a * a).powi(2);
    }
    let first = tape.grad(sum, &x);
    let expected = rosenbrock::hessian(&at);
    for (row, expected) in first.iter().zip(&expected) {
        for (found, expected) in tape.grad(*row, &x).iter().zip(expected) {
            assert!((found.value() - expected).abs() < 1e-9 * (1.0 + expected.abs()));
        }
    }
    // The gradient of ⟨∇f, v⟩ is the Hessian times v.
    let v = [0.1, 0.2, -0.3, 0.4];
    let along: Var<'_, f64> = first.iter().zip(v).map(|(g, v)| *g * v).sum();
    let (_, expected) = rosenbrock::hvp(&at, v.to_vec());
    for (found, expected) in tape.grad(along, &x).iter().zip(expected) {
        assert!((found.value() - expected).abs() < 1e-9 * (1.0 + expected.abs()));
    }
}

/// Through another float and back, whose rounding no derivative sees.
#[test]
fn casts() {
    let tape = HigherOrderTape::new();
    let (x, all) = (tape.var(0.5_f64), tape.var(array![0.5, 0.25]));
    let y = x.cast::<f32>().cast::<f64>() * x * x;
    assert_eq!(tape.grad(tape.grad(y, x), x).value(), 3.0);
    let y = (all.cast::<f32>().cast::<f64>() * all * all).sum();
    let slope = tape.grad(y, all).sum();
    assert_eq!(tape.grad(slope, all).value(), array![3.0, 1.5]);
}

/// Gradients are variables as any others: `backward` goes through them.
#[test]
fn backward_through_a_gradient() {
    let tape = HigherOrderTape::new();
    let (w, x) = (tape.var(array![[0.2, -0.4], [0.7, 0.1]]), tape.var(array![1.0, 2.0]));
    let slope = tape.grad(w.dot(x).tanh().sum(), x);
    (slope * slope).sum().backward();
    let penalty = |w: &Array2<f64>| {
        let tape = Tape::new();
        let x = tape.var(array![1.0, 2.0]);
        tape.constant(w.clone()).dot(x).tanh().sum().backward();
        x.grad().mapv(|e| e * e).sum()
    };
    for at in [[0, 0], [0, 1], [1, 0], [1, 1]] {
        let (mut above, mut below) = (w.value(), w.value());
        above[at] += 1e-5;
        below[at] -= 1e-5;
        let difference = (penalty(&above) - penalty(&below)) / 2e-5;
        assert!((w.grad()[at] - difference).abs() < 1e-8);
    }
}

#[test]
fn what_cannot_be_asked_is_an_error() {
    let tape = HigherOrderTape::new();
    let (x, other) = (tape.var(array![1.0, 2.0]), HigherOrderTape::new());
    assert_eq!(tape.try_grad(x * x, x).unwrap_err(), TapeError::NonScalar { shape: vec![2] });
    let constant = tape.constant(1.0);
    assert_eq!(tape.try_grad(x.sum(), constant).unwrap_err(), TapeError::Untracked);
    let foreign = TapeError::ForeignTape { operation: "grad" };
    assert_eq!(tape.try_grad(other.var(1.0), x).unwrap_err(), foreign);
    assert_eq!(tape.try_grad(x.sum(), other.var(1.0)).unwrap_err(), foreign);
    let y = tape.var(1.0);
    assert_eq!(tape.grad(x.sum(), y).value(), 0.0);
}

/// What came onto the tape with numbers for its derivatives, as calls of annotated functions do
/// under `via = tape`, has a first derivative only.
#[test]
fn derivatives_that_are_numbers_are_not_differentiated_again() {
    let tape = HigherOrderTape::new();
    let x = tape.var(3.0);
    let mut links = Links::default();
    links.add(x, 6.0);
    let square = links.variable(9.0);
    let not_twice = Err(TapeError::NotTwice { operation: "a call of an annotated function" });
    assert_eq!(tape.try_grad(square, x).map(Var::value), not_twice);
    assert_eq!(tape.try_grad(square * x, x).map(Var::value), not_twice);
    // A first gradient is there, and what does not depend on it has second ones.
    (square * x).backward();
    assert_eq!(x.grad(), 27.0);
    let y = x * x + square.detach();
    assert_eq!(tape.grad(tape.grad(y, x), x).value(), 2.0);
}

/// Neither the sweep nor the drop recurses.
#[test]
fn a_long_chain() {
    let tape = HigherOrderTape::new();
    let x = tape.var(0.5_f64);
    let y = (0..20_000).fold(x, |y, _| y * 0.999_99 + 0.000_005);
    let first = tape.grad(y * y, x);
    let second = tape.grad(first, x).value();
    let slope = 0.999_99_f64.powi(20_000);
    assert!((second - 2.0 * slope * slope).abs() < 1e-9);
}
