/* What events of PyTorch are by their categories and names, of all years, and what arguments say, also where they are not what they
 * should be. Wrong here means a kernel that counts as work of the host, or a trace that cannot be read for one bad argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/torch_events.h"

static void test_kinds_and_states_of_all_years(void **state) {
  (void)state;
  static const struct {
    const char *category, *name;
    baro_torch_kind kind;
    baro_state state;
  } rows[] = {
      {"cpu_op", "aten::mm", BARO_TORCH_OP, BARO_STATE_CPU},
      {"Operator", "aten::mm", BARO_TORCH_OP, BARO_STATE_CPU},
      {"cpu_op", "gloo:all_reduce", BARO_TORCH_OP, BARO_STATE_NETWORK},
      {"cpu_op", "edge_5:_HostRecv", BARO_TORCH_OP, BARO_STATE_NETWORK},
      {"cpu_op", "IteratorGetNext:IteratorGetNext", BARO_TORCH_DATA, BARO_STATE_UNKNOWN},
      {"Operator", "ProfilerStep#7", BARO_TORCH_ANNOTATION, BARO_STATE_UNKNOWN},
      {"user_annotation", "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__",
       BARO_TORCH_DATA, BARO_STATE_UNKNOWN},
      {"user_annotation", "enumerate(DataLoader)#_MultiProcessingDataLoaderIter.__next__",
       BARO_TORCH_DATA, BARO_STATE_CHILD},
      {"cuda_runtime", "cudaLaunchKernel", BARO_TORCH_RUNTIME, BARO_STATE_CPU},
      {"hip_runtime", "hipDeviceSynchronize", BARO_TORCH_RUNTIME, BARO_STATE_GPU},
      {"cuda_driver", "cuMemcpyHtoDAsync_v2", BARO_TORCH_RUNTIME, BARO_STATE_COPY},
      {"Runtime", "cudaMemcpyAsync", BARO_TORCH_RUNTIME, BARO_STATE_COPY},
      {"kernel", "ampere_sgemm_128x64_nn", BARO_TORCH_KERNEL, BARO_STATE_GPU},
      {"Kernel", "ncclKernel_AllReduce", BARO_TORCH_COLLECTIVE, BARO_STATE_NETWORK},
      {"kernel", "ncclDevKernel_AllGather", BARO_TORCH_COLLECTIVE, BARO_STATE_NETWORK},
      {"kernel", "all-reduce.17", BARO_TORCH_COLLECTIVE, BARO_STATE_NETWORK},
      {"kernel", "reduce_kernel", BARO_TORCH_KERNEL, BARO_STATE_GPU},
      {"gpu_memcpy", "Memcpy HtoD (Pageable -> Device)", BARO_TORCH_COPY, BARO_STATE_COPY},
      {"Memset", "Memset (Device)", BARO_TORCH_MEMSET, BARO_STATE_COPY},
      {"cuda_sync", "Stream Wait Event", BARO_TORCH_SYNC, BARO_STATE_IDLE},
      {"overhead", "CUPTI Buffer Flush", BARO_TORCH_OVERHEAD, BARO_STATE_UNKNOWN},
      {"python_function", "train.py(3): step", BARO_TORCH_NONE, BARO_STATE_UNKNOWN},
      {"", "", BARO_TORCH_NONE, BARO_STATE_UNKNOWN},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    baro_view name = baro_view_of(rows[i].name);
    baro_torch_kind kind = baro_torch_kind_of(baro_view_of(rows[i].category), name);
    if (kind != rows[i].kind || baro_torch_state_of(kind, name) != rows[i].state) {
      fail_msg("%s %s: kind %d, state %d", rows[i].category, rows[i].name, (int)kind,
               (int)baro_torch_state_of(kind, name));
    }
  }
}

static uint32_t take(baro_trace_model *model, const char *args) {
  size_t length = strlen(args);
  uint8_t *bytes = calloc(1, length + BARO_JSON_LINE_PADDING);
  uint32_t category;
  uint32_t extra;
  assert_non_null(bytes);
  memcpy(bytes, args, length);
  assert_int_equal(baro_trace_text_put(model, baro_view_of("kernel"), &category), BARO_OK);
  assert_int_equal(
      baro_torch_args(model, category, (baro_view){.data = bytes, .length = length}, &extra),
      BARO_OK);
  free(bytes);
  return extra;
}

static uint64_t value_of(const baro_trace_model *model, uint32_t extra, baro_torch_amount key) {
  const baro_trace_extra *of = &model->extras[extra];
  for (uint32_t v = 0; v < of->value_count; v++) {
    if (model->values[of->first_value + v].key == (uint32_t)key) {
      return model->values[of->first_value + v].value;
    }
  }
  return 0;
}

static void test_arguments(void **state) {
  (void)state;
  baro_trace_model model;
  assert_int_equal(baro_trace_model_init(&model, true), BARO_OK);
  uint32_t extra =
      take(&model, "{\"correlation\":17,\"External id\":5,\"grid\":[4,2,1],\"block\":[128,1,1],"
                   "\"bytes\":\"4096\",\"Input Dims\":[[2,3]],\"unknown\":{\"a\":[1]}}");
  assert_int_equal(model.extras[extra].correlation, 17);
  assert_int_equal(model.extras[extra].external_id, 5);
  assert_int_equal(value_of(&model, extra, BARO_TORCH_AMOUNT_BLOCKS), 8);
  assert_int_equal(value_of(&model, extra, BARO_TORCH_AMOUNT_BLOCK_THREADS), 128);
  assert_int_equal(value_of(&model, extra, BARO_TORCH_AMOUNT_COPIED), 4096);
  assert_true(baro_trace_text_is(&model, model.extras[extra].dims, "[[2,3]]"));
  /* Memory that is given back has an amount of its own. */
  extra = take(&model, "{\"Bytes\":-512}");
  assert_int_equal(value_of(&model, extra, BARO_TORCH_AMOUNT_FREED), 512);
  assert_int_equal(value_of(&model, extra, BARO_TORCH_AMOUNT_MEMORY), 0);
  baro_trace_model_release(&model);
}

/* They say nothing; what stands before a mistake counts. */
static void test_arguments_that_are_none(void **state) {
  (void)state;
  static const char *const args[] = {
      "",
      "[]",
      "7",
      "\"grid\"",
      "{}",
      "{\"grid\":[\"a\"]}",
      "{\"bytes\":1e300}",
      "{\"bytes\":-5}",
      "{\"bytes\":null}",
      "{\"correlation\":\"x\"}",
      "{\"correlation\":1e99}",
      "{\"bytes\":",
      "{\"grid\":[4,",
  };
  baro_trace_model model;
  assert_int_equal(baro_trace_model_init(&model, true), BARO_OK);
  for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
    if (take(&model, args[i]) != BARO_NONE_ID) {
      fail_msg("%s", args[i]);
    }
  }
  uint32_t extra = take(&model, "{\"correlation\":17,\"bytes\":}");
  assert_int_equal(model.extras[extra].correlation, 17);
  baro_trace_model_release(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kinds_and_states_of_all_years),
      cmocka_unit_test(test_arguments),
      cmocka_unit_test(test_arguments_that_are_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
