//! The hunter hunted: copies of the compiler with one thing spoiled, which a hunt has to find.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// One thing that is wrong on purpose.
pub struct Spoil {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What is wrong then.
    pub what: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
}

/// What can be spoiled.
pub const SPOILS: &[Spoil] = &[
    Spoil {
        name: "sign",
        what: "the derivative of the sine has the other sign",
        file: "macros/compiler/src/primitives.rs",
        right: "|x| x.sin(), [WIDE], [ap(&COS, &[x])]",
        wrong: "|x| x.sin(), [WIDE], [-ap(&COS, &[x])]",
    },
    Spoil {
        name: "term",
        what: "the second factor of a product gets nothing",
        file: "macros/compiler/src/primitives.rs",
        right: "|x, y| x * y, [WIDE, WIDE], [c(y), c(x)]",
        wrong: "|x, y| x * y, [WIDE, WIDE], [c(y), ZERO]",
    },
    Spoil {
        name: "stale",
        what: "a load is repeated whatever the memory holds by then",
        file: "macros/compiler/src/flow/adjoint/stable.rs",
        right: "            if write.pos > site.pos {\n                return false;\n            }",
        wrong: "            if write.pos > site.pos {\n                return true;\n            }",
    },
    Spoil {
        name: "tie",
        what: "the smaller of two numbers gets the derivative of the greater",
        file: "macros/compiler/src/primitives.rs",
        right: "[ap(&MAX_WEIGHT, &[x, y]), ap(&MAX_WEIGHT, &[y, x])]",
        wrong: "[ap(&MAX_WEIGHT, &[y, x]), ap(&MAX_WEIGHT, &[x, y])]",
    },
];

/// What is left out of a copy.
const LEFT_OUT: &[&str] = &["target", ".git", "Cargo.lock"];

/// A copy of the repository with one thing spoiled; where it is.
///
/// # Errors
/// If files cannot be read or written, or what is to be spoiled is not there any more.
pub fn spoiled(spoil: &Spoil, repository: &Path, directory: &Path) -> io::Result<PathBuf> {
    // Beside the directory: what lies in it would belong to its workspace.
    let copy = directory.with_file_name(format!("chainrule-spoiled-{}", spoil.name));
    copied(repository, &copy)?;
    let file = copy.join(spoil.file);
    let text = fs::read_to_string(&file)?;
    if text.matches(spoil.right).count() != 1 {
        let message = format!("{} does not say `{}` once", spoil.file, spoil.right);
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    fs::write(file, text.replace(spoil.right, spoil.wrong))?;
    Ok(copy)
}

fn copied(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        match path.is_dir() {
            true => copied(&path, &to.join(name))?,
            false => {
                fs::copy(&path, to.join(name))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is spoiled is what the compiler says.
    #[test]
    fn everything_can_be_spoiled() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for spoil in SPOILS {
            let text = fs::read_to_string(repository.join(spoil.file)).expect("a file of ours");
            assert_eq!(text.matches(spoil.right).count(), 1, "{}", spoil.name);
        }
    }
}
