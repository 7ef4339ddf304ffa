/* XPlane and RunMetadata, protocol buffers, whole and broken: cut at every byte and with every byte changed they give a recording or a
 * message of one line. What good files say is compared with other readers in tests/cli. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/importer.h"
#include "import/run_metadata_node.h"
#include "support/recording_fixture.h"

/* A field of a message: of bytes, or of a number. */
static void put_bytes(baro_buffer *out, unsigned number, const baro_buffer *bytes) {
  baro_write_varint(out, number << 3 | 2);
  baro_write_string(out, (baro_view){.data = bytes->data, .length = bytes->length});
}

static void put_text(baro_buffer *out, unsigned number, const char *text) {
  baro_write_varint(out, number << 3 | 2);
  baro_write_string(out, baro_view_of(text));
}

static void put_number(baro_buffer *out, unsigned number, uint64_t value) {
  baro_write_varint(out, number << 3);
  baro_write_varint(out, value);
}

static void put_node(baro_buffer *device, const char *name, const char *label, uint64_t start_us) {
  baro_buffer node = {0};
  put_text(&node, 1, name);
  put_number(&node, 2, start_us);
  put_number(&node, 5, 7);
  put_text(&node, 8, label);
  put_bytes(device, 2, &node);
  baro_buffer_release(&node);
}

static baro_buffer run_metadata(void) {
  baro_buffer device = {0};
  baro_buffer step = {0};
  baro_buffer whole = {0};
  put_text(&device, 1, "/job:localhost/replica:0/task:0/device:CPU:0");
  put_node(&device, "x", "x = Const()", 1000);
  put_node(&device, "mm", "[cpu 1MB 1MB] mm = MatMul(x, x:1, ^x)", 1010);
  put_bytes(&step, 1, &device);
  put_bytes(&whole, 1, &step);
  baro_buffer_release(&device);
  baro_buffer_release(&step);
  return whole;
}

static void put_entry(baro_buffer *plane, uint64_t id, const char *name) {
  baro_buffer metadata = {0};
  baro_buffer entry = {0};
  put_number(&metadata, 1, id);
  put_text(&metadata, 2, name);
  put_number(&entry, 1, id);
  put_bytes(&entry, 2, &metadata);
  put_bytes(plane, 4, &entry);
  baro_buffer_release(&metadata);
  baro_buffer_release(&entry);
}

static baro_buffer xplane(void) {
  baro_buffer event = {0};
  baro_buffer line = {0};
  baro_buffer plane = {0};
  baro_buffer whole = {0};
  put_text(&plane, 2, "/device:GPU:0");
  put_entry(&plane, 1, "fusion.1");
  put_number(&event, 1, 1);
  put_number(&event, 2, 5000000);
  put_number(&event, 3, 7000000);
  put_text(&line, 2, "Stream #7");
  put_number(&line, 3, 1000);
  put_bytes(&line, 4, &event);
  put_bytes(&plane, 3, &line);
  put_bytes(&whole, 1, &plane);
  baro_buffer_release(&event);
  baro_buffer_release(&line);
  baro_buffer_release(&plane);
  return whole;
}

/* The status; a failure has one line to say. */
static baro_status import(const char *format, const uint8_t *data, size_t length,
                          uint64_t *ret_tasks) {
  baro_import_options options = {0};
  baro_import_result result = {0};
  fixture_disk disk = {0};
  baro_error err = {0};
  baro_writer *writer = fixture_writer(&disk);
  baro_status status =
      baro_import_bytes(baro_importer_find(format), (baro_view){.data = data, .length = length},
                        "file", &options, writer, &result, &err);
  assert_true(status == BARO_OK || status == BARO_INVALID);
  assert_true((status == BARO_OK) == (err.message[0] == '\0'));
  assert_null(strchr(err.message, '\n'));
  *ret_tasks = result.tasks;
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  fixture_disk_release(&disk);
  return status;
}

static void check_broken(const char *format, const baro_buffer *whole, uint64_t tasks) {
  uint64_t found;
  baro_view view = {.data = whole->data, .length = whole->length};
  assert_ptr_equal(baro_importer_sniff(view), baro_importer_find(format));
  assert_int_equal(import(format, whole->data, whole->length, &found), BARO_OK);
  assert_int_equal(found, tasks);
  uint8_t *copy = malloc(whole->length);
  assert_non_null(copy);
  for (size_t length = 0; length < whole->length; length++) {
    memcpy(copy, whole->data, length);
    assert_int_equal(import(format, copy, length, &found), BARO_INVALID);
  }
  memcpy(copy, whole->data, whole->length);
  for (size_t at = 0; at < whole->length; at++) {
    for (unsigned flip = 1; flip < 256; flip <<= 1) {
      copy[at] = (uint8_t)(whole->data[at] ^ flip);
      (void)import(format, copy, whole->length, &found);
    }
    copy[at] = whole->data[at];
  }
  free(copy);
}

static void test_run_metadata_whole_and_broken(void **state) {
  (void)state;
  baro_buffer whole = run_metadata();
  check_broken("run_metadata", &whole, 2);
  baro_buffer_release(&whole);
}

static void test_xplane_whole_and_broken(void **state) {
  (void)state;
  baro_buffer whole = xplane();
  check_broken("xplane", &whole, 1);
  baro_buffer_release(&whole);
}

static void test_labels_of_nodes(void **state) {
  (void)state;
  static const struct {
    const char *label, *op, *inputs; /* op NULL: it is none */
  } rows[] = {
      {"mm = MatMul(a, b:1)", "MatMul", "a, b:1"},
      {"[cpu 1MB 1MB] mm = MatMul(a)", "MatMul", "a"},
      {"x = Const()", "Const", ""},
      {"x = y = Const(a)", "Const", "a"},
      {"edge_5 from /job:a to /job:b", NULL, NULL},
      {"x = Const", NULL, NULL},
      {"x = )Const(", NULL, NULL},
      {" = ", NULL, NULL},
      {"", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    baro_run_node node = {.label = baro_view_of(rows[i].label)};
    baro_view op;
    baro_view inputs;
    assert_int_equal(baro_run_node_inputs(&node, &op, &inputs), rows[i].op != NULL);
    if (rows[i].op != NULL) {
      assert_true(baro_view_equal(op, baro_view_of(rows[i].op)));
      assert_true(baro_view_equal(inputs, baro_view_of(rows[i].inputs)));
    }
  }
}

/* Kernels of TensorFlow 1 and 2; amounts that are none. */
static void test_kernels_and_copies(void **state) {
  (void)state;
  baro_run_node old = {.name = baro_view_of("mm:MatMul")};
  baro_run_node new = {.name = baro_view_of("mm:MatMul"),
                       .label = baro_view_of("void sgemm<float> regs:12 shm:0@@mm:MatMul")};
  assert_true(baro_view_equal(baro_run_node_launcher(&old), baro_view_of("mm")));
  assert_true(baro_view_equal(baro_run_node_kernel(&old), baro_view_of("mm:MatMul")));
  assert_true(baro_view_equal(baro_run_node_kernel(&new), baro_view_of("void sgemm<float>")));
  static const struct {
    const char *label;
    uint64_t bytes;
  } rows[] = {{"x bytes:4096 aync", 4096},
              {"x bytes:", 0},
              {"x", 0},
              {"", 0},
              {"x bytes:-5", 0},
              {"x bytes:1000000000000000000", UINT64_C(1000000000000000000)},
              /* not its first digits, but none at all */
              {"x bytes:99999999999999999999999999", 0}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    baro_run_node node = {.label = baro_view_of(rows[i].label)};
    assert_int_equal(baro_run_node_copied_bytes(&node), rows[i].bytes);
  }
}

/* While tasks are written the disk gets full: that is said, and not that there is no memory. */
static void test_a_full_disk_is_said(void **state) {
  (void)state;
  enum { NODES = 9000 };
  baro_buffer device = {0};
  baro_buffer step = {0};
  baro_buffer whole = {0};
  put_text(&device, 1, "/job:localhost/replica:0/task:0/device:CPU:0");
  for (uint64_t n = 0; n < NODES; n++) {
    put_node(&device, "x", "x = Const()", 1000 + 10 * n);
  }
  put_bytes(&step, 1, &device);
  put_bytes(&whole, 1, &step);
  fixture_disk disk = {.capacity_bytes = 4096};
  baro_import_options options = {0};
  baro_import_result result = {0};
  baro_error err = {0};
  baro_writer *writer = fixture_writer(&disk);
  assert_int_equal(baro_import_bytes(baro_importer_find("run_metadata"),
                                     (baro_view){.data = whole.data, .length = whole.length},
                                     "file", &options, writer, &result, &err),
                   BARO_NO_SPACE);
  assert_int_equal(err.status, BARO_NO_SPACE);
  assert_non_null(strstr(err.message, "file: run_metadata: "));
  assert_non_null(strstr(err.message, "disk is full"));
  (void)!baro_writer_close(writer, NULL);
  fixture_disk_release(&disk);
  baro_buffer_release(&device);
  baro_buffer_release(&step);
  baro_buffer_release(&whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_run_metadata_whole_and_broken),
      cmocka_unit_test(test_xplane_whole_and_broken),
      cmocka_unit_test(test_labels_of_nodes),
      cmocka_unit_test(test_kernels_and_copies),
      cmocka_unit_test(test_a_full_disk_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
