//! Type aliases: `#[differentiate] type Point = [f64; 3];`.
//!
//! A macro sees a name and cannot ask what it stands for, so an annotated alias hands out its type
//! as a struct hands out its fields. Before items are understood the aliases in them are replaced by
//! what they stand for.

use super::callees::path_text;
use super::entry::{Entry, Source};
use super::fields::Given;
use syn::visit_mut::{self, VisitMut};

/// The aliases that the paths of an item mean.
pub(super) struct Aliases<'e> {
    /// What the item's paths mean.
    pub(super) calls: &'e [(String, String)],
    /// What came with the capsules.
    pub(super) entries: &'e [Entry],
}

impl Aliases<'_> {
    /// An item with what aliases in it stand for; it is looked through only if there are any.
    pub(super) fn replaced<T>(mut self, mut item: T, visit: impl Fn(&mut Self, &mut T)) -> T {
        if self.calls.iter().any(|(path, _)| self.entry(path).is_some()) {
            visit(&mut self, &mut item);
        }
        item
    }

    fn entry(&self, path: &str) -> Option<&Entry> {
        let (_, id) = self.calls.iter().find(|(text, _)| text == path)?;
        let entry = self.entries.iter().find(|entry| entry.id == *id)?;
        matches!(entry.source, Source::Alias { .. }).then_some(entry)
    }

    /// What a path stands for, its arguments in place.
    fn target(&self, path: &syn::Path) -> Option<syn::Type> {
        let entry = self.entry(&path_text(path))?;
        let Source::Alias { item } = &entry.source else { return None };
        let alias: syn::ItemType = syn::parse2(item.clone()).ok()?;
        let mut ty = (*alias.ty).clone();
        Aliases { calls: &entry.calls, entries: self.entries }.visit_type_mut(&mut ty);
        Given::as_written(&alias.generics, path).put_into(&mut ty);
        Some(ty)
    }
}

impl VisitMut for Aliases<'_> {
    fn visit_type_mut(&mut self, ty: &mut syn::Type) {
        visit_mut::visit_type_mut(self, ty);
        if let syn::Type::Path(path) = ty
            && path.qself.is_none()
            && let Some(target) = self.target(&path.path)
        {
            *ty = target;
        }
    }
}
