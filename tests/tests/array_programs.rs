//! The vocabulary of `ndarray` in programs: functions with loops, conditions and indices that are
//! computed, of any rank, at degenerate shapes and in every layout; each against central
//! differences.

#![deny(unsafe_code)]
#![allow(clippy::reversed_empty_ranges, reason = "ends of slices count from the back")]

mod array_programs {
    mod construction;
    mod in_place;
    mod indices;
    mod interface;
    mod iterators;
    mod ownership;
    mod products;
    mod ranks;
    mod reductions;
    mod shapes;
    mod views;
    mod zips;
}
