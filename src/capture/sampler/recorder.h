/* Records a program, by sampling it from outside, by an agent inside that tells every call, or both: the whole of
 * `barograph record`.
 * Flow: options -> spawn or attach -> sampler, process by process, and drain -> recording writer -> result.
 * Invariants: the target is never left stopped; whatever was sampled is in the file when this
 * returns, also after an error; a spawned target has ended when this returns, unless
 * target_left_running says otherwise. An attached target is left as it was.
 * Runs in the recorder process; prints nothing. Call it once at a time. */
#ifndef BARO_CAPTURE_SAMPLER_RECORDER_H
#define BARO_CAPTURE_SAMPLER_RECORDER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

/* How far a recording is; told at most 4 times a second. */
typedef struct baro_recorder_progress {
  uint64_t elapsed_ns;
  uint64_t samples;
  uint64_t file_bytes;
  double achieved_hz; /* by baro_achieved_hz */
  uint64_t processes; /* seen so far */
} baro_recorder_progress;

typedef struct baro_recorder_options {
  const char *path;  /* borrowed; recording to create */
  bool overwrite;    /* keep an existing file as PATH.old instead of failing */
  double rate_hz;    /* mean rate of the schedule, per thread; 1 to 100,000; 0: no samples */
  const char *calls; /* borrowed; record every call: GLOB,GLOB of modules and functions, "" = the
                            user's own code; NULL = no calls. Of a spawned command, or of one that calls_ready tells */
  double
      overhead_percent; /* of calls: what recording them may cost of the program's own time; 0: as much as it takes */
  /* With attach_pid and calls: the process itself starts its agent, on the spool directory that it is told here (once),
   * and ends the recording by any byte on our standard input, or by its own end. NULL: no such process. */
  void (*calls_ready)(const char *spool);
  uint64_t duration_ns; /* 0 = until the end of the target */
  bool follow_children; /* also sample Python processes that the target starts */
  bool stop_target;     /* stop the target for each sample (ptrace): the reference of tests */
  pid_t attach_pid;     /* process to attach to; 0 = spawn command */
  char *const *command; /* borrowed, ends with NULL; searched in PATH; its stdin, stdout and stderr
                            are the recorder's */
  /* 0 go on, 1 end cleanly, 2 stop at once; set by a signal handler. NULL = never. */
  const volatile sig_atomic_t *stop_requested;
  /* Signal to pass on to the spawned command when the recording ends by stop_requested: set by the
   * handler when somebody sent it to the recorder alone (kill, timeout), 0 when the terminal sent
   * it to the command as well. NULL = never. */
  const volatile sig_atomic_t *forward_signal;
  void (*progress)(void *context, const struct baro_recorder_progress *progress); /* or NULL */
  void *progress_context;
} baro_recorder_options;

enum { BARO_LIVING_PIDS = 8, BARO_MOST_CALLED = 8, BARO_MOST_CALLED_BYTES = 256 };

/* A function with many rows. One whose names are too long is not told. */
typedef struct baro_recorder_function {
  char module[BARO_MOST_CALLED_BYTES]; /* NUL-terminated; "": not known */
  char qualified_name[BARO_MOST_CALLED_BYTES];
  uint64_t rows;
} baro_recorder_function;

typedef struct baro_recorder_result {
  uint64_t samples;
  uint64_t file_bytes;
  uint64_t duration_ns; /* of sampling */
  /* Counters summed over processes: see BARO_COUNTER_LIST. */
  uint64_t ticks;
  uint64_t missed;
  uint64_t retries;
  uint64_t rejected;
  uint64_t unreadable;
  uint64_t processes; /* Python processes that were sampled */
  uint64_t threads;
  uint64_t dropped_samples; /* the writer could not keep: full disk */
  double achieved_hz;       /* by baro_achieved_hz, as the report has it */
  bool target_ran;          /* the command was executed (always true when attached) */
  int wait_status;          /* of the spawned command, as waitpid gives it; 0 when attached */
  bool target_left_running; /* the spawned command still runs */
  /* Processes that the command, or what was attached to, started and that live on although it has ended: they are
   * not recorded any further. The first of them, and how many there are. */
  pid_t living_pids[BARO_LIVING_PIDS];
  uint32_t living_count;
  char note[512]; /* one line worth telling a person, or "" */
  uint64_t calls;
  uint64_t call_threads;
  uint64_t call_processes; /* with an agent */
  uint64_t lost_events;    /* of calls, that rings had no room for */
  uint64_t dropped_events; /* of calls, that the writer could not keep: full disk */
  baro_recorder_function
      most_called[BARO_MOST_CALLED]; /* most rows first; without those that a budget thinned */
  uint32_t most_called_count;
  char calls_note[512]; /* why there are none, or not all; or "" */
} baro_recorder_result;

/* Records until the target ends, the duration is over or stop_requested. BARO_OK also when no
 * Python was found or nothing was sampled (samples = 0, note says why). Errors: the recording
 * cannot be created (USAGE: it exists), calls are asked for and the agent is not found (NOT_FOUND), the command cannot be run (NOT_FOUND, NO_PERMISSION),
 * attaching is refused (NO_PERMISSION with the barrier named, GONE, UNSUPPORTED). *ret_result is
 * also filled on failure, as far as it got; no file is left when the command did not run or could not
 * be attached to. */
baro_status baro_record(const baro_recorder_options *options, baro_recorder_result *ret_result,
                        baro_error *err) BARO_MUST_USE;

#endif
