//! One mini-batch of text: what the model reads and what it should say next.

/// `rows` sequences of `block` tokens, row after row, and for every token its successor in the text.
///
/// Token t of row r stands at index `r * block + t` of both slices, and
/// `targets[r * block + t]` is the token that follows `inputs[r * block + t]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// The tokens that the model reads, `rows × block`, row-major.
    pub inputs: Vec<u16>,
    /// The tokens that it should predict, of the same shape.
    pub targets: Vec<u16>,
    /// The number of sequences.
    pub rows: usize,
    /// The length of one sequence, in tokens.
    pub block: usize,
}

impl Batch {
    /// A batch of `rows` sequences of `block` tokens, all zero.
    pub fn zeros(rows: usize, block: usize) -> Self {
        Batch { inputs: vec![0; rows * block], targets: vec![0; rows * block], rows, block }
    }

    /// The number of tokens to predict, `rows × block`.
    pub fn len(&self) -> usize {
        self.rows * self.block
    }

    /// Whether there is nothing to predict.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
