//! Hand-written gradients that the benchmarks measure against.
