// SPDX-License-Identifier: Apache-2.0
/*
 * Linux shows /proc/PID/root to whoever has the process's user and group as file system IDs and at least its permitted
 * capabilities, or CAP_SYS_PTRACE (ptrace(2), "Ptrace access mode checking"). Root with CAP_SETUID and CAP_SETGID can
 * take such IDs for a moment.
 */
#include "helper.h"

#include <errno.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The third version of the structures in linux/capability.h, which musl's compiler wrapper does not find. */
struct header {
  uint32_t version;
  int pid;
};
struct half {
  uint32_t effective, permitted, inheritable;
};
static const uint32_t version = 0x20080522;

struct capabilities own_capabilities(void) {
  struct header header = {version, 0};
  struct half half[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capget, &header, half) != 0) fail(EXIT_SYSTEM, "capget", "self", errno);
  return (struct capabilities){
    .effective = (uint64_t)half[1].effective << 32 | half[0].effective,
    .permitted = (uint64_t)half[1].permitted << 32 | half[0].permitted,
    .inheritable = (uint64_t)half[1].inheritable << 32 | half[0].inheritable,
  };
}

bool set_capabilities(const struct capabilities *set) {
  struct header header = {version, 0};
  struct half half[2];
  for (int i = 0; i < 2; i++) {
    half[i] = (struct half){
      (uint32_t)(set->effective >> 32 * i),
      (uint32_t)(set->permitted >> 32 * i),
      (uint32_t)(set->inheritable >> 32 * i),
    };
  }
  return syscall(SYS_capset, &header, half) == 0;
}

/* These calls tell nothing of their success; asking for the impossible ID -1 changes nothing and tells the present. */
static bool become(uid_t uid, gid_t gid) {
  setfsgid(gid);
  setfsuid(uid);
  return (gid_t)setfsgid((gid_t)-1) == gid && (uid_t)setfsuid((uid_t)-1) == uid;
}

bool borrow_ids(const struct ids *ids, struct capabilities *before) {
  *before = own_capabilities();
  if (!become(ids->uid[1], ids->gid[1])) {
    give_ids_back(before);
    return false;
  }
  /* Leaving user 0 took the capabilities over files out of the effective set, and a target may have some of them. */
  struct capabilities all = *before;
  all.effective = all.permitted;
  (void)set_capabilities(&all);
  return true;
}

void give_ids_back(const struct capabilities *before) {
  if (!become(geteuid(), getegid()) || !set_capabilities(before)) fail(EXIT_SYSTEM, "give-ids-back", "self", EPERM);
}

/* What, if we had it, would open the root; CAP_SYS_PTRACE in place of all of it would do as well. */
uint64_t missing_to_look_into(const struct ids *ids) {
  struct capabilities own = own_capabilities();
  if (own.effective & CAPABILITY(SYS_PTRACE)) return 0;
  if (ids->uid[0] != ids->uid[1] || ids->uid[1] != ids->uid[2]) return CAPABILITY(SYS_PTRACE);
  if (ids->gid[0] != ids->gid[1] || ids->gid[1] != ids->gid[2]) return CAPABILITY(SYS_PTRACE);
  uint64_t missing = ids->permitted & ~own.permitted;
  if (ids->uid[0] != geteuid()) missing |= CAPABILITY(SETUID) & ~own.effective;
  if (ids->gid[0] != getegid()) missing |= CAPABILITY(SETGID) & ~own.effective;
  /* Nothing of this: the process is not dumpable, or a security module objects. */
  return missing != 0 ? missing : CAPABILITY(SYS_PTRACE);
}
