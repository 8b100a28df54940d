//! Prints how long rustc takes over functions that are long, wide, deep or many, plain and annotated.
//!
//! `cargo run --release -p chainrule-benches --bin building [ROUNDS] [DIRECTORY]`
//!
//! Each function gets two crates in the directory, one with `#[differentiate]`; both are built in
//! the debug and in the release profile, the macro as cargo builds it by default. What is timed is
//! `cargo build` of the one crate after its source was touched, its dependencies and the macro being
//! there, and the macro's part of that as rustc reports it.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A function by its source, with `#[D]` where the annotation stands.
struct Case {
    name: &'static str,
    crate_name: &'static str,
    source: String,
    function: &'static str,
    arguments: String,
}

fn cases() -> Vec<Case> {
    let in_a_row = "    y = y + 0.001 * x.sin() * (1.0 - y * y);\n".repeat(2000);
    let in_a_loop: String = (0..2000)
        .map(|k| match k % 4 {
            0 => format!("        a = a * 0.5 + (b + {k}.0 * 1e-4).sin();\n"),
            1 => "        b += 0.1 * a * b.cos();\n".to_string(),
            2 => "        if a > b { a -= 0.01 * b; } else { b *= 0.9; }\n".to_string(),
            _ => format!("        v[{}] = a * b + v[{}];\n", k % 5, (k + 1) % 5),
        })
        .collect();
    let list = |part: fn(usize) -> String, between: &str| {
        (0..80).map(part).collect::<Vec<_>>().join(between)
    };
    let (params, product) =
        (list(|k| format!("x{k}: f64"), ", "), list(|k| format!("x{k}"), " * "));
    let nested = (0..12).fold("y = (y * x).sin() + 0.1 * x;\n".to_string(), |body, level| {
        format!(
            "for k{level} in 0..n {{\ny = y * x + 0.01 * k{level} as f64;\n{body}y = y.cos();\n}}\n"
        )
    });
    let first = "#[D]\nfn f0(x: f64) -> f64 { if x > 0.0 { x.sin() } else { x } }\n".to_string();
    let chain = (1..30).fold(first, |mut all, k| {
        let before = k - 1;
        let _ = writeln!(all, "#[D]\nfn f{k}(x: f64) -> f64 {{ if x > 0.1 {{ f{before}(x) * 1.1 }} else {{ x * x }} }}");
        all
    });
    let case = |name, crate_name, source, function, arguments: &str| Case {
        name,
        crate_name,
        source,
        function,
        arguments: arguments.to_string(),
    };
    vec![
        case(
            "2,000 statements in a row",
            "row",
            format!("#[D]\nfn f(x: f64) -> f64 {{\n    let mut y = x;\n{in_a_row}    y\n}}\n"),
            "f",
            "0.3",
        ),
        case(
            "2,000 statements in a loop",
            "looped",
            format!(
                "#[D]\nfn f(x: f64, y: f64, n: usize) -> f64 {{\n    let (mut a, mut b) = (x, y);\n    let mut v = [x; 5];\n    for _ in 0..n {{\n{in_a_loop}    }}\n    a + b + v[0]\n}}\n"
            ),
            "f",
            "0.3, 0.4, 3",
        ),
        case(
            "a product of 80 variables",
            "product",
            format!(
                "#[D]\n#[allow(clippy::too_many_arguments)]\nfn f({params}) -> f64 {{ {product} }}\n"
            ),
            "f",
            &list(|k| format!("1.0{}", k % 7), ", "),
        ),
        case(
            "12 nested loops",
            "nested",
            format!("#[D]\nfn f(x: f64, n: usize) -> f64 {{\nlet mut y = x;\n{nested}y\n}}\n"),
            "f",
            "0.7, 2",
        ),
        case("a chain of 30 functions", "chain", chain, "f29", "0.7"),
    ]
}

impl Case {
    fn package(&self, annotated: bool) -> String {
        format!("{}_{}", self.crate_name, if annotated { "annotated" } else { "plain" })
    }

    fn write(&self, workspace: &Path, annotated: bool) -> Result<()> {
        let package = self.package(annotated);
        let folder = workspace.join(&package);
        fs::create_dir_all(folder.join("src"))?;
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime").canonicalize()?;
        fs::write(
            folder.join("Cargo.toml"),
            format!(
                "[package]\nname = \"{package}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nchainrule = {{ path = {runtime:?} }}\n"
            ),
        )?;
        let attribute = if annotated { "#[chainrule::differentiate]" } else { "" };
        let (f, arguments) = (self.function, &self.arguments);
        let derivative = match annotated {
            true => format!("    println!(\"{{}}\", {f}::value_and_grad({arguments}).0);\n"),
            false => String::new(),
        };
        let main =
            format!("fn main() {{\n    println!(\"{{}}\", {f}({arguments}));\n{derivative}}}\n");
        let source = self.source.replace("#[D]", attribute);
        fs::write(folder.join("src/main.rs"), source + "\n" + &main)?;
        Ok(())
    }
}

/// What a build took.
#[derive(Clone, Copy, Default)]
struct Took {
    wall: Duration,
    user: Duration,
}

struct Workspace(PathBuf);

impl Workspace {
    fn touch(&self, package: &str) -> Result<()> {
        let source = self.0.join(package).join("src/main.rs");
        let text = fs::read(&source)?;
        fs::write(source, text)?;
        Ok(())
    }

    fn cargo(&self, target: &str, release: bool, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(&self.0).env("CARGO_TARGET_DIR", self.0.join(target));
        command.args(args).args(release.then_some("--release"));
        command
    }

    fn build(&self, package: &str, release: bool) -> Result<Took> {
        self.touch(package)?;
        let mut command = self.cargo("target", release, &["build", "--quiet", "-p", package]);
        let (before, start) = (user_time_of_children(), Instant::now());
        let status = command.status()?;
        let wall = start.elapsed();
        match status.success() {
            true => Ok(Took { wall, user: user_time_of_children().saturating_sub(before) }),
            false => Err(format!("{package} does not build").into()),
        }
    }

    /// The time of expansion in a debug build, as rustc reports it; in a folder of its own, since
    /// cargo would build all anew for another flag.
    fn expansion(&self, package: &str) -> Result<Option<f64>> {
        let mut least: Option<f64> = None;
        for _ in 0..4 {
            self.touch(package)?;
            let mut command =
                self.cargo("target-timed", false, &["rustc", "--quiet", "-p", package]);
            command.args(["--", "-Ztime-passes"]).env("RUSTC_BOOTSTRAP", "1");
            let output = command.output()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            let line = text.lines().find(|line| line.ends_with("macro_expand_crate"));
            let seconds = line.and_then(|line| line.strip_prefix("time:")?.split(';').next());
            let seconds: Option<f64> = seconds.and_then(|seconds| seconds.trim().parse().ok());
            least = match (least, seconds) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        Ok(least)
    }
}

/// How long processes computed that this one has waited for; nothing where that is not known.
fn user_time_of_children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields behind the name, which may hold anything: the 14th is in ticks of 10 ms.
    let ticks = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(13));
    Duration::from_millis(10 * ticks.and_then(|ticks| ticks.parse().ok()).unwrap_or(0))
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let rounds = match args.next() {
        Some(rounds) => {
            rounds.parse().map_err(|_| format!("`{rounds}` is not a number of rounds"))?
        }
        None => 9,
    };
    let folder = args.next().map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("chainrule-building"));
    let cases = cases();
    let packages = cases.iter().flat_map(|case| [case.package(false), case.package(true)]);
    let packages: Vec<String> = packages.collect();
    for case in &cases {
        case.write(&folder, false)?;
        case.write(&folder, true)?;
    }
    fs::write(
        folder.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = {packages:?}\n"),
    )?;
    // The versions that are there already.
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    if lock.exists() {
        fs::copy(lock, folder.join("Cargo.lock"))?;
    }
    let workspace = Workspace(folder);
    for release in [false, true] {
        println!("{}:\n", if release { "`cargo build --release`" } else { "`cargo build`" });
        println!(
            "| function | plain ms | annotated ms | annotated / plain | user ms, plain | annotated |{}",
            if release { "" } else { " expansion ms |" }
        );
        println!("|---|{}", "--:|".repeat(if release { 5 } else { 6 }));
        for case in &cases {
            let [plain, annotated] = [false, true].map(|annotated| case.package(annotated));
            // The first builds what is missing, the second what is kept from build to build.
            for package in [&plain, &annotated, &plain, &annotated] {
                workspace.build(package, release)?;
            }
            let mut took = Vec::new();
            for _ in 0..rounds {
                let plain = workspace.build(&plain, release)?;
                took.push((plain, workspace.build(&annotated, release)?));
            }
            let of = |f: &dyn Fn(&(Took, Took)) -> f64| median(took.iter().map(f).collect());
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            print!(
                "| {} | {:.0} | {:.0} | {:.2} | {:.0} | {:.0} |",
                case.name,
                of(&|(plain, _)| ms(plain.wall)),
                of(&|(_, annotated)| ms(annotated.wall)),
                of(&|(plain, annotated)| ms(annotated.wall) / ms(plain.wall)),
                of(&|(plain, _)| ms(plain.user)),
                of(&|(_, annotated)| ms(annotated.user)),
            );
            match release {
                true => println!(),
                false => match workspace.expansion(&annotated)? {
                    Some(seconds) => println!(" {:.0} |", seconds * 1e3),
                    None => println!(" |"),
                },
            }
        }
        println!();
    }
    Ok(())
}
