// Convolutions of 3 by 3 on NVIDIA's tensor cores, for the frozen stages of a network: bias, ReLU and the 2 by 2
// maximum are part of them. Maps are [image, row, column, channel], the same values as on the way through PyTorch's
// channels-last; products are summed in f32, in an order that does not depend on the batch.
//
// An implicit matrix product (Chetlur et al., cuDNN, 2014): rows are the output's pixels, columns its channels,
// and what is summed over are the nine neighbours of a pixel and their channels. A block of threads computes
// 128 by `COLUMNS`. It copies 128 bytes of each row and column at a time (32 values of f32 or 64 of 16 bits)
// into shared memory, two such steps ahead, and multiplies them 16 by 8 by 32 bytes at a time.
//
// compile.sh makes convolve.ptx.gz of this file.

typedef unsigned int u32;
typedef unsigned short u16;

enum Type { F32, F16, BF16 };

constexpr int ROWS = 128;     // of a block
constexpr int STEP = 128;     // bytes of a row in one step
constexpr int STAGES = 3;     // steps in shared memory
constexpr int THREADS = 256;  // of a block; two share a multiprocessor with the memory for it

// What a convolution is of.
struct Shape {
    int batch, height, width; // of the maps that come in
    int pixel;                // bytes of a pixel's channels, a multiple of STEP
    int outputs;              // channels of what goes out
    int taps;                 // 9; or 1, where the neighbours are in the channels already
    int pool;                 // whether the 2 by 2 maximum is taken
    int last;                 // whether what goes out is f32, [image, channel, row, column]
};

__device__ __forceinline__ u32 shared_address(const void *pointer) {
    return (u32)__cvta_generic_to_shared(pointer);
}

// Copies 16 bytes, or zeros.
__device__ __forceinline__ void copy(u32 to, const char *from, bool is_there) {
    int bytes = is_there ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes));
}

__device__ __forceinline__ void load4(u32 (&to)[4], u32 from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(from));
}

template <Type type> __device__ __forceinline__ void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
#define MULTIPLY(SHAPE, OF)                                                                                   \
    asm volatile("mma.sync.aligned." SHAPE ".row.col.f32." OF "." OF ".f32 "                                  \
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                            \
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                             \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1))
    if (type == F32) MULTIPLY("m16n8k8", "tf32");
    if (type == F16) MULTIPLY("m16n8k16", "f16");
    if (type == BF16) MULTIPLY("m16n8k16", "bf16");
#undef MULTIPLY
}

// To the 11 bits that tensor cores take of f32.
__device__ __forceinline__ float rounded(float value) {
    u32 bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return __uint_as_float(bits);
}

// Two values in 32 bits, the first in the lower ones.
template <Type type> __device__ __forceinline__ u32 packed(float first, float second) {
    u32 bits;
    if (type == F16) asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
    else asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
    return bits;
}

template <Type type, int COLUMNS>
__device__ __forceinline__ void convolve(const char *__restrict__ maps, const char *__restrict__ weight,
                                         const float *__restrict__ bias, char *__restrict__ out, Shape s) {
    constexpr int STAGE = (ROWS + COLUMNS) * STEP;
    constexpr int WIDE = 32;                         // columns of a warp
    constexpr int ACROSS = COLUMNS / WIDE;           // warps side by side
    constexpr int HIGH = ROWS / (THREADS / 32 / ACROSS); // rows of a warp
    constexpr int EACH = THREADS / 8;                // rows or columns that all threads copy at once
    constexpr int TILES = HIGH / 16;
    extern __shared__ __align__(128) char memory[];
    const u32 base = shared_address(memory);
    const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
    const int halves = s.pool ? 2 : 1;
    const int down = s.height / halves, right = s.width / halves, area = down * right;
    const long rows = (long)s.batch * area * halves * halves;
    const int sides = s.outputs / COLUMNS;
    const long first_row = (long)(blockIdx.x / sides) * ROWS;
    const int first_column = blockIdx.x % sides * COLUMNS;

    // What this thread copies: 16 bytes of every 32nd row and column.
    const int chunk = thread % 8, start = thread / 8;
    const u32 place = (start * STEP) + ((chunk ^ (start & 7)) << 4);
    const char *pixels[ROWS / EACH];
    int ys[ROWS / EACH], xs[ROWS / EACH];
#pragma unroll
    for (int i = 0; i < ROWS / EACH; i++) {
        const long row = first_row + start + EACH * i;
        ys[i] = -4; // Outside, with all its neighbours.
        xs[i] = 0;
        pixels[i] = maps;
        if (row < rows) {
            long image;
            if (s.pool) { // The four pixels of a maximum follow each other.
                const long window = row / 4;
                image = window / area;
                const int inside = (int)(window % area), corner = (int)(row % 4);
                ys[i] = inside / right * 2 + corner / 2;
                xs[i] = inside % right * 2 + corner % 2;
            } else {
                image = row / area;
                const int inside = (int)(row % area);
                ys[i] = inside / right;
                xs[i] = inside % right;
            }
            pixels[i] = maps + ((image * s.height + ys[i]) * s.width + xs[i]) * s.pixel + chunk * 16;
        }
    }
    const int pieces = s.pixel / STEP, steps = s.taps * pieces;
    const char *column = weight + (long)(first_column + start) * steps * STEP + chunk * 16;
    const long columns = (long)EACH * steps * STEP;

    int dy = s.taps == 9 ? -1 : 0, dx = dy, piece = 0, next = 0;
    auto fetch = [&](int stage) {
        if (next < steps) {
            const u32 to = base + stage * STAGE + place;
            const long offset = (long)(dy * s.width + dx) * s.pixel + piece * STEP;
#pragma unroll
            for (int i = 0; i < ROWS / EACH; i++) {
                const bool is_there = (u32)(ys[i] + dy) < (u32)s.height && (u32)(xs[i] + dx) < (u32)s.width;
                copy(to + EACH * STEP * i, is_there ? pixels[i] + offset : maps, is_there);
            }
#pragma unroll
            for (int i = 0; i < COLUMNS / EACH; i++)
                copy(to + ROWS * STEP + EACH * STEP * i, column + i * columns + (long)next * STEP, true);
            next++;
            if (++piece == pieces) {
                piece = 0;
                if (++dx == 2) {
                    dx = -1;
                    dy++;
                }
            }
        }
        asm volatile("cp.async.commit_group;");
    };

    float sums[TILES][WIDE / 8][4] = {};
    const int high = warp / ACROSS * HIGH, across = warp % ACROSS * WIDE;
    // The lane's row of four matrices of 8 rows by 16 bytes, of rows and of columns.
    const u32 at_row = (high + (lane & 15)) * STEP, row_chunk = lane >> 4;
    const u32 at_column = ROWS * STEP + (across + (lane & 7) + ((lane >> 4) << 3)) * STEP;
    const u32 column_chunk = (lane >> 3) & 1;
#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) fetch(stage);
    int stage = 0, ahead = STAGES - 1;
    for (int step = 0; step < steps; step++) {
        asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2));
        __syncthreads();
        fetch(ahead);
        const u32 at = base + stage * STAGE;
#pragma unroll
        for (int part = 0; part < STEP / 32; part++) {
            u32 a[TILES][4], b[WIDE / 16][4];
#pragma unroll
            for (int i = 0; i < TILES; i++)
                load4(a[i], at + at_row + 16 * STEP * i + (((part * 2 + row_chunk) ^ (lane & 7)) << 4));
#pragma unroll
            for (int j = 0; j < WIDE / 16; j++)
                load4(b[j], at + at_column + 16 * STEP * j + (((part * 2 + column_chunk) ^ (lane & 7)) << 4));
#pragma unroll
            for (int i = 0; i < TILES; i++)
#pragma unroll
                for (int j = 0; j < WIDE / 8; j++)
                    multiply<type>(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
        }
        stage = stage + 1 == STAGES ? 0 : stage + 1;
        ahead = ahead + 1 == STAGES ? 0 : ahead + 1;
    }

    const int group = lane / 4, pair = lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < WIDE / 8; j++) {
        const int channel = first_column + across + j * 8 + pair;
        const float add[2] = {bias[channel], bias[channel + 1]};
#pragma unroll
        for (int i = 0; i < TILES; i++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                long row = first_row + high + i * 16 + half * 8 + group;
                float values[2];
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    float value = fmaxf(sums[i][j][half * 2 + k] + add[k], 0.0f);
                    if (s.pool) {
                        value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, 4));
                        value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, 8));
                    }
                    values[k] = value;
                }
                if (row >= rows || (s.pool && group % 4 != 0)) continue;
                if (s.pool) row /= 4;
                if (s.last) {
                    float *to = (float *)out + (row / area * s.outputs + channel) * area + row % area;
                    to[0] = values[0];
                    to[area] = values[1];
                } else if (type == F32) {
                    *(float2 *)(out + (row * s.outputs + channel) * 4) =
                        make_float2(rounded(values[0]), rounded(values[1]));
                } else {
                    *(u32 *)(out + (row * s.outputs + channel) * 2) = packed<type>(values[0], values[1]);
                }
            }
        }
    }
}

// Images of f32, [image, 3, row, column], to the 27 values around each pixel, and zeros up to STEP bytes.
template <Type type>
__device__ __forceinline__ void gather(const float *__restrict__ images, char *__restrict__ out, Shape s) {
    constexpr int VALUES = type == F32 ? 4 : 8; // in 16 bytes
    const int area = s.height * s.width;
    const long index = (long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= (long)s.batch * area * 8) return;
    const long pixel = index / 8;
    const int first = (int)(index % 8) * VALUES, inside = (int)(pixel % area);
    const int y = inside / s.width, x = inside % s.width;
    const float *image = images + pixel / area * 3 * area;
    float values[VALUES];
#pragma unroll
    for (int i = 0; i < VALUES; i++) {
        const int tap = (first + i) / 3, channel = (first + i) % 3;
        const int row = y + tap / 3 - 1, column = x + tap % 3 - 1;
        const bool is_there = tap < 9 && (u32)row < (u32)s.height && (u32)column < (u32)s.width;
        values[i] = is_there ? image[channel * area + row * s.width + column] : 0.0f;
    }
    char *to = out + index * 16;
    if (type == F32)
        *(float4 *)to = make_float4(rounded(values[0]), rounded(values[1]), rounded(values[2]), rounded(values[3]));
    else
        *(uint4 *)to = make_uint4(packed<type>(values[0], values[1]), packed<type>(values[2], values[3]),
                                  packed<type>(values[VALUES - 4], values[VALUES - 3]),
                                  packed<type>(values[VALUES - 2], values[VALUES - 1]));
}

#define KERNELS(NAME, TYPE)                                                                                    \
    extern "C" __global__ void __launch_bounds__(THREADS, 2)                                                   \
        convolve_##NAME##_64(const char *maps, const char *weight, const float *bias, char *out, Shape s) {   \
        convolve<TYPE, 64>(maps, weight, bias, out, s);                                                        \
    }                                                                                                          \
    extern "C" __global__ void __launch_bounds__(THREADS, 2)                                                   \
        convolve_##NAME##_128(const char *maps, const char *weight, const float *bias, char *out, Shape s) {  \
        convolve<TYPE, 128>(maps, weight, bias, out, s);                                                       \
    }                                                                                                          \
    extern "C" __global__ void gather_##NAME(const float *images, char *out, Shape s) {                        \
        gather<TYPE>(images, out, s);                                                                          \
    }
KERNELS(f32, F32)
KERNELS(f16, F16)
KERNELS(bf16, BF16)
