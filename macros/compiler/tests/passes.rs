//! What a pass may change and what it must keep, seen by the evaluator.

mod common;

use chainrule_compiler::differentiate::{Seed, differentiate};
use chainrule_compiler::driver::Version;
use chainrule_compiler::ir::eval::Array;
use chainrule_compiler::ir::verify::verify;
use chainrule_compiler::one_pass::one_pass;
use chainrule_compiler::simplify::simplify;
use common::{derivative, run, tensors};

/// Functions with their arguments; every parameter is differentiated.
fn cases() -> Vec<(&'static str, Vec<Array>)> {
    let s = Array::scalar;
    let v = || Array::vector(&[0.3, -1.2, 2.1]);
    let m = || Array::matrix(3, &[0.5, -0.4, 1.5, 2.0, 0.25, -1.0]);
    vec![
        (
            "fn f(v: &Array1<f64>, x: f64) -> f64 { x.powi(2) + 2.0 * x + 7.0 + v.sum() }",
            vec![v(), s(7.0)],
        ),
        (
            "fn f(v: &Array1<f64>, x: f64, y: f64) -> f64 { (x / y).sin() * x.exp() - y.sqrt() * v[1] }",
            vec![v(), s(0.7), s(1.3)],
        ),
        (
            "fn f(v: &Array1<f64>, x: f64) -> f64 { let y = x; let x = y * x; x.ln() + y * v[0] }",
            vec![v(), s(0.7)],
        ),
        (
            "fn f(v: &Array1<f64>, x: f64, y: f64) -> f64 { let (mut a, mut b) = (x, y); (a, b) = (b, a); a *= b; b -= a; v.sum() * a / b }",
            vec![v(), s(0.7), s(2.0)],
        ),
        (
            "fn f(v: &Array1<f64>, s: f64) -> f64 { (v * s + 1.0).mapv(|e| e.sin() * s).sum() }",
            vec![v(), s(0.4)],
        ),
        (
            "fn f(m: &Array2<f64>, v: &Array1<f64>) -> f64 { m.dot(v).mapv(|e| e * e).mean().unwrap().sqrt() }",
            vec![m(), v()],
        ),
        (
            "fn f(m: &Array2<f64>, v: &Array1<f64>) -> f64 { (m + v).mapv(f64::exp).sum_axis(Axis(0)).dot(v) }",
            vec![m(), v()],
        ),
        ("fn f(m: &Array2<f64>) -> f64 { m.t().dot(m).sum() + m[[1, 2]] * m[[0, 0]] }", vec![m()]),
        (
            "fn f(m: &Array2<f64>, v: &Array1<f64>) -> f64 { (v / v.mapv(|e| e * e).sum().sqrt()).dot(&m.mean_axis(Axis(0)).unwrap()) }",
            vec![m(), v()],
        ),
        (
            "fn f(v: &Array1<f64>) -> f64 { v.mapv(|e| v.mapv(|g| (e * g).sin()).sum()).sum() }",
            vec![v()],
        ),
    ]
}

fn flat(arrays: &[Array]) -> Vec<f64> {
    arrays.iter().flat_map(|array| array.data.clone()).collect()
}

fn same_bits(left: &[Array], right: &[Array]) -> bool {
    let bits = |arrays: &[Array]| flat(arrays).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    bits(left) == bits(right)
}

#[test]
fn every_pass_leaves_a_program_that_verifies() {
    for (source, _) in cases() {
        tensors(source, |compiled| {
            let Version { reverse, simplified, program, .. } = compiled.gradient.as_ref().unwrap();
            for program in [
                &compiled.lowered,
                &compiled.primal,
                reverse,
                simplified,
                program,
                &compiled.pullback.program,
            ] {
                verify(program).unwrap_or_else(|fault| panic!("{source}: {fault}"));
            }
        });
    }
}

#[test]
fn simplifying_keeps_every_bit() {
    for (source, params) in cases() {
        tensors(source, |compiled| {
            let gradient = compiled.gradient.as_ref().unwrap();
            assert!(
                same_bits(&run(&compiled.lowered, &params), &run(&compiled.primal, &params)),
                "{source}"
            );
            assert!(
                same_bits(&run(&gradient.reverse, &params), &run(&gradient.simplified, &params)),
                "{source}"
            );
        });
    }
}

#[test]
fn simplifying_twice_changes_nothing() {
    for (source, _) in cases() {
        tensors(source, |compiled| {
            let once = &compiled.gradient.as_ref().unwrap().program;
            assert_eq!(simplify(once).to_string(), once.to_string(), "{source}");
        });
    }
}

#[test]
fn gradients_agree_with_differences() {
    for (source, params) in cases() {
        tensors(source, |compiled| {
            let found = flat(&run(&compiled.gradient.as_ref().unwrap().program, &params)[1..]);
            let mut k = 0;
            for (p, param) in params.iter().enumerate() {
                for e in 0..param.data.len() {
                    let expected = derivative(param.data[e], |x| {
                        let mut params = params.clone();
                        params[p].data[e] = x;
                        run(&compiled.primal, &params)[0].data[0]
                    });
                    // Fourth-order differences with steps of 1e-3 are good to about 1e-10 here.
                    let error = (found[k] - expected).abs() / expected.abs().max(1.0);
                    assert!(
                        error < 1e-8,
                        "{source}: parameter {p}, element {e}: {} against {expected}",
                        found[k]
                    );
                    k += 1;
                }
            }
        });
    }
}

#[test]
fn pulling_factors_out_moves_rounding_only() {
    for (source, params) in cases() {
        tensors(source, |compiled| {
            let gradient = compiled.gradient.as_ref().unwrap();
            let (before, after) =
                (run(&gradient.simplified, &params), run(&gradient.program, &params));
            assert_eq!(before[0], after[0], "{source}: the value keeps its bits");
            for (x, y) in flat(&before).iter().zip(flat(&after)) {
                assert!((x - y).abs() <= 1e-13 * x.abs().max(1.0), "{source}: {x} against {y}");
            }
        });
    }
}

#[test]
fn a_root_of_a_mean_runs_through_its_data_once() {
    let source = "#[differentiate(wrt(w))]
        fn rmse(x: &Array2<f64>, y: &Array1<f64>, w: &Array1<f64>) -> f64 {
            (x.dot(w) - y).mapv(|e| e * e).mean().unwrap().sqrt()
        }";
    tensors(source, |compiled| {
        let gradient = compiled.gradient.as_ref().unwrap();
        let text = gradient.nest.show(&gradient.program);
        let loops =
            text.lines().filter(|line| line.starts_with("for ") && line.contains("..n")).count();
        assert_eq!(loops, 1, "{text}");
        assert!(!compiled.derivation.contains("stores n "), "{}", compiled.derivation);
    });
}

#[test]
fn softmax_cross_entropy_reads_its_logits_twice() {
    let source = "#[differentiate(wrt(x))]
        fn loss(x: &Array2<f64>, t: &Array2<f64>) -> f64 { x.cross_entropy(t) }";
    tensors(source, |compiled| {
        let gradient = compiled.gradient.as_ref().unwrap();
        let text = gradient.nest.show(&gradient.program);
        // A loop for the greatest logit, one for the exponentials, one for the gradient.
        let loops: Vec<&str> = text.split("\n  for ").skip(1).collect();
        assert_eq!(loops.len(), 3, "{text}");
        let reading = loops.iter().filter(|inner| inner.contains(" x[")).count();
        assert_eq!(reading, 2, "{text}");
    });
}

#[test]
fn a_zero_factor_selects_zero_after_the_loop() {
    // At a perfect fit the root's partial is infinite, and the error it meets is zero.
    let source =
        "fn f(v: &Array1<f64>, s: f64) -> f64 { (v * s).mapv(|e| e.sqrt()).sum().powi(2) }";
    tensors(source, |compiled| {
        let program = &compiled.gradient.as_ref().unwrap().program;
        let out = run(program, &[Array::vector(&[0.0, 0.0]), Array::scalar(1.0)]);
        assert_eq!(flat(&out), [0.0, 0.0, 0.0, 0.0]);
    });
}

#[test]
fn algebra_that_hides_a_nan_is_not_done() {
    for source in [
        "fn f(v: &Array1<f64>, x: f64) -> f64 { v.sum() + 0.0 * x }",
        "fn f(v: &Array1<f64>, x: f64) -> f64 { v.sum() + (x - x) }",
        "fn f(v: &Array1<f64>, x: f64) -> f64 { v.sum() + x / x }",
    ] {
        tensors(source, |compiled| {
            let params = [Array::vector(&[1.0]), Array::scalar(f64::INFINITY)];
            assert!(
                run(&compiled.primal, &params)[0].data[0].is_nan(),
                "{source}\n{}",
                compiled.primal
            );
        });
    }
}

#[test]
fn a_reverse_sweep_by_nothing_is_empty() {
    tensors("fn f(v: &Array1<f64>) -> f64 { v.mapv(f64::sin).sum() }", |compiled| {
        let program = simplify(&one_pass(&differentiate(&compiled.primal, &[], Seed::One)));
        assert_eq!(program.body.len(), compiled.primal.body.len());
    });
}

#[test]
fn code_grows_linearly() {
    let product = |n: usize| {
        let mut source = String::from("fn f(x: f64, v: &Array1<f64>) -> f64 { let p = v.sum();");
        (0..n).for_each(|_| source.push_str("let p = p * x.sin();"));
        source + "p }"
    };
    let size = |n: usize| tensors(&product(n), |c| c.gradient.as_ref().unwrap().program.body.len());
    let (small, large) = (size(100), size(2000));
    assert!(large < 21 * small, "{small} statements for 100, {large} for 2,000");
}
