//! Products of many matrices, convolutions and pools, as [`crate::tensor::TensorExt`] has them.

use ndarray::{Array, Array1, Array2, Array3, Array4, Axis, Dimension, Ix2};

use super::array::record;
use super::error::or_panic;
use super::graph::Pullback;
use super::map::pack;
use super::operand::IntoVar;
use super::rearrange::concatenate;
use super::value::Real;
use super::var::{Var, same_tape};
use crate::tensor::conv::{max_pool2d, pairs};
use crate::tensor::lanes::{matrices, reshaped};
use crate::tensor::{Images, Signals, TensorExt};

/// The matrices that the last two axes hold, one behind the other.
fn of_matrices<'t, F: Real, D: Dimension + 'static>(x: Var<'t, Array<F, D>>) -> Var<'t, Array3<F>> {
    let dim = matrices(&x.data()).raw_dim();
    x.viewed(|all| reshaped(all.iter().copied(), dim))
}

impl<'t, F: Real, D: Dimension + 'static> Var<'t, Array<F, D>> {
    /// The products of the matrices that the last two axes hold.
    ///
    /// Derivatives, with the cotangent c: c yᵀ by x and xᵀ c by y, matrix by matrix.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let (x, y) = (tape.var(array![[[1.0, 2.0]]]), tape.var(array![[[3.0], [4.0]]]));
    /// x.matmul(y).sum().backward();
    /// assert_eq!((x.grad(), y.grad()), (array![[[3.0, 4.0]]], array![[[1.0], [2.0]]]));
    /// ```
    ///
    /// # Panics
    /// If the rank is less than 2, the shapes do not fit, or the operands live on two tapes.
    #[track_caller]
    #[must_use]
    pub fn matmul<R: IntoVar<'t, Value = Array<F, D>>>(self, other: R) -> Self {
        let other = other.into_var(self.home());
        or_panic(same_tape(self.tape, other.tape, "matmul"));
        let (x, y) = (self.data(), other.data());
        let value = x.matmul(&y);
        let (left, right) = (self.node, other.node);
        let tracked = left.is_tracked() || right.is_tracked();
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = matrices(ct.array::<F, D>());
            let (xs, ys) = (matrices(&x), matrices(&y));
            if left.is_tracked() {
                let mut all = Array3::zeros(xs.raw_dim());
                for ((mut to, ct), y) in
                    all.outer_iter_mut().zip(ct.outer_iter()).zip(ys.outer_iter())
                {
                    to.assign(&ct.dot(&y.t()));
                }
                sink.add_array(left, reshaped(all, x.raw_dim()));
            }
            if right.is_tracked() {
                let mut all = Array3::zeros(ys.raw_dim());
                for ((mut to, ct), x) in
                    all.outer_iter_mut().zip(ct.outer_iter()).zip(xs.outer_iter())
                {
                    to.assign(&x.t().dot(&ct));
                }
                sink.add_array(right, reshaped(all, y.raw_dim()));
            }
        });
        let (operands, shape) = ([self.handle(), other.handle()], value.raw_dim());
        record(self.home(), value.into_shared(), tracked.then_some(pullback)).replayed_as(
            &[left, right],
            move |tape| {
                let [xs, ys] = operands.map(|operand| of_matrices(operand.on::<Array<F, D>>(tape)));
                let rows = xs.outer_iter().zip(ys.outer_iter());
                let products: Vec<_> = rows.flat_map(|(x, y)| x.dot(y).each()).collect();
                pack(tape, shape.clone(), &products)
            },
        )
    }

    /// The correlation of images with kernels.
    #[track_caller]
    fn correlated(
        self,
        kernel: Self,
        value: Array<F, D>,
        as_images: fn(&Array<F, D>) -> Array4<F>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Self {
        let (x, w) = (self.data(), kernel.data());
        let (left, right) = (self.node, kernel.node);
        let tracked = left.is_tracked() || right.is_tracked();
        let pullback: Pullback = Box::new(move |ct, sink| {
            let (ct, images, kernels) =
                (as_images(ct.array::<F, D>()), as_images(&x.to_owned()), as_images(&w.to_owned()));
            let (mut to_x, mut to_w) =
                (Array4::<F>::zeros(images.raw_dim()), Array4::<F>::zeros(kernels.raw_dim()));
            let ((batch, out, rows, columns), (_, channels, height, width)) =
                (ct.dim(), images.dim());
            let (_, _, p, q) = kernels.dim();
            let meet = pairs([rows, columns], [p, q], [height, width], stride, padding);
            for ([i, j], ([k, l], [r, s])) in meet {
                for b in 0..batch {
                    for o in 0..out {
                        for c in 0..channels {
                            let ct = ct[[b, o, i, j]];
                            to_x[[b, c, r, s]] += ct * kernels[[o, c, k, l]];
                            to_w[[o, c, k, l]] += ct * images[[b, c, r, s]];
                        }
                    }
                }
            }
            if left.is_tracked() {
                sink.add_array(left, reshaped(to_x, x.raw_dim()));
            }
            if right.is_tracked() {
                sink.add_array(right, reshaped(to_w, w.raw_dim()));
            }
        });
        let (operands, shape) = ((self.handle(), kernel.handle()), value.raw_dim());
        record(self.home(), value.into_shared(), tracked.then_some(pullback)).replayed_as(
            &[left, right],
            move |tape| {
                let (x, w) =
                    (operands.0.on::<Array<F, D>>(tape), operands.1.on::<Array<F, D>>(tape));
                let (images, kernels) = (as_images(&x.value()), as_images(&w.value()));
                let (_, channels, height, width) = images.dim();
                let (out, _, p, q) = kernels.dim();
                let (batch, _, rows, columns) = as_images(&Array::zeros(shape.clone())).dim();
                // One row for each place of the kernel; what is padding is the zero at the end.
                let (each, taps) = (rows * columns, channels * p * q);
                let zero = x.len();
                let mut places = Array2::from_elem((batch * each, taps), zero);
                for ([i, j], ([k, l], [r, s])) in
                    pairs([rows, columns], [p, q], [height, width], stride, padding)
                {
                    for b in 0..batch {
                        for c in 0..channels {
                            places[[b * each + i * columns + j, (c * p + k) * q + l]] =
                                ((b * channels + c) * height + r) * width + s;
                        }
                    }
                }
                let flat = x.viewed(|all| Array1::from_iter(all.iter().copied()));
                let none = tape.constant(Array1::zeros(1));
                let padded = concatenate(Axis(0), &[flat, none])
                    .expect("vectors are joined whatever their lengths");
                let windows = padded.viewed(|all| places.mapv(|place| all[place]));
                let kernels = w.viewed(|all| reshaped(all.iter().copied(), Ix2(out, taps)));
                let product = windows.dot(kernels.t());
                product.viewed(|all| {
                    let images = (0..batch).flat_map(|b| {
                        (0..out).flat_map(move |o| (0..each).map(move |at| (b * each + at, o)))
                    });
                    reshaped(images.map(|at| all[at]), shape.clone())
                })
            },
        )
    }

    /// The correlation of signals with kernels. Derivatives: 1 by each factor times the other.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::array;
    /// let tape = Tape::new();
    /// let (x, w) = (tape.var(array![[[1.0, 2.0, 4.0]]]), tape.var(array![[[-1.0, 1.0]]]));
    /// x.conv1d(w, 1, 0).sum().backward();
    /// assert_eq!((x.grad(), w.grad()), (array![[[-1.0, 0.0, 1.0]]], array![[[3.0, 6.0]]]));
    /// ```
    ///
    /// # Panics
    /// If the channels are not as many, the kernel is longer than the signal with its padding, the
    /// stride is 0, or the operands live on two tapes.
    #[track_caller]
    #[must_use]
    pub fn conv1d<R>(self, kernel: R, stride: usize, padding: usize) -> Self
    where
        D: Signals,
        R: IntoVar<'t, Value = Array<F, D>>,
    {
        let kernel = kernel.into_var(self.home());
        or_panic(same_tape(self.tape, kernel.tape, "conv1d"));
        let value = self.data().conv1d(&kernel.data(), stride, padding);
        let images = |x: &Array<F, D>| D::with_height(x).to_owned();
        self.correlated(kernel, value, images, [1, stride], [0, padding])
    }

    /// The correlation of images with kernels. Derivatives: 1 by each factor times the other.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::Array4;
    /// let tape = Tape::new();
    /// let x = tape.var(Array4::<f64>::ones((1, 1, 3, 3)));
    /// let w = tape.var(Array4::<f64>::ones((1, 1, 2, 2)));
    /// x.conv2d(w, [1, 1], [0, 0]).sum().backward();
    /// assert_eq!((x.grad()[[0, 0, 1, 1]], w.grad()[[0, 0, 0, 0]]), (4.0, 4.0));
    /// ```
    ///
    /// # Panics
    /// If the channels are not as many, the kernel is larger than the image with its padding, a
    /// stride is 0, or the operands live on two tapes.
    #[track_caller]
    #[must_use]
    pub fn conv2d<R>(self, kernel: R, stride: [usize; 2], padding: [usize; 2]) -> Self
    where
        D: Images,
        R: IntoVar<'t, Value = Array<F, D>>,
    {
        let kernel = kernel.into_var(self.home());
        or_panic(same_tape(self.tape, kernel.tape, "conv2d"));
        let value = self.data().conv2d(&kernel.data(), stride, padding);
        let images = |x: &Array<F, D>| D::of_rank_4(x).to_owned();
        self.correlated(kernel, value, images, stride, padding)
    }

    /// The greatest element of each window of images. Derivative: 1 by the first of equal ones.
    ///
    /// ```
    /// # use chainrule::tape::Tape;
    /// # use ndarray::Array4;
    /// let tape = Tape::new();
    /// let x = tape.var(Array4::<f64>::ones((1, 1, 2, 2)));
    /// x.max_pool2d([2, 2], [1, 1]).sum().backward();
    /// assert_eq!(x.grad().into_raw_vec_and_offset().0, [1.0, 0.0, 0.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If the window is empty or larger than the image, or a stride is 0.
    #[track_caller]
    #[must_use]
    pub fn max_pool2d(self, size: [usize; 2], stride: [usize; 2]) -> Self
    where
        D: Images,
    {
        let data = self.data();
        let (_, at) = max_pool2d(&D::of_rank_4(&data), size, stride);
        self.viewed(|all| {
            let all = D::of_rank_4(&all);
            D::of_same_rank(Array4::from_shape_fn(at.raw_dim(), |(b, c, i, j)| {
                let (r, s) = at[[b, c, i, j]];
                all[[b, c, r, s]]
            }))
        })
    }
}
