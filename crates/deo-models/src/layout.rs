//! The parameter arena: named tensors laid end to end in one flat slice.
//!
//! Problem: an optimizer and the dimer want one vector x ∈ ℝᴺ, a model wants matrices, and a checkpoint wants
//! names. So every parameter of a model lies in one `[T]`, and a [`Layout`] says where: it is an ordered list
//! of [`Tensor`]s, tensor k occupying `offset_k .. offset_k + len_k` with `offset_{k+1} = offset_k + len_k`.
//! Gradients, momenta and axes share the layout, so any of them can be looked at tensor by tensor.
//!
//! Names and shapes are those of PyTorch's `state_dict`, matrices are row-major, and the weight of a linear
//! layer has the shape (outputs, inputs): a file of weights can be exchanged without transposing anything.

use deo_core::optim::{Group, Groups};
use std::ops::{Index, Range};

/// One tensor of a [`Layout`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    name: String,
    shape: Vec<usize>,
    offset: usize,
}

impl Tensor {
    /// The name, as in PyTorch's `state_dict`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The extents, slowest first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of components.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the tensor has no components.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the tensor lies in the flat slice.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.len()
    }

    /// Whether weight decay applies: to matrices and embeddings, not to biases and layer-norm gains.
    ///
    /// A gain decays towards 0, which switches its channel off; a matrix decays towards a smoother function.
    pub fn decay(&self) -> bool {
        self.shape.len() >= 2
    }
}

/// A handle to a tensor of the [`Layout`] that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TensorId(usize);

/// Where every tensor of a model lies in its flat parameter slice.
///
/// # Examples
///
/// ```
/// use deo_models::layout::Layout;
/// let mut layout = Layout::new();
/// let weight = layout.push("0.weight", &[2, 3]);
/// layout.push("0.bias", &[2]);
/// assert_eq!(layout.len(), 8);
/// assert_eq!(layout[weight].range(), 0..6);
/// assert_eq!(layout.find("0.bias").unwrap().range(), 6..8);
///
/// let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
/// for (tensor, values) in layout.split(&x) {
///     println!("{} {:?}: {values:?}", tensor.name(), tensor.shape());
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    tensors: Vec<Tensor>,
    len: usize,
}

impl Layout {
    /// A layout without tensors.
    pub const fn new() -> Self {
        Layout { tensors: Vec::new(), len: 0 }
    }

    /// Appends a tensor after the last one.
    ///
    /// # Panics
    ///
    /// If the name is taken.
    pub fn push(&mut self, name: impl Into<String>, shape: &[usize]) -> TensorId {
        let name = name.into();
        assert!(self.find(&name).is_none(), "tensor {name} exists already");
        let tensor = Tensor { name, shape: shape.to_vec(), offset: self.len };
        self.len += tensor.len();
        self.tensors.push(tensor);
        TensorId(self.tensors.len() - 1)
    }

    /// The number of components of all tensors, N.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no components.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The tensors in the order of the arena.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The tensor of that name.
    pub fn find(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// The part of a flat slice that belongs to a tensor.
    ///
    /// # Panics
    ///
    /// If the slice is not as long as the layout.
    pub fn get<'a, T>(&self, id: TensorId, flat: &'a [T]) -> &'a [T] {
        self.check(flat);
        &flat[self[id].range()]
    }

    /// The same, to be written.
    ///
    /// # Panics
    ///
    /// If the slice is not as long as the layout.
    pub fn get_mut<'a, T>(&self, id: TensorId, flat: &'a mut [T]) -> &'a mut [T] {
        self.check(flat);
        &mut flat[self[id].range()]
    }

    /// The parts of a flat slice that belong to two tensors, the first before the second, to be written.
    ///
    /// # Panics
    ///
    /// If the slice is not as long as the layout, or `second` does not come after `first`.
    pub fn get_two_mut<'a, T>(
        &self,
        first: TensorId,
        second: TensorId,
        flat: &'a mut [T],
    ) -> (&'a mut [T], &'a mut [T]) {
        self.check(flat);
        let (first, second) = (self[first].range(), self[second].range());
        let (head, tail) = flat.split_at_mut(second.start);
        (&mut head[first], &mut tail[..second.len()])
    }

    /// Every tensor with its part of a flat slice.
    ///
    /// # Panics
    ///
    /// If the slice is not as long as the layout.
    pub fn split<'a, T>(&'a self, flat: &'a [T]) -> impl Iterator<Item = (&'a Tensor, &'a [T])> {
        self.check(flat);
        (self.tensors.iter()).map(move |tensor| (tensor, &flat[tensor.range()]))
    }

    /// Every tensor with its part of a flat slice, to be written.
    ///
    /// # Panics
    ///
    /// If the slice is not as long as the layout.
    pub fn split_mut<'a, T>(
        &'a self,
        flat: &'a mut [T],
    ) -> impl Iterator<Item = (&'a Tensor, &'a mut [T])> {
        self.check(flat);
        let mut rest = flat;
        self.tensors.iter().map(move |tensor| {
            let (part, tail) = std::mem::take(&mut rest).split_at_mut(tensor.len());
            rest = tail;
            (tensor, part)
        })
    }

    /// The ranges of the tensors to which weight decay applies.
    pub fn decayed(&self) -> impl Iterator<Item = Range<usize>> {
        (self.tensors.iter()).filter(|tensor| tensor.decay()).map(Tensor::range)
    }

    /// A group for each tensor; those of two rows and two columns at least, which `is_matrix` may narrow down, are matrices.
    ///
    /// One row has one singular value: orthogonalised it is normalised.
    pub fn groups(&self, is_matrix: impl Fn(&Tensor) -> bool) -> Groups {
        let group = |tensor: &Tensor| {
            let group = Group::new(tensor.range());
            match tensor.shape[..] {
                [rows, columns] if rows > 1 && columns > 1 && is_matrix(tensor) => {
                    group.matrix(rows, columns)
                }
                _ => group,
            }
        };
        let groups = self.tensors.iter().map(group).collect();
        Groups::new(self.len, groups).expect("the tensors of a layout lie end to end")
    }

    #[track_caller]
    fn check<T>(&self, flat: &[T]) {
        assert_eq!(flat.len(), self.len, "a slice of parameters must be as long as the layout");
    }
}

impl Index<TensorId> for Layout {
    type Output = Tensor;

    fn index(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        let mut layout = Layout::new();
        layout.push("table", &[3, 2]);
        layout.push("gain", &[4]);
        layout.push("weight", &[2, 4]);
        layout
    }

    #[test]
    fn tensors_lie_end_to_end() {
        let layout = layout();
        let ranges: Vec<_> = layout.tensors().iter().map(Tensor::range).collect();
        assert_eq!(ranges, [0..6, 6..10, 10..18]);
        assert_eq!(layout.len(), 18);
    }

    #[test]
    fn matrices_decay_and_vectors_do_not() {
        assert_eq!(layout().decayed().collect::<Vec<_>>(), [0..6, 10..18]);
    }

    #[test]
    fn splitting_for_writing_visits_what_splitting_for_reading_shows() {
        let layout = layout();
        let mut flat = vec![0; layout.len()];
        for (k, (_, part)) in layout.split_mut(&mut flat).enumerate() {
            part.fill(k + 1);
        }
        for (k, (tensor, part)) in layout.split(&flat).enumerate() {
            assert_eq!(part, vec![k + 1; tensor.len()], "{}", tensor.name());
        }
    }

    #[test]
    #[should_panic(expected = "exists already")]
    fn a_name_is_given_once() {
        layout().push("gain", &[1]);
    }

    #[test]
    #[should_panic(expected = "as long as the layout")]
    fn a_slice_of_another_length_is_refused() {
        let layout = layout();
        let _ = layout.split(&[0.0; 17]);
    }
}
