// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel shows each process the mounts of its own mount namespace that lie below its root directory. For a process of
 * ours in the target's root directory there are none, so `df`, `findmnt` or `find -fstype` would find nothing. Whatever
 * opens such a table gets the target's instead or, where that says nothing of its container, a refusal that whoever
 * started the session is told of.
 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PROC_FILES = 0x9fa0 };

static const char *const tables[] = {"mountinfo", "mounts", "mountstats"};

/* The link to a file of a process, or to one that this process has open; false with errno set. */
static bool read_link(int proc, const char *name, char text[PATH_MAX]) {
  ssize_t length = readlinkat(proc, name, text, PATH_MAX - 1);
  if (length < 0) return false;
  text[length] = '\0';
  return true;
}

/* Which table an open file is, and whose, or NULL: files are told by what they are, since many paths lead to one. */
static const char *table_of(int proc, int fd, unsigned long *owner) {
  struct statfs status;
  char name[32], path[PATH_MAX];
  if (fstatfs(fd, &status) != 0 || status.f_type != PROC_FILES) return NULL;
  snprintf(name, sizeof name, "self/fd/%d", fd);
  if (!read_link(proc, name, path)) return NULL;
  char *last = strrchr(path, '/');
  if (last == NULL) return NULL;
  *last++ = '\0';
  const char *folder = strrchr(path, '/');
  *owner = folder == NULL ? 0 : strtoul(folder + 1, NULL, 10);
  for (size_t i = 0; *owner != 0 && i < sizeof tables / sizeof *tables; i++) {
    if (strcmp(last, tables[i]) == 0) return tables[i];
  }
  return NULL;
}

/* Those of our container have its mounts, and so have the tools of ours that the kernel keeps closed. */
static bool is_ours(int proc, unsigned long pid) {
  char name[48], own[PATH_MAX], theirs[PATH_MAX];
  snprintf(name, sizeof name, "%lu/ns/mnt", pid);
  return !read_link(proc, "self/ns/mnt", own) || !read_link(proc, name, theirs) || strcmp(own, theirs) == 0;
}

/* Whether a path of this process leads to the mounts of our container. */
bool leads_to_own_mounts(const char *path) {
  unsigned long owner;
  int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = open(path, O_PATH | O_CLOEXEC);
  bool leads = fd >= 0 && table_of(proc, fd, &owner) != NULL && is_ours(proc, owner);
  if (proc >= 0) close(proc);
  if (fd >= 0) close(fd);
  return leads;
}

/* The memory of the program, as its user where it has another one than this process. */
static int open_memory(const struct watch *watch, uint32_t pid, struct capabilities *before, bool *borrowed) {
  char name[32];
  snprintf(name, sizeof name, "%u/mem", pid);
  int fd = openat(watch->proc, name, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (fd >= 0 || (errno != EACCES && errno != EPERM) || fstatat(watch->proc, name, &status, 0) != 0) return fd;
  struct ids ids = {.uid = {status.st_uid, status.st_uid, status.st_uid}, .gid = {status.st_gid, status.st_gid, status.st_gid}};
  *borrowed = borrow_ids(&ids, before);
  if (*borrowed) return openat(watch->proc, name, O_RDONLY | O_CLOEXEC);
  errno = EPERM;
  return -1;
}

/* What the program would open, without opening it. */
static int find_opened(const struct watch *watch, struct opening *opening, int memory) {
  char path[PATH_MAX], whole[PATH_MAX + 64];
  if (opening->how != 0 && pread(memory, &opening->flags, sizeof opening->flags, (off_t)opening->how) < 0) return -1;
  ssize_t length = pread(memory, path, sizeof path - 1, (off_t)opening->path);
  if (length <= 0) return -1;
  path[length] = '\0';
  const char *self = strncmp(path, "/proc/self/", 11) == 0          ? path + 10
                     : strncmp(path, "/proc/thread-self/", 18) == 0 ? path + 17
                                                                     : NULL;
  if (self != NULL) snprintf(whole, sizeof whole, "%u%s", opening->pid, self);
  else if (path[0] == '/') snprintf(whole, sizeof whole, "%u/root%s", opening->pid, path);
  else if (opening->folder == AT_FDCWD) snprintf(whole, sizeof whole, "%u/cwd/%s", opening->pid, path);
  else snprintf(whole, sizeof whole, "%u/fd/%d/%s", opening->pid, opening->folder, path);
  return openat(watch->proc, whole, O_PATH | O_CLOEXEC | ((int)opening->flags & O_NOFOLLOW));
}

static unsigned long parent_of(int proc, unsigned long pid) {
  char name[32], text[512];
  snprintf(name, sizeof name, "%lu/stat", pid);
  int fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[length > 0 ? length : 0] = '\0';
  /* The name before it may hold blanks and parentheses; behind it the state and the parent, proc_pid_stat(5). */
  const char *behind = strrchr(text, ')');
  return behind == NULL || strlen(behind) < 5 ? 0 : strtoul(behind + 4, NULL, 10);
}

/*
 * Whether a process was started in this session: then it stands for the target. Who asks about another of ours asks about
 * that, and takes it for no process of the target. A path by `self` leads here to this supervisor, and means who asks.
 */
static bool is_of_session(int proc, unsigned long pid) {
  for (int steps = 0; pid > 1 && steps < 1024; steps++) {
    if (pid == (unsigned long)getpid()) return true;
    pid = parent_of(proc, pid);
  }
  return false;
}

static int table_for(const struct watch *watch, const char *table, unsigned long owner) {
  if (watch->without_mounts) return REFUSED;
  if (!is_ours(watch->proc, owner) || !is_of_session(watch->proc, owner)) return AS_ASKED;
  char name[48];
  snprintf(name, sizeof name, "%d/%s", (int)watch->target, table);
  int fd = openat(watch->proc, name, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? REFUSED : fd;
}

/* In one line, whatever it holds. */
static void read_name(const struct watch *watch, uint32_t pid, char program[32]) {
  char path[32];
  snprintf(path, sizeof path, "%u/comm", pid);
  int fd = openat(watch->proc, path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? 0 : read(fd, program, 31);
  if (fd >= 0) close(fd);
  if (length > 0) program[length] = '\0';
  else strcpy(program, "program");
  for (char *at = program; *at != '\0'; at++) {
    if (*at == '\n' && at[1] == '\0') *at = '\0';
    else if (*at < ' ') *at = '?';
  }
}

/*
 * What a program opens that is closed to us is not known. Without a table to give that is refused, except to those that
 * change their user in order to start another program; with one it is refused to those that are about mounts.
 */
static int file_for_closed(const struct watch *watch, uint32_t pid) {
  static const char changing_users[] = " su sudo runuser ", about_mounts[] = " df find findmnt lsblk mount mountpoint umount ";
  char program[32], word[40];
  read_name(watch, pid, program);
  snprintf(word, sizeof word, " %s ", program);
  if (watch->without_mounts) return strstr(changing_users, word) != NULL ? AS_ASKED : REFUSED;
  return strstr(about_mounts, word) != NULL ? REFUSED : AS_ASKED;
}

/* What a program gets that is about to open a file: AS_ASKED, REFUSED or a file of ours. */
int file_for(const struct watch *watch, struct opening *opening) {
  struct capabilities before;
  bool borrowed = false;
  unsigned long owner;
  int memory = open_memory(watch, opening->pid, &before, &borrowed);
  const bool closed = memory < 0 && (errno == EACCES || errno == EPERM);
  int found = memory < 0 ? -1 : find_opened(watch, opening, memory);
  if (borrowed) give_ids_back(&before);
  const char *table = found < 0 ? NULL : table_of(watch->proc, found, &owner);
  if (memory >= 0) close(memory);
  if (found >= 0) close(found);
  if (table != NULL) return table_for(watch, table, owner);
  return closed ? file_for_closed(watch, opening->pid) : AS_ASKED;
}

/* By the standard error of the helper, as what is refused in a shell. */
void tell_refused(const struct watch *watch, uint32_t pid) {
  if (watch->mark == NULL) return;
  char program[32], *line;
  read_name(watch, pid, program);
  int size = asprintf(&line, "\n%s!%s: it cannot see the mounts of the target from beside it\n", watch->mark, program);
  if (size < 0) fail(EXIT_SYSTEM, "refuse", "memory", ENOMEM);
  write_all(STDERR_FILENO, line, (size_t)size);
  free(line);
}
