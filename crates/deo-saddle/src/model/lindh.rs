//! Lindh's model Hessian of a molecule, from elements and distances.
//!
//! H = Σ k bbᵀ over all stretches, bends and torsions q, b = ∂q/∂x, with force constants that fade with the distances
//!
//! | q | k, hartree and bohr |
//! |---|---|
//! | stretch ij | 0.45 ρᵢⱼ |
//! | bend ijk | 0.15 ρᵢⱼρⱼₖ |
//! | torsion ijkl | 0.005 ρᵢⱼρⱼₖρₖₗ |
//!
//! ρᵢⱼ = exp(αᵢⱼ(r²_ref,ᵢⱼ − rᵢⱼ²)), α and r_ref by the rows of the periodic table. R. Lindh, A. Bernhardsson, G. Karlström
//! & P.-Å. Malmqvist, Chem. Phys. Lett. 241, 423 (1995), eqs. 1–4 and table 1. Atoms below the third row are taken as of it.
//!
//! **Breaking bonds.** Lindh's stretches are meant for minima. A bond that is 1.05 to 1.8 times the sum of its atoms' radii
//! long, and isn't the base of a triangle of two whole ones, gets the curvature of Morse's curve instead where that is less,
//! k(2z² − z) with z = exp(−a(r − r_e)), but not below −0.05 k. Without it the softest directions of the model are never
//! those of a proton between two atoms or of two fragments that join, and the search climbs elsewhere.
//!
//! **What the gradient adds.** The model is the Hessian of E = Σ fq + ½kq² about x, of which the paper has the second term,
//! for minima. Away from one the forces f along the coordinates bend the Cartesian surface, Σ f ∂²q/∂x²: a bond that is
//! pulled by 5 eV/Å resists being turned by 5/r eV/Å². The f that explain the gradient g are taken as those of the strain
//! that would relax it, f = k bᵀ(H + μ)⁻¹g. A search in internal coordinates has the same term in its transformations.
//!
//! **Change of the gradient** from x to x′ by the same E: Σ b′(f + k(q′ − q)) − bf, exact for a surface that is quadratic in
//! the coordinates, however far the atoms turn.
//!
//! **A step** s is followed in the coordinates: x′ minimises ½Σ k(q′ − q − bᵀs)² + ½μ‖x′ − x − s‖², by Gauss–Newton. Straight
//! on, a turn would stretch the bonds.

use super::internal::{Internal, Kind};
use super::structure::{Structure, cross, dot};
use super::{ModelHessian, largest, multiply};
use crate::cholesky::solve;

/// CODATA 2018.
const HARTREE: f64 = 27.211_386_245_988;
const BOHR: f64 = 0.529_177_210_903;

/// α, 1/bohr², and r_ref, bohr, by rows (first, second, third and below).
const DECAY: [[f64; 3]; 3] = [[1.0, 0.3949, 0.3949], [0.3949, 0.28, 0.28], [0.3949, 0.28, 0.28]];
const REFERENCE: [[f64; 3]; 3] = [[1.35, 2.10, 2.53], [2.10, 2.87, 3.40], [2.53, 3.40, 3.40]];
/// Force constants: hartree/bohr², hartree.
const STRETCH: f64 = 0.45;
const BEND: f64 = 0.15;
const TORSION: f64 = 0.005;

/// Products of ρ below this are left out: a stretch of that is 0.004 eV/Å², less than anything is known to.
const FAINT: f64 = 1e-4;
/// Sine of the angle below which a bend is taken as that of a straight chain, about 10°, and a torsion around it as none.
const STRAIGHT: f64 = 0.17;
/// μ, eV/Å²: what holds a coordinate that nothing else does, so that a gradient along it isn't taken for a strain without bound.
const HOLD: f64 = 0.5;
/// Gauss–Newton iterations of a step; bonds turned by half a radian need four to 1e-6 Å.
const ITERATIONS: usize = 12;

/// Lengths of bonds in units of the sum of the atoms' radii: whole ones for their own sake, and for what they hold apart …
const WHOLE: [f64; 2] = [1.05, 1.2];
/// … and where a broken one is none any more.
const LOOSE: [f64; 2] = [1.6, 1.8];
/// Morse's a, 1/Å, of most bonds within a fifth.
const MORSE: f64 = 1.9;
/// The least curvature of a breaking bond, in units of a whole one's; Morse's own least is −1/8.
const BROKEN: f64 = -0.05;

/// P. Pyykkö & M. Atsumi, Chem. Eur. J. 15, 186 (2009), table 2, Å: single-bond radii.
fn radius(number: u8) -> f64 {
    const PICOMETRES: [u8; 54] = [
        32, 46, 133, 102, 85, 75, 71, 63, 64, 67, 155, 139, 126, 116, 111, 103, 99, 96, 196, 171,
        148, 136, 134, 122, 119, 116, 111, 110, 112, 118, 124, 121, 121, 116, 114, 117, 210, 185,
        163, 154, 147, 138, 128, 125, 125, 120, 128, 136, 142, 140, 140, 136, 133, 131,
    ];
    PICOMETRES.get(usize::from(number) - 1).map_or(1.45, |r| f64::from(*r) / 100.0)
}

/// Lindh's model for atoms of one molecule, or of several.
///
/// # Examples
///
/// ```
/// use deo_saddle::{Lindh, ModelHessian, Structure};
/// // Two carbon atoms at their reference distance, ρ = 1: 0.45 hartree/bohr² are 43.7 eV/Å² along the bond.
/// let x = [0.0, 0.0, 0.0, 1.518_739, 0.0, 0.0];
/// let mut model = Lindh::new(Structure::new(&[6, 6], &x)?);
/// assert!(model.prepare(&x, &[0.0; 6]));
/// let mut product = [0.0; 6];
/// model.apply(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0], &mut product);
/// assert!((product[0] - 43.728).abs() < 1e-3 && product[0] == -product[3]);
/// # Ok::<(), deo_saddle::StructureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Lindh {
    structure: Structure,
    matrix: Vec<f64>,
    /// The component that each coordinate of an atom is.
    component: Vec<Option<usize>>,
}

/// The coordinates at a point: which they are, their values and rows b.
struct Set {
    internals: Vec<Internal>,
    values: Vec<f64>,
}

impl Lindh {
    /// For these atoms; positions in Å, Hessians in eV/Å².
    pub fn new(structure: Structure) -> Self {
        let mut component = vec![None; 3 * structure.count()];
        structure.free().iter().enumerate().for_each(|(k, &i)| component[i] = Some(k));
        Lindh { structure, matrix: Vec::new(), component }
    }

    fn row(&self, atom: usize) -> usize {
        match self.structure.number(atom) {
            0..=2 => 0,
            3..=10 => 1,
            _ => 2,
        }
    }

    /// The coordinates at the places that the structure has.
    fn internals(&self) -> Set {
        let n = self.structure.count();
        let mut near: Vec<Vec<(usize, f64, [f64; 3])>> = vec![Vec::new(); n];
        for i in 0..n {
            for j in 0..n {
                let u = self.structure.between(i, j);
                let (a, b) = (self.row(i), self.row(j));
                let rho = DECAY[a][b] * (REFERENCE[a][b].powi(2) - dot(u, u) / BOHR.powi(2));
                // Atoms on each other have no direction; ρ of 20 is a bond half as long as it should be.
                if i != j && rho > FAINT.ln() && dot(u, u) > 0.01 {
                    near[i].push((j, rho.exp().min(20.0), u));
                }
            }
        }
        let mut internals = Vec::new();
        let zero = [0.0; 3];
        let mut keep = |kind, atoms, stiffness, bonds| {
            internals.push(Internal { kind, atoms, stiffness, bonds });
        };
        let sine = |u: [f64; 3], v: [f64; 3]| {
            let n = cross(u, v);
            (dot(n, n) / (dot(u, u) * dot(v, v))).sqrt()
        };
        let inner = HARTREE / BOHR.powi(2);
        for i in 0..n {
            for &(j, ij, u) in &near[i] {
                if i < j {
                    let share = self.breaking(i, j, u, &near).map_or(ij, |share| ij.min(share));
                    keep(Kind::Stretch, [i, j, 0, 0], STRETCH * inner * share, [u, zero, zero]);
                }
                for &(k, jk, v) in &near[j] {
                    if k == i || ij * jk < FAINT {
                        continue;
                    }
                    let (stiffness, bonds) = (BEND * HARTREE * ij * jk, [u, v, zero]);
                    let slanted = sine(u, v) > STRAIGHT;
                    if i < k && slanted {
                        keep(Kind::Bend, [i, j, k, 0], stiffness, bonds);
                    } else if i < k && dot(u, v) > 0.0 {
                        for across in across(u) {
                            keep(Kind::Straight(across), [i, j, k, 0], stiffness, bonds);
                        }
                    }
                    for &(l, kl, w) in near[k].iter().filter(|_| slanted) {
                        if i < l && l != j && ij * jk * kl > FAINT && sine(v, w) > STRAIGHT {
                            let stiffness = TORSION * HARTREE * ij * jk * kl;
                            keep(Kind::Torsion, [i, j, k, l], stiffness, [u, v, w]);
                        }
                    }
                }
            }
        }
        let values = internals.iter().map(|q| q.kind.value(q.bonds).0).collect();
        Set { internals, values }
    }

    /// The curvature of a bond on the way to breaking, in units of that of a whole one; `None` for whole ones and for atoms that
    /// two whole ones hold apart.
    fn breaking(
        &self,
        i: usize,
        j: usize,
        u: [f64; 3],
        near: &[Vec<(usize, f64, [f64; 3])>],
    ) -> Option<f64> {
        let stretch = |i: usize, j: usize, u: [f64; 3]| {
            let whole = radius(self.structure.number(i)) + radius(self.structure.number(j));
            (dot(u, u).sqrt() / whole, whole)
        };
        let (ratio, whole) = stretch(i, j, u);
        if !(WHOLE[0]..LOOSE[1]).contains(&ratio) {
            return None;
        }
        let bonded = |a: usize, k: usize| {
            near[a].iter().any(|(b, _, v)| *b == k && stretch(a, k, *v).0 < WHOLE[1])
        };
        if (0..self.structure.count()).any(|k| k != i && k != j && bonded(i, k) && bonded(j, k)) {
            return None;
        }
        let z = (-MORSE * (ratio - 1.0) * whole).exp();
        let fade = ((LOOSE[1] - ratio) / (LOOSE[1] - LOOSE[0])).min(1.0);
        Some(((2.0 * z * z - z) * fade).max(BROKEN))
    }

    /// q and its row at the places that the structure has, over the free components.
    fn at(&self, q: &Internal) -> (f64, [[f64; 3]; 4]) {
        let mut bonds = [[0.0; 3]; 3];
        for k in 0..q.kind.atoms() - 1 {
            bonds[k] = self.structure.between_near(q.atoms[k], q.atoms[k + 1], q.bonds[k]);
        }
        q.kind.value(bonds)
    }

    /// Calls `each` with the free components of a row b and their entries.
    fn entries(&self, q: &Internal, b: &[[f64; 3]; 4]) -> Row {
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

    /// Σ k bbᵀ, and the rows.
    fn harmonic(&self, set: &Set) -> (Vec<f64>, Vec<Row>) {
        let n = self.structure.components();
        let mut matrix = vec![0.0; n * n];
        let rows: Vec<Row> = set.internals.iter().map(|q| self.entries(q, &self.at(q).1)).collect();
        for (q, row) in set.internals.iter().zip(&rows) {
            row.outer(q.stiffness, &mut matrix, n);
        }
        (matrix, rows)
    }

    /// f of every coordinate that would explain the gradient.
    fn forces(&self, set: &Set, rows: &[Row], harmonic: &[f64], gradient: &[f64]) -> Vec<f64> {
        let n = gradient.len();
        let (mut matrix, mut strain) = (harmonic.to_vec(), gradient.to_vec());
        (0..n).for_each(|i| matrix[i * n + i] += HOLD);
        if !solve(&mut matrix, &mut strain) {
            strain.fill(0.0);
        }
        set.internals.iter().zip(rows).map(|(q, row)| q.stiffness * row.dot(&strain)).collect()
    }

    /// f ∂²q/∂x² by central differences of the closed gradient, over the free components of its atoms.
    fn bend_surface(&mut self, q: &Internal, f: f64, matrix: &mut [f64]) {
        /// Of the place of an atom, Å: ε^⅓, where rounding and the third derivative are equally small.
        const STEP: f64 = 6e-6;
        let n = self.structure.components();
        let bonds: [[f64; 3]; 3] = q.bonds;
        let count = q.kind.atoms();
        for k in 0..count {
            for c in 0..3 {
                let Some(column) = self.component[3 * q.atoms[k] + c] else { continue };
                let gradient = |h: f64| {
                    let mut moved = bonds;
                    if k > 0 {
                        moved[k - 1][c] += h;
                    }
                    if k + 1 < count {
                        moved[k][c] -= h;
                    }
                    q.kind.value(moved).1
                };
                let (up, down) = (gradient(STEP), gradient(-STEP));
                for a in 0..count {
                    for d in 0..3 {
                        if let Some(row) = self.component[3 * q.atoms[a] + d] {
                            let slope = (up[a][d] - down[a][d]) / (2.0 * STEP);
                            // Half to each side keeps the sum symmetric.
                            matrix[row * n + column] += 0.5 * f * slope;
                            matrix[column * n + row] += 0.5 * f * slope;
                        }
                    }
                }
            }
        }
    }
}

/// The free components of b.
struct Row {
    entries: [(usize, f64); 12],
    count: usize,
}

impl Row {
    fn iter(&self) -> impl Iterator<Item = &(usize, f64)> {
        self.entries[..self.count].iter()
    }

    fn dot(&self, v: &[f64]) -> f64 {
        self.iter().map(|(i, b)| b * v[*i]).sum()
    }

    fn add(&self, c: f64, v: &mut [f64]) {
        self.iter().for_each(|(i, b)| v[*i] += c * b);
    }

    fn outer(&self, c: f64, matrix: &mut [f64], n: usize) {
        for (i, a) in self.iter() {
            self.add(c * a, &mut matrix[i * n..(i + 1) * n]);
        }
    }
}

/// Two directions across u.
fn across(u: [f64; 3]) -> [[f64; 3]; 2] {
    let least = (0..3).min_by(|&a, &b| u[a].abs().total_cmp(&u[b].abs())).unwrap_or(0);
    let mut axis = [0.0; 3];
    axis[least] = 1.0;
    let unit = |a: [f64; 3]| {
        let r = dot(a, a).sqrt();
        a.map(|a| a / r)
    };
    let first = unit(cross(u, axis));
    [first, unit(cross(u, first))]
}

impl ModelHessian<[f64]> for Lindh {
    fn prepare(&mut self, x: &[f64], gradient: &[f64]) -> bool {
        self.structure.set(x);
        let set = self.internals();
        let (mut matrix, rows) = self.harmonic(&set);
        let forces = self.forces(&set, &rows, &matrix, gradient);
        for (q, f) in set.internals.iter().zip(forces) {
            self.bend_surface(q, f, &mut matrix);
        }
        self.matrix = matrix;
        true
    }

    fn apply(&mut self, v: &[f64], product: &mut [f64]) {
        multiply(&self.matrix, v, product);
    }

    fn change(&mut self, x: &[f64], gradient: &[f64], to: &[f64], change: &mut [f64]) -> bool {
        self.structure.set(x);
        let set = self.internals();
        let (matrix, rows) = self.harmonic(&set);
        let forces = self.forces(&set, &rows, &matrix, gradient);
        change.fill(0.0);
        for (row, f) in rows.iter().zip(&forces) {
            row.add(-f, change);
        }
        self.structure.set(to);
        for ((q, value), f) in set.internals.iter().zip(&set.values).zip(&forces) {
            let (there, b) = self.at(q);
            let force = f + q.stiffness * q.kind.wrapped(there - value);
            self.entries(q, &b).add(force, change);
        }
        true
    }

    fn follow(&mut self, x: &[f64], step: &[f64], to: &mut [f64]) -> bool {
        self.structure.set(x);
        let set = self.internals();
        let (_, rows) = self.harmonic(&set);
        let wanted: Vec<f64> =
            rows.iter().zip(&set.values).map(|(row, q)| q + row.dot(step)).collect();
        let n = x.len();
        to.iter_mut().zip(x).zip(step).for_each(|((to, x), s)| *to = x + s);
        for _ in 0..ITERATIONS {
            self.structure.set(to);
            let mut matrix = vec![0.0; n * n];
            let mut move_: Vec<f64> = (0..n).map(|i| HOLD * (x[i] + step[i] - to[i])).collect();
            for (q, wanted) in set.internals.iter().zip(&wanted) {
                let (there, b) = self.at(q);
                let row = self.entries(q, &b);
                row.outer(q.stiffness, &mut matrix, n);
                row.add(q.stiffness * q.kind.wrapped(wanted - there), &mut move_);
            }
            (0..n).for_each(|i| matrix[i * n + i] += HOLD);
            if !solve(&mut matrix, &mut move_) || !move_.iter().all(|m| m.is_finite()) {
                return false;
            }
            to.iter_mut().zip(&move_).for_each(|(to, m)| *to += m);
            // Far below what a step is chosen to.
            if largest(&move_) < 1e-6 {
                break;
            }
        }
        // Where it doesn't settle, or goes elsewhere, the straight step is the better guess.
        let off: Vec<f64> = (0..n).map(|i| to[i] - x[i] - step[i]).collect();
        largest(&off) <= 0.5 * largest(step)
    }

    fn size(&self, v: &[f64]) -> Option<f64> {
        Some(largest(v))
    }
}
