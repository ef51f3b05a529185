// Holds the kernels to plain loops in f64 on the same GPU, and times them: VGG16's convolutions with random
// weights.
//   nvcc -std=c++17 -O3 -arch=compute_80 measure.cu -o measure && ./measure
// Prints the largest difference as a share of the largest value, by type, batch and size; then milliseconds
// of a pass (the least of three rounds of twenty), images a second, and microseconds of each kernel (the least
// of ten), the gathering of neighbours first.
#include "convolve.cu"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <string>
#include <vector>
#define CHECK(x)                                                                                               \
    do {                                                                                                       \
        cudaError_t e = (x);                                                                                   \
        if (e != cudaSuccess) {                                                                                \
            printf("%s:%d %s\n", __FILE__, __LINE__, cudaGetErrorString(e));                                   \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)
// Plain loops, [image, channel, row, column].
__global__ void naive(const float *in, const float *w, const float *b, float *out, int n, int c, int h, int wd,
                      int o) {
    long i = (long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= (long)n * o * h * wd) return;
    int x = i % wd, y = i / wd % h, oc = i / ((long)wd * h) % o;
    long im = i / ((long)wd * h * o);
    double sum = 0;
    for (int ch = 0; ch < c; ch++)
        for (int ky = 0; ky < 3; ky++)
            for (int kx = 0; kx < 3; kx++) {
                int yy = y + ky - 1, xx = x + kx - 1;
                if (yy < 0 || xx < 0 || yy >= h || xx >= wd) continue;
                sum += (double)in[((im * c + ch) * h + yy) * wd + xx] * w[((oc * c + ch) * 3 + ky) * 3 + kx];
            }
    out[i] = fmaxf((float)sum + b[oc], 0.f);
}
__global__ void naive_pool(const float *in, float *out, long planes, int h, int w) {
    int h2 = h / 2, w2 = w / 2;
    long i = (long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= planes * h2 * w2) return;
    int x = i % w2, y = i / w2 % h2;
    long p = i / (w2 * h2);
    const float *q = in + (p * h + 2 * y) * w + 2 * x;
    out[i] = fmaxf(fmaxf(q[0], q[1]), fmaxf(q[w], q[w + 1]));
}
static unsigned seed = 1;
static float uniform() {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) / 16777216.0f;
}
static float normal() {
    float s = 0;
    for (int i = 0; i < 12; i++) s += uniform();
    return s - 6;
}
struct Layer {
    int in, out;
    bool pool;
};
static std::vector<Layer> layers;
static std::vector<std::vector<float>> W, B;
static float tf32(float v) {
    unsigned u;
    memcpy(&u, &v, 4);
    u += 0x1000;
    u &= ~0x1fffu;
    memcpy(&v, &u, 4);
    return v;
}
static void put(std::vector<char> &to, size_t at, Type t, float v) {
    if (t == F32) {
        v = tf32(v);
        memcpy(&to[at * 4], &v, 4);
    } else if (t == F16) {
        __half h = __float2half_rn(v);
        memcpy(&to[at * 2], &h, 2);
    } else {
        __nv_bfloat16 h = __float2bfloat16_rn(v);
        memcpy(&to[at * 2], &h, 2);
    }
}
typedef void (*Conv)(const char *, const char *, const float *, char *, Shape);
typedef void (*Gather)(const float *, char *, Shape);
static const char *names[] = {"f32", "f16", "bf16"};
int main() {
    const int blocks[5][3] = {{64, 64, 0}, {128, 128, 0}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}};
    int c = 3;
    for (auto &b : blocks)
        for (int i = 0; i < 3 && b[i]; i++) {
            layers.push_back({c, b[i], i == 2 || !b[i + 1]});
            c = b[i];
        }
    for (auto &l : layers) {
        std::vector<float> w((size_t)l.out * l.in * 9), b(l.out);
        float s = sqrtf(2.0f / (9 * l.in));
        for (auto &v : w) v = normal() * s;
        for (auto &v : b) v = 0.1f * (uniform() - .5f);
        W.push_back(w);
        B.push_back(b);
    }
    Conv convs[3][2] = {{convolve_f32_64, convolve_f32_128},
                        {convolve_f16_64, convolve_f16_128},
                        {convolve_bf16_64, convolve_bf16_128}};
    Gather gathers[3] = {gather_f32, gather_f16, gather_bf16};
    std::vector<float *> dW, dB;
    for (size_t i = 0; i < layers.size(); i++) {
        float *p, *q;
        CHECK(cudaMalloc(&p, W[i].size() * 4));
        CHECK(cudaMemcpy(p, W[i].data(), W[i].size() * 4, cudaMemcpyHostToDevice));
        CHECK(cudaMalloc(&q, B[i].size() * 4));
        CHECK(cudaMemcpy(q, B[i].data(), B[i].size() * 4, cudaMemcpyHostToDevice));
        dW.push_back(p);
        dB.push_back(q);
    }
    std::vector<std::vector<char *>> packedW(3);
    for (int t = 0; t < 3; t++)
        for (size_t l = 0; l < layers.size(); l++) {
            auto [in, out, pool] = layers[l];
            int size = t == F32 ? 4 : 2, per = l == 0 ? 128 / size : in * 9;
            std::vector<char> bytes((size_t)out * per * size);
            for (int o = 0; o < out; o++)
                for (int tap = 0; tap < 9; tap++)
                    for (int ch = 0; ch < in; ch++)
                        put(bytes, (size_t)o * per + tap * in + ch, (Type)t,
                            W[l][((size_t)o * in + ch) * 9 + tap]);
            char *p;
            CHECK(cudaMalloc(&p, bytes.size()));
            CHECK(cudaMemcpy(p, bytes.data(), bytes.size(), cudaMemcpyHostToDevice));
            packedW[t].push_back(p);
        }
    for (int t = 0; t < 3; t++)
        for (int k = 0; k < 2; k++)
            CHECK(cudaFuncSetAttribute((void *)convs[t][k], cudaFuncAttributeMaxDynamicSharedMemorySize,
                                       (128 + 64 * (k + 1)) * 128 * STAGES));
    cudaEvent_t e[20];
    for (auto &x : e) CHECK(cudaEventCreate(&x));
    size_t largest = (size_t)1 << 30;
    char *a, *b;
    CHECK(cudaMalloc(&a, largest));
    CHECK(cudaMalloc(&b, largest));
    float *images;
    CHECK(cudaMalloc(&images, 1 << 28));
    auto run = [&](int t, int n, int size, int upto, bool timed) {
        int h = size, w = size, bytes = t == F32 ? 4 : 2;
        char *from = a, *to = b;
        Shape s{n, h, w, 128, 0, 1, 0, 0};
        if (timed) cudaEventRecord(e[0]);
        gathers[t]<<<((long)n * h * w * 8 + 255) / 256, 256>>>(images, from, s);
        if (timed) cudaEventRecord(e[1]);
        for (int l = 0; l < upto; l++) {
            auto [in, out, pool] = layers[l];
            int k = out % 128 == 0;
            Shape s{n, h, w, l ? in * bytes : 128, out, l ? 9 : 1, pool, l + 1 == upto};
            long rows = (long)n * (pool ? h / 2 * 2 * (w / 2 * 2) : h * w);
            long grid = (rows + 127) / 128 * (out / (64 << k));
            convs[t][k]<<<grid, THREADS, (128 + (64 << k)) * 128 * STAGES>>>(from, packedW[t][l], dB[l], to, s);
            std::swap(from, to);
            if (pool) h /= 2, w /= 2;
            if (timed) cudaEventRecord(e[l + 2]);
        }
        CHECK(cudaGetLastError());
        return (float *)from;
    };
    int sizes[][3] = {{2, 32, 13},  {37, 32, 13}, {3, 50, 13}, {5, 33, 13},
                      {1, 224, 13}, {3, 32, 2},   {3, 45, 7}};
    for (auto &q : sizes) {
        int n = q[0], size = q[1], upto = q[2];
        std::vector<float> im((size_t)n * 3 * size * size);
        for (auto &v : im) v = uniform();
        CHECK(cudaMemcpy(images, im.data(), im.size() * 4, cudaMemcpyHostToDevice));
        float *x, *y;
        CHECK(cudaMalloc(&x, (size_t)n * 64 * size * size * 4));
        CHECK(cudaMalloc(&y, (size_t)n * 64 * size * size * 4));
        CHECK(cudaMemcpy(x, im.data(), im.size() * 4, cudaMemcpyHostToDevice));
        int h = size, w = size;
        for (int l = 0; l < upto; l++) {
            auto [in, out, pool] = layers[l];
            naive<<<((long)n * out * h * w + 255) / 256, 256>>>(x, dW[l], dB[l], y, n, in, h, w, out);
            std::swap(x, y);
            if (pool) {
                naive_pool<<<((long)n * out * (h / 2) * (w / 2) + 255) / 256, 256>>>(x, y, (long)n * out, h, w);
                std::swap(x, y);
                h /= 2, w /= 2;
            }
        }
        size_t count = (size_t)n * layers[upto - 1].out * h * w;
        std::vector<float> want(count), got(count);
        CHECK(cudaMemcpy(want.data(), x, count * 4, cudaMemcpyDeviceToHost));
        for (int t = 0; t < 3; t++) {
            CHECK(cudaMemset(a, 0xff, 1 << 28));
            CHECK(cudaMemset(b, 0xff, 1 << 28));
            float *r = run(t, n, size, upto, false);
            CHECK(cudaMemcpy(got.data(), r, count * 4, cudaMemcpyDeviceToHost));
            double worst = 0, big = 0;
            for (size_t i = 0; i < count; i++) {
                double d = fabs((double)got[i] - want[i]);
                if (!(d <= worst)) worst = d;
                big = fmax(big, fabs(want[i]));
            }
            printf("%s n %d size %d layers %d: largest difference %.2e of the largest (%zu values)\n", names[t],
                   n, size, upto, worst / big, count);
        }
        cudaFree(x);
        cudaFree(y);
    }
    for (auto [n, size] : {std::pair<int, int>{1024, 32}, {512, 32}, {128, 32}, {32, 32}, {1, 32}, {20, 224}})
        for (int t = 0; t < 3; t++) {
            std::vector<float> best(16, 1e9);
            float whole = 1e9;
            for (int r = 0; r < 10; r++) {
                run(t, n, size, 13, true);
                CHECK(cudaDeviceSynchronize());
                float ms;
                for (int l = 0; l < 14; l++) {
                    cudaEventElapsedTime(&ms, e[l], e[l + 1]);
                    best[l] = fminf(best[l], ms);
                }
            }
            for (int r = 0; r < 3; r++) {
                cudaEventRecord(e[0]);
                for (int q = 0; q < 20; q++) run(t, n, size, 13, false);
                cudaEventRecord(e[1]);
                CHECK(cudaDeviceSynchronize());
                float ms;
                cudaEventElapsedTime(&ms, e[0], e[1]);
                whole = fminf(whole, ms / 20);
            }
            printf("%s batch %d size %d: %.3f ms, %.0f images/s; layers us:", names[t], n, size, whole,
                   1e3 * n / whole);
            for (int l = 0; l < 14; l++) printf(" %.0f", 1e3 * best[l]);
            printf("\n");
        }
}
