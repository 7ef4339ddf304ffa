/* A value of the program in a few words, without asking the program: what it is, how much of it there is, and its beginning.
 *   numbers, None, strings    themselves, cut ('abcd'... (70000 characters))
 *   list, tuple, set, dict    their first items, two levels deep, and how many there are
 *   arrays, tables, series    type, shape, element type: of numpy, pandas, polars, torch, pyarrow
 *   everything else           <module.Type>
 * Invariants: only exact built-in types are looked into, so that no method of the program runs: no __repr__, __len__, __iter__,
 * __eq__, no property. Work is bounded whatever the value is: items, depth, bytes, CPU time. What is called as a secret
 * (secret_names.h) in a dictionary or in a pair is not shown. No reference outlives the call.
 * Code of the libraries named above may run, and with it, or with the collector, anything: callers keep nothing that
 * this could invalidate. In a thread that has a thread state; leaves no exception. Without a GIL others may change the value
 * meanwhile: then some of it is told as it was before. */
#ifndef BARO_CAPTURE_AGENT_VALUE_SUMMARY_H
#define BARO_CAPTURE_AGENT_VALUE_SUMMARY_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include "capture/agent/value_writer.h"

typedef struct baro_value_summary {
  baro_value_writer out;
  bool may_repr;     /* the program's __repr__ was asked for: of what would be <module.Type> */
  uint64_t since_ns; /* when telling began, and this thread's CPU time then */
  uint64_t since_cpu_ns;
  uint32_t failures; /* something that was asked raised an exception */
} baro_value_summary;

/* What is put from now on has its time from now on: when 1 ms of CPU time is over, values are dots. */
void baro_value_start(baro_value_summary *summary);
/* How long the thread has not been on a CPU since then. 0, too, where all has taken less than its turns do. */
uint64_t baro_value_wait_ns(const baro_value_summary *summary);
/* Puts the value, in BARO_VALUE_BYTES at most. */
void baro_value_summarize(baro_value_summary *summary, PyObject *value);
/* Puts its type alone. */
void baro_value_summarize_type(baro_value_summary *summary, PyObject *value);
/* Puts what stands for a secret. */
void baro_value_redact(baro_value_summary *summary);

#endif
