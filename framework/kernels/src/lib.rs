//! CPU kernels for dense prediction networks over plain slices in NHWC layout.
//!
//! Every kernel is a function over `&[f32]`; maps are (batch, height, width, channels), channels fastest. Nothing here knows of
//! tensors, tapes or layers. Three promises hold for all of them:
//!
//! - **The result does not depend on the number of threads**, to the bit. Work runs in the current rayon pool.
//! - **The best instructions of the machine are used**, found at run time; see [`set_simd_level`].
//! - **A backward kernel adds** to the gradient it is given, but where its documentation says that it overwrites.
//!
//! A slice of the wrong length is a mistake of the caller and panics; maps without pixels are fine.

mod activation;
mod columns;
mod combine;
mod conv;
mod loss;
mod norm;
mod parallel;
mod pool;
mod resize;
mod shape;
mod simd;

pub use activation::{Activation, activation_backward, activation_forward};
pub use combine::{accumulate, add_forward, concat_backward, concat_forward};
pub use conv::{Conv, bias_backward, conv_backward_input, conv_backward_weight, conv_forward};
pub use loss::{berhu, cross_entropy, squared_error};
pub use norm::{NormBackward, batch_statistics, norm_backward, scale_shift, scale_shift_backward};
pub use pool::{global_average_backward, global_average_forward};
pub use resize::{resize_backward, resize_forward};
pub use shape::MapShape;
pub use simd::{SimdLevel, set_simd_level};
