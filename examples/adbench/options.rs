//! The command line.

use clap::{Parser, ValueEnum};
use std::error::Error;
use std::path::PathBuf;

/// Evaluates an objective of the ADBench suite and its derivative
#[derive(Debug, Parser)]
#[command(name = "adbench")]
pub(crate) struct Options {
    /// Which objective
    pub(crate) objective: Objective,

    /// Data in ADBench's format for it; a hand's model is in a folder `model` beside it or its folder
    pub(crate) file: PathBuf,

    /// Write objective and derivative in ADBench's layout: <name>_F.txt and <name>_J.txt
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Time objective and derivative
    #[arg(long)]
    pub(crate) time: bool,
}

/// An objective of the suite.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Objective {
    /// Mixture of Gaussians: the gradient of a log-posterior
    Gmm,
    /// Bundle adjustment: a sparse Jacobian
    Ba,
    /// Long short-term memory: the gradient of a loss over a sequence
    Lstm,
    /// Hand tracking, simple or complicated: a Jacobian
    Hand,
}

/// Why there are no options: a mistake, or a wish for help.
pub(crate) struct Exit(clap::Error);

impl Exit {
    /// Prints the help, or returns the mistake in one line.
    pub(crate) fn print(self) -> Result<(), Box<dyn Error>> {
        if !self.0.use_stderr() {
            let _ = self.0.print();
            return Ok(());
        }
        // What is wrong comes first; tips and the usage follow.
        let text = self.0.to_string();
        let rest = ["\n\n  tip: ", "\n\nUsage: ", "\n\nFor more information"];
        let end = rest.iter().filter_map(|start| text.rfind(start)).min();
        let what = &text[..end.unwrap_or(text.len())];
        let what = what.strip_prefix("error: ").unwrap_or(what).trim_end();
        let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
        Err(format!("{what} (see --help)").into())
    }
}

impl Options {
    pub(crate) fn from_command_line() -> Result<Self, Exit> {
        Self::try_parse().map_err(Exit)
    }
}
