//! The command line.

use crate::samples::Samples;
use clap::Parser;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Without --csv, it trains on 1000 samples of 5 features around a known plane: scikit-learn's
make_regression(n_samples=1000, n_features=5, bias=14.5, noise=1, random_state=0).";

/// Trains a linear regression by stochastic gradient descent
#[derive(Debug, Parser)]
#[command(name = "linear_regression", after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// How many times to go through the samples
    #[arg(
        long,
        value_name = "N",
        default_value = "120",
        value_parser = count,
        allow_hyphen_values = true
    )]
    pub(crate) epochs: usize,

    /// Samples per step (all of them, if there are fewer)
    #[arg(
        long,
        value_name = "N",
        default_value = "16",
        value_parser = count,
        allow_hyphen_values = true
    )]
    pub(crate) batch_size: usize,

    /// Factor of the gradient, itself over the batch size
    #[arg(
        long,
        value_name = "RATE",
        default_value = "0.01",
        value_parser = positive,
        allow_hyphen_values = true
    )]
    pub(crate) learning_rate: f64,

    /// Standard deviation of the generated targets' noise
    #[arg(
        long,
        value_name = "DEVIATION",
        default_value = "1",
        value_parser = not_negative,
        allow_hyphen_values = true,
        conflicts_with = "csv"
    )]
    noise: f64,

    /// Seed of initial weights and shuffles, not of samples
    #[arg(long, default_value = "0", value_parser = seed, allow_hyphen_values = true)]
    pub(crate) seed: u64,

    /// Table to train on instead: its last column is the target
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Draw the mean loss over the epochs
    #[arg(long, value_name = "FILE.png")]
    pub(crate) plot: Option<PathBuf>,
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
        Err(format!("{what} (see --help)").into())
    }
}

impl Options {
    pub(crate) fn from_command_line() -> Result<Self, Exit> {
        Self::try_parse().map_err(Exit)
    }

    /// The samples to train on. A plot that could not be written is an error already here, before
    /// any work.
    pub(crate) fn samples(&self) -> Result<Samples, Box<dyn Error>> {
        if let Some(path) = &self.plot {
            check_plot(path)?;
        }
        match &self.csv {
            Some(path) => Ok(Samples::read(path)?),
            None => Samples::generate(self.noise),
        }
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("give a whole number from 1 to {}", usize::MAX)),
        Ok(count) => Ok(count),
    }
}

fn seed(text: &str) -> Result<u64, String> {
    let wanted = |_| format!("give a whole number from 0 to {}", u64::MAX);
    text.parse().map_err(wanted)
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("give a finite number above 0".to_owned()),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("give a finite number that is 0 or more".to_owned()),
    }
}

fn check_plot(path: &Path) -> Result<(), String> {
    let name = path.display();
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
        return Err(format!("{name}: the plot is a PNG file: give a name that ends in `.png`"));
    }
    let is_new = !path.exists();
    let opened = File::options().append(true).create(true).open(path);
    opened.map_err(|error| format!("{name}: the plot cannot be written: {error}"))?;
    if is_new {
        let _ = fs::remove_file(path);
    }
    Ok(())
}
