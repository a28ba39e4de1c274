//! The instruction set the kernels run with, chosen at run time.
//!
//! Every kernel is compiled once for each level (AVX-512, AVX2 with FMA, NEON, portable) and enters the best one by
//! [`dispatch`]. Closures that rayon moves to another thread leave the level's code, so each chunk of work dispatches anew.

use std::sync::atomic::{AtomicU8, Ordering};

use pulp::{Arch, Scalar, Simd, WithSimd};

/// Which instructions the kernels may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SimdLevel {
    /// The widest vectors this machine has.
    Best,
    /// Nothing beyond what the program was compiled for: slow, the same on every machine of an architecture.
    Baseline,
    /// Vectors of 16 lanes, as with AVX-512, put together from AVX2: lets a machine without AVX-512 test that shape.
    #[cfg(test)]
    Wide,
}

static LEVEL: AtomicU8 = AtomicU8::new(SimdLevel::Best as u8);

/// Sets the instructions used by every later kernel call in this process; [`SimdLevel::Best`] until called.
///
/// Meant for tests and for tracking down a difference between machines: levels differ in the last bits of a result.
pub fn set_simd_level(level: SimdLevel) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Runs `op` compiled for the level in force.
#[inline]
pub(crate) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    const BASELINE: u8 = SimdLevel::Baseline as u8;
    #[cfg(test)]
    const WIDE: u8 = SimdLevel::Wide as u8;
    match LEVEL.load(Ordering::Relaxed) {
        BASELINE => Scalar.vectorize(op),
        #[cfg(all(test, target_arch = "x86_64"))]
        WIDE => match pulp::x86::V3_512b::try_new() {
            Some(simd) => simd.vectorize(op),
            None => Scalar.vectorize(op),
        },
        _ => Arch::new().dispatch(op),
    }
}

/// Lanes of f32 in one vector of the level in force.
pub(crate) fn lanes() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    dispatch(Lanes)
}

/// The first vector of `x`, which holds at least one.
#[inline(always)]
pub(crate) fn load<S: Simd>(_: S, x: &[f32]) -> S::f32s {
    S::as_simd_f32s(&x[..S::F32_LANES]).0[0]
}

/// Overwrites the first vector of `x`, which holds at least one.
#[inline(always)]
pub(crate) fn store<S: Simd>(_: S, x: &mut [f32], value: S::f32s) {
    S::as_mut_simd_f32s(&mut x[..S::F32_LANES]).0[0] = value;
}

/// Defines a function whose body is compiled for every SIMD level: plain loops that the compiler vectorises.
macro_rules! vectorised {
    ($(#[$meta:meta])* fn $name:ident<$life:lifetime>($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        fn $name<$life>($($arg: $ty),*) {
            struct Body<$life> { $($arg: $ty),* }
            impl<$life> pulp::WithSimd for Body<$life> {
                type Output = ();
                #[inline(always)]
                fn with_simd<S: pulp::Simd>(self, _: S) {
                    let Body { $($arg),* } = self;
                    $body
                }
            }
            $crate::simd::dispatch(Body { $($arg),* });
        }
    };
}
pub(crate) use vectorised;
