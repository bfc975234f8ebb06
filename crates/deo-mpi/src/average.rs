//! The weighted mean of a long vector over all ranks, the same bits on every rank.
//!
//! ```text
//! ḡᵢ = Σ_r w_r g_{r,i}        r = 0, 1, …, P − 1 in this order, in f64, rounded once
//! ```
//!
//! Every component is summed on one rank and copied from there, so no two ranks can differ, whatever the library does:
//!
//! 1. `MPI_Alltoallv`: rank r gets slice r of everyone's vector;
//! 2. rank r adds its slices up in the order of the ranks;
//! 3. `MPI_Allgatherv`: everyone gets all slices.
//!
//! Each rank receives 2 (P − 1)/P of the vector, the least that any all-reduce can do (Patarasuk & Yuan, Bandwidth
//! optimal all-reduce algorithms, J. Parallel Distrib. Comput. 69, 2009). Two MPI calls move bits and compute nothing;
//! the arithmetic is here.
//!
//! A vector goes in pieces of 2²⁰ components: buffers stay small, counts fit into C's int at any length.

use crate::MpiComm;
use deo_core::space::{Communicator, Real};
use mpi::Count;
use mpi::datatype::{Partition, PartitionMut};
use mpi::traits::{CommunicatorCollectives, Equivalence};

/// Components of a piece: 4 MB of f32, at which latency is negligible on any network.
pub(crate) const PIECE: usize = 1 << 20;

/// The buffers of an average; allocated at its first use.
#[derive(Debug, Clone)]
pub(crate) struct Averager<T> {
    /// This rank's slice of every rank's piece, one after the other.
    slices: Vec<T>,
    sum: Vec<f64>,
    mean: Vec<T>,
    /// Of the slices that are sent and received: lengths and places.
    sent: [Vec<Count>; 2],
    received: [Vec<Count>; 2],
}

impl<T: Real + Equivalence> Averager<T> {
    pub(crate) const fn new() -> Self {
        Averager {
            slices: Vec::new(),
            sum: Vec::new(),
            mean: Vec::new(),
            sent: [const { Vec::new() }; 2],
            received: [const { Vec::new() }; 2],
        }
    }

    /// `values` ← Σ over the ranks of weight × values.
    ///
    /// Collective; all ranks have vectors of the same length and the same weights, one a rank.
    pub(crate) fn average(&mut self, comm: &MpiComm, weights: &[f64], values: &mut [T]) {
        if comm.size() > 1 {
            for piece in values.chunks_mut(PIECE) {
                self.average_piece(comm, weights, piece);
            }
        }
    }

    fn average_piece(&mut self, comm: &MpiComm, weights: &[f64], piece: &mut [T]) {
        let (rank, size) = (comm.rank(), comm.size());
        let begin = |rank: usize| piece.len() * rank / size;
        let mine = begin(rank + 1) - begin(rank);
        let [lengths, places] = &mut self.sent;
        layout(lengths, places, (0..size).map(|rank| begin(rank + 1) - begin(rank)));
        let [mine_of_each, places_of_each] = &mut self.received;
        layout(mine_of_each, places_of_each, (0..size).map(|_| mine));
        self.slices.resize(mine * size, T::ZERO);
        self.sum.resize(mine, 0.0);
        self.mean.resize(mine, T::ZERO);

        comm.count(mine * (size - 1) * size_of::<T>(), || {
            let from = Partition::new(&*piece, &lengths[..], &places[..]);
            let (each, at) = (&mine_of_each[..], &places_of_each[..]);
            let mut to = PartitionMut::new(&mut self.slices[..], each, at);
            comm.mpi().all_to_all_varcount_into(&from, &mut to);
        });
        self.sum.fill(0.0);
        for (rank, weight) in weights.iter().enumerate() {
            // By place: slices of no components are no chunks.
            for (sum, value) in self.sum.iter_mut().zip(&self.slices[rank * mine..]) {
                *sum += weight * value.to_f64();
            }
        }
        for (mean, sum) in self.mean.iter_mut().zip(&self.sum) {
            *mean = T::from_f64(*sum);
        }
        comm.count((piece.len() - mine) * size_of::<T>(), || {
            let mut to = PartitionMut::new(&mut *piece, &lengths[..], &places[..]);
            comm.mpi().all_gather_varcount_into(&self.mean[..], &mut to);
        });
    }
}

/// Lengths and places of parts that lie end to end.
fn layout(lengths: &mut Vec<Count>, places: &mut Vec<Count>, of: impl Iterator<Item = usize>) {
    lengths.clear();
    places.clear();
    let mut place = 0;
    for length in of {
        // A piece is shorter than 2³¹, and so is what all ranks have of one slice of it.
        lengths.push(length as Count);
        places.push(place);
        place += length as Count;
    }
}
