//! The instruction set the kernels run with, chosen at run time.
//!
//! Every kernel is compiled once for each level (AVX-512, AVX2 with FMA, NEON, portable) and enters
//! the best one by [`dispatch`]. Closures that rayon moves to another thread leave the level's
//! code, so each chunk of work dispatches anew.

use std::sync::atomic::{AtomicU8, Ordering};

use pulp::{Arch, Scalar, Simd, WithSimd};

/// The instructions that kernels may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SimdLevel {
    /// The widest vectors this machine has.
    Best,
    /// Nothing beyond what the program was compiled for: slow, the same on every machine of an
    /// architecture.
    Baseline,
    /// Vectors of 16 lanes, as with AVX-512, put together from AVX2: lets a machine without AVX-512
    /// test that shape.
    #[cfg(test)]
    Wide,
}

static LEVEL: AtomicU8 = AtomicU8::new(SimdLevel::Best as u8);

/// Sets the instructions used by every later kernel call in this process; [`SimdLevel::Best`] until
/// called.
///
/// Meant for tests and for tracking down a difference between machines: levels differ in the last
/// bits of a result.
pub fn set_simd_level(level: SimdLevel) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// The name of the instructions in force: `AVX-512`, `AVX2`, `SSE4.1`, `NEON` or `portable`. Results are
/// equal to the bit on machines where it is the same.
pub fn instructions() -> &'static str {
    struct Name;
    impl WithSimd for Name {
        type Output = &'static str;
        fn with_simd<S: Simd>(self, _: S) -> &'static str {
            let path = std::any::type_name::<S>();
            match path.rsplit("::").next().unwrap_or(path) {
                "V4" => "AVX-512",
                "V3" => "AVX2",
                "V2" => "SSE4.1",
                "Neon" => "NEON",
                _ => "portable",
            }
        }
    }
    dispatch(Name)
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
        WIDE => match pulp::x86::V3::try_new() {
            Some(simd) => {
                /// Enters AVX2's code, then continues with twice its lanes.
                struct Widened<Op>(pulp::x86::V3_512b, Op);
                impl<Op: WithSimd> WithSimd for Widened<Op> {
                    type Output = Op::Output;
                    #[inline(always)]
                    fn with_simd<S: Simd>(self, _: S) -> Op::Output {
                        self.1.with_simd(self.0)
                    }
                }
                Simd::vectorize(simd, Widened(pulp::x86::V3_512b(simd), op))
            }
            None => Scalar.vectorize(op),
        },
        _ => Arch::new().dispatch(op),
    }
}

/// Registers of the level in force, as a tile of a matrix product uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Registers {
    /// Lanes of f32 in one vector.
    pub(crate) lanes: usize,
    /// Vectors in one row of a tile, at most: 3 with 32 registers, else 2. With 16 a tile of 4 × 3
    /// sums, 3 factors and a value fills them exactly, and the compiler then moves and spills half
    /// of them (measured: half the speed of 6 × 2).
    pub(crate) vectors: usize,
}

/// True when the level has 32 vector registers; the level that stands in for AVX-512 in tests
/// passes for having them.
#[inline(always)]
pub(crate) const fn many_registers<S: Simd>() -> bool {
    S::REGISTER_COUNT >= 32 || stands_in::<S>()
}

/// The registers of the level in force.
pub(crate) fn registers() -> Registers {
    struct Query;
    impl WithSimd for Query {
        type Output = Registers;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Registers {
            Registers {
                lanes: S::F32_LANES,
                vectors: if many_registers::<S>() { 3 } else { 2 },
            }
        }
    }
    dispatch(Query)
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

/// A vector of the values of `x`, filled up with zeros; `x` is at most a vector long.
#[inline(always)]
pub(crate) fn load_part<S: Simd>(simd: S, x: &[f32]) -> S::f32s {
    if stands_in::<S>() {
        let mut whole = [0.0; 16];
        whole[..x.len()].copy_from_slice(x);
        return load(simd, &whole);
    }
    simd.partial_load_f32s(x)
}

/// Overwrites `x` with the first values of a vector; `x` is at most a vector long.
#[inline(always)]
pub(crate) fn store_part<S: Simd>(simd: S, x: &mut [f32], value: S::f32s) {
    if stands_in::<S>() {
        let mut whole = [0.0; 16];
        store(simd, &mut whole, value);
        x.copy_from_slice(&whole[..x.len()]);
        return;
    }
    simd.partial_store_f32s(x, value);
}

/// True for the level that stands in for AVX-512 in tests. pulp 0.22.3 loads and stores the upper
/// half of its partial vectors 16 lanes further on instead of 8, outside the slice, so those are
/// done by hand.
#[inline(always)]
const fn stands_in<S: Simd>() -> bool {
    cfg!(test) && S::F32_LANES == 16 && S::REGISTER_COUNT == 8
}

/// Loads the vectors of `row` from `x`, which may end within the last one: zeros follow.
#[inline(always)]
pub(crate) fn read<S: Simd, const NV: usize>(simd: S, row: &mut [S::f32s; NV], x: &[f32]) {
    let lanes = S::F32_LANES;
    for (j, vector) in row.iter_mut().enumerate() {
        *vector = if x.len() >= (j + 1) * lanes {
            load(simd, &x[j * lanes..])
        } else {
            load_part(simd, &x[j * lanes..])
        };
    }
}

/// Stores the vectors of `row` to `x`, which may end within the last one.
#[inline(always)]
pub(crate) fn write<S: Simd, const NV: usize>(simd: S, row: &[S::f32s; NV], x: &mut [f32]) {
    let lanes = S::F32_LANES;
    for (j, &vector) in row.iter().enumerate() {
        if x.len() >= (j + 1) * lanes {
            store(simd, &mut x[j * lanes..], vector);
        } else {
            store_part(simd, &mut x[j * lanes..], vector);
        }
    }
}

/// Defines a function whose body is compiled for every SIMD level: plain loops that the compiler
/// vectorises.
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
