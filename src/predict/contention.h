/* How much slower tasks of one job are with more of them at once, from two recordings of it.
 * Flow: two job graphs -> here -> forecast.c, in place of a prior. */
#ifndef BARO_PREDICT_CONTENTION_H
#define BARO_PREDICT_CONTENTION_H

#include "predict/job_graph.h"
#include "predict/terms.h"

typedef struct baro_contention_fit {
  baro_term
      term; /* BARO_TERM_CORES_CONTENTION or _NODES_; BARO_TERM_COUNT: both ran on as many slots, so nothing is learned */
  double power;
  double error_power;   /* standard error, from how the stages differ */
  uint32_t stage_count; /* that both have */
} baro_contention_fit;

/* BARO_UNSUPPORTED with the reason: no stages in common, or slots and executors differ both. */
baro_status baro_contention_from(const baro_job_graph *graph, const baro_job_graph *other,
                                 baro_contention_fit *ret_fit, baro_error *err) BARO_MUST_USE;

#endif
