// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long long limit_of(const struct options *options) {
  return options->limit >= 0 ? options->limit : 16 << 20;
}

static int open_found(const struct view *view, const char *path) {
  struct found found;
  int error = resolve(view, path, true, &found);
  if (error != 0) fail(EXIT_FILE, "open", path, error);
  return found.fd;
}

static int cat(const struct view *view, const char *path, long long limit) {
  int fd = -1, found = open_found(view, path);
  int error = open_regular(found, &fd);
  if (error == EINVAL) fail_text(EXIT_FILE, "open", path, "Not a regular file");
  if (error != 0) fail(EXIT_FILE, "open", path, error);
  char bytes[65536];
  for (;;) {
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(EXIT_FILE, "read", path, errno);
    if (got == 0) return 0;
    write_all(STDOUT_FILENO, bytes, (size_t)(got > limit ? limit : got));
    if (got > limit) fail_text(EXIT_TRUNCATED, "read", path, "longer than the limit");
    limit -= got;
  }
}

static char letter_of(int directory, const struct dirent *entry) {
  static const char letters[] = {
    [DT_REG] = 'f', [DT_DIR] = 'd', [DT_LNK] = 'l', [DT_FIFO] = 'p', [DT_SOCK] = 's', [DT_BLK] = 'b', [DT_CHR] = 'c',
  };
  unsigned type = entry->d_type;
  struct stat status;
  if (type == DT_UNKNOWN && fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    type = IFTODT(status.st_mode);
  return type < sizeof letters && letters[type] != '\0' ? letters[type] : '?';
}

/* For each entry a letter for its type, a blank, its name and a NUL, in no order. */
static int list(const struct view *view, const char *path, long long limit) {
  int found = open_found(view, path);
  int fd = openat(found, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) fail(EXIT_FILE, "open", path, errno);
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(directory);
    if (entry == NULL && errno != 0) fail(EXIT_FILE, "read", path, errno);
    if (entry == NULL) return closedir(directory);
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    char line[sizeof entry->d_name + 3];
    int length = snprintf(line, sizeof line, "%c %s", letter_of(fd, entry), entry->d_name) + 1;
    if (length > limit) fail_text(EXIT_TRUNCATED, "read", path, "longer than the limit");
    limit -= length;
    write_all(STDOUT_FILENO, line, (size_t)length);
  }
}

int file_command(const struct options *options) {
  if (options->pid <= 0 || options->rest_count != 2)
    fail_text(EXIT_USAGE, "file", "options", "needs --pid, one of cat, look and list, and a path");
  const char *question = options->rest[0], *path = options->rest[1];
  struct process target;
  struct view view = {.pid = (pid_t)options->pid, .walk = options->walk};
  view.root = open_target_root(options, &target);
  if (strcmp(question, "cat") == 0) return cat(&view, path, limit_of(options));
  if (strcmp(question, "list") == 0) return list(&view, path, limit_of(options));
  if (strcmp(question, "look") == 0) return look(&view, path, options->separator == NULL ? "\n" : options->separator);
  fail_text(EXIT_USAGE, "file", question, "not one of cat, look and list");
}
