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

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use libloading::Library;

/// The driver, which comes with the GPU's kernel module.
const DRIVER: &[&str] = &["libcuda.so.1", "libcuda.so"];
/// Products of matrices, from the toolkit.
const CUBLAS: &[&str] = &["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"];
/// The compiler at run time, from the toolkit. Only operations of dfdx that nothing here uses need it.
const NVRTC: &[&str] = &["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"];

/// Where the toolkit may lie, if the system's loader does not know.
const FOLDERS: &[&str] = &["lib64", "lib"];

/// Opens the libraries, once. The error says which one is missing and where it comes from.
pub(super) fn load() -> Result<(), &'static str> {
    static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
    let loaded = LOADED.get_or_init(load_now);
    loaded.as_ref().copied().map_err(String::as_str)
}

/// What a table holds of one library: name of the function and its slot.
type Entry = (&'static str, &'static AtomicPtr<()>);

fn load_now() -> Result<(), String> {
    let library = open(DRIVER).map_err(|e| {
        format!(
            "the NVIDIA driver's library is not here ({e}); install the driver (`nvidia-smi` shows \
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
    let blas = open(CUBLAS).map_err(|e| {
        format!(
            "the library cuBLAS is not here ({e}); install CUDA's libraries (docs/gpu.md), and set \
             LD_LIBRARY_PATH or CUDA_PATH to where they are"
        )
    })?;
    if let [absent, ..] = fill(&blas, &cublas::entries())[..] {
        return Err(format!("cuBLAS has no {absent}; install CUDA 11 to 13"));
    }
    if let Ok(compiler) = open(NVRTC) {
        fill(&compiler, &nvrtc::entries());
        std::mem::forget(compiler);
    }
    // The table points into them as long as the program runs.
    std::mem::forget((library, blas));
    Ok(())
}

/// The first of some names that there is a library of.
fn open(names: &[&str]) -> Result<Library, String> {
    let mut roots: Vec<PathBuf> = Vec::new();
    roots.extend(std::env::var_os("CUDA_PATH").map(PathBuf::from));
    roots.push("/usr/local/cuda".into());
    let folders = (roots.iter()).flat_map(|root| FOLDERS.iter().map(move |f| root.join(f)));
    let in_folders = folders.flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    let anywhere = names.iter().map(PathBuf::from);
    for path in anywhere.chain(in_folders) {
        // SAFETY: the libraries of a CUDA installation run nothing on loading that concerns this program.
        if let Ok(library) = unsafe { Library::new(&path) } {
            return Ok(library);
        }
    }
    Err(format!("no {}", names.join(", ")))
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
