use chainrule::differentiate;
use std::sync::atomic::{AtomicU64, Ordering};

static STEPS: AtomicU64 = AtomicU64::new(0);

#[differentiate]
fn f(x: f64) -> f64 {
    STEPS.store(x.to_bits(), Ordering::SeqCst);
    f64::from_bits(STEPS.load(Ordering::SeqCst))
}

fn main() {}
