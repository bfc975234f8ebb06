//! Which model Hessian a search begins with.

use super::error::EngineError;
use super::settings::Settings;
use super::structure::Structure;
use super::work::Model;
use crate::saddle::elements::number_of;
use crate::saddle::options::{Hessian, Mode};
use deo_saddle::{Lindh, Springs};

/// The model and its name: the one that was asked for, or the one meant for such a structure. Min-mode searches have no use
/// for any, and where a symbol is no element nothing is known.
///
/// # Errors
///
/// What was asked for can't be had: a symbol that is no element, a search without a matrix.
pub(super) fn model(
    settings: &Settings,
    structure: &Structure,
) -> Result<(Hessian, Model), EngineError> {
    let dense = settings.mode(3 * structure.free.len()) == Mode::Newton;
    let atoms = structure.modelled();
    let chosen = match (settings.hessian, &atoms) {
        (Some(Hessian::None), _) => Hessian::None,
        (Some(_), _) if !dense => {
            return Err(EngineError::NoMatrix { most: deo_saddle::Method::DENSE });
        }
        (Some(_), Err(symbol)) => return Err(EngineError::Element { symbol: symbol.clone() }),
        (Some(chosen), Ok(_)) => chosen,
        (None, Ok(_)) if dense => {
            if structure.is_periodic() {
                Hessian::Springs
            } else {
                Hessian::Lindh
            }
        }
        (None, _) => Hessian::None,
    };
    let model: Model = match (chosen, atoms) {
        (Hessian::Lindh, Ok(atoms)) => Some(Box::new(Lindh::new(atoms?))),
        (Hessian::Springs, Ok(atoms)) => Some(Box::new(Springs::new(atoms?))),
        _ => None,
    };
    Ok((chosen, model))
}

impl Structure {
    /// The atoms as a model knows them; `Err` has a symbol that is no element.
    fn modelled(&self) -> Result<Result<deo_saddle::Structure, EngineError>, String> {
        let numbers: Result<Vec<u8>, String> = (self.frame.species.iter())
            .map(|symbol| {
                let number = number_of(symbol).and_then(|number| u8::try_from(number).ok());
                number.filter(|number| *number > 0).ok_or_else(|| symbol.clone())
            })
            .collect();
        let numbers = numbers?;
        let build = || {
            let free: Vec<usize> =
                self.free.iter().flat_map(|atom| [0, 1, 2].map(|a| 3 * atom + a)).collect();
            let atoms = deo_saddle::Structure::new(&numbers, &self.frame.x)?.with_free(&free)?;
            match self.frame.cell {
                Some(cell) if self.is_periodic() => {
                    let vectors = [0, 3, 6].map(|i| [cell[i], cell[i + 1], cell[i + 2]]);
                    atoms.with_cell(vectors, self.frame.pbc)
                }
                _ => Ok(atoms),
            }
        };
        Ok(build().map_err(EngineError::Structure))
    }
}
