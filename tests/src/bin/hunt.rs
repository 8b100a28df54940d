//! `cargo run --release -p chainrule-tests --bin hunt -- --programs 1000 --seed 1`: random programs
//! by macro and tape. Exit code 1 if any two engines disagree.

#![forbid(unsafe_code)]

use chainrule_tests::hunt::run::hunt;
use std::process::ExitCode;

const USAGE: &str = "usage: hunt [--programs N] [--seed S]";

fn main() -> ExitCode {
    let (mut programs, mut seed) = (300, 1);
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let slot = match name.as_str() {
            "--programs" => &mut programs,
            "--seed" => &mut seed,
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        };
        match args.next().and_then(|text| text.parse().ok()) {
            Some(number) => *slot = number,
            None => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    let directory = std::env::temp_dir().join("chainrule-hunt");
    let mut progress = |done| eprintln!("{done} of {programs} programs");
    let findings = match hunt(seed, programs, &directory, &mut progress) {
        Ok(findings) => findings,
        Err(error) => {
            eprintln!("the hunt cannot be run in {}: {error}", directory.display());
            return ExitCode::from(2);
        }
    };
    for (program, message) in &findings.refused {
        println!("refused: {message}\n{}", program.source);
    }
    for what in &findings.wrong {
        println!("wrong: {what}\n");
    }
    println!(
        "{} programs, {} refused, {} wrong",
        findings.programs,
        findings.refused.len(),
        findings.wrong.len()
    );
    for (construct, count) in &findings.constructs {
        println!("{count:8}  {construct}");
    }
    match findings.wrong.is_empty() && findings.refused.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
