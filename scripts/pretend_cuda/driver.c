/* A pretend NVIDIA driver, to try the CUDA backend where there is no GPU: the functions of libcuda.so.1 that
 * the runtime calls. Memory is the host's, kernels do nothing, and every module that is loaded is written
 * down for `ptxas` to judge. Results are wrong, of course, and verification refuses such a device.
 *   cc -shared -fPIC -DVERSION=13000 -o libcuda.so.1 driver.c
 * VERSION is the one of CUDA that the driver offers: what came later is not there.
 * Read from the environment: PRETEND_CUDA_SM (90: the compute capability), PRETEND_CUDA_DEVICES (1),
 * PRETEND_CUDA_GIB (80: memory of a device), PRETEND_CUDA_MODULES (a folder for modules). */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define API __attribute__((visibility("default"))) int
#define PAGE 4096
enum { DONE = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, NOT_FOUND = 500 };
typedef uint64_t Pointer; /* on the device */

static int setting(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}
static size_t total(void) { return (size_t)setting("PRETEND_CUDA_GIB", 80) << 30; }

/* Devices */

API cuInit(unsigned flags) { return setting("PRETEND_CUDA_DEVICES", 1) ? DONE : NO_DEVICE; }
API cuDriverGetVersion(int *version) { *version = VERSION; return DONE; }
API cuDeviceGetCount(int *count) { *count = setting("PRETEND_CUDA_DEVICES", 1); return DONE; }
API cuDeviceGet(int *device, int number) { *device = number; return DONE; }
API cuDeviceGetName(char *name, int size, int device) {
    snprintf(name, size, "PRETEND GPU %d", device);
    return DONE;
}
API cuDeviceGetUuid_v2(char *uuid, int device) { memset(uuid, 7 + device, 16); return DONE; }
API cuDeviceGetUuid(char *uuid, int device) { return cuDeviceGetUuid_v2(uuid, device); }
API cuDeviceGetPCIBusId(char *name, int size, int device) {
    snprintf(name, size, "0000:%02d:00.0", 1 + device);
    return DONE;
}
API cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = total(); return DONE; }

/* Those of an H100, by the numbers of CUdevice_attribute. */
API cuDeviceGetAttribute(int *value, int attribute, int device) {
    int sm = setting("PRETEND_CUDA_SM", 90);
    switch (attribute) {
    case 1: case 2: case 3: *value = 1024; break;  /* threads in a block; along x, y */
    case 4: *value = 64; break;                    /* along z */
    case 5: *value = 2147483647; break;            /* blocks along x */
    case 6: case 7: *value = 65535; break;         /* along y, z */
    case 8: *value = 49152; break;                 /* shared memory of a block */
    case 9: case 12: *value = 65536; break;        /* constant memory, registers */
    case 10: *value = 32; break;                   /* threads in a warp */
    case 16: *value = 132; break;                  /* multiprocessors */
    case 75: *value = sm / 10; break;
    case 76: *value = sm % 10; break;
    case 97: *value = sm == 120 ? 101376 : sm == 80 ? 166912 : 232448; break; /* shared, on request */
    default: *value = 1;
    }
    return DONE;
}

/* Contexts, streams and events: everything is done at once. */

static int context;
API cuDevicePrimaryCtxRetain(void **c, int device) { *c = &context; return DONE; }
API cuDevicePrimaryCtxRelease_v2(int device) { return DONE; }
API cuCtxSetCurrent(void *c) { return DONE; }
API cuCtxGetCurrent(void **c) { *c = &context; return DONE; }
API cuCtxPushCurrent_v2(void *c) { return DONE; }
API cuCtxPopCurrent_v2(void **c) { *c = &context; return DONE; }
API cuCtxSynchronize(void) { return DONE; }
API cuCtxGetStreamPriorityRange(int *least, int *greatest) { *least = 0; *greatest = -5; return DONE; }
API cuStreamCreate(void **stream, unsigned flags) { *stream = malloc(8); return DONE; }
API cuStreamCreateWithPriority(void **stream, unsigned flags, int p) { return cuStreamCreate(stream, flags); }
API cuStreamSynchronize(void *stream) { return DONE; }
API cuStreamQuery(void *stream) { return DONE; }
API cuStreamDestroy_v2(void *stream) { free(stream); return DONE; }
API cuStreamWaitEvent(void *stream, void *event, unsigned flags) { return DONE; }
API cuStreamIsCapturing(void *stream, int *status) { *status = 0; return DONE; }
API cuEventCreate(void **event, unsigned flags) { *event = calloc(1, sizeof(struct timespec)); return DONE; }
API cuEventRecord(void *event, void *stream) { clock_gettime(CLOCK_MONOTONIC, event); return DONE; }
API cuEventQuery(void *event) { return DONE; }
API cuEventSynchronize(void *event) { return DONE; }
API cuEventDestroy_v2(void *event) { free(event); return DONE; }
static int elapsed(float *ms, struct timespec *from, struct timespec *to) {
    *ms = (to->tv_sec - from->tv_sec) * 1e3f + (to->tv_nsec - from->tv_nsec) * 1e-6f;
    if (*ms <= 0) *ms = 0.001f;
    return DONE;
}
#ifndef NO_TIMING
API cuEventElapsedTime(float *ms, void *from, void *to) { return elapsed(ms, from, to); }
#if VERSION >= 12080
API cuEventElapsedTime_v2(float *ms, void *from, void *to) { return elapsed(ms, from, to); }
#endif
#endif

/* Memory: a page before each piece keeps its size. No page is there before it is written. */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t taken; /* on all devices */

static void *take(size_t size) {
    size += PAGE;
    char *piece = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (piece == MAP_FAILED) return 0;
    *(size_t *)piece = size;
    return piece + PAGE;
}
static size_t give(void *memory) {
    char *piece = (char *)memory - PAGE;
    size_t size = *(size_t *)piece;
    munmap(piece, size);
    return size;
}
API cuMemGetInfo_v2(size_t *unused, size_t *all) { *all = total(); *unused = *all - taken; return DONE; }
API cuMemAlloc_v2(Pointer *pointer, size_t size) {
    pthread_mutex_lock(&lock);
    void *memory = taken + size + PAGE <= total() ? take(size) : 0;
    if (memory) taken += size + PAGE;
    pthread_mutex_unlock(&lock);
    *pointer = (uintptr_t)memory;
    return memory ? DONE : OUT_OF_MEMORY;
}
API cuMemFree_v2(Pointer pointer) {
    if (!pointer) return DONE;
    pthread_mutex_lock(&lock);
    taken -= give((void *)pointer);
    pthread_mutex_unlock(&lock);
    return DONE;
}
API cuMemAllocAsync(Pointer *pointer, size_t size, void *stream) { return cuMemAlloc_v2(pointer, size); }
API cuMemFreeAsync(Pointer pointer, void *stream) { return cuMemFree_v2(pointer); }
API cuMemHostAlloc(void **memory, size_t size, unsigned flags) {
    *memory = take(size);
    return *memory ? DONE : OUT_OF_MEMORY;
}
API cuMemAllocHost_v2(void **memory, size_t size) { return cuMemHostAlloc(memory, size, 0); }
API cuMemFreeHost(void *memory) { if (memory) give(memory); return DONE; }
API cuMemcpyHtoD_v2(Pointer to, const void *from, size_t size) { memcpy((void *)to, from, size); return DONE; }
API cuMemcpyDtoH_v2(void *to, Pointer from, size_t size) { memcpy(to, (void *)from, size); return DONE; }
API cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t size, void *s) { return cuMemcpyHtoD_v2(to, from, size); }
API cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t size, void *s) { return cuMemcpyDtoH_v2(to, from, size); }
API cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t size, void *s) {
    memmove((void *)to, (void *)from, size);
    return DONE;
}
API cuMemsetD8Async(Pointer to, unsigned char value, size_t size, void *s) {
    memset((void *)to, value, size);
    return DONE;
}
/* CUDA_MEMCPY2D: where a side's kind is 1, its memory is the host's. */
struct side { size_t x, y; int kind; void *host; Pointer device; void *array; size_t pitch; };
struct copy { struct side from, to; size_t width, height; };
static char *start(const struct side *side) {
    char *memory = side->kind == 1 ? side->host : (char *)side->device;
    return memory + side->y * side->pitch + side->x;
}
API cuMemcpy2DAsync_v2(const struct copy *copy, void *stream) {
    for (size_t row = 0; row < copy->height; row++)
        memcpy(start(&copy->to) + row * copy->to.pitch, start(&copy->from) + row * copy->from.pitch, copy->width);
    return DONE;
}

/* Modules and kernels */

API cuModuleLoadData(void **module, const void *image) {
    static int modules;
    const char *folder = getenv("PRETEND_CUDA_MODULES");
    if (folder) {
        char path[4096];
        int number = __sync_fetch_and_add(&modules, 1);
        snprintf(path, sizeof path, "%s/%d-%05d.ptx", folder, getpid(), number);
        FILE *file = fopen(path, "w");
        if (!file || fputs(image, file) < 0 || fclose(file)) {
            perror(path);
            return INVALID_VALUE;
        }
    }
    *module = malloc(8);
    return DONE;
}
API cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options, void **values) {
    return cuModuleLoadData(module, image);
}
API cuModuleUnload(void *module) { free(module); return DONE; }
API cuModuleGetFunction(void **function, void *module, const char *name) { *function = malloc(8); return DONE; }
API cuFuncSetAttribute(void *function, int attribute, int value) { return DONE; }
API cuFuncGetAttribute(int *value, int attribute, void *function) { *value = 0; return DONE; }
API cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **parameters, void **extra) { return DONE; }
API cuLaunchKernelEx(const void *config, void *function, void **parameters, void **extra) { return DONE; }
API cuTensorMapEncodeTiled(void *map) { memset(map, 0, 128); return DONE; }
API cuTensorMapEncodeIm2col(void *map) { memset(map, 0, 128); return DONE; }
#if VERSION >= 12080
API cuTensorMapEncodeIm2colWide(void *map) { memset(map, 0, 128); return DONE; }
#endif

API cuGetErrorString(int error, const char **text) {
    *text = error == OUT_OF_MEMORY ? "out of memory" : "an error of the pretend driver";
    return DONE;
}
API cuGetErrorName(int error, const char **name) {
    *name = error == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "PRETEND_ERROR";
    return DONE;
}
API cuGetExportTable(const void **table, const void *id) { *table = 0; return NOT_FOUND; }
API cuProfilerStart(void) { return DONE; }
