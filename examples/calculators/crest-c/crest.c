/*
 * An example of a calculator in C: two numbers that tell tones from noise, the
 * same as the Rust example beside it computes. It includes one header of
 * Agogic and links to nothing of it.
 *
 *   cc -std=c11 -O2 -shared -fPIC -I../../../sdk/abi/include -o crest-c.so crest.c -lm
 */
#include "agogic_calculator.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What the host is told: the outputs count from 0 in the order of descriptors. */
static const char DESCRIPTION[] =
    "{ \"calculators\": [ {"
    "  \"id\": \"example.crest-c\","
    "  \"version\": \"1.0.0\","
    "  \"about\": \"Spectral crest and flatness, in C.\","
    "  \"input\": { \"spectrum\": {"
    "    \"n_fft\": { \"param\": \"n_fft\" },"
    "    \"window_length\": { \"param\": \"n_fft\" },"
    "    \"hop\": { \"param\": \"hop_length\" }"
    "  } },"
    "  \"params\": ["
    "    { \"name\": \"n_fft\", \"default\": 2048,"
    "      \"kind\": { \"integer\": { \"min\": 16, \"max\": 65536 } },"
    "      \"unit\": \"samples\", \"about\": \"Transform length.\" },"
    "    { \"name\": \"hop_length\", \"default\": 512,"
    "      \"kind\": { \"integer\": { \"min\": 1, \"max\": 65536 } },"
    "      \"unit\": \"samples\", \"about\": \"Distance between frames.\" }"
    "  ],"
    "  \"descriptors\": ["
    "    { \"id\": \"example.crest-c\", \"kind\": { \"dense\": \"input\" },"
    "      \"bins\": { \"count\": { \"fixed\": 1 } }, \"changed_in\": \"1.0.0\","
    "      \"about\": \"Largest over average magnitude; 1 for a flat spectrum, 0 for silence.\" },"
    "    { \"id\": \"example.flatness-c\", \"kind\": { \"dense\": \"input\" },"
    "      \"bins\": { \"count\": { \"fixed\": 1 } }, \"changed_in\": \"1.0.0\","
    "      \"range\": [ 0, 1 ],"
    "      \"about\": \"Geometric over arithmetic mean of the power; 1 for a flat spectrum and silence.\" }"
    "  ]"
    "} ] }";

/* An instance remembers which outputs are wanted, and why it failed. */
struct AgogicInstance {
    bool wanted[2];
    const char *error;
};

/* Why create failed on this thread. */
static _Thread_local const char *create_error;

static const char *describe(void) { return DESCRIPTION; }

static AgogicInstance *create(const char *id, const AgogicSetup *setup) {
    if (strcmp(id, "example.crest-c") != 0) {
        create_error = "no such calculator in this library";
        return NULL;
    }
    AgogicInstance *instance = calloc(1, sizeof *instance);
    if (instance == NULL) {
        create_error = "out of memory";
        return NULL;
    }
    for (uint32_t output = 0; output < 2; output++)
        instance->wanted[output] = setup->wants(setup, output);
    return instance;
}

static float crest(const float *magnitudes, size_t bins) {
    double largest = 0, sum = 0;
    for (size_t bin = 0; bin < bins; bin++) {
        largest = fmax(largest, magnitudes[bin]);
        sum += magnitudes[bin];
    }
    return largest > 0 ? (float)(largest / (sum / (double)bins)) : 0.0f;
}

static float flatness(const float *magnitudes, size_t bins) {
    double logs = 0, sum = 0;
    for (size_t bin = 0; bin < bins; bin++) {
        /* Bins that hold nothing count as this power, as in librosa. */
        double power = fmax((double)magnitudes[bin] * magnitudes[bin], 1e-10);
        logs += log(power);
        sum += power;
    }
    double ratio = exp(logs / (double)bins) / (sum / (double)bins);
    /* The means of equal powers may differ in the last place. */
    return (float)fmin(ratio, 1.0);
}

/* The block holds one channel, as the description asks for no other. */
static int32_t process(AgogicInstance *instance, const AgogicBlock *block, const AgogicHost *host) {
    for (uint32_t output = 0; output < 2; output++) {
        if (!instance->wanted[output])
            continue;
        float *values = host->frames(host, output, 0, block->count);
        if (values == NULL) {
            instance->error = "no room for frames";
            return AGOGIC_REFUSED;
        }
        for (uint64_t frame = 0; frame < block->count; frame++) {
            const float *magnitudes = block->data + frame * block->width;
            values[frame] = (output == 0 ? crest : flatness)(magnitudes, block->width);
        }
    }
    return AGOGIC_OK;
}

/* Each frame stands for itself: nothing remains, nothing is carried over. */
static int32_t finish(AgogicInstance *instance, const AgogicHost *host) {
    (void)instance;
    (void)host;
    return AGOGIC_OK;
}

static int32_t reset(AgogicInstance *instance) {
    (void)instance;
    return AGOGIC_OK;
}

static void destroy(AgogicInstance *instance) { free(instance); }

static const char *last_error(AgogicInstance *instance) {
    return instance == NULL ? create_error : instance->error;
}

const AgogicLibrary *agogic_calculator_library(void) {
    static const AgogicLibrary library = {
        .size = sizeof(AgogicLibrary),
        .version = AGOGIC_CALCULATOR_C_VERSION,
        .describe = describe,
        .create = create,
        .process = process,
        .finish = finish,
        .reset = reset,
        .destroy = destroy,
        .last_error = last_error,
    };
    return &library;
}
