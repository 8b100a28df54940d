//! The network that reads digits, attention and logistic regression, as a user runs them.

mod common;

use common::run;

fn percent(stdout: &str, of: &str) -> f64 {
    let line = stdout.lines().find(|line| line.ends_with(of)).unwrap();
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

#[test]
fn tumours_held_out_are_classified_right() {
    let run = run("logistic_regression", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(percent(&run.stdout, "held out") > 95.0, "{}", run.stdout);
}

#[test]
fn attention_learns_where_to_look() {
    let run = run("attention", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let off = run.stdout.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert!(off.parse::<f64>().unwrap() < 1e-12, "{off}");
    assert!(percent(&run.stdout, "unseen sequences") > 99.0, "{}", run.stdout);
}

#[test]
fn losses_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    for example in ["logistic_regression", "attention"] {
        let plot = folder.path().join("loss.png");
        let run = run(example, &["--epochs", "2", "--plot", plot.to_str().unwrap()]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        assert!(std::fs::read(plot).unwrap().starts_with(b"\x89PNG"));
    }
}

fn read_right(stdout: &str, of: &str) -> f64 {
    let line = stdout.lines().find(|line| line.ends_with(of)).unwrap();
    line.split_whitespace().nth(2).unwrap().parse().unwrap()
}

#[test]
fn more_than_97_percent_of_the_digits_held_out_are_read_right() {
    let folder = tempfile::tempdir().unwrap();
    let plot = folder.path().join("loss.png");
    let run = run("mlp", &["--plot", plot.to_str().unwrap()]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(read_right(&run.stdout, "held out") > 97.0, "{}", run.stdout);
    assert!(read_right(&run.stdout, "training digits") > 99.0, "{}", run.stdout);
    assert!(std::fs::read(plot).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn the_same_seed_gives_the_same_course() {
    let arguments = ["--epochs", "3", "--seed", "7"];
    let (first, second) = (run("mlp", &arguments), run("mlp", &arguments));
    assert_eq!((first.code, &first.stdout), (Some(0), &second.stdout));
    assert_ne!(first.stdout, run("mlp", &["--epochs", "3", "--seed", "8"]).stdout);
}

#[test]
fn what_cannot_be_done_is_said() {
    common::assert_refused(&run("mlp", &["--batch-size", "0"]), "a batch of no digits");
}
