//! From source to the IR of scalar code.
//!
//! Lowering keeps the order and the arithmetic of the source; it knows nothing of derivatives.
//! Variables become values in SSA form, references become names of places (`Val`), calls of
//! annotated functions and closures are inlined, iterators become loops over an index, and control
//! flow becomes structured (`region.rs`). What is neither a float nor memory of floats is *passive*
//! and is taken as the user wrote it (`opaque.rs`).

mod apply;
mod call;
mod collect;
mod conditional;
mod consume;
mod derivative;
mod drive;
mod elements;
mod expr;
mod extent;
mod finish;
mod float;
mod from_fn;
mod given;
mod inline;
mod iter;
mod jumps;
mod lent;
mod looks;
mod loops;
mod mac;
mod matching;
mod memory;
mod merge;
mod method;
mod nd;
mod object;
mod opaque;
mod operator;
mod ops;
mod option;
mod owned;
mod pattern;
mod place;
mod region;
mod ring;
pub(in crate::flow) mod scan;
mod shift;
mod signature;
mod sorted;
mod spans;
mod spelled;
mod stmt;
mod structs;
mod table;
mod types;
mod val;
mod wanted;

pub(crate) use float::BITS;
pub(crate) use nd::{azip_chain, makes_array};

use crate::capsule::Callees;
use crate::error::{Errors, Place as At};
use crate::flow::ir::{Kind, MemId, Origin, Program, Stmt, V};
use crate::hash::{HashMap, HashSet};
use crate::ir::Elem;
use crate::parse::{Function, Type};
use proc_macro2::{Span, TokenStream};
use region::Region;
use types::{Class, Slot, Types};
use val::{Val, Var, VarId};

/// Lowers the function and everything it calls to one program.
///
/// What is not accepted is reported. The rest is there all the same, as far as it can be, so that
/// what comes next can report too: all errors of a function are shown at once.
pub fn lower(callees: &Callees, errors: &mut Errors) -> Option<Program> {
    let root = callees.root();
    let function = callees.function(root)?;
    Lowerer::new(callees, errors).root(root, function)
}

/// A function or closure being lowered.
struct Frame<'a> {
    /// Whose body it is; of a closure, that which it stands in.
    function: &'a Function,
    /// Which annotated function each call path of this body means.
    id: usize,
    /// What each name means, innermost last.
    scopes: Vec<HashMap<String, VarId>>,
    /// The type parameters' values.
    elems: HashMap<String, Elem>,
    /// The lengths that constant parameters stand for, as they are written.
    lengths: HashMap<String, String>,
    /// How many jump targets lie outside.
    targets: usize,
    /// What it returns, where that is known.
    output: Option<Type>,
}

/// The call in the root's body that is being inlined.
#[derive(Clone)]
struct Outer {
    /// Where errors are reported.
    span: Span,
    /// The path that is called: names at the callee's place are reached through it.
    path: TokenStream,
}

/// What a jump can go to.
struct Target {
    /// Whether it is a loop, a labelled block, or the end of a function or closure.
    kind: TargetKind,
    /// Its label.
    label: Option<String>,
    /// Of a loop: whether it is left at the end of this iteration.
    left: VarId,
    /// Whether a jump to something further out passed through.
    crossed: VarId,
    /// The value it was left with.
    value: VarId,
    /// Whether any jump goes to it.
    used: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TargetKind {
    Loop,
    Block,
    Frame,
}

/// The state of one lowering.
struct Lowerer<'a> {
    program: Program,
    types: Types,
    /// The class of each value.
    classes: Vec<Class>,
    /// Memories that belong to a variable which may be changed.
    changing: HashSet<MemId>,
    /// Memories whose variable gets new contents as a whole: what is moved out of them is copied.
    refilled: HashSet<MemId>,
    /// Ends of inclusive ranges, plus one: in a small type there may be no such number.
    inclusive: HashSet<V>,
    /// Integers that are literals.
    known: HashMap<V, i128>,
    /// The ends of the loops whose variables these are.
    below: HashMap<V, V>,
    vars: Vec<Var>,
    regions: Vec<Region>,
    frames: Vec<Frame<'a>>,
    targets: Vec<Target>,
    callees: &'a Callees,
    /// The call in the root's body that is being inlined, if any.
    outer: Option<Outer>,
    /// How many closures and functions are being inlined.
    depth: usize,
    /// The call of a method that is a statement of its own, by its address.
    statement_call: usize,
    /// What is asked of calls and operators that are being lowered, by their addresses.
    wanted: Vec<(usize, wanted::Wanted)>,
    /// How much functions are, inlined.
    extents: HashMap<usize, extent::Known>,
    /// Whether the pattern that is being bound was asked whether it fits.
    matched: bool,
    /// Where the evaluation of the receiver began whose method is being called.
    receiver_mark: opaque::Mark,
    /// Names that patterns bind in values that only rustc knows, with those values.
    payloads: Vec<(V, V, Span)>,
    /// References to values that only rustc knows.
    lent: HashSet<V>,
    /// Iterators that only rustc knows.
    iterators: HashSet<V>,
    /// By which method of which other one some of them were made.
    steps: HashMap<V, (V, syn::ExprMethodCall)>,
    /// What stands behind such references.
    behind: Vec<V>,
    errors: &'a mut Errors,
    /// How many errors there were when lowering began.
    before: usize,
}

impl<'a> Lowerer<'a> {
    fn new(callees: &'a Callees, errors: &'a mut Errors) -> Self {
        Lowerer {
            program: Program::default(),
            types: Types::default(),
            classes: Vec::new(),
            changing: HashSet::default(),
            refilled: HashSet::default(),
            inclusive: HashSet::default(),
            known: HashMap::default(),
            below: HashMap::default(),
            vars: Vec::new(),
            regions: Vec::new(),
            frames: Vec::new(),
            targets: Vec::new(),
            callees,
            outer: None,
            depth: 0,
            statement_call: 0,
            wanted: Vec::new(),
            extents: HashMap::default(),
            matched: false,
            receiver_mark: opaque::Mark::default(),
            payloads: Vec::new(),
            lent: HashSet::default(),
            iterators: HashSet::default(),
            steps: HashMap::default(),
            behind: Vec::new(),
            before: errors.count(),
            errors,
        }
    }

    // Values and statements.

    /// A new value of a class.
    fn of_class(&mut self, name: &str, class: Class, span: Span) -> V {
        self.classes.push(class);
        self.program.value(name, crate::flow::ir::Ty::Opaque, span)
    }

    /// A new value of a new class.
    fn fresh(&mut self, name: &str, slot: Slot, span: Span) -> V {
        let class = self.types.class(slot);
        self.of_class(name, class, span)
    }

    fn class(&self, v: V) -> Class {
        self.classes[v.0 as usize]
    }

    /// What a value is, where that is known of it besides its use.
    fn is_a(&mut self, v: V, slot: Slot) {
        let (own, class) = (self.class(v), self.types.class(slot));
        self.types.unify(own, class);
    }

    fn slot(&self, v: V) -> Slot {
        self.types.slot(self.class(v)).clone()
    }

    fn is_float(&self, v: V) -> bool {
        self.types.is_float(self.class(v))
    }

    /// Makes the types of two values one.
    fn unify(&mut self, a: V, b: V) -> bool {
        let (a, b) = (self.class(a), self.class(b));
        self.types.unify(a, b)
    }

    /// Makes a value a float of this type.
    fn expect_elem(&mut self, v: V, elem: &Elem) -> bool {
        let class = self.types.of_elem(elem);
        let own = self.class(v);
        self.types.unify(own, class)
    }

    /// A new memory.
    fn memory(&mut self, name: &str, ty: Type, span: Span) -> MemId {
        self.program.mem(name, ty, Origin::Local, span)
    }

    /// Appends a statement, unless control cannot get here.
    fn emit(&mut self, kind: Kind, span: Span) {
        if let Some(region) = self.regions.last_mut()
            && region.gone.is_none()
        {
            region.stmts.push(Stmt { kind, span });
        }
    }

    // Frames, scopes, variables.

    fn frame(&self) -> &Frame<'a> {
        self.frames.last().expect("a function is being lowered")
    }

    fn frame_mut(&mut self) -> &mut Frame<'a> {
        self.frames.last_mut().expect("a function is being lowered")
    }

    fn lookup(&self, name: &str) -> Option<VarId> {
        self.frame().scopes.iter().rev().find_map(|scope| scope.get(name)).copied()
    }

    /// A new variable, not yet in scope.
    fn variable(&mut self, name: &str, val: Val, mutable: bool) -> VarId {
        self.vars.push(Var { name: name.to_string(), val, mutable, jump: false });
        self.vars.len() - 1
    }

    /// A new variable in the innermost scope.
    fn declare(&mut self, name: &str, val: Val, mutable: bool) -> VarId {
        let id = self.variable(name, val, mutable);
        if let Some(scope) = self.frame_mut().scopes.last_mut() {
            scope.insert(name.to_string(), id);
        }
        id
    }

    /// Runs a step in a scope of its own.
    fn scoped<R>(&mut self, step: impl FnOnce(&mut Self) -> R) -> R {
        self.frame_mut().scopes.push(HashMap::default());
        let result = step(self);
        self.frame_mut().scopes.pop();
        result
    }

    /// Gives a variable another value, and remembers the old one for the branch this is in.
    fn set(&mut self, id: VarId, val: Val) {
        let old = std::mem::replace(&mut self.vars[id].val, val);
        if let Some(region) = self.regions.last_mut() {
            region.journal.entry(id).or_insert(old);
        }
    }

    // Errors.

    /// What is in error was reported; should it not have been, it is now: nothing is left out in
    /// silence.
    fn never_silent(&mut self, val: &Val, span: Span) {
        if matches!(val, Val::Error) && !self.errors.any() {
            self.error(span, "this cannot be followed: write it in another way, or in a function of its own under `#[differentiate]`");
        }
    }

    /// Reports an error; in inlined code of another function, at the call.
    fn error(&mut self, place: impl At, message: impl std::fmt::Display) -> Val {
        match &self.outer {
            None => self.errors.at(place, message),
            Some(outer) => {
                let inside = self.frame().function.name();
                let span = outer.span;
                self.errors.at(span, format!("in `{inside}`, which is called here: {message}"));
            }
        }
        Val::Error
    }
}
