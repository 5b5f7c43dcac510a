// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of the process, opened as ourselves or else with its user's IDs. */
int open_of(const struct process *process, const char *name, int flags) {
  int fd = openat(process->dir, name, flags | O_CLOEXEC);
  if (fd >= 0 || (errno != EACCES && errno != EPERM)) return fd;
  int refusal = errno;
  struct capabilities before;
  if (borrow_ids(&process->ids, &before)) {
    fd = openat(process->dir, name, flags | O_CLOEXEC);
    if (fd < 0) refusal = errno;
    give_ids_back(&before);
  }
  errno = refusal;
  return fd;
}

/* The whole of a small file with a NUL behind it, up to a limit; NULL with errno set. */
char *read_of(const struct process *process, const char *name, size_t limit, size_t *length) {
  int fd = open_of(process, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return NULL;
  char *text = NULL;
  size_t size = 0, used = 0;
  for (;;) {
    if (used + 1 >= size) {
      size = size == 0 ? 4096 : size * 2;
      char *bigger = size <= 2 * limit + 4096 ? realloc(text, size) : NULL;
      if (bigger == NULL) break;
      text = bigger;
    }
    ssize_t got = read(fd, text + used, size - 1 - used);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || used + (size_t)got > limit) {
      if (got == 0) {
        text[used] = '\0';
        *length = used;
        close(fd);
        return text;
      }
      if (got > 0) errno = EFBIG;
      break;
    }
    used += (size_t)got;
  }
  int reason = errno;
  free(text);
  close(fd);
  errno = reason == 0 ? EFBIG : reason;
  return NULL;
}

/* The name of the program stands in parentheses and may hold any of " )\n": fields are counted from the last one. */
static bool parse_stat(const char *text, struct process *process) {
  const char *at = strrchr(text, ')');
  if (at == NULL || sscanf(at + 1, " %c %d", &process->state, &process->parent) != 2) return false;
  at += 2; /* on field 3; the start time is field 22 */
  for (int field = 3; field < 22; field++) {
    at = strchr(at, ' ');
    if (at == NULL) return false;
    at++;
  }
  return sscanf(at, "%llu", &process->start) == 1;
}

const char *line_of(const char *text, const char *key) {
  size_t length = strlen(key);
  for (const char *line = text; line != NULL && *line != '\0';) {
    if (strncmp(line, key, length) == 0) return line + length;
    line = strchr(line, '\n');
    if (line != NULL) line++;
  }
  return "";
}

static bool parse_status(const char *text, struct ids *ids) {
  unsigned long long permitted = 0, bounding = 0;
  int no_new = 0;
  if (sscanf(line_of(text, "Uid:"), "%u %u %u", &ids->uid[0], &ids->uid[1], &ids->uid[2]) != 3) return false;
  if (sscanf(line_of(text, "Gid:"), "%u %u %u", &ids->gid[0], &ids->gid[1], &ids->gid[2]) != 3) return false;
  if (sscanf(line_of(text, "CapPrm:"), "%llx", &permitted) != 1) return false;
  ids->permitted = permitted;
  if (sscanf(line_of(text, "CapBnd:"), "%llx", &bounding) != 1) return false;
  ids->bounding = bounding;
  ids->no_new_privileges = sscanf(line_of(text, "NoNewPrivs:"), "%d", &no_new) == 1 && no_new == 1;
  return true;
}

/* 65,536 supplementary groups, the most there can be, make 720 kB of /proc/PID/status. */
static const size_t longest_status = 1 << 20;

static bool read_identity(struct process *process) {
  size_t length;
  char *stat = read_of(process, "stat", longest_status, &length);
  char *status = stat == NULL ? NULL : read_of(process, "status", longest_status, &length);
  bool known = status != NULL && parse_stat(stat, process) && parse_status(status, &process->ids);
  if (status != NULL && !known) errno = EPROTO;
  int reason = errno;
  free(stat);
  free(status);
  errno = reason;
  return known;
}

/* 0 or an error number. */
int open_process(pid_t pid, struct process *process) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d", (int)pid);
  memset(process, 0, sizeof *process);
  process->pid = pid;
  process->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (process->dir < 0) return errno;
  if (read_identity(process)) return 0;
  int reason = errno;
  close_process(process);
  return reason;
}

void close_process(struct process *process) {
  if (process->dir >= 0) close(process->dir);
  process->dir = -1;
}

/* The next process of a directory stream of /proc, or 0. */
int next_pid(void *proc) {
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name)) return atoi(entry->d_name);
  }
  return 0;
}

static const char *name_of(pid_t pid, const char *file) {
  static char name[64];
  snprintf(name, sizeof name, "/proc/%d%s", (int)pid, file);
  return name;
}

static void check_start(const struct options *options, const struct process *target) {
  if (target->state == 'Z' || target->state == 'X')
    fail_text(EXIT_GONE, "check-target", name_of(target->pid, ""), "the process has ended");
  if (options->starttime >= 0 && target->start != (unsigned long long)options->starttime)
    fail_text(EXIT_GONE, "check-target", name_of(target->pid, ""), "another process has this number now");
}

/*
 * The root directory of the target's mounts, or -1 with errno set where it is refused; ends where the target is gone. A
 * target whose own root is below that, as after chroot(2), is jailed.
 */
int try_target_root(const struct options *options, struct process *target, bool *jailed) {
  int error = open_process((pid_t)options->pid, target);
  if (error != 0) fail(EXIT_GONE, "find-target", name_of((pid_t)options->pid, ""), error);
  check_start(options, target);
  int root = open_of(target, "root", O_PATH | O_DIRECTORY);
  if (root >= 0) {
    check_user_namespace(target);
    root = climb(root, jailed);
  }
  int refusal = errno;
  /* Reading by the same handle fails once the process is gone, so what was opened is the root of a living target. */
  struct process again = *target;
  if (!read_identity(&again)) fail(EXIT_GONE, "check-target", name_of(target->pid, ""), errno);
  check_start(options, &again);
  errno = refusal;
  return root;
}

int open_target_root(const struct options *options, struct process *target) {
  bool jailed;
  int root = try_target_root(options, target, &jailed);
  if (root >= 0) return root;
  fail_missing(EXIT_REFUSED, "open-root", name_of(target->pid, "/root"), errno, missing_to_look_into(&target->ids));
}
