/*
 * Agogic calculators in C and C++: version 1 of the C interface.
 *
 * A plug-in is a dynamic library that exports one symbol,
 * agogic_calculator_library. docs/c-interface.md shows the way from an empty
 * file to a picture; examples/calculators/crest-c is a whole plug-in.
 *
 * Each function says from which thread and in which state it may be called,
 * how long what it is given or returns lives, and which pointers may be null.
 * Texts are UTF-8 and end with a NUL. Structs that may grow begin with their
 * size; later minor versions append fields and nothing else.
 *
 * Made from sdk/abi/src/c.rs by `cargo xtask header`. Do not edit.
 */

#ifndef AGOGIC_CALCULATOR_H
#define AGOGIC_CALCULATOR_H

#include <stdbool.h>
#include <stdint.h>

// The version of this interface.
#define AGOGIC_CALCULATOR_C_VERSION 1

// The call did what it should.
#define AGOGIC_OK 0

// The calculator gave up; last_error says why. So does any other number that
// is not listed here.
#define AGOGIC_FAILED 1

// The host asked to stop, and the calculator did.
#define AGOGIC_CANCELLED 2

// The host refused an output.
#define AGOGIC_REFUSED 3

// Something went wrong that the user should know of.
#define AGOGIC_LOG_WARNING 0

// Something that may help to understand a result.
#define AGOGIC_LOG_INFO 1

// For the author.
#define AGOGIC_LOG_DEBUG 2

// Frames of bins at regular times.
#define AGOGIC_SHAPE_DENSE 0

// Things that happen at a time.
#define AGOGIC_SHAPE_EVENTS 1

// Least and greatest sample at several resolutions, a plane for each.
#define AGOGIC_SHAPE_PEAKS 2

// A calculator at work. The plug-in defines it as it likes; the host only
// carries the pointer.
typedef struct AgogicInstance AgogicInstance;

// What an input that is a descriptor holds.
//
// Lifetime: as the setup. Null: no pointer is; starts and hops point to planes
// numbers each.
typedef struct AgogicTrack {
    // Size of this struct in the host.
    uint32_t size;
    // One of the AGOGIC_SHAPE_ numbers.
    uint32_t shape;
    // Channels.
    uint32_t channels;
    // Values per channel and frame, or per event.
    uint32_t bins;
    // Samples per second in which times count.
    uint32_t rate;
    // Planes: 1, the levels of peaks, 0 for events.
    uint32_t planes;
    // Name.
    const char *descriptor;
    // Unit of the values, empty for none.
    const char *unit;
    // Least value that can occur, minus infinity where nothing is known.
    float least;
    // Greatest value that can occur, infinity where nothing is known.
    float greatest;
    // By plane, the centre of frame 0 in samples.
    const int64_t *starts;
    // By plane, the distance between frames in samples.
    const uint32_t *hops;
} AgogicTrack;

// What a calculator is told when it is made.
//
// Thread: only within create, on its thread. Lifetime: it and all texts that
// it gives live for the call of create. Null: no function is.
typedef struct AgogicSetup {
    // Size of this struct in the host.
    uint32_t size;
    // Samples per second of the input; positions and hops count in them.
    uint32_t rate;
    // Channels of the input.
    uint32_t channels;
    // Values per channel: 1 for PCM, n_fft / 2 + 1 for a spectrum (twice as
    // many for a complex one), 0 where the inputs are descriptors.
    uint32_t bins;
    // Inputs that are descriptors; 0 for audio.
    uint32_t inputs;
    // Outputs, as many as the description lists.
    uint32_t outputs;
    // Whether blocks carry the ticks of a tempo map.
    bool tempo;
    // The host's own.
    void *context;
    // The value of a whole-number parameter. False, and value as it was, where
    // there is no such parameter or it is of another type.
    bool (*integer)(const struct AgogicSetup *setup,
                    const char *name,
                    int64_t *value);
    // The value of a parameter that is a number of either type. False as in
    // integer.
    bool (*real)(const struct AgogicSetup *setup,
                 const char *name,
                 double *value);
    // The value of an on-off parameter. False as in integer.
    bool (*flag)(const struct AgogicSetup *setup, const char *name, bool *value);
    // The word of a choice parameter. Null where there is no such parameter or
    // it is of another type.
    const char *(*choice)(const struct AgogicSetup *setup, const char *name);
    // Whether anybody wants an output. One that nobody wants may be left out;
    // what is given for it is dropped.
    bool (*wants)(const struct AgogicSetup *setup, uint32_t output);
    // The name of a channel of the input: mono for a mix. Null where there is
    // no such channel.
    const char *(*channel)(const struct AgogicSetup *setup, uint32_t channel);
    // What an input that is a descriptor holds. Null where there is no such
    // input.
    const struct AgogicTrack *(*input)(const struct AgogicSetup *setup,
                                       uint32_t input);
    // All of the setup as a JSON object, with what later hosts may add.
    const char *(*json)(const struct AgogicSetup *setup);
} AgogicSetup;

// Something that happens at a time. Frozen: arrays of it cross.
typedef struct AgogicEvent {
    // When, in samples.
    int64_t at;
    // For how long, in samples; 0 for a point in time, never negative.
    int64_t duration;
    // As many numbers as the descriptor has bins; null if value_count is 0.
    const float *values;
    // How many.
    uint32_t value_count;
    // UTF-8; null for none.
    const char *label;
} AgogicEvent;

// A piece of an input.
//
// PCM: count samples of each channel, planar: data[channel * count + i].
// Spectra and dense descriptors: count frames,
// data[(frame * channels + channel) * width + bin]. Peaks: as dense, plane by
// plane. Events: count of them in events, data is null.
//
// Of several inputs none runs ahead of another by more than a block.
typedef struct AgogicBlock {
    // Size of this struct in the host.
    uint32_t size;
    // Which input: 0 for audio, else counted as in the description.
    uint32_t input;
    // Which level of peaks; otherwise 0.
    uint32_t plane;
    // Channels.
    uint32_t channels;
    // Values per channel and sample (1) or frame (bins, twice as many for a
    // complex spectrum).
    uint32_t width;
    // Number of the first sample, frame or event, counted from the start of
    // the asset.
    uint64_t position;
    // Samples per channel, frames or events.
    uint64_t count;
    // count * channels * width values; null where there are none.
    const float *data;
    // count events; null unless the input holds events.
    const struct AgogicEvent *events;
    // Where the setup says that there is tempo: ticks, 960 to the quarter
    // note, at the centre of each frame and after the last one's; for PCM at
    // the first sample and at that after the last. Otherwise null.
    const double *ticks;
    // How many ticks.
    uint64_t tick_count;
} AgogicBlock;

// Takes the answer of an extension.
//
// Thread: that of the call it was given to. Lifetime: the bytes live for the
// call. Null: bytes may be null if size is 0.
typedef void (*AgogicAnswer)(void *context, const uint8_t *bytes, uint64_t size);

// Where an instance puts what it computed. Outputs count as in the
// description, from 0.
//
// Thread: only within the call that it was given to, on its thread. Null: no
// function is. What the host refuses fails the calculator, whatever the call
// returns.
typedef struct AgogicHost {
    // Size of this struct in the host.
    uint32_t size;
    // The version of this interface that the host speaks.
    uint32_t version;
    // The host's own.
    void *context;
    // Room for count more frames of a plane, zeroed: frame by frame, channel
    // by channel, bin by bin. plane is 0 for all but peaks.
    //
    // Lifetime: until the next call of any function of the host. Null: the
    // result, when the host refuses or count is 0.
    float *(*frames)(const struct AgogicHost *host,
                     uint32_t output,
                     uint32_t plane,
                     uint64_t count);
    // More events, in order of time. False when the host refuses them.
    //
    // Lifetime: events and what they point to live for the call. Null: events
    // may be if count is 0.
    bool (*events)(const struct AgogicHost *host,
                   uint32_t output,
                   const struct AgogicEvent *events,
                   uint64_t count);
    // Every value of the output below floor, given or still to come, becomes
    // floor. For decibels that are cut off below the loudest value, which is
    // known only at the end. False when the host refuses.
    bool (*raise_floor)(const struct AgogicHost *host,
                        uint32_t output,
                        float floor);
    // Whether nobody wants the result any more; return AGOGIC_CANCELLED soon.
    // Worth a call inside long loops; the host itself asks between blocks.
    bool (*cancelled)(const struct AgogicHost *host);
    // A line for the host's log; level is one of the AGOGIC_LOG_ numbers.
    //
    // Lifetime: the text lives for the call. Null: a text that is says nothing.
    void (*log)(const struct AgogicHost *host, uint32_t level, const char *text);
    // How much of this call's work is done, from 0.0 to 1.0; for calls that
    // take seconds.
    void (*progress)(const struct AgogicHost *host, float done);
    // An extension of the host: a request by name. False where the name is not
    // known; otherwise answer is called once, before this returns true.
    //
    // Lifetime: the arguments live for the call. Null: request may be if
    // request_size is 0.
    bool (*extension)(const struct AgogicHost *host,
                      const char *name,
                      const uint8_t *request,
                      uint64_t request_size,
                      AgogicAnswer answer,
                      void *context);
} AgogicHost;

// A plug-in library, as agogic_calculator_library returns it. It and all that
// it points to live as long as the process: libraries are never unloaded.
//
// The life of an instance: create; process any number of times, the blocks of
// each input in order of position and without gaps; finish once. Then reset
// makes it as new, or destroy ends it. reset is also allowed before finish.
// After a call that failed the host calls last_error and destroy, no more.
//
// An instance may move from one thread to another between two calls, but is
// never called by two threads at once. Instances run side by side.
//
// No function may let a C++ exception out. All are required but extension.
typedef struct AgogicLibrary {
    // sizeof(AgogicLibrary)
    uint32_t size;
    // AGOGIC_CALCULATOR_C_VERSION
    uint32_t version;
    // What the library holds: a JSON object, UTF-8, at most 16 MiB.
    //
    // Thread: any, at any time, also several at once. Lifetime: as long as the
    // process, so most plug-ins return a string literal. Null: describing
    // failed.
    const char *(*describe)(void);
    // Makes an instance of the calculator of this id.
    //
    // Thread: any, at any time, also several at once. Lifetime: id and setup
    // live for the call; the instance lives until destroy. Null: neither
    // argument is; the result, when it cannot be made. Then
    // last_error(NULL) on the same thread says why.
    struct AgogicInstance *(*create)(const char *id,
                                     const struct AgogicSetup *setup);
    // Takes the next block. Returns AGOGIC_OK or why not.
    //
    // Thread: any, one call at a time. State: not finished, not failed.
    // Lifetime: block and host live for the call. Null: no argument is.
    int32_t (*process)(struct AgogicInstance *instance,
                       const struct AgogicBlock *block,
                       const struct AgogicHost *host);
    // Gives what remains after the last block. Returns AGOGIC_OK or why not.
    //
    // Thread, state, lifetime, null: as process. An asset may be so short that
    // process was never called.
    int32_t (*finish)(struct AgogicInstance *instance,
                      const struct AgogicHost *host);
    // Makes the instance as new, for another asset of the same setup. Returns
    // AGOGIC_OK or why not.
    //
    // Thread: as process. State: any but failed. Null: the argument is not.
    int32_t (*reset)(struct AgogicInstance *instance);
    // Ends an instance and frees what it holds.
    //
    // Thread: as process. State: any; the last call. Null: the argument is
    // not.
    void (*destroy)(struct AgogicInstance *instance);
    // Why the last call on the instance failed; with null, why the last create
    // on this thread did. One line of UTF-8 for a person.
    //
    // Thread: that of the call that failed, right after it. Lifetime: until
    // the next call on the instance, or the next create on this thread. Null:
    // the result, where there is nothing to say.
    const char *(*last_error)(struct AgogicInstance *instance);
    // An extension of the instance, or of the library where instance is null:
    // a request by name. Returns 0 where the name is not known; otherwise calls
    // answer once and returns 1.
    //
    // Thread: as process, or any for the library. State: as the extension
    // says. Lifetime: the arguments live for the call. Null: instance may be;
    // request may be if request_size is 0. The function itself may be null:
    // there are no extensions then.
    int32_t (*extension)(struct AgogicInstance *instance,
                         const char *name,
                         const uint8_t *request,
                         uint64_t request_size,
                         AgogicAnswer answer,
                         void *context);
} AgogicLibrary;

#if defined(_WIN32)
#define AGOGIC_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define AGOGIC_EXPORT __attribute__((visibility("default")))
#else
#define AGOGIC_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

// What a plug-in defines, and all that it exports.
//
// Thread: any, at any time. Lifetime: the library lives as long as the process.
// Null: the result never is.
AGOGIC_EXPORT const AgogicLibrary *agogic_calculator_library(void);

#ifdef __cplusplus
}
#endif

#endif
