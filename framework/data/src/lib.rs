//! Data sets for dense prediction: readers, splits, augmentation and a procedural scene generator.
