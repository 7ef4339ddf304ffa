/* A prediction: the recorded run replayed under a scenario, with an interval and with what it rests on.
 * Flow: job_graph.h + scenario.h -> here -> show (forecast_text.c, forecast_json.c).
 *
 *   predicted = recorded run time x replay(scenario) / replay(no change)
 *
 * The interval is for one more run under the scenario, at 90 %, in logarithms: the ends of each term's range, what a bootstrap of
 * the stages' tasks gives, and what runs of one job differ by, as if they were independent; then as many times as wide as
 * calibration.h says. Beyond a factor of 4 it is widened once more. */
#ifndef BARO_PREDICT_FORECAST_H
#define BARO_PREDICT_FORECAST_H

#include "predict/calibration.h"
#include "predict/contention.h"
#include "predict/scenario.h"
#include "predict/terms.h"
#include "predict/waves.h"

enum { BARO_FORECAST_ASSUMPTIONS_MAX = 24, BARO_FORECAST_BOOTSTRAPS_MAX = 24 };

/* What the ends of a term's range make of the prediction. */
typedef struct baro_forecast_term {
  baro_term term;
  double low; /* of its values */
  double point;
  double high;
  baro_term_source source;
  double fastest_s; /* predictions with its ends, the lesser first */
  double slowest_s;
} baro_forecast_term;

/* A part of the scenario alone. */
typedef struct baro_forecast_part {
  baro_scenario_key key;
  uint32_t function; /* BARO_NONE_ID: the key; else this one of the scenario's functions */
  double alone_s;    /* predicted with nothing else changed */
} baro_forecast_part;

typedef struct baro_forecast {
  double run_s;      /* the run, as everybody has it (explain/run_span.h); 0: of a Python program */
  double base_s;     /* recorded: what of it is predicted */
  double replayed_s; /* replay without a change: how well the model tells the recorded run */
  double predicted_s;
  double low_s;
  double high_s;
  double ranges_low_s; /* as the terms' ranges make them: before calibration and bounds */
  double ranges_high_s;
  double
      bootstrap_ratio; /* standard deviations of the prediction's logarithm: of tasks by chance, */
  double noise_ratio;  /* and from run to run */
  double lead_s;       /* of base_s before the first job, */
  double lead_error_s; /* give or take that */
  double floor_s;      /* the driver's own time, as fast as it may be */
  double distance;     /* baro_change_distance */
  baro_calibration
      calibration;     /* what the interval's width was multiplied by; Python programs: none */
  uint32_t base_slots; /* 0: a Python program, which has none, as of the next three */
  uint32_t slots;
  double busy_ratio;                         /* of the slots' time, predicted */
  double base_busy_ratio;                    /* and recorded */
  baro_forecast_term terms[BARO_TERM_COUNT]; /* those that matter, the widest first */
  uint32_t term_count;
  baro_forecast_part parts[BARO_SCENARIO_KEY_COUNT + BARO_SCENARIO_FUNCTIONS_MAX];
  uint32_t part_count;
  const char *part; /* why it is of a part of the run only, in the arena; NULL: of all of it */
  const char *assumptions[BARO_FORECAST_ASSUMPTIONS_MAX]; /* in the arena */
  uint32_t assumption_count;
  baro_arena arena;
} baro_forecast;

/* What all forecasts of one recording share, so that many of them cost half as much. Read only once it is made: threads may make
 * forecasts of one forecaster at the same time. */
typedef struct baro_forecaster {
  const baro_job_graph *graph; /* borrowed, or the next: */
  baro_job_graph
      with_tasks; /* the same without executors that had no task; its arrays are borrowed */
  const baro_contention_fit *fit; /* borrowed; NULL: none */
  baro_waves waves;               /* in the arena */
  baro_replay_result base;        /* without a change */
  uint32_t base_slots;
  double bootstrap_ns[BARO_FORECAST_BOOTSTRAPS_MAX]; /* without a change, with other tasks */
  int bootstrap_count;
  baro_arena arena;
} baro_forecaster;

/* fit: of a second recording; NULL: none. BARO_UNSUPPORTED: the run lasted no time; BARO_NO_MEMORY. Costs some 25 replays. */
baro_status baro_forecaster_create(const baro_job_graph *graph, const baro_contention_fit *fit,
                                   baro_forecaster **ret_forecaster, baro_error *err) BARO_MUST_USE;
void baro_forecaster_destroy(baro_forecaster *forecaster);

/* BARO_UNSUPPORTED with the reason why the recording cannot tell; BARO_LIMIT; BARO_NO_MEMORY. Costs some 35 replays (20 of more
 * than 10,000 tasks), of 40 to 60 ns a task each. */
baro_status baro_forecaster_make(const baro_forecaster *forecaster, const baro_scenario *scenario,
                                 baro_forecast *ret_forecast, baro_error *err) BARO_MUST_USE;

/* Both, for one forecast. */
baro_status baro_forecast_make(const baro_job_graph *graph, const baro_scenario *scenario,
                               const baro_contention_fit *fit, baro_forecast *ret_forecast,
                               baro_error *err) BARO_MUST_USE;
void baro_forecast_release(baro_forecast *forecast);

#endif
