/* What to copy at the next read, from what the last walks met. The newest chunk by its length; frames outside the chunks by
 * their addresses, merged into ranges: of 900 frames as heap objects on 105 pages, a further range costs 0.2 us and a page 0.2 us,
 * whatever is read of it (2026-11, a virtual machine). */
#include <stdlib.h>

#include "capture/sampler/stack_copy.h"

static int compare_addr(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left;
  uint64_t b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

static bool push_region(baro_stack_reader *reader, uint64_t addr, size_t bytes) {
  if (reader->region_count == reader->region_capacity) {
    uint32_t capacity = reader->region_capacity < 16 ? 16 : reader->region_capacity * 2;
    baro_stack_region *regions = realloc(reader->regions, capacity * sizeof *regions);
    if (regions == NULL)
      return false;
    reader->regions = regions;
    reader->region_capacity = capacity;
  }
  reader->regions[reader->region_count++] = (baro_stack_region){.addr = addr, .bytes = bytes};
  return true;
}

/* Merges the predicted frames outside the chunks into ranges. Frames of the same page
 * neighbourhood share a range: reading a kilobyte more costs less than a further range. What does not
 * fit is read late, one by one. */
static void plan_regions(baro_stack_reader *reader) {
  uint32_t frame_bytes = reader->layout->frame.read_bytes;
  size_t total = 0;
  reader->region_count = 0;
  reader->regions_full = false;
  reader->has_marks = false;
  for (uint32_t i = 0; i < reader->outside_count; i++) {
    uint64_t addr = reader->outside[i];
    baro_stack_region *last =
        reader->region_count > 0 ? &reader->regions[reader->region_count - 1] : NULL;
    size_t more = frame_bytes;
    if (last != NULL && addr - last->addr < last->bytes + BARO_STACK_MERGE_GAP_BYTES) {
      size_t end = (size_t)(addr - last->addr) + frame_bytes;
      more = end > last->bytes ? end - last->bytes : 0;
      last->bytes += more;
    } else if (!push_region(reader, addr, frame_bytes)) {
      reader->regions_full = true;
    }
    total += more;
    if (total > BARO_STACK_MAX_BYTES)
      reader->regions_full = true;
    if (reader->regions_full)
      return;
  }
}

/* How much of the newest chunk to copy next time. Shrinks slowly: bytes are cheap, misses are not. */
void baro_stack_predict_newest_bytes(baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  if (reader->chunk_count == 0)
    return;
  baro_stack_chunk *newest = &reader->chunks[0];
  size_t size = load_u64(reader->newest_first.data + layout->chunk.size_bytes);
  size_t used = layout->chunk.data;
  if (reader->highest_in_newest != 0)
    used = (size_t)(reader->highest_in_newest - newest->addr) + layout->frame.read_bytes;
  size_t wanted = used + BARO_STACK_CHUNK_SLACK_BYTES;
  size_t decayed = newest->bytes - newest->bytes / 16;
  if (wanted < decayed)
    wanted = decayed;
  if (size >= layout->chunk.data && wanted > size)
    wanted = size;
  if (wanted > BARO_STACK_MAX_BYTES)
    wanted = BARO_STACK_MAX_BYTES;
  newest->bytes = wanted;
}

static bool same_addrs(const uint64_t *sorted, uint32_t count, const uint64_t *list,
                       uint32_t list_count) {
  if (count != list_count)
    return false;
  for (uint32_t i = 0; i < list_count; i++)
    if (sorted[i] != list[i])
      return false;
  return true;
}

static bool outside_fit(baro_stack_reader *reader, uint32_t count) {
  if (count > reader->outside_capacity) {
    uint32_t capacity = 2 * reader->outside_capacity > count ? 2 * reader->outside_capacity : count;
    uint64_t *bigger = realloc(reader->outside, capacity * sizeof *bigger);
    if (bigger == NULL)
      return false;
    reader->outside = bigger;
    reader->outside_capacity = capacity;
  }
  if (count > reader->met_capacity) {
    uint32_t capacity = count > reader->outside_capacity ? count : reader->outside_capacity;
    uint32_t *bigger = realloc(reader->outside_met, capacity * sizeof *bigger);
    if (bigger == NULL)
      return false;
    reader->outside_met = bigger;
    reader->met_capacity = capacity;
  }
  return true;
}

/* Takes down which of the frames were met, as the marks say; those begin anew. */
static void take_marks(baro_stack_reader *reader) {
  uint32_t at = 0;
  for (uint32_t i = 0; reader->has_marks && i < reader->outside_count; i++) {
    uint64_t addr = reader->outside[i];
    while (at < reader->region_count &&
           addr - reader->regions[at].addr >= reader->regions[at].bytes)
      at++;
    if (at == reader->region_count)
      break;
    const baro_stack_region *region = &reader->regions[at];
    size_t offset = region->buffer_offset + (size_t)(addr - region->addr);
    if (reader->marks.data[offset / BARO_STACK_MARK_BYTES] != 0)
      reader->outside_met[i] = reader->walks;
  }
  reader->has_marks = false;
}

/* Predicts the frames that were read late besides the others: of a program that goes to and fro between some generators,
 * or whose frames change places in part, all are predicted. */
static baro_status add_late(baro_stack_reader *reader) {
  uint64_t added[BARO_STACK_MAX_LATE];
  uint32_t count = 0;
  if (reader->regions_full && !uses_chunks(reader))
    return BARO_OK; /* no bytes are left for them: the stack is cut */
  for (uint32_t i = 0; i < reader->late_count; i++) {
    uint64_t addr = reader->late[i];
    /* It may be known, and no range had room for it. */
    if (reader->outside_count == 0 ||
        bsearch(&addr, reader->outside, reader->outside_count, sizeof addr, compare_addr) == NULL)
      added[count++] = addr;
  }
  if (count == 0)
    return BARO_OK;
  if (!outside_fit(reader, reader->outside_count + count))
    return BARO_NO_MEMORY;
  take_marks(reader);
  qsort(added, count, sizeof added[0], compare_addr);
  /* Merged from the end, so that nothing is overwritten that is still to be moved. */
  uint32_t old = reader->outside_count;
  uint32_t left = count;
  reader->outside_count += count;
  for (uint32_t to = reader->outside_count; left > 0; to--) {
    bool is_old = old > 0 && reader->outside[old - 1] > added[left - 1];
    reader->outside_met[to - 1] = is_old ? reader->outside_met[old - 1] : reader->walks;
    reader->outside[to - 1] = is_old ? reader->outside[--old] : added[--left];
  }
  plan_regions(reader);
  return BARO_OK;
}

/* Frames may stay predicted without need, but not for ever. Where frames are heap objects, those of a deep stack that is left
 * and entered again lie on other pages in part, again and again. */
static void forget_unmet(baro_stack_reader *reader) {
  uint32_t kept = 0;
  bool are_many = !uses_chunks(reader) && reader->outside_count > BARO_STACK_MANY_OUTSIDE;
  uint32_t spare = are_many ? BARO_STACK_MANY_WALKS : BARO_STACK_SPARE_WALKS;
  if (reader->walks - reader->asked_walks < spare)
    return;
  reader->asked_walks = reader->walks;
  take_marks(reader);
  for (uint32_t i = 0; i < reader->outside_count; i++) {
    if (reader->walks - reader->outside_met[i] >= spare)
      continue;
    reader->outside_met[kept] = reader->outside_met[i];
    reader->outside[kept++] = reader->outside[i];
  }
  if (kept == reader->outside_count)
    return;
  reader->outside_count = kept;
  plan_regions(reader);
}

/* Another list is predicted: as if all of it had been met. */
static baro_status begin_anew(baro_stack_reader *reader) {
  if (!outside_fit(reader, reader->outside_count)) {
    reader->outside_count = 0;
    reader->region_count = 0;
    return BARO_NO_MEMORY;
  }
  for (uint32_t i = 0; i < reader->outside_count; i++)
    reader->outside_met[i] = reader->walks;
  plan_regions(reader);
  return BARO_OK;
}

static void swap_lists(uint64_t **list, uint32_t *count, uint32_t *capacity, uint64_t **other,
                       uint32_t *other_count, uint32_t *other_capacity) {
  uint64_t *held = *list;
  uint32_t held_count = *count;
  uint32_t held_capacity = *capacity;
  *list = *other;
  *count = *other_count;
  *capacity = *other_capacity;
  *other = held;
  *other_count = held_count;
  *other_capacity = held_capacity;
}

/* Remembers the frames outside the chunks for the next attempt. */
baro_status baro_stack_predict_outside(baro_stack_reader *reader) {
  reader->walks++;
  uint32_t most = 2 * (reader->wanted_count + BARO_STACK_SPARE_OUTSIDE) + 1;
  /* Most of what is predicted is met. */
  if (reader->outside_count + reader->late_count <= most) {
    if (reader->late_count > 0)
      return add_late(reader);
    forget_unmet(reader);
    return BARO_OK;
  }
  if (reader->wanted_count > 1)
    qsort(reader->wanted, reader->wanted_count, sizeof *reader->wanted, compare_addr);
  if (same_addrs(reader->outside, reader->outside_count, reader->wanted, reader->wanted_count))
    return BARO_OK;
  bool is_smaller = reader->outside_count / 2 > reader->wanted_count;
  if (is_smaller && reader->outside_count / 2 > reader->deeper_count / 4)
    swap_lists(&reader->deeper, &reader->deeper_count, &reader->deeper_capacity, &reader->outside,
               &reader->outside_count, &reader->outside_capacity);
  swap_lists(&reader->outside, &reader->outside_count, &reader->outside_capacity, &reader->wanted,
             &reader->wanted_count, &reader->wanted_capacity);
  reader->wanted_count = 0;
  return begin_anew(reader);
}

bool baro_stack_recall(baro_stack_reader *reader, uint64_t addr) {
  if (reader->deeper_count == 0 ||
      bsearch(&addr, reader->deeper, reader->deeper_count, sizeof addr, compare_addr) == NULL)
    return false;
  swap_lists(&reader->outside, &reader->outside_count, &reader->outside_capacity, &reader->deeper,
             &reader->deeper_count, &reader->deeper_capacity);
  reader->deeper_count = 0; /* tried once: where it helps it is given up and kept again */
  return begin_anew(reader) == BARO_OK;
}
