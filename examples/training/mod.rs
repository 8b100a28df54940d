//! What the examples that train a model share: the command line, and what is told of the training.

use chainrule::train::History;
use clap::Parser;
use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Runs a program by its options: a mistake in them or an error is told on the standard error, and
/// the exit code is 2.
pub(crate) fn main_by<O: Parser>(run: impl FnOnce(&O) -> Result<(), Box<dyn Error>>) -> ExitCode {
    let options = match O::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints the mean loss of each epoch.
pub(crate) fn print_losses(history: &History, out: &mut impl Write) -> io::Result<()> {
    for (epoch, loss) in history.losses.iter().enumerate() {
        writeln!(out, "epoch {:>3}  mean loss {loss:.4}", epoch + 1)?;
    }
    Ok(())
}

/// Draws the losses, if a file is given.
pub(crate) fn plot(history: &History, path: Option<&Path>) -> Result<(), Box<dyn Error>> {
    match path {
        Some(path) => Ok(history.plot(path)?),
        None => Ok(()),
    }
}
