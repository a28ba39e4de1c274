//! The libraries of CUDA, looked for when a CUDA device is asked for and not when the program starts.
//!
//! cudarc, which dfdx uses, is linked to them, so a program with CUDA would not start on a machine
//! without a driver: not even `--device cpu` would run, and nobody could say what is missing. Here every
//! function of theirs that cudarc calls is a jump to an address in a table. The linker finds these and
//! leaves the libraries out; [`load`] opens the libraries and fills the table.
#![allow(
    unsafe_code,
    reason = "functions of C libraries, found by name at run time"
)]

use std::error::Error;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use libloading::Library;

/// The driver, which comes with the GPU's kernel module. Only the system's loader knows where: what a toolkit has
/// of this name is a stub to link with, whose functions do nothing.
const DRIVER: &[&str] = &["libcuda.so.1"];
/// Products of matrices, from the toolkit.
const CUBLAS: &[&str] = &["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"];
/// The compiler at run time, from the toolkit. Only operations of dfdx that nothing here uses need it.
const NVRTC: &[&str] = &["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"];

/// Where the toolkit's libraries may lie, if the system's loader does not know.
fn toolkit() -> Vec<PathBuf> {
    let set = std::env::var_os("CUDA_PATH").map(PathBuf::from);
    let roots = set.into_iter().chain([PathBuf::from("/usr/local/cuda")]);
    roots
        .flat_map(|root| ["lib64", "lib"].map(|folder| root.join(folder)))
        .collect()
}

/// Opens the libraries, once. The error says which one is missing and where it comes from.
pub(super) fn load() -> Result<(), &'static str> {
    static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
    let loaded = LOADED.get_or_init(load_now);
    loaded.as_ref().copied().map_err(String::as_str)
}

/// What a table holds of one library: name of the function and its slot.
type Entry = (&'static str, &'static AtomicPtr<()>);

fn load_now() -> Result<(), String> {
    let library = open(DRIVER, &[]).map_err(|e| {
        format!(
            "the NVIDIA driver's library {e}; install the driver (`nvidia-smi` shows \
             whether it runs), or use cpu"
        )
    })?;
    let absent = fill(&library, &driver::entries());
    for needed in ["cuInit", "cuLaunchKernel", "cuMemAllocAsync"] {
        if absent.contains(&needed) {
            return Err(format!(
                "the NVIDIA driver has no {needed}; install one for CUDA 11.2 or newer"
            ));
        }
    }
    endings::put(&driver::entries());
    let toolkit = toolkit();
    let blas = open(CUBLAS, &toolkit).map_err(|e| {
        format!(
            "the library cuBLAS {e}; install CUDA's libraries (docs/gpu.md), and set \
             LD_LIBRARY_PATH or CUDA_PATH to where they are"
        )
    })?;
    if let [absent, ..] = fill(&blas, &cublas::entries())[..] {
        return Err(format!("cuBLAS has no {absent}; install CUDA 11 to 13"));
    }
    endings::put(&cublas::entries());
    if let Ok(compiler) = open(NVRTC, &toolkit) {
        fill(&compiler, &nvrtc::entries());
        std::mem::forget(compiler);
    }
    // The table points into them as long as the program runs.
    std::mem::forget((library, blas));
    Ok(())
}

/// The first of some names that there is a library of, as the system's loader finds it or in `folders`. The error
/// goes on after the library's name.
fn open(names: &[&str], folders: &[PathBuf]) -> Result<Library, String> {
    let in_folders = (folders.iter()).flat_map(|f| names.iter().map(move |name| f.join(name)));
    let mut broken = None;
    for path in names.iter().map(PathBuf::from).chain(in_folders) {
        // SAFETY: the libraries of a CUDA installation run nothing on loading that concerns this program.
        let error = match unsafe { Library::new(&path) } {
            Ok(library) => return Ok(library),
            // The loader's own words are what is behind it.
            Err(e) => e
                .source()
                .map_or_else(|| e.to_string(), ToString::to_string),
        };
        // The loader's words for a library that is not there begin with its own name; those for one that
        // lacks another begin with that one's.
        let absent = format!(
            "{}: cannot open shared object file: No such",
            path.display()
        );
        if !error.starts_with(&absent) {
            broken.get_or_insert(format!("does not open ({}: {error})", path.display()));
        }
    }
    let mut places = vec!["the system's folders".to_owned()];
    places.extend(folders.iter().map(|folder| folder.display().to_string()));
    let (names, places) = (names.join(", "), places.join(", "));
    Err(broken.unwrap_or(format!("is not here (no {names} in {places})")))
}

/// Fills the slots of a library's functions; the names of those that it does not have.
fn fill(library: &Library, entries: &[Entry]) -> Vec<&'static str> {
    let mut absent = Vec::new();
    for (name, slot) in entries {
        // SAFETY: only the address is taken; who calls it declared its type, as the linker would have it.
        match unsafe { library.get::<unsafe extern "C" fn()>(name.as_bytes()) } {
            Ok(function) => slot.store(*function as *mut (), Ordering::Release),
            Err(_) => absent.push(*name),
        }
    }
    absent
}

/// Functions that end something, as calls that always succeed: cudarc unwraps them where a value is
/// dropped, and on a device that is lost they all fail, so that the program would abort in the middle of
/// saying so. The next call that does something still fails.
mod endings {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicPtr, Ordering};

    macro_rules! endings {
        ($($name:ident($($parameter:ident: $type:ty),*))*) => {
            /// Puts these in the place of the library's.
            pub(super) fn put(entries: &[super::Entry]) {
                $({
                    static REAL: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

                    extern "C" fn forgiving($($parameter: $type),*) -> u32 {
                        let real = REAL.load(Ordering::Acquire);
                        if !real.is_null() {
                            // SAFETY: the library's function of this name, with the parameters that its
                            // header declares.
                            unsafe {
                                let real: extern "C" fn($($type),*) -> u32 = std::mem::transmute(real);
                                real($($parameter),*);
                            }
                        }
                        0
                    }

                    let mut slots = entries.iter();
                    if let Some((_, slot)) = slots.find(|(name, _)| *name == stringify!($name)) {
                        let forgiving = forgiving as extern "C" fn($($type),*) -> u32;
                        REAL.store(slot.load(Ordering::Acquire), Ordering::Release);
                        slot.store(forgiving as *mut (), Ordering::Release);
                    }
                })*
            }
        };
    }

    endings! {
        cuMemFreeAsync(memory: u64, stream: *mut c_void)
        cuMemFree_v2(memory: u64)
        cuCtxSetCurrent(context: *mut c_void)
        cuModuleUnload(module: *mut c_void)
        cuEventDestroy_v2(event: *mut c_void)
        cuStreamDestroy_v2(stream: *mut c_void)
        cuDevicePrimaryCtxRelease_v2(device: i32)
        cublasDestroy_v2(handle: *mut c_void)
    }
}

/// What a function returns that has no address yet: an error in all three libraries (not initialised,
/// out of memory, invalid input). No call comes here, as no device opens before [`load`].
extern "C" fn unloaded() -> u32 {
    3
}

/// A function by the name that C knows it by: a jump to the address in its slot.
#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    ($name:ident) => {
        std::arch::global_asm!(
            concat!(".globl ", stringify!($name)),
            concat!(".type ", stringify!($name), ",@function"),
            concat!(stringify!($name), ":"),
            "jmp qword ptr [rip + {slot}]",
            slot = sym $name,
        );
    };
}

#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    ($name:ident) => {
        std::arch::global_asm!(
            concat!(".globl ", stringify!($name)),
            concat!(".type ", stringify!($name), ",%function"),
            concat!(stringify!($name), ":"),
            "adrp x16, {slot}",
            "ldr x16, [x16, :lo12:{slot}]",
            "br x16",
            slot = sym $name,
        );
    };
}

/// The functions of a library, each with a slot of its name.
macro_rules! functions {
    ($library:ident: $($name:ident)*) => {
        mod $library {
            #![allow(non_upper_case_globals, reason = "slots are called as their functions are")]

            use super::*;

            $(
                static $name: AtomicPtr<()> = AtomicPtr::new(unloaded as *const () as *mut ());
                jump!($name);
            )*

            pub(super) fn entries() -> Vec<Entry> {
                // Some linkers take an object of a library only for a name that is missing so far.
                mod jumps {
                    unsafe extern "C" { $( pub(super) fn $name(); )* }
                }
                vec![$( {
                    std::hint::black_box(jumps::$name as unsafe extern "C" fn());
                    (stringify!($name), &$name)
                } ),*]
            }
        }
    };
}

functions! { driver:
    cuDeviceGetDefaultMemPool cuMemPoolSetAttribute cuMemPoolTrimTo
    cuCtxGetCurrent cuCtxSetCurrent cuDestroyExternalMemory cuDeviceGet cuDeviceGetAttribute
    cuDeviceGetCount cuDevicePrimaryCtxRelease_v2 cuDevicePrimaryCtxRetain cuDeviceTotalMem_v2
    cuEventCreate cuEventDestroy_v2 cuEventElapsedTime cuEventQuery cuEventRecord
    cuExternalMemoryGetMappedBuffer cuGetErrorName cuGetErrorString cuImportExternalMemory cuInit
    cuLaunchKernel cuMemAllocAsync cuMemAlloc_v2 cuMemFreeAsync cuMemFree_v2 cuMemGetInfo_v2
    cuMemcpyDtoDAsync_v2 cuMemcpyDtoD_v2 cuMemcpyDtoHAsync_v2 cuMemcpyDtoH_v2 cuMemcpyHtoDAsync_v2
    cuMemcpyHtoD_v2 cuMemsetD8Async cuMemsetD8_v2 cuModuleGetFunction cuModuleLoad cuModuleLoadData
    cuModuleUnload cuOccupancyAvailableDynamicSMemPerBlock
    cuOccupancyMaxActiveBlocksPerMultiprocessor
    cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags cuOccupancyMaxActiveClusters
    cuOccupancyMaxPotentialBlockSize cuOccupancyMaxPotentialBlockSizeWithFlags
    cuOccupancyMaxPotentialClusterSize cuProfilerStart cuProfilerStop cuStreamCreate
    cuStreamDestroy_v2 cuStreamSynchronize cuStreamWaitEvent
}

functions! { cublas:
    cublasCreate_v2 cublasDestroy_v2 cublasDgemmStridedBatched cublasDgemm_v2 cublasDgemv_v2
    cublasGemmEx cublasGemmStridedBatchedEx cublasSetStream_v2 cublasSgemmStridedBatched
    cublasSgemm_v2 cublasSgemv_v2
}

functions! { nvrtc:
    nvrtcCompileProgram nvrtcCreateProgram nvrtcDestroyProgram nvrtcGetPTX nvrtcGetPTXSize
    nvrtcGetProgramLog nvrtcGetProgramLogSize
}
