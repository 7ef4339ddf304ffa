/* The importers' functions, for the table in importers.c alone; the contract is in importer.h. */
#ifndef BARO_IMPORT_IMPORT_FORMATS_H
#define BARO_IMPORT_IMPORT_FORMATS_H

#include "import/importer.h"

bool baro_sniff_speedscope(baro_view bytes);
baro_status baro_import_speedscope(baro_view bytes, const baro_import_options *options,
                                   baro_import_output *output, baro_error *err);

bool baro_sniff_xplane(baro_view bytes);
baro_status baro_import_xplane(baro_view bytes, const baro_import_options *options,
                               baro_import_output *output, baro_error *err);

bool baro_sniff_run_metadata(baro_view bytes);
baro_status baro_import_run_metadata(baro_view bytes, const baro_import_options *options,
                                     baro_import_output *output, baro_error *err);

bool baro_sniff_pprof(baro_view bytes);
baro_status baro_import_pprof(baro_view bytes, const baro_import_options *options,
                              baro_import_output *output, baro_error *err);

bool baro_sniff_collapsed(baro_view bytes);
baro_status baro_import_collapsed(baro_view bytes, const baro_import_options *options,
                                  baro_import_output *output, baro_error *err);

bool baro_spark_sniff(baro_view line);
baro_status baro_spark_import(const baro_log_place *place, baro_writer *writer,
                              baro_import_log_result *ret_result, baro_error *err);

bool baro_chrome_sniff(baro_view head);
baro_status baro_chrome_import(const baro_log_place *place, baro_writer *writer,
                               baro_import_log_result *ret_result, baro_error *err);

bool baro_flink_sniff(baro_view head);
baro_status baro_flink_import(const baro_log_place *place, baro_writer *writer,
                              baro_import_log_result *ret_result, baro_error *err);

bool baro_torch_sniff(baro_view head);
baro_status baro_torch_import(const baro_log_place *place, baro_writer *writer,
                              baro_import_log_result *ret_result, baro_error *err);

#endif
