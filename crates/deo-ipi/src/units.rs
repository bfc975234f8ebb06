//! The units of the wire in those of the interface.
//!
//! CODATA 2018. Clients have other constants, of 2014 or 2006, which differ in the ninth digit: energies of two clients
//! agree to 1e-8 of themselves at best.

/// One bohr in Å.
pub const BOHR: f64 = 0.529_177_210_903;

/// One hartree in eV.
pub const HARTREE: f64 = 27.211_386_245_988;

/// One hartree per bohr in eV/Å.
pub const FORCE: f64 = HARTREE / BOHR;
