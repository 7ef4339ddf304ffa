#include "cli/damaged_input.h"

#include "base/bytes.h"
#include "cli/cli.h"
#include "show/damage.h"

void baro_damaged_input_say(const char *command, const baro_profile *profile, const char *path) {
  baro_buffer text = {0};
  baro_damage_write(&profile->damage, &text);
  if (!text.failed && text.length > 0)
    baro_cli_say("%s: %s is damaged: %.*s", command, path, (int)text.length,
                 (const char *)text.data);
  baro_buffer_release(&text);
}

bool baro_damaged_input_is(const baro_profile *profile) {
  return profile->damage.corrupt || profile->damage.truncated;
}
