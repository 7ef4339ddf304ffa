#include "show/html_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/run_span.h"
#include "show/export_formats.h"
#include "show/html_calls.h"
#include "show/html_counters.h"
#include "show/html_errors.h"
#include "show/html_first.h"
#include "show/html_lines.h"
#include "show/html_parts.h"
#include "show/html_runs.h"
#include "show/html_source.h"
#include "show/html_template.h"
#include "show/html_trees.h"
#include "show/html_what_if.h"
#include "show/utf8.h"

enum {
  SEAMS_BYTES = 4096, /* of the elements around sections, at most */
  PART_BYTES =
      3 << 20, /* 4 MB of base64; a multiple of 3, so that each part can be read by itself */
};

static const char head_marker[] = "<!--baro:head-->";
static const char core_marker[] = "<!--baro:core-->";
static const char late_marker[] = "<!--baro:late-->";
static const char title_marker[] = "<title>barograph</title>";

/* --- Sections --- */

static bool any_calls(const baro_html_page *page) {
  bool any = false;
  for (unsigned side = 0; side < page->side_count; side++) {
    any = any || page->profiles[side]->calls.count > 0;
  }
  return any;
}

static bool any_samples(const baro_html_page *page) {
  bool any = false;
  for (unsigned side = 0; side < page->side_count; side++) {
    any = any || page->profiles[side]->samples.count > 0;
  }
  return any;
}

static void add_script(baro_html_page *page, const char *section, baro_view script) {
  baro_html_begin(&page->sections, section, true);
  baro_html_put_string(baro_html_column_begin(&page->sections, "script", BARO_HTML_STRING), script);
  baro_html_end(&page->sections);
}

/* The code of views that other pages have no use for. */
static void add_scripts(baro_html_page *page) {
  if (page->dataflow.of != NULL) {
    add_script(
        page, "dataflow_views",
        (baro_view){.data = baro_html_dataflow_views, .length = baro_html_dataflow_views_bytes});
  }
  if (page->run_diff != NULL) {
    add_script(page, "comparison_views",
               (baro_view){.data = baro_html_comparison_views,
                           .length = baro_html_comparison_views_bytes});
  }
  if (page->what_if.length > 0) {
    add_script(
        page, "what_if_views",
        (baro_view){.data = baro_html_what_if_views, .length = baro_html_what_if_views_bytes});
  }
}

/* A page without anything has an empty tree of samples, so that a viewer needs no case for it. */
static baro_status add_sections(baro_html_page *page, baro_error *err) {
  baro_status status = BARO_OK;
  if (any_samples(page) || !any_calls(page)) {
    status = baro_html_add_tree(page, BARO_HTML_OF_SAMPLES, err);
  }
  if (status == BARO_OK && any_calls(page)) {
    status = baro_html_add_tree(page, BARO_HTML_OF_CALLS, err);
  }
  baro_html_write_lines(page);
  baro_html_write_counters(page);
  if (status == BARO_OK) {
    status = baro_html_write_errors(page, err);
  }
  if (status == BARO_OK) {
    status = baro_html_write_calls(page, err);
  }
  if (status == BARO_OK) {
    status = baro_html_write_operators(&page->dataflow, &page->sections, err);
  }
  if (status == BARO_OK) {
    uint64_t limit = page->options->limit_bytes;
    status = baro_html_write_tasks(&page->dataflow, limit == 0 ? BARO_HTML_LIMIT_BYTES : limit,
                                   &page->sections, err);
  }
  if (status == BARO_OK) {
    add_scripts(page);
    status = baro_html_write_source(page, err);
  }
  if (status == BARO_OK) {
    baro_html_write_what_if(page);
    baro_html_names_write(&page->names, &page->sections);
  }
  if (status == BARO_OK && page->sections.failed) {
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  return status;
}

/* --- The file --- */

static void write_base64(baro_stream *output, baro_view bytes) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char room[4096];
  size_t used = 0;
  for (size_t i = 0; i < bytes.length; i += 3) {
    size_t left = bytes.length - i;
    uint32_t word = (uint32_t)bytes.data[i] << 16 |
                    (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
                    (left > 2 ? bytes.data[i + 2] : 0);
    room[used++] = letters[word >> 18];
    room[used++] = letters[word >> 12 & 63];
    room[used++] = left > 1 ? letters[word >> 6 & 63] : '=';
    room[used++] = left > 2 ? letters[word & 63] : '=';
    if (used == sizeof(room)) {
      baro_stream_bytes(output, room, used);
      used = 0;
    }
  }
  baro_stream_bytes(output, room, used);
}

typedef enum section_place {
  BEFORE_SCRIPT, /* read before anything is shown */
  BEHIND_SCRIPT, /* read beside the first picture */
  AT_END,        /* read when a view asks for it */
} section_place;

static bool is_named(const baro_html_section *section, const char *begin) {
  return strncmp(section->name, begin, strlen(begin)) == 0;
}

/* Of a large page there is a part for the first picture. */
static bool is_large(const baro_html_page *page) {
  for (unsigned s = 0; s < page->sections.count; s++) {
    if (is_named(&page->sections.rows[s], BARO_HTML_FIRST_NAME)) {
      return true;
    }
  }
  return false;
}

/* Where there is a part for the first picture, nothing but what it needs stands before the script. */
static section_place place_of(const baro_html_page *page, const baro_html_section *section) {
  bool has_first = is_large(page);
  bool is_first = is_named(section, BARO_HTML_FIRST_NAME) || is_named(section, "functions") ||
                  is_named(section, "strings");
  return section->is_late ? AT_END : has_first && !is_first ? BEHIND_SCRIPT : BEFORE_SCRIPT;
}

static void write_sections(const baro_html_page *page, section_place place, baro_stream *output) {
  for (unsigned s = 0; s < page->sections.count; s++) {
    const baro_html_section *section = &page->sections.rows[s];
    if (place_of(page, section) != place) {
      continue;
    }
    unsigned part = 0;
    for (size_t at = 0; at < section->packed.length; at += PART_BYTES) {
      size_t left = section->packed.length - at;
      baro_view bytes = {.data = section->packed.data + at,
                         .length = left < PART_BYTES ? left : PART_BYTES};
      baro_stream_text(output, "<script type=\"application/octet-stream\" data-section=\"");
      baro_stream_text(output, section->name);
      baro_stream_text(output, "\" data-part=\"");
      baro_stream_u64(output, part++);
      baro_stream_text(output, "\">");
      write_base64(output, bytes);
      baro_stream_text(output, "</script>\n");
    }
  }
}

/* JSON has "<" in strings only, where it can be said otherwise: nothing in it can end the element. */
static baro_status escape_sink(void *context, const void *data, size_t length, baro_error *err) {
  baro_buffer *escaped = context;
  const uint8_t *at = data;
  while (length > 0) {
    const uint8_t *angle = memchr(at, '<', length);
    size_t plain = angle == NULL ? length : (size_t)(angle - at);
    baro_write_bytes(escaped, at, plain);
    if (angle != NULL) {
      baro_write_text(escaped, "\\u003c");
      plain++;
    }
    at += plain;
    length -= plain;
  }
  return escaped->failed ? baro_error_set(err, BARO_NO_MEMORY, "out of memory") : BARO_OK;
}

/* Its summary goes through the whole profile: it is made once, for the size of the page and for the page. */
static baro_status make_head(const baro_html_page *page, baro_buffer *ret_head, baro_error *err) {
  baro_stream json;
  baro_stream_init(&json, escape_sink, ret_head);
  baro_html_head(page, &json);
  return baro_stream_finish(&json, err);
}

static void write_head(baro_view head, baro_stream *output) {
  baro_stream_text(output, "<script type=\"application/json\" id=\"head\">");
  baro_stream_bytes(output, head.data, head.length);
  baro_stream_text(output, "</script>\n");
}

static baro_status write_title(const baro_html_page *page, baro_stream *output, baro_error *err) {
  baro_buffer raw = {0}, clean = {0};
  baro_html_title(page, &raw);
  baro_write_utf8(&clean, (baro_view){.data = raw.data, .length = raw.length});
  baro_stream_text(output, "<title>");
  for (size_t i = 0; i < clean.length; i++) {
    uint8_t byte = clean.data[i];
    if (byte == '<' || byte == '&' || byte == '>') {
      baro_stream_text(output, byte == '<' ? "&lt;" : byte == '>' ? "&gt;" : "&amp;");
    } else {
      baro_stream_char(output, byte < 0x20 || byte == 0x7f ? ' ' : (char)byte);
    }
  }
  baro_stream_text(output, "</title>");
  bool failed = raw.failed || clean.failed;
  baro_buffer_release(&raw);
  baro_buffer_release(&clean);
  return failed ? baro_error_set(err, BARO_NO_MEMORY, "out of memory") : BARO_OK;
}

static baro_view template_of(const baro_html_page *page) {
  return is_large(page) ? (baro_view){.data = baro_html_template_plain,
                                      .length = baro_html_template_plain_bytes}
                        : (baro_view){.data = baro_html_template_packed,
                                      .length = baro_html_template_packed_bytes};
}

/* Writes what stands before a marker, and takes both off. False: there is none; the template has each once, in the order of
 * write_file, which a test checks. */
static bool write_until(baro_view *template, const char *marker, baro_stream *output) {
  size_t length = strlen(marker);
  const uint8_t *found = memmem(template->data, template->length, marker, length);
  if (found == NULL) {
    return false;
  }
  size_t before = (size_t)(found - template->data);
  baro_stream_bytes(output, template->data, before);
  *template = (baro_view){.data = found + length, .length = template->length - before - length};
  return true;
}

static baro_status write_file(const baro_html_page *page, baro_view head, baro_stream *output,
                              baro_error *err) {
  baro_view template = template_of(page);
  baro_status status = BARO_OK;
  bool whole = write_until(&template, title_marker, output);
  if (whole) {
    status = write_title(page, output, err);
  }
  whole = whole && write_until(&template, head_marker, output);
  write_head(head, output);
  whole = whole && write_until(&template, core_marker, output);
  write_sections(page, BEFORE_SCRIPT, output);
  whole = whole && write_until(&template, late_marker, output);
  write_sections(page, BEHIND_SCRIPT, output);
  write_sections(page, AT_END, output);
  baro_stream_bytes(output, template.data, template.length);
  return whole || status != BARO_OK
             ? status
             : baro_error_set(err, BARO_INVALID, "the viewer's template has no place for data");
}

/* --- All --- */

/* How fine times are told, by how many samples there are at most: single samples are noise, which does not pack, and the more
 * there are, the less does one say. */
static const struct {
  uint64_t samples;
  uint64_t unit_ns;
  uint64_t unit_of_calls_ns; /* where there are any: many are shorter than a microsecond */
  uint64_t tick_ns;
} grains[] = {
    {BARO_HTML_FINE_SAMPLES, 1000, 1, 1000}, /* the recorder's own */
    {4000000, 100000, 100, 100000},
    {UINT64_MAX, 200000, 1000, 1000000},
};

/* Where the timeline of a side begins; and how long it is, as far as anything is told. All views of a framework's log show its run,
 * which is there before its first task and after its last. */
static uint64_t place_timeline(baro_html_page *page, unsigned side) {
  const baro_profile *profile = page->profiles[side];
  uint64_t begin_ns = profile->start_ns, end_ns = profile->end_ns;
  baro_run_span run;
  if (baro_run_span_of(profile, &run)) {
    begin_ns = run.begin_ns < begin_ns ? run.begin_ns : begin_ns;
    end_ns = run.end_ns > end_ns ? run.end_ns : end_ns;
  }
  page->origin_ns[side] = begin_ns;
  return end_ns - begin_ns;
}

/* What was imported may be shorter than a microsecond in all that it says. */
static bool is_brief(const baro_html_page *page, uint64_t duration_ns) {
  baro_view from;
  return duration_ns < UINT64_C(1000000000) &&
         baro_profile_info(page->profiles[page->side_count - 1], "imported_from", &from);
}

static void choose_units(baro_html_page *page) {
  uint64_t samples = 0, duration_ns = 0;
  for (unsigned side = 0; side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    uint64_t ns = place_timeline(page, side);
    samples += profile->samples.count;
    duration_ns = ns > duration_ns ? ns : duration_ns;
  }
  const size_t last = sizeof(grains) / sizeof(grains[0]) - 1;
  size_t grain = 0;
  while (grain < last && samples > grains[grain].samples) {
    grain++;
  }
  page->tick_ns = grains[grain].tick_ns;
  /* Times of 40 bits are still exact in everything that a viewer does with them. */
  while (duration_ns / page->tick_ns >= UINT64_C(1) << 40) {
    page->tick_ns *= 10;
  }
  bool is_time = baro_profile_weight_unit(page->profiles[0]).length == 0;
  page->unit_ns = !is_time          ? 1
                  : any_calls(page) ? grains[grain].unit_of_calls_ns
                                    : grains[grain].unit_ns;
  if (is_time && grain == 0 && is_brief(page, duration_ns)) {
    page->tick_ns = 1;
    page->unit_ns = 1;
  }
}

static void page_release(baro_html_page *page) {
  baro_html_sections_release(&page->sections);
  baro_html_names_release(&page->names);
  for (int kind = 0; kind < BARO_HTML_TREE_KINDS; kind++) {
    baro_html_ratios_release(&page->trees[kind].ratios);
    baro_html_merged_release(&page->trees[kind].merged);
    for (unsigned side = 0; side < BARO_HTML_SIDES_MAX; side++) {
      free(page->trees[kind].of_source[side]);
    }
  }
  free(page);
}

/* What a page is made of, each time that one is tried. */
typedef struct page_material {
  const baro_profile *const *profiles;
  unsigned profile_count;
  const baro_html_options *options;
  const baro_explanation *explanation; /* NULL: no framework's log, or two that are compared */
  const baro_run_diff *run_diff;       /* NULL: none, or one that is not compared */
  baro_view what_if; /* JSON of forecasts; empty: none, or two that are compared */
} page_material;

static baro_status page_create(const page_material *from, const baro_html_room *room,
                               baro_html_page **ret_page, baro_error *err) {
  baro_html_page *page = calloc(1, sizeof(*page));
  if (page == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  page->side_count = from->profile_count;
  page->options = from->options;
  page->dataflow.of = from->explanation;
  page->run_diff = from->run_diff;
  page->what_if = from->what_if;
  for (unsigned side = 0; side < from->profile_count; side++) {
    page->profiles[side] = from->profiles[side];
    page->first_process[side + 1] = page->first_process[side] + from->profiles[side]->process_count;
    page->first_thread[side + 1] = page->first_thread[side] + from->profiles[side]->thread_count;
  }
  choose_units(page);
  page->room = *room;
  baro_status status = baro_html_names_init(&page->names, from->profiles, from->profile_count, err);
  if (status == BARO_OK) {
    status = add_sections(page, err);
  }
  if (status != BARO_OK) {
    page_release(page);
    return status;
  }
  *ret_page = page;
  return BARO_OK;
}

/* Trees, their amounts and timelines: what can be made smaller. */
static bool is_elastic(const baro_html_section *section) {
  return strchr(section->name, ':') != NULL && strncmp(section->name, "call", 4) != 0 &&
         strncmp(section->name, "lines", 5) != 0;
}

/* Of the file; ret_elastic: of it, what can be made smaller. */
static uint64_t file_bytes(const baro_html_page *page, size_t head_bytes, uint64_t *ret_elastic) {
  uint64_t bytes = template_of(page).length + head_bytes + SEAMS_BYTES;
  *ret_elastic = 0;
  for (unsigned s = 0; s < page->sections.count; s++) {
    uint64_t letters = (page->sections.rows[s].packed.length + 2) / 3 * 4;
    bytes += letters;
    *ret_elastic += is_elastic(&page->sections.rows[s]) ? letters : 0;
  }
  return bytes;
}

/* Leaves nothing out that may just fit: how well a profile packs is not known before. Half is for timelines. */
static baro_html_room first_room(const baro_profile *const *profiles, unsigned profile_count,
                                 uint64_t limit) {
  bool has[BARO_HTML_TREE_KINDS] = {0};
  for (unsigned side = 0; side < profile_count; side++) {
    has[BARO_HTML_OF_SAMPLES] |= profiles[side]->samples.count > 0;
    has[BARO_HTML_OF_CALLS] |= profiles[side]->calls.count > 0;
  }
  double each = (double)limit * 3 / 4 * 1.1 / (has[0] && has[1] ? 4 : 2);
  baro_html_room room;
  for (int kind = 0; kind < BARO_HTML_TREE_KINDS; kind++) {
    room.tree_bytes[kind] = room.runs_bytes[kind] = each;
  }
  return room;
}

/* A part of what this page took, by the same estimates. */
static baro_html_room less_room(const baro_html_page *page, double part) {
  baro_html_room room;
  for (int kind = 0; kind < BARO_HTML_TREE_KINDS; kind++) {
    const baro_html_tree_facts *tree = &page->trees[kind];
    room.tree_bytes[kind] = (double)baro_html_estimate(tree->nodes, tree->entries) * part;
    room.runs_bytes[kind] = (double)tree->runs * BARO_HTML_RUN_BYTES * part;
  }
  return room;
}

/* With as little of what can be made smaller as there can be. */
static baro_status write_smallest(const page_material *from, baro_stream *output, baro_error *err) {
  enum { RUNS_MIN = 100, TREE_BYTES_MIN = 1000 };
  baro_html_room least;
  for (int kind = 0; kind < BARO_HTML_TREE_KINDS; kind++) {
    least.tree_bytes[kind] = TREE_BYTES_MIN;
    least.runs_bytes[kind] = RUNS_MIN * BARO_HTML_RUN_BYTES;
  }
  baro_html_page *page = NULL;
  baro_status status = page_create(from, &least, &page, err);
  if (status != BARO_OK) {
    return status;
  }
  baro_buffer head = {0};
  status = make_head(page, &head, err);
  uint64_t elastic, bytes = file_bytes(page, head.length, &elastic);
  if (status == BARO_OK &&
      (from->options->limit_bytes == 0 || bytes <= from->options->limit_bytes)) {
    status = write_file(page, (baro_view){.data = head.data, .length = head.length}, output, err);
  } else if (status == BARO_OK) {
    status =
        baro_error_set(err, BARO_LIMIT,
                       "a page of %.2f MB has no room for names and lines, which always stay: "
                       "the smallest is --size %.2f",
                       (double)from->options->limit_bytes / 1e6, ceil((double)bytes / 1e4) / 100);
  }
  baro_buffer_release(&head);
  page_release(page);
  return status;
}

static baro_status write_page(const page_material *from, baro_stream *output, baro_error *err) {
  enum { ATTEMPTS = 6 };

  uint64_t asked = from->options->limit_bytes;
  uint64_t limit = asked == 0 ? BARO_HTML_LIMIT_BYTES : asked;
  baro_html_room room = first_room(from->profiles, from->profile_count, limit);
  for (int attempt = 1;; attempt++) {
    baro_html_page *page = NULL;
    baro_status status = page_create(from, &room, &page, err);
    if (status != BARO_OK) {
      return status;
    }
    baro_buffer head = {0};
    status = make_head(page, &head, err);
    uint64_t elastic, bytes = file_bytes(page, head.length, &elastic);
    bool is_hopeless = attempt == ATTEMPTS || elastic == 0 || bytes - elastic >= limit;
    bool is_done = status != BARO_OK || bytes <= limit;
    if (!is_done && !is_hopeless) {
      double left = (double)limit - (double)(bytes - elastic);
      room = less_room(page, 0.9 * fmax(left / (double)elastic, 0.01));
    } else if (status == BARO_OK && is_done) {
      baro_view text = {.data = head.data, .length = head.length};
      status = write_file(page, text, output, err);
    }
    baro_buffer_release(&head);
    page_release(page);
    if (is_done) {
      return status;
    }
    if (is_hopeless) {
      return write_smallest(from, output, err);
    }
  }
}

/* What src/explain says of the recordings, while the page is written. */
typedef struct page_reasons {
  baro_explanation of[BARO_HTML_SIDES_MAX];
  baro_run_diff diff;
} page_reasons;

static baro_status find_reasons(page_material *from, page_reasons *reasons, baro_error *err) {
  const baro_explanation *const sides[] = {&reasons->of[0], &reasons->of[1]};
  bool is_dataflow = true;
  for (unsigned side = 0; side < from->profile_count; side++) {
    is_dataflow = is_dataflow && from->profiles[side]->dataflow.task_count > 0;
  }
  baro_status status = BARO_OK;
  for (unsigned side = 0; is_dataflow && side < from->profile_count && status == BARO_OK; side++) {
    status = baro_explain(from->profiles[side], &reasons->of[side]);
  }
  if (is_dataflow && from->profile_count == 1) {
    from->explanation = &reasons->of[0];
  } else if (is_dataflow && status == BARO_OK) {
    from->run_diff = &reasons->diff;
    status = baro_run_diff_make(sides, &reasons->diff);
  }
  return status == BARO_OK ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

baro_status baro_html_write(const baro_profile *const *profiles, unsigned profile_count,
                            const baro_html_options *options, baro_stream *output,
                            baro_error *err) {
  page_material from = {.profiles = profiles, .profile_count = profile_count, .options = options};
  page_reasons reasons = {0};
  baro_buffer what_if = {0};
  baro_status status = find_reasons(&from, &reasons, err);
  if (status == BARO_OK && profile_count == 1) {
    status = baro_html_what_if_make(profiles[0], &what_if, err);
    from.what_if = (baro_view){.data = what_if.data, .length = what_if.length};
  }
  if (status == BARO_OK) {
    status = write_page(&from, output, err);
  }
  baro_run_diff_release(&reasons.diff);
  for (unsigned side = 0; side < BARO_HTML_SIDES_MAX; side++) {
    baro_explanation_release(&reasons.of[side]);
  }
  baro_buffer_release(&what_if);
  return status;
}

baro_status baro_export_html(const baro_profile *profile, const baro_export_options *options,
                             baro_stream *output, baro_error *err) {
  const baro_html_options page = {.paths = {options->name}};
  return baro_html_write(&profile, 1, &page, output, err);
}
