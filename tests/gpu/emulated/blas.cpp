// The part of libcublas that nasfw calls, on the CPU: column-major products in single precision.
#include <cstddef>

#define API extern "C" __attribute__((visibility("default"))) int
typedef void *Handle;

API cublasCreate_v2(Handle *handle) { return *handle = (Handle)1, 0; }
API cublasDestroy_v2(Handle) { return 0; }
API cublasSetStream_v2(Handle, Handle) { return 0; }

API cublasSgemm_v2(Handle, int of_a, int of_b, int m, int n, int k, const float *alpha, const float *a,
                   int lda, const float *b, int ldb, const float *beta, float *c, int ldc) {
    if (lda < (of_a ? k : m) || ldb < (of_b ? n : k) || ldc < m || m < 0 || n < 0 || k < 0) return 7;
    for (int column = 0; column < n; column++) {
        for (int row = 0; row < m; row++) {
            double sum = 0.0;
            for (int i = 0; i < k; i++) {
                size_t at_a = of_a ? i + (size_t)row * lda : row + (size_t)i * lda;
                size_t at_b = of_b ? column + (size_t)i * ldb : i + (size_t)column * ldb;
                sum += (double)a[at_a] * b[at_b];
            }
            float &to = c[row + (size_t)column * ldc];
            // With beta 0, the output is not read, as in the real library.
            to = *alpha * (float)sum + (*beta == 0.0f ? 0.0f : *beta * to);
        }
    }
    return 0;
}

// Looked up but not called: 15 is CUBLAS_STATUS_NOT_SUPPORTED.
API cublasDgemmStridedBatched() { return 15; }
API cublasDgemm_v2() { return 15; }
API cublasDgemv_v2() { return 15; }
API cublasGemmEx() { return 15; }
API cublasGemmStridedBatchedEx() { return 15; }
API cublasSgemmStridedBatched() { return 15; }
API cublasSgemv_v2() { return 15; }
