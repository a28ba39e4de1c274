// A CUDA driver without a GPU: the part of libcuda.so.1 that nasfw and dfdx call, on the CPU.
//
// Memory is the host's; a launch calls the kernel's function for one thread after the other. New and
// freed memory is filled with NaN, which reveals a kernel that reads uninitialised memory, and every
// block of memory ends in a mark, which reveals a kernel that writes beyond it.
//
//   EMULATED_DEVICES=N     number of devices, 1 by default
//   EMULATED_MEMORY_MB=N   memory of each, 4096 by default
//   EMULATED_LOST_AFTER=N  after that many launches every call fails, as on a GPU that fell off the bus
//   EMULATED_REPORT=1      prints the number of calls to standard error at the end; 2: also by kernel
#include "cuda_on_cpu.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <ucontext.h>
#include <vector>

Index threadIdx, blockIdx, blockDim, gridDim;

std::map<std::string, Kernel> &kernels() {
    static auto *all = new std::map<std::string, Kernel>;
    return *all;
}

namespace {

enum Result {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    INVALID_DEVICE = 101,
    NOT_FOUND = 500,
    LAUNCH_FAILED = 719,
};

size_t number(const char *name, size_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, nullptr, 10) : otherwise;
}

// ---- Memory.

const uint64_t MARK = 0x6e61736677656e64;
const size_t HEAD = 64;

size_t used = 0, peak = 0;
unsigned long allocations = 0, launches = 0, to_device = 0, to_host = 0, waits = 0;

bool is_lost() {
    static const size_t last = number("EMULATED_LOST_AFTER", ~(size_t)0);
    return launches >= last;
}

char *head_of(void *memory) { return (char *)memory - HEAD; }

Result allocate(void **memory, size_t bytes) {
    if (is_lost()) return LAUNCH_FAILED;
    if (used + bytes > number("EMULATED_MEMORY_MB", 4096) << 20) return OUT_OF_MEMORY;
    used += bytes, peak = std::max(peak, used), allocations++;
    size_t padded = (bytes + 63) / 64 * 64;
    char *head = (char *)aligned_alloc(64, HEAD + padded + 64);
    if (!head) return OUT_OF_MEMORY;
    memcpy(head, &bytes, sizeof bytes);
    memset(head + HEAD, 0xff, padded);
    memcpy(head + HEAD + bytes, &MARK, sizeof MARK);
    *memory = head + HEAD;
    return SUCCESS;
}

Result release(void *memory) {
    if (is_lost()) return LAUNCH_FAILED;
    if (!memory) return SUCCESS;
    char *head = head_of(memory);
    size_t bytes;
    memcpy(&bytes, head, sizeof bytes);
    if (memcmp(head + HEAD + bytes, &MARK, sizeof MARK) != 0) {
        fprintf(stderr, "emulated device: something wrote beyond %zu bytes of memory\n", bytes);
        abort();
    }
    used -= bytes;
    memset(head + HEAD, 0xff, bytes);
    free(head);
    return SUCCESS;
}

// ---- Blocks whose threads wait for each other: each thread runs on a stack of its own.

struct Waits {};
bool has_stacks = false;
ucontext_t scheduler;
std::vector<ucontext_t> contexts;
std::vector<std::vector<char>> stacks;
std::vector<bool> finished;
size_t current;
const Kernel *running;
void **running_parameters;

void thread_main() {
    (*running)(running_parameters);
    finished[current] = true;
}

void run_with_stacks(size_t threads) {
    has_stacks = true;
    contexts.resize(threads), finished.assign(threads, false);
    while (stacks.size() < threads) stacks.emplace_back(64 << 10);
    for (size_t t = 0; t < threads; t++) {
        getcontext(&contexts[t]);
        contexts[t].uc_stack.ss_sp = stacks[t].data();
        contexts[t].uc_stack.ss_size = stacks[t].size();
        contexts[t].uc_link = &scheduler;
        makecontext(&contexts[t], thread_main, 0);
    }
    for (bool any = true; any;) {
        any = false;
        for (current = 0; current < threads; current++) {
            if (finished[current]) continue;
            any = true;
            threadIdx = {(unsigned)current, 0, 0};
            swapcontext(&scheduler, &contexts[current]);
        }
    }
    has_stacks = false;
}

void run_block(const Kernel &kernel, void **parameters, size_t threads) {
    running = &kernel, running_parameters = parameters;
    size_t t = 0;
    try {
        for (; t < threads; t++) {
            threadIdx = {(unsigned)t, 0, 0};
            kernel(parameters);
        }
    } catch (Waits) {
        // Before its first wait, the first thread has only written to shared memory of the block.
        if (t > 0) throw std::logic_error("a thread waits that others before it did not wait for");
        run_with_stacks(threads);
    }
}

std::map<const Kernel *, unsigned long> launches_of;

struct Report {
    ~Report() {
        if (!getenv("EMULATED_REPORT")) return;
        fprintf(stderr,
                "emulated device: %lu launches, %lu copies to it, %lu copies to the host, "
                "%lu waits, %lu allocations, at most %.1f MiB\n",
                launches, to_device, to_host, waits, allocations, peak / 1048576.0);
        if (number("EMULATED_REPORT", 1) < 2) return;
        for (auto &[name, kernel] : kernels()) {
            unsigned long count = launches_of[&kernel];
            if (count > 0) fprintf(stderr, "%8lu %s\n", count, name.c_str());
        }
    }
} report;

}  // namespace

void __syncthreads() {
    if (!has_stacks) throw Waits();
    size_t self = current;
    swapcontext(&contexts[self], &scheduler);
}

#define API extern "C" __attribute__((visibility("default"))) int
typedef void *Handle;

API cuInit(unsigned) { return number("EMULATED_DEVICES", 1) ? SUCCESS : 100; }
API cuDeviceGetCount(int *count) { return *count = number("EMULATED_DEVICES", 1), SUCCESS; }
API cuDeviceGet(int *device, int ordinal) {
    if ((size_t)ordinal >= number("EMULATED_DEVICES", 1)) return INVALID_DEVICE;
    return *device = ordinal, SUCCESS;
}
API cuDeviceGetAttribute(int *value, int attribute, int) {
    switch (attribute) {
    case 75: *value = 9; break;   // compute capability, major
    case 76: *value = 0; break;   // and minor
    case 115: *value = 1; break;  // memory pools
    default: *value = 0;
    }
    return SUCCESS;
}
API cuDevicePrimaryCtxRetain(Handle *context, int) { return *context = (Handle)1, SUCCESS; }
API cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
API cuCtxSetCurrent(Handle) { return SUCCESS; }
API cuCtxGetCurrent(Handle *context) { return *context = (Handle)1, SUCCESS; }
API cuEventCreate(Handle *event, unsigned) { return *event = (Handle)1, SUCCESS; }
API cuEventDestroy_v2(Handle) { return SUCCESS; }
API cuEventRecord(Handle, Handle) { return SUCCESS; }
API cuStreamCreate(Handle *stream, unsigned) { return *stream = (Handle)1, SUCCESS; }
API cuStreamDestroy_v2(Handle) { return SUCCESS; }
API cuStreamSynchronize(Handle) { return waits++, is_lost() ? LAUNCH_FAILED : SUCCESS; }
API cuStreamWaitEvent(Handle, Handle, unsigned) { return SUCCESS; }
API cuGetErrorName(int, const char **name) { return *name = "EMULATED_ERROR", SUCCESS; }
API cuGetErrorString(int error, const char **text) {
    *text = error == OUT_OF_MEMORY ? "out of memory" : error == 100 ? "no CUDA-capable device" : "error";
    return SUCCESS;
}

API cuMemAlloc_v2(void **memory, size_t bytes) { return allocate(memory, bytes); }
API cuMemAllocAsync(void **memory, size_t bytes, Handle) { return allocate(memory, bytes); }
API cuMemFree_v2(void *memory) { return release(memory); }
API cuMemFreeAsync(void *memory, Handle) { return release(memory); }
API cuMemsetD8_v2(void *to, unsigned char value, size_t n) { return memset(to, value, n), SUCCESS; }
API cuMemsetD8Async(void *to, unsigned char value, size_t n, Handle) {
    return memset(to, value, n), SUCCESS;
}
API cuMemcpyHtoD_v2(void *to, const void *from, size_t n) {
    return to_device++, memcpy(to, from, n), SUCCESS;
}
API cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t n, Handle) {
    return to_device++, memcpy(to, from, n), SUCCESS;
}
API cuMemcpyDtoH_v2(void *to, const void *from, size_t n) {
    return to_host++, memcpy(to, from, n), is_lost() ? LAUNCH_FAILED : SUCCESS;
}
API cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t n, Handle) {
    return to_host++, memcpy(to, from, n), is_lost() ? LAUNCH_FAILED : SUCCESS;
}
API cuMemcpyDtoD_v2(void *to, const void *from, size_t n) { return memcpy(to, from, n), SUCCESS; }
API cuMemcpyDtoDAsync_v2(void *to, const void *from, size_t n, Handle) {
    return memcpy(to, from, n), SUCCESS;
}
API cuMemGetInfo_v2(size_t *free, size_t *total) {
    *total = number("EMULATED_MEMORY_MB", 4096) << 20, *free = *total - used;
    return SUCCESS;
}
API cuDeviceGetDefaultMemPool(Handle *pool, int) { return *pool = (Handle)1, SUCCESS; }
API cuMemPoolSetAttribute(Handle, int, void *) { return SUCCESS; }
API cuMemPoolTrimTo(Handle, size_t) { return SUCCESS; }

API cuModuleLoadData(Handle *module, const void *) { return *module = (Handle)1, SUCCESS; }
API cuModuleLoad(Handle *module, const char *) { return *module = (Handle)1, SUCCESS; }
API cuModuleUnload(Handle) { return SUCCESS; }
API cuModuleGetFunction(Handle *function, Handle, const char *name) {
    auto found = kernels().find(name);
    if (found == kernels().end()) {
        fprintf(stderr, "emulated device: no kernel %s\n", name);
        return NOT_FOUND;
    }
    return *function = &found->second, SUCCESS;
}
API cuLaunchKernel(Handle function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                   unsigned bz, unsigned, Handle, void **parameters, void **) {
    if (gy * gz * by * bz != 1 || gx == 0 || bx == 0 || bx > 1024) return INVALID_VALUE;
    if (is_lost()) return LAUNCH_FAILED;
    launches++, launches_of[(const Kernel *)function]++;
    gridDim = {gx, 1, 1}, blockDim = {bx, 1, 1};
    for (unsigned block = 0; block < gx; block++) {
        blockIdx = {block, 0, 0};
        run_block(*(const Kernel *)function, parameters, bx);
    }
    return SUCCESS;
}
