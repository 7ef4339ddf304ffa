/* barograph predict: recording -> profile -> the model that fits it, under a scenario -> text or JSON on stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/damaged_input.h"
#include "cli/options.h"
#include "predict/predictor.h"
#include "predict/python_times.h"
#include "profile/profile.h"
#include "show/forecast_report.h"
#include "show/terminal.h"
#include "show/text_width.h"

typedef struct predict_values {
  const char *set;
  const char *sweep;
  bool why;
  bool json;
  int color;
} predict_values;

/* What one call has open. */
typedef struct prediction {
  const predict_values *values;
  baro_scenario scenario;
  baro_scenario_sweep sweep;
  baro_profile *profiles[2];
  baro_job_graph *graphs[2]; /* the second one only where two recordings are given */
  baro_contention_fit fit;
  baro_predictor predictor;
  baro_forecast forecast;
  baro_forecast_point points[BARO_SCENARIO_SWEEP_MAX];
} prediction;

static baro_status read_options(prediction *all, baro_error *err) {
  const predict_values *values = all->values;
  if (values->set == NULL && values->sweep == NULL) {
    return baro_error_set(err, BARO_USAGE,
                          "nothing is to be different; say what by --set, as --set cores=2x");
  }
  baro_status status = baro_scenario_parse(values->set, &all->scenario, err);
  if (status == BARO_OK && values->sweep != NULL) {
    status = baro_scenario_sweep_parse(values->sweep, &all->sweep, err);
  }
  if (status == BARO_OK && values->sweep != NULL && all->scenario.values[all->sweep.key].is_set) {
    status = baro_error_set(err, BARO_USAGE, "%s is in --set and in --sweep",
                            baro_scenario_name(all->sweep.key));
  }
  return status;
}

static baro_status open_recordings(prediction *all, const baro_call *call, const char *path,
                                   baro_error *err) {
  int count = call->operand_count > 1 ? 2 : 1;
  baro_status status = BARO_OK;
  for (int r = 0; r < count && status == BARO_OK; r++) {
    const char *one = r == 0 ? path : call->operands[r];
    status = baro_profile_load(one, &all->profiles[r], err);
    if (status != BARO_OK) {
      return status;
    }
    const baro_profile *profile = all->profiles[r];
    if (profile->dataflow.task_count > 0 || profile->samples.count > 0) /* else it is refused */
      baro_damaged_input_say("predict", profile, one);
    if (count == 1 && !baro_predictor_wants_graph(all->profiles[r])) {
      return BARO_OK; /* a Python program, or a trace */
    }
    status = baro_job_graph_create(all->profiles[r], &all->graphs[r], err);
    if (status != BARO_OK) {
      return baro_error_prefix(err, status, "%s", one);
    }
  }
  if (count == 2) {
    status = baro_contention_from(all->graphs[0], all->graphs[1], &all->fit, err);
    if (status != BARO_OK) {
      return baro_error_prefix(err, status, "%s", call->operands[1]);
    }
  }
  return status;
}

static const baro_contention_fit *fit_of(const prediction *all) {
  return all->graphs[1] != NULL ? &all->fit : NULL;
}

/* What all points of a sweep share. */
static baro_status begin_forecasts(prediction *all, baro_error *err) {
  const char *names[BARO_SCENARIO_FUNCTIONS_MAX];
  for (uint32_t f = 0; f < all->scenario.function_count; f++) {
    names[f] = all->scenario.functions[f].name;
  }
  return baro_predictor_init(&all->predictor, all->profiles[0], all->graphs[0], fit_of(all), names,
                             all->scenario.function_count, err);
}

static baro_status run_point(prediction *all, uint32_t p, baro_error *err) {
  baro_scenario scenario = all->scenario;
  baro_forecast forecast;
  scenario.values[all->sweep.key] = all->sweep.points[p];
  baro_status status = baro_predictor_make(&all->predictor, &scenario, &forecast, err);
  if (status != BARO_OK) {
    char value[32];
    baro_scenario_value_text(all->sweep.key, &all->sweep.points[p], value);
    return baro_error_prefix(err, status, "--sweep, at %s=%s", baro_scenario_name(all->sweep.key),
                             value);
  }
  all->points[p] = (baro_forecast_point){.value = all->sweep.points[p],
                                         .slots = forecast.slots,
                                         .predicted_s = forecast.predicted_s,
                                         .low_s = forecast.low_s,
                                         .high_s = forecast.high_s};
  baro_forecast_release(&forecast);
  return BARO_OK;
}

/* The ends first: where one of them cannot be predicted, nobody waits for what lies between. */
static baro_status run_sweep(prediction *all, baro_error *err) {
  uint32_t last = all->sweep.count - 1;
  baro_status status = run_point(all, last, err);
  for (uint32_t p = 0; p < last && status == BARO_OK; p++) {
    status = run_point(all, p, err);
  }
  return status;
}

static int print(const prediction *all, const char *path) {
  const predict_values *values = all->values;
  const baro_forecast_report report = {
      .path = path,
      .set = values->set != NULL ? values->set : "",
      .scenario = &all->scenario,
      .forecast = &all->forecast,
      .fit = fit_of(all),
      .sweep = values->sweep != NULL ? &all->sweep : NULL,
      .points = all->points,
      .why = values->why,
  };
  if (values->json) {
    baro_stream stream;
    baro_stream_init(&stream, baro_sink_stream, stdout);
    baro_forecast_json(&report, &stream);
    return baro_cli_finish(&stream);
  }
  baro_buffer out = {0};
  baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, (baro_color_choice)values->color);
  baro_forecast_text(&report, &terminal, &out);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

static const char *sampled_name(const void *context, size_t index) {
  const baro_profile *profile = context;
  if (index >= profile->functions.count)
    return NULL;
  const baro_profile_function *row = &profile->functions.rows[index];
  baro_view name = baro_profile_string(profile, row->qualified_string);
  /* A profile's strings end with a NUL. */
  return profile->functions.total_samples[index] > 0 ? (const char *)name.data : "";
}

/* The line of an error, with the name that was meant where it is of a function that no sample has. */
static int fail(const prediction *all, const char *path, const char *message) {
  const baro_scenario *scenario = &all->scenario;
  bool is_of_function = strncmp(message, "function:", strlen("function:")) == 0;
  for (uint32_t f = 0; is_of_function && f < scenario->function_count; f++) {
    const char *name = scenario->functions[f].name;
    if (baro_python_has(all->profiles[0], name))
      continue;
    const char *suggestion = baro_suggest(name, sampled_name, all->profiles[0]);
    baro_buffer room = {0};
    int code =
        baro_cli_fail("predict: %s: %s%s", path, message, baro_suggestion_words(suggestion, &room));
    baro_buffer_release(&room);
    return code;
  }
  return baro_cli_fail("predict: %s: %s", path, message);
}

static int run(const baro_call *call) {
  prediction all = {.values = call->values};
  const char *path = baro_call_input(call, 0);
  baro_error err;
  baro_status status = read_options(&all, &err);
  if (status == BARO_OK) {
    status = open_recordings(&all, call, path, &err);
  }
  bool opened = status == BARO_OK;
  if (opened) {
    status = begin_forecasts(&all, &err);
  }
  if (opened && status == BARO_OK) {
    status = baro_predictor_make(&all.predictor, &all.scenario, &all.forecast, &err);
  }
  if (status == BARO_OK && all.values->sweep != NULL) {
    status = run_sweep(&all, &err);
  }
  /* What the recording cannot tell; messages of opening one have its name already. */
  bool is_of_recording = opened && status == BARO_UNSUPPORTED;
  int code = status == BARO_OK ? print(&all, path)
             : is_of_recording ? fail(&all, path, err.message)
                               : baro_cli_fail("predict: %s", err.message);
  baro_forecast_release(&all.forecast);
  baro_predictor_release(&all.predictor);
  for (int r = 0; r < 2; r++) {
    baro_job_graph_destroy(all.graphs[r]);
    baro_profile_destroy(all.profiles[r]);
  }
  return code;
}

static void list_keys(baro_buffer *out) {
  baro_write_text(out, "\nWhat can be set (a factor such as 2x, or as said):\n");
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT; k++) {
    static const char *const also[] = {
        [BARO_SCENARIO_FORM_FACTOR] = "",
        [BARO_SCENARIO_FORM_COUNT] = "; or a number",
        [BARO_SCENARIO_FORM_BYTES] = "; or bytes, as 4g",
    };
    baro_write_format(out, "  %-12s %s%s\n", baro_scenario_name((baro_scenario_key)k),
                      baro_scenario_words((baro_scenario_key)k),
                      also[baro_scenario_form_of((baro_scenario_key)k)]);
  }
  baro_write_text(out, "  function:NAME  speed of a function and all that it calls (Python)\n");
}

static const baro_option options[] = {
    {.name = "set",
     .kind = BARO_OPTION_TEXT,
     .value = "KEY=VALUE,...",
     .offset = offsetof(predict_values, set),
     .help = "what is to be different, as cores=2x,disk=0.5x"},
    {.name = "sweep",
     .kind = BARO_OPTION_TEXT,
     .value = "KEY=A..B",
     .offset = offsetof(predict_values, sweep),
     .help = "predict for values from A to B, as cores=1..64 or disk=0.5x..4x, besides --set"},
    {.name = "why",
     .offset = offsetof(predict_values, why),
     .help = "list all terms and assumptions, where each comes from, and what its range makes of "
             "the prediction"},
    BARO_OPTION_ROW_JSON(offsetof(predict_values, json), "predict/1"),
    BARO_OPTION_ROW_COLOR(offsetof(predict_values, color)),
};

static const predict_values defaults = {0};

const baro_command baro_command_predict = {
    .name = "predict",
    .summary = "say how long a run would take with other resources",
    .usage = "[OPTION...] [FILE [OTHER]]",
    .description =
        "Replays the stages and tasks of a recorded Spark run on other slots, with other task "
        "times, "
        "and prints the run time, with an interval for one more run at 90 %. FILE is a recording "
        "that "
        "import made of a log (barograph.baro unless given). Of a sampled Python program it says "
        "what faster functions, cores, disks or networks would bring.\n\n"
        "How much tasks slow each other down is in no single log: a prior is taken, or, where "
        "OTHER is a "
        "recording of the same job with other cores or nodes, what the two show. What the "
        "recording cannot tell is refused with the reason.",
    .examples = "  barograph predict --set cores=2x job.baro\n"
                "  barograph predict --set cpu_speed=1.5x,disk=2x --why job.baro\n"
                "  barograph predict --sweep cores=1..64 job.baro\n"
                "  barograph predict --set function:parse=2x\n"
                "  barograph predict --set nodes=8 four-nodes.baro two-nodes.baro\n"
                "  barograph predict --set memory=2x --json job.baro | jq .predicted_s\n",
    .more_help = list_keys,
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_most = 2,
    .operand_completion = BARO_COMPLETE_RECORDING,
    .run = run,
};
