#include "predict/predictor.h"

#include <math.h>
#include <string.h>

/* Below, a replay is as good as that of a whole log. */
static const double REPLAY_OFF = 0.02;

bool baro_predictor_wants_graph(const baro_profile *profile) {
  return profile->dataflow.task_count > 0 && !baro_path_forecast_applies(profile);
}

/* Recordings are foreign. */
static void read_part(const baro_profile *profile, char *ret_part) {
  baro_view part = {0};
  (void)baro_profile_info(profile, "log_part", &part);
  size_t most = BARO_PREDICTOR_PART_BYTES - 1;
  size_t length = part.length < most ? part.length : most;
  for (size_t i = 0; i < length; i++) {
    ret_part[i] = part.data[i] >= ' ' && part.data[i] < 0x7f ? (char)part.data[i] : '?';
  }
  ret_part[length] = '\0';
}

baro_status baro_predictor_init(baro_predictor *self, const baro_profile *profile,
                                const baro_job_graph *graph, const baro_contention_fit *fit,
                                const char *const *names, uint32_t name_count, baro_error *err) {
  *self = (baro_predictor){0};
  read_part(profile, self->part);
  if (graph != NULL) {
    return baro_forecaster_create(graph, fit, &self->tasks, err);
  }
  return baro_path_forecast_applies(profile)
             ? baro_path_forecaster_create(profile, &self->path, err)
             : baro_python_forecaster_create(profile, names, name_count, &self->functions, err);
}

void baro_predictor_release(baro_predictor *self) {
  baro_forecaster_destroy(self->tasks);
  baro_path_forecaster_destroy(self->path);
  baro_python_forecaster_destroy(self->functions);
  *self = (baro_predictor){0};
}

static baro_status make(const baro_predictor *self, const baro_scenario *scenario,
                        baro_forecast *ret_forecast, baro_error *err) {
  return self->tasks != NULL ? baro_forecaster_make(self->tasks, scenario, ret_forecast, err)
         : self->path != NULL
             ? baro_path_forecaster_make(self->path, scenario, ret_forecast, err)
             : baro_python_forecaster_make(self->functions, scenario, ret_forecast, err);
}

/* Where the replay misses the recorded time, so may the prediction, either way: tasks may have waited for what a part of a log is
 * without, or for what no scheduler of this kind knows. */
static void widen(baro_forecast *forecast) {
  double off = fabs(log(forecast->replayed_s / forecast->base_s));
  if (isfinite(off) && off > REPLAY_OFF) {
    forecast->low_s *= exp(-off);
    forecast->high_s *= exp(off);
  }
}

static baro_status say_part(baro_forecast *forecast, const char *part) {
  uint32_t kept = forecast->assumption_count;
  forecast->part = baro_arena_copy(&forecast->arena, part, strlen(part));
  const char *text = baro_arena_format(
      &forecast->arena, "of a part of the run only: %s; what is not in the log is in no time here",
      part);
  if (forecast->part == NULL || text == NULL) {
    return BARO_NO_MEMORY;
  }
  kept = kept < BARO_FORECAST_ASSUMPTIONS_MAX ? kept : BARO_FORECAST_ASSUMPTIONS_MAX - 1;
  memmove(forecast->assumptions + 1, forecast->assumptions,
          kept * sizeof(forecast->assumptions[0]));
  forecast->assumptions[0] = text;
  forecast->assumption_count = kept + 1;
  return BARO_OK;
}

baro_status baro_predictor_make(const baro_predictor *self, const baro_scenario *scenario,
                                baro_forecast *ret_forecast, baro_error *err) {
  baro_status status = make(self, scenario, ret_forecast, err);
  if (status != BARO_OK) {
    return status;
  }
  widen(ret_forecast);
  if (self->part[0] == '\0') {
    return BARO_OK;
  }
  status = say_part(ret_forecast, self->part);
  if (status != BARO_OK) {
    baro_forecast_release(ret_forecast);
    return baro_error_set(err, status, "%s", baro_status_text(status));
  }
  return status;
}
