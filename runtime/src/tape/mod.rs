//! A run-time tape: define-by-run automatic differentiation, as PyTorch does it.
//!
//! Operations on variables are recorded while they are computed; `backward` walks the record in
//! reverse. It needs no macro, sees through any control flow, and its derivative rules are written
//! independently of the macro's: each is the other's witness.
//!
//! ```
//! use chainrule::tape::Tape;
//!
//! let tape = Tape::new();
//! let x = tape.var(7.0);
//! let y = x.powi(2) + 2.0 * x + 7.0;
//! y.backward();
//! assert_eq!(x.grad(), 16.0);
//! ```
//!
//! # What there is
//! - [`Tape`] records, [`Var`] is a value on it: `f32`, `f64` or an [`ndarray::Array`] of them,
//!   mixed freely. A `Var` is `Copy`; `clone`, `view` and `to_owned` are the identity.
//! - The operators and the methods of std's floats, elementwise on arrays, with ndarray's
//!   broadcasting; ndarray's `dot`, `t`, `slice`, `row`, `insert_axis`, `sum`, `mean`, `var`, `mapv`
//!   and others; the methods of [`crate::tensor::TensorExt`].
//! - Arrays change in place: compound assignment, `assign`, `fill`, `mapv_inplace`, one element by
//!   [`set`](Var::set), parts by `slice_mut`, `row_mut` and the like ([`PartMut`]), all elements one by
//!   one by [`elements_mut`](Var::elements_mut). [`elements`](Var::elements) hands out ndarray's own
//!   array of scalar variables, for its iterators, `Zip` and windows, and [`Tape::pack`] takes one in.
//! - The right operand of an operator or binary method is a variable, a reference to one, a plain
//!   float or a plain array ([`Operand`]). A left operand is a variable or a float.
//! - Scalars behave as floats do in ordinary code: they compare, print, default to zero, sum and
//!   multiply up as iterators' items, live in vectors and are swapped. `Var::from(0.5)` is a constant
//!   that goes with every tape. They are `num_traits::Float`, so that generic functions take them.
//! - Gradients accumulate over `backward` calls until [`Tape::zero_grad`]. Every tracked variable
//!   has one, not only those made by [`Tape::var`]. The record lives as long as the tape
//!   (PyTorch's `retain_graph = true`) or until [`Tape::clear`].
//! - Gradients of gradients (PyTorch's `create_graph = True`), to any order, are those of a
//!   [`HigherOrderTape`].
//!
//! # Where a function is not smooth
//! | function | derivative |
//! |---|---|
//! | `abs` at ±0 | 0 |
//! | `max`, `min` at a tie | ½ to each operand |
//! | `max`, `min` with one NaN | all to the operand that is a number, as std returns it |
//! | `clamp` | 1 inside, 0 outside; on a bound ½ to the value and ½ to the bound |
//! | `sqrt`, `cbrt` at 0 | ∞ |
//! | `hypot`, `atan2` at the origin | 0 to both |
//! | `powi(x, 0)`, `powf(x, 0.0)` by x | 0, also at x = 0 |
//! | `powf(0.0, y)` by y | 0 for y ≥ 0 |
//! | `floor`, `ceil`, `round`, `trunc`, `signum`, `div_euclid` | 0 |
//! | `fract` | 1 |
//! | `x % y`, `x.rem_euclid(y)` | 1 by x, minus the whole quotient by y |
//! | `x.copysign(s)` | 1 by x if the signs agree, else −1; 0 by s |
//!
//! A zero cotangent passes on zero through every elementwise function, also where the partial is
//! infinite or NaN. An exactly zero partial of `exp`, `exp2`, `exp_m1`, `sinh`, `cosh`, `tanh`,
//! `powi`, `powf`, `max`, `min`, `clamp` and of the functions that are constant in pieces passes
//! on zero also from an infinite cotangent: `(-l).exp().sqrt()` has the derivative 0 at `l = 1600`.
//!
//! # Literals
//! A bare literal takes the float of the variable it meets: `2.0 * x`, `x * 2.0` and
//! `tape.constant(2.0) * x` are `f32` where `x` is. Where nothing says which float a variable has
//! (`tape.var(7.0)`), rustc decides at the function's end, and cannot resolve a method called on
//! `2.0 * x` before: write `7.0_f64` then.

mod along;
mod array;
mod broadcast;
mod cast;
mod compare;
mod dot;
mod elements;
mod error;
mod float;
mod graph;
mod higher_order;
mod in_place;
mod index;
mod lanes;
mod lift;
mod map;
mod methods;
mod model;
mod moments;
mod number;
mod objective;
mod operand;
mod operators;
mod parts;
mod plain;
mod rearrange;
mod reduce;
mod replay;
mod rule;
mod rules;
mod scalar;
mod shape;
mod spread;
mod stitch;
mod value;
mod var;
mod view;
mod windows;

use std::cell::RefCell;
use std::fmt;

pub use along::general_mat_mul;
pub use dot::Dot;
pub use elements::ElementsMut;
pub use error::TapeError;
pub use higher_order::{HigherOrderTape, Wrt};
pub use index::ElementIndex;
pub use lift::{Lift, lift};
pub use map::Elements;
pub use objective::{ByTape, HasTape};
pub use operand::{IntoVar, Like, Operand};
pub use parts::PartMut;
pub use rearrange::{concatenate, stack};
pub use value::{Real, Value};
pub use var::Var;

#[doc(hidden)]
pub use stitch::Links;

use graph::Graph;

/// A record of operations on variables.
///
/// One tape holds `f32` and `f64`, scalars and arrays. It grows with every operation on a tracked
/// variable; its memory is freed when it is dropped or [cleared](Tape::clear). Neither that nor
/// `backward` recurses, so a chain of millions of operations is fine.
///
/// ```
/// use chainrule::tape::Tape;
/// use ndarray::array;
///
/// let tape = Tape::new();
/// let w = tape.var(array![1.0_f32, 2.0]);
/// let x = tape.constant(array![3.0_f32, 4.0]);
/// let loss = w.dot(x);
/// loss.backward();
/// assert_eq!(loss.value(), 11.0);
/// assert_eq!(w.grad(), array![3.0, 4.0]);
/// ```
///
/// Variables borrow the tape, so that none outlives it or what [`Tape::clear`] forgets:
///
/// ```compile_fail,E0505
/// # use chainrule::tape::Tape;
/// let tape = Tape::new();
/// let x = tape.var(3.0);
/// drop(tape);
/// let y = x * x;
/// ```
///
/// A tape moves to another thread, its variables do not:
///
/// ```compile_fail,E0277
/// # use chainrule::tape::Tape;
/// let tape = Tape::new();
/// let x = tape.var(3.0);
/// std::thread::scope(|scope| scope.spawn(|| x * x).join().is_ok());
/// ```
#[derive(Default)]
pub struct Tape {
    // Borrowed only inside this module's methods, none of which runs a caller's code meanwhile.
    graph: RefCell<Graph>,
    /// Whether gradients can be differentiated again.
    higher: bool,
}

impl Tape {
    /// An empty tape.
    ///
    /// ```
    /// assert!(chainrule::tape::Tape::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A tracked variable: `backward` leaves its gradient in [`Var::grad`].
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// assert!(x.requires_grad());
    /// assert_eq!(x.grad(), 0.0);
    /// ```
    pub fn var<T: Value>(&self, value: T) -> Var<'_, T> {
        value.enter(self, true)
    }

    /// A constant: nothing flows to it, and operations on constants alone are not recorded.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// let k = tape.constant(2.0);
    /// (k * x).backward();
    /// assert!(!k.requires_grad());
    /// assert_eq!((x.grad(), k.grad()), (2.0, 0.0));
    /// ```
    pub fn constant<T: Value>(&self, value: T) -> Var<'_, T> {
        value.enter(self, false)
    }

    /// Sets every gradient to zero.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// let y = x * x;
    /// y.backward();
    /// y.backward();
    /// assert_eq!(x.grad(), 12.0);
    /// tape.zero_grad();
    /// assert_eq!(x.grad(), 0.0);
    /// ```
    pub fn zero_grad(&self) {
        self.graph.borrow_mut().zero_gradients();
    }

    /// How many nodes are recorded: variables, and operations that depend on one.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// let _ = x.sin() + 1.0;
    /// assert_eq!(tape.len(), 3);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.graph.borrow().len()
    }

    /// Whether nothing is recorded.
    ///
    /// ```
    /// assert!(chainrule::tape::Tape::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything recorded. The borrow checker sees to it that no variable is left.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// let mut tape = Tape::new();
    /// for step in 0..3 {
    ///     tape.clear();
    ///     let x = tape.var(f64::from(step));
    ///     x.sin().backward();
    ///     assert_eq!(x.grad(), f64::from(step).cos());
    /// }
    /// ```
    pub fn clear(&mut self) {
        self.graph.get_mut().clear();
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape").field("nodes", &self.len()).finish()
    }
}
