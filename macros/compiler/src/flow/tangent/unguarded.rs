//! Forward mode without guards, which holds where no tangent of the results is NaN.
//!
//! A guard takes zero for a product of zero and something infinite, which is NaN. All that is done
//! with tangents is adding, subtracting and multiplying, what is stored is loaded again, and what is
//! chosen is chosen by values: a NaN gets to the results or contributes nothing. So results without
//! one are what the program with guards has, but for the sign of zeros. Guards keep LLVM from much of
//! what it makes of the function itself; a function that runs again where there is a NaN does without.

use super::{Builder, Forward};
use crate::error::Errors;
use crate::flow::activity::activity_again;
use crate::flow::ir::{Kind, Program};
use crate::flow::replay::is_asked_again;
use crate::flow::walk;
use crate::primitives;

/// Value and tangents in one direction without guards, if the program with them has some and may run
/// behind this one.
pub fn unguarded(program: &Program, wrt: &[bool], errors: &mut Errors) -> Option<Forward> {
    let mut again = true;
    walk::all(&program.body, &mut |kind| again &= may_run_again(kind));
    if !again {
        return None;
    }
    let activity = activity_again(program, wrt);
    let mut builder = Builder::new(program, &activity, 1, errors);
    builder.guarded = false;
    builder.index();
    let forward = builder.program(wrt);
    builder.spared.then_some(forward)
}

/// Whether a statement has no effect outside, and passes on a NaN among its tangents.
fn may_run_again(kind: &Kind) -> bool {
    match kind {
        Kind::Prim(_, row, _) => **row != primitives::GUARD,
        Kind::Opaque { pure, code, .. } => *pure || is_asked_again(code),
        Kind::Call(_) | Kind::Pull { .. } | Kind::Keep(..) | Kind::Recall(..) => false,
        _ => true,
    }
}
