// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By number, include/uapi/linux/capability.h. */
static const char *const names[] = {
  "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
  "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
  "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
  "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
  "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
  "CHECKPOINT_RESTORE",
};

void write_all(int fd, const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t written = write(fd, at, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(EXIT_SYSTEM);
    at += written;
    length -= (size_t)written;
  }
}

void write_text(int fd, const char *text) {
  write_all(fd, text, strlen(text));
}

void print_capabilities(int fd, uint64_t set) {
  if (set == 0) write_text(fd, "-");
  for (unsigned bit = 0, printed = 0; bit < 64; bit++) {
    if ((set & CAPABILITY(bit)) == 0) continue;
    char name[40];
    if (bit < sizeof names / sizeof *names) snprintf(name, sizeof name, "CAP_%s", names[bit]);
    else snprintf(name, sizeof name, "CAP_%u", bit);
    if (printed++ > 0) write_text(fd, ",");
    write_text(fd, name);
  }
}

/* One line whatever the name of a file holds. */
static void print_escaped(const char *text) {
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    char escaped[5];
    if (byte < 0x20 || byte >= 0x7f || byte == '\\') snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    else snprintf(escaped, sizeof escaped, "%c", byte);
    write_text(STDERR_FILENO, escaped);
  }
}

static void begin(const char *step, const char *object, const char *text) {
  write_text(STDERR_FILENO, "cinc-scan-helper: ");
  write_text(STDERR_FILENO, step);
  write_text(STDERR_FILENO, ": ");
  print_escaped(object);
  write_text(STDERR_FILENO, ": ");
  write_text(STDERR_FILENO, text);
}

_Noreturn void fail_text(int status, const char *step, const char *object, const char *text) {
  begin(step, object, text);
  write_text(STDERR_FILENO, "\n");
  exit(status);
}

_Noreturn void fail(int status, const char *step, const char *object, int error) {
  fail_text(status, step, object, strerror(error));
}

_Noreturn void fail_missing(int status, const char *step, const char *object, int error, uint64_t missing) {
  begin(step, object, strerror(error));
  if (missing != 0) {
    write_text(STDERR_FILENO, ": missing ");
    print_capabilities(STDERR_FILENO, missing);
  }
  write_text(STDERR_FILENO, "\n");
  exit(status);
}
