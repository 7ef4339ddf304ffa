/* Names, files and lines of code objects, read out of live interpreters and compared with what each says of
 * itself (tests/targets/interpreter_truth.py): a difference here is a wrong name or line in every report. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os_memory.h"
#include "capture/cpython/code_object.h"
#include "support/live_python.h"

static live_python pythons[LIVE_PYTHON_MAX];
static size_t python_count;

enum {
  UNREADABLE = BARO_CODE_NAME_UNREADABLE | BARO_CODE_FILE_UNREADABLE | BARO_CODE_LINES_UNKNOWN
};

typedef struct truth {
  uint64_t addr;
  uint32_t line; /* code: first line; frame: current line */
  char *name;    /* owned */
  size_t name_length;
  char *file; /* owned */
  size_t file_length;
  char *ranges; /* borrowed from the output */
} truth;

static char *from_hex(const char *hex, size_t *ret_length) {
  size_t length = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
  char *text = malloc(length + 1);
  assert_non_null(text);
  for (size_t i = 0; i < length; i++) {
    char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
    text[i] = (char)strtoul(digits, NULL, 16);
  }
  text[length] = '\0';
  *ret_length = length;
  return text;
}

/* Takes the next line that begins with kind; false at the end. Cuts the output into words. */
static bool next_truth(char **at, const char *kind, truth *row) {
  for (;;) {
    char *line = strsep(at, "\n");
    if (line == NULL)
      return false;
    char *word = strsep(&line, " ");
    if (strcmp(word, kind) != 0)
      continue;
    row->addr = strtoull(strsep(&line, " "), NULL, 10);
    row->line = (uint32_t)strtoul(strsep(&line, " "), NULL, 10);
    row->name = from_hex(strsep(&line, " "), &row->name_length);
    row->file = from_hex(strsep(&line, " "), &row->file_length);
    row->ranges = line;
    return true;
  }
}

static void release_truth(truth *row) {
  free(row->name);
  free(row->file);
}

static void attach(const live_target *target, baro_interpreter *interpreter) {
  baro_error err = {0};
  if (baro_interpreter_find(target->pid, NULL, interpreter, &err) != BARO_OK)
    fail_msg("%s", err.message);
  assert_true(interpreter->checked_frames > 0);
}

/* The text must be the whole, or a flagged cut of it to the limit that splits no character. */
static void assert_text(baro_view got, bool cut, const char *want, size_t want_length) {
  assert_true(got.length <= BARO_CODE_TEXT_MAX_BYTES);
  assert_int_equal(cut, want_length > BARO_CODE_TEXT_MAX_BYTES);
  if (cut) {
    assert_true(got.length > BARO_CODE_TEXT_MAX_BYTES - 4);
    assert_true((want[got.length] & 0xc0) != 0x80);
  } else {
    assert_int_equal(got.length, want_length);
  }
  assert_memory_equal(got.data, want, got.length);
}

static size_t assert_lines(const baro_code *code, char *ranges) {
  size_t compared = 0;
  uint32_t end = 0;
  if (strcmp(ranges, "-") == 0)
    return 0;
  for (char *item = strsep(&ranges, ","); item != NULL; item = strsep(&ranges, ",")) {
    uint32_t start = 0;
    uint32_t line = 0;
    assert_int_equal(sscanf(item, "%" SCNu32 ":%" SCNu32 ":%" SCNu32, &start, &end, &line), 3);
    for (uint32_t offset = start; offset < end; offset += 2, compared++) {
      uint32_t got = baro_line_table_find(&code->lines, offset);
      if (got != line)
        fail_msg("%s: offset %u of %.*s is on line %u, not %u", (const char *)code->file.data,
                 offset, (int)code->name.length, (const char *)code->name.data, line, got);
    }
  }
  if (code->instructions_bytes != 0)
    assert_int_equal(end, code->instructions_bytes);
  return compared;
}

static void check_codes(const live_target *target, const baro_interpreter *interpreter) {
  char *copy = strdup(target->output);
  char *at = copy;
  truth row;
  size_t codes = 0;
  size_t offsets = 0;
  while (next_truth(&at, "code", &row)) {
    baro_arena keep = {0};
    baro_code code;
    baro_error err = {0};
    if (baro_code_read(interpreter, row.addr, &keep, &code, &err) != BARO_OK)
      fail_msg("%s", err.message);
    assert_int_equal(code.first_line, row.line);
    assert_text(code.name, (code.flags & BARO_CODE_NAME_CUT) != 0, row.name, row.name_length);
    assert_text(code.file, (code.flags & BARO_CODE_FILE_CUT) != 0, row.file, row.file_length);
    assert_int_equal(code.flags & UNREADABLE, 0);
    offsets += assert_lines(&code, row.ranges);
    codes++;
    baro_arena_release(&keep);
    release_truth(&row);
  }
  print_message("#   %zu code objects, %zu instructions\n", codes, offsets);
  assert_true(codes > 400);
  assert_true(offsets > 100000);
  free(copy);
}

static uint64_t read_word(const baro_interpreter *interpreter, uint64_t addr) {
  uint64_t value = 0;
  assert_int_equal(baro_memory_read_u64(interpreter->pid, addr, &value, NULL), BARO_OK);
  return value;
}

/* Of the main interpreter's thread that has the most frames: the newest frame. */
static uint64_t deepest_frame(const baro_interpreter *interpreter) {
  const baro_layout *layout = &interpreter->layout;
  uint64_t interp =
      read_word(interpreter, interpreter->runtime_addr + layout->runtime.interpreters_head);
  uint64_t thread = read_word(interpreter, interp + layout->interp.threads_head);
  uint64_t best = 0;
  int best_depth = -1;
  for (; thread != 0; thread = read_word(interpreter, thread + layout->thread.next)) {
    uint64_t newest = read_word(interpreter, thread + layout->thread.frame);
    if (layout->frame_root == BARO_FRAME_ROOT_CFRAME)
      newest = read_word(interpreter, newest + layout->thread.cframe_current_frame);
    int depth = 0;
    for (uint64_t at = newest; at != 0; at = read_word(interpreter, at + layout->frame.previous))
      depth++;
    if (depth > best_depth)
      best = newest;
    if (depth > best_depth)
      best_depth = depth;
  }
  return best;
}

static void check_frame(const baro_interpreter *interpreter, const uint8_t *head,
                        const truth *row) {
  const baro_layout *layout = &interpreter->layout;
  uint64_t code_addr = 0;
  uint64_t ip = 0;
  int32_t lasti = 0;
  int32_t tlbc_index = 0;
  memcpy(&code_addr, head + layout->frame.code, 8);
  code_addr &= ~layout->frame.code_tag_mask;
  if (layout->frame_kind == BARO_FRAME_HEAP_OBJECT) {
    memcpy(&lasti, head + layout->frame.ip, 4);
    ip = (uint64_t)(int64_t)lasti;
  } else {
    memcpy(&ip, head + layout->frame.ip, 8);
  }
  if (layout->frame.tlbc_index != BARO_ABSENT)
    memcpy(&tlbc_index, head + layout->frame.tlbc_index, sizeof tlbc_index);
  baro_arena keep = {0};
  baro_code code;
  uint64_t base = 0;
  if (code_addr != row->addr)
    fail_msg("3.%u: a frame of %s has code 0x%" PRIx64 ", not 0x%" PRIx64, layout->minor, row->name,
             code_addr, row->addr);
  assert_int_equal(baro_code_read(interpreter, code_addr, &keep, &code, NULL), BARO_OK);
  assert_int_equal(baro_code_base(interpreter, code_addr, tlbc_index, &base, NULL), BARO_OK);
  int64_t offset = baro_code_offset(layout, ip, base, code.instructions_bytes);
  assert_text(code.name, false, row->name, row->name_length);
  if (baro_line_table_find(&code.lines, offset) != row->line)
    fail_msg("3.%u: %s is at offset %" PRId64 ", line %u, not %u", layout->minor, row->name, offset,
             row->line, baro_line_table_find(&code.lines, offset));
  baro_arena_release(&keep);
}

static void check_stack(const live_target *target, const baro_interpreter *interpreter) {
  const baro_layout *layout = &interpreter->layout;
  char *copy = strdup(target->output);
  char *at = copy;
  truth row;
  uint64_t frame = deepest_frame(interpreter);
  size_t depth = 0;
  uint8_t head[BARO_LAYOUT_FRAME_MAX_BYTES];
  for (; frame != 0; memcpy(&frame, head + layout->frame.previous, 8)) {
    assert_int_equal(
        baro_memory_read(interpreter->pid, frame, head, layout->frame.read_bytes, NULL), BARO_OK);
    bool entry = layout->frame.owner != BARO_ABSENT && layout->frame.owner_entry != BARO_ABSENT &&
                 head[layout->frame.owner] >= layout->frame.owner_entry;
    if (entry)
      continue;
    assert_true(next_truth(&at, "frame", &row));
    check_frame(interpreter, head, &row);
    release_truth(&row);
    depth++;
  }
  assert_false(next_truth(&at, "frame", &row)); /* the walk must not end early */
  assert_true(depth > 25);
  free(copy);
}

static void test_truth(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    print_message("# %s (%s)\n", pythons[i].version, pythons[i].path);
    const char *argv[] = {
        pythons[i].path, "-I", "-W", "ignore", live_program("interpreter_truth.py"), NULL};
    live_target target = live_start(argv);
    baro_interpreter interpreter;
    attach(&target, &interpreter);
    check_codes(&target, &interpreter);
    check_stack(&target, &interpreter);
    live_stop(&target);
  }
}

static void test_thread(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    const char *argv[] = {
        pythons[i].path, "-I", "-W", "ignore", live_program("interpreter_truth.py"),
        "thread",        NULL};
    live_target target = live_start(argv);
    baro_interpreter interpreter;
    attach(&target, &interpreter);
    assert_int_equal(interpreter.checked_threads, 2);
    check_stack(&target, &interpreter);
    live_stop(&target);
  }
}

/* What is no code object must be told from one, also where an object of another type is. */
static void test_not_code(void **state) {
  (void)state;
  const live_python *python = &pythons[python_count - 1];
  const char *argv[] = {python->path, "-I", "-W", "ignore", live_program("interpreter_truth.py"),
                        NULL};
  live_target target = live_start(argv);
  baro_interpreter interpreter;
  attach(&target, &interpreter);
  baro_arena keep = {0};
  baro_code code;
  const uint64_t wrong[] = {0,
                            8,
                            interpreter.code_type_addr,
                            interpreter.code_type_addr + 4,
                            interpreter.runtime_addr,
                            UINT64_MAX,
                            (uint64_t)1 << 63};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(baro_code_read(&interpreter, wrong[i], &keep, &code, NULL), BARO_INVALID);
  live_stop(&target);
  assert_int_equal(baro_code_read(&interpreter, interpreter.code_type_addr, &keep, &code, NULL),
                   BARO_GONE);
  baro_arena_release(&keep);
}

/* --- hostile objects, made in our own memory --- */

enum { FAKE_BYTES = 256, FAKE_TABLE_BYTES = BARO_CODE_LINES_MAX_BYTES + 64 };

typedef struct fake {
  _Alignas(8) uint8_t code[FAKE_BYTES];
  _Alignas(8) uint8_t texts[3][FAKE_BYTES]; /* file, name, qualified name */
  _Alignas(8) uint8_t table[FAKE_TABLE_BYTES];
  baro_interpreter interpreter;
} fake;

static void put(void *at, uint32_t offset, uint64_t value, size_t bytes) {
  memcpy((uint8_t *)at + offset, &value, bytes);
}

static uint64_t addr_of(const void *at) {
  return (uint64_t)(uintptr_t)at;
}

/* A plain 3.12 code object: file "f", name "n", qualified name "q", line 7, four units of code. */
static void fake_init(fake *self) {
  const baro_layout *layout = baro_layout_for(3, 12);
  memset(self, 0, sizeof *self);
  self->interpreter =
      (baro_interpreter){.pid = getpid(), .layout = *layout, .code_type_addr = 0x1000};
  for (int i = 0; i < 3; i++) {
    put(self->texts[i], layout->str.length, 1, 8);
    put(self->texts[i], layout->str.state,
        (uint64_t)1 << layout->str.kind_shift | 1u << layout->str.compact_shift |
            1u << layout->str.ascii_shift,
        4);
    self->texts[i][layout->str.ascii_data] = (uint8_t) "fnq"[i];
  }
  put(self->table, layout->bytes.length, 2, 8);
  self->table[layout->bytes.data] = 0x80 | 3; /* four units, columns only */
  put(self->code, layout->object.type, 0x1000, 8);
  put(self->code, layout->code.unit_count, 4, 8);
  put(self->code, layout->code.first_line, 7, 4);
  put(self->code, layout->code.filename, addr_of(self->texts[0]), 8);
  put(self->code, layout->code.name, addr_of(self->texts[1]), 8);
  put(self->code, layout->code.qualname, addr_of(self->texts[2]), 8);
  put(self->code, layout->code.line_table, addr_of(self->table), 8);
}

static baro_code fake_read(fake *self, baro_arena *keep) {
  baro_code code;
  baro_error err = {0};
  if (baro_code_read(&self->interpreter, addr_of(self->code), keep, &code, &err) != BARO_OK)
    fail_msg("%s", err.message);
  return code;
}

static void test_hostile(void **state) {
  (void)state;
  fake *self = malloc(sizeof *self);
  baro_arena keep = {0};
  const baro_layout *layout = baro_layout_for(3, 12);
  fake_init(self);
  baro_code code = fake_read(self, &keep);
  assert_int_equal(code.flags, 0);
  assert_memory_equal(code.name.data, "q", 2);
  assert_memory_equal(code.file.data, "f", 2);
  assert_int_equal(baro_line_table_find(&code.lines, 6), 7);
  assert_int_equal(baro_line_table_find(&code.lines, 8), BARO_LINE_NONE);

  put(self->code, layout->code.qualname, 0x1008, 8); /* not mapped: the plain name must do */
  code = fake_read(self, &keep);
  assert_int_equal(code.flags, BARO_CODE_QUALNAME_MISSING);
  assert_memory_equal(code.name.data, "n", 2);

  put(self->texts[1], layout->str.state, 5u << layout->str.kind_shift, 4); /* no such kind */
  put(self->texts[0], layout->str.length, UINT64_MAX, 8);                  /* negative */
  put(self->table, layout->bytes.length, BARO_CODE_LINES_MAX_BYTES + 1, 8);
  code = fake_read(self, &keep);
  assert_int_equal(code.flags, BARO_CODE_QUALNAME_MISSING | UNREADABLE);
  assert_int_equal(code.name.length + code.file.length + code.lines.count, 0);
  assert_int_equal(code.first_line, 7);

  fake_init(self);
  put(self->table, layout->bytes.length, BARO_CODE_LINES_MAX_BYTES,
      8); /* at the limit: read, then broken */
  put(self->code, layout->code.first_line, (uint64_t)(uint32_t)-5, 4);
  code = fake_read(self, &keep);
  assert_int_equal(code.flags, BARO_CODE_LINES_UNKNOWN);
  assert_int_equal(code.first_line, 0);
  free(self);
  baro_arena_release(&keep);
}

/* A string of a subclass keeps its characters elsewhere; one at the end of the last page must not make the
 * guess about its length reach into what is not mapped. */
static void test_odd_strings(void **state) {
  (void)state;
  fake *self = malloc(sizeof *self);
  baro_arena keep = {0};
  const baro_layout *layout = baro_layout_for(3, 12);
  fake_init(self);
  const uint16_t characters[] = {0x540d, 0x524d, 0xd800};
  put(self->texts[2], layout->str.state, (uint64_t)2 << layout->str.kind_shift, 4);
  put(self->texts[2], layout->str.length, 3, 8);
  put(self->texts[2], layout->str.compact_data, addr_of(characters), 8);
  uint8_t *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(pages != MAP_FAILED);
  assert_int_equal(munmap(pages + 4096, 4096), 0);
  uint8_t *last = pages + 4096 - 48; /* 40 bytes of head, 7 characters, NUL */
  memcpy(last, self->texts[0], 40);
  memcpy(last + 40, "page.py", 8);
  put(last, layout->str.length, 7, 8);
  put(self->code, layout->code.filename, addr_of(last), 8);
  baro_code code = fake_read(self, &keep);
  assert_int_equal(code.flags, 0);
  assert_string_equal(code.file.data, "page.py");
  assert_int_equal(code.name.length, 9);
  assert_string_equal(code.name.data, "\xe5\x90\x8d\xe5\x89\x8d\xed\xa0\x80");
  munmap(pages, 4096);
  free(self);
  baro_arena_release(&keep);
}

static void test_offset(void **state) {
  (void)state;
  baro_layout layout = {.ip_kind = BARO_IP_LASTI_UNITS};
  assert_int_equal(baro_code_offset(&layout, (uint64_t)-1, 0, 0), -1);
  assert_int_equal(baro_code_offset(&layout, 7, 0, 0), 14);
  layout.ip_kind = BARO_IP_LASTI_BYTES;
  assert_int_equal(baro_code_offset(&layout, (uint64_t)-1, 0, 0), -1);
  assert_int_equal(baro_code_offset(&layout, 14, 0, 0), 14);
  layout.ip_kind = BARO_IP_PREV_INSTRUCTION; /* a frame not started: one unit before its code */
  assert_int_equal(baro_code_offset(&layout, 0x7ffe, 0x8000, 100), -1);
  assert_int_equal(baro_code_offset(&layout, 0x8010, 0x8000, 100), 16);
  assert_int_equal(baro_code_offset(&layout, 0x8000 + 100, 0x8000, 100), -1);
}

/* The identity must not depend on what changes in a living code object, and must on all else. */
static void test_identity(void **state) {
  (void)state;
  for (unsigned minor = 9; minor <= 12; minor++) {
    const baro_layout *layout = baro_layout_for(3, minor);
    uint8_t head[BARO_LAYOUT_CODE_MAX_BYTES] = {0};
    uint64_t before = baro_code_identity(layout, head);
    head[0] = 1; /* reference count */
    assert_int_equal(baro_code_identity(layout, head), before);
    const uint32_t fields[] = {layout->object.type,     layout->code.filename,
                               layout->code.name,       layout->code.line_table,
                               layout->code.first_line, layout->code.version,
                               layout->code.unit_count, layout->code.qualname};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
      if (fields[i] == BARO_ABSENT)
        continue;
      head[fields[i]] ^= 0x80;
      assert_int_not_equal(baro_code_identity(layout, head), before);
      head[fields[i]] ^= 0x80;
    }
  }
}

int main(void) {
  python_count = live_pythons(pythons);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_offset),      cmocka_unit_test(test_identity),
      cmocka_unit_test(test_truth),       cmocka_unit_test(test_not_code),
      cmocka_unit_test(test_thread),      cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_odd_strings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
