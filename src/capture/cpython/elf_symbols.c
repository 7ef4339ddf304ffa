#include "capture/cpython/elf_symbols.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "base/os_file.h"
#include "base/os_memory.h"

enum {
  MAX_SEGMENTS = 64,
  MAX_SECTIONS = 256,
  MAX_DYNAMIC = 256,
  MAX_CHAIN = 1 << 16,   /* symbols with one hash looked at */
  MAX_SYMBOLS = 1 << 20, /* of a .symtab */
  SYMBOLS_AT_ONCE = 512,
  NAMES_AT_ONCE = 1 << 15,
  NAME_BYTES = 32, /* longer than every name of ours, so that a prefix is no match */
};

static const char *const names[BARO_ELF_SYMBOL_COUNT] = {
#define X(id, name) [BARO_ELF_##id] = name,
    BARO_ELF_SYMBOL_LIST(X)
#undef X
};

/* Where bytes come from: a file, or the target's memory. */
typedef struct elf_source {
  int file; /* -1: memory */
  pid_t pid;
  uint64_t start_addr;
  Elf64_Phdr segments[MAX_SEGMENTS];
  unsigned segment_count;
  uint64_t link_start_addr;
} elf_source;

typedef struct dynamic_tables {
  uint64_t symbols_addr; /* as linked, as all here; 0 not there */
  uint64_t names_addr;
  uint64_t gnu_hash_addr;
  uint64_t hash_addr;
  uint64_t needed[MAX_DYNAMIC]; /* offsets into names */
  unsigned needed_count;
} dynamic_tables;

static bool read_file_at(const elf_source *source, uint64_t offset, void *data, size_t length) {
  size_t got = 0;
  if (offset > INT64_MAX)
    return false;
  return baro_file_read_at(source->file, offset, data, length, &got, NULL) == BARO_OK &&
         got == length;
}

/* Reads by address as linked. */
static bool read_at(const elf_source *source, uint64_t addr, void *data, size_t length) {
  if (source->file < 0) {
    uint64_t remote = addr - source->link_start_addr + source->start_addr;
    return baro_memory_read(source->pid, remote, data, length, NULL) == BARO_OK;
  }
  for (unsigned i = 0; i < source->segment_count; i++) {
    const Elf64_Phdr *segment = &source->segments[i];
    if (segment->p_type != PT_LOAD || addr < segment->p_vaddr)
      continue;
    uint64_t offset = addr - segment->p_vaddr;
    if (offset < segment->p_filesz && length <= segment->p_filesz - offset)
      return read_file_at(source, segment->p_offset + offset, data, length);
  }
  return false;
}

static bool read_header(elf_source *source, Elf64_Ehdr *header) {
  bool got = source->file >= 0 ? read_file_at(source, 0, header, sizeof *header)
                               : read_at(source, 0, header, sizeof *header);
  if (!got || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum > MAX_SEGMENTS)
    return false;
  size_t bytes = header->e_phnum * sizeof(Elf64_Phdr);
  /* In memory the program headers lie where the file has them: behind the header, in the first segment. */
  got = source->file >= 0 ? read_file_at(source, header->e_phoff, source->segments, bytes)
                          : read_at(source, header->e_phoff, source->segments, bytes);
  if (!got)
    return false;
  source->segment_count = header->e_phnum;
  return true;
}

static bool find_link_start(elf_source *source) {
  for (unsigned i = 0; i < source->segment_count; i++) {
    const Elf64_Phdr *segment = &source->segments[i];
    if (segment->p_type != PT_LOAD)
      continue;
    /* The kernel maps whole pages: file offset 0 is at the address of this segment less its offset. */
    source->link_start_addr = segment->p_vaddr - segment->p_offset;
    return segment->p_vaddr >= segment->p_offset;
  }
  return false;
}

/* --- dynamic symbols --- */

/* glibc turns the addresses of a loaded file's dynamic section into absolute ones, musl does not. */
static uint64_t as_linked(const elf_source *source, uint64_t addr) {
  bool absolute = source->file < 0 && addr >= source->start_addr;
  return absolute ? addr - source->start_addr + source->link_start_addr : addr;
}

static bool read_dynamic(const elf_source *source, dynamic_tables *tables) {
  const Elf64_Phdr *dynamic = NULL;
  for (unsigned i = 0; i < source->segment_count && dynamic == NULL; i++) {
    if (source->segments[i].p_type == PT_DYNAMIC)
      dynamic = &source->segments[i];
  }
  if (dynamic == NULL)
    return false;
  Elf64_Dyn entries[MAX_DYNAMIC];
  size_t count = dynamic->p_memsz / sizeof entries[0];
  if (count > MAX_DYNAMIC)
    count = MAX_DYNAMIC;
  if (!read_at(source, dynamic->p_vaddr, entries, count * sizeof entries[0]))
    return false;
  for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
    uint64_t value = entries[i].d_un.d_val;
    if (entries[i].d_tag == DT_SYMTAB)
      tables->symbols_addr = as_linked(source, value);
    else if (entries[i].d_tag == DT_STRTAB)
      tables->names_addr = as_linked(source, value);
    else if (entries[i].d_tag == DT_GNU_HASH)
      tables->gnu_hash_addr = as_linked(source, value);
    else if (entries[i].d_tag == DT_HASH)
      tables->hash_addr = as_linked(source, value);
    else if (entries[i].d_tag == DT_NEEDED)
      tables->needed[tables->needed_count++] = value;
  }
  return tables->symbols_addr != 0 && tables->names_addr != 0;
}

static bool name_equals(const elf_source *source, uint64_t addr, const char *name) {
  char text[NAME_BYTES];
  size_t length = strlen(name) + 1;
  return length <= sizeof text && read_at(source, addr, text, length) &&
         memcmp(text, name, length) == 0;
}

static bool read_symbol(const elf_source *source, const dynamic_tables *tables, uint32_t index,
                        const char *name, Elf64_Sym *symbol) {
  uint64_t addr = tables->symbols_addr + (uint64_t)index * sizeof *symbol;
  return read_at(source, addr, symbol, sizeof *symbol) && symbol->st_shndx != SHN_UNDEF &&
         name_equals(source, tables->names_addr + symbol->st_name, name);
}

static bool find_by_gnu_hash(const elf_source *source, const dynamic_tables *tables,
                             const char *name, Elf64_Sym *symbol) {
  struct {
    uint32_t bucket_count, symbol_offset, bloom_words, bloom_shift;
  } header;
  uint64_t addr = tables->gnu_hash_addr;
  if (!read_at(source, addr, &header, sizeof header) || header.bucket_count == 0 ||
      header.bloom_words == 0)
    return false;
  uint32_t hash = 5381;
  for (const char *at = name; *at != '\0'; at++)
    hash = hash * 33 + (uint8_t)*at;
  uint64_t word = 0;
  uint64_t blooms = addr + sizeof header;
  if (!read_at(source, blooms + (hash / 64 % header.bloom_words) * 8, &word, 8))
    return false;
  uint64_t mask = (uint64_t)1 << (hash % 64) | (uint64_t)1
                                                   << ((hash >> (header.bloom_shift & 31)) % 64);
  if ((word & mask) != mask)
    return false;
  uint64_t buckets = blooms + (uint64_t)header.bloom_words * 8;
  uint64_t chains = buckets + (uint64_t)header.bucket_count * 4;
  uint32_t index = 0;
  if (!read_at(source, buckets + (uint64_t)(hash % header.bucket_count) * 4, &index, 4))
    return false;
  if (index < header.symbol_offset)
    return false;
  for (int i = 0; i < MAX_CHAIN; i++, index++) {
    uint32_t other = 0;
    if (!read_at(source, chains + (uint64_t)(index - header.symbol_offset) * 4, &other, 4))
      return false;
    if ((other | 1) == (hash | 1) && read_symbol(source, tables, index, name, symbol))
      return true;
    if ((other & 1) != 0)
      return false;
  }
  return false;
}

static bool find_by_hash(const elf_source *source, const dynamic_tables *tables, const char *name,
                         Elf64_Sym *symbol) {
  uint32_t counts[2]; /* buckets, chain entries */
  uint64_t addr = tables->hash_addr;
  if (!read_at(source, addr, counts, sizeof counts) || counts[0] == 0)
    return false;
  uint32_t hash = 0;
  for (const char *at = name; *at != '\0'; at++) {
    hash = (hash << 4) + (uint8_t)*at;
    uint32_t high = hash & 0xf0000000u;
    hash = (hash ^ high >> 24) & ~high;
  }
  uint32_t index = 0;
  if (!read_at(source, addr + 8 + (uint64_t)(hash % counts[0]) * 4, &index, 4))
    return false;
  for (int i = 0; i < MAX_CHAIN && index != 0 && index < counts[1]; i++) {
    if (read_symbol(source, tables, index, name, symbol))
      return true;
    if (!read_at(source, addr + 8 + ((uint64_t)counts[0] + index) * 4, &index, 4))
      return false;
  }
  return false;
}

static void take_symbol(baro_elf_info *info, unsigned id, const Elf64_Sym *symbol) {
  info->symbols[id] = symbol->st_value;
  if (id == BARO_ELF_RUNTIME)
    info->runtime_bytes = symbol->st_size;
}

static void read_dynamic_symbols(const elf_source *source, baro_elf_info *info) {
  dynamic_tables tables = {0};
  if (!read_dynamic(source, &tables))
    return;
  for (unsigned id = 0; id < BARO_ELF_SYMBOL_COUNT; id++) {
    Elf64_Sym symbol;
    bool found = tables.gnu_hash_addr != 0
                     ? find_by_gnu_hash(source, &tables, names[id], &symbol)
                     : tables.hash_addr != 0 && find_by_hash(source, &tables, names[id], &symbol);
    if (found)
      take_symbol(info, id, &symbol);
  }
  for (unsigned i = 0; i < tables.needed_count; i++) {
    char text[9];
    info->needs_libpython |=
        read_at(source, tables.names_addr + tables.needed[i], text, sizeof text) &&
        memcmp(text, "libpython", sizeof text) == 0;
  }
}

/* --- sections, of files only --- */

static bool section_name_equals(const elf_source *source, const Elf64_Shdr *strings,
                                const Elf64_Shdr *section, const char *name) {
  char text[NAME_BYTES];
  size_t length = strlen(name) + 1;
  return section->sh_name <= strings->sh_size && length <= strings->sh_size - section->sh_name &&
         read_file_at(source, strings->sh_offset + section->sh_name, text, length) &&
         memcmp(text, name, length) == 0;
}

/* Where the names of ours begin in a string table; 0 where they are not in it (its first byte is a NUL). One
 * pass over the table in place of one read for each symbol of a big program. */
static void find_names(const elf_source *source, const Elf64_Shdr *strings,
                       uint64_t offsets[BARO_ELF_SYMBOL_COUNT]) {
  char block[NAMES_AT_ONCE];
  size_t got = sizeof block;
  for (uint64_t done = 0; done < strings->sh_size && got == sizeof block;
       done += got - NAME_BYTES) {
    if (baro_file_read_at(source->file, strings->sh_offset + done, block, sizeof block, &got,
                          NULL) != BARO_OK)
      return;
    for (unsigned id = 0; id < BARO_ELF_SYMBOL_COUNT; id++) {
      /* With the NULs around it, so that the tail of another name does not count. */
      char pattern[NAME_BYTES] = {0};
      size_t length = strlen(names[id]);
      memcpy(pattern + 1, names[id], length);
      const char *found = memmem(block, got, pattern, length + 2);
      if (found != NULL)
        offsets[id] = done + (uint64_t)(found - block) + 1;
    }
  }
}

static void read_symbol_table(const elf_source *source, const Elf64_Shdr *table,
                              const Elf64_Shdr *strings, baro_elf_info *info) {
  uint64_t offsets[BARO_ELF_SYMBOL_COUNT] = {0};
  find_names(source, strings, offsets);
  if (offsets[BARO_ELF_RUNTIME] == 0)
    return;
  Elf64_Sym symbols[SYMBOLS_AT_ONCE];
  uint64_t count = table->sh_size / sizeof symbols[0];
  if (count > MAX_SYMBOLS)
    count = MAX_SYMBOLS;
  for (uint64_t done = 0; done < count; done += SYMBOLS_AT_ONCE) {
    size_t part = count - done < SYMBOLS_AT_ONCE ? (size_t)(count - done) : SYMBOLS_AT_ONCE;
    if (!read_file_at(source, table->sh_offset + done * sizeof symbols[0], symbols,
                      part * sizeof symbols[0]))
      return;
    for (size_t i = 0; i < part; i++) {
      if (symbols[i].st_shndx == SHN_UNDEF || symbols[i].st_name == 0)
        continue;
      for (unsigned id = 0; id < BARO_ELF_SYMBOL_COUNT; id++) {
        if (symbols[i].st_name == offsets[id])
          take_symbol(info, id, &symbols[i]);
      }
    }
  }
}

static void read_sections(const elf_source *source, const Elf64_Ehdr *header, baro_elf_info *info) {
  Elf64_Shdr sections[MAX_SECTIONS];
  unsigned count = header->e_shnum;
  if (header->e_shentsize != sizeof sections[0] || count > MAX_SECTIONS ||
      header->e_shstrndx >= count ||
      !read_file_at(source, header->e_shoff, sections, count * sizeof sections[0]))
    return;
  const Elf64_Shdr *strings = &sections[header->e_shstrndx];
  for (unsigned i = 0; i < count; i++) {
    const Elf64_Shdr *section = &sections[i];
    if (section->sh_type == SHT_SYMTAB && section->sh_link < count) {
      read_symbol_table(source, section, &sections[section->sh_link], info);
    } else if (info->symbols[BARO_ELF_RUNTIME] == 0 &&
               section_name_equals(source, strings, section, ".PyRuntime")) {
      info->symbols[BARO_ELF_RUNTIME] = section->sh_addr;
      info->runtime_bytes = section->sh_size;
    }
  }
}

static baro_status read_source(elf_source *source, bool with_sections, baro_elf_info *ret_info,
                               baro_error *err) {
  Elf64_Ehdr header;
  baro_elf_info info = {0};
  *ret_info = info;
  if (!read_header(source, &header) || !find_link_start(source))
    return baro_error_set(err, BARO_NOT_FOUND, "not a 64-bit ELF file");
  info.link_start_addr = source->link_start_addr;
  read_dynamic_symbols(source, &info);
  if (with_sections && info.symbols[BARO_ELF_RUNTIME] == 0 && !info.needs_libpython)
    read_sections(source, &header, &info);
  *ret_info = info;
  return BARO_OK;
}

baro_status baro_elf_read_file(int file, bool with_sections, baro_elf_info *ret_info,
                               baro_error *err) {
  elf_source source = {.file = file};
  return read_source(&source, with_sections, ret_info, err);
}

baro_status baro_elf_read_image(pid_t pid, uint64_t start_addr, baro_elf_info *ret_info,
                                baro_error *err) {
  /* Until the segments are known, addresses as linked are offsets into the file. */
  elf_source source = {.file = -1, .pid = pid, .start_addr = start_addr};
  return read_source(&source, false, ret_info, err);
}
