// SPDX-License-Identifier: Apache-2.0
/*
 * A process may have changed its root directory: what it shows then is its jail, not its container. Only the process
 * itself is held below it. To us ".." leads further up (path_resolution(7)), to the root of the container's mounts, where
 * it leads nowhere else.
 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { most_climbed = 4096, statx_mount = 0x1000, at_empty_path = 0x1000 };

/* Which mount a descriptor is on (Linux 5.8), or 0: `stx_mnt_id` of struct statx, which older C libraries lack. */
static uint64_t mount_of(int fd) {
  union {
    uint32_t mask;
    uint64_t word[32];
  } status = {.word = {0}};
  if (syscall(SYS_statx, fd, "", at_empty_path, statx_mount, &status) != 0) return 0;
  return (status.mask & statx_mount) == 0 ? 0 : status.word[18];
}

static bool same_place(int a, int b) {
  struct stat one, other;
  if (fstat(a, &one) != 0 || fstat(b, &other) != 0) return false;
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino && mount_of(a) == mount_of(b);
}

/* The topmost directory above this one, in place of it, or -1 with errno set. */
int climb(int root, bool *climbed) {
  *climbed = false;
  for (int step = 0; step < most_climbed; step++) {
    int up = openat(root, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool top = up >= 0 && same_place(root, up);
    int reason = errno;
    close(top ? up : root);
    errno = reason;
    if (top || up < 0) return top ? root : -1;
    root = up;
    *climbed = true;
  }
  close(root);
  errno = ELOOP;
  return -1;
}

/* Who made a user namespace may give itself other mounts, and show us those. */
void check_user_namespace(const struct process *target) {
  struct stat own, other;
  int fd = open_of(target, "ns/user", O_RDONLY);
  if (fd < 0 && errno == ENOENT) return; /* a kernel without them */
  if (fd < 0) fail(EXIT_REFUSED, "check-namespace", "target", errno);
  bool known = fstat(fd, &other) == 0 && stat("/proc/self/ns/user", &own) == 0;
  close(fd);
  if (!known || own.st_dev != other.st_dev || own.st_ino != other.st_ino)
    fail_text(EXIT_REFUSED, "check-namespace", "target", "the process is in a user namespace of its own");
}
