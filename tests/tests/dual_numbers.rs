//! The dual numbers of the crate `num-dual` as an outside witness: value, gradient, products and
//! Hessian, and third derivatives by functions that call gradients.
//!
//! A body is written once and stands in two functions, one annotated, the other generic over dual
//! numbers; so it uses what both have.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use nalgebra::SVector;
use num_dual::{Dual2SVec64, DualNum, DualSVec64};

/// Asserts that two numbers agree to some last places, where both are finite.
#[track_caller]
fn assert_close(found: f64, expected: f64, scale: f64, what: &str) {
    let agree = match (found.is_finite(), expected.is_finite()) {
        (true, true) => (found - expected).abs() <= 1e-12 * scale.max(1.0),
        _ => found == expected || found.is_nan() && expected.is_nan(),
    };
    assert!(agree, "{what}: {found:e} instead of {expected:e}");
}

#[track_caller]
fn assert_all_close(found: &[f64], expected: &[f64], what: &str) {
    let scale = expected.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    for (k, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        assert_close(found, expected, scale, &format!("{what}, number {k}"));
    }
}

/// `name(parameter: length) at [points] { body }`
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($x:ident: $n:literal) at $points:tt $body:block)+) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[differentiate(jvp, hvp, hessian)]
            fn ours($x: [f64; $n]) -> f64 $body

            fn duals<D: DualNum<Primitive = f64> + Copy>($x: [D; $n]) -> D $body

            for at in $points {
                let point = SVector::<f64, $n>::from(at);
                let (value, slope) = num_dual::gradient(
                    |x: SVector<DualSVec64<$n>, $n>| duals(std::array::from_fn(|k| x[k])),
                    &point,
                );
                let (found, gradient) = ours::value_and_grad(at);
                assert_close(found, value, value.abs(), &format!("value at {at:?}"));
                assert_all_close(&gradient, slope.as_slice(), &format!("gradient at {at:?}"));

                let (_, _, curvature) = num_dual::hessian(
                    |x: SVector<Dual2SVec64<$n>, $n>| duals(std::array::from_fn(|k| x[k])),
                    &point,
                );
                let hessian = ours::hessian(at);
                let expected: [[f64; $n]; $n] =
                    std::array::from_fn(|i| std::array::from_fn(|j| curvature[(i, j)]));
                let what = format!("Hessian at {at:?}");
                assert_all_close(hessian.as_flattened(), expected.as_flattened(), &what);

                let direction: [f64; $n] = std::array::from_fn(|k| 0.7 - 0.4 * k as f64);
                let along = |row: &[f64; $n]| row.iter().zip(direction).map(|(a, b)| a * b).sum();
                let slopes: [f64; $n] = slope.into();
                let product: [f64; $n] = expected.each_ref().map(along);
                let scale = slopes.iter().map(|x| x.abs()).sum();
                let what = format!("derivative along a direction at {at:?}");
                assert_close(ours::jvp(at, direction).1, along(&slopes), scale, &what);
                let (again, found) = ours::hvp(at, direction);
                assert_all_close(&again, &slopes, &format!("gradient of the product at {at:?}"));
                assert_all_close(&found, &product, &format!("product at {at:?}"));
            }
        }
    )+};
}

functions! {
    trigonometry(x: 3) at [[0.3, -1.2, 2.0], [0.0, 0.0, 0.0], [-2.5, 0.7, 0.1]] {
        (x[0] * x[1]).sin() * x[2].cos() + (x[0] - x[2]).tan() * 0.1
    }

    inverse_trigonometry(x: 2) at [[0.3, -0.2], [0.0, 0.0], [-0.9, 0.5]] {
        x[0].asin() * x[1].acos() + (x[0] * x[1] + 0.4).atan() + x[0].atan2(x[1] + 2.0)
    }

    hyperbolics(x: 2) at [[0.3, -1.2], [0.0, 0.0], [-2.0, 0.8]] {
        x[0].sinh() * x[1].cosh() + (x[0] * x[1]).tanh() + x[0].asinh() + (x[1] * x[1] + 1.5).acosh()
            + (x[0] * 0.3).atanh()
    }

    exponentials(x: 2) at [[0.3, 1.2], [-1.0, 4.0], [2.5, 0.1]] {
        x[0].exp() * x[1].ln() + x[0].exp2() + x[0].exp_m1() * x[1].ln_1p() + x[1].log10() * x[1].log2()
            + x[1].log(3.0)
    }

    powers(x: 2) at [[0.3, 1.2], [1.0, 4.0], [2.5, 0.1]] {
        x[0].powi(5) + x[1].powi(-2) + x[0].powf(2.5) * x[1].sqrt() + (x[0] * x[1]).cbrt() + x[0].recip()
            + x[1].powi(3).powf(0.3)
    }

    quotients(x: 3) at [[0.3, -1.2, 2.0], [1.0, 1.0, 1.0], [-2.5, 0.7, 0.1]] {
        (x[0] / (x[1] * x[1] + x[2] * x[2])) / (x[0] * x[0] + 0.5) - (-x[1]) / x[2]
    }

    /// Second derivatives are zero on both sides, and the field's values at 0 are finite.
    absolute_values(x: 2) at [[0.3, -1.2], [-2.0, 3.0], [5.0, 0.25]] {
        x[0].abs() * x[1] + (x[0] * x[1]).abs().sqrt()
    }

    rosenbrock(x: 6) at [[1.0; 6], [0.3, -0.2, 0.8, 1.1, -1.0, 0.0], [-1.2, 1.0, -1.2, 1.0, -1.2, 1.0]] {
        let mut sum = x[0] * 0.0;
        for k in 0..x.len() - 1 {
            let bend = x[k + 1] - x[k] * x[k];
            let gap = x[k] - 1.0;
            sum += bend * bend * 100.0 + gap * gap;
        }
        sum
    }

    branches(x: 2) at [[0.3, 1.2], [1.0, -0.5], [-0.1, -2.0], [2.0, 3.0]] {
        let y = if x[0] > x[1] {
            x[0].sin() * x[1]
        } else if x[1] > 2.0 {
            x[0] * x[0] * x[1]
        } else {
            (x[0] * x[1]).exp()
        };
        y * y + x[1]
    }

    a_recurrence(x: 2) at [[0.3, 1.2], [0.9, -0.5], [-0.1, 2.0]] {
        let (mut a, mut b) = (x[0], x[1]);
        for k in 0..20 {
            let next = (a * b).sin() * 0.5 + b * 0.1;
            a = b + next * 0.01 * f64::from(k);
            b = next;
        }
        a * b
    }

    /// How often the loop turns depends on the numbers.
    newtons_method(x: 2) at [[0.5, 2.0], [1.5, 3.0], [0.2, 7.0]] {
        let mut root = x[1];
        let mut turns = 0;
        while turns < 50 {
            let step = (root * root * root + root * x[0] - x[1]) / (root * root * 3.0 + x[0]);
            root -= step;
            turns += 1;
            if step < 1e-14 && step > -1e-14 {
                break;
            }
        }
        root
    }

    an_early_return(x: 2) at [[0.5, 2.0], [-1.5, 3.0], [3.0, 0.1]] {
        let mut y = x[1];
        for k in 0..10 {
            y = y * x[0] + 0.3;
            if y > 5.0 {
                return y * y * f64::from(k);
            }
        }
        y.cos()
    }

    arrays_in_place(x: 3) at [[0.5, 2.0, -1.0], [-1.5, 0.3, 0.4], [1.0, 0.1, 0.0]] {
        let mut cells = [x[0], x[1], x[2], x[0] * x[1], x[2] * x[2]];
        for round in 0..4 {
            for k in 1..cells.len() - 1 {
                cells[k] = (cells[k - 1] + cells[k + 1]) * 0.4 + cells[k] * cells[k] * 0.1;
            }
            cells[round] *= x[1];
        }
        cells[1] * cells[2] + cells[3]
    }

    nested_loops(x: 2) at [[0.5, 0.2], [-0.3, 0.9], [1.1, -0.7]] {
        let mut sum = x[0] * 0.0;
        for i in 0..5 {
            let mut inner = x[1];
            for j in 0..=i {
                inner = inner * x[0] + f64::from(j);
            }
            sum += inner.sin();
        }
        sum
    }

    iterators(x: 4) at [[0.5, 0.2, -0.3, 1.0], [2.0, -1.0, 0.1, 0.4]] {
        let squares = x.iter().map(|&a| a * a * a).fold(x[0] * 0.0, |sum, a| sum + a);
        let products = x.iter().zip(x.iter().skip(1)).map(|(&a, &b)| a * b.sin()).fold(squares, |s, p| s * 0.5 + p);
        x.windows(3).fold(products, |sum, w| sum + w[0] * w[1] * w[2])
    }

    closures_and_shadows(x: 2) at [[0.5, 0.2], [-0.3, 0.9]] {
        let scale = x[0] * x[1];
        let f = |k: usize| (scale * x[k] + 1.0).sin();
        let y = f(0) + f(1) * scale;
        let y = y * y;
        y + scale
    }

    a_small_matrix(x: 4) at [[0.5, 0.2, -0.3, 1.0], [2.0, -1.0, 0.1, 0.4]] {
        let m = [[x[0], x[1]], [x[2], x[3]]];
        let mut p = m;
        for _ in 0..3 {
            let mut q = p;
            for i in 0..2 {
                for j in 0..2 {
                    q[i][j] = p[i][0] * m[0][j] + p[i][1] * m[1][j];
                }
            }
            p = q;
        }
        p[0][0] * p[1][1] - p[0][1] * p[1][0] * 0.5
    }

    /// A damped oscillator by Runge and Kutta's method.
    an_oscillator(x: 2) at [[1.0, 0.1], [4.0, 0.5]] {
        let (mut s, mut v) = (x[0] * 0.0 + 1.0, x[0] * 0.0);
        let h = 0.05;
        for _ in 0..40 {
            let (a1, b1) = (v, -(x[0] * s) - x[1] * v);
            let (s2, v2) = (s + a1 * (0.5 * h), v + b1 * (0.5 * h));
            let (a2, b2) = (v2, -(x[0] * s2) - x[1] * v2);
            s += a2 * h;
            v += b2 * h;
        }
        s * s + v
    }
}

/// `f'''` by the Hessian of a function that calls `f::grad`, against `num-dual`'s third derivative.
macro_rules! thirds {
    ($($name:ident($x:ident) at $points:tt $body:block)+) => {$(
        #[test]
        fn $name() {
            #[differentiate]
            fn ours($x: f64) -> f64 $body

            #[differentiate(hessian)]
            fn slope(x: f64) -> f64 {
                ours::grad(x)
            }

            fn duals<D: DualNum<Primitive = f64> + Copy>($x: D) -> D $body

            for at in $points {
                let (value, first, second, third) = num_dual::third_derivative(duals, at);
                let (found_first, found_second) = slope::value_and_grad(at);
                for (found, expected, what) in [
                    (ours(at), value, "value"),
                    (found_first, first, "first"),
                    (found_second, second, "second"),
                    (slope::hessian(at), third, "third"),
                ] {
                    assert_close(found, expected, expected.abs(), &format!("{what} at {at}"));
                }
            }
        }
    )+};
}

thirds! {
    third_of_elementary_functions(x) at [0.3, 1.2, 2.5] {
        x.sin() * x.exp() + x.ln() * x.sqrt() + x.powi(4) * x.tanh() + x.atan() / (x * x + 1.0)
    }

    third_through_a_loop(x) at [0.3, -0.4, 0.9] {
        let mut y = x;
        for k in 0..8 {
            y = (y * x).sin() + x * f64::from(k);
        }
        y
    }

    third_through_branches(x) at [0.3, -0.4, 1.9] {
        if x > 1.0 { (x * x).cos() } else if x > 0.0 { x.powf(3.5) } else { (x * 2.0).exp() * x }
    }
}
