//! Parameter groups: which components decay, and which learn faster or slower.
//!
//! Problem: weight decay belongs on matrices, not on biases and normalisation gains, and some layers want
//! another learning rate. A group is a range of components with a factor on each; the optimizer's own
//! settings stay common to all.
//!
//! | here | effective setting in the group |
//! |---|---|
//! | [`Group::lr_scale`] s | learning rate s·lr |
//! | [`Group::decay_scale`] d | weight decay d·λ |

use super::OptimError;
use std::ops::Range;

/// A range of components with its own learning rate and weight decay.
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
}

impl Group {
    /// A group with the optimizer's own learning rate and weight decay.
    pub fn new(range: Range<usize>) -> Self {
        Group { range, lr_scale: 1.0, decay_scale: 1.0 }
    }

    /// The same group with another factor on the learning rate.
    pub fn lr_scale(self, lr_scale: f64) -> Self {
        Group { lr_scale, ..self }
    }

    /// The same group with another factor on the weight decay.
    pub fn decay_scale(self, decay_scale: f64) -> Self {
        Group { decay_scale, ..self }
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
    /// If they don't cover 0..len, each component once, naming the first ranges that are wrong; or if a
    /// factor is negative or not finite.
    pub fn new(len: usize, mut groups: Vec<Group>) -> Result<Self, OptimError> {
        for group in &groups {
            OptimError::require_nonnegative("lr_scale of a parameter group", group.lr_scale)?;
            OptimError::require_nonnegative("decay_scale of a parameter group", group.decay_scale)?;
            let range = group.range.clone();
            if range.start > range.end {
                return Err(OptimError::GroupReversed { range });
            }
            if range.end > len {
                return Err(OptimError::GroupBeyond { range, len });
            }
        }
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

    /// The same groups, for a vector of `vector` components.
    pub(super) fn for_len(self, vector: usize) -> Result<Self, OptimError> {
        if self.len == vector {
            Ok(self)
        } else {
            Err(OptimError::GroupsLength { groups: self.len, vector })
        }
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
    fn factors_must_be_finite_and_at_least_zero() {
        for bad in [f64::NAN, -0.1, f64::INFINITY] {
            for group in [Group::new(0..1).lr_scale(bad), Group::new(0..1).decay_scale(bad)] {
                let error = Groups::new(1, vec![group]).unwrap_err();
                assert!(matches!(error, OptimError::OutOfRange { .. }), "{bad}: {error}");
            }
        }
    }
}
