// SPDX-License-Identifier: Apache-2.0
/*
 * Watches over the shell and all that comes from it. It is the parent, so no number it kills can have passed to a
 * process of the target, and nothing is left for the target's first process to bury.
 */
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec time;
  /* Goes on while the machine sleeps. */
  clock_gettime(CLOCK_BOOTTIME, &time);
  return time.tv_sec;
}

enum { patience_seconds = 10, most_wait = 60 };

/* What the shell left behind is a child of this process now, whatever group it is in. */
static void end_children(pid_t self) {
  /* A process that waits in the kernel for a device or a network file system ends when that answers. */
  for (const long long end = now() + patience_seconds; now() < end;) {
    DIR *proc = opendir("/proc");
    for (int pid; proc != NULL && (pid = next_pid(proc)) != 0;) {
      struct process process;
      if (open_process(pid, &process) != 0) continue;
      if (process.parent == self) kill(pid, SIGKILL);
      close_process(&process);
    }
    if (proc != NULL) closedir(proc);
    pid_t ended;
    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) continue;
    if (ended < 0 && errno == ECHILD) return;
    nanosleep(&(struct timespec){0, 2 * 1000000}, NULL);
  }
}

static int end_shell(pid_t shell) {
  int status = 0;
  /* Before it is waited for its number cannot be given to another group. */
  kill(-shell, SIGKILL);
  while (waitpid(shell, &status, 0) < 0 && errno == EINTR) continue;
  end_children(getpid());
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool has_ended(pid_t shell) {
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)shell, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == shell;
}

/* Buries orphans that ended while the shell runs; the shell itself has to stay. */
static void bury_orphans(pid_t shell) {
  siginfo_t info = {.si_pid = 0};
  while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0 && info.si_pid != shell) {
    waitpid(info.si_pid, NULL, WNOHANG);
    info.si_pid = 0;
  }
}

/*
 * Waits for the end of the shell, the deadline or a signal; what the shell returned, or why it was ended.
 * The signals it waits for are blocked since before the shell was made.
 */
int guard(pid_t shell, long long deadline_seconds) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  const long long end = now() + deadline_seconds;
  for (;;) {
    if (has_ended(shell)) return end_shell(shell);
    bury_orphans(shell);
    long long left = deadline_seconds < 0 ? most_wait : end - now();
    if (left <= 0) {
      end_shell(shell);
      fail_text(EXIT_DEADLINE, "deadline", "shell", "its time is over");
    }
    int signal = sigtimedwait(&signals, NULL, &(struct timespec){left > most_wait ? most_wait : left, 0});
    if (signal > 0 && signal != SIGCHLD) {
      end_shell(shell);
      return 128 + signal;
    }
  }
}
