//! Running many programs: a crate of them, compiled and run as a whole.

use super::emit::{STIR, options, source};
use super::program::{Family, Program, program};
use chainrule_compiler::capsule::Callees;
use chainrule_compiler::driver::compile;
use chainrule_compiler::error::Errors;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// How many programs stand in a crate.
const BATCH: u64 = 150;
/// What is said of gradients that are not taken again yet.
const LIMIT: &str = "is not differentiated again yet";
/// How many crates are compiled side by side.
const CRATES: usize = 2;

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
    /// How many were refused since they take a gradient of a loop that remembers, which is a
    /// documented limit.
    pub beyond_limits: usize,
    /// Programs that came out wrong, or crates that rustc refused, with what was said.
    pub wrong: Vec<String>,
}

/// The repository that this crate is part of.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs so many programs by what stands in a repository.
///
/// `progress` is told after each step how many programs are done.
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
    write_workspace(repository, directory)?;
    let mut next = 0;
    while next < programs {
        let mut crates: Vec<Vec<Program>> = Vec::new();
        for _ in 0..CRATES {
            let count = BATCH.min(programs - next);
            crates.push(batch(seed, next..next + count, &mut findings));
            next += count;
        }
        findings.wrong.extend(run_crates(crates, directory)?);
        progress(next);
    }
    Ok(findings)
}

/// Programs that the compiler accepts.
fn batch(seed: u64, numbers: std::ops::Range<u64>, findings: &mut Findings) -> Vec<Program> {
    let (mut accepted, mut family): (Vec<Program>, Family) = (Vec::new(), Family::default());
    for number in numbers {
        let candidate = program(seed, number, &family);
        for (construct, count) in &candidate.constructs {
            *findings.constructs.entry(construct).or_default() += count;
        }
        findings.programs += 1;
        match refusal(&candidate, &accepted) {
            Some(message) if message.contains(LIMIT) => findings.beyond_limits += 1,
            Some(message) => findings.refused.push((candidate, message)),
            None => {
                family.add(&candidate);
                accepted.push(candidate);
            }
        }
    }
    accepted
}

/// Why the compiler refuses a program, if it does; `others` are those it may call.
#[must_use]
pub fn refusal(candidate: &Program, others: &[Program]) -> Option<String> {
    let mut text = format!("#[differentiate]\n{STIR}\n");
    let mut needed = needs(candidate);
    // Callees stand before their callers.
    for other in others.iter().rev() {
        if needed.contains(&other.name) {
            needed.extend(needs(other));
        }
    }
    for other in others.iter().filter(|other| needed.contains(&other.name)) {
        let _ = writeln!(text, "#[differentiate({})]\n{}", options(other), other.source);
    }
    let _ = writeln!(text, "#[differentiate({})]\n{}", options(candidate), candidate.source);
    let file = match syn::parse_file(&text) {
        Ok(file) => file,
        Err(error) => return Some(format!("this is not Rust: {error}")),
    };
    let mut errors = Errors::new();
    let callees = Callees::of_file(&file, &mut errors)?;
    compile(&callees, &mut errors);
    errors.any().then(|| errors.messages().collect::<Vec<_>>().join("\n"))
}

/// The programs that another one names.
fn needs(program: &Program) -> BTreeSet<String> {
    program.calls.union(&program.gradients).cloned().collect()
}

/// Compiles and runs crates of programs; what was wrong.
///
/// Programs that rustc refuses are left out with those that call them, and the rest is run.
fn run_crates(mut crates: Vec<Vec<Program>>, directory: &Path) -> io::Result<Vec<String>> {
    let mut wrong = Vec::new();
    loop {
        let sources: Vec<String> = crates.iter().map(|programs| source(programs)).collect();
        for (k, text) in sources.iter().enumerate() {
            fs::write(main_of(directory, k), text)?;
        }
        let output = cargo(directory).args(["build", "--quiet", "--keep-going"]).output()?;
        if output.status.success() {
            break;
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let mut left_out = false;
        for (k, text) in sources.iter().enumerate() {
            let names = refused_by_rustc(&said, k, text);
            for program in crates[k].iter().filter(|program| names.contains(&program.name)) {
                let kept = directory.join(format!("{NOT_RUN}-{}.rs", program.name));
                fs::copy(main_of(directory, k), &kept)?;
                wrong.push(format!("{}:\n{}", kept.display(), program.source));
            }
            let before = crates[k].len();
            let mut names = names;
            crates[k].retain(|program| {
                let keep = !names.contains(&program.name) && names.is_disjoint(&needs(program));
                if !keep {
                    names.insert(program.name.clone());
                }
                keep
            });
            left_out |= crates[k].len() < before;
        }
        if wrong.is_empty() || left_out {
            fs::write(directory.join(format!("{NOT_RUN}.log")), said.as_bytes())?;
        }
        if !left_out {
            wrong.push(format!("{NOT_RUN}:\n{said}"));
            return Ok(wrong);
        }
    }
    let names: Vec<usize> = (0..crates.len()).collect();
    let runs = names.iter().map(|k| {
        let package = format!("hunted{k}");
        let mut command = cargo(directory);
        command.args(["run", "--quiet", "-p", &package]).stdout(std::process::Stdio::piped());
        command.spawn()
    });
    let runs: Vec<_> = runs.collect::<io::Result<_>>()?;
    for (programs, run) in crates.iter().zip(runs) {
        let output = run.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            wrong.push(format!("{NOT_RUN}: ended by {}", output.status));
        }
        for what in said.split("\n\n\n").map(str::trim).filter(|what| !what.is_empty()) {
            let name: String = what.chars().take_while(|c| c.is_alphanumeric()).collect();
            let source = programs.iter().find(|program| program.name == name);
            let source = source.map_or("", |program| program.source.as_str());
            wrong.push(format!("{what}\n{source}"));
        }
    }
    Ok(wrong)
}

/// The programs of a crate that rustc's messages are about.
fn refused_by_rustc(said: &str, number: usize, source: &str) -> BTreeSet<String> {
    let place = format!("hunted{number}/src/main.rs:");
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

fn cargo(directory: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(directory).env("CARGO_TARGET_DIR", directory.join("target"));
    cargo.env("CARGO_NET_OFFLINE", "true");
    cargo
}

fn main_of(directory: &Path, number: usize) -> PathBuf {
    directory.join(format!("hunted{number}/src/main.rs"))
}

/// The manifests of the crates.
fn write_workspace(repository: &Path, directory: &Path) -> io::Result<()> {
    let (tests, runtime) = (repository.join("tests"), repository.join("runtime"));
    let members: Vec<String> = (0..CRATES).map(|k| format!("\"hunted{k}\"")).collect();
    fs::create_dir_all(directory)?;
    fs::write(
        directory.join("Cargo.toml"),
        format!(
            "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[profile.dev]\nopt-level = 0\ndebug = 0\nincremental = false\n\n# The compiler runs as often as there are programs.\n[profile.dev.build-override]\nopt-level = 2\n",
            members.join(", ")
        ),
    )?;
    for k in 0..CRATES {
        fs::create_dir_all(directory.join(format!("hunted{k}/src")))?;
        fs::write(
            directory.join(format!("hunted{k}/Cargo.toml")),
            format!(
                "[package]\nname = \"hunted{k}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nchainrule = {{ path = {runtime:?} }}\nchainrule-tests = {{ path = {tests:?} }}\n"
            ),
        )?;
    }
    Ok(())
}

/// Runs the programs of a crate and prints what is wrong: called by the crates that are made here.
pub fn report(programs: &[fn() -> Vec<String>]) {
    std::panic::set_hook(Box::new(|_| ()));
    for program in programs {
        let complaints = program();
        if !complaints.is_empty() {
            println!("{}\n\n", complaints.join("\n"));
        }
    }
}
