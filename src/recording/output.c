#include "recording/output.h"

#include "base/os_file.h"

/* The context is the descriptor itself: nothing to allocate. */
static int file_of(void *context) {
  return (int)(intptr_t)context;
}

static baro_status file_write(void *context, uint64_t offset, baro_view bytes, baro_error *err) {
  return baro_file_write_at(file_of(context), offset, bytes, err);
}

static baro_status file_reserve(void *context, uint64_t offset, uint64_t length, baro_error *err) {
  return baro_file_reserve(file_of(context), offset, length, err);
}

static baro_status file_truncate(void *context, uint64_t length, baro_error *err) {
  return baro_file_truncate(file_of(context), length, err);
}

static baro_status file_sync(void *context, baro_error *err) {
  return baro_file_sync(file_of(context), err);
}

static baro_status file_close(void *context, baro_error *err) {
  return baro_file_close(file_of(context), err);
}

baro_output baro_output_of_file(int take_file) {
  return (baro_output){.context = (void *)(intptr_t)take_file,
                       .write = file_write,
                       .reserve = file_reserve,
                       .truncate = file_truncate,
                       .sync = file_sync,
                       .close = file_close};
}

baro_status baro_output_create_file(const char *path, bool replace, baro_output *ret_output,
                                    baro_error *err) {
  int file;
  baro_status status = baro_file_create(path, replace, &file, err);
  if (status == BARO_OK) {
    *ret_output = baro_output_of_file(file);
  }
  return status;
}

baro_status baro_output_stage_file(const char *path, bool replace, char *ret_staged_path,
                                   baro_output *ret_output, baro_error *err) {
  int file;
  baro_status status = baro_file_stage(path, replace, ret_staged_path, &file, err);
  if (status == BARO_OK) {
    *ret_output = baro_output_of_file(file);
  }
  return status;
}
