//! The laws hold for this crate's spaces in any shape.

use crate::laws::check;
use crate::space::{Blocks, Host, Masked};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    // Each is a few hundred passes over four spaces.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_length_is_lawful(n in 1..90_usize) {
        check(&Host::<f32>::new(), &vec![0.0; n]);
        check(&Host::<f64>::new(), &vec![0.0; n]);
    }

    #[test]
    fn blocks_of_any_lengths_are_lawful(lengths in vec(0..30_usize, 1..5)) {
        prop_assume!(lengths.iter().sum::<usize>() > 0);
        let blocks: Vec<Vec<f32>> = lengths.iter().map(|&n| vec![0.0; n]).collect();
        check(&Blocks::new(Host::<f32>::new()), blocks.as_slice());
    }

    #[test]
    fn any_range_may_be_free(from in 0..20_usize, many in 1..20_usize, behind in 0..40_usize) {
        let count = from + many + behind;
        let masked = Masked::free(Host::<f64>::new(), count, Some(from..from + many)).unwrap();
        check(&masked, &vec![0.0; count]);
    }
}
