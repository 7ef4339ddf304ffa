#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/os_file.h"
#include "support/recording_findings.h"

static baro_status find_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  (void)err;
  findings *found = context;
  found->samples++;
  found->weight_ns += sample->weight_ns;
  return BARO_OK;
}

static baro_status find_string(void *context, uint32_t id, baro_view text, baro_error *err) {
  (void)err;
  (void)text;
  findings *found = context;
  assert_int_equal(id, found->strings);
  found->strings++;
  return BARO_OK;
}

findings find_in_memory(baro_view bytes) {
  findings found = {0};
  baro_visitor visitor = {.context = &found, .sample = find_sample, .string = find_string};
  baro_error err = {0};
  assert_int_equal(baro_recording_read_memory(bytes, "memory", &visitor, &found.damage, &err),
                   BARO_OK);
  return found;
}

findings find_in_file(const char *path) {
  baro_buffer bytes = {0};
  baro_error err = {0};
  assert_int_equal(baro_file_read_all(path, SIZE_MAX, &bytes, &err), BARO_OK);
  findings found = find_in_memory((baro_view){bytes.data, bytes.length});
  findings again = {0};
  baro_visitor visitor = {.context = &again, .sample = find_sample, .string = find_string};
  assert_int_equal(baro_recording_read(path, &visitor, &again.damage, &err), BARO_OK);
  assert_memory_equal(&found, &again, sizeof(found));
  baro_buffer_release(&bytes);
  return found;
}

void close_well(baro_writer *writer) {
  baro_error err = {0};
  baro_status status = baro_writer_close(writer, &err);
  assert_string_equal(err.message, "");
  assert_int_equal(status, BARO_OK);
}

void expect_whole(const baro_damage *damage) {
  assert_string_equal(damage->reason, "");
  assert_true(damage->complete);
  assert_false(damage->truncated || damage->corrupt);
  assert_int_equal(damage->good_bytes, damage->file_bytes);
}
