#include "show/explain_why.h"

#include "base/plural.h"
#include "show/report_parts.h"
#include "show/text_wrap.h"
#include "show/units.h"

static const char *const model_words[BARO_PRIOR_MODELS] = {"code", "documentation"};

typedef struct page {
  const baro_explanation *of;
  const baro_why *why;
  baro_report report;
} page;

static void write_paragraph(page *p, const char *text) {
  baro_wrap wrap = {.indent = BARO_REPORT_INDENT,
                    .column = BARO_REPORT_INDENT,
                    .columns = p->report.terminal->columns,
                    .unicode = p->report.terminal->unicode};
  baro_write_format(p->report.out, "%*s", (int)BARO_REPORT_INDENT, "");
  baro_write_wrapped(p->report.out, &wrap, baro_view_of(text));
  baro_write_u8(p->report.out, '\n');
}

/* --- time --- */

static bool is_unclocked(const baro_time_part *part) {
  return part->evidence == BARO_EVIDENCE_PRIOR || part->evidence == BARO_EVIDENCE_UNKNOWN;
}

/* What has a clock stands before what is guessed, and that before what is not even guessed. */
static void write_times(page *p) {
  static const baro_column columns[] = {
      {.title = "all tasks", .right = true},
      {.title = "critical path", .right = true},
      {.title = "evidence"},
      {.title = "what", .cut = BARO_CUT_END, .minimum = 12},
  };
  baro_time_part parts[BARO_TIME_PARTS_MAX];
  uint32_t count = baro_operator_parts(p->of, p->why->time, parts);
  baro_text_table table;
  baro_report_heading(&p->report, "Its time", baro_view_of("all rows add up to its tasks"));
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < 2 * count; i++) {
    const baro_time_part *part = &parts[i % count];
    if (is_unclocked(part) != (i >= count))
      continue;
    baro_add_time(&table, BARO_STYLE_PLAIN, part->task_ns);
    baro_add_time(&table, BARO_STYLE_PLAIN, part->path_ns);
    baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%s", baro_evidence_words(part->evidence));
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s",
                               p->of->resources[part->resource].words);
  }
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
}

/* --- opinions --- */

static void add_probabilities(baro_text_table *table, const double *probabilities) {
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++)
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s",
                               baro_text_percent(probabilities[r]).text);
}

static void add_opinion(const baro_why_part *part, baro_text_table *table) {
  const baro_prior_opinion *opinion = &part->opinion;
  for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
    if (!opinion->has[m])
      continue;
    add_probabilities(table, opinion->judged[m].p);
    baro_text_table_add_format(
        table, BARO_STYLE_FAINT, "%s",
        m == BARO_PRIOR_CODE && opinion->source.length == 0 ? "name in the log" : model_words[m]);
    baro_text_table_add(table, BARO_STYLE_PLAIN, part->part.name);
    baro_text_table_add(table, BARO_STYLE_FAINT, opinion->source);
  }
  if (opinion->has[BARO_PRIOR_CODE] && opinion->has[BARO_PRIOR_DOCS]) {
    add_probabilities(table, opinion->p);
    baro_text_table_add_format(table, BARO_STYLE_STRONG, "both");
    baro_text_table_add(table, BARO_STYLE_PLAIN, part->part.name);
    baro_text_table_add(table, BARO_STYLE_FAINT, opinion->source);
  }
}

static void write_opinions(page *p) {
  static const baro_column columns[] = {
      {.title = "cpu", .right = true},
      {.title = "disk", .right = true},
      {.title = "network", .right = true},
      {.title = "judged by"},
      {.title = "operator", .cut = BARO_CUT_END, .minimum = 16, .pleasant = 24},
      {.title = "source", .cut = BARO_CUT_END, .minimum = 10, .pleasant = 20, .drop = 1},
  };
  baro_text_table table;
  baro_report_heading(&p->report, "What it waits for by its source",
                      baro_view_of("a guess, used only for time without a clock"));
  if (!p->why->is_known) {
    write_paragraph(p, "Neither its name nor what the log says of it has a word that the models "
                       "know: nothing is guessed.");
    return;
  }
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < p->why->part_count; i++)
    add_opinion(&p->why->parts[i], &table);
  if (p->why->part_count > 1) {
    add_probabilities(&table, p->why->p);
    baro_text_table_add_format(&table, BARO_STYLE_STRONG, "mean");
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "all of them");
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s", "");
  }
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
}

/* --- words --- */

static void add_scores(baro_text_table *table, const double *scores) {
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++)
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%+.2f", scores[r]);
}

/* "=filechannel" is the name of an API, "^scan" a word of the operator's own name. */
static void add_word(baro_text_table *table, baro_view word) {
  bool is_marked = word.length > 0 && (word.data[0] == '=' || word.data[0] == '^');
  const char *what = !is_marked ? "" : word.data[0] == '=' ? "API " : "in its name: ";
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s%.*s", what,
                             (int)(word.length - is_marked), (const char *)word.data + is_marked);
}

static void write_words(page *p, const baro_why_part *part, baro_prior_model model) {
  static const baro_column columns[] = {
      {.title = "cpu", .right = true},
      {.title = "disk", .right = true},
      {.title = "network", .right = true},
      {.title = "score given by", .cut = BARO_CUT_END, .minimum = 16},
  };
  const baro_prior_judgement *judged = &part->opinion.judged[model];
  baro_text_table table;
  baro_buffer title = {0};
  baro_write_bytes(&title, part->part.name.data, part->part.name.length);
  baro_write_format(&title, ": its %s",
                    part->opinion.source.length > 0 ? model_words[model] : "name in the log");
  baro_report_heading(&p->report, "Words", (baro_view){.data = title.data, .length = title.length});
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < judged->shown; i++) {
    add_scores(&table, judged->words[i].gives);
    add_word(&table, judged->words[i].word);
  }
  if (judged->known_words > judged->shown) {
    add_scores(&table, judged->others);
    baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%u more words",
                               judged->known_words - judged->shown);
  }
  add_scores(&table, judged->bias);
  baro_text_table_add_format(&table, BARO_STYLE_FAINT, "no word: how common each is");
  add_scores(&table, judged->score);
  baro_text_table_add_format(&table, BARO_STYLE_STRONG, "all: the higher, the likelier");
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
  baro_buffer_release(&title);
}

static void write_head(page *p, const baro_explain_options *options) {
  baro_buffer text = {0};
  baro_explain_operator(p->of->profile, p->why->operator_id, options, &text);
  if (p->why->time != NULL)
    baro_write_format(&text, ": %s in %s %s, %s of the critical path",
                      baro_text_duration(p->why->time->task_ns).text,
                      baro_text_count(p->why->time->task_count).text,
                      baro_plural(p->why->time->task_count, "task", "tasks"),
                      baro_text_duration(p->why->time->path_ns).text);
  else
    baro_write_text(&text, ": no tasks of its own, so that the log has no time of it");
  baro_wrap wrap = {.columns = p->report.terminal->columns, .unicode = p->report.terminal->unicode};
  baro_style_begin(p->report.out, p->report.terminal, BARO_STYLE_STRONG);
  baro_write_wrapped(p->report.out, &wrap, (baro_view){text.data, text.length});
  baro_style_end(p->report.out, p->report.terminal, BARO_STYLE_STRONG);
  baro_write_u8(p->report.out, '\n');
  p->report.out->failed = p->report.out->failed || text.failed;
  baro_buffer_release(&text);
}

void baro_why_text(const baro_explanation *explanation, const baro_why *why,
                   const baro_explain_options *options, const baro_terminal *terminal,
                   baro_buffer *out) {
  baro_report_options own = {.measure = BARO_MEASURE_RUN};
  page p = {
      .of = explanation,
      .why = why,
      .report = {
          .profile = explanation->profile, .options = &own, .terminal = terminal, .out = out}};
  write_head(&p, options);
  if (why->time != NULL)
    write_times(&p);
  write_opinions(&p);
  for (uint32_t i = 0; i < why->part_count; i++) {
    for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
      if (why->parts[i].opinion.has[m])
        write_words(&p, &why->parts[i], (baro_prior_model)m);
    }
  }
}
