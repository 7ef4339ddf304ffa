/* The parts of the text report, and what they share. Only report_*.c include this. */
#ifndef BARO_SHOW_REPORT_PARTS_H
#define BARO_SHOW_REPORT_PARTS_H

#include "show/report.h"
#include "show/text_table.h"

/* One report being written. */
typedef struct baro_report {
  const baro_profile *profile; /* borrowed, as all here */
  const baro_report_options *options;
  const baro_terminal *terminal;
  baro_buffer *out;
  uint64_t basis_ns;            /* what shares are shares of */
  baro_view unit;               /* of amounts that are no time; "" for time */
  bool is_foreign;              /* the files are not below the current folder: say where they are */
  bool shown[BARO_STATE_COUNT]; /* states that a bar has shown so far: the legend names these */
} baro_report;

enum { BARO_REPORT_INDENT = 2 };

/* Amounts by state of one row; idle is left out unless the part says otherwise. */
typedef struct baro_split {
  uint64_t ns[BARO_STATE_COUNT];
  uint64_t all_ns; /* sum of the above */
} baro_split;

baro_split baro_split_of(const baro_amounts *amounts, uint32_t index);
baro_split baro_split_of_thread(const baro_profile_thread *thread);

/* Cells for each state, adding up to `cells`, by largest remainder; 0 cells for nothing. */
void baro_share_cells(const baro_split *split, uint32_t cells,
                      uint32_t ret_cells[BARO_STATE_COUNT]);

/* Appends the bar of split, of `width` columns if its amount is full_ns, at least one if it has
 * any; returns the columns used. */
uint32_t baro_report_bar(baro_report *report, const baro_split *split, uint64_t full_ns,
                         uint32_t width, baro_buffer *bar);

/* "disk 93 %, running 7 %": the largest states, at most `limit` of them, of 1 % and more. */
void baro_report_words(const baro_split *split, uint32_t limit, baro_buffer *out);

/* Columns for bars on this terminal. */
uint32_t baro_report_bar_width(const baro_terminal *terminal);

/* "Functions by their own time" and behind it, faint, what the numbers are. */
void baro_report_heading(baro_report *report, const char *title, baro_view remark);

/* Letter and words of every state that a bar has shown: report_text.c. */
void baro_report_legend(baro_report *report);
/* Where short paths begin: the current folder if the files are below it, else the folder that they share. May live in keep. */
const char *baro_report_folder(const baro_profile *profile, const char *directory,
                               baro_arena *keep);

/* A faint line below a table, wrapped between words: "and 32 more; ...". */
void baro_report_remark(baro_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What is shown for a function: its qualified name. */
baro_view baro_report_function_name(const baro_profile *profile, uint32_t function);
/* Appends file:line of a function, shortened. */
void baro_report_place(const baro_report *report, uint32_t function, uint32_t line,
                       baro_buffer *out);

void baro_report_head(baro_report *report);      /* report_head.c */
void baro_report_functions(baro_report *report); /* report_functions.c */
void baro_report_path(baro_report *report);      /* report_path.c */
void baro_report_threads(baro_report *report);   /* report_threads.c */
void baro_report_processes(baro_report *report);

/* A duration in a table; of none a faint "-". */
void baro_add_time(baro_text_table *table, baro_style style, uint64_t ns);

/* report_operators.c: sentence and table of a framework's log, which has tasks. */
void baro_report_operators(baro_report *report);

/* report_relatives.c: of the functions of that name, or that are meant by it. */
void baro_report_relatives(baro_report *report, const char *name, bool callers);

/* report_calls.c. They write nothing where there are no calls. */
void baro_report_calls(baro_report *report);
void baro_report_slowest(baro_report *report);
void baro_report_call_threads(baro_report *report);
/* "354/2": all and primitive calls, where they differ. */
void baro_add_call_count(baro_text_table *table, baro_style style, uint64_t calls,
                         uint64_t primitive);
void baro_add_duration(baro_text_table *table, baro_style style, uint64_t ns);
/* Two columns: its name, and faint where its code is. scratch is empty before and after. */
void baro_report_add_function(baro_report *report, uint32_t function, baro_text_table *table,
                              baro_buffer *scratch);

#endif
