// SPDX-License-Identifier: Apache-2.0
/*
 * Everything about one path in one answer: whether it is there, its own status, what a symbolic link says, its path
 * without links, the status of what it leads to, and the content of a small regular file, with a separator between.
 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { most_content = 65536, most_accounts = 4 << 20 };

static char *read_file(const struct view *view, const char *path, size_t limit, size_t *length) {
  struct found found;
  int fd = -1;
  if (resolve(view, path, true, &found) != 0) return NULL;
  int error = open_regular(found.fd, &fd);
  close(found.fd);
  char *bytes = error == 0 ? malloc(limit) : NULL;
  size_t used = 0;
  while (bytes != NULL && used < limit) {
    ssize_t got = read(fd, bytes + used, limit - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      free(bytes);
      bytes = NULL;
    }
    if (got <= 0) break;
    used += (size_t)got;
  }
  if (fd >= 0) close(fd);
  *length = bytes == NULL ? 0 : used;
  return bytes;
}

/* The name in a line `name:password:number:…`, if the number is this one: its length, or 0. */
static size_t name_in(const char *line, const char *end, const char *number) {
  const char *password = memchr(line, ':', (size_t)(end - line));
  const char *field = password == NULL ? NULL : memchr(password + 1, ':', (size_t)(end - password - 1));
  if (field == NULL || memchr(line, '\0', (size_t)(end - line)) != NULL) return 0;
  const char *after = memchr(field + 1, ':', (size_t)(end - field - 1));
  size_t digits = (size_t)((after == NULL ? end : after) - field - 1);
  return digits == strlen(number) && memcmp(field + 1, number, digits) == 0 ? (size_t)(password - line) : 0;
}

/* The name of the first account or group with this number, from a file of the target. */
static void print_name(const struct view *view, const char *accounts, unsigned id) {
  size_t length = 0, name = 0;
  char *text = read_file(view, accounts, most_accounts, &length);
  char number[16];
  snprintf(number, sizeof number, "%u", id);
  for (const char *line = text, *stop = text + length; text != NULL && name == 0 && line < stop;) {
    const char *end = memchr(line, '\n', (size_t)(stop - line));
    if (end == NULL) end = stop;
    name = name_in(line, end, number);
    if (name != 0) write_all(STDOUT_FILENO, line, name);
    line = end + 1;
  }
  free(text);
  if (name == 0) write_text(STDOUT_FILENO, "UNKNOWN");
}

/* Of whatever the descriptor stands for, also a link: this path to it is followed once. */
static void print_label(int fd) {
  char self[32], label[4096];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  ssize_t length = getxattr(self, "security.selinux", label, sizeof label);
  if (length > 0 && label[length - 1] == '\0') length--;
  write_all(STDOUT_FILENO, length > 0 ? label : "?", length > 0 ? (size_t)length : 1);
}

/* Size, mode (hex), owner, uid, group, gid, accessed, modified, label: a line for each. */
static void print_status(const struct view *view, int fd, const struct stat *status) {
  char text[128];
  snprintf(text, sizeof text, "%lld\n%x\n", (long long)status->st_size, status->st_mode);
  write_text(STDOUT_FILENO, text);
  print_name(view, "/etc/passwd", status->st_uid);
  snprintf(text, sizeof text, "\n%u\n", status->st_uid);
  write_text(STDOUT_FILENO, text);
  print_name(view, "/etc/group", status->st_gid);
  snprintf(text, sizeof text, "\n%u\n%lld\n%lld\n", status->st_gid, (long long)status->st_atime,
           (long long)status->st_mtime);
  write_text(STDOUT_FILENO, text);
  print_label(fd);
}

static void print_link(const struct view *view, const char *path, const struct found *own, const char *separator) {
  char real[PATH_MAX];
  if (own->link[0] != '\0') {
    write_text(STDOUT_FILENO, own->link);
    write_text(STDOUT_FILENO, "\n");
  }
  write_text(STDOUT_FILENO, separator);
  if (own->link[0] != '\0' && canonical(view, path, real) == 0) {
    write_text(STDOUT_FILENO, real);
    write_text(STDOUT_FILENO, "\n");
  }
}

/* From the same file whose status was told, so that both belong together. */
static void print_content(int found, long long size) {
  static char bytes[most_content];
  int fd = -1;
  if (size <= 0 || size > most_content || open_regular(found, &fd) != 0) return;
  size_t used = 0;
  while (used < sizeof bytes) {
    ssize_t got = read(fd, bytes + used, sizeof bytes - used);
    if (got < 0 && errno == EINTR) continue;
    /* Part of a file must not pass for the whole of it: whoever wants the content asks again and sees the error. */
    if (got < 0) used = 0;
    if (got <= 0) break;
    used += (size_t)got;
  }
  close(fd);
  write_all(STDOUT_FILENO, bytes, used);
}

/* Errors that say that there is nothing; any other says that nobody can tell. */
static bool means_absent(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

int look(const struct view *view, const char *path, const char *separator) {
  struct found own, target;
  struct stat status;
  int error = resolve(view, path, false, &own);
  if (means_absent(error)) {
    write_text(STDOUT_FILENO, "0");
    return 0;
  }
  /* Not "absent": nobody knows what a closed directory holds. */
  if (error != 0) fail(EXIT_UNKNOWABLE, "look", path, error);
  if (fstat(own.fd, &status) != 0) fail(EXIT_UNKNOWABLE, "look", path, errno);
  write_text(STDOUT_FILENO, "1");
  write_text(STDOUT_FILENO, separator);
  print_status(view, own.fd, &status);
  write_text(STDOUT_FILENO, separator);
  print_link(view, path, &own, separator);
  write_text(STDOUT_FILENO, separator);
  error = resolve(view, path, true, &target);
  bool there = error == 0;
  if (there && fstat(target.fd, &status) == 0) print_status(view, target.fd, &status);
  if (!there && !means_absent(error)) {
    write_text(STDOUT_FILENO, "?: ");
    write_text(STDOUT_FILENO, strerror(error));
  }
  write_text(STDOUT_FILENO, separator);
  if (there) print_content(target.fd, status.st_size);
  return 0;
}
