//! What is wrong with a program, in words that can be read back.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// One thing that is wrong with a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The program.
    pub program: String,
    /// The point's number.
    pub point: usize,
    /// What kind of thing is wrong.
    pub what: What,
    /// What gave it: a generated function, or the witness.
    pub engine: String,
    /// What it gave, and what it should have.
    pub text: String,
}

/// A kind of thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Another value.
    Value,
    /// Another derivative.
    Derivative,
    /// Other bits at a second call.
    Bits,
    /// A result of the wrong size.
    Shape,
    /// A Hessian that is not symmetric.
    Symmetry,
    /// A panic, or an end by a signal.
    Panic,
    /// Nothing: what the derivatives are.
    Told,
}

impl What {
    const ALL: [(What, &'static str); 7] = [
        (What::Value, "value"),
        (What::Derivative, "derivative"),
        (What::Bits, "bits"),
        (What::Shape, "shape"),
        (What::Symmetry, "symmetry"),
        (What::Panic, "panic"),
        (What::Told, "derivatives"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(what, _)| *what == self).map_or("", |(_, word)| word)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// `p7 at point 2, derivative by vjp: [1.0]`
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint { program, point, what, engine, text } = self;
        write!(f, "{program} at point {point}, {what} by {engine}: {text}")
    }
}

impl Complaint {
    /// Reads what is written by [`fmt::Display`].
    #[must_use]
    pub fn read(text: &str) -> Option<Complaint> {
        let (program, rest) = text.split_once(" at point ")?;
        let (point, rest) = rest.split_once(", ")?;
        let (word, rest) = rest.split_once(" by ")?;
        let (engine, text) = rest.split_once(": ")?;
        let (what, _) = What::ALL.into_iter().find(|(_, of)| *of == word)?;
        let [program, engine, text] = [program, engine, text].map(str::to_owned);
        Some(Complaint { program, point: point.parse().ok()?, what, engine, text })
    }
}

/// What runs at the moment.
static RUNNING: Mutex<Option<(String, usize, String)>> = Mutex::new(None);

/// Remembers what runs from now on.
pub(super) fn running(program: &str, point: usize, engine: &str) {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    *running = Some((program.to_owned(), point, engine.to_owned()));
}

/// The complaint that what runs panicked.
pub(super) fn panicked(text: String) -> Option<Complaint> {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (program, point, engine) = running?;
    Some(Complaint { program, point, what: What::Panic, engine, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let complaint = Complaint {
            program: "p7".into(),
            point: 2,
            what: What::Derivative,
            engine: "value_and_grad_into".into(),
            text: "[1.0]\n    dual numbers [2.0]".into(),
        };
        assert_eq!(Complaint::read(&complaint.to_string()), Some(complaint));
        assert_eq!(Complaint::read("p7 is wrong"), None);
    }
}
