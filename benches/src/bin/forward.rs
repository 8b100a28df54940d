//! Prints what forward mode takes by the function, for each function of the shared list of the tests:
//! value and tangent by the value, both from arguments that are ready, in turn, medians of ratios.
//! Each is measured at the point where it takes longest.
//!
//! `cargo run --release -p chainrule-benches --bin forward [ROUNDS]`

#![forbid(unsafe_code)]

// The list of the tests, with what this makes of it instead.
extern crate self as chainrule_tests;

#[path = "../../../tests/tests/functions/mod.rs"]
#[allow(dead_code, unused_macros, reason = "some engines are not run here")]
#[allow(missing_docs, missing_debug_implementations, reason = "they are tests")]
mod functions;

use chainrule_benches::rounds;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

/// A function, and what measures it.
pub struct Case {
    name: &'static str,
    measure: fn(usize) -> Option<Times>,
}

/// Nanoseconds of the function, and value and tangent by the value.
#[derive(Clone, Copy)]
struct Times {
    plain: f64,
    ratio: f64,
}

/// A float that is passed as a constant.
#[derive(Clone, Copy, Debug)]
pub struct Fixed<T>(pub T);

/// An argument that is no float, with floats around it: LLVM loads neighbours as vectors, of which it
/// may use a part only. An integer in the other one is a subnormal float to the instructions for
/// both, for each of which the CPU takes 50 ns more.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Apart<T>(f64, T, f64);

impl<T> Apart<T> {
    fn new(value: T) -> Self {
        Apart(1.0, value, 1.0)
    }

    /// The argument.
    fn get(self) -> T {
        self.1
    }
}

/// A batch takes about so many nanoseconds.
const BATCH: f64 = 20_000.0;

/// A batch is of no more calls than that: what they take and leave is in the first cache.
const MOST: usize = 100;

/// Runs calls that are ready; nanoseconds of each. What they leave goes to `left`, whose memory is
/// not new to the process after the first time; it is put back to the allocator behind the clock.
///
/// A result is written to where it stays and looked at there. Had `black_box` moved it, it would be
/// loaded again right behind the stores that wrote it: a pair of floats in one load behind two
/// stores, for which the CPU waits longer than small functions take.
fn time<C: FnOnce() -> R, R>(calls: Vec<C>, left: &mut Vec<R>) -> f64 {
    let count = calls.len();
    left.reserve(count);
    let start = Instant::now();
    for call in calls {
        left.push(call());
        black_box(left.last());
    }
    let nanoseconds = start.elapsed().as_nanos() as f64 / count as f64;
    left.clear();
    nanoseconds
}

/// What a round has allocated ahead of it, so that its arguments are somewhere else than those of
/// the round before: at some distances of what is read from what is written a call waits for the one
/// before it, and `power_iteration` takes 86 ns or 207. So many bytes, so many more in each round, up
/// to so many.
const SPACE: usize = 1100;
const STEP: usize = 272;
const PAGES: usize = 8192;

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Measures both at each point, from ways to make them ready. A call with tangents owns them; what
/// it takes to give up as many is not the derivative's, and taken off.
fn measure<P: Clone, A: FnOnce() -> R, B: FnOnce() -> S, R, S>(
    points: &[P],
    rounds: usize,
    plain: impl Fn(P) -> A,
    forward: impl Fn(P, P) -> B,
) -> Option<Times> {
    let mut slowest: Option<Times> = None;
    let (mut values, mut with_tangents, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
    for point in points {
        let ready = |count: usize| -> Vec<A> { (0..count).map(|_| plain(point.clone())).collect() };
        let once = time(ready(16), &mut values).min(time(ready(16), &mut values)).max(1.0);
        let count = ((BATCH / once) as usize).clamp(4, MOST);
        let mut forward = || {
            let calls = (0..count).map(|_| forward(point.clone(), point.clone())).collect();
            let given_up = match std::mem::needs_drop::<P>() {
                true => {
                    let tangents = (0..count).map(|_| point.clone());
                    time(tangents.map(|t| move || drop(t)).collect(), &mut nothing)
                }
                false => 0.0,
            };
            time(calls, &mut with_tangents) - given_up
        };
        let (mut of_plain, mut ratios) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let _elsewhere = black_box(Vec::<u8>::with_capacity(SPACE + round * STEP % PAGES));
            let (a, b) = match round % 2 {
                0 => (time(ready(count), &mut values), forward()),
                _ => {
                    let b = forward();
                    (time(ready(count), &mut values), b)
                }
            };
            of_plain.push(a);
            ratios.push(b / a);
        }
        let times = Times { plain: median(of_plain), ratio: median(ratios) };
        if slowest.is_none_or(|slowest| slowest.plain < times.plain) {
            slowest = Some(times);
        }
    }
    slowest
}

/// The list of a module.
#[macro_export]
macro_rules! cases {
    ($($kind:ident { $($name:ident $args:tt: $($at:tt),+;)* })*) => {
        /// The functions of this module, and where they are run.
        pub const CASES: &[$crate::Case] = &[
            $($($crate::Case {
                name: stringify!($name),
                measure: |rounds| $crate::case!($kind $name $args $args [$($at),+] rounds),
            },)*)*
        ];
    };
}

/// What measures one function.
#[macro_export]
macro_rules! case {
    ($kind:ident $f:ident $all:tt
        ($($(*$m:ident: $ct:ident)? $(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)? $($v:ident)?),*)
        [$(($($part:expr),* $(,)?)),+] $rounds:ident) => {
        $crate::measure(
            &[$(($($part,)*)),+],
            $rounds,
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*)| {
                $($(let $p = $crate::Apart::new($p);)?)*
                move || {
                    let value = $f($($(&mut $m)? $(&$r)? $($c.0)? $($p.get())? $(&$q)? $($v)?),*);
                    (value, ($($($m,)? $($r,)? $($q,)?)*))
                }
            },
            |($($(mut $m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*), along| {
                $($(let $p = $crate::Apart::new($p);)?)*
                $crate::bound!($all along [$($($m)? $($r)? $($v)?)*] [] $f
                    ($($(&mut $m)? $(&$r)? $($c.0)? $($p.get())? $(&$q)? $($v)?),*)
                    ($($($m,)? $($r,)? $($q,)?)*))
            },
        )
    };
}

/// A call of forward mode, each tangent under a name of its own.
#[macro_export]
macro_rules! bound {
    ($all:tt $along:ident [] [$($t:ident)*] $f:ident ($($arg:expr),*) $left:expr) => {{
        let _ = $along;
        move || {
            let value = $f::jvp($($arg,)* $($t),*);
            (value, $left)
        }
    }};
    ($all:tt $along:ident [$name:ident $($rest:ident)*] [$($t:ident)*] $f:ident $args:tt
        $left:tt) => {{
        let t = $crate::part!($all $along $name);
        $crate::bound!($all $along [$($rest)*] [$($t)* t] $f $args $left)
    }};
}

/// The tangent of one argument.
#[macro_export]
macro_rules! part {
    (($($(*$m:ident: $ct:ident)? $(&$r:ident)? $(!$c:ident)? $(#$p:ident)? $(@$q:ident)?
        $($v:ident)?),*) $along:ident $name:ident) => {{
        #[allow(unused_variables, reason = "one of them is wanted")]
        let ($($($m)? $($r)? $($c)? $($p)? $($q)? $($v)?,)*) = $along.clone();
        $name
    }};
}

/// Nothing is asked of structs here.
#[macro_export]
macro_rules! scalars {
    ($($rest:tt)*) => {};
}

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(51)?;
    let mut all: Vec<(String, Times)> = Vec::new();
    for (module, cases) in functions::ALL {
        for case in *cases {
            if let Some(times) = (case.measure)(rounds) {
                all.push((format!("{module}::{}", case.name), times));
            }
        }
    }
    all.sort_by(|a, b| b.1.ratio.total_cmp(&a.1.ratio));
    println!("| function | value ns | value and tangent / value |");
    println!("|---|--:|--:|");
    for (name, Times { plain, ratio }) in &all {
        println!("| {name} | {plain:.1} | {ratio:.2} |");
    }
    let above = all.iter().filter(|(_, times)| times.ratio > 3.0).count();
    let median = all[all.len() / 2].1.ratio;
    println!("\n{} functions, median {median:.2}, above 3: {above}", all.len());
    Ok(())
}
