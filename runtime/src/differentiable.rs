//! What can be a parameter: floats, arrays of floats, and tuples and structs of those.

use ndarray::{Array, Dimension};
use num_traits::Float;

/// A value with a tangent of its own type: a float, an array of floats, a tuple of such values.
///
/// Optimisers see a parameter as a sequence of *leaves*, each a slice of scalars in a fixed order
/// (logical, row-major order for arrays).
///
/// ```
/// use chainrule::Differentiable;
/// use ndarray::array;
///
/// let params = (array![1.0, 2.0], 3.0);
/// let mut total = 0.0;
/// params.for_each_leaf(&mut |leaf| total += leaf.iter().sum::<f64>());
/// assert_eq!(total, 6.0);
/// assert_eq!(params.zeros_like(), (array![0.0, 0.0], 0.0));
/// ```
pub trait Differentiable: Clone {
    /// The float all leaves are made of.
    type Scalar: Float + Send + Sync + 'static;

    /// A value of the same shape with every scalar zero.
    fn zeros_like(&self) -> Self;

    /// Calls `visit` with every leaf, in order.
    fn for_each_leaf(&self, visit: &mut impl FnMut(&[Self::Scalar]));

    /// Calls `visit` with every leaf, in order, to be changed in place.
    fn for_each_leaf_mut(&mut self, visit: &mut impl FnMut(&mut [Self::Scalar]));

    /// Calls `visit` with every leaf of `self` and the same leaf of `other`.
    ///
    /// # Panics
    /// If two leaves differ in length.
    fn zip_leaves_mut(
        &mut self,
        other: &Self,
        visit: &mut impl FnMut(&mut [Self::Scalar], &[Self::Scalar]),
    );

    /// [`for_each_leaf`](Self::for_each_leaf) over the elements of a slice.
    ///
    /// Floats override these three, so that a slice of them is one leaf and not one leaf each;
    /// it is what lets `Vec` and fixed arrays hold any differentiable value.
    #[doc(hidden)]
    fn slice_for_each_leaf(slice: &[Self], visit: &mut impl FnMut(&[Self::Scalar])) {
        for element in slice {
            element.for_each_leaf(visit);
        }
    }

    /// [`for_each_leaf_mut`](Self::for_each_leaf_mut) over the elements of a slice.
    #[doc(hidden)]
    fn slice_for_each_leaf_mut(slice: &mut [Self], visit: &mut impl FnMut(&mut [Self::Scalar])) {
        for element in slice {
            element.for_each_leaf_mut(visit);
        }
    }

    /// [`zip_leaves_mut`](Self::zip_leaves_mut) over the elements of two slices of one length.
    #[doc(hidden)]
    fn slice_zip_leaves_mut(
        slice: &mut [Self],
        other: &[Self],
        visit: &mut impl FnMut(&mut [Self::Scalar], &[Self::Scalar]),
    ) {
        for (element, of_other) in slice.iter_mut().zip(other) {
            element.zip_leaves_mut(of_other, visit);
        }
    }
}

macro_rules! impl_float {
    ($($float:ty),*) => {$(
        impl Differentiable for $float {
            type Scalar = $float;

            #[inline]
            fn zeros_like(&self) -> Self {
                0.0
            }

            #[inline]
            fn for_each_leaf(&self, visit: &mut impl FnMut(&[$float])) {
                visit(std::slice::from_ref(self));
            }

            #[inline]
            fn for_each_leaf_mut(&mut self, visit: &mut impl FnMut(&mut [$float])) {
                visit(std::slice::from_mut(self));
            }

            #[inline]
            fn zip_leaves_mut(
                &mut self,
                other: &Self,
                visit: &mut impl FnMut(&mut [$float], &[$float]),
            ) {
                visit(std::slice::from_mut(self), std::slice::from_ref(other));
            }

            #[inline]
            fn slice_for_each_leaf(slice: &[Self], visit: &mut impl FnMut(&[$float])) {
                visit(slice);
            }

            #[inline]
            fn slice_for_each_leaf_mut(
                slice: &mut [Self],
                visit: &mut impl FnMut(&mut [$float]),
            ) {
                visit(slice);
            }

            #[inline]
            fn slice_zip_leaves_mut(
                slice: &mut [Self],
                other: &[Self],
                visit: &mut impl FnMut(&mut [$float], &[$float]),
            ) {
                visit(slice, other);
            }
        }
    )*};
}

impl_float!(f32, f64);

/// An array is one leaf. One that is not in standard layout is copied for the visit.
impl<F, D> Differentiable for Array<F, D>
where
    F: Float + Send + Sync + 'static,
    D: Dimension,
{
    type Scalar = F;

    fn zeros_like(&self) -> Self {
        Array::zeros(self.raw_dim())
    }

    #[inline]
    fn for_each_leaf(&self, visit: &mut impl FnMut(&[F])) {
        match self.as_slice() {
            Some(leaf) => visit(leaf),
            None => visit(&in_logical_order(self)),
        }
    }

    #[inline]
    fn for_each_leaf_mut(&mut self, visit: &mut impl FnMut(&mut [F])) {
        match self.as_slice_mut() {
            Some(leaf) => visit(leaf),
            None => {
                let mut leaf = in_logical_order(self);
                visit(&mut leaf);
                write_back(self, &leaf);
            }
        }
    }

    #[inline]
    fn zip_leaves_mut(&mut self, other: &Self, visit: &mut impl FnMut(&mut [F], &[F])) {
        assert!(
            self.shape() == other.shape(),
            "two parameters zipped leaf by leaf must have one shape, but they have {:?} and {:?}",
            self.shape(),
            other.shape(),
        );
        if let (Some(leaf), Some(of_other)) = (self.as_slice_mut(), other.as_slice()) {
            visit(leaf, of_other);
            return;
        }
        let mut leaf = in_logical_order(self);
        visit(&mut leaf, &in_logical_order(other));
        write_back(self, &leaf);
    }
}

/// The elements in row-major order, whatever the layout.
fn in_logical_order<F: Copy, D: Dimension>(array: &Array<F, D>) -> Vec<F> {
    array.iter().copied().collect()
}

/// The reverse of [`in_logical_order`].
fn write_back<F: Copy, D: Dimension>(array: &mut Array<F, D>, leaf: &[F]) {
    for (element, &value) in array.iter_mut().zip(leaf) {
        *element = value;
    }
}

impl<T: Differentiable> Differentiable for Vec<T> {
    type Scalar = T::Scalar;

    fn zeros_like(&self) -> Self {
        self.iter().map(T::zeros_like).collect()
    }

    #[inline]
    fn for_each_leaf(&self, visit: &mut impl FnMut(&[T::Scalar])) {
        T::slice_for_each_leaf(self, visit);
    }

    #[inline]
    fn for_each_leaf_mut(&mut self, visit: &mut impl FnMut(&mut [T::Scalar])) {
        T::slice_for_each_leaf_mut(self, visit);
    }

    #[inline]
    fn zip_leaves_mut(
        &mut self,
        other: &Self,
        visit: &mut impl FnMut(&mut [T::Scalar], &[T::Scalar]),
    ) {
        assert!(
            self.len() == other.len(),
            "two parameters zipped leaf by leaf must have one length, but they have {} and {}",
            self.len(),
            other.len(),
        );
        T::slice_zip_leaves_mut(self, other, visit);
    }
}

impl<T: Differentiable, const N: usize> Differentiable for [T; N] {
    type Scalar = T::Scalar;

    fn zeros_like(&self) -> Self {
        self.each_ref().map(T::zeros_like)
    }

    #[inline]
    fn for_each_leaf(&self, visit: &mut impl FnMut(&[T::Scalar])) {
        T::slice_for_each_leaf(self, visit);
    }

    #[inline]
    fn for_each_leaf_mut(&mut self, visit: &mut impl FnMut(&mut [T::Scalar])) {
        T::slice_for_each_leaf_mut(self, visit);
    }

    #[inline]
    fn zip_leaves_mut(
        &mut self,
        other: &Self,
        visit: &mut impl FnMut(&mut [T::Scalar], &[T::Scalar]),
    ) {
        T::slice_zip_leaves_mut(self, other, visit);
    }
}

macro_rules! impl_tuple {
    ($first:ident $first_index:tt $(, $rest:ident $rest_index:tt)*) => {
        impl<$first, $($rest),*> Differentiable for ($first, $($rest,)*)
        where
            $first: Differentiable,
            $($rest: Differentiable<Scalar = $first::Scalar>,)*
        {
            type Scalar = $first::Scalar;

            fn zeros_like(&self) -> Self {
                (self.$first_index.zeros_like(), $(self.$rest_index.zeros_like(),)*)
            }

            #[inline]
            fn for_each_leaf(&self, visit: &mut impl FnMut(&[Self::Scalar])) {
                self.$first_index.for_each_leaf(visit);
                $(self.$rest_index.for_each_leaf(visit);)*
            }

            #[inline]
            fn for_each_leaf_mut(&mut self, visit: &mut impl FnMut(&mut [Self::Scalar])) {
                self.$first_index.for_each_leaf_mut(visit);
                $(self.$rest_index.for_each_leaf_mut(visit);)*
            }

            #[inline]
            fn zip_leaves_mut(
                &mut self,
                other: &Self,
                visit: &mut impl FnMut(&mut [Self::Scalar], &[Self::Scalar]),
            ) {
                self.$first_index.zip_leaves_mut(&other.$first_index, visit);
                $(self.$rest_index.zip_leaves_mut(&other.$rest_index, visit);)*
            }
        }
    };
}

impl_tuple!(A 0);
impl_tuple!(A 0, B 1);
impl_tuple!(A 0, B 1, C 2);
impl_tuple!(A 0, B 1, C 2, D 3);
impl_tuple!(A 0, B 1, C 2, D 3, E 4);
impl_tuple!(A 0, B 1, C 2, D 3, E 4, G 5);
impl_tuple!(A 0, B 1, C 2, D 3, E 4, G 5, H 6);
impl_tuple!(A 0, B 1, C 2, D 3, E 4, G 5, H 6, I 7);

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn leaves<P: Differentiable>(params: &P) -> Vec<Vec<P::Scalar>> {
        let mut all = Vec::new();
        params.for_each_leaf(&mut |leaf| all.push(leaf.to_vec()));
        all
    }

    #[test]
    fn floats_in_a_container_are_one_leaf() {
        let params = (vec![1.0, 2.0], [3.0, 4.0, 5.0], 6.0, array![[7.0], [8.0]]);
        let expected = [vec![1.0, 2.0], vec![3.0, 4.0, 5.0], vec![6.0], vec![7.0, 8.0]];
        assert_eq!(leaves(&params), expected);
    }

    #[test]
    fn containers_nest() {
        let params = vec![([1.0_f32, 2.0], 3.0_f32), ([4.0, 5.0], 6.0)];
        assert_eq!(leaves(&params), [vec![1.0, 2.0], vec![3.0], vec![4.0, 5.0], vec![6.0]]);
        assert_eq!(
            leaves(&params.zeros_like()),
            [vec![0.0; 2], vec![0.0], vec![0.0; 2], vec![0.0]]
        );
        assert_eq!(leaves(&[[1.0, 2.0], [3.0, 4.0]]), [vec![1.0, 2.0], vec![3.0, 4.0]]);
    }

    #[test]
    fn column_major_arrays_are_visited_row_by_row() {
        let transposed: Array2<f64> = array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]].reversed_axes();
        assert!(transposed.as_slice().is_none());
        let mut changed = transposed.clone();
        changed.for_each_leaf_mut(&mut |leaf| {
            for (i, value) in leaf.iter_mut().enumerate() {
                *value += 10.0 * i as f64;
            }
        });
        assert_eq!(changed, array![[1.0, 12.0, 23.0], [34.0, 45.0, 56.0]]);
        let standard = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        changed.zip_leaves_mut(&standard, &mut |leaf, other| {
            leaf.iter_mut().zip(other).for_each(|(a, b)| *a -= b);
        });
        assert_eq!(changed, array![[0.0, 10.0, 20.0], [30.0, 40.0, 50.0]]);
        assert_eq!(leaves(&transposed), [vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]);
    }

    #[test]
    #[should_panic(expected = "[2] and [3]")]
    fn arrays_of_two_shapes_do_not_zip() {
        array![1.0, 2.0].zip_leaves_mut(&array![1.0, 2.0, 3.0], &mut |_, _| ());
    }

    #[test]
    #[should_panic(expected = "1 and 2")]
    fn vectors_of_two_lengths_do_not_zip() {
        vec![[1.0]].zip_leaves_mut(&vec![[1.0], [2.0]], &mut |_, _| ());
    }
}
