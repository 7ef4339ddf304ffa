/* The typed records of a recording: what every producer writes and every consumer reads.
 * Flow: capture, import -> writer -> file -> reader -> profile. The bytes are specified in
 * docs/recording-format.md; this header gives the values in memory.
 * Invariants: definitions (string, function, frame, stack, process, thread) get dense ids 0, 1, 2 ...
 * in the order in which they are written, per kind, and precede their first use; times are
 * CLOCK_MONOTONIC ns. BARO_NONE_ID stands for "none". */
#ifndef BARO_RECORDING_RECORDS_H
#define BARO_RECORDING_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define BARO_NONE_ID UINT32_MAX

/* What a thread did during a sample: the resource vocabulary of architecture.md rule 4 as far as a
 * sampler sees it. name, JSON key, words in reports. Values are stored: append only. */
#define BARO_STATE_LIST(X)                                                                         \
  X(UNKNOWN, "unknown", "unknown")                                                                 \
  X(CPU, "cpu", "running")                     /* on the run queue; see cpu_ns, runnable_ns */     \
  X(RUNNABLE, "runnable", "waiting for a CPU") /* derived from cpu_ns and runnable_ns */           \
  X(GIL, "gil", "waiting for the GIL")                                                             \
  X(LOCK, "lock", "waiting for a lock")           /* lock, condition, semaphore, file lock */      \
  X(DISK, "disk", "waiting for disk")             /* regular file, block device, page fault */     \
  X(NETWORK, "network", "waiting for network")    /* inet sockets */                               \
  X(PIPE, "pipe", "waiting for a pipe")           /* pipe, fifo, Unix socket, eventfd */           \
  X(CHILD, "child", "waiting for a child")        /* wait4, waitid */                              \
  X(SLEEP, "sleep", "sleeping")                   /* nanosleep and timers */                       \
  X(IDLE, "idle", "idle")                         /* event loop with nothing ready, terminal */    \
  X(COLLECTOR, "collector", "collecting garbage") /* running inside the garbage collector */       \
  X(GPU, "gpu", "using a GPU") /* of tasks: kernels, and threads that wait for them */             \
  X(COPY, "copy", "copying to or from a GPU") /* of tasks: copies, and threads that wait for them */

typedef enum baro_state {
#define X(name, key, words) BARO_STATE_##name,
  BARO_STATE_LIST(X)
#undef X
      BARO_STATE_COUNT
} baro_state;

const char *baro_state_key(baro_state state);   /* JSON name; "unknown" for values out of range */
const char *baro_state_words(baro_state state); /* words in reports */

/* Flags of a function: why something about it is not known. Values are stored: append only. */
enum {
  BARO_FUNCTION_NAME_CUT = 1u << 0,      /* name or file longer than the limit, cut */
  BARO_FUNCTION_UNREADABLE = 1u << 1,    /* the code object could not be read */
  BARO_FUNCTION_DEPTH_CUT = 1u << 2,     /* stands for frames beyond the depth limit */
  BARO_FUNCTION_NO_PYTHON = 1u << 3,     /* thread had no Python frame */
  BARO_FUNCTION_SHIM = 1u << 4,          /* the interpreter's own, not the program's code */
  BARO_FUNCTION_LINES_UNKNOWN = 1u << 5, /* line table unreadable: only the first line is known */
};

typedef struct baro_function_record {
  uint32_t name_string;      /* bare name: index into strings */
  uint32_t qualified_string; /* co_qualname; = name_string before 3.11 */
  uint32_t file_string;      /* co_filename as the target has it */
  uint32_t first_line;       /* 0 = unknown */
  uint32_t flags;            /* BARO_FUNCTION_* */
  uint32_t module_string;    /* __name__ of its module, or BARO_NONE_ID: unknown */
} baro_function_record;

typedef struct baro_frame_record {
  uint32_t function; /* index into functions */
  uint32_t line;     /* 0 = unknown */
} baro_frame_record;

typedef struct baro_stack_record {
  uint32_t parent; /* index into stacks (the caller's stack), or BARO_NONE_ID at the root */
  uint32_t frame;  /* index into frames */
} baro_stack_record;

typedef struct baro_process_record {
  uint32_t os_pid;         /* as the recorder's pid namespace sees it */
  uint32_t parent_process; /* index into processes, or BARO_NONE_ID */
  uint64_t start_ns;       /* when the process started, monotonic (with os_pid: its identity) */
  uint64_t seen_ns;        /* when sampling it began */
  uint32_t command_string; /* command line, NUL replaced by space, cut to 4 KiB */
  uint32_t python_string;  /* "3.12.1", "3.13.0t"; "" when unknown */
} baro_process_record;

typedef struct baro_thread_record {
  uint32_t process; /* index into processes */
  uint32_t os_tid;
  uint64_t seen_ns;     /* when it was first seen */
  uint32_t name_string; /* comm; may be replaced by a thread_name record */
  bool is_main;         /* the thread whose os_tid = os_pid */
} baro_thread_record;

/* A fact about a process, text by key; the last value of a key counts. docs/recording-format.md says which there are. What
 * calls are to be read with stands before them. */
typedef struct baro_process_fact_record {
  uint32_t process; /* index into processes */
  baro_view key;    /* borrowed */
  baro_view value;  /* borrowed */
} baro_process_fact_record;

/* What a dataflow framework runs: a job, a stage, an operator of a plan, a kernel. Operators are parts of one another (a stage
 * of a job), and hand each other data or wait for each other (baro_operator_edge_record). The frameworks' words for kinds are
 * kept: "spark.stage", "flink.vertex". */
typedef struct baro_operator_record {
  uint32_t kind_string;  /* index into strings, as all *_string here */
  uint32_t name_string;  /* as the framework shows it */
  uint32_t place_string; /* "FILE:LINE" or what the framework has of the user's code; "" unknown */
  uint32_t parent_operator; /* index into operators: what it is a part of, or BARO_NONE_ID */
} baro_operator_record;

/* A fact about an operator, text by key; the last value of a key counts. */
typedef struct baro_operator_fact_record {
  uint32_t operator_id; /* index into operators */
  baro_view key;        /* borrowed */
  baro_view value;      /* borrowed */
} baro_operator_fact_record;

/* How two operators hang together. Values are stored: append only. */
#define BARO_OPERATOR_EDGE_LIST(X)                                                                 \
  X(DATA, "data")       /* what one puts out, the other takes in */                                \
  X(CONTROL, "control") /* the other begins when the one is done */

typedef enum baro_operator_edge {
#define X(name, key) BARO_OPERATOR_EDGE_##name,
  BARO_OPERATOR_EDGE_LIST(X)
#undef X
      BARO_OPERATOR_EDGE_COUNT
} baro_operator_edge;

const char *baro_operator_edge_key(baro_operator_edge edge);

typedef struct baro_operator_edge_record {
  uint32_t from_operator;
  uint32_t to_operator;
  baro_operator_edge kind;
} baro_operator_edge_record;

/* How a task ended. Values are stored: append only. */
#define BARO_TASK_OUTCOME_LIST(X)                                                                  \
  X(UNKNOWN, "unknown") /* the log does not say */                                                 \
  X(SUCCEEDED, "succeeded")                                                                        \
  X(FAILED, "failed")                                                                              \
  X(KILLED, "killed")         /* another attempt was faster, or the stage was given up */          \
  X(UNFINISHED, "unfinished") /* it ran when the log ended: end_ns is that moment */

typedef enum baro_task_outcome {
#define X(name, key) BARO_TASK_##name,
  BARO_TASK_OUTCOME_LIST(X)
#undef X
      BARO_TASK_OUTCOME_COUNT
} baro_task_outcome;

const char *baro_task_outcome_key(baro_task_outcome outcome);

enum { BARO_TASK_AMOUNTS_MAX = 256 };

/* Of a task, as the framework measured it. The key says what it is and ends with its unit: "cpu_ns", "shuffle_read_bytes",
 * "input_rows"; without one it is a number of things. */
typedef struct baro_task_amount {
  uint32_t key_string;
  uint64_t value;
} baro_task_amount;

/* A piece of an operator's work, which one slot (a core of an executor, a device's stream) did from start to end. Slots are
 * threads, what has slots is a process. */
typedef struct baro_task_record {
  uint32_t operator_id;
  uint32_t thread;
  uint64_t start_ns;
  uint64_t end_ns; /* >= start_ns */
  baro_task_outcome outcome;
  uint32_t amount_count;
  const baro_task_amount *amounts; /* borrowed; each key once */
} baro_task_record;

/* A thread or process ended, or sampling of it did. */
typedef struct baro_end_record {
  uint32_t index; /* into processes (process_end) or threads (thread_end) */
  uint64_t time_ns;
  int32_t wait_status; /* as waitpid gives it; -1 unknown; threads: -1 */
} baro_end_record;

typedef struct baro_sample_record {
  uint64_t time_ns;   /* end of the interval that the sample stands for */
  uint64_t weight_ns; /* wall time it stands for; > 0 */
  uint32_t ticks;     /* scheduler ticks merged into it (1 for a running thread) */
  uint32_t thread;    /* index into threads */
  uint32_t stack;     /* index into stacks, or BARO_NONE_ID: no stack known */
  baro_state state;
  uint64_t cpu_ns;      /* movement of the thread's CPU time during the interval (schedstat 1) */
  uint64_t runnable_ns; /* movement of its time on the run queue, waiting (schedstat 2) */
} baro_sample_record;
/* Stored at a resolution of 1 us (time, weight) and 100 us (cpu, runnable). A time is cut; of the
 * others what rounding took or gave is carried to the thread's next sample, so that their sums per
 * thread stay exact to 1 us and 100 us (and a weight below 1 us may come back as 0). */

/* What happened to a call. A thread has a stack of calls that are active; every event is about its top, or makes a new
 * one, or (from USAGE on) says something beside and leaves the stack as it is. A call that can be suspended (a generator, coroutine or async generator) is one call from its first step to
 * its end: suspended it leaves the stack, and comes back on that of any thread. Values are stored: append only. */
#define BARO_CALL_EVENT_LIST(X)                                                                    \
  X(ENTER, "enter")             /* a call of `function` begins */                                  \
  X(ENTER_SUSPENDABLE, "enter") /* likewise; `call` is a number no other one of the file has */    \
  X(RETURN, "return")           /* the top ends */                                                 \
  X(RAISE, "raise")             /* the top ends by an exception of type `exception_string` */      \
  X(SUSPEND, "suspend")         /* the top, which can be suspended, leaves the stack */            \
  X(RESUME, "resume")           /* `call`, which was suspended, is the top again */                \
  X(THROW, "throw")             /* likewise, with an exception thrown into it */                   \
  X(LOST, "lost")       /* `lost` events are missing: nobody knows how the active calls ended */   \
  X(USAGE, "usage")     /* `cpu_ns`: CPU time of the thread so far; `peak_kib` of the process */   \
  X(SPAWN, "spawn")     /* the top, if there is one, made a task of what `call` will be */         \
  X(SKIPPED, "skipped") /* `skipped` calls of `function` were counted and not recorded */          \
  X(WEIGHT, "weight")   /* the next call that begins stands for `weight` ones */                   \
  X(VALUE, "value")     /* what the top was called with, or is about to return */                  \
  X(OWN, "own")         /* recording took `own_ns` between the events before and behind it */

typedef enum baro_call_event_kind {
#define X(name, word) BARO_CALL_##name,
  BARO_CALL_EVENT_LIST(X)
#undef X
      BARO_CALL_EVENT_KIND_COUNT
} baro_call_event_kind;

const char *baro_call_event_word(baro_call_event_kind kind);

/* What a VALUE is. Values are stored: append only. */
#define BARO_CALL_VALUE_LIST(X)                                                                    \
  X(ARGUMENTS, 1, "arguments")                                                                     \
  X(KEYWORD_ARGUMENTS, 2, "keyword_arguments")                                                     \
  X(RETURN, 3, "return_value")

typedef enum baro_call_value {
#define X(name, value, word) BARO_CALL_VALUE_##name = (value),
  BARO_CALL_VALUE_LIST(X)
#undef X
} baro_call_value;

enum {
  BARO_CALL_VALUE_LIMIT_BYTES = 4096,
  BARO_CALL_DEPTH_LIMIT = 1 << 24, /* active on one thread */
  BARO_OPEN_CALL_LIMIT =
      1 << 22, /* of those that can be suspended: entered and not ended, in all */
};

/* 24 bytes: a batch of them is in the nearest caches. */
typedef struct baro_call_event {
  uint64_t
      time_ns; /* of a thread's events: never before the one before it; of SPAWN and what stands below it: the same */
  baro_call_event_kind kind;
  union {
    uint32_t function;         /* ENTER, ENTER_SUSPENDABLE, SKIPPED: index into functions */
    uint32_t exception_string; /* RAISE: qualified name of its type, or BARO_NONE_ID */
    uint32_t
        is_recursive; /* WEIGHT: 1 where another call of the function is active, recorded or not; else 0 */
    uint32_t peak_kib;    /* USAGE: most resident memory of the process so far; 0 unknown */
    uint32_t own_wait_us; /* OWN: of that, not on a CPU */
    struct {
      uint16_t which;       /* VALUE: baro_call_value */
      uint16_t value_bytes; /* see baro_call_event_value */
    };
  };
  union {
    uint64_t call;        /* ENTER_SUSPENDABLE, RESUME, THROW, SPAWN: from 1 */
    uint64_t lost;        /* LOST */
    uint64_t cpu_ns;      /* USAGE: never below that of the thread's USAGE before */
    uint64_t skipped;     /* SKIPPED, at least 1 */
    uint64_t weight;      /* WEIGHT, at least 1; a LOST before the next call makes it void */
    uint64_t own_ns;      /* OWN */
    const uint8_t *value; /* VALUE: borrowed, as long as the events are; UTF-8 in good recordings */
  };
} baro_call_event;

/* Text of a VALUE. */
static inline baro_view baro_call_event_value(const baro_call_event *event) {
  return (baro_view){.data = event->value, .length = event->value_bytes};
}

/* Counters of the sampler, cumulative since the process was attached; the last one counts. */
#define BARO_COUNTER_LIST(X)                                                                       \
  X(TICKS, "ticks")                   /* rounds of the schedule that were due */                   \
  X(MISSED, "missed_ticks")           /* of these: not taken because the sampler was late */       \
  X(STACKS, "stacks")                 /* stack reads that were accepted */                         \
  X(UNMOVED, "unmoved")               /* thread ticks without a look: unmoved, or not asked */     \
  X(RETRIES, "retries")               /* stack reads rejected as inconsistent and tried again */   \
  X(REJECTED, "rejected")             /* stacks lost after all retries */                          \
  X(UNREADABLE, "unreadable")         /* thread ticks lost because memory could not be read */     \
  X(SAMPLER_CPU_NS, "sampler_cpu_ns") /* CPU time of the recorder process */                       \
  X(TARGET_CPU_NS, "target_cpu_ns")   /* of the target process, its ended threads included */      \
  X(RSS_BYTES, "rss_bytes")           /* resident memory of the target, last seen */               \
  X(RSS_PEAK_BYTES, "rss_peak_bytes") /* VmHWM */

typedef enum baro_counter {
#define X(name, key) BARO_COUNTER_##name,
  BARO_COUNTER_LIST(X)
#undef X
      BARO_COUNTER_COUNT
} baro_counter;

const char *baro_counter_key(baro_counter counter);

/* The rate that was kept while there was something to sample, for all who say it: the rate that was asked for times the
 * part of the due rounds that was taken. 0: not known, for there were less than 0.2 s, or the counters contradict each
 * other. */
double baro_achieved_hz(double rate_hz, uint64_t ticks, uint64_t missed);

typedef struct baro_counters_record {
  uint32_t process; /* index into processes, or BARO_NONE_ID: the recorder itself */
  uint64_t time_ns;
  uint64_t values[BARO_COUNTER_COUNT]; /* stored as (counter, value) pairs: readers skip unknown */
} baro_counters_record;

/* Something a reader of the report must know: what is unknown or failed, and why. One line. */
typedef struct baro_note_record {
  uint64_t time_ns;
  uint32_t process; /* or BARO_NONE_ID */
  baro_view text;   /* borrowed */
} baro_note_record;

/* Facts about the recording, text by key. Well-known keys: "tool_version", "command", "kind" ("sample", "import"),
 * "rate_hz", "mode" ("nonblocking", "stop"), "host", "kernel", "cpu_count", "end" ("exit",
 * "interrupt", "duration", "detached"; "disk_full", "write_failed": what came last is missing; absent when the recorder
 * was killed), "exit_status", "signal" (number of the one that ended it), "stolen_ratio" (0 to 1: of what the machine's CPUs
 * had to run meanwhile, what the host of a virtual machine kept back for others), "log_part" (why an imported log has a part of its
 * run only). Later values replace earlier ones. */
typedef struct baro_info_record {
  baro_view key;   /* borrowed */
  baro_view value; /* borrowed */
} baro_info_record;

#endif
