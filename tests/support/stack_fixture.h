/* A synthetic interpreter with a reader of its one thread's stack. */
#ifndef BARO_TESTS_STACK_FIXTURE_H
#define BARO_TESTS_STACK_FIXTURE_H

#include <stdint.h>
#include <sys/types.h>

#include "capture/sampler/stack_reader.h"
#include "support/synthetic_python.h"

typedef struct stack_bench {
  synthetic_python python;
  baro_stack_reader *reader;
  baro_raw_stack stack;
} stack_bench;

void stack_bench_begin(stack_bench *it, synthetic_kind kind);
void stack_bench_end(stack_bench *it);
/* Replaces the reader. */
void stack_bench_open_reader(stack_bench *it, pid_t pid, uint64_t thread_addr);
/* The next accepted stack: a changed prediction may cost tries. */
void stack_bench_read(stack_bench *it);

#endif
