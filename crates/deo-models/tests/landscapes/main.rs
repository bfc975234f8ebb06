//! Every landscape against finite differences, dense eigensolvers and the points it states.

mod degenerate;
mod factorisations;
mod muller_brown;
mod nets;
mod octopus;
mod points;
mod quadratic;
mod refusals;
mod strict_saddle;
mod support;
