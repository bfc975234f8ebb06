//! Parameter groups: which components decay, and which learn faster or slower.
//!
//! Problem: weight decay belongs on matrices, not on biases and normalisation gains, and some layers want
//! another learning rate or another memory. A group is a range of components with a factor on the first two and, if it has
//! them, values of its own for the others; all else is the optimizer's.
//!
//! | here | effective setting in the group | of |
//! |---|---|---|
//! | [`Group::lr_scale`] s | learning rate s·lr | all |
//! | [`Group::decay_scale`] d | weight decay d·λ | all that decay |
//! | [`Group::beta1`], [`Group::beta2`] | β₁, β₂ | Adam and its relatives |
//! | [`Group::epsilon`] | ε | the same, and RMSprop |
//! | [`Group::matrix`] | rows × columns, row by row | Muon, which treats matrices as such; the others don't care |
//!
//! An optimizer that lacks a setting refuses a group that has a value for it: nothing is passed over in silence.

use super::OptimError;
use super::error::epsilon;
use crate::setting::{fraction, nonnegative};
use std::ops::Range;

/// A range of components with settings of its own.
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Group, Groups};
/// // A 4×3 weight that decays and its bias, which doesn't: the decay mask of nanoGPT.
/// let groups = Groups::new(15, vec![Group::new(0..12), Group::new(12..15).decay_scale(0.0)])?;
/// assert_eq!(groups.len(), 15);
/// # Ok::<(), deo_core::optim::OptimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Group {
    /// Its components, among those that this process holds.
    pub range: Range<usize>,
    /// The factor on the learning rate; 0 freezes the group.
    pub lr_scale: f64,
    /// The factor on the weight decay; 0 turns it off.
    pub decay_scale: f64,
    /// β₁ in [0, 1) in place of the optimizer's.
    pub beta1: Option<f64>,
    /// β₂ in [0, 1) in place of the optimizer's.
    pub beta2: Option<f64>,
    /// ε of at least 1e-30 in place of the optimizer's.
    pub epsilon: Option<f64>,
    /// Rows and columns, if the components are those of a matrix, row by row.
    pub matrix: Option<[usize; 2]>,
}

impl Group {
    /// A group with all of the optimizer's own settings.
    pub fn new(range: Range<usize>) -> Self {
        let (beta1, beta2, epsilon, matrix) = (None, None, None, None);
        Group { range, lr_scale: 1.0, decay_scale: 1.0, beta1, beta2, epsilon, matrix }
    }

    /// The same group with another factor on the learning rate.
    pub fn lr_scale(self, lr_scale: f64) -> Self {
        Group { lr_scale, ..self }
    }

    /// The same group with another factor on the weight decay.
    pub fn decay_scale(self, decay_scale: f64) -> Self {
        Group { decay_scale, ..self }
    }

    /// The same group with its own memories of the first and the second moment.
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        Group { beta1: Some(beta1), beta2: Some(beta2), ..self }
    }

    /// The same group with its own ε.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Group { epsilon: Some(epsilon), ..self }
    }

    /// The same group as a matrix, row by row.
    pub fn matrix(self, rows: usize, columns: usize) -> Self {
        Group { matrix: Some([rows, columns]), ..self }
    }

    /// Refuses a value for one of the settings, none of which `optimizer` has.
    pub(super) fn lacks(
        &self,
        optimizer: &'static str,
        settings: &[Setting],
    ) -> Result<(), OptimError> {
        match settings.iter().find(|setting| setting.is_given(self)) {
            Some(setting) => {
                let (range, name) = (self.range.clone(), setting.name());
                Err(OptimError::GroupSetting { range, name, optimizer })
            }
            None => Ok(()),
        }
    }

    fn validate(&self, len: usize) -> Result<(), OptimError> {
        nonnegative("lr_scale of a parameter group", self.lr_scale)?;
        nonnegative("decay_scale of a parameter group", self.decay_scale)?;
        fraction("beta1 of a parameter group", self.beta1.unwrap_or(0.0))?;
        fraction("beta2 of a parameter group", self.beta2.unwrap_or(0.0))?;
        epsilon("epsilon of a parameter group", self.epsilon.unwrap_or(1.0))?;
        let range = self.range.clone();
        if range.start > range.end {
            return Err(OptimError::GroupReversed { range });
        }
        if range.end > len {
            return Err(OptimError::GroupBeyond { range, len });
        }
        match self.matrix {
            Some([rows, columns]) if rows.checked_mul(columns) != Some(range.len()) => {
                Err(OptimError::GroupMatrix { range, rows, columns })
            }
            _ => Ok(()),
        }
    }
}

/// What a group may have a value for, and not every optimizer has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Setting {
    Beta1,
    Beta2,
    Epsilon,
}

impl Setting {
    pub(super) const ALL: [Setting; 3] = [Setting::Beta1, Setting::Beta2, Setting::Epsilon];

    fn is_given(self, group: &Group) -> bool {
        match self {
            Setting::Beta1 => group.beta1.is_some(),
            Setting::Beta2 => group.beta2.is_some(),
            Setting::Epsilon => group.epsilon.is_some(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Setting::Beta1 => "beta1",
            Setting::Beta2 => "beta2",
            Setting::Epsilon => "epsilon",
        }
    }
}

/// Groups that cover the components 0..len, each once.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Unchecked"))]
pub struct Groups {
    len: usize,
    groups: Vec<Group>,
}

impl Groups {
    /// One group of all `len` components.
    pub fn whole(len: usize) -> Self {
        Groups { len, groups: vec![Group::new(0..len)] }
    }

    /// Groups of a vector of `len` components, in any order; empty ranges are allowed.
    ///
    /// # Errors
    ///
    /// If they don't cover 0..len, each component once, naming the first ranges that are wrong; if a factor is negative
    /// or not finite, or another setting out of its range; or if a matrix hasn't as many components as its range.
    pub fn new(len: usize, mut groups: Vec<Group>) -> Result<Self, OptimError> {
        groups.iter().try_for_each(|group| group.validate(len))?;
        groups.retain(|group| !group.range.is_empty());
        groups.sort_by_key(|group| group.range.start);
        covers(len, &groups)?;
        Ok(Groups { len, groups })
    }

    /// The number of components that the groups cover.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether they cover no component at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The groups that are not empty, in the order of their components.
    pub fn iter(&self) -> std::slice::Iter<'_, Group> {
        self.groups.iter()
    }

    pub(super) fn as_slice(&self) -> &[Group] {
        &self.groups
    }

    /// The same groups, for a vector of `vector` components.
    pub(super) fn for_len(self, vector: usize) -> Result<Self, OptimError> {
        if self.len == vector {
            Ok(self)
        } else {
            Err(OptimError::GroupsLength { groups: self.len, vector })
        }
    }

    /// The same groups, none of which has a value for a setting that `optimizer` lacks.
    pub(super) fn without(
        self,
        optimizer: &'static str,
        settings: &[Setting],
    ) -> Result<Self, OptimError> {
        self.groups.iter().try_for_each(|group| group.lacks(optimizer, settings))?;
        Ok(self)
    }
}

impl<'a> IntoIterator for &'a Groups {
    type Item = &'a Group;
    type IntoIter = std::slice::Iter<'a, Group>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Whether sorted, non-empty ranges cover 0..len, each component once.
fn covers(len: usize, groups: &[Group]) -> Result<(), OptimError> {
    let mut end = 0;
    for (i, group) in groups.iter().enumerate() {
        let range = group.range.clone();
        if range.start > end {
            return Err(OptimError::GroupGap { missing: end..range.start });
        }
        if range.start < end {
            let first = groups[i - 1].range.clone();
            return Err(OptimError::GroupOverlap { first, second: range });
        }
        end = range.end;
    }
    if end < len {
        return Err(OptimError::GroupGap { missing: end..len });
    }
    Ok(())
}

/// [`Groups`] as stored, before they are checked again.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct Unchecked {
    len: usize,
    groups: Vec<Group>,
}

#[cfg(feature = "serde")]
impl TryFrom<Unchecked> for Groups {
    type Error = OptimError;

    fn try_from(stored: Unchecked) -> Result<Self, OptimError> {
        Groups::new(stored.len, stored.groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_offending_ranges() {
        let new = |ranges: &[(usize, usize)]| {
            let group = |&(start, end)| Group::new(start..end);
            Groups::new(10, ranges.iter().map(group).collect())
        };
        let overlap = OptimError::GroupOverlap { first: 0..6, second: 5..10 };
        assert_eq!(new(&[(5, 10), (0, 6)]), Err(overlap));
        assert_eq!(new(&[(0, 4), (6, 10)]), Err(OptimError::GroupGap { missing: 4..6 }));
        assert_eq!(new(&[(0, 9)]), Err(OptimError::GroupGap { missing: 9..10 }));
        assert_eq!(new(&[]), Err(OptimError::GroupGap { missing: 0..10 }));
        let beyond = OptimError::GroupBeyond { range: 0..11, len: 10 };
        assert_eq!(new(&[(0, 11)]), Err(beyond));
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        let reversed = OptimError::GroupReversed { range: 10..0 };
        assert_eq!(new(&[(0, 10), (10, 0)]), Err(reversed));
    }

    #[test]
    fn order_and_empty_ranges_do_not_matter() {
        let groups = [5..10, 3..3, 0..5].map(Group::new).to_vec();
        let groups = Groups::new(10, groups).unwrap();
        let ranges: Vec<_> = groups.iter().map(|g| g.range.clone()).collect();
        assert_eq!(ranges, [0..5, 5..10]);
        assert_eq!(Groups::new(0, vec![]).unwrap().iter().count(), 0);
    }

    #[test]
    fn a_matrix_has_as_many_components_as_its_range() {
        let new = |rows, columns| Groups::new(6, vec![Group::new(0..6).matrix(rows, columns)]);
        assert!(new(2, 3).is_ok() && new(6, 1).is_ok());
        for (rows, columns) in [(2, 2), (0, 6), (usize::MAX, 2)] {
            let error = OptimError::GroupMatrix { range: 0..6, rows, columns };
            assert_eq!(new(rows, columns), Err(error));
        }
    }

    #[test]
    fn factors_must_be_finite_and_at_least_zero() {
        for bad in [f64::NAN, -0.1, f64::INFINITY] {
            let group = || Group::new(0..1);
            let one = [group().betas(bad, 0.9), group().betas(0.9, bad), group().epsilon(bad)];
            for group in [group().lr_scale(bad), group().decay_scale(bad)].into_iter().chain(one) {
                let error = Groups::new(1, vec![group]).unwrap_err();
                assert!(matches!(error, OptimError::Setting(_)), "{bad}: {error}");
            }
        }
    }
}
