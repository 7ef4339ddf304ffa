#include "import/spark_places.h"

#include <string.h>

void baro_spark_split_name(baro_view text, baro_view *ret_name, baro_view *ret_place) {
  *ret_name = text;
  *ret_place = (baro_view){0};
  for (size_t at = text.length; at-- > 1;) {
    if (at + 4 <= text.length && memcmp(text.data + at, " at ", 4) == 0) {
      *ret_name = (baro_view){.data = text.data, .length = at};
      *ret_place = (baro_view){.data = text.data + at + 4, .length = text.length - at - 4};
      return;
    }
  }
}

uint32_t baro_spark_split_place(baro_view place, baro_view *ret_file) {
  *ret_file = place;
  size_t at = place.length;
  uint32_t line = 0;
  uint32_t unit = 1;
  while (at > 0 && place.length - at < 8 && place.data[at - 1] >= '0' &&
         place.data[at - 1] <= '9') {
    line += unit * (uint32_t)(place.data[--at] - '0');
    unit *= 10;
  }
  if (at == 0 || place.data[at - 1] != ':' || at == place.length) {
    return 0;
  }
  ret_file->length = at - 1;
  return line;
}

bool baro_spark_is_python_place(baro_view place) {
  baro_view file;
  return baro_spark_split_place(place, &file) != 0 &&
         (baro_view_ends_with(file, ".py") || baro_view_starts_with(file, "<"));
}

bool baro_spark_is_no_place(baro_view place) {
  return place.length == 0 || baro_view_starts_with(place, "NativeMethodAccessorImpl.java");
}

static bool is_library(baro_view frame) {
  static const char *const starts[] = {
      "org.apache.spark.", "java.", "javax.", "scala.", "jdk.", "sun.", "py4j.", "com.databricks."};
  for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
    if (baro_view_starts_with(frame, starts[i])) {
      return true;
    }
  }
  return false;
}

/* "com.example.App$.main(App.scala:25)" */
static baro_view place_of_frame(baro_view frame) {
  const uint8_t *open = frame.length == 0 ? NULL : memchr(frame.data, '(', frame.length);
  if (open == NULL || frame.data[frame.length - 1] != ')') {
    return (baro_view){0};
  }
  size_t before = (size_t)(open - frame.data) + 1;
  return (baro_view){.data = open + 1, .length = frame.length - before - 1};
}

baro_view baro_spark_stack_place(baro_view stack) {
  while (stack.length != 0) {
    const uint8_t *newline = memchr(stack.data, '\n', stack.length);
    size_t length = newline == NULL ? stack.length : (size_t)(newline - stack.data);
    baro_view frame = {.data = stack.data, .length = length};
    baro_view place = place_of_frame(frame);
    baro_view file;
    if (!is_library(frame) && baro_spark_split_place(place, &file) != 0 && file.length != 0) {
      return place;
    }
    size_t gone = newline == NULL ? length : length + 1;
    stack = (baro_view){.data = stack.data + gone, .length = stack.length - gone};
  }
  return (baro_view){0};
}
