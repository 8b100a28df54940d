//! Checkpoints: a training on disk, whole or not at all.

use crate::Differentiable;
use crate::optim::OptimizerState;
use num_traits::ToPrimitive;
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The first line of every checkpoint, with the version of the format.
const HEADER: &str = "chainrule-checkpoint 1";

/// A training at the end of an epoch, as a file keeps it.
///
/// The file is text, a line each for the epochs' mean losses, every leaf of the parameters, the
/// optimiser's name and steps and its buffers; a list of numbers is preceded by its length. Numbers
/// are decimal with as many digits as restore every bit of an `f64`, and so of an `f32`. The last
/// line is a checksum (64-bit FNV-1a) of all before it.
///
/// ```text
/// chainrule-checkpoint 1
/// losses 2 9422.5 7984.25
/// leaf 5 41.20 66.49 10.71 60.19 25.96
/// leaf 1 14.5
/// optimizer sgd 126
/// buffer 0
/// checksum 35f9cbd4e6d6a2a1
/// ```
///
/// ```
/// use chainrule::train::Checkpoint;
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("training.checkpoint");
/// let checkpoint = Checkpoint { losses: vec![0.1], ..Checkpoint::default() };
/// checkpoint.save(&path)?;
/// assert_eq!(Checkpoint::load(&path)?, checkpoint);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkpoint {
    /// The mean loss of each epoch done.
    pub losses: Vec<f64>,
    /// The parameters, leaf by leaf.
    pub params: Vec<Vec<f64>>,
    /// What the optimiser remembers.
    pub optimizer: OptimizerState,
}

impl Checkpoint {
    /// A checkpoint of the given parameters, losses and optimiser state.
    pub(super) fn of<P: Differentiable>(
        params: &P,
        losses: &[f64],
        optimizer: OptimizerState,
    ) -> Self {
        let mut leaves = Vec::new();
        params.for_each_leaf(&mut |leaf| {
            leaves.push(leaf.iter().map(|value| value.to_f64().unwrap_or(f64::NAN)).collect());
        });
        Checkpoint { losses: losses.to_vec(), params: leaves, optimizer }
    }

    /// Writes the checkpoint so that a crash leaves the old file or the new one, never a part: to a
    /// second file beside it (`<name>.tmp`), flushed to the disk, then renamed.
    ///
    /// ```
    /// let error = chainrule::train::Checkpoint::default().save("no/such/folder/a").unwrap_err();
    /// assert!(error.to_string().starts_with("no/such/folder/a: the checkpoint cannot be written: "));
    /// ```
    ///
    /// # Errors
    /// If the folder does not exist or the disk does not take the file.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CheckpointError> {
        let path = path.as_ref();
        write_whole(path, &self.to_string())
            .map_err(|source| CheckpointError::Unwritable { path: path.to_owned(), source })
    }

    /// Reads a checkpoint.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("other");
    /// std::fs::write(&path, "something else\n")?;
    /// let message = chainrule::train::Checkpoint::load(&path).unwrap_err().to_string();
    /// assert!(message.ends_with("is not a checkpoint of this version: it begins with `something else`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, is not a checkpoint, or was cut off or changed.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path)
            .map_err(|source| CheckpointError::Unreadable { path: path.to_owned(), source })?;
        let first = text.lines().next().unwrap_or_default();
        if first != HEADER {
            let value = first.chars().take(40).collect();
            return Err(CheckpointError::NotACheckpoint { path: path.to_owned(), value });
        }
        let damaged = || CheckpointError::Damaged { path: path.to_owned() };
        let (body, last) = text.split_at(text.rfind("checksum ").ok_or_else(damaged)?);
        if last != checksum_line(body) {
            return Err(damaged());
        }
        let mut checkpoint = Checkpoint::default();
        for (number, line) in body.lines().enumerate().skip(1) {
            checkpoint.read_line(line).ok_or_else(|| CheckpointError::BadLine {
                path: path.to_owned(),
                line: number + 1,
                value: line.chars().take(40).collect(),
            })?;
        }
        Ok(checkpoint)
    }

    /// Copies the parameters, of the file `path`, to `params`.
    pub(super) fn copy_params_to<P: Differentiable>(
        &self,
        path: impl AsRef<Path>,
        params: &mut P,
    ) -> Result<(), CheckpointError> {
        let mut expected = Vec::new();
        params.for_each_leaf(&mut |leaf| expected.push(leaf.len()));
        let found: Vec<usize> = self.params.iter().map(Vec::len).collect();
        if found != expected {
            let path = path.as_ref().to_owned();
            return Err(CheckpointError::OtherParameters { path, found, expected });
        }
        let mut leaves = self.params.iter();
        params.for_each_leaf_mut(&mut |leaf| {
            for (value, &saved) in leaf.iter_mut().zip(leaves.next().into_iter().flatten()) {
                *value = num_traits::cast(saved).unwrap_or(*value);
            }
        });
        Ok(())
    }

    /// Takes in one line; `None` if it is not understood.
    fn read_line(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "losses" => self.losses = read_numbers(rest)?,
            "leaf" => self.params.push(read_numbers(rest)?),
            "buffer" => self.optimizer.buffers.push(read_numbers(rest)?),
            "optimizer" => {
                let (name, steps) = rest.split_once(' ')?;
                name.clone_into(&mut self.optimizer.optimizer);
                self.optimizer.steps = steps.parse().ok()?;
            }
            _ => return None,
        }
        Some(())
    }
}

/// The file's text.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = format!("{HEADER}\n");
        write_numbers(&mut body, "losses", &self.losses)?;
        for leaf in &self.params {
            write_numbers(&mut body, "leaf", leaf)?;
        }
        let OptimizerState { optimizer, steps, buffers } = &self.optimizer;
        writeln!(body, "optimizer {optimizer} {steps}")?;
        for buffer in buffers {
            write_numbers(&mut body, "buffer", buffer)?;
        }
        write!(f, "{body}{}", checksum_line(&body))
    }
}

fn write_numbers(text: &mut String, word: &str, numbers: &[f64]) -> fmt::Result {
    write!(text, "{word} {}", numbers.len())?;
    for number in numbers {
        // The shortest decimal that reads back as the same bits.
        write!(text, " {number:?}")?;
    }
    text.write_char('\n')
}

fn read_numbers(text: &str) -> Option<Vec<f64>> {
    let mut words = text.split(' ');
    let len: usize = words.next()?.parse().ok()?;
    let numbers: Vec<f64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
    (numbers.len() == len).then_some(numbers)
}

/// 64-bit FNV-1a (Fowler, Noll and Vo), which any damage short of malice changes.
fn checksum_line(body: &str) -> String {
    let hash = body.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("checksum {hash:016x}\n")
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let mut file = File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)?;
    // The rename itself must reach the disk; only Unix opens a folder as a file.
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// A checkpoint that could not be written, read or used.
///
/// ```
/// let error = chainrule::train::Checkpoint::load("no/such/file").unwrap_err();
/// assert!(error.to_string().starts_with("no/such/file: the checkpoint cannot be read: "));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file could not be written.
    #[error("{}: the checkpoint cannot be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could not be read.
    #[error("{}: the checkpoint cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is something else, or of another version.
    #[error("{}: is not a checkpoint of this version: it begins with `{value}`", path.display())]
    NotACheckpoint {
        /// The file.
        path: PathBuf,
        /// Its first characters.
        value: String,
    },
    /// The checksum is missing or wrong.
    #[error("{}: the checkpoint is damaged (its checksum does not fit): use an older one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A line that is not understood.
    #[error("{}, line {line}: `{value}` is not a line of a checkpoint: was it edited?", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Its first characters.
        value: String,
    },
    /// The parameters differ in number or length.
    #[error(
        "{}: the checkpoint has parameters of {found:?} numbers, but the model has {expected:?}: \
         resume with the model that wrote it",
        path.display()
    )]
    OtherParameters {
        /// The file.
        path: PathBuf,
        /// The leaves' lengths in the file.
        found: Vec<usize>,
        /// The leaves' lengths in the model.
        expected: Vec<usize>,
    },
}
