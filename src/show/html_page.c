#include "show/html_page.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "show/html_calls.h"
#include "show/html_lines.h"
#include "show/html_parts.h"
#include "show/html_runs.h"
#include "show/html_template.h"
#include "show/utf8.h"

const char *const baro_html_tree_names[BARO_HTML_TREE_KINDS] = {"samples", "calls"};

enum {
  PART_BYTES =
      3 << 20, /* 4 MB of base64; a multiple of 3, so that each part can be read by itself */
};

static const char core_marker[] = "<!--baro:core-->";
static const char late_marker[] = "<!--baro:late-->";
static const char title_marker[] = "<title>barograph</title>";

/* --- Sections --- */

static baro_status make_trie(const baro_html_page *page, baro_html_tree_kind kind, unsigned side,
                             baro_html_trie *ret_trie, uint32_t **ret_node_of_call,
                             baro_error *err) {
  const baro_profile *profile = page->profiles[side];
  const uint32_t *of_function = page->names.of_function[side];
  return kind == BARO_HTML_OF_SAMPLES
             ? baro_html_trie_of_nodes(profile, of_function, ret_trie, err)
             : baro_html_trie_of_calls(profile, of_function, ret_trie, ret_node_of_call, err);
}

/* Calls go to nodes of their trie, and with it to the tree's. */
static void place_calls(uint32_t *node_of_call, uint32_t count, const uint32_t *of_source) {
  for (uint32_t c = 0; c < count; c++) {
    node_of_call[c] = of_source[node_of_call[c]];
  }
}

static baro_status merge_tree(baro_html_page *page, baro_html_tree_kind kind,
                              baro_html_tree *ret_tree, baro_error *err) {
  baro_html_trie tries[BARO_HTML_SIDES_MAX] = {0};
  uint32_t *node_of_call[BARO_HTML_SIDES_MAX] = {0};
  baro_status status = BARO_OK;
  for (unsigned side = 0; status == BARO_OK && side < page->side_count; side++) {
    status = make_trie(page, kind, side, &tries[side], &node_of_call[side], err);
  }
  if (status == BARO_OK) {
    status = baro_html_tree_merge(tries, page->side_count, page->names.count, ret_tree, err);
  }
  for (unsigned side = 0; side < page->side_count; side++) {
    baro_html_trie_release(&tries[side]);
    if (status == BARO_OK && kind == BARO_HTML_OF_CALLS) {
      place_calls(node_of_call[side], page->profiles[side]->calls.count, ret_tree->of_source[side]);
      free(ret_tree->of_source[side]);
      ret_tree->of_source[side] = node_of_call[side];
    } else {
      free(node_of_call[side]);
    }
  }
  return status;
}

static baro_status count_entries(const baro_html_page *page, baro_html_tree_kind kind,
                                 const baro_html_tree *tree, baro_html_entries *entries,
                                 baro_error *err) {
  baro_status status = baro_html_entries_init(entries, tree->count, err);
  for (unsigned side = 0; status == BARO_OK && side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    status = kind == BARO_HTML_OF_SAMPLES
                 ? baro_html_entries_add_samples(entries, profile, tree->of_source[side],
                                                 page->first_thread[side], err)
                 : baro_html_entries_add_calls(entries, profile, tree->of_source[side],
                                               page->first_thread[side], err);
  }
  return status == BARO_OK ? baro_html_entries_sort(entries, err) : status;
}

/* The sections of one tree. The timeline's are written by another thread: both only read the entries, and packing takes
 * most of the time of both. */
typedef struct tree_work {
  baro_html_page *page;
  baro_html_tree_kind kind;
  const baro_html_tree *tree;
  baro_html_entries *entries;
  baro_html_sections runs;
  baro_status status; /* of the timeline */
  baro_error error;
} tree_work;

static baro_status write_tree(tree_work *work, baro_error *err) {
  baro_html_page *page = work->page;
  const char *name = baro_html_tree_names[work->kind];
  const baro_html_ratios *ratios =
      work->kind == BARO_HTML_OF_SAMPLES ? &page->trees[work->kind].ratios : NULL;
  baro_status status =
      baro_html_tree_write(work->tree, name, page->names.count, &page->sections, err);
  return status != BARO_OK ? status
                           : baro_html_entries_write(work->entries, name, ratios,
                                                     page->first_thread[page->side_count],
                                                     page->unit_ns, &page->sections, err);
}

static void write_runs(tree_work *work) {
  work->status = BARO_OK;
  if (work->kind == BARO_HTML_OF_SAMPLES) {
    baro_html_runs_of_samples(work->page, work->entries, &work->runs);
  } else {
    work->status = baro_html_runs_of_calls(work->page, work->entries, &work->runs, &work->error);
  }
}

static void *write_runs_beside(void *context) {
  write_runs(context);
  return NULL;
}

/* Where no thread can be had, one after the other. */
static baro_status write_both(tree_work *work, baro_error *err) {
  enum { WORTH_A_THREAD = 100000 };
  pthread_t beside;
  bool has_thread = work->entries->count > WORTH_A_THREAD &&
                    pthread_create(&beside, NULL, write_runs_beside, work) == 0;
  baro_status status = write_tree(work, err);
  if (has_thread) {
    (void)pthread_join(beside, NULL);
  } else {
    write_runs(work);
  }
  if (status == BARO_OK && work->status != BARO_OK) {
    *err = work->error;
    status = work->status;
  }
  baro_html_sections_join(&work->page->sections, &work->runs);
  return status;
}

static baro_status prepare_entries(baro_html_page *page, baro_html_tree_kind kind,
                                   baro_html_tree *tree, baro_html_entries *entries,
                                   baro_error *err) {
  uint32_t thread_count = page->first_thread[page->side_count];
  baro_status status = count_entries(page, kind, tree, entries, err);
  if (status == BARO_OK) {
    status = baro_html_entries_rank(entries, thread_count, err);
  }
  if (status == BARO_OK && kind == BARO_HTML_OF_SAMPLES) {
    status = baro_html_ratios_of(entries, thread_count, &page->trees[kind].ratios, err);
  }
  return status;
}

static baro_status add_tree(baro_html_page *page, baro_html_tree_kind kind, baro_error *err) {
  baro_html_tree tree = {0};
  baro_html_entries entries = {0};
  baro_html_tree_facts *facts = &page->trees[kind];
  baro_status status = merge_tree(page, kind, &tree, err);
  if (status == BARO_OK) {
    status = prepare_entries(page, kind, &tree, &entries, err);
  }
  if (status == BARO_OK) {
    facts->exists = true;
    facts->nodes = tree.count;
    facts->entries = entries.count;
    for (unsigned side = 0; side < page->side_count; side++) {
      facts->of_source[side] = tree.of_source[side];
      tree.of_source[side] = NULL;
    }
    tree_work work = {.page = page, .kind = kind, .tree = &tree, .entries = &entries};
    status = write_both(&work, err);
  }
  baro_html_entries_release(&entries);
  baro_html_tree_release(&tree);
  return status;
}

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

/* A page without anything has an empty tree of samples, so that a viewer needs no case for it. */
static baro_status add_sections(baro_html_page *page, baro_error *err) {
  baro_status status = BARO_OK;
  if (any_samples(page) || !any_calls(page)) {
    status = add_tree(page, BARO_HTML_OF_SAMPLES, err);
  }
  if (status == BARO_OK && any_calls(page)) {
    status = add_tree(page, BARO_HTML_OF_CALLS, err);
  }
  baro_html_write_lines(page);
  if (status == BARO_OK) {
    status = baro_html_write_calls(page, err);
  }
  if (status == BARO_OK) {
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

static void write_sections(const baro_html_page *page, bool late, baro_stream *output) {
  for (unsigned s = 0; s < page->sections.count; s++) {
    const baro_html_section *section = &page->sections.rows[s];
    unsigned part = 0;
    for (size_t at = 0; section->is_late == late && at < section->packed.length; at += PART_BYTES) {
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
  baro_stream *output = context;
  const uint8_t *at = data;
  (void)err;
  while (length > 0) {
    const uint8_t *angle = memchr(at, '<', length);
    size_t plain = angle == NULL ? length : (size_t)(angle - at);
    baro_stream_bytes(output, at, plain);
    if (angle != NULL) {
      baro_stream_text(output, "\\u003c");
      plain++;
    }
    at += plain;
    length -= plain;
  }
  return BARO_OK;
}

static baro_status write_core(const baro_html_page *page, baro_stream *output, baro_error *err) {
  baro_stream escaped;
  baro_stream_init(&escaped, escape_sink, output);
  baro_stream_text(output, "<script type=\"application/json\" id=\"head\">");
  baro_html_head(page, &escaped);
  baro_status status = baro_stream_finish(&escaped, err);
  baro_stream_text(output, "</script>\n");
  write_sections(page, false, output);
  return status;
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

/* Where a marker stands from `from` on; the template has each once, in this order, which a test checks. */
static size_t find_marker(const char *marker, size_t from) {
  const void *found =
      memmem(baro_html_template + from, baro_html_template_bytes - from, marker, strlen(marker));
  return found == NULL ? baro_html_template_bytes
                       : (size_t)((const unsigned char *)found - baro_html_template);
}

static baro_status write_file(const baro_html_page *page, baro_stream *output, baro_error *err) {
  size_t title = find_marker(title_marker, 0);
  size_t core = find_marker(core_marker, title);
  size_t late = find_marker(late_marker, core);
  if (late == baro_html_template_bytes) {
    return baro_error_set(err, BARO_INVALID, "the viewer's template has no place for data");
  }
  baro_stream_bytes(output, baro_html_template, title);
  baro_status status = write_title(page, output, err);
  size_t behind = title + strlen(title_marker);
  baro_stream_bytes(output, baro_html_template + behind, core - behind);
  if (status == BARO_OK) {
    status = write_core(page, output, err);
  }
  behind = core + strlen(core_marker) + 1; /* with the end of its line */
  baro_stream_bytes(output, baro_html_template + behind, late - behind);
  write_sections(page, true, output);
  behind = late + strlen(late_marker) + 1;
  baro_stream_bytes(output, baro_html_template + behind, baro_html_template_bytes - behind);
  return status;
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

static void choose_units(baro_html_page *page) {
  uint64_t samples = 0, duration_ns = 0;
  for (unsigned side = 0; side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    uint64_t ns = profile->end_ns - profile->start_ns;
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
  page->unit_ns = any_calls(page) ? grains[grain].unit_of_calls_ns : grains[grain].unit_ns;
}

static void page_release(baro_html_page *page) {
  baro_html_sections_release(&page->sections);
  baro_html_names_release(&page->names);
  for (int kind = 0; kind < BARO_HTML_TREE_KINDS; kind++) {
    baro_html_ratios_release(&page->trees[kind].ratios);
    for (unsigned side = 0; side < BARO_HTML_SIDES_MAX; side++) {
      free(page->trees[kind].of_source[side]);
    }
  }
  free(page);
}

baro_status baro_html_write(const baro_profile *const *profiles, unsigned profile_count,
                            const baro_html_options *options, baro_stream *output,
                            baro_error *err) {
  baro_html_page *page = calloc(1, sizeof(*page));
  if (page == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  page->side_count = profile_count;
  page->options = options;
  for (unsigned side = 0; side < profile_count; side++) {
    page->profiles[side] = profiles[side];
    page->first_process[side + 1] = page->first_process[side] + profiles[side]->process_count;
    page->first_thread[side + 1] = page->first_thread[side] + profiles[side]->thread_count;
  }
  choose_units(page);
  baro_status status = baro_html_names_init(&page->names, profiles, profile_count, err);
  if (status == BARO_OK) {
    status = add_sections(page, err);
  }
  if (status == BARO_OK) {
    status = write_file(page, output, err);
  }
  page_release(page);
  return status;
}
