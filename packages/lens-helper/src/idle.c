// SPDX-License-Identifier: Apache-2.0
#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t asked_to_end = 0;

static void take_signal(int signal) {
  if (signal != SIGCHLD) asked_to_end = 1;
}

/* The first process of a PID namespace has no default actions: without a handler it would ignore SIGTERM. */
static void prepare_signals(sigset_t *open) {
  static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
  struct sigaction action = {.sa_handler = take_signal};
  sigset_t closed;
  sigemptyset(&closed);
  sigprocmask(SIG_SETMASK, &closed, open);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    sigaddset(&closed, signals[i]);
    sigaction(signals[i], &action, NULL);
    sigdelset(open, signals[i]);
  }
  sigprocmask(SIG_BLOCK, &closed, NULL);
}

static long long seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec;
}

static bool is_over(const struct options *options, long long started) {
  /* This clock goes on while the machine sleeps. */
  if (options->deadline_seconds >= 0 && seconds(CLOCK_BOOTTIME) - started >= options->deadline_seconds) return true;
  return options->until >= 0 && seconds(CLOCK_REALTIME) >= options->until;
}

/* False at the end of the input. */
static bool drain_input(void) {
  char bytes[4096];
  ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Looks at the clocks each second: one of them can be set meanwhile, and they count what a timer would not. */
int idle_command(const struct options *options) {
  if (options->rest_count != 0) fail_text(EXIT_USAGE, "idle", options->rest[0], "not an option");
  sigset_t open;
  prepare_signals(&open);
  const long long started = seconds(CLOCK_BOOTTIME);
  struct pollfd input = {.fd = options->ignore_stdin ? -1 : STDIN_FILENO, .events = POLLIN};
  const bool limited = options->deadline_seconds >= 0 || options->until >= 0;
  while (!asked_to_end && !is_over(options, started)) {
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    int ready = ppoll(&input, 1, limited ? &(struct timespec){1, 0} : NULL, &open);
    if (ready < 0 && errno != EINTR) fail(EXIT_SYSTEM, "idle", "input", errno);
    if (ready > 0 && !drain_input()) break;
  }
  return 0;
}
