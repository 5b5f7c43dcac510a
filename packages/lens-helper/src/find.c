// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { id_length = 64 };
static const size_t longest_cgroup = 1 << 20;
/* A program may declare anything it has mapped to be its environment. */
static const size_t longest_environment = 64 << 20;

/* What tells one container's processes from another's. */
struct origin {
  char id[id_length + 1]; /* empty where the control groups do not show it */
  char *cgroup;
  bool mounts_known;
  struct stat mounts;
};

struct match {
  struct process process;
  struct origin origin;
};

struct search {
  const struct options *options;
  struct origin self;
  struct match best;
  bool found;
  int unreadable; /* the first process that could not be asked */
  int refusal;
  struct ids refused;
};

/*
 * The container of a control group path: the first run of 64 hexadecimal digits, from "kubepods" on if that is in it.
 * Any later one was made inside that container and can have any name.
 */
static bool container_of(const char *path, const char *end, char id[id_length + 1]) {
  const char *pods = memmem(path, (size_t)(end - path), "kubepods", 8);
  for (const char *at = pods == NULL ? path : pods; at < end;) {
    size_t run = 0;
    while (at + run < end && strchr("0123456789abcdef", at[run]) != NULL) run++;
    if (run == id_length) {
      memcpy(id, at, id_length);
      id[id_length] = '\0';
      return true;
    }
    at += run == 0 ? 1 : run;
  }
  return false;
}

/* Version 1 has a line for each hierarchy; if they name different containers the process belongs to none. */
static void read_container(const char *text, char id[id_length + 1]) {
  id[0] = '\0';
  for (const char *line = text; *line != '\0';) {
    const char *end = strchrnul(line, '\n');
    char other[id_length + 1];
    const char *path = memchr(line, ':', (size_t)(end - line));
    path = path == NULL ? NULL : memchr(path + 1, ':', (size_t)(end - path - 1));
    if (path != NULL && container_of(path, end, other)) {
      if (id[0] != '\0' && strcmp(id, other) != 0) {
        id[0] = '\0';
        return;
      }
      memcpy(id, other, sizeof other);
    }
    line = *end == '\0' ? end : end + 1;
  }
}

static bool read_origin(const struct process *process, struct origin *origin) {
  size_t length;
  memset(origin, 0, sizeof *origin);
  origin->cgroup = read_of(process, "cgroup", longest_cgroup, &length);
  if (origin->cgroup == NULL) return false;
  read_container(origin->cgroup, origin->id);
  int mounts = open_of(process, "ns/mnt", O_RDONLY);
  if (mounts >= 0) {
    origin->mounts_known = fstat(mounts, &origin->mounts) == 0;
    close(mounts);
  }
  return true;
}

static bool same_mounts(const struct origin *a, const struct origin *b) {
  return a->mounts.st_dev == b->mounts.st_dev && a->mounts.st_ino == b->mounts.st_ino;
}

/* Whether two processes are of one container, as far as can be seen. */
static bool same_container(const struct origin *a, const struct origin *b) {
  if (a->mounts_known && b->mounts_known && same_mounts(a, b)) return true;
  if (a->id[0] != '\0' && b->id[0] != '\0') return strcmp(a->id, b->id) == 0;
  return strcmp(a->cgroup, b->cgroup) == 0 && !(a->mounts_known && b->mounts_known);
}

/* In doubt it is not. */
bool is_of_own_container(const struct process *process) {
  struct process self;
  struct origin own, other;
  if (open_process(getpid(), &self) != 0) return false;
  bool known = read_origin(&self, &own);
  close_process(&self);
  if (!known) return false;
  bool same = read_origin(process, &other);
  if (same) {
    same = same_container(&own, &other);
    free(other.cgroup);
  }
  free(own.cgroup);
  return same;
}

/* An environment has any size and any content: it is compared as it comes. 1, 0, or -1 with errno set. */
static int has_marker(const struct process *process, const char *marker) {
  int fd = open_of(process, "environ", O_RDONLY);
  if (fd < 0) return -1;
  const size_t length = strlen(marker);
  size_t at = 0; /* how much of the present record agrees; beyond the length for one that does not */
  size_t total = 0;
  int answer = 0;
  char bytes[65536];
  for (ssize_t got; answer == 0 && total < longest_environment && (got = read(fd, bytes, sizeof bytes)) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      answer = -1;
      break;
    }
    total += (size_t)got;
    for (ssize_t i = 0; i < got && answer == 0; i++) {
      if (bytes[i] == '\0') {
        answer = at == length;
        at = 0;
      } else {
        at = at < length && bytes[i] == marker[at] ? at + 1 : length + 1;
      }
    }
  }
  if (answer == 0 && at == length) answer = 1;
  int reason = errno;
  close(fd);
  errno = reason;
  return answer;
}

static bool is_wanted(struct search *search, const struct process *process, const struct origin *origin) {
  const struct options *options = search->options;
  if (options->container_id != NULL) return strcmp(origin->id, options->container_id) == 0;
  int answer = has_marker(process, options->marker);
  if (answer < 0 && (errno == EACCES || errno == EPERM) && search->unreadable == 0) {
    search->unreadable = process->pid;
    search->refusal = errno;
    search->refused = process->ids;
  }
  return answer > 0;
}

static void print_process(const struct process *process) {
  char line[128];
  snprintf(line, sizeof line, "%d %u %u %016llx %llu\n", (int)process->pid, process->ids.uid[1], process->ids.gid[1],
           (unsigned long long)process->ids.permitted, process->start);
  write_text(STDOUT_FILENO, line);
}

/* The oldest is the container's first process. Numbers start again from below, so the lowest need not be. */
static bool is_older(const struct process *a, const struct process *b) {
  return a->start != b->start ? a->start < b->start : a->pid < b->pid;
}

static void keep(struct search *search, const struct match *match) {
  if (search->found && !same_container(&search->best.origin, &match->origin))
    fail_text(EXIT_AMBIGUOUS, "find", search->options->marker == NULL ? "container" : search->options->marker,
              "processes of more than one container answer to this");
  if (search->options->all) print_process(&match->process);
  if (!search->found || is_older(&match->process, &search->best.process)) {
    free(search->best.origin.cgroup);
    search->best = *match;
    search->best.origin.cgroup = strdup(match->origin.cgroup);
    if (search->best.origin.cgroup == NULL) fail(EXIT_SYSTEM, "find", "memory", ENOMEM);
  }
  search->found = true;
}

static void consider(struct search *search, pid_t pid) {
  struct match match;
  if (pid == getpid() || open_process(pid, &match.process) != 0) return;
  bool alive = match.process.state != 'Z' && match.process.state != 'X';
  if (alive && read_origin(&match.process, &match.origin)) {
    if (!same_container(&match.origin, &search->self) && is_wanted(search, &match.process, &match.origin))
      keep(search, &match);
    free(match.origin.cgroup);
  }
  close_process(&match.process);
}

static void look_around(struct search *search) {
  DIR *proc = opendir("/proc");
  if (proc == NULL) fail(EXIT_SYSTEM, "find", "/proc", errno);
  search->unreadable = 0;
  for (int pid; (pid = next_pid(proc)) != 0;) consider(search, pid);
  closedir(proc);
}

static long long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void check_options(const struct options *options) {
  const char *id = options->container_id;
  if ((id == NULL) == (options->marker == NULL))
    fail_text(EXIT_USAGE, "find", "options", "give either --container-id or --marker");
  if (id != NULL && (strlen(id) != id_length || strspn(id, "0123456789abcdef") != id_length))
    fail_text(EXIT_USAGE, "find", id, "a container id has 64 hexadecimal digits");
  const char *equals = options->marker == NULL ? NULL : strchr(options->marker, '=');
  if (options->marker != NULL && (equals == NULL || equals == options->marker))
    fail_text(EXIT_USAGE, "find", options->marker, "a marker is NAME=VALUE");
}

int find_command(const struct options *options) {
  check_options(options);
  struct search search = {.options = options};
  struct process self;
  int error = open_process(getpid(), &self);
  if (error != 0 || !read_origin(&self, &search.self)) fail(EXIT_SYSTEM, "find", "self", error != 0 ? error : errno);
  const long long end = milliseconds() + (options->wait_ms > 0 ? options->wait_ms : 0);
  for (look_around(&search); !search.found && milliseconds() < end; look_around(&search)) {
    nanosleep(&(struct timespec){0, 20 * 1000000}, NULL);
  }
  const char *wanted = options->container_id != NULL ? options->container_id : options->marker;
  if (!search.found && search.unreadable != 0) {
    char object[48];
    snprintf(object, sizeof object, "/proc/%d/environ", search.unreadable);
    fail_missing(EXIT_REFUSED, "find", object, search.refusal, missing_to_look_into(&search.refused));
  }
  if (!search.found) fail_text(EXIT_NOT_FOUND, "find", wanted, "no such process");
  if (!options->all) print_process(&search.best.process);
  free(search.best.origin.cgroup);
  free(search.self.cgroup);
  close_process(&self);
  return 0;
}
