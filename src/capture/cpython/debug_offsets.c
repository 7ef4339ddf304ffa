#include "capture/cpython/debug_offsets.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/bytes.h"
#include "capture/cpython/layout.h"

const char BARO_DEBUG_OFFSETS_COOKIE[8] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};

static const baro_debug_table *const tables[] = {
    &baro_debug_table_3_13,
    &baro_debug_table_3_14,
    &baro_debug_table_3_15,
};

enum { SIZE = BARO_DEBUG_FIELD_COUNT, OPTIONAL = 0, REQUIRED = 1 };

typedef struct field_rule {
  const char *name;
  uint8_t structure; /* field that holds the size of its structure, or SIZE */
  uint8_t bytes;
  bool required;
} field_rule;

#define RUNTIME_SIZE BARO_DEBUG_RUNTIME_SIZE
#define INTERP_SIZE BARO_DEBUG_INTERP_SIZE
#define THREAD_SIZE BARO_DEBUG_THREAD_SIZE
#define FRAME_SIZE BARO_DEBUG_FRAME_SIZE
#define CODE_SIZE BARO_DEBUG_CODE_SIZE
#define OBJECT_SIZE BARO_DEBUG_OBJECT_SIZE
#define BYTES_SIZE BARO_DEBUG_BYTES_SIZE
#define STR_SIZE BARO_DEBUG_STR_SIZE
#define GC_SIZE BARO_DEBUG_GC_SIZE
static const field_rule rules[BARO_DEBUG_FIELD_COUNT] = {
#define X(id, member, structure, bytes, need)                                                      \
  [BARO_DEBUG_##id] = {#member, (uint8_t)(structure), bytes, need},
    BARO_DEBUG_FIELD_LIST(X)
#undef X
};

/* Structures beyond these are no CPython: about 20 times what 3.13 to 3.15 have. */
static uint64_t size_limit(baro_debug_field size) {
  if (size == RUNTIME_SIZE || size == INTERP_SIZE)
    return 16u << 20;
  if (size == THREAD_SIZE || size == GC_SIZE)
    return 64u << 10;
  return BARO_LAYOUT_CODE_MAX_BYTES;
}

static uint64_t round_up(uint64_t value) {
  return (value + 7) & ~(uint64_t)7;
}

static bool is_aligned(uint64_t offset, unsigned bytes) {
  unsigned unit = bytes >= 8 ? 8 : bytes; /* 16 stands for two words */
  return unit == 0 || offset % unit == 0;
}

/* Reads and checks every field. values[] of what the build has not are BARO_ABSENT. */
static baro_status read_fields(const baro_debug_table *table, const uint8_t *data,
                               uint32_t values[BARO_DEBUG_FIELD_COUNT], baro_error *err) {
  for (unsigned i = 0; i < BARO_DEBUG_FIELD_COUNT; i++) {
    const field_rule *rule = &rules[i];
    values[i] = BARO_ABSENT;
    if (table->words[i] == 0)
      continue;
    baro_reader reader = baro_reader_of(data + (size_t)table->words[i] * 8, 8);
    uint64_t value = baro_read_u64(&reader);
    if (value == 0 && !rule->required)
      continue;
    bool good;
    if (rule->structure == SIZE) {
      good = value > 0 && value <= size_limit((baro_debug_field)i) && value % 8 == 0;
    } else {
      uint32_t size = values[rule->structure]; /* checked before: sizes come first in the list */
      good = value <= size && rule->bytes <= size - value && is_aligned(value, rule->bytes);
    }
    if (!good)
      return baro_error_set(err, BARO_INVALID,
                            "debug offsets of CPython 3.%u: %s = %" PRIu64 " cannot be",
                            table->minor, rule->name, value);
    values[i] = (uint32_t)value;
  }
  return BARO_OK;
}

static uint32_t max_end(uint32_t end, uint32_t offset, uint32_t bytes) {
  return offset != BARO_ABSENT && offset + bytes > end ? offset + bytes : end;
}

/* The smallest window that holds the fields of an interpreter that every sample needs. */
static bool fill_interp(const uint32_t *v, baro_layout *layout) {
  layout->interp.next = v[BARO_DEBUG_INTERP_NEXT];
  layout->interp.id = v[BARO_DEBUG_INTERP_ID];
  layout->interp.threads_head = v[BARO_DEBUG_INTERP_THREADS_HEAD];
  if (v[GC_SIZE] > v[INTERP_SIZE] || v[BARO_DEBUG_INTERP_GC] > v[INTERP_SIZE] - v[GC_SIZE])
    return false;
  layout->interp.gc_collecting = v[BARO_DEBUG_INTERP_GC] + v[BARO_DEBUG_GC_COLLECTING];
  layout->interp.code_generation = v[BARO_DEBUG_INTERP_CODE_GENERATION];
  layout->interp.code_generation_bytes = 8;
  layout->interp.code_counter = BARO_ABSENT;
  layout->interp.tlbc_generation =
      layout->free_threaded ? v[BARO_DEBUG_INTERP_TLBC_GENERATION] : BARO_ABSENT;
  const uint32_t fields[] = {layout->interp.next, layout->interp.id, layout->interp.threads_head,
                             layout->interp.gc_collecting, layout->interp.code_generation};
  uint32_t start = BARO_ABSENT;
  uint32_t end = 0;
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (fields[i] < start)
      start = fields[i];
    end = max_end(end, fields[i], 8);
  }
  start &= ~(uint32_t)7;
  end = (uint32_t)round_up(end);
  if (end > v[INTERP_SIZE] || end - start > BARO_LAYOUT_INTERP_MAX_BYTES)
    return false;
  layout->interp.read_offset = start;
  layout->interp.read_bytes = end - start;
  return true;
}

/* struct _gil_runtime_state: [enabled] interval last_holder locked switch_number, then two pairs of
 * condition and mutex of the target's libc, taken to be of our sizes. */
static bool fill_gil(const uint32_t *v, baro_layout *layout) {
  uint32_t gil = v[BARO_DEBUG_INTERP_GIL];
  uint32_t holder = v[BARO_DEBUG_INTERP_GIL_HOLDER];
  uint32_t locked = v[BARO_DEBUG_INTERP_GIL_LOCKED];
  if (holder < gil || locked < gil || holder - gil > 64 || locked - gil > 64)
    return false;
  layout->gil.place = BARO_GIL_INTERP_POINTER;
  layout->gil.offset = v[BARO_DEBUG_INTERP_CEVAL_GIL];
  layout->gil.last_holder = holder - gil;
  layout->gil.locked = locked - gil;
  layout->gil.enabled = layout->free_threaded ? 0 : BARO_ABSENT;
  size_t locks = 2 * (sizeof(pthread_cond_t) + sizeof(pthread_mutex_t));
  layout->gil.size_bytes = layout->gil.locked + 16 + (uint32_t)locks;
  return true;
}

static bool fill_thread(const baro_debug_table *table, const uint32_t *v, baro_layout *layout) {
  layout->frame_root = BARO_FRAME_ROOT_DIRECT;
  layout->thread.prev = v[BARO_DEBUG_THREAD_PREV];
  layout->thread.next = v[BARO_DEBUG_THREAD_NEXT];
  layout->thread.interp = v[BARO_DEBUG_THREAD_INTERP];
  layout->thread.frame = v[BARO_DEBUG_THREAD_FRAME];
  layout->thread.cframe_current_frame = BARO_ABSENT;
  layout->thread.base_frame = v[BARO_DEBUG_THREAD_BASE_FRAME];
  layout->thread.thread_id = v[BARO_DEBUG_THREAD_ID];
  layout->thread.native_thread_id = v[BARO_DEBUG_THREAD_NATIVE_ID];
  layout->thread.datastack_chunk = v[BARO_DEBUG_THREAD_CHUNK];
  /* No offset tells, but top has followed chunk since 3.11. */
  layout->thread.datastack_top = layout->thread.datastack_chunk + 8;
  layout->thread.holds_gil = v[BARO_DEBUG_THREAD_HOLDS_GIL];
  layout->thread.holds_gil_mask = UINT32_MAX;
  layout->thread.gil_requested = v[BARO_DEBUG_THREAD_GIL_REQUESTED];
  uint32_t status = v[BARO_DEBUG_THREAD_STATUS];
  bool attaches = layout->free_threaded && status != BARO_ABSENT;
  layout->thread.attachment = attaches ? status + table->attachment_behind : BARO_ABSENT;
  uint32_t end = 0;
  for (unsigned i = BARO_DEBUG_THREAD_PREV; i < FRAME_SIZE; i++)
    end = max_end(end, v[i], 8);
  end = max_end(end, layout->thread.datastack_top, 8);
  end = max_end(end, layout->thread.attachment, 4);
  layout->thread.read_bytes = (uint32_t)round_up(end);
  return layout->thread.read_bytes <= BARO_LAYOUT_THREAD_MAX_BYTES &&
         layout->thread.read_bytes <= v[THREAD_SIZE];
}

static bool fill_frame(const baro_debug_table *table, const uint32_t *v, baro_layout *layout) {
  layout->frame_kind = BARO_FRAME_DATA_STACK;
  layout->frame.previous = v[BARO_DEBUG_FRAME_PREVIOUS];
  layout->frame.code = v[BARO_DEBUG_FRAME_EXECUTABLE];
  layout->frame.code_tag_mask = table->code_tag_mask;
  layout->frame.ip = v[BARO_DEBUG_FRAME_INSTRUCTION];
  layout->frame.owner = v[BARO_DEBUG_FRAME_OWNER];
  layout->frame.owner_entry = table->owner_entry;
  layout->frame.is_entry = BARO_ABSENT;
  layout->frame.localsplus = v[BARO_DEBUG_FRAME_LOCALS];
  layout->frame.stackpointer = v[BARO_DEBUG_FRAME_STACKPOINTER];
  layout->frame.tlbc_index = layout->free_threaded ? v[BARO_DEBUG_FRAME_TLBC_INDEX] : BARO_ABSENT;
  layout->frame.size_bytes = layout->frame.localsplus;
  uint32_t end = 0;
  for (unsigned i = FRAME_SIZE + 1; i < CODE_SIZE; i++) {
    if (i != BARO_DEBUG_FRAME_LOCALS)
      end = max_end(end, v[i], rules[i].bytes);
  }
  layout->frame.read_bytes = (uint32_t)round_up(end);
  layout->chunk.previous = 0;
  layout->chunk.size_bytes = 8;
  layout->chunk.top = 16;
  layout->chunk.data = 24;
  return layout->frame.read_bytes <= layout->frame.localsplus &&
         layout->frame.read_bytes <= BARO_LAYOUT_FRAME_MAX_BYTES;
}

/* From first line to line table the members follow each other since 3.12, and none of them changes
 * while the object lives; where a build orders them in another way, the two ends have to do. */
static void fill_identity(baro_layout *layout) {
  baro_layout_range *ranges = layout->code.identity;
  uint32_t start = layout->code.first_line;
  uint32_t end = layout->code.line_table + 8;
  ranges[0] = (baro_layout_range){(uint16_t)layout->object.type, 8};
  ranges[1] = (baro_layout_range){(uint16_t)layout->code.unit_count, 8};
  if (start < end && end - start <= 128) {
    ranges[2] = (baro_layout_range){(uint16_t)start, (uint16_t)(end - start)};
  } else {
    ranges[2] = (baro_layout_range){(uint16_t)start, 4};
    ranges[3] = (baro_layout_range){(uint16_t)layout->code.line_table, 8};
  }
}

static bool fill_code(const uint32_t *v, baro_layout *layout) {
  layout->ip_kind = BARO_IP_INSTRUCTION;
  layout->line_table_kind = BARO_LINES_LOCATIONS;
  layout->code.filename = v[BARO_DEBUG_CODE_FILENAME];
  layout->code.name = v[BARO_DEBUG_CODE_NAME];
  layout->code.qualname = v[BARO_DEBUG_CODE_QUALNAME];
  layout->code.line_table = v[BARO_DEBUG_CODE_LINETABLE];
  layout->code.first_line = v[BARO_DEBUG_CODE_FIRST_LINE];
  layout->code.instructions = v[BARO_DEBUG_CODE_INSTRUCTIONS];
  layout->code.tlbc = layout->free_threaded ? v[BARO_DEBUG_CODE_TLBC] : BARO_ABSENT;
  layout->code.local_words = BARO_ABSENT;
  layout->code.stack_words = BARO_ABSENT;
  layout->code.unit_count = layout->object.head_bytes; /* ob_size of any PyVarObject */
  /* Not among the offsets: co_version is the last of six ints between first line and names. */
  bool usual = v[BARO_DEBUG_CODE_LOCAL_NAMES] == layout->code.first_line + 28;
  layout->code.version = usual ? v[BARO_DEBUG_CODE_LOCAL_NAMES] - 4 : BARO_ABSENT;
  fill_identity(layout);
  uint32_t end = layout->code.unit_count + 8;
  for (unsigned i = CODE_SIZE + 1; i < OBJECT_SIZE; i++) {
    if (i != BARO_DEBUG_CODE_INSTRUCTIONS)
      end = max_end(end, v[i], rules[i].bytes);
  }
  layout->code.read_bytes = (uint32_t)round_up(end);
  return layout->code.read_bytes <= layout->code.instructions;
}

static bool fill_objects(const baro_debug_table *table, const uint32_t *v, baro_layout *layout) {
  layout->object.type = v[BARO_DEBUG_OBJECT_TYPE];
  layout->object.head_bytes = v[OBJECT_SIZE];
  layout->bytes.length = v[BARO_DEBUG_BYTES_LENGTH];
  layout->bytes.data = v[BARO_DEBUG_BYTES_DATA];
  layout->str.length = v[BARO_DEBUG_STR_LENGTH];
  layout->str.state = v[BARO_DEBUG_STR_STATE];
  /* Bits: interned (2, or a byte of its own), kind (3), compact, ascii. */
  uint8_t shift = layout->free_threaded && table->free_threaded_states != 0 ? 8 : 2;
  layout->str.kind_shift = shift;
  layout->str.compact_shift = (uint8_t)(shift + 3);
  layout->str.ascii_shift = (uint8_t)(shift + 4);
  layout->str.ascii_data = v[BARO_DEBUG_STR_ASCII_SIZE];
  uint32_t compact = v[BARO_DEBUG_STR_COMPACT_SIZE];
  /* Before 3.15 not among the offsets: the structure adds the length and address of the UTF-8 form. */
  layout->str.compact_data = compact != BARO_ABSENT ? compact : layout->str.ascii_data + 16;
  return layout->object.head_bytes <= 64 && layout->str.compact_data <= v[STR_SIZE] &&
         layout->str.ascii_data >= layout->str.state + 4 && layout->bytes.data <= 128 &&
         layout->bytes.data >= layout->bytes.length + 8;
}

static baro_status fill(const baro_debug_table *table, const uint32_t *v, baro_layout *layout,
                        baro_error *err) {
  layout->runtime.size_bytes = v[RUNTIME_SIZE];
  layout->runtime.interpreters_head = v[BARO_DEBUG_RUNTIME_INTERPRETERS_HEAD];
  layout->runtime.finalizing = v[BARO_DEBUG_RUNTIME_FINALIZING];
  const char *wrong = NULL;
  if (!fill_interp(v, layout))
    wrong = "interpreter";
  else if (!fill_gil(v, layout))
    wrong = "GIL";
  else if (!fill_thread(table, v, layout))
    wrong = "thread state";
  else if (!fill_frame(table, v, layout))
    wrong = "frame";
  else if (!fill_objects(table, v, layout))
    wrong = "objects";
  else if (!fill_code(v, layout))
    wrong = "code object";
  if (wrong == NULL)
    return BARO_OK;
  return baro_error_set(err, BARO_INVALID,
                        "debug offsets of CPython 3.%u: the fields of the %s contradict each other",
                        table->minor, wrong);
}

static baro_status choose_table(uint64_t version, const baro_debug_table **ret_table,
                                baro_error *err) {
  unsigned major = (unsigned)(version >> 24) & 0xff;
  unsigned minor = (unsigned)(version >> 16) & 0xff;
  if (version > UINT32_MAX || major != 3 || minor < 13)
    return baro_error_set(err, BARO_INVALID, "debug offsets: version 0x%" PRIx64 " cannot be",
                          version);
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    if (tables[i]->minor != minor)
      continue;
    /* The offsets themselves changed between alphas and betas; from the first candidate on they hold. */
    if ((version & 0xf0) < 0xc0)
      return baro_error_set(err, BARO_UNSUPPORTED,
                            "CPython 3.%u.%u%c%u is a pre-release: its layout is not known here",
                            minor, (unsigned)(version >> 8) & 0xff,
                            (version & 0xf0) == 0xa0 ? 'a' : 'b', (unsigned)version & 0xf);
    *ret_table = tables[i];
    return BARO_OK;
  }
  return baro_error_set(err, BARO_UNSUPPORTED,
                        "CPython 3.%u is newer than this barograph knows (3.%d to 3.%d)", minor,
                        BARO_PYTHON_OLDEST_MINOR, BARO_PYTHON_NEWEST_MINOR);
}

baro_status baro_layout_from_debug_offsets(const void *data, size_t length, baro_layout *ret_layout,
                                           baro_error *err) {
  baro_reader reader = baro_reader_of(data, length);
  baro_view cookie = baro_read_bytes(&reader, sizeof BARO_DEBUG_OFFSETS_COOKIE);
  uint64_t version = baro_read_u64(&reader);
  uint64_t free_threaded = baro_read_u64(&reader);
  if (reader.failed || memcmp(cookie.data, BARO_DEBUG_OFFSETS_COOKIE, cookie.length) != 0)
    return baro_error_set(err, BARO_NOT_FOUND, "no debug offsets: not CPython 3.13 or later");
  const baro_debug_table *table = NULL;
  baro_status status = choose_table(version, &table, err);
  if (status != BARO_OK)
    return status;
  if (free_threaded > 1)
    return baro_error_set(err, BARO_INVALID, "debug offsets: free_threaded = %" PRIu64 " cannot be",
                          free_threaded);
  if (length < (size_t)table->word_count * 8)
    return baro_error_set(err, BARO_TRUNCATED, "debug offsets of CPython 3.%u: %zu bytes of %u",
                          table->minor, length, table->word_count * 8u);
  uint32_t values[BARO_DEBUG_FIELD_COUNT];
  status = read_fields(table, data, values, err);
  if (status != BARO_OK)
    return status;
  baro_layout layout = {
      .major = 3,
      .minor = table->minor,
      .micro = (uint8_t)(version >> 8),
      .free_threaded = free_threaded != 0,
      .version_hex = (uint32_t)version,
  };
  status = fill(table, values, &layout, err);
  if (status == BARO_OK)
    *ret_layout = layout;
  return status;
}
