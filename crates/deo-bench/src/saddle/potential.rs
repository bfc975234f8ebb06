//! The surfaces that can be searched, by name, and the space that belongs to each.
//!
//! A cluster is free: its rigid motions are taken out by [`FreeBody`] at every point; a landscape is searched as it is.

use super::error::SaddleError;
use deo_core::Objective;
use deo_core::noise::noise;
use deo_core::saddle::{DriveError, Method, Saddle, Verdict, VerificationSettings, find};
use deo_core::space::{FreeBody, Host};
use deo_models::clusters::{Cluster, LennardJones, Morse, geometry};
use deo_models::landscapes::{self, Landscape, LandscapeError};
use serde::Serialize;

/// A surface.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Potential {
    /// An analytic function.
    Landscape {
        /// Its name in [`landscapes::by_name`].
        name: String,
    },
    /// Lennard-Jones atoms.
    LennardJones {
        /// How many; `None` if the start tells.
        atoms: Option<usize>,
    },
    /// Morse atoms.
    Morse {
        /// How many; `None` if the start tells.
        atoms: Option<usize>,
        /// The range parameter.
        rho: f64,
    },
}

const CLUSTERS: [&str; 5] = ["lj", "lj13", "lj38", "morse", "morse13"];

/// M13 at ρ = 6 is the customary one: about the range of Lennard-Jones.
const DEFAULT_RHO: f64 = 6.0;

impl Potential {
    /// The surface of that name.
    ///
    /// # Errors
    ///
    /// [`SaddleError::UnknownPotential`], whose message lists the known names; a ρ that is out of range or of no use.
    pub fn by_name(name: &str, rho: Option<f64>) -> Result<Self, SaddleError> {
        let parameter = rho.unwrap_or(DEFAULT_RHO);
        let potential = match name {
            "lj" => Potential::LennardJones { atoms: None },
            "lj13" => Potential::LennardJones { atoms: Some(13) },
            "lj38" => Potential::LennardJones { atoms: Some(38) },
            "morse" => Potential::Morse { atoms: None, rho: Morse::new(parameter)?.rho() },
            "morse13" => Potential::Morse { atoms: Some(13), rho: Morse::new(parameter)?.rho() },
            _ if landscapes::names().contains(&name) => {
                Potential::Landscape { name: name.to_owned() }
            }
            _ => return Err(SaddleError::UnknownPotential { name: name.to_owned() }),
        };
        match (rho, &potential) {
            (None, _) | (_, Potential::Morse { .. }) => Ok(potential),
            _ => Err(SaddleError::Unused { name: "rho", needs: "--potential morse or morse13" }),
        }
    }

    /// All names, for a message.
    pub fn known() -> String {
        [landscapes::names(), &CLUSTERS].concat().join(", ")
    }

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Potential::Landscape { name } => name.clone(),
            Potential::LennardJones { atoms } => sized("lj", *atoms),
            Potential::Morse { atoms, .. } => sized("morse", *atoms),
        }
    }

    /// Atoms that may be moved, turned and renamed.
    pub fn is_cluster(&self) -> bool {
        !matches!(self, Potential::Landscape { .. })
    }

    /// How many atoms the name asks for.
    pub(super) fn atoms(&self) -> Option<usize> {
        match self {
            Potential::Landscape { .. } => None,
            Potential::LennardJones { atoms } | Potential::Morse { atoms, .. } => *atoms,
        }
    }

    /// The analytic function, if it is one.
    pub(super) fn landscape(&self) -> Result<Option<Box<dyn Landscape>>, LandscapeError> {
        match self {
            Potential::Landscape { name } => landscapes::by_name(name).map(Some),
            _ => Ok(None),
        }
    }

    /// The unrelaxed structure that belongs to the name.
    pub(super) fn geometry(&self) -> Option<Vec<f64>> {
        // Nearest neighbours near the pair's distance: 2^{1/6} and 1.
        let distance = if matches!(self, Potential::LennardJones { .. }) { 1.1 } else { 1.0 };
        match self.atoms()? {
            13 => Some(geometry::icosahedron(distance)),
            38 => Some(geometry::truncated_octahedron(distance)),
            _ => None,
        }
    }

    /// f, to be evaluated by one thread.
    ///
    /// # Panics
    ///
    /// If the value wasn't made by [`by_name`](Self::by_name) and has a name or parameter that doesn't exist.
    pub fn objective(&self) -> Box<dyn Objective<[f64]>> {
        match self {
            Potential::Landscape { name } => landscapes::by_name(name).expect("checked by by_name"),
            Potential::LennardJones { .. } => Box::new(Cluster::new(LennardJones)),
            Potential::Morse { rho, .. } => {
                Box::new(Cluster::new(Morse::new(*rho).expect("checked by by_name")))
            }
        }
    }

    /// Searches from `x` and verifies.
    pub(super) fn find(
        &self,
        x: &[f64],
        method: &Method,
        verification: &VerificationSettings,
    ) -> Result<Saddle<Vec<f64>>, DriveError> {
        let f = &mut *self.objective();
        if self.is_cluster() {
            find(|x: &[f64]| FreeBody::new(x), f, x, None, method, verification)
        } else {
            find(|_: &[f64]| Host::new(), f, x, None, method, verification)
        }
    }

    /// Goes down from `x` to a point that is no saddle: where one is met, down again from beside it.
    ///
    /// A way down along a ridge ends at a saddle, with a gradient as small as a minimum's; only curvature tells.
    /// The number is that of all gradients, those of verifications included.
    pub(super) fn descend(
        &self,
        x: &[f64],
        method: &Method,
        verification: &VerificationSettings,
    ) -> Result<(Saddle<Vec<f64>>, u64), DriveError> {
        let mut method = *method;
        method.goal_mut().index = 0;
        let mut start = x.to_vec();
        let mut gradients = 0;
        let mut again = AGAIN;
        loop {
            let end = self.find(&start, &method, verification)?;
            gradients += end.found.counts.gradients() + end.verification_gradients;
            if again == 0 || !matches!(end.verdict, Verdict::WrongIndex { .. }) {
                return Ok((end, gradients));
            }
            let beside = |(i, x): (usize, &f64)| x + BESIDE * noise(again, i as u64);
            start = end.found.x.iter().enumerate().map(beside).collect();
            again -= 1;
        }
    }
}

/// Saddles that a way down may meet: a point between maximum and minimum of a cluster meets one, rarely two.
const AGAIN: u64 = 3;
/// How far beside a saddle the way goes on, each coordinate: a twentieth of a bond.
const BESIDE: f64 = 0.05;

fn sized(name: &str, atoms: Option<usize>) -> String {
    atoms.map_or_else(|| name.to_owned(), |atoms| format!("{name}{atoms}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_a_potential_of_that_name() {
        for name in Potential::known().split(", ") {
            assert_eq!(Potential::by_name(name, None).unwrap().name(), name);
        }
        let error = Potential::by_name("alps", None).unwrap_err().to_string();
        assert!(error.contains("muller-brown") && error.contains("lj38"), "{error}");
        assert!(Potential::by_name("lj13", Some(3.0)).is_err());
        assert!(Potential::by_name("morse13", Some(-3.0)).is_err());
    }
}
