// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
  "usage:\n"
  "  helper find (--container-id ID | --marker NAME=VALUE) [--wait-ms N] [--all]\n"
  "  helper probe --pid PID [--starttime T] [--shell PATH]\n"
  "  helper enter --pid PID [--starttime T] [--shell PATH] [--deadline-seconds N] [--target-environ]\n"
  "    [--without-mounts] [--mark MARK] [--as-target [--program PATH]] -- ARGV0 [ARG...]\n"
  "  helper file --pid PID [--starttime T] [--limit BYTES] [--separator TEXT] [--walk] [--] (cat|look|list) PATH\n"
  "  helper reach [--shell PATH]\n"
  "  helper tool NAME [ARG...]\n"
  "  helper refuse MARK TEXT\n"
  "  helper idle [--deadline-seconds N] [--until EPOCH] [--ignore-stdin]\n";

struct command {
  const char *name;
  int (*run)(const struct options *);
  unsigned bit;
};

enum { FIND = 1, PROBE = 2, ENTER = 4, FILES = 8, IDLE = 16, REACH = 32, TOOL = 64, REFUSE = 128 };

static const struct command commands[] = {
  {"find", find_command, FIND}, {"probe", probe_command, PROBE}, {"enter", enter_command, ENTER},
  {"file", file_command, FILES}, {"idle", idle_command, IDLE}, {"tool", tool_command, TOOL},
  {"refuse", refuse_command, REFUSE}, {"reach", reach_command, REACH},
};

enum kind { NUMBER, TEXT, SWITCH };

struct flag {
  const char *name;
  enum kind kind;
  unsigned commands;
  size_t at;
};

static const struct flag flags[] = {
  {"--pid", NUMBER, PROBE | ENTER | FILES, offsetof(struct options, pid)},
  {"--starttime", NUMBER, PROBE | ENTER | FILES, offsetof(struct options, starttime)},
  {"--wait-ms", NUMBER, FIND, offsetof(struct options, wait_ms)},
  {"--deadline-seconds", NUMBER, ENTER | IDLE, offsetof(struct options, deadline_seconds)},
  {"--until", NUMBER, IDLE, offsetof(struct options, until)},
  {"--limit", NUMBER, FILES, offsetof(struct options, limit)},
  {"--container-id", TEXT, FIND, offsetof(struct options, container_id)},
  {"--marker", TEXT, FIND, offsetof(struct options, marker)},
  {"--shell", TEXT, PROBE | ENTER | REACH, offsetof(struct options, shell)},
  {"--program", TEXT, ENTER, offsetof(struct options, program)},
  {"--mark", TEXT, ENTER, offsetof(struct options, mark)},
  {"--separator", TEXT, FILES, offsetof(struct options, separator)},
  {"--all", SWITCH, FIND, offsetof(struct options, all)},
  {"--ignore-stdin", SWITCH, IDLE, offsetof(struct options, ignore_stdin)},
  {"--walk", SWITCH, FILES, offsetof(struct options, walk)},
  {"--target-environ", SWITCH, ENTER, offsetof(struct options, target_environ)},
  {"--as-target", SWITCH, ENTER, offsetof(struct options, as_target)},
  {"--without-mounts", SWITCH, ENTER, offsetof(struct options, without_mounts)},
};

/* Up to 15 digits, so that sums and milliseconds of such numbers have room. */
static long long to_number(const char *option, const char *text) {
  size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 15 || text[digits] != '\0')
    fail_text(EXIT_USAGE, "options", option, "needs a number");
  return strtoll(text, NULL, 10);
}

static const struct flag *flag_named(const char *name, unsigned command) {
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    if (strcmp(name, flags[i].name) == 0 && (flags[i].commands & command) != 0) return &flags[i];
  }
  fail_text(EXIT_USAGE, "options", name, "not an option of this command");
}

/* Options end at "--" or at the first word that is none. */
static struct options parse(char **words, unsigned command) {
  struct options options = {
    .pid = -1, .starttime = -1, .wait_ms = -1, .deadline_seconds = -1, .until = -1, .limit = -1,
  };
  while (*words != NULL && strncmp(*words, "--", 2) == 0 && (*words)[2] != '\0') {
    const struct flag *flag = flag_named(*words++, command);
    void *field = (char *)&options + flag->at;
    if (flag->kind == SWITCH) {
      *(bool *)field = true;
      continue;
    }
    if (*words == NULL) fail_text(EXIT_USAGE, "options", flag->name, "needs a value");
    if (flag->kind == TEXT) *(const char **)field = *words++;
    else *(long long *)field = to_number(flag->name, *words++);
  }
  if (*words != NULL && strcmp(*words, "--") == 0) words++;
  options.rest = words;
  while (words[options.rest_count] != NULL) options.rest_count++;
  if (options.pid > INT_MAX) fail_text(EXIT_USAGE, "options", "--pid", "no process has such a number");
  return options;
}

int main(int count, char **words) {
  close_to_others();
  for (size_t i = 0; count > 1 && i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(words[1], commands[i].name) != 0) continue;
    struct options options = parse(words + 2, commands[i].bit);
    return commands[i].run(&options);
  }
  write_text(STDERR_FILENO, usage);
  return EXIT_USAGE;
}
