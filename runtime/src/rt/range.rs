//! The ends of inclusive ranges.

/// An integer type.
///
/// Generated code that counts in a type which only rustc infers calls a function over this trait: a
/// method could not be called there.
pub trait Counting: Sized {
    /// `checked_add(1)`
    fn next(self) -> Option<Self>;
}

macro_rules! counting {
    ($($integer:ident)*) => {$(
        impl Counting for $integer {
            #[inline(always)]
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
        }
    )*};
}
counting! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

/// The integer after the last one of an inclusive range.
///
/// # Panics
/// If its type has none.
#[inline(always)]
#[track_caller]
pub fn successor<I: Counting>(last: I) -> I {
    match last.next() {
        Some(end) => end,
        None => no_successor(),
    }
}

#[cold]
#[track_caller]
fn no_successor() -> ! {
    panic!(
        "chainrule: an inclusive range up to the greatest number of its type cannot be \
         differentiated: use a greater type, or a `while` loop"
    )
}

#[cfg(test)]
mod tests {
    use super::successor;

    #[test]
    fn one_more() {
        assert_eq!((successor(254_u8), successor(-1), successor(7_usize)), (255, 0, 8));
    }

    #[test]
    #[should_panic(expected = "an inclusive range up to the greatest number of its type")]
    fn nothing_is_greater_than_the_greatest() {
        successor(u8::MAX);
    }
}
