//! PITFALLS C4, row by row, as far as it belongs to reverse mode of scalar code: the interface,
//! numerics, and what can stand around and inside a function.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate, stop_gradient};
use chainrule_tests::assert_close;
use num_traits::Float;

const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// A chaotic recurrence: one bit more or less in one step, and the end is another.
#[differentiate(tape)]
fn chaos(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in 0..n {
        y = if k % 3 == 2 { y * 3.9 * (1.0 - y) } else { 3.9 * y - 3.9 * y * y };
    }
    y
}

#[differentiate(tape)]
fn weighted(x: &[f64], w: &[f64]) -> f64 {
    let mut s = 0.0;
    let mut carried = 1.0;
    for i in 0..x.len() {
        carried = (carried * x[i]).sin() + w[i];
        s += carried * w[i];
    }
    s
}

/// In debug and in release alike: no contraction, no other order.
#[test]
fn c4_35_value_bit_for_bit() {
    for k in 0..50 {
        let x = 0.01 + 0.019 * f64::from(k);
        assert_eq!(chaos::value_and_grad(x, 1000).0.to_bits(), chaos(x, 1000).to_bits(), "{x}");
        assert_eq!(chaos::vjp(x, 1000, 2.0).0.to_bits(), chaos(x, 1000).to_bits(), "{x}");
    }
    let x: Vec<f64> = (0..1000).map(|k| (f64::from(k) * 0.37).sin()).collect();
    let w: Vec<f64> = x.iter().map(|e| e * 0.1 + 0.7).collect();
    assert_eq!(weighted::value_and_grad(&x, &w).0.to_bits(), weighted(&x, &w).to_bits());
}

#[test]
fn c4_36_a_second_call_gives_the_same() {
    let (x, w) = ([0.7, -0.2, 1.3], [0.5, 0.4, 0.9]);
    let first = weighted::value_and_grad(&x, &w);
    let _ = weighted::value_and_grad(&[5.0; 7], &[-3.0; 7]);
    assert_eq!(weighted::value_and_grad(&x, &w), first);
}

#[test]
fn c4_36_buffers_are_overwritten_or_added_to() {
    let (x, w) = ([0.7, -0.2, 1.3], [0.5, 0.4, 0.9]);
    let (value, gradient) = weighted::value_and_grad(&x, &w);
    let (mut dx, mut dw) = (vec![f64::NAN; 3], vec![f64::NAN; 3]);
    assert_eq!(weighted::value_and_grad_into(&x, &w, &mut dx, &mut dw), value);
    assert_eq!((&dx, &dw), (&gradient.0, &gradient.1));
    assert_eq!(weighted::value_and_grad_add_into(&x, &w, &mut dx, &mut dw), value);
    let doubled: Vec<f64> = gradient.0.iter().map(|e| 2.0 * e).collect();
    assert_close("added once more", &dx, &doubled, ROUNDING);
    assert_eq!(weighted::value_and_grad_into(&x, &w, &mut dx, &mut dw), value);
    assert_eq!((dx, dw), gradient);
}

#[test]
#[should_panic(
    expected = "`weighted`: the gradient buffer of `w` has length 2, but `w` has length 3"
)]
fn c4_37_a_buffer_of_another_length() {
    let (x, w) = ([0.7, -0.2, 1.3], [0.5, 0.4, 0.9]);
    weighted::value_and_grad_into(&x, &w, &mut vec![0.0; 3], &mut vec![0.0; 2]);
}

#[test]
#[should_panic(expected = "`doubled`: `cotangent` has length 3, but the result has length 2")]
fn c4_37_a_cotangent_of_another_length() {
    let _ = doubled::vjp(&[1.0, 2.0], vec![1.0; 3]);
}

#[differentiate]
fn doubled(x: &[f64]) -> Vec<f64> {
    let mut y = x.to_vec();
    for e in y.iter_mut() {
        *e *= 2.0;
    }
    y
}

#[test]
fn c4_38_the_same_variable_twice() {
    #[differentiate(tape)]
    fn itself(x: &[f64]) -> f64 {
        weighted(x, x)
    }
    let x = [0.7, -0.2, 1.3];
    let (value, (dx, dw)) = weighted::value_and_grad(&x, &x);
    let sum: Vec<f64> = dx.iter().zip(&dw).map(|(a, b)| a + b).collect();
    assert_eq!(itself::value_and_grad(&x).0, value);
    assert_close("macro", &itself::grad(&x), &sum, ROUNDING);
    assert_close("tape", &itself::tape_value_and_grad(&x).1, &sum, ROUNDING);
}

#[test]
fn c4_38_unused_arguments_and_branches() {
    #[differentiate(tape)]
    fn f(x: f64, unused: &[f64], sometimes: f64) -> f64 {
        let _ = unused.len();
        if x > 1.0 { x * sometimes } else { x }
    }
    assert_eq!(f::value_and_grad(0.5, &[f64::NAN; 2], f64::NAN), (0.5, (1.0, vec![0.0; 2], 0.0)));
    assert_eq!(f::value_and_grad(2.0, &[], 3.0), (6.0, (3.0, vec![], 2.0)));
    assert_eq!(f::tape_value_and_grad(2.0, &[], 3.0), (6.0, (3.0, vec![], 2.0)));
}

#[test]
fn c4_38_a_subset_is_the_subset() {
    #[differentiate(wrt(w))]
    fn by_w(x: &[f64], w: &[f64]) -> f64 {
        let mut s = 0.0;
        let mut carried = 1.0;
        for i in 0..x.len() {
            carried = (carried * x[i]).sin() + w[i];
            s += carried * w[i];
        }
        s
    }
    let (x, w) = ([0.7, -0.2, 1.3], [0.5, 0.4, 0.9]);
    let (value, (_, dw)) = weighted::value_and_grad(&x, &w);
    assert_eq!(by_w::value_and_grad(&x, &w), (value, dw));
}

/// Stopped: a constant for the derivative, wherever it stands.
#[test]
fn c4_38_stopped_gradients() {
    #[differentiate(tape)]
    fn in_a_branch(x: f64) -> f64 {
        let k = if x > 1.0 { stop_gradient(x) } else { 2.0 };
        k * 3.0
    }
    #[differentiate(tape)]
    fn in_a_loop(x: f64, n: usize) -> f64 {
        let mut y = x;
        for _ in 0..n {
            let scale = stop_gradient(y.abs() + 1.0);
            y = y / scale + x;
        }
        y
    }
    assert_eq!(in_a_branch::value_and_grad(1.5), (4.5, 0.0));
    assert_eq!(in_a_branch::value_and_grad(0.5), (6.0, 0.0));
    assert_eq!(in_a_branch::tape_value_and_grad(1.5), (4.5, 0.0));
    let x = 0.7_f64;
    let y = x / (x + 1.0) + x;
    let expected = (1.0 / (x + 1.0) + 1.0) / (y + 1.0) + 1.0;
    assert_close("macro", &in_a_loop::grad(x, 2), &expected, ROUNDING);
    assert_close("tape", &in_a_loop::tape_value_and_grad(x, 2).1, &expected, ROUNDING);
}

/// Names that generated code might use itself, as variables, loop variables and labels.
#[test]
fn c4_43_hygiene() {
    const STEPS: usize = 3;
    static LIMIT: usize = 2;
    mod units {
        pub(super) const SCALE: f64 = 0.5;
    }
    #[differentiate(wrt(x, d_x, value), tape)]
    fn f(x: f64, d_x: f64, value: &[f64], limit: usize) -> f64 {
        let mut tape = x * std::f64::consts::PI;
        let mut __adj = d_x;
        let mut μ = 1.0;
        let mut r#type = units::SCALE;
        'record: for ct in 0..STEPS {
            for shadow in value {
                if ct == limit {
                    break 'record;
                }
                let gradient = tape * shadow;
                tape = gradient.sin() + self::one() * __adj;
            }
            let record = tape;
            __adj += μ * record;
            μ *= 0.9;
            r#type += record;
        }
        let ct_x = r#type * __adj;
        let n = ct_x;
        n * μ
    }
    let at = (0.7, 0.4, vec![1.3, -0.2]);
    let (result, gradient) = f::value_and_grad(at.0, at.1, &at.2, LIMIT);
    assert_eq!(result.to_bits(), f(at.0, at.1, &at.2, LIMIT).to_bits());
    let slope = chainrule_tests::differences(|(x, d, v)| f(*x, *d, v, LIMIT), &at);
    assert_close("differences", &gradient, &slope, 1e-9);
    assert_close("tape", &f::tape_value_and_grad(at.0, at.1, &at.2, LIMIT).1, &gradient, 1e-13);
}

fn one() -> f64 {
    1.0
}

/// Names of std that a module shadows.
mod shadowed {
    use super::*;

    #[allow(dead_code)]
    type Vec = ();
    #[allow(dead_code)]
    type Option = ();
    #[allow(dead_code, non_camel_case_types)]
    type usize_ = ();
    #[allow(dead_code)]
    fn drop() {}
    mod core {}
    mod std {}

    #[differentiate]
    fn f(x: &[f64], n: usize) -> f64 {
        let mut y = 1.0;
        for k in 0..n {
            y = (y * x[k % x.len()]).sin() + if y > 0.5 { x[0] } else { 1.0 };
        }
        y
    }

    #[test]
    fn c4_43_names_of_std() {
        let (value, gradient) = f::value_and_grad(&[0.7, 0.2], 4);
        assert_eq!(value, f(&[0.7, 0.2], 4));
        assert_eq!(gradient.len(), 2);
    }
}

/// A `macro_rules!` of the user's may write the whole function.
#[test]
fn c4_43_a_function_from_a_macro() {
    macro_rules! power_sum {
        ($name:ident, $variable:ident, $power:expr) => {
            #[differentiate(tape)]
            fn $name($variable: &[f64]) -> f64 {
                let mut s = 0.0;
                for e in $variable {
                    s += e.powi($power);
                }
                s
            }
        };
    }
    power_sum!(squares, x, 2);
    power_sum!(cubes, x, 3);
    assert_eq!(squares::value_and_grad(&[2.0, 3.0]), (13.0, vec![4.0, 6.0]));
    assert_eq!(cubes::value_and_grad(&[2.0, 3.0]), (35.0, vec![12.0, 27.0]));
    assert_eq!(cubes::tape_value_and_grad(&[2.0, 3.0]), (35.0, vec![12.0, 27.0]));
}

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Line {
    slope: f64,
    offset: f64,
}

#[differentiate]
impl Line {
    /// The value at a place.
    fn at(&self, x: f64) -> f64 {
        if x > 0.0 { self.slope * x + self.offset } else { self.offset }
    }

    /// The sum of the values.
    fn sum(self, xs: &[f64]) -> f64 {
        xs.iter().map(|&x| self.at(x)).sum()
    }
}

#[test]
fn c4_44_methods() {
    let line = Line { slope: 2.0, offset: 1.0 };
    let slope_and_offset = |slope, offset| Line { slope, offset };
    assert_eq!(line.at_value_and_grad(3.0), (7.0, (slope_and_offset(3.0, 1.0), 2.0)));
    assert_eq!(line.at_value_and_grad(-3.0), (1.0, (slope_and_offset(0.0, 1.0), 0.0)));
    assert_eq!(line.at_grad(3.0), (slope_and_offset(3.0, 1.0), 2.0));
    assert_eq!(line.at_vjp(3.0, 10.0), (7.0, (slope_and_offset(30.0, 10.0), 20.0)));
    let (value, (d_line, dxs)) = line.sum_value_and_grad(&[1.0, 2.0]);
    assert_eq!((value, d_line, dxs), (8.0, slope_and_offset(3.0, 2.0), vec![2.0, 2.0]));
}

mod items {
    use super::*;

    /// Documented, generic, with a lifetime and bounds.
    #[differentiate]
    #[must_use]
    pub(crate) fn generic<'a, T>(x: &'a [T], scale: T) -> T
    where
        T: Float + 'a,
    {
        let mut s = T::zero();
        for &e in x {
            s = s + e * scale;
        }
        s
    }

    #[cfg(not(all()))]
    #[differentiate]
    fn never(x: f64) -> DoesNotExist {
        x
    }

    #[differentiate]
    #[inline]
    pub(super) const fn constant(x: f64, n: u32) -> f64 {
        let mut y = x;
        let mut k = 0;
        while k < n {
            y = y * x;
            k += 1;
        }
        y
    }
}

#[test]
fn c4_44_items() {
    assert_eq!(items::generic::value_and_grad(&[2.0_f64, 3.0], 5.0), (25.0, (vec![5.0; 2], 5.0)));
    assert_eq!(items::generic::value_and_grad(&[2.0_f32, 3.0], 5.0), (25.0, (vec![5.0; 2], 5.0)));
    const EIGHT: f64 = items::constant(2.0, 2);
    assert_eq!(items::constant::value_and_grad(2.0, 2), (EIGHT, 12.0));

    fn outer() -> f64 {
        #[differentiate]
        fn inner(x: f64) -> f64 {
            if x > 0.0 { x * x } else { 0.0 }
        }
        inner::grad(3.0)
    }
    assert_eq!(outer(), 6.0);
}

#[test]
fn c4_45_eight_threads_give_the_same() {
    let points: Vec<f64> = (0..100).map(|k| 0.01 + 0.0097 * f64::from(k)).collect();
    let run =
        || -> Vec<(f64, f64)> { points.iter().map(|&x| chaos::value_and_grad(x, 20)).collect() };
    let alone = run();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
}

/// A hidden `f64` would show in the last bit.
#[test]
fn c4_46_f32_stays_f32() {
    #[differentiate(tape)]
    fn f(x: f32, n: usize) -> f32 {
        let mut y = 0.1;
        let third = 1.0 / 3.0;
        for k in 0..n {
            y = y * x + third * 0.7 + k as f32 * 0.1;
        }
        y
    }
    for n in [0, 1, 10] {
        assert_eq!(f::value_and_grad(0.3, n).0.to_bits(), f(0.3, n).to_bits());
        assert_eq!(f::tape_value_and_grad(0.3, n).0.to_bits(), f(0.3, n).to_bits());
    }
    let (_, slope): (f32, f32) = f::value_and_grad(0.3, 1);
    assert_eq!(slope, 0.1);
}

/// The sum itself drifts in `f32`; its gradient does not.
#[test]
fn c4_46_gradient_of_a_long_sum() {
    #[differentiate]
    fn sum(x: &[f32]) -> f32 {
        let mut s = 0.0;
        for e in x {
            s += e;
        }
        s
    }
    let x = vec![0.1_f32; 1_000_000];
    let (value, gradient) = sum::value_and_grad(&x);
    assert_eq!(value.to_bits(), sum(&x).to_bits());
    assert_eq!(gradient, vec![1.0; 1_000_000]);
}

/// What is kept for the reverse sweep is stated.
#[test]
fn the_derivation_states_what_is_stored() {
    #[differentiate]
    fn straight(x: f64) -> f64 {
        if x > 0.0 { x.sin() } else { x }
    }
    let stored = weighted::DERIVATION.lines().last().unwrap_or_default();
    assert!(stored.starts_with("stores ") && stored.contains(" f64"), "{}", weighted::DERIVATION);
    // The derivative of a recurrence of one variable is carried along with it.
    assert!(chaos::DERIVATION.ends_with("stores nothing\n"), "{}", chaos::DERIVATION);
    assert!(!straight::DERIVATION.contains(" n f64"), "{}", straight::DERIVATION);
}
