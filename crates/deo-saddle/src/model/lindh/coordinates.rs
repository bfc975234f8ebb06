//! Which stretches, bends and torsions a molecule has, and how stiff they are.

use super::super::internal::{Internal, Kind};
use super::super::structure::{cross, dot};
use super::Lindh;

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

/// The coordinates at a point: which they are, their values and rows b.
pub(super) struct Set {
    pub(super) internals: Vec<Internal>,
    pub(super) values: Vec<f64>,
}

/// Of each atom, those near it: which, ρ, and the way there.
type Near = Vec<Vec<(usize, f64, [f64; 3])>>;

impl Lindh {
    /// The coordinates at the places that the structure has.
    pub(super) fn internals(&self) -> Set {
        let near = self.near();
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
        for i in 0..near.len() {
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

    fn row(&self, atom: usize) -> usize {
        match self.structure.number(atom) {
            0..=2 => 0,
            3..=10 => 1,
            _ => 2,
        }
    }

    /// Each atom's neighbours, their ρ and the way to them.
    fn near(&self) -> Near {
        let n = self.structure.count();
        let mut near: Near = vec![Vec::new(); n];
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
        near
    }

    /// The curvature of a bond on the way to breaking, in units of that of a whole one; `None` for whole ones and for atoms that
    /// two whole ones hold apart.
    fn breaking(&self, i: usize, j: usize, u: [f64; 3], near: &Near) -> Option<f64> {
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
