//! Shapes, transposition, and the identities that keep ndarray code unchanged.

use ndarray::{Array, Dimension, Ix2};

use super::array::record;
use super::graph::Pullback;
use super::value::{Real, Value};
use super::var::Var;

impl<T: Value> Var<'_, T> {
    /// The same variable: a variable is `Copy`, and owned and borrowed at once.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// assert_eq!(x.view().to_owned().value(), x.value());
    /// ```
    #[must_use]
    pub fn to_owned(self) -> Self {
        self
    }

    /// The same variable, as ndarray's `view` shows the same array.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![1.0, 2.0]);
    /// x.view().sum().backward();
    /// assert_eq!(x.grad(), array![1.0, 1.0]);
    /// ```
    #[must_use]
    pub fn view(self) -> Self {
        self
    }
}

impl<F: Real, D: Dimension + 'static> Var<'_, Array<F, D>> {
    /// The array with its axes reversed, as ndarray's `t`. No element is copied.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.var(array![[1.0, 2.0, 3.0]]);
    /// x.t().backward_with(array![[1.0], [2.0], [3.0]]);
    /// assert_eq!(x.t().dim(), (3, 1));
    /// assert_eq!(x.grad(), array![[1.0, 2.0, 3.0]]);
    /// ```
    #[must_use]
    pub fn t(self) -> Self {
        let node = self.node;
        let pullback: Pullback = Box::new(move |ct, sink| {
            sink.add_array(node, ct.array::<F, D>().clone().reversed_axes());
        });
        record(self.home(), self.data().reversed_axes(), node.is_tracked().then_some(pullback))
            .replayed(&[node], move |sweep, _, ct| {
                sweep.add(node, ct.t());
                Ok(())
            })
    }

    /// The number of elements.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// assert_eq!(Tape::new().var(array![[1.0, 2.0], [3.0, 4.0]]).len(), 4);
    /// ```
    #[must_use]
    pub fn len(self) -> usize {
        self.data().len()
    }

    /// Whether there is no element.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::Array1;
    /// assert!(Tape::new().var(Array1::<f64>::zeros(0)).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.data().is_empty()
    }

    /// The number of axes.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// assert_eq!(Tape::new().var(array![[1.0, 2.0]]).ndim(), 2);
    /// ```
    #[must_use]
    pub fn ndim(self) -> usize {
        self.data().ndim()
    }

    /// The length of each axis.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// assert_eq!(Tape::new().var(array![[1.0, 2.0]]).shape(), [1, 2]);
    /// ```
    #[must_use]
    pub fn shape(self) -> Vec<usize> {
        self.data().shape().to_vec()
    }

    /// The shape as ndarray's pattern: a number for rank 1, a tuple for higher ranks.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let (rows, columns) = Tape::new().var(array![[1.0, 2.0]]).dim();
    /// assert_eq!((rows, columns), (1, 2));
    /// ```
    #[must_use]
    pub fn dim(self) -> D::Pattern {
        self.data().dim()
    }

    /// The shape as ndarray's dimension type.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::{array, Array2};
    /// let x = array![[1.0, 2.0]];
    /// let tape = Tape::new();
    /// assert_eq!(Array2::<f64>::zeros(tape.var(x).raw_dim()).dim(), (1, 2));
    /// ```
    #[must_use]
    pub fn raw_dim(self) -> D {
        self.data().raw_dim()
    }
}

impl<F: Real> Var<'_, Array<F, Ix2>> {
    /// The number of rows.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// assert_eq!(Tape::new().var(array![[1.0, 2.0]]).nrows(), 1);
    /// ```
    #[must_use]
    pub fn nrows(self) -> usize {
        self.data().nrows()
    }

    /// The number of columns.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// assert_eq!(Tape::new().var(array![[1.0, 2.0]]).ncols(), 2);
    /// ```
    #[must_use]
    pub fn ncols(self) -> usize {
        self.data().ncols()
    }
}
