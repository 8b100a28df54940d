//! One list of functions, many engines: a [`Case`] is a function with the points at which every
//! engine runs it.
//!
//! The engines are the function itself, the macro's derivative, the tape's and central differences.
//! A further one is a field of [`Outcome`] and a line in each rule of [`case!`](crate::case).

use crate::scalars::{Scalars, coarser};
use crate::slope;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What macro and tape may differ by, in units of the float's last place: a few roundings for each
/// of some hundred operations.
const ROUNDING: f64 = 4096.0;
/// What differences of `f64` are good to, with a margin.
const DIFFERENCES: f64 = 1e-8;
/// The same of `f32`: a third of the digits.
const DIFFERENCES_IN_F32: f64 = 4e-3;

/// A function and where it is run.
pub struct Case {
    /// The function's name.
    pub name: &'static str,
    /// The points, as they are written.
    pub points: &'static [&'static str],
    /// Runs all engines at a point.
    pub run: fn(usize) -> Outcome,
    /// Runs forward mode at a point: what is wrong, in words.
    pub forward: fn(usize) -> Vec<String>,
}

/// A value, or how the function failed (`Err(..)`, `None`).
pub type Value = Result<Vec<f64>, String>;
/// A value and a gradient, or how the function failed.
pub type Derived = Result<(Vec<f64>, Vec<f64>), String>;

/// What the engines give at a point, everything flattened.
#[derive(Debug)]
pub struct Outcome {
    /// The function's value.
    pub plain: Value,
    /// Value and gradient by the macro.
    pub by_macro: Derived,
    /// By the tape, where the function has one.
    pub by_tape: Option<Derived>,
    /// By the macro's `pullback`, where it is asked.
    pub by_pullback: Option<Derived>,
    /// The gradient by central differences; nothing where the function fails.
    pub by_differences: Vec<f64>,
    /// What the differences are good to, by their own estimate.
    pub uncertainty: f64,
    /// The unit in the last place of the function's float.
    pub epsilon: f64,
}

impl Outcome {
    /// What is wrong, in words.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = self.against_the_tape();
        let Ok((_, gradient)) = &self.by_macro else { return complaints };
        let scale = |x: f64| x.abs().max(1.0);
        let tolerance = match self.epsilon > f64::EPSILON {
            true => DIFFERENCES_IN_F32,
            false => DIFFERENCES,
        };
        let close = |a: f64, b: f64| (a - b).abs() <= tolerance * scale(b);
        if !all(gradient, &self.by_differences, close) {
            complaints
                .push(format!("macro {gradient:?}\n        differences {:?}", self.by_differences));
        }
        if self.uncertainty.is_nan() || self.uncertainty > tolerance {
            complaints.push(format!("the differences are good to {:e} only", self.uncertainty));
        }
        complaints
    }

    /// What is wrong with values, and with the gradient as the tape has it.
    pub fn against_the_tape(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let engines = [
            ("macro", Some(&self.by_macro)),
            ("tape", self.by_tape.as_ref()),
            ("pullback", self.by_pullback.as_ref()),
        ];
        for (engine, derived) in engines.into_iter().filter_map(|(name, d)| Some((name, d?))) {
            match (&self.plain, derived) {
                (Err(plain), Err(failed)) if plain == failed => {}
                (Ok(plain), Ok((value, _))) if same_bits(plain, value) => {}
                _ => complaints.push(format!(
                    "the value by {engine} is {:?}, the function's own {:?}",
                    derived.as_ref().map(|(value, _)| value),
                    self.plain
                )),
            }
        }
        let Ok((_, gradient)) = &self.by_macro else { return complaints };
        let scale = |x: f64| x.abs().max(1.0);
        for (engine, derived) in [("tape", &self.by_tape), ("pullback", &self.by_pullback)] {
            let Some(Ok((_, other))) = derived else { continue };
            let close = |a: f64, b: f64| (a - b).abs() <= ROUNDING * self.epsilon * scale(b);
            if !all(gradient, other, close) {
                complaints.push(format!("macro {gradient:?}\n        {engine}  {other:?}"));
            }
        }
        complaints
    }
}

fn all(got: &[f64], expected: &[f64], close: impl Fn(f64, f64) -> bool) -> bool {
    got.len() == expected.len()
        && got
            .iter()
            .zip(expected)
            .all(|(&a, &b)| a == b || (a.is_nan() && b.is_nan()) || close(a, b))
}

/// Bit for bit; any NaN is as good as another.
fn same_bits(a: &[f64], b: &[f64]) -> bool {
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// Runs all cases at all points and panics with everything that is wrong, function and point named.
///
/// # Panics
/// If an engine panics or two disagree.
pub fn check(cases: &[Case]) {
    assert!(!cases.is_empty(), "a list without cases");
    let mut wrong = Vec::new();
    for case in cases {
        for (k, point) in case.points.iter().enumerate() {
            let run = || [(case.run)(k).complaints(), (case.forward)(k)].concat();
            let complaints = match catch_unwind(AssertUnwindSafe(run)) {
                Ok(complaints) => complaints,
                Err(_) => vec!["an engine panicked; its message is above".to_owned()],
            };
            wrong.extend(complaints.iter().map(|what| format!("{}{point}: {what}", case.name)));
        }
    }
    let all: usize = cases.iter().map(|case| case.points.len()).sum();
    assert!(wrong.is_empty(), "{} of {all} points:\n\n{}\n", wrong.len(), wrong.join("\n"));
}

/// What a function returns: floats, or a failure instead.
pub trait Returned {
    /// The unit in the last place.
    const EPSILON: f64;

    /// The floats, or the failure.
    fn read(self) -> Value;
}

impl<R: Scalars + Clone> Returned for R {
    const EPSILON: f64 = R::EPSILON;

    fn read(self) -> Value {
        Ok(self.flat())
    }
}

impl<R: Scalars + Clone, E: Debug> Returned for Result<R, E> {
    const EPSILON: f64 = R::EPSILON;

    fn read(self) -> Value {
        self.map(|r| r.flat()).map_err(|e| format!("{e:?}"))
    }
}

impl<R: Scalars + Clone> Returned for Option<R> {
    const EPSILON: f64 = R::EPSILON;

    fn read(self) -> Value {
        self.map(|r| r.flat()).ok_or_else(|| "None".to_owned())
    }
}

/// What `value_and_grad` and `vjp` return: a pair, or a failure instead.
pub trait ReturnedPair {
    /// Value and gradient, or the failure.
    fn read(self) -> Derived;
}

impl<R: Scalars + Clone, G: Scalars + Clone> ReturnedPair for (R, G) {
    fn read(self) -> Derived {
        Ok((self.0.flat(), self.1.flat()))
    }
}

impl<R: Scalars + Clone, G: Scalars + Clone, E: Debug> ReturnedPair for Result<(R, G), E> {
    fn read(self) -> Derived {
        self.map(|(r, g)| (r.flat(), g.flat())).map_err(|e| format!("{e:?}"))
    }
}

impl<R: Scalars + Clone, G: Scalars + Clone> ReturnedPair for Option<(R, G)> {
    fn read(self) -> Derived {
        self.map(|(r, g)| (r.flat(), g.flat())).ok_or_else(|| "None".to_owned())
    }
}

/// The cotangent of a value: numbers whose products round, so that one that is forgotten or taken
/// twice shows.
pub fn cotangent<R: Scalars + Clone>(value: &R) -> R {
    let (mut cotangent, mut next) = (value.clone(), 0.0);
    cotangent.visit(&mut |x| {
        next += 1.0;
        *x = (next * 1.7_f64).sin() - 0.3;
    });
    cotangent
}

/// Runs the engines on a function with a float as its result (or inside it).
pub fn gradient<P, R, M>(at: P, plain: impl Fn(P) -> R, by_macro: impl Fn(P) -> M) -> Outcome
where
    P: Scalars + Clone,
    R: Returned,
    M: ReturnedPair,
{
    let value = plain(at.clone()).read();
    let (by_differences, uncertainty) = match value {
        Ok(_) => differences(&at, |point| match plain(point).read() {
            Ok(value) => value.iter().sum(),
            Err(_) => f64::NAN,
        }),
        Err(_) => (vec![], 0.0),
    };
    Outcome {
        plain: value,
        by_macro: by_macro(at).read(),
        by_tape: None,
        by_pullback: None,
        by_differences,
        uncertainty,
        epsilon: coarser(P::EPSILON, R::EPSILON),
    }
}

/// [`gradient`], and the tape too.
pub fn gradient_and_tape<P, R, M, T>(
    at: P,
    plain: impl Fn(P) -> R,
    by_macro: impl Fn(P) -> M,
    by_tape: impl Fn(P) -> T,
) -> Outcome
where
    P: Scalars + Clone,
    R: Returned,
    M: ReturnedPair,
    T: ReturnedPair,
{
    let by_tape = Some(by_tape(at.clone()).read());
    Outcome { by_tape, ..gradient(at, plain, by_macro) }
}

/// [`gradient_and_tape`], and the pullback too.
pub fn gradient_tape_and_pullback<P, R, M, T, B>(
    at: P,
    plain: impl Fn(P) -> R,
    by_macro: impl Fn(P) -> M,
    by_tape: impl Fn(P) -> T,
    by_pullback: impl Fn(P) -> B,
) -> Outcome
where
    P: Scalars + Clone,
    R: Returned,
    M: ReturnedPair,
    T: ReturnedPair,
    B: ReturnedPair,
{
    let by_pullback = Some(by_pullback(at.clone()).read());
    Outcome { by_pullback, ..gradient_and_tape(at, plain, by_macro, by_tape) }
}

/// Runs the engines on a function with any result, by a cotangent.
pub fn pullback<P, R, M>(at: P, plain: impl Fn(P) -> R, vjp: impl Fn(P, R) -> M) -> Outcome
where
    P: Scalars + Clone,
    R: Scalars + Clone,
    M: ReturnedPair,
{
    let value = plain(at.clone());
    let ct = cotangent(&value);
    let weights = ct.flat();
    let (by_differences, uncertainty) = differences(&at, |point| {
        plain(point).flat().iter().zip(&weights).map(|(y, weight)| y * weight).sum()
    });
    Outcome {
        plain: Ok(value.flat()),
        by_macro: vjp(at, ct).read(),
        by_tape: None,
        by_pullback: None,
        by_differences,
        uncertainty,
        epsilon: coarser(P::EPSILON, R::EPSILON),
    }
}

/// The partials of `f` by its floats, and the worst relative uncertainty among them.
fn differences<P: Scalars + Clone>(at: &P, f: impl Fn(P) -> f64) -> (Vec<f64>, f64) {
    let mut uncertainty = 0.0_f64;
    let partials = at.flat().into_iter().enumerate().map(|(k, x)| {
        let (partial, error) = slope(|x| f(with(at, k, x)), x);
        uncertainty = uncertainty.max(error / partial.abs().max(1.0));
        partial
    });
    let partials = partials.collect();
    (partials, uncertainty)
}

/// The point with its `k`-th float replaced.
fn with<P: Scalars + Clone>(at: &P, k: usize, x: f64) -> P {
    let (mut moved, mut current) = (at.clone(), 0);
    moved.visit(&mut |scalar| {
        if current == k {
            *scalar = x;
        }
        current += 1;
    });
    moved
}

/// The list of a module: `pub const CASES: &[Case]`.
///
/// ```text
/// cases! {
///     taped { area(w, h): (2.0, 3.0); norm(&x): (vec![3.0, 4.0]), (vec![1.0]); }
///     untaped { energy(&model, x, !level): (MODEL, 0.5, Fixed(2.0)); }
///     vjp { rotated(&p, angle): ([1.0, 2.0], 0.3); }
///     in_out { scale(*x: ct_x, k): (vec![1.0, 2.0], 3.0); }
///     in_out_with_result { pop_sum(*x: ct_x): (vec![1.0, 2.0]); }
/// }
/// ```
///
/// A point is a tuple of owned arguments. `x` is passed by value, `&x` by reference, `!x` is a
/// [`Fixed`](crate::Fixed) float that is not differentiated, `#x` and `@x` are other constants, by
/// value and by reference; `*x: ct_x` is passed by `&mut`, its cotangent under the second name. All
/// have a `jvp`, those with a float as their result a `hvp` and a `hessian` too, but where it is said. The kinds:
/// - `taped`, `untaped`: the result is a float, perhaps inside an `Option` or `Result`; with or
///   without `tape_value_and_grad`;
/// - `of_structs`: as `untaped`, but there is no `hessian`, as parameters are structs;
/// - `first_order`: as `taped`, but there is no `hvp`, or none that differences of the gradient show;
/// - `reverse`: as `untaped`, but there is no forward mode;
/// - `pulled`: as `taped`, and there is a `pullback`;
/// - `vjp`: the result is made of several floats, and there is a `jacobian`;
/// - `vjp_of_structs`: the same with structs, without one;
/// - `in_out`, `in_out_with_result`: there are `&mut` parameters, and no result or one.
#[macro_export]
macro_rules! cases {
    ($($kind:ident { $($name:ident $args:tt: $($at:tt),+;)* })*) => {
        /// The functions of this module and where they are run.
        pub const CASES: &[$crate::Case] = &[
            $($($crate::Case {
                name: stringify!($name),
                points: &[$(stringify!($at)),+],
                run: |k| $crate::case!($kind $name $args [$($at),+] k),
                forward: |k| $crate::forward!($kind $name $args $args [$($at),+] k),
            },)*)*
        ];
    };
}

/// The engines' outcome at one point; see [`cases!`].
#[doc(hidden)]
#[macro_export]
macro_rules! case {
    (taped $f:ident($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*) $points:tt $k:ident) => {
        $crate::case::gradient_and_tape(
            $crate::case!(points $points $k),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f::value_and_grad($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f::tape_value_and_grad($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
        )
    };
    (first_order $($rest:tt)*) => { $crate::case!(taped $($rest)*) };
    (of_structs $($rest:tt)*) => { $crate::case!(untaped $($rest)*) };
    (vjp_of_structs $($rest:tt)*) => { $crate::case!(vjp $($rest)*) };
    (reverse $($rest:tt)*) => { $crate::case!(untaped $($rest)*) };
    (pulled $f:ident($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*) $points:tt $k:ident) => {
        $crate::case::gradient_tape_and_pullback(
            $crate::case!(points $points $k),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f::value_and_grad($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f::tape_value_and_grad($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| {
                let (value, back) = $f::pullback($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*);
                (value, back(1.0))
            },
        )
    };
    (untaped $f:ident($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*) $points:tt $k:ident) => {
        $crate::case::gradient(
            $crate::case!(points $points $k),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f::value_and_grad($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
        )
    };
    (vjp $f:ident($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*) $points:tt $k:ident) => {
        $crate::case::pullback(
            $crate::case!(points $points $k),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*)| $f($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
            |($($($r)? $($c)? $($p)? $($q)? $($v)?,)*), ct| $f::vjp($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)* ct),
        )
    };
    (in_out $f:ident($($(*$m:ident: $ct:ident)? $(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*)
        $points:tt $k:ident) => {
        $crate::case::pullback(
            $crate::case!(points $points $k),
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*)| {
                $f($($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*);
                ($($($m,)?)*)
            },
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*), ($($($ct,)?)*)| {
                let ((), gradient) =
                    $f::vjp($($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)* $($($ct,)?)*);
                (($($($m,)?)*), gradient)
            },
        )
    };
    (in_out_with_result
        $f:ident($($(*$m:ident: $ct:ident)? $(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*)
        $points:tt $k:ident) => {
        $crate::case::pullback(
            $crate::case!(points $points $k),
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*)| {
                let result = $f($($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*);
                (result, $($($m,)?)*)
            },
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*), (ct, $($($ct,)?)*)| {
                let (result, gradient) =
                    $f::vjp($($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)* ct, $($($ct,)?)*);
                ((result, $($($m,)?)*), gradient)
            },
        )
    };
    (points [$(($($part:expr),* $(,)?)),+] $k:ident) => {
        [$(($($part,)*)),+].into_iter().nth($k).expect("one of the points")
    };
}
