/*
 * A plug-in that breaks one rule of the C interface, named at compile time by
 * NAME, which is its calculator's id too. The cases are listed in c_abi.rs.
 */
#include "agogic_calculator.h"

#include <stddef.h>
#include <string.h>

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)
#define ID TEXT(NAME)

/* What the plug-in does wrong: 1 for the case that NAME names, else 0. */
#define IS(name) (strcmp(ID, #name) == 0)

struct AgogicInstance {
    const char *error;
    const AgogicHost *kept;
};

static const char DESCRIPTION[] =
    "{ \"calculators\": [ { \"id\": \"t." ID "\", \"version\": \"1.0.0\","
    "  \"input\": { \"pcm\": {} },"
    "  \"descriptors\": ["
    "    { \"id\": \"t." ID ".frames\", \"bins\": { \"count\": { \"fixed\": 1 } },"
    "      \"kind\": { \"dense\": { \"every\": { \"hop\": { \"fixed\": 64 }, \"first\": { \"fixed\": 0 } } } } },"
    "    { \"id\": \"t." ID ".events\", \"bins\": { \"count\": { \"fixed\": 2 } }, \"kind\": \"events\" }"
    "  ] } ] }";

static const char *describe(void) {
    if (IS(null_description))
        return NULL;
    if (IS(garbage))
        return "Dear diary,";
    if (IS(not_utf8))
        return "{ \"\xff\" }";
    if (IS(cut_off))
        return "{ \"calculators\": [ {";
    if (IS(nothing))
        return "{ \"calculators\": [] }";
    if (IS(bad_id))
        return "{ \"calculators\": [ { \"id\": \"../x\", \"version\": \"1.0.0\","
               " \"input\": { \"pcm\": {} }, \"descriptors\": [] } ] }";
    return DESCRIPTION;
}

static AgogicInstance *create(const char *id, const AgogicSetup *setup) {
    static AgogicInstance instances[16];
    static int next;
    (void)setup;
    if (IS(null_instance) || IS(null_with_reason) || strcmp(id, "t." ID) != 0)
        return NULL;
    AgogicInstance *instance = &instances[next++ % 16];
    instance->error = NULL;
    instance->kept = NULL;
    return instance;
}

static int32_t process(AgogicInstance *instance, const AgogicBlock *block, const AgogicHost *host) {
    static const float values[2] = {1.0f, 2.0f};
    const AgogicEvent plain = {(int64_t)block->position, 0, values, 2, NULL};
    AgogicEvent event = plain;
    instance->kept = host;
    /* This one keeps the rules until the end: a frame every 64 samples. */
    if (IS(late) && host->frames(host, 0, 0, (block->position + block->count) / 64 - block->position / 64) == NULL)
        return AGOGIC_FAILED;
    if (IS(two_lines)) {
        instance->error = "first line\nsecond \xff line";
        return AGOGIC_FAILED;
    }
    if (IS(no_text))
        return 7;
    if (IS(no_such_output))
        return host->frames(host, 9, 0, 1) == NULL ? AGOGIC_OK : AGOGIC_FAILED;
    if (IS(too_many_frames))
        return host->frames(host, 0, 0, UINT64_MAX / 2) == NULL ? AGOGIC_OK : AGOGIC_FAILED;
    if (IS(frames_of_events))
        return host->events(host, 0, &plain, 1) ? AGOGIC_FAILED : AGOGIC_OK;
    if (IS(null_events))
        return host->events(host, 1, NULL, 3) ? AGOGIC_FAILED : AGOGIC_OK;
    if (IS(null_values))
        event.values = NULL;
    if (IS(few_values))
        event.value_count = 1;
    if (IS(bad_label))
        event.label = "\xff";
    if (IS(backwards))
        event.at = -event.at - 1;
    if (!host->events(host, 1, &event, 1))
        return AGOGIC_OK;
    host->log(host, AGOGIC_LOG_WARNING, NULL);
    host->progress(host, -1.0f);
    return host->extension(host, "none", NULL, 0, NULL, NULL) ? AGOGIC_FAILED : AGOGIC_OK;
}

static int32_t finish(AgogicInstance *instance, const AgogicHost *host) {
    (void)instance;
    (void)host;
    return AGOGIC_OK;
}

static int32_t reset(AgogicInstance *instance) {
    (void)instance;
    return AGOGIC_OK;
}

/* A host that was kept is no host any more: it refuses and harms nobody. */
static void destroy(AgogicInstance *instance) {
    const AgogicHost *host = instance->kept;
    if (IS(late) && host != NULL && host->frames(host, 0, 0, 1) != NULL)
        *(volatile int *)NULL = 1;
}

static const char *last_error(AgogicInstance *instance) {
    if (instance == NULL)
        return IS(null_with_reason) ? "the moon is full" : NULL;
    return instance->error;
}

const AgogicLibrary *agogic_calculator_library(void) {
    static AgogicLibrary library;
    library.size = IS(wrong_size) ? 16 : sizeof library;
    library.version = IS(wrong_version) ? 2 : AGOGIC_CALCULATOR_C_VERSION;
    library.describe = describe;
    library.create = create;
    library.process = IS(no_process) ? NULL : process;
    library.finish = finish;
    library.reset = reset;
    library.destroy = destroy;
    library.last_error = last_error;
    return IS(null_library) ? NULL : &library;
}
