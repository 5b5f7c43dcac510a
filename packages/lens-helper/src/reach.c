// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a process of another container can reach ours: read what we are told, write what we say, change what we run.
 * Linux lets it (ptrace(2), "Ptrace access mode checking") with CAP_SYS_PTRACE, or as the same user with at least our
 * permitted capabilities, provided that ours are dumpable. Programs that their user may not read are not, from the first
 * instruction on.
 */
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static bool born_closed = false;

/* Before anything else is done: afterwards nobody gets at this process by its memory or its files. */
void close_to_others(void) {
  born_closed = prctl(PR_GET_DUMPABLE) != 1;
  prctl(PR_SET_DUMPABLE, 0);
}

/* What a process and those that come from it can have at most. */
static uint64_t most_of(const struct ids *ids) {
  return ids->no_new_privileges ? ids->permitted : ids->bounding;
}

static bool can_be_us(const struct ids *ids) {
  if (!ids->no_new_privileges || (ids->permitted & CAPABILITY(SETUID)) != 0) return true;
  for (int i = 0; i < 3; i++) {
    if (ids->uid[i] == geteuid()) return true;
  }
  return false;
}

static bool reaches(const struct ids *ids, uint64_t own, bool closed) {
  const uint64_t most = most_of(ids);
  if ((most & (CAPABILITY(SYS_PTRACE) | CAPABILITY(SYS_ADMIN))) != 0) return true;
  return !closed && (own & ~most) == 0 && can_be_us(ids);
}

static bool is_foreign(const struct process *process, uint64_t own, bool closed) {
  return reaches(&process->ids, own, closed) && !is_of_own_container(process);
}

/* The first process that reaches ours, or 0. */
static pid_t find_foreign(DIR *proc, uint64_t own, bool closed, unsigned long long *start) {
  rewinddir(proc);
  for (int pid; (pid = next_pid(proc)) != 0;) {
    struct process process;
    if (open_process(pid, &process) != 0) continue;
    bool foreign = is_foreign(&process, own, closed);
    *start = process.start;
    close_process(&process);
    if (foreign) return pid;
  }
  return 0;
}

/* Since when a process runs, in seconds; start times count in ticks since the machine started (proc_pid_stat(5)). */
static double age(unsigned long long start) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)start / (double)sysconf(_SC_CLK_TCK);
}

static const double longest_passing = 2; /* seconds */

/* Whether it is gone, or has given up what it could do, while it was young. One that has run for longer is there to stay. */
static bool passes(pid_t pid, unsigned long long start, uint64_t own, bool closed) {
  const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
  while (age(start) < longest_passing) {
    nanosleep(&pause, NULL);
    struct process process;
    if (open_process(pid, &process) != 0) return true;
    bool foreign = process.start == start && is_foreign(&process, own, closed);
    close_process(&process);
    if (!foreign) return true;
  }
  return false;
}

static const int most_passing = 4;

/*
 * `guarded`, or `reachable` and the first process that could. A runtime that starts a program in a container (an exec
 * of ours, a probe of the node's) enters it with all rights and drops them before the program runs: that process is
 * waited for, and everything is looked at again. The number is bounded, so that nobody gets endless tries to hide.
 */
int reach_command(const struct options *options) {
  if (options->rest_count != 0) fail_text(EXIT_USAGE, "reach", options->rest[0], "not an option");
  const char *shell = options->shell != NULL ? options->shell : "/bin/busybox";
  const bool closed = born_closed && access(shell, R_OK) != 0;
  const uint64_t own = own_capabilities().permitted;
  DIR *proc = opendir("/proc");
  if (proc == NULL) fail(EXIT_SYSTEM, "reach", "/proc", errno);
  unsigned long long start;
  pid_t pid;
  for (int i = 0; (pid = find_foreign(proc, own, closed, &start)) != 0; i++) {
    if (i < most_passing && passes(pid, start, own, closed)) continue;
    char line[48];
    snprintf(line, sizeof line, "reachable %d\n", (int)pid);
    write_text(STDOUT_FILENO, line);
    return closedir(proc);
  }
  write_text(STDOUT_FILENO, "guarded\n");
  return closedir(proc);
}
