/* A prediction as text and as JSON (schema "barograph.predict/1", docs/commands/predict.md).
 * Flow: predict/forecast.h -> here -> output. */
#ifndef BARO_SHOW_FORECAST_REPORT_H
#define BARO_SHOW_FORECAST_REPORT_H

#include "predict/forecast.h"
#include "show/stream.h"
#include "show/terminal.h"

/* A point of a sweep. */
typedef struct baro_forecast_point {
  baro_scenario_value value;
  uint32_t slots;
  double predicted_s;
  double low_s;
  double high_s;
} baro_forecast_point;

/* All borrowed. */
typedef struct baro_forecast_report {
  const char *path;
  const char *set; /* as it was given; "" nothing */
  const baro_scenario *scenario;
  const baro_forecast *forecast;     /* of the scenario; of no change where nothing was set */
  const baro_contention_fit *fit;    /* NULL: one recording */
  const baro_scenario_sweep *sweep;  /* NULL: none */
  const baro_forecast_point *points; /* sweep->count */
  bool why;
} baro_forecast_report;

/* Out of memory: out->failed. */
void baro_forecast_text(const baro_forecast_report *report, const baro_terminal *terminal,
                        baro_buffer *out);
/* A failing sink shows in baro_stream_finish. */
void baro_forecast_json(const baro_forecast_report *report, baro_stream *output);

#endif
