//! deo
fn main() {}
