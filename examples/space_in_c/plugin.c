/* A search space for nasfw in C: a small encoder and one to four convolutions with kernel 1, 3 or 5.
 *
 * It uses only the C library. Requests are JSON that the program wrote, but this file reads them like untrusted input:
 * whatever does not fit is answered with an error. Spaces are called from several threads at once; this one has no state.
 */
#include "nasfw_plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

NASFW_PLUGIN_STAMP("plain-c", "0.1.0");

#define DEPTHS 4
#define KERNELS 3
#define CHANNELS 16
#define THE_SPACE 1 /* there is only one instance, and it has no state */

static const int kernels[KERNELS] = {1, 3, 5};

/* ---- text that grows -------------------------------------------------------------------------- */

typedef struct text {
    char *at;
    size_t len, capacity;
    int failed; /* out of memory: further text is dropped, and the call fails */
} text;

static void add(text *to, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int wanted = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (to->failed || wanted < 0) {
        to->failed = 1;
        return;
    }
    size_t needed = to->len + (size_t)wanted + 1;
    if (needed > to->capacity) {
        size_t capacity = needed * 2;
        char *grown = realloc(to->at, capacity);
        if (grown == NULL) {
            to->failed = 1;
            return;
        }
        to->at = grown;
        to->capacity = capacity;
    }
    va_start(list, format);
    vsnprintf(to->at + to->len, to->capacity - to->len, format, list);
    va_end(list);
    to->len += (size_t)wanted;
}

/* Returns a text as the reply. */
static int32_t answer(int32_t status, text *from, nasfw_buffer *reply) {
    if (from->failed) {
        free(from->at);
        *reply = (nasfw_buffer){NULL, 0, 0};
        return NASFW_FAILED;
    }
    *reply = (nasfw_buffer){(uint8_t *)from->at, from->len, from->capacity};
    return status;
}

static int32_t fail(const char *message, nasfw_buffer *reply) {
    text t = {0};
    add(&t, "{\"message\": \"%s\"}", message);
    return answer(NASFW_FAILED, &t, reply);
}

/* ---- reading the few values of requests ---------------------------------------------------------- */

/* The text after "key": in an object, or NULL. */
static const char *value_of(nasfw_bytes json, const char *key) {
    char quoted[40];
    int len = snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *at = (const char *)json.ptr, *end = at + json.len;
    for (; json.ptr != NULL && at + len <= end; at++) {
        if (memcmp(at, quoted, (size_t)len) == 0) {
            at += len;
            while (at < end && (*at == ' ' || *at == ':')) at++;
            return at;
        }
    }
    return NULL;
}

/* An integer of at most four digits at *at, which advances past it; -1 if there is none. */
static int number(const char **at, const char *end) {
    int value = 0, digits = 0;
    while (*at < end && **at >= '0' && **at <= '9' && digits < 4) {
        value = 10 * value + (**at - '0');
        (*at)++;
        digits++;
    }
    return digits == 0 ? -1 : value;
}

static int field(nasfw_bytes json, const char *key) {
    const char *at = value_of(json, key);
    return at == NULL ? -1 : number(&at, (const char *)json.ptr + json.len);
}

/* Depth and kernel from "choices": [0, 2]. */
static int choices(nasfw_bytes json, int *depth, int *kernel) {
    const char *at = value_of(json, "choices"), *end = (const char *)json.ptr + json.len;
    if (at == NULL || at >= end || *at++ != '[') return 0;
    *depth = number(&at, end);
    while (at < end && (*at == ',' || *at == ' ')) at++;
    *kernel = number(&at, end);
    return at < end && *at == ']' && *depth >= 0 && *depth < DEPTHS && *kernel >= 0 && *kernel < KERNELS;
}

/* ---- the network ------------------------------------------------------------------------------ */

static void conv(text *t, const char *name, int layer, const char *group, int input, int kernel, int stride) {
    add(t, "{\"name\": \"%s%d.conv\", \"group\": \"%s\", \"inputs\": [%d], \"op\": {\"kind\": \"conv\", "
           "\"out_channels\": %d, \"kernel\": %d, \"stride\": %d, \"dilation\": 1, \"groups\": 1, \"bias\": false}}, ",
        name, layer, group, input, CHANNELS, kernel, stride);
    add(t, "{\"name\": \"%s%d.norm\", \"group\": \"%s\", \"inputs\": [%d], \"op\": {\"kind\": \"batch_norm\"}}, ", name,
        layer, group, input + 1);
    add(t, "{\"name\": \"%s%d.relu\", \"group\": \"%s\", \"inputs\": [%d], \"op\": {\"kind\": \"activation\", "
           "\"function\": \"relu\"}}, ",
        name, layer, group, input + 2);
}

static int32_t decode(nasfw_bytes request, nasfw_buffer *reply) {
    int depth, kernel, inputs = field(request, "input_channels"), outputs = field(request, "output_channels");
    if (!choices(request, &depth, &kernel) || inputs < 1 || outputs < 1)
        return fail("decode: choices [depth 0-3, kernel 0-2] and io with at least one channel each are right", reply);
    text t = {0};
    add(&t, "{\"ir\": %d, \"nodes\": [{\"name\": \"image\", \"group\": \"encoder\", \"inputs\": [], \"op\": "
            "{\"kind\": \"input\", \"channels\": %d}}, ",
        NASFW_IR_VERSION, inputs);
    conv(&t, "stem", 0, "encoder", 0, 3, 4);
    int last = 3;
    for (int layer = 0; layer <= depth; layer++, last += 3) conv(&t, "layer", layer, "decoder", last, kernels[kernel], 1);
    add(&t, "{\"name\": \"head\", \"group\": \"decoder\", \"inputs\": [%d], \"op\": {\"kind\": \"conv\", \"out_channels\": %d, "
            "\"kernel\": 1, \"stride\": 1, \"dilation\": 1, \"groups\": 1, \"bias\": true}}], ",
        last, outputs);
    add(&t, "\"outputs\": [{\"name\": \"main\", \"role\": \"main\", \"node\": %d}]}", last + 1);
    return answer(NASFW_OK, &t, reply);
}

static int32_t genotype(nasfw_bytes request, nasfw_buffer *reply) {
    int depth, kernel;
    if (!choices(request, &depth, &kernel)) return fail("genotype: choices [depth 0-3, kernel 0-2] are right", reply);
    text t = {0};
    add(&t, "{\"genotype\": \"d%dk%d\"}", depth + 1, kernels[kernel]);
    return answer(NASFW_OK, &t, reply);
}

static int32_t parse(nasfw_bytes request, nasfw_buffer *reply) {
    const char *at = value_of(request, "genotype"), *end = (const char *)request.ptr + request.len;
    if (at != NULL && end - at >= 6 && at[0] == '"' && at[1] == 'd' && at[3] == 'k' && at[5] == '"') {
        int depth = at[2] - '1';
        for (int kernel = 0; kernel < KERNELS; kernel++) {
            if (at[4] - '0' == kernels[kernel] && depth >= 0 && depth < DEPTHS) {
                text t = {0};
                add(&t, "{\"choices\": [%d, %d]}", depth, kernel);
                return answer(NASFW_OK, &t, reply);
            }
        }
    }
    return fail("a genotype is d1k1 to d4k5: depth 1 to 4, kernel 1, 3 or 5", reply);
}

/* ---- functions for the program ------------------------------------------------------------------- */

static int32_t describe(const nasfw_host *host, nasfw_buffer *reply) {
    (void)host;
    text t = {0};
    add(&t, "{\"items\": [{\"kind\": \"space\", \"plugin\": \"plain-c\", \"name\": \"plain-c\", \"version\": \"0.1.0\", "
            "\"about\": \"one to four convolutions, in C\", \"defaults\": {}}]}");
    return answer(NASFW_OK, &t, reply);
}

static int32_t create(const nasfw_host *host, uint32_t kind, nasfw_bytes name, nasfw_bytes config, uint64_t *handle,
                      nasfw_buffer *reply) {
    (void)host;
    if (kind != NASFW_SPACE || name.len != 7 || memcmp(name.ptr, "plain-c", 7) != 0)
        return fail("there is only the search space plain-c", reply);
    const char *settings = value_of(config, "settings"), *end = (const char *)config.ptr + config.len;
    if (settings == NULL || settings >= end || *settings++ != '{') return fail("settings: an object is right", reply);
    while (settings < end && *settings == ' ') settings++;
    if (settings >= end || *settings != '}') return fail("plain-c has no settings; leave them out", reply);
    text t = {0};
    add(&t, "{\"schema\": [{\"label\": \"depth\", \"kind\": \"depth\", \"options\": [\"1\", \"2\", \"3\", \"4\"], \"masks\": []}, "
            "{\"label\": \"kernel\", \"kind\": \"kernel\", \"options\": [\"1\", \"3\", \"5\"], \"masks\": []}]}");
    *handle = THE_SPACE;
    return answer(NASFW_OK, &t, reply);
}

static int32_t call(const nasfw_host *host, uint64_t handle, uint32_t op, nasfw_bytes request, const nasfw_slice *slices,
                    size_t count, nasfw_buffer *reply) {
    (void)host, (void)slices, (void)count;
    if (handle != THE_SPACE) return fail("no such instance", reply);
    switch (op) {
    case NASFW_OP_DECODE: return decode(request, reply);
    case NASFW_OP_GENOTYPE: return genotype(request, reply);
    case NASFW_OP_PARSE: return parse(request, reply);
    case NASFW_OP_SKETCHES:
    case NASFW_OP_FACTS: {
        text t = {0};
        add(&t, op == NASFW_OP_FACTS ? "{\"facts\": {}}" : "{\"sketches\": []}");
        return answer(NASFW_OK, &t, reply);
    }
    default: return fail("a search space does not do this", reply);
    }
}

static int32_t destroy(uint64_t handle) {
    (void)handle;
    return NASFW_OK;
}

static void release(nasfw_buffer buffer) { free(buffer.ptr); }

static const nasfw_plugin table = {
    sizeof(nasfw_plugin), NASFW_ABI_MAJOR, NASFW_ABI_MINOR, describe, create, call, destroy, release,
};

NASFW_EXPORT const nasfw_plugin *nasfw_plugin_entry(void) { return &table; }
