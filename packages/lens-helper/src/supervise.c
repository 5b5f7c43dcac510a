// SPDX-License-Identifier: Apache-2.0
/*
 * A supervisor is asked before any program of a shell opens a file for reading (seccomp_unotify(2), Linux 5.0), also one
 * that is started by another. It is no part of what it watches, so its own opens ask nobody. The structures are those of
 * linux/seccomp.h, which musl's compiler wrapper does not find.
 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
  int number;
  uint32_t arch;
  uint64_t instruction, arguments[6];
};
struct question {
  uint64_t id;
  uint32_t pid, flags;
  struct call call;
};
struct reply {
  uint64_t id;
  int64_t value;
  int32_t error;
  uint32_t flags;
};
struct given {
  uint64_t id;
  uint32_t flags, from, to, to_flags;
};
#define RECEIVE _IOWR('!', 0, struct question)
#define ANSWER _IOWR('!', 1, struct reply)
#define STILL_ASKED _IOW('!', 2, uint64_t)
#define GIVE _IOW('!', 3, struct given)
enum { GO_ON = 1, SET_FILTER = 1, NEW_LISTENER = 8 };

/* The same number on every architecture. */
enum { IO_URING_SETUP = 425, OPENAT2 = 437, STATMOUNT = 457, LISTMOUNT = 458 };

/* How a processor's programs call the kernel, and those of its 32-bit mode; NONE is no number of a call. */
enum { NONE = -1 };
#if defined(__x86_64__)
enum { OWN = 0xc000003e, OPEN = 2, OPENAT = 257, OTHER = 0x40000003, OTHER_OPEN = 5, OTHER_OPENAT = 295 };
#elif defined(__aarch64__)
enum { OWN = 0xc00000b7, OPEN = NONE, OPENAT = 56, OTHER = 0x40000028, OTHER_OPEN = 5, OTHER_OPENAT = 322 };
#else
enum { OWN = 0, OPEN = NONE, OPENAT = NONE, OTHER = 0, OTHER_OPEN = NONE, OTHER_OPENAT = NONE };
#endif

struct step {
  uint16_t code;
  uint8_t yes, no;
  uint32_t value;
};
struct filter {
  uint16_t length;
  const struct step *steps;
};
#define LOAD(field) {0x20, 0, 0, (uint32_t)offsetof(struct call, field)}
#define IS(number, yes, no) {0x15, (yes), (no), (uint32_t)(number)}
#define HAS(bits, yes, no) {0x45, (yes), (no), (uint32_t)(bits)}
#define RETURN(action) {0x06, 0, 0, (action)}
enum { ALLOW = 0x7fff0000, ASK = 0x7fc00000, NO_SUCH_CALL = 0x00050000 | ENOSYS };
#define KILL 0x80000000u
/* Calls of x32, a third mode of x86-64, which has other numbers and hardly a program. */
enum { X32 = 0x40000000 };
/* What opens a folder, as walks do, or reads nothing, keeps its speed. */
enum { NOT_READING = O_WRONLY | O_DIRECTORY | O_PATH };

/* Calls that would tell of mounts without an open, or open without a call, are none: programs have another way. */
#define CALLS_OF(arch, open, openat) \
  /* 0 */ IS(arch, 0, 16), LOAD(number), HAS(X32, 13, 0), \
  /* 3 */ IS(openat, 6, 0), IS(open, 7, 0), IS(OPENAT2, 9, 0), \
  /* 6 */ IS(STATMOUNT, 9, 0), IS(LISTMOUNT, 8, 0), IS(IO_URING_SETUP, 7, 0), RETURN(ALLOW), \
  /* 10, openat */ LOAD(arguments[2]), HAS(NOT_READING, 2, 3), \
  /* 12, open */ LOAD(arguments[1]), HAS(NOT_READING, 0, 1), \
  /* 14 */ RETURN(ALLOW), RETURN(ASK), RETURN(NO_SUCH_CALL)

static const struct step steps[] = {
  LOAD(arch), CALLS_OF(OWN, OPEN, OPENAT), CALLS_OF(OTHER, OTHER_OPEN, OTHER_OPENAT), RETURN(KILL),
};

static struct opening opening_of(const struct question *asked) {
  const struct call *call = &asked->call;
  const bool own = call->arch == (uint32_t)OWN;
  if (call->number == (own ? (int)OPEN : (int)OTHER_OPEN))
    return (struct opening){asked->pid, AT_FDCWD, call->arguments[0], call->arguments[1], 0};
  const bool plain = call->number == (own ? (int)OPENAT : (int)OTHER_OPENAT);
  return (struct opening){
    .pid = asked->pid, .folder = (int)call->arguments[0], .path = call->arguments[1],
    .flags = plain ? call->arguments[2] : 0, .how = plain ? 0 : call->arguments[2],
  };
}

/* Never the table that the kernel has for a process of ours: its reader would take that for "nothing is mounted". */
static void answer(int listener, const struct watch *watch) {
  struct question asked;
  memset(&asked, 0, sizeof asked);
  if (ioctl(listener, RECEIVE, &asked) != 0) return;
  struct opening opening = opening_of(&asked);
  int fd = file_for(watch, &opening);
  struct reply reply = {.id = asked.id, .flags = fd == AS_ASKED ? GO_ON : 0};
  if (fd != AS_ASKED && ioctl(listener, STILL_ASKED, &asked.id) == 0) {
    struct given given = {.id = asked.id, .from = (uint32_t)fd, .to_flags = (uint32_t)opening.flags & O_CLOEXEC};
    /* Linux 5.9; before that there is nothing but refusing. */
    int there = fd < 0 ? -1 : ioctl(listener, GIVE, &given);
    if (there < 0) tell_refused(watch, asked.pid);
    reply.value = there < 0 ? 0 : there;
    reply.error = there < 0 ? -EACCES : 0;
  }
  if (fd >= 0) close(fd);
  (void)ioctl(listener, ANSWER, &reply);
}

union passed {
  char bytes[CMSG_SPACE(sizeof(int))];
  struct cmsghdr header;
};

static bool pass(int socket, int fd) {
  char byte = 0;
  union passed passed = {.header = {.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&passed.header), &fd, sizeof fd);
  struct msghdr message = {
    .msg_iov = &(struct iovec){&byte, 1}, .msg_iovlen = 1, .msg_control = &passed, .msg_controllen = sizeof passed,
  };
  return sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

/* -1 where the other end is closed without. */
static int take_passed(int socket) {
  char byte;
  union passed passed;
  memset(&passed, 0, sizeof passed);
  struct msghdr message = {
    .msg_iov = &(struct iovec){&byte, 1}, .msg_iovlen = 1, .msg_control = &passed, .msg_controllen = sizeof passed,
  };
  int fd;
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || CMSG_FIRSTHDR(&message) == NULL) return -1;
  memcpy(&fd, CMSG_DATA(&passed.header), sizeof fd);
  return fd;
}

/* Buries what the child left behind too, which stays a descendant that way: Yama lets nobody else be looked into. */
static bool has_ended(pid_t child, int *status) {
  int how;
  for (pid_t ended; (ended = waitpid(-1, &how, WNOHANG)) > 0;) {
    if (ended != child) continue;
    *status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
    return true;
  }
  return false;
}

/* All signals are blocked since before the child was made, so none is missed. */
static int supervise(pid_t child, int listener, const struct watch *watch) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGCHLD);
  int signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK), status = 0;
  if (signals < 0) fail(EXIT_SYSTEM, "watch-opens", "signals", errno);
  while (!has_ended(child, &status)) {
    struct pollfd wait[2] = {{.fd = signals, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
    struct signalfd_siginfo told;
    if (poll(wait, 2, -1) < 0 && errno != EINTR) break;
    while (read(signals, &told, sizeof told) > 0) continue;
    if (wait[1].revents & POLLIN) answer(listener, watch);
    else if (wait[1].revents != 0) listener = -1;
  }
  return status;
}

/* From 2 on Yama keeps processes from their own ancestors too. */
static bool may_look_into_children(const struct watch *watch) {
  char scope = '0';
  int fd = openat(watch->proc, "sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return true;
  bool known = read(fd, &scope, 1) == 1;
  close(fd);
  return known && scope < '2';
}

static int install(const struct watch *watch) {
  if (OWN == 0 || !may_look_into_children(watch)) {
    errno = OWN == 0 ? ENOSYS : EPERM;
    return -1;
  }
  const struct filter filter = {sizeof steps / sizeof *steps, steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return (int)syscall(SYS_seccomp, SET_FILTER, NEW_LISTENER, &filter);
}

/*
 * Returns in a child whose opens are watched, or, with errno set and false, are not, since the kernel or a seccomp
 * profile refuses it. This process becomes its supervisor, and ends as it does.
 */
bool watch_opens(const struct watch *watch) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail(EXIT_SYSTEM, "watch-opens", "socket", errno);
  pid_t child = fork();
  if (child < 0) fail(EXIT_SYSTEM, "fork", "supervisor", errno);
  if (child > 0) {
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(ends[1]);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(supervise(child, take_passed(ends[0]), watch));
  }
  close(ends[0]);
  setpgid(0, 0);
  int listener = install(watch);
  if (listener >= 0 && !pass(ends[1], listener)) fail(EXIT_SYSTEM, "watch-opens", "socket", errno);
  int reason = errno;
  if (listener >= 0) close(listener);
  close(ends[1]);
  errno = reason;
  return listener >= 0;
}
