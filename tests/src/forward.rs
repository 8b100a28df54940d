//! Forward mode of the cases: `jvp` against `vjp`, `hvp` against differences of the gradient and
//! against itself.

use crate::case::{Derived, ReturnedPair, cotangent};
use crate::{Scalars, coarser, slope};

/// What two sums of products may differ by, in units of the float's last place.
const ROUNDING: f64 = 16384.0;
/// What differences of gradients are good to, with a margin.
const DIFFERENCES: f64 = 1e-7;
/// The same of `f32`.
const DIFFERENCES_IN_F32: f64 = 1e-2;

/// What a complaint says that differences of gradients make.
pub const BY_DIFFERENCES: &str = "differences of the gradient";

/// A direction: tangents of all floats of a point, none larger than one.
pub fn direction<P: Scalars + Clone>(at: &P, phase: f64) -> P {
    let (mut direction, mut next) = (at.clone(), phase);
    direction.visit(&mut |x| {
        next += 1.0;
        *x = (next * 2.3_f64).sin() * 0.9;
    });
    direction
}

/// A point, so many steps along a direction.
pub fn moved<P: Scalars + Clone>(at: &P, direction: &P, step: f64) -> P {
    let (mut moved, mut steps) = (at.clone(), direction.flat().into_iter());
    moved.visit(&mut |x| *x += step * steps.next().unwrap_or(0.0));
    moved
}

/// The product of two lists, and how large its terms are.
fn product(a: &[f64], b: &[f64]) -> (f64, f64) {
    let terms = a.iter().zip(b).map(|(a, b)| a * b);
    (terms.clone().sum(), terms.map(f64::abs).sum())
}

/// Whether ⟨a, b⟩ = ⟨c, d⟩ up to rounding.
fn compare(what: &str, [a, b, c, d]: [&[f64]; 4], epsilon: f64, complaints: &mut Vec<String>) {
    if a.len() != b.len() || c.len() != d.len() {
        complaints.push(format!("{what}: lengths {} {} {} {}", a.len(), b.len(), c.len(), d.len()));
        return;
    }
    let ((left, scale), (right, other)) = (product(a, b), product(c, d));
    let same = left == right || (left.is_nan() && right.is_nan());
    let off = (left - right).abs();
    if !same && (off.is_nan() || off > ROUNDING * epsilon * scale.max(other).max(1.0)) {
        complaints.push(format!("{what}: {left:e} is not {right:e}"));
    }
}

fn same_bits(a: &[f64], b: &[f64]) -> bool {
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// Whether `jvp` is the transpose of `vjp`, `⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩`, and has its value.
fn transposed(
    ct: &[f64],
    by_vjp: &Derived,
    by_jvp: &Derived,
    direction: &[f64],
    epsilon: f64,
) -> Vec<String> {
    let mut complaints = Vec::new();
    match (by_vjp, by_jvp) {
        (Ok((value, gradient)), Ok((again, tangent))) => {
            if !same_bits(value, again) {
                complaints.push(format!("the value by jvp is {again:?}, by vjp {value:?}"));
            }
            let lists = [ct, tangent.as_slice(), gradient, direction];
            compare("⟨ct, J v⟩ and ⟨Jᵀ ct, v⟩", lists, epsilon, &mut complaints);
        }
        (Err(a), Err(b)) if a == b => {}
        _ => complaints.push(format!("vjp {by_vjp:?}\n        jvp {by_jvp:?}")),
    }
    complaints
}

/// Complaints about a function with any result.
pub fn jvp<P, R, M, T>(
    at: P,
    plain: impl Fn(P) -> R,
    vjp: impl Fn(P, R) -> M,
    jvp: impl Fn(P, P) -> T,
) -> Vec<String>
where
    P: Scalars + Clone,
    R: Scalars + Clone,
    M: ReturnedPair,
    T: ReturnedPair,
{
    let ct = cotangent(&plain(at.clone()));
    let along = direction(&at, 0.0);
    let by_vjp = vjp(at.clone(), ct.clone()).read();
    let by_jvp = jvp(at, along.clone()).read();
    let epsilon = coarser(P::EPSILON, R::EPSILON);
    transposed(&ct.flat(), &by_vjp, &by_jvp, &along.flat(), epsilon)
}

/// Complaints about the `jvp` of a function whose result is a float, perhaps inside an `Option` or
/// `Result`.
pub fn jvp_of_scalar<P, M, T>(
    at: P,
    value_and_grad: impl Fn(P) -> M,
    jvp: impl Fn(P, P) -> T,
) -> Vec<String>
where
    P: Scalars + Clone,
    M: ReturnedPair,
    T: ReturnedPair,
{
    let along = direction(&at, 0.0);
    let both = value_and_grad(at.clone()).read();
    let by_jvp = jvp(at, along.clone()).read();
    transposed(&[1.0], &both, &by_jvp, &along.flat(), P::EPSILON.max(f64::EPSILON))
}

/// Complaints about a function whose result is a float, perhaps inside an `Option` or `Result`.
pub fn hvp<P, M, T, H>(
    at: P,
    value_and_grad: impl Fn(P) -> M,
    jvp: impl Fn(P, P) -> T,
    hvp: impl Fn(P, P) -> H,
) -> Vec<String>
where
    P: Scalars + Clone,
    M: ReturnedPair,
    T: ReturnedPair,
    H: ReturnedPair,
{
    let epsilon = P::EPSILON.max(f64::EPSILON);
    let mut complaints = jvp_of_scalar(at.clone(), &value_and_grad, jvp);
    let (along, other) = (direction(&at, 0.0), direction(&at, 0.7));
    let both = value_and_grad(at.clone()).read();
    let by_hvp = hvp(at.clone(), along.clone()).read();
    let (gradient, again, product) = match (&both, by_hvp) {
        (Ok((_, gradient)), Ok((again, product))) => (gradient, again, product),
        (Err(a), Err(b)) if *a == b => return complaints,
        (_, by_hvp) => {
            complaints.push(format!("value_and_grad {both:?}\n        hvp {by_hvp:?}"));
            return complaints;
        }
    };
    let close = |a: f64, b: f64, to: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= to * b.abs().max(1.0)
    };
    let all = |a: &[f64], b: &[f64], to: f64| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(*a, *b, to))
    };
    if !all(&again, gradient, ROUNDING * epsilon) {
        complaints.push(format!("gradient {gradient:?}\n        by hvp   {again:?}"));
    }
    let tolerance = if epsilon > f64::EPSILON { DIFFERENCES_IN_F32 } else { DIFFERENCES };
    let gradient_at = |step: f64, k: usize| {
        let gradient = value_and_grad(moved(&at, &along, step)).read();
        gradient.ok().and_then(|(_, gradient)| gradient.get(k).copied()).unwrap_or(f64::NAN)
    };
    let slopes: Vec<(f64, f64)> =
        (0..gradient.len()).map(|k| slope(|step| gradient_at(step, k), 0.0)).collect();
    let (by_differences, errors): (Vec<f64>, Vec<f64>) = slopes.into_iter().unzip();
    if !all(&product, &by_differences, tolerance) {
        complaints.push(format!(
            "hvp {product:?}\n        {BY_DIFFERENCES} {by_differences:?} (± {errors:?})"
        ));
    }
    if let Ok((_, second)) = hvp(at, other.clone()).read() {
        let (along, other) = (along.flat(), other.flat());
        let lists = [other.as_slice(), &product, &along, &second];
        compare("⟨u, H v⟩ and ⟨v, H u⟩", lists, epsilon, &mut complaints);
    }
    complaints
}

/// A result by the parts that a Jacobian has blocks for.
pub trait Heights {
    /// How many floats there are in each.
    fn heights(&self) -> Vec<usize>;
}

macro_rules! heights {
    (one $([$($generics:tt)*] $ty:ty),*) => {$(
        impl<$($generics)*> Heights for $ty {
            fn heights(&self) -> Vec<usize> {
                vec![self.flat().len()]
            }
        }
    )*};
    (several $(($($part:ident)*))*) => {$(
        impl<$($part: Scalars + Clone),*> Heights for ($($part,)*) {
            #[allow(non_snake_case, reason = "named like their types")]
            fn heights(&self) -> Vec<usize> {
                let ($($part,)*) = self;
                vec![$($part.flat().len()),*]
            }
        }
    )*};
}
heights!(one [] f64, [] f32, [S: Scalars + Clone] Vec<S>, [S: Scalars + Clone, const N: usize] [S; N]);
heights!(several (A) (A B) (A B C) (A B C D));

impl<R: Heights> Heights for Option<R> {
    fn heights(&self) -> Vec<usize> {
        self.as_ref().map_or_else(Vec::new, Heights::heights)
    }
}

impl<R: Heights, E> Heights for Result<R, E> {
    fn heights(&self) -> Vec<usize> {
        self.as_ref().map_or_else(|_| Vec::new(), Heights::heights)
    }
}

/// A matrix, or how the function failed.
pub trait ReturnedMatrix {
    /// Its entries, block by block.
    fn entries(self) -> Result<Vec<f64>, String>;
}

impl<M: Scalars + Clone> ReturnedMatrix for M {
    fn entries(self) -> Result<Vec<f64>, String> {
        Ok(self.flat())
    }
}

impl<M: Scalars + Clone> ReturnedMatrix for Option<M> {
    fn entries(self) -> Result<Vec<f64>, String> {
        self.map(|m| m.flat()).ok_or_else(|| "None".to_owned())
    }
}

impl<M: Scalars + Clone, E: std::fmt::Debug> ReturnedMatrix for Result<M, E> {
    fn entries(self) -> Result<Vec<f64>, String> {
        self.map(|m| m.flat()).map_err(|e| format!("{e:?}"))
    }
}

/// The rows of a matrix of blocks, each by rows, whose heights and widths are given.
pub fn rows(entries: &[f64], heights: &[usize], widths: &[usize]) -> Option<Vec<Vec<f64>>> {
    let (height, width) = (heights.iter().sum::<usize>(), widths.iter().sum());
    let (mut rows, mut rest) = (vec![Vec::with_capacity(width); height], entries.iter());
    let mut above = 0;
    for block in heights {
        for width in widths {
            for row in &mut rows[above..above + block] {
                row.extend(rest.by_ref().take(*width));
            }
        }
        above += block;
    }
    (entries.len() == height * width).then_some(rows)
}

/// Complaints about a Hessian, in blocks by parameters of so many floats: it is symmetric bit for
/// bit, and its product with a direction is that of `hvp`.
pub fn hessian<P, H>(
    at: P,
    sizes: &[usize],
    hvp: impl Fn(P, P) -> H,
    hessian: impl ReturnedMatrix,
) -> Vec<String>
where
    P: Scalars + Clone,
    H: ReturnedPair,
{
    let along = direction(&at, 0.0);
    let (entries, product) = match (hessian.entries(), hvp(at, along.clone()).read()) {
        (Ok(entries), Ok((_, product))) => (entries, product),
        (Err(a), Err(b)) if a == b => return vec![],
        (a, b) => return vec![format!("hessian {a:?}\n        hvp {b:?}")],
    };
    let Some(rows) = rows(&entries, sizes, sizes) else {
        return vec![format!("hessian {entries:?} for {sizes:?}")];
    };
    let (mut complaints, along) = (Vec::new(), along.flat());
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    let entry = |i: usize, j: usize| rows[i][j];
    let n = rows.len();
    if (0..n).any(|i| (0..i).any(|j| !same(entry(i, j), entry(j, i)))) {
        complaints.push(format!("the hessian {rows:?} is not symmetric"));
    }
    if along.len() != n || product.len() != n {
        return vec![format!("hessian {rows:?}\n        hvp {product:?}")];
    }
    let epsilon = P::EPSILON.max(f64::EPSILON);
    complaints.extend(times("the hessian", &rows, &along, ("hvp", &product), epsilon));
    complaints
}

/// Whether the product of a matrix with a direction is another one.
fn times(
    what: &str,
    rows: &[Vec<f64>],
    along: &[f64],
    (by, product): (&str, &[f64]),
    epsilon: f64,
) -> Vec<String> {
    let agrees = |(row, expected): (&Vec<f64>, &f64)| {
        let (sum, scale) = self::product(row, along);
        let finite = sum.is_finite() || expected.is_finite();
        sum == *expected || !finite || (sum - expected).abs() <= ROUNDING * epsilon * scale.max(1.0)
    };
    match rows.len() == product.len() && rows.iter().zip(product).all(agrees) {
        true => vec![],
        false => vec![format!("{what} {rows:?} by the direction, by {by} {product:?}")],
    }
}

/// Complaints about a Jacobian, in blocks of so many rows and columns: its product with a direction
/// is that of `jvp`.
pub fn jacobian<P, T>(
    at: P,
    heights: &[usize],
    widths: &[usize],
    jvp: impl Fn(P, P) -> T,
    jacobian: impl ReturnedMatrix,
) -> Vec<String>
where
    P: Scalars + Clone,
    T: ReturnedPair,
{
    let along = direction(&at, 0.0);
    let (entries, tangent) = match (jacobian.entries(), jvp(at, along.clone()).read()) {
        (Ok(entries), Ok((_, tangent))) => (entries, tangent),
        (Err(a), Err(b)) if a == b => return vec![],
        (a, b) => return vec![format!("jacobian {a:?}\n        jvp {b:?}")],
    };
    let Some(rows) = rows(&entries, heights, widths) else {
        return vec![format!("jacobian {entries:?} for {heights:?} and {widths:?}")];
    };
    times("the jacobian", &rows, &along.flat(), ("jvp", &tangent), P::EPSILON.max(f64::EPSILON))
}

/// Complaints of forward mode about one case; see [`cases!`](crate::cases).
#[doc(hidden)]
#[macro_export]
macro_rules! forward {
    (reverse $f:ident $all:tt $args:tt $points:tt $k:ident) => {{
        let _ = $k;
        Vec::new()
    }};
    (taped $($rest:tt)*) => { $crate::forward!(scalar $($rest)*) };
    (untaped $($rest:tt)*) => { $crate::forward!(scalar $($rest)*) };
    (pulled $($rest:tt)*) => { $crate::forward!(scalar $($rest)*) };
    (of_structs $($rest:tt)*) => { $crate::forward!(second $($rest)*) };
    (scalar $f:ident $all:tt
        ($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*)
        $points:tt $k:ident) => {{
        let mut complaints = $crate::forward!(second $f $all
            ($($(&$r)? $(!$c)? $(#$p)? $(@$q)? $($v)?),*) $points $k);
        let at = $crate::case!(points $points $k);
        #[allow(unused_imports, reason = "there may be no parameter")]
        use $crate::Scalars;
        let sizes = [$(
            $($crate::part!($all at $r).flat().len(),)? $($crate::part!($all at $v).flat().len(),)?
        )*];
        let hessian = {
            let $crate::names!($all) = at.clone();
            $f::hessian($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*)
        };
        complaints.extend($crate::forward::hessian(
            at,
            &sizes,
            |$crate::names!($all), along| $f::hvp(
                $($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*
                $($($crate::part!($all along $r),)? $($crate::part!($all along $v),)?)*
            ),
            hessian,
        ));
        complaints
    }};
    (second $f:ident $all:tt
        ($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*)
        $points:tt $k:ident) => {
        $crate::forward::hvp(
            $crate::case!(points $points $k),
            |$crate::names!($all)| {
                $f::value_and_grad($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*)
            },
            |$crate::names!($all), along| $f::jvp(
                $($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*
                $($($crate::part!($all along $r),)? $($crate::part!($all along $v),)?)*
            ),
            |$crate::names!($all), along| $f::hvp(
                $($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*
                $($($crate::part!($all along $r),)? $($crate::part!($all along $v),)?)*
            ),
        )
    };
    (first_order $f:ident $all:tt
        ($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*)
        $points:tt $k:ident) => {
        $crate::forward::jvp_of_scalar(
            $crate::case!(points $points $k),
            |$crate::names!($all)| {
                $f::value_and_grad($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*)
            },
            |$crate::names!($all), along| $f::jvp(
                $($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*
                $($($crate::part!($all along $r),)? $($crate::part!($all along $v),)?)*
            ),
        )
    };
    (vjp_of_structs $($rest:tt)*) => { $crate::forward!(several $($rest)*) };
    (vjp $f:ident $all:tt
        ($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*)
        $points:tt $k:ident) => {{
        let mut complaints = $crate::forward!(several $f $all
            ($($(&$r)? $(!$c)? $(#$p)? $(@$q)? $($v)?),*) $points $k);
        let at = $crate::case!(points $points $k);
        use $crate::forward::Heights;
        use $crate::Scalars;
        let widths = [$(
            $($crate::part!($all at $r).flat().len(),)? $($crate::part!($all at $v).flat().len(),)?
        )*];
        let (heights, jacobian) = {
            let $crate::names!($all) = at.clone();
            let value = $f($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*);
            let $crate::names!($all) = at.clone();
            (value.heights(), $f::jacobian($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*))
        };
        complaints.extend($crate::forward::jacobian(
            at,
            &heights,
            &widths,
            |$crate::names!($all), along| $f::jvp(
                $($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*
                $($($crate::part!($all along $r),)? $($crate::part!($all along $v),)?)*
            ),
            jacobian,
        ));
        complaints
    }};
    (several $f:ident $all:tt
        ($($(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*)
        $points:tt $k:ident) => {
        $crate::forward::jvp(
            $crate::case!(points $points $k),
            |$crate::names!($all)| $f($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*),
            |$crate::names!($all), ct| $f::vjp($($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)* ct),
            |$crate::names!($all), along| $f::jvp(
                $($(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*
                $($($crate::part!($all along $r),)? $($crate::part!($all along $v),)?)*
            ),
        )
    };
    (in_out $f:ident $all:tt
        ($($(*$m:ident: $ct:ident)? $(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)?
            $($v:ident)?),*)
        $points:tt $k:ident) => {
        $crate::forward::jvp(
            $crate::case!(points $points $k),
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*)| {
                $f($($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*);
                ($($($m,)?)*)
            },
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*), ($($($ct,)?)*)| {
                let ((), gradient) = $f::vjp(
                    $($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)* $($($ct,)?)*
                );
                (($($($m,)?)*), gradient)
            },
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*), along| {
                let ((), $($($ct,)?)*) = $f::jvp(
                    $($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*
                    $($($crate::part!($all along $m),)? $($crate::part!($all along $r),)?
                        $($crate::part!($all along $v),)?)*
                );
                (($($($m,)?)*), ($($($ct,)?)*))
            },
        )
    };
    (in_out_with_result $f:ident $all:tt
        ($($(*$m:ident: $ct:ident)? $(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)?
            $($v:ident)?),*)
        $points:tt $k:ident) => {
        $crate::forward::jvp(
            $crate::case!(points $points $k),
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*)| {
                let result = $f($($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?),*);
                (result, $($($m,)?)*)
            },
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*), (ct, $($($ct,)?)*)| {
                let (result, gradient) = $f::vjp(
                    $($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)* ct, $($($ct,)?)*
                );
                ((result, $($($m,)?)*), gradient)
            },
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*), along| {
                let (result, tangent, $($($ct,)?)*) = $f::jvp(
                    $($(&mut $m)? $(&$r)? $($c.0)? $($p)? $(&$q)? $($v)?,)*
                    $($($crate::part!($all along $m),)? $($crate::part!($all along $r),)?
                        $($crate::part!($all along $v),)?)*
                );
                ((result, $($($m,)?)*), (tangent, $($($ct,)?)*))
            },
        )
    };
}

/// The arguments of a case as a pattern.
#[doc(hidden)]
#[macro_export]
macro_rules! names {
    (($($(*$m:ident: $ct:ident)? $(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)?
        $($v:ident)?),*)) => {
        ($($($m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*)
    };
}

/// The part of a direction that belongs to one argument of a case.
#[doc(hidden)]
#[macro_export]
macro_rules! part {
    ($all:tt $along:ident $name:ident) => {{
        #[allow(unused_variables, reason = "one of them is wanted")]
        let $crate::names!($all) = $along.clone();
        $name
    }};
}
