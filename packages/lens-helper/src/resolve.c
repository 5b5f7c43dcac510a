// SPDX-License-Identifier: Apache-2.0
/*
 * Paths below the root directory of a target that we have not entered. The kernel resolves them where it can
 * (openat2(2), Linux 5.6); where a seccomp profile refuses that, and in proc file systems, each component is opened on
 * its own without following links. Either way no link and no ".." leads out of the target's root.
 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/openat2.h and linux/magic.h, which musl's compiler wrapper does not find; the number is the same everywhere. */
enum { openat2_number = 437, no_magic_links = 0x02, in_root = 0x10, proc_super_magic = 0x9fa0, proc_root_inode = 1 };
struct how {
  uint64_t flags, mode, resolve;
};

enum { most_links = 40, most_steps = 20000, most_attempts = 32 };

static int ask_kernel(const struct view *view, const char *path, bool follow) {
  struct how how = {O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0, in_root | no_magic_links};
  for (int attempt = 0;; attempt++) {
    int fd = (int)syscall(openat2_number, view->root, path, &how, sizeof how);
    /* EAGAIN: something was renamed meanwhile. */
    if (fd >= 0 || errno != EAGAIN || attempt == most_attempts) return fd;
  }
}

static bool on_proc(int fd) {
  struct statfs system;
  return fstatfs(fd, &system) == 0 && system.f_type == proc_super_magic;
}

struct walk {
  const struct view *view;
  int at;              /* the directory reached; the view's own root is never closed */
  char real[PATH_MAX]; /* its path, empty for the root */
  char rest[2 * PATH_MAX];
  char link[PATH_MAX];
  int links, steps;
};

static void move_to(struct walk *walk, int fd) {
  if (walk->at != walk->view->root) close(walk->at);
  walk->at = fd;
}

static int step(struct walk *walk, int from, const char *name) {
  if (++walk->steps > most_steps) {
    errno = ELOOP;
    return -1;
  }
  return openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Up by going down again: ".." of a directory that is moved meanwhile could lead anywhere. */
static bool go_up(struct walk *walk) {
  char *last = strrchr(walk->real, '/');
  if (last != NULL) *last = '\0';
  move_to(walk, walk->view->root);
  for (const char *at = walk->real; *at == '/';) {
    const char *end = strchrnul(at + 1, '/');
    char name[NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)(end - at - 1), at + 1);
    int fd = step(walk, walk->at, name);
    if (fd < 0) return false;
    move_to(walk, fd);
    at = end;
  }
  return true;
}

/* "/proc/self" would be this process: in the view of the target it is the target. */
static bool read_link(struct walk *walk, int fd, const char *name) {
  struct stat parent;
  if (on_proc(fd) && fstat(walk->at, &parent) == 0 && parent.st_ino == proc_root_inode) {
    int pid = (int)walk->view->pid;
    if (strcmp(name, "self") == 0) return snprintf(walk->link, PATH_MAX, "%d", pid) > 0;
    if (strcmp(name, "thread-self") == 0) return snprintf(walk->link, PATH_MAX, "%d/task/%d", pid, pid) > 0;
  }
  ssize_t length = readlinkat(fd, "", walk->link, PATH_MAX - 1);
  if (length < 0) return false;
  walk->link[length] = '\0';
  if (length == 0) errno = ENOENT;
  return length > 0;
}

static bool follow_link(struct walk *walk) {
  char rest[sizeof walk->rest];
  if (++walk->links > most_links) {
    errno = ELOOP;
    return false;
  }
  if ((size_t)snprintf(rest, sizeof rest, "%s%s", walk->link, walk->rest) >= sizeof rest) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(walk->rest, rest, strlen(rest) + 1);
  if (walk->link[0] == '/') {
    move_to(walk, walk->view->root);
    walk->real[0] = '\0';
  }
  return true;
}

static bool add_name(struct walk *walk, const char *name) {
  size_t used = strlen(walk->real);
  if (used + 1 + strlen(name) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  snprintf(walk->real + used, PATH_MAX - used, "/%s", name);
  return true;
}

/* Takes the next component from the rest; an empty name at the end. */
static bool take_name(struct walk *walk, char name[NAME_MAX + 1]) {
  const char *from = walk->rest + strspn(walk->rest, "/");
  size_t length = strcspn(from, "/");
  if (length > NAME_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(name, from, length);
  name[length] = '\0';
  memmove(walk->rest, from + length, strlen(from + length) + 1);
  return true;
}

/* Opens one named component and decides where the walk goes on. 1: on; 0: this is the end; -1: failed. */
static int enter_name(struct walk *walk, const char *name, bool follow) {
  struct stat status;
  bool last = walk->rest[0] == '\0';
  int fd = step(walk, walk->at, name);
  if (fd < 0) {
    int reason = errno;
    if (last && reason == ENOENT) add_name(walk, name);
    errno = reason;
    return -1;
  }
  bool known = fstat(fd, &status) == 0;
  bool link = known && S_ISLNK(status.st_mode);
  if (link && !read_link(walk, fd, name)) known = false;
  if (known && link && (follow || !last)) {
    close(fd);
    return follow_link(walk) ? 1 : -1;
  }
  if (known && !last && !S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    known = false;
  }
  if (!known || !add_name(walk, name)) {
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
  }
  if (!link) walk->link[0] = '\0';
  move_to(walk, fd);
  return last ? 0 : 1;
}

static bool take_steps(struct walk *walk, bool follow) {
  for (;;) {
    char name[NAME_MAX + 1];
    if (!take_name(walk, name)) return false;
    if (name[0] == '\0') return true;
    if (strcmp(name, ".") == 0) continue;
    if (strcmp(name, "..") == 0) {
      if (!go_up(walk)) return false;
      continue;
    }
    int next = enter_name(walk, name, follow);
    if (next <= 0) return next == 0;
  }
}

/* The descriptor reached or -1; `real` is filled in also for a last component that does not exist (ENOENT). */
static int walk_to(struct walk *walk, const char *path, bool follow) {
  walk->at = walk->view->root;
  walk->real[0] = walk->link[0] = '\0';
  walk->links = walk->steps = 0;
  if (path[0] == '\0' || strlen(path) >= PATH_MAX) {
    errno = path[0] == '\0' ? ENOENT : ENAMETOOLONG;
    return -1;
  }
  strcpy(walk->rest, path);
  bool arrived = take_steps(walk, follow);
  int reason = errno;
  int fd = arrived ? fcntl(walk->at, F_DUPFD_CLOEXEC, 0) : -1;
  if (arrived) reason = errno;
  move_to(walk, walk->view->root);
  errno = reason;
  return fd;
}

/* Whether what the kernel said is for the walk to judge: it does not know the call, or met a link of a proc. */
static bool needs_walk(int error) {
  return error == ENOSYS || error == EPERM || error == EAGAIN || error == ELOOP || error == EXDEV;
}

/* 0, or an error number. */
int resolve(const struct view *view, const char *path, bool follow, struct found *found) {
  found->fd = view->walk ? -1 : ask_kernel(view, path, follow);
  found->link[0] = '\0';
  if (found->fd < 0 && !view->walk && !needs_walk(errno)) return errno;
  if (found->fd >= 0 && !on_proc(found->fd)) {
    ssize_t length = readlinkat(found->fd, "", found->link, PATH_MAX - 1);
    found->link[length > 0 ? length : 0] = '\0';
    return 0;
  }
  if (found->fd >= 0) close(found->fd);
  struct walk walk = {.view = view};
  found->fd = walk_to(&walk, path, follow);
  if (found->fd < 0) return errno;
  memcpy(found->link, walk.link, sizeof found->link);
  return 0;
}

/* The path without links, as readlink -f gives it: its last component need not exist. 0, or an error number. */
int canonical(const struct view *view, const char *path, char real[PATH_MAX]) {
  struct walk walk = {.view = view};
  int fd = walk_to(&walk, path, true);
  int error = fd >= 0 ? 0 : errno;
  if (fd >= 0) close(fd);
  if (error == ENOENT && walk.real[0] != '\0' && walk.rest[0] == '\0') error = 0;
  snprintf(real, PATH_MAX, "%s", walk.real[0] == '\0' ? "/" : walk.real);
  return error;
}

/* Opens what was found for reading, if it is a regular file: opening anything else can wait or have effects. */
int open_regular(int found, int *fd) {
  struct stat status;
  char self[32];
  if (fstat(found, &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return EINVAL;
  snprintf(self, sizeof self, "/proc/self/fd/%d", found);
  *fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return *fd < 0 ? errno : 0;
}
