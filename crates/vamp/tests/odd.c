/* A Vamp plug-in library of odd cases, written against the C interface, for the
   tests in odd.rs. Each plug-in differs from `plain` in one thing. */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <vamp/vamp.h>

/* What the host may not get wrong is counted here and read by the tests. */
int odd_instances = 0;
int odd_released_sets = 0;
int odd_released_outputs = 0;
int odd_faults = 0;

enum { PLAIN, V1, MANY_PARAMETERS, NULL_PARAMETERS, UNNAMED, VERSION_9, LACKING, BAD_DOMAIN,
       MANY_OUTPUTS, MANY_BINS, BAD_SAMPLE_TYPE, NULL_OUTPUT, MANY_FEATURES, NULL_FEATURES,
       MANY_VALUES, NULL_VALUES, REFUSING, NOT_CREATED, SPECTRAL, COUNT };

static const char *const names[COUNT] = {
    "plain", "v1", "many-parameters", "null-parameters", "", "version-9", "lacking", "bad-domain",
    "many-outputs", "many-bins", "bad-sample-type", "null-output", "many-features", "null-features",
    "many-values", "null-values", "refusing", "not-created", "spectral" };

typedef struct {
    int kind;
    float rate;
    float gain;
    unsigned int program;
    int initialised;
    unsigned int channels, step, block;
    int calls;
    int lent; /* sets that were not released */
    VampFeatureList lists[3];
    VampFeatureUnion room[8];
    float values[4];
} Odd;

static VampPluginDescriptor plugins[COUNT];

static const char *levels[] = { "low", "caf\xe9", "high", NULL, "beyond the end" };
static VampParameterDescriptor gain = { "gain", "Gain", NULL, "dB", -10, 10, 2, 0, 0, NULL };
static VampParameterDescriptor level = { "level", "Level", "", "", 0, 2, 1, 1, 1, levels };
/* The list does not end with null; the range says how long it is. */
static const char *two[] = { "off", "on" };
static VampParameterDescriptor toggle = { "toggle", "", "", "", 0, 1, 0, 1, 1, two };
static const VampParameterDescriptor *parameters[] = { &gain, &level, &toggle };
static const char *programs[] = { "soft", NULL, "loud" };

static VampPluginHandle instantiate(const VampPluginDescriptor *d, float rate)
{
    Odd *odd;
    int kind = (int)(d - plugins);
    if (kind == NOT_CREATED) return NULL;
    odd = calloc(1, sizeof(Odd));
    odd->kind = kind;
    odd->rate = rate;
    odd->gain = 2;
    odd_instances++;
    return odd;
}

static void cleanup(VampPluginHandle h)
{
    if (((Odd *)h)->lent) odd_faults++;
    odd_instances--;
    free(h);
}

static int initialise(VampPluginHandle h, unsigned int channels, unsigned int step, unsigned int block)
{
    Odd *odd = h;
    if (odd->initialised) odd_faults++;
    if (odd->kind == REFUSING) return 0;
    odd->initialised = 1;
    odd->channels = channels;
    odd->step = step;
    odd->block = block;
    return 1;
}

static void reset(VampPluginHandle h)
{
    Odd *odd = h;
    if (!odd->initialised) odd_faults++;
    odd->calls = 0;
}

static float get_parameter(VampPluginHandle h, int i) { return i == 0 ? ((Odd *)h)->gain : (float)i; }

static void set_parameter(VampPluginHandle h, int i, float value)
{
    Odd *odd = h;
    if (odd->initialised || i < 0 || i > 2) odd_faults++;
    if (i == 0) odd->gain = value;
}

static unsigned int get_program(VampPluginHandle h) { return ((Odd *)h)->program; }

static void select_program(VampPluginHandle h, unsigned int i)
{
    Odd *odd = h;
    if (odd->initialised || i > 2) odd_faults++;
    odd->program = i;
    odd->gain = (float)i;
}

static unsigned int preferred_step(VampPluginHandle h) { (void)h; return 0; }
static unsigned int preferred_block(VampPluginHandle h) { (void)h; return 96; }
static unsigned int min_channels(VampPluginHandle h) { (void)h; return 1; }
static unsigned int max_channels(VampPluginHandle h) { (void)h; return 2; }

static unsigned int output_count(VampPluginHandle h)
{
    return ((Odd *)h)->kind == MANY_OUTPUTS ? 0xffffffffu : 3;
}

/* Outputs: the sum of each block per step; pairs of values at a fixed rate; notes
   with times, durations and labels. */
static VampOutputDescriptor *get_output(VampPluginHandle h, unsigned int i)
{
    static const char *pair[] = { "left", NULL };
    Odd *odd = h;
    VampOutputDescriptor *d;
    if (odd->kind == NULL_OUTPUT && i == 1) return NULL;
    if (i > 2) odd_faults++;
    if (odd->kind == V1) {
        /* A version 1 plug-in's memory ends here. */
        d = malloc(sizeof(VampOutputDescriptor) - sizeof(int));
        memset(d, 0, sizeof(VampOutputDescriptor) - sizeof(int));
    } else {
        d = calloc(1, sizeof(VampOutputDescriptor));
        d->hasDuration = i == 2;
    }
    d->identifier = i == 0 ? "sum" : i == 1 ? "pair" : "notes";
    d->hasFixedBinCount = i < 2;
    d->binCount = i == 0 ? 1 : i == 1 ? 2 : 77;
    if (i == 0 && odd->kind == MANY_BINS) d->binCount = 0x80000000u;
    if (i == 1) d->binNames = pair;
    d->sampleType = i == 0 ? vampOneSamplePerStep : i == 1 ? vampFixedSampleRate : vampVariableSampleRate;
    if (odd->kind == BAD_SAMPLE_TYPE) d->sampleType = (VampSampleType)7;
    d->sampleRate = odd->initialised ? odd->rate / (float)odd->step : 0;
    d->hasKnownExtents = i == 1;
    d->minValue = -1;
    d->maxValue = 1;
    d->isQuantized = i == 1;
    d->quantizeStep = 0.5f;
    return d;
}

static void release_output(VampOutputDescriptor *d)
{
    odd_released_outputs++;
    free(d);
}

static VampFeatureList *give(Odd *odd)
{
    odd->lent++;
    return odd->lists;
}

static VampFeatureList *process(VampPluginHandle h, const float *const *in, int sec, int nsec)
{
    Odd *odd = h;
    unsigned int c, i;
    unsigned int length = odd->kind == SPECTRAL ? odd->block + 2 : odd->block;
    if (!odd->initialised || odd->lent) odd_faults++;
    memset(odd->lists, 0, sizeof(odd->lists));
    memset(odd->room, 0, sizeof(odd->room));
    odd->values[0] = 0;
    for (c = 0; c < odd->channels; c++)
        for (i = 0; i < length; i++) odd->values[0] += in[c][i];
    if (odd->calls++ == 1) return NULL; /* nothing in the second block */

    odd->lists[0].featureCount = 1;
    odd->lists[0].features = odd->room;
    odd->room[0].v1.valueCount = 1;
    odd->room[0].v1.values = odd->values;

    /* Output 1 stays empty. Output 2: two notes, the second without anything. */
    odd->lists[2].featureCount = 2;
    odd->lists[2].features = odd->room + 2;
    odd->room[2].v1.hasTimestamp = 1;
    odd->room[2].v1.sec = sec;
    odd->room[2].v1.nsec = nsec;
    odd->room[2].v1.label = "\xe9t\xc3\xa9";
    odd->room[3].v1.sec = 99; /* not to be read: it has no time */
    if (odd->kind != V1) {
        odd->room[4].v2.hasDuration = 1;
        odd->room[4].v2.durationSec = 1;
        odd->room[4].v2.durationNsec = 1500000000;
        odd->room[5].v2.durationSec = 99;
    }

    switch (odd->kind) {
    case MANY_FEATURES: odd->lists[0].featureCount = 0xffffffffu; break;
    case NULL_FEATURES: odd->lists[0].features = NULL; break;
    case MANY_VALUES: odd->room[0].v1.valueCount = 0xffffffffu; break;
    case NULL_VALUES: odd->room[0].v1.values = NULL; break;
    }
    return give(odd);
}

static VampFeatureList *remaining(VampPluginHandle h)
{
    Odd *odd = h;
    if (!odd->initialised || odd->lent) odd_faults++;
    if (odd->calls == 0) return NULL;
    memset(odd->lists, 0, sizeof(odd->lists));
    memset(odd->room, 0, sizeof(odd->room));
    odd->values[0] = (float)odd->calls;
    odd->values[1] = odd->gain;
    odd->lists[1].featureCount = 1;
    odd->lists[1].features = odd->room;
    odd->room[0].v1.valueCount = 2;
    odd->room[0].v1.values = odd->values;
    return give(odd);
}

static void release_set(VampFeatureList *lists)
{
    Odd *odd = (Odd *)((char *)lists - offsetof(Odd, lists));
    odd->lent--;
    odd_released_sets++;
}

const VampPluginDescriptor *vampGetPluginDescriptor(unsigned int version, unsigned int index)
{
    VampPluginDescriptor *d;
    if (version != 2 || index >= COUNT) return NULL;
    d = &plugins[index];
    memset(d, 0, sizeof(*d));
    d->vampApiVersion = index == V1 ? 1 : index == VERSION_9 ? 9 : 2;
    d->identifier = names[index];
    d->name = index == PLAIN ? "Pl\xc3\xa4in" : NULL;
    d->pluginVersion = -3;
    d->parameterCount = index == MANY_PARAMETERS ? 0x7fffffffu : 3;
    d->parameters = index == NULL_PARAMETERS ? NULL : parameters;
    d->programCount = 3;
    d->programs = programs;
    d->inputDomain = index == SPECTRAL ? vampFrequencyDomain : index == BAD_DOMAIN ? (VampInputDomain)5 : vampTimeDomain;
    d->instantiate = instantiate;
    d->cleanup = cleanup;
    d->initialise = initialise;
    d->reset = reset;
    d->getParameter = get_parameter;
    d->setParameter = set_parameter;
    d->getCurrentProgram = get_program;
    d->selectProgram = select_program;
    d->getPreferredStepSize = preferred_step;
    d->getPreferredBlockSize = preferred_block;
    d->getMinChannelCount = min_channels;
    d->getMaxChannelCount = max_channels;
    d->getOutputCount = output_count;
    d->getOutputDescriptor = get_output;
    d->releaseOutputDescriptor = release_output;
    d->process = index == LACKING ? NULL : process;
    d->getRemainingFeatures = remaining;
    d->releaseFeatureSet = release_set;
    return d;
}
