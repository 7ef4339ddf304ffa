/* The tables of threads and of processes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "show/report_parts.h"
#include "show/text_table.h"
#include "show/thread_label.h"
#include "show/units.h"

enum {
  THREADS_SHOWN = 8,
  PROCESSES_SHOWN = 12,
  COLUMNS_FOR_DECIMALS = 100, /* below, state columns are whole percentages */
  COLUMNS_FOR_WORDS = 120,    /* from here on three states fit beside the bar */
  COLUMNS_FOR_TITLES = 150,   /* from here on state columns have words as titles */
};

static void add_buffer(baro_text_table *table, baro_style style, baro_buffer *text) {
  if (text->failed)
    table->failed = true;
  baro_text_table_add(table, style, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
}

static void add_amount(const baro_report *report, baro_text_table *table, baro_style style,
                       uint64_t ns) {
  baro_text_table_add_format(table, style, "%s", baro_text_amount(ns, report->unit).text);
}

typedef struct thread_key {
  uint64_t busy_ns;
  uint64_t wall_ns;
  uint32_t index;
} thread_key;

static int compare_threads(const void *a_pointer, const void *b_pointer) {
  const thread_key *a = a_pointer, *b = b_pointer;
  if (a->busy_ns != b->busy_ns)
    return a->busy_ns < b->busy_ns ? 1 : -1;
  if (a->wall_ns != b->wall_ns)
    return a->wall_ns < b->wall_ns ? 1 : -1;
  return a->index < b->index ? -1 : a->index > b->index;
}

/* What a thread added to the run: its own part of the run's time, without idle. */
static uint64_t busy_ns_of(const baro_profile_thread *thread) {
  uint64_t busy = 0;
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    if (state != BARO_STATE_IDLE)
      busy += thread->run_state_ns[state];
  }
  return busy;
}

static thread_key *order_threads(const baro_profile *profile, baro_arena *keep) {
  thread_key *keys = baro_arena_array(keep, profile->thread_count, sizeof(*keys));
  if (keys == NULL)
    return NULL;
  for (uint32_t i = 0; i < profile->thread_count; i++)
    keys[i] = (thread_key){.busy_ns = busy_ns_of(&profile->threads[i]),
                           .wall_ns = profile->threads[i].wall_ns,
                           .index = i};
  qsort(keys, profile->thread_count, sizeof(*keys), compare_threads);
  return keys;
}

/* The states that any thread has at least a thousandth of; the order of the list, unknown last. */
static size_t find_states(const baro_profile *profile, baro_state states[BARO_STATE_COUNT]) {
  size_t count = 0;
  for (int i = 0; i < BARO_STATE_COUNT; i++) {
    baro_state state = (baro_state)((i + 1) % BARO_STATE_COUNT);
    bool occurs = false;
    for (uint32_t t = 0; t < profile->thread_count && !occurs; t++)
      occurs = profile->threads[t].state_ns[state] > profile->threads[t].wall_ns / 1000;
    if (occurs)
      states[count++] = state;
  }
  return count;
}

static void add_thread_name(const baro_report *report, const baro_profile_thread *thread,
                            baro_text_table *table, baro_buffer *scratch) {
  const baro_profile *profile = report->profile;
  baro_write_thread_label(scratch, profile, thread);
  if (thread->is_main)
    baro_write_text(scratch, scratch->length > 0 ? " (main)" : "main");
  add_buffer(table, BARO_STYLE_PLAIN, scratch);
  baro_text_table_add_format(table, BARO_STYLE_FAINT, "%" PRIu32, thread->os_tid);
  if (profile->process_count > 1)
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "%" PRIu32,
                               profile->processes[thread->process].os_pid);
  add_amount(report, table, BARO_STYLE_PLAIN, thread->wall_ns);
  if (thread->has_cpu)
    add_amount(report, table, BARO_STYLE_PLAIN, thread->cpu_ns);
  else
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
}

/* Bar and words: what the thread mostly did. */
static void add_thread_bar(baro_report *report, const baro_profile_thread *thread, uint64_t full_ns,
                           baro_text_table *table, baro_buffer *scratch) {
  baro_split split = baro_split_of_thread(thread);
  uint32_t width =
      baro_report_bar(report, &split, full_ns, baro_report_bar_width(report->terminal), scratch);
  if (scratch->failed)
    table->failed = true;
  baro_text_table_add_raw(table, (baro_view){scratch->data, scratch->length}, width);
  baro_buffer_clear(scratch);
  baro_report_words(&split, report->terminal->columns < COLUMNS_FOR_WORDS ? 2 : 3, scratch);
  add_buffer(table, BARO_STYLE_PLAIN, scratch);
}

/* A percentage for each state. */
static void add_thread_states(baro_report *report, const baro_profile_thread *thread,
                              const baro_state *states, size_t count, baro_text_table *table) {
  for (size_t i = 0; i < count; i++) {
    double ratio =
        thread->wall_ns == 0 ? 0 : (double)thread->state_ns[states[i]] / (double)thread->wall_ns;
    report->shown[states[i]] = true;
    int decimals = report->terminal->columns < COLUMNS_FOR_DECIMALS ? 0 : 1;
    if (thread->state_ns[states[i]] == 0)
      baro_text_table_add_format(table, BARO_STYLE_FAINT, ".");
    else if (ratio < (decimals == 0 ? 0.005 : 0.0005))
      baro_text_table_add_format(table, BARO_STYLE_PLAIN, decimals == 0 ? "<1" : "<0.1");
    else
      baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%.*f", decimals, ratio * 100);
  }
}

/* Titles of state columns: words where there is room, else the letters that the legend explains. */
static const char *state_title(const baro_report *report, baro_state state, char letter[2]) {
  if (report->terminal->columns >= COLUMNS_FOR_TITLES)
    return baro_state_short(state);
  if (state == BARO_STATE_CPU)
    return "run";
  letter[0] = baro_state_letter(state);
  letter[1] = '\0';
  return letter;
}

static size_t thread_columns(const baro_report *report, const baro_state *states,
                             size_t state_count, char letters[][2], baro_column columns[]) {
  size_t count = 0;
  columns[count++] = (baro_column){
      .title = "thread", .cut = BARO_CUT_END, .minimum = 8, .pleasant = 14, .maximum = 40};
  columns[count++] = (baro_column){.title = "id", .right = true, .drop = 3};
  if (report->profile->process_count > 1)
    columns[count++] = (baro_column){.title = "process", .right = true, .drop = 2};
  columns[count++] = (baro_column){.title = "seen for", .right = true, .drop = 1};
  columns[count++] = (baro_column){.title = "CPU", .right = true};
  if (!report->options->threads) {
    columns[count++] = (baro_column){.title = "spent", .drop = 4};
    /* One item always fits: "no free CPU 99 %". */
    columns[count++] =
        (baro_column){.title = "mostly", .cut = BARO_CUT_ITEMS, .minimum = 16, .pleasant = 24};
    return count;
  }
  for (size_t i = 0; i < state_count; i++)
    columns[count++] =
        (baro_column){.title = state_title(report, states[i], letters[i]), .right = true};
  return count;
}

static void write_more(baro_report *report, uint32_t hidden, const char *how) {
  if (hidden > 0)
    baro_report_remark(report, "and %s more; %s", baro_text_count(hidden).text, how);
}

static void write_threads(baro_report *report, const thread_key *keys, uint32_t shown) {
  const baro_profile *profile = report->profile;
  uint64_t full_ns = 0;
  for (uint32_t i = 0; i < shown; i++) {
    if (keys[i].wall_ns > full_ns)
      full_ns = keys[i].wall_ns;
  }
  baro_state states[BARO_STATE_COUNT];
  size_t state_count = find_states(profile, states);
  char letters[BARO_STATE_COUNT][2];
  baro_column columns[BARO_TABLE_COLUMNS_MAX];
  baro_text_table table;
  baro_text_table_init(&table, columns,
                       thread_columns(report, states, state_count, letters, columns));
  baro_buffer scratch = {0};
  for (uint32_t i = 0; i < shown; i++) {
    const baro_profile_thread *thread = &profile->threads[keys[i].index];
    add_thread_name(report, thread, &table, &scratch);
    if (report->options->threads)
      add_thread_states(report, thread, states, state_count, &table);
    else
      add_thread_bar(report, thread, full_ns, &table, &scratch);
  }
  baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
  baro_buffer_release(&scratch);
  baro_text_table_release(&table);
}

void baro_report_threads(baro_report *report) {
  const baro_profile *profile = report->profile;
  baro_arena arena = {0};
  thread_key *keys = order_threads(profile, &arena);
  if (keys == NULL) {
    report->out->failed = true;
    return;
  }
  uint32_t shown = profile->thread_count;
  if (!report->options->threads && shown > THREADS_SHOWN)
    shown = THREADS_SHOWN;
  baro_report_heading(report, "Threads",
                      baro_view_of(report->options->threads ? "per cent of each thread's own time"
                                                            : "shares of each thread's own time"));
  write_threads(report, keys, shown);
  write_more(report, profile->thread_count - shown, "--threads shows all");
  baro_arena_release(&arena);
}

static void add_process_end(const baro_profile_process *process, baro_text_table *table) {
  int status = process->wait_status;
  if (process->end_ns == 0)
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "not seen");
  else if (status < 0)
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "ended");
  else if (WIFSIGNALED(status))
    baro_text_table_add_format(table, BARO_STYLE_WARN, "signal %d", WTERMSIG(status));
  else
    baro_text_table_add_format(table, WEXITSTATUS(status) == 0 ? BARO_STYLE_PLAIN : BARO_STYLE_WARN,
                               "exit %d", WEXITSTATUS(status));
}

static void add_process(baro_report *report, const baro_profile_process *process,
                        baro_text_table *table) {
  const baro_profile *profile = report->profile;
  uint64_t end_ns = process->end_ns != 0 ? process->end_ns : profile->end_ns;
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%" PRIu32, process->os_pid);
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s",
                             baro_text_count(process->thread_count).text);
  add_amount(report, table, BARO_STYLE_PLAIN,
             end_ns > process->seen_ns ? end_ns - process->seen_ns : 0);
  if (process->has_cpu)
    add_amount(report, table, BARO_STYLE_PLAIN, process->cpu_ns);
  else
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
  uint64_t peak = process->has_counters ? process->counters[BARO_COUNTER_RSS_PEAK_BYTES] : 0;
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s",
                             peak > 0 ? baro_text_bytes(peak).text : "-");
  add_process_end(process, table);
  baro_buffer command = {0};
  baro_write_one_line(&command, baro_profile_string(profile, process->command_string));
  add_buffer(table, BARO_STYLE_FAINT, &command);
  baro_buffer_release(&command);
}

void baro_report_processes(baro_report *report) {
  static const baro_column columns[] = {
      {.title = "process", .right = true},
      {.title = "threads", .right = true, .drop = 4},
      {.title = "seen for", .right = true, .drop = 2},
      {.title = "CPU", .right = true, .drop = 1},
      {.title = "peak memory", .right = true, .drop = 3},
      {.title = "end"},
      {.title = "command", .cut = BARO_CUT_END, .minimum = 12, .pleasant = 24},
  };
  const baro_profile *profile = report->profile;
  if (profile->process_count < 2)
    return;
  uint32_t shown = profile->process_count;
  if (!report->options->threads && shown > PROCESSES_SHOWN)
    shown = PROCESSES_SHOWN;
  baro_text_table table;
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < shown; i++)
    add_process(report, &profile->processes[i], &table);
  baro_report_heading(report, "Processes", (baro_view){0});
  baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
  write_more(report, profile->process_count - shown, "--threads shows all");
  baro_text_table_release(&table);
}
