//! Maps and sets of the compiler's own numbers and names.
//!
//! A macro runs unoptimised in most builds, where each layer of std's tables is a call and looking
//! something up takes longer than all that is done with it. These are tables of one layer, hashed by
//! multiplication; nothing here has to withstand keys that are chosen to collide. They are gone
//! through in the order in which keys came, as long as none is removed.

use std::borrow::Borrow;
use std::fmt::{Debug, Formatter};
use std::hash::{Hash, Hasher};
use std::ops::Index;

/// A map.
///
/// ```
/// use chainrule_compiler::hash::HashMap;
///
/// let mut counts: HashMap<String, usize> = HashMap::default();
/// for name in ["x", "y", "x"] {
///     *counts.entry(name.to_string()).or_default() += 1;
/// }
/// assert_eq!(counts["x"], 2);
/// assert_eq!(counts.remove("x"), Some(2));
/// assert_eq!(counts.get("x"), None);
/// ```
#[derive(Clone)]
pub struct HashMap<K, V> {
    entries: Vec<(K, V)>,
    /// A table of entries: the hash of the key above, below it the number of the entry and one, or
    /// zero where there is none. Its length is a power of two, and at least a half is free.
    slots: Vec<u64>,
}

/// Where a key is: its slot and its entry.
#[derive(Clone, Copy)]
struct Found {
    slot: usize,
    entry: usize,
}

fn hash_of<Q: Hash + ?Sized>(key: &Q) -> u64 {
    let mut hasher = Multiplying(0);
    key.hash(&mut hasher);
    // The highest bits depend on all others.
    hasher.0 & !NUMBER
}

/// The part of a slot that is the number of an entry and one.
const NUMBER: u64 = 0xffff_ffff;

impl<K, V> Default for HashMap<K, V> {
    fn default() -> Self {
        HashMap { entries: Vec::new(), slots: Vec::new() }
    }
}

impl<K, V> HashMap<K, V> {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys with their values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The keys.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// The values, as they are.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = V> {
        self.entries.into_iter().map(|(_, value)| value)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = HashMap::default();
    }

    /// Puts an entry at the end, the key of which is not there.
    fn push(&mut self, hash: u64, key: K, value: V) {
        self.entries.push((key, value));
        let number = self.entries.len();
        if 2 * number > self.slots.len() {
            self.grow();
        }
        let slots = &mut self.slots[..];
        let mask = slots.len() - 1;
        let mut at = (hash >> 32) as usize & mask;
        while slots[at] != 0 {
            at = (at + 1) & mask;
        }
        slots[at] = hash | number as u64;
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![0; (2 * old.len()).max(8)];
        let (old, slots) = (&old[..], &mut self.slots[..]);
        let mask = slots.len() - 1;
        let mut k = 0;
        while k < old.len() {
            if old[k] != 0 {
                let mut at = (old[k] >> 32) as usize & mask;
                while slots[at] != 0 {
                    at = (at + 1) & mask;
                }
                slots[at] = old[k];
            }
            k += 1;
        }
    }

    /// Empties a slot, and moves those up that are behind it for want of place.
    fn empty(&mut self, slot: usize) {
        let slots = &mut self.slots[..];
        let mask = slots.len() - 1;
        let (mut free, mut at) = (slot, slot);
        loop {
            at = (at + 1) & mask;
            if slots[at] == 0 {
                break;
            }
            let home = (slots[at] >> 32) as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(free) & mask) {
                slots[free] = slots[at];
                free = at;
            }
        }
        slots[free] = 0;
    }
}

impl<K: Hash + Eq, V> HashMap<K, V> {
    fn find<Q: Hash + Eq + ?Sized>(&self, key: &Q, hash: u64) -> Option<Found>
    where
        K: Borrow<Q>,
    {
        let (slots, entries) = (&self.slots[..], &self.entries[..]);
        if slots.is_empty() {
            return None;
        }
        let mask = slots.len() - 1;
        let mut slot = (hash >> 32) as usize & mask;
        loop {
            let here = slots[slot];
            if here == 0 {
                return None;
            }
            if here & !NUMBER == hash {
                let entry = (here & NUMBER) as usize - 1;
                if entries[entry].0.borrow() == key {
                    return Some(Found { slot, entry });
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The value of a key.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        match self.find(key, hash_of(key)) {
            Some(found) => Some(&self.entries[found.entry].1),
            None => None,
        }
    }

    /// The same, to be changed.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        match self.find(key, hash_of(key)) {
            Some(found) => Some(&mut self.entries[found.entry].1),
            None => None,
        }
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key, hash_of(key)).is_some()
    }

    /// Gives a key a value; the one it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let hash = hash_of(&key);
        match self.find(&key, hash) {
            Some(found) => Some(std::mem::replace(&mut self.entries[found.entry].1, value)),
            None => {
                self.push(hash, key, value);
                None
            }
        }
    }

    /// Removes a key; the value it had. The last entry takes its place.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let found = self.find(key, hash_of(key))?;
        let last = self.entries.len() - 1;
        if found.entry != last {
            let hash = hash_of(&self.entries[last].0);
            let moved = self.find(self.entries[last].0.borrow(), hash)?;
            self.slots[moved.slot] = hash | (found.entry as u64 + 1);
        }
        self.empty(found.slot);
        Some(self.entries.swap_remove(found.entry).1)
    }

    /// The place of a key.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { map: self, key }
    }

    /// Keeps what a condition holds for.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let before = self.entries.len();
        self.entries.retain_mut(|(key, value)| keep(key, value));
        if self.entries.len() < before {
            let entries = std::mem::take(&mut self.entries);
            self.slots.fill(0);
            self.extend(entries);
        }
    }

    /// Takes everything out.
    pub fn drain(&mut self) -> std::vec::IntoIter<(K, V)> {
        std::mem::take(self).into_iter()
    }
}

/// The place of a key, in which there may be a value.
pub struct Entry<'m, K, V> {
    map: &'m mut HashMap<K, V>,
    key: K,
}

impl<'m, K: Hash + Eq, V> Entry<'m, K, V> {
    /// The value, made where there is none.
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'m mut V {
        let hash = hash_of(&self.key);
        let entry = match self.map.find(&self.key, hash) {
            Some(found) => found.entry,
            None => {
                self.map.push(hash, self.key, value());
                self.map.entries.len() - 1
            }
        };
        &mut self.map.entries[entry].1
    }

    /// The value, this one where there is none.
    pub fn or_insert(self, value: V) -> &'m mut V {
        self.or_insert_with(|| value)
    }

    /// The value, the default where there is none.
    pub fn or_default(self) -> &'m mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value, if there is one.
    pub fn and_modify(self, change: impl FnOnce(&mut V)) -> Self {
        if let Some(found) = self.map.find(&self.key, hash_of(&self.key)) {
            change(&mut self.map.entries[found.entry].1);
        }
        self
    }
}

impl<K: Hash + Eq + Borrow<Q>, Q: Hash + Eq + ?Sized, V> Index<&Q> for HashMap<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("the key is there")
    }
}

impl<K: Hash + Eq, V> Extend<(K, V)> for HashMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, more: I) {
        for (key, value) in more {
            self.insert(key, value);
        }
    }
}

impl<K: Hash + Eq, V> FromIterator<(K, V)> for HashMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = HashMap::default();
        map.extend(entries);
        map
    }
}

impl<K, V> IntoIterator for HashMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'m, K, V> IntoIterator for &'m HashMap<K, V> {
    type Item = (&'m K, &'m V);
    type IntoIter = std::iter::Map<std::slice::Iter<'m, (K, V)>, fn(&'m (K, V)) -> (&'m K, &'m V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter().map(|(key, value)| (key, value))
    }
}

impl<K: Hash + Eq, V: PartialEq> PartialEq for HashMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().all(|(key, value)| other.get(key).is_some_and(|of| of == value))
    }
}

impl<K: Debug, V: Debug> Debug for HashMap<K, V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A set.
///
/// ```
/// use chainrule_compiler::hash::HashSet;
///
/// let mut seen: HashSet<u32> = HashSet::default();
/// assert!(seen.insert(7) && !seen.insert(7));
/// assert!(seen.contains(&7) && !seen.contains(&8));
/// ```
#[derive(Clone)]
pub struct HashSet<T>(HashMap<T, ()>);

impl<T> Default for HashSet<T> {
    fn default() -> Self {
        HashSet(HashMap::default())
    }
}

impl<T> HashSet<T> {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The elements.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.0.keys()
    }
}

impl<T: Hash + Eq> HashSet<T> {
    /// Whether an element is there.
    pub fn contains<Q: Hash + Eq + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains_key(element)
    }

    /// Whether no element is in another set.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.iter().all(|element| !other.contains(element))
    }

    /// Puts an element in; whether it was not there.
    pub fn insert(&mut self, element: T) -> bool {
        self.0.insert(element, ()).is_none()
    }

    /// Takes an element out; whether it was there.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.remove(element).is_some()
    }

    /// Keeps what a condition holds for.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.0.retain(|element, ()| keep(element));
    }

    /// Takes everything out.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        std::mem::take(self).into_iter()
    }
}

impl<T: Hash + Eq> Extend<T> for HashSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, more: I) {
        for element in more {
            self.insert(element);
        }
    }
}

impl<'t, T: Hash + Eq + Copy + 't> Extend<&'t T> for HashSet<T> {
    fn extend<I: IntoIterator<Item = &'t T>>(&mut self, more: I) {
        for element in more {
            self.insert(*element);
        }
    }
}

impl<T: Hash + Eq> FromIterator<T> for HashSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut set = HashSet::default();
        set.extend(elements);
        set
    }
}

impl<T> IntoIterator for HashSet<T> {
    type Item = T;
    type IntoIter = std::iter::Map<std::vec::IntoIter<(T, ())>, fn((T, ())) -> T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(|(element, ())| element)
    }
}

impl<'s, T> IntoIterator for &'s HashSet<T> {
    type Item = &'s T;
    type IntoIter = std::iter::Map<std::slice::Iter<'s, (T, ())>, fn(&'s (T, ())) -> &'s T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.entries.iter().map(|(element, ())| element)
    }
}

impl<T: Hash + Eq> PartialEq for HashSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|element| other.contains(element))
    }
}

impl<T: Debug> Debug for HashSet<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Multiplies by an odd number and rotates: what rustc's own tables are hashed by.
#[derive(Clone, Copy)]
struct Multiplying(u64);

impl Multiplying {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Multiplying {
    fn write(&mut self, bytes: &[u8]) {
        // Most are short words.
        let (mut word, mut k) = (0, 0);
        while k < bytes.len() {
            word = word << 8 | u64::from(bytes[k]);
            k += 1;
            if k % 8 == 0 {
                self.add(word);
                word = 0;
            }
        }
        self.add(word);
    }

    fn write_u8(&mut self, word: u8) {
        self.add(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.add(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.add(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.add(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
