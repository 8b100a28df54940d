//! `cargo run --release -p chainrule-tests --bin hunt -- --programs 1000 --seed 1`: random programs
//! in every mode, by dual numbers and by the tape. Exit code 1 if any two engines disagree.
//!
//! With `--spoil NAME` the compiler is spoiled on purpose, and the exit code is 1 if the hunt finds
//! nothing.

#![forbid(unsafe_code)]

use chainrule_tests::hunt::run::{NOT_RUN, hunt, repository};
use chainrule_tests::hunt::spoil::{SPOILS, spoiled};
use std::process::ExitCode;

const USAGE: &str = "usage: hunt [--programs N] [--seed S] [--spoil NAME]";

fn main() -> ExitCode {
    let (mut programs, mut seed) = (300, 1);
    let mut spoil = None;
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let slot = match name.as_str() {
            "--programs" => &mut programs,
            "--seed" => &mut seed,
            "--spoil" => {
                let name = args.next().unwrap_or_default();
                spoil = SPOILS.iter().find(|spoil| spoil.name == name);
                if spoil.is_none() {
                    eprintln!("what can be spoiled:");
                    SPOILS.iter().for_each(|spoil| eprintln!("  {}: {}", spoil.name, spoil.what));
                    return ExitCode::from(2);
                }
                continue;
            }
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
    let sources = match spoil {
        Some(spoil) => spoiled(spoil, &repository(), &directory),
        None => Ok(repository()),
    };
    let found =
        sources.and_then(|sources| hunt(seed, programs, &sources, &directory, &mut progress));
    let findings = match found {
        Ok(findings) => findings,
        Err(error) => {
            eprintln!("the hunt cannot be run in {}: {error}", directory.display());
            return ExitCode::from(2);
        }
    };
    if let Some(spoil) = spoil {
        // A crate that does not compile is no catch.
        let (not_run, wrong): (Vec<&String>, Vec<&String>) =
            findings.wrong.iter().partition(|what| what.contains(NOT_RUN));
        not_run.iter().for_each(|what| println!("{what}"));
        let (what, programs) = (spoil.what, findings.programs);
        println!("{what}: {} times wrong in {programs} programs", wrong.len());
        return match wrong.is_empty() || !not_run.is_empty() {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        };
    }
    for (program, message) in &findings.refused {
        println!("refused: {message}\n{}", program.source);
    }
    for what in &findings.wrong {
        println!("wrong: {what}\n");
    }
    println!(
        "{} programs, {} refused ({} more by a documented limit), {} wrong",
        findings.programs,
        findings.refused.len(),
        findings.beyond_limits,
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
