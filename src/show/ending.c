#include "show/ending.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* What people know a signal by; NULL for the others. */
static const char *signal_name(int number) {
  static const struct {
    int number;
    const char *name;
  } rows[] = {
      {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},
      {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
      {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},
      {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {SIGXCPU, "SIGXCPU"},
      {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (rows[i].number == number)
      return rows[i].name;
  }
  return NULL;
}

static void write_signal(double number, double status, baro_buffer *text) {
  const char *name = number < 128 ? signal_name((int)number) : NULL;
  if (name != NULL)
    baro_write_format(text, "; ended by %s", name);
  else
    baro_write_format(text, "; ended by signal %.0f", number);
  baro_write_format(text, " (exit status %.0f)", status);
}

void baro_ending_write(const baro_profile *profile, baro_buffer *text) {
  baro_view end = {0};
  double status = 0, number = 0;
  bool has_status = baro_profile_info_number(profile, "exit_status", &status);
  if (has_status && baro_profile_info_number(profile, "signal", &number))
    write_signal(number, status, text);
  else if (has_status)
    baro_write_format(text, "; exit status %.0f", status);
  if (!baro_profile_info(profile, "end", &end) || end.length == 0)
    return;
  if (baro_view_equal(end, baro_view_of("interrupt")))
    baro_write_text(text, "; ended by an interrupt");
  else if (baro_view_equal(end, baro_view_of("duration")))
    baro_write_text(text, "; ended by --duration");
  else if (baro_view_equal(end, baro_view_of("detached")))
    baro_write_text(text, "; detached");
  else if (baro_view_equal(end, baro_view_of("disk_full")))
    baro_write_text(text, "; its end is missing: the disk was full");
  else if (baro_view_equal(end, baro_view_of("write_failed")))
    baro_write_text(text, "; its end is missing: it could not be written");
}
