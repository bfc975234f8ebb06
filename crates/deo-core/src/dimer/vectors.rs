//! The five vectors in another form, and all the rest as it is.
//!
//! Problem: a state with vectors on devices goes into a file in two parts, tensors in a format for tensors and a text for the
//! numbers. Every field is listed here, so that a new one doesn't compile before its place in a file is known.

use super::Dimer;
use crate::space::Space;

impl<S: Space> Dimer<S> {
    /// See [`Deo::map_vectors`](crate::Deo::map_vectors).
    pub(crate) fn map_vectors<T: Space, E>(
        self,
        map: &mut impl FnMut(&'static str, S::Owned) -> Result<T::Owned, E>,
    ) -> Result<Dimer<T>, E> {
        let Dimer {
            settings,
            length,
            unit,
            root_dimension,
            axis,
            axis_product,
            previous,
            previous_product,
            torque,
            product_known,
            has_previous,
            phase,
            estimate,
            rounding,
            noise,
            suspected,
            factor,
            at,
            change,
            tries,
            shortest,
            axis_error,
            previous_error,
            asymmetry,
            measured,
            second,
            secants,
            ending,
            failed,
            allowance,
            total_gradients,
        } = self;
        Ok(Dimer {
            settings,
            length,
            unit,
            root_dimension,
            axis: map("axis", axis)?,
            axis_product: map("axis_product", axis_product)?,
            previous: map("previous", previous)?,
            previous_product: map("previous_product", previous_product)?,
            torque: map("torque", torque)?,
            product_known,
            has_previous,
            phase,
            estimate,
            rounding,
            noise,
            suspected,
            factor,
            at,
            change,
            tries,
            shortest,
            axis_error,
            previous_error,
            asymmetry,
            measured,
            second,
            secants,
            ending,
            failed,
            allowance,
            total_gradients,
        })
    }
}
