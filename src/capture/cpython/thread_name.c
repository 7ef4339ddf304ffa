#include "capture/cpython/thread_name.h"

#include <string.h>

#include "base/os_memory.h"
#include "capture/cpython/code_object.h"
#include "capture/cpython/instance_layout.h"
#include "capture/cpython/python_text.h"

enum {
  PAGE_BYTES = 4096,
  TAG_MASK = 7, /* low bits of a reference in a frame: 3.14+ marks who owns it */
  TRIES = 4,
  OBJECT_HEAD_MAX = 64,
  ENTRIES_MAX = 128, /* Thread's own attributes come first; a batch holds as many */
  ENTRY_BYTES = 24,
  KEYS_HEAD_BYTES = 48,
  INDEX_LOG2_MAX = 24,
  TEXT_HEAD_MAX = 128, /* of a str, before its characters */
};

/* Py_TPFLAGS_... */
#define TYPE_INLINE_VALUES (UINT64_C(1) << 2)
#define TYPE_MANAGED_DICT (UINT64_C(1) << 4)
#define TYPE_HEAP (UINT64_C(1) << 9)

static const char ATTRIBUTE[] = "_name";
enum { ATTRIBUTE_LENGTH = sizeof ATTRIBUTE - 1 };

typedef struct name_work {
  const baro_interpreter *interpreter;
  const baro_layout *layout;
  const baro_instance_layout *instance;
  uint64_t object_addr;
  uint64_t keys_addr;
  uint64_t values_addr;  /* array of values, head included; 0: they are in the entries */
  uint32_t values_limit; /* entries it can have */
} name_work;

typedef struct keys_table {
  uint32_t count;
  uint32_t entry_bytes;
  uint32_t key; /* offset in an entry, followed by the value */
  uint8_t entries[ENTRIES_MAX * ENTRY_BYTES];
} keys_table;

static uint64_t load_u64(const uint8_t *data, size_t offset) {
  uint64_t value;
  memcpy(&value, data + offset, sizeof value);
  return value;
}

static uint32_t load_u32(const uint8_t *data, size_t offset) {
  uint32_t value;
  memcpy(&value, data + offset, sizeof value);
  return value;
}

static bool is_object_addr(uint64_t addr) {
  return addr >= PAGE_BYTES && addr % 8 == 0 && addr < (uint64_t)1 << 56;
}

/* What is not mapped is not what we take it for. */
static baro_status read_memory(const name_work *work, uint64_t addr, void *local, size_t length) {
  if (addr < PAGE_BYTES || addr >= (uint64_t)1 << 56)
    return BARO_NOT_FOUND;
  baro_status status = baro_memory_read(work->interpreter->pid, addr, local, length, NULL);
  return status == BARO_INVALID ? BARO_NOT_FOUND : status;
}

static baro_status read_word(const name_work *work, uint64_t addr, uint64_t *ret_value) {
  return read_memory(work, addr, ret_value, sizeof *ret_value);
}

/* --- where the attributes are --- */

static baro_status use_dict(name_work *work, uint64_t dict_addr) {
  uint32_t head = work->layout->object.head_bytes;
  uint64_t keys_addr;
  uint64_t values_addr;
  if (!is_object_addr(dict_addr))
    return BARO_NOT_FOUND;
  baro_status status = read_word(work, dict_addr + head + work->instance->dict_keys, &keys_addr);
  if (status == BARO_OK)
    status = read_word(work, dict_addr + head + work->instance->dict_values, &values_addr);
  if (status != BARO_OK)
    return status;
  if (!is_object_addr(keys_addr) || (values_addr != 0 && !is_object_addr(values_addr)))
    return BARO_NOT_FOUND;
  work->keys_addr = keys_addr;
  work->values_addr = values_addr;
  work->values_limit = ENTRIES_MAX;
  return BARO_OK;
}

static baro_status use_values(name_work *work, uint64_t type_addr, uint64_t values_addr) {
  uint32_t head = work->layout->object.head_bytes;
  uint64_t keys_addr;
  baro_status status = read_word(work, type_addr + head + work->instance->cached_keys, &keys_addr);
  if (status != BARO_OK)
    return status;
  if (!is_object_addr(keys_addr) || !is_object_addr(values_addr))
    return BARO_NOT_FOUND;
  work->keys_addr = keys_addr;
  work->values_addr = values_addr;
  work->values_limit = ENTRIES_MAX;
  return BARO_OK;
}

/* Values inside the object begin with: capacity, size, embedded, valid, a byte each. */
static baro_status use_inline_values(name_work *work, uint64_t type_addr, uint64_t basic_size) {
  uint8_t head[8];
  uint64_t values_addr = work->object_addr + basic_size;
  if (basic_size < work->layout->object.head_bytes || basic_size > PAGE_BYTES)
    return BARO_NOT_FOUND;
  baro_status status = read_memory(work, values_addr, head, sizeof head);
  if (status != BARO_OK)
    return status;
  if (head[3] != 1)
    return BARO_NOT_FOUND;
  status = use_values(work, type_addr, values_addr);
  work->values_limit = head[0];
  return status;
}

/* An object whose class keeps a dict or values in the words before it. */
static baro_status find_managed(name_work *work, uint64_t type_addr, uint64_t flags,
                                uint64_t basic_size) {
  /* Before the object; in free-threaded builds there is no head of the collector between. */
  uint64_t words = work->layout->free_threaded ? 2 : 4;
  uint64_t before[2];
  baro_status status =
      read_memory(work, work->object_addr - words * sizeof(uint64_t), before, sizeof before);
  if (status != BARO_OK)
    return status;
  switch ((baro_values_place)work->instance->values_place) {
  case BARO_VALUES_BEFORE:
    return before[1] != 0 ? use_dict(work, before[1]) : use_values(work, type_addr, before[0]);
  case BARO_VALUES_TAGGED:
    return (before[1] & 1) == 0 ? use_dict(work, before[1])
                                : use_values(work, type_addr, before[1] + 1);
  case BARO_VALUES_INSIDE:
    if (before[1] != 0 || (flags & TYPE_INLINE_VALUES) == 0)
      return use_dict(work, before[1]);
    return use_inline_values(work, type_addr, basic_size);
  case BARO_VALUES_NONE: break;
  }
  return BARO_NOT_FOUND;
}

static baro_status find_attributes(name_work *work) {
  const baro_instance_layout *instance = work->instance;
  uint32_t head = work->layout->object.head_bytes;
  uint64_t type_addr;
  uint64_t basic_size;
  uint64_t flags;
  uint64_t dict_offset;
  baro_status status = read_word(work, work->object_addr + work->layout->object.type, &type_addr);
  if (status == BARO_OK && !is_object_addr(type_addr))
    status = BARO_NOT_FOUND;
  if (status == BARO_OK)
    status = read_word(work, type_addr + head + instance->basic_size, &basic_size);
  if (status == BARO_OK)
    status = read_word(work, type_addr + head + instance->flags, &flags);
  if (status == BARO_OK)
    status = read_word(work, type_addr + head + instance->dict_offset, &dict_offset);
  if (status != BARO_OK)
    return status;
  if ((flags & TYPE_HEAP) == 0)
    return BARO_NOT_FOUND;
  if (instance->values_place != BARO_VALUES_NONE && (flags & TYPE_MANAGED_DICT) != 0)
    return find_managed(work, type_addr, flags, basic_size);
  uint64_t dict_addr;
  if (dict_offset < head || dict_offset > PAGE_BYTES || dict_offset % 8 != 0)
    return BARO_NOT_FOUND;
  status = read_word(work, work->object_addr + dict_offset, &dict_addr);
  return status == BARO_OK ? use_dict(work, dict_addr) : status;
}

/* --- which of them it is --- */

/* Bytes of the index between the head of keys and their entries; 0: no such keys. */
static uint64_t index_bytes(const baro_instance_layout *instance, const uint8_t *head) {
  if (instance->keys_log2)
    return head[9] <= INDEX_LOG2_MAX ? (uint64_t)1 << head[9] : 0;
  uint64_t size = load_u64(head, 8);
  if (size == 0 || size > (uint64_t)1 << (INDEX_LOG2_MAX - 2) || (size & (size - 1)) != 0)
    return 0;
  return size <= 0xff ? size : size <= 0xffff ? size * 2 : size * 4;
}

static baro_status read_keys(const name_work *work, keys_table *keys) {
  uint8_t head[KEYS_HEAD_BYTES];
  baro_status status = read_memory(work, work->keys_addr, head, work->instance->keys_index);
  if (status != BARO_OK)
    return status;
  uint64_t index = index_bytes(work->instance, head);
  uint64_t count = load_u64(head, work->instance->keys_count);
  if (index == 0 || count > (uint64_t)1 << INDEX_LOG2_MAX)
    return BARO_NOT_FOUND;
  /* From 3.11 on: keys that are all str have no hash in their entries (kinds 1 and 2). */
  bool short_entries = work->instance->keys_log2 && head[10] != 0;
  keys->entry_bytes = short_entries ? 16 : ENTRY_BYTES;
  keys->key = short_entries ? 0 : 8;
  keys->count = count < ENTRIES_MAX ? (uint32_t)count : ENTRIES_MAX;
  return read_memory(work, work->keys_addr + work->instance->keys_index + index, keys->entries,
                     (size_t)keys->count * keys->entry_bytes);
}

static bool is_short_ascii(const baro_layout *layout, uint32_t state) {
  return ((state >> layout->str.kind_shift) & 7) == 1 &&
         ((state >> layout->str.compact_shift) & 1) != 0 &&
         ((state >> layout->str.ascii_shift) & 1) != 0;
}

static baro_status is_attribute(const name_work *work, uint64_t key_addr, bool *ret_is) {
  const baro_layout *layout = work->layout;
  uint8_t text[TEXT_HEAD_MAX];
  *ret_is = false;
  if (!is_object_addr(key_addr))
    return BARO_OK; /* an entry that was deleted */
  baro_status status = read_memory(work, key_addr, text, layout->str.ascii_data + ATTRIBUTE_LENGTH);
  if (status == BARO_NOT_FOUND)
    return BARO_OK; /* a key that is no str, at the end of what is mapped */
  if (status != BARO_OK)
    return status;
  *ret_is = load_u64(text, layout->str.length) == ATTRIBUTE_LENGTH &&
            is_short_ascii(layout, load_u32(text, layout->str.state)) &&
            memcmp(text + layout->str.ascii_data, ATTRIBUTE, ATTRIBUTE_LENGTH) == 0;
  return BARO_OK;
}

static baro_status find_value(const name_work *work, uint64_t *ret_value_addr) {
  keys_table keys;
  baro_status status = read_keys(work, &keys);
  bool found = false;
  uint32_t i = 0;
  while (status == BARO_OK && i < keys.count) {
    status = is_attribute(work, load_u64(keys.entries, i * keys.entry_bytes + keys.key), &found);
    if (found)
      break;
    i++;
  }
  if (status != BARO_OK)
    return status;
  if (!found || (work->values_addr != 0 && i >= work->values_limit))
    return BARO_NOT_FOUND;
  if (work->values_addr != 0)
    return read_word(work, work->values_addr + work->instance->values_head + (uint64_t)i * 8,
                     ret_value_addr);
  *ret_value_addr = load_u64(keys.entries, i * keys.entry_bytes + keys.key + 8);
  return BARO_OK;
}

/* --- its text --- */

/* str(name) makes it a plain str: anything else is no name. */
static baro_status read_text(const name_work *work, uint64_t text_addr, baro_arena *keep,
                             baro_view *ret_text) {
  const baro_layout *layout = work->layout;
  uint8_t head[TEXT_HEAD_MAX];
  uint8_t data[BARO_THREAD_NAME_MAX_BYTES * 4];
  if (!is_object_addr(text_addr))
    return BARO_NOT_FOUND;
  baro_status status = read_memory(work, text_addr, head, layout->str.ascii_data);
  if (status != BARO_OK)
    return status;
  uint64_t type = load_u64(head, layout->object.type);
  uint64_t length = load_u64(head, layout->str.length);
  uint32_t state = load_u32(head, layout->str.state);
  uint8_t kind = (uint8_t)((state >> layout->str.kind_shift) & 7);
  bool ascii = ((state >> layout->str.ascii_shift) & 1) != 0;
  uint64_t expected = work->interpreter->unicode_type_addr;
  if ((kind != 1 && kind != 2 && kind != 4) || (ascii && kind != 1) ||
      ((state >> layout->str.compact_shift) & 1) == 0 || length == 0 || length > INT64_MAX / 4 ||
      (expected != 0 && type != expected))
    return BARO_NOT_FOUND;
  /* A character takes at least a byte of UTF-8: more of them would not fit. */
  size_t count = length < BARO_THREAD_NAME_MAX_BYTES ? (size_t)length : BARO_THREAD_NAME_MAX_BYTES;
  uint32_t offset = ascii ? layout->str.ascii_data : layout->str.compact_data;
  status = read_memory(work, text_addr + offset, data, count * kind);
  if (status != BARO_OK)
    return status;
  baro_python_text text = {.data = data, .length = count, .kind = kind};
  bool cut;
  return baro_python_text_decode(&text, BARO_THREAD_NAME_MAX_BYTES, keep, ret_text, &cut);
}

static bool is_known(const baro_layout *layout) {
  return layout->object.head_bytes <= OBJECT_HEAD_MAX && layout->object.type <= OBJECT_HEAD_MAX &&
         layout->str.ascii_data <= TEXT_HEAD_MAX - ATTRIBUTE_LENGTH &&
         layout->str.length <= layout->str.ascii_data - 8 &&
         layout->str.state <= layout->str.ascii_data - 4 &&
         layout->object.type <= layout->str.ascii_data - 8;
}

static baro_status read_once(name_work *work, baro_arena *keep, baro_view *ret_name) {
  uint64_t value_addr = 0;
  baro_status status = find_attributes(work);
  if (status == BARO_OK)
    status = find_value(work, &value_addr);
  return status == BARO_OK ? read_text(work, value_addr, keep, ret_name) : status;
}

baro_status baro_thread_object_name(const baro_interpreter *interpreter, uint64_t object_addr,
                                    baro_arena *keep, baro_view *ret_name, baro_error *err) {
  name_work work = {.interpreter = interpreter,
                    .layout = &interpreter->layout,
                    .instance = baro_instance_layout_for(interpreter->layout.minor),
                    .object_addr = object_addr};
  if (work.instance == NULL || !is_known(work.layout))
    return baro_error_set(err, BARO_UNSUPPORTED, "instances of this build are not known");
  if (!is_object_addr(object_addr))
    return baro_error_set(err, BARO_NOT_FOUND, "no thread of threading");
  baro_view last = {0};
  baro_status status = BARO_AGAIN;
  for (int tries = 0; tries < TRIES; tries++) {
    baro_view name = {0};
    status = read_once(&work, keep, &name);
    if (status != BARO_OK)
      break;
    if (last.length != 0 && baro_view_equal(last, name)) {
      *ret_name = name;
      return BARO_OK;
    }
    last = name;
    status = BARO_AGAIN;
  }
  return baro_error_set(err, status, "name of a thread: %s", baro_status_text(status));
}

/* --- the thread --- */

/* Threads of threading.Thread begin in its _bootstrap, and its first local is the Thread for good. */
static baro_status check_root(const baro_interpreter *interpreter, uint64_t root_code_addr) {
  baro_arena scratch = {0};
  baro_code code;
  baro_status status = baro_code_read(interpreter, root_code_addr, &scratch, &code, NULL);
  if (status == BARO_OK && !(baro_view_ends_with(code.file, "threading.py") &&
                             (baro_view_equal(code.name, baro_view_of("Thread._bootstrap")) ||
                              baro_view_equal(code.name, baro_view_of("_bootstrap")))))
    status = BARO_NOT_FOUND;
  baro_arena_release(&scratch);
  return status == BARO_INVALID ? BARO_NOT_FOUND : status;
}

baro_status baro_thread_name_read(const baro_interpreter *interpreter, uint64_t root_frame_addr,
                                  uint64_t root_code_addr, baro_arena *keep, baro_view *ret_name,
                                  baro_error *err) {
  const baro_layout *layout = &interpreter->layout;
  const baro_instance_layout *instance = baro_instance_layout_for(layout->minor);
  name_work work = {.interpreter = interpreter, .layout = layout, .instance = instance};
  if (instance == NULL || !is_known(layout))
    return baro_error_set(err, BARO_UNSUPPORTED, "instances of this build are not known");
  uint32_t locals = instance->frame_locals != 0 ? instance->frame_locals : layout->frame.localsplus;
  baro_status status = check_root(interpreter, root_code_addr);
  uint64_t object_addr = 0;
  uint64_t again_addr = 0;
  baro_view name = {0};
  if (status == BARO_OK)
    status = read_word(&work, root_frame_addr + locals, &object_addr);
  object_addr &= ~(uint64_t)TAG_MASK;
  if (status == BARO_OK)
    status = baro_thread_object_name(interpreter, object_addr, keep, &name, err);
  else
    return baro_error_set(err, status, "name of a thread: %s", baro_status_text(status));
  if (status != BARO_OK)
    return status;
  /* The thread ended meanwhile if its frame is another's: then so may be what was its object. */
  status = read_word(&work, root_frame_addr + locals, &again_addr);
  if (status == BARO_OK && (again_addr & ~(uint64_t)TAG_MASK) != object_addr)
    status = BARO_AGAIN;
  if (status != BARO_OK)
    return baro_error_set(err, status, "name of a thread: %s", baro_status_text(status));
  *ret_name = name;
  return BARO_OK;
}
