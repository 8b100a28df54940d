//! Functions that are annotated one by one and differentiated as one program: across modules and
//! crates, through generics, `use … as` and function-local items, in any order of definition.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_test_models as models;
use chainrule_test_models::activation;
use chainrule_test_models::{cubic, linear, square as squared};
use chainrule_tests::{assert_close, differences};
use ndarray::{Array1, Array2, array};

/// A few roundings; numbers are worked out in another order of operations.
const ROUNDING: f64 = 32.0 * f64::EPSILON;
/// What `differences` are good to, with a margin.
const DIFFERENCES: f64 = 1e-9;

/// Macro, tape and differences agree on a function of one float, and the value is the function's.
macro_rules! agree {
    ($f:path, $x:expr) => {{
        use $f as f;
        let x: f64 = $x;
        let (value, slope) = f::value_and_grad(x);
        assert_eq!(value.to_bits(), f(x).to_bits());
        let expected = differences(|&x| f(x), &x);
        assert_close("differences", &slope, &expected, DIFFERENCES);
        let (taped, by_tape) = f::tape_value_and_grad(x);
        assert_eq!(taped.to_bits(), value.to_bits());
        assert_close("tape", &slope, &by_tape, ROUNDING);
    }};
}

// The example of the introduction, its three functions in three modules, defined after their use.

#[differentiate(wrt(w, b), tape)]
fn loss(x: &Array2<f64>, y: &Array1<f64>, w: &Array1<f64>, b: f64) -> f64 {
    errors::mean_squared_error(&model::linear_regression(x, w, b), y)
}

mod model {
    use super::*;

    #[differentiate]
    pub(super) fn linear_regression(x: &Array2<f64>, w: &Array1<f64>, b: f64) -> Array1<f64> {
        x.dot(w) + b
    }
}

mod errors {
    use super::*;

    #[differentiate]
    pub(crate) fn mean_squared_error(y_pred: &Array1<f64>, y_true: &Array1<f64>) -> f64 {
        (y_pred - y_true).mapv(|e| e * e).mean().unwrap()
    }
}

#[test]
fn model_and_loss_are_fused() {
    let (x, y) = (array![[1.0, 2.0], [3.0, 4.0], [-1.0, 0.5]], array![1.0, 2.0, 0.5]);
    let (w, b) = (array![0.5, -0.3], 0.2);
    let (value, (dw, db)) = loss::value_and_grad(&x, &y, &w, b);
    assert_close("value", &value, &loss(&x, &y, &w, b), ROUNDING);
    let residual = x.dot(&w) + b - &y;
    let expected = (x.t().dot(&residual) * (2.0 / 3.0), residual.sum() * (2.0 / 3.0));
    assert_close("by hand", &(dw.clone(), db), &expected, ROUNDING);
    assert_close("tape", &loss::tape_value_and_grad(&x, &y, &w, b).1, &expected, ROUNDING);
    // The parts have derivatives of their own.
    let (_, (dx, ..)) = model::linear_regression::vjp(&x, &w, b, array![1.0, 0.0, 0.0]);
    assert_eq!(dx, array![[0.5, -0.3], [0.0, 0.0], [0.0, 0.0]]);
    assert_eq!(errors::mean_squared_error::value_and_grad(&x.dot(&w), &y).1.0.len(), 3);
}

/// The derivation of the fused function shows what it fused.
#[test]
fn the_derivation_shows_the_whole_program() {
    assert!(loss::DERIVATION.contains("Σ"), "{}", loss::DERIVATION);
}

// Across crates.

#[differentiate(wrt(w, b), tape)]
fn loss_across_crates(x: &Array2<f64>, y: &Array1<f64>, w: &Array1<f64>, b: f64) -> f64 {
    models::mean_square(&(linear(x, w, b) - y))
}

#[test]
fn model_and_loss_of_another_crate() {
    let (x, y) = (array![[1.0, 2.0], [3.0, 4.0], [-1.0, 0.5]], array![1.0, 2.0, 0.5]);
    let (w, b) = (array![0.5, -0.3], 0.2);
    assert_eq!(
        loss_across_crates::value_and_grad(&x, &y, &w, b),
        loss::value_and_grad(&x, &y, &w, b)
    );
    assert_close(
        "tape",
        &loss_across_crates::tape_value_and_grad(&x, &y, &w, b),
        &loss::value_and_grad(&x, &y, &w, b),
        ROUNDING,
    );
}

#[differentiate(tape)]
fn private_constants_of_another_crate(x: f64) -> f64 {
    models::leaky(x) + models::leaky(-x) * 3.0
}

#[differentiate(tape)]
fn constants_of_another_crates_module(x: f64) -> f64 {
    models::doubled(x * x) + activation::sigmoid(x)
}

#[differentiate(tape)]
fn a_private_function_of_another_crate(x: f64) -> f64 {
    models::through_a_private_function(x) + x
}

#[differentiate(tape)]
fn a_function_under_another_name(x: f64) -> f64 {
    squared(x) * models::logistic(x)
}

#[differentiate(tape)]
fn a_private_table_of_another_crate(x: f64) -> f64 {
    models::looked_up(x.sin(), 1) + models::looked_up(x, 2)
}

#[test]
fn constants_and_names_of_another_crate() {
    agree!(self::private_constants_of_another_crate, 0.7);
    agree!(self::constants_of_another_crates_module, 0.7);
    agree!(self::a_private_function_of_another_crate, 0.7);
    agree!(self::a_function_under_another_name, 0.7);
    agree!(self::a_private_table_of_another_crate, 0.7);
    assert_close(
        "10 cos x + 100",
        &a_private_table_of_another_crate::grad(0.7),
        &(10.0 * 0.7_f64.cos() + 100.0),
        ROUNDING,
    );
}

/// The caller's own constants of the same names are not those of the callee.
#[test]
fn constants_keep_their_meaning() {
    const LEAK: f64 = 1000.0;
    mod scales {
        pub(super) const DOUBLE: f64 = 2000.0;
    }
    #[differentiate(tape)]
    fn f(x: f64) -> f64 {
        models::leaky(x) * models::doubled(x) + LEAK * scales::DOUBLE
    }
    agree!(self::f_at_module_level, 0.3);
    let leaky = -0.5 * 0.01;
    assert_eq!(f(-0.5), leaky * (-0.5 * 2.0 + 2.0) + 2_000_000.0);
    let (value, slope) = f::value_and_grad(-0.5);
    assert_eq!(value, f(-0.5));
    assert_close("slope", &slope, &(0.01 * 1.0 + leaky * 2.0), ROUNDING);
    assert_close("tape", &f::tape_value_and_grad(-0.5).1, &slope, ROUNDING);
}

const LEAK: f64 = 1000.0;

#[differentiate(tape)]
fn f_at_module_level(x: f64) -> f64 {
    models::leaky(-x) * LEAK + models::doubled(x)
}

// Generics.

#[differentiate]
fn generic<T: num_traits::Float>(x: T, y: T) -> T {
    let one = T::one();
    (x * y).sin() + squared(x) / (one + y.abs())
}

#[test]
fn generics_over_the_float() {
    let slope = differences(|&(x, y)| generic(x, y), &(0.4_f64, 1.2_f64));
    let (value, gradient) = generic::value_and_grad(0.4_f64, 1.2);
    assert_eq!(value.to_bits(), generic(0.4_f64, 1.2).to_bits());
    assert_close("f64", &gradient, &slope, DIFFERENCES);
    let (value, gradient) = generic::value_and_grad(0.4_f32, 1.2);
    assert_eq!(value.to_bits(), generic(0.4_f32, 1.2).to_bits());
    // 0.4 and 1.2 themselves are rounded in f32.
    assert_close("f32", &gradient, &slope, 8.0 * f64::from(f32::EPSILON));
}

/// One generic callee at two types, by inference and by turbofish.
#[test]
fn a_generic_callee_at_two_types() {
    #[differentiate]
    fn f(x: f64, y: f32) -> (f64, f32) {
        (cubic(x, 0.5) + squared::<f64>(x), cubic::<f32>(y, 0.5))
    }
    let ((a, b), (dx, dy)) = f::vjp(2.0, 3.0, (1.0, 1.0));
    assert_eq!((a, b), f(2.0, 3.0));
    assert_eq!((dx, dy), (1.5 * 4.0 + 0.5 + 4.0, 1.5 * 9.0 + 0.5));
}

#[differentiate(tape)]
fn generic_of_another_crate(x: f64) -> f64 {
    cubic(x, x * 2.0) * models::cubic(x.sin(), x)
}

#[test]
fn a_generic_callee_of_another_crate() {
    agree!(self::generic_of_another_crate, 0.7);
    assert_eq!(cubic::value_and_grad(2.0_f32, 1.0), (5.0, (7.0, 2.0)));
}

#[test]
fn generics_over_arrays() {
    #[differentiate]
    fn energy<F: num_traits::Float + 'static>(x: &Array1<F>) -> F {
        x.mapv(|e| squared(e)).sum()
    }
    assert_eq!(energy::value_and_grad(&array![1.0_f32, 2.0]), (5.0, array![2.0, 4.0]));
    assert_eq!(energy::value_and_grad(&array![1.0_f64, 2.0]), (5.0, array![2.0, 4.0]));
}

// Where functions may stand.

#[test]
fn function_local_items() {
    #[differentiate(tape)]
    fn outer(x: f64) -> f64 {
        inner(x) * inner(2.0 * x)
    }
    #[differentiate]
    fn inner(x: f64) -> f64 {
        x.exp()
    }
    let (value, slope) = outer::value_and_grad(0.2);
    assert_eq!(value, outer(0.2));
    assert_close("3 e^(3x)", &slope, &(3.0 * 0.6_f64.exp()), ROUNDING);
    assert_close("tape", &outer::tape_value_and_grad(0.2).1, &slope, ROUNDING);
}

mod paths {
    pub(crate) mod deep {
        use chainrule::differentiate;

        #[differentiate]
        pub(crate) fn cube(x: f64) -> f64 {
            super::square(x) * x
        }

        #[differentiate]
        pub(in crate::paths) fn fourth(x: f64) -> f64 {
            self::cube(x) * x
        }
    }

    use chainrule::differentiate;

    #[differentiate]
    fn square(x: f64) -> f64 {
        x * x
    }

    #[differentiate(tape)]
    pub(crate) fn all(x: f64) -> f64 {
        deep::fourth(x) + crate::paths::deep::cube(x) + self::square(x)
    }
}

#[test]
fn paths_of_every_form() {
    agree!(self::paths::all, 1.3);
    use paths::all as renamed;
    assert_close("renamed", &renamed::grad(1.0), &9.0, ROUNDING);
}

// Chains and diamonds.

/// Each level calls the one below twice: by paths there are 2¹² of the lowest, but it is carried
/// once.
macro_rules! tower {
    ($bottom:ident $($level:ident $below:ident)*) => {
        #[differentiate]
        fn $bottom(x: f64) -> f64 {
            x.sin()
        }
        $(
            #[differentiate(tape)]
            fn $level(x: f64) -> f64 {
                $below(x) + 0.5 * $below(x * 0.5)
            }
        )*
    };
}
tower! { level_0 level_1 level_0 level_2 level_1 level_3 level_2 level_4 level_3 level_5 level_4 }

#[test]
fn a_tower_of_calls() {
    agree!(self::level_5, 0.4);
}

#[differentiate]
fn left(x: f64) -> f64 {
    shared(x) * 2.0
}
#[differentiate]
fn right(x: f64) -> f64 {
    shared(x * x) + models::square(x)
}
#[differentiate]
fn shared(x: f64) -> f64 {
    models::square(x).exp() * OFFSET
}
const OFFSET: f64 = 0.75;
#[differentiate(tape)]
fn diamond(x: f64) -> f64 {
    left(x) * right(x) + shared(x) + squared(x)
}

#[test]
fn the_same_callee_by_several_paths() {
    agree!(self::diamond, 0.4);
}

/// A callee as the function of a `mapv`, and inside a closure.
#[test]
fn callees_in_mapv() {
    #[differentiate(tape)]
    fn f(x: &Array1<f64>) -> f64 {
        x.mapv(shared).sum() + x.mapv(|e| left(e) * OFFSET).sum()
    }
    let x = array![0.2, 0.5, -0.3];
    let (value, gradient) = f::value_and_grad(&x);
    assert_close("value", &value, &f(&x), ROUNDING);
    assert_close("differences", &gradient, &differences(f, &x), DIFFERENCES);
    assert_close("tape", &gradient, &f::tape_value_and_grad(&x).1, ROUNDING);
}

/// Tuples in and out of a callee.
#[test]
fn callees_with_tuples() {
    #[differentiate]
    fn rotated((x, y): (f64, f64), angle: f64) -> (f64, f64) {
        let (sin, cos) = angle.sin_cos();
        (x * cos - y * sin, x * sin + y * cos)
    }
    #[differentiate(tape)]
    fn f(x: f64, y: f64, angle: f64) -> f64 {
        let (u, v) = rotated((x, y), angle);
        rotated((u * u, v), angle * 2.0).0
    }
    let (value, gradient) = f::value_and_grad(0.3, 0.4, 0.5);
    assert_eq!(value.to_bits(), f(0.3, 0.4, 0.5).to_bits());
    let slope = differences(|&(x, y, a)| f(x, y, a), &(0.3, 0.4, 0.5));
    assert_close("differences", &gradient, &slope, DIFFERENCES);
    assert_close("tape", &gradient, &f::tape_value_and_grad(0.3, 0.4, 0.5).1, ROUNDING);
}

/// A callee that is differentiated by some parameters only, called with all of them active: its
/// `wrt` is about its own gradient.
#[test]
fn a_callee_with_wrt() {
    #[differentiate(wrt(x))]
    fn weighted(x: f64, weight: f64) -> f64 {
        x * x * weight
    }
    #[differentiate(tape)]
    fn f(x: f64, y: f64) -> f64 {
        weighted(x, y)
    }
    assert_eq!(weighted::grad(3.0, 5.0), 30.0);
    assert_eq!(f::grad(3.0, 5.0), (30.0, 9.0));
    assert_eq!(f::tape_value_and_grad(3.0, 5.0).1, (30.0, 9.0));
}

// Functions written by macros.

macro_rules! pair_of_functions {
    ($inner:ident, $outer:ident, $k:expr) => {
        #[differentiate]
        fn $inner(x: f64) -> f64 {
            x * $k
        }
        #[differentiate(tape)]
        fn $outer(x: f64) -> f64 {
            $inner(x) * $inner(x + $k)
        }
    };
}
pair_of_functions!(inner_of_two, outer_of_two, 2.0);
pair_of_functions!(inner_of_three, outer_of_three, 3.0);
models::differentiated_square_of!(square_of_sine);

/// Several annotated functions of one line, twice: the hidden names differ.
#[test]
fn callees_inside_a_macro() {
    agree!(self::outer_of_two, 0.4);
    agree!(self::outer_of_three, 0.4);
    assert_close("2 sin cos", &square_of_sine::grad(0.4), &0.8_f64.sin(), ROUNDING);
}

/// The very same tokens in two modules.
mod twin_a {
    #[chainrule::differentiate]
    pub(crate) fn twin(x: f64) -> f64 {
        x * K
    }
    const K: f64 = 2.0;
}
mod twin_b {
    #[chainrule::differentiate]
    pub(crate) fn twin(x: f64) -> f64 {
        x * K
    }
    const K: f64 = 3.0;
}

#[differentiate(tape)]
fn both_twins(x: f64) -> f64 {
    twin_a::twin(x) * twin_b::twin(x)
}

#[test]
fn functions_of_the_same_source() {
    assert_eq!(both_twins::value_and_grad(1.0), (6.0, 12.0));
    assert_eq!(both_twins::tape_value_and_grad(1.0), (6.0, 12.0));
}

// Conditional compilation.

#[cfg(debug_assertions)]
#[differentiate]
fn conditional(x: f64) -> f64 {
    x * 2.0
}

#[cfg(not(debug_assertions))]
#[differentiate]
fn conditional(x: f64) -> f64 {
    x * 3.0
}

#[differentiate]
#[cfg(any())]
fn never(x: f64) -> f64 {
    does_not_exist(x)
}

#[differentiate]
fn calls_the_conditional(x: f64) -> f64 {
    conditional(x)
}

#[test]
fn conditional_compilation() {
    let expected = if cfg!(debug_assertions) { 2.0 } else { 3.0 };
    assert_eq!(calls_the_conditional::value_and_grad(1.0), (expected, expected));
}

/// A `pub` function of a private module, reached through a re-export.
mod inner_module {
    mod hidden {
        #[chainrule::differentiate]
        #[allow(unreachable_pub)]
        pub fn exported(x: f64) -> f64 {
            x * x * x
        }
    }
    #[allow(unreachable_pub)]
    pub use hidden::exported;
}
use inner_module::exported;

#[differentiate(tape)]
fn through_a_re_export(x: f64) -> f64 {
    exported(x) + inner_module::exported(2.0 * x)
}

#[test]
fn re_exports() {
    agree!(self::through_a_re_export, 0.4);
}
