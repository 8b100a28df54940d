//! The reverse of statements that write memories, on the memories' shadows.

use super::{Builder, Standing};
use crate::flow::index::{BlockId, By_, Def};
use crate::flow::ir::{
    Block, Carried, Init, Kind, Loop, MemId, Mode, Origin, Over, Pass, Place, Proj, Source, Stmt,
    Ty, V,
};
use crate::flow::walk;
use crate::parse::Type;
use crate::primitives;
use proc_macro2::Span;

impl Builder<'_> {
    /// Makes the shadows of the active memories that a block makes, where they are not there yet.
    pub(super) fn declare_shadows(&mut self, block: BlockId) {
        for (_, stmt) in self.ix.within(block, self.src) {
            for mem in walk::makes(&stmt.kind) {
                if self.act.mem(*mem) && !self.shadows.contains_key(mem) && !self.is_moved(*mem) {
                    self.declare_shadow(*mem);
                }
            }
        }
    }

    /// Makes a shadow of zeros.
    pub(super) fn declare_shadow(&mut self, mem: MemId) {
        let shadow = self.new_shadow(mem);
        let like = if is_fixed(&self.src.at(mem).ty) { mem } else { self.primal_mem(mem) };
        self.emit(Kind::Alloc(shadow, Init::ZerosLike(Place::whole(like))));
    }

    pub(super) fn new_shadow(&mut self, mem: MemId) -> MemId {
        let of = self.src.at(mem).clone();
        let shadow = self.out.mem(format!("d_{}", of.name), of.ty, Origin::Local, of.span);
        self.out.mems[shadow.0 as usize].shadows = Some(mem);
        self.shadows.insert(mem, shadow);
        shadow
    }

    /// Whether a memory is moved into another one as a whole, whenever it is made: its shadow is
    /// made then.
    pub(super) fn is_moved(&self, mem: MemId) -> bool {
        let made = self.ix.made[mem.0 as usize].map(|made| made.block);
        let moves = self.ix.writes[mem.0 as usize].iter().filter(|site| Some(site.block) == made);
        moves.into_iter().any(|site| match &self.ix.stmts[site.pos].0.kind {
            Kind::Alloc(_, Init::Move(from)) | Kind::Assign { from, moved: true, .. } => {
                *from == Place::whole(mem) && self.src.at(mem).origin == Origin::Local
            }
            _ => false,
        })
    }

    /// A place in the reverse code.
    pub(super) fn primal_place(&mut self, place: &Place) -> Place {
        let mem = self.primal_mem(place.mem);
        Place { mem, proj: self.primal_proj(place) }
    }

    fn primal_proj(&mut self, place: &Place) -> Vec<Proj> {
        let step = |this: &mut Self, proj: &Proj| match proj {
            Proj::Field(name) => Proj::Field(name.clone()),
            Proj::Index(at) => Proj::Index(this.primal(*at)),
            Proj::Range(from, to) => {
                let from = this.primal(*from);
                Proj::Range(from, to.map(|to| this.primal(to)))
            }
        };
        place.proj.iter().map(|proj| step(self, proj)).collect()
    }

    /// The same place in the shadow.
    pub(super) fn shadow_place(&mut self, place: &Place) -> Place {
        if !self.shadows.contains_key(&place.mem) {
            // Nothing was declared for it: it was moved from, and nothing has flowed back yet.
            self.declare_shadow(place.mem);
        }
        Place { mem: self.shadows[&place.mem], proj: self.primal_proj(place) }
    }

    pub(super) fn type_of(&self, place: &Place) -> Type {
        self.src.type_of(place)
    }

    fn load(&mut self, place: Place, elem: crate::ir::Elem) -> V {
        let ct = self.float("ct", elem);
        self.emit(Kind::Load(ct, place));
        ct
    }

    /// The reverse of a statement that reads or writes memory.
    pub(super) fn memory(&mut self, pos: usize, stmt: &Stmt) {
        match &stmt.kind {
            Kind::Load(out, place) => {
                let Some(ct) = self.cot.remove(out) else { return };
                if !self.act.mem(place.mem) {
                    return;
                }
                let shadow = self.shadow_place(place);
                if !self.sum_up(place, &shadow, ct) {
                    self.add_to(shadow, ct);
                }
            }
            Kind::Store(place, v, mode) if self.act.mem(place.mem) => {
                let elem = self.elem(*v);
                if *mode != Mode::Set && !self.act.value(*v) {
                    return;
                }
                let shadow = self.shadow_place(place);
                let active = self.act.value(*v);
                let ct = active.then(|| self.load(shadow.clone(), elem.clone()));
                if *mode == Mode::Set {
                    let zero = self.number(0.0, elem);
                    self.emit(Kind::Store(shadow, zero, Mode::Set));
                }
                if let Some(ct) = ct {
                    let ct = match mode {
                        Mode::Sub => self.apply(&primitives::NEG, vec![ct], *v),
                        _ => ct,
                    };
                    self.contribute(*v, ct);
                }
            }
            Kind::Alloc(mem, init) if self.act.mem(*mem) => self.alloc(*mem, init),
            // The sweep of a gradient inside the program adds shadows to each other.
            Kind::AddAll(to, from) if self.act.mem(to.mem) && self.act.mem(from.mem) => {
                let (to, from) = (self.shadow_place(to), self.shadow_place(from));
                self.emit(Kind::AddAll(from, to));
            }
            Kind::Assign { to, from, moved } if self.act.mem(to.mem) => {
                self.assign(pos, to, from, *moved);
            }
            Kind::Push(place, source) if self.act.mem(place.mem) => {
                let shadow = self.shadow_place(place);
                match source {
                    Source::Value(v) => {
                        let elem = self.elem(*v);
                        let ct = self.float("ct", elem);
                        self.emit(Kind::Pop(ct, shadow));
                        self.contribute(*v, ct);
                    }
                    Source::Place(from) => {
                        if self.act.mem(from.mem) {
                            let last = self.last(&shadow);
                            let to = self.shadow_place(from);
                            self.emit(Kind::AddAll(to, last));
                        }
                        self.emit(Kind::DropLast(shadow));
                    }
                }
            }
            Kind::SumAll(out, place) => {
                let Some(ct) = self.cot.remove(out) else { return };
                if self.act.mem(place.mem) {
                    let shadow = self.shadow_place(place);
                    self.add_everywhere(shadow, self.type_of(place), ct);
                }
            }
            Kind::Pop(out, place) if self.act.mem(place.mem) => {
                let shadow = self.shadow_place(place);
                let ct = match self.cot.remove(out) {
                    Some(ct) => ct,
                    None => self.number(0.0, self.elem(*out)),
                };
                self.emit(Kind::Push(shadow, Source::Value(ct)));
            }
            Kind::Fill(place, v) if self.act.mem(place.mem) => {
                let shadow = self.shadow_place(place);
                let elem = self.elem(*v);
                if self.act.value(*v) {
                    let ct = self.float("ct", elem.clone());
                    self.emit(Kind::SumAll(ct, shadow.clone()));
                    self.contribute(*v, ct);
                }
                let zero = self.number(0.0, elem);
                self.emit(Kind::Fill(shadow, zero));
            }
            Kind::Swap(a, b) if self.act.mem(a.mem) || self.act.mem(b.mem) => {
                let (a, b) = (self.shadow_place(a), self.shadow_place(b));
                self.emit(Kind::Swap(a, b));
            }
            // So does this, in the sweep of one that pushes memories: what was dropped is there
            // again, and no cotangent waits for it.
            Kind::DropLast(place) if self.act.mem(place.mem) => {
                let dropped = self.last_before(pos, place);
                let shadow = self.shadow_place(place);
                self.emit(Kind::Push(shadow, Source::Place(Place::whole(dropped))));
            }
            // Memories that carry no derivative.
            Kind::Store(..)
            | Kind::Alloc(..)
            | Kind::AddAll(..)
            | Kind::Assign { .. }
            | Kind::Push(..)
            | Kind::Pop(..)
            | Kind::Fill(..)
            | Kind::Swap(..)
            | Kind::DropLast(_) => {}
            // No floats; what of a float disappears into code that only rustc knows was refused.
            Kind::Const(..)
            | Kind::Pass(..)
            | Kind::Opaque { .. }
            | Kind::Fail(_)
            | Kind::Diverge(_) => {}
            // Reversed by their own functions.
            Kind::Prim(..) | Kind::Cast(..) | Kind::If { .. } | Kind::Loop(_) | Kind::Call(_) => {}
            Kind::Keep(record, values, mems) => self.kept(*record, values, mems),
            Kind::Recall(record, values, mems) => self.recalled(*record, values, mems),
            Kind::Save(record, place) => self.saved(*record, place),
            Kind::Restore(record, place) => self.restored(*record, place),
            Kind::Declare(..) => {}
            // In programs that are not reversed: gradients with calls in them are refused, and lists
            // of entries are made of gradients last.
            Kind::Pull { .. } | Kind::Entry(..) => {
                debug_assert!(false, "a gradient with calls in it is not reversed");
            }
        }
    }

    /// Adds a cotangent to every float of a shadow.
    fn add_everywhere(&mut self, shadow: Place, ty: Type, ct: V) {
        let all = self.out.mem("all", ty, Origin::Local, Span::call_site());
        self.emit(Kind::Alloc(all, Init::ZerosLike(shadow.clone())));
        self.emit(Kind::Fill(Place::whole(all), ct));
        self.emit(Kind::AddAll(shadow, Place::whole(all)));
    }

    /// The last element of a `Vec`.
    fn last(&mut self, place: &Place) -> Place {
        let int = Ty::Int(Some("usize".to_string()));
        let len = self.out.value("len", int.clone(), Span::call_site());
        self.emit(Kind::Pass(len, Pass::Len(place.clone()), vec![]));
        let one = self.int(1);
        let last = self.out.value("last", int, Span::call_site());
        self.emit(Kind::Pass(last, Pass::Binary("-"), vec![len, one]));
        let mut place = place.clone();
        place.proj.push(Proj::Index(last));
        place
    }

    fn alloc(&mut self, mem: MemId, init: &Init) {
        let Some(&shadow) = self.shadows.get(&mem) else { return };
        let element = |at: V| Place { mem: shadow, proj: vec![Proj::Index(at)] };
        match init {
            Init::Filled(v, _) => {
                if self.act.value(*v) {
                    let elem = self.elem(*v);
                    let ct = self.float("ct", elem);
                    self.emit(Kind::SumAll(ct, Place::whole(shadow)));
                    self.contribute(*v, ct);
                }
            }
            Init::FilledWith(from, _) => {
                if self.act.mem(from.mem) {
                    let to = self.shadow_place(from);
                    self.add_rows(to, shadow);
                }
            }
            Init::List(values) => {
                for (k, v) in values.iter().enumerate() {
                    if self.act.value(*v) {
                        let at = self.int(k);
                        let elem = self.elem(*v);
                        let ct = self.load(element(at), elem);
                        self.contribute(*v, ct);
                    }
                }
            }
            Init::ListOf(places) => {
                for (k, from) in places.iter().enumerate() {
                    if self.act.mem(from.mem) {
                        let at = self.int(k);
                        let to = self.shadow_place(from);
                        self.emit(Kind::AddAll(to, element(at)));
                    }
                }
            }
            Init::Copy(from) => {
                if self.act.mem(from.mem) {
                    let to = self.shadow_place(from);
                    self.emit(Kind::AddAll(to, Place::whole(shadow)));
                }
            }
            Init::Move(from) => self.move_back(from, Place::whole(shadow)),
            Init::Fields(fields) => {
                for (name, source) in fields {
                    let part = Place { mem: shadow, proj: vec![Proj::Field(name.clone())] };
                    match source {
                        Source::Value(v) if self.act.value(*v) => {
                            let elem = self.elem(*v);
                            let ct = self.load(part, elem);
                            self.contribute(*v, ct);
                        }
                        Source::Place(from) if self.act.mem(from.mem) => {
                            let to = self.shadow_place(from);
                            self.emit(Kind::AddAll(to, part));
                        }
                        _ => {}
                    }
                }
            }
            Init::Empty(_) | Init::Lent(_) | Init::Unset | Init::ZerosLike(_) => {}
        }
    }

    /// Hands a shadow back to what its memory was moved from.
    fn move_back(&mut self, from: &Place, shadow: Place) {
        if !self.act.mem(from.mem) {
            return;
        }
        let whole = from.proj.is_empty();
        if whole && !self.shadows.contains_key(&from.mem) {
            let back = self.new_shadow(from.mem);
            self.emit(Kind::Alloc(back, Init::Move(shadow)));
            return;
        }
        let to = self.shadow_place(from);
        let local = self.src.at(from.mem).origin == Origin::Local;
        // What was moved held nothing from there on, not even a length: no cotangent waits for it.
        if whole && local && !is_fixed(&self.type_of(from)) {
            self.emit(Kind::Assign { to, from: shadow, moved: true });
        } else {
            self.emit(Kind::AddAll(to, shadow));
        }
    }

    /// `to += row` for every element of a shadow of memories.
    fn add_rows(&mut self, to: Place, shadow: MemId) {
        let int = Ty::Int(Some("usize".to_string()));
        let len = self.out.value("len", int.clone(), Span::call_site());
        self.emit(Kind::Pass(len, Pass::Len(Place::whole(shadow)), vec![]));
        let var = self.out.value("row", int, Span::call_site());
        let lo = self.int(0);
        let row = Place { mem: shadow, proj: vec![Proj::Index(var)] };
        let body = Block { stmts: vec![self.stmt(Kind::AddAll(to, row))] };
        let over = Over::Range { var, lo, hi: len, reversed: false };
        let carried: Vec<Carried> = vec![];
        let lp = Loop { over, carried, body, exit: None, checkpoint: None, count: None };
        self.emit(Kind::Loop(Box::new(lp)));
    }

    /// `to = from`: what flowed into `to` flows into `from`, and nothing into what `to` held before.
    fn assign(&mut self, pos: usize, to: &Place, from: &Place, moved: bool) {
        let shadow = self.shadow_place(to);
        let fixed = is_fixed(&self.type_of(to)) || matches!(self.type_of(to), Type::Slice(_));
        let before = (!fixed).then(|| match self.type_of(to) {
            Type::Vec(of) if matches!(*of, Type::Float(_)) => {
                Before::Length(self.length_before(pos, to))
            }
            _ => Before::Shape(self.shape_before(pos, to)),
        });
        let local = self.src.at(from.mem).origin == Origin::Local;
        if moved && local && before.is_some() {
            self.move_back(from, shadow.clone());
        } else if self.act.mem(from.mem) {
            let target = self.shadow_place(from);
            self.emit(Kind::AddAll(target, shadow.clone()));
        }
        match before {
            Some(before) => {
                let zeros = match before {
                    Before::Shape(zeros) => zeros,
                    Before::Length(len) => {
                        let (ty, len) = (self.type_of(to), self.primal(len));
                        let zero = self.number(0.0, leaf(&ty));
                        let zeros = self.out.mem("before", ty, Origin::Local, Span::call_site());
                        self.emit(Kind::Alloc(zeros, Init::Filled(zero, Some(len))));
                        zeros
                    }
                };
                self.emit(Kind::Assign { to: shadow, from: Place::whole(zeros), moved: true });
            }
            None => {
                let elem = leaf(&self.type_of(to));
                let zero = self.number(0.0, elem);
                self.emit(Kind::Fill(shadow, zero));
            }
        }
    }

    /// How long a `Vec` was before the statement at `pos` gave it other contents.
    fn length_before(&mut self, pos: usize, place: &Place) -> V {
        let block = self.ix.stmts[pos].1;
        let int = Ty::Int(Some("usize".to_string()));
        let len = self.out.value("len", int, Span::call_site());
        let stmt = self.stmt(Kind::Pass(len, Pass::Len(place.clone()), vec![]));
        self.patches.before.entry(pos).or_default().push(stmt);
        self.later.insert(len, Def { block, pos, by: By_::Variable });
        len
    }

    /// Zeros in the shape that a place had before the statement at `pos` gave it another.
    fn shape_before(&mut self, pos: usize, place: &Place) -> MemId {
        let ty = self.type_of(place);
        let block = self.ix.stmts[pos].1;
        let zeros = self.out.mem("before", ty, Origin::Local, Span::call_site());
        let stmt = self.stmt(Kind::Alloc(zeros, Init::ZerosLike(place.clone())));
        self.patches.before.entry(pos).or_default().push(stmt);
        self.later_mem(zeros, block)
    }

    /// Zeros in the shape of the last element that a `Vec` has before the statement at `pos`.
    fn last_before(&mut self, pos: usize, place: &Place) -> MemId {
        let int = Ty::Int(Some("usize".to_string()));
        let len = self.out.value("len", int.clone(), Span::call_site());
        let last = self.out.value("last", int, Span::call_site());
        let one = self.int(1);
        let lengths = [
            Kind::Pass(len, Pass::Len(place.clone()), vec![]),
            Kind::Pass(last, Pass::Binary("-"), vec![len, one]),
        ];
        for kind in lengths {
            let stmt = self.stmt(kind);
            self.patches.before.entry(pos).or_default().push(stmt);
        }
        let mut element = place.clone();
        element.proj.push(Proj::Index(last));
        self.shape_before(pos, &element)
    }

    /// A memory that the forward code makes besides, as the reverse code sees it.
    pub(super) fn later_mem(&mut self, mem: MemId, block: BlockId) -> MemId {
        let region = (0..self.regions.len())
            .rev()
            .find(|r| self.ix.encloses(self.regions[*r].root, block))
            .unwrap_or(0);
        match self.regions[region].standing {
            Standing::Same => mem,
            Standing::Reversed => self.keep_mem(region, mem),
        }
    }
}

/// What is remembered of a memory that got other contents.
enum Before {
    /// How long it was.
    Length(V),
    /// Zeros in its shape.
    Shape(MemId),
}

/// Whether all of a type's memory has a size known at compile time.
pub(super) fn is_fixed(ty: &Type) -> bool {
    match ty {
        Type::Float(_) => true,
        Type::Fixed(elem, _) => is_fixed(elem),
        Type::Tuple(parts) => parts.iter().all(is_fixed),
        _ => false,
    }
}

/// The float a type is made of.
pub(super) fn leaf(ty: &Type) -> crate::ir::Elem {
    match ty {
        Type::Float(elem) => elem.clone(),
        Type::Fixed(elem, _) | Type::Vec(elem) | Type::Slice(elem) => leaf(elem),
        Type::Tuple(parts) => parts.first().map_or(crate::ir::Elem::F64, leaf),
        _ => crate::ir::Elem::F64,
    }
}
