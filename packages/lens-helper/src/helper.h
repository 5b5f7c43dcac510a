// SPDX-License-Identifier: Apache-2.0
#ifndef CINC_SCAN_HELPER_H
#define CINC_SCAN_HELPER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the exit codes mean is in README.md, in a table that a test compares with this list. */
enum {
  EXIT_FILE = 1,
  EXIT_USAGE = 2,
  EXIT_GONE = 3,
  EXIT_NOT_FOUND = 4,
  EXIT_REFUSED = 5,
  EXIT_CHROOT = 6,
  EXIT_AMBIGUOUS = 7,
  EXIT_SHELL = 8,
  EXIT_UNKNOWABLE = 9,
  EXIT_TRUNCATED = 10,
  EXIT_SYSTEM = 11,
  EXIT_DEADLINE = 12,
  EXIT_IDENTITY = 13,
};

/* Numbers are -1 and texts NULL where they were not given. */
struct options {
  long long pid, starttime, wait_ms, deadline_seconds, until, limit;
  const char *container_id, *marker, *shell, *program, *separator, *mark;
  bool all, ignore_stdin, walk, target_environ, as_target, without_mounts;
  char **rest;
  int rest_count;
};

/* report.c */
_Noreturn void fail(int status, const char *step, const char *object, int error);
_Noreturn void fail_missing(int status, const char *step, const char *object, int error, uint64_t missing);
_Noreturn void fail_text(int status, const char *step, const char *object, const char *text);
void print_capabilities(int fd, uint64_t set);
void write_all(int fd, const void *bytes, size_t length);
void write_text(int fd, const char *text);

/* credentials.c */
enum { SETGID = 6, SETUID = 7, SYS_CHROOT = 18, SYS_PTRACE = 19, SYS_ADMIN = 21 };
#define CAPABILITY(number) (UINT64_C(1) << (number))

struct capabilities {
  uint64_t effective, permitted, inheritable;
};

struct ids {
  uid_t uid[3];
  gid_t gid[3];
  uint64_t permitted, bounding;
  bool no_new_privileges;
};

struct capabilities own_capabilities(void);
bool set_capabilities(const struct capabilities *set);
bool borrow_ids(const struct ids *ids, struct capabilities *before);
void give_ids_back(const struct capabilities *before);
uint64_t missing_to_look_into(const struct ids *ids);

/* process.c */
struct process {
  pid_t pid;
  int dir; /* stands for this process alone, also after another got its number */
  char state;
  pid_t parent;
  unsigned long long start;
  struct ids ids;
};

int open_process(pid_t pid, struct process *process);
void close_process(struct process *process);
int open_of(const struct process *process, const char *name, int flags);
char *read_of(const struct process *process, const char *name, size_t limit, size_t *length);
int next_pid(void *proc);
int open_target_root(const struct options *options, struct process *target);
int try_target_root(const struct options *options, struct process *target, bool *jailed);

/* root.c */
int climb(int root, bool *climbed);
void check_user_namespace(const struct process *target);

const char *line_of(const char *text, const char *key);

/* identity.c */
struct identity {
  uid_t uid;
  gid_t gid, *groups;
  size_t count;
  uint64_t bounding, inheritable;
};

struct identity identity_of(const struct process *target);
void take_identity(const struct identity *identity);

/* What a program is about to open: addresses are in its memory, `how` is 0 where its flags are known. */
struct opening {
  uint32_t pid;
  int folder;
  uint64_t path, flags, how;
};

/* Whose mounts are shown, if any, and what begins a line that says that they were not. */
struct watch {
  int proc;
  pid_t target;
  bool without_mounts;
  const char *mark;
};

/* supervise.c */
bool watch_opens(const struct watch *watch);

/* mounts.c */
enum { AS_ASKED = -1, REFUSED = -2 };
int file_for(const struct watch *watch, struct opening *opening);
void tell_refused(const struct watch *watch, uint32_t pid);
bool leads_to_own_mounts(const char *path);

/* resolve.c */
struct found {
  int fd;
  char link[PATH_MAX]; /* of a symbolic link that was not followed */
};

struct view {
  int root;
  pid_t pid;
  bool walk;
};

int resolve(const struct view *view, const char *path, bool follow, struct found *found);
int canonical(const struct view *view, const char *path, char real[PATH_MAX]);
int open_regular(int found, int *fd);

/* look.c */
int look(const struct view *view, const char *path, const char *separator);

/* guard.c */
int guard(pid_t shell, long long deadline_seconds);

/* reach.c */
void close_to_others(void);

/* find.c */
bool is_of_own_container(const struct process *process);

/* one for each command */
int find_command(const struct options *options);
int enter_command(const struct options *options);
int probe_command(const struct options *options);
int file_command(const struct options *options);
int idle_command(const struct options *options);
int reach_command(const struct options *options);
int tool_command(const struct options *options);
int refuse_command(const struct options *options);

#endif
