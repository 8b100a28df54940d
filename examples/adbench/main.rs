//! Four objectives of the ADBench suite, in ordinary Rust, and their derivatives.
//!
//! ```text
//! cargo run --release --example adbench -- gmm gmm_d10_K25.txt
//! cargo run --release --example adbench -- ba ba1_n49_m7776_p31843.txt --out results
//! cargo run --release --example adbench -- lstm lstm_l2_c1024.txt --time
//! cargo run --release --example adbench -- hand simple_small/hand1_t26_c100.txt
//! ```
//!
//! Prints the objective and a summary of its derivative. `--out` writes both in full, in ADBench's
//! layout (see `write.rs`). A file or an option that cannot be used is one line on the standard
//! error and the exit code 2; nothing is written then.

mod derivatives;
mod jacobian;
mod objectives;
mod options;
mod read;
mod time;
mod write;

use objectives::{gmm::gmm, lstm::lstm};
use options::{Objective, Options};
use read::{Ba, Gmm, Hand, Lstm};
use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use time::Times;

fn main() -> ExitCode {
    let outcome = match Options::from_command_line() {
        Ok(options) => run(&options),
        Err(exit) => exit.print(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A name or a token may hold line breaks; the message is one line all the same.
            let message = error.to_string().replace(char::is_control, " ");
            let _ = writeln!(io::stderr(), "error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut report = match options.objective {
        Objective::Gmm => run_gmm(options)?,
        Objective::Ba => run_ba(options)?,
        Objective::Lstm => run_lstm(options)?,
        Objective::Hand => run_hand(options)?,
    };
    report.push('\n');
    match io::stdout().write_all(report.as_bytes()) {
        // Whoever closed the output (`| head`) has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("the result cannot be written: {error}").into())
        }
        _ => Ok(()),
    }
}

fn run_gmm(options: &Options) -> Result<String, String> {
    let data = Gmm::read(&options.file)?;
    let (value, gradient) = derivatives::gmm(&data);
    if let Some(folder) = &options.out {
        write::gradient(folder, &options.file, value, &gradient)?;
    }
    let mut report = format!("objective  {value:?}\n{}", summary("gradient", &gradient));
    if options.time {
        let Gmm { d, alphas, means, icf, x, gamma, m } = &data;
        let objective = || gmm(alphas, means, icf, x, *d, *gamma, *m);
        report += &timing(&time::medians(objective, || derivatives::gmm(&data)));
    }
    Ok(report)
}

fn run_ba(options: &Options) -> Result<String, String> {
    let data = Ba::read(&options.file)?;
    let (mut errors, mut jacobian) = (data.blank_errors(), data.blank_jacobian());
    data.fill(&mut errors, &mut jacobian);
    if let Some(folder) = &options.out {
        write::jacobian(folder, &options.file, &errors, &jacobian)?;
    }
    let mut report = [
        summary("reprojection errors", errors.reprojection.as_flattened()),
        summary("weight errors", &errors.weight),
        summary("Jacobian", &jacobian.values),
    ]
    .join("\n");
    if options.time {
        let mut errors_alone = data.blank_errors();
        report += &timing(&time::medians(
            || data.fill_errors(&mut errors_alone),
            || data.fill(&mut errors, &mut jacobian),
        ));
    }
    Ok(report)
}

fn run_lstm(options: &Options) -> Result<String, String> {
    let data = Lstm::read(&options.file)?;
    let (value, gradient) = derivatives::lstm(&data);
    if let Some(folder) = &options.out {
        write::gradient(folder, &options.file, value, &gradient)?;
    }
    let mut report = format!("objective  {value:?}\n{}", summary("gradient", &gradient));
    if options.time {
        let Lstm { l, c, b, main, extra, state, sequence } = &data;
        let objective = || lstm(main, extra, state, sequence, *l, *b, *c);
        report += &timing(&time::medians(objective, || derivatives::lstm(&data)));
    }
    Ok(report)
}

fn run_hand(options: &Options) -> Result<String, String> {
    let data = Hand::read(&options.file)?;
    let (errors, rows) = (derivatives::hand_errors(&data), derivatives::hand(&data));
    if let Some(folder) = &options.out {
        write::rows(folder, &options.file, &errors, &rows)?;
    }
    let mut report =
        [summary("errors", errors.as_flattened()), summary("Jacobian", &rows.concat())].join("\n");
    if options.time {
        let objective = || derivatives::hand_errors(&data);
        let both = || (derivatives::hand_errors(&data), derivatives::hand(&data));
        report += &timing(&time::medians(objective, both));
    }
    Ok(report)
}

/// How many numbers, how large, and the first of them.
fn summary(name: &str, numbers: &[f64]) -> String {
    let norm = numbers.iter().map(|x| x * x).sum::<f64>().sqrt();
    let first: Vec<String> = numbers.iter().take(4).map(|x| format!("{x:.6e}")).collect();
    let dots = if numbers.len() > first.len() { ", …" } else { "" };
    let count = numbers.len();
    format!("{name}  {count} entries, norm {norm:.6e}: {}{dots}", first.join(", "))
}

fn timing(times: &Times) -> String {
    let [objective, derivative] =
        [times.objective, times.derivative].map(|t| t.as_secs_f64() * 1e6);
    format!(
        "\nobjective {} µs, objective and derivative {} µs, ratio {}",
        three_digits(objective),
        three_digits(derivative),
        three_digits(derivative / objective)
    )
}

/// A positive number with three significant digits, or all digits before the point if those are
/// more.
fn three_digits(x: f64) -> String {
    // Rounded first: 9.996 has its third digit before the second decimal.
    let rounded: f64 = format!("{x:.2e}").parse().unwrap_or(x);
    let exponent = rounded.log10().floor();
    let decimals = if exponent.is_finite() { (2.0 - exponent).max(0.0) } else { 2.0 };
    format!("{x:.0$}", decimals as usize)
}
