//! Parts of an array that are changed in place: the whole array changes with them.

use std::ops::{AddAssign, Deref, DerefMut, DivAssign, MulAssign, SubAssign};
use std::sync::Arc;

use ndarray::{Array, ArrayView, Axis, Dimension, Ix1, Ix2, RemoveAxis, SliceArg, Zip};

use super::array::record;
use super::error::{or_panic, shapes};
use super::graph::Pullback;
use super::operand::Operand;
use super::value::Real;
use super::var::{Var, or_same};
use crate::tensor::lanes::reshaped;

/// A part of an array that is changed in place, as [`Var::slice_mut`] and its like give it: a
/// variable, which is written back to the whole array when this is dropped.
///
/// ```
/// # use chainrule::tape::Tape;
/// # use ndarray::{array, s};
/// let tape = Tape::new();
/// let (start, y) = (tape.var(array![[1.0, 2.0], [3.0, 4.0]]), tape.var(array![5.0, 6.0]));
/// let mut x = start;
/// x.row_mut(0).assign(y);
/// let mut column = x.column_mut(1);
/// column *= 2.0;
/// drop(column);
/// x.slice_mut(s![1, ..;-1]).set(0, 7.0);
/// assert_eq!(x.value(), array![[5.0, 12.0], [3.0, 7.0]]);
/// x.sum().backward();
/// assert_eq!((start.grad(), y.grad()), (array![[0.0, 0.0], [1.0, 0.0]], array![1.0, 2.0]));
/// ```
pub struct PartMut<'a, 't, F: Real, D: Dimension + 'static, E: Dimension + 'static> {
    part: Var<'t, Array<F, E>>,
    positions: Arc<Array<usize, E>>,
    whole: &'a mut Var<'t, Array<F, D>>,
}

impl<'t, F: Real, D, E> Deref for PartMut<'_, 't, F, D, E>
where
    D: Dimension + 'static,
    E: Dimension + 'static,
{
    type Target = Var<'t, Array<F, E>>;

    fn deref(&self) -> &Self::Target {
        &self.part
    }
}

impl<F: Real, D, E> DerefMut for PartMut<'_, '_, F, D, E>
where
    D: Dimension + 'static,
    E: Dimension + 'static,
{
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.part
    }
}

impl<F: Real, D, E> Drop for PartMut<'_, '_, F, D, E>
where
    D: Dimension + 'static,
    E: Dimension + 'static,
{
    #[track_caller]
    fn drop(&mut self) {
        // In a panic the array stays what it was.
        if !std::thread::panicking() {
            *self.whole = self.whole.with_part(Arc::clone(&self.positions), self.part);
        }
    }
}

macro_rules! compound {
    ($($trait:ident $method:ident;)+) => {$(
        impl<'t, F: Real, D, E, R> $trait<R> for PartMut<'_, 't, F, D, E>
        where
            D: Dimension + 'static,
            E: Dimension + 'static,
            R: Operand<'t, Array<F, E>, Output = Array<F, E>>,
        {
            #[track_caller]
            fn $method(&mut self, right: R) {
                self.part.$method(right);
            }
        }
    )+};
}
compound! {
    AddAssign add_assign;
    SubAssign sub_assign;
    MulAssign mul_assign;
    DivAssign div_assign;
}

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    #[track_caller]
    fn part_mut<E: Dimension + 'static>(
        &mut self,
        view: impl FnOnce(ArrayView<'_, usize, D>) -> Array<usize, E>,
    ) -> PartMut<'_, 't, F, D, E> {
        let data = self.data();
        let all = reshaped(0..data.len(), data.raw_dim());
        let positions = Arc::new(view(all.view()));
        PartMut { part: self.picked(Arc::clone(&positions)), positions, whole: self }
    }

    /// The array with a part in place of the elements at these positions, of which none is twice.
    #[track_caller]
    fn with_part<E: Dimension + 'static>(
        self,
        positions: Arc<Array<usize, E>>,
        part: Var<'t, Array<F, E>>,
    ) -> Self {
        or_same(self.tape, part.tape, "assign");
        let (own, found) = (positions.raw_dim(), part.raw_dim());
        or_panic(match own == found {
            true => Ok(()),
            false => Err(shapes("assign", own.slice(), found.slice())),
        });
        let (value, whole, of_part) = (self.data(), self.node, part.node);
        let value = replaced(&value.to_owned(), &positions, &part.data().to_owned());
        let again = Arc::clone(&positions);
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.array::<F, D>();
            if of_part.is_tracked() {
                let elements: Vec<F> = ct.iter().copied().collect();
                sink.add_array(of_part, positions.mapv(|position| elements[position]));
            }
            if whole.is_tracked() {
                let none = Array::zeros(positions.raw_dim());
                sink.add_array(whole, replaced(ct, &positions, &none));
            }
        });
        let tracked = whole.is_tracked() || of_part.is_tracked();
        record(self.home(), value.into_shared(), tracked.then_some(pullback)).replayed(
            &[whole, of_part],
            move |sweep, _, ct| {
                if sweep.needs(of_part) {
                    sweep.add(of_part, ct.picked(Arc::clone(&again)));
                }
                if sweep.needs(whole) {
                    let none = ct.home().constant(Array::zeros(again.raw_dim()));
                    sweep.add(whole, ct.with_part(Arc::clone(&again), none));
                }
                Ok(())
            },
        )
    }

    /// A part of the array to be changed, as ndarray's `slice_mut`; see [`PartMut`].
    ///
    /// # Panics
    /// If the slice is out of bounds, as ndarray does.
    #[track_caller]
    pub fn slice_mut<I: SliceArg<D, OutDim: 'static>>(
        &mut self,
        info: I,
    ) -> PartMut<'_, 't, F, D, I::OutDim> {
        self.part_mut(|all| all.slice(info).to_owned())
    }
}

impl<'t, F: Real, D: RemoveAxis<Smaller: 'static> + 'static> Var<'t, Array<F, D>> {
    /// The part of the array at one index of an axis to be changed, as ndarray's `index_axis_mut`;
    /// see [`PartMut`].
    ///
    /// # Panics
    /// If the axis or the index does not exist, as ndarray does.
    #[track_caller]
    pub fn index_axis_mut(
        &mut self,
        axis: Axis,
        index: usize,
    ) -> PartMut<'_, 't, F, D, D::Smaller> {
        self.part_mut(|all| all.index_axis(axis, index).to_owned())
    }
}

impl<'t, F: Real> Var<'t, Array<F, Ix2>> {
    /// A row to be changed, as ndarray's `row_mut`; see [`PartMut`].
    ///
    /// # Panics
    /// If there is no such row, as ndarray does.
    #[track_caller]
    pub fn row_mut(&mut self, index: usize) -> PartMut<'_, 't, F, Ix2, Ix1> {
        self.part_mut(|all| all.row(index).to_owned())
    }

    /// A column to be changed, as ndarray's `column_mut`; see [`PartMut`].
    ///
    /// # Panics
    /// If there is no such column, as ndarray does.
    #[track_caller]
    pub fn column_mut(&mut self, index: usize) -> PartMut<'_, 't, F, Ix2, Ix1> {
        self.part_mut(|all| all.column(index).to_owned())
    }

    /// The diagonal to be changed, as ndarray's `diag_mut`; see [`PartMut`].
    pub fn diag_mut(&mut self) -> PartMut<'_, 't, F, Ix2, Ix1> {
        self.part_mut(|all| all.diag().to_owned())
    }
}

/// The array with these elements at these positions.
fn replaced<F: Real, D: Dimension, E: Dimension>(
    array: &Array<F, D>,
    positions: &Array<usize, E>,
    by: &Array<F, E>,
) -> Array<F, D> {
    let mut all: Vec<F> = array.iter().copied().collect();
    Zip::from(positions).and(by).for_each(|&position, &element| all[position] = element);
    reshaped(all, array.raw_dim())
}
