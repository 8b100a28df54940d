//! Structs of arrays as parameters: their fields are parameters of their own.

use super::Function;

/// Where a function's parameters come from that has some of them unpacked.
#[derive(Clone)]
pub struct Unpacked {
    /// The function as the user wrote it.
    pub of: Box<Function>,
    /// What each of its parameters is made of.
    pub params: Vec<Packed>,
}

/// A parameter, or a field of one, made of parameters of the unpacked function.
#[derive(Clone, Debug)]
pub enum Packed {
    /// One of them, by its number.
    Param(usize),
    /// A struct: its type, and its fields by name.
    Struct(String, Vec<(String, Packed)>),
}

impl Packed {
    /// The parameter put together: of what stands for the parameters it is made of, and of a struct
    /// by its type and its fields.
    pub(crate) fn put_together<T: Clone>(
        &self,
        params: &[T],
        of_struct: &impl Fn(&str, Vec<(String, T)>) -> T,
    ) -> T {
        match self {
            Packed::Param(k) => params[*k].clone(),
            Packed::Struct(ty, fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, field)| (name.clone(), field.put_together(params, of_struct)));
                of_struct(ty, fields.collect())
            }
        }
    }

    /// The parameters it is made of, each with the names of the fields that lead to it.
    pub fn leaves(&self) -> Vec<(usize, Vec<&str>)> {
        match self {
            Packed::Param(k) => vec![(*k, vec![])],
            Packed::Struct(_, fields) => {
                let leaves = fields.iter().flat_map(|(name, field)| {
                    field.leaves().into_iter().map(move |(k, path)| {
                        (k, [name.as_str()].into_iter().chain(path).collect())
                    })
                });
                leaves.collect()
            }
        }
    }
}
