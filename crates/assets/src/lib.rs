//! The data and weights that Graft needs: where they come from, and that they are right.
