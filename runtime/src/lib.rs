//! Compile-time symbolic differentiation for ordinary Rust, on the stable compiler.
//!
//! Put [`macro@differentiate`] on a function, and beside it stands a struct of the same name with
//! its derivatives: safe Rust, checked at compile time, as fast as a careful engineer would write
//! it by hand.
//!
//! ```
//! use chainrule::differentiate;
//! use ndarray::{Array1, Array2, array};
//!
//! #[differentiate]
//! fn linear_regression(x: &Array2<f32>, w: &Array1<f32>, b: f32) -> Array1<f32> {
//!     x.dot(w) + b
//! }
//!
//! #[differentiate]
//! fn mean_squared_error(y_pred: &Array1<f32>, y_true: &Array1<f32>) -> f32 {
//!     (y_pred - y_true).mapv(|e| e * e).mean().unwrap()
//! }
//!
//! #[differentiate(wrt(w, b))]
//! fn loss(x: &Array2<f32>, y: &Array1<f32>, w: &Array1<f32>, b: f32) -> f32 {
//!     mean_squared_error(&linear_regression(x, w, b), y)
//! }
//!
//! let (x, y) = (array![[1.0, 2.0], [3.0, 4.0]], array![1.0, 2.0]);
//! let (value, (dw, db)) = loss::value_and_grad(&x, &y, &array![0.5, 0.0], 0.0);
//! assert_eq!((value, dw, db), (0.25, array![-2.0, -3.0], -1.0));
//! ```
//!
//! The rest of the crate is what a model needs around that: [`data`] to learn from, [`optim`] and
//! [`train`] to learn with, a run-time [`tape`] as fallback and independent witness, and [`check`]
//! to hold a derivative against both the tape and finite differences.
//!
//! Who comes from PyTorch begins with [`guide::from_pytorch`].
//!
//! With `default-features = false` only the macro and scalar code remain.

#[cfg(feature = "ndarray")]
mod differentiable;
#[cfg(feature = "ndarray")]
mod objective;
#[doc(hidden)]
pub mod rt;
pub mod sparse;

#[cfg(feature = "ndarray")]
pub mod check;
#[cfg(feature = "data")]
pub mod data;
#[cfg(feature = "data")]
pub mod guide;
#[cfg(feature = "ndarray")]
pub mod optim;
#[cfg(feature = "ndarray")]
pub mod tape;
#[cfg(feature = "ndarray")]
pub mod tensor;
#[cfg(feature = "ndarray")]
pub mod train;

#[doc(hidden)]
pub use chainrule_macros::__differentiate;
/// Differentiates a function at compile time.
///
/// The function stays as written. Beside `fn f` stands a struct `f {}` with associated functions;
/// one `use` imports both.
///
/// | function | signature | when |
/// |---|---|---|
/// | `f::grad` | `(a, b) -> Grad` | the result is a float |
/// | `f::value_and_grad` | `(a, b) -> (R, Grad)` | the result is a float |
/// | `f::value_and_grad_into` | `(a, b, &mut ā, …) -> R`, overwrites the buffers | the result is a float |
/// | `f::value_and_grad_add_into` | likewise, adds to the buffers | the result is a float |
/// | `f::vjp` | `(a, b, cotangent) -> (R, Grad)` | always |
/// | `f::pullback` | `(a, b) -> (R, impl Fn(R̄) -> Grad)`, one forward pass | with the option `pullback` |
/// | `f::jvp` | `(a, b, ȧ, ḃ) -> (R, Ṙ)`, a tangent for each differentiated parameter | with the option `jvp` |
/// | `f::hvp` | `(a, b, ȧ, ḃ) -> (Grad, Grad)`, gradient and Hessian-vector product | with the option `hvp` |
/// | `f::vjp_jvp` | `(a, b, cotangent, ȧ, ḃ, ċt) -> (Grad, Grad)`, the gradient of the product with a cotangent, and its derivative along the tangents | with the option `vjp_jvp` |
/// | `f::hessian` | `(a, b) -> Hess` | with the option `hessian` |
/// | `f::jacobian` | `(a, b) -> Jac` | with the option `jacobian` |
/// | `f::tape_value_and_grad` | `(a, b) -> (R, Grad)`, by the [`tape`] | with the option `tape` |
/// | `f::DERIVATION` | `&'static str`, the equations | always |
///
/// `Grad` is the tangent of the one differentiated parameter, or the tuple of the tangents in
/// parameter order. The tangent of a float is the float, that of an array of any kind (owned,
/// borrowed, a view) an owned array, that of a tuple a tuple. `struct f` implements [`Objective`]
/// where the result and the (at most eight) differentiated parameters are made of one float and
/// `f` is not generic.
///
/// # Options
/// - `wrt(w, b)`: the parameters to differentiate by; all floats and arrays without it.
/// - `tape`: also generate `tape_value_and_grad`.
/// - `pullback`, `jvp`, `hvp`, `hessian`, `jacobian`: also generate these. A Hessian or Jacobian has
///   a block for each pair of parts, the derivatives of the one by the other: of an array by an
///   array the array with the axes of both, `Array2` of an `Array1` by an `Array1`; otherwise the
///   one with the other in the place of its floats, `[[f64; M]; N]` of `[f64; N]` by `[f64; M]`.
/// - `jacobian(sparse)`, `hessian(sparse)`: each block is a [`Triplets`](sparse::Triplets) with the
///   entries that can differ from zero. Which these are is found while the function compiles: of
///   stencils, residual blocks, banded systems and sums of terms, whatever indices they compute. What
///   goes through memory or from iteration to iteration on its way is an error at its place.
/// - `vjp = rule`, `jvp = rule`, `partials = rule`: take the derivative from a rule by hand; see
///   below.
/// - `via = tape`: take the derivative by the run-time tape; see below.
/// - `vjp_jvp`: for what is called by its derivative (a method, a function that calls itself) where
///   the caller wants `hvp` or `hessian`; `hvp` implies it there.
/// - `recursive`: for one of each circle of functions that call each other; whoever calls it calls
///   its derivative.
/// - `check`: write a test of the gradient, `#[test] fn gradient_of_f`, which `cargo test` runs: by
///   [`check::check_grad`] at three points. Floats are made up between 0.1 and 0.9, integers are 3,
///   slices and axes have length 4; `check(x = 7.0, table = &Table::new())` gives values instead.
///
/// # Example
/// ```
/// use chainrule::differentiate;
///
/// /// The length of a vector, and `scale` times it.
/// #[differentiate(wrt(x, y))]
/// fn length(x: f64, y: f64, scale: f64) -> f64 {
///     let squared = x * x + y * y;
///     scale * squared.sqrt()
/// }
///
/// let (value, (dx, dy)) = length::value_and_grad(3.0, 4.0, 10.0);
/// assert_eq!((value, dx, dy), (50.0, 6.0, 8.0));
/// ```
///
/// # Calls
/// A function that is called with a differentiable argument must be annotated too; it may stand in
/// another module or crate, before or after. rustc's "cannot find macro `g` in this scope" at a
/// call of `g` means that `g` is not annotated, or not imported by a `use` that brings all of it.
/// Functions called with other arguments are taken as they are.
///
/// A function may call itself. Functions that call each other in a circle would each wait for the
/// other's source, which ends in the same error: put them in one `impl` block, whose functions know
/// each other.
///
/// ```
/// use chainrule::differentiate;
///
/// struct Parity;
///
/// #[differentiate]
/// impl Parity {
///     fn even(x: f64, n: u32) -> f64 {
///         if n == 0 { 1.0 } else { x * Self::odd(x, n - 1) }
///     }
///
///     fn odd(x: f64, n: u32) -> f64 {
///         if n == 0 { x } else { x * Self::even(x, n - 1) }
///     }
/// }
///
/// // x · (x · 1)
/// assert_eq!(Parity::even_value_and_grad(3.0, 2), (9.0, 6.0));
/// ```
///
/// # Rules by hand
/// A derivative may be known better than the body tells: of a foreign function, of a root that
/// an iteration finds, of a formula that is numerically better. With `vjp = rule` the body is not
/// looked at, and the derivative is the function `rule`, which has the type of `f::vjp`: it takes
/// the arguments, then the cotangent of the result, and returns the value and the gradient. Where
/// the result is a float, `partials = rule` is simpler: it takes the arguments and returns the value
/// and the gradient, which serves `f::jvp` too. With `hvp` or `hessian` beside it, it serves second
/// derivatives: the rule is then itself under `#[differentiate(jvp)]`. A rule for forward mode, `jvp = rule`, has the type
/// of `f::jvp`: it takes the arguments, then a tangent for each differentiated parameter, and returns
/// value and tangent. It goes beside `vjp = rule`; alone it serves reverse mode by one direction after
/// the other, which takes as many calls as there are numbers. Each of these is a path, which may be generic, of another module, or of the form
/// `Self::rule` at a method. [`check::check_rule`] tests a rule.
///
/// Beside `f` stands what always does, and functions that call `f` use the rule, also those of
/// other crates.
///
/// ```
/// use chainrule::differentiate;
///
/// /// ln(1 + eˣ), which overflows nowhere.
/// #[differentiate(partials = softplus_rule)]
/// fn softplus(x: f64) -> f64 {
///     x.max(0.0) + (-x.abs()).exp().ln_1p()
/// }
///
/// fn softplus_rule(x: f64) -> (f64, f64) {
///     (softplus(x), 1.0 / (1.0 + (-x).exp()))
/// }
///
/// #[differentiate]
/// fn twice(x: f64) -> f64 {
///     2.0 * softplus(x)
/// }
///
/// assert_eq!(softplus::vjp(0.0, 10.0), (2.0_f64.ln(), 5.0));
/// assert_eq!(twice::grad(0.0), 1.0);
/// ```
///
/// # By the tape
/// With `via = tape` the function is differentiated by the [`tape`] while it runs: every float in it
/// is a variable of the tape, and what stands beside it is the same. It is for what the macro cannot
/// follow at compile time, and costs what a tape costs. In such a function values may live in
/// boxes, maps, cells and other containers, closures in boxes and arrays, and recursion may go over
/// data of types that the macro does not know. A generic function that is not annotated is called
/// with its type written out, `g::<f64>(x)`: the tape puts its variables, which are
/// `num_traits::Float`, in place of that `f64` (also of `_`: `g::<_>(x)`), and so is a generic method
/// of a value that is passed in, `law.at::<f64>(x)`. Annotated functions are called as always (those
/// that return a float and take floats, slices, `Vec`s and arrays of them), and callers do not see a
/// difference. The function itself may be generic, `T: Float`; what calls it with a type parameter of
/// its own asks for `T: chainrule::tape::Real` of that.
///
/// What is passed in has to work on variables too. The generated functions therefore take
/// - for a closure of floats (`&dyn Fn(f64) -> f64`, `impl Fn(f64) -> f64`, boxes of such, pointers)
///   the same one of variables, `&dyn for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>`: a closure that is
///   written where it is passed, `|t| t.sin() * k`, serves the function and its gradient;
/// - for values of a trait that is generic over its float, `&dyn Curve<f64>` or `C: Curve<f64>`,
///   values of `Curve<Var<'t, f64>>`: a type with `impl<T: Float> Curve<T>` serves both.
///
/// ```
/// # #[cfg(feature = "ndarray")] {
/// use chainrule::differentiate;
/// use num_traits::Float;
///
/// trait Curve<T> {
///     fn at(&self, x: T) -> T;
/// }
///
/// struct Wave(f64);
///
/// impl<T: Float> Curve<T> for Wave {
///     fn at(&self, x: T) -> T {
///         (x * T::from(self.0).unwrap()).sin()
///     }
/// }
///
/// #[differentiate(via = tape)]
/// fn warped(curves: &[Box<dyn Curve<f64>>], warp: impl Fn(f64) -> f64, x: f64) -> f64 {
///     curves.iter().map(|curve| curve.at(warp(x))).sum()
/// }
///
/// let value = warped(&[Box::new(Wave(2.0))], |t| t * t, 0.5);
/// let slope = warped::grad(&[Box::new(Wave(2.0))], |t| t * t, 0.5);
/// assert_eq!((value, slope), (0.5_f64.sin(), 2.0 * 0.5_f64.cos()));
/// # }
/// ```
///
/// What computes with plain floats only (methods of other traits, functions that are neither
/// annotated nor generic) it cannot differentiate: these are compile errors, or panics that name
/// the call where the value turns out to carry a derivative.
///
/// ```
/// # #[cfg(feature = "ndarray")] {
/// use chainrule::differentiate;
///
/// enum Node {
///     X,
///     Number(f64),
///     Product(Box<Node>, Box<Node>),
///     Sine(Box<Node>),
/// }
///
/// #[differentiate(via = tape, wrt(x))]
/// fn evaluate(node: &Node, x: f64) -> f64 {
///     match node {
///         Node::X => x,
///         Node::Number(value) => *value,
///         Node::Product(a, b) => evaluate(a, x) * evaluate(b, x),
///         Node::Sine(a) => evaluate(a, x).sin(),
///     }
/// }
///
/// #[differentiate(wrt(x))]
/// fn squared(node: &Node, x: f64) -> f64 {
///     let y = evaluate(node, x);
///     y * y
/// }
///
/// // 3 · sin(x)
/// let sine = Node::Sine(Box::new(Node::X));
/// let node = Node::Product(Box::new(Node::Number(3.0)), Box::new(sine));
/// assert_eq!(evaluate::value_and_grad(&node, 0.0), (0.0, 3.0));
/// assert_eq!(squared::grad(&node, 0.5), 2.0 * (3.0 * 0.5_f64.sin()) * (3.0 * 0.5_f64.cos()));
/// # }
/// ```
///
/// # Errors
/// What is not understood is a compile error at its place, with what to do instead.
///
/// # Panics
/// Generated functions panic where the function itself would: on shapes that do not fit (naming
/// the function, the operands and both shapes), and on the mean of an empty array.
pub use chainrule_macros::differentiate;

/// Makes a struct of parameters differentiable: it becomes its own tangent.
///
/// Functions under [`macro@differentiate`] then take the struct, return it and make it from its
/// parts; its gradient is a value of the same struct. Optimisers and the trainer step through it by
/// the trait of the same name, for which it has to be `Clone`.
///
/// Fields are floats, arrays and `Vec`s of floats, `ndarray` arrays, tuples of these, and other
/// structs under this derive; all floats of a struct are of one type. Structs may be generic, and
/// tuple structs. A type alias of such types goes under [`macro@differentiate`] itself, since a macro
/// sees its name only: `#[differentiate] type Point = [f64; 3];`.
///
/// # Constants
/// Fields of integers, `bool`, `char`, `String`, `&'static` references and `PhantomData` (and
/// arrays, tuples, `Vec`s and other containers of those) carry no derivative: a gradient holds what
/// the parameters hold there. So does any field marked `#[constant]`, whatever its type; it must be
/// `Clone`.
///
/// # Example
/// ```
/// use chainrule::Differentiable;
/// # #[cfg(feature = "ndarray")] {
/// use chainrule::optim::{Optimizer, Sgd};
///
/// #[derive(Clone, Debug, PartialEq, Differentiable)]
/// struct Line {
///     slope: f64,
///     offset: f64,
/// }
///
/// #[derive(Clone, Debug, PartialEq, Differentiable)]
/// struct Model {
///     lines: Vec<Line>,
///     scale: f64,
///     name: String,
/// }
///
/// let line = Line { slope: 2.0, offset: 1.0 };
/// let mut model = Model { lines: vec![line], scale: 3.0, name: "bent".to_string() };
/// let mut gradient = model.zeros_like();
/// gradient.lines[0].slope = 10.0;
/// Sgd::new(0.1)?.step(&mut model, &gradient);
/// assert_eq!(model.lines, [Line { slope: 1.0, offset: 1.0 }]);
/// assert_eq!((model.scale, model.name.as_str()), (3.0, "bent"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Structs of arrays
/// Functions and methods take a struct that holds `ndarray` arrays by `&`, as if its fields were
/// parameters; it is not returned, changed or kept in a list.
///
/// ```
/// # #[cfg(feature = "ndarray")] {
/// use chainrule::{Differentiable, differentiate};
/// use ndarray::{Array1, Array2, array};
///
/// #[derive(Clone, Debug, PartialEq, Differentiable)]
/// struct Layer {
///     weights: Array2<f64>,
///     bias: Array1<f64>,
/// }
///
/// #[differentiate(wrt(layer))]
/// fn loss(layer: &Layer, x: &Array1<f64>) -> f64 {
///     (layer.weights.dot(x) + &layer.bias).mapv(|h| h * h).sum()
/// }
///
/// let layer = Layer { weights: array![[1.0, 2.0]], bias: array![-1.0] };
/// let gradient = loss::grad(&layer, &array![3.0, 0.5]);
/// assert_eq!(gradient, Layer { weights: array![[18.0, 3.0]], bias: array![6.0] });
/// # }
/// ```
///
/// # Errors
/// What cannot be differentiated is a compile error at its field. rustc's "cannot find macro
/// `Layer` in this scope" at a field's or parameter's type means that `Layer` is not under this
/// derive, or not imported by a `use` that brings all of it; or it is a type alias, which wants
/// `#[differentiate]`. Structs that hold each other in a
/// circle are not supported; a struct that holds a `Vec` of itself is.
pub use chainrule_macros::Differentiable;

#[cfg(feature = "ndarray")]
pub use differentiable::Differentiable;
#[cfg(feature = "ndarray")]
pub use ndarray;
#[cfg(feature = "ndarray")]
pub use objective::Objective;

/// The identity, with derivative zero: what it is applied to counts as a constant.
///
/// ```
/// use chainrule::{differentiate, stop_gradient};
///
/// #[differentiate]
/// fn f(x: f64) -> f64 {
///     x * stop_gradient(x)
/// }
///
/// assert_eq!(f::value_and_grad(3.0), (9.0, 3.0));
/// ```
#[inline(always)]
pub fn stop_gradient<T>(x: T) -> T {
    x
}

/// Passes on the implementations of the runtime's traits for a generated struct.
#[cfg(feature = "ndarray")]
#[doc(hidden)]
#[macro_export]
macro_rules! __objective {
    ($($items:tt)*) => { $($items)* };
}

/// Without the runtime there are no traits to implement.
#[cfg(not(feature = "ndarray"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __objective {
    ($($items:tt)*) => {};
}
