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

struct plan {
  char *const *environment;
  struct identity identity;
  int folder;
};

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

/* Where programs that are started as the target find what is of ours: no path of theirs leads to it. */
enum { TOOLS = 96, HELPER = 97, VOICE = 98 };

static void leave_open(int fd, int number) {
  if (fd < 0 || dup2(fd, number) != number) fail(EXIT_SYSTEM, "leave-open", "tools", errno);
}

/* A child that runs as the target, with its rights alone. */
static void become_target(int shell, const struct plan *plan) {
  leave_open(shell, TOOLS);
  leave_open(STDERR_FILENO, VOICE);
  take_identity(&plan->identity);
  char path[PATH_MAX];
  /* Where the container's commands start, as far as its process stayed there; never outside of its root. */
  if (plan->folder >= 0 && (fchdir(plan->folder) != 0 || getcwd(path, sizeof path) == NULL || path[0] != '/') &&
      chdir("/") != 0)
    fail(EXIT_CHROOT, "change-folder", "/", errno);
}

/*
 * A command of a profile is run only where a supervisor sees what it opens: an empty table of mounts would be an answer.
 * Scripts of ours ask for the target's by name.
 */
static void watch_mounts(const struct options *options, int proc) {
  const struct watch watch = {proc, (pid_t)options->pid, options->without_mounts, options->mark};
  if (!watch_opens(&watch) && options->as_target) fail(EXIT_SYSTEM, "watch-opens", "shell", errno);
  close(proc);
}

_Noreturn static void become_shell(const struct options *options, int shell, int root, const struct plan *plan) {
  sigset_t none;
  sigemptyset(&none);
  setpgid(0, 0);
  int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) fail(EXIT_SYSTEM, "open", "/proc", errno);
  if (options->as_target) leave_open(open("/proc/self/exe", O_PATH | O_CLOEXEC), HELPER);
  if (!change_root(root)) fail_missing(EXIT_CHROOT, "chroot", "target", errno, missing_to_change_root());
  if (options->as_target) become_target(shell, plan);
  if (options->as_target || options->mark != NULL) watch_mounts(options, proc);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (options->program != NULL) execve(options->program, options->rest, plan->environment);
  else fexecve(shell, options->rest, plan->environment);
  fail(EXIT_SHELL, "exec-shell", options->program != NULL ? options->program : shell_of(options), errno);
}

/*
 * A tool that its user may not read is closed to the supervisor, which then does not see that it reads the mounts of our
 * container. Some look at a file from outside only.
 */
static void refuse_own_mounts(const struct options *options) {
  static const char from_outside[] = " basename dirname du find ln ls readlink realpath stat ";
  char path[32], word[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", TOOLS);
  snprintf(word, sizeof word, " %s ", options->rest[0]);
  if (access(path, R_OK) == 0 || strstr(from_outside, word) != NULL) return;
  for (int i = 1; i < options->rest_count; i++) {
    if (leads_to_own_mounts(options->rest[i]))
      fail_text(EXIT_SHELL, "exec-tool", options->rest[i], "unsupported from beside the target");
  }
}

/* One of our tools, for a shell that runs as the target. */
int tool_command(const struct options *options) {
  if (options->rest_count < 1) fail_text(EXIT_USAGE, "tool", "options", "needs a name");
  refuse_own_mounts(options);
  fexecve(TOOLS, options->rest, environ);
  fail(EXIT_SHELL, "exec-tool", options->rest[0], errno);
}

/* Tells whoever started the session what could not be answered, wherever standard error goes by then. */
int refuse_command(const struct options *options) {
  if (options->rest_count != 2) fail_text(EXIT_USAGE, "refuse", "options", "needs a mark and a text");
  for (char *at = options->rest[1]; *at != '\0'; at++) {
    if (*at == '\n') *at = ' ';
  }
  char *line;
  int length = asprintf(&line, "\n%s!%s\n", options->rest[0], options->rest[1]);
  if (length < 0) fail(EXIT_SYSTEM, "refuse", "memory", ENOMEM);
  write_all(VOICE, line, (size_t)length);
  return 0;
}

int enter_command(const struct options *options) {
  if (options->pid <= 0 || options->rest_count < 1)
    fail_text(EXIT_USAGE, "enter", "options", "needs --pid and, after --, the words of a command");
  close_others();
  int shell = open_shell(options);
  if (shell < 0) fail(EXIT_SHELL, "open-shell", shell_of(options), errno);
  struct process target;
  int root = open_target_root(options, &target);
  struct plan plan = {.environment = options->target_environ ? environment_of(&target) : clean_environment};
  if (options->as_target) plan.identity = identity_of(&target);
  plan.folder = options->as_target ? open_of(&target, "cwd", O_PATH | O_DIRECTORY) : -1;
  close_process(&target);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t child = fork();
  if (child < 0) fail(EXIT_SYSTEM, "fork", "shell", errno);
  if (child == 0) become_shell(options, shell, root, &plan);
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
  bool jailed = false;
  int root = try_target_root(options, &target, &jailed);
  if (root < 0) return tell("none", "open-root", errno, missing_to_look_into(&target.ids));
  if (openat(root, ".", O_PATH | O_CLOEXEC) < 0) return tell("none", "search-root", errno, 0);
  if (jailed && missing_to_change_root() != 0) return tell("none", "leave-jail", EPERM, missing_to_change_root());
  if (open_shell(options) < 0) return tell("files-only", "open-shell", errno, 0);
  if (!change_root(root)) return tell("files-only", "chroot", errno, missing_to_change_root());
  write_text(STDOUT_FILENO, jailed ? "full jailed\n" : "full\n");
  return 0;
}
