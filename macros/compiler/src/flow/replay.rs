//! What may run a second time, as the body of a checkpointed loop does when it is reversed.
//!
//! Printing, assertions and what only changes passive variables that the loop does not look at run
//! once: the second run leaves them out. What may give something else the second time is an error.

use super::ir::{Block, By, Call, CallArg, Code, Kind, Loop, Over, Program, Source, Stmt, Ty, V};
use super::lower::scan;
use super::unseen::{at, called, is_effect};
use crate::error::Errors;
use proc_macro2::Ident;
use std::collections::BTreeSet;
use syn::Token;
use syn::punctuated::Punctuated;

/// Whether a statement is left out when a stretch of a checkpointed loop runs again.
pub(super) fn runs_once(kind: &Kind) -> bool {
    match kind {
        Kind::Opaque { out: None, code, .. } => !code
            .binds
            .iter()
            .any(|bind| bind.by == By::Mut && matches!(bind.what, Source::Place(_))),
        _ => false,
    }
}

/// Reports what cannot be run a second time in a checkpointed loop.
pub(super) fn check(lp: &Loop, stmt: &Stmt, program: &Program, errors: &mut Errors) {
    if matches!(lp.over, Over::Range { reversed: true, .. }) {
        errors.at(stmt.span, "`#[checkpoint]` needs a loop that counts up");
        return;
    }
    let before = errors.count();
    let mut replay = Replay { program, read: BTreeSet::new(), refused: BTreeSet::new() };
    replay.block(&lp.body, errors);
    if errors.count() > before {
        return;
    }
    replay.changes(&lp.body, errors);
    replay.later(&program.body, lp, false, errors);
}

struct Replay<'p> {
    program: &'p Program,
    /// The passive variables that a second run looks at, those that may change.
    read: BTreeSet<V>,
    /// The values of calls that were refused.
    refused: BTreeSet<V>,
}

impl Replay<'_> {
    /// Notes what a second run looks at, and reports what it must not do.
    fn block(&mut self, block: &Block, errors: &mut Errors) {
        for stmt in &block.stmts {
            match &stmt.kind {
                kind if runs_once(kind) => {}
                // What is done with a value that is refused already says nothing new.
                Kind::Opaque { out, code, .. } if self.is_refused(code) => self.refused.extend(out),
                Kind::Opaque { out, pure: false, code } if !is_effect(code) => {
                    self.refused.extend(out);
                    errors.at(at(code, stmt.span), format!("{} runs again when the checkpointed loop around it is reversed, and may give something else then: call it before the loop, or take the `#[checkpoint]` off", called(code)));
                }
                Kind::Opaque { out: None, code, .. } if !is_assertion(code) => errors.at(
                    stmt.span,
                    format!("{} prints, which must happen once, and changes what the checkpointed loop around it computes with, which must happen again when it is reversed: do that in a statement of its own", called(code)),
                ),
                Kind::Opaque { code, .. } => {
                    let values = code.binds.iter().filter_map(|bind| value(&bind.what));
                    let program = self.program;
                    self.read.extend(values.filter(|v| is_passive(program, *v)));
                }
                Kind::Call(call) if changed(call).next().is_some() => errors.at(
                    stmt.span,
                    format!("`{}` changes something that cannot be changed back when the checkpointed loop around it is reversed: call it before the loop, or take the `#[checkpoint]` off", call.value),
                ),
                Kind::Call(call) => {
                    let values = call.args.iter().filter_map(|arg| value(&arg.source));
                    let program = self.program;
                    self.read.extend(values.filter(|v| is_passive(program, *v)));
                }
                Kind::If { then, other, .. } => {
                    self.block(then, errors);
                    self.block(other, errors);
                }
                Kind::Loop(lp) => self.block(&lp.body, errors),
                _ => {}
            }
        }
    }

    fn is_refused(&self, code: &Code) -> bool {
        code.binds.iter().any(|bind| match bind.what {
            Source::Value(v) => self.refused.contains(&v),
            Source::Place(_) => false,
        })
    }

    /// The passive variables that code can change. What is handed out by shared reference counts
    /// as unchanged; the receiver of a method does not.
    fn objects(&self, code: &Code) -> Vec<V> {
        let uses = syn::parse2(code.tokens.clone()).map(|expr| scan::uses(&expr));
        let is_receiver = |name: &Ident| match &uses {
            Ok(uses) => uses.names.get(&name.to_string()) >= Some(&scan::Use::Mut),
            Err(_) => true,
        };
        let values = code.binds.iter().filter_map(|bind| match (value(&bind.what)?, bind.by) {
            (_, By::Ref) => None,
            (v, By::Value) if self.program.of(v).shared && !is_receiver(&bind.name) => None,
            (v, _) => Some(v),
        });
        values.filter(|v| is_passive(self.program, *v)).collect()
    }

    /// The passive variable that a statement changes though a second run looks at it.
    fn clash(&self, kind: &Kind) -> Option<(V, String)> {
        let (objects, what) = match kind {
            Kind::Opaque { pure: false, code, .. } if !is_effect(code) || acts(code) => {
                (self.objects(code), called(code))
            }
            Kind::Call(call) => (changed(call).collect(), format!("`{}`", call.value)),
            _ => return None,
        };
        Some((objects.into_iter().find(|v| self.read.contains(v))?, what))
    }

    /// Reports what the loop itself changes and a second run looks at.
    fn changes(&self, block: &Block, errors: &mut Errors) {
        for stmt in &block.stmts {
            if let Some((v, what)) = self.clash(&stmt.kind) {
                let name = &self.program.of(v).name;
                errors.at(
                    stmt.span,
                    format!("{what} changes `{name}`, which the checkpointed loop around it reads again when it is reversed: do it before the loop, or take the `#[checkpoint]` off"),
                );
            }
            match &stmt.kind {
                Kind::If { then, other, .. } => {
                    self.changes(then, errors);
                    self.changes(other, errors);
                }
                Kind::Loop(lp) => self.changes(&lp.body, errors),
                _ => {}
            }
        }
    }

    /// Reports what is changed behind the checkpointed loop, but before it runs again. Returns
    /// whether a statement of the block is behind it.
    fn later(&self, block: &Block, of: &Loop, behind: bool, errors: &mut Errors) -> bool {
        let mut behind = behind;
        for stmt in &block.stmts {
            if behind && let Some((v, what)) = self.clash(&stmt.kind) {
                let name = &self.program.of(v).name;
                errors.at(
                    stmt.span,
                    format!("{what} changes `{name}`, which a checkpointed loop reads again when it is reversed: give the loop a copy of its own, `let copy = {name}.clone();`, or take the `#[checkpoint]` off"),
                );
            }
            match &stmt.kind {
                Kind::If { then, other, .. } => {
                    let within = self.later(then, of, behind, errors);
                    behind = self.later(other, of, behind, errors) || within;
                }
                Kind::Loop(lp) if std::ptr::eq(&raw const **lp, of) => behind = true,
                Kind::Loop(lp) => {
                    // What stands ahead of it in a loop around both comes behind it too.
                    let around = !behind && contains(&lp.body, of);
                    behind = self.later(&lp.body, of, behind || around, errors) || around;
                }
                _ => {}
            }
        }
        behind
    }
}

fn contains(block: &Block, of: &Loop) -> bool {
    block.stmts.iter().any(|stmt| match &stmt.kind {
        Kind::If { then, other, .. } => contains(then, of) || contains(other, of),
        Kind::Loop(lp) => std::ptr::eq(&raw const **lp, of) || contains(&lp.body, of),
        _ => false,
    })
}

/// The passive variables that a call changes.
fn changed(call: &Call) -> impl Iterator<Item = V> + '_ {
    call.args.iter().filter_map(|CallArg { source, by, .. }| match (source, by) {
        (Source::Value(v), By::Mut) => Some(*v),
        _ => None,
    })
}

/// Whether a variable is of a type that is not known, so that it can perhaps be changed.
fn is_passive(program: &Program, v: V) -> bool {
    program.of(v).object || program.of(v).ty == Ty::Opaque
}

fn value(source: &Source) -> Option<V> {
    match source {
        Source::Value(v) => Some(*v),
        Source::Place(_) => None,
    }
}

/// Whether code is an `assert!` of some kind whose arguments only look.
pub(super) fn is_asked_again(code: &Code) -> bool {
    is_effect(code) && is_assertion(code) && !acts(code)
}

/// Whether code is an `assert!` of some kind, which may be asked again.
fn is_assertion(code: &Code) -> bool {
    code.tokens.to_string().contains("assert")
}

/// Whether the arguments of `println!`, `assert!` and the like do more than to look.
fn acts(code: &Code) -> bool {
    let list = syn::parse2::<syn::Macro>(code.tokens.clone())
        .and_then(|mac| mac.parse_body_with(Punctuated::<syn::Expr, Token![,]>::parse_terminated));
    match list {
        Ok(args) => args.iter().any(|arg| scan::uses(arg).acts),
        Err(_) => true,
    }
}
