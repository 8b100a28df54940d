//! Running many programs: crates of them, compiled and run as a whole.

use super::complaint::Complaint;
use super::crates::{CRATES, Workspace, hunted};
use super::emit::{ATTRIBUTES, COMMON, Modes, Plan, source};
use super::program::{Family, Program, program};
use chainrule_compiler::capsule::Callees;
use chainrule_compiler::driver::compile;
use chainrule_compiler::error::Errors;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

pub use super::crates::report;

/// How many programs stand in a crate.
const BATCH: u64 = 100;

/// What is hunted, and where.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// Chooses the programs.
    pub seed: u64,
    /// How many programs.
    pub programs: u64,
    /// The number of the first program. Programs that call each other stand in one hundred, so that
    /// a finding is met again without those ahead of its hundred.
    pub from: u64,
    /// Of how many programs one is compared in every mode, the others in reverse mode.
    pub every: u64,
    /// The sources of the crates that are tested.
    pub repository: PathBuf,
    /// Where the crates of programs are made.
    pub directory: PathBuf,
}

/// What a hunt found.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many programs were written.
    pub programs: usize,
    /// How many were run in reverse mode, and how many in every mode.
    pub run: (usize, usize),
    /// How often each construct was written.
    pub constructs: BTreeMap<&'static str, usize>,
    /// What is wrong.
    pub found: Vec<Finding>,
}

/// A program that something is wrong with.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The programs that it needs, callees before callers, and itself.
    pub programs: Vec<Program>,
    /// Which derivatives were compared.
    pub modes: Modes,
    /// What is wrong.
    pub how: How,
}

/// What is wrong with a program.
#[derive(Clone, Debug)]
pub enum How {
    /// The compiler library refuses it, with this message.
    Refused(String),
    /// rustc refuses it, or what was made of it.
    NotCompiled(String),
    /// It was run.
    Wrong(Vec<Complaint>),
}

impl Finding {
    /// The program itself.
    #[must_use]
    pub fn program(&self) -> Option<&Program> {
        self.programs.last()
    }
}

/// The repository that this crate is part of.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs many programs.
///
/// `progress` is told after each step how many programs are done.
///
/// # Errors
/// If files cannot be written or cargo cannot be started.
pub fn hunt(hunt: &Hunt, progress: &mut dyn FnMut(u64)) -> io::Result<Findings> {
    let mut findings = Findings::default();
    let workspace = Workspace::new(&hunt.repository, &hunt.directory)?;
    let from = hunt.from / BATCH * BATCH;
    let mut done = 0;
    while done < hunt.programs {
        let mut crates = Vec::new();
        for _ in 0..CRATES {
            let (next, count) = (from + done, BATCH.min(hunt.programs - done));
            crates.push(batch(hunt, next..next + count, &mut findings));
            done += count;
        }
        run_crates(crates, &workspace, &mut findings)?;
        progress(done);
    }
    Ok(findings)
}

/// Programs that the compiler accepts, and what is compared of them.
fn batch(
    hunt: &Hunt,
    numbers: std::ops::Range<u64>,
    findings: &mut Findings,
) -> Vec<(Program, Plan)> {
    let (mut accepted, mut family): (Vec<Program>, Family) = (Vec::new(), Family::default());
    let mut plans = Vec::new();
    for number in numbers {
        let candidate = program(hunt.seed, number, &family);
        for (construct, count) in &candidate.constructs {
            *findings.constructs.entry(construct).or_default() += count;
        }
        findings.programs += 1;
        let is_every = number % hunt.every.max(1) == 0;
        let modes = if is_every { Modes::Every } else { Modes::Reverse };
        match refusal_in(&candidate, &accepted, modes) {
            Some(message) => {
                let mut programs = needed_by(&candidate, &accepted);
                programs.push(candidate);
                findings.found.push(Finding { programs, modes, how: How::Refused(message) });
            }
            None => {
                match modes {
                    Modes::Reverse => findings.run.0 += 1,
                    Modes::Every => findings.run.1 += 1,
                }
                family.add(&candidate);
                accepted.push(candidate);
                plans.push(Plan::of(modes));
            }
        }
    }
    accepted.into_iter().zip(plans).collect()
}

/// Why the compiler refuses a program in any mode, if it does; `others` are those it may call.
#[must_use]
pub fn refusal(candidate: &Program, others: &[Program]) -> Option<String> {
    refusal_in(candidate, others, Modes::Every)
}

pub(super) fn refusal_in(candidate: &Program, others: &[Program], modes: Modes) -> Option<String> {
    let mut text = format!("{COMMON}\n");
    let (plain, plan) = (Plan::of(Modes::Reverse), Plan::of(modes));
    for other in needed_by(candidate, others) {
        let _ = writeln!(text, "#[differentiate({})]\n{}", plain.options(&other), other.source);
    }
    let _ = writeln!(text, "#[differentiate({})]\n{}", plan.options(candidate), candidate.source);
    let file = match syn::parse_file(&text) {
        Ok(file) => file,
        Err(error) => return Some(format!("this is not Rust: {error}")),
    };
    let mut errors = Errors::new();
    if let Some(callees) = Callees::of_file(&file, &mut errors) {
        compile(&callees, &mut errors);
    }
    errors.any().then(|| errors.messages().collect::<Vec<_>>().join("\n"))
}

/// The programs among `others` that a program needs.
pub(super) fn needed_by(candidate: &Program, others: &[Program]) -> Vec<Program> {
    let mut needed = needs(candidate);
    // Callees stand before their callers.
    for other in others.iter().rev() {
        if needed.contains(&other.name) {
            needed.extend(needs(other));
        }
    }
    others.iter().filter(|other| needed.contains(&other.name)).cloned().collect()
}

/// The programs that another one names.
fn needs(program: &Program) -> BTreeSet<String> {
    program.calls.union(&program.gradients).cloned().collect()
}

/// Compiles and runs crates of programs.
///
/// Programs that rustc refuses are left out with those that call them, and the rest is run.
fn run_crates(
    mut crates: Vec<Vec<(Program, Plan)>>,
    workspace: &Workspace,
    findings: &mut Findings,
) -> io::Result<()> {
    let packages: Vec<String> = (0..crates.len()).map(hunted).collect();
    loop {
        let sources: Vec<String> = (crates.iter())
            .map(|programs| format!("{ATTRIBUTES}{}", source(programs, &|_| true)))
            .collect();
        for (k, text) in sources.iter().enumerate() {
            fs::write(workspace.main(k), text)?;
        }
        let (built, said) = workspace.build(&packages)?;
        if built {
            break;
        }
        let mut left_out = false;
        for (k, text) in sources.iter().enumerate() {
            let mut names = refused_by_rustc(&said, k, text);
            for number in 0..crates[k].len() {
                if names.contains(&crates[k][number].0.name) {
                    let mut finding = finding(&crates[k], number);
                    finding.how = How::NotCompiled(said.clone());
                    findings.found.push(finding);
                }
            }
            let before = crates[k].len();
            crates[k].retain(|(program, _)| {
                let keep = !names.contains(&program.name) && names.is_disjoint(&needs(program));
                if !keep {
                    names.insert(program.name.clone());
                }
                keep
            });
            left_out |= crates[k].len() < before;
        }
        if !left_out {
            return Err(io::Error::other(said));
        }
    }
    let runs: Vec<io::Result<Vec<Vec<Complaint>>>> = std::thread::scope(|scope| {
        let runs: Vec<_> = (crates.iter().zip(&packages))
            .map(|(programs, name)| scope.spawn(|| workspace.run(name, programs.len())))
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))))
            .collect()
    });
    for (programs, complaints) in crates.iter().zip(runs) {
        for (number, complaints) in complaints?.into_iter().enumerate() {
            if !complaints.is_empty() {
                let mut finding = finding(programs, number);
                finding.how = How::Wrong(complaints);
                findings.found.push(finding);
            }
        }
    }
    Ok(())
}

/// The program of this number with those that it needs.
fn finding(programs: &[(Program, Plan)], number: usize) -> Finding {
    let all: Vec<Program> = programs.iter().map(|(program, _)| program.clone()).collect();
    let (program, plan) = &programs[number];
    let mut programs = needed_by(program, &all);
    programs.push(program.clone());
    Finding { programs, modes: plan.modes, how: How::Wrong(vec![]) }
}

/// The programs of a crate that rustc's messages are about.
fn refused_by_rustc(said: &str, number: usize, source: &str) -> BTreeSet<String> {
    let place = format!("{}/src/main.rs:", hunted(number));
    let lines: Vec<&str> = source.lines().collect();
    let mentioned = said.split(place.as_str()).skip(1).filter_map(|rest| {
        let line: String = rest.chars().take_while(char::is_ascii_digit).collect();
        // The function that the line stands in, or whose attribute it is.
        let line: usize = line.parse().ok()?;
        let is_attribute = lines.get(line - 1)?.starts_with("#[");
        let upto = lines.get(..line + usize::from(is_attribute))?;
        let head = upto.iter().rev().find(|line| {
            let line = line.trim_start();
            line.starts_with("pub fn p") || line.starts_with("fn check_p")
        })?;
        let name = head.trim_start().trim_start_matches("pub ").trim_start_matches("fn ");
        let name: String = name
            .trim_start_matches("check_")
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric())
            .collect();
        Some(name)
    });
    mentioned.collect()
}
