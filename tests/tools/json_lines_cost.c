/* What reading a log costs: json_lines_cost FILE [bytes|lines|skip|walk]
 * Unpacks FILE, finds its lines, skips each event, or (walk, the default) takes what a model of a Spark program would: 40
 * fields of every TaskEnd and its accumulables. Prints MB of log per second of CPU, and sums that say it was read.
 * A log of some hundred MB is made of real ones by repeating them. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os_file.h"
#include "import/json_lines.h"
#include "import/json_names.h"

/* In the order in which Spark writes them. Containers, then fields; those without a case of their own are summed. */
#define FIELD_LIST(X)                                                                              \
  X(EVENT, "Event")                                                                                \
  X(STAGE, "Stage ID")                                                                             \
  X(STAGE_ATTEMPT, "Stage Attempt ID")                                                             \
  X(TASK_TYPE, "Task Type")                                                                        \
  X(END_REASON, "Task End Reason")                                                                 \
  X(REASON, "Reason")                                                                              \
  X(INFO, "Task Info")                                                                             \
  X(TASK, "Task ID")                                                                               \
  X(INDEX, "Index")                                                                                \
  X(ATTEMPT, "Attempt")                                                                            \
  X(PARTITION, "Partition ID")                                                                     \
  X(LAUNCH, "Launch Time")                                                                         \
  X(EXECUTOR, "Executor ID")                                                                       \
  X(HOST, "Host")                                                                                  \
  X(LOCALITY, "Locality")                                                                          \
  X(SPECULATIVE, "Speculative")                                                                    \
  X(GETTING, "Getting Result Time")                                                                \
  X(FINISH, "Finish Time")                                                                         \
  X(FAILED, "Failed")                                                                              \
  X(KILLED, "Killed")                                                                              \
  X(ACCUMULABLES, "Accumulables")                                                                  \
  X(ID, "ID")                                                                                      \
  X(NAME, "Name")                                                                                  \
  X(UPDATE, "Update")                                                                              \
  X(METRICS, "Task Metrics")                                                                       \
  X(DESERIALIZE, "Executor Deserialize Time")                                                      \
  X(DESERIALIZE_CPU, "Executor Deserialize CPU Time")                                              \
  X(RUN, "Executor Run Time")                                                                      \
  X(CPU, "Executor CPU Time")                                                                      \
  X(PEAK, "Peak Execution Memory")                                                                 \
  X(RESULT_SIZE, "Result Size")                                                                    \
  X(GC, "JVM GC Time")                                                                             \
  X(SERIALIZATION, "Result Serialization Time")                                                    \
  X(MEMORY_SPILLED, "Memory Bytes Spilled")                                                        \
  X(DISK_SPILLED, "Disk Bytes Spilled")                                                            \
  X(SHUFFLE_READ, "Shuffle Read Metrics")                                                          \
  X(REMOTE_BLOCKS, "Remote Blocks Fetched")                                                        \
  X(LOCAL_BLOCKS, "Local Blocks Fetched")                                                          \
  X(FETCH_WAIT, "Fetch Wait Time")                                                                 \
  X(REMOTE_BYTES, "Remote Bytes Read")                                                             \
  X(REMOTE_TO_DISK, "Remote Bytes Read To Disk")                                                   \
  X(LOCAL_BYTES, "Local Bytes Read")                                                               \
  X(TOTAL_RECORDS, "Total Records Read")                                                           \
  X(SHUFFLE_WRITE, "Shuffle Write Metrics")                                                        \
  X(SHUFFLE_BYTES, "Shuffle Bytes Written")                                                        \
  X(SHUFFLE_TIME, "Shuffle Write Time")                                                            \
  X(SHUFFLE_RECORDS, "Shuffle Records Written")                                                    \
  X(INPUT, "Input Metrics")                                                                        \
  X(BYTES_READ, "Bytes Read")                                                                      \
  X(RECORDS_READ, "Records Read")                                                                  \
  X(OUTPUT, "Output Metrics")                                                                      \
  X(BYTES_WRITTEN, "Bytes Written")                                                                \
  X(RECORDS_WRITTEN, "Records Written")

enum {
#define X(name, text) FIELD_##name,
  FIELD_LIST(X)
#undef X
      FIELD_COUNT
};

typedef struct taken {
  baro_json_names names;
  uint64_t task_ends, fields, accumulables;
  uint64_t sum;
} taken;

static void walk_object(taken *all, baro_json_walk *walk);

static void walk_accumulables(taken *all, baro_json_walk *walk) {
  if (!baro_json_walk_enter(walk, '['))
    return;
  while (baro_json_walk_element(walk)) {
    all->accumulables++;
    walk_object(all, walk);
  }
}

static void take_field(taken *all, uint32_t field, baro_json_walk *walk) {
  int64_t number = 0;
  bool flag = false;
  baro_view text = {0};
  all->fields++;
  switch (field) {
  case FIELD_TASK_TYPE:
  case FIELD_REASON:
  case FIELD_EXECUTOR:
  case FIELD_HOST:
  case FIELD_LOCALITY:
    (void)baro_json_walk_text(walk, &text);
    all->sum += text.length;
    return;
  case FIELD_UPDATE:
    if (baro_json_walk_peek(walk) == '"') {
      (void)(baro_json_walk_text(walk, &text) && baro_json_text_integer(text, &number));
      all->sum += (uint64_t)number;
      return;
    }
    break;
  case FIELD_SPECULATIVE:
  case FIELD_FAILED:
  case FIELD_KILLED:
    (void)baro_json_walk_boolean(walk, &flag);
    all->sum += flag;
    return;
  default: break;
  }
  (void)baro_json_walk_integer(walk, &number);
  all->sum += (uint64_t)number;
}

/* Nested four deep at most: a container within one that is not told here is skipped. */
static void walk_object(taken *all, baro_json_walk *walk) {
  baro_view name;
  if (!baro_json_walk_enter(walk, '{'))
    return;
  while (baro_json_walk_member(walk, &name)) {
    uint32_t field = baro_json_names_find(&all->names, name);
    if (field == FIELD_COUNT || field == FIELD_NAME) {
      baro_json_walk_skip(walk);
    } else if (field == FIELD_ACCUMULABLES) {
      walk_accumulables(all, walk);
    } else if (field == FIELD_END_REASON || field == FIELD_INFO || field == FIELD_METRICS ||
               field == FIELD_SHUFFLE_READ || field == FIELD_SHUFFLE_WRITE ||
               field == FIELD_INPUT || field == FIELD_OUTPUT) {
      walk_object(all, walk);
    } else {
      take_field(all, field, walk);
      if (field == FIELD_UPDATE) { /* its sum, and words about it */
        baro_json_walk_leave(walk);
        return;
      }
    }
  }
}

static void take_line(taken *all, baro_json_lines *lines, baro_view line, bool skips) {
  baro_json_walk walk = baro_json_walk_of(line);
  baro_view name, event = {0};
  if (skips) {
    baro_json_walk_skip(&walk);
  } else if (baro_json_walk_enter(&walk, '{') && baro_json_walk_member(&walk, &name) &&
             baro_json_walk_text(&walk, &event) &&
             baro_view_equal(event, baro_view_of("SparkListenerTaskEnd"))) {
    all->task_ends++;
    walk = baro_json_walk_of(line);
    walk_object(all, &walk);
  } else if (walk.expected == NULL) {
    walk = baro_json_walk_of(line);
    baro_json_walk_skip(&walk);
  }
  if (!baro_json_walk_finish(&walk))
    baro_json_lines_refuse(lines, &walk);
}

static void read_lines(baro_log_input *input, const char *what) {
  static taken all;
  static const char *const names[] = {
#define X(name, text) text,
      FIELD_LIST(X)
#undef X
  };
  baro_json_lines lines;
  baro_view line;
  baro_json_names_init(&all.names, names, FIELD_COUNT);
  baro_json_lines_init(&lines, BARO_JSON_LINE_BYTES_MAX);
  baro_json_lines_attach(&lines, input);
  while (baro_json_lines_next(&lines, &line)) {
    if (strcmp(what, "lines") != 0)
      take_line(&all, &lines, line, strcmp(what, "skip") == 0);
  }
  printf("lines %" PRIu64 ", refused %" PRIu64 ", too long %" PRIu64 "%s; %s\n", lines.given,
         lines.refused, lines.too_long, lines.is_cut ? ", the last one cut" : "",
         lines.first_reason.message);
  printf("task ends %" PRIu64 ", fields %" PRIu64 ", accumulables %" PRIu64 ", sum %" PRIx64 "\n",
         all.task_ends, all.fields, all.accumulables, all.sum);
  baro_json_lines_release(&lines);
}

int main(int count, char **arguments) {
  baro_error err = {0};
  baro_log_input *input;
  int file;
  uint64_t bytes;
  if (count < 2)
    return 2;
  const char *what = count > 2 ? arguments[2] : "walk";
  if (baro_file_open(arguments[1], &file, &bytes, &err) != BARO_OK) {
    fprintf(stderr, "%s\n", err.message);
    return 1;
  }
  uint64_t start_ns = baro_clock_process_cpu_ns();
  baro_log_source source = baro_log_source_of_file(&file);
  if (baro_log_input_create(&source, &input, &err) != BARO_OK) {
    fprintf(stderr, "%s\n", err.message);
    return 1;
  }
  if (strcmp(what, "bytes") == 0) {
    static uint8_t data[256 * 1024];
    while (baro_log_input_read(input, data, sizeof(data)) != 0) {
    }
  } else {
    read_lines(input, what);
  }
  uint64_t taken_ns = baro_clock_process_cpu_ns() - start_ns;
  baro_status ending = baro_log_input_ending(input, &err);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%s, %s: %.1f MB of log in %.3f s of CPU: %.0f MB/s; %s %s\npeak memory %.1f MB\n",
         baro_log_input_packing(input), what, (double)baro_log_input_plain_bytes(input) / 1e6,
         (double)taken_ns / 1e9, (double)baro_log_input_plain_bytes(input) / (double)taken_ns * 1e3,
         baro_status_text(ending), err.message, (double)usage.ru_maxrss / 1e3);
  baro_log_input_destroy(input);
  (void)close(file);
  return 0;
}
