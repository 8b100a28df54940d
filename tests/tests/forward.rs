//! `jvp` and `hvp` where the list of functions does not reach: second derivatives at special points,
//! shapes, methods, generics.

#![forbid(unsafe_code)]

use chainrule::differentiate;

/// `hvp` of functions of one variable in direction 1, and `hessian`: the second derivative.
macro_rules! second {
    ($($name:ident($x:ident) = $body:expr; $($at:expr => $expected:expr),+;)*) => {$(
        #[test]
        fn $name() {
            #[differentiate(hvp, hessian)]
            fn f($x: f64) -> f64 {
                $body
            }
            $(
                let (_, second) = f::hvp($at, 1.0);
                let expected: f64 = $expected;
                assert!(
                    second == expected || (second - expected).abs() <= 1e-12 * expected.abs(),
                    "at {}: {second}, not {expected}", $at
                );
                let hessian = f::hessian($at);
                assert!(
                    hessian == expected || (hessian - expected).abs() <= 1e-12 * expected.abs(),
                    "at {}: {hessian}, not {expected}", $at
                );
            )+
        }
    )*};
}
second! {
    powi_0(x) = x.powi(0); 0.0 => 0.0, 2.0 => 0.0;
    powi_1(x) = x.powi(1); 0.0 => 0.0, 2.0 => 0.0;
    powi_2(x) = x.powi(2); 0.0 => 2.0, -1.5 => 2.0;
    powi_3(x) = x.powi(3); 0.0 => 0.0, 2.0 => 12.0;
    powi_minus_1(x) = x.powi(-1); 2.0 => 0.25;
    square(x) = x * x; 0.0 => 2.0, f64::MAX => 2.0;
    cube(x) = x * x * x; 0.0 => 0.0, 2.0 => 12.0;
    powf_0(x) = x.powf(0.0); 0.0 => 0.0, 2.0 => 0.0;
    powf_1(x) = x.powf(1.0); 0.0 => 0.0, 2.0 => 0.0;
    powf_2(x) = x.powf(2.0); 0.0 => 2.0, -3.0 => 2.0;
    powf_3(x) = x.powf(3.0); 0.0 => 0.0, 2.0 => 12.0;
    abs(x) = x.abs(); 0.0 => 0.0, -0.0 => 0.0, 2.0 => 0.0;
    abs_of_a_square(x) = (x * x).abs(); 0.0 => 0.0, 2.0 => 2.0;
    max_at_a_tie(x) = (x * x).max(x); 1.0 => 1.0, 2.0 => 2.0;
    min_at_a_tie(x) = (x * x).min(x); 1.0 => 1.0, 2.0 => 0.0;
    clamped(x) = (x * x * x).clamp(0.0, 8.0); 1.0 => 6.0, 3.0 => 0.0;
    sqrt_of_a_constant_branch(x) = if x > 0.0 { x.sqrt() } else { 0.0 }; 0.0 => 0.0, -1.0 => 0.0;
    sin(x) = x.sin(); 0.0 => 0.0;
    cos(x) = x.cos(); 0.0 => -1.0;
    exp_of_minus_infinity(x) = (-1.0 / x).exp(); 1e-300 => 0.0;
    sigmoid(x) = 1.0 / (1.0 + (-x).exp()); -1000.0 => 0.0, 0.0 => 0.0, 1000.0 => 0.0;
    softplus(x) = x.exp().ln_1p(); -1000.0 => 0.0, 0.0 => 0.25;
    tanh(x) = x.tanh(); 1000.0 => 0.0, 0.0 => 0.0;
    underflow(x) = (-x).exp().sqrt(); 1600.0 => 0.0;
    floor(x) = x.floor() * x; 1.5 => 0.0;
    fract(x) = x.fract() * x; 1.5 => 2.0;
    stopped(x) = chainrule::stop_gradient(x) * x; 3.0 => 0.0;
    copysign(x) = (x * x).copysign(-1.0); 1.0 => -2.0;
    atan(x) = x.atan(); 0.0 => 0.0, 1.0 => -0.5;
    x_times_sin(x) = x * x.sin(); 0.0 => 2.0;
    x_times_ln_1p(x) = x * x.ln_1p(); 0.0 => 2.0;
    runtime_exponent_of_a_square(x) = { let n = if x > -9.0 { 2 } else { 3 }; x.powi(n) }; 0.0 => 2.0;
}

/// A factor that is zero at the point, though its tangent is not: the mixed derivative is there.
#[test]
fn mixed_derivatives_where_a_factor_is_zero() {
    #[differentiate(hvp)]
    fn by_sin(x: f64, y: f64) -> f64 {
        x * y.sin()
    }
    #[differentiate(hvp)]
    fn by_exp(x: f64, y: f64) -> f64 {
        x * y.exp()
    }
    #[differentiate(hvp)]
    fn by_division(x: f64, y: f64) -> f64 {
        x / y
    }
    #[differentiate(hvp)]
    fn by_sqrt(x: f64, y: f64) -> f64 {
        x * y.sqrt()
    }
    #[differentiate(hvp)]
    fn by_powf(x: f64, y: f64) -> f64 {
        x * y.powf(1.5)
    }
    let y = 0.7_f64;
    let close = |(_, (a, b)): ((f64, f64), (f64, f64)), mixed: f64| {
        assert!(a == 0.0 && (b - mixed).abs() < 1e-15 * mixed.abs().max(1.0), "{a} {b} {mixed}");
    };
    close(by_sin::hvp(0.0, y, 1.0, 0.0), y.cos());
    close(by_exp::hvp(0.0, y, 1.0, 0.0), y.exp());
    close(by_division::hvp(0.0, y, 1.0, 0.0), -1.0 / (y * y));
    close(by_sqrt::hvp(0.0, y, 1.0, 0.0), 0.5 / y.sqrt());
    close(by_powf::hvp(0.0, y, 1.0, 0.0), 1.5 * y.sqrt());
    // From the other side.
    let (_, (a, b)) = by_sin::hvp(0.0, y, 0.0, 1.0);
    assert_eq!((a, b), (y.cos(), 0.0));
}

/// What is not moved has no part, also where a derivative is infinite.
#[test]
fn a_zero_tangent_stays_zero() {
    #[differentiate(jvp, hvp)]
    fn f(x: f64, y: f64) -> f64 {
        x.sqrt() + y * y
    }
    assert_eq!(f::jvp(0.0, 3.0, 0.0, 1.0), (9.0, 6.0));
    assert_eq!(f::jvp(0.0, 3.0, 1.0, 0.0), (9.0, f64::INFINITY));
    let (_, second) = f::hvp(0.0, 3.0, 0.0, 1.0);
    assert_eq!(second, (0.0, 2.0));
}

/// Where reverse mode passes on a zero cotangent, forward mode passes on a zero.
#[test]
fn zero_times_an_infinite_tangent() {
    #[differentiate(jvp, hvp)]
    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }
    #[differentiate(jvp)]
    fn three_halves(x: f64) -> f64 {
        x * x.sqrt()
    }
    #[differentiate(jvp)]
    fn in_a_loop(x: &[f64]) -> f64 {
        let mut s = 0.0_f64;
        for e in x {
            s += e * e.sqrt() * s.exp();
        }
        s
    }
    assert_eq!(sigmoid::jvp(-1000.0, 1.0), (0.0, 0.0));
    assert_eq!(three_halves::jvp(0.0, 1.0), (0.0, three_halves::grad(0.0)));
    assert_eq!(in_a_loop::grad(&[0.0, 0.0]), [0.0, 0.0]);
    assert_eq!(in_a_loop::jvp(&[0.0, 0.0], vec![1.0, 1.0]), (0.0, 0.0));
}

/// Hessian of x²y (PITFALLS 40).
#[test]
fn hessian_of_x_squared_y() {
    #[differentiate(hvp, hessian)]
    fn f(x: f64, y: f64) -> f64 {
        x * x * y
    }
    assert_eq!(f::hessian(3.0, 5.0), ((10.0, 6.0), (6.0, 0.0)));
    assert_eq!(f::hvp(3.0, 5.0, 1.0, 0.0), ((30.0, 9.0), (10.0, 6.0)));
    assert_eq!(f::hvp(3.0, 5.0, 0.0, 1.0), ((30.0, 9.0), (6.0, 0.0)));
}

#[differentiate(jvp, wrt(x))]
fn first_of_two(x: &[f64], k: f64) -> Result<(f64, Vec<f64>), String> {
    if x.is_empty() {
        return Err("empty".to_string());
    }
    Ok((x[0] * k, x.iter().map(|e| e * x[0]).collect()))
}

#[test]
fn results_and_tuples() {
    let done = first_of_two::jvp(&[2.0, 3.0], 5.0, vec![1.0, 0.5]);
    assert_eq!(done, Ok(((10.0, vec![4.0, 6.0]), (5.0, vec![4.0, 4.0]))));
    assert_eq!(first_of_two::jvp(&[], 5.0, vec![]), Err("empty".to_string()));
}

#[test]
#[should_panic(expected = "`first_of_two`: the tangent of `x` has length 1, but `x` has length 2")]
fn a_tangent_of_another_length() {
    let _ = first_of_two::jvp(&[2.0, 3.0], 5.0, vec![1.0]);
}

#[derive(Clone, Debug, chainrule::Differentiable)]
struct Scale {
    by: f64,
}

#[differentiate]
impl Scale {
    #[differentiate(jvp, hvp)]
    fn squared(&self, x: f64) -> f64 {
        self.by * x * x
    }
}

#[test]
fn methods_have_siblings() {
    let scale = Scale { by: 3.0 };
    assert_eq!(scale.squared_jvp(2.0, Scale { by: 0.5 }, 1.0), (12.0, 14.0));
    let (gradient, product) = scale.squared_hvp(2.0, Scale { by: 0.5 }, 1.0);
    assert_eq!((gradient.0.by, gradient.1), (4.0, 12.0));
    assert_eq!((product.0.by, product.1), (4.0, 8.0));
}

/// The third derivative from differences of `hvp` is that of the formula: x⁴ in a loop with records.
#[test]
fn records_carry_their_tangents() {
    #[differentiate(hvp)]
    fn f(x: f64, n: usize) -> f64 {
        let mut p = 1.0;
        let mut q = x;
        for _ in 0..n {
            p *= q;
            q = q.sin() * p;
        }
        p * q
    }
    let gradient = |x: f64| f::grad(x, 3);
    let (_, second) = f::hvp(0.9, 3, 1.0);
    let expected = chainrule_tests::derivative(gradient, 0.9);
    assert!((second - expected).abs() < 1e-9, "{second} {expected}");
}

/// What calls itself is called by its own `jvp`.
#[test]
fn recursion() {
    #[differentiate(jvp)]
    fn power(x: f64, n: u32) -> f64 {
        if n == 0 { 1.0 } else { x.sin() * power(x, n - 1) }
    }
    #[differentiate(jvp)]
    fn sums(x: &[f64], k: f64) -> f64 {
        if x.is_empty() { 0.3 } else { x[0] * k + sums(&x[1..], k * 0.5).sin() }
    }
    #[differentiate(jvp)]
    fn caller(x: &[f64], k: f64) -> [f64; 2] {
        let sum = sums(x, k);
        [sum * power(k, 3), power(sum, 2)]
    }
    for n in 0..4 {
        let (value, along) = power::jvp(0.7, n, 2.0);
        assert_eq!(value, power(0.7, n));
        assert!((along - 2.0 * power::grad(0.7, n)).abs() < 1e-14);
    }
    let (x, k) = ([0.3, -0.8, 1.1], 0.7);
    let (value, along) = caller::jvp(&x, k, vec![0.2, 0.5, -0.3], 0.6);
    assert_eq!(value, caller(&x, k));
    for (row, along) in along.into_iter().enumerate() {
        let ct = if row == 0 { [1.0, 0.0] } else { [0.0, 1.0] };
        let (_, (by_x, by_k)) = caller::vjp(&x, k, ct);
        let expected = 0.2 * by_x[0] + 0.5 * by_x[1] - 0.3 * by_x[2] + 0.6 * by_k;
        assert!((along - expected).abs() < 1e-14, "{along} {expected}");
    }
}
