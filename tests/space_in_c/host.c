/* Calls a library with every request, and with invalid ones: every prefix of every request, and requests with a changed
 * byte. Under valgrind, this shows that the library reads and frees only the memory that it may. */
#include "nasfw_plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const nasfw_plugin *plugin;
static unsigned long answered, refused;

static void line(void *context, uint32_t level, nasfw_bytes text) {
    (void)context, (void)level, (void)text;
}

static int32_t go_on(void *context, uint64_t done, uint64_t total) {
    (void)context, (void)done, (void)total;
    return 0;
}

static const nasfw_host host = {sizeof host, NULL, line, go_on};

/* The request is copied to memory of exactly its length, so that reading one byte too far is detected. */
static void ask(uint64_t handle, uint32_t op, const char *request, size_t len) {
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, request, len);
    nasfw_buffer reply = {NULL, 0, 0};
    int32_t status = plugin->call(&host, handle, op, (nasfw_bytes){copy, len}, NULL, 0, &reply);
    free(copy);
    if (status == NASFW_OK) answered++;
    else refused++;
    for (size_t i = 0; i < reply.len; i++)
        if (reply.ptr[i] == 0) exit(3);
    if (reply.ptr != NULL) plugin->release(reply);
}

static void ask_all(uint64_t handle, uint32_t op, const char *request) {
    size_t len = strlen(request);
    char changed[512];
    ask(handle, op, request, len);
    for (size_t at = 0; at < len; at++) {
        ask(handle, op, request, at);
        memcpy(changed, request, len);
        for (int byte = 0; byte < 128; byte += 7) {
            changed[at] = (char)byte;
            ask(handle, op, changed, len);
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return 2;
    const nasfw_plugin *(*entry)(void);
    *(void **)&entry = dlsym(library, "nasfw_plugin_entry");
    if (entry == NULL) return 2;
    plugin = entry();
    nasfw_buffer reply = {NULL, 0, 0};
    if (plugin->describe(&host, &reply) != NASFW_OK) return 2;
    plugin->release(reply);
    const char *name = "plain-c", *configs[] = {"{\"settings\": {}}", "{\"settings\": {\"a\": 1}}", "{}", "", "{\"settings\":"};
    uint64_t handle = 0;
    for (int at = 4; at >= 0; at--) {
        nasfw_bytes config = {(const uint8_t *)configs[at], strlen(configs[at])};
        nasfw_bytes named = {(const uint8_t *)name, strlen(name)};
        int32_t status = plugin->create(&host, NASFW_SPACE, named, config, &handle, &reply);
        if ((status == NASFW_OK) != (at == 0)) return 4;
        if (reply.ptr != NULL) plugin->release(reply);
    }
    char request[256];
    for (int depth = 0; depth < 4; depth++) {
        for (int kernel = 0; kernel < 3; kernel++) {
            snprintf(request, sizeof request, "{\"choices\":[%d,%d],\"io\":{\"input_channels\":3,\"output_channels\":21}}", depth, kernel);
            ask(handle, NASFW_OP_DECODE, request, strlen(request));
        }
    }
    if (answered != 12 || refused != 0) return 5;
    ask_all(handle, NASFW_OP_DECODE, request);
    ask_all(handle, NASFW_OP_GENOTYPE, "{\"choices\":[3,2]}");
    ask_all(handle, NASFW_OP_PARSE, "{\"genotype\":\"d2k5\"}");
    for (uint32_t op = 0; op < 80; op++) ask(handle, op, "{}", 2);
    ask(handle + 1, NASFW_OP_FACTS, "{}", 2);
    if (refused < 100) return 6;
    if (plugin->destroy(handle) != NASFW_OK) return 7;
    printf("%lu answered, %lu refused\n", answered, refused);
    return 0;
}
