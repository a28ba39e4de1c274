// Kernels for half floats are compiled but never run, so floats will do.
#pragma once
#include "cuda_on_cpu.h"

struct __half {
    float value;
    __half() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    __half(T from) : value(from) {}
    operator float() const { return value; }
    __half &operator+=(__half other) { return value += other.value, *this; }
    __half &operator-=(__half other) { return value -= other.value, *this; }
    __half &operator*=(__half other) { return value *= other.value, *this; }
    __half &operator/=(__half other) { return value /= other.value, *this; }
};
inline __half operator+(__half a, __half b) { return a.value + b.value; }
inline __half operator-(__half a, __half b) { return a.value - b.value; }
inline __half operator*(__half a, __half b) { return a.value * b.value; }
inline __half operator/(__half a, __half b) { return a.value / b.value; }
inline __half operator-(__half a) { return -a.value; }
inline __half __float2half(float a) { return a; }
inline float __half2float(__half a) { return a.value; }
inline bool __hisnan(__half a) { return std::isnan(a.value); }
inline __half __habs(__half a) { return std::fabs(a.value); }
inline __half __hmax_nan(__half a, __half b) { return std::fmax(a.value, b.value); }
inline __half __hmin_nan(__half a, __half b) { return std::fmin(a.value, b.value); }
inline __half hcos(__half a) { return std::cos(a.value); }
inline __half hsin(__half a) { return std::sin(a.value); }
inline __half hsqrt(__half a) { return std::sqrt(a.value); }
inline __half hlog(__half a) { return std::log(a.value); }
inline __half hexp(__half a) { return std::exp(a.value); }
