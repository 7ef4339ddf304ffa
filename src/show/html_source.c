#include "show/html_source.h"

#include <stdlib.h>
#include <string.h>

#include "base/os_file.h"
#include "base/os_process.h"

/* As tables_source.py has it. */
enum { FILE_BYTES_MAX = 16 << 20, LINES_BEHIND = 3 };

/* Lines of a file that are to be shown: [from, to], from 1. */
typedef struct line_range {
  uint32_t file_string; /* of the profile */
  uint32_t from;
  uint32_t to;
} line_range;

typedef struct source_columns {
  baro_html_column *file;
  baro_html_column *first_line;
  baro_html_column *text;
} source_columns;

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

/* UTC of the first process' start; false where one's is not known, or this is another machine. */
static bool start_of(const baro_profile *profile, uint64_t *ret_utc_ns) {
  char name[256];
  baro_view host = {0};
  if (!baro_profile_info(profile, "host", &host) || !baro_process_host_name(name, sizeof(name)) ||
      !baro_view_equal(host, baro_view_of(name)) || profile->process_count == 0) {
    return false;
  }
  *ret_utc_ns = UINT64_MAX;
  for (uint32_t p = 0; p < profile->process_count; p++) {
    uint64_t utc_ns;
    if (!baro_profile_utc_ns(profile, profile->processes[p].start_ns, &utc_ns)) {
      return false;
    }
    *ret_utc_ns = utc_ns < *ret_utc_ns ? utc_ns : *ret_utc_ns;
  }
  return true;
}

/* Reads a file that did not change since; false where it did, or cannot be read. */
static bool read_unchanged(const char *path, uint64_t before_utc_ns, baro_buffer *text) {
  int file;
  uint64_t bytes, changed_ns, again_ns;
  if (baro_file_open(path, &file, &bytes, NULL) != BARO_OK) {
    return false;
  }
  size_t got = 0;
  bool good = bytes <= FILE_BYTES_MAX && baro_file_changed_ns(file, &changed_ns, NULL) == BARO_OK &&
              changed_ns < before_utc_ns && baro_buffer_reserve(text, (size_t)bytes + 1) &&
              baro_file_read_at(file, 0, text->data, (size_t)bytes, &got, NULL) == BARO_OK &&
              got == bytes && baro_file_changed_ns(file, &again_ns, NULL) == BARO_OK &&
              again_ns == changed_ns;
  text->length = good ? got : 0;
  return baro_file_close(file, NULL) == BARO_OK && good;
}

/* A recording may come from anywhere, and name any file: what is no Python is nobody's source, and stays where it is. */
static bool is_python(const char *path) {
  size_t length = strlen(path);
  return path[0] == '/' && length > 3 && strcmp(path + length - 3, ".py") == 0;
}

/* "<string>" and its like are none. */
static bool is_file(baro_view name) {
  return name.length > 0 && name.data[0] != '<';
}

static int compare_ranges(const void *a_pointer, const void *b_pointer) {
  const line_range *a = a_pointer, *b = b_pointer;
  if (a->file_string != b->file_string) {
    return a->file_string < b->file_string ? -1 : 1;
  }
  return a->from != b->from ? (a->from < b->from ? -1 : 1) : (a->to > b->to) - (a->to < b->to);
}

/* Of each line of the user's own code that has time, or function that has calls: from the function's first line on. */
static uint32_t find_ranges(const baro_profile *profile, bool full, line_range *ret_ranges) {
  const baro_profile_functions *functions = &profile->functions;
  const baro_profile_frames *frames = &profile->frames;
  uint32_t count = 0;
  for (uint32_t i = 0; i < functions->count + frames->count; i++) {
    bool is_line = i >= functions->count;
    uint32_t f = is_line ? frames->function[i - functions->count] : i;
    const baro_profile_function *row = &functions->rows[f];
    bool has_time = is_line ? frames->total[BARO_MEASURE_THREAD].all_ns[i - functions->count] > 0
                            : profile->call_sums.calls[f] > 0;
    if (row->origin != BARO_ORIGIN_USER || row->first_line == 0 || !has_time ||
        !is_file(baro_profile_string(profile, row->file_string))) {
      continue;
    }
    uint32_t line = is_line ? frames->line[i - functions->count] : row->first_line;
    line = line < row->first_line ? row->first_line : line;
    ret_ranges[count++] = (line_range){.file_string = row->file_string,
                                       .from = full ? 1 : row->first_line,
                                       .to = full ? UINT32_MAX : line + LINES_BEHIND};
  }
  if (count > 1) {
    qsort(ret_ranges, count, sizeof(*ret_ranges), compare_ranges);
  }
  return count;
}

/* Overlapping ranges of a file become one. */
static uint32_t join_ranges(line_range *ranges, uint32_t count) {
  uint32_t joined = 0;
  for (uint32_t i = 0; i < count; i++) {
    line_range *last = joined == 0 ? NULL : &ranges[joined - 1];
    if (last != NULL && last->file_string == ranges[i].file_string &&
        (last->to == UINT32_MAX || ranges[i].from <= last->to + 1)) {
      last->to = ranges[i].to > last->to ? ranges[i].to : last->to;
    } else {
      ranges[joined++] = ranges[i];
    }
  }
  return joined;
}

/* Lines [from, to] of text. */
static baro_view cut_lines(const baro_buffer *text, uint32_t from, uint32_t to) {
  size_t at = 0, start = text->length;
  for (uint32_t line = 1; at < text->length; line++) {
    const uint8_t *end = memchr(text->data + at, '\n', text->length - at);
    if (line == from) {
      start = at;
    }
    at = end == NULL ? text->length : (size_t)(end - text->data) + 1;
    if (line == to) {
      break;
    }
  }
  return (baro_view){.data = text->data + start, .length = at > start ? at - start : 0};
}

static baro_status write_range(baro_html_page *page, const baro_profile *profile,
                               const line_range *range, const baro_buffer *text,
                               const source_columns *columns, baro_error *err) {
  uint32_t name;
  baro_view lines = cut_lines(text, range->from, range->to);
  if (lines.length == 0) {
    return BARO_OK;
  }
  baro_status status = baro_html_names_string(
      &page->names, baro_profile_string(profile, range->file_string), &name, err);
  if (status == BARO_OK) {
    baro_html_put(columns->file, name);
    baro_html_put(columns->first_line, range->from);
    baro_html_put_string(columns->text, lines);
  }
  return status;
}

/* Ranges of one file after the other: each is read once. */
static baro_status write_ranges(baro_html_page *page, const baro_profile *profile,
                                const line_range *ranges, uint32_t count,
                                const source_columns *columns, baro_error *err) {
  uint64_t start_ns = 0;
  bool is_here = start_of(profile, &start_ns);
  baro_buffer text = {0};
  bool good = false;
  baro_status status = BARO_OK;
  for (uint32_t i = 0; status == BARO_OK && i < count; i++) {
    if (i == 0 || ranges[i].file_string != ranges[i - 1].file_string) {
      /* Strings of a profile end with a NUL; one with a NUL inside is no path. */
      baro_view path = baro_profile_string(profile, ranges[i].file_string);
      baro_buffer_clear(&text);
      good = is_here && strlen((const char *)path.data) == path.length &&
             is_python((const char *)path.data) &&
             read_unchanged((const char *)path.data, start_ns, &text);
      page->source_files += good;
      page->source_missing += !good;
    }
    if (good) {
      status = write_range(page, profile, &ranges[i], &text, columns, err);
    }
  }
  baro_buffer_release(&text);
  return status;
}

baro_status baro_html_write_source(baro_html_page *page, baro_error *err) {
  if (page->options->source == BARO_HTML_SOURCE_NONE) {
    return BARO_OK;
  }
  const baro_profile *profile = page->profiles[page->side_count - 1];
  size_t most = (size_t)profile->functions.count + profile->frames.count + 1;
  line_range *ranges = malloc(most * sizeof(*ranges));
  if (ranges == NULL) {
    return no_memory(err);
  }
  bool full = page->options->source == BARO_HTML_SOURCE_FULL;
  uint32_t count = join_ranges(ranges, find_ranges(profile, full, ranges));
  baro_html_begin(&page->sections, "source", true);
  source_columns columns = {
      .file = baro_html_column_begin(&page->sections, "file", BARO_HTML_UNSIGNED),
      .first_line = baro_html_column_begin(&page->sections, "first_line", BARO_HTML_UNSIGNED),
      .text = baro_html_column_begin(&page->sections, "text", BARO_HTML_STRING),
  };
  baro_status status = write_ranges(page, profile, ranges, count, &columns, err);
  baro_html_end(&page->sections);
  free(ranges);
  return status;
}
