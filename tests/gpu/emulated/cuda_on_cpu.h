// The parts of CUDA C++ that the kernels of nasfw and dfdx use and C++ lacks: a kernel is an ordinary
// function that is called once per thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

#ifndef __global__
#define __global__
#endif
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static
#define __CUDA_ARCH__ 900

struct Index {
    unsigned x, y, z;
};
extern Index threadIdx, blockIdx, blockDim, gridDim;

// Waits for the other threads of the block.
void __syncthreads();

template <class T> T atomicAdd(T *to, T value) {
    T before = *to;
    *to = before + value;
    return before;
}

inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fsub_rn(float a, float b) { return a - b; }
using std::isnan, std::max, std::min;
inline int max(int a, unsigned b) { return a > (int)b ? a : (int)b; }

// Kernels by name, each with its parameters behind pointers, as passed to cuLaunchKernel.
using Kernel = std::function<void(void **)>;
std::map<std::string, Kernel> &kernels();

template <class... A, std::size_t... I>
Kernel kernel_of(void (*function)(A...), std::index_sequence<I...>) {
    return [=](void **parameters) { function(*static_cast<std::decay_t<A> *>(parameters[I])...); };
}
template <class... A> bool add_kernel(const char *name, void (*function)(A...)) {
    return kernels().emplace(name, kernel_of(function, std::index_sequence_for<A...>())).second;
}
