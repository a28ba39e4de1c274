// The operations of a network on a CUDA device. Maps are (batch, height, width, channels), weights of
// convolutions (kernel, kernel, in / groups, out); a *row* is the channels of one pixel.
//
// Neighbouring threads work on neighbouring channels, so that memory is read in whole lines. Sums over
// many rows go in stages of a few dozen rows each: no thread waits for another, none adds where another
// does, and the order of additions depends on the sizes alone, so that results repeat.
//
// Whatever is a gradient is added to.

// Sizes and places have 32 bits, since GPUs divide by 64 bits in software; `gpu.rs` sees to it that no
// memory has more than 2^31 values.
typedef unsigned size;
typedef unsigned long long address;

#define FOR_EACH(i, n)                                                                            \
    for (size i = blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += gridDim.x * blockDim.x)
#define KERNEL extern "C" __global__ void

// ---- Activations: 0 none, 1 max(x, 0), 2 min(max(x, 0), 6). What is not a number stays so.

__device__ float activate(int activation, float x) {
    if (activation >= 1 && x <= 0.0f) return 0.0f;
    if (activation == 2 && x >= 6.0f) return 6.0f;
    return x;
}

// The derivative by the result: it passes strictly between the bounds.
__device__ float passes(int activation, float y) {
    if (activation >= 1 && y <= 0.0f) return 0.0f;
    if (activation == 2 && y >= 6.0f) return 0.0f;
    return 1.0f;
}

// ---- Sums over rows: `in` is (groups, rows, columns), `out` (groups, ceil(rows / per), columns).

KERNEL nasfw_sum_rows(size groups, size rows, size columns, size per, float factor, int accumulate,
                      const float *in, float *out) {
    size parts = (rows + per - 1) / per;
    FOR_EACH(i, groups * parts * columns) {
        size column = i % columns, part = i / columns % parts, group = i / (columns * parts);
        size end = (part + 1) * per < rows ? (part + 1) * per : rows;
        float sum = 0.0f;
        for (size row = part * per; row < end; row++) {
            sum += in[(group * rows + row) * columns + column];
        }
        out[i] = factor * sum + (accumulate ? out[i] : 0.0f);
    }
}

// The first stage of Σ (x − mean)².
KERNEL nasfw_sum_deviations(size rows, size columns, size per, const float *x, const float *mean,
                            float *out) {
    size parts = (rows + per - 1) / per;
    FOR_EACH(i, parts * columns) {
        size column = i % columns, part = i / columns;
        size end = (part + 1) * per < rows ? (part + 1) * per : rows;
        float middle = mean[column], sum = 0.0f;
        for (size row = part * per; row < end; row++) {
            float deviation = x[row * columns + column] - middle;
            sum += deviation * deviation;
        }
        out[i] = sum;
    }
}

// ---- Batch normalisation and what comes after it.

KERNEL nasfw_normalise(size n, size columns, int activation, float epsilon, const float *x,
                       const float *mean, const float *variance, const float *gamma,
                       const float *beta, float *y) {
    FOR_EACH(i, n) {
        size c = i % columns;
        float normal = (x[i] - mean[c]) / sqrtf(variance[c] + epsilon);
        y[i] = activate(activation, normal * gamma[c] + beta[c]);
    }
}

// The first stage of Σ dz and Σ dz · normal, side by side: `out` is (parts, 2 · columns).
KERNEL nasfw_sum_normal_gradients(size rows, size columns, size per, int activation, float epsilon,
                                  const float *x, const float *y, const float *dy,
                                  const float *mean, const float *variance, float *out) {
    size parts = (rows + per - 1) / per;
    FOR_EACH(i, parts * columns) {
        size c = i % columns, part = i / columns;
        size end = (part + 1) * per < rows ? (part + 1) * per : rows;
        float middle = mean[c], scale = 1.0f / sqrtf(variance[c] + epsilon);
        float plain = 0.0f, weighted = 0.0f;
        for (size row = part * per; row < end; row++) {
            size at = row * columns + c;
            float dz = dy[at] * passes(activation, y[at]);
            plain += dz;
            weighted += dz * ((x[at] - middle) * scale);
        }
        out[part * 2 * columns + c] = plain;
        out[part * 2 * columns + columns + c] = weighted;
    }
}

// dx += γ / √(variance + ε) · (dz − mean of dz − normal · mean of dz · normal); `means` are these two.
KERNEL nasfw_normalise_backward(size n, size columns, int activation, float epsilon,
                                const float *x, const float *y, const float *dy,
                                const float *mean, const float *variance, const float *gamma,
                                const float *means, float *dx) {
    FOR_EACH(i, n) {
        size c = i % columns;
        float scale = 1.0f / sqrtf(variance[c] + epsilon), normal = (x[i] - mean[c]) * scale;
        float dz = dy[i] * passes(activation, y[i]);
        dx[i] += gamma[c] * scale * (dz - means[c] - normal * means[columns + c]);
    }
}

// The gradients of shift and scale from the same means over `rows` rows.
KERNEL nasfw_affine_gradients(size columns, float rows, const float *means, float *dbeta,
                              float *dgamma) {
    FOR_EACH(c, columns) {
        dbeta[c] += rows * means[c];
        dgamma[c] += rows * means[columns + c];
    }
}

// activation(x · scale + shift); without a scale 1, without a shift 0. `x` and `y` may be the same.
KERNEL nasfw_scale_shift(size n, size columns, int activation, const float *x, const float *scale,
                         const float *shift, float *y) {
    FOR_EACH(i, n) {
        size c = i % columns;
        float value = x[i];
        if (scale) value *= scale[c];
        if (shift) value += shift[c];
        y[i] = activate(activation, value);
    }
}

KERNEL nasfw_scale_shift_backward(size n, size columns, int activation, const float *y,
                                  const float *dy, const float *scale, float *dx) {
    FOR_EACH(i, n) {
        float dz = dy[i] * passes(activation, y[i]);
        dx[i] += scale ? dz * scale[i % columns] : dz;
    }
}

// ---- Convolutions.

struct Conv {
    int batch, height, width, channels;
    int out_height, out_width, outputs;
    int kernel, stride, dilation, padding, groups;
};

// The place in a map behind a tap of an output, −1 outside.
__device__ long long behind(const Conv &conv, size pixel, int tap) {
    int x = pixel % conv.out_width, y = pixel / conv.out_width % conv.out_height;
    size image = pixel / ((size)conv.out_width * conv.out_height);
    int row = y * conv.stride + tap / conv.kernel * conv.dilation - conv.padding;
    int column = x * conv.stride + tap % conv.kernel * conv.dilation - conv.padding;
    if (row < 0 || row >= conv.height || column < 0 || column >= conv.width) return -1;
    return ((long long)image * conv.height + row) * conv.width + column;
}

// The output that reads a place of a map with a tap, −1 for none.
__device__ long long reader(const Conv &conv, size pixel, int tap) {
    int x = pixel % conv.width, y = pixel / conv.width % conv.height;
    size image = pixel / ((size)conv.width * conv.height);
    int row = y + conv.padding - tap / conv.kernel * conv.dilation;
    int column = x + conv.padding - tap % conv.kernel * conv.dilation;
    if (row < 0 || column < 0 || row % conv.stride || column % conv.stride) return -1;
    row /= conv.stride, column /= conv.stride;
    if (row >= conv.out_height || column >= conv.out_width) return -1;
    return ((long long)image * conv.out_height + row) * conv.out_width + column;
}

// What each output sees, (output pixels, taps, channels): a convolution is a product with this.
KERNEL nasfw_patches(Conv conv, size n, const float *x, float *patches) {
    size taps = conv.kernel * conv.kernel, channels = conv.channels;
    FOR_EACH(i, n) {
        size channel = i % channels, tap = i / channels % taps, pixel = i / (channels * taps);
        long long place = behind(conv, pixel, tap);
        patches[i] = place < 0 ? 0.0f : x[place * channels + channel];
    }
}

// The gradient of a map from that of its patches.
KERNEL nasfw_patches_backward(Conv conv, size n, const float *dpatches, float *dx) {
    size taps = conv.kernel * conv.kernel, channels = conv.channels;
    FOR_EACH(i, n) {
        size channel = i % channels, pixel = i / channels;
        float sum = 0.0f;
        for (int tap = 0; tap < (int)taps; tap++) {
            long long at = reader(conv, pixel, tap);
            if (at >= 0) sum += dpatches[(at * taps + tap) * channels + channel];
        }
        dx[i] += sum;
    }
}

// Convolutions in groups, depthwise ones above all, without patches.
KERNEL nasfw_grouped(Conv conv, size n, const float *x, const float *weight, float *y) {
    size outputs = conv.outputs, inputs = conv.channels / conv.groups;
    size per_group = outputs / conv.groups;
    FOR_EACH(i, n) {
        size output = i % outputs, pixel = i / outputs, first = output / per_group * inputs;
        float sum = 0.0f;
        for (int tap = 0; tap < conv.kernel * conv.kernel; tap++) {
            long long place = behind(conv, pixel, tap);
            if (place < 0) continue;
            const float *in = x + place * conv.channels + first;
            for (size input = 0; input < inputs; input++) {
                sum += in[input] * weight[(tap * inputs + input) * outputs + output];
            }
        }
        y[i] = sum;
    }
}

KERNEL nasfw_grouped_input_gradient(Conv conv, size n, const float *dy, const float *weight,
                                    float *dx) {
    size outputs = conv.outputs, channels = conv.channels, inputs = channels / conv.groups;
    size per_group = outputs / conv.groups;
    FOR_EACH(i, n) {
        size channel = i % channels, pixel = i / channels;
        size first = channel / inputs * per_group, input = channel % inputs;
        float sum = 0.0f;
        for (int tap = 0; tap < conv.kernel * conv.kernel; tap++) {
            long long at = reader(conv, pixel, tap);
            if (at < 0) continue;
            for (size output = first; output < first + per_group; output++) {
                sum += dy[at * outputs + output] * weight[(tap * inputs + input) * outputs + output];
            }
        }
        dx[i] += sum;
    }
}

// The first stage of the weight's gradient, over `per` output pixels each: (parts, weight).
KERNEL nasfw_grouped_weight_gradient(Conv conv, size pixels, size per, const float *x,
                                     const float *dy, float *out) {
    size outputs = conv.outputs, channels = conv.channels, inputs = channels / conv.groups;
    size per_group = outputs / conv.groups, taps = conv.kernel * conv.kernel;
    size weights = taps * inputs * outputs, parts = (pixels + per - 1) / per;
    FOR_EACH(i, parts * weights) {
        size output = i % outputs, input = i / outputs % inputs;
        int tap = i / (outputs * inputs) % taps;
        size part = i / weights, channel = output / per_group * inputs + input;
        size end = (part + 1) * per < pixels ? (part + 1) * per : pixels;
        float sum = 0.0f;
        for (size pixel = part * per; pixel < end; pixel++) {
            long long place = behind(conv, pixel, tap);
            if (place >= 0) sum += x[place * channels + channel] * dy[pixel * outputs + output];
        }
        out[i] = sum;
    }
}

// ---- Bilinear resizing, align_corners = false; positions in f32 as PyTorch computes them.

struct Resize {
    int height, width, channels, out_height, out_width;
};

__device__ void between(int at, int in, int out, int *low, int *high, float *weight) {
    float scale = (float)in / (float)out;
    float position = fmaxf(__fsub_rn(__fmul_rn((float)at + 0.5f, scale), 0.5f), 0.0f);
    int lower = (int)position;
    *low = lower < in - 1 ? lower : in - 1;
    *high = *low + 1 < in ? *low + 1 : in - 1;
    *weight = position - (float)*low;
}

// How much of the input at `place` is in the output at `at`.
__device__ float share_of(int place, int at, int in, int out) {
    int low, high;
    float weight;
    between(at, in, out, &low, &high, &weight);
    return (low == place ? 1.0f - weight : 0.0f) + (high == place ? weight : 0.0f);
}

// The outputs that may read an input: a few too many, never too few.
__device__ void readers(int place, int in, int out, int *first, int *end) {
    float back = (float)out / (float)in;
    int from = (int)floorf(((float)place - 0.5f) * back - 0.5f) - 1;
    int to = (int)ceilf(((float)place + 1.5f) * back - 0.5f) + 2;
    *first = place == 0 || from < 0 ? 0 : from;
    *end = place == in - 1 || to > out ? out : to;
}

KERNEL nasfw_resize(Resize size_, size n, const float *x, float *y) {
    size channels = size_.channels;
    FOR_EACH(i, n) {
        size channel = i % channels, pixel = i / channels;
        int column = pixel % size_.out_width, row = pixel / size_.out_width % size_.out_height;
        size image = pixel / ((size)size_.out_width * size_.out_height);
        int top, bottom, left, right;
        float down, across;
        between(row, size_.height, size_.out_height, &top, &bottom, &down);
        between(column, size_.width, size_.out_width, &left, &right, &across);
        const float *in = x + image * size_.height * size_.width * channels + channel;
        size above = (size)top * size_.width, below = (size)bottom * size_.width;
        float upper = (1.0f - across) * in[(above + left) * channels] +
                      across * in[(above + right) * channels];
        float lower = (1.0f - across) * in[(below + left) * channels] +
                      across * in[(below + right) * channels];
        y[i] = (1.0f - down) * upper + down * lower;
    }
}

KERNEL nasfw_resize_backward(Resize size_, size n, const float *dy, float *dx) {
    size channels = size_.channels;
    FOR_EACH(i, n) {
        size channel = i % channels, pixel = i / channels;
        int column = pixel % size_.width, row = pixel / size_.width % size_.height;
        size image = pixel / ((size)size_.width * size_.height);
        int first_row, end_row, first_column, end_column;
        readers(row, size_.height, size_.out_height, &first_row, &end_row);
        readers(column, size_.width, size_.out_width, &first_column, &end_column);
        const float *out = dy + image * size_.out_height * size_.out_width * channels + channel;
        float sum = 0.0f;
        for (int r = first_row; r < end_row; r++) {
            float down = share_of(row, r, size_.height, size_.out_height);
            if (down == 0.0f) continue;
            for (int c = first_column; c < end_column; c++) {
                float across = share_of(column, c, size_.width, size_.out_width);
                sum += down * across * out[((size)r * size_.out_width + c) * channels];
            }
        }
        dx[i] += sum;
    }
}

// ---- Sums, slices, rows.

KERNEL nasfw_add(size n, const float *x, float *y) {
    FOR_EACH(i, n) y[i] += x[i];
}

KERNEL nasfw_copy(size n, const float *x, float *y) {
    FOR_EACH(i, n) y[i] = x[i];
}

// y += factor · x, one row of x for each `rows` rows of y.
KERNEL nasfw_spread(size n, size rows, size columns, float factor, const float *x, float *y) {
    FOR_EACH(i, n) y[i] += factor * x[i / (rows * columns) * columns + i % columns];
}

// Columns of x into those of y from `offset` on.
KERNEL nasfw_put_columns(size n, size columns, size of, size offset, const float *x, float *y) {
    FOR_EACH(i, n) y[i / columns * of + offset + i % columns] = x[i];
}

KERNEL nasfw_take_columns(size n, size columns, size of, size offset, const float *dy, float *dx) {
    FOR_EACH(i, n) dx[i] += dy[i / columns * of + offset + i % columns];
}

// The first largest channel of every pixel; not-a-number for a pixel with a value that is not finite.
KERNEL nasfw_argmax(size pixels, size channels, const float *x, float *out) {
    FOR_EACH(i, pixels) {
        const float *row = x + (address)i * channels;
        size best = 0;
        float spoiled = 0.0f;
        for (size c = 0; c < channels; c++) {
            spoiled += row[c] * 0.0f;
            if (row[c] > row[best]) best = c;
        }
        out[i] = (float)best + spoiled;
    }
}

// The samples `index` of a store of samples of `length` values.
KERNEL nasfw_samples(size n, size length, const unsigned *index, const float *store, float *out) {
    FOR_EACH(i, n) out[i] = store[(address)index[i / length] * length + i % length];
}

// ---- Losses. `upstream` is the derivative by the loss.

// Sums and the largest of a vector in stages: thread j of `threads` takes j, j + threads, …
KERNEL nasfw_sum(size n, size threads, const float *in, float *out) {
    FOR_EACH(j, threads) {
        float sum = 0.0f;
        for (size i = j; i < n; i += threads) sum += in[i];
        out[j] = sum;
    }
}

KERNEL nasfw_largest(size n, size threads, const float *in, float *out) {
    FOR_EACH(j, threads) {
        float largest = 0.0f;
        for (size i = j; i < n; i += threads) largest = fmaxf(largest, in[i]);
        out[j] = largest;
    }
}

KERNEL nasfw_mean(const float *sum, const float *count, float *mean) {
    FOR_EACH(i, 1) mean[i] = sum[i] / fmaxf(count[i], 1.0f);
}

__device__ float log_of_sum(size classes, const float *logits) {
    float largest = logits[0], sum = 0.0f;
    for (size c = 1; c < classes; c++) largest = fmaxf(largest, logits[c]);
    for (size c = 0; c < classes; c++) sum += expf(logits[c] - largest);
    return largest + logf(sum);
}

KERNEL nasfw_cross_entropy(size pixels, size classes, int ignore, float share,
                           const unsigned char *labels, const float *logits, float *losses) {
    FOR_EACH(i, pixels) {
        const float *at = logits + i * classes;
        losses[i] = labels[i] == ignore ? 0.0f : share * (log_of_sum(classes, at) - at[labels[i]]);
    }
}

KERNEL nasfw_cross_entropy_backward(size pixels, size classes, int ignore, float share,
                                    const unsigned char *labels, const float *logits,
                                    const float *upstream, float *dlogits) {
    FOR_EACH(i, pixels) {
        if (labels[i] == ignore) continue;
        const float *at = logits + i * classes;
        float log_sum = log_of_sum(classes, at), factor = share * upstream[0];
        for (size c = 0; c < classes; c++) {
            float wanted = c == labels[i] ? 1.0f : 0.0f;
            dlogits[i * classes + c] += factor * (expf(at[c] - log_sum) - wanted);
        }
    }
}

// A truth of 0, below it, or not a number is none.
KERNEL nasfw_berhu_errors(size n, const float *depth, const float *truth, float *errors,
                          float *counts) {
    FOR_EACH(i, n) {
        bool counted = truth[i] > 0.0f;
        errors[i] = counted ? fabsf(depth[i] - truth[i]) : 0.0f;
        counts[i] = counted ? 1.0f : 0.0f;
    }
}

KERNEL nasfw_berhu(size n, const float *largest, float *errors) {
    FOR_EACH(i, n) {
        float c = 0.2f * largest[0], e = errors[i];
        errors[i] = c > 0.0f && !(e <= c) ? (e * e + c * c) / (2.0f * c) : e;
    }
}

KERNEL nasfw_berhu_backward(size n, const float *largest, const float *count, const float *depth,
                            const float *truth, const float *upstream, float *ddepth) {
    FOR_EACH(i, n) {
        if (!(truth[i] > 0.0f)) continue;
        float c = 0.2f * largest[0], e = depth[i] - truth[i], size_ = fabsf(e);
        float sign = e > 0.0f ? 1.0f : e < 0.0f ? -1.0f : e;
        float slope = c > 0.0f && !(size_ <= c) ? e / c : sign;
        ddepth[i] += slope * upstream[0] / fmaxf(count[0], 1.0f);
    }
}

KERNEL nasfw_squared_errors(size n, const float *x, const float *truth, const float *mask,
                            float *errors, float *counts) {
    FOR_EACH(i, n) {
        float weight = mask ? mask[i] : 1.0f, e = x[i] - truth[i];
        errors[i] = e * e * weight;
        counts[i] = weight != 0.0f ? 1.0f : 0.0f;
    }
}

KERNEL nasfw_squared_errors_backward(size n, const float *x, const float *truth, const float *mask,
                                     const float *count, const float *upstream, float *dx) {
    FOR_EACH(i, n) {
        float weight = mask ? mask[i] : 1.0f;
        dx[i] += 2.0f * (x[i] - truth[i]) * weight * upstream[0] / fmaxf(count[0], 1.0f);
    }
}

// ---- Clipping: `vectors` are addresses, `lengths` how long they are.

KERNEL nasfw_squares(size count, size threads, const address *vectors, const address *lengths,
                     double *out) {
    FOR_EACH(j, threads) {
        double sum = 0.0;
        for (size v = 0; v < count; v++) {
            const float *vector = (const float *)vectors[v];
            for (size i = j; i < lengths[v]; i += threads) sum += (double)vector[i] * vector[i];
        }
        out[j] = sum;
    }
}

KERNEL nasfw_norm(size n, const double *squares, float *norm) {
    FOR_EACH(one, 1) {
        double sum = squares[one];
        for (size i = 1; i < n; i++) sum += squares[i];
        norm[one] = (float)sqrt(sum);
    }
}

KERNEL nasfw_sum_double(size n, size threads, const double *in, double *out) {
    FOR_EACH(j, threads) {
        double sum = 0.0;
        for (size i = j; i < n; i += threads) sum += in[i];
        out[j] = sum;
    }
}

// A norm that is not a number leaves them as they are.
KERNEL nasfw_clip(size count, size threads, float max_norm, const float *norm,
                  const address *vectors, const address *lengths) {
    FOR_EACH(j, threads) {
        // The small constant is PyTorch's.
        float factor = max_norm / (norm[0] + 1e-6f);
        if (!(factor < 1.0f)) continue;
        for (size v = 0; v < count; v++) {
            float *vector = (float *)vectors[v];
            for (size i = j; i < lengths[v]; i += threads) vector[i] *= factor;
        }
    }
}
