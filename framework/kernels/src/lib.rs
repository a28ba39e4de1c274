//! CPU kernels for dense prediction networks over plain slices in NHWC layout.
//!
//! Every kernel is a function over `&[f32]`; maps are (batch, height, width, channels), channels
//! fastest. Nothing here knows of tensors, tapes or layers. Three guarantees hold for all of them:
//!
//! - **The result does not depend on the number of threads**, to the bit. Work runs in the current
//!   rayon pool.
//! - **The best instructions of the machine are used**, found at run time; see [`set_simd_level`].
//! - **A backward kernel adds** to the gradient it is given, but where its documentation says that
//!   it overwrites.
//!
//! ```
//! use nasfw_kernels::{Conv, MapShape, conv_forward};
//!
//! // A 3x3 box filter over one image of 4 × 4 pixels with one channel.
//! let conv = Conv {
//!     input: MapShape::new(1, 4, 4, 1),
//!     out_channels: 1,
//!     kernel: 3,
//!     stride: 1,
//!     dilation: 1,
//!     groups: 1,
//! };
//! let mut y = vec![0.0; conv.output().len()];
//! conv_forward(&conv, &[1.0; 16], &[1.0; 9], None, &mut y);
//! assert_eq!(y[..4], [4.0, 6.0, 6.0, 4.0]);
//! ```
//!
//! A slice of the wrong length is a mistake of the caller and panics; maps without pixels are fine.

mod activation;
mod columns;
mod combine;
mod conv;
mod loss;
mod norm;
mod output;
mod parallel;
mod pool;
mod resize;
mod shape;
mod simd;
#[cfg(test)]
mod wide_tests;

pub use activation::{Activation, activation_backward, activation_forward};
pub use combine::{accumulate, add_forward, concat_backward, concat_forward};
pub use conv::{
    Conv, PreparedConv, bias_backward, conv_backward_input, conv_backward_weight, conv_forward,
};
#[doc(hidden)]
pub use conv::{ConvAlgorithm, set_conv_algorithm};
pub use loss::{berhu, cross_entropy, squared_error};
pub use norm::{NormBackward, batch_statistics, norm_backward, scale_shift, scale_shift_backward};
pub use output::{Output, UninitBuf};
pub use pool::{global_average_backward, global_average_forward};
pub use resize::{resize_backward, resize_forward, resize_rows};
pub use shape::MapShape;
pub use simd::{SimdLevel, instructions, set_simd_level};
