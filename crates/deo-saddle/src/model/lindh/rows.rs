//! The gradients of the coordinates: rows of a dozen entries.

use super::super::internal::Internal;
use super::Lindh;

/// The free components of b.
pub(super) struct Row {
    entries: [(usize, f64); 12],
    count: usize,
}

impl Row {
    fn iter(&self) -> impl Iterator<Item = &(usize, f64)> {
        self.entries[..self.count].iter()
    }

    pub(super) fn dot(&self, v: &[f64]) -> f64 {
        self.iter().map(|(i, b)| b * v[*i]).sum()
    }

    pub(super) fn add(&self, c: f64, v: &mut [f64]) {
        self.iter().for_each(|(i, b)| v[*i] += c * b);
    }

    pub(super) fn outer(&self, c: f64, matrix: &mut [f64], n: usize) {
        for (i, a) in self.iter() {
            self.add(c * a, &mut matrix[i * n..(i + 1) * n]);
        }
    }
}

impl Lindh {
    /// q and its row at the places that the structure has, over the free components.
    pub(super) fn at(&self, q: &Internal) -> (f64, [[f64; 3]; 4]) {
        let mut bonds = [[0.0; 3]; 3];
        for k in 0..q.kind.atoms() - 1 {
            bonds[k] = self.structure.between_near(q.atoms[k], q.atoms[k + 1], q.bonds[k]);
        }
        q.kind.value(bonds)
    }

    /// The free components of a row b.
    pub(super) fn entries(&self, q: &Internal, b: &[[f64; 3]; 4]) -> Row {
        let mut row = Row { entries: [(0, 0.0); 12], count: 0 };
        for (k, b) in b.iter().enumerate().take(q.kind.atoms()) {
            for (c, b) in b.iter().enumerate() {
                if let Some(component) = self.component[3 * q.atoms[k] + c] {
                    row.entries[row.count] = (component, *b);
                    row.count += 1;
                }
            }
        }
        row
    }
}
