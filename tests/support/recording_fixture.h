/* What the tests of recordings share: an output in memory that can be full, recordings whose content
 * is known, and chunks made by hand.
 * Failures of the fixture itself abort: they are bugs of the test. */
#ifndef BARO_TESTS_RECORDING_FIXTURE_H
#define BARO_TESTS_RECORDING_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "recording/chunk.h"
#include "recording/output.h"
#include "recording/writer.h"

/* --- A disk in memory --- */

typedef struct fixture_disk {
  bool has_reserve;        /* room can be kept */
  uint64_t reserved_end;   /* that it is kept up to, at least */
  baro_buffer bytes;       /* the file; owned */
  uint64_t capacity_bytes; /* writes beyond it fail, after writing what fits */
  uint32_t writes;         /* how many were tried */
  bool is_truncate_broken; /* truncating fails too */
  bool is_sync_broken;
  bool is_closed;
} fixture_disk;

/* disk must outlive the writer. Starts without a limit when capacity_bytes is 0. */
baro_output fixture_disk_output(fixture_disk *disk);
baro_view fixture_disk_view(const fixture_disk *disk);
void fixture_disk_release(fixture_disk *disk);

/* A writer on the disk. */
baro_writer *fixture_writer(fixture_disk *disk);

/* What fuzzers of importers require of their ends; these abort where it is not so.
 * A failure has one line to say. */
void fixture_require_message(baro_status status, const baro_error *err);
/* Closes the writer and reads what it wrote, which is whole and holds no damage; releases the disk. */
void fixture_require_whole(baro_writer *take_writer, fixture_disk *disk);

/* --- Random numbers that are the same everywhere --- */

typedef struct fixture_random {
  uint64_t state; /* not 0 */
} fixture_random;

uint64_t fixture_next(fixture_random *random);
/* 0 <= x < 1 */
double fixture_uniform(fixture_random *random);
uint64_t fixture_below(fixture_random *random, uint64_t limit);

/* --- Recordings --- */

/* One of each record, with values at their limits. Ids are checked to come out dense. */
void fixture_write_everything(baro_writer *writer);

/* A Python program under the sampler, invented: exponential intervals of 1 ms on average, half of
 * the samples move on to another of 200 stacks, of which few are common; CPU time moves every 4 ms. */
typedef struct fixture_program {
  fixture_random random;
  uint32_t threads;
  uint32_t stacks[200]; /* ids of the leaves */
  uint64_t time_ns;     /* of the last round */
  uint64_t sums_ns[2];  /* of all samples so far: weight, cpu */
} fixture_program;

/* Defines threads, functions and stacks. */
void fixture_program_start(fixture_program *program, baro_writer *writer, uint32_t threads,
                           uint64_t seed);
/* One round: a sample for each thread, at samples[0 .. threads-1]; nothing is written. */
void fixture_program_round(fixture_program *program, baro_sample_record *samples);
/* Rounds until count samples are written, with ticks of the writer. */
void fixture_program_run(fixture_program *program, baro_writer *writer, uint32_t count);

/* --- By hand --- */

/* The file head of version 1.minor. */
void fixture_put_head(baro_buffer *file, uint16_t major, uint16_t minor);
/* A records chunk of raw bytes, sealed as the writer would. */
void fixture_put_chunk(baro_buffer *file, uint8_t type, uint32_t sequence, baro_view raw);
/* As above with what the head says of the samples in it. */
void fixture_put_chunk_head(baro_buffer *file, baro_chunk_head head, baro_view raw);
/* A record. */
void fixture_put_record(baro_buffer *raw, uint64_t type, baro_view payload);
void fixture_put_bytes(baro_buffer *raw, uint64_t type, const char *bytes, size_t length);
#define FIXTURE_PUT(raw, type, literal) fixture_put_bytes(raw, type, literal, sizeof(literal) - 1)
/* One of each definition, all with id 0: function, frame, stack, process, thread; strings 0 "a" and 1 "b". */
void fixture_put_definitions(baro_buffer *raw);

#endif
