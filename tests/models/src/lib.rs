//! Differentiable functions of a crate of their own: what the capsule tests fuse across crates.
