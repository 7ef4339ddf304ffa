/* Events of Chrome's format, in every order and with every mistake: what nests, what is mended, and what is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/trace_output.h"
#include "import/trace_walk.h"
#include "recording/records.h"

static baro_status play(baro_trace_model *model, const char *event) {
  size_t length = strlen(event);
  uint8_t *line = calloc(1, length + BARO_JSON_LINE_PADDING);
  baro_json_walk walk;
  assert_non_null(line);
  memcpy(line, event, length);
  baro_status status = baro_trace_event(model, (baro_view){.data = line, .length = length}, &walk);
  assert_true((status == BARO_INVALID) == (walk.expected != NULL));
  free(line);
  return status;
}

static void open_model(baro_trace_model *model, const char *const *events) {
  assert_int_equal(baro_trace_model_init(model, false), BARO_OK);
  for (; *events != NULL; events++)
    assert_int_equal(play(model, *events), BARO_OK);
  assert_int_equal(baro_trace_model_finish(model), BARO_OK);
}

typedef struct listing {
  const baro_trace_model *model;
  baro_buffer text;
} listing;

static baro_status enter(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  listing *all = context;
  baro_view name = baro_trace_text(all->model, all->model->labels[slice->label].name);
  baro_write_format(&all->text, "%.*s@%d ", (int)name.length, (const char *)name.data,
                    (int)time_ns);
  return BARO_OK;
}

static baro_status leave(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  listing *all = context;
  baro_view name = baro_trace_text(all->model, all->model->labels[slice->label].name);
  baro_write_format(&all->text, "/%.*s@%d ", (int)name.length, (const char *)name.data,
                    (int)time_ns);
  return BARO_OK;
}

/* All tracks, one behind the other. */
static void check(baro_trace_model *model, const char *expected) {
  listing all = {.model = model};
  baro_trace_visitor visitor = {.context = &all, .enter = enter, .leave = leave};
  for (uint32_t t = 0; t < model->track_count; t++)
    if (model->tracks[t].slices != 0) {
      baro_write_text(&all.text, "| ");
      assert_int_equal(baro_trace_walk(model, t, &visitor, &model->odd), BARO_OK);
    }
  if (!baro_view_equal((baro_view){.data = all.text.data, .length = all.text.length},
                       baro_view_of(expected)))
    fail_msg("%.*s", (int)all.text.length, (const char *)all.text.data);
  baro_buffer_release(&all.text);
}

#define X(name, ts, dur)                                                                           \
  "{\"ph\":\"X\",\"pid\":1,\"tid\":2,\"name\":\"" name "\",\"ts\":" ts ",\"dur\":" dur "}"

static void slices_nest_in_whatever_order_they_come(void **state) {
  (void)state;
  baro_trace_model model;
  open_model(&model, (const char *const[]){X("b", "2", "3"), X("c", "2.5", "0.125"),
                                           X("a", "1", "10"), X("d", "11", "1"), NULL});
  check(&model, "| a@1000 b@2000 c@2500 /c@2625 /b@5000 /a@11000 d@11000 /d@12000 ");
  assert_int_equal(model.odd.mended, 0);
  baro_trace_model_release(&model);
}

/* Equal ones: the outer one is first where beginnings are, last where ends are. */
static void equal_slices_nest_as_their_writer_orders_them(void **state) {
  (void)state;
  baro_trace_model model;
  open_model(&model, (const char *const[]){X("in", "1", "2"), X("out", "1", "2"), X("in", "5", "1"),
                                           X("out", "4", "3"), NULL});
  check(&model, "| out@1000 in@1000 /in@3000 /out@3000 out@4000 in@5000 /in@6000 /out@7000 ");
  baro_trace_model_release(&model);
  open_model(&model, (const char *const[]){X("out", "1", "2"), X("in", "1", "2"),
                                           X("out", "4", "3"), X("in", "5", "1"), NULL});
  check(&model, "| out@1000 in@1000 /in@3000 /out@3000 out@4000 in@5000 /in@6000 /out@7000 ");
  baro_trace_model_release(&model);
}

static void begins_and_ends_are_paired(void **state) {
  (void)state;
  baro_trace_model model;
  open_model(&model, (const char *const[]){
                         "{\"ph\":\"B\",\"pid\":\"p\",\"tid\":\"t\",\"name\":\"a\",\"ts\":\"1\"}",
                         "{\"ph\":\"B\",\"pid\":\"p\",\"tid\":\"t\",\"name\":\"b\",\"ts\":2}",
                         "{\"ph\":\"E\",\"pid\":\"p\",\"tid\":\"t\",\"ts\":3}",
                         "{\"ph\":\"E\",\"pid\":\"p\",\"tid\":\"t\",\"ts\":4}",
                         "{\"ph\":\"E\",\"pid\":\"p\",\"tid\":\"t\",\"ts\":5}",
                         "{\"ph\":\"B\",\"pid\":\"p\",\"tid\":\"t\",\"name\":\"c\",\"ts\":6}",
                         "{\"ph\":\"E\",\"pid\":\"p\",\"tid\":\"u\",\"ts\":7}",
                         "{\"ph\":\"B\",\"pid\":\"p\",\"tid\":\"t\",\"name\":\"d\",\"ts\":8}",
                         X("z", "9", "1"), NULL});
  check(&model,
        "| a@1000 b@2000 /b@3000 /a@4000 c@6000 d@8000 /d@10000 /c@10000 | z@9000 /z@10000 ");
  assert_int_equal(model.odd.unbegun, 2);
  assert_int_equal(model.odd.unended, 2);
  baro_trace_model_release(&model);
}

/* An annotation that begins within the call that makes it: the call loses less. */
static void of_two_that_overlap_the_one_that_loses_less_is_cut(void **state) {
  (void)state;
  baro_trace_model model;
  open_model(&model, (const char *const[]){X("call", "1", "1"), X("note", "1.5", "9"),
                                           X("exit", "10", "1.5"), NULL});
  check(&model, "| call@1000 /call@1500 note@1500 /note@10000 exit@10000 /exit@11500 ");
  assert_int_equal(model.odd.mended, 2);
  assert_int_equal(model.odd.mended_ns, 1000);
  baro_trace_model_release(&model);
  open_model(&model, (const char *const[]){X("a", "1", "5"), X("b", "2", "4.5"), NULL});
  check(&model, "| a@1000 b@2000 /b@6000 /a@6000 ");
  assert_int_equal(model.odd.mended_ns, 500);
  baro_trace_model_release(&model);
  /* Rounding is no mistake. */
  open_model(&model, (const char *const[]){X("a", "1", "5.0006"), X("b", "6", "1"), NULL});
  check(&model, "| a@1000 /a@6000 b@6000 /b@7000 ");
  assert_int_equal(model.odd.mended, 0);
  baro_trace_model_release(&model);
}

/* They nest by their id; those that run at once stand on tracks of their own. */
static void asynchronous_slices_have_tracks_of_their_own(void **state) {
  (void)state;
#define ASYNC(ph, id, name, ts)                                                                    \
  "{\"ph\":\"" ph "\",\"pid\":1,\"tid\":2,\"cat\":\"c\",\"id\":" id ",\"name\":\"" name            \
  "\",\"ts\":" ts "}"
  baro_trace_model model;
  open_model(&model,
             (const char *const[]){ASYNC("b", "1", "a", "1"), ASYNC("b", "\"0x2\"", "b", "2"),
                                   ASYNC("b", "1", "in", "3"), ASYNC("e", "1", "in", "4"),
                                   ASYNC("n", "1", "mark", "4"), ASYNC("e", "1", "a", "5"),
                                   ASYNC("e", "\"0x2\"", "b", "6"), ASYNC("S", "3", "c", "7"),
                                   ASYNC("F", "3", "c", "8"), NULL});
  check(&model, "| a@1000 in@3000 /in@4000 /a@5000 c@7000 /c@8000 | b@2000 /b@6000 ");
  assert_int_equal(model.odd.instants, 1);
  baro_trace_model_release(&model);
}

static void what_is_no_event(void **state) {
  (void)state;
  static const char *const bad[] = {"1", "[]", "{\"ph\":\"X\"", "{\"ph\" \"X\"}", "null"};
  static const char *const odd[] = {"{\"ph\":\"X\",\"ts\":\"x\",\"name\":\"a\"}",
                                    "{\"ph\":\"X\",\"ts\":1e300,\"dur\":1}",
                                    "{\"ph\":\"X\",\"ts\":99999999999999999999,\"dur\":1}",
                                    "{\"ph\":\"X\",\"ts\":1,\"dur\":[]}",
                                    "{\"ph\":\"X\",\"dur\":1}",
                                    NULL};
  baro_trace_model model;
  open_model(&model, odd);
  assert_int_equal(model.odd.without_times, 5);
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_int_equal(play(&model, bad[i]), BARO_INVALID);
  assert_int_equal(play(&model, "{}"), BARO_OK);
  assert_int_equal(model.odd.unknown, 0);
  assert_int_equal(play(&model, "{\"ph\":\"?\",\"ts\":1}"), BARO_OK);
  assert_int_equal(model.odd.unknown, 1);
  assert_int_equal(play(&model, X("a", "5", "-1")), BARO_OK);
  assert_int_equal(model.odd.backward, 1);
  assert_int_equal(model.slices[0].dur_ns, 0);
  baro_trace_model_release(&model);
}

/* To the ns, also those since 1970, which a double would round to 256 ns. */
static void times_are_exact(void **state) {
  (void)state;
  static const struct {
    const char *us;
    int64_t ns;
  } times[] = {{"1790857026000000.001", INT64_C(1790857026000000001)},
               {"0.0004", 0},
               {"0.0005", 1},
               {"-1.5", -1500},
               {"\"12.25\"", 12250},
               {"1.5e3", 1500000},
               {"7.", 7000},
               {"0.99999", 1000}};
  for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
    baro_trace_model model;
    char event[128];
    (void)snprintf(event, sizeof(event), "{\"ph\":\"X\",\"name\":\"a\",\"ts\":%s}", times[i].us);
    assert_int_equal(baro_trace_model_init(&model, false), BARO_OK);
    assert_int_equal(play(&model, event), BARO_OK);
    assert_int_equal(model.slice_count, 1);
    assert_int_equal(model.slices[0].start_ns, times[i].ns);
    baro_trace_model_release(&model);
  }
}

static void names_tell_places(void **state) {
  (void)state;
  static const struct {
    const char *event;
    const char *name;
    const char *file;
    uint32_t line;
  } rows[] = {
      {"\"name\":\"A.f (/srv/a b (1).py:12)\"", "A.f", "/srv/a b (1).py", 12},
      {"\"name\":\"f (x)\"", "f (x)", "", 0},
      {"\"name\":\"a\\\"b\"", "a\"b", "", 0},
      {"\"name\":\"nn.py(3): f\",\"cat\":\"python_function\"", "f", "nn.py", 3},
      {"\"name\":\"nn.py(3): f\",\"cat\":\"cpu_op\"", "nn.py(3): f", "", 0},
      {"\"name\":\"f\",\"cat\":\"call\",\"args\":{\"x\":1,\"place\":\"a.py:7\"}", "f", "a.py", 7},
      {"\"name\":\"f\",\"cat\":\"call\",\"args\":{\"place\":\"<string>\"}", "f", "<string>", 0},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    baro_trace_model model;
    baro_view name, file;
    uint32_t line;
    char event[256];
    (void)snprintf(event, sizeof(event), "{\"ph\":\"X\",\"ts\":1,%s}", rows[i].event);
    assert_int_equal(baro_trace_model_init(&model, false), BARO_OK);
    assert_int_equal(play(&model, event), BARO_OK);
    baro_trace_place(&model, 0, &name, &file, &line);
    assert_true(baro_view_equal(name, baro_view_of(rows[i].name)));
    assert_true(baro_view_equal(file, baro_view_of(rows[i].file)));
    assert_int_equal(line, rows[i].line);
    baro_trace_model_release(&model);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slices_nest_in_whatever_order_they_come),
      cmocka_unit_test(equal_slices_nest_as_their_writer_orders_them),
      cmocka_unit_test(begins_and_ends_are_paired),
      cmocka_unit_test(of_two_that_overlap_the_one_that_loses_less_is_cut),
      cmocka_unit_test(asynchronous_slices_have_tracks_of_their_own),
      cmocka_unit_test(what_is_no_event),
      cmocka_unit_test(times_are_exact),
      cmocka_unit_test(names_tell_places),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
