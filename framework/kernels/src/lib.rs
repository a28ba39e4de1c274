//! CPU kernels for dense prediction networks over plain slices in NHWC layout.
