/* Writes recordings whose contents are known, for the tests of the command line and for looking at
 * reports: make_recording SCENARIO PATH. Deterministic but for the clock anchor.
 * Each scenario is a list of phases: a stack, a state, a length, repeated in turn, one sample a
 * millisecond while running, one sample a wait. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "recording/writer.h"

#define MS UINT64_C(1000000)

typedef struct frame_spec {
  const char *name;
  const char *qualified;
  const char *file;
  uint32_t first_line;
  uint32_t line;
} frame_spec;

typedef struct phase_spec {
  const int *stack; /* indices into the scenario's frames, outermost first; ends with -1 */
  baro_state state;
  uint32_t ms;
} phase_spec;

static uint64_t start_ns;

static void check(baro_status status, const baro_error *err) {
  if (status == BARO_OK)
    return;
  fprintf(stderr, "make_recording: %s\n", err != NULL ? err->message : baro_status_text(status));
  exit(1);
}

static uint32_t text_id(baro_writer *writer, const char *text) {
  uint32_t id = 0;
  check(baro_writer_string(writer, baro_view_of(text), &id), NULL);
  return id;
}

static uint32_t stack_id(baro_writer *writer, const frame_spec *frames, const int *indices) {
  uint32_t stack = BARO_NONE_ID;
  for (; *indices >= 0; indices++) {
    const frame_spec *spec = &frames[*indices];
    uint32_t function = 0, frame = 0;
    baro_function_record record = {.name_string = text_id(writer, spec->name),
                                   .qualified_string = text_id(writer, spec->qualified),
                                   .file_string = text_id(writer, spec->file),
                                   .first_line = spec->first_line,
                                   .module_string = BARO_NONE_ID};
    check(baro_writer_function(writer, &record, &function), NULL);
    check(baro_writer_frame(writer, &(baro_frame_record){function, spec->line}, &frame), NULL);
    check(baro_writer_stack(writer, &(baro_stack_record){stack, frame}, &stack), NULL);
  }
  return stack;
}

static uint32_t add_process(baro_writer *writer, uint32_t pid, uint32_t parent,
                            const char *command) {
  uint32_t id = 0;
  baro_process_record record = {.os_pid = pid,
                                .parent_process = parent,
                                .start_ns = start_ns,
                                .seen_ns = start_ns,
                                .command_string = text_id(writer, command),
                                .python_string = text_id(writer, "3.12.1")};
  check(baro_writer_process(writer, &record, &id), NULL);
  return id;
}

static uint32_t add_thread(baro_writer *writer, uint32_t process, uint32_t tid, const char *name,
                           bool is_main) {
  uint32_t id = 0;
  baro_thread_record record = {.process = process,
                               .os_tid = tid,
                               .seen_ns = start_ns,
                               .name_string = text_id(writer, name),
                               .is_main = is_main};
  check(baro_writer_thread(writer, &record, &id), NULL);
  return id;
}

/* One phase from from_ns on; returns its end. */
static uint64_t play(baro_writer *writer, uint32_t thread, const frame_spec *frames,
                     const phase_spec *phase, uint64_t from_ns) {
  uint32_t stack = stack_id(writer, frames, phase->stack);
  bool runs = phase->state == BARO_STATE_CPU || phase->state == BARO_STATE_COLLECTOR;
  uint32_t step = runs ? 1 : phase->ms;
  for (uint32_t at = 0; at < phase->ms; at += step) {
    from_ns += step * MS;
    baro_writer_sample(writer, &(baro_sample_record){.time_ns = from_ns,
                                                     .weight_ns = step * MS,
                                                     .ticks = step,
                                                     .thread = thread,
                                                     .stack = stack,
                                                     .state = phase->state,
                                                     .cpu_ns = runs ? step * MS : 0});
  }
  return from_ns;
}

/* Plays phases in turn until total_ms have passed. */
static void play_all(baro_writer *writer, uint32_t thread, const frame_spec *frames,
                     const phase_spec *phases, size_t count, uint32_t total_ms) {
  uint64_t now_ns = start_ns, end_ns = start_ns + total_ms * MS;
  for (size_t i = 0; now_ns < end_ns; i = (i + 1) % count)
    now_ns = play(writer, thread, frames, &phases[i], now_ns);
  baro_writer_thread_end(writer,
                         &(baro_end_record){.index = thread, .time_ns = now_ns, .wait_status = -1});
}

static void add_counters(baro_writer *writer, uint32_t process, uint64_t ticks, uint64_t missed,
                         uint64_t rejected) {
  baro_counters_record record = {.process = process, .time_ns = start_ns};
  record.values[BARO_COUNTER_TICKS] = ticks;
  record.values[BARO_COUNTER_MISSED] = missed;
  record.values[BARO_COUNTER_STACKS] = ticks - missed - rejected;
  record.values[BARO_COUNTER_REJECTED] = rejected;
  record.values[BARO_COUNTER_RSS_PEAK_BYTES] = 41200000;
  baro_writer_counters(writer, &record);
}

static void end_process(baro_writer *writer, uint32_t process, uint32_t ms, int wait_status) {
  baro_writer_process_end(writer, &(baro_end_record){.index = process,
                                                     .time_ns = start_ns + ms * MS,
                                                     .wait_status = wait_status});
}

static void add_facts(baro_writer *writer, const char *command) {
  baro_writer_info(writer, "kind", "sample");
  baro_writer_info(writer, "command", command);
  baro_writer_info(writer, "rate_hz", "1000");
  baro_writer_info(writer, "end", "exit");
  baro_writer_info(writer, "exit_status", "0");
}

/* --- Scenarios --- */

static void write_empty(baro_writer *writer) {
  add_facts(writer, "/bin/true");
}

/* The program of "small" and "crowded". */
static const frame_spec app_frames[] = {
    {"<module>", "<module>", "/srv/app/app.py", 1, 90},
    {"main", "main", "/srv/app/app.py", 70, 75},
    {"parse", "parse", "/srv/app/parse.py", 12, 20},
    {"load_rows", "load_rows", "/srv/app/app.py", 40, 44},
};
static const int app_main[] = {0, 1, -1}, app_parse[] = {0, 1, 2, -1}, app_load[] = {0, 1, 3, -1};

/* 60 % running parse, 30 % waiting for disk in load_rows, 10 % running main. */
static void write_small(baro_writer *writer) {
  static const phase_spec phases[] = {{app_parse, BARO_STATE_CPU, 60},
                                      {app_load, BARO_STATE_DISK, 30},
                                      {app_main, BARO_STATE_CPU, 10}};
  add_facts(writer, "python3 app.py");
  uint32_t process = add_process(writer, 4312, BARO_NONE_ID, "python3 app.py");
  uint32_t thread = add_thread(writer, process, 4312, "python3", true);
  play_all(writer, thread, app_frames, phases, 3, 2000);
  add_counters(writer, process, 2000, 4, 1);
  end_process(writer, process, 2000, 0);
}

/* The same work as "small" on a machine where others run: each ms of CPU time takes two, and the run 3.4 s. */
static void write_crowded(baro_writer *writer) {
  add_facts(writer, "python3 app.py");
  baro_writer_info(writer, "cpu_count", "2");
  uint32_t process = add_process(writer, 4312, BARO_NONE_ID, "python3 app.py");
  uint32_t thread = add_thread(writer, process, 4312, "python3", true);
  uint64_t now_ns = start_ns;
  for (uint32_t i = 0; i < 2000; i++) {
    uint32_t at = i % 100;
    bool runs = at < 60 || at >= 90;
    uint32_t stack = stack_id(writer, app_frames,
                              at < 60   ? app_parse
                              : at < 90 ? app_load
                                        : app_main);
    uint64_t weight_ns = runs ? 2 * MS : MS;
    now_ns += weight_ns;
    baro_writer_sample(writer,
                       &(baro_sample_record){.time_ns = now_ns,
                                             .weight_ns = weight_ns,
                                             .ticks = runs ? 2 : 1,
                                             .thread = thread,
                                             .stack = stack,
                                             .state = runs ? BARO_STATE_CPU : BARO_STATE_DISK,
                                             .cpu_ns = runs ? MS : 0,
                                             .runnable_ns = runs ? MS : 0});
  }
  add_counters(writer, process, 3400, 0, 0);
  end_process(writer, process, 3400, 0);
}

/* Four threads take a lock in turn, and wait for it 6 s together; the main thread waits for their end. */
static void write_turns(baro_writer *writer) {
  static const frame_spec frames[] = {
      {"main", "main", "/srv/app/app.py", 70, 75},
      {"join", "Thread.join", "/usr/lib/python3.12/threading.py", 1100, 1119},
      {"load", "load", "/srv/app/app.py", 5, 7},
  };
  static const int join[] = {0, 1, -1}, load[] = {2, -1};
  static const phase_spec joins[] = {{join, BARO_STATE_LOCK, 2000}};
  add_facts(writer, "python3 app.py");
  uint32_t process = add_process(writer, 77, BARO_NONE_ID, "python3 app.py");
  play_all(writer, add_thread(writer, process, 77, "python3", true), frames, joins, 1, 2000);
  for (uint32_t t = 0; t < 4; t++) {
    const phase_spec turns[] = {{load, BARO_STATE_LOCK, 100 * t},
                                {load, BARO_STATE_CPU, 100},
                                {load, BARO_STATE_LOCK, 300 - 100 * t}};
    uint32_t first = t == 0 ? 1 : 0, count = t == 0 || t == 3 ? 2 : 3;
    play_all(writer, add_thread(writer, process, 78 + t, "", false), frames, turns + first, count,
             2000);
  }
  add_counters(writer, process, 2000, 0, 0);
  end_process(writer, process, 2000, 0);
}

/* Only idle: an event loop with nothing to do. */
static void write_idle(baro_writer *writer) {
  static const frame_spec frames[] = {
      {"select", "EpollSelector.select", "/usr/lib/python3.12/selectors.py", 451, 468}};
  static const int stack[] = {0, -1};
  static const phase_spec phases[] = {{stack, BARO_STATE_IDLE, 1000}};
  add_facts(writer, "python3 server.py");
  uint32_t process = add_process(writer, 99, BARO_NONE_ID, "python3 server.py");
  play_all(writer, add_thread(writer, process, 99, "python3", true), frames, phases, 1, 3000);
  add_counters(writer, process, 3000, 0, 0);
}

/* Names that try to take the terminal over, are wide, combine, are not UTF-8 or endless. */
static void write_hostile(baro_writer *writer) {
  static char endless[70000];
  memset(endless, 'n', sizeof(endless) - 1);
  const frame_spec frames[] = {
      {"<module>", "<module>", "/srv/\033]0;owned\007/app.py", 1, 3},
      {"\033[2J", "\033[2J\033[31mclear", "/srv/app.py", 5, 6},
      {"x", "日本語のとても長い関数名前です.メソッド", "/srv/日本語/モジュール.py", 7, 8},
      {"e", "e\xcc\x81te\xcc\x81.caf\xc3\xa9", "/srv/app.py", 9, 10},
      {"bad", "bad\xff\xfe\x80name", "/srv/\xff.py", 11, 12},
      {"rtl", "\xe2\x80\xaegnp.elif", "/srv/line\nbreak.py", 13, 14},
      {"endless", endless, endless, 15, 16},
      {"emoji", "rocket_\xf0\x9f\x9a\x80_launch", "/srv/app.py", 17, 18},
  };
  const int stacks[][3] = {{0, 1, -1}, {0, 2, -1}, {0, 3, -1}, {0, 4, -1},
                           {0, 5, -1}, {0, 6, -1}, {0, 7, -1}};
  add_facts(writer, "python3 -c \033[31mred\nnewline");
  uint32_t process = add_process(writer, 5, BARO_NONE_ID, "python3 \033[5m blink");
  uint32_t thread = add_thread(writer, process, 5, "\033[7mworker", true);
  phase_spec phases[7];
  for (int i = 0; i < 7; i++)
    phases[i] =
        (phase_spec){stacks[i], i == 3 ? BARO_STATE_UNKNOWN : BARO_STATE_CPU, (uint32_t)(10 + i)};
  play_all(writer, thread, frames, phases, 7, 1000);
  baro_writer_note(writer, &(baro_note_record){.time_ns = start_ns,
                                               .process = process,
                                               .text = baro_view_of("note \033[1m\nsecond line")});
  add_counters(writer, process, 1000, 0, 0);
}

/* A night of a bookshop: an import, a database, a pool of two children, every state. */
static const frame_spec night_frames[] = {
    {"<module>", "<module>", "/srv/shop/bookshop.py", 1, 212},
    {"main", "main", "/srv/shop/bookshop.py", 180, 196},
    {"load_catalogue", "Catalogue.load_catalogue", "/srv/shop/shop/catalogue.py", 31, 40},
    {"parse_line", "Catalogue.parse_line", "/srv/shop/shop/catalogue.py", 55, 61},
    {"decode", "JSONDecoder.decode", "/usr/lib/python3.12/json/decoder.py", 332, 337},
    {"raw_decode", "JSONDecoder.raw_decode", "/usr/lib/python3.12/json/decoder.py", 343, 353},
    {"save", "Store.save", "/srv/shop/shop/store.py", 88, 97},
    {"fetch_prices", "PriceService.fetch_prices.<locals>.with_retry", "/srv/shop/shop/prices.py",
     20, 33},
    {"send", "HTTPAdapter.send", "/srv/venv/lib/python3.12/site-packages/requests/adapters.py", 613,
     667},
    {"recv_into", "SocketIO.readinto", "/usr/lib/python3.12/socket.py", 694, 707},
    {"_bootstrap", "Thread._bootstrap", "/usr/lib/python3.12/threading.py", 1010, 1032},
    {"run", "Thread.run", "/usr/lib/python3.12/threading.py", 999, 1012},
    {"worker", "worker", "/srv/shop/shop/indexer.py", 14, 22},
    {"get", "Queue.get", "/usr/lib/python3.12/queue.py", 154, 171},
    {"wait", "Condition.wait", "/usr/lib/python3.12/threading.py", 323, 355},
    {"score", "score", "/srv/shop/shop/indexer.py", 40, 47},
    {"report", "render_report", "/srv/shop/shop/report.py", 9, 18},
    {"wait_child", "Popen._wait", "/usr/lib/python3.12/subprocess.py", 2017, 2038},
    {"fib", "fib", "/srv/shop/shop/indexer.py", 60, 63},
    {"read", "Connection._recv", "/usr/lib/python3.12/multiprocessing/connection.py", 382, 389},
    {"backoff", "PriceService.backoff", "/srv/shop/shop/prices.py", 50, 52},
    {"select", "EpollSelector.select", "/usr/lib/python3.12/selectors.py", 451, 468},
};

static const int n_parse[] = {0, 1, 2, 3, -1}, n_decode[] = {0, 1, 2, 3, 4, 5, -1},
                 n_save[] = {0, 1, 6, -1}, n_fetch[] = {0, 1, 7, 8, 9, -1},
                 n_backoff[] = {0, 1, 7, 20, -1}, n_wait[] = {0, 1, 17, -1},
                 n_report[] = {0, 1, 16, -1}, n_score[] = {10, 11, 12, 15, -1},
                 n_fib[] = {10, 11, 12, 15, 18, 18, 18, 18, 18, 18, -1},
                 n_queue[] = {10, 11, 12, 13, 14, -1}, n_pipe[] = {0, 1, 19, -1},
                 n_select[] = {10, 11, 21, -1};

static void write_night(baro_writer *writer) {
  static const phase_spec main_phases[] = {
      {n_decode, BARO_STATE_CPU, 210},     {n_parse, BARO_STATE_CPU, 120},
      {n_save, BARO_STATE_DISK, 520},      {n_save, BARO_STATE_CPU, 30},
      {n_fetch, BARO_STATE_NETWORK, 260},  {n_backoff, BARO_STATE_SLEEP, 60},
      {n_parse, BARO_STATE_COLLECTOR, 25}, {n_decode, BARO_STATE_GIL, 70},
      {n_wait, BARO_STATE_CHILD, 90},      {n_report, BARO_STATE_UNKNOWN, 15},
      {n_report, BARO_STATE_RUNNABLE, 20}};
  static const phase_spec worker_phases[] = {{n_score, BARO_STATE_CPU, 90},
                                             {n_score, BARO_STATE_GIL, 60},
                                             {n_fib, BARO_STATE_CPU, 30},
                                             {n_queue, BARO_STATE_LOCK, 300}};
  static const phase_spec pool_phases[] = {{n_pipe, BARO_STATE_PIPE, 400},
                                           {n_parse, BARO_STATE_CPU, 100}};
  static const phase_spec loop_phases[] = {{n_select, BARO_STATE_IDLE, 900}};
  const char *command = "python3 examples/bookshop.py --folder build/demo --books 20000";
  add_facts(writer, command);
  uint32_t parent = add_process(writer, 20311, BARO_NONE_ID, command);
  play_all(writer, add_thread(writer, parent, 20311, "python3", true), night_frames, main_phases,
           11, 12000);
  for (uint32_t i = 0; i < 2; i++) {
    char name[16];
    snprintf(name, sizeof(name), "indexer-%" PRIu32, i);
    play_all(writer, add_thread(writer, parent, 20312 + i, name, false), night_frames,
             worker_phases, 4, 12000);
  }
  play_all(writer, add_thread(writer, parent, 20320, "asyncio", false), night_frames, loop_phases,
           1, 12000);
  add_counters(writer, parent, 12000, 24, 3);
  end_process(writer, parent, 12000, 0);
  for (uint32_t i = 0; i < 2; i++) {
    uint32_t child =
        add_process(writer, 20330 + i, parent, "python3 -c from multiprocessing.spawn import main");
    play_all(writer, add_thread(writer, child, 20330 + i, "python3", true), night_frames,
             pool_phases, 2, 9000);
    add_counters(writer, child, 9000, 2, 0);
    end_process(writer, child, 9000, i == 0 ? 0 : 9);
  }
  const char *note = "process 20341 (git) is not Python; its time is seen as waiting for a child";
  baro_writer_note(writer, &(baro_note_record){
                               .time_ns = start_ns, .process = parent, .text = baro_view_of(note)});
}

/* A stack 200 deep of different functions, and 40 threads. */
static void write_deep(baro_writer *writer) {
  static frame_spec frames[200];
  static char names[200][24];
  static int stack[201];
  for (int i = 0; i < 200; i++) {
    snprintf(names[i], sizeof(names[i]), "level_%03d", i);
    frames[i] =
        (frame_spec){names[i], names[i], "/srv/app/deep.py", (uint32_t)i + 1, (uint32_t)i + 2};
    stack[i] = i;
  }
  stack[200] = -1;
  const phase_spec phases[] = {{stack, BARO_STATE_CPU, 10}};
  add_facts(writer, "python3 deep.py");
  uint32_t process = add_process(writer, 7, BARO_NONE_ID, "python3 deep.py");
  for (uint32_t i = 0; i < 40; i++)
    play_all(writer, add_thread(writer, process, 7 + i, "python3", i == 0), frames, phases, 1, 100);
  add_counters(writer, process, 100, 0, 0);
}

/* --- Calls --- */

/* Events of one thread, whose time goes on by each. */
typedef struct call_thread {
  baro_writer *writer;
  uint32_t thread;
  uint64_t now_ns;
} call_thread;

static void put_call(call_thread *thread, uint64_t us, baro_call_event event) {
  thread->now_ns += us * 1000;
  event.time_ns = thread->now_ns;
  baro_writer_calls(thread->writer, thread->thread, &event, 1);
}

static void put_enter(call_thread *thread, uint64_t us, uint32_t function) {
  put_call(thread, us, (baro_call_event){.kind = BARO_CALL_ENTER, .function = function});
}

static void put_return(call_thread *thread, uint64_t us) {
  put_call(thread, us, (baro_call_event){.kind = BARO_CALL_RETURN});
}

static void put_fib(call_thread *thread, uint32_t function, int n) {
  put_enter(thread, 10, function);
  if (n > 1) {
    put_fib(thread, function, n - 1);
    put_fib(thread, function, n - 2);
  }
  put_return(thread, 10);
}

/* main: parse 1,000 times, fib(6), a generator of 3 items that another thread finishes, load raises, and the end of the
 * recording finds wait still open. worker: the generator's end. */
static void play_calls(baro_writer *writer, const uint32_t *threads) {
  static const frame_spec specs[] = {
      {"main", "main", "/srv/app/app.py", 70, 75},
      {"parse", "parse", "/srv/app/parse.py", 12, 20},
      {"load", "Store.load", "/srv/app/app.py", 40, 44},
      {"fib", "fib", "/srv/app/app.py", 50, 52},
      {"numbers", "numbers", "/srv/app/app.py", 60, 61},
      {"wait", "wait", "/srv/app/app.py", 65, 66},
      {"worker", "worker", "/srv/app/app.py", 80, 81},
  };
  enum { MAIN, PARSE, LOAD, FIB, NUMBERS, WAIT, WORKER, COUNT };
  uint32_t functions[COUNT];
  for (int i = 0; i < COUNT; i++) {
    baro_function_record record = {.name_string = text_id(writer, specs[i].name),
                                   .qualified_string = text_id(writer, specs[i].qualified),
                                   .file_string = text_id(writer, specs[i].file),
                                   .first_line = specs[i].first_line,
                                   .module_string = BARO_NONE_ID};
    check(baro_writer_function(writer, &record, &functions[i]), NULL);
  }
  uint32_t key_error = text_id(writer, "KeyError");
  call_thread main_thread = {writer, threads[0], start_ns};
  put_enter(&main_thread, 0, functions[MAIN]);
  for (int i = 0; i < 1000; i++) {
    put_enter(&main_thread, 5, functions[PARSE]);
    put_return(&main_thread, i == 500 ? 50000 : 100);
  }
  put_fib(&main_thread, functions[FIB], 6);
  put_call(&main_thread, 10,
           (baro_call_event){
               .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = functions[NUMBERS], .call = 1});
  for (int i = 0; i < 3; i++) {
    put_call(&main_thread, 100, (baro_call_event){.kind = BARO_CALL_SUSPEND});
    if (i < 2)
      put_call(&main_thread, 50, (baro_call_event){.kind = BARO_CALL_RESUME, .call = 1});
  }
  put_enter(&main_thread, 10, functions[LOAD]);
  put_call(&main_thread, 20000,
           (baro_call_event){.kind = BARO_CALL_RAISE, .exception_string = key_error});
  put_enter(&main_thread, 10, functions[WAIT]);
  call_thread worker = {writer, threads[1], main_thread.now_ns};
  put_enter(&worker, 1000, functions[WORKER]);
  put_call(&worker, 10, (baro_call_event){.kind = BARO_CALL_RESUME, .call = 1});
  put_return(&worker, 30);
  put_return(&worker, 100000);
}

static void define_call_threads(baro_writer *writer, const char *kind, uint32_t *ret_threads) {
  add_facts(writer, "python3 app.py");
  baro_writer_info(writer, "kind", kind);
  baro_writer_info(writer, "calls", "app.*");
  uint32_t process = add_process(writer, 4312, BARO_NONE_ID, "python3 app.py");
  ret_threads[0] = add_thread(writer, process, 4312, "python3", true);
  ret_threads[1] = add_thread(writer, process, 4313, "worker-1", false);
}

static void write_calls(baro_writer *writer) {
  uint32_t threads[2];
  define_call_threads(writer, "calls", threads);
  play_calls(writer, threads);
}

static void write_calls_and_samples(baro_writer *writer) {
  static const frame_spec frames[] = {{"main", "main", "/srv/app/app.py", 70, 75},
                                      {"parse", "parse", "/srv/app/parse.py", 12, 20}};
  static const int parse[] = {0, 1, -1}, wait[] = {0, -1};
  static const phase_spec phases[] = {{parse, BARO_STATE_CPU, 60}, {wait, BARO_STATE_LOCK, 40}};
  uint32_t threads[2];
  define_call_threads(writer, "sample,calls", threads);
  play_calls(writer, threads);
  play_all(writer, threads[0], frames, phases, 2, 300);
  add_counters(writer, 0, 300, 0, 0);
}

/* Names that formats give a meaning, each with samples and calls of a time of its own. */
static void write_names(baro_writer *writer) {
  static char long_name[1001];
  memset(long_name, 'x', sizeof(long_name) - 1);
  const frame_spec frames[] = {
      {"<module>", "<module>", "/srv/names.py", 1, 2},
      {"<lambda>", "<lambda>", "/srv/names.py", 3, 4},
      {"a;b", "a;b", "/srv/names.py", 5, 6},
      {"\xc3\xbcn\xc3\xaf", "\xc3\xbcn\xc3\xaf", "/srv/\xc3\xbc.py", 7, 8},
      {"</script>", "</script>", "/srv/names.py", 9, 10},
      {long_name, long_name, "/srv/names.py", 11, 12},
      {"a<b>c(d::e)", "a<b>c(d::e)", "/srv/names.py", 13, 14},
      {"f 7", "f 7", "/srv/names.py", 15, 16},
  };
  enum { COUNT = sizeof(frames) / sizeof(frames[0]) };
  int stacks[COUNT][3];
  phase_spec phases[COUNT];
  uint32_t threads[2];
  define_call_threads(writer, "sample,calls", threads);
  call_thread calls = {writer, threads[0], start_ns};
  for (int i = 0; i < COUNT; i++) {
    int *stack = stacks[i];
    stack[0] = 0;
    stack[1] = i == 0 ? -1 : i;
    stack[2] = -1;
    phases[i] = (phase_spec){stack, BARO_STATE_CPU, (uint32_t)(10 + i)};
    baro_function_record record = {.name_string = text_id(writer, frames[i].name),
                                   .qualified_string = text_id(writer, frames[i].qualified),
                                   .file_string = text_id(writer, frames[i].file),
                                   .first_line = frames[i].first_line,
                                   .module_string = BARO_NONE_ID};
    uint32_t function = 0;
    check(baro_writer_function(writer, &record, &function), NULL);
    put_enter(&calls, 1, function);
    if (i != 0)
      put_return(&calls, (uint32_t)(100 + i));
  }
  put_return(&calls, 1);
  play_all(writer, threads[0], frames, phases, COUNT, 108);
  add_counters(writer, 0, 108, 0, 0);
}

/* A process that computes and grows, with a peak between two readings that are thinned, and its child that does neither. */
static void write_counters(baro_writer *writer) {
  enum { READINGS = 5000, PEAK = 2345 };
  static const frame_spec frames[] = {{"main", "main", "/srv/grow.py", 1, 3}};
  static const int stack[] = {0, -1};
  static const phase_spec phases[] = {{stack, BARO_STATE_CPU, 100}, {stack, BARO_STATE_DISK, 100}};
  add_facts(writer, "python3 grow.py");
  uint32_t process = add_process(writer, 500, BARO_NONE_ID, "python3 grow.py");
  uint32_t child = add_process(writer, 501, process, "python3 child.py");
  play_all(writer, add_thread(writer, process, 500, "python3", true), frames, phases, 2, READINGS);
  for (uint32_t i = 1; i <= READINGS; i++) {
    baro_counters_record record = {.process = process, .time_ns = start_ns + i * MS};
    record.values[BARO_COUNTER_TARGET_CPU_NS] = i * MS / 2;
    record.values[BARO_COUNTER_RSS_BYTES] = i == PEAK ? 900 << 20 : (10 << 20) + i * 4096;
    baro_writer_counters(writer, &record);
  }
  baro_counters_record record = {.process = child, .time_ns = start_ns + 4000 * MS};
  record.values[BARO_COUNTER_RSS_BYTES] = 5 << 20;
  baro_writer_counters(writer, &record);
}

/* A thread that has a CPU for the first half of its second, and for three sevenths of the other half. Now and then it waits for a lock,
 * for less of a tick than all: what samples stand for is no whole number of ns. */
static void write_queue(baro_writer *writer) {
  enum { TICKS = 1000 };
  static const frame_spec frames[] = {{"main", "main", "/srv/queue.py", 1, 3},
                                      {"work", "work", "/srv/queue.py", 5, 9},
                                      {"rest", "rest", "/srv/queue.py", 11, 12}};
  static const int work[] = {0, 1, -1}, rest[] = {0, 2, -1}, main_stack[] = {0, -1};
  add_facts(writer, "python3 queue.py");
  uint32_t process = add_process(writer, 600, BARO_NONE_ID, "python3 queue.py");
  uint32_t thread = add_thread(writer, process, 600, "python3", true);
  uint32_t ids[] = {stack_id(writer, frames, work), stack_id(writer, frames, rest),
                    stack_id(writer, frames, main_stack)};
  for (uint64_t i = 0; i < TICKS; i++) {
    bool has_cpu = i < TICKS / 2 || i % 7 < 3, locked = i % 50 == 49;
    baro_writer_sample(writer,
                       &(baro_sample_record){.time_ns = start_ns + (i + 1) * MS,
                                             .weight_ns = MS,
                                             .ticks = 1,
                                             .thread = thread,
                                             .stack = ids[i % 3],
                                             .state = locked ? BARO_STATE_LOCK : BARO_STATE_CPU,
                                             .cpu_ns = locked    ? MS / 7
                                                       : has_cpu ? MS
                                                                 : 0,
                                             .runnable_ns = locked || has_cpu ? 0 : MS});
  }
  baro_writer_thread_end(
      writer,
      &(baro_end_record){.index = thread, .time_ns = start_ns + TICKS * MS, .wait_status = -1});
  add_counters(writer, process, TICKS, 0, 0);
  end_process(writer, process, TICKS, 0);
}

static const struct {
  const char *name;
  void (*write)(baro_writer *writer);
} scenarios[] = {{"empty", write_empty},     {"small", write_small},
                 {"crowded", write_crowded}, {"turns", write_turns},
                 {"idle", write_idle},       {"hostile", write_hostile},
                 {"night", write_night},     {"deep", write_deep},
                 {"calls", write_calls},     {"calls_and_samples", write_calls_and_samples},
                 {"names", write_names},     {"counters", write_counters},
                 {"queue", write_queue}};

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: make_recording SCENARIO PATH\n");
    return 2;
  }
  baro_error err;
  for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
    if (strcmp(scenarios[i].name, argv[1]) != 0)
      continue;
    baro_writer *writer = NULL;
    start_ns = baro_clock_now_ns();
    check(baro_writer_create(argv[2], &(baro_writer_options){.overwrite = true}, &writer, &err),
          &err);
    scenarios[i].write(writer);
    check(baro_writer_close(writer, &err), &err);
    return 0;
  }
  fprintf(stderr, "make_recording: no scenario '%s'\n", argv[1]);
  return 2;
}
