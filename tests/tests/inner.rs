//! Gradients inside of differentiated functions: `g::grad(x)` in any mode, third and higher order.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::derivative;

#[track_caller]
fn assert_close(found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs();
    assert!(off <= tolerance * expected.abs().max(1.0), "{found} instead of {expected}");
}

/// PITFALLS 39: the inner derivative is by the inner variable.
#[test]
fn no_perturbation_confusion() {
    #[differentiate(wrt(y))]
    fn sum(x: f64, y: f64) -> f64 {
        x + y
    }
    #[differentiate(jvp, hvp, hessian)]
    fn times_one(x: f64) -> f64 {
        x * sum::grad(x, 1.0)
    }
    #[differentiate(wrt(y))]
    fn product(x: f64, y: f64) -> f64 {
        x * y
    }
    #[differentiate(jvp, hvp, hessian)]
    fn squared(x: f64) -> f64 {
        x * product::grad(x, 1.0)
    }
    assert_eq!(times_one::value_and_grad(1.0), (1.0, 1.0));
    assert_eq!(times_one::jvp(1.0, 1.0), (1.0, 1.0));
    assert_eq!(times_one::hessian(1.0), 0.0);
    assert_eq!(squared::value_and_grad(4.0), (16.0, 8.0));
    assert_eq!(squared::jvp(4.0, 1.0), (16.0, 8.0));
    assert_eq!((squared::hvp(4.0, 1.0), squared::hessian(4.0)), ((8.0, 2.0), 2.0));
    // The same variable twice: by the first argument only.
    #[differentiate(hessian)]
    fn twice(x: f64) -> f64 {
        product::grad(x, x) * x
    }
    assert_eq!((twice::grad(3.0), twice::hessian(3.0)), (6.0, 2.0));
}

/// Derivatives of derivatives of a function.
macro_rules! orders {
    ($($name:ident($x:ident) = $body:expr; $at:expr => [$($expected:expr),*];)*) => {$(
        #[test]
        fn $name() {
            #[differentiate]
            fn f($x: f64) -> f64 {
                $body
            }
            #[differentiate]
            fn first($x: f64) -> f64 {
                f::grad($x)
            }
            #[differentiate]
            fn second($x: f64) -> f64 {
                first::grad($x)
            }
            #[differentiate(jvp, hvp, hessian)]
            fn third($x: f64) -> f64 {
                second::grad($x)
            }
            let at: f64 = $at;
            let expected: [f64; 6] = [$($expected),*];
            let (of_third, fourth) = third::value_and_grad(at);
            assert_eq!(third(at), of_third);
            let (_, by_jvp) = third::jvp(at, 1.0);
            let (again, fifth) = third::hvp(at, 1.0);
            let found = [f(at), first(at), second(at), third(at), fourth, fifth];
            for (found, expected) in found.into_iter().zip(expected) {
                assert_close(found, expected, 1e-11);
            }
            assert_close(by_jvp, fourth, 1e-12);
            assert_close(again, fourth, 1e-12);
            assert_close(third::hessian(at), fifth, 1e-12);
        }
    )*};
}
orders! {
    power(x) = x.powi(5); 1.5 => [
        1.5_f64.powi(5), 5.0 * 1.5_f64.powi(4), 20.0 * 1.5_f64.powi(3), 60.0 * 2.25, 120.0 * 1.5, 120.0];
    power_at_zero(x) = x.powi(3) + x * x; 0.0 => [0.0, 0.0, 2.0, 6.0, 0.0, 0.0];
    sine(x) = x.sin(); 0.7 => [
        0.7_f64.sin(), 0.7_f64.cos(), -0.7_f64.sin(), -0.7_f64.cos(), 0.7_f64.sin(), 0.7_f64.cos()];
    exponential(x) = (2.0 * x).exp(); 0.3 => [
        0.6_f64.exp(), 2.0 * 0.6_f64.exp(), 4.0 * 0.6_f64.exp(), 8.0 * 0.6_f64.exp(),
        16.0 * 0.6_f64.exp(), 32.0 * 0.6_f64.exp()];
    reciprocal(x) = 1.0 / x; 2.0 => [0.5, -0.25, 0.25, -0.375, 0.75, -1.875];
    logarithm(x) = x.ln(); 2.0 => [2.0_f64.ln(), 0.5, -0.25, 0.25, -0.375, 0.75];
    times_sine(x) = x * x.sin(); 0.0 => [0.0, 0.0, 2.0, 0.0, -4.0, 0.0];
    branches(x) = if x > 0.0 { x * x * x } else { x }; 2.0 => [8.0, 12.0, 12.0, 6.0, 0.0, 0.0];
}

/// A factor of the inner gradient that is zero here is not zero beside.
#[test]
fn a_factor_that_is_zero() {
    #[differentiate(wrt(y))]
    fn f(x: f64, y: f64) -> f64 {
        x * y.sin() + x * y.sqrt()
    }
    #[differentiate(jvp, hvp)]
    fn by_y(x: f64, y: f64) -> f64 {
        f::grad(x, y)
    }
    let y = 0.7_f64;
    let (value, (by_x, by_y_again)) = by_y::value_and_grad(0.0, y);
    assert_eq!((value, by_y_again), (0.0, 0.0));
    assert_close(by_x, y.cos() + 0.5 / y.sqrt(), 1e-15);
    assert_close(by_y::jvp(0.0, y, 1.0, 0.0).1, by_x, 1e-15);
    let (_, (_, mixed)) = by_y::hvp(0.0, y, 1.0, 0.0);
    assert_close(mixed, -y.sin() - 0.25 * y.powf(-1.5), 1e-14);
}

#[differentiate]
fn potential(x: &[f64], k: f64) -> f64 {
    let mut s = 0.0;
    for i in 0..x.len() {
        s += (x[i] * k).sin() * x[i];
        if i > 0 {
            s += x[i] * x[i - 1] * x[i - 1];
        }
    }
    s
}

/// A penalty on the gradient.
#[differentiate(jvp, hvp, hessian)]
fn penalised(x: &[f64], k: f64) -> f64 {
    let (value, (force, by_k)) = potential::value_and_grad(x, k);
    let mut s = value + 0.1 * by_k;
    for f in &force {
        s += 0.5 * f * f;
    }
    s
}

#[test]
fn a_gradient_penalty() {
    let (x, k) = ([0.3, -0.8, 1.1, 0.4], 0.7);
    let (value, (by_x, by_k)) = penalised::value_and_grad(&x, k);
    assert_eq!(value, penalised(&x, k));
    for j in 0..x.len() {
        let f = |at: f64| {
            let mut x = x;
            x[j] = at;
            penalised(&x, k)
        };
        assert_close(by_x[j], derivative(f, x[j]), 1e-9);
    }
    assert_close(by_k, derivative(|k| penalised(&x, k), k), 1e-9);
    let tangent = vec![0.2, 0.5, -0.3, 1.0];
    let expected: f64 = by_x.iter().zip(&tangent).map(|(a, b)| a * b).sum::<f64>() + by_k * 0.6;
    let (again, along) = penalised::jvp(&x, k, tangent.clone(), 0.6);
    assert_eq!(again, value);
    assert_close(along, expected, 1e-12);
    let (_, (product, _)) = penalised::hvp(&x, k, tangent.clone(), 0.6);
    let ((xx, xk), _) = penalised::hessian(&x, k);
    for j in 0..x.len() {
        let slope = |step: f64| {
            let moved: Vec<f64> = x.iter().zip(&tangent).map(|(x, t)| x + step * t).collect();
            penalised::grad(&moved, k + step * 0.6).0[j]
        };
        assert_close(product[j], derivative(slope, 0.0), 1e-8);
        let row: f64 = xx[j].iter().zip(&tangent).map(|(a, b)| a * b).sum::<f64>() + xk[j] * 0.6;
        assert_close(row, product[j], 1e-11);
    }
}

/// A network with one input, and a loss by its derivatives: u'' = f.
mod network {
    use chainrule::differentiate;

    /// u(x) = Σ aₖ tanh(wₖ x + bₖ)
    #[differentiate(wrt(x))]
    pub(super) fn u(x: f64, w: &[[f64; 3]]) -> f64 {
        let mut s = 0.0;
        for unit in w {
            s += unit[0] * (unit[1] * x + unit[2]).tanh();
        }
        s
    }

    #[differentiate(wrt(x))]
    pub(super) fn slope(x: f64, w: &[[f64; 3]]) -> f64 {
        u::grad(x, w)
    }

    #[differentiate(wrt(x))]
    pub(super) fn bend(x: f64, w: &[[f64; 3]]) -> f64 {
        slope::grad(x, w)
    }

    #[differentiate(wrt(w), jvp)]
    pub(super) fn loss(w: &[[f64; 3]], points: &[f64]) -> f64 {
        let mut s = u(0.0, w).powi(2);
        for x in points {
            let gap = bend(*x, w) + x.sin();
            s += gap * gap;
        }
        s
    }
}

#[test]
fn a_loss_by_second_derivatives() {
    let w = [[0.7, 1.1, -0.2], [0.4, -0.6, 0.5]];
    let bend: f64 = w
        .iter()
        .map(|[a, w, b]: &[f64; 3]| {
            let t = (w * 0.3 + b).tanh();
            -2.0 * a * w * w * t * (1.0 - t * t)
        })
        .sum();
    assert_close(network::bend(0.3, &w), bend, 1e-14);
    let points = [0.3, 0.9, -0.5];
    let (value, by_w) = network::loss::value_and_grad(&w, &points);
    assert_eq!(value, network::loss(&w, &points));
    for k in 0..2 {
        for j in 0..3 {
            let f = |at: f64| {
                let mut w = w;
                w[k][j] = at;
                network::loss(&w, &points)
            };
            assert_close(by_w[k][j], derivative(f, w[k][j]), 1e-9);
        }
    }
    let (_, along) = network::loss::jvp(&w, &points, vec![[1.0, 0.0, 0.5], [0.0, -1.0, 0.0]]);
    assert_close(along, by_w[0][0] + 0.5 * by_w[0][2] - by_w[1][1], 1e-12);
}

/// A step of Newton's method, differentiated by what the function depends on.
#[test]
fn a_newton_step() {
    #[differentiate(wrt(y))]
    fn energy(y: f64, a: f64) -> f64 {
        y.powi(4) + a * y * y - y
    }
    #[differentiate(wrt(y))]
    fn slope(y: f64, a: f64) -> f64 {
        energy::grad(y, a)
    }
    #[differentiate(hvp)]
    fn step(y: f64, a: f64) -> f64 {
        let (slope, bend) = slope::value_and_grad(y, a);
        y - slope / bend
    }
    let (y, a) = (0.6, 0.8);
    let by_hand =
        |y: f64, a: f64| y - (4.0 * y * y * y + 2.0 * a * y - 1.0) / (12.0 * y * y + 2.0 * a);
    assert_close(step(y, a), by_hand(y, a), 1e-15);
    let (by_y, by_a) = step::grad(y, a);
    assert_close(by_y, derivative(|y| by_hand(y, a), y), 1e-10);
    assert_close(by_a, derivative(|a| by_hand(y, a), a), 1e-10);
    let (_, (_, second)) = step::hvp(y, a, 0.0, 1.0);
    assert_close(second, derivative(|a| step::grad(y, a).1, a), 1e-9);
}

/// Arrays, tuples, constants of the function's own place; the result is used in a loop.
mod elsewhere {
    use chainrule::differentiate;

    const STIFFNESS: f64 = 1.5;

    #[differentiate]
    pub(super) fn spring(p: [f64; 2], rest: (f64, f64), n: usize) -> f64 {
        let mut s = 0.0;
        for k in 0..n {
            s += STIFFNESS * (p[0] - rest.0).powi(2) * (k as f64 + p[1] * rest.1).sin();
        }
        s
    }
}

#[test]
fn moved_by_a_force() {
    use elsewhere::spring;

    #[differentiate(wrt(start, rest), jvp)]
    fn moved(start: [f64; 2], rest: f64, steps: usize) -> f64 {
        let mut p = start;
        for _ in 0..steps {
            let (force, (a, _)) = spring::grad(p, (rest, 0.4), 3);
            p[0] -= 0.1 * force[0];
            p[1] -= 0.1 * force[1] + 0.01 * a;
        }
        p[0] * p[1]
    }
    let (start, rest) = ([0.9, 0.5], 0.3);
    for steps in 0..4 {
        let (value, (by_start, by_rest)) = moved::value_and_grad(start, rest, steps);
        assert_eq!(value, moved(start, rest, steps));
        assert_close(by_rest, derivative(|rest| moved(start, rest, steps), rest), 1e-9);
        let f = |x: f64| moved([x, start[1]], rest, steps);
        assert_close(by_start[0], derivative(f, start[0]), 1e-9);
        let (_, along) = moved::jvp(start, rest, steps, [1.0, 0.0], 2.0);
        assert_close(along, by_start[0] + 2.0 * by_rest, 1e-12);
    }
}

/// The copy's cotangents are added to those of what was copied, as a whole.
#[differentiate]
fn of_a_copy(a: f64, x: &[f64], n: usize) -> f64 {
    let mut places = [a.cos(), a.sin()];
    let copy = places;
    places = [copy[1] * x[n % x.len()], copy[0]];
    places[n % 2] + copy[n % 2]
}

#[differentiate(wrt(a, x))]
fn slope_of_a_copy(a: f64, x: &[f64]) -> f64 {
    let (_, (slope, _)) = of_a_copy::value_and_grad(a, x, 0);
    slope
}

#[test]
fn shadows_that_are_added_to_each_other() {
    let (a, x) = (0.6_f64, [0.3, -0.4]);
    // cos a + x₀ sin a has the slope x₀ cos a - sin a.
    let (value, (by_a, by_x)) = slope_of_a_copy::value_and_grad(a, &x);
    assert!((value - (x[0] * a.cos() - a.sin())).abs() < 1e-15);
    assert!((by_a - (-x[0] * a.sin() - a.cos())).abs() < 1e-15);
    assert_eq!(by_x, [a.cos(), 0.0]);
}

/// What is pushed is dropped by the sweep, and pushed again by the sweep of that.
#[differentiate]
fn grown(a: f64, x: &[f64]) -> f64 {
    let mut rows = vec![vec![a.sin(), x[0]]];
    rows.push(vec![a * x[1], a, x[0] * x[0]]);
    let row = vec![x[1] * x[1] * a];
    rows.push(row);
    rows[1][0] * rows[0][1] * rows[1][2] * a + rows[1][1] * rows[0][0] * rows[2][0]
}

#[differentiate(jvp, hvp, hessian)]
fn slope_of_grown(a: f64, x: &[f64]) -> f64 {
    let (by_a, by_x) = grown::grad(a, x);
    by_a * by_a + by_x[0] * by_x[1]
}

#[test]
fn memories_that_are_pushed() {
    let (a, x) = (0.6_f64, [0.3_f64, -0.4]);
    // x₀³x₁a² + a²x₁²·sin a
    let by_a = 2.0 * a * x[0].powi(3) * x[1] + (2.0 * a * a.sin() + a * a * a.cos()) * x[1] * x[1];
    let by_x =
        [3.0 * x[0] * x[0] * x[1] * a * a, x[0].powi(3) * a * a + 2.0 * a * a * x[1] * a.sin()];
    let (value, (slope, slopes)) = slope_of_grown::value_and_grad(a, &x);
    assert_close(value, by_a * by_a + by_x[0] * by_x[1], 1e-14);
    assert_close(slope, derivative(|a| slope_of_grown(a, &x), a), 1e-9);
    assert_close(slopes[0], derivative(|x0| slope_of_grown(a, &[x0, x[1]]), x[0]), 1e-9);
    assert_close(slopes[1], derivative(|x1| slope_of_grown(a, &[x[0], x1]), x[1]), 1e-9);
    let (_, along) = slope_of_grown::jvp(a, &x, 0.5, vec![1.0, -2.0]);
    assert_close(along, 0.5 * slope + slopes[0] - 2.0 * slopes[1], 1e-13);
}

/// Structs: the gradient is one, its parts are differentiated again.
mod structs {
    use chainrule::{Differentiable, differentiate};

    #[derive(Clone, Debug, PartialEq, Differentiable)]
    pub(super) struct Layer {
        pub w: Vec<f64>,
        pub b: f64,
        pub s: [f64; 2],
        #[constant]
        pub n: usize,
    }

    #[derive(Clone, Debug, PartialEq, Differentiable)]
    pub(super) struct Net {
        pub layer: Layer,
        pub k: f64,
    }

    #[differentiate]
    pub(super) fn energy(layer: &Layer, x: f64) -> f64 {
        let mut h = x;
        for w in &layer.w {
            h = (h * w + layer.b).sin() + layer.s[1];
        }
        h * layer.s[0] * layer.n as f64
    }

    #[differentiate]
    pub(super) fn scaled(net: Net, x: f64) -> f64 {
        energy(&net.layer, x * net.k) * net.k + net.layer.b
    }

    #[differentiate(jvp, hvp)]
    pub(super) fn penalty(net: &Net, x: f64) -> f64 {
        let (value, (d, by_x)) = scaled::value_and_grad(net.clone(), x);
        value * d.k + d.layer.b * d.layer.w[1] * by_x + d.layer.s.iter().sum::<f64>()
    }

    /// The struct is made here.
    #[differentiate(jvp)]
    pub(super) fn made(a: f64, b: f64) -> f64 {
        let layer = Layer { w: vec![a, b, a * b], b: a.sin(), s: [b, 1.0], n: 2 };
        let (d, by_x) = energy::grad(&layer, a);
        d.b * by_x + d.w[2] * d.s[0] + d.w.iter().map(|e| e * b).sum::<f64>()
    }
}

#[test]
fn gradients_that_are_structs() {
    use structs::{Layer, Net, made, penalty};

    let layer = Layer { w: vec![0.3, -0.7, 1.1], b: 0.2, s: [0.9, -0.4], n: 3 };
    let (net, x) = (Net { layer, k: 1.3 }, 0.6);
    let (value, (slope, by_x)) = penalty::value_and_grad(&net, x);
    assert_close(value, penalty(&net, x), 1e-14);
    assert_close(by_x, derivative(|x| penalty(&net, x), x), 1e-9);
    let by = |change: fn(&mut Net, f64)| {
        let moved = |step: f64| {
            let mut net = net.clone();
            change(&mut net, step);
            penalty(&net, x)
        };
        derivative(moved, 0.0)
    };
    assert_close(slope.k, by(|net, step| net.k += step), 1e-9);
    assert_close(slope.layer.b, by(|net, step| net.layer.b += step), 1e-9);
    assert_close(slope.layer.w[0], by(|net, step| net.layer.w[0] += step), 1e-9);
    assert_close(slope.layer.w[2], by(|net, step| net.layer.w[2] += step), 1e-9);
    assert_close(slope.layer.s[1], by(|net, step| net.layer.s[1] += step), 1e-9);
    let unit = Layer { w: vec![0.0, 0.0, 1.0], b: 2.0, s: [0.0; 2], n: 3 };
    let unit = Net { layer: unit, k: 0.0 };
    let (_, along) = penalty::jvp(&net, x, unit.clone(), 0.0);
    assert_close(along, slope.layer.w[2] + 2.0 * slope.layer.b, 1e-12);
    let (_, (product, _)) = penalty::hvp(&net, x, unit, 0.0);
    let slope_of_k = |step: f64| {
        let mut net = net.clone();
        net.layer.w[2] += step;
        net.layer.b += 2.0 * step;
        penalty::grad(&net, x).0.k
    };
    assert_close(product.k, derivative(slope_of_k, 0.0), 1e-8);

    let (_, (by_a, by_b)) = made::value_and_grad(0.4, 0.7);
    assert_close(by_a, derivative(|a| made(a, 0.7), 0.4), 1e-9);
    assert_close(by_b, derivative(|b| made(0.4, b), 0.7), 1e-9);
}
