#include "explain/prior_times.h"

#include "explain/finding_kinds.h"
#include "explain/operator_times.h"
#include "explain/prior_parts.h"

/* Slow for a disk or a network that people run clusters on, and what a task may wait without bytes that tell: seeks, opening. */
static const double slow_bytes_per_ns = 20e6 / 1e9;
static const double wait_a_task_ns = 20e6;

static const baro_state states[BARO_PRIOR_RESOURCES] = {BARO_STATE_CPU, BARO_STATE_DISK,
                                                        BARO_STATE_NETWORK};

/* Bytes that an operator's tasks moved, by what they are on. */
typedef struct moved_bytes {
  double disk;
  double outside; /* input and output, wherever that is */
} moved_bytes;

static double sum_of(const baro_explanation *all, const baro_operator_time *row,
                     const char *const *names, size_t count) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  uint32_t first = dataflow->operators[row->operator_id].first_task;
  double sum = 0;
  for (size_t n = 0; n < count; n++) {
    uint32_t key = baro_dataflow_key(all->profile, names[n]);
    for (uint32_t t = first; key != BARO_NONE_ID && t < first + row->task_count; t++) {
      sum += (double)baro_amounts_of(dataflow, t, &key, 1);
    }
  }
  return sum;
}

static moved_bytes bytes_of(const baro_explanation *all, const baro_operator_time *row) {
  static const char *const disk[] = {"disk_spilled_bytes", "disk_spilled_bytes", /* both ways */
                                     "shuffle_written_bytes", "shuffle_local_read_bytes",
                                     "shuffle_remote_read_to_disk_bytes"};
  static const char *const outside[] = {"input_bytes", "output_bytes"};
  return (moved_bytes){.disk = sum_of(all, row, disk, sizeof(disk) / sizeof(disk[0])),
                       .outside = sum_of(all, row, outside, sizeof(outside) / sizeof(outside[0]))};
}

/* A run within one process and machine; its input may still come from elsewhere, which the log then names by its scheme. */
static bool is_local(const baro_profile *profile) {
  const baro_dataflow *dataflow = &profile->dataflow;
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    baro_view master;
    if (baro_dataflow_fact_text(dataflow, o, "spark.master", &master)) {
      return baro_is_local_master(master);
    }
  }
  return false;
}

static bool has_remote_files(const baro_profile *profile) {
  static const char *const schemes[] = {"[hdfs:", "[s3", "[gs:", "[abfs", "[wasb", "[http"};
  const baro_dataflow *dataflow = &profile->dataflow;
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    baro_view text;
    if (baro_dataflow_fact_text(dataflow, o, "description", &text)) {
      for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (baro_view_contains(text, schemes[i])) {
          return true;
        }
      }
    }
  }
  return false;
}

/* What the log as a whole says. */
typedef struct log_facts {
  bool has_bytes; /* Spark counts them: none is a measurement */
  bool has_cpu;   /* and has a clock for CPU */
  bool can_be_remote;
} log_facts;

/* How many ns each resource can have had at most. */
static void find_bounds(const baro_explanation *all, const baro_operator_time *row, log_facts facts,
                        double ret_most_ns[BARO_PRIOR_RESOURCES]) {
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret_most_ns[r] = (double)row->state_ns[BARO_STATE_UNKNOWN];
  }
  if (!facts.has_bytes) {
    return;
  }
  moved_bytes moved = bytes_of(all, row);
  double waits_ns = (double)row->task_count * wait_a_task_ns;
  /* Remote blocks are waited for under a clock: without one it is input and output only. */
  double network = facts.can_be_remote ? moved.outside : 0;
  double disk = moved.disk + moved.outside;
  ret_most_ns[BARO_PRIOR_DISK] = disk > 0 ? disk / slow_bytes_per_ns + waits_ns : 0;
  ret_most_ns[BARO_PRIOR_NETWORK] = network > 0 ? network / slow_bytes_per_ns + waits_ns : 0;
}

/* Takes out what is excluded; false where nothing is left. */
static bool condition(double p[BARO_PRIOR_RESOURCES], const double most_ns[BARO_PRIOR_RESOURCES]) {
  double sum = 0;
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    p[r] = most_ns[r] > 0 ? p[r] : 0;
    sum += p[r];
  }
  for (int r = 0; r < BARO_PRIOR_RESOURCES && sum > 0; r++) {
    p[r] /= sum;
  }
  return sum > 0;
}

/* What rounding leaves over goes with the last part. */
static uint64_t round_part(double exact_ns, uint64_t left_ns) {
  return exact_ns + 3 < (double)left_ns ? (uint64_t)exact_ns : left_ns;
}

/* The part of a guess that is on the path is as large as that of all time without a clock. Of sums, so that parts add up to the whole of it;
 * and no part is larger than the guess. */
static void give_time(baro_operator_time *row, log_facts facts, const double *p,
                      const double *most_ns) {
  __extension__ typedef unsigned __int128 wide;
  uint64_t all_ns = row->state_ns[BARO_STATE_UNKNOWN];
  uint64_t path_ns = row->path_state_ns[BARO_STATE_UNKNOWN];
  uint64_t given_ns = 0;
  uint64_t given_path_ns = 0;
  path_ns = path_ns < all_ns ? path_ns : all_ns;
  for (int r = BARO_PRIOR_RESOURCES - 1; r >= 0; r--) { /* CPU last: it takes what is left */
    double share_ns = p[r] * (double)all_ns;
    double exact_ns = share_ns < most_ns[r] ? share_ns : most_ns[r];
    if ((r != BARO_PRIOR_CPU || !facts.has_cpu) && exact_ns > 0) {
      row->prior_ns[states[r]] = round_part(exact_ns, all_ns - given_ns);
      given_ns += row->prior_ns[states[r]];
      row->path_prior_ns[states[r]] = (uint64_t)((wide)given_ns * path_ns / all_ns) - given_path_ns;
      given_path_ns += row->path_prior_ns[states[r]];
    }
  }
}

/* A job on RDDs that a Python program started: its functions run in Python, and unlike those of SQL no scope says so. */
static bool may_run_python(const baro_explanation *all, const baro_operator_time *row) {
  static const char python[] = ".py:";
  const baro_profile *profile = all->profile;
  baro_view query;
  baro_view place =
      baro_profile_string(profile, profile->dataflow.operators[row->operator_id].place_string);
  return baro_view_contains(place, python) &&
         !baro_dataflow_fact_text(&profile->dataflow, row->operator_id, "sql_execution", &query);
}

static bool is_judged(const baro_explanation *all, const baro_operator_time *row) {
  baro_view framework = baro_prior_framework(all->profile, row->operator_id);
  return row->state_ns[BARO_STATE_UNKNOWN] > 0 &&
         (baro_view_equal(framework, baro_view_of("spark")) ||
          baro_view_equal(framework, baro_view_of("flink"))) &&
         !baro_runs_python(all, row) && !may_run_python(all, row);
}

static baro_status give_times(baro_explanation *all, baro_prior *prior) {
  baro_arena scratch = {0};
  baro_prior_parts parts;
  log_facts facts = {
      .has_bytes = baro_operators_are_of(all->profile, "spark."),
      .has_cpu = baro_dataflow_key(all->profile, "cpu_ns") != BARO_NONE_ID,
      .can_be_remote = !is_local(all->profile) || has_remote_files(all->profile),
  };
  baro_status status = baro_prior_parts_init(&parts, all->profile, &scratch);
  for (uint32_t r = 0; r < all->operator_count && status == BARO_OK; r++) {
    baro_operator_time *row = &all->operators[r];
    double p[BARO_PRIOR_RESOURCES];
    double most_ns[BARO_PRIOR_RESOURCES];
    if (is_judged(all, row) && baro_prior_opinion_of_all(prior, &parts, row->operator_id, p)) {
      find_bounds(all, row, facts, most_ns);
      if (condition(p, most_ns)) {
        give_time(row, facts, p, most_ns);
      }
    }
  }
  baro_arena_release(&scratch);
  return status;
}

baro_status baro_prior_times(baro_explanation *all) {
  baro_prior *prior = NULL;
  baro_status status = baro_prior_create(&prior);
  if (status == BARO_OK) {
    status = give_times(all, prior);
  }
  baro_prior_destroy(prior);
  return status;
}
