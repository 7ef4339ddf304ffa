#include "cli/completion.h"

#include <string.h>

#include "cli/commands.h"
#include "show/exporter.h"

/* Writes "auto|always" as "auto always". */
static void write_words(baro_buffer *out, const char *words) {
  for (const char *at = words; *at != '\0'; at++)
    baro_write_u8(out, *at == '|' ? ' ' : (uint8_t)*at);
}

static void write_formats(baro_buffer *out) {
  for (size_t i = 0; baro_exporters[i].name != NULL; i++)
    baro_write_format(out, "%s%s", i > 0 ? " " : "", baro_exporters[i].name);
}

static void write_names(baro_buffer *out) {
  for (size_t i = 0; baro_commands[i] != NULL; i++)
    baro_write_format(out, "%s%s", i > 0 ? " " : "", baro_commands[i]->name);
}

/* The bash code that fills COMPREPLY for one kind of value. */
static void write_bash_action(baro_buffer *out, baro_completion completion, const char *words) {
  switch (completion) {
  case BARO_COMPLETE_NOTHING: baro_write_text(out, ":"); break;
  case BARO_COMPLETE_FILE: baro_write_text(out, "_barograph_files ''"); break;
  case BARO_COMPLETE_RECORDING: baro_write_text(out, "_barograph_files '*.baro'"); break;
  case BARO_COMPLETE_PID: baro_write_text(out, "_barograph_pids"); break;
  case BARO_COMPLETE_COMMAND: baro_write_text(out, "_barograph_programs"); break;
  case BARO_COMPLETE_TOPIC:
    baro_write_text(out, "_barograph_words '");
    write_names(out);
    baro_write_text(out, "'");
    break;
  case BARO_COMPLETE_FORMAT:
    baro_write_text(out, "_barograph_words '");
    write_formats(out);
    baro_write_text(out, "'");
    break;
  case BARO_COMPLETE_WORDS:
    baro_write_text(out, "_barograph_words '");
    write_words(out, words);
    baro_write_text(out, "'");
    break;
  }
}

static baro_completion completion_of(const baro_option *option) {
  return option->kind == BARO_OPTION_CHOICE ? BARO_COMPLETE_WORDS : option->completion;
}

static void write_bash_command(baro_buffer *out, const baro_command *command) {
  const baro_option_table *table = &command->options;
  baro_write_format(out, "  %s)\n    case $prev in\n", command->name);
  for (size_t i = 0; i < table->count; i++) {
    const baro_option *option = &table->rows[i];
    /* What stands in the word behind an optional value's name is another argument. */
    if (option->kind == BARO_OPTION_FLAG || option->kind == BARO_OPTION_OPTIONAL_TEXT)
      continue;
    baro_write_text(out, "    ");
    if (option->letter != 0)
      baro_write_format(out, "-%c|", option->letter);
    baro_write_format(out, "--%s) ", option->name);
    write_bash_action(out, completion_of(option), option->choices);
    baro_write_text(out, "; return ;;\n");
  }
  baro_write_text(out, "    esac\n    if [[ $cur == -* ]]; then\n      _barograph_words '");
  for (size_t i = 0; i < table->count; i++)
    baro_write_format(out, "--%s ", table->rows[i].name);
  baro_write_text(out, "--help'\n    else\n      ");
  write_bash_action(out, command->operand_completion, command->operand_words);
  baro_write_text(out, "\n    fi ;;\n");
}

void baro_completion_bash(baro_buffer *out) {
  baro_write_text(
      out,
      "# bash completion for barograph; made by: barograph completion bash\n"
      "_barograph_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }\n"
      "_barograph_files() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  local IFS=$'\\n'\n"
      "  if [[ -n $1 ]]; then COMPREPLY=($(compgen -f -X \"!$1\" -- \"$cur\") "
      "$(compgen -d -- \"$cur\")); fi\n"
      "  if [[ -z $1 || ${#COMPREPLY[@]} -eq 0 ]]; then COMPREPLY=($(compgen -f -- \"$cur\")); fi\n"
      "}\n"
      "_barograph_programs() { COMPREPLY=($(compgen -c -- \"$cur\")); }\n"
      "_barograph_pids() {\n"
      "  COMPREPLY=($(cd /proc && compgen -W \"$(printf '%s ' [0-9]*)\" -- \"$cur\"))\n"
      "}\n"
      "_barograph() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i\n"
      "  COMPREPLY=()\n"
      "  if [[ $prev == = && COMP_CWORD -ge 2 ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  elif [[ $cur == = ]]; then cur=; fi\n"
      "  if (( COMP_CWORD == 1 )); then\n"
      "    _barograph_words '");
  write_names(out);
  baro_write_text(out, " --help --version'\n"
                       "    return\n"
                       "  fi\n"
                       "  for (( i = 2; i < COMP_CWORD; i++ )); do\n"
                       "    if [[ ${COMP_WORDS[1]} == record && ${COMP_WORDS[i]} == -- ]]; then\n"
                       "      if (( i + 1 == COMP_CWORD )); then _barograph_programs\n"
                       "      else _barograph_files ''; fi\n"
                       "      return\n"
                       "    fi\n"
                       "  done\n"
                       "  case ${COMP_WORDS[1]} in\n");
  for (size_t i = 0; baro_commands[i] != NULL; i++)
    write_bash_command(out, baro_commands[i]);
  baro_write_text(out, "  esac\n}\ncomplete -F _barograph barograph\n");
}

/* Text within '...[...]' of _arguments: brackets and colons end it, quotes end the shell's word. */
static void write_zsh_text(baro_buffer *out, const char *text) {
  for (const char *at = text; *at != '\0'; at++) {
    if (*at == '\'')
      baro_write_text(out, "'\\''");
    else if (*at == '[' || *at == ']' || *at == ':')
      baro_write_format(out, "\\%c", *at);
    else
      baro_write_u8(out, (uint8_t)*at);
  }
}

static void write_zsh_action(baro_buffer *out, baro_completion completion, const char *words) {
  switch (completion) {
  case BARO_COMPLETE_NOTHING: baro_write_text(out, " "); break;
  case BARO_COMPLETE_FILE: baro_write_text(out, "_files"); break;
  case BARO_COMPLETE_RECORDING: baro_write_text(out, "_files -g \"*.baro(-.)\""); break;
  case BARO_COMPLETE_PID: baro_write_text(out, "_pids"); break;
  case BARO_COMPLETE_COMMAND: baro_write_text(out, "_normal"); break;
  case BARO_COMPLETE_TOPIC:
    baro_write_text(out, "(");
    write_names(out);
    baro_write_text(out, ")");
    break;
  case BARO_COMPLETE_FORMAT:
    baro_write_text(out, "(");
    write_formats(out);
    baro_write_text(out, ")");
    break;
  case BARO_COMPLETE_WORDS:
    baro_write_text(out, "(");
    write_words(out, words);
    baro_write_text(out, ")");
    break;
  }
}

/* What joins a long name and its value: "=-" in the same word only. */
static const char *zsh_joint(const baro_option *option) {
  if (option->kind == BARO_OPTION_FLAG)
    return "";
  return option->kind == BARO_OPTION_OPTIONAL_TEXT ? "=-" : "=";
}

static void write_zsh_option(baro_buffer *out, const baro_option *option) {
  baro_write_text(out, "      ");
  if (option->letter != 0)
    baro_write_format(out, "'(-%c --%s)'{-%c,--%s%s}'[", option->letter, option->name,
                      option->letter, option->name, zsh_joint(option));
  else
    baro_write_format(out, "'--%s%s[", option->name, zsh_joint(option));
  write_zsh_text(out, option->help);
  baro_write_text(out, "]");
  if (option->kind != BARO_OPTION_FLAG) {
    /* Two colons: the value may be missing. */
    baro_write_format(out, "%s%s:", option->kind == BARO_OPTION_OPTIONAL_TEXT ? "::" : ":",
                      option->value);
    write_zsh_action(out, completion_of(option), option->choices);
  }
  baro_write_text(out, "' \\\n");
}

static void write_zsh_command(baro_buffer *out, const baro_command *command) {
  baro_write_format(out, "    %s)\n      _arguments -s -S \\\n", command->name);
  for (size_t i = 0; i < command->options.count; i++)
    write_zsh_option(out, &command->options.rows[i]);
  baro_write_text(out, "      '(- *)'{-h,--help}'[print the help and exit]' \\\n      '");
  if (command->operand_completion == BARO_COMPLETE_COMMAND) {
    baro_write_text(out, "(-)1:program:_command_names -e' \\\n      '*::arguments:_normal'");
  } else if (command->operands_at_most == 0) {
    baro_write_text(out, "*: : '");
  } else {
    baro_write_text(out, "*:argument:");
    write_zsh_action(out, command->operand_completion, command->operand_words);
    baro_write_text(out, "'");
  }
  baro_write_text(out, " ;;\n");
}

void baro_completion_zsh(baro_buffer *out) {
  baro_write_text(out, "#compdef barograph\n"
                       "# zsh completion for barograph; made by: barograph completion zsh\n"
                       "_barograph() {\n"
                       "  local curcontext=$curcontext state line\n"
                       "  local -a names\n"
                       "  names=(\n");
  for (size_t i = 0; baro_commands[i] != NULL; i++) {
    baro_write_format(out, "    '%s:", baro_commands[i]->name);
    write_zsh_text(out, baro_commands[i]->summary);
    baro_write_text(out, "'\n");
  }
  baro_write_text(out, "  )\n"
                       "  if (( CURRENT == 2 )); then\n"
                       "    _describe -t commands 'command' names\n"
                       "    _arguments '--version[print the version]' '--help[print the "
                       "commands]'\n"
                       "    return\n"
                       "  fi\n"
                       "  local subcommand=$words[2]\n"
                       "  shift words\n"
                       "  (( CURRENT-- ))\n"
                       "  case $subcommand in\n");
  for (size_t i = 0; baro_commands[i] != NULL; i++)
    write_zsh_command(out, baro_commands[i]);
  baro_write_text(out, "  esac\n"
                       "}\n"
                       "if [[ $funcstack[1] == _barograph ]]; then _barograph \"$@\"; else compdef "
                       "_barograph barograph; fi\n");
}
