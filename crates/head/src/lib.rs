//! Features to logits: the only module that trains.
