//! Running many programs: a crate of them, compiled and run as a whole.

use super::program::{Program, program};
use chainrule_compiler::capsule::Callees;
use chainrule_compiler::driver::compile;
use chainrule_compiler::error::Errors;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// How many programs stand in a crate.
const BATCH: u64 = 150;
/// How many programs may call each other.
const FAMILY: usize = 3;

/// In the name of a crate's source that was kept because it did not compile.
pub const NOT_RUN: &str = "refused-by-rustc";

/// What a hunt found.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many programs were run.
    pub programs: usize,
    /// How often each construct was written.
    pub constructs: BTreeMap<&'static str, usize>,
    /// Programs that the compiler refused, with the message.
    pub refused: Vec<(Program, String)>,
    /// Programs that came out wrong, or crates that rustc refused, with what was said.
    pub wrong: Vec<String>,
}

/// The repository that this crate is part of.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs so many programs by what stands in a repository.
///
/// `progress` is told after each crate how many programs are done.
///
/// # Errors
/// If files cannot be written or cargo cannot be started.
pub fn hunt(
    seed: u64,
    programs: u64,
    repository: &Path,
    directory: &Path,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Findings> {
    let mut findings = Findings::default();
    let mut next = 0;
    while next < programs {
        let count = BATCH.min(programs - next);
        batch(seed, next..next + count, repository, directory, &mut findings)?;
        next += count;
        progress(next);
    }
    Ok(findings)
}

fn batch(
    seed: u64,
    numbers: std::ops::Range<u64>,
    repository: &Path,
    directory: &Path,
    findings: &mut Findings,
) -> io::Result<()> {
    let (mut accepted, mut names): (Vec<Program>, Vec<String>) = (Vec::new(), Vec::new());
    for number in numbers {
        let callees = &names[names.len().saturating_sub(FAMILY)..];
        let candidate = program(seed, number, callees);
        for (construct, count) in &candidate.constructs {
            *findings.constructs.entry(construct).or_default() += count;
        }
        findings.programs += 1;
        match refusal(&candidate, &accepted) {
            Some(message) => findings.refused.push((candidate, message)),
            None => {
                // Programs that call no other are called, so that chains stay short.
                if !candidate.constructs.contains_key("call") {
                    names.push(candidate.name.clone());
                }
                accepted.push(candidate);
            }
        }
    }
    let output = run_crate(&accepted, repository, directory)?;
    findings.wrong.extend(output);
    Ok(())
}

/// Why the compiler refuses a program, if it does; `others` are those it may call.
#[must_use]
pub fn refusal(candidate: &Program, others: &[Program]) -> Option<String> {
    let mut text = format!("#[differentiate]\n{STIR}\n");
    for other in
        others.iter().filter(|other| candidate.source.contains(&format!("{}(", other.name)))
    {
        let _ = writeln!(text, "#[differentiate]\n{}", other.source);
    }
    let _ = writeln!(text, "#[differentiate(pullback, jvp, hvp, hessian)]\n{}", candidate.source);
    let file = match syn::parse_file(&text) {
        Ok(file) => file,
        Err(error) => return Some(format!("this is not Rust: {error}")),
    };
    let mut errors = Errors::new();
    let callees = Callees::of_file(&file, &mut errors)?;
    compile(&callees, &mut errors);
    errors.any().then(|| errors.messages().collect::<Vec<_>>().join("\n"))
}

/// A function that changes its argument, which all programs may call.
const STIR: &str = "\
fn stir(v: &mut [f64], k: f64) -> f64 {
    let mut s = 0.1;
    for i in 0..v.len() {
        v[i] = (v[i] * k + s).sin();
        s += v[i] * v[0];
        if s > 1.2 {
            return s * k;
        }
    }
    s
}";

/// The points at which each program is run.
const POINTS: &str = "\
    (0.7, -0.4, vec![0.3, -0.8, 1.1], 3), \
    (0.2, 0.9, vec![0.5, 0.25], 0), \
    (-0.6, 1.3, vec![-0.2, 0.4, 0.9, -1.2], 5)";

/// Compiles and runs a crate of programs; what was wrong.
fn run_crate(programs: &[Program], repository: &Path, directory: &Path) -> io::Result<Vec<String>> {
    let mut text = String::from(
        "#![forbid(unsafe_code)]\n#![allow(warnings)]\nuse chainrule::differentiate;\nuse chainrule_tests::cases;\n\n",
    );
    let _ = writeln!(text, "#[differentiate]\n{STIR}");
    for program in programs {
        let _ = writeln!(
            text,
            "#[differentiate(tape, pullback, jvp, hvp, hessian)]\n{}",
            program.source
        );
    }
    let _ = writeln!(text, "cases! {{\n    pulled {{");
    for program in programs {
        let _ = writeln!(text, "        {}(a, b, &x, #n): {POINTS};", program.name);
    }
    let _ = writeln!(
        text,
        "    }}\n}}\n\nfn main() {{\n    std::panic::set_hook(Box::new(|_| ()));\n    chainrule_tests::hunt::run::report(CASES);\n}}"
    );
    fs::create_dir_all(directory.join("src"))?;
    fs::write(directory.join("src/main.rs"), text)?;
    fs::write(directory.join("Cargo.toml"), manifest(repository))?;
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--offline"])
        .current_dir(directory)
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut wrong: Vec<String> = said.split("\n\n").map(str::trim).map(str::to_owned).collect();
    wrong.retain(|what| !what.is_empty());
    if !output.status.success() {
        let kept = directory.join(format!("{NOT_RUN}-{}.rs", programs[0].name));
        fs::copy(directory.join("src/main.rs"), &kept)?;
        let said = String::from_utf8_lossy(&output.stderr);
        wrong.push(format!("{}:\n{said}", kept.display()));
    }
    let source = |name: &str| programs.iter().find(|program| program.name == name);
    let with_source = |what: String| {
        let name: String = what.chars().take_while(|c| c.is_alphanumeric()).collect();
        match source(&name) {
            Some(program) => format!("{what}\n{}", program.source),
            None => what,
        }
    };
    Ok(wrong.into_iter().map(with_source).collect())
}

fn manifest(repository: &Path) -> String {
    let (tests, runtime) = (repository.join("tests"), repository.join("runtime"));
    format!(
        "[package]\nname = \"hunted\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nchainrule = {{ path = {runtime:?} }}\nchainrule-tests = {{ path = {tests:?} }}\n\n[profile.dev]\nopt-level = 0\ndebug = 0\n\n[workspace]\n"
    )
}

/// Runs the cases of a crate and prints what is wrong: called by the crates that are made here.
pub fn report(cases: &[crate::Case]) {
    for case in cases {
        for (k, point) in case.points.iter().enumerate() {
            let run = || ((case.run)(k), (case.forward)(k));
            match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
                Ok((outcome, mut forward)) => {
                    // A point may be near one where a branch is left, which differences do not see.
                    forward.retain(|what| !what.contains(crate::forward::BY_DIFFERENCES));
                    let complaints = [outcome.against_the_tape(), forward].concat();
                    if !complaints.is_empty() {
                        println!("{}{point}: {}\n", case.name, complaints.join("; "));
                    }
                }
                Err(_) => println!("{}{point}: an engine panicked\n", case.name),
            }
        }
    }
}
