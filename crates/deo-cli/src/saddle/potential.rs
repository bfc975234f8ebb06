//! The surfaces that can be searched, by name, and the space that belongs to each.
//!
//! A cluster is free: its rigid motions are taken out by [`FreeBody`] at every point; a landscape is searched as it is.

use super::error::SaddleError;
use crate::setting::UnusedOption;
use deo_core::Objective;
use deo_core::space::{FreeBody, Host};
use deo_models::clusters::{Cluster, LennardJones, Morse, geometry};
use deo_models::landscapes::{self, Landscape, LandscapeError};
use deo_saddle::{Descent, DriveError, Method, Saddle, VerificationSettings, descend, find, join};
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
            _ => Err(UnusedOption { name: "rho", needs: "--potential morse or morse13" }.into()),
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

    /// Goes down from `x` to a minimum.
    pub(super) fn descend(
        &self,
        x: &[f64],
        method: &Method,
        verification: &VerificationSettings,
    ) -> Result<Descent<Vec<f64>>, DriveError> {
        let f = &mut *self.objective();
        if self.is_cluster() {
            descend(|x: &[f64]| FreeBody::new(x), f, x, PUSH, method, verification)
        } else {
            descend(|_: &[f64]| Host::new(), f, x, PUSH, method, verification)
        }
    }

    /// Goes down on both sides of a confirmed saddle.
    pub(super) fn join(
        &self,
        saddle: &Saddle<Vec<f64>>,
        method: &Method,
        verification: &VerificationSettings,
    ) -> Result<[Descent<Vec<f64>>; 2], DriveError> {
        let f = &mut *self.objective();
        let (x, axis) = (&saddle.found.x[..], &saddle.axes[0][..]);
        if self.is_cluster() {
            join(|x: &[f64]| FreeBody::new(x), f, x, axis, PUSH, method, verification)
        } else {
            join(|_: &[f64]| Host::new(), f, x, axis, PUSH, method, verification)
        }
    }
}

/// The push off a saddle, in units of x: the slope is then λ/20, far above the tolerance, and the basin not yet left.
const PUSH: f64 = 0.05;

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
