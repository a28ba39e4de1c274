/* What a library must export to be a plugin of nasfw, in C. The reference, with every request and
 * reply, is docs/plugin-abi.md; the same layout in Rust is framework/abi/src/table.rs.
 *
 * A plugin is native code that runs with all the rights of whoever starts the program.
 *
 * A library needs three things:
 *
 *   NASFW_PLUGIN_STAMP("my-space", "0.1.0");        once, outside any function
 *   static const nasfw_plugin table = { sizeof table, NASFW_ABI_MAJOR, NASFW_ABI_MINOR, ... };
 *   NASFW_EXPORT const nasfw_plugin *nasfw_plugin_entry(void) { return &table; }
 *
 * No function may let an exception, a signal or a longjmp out.
 */
#ifndef NASFW_PLUGIN_H
#define NASFW_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NASFW_ABI_MAJOR 2
#define NASFW_ABI_MINOR 0
/* Version of the JSON form of graphs. */
#define NASFW_IR_VERSION 1

/* What a function returns. */
#define NASFW_OK 0       /* the reply is the answer */
#define NASFW_FAILED 1   /* the reply is {"message": "what is wrong and what would be right"} */
#define NASFW_PANICKED 2 /* as failed, and the instance must not be called again */
#define NASFW_STOPPED 3  /* the call ended early because tick asked for it */

/* What can be created. */
#define NASFW_SPACE 1
#define NASFW_CONTROLLER 2
#define NASFW_SCHEDULE 3
#define NASFW_TASK 4

/* What an instance can be asked. */
#define NASFW_OP_DECODE 1          /* space: choices -> graph */
#define NASFW_OP_GENOTYPE 2        /* space: choices -> text */
#define NASFW_OP_PARSE 3           /* space: text -> choices */
#define NASFW_OP_SKETCHES 4        /* space: choices -> sketches */
#define NASFW_OP_FACTS 5           /* space: choices -> named facts */
#define NASFW_OP_PROPOSE 16        /* controller */
#define NASFW_OP_OBSERVE 17        /* controller */
#define NASFW_OP_PROBABILITIES 18  /* controller with a policy */
#define NASFW_OP_LOG_PROB 19       /* controller with a policy */
#define NASFW_OP_SAVE_CONTROLLER 20 /* the reply is the state's bytes, not JSON */
#define NASFW_OP_LOAD_CONTROLLER 21 /* one slice of bytes, the state */
#define NASFW_OP_VERDICT 32        /* schedule */
#define NASFW_OP_REWARD_TOLD 33    /* schedule */
#define NASFW_OP_SAVE_SCHEDULE 34  /* the reply is the state's bytes, not JSON */
#define NASFW_OP_LOAD_SCHEDULE 35  /* one slice of bytes, the state */
#define NASFW_OP_OUTPUT_CHANNELS 48 /* task */
#define NASFW_OP_SCORER 49         /* task: a new instance, a scorer */
#define NASFW_OP_REWARD 50         /* task */
#define NASFW_OP_CUSTOM_LOSS 51    /* task: outputs, truths, gradient (writable) */
#define NASFW_OP_SAMPLE_SIZE 52    /* task with data of its own */
#define NASFW_OP_FILL 53           /* task with data of its own: image, label (both writable) */
#define NASFW_OP_ADD 64            /* scorer: outputs, truth */
#define NASFW_OP_METRICS 65        /* scorer */

/* Kinds and flags of slices. */
#define NASFW_SLICE_U8 1
#define NASFW_SLICE_F32 2
#define NASFW_WRITABLE 1

/* Levels of log. */
#define NASFW_NOTE 0
#define NASFW_WARNING 1

/* Bytes that the callee may read during the call; not terminated by a zero. */
typedef struct nasfw_bytes {
    const uint8_t *ptr; /* may be NULL when len is 0 */
    size_t len;
} nasfw_bytes;

/* Bytes that the plugin made; the program gives them back with release, once. */
typedef struct nasfw_buffer {
    uint8_t *ptr;    /* NULL for no buffer, which is not given back */
    size_t len;
    size_t capacity; /* for the plugin's own use */
} nasfw_buffer;

/* A flat array that the program owns, valid during the call. */
typedef struct nasfw_slice {
    uint32_t kind;
    uint32_t flags;
    void *ptr;  /* aligned for its kind; may be NULL when len is 0 */
    size_t len; /* elements */
} nasfw_slice;

/* What the program offers during a call, on the calling thread. */
typedef struct nasfw_host {
    size_t size;
    void *context;
    /* Tells the user one line of UTF-8. */
    void (*log)(void *context, uint32_t level, nasfw_bytes text);
    /* done of total steps of a long call are done (total 0: unknown); not 0: end soon and return
     * NASFW_STOPPED. */
    int32_t (*tick)(void *context, uint64_t done, uint64_t total);
} nasfw_host;

/* The functions of a library. Spaces and tasks may be called by several threads at once; an
 * instance of any other kind by one at a time. A reply is written by all functions that take one,
 * whatever they return. */
typedef struct nasfw_plugin {
    size_t size;        /* sizeof(nasfw_plugin) */
    uint32_t abi_major; /* NASFW_ABI_MAJOR */
    uint32_t abi_minor; /* NASFW_ABI_MINOR */
    /* Everything the library has, as JSON. */
    int32_t (*describe)(const nasfw_host *host, nasfw_buffer *reply);
    /* Makes an instance; *handle is any number but 0. */
    int32_t (*create)(const nasfw_host *host, uint32_t kind, nasfw_bytes name, nasfw_bytes config,
                      uint64_t *handle, nasfw_buffer *reply);
    /* Calls an instance. */
    int32_t (*call)(const nasfw_host *host, uint64_t handle, uint32_t op, nasfw_bytes request,
                    const nasfw_slice *slices, size_t count, nasfw_buffer *reply);
    /* Ends an instance; it is not called again, whatever is returned. */
    int32_t (*destroy)(uint64_t handle);
    /* Takes a reply's memory back. */
    void (*release)(nasfw_buffer buffer);
} nasfw_plugin;

/* What a library says of itself before it runs. */
typedef struct nasfw_stamp {
    uint8_t magic[16];
    uint32_t size;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t ir_min;
    uint32_t ir_max;
    uint32_t pointer_bits;
    uint32_t byte_order;
    char name[64];
    char version[32];
    char sdk[32];
    char target[64];
    char compiler[64];
    uint8_t reserved[24];
} nasfw_stamp;

#if defined(__GNUC__) || defined(__clang__)
#define NASFW_EXPORT __attribute__((visibility("default")))
#if defined(__APPLE__)
#define NASFW_SECTION __attribute__((used, visibility("default"), section("__DATA,.nasfw")))
#else
#define NASFW_SECTION __attribute__((used, visibility("default"), section(".nasfw")))
#endif
#else
#error "name the attributes of your compiler that export a symbol and place it in section .nasfw"
#endif

/* Names and versions are at most 63 and 31 bytes. */
#define NASFW_PLUGIN_STAMP(NAME, VERSION)                                                      \
    NASFW_SECTION const nasfw_stamp nasfw_plugin_stamp = {                                     \
        {'n', 'a', 's', 'f', 'w', ' ', 'p', 'l', 'u', 'g', 'i', 'n', 0x1a, '\r', '\n', 0},     \
        sizeof(nasfw_stamp), NASFW_ABI_MAJOR, NASFW_ABI_MINOR, NASFW_IR_VERSION,               \
        NASFW_IR_VERSION, 8 * sizeof(void *), 0x01020304, NAME, VERSION, "nasfw_plugin.h 2.0", \
        "", "C", {0}}

NASFW_EXPORT const nasfw_plugin *nasfw_plugin_entry(void);
extern const nasfw_stamp nasfw_plugin_stamp;

#ifdef __cplusplus
}
#endif

#endif
