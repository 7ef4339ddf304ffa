/* How a task's time is split by what Spark measured of it. */
#include "import/spark_output.h"

static uint64_t lesser(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

typedef struct split {
  baro_spark_part *parts;
  uint32_t count;
  uint64_t left_ns; /* of the task */
} split;

static void put_part(split *all, baro_state state, uint64_t ns) {
  ns = lesser(ns, all->left_ns);
  if (ns != 0 && all->count < BARO_SPARK_PARTS_MAX) {
    all->parts[all->count++] = (baro_spark_part){.state = state, .ns = ns};
    all->left_ns -= ns;
  }
}

/* How long Python workers ran for it, with starting them, where Spark has clocked that (4.1). */
static uint64_t python_time(const uint64_t *values) {
  if (values[BARO_SPARK_PYTHON_RUN] != 0) {
    return values[BARO_SPARK_PYTHON_RUN];
  }
  uint64_t start_ns = values[BARO_SPARK_PYTHON_START];
  return start_ns > UINT64_MAX - values[BARO_SPARK_PYTHON_INIT]
             ? UINT64_MAX
             : start_ns + values[BARO_SPARK_PYTHON_INIT];
}

/* Of the time that the task's code ran: what is measured, and what is left. Spark's clocks overlap a little (compression is
 * CPU time, and within writing): CPU time is a kernel's clock and stands, the others share what it leaves. */
static void put_run(split *all, uint64_t run_ns, const uint64_t *values) {
  uint64_t cpu_ns = lesser(values[BARO_SPARK_CPU], run_ns);
  uint64_t rest_ns = run_ns - cpu_ns;
  double wanted = (double)values[BARO_SPARK_FETCH_WAIT] + (double)values[BARO_SPARK_GC] +
                  (double)values[BARO_SPARK_SHUFFLE_WRITE];
  double scale = wanted > (double)rest_ns ? (double)rest_ns / wanted : 1;
  uint64_t before = all->left_ns;
  put_part(all, BARO_STATE_NETWORK, (uint64_t)((double)values[BARO_SPARK_FETCH_WAIT] * scale));
  put_part(all, BARO_STATE_CPU, cpu_ns);
  put_part(all, BARO_STATE_COLLECTOR, (uint64_t)((double)values[BARO_SPARK_GC] * scale));
  put_part(all, BARO_STATE_DISK, (uint64_t)((double)values[BARO_SPARK_SHUFFLE_WRITE] * scale));
  uint64_t used = before - all->left_ns;
  uint64_t unknown_ns = run_ns > used ? run_ns - used : 0;
  /* Workers run while the task's thread does, too: of what they took, only what nothing else accounts for was waited. */
  uint64_t python_ns = lesser(python_time(values), unknown_ns);
  put_part(all, BARO_STATE_PIPE, python_ns);
  put_part(all, BARO_STATE_UNKNOWN, unknown_ns - python_ns);
}

uint32_t baro_spark_split(uint64_t lasted_ns, const uint64_t *values,
                          baro_spark_part ret_parts[BARO_SPARK_PARTS_MAX]) {
  split all = {.parts = ret_parts, .left_ns = lasted_ns};
  uint64_t deserialize_ns = values[BARO_SPARK_DESERIALIZE];
  uint64_t deserialize_cpu_ns = lesser(values[BARO_SPARK_DESERIALIZE_CPU], deserialize_ns);
  uint64_t known_ns = lesser(values[BARO_SPARK_RUN], lasted_ns);
  known_ns += lesser(deserialize_ns, lasted_ns - known_ns);
  known_ns += lesser(values[BARO_SPARK_RESULT_SERIALIZE], lasted_ns - known_ns);
  known_ns += lesser(values[BARO_SPARK_GETTING_RESULT], lasted_ns - known_ns);
  /* On its way to the executor, and its end on the way back: Spark's "scheduler delay". */
  put_part(&all, BARO_STATE_IDLE, lasted_ns - known_ns);
  put_part(&all, BARO_STATE_CPU, deserialize_cpu_ns);
  put_part(&all, BARO_STATE_UNKNOWN, deserialize_ns - deserialize_cpu_ns);
  put_run(&all, lesser(values[BARO_SPARK_RUN], all.left_ns), values);
  put_part(&all, BARO_STATE_CPU, values[BARO_SPARK_RESULT_SERIALIZE]);
  put_part(&all, BARO_STATE_NETWORK, values[BARO_SPARK_GETTING_RESULT]);
  put_part(&all, BARO_STATE_UNKNOWN, all.left_ns);
  return all.count;
}
