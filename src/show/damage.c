#include "show/damage.h"

#include "show/units.h"

void baro_damage_write(const baro_damage *damage, baro_buffer *out) {
  const char *reason = damage->reason;
  const char *separator = reason[0] != '\0' ? "; " : "";
  if (damage->corrupt || damage->truncated)
    baro_write_format(out, "%s%sread %s of %s; what comes later is lost", reason, separator,
                      baro_text_bytes(damage->good_bytes).text,
                      baro_text_bytes(damage->file_bytes).text);
  else if (!damage->complete)
    baro_write_format(out,
                      "%s%sthe recording was cut off: its recorder was killed, or the disk was "
                      "full, or it still runs",
                      reason, separator);
  else
    baro_write_text(out, reason);
}
