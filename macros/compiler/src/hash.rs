//! Maps and sets of the compiler's own numbers and names.
//!
//! A macro runs unoptimised in most builds, where the standard hasher takes longer than all that is
//! done with what it finds; nothing here has to withstand keys that are chosen to collide.

use std::hash::{BuildHasherDefault, Hasher};

/// A map.
pub type HashMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Multiplying>>;

/// A set.
pub type HashSet<T> = std::collections::HashSet<T, BuildHasherDefault<Multiplying>>;

/// Multiplies by an odd number and rotates: what rustc's own tables are hashed by.
#[derive(Clone, Copy, Default)]
pub struct Multiplying(u64);

impl Multiplying {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Multiplying {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last));
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
        // Tables look at the highest bits and at the lowest, which depend on the lowest alone.
        self.0 ^ (self.0 >> 32)
    }
}
