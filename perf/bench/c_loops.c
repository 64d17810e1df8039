/* perf/bench/c_loops.c: the loops of c_loops.py in C, as a careful C programmer would have to write them to mean the same: overflow looked for, bounds that
 * the compiler cannot see, a flag that another thread may set looked at in each turn. Prints nanoseconds per turn of each. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile int breaker;

struct list {
    int64_t size;
    double **items;
};

static void leave(const char *why)
{
    fprintf(stderr, "c_loops: %s\n", why);
    exit(1);
}

static double nested(int64_t n)
{
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            int64_t product;
            if (__builtin_mul_overflow(i, j, &product) || __builtin_add_overflow(total, product & 7, &total) || breaker) {
                leave("overflow");
            }
            if (total > 1000000 && __builtin_sub_overflow(total, 999999, &total)) {
                leave("overflow");
            }
        }
    }
    return (double)total;
}

static double floats(int64_t n)
{
    double x = 1.0;
    for (int64_t i = 0; i < n; i++) {
        x = x * 1.0001;
        if (breaker) {
            leave("interrupted");
        }
    }
    return x;
}

static double collatz(int64_t n)
{
    int64_t steps = 0;
    for (int64_t i = 1; i < n; i++) {
        int64_t value = i;
        while (value != 1) {
            if (value & 1) {
                if (__builtin_mul_overflow(value, 3, &value) || __builtin_add_overflow(value, 1, &value)) {
                    leave("overflow");
                }
            } else {
                value >>= 1;
            }
            if (__builtin_add_overflow(steps, 1, &steps) || breaker) {
                leave("overflow");
            }
        }
    }
    return (double)steps;
}

static double mandelbrot(int64_t n)
{
    int64_t total = 0;
    for (int64_t x = 0; x < n; x++) {
        double cr = 2.0 * (double)x / (double)n - 1.5;
        double zr = 0, zi = 0;
        int64_t turn = 0;
        while (turn < 200 && zr * zr + zi * zi < 4.0) {
            double next = zr * zr - zi * zi + cr;
            zi = 2.0 * zr * zi + 0.1;
            zr = next;
            if (__builtin_add_overflow(turn, 1, &turn) || breaker) {
                leave("overflow");
            }
        }
        total += turn;
    }
    return (double)total;
}

static double dot(const struct list *a, const struct list *b, int64_t turns)
{
    double total = 0;
    for (int64_t turn = 0; turn < turns; turn++) {
        for (int64_t i = 0; i < a->size; i++) {
            if ((uint64_t)i >= (uint64_t)b->size || breaker) {
                leave("index");
            }
            total += *a->items[i] * *b->items[i];
        }
    }
    return total;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static struct list make_list(int64_t size)
{
    struct list list = {size, malloc((size_t)size * sizeof(double *))};
    for (int64_t i = 0; i < size; i++) {
        list.items[i] = malloc(sizeof(double));
        *list.items[i] = 0.5 * (double)i;
    }
    return list;
}

int main(int argc, char **argv)
{
    int64_t scale = argc > 1 ? atoll(argv[1]) : 1000;
    struct list a = make_list(1000), b = make_list(1000);
    static const char *const names[] = {"nested", "floats", "collatz", "mandelbrot", "dot"};
    for (int which = 0; which < 5; which++) {
        double best = INFINITY;
        double result = 0;
        for (int run = 0; run < 7; run++) {
            double start = now();
            switch (which) {
            case 0:
                result = nested(scale);
                break;
            case 1:
                result = floats(scale * 1000);
                break;
            case 2:
                result = collatz(scale * 10);
                break;
            case 3:
                result = mandelbrot(scale * 10);
                break;
            default:
                result = dot(&a, &b, scale);
                break;
            }
            best = fmin(best, now() - start);
        }
        printf("%s %.17g %.0f\n", names[which], result, best);
    }
    return 0;
}
