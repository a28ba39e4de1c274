//! The CUDA libraries, loaded when a CUDA device is requested and not when the program starts.
//!
//! cudarc, which dfdx uses, is linked to them, so a program with CUDA would not start on a machine
//! without a driver: not even `--device cpu` would run, and no message could name the missing part.
//! Here every library function that cudarc calls is a jump to an address in a table. The linker
//! finds these and omits the libraries; [`load`] opens the libraries and fills the table.
#![allow(
    unsafe_code,
    reason = "functions of C libraries, found by name at run time"
)]

use std::error::Error;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use libloading::Library;

/// The driver, which comes with the GPU's kernel module. Only the system's loader knows where it
/// is: the toolkit's file of this name is a stub for linking, whose functions do nothing.
const DRIVER: &[&str] = &["libcuda.so.1"];
/// Matrix products, from the toolkit.
const CUBLAS: &[&str] = &["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"];
/// The run-time compiler, from the toolkit. Only dfdx operations that are not used here need it.
const NVRTC: &[&str] = &["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"];

/// Candidate folders of the toolkit's libraries, if the system's loader does not know them.
fn toolkit() -> Vec<PathBuf> {
    let set = std::env::var_os("CUDA_PATH").map(PathBuf::from);
    let roots = set.into_iter().chain([PathBuf::from("/usr/local/cuda")]);
    roots
        .flat_map(|root| ["lib64", "lib"].map(|folder| root.join(folder)))
        .collect()
}

/// Opens the libraries, once. The error names the missing one and its source.
pub(super) fn load() -> Result<(), &'static str> {
    static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
    let loaded = LOADED.get_or_init(load_now);
    loaded.as_ref().copied().map_err(String::as_str)
}

/// The table entries of one library: function names and their slots.
type Entry = (&'static str, &'static AtomicPtr<()>);

fn load_now() -> Result<(), String> {
    let library = open(DRIVER, &[]).map_err(|e| {
        format!(
            "the NVIDIA driver's library {e}; install the driver (`nvidia-smi` shows \
             whether it works), or use --device cpu"
        )
    })?;
    let absent = fill(&library, &driver::entries());
    for needed in ["cuInit", "cuLaunchKernel", "cuMemAllocAsync"] {
        if absent.contains(&needed) {
            return Err(format!(
                "the NVIDIA driver lacks {needed}; install one for CUDA 11.2 or newer"
            ));
        }
    }
    endings::put(&driver::entries());
    let toolkit = toolkit();
    let blas = open(CUBLAS, &toolkit).map_err(|e| {
        format!(
            "the library cuBLAS {e}; install CUDA's libraries (docs/gpu.md), and set \
             LD_LIBRARY_PATH or CUDA_PATH to their folder"
        )
    })?;
    if let [absent, ..] = fill(&blas, &cublas::entries())[..] {
        return Err(format!("cuBLAS lacks {absent}; install CUDA 11 to 13"));
    }
    endings::put(&cublas::entries());
    if let Ok(compiler) = open(NVRTC, &toolkit) {
        fill(&compiler, &nvrtc::entries());
        std::mem::forget(compiler);
    }
    // The table points into them for the lifetime of the program.
    std::mem::forget((library, blas));
    Ok(())
}

/// Opens the first library among `names` that the system's loader finds, or that is in `folders`.
/// The error continues the sentence after the library's name.
fn open(names: &[&str], folders: &[PathBuf]) -> Result<Library, String> {
    let in_folders = (folders.iter()).flat_map(|f| names.iter().map(move |name| f.join(name)));
    let mut broken = None;
    for path in names.iter().map(PathBuf::from).chain(in_folders) {
        // SAFETY: loading a CUDA library runs nothing that affects this program.
        let error = match unsafe { Library::new(&path) } {
            Ok(library) => return Ok(library),
            // The source error has the loader's own words.
            Err(e) => e
                .source()
                .map_or_else(|| e.to_string(), ToString::to_string),
        };
        // The loader's message for a missing library starts with that library's name; for one that
        // lacks a dependency, with the dependency's name.
        let absent = format!(
            "{}: cannot open shared object file: No such",
            path.display()
        );
        if !error.starts_with(&absent) {
            broken.get_or_insert(format!("cannot be opened ({}: {error})", path.display()));
        }
    }
    let mut places = vec!["the system's folders".to_owned()];
    places.extend(folders.iter().map(|folder| folder.display().to_string()));
    let (names, places) = (names.join(", "), places.join(", "));
    Err(broken.unwrap_or(format!("was not found (no {names} in {places})")))
}

/// Fills the slots of a library's functions; returns the names of missing ones.
fn fill(library: &Library, entries: &[Entry]) -> Vec<&'static str> {
    let mut absent = Vec::new();
    for (name, slot) in entries {
        // SAFETY: only the address is taken; the caller declared its type, as for the linker.
        match unsafe { library.get::<unsafe extern "C" fn()>(name.as_bytes()) } {
            Ok(function) => slot.store(*function as *mut (), Ordering::Release),
            Err(_) => absent.push(*name),
        }
    }
    absent
}

/// Cleanup functions as calls that always succeed: cudarc unwraps them where a value is dropped,
/// and on a lost device they all fail, so that the program would abort while reporting the error.
/// The next call that does real work still fails.
mod endings {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicPtr, Ordering};

    macro_rules! endings {
        ($($name:ident($($parameter:ident: $type:ty),*))*) => {
            /// Substitutes these for the library's functions.
            pub(super) fn put(entries: &[super::Entry]) {
                $({
                    static REAL: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

                    extern "C" fn forgiving($($parameter: $type),*) -> u32 {
                        let real = REAL.load(Ordering::Acquire);
                        if !real.is_null() {
                            // SAFETY: the library's function of this name, with the parameters that
                            // its header declares.
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

/// Result of a function that has no address yet: an error code in all three libraries (not
/// initialised, out of memory, invalid input). No call gets here, because no device opens before
/// [`load`].
extern "C" fn unloaded() -> u32 {
    3
}

/// A function under its C name: a jump to the address in its slot.
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

/// The functions of a library, each with a slot of the same name.
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
                // Some linkers take an object from a library only for a name that is still
                // undefined.
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
