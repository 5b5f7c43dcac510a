// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const clean_environment[] = {
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/",
  NULL,
};
enum { most_environment = 1 << 20 };

static const char *shell_of(const struct options *options) {
  return options->shell != NULL ? options->shell : "/bin/busybox";
}

/* Before anything of the target counts: a path would mean another file in there. -1 with errno set. */
static int open_shell(const struct options *options) {
  int fd = open(shell_of(options), O_PATH | O_CLOEXEC);
  struct stat status;
  if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
    close(fd);
    errno = EACCES;
    return -1;
  }
  return fd;
}

static void close_others(void) {
  DIR *own = opendir("/proc/self/fd");
  if (own == NULL) fail(EXIT_SYSTEM, "close", "/proc/self/fd", errno);
  for (struct dirent *entry; (entry = readdir(own)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (fd > STDERR_FILENO && fd != dirfd(own)) close(fd);
  }
  closedir(own);
}

static bool change_root(int root) {
  return fchdir(root) == 0 && chroot(".") == 0 && chdir("/") == 0;
}

static uint64_t missing_to_change_root(void) {
  return CAPABILITY(SYS_CHROOT) & ~own_capabilities().effective;
}

/* The target's own variables, which a program that was started in it would have. */
static char **environment_of(const struct process *target) {
  size_t length = 0, count = 0;
  char *text = read_of(target, "environ", most_environment, &length);
  if (text == NULL) fail(EXIT_REFUSED, "read-environment", "target", errno);
  for (size_t i = 0; i < length; i++) count += text[i] == '\0';
  char **list = calloc(count + 2, sizeof *list);
  if (list == NULL) fail(EXIT_SYSTEM, "read-environment", "memory", ENOMEM);
  count = 0;
  for (char *at = text; at < text + length; at += strlen(at) + 1) {
    if (strchr(at, '=') != NULL) list[count++] = at;
  }
  return list;
}

_Noreturn static void become_shell(const struct options *options, int shell, int root, char *const *environment) {
  sigset_t none;
  sigemptyset(&none);
  setpgid(0, 0);
  if (!change_root(root)) fail_missing(EXIT_CHROOT, "chroot", "target", errno, missing_to_change_root());
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  fexecve(shell, options->rest, environment);
  fail(EXIT_SHELL, "exec-shell", shell_of(options), errno);
}

int enter_command(const struct options *options) {
  if (options->pid <= 0 || options->rest_count < 1)
    fail_text(EXIT_USAGE, "enter", "options", "needs --pid and, after --, the words of a command");
  close_others();
  int shell = open_shell(options);
  if (shell < 0) fail(EXIT_SHELL, "open-shell", shell_of(options), errno);
  struct process target;
  int root = open_target_root(options, &target);
  char *const *environment = options->target_environ ? environment_of(&target) : clean_environment;
  close_process(&target);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t child = fork();
  if (child < 0) fail(EXIT_SYSTEM, "fork", "shell", errno);
  if (child == 0) become_shell(options, shell, root, environment);
  setpgid(child, child);
  /* Else the reader of the shell's output would not see its end. */
  close(STDIN_FILENO);
  close(STDOUT_FILENO);
  return guard(child, options->deadline_seconds);
}

static int tell(const char *view, const char *step, int error, uint64_t missing) {
  write_text(STDOUT_FILENO, view);
  write_text(STDOUT_FILENO, " ");
  write_text(STDOUT_FILENO, step);
  write_text(STDOUT_FILENO, " ");
  write_text(STDOUT_FILENO, strerror(error));
  write_text(STDOUT_FILENO, " ");
  print_capabilities(STDOUT_FILENO, missing);
  write_text(STDOUT_FILENO, "\n");
  return 0;
}

/* Does what it is asked about; it ends afterwards, so that it is then in another root does not matter. */
int probe_command(const struct options *options) {
  if (options->pid <= 0 || options->rest_count != 0) fail_text(EXIT_USAGE, "probe", "options", "needs --pid only");
  struct process target;
  int root = try_target_root(options, &target);
  if (root < 0) return tell("none", "open-root", errno, missing_to_look_into(&target.ids));
  if (openat(root, ".", O_PATH | O_CLOEXEC) < 0) return tell("none", "search-root", errno, 0);
  if (open_shell(options) < 0) return tell("files-only", "open-shell", errno, 0);
  if (!change_root(root)) return tell("files-only", "chroot", errno, missing_to_change_root());
  write_text(STDOUT_FILENO, "full\n");
  return 0;
}
