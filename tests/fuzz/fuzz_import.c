/* Files of other tools: the first byte chooses the importer, or lets it be sniffed; gzip is unpacked as importers do. Whatever
 * they are, importing them ends, with a recording or with a message of one line. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "import/gzip_input.h"
#include "import/importer.h"
#include "recording/output.h"
#include "support/recording_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static baro_status write_nowhere(void *context, uint64_t offset, baro_view bytes, baro_error *err) {
  (void)context, (void)offset, (void)bytes, (void)err;
  return BARO_OK;
}

static baro_status truncate_nowhere(void *context, uint64_t length, baro_error *err) {
  (void)context, (void)length, (void)err;
  return BARO_OK;
}

static baro_status end_nowhere(void *context, baro_error *err) {
  (void)context, (void)err;
  return BARO_OK;
}

static void import(const baro_importer *importer, baro_view bytes,
                   const baro_import_options *options) {
  const baro_output nowhere = {.write = write_nowhere,
                               .truncate = truncate_nowhere,
                               .sync = end_nowhere,
                               .close = end_nowhere};
  const baro_writer_options how = {.imported = true, .compression_level = 1};
  baro_writer *writer = NULL;
  baro_error err = {0};
  baro_import_result result;
  if (baro_writer_create_on(&nowhere, "nowhere", &how, &writer, &err) != BARO_OK)
    abort();
  baro_status status = baro_import_bytes(importer, bytes, "input", options, writer, &result, &err);
  fixture_require_message(status, &err);
  /* Samples, or slices of an importer that writes calls. */
  if (status == BARO_OK && (result.samples == 0) == (result.tasks == 0))
    abort();
  if (baro_writer_close(writer, &err) != BARO_OK)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { UNPACKED_BYTES_MAX = 1 << 20 };
  if (size < 1)
    return 0;
  baro_view bytes = {.data = data + 1, .length = size - 1};
  baro_import_options options = {.rate_hz = data[0] & 0x10 ? 100 : 0,
                                 .type = data[0] & 0x20 ? "cpu" : NULL,
                                 .unit = data[0] & 0x40 ? "us" : NULL};
  baro_buffer plain = {0};
  if (baro_is_gzip(bytes)) {
    baro_status status = baro_gunzip(bytes, UNPACKED_BYTES_MAX, &plain, NULL);
    bytes = (baro_view){.data = plain.data, .length = status == BARO_OK ? plain.length : 0};
  }
  unsigned index = data[0] & 3;
  const baro_importer *importer = index < 3 ? &baro_importers[index] : baro_importer_sniff(bytes);
  if (importer != NULL)
    import(importer, bytes, &options);
  baro_buffer_release(&plain);
  return 0;
}
