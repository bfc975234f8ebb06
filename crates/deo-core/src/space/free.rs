//! Bodies that float freely: positions of atoms, up to motions of the whole.
//!
//! Problem: the energy of a free cluster doesn't change when it is moved or turned as a whole. The Hessian at a
//! stationary point then has six zero modes, which hide the lowest curvature of a minimum, make a search drift, and
//! count as flat directions in every verification. They are taken out here, once for all algorithms.
//!
//! **Which directions.** At a reference geometry q with centre of mass c, in mass-weighted coordinates
//! q = (√m₁ r₁, √m₂ r₂, …), the rigid motions are spanned by √mᵢ e_k (translations) and √mᵢ e_k × (rᵢ − c)
//! (rotations), k = x, y, z. Orthonormalised they are Z, and
//!
//! ⟨u, v⟩ = uᵀ(1 − ZZᵀ)v.
//!
//! **Why a fixed reference is enough.** Every geometry near the reference can be turned so that its displacement is
//! orthogonal to Z (Eckart's conditions): the affine slice q₀ + Z^⊥ meets each orbit of rigid motions, and the
//! function restricted to it loses nothing but the zero modes. A stationary point of the restriction is one of the
//! function, with the same number of negative curvatures (Sylvester's law of inertia); the curvatures themselves are
//! those of the free body only if the reference is the point itself. So a search takes one space for the geometry it
//! starts from, and its verification another for the point it found.
//!
//! **Straight molecules.** A turn about the axis of a straight molecule moves nothing: five motions. A real geometry is
//! straight but for what its convergence left, an off-line width w = ‖g‖/k, k the stiffness of the bend. Taken for bent
//! it loses a bend: the vector of the turn, normalised, *is* one, of curvature ⟨z, Hz⟩ = k, and the index of the rest may
//! be wrong. A molecule that is bent by w at its stationary point has ⟨z, Hz⟩ = 0 there. Geometry alone can't tell the
//! two; so
//!
//! 1. a width w ≤ `STRAIGHT` of a bond is straight. Where it isn't, a mode of curvature zero is left, which a verification
//!    calls flat: an error to the safe side;
//! 2. for any width, the gradient tells: the generator A of a turn has H(Aq) = A∇f, hence ‖Hz‖ = ‖A∇f‖/‖Aq‖
//!    exactly, [`Space::variance`]. `find` of deo-saddle confirms nothing if that isn't small.
//!
//! **Periodic cells.** Turns of the atoms within a fixed cell change the energy; moves don't. [`FreeBody::periodic`] takes
//! out translations only. A function that changes along a motion taken out shows it by a force or torque on the
//! whole, again [`Space::variance`], and no search converges on such a point.
//!
//! **What a vector means.** As in [`Masked`](super::Masked), with Z in the place of the frozen components: vectors
//! that differ by a rigid motion are equal, a direction has no part along Z, and a point keeps its own.
//!
//! | operation | part orthogonal to Z | part along Z |
//! |---|---|---|
//! | `dot`, `dots`, `norm` | summed | ignored |
//! | `fill`, `secant` | as defined | 0: the result is a direction |
//! | `displace` | q + h n | that of q: a displaced point is a point |
//! | `axpby`, b = 0 | a x | a x: a copy of a point is that point |
//! | `axpby`, b ≠ 0 | a x + b y | that of y |
//!
//! **Masses.** Give the masses and work in q: the gradient there is ∂E/∂rᵢ/√mᵢ, which [`MassWeighted`] does for an
//! objective in Cartesian coordinates. Saddles don't depend on masses; axes, curvatures (then squared frequencies)
//! and paths do.
//!
//! C. Eckart, Phys. Rev. 47, 552 (1935); E. B. Wilson, J. C. Decius, P. C. Cross, Molecular Vibrations, ch. 11.

mod mass_weighted;
mod operations;
mod shape;

pub use mass_weighted::MassWeighted;

use super::{Host, Space};

/// The vectors of a free body's atoms, up to translations and rotations; slices of 3n numbers, atom by atom.
///
/// # Examples
///
/// ```
/// use deo_core::space::{FreeBody, Space};
/// // Two atoms: six coordinates, three translations, two rotations; one is left, the bond.
/// let dumbbell = [0.0, 0.0, -0.5, 0.0, 0.0, 0.5];
/// let space = FreeBody::new(&dumbbell);
/// assert!((space.dimension(&dumbbell) - 1.0).abs() < 1e-12);
/// let shift = [1.0, 2.0, 3.0, 1.0, 2.0, 3.0];
/// assert!(space.norm(&shift) < 1e-12);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FreeBody {
    len: usize,
    /// The rows of Zᵀ, orthonormal.
    rigid: Vec<Vec<f64>>,
    /// The angular velocity of each, zero for translations.
    turns: Vec<[f64; 3]>,
}

impl FreeBody {
    /// The space for geometries near `positions`, all masses one.
    ///
    /// # Panics
    ///
    /// If the number of coordinates isn't a multiple of three.
    pub fn new(positions: &[f64]) -> Self {
        Self::weighted(positions, &vec![1.0; positions.len() / 3])
    }

    /// The space of mass-weighted coordinates near `q`, that is √mᵢ rᵢ.
    ///
    /// # Panics
    ///
    /// If `q` doesn't have three coordinates for each mass, or a mass isn't positive.
    pub fn weighted(q: &[f64], masses: &[f64]) -> Self {
        let mut space = Self::weighted_periodic(q, masses);
        let centre = centre_of_mass(q, masses);
        let positions = relative(q, masses, centre);
        let far = centre.iter().fold(0.0, |far: f64, c| far.max(c.abs()));
        for axis in shape::axes_of_rotation(&positions, far) {
            // √m ω × r.
            let motion = positions.iter().zip(masses).flat_map(|(r, mass)| {
                shape::cross(axis, *r).map(|component| mass.sqrt() * component)
            });
            space.add(motion.collect(), axis);
        }
        space
    }

    /// The space for atoms in a periodic cell, all masses one: moves of the whole change nothing, turns do.
    ///
    /// # Examples
    ///
    /// ```
    /// use deo_core::space::{FreeBody, Space};
    /// let atoms = [0.0, 0.0, 0.0, 1.1, 0.1, 0.0, 0.0, 0.9, 0.2];
    /// assert_eq!(FreeBody::periodic(&atoms).motions(), 3);
    /// assert_eq!(FreeBody::new(&atoms).motions(), 6);
    /// ```
    ///
    /// # Panics
    ///
    /// If the number of coordinates isn't a multiple of three.
    pub fn periodic(positions: &[f64]) -> Self {
        Self::weighted_periodic(positions, &vec![1.0; positions.len() / 3])
    }

    /// The same for mass-weighted coordinates.
    ///
    /// # Panics
    ///
    /// As [`FreeBody::weighted`].
    pub fn weighted_periodic(q: &[f64], masses: &[f64]) -> Self {
        assert_eq!(q.len(), 3 * masses.len(), "coordinates; there are {} masses", masses.len());
        assert!(masses.iter().all(|m| *m > 0.0), "masses must be above 0: {masses:?}");
        let mut space = FreeBody { len: q.len(), rigid: Vec::with_capacity(6), turns: Vec::new() };
        for k in 0..3 {
            let mut motion = vec![0.0; q.len()];
            motion.iter_mut().skip(k).step_by(3).zip(masses).for_each(|(z, m)| *z = m.sqrt());
            space.add(motion, [0.0; 3]);
        }
        space
    }

    /// The space of mass-weighted coordinates near `q` of those atoms of a structure that may move. The others are held at
    /// the places `anchors`, and the structure repeats itself along the vectors `periodic`; both are Cartesian.
    ///
    /// | held | periodic along | moves of the whole | turns |
    /// |---|---|---|---|
    /// | nothing | nothing | three | [`weighted`](Self::weighted)'s |
    /// | nothing | one direction | three | about it |
    /// | nothing | more | three | none |
    /// | one place | nothing | none | about it: three, or two where all atoms are on a line with it |
    /// | a line | nothing, or itself | none | about it |
    /// | one place | one direction | none | about the line there along the direction |
    /// | anything else | | none | none |
    ///
    /// # Examples
    ///
    /// ```
    /// use deo_core::space::FreeBody;
    /// let (q, masses) = ([0.0, 0.0, 0.0, 1.1, 0.1, 0.0], [1.0; 2]);
    /// let [a, b, c] = [[0.0, 0.0, -2.0], [0.0, 0.0, -3.0], [1.0, 1.0, -3.0]];
    /// let motions = |held: &[[f64; 3]], cell: &[[f64; 3]]| {
    ///     FreeBody::held(&q, &masses, held, cell).motions()
    /// };
    /// assert_eq!(motions(&[a], &[]), 3);
    /// assert_eq!(motions(&[a, b], &[]), 1);
    /// assert_eq!(motions(&[a, b, c], &[]), 0);
    /// assert_eq!(motions(&[a], &[[0.0, 0.0, 9.0]]), 1);
    /// assert_eq!(motions(&[], &[[0.0, 0.0, 9.0]]), 4);
    /// assert_eq!(motions(&[a], &[[0.0, 0.0, 9.0], [9.0, 0.0, 0.0]]), 0);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`FreeBody::weighted`].
    pub fn held(q: &[f64], masses: &[f64], anchors: &[[f64; 3]], periodic: &[[f64; 3]]) -> Self {
        let line = shape::line(anchors);
        match (anchors, periodic) {
            ([], []) => return Self::weighted(q, masses),
            ([], _) => {
                let mut space = Self::weighted_periodic(q, masses);
                if let [direction] = periodic {
                    let centre = centre_of_mass(q, masses);
                    space.turn_about(q, masses, centre, &[*direction]);
                }
                return space;
            }
            _ => {}
        }
        let mut space = Self::weighted_periodic(q, masses);
        (space.rigid, space.turns) = (Vec::with_capacity(3), Vec::new());
        match (line, periodic) {
            // Several lines go through one place.
            (Some((place, None)), []) => {
                let axes = space.axes_through(place, q, masses);
                space.turn_about(q, masses, place, &axes);
            }
            (Some((place, None)), &[direction]) | (Some((place, Some(direction))), []) => {
                space.turn_about(q, masses, place, &[direction]);
            }
            (Some((place, Some(along))), [direction]) if shape::are_parallel(along, *direction) => {
                space.turn_about(q, masses, place, &[along]);
            }
            _ => {}
        }
        space
    }

    /// The axes through `place` about which a turn moves anything.
    fn axes_through(&self, place: [f64; 3], q: &[f64], masses: &[f64]) -> Vec<[f64; 3]> {
        let mut positions = relative(q, masses, place);
        positions.push([0.0; 3]);
        shape::axes_of_rotation(&positions, place.iter().fold(0.0, |far, p| p.abs().max(far)))
    }

    /// Adds the turns about `axes` through `place`, unless they move nothing.
    fn turn_about(&mut self, q: &[f64], masses: &[f64], place: [f64; 3], axes: &[[f64; 3]]) {
        let positions = relative(q, masses, place);
        for axis in axes {
            let length = HOST.norm(axis);
            let axis = axis.map(|a| a / length);
            if shape::moves(&positions, axis) {
                let motion = positions.iter().zip(masses).flat_map(|(r, mass)| {
                    shape::cross(axis, *r).map(|component| mass.sqrt() * component)
                });
                self.add(motion.collect(), axis);
            }
        }
    }

    /// The number of motions taken out: six, five for a straight molecule, three for an atom or a periodic cell.
    pub fn motions(&self) -> usize {
        self.rigid.len()
    }

    /// Takes the rigid motions out of `v`: from a gradient or a product to a direction.
    pub fn restrict(&self, v: &mut [f64]) {
        for z in &self.rigid {
            let along = HOST.dot(z, v);
            HOST.axpby(-along, z, 1.0, v);
        }
    }

    /// Orthonormalises the motion `v` of angular velocity `turn` against the rows, and adds it.
    fn add(&mut self, mut v: Vec<f64>, mut turn: [f64; 3]) {
        // Twice is enough, as in the dimer.
        for _ in 0..2 {
            for (z, known) in self.rigid.iter().zip(&self.turns) {
                let along = HOST.dot(z, &v);
                HOST.axpby(-along, z, 1.0, &mut v);
                turn.iter_mut().zip(known).for_each(|(t, k)| *t -= along * k);
            }
        }
        let norm = HOST.norm(&v);
        if norm > 0.0 {
            v.iter_mut().for_each(|v| *v /= norm);
            self.rigid.push(v);
            self.turns.push(turn.map(|t| t / norm));
        }
    }
}

const HOST: Host<f64> = Host::new();

fn centre_of_mass(q: &[f64], masses: &[f64]) -> [f64; 3] {
    let total: f64 = masses.iter().sum();
    [0, 1, 2].map(|a| {
        masses.iter().enumerate().map(|(i, m)| m.sqrt() * q[3 * i + a]).sum::<f64>() / total
    })
}

/// Cartesian positions relative to `place`.
fn relative(q: &[f64], masses: &[f64], place: [f64; 3]) -> Vec<[f64; 3]> {
    let atoms = masses.iter().enumerate();
    atoms.map(|(i, mass)| [0, 1, 2].map(|a| q[3 * i + a] / mass.sqrt() - place[a])).collect()
}

#[cfg(test)]
mod tests;
