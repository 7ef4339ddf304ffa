#include "predict/predictor.h"

bool baro_predictor_wants_graph(const baro_profile *profile) {
  return profile->dataflow.task_count > 0 && !baro_path_forecast_applies(profile);
}

baro_status baro_predictor_init(baro_predictor *self, const baro_profile *profile,
                                const baro_job_graph *graph, const baro_contention_fit *fit,
                                const char *const *names, uint32_t name_count, baro_error *err) {
  *self = (baro_predictor){0};
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

baro_status baro_predictor_make(const baro_predictor *self, const baro_scenario *scenario,
                                baro_forecast *ret_forecast, baro_error *err) {
  return self->tasks != NULL ? baro_forecaster_make(self->tasks, scenario, ret_forecast, err)
         : self->path != NULL
             ? baro_path_forecaster_make(self->path, scenario, ret_forecast, err)
             : baro_python_forecaster_make(self->functions, scenario, ret_forecast, err);
}
