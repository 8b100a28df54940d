//! Examples live in `examples/*/main.rs`, see the manifest.
