//! The main job, as a user runs it.

mod common;

use common::{Run, assert_refused};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn run(arguments: &[&str]) -> Run {
    common::run("linear_regression", arguments)
}

/// The printed mean losses.
fn losses(run: &Run) -> Vec<f64> {
    let lines = run.stdout.lines().filter(|line| line.starts_with("epoch"));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

/// The last column of the table at the end.
fn learned(run: &Run) -> Vec<f64> {
    let rows = run.stdout.lines().skip_while(|line| !line.starts_with("coefficient")).skip(1);
    rows.map(|row| row.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

/// A folder with a table in it.
fn table(text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

/// Points on the plane 3 a - 2 b + 1.
fn plane() -> String {
    let row = |i: i32| {
        let (a, b) = (f64::from(i % 7) / 3.0 - 1.0, f64::from(i % 5) / 2.0 - 1.0);
        format!("{a},{b},{}\n", 3.0 * a - 2.0 * b + 1.0)
    };
    (0..70).map(row).collect()
}

#[test]
fn the_main_job_follows_the_known_course() {
    for arguments in [[].as_slice(), &["--seed", "1"], &["--seed", "18446744073709551615"]] {
        let run = run(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        let losses = losses(&run);
        assert_eq!(losses.len(), 120);
        let course = [
            (0, 8700.0..9900.0),
            (9, 2300.0..2600.0),
            (18, 620.0..700.0),
            (31, 95.0..107.0),
            (48, 9.3..10.3),
            (64, 1.87..1.98),
            (119, 1.004..1.012),
        ];
        for (epoch, bracket) in course {
            assert!(bracket.contains(&losses[epoch]), "epoch {epoch}: {}", losses[epoch]);
        }
        let known = [41.15, 66.50, 10.75, 60.21, 25.91, 14.51];
        let tolerance = [0.2, 0.2, 0.2, 0.2, 0.2, 0.05];
        let learned = learned(&run);
        assert_eq!(learned.len(), 6);
        for ((learned, known), tolerance) in learned.iter().zip(known).zip(tolerance) {
            assert!((learned - known).abs() < tolerance, "{learned}, not {known}");
        }
    }
}

#[test]
fn the_table_shows_true_and_learned_side_by_side() {
    let Run { stdout, .. } = run(&[]);
    let (_, table) = stdout.split_once("\n\n").unwrap();
    let rows: Vec<&str> = table.lines().collect();
    let true_part = [
        "coefficient     true  learned",
        "x0           41.2059  41.",
        "x1           66.4995  66.",
        "x2           10.7145  10.",
        "x3           60.1951  60.",
        "x4           25.9615  25.",
        "bias         14.5000  14.",
    ];
    assert_eq!(rows.len(), true_part.len());
    for (row, start) in rows.iter().zip(true_part) {
        assert!(row.starts_with(start), "{row}");
        assert_eq!(row.len(), rows[0].len(), "{row}");
    }
}

#[test]
fn a_seed_decides_the_training_and_not_the_samples() {
    let of = |seed| run(&["--seed", seed, "--epochs", "3"]).stdout;
    assert_eq!(of("7"), of("7"));
    assert_ne!(of("7"), of("8"));
    assert!(of("8").contains("41.2059"));
}

#[test]
fn noise_is_what_remains() {
    let last = |noise| *losses(&run(&["--noise", noise])).last().unwrap();
    assert!(last("0") < 0.01);
    assert!((24.0..28.0).contains(&last("5")));
}

#[test]
fn a_batch_larger_than_the_table_is_the_table() {
    let of = |size| run(&["--epochs", "3", "--batch-size", size]).stdout;
    assert_eq!(of("1000"), of("5000"));
    assert_eq!(of("1000"), of("18446744073709551615"));
}

#[test]
fn a_table_is_learned_under_its_names() {
    let (_folder, path) = table(&format!("width,height in m,price\n{}", plane()));
    let run = run(&["--csv", &path, "--learning-rate", "1", "--epochs", "300"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let (_, table) = run.stdout.split_once("\n\n").unwrap();
    let expected = "\
coefficient for price  learned
width                   3.0000
height in m            -2.0000
bias                    1.0000
";
    assert_eq!(table, expected);
}

#[test]
fn a_table_without_a_header_is_learned_too() {
    let (_folder, path) = table(&plane());
    let run = run(&["--csv", &path, "--learning-rate", "1", "--epochs", "300"]);
    assert!(run.stdout.contains("coefficient for x2  learned\nx0                   3.0000\n"));
}

#[test]
fn unscaled_columns_are_one_line_that_helps() {
    let text = "area,rooms,price\n80000,3,300\n120000,5,510\n100000,4,400\n60000,2,200\n";
    let (_folder, path) = table(text);
    let diverged = run(&["--csv", &path]);
    assert_refused(
        &diverged,
        &format!(
            "{path}: the loss diverges at --learning-rate 0.01: scale the columns to a few units \
             each (`area` reaches 120000.0), or give 1e-10"
        ),
    );
    assert!(!diverged.stdout.contains("NaN") && !diverged.stdout.contains("inf"));
    let run = run(&["--csv", &path, "--learning-rate", "1e-10"]);
    assert_eq!(run.code, Some(0));
    let losses = losses(&run);
    assert!(losses[119] < losses[0]);
}

#[test]
fn a_plot_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loss.png");
    assert_eq!(run(&["--epochs", "5", "--plot", path.to_str().unwrap()]).code, Some(0));
    assert!(fs::read(path).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn bad_options_are_one_line_each() {
    let counts = format!("give a whole number from 1 to {}", usize::MAX);
    let seeds = format!("give a whole number from 0 to {}", u64::MAX);
    let (above, from) = ("give a finite number above 0", "give a finite number that is 0 or more");
    let cases = [
        ("--epochs <N>", ["0", "-1", "1.5", "", "99999999999999999999"].as_slice(), &*counts),
        ("--batch-size <N>", &["0", "-16", "many"], &counts),
        ("--learning-rate <RATE>", &["0", "-0.1", "NaN", "inf", "-inf", "1e999", "fast"], above),
        ("--noise <DEVIATION>", &["-1", "NaN", "inf", "loud"], from),
        ("--seed <SEED>", &["-1", "1.5", "18446744073709551616"], &seeds),
    ];
    for (option, values, wanted) in cases {
        let (name, _) = option.split_once(' ').unwrap();
        for value in values {
            let message = format!("invalid value '{value}' for '{option}': {wanted} (see --help)");
            let run = run(&[name, value]);
            assert_refused(&run, &message);
            assert_eq!(run.stdout, "");
        }
    }
    let cases = [
        (["--bogus"].as_slice(), "unexpected argument '--bogus' found"),
        (&["extra"], "unexpected argument 'extra' found"),
        (&["--csv"], "a value is required for '--csv <FILE>' but none was supplied"),
        (
            &["--csv", "a.csv", "--noise", "2"],
            "the argument '--csv <FILE>' cannot be used with '--noise <DEVIATION>'",
        ),
        (&["--epochs", "1\n\n2"], &format!("invalid value '1  2' for '--epochs <N>': {counts}")),
    ];
    for (arguments, message) in cases {
        assert_refused(&run(arguments), &format!("{message} (see --help)"));
    }
}

#[test]
fn too_much_is_one_line_each() {
    let too_large = "the loss of the first batch is beyond the range of f32";
    assert_refused(
        &run(&["--noise", "1e300"]),
        &format!("{too_large} (`y` reaches inf): give less --noise"),
    );
    assert_refused(
        &run(&["--learning-rate", "1e300"]),
        "the loss diverges at --learning-rate 1e300: give 4e-1",
    );
    let (_folder, path) = table("a,b\n1,1e30\n2,-2e30\n");
    let message = "(`b` reaches 2e30): scale the columns to a few units each";
    assert_refused(&run(&["--csv", &path]), &format!("{path}: {too_large} {message}"));
}

#[test]
fn bad_tables_name_file_line_and_value() {
    let cases = [
        ("", ": holds no rows of numbers: give a header (optional) and at least one row"),
        ("a,b\n", ": holds no rows of numbers: give a header (optional) and at least one row"),
        (
            "a,b,c\n1,2,3\n4,5\n",
            ", line 3: has 2 cells but the first row has 3: give every row as many",
        ),
        (
            "a,b\n1,2\n\n3,old\n",
            ", line 4, column 2 (b): `old` is not a number: correct or remove it",
        ),
        (
            "a,b\n1,2\nNaN,4\n",
            ", line 3, column 1 (a): `NaN` is not a finite number: correct or remove it",
        ),
        (
            "a,b\n1,\"2\n3\"\n",
            ", line 2, column 2 (b): `2\\n3` is not a number: correct or remove it",
        ),
        (
            "a\n1\n",
            ", line 1: has the single column `a`: give at least one feature and, last, the \
             target, separated by commas",
        ),
    ];
    for (text, message) in cases {
        let (_folder, path) = table(text);
        assert_refused(&run(&["--csv", &path]), &format!("{path}{message}"));
    }
    let refused = run(&["--csv", "missing.csv"]);
    assert_eq!((refused.code, refused.stderr.lines().count()), (Some(2), 1));
    assert!(refused.stderr.starts_with("error: missing.csv: cannot be read: "));
}

#[test]
fn a_bad_plot_is_refused_before_any_work() {
    assert_refused(
        &run(&["--plot", "loss.jpg"]),
        "loss.jpg: the plot is a PNG file: give a name that ends in `.png`",
    );
    let path = Path::new("no such folder").join("loss.png");
    let refused = run(&["--plot", path.to_str().unwrap()]);
    assert_eq!((refused.code, refused.stderr.lines().count()), (Some(2), 1));
    let start = format!("error: {}: the plot cannot be written: ", path.display());
    assert!(refused.stderr.starts_with(&start));
    assert_eq!(refused.stdout, "");
}

#[test]
fn help_is_no_mistake() {
    let run = run(&["--help"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    for option in
        ["--epochs", "--batch-size", "--learning-rate", "--noise", "--seed", "--csv", "--plot"]
    {
        assert!(run.stdout.contains(option), "{option}");
    }
}
