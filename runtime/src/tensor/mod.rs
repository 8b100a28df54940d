//! Tensors are ndarray's arrays; existing ndarray code is annotated unchanged.
//!
//! ```
//! use chainrule::tensor::{Array1, Tensor, array};
//! use chainrule::ndarray::Ix1;
//!
//! let x: Tensor<f64, Ix1> = array![1.0, 2.0];
//! let y: Array1<f64> = x.mapv(f64::exp);
//! assert_eq!(y.len(), 2);
//! ```
//!
//! [`TensorExt`] adds what model code wants and ndarray lacks; the macro and the tape know its methods.

pub(crate) mod conv;
mod ext;
mod labels;
pub(crate) mod lanes;

pub use conv::{Images, Signals};
pub use ext::TensorExt;
pub use labels::one_hot;
pub use ndarray::{
    Array, Array0, Array1, Array2, Array3, Array4, Array5, Array6, ArrayRef, ArrayRef1, ArrayRef2,
    ArrayView, ArrayView1, ArrayView2, Axis, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, array,
};

/// An owned array of floats of rank `D`.
pub type Tensor<F, D> = Array<F, D>;
