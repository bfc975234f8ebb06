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

mod shape;

use super::{Host, Space, Variance};
use crate::objective::Objective;

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

impl Space for FreeBody {
    type Vector = [f64];
    type Owned = Vec<f64>;

    fn zeros_like(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.len, "components of a vector and of the reference geometry");
        vec![0.0; x.len()]
    }

    /// All coordinates, the rigid motions included.
    fn len(&self, x: &[f64]) -> usize {
        x.len()
    }

    fn epsilon(&self) -> f64 {
        HOST.epsilon()
    }

    /// The coordinates less the rigid motions.
    fn dimension(&self, like: &[f64]) -> f64 {
        (like.len() - self.rigid.len()) as f64
    }

    /// ‖Zᵀg‖; and ‖Hz‖ ≤ (Σ‖ωₖ × g‖²)^½ over the turns of angular velocity ωₖ.
    fn variance(&self, gradient: &[f64]) -> Variance {
        let along = self.rigid.iter().map(|z| HOST.dot(z, gradient));
        let slope = along.fold(0.0, f64::hypot);
        let turned = |turn: &[f64; 3]| {
            let atoms = gradient.chunks_exact(3).map(|g| shape::cross(*turn, [g[0], g[1], g[2]]));
            atoms.flatten().fold(0.0, f64::hypot)
        };
        let curvature = self.turns.iter().filter(|t| **t != [0.0; 3]).map(turned);
        Variance { slope, curvature: curvature.fold(0.0, f64::hypot) }
    }

    fn fill(&self, x: &mut [f64], value: &(dyn Fn(u64) -> f64 + Sync)) {
        HOST.fill(x, value);
        self.restrict(x);
    }

    fn axpby(&self, a: f64, x: &[f64], b: f64, y: &mut [f64]) {
        if b == 0.0 {
            return HOST.axpby(a, x, 0.0, y);
        }
        // The part of the change along Z, (a x + (b − 1) y)·z, is what has to go. Where it is rounding, the vectors
        // are directions already, and taking it out would only spoil that x − x is exactly zero.
        let [square_x, square_y] = HOST.dots([(x, x), (&*y, &*y)]);
        let rounding =
            8.0 * f64::EPSILON * (a.abs() * square_x.sqrt() + (b - 1.0).abs() * square_y.sqrt());
        let mut along = [0.0; 6];
        for (along, z) in along.iter_mut().zip(&self.rigid) {
            let [x, y] = HOST.dots([(z, x), (z, &*y)]);
            let part = a * x + (b - 1.0) * y;
            *along = if part.abs() <= rounding { 0.0 } else { part };
        }
        HOST.axpby(a, x, b, y);
        for (along, z) in along.iter().zip(&self.rigid) {
            HOST.axpby(-along, z, 1.0, y);
        }
    }

    fn dot(&self, x: &[f64], y: &[f64]) -> f64 {
        let whole = HOST.dot(x, y);
        let (mut rigid, mut size) = (0.0, 0.0);
        for z in &self.rigid {
            let [x, y] = HOST.dots([(z, x), (z, y)]);
            rigid += x * y;
            size += (x * y).abs();
        }
        let dot = whole - rigid;
        // A difference within the roundings of what was taken away is nothing: x − x has no length.
        if dot.abs() <= 8.0 * f64::EPSILON * size { 0.0 } else { dot }
    }

    fn secant(&self, h: f64, g0: &[f64], g1: &[f64], n: &[f64], hn: &mut [f64]) -> (f64, f64) {
        HOST.secant(h, g0, g1, n, hn);
        self.restrict(hn);
        // What is left has no part along Z, so plain products are the space's.
        let [c, square] = HOST.dots([(n, &*hn), (&*hn, &*hn)]);
        (c, square)
    }

    fn displace(&self, h: f64, n: &[f64], x: &[f64], y: &mut [f64]) -> f64 {
        HOST.copy(x, y);
        self.axpby(h, n, 1.0, y);
        // The realised difference is small beside x: take it before the products, not after.
        let mut realised = 0.0;
        let along = self.rigid.iter().map(|z| HOST.dot(z, n)).collect::<Vec<_>>();
        for i in 0..x.len() {
            let rigid: f64 = self.rigid.iter().zip(&along).map(|(z, a)| a * z[i]).sum();
            realised += (y[i] - x[i]) * (n[i] - rigid);
        }
        realised
    }
}

/// An objective of Cartesian coordinates as one of mass-weighted coordinates q = √m r.
///
/// # Examples
///
/// ```
/// use deo_core::objective::{FromFn, Objective};
/// use deo_core::space::MassWeighted;
/// // One atom in a spring: frequency² = k/m = 3/12 whatever the coordinates.
/// let spring = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[3.0 * x[0], 3.0 * x[1], 3.0 * x[2]]);
///     }
///     1.5 * x.iter().map(|x| x * x).sum::<f64>()
/// });
/// let mut weighted = MassWeighted::new(spring, &[12.0]);
/// let mut gradient = [0.0; 3];
/// weighted.value_grad(&[1.0, 0.0, 0.0], &mut gradient);
/// assert!((gradient[0] - 0.25).abs() < 1e-15);
/// ```
#[derive(Debug, Clone)]
pub struct MassWeighted<O> {
    inner: O,
    /// √m for each coordinate.
    roots: Vec<f64>,
    positions: Vec<f64>,
}

impl<O> MassWeighted<O> {
    /// The objective with one mass for each three coordinates.
    ///
    /// # Panics
    ///
    /// If a mass isn't positive.
    pub fn new(inner: O, masses: &[f64]) -> Self {
        assert!(masses.iter().all(|m| *m > 0.0), "masses must be above 0: {masses:?}");
        let roots: Vec<f64> = masses.iter().flat_map(|mass| [mass.sqrt(); 3]).collect();
        MassWeighted { inner, positions: vec![0.0; roots.len()], roots }
    }

    /// q ← √m r, in place.
    pub fn weight(&self, r: &mut [f64]) {
        self.check(r);
        r.iter_mut().zip(&self.roots).for_each(|(r, root)| *r *= root);
    }

    /// r ← q/√m, in place.
    pub fn unweight(&self, q: &mut [f64]) {
        self.check(q);
        q.iter_mut().zip(&self.roots).for_each(|(q, root)| *q /= root);
    }

    #[track_caller]
    fn check(&self, x: &[f64]) {
        assert_eq!(x.len(), self.roots.len(), "coordinates, and three for each mass");
    }

    fn set_positions(&mut self, q: &[f64]) {
        self.check(q);
        for ((r, q), root) in self.positions.iter_mut().zip(q).zip(&self.roots) {
            *r = q / root;
        }
    }
}

impl<O: Objective<[f64]>> Objective<[f64]> for MassWeighted<O> {
    fn value(&mut self, q: &[f64]) -> f64 {
        self.set_positions(q);
        self.inner.value(&self.positions)
    }

    fn value_grad(&mut self, q: &[f64], gradient: &mut [f64]) -> f64 {
        self.set_positions(q);
        let value = self.inner.value_grad(&self.positions, gradient);
        self.unweight(gradient);
        value
    }
}

#[cfg(test)]
mod tests;
