//! `mapv` and `map`.

use ndarray::{Array, Dimension};

use super::Tape;
use super::array::record;
use super::error::{or_panic, shapes};
use super::graph::Pullback;
use super::operand::Operand;
use super::rules;
use super::value::Real;
use super::var::{Var, same_tape};

/// What a closure given to [`Var::mapv`] may return: the elements, one scalar for all, or a float.
///
/// ```
/// use chainrule::tape::Tape;
/// use ndarray::array;
///
/// let tape = Tape::new();
/// let x = tape.var(array![1.0, 2.0]);
/// let s = tape.var(3.0);
/// assert_eq!(x.mapv(|e| e * s).value(), array![3.0, 6.0]);
/// assert_eq!(x.mapv(|_| s).value(), array![3.0, 3.0]);
/// assert_eq!(x.mapv(|_| 0.5).value(), array![0.5, 0.5]);
/// ```
pub trait Elements<'t, D: Dimension + 'static> {
    /// The float of the new elements.
    type Elem: Real;

    #[doc(hidden)]
    fn fill(self, tape: &'t Tape, shape: D) -> Var<'t, Array<Self::Elem, D>>;
}

impl<'t, F: Real, D: Dimension + 'static> Elements<'t, D> for Var<'t, Array<F, D>> {
    type Elem = F;

    #[track_caller]
    fn fill(self, _: &'t Tape, shape: D) -> Self {
        let found = self.raw_dim();
        or_panic(if found == shape {
            Ok(self)
        } else {
            Err(shapes("mapv", shape.slice(), found.slice()))
        })
    }
}

impl<'t, F: Real, D: Dimension + 'static> Elements<'t, D> for Var<'t, F> {
    type Elem = F;

    #[track_caller]
    fn fill(self, tape: &'t Tape, shape: D) -> Var<'t, Array<F, D>> {
        let like = tape.constant(Array::zeros(shape));
        or_panic(self.apply(like, rules::Second))
    }
}

impl<'t, F: Real, D: Dimension + 'static> Elements<'t, D> for F {
    type Elem = F;

    fn fill(self, tape: &'t Tape, shape: D) -> Var<'t, Array<F, D>> {
        tape.constant(Array::from_elem(shape, self))
    }
}

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The closure's result for every element, as ndarray's `mapv`.
    ///
    /// The closure is called once, with a variable that stands for all elements at once; captured
    /// scalars, variables or floats, take part as they are. It must therefore be arithmetic
    /// throughout: a branch on an element does not compile. Write it with `max`, `min`, `clamp`,
    /// or use [`Var::mapv_each`].
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// let shift = tape.var(0.5);
    /// let y = x.mapv(|e| e * e + shift);
    /// y.sum().backward();
    /// assert_eq!(y.value(), array![1.5, 4.5]);
    /// assert_eq!((x.grad(), shift.grad()), (array![2.0, 4.0], 2.0));
    /// ```
    ///
    /// # Panics
    /// If the closure returns an array of another shape.
    #[track_caller]
    pub fn mapv<R: Elements<'t, D>>(self, f: impl FnOnce(Self) -> R) -> Var<'t, Array<R::Elem, D>> {
        f(self).fill(self.home(), self.raw_dim())
    }

    /// As [`Var::mapv`]; the closure is given a reference, as by ndarray's `map`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 4.0]);
    /// assert_eq!(x.map(|e| e.sqrt() + *e).value(), array![2.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If the closure returns an array of another shape.
    #[track_caller]
    pub fn map<R: Elements<'t, D>>(self, f: impl FnOnce(&Self) -> R) -> Var<'t, Array<R::Elem, D>> {
        self.mapv(|elements| f(&elements))
    }

    /// The closure's result for every element, with one call for each: the closure may branch.
    ///
    /// It costs a node for each operation on each element, where [`Var::mapv`] costs one for each
    /// operation on the array.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![-4.0, 0.0, 4.0]);
    /// let y = x.mapv_each(|e| if e > 0.0 { e.sqrt() } else { tape.constant(0.0) });
    /// y.sum().backward();
    /// assert_eq!(y.value(), array![0.0, 0.0, 2.0]);
    /// assert_eq!(x.grad(), array![0.0, 0.0, 0.25]);
    /// ```
    ///
    /// # Panics
    /// If the closure returns a variable of another tape.
    #[track_caller]
    pub fn mapv_each<G: Real>(
        self,
        mut f: impl FnMut(Var<'t, F>) -> Var<'t, G>,
    ) -> Var<'t, Array<G, D>> {
        let data = self.data();
        let elements = data.iter().enumerate();
        let results: Vec<_> = elements.map(|(at, &value)| f(self.element(at, value))).collect();
        pack(self.home(), data.raw_dim(), &results)
    }

    /// All elements in logical order, a variable each.
    pub(super) fn each(self) -> Vec<Var<'t, F>> {
        let data = self.data();
        data.iter().enumerate().map(|(at, &value)| self.element(at, value)).collect()
    }

    /// As [`Var::mapv_each`]; the closure is given a reference, as by ndarray's `map`.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![-4.0, 4.0]);
    /// let y = x.map_each(|e| if *e > 0.0 { e.sqrt() } else { *e });
    /// assert_eq!(y.value(), array![-4.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If the closure returns a variable of another tape.
    #[track_caller]
    pub fn map_each<G: Real>(
        self,
        mut f: impl FnMut(&Var<'t, F>) -> Var<'t, G>,
    ) -> Var<'t, Array<G, D>> {
        self.mapv_each(|e| f(&e))
    }
}

impl Tape {
    /// An array variable made of scalar variables.
    ///
    /// Derivative: each element's cotangent to its scalar.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let (x, y) = (tape.var(3.0), tape.var(4.0));
    /// let all = tape.pack(array![[x, y], [y, tape.constant(1.0)]]);
    /// all.sum().backward();
    /// assert_eq!(all.value(), array![[3.0, 4.0], [4.0, 1.0]]);
    /// assert_eq!((x.grad(), y.grad()), (1.0, 2.0));
    /// ```
    ///
    /// # Panics
    /// If an element lives on another tape.
    #[track_caller]
    pub fn pack<'t, F: Real, D: Dimension + 'static>(
        &'t self,
        elements: Array<Var<'t, F>, D>,
    ) -> Var<'t, Array<F, D>> {
        let shape = elements.raw_dim();
        let elements: Vec<_> = elements.iter().copied().collect();
        pack(self, shape, &elements)
    }
}

/// Records the array of these scalars in logical order.
#[track_caller]
pub(super) fn pack<'t, F: Real, D: Dimension + 'static>(
    tape: &'t Tape,
    shape: D,
    elements: &[Var<'t, F>],
) -> Var<'t, Array<F, D>> {
    let mut value = Array::zeros(shape);
    for (into, element) in value.iter_mut().zip(elements) {
        or_panic(same_tape(Some(tape), element.tape, "pack"));
        *into = element.slot;
    }
    let nodes: Vec<_> = elements.iter().map(|element| element.node).collect();
    let tracked = nodes.iter().any(|node| node.is_tracked());
    let pullback: Pullback = Box::new(move |ct, sink| {
        for (&node, &ct) in nodes.iter().zip(ct.array::<F, D>()) {
            sink.add_scalar(node, ct);
        }
    });
    let parents: Vec<_> = elements.iter().map(|element| element.node).collect();
    let again = parents.clone();
    record(tape, value.into_shared(), tracked.then_some(pullback)).replayed(
        &parents,
        move |sweep, _, ct| {
            let data = ct.data();
            for (position, (&node, &value)) in again.iter().zip(&data).enumerate() {
                if sweep.needs(node) {
                    sweep.add(node, ct.element(position, value));
                }
            }
            Ok(())
        },
    )
}
