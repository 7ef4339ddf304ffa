#include "capture/cpython/code_object.h"

#include <inttypes.h>
#include <string.h>

#include "base/os_memory.h"
#include "capture/cpython/python_text.h"

enum {
  PAGE_BYTES = 4096,
  STRING_GUESS_BYTES = 256, /* head and the first characters: most names and files end before */
  TABLE_GUESS_BYTES = 1024,
  PART_COUNT = 4,
  FIRST_LINE_MAX = 1 << 24, /* where nothing but the numbers tells a code object */
};

static uint64_t load_u64(const void *data, uint32_t offset) {
  uint64_t value;
  memcpy(&value, (const uint8_t *)data + offset, sizeof value);
  return value;
}

static uint32_t load_u32(const void *data, uint32_t offset) {
  uint32_t value;
  memcpy(&value, (const uint8_t *)data + offset, sizeof value);
  return value;
}

/* Objects are aligned to words and lie in the lower half of the address space. */
static bool is_object_addr(uint64_t addr) {
  return addr >= PAGE_BYTES && addr % 8 == 0 && addr < (uint64_t)1 << 56;
}

/* --- head --- */

uint64_t baro_code_identity(const baro_layout *layout, const void *head) {
  const uint8_t *bytes = head;
  uint64_t hash = 0x9e3779b97f4a7c15u;
  for (int i = 0; i < BARO_LAYOUT_CODE_RANGES; i++) {
    baro_layout_range range = layout->code.identity[i];
    for (uint32_t at = range.offset, end = at + range.length; at < end; at += 8) {
      uint64_t word = end - at >= 8 ? load_u64(bytes, at) : load_u32(bytes, at);
      hash = (hash ^ word) * 0xff51afd7ed558ccdu;
      hash ^= hash >> 32;
    }
  }
  return hash != 0 ? hash : 1;
}

bool baro_code_head_plausible(const baro_interpreter *interpreter, const void *head) {
  const baro_layout *layout = &interpreter->layout;
  uint64_t type = load_u64(head, layout->object.type);
  if (!is_object_addr(load_u64(head, layout->code.filename)) ||
      !is_object_addr(load_u64(head, layout->code.name)) ||
      !is_object_addr(load_u64(head, layout->code.line_table)))
    return false;
  if (interpreter->code_type_addr != 0)
    return type == interpreter->code_type_addr;
  int32_t first_line = (int32_t)load_u32(head, layout->code.first_line);
  return is_object_addr(type) && first_line >= 0 && first_line <= FIRST_LINE_MAX;
}

/* --- parts: the objects a code object points to --- */

typedef struct code_part {
  uint64_t addr; /* 0: not there */
  uint8_t
      *head; /* borrowed: first bytes of the object, then as much of its payload as was guessed */
  size_t head_bytes;
  size_t wanted_bytes;   /* of payload */
  uint64_t payload_addr; /* remote */
  const uint8_t *payload;
  size_t length; /* strings: characters wanted; table: bytes */
  uint8_t kind;  /* strings: bytes a character */
  bool cut;      /* there is more than wanted */
  bool readable;
} code_part;

typedef enum part_name { PART_FILE, PART_NAME, PART_QUALNAME, PART_TABLE } part_name;

/* Everything needed while one code object is read. */
typedef struct code_work {
  const baro_interpreter *interpreter;
  uint64_t code_addr;
  uint8_t head[BARO_LAYOUT_CODE_MAX_BYTES];
  uint8_t head_again[BARO_LAYOUT_CODE_MAX_BYTES];
  code_part parts[PART_COUNT];
  uint8_t guesses[3 * STRING_GUESS_BYTES + TABLE_GUESS_BYTES];
  baro_arena scratch; /* payloads longer than their guess */
} code_work;

static baro_range head_range(const code_work *job, uint8_t *local) {
  return (baro_range){.remote_addr = job->code_addr,
                      .local = local,
                      .length = job->interpreter->layout.code.read_bytes};
}

static void plan_parts(code_work *job) {
  const baro_layout *layout = &job->interpreter->layout;
  const uint32_t offsets[PART_COUNT] = {
      [PART_FILE] = layout->code.filename,
      [PART_NAME] = layout->code.name,
      [PART_QUALNAME] = layout->code.qualname,
      [PART_TABLE] = layout->code.line_table,
  };
  uint8_t *local = job->guesses;
  for (int i = 0; i < PART_COUNT; i++) {
    code_part *part = &job->parts[i];
    uint32_t object_bytes = i == PART_TABLE ? layout->bytes.data : layout->str.ascii_data;
    size_t guess = i == PART_TABLE ? TABLE_GUESS_BYTES : STRING_GUESS_BYTES;
    uint64_t addr = offsets[i] == BARO_ABSENT ? 0 : load_u64(job->head, offsets[i]);
    part->head = local;
    local += guess;
    if (!is_object_addr(addr))
      continue;
    /* What is guessed must not reach into a page after the object's head: it may not be mapped. */
    uint64_t head_end = addr + object_bytes;
    uint64_t room = (head_end + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES - addr;
    part->addr = addr;
    part->head_bytes = room < guess ? (size_t)room : guess;
    part->readable = true;
  }
}

/* Reads ranges and, after them, the code object's head again. A batch fails as a whole when one address
 * is not mapped: then each is read by itself, and the bad ones are marked. ranges has room for one more. */
static baro_status read_ranges(code_work *job, baro_range *ranges, code_part *const *owners,
                               size_t count, baro_error *err) {
  pid_t pid = job->interpreter->pid;
  ranges[count] = head_range(job, job->head_again);
  baro_status status = baro_memory_read_batch(pid, ranges, count + 1, NULL, err);
  if (status != BARO_INVALID)
    return status;
  for (size_t i = 0; i < count; i++) {
    status = baro_memory_read(pid, ranges[i].remote_addr, ranges[i].local, ranges[i].length, err);
    if (status != BARO_OK && status != BARO_INVALID)
      return status;
    owners[i]->readable = status == BARO_OK;
  }
  return baro_memory_read(pid, job->code_addr, job->head_again, ranges[count].length, err);
}

static baro_status read_part_heads(code_work *job, baro_error *err) {
  baro_range ranges[PART_COUNT + 1];
  code_part *owners[PART_COUNT];
  size_t count = 0;
  for (int i = 0; i < PART_COUNT; i++) {
    code_part *part = &job->parts[i];
    if (!part->readable)
      continue;
    owners[count] = part;
    ranges[count++] =
        (baro_range){.remote_addr = part->addr, .local = part->head, .length = part->head_bytes};
  }
  return read_ranges(job, ranges, owners, count, err);
}

static void set_payload(code_part *part, uint64_t offset, size_t wanted_bytes) {
  part->payload_addr = part->addr + offset;
  part->wanted_bytes = wanted_bytes;
  if (offset <= part->head_bytes && wanted_bytes <= part->head_bytes - offset)
    part->payload = part->head + offset;
}

/* Length, kind and place of the characters of a str. A str that is not compact (of a subclass) keeps the
 * address of its characters behind its head. */
static bool has_type(const baro_interpreter *interpreter, const code_part *part,
                     uint64_t type_addr) {
  return type_addr == 0 || load_u64(part->head, interpreter->layout.object.type) == type_addr;
}

static void interpret_string(const baro_interpreter *interpreter, code_part *part) {
  const baro_layout *layout = &interpreter->layout;
  uint64_t length = load_u64(part->head, layout->str.length);
  uint32_t state = load_u32(part->head, layout->str.state);
  part->kind = (uint8_t)((state >> layout->str.kind_shift) & 7);
  bool compact = ((state >> layout->str.compact_shift) & 1) != 0;
  bool ascii = ((state >> layout->str.ascii_shift) & 1) != 0;
  part->readable = (part->kind == 1 || part->kind == 2 || part->kind == 4) &&
                   (!ascii || part->kind == 1) && length <= INT64_MAX / 4 &&
                   (!compact || has_type(interpreter, part, interpreter->unicode_type_addr));
  if (!part->readable)
    return;
  part->cut = length > BARO_CODE_TEXT_MAX_BYTES;
  part->length = part->cut ? BARO_CODE_TEXT_MAX_BYTES : (size_t)length;
  size_t wanted = part->length * part->kind;
  if (compact) {
    set_payload(part, ascii ? layout->str.ascii_data : layout->str.compact_data, wanted);
    return;
  }
  part->readable = layout->str.compact_data + 8 <= part->head_bytes;
  if (!part->readable)
    return;
  part->payload_addr = load_u64(part->head, layout->str.compact_data);
  part->wanted_bytes = wanted;
  part->readable =
      wanted == 0 || (part->payload_addr >= PAGE_BYTES && part->payload_addr < (uint64_t)1 << 56);
  if (wanted == 0)
    part->payload = part->head;
}

static void interpret_table(const baro_interpreter *interpreter, code_part *part) {
  const baro_layout *layout = &interpreter->layout;
  uint64_t length = load_u64(part->head, layout->bytes.length);
  part->readable = length <= BARO_CODE_LINES_MAX_BYTES &&
                   has_type(interpreter, part, interpreter->bytes_type_addr);
  if (!part->readable)
    return;
  part->length = (size_t)length;
  set_payload(part, layout->bytes.data, part->length);
}

/* Fetches the payloads that the guess did not hold. */
static baro_status read_long_payloads(code_work *job, baro_error *err) {
  baro_range ranges[PART_COUNT + 1];
  code_part *owners[PART_COUNT];
  size_t count = 0;
  for (int i = 0; i < PART_COUNT; i++) {
    code_part *part = &job->parts[i];
    if (!part->readable || part->payload != NULL)
      continue;
    uint8_t *local = baro_arena_alloc(&job->scratch, part->wanted_bytes);
    if (local == NULL)
      return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
    part->payload = local;
    owners[count] = part;
    ranges[count++] = (baro_range){
        .remote_addr = part->payload_addr, .local = local, .length = part->wanted_bytes};
  }
  return count == 0 ? BARO_OK : read_ranges(job, ranges, owners, count, err);
}

/* --- result --- */

static baro_status keep_text(const code_part *part, baro_arena *keep, uint32_t cut_flag,
                             baro_view *ret_text, uint32_t *flags) {
  bool cut = false;
  baro_python_text text = {.data = part->payload, .length = part->length, .kind = part->kind};
  baro_status status =
      baro_python_text_decode(&text, BARO_CODE_TEXT_MAX_BYTES, keep, ret_text, &cut);
  if (cut || part->cut)
    *flags |= cut_flag;
  return status;
}

/* From 3.13 a call of a class whose __init__ is Python code is specialized: a frame of the interpreter's own code
 * object (_Py_InitCleanup) stands between caller and __init__. Tracebacks leave it out. All its texts are
 * "__init__", and it has no line; compiled code has one. */
static bool is_shim(const baro_code *code) {
  baro_view text = baro_view_of("__init__");
  return code->first_line == 0 && baro_view_equal(code->name, text) &&
         baro_view_equal(code->file, text);
}

static baro_status fill(code_work *job, baro_arena *keep, baro_code *code) {
  const baro_layout *layout = &job->interpreter->layout;
  int32_t first_line = (int32_t)load_u32(job->head, layout->code.first_line);
  code->code_addr = job->code_addr;
  code->identity = baro_code_identity(layout, job->head);
  code->first_line = first_line > 0 ? (uint32_t)first_line : 0;
  if (layout->code.unit_count != BARO_ABSENT) {
    uint64_t units = load_u64(job->head, layout->code.unit_count);
    code->instructions_bytes = units <= INT32_MAX / 2 ? (uint32_t)units * 2 : 0;
  }
  baro_status status = BARO_OK;
  const code_part *file = &job->parts[PART_FILE];
  if (file->readable)
    status = keep_text(file, keep, BARO_CODE_FILE_CUT, &code->file, &code->flags);
  else
    code->flags |= BARO_CODE_FILE_UNREADABLE;
  if (status != BARO_OK)
    return status;

  const code_part *name = &job->parts[PART_QUALNAME];
  if (!name->readable) {
    code->flags |= BARO_CODE_QUALNAME_MISSING;
    name = &job->parts[PART_NAME];
  }
  if (name->readable)
    status = keep_text(name, keep, BARO_CODE_NAME_CUT, &code->name, &code->flags);
  else
    code->flags |= BARO_CODE_NAME_UNREADABLE;
  if (status != BARO_OK)
    return status;
  if (is_shim(code))
    code->flags |= BARO_CODE_SHIM;

  const code_part *table = &job->parts[PART_TABLE];
  baro_view bytes = {.data = table->payload, .length = table->readable ? table->length : 0};
  status =
      baro_line_table_decode(layout->line_table_kind, bytes, code->first_line, keep, &code->lines);
  if (!table->readable || !code->lines.complete)
    code->flags |= BARO_CODE_LINES_UNKNOWN;
  return status;
}

static baro_status read_parts(code_work *job, baro_error *err) {
  plan_parts(job);
  baro_status status = read_part_heads(job, err);
  if (status != BARO_OK)
    return status;
  for (int i = 0; i < PART_COUNT; i++) {
    if (!job->parts[i].readable)
      continue;
    if (i == PART_TABLE)
      interpret_table(job->interpreter, &job->parts[i]);
    else
      interpret_string(job->interpreter, &job->parts[i]);
  }
  return read_long_payloads(job, err);
}

baro_status baro_code_read(const baro_interpreter *interpreter, uint64_t code_addr,
                           baro_arena *keep, baro_code *ret_code, baro_error *err) {
  /* Not initialised as a whole: the guesses are filled by the reads. */
  code_work job;
  job.interpreter = interpreter;
  job.code_addr = code_addr;
  job.scratch = (baro_arena){0};
  memset(job.parts, 0, sizeof job.parts);
  baro_range head = head_range(&job, job.head);
  if (!is_object_addr(code_addr))
    return baro_error_set(err, BARO_INVALID, "no code object can be at 0x%" PRIx64, code_addr);
  baro_status status = baro_memory_read(interpreter->pid, code_addr, job.head, head.length, err);
  if (status != BARO_OK)
    return status;
  if (!baro_code_head_plausible(interpreter, job.head))
    return baro_error_set(err, BARO_INVALID, "no code object at 0x%" PRIx64, code_addr);

  baro_code code = {0};
  status = read_parts(&job, err);
  if (status == BARO_OK && baro_code_identity(&interpreter->layout, job.head) !=
                               baro_code_identity(&interpreter->layout, job.head_again))
    status = baro_error_set(err, BARO_AGAIN, "the code object at 0x%" PRIx64 " changed", code_addr);
  if (status == BARO_OK && fill(&job, keep, &code) != BARO_OK)
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  baro_arena_release(&job.scratch);
  if (status == BARO_OK)
    *ret_code = code;
  return status;
}

/* --- instructions --- */

baro_status baro_code_base(const baro_interpreter *interpreter, uint64_t code_addr,
                           int32_t tlbc_index, uint64_t *ret_base_addr, baro_error *err) {
  const baro_layout *layout = &interpreter->layout;
  if (layout->frame_kind == BARO_FRAME_HEAP_OBJECT) {
    *ret_base_addr = 0;
    return BARO_OK;
  }
  if (tlbc_index == 0 || layout->code.tlbc == BARO_ABSENT) {
    *ret_base_addr = code_addr + layout->code.instructions;
    return BARO_OK;
  }
  uint64_t array_addr = 0;
  baro_status status =
      baro_memory_read_u64(interpreter->pid, code_addr + layout->code.tlbc, &array_addr, err);
  if (status != BARO_OK)
    return status;
  /* Py_ssize_t size; char *entries[size] */
  uint64_t size = 0;
  status = baro_memory_read_u64(interpreter->pid, array_addr, &size, err);
  if (status != BARO_OK)
    return status;
  if (tlbc_index < 0 || (uint64_t)tlbc_index >= size)
    return baro_error_set(err, BARO_INVALID, "no bytecode %d of %" PRIu64 " in a code object",
                          tlbc_index, size);
  uint64_t base_addr = 0;
  status = baro_memory_read_u64(interpreter->pid, array_addr + 8 + (uint64_t)tlbc_index * 8,
                                &base_addr, err);
  if (status != BARO_OK)
    return status;
  if (base_addr == 0)
    return baro_error_set(err, BARO_AGAIN, "bytecode %d of a code object is not made yet",
                          tlbc_index);
  *ret_base_addr = base_addr;
  return BARO_OK;
}

int64_t baro_code_offset(const baro_layout *layout, uint64_t ip, uint64_t base_addr,
                         uint32_t instructions_bytes) {
  uint64_t offset = 0;
  switch (layout->ip_kind) {
  case BARO_IP_LASTI_BYTES: offset = ip; break;
  case BARO_IP_LASTI_UNITS: offset = ip * 2; break;
  case BARO_IP_PREV_INSTRUCTION:
  case BARO_IP_INSTRUCTION: offset = ip - base_addr; break;
  }
  /* Before the start wraps around to a huge number. */
  if (offset > UINT32_MAX || (instructions_bytes != 0 && offset >= instructions_bytes))
    return -1;
  return (int64_t)offset;
}
