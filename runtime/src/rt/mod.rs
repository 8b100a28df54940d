//! What generated code calls. Not a public interface: it changes with the macro.

mod checkpoint;
mod flow;
mod items;
mod order;
mod range;
mod real;
mod second;
pub use {checkpoint::*, flow::*, items::*, order::*, range::*, real::*, second::*};

#[cfg(feature = "ndarray")]
mod arrays;
#[cfg(feature = "ndarray")]
mod elementary;
#[cfg(feature = "ndarray")]
mod kernel;
#[cfg(feature = "ndarray")]
mod model;
#[cfg(feature = "ndarray")]
mod on_tape;
#[cfg(feature = "ndarray")]
mod parts;
#[cfg(feature = "ndarray")]
mod product;
#[cfg(feature = "ndarray")]
mod shapes;
#[cfg(feature = "ndarray")]
pub use {
    arrays::*, elementary::*, kernel::*, model::*, on_tape::*, parts::*, product::*, shapes::*,
};

#[cfg(feature = "ndarray")]
pub use num_traits::Float;
