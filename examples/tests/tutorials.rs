//! The shorter examples, as a user runs them.

mod common;

use common::{assert_refused, run};
use std::fs;

#[test]
fn autograd_basics_shows_both_ways() {
    let run = run("autograd_basics", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let rows = run.stdout.lines().filter_map(|line| line.strip_prefix("dy/dx"));
    let rows: Vec<String> =
        rows.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let array = "[1.3333, 2.0000, 2.6667]";
    assert_eq!(rows, ["16 16".to_owned(), format!("{array} {array}")]);
}

#[test]
fn custom_rule_shows_three_rules() {
    let run = run("custom_rule", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let words: Vec<&str> = run.stdout.split_whitespace().collect();
    let shown = words.join(" ");
    assert!(shown.contains("root of y³ + 2y = 3 1.000000, by a -0.200000, by b 0.200000"));
    assert!(shown.contains("normal distribution at 1 0.841345, its density 0.241971"));
    assert!(shown.contains("x = 800 800.000000 1.000000 inf 0.000000"));
}

#[test]
fn newton_converges() {
    let run = run("newton", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let last = run.stdout.lines().last().unwrap();
    let steps = last.strip_prefix("converged in ").and_then(|rest| rest.split(' ').next());
    assert!(steps.unwrap().parse::<usize>().unwrap() < 10, "{last}");
}

#[test]
fn pinn_solves_the_equation() {
    let run = run("pinn", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let errors = run.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2));
    let errors: Vec<f64> = errors.filter_map(|text| text.parse().ok()).collect();
    assert!(errors.len() > 5 && errors[0] > 1.0 && errors[6] < 1e-3, "{}", run.stdout);
}

/// The implicit Euler method is of first order: with half the step, half the error.
#[test]
fn stiff_ode_is_of_first_order() {
    let run = run("stiff_ode", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let smaller = run.stdout.lines().filter_map(|line| line.strip_suffix(" times smaller"));
    let smaller = smaller.filter_map(|line| line.rsplit(' ').next()?.parse().ok());
    let smaller: Vec<f64> = smaller.collect();
    assert!(smaller.len() == 2 && smaller.iter().all(|r| (r - 2.0).abs() < 0.1), "{}", run.stdout);
}

#[test]
fn derivation_shows_every_stage() {
    let run = run("derivation", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let stages = run.stdout.lines().filter(|line| line.starts_with("── "));
    // Scalar code has no loops to plan and no factors to pull out.
    assert_eq!(stages.count(), 5 + 9);
    assert!(run.stdout.contains("fn population(start: f64, growth: f64, years: usize)\n"));
    assert!(run.stdout.contains("fn loss(x: f32[n, m], y: f32[n], w: f32[m], b: f32)\n"));
    assert!(run.stdout.contains("    pub fn value_and_grad("));
    assert!(run.stdout.contains("impl ::chainrule::Objective for loss {\n"));
}

#[test]
fn derivation_takes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("function.rs");
    let name = path.to_str().unwrap();
    let run = |text: &str| {
        fs::write(&path, text).unwrap();
        run("derivation", &[name])
    };

    let callee = "#[differentiate]\nfn square(x: f64) -> f64 {\n    x * x\n}\n";
    let shown = run(&format!(
        "{callee}#[differentiate]\nfn f(x: f64) -> f64 {{\n    square(x.sin())\n}}\n"
    ));
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    assert!(shown.stdout.contains("fn f(x: f64)\n  sin: f64 = sin x\n"));

    let refused = run("#[differentiate]\nfn f(x: f64) -> f64 {\n    square(x)\n}\n");
    assert_refused(
        &refused,
        &format!("{name}, line 3: `square` is not annotated above its caller"),
    );
    let refused = run("fn f(x: f64) -> f64 { x }\n");
    assert_refused(
        &refused,
        &format!("{name}, line 1: there is no function under `#[differentiate]`"),
    );
    let refused = run("#[differentiate(wrt(q))]\nfn f(x: f64) -> f64 {\n    x\n}\n");
    assert!(refused.stderr.starts_with(&format!("error: {name}, line ")));
    assert!(refused.stderr.contains("`q`"));
    let refused = run("#[differentiate]\nfn f(x: f64) -> f64 {\n    x.no_such_method()\n}\n");
    assert!(refused.stderr.starts_with(&format!("error: {name}, line 3: `no_such_method`")));
    assert_eq!(refused.code, Some(2));
}
