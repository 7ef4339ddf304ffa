/* A prediction for a trace of spans (PyTorch, TensorFlow): a GPU, cores, disks or the network that are so many times as fast.
 * Flow: explanation (critical path) + scenario.h -> here -> show, as forecast.h.
 *
 * All tasks run once more behind what they waited for (trace_replay.h). Of a moment in which something else ran as well it is not
 * known whether it gets shorter: the term "alone" has both ends, and its other one is the critical path, edited: each of its moments
 * lasts as long as what it went by (a kernel, an operator on the host, a collective, a copy, the program's own code) then takes;
 * where a host thread only waited for a device, it is what the device did meanwhile.
 * What becomes of copies, of batches of another size and of launches that are fewer is not in it. */
#ifndef BARO_PREDICT_PATH_FORECAST_H
#define BARO_PREDICT_PATH_FORECAST_H

#include "explain/explain.h"
#include "predict/forecast.h"

/* What forecasts of one trace share: what its tasks waited for. Read only once it is made: threads may share it. */
typedef struct baro_path_forecaster baro_path_forecaster;

/* Whether it has tasks, and they are spans of a trace that tells what they used. */
bool baro_path_forecast_applies(const baro_profile *profile);

/* BARO_UNSUPPORTED with the reason; BARO_NO_MEMORY. O(tasks log tasks). */
baro_status baro_path_forecaster_create(const baro_profile *profile,
                                        baro_path_forecaster **ret_forecaster,
                                        baro_error *err) BARO_MUST_USE;
void baro_path_forecaster_destroy(baro_path_forecaster *forecaster);
/* BARO_UNSUPPORTED with the reason; BARO_NO_MEMORY. O(tasks). */
baro_status baro_path_forecaster_make(const baro_path_forecaster *forecaster,
                                      const baro_scenario *scenario, baro_forecast *ret_forecast,
                                      baro_error *err) BARO_MUST_USE;

#endif
