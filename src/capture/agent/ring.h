/* Shared memory between the agent, which runs inside the target, and the recorder's drain: the agent writes events of
 * fixed size, the drain takes them.
 * Flow: agent -> files in the spool directory (mode 0700, named by BARO_SPOOL_VARIABLE) -> drain.h -> recording.
 *
 *   PID-BIRTH.defs        definitions of one process, appended by write(2), never rewritten
 *   PID-BIRTH-SERIAL.ring calls of one thread, mapped by the agent: a head page, then `capacity` events
 *   PID.why               one line: why there is no agent in that process ("Python 3.8: calls are recorded from 3.9 on"); written
 *                         by the start-up hook where it knows
 *   config                made by the recorder, lines of key=value, for the hook and the agent:
 *     calls=GLOB,GLOB     what to record; absent: the user's own code
 *     overhead=PERCENT    what recording may cost of the program's own time, decimal; absent: as much as it takes
 *     python_path=TEXT    what PYTHONPATH was; absent: it was not set
 *     agent=PATH          the extension module; the hook takes the one for its interpreter, beside it or installed there
 *     format=N            BARO_RING_FORMAT
 *     children=no         record the command's own process only; absent: its Python children too
 *
 * PID is the process' own view of its id, BIRTH the monotonic ns at which its agent started (so that a recycled
 * id, or an exec, is another process), SERIAL counts its threads from 0. All three are decimal.
 *
 * A ring has one producer (its thread) and one consumer (the drain). Event i stands in slot i % capacity. The producer
 * writes the event, then `head` with release; the consumer reads `head` with acquire, then events, then sets `tail`.
 * So what a killed process had committed is whole, and stays in the file: only the event being written is lost.
 * A ring that is full makes the producer wait for the drain as long as the drain lives (see beat_ns); after that
 * events are counted in `lost`, and the next event that fits is preceded by one of kind LOST.
 * The drain takes every byte for hostile. It reads and writes the files with pread and pwrite, never through a mapping
 * of its own: a target that cuts the file must not kill the recorder.
 * All integers are of the machine's own byte order. Nothing here allocates, locks or prints. */
#ifndef BARO_CAPTURE_AGENT_RING_H
#define BARO_CAPTURE_AGENT_RING_H

#include <stdatomic.h>
#include <stdint.h>

#define BARO_SPOOL_VARIABLE "BAROGRAPH_SPOOL"

#define BARO_RING_MAGIC UINT64_C(0x31474e49524f5242) /* "BRORING1" */

enum {
  BARO_RING_FORMAT =
      1, /* of all that is said here; an agent that was installed by itself may be of another one */
  BARO_RING_HEAD_BYTES = 4096,
  BARO_RING_EVENTS = 1 << 18, /* 4 MiB a thread: 20 ms of the fastest calls there are */
  BARO_RING_EVENTS_MAX = 1 << 24,
  BARO_RING_NAME_BYTES = 64,
  BARO_RING_VALUE_BYTES = 4096, /* of a BARO_RING_VALUE, at most */
};

#define BARO_RING_BEAT_OVER UINT64_MAX

/* What times in events are. */
typedef enum baro_ring_clock {
  BARO_RING_CLOCK_MONOTONIC, /* ns */
  BARO_RING_CLOCK_TSC,       /* of the CPU; the drain pairs it with CLOCK_MONOTONIC */
} baro_ring_clock;

/* At the beginning of the file. Fields are written once, before the magic, unless said otherwise. */
typedef struct baro_ring_head {
  _Atomic uint64_t magic;      /* written last: the ring is ready */
  uint32_t head_bytes;         /* BARO_RING_HEAD_BYTES */
  uint32_t clock;              /* baro_ring_clock */
  uint64_t capacity;           /* events; a power of two, at most BARO_RING_EVENTS_MAX */
  uint64_t birth_monotonic_ns; /* when the thread made it, on both clocks */
  uint64_t birth_clock;
  uint32_t os_pid;
  uint32_t os_tid;
  uint64_t serial;                 /* of the thread within the process */
  char name[BARO_RING_NAME_BYTES]; /* of the thread, UTF-8, NUL-terminated, cut; "" unknown */
  _Atomic uint32_t closed;         /* set by the producer at its thread's end */

  _Alignas(128) _Atomic uint64_t head; /* events committed; only the producer writes it */
  _Atomic uint64_t
      lost; /* events that found no room; also of threads that have no ring, by these */
  _Atomic uint64_t
      untold; /* functions whose definition could not be written: their calls are no events */

  _Alignas(128) _Atomic uint64_t tail; /* events taken; only the drain writes it */
  _Atomic uint64_t beat_ns;            /* monotonic time of the drain's last visit; 0 none yet,
                                          BARO_RING_BEAT_OVER: the recording is over, stop */
} baro_ring_head;

_Static_assert(sizeof(baro_ring_head) <= BARO_RING_HEAD_BYTES, "head fits its page");

/* Values are shared with no other version: agent and drain are built together. */
typedef enum baro_ring_kind {
  BARO_RING_ENTER,  /* a call of code `id` begins */
  BARO_RING_RETURN, /* it returns */
  BARO_RING_RAISE,  /* it ends by an exception; `detail` = id of the exception's type */
  BARO_RING_YIELD,  /* a generator, coroutine or async generator is suspended */
  BARO_RING_RESUME, /* ... and goes on; it was entered earlier, perhaps by another thread */
  BARO_RING_THROW,  /* ... goes on by an exception thrown into it */
  BARO_RING_FRAME, /* `time` is the address of the frame of the event before this one, which tells generators apart:
                       behind every event of a code that can be suspended */
  BARO_RING_LOST, /* `time` is the number of events that are missing here */
  /* From here on: what is said beside. What one takes several slots for is committed together. */
  BARO_RING_USAGE, /* what the thread has used: `id` is the peak resident memory of the process in KiB, 0: unknown; a FRAME behind it has
                        the thread's CPU time in ns */
  BARO_RING_SPAWN, /* the newest active call of the thread made a task of a coroutine of code `id`, which has not begun; a
                        FRAME behind it has the address of its frame, as its events will say it; `detail` 1: another
                        thread asked for it and has said so, and its SPAWN is the one that counts */
  BARO_RING_SKIPPED, /* `time` calls of code `id` by this thread were counted, not recorded, since the last of this kind */
  BARO_RING_WEIGHT, /* `time`, at least 1, is the number of calls that the next ENTER stands for; committed with it. `detail`
                        is 1 where another call of its code is active on the thread, recorded or not, else 0 */
  BARO_RING_VALUE, /* of the thread's newest active call; `detail` is a baro_ring_value, `id` a length in bytes, at most
                        BARO_RING_VALUE_BYTES; as many slots as these bytes (UTF-8) need follow; `time` is unused. Arguments
                        stand behind the ENTER; a return value stands before the RETURN, and is committed with it */
  BARO_RING_OWN, /* `time` is what we took, in ns, between the thread's event before this one and the one behind it, which no
                        fact of the process tells; of it the thread was not on a CPU for `id` us */
  BARO_RING_KIND_COUNT
} baro_ring_kind;

typedef enum baro_ring_value {
  BARO_RING_VALUE_ARGUMENTS = 1,
  BARO_RING_VALUE_KEYWORD_ARGUMENTS = 2,
  BARO_RING_VALUE_RETURN = 3,
} baro_ring_value;

/* detail << 40 | id << 8 | kind: 24, 32 and 8 bits. */
typedef struct baro_ring_event {
  uint64_t time;
  uint64_t word;
} baro_ring_event;

static inline uint64_t baro_ring_word(baro_ring_kind kind, uint32_t id, uint32_t detail) {
  return (uint64_t)(detail & 0xffffff) << 40 | (uint64_t)id << 8 | (uint64_t)kind;
}

/* Slots that the bytes of a BARO_RING_VALUE take, behind its first. */
static inline uint32_t baro_ring_value_slots(uint32_t bytes) {
  return (bytes + (uint32_t)sizeof(baro_ring_event) - 1) / (uint32_t)sizeof(baro_ring_event);
}

static inline uint8_t baro_ring_word_kind(uint64_t word) {
  return (uint8_t)word;
}

static inline uint32_t baro_ring_word_id(uint64_t word) {
  return (uint32_t)(word >> 8);
}

static inline uint32_t baro_ring_word_detail(uint64_t word) {
  return (uint32_t)(word >> 40);
}

/* --- PID-BIRTH.defs: one after the other, each u32 length of what follows, u8 kind, fields --- */

/* Strings are u32 length and bytes (UTF-8 with surrogates passed), cut at 64 KiB by the agent. A definition is written
 * whole by one write(2) before the first event that refers to it. */
typedef enum baro_ring_definition {
  /* u32 pid, u32 parent pid, string Python version ("3.12.1"), string command line: the first of a file */
  BARO_RING_DEFINE_PROCESS = 1,
  /* u32 id (dense from 0), u32 first line, u32 co_flags, string name, qualified name, file, module */
  BARO_RING_DEFINE_CODE = 2,
  /* u32 id (dense from 1), string qualified name with the module, as tracebacks say it */
  BARO_RING_DEFINE_EXCEPTION = 3,
  /* string key, string value: what the reader of the report must know */
  BARO_RING_DEFINE_NOTE = 4,
  /* string key, string value: a fact about the process, for programs ("recursion_limit": "1000"); the last of a key
   * counts */
  BARO_RING_DEFINE_FACT = 5,
} baro_ring_definition;

#endif
