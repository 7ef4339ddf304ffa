#include "recording/chunk_queue.h"

#include <string.h>

#include "recording/format.h"

enum {
  /* Of a chunk that waits: its length, its samples and events of calls, and where its entry stands in the index. */
  LENGTH_BYTES = 20,
  /* For the chunk that ends a recording (some 100), and what the index has beside its entries (some 90). Not more: on
   * a small disk this is room that samples could have. */
  END_BYTES = 512,
};

typedef struct waiting_chunk {
  uint32_t length;
  uint32_t samples;
  uint64_t call_events;
  uint32_t index_length;
} waiting_chunk;

static waiting_chunk read_waiting(baro_reader *lengths) {
  waiting_chunk chunk = {.length = baro_read_u32(lengths)};
  chunk.samples = baro_read_u32(lengths);
  chunk.call_events = baro_read_u64(lengths);
  chunk.index_length = baro_read_u32(lengths);
  return chunk;
}

void baro_chunk_index_add(baro_buffer *index, const baro_chunk_head *head) {
  baro_write_varint(index, (uint64_t)BARO_CHUNK_HEAD_BYTES + head->stored_bytes);
  baro_write_varint(index, head->samples);
  baro_write_varint(index, head->first_ns);
  baro_write_varint(index, head->last_ns - head->first_ns);
}

void baro_chunk_index_finish(baro_buffer *ret_payload, baro_view entries, uint32_t count,
                             uint64_t offset) {
  baro_write_varint(ret_payload, count);
  baro_write_bytes(ret_payload, entries.data, entries.length);
  baro_write_u64(ret_payload, offset);
  baro_write_u32(ret_payload, count);
  baro_write_bytes(ret_payload, BARO_INDEX_MAGIC, 4);
}

baro_status baro_chunk_queue_add(baro_chunk_queue *queue, baro_chunk_head *head, baro_view raw,
                                 size_t cut) {
  enum { ENTRY_LIMIT_BYTES = 64 };
  if (!baro_buffer_reserve(&queue->lengths, LENGTH_BYTES) ||
      !baro_buffer_reserve(&queue->index, ENTRY_LIMIT_BYTES)) {
    queue->lengths.failed = false; /* nothing was dropped yet */
    queue->index.failed = false;
    return BARO_NO_MEMORY;
  }
  head->sequence = queue->sequence;
  size_t before = queue->waiting.length;
  baro_status status = baro_chunk_pack(queue->packer, head, raw, cut, &queue->waiting);
  if (status != BARO_OK) {
    return status;
  }
  queue->sequence++;
  baro_write_u32(&queue->lengths, (uint32_t)(queue->waiting.length - before));
  baro_write_u32(&queue->lengths, head->samples);
  baro_write_u64(&queue->lengths, head->call_events);
  baro_write_u32(&queue->lengths, (uint32_t)queue->index.length);
  baro_chunk_index_add(&queue->index, head);
  return BARO_OK;
}

baro_status baro_chunk_queue_add_index(baro_chunk_queue *queue) {
  baro_buffer payload = {0};
  baro_view entries = {.data = queue->index.data, .length = queue->index.length};
  baro_chunk_index_finish(&payload, entries, queue->sequence,
                          queue->written_bytes + queue->waiting.length);
  baro_status status = BARO_NO_MEMORY;
  if (!payload.failed) {
    baro_chunk_head head = {.type = BARO_CHUNK_INDEX};
    baro_view raw = {.data = payload.data, .length = payload.length};
    status = baro_chunk_queue_add(queue, &head, raw, 0);
  }
  baro_buffer_release(&payload);
  return status;
}

/* Removes the first count bytes, keeping the rest. */
static void buffer_cut_front(baro_buffer *buffer, size_t count) {
  if (count != 0) {
    memmove(buffer->data, buffer->data + count, buffer->length - count);
    buffer->length -= count;
  }
}

/* Room for a chunk and, behind it, for an end and the index of all. Where there never was that much, the chunk may
 * still fit: writing it will tell. Later ones must not take the room that is kept. */
static baro_status reserve(baro_chunk_queue *queue, size_t length, baro_error *err) {
  const baro_output *output = &queue->output;
  if (queue->is_ending || output->reserve == NULL) {
    return BARO_OK;
  }
  baro_error shortage = {0};
  baro_status status = output->reserve(output->context, queue->written_bytes,
                                       length + queue->index.length + END_BYTES, &shortage);
  if (status == BARO_OK) {
    queue->has_room = true;
  } else if (!queue->has_room) {
    status = BARO_OK;
  } else if (err != NULL) {
    *err = shortage;
  }
  return status;
}

baro_status baro_chunk_queue_write(baro_chunk_queue *queue, baro_error *err) {
  baro_status status = BARO_OK;
  baro_reader lengths = baro_reader_of(queue->lengths.data, queue->lengths.length);
  size_t done = 0;
  while (status == BARO_OK && baro_reader_left(&lengths) != 0) {
    baro_reader ahead = lengths;
    baro_view chunk = {.data = queue->waiting.data + done, .length = read_waiting(&ahead).length};
    status = reserve(queue, chunk.length, err);
    if (status != BARO_OK) {
      break;
    }
    status = queue->output.write(queue->output.context, queue->written_bytes, chunk, err);
    if (status == BARO_OK) {
      lengths = ahead;
      done += chunk.length;
      queue->written_bytes += chunk.length;
    } else {
      /* If this fails too, readers cut the torn chunk off and the next write replaces it. */
      baro_status ignored =
          queue->output.truncate(queue->output.context, queue->written_bytes, NULL);
      (void)ignored;
    }
  }
  buffer_cut_front(&queue->waiting, done);
  buffer_cut_front(&queue->lengths, queue->lengths.length - baro_reader_left(&lengths));
  return status;
}

baro_chunk_loss baro_chunk_queue_drop(baro_chunk_queue *queue) {
  baro_chunk_loss loss = {0};
  baro_reader lengths = baro_reader_of(queue->lengths.data, queue->lengths.length);
  for (bool is_first = true; baro_reader_left(&lengths) != 0; is_first = false) {
    waiting_chunk chunk = read_waiting(&lengths);
    if (is_first) {
      queue->index.length = chunk.index_length;
    }
    loss.samples += chunk.samples;
    loss.call_events += chunk.call_events;
    queue->sequence--;
  }
  baro_buffer_clear(&queue->waiting);
  baro_buffer_clear(&queue->lengths);
  return loss;
}

void baro_chunk_queue_unreserve(baro_chunk_queue *queue) {
  const baro_output *output = &queue->output;
  if (output->reserve != NULL) {
    baro_status ignored = output->truncate(output->context, queue->written_bytes, NULL);
    (void)ignored;
  }
}

void baro_chunk_queue_release(baro_chunk_queue *queue) {
  baro_chunk_packer_destroy(queue->packer);
  baro_buffer_release(&queue->waiting);
  baro_buffer_release(&queue->lengths);
  baro_buffer_release(&queue->index);
}
