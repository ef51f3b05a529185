/* A pretend NVIDIA driver, to try the CUDA backend where there is no GPU: the functions of libcuda.so.1 that
 * runtimes call. Memory is the host's, and every module that is loaded is written down for `ptxas` to judge.
 * Our own kernels (crates/cuda) compute, in plain loops of what convolve.cu says; all others do nothing, so that
 * their results are wrong and verification refuses them.
 *   cc -O3 -ffast-math -march=native -fopenmp -shared -fPIC -DVERSION=13000 -o libcuda.so.1 driver.c
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
struct function { char name[64]; int shared; };
API cuModuleGetFunction(void **function, void *module, const char *name) {
    struct function *made = calloc(1, sizeof *made);
    snprintf(made->name, sizeof made->name, "%s", name);
    *function = made;
    return DONE;
}
API cuFuncSetAttribute(void *function, int attribute, int value) {
    int most;
    cuDeviceGetAttribute(&most, 97, 0);
    if (attribute == 8) ((struct function *)function)->shared = value; /* dynamic shared memory */
    return attribute == 8 && value > most ? INVALID_VALUE : DONE;
}
API cuFuncGetAttribute(int *value, int attribute, void *function) { *value = 0; return DONE; }

/* Our own kernels */

enum type { F32, F16, BF16 };
struct shape { int batch, height, width, pixel, outputs, taps, pool, last; };

static uint32_t bits(float value) { uint32_t word; memcpy(&word, &value, 4); return word; }
static float value_of(uint32_t word) { float value; memcpy(&value, &word, 4); return value; }
static void put(void *to, size_t index, float value, enum type type) {
    uint32_t word = bits(value);
    if (type == F32) ((float *)to)[index] = value_of((word + 0x1000) & ~0x1fffu); /* tf32 */
    else if (type == F16) ((_Float16 *)to)[index] = (_Float16)value;
    else ((uint16_t *)to)[index] = (word + 0x7fff + (word >> 16 & 1)) >> 16;
}
static float *widened(const void *from, size_t count, enum type type) {
    float *to = malloc(count * sizeof *to);
    for (size_t i = 0; to && i < count; i++)
        to[i] = type == F32   ? ((const float *)from)[i]
                : type == F16 ? (float)((const _Float16 *)from)[i]
                              : value_of((uint32_t)((const uint16_t *)from)[i] << 16);
    return to;
}
static int has(const void *memory, size_t bytes) { return *(size_t *)((char *)memory - PAGE) >= bytes + PAGE; }

static int gather(const float *images, char *out, struct shape s, enum type type) {
    size_t area = (size_t)s.height * s.width, size = type == F32 ? 4 : 2;
    if (!has(images, s.batch * area * 12) || !has(out, s.batch * area * 128)) return INVALID_VALUE;
    for (size_t pixel = 0; pixel < s.batch * area; pixel++)
        for (int i = 0; i < 128 / (int)size; i++) {
            int inside = pixel % area, y = inside / s.width + i / 9 - 1, x = inside % s.width + i / 3 % 3 - 1;
            int is_there = i < 27 && y >= 0 && x >= 0 && y < s.height && x < s.width;
            const float *plane = images + (pixel / area * 3 + i % 3) * area;
            put(out, pixel * 128 / size + i, is_there ? plane[y * s.width + x] : 0, type);
        }
    return DONE;
}

static int convolve(const char *maps, const char *weight, const float *bias, char *out, struct shape s, enum type type) {
    size_t size = type == F32 ? 4 : 2, channels = s.pixel / size, row = s.taps * channels;
    int side = s.pool ? 2 : 1, height = s.height / side, width = s.width / side;
    size_t area = (size_t)height * width, pixels = (size_t)s.batch * s.height * s.width, made = s.batch * area * s.outputs;
    if (!has(maps, pixels * s.pixel) || !has(weight, s.outputs * row * size) || !has(bias, s.outputs * 4)
        || !has(out, made * (s.last ? 4 : size))) return INVALID_VALUE;
    float *from = widened(maps, pixels * channels, type), *by = widened(weight, s.outputs * row, type);
#pragma omp parallel for
    for (size_t index = 0; index < made; index++) {
        size_t output = index % s.outputs, place = index / s.outputs, image = place / area;
        float largest = 0;
        for (int corner = 0; corner < side * side; corner++) {
            int inside = place % area, y = inside / width * side + corner / 2, x = inside % width * side + corner % 2;
            float sum = bias[output];
            for (int tap = 0; tap < s.taps; tap++) {
                int down = s.taps == 9 ? y + tap / 3 - 1 : y, right = s.taps == 9 ? x + tap % 3 - 1 : x;
                if (down < 0 || right < 0 || down >= s.height || right >= s.width) continue;
                const float *a = from + ((image * s.height + down) * s.width + right) * channels;
                const float *b = by + output * row + tap * channels;
                for (size_t i = 0; i < channels; i++) sum += a[i] * b[i];
            }
            if (sum > largest) largest = sum;
        }
        if (s.last) ((float *)out)[(image * s.outputs + output) * area + place % area] = largest;
        else put(out, index, largest, type);
    }
    free(from);
    free(by);
    return DONE;
}

API cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **parameters, void **extra) {
    const struct function *kernel = function;
    enum type type = strstr(kernel->name, "_bf16") ? BF16 : strstr(kernel->name, "_f16") ? F16 : F32;
    int columns = strstr(kernel->name, "_128") ? 128 : 64;
    if (!strncmp(kernel->name, "gather_", 7)) {
        struct shape s = *(struct shape *)parameters[2];
        if ((size_t)gx * bx < (size_t)s.batch * s.height * s.width * 8) return INVALID_VALUE;
        return gather(*(void **)parameters[0], *(void **)parameters[1], s, type);
    }
    if (!strncmp(kernel->name, "convolve_", 9)) {
        struct shape s = *(struct shape *)parameters[4];
        int side = s.pool ? 2 : 1;
        size_t rows = (size_t)s.batch * (s.height / side * side) * (s.width / side * side);
        if (gx != (rows + 127) / 128 * (s.outputs / columns) || bx != 256 || s.outputs % columns || s.pixel % 128
            || shared != (128 + columns) * 128 * 3 || (int)shared > kernel->shared) return INVALID_VALUE;
        void **p = parameters;
        return convolve(*(void **)p[0], *(void **)p[1], *(void **)p[2], *(void **)p[3], s, type);
    }
    return DONE;
}
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
