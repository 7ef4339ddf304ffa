/* The columnar coding of samples: wrong here means samples that are not those that were taken, sums
 * that drift by rounding, or a reader that believes hostile columns. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "recording/format.h"
#include "recording/sample_block.h"
#include "support/recording_fixture.h"

enum { THREADS = 7, STACKS = 5000 };

static uint64_t distance(uint64_t a, uint64_t b) {
  return a > b ? a - b : b - a;
}

/* Payload of the one record in raw. */
static baro_view payload_of(const baro_buffer *raw) {
  baro_reader reader = baro_reader_of(raw->data, raw->length);
  assert_int_equal(baro_read_varint(&reader), BARO_RECORD_SAMPLES);
  baro_view payload = baro_read_string(&reader);
  assert_false(reader.failed);
  assert_int_equal(baro_reader_left(&reader), 0);
  return payload;
}

typedef struct sums {
  uint64_t weight_ns;
  uint64_t cpu_ns;
  uint64_t runnable_ns;
} sums;

static void sums_add(sums *of_thread, const baro_sample_record *sample) {
  of_thread->weight_ns += sample->weight_ns;
  of_thread->cpu_ns += sample->cpu_ns;
  of_thread->runnable_ns += sample->runnable_ns;
}

/* Slowly, and otherwise than the encoder does it; those of one time stay in their order. */
static void sort_by_time(baro_sample_record *samples, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    baro_sample_record sample = samples[i];
    uint32_t at = i;
    for (; at != 0 && samples[at - 1].time_ns > sample.time_ns; at--) {
      samples[at] = samples[at - 1];
    }
    samples[at] = sample;
  }
}

/* Encodes, decodes, and compares (in the order of time, in which samples are left): all that is not rounded is the same, times are cut to us, sums per
 * thread are within 1 us (weight) and 100 us (cpu, runnable). */
static void round_trip(baro_sample_encoder *encoder, baro_sample_model *model,
                       baro_sample_record *samples, uint32_t count, sums *written, sums *read) {
  baro_buffer raw = {0};
  assert_int_equal(baro_sample_encode(encoder, samples, count, STACKS, &raw), BARO_OK);
  sort_by_time(samples, count);
  baro_sample_decoder decoder;
  baro_error err = {0};
  assert_int_equal(
      baro_sample_decoder_init(&decoder, model, payload_of(&raw), THREADS, STACKS, &err), BARO_OK);
  for (uint32_t i = 0; i < count; i++) {
    baro_sample_record got;
    bool is_more = false;
    assert_int_equal(baro_sample_decode(&decoder, &got, &is_more, &err), BARO_OK);
    assert_true(is_more);
    assert_int_equal(got.thread, samples[i].thread);
    assert_int_equal(got.stack, samples[i].stack);
    assert_int_equal(got.state, samples[i].state);
    assert_int_equal(got.ticks, samples[i].ticks);
    uint64_t unit_ns = encoder->in_ns ? 1 : 1000;
    assert_true(got.time_ns == samples[i].time_ns / unit_ns * unit_ns);
    assert_true(!encoder->in_ns || got.weight_ns == samples[i].weight_ns);
    sums_add(&written[got.thread], &samples[i]);
    sums_add(&read[got.thread], &got);
    assert_true(distance(written[got.thread].weight_ns, read[got.thread].weight_ns) <= 1000);
    assert_true(distance(written[got.thread].cpu_ns, read[got.thread].cpu_ns) < 100000);
    assert_true(distance(written[got.thread].runnable_ns, read[got.thread].runnable_ns) < 100000);
  }
  baro_sample_record none;
  bool is_more = true;
  assert_int_equal(baro_sample_decode(&decoder, &none, &is_more, &err), BARO_OK);
  assert_false(is_more);
  baro_buffer_release(&raw);
}

static void add_threads(baro_sample_encoder *encoder) {
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(baro_sample_encoder_add_thread(encoder), BARO_OK);
  }
}

/* Anything that the types allow, in no order. */
static baro_sample_record wild_sample(fixture_random *random) {
  uint64_t shift = fixture_below(random, 60);
  baro_sample_record sample = {.time_ns = fixture_next(random) >> fixture_below(random, 60),
                               .weight_ns = fixture_next(random) >> 2 >> shift,
                               .ticks = (uint32_t)fixture_next(random),
                               .thread = (uint32_t)fixture_below(random, THREADS),
                               .stack = (uint32_t)fixture_below(random, STACKS),
                               .state = (baro_state)fixture_below(random, BARO_STATE_COUNT)};
  /* Sums are compared: keep them below 2^64. */
  sample.weight_ns >>= 16;
  sample.cpu_ns = fixture_next(random) >> 16 >> shift;
  sample.runnable_ns = fixture_next(random) >> 16 >> (60 - shift);
  if (fixture_below(random, 5) == 0) {
    sample.stack = BARO_NONE_ID;
  }
  return sample;
}

static void check_wild_samples(bool in_ns) {
  baro_sample_encoder encoder = {.in_ns = in_ns};
  baro_sample_model model = {0};
  sums written[THREADS] = {0};
  sums read[THREADS] = {0};
  fixture_random random = {.state = 42};
  baro_sample_record samples[500];
  add_threads(&encoder);
  for (int block = 0; block < 60; block++) {
    uint32_t count = 1 + (uint32_t)fixture_below(&random, 500);
    for (uint32_t i = 0; i < count; i++) {
      samples[i] = wild_sample(&random);
    }
    /* A reset in between must be invisible. */
    encoder.is_reset_due = block % 10 == 5;
    round_trip(&encoder, &model, samples, count, written, read);
  }
  baro_sample_encoder_release(&encoder);
  baro_sample_model_release(&model);
}

static void wild_samples_come_back(void **state) {
  (void)state;
  check_wild_samples(false);
}

/* What others measured in other units comes back to the unit: nothing is rounded. */
static void wild_samples_in_ns_come_back_exactly(void **state) {
  (void)state;
  check_wild_samples(true);
}

/* Threads that ended cost next to nothing; should there be samples of one after all, they come back right. */
static void ended_threads_are_let_go(void **state) {
  (void)state;
  baro_sample_encoder encoder = {0};
  baro_sample_model model = {0};
  sums written[THREADS] = {0};
  sums read[THREADS] = {0};
  fixture_random random = {.state = 7};
  baro_sample_record samples[100];
  add_threads(&encoder);
  for (int block = 0; block < 50; block++) {
    for (uint32_t i = 0; i < 100; i++) {
      samples[i] = wild_sample(&random);
    }
    round_trip(&encoder, &model, samples, 100, written, read);
    for (uint32_t t = 0; t < THREADS; t++) {
      if (fixture_below(&random, 3) == 0) {
        baro_sample_encoder_end_thread(&encoder, t);
        baro_sample_encoder_end_thread(&encoder, t);
        assert_null(encoder.model.threads[t].recent);
      }
    }
  }
  baro_sample_encoder_release(&encoder);
  baro_sample_model_release(&model);
}

/* A million intervals in which every rounding goes the same way. */
static void rounding_does_not_add_up(void **state) {
  (void)state;
  baro_sample_encoder encoder = {0};
  baro_sample_model model = {0};
  sums written[THREADS] = {0};
  sums read[THREADS] = {0};
  static baro_sample_record samples[BARO_SAMPLE_BLOCK_LIMIT];
  uint64_t time_ns = 1;
  add_threads(&encoder);
  for (int block = 0; block < 50; block++) {
    for (uint32_t i = 0; i < BARO_SAMPLE_BLOCK_LIMIT; i++) {
      time_ns += 1000999;
      /* The weight is the gap but for now and then, when ticks were missed. */
      uint64_t weight_ns = i % 1000 == 7 ? 333333 : 1000999;
      samples[i] = (baro_sample_record){.time_ns = time_ns,
                                        .weight_ns = weight_ns,
                                        .ticks = 1,
                                        .thread = i % 2,
                                        .stack = i % 3,
                                        .cpu_ns = 999,
                                        .runnable_ns = i % 2 == 0 ? 1 : 1999};
    }
    round_trip(&encoder, &model, samples, BARO_SAMPLE_BLOCK_LIMIT, written, read);
  }
  baro_sample_encoder_release(&encoder);
  baro_sample_model_release(&model);
}

/* Every byte of a payload changed to each value of a few: never a crash, never an endless loop. (The
 * checksum keeps such blocks away; this is what stands behind it.) */
static void hostile_payloads_are_survived(void **state) {
  (void)state;
  baro_sample_encoder encoder = {0};
  fixture_random random = {.state = 7};
  baro_sample_record samples[40];
  baro_buffer raw = {0};
  add_threads(&encoder);
  for (uint32_t i = 0; i < 40; i++) {
    samples[i] = wild_sample(&random);
  }
  assert_int_equal(baro_sample_encode(&encoder, samples, 40, STACKS, &raw), BARO_OK);
  baro_view payload = payload_of(&raw);
  uint8_t *changed = malloc(payload.length);
  uint32_t refused = 0;
  for (size_t at = 0; at < payload.length; at++) {
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < sizeof(values); i++) {
      memcpy(changed, payload.data, payload.length);
      changed[at] = values[i];
      baro_sample_model model = {0};
      baro_sample_decoder decoder;
      baro_view view = {changed, payload.length};
      baro_status status = baro_sample_decoder_init(&decoder, &model, view, THREADS, STACKS, NULL);
      bool is_more = true;
      while (status == BARO_OK && is_more) {
        baro_sample_record got;
        status = baro_sample_decode(&decoder, &got, &is_more, NULL);
        if (status == BARO_OK && is_more) {
          assert_true(got.thread < THREADS);
          assert_true(got.stack < STACKS || got.stack == BARO_NONE_ID);
          assert_true(got.state < BARO_STATE_COUNT);
        }
      }
      assert_true(status == BARO_OK || status == BARO_CORRUPT);
      refused += status == BARO_CORRUPT;
      baro_sample_model_release(&model);
    }
  }
  assert_true(refused > payload.length);
  free(changed);
  baro_buffer_release(&raw);
  baro_sample_encoder_release(&encoder);
}

/* A few bytes that promise 2^60 samples must not be believed, nor a chunk's worth of them for ever. */
static void few_bytes_cannot_promise_many_samples(void **state) {
  (void)state;
  const uint64_t counts[] = {UINT64_C(1) << 60, BARO_CHUNK_SAMPLE_LIMIT + 1,
                             BARO_CHUNK_SAMPLE_LIMIT};
  for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
    baro_buffer payload = {0};
    baro_write_varint(&payload, 0);
    baro_write_varint(&payload, counts[i]);
    baro_write_varint(&payload, 0);
    baro_write_string(&payload, baro_view_of("only this"));
    baro_sample_model model = {0};
    baro_sample_decoder decoder;
    baro_view view = {payload.data, payload.length};
    baro_status status = baro_sample_decoder_init(&decoder, &model, view, 1, 1, NULL);
    assert_int_equal(status, counts[i] > BARO_CHUNK_SAMPLE_LIMIT ? BARO_CORRUPT : BARO_OK);
    uint32_t read = 0;
    bool is_more = true;
    while (status == BARO_OK && is_more) {
      baro_sample_record got;
      status = baro_sample_decode(&decoder, &got, &is_more, NULL);
      read++;
    }
    assert_int_equal(status, BARO_CORRUPT);
    assert_true(read < 1000);
    baro_sample_model_release(&model);
    baro_buffer_release(&payload);
  }
}

/* Reads all samples of a block that thread 0 alone is in. */
static baro_status status_of_block(baro_sample_model *model, const char *bytes, size_t length) {
  baro_sample_decoder decoder;
  baro_view payload = {(const uint8_t *)bytes, length};
  baro_status status = baro_sample_decoder_init(&decoder, model, payload, 1, 0, NULL);
  bool is_more = true;
  while (status == BARO_OK && is_more) {
    baro_sample_record got;
    status = baro_sample_decode(&decoder, &got, &is_more, NULL);
  }
  baro_sample_model_release(model);
  return status;
}

/* One sample of nothing, as the encoder makes it, and what may not be changed of it. */
static void blocks_that_break_a_rule_are_refused(void **state) {
  (void)state;
  baro_sample_model model = {0};
#define STATUS_OF(literal) status_of_block(&model, literal, sizeof(literal) - 1)
  assert_int_equal(STATUS_OF("\0\1\0\6\x0b\x80\x80\0\0\0"), BARO_OK);
  assert_int_equal(STATUS_OF("\0\1\0\6\x0b\x80\x80\0\0\0 more fields"), BARO_OK);
  assert_int_equal(STATUS_OF("\1\1\0\6\x0b\x80\x80\0\0\0"), BARO_OK);
  assert_int_equal(STATUS_OF("\2\1\0\6\x0b\x80\x80\0\0\0"), BARO_OK);
  assert_int_equal(STATUS_OF("\4\1\0\6\x0b\x80\x80\0\0\0"), BARO_CORRUPT); /* flags */
  assert_int_equal(STATUS_OF("\0\0\0\4\0\0\0\0"), BARO_CORRUPT);           /* no samples */
  assert_int_equal(STATUS_OF("\1\0\0\4\0\0\0\0"), BARO_CORRUPT);
  assert_int_equal(STATUS_OF("\0\1\0\7\x0b\x80\x80\0\0\0"), BARO_CORRUPT); /* length */
  assert_int_equal(STATUS_OF("\0\1\0\5\x0b\x80\x80\0\0"), BARO_CORRUPT);
  /* Ends otherwise than a writer ends, and goes on behind its samples. */
  assert_int_equal(STATUS_OF("\0\1\0\6\x0b\x80\x80\0\0\1"), BARO_CORRUPT);
  assert_int_equal(STATUS_OF("\0\1\0\7\x0b\x80\x80\0\0\0\0"), BARO_CORRUPT);
#undef STATUS_OF
}

/* A block costs what its samples cost, however many threads there are to forget: a few bytes of a file
 * can ask for it millions of times. */
static void forgetting_is_cheap(void **state) {
  (void)state;
  enum { MANY_THREADS = 1 << 20, BLOCKS = 100000 };
  static const uint8_t block[] = {1, 1, 0, 6, 0x0b, 0x80, 0x80, 0, 0, 0};
  baro_sample_model model = {0};
  baro_sample_decoder decoder;
  baro_view payload = {block, sizeof(block)};
  clock_t start = clock();
  for (int i = 0; i < BLOCKS; i++) {
    baro_sample_record got;
    bool is_more = false;
    assert_int_equal(baro_sample_decoder_init(&decoder, &model, payload, MANY_THREADS, 0, NULL),
                     BARO_OK);
    assert_int_equal(baro_sample_decode(&decoder, &got, &is_more, NULL), BARO_OK);
    assert_true(is_more);
    assert_int_equal(got.stack, BARO_NONE_ID);
    assert_int_equal(got.state, BARO_STATE_CPU);
  }
  /* Minutes if each thread were touched. */
  assert_true(clock() - start < 3 * CLOCKS_PER_SEC);
  baro_sample_model_release(&model);
}

/* The thread sanitizer's calloc touches what it gives: there only the contents can be looked at. */
#if defined(__SANITIZE_THREAD__)
#define CALLOC_IS_LAZY false
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CALLOC_IS_LAZY false
#endif
#endif
#ifndef CALLOC_IS_LAZY
#define CALLOC_IS_LAZY true
#endif

static uint64_t resident_bytes(void) {
  unsigned long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%*u %llu", &pages), 1);
  fclose(file);
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A few bytes of a file can define a million threads: what is kept for each begins with its first sample. */
static void threads_without_samples_take_no_memory(void **state) {
  (void)state;
  enum { MANY_THREADS = 1 << 20, LIMIT_BYTES = 20 << 20 };
  baro_sample_model model = {0};
#ifdef M_PERTURB
  mallopt(M_PERTURB, 0); /* the test runner asks for it, and calloc then writes its zeros */
#endif
  uint64_t before = resident_bytes();
  assert_int_equal(baro_sample_model_grow(&model, MANY_THREADS), BARO_OK);
  assert_int_equal(baro_sample_model_ready(&model, MANY_THREADS - 1), BARO_OK);
  const baro_sample_thread *last = baro_sample_model_thread(&model, MANY_THREADS - 1);
  assert_int_equal(last->successor, MANY_THREADS - 1);
  assert_true(last->successor_is_next);
  assert_true(!CALLOC_IS_LAZY || resident_bytes() < before + LIMIT_BYTES);
  baro_sample_model_release(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wild_samples_come_back),
      cmocka_unit_test(wild_samples_in_ns_come_back_exactly),
      cmocka_unit_test(wild_samples_in_ns_come_back_exactly),
      cmocka_unit_test(ended_threads_are_let_go),
      cmocka_unit_test(rounding_does_not_add_up),
      cmocka_unit_test(hostile_payloads_are_survived),
      cmocka_unit_test(few_bytes_cannot_promise_many_samples),
      cmocka_unit_test(blocks_that_break_a_rule_are_refused),
      cmocka_unit_test(forgetting_is_cheap),
      cmocka_unit_test(threads_without_samples_take_no_memory),
  };
  return cmocka_run_group_tests_name("sample_block", tests, NULL, NULL);
}
