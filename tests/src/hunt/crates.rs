//! Crates of programs: their manifests, building and running them.

use super::complaint::{Complaint, What, panicked};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

/// How many crates of programs are compiled side by side.
pub(super) const CRATES: usize = 2;
/// The crate of candidates of a program that is shrunk, a binary each.
pub(super) const SHRUNK: &str = "shrunk";

/// A workspace of crates that depend on a repository.
pub struct Workspace {
    directory: PathBuf,
}

impl Workspace {
    /// Writes the manifests.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn new(repository: &Path, directory: &Path) -> io::Result<Workspace> {
        let (tests, runtime) = (repository.join("tests"), repository.join("runtime"));
        let mut members: Vec<String> = (0..CRATES).map(hunted).collect();
        members.push(SHRUNK.into());
        let workspace = Workspace { directory: directory.to_owned() };
        for name in &members {
            let main = match name.as_str() {
                SHRUNK => workspace.candidate(0),
                _ => directory.join(name).join("src/main.rs"),
            };
            fs::create_dir_all(main.parent().unwrap_or(directory))?;
            if !main.exists() {
                fs::write(main, "fn main() {}\n")?;
            }
            fs::write(
                directory.join(name).join("Cargo.toml"),
                format!(
                    "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nchainrule = {{ path = {runtime:?} }}\nchainrule-tests = {{ path = {tests:?} }}\n"
                ),
            )?;
        }
        fs::write(
            directory.join("Cargo.toml"),
            format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n{PROFILE}"),
        )?;
        // The same versions as in the repository: they have been downloaded.
        let (lock, known) = (directory.join("Cargo.lock"), repository.join("Cargo.lock"));
        if !lock.exists() && known.exists() {
            fs::copy(known, lock)?;
        }
        Ok(workspace)
    }

    /// The source of a crate of programs.
    pub(super) fn main(&self, number: usize) -> PathBuf {
        self.directory.join(hunted(number)).join("src/main.rs")
    }

    /// The source of a candidate.
    pub(super) fn candidate(&self, number: usize) -> PathBuf {
        self.directory.join(SHRUNK).join(format!("src/bin/c{number}.rs"))
    }

    /// Compiles packages, as far as that goes; whether all were, and what was said.
    pub(super) fn build(&self, packages: &[String]) -> io::Result<(bool, String)> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&self.directory).args(["build", "--quiet", "--keep-going"]);
        cargo.env("CARGO_TARGET_DIR", self.directory.join("target"));
        cargo.env("CARGO_NET_OFFLINE", "true");
        packages.iter().for_each(|package| {
            cargo.args(["-p", package]);
        });
        let output = cargo.output()?;
        Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// Where a binary is.
    pub(super) fn binary(&self, name: &str) -> PathBuf {
        self.directory.join("target/debug").join(name)
    }

    /// Runs a binary of so many checks: what is wrong with each.
    ///
    /// Where one panics, the rest is run by another process.
    pub(super) fn run(&self, name: &str, checks: usize) -> io::Result<Vec<Vec<Complaint>>> {
        let mut found = vec![Vec::new(); checks];
        let mut next = 0;
        while next < checks {
            let mut command = Command::new(self.binary(name));
            let output = command.arg(next.to_string()).stderr(Stdio::null()).output()?;
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut at = next;
            for part in said.split(BETWEEN).map(str::trim).filter(|part| !part.is_empty()) {
                match part.strip_prefix(CHECK).and_then(|number| number.parse().ok()) {
                    Some(number) => at = number,
                    None => found[at].extend(Complaint::read(part)),
                }
            }
            if output.status.success() {
                break;
            }
            if output.status.code() != Some(PANICKED) {
                found[at].push(Complaint {
                    program: name.to_owned(),
                    point: 0,
                    what: What::Panic,
                    engine: "the process".into(),
                    text: format!("it ended by {}", output.status),
                });
            }
            next = at + 1;
        }
        Ok(found)
    }
}

/// What is compiled is run for a moment only: what counts is how fast rustc is. Panics end the
/// process, since unwinding is a third of the code; what would overflow is caught all the same.
const PROFILE: &str = "
[profile.dev]
opt-level = 0
debug = 0
incremental = false
panic = \"abort\"
debug-assertions = false
overflow-checks = true

# The compiler runs as often as there are programs.
[profile.dev.build-override]
opt-level = 1
debug-assertions = true
";

/// The name of a crate of programs.
pub(super) fn hunted(number: usize) -> String {
    format!("hunted{number}")
}

const BETWEEN: &str = "\n\n\n";
const CHECK: &str = "check ";
/// The exit code of a process in which a check panicked.
const PANICKED: i32 = 101;

/// Runs the checks of a crate, from one on, and prints what is wrong: called by the crates that are
/// made here.
pub fn report(checks: &[fn() -> Vec<Complaint>]) {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string().replace('\n', " ");
        if let Some(complaint) = panicked(text) {
            println!("{complaint}{BETWEEN}");
        }
        std::process::exit(PANICKED);
    }));
    let from = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    for (number, check) in checks.iter().enumerate().skip(from) {
        println!("{CHECK}{number}{BETWEEN}");
        check().iter().for_each(|complaint| println!("{complaint}{BETWEEN}"));
    }
}
