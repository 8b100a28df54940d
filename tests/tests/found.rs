//! What the hunt has found, as it shrank it, except that names tell what is meant.
//!
//! `cargo run --release -p chainrule-tests --bin hunt` writes such modules: a program at the point
//! where something was wrong, with its derivatives by dual numbers.

#![deny(unsafe_code)]
