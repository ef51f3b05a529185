//! The pipeline from images to a trained, measured head, and its binary graft.
