//! Runs the examples as a user does.

use std::path::PathBuf;
use std::process::{Command, Output};

/// What one run of an example left.
pub(crate) struct Run {
    /// The exit code.
    pub(crate) code: Option<i32>,
    /// The standard output.
    pub(crate) stdout: String,
    /// The standard error.
    pub(crate) stderr: String,
}

/// Runs an example with the given arguments.
///
/// `cargo test` builds the examples beside the tests; where only some targets were asked for, this
/// runs what was built last.
pub(crate) fn run(example: &str, arguments: &[&str]) -> Run {
    let path = executable(example);
    let output = Command::new(&path).args(arguments).output();
    let Output { status, stdout, stderr } = output.unwrap_or_else(|error| {
        panic!("{}: {error}: build it by `cargo test -p chainrule-examples`", path.display())
    });
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

fn executable(example: &str) -> PathBuf {
    // target/debug/deps/this-test, target/debug/examples/that-example
    let this = std::env::current_exe().unwrap();
    let folder = this.ancestors().nth(2).unwrap().join("examples");
    folder.join(example).with_extension(std::env::consts::EXE_EXTENSION)
}

/// Asserts that a run failed as every bad file or option does: nothing but one line, exit code 2.
#[track_caller]
pub(crate) fn assert_refused(run: &Run, message: &str) {
    assert_eq!(run.stderr, format!("error: {message}\n"));
    assert_eq!(run.code, Some(2));
}
