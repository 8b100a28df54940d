//! Whether a memory still holds, when the reverse sweep asks, what a load found in it.

use super::{Builder, Standing};
use crate::flow::index::{BlockId, Role, Site};
use crate::flow::ir::{Kind, Loop, MemId, Mode, Origin, Over, Place, Proj, Stmt, V};
use crate::flow::lengths::Lengths;
use crate::parse::Type;

/// What has to be done before a load is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stability {
    /// Nothing.
    Stable,
    /// The memory is restored to what it held at the end of the iteration of this region's loop.
    Restored(usize),
    /// It cannot be repeated.
    Lost,
}

impl Builder<'_> {
    /// Whether a load of `mem` at `site`, repeated in the reverse code of `region`, finds the same.
    pub(super) fn stability(&self, mem: MemId, site: Site, region: usize) -> Stability {
        if self.src.at(mem).origin == Origin::Shared {
            let passing = self.is_passing(mem);
            return if passing { Stability::Lost } else { Stability::Stable };
        }
        let same = (0..=region).rev().find(|r| self.regions[*r].standing == Standing::Same);
        let top = self.regions[same.unwrap_or(0)].root;
        let made = self.ix.made[mem.0 as usize].map_or(BlockId(0), |made| made.block);
        let scope = if self.ix.encloses(top, made) { made } else { top };
        if self.unchanged_after(mem, site, scope) {
            return Stability::Stable;
        }
        for r in (same.map_or(0, |s| s + 1)..=region).rev() {
            let body = self.regions[r].root;
            if self.overwritten(mem, body) && self.unchanged_after(mem, site, body) {
                return Stability::Restored(r);
            }
        }
        Stability::Lost
    }

    /// Whether a memory is a reference that each iteration makes: it is gone when the reverse sweep
    /// asks.
    pub(super) fn is_passing(&self, mem: MemId) -> bool {
        let made = self.ix.made[mem.0 as usize];
        self.src.at(mem).origin == Origin::Shared
            && made.is_some_and(|made| {
                self.regions[self.region_of(made.block)].standing == Standing::Reversed
            })
    }

    /// Whether nothing inside `scope` writes the memory after the site, in one run of `scope`.
    fn unchanged_after(&self, mem: MemId, site: Site, scope: BlockId) -> bool {
        self.ix.writes[mem.0 as usize].iter().all(|write| {
            if !self.ix.encloses(scope, write.block) {
                return true;
            }
            if write.pos > site.pos {
                return false;
            }
            let mut block = self.ix.common(write.block, site.block);
            while block != scope {
                if self.ix.at(block).role == Role::Body {
                    return false;
                }
                match self.ix.at(block).parent {
                    Some(parent) => block = parent,
                    None => break,
                }
            }
            true
        })
    }

    /// Whether each iteration of the loop with this body writes all of a memory made outside before
    /// it reads any of it, so that nothing passes through it from one iteration to the next.
    pub(super) fn overwritten(&self, mem: MemId, body: BlockId) -> bool {
        let made = self.ix.made[mem.0 as usize];
        if made.is_some_and(|made| self.ix.encloses(body, made.block)) {
            return false;
        }
        let mut touched = self.ix.within(body, self.src).into_iter().filter(|(pos, _)| {
            let touches = |sites: &[Site]| {
                sites.iter().any(|site| (*pos..self.ix.end(*pos)).contains(&site.pos))
            };
            touches(&self.ix.reads[mem.0 as usize]) || touches(&self.ix.writes[mem.0 as usize])
        });
        let Some((pos, stmt)) = touched.next() else { return false };
        if self.fills(stmt, pos, mem) {
            return true;
        }
        // A workspace of a loop inside alone: perhaps that loop runs not at all, but then nothing
        // reads what was left in it.
        matches!(stmt.kind, Kind::Loop(_))
            && touched.next().is_none()
            && self.overwritten(mem, self.ix.inner(pos)[0])
    }

    /// Whether a statement writes every element of a memory, and reads none before it is written.
    fn fills(&self, stmt: &Stmt, pos: usize, mem: MemId) -> bool {
        let whole = |place: &Place| place.mem == mem && place.proj.is_empty();
        match &stmt.kind {
            Kind::Fill(place, _) => whole(place),
            // What may get another length cannot be put back from a record of its last contents.
            Kind::Assign { to, from, .. } => {
                whole(to)
                    && from.mem != mem
                    && matches!(self.src.at(mem).ty, Type::Fixed(..) | Type::Slice(_))
            }
            Kind::Loop(lp) => self.loop_fills(lp, pos, mem),
            _ => false,
        }
    }

    fn loop_fills(&self, lp: &Loop, pos: usize, mem: MemId) -> bool {
        let Over::Range { var, lo, hi, .. } = &lp.over else { return false };
        if lp.exit.is_some()
            || self.number_of(*lo) != Some(0.0)
            || !self.lengths().is_length(*hi, mem)
        {
            return false;
        }
        let body = self.ix.inner(pos)[0];
        for (k, stmt) in self.ix.within(body, self.src) {
            if let Kind::Store(place, _, Mode::Set) = &stmt.kind
                && place.mem == mem
            {
                return self.is_element(place, *var);
            }
            let touches =
                |sites: &[Site]| sites.iter().any(|site| (k..self.ix.end(k)).contains(&site.pos));
            if touches(&self.ix.reads[mem.0 as usize]) || touches(&self.ix.writes[mem.0 as usize]) {
                return false;
            }
        }
        false
    }

    /// Whether a place is the element `at` of a memory, perhaps through a view of all of it.
    fn is_element(&self, place: &Place, at: V) -> bool {
        let whole = |proj: &Proj| match proj {
            Proj::Range(from, to) => {
                self.number_of(*from) == Some(0.0)
                    && to.is_none_or(|to| self.lengths().is_length(to, place.mem))
            }
            _ => false,
        };
        match place.proj.split_last() {
            Some((Proj::Index(index), views)) => self.same(*index, at) && views.iter().all(whole),
            _ => false,
        }
    }

    fn lengths(&self) -> Lengths<'_, '_> {
        Lengths { program: self.src, index: &self.ix }
    }

    /// Whether two values are one, or one literal.
    pub(super) fn same(&self, a: V, b: V) -> bool {
        a == b || self.number_of(a).is_some() && self.number_of(a) == self.number_of(b)
    }
}
