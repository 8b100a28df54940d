//! Single elements.

use ndarray::{Array, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};

use super::graph::NodeId;
use super::replay::Fresh;
use super::value::Real;
use super::var::Var;

/// An index of one element of an array of dimension `D`: what ndarray takes for it.
///
/// ```
/// use chainrule::tape::Tape;
/// use ndarray::array;
///
/// let tape = Tape::new();
/// let x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(x.at([0, 1]).value(), x.at((0, 1)).value());
/// ```
pub trait ElementIndex<D: Dimension> {
    /// The index of each axis.
    fn axes(&self) -> impl AsRef<[usize]>;
}

impl ElementIndex<Ix1> for usize {
    fn axes(&self) -> impl AsRef<[usize]> {
        [*self]
    }
}

impl ElementIndex<Ix0> for () {
    fn axes(&self) -> impl AsRef<[usize]> {
        []
    }
}

impl ElementIndex<Ix2> for (usize, usize) {
    fn axes(&self) -> impl AsRef<[usize]> {
        [self.0, self.1]
    }
}

impl ElementIndex<Ix3> for (usize, usize, usize) {
    fn axes(&self) -> impl AsRef<[usize]> {
        [self.0, self.1, self.2]
    }
}

impl ElementIndex<IxDyn> for &[usize] {
    fn axes(&self) -> impl AsRef<[usize]> {
        *self
    }
}

macro_rules! arrays {
    ($($dimension:ident $rank:literal),+) => {$(
        impl ElementIndex<$dimension> for [usize; $rank] {
            fn axes(&self) -> impl AsRef<[usize]> {
                self
            }
        }
    )+};
}

arrays!(Ix0 0, Ix1 1, Ix2 2, Ix3 3, Ix4 4, Ix5 5, Ix6 6);

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// One element: the variable's way to write `x[index]`.
    ///
    /// Derivative: 1 by that element. However many elements are read, their cotangents are
    /// gathered in one array.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0, 3.0]);
    /// (x.at(0) * x.at(2) * x.at(2)).backward();
    /// assert_eq!(x.grad(), array![9.0, 0.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If the index is out of bounds.
    #[track_caller]
    #[must_use]
    pub fn at(self, index: impl ElementIndex<D>) -> Var<'t, F> {
        let data = self.data();
        let position = position(data.shape(), &index);
        let mut dimension = D::zeros(data.ndim());
        dimension.slice_mut().copy_from_slice(index.axes().as_ref());
        self.element(position, data[dimension])
    }

    /// The element at a position in logical order, of which the caller knows the value.
    pub(super) fn element(self, position: usize, value: F) -> Var<'t, F> {
        let node = if self.node.is_tracked() {
            self.home().graph.borrow_mut().push_element(F::SINGLE, self.node, position)
        } else {
            NodeId::NONE
        };
        let array = self.node;
        Fresh(Var { tape: self.tape, node, slot: value }).replayed(&[array], move |sweep, _, ct| {
            sweep.add_element(array, position, ct);
            Ok(())
        })
    }
}

/// Whether there is such an element in an array of this shape.
pub(super) fn is_inside<D: Dimension>(shape: &[usize], index: &impl ElementIndex<D>) -> bool {
    let axes = index.axes();
    let axes = axes.as_ref();
    axes.len() == shape.len() && axes.iter().zip(shape).all(|(i, n)| i < n)
}

/// The position of an element in logical (row-major) order.
#[track_caller]
pub(super) fn position<D: Dimension>(shape: &[usize], index: &impl ElementIndex<D>) -> usize {
    let axes = index.axes();
    let axes = axes.as_ref();
    let inside = is_inside(shape, index);
    assert!(inside, "index {axes:?} is out of bounds for an array of shape {shape:?}");
    axes.iter().zip(shape).fold(0, |position, (i, n)| position * n + i)
}
