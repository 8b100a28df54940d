//! The perceptron's step by hand and by the macro: the same numbers.

#![forbid(unsafe_code)]

use chainrule_benches::mlp::{Hand, Macro, Parameters, batch};

#[test]
fn both_steps_learn_the_same() {
    let (x, y) = batch();
    let (mut by_macro, mut by_hand) = (Macro::new(Parameters::new()), Hand::new(Parameters::new()));
    for _ in 0..5 {
        let (ours, theirs) = (by_macro.step(&x, &y), by_hand.step(&x, &y));
        assert!((ours - theirs).abs() <= 1e-5 * theirs, "{ours} {theirs}");
    }
    let (ours, theirs) = (by_macro.parameters, by_hand.parameters);
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5;
    assert!(ours.w1.iter().zip(&theirs.w1).all(near) && ours.b1.iter().zip(&theirs.b1).all(near));
    assert!(ours.w2.iter().zip(&theirs.w2).all(near) && ours.b2.iter().zip(&theirs.b2).all(near));
    assert_ne!(ours, Parameters::new());
}
