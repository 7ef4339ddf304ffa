/* The model that fits a recording, whichever it is: one place where that is decided.
 * Flow: profile (+ job_graph.h) -> here (forecast.h, path_forecast.h, python_forecast.h) -> command line, what_if.c.
 *
 *   a graph of jobs (Spark)     the run is replayed
 *   a trace of spans            its critical path is edited
 *   samples (Python programs)   Amdahl's law along the run's own time */
#ifndef BARO_PREDICT_PREDICTOR_H
#define BARO_PREDICT_PREDICTOR_H

#include "predict/forecast.h"
#include "predict/path_forecast.h"
#include "predict/python_forecast.h"

enum { BARO_PREDICTOR_PART_BYTES = 200 };

/* Read only once it is made: threads may share it. */
typedef struct baro_predictor {
  baro_forecaster *tasks; /* owned, one of the three; the others are NULL */
  baro_path_forecaster *path;
  baro_python_forecaster *functions;
  char part
      [BARO_PREDICTOR_PART_BYTES]; /* why the recording has a part of the run only; "" it has all */
} baro_predictor;

/* Whether predictions of it need baro_job_graph_create. */
bool baro_predictor_wants_graph(const baro_profile *profile);

/* graph: borrowed, NULL where none is wanted, as is fit without a second recording. names: functions that scenarios will have, as
 * baro_python_forecaster_create has them. BARO_UNSUPPORTED with the reason; BARO_NO_MEMORY. */
baro_status baro_predictor_init(baro_predictor *self, const baro_profile *profile,
                                const baro_job_graph *graph, const baro_contention_fit *fit,
                                const char *const *names, uint32_t name_count,
                                baro_error *err) BARO_MUST_USE;
void baro_predictor_release(baro_predictor *self);

/* Of a part of a run it is said first (forecast's part, and its first assumption). By how much replaying what was recorded misses
 * what it took, the interval is wider. BARO_UNSUPPORTED with the reason; BARO_LIMIT; BARO_NO_MEMORY. */
baro_status baro_predictor_make(const baro_predictor *self, const baro_scenario *scenario,
                                baro_forecast *ret_forecast, baro_error *err) BARO_MUST_USE;

#endif
