//! Arrays element by element: as ndarray's own arrays of scalar variables, and one element changed.

use std::ops::{Deref, DerefMut};

use ndarray::{Array, Dimension};

use super::array::record;
use super::graph::Pullback;
use super::index::{ElementIndex, position};
use super::map::pack;
use super::value::Real;
use super::var::{Var, or_same};

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The elements, each a variable of its own, in an array of ndarray's: the reverse of
    /// [`Tape::pack`](super::Tape::pack).
    ///
    /// All that ndarray has works on it: iterators, `Zip`, windows, lanes, views that are written
    /// to. It costs a node for each element, and one for each operation on one.
    ///
    /// ```
    /// # use chainrule::tape::{Tape, Var};
    /// # use ndarray::{array, Zip};
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let y = tape.var(array![[5.0, 6.0], [7.0, 8.0]]);
    /// let z = Zip::from(&x.elements()).and(&y.elements()).map_collect(|&x, &y| x * y);
    /// tape.pack(z).row(1).sum().backward();
    /// assert_eq!(x.grad(), array![[0.0, 0.0], [7.0, 8.0]]);
    /// let squares: Var<f64> = x.elements().iter().map(|e| e * e).sum();
    /// assert_eq!(squares.value(), 30.0);
    /// ```
    #[must_use]
    pub fn elements(&self) -> Array<Var<'t, F>, D> {
        let mut elements = self.each().into_iter();
        Array::from_shape_simple_fn(self.raw_dim(), || elements.next().unwrap_or_default())
    }

    /// The elements, to be changed one by one: the variable stands for what they have become as soon
    /// as this is dropped.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let mut x = tape.var(array![1.0, 2.0, 3.0]);
    /// let start = x;
    /// for i in 1..3 {
    ///     let mut elements = x.elements_mut();
    ///     elements[i] = elements[i] * elements[i - 1];
    /// }
    /// x.elements_mut().iter_mut().for_each(|e| *e *= 2.0);
    /// assert_eq!(x.value(), array![2.0, 4.0, 12.0]);
    /// x.sum().backward();
    /// assert_eq!(start.grad(), array![18.0, 8.0, 4.0]);
    /// ```
    pub fn elements_mut(&mut self) -> ElementsMut<'_, 't, F, D> {
        ElementsMut { elements: self.elements(), whole: self }
    }

    /// Gives one element another value: the variable's way to write `x[index] = value`.
    ///
    /// It copies the array. Who changes many elements in turn takes [`Var::elements_mut`].
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let (start, s) = (tape.var(array![1.0, 2.0, 3.0]), tape.var(0.5));
    /// let mut x = start;
    /// x.set(1, s * 4.0);
    /// x.set(2, x.at(2) * x.at(1));
    /// assert_eq!(x.value(), array![1.0, 2.0, 6.0]);
    /// x.sum().backward();
    /// assert_eq!((start.grad(), s.grad()), (array![1.0, 0.0, 2.0], 16.0));
    /// ```
    ///
    /// # Panics
    /// If the index is out of bounds, or the value lives on another tape.
    #[track_caller]
    pub fn set(&mut self, index: impl ElementIndex<D>, value: impl Into<Var<'t, F>>) {
        let position = position(&self.shape(), &index);
        *self = self.with_element(position, value.into());
    }

    /// The array with another element at a position in logical order.
    #[track_caller]
    fn with_element(self, position: usize, element: Var<'t, F>) -> Self {
        or_same(self.tape, element.tape, "set");
        let mut value = self.value();
        replace(&mut value, position, element.slot);
        let (array, one) = (self.node, element.node);
        let pullback: Pullback = Box::new(move |ct, sink| {
            let mut ct = ct.array::<F, D>().clone();
            let of_element = replace(&mut ct, position, F::zero());
            sink.add_scalar(one, of_element);
            sink.add_array(array, ct);
        });
        let tracked = array.is_tracked() || one.is_tracked();
        record(self.home(), value.into_shared(), tracked.then_some(pullback)).replayed(
            &[array, one],
            move |sweep, _, ct| {
                if sweep.needs(one) {
                    let value = ct.data().iter().nth(position).copied().unwrap_or_else(F::zero);
                    sweep.add(one, ct.element(position, value));
                }
                if sweep.needs(array) {
                    sweep.add(array, ct.with_element(position, Var::constant(None, F::zero())));
                }
                Ok(())
            },
        )
    }
}

/// Puts an element at a position in logical order, and returns what was there.
fn replace<F: Real, D: Dimension>(array: &mut Array<F, D>, position: usize, by: F) -> F {
    match array.iter_mut().nth(position) {
        Some(element) => std::mem::replace(element, by),
        None => F::zero(),
    }
}

/// An array's elements that are changed one by one; see [`Var::elements_mut`].
pub struct ElementsMut<'a, 't, F: Real, D: Dimension + 'static> {
    elements: Array<Var<'t, F>, D>,
    whole: &'a mut Var<'t, Array<F, D>>,
}

impl<'t, F: Real, D: Dimension + 'static> Deref for ElementsMut<'_, 't, F, D> {
    type Target = Array<Var<'t, F>, D>;

    fn deref(&self) -> &Self::Target {
        &self.elements
    }
}

impl<F: Real, D: Dimension + 'static> DerefMut for ElementsMut<'_, '_, F, D> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.elements
    }
}

impl<F: Real, D: Dimension + 'static> Drop for ElementsMut<'_, '_, F, D> {
    #[track_caller]
    fn drop(&mut self) {
        // In a panic the variable stays what it was.
        if !std::thread::panicking() {
            let elements: Vec<_> = self.elements.iter().copied().collect();
            *self.whole = pack(self.whole.home(), self.elements.raw_dim(), &elements);
        }
    }
}
