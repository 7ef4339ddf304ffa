/* Profiles for tests, made of records without a file: each given_ function hands one record to the builder and
 * returns its id. Failures of the builder abort: a test that expects one calls the visitor itself. */
#ifndef BARO_TESTS_PROFILE_FIXTURE_H
#define BARO_TESTS_PROFILE_FIXTURE_H

#include "profile/builder.h"

#define MS UINT64_C(1000000)

typedef struct given {
  baro_profile_builder *builder;
  const baro_visitor *visitor;
  uint32_t strings;
  uint32_t functions;
  uint32_t frames;
  uint32_t stacks;
  uint32_t processes;
  uint32_t threads;
  uint32_t operators;
} given;

given given_begin(void);
uint32_t given_string(given *self, baro_view text);
/* Its qualified name is its name. */
uint32_t given_function(given *self, const char *name, const char *file, uint32_t first_line,
                        uint32_t flags);
/* A new frame, and a new stack of it below parent (BARO_NONE_ID: outermost). */
uint32_t given_stack(given *self, uint32_t parent, uint32_t function, uint32_t line);
uint32_t given_process(given *self, uint32_t pid, uint32_t parent);
/* The main thread when tid is the process's pid. */
uint32_t given_thread(given *self, uint32_t process, uint32_t tid, const char *name, bool is_main);
/* One tick, nothing known from the scheduler. */
void given_sample(given *self, uint32_t thread, uint32_t stack, baro_state state, uint64_t time_ns,
                  uint64_t weight_ns);
void given_record(given *self, const baro_sample_record *record);
void given_info(given *self, const char *key, const char *value);
/* Counters of a process of which only its CPU time is not 0. */
void given_process_cpu(given *self, uint32_t process, uint64_t cpu_ns);
/* Events of one thread; those of its next call go on behind them. */
void given_events(given *self, uint32_t thread, const baro_call_event *events, uint32_t count);
/* No place. Parts name what they are a part of, or BARO_NONE_ID. */
uint32_t given_operator(given *self, const char *kind, const char *name, uint32_t parent);
void given_fact(given *self, uint32_t operator_id, const char *key, const char *value);
void given_edge(given *self, uint32_t from, uint32_t to);
/* Amounts by record->amounts. */
void given_task(given *self, const baro_task_record *record);
/* Ends the fixture. */
baro_profile *given_profile(given *self);

#endif
