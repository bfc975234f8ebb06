//! Atoms behind the components of a vector: elements, the places of those that don't move, and a periodic cell.

use std::fmt;

/// Which atoms a vector's components are coordinates of.
#[derive(Debug, Clone, PartialEq)]
pub struct Structure {
    numbers: Vec<u8>,
    /// Å, of all atoms; those of the free components are as last set.
    positions: Vec<f64>,
    /// The place in `positions` of each component.
    free: Vec<usize>,
    /// Lattice vectors in rows and their inverse; only along periodic directions are there images.
    cell: Option<Cell>,
}

#[derive(Debug, Clone, PartialEq)]
struct Cell {
    vectors: [[f64; 3]; 3],
    inverse: [[f64; 3]; 3],
    periodic: [bool; 3],
}

/// What is wrong with a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StructureError {
    /// Not three coordinates an atom.
    Positions {
        /// Atoms.
        atoms: usize,
        /// Coordinates given.
        coordinates: usize,
    },
    /// A position isn't finite.
    NonFinite,
    /// An atomic number outside 1 … 118.
    Element {
        /// The atom.
        atom: usize,
        /// Its number.
        number: u8,
    },
    /// A free component that no atom has, or one that comes twice.
    Free {
        /// The component.
        component: usize,
    },
    /// The lattice vectors don't span a volume.
    Cell,
}

impl fmt::Display for StructureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StructureError::Positions { atoms, coordinates } => {
                write!(
                    f,
                    "{coordinates} coordinates were given for {atoms} atoms, which need {}",
                    3 * atoms
                )
            }
            StructureError::NonFinite => {
                f.write_str("a position is infinite or NaN; all must be finite")
            }
            StructureError::Element { atom, number } => {
                write!(f, "atom {atom} has atomic number {number}; it must be 1 to 118")
            }
            StructureError::Free { component } => write!(
                f,
                "free component {component} doesn't exist or comes twice; each must be below three times the number of atoms"
            ),
            StructureError::Cell => {
                f.write_str("the lattice vectors lie in a plane; those of a cell span a volume")
            }
        }
    }
}

impl std::error::Error for StructureError {}

impl Structure {
    /// Atoms of these atomic numbers at `positions`, Å, three a row; a vector of a search has all their coordinates.
    ///
    /// # Errors
    ///
    /// [`StructureError`] names what doesn't fit.
    pub fn new(numbers: &[u8], positions: &[f64]) -> Result<Self, StructureError> {
        let (atoms, coordinates) = (numbers.len(), positions.len());
        if coordinates != 3 * atoms {
            return Err(StructureError::Positions { atoms, coordinates });
        }
        if !positions.iter().all(|x| x.is_finite()) {
            return Err(StructureError::NonFinite);
        }
        if let Some(atom) = numbers.iter().position(|z| !(1..=118).contains(z)) {
            return Err(StructureError::Element { atom, number: numbers[atom] });
        }
        Ok(Structure {
            numbers: numbers.to_vec(),
            positions: positions.to_vec(),
            free: (0..coordinates).collect(),
            cell: None,
        })
    }

    /// A vector of the search has only these coordinates, in this order: component 3i + c is coordinate c of atom i.
    ///
    /// # Errors
    ///
    /// [`StructureError::Free`].
    pub fn with_free(mut self, components: &[usize]) -> Result<Self, StructureError> {
        let mut seen = vec![false; self.positions.len()];
        for &component in components {
            match seen.get_mut(component) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(StructureError::Free { component }),
            }
        }
        self.free = components.to_vec();
        Ok(self)
    }

    /// In a cell with these lattice vectors in rows, Å, repeated along the directions that are `periodic`.
    ///
    /// # Errors
    ///
    /// [`StructureError::Cell`].
    pub fn with_cell(
        mut self,
        vectors: [[f64; 3]; 3],
        periodic: [bool; 3],
    ) -> Result<Self, StructureError> {
        let [a, b, c] = vectors;
        let volume = dot(a, cross(b, c));
        let scale = dot(a, a) * dot(b, b) * dot(c, c);
        // A cell whose height is a millionth of its edges is no cell.
        if !(volume * volume > 1e-12 * scale && scale.is_finite()) {
            return Err(StructureError::Cell);
        }
        let columns = [cross(b, c), cross(c, a), cross(a, b)];
        let inverse = columns.map(|column| column.map(|x| x / volume));
        self.cell = Some(Cell { vectors, inverse, periodic });
        Ok(self)
    }

    /// Atoms.
    pub fn count(&self) -> usize {
        self.numbers.len()
    }

    /// Components of a vector.
    pub fn components(&self) -> usize {
        self.free.len()
    }

    pub(super) fn number(&self, atom: usize) -> u8 {
        self.numbers[atom]
    }

    pub(super) fn free(&self) -> &[usize] {
        &self.free
    }

    pub(super) fn set(&mut self, x: &[f64]) {
        self.free.iter().zip(x).for_each(|(&i, x)| self.positions[i] = *x);
    }

    /// From atom i to the nearest image of atom j, Å.
    pub(super) fn between(&self, i: usize, j: usize) -> [f64; 3] {
        let p = |i: usize, c: usize| self.positions[3 * i + c];
        let d = std::array::from_fn(|c| p(j, c) - p(i, c));
        self.cell.as_ref().map_or(d, |cell| cell.nearest(d))
    }

    /// The same for given places of the atoms and a given image, that at which the vector was `near` before.
    pub(super) fn between_near(&self, i: usize, j: usize, near: [f64; 3]) -> [f64; 3] {
        let p = |i: usize, c: usize| self.positions[3 * i + c];
        let d: [f64; 3] = std::array::from_fn(|c| p(j, c) - p(i, c));
        let Some(cell) = &self.cell else { return d };
        let off = cell.rounded(std::array::from_fn(|c| d[c] - near[c]));
        std::array::from_fn(|c| d[c] - off[c])
    }
}

impl Cell {
    /// The lattice vector next to d, by rounding its fractions.
    fn rounded(&self, d: [f64; 3]) -> [f64; 3] {
        let mut off = [0.0; 3];
        for k in 0..3 {
            if self.periodic[k] {
                let n = dot(d, self.inverse[k]).round();
                (0..3).for_each(|c| off[c] += n * self.vectors[k][c]);
            }
        }
        off
    }

    /// d up to lattice vectors, as short as it gets among the 27 images around the rounded one: in skewed cells rounding
    /// alone may miss it.
    fn nearest(&self, d: [f64; 3]) -> [f64; 3] {
        let off = self.rounded(d);
        let d: [f64; 3] = std::array::from_fn(|c| d[c] - off[c]);
        let reach = |k: usize| if self.periodic[k] { -1..=1 } else { 0..=0 };
        let (mut best, mut least) = (d, dot(d, d));
        for i in reach(0) {
            for j in reach(1) {
                for k in reach(2) {
                    let v = &self.vectors;
                    let image: [f64; 3] = std::array::from_fn(|c| {
                        d[c] + f64::from(i) * v[0][c]
                            + f64::from(j) * v[1][c]
                            + f64::from(k) * v[2][c]
                    });
                    // A tie goes to the first, whatever the rounding.
                    if dot(image, image) < least * (1.0 - 1e-9) {
                        (best, least) = (image, dot(image, image));
                    }
                }
            }
        }
        best
    }
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
