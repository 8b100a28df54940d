//! `cargo run --release -p chainrule-tests --bin hunt -- --programs 1000 --seed 1`: random programs
//! by every engine, against dual numbers. Exit code 1 if any two engines disagree.
//!
//! All programs are compared in reverse mode and by the tape, one of four in every mode;
//! `--every-mode` does that with all. `--from N` leaves out the hundreds of programs ahead of the
//! one of number N. What is found is shrunk; `--shrink N` says how many at most.
//! With `--spoil NAME` the compiler is spoiled on purpose, and the exit code is 1 if the hunt finds
//! nothing.

#![forbid(unsafe_code)]

use chainrule_tests::hunt::crates::Workspace;
use chainrule_tests::hunt::run::{Finding, Findings, How, Hunt, hunt, repository};
use chainrule_tests::hunt::shrink::shrink;
use chainrule_tests::hunt::spoil::{SPOILS, Spoil, spoiled};
use std::process::ExitCode;
use std::time::Instant;
use std::{fs, io};

const USAGE: &str = "usage: hunt [--programs N] [--seed S] [--from N] [--every-mode] [--shrink N] [--sources DIRECTORY] [--spoil NAME]";

/// What stands on the command line.
struct Options {
    hunt: Hunt,
    shrink: u64,
    spoil: Option<&'static Spoil>,
}

fn options() -> Option<Options> {
    let directory = std::env::temp_dir().join("chainrule-hunt");
    let (programs, seed, every) = (300, 1, 4);
    let hunt = Hunt { seed, programs, from: 0, every, repository: repository(), directory };
    let mut options = Options { hunt, shrink: 3, spoil: None };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        if name == "--every-mode" {
            options.hunt.every = 1;
            continue;
        }
        let value = args.next().unwrap_or_default();
        match name.as_str() {
            "--programs" => options.hunt.programs = value.parse().ok()?,
            "--seed" => options.hunt.seed = value.parse().ok()?,
            "--from" => options.hunt.from = value.parse().ok()?,
            "--shrink" => options.shrink = value.parse().ok()?,
            "--sources" => options.hunt.repository = value.into(),
            "--spoil" => {
                options.spoil = SPOILS.iter().find(|spoil| spoil.name == value);
                if options.spoil.is_none() {
                    eprintln!("what can be spoiled:");
                    SPOILS.iter().for_each(|spoil| eprintln!("  {}: {}", spoil.name, spoil.what));
                    return None;
                }
            }
            _ => return None,
        }
    }
    Some(options)
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("the hunt cannot be run: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(mut options: Options) -> io::Result<ExitCode> {
    let start = Instant::now();
    if let Some(spoil) = options.spoil {
        options.hunt.repository =
            spoiled(spoil, &options.hunt.repository, &options.hunt.directory)?;
    }
    let programs = options.hunt.programs;
    let findings = hunt(&options.hunt, &mut |done| {
        eprintln!("{done} of {programs} programs, {:.0} s", start.elapsed().as_secs_f64());
    })?;
    findings.found.iter().for_each(print);
    let workspace = Workspace::new(&options.hunt.repository, &options.hunt.directory)?;
    for finding in findings.found.iter().take(options.shrink as usize) {
        let Some(program) = finding.program() else { continue };
        match shrink(finding, &workspace)? {
            None => println!("{} alone is not wrong\n", program.name),
            Some(shrunk) => {
                let name = format!("{}-{}.rs", options.hunt.seed, program.name);
                let file = options.hunt.directory.join(name);
                fs::write(&file, &shrunk.test)?;
                println!(
                    "{}: {} tokens of {} after {} rounds; as a test in {}\n{}",
                    program.name,
                    shrunk.tokens.1,
                    shrunk.tokens.0,
                    shrunk.rounds,
                    file.display(),
                    shrunk.source
                );
            }
        }
    }
    summary(&findings);
    println!("{:.0} s", start.elapsed().as_secs_f64());
    let wrong = |finding: &&Finding| matches!(finding.how, How::Wrong(_));
    if let Some(spoil) = options.spoil {
        // A program that is not compiled is no catch.
        let count = findings.found.iter().filter(wrong).count();
        println!("{}: {count} programs wrong of {}", spoil.what, findings.programs);
        let caught = count > 0 && count == findings.found.len();
        return Ok(if caught { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    Ok(if findings.found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(finding: &Finding) {
    let sources: Vec<&str> = finding.programs.iter().map(|of| of.source.as_str()).collect();
    let source = sources.join("\n");
    match &finding.how {
        How::Refused(message) => println!("refused: {message}\n{source}"),
        How::NotCompiled(said) => println!("not compiled: {said}\n{source}"),
        How::Wrong(complaints) => {
            complaints.iter().for_each(|complaint| println!("wrong: {complaint}"));
            println!("{source}");
        }
    }
}

fn summary(findings: &Findings) {
    let (reverse, every) = findings.run;
    println!(
        "{} programs: {every} run in every mode, {reverse} in reverse mode and by the tape; {} wrong or refused",
        findings.programs,
        findings.found.len()
    );
    for (construct, count) in &findings.constructs {
        println!("{count:8}  {construct}");
    }
}
