//! Directions side by side, of which each value depends on a few: what there is to do is done for
//! those only, which is found out while the program runs.
//!
//! Beside each memory of tangents there is a *span* for each of its elements (for a row one): the
//! first direction in which it is not zero, and the one behind the last. A loop over the directions
//! runs over the span that covers those of what it reads, and what it writes gets that span.
//!
//! ```text
//!                                   [lo, hi] = span of t_x[i]
//! for d in 0..26                    for d in lo..hi
//!   t_a = t_x[i][d]         ─▶        t_a = t_x[i][d]
//!   t_out[k][d] = t_a · c             t_out[k][d] = t_a · c
//!                                   span of t_out[k] covers [lo, hi]
//! ```
//!
//! Outside its span a memory holds zeros. What is done in a loop is linear in the tangents, so that
//! zeros make zeros; another loop takes all directions.

mod linear;

use super::Forward;
use crate::flow::ir::{
    Block, Init, Kind, Loop, MemId, Mode, Origin, Over, ParamIs, Pass, Place, Program, Proj, Stmt,
    Ty, V,
};
use crate::flow::walk;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use proc_macro2::Span;

/// Elements whose spans are covered one by one.
const FEW: usize = 8;

/// Narrows the loops over all directions, from `bounds[0]` to `bounds[1]`, of a program whose
/// memories from `first` on are of tangents; those of the parameters are units, one after the other.
/// Nothing comes of it where the program does what this does not understand.
pub(super) fn narrowed(
    forward: &Forward,
    first: u32,
    bounds: [V; 2],
    directions: usize,
) -> Option<Program> {
    let mut writer = Writer {
        out: forward.program.clone(),
        bounds,
        directions,
        spans: HashMap::default(),
        literals: HashMap::default(),
        zeros: linear::zeros(&forward.program.body),
        ahead: Vec::new(),
        code: Vec::new(),
    };
    for k in first..forward.program.mems.len() as u32 {
        writer.beside(MemId(k));
    }
    writer.code.push(Vec::new());
    writer.parameters(&forward.tangents)?;
    let mut stmts = writer.code.pop()?;
    let body = writer.block(&forward.program.body)?;
    stmts.extend(body);
    let mut all = std::mem::take(&mut writer.ahead);
    all.extend(stmts);
    writer.out.body = Block { stmts: all };
    Some(writer.out)
}

/// The spans of a memory.
#[derive(Clone, Copy)]
struct Spans {
    mem: MemId,
    /// So many, one for each element; one for the whole of a row.
    count: Option<usize>,
}

/// A span: the first direction, and the one behind the last.
type Bounds = [V; 2];

struct Writer {
    out: Program,
    bounds: [V; 2],
    directions: usize,
    spans: HashMap<MemId, Spans>,
    literals: HashMap<usize, V>,
    /// The literals of the program that are zero.
    zeros: HashSet<V>,
    /// Literals.
    ahead: Vec<Stmt>,
    /// The blocks being written, outermost first.
    code: Vec<Vec<Stmt>>,
}

fn stmt(kind: Kind) -> Stmt {
    Stmt { kind, span: Span::call_site() }
}

fn index() -> Ty {
    Ty::Int(Some("usize".to_string()))
}

fn pair() -> Type {
    Type::Fixed(Box::new(Type::Int("usize".to_string())), "2".to_string())
}

/// How many rows of directions there are in arrays.
fn rows(ty: &Type) -> Option<usize> {
    match ty {
        Type::Fixed(of, _) if matches!(**of, Type::Float(_)) => Some(1),
        Type::Fixed(of, len) => Some(len.trim().parse::<usize>().ok()? * rows(of)?),
        _ => None,
    }
}

impl Writer {
    /// The memory for the spans of another.
    fn beside(&mut self, of: MemId) {
        let ty = self.out.at(of).ty.clone();
        if rows(&ty).is_none() {
            return;
        }
        let Type::Fixed(element, len) = &ty else { return };
        let count = match **element {
            Type::Float(_) => None,
            _ => len.trim().parse().ok(),
        };
        let ty = match count {
            None => pair(),
            Some(_) => Type::Fixed(Box::new(pair()), len.clone()),
        };
        let name = format!("span_{}", self.out.at(of).name);
        let mem = self.out.mem(name, ty, Origin::Local, Span::call_site());
        self.spans.insert(of, Spans { mem, count });
    }

    /// The spans of the parameters' tangents.
    fn parameters(&mut self, tangents: &[Vec<Option<ParamIs>>]) -> Option<()> {
        let mut before = 0;
        for is in tangents.iter().flatten().flatten() {
            let ParamIs::Mem(mem) = is else { return None };
            let count = rows(&self.out.at(*mem).ty)?;
            let spans = *self.spans.get(mem)?;
            match spans.count {
                None => {
                    let span = [before, before + 1].map(|k| self.index(k));
                    self.emit(Kind::Alloc(spans.mem, Init::List(span.to_vec())));
                }
                Some(elements) => {
                    let each = count / elements.max(1);
                    let mut all = Vec::new();
                    for k in 0..elements {
                        let span = [before + k * each, before + (k + 1) * each];
                        let span = span.map(|k| self.index(k));
                        all.push(Place::whole(self.new_pair(span)));
                    }
                    self.emit(Kind::Alloc(spans.mem, Init::ListOf(all)));
                }
            }
            before += count;
        }
        (before == self.directions).then_some(())
    }

    // Values.

    fn emit(&mut self, kind: Kind) {
        if let Some(code) = self.code.last_mut() {
            code.push(stmt(kind));
        }
    }

    fn index(&mut self, number: usize) -> V {
        if let Some(v) = self.literals.get(&number) {
            return *v;
        }
        let v = self.out.value("k", index(), Span::call_site());
        self.ahead.push(stmt(Kind::Const(v, Literal::Int(number as i128))));
        self.literals.insert(number, v);
        v
    }

    fn empty(&mut self) -> Bounds {
        [self.directions, 0].map(|k| self.index(k))
    }

    fn full(&mut self) -> Bounds {
        [0, self.directions].map(|k| self.index(k))
    }

    /// The span that covers some.
    fn cover(&mut self, spans: &[Bounds]) -> Bounds {
        let Some((first, rest)) = spans.split_first() else { return self.empty() };
        rest.iter().fold(*first, |[lo, hi], [from, to]| {
            [self.bounded("min", lo, *from), self.bounded("max", hi, *to)]
        })
    }

    /// The lower or the higher one of two.
    fn bounded(&mut self, method: &str, a: V, b: V) -> V {
        let v = self.out.value("end", index(), Span::call_site());
        self.emit(Kind::Pass(v, Pass::Method(method.to_string()), vec![a, b]));
        v
    }

    /// An end of a span, of which LLVM sees that it is one.
    fn as_index(&mut self, end: V) -> V {
        let most = self.bounds[1];
        self.bounded("min", end, most)
    }

    /// A new memory with a span.
    fn new_pair(&mut self, span: Bounds) -> MemId {
        let mem = self.out.mem("span", pair(), Origin::Local, Span::call_site());
        self.emit(Kind::Alloc(mem, Init::List(span.to_vec())));
        mem
    }

    // Spans of places.

    /// Where the span of a place is kept, if it is one: of the element it lies in.
    fn kept(&self, place: &Place) -> Option<Place> {
        let Spans { mem, count } = *self.spans.get(&place.mem)?;
        match (count, place.proj.first()) {
            (None, _) => Some(Place::whole(mem)),
            (Some(_), Some(Proj::Index(at))) => Some(Place { mem, proj: vec![Proj::Index(*at)] }),
            (Some(_), _) => None,
        }
    }

    /// What is kept in a place for spans.
    fn read(&mut self, kept: &Place) -> Bounds {
        [0, 1].map(|end| {
            let at = self.index(end);
            let v = self.out.value("end", index(), Span::call_site());
            let proj = kept.proj.iter().cloned().chain([Proj::Index(at)]).collect();
            self.emit(Kind::Load(v, Place { mem: kept.mem, proj }));
            v
        })
    }

    fn write(&mut self, kept: &Place, span: Bounds) {
        for (end, v) in span.into_iter().enumerate() {
            let at = self.index(end);
            let proj = kept.proj.iter().cloned().chain([Proj::Index(at)]).collect();
            self.emit(Kind::Store(Place { mem: kept.mem, proj }, v, Mode::Set));
        }
    }

    /// The span of a place.
    fn span_of(&mut self, place: &Place) -> Bounds {
        if let Some(kept) = self.kept(place) {
            return self.read(&kept);
        }
        match self.spans.get(&place.mem) {
            Some(Spans { mem, count: Some(count) }) if place.proj.is_empty() && *count <= FEW => {
                let (mem, count) = (*mem, *count);
                let each: Vec<Bounds> = (0..count)
                    .map(|k| {
                        let at = self.index(k);
                        self.read(&Place { mem, proj: vec![Proj::Index(at)] })
                    })
                    .collect();
                self.cover(&each)
            }
            _ => self.full(),
        }
    }

    /// Gives all elements of a memory one span.
    fn fill(&mut self, of: MemId, span: Bounds) {
        let Some(Spans { mem, count }) = self.spans.get(&of).copied() else { return };
        let Some(count) = count else { return self.write(&Place::whole(mem), span) };
        let (lo, hi) = (self.index(0), self.index(count));
        let var = self.out.value("k", index(), Span::call_site());
        self.code.push(Vec::new());
        self.write(&Place { mem, proj: vec![Proj::Index(var)] }, span);
        self.repeat(var, [lo, hi]);
    }

    /// A loop around the block that was written last.
    fn repeat(&mut self, var: V, [lo, hi]: [V; 2]) {
        let body = Block { stmts: self.code.pop().unwrap_or_default() };
        let over = Over::Range { var, lo, hi, reversed: false };
        let lp = Loop { over, carried: vec![], body, exit: None, checkpoint: None, count: None };
        self.emit(Kind::Loop(Box::new(lp)));
    }

    /// A place is overwritten with something of such a span, or has that added.
    fn becomes(&mut self, place: &Place, span: Bounds, added: bool) {
        let Some(Spans { count, .. }) = self.spans.get(&place.mem).copied() else { return };
        match self.kept(place) {
            Some(kept) => {
                let whole = place.proj.len() <= usize::from(count.is_some());
                let span = match whole && !added {
                    true => span,
                    false => {
                        let old = self.read(&kept);
                        self.cover(&[old, span])
                    }
                };
                self.write(&kept, span);
            }
            None => {
                let span = match place.proj.is_empty() && !added {
                    true => span,
                    false => self.full(),
                };
                self.fill(place.mem, span);
            }
        }
    }

    // Statements.

    fn block(&mut self, block: &Block) -> Option<Vec<Stmt>> {
        self.code.push(Vec::new());
        for of in &block.stmts {
            self.statement(of)?;
        }
        self.code.pop()
    }

    fn statement(&mut self, of: &Stmt) -> Option<()> {
        let same = |this: &mut Self| {
            if let Some(code) = this.code.last_mut() {
                code.push(of.clone());
            }
        };
        match &of.kind {
            Kind::Loop(lp) => {
                let Over::Range { var, lo, hi, .. } = lp.over else {
                    return self.around(of);
                };
                match [lo, hi] == self.bounds {
                    true => self.directions(var, &lp.body),
                    false => self.around(of),
                }
            }
            Kind::If { .. } => self.around(of),
            Kind::Alloc(mem, Init::Unset) if self.spans.contains_key(mem) => {
                self.zeroed(*mem);
                self.made(*mem, &Init::Unset);
                Some(())
            }
            Kind::Alloc(mem, init) => {
                same(self);
                self.made(*mem, init);
                Some(())
            }
            Kind::Assign { to, from, .. } | Kind::AddAll(to, from)
                if self.spans.contains_key(&to.mem) =>
            {
                let added = matches!(of.kind, Kind::AddAll(..));
                let alike = to.proj.is_empty()
                    && from.proj.is_empty()
                    && !added
                    && self.spans.contains_key(&from.mem);
                if alike {
                    same(self);
                    let [to, from] =
                        [to, from].map(|place| Place::whole(self.spans[&place.mem].mem));
                    self.emit(Kind::Assign { to, from, moved: false });
                } else {
                    let span = self.span_of(from);
                    same(self);
                    self.becomes(to, span, added);
                }
                Some(())
            }
            Kind::Fill(place, _) => {
                same(self);
                let full = self.full();
                self.becomes(place, full, true);
                Some(())
            }
            Kind::Swap(a, b) => {
                let spans = [a, b].map(|place| self.span_of(place));
                same(self);
                self.becomes(a, spans[1], false);
                self.becomes(b, spans[0], false);
                Some(())
            }
            kind => {
                let mut writes = false;
                walk::places(kind, &mut |mem, _, access| {
                    writes |= access.writes() && self.spans.contains_key(&mem);
                });
                same(self);
                (!writes).then_some(())
            }
        }
    }

    /// A condition, or a loop over something else.
    fn around(&mut self, of: &Stmt) -> Option<()> {
        let mut of = of.clone();
        for block in walk::blocks_mut(&mut of.kind) {
            block.stmts = self.block(block)?;
        }
        if let Some(code) = self.code.last_mut() {
            code.push(of);
        }
        Some(())
    }

    /// Makes a memory of zeros, whatever was in its place.
    fn zeroed(&mut self, mem: MemId) {
        let mut types = vec![self.out.at(mem).ty.clone()];
        while let Some(Type::Fixed(of, _)) = types.last() {
            types.push((**of).clone());
        }
        let Some(Type::Float(elem)) = types.pop() else { return };
        let zero = self.out.value("zero", Ty::Float(elem), Span::call_site());
        self.emit(Kind::Const(zero, Literal::Float(0.0, None)));
        let mut init = Init::Filled(zero, None);
        while let Some(ty) = types.pop() {
            let this = match types.is_empty() {
                true => mem,
                false => self.out.mem("zeros", ty, Origin::Local, Span::call_site()),
            };
            self.emit(Kind::Alloc(this, init));
            init = Init::FilledWith(Place::whole(this), None);
        }
    }

    /// The spans of a new memory.
    fn made(&mut self, of: MemId, init: &Init) {
        let Some(Spans { mem, count }) = self.spans.get(&of).copied() else { return };
        let same_kind = |this: &Self, place: &Place| {
            place.proj.is_empty()
                && this.spans.get(&place.mem).is_some_and(|other| other.count == count)
        };
        let span = match init {
            Init::Unset | Init::ZerosLike(_) => self.empty(),
            Init::Copy(place) | Init::Move(place) if same_kind(self, place) => {
                let from = Place::whole(self.spans[&place.mem].mem);
                return self.emit(Kind::Alloc(mem, Init::Copy(from)));
            }
            Init::Copy(place) | Init::Move(place) | Init::FilledWith(place, _) => {
                self.span_of(place)
            }
            Init::ListOf(places) => {
                let mut all = Vec::new();
                for place in places {
                    let span = self.span_of(place);
                    all.push(Place::whole(self.new_pair(span)));
                }
                return self.emit(Kind::Alloc(mem, Init::ListOf(all)));
            }
            _ => self.full(),
        };
        let init = match count {
            None => Init::List(span.to_vec()),
            Some(_) => Init::FilledWith(Place::whole(self.new_pair(span)), None),
        };
        self.emit(Kind::Alloc(mem, init));
    }

    /// What is done for all directions is done for those in which there is something.
    fn directions(&mut self, var: V, body: &Block) -> Option<()> {
        let without = |place: &Place| {
            let (last, proj) = place.proj.split_last()?;
            (*last == Proj::Index(var)).then(|| Place { mem: place.mem, proj: proj.to_vec() })
        };
        // What is read, and what is written.
        let (mut kept, mut stored): (Vec<Place>, Vec<(Place, Mode)>) = Default::default();
        let mut all = !linear::is_linear(body, &self.zeros);
        for of in &body.stmts {
            match &of.kind {
                Kind::Load(_, place) => match self.kept(&without(place)?) {
                    Some(place) if !kept.contains(&place) => kept.push(place),
                    Some(_) => {}
                    None => all = true,
                },
                Kind::Store(place, _, mode) => {
                    let place = without(place)?;
                    match self.spans.contains_key(&place.mem) {
                        true => stored.push((place, *mode)),
                        // What is not known to begin with zeros is written in all directions.
                        false => all = true,
                    }
                }
                _ => {}
            }
        }
        let span = match all {
            true => self.full(),
            false => {
                let spans: Vec<Bounds> = kept.iter().map(|place| self.read(place)).collect();
                self.cover(&spans)
            }
        };
        let ends = match all {
            true => self.bounds,
            false => span.map(|end| self.as_index(end)),
        };
        self.code.push(body.stmts.clone());
        self.repeat(var, ends);
        let mut done: Vec<Place> = Vec::new();
        for (place, _) in &stored {
            let kept = self.kept(place)?;
            if done.contains(&kept) {
                continue;
            }
            let old = self.read(&kept);
            let overwritten: Vec<&Place> = (stored.iter())
                .filter(|(other, mode)| {
                    *mode == Mode::Set && self.kept(other) == Some(kept.clone())
                })
                .map(|(other, _)| other)
                .collect();
            if !all && !overwritten.is_empty() {
                self.zeros(&overwritten, old, ends);
            }
            let row = place.proj.is_empty();
            let span = match row && overwritten.len() == 1 {
                true => span,
                false => self.cover(&[old, span]),
            };
            self.write(&kept, span);
            done.push(kept);
        }
        Some(())
    }

    /// Zeros where a place had something before, outside of what it has now.
    fn zeros(&mut self, places: &[&Place], old: Bounds, [lo, hi]: [V; 2]) {
        let [from, to] = old.map(|end| self.as_index(end));
        let below = [from, self.bounded("min", lo, to)];
        let above = [self.bounded("max", hi, from), to];
        for ends in [below, above] {
            let d = self.out.value("d", index(), Span::call_site());
            self.code.push(Vec::new());
            for place in places {
                let elem = match self.out.type_of(place) {
                    Type::Fixed(of, _) => match *of {
                        Type::Float(elem) => elem,
                        _ => Elem::F64,
                    },
                    _ => Elem::F64,
                };
                let zero = self.out.value("zero", Ty::Float(elem), Span::call_site());
                self.emit(Kind::Const(zero, Literal::Float(0.0, None)));
                let proj = place.proj.iter().cloned().chain([Proj::Index(d)]).collect();
                self.emit(Kind::Store(Place { mem: place.mem, proj }, zero, Mode::Set));
            }
            self.repeat(d, ends);
        }
    }
}
